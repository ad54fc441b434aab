"""How well a section and its CT fit, and what of a section is damaged."""
