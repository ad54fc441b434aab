"""The phantom: synthetic bone-implant specimens, each one label field rendered as micro-CT and as a stained section."""
