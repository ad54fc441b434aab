"""A data set of one registered pair."""
