"""Fitting the classifier that names the tissues of a section.

It is fitted on true sections and their labels, and never sees a stain: what it finds in a stain is what that shows.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from monai.losses.dice import DiceCELoss
from monai.utils.misc import set_determinism
from tqdm import trange

from bundle.evidence.tissue.patch import BATCH, PATCH
from bundle.shared.windowed_pairs import training_size
from scripts.data import RandStainJitterBatchd, load_datalist
from scripts.data.datalist.working_size import working_size_of
from scripts.data.image.read import read_histology, read_labels
from scripts.data.resample import resize_labels, resize_section
from scripts.errors import InputError
from scripts.files.output_folder import writable_folder
from scripts.handlers.tissue import dice
from scripts.metrics.tissue_classes import CLASSES, SHORT
from scripts.metrics.tissue_classifier import TissueClassifier
from scripts.precision import autocast, bfloat16_pays
from scripts.weights.checkpoint import save_atomically

LEARNING_RATE = 0.003

Section = tuple[torch.Tensor, torch.Tensor]  # (3, H, W) in [0, 1], (H, W) class ids


def fit_and_write(dataset_dir: Path, out: Path, steps: int, seed: int) -> None:
    """Fit on the training specimens, print the Dice on the validation specimens, and write the classifier.

    Args:
        dataset_dir: folder with ``datalist.json`` whose pairs have labels.
        out: file to write.
        steps: of a batch of patches.
        seed: of everything random.

    Raises:
        InputError: data without labels, or that cannot be used; no steps; the file cannot be written.
    """
    if steps < 1:
        raise InputError(f"--steps {steps}: give a positive number.")
    writable_folder(out.resolve().parent, "--out")
    size = training_size(dataset_dir)
    training, validation = (load_sections(dataset_dir, split, size) for split in ("training", "validation"))
    classifier = fit(training, steps, seed)
    print("Dice on the true sections of the validation specimens:")
    for name, value in scores(classifier, validation).items():
        print(f"  {name:24} {value:.3f}")
    save_atomically(classifier.state_dict(), out)
    print(f"Written to {out}: evaluate with --tissue_classifier {out}")


def load_sections(dataset_dir: Path, split: str, working_um: float | None = None) -> list[Section]:
    """True sections of a split with their labels.

    Args:
        dataset_dir: folder with ``datalist.json``.
        split: whose sections.
        working_um: pixel size that they are resampled to, micrometres; None: they stay as they are.

    Raises:
        InputError: an item has no labels, or class ids that are none; the sections are a phantom's that are displaced
            against their labels.
    """
    items = load_datalist(dataset_dir, split)
    phantom = json.loads((dataset_dir / "datalist.json").read_text(encoding="utf-8")).get("phantom", {})
    if phantom.get("options", {}).get("displacement", 0) > 0:
        raise InputError(
            f"The sections in {dataset_dir} are displaced against their labels: make a phantom with --displacement 0."
        )
    sections = []
    for item in items:
        if "labels" not in item:
            raise InputError(f"{item['image']} has no 'labels' in the datalist.json: name its label image.")
        labels = read_labels(item["labels"])
        if labels.max() >= len(CLASSES):
            raise InputError(f"{item['labels']} holds the class {labels.max()}: expected 0 to {len(CLASSES) - 1}.")
        shape = working_size_of(item, working_um)
        if min(shape) < PATCH:
            raise InputError(f"{item['labels']} is smaller than a patch of {PATCH} pixels.")
        section = resize_section(np.moveaxis(read_histology(item["label"]), 0, -1), shape)
        stored = torch.from_numpy(np.ascontiguousarray(np.moveaxis(section, -1, 0)))
        sections.append((stored, torch.from_numpy(resize_labels(labels, shape))))
    return sections


def fit(sections: Sequence[Section], steps: int, seed: int) -> TissueClassifier:
    """Fit a classifier on patches, turned, mirrored and with varied amounts of dye."""
    set_determinism(seed)
    classifier = TissueClassifier()
    jitter = RandStainJitterBatchd(keys="label", prob=0.5, strength=0.1, hue=0.03)
    jitter.set_random_state(seed)
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(classifier.parameters(), lr=LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=steps)
    loss = DiceCELoss(to_onehot_y=True, softmax=True)
    bfloat16 = bfloat16_pays("cpu")
    classifier.train()
    for _ in trange(steps, desc="tissue classifier", unit="step"):
        patches = [_patch(sections, generator) for _ in range(BATCH)]
        stain = jitter({"label": torch.stack([stain for stain, _ in patches])})["label"]
        labels = torch.stack([labels for _, labels in patches])[:, None]
        with autocast("cpu", bfloat16):
            values = classifier(stain)
        optimizer.zero_grad()
        loss(values.float(), labels).backward()
        optimizer.step()
        schedule.step()
    return classifier.eval()


def _patch(sections: Sequence[Section], generator: torch.Generator) -> Section:
    def draw(below: int) -> int:
        return int(torch.randint(below, (), generator=generator))

    stain, labels = sections[draw(len(sections))]
    top, left = (draw(side - PATCH + 1) for side in labels.shape)
    both = torch.cat([stain, labels[None]])[:, top : top + PATCH, left : left + PATCH]
    both = torch.rot90(both, draw(4), (1, 2))
    both = both.flip(2) if draw(2) else both
    return both[:3], both[3].long()


def scores(classifier: TissueClassifier, sections: Sequence[Section]) -> dict[str, float]:
    """Mean Dice over the sections that have a class, for each class that any has."""
    values: dict[str, list[float]] = {}
    for stain, labels in sections:
        found = classifier.classify(stain)
        for number, name in enumerate(SHORT):
            if (labels == number).any():
                values.setdefault(name, []).append(dice(found == number, labels == number))
    return {name: statistics.mean(values[name]) for name in SHORT if name in values}
