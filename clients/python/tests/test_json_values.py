from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import pathlib
import uuid
from typing import Any, NamedTuple

import numpy
import pytest

from callsheet import UnserializableValue
from callsheet.json_values import to_bytes, to_json


class Camera(enum.Enum):
    PAN = "pan left"


@dataclasses.dataclass
class Shot:
    path: pathlib.Path
    camera: Camera


class Size(NamedTuple):
    width: int
    height: int


UTC = datetime.timezone.utc


@pytest.mark.parametrize("value, held", [
    (datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "2026-01-02T03:04:05+00:00"),
    (datetime.date(2026, 1, 2), "2026-01-02"),
    (datetime.timedelta(seconds=90), 90.0),
    (pathlib.Path("/media/a.mp4"), "/media/a.mp4"),
    (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    (decimal.Decimal("1.5"), 1.5),
    (decimal.Decimal("NaN"), None),
    (Camera.PAN, "pan left"),
    (Shot(pathlib.Path("a"), Camera.PAN), {"path": "a", "camera": "pan left"}),
    (Size(960, 540), {"width": 960, "height": 540}),
    ((1, 2), [1, 2]),
    ({"b", "a"}, ["a", "b"]),
    (float("nan"), None),
    (float("-inf"), None),
    (numpy.float32(0.5), 0.5),
    (numpy.float64("nan"), None),
    (numpy.int64(7), 7),
    (numpy.bool_(True), True),
    (numpy.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
    ({1: "a", Camera.PAN: "b", None: "c"}, {"1": "a", "pan left": "b", "null": "c"}),
    ("a\x00b\ud800", "a\ufffdb\ufffd"),
    (True, True),
])
def test_what_json_does_not_know_is_converted(value: Any, held: Any) -> None:
    converted = to_json(value)
    assert converted == held and type(converted) is type(held)
    to_bytes({"value": value})


def circle() -> Any:
    value: Any = {}
    value["self"] = value
    return value


@pytest.mark.parametrize("value, sentence", [
    ({"shots": [{"frame": object()}]}, r"result.shots\[0\].frame is of type object"),
    ({"data": b"bytes"}, "result.data is of type bytes"),
    ({"big": 1 << 63}, "result.big is an integer beyond 64 bits"),
    (circle(), "nested deeper than 100"),
    ({("a", "b"): 1}, "result has a key of type tuple"),
    ({"f": print}, "result.f is of type builtin_function_or_method"),
])
def test_what_cannot_be_converted_is_named(value: Any, sentence: str) -> None:
    with pytest.raises(UnserializableValue, match=sentence):
        to_json(value, "result")
