"""Writing stained volumes: OME-Zarr, TIFF, NIfTI and the preview page."""
