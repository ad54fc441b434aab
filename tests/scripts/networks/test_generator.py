"""Generators: sizes, ranges, receptive field, constants and what travels with the weights."""

from __future__ import annotations

import io
import math
from inspect import signature
from typing import Any

import pytest
import torch
from monai.bundle import ConfigParser

from scripts.data.window import PERCENTILES
from scripts.inferers import TileInferer
from scripts.networks import ResNetGenerator, StainGenerator, fold_layers
from tests.conftest import ROOT
from tests.scripts.networks.reach import reach

SMALL = (4, 4, 8)


def generator(**options: Any) -> StainGenerator:
    torch.manual_seed(0)
    defaults: dict[str, Any] = {"channels": SMALL, "blocks": 1, "dark_end": 0.0}
    return StainGenerator(**defaults | options).eval()


@pytest.mark.parametrize("upsample", ["nearest", "bilinear", "transposed"])
@pytest.mark.parametrize(
    ("channels", "blocks", "kernel_size"),
    [(SMALL, 0, 3), (SMALL, 1, 1), (SMALL, 1, 3), (SMALL, 2, 5), (SMALL, 3, 7), ((4, 4), 1, 3), ((4, 4, 4, 8), 1, 3)],
)
def test_halo_covers_the_measured_receptive_field(
    upsample: str, channels: tuple[int, ...], blocks: int, kernel_size: int
) -> None:
    network = generator(channels=channels, blocks=blocks, kernel_size=kernel_size, upsample=upsample)
    assert network.stride == 2 ** (len(channels) - 1)
    assert network.halo % network.stride == 0
    # not less, or tiles show; much more would only cost time
    assert network.halo - 3 * network.stride < reach(network) <= network.halo


@pytest.mark.parametrize("upsample", ["nearest", "bilinear"])
@pytest.mark.parametrize(("norm", "skip"), [("batch", True), ("batch", False), ("none", True)])
def test_constant_stays_constant(upsample: str, skip: bool, norm: str) -> None:
    network = generator(upsample=upsample, skip=skip, norm=norm)
    dark, bright = (network(torch.full((1, 1, 37, 50), grey)) for grey in (0.1, 0.9))
    for stained in (dark, bright):
        spread = stained.amax(dim=(2, 3)) - stained.amin(dim=(2, 3))
        assert spread.max() < 1e-6  # float32: convolutions may add in another order at borders
    assert (dark - bright).abs().max() > 1e-4  # something got through


def test_transposed_convolution_draws_on_a_constant() -> None:
    stained = generator(upsample="transposed")(torch.full((1, 1, 32, 32), 0.3))
    assert (stained.amax(dim=(2, 3)) - stained.amin(dim=(2, 3))).max() > 0.01


@pytest.mark.parametrize("upsample", ["nearest", "bilinear", "transposed"])
@pytest.mark.parametrize("size", [(37, 50), (4, 4), (1, 1), (33, 2), (64, 48)])
def test_any_size(upsample: str, size: tuple[int, int]) -> None:
    stained = generator(upsample=upsample)(torch.rand(2, 1, *size))
    assert stained.shape == (2, 3, *size)
    assert stained.isfinite().all()


def test_output_fills_its_range() -> None:
    network = generator()
    with torch.no_grad():
        network.head.weight *= 1000
    stained = network(torch.rand(2, 1, 37, 50))
    assert stained.min() >= 0
    assert stained.max() <= 1
    assert stained.min() < 0.01
    assert stained.max() > 0.99


def test_way_back_has_its_own_channels() -> None:
    network = ResNetGenerator(3, 1, SMALL, 1).eval()
    assert network(torch.rand(1, 3, 20, 24)).shape == (1, 1, 20, 24)


