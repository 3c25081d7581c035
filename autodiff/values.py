"""From run-time arguments to abstract values, and to the keys under which compiled code is found again.

`signature_key` runs at every call, so it is short and fast: dtype, number of dimensions and which of them are
1, the structure of containers; never a size.  `abstract` runs when a program is compiled: it gives the `Value`
that the compiler needs.  Both look at the same facts: arguments with equal keys have equal abstract values.
"""

from __future__ import annotations

import dataclasses
import functools
import types
import weakref
from collections.abc import Callable, Hashable, Iterable
from typing import Any

import numpy as np

from transforms.errors import TransformError
from transforms.inference import ANY_SIZE, map_sizes
from transforms.values import (
    Array,
    Dimension,
    Instance,
    Known,
    Literal,
    Many,
    Mapping,
    Number,
    Record,
    Sequence,
    Size,
    Value,
)

LONGEST_SEQUENCE = 32  # longer tuples and lists are known by the value that all their items share
LARGEST_MAPPING = 128

Key = Hashable
Path = tuple[Hashable, ...]

_PYTHON_NUMBERS: dict[type, np.dtype] = {
    float: np.dtype(np.float64),
    int: np.dtype(np.int64),
    bool: np.dtype(np.bool_),
    complex: np.dtype(np.complex128),
}
_NUMPY_NUMBERS = frozenset(np.dtype(code).type for code in "?bhilqBHILQefdgFDG")
SCALARS = frozenset((*_PYTHON_NUMBERS, *_NUMPY_NUMBERS))
_LITERALS = frozenset((type(None), type(...), str, bytes))
_CODE = (
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodType,
    types.ModuleType,
    type,
    np.ufunc,
    functools.partial,
)

_ndarray = np.ndarray


def signature_key(arguments: Iterable[Any]) -> tuple[Key, ...]:
    """What compiled code depends on: equal keys, same code.

    Arrays of one shape are told from arrays of several shapes (by the number of the first argument with that shape),
    because much of broadcasting is decided by that; what the sizes are is not looked at.
    """
    kinds: list[Key] = []
    shapes: list[tuple[int, ...]] = []
    append = kinds.append
    for argument in arguments:
        kind = argument.__class__
        if kind is _ndarray:
            dtype = argument.dtype
            number = dtype.num  # hashes faster than the dtype
            append(number if number < 17 and dtype.isnative else dtype)
            shapes.append(argument.shape)
        elif kind in SCALARS:
            append(kind)
        else:
            append(_KEYS.get(kind, _other_key)(argument))
    if not shapes:
        return tuple(kinds), ()
    sizes = tuple(shapes)
    pattern = _patterns.get(sizes)
    return tuple(kinds), _pattern(sizes) if pattern is None else pattern


def key_of(argument: Any) -> Key:
    """The key of one argument that is not an array."""
    kind = argument.__class__
    return kind if kind in SCALARS else _KEYS.get(kind, _other_key)(argument)


def is_told_by_class(argument: Any) -> bool:
    """Whether the class is all that the key of the argument says, and the key of all instances of the class is so."""
    kind = argument.__class__
    if kind in SCALARS:
        return True
    return kind not in _KEYS and not isinstance(argument, tuple | list | dict) and _other_key(argument) is kind


_patterns: dict[tuple[tuple[int, ...], ...], tuple] = {}
MOST_PATTERNS = 4096


def _pattern(shapes: tuple[tuple[int, ...], ...]) -> tuple:
    """Of shapes, which are equal (by the number of the first that is) and which dimensions are 1."""
    pattern = tuple((shapes.index(shape), *(size == 1 for size in shape)) for shape in shapes)
    if len(_patterns) >= MOST_PATTERNS:
        _patterns.clear()
    _patterns[shapes] = pattern
    return pattern


def abstract_arguments(names: Iterable[str], arguments: Iterable[Any]) -> tuple[Value, ...]:
    """The abstract values of the arguments of a call; arrays of one shape have the same sizes, see `signature_key`."""
    shapes: dict[tuple[int, ...], str] = {}
    values: list[Value] = []
    for name, argument in zip(names, arguments, strict=True):
        if argument.__class__ is _ndarray:
            name = shapes.setdefault(argument.shape, name)
        values.append(abstract(argument, (name,)))
    return tuple(values)


def _items_key(items: Iterable[Any]) -> tuple[Key, ...]:
    """The keys of the items of a container."""
    key: list[Key] = []
    append = key.append
    for item in items:
        kind = item.__class__
        if kind is _ndarray:
            shape = item.shape
            append((item.dtype, tuple([n == 1 for n in shape]) if 1 in shape else len(shape)))
        elif kind in SCALARS:
            append(kind)
        else:
            append(_KEYS.get(kind, _other_key)(item))
    return tuple(key)


def _sequence_key(items: Any) -> Key:
    if len(items) <= LONGEST_SEQUENCE:
        return (items.__class__, _items_key(items))
    kinds = set(_items_key(items))
    return (items.__class__, "many", kinds.pop() if len(kinds) == 1 else None)


def _mapping_key(items: Any) -> Key:
    if len(items) > LARGEST_MAPPING:
        return items.__class__
    return (items.__class__, tuple(items), tuple(map(type, items)), _items_key(items.values()))


