"""The command ensemble: several weights as one file."""
