"""Random transforms without MONAI's bookkeeping."""

from __future__ import annotations

from typing import Any

from monai.data import get_track_meta, set_track_meta
from monai.transforms import Compose


class Untracked(Compose):
    """A ``Compose`` whose transforms keep no record of geometry and of what was done.

    Nobody inverts a training augmentation, and on small patches the records of ``MetaTensor`` cost as much time as the
    transforms. MONAI's switch is one for the whole process, so this must not run in one thread while another loads
    data whose records matter; the worker processes of a ``DataLoader`` are apart from each other.
    """

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the transforms; arguments and result are those of ``Compose``."""
        tracked = get_track_meta()
        set_track_meta(False)
        try:
            return super().__call__(*args, **kwargs)
        finally:
            set_track_meta(tracked)
