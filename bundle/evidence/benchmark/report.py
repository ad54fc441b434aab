"""What a benchmark found: comparison, warnings and figures."""

from __future__ import annotations

from collections.abc import Mapping

from bundle.evidence.benchmark.agreement import agreement_rows, draw_agreement
from bundle.evidence.benchmark.paired import compare
from bundle.evidence.benchmark.pareto import draw_pareto
from bundle.evidence.benchmark.scores import draw_scores
from bundle.evidence.benchmark.sections import draw_stains
from bundle.evidence.benchmark.table import dice_rows
from bundle.evidence.benchmark.training import Benchmark, Result, write_results
from bundle.evidence.shared.cell.digests import code_digest
from bundle.evidence.shared.metric_table import TITLES
from bundle.shared.markdown import table


def report(benchmark: Benchmark, results: list[Result], times_as_fast: Mapping[str, float]) -> None:
    """Print and write all that follows from the results.

    Args:
        benchmark: what was compared.
        results: of `train_all`.
        times_as_fast: of each recipe's generator; empty for no figure of quality against speed.
    """
    out, reference = benchmark.out, benchmark.reference
    comparison = compare(results, reference)
    if comparison:
        print(f"\nMinus {reference}: means of the specimens' means over slices and seeds; p not corrected\n")
        print("\n".join(table(comparison)))
    write_results(out, results, comparison)
    _warn(benchmark, results)
    longest = [result for result in results if result["cell"]["budget"] == benchmark.longest]
    _draw(benchmark, longest)
    if benchmark.evaluation.tissue_classifier is not None:
        _report_tissues(benchmark, longest)
    if times_as_fast:
        draw_pareto(out / "pareto.png", _trainings(longest), times_as_fast, reference)
        print(f"Quality against speed in {out / 'pareto.png'}")
    print(f"As JSON, with the commands, in {out / 'benchmark.json'}")


def _trainings(results: list[Result]) -> list[Result]:
    """Results without those of the lookup table, which has no seed."""
    return [result for result in results if result["cell"]["seed"] is not None]


def _warn(benchmark: Benchmark, results: list[Result]) -> None:
    """Name results that may not be compared with the others."""
    trainings, code = _trainings(results), code_digest()
    older = sum(result.get("code") != code for result in trainings)
    if older:
        print(f"\n{older} of {len(trainings)} trainings ran with other code; delete their folders to repeat them.")
    measured = {metric for result in results for metric in result["metrics"] if metric in TITLES}
    incomplete = sum(not measured <= result["metrics"].keys() for result in results)
    if incomplete:
        print(
            f"\n{incomplete} of {len(results)} results lack a metric that others have: delete their "
            f"{benchmark.evaluation.name}_scores.json."
        )


def _draw(benchmark: Benchmark, longest: list[Result]) -> None:
    out, cells = benchmark.out, benchmark.cells
    draw_scores(out / "scores.png", longest, benchmark.reference)
    first = [cell for cell in cells if cell.budget == benchmark.longest and cell.seed == cells[0].seed]
    draw_stains(out / "sections.png", first, benchmark.with_table, benchmark.evaluation, out)
    print(f"\nScores in {out / 'scores.png'}, stains in {out / 'sections.png'}")


def _report_tissues(benchmark: Benchmark, longest: list[Result]) -> None:
    out, reference = benchmark.out, benchmark.reference
    print("\nDice of the tissues found in the stains, and in the true sections\n")
    print("\n".join(table(dice_rows(longest))))
    print("\nStains minus true sections, percentage points, with limits of agreement\n")
    print("\n".join(table(agreement_rows(longest))))
    draw_agreement(out / "agreement.png", [result for result in longest if result["cell"]["recipe"] == reference])
    print(f"\nAgreement of {reference} in {out / 'agreement.png'}")
