"""Histomorphometry of an image whose tissues are known: what a section is dyed for."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from scripts.metrics.tissue_classes import DEGRADATION, METAL, NEW_BONE, OLD_BONE, OSTEOID, PEEK, SOFT

MEASURES = ("bv_tv", "bic", "new_bone_fraction", "degradation_area")

CONTACT = 3  # pixels from the implant's surface within which bone touches it; about what registration leaves open
ROUGHNESS = 4  # pixels; what sticks out of the implant or cuts into it by less is not its surface
SPECK = 0.1  # patches of implant smaller than this part of the largest are misjudged tissue


def histomorphometry(
    tissue: NDArray[np.integer],
    valid: NDArray[np.bool_] | None = None,
    contact: int = CONTACT,
    roughness: int = ROUGHNESS,
) -> dict[str, float]:
    """Measure an image of tissues, in per cent.

    - ``bv_tv``: area of old and new bone among that of all tissue, which is bone, osteoid and marrow or soft tissue,
      without implant, its degradation layer, and resin (Dempster et al. 2013 in two dimensions).
    - ``bic``: bone-implant contact, the share of the implant's surface that has bone within `contact` pixels. The
      degradation layer belongs to the implant. Where the image ends or is not valid, there is no surface. A classifier
      leaves specks and ragged contours, which would count as surface without bone: the implant is opened and closed
      with a disc of radius `roughness`, and small patches are left out. With these numbers the contact in classified
      sections of the phantom's validation specimens is closest to that of their labels.
    - ``new_bone_fraction``: area of new bone among that of all bone.
    - ``degradation_area``: area of the degradation layer among that of the image.

    Args:
        tissue: class ids of `tissue_classes`, (H, W).
        valid: pixels to look at, (H, W); None for all.
        contact: pixels.
        roughness: pixels, 0 for the contour as it is.

    Returns:
        The measures; NaN where there is nothing to divide by.
    """
    valid = np.ones(tissue.shape, dtype=bool) if valid is None else valid
    bone = np.isin(tissue, (OLD_BONE, NEW_BONE)) & valid
    living = np.isin(tissue, (OLD_BONE, NEW_BONE, OSTEOID, SOFT)) & valid
    return {
        "bv_tv": _per_cent(bone.sum(), living.sum()),
        "bic": _contact(np.isin(tissue, (METAL, PEEK, DEGRADATION)), bone, valid, contact, roughness),
        "new_bone_fraction": _per_cent(((tissue == NEW_BONE) & valid).sum(), bone.sum()),
        "degradation_area": _per_cent(((tissue == DEGRADATION) & valid).sum(), valid.sum()),
    }


def _contact(
    implant: NDArray[np.bool_], bone: NDArray[np.bool_], valid: NDArray[np.bool_], reach: int, roughness: int
) -> float:
    implant = _smooth(implant, roughness)
    patches, count = ndimage.label(implant)
    sizes = np.bincount(patches.ravel(), minlength=count + 1)
    sizes[0] = 0
    implant = ndimage.binary_fill_holes(sizes[patches] > SPECK * sizes.max()) & valid
    inside = ndimage.binary_erosion(implant, border_value=1)
    whole = ndimage.binary_erosion(valid, border_value=1)  # the last pixels before invalid ones are no surface
    surface = implant & ~inside & whole
    near = ndimage.distance_transform_edt(~bone) <= reach if bone.any() else np.zeros_like(bone)
    return _per_cent((surface & near).sum(), surface.sum())


def _smooth(mask: NDArray[np.bool_], radius: int) -> NDArray[np.bool_]:
    """Open and close with a disc; beyond the border the image goes on as at its edge."""
    if radius == 0:
        return mask
    rows, columns = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    disc = rows**2 + columns**2 <= radius**2
    padded = np.pad(mask, 2 * radius, mode="edge")
    for change in (ndimage.binary_opening, ndimage.binary_closing):
        padded = change(padded, disc)
    return padded[2 * radius : -2 * radius, 2 * radius : -2 * radius]


def _per_cent(part: np.integer, whole: np.integer) -> float:
    return 100 * float(part) / float(whole) if whole else float("nan")