def test_the_skip_brings_detail_past_the_trunk() -> None:
    """Without the skip nothing of the image survives a trunk that is cut."""
    image = torch.rand(1, 1, 32, 32)
    outputs = []
    for skip in (True, False):
        network = generator(skip=skip, norm="none")
        for parameter in network.down[-1].parameters():
            torch.nn.init.zeros_(parameter)
        stained = network(image)
        outputs.append((stained.amax(dim=(2, 3)) - stained.amin(dim=(2, 3))).max().item())
    assert outputs[0] > 0
    assert outputs[1] == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"channels": (4,)}, "a number for full, half"),
        ({"upsample": "cubic"}, "upsample must be one of"),
        ({"norm": "layer"}, "norm must be one of"),
    ],
)
def test_bad_arguments(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        generator(**options)


def test_the_training_names_the_default_network_and_the_others_none() -> None:
    """Weights that do not say of what they are are loaded into the default, the shipped ones among them."""
    parameters = signature(StainGenerator).parameters
    defaults = {name: parameter.default for name, parameter in parameters.items()}
    target = {"_target_": "scripts.networks.StainGenerator"}
    expected = {"train": defaults | {"channels": list(defaults["channels"])}}
    expected |= dict.fromkeys(("evaluate", "inference"), dict.fromkeys(parameters))
    for config, values in expected.items():
        named = ConfigParser.load_config_file(str(ROOT / "configs" / f"{config}.yaml"))["network_def"]
        assert named == target | values


def test_windowing_travels_with_the_weights() -> None:
    network = generator()
    assert network.trained_window is None
    assert network.percentiles == PERCENTILES  # until the training notes its own
    network.set_windowing((5000.0, 35000.0), (1.0, 99.9))
    file = io.BytesIO()
    torch.save(network.state_dict(), file)
    file.seek(0)
    other = generator()
    other.load_state_dict(torch.load(file, weights_only=True))
    assert other.trained_window == (5000.0, 35000.0)
    assert other.percentiles == (1.0, 99.9)
    other.set_windowing(None, (0.5, 99.5))
    assert other.trained_window is None
    assert math.isnan(other.ct_window[1].item())
    assert network.trained_window == (5000.0, 35000.0)


def test_trace_computes_the_same_at_any_size() -> None:
    network = generator()
    traced = torch.jit.trace(network, torch.rand(1, 1, 40, 40))
    file = io.BytesIO()
    torch.jit.save(traced, file)
    file.seek(0)
    image = torch.rand(2, 1, 37, 50)  # neither the size traced nor a multiple of the stride
    with torch.no_grad():
        torch.testing.assert_close(torch.jit.load(file)(image), network(image))


def test_the_dark_end_is_shown_stretched() -> None:
    network = generator(dark_end=0.25)
    seen: list[torch.Tensor] = []
    network.stem.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    ct = torch.tensor([0.0, 0.1, 0.25, 0.8]).view(1, 1, 1, 4).expand(1, 1, 4, 4)
    network(ct)
    torch.testing.assert_close(seen[0][0, 0, 0], torch.tensor([-1.0, -0.8, -0.5, 0.6]))
    torch.testing.assert_close(seen[0][0, 1, 0], torch.tensor([-1.0, -0.2, 1.0, 1.0]))
    assert network.state_dict()["dark_end"] == 0.25
    assert "dark_end" not in generator().state_dict()  # weights of earlier versions still fit
    with pytest.raises(ValueError, match="from 0 to 1"):
        generator(dark_end=1.5)


def test_tiles_and_folding_keep_the_dark_end() -> None:
    network, ct = generator(dark_end=0.25), torch.rand(1, 1, 72, 40)
    with torch.no_grad():
        torch.testing.assert_close(TileInferer(16)(ct, network), network(ct), atol=1e-5, rtol=0)
        torch.testing.assert_close(TileInferer(16)(ct, fold_layers(network)), network(ct), atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    "options",
    [
        *({"channels": value} for value in ("text", 5, [], [4], [4, 0], [4, 1.5], [4, "4"])),
        *({"blocks": value} for value in ("text", -1, 1.5, True)),
        *({"kernel_size": value} for value in ("text", 0, 2, 1.5)),
        *({"dark_end": value} for value in ("text", True, float("nan"), 2)),
    ],
)
def test_sizes_that_make_no_network(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"^{next(iter(options))} must be"):
        StainGenerator(**options)
