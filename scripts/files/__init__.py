"""Files of every kind: opened, told apart by their bytes, sealed, and the folders they go to."""

from scripts.files.output_folder import writable_folder

__all__ = ["writable_folder"]
