"""What a phantom says of its specimens."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bundle.synthetic.phantom.datalist import materials, read_phantom
from scripts.errors import InputError


def test_materials(phantom: Path) -> None:
    assert materials(phantom) == {"S01": "Mg-5Gd", "S02": "Mg-10Gd", "S03": "Mg-5Gd"}


def test_other_data_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no phantom"):
        read_phantom(tmp_path)
    (tmp_path / "datalist.json").write_text(json.dumps({"training": []}))
    with pytest.raises(InputError, match="holds no phantom"):
        read_phantom(tmp_path)
