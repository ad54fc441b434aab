"""The network that weights say they are of: asked for, checked, and built."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Mapping

import torch

from scripts.errors import InputError
from scripts.networks import StainEnsemble, StainGenerator, StainUNet, familiar, trained_on
from scripts.networks.definition import (
    ENTRY,
    PACKAGE,
    TARGET,
    Definition,
    KeepsDefinition,
    decoded,
    difference,
    parts_of,
)
from scripts.weights.finite import WINDOW

Trained = StainGenerator | StainUNet | StainEnsemble
#: All that weights can name: a file must not choose what code is run.
BUILDERS: dict[str, Callable[..., Trained]] = {
    f"{PACKAGE}.{builder.__name__}": builder for builder in (StainGenerator, StainUNet, StainEnsemble)
}
#: Entries of weights that are texts, and that weights of earlier versions lack; those of a member have its prefix.
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
    for part in parts_of(definition):
        _refuse_unknown(part, path)
    _refuse_other_members(tensors, definition, path)
    return definition


def _refuse_unknown(definition: Definition, path: str | os.PathLike[str]) -> None:
    """Refuse a network, or an argument of one, that this version does not know."""
    if definition[TARGET] in BUILDERS:
        known = inspect.signature(BUILDERS[definition[TARGET]]).parameters
        unknown = [name for name in definition if name not in (TARGET, *known)]
        if not unknown:
            return
        what = f"describes its network by {unknown[0]!r}"
    else:
        what = f"names a network {definition[TARGET]!r}"
    raise InputError(
        f"{path} {what}, of which this version knows nothing: "
        "use the version that trained it, or give --checkpoint another one."
    )


def _refuse_other_members(
    tensors: Mapping[str, torch.Tensor], definition: Definition, path: str | os.PathLike[str]
) -> None:
    """Refuse an ensemble, one of whose members says that it is another network."""
    for name in tensors:
        if not name.endswith(f".{ENTRY}"):
            continue
        try:
            different = None if decoded(tensors[name]) == definition.get("of") else "is of another network"
        except ValueError as error:
            different = f"is damaged ({error})"
        if different is not None:
            raise InputError(f"{path} cannot be used: {name.removesuffix(f'.{ENTRY}')} {different}; {REMEDY}.")


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
    try:
        for part in parts_of(definition):
            for name in ("blocks", "members"):
                number = part.get(name, 0)
                if not isinstance(number, int) or number > len(tensors):  # each has several
                    raise ValueError(f"{name} is {number!r}, and the file holds {len(tensors)} tensors")
        with torch.device("meta"):
            network = _built(definition)
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


def _built(definition: Definition) -> Trained:
    arguments = {name: _built(value) if isinstance(value, dict) else value for name, value in definition.items()}
    del arguments[TARGET]
    return BUILDERS[definition[TARGET]](**arguments)


def first_misfit(tensors: Mapping[str, torch.Tensor], shapes: Mapping[str, torch.Size]) -> str | None:
    """Say in which tensor weights differ from a network, and in how many; None where they fit.

    Args:
        tensors: the weights.
        shapes: as of `shapes_of`.
    """
    missing = [name for name in shapes if name not in tensors and _last(name) not in OPTIONAL]
    own = {"", *(_parent(name) for name in shapes if _last(name) == WINDOW)}  # the network, and its members
    foreign = [name for name in tensors if name not in shapes and not (_last(name) in TEXTS and _parent(name) in own)]
    reshaped = [name for name in shapes if name in tensors and tensors[name].shape != shapes[name]]
    for what, names in (("lacks", missing), ("has besides", foreign), ("has in another shape", reshaped)):
        if names:
            return f"{what} {names[0]} ({len(names)} such)"
    return None


def shapes_of(network: torch.nn.Module) -> dict[str, torch.Size]:
    """Of each tensor that a network needs."""
    return {name: value.shape for name, value in network.state_dict().items() if _last(name) not in TEXTS}


def _last(name: str) -> str:
    return name.rsplit(".", 1)[-1]


def _parent(name: str) -> str:
    """Whose tensor it is: empty for the network's own, ``members.0`` for a member's."""
    return name.rpartition(".")[0]


def contradicting_buffer(tensors: Mapping[str, torch.Tensor], network: Trained) -> str | None:
    """Name a buffer that keeps an argument which no shape tells, and has another value than `network`'s."""
    return None if isinstance(network, StainUNet) else network.contradicting_buffer(tensors)


def refuse_damaged_text(tensors: Mapping[str, torch.Tensor], path: str | os.PathLike[str]) -> None:
    """Check what weights say of the scans of their training, if they say anything.

    Raises:
        InputError: it is damaged.
    """
    try:
        for name in tensors:
            if _last(name) == trained_on.ENTRY:
                trained_on.decoded(tensors[name])
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