def _literal_key(value: Any) -> Key:
    return (value.__class__, value)


def _identity_key(value: Any) -> Key:
    return _Identity(value)


def _other_key(value: Any) -> Key:
    """The key of an object of a class that is not in `_KEYS` (yet)."""
    kind = value.__class__
    if isinstance(value, _CODE) or hasattr(kind, "core_for") or callable(value) and not dataclasses.is_dataclass(kind):
        return _Identity(value)
    if isinstance(value, tuple | list):
        return _sequence_key(value)
    if isinstance(value, dict):
        return _mapping_key(value)
    if dataclasses.is_dataclass(kind):
        return (kind, _items_key(attributes_of(value)))
    return kind


class _Identity:
    """An object that is told apart by identity, whatever its own equality and hash are."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Identity) and self.value is other.value

    def __hash__(self) -> int:
        return id(self.value)


class _WeakIdentity(_Identity):
    """The same without keeping the object alive."""

    __slots__ = ("number", "reference")

    def __init__(self, value: Any, gone: Callable[[Any], None]) -> None:
        self.number, self.reference = id(value), weakref.ref(value, gone)

    @property
    def value(self) -> Any:
        found = self.reference()
        return self if found is None else found  # nothing else is the same as this

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Identity) and self.value is other.value

    def __hash__(self) -> int:
        return self.number


def objects_in(key: Any) -> list[Any]:
    """The objects, other than functions, that a key tells apart by identity and that may go."""
    if isinstance(key, tuple):
        return [found for part in key for found in objects_in(part)]
    is_object = isinstance(key, _Identity) and not isinstance(key.value, _CODE)
    return [key.value] if is_object and hasattr(type(key.value), "__weakref__") else []


def weakened(key: Any, gone: Callable[[Any], None]) -> Any:
    """The key without keeping such objects alive; `gone` is called when one of them goes."""
    if isinstance(key, tuple):
        return tuple(weakened(part, gone) for part in key)
    return _WeakIdentity(key.value, gone) if objects_in(key) else key


_KEYS: dict[type, Callable[[Any], Key]] = {
    tuple: _sequence_key,
    list: _sequence_key,
    dict: _mapping_key,
    types.FunctionType: _identity_key,
    **dict.fromkeys(_LITERALS, _literal_key),
}


def attributes_of(record: Any) -> list[Any]:
    """The values of a dataclass's fields, in order; a field that is not set is None."""
    return [getattr(record, field.name, None) for field in dataclasses.fields(record)]


# ---------------------------------------------------------------------------------------------------- abstract values


def abstract(argument: Any, path: Path = ()) -> Value:
    """The abstract value of an argument; `path` (parameter, item, ...) makes the sizes of its dimensions distinct."""
    kind = argument.__class__
    if kind is np.ndarray:
        return Array(argument.dtype, tuple(_dimension(size, (*path, axis)) for axis, size in enumerate(argument.shape)))
    if kind in _PYTHON_NUMBERS:
        return Number(_PYTHON_NUMBERS[kind], python=True)
    if kind in _NUMPY_NUMBERS:
        return Number(argument.dtype)
    if kind in _LITERALS:
        return Literal(argument)
    if isinstance(argument, _CODE) or hasattr(kind, "core_for"):
        return Known(argument)
    if isinstance(argument, tuple | list):
        return _abstract_sequence(argument, path)
    if isinstance(argument, dict):
        if len(argument) > LARGEST_MAPPING:
            return Instance(kind)
        items = tuple(abstract(item, (*path, key)) for key, item in argument.items())
        return Mapping(kind, tuple(argument), items)
    if dataclasses.is_dataclass(kind):
        names = tuple(field.name for field in dataclasses.fields(kind))
        values = attributes_of(argument)
        record: Any = kind
        return Record(record, names, tuple(abstract(item, (*path, name)) for name, item in zip(names, values)))
    if isinstance(argument, np.ndarray):
        refuse_own_arithmetic(kind)
    if callable(argument):
        return Known(argument)
    return Instance(kind)


_OF_ARRAYS = ("__array_ufunc__", "__array_function__", "__mul__", "__rmul__", "__add__", "__pow__", "sum", "mean")


def refuse_own_arithmetic(kind: type) -> None:
    """Refuse a class of arrays that computes in a way of its own: `np.matrix`, masked arrays, arrays with units."""
    if any(getattr(kind, name, None) is not getattr(np.ndarray, name) for name in _OF_ARRAYS):
        raise TransformError(
            f"arrays of class {kind.__name__} are not supported: their arithmetic is not that of arrays",
            "Pass an ordinary array: np.asarray(...), or the data and the mask as two arrays.",
        )


def _dimension(size: int, path: Path) -> Dimension:
    return 1 if size == 1 else Size(path)


def _abstract_sequence(items: Any, path: Path) -> Value:
    kind = items.__class__
    if len(items) <= LONGEST_SEQUENCE:
        return Sequence(kind, tuple(abstract(item, (*path, index)) for index, item in enumerate(items)))
    if len(set(_items_key(items))) != 1:
        return Instance(kind)
    item = map_sizes(abstract(items[0], path), lambda size: Size(ANY_SIZE))  # the items may differ in size
    return Many(kind, item)
