"""Bringing a pair to the pixel size that the network works at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from monai.data import MetaTensor
from monai.transforms import Transform
from numpy.typing import NDArray

from scripts.data.datalist.pixel_size import PIXEL_UM
from scripts.data.datalist.working_size import is_resampled
from scripts.data.resample import Size, resize_ct, resize_labels, resize_mask, resize_section, working_shape
from scripts.errors import InputError


class ToWorkingSized(Transform):
    """Resample a pair that `LoadPaird` has read to pixels of the working size.

    CT is resampled anti-aliased, a section by the mean of its area where it becomes smaller, see
    `scripts.data.resample`; a mask keeps only pixels that are computed from pixels in it. The extent stays. Padding
    must be gone from the CT, which `LoadPaird` sees to, or it would smear into the tissue. A pair within 3 % of the
    working size, or of unknown size, stays as it is.

    Args:
        working_um: edge of the network's pixels, micrometres; None: no pair is resampled.
        image_key: the CT slice, (1, H, W), not yet windowed.
        label_key: the section, (3, H, W) in [0, 1]; it may be missing.
        mask_key: the mask of valid pixels, (1, H, W); it may be missing.
        labels_key: the classes of the tissues, (1, H, W) int64; they may be missing.
        pixel_key: edge of the pair's pixels, micrometres; afterwards the exact new one.
    """

    def __init__(
        self,
        working_um: float | None,
        image_key: str = "image",
        label_key: str = "label",
        mask_key: str = "mask",
        labels_key: str = "labels",
        pixel_key: str = PIXEL_UM,
    ) -> None:
        self.working_um = working_um
        self.image_key, self.label_key, self.mask_key = image_key, label_key, mask_key
        self.labels_key, self.pixel_key = labels_key, pixel_key

    def __call__(self, data: Mapping[Any, Any]) -> dict[Any, Any]:
        """Return the item at the working size.

        Raises:
            InputError: the mask leaves nothing at that size.
        """
        item = dict(data)
        pixel_um = item.get(self.pixel_key)
        if not is_resampled({PIXEL_UM: pixel_um}, self.working_um):
            return item
        assert pixel_um is not None
        assert self.working_um is not None
        height, width = item[self.image_key].shape[-2:]
        rows, columns = working_shape((height, width), pixel_um, self.working_um)
        shape = (rows, columns)
        darkest = float(item.get("ct_window", (0.0, 1.0))[0])
        item[self.image_key] = _like(item[self.image_key], _ct(_array(item[self.image_key])[0], shape, darkest)[None])
        if self.label_key in item:
            section = resize_section(np.moveaxis(_array(item[self.label_key]), 0, -1), shape)
            item[self.label_key] = _like(item[self.label_key], np.moveaxis(section, -1, 0))
        if self.mask_key in item:
            mask = resize_mask(_array(item[self.mask_key])[0], shape)
            if not mask.any():
                name = getattr(item[self.mask_key], "meta", {}).get("filename_or_obj", "the mask")
                raise InputError(
                    f"{name} leaves nothing of the pair at the working size of {self.working_um:g} um: correct the "
                    "mask, or remove the item."
                )
            item[self.mask_key] = _like(item[self.mask_key], mask[None])
        if isinstance(item.get(self.labels_key), torch.Tensor):  # a path, where `LoadPaird` does not read them
            classes = resize_labels(_array(item[self.labels_key])[0], shape)
            item[self.labels_key] = _like(item[self.labels_key], classes[None])
        item[self.pixel_key] = pixel_um * (height * width / (rows * columns)) ** 0.5
        return item


def _ct(values: NDArray[Any], shape: Size, darkest: float) -> NDArray[Any]:
    """Grey values (H, W) at another shape; those that need float64 are resampled from the window's low end on."""
    if values.dtype == np.float32:
        return resize_ct(values, shape)
    return resize_ct((values - darkest).astype(np.float32), shape).astype(np.float64) + darkest


def _array(tensor: torch.Tensor) -> NDArray[Any]:
    array: NDArray[Any] = tensor.as_subclass(torch.Tensor).numpy()
    return array


def _like(tensor: Any, values: NDArray[Any]) -> MetaTensor:
    return MetaTensor(torch.from_numpy(np.ascontiguousarray(values)), meta=dict(getattr(tensor, "meta", {})))
