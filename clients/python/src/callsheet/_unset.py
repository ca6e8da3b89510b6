"""The value of an argument that was not given, because None stands for null in a call."""

from __future__ import annotations

import enum
from typing import Any, Dict, TypeVar, Union

T = TypeVar("T")


class Unset(enum.Enum):
    UNSET = "unset"

    def __repr__(self) -> str:
        return "UNSET"

    def __bool__(self) -> bool:
        return False


UNSET = Unset.UNSET
Maybe = Union[T, Unset]


def given(**arguments: Any) -> Dict[str, Any]:
    """Returns the arguments that were given. A name that is a keyword of Python ends in `_`."""
    return {name.rstrip("_"): value for name, value in arguments.items() if value is not UNSET}
