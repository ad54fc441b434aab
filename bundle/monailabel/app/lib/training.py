"""Training: the bundle's workflow on the pairs that were submitted."""

from __future__ import annotations

import json
import logging
import shutil
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from monailabel.interfaces.datastore import Datastore, DefaultLabelTag
from monailabel.interfaces.tasks.train import TrainTask
from monailabel.utils.others.generic import device_list, name_to_device

from .bundles import read_metadata
from .judging import serve_the_better, train
from .options import TRAINING, command_words
from .pairs import Pair, datalist, split_pairs
from .refusal import Refusal
from .workflow import run_python

logger = logging.getLogger(__name__)

PREPARE = Path(__file__).with_name("prepare.py")


class StainTrainTask(TrainTask):
    """Trains on images whose label ``final`` is an RGB section, and serves the better weights.

    It begins with the weights that are served, and serves the new ones only if they are better on the held-out pairs.

    Args:
        bundle: its folder.
        runs: folder for what trainings write, one folder each.
    """

    def __init__(self, bundle: Path, runs: Path) -> None:
        super().__init__(f"Trains {bundle.name} on submitted pairs of CT slice and RGB section")
        self.bundle, self.runs = bundle, runs
        self.version = read_metadata(bundle)["version"]

    def info(self) -> dict[str, Any]:
        """What ``/info`` says of the trainer."""
        return {**super().info(), "version": self.version}

    def config(self) -> dict[str, Any]:
        """What clients show as options."""
        return {"max_epochs": 30, "val_split": 0.2, "device": device_list()}

    def __call__(self, request: dict[str, Any], datastore: Datastore) -> dict[str, Any]:
        """Train, and have the next inference use the weights.

        Args:
            request: options as in `TRAINING`; ``val_split``, see `split_pairs`.
            datastore: of the submitted pairs.

        Returns:
            How many pairs there were, what was found of the new weights, and where the training's files are.

        Raises:
            Refusal: an option that is none; too few pairs, or such as cannot be used; a workflow that fails; another
                training of this model is running.
        """
        self.runs.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(self.runs / ".lock", timeout=0):  # it is free again when its process is gone
                return self._train(request, datastore)
        except Timeout:
            raise Refusal("This model is being trained: wait for the end, or stop that training.", 409) from None

    def _train(self, request: dict[str, Any], datastore: Datastore) -> dict[str, Any]:
        if request.get("device"):
            request = {**request, "device": name_to_device(request["device"])}
        words = command_words(TRAINING, request)
        folder = self.runs / time.strftime("%Y%m%d-%H%M%S")
        folder.mkdir()
        try:
            splits, with_lpips = self._write_datalist(folder, submitted_pairs(datastore), request.get("val_split", 0.2))
        except Refusal:
            shutil.rmtree(folder)
            raise
        if not with_lpips and request.get("perceptual") is None:
            logger.warning("LPIPS's weights are not there: trained without the perceptual term of the loss.")
            words += ["--loss_weights#perceptual", "0"]
        served = self.bundle / "models" / "model.pt"
        train(self.bundle, [*words, "--dataset_dir", str(folder), "--output_dir", str(folder)], served)
        counts = {split: len(pairs) for split, pairs in splits.items()}
        logger.info("Trained on %(training)d pairs, validated with %(validation)d.", counts)
        device = ["--device", request["device"]] if request.get("device") else []
        verdict = serve_the_better(self.bundle, folder, served, device)
        logger.info(verdict)
        return {"pairs": counts, "verdict": verdict, "folder": str(folder)}

    def _write_datalist(self, folder: Path, pairs: list[Pair], share: float) -> tuple[dict[str, list[Pair]], bool]:
        """Write ``datalist.json``; return its pairs, and whether LPIPS's weights are there."""
        split_pairs(pairs, share)  # refuses too few before any work
        submitted = [{"id": pair.id, "ct": pair.ct, "section": pair.section, "slice": pair.slice} for pair in pairs]
        (folder / "submitted.json").write_text(json.dumps(submitted), encoding="utf-8")
        run_python(self.bundle, [str(PREPARE), str(folder)])
        prepared = json.loads((folder / "prepared.json").read_text(encoding="utf-8"))
        slices, sizes = prepared["slices"], prepared["pixel_um"]
        cut = [replace(pair, ct=slices[pair.id], pixel_um=sizes.get(pair.id)) for pair in pairs if pair.id in slices]
        splits = split_pairs(cut, share)
        (folder / "datalist.json").write_text(json.dumps(datalist(splits), indent=2), encoding="utf-8")
        return splits, prepared["lpips"]


def submitted_pairs(datastore: Datastore) -> list[Pair]:
    """Images with a label ``final``, in the order of their names."""
    tag = DefaultLabelTag.FINAL.value
    return [
        Pair(
            image,
            datastore.get_image_uri(image),
            datastore.get_label_uri(image, tag),
            {**datastore.get_image_info(image), **datastore.get_label_info(image, tag)},
        )
        for image in sorted(datastore.get_labeled_images())
    ]
