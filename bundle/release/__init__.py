"""What goes out: the package for the Model Zoo, the reference page, the demonstration."""
