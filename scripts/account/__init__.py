"""What a training says of itself: how it begins, how it goes, how it went; and when it ends."""

from scripts.account.patience import Patience
from scripts.account.training import TrainingAccount

__all__ = ["Patience", "TrainingAccount"]
