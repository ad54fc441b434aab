"""The varied part of a phantom: files, sizes, splits, independence of the plain part."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from bundle.synthetic.phantom.anatomy.materials import METAL
from bundle.synthetic.phantom.generate import make_phantom
from bundle.synthetic.phantom.varied.grey import LOW
from scripts.data.datalist.split import load_datalist
from scripts.errors import InputError

SIZE, DEPTH = 128, 2
OPTIONS: dict[str, Any] = {"specimens": 3, "slices": 1, "size": SIZE, "volumes": 1, "depth": DEPTH, "processes": 1}


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("varied") / "set"
    make_phantom(out, varied=[8, 1, 3], **OPTIONS)
    return out


def datalist(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "datalist.json").read_text())
    return content


def varied_items(folder: Path) -> list[dict[str, Any]]:
    content = datalist(folder)
    items = [item for split in ("training", "validation", "test") for item in content[split]]
    return [item for item in items if item["specimen"].startswith("V")]


def image(path: Path) -> NDArray[Any]:
    return tifffile.imread(path) if path.suffix == ".tif" else np.asarray(Image.open(path))


def hashes(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_the_plain_part_has_the_bytes_of_a_plain_phantom(both: Path, tmp_path: Path) -> None:
    make_phantom(tmp_path / "plain", **OPTIONS)
    plain, mixed = hashes(tmp_path / "plain"), hashes(both)
    del plain["datalist.json"]
    assert len(plain) == 17  # three pairs of four files, a displaced section, four of a volume
    assert {name: mixed[name] for name in plain} == plain
    alone, together = datalist(tmp_path / "plain"), datalist(both)
    for split in ("training", "validation", "test"):
        assert together[split][: len(alone[split])] == alone[split]


def test_splits_are_as_asked_and_share_no_specimen(both: Path) -> None:
    content = datalist(both)
    splits = [{item["specimen"] for item in content[split]} for split in ("training", "validation", "test")]
    assert [sum(name.startswith("V") for name in names) for names in splits] == [8, 1, 3]
    assert len(set.union(*splits)) == sum(map(len, splits)) == 15


def test_an_item_gives_its_pixel_size_and_material_but_no_window(both: Path) -> None:
    facts = datalist(both)["phantom"]["specimens"]
    sides = {2.5: 256, 3.75: 170, 5.0: 128, 7.5: 85}
    items = varied_items(both)
    assert {item["pixel_um"] for item in items} == set(sides)
    for item in items:
        fact = facts[item["specimen"]]
        assert "ct_window" not in item
        assert item["material"] == fact["material"]
        assert item["pixel_um"] == fact["pixel_um"]
        side = sides[item["pixel_um"]]
        for key in ("ct", "histology", "labels"):
            assert image(both / item[key]).shape[:2] == (side, side)
        with tifffile.TiffFile(both / item["ct"]) as file:
            numerator, denominator = file.pages.first.tags["XResolution"].value
        assert 10000 * denominator / numerator == pytest.approx(item["pixel_um"], rel=1e-6)


def test_the_types_are_those_of_the_grey_scales(both: Path) -> None:
    facts = datalist(both)["phantom"]["specimens"]
    types = {"counts": "uint16", "export16": "uint16", "export8": "uint8", "hounsfield": "int16"}
    for item in varied_items(both):
        grey = facts[item["specimen"]]["grey"]
        assert image(both / item["ct"]).dtype.name == types.get(grey, "float32")


def test_a_round_field_is_padded_and_masked(both: Path) -> None:
    facts = datalist(both)["phantom"]["specimens"]
    padded = 0
    for item in varied_items(both):
        fact = facts[item["specimen"]]
        assert ("mask" in item) == (fact["padding"] != "no")
        if "mask" in item:
            padded += 1
            mask, ct = image(both / item["mask"]), image(both / item["ct"])
            value = 0 if fact["padding"] == "zero" else LOW[fact["grey"]]
            assert (ct[mask == 0] == value).all()
            # The share of the largest circle in its square is pi / 4; the border is a few pixels of 85 to 256.
            assert np.mean(mask > 0) == pytest.approx(np.pi / 4, abs=0.01)
    assert padded >= 3  # two of six are padded, in each split


def test_specimens_without_an_implant_have_none(both: Path) -> None:
    items = [item for item in varied_items(both) if item["material"] == "none"]
    assert items
    for item in items:
        assert not np.isin(image(both / item["labels"]), (5, METAL, 7)).any()


def test_volumes_have_the_specimens_voxels(both: Path) -> None:
    facts = datalist(both)["phantom"]["specimens"]
    entries = [entry for entry in datalist(both)["phantom"]["volumes"] if entry["specimen"].startswith("V")]
    assert len(entries) == 1
    for entry in entries:
        nifti = nib.Nifti1Image.from_filename(both / entry["ct_nifti"])
        np.testing.assert_allclose(nifti.header.get_zooms(), facts[entry["specimen"]]["pixel_um"] / 1000, rtol=1e-6)
        stack = tifffile.imread(both / entry["ct_tiff"])
        assert len(stack) == DEPTH
        np.testing.assert_array_equal(np.asanyarray(nifti.dataobj).T, stack)


def test_training_reads_it(both: Path) -> None:
    for split in ("training", "validation", "test"):
        assert len(load_datalist(both, split)) == len(datalist(both)[split])


def test_same_bytes_whatever_the_processes(tmp_path: Path) -> None:
    options = OPTIONS | {"size": 96}
    make_phantom(tmp_path / "one", varied=3, **options)
    make_phantom(tmp_path / "two", varied=3, **options | {"processes": 2})
    assert hashes(tmp_path / "one") == hashes(tmp_path / "two")


@pytest.mark.parametrize("options", [{"varied": 2}, {"varied": [4, 0, 1]}, {"varied": [4, 1]}])
def test_too_few_are_refused(tmp_path: Path, options: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=r"option varied is .* at least"):
        make_phantom(tmp_path / "set", **options)


@pytest.mark.parametrize("dye", [-0.1, 1.5, float("nan")])
def test_a_dye_out_of_range_is_refused(tmp_path: Path, dye: float) -> None:
    with pytest.raises(InputError, match=r"option dye is .* at least 0 and at most 1"):
        make_phantom(tmp_path / "set", varied=3, dye=dye)
