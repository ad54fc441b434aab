"""Weights of a file in a generator: which fit, and the sentence about those that do not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from scripts.errors import InputError
from scripts.networks import StainGenerator
from scripts.weights.checkpoint import save_atomically
from scripts.weights.loading import load_generator


def generator(seed: int = 0, **options: Any) -> StainGenerator:
    torch.manual_seed(seed)
    defaults: dict[str, Any] = {"channels": (4, 4, 8), "blocks": 1}
    return StainGenerator(**defaults | options)


def same(a: nn.Module, b: nn.Module) -> bool:
    pairs = zip(a.state_dict().values(), b.state_dict().values(), strict=True)
    return all(torch.equal(x.nan_to_num(), y.nan_to_num()) for x, y in pairs)  # ct_window may be NaN


def of_version_0_8(network: StainGenerator) -> dict[str, torch.Tensor]:
    """Its weights as they were written when they did not say of what they are."""
    return {name: value for name, value in network.state_dict().items() if name != "network_def"}


class Mine(StainGenerator):
    """A network of a user's own."""


class TestAccepted:
    @pytest.mark.parametrize("prefix", ["module.", "_orig_mod."])
    def test_version_0_8_from_data_parallel_or_compiled(self, prefix: str, tmp_path: Path) -> None:
        state = {prefix + name: value for name, value in of_version_0_8(generator(1)).items()}
        save_atomically({"model": state}, tmp_path / "model.pt")
        assert same(load_generator(generator(), tmp_path / "model.pt"), generator(1))

    def test_a_class_of_the_users_own(self, tmp_path: Path) -> None:
        """Only the config can build it: weights must not choose what code is run."""
        torch.manual_seed(1)
        network = Mine(channels=(4, 4, 8), blocks=1)
        save_atomically(network.state_dict(), tmp_path / "model.pt")
        loaded = load_generator(Mine(channels=(4, 4, 8), blocks=1), tmp_path / "model.pt")
        assert type(loaded) is Mine
        assert same(loaded, network)
        with pytest.raises(InputError, match=r"names a network '.*Mine', of which this version knows nothing"):
            load_generator(StainGenerator(), tmp_path / "model.pt")
        with pytest.raises(InputError, match="has blocks 1, not 2"):
            load_generator(Mine(channels=(4, 4, 8), blocks=2), tmp_path / "model.pt")

    def test_flat_state_dict(self, tmp_path: Path) -> None:
        saved = generator(1)
        saved.set_windowing((5000.0, 35000.0), (1.0, 99.0))
        save_atomically(saved.state_dict(), tmp_path / "model.pt")
        loaded = load_generator(generator(), tmp_path / "model.pt")
        assert same(loaded, saved)
        assert not loaded.training
        assert loaded.trained_window == (5000.0, 35000.0)

    def test_under_the_key_model(self, tmp_path: Path) -> None:
        save_atomically({"model": generator(1).state_dict()}, tmp_path / "model.pt")
        assert same(load_generator(generator(), str(tmp_path / "model.pt")), generator(1))

    def test_whole_training(self, tmp_path: Path) -> None:
        content = {
            "trainer": {"iteration": 5},
            "ct_to_stain": generator(1).state_dict(),
            "averaged": generator(2).state_dict(),
            "stain_pool": {"images": torch.zeros(1, 3, 4, 4)},
        }
        save_atomically(content, tmp_path / "checkpoint.pt")
        assert same(load_generator(generator(), tmp_path / "checkpoint.pt"), generator(2))
        del content["averaged"]
        save_atomically(content, tmp_path / "checkpoint.pt")
        assert same(load_generator(generator(), tmp_path / "checkpoint.pt"), generator(1))

    @pytest.mark.parametrize("prefix", ["module.", "_orig_mod.", "module._orig_mod."])
    def test_prefixes_of_data_parallel_and_compile(self, tmp_path: Path, prefix: str) -> None:
        state = torch.nn.DataParallel(generator(1)).state_dict()
        torch.save({prefix + name.removeprefix("module."): value for name, value in state.items()}, tmp_path / "m.pt")
        assert same(load_generator(generator(), tmp_path / "m.pt"), generator(1))

    def test_under_the_key_state_dict(self, tmp_path: Path) -> None:
        torch.save({"epoch": 3, "state_dict": generator(1).state_dict()}, tmp_path / "model.pt")
        assert same(load_generator(generator(), tmp_path / "model.pt"), generator(1))


