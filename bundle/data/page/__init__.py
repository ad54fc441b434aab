"""The page with all pairs, worst first."""
