"""The commands by their groups: their names and what each does, known without importing any of them."""

from __future__ import annotations

from typing import NamedTuple


class Command(NamedTuple):
    """A command.

    Attributes:
        module: has ``add_arguments(parser)`` and ``run(args)``, and imports nothing heavy before ``run`` is called;
            may have ``interrupted(args)``, a better answer than the attribute's, and ``weights_used(args)``, files of
            weights besides the option ``--checkpoint``.
        summary: what it does, for the help.
        interrupted: how the user goes on after Ctrl-C, whatever the options are.
    """

    module: str
    summary: str
    interrupted: str = "nothing half written counts; give the same command again"


GOES_ON = "the same command goes on where it stopped"

GROUPS: dict[str, dict[str, Command]] = {
    "workflows": {
        "train": Command(
            "bundle.workflows.train",
            "train the network on registered pairs of CT and section",
        ),
        "folds": Command(
            "bundle.workflows.folds.command",
            "cross-validate by specimen: train and score each fold, and make one ensemble of them",
            GOES_ON,
        ),
        "evaluate": Command("bundle.workflows.evaluate", "score a trained network against true sections"),
        "stain": Command("bundle.workflows.stain", "stain images and volumes of any size"),
        "convert": Command(
            "bundle.workflows.convert",
            "write a stained volume in another format",
            "files that are whole stay; give the same command with the formats that are missing",
        ),
    },
    "tools": {
        "data": Command(
            "bundle.data.command", "match CT slices and sections by name, check every pair, write the data list"
        ),
        "pairs": Command(
            "bundle.pairs.command",
            "register sections to their scans: to a checked pair, or a whole study to a data set",
            GOES_ON,
        ),
        "window": Command(
            "bundle.window.command", "draw a scan's histogram and its slice at each window, and say which one is taken"
        ),
        "view": Command("bundle.view.command", "write a stained volume as one HTML page that any browser shows"),
        "monailabel": Command("bundle.monailabel.command", "lay out a MONAI Label app that serves the bundle"),
        "export": Command("bundle.export.command", "write the network as TorchScript and ONNX, and compare"),
        "familiar": Command(
            "bundle.familiar.command", "add to weights the features of their training, by which novelty is found"
        ),
        "ensemble": Command("bundle.ensemble.command", "make one file of several weights: its stain is their mean"),
        "lpips-weights": Command("bundle.lpips_weights.command", "obtain the AlexNet weights that LPIPS needs"),
    },
    "evidence": {
        "speed": Command("bundle.evidence.speed.command", "measure memory, speed, seams, restarts; print tables"),
        "benchmark": Command(
            "bundle.evidence.benchmark.command",
            "train and evaluate recipes with several seeds, compare their scores and stains",
            GOES_ON,
        ),
        "limits": Command(
            "bundle.evidence.limits.command",
            "draw how the stain gets worse with fewer or misregistered pairs, unseen implants, poor scans",
            GOES_ON,
        ),
        "greyscale": Command(
            "bundle.evidence.greyscale.command",
            "measure how far metal moves the window that is found, and how much bone is stained as metal",
        ),
        "uncertainty": Command(
            "bundle.evidence.uncertainty.command",
            "judge whether a stain's uncertainty ranks its errors and notices unseen implants",
        ),
        "fit": Command(
            "bundle.evidence.fit.command",
            "count how often a scan that does not fit the weights is named, and one that does",
        ),
        "lut": Command("bundle.evidence.lut", "evaluate the best grey-to-colour lookup table, the baseline to beat"),
        "tissue": Command(
            "bundle.evidence.tissue.command",
            "fit the classifier by which evaluation tells whether the stain shows the right tissues",
        ),
        "blocks": Command(
            "bundle.evidence.blocks.command",
            "make a data set of one registered pair, its splits apart from each other in the field",
        ),
    },
    "synthetic": {
        "phantom": Command("bundle.synthetic.phantom.command", "write the synthetic data set"),
        "slides": Command(
            "bundle.synthetic.slides.command",
            "write a synthetic study: scans of blocks, and slides of sections cut from them",
        ),
    },
    "release": {
        "package": Command(
            "bundle.release.package.command", "write the bundle as the MONAI Model Zoo wants it, and check it"
        ),
        "reference": Command(
            "bundle.release.reference.command", "write docs/reference.md from the comments of the configs"
        ),
        "demo": Command(
            "bundle.release.demo.command",
            "train a small model, evaluate it and the shipped one, stain a volume, draw pictures",
        ),
    },
}

COMMANDS: dict[str, Command] = {name: command for group in GROUPS.values() for name, command in group.items()}
