"""Pages from template files. What comes from a file's name or a user's table is escaped here, and nowhere else."""

from __future__ import annotations

import html
from collections.abc import Iterable
from pathlib import Path
from string import Template

from scripts.printable import printable


class Html(str):
    """Text that is HTML already and goes into a page as it is."""


def fill(template: Path, **fields: object) -> Html:
    """Fill a template file (`string.Template`).

    Args:
        template: file that names each field as ``$field``.
        fields: `Html`, which goes in as it is, or anything else, whose text is escaped, control characters included.

    Raises:
        KeyError: the template names a field that is not given.
        OSError: the file cannot be read.
    """
    text = Template(template.read_text(encoding="utf-8").rstrip("\n"))
    return Html(text.substitute({name: _escaped(value) for name, value in fields.items()}))


def read_html(path: Path) -> Html:
    """A file that goes into a page as it is, such as a style sheet."""
    return Html(path.read_text(encoding="utf-8"))


def _escaped(value: object) -> Html:
    return value if isinstance(value, Html) else Html(html.escape(printable(value)))


def element(tag: str, *content: object, **attributes: object) -> Html:
    """One element of HTML or SVG.

    Args:
        tag: its name.
        content: `Html`, which goes in as it is, or anything else, whose text is escaped.
        attributes: their values are escaped likewise; ``_`` in a name is written ``-``, one at the end is left out
            (``class_``). Of True the name alone is written; what is None or False is left out.
    """
    written = [
        f" {name.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{_escaped(value)}"')
        for name, value in attributes.items()
        if value is not None and value is not False
    ]
    return Html(f"<{tag}{''.join(written)}>{''.join(map(_escaped, content))}</{tag}>")


def joined(parts: Iterable[Html]) -> Html:
    """Parts of a page, one below the other."""
    return Html("\n".join(parts))
