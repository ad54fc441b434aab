"""Where things lie: the parts of the bundle in its folder, what commands write in the current one."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = ROOT / "configs"
TRAIN = CONFIGS / "train.yaml"
EVALUATE = CONFIGS / "evaluate.yaml"
SHIPPED = ROOT / "models" / "model.pt"

PHANTOM = Path("data") / "phantom"  # an installed bundle's own folder is no place for data
SLIDES = Path("data") / "slides"
TISSUE = Path("data") / "tissue.pt"
OUTPUT = Path("output")
