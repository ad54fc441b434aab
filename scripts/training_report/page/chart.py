"""Curves over the epochs as SVG, to be styled by the page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scripts.files.template import Html, element, joined
from scripts.training_report.page.axis import Axis, epochs_axis, values_axis

MOST_POINTS = 400  # of a curve: more are narrower than a pixel
MARKED = 40  # points at most that are drawn as such

Points = Sequence[tuple[int, float]]


@dataclass(frozen=True)
class Chart:
    """A curve.

    Attributes:
        title: above it.
        note: beside the title; "" for none.
        axis: what the values are, with their unit.
        points: epoch and value, in order.
        last_epoch: where the axis ends.
        reference: a level to compare with, and what it is.
        best: an epoch whose point is marked.
        small: half as wide, with fewer ticks.
    """

    title: str
    note: str
    axis: str
    points: Points
    last_epoch: int
    reference: tuple[str, float] | None = None
    best: int | None = None
    small: bool = False


def draw(chart: Chart) -> Html:
    """A figure; empty where there is no finite value."""
    points = [(epoch, value) for epoch, value in chart.points if math.isfinite(value)]
    if not points:
        return Html()
    width, height = (172, 118) if chart.small else (360, 214)
    left, right, top, bottom = (38, 6, 10, 18) if chart.small else (46, 12, 22, 34)
    across = epochs_axis(chart.last_epoch, left, width - right)
    values = [value for _, value in points] + ([chart.reference[1]] if chart.reference else [])
    up = values_axis(values, height - bottom, top, may_be_log=chart.reference is None)
    parts = [
        element("title", f"{chart.title} by epoch"),
        element("desc", _described(chart, points)),
        *_grid(across, up, chart, height),
        *_reference(chart, across, up),
        element("line", class_="cursor", x1=left, x2=left, y1=top, y2=height - bottom),
        _curve(points, across, up),
        *_marks(points, chart, across, up),
    ]
    svg = element(
        "svg",
        joined(parts),
        viewBox=f"0 0 {width} {height}",
        role="img",
        class_="chart",
        data_first=across.first,
        data_last=across.last,
        data_epochs=across.high,
    )
    notes = filter(None, (chart.note, "logarithmic" if up.logarithmic else ""))
    caption = element("figcaption", chart.title, " ", element("span", ", ".join(notes)))
    return element("figure", caption, svg, class_="small" if chart.small else None)


def _described(chart: Chart, points: Points) -> str:
    (first, start), (last, end) = points[0], points[-1]
    text = f"From {start:.4g} at epoch {first} to {end:.4g} at epoch {last}."
    return text + (f" {chart.reference[0]}: {chart.reference[1]:.4g}." if chart.reference else "")


def _grid(across: Axis, up: Axis, chart: Chart, height: int) -> list[Html]:
    parts = []
    ticks = up.ticks(3 if chart.small else 5)
    for tick in ticks:
        y = up.place(tick)
        parts.append(element("line", class_="grid", x1=across.first, x2=across.last, y1=y, y2=y))
        parts.append(element("text", f"{tick:.4g}", class_="tick end", x=across.first - 5, y=round(y + 3.5, 1)))
    if chart.small:
        ends = ((across.low, "tick"), (across.high, "tick end"))
        parts += [element("text", f"{v:g}", class_=side, x=across.place(v), y=up.first + 13) for v, side in ends]
    else:
        parts += [
            element("text", f"{tick:g}", class_="tick middle", x=across.place(tick), y=up.first + 15)
            for tick in across.ticks(6)
        ]
    if not chart.small:
        parts.append(element("text", "epoch", class_="label end", x=across.last, y=height - 3))
        parts.append(element("text", chart.axis, class_="label", x=0, y=11))
    return parts


def _reference(chart: Chart, across: Axis, up: Axis) -> list[Html]:
    if chart.reference is None:
        return []
    name, value = chart.reference
    y = up.place(value)
    below = y - up.last < 20  # no room above
    return [
        element("line", class_="reference", x1=across.first, x2=across.last, y1=y, y2=y),
        element("text", name, class_="reference-name end", x=across.last - 2, y=round(y + (13 if below else -5), 1)),
    ]


def _curve(points: Points, across: Axis, up: Axis) -> Html:
    step = -(-len(points) // MOST_POINTS)
    kept = [*points[:-1:step], points[-1]]
    places = " ".join(f"{across.place(epoch):g},{up.place(value):g}" for epoch, value in kept)
    return element("polyline", class_="curve", points=places)


def _marks(points: Points, chart: Chart, across: Axis, up: Axis) -> list[Html]:
    parts = []
    for epoch, value in points:
        if epoch == chart.best or len(points) == 1 or (len(points) <= MARKED and not chart.small):
            best = epoch == chart.best
            words = f"epoch {epoch}: {value:.4g}" + (", the best" if best else "")
            place = {"cx": across.place(epoch), "cy": up.place(value), "r": 5 if best else 2.5}
            parts.append(element("circle", element("title", words), class_="best" if best else "point", **place))
    return parts
