"""What several tests share: a tiny phantom, a tiny checkpoint, and the bundle's workflows with tiny networks."""

from __future__ import annotations

import copy
import functools
import logging
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from monai.bundle import ConfigParser, ConfigWorkflow

from bundle.synthetic.phantom.generate import make_phantom
from scripts.networks import StainGenerator

ROOT = Path(__file__).resolve().parents[1]
TINY_CHANNELS = [4, 4, 8]


@pytest.fixture(autouse=True)
def own_process() -> Iterator[None]:
    """Puts back what a workflow sets for its process: hook for uncaught exceptions, search path, logging."""
    root, quiet = logging.getLogger(), logging.getLogger("tifffile")
    before = sys.excepthook, list(sys.path), list(root.handlers), root.level, quiet.level
    yield
    sys.excepthook, sys.path[:], root.handlers[:] = before[:3]
    root.setLevel(before[3])
    quiet.setLevel(before[4])
    for handler in (*root.handlers, logging.lastResort):
        if handler is not None:
            handler.filters.clear()


@pytest.fixture(scope="session", autouse=True)
def read_once() -> Iterator[None]:
    """The bundle's own configs are parsed once for hundreds of workflows: YAML takes its time, a copy takes none."""
    load = ConfigParser.load_config_file
    parse = functools.cache(load)

    def read(filepath: str | os.PathLike[str], **options: Any) -> dict[str, Any]:
        path = Path(filepath).resolve()
        if options or path.parent != ROOT / "configs" or not path.is_file():
            return load(filepath, **options)
        return copy.deepcopy(parse(path))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ConfigParser, "load_config_file", staticmethod(read))
        yield


@pytest.fixture(scope="session", autouse=True)
def no_power_fails() -> Iterator[None]:
    """What is written need not reach the disk: each file of a package or of a volume would wait for that."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", os.fstat)  # which minds what is no open file, too
        yield


@pytest.fixture(scope="session")
def phantom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three specimens of one 128 x 128 slice, one of them also as a volume of three slices."""
    out = tmp_path_factory.mktemp("data") / "phantom"
    make_phantom(out, specimens=3, slices=1, size=128, volumes=1, depth=3, processes=1)
    return out


@pytest.fixture(scope="session")
def tiny_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random weights of a tiny generator that was trained with the phantom's window."""
    torch.manual_seed(0)
    network = StainGenerator(channels=TINY_CHANNELS, blocks=1)
    network.set_windowing((5000, 35000), (0.5, 99.5))
    path = tmp_path_factory.mktemp("weights") / "model.pt"
    torch.save(network.state_dict(), path)
    return path


@pytest.fixture(scope="session")
def workflow() -> Callable[..., ConfigWorkflow]:
    """Builds a workflow of the bundle with tiny networks: ``workflow("train", dataset_dir=...)``, initialized."""

    def build(kind: str, overlay: str | None = None, **override: Any) -> ConfigWorkflow:
        options: dict[str, Any] = {"bundle_root": str(ROOT), "device": "cpu"}
        if kind == "train":
            options |= {
                "network_def#channels": TINY_CHANNELS,
                "network_def#blocks": 1,
                "stain_to_ct#network#channels": TINY_CHANNELS,
                "stain_to_ct#network#blocks": 1,
                "stain_discriminator#channels": 4,
                "ct_discriminator#channels": 4,
                "patch_size": 64,
                "iterations_per_epoch": 2,
                "batch_size": 2,
                "val_interval": 2,
                "loss_weights#perceptual": 0.0,  # AlexNet's weights may be missing
            }
        options |= {key: str(value) if isinstance(value, Path) else value for key, value in override.items()}
        files = [str(ROOT / "configs" / f"{name}.yaml") for name in (kind, overlay) if name is not None]
        built = ConfigWorkflow(
            config_file=files,
            workflow_type="train" if kind == "train" else "infer",
            logging_file=False,
            **options,
        )
        built.initialize()
        return built

    return build
