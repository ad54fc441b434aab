"""Digests by which a kept result is told from one of other data or other code."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from bundle.shared.places import ROOT
from scripts.files.digest import file_digest


def code_digest() -> str:
    """Digest of the package that trains. Results of another one are told, not refused: most edits change nothing."""
    return _digest(sorted((ROOT / "scripts").rglob("*.py")))


def measures_digest() -> str:
    """Digest of the code that measures: scores of another one are made again."""
    scripts = ROOT / "scripts"
    handlers = ("handlers/metrics.py", "handlers/tissue.py")
    return _digest([*sorted((scripts / "metrics").glob("*.py")), *(scripts / name for name in handlers)])


def _digest(files: Sequence[Path]) -> str:
    texts = [str(path.relative_to(ROOT)).encode() + path.read_bytes() for path in files]
    return hashlib.sha256(b"".join(texts)).hexdigest()


def data_digest(dataset_dir: str) -> str | None:
    """Digest of a data list, in which a phantom says how it was made; None if there is none, which training tells."""
    path = Path(dataset_dir) / "datalist.json"
    return file_digest(path) if path.is_file() else None
