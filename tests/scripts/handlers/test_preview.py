"""Pages of CT, stain and section."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from ignite.engine import Engine
from PIL import Image
from torch.utils.tensorboard import SummaryWriter

from scripts.handlers import Preview
from scripts.handlers.preview import side_by_side

SIZES = [(8, 10), (6, 12), (4, 4)]


def images(height: int, width: int) -> dict[str, torch.Tensor]:
    """CT of 0.2, section red, stain green (and out of range, to be clipped)."""
    red, green = torch.zeros(2, 3, height, width)
    red[0], green[1] = 1, 1.5
    return {"image": torch.full((1, height, width), 0.2), "label": red, "pred": green}


def evaluator(sizes: list[tuple[int, int]] = SIZES) -> tuple[Engine, list[list[dict[str, torch.Tensor]]]]:
    """An engine that hands decollated batches on, as MONAI's evaluator does."""

    def step(engine: Any, batch: list[dict[str, torch.Tensor]]) -> Any:
        return [{"pred": item["pred"]} for item in batch]

    return Engine(step), [[images(*size)] for size in sizes]


def test_side_by_side_by_hand() -> None:
    item = images(2, 3)
    row = side_by_side(item["image"], item["pred"], item["label"], gap=4)
    assert row.shape == (3, 2, 3 * 3 + 2 * 4)
    for column, colour in (
        (0, [0.2] * 3),
        (3, [1] * 3),
        (7, [0, 1, 0]),
        (9, [0, 1, 0]),
        (10, [1] * 3),
        (14, [1, 0, 0]),
    ):
        assert row[:, 1, column].tolist() == pytest.approx(colour)


@pytest.mark.parametrize("count", [1, 2, 9])
def test_page_of_the_first_images(tmp_path: Path, count: int) -> None:
    engine, batches = evaluator()
    Preview(tmp_path, images=count).attach(engine)
    engine.run(batches)
    shown = SIZES[:count]
    with Image.open(tmp_path / "previews" / "preview.png") as picture:
        assert picture.mode == "RGB"
        assert picture.size == (max(3 * width + 8 for _, width in shown), sum(height for height, _ in shown))
        page = np.asarray(picture)
    assert page[0, 0].tolist() == [51, 51, 51]  # 0.2 of 255
    assert page[0, 14].tolist() == [0, 255, 0]
    if count > 1:
        assert page[0, -1].tolist() == [255, 255, 255]  # the first row is the narrower one: white beside it


def test_pages_by_epoch_and_tensorboard(tmp_path: Path) -> None:
    engine, batches = evaluator()
    with SummaryWriter(str(tmp_path / "logs")) as writer:
        shown: list[tuple[str, tuple[int, ...], int]] = []
        writer.add_image = lambda tag, image, step: shown.append((tag, tuple(image.shape), step))  # type: ignore[method-assign]
        Preview(tmp_path, by_epoch=True, summary_writer=writer).attach(engine)
        for epoch in (5, 10):
            engine.state.epoch = epoch - 1  # MONAI's ValidationHandler does so
            engine.state.max_epochs = epoch
            engine.run(batches, max_epochs=epoch)
    assert sorted(path.name for path in (tmp_path / "previews").iterdir()) == ["epoch_0005.png", "epoch_0010.png"]
    assert shown == [("CT | stain | section", (3, 18, 44), epoch) for epoch in (5, 10)]


def test_each_run_starts_a_new_page(tmp_path: Path) -> None:
    engine, batches = evaluator()
    Preview(tmp_path, images=1).attach(engine)
    engine.run(batches)
    engine.run(batches[1:])
    with Image.open(tmp_path / "previews" / "preview.png") as picture:
        assert picture.size == (44, 6)


def test_no_images_no_page(tmp_path: Path) -> None:
    engine, batches = evaluator()
    Preview(tmp_path, images=0).attach(engine)
    engine.run(batches)
    assert not (tmp_path / "previews").exists()
