"""Recipes compared by what they learn: the same data, steps and seeds for each."""
