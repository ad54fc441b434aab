"""Names and numbers that the help of commands tells, known without importing what computes."""

DEFAULT = "default"  # the recipe that changes nothing
LOOKUP_TABLE = "lut"  # the recipe that is no training
BINS = 512  # of the lookup table; a phantom's slice has several hundred pixels in each
STEPS_PER_EPOCH = 50
