"""Cells of a benchmark: a recipe trained with a seed and evaluated, once for the same code, config and data."""
