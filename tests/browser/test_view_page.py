"""The viewer's page as a person uses it, in headless Chromium."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytest

from tests.browser.contrast import READABLE, contrast

PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True, "device_scale_factor": 3}

# JPEG keeps ramps within 5 levels (see tests/bundle/view/test_page.py), drawing rounds once more.
CLOSE = 6

Look: TypeAlias = Callable[..., Any]
Write: TypeAlias = Callable[..., Path]


def ramp(rise: float, length: int) -> np.ndarray:
    return rise * np.arange(length) / (length - 1)


def stain_at(z: int, y: int, x: int) -> dict[str, np.ndarray]:
    """Planes through a voxel of the conftest's stain (20, 24, 32), from its definition."""
    red, green, blue = 20 + ramp(200, 32), 30 + ramp(200, 24), 40 + ramp(200, 20)
    planes = {
        "xy": np.broadcast_arrays(red[None, :], green[:, None], blue[z]),
        "xz": np.broadcast_arrays(red[None, :], green[y], blue[:, None]),
        "yz": np.broadcast_arrays(red[x], green[None, :], blue[:, None]),
    }
    return {plane: np.stack(colours, -1) for plane, colours in planes.items()}


def assert_stain(seen: Any, z: int, y: int, x: int) -> None:
    for plane, expected in stain_at(z, y, x).items():
        pixels = seen.pixels(plane)
        assert pixels.shape == (*expected.shape[:2], 4)
        assert (pixels[..., 3] == 255).all()
        assert np.abs(pixels[..., :3] - expected).max() <= CLOSE, plane


def test_three_planes_through_the_middle(look: Look, write: Write) -> None:
    seen = look(write())
    assert_stain(seen, 10, 12, 16)
    assert seen.page.locator("figure.plane h2").all_inner_texts() == ["xy axial", "xz coronal", "yz sagittal"]
    tops = [seen.box(f".{plane} .stage") for plane in ("xy", "xz", "yz")]
    assert tops[0]["y"] == tops[1]["y"] == tops[2]["y"]
    assert tops[0]["x"] < tops[1]["x"] < tops[2]["x"]


def test_nothing_is_asked_of_a_network_and_nothing_goes_wrong(look: Look, write: Write) -> None:
    path = write()
    seen = look(path)
    seen.page.locator("#uncertainty").check()
    seen.pixels("xy")
    assert [url for url in seen.requests if not url.startswith("data:image/jpeg")] == [path.as_uri()]
    assert seen.messages == []


def test_sliders(look: Look, write: Write) -> None:
    seen = look(write())
    for plane, key, times in (("xy", "ArrowRight", 3), ("xz", "ArrowLeft", 5), ("yz", "End", 1)):
        slider = seen.page.locator(f".{plane} input")
        slider.focus()
        for _ in range(times):
            slider.press(key)
    assert_stain(seen, 13, 7, 31)
    texts = seen.page.locator("figure output").all_inner_texts()
    assert texts == ["z 13 of 0–19 · 67.5 µm", "y 7 of 0–23 · 37.5 µm", "x 31 of 0–31 · 158 µm"]


def test_wheel_pointer_and_keys_in_a_plane(look: Look, write: Write) -> None:
    seen = look(write())
    box = seen.box(".xy .stage")
    left, top = box["x"], box["y"]
    seen.page.mouse.move(left + box["width"] * 4.5 / 32, top + box["height"] * 2.5 / 24)
    seen.page.mouse.down()
    assert_stain(seen, 10, 2, 4)
    seen.page.mouse.move(left + box["width"] * 30.5 / 32, top + box["height"] * 20.5 / 24, steps=4)
    seen.page.mouse.up()
    assert_stain(seen, 10, 20, 30)
    seen.page.mouse.wheel(0, -160)
    assert_stain(seen, 6, 20, 30)
    seen.page.locator(".xy .stage").focus()
    for key in ("ArrowLeft", "ArrowUp", "PageUp", "Shift+PageUp", "Control+ArrowLeft"):
        seen.page.keyboard.press(key)
    assert_stain(seen, 17, 19, 29)
    line = seen.box(".xy .down")
    assert line["x"] == pytest.approx(left + box["width"] * 29.5 / 32, abs=1)


