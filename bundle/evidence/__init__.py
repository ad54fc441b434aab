"""How well the stain is made, how fast, and when it fails."""
