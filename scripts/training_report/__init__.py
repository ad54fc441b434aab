"""The page that says how a training goes, ``report.html``."""

from scripts.training_report.handler import TrainingReport

__all__ = ["TrainingReport"]
