"""The whole way in a few minutes."""
