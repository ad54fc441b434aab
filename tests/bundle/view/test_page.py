"""The page: what is in it, decoded by another library."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bundle.view import page
from bundle.view.atlas import tiling_of
from bundle.view.page import build_page, write_page
from scripts.errors import InputError

FACTS: dict[str, Any] = {"name": "scan", "notice": "Not for diagnosis.", "shape": [5, 20, 30]}


class Elements(HTMLParser):
    """Tags, attributes and texts of a page, as a browser sees them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None], str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs), ""))

    def handle_data(self, data: str) -> None:
        if self.found:
            tag, attributes, text = self.found[-1]
            self.found[-1] = (tag, attributes, text + data)

    def handle_endtag(self, tag: str) -> None:
        self.found.append((f"after {tag}", {}, ""))

    def text(self, tag: str, **wanted: str) -> list[str]:
        return [text for name, has, text in self.found if name == tag and wanted.items() <= has.items()]


def decoded(text: str, layer: str) -> np.ndarray:
    """The voxels (z, y, x, channels) of a layer, cut out of the page's images."""
    elements = Elements(text)
    content = json.loads(elements.text("script", id="content")[0])
    tiling, (depth, height, width) = content["tiling"], content["shape"]
    slices: list[np.ndarray] = []
    for _, attributes, data in (one for one in elements.found if one[1].get("data-layer") == layer):
        assert int(attributes["data-first"] or "") == len(slices)
        sheet = np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))
        for top in range(0, sheet.shape[0], tiling["height"]):
            row = sheet[top : top + height]
            lefts = range(0, sheet.shape[1], tiling["width"])
            slices += [row[:, left : left + width].reshape(height, width, -1) for left in lefts]
    return np.stack(slices[:depth])


def layers(shape: tuple[int, int, int] = (5, 20, 30)) -> dict[str, np.ndarray]:
    z, y, x = np.indices(shape)
    stain = np.stack([20 + 6 * x, 30 + 9 * y, 40 + 40 * z], -1)
    return {"stain": stain.astype(np.uint8), "ct": (250 - 7 * x)[..., None].astype(np.uint8)}


@pytest.mark.parametrize("side", [64, 2048])
def test_the_images_are_the_voxels(side: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """In images of two slices each, and of all five; a slice's edges are as true as its middle.

    At quality 88 the coefficients of JPEG are rounded to multiples of 3 (lowest) to 29 (highest frequency); ramps have
    low ones only. Neighbouring slices differ by 40 levels of blue: one that bled into another would show.
    """
    monkeypatch.setattr("bundle.view.atlas.SIDE", side)
    text = build_page(FACTS, layers(), 88)
    assert len(Elements(text).text("script", **{"data-layer": "ct"})) == {64: 2, 2048: 1}[side]
    for name, voxels in layers().items():
        assert np.abs(decoded(text, name).astype(int) - voxels).max() <= 5


def test_tiles_begin_where_jpeg_blocks_do() -> None:
    tiling = tiling_of(383, 300, 50)
    assert (tiling.height, tiling.width, tiling.columns, tiling.rows) == (384, 304, 6, 5)
    assert tiling_of(2041, 2048, 9).columns == tiling_of(2041, 2048, 9).rows == 1
    assert tiling_of(8, 8, 3).columns == 3
    assert tiling_of(8, 8, 3).rows == 1


def test_nothing_is_loaded_from_elsewhere() -> None:
    """No address, no element that loads one, and a policy that would forbid it."""
    text = build_page(FACTS, layers(), 88)
    without_images = re.sub(r'(<script type="text/plain"[^>]*>)[^<]*', r"\1", text)
    assert not re.search(r"https?:|//[a-z]|@import|url\(", re.sub(r"(?m)^\s*//.*$|; // .*$", "", without_images))
    elements = Elements(text)
    assert not any({"src", "href", "srcset", "action"} & set(attributes) for _, attributes, _ in elements.found)
    assert not any(tag in ("link", "iframe", "object", "embed", "img") for tag, *_ in elements.found)
    [policy] = [a["content"] for tag, a, _ in elements.found if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy is not None
    assert policy.startswith("default-src 'none'; img-src data:;")


def test_the_policy_lets_only_this_script_and_style_run() -> None:
    elements = Elements(build_page(FACTS, layers(), 88))
    policy = next(str(a["content"]) for _, a, _ in elements.found if "http-equiv" in a)
    for tag in ("script", "style"):
        [text] = [text for name, attributes, text in elements.found if name == tag and not attributes]
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy


def test_a_name_is_text_wherever_it_stands() -> None:
    evil = "</script><script>alert(1)</script><b title='x' id=\"y\">&amp;"
    text = build_page({**FACTS, "name": evil, "notice": evil, "scan": evil}, layers(), 88)
    elements = Elements(text)
    assert elements.text("h1") == [evil]
    assert json.loads(elements.text("script", id="content")[0])["scan"] == evil
    assert not any("alert" in text for name, attributes, text in elements.found if name == "script" and not attributes)
    assert "b" not in [tag for tag, attributes, _ in elements.found if attributes.get("id") == "y"]


def test_a_name_that_is_not_utf_8(tmp_path: Path) -> None:
    name = os.fsdecode("Schädel".encode("latin-1"))
    write_page(tmp_path / "page.html", {**FACTS, "name": name}, layers())
    assert r"Sch\xe4del" in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_the_budget_costs_quality(tmp_path: Path) -> None:
    noise = {"stain": np.random.default_rng(0).integers(0, 256, (5, 100, 100, 3)).astype(np.uint8)}
    facts = {**FACTS, "shape": [5, 100, 100]}
    sizes = [len(build_page(facts, noise, quality).encode()) for quality in page.QUALITIES]
    assert sizes == sorted(sizes, reverse=True)
    write_page(tmp_path / "page.html", facts, noise, budget=sizes[2])
    assert (tmp_path / "page.html").stat().st_size == sizes[2]
    with pytest.raises(InputError, match="give a --size"):
        write_page(tmp_path / "other.html", facts, noise, budget=sizes[-1] - 1)
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


def test_a_page_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"cannot be written .* give another --out\."):
        write_page(tmp_path / "file" / "page.html", FACTS, layers())


def test_cut_off_while_writing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page that was there stays."""
    path = tmp_path / "page.html"
    path.write_text("old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("scripts.whole.os.replace", full)
    with pytest.raises(InputError, match="No space left"):
        write_page(path, FACTS, layers())
    assert path.read_text() == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["page.html"]
