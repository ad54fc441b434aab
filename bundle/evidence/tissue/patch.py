"""What the classifier is fitted on at a time."""

PATCH, BATCH = 128, 8  # pixels of a side; patches of a step
