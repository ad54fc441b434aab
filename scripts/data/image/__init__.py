"""Two-dimensional images of every format that is read."""