class TestRefused:
    @pytest.mark.parametrize(
        ("options", "reason"),
        [
            ({"blocks": 2}, "has besides trunk.1"),
            ({"blocks": 0}, "lacks trunk.0"),
            ({"norm": "none"}, "lacks stem.1"),
            ({"channels": (4, 8, 8)}, "another shape down.0"),
            ({"kernel_size": 7}, "another shape stem.0.weight"),
        ],
    )
    def test_another_architecture(self, tmp_path: Path, options: dict[str, Any], reason: str) -> None:
        save_atomically(of_version_0_8(generator(**options)), tmp_path / "model.pt")
        network = generator(1)
        with pytest.raises(InputError, match=r"model\.pt is of another architecture than network_def") as caught:
            load_generator(network, tmp_path / "model.pt")
        assert reason in str(caught.value)
        assert "\n" not in str(caught.value)
        assert same(network, generator(1))  # nothing was loaded halfway

    @pytest.mark.parametrize("options", [{"skip": False}, {"upsample": "bilinear"}])
    def test_options_that_no_shape_tells(self, tmp_path: Path, options: dict[str, Any]) -> None:
        save_atomically(of_version_0_8(generator(**options)), tmp_path / "model.pt")
        with pytest.raises(InputError, match=f"trained with .*{'False' if 'skip' in options else 'bilinear'}"):
            load_generator(generator(), tmp_path / "model.pt")

    def test_another_dark_end(self, tmp_path: Path) -> None:
        save_atomically(of_version_0_8(generator(dark_end=0.25)), tmp_path / "model.pt")
        load_generator(generator(dark_end=0.25), tmp_path / "model.pt")
        for other in (0.5, 0):
            with pytest.raises(InputError, match=r"trained with dark_end 0.25, not"):
                load_generator(generator(dark_end=other), tmp_path / "model.pt")

    def test_no_dark_end_as_in_earlier_versions(self, tmp_path: Path) -> None:
        save_atomically(of_version_0_8(generator(dark_end=0)), tmp_path / "model.pt")
        load_generator(generator(dark_end=0), tmp_path / "model.pt")
        with pytest.raises(InputError, match="with --network_def#dark_end 0"):
            load_generator(generator(), tmp_path / "model.pt")

    def test_the_predecessor_is_offered(self, tmp_path: Path) -> None:
        save_atomically(generator(1).state_dict(), tmp_path / "checkpoint.previous.pt")
        (tmp_path / "checkpoint.pt").write_bytes((tmp_path / "checkpoint.previous.pt").read_bytes()[:-1])
        with pytest.raises(InputError, match=r"or give .*checkpoint\.previous\.pt\.$"):
            load_generator(generator(), tmp_path / "checkpoint.pt")
        assert same(load_generator(generator(), tmp_path / "checkpoint.previous.pt"), generator(1))

    @pytest.mark.parametrize("wrapped", [True, False])
    def test_networks_of_other_programs(self, tmp_path: Path, wrapped: bool) -> None:
        # names as of pytorch-CycleGAN-and-pix2pix, and of a segmentation network of the MONAI Model Zoo
        for name in ("model.10.conv_block.1.weight", "model.0.conv.unit0.conv.weight", "head.weight"):
            state = {name: torch.zeros(4, 4, 3, 3)}
            torch.save({"state_dict": state} if wrapped else state, tmp_path / "model.pt")
            with pytest.raises(InputError, match="another program or another network: give --checkpoint") as caught:
                load_generator(generator(), tmp_path / "model.pt")
            assert "network_def" not in str(caught.value)

    def test_no_tensors(self, tmp_path: Path) -> None:
        torch.save({"epoch": 3}, tmp_path / "model.pt")
        with pytest.raises(InputError, match=r"model\.pt holds no weights"):
            load_generator(generator(), tmp_path / "model.pt")


@pytest.mark.parametrize("name", ["head.weight", "stem.1.running_var"])
def test_weights_of_a_diverged_training_are_refused(tmp_path: Path, name: str) -> None:
    state = generator().state_dict()
    state[name].flatten()[0] = float("nan")
    torch.save(state, tmp_path / "model.pt")
    with pytest.raises(InputError, match="diverged"):
        load_generator(generator(), tmp_path / "model.pt")
