"""Inference: the bundle's streaming workflow on one image."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from monailabel.interfaces.tasks.infer_v2 import InferTask, InferType
from monailabel.utils.others.generic import device_list, name_to_device

from .bundles import read_metadata
from .options import INFERENCE, command_words
from .refusal import Refusal
from .workflow import run_workflow

SYNTHETIC = "trained on synthetic data only"  # as the record names such weights
EXTENSIONS = (".nii.gz", ".nii")
TOLD = ("window", "slice_average", "stained_along", "uncertainty", "novelty", "mean_change_between_slices", "seconds")


class StainInferTask(InferTask):
    """Stains a volume as ``run inference`` does, in a process of its own.

    MONAI Label's own `BundleInferTask` would hand the whole volume to the inferer, and write the colours as segments.

    Args:
        bundle: its folder.
        limit: seconds that a staining may take.
    """

    def __init__(self, bundle: Path, limit: float) -> None:
        metadata = read_metadata(bundle)
        # 3D Slicer takes other types for segmentations, but colours are no labels
        super().__init__(
            type=InferType.OTHERS,
            labels=[],
            dimension=3,
            description=metadata.get("description", ""),
            config={"device": device_list(), "axis": ["z", "y", "x", "all"], "uncertainty": False},
        )
        self.bundle, self.limit = bundle, limit
        self.version = metadata["version"]

    def info(self) -> dict[str, Any]:
        """What ``/info`` says of the model."""
        return {**super().info(), "version": self.version}

    def is_valid(self) -> bool:
        """Whether there are weights."""
        return self.get_path() is not None

    def get_path(self, validate: bool = True) -> str | None:
        """The weights."""
        weights = self.bundle / "models" / "model.pt"
        return str(weights) if weights.is_file() or not validate else None

    def __call__(self, request: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """Stain an image.

        Args:
            request: ``image`` is the path of a volume in any format that the bundle reads; options as in `INFERENCE`.

        Returns:
            An RGB24 NIfTI, for the caller to delete, and what the record says.

        Raises:
            Refusal: an option that is none; a file that is no greyscale volume; a workflow that fails or takes too
                long.
        """
        image = Path(request["image"]).absolute()  # MONAI takes no path that begins with / for an expression
        extension = request.get("result_extension") or EXTENSIONS[0]
        if extension not in EXTENSIONS:
            raise Refusal(f"The result is an RGB24 NIfTI: result_extension must be .nii.gz or .nii, not {extension!r}.")
        if request.get("device"):
            request = {**request, "device": name_to_device(request["device"])}
        words = command_words(INFERENCE, request)
        with tempfile.TemporaryDirectory() as folder:
            words += ["--input", str(image), "--output_format", extension[1:], "--output_dir", folder]
            words += ["--output_grid", "input"]  # a viewer lays the stain over the image
            try:
                run_workflow(self.bundle, "inference", words, self.limit)
            except Refusal as refusal:  # a client must not learn the server's folders
                raise Refusal(str(refusal).replace(str(image.parent) + "/", ""), refusal.status) from None
            stains = list(Path(folder).glob(f"*_stain{extension}"))
            if len(stains) != 1:
                raise Refusal(f"{image.name} holds {len(stains)} volumes: give one at a time.")
            record = json.loads(stains[0].with_name(stains[0].name.removesuffix(extension) + ".json").read_text())
            if record["input"]["shape_zyx"][0] < 2:
                raise Refusal(f"{image.name} is a 2D image, a volume of several slices is expected.")
            with tempfile.NamedTemporaryFile(suffix=extension, delete=False) as result:
                pass
            shutil.move(stains[0], result.name)
        told = {name: record[name] for name in TOLD} | self._told_of_weights(record)
        return result.name, {"label_names": {}, "name": self.bundle.name, "version": self.version, **told}

    def _told_of_weights(self, record: dict[str, Any]) -> dict[str, Any]:
        """Which weights they are, without the server's folders, and how the scan differs from their training's."""
        weights, fit = record["checkpoint"].get("weights", ""), record.get("fit", {})
        sentences = [finding["words"] for finding in fit.get("differs", ())] + [fit.get("not_known")]
        if SYNTHETIC in weights:
            sentences.insert(0, f"The weights were {SYNTHETIC}.")
        return {
            "weights": weights.replace(f"{self.bundle}/", "").replace(f"{self.bundle.resolve()}/", ""),
            "fit": fit,
            "warnings": [sentence for sentence in sentences if sentence],
        }
