"""The page of a training in Chromium, without a network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scripts.training_report.page import build_page
from scripts.training_report.report import RUNNING
from tests.browser.contrast import READABLE, contrast
from tests.browser.test_view_page import PHONE, Look
from tests.scripts.training_report.made import EVIL, report

CLOSE = 3  # JPEG


@pytest.fixture
def page_of(tmp_path: Path) -> Any:
    """Writes the page of a report that is made up: its stains have the level epoch / 12."""

    def write(**changes: Any) -> Path:
        path = tmp_path / "report.html"
        path.write_text(build_page(report(**changes)), encoding="utf-8")
        return path

    return write


def level(seen: Any, index: int = 0) -> float:
    """Of the middle of a stain, 0 to 255."""
    found = seen.page.evaluate(
        """async (index) => {
            const image = document.querySelectorAll("img[data-slice]")[index];
            await image.decode();
            const canvas = document.createElement("canvas");
            [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
            const context = canvas.getContext("2d");
            context.drawImage(image, 0, 0);
            return [...context.getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data];
        }""",
        index,
    )
    return float(np.mean(found[:3]))


def words(seen: Any) -> str:
    return str(seen.page.locator("#epoch-words").inner_text())


def cursor(seen: Any) -> float:
    """Epoch at which the first chart has its cursor."""
    return float(
        seen.page.locator("svg.chart").first.evaluate(
            """(chart) => {
                const { first, last, epochs } = chart.dataset;
                return (chart.querySelector(".cursor").getAttribute("x1") - first) / (last - first) * epochs;
            }"""
        )
    )


def test_nothing_is_asked_of_a_network_and_nothing_goes_wrong(look: Look, page_of: Any) -> None:
    path = page_of()
    seen = look(path)
    seen.page.locator("#first").click()
    for summary in seen.page.locator("summary").all():
        summary.click()
    assert [url for url in seen.requests if not url.startswith("data:image/jpeg")] == [path.as_uri()]
    assert seen.messages == []


def test_the_slider_goes_through_the_epochs(look: Look, page_of: Any) -> None:
    seen = look(page_of())
    assert words(seen) == "Epoch 12: SSIM 0.692, PSNR 19.20 dB"
    assert level(seen) == pytest.approx(255, abs=CLOSE)
    seen.page.locator("#epoch").press("ArrowLeft")
    seen.page.locator("#epoch").press("ArrowLeft")
    assert words(seen).startswith("Epoch 8:")
    assert level(seen, 1) == pytest.approx(255 * 8 / 12, abs=CLOSE)
    assert cursor(seen) == pytest.approx(8, abs=0.1)


@pytest.mark.parametrize(("button", "epoch"), [("First", 2), ("Best", 10), ("Last", 12)])
def test_jumps(button: str, epoch: int, look: Look, page_of: Any) -> None:
    seen = look(page_of())
    seen.page.locator("#epoch").fill("2")
    seen.page.get_by_role("button", name=button).click()
    assert words(seen).startswith(f"Epoch {epoch}:")
    assert level(seen) == pytest.approx(255 * epoch / 12, abs=CLOSE)


def test_a_click_in_a_curve_moves_the_slider(look: Look, page_of: Any) -> None:
    seen = look(page_of())
    chart = seen.page.locator("svg.chart").first
    box = chart.bounding_box()
    chart.click(position={"x": box["width"] * (46 + 302 * 4.4 / 12) / 360, "y": box["height"] / 2})
    assert words(seen).startswith("Epoch 4:")


def test_scale_bars_are_true(look: Look, page_of: Any) -> None:
    """60 pixels of 5 um: 50 um are a sixth of the width."""
    seen = look(page_of())
    image, bar = seen.box(".three img >> nth=0"), seen.box(".bar >> nth=0")
    assert bar["width"] / image["width"] == pytest.approx(50 / 300, rel=0.01)
    assert image["width"] / image["height"] == pytest.approx(60 / 40, rel=0.01)


def test_a_single_validation_needs_no_slider(look: Look, page_of: Any) -> None:
    seen = look(page_of(epochs=2))
    assert seen.page.locator("#panel").is_hidden()
    assert level(seen) == pytest.approx(255, abs=CLOSE)


def test_without_javascript_the_last_stain_is_there(look: Look, page_of: Any) -> None:
    seen = look(page_of(), wait="footer", java_script_enabled=False)
    assert seen.page.locator("#panel").is_hidden()
    assert seen.page.locator(".three img").first.is_visible()
    assert seen.page.locator("svg.chart").first.is_visible()


def test_a_name_cannot_run(look: Look, page_of: Any) -> None:
    seen = look(page_of(names=(EVIL, "b.tif"), name=EVIL, verdict=EVIL, run={"command": EVIL}))
    assert seen.page.locator("h1").inner_text() == EVIL
    assert seen.messages == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("changes", [{}, {"status": "running"}], ids=["finished", "running"])
def test_text_can_be_read(changes: dict[str, str], scheme: str, look: Look, page_of: Any) -> None:
    """Contrast of 4.5 and more (WCAG 2 AA) of what is written on its ground."""
    made = report(synthetic=True)
    if changes:
        changes = {"status": made.status.__class__(RUNNING, 12, 20, 60.0, made.status.written)}  # type: ignore[dict-item]
    seen = look(page_of(synthetic=True, **changes), color_scheme=scheme)
    for selector in (
        *("h1", ".headline", ".state", ".progress", ".notice", ".tile dt", ".tile dd", ".beside", "nav a", "main p"),
        *("#epoch-words", "button", "h3 span", ".rule span", ".won", "td", "thead th", "summary", "figcaption span"),
        *("svg.chart text", "svg.chart .reference-name", "pre", "dd", "footer p"),
    ):
        assert contrast(seen, selector) >= READABLE, selector


class TestPhone:
    def test_no_sideways_scrolling(self, look: Look, page_of: Any) -> None:
        long = "a_name_that_has_no_end_" * 5
        seen = look(page_of(name=long, names=(long, "b.tif"), verdict=long, run={"command": long}), **PHONE)
        for summary in seen.page.locator("summary").all():
            summary.click()
        assert seen.page.evaluate("document.documentElement.scrollWidth") == 360

    def test_the_stain_is_as_wide_as_the_page(self, look: Look, page_of: Any) -> None:
        seen = look(page_of(), **PHONE)
        stain, ct, section = (seen.box(f"#previews .three .{kind} >> nth=0") for kind in ("stain", "ct", "section"))
        assert stain["width"] > 300
        assert stain["y"] < ct["y"] == section["y"]

    def test_the_slider_stays_at_hand(self, look: Look, page_of: Any) -> None:
        seen = look(page_of(), **PHONE)
        seen.page.evaluate("document.querySelector('#previews h2').scrollIntoView()")
        for _ in range(2):
            panel = seen.box("#panel")
            assert panel["y"] > 0
            assert panel["y"] + panel["height"] <= 740
            seen.page.mouse.wheel(0, 250)
            seen.page.wait_for_timeout(100)

    def test_writing_in_curves_is_large_enough(self, look: Look, page_of: Any) -> None:
        seen = look(page_of(), **PHONE)
        seen.page.locator("summary").first.click()
        for chart in ("figure:not(.small) svg.chart", "figure.small svg.chart"):
            size = seen.page.locator(chart).first.evaluate(
                """(chart) => parseFloat(getComputedStyle(chart.querySelector("text")).fontSize)
                    * chart.getBoundingClientRect().width / chart.viewBox.baseVal.width"""
            )
            assert size >= 9.5, chart

    def test_targets_are_large_enough_for_a_finger(self, look: Look, page_of: Any) -> None:
        seen = look(page_of(), **PHONE)
        for selector in ("#epoch", "#first", "nav a", "summary"):
            assert seen.box(f"{selector} >> nth=0")["height"] >= 24  # WCAG 2.2 AA
