"""Files of weights: what is accepted, what is refused with a sentence, and that writing never leaves half a file."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch

from scripts.errors import InputError
from scripts.networks import StainGenerator
from scripts.weights.checkpoint import read_checkpoint, save_atomically


def generator(seed: int = 0, **options: Any) -> StainGenerator:
    torch.manual_seed(seed)
    defaults: dict[str, Any] = {"channels": (4, 4, 8), "blocks": 1}
    return StainGenerator(**defaults | options)


class Malice:
    """Unpickling this runs a command."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.file),)


class TestRefused:
    def test_missing(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match=r"There is no checkpoint .*model\.pt"):
            read_checkpoint(tmp_path / "model.pt")
        with pytest.raises(InputError, match=r"There is no checkpoint .*, which is a folder: give"):
            read_checkpoint(tmp_path)

    @pytest.mark.parametrize(
        ("content", "sentence"),
        [
            (b"", r"is empty: .*Copy it again"),
            (b"version https://git-lfs.github.com/spec/v1\noid sha256:abc\n", "is a pointer of Git LFS.*git lfs pull"),
            (b"\n<!DOCTYPE html><html>404</html>", "is a web page.*download the file itself"),
            (b"\x20\0\0\0\0\0\0\0" + b'{"weight":{"dtype":"F32"}}', "is a file of safetensors: give --checkpoint"),
            (b"\x89HDF\r\n\x1a\n", "is an HDF5 file"),
            (b"no weights at all", "is damaged, or torch.save did not write it: give --checkpoint"),
            (bytes(range(256)) * 99, "is damaged, or torch.save did not write it"),
            (b"PK\x03\x04 and no zip", r"is damaged \(its end is missing\)"),
        ],
    )
    def test_other_files(self, tmp_path: Path, content: bytes, sentence: str) -> None:
        (tmp_path / "model.pt").write_bytes(content)
        with pytest.raises(InputError, match=r"model\.pt " + sentence) as caught:
            read_checkpoint(tmp_path / "model.pt")
        assert "\n" not in str(caught.value)

    def test_a_zip_of_weights(self, tmp_path: Path) -> None:
        with zipfile.ZipFile(tmp_path / "model.zip", "w") as archive:
            archive.writestr("model.pt", b"weights")
        with pytest.raises(InputError, match=r"is a zip archive that torch.save did not write: unpack it"):
            read_checkpoint(tmp_path / "model.zip")

    def test_torchscript_by_another_name(self, tmp_path: Path) -> None:
        torch.jit.save(torch.jit.script(torch.nn.Conv2d(1, 3, 3)), str(tmp_path / "model.pt"))
        with pytest.raises(InputError, match=r"is a TorchScript network: let its name end in \.ts"):
            read_checkpoint(tmp_path / "model.pt")

    @pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
    def test_truncated(self, tmp_path: Path, share: float) -> None:
        path = tmp_path / "model.pt"
        torch.save(generator().state_dict(), path)
        whole = path.read_bytes()
        path.write_bytes(whole[: int(share * len(whole))])
        with pytest.raises(InputError, match=r"is damaged \(its end is missing\): copy it again"):
            read_checkpoint(path)

    @pytest.mark.parametrize("zipped", [True, False])
    def test_code_is_not_run(self, tmp_path: Path, zipped: bool) -> None:
        content = {"weight": torch.zeros(1), "code": Malice(tmp_path / "made")}
        torch.save(content, tmp_path / "model.pt", _use_new_zipfile_serialization=zipped)
        with pytest.raises(InputError, match=r"model.pt holds Python objects \(\w+\.mkdir\), which run code"):
            read_checkpoint(tmp_path / "model.pt")
        assert not (tmp_path / "made").exists()

    def test_a_whole_module(self, tmp_path: Path) -> None:
        torch.save(torch.nn.Conv2d(1, 3, 3), tmp_path / "model.pt")
        with pytest.raises(
            InputError, match=r"holds Python objects \(torch\.nn\.modules\.conv\.Conv2d\).*state_dict\(\)"
        ):
            read_checkpoint(tmp_path / "model.pt")

    @pytest.mark.parametrize("content", [[1, 2], {}, torch.zeros(3)])
    def test_no_state_dict(self, tmp_path: Path, content: Any) -> None:
        torch.save(content, tmp_path / "model.pt")
        with pytest.raises(InputError, match="holds no state dict"):
            read_checkpoint(tmp_path / "model.pt")


class TestWriting:
    def test_folders_are_made_and_nothing_is_left_beside(self, tmp_path: Path) -> None:
        path = tmp_path / "new" / "folder" / "model.pt"
        save_atomically({"a": torch.ones(2)}, path)
        save_atomically({"a": torch.zeros(2)}, path)
        assert torch.equal(torch.load(path, weights_only=True)["a"], torch.zeros(2))
        assert list(path.parent.iterdir()) == [path]

    @pytest.mark.parametrize("error", [OSError(28, "No space left on device"), RuntimeError("unexpected pos")])
    def test_old_file_survives_a_full_disk(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
    ) -> None:
        path = tmp_path / "model.pt"
        save_atomically({"a": torch.ones(2)}, path)
        before = path.read_bytes()

        def half(content: Any, target: Path) -> None:
            target.write_bytes(before[:50])
            raise error

        monkeypatch.setattr(torch, "save", half)
        with pytest.raises(InputError, match=r"model\.pt cannot be written .*free some space"):
            save_atomically({"a": torch.zeros(2)}, path)
        assert path.read_bytes() == before
        assert list(tmp_path.iterdir()) == [path]  # half a file would keep the disk full

    def test_folder_that_cannot_be_written(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(InputError, match=r"file/model\.pt cannot be written"):
            save_atomically({}, tmp_path / "file" / "model.pt")


def test_weights_of_a_diverged_training_are_not_written(tmp_path: Path) -> None:
    save_atomically({"a": torch.ones(2)}, tmp_path / "model.pt")
    before = (tmp_path / "model.pt").read_bytes()
    with pytest.raises(FloatingPointError, match="a is not finite"):
        save_atomically({"a": torch.tensor([1.0, float("inf")])}, tmp_path / "model.pt")
    assert (tmp_path / "model.pt").read_bytes() == before
