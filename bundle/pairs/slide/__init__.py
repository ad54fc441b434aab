"""Whole-slide images: opening them, and averaging them down to the scan's voxels."""
