"""Weights of several trainings as one file: which fit together, and a file that is none."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from scripts.errors import InputError
from scripts.networks import StainEnsemble, StainGenerator, StainUNet
from scripts.networks.definition import encoded
from scripts.networks.trained_on import UNKNOWN, TrainedOn
from scripts.weights.checkpoint import save_atomically
from scripts.weights.ensemble import common_training, ensemble_of
from scripts.weights.loading import load_generator
from scripts.weights.origin import describe_weights

WINDOW = (5000.0, 35000.0)


def weights(
    path: Path,
    network: Any = None,
    window: tuple[float, float] | None = WINDOW,
    percentiles: tuple[float, float] = (0.5, 99.5),
    pixel_um: float | None = None,
) -> Path:
    network = StainGenerator([4, 4], 1) if network is None else network
    network.set_windowing(window, percentiles)
    network.trained_on = TrainedOn(pixel_um=pixel_um)
    save_atomically(network.state_dict(), path)
    return path


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("members")
    torch.manual_seed(0)
    return [weights(folder / f"{number}.pt", pixel_um=5.0) for number in range(3)]


@pytest.fixture
def saved(members: list[Path], tmp_path: Path) -> Path:
    save_atomically(ensemble_of(members).state_dict(), tmp_path / "ensemble.pt")
    return tmp_path / "ensemble.pt"


@torch.no_grad()
def test_saved_and_loaded(members: list[Path], saved: Path) -> None:
    loaded = load_generator(StainGenerator(), saved)
    assert isinstance(loaded, StainEnsemble)
    assert not loaded.training
    image = torch.rand(1, 1, 16, 20)
    alone = [load_generator(StainGenerator(), path)(image) for path in members]
    torch.testing.assert_close(loaded(image), sum(alone) / 3, rtol=0, atol=1e-6)  # the sum is rounded once more
    assert (loaded.trained_window, loaded.percentiles) == (WINDOW, (0.5, 99.5))
    digests = tuple(hashlib.sha256(path.read_bytes()).hexdigest() for path in members)
    assert loaded.trained_on == TrainedOn(pixel_um=5.0)
    assert loaded.trained_on.members == digests
    words = describe_weights(saved, "0" * 64, replace(loaded.trained_on, synthetic=True))
    short = ", ".join(digest[:12] for digest in digests)
    assert words == f"{saved} (SHA-256 000000000000; mean of 3: {short}; trained on synthetic data only)"
    again = load_generator(StainEnsemble(members=3, of=StainGenerator([4, 4], 1)), saved)
    assert torch.equal(again(image), loaded(image))


def test_no_common_window(tmp_path: Path) -> None:
    paths = [weights(tmp_path / f"{number}.pt", window=None) for number in range(2)]
    ensemble = ensemble_of(paths)
    assert ensemble.trained_window is None
    assert math.isnan(ensemble.ct_window[0])


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"network": StainGenerator([4, 8], 1)}, r"different networks: the former has channels \[4, 8\], not \[4, 4\]"),
        ({"network": StainUNet((4, 8))}, "different networks: the former is a StainUNet, not a StainGenerator"),
        ({"window": (0.0, 35000.0)}, "with another window, 0 to 35000 and 5000 to 35000: give all specimens"),
        ({"window": None}, "with another window, none and 5000 to 35000"),
        ({"percentiles": (1.0, 99.0)}, "with another percentiles, 1 to 99 and 0.5 to 99.5"),
        ({"pixel_um": 10.0}, "with another pixel size, 10 and 5: train all with the same --working_um"),
    ],
)
def test_what_does_not_fit_together(other: dict[str, Any], words: str, members: list[Path], tmp_path: Path) -> None:
    path = weights(tmp_path / "other.pt", **{"pixel_um": 5.0, **other})
    with pytest.raises(InputError, match=rf"other\.pt and .*0\.pt .*{words}"):
        ensemble_of([members[0], path])


def test_members_that_are_none(members: list[Path], saved: Path, tmp_path: Path) -> None:
    def refused(paths: list[Path], words: str) -> None:
        with pytest.raises(InputError, match=words):
            ensemble_of(paths)

    refused(members[:1], "has 2 to 24 members, got 1")
    refused([members[0], tmp_path / "none.pt"], r"no weights .*none\.pt")
    refused([members[0], saved], r"ensemble\.pt is an ensemble itself")
    (tmp_path / "copy.pt").write_bytes(members[0].read_bytes())
    refused([members[0], tmp_path / "copy.pt"], r"copy\.pt holds the same weights as .*0\.pt")
    (tmp_path / "model.ts").write_bytes(b"x")
    refused([members[0], tmp_path / "model.ts"], "is exported: give the model.pt")
    damaged = bytearray(members[1].read_bytes())
    damaged[len(damaged) // 2] ^= 1
    (tmp_path / "damaged.pt").write_bytes(damaged)
    refused([members[0], tmp_path / "damaged.pt"], r"damaged\.pt is damaged")


def _without(name: str) -> Callable[[dict[str, Any]], Any]:
    return lambda state: state.pop(name)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_without("members.1.head.weight"), r"lacks members\.1\.head\.weight"),
        (_without("members.2.ct_window"), r"lacks members\.2\.ct_window"),
        (lambda s: s.update({"members.3.head.bias": torch.zeros(3)}), r"has besides members\.3\.head\.bias"),
        (lambda s: s.update({"members.3.trained_on_json": torch.zeros(3)}), "no description of a training"),
        (lambda s: s.update({"members.1.head.weight": torch.zeros(3, 4, 1, 1)}), "in another shape members"),
        (lambda s: s["members.1.head.weight"].fill_(math.nan), r"not finite \(members\.1\.head\.weight\)"),
        (lambda s: s["members.1.options"].fill_(0), r"differ in members\.1\.options"),
        (lambda s: s["members.1.trained_on_json"].fill_(1), "no description of a training"),
        (lambda s: s["members.1.network_def"].fill_(1), r"members\.1 is damaged"),
        (
            lambda s: s.update({"members.1.network_def": encoded(StainUNet((4, 8)).definition)}),
            r"members\.1 is of another network",
        ),
    ],
)
def test_a_file_that_was_tampered_with(spoil: Callable[[dict[str, Any]], Any], words: str, saved: Path) -> None:
    state = torch.load(saved, weights_only=True)
    spoil(state)
    torch.save(state, saved)
    with pytest.raises(InputError, match=words) as caught:
        load_generator(StainGenerator(), saved)
    assert "\n" not in str(caught.value)


OF = StainGenerator([4, 4], 1).definition
ENSEMBLE = {"_target_": "scripts.networks.StainEnsemble", "members": 3, "of": OF}


@pytest.mark.parametrize(
    ("definition", "words"),
    [
        (ENSEMBLE | {"members": 10**9}, "cannot be built .members is 1000000000"),
        (ENSEMBLE | {"members": "all"}, "cannot be built .members is 'all'"),
        (ENSEMBLE | {"members": 2}, "not of the network that the file describes: it has besides members"),
        (ENSEMBLE | {"members": 4}, "not of the network that the file describes: it lacks members"),
        (ENSEMBLE | {"of": {**OF, "_target_": "os.system"}}, "is of another network|names a network 'os.system'"),
        (ENSEMBLE | {"of": {**OF, "blocks": 10**9}}, "cannot be built .blocks"),
        (ENSEMBLE | {"of": ENSEMBLE}, "neither number nor word"),
        (ENSEMBLE | {"of": 5}, "cannot be built .members must be StainGenerators"),
        ({"_target_": "scripts.networks.StainEnsemble", "members": 3}, "cannot be built"),
        (ENSEMBLE | {"of": {"_target_": "scripts.networks.StainEnsemble", "members": 2}}, "cannot be built"),
    ],
)
def test_hostile_descriptions(definition: dict[str, Any], words: str, saved: Path) -> None:
    state = torch.load(saved, weights_only=True)
    state["network_def"] = encoded(definition)
    for number in range(3):
        state.pop(f"members.{number}.network_def")
    torch.save(state, saved)
    with pytest.raises(InputError, match=words) as caught:
        load_generator(StainGenerator(), saved)
    assert "\n" not in str(caught.value)


def test_a_config_that_asks_for_another(saved: Path) -> None:
    with pytest.raises(InputError, match="it is a StainEnsemble, not a StainGenerator"):
        load_generator(StainGenerator([4, 4], 1), saved)


def test_what_an_ensemble_says_of_its_trainings(caplog: pytest.LogCaptureFixture) -> None:
    one = TrainedOn(5.0, (0.1, 0.5), (600.0, 400.0), (0.01, 0.02), (1.0, 1.5), ("Ti",), 4, 12, True)
    other = TrainedOn(5.0, (0.2, 0.7), (500.0, 500.0), (0.015, 0.03), (0.8, 1.2), ("Mg", "Ti"), 4, 11, True)
    said = common_training([one, other], ["a", "b"])
    assert said == TrainedOn(5.0, (0.15, 0.6), (550.0, 450.0), (0.01, 0.03), (0.8, 1.5), ("Mg", "Ti"), synthetic=True)
    assert said.members == ("a", "b")
    assert "0.20 of the window apart" in caplog.text
    assert common_training([one, UNKNOWN], []) == UNKNOWN
    partly = common_training([one, TrainedOn(5.0, None, synthetic=False)], [])
    assert partly == TrainedOn(5.0, materials=("Ti",))
