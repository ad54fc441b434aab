"""The bundle as the MONAI Model Zoo wants it."""
