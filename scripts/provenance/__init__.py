"""Where results come from: the command, the code, what a config changes, the data, the machine."""

from scripts.provenance.config import config_in_use
from scripts.provenance.evaluation_of import EvaluationOf

__all__ = ["EvaluationOf", "config_in_use"]
