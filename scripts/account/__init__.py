"""What a training says of itself: how it begins, how it goes, how it went; and how long it may take."""

from scripts.account.budget import epochs_within, refuse_two_lengths
from scripts.account.patience import Patience
from scripts.account.rehearsal import Rehearsal
from scripts.account.training import TrainingAccount

__all__ = ["Patience", "Rehearsal", "TrainingAccount", "epochs_within", "refuse_two_lengths"]
