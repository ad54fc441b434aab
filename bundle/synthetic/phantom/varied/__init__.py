"""Varied specimens: each with a scanner, an energy, a grey scale and slides of its own."""
