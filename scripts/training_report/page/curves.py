"""The curves of a training: validation, losses, learning rate."""

from __future__ import annotations

from scripts.files.template import Html, element, joined
from scripts.handlers.history import VALIDATION, validation_scores
from scripts.training_report.page.chart import Chart, Points, draw
from scripts.training_report.page.words import LOWER_IS_BETTER, score, title_of
from scripts.training_report.report import Report
from scripts.words import TITLES, with_unit

TERMS = {  # as `LossWeights` has them
    "pixel_stain": "pixels, stain",
    "pixel_ct": "pixels, CT",
    "cycle_ct": "cycle, CT",
    "cycle_stain": "cycle, stain",
    "grey": "greyscale consistency",
    "contrast": "patch contrast",
    "perceptual": "perceptual (LPIPS)",
    "smooth": "smoothness",
    "adversarial_stain": "adversarial, stain",
    "adversarial_ct": "adversarial, CT",
    "discriminator": "discriminators",
}
LATEST_ROWS = 200  # of the table; the rest is in history.csv


def metrics_of(report: Report) -> list[str]:
    """Of the validations, those that everybody knows first."""
    found = dict.fromkeys(name for row in report.rows for name in validation_scores(row))
    first = [name for name in TITLES if name in found]
    return first + [name for name in found if name not in first]


def validation_curves(report: Report) -> Html:
    """A chart of each metric, with the lookup table's value as a line."""
    charts = []
    for metric in metrics_of(report):
        level = report.lookup_table.get(metric)
        better = "lower" if metric in LOWER_IS_BETTER else "higher"
        charts.append(
            Chart(
                title_of(metric),
                f"of the validation, {better} is better",
                with_unit(metric),
                _points(report, VALIDATION + metric),
                report.status.epoch,
                None if level is None else (f"lookup table {score(metric, level)}", level),
                report.best_epoch,
            )
        )
    return joined(map(draw, charts))


def training_curves(report: Report) -> Html:
    """The generators' loss and the learning rate."""
    last = report.status.epoch
    loss = Chart("Loss", "of the generators, all terms", "loss", _points(report, "loss"), last)
    rate = Chart("Learning rate", "of the generators", "rate", _points(report, "learning_rate"), last)
    return joined(map(draw, (loss, rate)))


def term_curves(report: Report) -> Html:
    """A small chart of each term of the loss, before its weight."""
    known = ("epoch", "learning_rate", "loss")
    names = dict.fromkeys(name for row in report.rows for name in row)
    terms = [name for name in names if name not in known and not name.startswith(VALIDATION)]
    last = report.status.epoch
    return joined(draw(Chart(TERMS.get(name, name), "", "", _points(report, name), last, small=True)) for name in terms)


def validations_table(report: Report) -> Html:
    """The same as numbers."""
    metrics = metrics_of(report)
    heads = ["epoch", *map(with_unit, metrics), "loss", "learning rate"]
    rows = [row for row in report.rows if any(VALIDATION + metric in row for metric in metrics)]
    body = [
        element(
            "tr",
            element("th", f"{row['epoch']:g}", scope="row"),
            *(element("td", _cell(metric, row.get(VALIDATION + metric))) for metric in metrics),
            *(element("td", "" if name not in row else f"{row[name]:.4g}") for name in ("loss", "learning_rate")),
        )
        for row in rows[-LATEST_ROWS:]
    ]
    head = element("tr", *(element("th", title, scope="col") for title in heads))
    return element("table", element("thead", head), element("tbody", joined(body)), class_="numbers")


def _cell(metric: str, value: float | None) -> str:
    return "" if value is None else score(metric, value)


def _points(report: Report, name: str) -> Points:
    return [(int(row["epoch"]), row[name]) for row in report.rows if name in row]
