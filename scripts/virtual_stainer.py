"""The stain from Python: load a network, give it an array or a file, get RGB."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import torch
from monai.utils.enums import CommonKeys as Keys
from numpy.typing import ArrayLike, NDArray

from scripts.data.spans import spans
from scripts.data.window_choice import training_of
from scripts.errors import InputError, find_input_error
from scripts.inferers.uncertainty import NOVEL, STEPS
from scripts.on_grid import OnGrid, on_network_grid
from scripts.options.entries import refuse_unknown_ids
from scripts.options.values import require_counts, require_device, truth
from scripts.overlay import read_with_overlay
from scripts.stained import Stained
from scripts.volume.grid.back import brought_to
from scripts.volume.read.fit import fit_of
from scripts.volume.read.geometry import override_geometry
from scripts.volume.read.in_memory import InMemoryVolume, array_of, require_room
from scripts.volume.read.reader import open_volume
from scripts.volume.read.units import check_voxel_um, refuse_unlikely
from scripts.volume.read.volume import Volume
from scripts.volume.read.window import usable_average, volume_window
from scripts.volume.stain.dataset import SlabDataset
from scripts.volume.stain.plan import check_average, check_nan_value
from scripts.volume.stain.slab_size import default_slab_size
from scripts.weights.origin import describe_weights

logger = logging.getLogger(__name__)

OPTIONS = (
    "ct_window",
    "nan_value",
    "voxel_um",
    "force_voxel_um",
    "slice_average",
    "uncertainty",
    "views",
    "novelty",
    "slab_size",
    "tile_size",
    "amp",
    "network_def",
)
CHANNELS = (1, 2, 3, 4)  # of images; a volume of so few columns is none
CONFIG = Path(__file__).resolve().parents[1] / "configs" / "inference.yaml"


class VirtualStainer:
    """Turns greyscale CT into stained colour, in memory: the pixels that ``run inference`` writes to its files.

    Network, window, averaging of slices, tiles and precision are those of ``configs/inference.yaml``. CT and stain must
    fit into memory; for volumes that do not, and to go on where a run was stopped, there is ``run inference``.
    On a CPU, a program that first calls `keep_freed_memory` stains up to a fifth faster, as ``run inference`` does.

    Example::

        stainer = VirtualStainer("models/model.pt")
        rgb = stainer("scan.nii.gz")

    Args:
        checkpoint: ``model.pt`` or ``checkpoint.pt`` of a training, or an exported ``model.ts`` or ``model.onnx``; None
            takes the bundle's ``models/model.pt``.
        device: where to compute, such as ``"cuda:1"``; None takes a GPU if there is one.
        overlay: config file that changed ``network_def`` in training, for weights of version 0.8 and before, which do
            not say it.
        options: entries of the config in place of its own, by the names that they have on the command line, such as
            ``{"uncertainty": True, "network_def#blocks": 4}``: those of `OPTIONS`, and what is below them.

    Attributes:
        network: the generator with its weights, float32 and not folded, on the CPU.
        device: where the stain is computed.
        weights: which they are, in words.

    Raises:
        InputError: a checkpoint or overlay that cannot be used, an option that is unknown, without effect here, or out
            of range.
    """

    def __init__(
        self,
        checkpoint: str | os.PathLike[str] | None = None,
        device: str | torch.device | None = None,
        overlay: str | os.PathLike[str] | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        self._warned: set[str] = set()
        config = read_with_overlay(CONFIG, overlay)
        given = dict(options or {})
        refuse_unknown_ids(given, config.get())
        idle = [name for name in given if name.split("#")[0].split("::")[0] not in OPTIONS]
        if idle:
            raise InputError(
                f"The option {idle[0]} has no effect here, but {', '.join(OPTIONS)} have: use run inference."
            )
        check_nan_value(given.get("nan_value"))
        if given.get("slab_size") is not None:
            require_counts(slab_size=given["slab_size"])
        # no string: MONAI would take a # in it for the separator of ids
        given["checkpoint"] = Path(CONFIG.parents[1] / "models" / "model.pt" if checkpoint is None else checkpoint)
        if device is not None:
            require_device(device)
            given["device"] = torch.device(device)
        for name, value in given.items():
            config[name] = value
        try:
            self.device = torch.device(config.get_parsed_content("device"))
            self.network = config.get_parsed_content("network")
            self._inferer = config.get_parsed_content("inferer")
            self._ready = config.get_parsed_content("evaluator#network")  # folded, on its device
            self._windowing = config.get_parsed_content("preprocessing")
            self._average = check_average(config.get_parsed_content("slice_average"))
            self._nan_value = config.get_parsed_content("nan_value")
            self._slab_size = config.get_parsed_content("slab_size")
            self._window = config.get_parsed_content("ct_window")
            self.weights = describe_weights(given["checkpoint"], None, self.network.trained_on)
            self._forced = truth(config.get_parsed_content("force_voxel_um"), "force_voxel_um")
            asked = config.get_parsed_content("voxel_um")
            self._voxel_um = None if asked is None else check_voxel_um(asked, self._forced)
        except Exception as error:
            mistake = find_input_error(error)  # MONAI wraps what a config's parts raise
            if mistake is None:
                raise
            raise mistake from error

    def __call__(
        self, ct: ArrayLike | str | os.PathLike[str], window: Sequence[float] | str | None = None
    ) -> NDArray[Any]:
        """Stain an image or a volume, see `stain`, and return (..., 3) uint8."""
        return self.stain(ct, window).rgb

    def stain(self, ct: ArrayLike | str | os.PathLike[str], window: Sequence[float] | str | None = None) -> Stained:
        """Stain an image or a volume.

        Args:
            ct: grey values, an array or tensor (rows, columns) or (Z, Y, X), whose slices are stained one by one, NaN
                where it is masked; or a file that `open_volume` reads, which is (Z, Y, X) even if Z is 1.
            window: (lo, hi) grey values that become black and white, or a word, see `given_window`; None takes the
                option ``ct_window``, else the window that `choose_window` finds.

        Raises:
            InputError: no grey values; a file that cannot be read; a window that holds none of the values; constant
                values; more than fits into memory.
        """
        if isinstance(ct, (str, os.PathLike)):
            with open_volume(ct) as volume:
                return self._stain(volume, window)
        values = array_of(ct)
        if values.ndim == 3 and values.shape[-1] in CHANNELS:
            raise InputError(
                f"The array has the shape {values.shape}, whose last axis looks like channels: give grey values, "
                "(rows, columns) or (Z, Y, X)."
            )
        if values.ndim != 2:
            return self._stain(InMemoryVolume(values), window)
        stained = self._stain(InMemoryVolume(values[None]), window)
        doubt, novelty = (None if each is None else each[0] for each in (stained.uncertainty, stained.novelty))
        return stained._replace(rgb=stained.rgb[0], uncertainty=doubt, novelty=novelty)

    def _stain(self, volume: Volume, window: Sequence[float] | str | None) -> Stained:
        if self._voxel_um is not None:
            override_geometry(volume, self._voxel_um)
        elif volume.spacing is not None and not self._forced:
            refuse_unlikely(volume.spacing, volume.source)
        given = self._window if window is None else window
        windowed = volume_window(volume, self.network.percentiles, training_of(self.network), given)
        average = tuple(usable_average(volume, self._average, windowed.padding))
        nan_value = windowed.lo if self._nan_value is None else self._nan_value
        stained = on_network_grid(volume, windowed, nan_value, self.network.trained_on.pixel_um)
        fit = fit_of(stained.volume, stained.window, self.network.trained_on)
        self._warn(volume, fit)
        views, new = self._inferer.views, self._inferer.novelty
        steps = [STEPS] * (views > 1) + [NOVEL] * new  # of the maps beside the stain
        require_room(volume, 3 + 4 * len(steps))
        rgb = np.empty((*volume.shape, 3), np.uint8)
        maps = [np.empty(volume.shape, np.float32) for _ in steps]
        for start, levels in self._slabs(stained, average, volume):
            where = slice(start, start + levels.shape[1])
            rgb[where] = np.moveaxis(levels[:3], 0, -1)
            for channel, (found, step) in enumerate(zip(maps, steps, strict=True), 3):
                found[where] = levels[channel] / np.float32(step)
        doubt, novelty = maps[0] if views > 1 else None, maps[-1] if new else None
        return Stained(rgb, doubt, windowed.window, self.weights, fit, novelty)

    def _slabs(
        self, stained: OnGrid, average: tuple[float, ...], volume: Volume
    ) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        """First slices and grey levels (C, n, Y, X) of slabs of the stain, on the grid of the volume."""
        shape, maps, more = stained.volume.shape, self._inferer, stained.extra_bytes
        size = self._slab_size or default_slab_size(
            shape, "z", self.network, self.device, maps.views, "float32", maps.novelty, more, volume.shape
        )
        slabs = [stained.slab(start, stop, average) for start, stop in spans(shape[0], size)]
        with ThreadPoolExecutor(1, "slab reader") as threads, torch.no_grad():
            dataset = SlabDataset(slabs, self._windowing, threads)
            levels = (self._levels(dataset[index][Keys.IMAGE]) for index in range(len(slabs)))
            if shape != volume.shape:
                yield from brought_to(levels, shape, volume.shape, size)
            else:
                yield from zip((slab.start for slab in slabs), levels, strict=True)

    def _levels(self, image: torch.Tensor) -> NDArray[np.uint8]:
        """Grey levels (C, n, Y, X) of a slab."""
        levels: NDArray[np.uint8] = self._inferer(image.to(self.device), self._ready).cpu().numpy()
        return np.moveaxis(levels, 1, 0)

    def _warn(self, volume: Volume, fit: Mapping[str, Any]) -> None:
        """Say each kind of difference once: a program may stain thousands of slices."""
        for finding in fit["differs"]:
            if finding["kind"] not in self._warned:
                self._warned.add(finding["kind"])
                logger.warning("%s: %s", volume.source, finding["words"])
