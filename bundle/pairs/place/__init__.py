"""Where a section lies in its scan."""
