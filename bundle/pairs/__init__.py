"""From slides and scans to registered training pairs."""
