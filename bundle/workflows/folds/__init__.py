"""The command folds: cross-validation by specimen, for studies that cannot spare a test set."""
