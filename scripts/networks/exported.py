"""A generator that was exported to TorchScript or ONNX, for inference in place of the network it was made of."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from scripts.errors import InputError
from scripts.files.digest import differs_from_note, digest_file_of
from scripts.files.seal import damage_of, is_archive
from scripts.networks import trained_on
from scripts.networks.definition import ENTRY, Definition, decoded, encoded
from scripts.networks.windowing import KeepsWindowing

SUFFIXES = (".ts", ".onnx")
FACTS = "stain_generator"  # entry of an ONNX file's metadata: JSON of what `ScriptableGenerator.facts` holds


class ExportedGenerator(KeepsWindowing):
    """CT (N, 1, H, W) to stain (N, 3, H, W), both in [0, 1], computed by another engine.

    It is run on tiles as a whole, see `TileInferer`. Copies share the engine.

    Args:
        run: the engine, float32 in and out, on the device it was given.
        facts: ``stride``, ``halo``, ``channels``, ``ct_window`` and ``ct_percentiles`` of the network, see
            `ResNetGenerator` and `KeepsWindowing`; ``network_def``, see `KeepsDefinition`, None in exports of version
            0.8 and before; ``trained_on_json``, see `TrainedOn`, None in those of version 0.9 and before.
        float32_only: whether the engine has no bfloat16.

    Raises:
        ValueError: ``network_def`` is none.
    """

    def __init__(
        self, run: Callable[[torch.Tensor], torch.Tensor], facts: dict[str, Any], float32_only: bool = False
    ) -> None:
        super().__init__()
        self.run, self.float32_only = run, float32_only
        self.stride, self.halo = int(facts["stride"]), int(facts["halo"])
        self.channels = tuple(int(number) for number in facts["channels"])
        self.set_windowing(facts["ct_window"], facts["ct_percentiles"])
        if facts.get(trained_on.ENTRY) is not None:
            self.trained_on = trained_on.decoded(facts[trained_on.ENTRY].cpu())
        described = facts.get(ENTRY)
        self.definition: Definition | None = None if described is None else decoded(described)

    def __deepcopy__(self, memo: dict[int, Any]) -> ExportedGenerator:
        return self

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.run(x)


def load_exported(path: Path, device: str | torch.device = "cpu") -> ExportedGenerator:
    """Load ``model.ts`` or ``model.onnx`` as `python -m bundle export` writes them.

    TorchScript is code, which may write files: load only what you trust. ONNX holds no code.

    Args:
        path: the file.
        device: where TorchScript is to compute; ONNX Runtime computes on the CPU.

    Raises:
        InputError: no such file; damaged, or not an export of a generator; ONNX Runtime is not installed.
    """
    if not path.is_file():
        raise InputError(
            f"There is no exported network {path}: make it with `python -m bundle export` in the source repository."
        )
    _refuse_damage(path)
    return _torchscript(path, torch.device(device)) if path.suffix == ".ts" else _onnx(path)


def _refuse_damage(path: Path) -> None:
    """TorchScript is a zip archive, with checksums and a digest; that of ONNX is noted beside the file."""
    again = "copy it again from where it came, or export the network again"
    try:
        damage = damage_of(path) if path.suffix == ".ts" and is_archive(path) else None
        if damage is not None:
            raise InputError(f"{path} is damaged ({damage}): {again}.")
        if differs_from_note(path):
            note = digest_file_of(path)
            raise InputError(
                f"{path} has another digest than {note.name} says: {again}. "
                f"If you changed the network on purpose, remove {note.name}."
            )
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror or error}): {again}.") from error


def _torchscript(path: Path, device: torch.device) -> ExportedGenerator:
    try:
        module = torch.jit.load(str(path), map_location=device).eval()
        facts = {name: getattr(module, name) for name in ("stride", "halo", "channels")}
        facts |= {name: getattr(module, name).tolist() for name in ("ct_window", "ct_percentiles")}
        facts |= {name: getattr(module, name, None) for name in (ENTRY, trained_on.ENTRY)}
        return ExportedGenerator(module, facts)
    except (RuntimeError, AttributeError, ValueError, TypeError) as error:
        raise _unusable(path, error) from error


def _onnx(path: Path) -> ExportedGenerator:
    try:
        import onnxruntime
    except ImportError as error:
        raise InputError(
            f"{path} is to be computed by ONNX Runtime, which is not installed: pip install onnxruntime, or give "
            "--checkpoint model.pt or model.ts."
        ) from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        facts = json.loads(session.get_modelmeta().custom_metadata_map[FACTS])
        facts[ENTRY] = encoded(facts[ENTRY]) if ENTRY in facts else None
        text = facts.get(trained_on.ENTRY)
        facts[trained_on.ENTRY] = None if text is None else trained_on.as_tensor(text)
        name = session.get_inputs()[0].name

        def run(x: torch.Tensor) -> torch.Tensor:
            stain = session.run(None, {name: x.detach().to("cpu", torch.float32).contiguous().numpy()})[0]
            return torch.from_numpy(stain).to(x.device)

        return ExportedGenerator(run, facts, float32_only=True)
    except Exception as error:  # ONNX Runtime has its own kinds, which derive from Exception alone
        raise _unusable(path, error) from error


def _unusable(path: Path, error: Exception) -> InputError:
    words = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
    return InputError(
        f"{path} cannot be used ({words}): it is damaged, or not a generator that "
        f"`python -m bundle export` of the source repository wrote."
    )
