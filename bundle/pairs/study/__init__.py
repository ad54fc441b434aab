"""A whole study: its table, its pairs, its summary."""
