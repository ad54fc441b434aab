"""Registering the training pairs anew with what the network has learned of them."""

from __future__ import annotations

import logging
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

import ignite.distributed as idist
import torch
from ignite.engine import Engine, Events
from monai.data import Dataset
from monai.inferers import Inferer
from monai.utils import CommonKeys as Keys
from monai.utils import convert_to_tensor
from torch import nn
from tqdm import tqdm

from scripts.data.displacement import Displacementd, find_displacement
from scripts.errors import InputError
from scripts.files.digest import source_digest
from scripts.weights.finite import first_not_finite

logger = logging.getLogger(__name__)

FLOOR = 0.7  # pixels, root mean square: what was found of pairs of the phantom that nobody had displaced


class RealignPairs:
    """Find after some epochs how each section is displaced against its CT, and train on with the CT moved accordingly.

    Few sections fit their CT to the pixel, and a network that learns from those that do not blurs what it cannot place.
    But its stain does fit the CT, and shows the same tissue in the same colours as the section, long before
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
        for index in self._counted():
            points = self._find(self.slices[index], engine.state.device)
            if points is None:
                logger.warning(f"{self._path(index)} is not registered anew, since its stain is not finite.")
                continue
            self.displacement.place(self._path(index), points)
            squares.append(_mean_square(points))
        self.network.train(was_training)
        if squares:
            distance = float(torch.stack(squares).mean().sqrt())
            moved = (
                f"Epoch {engine.state.epoch}: moved the CT of {len(squares)} training pairs onto their sections by "
                f"{distance:.1f} pixels, root mean square. Pairs that fit are moved by up to about {FLOOR} pixels, too."
            )
            with tqdm.external_write_mode(file=sys.stderr):  # clear of the progress bar
                engine.logger.info(moved)

    def _counted(self) -> Iterable[int]:
        """The pairs, with a bar where they take longer than a second: they may take minutes."""
        hidden, pairs = idist.get_rank() > 0, range(len(self.slices))
        bar: Iterable[int] = tqdm(pairs, "registering anew", unit="pair", leave=False, delay=1, disable=hidden)
        return bar

    def moved(self) -> dict[str, float]:
        """How far the CT of each pair was moved, by its path: root mean square, pixels; empty before the first time."""
        return {path: float(_mean_square(points).sqrt()) for path, points in self.displacement.points.items()}

    def _find(self, item: Mapping[Any, Any], device: torch.device) -> torch.Tensor | None:
        """Control points of a pair; None where there are none that are finite."""
        ct, section, mask = (
            convert_to_tensor(item[key], device=device, track_meta=False) for key in (Keys.IMAGE, Keys.LABEL, "mask")
        )
        with torch.no_grad():
            stain = self.inferer(ct[None], self.network)[0]
        if first_not_finite([stain, section]) is not None:  # resampling would leave the image, and end the process
            return None
        points = find_displacement(stain, section, mask, self.spacing, self.stiffness).cpu()
        return None if first_not_finite(points) is not None else points

    def state_dict(self) -> dict[str, Any]:
        """What was found, ``points``, and which pairs it belongs to, ``pairs``, the digests of their files."""
        known = self.displacement.points
        found = [index for index in range(len(self.slices)) if self._path(index) in known]
        return {
            "points": [known[self._path(index)] for index in found],
            "pairs": [self._digests[index] for index in found],
            "all": self._digests,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Give each pair the displacement that was found for its files, wherever they lie now, in whatever order.

        Raises:
            InputError: a checkpoint of an earlier version, which knows the order alone, has another number of pairs.
        """
        points, count = state["points"], len(self.slices)
        if "pairs" not in state:
            self._place_in_order(points)
            return
        known = dict(zip(state["pairs"], points, strict=True))
        for index, digest in enumerate(self._digests):
            if digest in known:
                self.displacement.place(self._path(index), known[digest])
        new = count - len(set(self._digests) & set(state["all"]))
        gone = len(set(state["all"]) - set(self._digests))
        if new == count:
            logger.warning("The training goes on with other data: none of its pairs is as at its start.")
        elif new or gone:
            logger.warning(f"The training goes on with other data: {new} pairs are new, {gone} are gone.")

    def _place_in_order(self, points: Sequence[torch.Tensor]) -> None:
        count = len(self.slices)
        if len(points) not in (0, count):
            raise InputError(
                f"The training has {len(points)} training pairs, not {count}, and is of an earlier version: "
                "resume with the data of its start."
            )
        if points:
            logger.warning("The checkpoint is of an earlier version: the pairs get its displacements in their order.")
        for index, found in enumerate(points):
            self.displacement.place(self._path(index), found)

    def _path(self, index: int) -> str:
        """Under which `Displacementd` knows a pair."""
        return str(self.slices.data[index][Keys.IMAGE])

    @cached_property
    def _digests(self) -> list[str]:
        """Of each pair, by the bytes of its CT and its section."""
        return [
            " ".join(source_digest(str(item[key])) for key in (Keys.IMAGE, Keys.LABEL) if key in item)
            for item in self.slices.data
        ]


def _mean_square(points: torch.Tensor) -> torch.Tensor:
    """Of the lengths of displacements (2, R, C)."""
    return points.square().sum(dim=0).mean()
