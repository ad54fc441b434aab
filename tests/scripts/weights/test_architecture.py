"""Weights that say what network they are of: taken at their word, unless something else is asked for or they lie."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
import torch

from scripts.errors import InputError
from scripts.networks import StainGenerator, StainUNet
from scripts.networks.definition import encoded
from scripts.weights import architecture
from scripts.weights.loading import load_generator

UNTOUCHED: dict[str, Any] = dict.fromkeys(("channels", "blocks", "norm", "upsample", "skip", "kernel_size", "dark_end"))
OTHERS: dict[str, dict[str, Any]] = {
    "size": {"channels": [4, 8], "blocks": 2},
    "norm": {"channels": [4, 4], "blocks": 1, "norm": "instance"},
    "upsample": {"channels": [4, 4], "blocks": 1, "upsample": "bilinear", "kernel_size": 5},
    "skip": {"channels": [4, 4, 4], "blocks": 0, "skip": False, "dark_end": 0.3},
    "dark end": {"channels": [4, 4], "blocks": 1, "dark_end": 0, "upsample": "transposed"},
}


def saved(network: torch.nn.Module, path: Path, **entries: Any) -> Path:
    torch.save(network.state_dict() | entries, path)
    return path


@pytest.mark.parametrize("options", OTHERS.values(), ids=OTHERS)
def test_taken_at_their_word(options: dict[str, Any], tmp_path: Path) -> None:
    network = StainGenerator(**options).eval()
    path = saved(network, tmp_path / "model.pt")
    before = torch.get_rng_state()
    for asked in (UNTOUCHED, UNTOUCHED | options):
        loaded = load_generator(StainGenerator(**asked), path)
        assert loaded.definition == network.definition
        assert not loaded.training
        image = torch.rand(1, 1, 16, 16)
        assert torch.equal(loaded(image), network(image))
    torch.set_rng_state(before)
    prepared = StainGenerator()
    before = torch.get_rng_state()
    load_generator(prepared, path)
    assert torch.equal(torch.get_rng_state(), before)  # nothing random is drawn for what is overwritten


def test_a_unet_without_an_overlay(tmp_path: Path) -> None:
    network = StainUNet((4, 8, 8), dropout=0.5).eval()
    path = saved(network, tmp_path / "model.pt")
    for asked in (StainGenerator(), StainUNet((4, 8, 8))):
        loaded = load_generator(asked, path)
        image = torch.rand(1, 1, 16, 16)
        assert torch.equal(loaded(image), network(image))


@pytest.mark.parametrize("prefix", ["module.", "_orig_mod."])
def test_prefixes(prefix: str, tmp_path: Path) -> None:
    state = {prefix + name: value for name, value in StainUNet((4, 8)).state_dict().items()}
    torch.save({"state_dict": state}, tmp_path / "model.pt")
    assert isinstance(load_generator(StainGenerator(), tmp_path / "model.pt"), StainUNet)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (StainGenerator(blocks=6), "it has blocks 1, not 6"),  # the default, but asked for
        (StainGenerator([4, 8]), r"it has channels \[4, 4\], not \[4, 8\]"),
        (StainGenerator([4, 4], 1, dark_end=0.5), "it has dark_end 0.25, not 0.5"),
        (StainUNet((4, 8)), "it is a StainGenerator, not a StainUNet"),
        (StainUNet(), "it is a StainGenerator, not a StainUNet"),
    ],
)
def test_contradictions(asked: Any, words: str, tmp_path: Path) -> None:
    path = saved(StainGenerator([4, 4], 1), tmp_path / "model.pt")
    with pytest.raises(InputError, match=rf"model\.pt is of another architecture than network_def: {words}\. Leave"):
        load_generator(asked, path)


def test_no_generator_at_all(tmp_path: Path) -> None:
    path = saved(StainGenerator([4, 4], 1), tmp_path / "model.pt")
    with pytest.raises(InputError, match="network_def is a Conv2d: give a StainGenerator or a StainUNet"):
        load_generator(torch.nn.Conv2d(1, 3, 3), path)  # type: ignore[arg-type]


TINY = StainGenerator([4, 4], 1).definition
HUGE = [4096] * 4


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"_target_": "os.system"}, "names a network 'os.system', of which this version knows nothing"),
        ({"_target_": "scripts.networks.ResNetGenerator"}, "names a network"),
        ({"_target_": "scripts.networks.StainGenerator", "code": "x"}, "describes its network by 'code'"),
        ({"_target_": "$import os"}, "names a network"),
        (TINY | {"channels": "$[4, 4]"}, "cannot be built .channels must be"),
        (TINY | {"channels": 5}, "cannot be built .channels must be"),
        (TINY | {"channels": HUGE, "blocks": 3}, "not of the network that the file describes"),
        (TINY | {"channels": [65536, 65536], "kernel_size": 65535}, "cannot be built|not of the network"),
        (TINY | {"channels": [1] * 1000}, "cannot be built|not of the network"),
        (TINY | {"blocks": 65536}, "cannot be built .blocks is 65536"),
        (TINY | {"blocks": "many"}, "cannot be built .blocks is 'many'"),
        (TINY | {"norm": "layer"}, "cannot be built .norm must be one of"),
        (TINY | {"dark_end": float("nan")}, "cannot be built .dark_end must be"),
        (TINY | {"skip": "maybe"}, "cannot be built .*maybe"),
        (TINY | {"channels": [10**300, 4]}, "cannot be built .channels must be"),
        (TINY | {"upsample": "bilinear"}, "differ in options"),
        (TINY | {"dark_end": 0.5}, "differ in dark_end"),
        ({"_target_": "scripts.networks.StainUNet", "channels": 5}, "cannot be built"),
        ({"_target_": "scripts.networks.StainUNet", "channels": [1] * 900}, "cannot be built|not of the network"),
        ({"_target_": "scripts.networks.StainUNet", "channels": [4, -1]}, "cannot be built .channels must be"),
        ({"_target_": "scripts.networks.StainUNet", "channels": [10**300, 4]}, "cannot be built .channels must be"),
        ({"_target_": "scripts.networks.StainUNet", "channels": [4, 8], "dropout": "all"}, "cannot be built"),
    ],
)
def test_hostile_descriptions(entry: dict[str, Any], words: str, tmp_path: Path) -> None:
    path = saved(StainGenerator([4, 4], 1), tmp_path / "model.pt", network_def=encoded(entry))
    begun = time.monotonic()
    with pytest.raises(InputError, match=words) as caught:
        load_generator(StainGenerator(), path)
    assert time.monotonic() - begun < 10
    assert "model.pt" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("tensor", [torch.zeros(3), torch.full((5,), 200, dtype=torch.uint8)])
def test_descriptions_that_are_none(tensor: torch.Tensor, tmp_path: Path) -> None:
    path = saved(StainGenerator([4, 4], 1), tmp_path / "model.pt", network_def=tensor)
    with pytest.raises(InputError, match=r"model\.pt cannot be used: network_def is no description of a network"):
        load_generator(StainGenerator(), path)


def test_a_file_that_shows_one_number_many_times(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its network would take 100 times the memory of the file."""
    network = StainGenerator([64, 64], 1)
    state = {
        name: value if value.numel() < 300 else value.flatten()[0].clone().expand(value.shape)
        for name, value in network.state_dict().items()
    }
    torch.save(state, tmp_path / "model.pt")
    monkeypatch.setattr(architecture, "build_empty", pytest.fail)
    with pytest.raises(InputError, match=r"model\.pt are larger than what lies in the file"):
        load_generator(StainGenerator(), tmp_path / "model.pt")


@pytest.mark.parametrize("kind", ["meta", "sparse"])
def test_tensors_without_numbers(kind: str, tmp_path: Path) -> None:
    network = StainGenerator([4, 4], 1)
    weight = network.state_dict()["head.weight"]
    empty = weight.to("meta") if kind == "meta" else torch.zeros_like(weight).to_sparse()
    path = saved(network, tmp_path / "model.pt", **{"head.weight": empty})
    for asked in (StainGenerator(), StainGenerator([4, 4], 1)):
        with pytest.raises(InputError, match=r"larger than what lies in the file"):
            load_generator(asked, path)
