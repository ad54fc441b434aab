"""The top of the page: how the training stands, in a few words and figures."""

from __future__ import annotations

from collections.abc import Iterator

from scripts.files.template import Html, element, joined
from scripts.handlers.history import VALIDATION, validation_scores
from scripts.training_report.page.words import LOWER_IS_BETTER, score, title_of
from scripts.training_report.report import FAILED, FINISHED, INTERRUPTED, RUNNING, STOPPED, Report
from scripts.words import count, duration, with_unit

SYNTHETIC = (
    "Synthetic data. The data list says that its pairs were computed, not scanned: nothing here tells how well real "
    "tissue is stained."
)


def headline(report: Report) -> str:
    """The verdict; until there is one, what can be said."""
    if report.verdict:
        return report.verdict
    if not report.scores:
        return "No validation yet."
    worse: list[str] = []
    better: list[str] = []
    for name, value in report.scores.items():
        if name in report.lookup_table:
            ahead = (value > report.lookup_table[name]) != (name in LOWER_IS_BETTER)
            (better if ahead else worse).append(title_of(name))
    words = [f"better than a lookup table in {' and '.join(better)}"] if better else []
    words += [f"not better than a lookup table in {' and '.join(worse)}"] if worse else []
    return f"So far {', '.join(words)}." if words else f"Best validation so far: epoch {report.best_epoch}."


def progress_words(report: Report) -> str:
    """How far the training is, when this was written and what is to come."""
    status = report.status
    done = f"epoch {status.epoch} of {status.max_epochs}"
    took = duration(status.seconds)
    written = f"Written {status.written:%Y-%m-%d %H:%M}"
    if status.word == RUNNING:
        due = f"; the next page is expected about {status.next_due:%H:%M}" if status.next_due else ""
        return f"{done[0].upper()}{done[1:]} is complete, after {took}. {written}{due}. Reload to see it."
    every = "The one epoch is" if status.epoch == 1 else f"All {status.epoch} epochs are"
    words = {
        FINISHED: f"{every} complete, after {took}.",
        STOPPED: f"Stopped early after {done}, after {took}.",
        INTERRUPTED: f"Interrupted after {done}, {took}. Repeat the command with --resume to go on.",
        FAILED: f"Ended by an error after {done}, {took}: {status.error}",
    }
    return f"{words[status.word]} {written}."


def notices(report: Report) -> Html:
    """What must not be overlooked."""
    return element("p", SYNTHETIC, class_="notice") if report.synthetic else Html()


def tiles(report: Report) -> Html:
    """The figures that matter most."""
    return joined(_tiles(report))


def _tiles(report: Report) -> Iterator[Html]:
    for name in sorted(report.scores, key=lambda name: name != "ssim"):
        level = report.lookup_table.get(name)
        beside = "" if level is None else f"lookup table {score(name, level)}"
        yield _tile(with_unit(name), score(name, report.scores[name]), beside)
    if report.best_epoch is not None:
        so_far = " so far" if report.status.word == RUNNING else ""
        yield _tile("best epoch", str(report.best_epoch), f"of {report.status.epoch}{so_far}")
    epochs = count(report.status.epoch, "epoch")
    yield _tile("trained for", duration(report.status.seconds), epochs)


def _tile(label: str, figure: str, beside: str) -> Html:
    return element(
        "div", element("dt", label), element("dd", figure), element("dd", beside, class_="beside"), class_="tile"
    )


def best_words(report: Report) -> str:
    """Which epoch is the best, and why a higher score before it does not count."""
    decides, first = title_of(report.key_metric), report.first_epoch or 0
    if report.best_epoch is not None and report.best_epoch < first:
        return (
            f"The weights of the last validation are kept in model.pt until epoch {first}. From there on the network's "
            f"statistics are fixed, and the highest {decides} decides."
        )
    since = f" since epoch {first}, from where on the network's statistics are fixed" if first > 1 else ""
    return f"The best epoch is that of the highest {decides}{since}. Its weights are in model.pt."


def scores_table(report: Report) -> Html:
    """Best and last validation beside the lookup table."""
    last = next((row for row in reversed(report.rows) if validation_scores(row)), {})
    heads = [
        "score",
        "lookup table",
        f"best, epoch {report.best_epoch}",
        "gain",
        f"last, epoch {last.get('epoch', 0):g}",
    ]
    body = []
    for name, value in report.scores.items():
        level, latest = report.lookup_table.get(name), last.get(VALIDATION + name)
        if latest is None and last.get("epoch") == report.best_epoch:
            latest = value  # of what is computed at the end only
        gain = None if level is None else value - level
        won = gain is not None and (gain > 0) != (name in LOWER_IS_BETTER)
        better = "lower" if name in LOWER_IS_BETTER else "higher"
        cells = [
            element("th", with_unit(name), element("small", f" {better} is better"), scope="row"),
            element("td", "–" if level is None else score(name, level)),
            element("td", element("b", score(name, value))),
            element(
                "td",
                "–" if gain is None else score(name, gain, sign=True),
                class_=None if gain is None else "won" if won else "lost",
            ),
            element("td", "–" if latest is None else score(name, latest)),
        ]
        body.append(element("tr", *cells))
    head = element("tr", *(element("th", text, scope="col") for text in heads))
    return element("table", element("thead", head), element("tbody", joined(body)), class_="numbers")
