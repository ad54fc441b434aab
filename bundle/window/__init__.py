"""The window of a scan: which grey values become black and white, drawn so that a person can choose."""
