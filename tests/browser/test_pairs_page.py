"""The page of the command ``data`` in Chromium, without a network."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bundle.data.check.checked import Checked
from bundle.data.check.finding import Finding
from bundle.data.check.look import Look as Seen
from bundle.data.check.look import see
from bundle.data.listing.listed import Listed
from bundle.data.page.page import Said, page_of
from bundle.data.windows import Window
from tests.browser.contrast import READABLE, contrast
from tests.browser.test_view_page import Look

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 3}
EVIL = '<img src=x onerror="console.log(1)">.tif'
LONG = "a_name_that_has_no_end_" * 6
TURNED = Finding("turned", "The section fits if it is turned by 90 degrees", "turn it")
BLURRED = Finding("few windows fit", "Hardly half of the places fit", "look whether it is this section", fault=False)


def pair(name: str, findings: Sequence[Finding] = (), kept: bool = False, readable: bool = True) -> Checked:
    """A pair with a ramp for its CT, and tissue in the middle of its section."""
    listed = Listed(name, Path(f"{name}.tif"), Path(f"{name}.png"), f"specimen of {name}")
    light = np.full((40, 60, 3), 0.9)
    light[10:30, 15:45] = (0.3, 0.1, 0.4)
    look = Seen(
        listed=listed,
        shape=(400, 600),
        section_shape=(400, 600),
        factor=10,
        grey=np.tile(np.linspace(0, 1, 60), (40, 1)),
        inside=np.ones((40, 60), bool),
        light=light,
        seen=see(light),
        pixel_um=5.0,
        digests=("", ""),
        findings=(),
    )
    return Checked(listed, look if readable else None, None, tuple(findings), kept)


@pytest.fixture
def page_of_pairs(tmp_path: Path) -> Any:
    """Writes the page of pairs of all verdicts: one of each name, or those given."""

    def write(*names: str) -> Path:
        sound, blurred, turned, kept, unread = names or ("sound", "blurred", "turned", "kept", "unread")
        missing = Finding("cannot be read", f"{unread}.tif is empty", "export it again")
        pairs = [
            pair(sound),
            pair(blurred, [BLURRED]),
            pair(kept, [TURNED], kept=True),
            pair(unread, [missing], readable=False),
            pair(turned, [TURNED]),
        ]
        used = {one.listed.name: one.listed for one in pairs if one.used}
        windows = {one.listed.specimen: Window(5000, 35000, "by landmarks of its grey values", None) for one in pairs}
        path = tmp_path / "pairs.html"
        path.write_text(page_of(pairs, Said([f"{len(pairs)} pairs, among them {turned}."], used, windows)), "utf-8")
        return path

    return write


def test_nothing_is_asked_of_a_network_and_nothing_goes_wrong(look: Look, page_of_pairs: Any) -> None:
    path = page_of_pairs()
    seen = look(path, wait="footer")
    assert [url for url in seen.requests if not url.startswith("data:image/jpeg")] == [path.as_uri()]
    assert seen.messages == []


def test_both_pictures_of_each_pair_are_shown(look: Look, page_of_pairs: Any) -> None:
    """The CT's ramp from black to white, and violet tissue on white; none of the pair that cannot be read."""
    seen = look(page_of_pairs(), wait="footer")
    colours = seen.page.evaluate(
        """async () => {
            const found = [];
            for (const image of document.querySelectorAll("img")) {
                await image.decode();
                const canvas = document.createElement("canvas");
                [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
                const context = canvas.getContext("2d");
                context.drawImage(image, 0, 0);
                const at = (x) => [...context.getImageData(x, 20, 1, 1).data].slice(0, 3);
                found.push([image.alt, at(1), at(30), at(58)]);
            }
            return found;
        }"""
    )
    assert [alt for alt, *_ in colours] == [
        f"{kind} of {name}" for name in ("turned", "kept", "blurred", "sound") for kind in ("CT", "section")
    ]
    for (_, black, _, white), (_, left, middle, right) in zip(colours[::2], colours[1::2], strict=True):
        assert max(black) < 20
        assert min(white) > 235
        assert min(*left, *right) > 230  # glass
        assert middle[1] < middle[0] < middle[2]  # violet


def test_the_worst_comes_first(look: Look, page_of_pairs: Any) -> None:
    seen = look(page_of_pairs(), wait="footer")
    verdicts = seen.page.locator(".verdict").all_inner_texts()
    assert verdicts == ["left out", "left out", "kept as you asked", "look at it", "good"]


def test_a_name_cannot_run(look: Look, page_of_pairs: Any) -> None:
    seen = look(page_of_pairs(*(f"{EVIL}{number}" for number in range(5))), wait="footer")
    assert EVIL in seen.page.locator("h2").first.inner_text()
    assert seen.page.locator("img").count() == 8
    assert seen.messages == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read(scheme: str, look: Look, page_of_pairs: Any) -> None:
    seen = look(page_of_pairs(), wait="footer", color_scheme=scheme)
    for selector in (
        *("h1", "body > p", "article h2", ".out .verdict", ".look .verdict", ".good .verdict", "article p b"),
        *(".todo", ".facts", "th", "td", "footer"),
    ):
        assert contrast(seen, selector) >= READABLE, selector
    ground = seen.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(255, 255, 255)") == (scheme == "light")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_sideways_scrolling_on_a_phone(scheme: str, look: Look, page_of_pairs: Any) -> None:
    names = [f"{number}_{LONG}" for number in range(5)]
    seen = look(page_of_pairs(*names), wait="footer", color_scheme=scheme, **PHONE)
    assert seen.page.evaluate("document.documentElement.scrollWidth") == 390
    cards = [card.bounding_box() for card in seen.page.locator("article").all()]
    assert all(card["x"] >= 0 and card["x"] + card["width"] <= 390 for card in cards)
    assert all(card["width"] > 340 for card in cards)  # one below the other
    for image in seen.page.locator("img").all():
        assert image.bounding_box()["width"] > 150
