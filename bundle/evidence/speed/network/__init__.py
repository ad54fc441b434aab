"""Measurements of the generator at inference."""
