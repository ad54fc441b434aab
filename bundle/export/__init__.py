"""The command export: the network for programs without PyTorch's Python."""
