"""What is read from a config file and its comments."""

from __future__ import annotations

from pathlib import Path

import pytest

from bundle.release.reference.entries import ConfigFile, Entry

BASE = """\
# Does this:
#   python -m this
imports:
- $import os   # nobody asks

# --- where -----
seed: 0    # of everything, "#" included
name: 'a # b'
# --- loss: in parts ---------
weights:   # of terms
  _target_: scripts.losses.LossWeights  # checked
  pixel: 100.0   # L1
  lr: '@seed'
  levels: [1.0, 0.5]   # finest first,
                       # then coarser
  # what follows is wiring
  keys: [image]
handlers:
- _target_: Stats   # prints
  print_lr: false
- '@seed'
run: '%training'
"""
OVERLAY = "+handlers:\n- _target_: More\n  rate: $@seed + 1   # how often\n+weights:\n  pixel: 0.0\n"


@pytest.fixture
def base(tmp_path: Path) -> ConfigFile:
    path = tmp_path / "base.yaml"
    path.write_text(BASE)
    return ConfigFile(path)


def by_option(file: ConfigFile) -> dict[str, Entry]:
    return {entry.option: entry for entry in file.entries}


def test_entries_in_their_order(base: ConfigFile) -> None:
    assert base.header == ["Does this:", "  python -m this"]
    assert [entry.option for entry in base.entries] == [
        *("seed", "name", "weights", "weights#pixel", "weights#lr", "weights#levels", "weights#keys"),
        *("handlers", "handlers#0", "handlers#0#print_lr", "handlers#1"),
    ]


def test_comments(base: ConfigFile) -> None:
    """A `#` within quotes begins none; one that goes on below, or stands behind the class, is the entry's as well."""
    entries = by_option(base)
    assert entries["seed"].comment == 'of everything, "#" included'
    assert (entries["name"].value, entries["name"].comment) == ("a # b", "")
    assert entries["weights"].comment == "of terms; checked"
    assert entries["weights#levels"].comment == "finest first, then coarser"
    assert (entries["weights#keys"].comment, entries["weights#keys"].lead) == ("", "what follows is wiring")
    assert entries["handlers#0"].comment == "prints"
    assert [entries[name].section for name in ("seed", "weights#pixel")] == ["where", "loss: in parts"]
    assert entries["weights"].lead == ""  # a divider belongs to no entry


def test_values(base: ConfigFile) -> None:
    entries = by_option(base)
    assert entries["weights"].target == "scripts.losses.LossWeights"
    assert entries["weights"].is_built
    assert entries["weights#levels"].value == [1.0, 0.5]
    assert not entries["weights#levels"].is_built
    assert {name for name, entry in entries.items() if entry.is_hyper_parameter} == {
        *("seed", "name", "weights", "weights#pixel", "weights#levels", "handlers#0")
    }


def test_an_overlay_adds_to_lists(base: ConfigFile, tmp_path: Path) -> None:
    """The items of `+handlers` come behind the two that there are; `+weights` changes entries in their place."""
    path = tmp_path / "overlay.yaml"
    path.write_text(OVERLAY)
    entries = by_option(ConfigFile(path, changed=base))
    assert list(entries) == ["handlers", "handlers#2", "handlers#2#rate", "weights", "weights#pixel"]
    assert entries["handlers#2#rate"].is_hyper_parameter
    assert entries["weights#pixel"].is_hyper_parameter
