"""Loading a pair of CT slice and section."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from monai.data import MetaTensor
from monai.transforms import Transform
from numpy.typing import NDArray

from scripts.data.image.read import read_ct, read_histology, read_labels, read_mask
from scripts.data.padding import NO_PADDING
from scripts.errors import InputError


class LoadPaird(Transform):
    """Load the files of a data list's item.

    The item's paths are replaced by tensors: `image_key` (1, H, W) grey values of `read_ct`, not yet windowed, with the
    window's low end where the item's ``padding`` is; `label_key` (3, H, W) float32 in [0, 1], if the item has one;
    `mask_key` (1, H, W) float32, 1 = use, all ones if the item has no mask, and 0 wherever the CT is padding;
    `labels_key` (1, H, W) int64 class ids, if it is given and the item has them. Each is a ``MetaTensor`` whose
    ``meta["filename_or_obj"]`` is its path, by which MONAI's handlers name rows and files (a mask that was not read
    bears the name of its image). Other entries stay, but for those that are None, such as an unknown ``pixel_um``.

    Args:
        image_key: the CT slice.
        label_key: the section.
        mask_key: the mask of valid pixels.
        labels_key: the classes of the tissues; None: they are not read.
    """

    def __init__(
        self,
        image_key: str = "image",
        label_key: str = "label",
        mask_key: str = "mask",
        labels_key: str | None = None,
    ) -> None:
        self.image_key, self.label_key, self.mask_key = image_key, label_key, mask_key
        self.labels_key = labels_key

    def __call__(self, data: Mapping[Any, Any]) -> dict[Any, Any]:
        """Return the item with tensors for paths.

        Raises:
            InputError: a file that cannot be used (see `scripts.data.image.read`), or files of different sizes.
        """
        item = {key: value for key, value in data.items() if value is not None}  # None makes no batch
        image_path = item[self.image_key]
        ct = read_ct(image_path)[None]
        padded = item.pop("padding", NO_PADDING).where(ct)
        if padded is not None:
            ct[padded] = item["ct_window"][0]
        item[self.image_key] = _tensor(ct, image_path)
        if self.label_key in item:
            item[self.label_key] = _tensor(read_histology(item[self.label_key]), item[self.label_key])
        if self.mask_key in item:
            item[self.mask_key] = _tensor(read_mask(item[self.mask_key])[None], item[self.mask_key])
        else:
            item[self.mask_key] = _tensor(np.ones(ct.shape, np.float32), image_path)
        if padded is not None:  # nothing was scanned there: a pair teaches nothing there, and is not judged
            item[self.mask_key][torch.from_numpy(padded)] = 0.0
        if self.labels_key in item:
            item[self.labels_key] = _tensor(read_labels(item[self.labels_key])[None], item[self.labels_key])
        for key in (self.label_key, self.mask_key, self.labels_key):
            if key in item and item[key].shape[1:] != ct.shape[1:]:
                rows, columns = item[key].shape[1:]
                raise InputError(
                    f"{data[key]} has {rows} x {columns} pixels (rows x columns), but its CT slice {image_path} has "
                    f"{ct.shape[1]} x {ct.shape[2]}: resample one onto the other."
                )
        return item


def _tensor(values: NDArray[Any], path: Any) -> MetaTensor:
    return MetaTensor(torch.from_numpy(values), meta={"filename_or_obj": str(path)})
