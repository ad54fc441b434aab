"""Whole-slide images: opening them, and averaging them down to the scan's voxels."""

from bundle.pairs.slide.opening import open_slide

__all__ = ["open_slide"]
