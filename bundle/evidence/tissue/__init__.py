"""The classifier that names the tissues of a section."""
