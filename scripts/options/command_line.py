"""The command line ``python -m monai.bundle run``: refuses what MONAI would leave out or misread."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from monai.bundle.config_parser import ConfigParser
from monai.bundle.scripts import run as monai_run
from monai.bundle.utils import DEFAULT_EXP_MGMT_SETTINGS
from monai.bundle.workflows import ConfigWorkflow
from monai.utils.misc import ensure_tuple

from scripts.errors import InputError, end_in_one_sentence, on_command_line
from scripts.options.arguments import Arguments, read_arguments
from scripts.options.entries import refuse_unknown_ids
from scripts.options.overlays import merge_overlays
from scripts.options.paths import PATHS, READ_EARLY, check_typed_path, check_written_path, is_path
from scripts.options.steps import DEFAULT_IDS, refuse_missing_ids, refuse_steps
from scripts.options.values import require_package

RUN_OPTIONS = {
    "workflow_name",
    *inspect.signature(monai_run).parameters,
    *inspect.signature(ConfigWorkflow).parameters,
}
RUN_IDS = ("run_id", "init_id", "final_id")  # what MONAI takes words for, in this order


def check_command_line(let: Callable[[dict[str, str]], None]) -> None:
    """On MONAI's command line, check what was typed, and let paths be text; a library caller is left alone.

    It is a step of ``initialize``, and of the list that runs: a stray word makes MONAI leave ``initialize`` out.

    Args:
        let: ``update`` of what references of the config, such as ``@input``, have been resolved to by now: the parser
            takes what is there without another look.

    Raises:
        InputError: see `refuse_mistakes`.
    """
    if not on_command_line():
        return
    end_in_one_sentence()
    typed = read_arguments(sys.argv[1:])
    refuse_mistakes(typed)
    let({option: text for option, text in typed.options.items() if option in PATHS and text})


def refuse_mistakes(typed: Arguments) -> None:
    """Refuse what MONAI would leave out, take for something else, or add to the config where nobody reads it.

    Args:
        typed: the command line.

    Raises:
        InputError: a stray word; an id that the config has not; an option that is neither of MONAI's ``run`` nor an
            entry of the config files; a path that is none, see `check_typed_path`; ``None``, which MONAI leaves out; a
            value with ``#``, of which MONAI makes ``::``.
    """
    _refuse_stray_words(typed.words)
    for option, text in typed.options.items():
        if is_path(option):
            check_typed_path(option, text)
        elif option in READ_EARLY and not text:
            raise InputError(f"--{option} has no value: write --{option} PATH.")
        elif text and "#" in text and option not in READ_EARLY and not text.startswith(("@", "$", "%", "{")):
            raise InputError(f"--{option} is {text!r}: MONAI takes '#' for the separator of a config's ids.")
    written = _read_args_file(typed.options.get("args_file"))
    given: dict[str, Any] = {**written, **typed.options}
    words = typed.words[1:] if typed.words[:1] == ["run"] else []
    ids = {**given, **dict(zip(RUN_IDS, words, strict=False))}
    run = {name: str(ids[name]) for name in RUN_IDS if ids.get(name) is not None}
    config = _read_config(given.get("config_file", ""), {*_tracking_options(given), *run.values()})
    if not config:
        return
    refuse_steps(given, config)
    refuse_unknown_ids(given, config, {*RUN_OPTIONS, *_tracking_options(given)})
    for option, value in written.items():
        if is_path(option) and option not in typed.options:
            check_written_path(option, value, config.get(option))
    _refuse_none(typed.options, config, written)
    _refuse_texts_for_groups(typed.options, config)
    _refuse_tracking(given.get("tracking"), config)
    refuse_missing_ids(run, config)


def _refuse_stray_words(words: Sequence[str]) -> None:
    """Of ``run training a b`` MONAI takes a and b for what to do instead of ``initialize`` and ``finalize``."""
    usual = tuple(DEFAULT_IDS.values())
    stray = [word for place, word in enumerate(words[2:]) if usual[place : place + 1] != (word,)]
    if words[:1] == ["run"] and stray:
        raise InputError(
            f"The word {stray[0]!r} is no option's value: write options as --name value, one value each, and a value "
            "with blanks in quotes."
        )


def _refuse_none(typed: Mapping[str, str | None], config: Mapping[str, Any], written: Mapping[str, Any]) -> None:
    parser = ConfigParser(dict(config))
    for option, text in typed.items():
        if text == "None" and not is_path(option) and written.get(option, parser.get(option)) is not None:
            raise InputError(f"--{option} None changes nothing, since MONAI leaves it out: remove it, or give a value.")


def _refuse_texts_for_groups(typed: Mapping[str, str | None], config: Mapping[str, Any]) -> None:
    """A group, such as ``loss_weights``, would be lost for a text that nothing can be built of."""
    parser = ConfigParser(dict(config))
    for option, text in typed.items():
        node = parser.get(option)
        if text and text != "None" and not text.startswith(("$", "@", "%", "{")) and isinstance(node, Mapping) and node:
            raise InputError(
                f"--{option} is a group of options, not one: give one of them, such as --{option}#{list(node)[-1]}."
            )


def _refuse_tracking(tracking: Any, config: Mapping[str, Any]) -> None:
    """MONAI's handler takes a step's output for a list, but a training step here gives its losses by name."""
    if tracking != "mlflow":
        return
    if "training" in config:
        raise InputError(
            "MONAI's --tracking mlflow cannot log the losses of this training: leave it out, and add "
            "configs/mlflow.yaml to the list of --config_file."
        )
    require_package("mlflow")


def _read_args_file(path: str | None) -> dict[str, Any]:
    """Options that an args file sets, by name with ``#`` between ids."""
    if path is None:
        return {}
    try:
        content = ConfigParser.load_config_file(path)
    except (OSError, ValueError):  # MONAI reads the file as well, and says what is wrong
        return {}
    return {str(name).lstrip("+").replace("::", "#"): value for name, value in content.items()}


def _read_config(config_file: Any, besides: set[str]) -> dict[str, Any]:
    """The config as MONAI merges it from one or several files; `besides` are ids that further files may add.

    Raises:
        InputError: a further file that cannot be merged, or with an entry that nothing uses.
    """
    files = _config_files(config_file)
    try:
        if len(files) < 2:
            return ConfigParser.load_config_file(files[0]) if files else {}
    except (OSError, ValueError):  # MONAI reads the file as well, and says what is wrong
        return {}
    return merge_overlays(Path(files[0]), files[1:], besides)


def _config_files(config_file: Any) -> list[str]:
    if isinstance(config_file, str) and config_file.lstrip().startswith(("[", "(")):
        try:
            config_file = ast.literal_eval(config_file)
        except (ValueError, SyntaxError):  # for MONAI as well
            return []
    elif isinstance(config_file, str) and not Path(config_file).is_file():
        config_file = config_file.split(",")  # as MONAI does
    return [str(file) for file in ensure_tuple(config_file)]


def _tracking_options(given: Mapping[str, Any]) -> set[str]:
    """Options of the experiment tracker that MONAI is told to use."""
    settings: Any = DEFAULT_EXP_MGMT_SETTINGS.get(str(given.get("tracking")), {})
    return set(settings.get("configs", {}))
