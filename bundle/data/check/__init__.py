"""Each pair checked by itself and against the others."""
