"""From a slide and its scan to a pair with a verdict."""
