"""The file of a data list: what is no list, and what is no JSON."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest

from scripts.data.datalist.file import find_list, parse_list
from scripts.errors import InputError

GOOD = '{"training": [{"ct": "Schädel.tif"}]}'


def refused(folder: Path, content: bytes | str) -> str:
    path = folder / "datalist.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputError) as caught:
        parse_list(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_no_folder_or_no_list_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere does not exist: give --dataset_dir"):
        find_list(tmp_path / "nowhere")
    with pytest.raises(InputError, match=r'--dataset_dir, or write the list: {"training": \[{"ct": .*docs/README.md'):
        find_list(tmp_path)
    (tmp_path / "datalist.json").write_text("{}")
    with pytest.raises(InputError, match=f"is a file.* folder of datalist.json, here {tmp_path}"):
        find_list(tmp_path / "datalist.json")
    assert find_list(tmp_path) == tmp_path / "datalist.json"


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["train", "trainA", "trainB"], 'CycleGAN-and-pix2pix: list CT images as "ct"'),
        (["train"], "side by side, cut each into two files"),
        (["dataset.json", "imagesTr"], "nnU-Net: list CT images"),
        (["dataset.json"], "copy its pairs into datalist.json"),
    ],
)
def test_data_sets_of_other_programs(tmp_path: Path, names: list[str], said: str) -> None:
    for name in names:
        (tmp_path / name).mkdir()
    with pytest.raises(InputError, match=said):
        find_list(tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "none of the keys"),
        ("3", "none of the keys"),
        ('{"tiles": []}', "none of the keys"),
        ('{"train": []}', "has the key 'train': write 'training'"),
        ('{"training": [], "val": []}', "has the key 'val': write 'validation'"),
        ('{"Training": []}', "has the key 'Training': write 'training'"),
        ('{"training": {}}', "not a list of pairs"),
        ('{"training": [{}, "a.tif"]}', "Item 2 of 'training'"),
        ('{"training": [], "test": [3]}', "Item 1 of 'test'"),
        ('{"training": [], "training": []}', "key 'training' twice"),
        ('{"training": [{"ct": "a", "ct": "b"}]}', "key 'ct' twice"),
        ("[" * 100_000, "nests too many brackets"),
        ('{"training": [' + "9" * 5000 + "]}", "is not valid JSON"),
    ],
)
def test_list_of_another_form(tmp_path: Path, text: str, message: str) -> None:
    assert message in refused(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "place", "cause"),
    [
        ("", "line 1, column 1", "the file is empty"),
        ('{"training": [\n  {"ct": "a.tif",}\n]}', "line 2", "a comma before a closing bracket is too much"),
        ('{"training": [\n  {"ct": "a.tif"},\n]}', "line ", "a comma before a closing bracket is too much"),
        ('{"training": [{"ct": "C:\\data"}]}', "line 1, column", "write / in paths"),
        ("{'training': []}", "line 1, column 2", "write double quotes"),
        ("{\"training\": ['a']}", "line 1, column 15", "write double quotes"),
        ('{\n// my list\n"training": []}', "line 2, column 1", "take the comment out"),
        ('{"training": [{"mask": None}]}', "line 1, column 24", "write null"),
        ('{"training": [\n{"ct": "a"}\n{"ct": "b"}]}', "line 3, column 1", "a comma or a closing bracket is missing"),
        ('{"training": [', "line 1, column 15", "the file ends too early"),
        ('{"training": []} x', "line 1, column 18", "Extra data"),
    ],
)
def test_the_place_and_the_cause_of_what_is_no_json(tmp_path: Path, text: str, place: str, cause: str) -> None:
    """Lines and columns are counted from 1, as editors do."""
    said = refused(tmp_path, text)
    assert f"is not valid JSON in {place}" in said
    assert cause in said


def test_encodings(tmp_path: Path) -> None:
    """Windows' editors write a mark before UTF-8, or UTF-16; Latin-1 cannot be told from others."""
    path = tmp_path / "datalist.json"
    for content in (
        GOOD.encode(),
        codecs.BOM_UTF8 + GOOD.encode(),
        GOOD.encode("utf-16"),
        codecs.BOM_UTF16_BE + GOOD.encode("utf-16-be"),
    ):
        path.write_bytes(content)
        assert parse_list(path) == {"training": [{"ct": "Schädel.tif"}]}
    assert "line 2 is not in UTF-8" in refused(tmp_path, b"\n" + GOOD.encode("latin-1"))


def test_a_file_too_large(tmp_path: Path) -> None:
    """Refused by its size, before it is read: it takes no room on the disk here."""
    with open(tmp_path / "datalist.json", "wb") as file:
        file.truncate(2**40)
    with pytest.raises(InputError, match="1099512 MB, too much for a data list"):
        parse_list(tmp_path / "datalist.json")
