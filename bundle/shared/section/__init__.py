"""The section on its slide or in its image: glass, tissue, marks, light."""
