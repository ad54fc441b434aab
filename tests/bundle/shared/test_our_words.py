"""MONAI's options in the words of a command."""

from __future__ import annotations

import pytest

from bundle.shared.our_words import in_our_words

NAMES = {"--output_dir": "--out", "--input": "INPUT", "--resume true": "--resume"}
ENTRIES = ("batch_size", "amp", "loss_weights#perceptual", "voxel_um", "views")


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("give another --output_dir.", "give another --out."),
        ("resume with --resume true, or give another --output_dir", "resume with --resume, or give another --out"),
        ("The option --batch_size is 0", "The option --set batch_size is 0"),
        ("--batch_size and (--amp false)", "--set batch_size and (--set amp=false)"),
        ("train with --loss_weights#perceptual 0, for", "train with --set loss_weights#perceptual=0, for"),
        ('give --voxel_um "[z, y, x]" in micrometres', 'give --set voxel_um="[z, y, x]" in micrometres'),
        ("give --views a whole number", "give --set views a whole number"),
        ("no option --batchsize", "no option --batchsize"),
        ("make one with `python -m bundle phantom`", "make one with `xray-stain phantom`"),
        (
            "a--input/q --output_dir/none.tif is gone: give --input",
            "a--input/q --output_dir/none.tif is gone: give INPUT",
        ),
        ("/here/q --output_dir.tif is gone", "/here/q --output_dir.tif is gone"),
    ],
)
def test_options(sentence: str, expected: str) -> None:
    assert (
        in_our_words(sentence, NAMES, ENTRIES.__contains__, ["--out=q --output_dir/none.tif"], "xray-stain") == expected
    )


def test_a_file_that_is_called_like_the_program() -> None:
    said = in_our_words("/a/python -m bundle.tif is gone", {}, bool, ["/a/python -m bundle.tif"], "xray-stain")
    assert said == "/a/python -m bundle.tif is gone"
