"""The weights that LPIPS needs, without a model hub."""
