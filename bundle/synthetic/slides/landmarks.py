"""Landmarks as a person would set them."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from bundle.synthetic.slides.slide import FINER, Truth

LANDMARKS = 10  # of a slide
LANDMARK_ERROR = 1.5  # voxels, root mean square along each axis


def write_landmarks(path: Path, rng: np.random.Generator, truth: Truth, shape: tuple[int, ...]) -> None:
    """Landmarks where the section is whole, off by what a person's hand is off by, and not at the block's faces."""
    whole = (truth.tissue & ~truth.damage)[FINER // 2 :: FINER, FINER // 2 :: FINER]
    far = np.array(shape)[:, None, None] - 1 - 5 * LANDMARK_ERROR
    within = ((truth.places > 5 * LANDMARK_ERROR) & (truth.places < far)).all(axis=0)
    rows, columns = np.nonzero(whole & within)
    chosen = rng.choice(len(rows), LANDMARKS, replace=False)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("slide_x", "slide_y", "volume_x", "volume_y", "volume_z"))
        for row, column in zip(rows[chosen], columns[chosen], strict=True):
            z, y, x = truth.places[:, row, column] + np.clip(rng.normal(0, LANDMARK_ERROR, 3), -5, 5)
            on_slide = (FINER * (np.array([column, row]) + 0.5) - 0.5).round(1)
            writer.writerow((*on_slide, *(f"{value:.2f}" for value in (x, y, z))))
