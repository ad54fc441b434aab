"""Where a training begins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from scripts.errors import InputError
from scripts.networks import StainGenerator
from scripts.weights import load_companions, load_initial, tell_beginning
from scripts.weights.ensemble import ensemble_of

SMALL: dict[str, Any] = {"channels": (4, 8), "blocks": 1}


def test_random_weights_are_left_alone() -> None:
    network = StainGenerator(**SMALL)
    assert load_initial(network, None) is network


def test_goes_on_with_the_weights_of_a_file(tmp_path: Path) -> None:
    earlier, network = StainGenerator(**SMALL), StainGenerator(**SMALL)
    torch.save(earlier.state_dict(), tmp_path / "model.pt")
    begun = load_initial(network, tmp_path / "model.pt")
    assert begun.training
    for name, value in earlier.state_dict().items():
        torch.testing.assert_close(begun.state_dict()[name], value, rtol=0, atol=0, equal_nan=True)


def test_another_network_is_refused(tmp_path: Path) -> None:
    torch.save(StainGenerator(**SMALL).state_dict(), tmp_path / "model.pt")
    with pytest.raises(InputError, match="another architecture"):
        load_initial(StainGenerator(channels=(4, 8), blocks=2), tmp_path / "model.pt")


def test_the_file_says_what_network_it_is_of(tmp_path: Path) -> None:
    """So network_def need not be repeated; one that was asked for is not put aside."""
    earlier = StainGenerator(channels=(4, 8), blocks=3)
    torch.save(earlier.state_dict(), tmp_path / "model.pt")
    begun = load_initial(StainGenerator(), tmp_path / "model.pt")
    assert isinstance(begun, StainGenerator)
    assert begun.definition == earlier.definition
    with pytest.raises(InputError, match=r"has channels .4, 8., not .4, 16.*give another --initial_weights"):
        load_initial(StainGenerator(channels=(4, 16)), tmp_path / "model.pt")


@pytest.mark.parametrize("name", ["model.ts", "model.onnx"])
def test_exported_networks_cannot_be_trained_on(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(InputError, match=rf"{name} is an exported network.*give --initial_weights the model.pt"):
        load_initial(StainGenerator(), tmp_path / name)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"There is no checkpoint .*none\.pt: give --initial_weights the model\.pt"):
        load_initial(StainGenerator(), tmp_path / "none.pt")


def companions() -> dict[str, torch.nn.Module]:
    return {"stain_to_ct": torch.nn.Conv2d(3, 1, 3), "stain_discriminator": torch.nn.Conv2d(3, 2, 1)}


def test_the_other_networks_of_a_checkpoint(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The discriminator fits; the way back is of another architecture and begins anew."""
    earlier, networks = companions(), companions()
    foreign = torch.nn.Conv2d(3, 1, 5).state_dict()
    torch.save(
        {"stain_to_ct": foreign, "stain_discriminator": earlier["stain_discriminator"].state_dict()}, tmp_path / "c.pt"
    )
    before = {name: value.clone() for name, value in networks["stain_to_ct"].state_dict().items()}
    with caplog.at_level("INFO"):
        assert load_companions(networks, tmp_path / "c.pt") is networks
    assert "its stain_to_ct is of another architecture" in caplog.text
    torch.testing.assert_close(
        dict(networks["stain_discriminator"].state_dict()), dict(earlier["stain_discriminator"].state_dict())
    )
    torch.testing.assert_close(dict(networks["stain_to_ct"].state_dict()), before)


def test_a_generator_alone_leaves_the_others_at_random(tmp_path: Path) -> None:
    networks = companions()
    before = {name: value.clone() for name, value in networks["stain_discriminator"].state_dict().items()}
    torch.save(StainGenerator(**SMALL).state_dict(), tmp_path / "model.pt")
    load_companions(networks, tmp_path / "model.pt")
    load_companions(networks, None)
    torch.testing.assert_close(dict(networks["stain_discriminator"].state_dict()), before)


def test_weights_that_diverged(tmp_path: Path) -> None:
    networks = companions()
    broken = {name: torch.full_like(value, torch.nan) for name, value in networks["stain_to_ct"].state_dict().items()}
    torch.save({"stain_to_ct": broken}, tmp_path / "c.pt")
    with pytest.raises(InputError, match=r"not finite \(stain_to_ct: weight\): give --initial_weights"):
        load_companions(networks, tmp_path / "c.pt")


def test_a_resumed_training_says_whose_weights_it_takes(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        tell_beginning("m.pt", True, tmp_path)
    assert f"goes on with the weights of {tmp_path / 'checkpoint.pt'}; --initial_weights m.pt only says" in caplog.text
    caplog.clear()
    with caplog.at_level("INFO"):
        tell_beginning("m.pt", False, tmp_path)
        tell_beginning(None, True, tmp_path)
    assert [record.getMessage() for record in caplog.records] == ["The training begins with the weights of m.pt."]


def test_an_ensemble_cannot_be_trained_on(tmp_path: Path) -> None:
    for name in "ab":
        torch.save(StainGenerator(**SMALL).state_dict(), tmp_path / f"{name}.pt")
    ensemble = ensemble_of([tmp_path / "a.pt", tmp_path / "b.pt"])
    torch.save(ensemble.state_dict(), tmp_path / "both.pt")
    with pytest.raises(InputError, match=r"both\.pt is an ensemble.*give --initial_weights a member of it"):
        load_initial(StainGenerator(), tmp_path / "both.pt")
