"""Names and numbers that the help of commands tells, known without importing what computes."""

DEFAULT = "default"  # the recipe that changes nothing
LOOKUP_TABLE = "lut"  # the recipe that is no training
BINS = 512  # of the lookup table, as in `scripts.lookup_table.table`
STEPS_PER_EPOCH = 50
