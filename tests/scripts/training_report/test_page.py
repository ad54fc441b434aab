"""The page of a training: what it says, and that it needs nothing else."""

from __future__ import annotations

import base64
import io
import json
import re
from dataclasses import replace
from datetime import datetime

import pytest
from PIL import Image

from scripts.training_report.page import build_page
from scripts.training_report.report import FAILED, FINISHED, INTERRUPTED, RUNNING, STOPPED, Moved, Realigned, Status
from tests.scripts.training_report.made import EVIL, Parsed, report


def parsed(**changes: object) -> Parsed:
    return Parsed(build_page(report(**changes)))  # type: ignore[arg-type]


def test_verdict_scores_and_time_come_first() -> None:
    text = parsed().text
    assert text.startswith("training: training report, finished Training report finished training Better than a lookup")
    assert "SSIM 0.700 lookup table 0.564 PSNR / dB 19.00 lookup table 18.40 best epoch 10 of 12" in text
    assert "All 12 epochs are complete, after 1 h 5 min. Written 2026-12-01 11:40." in text


def test_gain_over_the_lookup_table() -> None:
    """0.7 - 0.564 and 19 - 18.4; at the last epoch 0.5 + 0.48 - 0.288 and 18 + 1.2."""
    text = parsed().text
    assert "SSIM higher is better 0.564 0.700 +0.136 0.692" in text
    assert "PSNR / dB higher is better 18.40 19.00 +0.60 19.20" in text
    worse = parsed(lookup_table={"ssim": 0.8}, verdict="")
    assert "So far not better than a lookup table in SSIM." in worse.text
    assert "0.800 0.700 \N{MINUS SIGN}0.100" in worse.text


def test_why_an_earlier_epoch_with_a_higher_score_is_not_the_best() -> None:
    assert "The best epoch is that of the highest SSIM since epoch 9, from where on the network's" in parsed().text
    early = parsed(best_epoch=6).text
    assert "The weights of the last validation are kept in model.pt until epoch 9." in early
    assert "The best epoch is that of the highest SSIM. Its weights" in parsed(first_epoch=None).text


def test_what_is_computed_at_the_end_is_the_last_epochs_too() -> None:
    scores = {"ssim": 0.7, "psnr": 19.0, "lpips": 0.2}
    assert "LPIPS lower is better – 0.200 – 0.200" in parsed(best_epoch=12, scores=scores).text
    assert "LPIPS lower is better – 0.200 – –" in parsed(scores=scores).text


def test_one_validation_needs_no_slider() -> None:
    assert "The stain is that of the epoch at the slider." in parsed().text
    assert "The stain is that of epoch 2." in parsed(pages=report().pages[:1]).text


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ((RUNNING, 8), "Epoch 8 of 12 is complete, after 10 min. Written 2026-12-01 11:40; the next page is expected"),
        ((FINISHED, 1), "The one epoch is complete, after 10 min."),
        ((STOPPED, 8), "Stopped early after epoch 8 of 12, after 10 min. Written"),
        ((INTERRUPTED, 8), "Interrupted after epoch 8 of 12, 10 min. Repeat the command with --resume to go on."),
        ((FAILED, 8), "Ended by an error after epoch 8 of 12, 10 min: <b>it broke"),
    ],
)
def test_how_far_it_is(status: tuple[str, int], words: str) -> None:
    now = datetime(2026, 12, 1, 11, 40)
    text = parsed(status=Status(*status, 12, 600.0, now, now, error="<b>it broke")).text
    assert words in text
    assert f"training report, {status[0]}" in text


def test_curves_say_what_they_show() -> None:
    page = parsed()
    titles = [text for tag, text in page.texts if tag == "title"]
    assert {"PSNR by epoch", "SSIM by epoch", "Loss by epoch", "Learning rate by epoch", "pixels, stain by epoch"} <= {
        *titles
    }
    assert "lookup table 18.40" in page.text
    assert "From 0.572 at epoch 2 to 0.692 at epoch 12. lookup table 0.564: 0.564." in page.text
    assert "epoch 10: 0.7, the best" in titles
    assert page.text.count("PSNR / dB") >= 2  # the axis


def test_previews_have_titles_names_and_scale_bars() -> None:
    """60 pixels of 5 um are 300 um wide: of at most 90 um the bar is 50 um long, a sixth."""
    page = parsed()
    assert [text for tag, text in page.texts if tag == "figcaption"][:3] == ["CT", "virtual stain", "section"]
    assert "a.tif specimen specimen 0" in page.text
    assert "50 µm" in page.text
    assert [svg["width"] for svg in page.of("svg") if svg.get("class") == "bar"][:2] == ["16.67%"] * 2
    assert [img["alt"] for img in page.of("img")][:2] == ["CT of a.tif", "virtual stain of a.tif"]


def test_where_the_pixel_size_is_not_known_bars_are_in_pixels() -> None:
    text = parsed(working_um=None).text
    assert "10 pixels" in text  # of at most 18
    assert text.count("How large a pixel is, no pair says") == 2
    assert "µm" not in text


def test_the_slider_has_the_stain_of_each_epoch() -> None:
    page = parsed()
    content = json.loads(page.script())
    assert content["epochs"] == [2, 4, 6, 8, 10, 12]
    assert content["best"] == 10
    assert content["scores"][0] == "SSIM 0.572, PSNR 18.20 dB"
    levels = [
        Image.open(io.BytesIO(base64.b64decode(stain))).convert("RGB").getpixel((30, 20))
        for stain in content["stains"][1]
    ]
    assert levels == pytest.approx([(round(255 * epoch / 12),) * 3 for epoch in content["epochs"]], abs=2)  # JPEG


