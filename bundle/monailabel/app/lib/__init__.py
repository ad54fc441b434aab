"""What the app is made of. Imports are relative: MONAI Label calls this package ``lib``."""
