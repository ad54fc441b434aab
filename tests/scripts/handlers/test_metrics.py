from __future__ import annotations

import csv
import logging
import math
import statistics

import pytest
import torch
from monai.bundle import ConfigParser
from monai.data import DataLoader, Dataset, MetaTensor
from monai.engines import SupervisedEvaluator

from scripts.errors import InputError
from scripts.handlers.metrics import LPIPS, PSNR, SSIM, log_lpips_left_out
from scripts.handlers.metrics_csv import MetricsCSV, write_metrics_csv
from tests.scripts.metrics.random_alexnet import save_random_features

ERRORS = (0.1, 0.01, 0.2)  # of the "network" below, per image


class Darken(torch.nn.Module):
    """Predicts white minus the CT, for three channels."""

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return (1 - image).expand(-1, 3, -1, -1)


def items() -> list[dict]:
    """Three pairs whose right half is empty slide; predictions are wrong in the left half only, by a known error."""
    result = []
    for index, error in enumerate(ERRORS):
        label = torch.ones(3, 64, 96)
        label[..., :48] = 0.5
        image = 1 - label[:1].clone()
        image[..., :48] += error
        meta = {"filename_or_obj": f"/data/ct/slice_{index}.tif"}
        mask = torch.ones(1, 64, 96)
        result.append(
            {"image": MetaTensor(image, meta=meta), "label": label, "mask": mask, "specimen": f"S{index // 2}"}
        )
    return result


def evaluate(data: list[dict], metrics: dict, handlers: list | None = None, batch_size: int = 2) -> SupervisedEvaluator:
    key = next(iter(metrics))
    evaluator = SupervisedEvaluator(
        device=torch.device("cpu"),
        val_data_loader=DataLoader(Dataset(data), batch_size=batch_size),
        network=Darken(),
        key_val_metric={key: metrics.pop(key)},
        additional_metrics=metrics,
        val_handlers=handlers,
        decollate=True,
    )
    evaluator.run()
    return evaluator


def test_whole_image_and_foreground():
    state = evaluate(items(), {"psnr": PSNR(), "psnr_foreground": PSNR(foreground=True), "ssim": SSIM()}).state
    # The error covers half of the image: 10 log10(2) dB better than in the foreground, which is that half.
    foreground = [-20 * math.log10(error) for error in ERRORS]
    whole = [value + 10 * math.log10(2) for value in foreground]
    details = state.metric_details
    # float32; the smallest error, 0.01, is the difference of numbers near 0.5 with steps of 6e-8: 1e-4 dB
    assert details["psnr_foreground"].flatten().tolist() == pytest.approx(foreground, abs=1e-3)
    assert details["psnr"].flatten().tolist() == pytest.approx(whole, abs=1e-3)
    assert state.metrics["psnr"] == pytest.approx(statistics.fmean(whole), abs=1e-3)
    assert 0 < state.metrics["ssim"] < 1


def test_masked_pixels_have_no_influence():
    clean, dirty = items(), items()
    for item in dirty:
        item["mask"][:, 20:40] = 0
        item["image"][:, 20:40] = 0.77
        item["label"][:, 20:40] = 0.05
    for item in clean:
        item["mask"][:, 20:40] = 0
        item["image"][:, 20:40] = 0.95
        item["label"][:, 20:40] = 0.05
    metrics = [
        evaluate(data, {"psnr": PSNR(), "ssim": SSIM(), "fg": SSIM(foreground=True)}).state for data in (clean, dirty)
    ]
    assert metrics[0].metrics == metrics[1].metrics
    expected = [-20 * math.log10(error) + 10 * math.log10(2) for error in ERRORS]
    assert metrics[0].metric_details["psnr"].flatten().tolist() == pytest.approx(expected, abs=1e-3)


def test_batches_without_a_mask_are_whole():
    data = [{key: value for key, value in item.items() if key != "mask"} for item in items()]
    metrics = [evaluate(d, {"psnr": PSNR()}).state.metrics["psnr"] for d in (items(), data)]
    assert metrics[0] == metrics[1]


