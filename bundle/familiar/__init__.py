"""The features that weights know of their training, added to weights that do not keep them."""
