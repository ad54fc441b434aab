"""The command line ``python -m bundle``: what surrounds the bundle."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Sequence
from types import ModuleType

from bundle import lpips_weights, stain
from bundle.evidence import blocks, lut, tissue
from bundle.evidence.benchmark import command as benchmark
from bundle.evidence.limits import command as limits
from bundle.evidence.speed import command as speed
from bundle.evidence.uncertainty import command as uncertainty
from bundle.export import command as export
from bundle.monailabel import command as monailabel
from bundle.pairs import command as pairs
from bundle.release.demo import command as demo
from bundle.release.package import command as package
from bundle.release.reference import command as reference
from bundle.synthetic.phantom import command as phantom
from bundle.synthetic.slides import command as slides
from bundle.view import command as view
from scripts.errors import find_input_error

COMMANDS: dict[str, tuple[ModuleType, str]] = {
    "demo": (demo, "train a small model, evaluate it and the shipped one, stain a volume, draw pictures"),
    "phantom": (phantom, "write the synthetic data set"),
    "pairs": (pairs, "register sections to their scans: to a checked pair, or a whole study to a data set"),
    "slides": (slides, "write a synthetic study: scans of blocks, and slides of sections cut from them"),
    "blocks": (blocks, "make a data set of one registered pair, its splits apart from each other in the field"),
    "lut": (lut, "evaluate the best grey-to-colour lookup table, the baseline to beat"),
    "speed": (speed, "measure memory, speed, seams, restarts; print tables"),
    "benchmark": (benchmark, "train and evaluate recipes with several seeds, compare their scores and stains"),
    "limits": (limits, "draw how the stain gets worse with fewer or misregistered pairs, unseen implants, poor scans"),
    "tissue": (tissue, "fit the classifier by which evaluation tells whether the stain shows the right tissues"),
    "uncertainty": (
        uncertainty,
        "judge whether a stain's uncertainty ranks its errors and notices unseen implants",
    ),
    "stain": (stain, "stain one image or small volume, in memory, to one file"),
    "view": (view, "write a stained volume as one HTML page that any browser shows"),
    "export": (export, "write the network as TorchScript and ONNX, checked against PyTorch"),
    "package": (package, "write the bundle as the MONAI Model Zoo wants it, and check it"),
    "reference": (reference, "write docs/reference.md from the comments of the configs"),
    "monailabel": (monailabel, "lay out a MONAI Label app that serves the bundle"),
    "lpips-weights": (lpips_weights, "obtain the AlexNet weights that LPIPS needs"),
}


class Defaults(argparse.ArgumentDefaultsHelpFormatter):
    """Adds its default to an option's help, where there is one and the help does not say it."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        if action.default is None or "(default" in (action.help or ""):
            return action.help
        return super()._get_help_string(action)


def parser() -> argparse.ArgumentParser:
    """The parser of all commands; what it parses has the command's function as ``run``."""
    every = argparse.ArgumentParser(prog="python -m bundle", description=__doc__)
    commands = every.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (module, summary) in COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=summary, formatter_class=Defaults)
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    return every


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return the exit status; a user's mistake ends in one sentence and status 1."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a file's name may be no text, as on the error output
    every = parser()
    if "" in (sys.argv[1:] if arguments is None else arguments):  # an empty path would be the current folder
        every.error("an argument is empty: give it a value, or leave it and its option out")
    options = every.parse_args(arguments)
    try:
        return options.run(options)
    except Exception as error:
        mistake = find_input_error(error)  # MONAI wraps what a transform raises
        if mistake is None:
            raise
        print(f"error: {mistake}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
