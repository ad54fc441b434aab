"""Does a scan fit the weights? What a scan is like, and how that differs from the scans of the training."""
