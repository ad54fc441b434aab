"""The data list: its file, its items, and the window of each specimen."""
