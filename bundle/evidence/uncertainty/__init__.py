"""What the uncertainty of a stain is worth: whether it ranks errors, measures them, and notices what was never seen."""
