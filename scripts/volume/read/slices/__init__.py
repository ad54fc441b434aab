"""Volumes that are TIFF stacks or folders of slices."""
