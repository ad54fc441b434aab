"""What an evaluation says that it is of, and that it does not take the place of another."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scripts.errors import InputError
from scripts.handlers.preview import captioned
from scripts.networks.trained_on import TrainedOn
from scripts.provenance.evaluation_of import EvaluationOf
from tests.conftest import ROOT

ITEMS = [
    {"specimen": "S1", "ct_window": [5000, 35000], "window_given": True, "window_source": "given"},
    {"specimen": "S2", "ct_window": [5000, 35000], "window_given": False, "window_source": "trained"},
    {"specimen": "S3", "ct_window": [10.0, 20.0], "window_given": False, "window_source": "percentiles"},
]
TABLES = ("metrics_per_image.csv", "metrics_summary.csv")


def evaluation(folder: Path, weights: bytes = b"abc", split: str = "test", overwrite: bool = False) -> EvaluationOf:
    (folder / "model.pt").write_bytes(weights)
    (folder / "datalist.json").write_text("{}")
    return EvaluationOf(folder / "model.pt", folder, split, ITEMS, overwrite)


def test_record_and_words(tmp_path: Path) -> None:
    of = evaluation(tmp_path)
    of.write(tmp_path)
    record = json.loads((tmp_path / "metrics_of.json").read_text())
    assert record["weights_sha256"] == hashlib.sha256(b"abc").hexdigest()
    assert record["datalist_sha256"] == hashlib.sha256(b"{}").hexdigest()
    assert record["split"] == "test"
    assert {name: window["origin"] for name, window in record["windows"].items()} == {
        "S1": "given by the data list",
        "S2": "of the training",
        "S3": "percentiles of the specimen",
    }
    assert f"{tmp_path}/model.pt (SHA-256 ba7816bf8f01)" in of.words
    assert "S3: 10 to 20 (percentiles" in of.words


def test_pixel_sizes(tmp_path: Path) -> None:
    (tmp_path / "model.pt").write_bytes(b"abc")
    (tmp_path / "datalist.json").write_text("{}")
    items = [{**ITEMS[0], "pixel_um": size} for size in (2.5, 5.0, 2.5, None)]
    of = EvaluationOf(tmp_path / "model.pt", tmp_path, "test", items, network_um=5.0)
    assert of.record["network_pixel_um"] == 5.0
    assert of.record["pixel_um"] == {"S1": [2.5, 5.0, None]}


def test_specimens_that_differ_from_the_trainings_are_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:128, :128]
    items = []
    for specimen, noise in (("S1", 0.02), ("S2", 0.1)):
        disc = 0.3 + 0.4 * (np.hypot(y - 64, x - 64) < 40) + noise * rng.normal(size=(128, 128))
        Image.fromarray((1000 + 2000 * disc).astype(np.uint16)).save(tmp_path / f"{specimen}.tif")
        items.append({"specimen": specimen, "image": tmp_path / f"{specimen}.tif", "pixel_um": 5.0})
        items[-1] |= {"ct_window": [1000, 3000], "window_given": True, "window_source": "given"}
    (tmp_path / "model.pt").write_bytes(b"abc")
    (tmp_path / "datalist.json").write_text(json.dumps({"test": [{"specimen": "S1", "material": "Zn"}]}))
    trained = TrainedOn(pixel_um=5.0, noise=(0.01, 0.03), materials=("Ti",), synthetic=True)
    of = EvaluationOf(tmp_path / "model.pt", tmp_path, "test", items, trained_on=trained)
    assert of.record["differs"]["S1"] == ["The training had no implant of Zn, only of Ti."]
    assert of.record["differs"]["S2"][0].startswith("Noisier than the training's scans")
    assert "Specimen S2: Noisier" in caplog.text
    assert "trained on synthetic data only" in of.words
    assert EvaluationOf(tmp_path / "model.pt", tmp_path, "test", items).record["differs"] == {}  # weights of 0.9


def test_it_names_the_run_of_the_weights_the_files_and_the_code(tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_bytes(b"ct")
    (tmp_path / "model.pt").write_bytes(b"abc")
    (tmp_path / "datalist.json").write_text("{}")
    items = [{**ITEMS[0], "image": str(tmp_path / "a.tif")}]
    trained = TrainedOn(run="f" * 64, trained="2026-12-01, 8 pairs of 2 specimens, seed 0, bundle 0.11.0")
    of = EvaluationOf(tmp_path / "model.pt", tmp_path, "test", items, trained_on=trained)
    assert of.record["weights_run"] == "f" * 64
    assert "trained 2026-12-01, 8 pairs of 2 specimens, seed 0, bundle 0.11.0, run ffffffffffff" in of.words
    assert of.record["pairs"][0]["ct"] == "a.tif"
    assert of.record["pairs"][0]["ct_sha256"] == hashlib.sha256(b"ct").hexdigest()
    assert of.record["code"]["bundle"] == json.loads((ROOT / "configs" / "metadata.json").read_text())["version"]
    assert isinstance(of.record["command"], str)


def test_other_images_are_another_evaluation(tmp_path: Path) -> None:
    def of() -> EvaluationOf:
        return EvaluationOf(tmp_path / "model.pt", tmp_path, "test", [{**ITEMS[0], "image": str(tmp_path / "a.tif")}])

    for name in ("a.tif", "model.pt"):
        (tmp_path / name).write_bytes(b"abc")
    (tmp_path / "datalist.json").write_text("{}")
    (tmp_path / TABLES[0]).write_text("image\n")
    of().write(tmp_path)
    of().require_place(tmp_path, TABLES)
    (tmp_path / "a.tif").write_bytes(b"another")
    with pytest.raises(InputError, match="holds another evaluation"):
        of().require_place(tmp_path, TABLES)
    record = json.loads((tmp_path / "metrics_of.json").read_text())
    del record["pairs_sha256"]  # version 0.10 noted no files
    (tmp_path / "metrics_of.json").write_text(json.dumps(record))
    of().require_place(tmp_path, TABLES)


@pytest.mark.parametrize("changed", [{"weights": b"other"}, {"split": "training"}])
def test_another_evaluation_stays(tmp_path: Path, changed: dict[str, str]) -> None:
    evaluation(tmp_path).require_place(tmp_path, TABLES)
    (tmp_path / TABLES[0]).write_text("image\n")
    evaluation(tmp_path).write(tmp_path)
    evaluation(tmp_path).require_place(tmp_path, TABLES)  # the same once more
    with pytest.raises(InputError, match=r"holds another evaluation, with the weights .*model\.pt .*--overwrite true"):
        evaluation(tmp_path, **changed).require_place(tmp_path, TABLES)  # type: ignore[arg-type]
    evaluation(tmp_path, overwrite=True, **changed).require_place(tmp_path, TABLES)  # type: ignore[arg-type]


def test_tables_without_companion_stay(tmp_path: Path) -> None:
    (tmp_path / TABLES[1]).write_text("metric\n")
    with pytest.raises(InputError, match="does not say what it is of: give another --output_dir, or --overwrite true"):
        evaluation(tmp_path).require_place(tmp_path, TABLES)


def test_caption_leaves_the_picture_as_it_is() -> None:
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 200, 3), dtype=np.uint8))
    page = np.asarray(captioned(picture, "Weights: models/model.pt. Windows: 5000 to 35000."))
    np.testing.assert_array_equal(page[-40:], np.asarray(picture))
    assert page[:-40].min() < 128
    assert page[0, -1].tolist() == [255, 255, 255]
