"""Files of weights: what is accepted, what is refused with a sentence, and that writing never leaves half a file."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch

from scripts import checkpoint
from scripts.checkpoint import load_generator, read_checkpoint, save_atomically
from scripts.errors import InputError
from scripts.networks import StainGenerator


def generator(seed: int = 0, **options: Any) -> StainGenerator:
    torch.manual_seed(seed)
    defaults: dict[str, Any] = {"channels": (4, 4, 8), "blocks": 1}
    return StainGenerator(**defaults | options)


def same(a: StainGenerator, b: StainGenerator) -> bool:
    pairs = zip(a.state_dict().values(), b.state_dict().values(), strict=True)
    return all(torch.equal(x.nan_to_num(), y.nan_to_num()) for x, y in pairs)  # ct_window may be NaN


class TestAccepted:
    def test_flat_state_dict(self, tmp_path: Path) -> None:
        saved = generator(1)
        saved.set_windowing((5000.0, 35000.0), (1.0, 99.0))
        save_atomically(saved.state_dict(), tmp_path / "model.pt")
        loaded = load_generator(generator(), tmp_path / "model.pt")
        assert same(loaded, saved) and not loaded.training
        assert loaded.trained_window == (5000.0, 35000.0)

    def test_under_the_key_model(self, tmp_path: Path) -> None:
        save_atomically({"model": generator(1).state_dict()}, tmp_path / "model.pt")
        assert same(load_generator(generator(), str(tmp_path / "model.pt")), generator(1))

    def test_whole_training(self, tmp_path: Path) -> None:
        content = {
            "trainer": {"iteration": 5},
            "ct_to_stain": generator(1).state_dict(),
            "averaged": generator(2).state_dict(),
            "stain_pool": {"images": torch.zeros(1, 3, 4, 4)},
        }
        save_atomically(content, tmp_path / "checkpoint.pt")
        assert same(load_generator(generator(), tmp_path / "checkpoint.pt"), generator(2))
        del content["averaged"]
        save_atomically(content, tmp_path / "checkpoint.pt")
        assert same(load_generator(generator(), tmp_path / "checkpoint.pt"), generator(1))


class Malice:
    """Unpickling this runs a command."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.file),)


class TestRefused:
    @pytest.mark.parametrize(
        ("options", "reason"),
        [
            ({"blocks": 2}, "has besides trunk.1"),
            ({"blocks": 0}, "lacks trunk.0"),
            ({"norm": "none"}, "lacks stem.1"),
            ({"channels": (4, 8, 8)}, "another shape down.0"),
            ({"kernel_size": 7}, "another shape stem.0.weight"),
        ],
    )
    def test_another_architecture(self, tmp_path: Path, options: dict[str, Any], reason: str) -> None:
        save_atomically(generator(**options).state_dict(), tmp_path / "model.pt")
        network = generator(1)
        with pytest.raises(InputError, match=r"model\.pt is of another architecture than network_def") as caught:
            load_generator(network, tmp_path / "model.pt")
        assert reason in str(caught.value) and "\n" not in str(caught.value)
        assert same(network, generator(1))  # nothing was loaded halfway

    @pytest.mark.parametrize("options", [{"skip": False}, {"upsample": "bilinear"}])
    def test_options_that_no_shape_tells(self, tmp_path: Path, options: dict[str, Any]) -> None:
        save_atomically(generator(**options).state_dict(), tmp_path / "model.pt")
        with pytest.raises(InputError, match=f"trained with .*{'False' if 'skip' in options else 'bilinear'}"):
            load_generator(generator(), tmp_path / "model.pt")

    def test_another_dark_end(self, tmp_path: Path) -> None:
        save_atomically(generator(dark_end=0.25).state_dict(), tmp_path / "model.pt")
        load_generator(generator(dark_end=0.25), tmp_path / "model.pt")
        for other in (0.5, 0):
            with pytest.raises(InputError, match="trained with dark_end 0.25, not"):
                load_generator(generator(dark_end=other), tmp_path / "model.pt")

    def test_no_dark_end_as_in_earlier_versions(self, tmp_path: Path) -> None:
        save_atomically(generator(dark_end=0).state_dict(), tmp_path / "model.pt")
        load_generator(generator(dark_end=0), tmp_path / "model.pt")
        with pytest.raises(InputError, match="with --network_def#dark_end 0"):
            load_generator(generator(), tmp_path / "model.pt")

    def test_missing(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match=r"There is no checkpoint .*model\.pt"):
            read_checkpoint(tmp_path / "model.pt")
        with pytest.raises(InputError, match="There is no checkpoint"):
            read_checkpoint(tmp_path)  # a folder

    @pytest.mark.parametrize("garbage", [b"", b"no weights at all", bytes(range(256)) * 99, b"PK\x03\x04 and no zip"])
    def test_garbage(self, tmp_path: Path, garbage: bytes) -> None:
        (tmp_path / "model.pt").write_bytes(garbage)
        with pytest.raises(InputError, match=r"model\.pt is not a readable checkpoint"):
            read_checkpoint(tmp_path / "model.pt")

    @pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
    def test_truncated(self, tmp_path: Path, share: float) -> None:
        path = tmp_path / "model.pt"
        save_atomically(generator().state_dict(), path)
        whole = path.read_bytes()
        path.write_bytes(whole[: int(share * len(whole))])
        with pytest.raises(InputError, match="is not a readable checkpoint .*cut off"):
            read_checkpoint(path)

    @pytest.mark.parametrize("zipped", [True, False])
    def test_code_is_not_run(self, tmp_path: Path, zipped: bool) -> None:
        content = {"weight": torch.zeros(1), "code": Malice(tmp_path / "made")}
        if zipped:
            torch.save(content, tmp_path / "model.pt")
        else:
            (tmp_path / "model.pt").write_bytes(pickle.dumps(content["code"], protocol=2))
        with pytest.raises(InputError, match="is not a readable checkpoint"):
            read_checkpoint(tmp_path / "model.pt")
        assert not (tmp_path / "made").exists()

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

        monkeypatch.setattr(checkpoint.torch, "save", half)
        with pytest.raises(InputError, match=r"Cannot write .*model\.pt: .*Free some space"):
            save_atomically({"a": torch.zeros(2)}, path)
        assert path.read_bytes() == before

    def test_folder_that_cannot_be_written(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(InputError, match=r"Cannot write .*file/model\.pt"):
            save_atomically({}, tmp_path / "file" / "model.pt")


def test_weights_of_a_diverged_training_are_refused(tmp_path: Path) -> None:
    state = generator().state_dict()
    state["head.weight"][0, 0, 0, 0] = float("nan")
    save_atomically(state, tmp_path / "model.pt")
    with pytest.raises(InputError, match="diverged"):
        load_generator(generator(), tmp_path / "model.pt")
