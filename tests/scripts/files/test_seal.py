"""The digest at the end of a file of weights: other readers do not mind it, and no damage passes."""

from __future__ import annotations

import hashlib
import random
import zipfile
from pathlib import Path

import pytest
import torch
from monai.networks.utils import copy_model_state

from scripts.errors import InputError
from scripts.files.seal import damage_of, is_archive, seal
from scripts.weights.checkpoint import read_checkpoint, save_atomically
from tests.conftest import ROOT

STATE = {"weight": torch.arange(12.0).reshape(3, 4), "bias": torch.ones(3)}


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    save_atomically(STATE, tmp_path / "model.pt")
    return tmp_path / "model.pt"


def flipped(content: bytes, bit: int) -> bytes:
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def test_the_comment_is_the_digest_of_all_before_it(sealed: Path) -> None:
    with zipfile.ZipFile(sealed) as archive:
        comment = archive.comment
    content = sealed.read_bytes()
    assert content.endswith(comment)
    assert len(comment) == 71
    assert comment == b"sha256:" + hashlib.sha256(content[:-71]).hexdigest().encode()


def test_other_readers_read_it(sealed: Path) -> None:
    layer = torch.nn.Linear(4, 3)
    copy_model_state(layer, torch.load(sealed, weights_only=True, mmap=True))
    assert torch.equal(layer.weight, STATE["weight"])
    assert torch.equal(layer.bias, STATE["bias"])
    with zipfile.ZipFile(sealed) as archive:
        assert archive.testzip() is None


def test_every_flipped_bit_is_noticed(sealed: Path) -> None:
    content = sealed.read_bytes()
    chance = random.Random(0)
    bits = [chance.randrange(8 * len(content)) for _ in range(50)]
    bits += range(8 * len(content) - 8 * 95, 8 * len(content), 7)  # the last record and the comment
    for bit in bits:
        sealed.write_bytes(flipped(content, bit))
        with pytest.raises(InputError, match=r"model\.pt is damaged"):
            read_checkpoint(sealed)


def test_every_cut_is_noticed(sealed: Path) -> None:
    content = sealed.read_bytes()
    for left in (4, len(content) // 2, len(content) - 93, len(content) - 72, len(content) - 71, len(content) - 1):
        sealed.write_bytes(content[:left])
        with pytest.raises(InputError, match=r"model\.pt is damaged"):
            read_checkpoint(sealed)


def test_files_of_other_programs_have_the_checksums_of_their_entries(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    torch.save(STATE, path)
    assert is_archive(path)
    assert damage_of(path) is None
    place = path.read_bytes().index(STATE["weight"].numpy().tobytes())
    path.write_bytes(flipped(path.read_bytes(), 8 * place + 100))
    assert "/data/0" in str(damage_of(path))
    with pytest.raises(InputError, match=r"is damaged .*copy it again from where it came"):
        read_checkpoint(path)


def test_the_format_before_zip_is_read_without_a_check(tmp_path: Path) -> None:
    torch.save(STATE, tmp_path / "old.pt", _use_new_zipfile_serialization=False)
    assert not is_archive(tmp_path / "old.pt")
    assert torch.equal(read_checkpoint(tmp_path / "old.pt")["weight"], STATE["weight"])


def test_only_an_archive_without_comment_is_sealed(sealed: Path) -> None:
    with pytest.raises(ValueError, match="is no zip archive without a comment"):
        seal(sealed)


def test_the_shipped_weights_are_sealed() -> None:
    with zipfile.ZipFile(ROOT / "models" / "model.pt") as archive:
        assert archive.comment.startswith(b"sha256:")
    assert damage_of(ROOT / "models" / "model.pt") is None
