"""The command ``familiar``: adds to weights the features of their training, by which inference finds what is new."""

from __future__ import annotations

import argparse
from pathlib import Path

from bundle.shared.places import PHANTOM


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("weights", type=Path, help="model.pt or checkpoint.pt of a training")
    parser.add_argument("--dataset_dir", type=Path, default=PHANTOM, help="what it was trained on, with datalist.json")
    parser.add_argument("--out", type=Path, required=True, help="file for the weights with the features")
    parser.add_argument("--seed", type=int, default=0, help="of the places that are drawn")


def run(args: argparse.Namespace) -> int:
    """Find them in the training split, scale by the validation split, and write.

    Raises:
        InputError: weights or data that cannot be used; a network without a trunk; a file that exists.
    """
    from bundle.shared.trained_network import read_network
    from bundle.shared.windowed_pairs import load_pairs, training_size
    from scripts.errors import InputError
    from scripts.fit.familiar import find_familiar
    from scripts.networks import StainGenerator
    from scripts.weights.checkpoint import save_atomically
    from scripts.weights.origin import converted

    if args.out.exists():
        raise InputError(f"{args.out} exists already: give another --out.")
    network = read_network(args.weights)
    if not isinstance(network, StainGenerator):
        raise InputError(f"{args.weights} is a {type(network).__name__}, whose features are not kept.")
    size = network.trained_on.pixel_um or training_size(args.dataset_dir)
    training, held_out = (load_pairs(args.dataset_dir, split, working_um=size) for split in ("training", "validation"))
    network.known_features = find_familiar(network, training, held_out, args.seed)
    network.trained_on = converted(network.trained_on, args.weights)
    save_atomically(network.state_dict(), args.out)
    print(
        f"weights in {args.out}; their novelty is scaled by the {len(held_out)} validation slices of {args.dataset_dir}"
    )
    return 0


def weights_used(args: argparse.Namespace) -> list[Path]:
    """Whose last line this command ends with."""
    return [args.weights]
