"""The page about a study, to be looked through before training."""
