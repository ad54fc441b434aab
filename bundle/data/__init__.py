"""From two folders, or a table, to a checked data list."""
