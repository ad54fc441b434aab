"""The section on its slide: white glass, tissue, pen marks, and masks that a person has drawn."""
