"""The unit test that goes with the bundle to the Model Zoo, into ``ci/unit_tests``: synthetic data, every workflow."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import unittest
from typing import Any

import numpy as np
from monai.bundle import ConfigWorkflow
from monai.utils import set_determinism
from PIL import Image
from scipy.ndimage import gaussian_filter

BUNDLE_ROOT = os.environ.get("BUNDLE_ROOT", "./models/xray_histology_virtual_staining")
SIZE = 96


class TestXrayHistologyVirtualStaining(unittest.TestCase):
    def setUp(self) -> None:
        """Pairs of a smooth random CT and a stain that follows from it, for every split."""
        set_determinism(0)
        self.path = sys.path
        sys.path = [BUNDLE_ROOT, *sys.path]
        self.dataset_dir = tempfile.mkdtemp()
        rng = np.random.default_rng(0)
        datalist: dict[str, list[dict[str, object]]] = {}
        for split in ("training", "validation", "test"):
            smooth = gaussian_filter(rng.standard_normal((SIZE, SIZE)), 4)
            grey = (smooth - smooth.min()) / np.ptp(smooth)
            stain = np.stack([1 - grey, 1 - grey**2, 1 - 0.5 * grey], axis=-1)
            self.save(f"{split}_ct.png", grey)
            self.save(f"{split}_stain.png", stain)
            pair = {"ct": f"{split}_ct.png", "histology": f"{split}_stain.png"}
            datalist[split] = [{**pair, "specimen": split, "ct_window": [0, 255]}]
        with open(os.path.join(self.dataset_dir, "datalist.json"), "w") as file:
            json.dump(datalist, file)

    def tearDown(self) -> None:
        sys.path = self.path
        set_determinism(None)
        shutil.rmtree(self.dataset_dir)

    def save(self, name: str, values: np.ndarray) -> None:
        Image.fromarray(np.rint(255 * values).astype(np.uint8)).save(os.path.join(self.dataset_dir, name))

    def run_workflow(self, kind: str, config: str, **override: Any) -> str:
        output_dir = os.path.join(self.dataset_dir, "output")
        workflow = ConfigWorkflow(
            workflow_type=kind,
            config_file=os.path.join(BUNDLE_ROOT, "configs", config),
            logging_file=os.path.join(BUNDLE_ROOT, "configs", "logging.conf"),
            meta_file=os.path.join(BUNDLE_ROOT, "configs", "metadata.json"),
            bundle_root=BUNDLE_ROOT,
            dataset_dir=self.dataset_dir,
            output_dir=output_dir,
            device="cpu",
            **override,
        )
        workflow.initialize()
        assert workflow.check_properties() == []
        workflow.run()
        workflow.finalize()
        return output_dir

    def test_train_config(self) -> None:
        small = {"train#trainer#max_epochs": 1, "iterations_per_epoch": 2, "batch_size": 2, "patch_size": 64}
        output = self.run_workflow("train", "train.yaml", **small, **{"loss_weights#perceptual": 0})
        assert os.path.isfile(os.path.join(output, "checkpoint.pt"))

    def test_evaluate_config(self) -> None:
        output = self.run_workflow("eval", "evaluate.yaml")
        assert os.path.isfile(os.path.join(output, "metrics_per_image.csv"))

    def test_infer_config(self) -> None:
        source = os.path.join(self.dataset_dir, "test_ct.png")
        output = self.run_workflow("infer", "inference.yaml", input=source)
        assert os.path.isdir(os.path.join(output, "test_ct_stain.ome.zarr"))


if __name__ == "__main__":
    unittest.main()
