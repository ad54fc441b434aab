"""Landmarks of the grey values of scans: the modes of background and mineral."""
