"""Headless Chromium, and pages to look at."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bundle.view.page import write_page

SHAPE = (20, 24, 32)
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


def volumes(shape: tuple[int, int, int] = SHAPE) -> dict[str, np.ndarray]:
    """Red rises along x, green along y, blue along z, the CT falls along x, the uncertainty rises along y.

    So a plane that is mirrored, turned or at another place has other colours.
    """
    z, y, x = (index / max(1, side - 1) for index, side in zip(np.indices(shape), shape, strict=True))
    stain = np.stack([20 + 200 * x, 30 + 200 * y, 40 + 200 * z], -1)
    ct, uncertainty = (220 - 200 * x)[..., None], (80 * y)[..., None]
    return {
        name: np.rint(values).astype(np.uint8)
        for name, values in {"stain": stain, "ct": ct, "uncertainty": uncertainty}.items()
    }


@dataclass
class Seen:
    """A page in a browser, and what it said and asked for."""

    page: Any
    messages: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def pixels(self, plane: str) -> np.ndarray:
        """(rows, columns, red green blue alpha) of a plane's canvas, after what was last asked for is drawn."""
        data = self.page.evaluate(
            """async (plane) => {
                await new Promise((resume) => requestAnimationFrame(() => requestAnimationFrame(resume)));
                const canvas = document.querySelector(`.${plane} canvas`);
                const { width, height } = canvas;
                return [height, width, [...canvas.getContext("2d").getImageData(0, 0, width, height).data]];
            }""",
            plane,
        )
        return np.array(data[2], np.uint8).reshape(data[0], data[1], 4)

    def box(self, selector: str) -> dict[str, float]:
        """Where an element lies: x, y, width, height."""
        return self.page.locator(selector).bounding_box()


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright: make view-test")
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip("no Chromium on the PATH: install it, or name it by CHROMIUM=/path/of/chromium")
    with playwright.sync_playwright() as running:
        # --no-sandbox: a container's root has none; the pages are our own
        chromium = running.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes a page of `volumes`, or of some of them, and returns its path."""

    def make(layers: dict[str, np.ndarray] | None = None, **changes: Any) -> Path:
        layers = volumes() if layers is None else layers
        shape = layers["stain"].shape[:3]
        facts = {
            "name": "scan",
            "notice": "Virtual stain. Not for diagnosis.",
            "doubt": "",
            "scan": "scan.nii.gz",
            "weights": "model.pt (SHA-256 0123456789ab)",
            "differs": [],
            "finished": "2026-11-27",
            "window": [1000, 5000],
            "window_source": "given",
            "volume": list(shape),
            "shape": list(shape),
            "block": [1, 1, 1],
            "spacing": [0.005, 0.005, 0.005],
            "directions": "LPS",
            "views": 4,
            "levels_per_step": 0.25,
            **changes,
        }
        path = tmp_path / "page.html"
        write_page(path, facts, layers)
        return path

    return make


@pytest.fixture
def look(browser: Any) -> Iterator[Callable[..., Seen]]:
    """Opens a page without a network and waits until all slices are there."""
    contexts = []

    def open_page(path: Path, wait: str = "html[data-ready]", script: str | None = None, **options: Any) -> Seen:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})
        contexts.append(context)
        context.set_offline(True)
        if script is not None:
            context.add_init_script(script)
        seen = Seen(context.new_page())
        seen.page.on("console", lambda message: seen.messages.append(message.text))
        seen.page.on("pageerror", lambda error: seen.messages.append(str(error)))
        seen.page.on("request", lambda request: seen.requests.append(request.url))
        seen.page.goto(path.as_uri())
        seen.page.wait_for_selector(wait, timeout=30_000)
        return seen

    yield open_page
    for context in contexts:
        context.close()