def test_blend(look: Look, write: Write) -> None:
    seen = look(write())
    grey = np.repeat((220 - ramp(200, 32))[None, :, None], 24, axis=0)
    seen.page.locator("#all-ct").click()
    assert np.abs(seen.pixels("xy")[..., :3] - grey).max() <= CLOSE
    seen.page.locator("#blend").fill("25")
    mixed = 0.25 * stain_at(10, 12, 16)["xy"] + 0.75 * grey
    assert np.abs(seen.pixels("xy")[..., :3] - mixed).max() <= CLOSE
    seen.page.locator("#all-stain").click()
    assert_stain(seen, 10, 12, 16)


def test_uncertainty(look: Look, write: Write) -> None:
    """80 quarters of a level are 20, more than the 16 at which the colour is at its strongest, 85 %."""
    seen = look(write())
    assert seen.page.locator("#legend").is_hidden()
    seen.page.locator("#uncertainty").check()
    assert seen.page.locator("#legend").is_visible()
    assert "16 and more" in seen.page.locator("#legend").inner_text()
    strength = 0.85 * np.minimum(ramp(80, 24) / 64, 1)[:, None, None]
    stain = stain_at(10, 12, 16)["xy"]
    expected = stain + (np.array([217, 72, 15]) - stain) * strength
    assert np.abs(seen.pixels("xy")[..., :3] - expected).max() <= CLOSE + 3  # the map itself is JPEG
    seen.page.locator("#uncertainty").uncheck()
    assert_stain(seen, 10, 12, 16)


def test_readout(look: Look, write: Write) -> None:
    """At z 10, y 12, x 16 the CT is 220 - 200 * 16 / 31 of 255, of a window of 1000 to 5000."""
    seen = look(write())
    seen.pixels("xy")
    assert seen.page.locator("#at").inner_text() == "x 16, y 12, z 10"
    ct = float(seen.page.locator("#at-ct").inner_text().removeprefix("≈ "))
    assert ct == pytest.approx(1000 + 4000 * (220 - 200 * 16 / 31) / 255, abs=4000 * CLOSE / 255)
    unsure = float(seen.page.locator("#at-uncertainty").inner_text().split()[1])
    assert unsure == pytest.approx(80 * 12 / 23 / 4, abs=CLOSE / 4)


def test_letters_and_scale_bar(look: Look, write: Write) -> None:
    """Along x the plane has 32 voxels of 5 µm: of at most 30 % of it, 20 µm is the longest round length."""
    seen = look(write(spacing=[0.01, 0.005, 0.005]))
    letters = {side: seen.page.locator(f".xz .{side}").inner_text() for side in ("left", "right", "top", "bottom")}
    assert letters == {"left": "R", "right": "L", "top": "I", "bottom": "S"}
    stage, bar = seen.box(".xy .stage"), seen.box(".xy .bar")
    assert seen.page.locator(".xy .length").inner_text() == "20 µm"
    assert bar["width"] / stage["width"] == pytest.approx(20 / 160, rel=0.01)
    xz = seen.box(".xz .stage")
    assert xz["width"] / xz["height"] == pytest.approx(32 * 5 / (20 * 10), rel=0.01)


@pytest.mark.parametrize(("side", "rendering"), [(24, "pixelated"), (1200, "auto")])
def test_voxels_are_not_interpolated_and_none_is_skipped(side: int, rendering: str, look: Look, write: Write) -> None:
    """Rectangles where they are magnified; where there are more of them than pixels, means, not one of many."""
    seen = look(write({"stain": np.full((1, side, side, 3), 90, np.uint8)}))
    assert seen.page.locator(".xy canvas").evaluate("(canvas) => getComputedStyle(canvas).imageRendering") == rendering


