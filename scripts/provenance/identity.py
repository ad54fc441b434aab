"""What determines a training, as a digest that its weights carry."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from scripts.options.paths import is_path
from scripts.provenance.pairs import identity_of
from scripts.words import count

#: Ids that say where something lies, or that the digests of the files stand for.
ELSEWHERE = ("device", "initial_weights", "resume")
DATA = ("train#dataset#data", "validate#dataset#data")
#: What a training goes on from whose weights have no digest.
UNRECORDED = "weights of an earlier version"


def run_digest(content: Mapping[str, Any], continues: str | None = None) -> str:
    """SHA-256 of what determines a training: the same again gives the same digest, on any machine.

    These are the config's differences, the pairs, the code, the seed and the initial weights. Where files lie, when and
    on which machine the training ran takes no part, though another machine rounds in another way.

    Args:
        content: of a run, see `scripts.handlers.RunRecord`.
        continues: digest of another training that this one goes on from.
    """
    changed, initial = content["differences"], content["initial_weights"]
    values = None if changed is None else {id_: _value(what) for id_, what in changed.items() if _counts(id_)}
    determining = {
        "differences": values,
        "pairs": identity_of(content["pairs"]),
        "code": [content["code"]["bundle"], content["code"]["sha256"]],
        "seed": content["seed"],
        "initial_weights": None if initial is None else initial["sha256"],
        "continues": continues,
    }
    return digest_of(determining)


def digest_of(content: Any) -> str:
    """SHA-256 of what JSON can hold, whatever the order of its keys."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def short_form(content: Mapping[str, Any]) -> str:
    """A training in a few words: ``2026-12-01, 24 pairs of 6 specimens, seed 0, bundle 0.11.0``."""
    pairs = [pair for pair in content["pairs"] if pair["split"] == "training"]
    specimens = {str(pair["specimen"]) for pair in pairs}
    return (
        f"{content['started'][:10]}, {count(len(pairs), 'pair')} of {count(len(specimens), 'specimen')}, "
        f"seed {content['seed']}, bundle {content['code']['bundle']}"
    )


def _counts(id_: str) -> bool:
    return not (is_path(id_) or id_ in ELSEWHERE or id_.startswith(DATA))


def _value(difference: Mapping[str, Any]) -> Any:
    """The value as a list of one; of what was left out, an empty one."""
    return [difference["value"]] if "value" in difference else []
