"""The page: template, style, script and data in one HTML file."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bundle.view.atlas import atlases, tiling_of
from scripts.errors import InputError
from scripts.files.template import Html, fill, read_html
from scripts.whole import whole_file, writing

FOLDER = Path(__file__).parent
SCRIPTS = ("decode.js", "draw.js", "pointer.js", "describe.js", "page.js")  # page.js begins, when all is declared
BUDGET = 20_000_000  # bytes of a page
QUALITIES = (88, 75, 55, 35, 15)  # of JPEG, the first that keeps the budget is taken

Layers = Mapping[str, npt.NDArray[np.uint8]]


def write_page(path: Path, facts: Mapping[str, Any], layers: Layers, budget: int = BUDGET) -> None:
    """Write a page that needs no other file and no network.

    Args:
        path: HTML file to write; missing folders are made.
        facts: see `facts_of`.
        layers: ``stain`` (z, y, x, 3), and ``ct`` and ``uncertainty`` (z, y, x, 1) if there are any, uint8.
        budget: bytes that the page should not exceed.

    Raises:
        InputError: the file cannot be written; it does not keep the budget at any quality.
    """
    for quality in QUALITIES:
        page = build_page(facts, layers, quality).encode(errors="backslashreplace")
        if len(page) <= budget:
            break
    else:
        raise InputError(f"The page would have {len(page) / 1e6:.0f} MB, more than {budget / 1e6:g}: give a --size.")
    with writing(path, "give another --out"):
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as partial:
            partial.write_bytes(page)


def build_page(facts: Mapping[str, Any], layers: Layers, quality: int) -> str:
    """The page as text.

    Args:
        facts: see `facts_of`.
        layers: as of `write_page`.
        quality: of JPEG, 1 to 95.
    """
    depth, height, width = layers["stain"].shape[:3]
    tiling = tiling_of(height, width, depth)
    each = tiling.columns * tiling.rows
    images = [
        fill(FOLDER / "atlas.html", layer=name, first=index * each, data=Html(base64.b64encode(jpeg).decode("ascii")))
        for name, voxels in layers.items()
        for index, jpeg in enumerate(atlases(voxels, tiling, quality))
    ]
    style = read_html(FOLDER / "page.css")
    script = Html("\n".join(read_html(FOLDER / name) for name in SCRIPTS))
    content = {**facts, "tiling": asdict(tiling), "layers": list(layers), "quality": quality}
    page = fill(
        FOLDER / "page.html",
        name=facts["name"],
        notice=facts["notice"],
        style=style,
        style_hash=_hash(style),
        script=script,
        script_hash=_hash(script),
        facts=Html(json.dumps(content).replace("<", "\\u003c")),  # no name may end the script element
        images=Html("\n".join(images)),
    )
    return f"{page}\n"


def _hash(text: str) -> str:
    """What the page's policy lets run or apply: this very text, and nothing that a name might smuggle in."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
