"""How well a stain fits its section: image metrics over a region, tissues, and what a histologist measures."""
