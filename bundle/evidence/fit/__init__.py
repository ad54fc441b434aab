"""Whether a scan that does not fit the weights is named, and a scan that does is left in peace."""
