"""Which metadata of a zarr array may reach zarr: plain numbers, and codecs that only compress.

Some codecs and types run code that stands in the file: ``pickle`` as a filter, or objects as a fill value. Metadata are
therefore read as JSON first, and what is not listed here is refused.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from scripts.errors import InputError

#: Bytes of a metadata file at most; those of real images have a few thousand.
LARGEST = 16_000_000

#: Codecs of zarr format 2, which numcodecs decodes; none of them makes objects.
CODECS: tuple[str, ...] = (
    *("blosc", "zlib", "gzip", "zstd", "lz4", "bz2", "lzma"),
    *("delta", "shuffle", "fixedscaleoffset", "quantize", "bitround", "astype", "packbits"),
    *("crc32", "adler32", "fletcher32"),
)
#: Codecs of zarr format 3.
CODECS_3: tuple[str, ...] = ("bytes", "transpose", "blosc", "gzip", "zstd", "crc32c", "sharding_indexed")
CODECS_3 += tuple(f"numcodecs.{name}" for name in CODECS)

_TYPE = re.compile(r"[<>|=]?[biufc]\d{1,2}")
_TYPE_3 = re.compile(r"bool|u?int(8|16|32|64)|float(16|32|64)|complex(64|128)")
_FILL = re.compile(r"NaN|-?Infinity|0x[0-9a-fA-F]{1,32}")
_TYPED = ("dtype", "astype", "encode_dtype", "decode_dtype")
_DEPTH = 4  # of codecs in codecs


def read_json(path: Path) -> dict[str, Any]:
    """Read a metadata file.

    Raises:
        InputError: too large, or no JSON object.
    """
    if path.stat().st_size > LARGEST:
        raise InputError(f"{path} has {path.stat().st_size} bytes, too many for metadata: export the volume again.")
    try:
        content = json.loads(path.read_bytes().decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} cannot be read as JSON ({error}): it is damaged; copy the volume again.") from error
    if not isinstance(content, dict):
        raise InputError(f"{path} is no JSON object: it is damaged; copy the volume again.")
    return content


def require_plain_2(header: dict[str, Any], path: Path) -> None:
    """Refuse a ``.zarray`` that asks for more than numbers and compression.

    Raises:
        InputError: names the codec, type or value.
    """
    _require_numbers(header.get("shape"), "shape", path)
    _require_numbers(header.get("chunks"), "chunks", path, least=1)
    _require_type(header.get("dtype"), _TYPE, path)
    _require_fill(header.get("fill_value"), path)
    _require_one_of(header.get("dimension_separator", "."), (".", "/"), "dimension_separator", path)
    _require_one_of(header.get("order", "C"), ("C", "F"), "order", path)
    filters = header.get("filters") or []
    for codec in [*(filters if isinstance(filters, list) else [filters]), header.get("compressor")]:
        if codec is not None:
            _require_codec_2(codec, path)


def require_plain_3(header: dict[str, Any], path: Path) -> None:
    """Refuse a ``zarr.json`` of an array that asks for more than numbers and compression.

    Raises:
        InputError: names the codec, type or value.
    """
    grid, keys = header.get("chunk_grid"), header.get("chunk_key_encoding")
    _require_one_of(_name(grid), ("regular",), "chunk_grid", path)
    _require_one_of(_name(keys), ("default", "v2"), "chunk_key_encoding", path)
    _require_one_of(configuration(keys).get("separator", "/"), (".", "/"), "separator", path)
    _require_numbers(header.get("shape"), "shape", path)
    _require_numbers(configuration(grid).get("chunk_shape"), "chunk_shape", path, least=1)
    _require_type(header.get("data_type"), _TYPE_3, path)
    _require_fill(header.get("fill_value"), path)
    if header.get("storage_transformers"):
        raise _refusal(path, "storage_transformers", header["storage_transformers"])
    _require_codecs_3(header.get("codecs"), path)


def configuration(part: Any) -> dict[str, Any]:
    """Settings of a codec, grid or encoding of zarr format 3; empty where it has none."""
    found = part.get("configuration") if isinstance(part, dict) else None
    return found if isinstance(found, dict) else {}


def _require_codec_2(codec: Any, path: Path) -> None:
    if not isinstance(codec, dict):
        raise _refusal(path, "codec", codec)
    _require_one_of(codec.get("id"), CODECS, "codec", path)
    _require_settings({key: value for key, value in codec.items() if key != "id"}, path)


def _require_codecs_3(codecs: Any, path: Path, depth: int = _DEPTH) -> None:
    if not isinstance(codecs, list) or not codecs or not depth:
        raise _refusal(path, "codecs", codecs)
    for codec in codecs:
        name, settings = _name(codec), dict(configuration(codec))
        _require_one_of(name, CODECS_3, "codec", path)
        if name == "sharding_indexed":
            for part in ("codecs", "index_codecs"):
                _require_codecs_3(settings.pop(part, None), path, depth - 1)
            _require_numbers(settings.pop("chunk_shape", None), "chunk_shape", path, least=1)
        elif name == "transpose" and isinstance(order := settings.pop("order", None), list):
            _require_numbers(order, "order", path)
        _require_settings(settings, path)


def _require_settings(settings: dict[str, Any], path: Path) -> None:
    for key, value in settings.items():
        if key in _TYPED:
            _require_type(value, re.compile(f"{_TYPE.pattern}|{_TYPE_3.pattern}"), path)
        elif isinstance(value, list | dict):
            raise _refusal(path, key, value)


def _require_numbers(values: Any, key: str, path: Path, least: int = 0) -> None:
    whole = isinstance(values, list) and all(type(value) is int and value >= least for value in values)
    if not whole:
        raise _refusal(path, key, values)


def _require_type(dtype: Any, known: re.Pattern[str], path: Path) -> None:
    if not isinstance(dtype, str) or not known.fullmatch(dtype):
        raise InputError(
            f"{path} has the type {_short(dtype)}, which may hold more than numbers: save the volume as numbers."
        )


def _require_fill(value: Any, path: Path) -> None:
    parts = value if isinstance(value, list) and len(value) == 2 else [value]  # two of a complex number
    for part in parts:
        if not (part is None or isinstance(part, bool | int | float) or _is_named_fill(part)):
            raise _refusal(path, "fill_value", value)


def _is_named_fill(value: Any) -> bool:
    return isinstance(value, str) and _FILL.fullmatch(value) is not None


def _require_one_of(value: Any, known: tuple[str, ...], key: str, path: Path) -> None:
    if not isinstance(value, str) or value not in known:
        raise _refusal(path, key, value)


def _refusal(path: Path, key: str, value: Any) -> InputError:
    return InputError(
        f"{path} has the {key} {_short(value)}, which is not among the known ones: save the volume again, "
        "with blosc, zstd, gzip or no compression."
    )


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}..."


def _name(part: Any) -> Any:
    return part.get("name") if isinstance(part, dict) else part
