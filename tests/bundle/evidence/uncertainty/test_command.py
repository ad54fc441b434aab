from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure

from bundle.cli import main
from bundle.evidence.uncertainty import judging, maps
from bundle.shared.windowed_pairs import load_pairs
from bundle.synthetic.phantom.datalist import materials
from bundle.synthetic.phantom.generate import make_phantom
from scripts.fit.familiar import find_familiar
from scripts.inferers import TileInferer, UncertaintyInferer
from scripts.networks import StainEnsemble, StainGenerator
from tests.conftest import TINY_CHANNELS


def network(seed: int) -> StainGenerator:
    torch.manual_seed(seed)
    return StainGenerator(TINY_CHANNELS, blocks=1).eval()


@pytest.fixture(autouse=True)
def tiny_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkpoint's name is the seed of its weights."""
    monkeypatch.setattr(judging, "read_network", lambda path: network(int(Path(path).stem)))
    monkeypatch.setattr(judging, "describe_weights", lambda path, *_: f"{path} (no file)")


def test_maps_are_those_of_inference(phantom: Path) -> None:
    found = maps.maps_of(phantom, "test", [network(0), network(1)])
    pairs = load_pairs(phantom, "test")
    ct, true = (torch.as_tensor(pairs[0][key]).as_subclass(torch.Tensor) for key in ("image", "label"))
    size = ct.numel()
    with torch.no_grad():
        result = UncertaintyInferer(views=4)(ct[None], network(0))[0]
        other = TileInferer()(ct[None], network(1))[0]
    np.testing.assert_allclose(found.uncertainty["4 views"][:size], 255 * result[3].flatten(), rtol=1e-5)
    expected = (255 * (result[:3] - true)).square().mean(dim=0).flatten()
    np.testing.assert_allclose(found.error[:size], expected, rtol=1e-4)
    ensemble = 255 * (result[:3] - other).abs().mean(dim=0).flatten() / 2  # of two the deviation is half the difference
    np.testing.assert_allclose(found.uncertainty["ensemble of 2"][:size], ensemble, rtol=1e-3, atol=1e-3)
    assert list(found.uncertainty) == ["2 views", "4 views", "8 views", "ensemble of 2", "contrast"]
    name, mean = found.of_slices("4 views")[0]
    assert name == pairs[0]["specimen"]
    assert mean == pytest.approx(255 * float(result[3].mean()), rel=1e-4)


def test_an_ensemble_is_judged_by_members_and_views(phantom: Path) -> None:
    ensemble = StainEnsemble(members=2, of=network(0)).eval()
    ensemble.members[1].load_state_dict(network(1).state_dict())
    found = maps.maps_of(phantom, "test", [ensemble], [2]).uncertainty["2 views"]
    ct = torch.as_tensor(load_pairs(phantom, "test")[0]["image"]).as_subclass(torch.Tensor)[None]
    with torch.no_grad():
        stains = [view for member in ensemble.members for view in UncertaintyInferer(views=2).laid_back(ct, member)]
    expected = 255 * torch.cat(stains).std(dim=0, unbiased=False).mean(dim=0)
    np.testing.assert_allclose(found, expected.flatten(), atol=1e-3)  # of grey levels


def test_command(phantom: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], drawn: list[Figure]) -> None:
    words = ["uncertainty", "0.pt", "1.pt", "--dataset_dir", str(phantom), "--out", str(tmp_path)]
    assert main([*words, "--split", "test"]) == 0
    printed = capsys.readouterr().out
    content = json.loads((tmp_path / "uncertainty.json").read_text())
    shares = content["shares"]
    assert f"| 4 views | {content['removed']['4 views'][shares.index(0.2)]:.1%} |" in printed
    assert content["removed"]["contrast"][0] == 0
    assert len(content["expected"]) == 20
    assert (tmp_path / "uncertainty.png").stat().st_size > 0
    left, right = drawn[0].axes
    curves = {line.get_label(): np.asarray(line.get_ydata()) for line in left.lines}
    np.testing.assert_allclose(curves["4 views"], 100 * np.array(content["removed"]["4 views"]))
    np.testing.assert_allclose(curves["by chance"], 100 * np.array(shares))
    points = np.array([content["expected"], content["observed"]]).T
    np.testing.assert_allclose(np.asarray(right.lines[1].get_xydata()), points)


def test_slices_of_an_unseen_material_against_the_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    base = tmp_path / "base"
    make_phantom(base, specimens=[1, 2, 1], slices=1, size=96, volumes=0, processes=1)
    words = ["uncertainty", "0.pt", "--dataset_dir", str(base), "--out", str(tmp_path / "out")]
    assert main([*words, "--without", "PEEK=1.pt"]) == 0
    (flag,) = json.loads((tmp_path / "out" / "uncertainty.json").read_text())["unseen"]  # without novelty
    assert flag["by"] == "4 views"
    found = dict(maps.maps_of(base, "validation", [network(1)], [4]).of_slices("4 views"))
    of = materials(base)
    by_material = {of[name]: value for name, value in found.items()}
    assert flag["its slices"] == pytest.approx(by_material["PEEK"], rel=1e-5)
    assert flag["others"] == pytest.approx(by_material["Mg-10Gd"], rel=1e-5)
    assert flag["AUC"] == float(by_material["PEEK"] > by_material["Mg-10Gd"])
    assert "| PEEK |" in capsys.readouterr().out


def test_novelty_where_weights_keep_features(
    phantom: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    knowing = network(1)
    knowing.known_features = find_familiar(knowing, load_pairs(phantom, "training"), load_pairs(phantom, "validation"))
    monkeypatch.setattr(judging, "read_network", lambda _path: knowing)
    words = ["uncertainty", "1.pt", "--dataset_dir", str(phantom), "--out", str(tmp_path)]
    assert main([*words, "--split", "test", "--without", "Mg-5Gd=1.pt"]) == 1  # the tiny phantom tests on one material
    assert "and others" in capsys.readouterr().err
    assert main([*words, "--split", "test"]) == 0
    printed = capsys.readouterr().out
    assert "novelty is not known" not in printed
    content = json.loads((tmp_path / "uncertainty.json").read_text())
    assert set(content["removed"]) == {"2 views", "4 views", "8 views", "contrast", "novelty", "all combined"}
    assert set(content["combination"]) > {"constant", "views", "novelty"}
    assert set(content["calibration_error_of_combination"]) == {"expected", "average", "maximum"}

    found = maps.maps_of(phantom, "test", [knowing], [4])
    pairs = load_pairs(phantom, "test")
    ct = torch.as_tensor(pairs[0]["image"]).as_subclass(torch.Tensor)
    with torch.no_grad():
        novelty = UncertaintyInferer(False, novelty=True)(ct[None], knowing)[0, 3].flatten()
    np.testing.assert_allclose(found.uncertainty["novelty"][: ct.numel()], novelty, rtol=1e-5)
    tenth = np.sort(novelty.numpy())[-ct.numel() // 10 :]
    assert found.of_slices("novelty")[0][1] == pytest.approx(tenth.mean(), rel=1e-3)


def test_unseen_materials(phantom: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["uncertainty", "0.pt", "--dataset_dir", str(phantom), "--out", str(tmp_path)]
    assert main([*words, "--without", "wood=1.pt"]) == 1
    assert "one of" in capsys.readouterr().err
    assert main([*words, "--without", "Mg-10Gd"]) == 1
    assert "MATERIAL=CHECKPOINT" in capsys.readouterr().err
    assert main([*words, "--without", "Mg-10Gd=1.pt"]) == 1  # the tiny phantom validates on that material alone
    assert "and others" in capsys.readouterr().err
