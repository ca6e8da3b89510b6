"""JSON of Python values: what JSON cannot hold is converted, or refused by its key."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import json
import math
import os
import re
import uuid
from typing import Any, Mapping

from .errors import UnserializableValue

MAX_DEPTH = 100
BAD_TEXT = re.compile("[\x00\ud800-\udfff]")


def to_json(value: Any, key: str = "value") -> Any:
    """Converts a value to what JSON holds.

    Times become ISO 8601, paths and ids texts, enums their values, dataclasses and named tuples
    objects, sets and tuples lists, NumPy numbers and arrays numbers and lists. NaN and the
    infinities become null. Raises `UnserializableValue`, which names the key, for anything else.
    """
    return _convert(value, key, 0)


def to_bytes(value: Any, key: str = "body") -> bytes:
    """Returns the value as JSON in UTF-8."""
    converted = to_json(value, key)
    return json.dumps(converted, ensure_ascii=False, separators=(",", ":")).encode()


def _convert(value: Any, key: str, depth: int) -> Any:
    if value is None or value is True or value is False:
        return value
    if depth > MAX_DEPTH:
        raise UnserializableValue(f"{key} is nested deeper than {MAX_DEPTH}: make it flatter")
    kind = type(value)
    if kind is str:
        return _text(value)
    if kind is int:
        return _integer(value, key)
    if kind is float:
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {_name(name, key): _convert(one, f"{key}.{name}", depth + 1)
                for name, one in value.items()}
    if hasattr(value, "_asdict"):
        return _convert(value._asdict(), key, depth + 1)
    if isinstance(value, (list, tuple)):
        return [_convert(one, f"{key}[{at}]", depth + 1) for at, one in enumerate(value)]
    return _other(value, key, depth)


def _other(value: Any, key: str, depth: int) -> Any:
    if isinstance(value, enum.Enum):
        return _convert(value.value, key, depth + 1)
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        return value.total_seconds()
    if isinstance(value, os.PathLike):
        return _convert(_path(value, key), key, depth + 1)
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, decimal.Decimal):
        return _convert(float(value), key, depth + 1)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in dataclasses.fields(value)]
        return _convert({name: getattr(value, name) for name in names}, key, depth + 1)
    if isinstance(value, (set, frozenset)):
        return [_convert(one, key, depth + 1) for one in sorted(value, key=repr)]
    if isinstance(value, str):
        return _text(str(value))
    if isinstance(value, int):
        return _integer(int(value), key)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    # NumPy, PyTorch and their like: numbers have `item`, arrays `tolist`.
    if callable(getattr(value, "tolist", None)):
        return _convert(value.tolist(), key, depth + 1)
    kind = f"{type(value).__module__}.{type(value).__qualname__}".replace("builtins.", "")
    raise UnserializableValue(
        f"{key} is of type {kind}, which JSON cannot hold: convert it to a text, a number, a list "
        "or a dict"
    )


def _path(value: os.PathLike[Any], key: str) -> str:
    path = os.fspath(value)
    if isinstance(path, bytes):
        raise UnserializableValue(f"{key} is a path of bytes: decode it with os.fsdecode")
    return str(path)


def _text(value: str) -> str:
    return BAD_TEXT.sub("\ufffd", value)


def _integer(value: int, key: str) -> int:
    if -(1 << 63) <= value < 1 << 63:
        return value
    raise UnserializableValue(
        f"{key} is an integer beyond 64 bits, which readers of JSON would round: make it a text"
    )


def _name(name: Any, key: str) -> str:
    if isinstance(name, enum.Enum):
        name = name.value
    if isinstance(name, bool) or name is None:
        return json.dumps(name)
    if isinstance(name, (str, int, float, uuid.UUID, datetime.date, os.PathLike)):
        return _text(str(name))
    raise UnserializableValue(
        f"{key} has a key of type {type(name).__qualname__}: keys of JSON are texts"
    )
