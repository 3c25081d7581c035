"""Abstract values: what is known of a name before the program runs.

dtype, rank, which dimensions are 1, container structure, known constants and functions.  Sizes are never known, but two
dimensions may be known to be *equal*: a dimension is the int 1, or a `Size` with a hashable key, and equal keys mean
equal lengths.  `Unknown` stands wherever nothing is known.  Values are immutable, hashable and comparable: a tuple of
them is the key under which specialised code is cached.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, Union

import numpy as np

from transforms.core import constant_key
from transforms.records import distinct_record, record


@record
class Unknown:
    """Anything at all."""


@record
class Size:
    """A dimension that is not known to be 1; equal keys are equal lengths.  `maybe_one`: it may turn out to be 1."""

    key: Hashable
    maybe_one: bool = False


Dimension = Union[int, Size]  # the int is always 1


@record
class Number:
    """An immutable scalar: a Python number (`python=True`, weak under NumPy's promotion) or a NumPy scalar."""

    dtype: np.dtype
    python: bool = False


@record
class Never:
    """No value: the name is not bound yet, or the place is not reached."""


@record
class Length:
    """A Python int that is the length of a dimension; only within inference, a `Number` for everyone else."""

    size: Size


@record
class Array:
    """An ndarray.  `shape` None: the rank is not known."""

    dtype: np.dtype
    shape: tuple[Dimension, ...] | None

    @property
    def rank(self) -> int | None:
        return None if self.shape is None else len(self.shape)


@distinct_record
class Literal:
    """A known constant (number, string, None, Ellipsis, dtype, slice or tuple of those): code may be chosen by it."""

    value: Any

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Literal) and constant_key(self.value) == constant_key(other.value)

    def __hash__(self) -> int:
        return hash(constant_key(self.value))


@distinct_record
class Known:
    """A known object: function, class, module, bound method, `core.Function`; compared by identity."""

    object: Any

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Known) and self.object is other.object

    def __hash__(self) -> int:
        return hash(id(self.object))


@record
class Partial:
    """A function with some arguments bound: `functools.partial`, a bound method, a closure over local values."""

    function: Value
    arguments: tuple[Value, ...] = ()
    keywords: tuple[tuple[str, Value], ...] = ()


@record
class Sequence:
    """A tuple, list or named tuple (`kind` is the class) with known items."""

    kind: type
    items: tuple[Value, ...]


@record
class Many:
    """A tuple or list of unknown length whose items are all of one value."""

    kind: type
    item: Value


@record
class Mapping:
    """A dict with known keys, in order."""

    kind: type
    keys: tuple[Hashable, ...]
    items: tuple[Value, ...]


@record
class Record:
    """An instance of a class with known attributes: a dataclass, or an object whose attributes were looked at."""

    kind: type
    names: tuple[str, ...]
    items: tuple[Value, ...]


@record
class Instance:
    """An instance of a class of which nothing else is known (a range, a slice, a Generator, a user's object)."""

    kind: type


Value = Union[Unknown, Never, Number, Length, Array, Literal, Known, Partial, Sequence, Many, Mapping, Record, Instance]

UNKNOWN = Unknown()
NEVER = Never()
FLOAT = Number(np.dtype(np.float64), python=True)
INTEGER = Number(np.dtype(np.int64), python=True)
BOOLEAN = Number(np.dtype(np.bool_), python=True)
COMPLEX = Number(np.dtype(np.complex128), python=True)


def may_be_differentiable(value: Value) -> bool:
    """Whether the value may hold floating-point or complex numbers, so that it may carry a derivative.

    A `Literal` float may not: a literal is the same for every input.
    """
    match value:
        case Number() | Array():
            return value.dtype.kind in "fcO"
        case Literal() | Known() | Length() | Never():
            return False
        case Partial():
            return any(map(may_be_differentiable, (*value.arguments, *(item for _, item in value.keywords))))
        case Sequence() | Mapping() | Record():
            return any(map(may_be_differentiable, value.items))
        case Many():
            return may_be_differentiable(value.item)
        case Instance():
            return value.kind not in (range, slice, bool, int, str, bytes, type(None))
    return True


def is_immutable(value: Value) -> bool:
    """Whether no name for this value can be affected by a mutation through another name."""
    match value:
        case Number() | Literal() | Known() | Length() | Never():
            return True
        case Sequence():
            return issubclass(value.kind, tuple) and all(map(is_immutable, value.items))
        case Many():
            return issubclass(value.kind, tuple) and is_immutable(value.item)
        case Partial():
            return all(map(is_immutable, (*value.arguments, *(item for _, item in value.keywords))))
        case Instance():
            return value.kind in (range, slice, bool, int, str, bytes, type(None))
    return False
