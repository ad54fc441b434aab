"""Masks that a person has drawn over a section."""
