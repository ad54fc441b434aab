"""Staining a volume: what is to do, what is done, and how a run that was stopped goes on."""
