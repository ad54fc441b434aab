"""The reference of the configs, written from their comments."""