def test_blocks_say_what_they_stand_for(look: Look, write: Write) -> None:
    seen = look(write(volume=[59, 48, 64], block=[3, 2, 2]))
    seen.page.locator(".xy input").press("End")
    assert seen.page.locator(".xy output").inner_text().startswith("z 57–58 of 0–58")
    assert "mean of 3 × 2 × 2 (z, y, x)" in seen.page.locator("#truth").inner_text()


def test_nothing_is_known(look: Look, write: Write) -> None:
    seen = look(write(spacing=None, directions=None))
    assert seen.page.locator(".bar").count() == 0
    assert seen.page.locator("figure.plane h2").all_inner_texts() == ["xy", "xz", "yz"]
    assert "not known, so there is no scale bar" in seen.page.locator("#facts").inner_text()


def test_stain_alone(look: Look, write: Write) -> None:
    layers = {"stain": np.full((20, 24, 32, 3), 200, np.uint8)}
    seen = look(write(layers))
    assert seen.page.locator("#no-ct").is_visible()
    assert "shows the stain only" in seen.page.locator("#no-ct").inner_text()
    for control in ("#blend-control", "#uncertainty-control", "#ct-row", "#uncertainty-row", "#unsure"):
        assert seen.page.locator(control).is_hidden()
    assert np.abs(seen.pixels("yz")[..., :3].astype(int) - 200).max() <= 1  # a constant image has one coefficient


def test_a_doubtful_ct(look: Look, write: Write) -> None:
    doubt = "The CT on this page, <b>other</b>.tif, is not what was stained."
    assert look(write()).page.locator("#doubt").is_hidden()
    assert look(write(doubt=doubt)).page.locator("#doubt").inner_text() == doubt


def test_a_single_slice(look: Look, write: Write) -> None:
    seen = look(write({"stain": np.full((1, 24, 32, 3), 90, np.uint8)}))
    assert seen.page.locator("figure.plane").count() == 1
    assert seen.page.locator(".xy input").is_hidden()
    assert seen.page.locator(".xy output").inner_text() == "a single slice"
    assert seen.pixels("xy").shape == (24, 32, 4)
    assert seen.messages == []


def test_a_name_cannot_run(look: Look, write: Write) -> None:
    evil = "<img src=x onerror=document.title='run'></script><script>document.title='run'</script>"
    seen = look(write(name=evil, scan=evil))
    assert seen.page.locator("h1").inner_text() == evil
    assert seen.page.title().startswith("<img")
    assert evil in seen.page.locator("#subtitle").inner_text()
    assert seen.page.locator("img").count() == 0
    assert seen.messages == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read(scheme: str, look: Look, write: Write) -> None:
    """Contrast of 4.5 and more (WCAG 2 AA) of what is written on its ground."""
    seen = look(write(), color_scheme=scheme)
    seen.page.locator("#uncertainty").check()
    seen.page.locator(".xy .enlarge").click()
    for selector in (
        "h1",
        ".notice",
        "#subtitle",
        ".xy h2 span",
        ".length",
        "#truth",
        "#facts dd",
        ".xy .enlarge",
        "dt",
    ):
        assert contrast(seen, selector) >= READABLE, selector


