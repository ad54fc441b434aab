"""Volumes whose voxels lie in one stream behind a header: NIfTI, MetaImage, NRRD."""
