"""Options that are paths: text, whatever MONAI would make of it."""

from __future__ import annotations

from typing import Any

from scripts.errors import InputError

# of the configs; Fire may have made numbers of them
PATHS = (
    "bundle_root",
    "dataset_dir",
    "output_dir",
    "input",
    "checkpoint",
    "initial_weights",
    "tissue_classifier",
    "lpips_weights",
)
# MONAI reads these before the config
READ_EARLY = ("config_file", "meta_file", "logging_file", "args_file", "properties_path")
INNER = ("output_dir", "dataset_dir", "source", "path", "log_dir", "classifier")  # names of paths below an id
MARKS = ("$", "@", "%", "{")  # MONAI evaluates, looks up or instantiates what begins so


def is_path(option: str) -> bool:
    """Whether an option, such as ``input`` or ``history#output_dir``, is a path that a config uses."""
    return option in PATHS or ("#" in option and option.split("#")[-1] in INNER)


def check_typed_path(option: str, text: str | None) -> None:
    """Refuse what is no path.

    Args:
        option: its name.
        text: as it was typed; None for an option without a value.

    Raises:
        InputError: there is no value, or an empty one; it begins as an expression, or with a quotation mark.
    """
    if not text:
        raise InputError(f"--{option} has no value: write --{option} PATH, and ./-x for a name -x.")
    _refuse_marks(option, text)
    if text[0] in "'\"" and text[-1] == text[0]:
        raise InputError(f"--{option} is {text}, with quotation marks of its own: leave out the inner ones.")
    if "#" in option and _misread(text):
        raise InputError(f"--{option} {text} would be read as something else than text: write ./{text}.")


def check_written_path(option: str, value: Any, default: Any) -> None:
    """Refuse a path of an args file that is no text.

    Args:
        option: its name.
        value: as YAML or JSON gave it.
        default: the config's own.

    Raises:
        InputError: it is no text, or text that begins as an expression.
    """
    if value is None and default is None:
        return
    if not isinstance(value, str) or not value:
        raise InputError(f"The args file gives {option} as {value!r}, which is no path: put the path in quotes.")
    _refuse_marks(option, value)


def _refuse_marks(option: str, text: str) -> None:
    if text.startswith(MARKS):
        raise InputError(
            f"--{option} {text} begins with {text[0]}, by which MONAI marks what it evaluates: write ./{text}."
        )


def _misread(text: str) -> bool:
    """Whether Fire reads a text as anything but that text."""
    from fire.parser import DefaultParseValue  # late: only MONAI's command line needs Fire

    return "#" in text or DefaultParseValue(text) != text
