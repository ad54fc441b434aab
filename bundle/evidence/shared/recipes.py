"""The cells that a choice of recipes, seeds and lengths asks for."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bundle.evidence.shared.cell.cell import Cell
from bundle.evidence.shared.cell.evaluation import Evaluation
from bundle.evidence.shared.defaults import DEFAULT, LOOKUP_TABLE, STEPS_PER_EPOCH
from scripts.data import load_datalist
from scripts.errors import InputError
from scripts.metrics.tissue_classifier import load_tissue_classifier


@dataclass(frozen=True)
class Recipes:
    """What is compared.

    Attributes:
        overlays: by name, the config file of what differs from `configs/train.yaml`; None for nothing.
        lookup_table: whether the lookup table stands beside them.
    """

    overlays: Mapping[str, str | None]
    lookup_table: bool


def read_recipes(words: Sequence[str]) -> Recipes:
    """Recipes by their names, which are those of their files.

    Args:
        words: config files, `DEFAULT`, `LOOKUP_TABLE`.

    Raises:
        InputError: a name that comes twice, or a file that is not there.
    """
    overlays: dict[str, str | None] = {}
    for word in words:
        if word == LOOKUP_TABLE:
            continue  # the lookup table is not trained
        name = Path(word).stem
        if name in overlays or (name in (DEFAULT, LOOKUP_TABLE) and word != name):
            raise InputError(f"{word}: another recipe is named '{name}' already; rename the file.")
        overlays[name] = None if word == DEFAULT else _file(word)
    return Recipes(overlays, LOOKUP_TABLE in words)


def read_options(words: Sequence[str]) -> dict[str, str]:
    """Entries of the training's config by name.

    Raises:
        InputError: a word that is no NAME=VALUE.
    """
    options = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not (name and equals):
            raise InputError(f"--set {word}: give NAME=VALUE, such as stain_to_ct#factor=1.")
        options[name] = value
    return options


def cells_of(
    recipes: Recipes, seeds: Sequence[int], steps: Sequence[int], dataset_dir: Path, options: Mapping[str, str]
) -> list[Cell]:
    """Every combination of recipe, length and seed; all recipes of a seed before the next seed.

    Args:
        recipes: the lookup table is no cell.
        seeds: of the trainings.
        steps: lengths of the trainings, multiples of an epoch.
        dataset_dir: folder with ``datalist.json``.
        options: further entries of the trainings' config.

    Raises:
        InputError: steps that are no multiple of an epoch, a seed that comes twice, an option that is not to be set.
    """
    for count in steps:
        if count < STEPS_PER_EPOCH or count % STEPS_PER_EPOCH:
            raise InputError(f"--steps {count}: give multiples of {STEPS_PER_EPOCH}, the steps of an epoch.")
    if len(set(seeds)) < len(seeds):
        raise InputError(f"--seeds {' '.join(map(str, seeds))}: a seed that is given twice is one training.")
    cells = [
        Cell(name, overlay, seed, count, str(dataset_dir.resolve()), dict(options))
        for seed in seeds
        for count in steps
        for name, overlay in recipes.overlays.items()
    ]
    own = {"resume"} | {name for cell in cells[:1] for name in cell.own_entries(Path())}
    for name in options.keys() & own:
        raise InputError(f"--set {name}: the benchmark sets {name} itself; see --seeds, --steps, --out.")
    return cells


def evaluation_of(split: str, dataset_dir: Path | None = None, tissue_classifier: Path | None = None) -> Evaluation:
    """What the networks are evaluated on; see `Evaluation`.

    Raises:
        InputError: the classifier's file is missing or holds something else; other data that cannot be used.
    """
    if tissue_classifier is not None:
        load_tissue_classifier(tissue_classifier)  # now rather than after the first training
    if dataset_dir is not None:
        load_datalist(dataset_dir, split)
    paths = (dataset_dir, tissue_classifier)
    return Evaluation(split, *(None if path is None else str(path.resolve()) for path in paths))


def threads_of(jobs: int) -> int | None:
    """Threads of each of several trainings at a time; None for as many as one takes by itself.

    Raises:
        InputError: no positive number of trainings.
    """
    if jobs < 1:
        raise InputError(f"--jobs {jobs}: give a positive number.")
    return max(1, (os.cpu_count() or 1) // jobs) if jobs > 1 else None


def _file(recipe: str) -> str:
    path = Path(recipe).resolve()
    if not path.is_file():
        raise InputError(f"{recipe} does not exist: give a config file, or '{DEFAULT}'.")
    return str(path)
