"""Volumes in zarr and OME-Zarr."""
