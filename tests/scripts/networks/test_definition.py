"""What a network is built of, beside its weights."""

from __future__ import annotations

import copy
import io
import json
from typing import Any

import pytest
import torch
from monai.networks.utils import copy_model_state
from torch import nn

from scripts.handlers import WeightAverage
from scripts.networks import StainGenerator, StainUNet, fold_layers
from scripts.networks.definition import LONGEST, decoded, difference, encoded
from scripts.networks.scriptable import ScriptableGenerator

TINY = {
    "_target_": "scripts.networks.StainGenerator",
    "channels": [4, 4, 8],
    "blocks": 1,
    "norm": "batch",
    "upsample": "nearest",
    "skip": True,
    "kernel_size": 3,
    "dark_end": 0.25,
}


def tiny(**options: Any) -> StainGenerator:
    known: dict[str, Any] = {"channels": [4, 4, 8], "blocks": 1}
    return StainGenerator(**known | options)


def test_the_state_dict_says_it() -> None:
    assert decoded(tiny().state_dict()["network_def"]) == TINY
    # as config and command line may give them
    assert decoded(tiny(channels=(4, 4, 8), skip="true", dark_end=None).state_dict()["network_def"]) == TINY
    unet = {"_target_": "scripts.networks.StainUNet", "channels": [4, 8]}
    assert decoded(StainUNet((4, 8), dropout=0.5).state_dict()["network_def"]) == unet


def test_an_argument_that_is_none_is_not_given() -> None:
    network = StainGenerator(None, blocks=2, norm=None)  # type: ignore[arg-type]
    assert network.channels == (16, 32, 64, 128)
    assert network.asked == {"blocks"}
    assert StainGenerator().asked == set()
    assert StainUNet((4, 8), dropout=0.1).asked == {"channels", "dropout"}


def test_what_averages_and_copies_leaves_it_alone() -> None:
    network = tiny()
    assert "network_def" not in dict(network.named_buffers())
    for other in (copy.deepcopy(network), WeightAverage(network, 0.1).ema_model, fold_layers(network)):
        assert decoded(other.state_dict()["network_def"]) == TINY
    state = nn.DataParallel(network).state_dict()
    assert decoded(state["module.network_def"]) == TINY


def test_weights_that_do_not_say_it_are_loaded_as_before() -> None:
    old = {name: value for name, value in tiny().state_dict().items() if name != "network_def"}
    tiny().load_state_dict(old)
    file = io.BytesIO()
    torch.save(tiny().state_dict(), file)
    file.seek(0)
    network = tiny()
    copy_model_state(network, torch.load(file, weights_only=True))  # as monai.bundle.load does
    with pytest.raises(RuntimeError, match="Unexpected key"):
        network.load_state_dict(network.state_dict() | {"more": torch.zeros(1)})


def test_weights_of_the_same_shapes_and_another_meaning_are_not_loaded() -> None:
    with pytest.raises(RuntimeError, match="has upsample bilinear, not nearest"):
        tiny().load_state_dict(tiny(upsample="bilinear").state_dict())
    with pytest.raises(RuntimeError, match="no description of a network"):
        tiny().load_state_dict(tiny().state_dict() | {"network_def": torch.zeros(3)})


def test_torchscript_carries_it() -> None:
    file = io.BytesIO()
    torch.jit.save(torch.jit.script(tiny().eval()), file)
    file.seek(0)
    assert decoded(torch.jit.load(file).network_def) == TINY
    assert isinstance(ScriptableGenerator(tiny()).network_def, torch.Tensor)


@pytest.mark.parametrize(
    "tensor",
    [
        "text",
        torch.zeros(3),
        torch.zeros(2, 3, dtype=torch.uint8),
        torch.zeros(0, dtype=torch.uint8),
        torch.zeros(9, dtype=torch.uint8, device="meta"),
        torch.full((LONGEST + 1,), 32, dtype=torch.uint8),
        torch.full((9,), 200, dtype=torch.uint8),  # no ASCII
        torch.full((LONGEST,), ord("["), dtype=torch.uint8),  # nested deeper than Python goes
        encoded({"channels": [4, 4]}),
        encoded({"_target_": ["scripts.networks.StainGenerator"]}),
        *(encoded(TINY | {"blocks": value}) for value in (None, {"a": 1}, [[1]], ["a"], [1.5], [True])),
    ],
)
def test_what_is_no_description(tensor: Any) -> None:
    with pytest.raises(ValueError, match=r"^network_def is no description of a network"):
        decoded(tensor)


def test_differences_name_both_values() -> None:
    assert difference(TINY, TINY) is None
    assert difference(TINY, {"_target_": TINY["_target_"], "blocks": 1}) is None
    assert difference(TINY, TINY | {"blocks": 2}) == "has blocks 1, not 2"
    assert difference(TINY, TINY | {"channels": [4, 8]}) == "has channels [4, 4, 8], not [4, 8]"
    unet = {"_target_": "scripts.networks.StainUNet", "channels": [4, 8]}
    assert difference(unet, TINY) == "is a StainUNet, not a StainGenerator"


def test_the_bytes_are_those_of_json() -> None:
    assert bytes(encoded(TINY).tolist()).decode() == json.dumps(TINY).ljust(1024)


OTHER_NETWORKS: dict[str, dict[str, Any]] = {
    "skip": {"skip": False},
    "upsample": {"upsample": "bilinear"},
    "dark end": {"dark_end": 0.125},
    "norm": {"norm": "instance"},
    "blocks": {"blocks": 12},
}


@pytest.mark.parametrize("options", OTHER_NETWORKS.values(), ids=OTHER_NETWORKS)
def test_monai_copies_no_weights_of_another_network(options: dict[str, Any]) -> None:
    """`monai.bundle.load` and `ckpt_export` copy by name and shape, so the entry's length may not depend on it."""
    with pytest.raises(RuntimeError, match="a network"):
        copy_model_state(tiny(), tiny(**options).state_dict())
    copy_model_state(tiny(**options), tiny(**options).state_dict())


@pytest.mark.parametrize("name", ["skip", "upsample", "dark end"])
def test_weights_of_version_0_8_keep_what_no_shape_tells(name: str) -> None:
    state = {key: value for key, value in tiny(**OTHER_NETWORKS[name]).state_dict().items() if key != "network_def"}
    with pytest.raises(RuntimeError, match=r"other (options|dark_end)"):
        tiny().load_state_dict(state)
    tiny(**OTHER_NETWORKS[name]).load_state_dict(state)


def test_entries_of_another_network_that_are_null_are_left_out() -> None:
    """As evaluate.yaml and inference.yaml have them, where an overlay changes the class alone."""
    assert StainUNet(channels=None, blocks=None, skip=None).asked == frozenset()  # type: ignore[call-arg, arg-type]
    with pytest.raises(TypeError):
        StainUNet(blocks=3)  # type: ignore[call-arg]
