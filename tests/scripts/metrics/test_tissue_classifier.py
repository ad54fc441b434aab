"""The network that names tissues, and its file."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from scripts.errors import InputError
from scripts.metrics.tissue_classifier import TissueClassifier, load_tissue_classifier


def test_names_every_pixel_whatever_the_size_and_the_same_after_reading(tmp_path: Path) -> None:
    torch.manual_seed(0)
    classifier = TissueClassifier()
    stain = torch.rand(3, 70, 45)
    found = classifier.classify(stain)
    assert found.shape == (70, 45)
    assert found.dtype == torch.int64
    assert found.min() >= 0
    assert found.max() < 8
    torch.save(classifier.state_dict(), tmp_path / "tissue.pt")
    assert torch.equal(load_tissue_classifier(tmp_path / "tissue.pt").classify(stain), found)


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"There is no tissue classifier .*missing\.pt: fit one with `python -m bundle tissue`"
    ):
        load_tissue_classifier(tmp_path / "missing.pt")
    torch.save({"weight": torch.zeros(3)}, tmp_path / "other.pt")
    with pytest.raises(InputError, match=r"other\.pt holds no tissue classifier"):
        load_tissue_classifier(tmp_path / "other.pt")
