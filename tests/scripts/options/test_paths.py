"""Options that are paths are text, and never evaluated."""

from __future__ import annotations

import pytest

from scripts.errors import InputError
from scripts.options.paths import check_typed_path, check_written_path, is_path


def test_which_options_are_paths() -> None:
    assert all(is_path(name) for name in ("input", "output_dir", "history#output_dir", "stainings#source"))
    assert not any(is_path(name) for name in ("seed", "output_format", "train#trainer#max_epochs", "config_file"))


@pytest.mark.parametrize("text", ["2024_05_17", "0012", "1e3", "True", "None", "a,b", "(x)", "-1", "mice #2", "o'k"])
def test_any_name_is_a_path(text: str) -> None:
    check_typed_path("input", text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (None, "has no value: write --input PATH"),
        ("", "has no value"),
        ("$x.tif", r"begins with \$.*write \./\$x\.tif"),
        ("@x", r"begins with @.*write \./@x"),
        ("%x", r"begins with %.*write \./%x"),
        ("{'_target_': 'os.getcwd'}", r"begins with \{.*write \./\{"),
        ("'$x'", "leave out the inner ones"),  # of which Fire makes $x
    ],
)
def test_no_paths(text: str | None, why: str) -> None:
    with pytest.raises(InputError, match=why):
        check_typed_path("input", text)


@pytest.mark.parametrize("text", ["12", "True", "a,b", "mice #2"])
def test_inner_paths_must_be_read_as_text(text: str) -> None:
    check_typed_path("history#output_dir", f"./{text.replace(' #', '')}")
    with pytest.raises(InputError, match=r"write \./"):
        check_typed_path("history#output_dir", text)


def test_paths_of_an_args_file() -> None:
    check_written_path("input", "2024_05_17", None)
    check_written_path("lpips_weights", None, None)
    for value in (20240517, True, None, "", ["a"]):
        with pytest.raises(InputError, match="no path: put the path in quotes"):
            check_written_path("input", value, "data")
    with pytest.raises(InputError, match=r"begins with \$"):
        check_written_path("input", "$x", "data")
