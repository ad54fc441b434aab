"""Which code ran: the bundle's version, a digest of its files, its commit where it is a checkout."""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 10  # seconds for git


def bundle_version(root: Path = ROOT) -> str:
    """As ``configs/metadata.json`` has it; "unknown" where that cannot be read."""
    try:
        return str(json.loads((root / "configs" / "metadata.json").read_text(encoding="utf-8"))["version"])
    except (OSError, ValueError, KeyError, TypeError):
        return "unknown"


def code_version(root: Path = ROOT) -> dict[str, Any]:
    """Version, digest and commit of a bundle.

    Returns:
        ``bundle``, its version; ``sha256`` of ``scripts/**/*.py`` and ``configs/train.yaml``, with their names, which
        tells apart what no commit does; ``commit`` and ``changed``, whether tracked files differ from it, both None
        where the bundle's folder is no checkout or git is missing.
    """
    commit = _git(root, "rev-parse", "HEAD") if _is_checkout(root) else None
    changed = None if commit is None else _git(root, "status", "--porcelain", "--untracked-files=no")
    return {
        "bundle": bundle_version(root),
        "sha256": _digest(root),
        "commit": commit,
        "changed": None if changed is None else bool(changed),
    }


def _digest(root: Path) -> str:
    digest = hashlib.sha256()
    for path in (root / "configs" / "train.yaml", *sorted((root / "scripts").rglob("*.py"))):
        content = path.read_bytes().replace(b"\r\n", b"\n")  # git on Windows writes other ends of lines
        digest.update(f"{path.relative_to(root).as_posix()} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def _is_checkout(root: Path) -> bool:
    """Whether the folder itself is one: that of an installed bundle may lie in the checkout of something else."""
    top = _git(root, "rev-parse", "--show-toplevel")
    return top is not None and Path(top).resolve() == root


def _git(root: Path, *words: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "--no-optional-locks", "-C", str(root), *words],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            text=True,
            errors="replace",
            timeout=PATIENCE,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
