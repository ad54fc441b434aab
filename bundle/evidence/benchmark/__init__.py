"""Recipes compared by what they learn: the same data, budget and seeds for each."""
