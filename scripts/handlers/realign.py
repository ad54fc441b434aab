"""Registering the training pairs anew with what the network has learned of them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import torch
from ignite.engine import Engine, Events
from monai.data import Dataset
from monai.inferers import Inferer
from monai.utils import CommonKeys as Keys
from monai.utils import convert_to_tensor
from torch import nn

from scripts.data.displacement import Displacementd, find_displacement


class RealignPairs:
    """Find after some epochs how each section is displaced against its CT, and train on with the CT moved accordingly.

    Few sections fit their CT to the pixel, and a network that learns from those that do not blurs what it cannot place.
    But its virtual section does fit the CT, and shows the same tissue in the same colours as the true one, long before
    it is good: these two are registered more easily than CT and section ever were. From then on the generator is shown
    the CT where the section has it, in the one resampling that augmentation does anyway; colours stay as they are.

    Unlike a network that registers each patch (RegGAN, see `Alignment`), this sees whole sections, has few numbers to
    find, and what it finds stands still while the generator learns.

    Args:
        displacement: the transform of the training pairs that holds what is found.
        slices: the training pairs as whole slices: a ``Dataset`` whose ``data`` are a data list's items, and which
            gives ``image``, ``label`` and ``mask`` as of `LoadPaird`, windowed.
        network: generator to compare with.
        inferer: how it is applied.
        epochs: after which to do so; none switches it off.
        spacing: of the control points, pixels, see `find_displacement`.
        stiffness: likewise.
    """

    def __init__(
        self,
        displacement: Displacementd,
        slices: Dataset,
        network: nn.Module,
        inferer: Inferer,
        epochs: Collection[int],
        spacing: float = 64.0,
        stiffness: float = 1.5e-4,
    ) -> None:
        self.displacement, self.slices = displacement, slices
        self.network, self.inferer = network, inferer
        self.epochs = set(epochs)
        self.spacing, self.stiffness = spacing, stiffness

    def attach(self, engine: Engine) -> None:
        engine.add_event_handler(Events.EPOCH_COMPLETED(event_filter=lambda _, epoch: epoch in self.epochs), self)

    def __call__(self, engine: Any) -> None:
        squares = []
        was_training = self.network.training
        self.network.eval()
        for index in range(len(self.slices)):
            item = self.slices[index]
            ct, section, mask = (
                convert_to_tensor(item[key], device=engine.state.device, track_meta=False)
                for key in (Keys.IMAGE, Keys.LABEL, "mask")
            )
            with torch.no_grad():
                virtual = self.inferer(ct[None], self.network)[0]
            points = find_displacement(virtual, section, mask, self.spacing, self.stiffness).cpu()
            self.displacement.place(self._path(index), points)
            squares.append(points.square().sum(dim=0).mean())
        self.network.train(was_training)
        distance = float(torch.stack(squares).mean().sqrt())
        engine.logger.info(
            f"Epoch {engine.state.epoch}: sections lay {distance:.1f} pixels off their CT, root mean square; aligned."
        )

    def state_dict(self) -> dict[str, Any]:
        known = self.displacement.points
        return {"points": [known[self._path(k)] for k in range(len(self.slices))] if known else []}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        points = state["points"]
        if len(points) not in (0, len(self.slices)):
            raise ValueError(f"it has {len(points)} training pairs, not {len(self.slices)}.")
        for index, found in enumerate(points):
            self.displacement.place(self._path(index), found)

    def _path(self, index: int) -> str:
        """Under which `Displacementd` knows a pair. A checkpoint has their order alone, so that data may be moved."""
        return str(self.slices.data[index][Keys.IMAGE])
