"""What a synthetic specimen is made of."""
