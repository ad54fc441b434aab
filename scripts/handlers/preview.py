"""Pictures of CT, stain and section side by side."""

from __future__ import annotations

import os
import textwrap
from pathlib import Path
from typing import Any

import ignite.distributed as idist
import torch
from ignite.engine import Engine, Events
from monai.utils import CommonKeys as Keys
from PIL import Image, ImageDraw, ImageFont
from torch.utils.tensorboard import SummaryWriter

from scripts.printable import printable
from scripts.provenance.evaluation_of import EvaluationOf


class Preview:
    """Save rows of CT | stain | section for the first images of an evaluator's run, as PNG and to
    TensorBoard.

    Args:
        output_dir: a folder ``previews`` is made in it.
        images: how many images a page shows.
        by_epoch: name the page after the epoch (in training) instead of overwriting ``preview.png``.
        summary_writer: TensorBoard writer, or None.
        of: what is evaluated, for a line above the page; None: no line.
    """

    def __init__(
        self,
        output_dir: str | os.PathLike[str],
        images: int = 3,
        by_epoch: bool = False,
        summary_writer: SummaryWriter | None = None,
        of: EvaluationOf | None = None,
    ) -> None:
        self.of = of
        self.folder = Path(output_dir) / "previews"
        self.images, self.by_epoch, self.summary_writer = images, by_epoch, summary_writer
        self._rows: list[torch.Tensor] = []

    def attach(self, engine: Engine) -> None:
        if idist.get_rank() > 0:
            return
        engine.add_event_handler(Events.STARTED, self._begin)
        engine.add_event_handler(Events.ITERATION_COMPLETED, self._add)
        engine.add_event_handler(Events.COMPLETED, self._write)

    def _begin(self) -> None:
        self._rows = []

    def _add(self, engine: Any) -> None:
        for item, output in zip(engine.state.batch, engine.state.output, strict=True):
            if len(self._rows) < self.images:
                self._rows.append(side_by_side(item[Keys.IMAGE], output[Keys.PRED], item[Keys.LABEL]))

    def _write(self, engine: Engine) -> None:
        if not self._rows:
            return
        width = max(row.shape[-1] for row in self._rows)
        page = torch.cat(
            [torch.nn.functional.pad(row, (0, width - row.shape[-1]), value=1.0) for row in self._rows], dim=1
        )
        epoch = engine.state.epoch  # MONAI's ValidationHandler runs a validator as if in the trainer's epoch
        name = f"epoch_{epoch:04d}.png" if self.by_epoch else "preview.png"
        self.folder.mkdir(parents=True, exist_ok=True)
        picture = Image.fromarray((page * 255).round().byte().permute(1, 2, 0).numpy())
        (picture if self.of is None else captioned(picture, self.of.words)).save(self.folder / name)
        if self.summary_writer is not None:
            self.summary_writer.add_image("CT | stain | section", page, epoch)


def captioned(picture: Image.Image, words: str) -> Image.Image:
    """Put black words on white above an RGB picture, in as many lines as its width asks for."""
    text = textwrap.fill(printable(words).encode("ascii", "replace").decode(), max(20, picture.width // 7))
    height = 14 * (text.count("\n") + 1) + 4
    page = Image.new("RGB", (picture.width, picture.height + height), "white")
    ImageDraw.Draw(page).multiline_text((2, 2), text, fill="black", font=ImageFont.load_default(11))
    page.paste(picture, (0, height))
    return page


def side_by_side(ct: torch.Tensor, stain: torch.Tensor, section: torch.Tensor, gap: int = 4) -> torch.Tensor:
    """Put CT (1, H, W), stain and section (3, H, W), all in [0, 1], beside each other; (3, H, 3 W + 2 gap)."""
    images = [torch.as_tensor(image).detach().float().cpu().clamp(0, 1) for image in (ct, stain, section)]
    white = torch.ones(3, images[0].shape[-2], gap)
    return torch.cat([images[0].expand(3, -1, -1), white, images[1], white, images[2]], dim=2)