def test_tables_from_a_config(tmp_path):
    config = ConfigParser(
        {
            "psnr": {"_target_": "scripts.handlers.metrics.PSNR"},
            "lpips": {"_target_": "scripts.handlers.metrics.LPIPS", "weights": str(save_random_features(tmp_path))},
            "tables": {
                "_target_": "scripts.handlers.metrics_csv.MetricsCSV",
                "output_dir": str(tmp_path / "new" / "out"),
            },
        }
    )
    metrics = {name: config.get_parsed_content(name) for name in ("psnr", "lpips")}
    state = evaluate(items(), metrics, [config.get_parsed_content("tables")]).state
    with open(tmp_path / "new" / "out" / "metrics_per_image.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["image"] for row in rows] == ["slice_0.tif", "slice_1.tif", "slice_2.tif"]
    assert [row["specimen"] for row in rows] == ["S0", "S0", "S1"]
    assert list(rows[0]) == ["image", "specimen", "psnr", "lpips"]
    lpips = state.metric_details["lpips"].flatten().tolist()
    assert [float(row["lpips"]) for row in rows] == pytest.approx(lpips, rel=1e-5)  # six digits are written
    with open(tmp_path / "new" / "out" / "metrics_summary.csv", newline="") as file:
        summary = {row["metric"]: row for row in csv.DictReader(file)}
    assert float(summary["psnr"]["mean"]) == pytest.approx(state.metrics["psnr"], rel=1e-5)
    assert summary["psnr"]["n"] == "3"


def test_a_second_run_starts_anew(tmp_path):
    metrics = {"psnr": PSNR()}
    evaluator = evaluate(items(), metrics, [MetricsCSV(tmp_path)])
    evaluator.run()
    assert len((tmp_path / "metrics_per_image.csv").read_text().splitlines()) == 1 + len(ERRORS)


def test_summary_by_hand(tmp_path):
    values = {"a": [1.0, 2.0, 6.0], "b": [math.nan, 5.0, math.nan], "c": [math.nan] * 3}
    write_metrics_csv(tmp_path, ["x", "y", "z"], ["S", "S", "T"], values)
    assert (tmp_path / "metrics_per_image.csv").read_text().splitlines() == [
        "image,specimen,a,b,c",
        "x,S,1,,",
        "y,S,2,5,",
        "z,T,6,,",
    ]
    # The standard deviation of 1, 2, 6 about 3 is sqrt((4 + 1 + 9) / 2).
    assert (tmp_path / "metrics_summary.csv").read_text().splitlines() == [
        "metric,mean,std,median,min,max,n",
        "a,3,2.64575,2,1,6,3",
        "b,5,,5,5,5,1",
        "c,,,,,,0",
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["metrics_per_image.csv", "metrics_summary.csv"]


def test_folder_that_cannot_be_written_is_reported_before_the_run(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"output folder .*file"):
        evaluate(items(), {"psnr": PSNR()}, [MetricsCSV(tmp_path / "file")])


def test_lpips_without_weights_is_left_out_with_one_line(tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    log_lpips_left_out.cache_clear()
    metrics = {"psnr": PSNR(), "lpips": LPIPS(), "lpips_foreground": LPIPS(foreground=True)}
    with caplog.at_level(logging.WARNING, logger="scripts"):
        state = evaluate(items(), metrics, [MetricsCSV(tmp_path / "out")]).state
    assert list(state.metrics) == ["psnr"]
    lines = [record.getMessage() for record in caplog.records if "LPIPS" in record.getMessage()]
    assert len(lines) == 1
    assert "python -m bundle lpips-weights" in lines[0]
    assert (tmp_path / "out" / "metrics_per_image.csv").read_text().splitlines()[0] == "image,specimen,psnr"


def test_lpips_weights_that_do_not_exist_are_refused(tmp_path):
    with pytest.raises(InputError, match="do not exist"):
        LPIPS(weights=tmp_path / "none.pth")