def test_a_slice_that_earlier_epochs_did_not_show() -> None:
    """As after other data were given to a training that is resumed."""
    made = report()
    made = replace(made, pages=[made.pages[0]._replace(stains={}), *made.pages[1:]])
    content = json.loads(Parsed(build_page(made)).script())
    assert [bool(stain) for stain in content["stains"][0]] == [False, *[True] * 5]


def test_epochs_that_are_left_out_are_counted() -> None:
    assert "To keep this file small, 6 of 60 validations are shown" in parsed(left_out=54).text
    assert "To keep" not in parsed().text


def test_worst_slices_and_all_of_them() -> None:
    text = parsed(names=("b.tif", "a.tif", "c.tif")).text
    assert "Of the 3 slices of the last validation, epoch 12." in text
    assert "b.tif specimen specimen 0 · SSIM 0.400, PSNR 20.00 dB" in text
    assert "b.tif specimen 0 0.400 20.00 a.tif specimen 1 0.500 21.00 c.tif specimen 2 0.600 22.00" in text


def test_pairs_are_moved_by_not_off_by() -> None:
    page = parsed()
    assert "moved by" in page.text
    assert "off by" not in page.text
    assert "a.tif A 6.0 px, 30 µm c.tif C 0.4 px, 2 µm" in page.text
    assert "The floor of this measurement is 0.7 pixels (3.5 µm)" in page.text
    assert [r["width"] for r in page.of("rect") if r.get("class") == "moved"] == ["100.0%", "6.7%"]  # 0.4 of 6
    assert [line["x1"] for line in page.of("line") if line.get("class") == "floor"] == ["11.7%"] * 2  # 0.7 of 6


@pytest.mark.parametrize(
    ("epochs", "words"),
    [((), "not registered anew in this training"), ((4, 20), "the next time after epoch 20"), ((4,), "none was moved")],
)
def test_no_pair_was_moved(epochs: tuple[int, ...], words: str) -> None:
    assert words in parsed(realigned=Realigned(epochs, (), 0.7)).text


def test_settings_data_and_versions() -> None:
    text = parsed().text
    for words in (
        "Pairs 36",
        "batch_size 4 8",
        "python -m bundle train D",
        "Seed 7",
        f"Data list D/datalist.json its SHA-256 {'ab' * 32}",
        "Versions torch 2.13.0",
        f"ct/a.tif {'cd' * 32}",
    ):
        assert words in text
    assert "None: all settings are those of the bundle." in parsed(run={"differences": {}}).text


@pytest.mark.parametrize(("synthetic", "said"), [(True, True), (False, False), (None, False)])
def test_synthetic_data_are_called_so(synthetic: bool | None, said: bool) -> None:
    assert ("Synthetic data." in parsed(synthetic=synthetic).text) is said


def test_before_the_first_validation() -> None:
    now = datetime(2026, 12, 1)
    page = parsed(
        epochs=1,
        status=Status(RUNNING, 0, 12, 0.0, now),
        **{"verdict": "", "rows": [], "scores": {}, "best_epoch": None, "lookup_table": {}, "run": {}, "facts": {}},
        **{"validation": None, "pages": [], "realigned": Realigned((4,), (), 0.7)},
    )
    assert "No validation yet" in page.text
    assert list(page.of("img")) == []


def test_names_and_texts_cannot_run() -> None:
    page = parsed(
        names=(EVIL, "b.tif"),
        **{"name": EVIL, "verdict": EVIL, "facts": {EVIL: EVIL}, "run": {"command": EVIL, "differences": {EVIL: EVIL}}},
    )
    assert sum(tag == "script" for tag, _ in page.elements) == 2
    assert page.text.count(EVIL) >= 8
    assert any(img["alt"] == f"CT of {EVIL}" for img in page.of("img"))


def test_nothing_is_asked_of_elsewhere() -> None:
    page = build_page(report(names=(EVIL, "b.tif")))
    found = Parsed(page)
    for tag, attributes in found.elements:
        assert tag not in ("link", "iframe", "object", "embed", "base", "form")
        for name in ("src", "href", "action", "srcset", "data", "xlink:href"):
            assert (attributes.get(name) or "#").startswith(("#", "data:image/jpeg;base64,"))
        assert not any(name.startswith("on") or name == "style" for name in attributes)  # the page's policy
    assert re.findall(r"https?:|//\w|@import|url\(", re.sub(r"base64,[^\"]*|\"stains\".*", "", page)) == []
    policy = next(meta["content"] for meta in found.of("meta") if meta.get("http-equiv"))
    assert policy is not None
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'sha256-")


def test_links_within_the_page_lead_somewhere() -> None:
    page = parsed()
    places = {f"#{attributes['id']}" for _, attributes in page.elements if attributes.get("id")}
    assert {a["href"] for a in page.of("a")} <= places


def test_one_pair_more_is_one() -> None:
    pairs = tuple(Moved(f"{place}.tif", "A", 3.0) for place in range(10))
    assert "2 more pairs were moved less far." in parsed(realigned=Realigned((4,), pairs, 0.7)).text
    assert "One more pair was moved less far." in parsed(realigned=Realigned((4,), pairs[1:], 0.7)).text
