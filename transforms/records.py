"""`record`: a class of immutable records, as `dataclass(frozen=True, slots=True)`, of which many are made.

A frozen data class pays at each construction for refusing assignment at run time, four times what the construction
itself takes; a compiler makes little else.  Here the type checker refuses it.
"""

from __future__ import annotations

import dataclasses
from typing import Any, TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True)
def record(cls: type[T]) -> type[T]:
    """A class whose instances are compared by their fields, hashable, and never changed."""
    return _made(cls, unsafe_hash=True)


@dataclass_transform(frozen_default=True, eq_default=False)
def distinct_record(cls: type[T]) -> type[T]:
    """The same for a class that has an equality and a hash of its own, or none but identity."""
    return _made(cls, eq=False)


def _made(cls: type[T], **options: Any) -> type[T]:
    return dataclasses.dataclass(slots=True, **options)(cls)
