"""Pairs that are registered anew while a network learns."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from ignite.engine import Engine, Events
from monai.data import Dataset, MetaTensor
from monai.inferers import SimpleInferer
from scipy.ndimage import gaussian_filter

from scripts.data import Displacementd
from scripts.data.control_points import spread
from scripts.errors import InputError
from scripts.handlers import RealignPairs

SHIFTS = [(3, 0), (-2, 4)]  # rows and columns, pixels: where in the CT lies what the section shows


class Stain(torch.nn.Module):
    """A stain that is right: three colours made from the grey value."""

    def forward(self, ct: torch.Tensor) -> torch.Tensor:
        assert not self.training
        return torch.cat([ct, 1 - ct, ct.square()], dim=1)


def pair(item: dict[str, Any]) -> dict[str, Any]:
    """A CT and its section, displaced by whole pixels."""
    rng = np.random.default_rng(item["number"])
    wide = 0.5 + sum(gaussian_filter(rng.normal(size=(180, 180)), s) * s for s in (2, 5))
    ct = torch.from_numpy(np.clip(wide, 0, 1).astype(np.float32))[None]
    dy, dx = SHIFTS[item["number"]]
    section = Stain().eval()(ct[None])[0, :, 10 + dy : 170 + dy, 10 + dx : 170 + dx]
    tensors = {"image": ct[:, 10:170, 10:170], "label": section, "mask": torch.ones(1, 160, 160)}
    return {key: MetaTensor(value, meta={"filename_or_obj": item["image"]}) for key, value in tensors.items()}


def realign(folder: Path, epochs: list[int], count: int = 2) -> RealignPairs:
    items = [{"image": folder / f"{number}.tif", "number": number} for number in range(count)]
    return RealignPairs(Displacementd(), Dataset(items, pair), Stain(), SimpleInferer(), epochs)


def run(handler: RealignPairs, epochs: int) -> list[int]:
    """Epochs after which there is something new."""
    changed: list[int] = []
    engine: Any = Engine(lambda engine, batch: None)
    engine.state.device = torch.device("cpu")
    handler.attach(engine)
    seen = 0

    @engine.on(Events.EPOCH_COMPLETED)
    def look(engine: Engine) -> None:
        nonlocal seen
        points = handler.state_dict()["points"]
        if points and id(points[0]) != seen:
            seen = id(points[0])
            changed.append(engine.state.epoch)

    engine.run([0], max_epochs=epochs)
    return changed


def test_each_pair_gets_its_displacement_after_the_epochs_named(tmp_path: Path) -> None:
    handler = realign(tmp_path, [0, 2, 3])
    handler.network.train()
    assert run(handler, 4) == [2, 3]
    assert handler.network.training
    for number, shift in enumerate(SHIFTS):
        field = handler.displacement(pair({"image": str(tmp_path / f"{number}.tif"), "number": number}))["displacement"]
        expected = torch.tensor(shift)[:, None, None].expand(2, 160, 160)
        off = (field.float() - expected)[:, 16:-16, 16:-16]
        assert off.square().sum(dim=0).mean().sqrt() < 0.3  # pixels, as in the tests of find_displacement


def test_no_epochs_no_displacement(tmp_path: Path) -> None:
    handler = realign(tmp_path, [])
    assert run(handler, 3) == []
    assert handler.state_dict()["points"] == []


def write_files(folder: Path, names: list[str]) -> None:
    """Files whose bytes tell pairs apart, under any names."""
    folder.mkdir(exist_ok=True)
    for number, name in enumerate(names):
        (folder / name).write_bytes(bytes([number]))


def field_of(handler: RealignPairs, path: Path) -> torch.Tensor:
    return handler.displacement(pair({"image": str(path), "number": 0}))["displacement"].float()


def test_a_checkpoint_goes_on_with_data_that_were_moved_and_sorted_anew(tmp_path: Path) -> None:
    write_files(tmp_path / "here", ["0.tif", "1.tif"])
    write_files(tmp_path / "there", ["1.tif", "0.tif"])  # each has the other's name
    first, second = realign(tmp_path / "here", [1]), realign(tmp_path / "there", [1])
    run(first, 1)
    second.load_state_dict(first.state_dict())
    for here, there in (("0.tif", "1.tif"), ("1.tif", "0.tif")):
        points = first.displacement.points[str(tmp_path / "here" / here)]
        got = field_of(second, tmp_path / "there" / there)
        torch.testing.assert_close(got, spread(points, (160, 160)), rtol=0, atol=4e-3)  # float16 below 8


def test_new_pairs_get_no_displacement_and_missing_ones_are_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_files(tmp_path, ["0.tif", "1.tif"])
    first, second = realign(tmp_path, [1]), realign(tmp_path, [1])
    run(first, 1)
    (tmp_path / "1.tif").write_bytes(b"another pair")
    with caplog.at_level(logging.WARNING):
        second.load_state_dict(first.state_dict())
    assert "1 pairs are new, 1 are gone" in caplog.text
    assert field_of(second, tmp_path / "0.tif").any()
    assert not field_of(second, tmp_path / "1.tif").any()
    assert len(second.state_dict()["points"]) == 1


def test_other_data_altogether_are_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_files(tmp_path, ["0.tif", "1.tif"])
    state = realign(tmp_path, [1]).state_dict()
    write_files(tmp_path, ["other", "other", "0.tif", "1.tif"])
    with caplog.at_level(logging.WARNING):
        realign(tmp_path, [1]).load_state_dict(state)
    assert "none of its pairs is as at its start" in caplog.text


def test_a_checkpoint_of_an_earlier_version_knows_the_order_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = realign(tmp_path, [1]), realign(tmp_path, [1])
    run(first, 1)
    state = {"points": first.state_dict()["points"]}
    with caplog.at_level(logging.WARNING):
        second.load_state_dict(state)
    assert "in their order" in caplog.text
    assert len(second.state_dict()["points"]) == 2
    with pytest.raises(InputError, match="has 2 training pairs, not 1"):
        realign(tmp_path, [1], count=1).load_state_dict(state)


def test_a_stain_that_is_not_finite_moves_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    handler = realign(tmp_path, [1])
    handler.inferer = lambda ct, network: torch.full((1, 3, 160, 160), float("nan"))  # type: ignore[assignment]
    with caplog.at_level(logging.WARNING):
        run(handler, 1)
    assert handler.state_dict()["points"] == []
    assert "0.tif is not registered anew" in caplog.text
