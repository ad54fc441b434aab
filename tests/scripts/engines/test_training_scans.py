"""What a training notes of its scans, in the generator."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from scipy.ndimage import gaussian_filter

from scripts.data.datalist.split import load_datalist
from scripts.data.padding import Padding
from scripts.engines import note_training_scans
from scripts.engines.specimen import slice_of_item
from scripts.errors import InputError
from scripts.networks import StainGenerator
from scripts.networks.trained_on import LENGTH, as_text

NOISES = {"a": 0.02, "b": 0.04}  # of the specimens, part of the window


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two specimens of two slices: a bright disc on dark ground, blurred by a pixel, with noise."""
    folder = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:200, :200]
    items: list[dict[str, Any]] = []
    for specimen, noise in NOISES.items():
        for number in range(2):
            disc = gaussian_filter(np.where(np.hypot(y - 100, x - 90) < 60, 0.7, 0.3), 1.0)
            values = 1000 + 2000 * (disc + noise * rng.normal(size=disc.shape))
            name = f"{specimen}{number}"
            tifffile.imwrite(folder / f"{name}.tif", values.astype(np.uint16))
            tifffile.imwrite(folder / f"{name}_he.tif", rng.integers(0, 255, (200, 200, 3), dtype=np.uint8))
            items.append({"ct": f"{name}.tif", "histology": f"{name}_he.tif", "specimen": specimen})
            items[-1] |= {"ct_window": [1000, 3000], "material": "Ti" if specimen == "a" else "PEEK"}
    (folder / "datalist.json").write_text(json.dumps({"training": items, "synthetic": True}))
    return folder


def item(window: tuple[float, float], given: bool, dataset: Path) -> dict[str, Any]:
    return {
        "image": str(dataset / "a0.tif"),
        "specimen": "a",
        "ct_window": list(window),
        "window_given": given,
    }


def test_a_given_window_travels_with_the_weights(dataset: Path) -> None:
    network = StainGenerator((4, 4), blocks=0)
    note_training_scans(network, [item((0, 3000), True, dataset)] * 2, (1, 99))
    assert network.trained_window == (0, 3000)
    assert network.percentiles == (1, 99)
    note_training_scans(network, [item((0, 3000), True, dataset), item((0, 2000), True, dataset)], (0.5, 99.5))
    assert network.trained_window is None
    assert network.percentiles == (0.5, 99.5)


def test_a_window_that_was_found_is_no_scale_for_others(dataset: Path) -> None:
    network = StainGenerator((4, 4), blocks=0)
    note_training_scans(network, [item((0, 3000), False, dataset)] * 2, (0.5, 99.5))
    assert network.trained_window is None


def test_what_the_scans_are_like_travels_with_the_weights(dataset: Path) -> None:
    network = StainGenerator((4, 4), blocks=0)
    note_training_scans(network, load_datalist(dataset, "training"), (0.5, 99.5), dataset, 5.0)
    found = network.trained_on
    assert (found.pixel_um, found.specimens, found.pairs, found.synthetic) == (5.0, 2, 4, True)
    assert found.materials == ("PEEK", "Ti")
    assert found.noise == pytest.approx(tuple(NOISES.values()), rel=0.1)
    assert found.sharpness == pytest.approx((1.0, 1.0), rel=0.12)
    assert found.landmarks == pytest.approx((0.3, 0.7), abs=0.01)
    assert len(found.histogram) == 64
    assert sum(found.histogram) == pytest.approx(1000, abs=1)  # of 64 numbers rounded to 0.01
    # ground and disc, 0.3 and 0.7 of the window, in steps of 1/64
    assert {int(np.argmax(found.histogram[:32])), 32 + int(np.argmax(found.histogram[32:]))} <= {18, 19, 20, 44, 45}
    assert len(as_text(found)) < LENGTH / 2


def test_a_slice_is_brought_to_the_working_size_and_its_padding_left_out(dataset: Path) -> None:
    given = item((1000, 3000), True, dataset) | {"pixel_um": 2.5}
    assert slice_of_item(given, None).shape == (200, 200)
    assert slice_of_item(given, 5.0).shape == (100, 100)
    values = tifffile.imread(dataset / "a0.tif")
    values[:50] = 0
    tifffile.imwrite(dataset / "padded.tif", values)
    padded = given | {"image": str(dataset / "padded.tif"), "padding": Padding(low=0.0, shares=((0.0, 0.25),))}
    blank = np.isnan(slice_of_item(padded, 5.0))
    assert blank[:25].all()
    assert not blank[27:].any()  # an area average reaches no further than its own pixel


def test_a_material_that_is_no_text_is_refused(dataset: Path, tmp_path: Path) -> None:
    content = json.loads((dataset / "datalist.json").read_text())
    content["training"][0]["material"] = 7
    (tmp_path / "datalist.json").write_text(json.dumps(content))
    network = StainGenerator((4, 4), blocks=0)
    with pytest.raises(InputError, match=r"'material' of a pair in .* is 7: write a name"):
        note_training_scans(network, [item((0, 300), True, dataset)], (1, 99), tmp_path)
