"""Tests of what is trained on, and of which weights are served afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from bundle.monailabel.app.lib import judging
from bundle.monailabel.app.lib.judging import serve_the_better, train
from bundle.monailabel.app.lib.refusal import Refusal


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "model.pt").write_text("new")
    (tmp_path / "served").mkdir()
    (tmp_path / "served" / "model.pt").write_text("served")
    return tmp_path


def evaluated(ssim: dict[str, float], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let an evaluation write the scores of the weights by what is in their file."""

    def run(bundle: Path, name: str, words: Sequence[str], limit: float | None = None) -> None:
        options = dict(zip(words[::2], words[1::2], strict=True))
        assert (name, options["--split"]) == ("evaluating", "validation")
        out = Path(options["--output_dir"])
        out.mkdir()
        value = ssim[Path(options["--checkpoint"]).read_text()]
        (out / "metrics_summary.csv").write_text(f"metric,mean,std\nssim,{value},0\npsnr,{20 + value},0\n")

    monkeypatch.setattr(judging, "run_workflow", run)


@pytest.mark.parametrize(("new", "stays"), [(0.7, "new"), (0.6, "served"), (0.5, "served")])
def test_only_better_weights_are_put_in_place(
    new: float, stays: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluated({"new": new, "served": 0.6}, monkeypatch)
    served = folder / "served" / "model.pt"
    said = serve_the_better(folder, folder, served)
    assert f"new weights have SSIM {new:.3f} and PSNR {20 + new:.2f} dB, the served ones SSIM 0.600" in said
    assert served.read_text() == stays
    assert served.with_name("model_previous.pt").is_file() == (stays == "new")
    assert said.endswith("are in place." if stays == "new" else f"The new ones are {folder / 'model.pt'}.")


def test_where_none_were_served(folder: Path) -> None:
    served = folder / "served" / "model.pt"
    served.unlink()
    assert "there were none before" in serve_the_better(folder, folder, served)
    assert served.read_text() == "new"


def begun(monkeypatch: pytest.MonkeyPatch, refusal: Refusal | None) -> list[list[str]]:
    """The words of each training that is begun; the first one with initial weights is refused."""
    calls: list[list[str]] = []

    def run(bundle: Path, name: str, words: Sequence[str], limit: float | None = None) -> None:
        assert name == "training"
        calls.append(list(words))
        if refusal is not None and "--initial_weights" in words:
            raise refusal

    monkeypatch.setattr(judging, "run_workflow", run)
    return calls


def test_it_goes_on_from_what_is_served(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls, served = begun(monkeypatch, None), folder / "served" / "model.pt"
    assert train(folder, ["--seed", "3"], served)
    assert calls == [["--seed", "3", "--initial_weights", str(served)]]
    served.unlink()
    assert not train(folder, ["--seed", "3"], served)
    assert calls[1:] == [["--seed", "3"]]


def test_another_network_begins_at_random(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refusal = Refusal("model.pt is of another architecture than network_def: it has blocks 6, not 1.")
    calls = begun(monkeypatch, refusal)
    assert not train(folder, ["--seed", "3"], folder / "served" / "model.pt")
    assert calls[1:] == [["--seed", "3"]]


def test_other_refusals_stay(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun(monkeypatch, Refusal("The data folder has no datalist.json."))
    with pytest.raises(Refusal, match="no datalist"):
        train(folder, [], folder / "served" / "model.pt")
