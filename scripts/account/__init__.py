"""What a training says of itself: how it begins, how it goes, how it went."""

from scripts.account.training import TrainingAccount

__all__ = ["TrainingAccount"]
