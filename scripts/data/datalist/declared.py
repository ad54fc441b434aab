"""What a data list says of its pairs besides their files: materials of the implants, and whether they were computed."""

from __future__ import annotations

import reprlib
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

from scripts.data.datalist.file import find_list, read_list
from scripts.errors import InputError

MATERIAL = "material"
SYNTHETIC = "synthetic"
PHANTOM = "phantom"  # the block in which the phantom says what it made
LONGEST = 60  # characters of a material's name
MOST = 24  # materials


class Declared(NamedTuple):
    """Of one split.

    Attributes:
        materials: of the implants, sorted, each once; empty where nothing is named.
        synthetic: whether the pairs were computed, not scanned; None where the list does not say.
    """

    materials: tuple[str, ...]
    synthetic: bool | None


def declared(dataset_dir: str | PathLike[str], split: str) -> Declared:
    """Read what ``dataset_dir/datalist.json`` says.

    That is ``"material"`` of an item or of a specimen in the block of a phantom, and ``"synthetic"``. A list with
    such a block is synthetic.

    Raises:
        InputError: there is no list; a material or ``"synthetic"`` of another kind.
    """
    path = find_list(Path(dataset_dir))
    content = read_list(path)
    block = content.get(PHANTOM)
    materials = sorted(set(materials_of(dataset_dir, split).values()))
    if len(materials) > MOST:
        raise InputError(f"{path} names {len(materials)} materials in {split!r}, at most {MOST} are kept: name fewer.")
    synthetic = content.get(SYNTHETIC, True if block else None)
    if synthetic is not None and not isinstance(synthetic, bool):
        raise InputError(f"The value of {SYNTHETIC!r} in {path} is {reprlib.repr(synthetic)}: write true or false.")
    return Declared(tuple(materials), synthetic)


def materials_of(dataset_dir: str | PathLike[str], split: str) -> dict[str, str]:
    """The implant's material of each specimen of a split, where the list names it.

    Raises:
        InputError: there is no list; a material that is no text.
    """
    path = find_list(Path(dataset_dir))
    content = read_list(path)
    block = content.get(PHANTOM)
    of_phantom = block.get("specimens", {}) if isinstance(block, Mapping) else {}
    named = {str(item.get("specimen")): _material(item, of_phantom, path) for item in content.get(split, ())}
    return {specimen: material for specimen, material in named.items() if material is not None}


def _material(item: Mapping[str, Any], of_phantom: Mapping[str, Any], path: Path) -> str | None:
    specimen = of_phantom.get(str(item.get("specimen")))
    noted: Sequence[Any] = (item.get(MATERIAL), specimen.get(MATERIAL) if isinstance(specimen, Mapping) else None)
    name = next((name for name in noted if name not in (None, "")), None)
    if name is not None and (not isinstance(name, str) or len(name) > LONGEST):
        raise InputError(
            f'The {MATERIAL!r} of a pair in {path} is {reprlib.repr(name)}: write a name such as "Ti", of at most '
            f"{LONGEST} characters."
        )
    return name