class TestPhone:
    def test_no_sideways_scrolling_and_planes_below_each_other(self, look: Look, write: Write) -> None:
        seen = look(write(name="a_volume_with_a_name_that_has_no_end_" * 3), **PHONE)
        seen.page.locator("#uncertainty").check()
        assert seen.page.evaluate("document.documentElement.scrollWidth") == 360
        boxes = [seen.box(f".{plane} .stage") for plane in ("xy", "xz", "yz")]
        assert boxes[0]["y"] < boxes[1]["y"] < boxes[2]["y"]
        assert all(box["x"] >= 0 and box["x"] + box["width"] <= 360 for box in boxes)
        assert boxes[0]["width"] > 300

    def test_what_is_shown_stays_at_hand(self, look: Look, write: Write) -> None:
        seen = look(write(), **PHONE)
        for place in (0, 300):
            seen.page.evaluate(f"window.scrollTo(0, {place})")
            panel = seen.box(".panel")
            assert panel["y"] > 0
            assert panel["y"] + panel["height"] <= 740
            assert panel["height"] < 250

    def test_targets_are_large_enough_for_a_finger(self, look: Look, write: Write) -> None:
        seen = look(write(), **PHONE)
        for selector in (".xy input", "#blend", "#all-ct", ".switch >> nth=0"):
            assert seen.box(selector)["height"] >= 24  # WCAG 2.2 AA

    def test_tap_and_swipe(self, look: Look, write: Write) -> None:
        """A tap and a finger that moves sideways set the crosshair; one that moves up scrolls the page instead."""
        seen = look(write(), **PHONE)
        box = seen.box(".xy .stage")
        place = (box["x"] + box["width"] * 8.5 / 32, box["y"] + box["height"] * 5.5 / 24)
        seen.page.touchscreen.tap(*place)
        assert_stain(seen, 10, 5, 8)
        self.swipe(seen, place, (box["x"] + box["width"] * 24.5 / 32, place[1]))
        assert_stain(seen, 10, 5, 24)
        self.swipe(seen, place, (place[0], place[1] - 60))
        assert_stain(seen, 10, 5, 24)
        assert seen.page.evaluate("window.scrollY") > 20

    def test_a_finger_on_a_slider(self, look: Look, write: Write) -> None:
        seen = look(write(), **PHONE)
        box = seen.box(".xy input")
        middle = box["y"] + box["height"] / 2
        self.swipe(seen, (box["x"] + box["width"] / 2, middle), (box["x"] + box["width"] - 2, middle))
        assert_stain(seen, 19, 12, 16)

    @staticmethod
    def swipe(seen: Any, begin: tuple[float, float], end: tuple[float, float]) -> None:
        session = seen.page.context.new_cdp_session(seen.page)
        for index in range(13):
            part = min(index, 11) / 11
            x, y = (a + (b - a) * part for a, b in zip(begin, end, strict=True))
            kind = "touchStart" if index == 0 else "touchEnd" if index == 12 else "touchMove"
            points = [] if kind == "touchEnd" else [{"x": x, "y": y}]
            session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        seen.pixels("xy")


class TestWhatGoesWrongIsSaid:
    def test_damaged(self, look: Look, write: Write) -> None:
        path = write()
        text = path.read_text()
        place = text.index('data-layer="ct"') + 2000
        path.write_text(text[:place] + "<" + text[place + 1 :])  # no letter of base64
        seen = look(path, wait="#alarm:not([hidden])")
        assert "cannot be decoded" in seen.page.locator("#alarm").inner_text()

    def test_a_browser_that_alters_pixels(self, look: Look, write: Write) -> None:
        """As some do, so that pages cannot tell machines apart."""
        script = """
            const original = CanvasRenderingContext2D.prototype.getImageData;
            CanvasRenderingContext2D.prototype.getImageData = function (...place) {
                const image = original.apply(this, place);
                image.data[5] ^= 1;
                return image;
            };
        """
        seen = look(write(), wait="#alarm:not([hidden])", script=script)
        assert "changes the pixels" in seen.page.locator("#alarm").inner_text()


def test_how_the_scan_differs_from_the_trainings(look: Look, write: Write) -> None:
    seen = look(write(differs=["Noisier <b>.", "Blurred."]))
    assert seen.page.locator("#differs li").all_inner_texts() == ["Noisier <b>.", "Blurred."]
    assert "model.pt (SHA-256 0123456789ab)" in seen.page.locator("#facts").inner_text()
    assert not look(write()).page.locator("#differs").is_visible()
