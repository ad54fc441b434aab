"""Data that are made: the phantom, and a study of slides and scans."""
