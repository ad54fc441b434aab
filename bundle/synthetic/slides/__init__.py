"""Synthetic study: scans of blocks and whole-slide images of sections cut from them, to learn and test registration."""
