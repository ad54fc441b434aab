"""What a page says about a volume."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bundle.shared.places import SHIPPED
from bundle.shared.stained import find_stained
from bundle.view.facts import ON_SYNTHETIC, PERHAPS_SYNTHETIC, SYNTHETIC, VIRTUAL, facts_of
from bundle.view.grid import Grid
from scripts.files.digest import file_digest


def facts(out: Path) -> dict[str, Any]:
    [one] = find_stained(out)
    return facts_of(one, Grid(one.shape, (8, 2, 2)))


def test_numbers(stained_folder: Callable[..., Path]) -> None:
    found = facts(stained_folder(uncertainty=True))
    assert found["volume"] == [6, 24, 40]
    assert found["shape"] == [1, 12, 20]
    assert found["block"] == [6, 2, 2]  # no more than there are
    assert (found["views"], found["levels_per_step"], found["finished"]) == (4, 0.25, "2026-11-27")
    assert (found["scan"], found["window"], found["window_source"]) == ("scan.tif", [2000, 23000], "given")


def test_whose_weights(stained_folder: Callable[..., Path]) -> None:
    assert facts(stained_folder())["notice"] == VIRTUAL
    assert facts(stained_folder(checkpoint={"sha256": file_digest(SHIPPED)}))["notice"] == SYNTHETIC
    assert all("Not for diagnosis" in notice for notice in (VIRTUAL, SYNTHETIC, PERHAPS_SYNTHETIC))
    assert "synthetic data only" in SYNTHETIC
    assert "synthetic data only" in PERHAPS_SYNTHETIC


@pytest.mark.parametrize(("synthetic", "notice"), [(True, ON_SYNTHETIC), (False, VIRTUAL), (None, PERHAPS_SYNTHETIC)])
def test_weights_that_say_whether_their_data_are_synthetic(
    synthetic: bool | None, notice: str, stained_folder: Callable[..., Path]
) -> None:
    fit: dict[str, Any] = {"differs": [], "not_known": None, "trained_on": {"synthetic": synthetic}}
    assert facts(stained_folder(checkpoint_path="/e/model.ts", fit=fit))["notice"] == notice


def test_how_the_scan_differs_and_which_weights(stained_folder: Callable[..., Path]) -> None:
    fit: dict[str, Any] = {"differs": [{"kind": "noisier", "number": 0.1, "words": "Noisier."}], "not_known": "Old."}
    found = facts(stained_folder(fit=fit, checkpoint={"sha256": "0", "weights": "m.pt (SHA-256 0)"}))
    assert (found["differs"], found["weights"]) == (["Noisier.", "Old."], "m.pt (SHA-256 0)")
    assert facts(stained_folder())["differs"] == []  # a record of an earlier version


@pytest.mark.parametrize(
    "path", ["/e/model_int8.onnx", "/e/model.onnx", "/e/MODEL.TS", "/bundle/models/model.pt", None]
)
def test_weights_that_may_be_the_shipped_ones(path: str | None, stained_folder: Callable[..., Path]) -> None:
    """Exported, of another version of the bundle, or of a record that does not say: no digest tells."""
    assert facts(stained_folder(checkpoint_path=path))["notice"] == PERHAPS_SYNTHETIC


def test_a_copy_of_the_software_without_weights(
    stained_folder: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("bundle.view.facts.SHIPPED", tmp_path / "models" / "model.pt")
    assert facts(stained_folder())["notice"] == PERHAPS_SYNTHETIC


@pytest.mark.parametrize(
    ("path", "orientation", "directions"),
    [
        ("scan.nii.gz", None, "LPS"),
        ("scan.mha", None, "LPS"),
        ("scan.tif", None, None),  # the affine is that of a voxel size alone
        ("scan.tif", "LPS", "LPS"),
    ],
)
def test_directions(
    path: str, orientation: str | None, directions: str | None, stained_folder: Callable[..., Path]
) -> None:
    out = stained_folder(
        input={
            "path": path,
            "shape_zyx": [6, 24, 40],
            "voxel_size_zyx_mm": [1, 1, 1],
            "affine_xyz_to_mm": np.diag([-1.0, -1, 1, 1]).tolist(),
        },
        made_of={"request": {"orientation": orientation}},
    )
    assert facts(out)["directions"] == directions


def test_nothing_is_known(stained_folder: Callable[..., Path]) -> None:
    found = facts(stained_folder(spacing=None))
    assert (found["spacing"], found["directions"], found["views"]) == (None, None, None)
