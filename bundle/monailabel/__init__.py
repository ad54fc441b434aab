"""Serving the bundle with MONAI Label."""
