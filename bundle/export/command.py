"""The command ``export``: the shipped or another network as TorchScript and ONNX, checked against PyTorch."""

from __future__ import annotations

import argparse
from pathlib import Path

from bundle.shared.places import SHIPPED

FORMATS = ("ts", "onnx")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--out", type=Path, required=True, help="folder for model.ts and model.onnx")
    parser.add_argument("--checkpoint", type=Path, default=SHIPPED, help="weights to export")
    parser.add_argument("--overlay", type=Path, help="config of the training, for weights of version 0.8 and before")
    parser.add_argument(
        "--int8",
        type=Path,
        metavar="DATASET_DIR",
        help="also write model_int8.onnx, faster than model.onnx and a little worse, fitted to this data set's CT",
    )
    parser.add_argument("--formats", nargs="+", choices=FORMATS, default=list(FORMATS), help="what to write")


def run(args: argparse.Namespace) -> int:
    """Write, read back, compare with PyTorch at several sizes, time, and print a table.

    Raises:
        InputError: see `export`.
    """
    from bundle.export.exporting import export
    from scripts.memory import keep_freed_memory

    keep_freed_memory()  # as inference does, whose speed is compared
    export(args.out, args.checkpoint, args.formats, args.overlay, args.int8)
    return 0
