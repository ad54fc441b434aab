"""Where results come from: the command, the code, what a config changes, the machine."""

from scripts.provenance.config import config_in_use

__all__ = ["config_in_use"]
