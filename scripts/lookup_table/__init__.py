"""The grey-to-colour lookup table: what a network has to beat."""
