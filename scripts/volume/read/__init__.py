"""Reading volumes slab by slab, whatever the file format."""
