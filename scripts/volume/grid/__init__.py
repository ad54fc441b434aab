"""The network's grid: volumes resampled to it while they are read, and stains brought back."""
