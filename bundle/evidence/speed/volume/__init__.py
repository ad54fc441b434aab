"""Measurements of staining volumes."""
