"""The zoo keeps bundles in ``models/``; here the repository is the bundle."""

from __future__ import annotations

import os
from pathlib import Path

os.environ.setdefault("BUNDLE_ROOT", str(Path(__file__).resolve().parents[2]))
