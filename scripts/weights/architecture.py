"""The network that weights say they are of: asked for, checked, and built."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Mapping

import torch

from scripts.errors import InputError
from scripts.networks import StainGenerator, StainUNet, familiar, trained_on
from scripts.networks.definition import ENTRY, PACKAGE, TARGET, Definition, KeepsDefinition, decoded, difference

Trained = StainGenerator | StainUNet
#: All that weights can name: a file must not choose what code is run.
BUILDERS: dict[str, Callable[..., Trained]] = {
    f"{PACKAGE}.{builder.__name__}": builder for builder in (StainGenerator, StainUNet)
}
#: Entries of weights that are texts, and that weights of earlier versions lack.
TEXTS = (ENTRY, trained_on.ENTRY)
#: Entries of a fixed shape that weights of earlier versions lack.
OPTIONAL = (familiar.ENTRY,)
REMEDY = "take the file as its training wrote it, or give --checkpoint another one"


def definition_in(
    tensors: Mapping[str, torch.Tensor], path: str | os.PathLike[str], asked: KeepsDefinition
) -> Definition | None:
    """What the weights of a file say they are of; None for weights of version 0.8 and before, which do not say.

    Args:
        tensors: the weights.
        path: of the file, for messages.
        asked: what the config builds. Weights of its own class are known, if it is a user's.

    Raises:
        InputError: it is damaged, or a network or argument that this version does not know.
    """
    if ENTRY not in tensors:
        return None
    try:
        definition = decoded(tensors[ENTRY])
    except ValueError as error:
        raise InputError(f"{path} cannot be used: {error}; {REMEDY}.") from error
    if definition[TARGET] == asked.definition[TARGET] and definition[TARGET] not in BUILDERS:
        return definition
    if definition[TARGET] not in BUILDERS:
        raise InputError(
            f"{path} names a network {definition[TARGET]!r}, of which this version knows nothing: "
            "use the version that trained it, or give --checkpoint another one."
        )
    known = inspect.signature(BUILDERS[definition[TARGET]]).parameters
    unknown = [name for name in definition if name not in (TARGET, *known)]
    if unknown:
        raise InputError(
            f"{path} describes its network by {unknown[0]!r}, of which this version knows nothing: "
            "use the version that trained it, or give --checkpoint another one."
        )
    return definition


def refuse_contradiction(trained: Definition, asked: KeepsDefinition, path: str | os.PathLike[str]) -> None:
    """Check that `network_def` asks for nothing else than the weights are of.

    A `StainGenerator` of which no argument was given asks for nothing: it stands in the configs for any network.

    Raises:
        InputError: a value differs.
    """
    if not asked.asked and type(asked) is StainGenerator:
        return
    definition = asked.definition
    wanted = {name: value for name, value in definition.items() if name in asked.asked or name == TARGET}
    different = difference(trained, wanted)
    if different is not None:
        raise InputError(
            f"{path} is of another architecture than network_def: it {different}. "
            "Leave network_def out, the weights say what it is, or give another --checkpoint."
        )


def build_empty(definition: Definition, tensors: Mapping[str, torch.Tensor], path: str | os.PathLike[str]) -> Trained:
    """Build the network that weights are of, without any numbers in it, once it is clear that the weights fill it.

    So a file makes nobody wait for, or hold in memory, more than what lies in it.

    Args:
        definition: as of `definition_in`.
        tensors: the weights.
        path: of the file, for messages.

    Raises:
        InputError: no such network can be built, or the weights are of another.
    """
    arguments = {name: value for name, value in definition.items() if name != TARGET}
    blocks = arguments.get("blocks", 0)
    try:
        if not isinstance(blocks, int) or blocks > len(tensors):  # each has several
            raise ValueError(f"blocks is {blocks!r}, and the file holds {len(tensors)} tensors")
        with torch.device("meta"):
            network = BUILDERS[definition[TARGET]](**arguments)
        shapes = shapes_of(network)
    except (ValueError, TypeError, RuntimeError) as error:
        words = (str(error) or type(error).__name__).splitlines()[0].rstrip(".")
        raise InputError(f"{path} describes a network that cannot be built ({words}): {REMEDY}.") from error
    built = network.definition
    different = difference(definition, built) or next((f"has {name}" for name in definition if name not in built), None)
    if different is not None:
        raise InputError(f"{path} describes a network that cannot be built (it {different}): {REMEDY}.")
    misfit = first_misfit(tensors, shapes)
    if misfit is not None:
        raise InputError(
            f"The weights in {path} are not of the network that the file describes: it {misfit}; {REMEDY}."
        )
    contradiction = contradicting_buffer(tensors, network)
    if contradiction is not None:
        raise InputError(f"The weights in {path} and what the file says of them differ in {contradiction}: {REMEDY}.")
    return network.to_empty(device="cpu")


def first_misfit(tensors: Mapping[str, torch.Tensor], shapes: Mapping[str, torch.Size]) -> str | None:
    """Say in which tensor weights differ from a network, and in how many; None where they fit.

    Args:
        tensors: the weights.
        shapes: as of `shapes_of`.
    """
    missing = [name for name in shapes if name not in tensors and name not in OPTIONAL]
    foreign = [name for name in tensors if name not in shapes and name not in TEXTS]
    reshaped = [name for name in shapes if name in tensors and tensors[name].shape != shapes[name]]
    for what, names in (("lacks", missing), ("has besides", foreign), ("has in another shape", reshaped)):
        if names:
            return f"{what} {names[0]} ({len(names)} such)"
    return None


def shapes_of(network: torch.nn.Module) -> dict[str, torch.Size]:
    """Of each tensor that a network needs."""
    return {name: value.shape for name, value in network.state_dict().items() if name not in TEXTS}


def contradicting_buffer(tensors: Mapping[str, torch.Tensor], network: Trained) -> str | None:
    """Name a buffer that keeps an argument which no shape tells, and has another value than `network`'s."""
    return network.contradicting_buffer(tensors) if isinstance(network, StainGenerator) else None


def refuse_damaged_text(tensors: Mapping[str, torch.Tensor], path: str | os.PathLike[str]) -> None:
    """Check what weights say of the scans of their training, if they say anything.

    Raises:
        InputError: it is damaged.
    """
    try:
        if trained_on.ENTRY in tensors:
            trained_on.decoded(tensors[trained_on.ENTRY])
    except ValueError as error:
        raise InputError(f"{path} cannot be used: {error}; {REMEDY}.") from error


def require_numbers(tensors: Mapping[str, torch.Tensor], path: str | os.PathLike[str]) -> None:
    """Check that a number lies in the file for each entry of each tensor, which can show one number many times.

    Raises:
        InputError: there are fewer.
    """
    plain = [t for t in tensors.values() if t.layout == torch.strided and t.device.type == "cpu" and not t.is_quantized]
    held = {tensor.untyped_storage().data_ptr(): tensor.untyped_storage().nbytes() for tensor in plain}
    if len(plain) < len(tensors) or sum(held.values()) < sum(t.numel() * t.element_size() for t in plain):
        raise InputError(f"The weights in {path} are larger than what lies in the file: {REMEDY}.")
