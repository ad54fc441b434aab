"""The section: its slide, its area, what covers it."""
