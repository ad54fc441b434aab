"""A stained volume as one HTML page."""
