"""The versions of Python that the published packages must be there for."""

PYTHONS = ("3.10", "3.11", "3.12", "3.13")
