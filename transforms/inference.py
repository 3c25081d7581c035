"""What is known of the result of an operation: joins, broadcasting, promotion, and running NumPy on tiny samples.

In go abstract values, out come abstract values.  Nothing here knows of programs; `specialise` and the `result` facets
of the primitives are built on it.
"""

from __future__ import annotations

import dataclasses
import inspect
import operator
import types
from collections.abc import Callable, Hashable, Iterable
from typing import Any

import numpy as np

from transforms.values import (
    BOOLEAN,
    COMPLEX,
    FLOAT,
    INTEGER,
    NEVER,
    UNKNOWN,
    Array,
    Dimension,
    Instance,
    Known,
    Length,
    Literal,
    Many,
    Mapping,
    Never,
    Number,
    Partial,
    Record,
    Sequence,
    Size,
    Unknown,
    Value,
)

FRESH = "~"  # the first item of keys that inference makes
ANY_SIZE = "?"  # the key of a dimension that differs from one item of a `Many` to the next

# The first items of keys of sizes that follow from others: no names, because the keys of parameters start with those.
CONSTANT, LESS, FIRST, SLICE, TOTAL, PRODUCT, BROADCAST = DERIVED = ("=", "-", "[:]", "[::]", "+", "*", "|")


# ---------------------------------------------------------------------------------------------- objects as values


_NUMBERS = {bool: BOOLEAN, int: INTEGER, float: FLOAT, complex: COMPLEX}
_CONSTANTS = (bool, int, float, complex, str, bytes, type(None), type(Ellipsis))


def is_constant(thing: Any) -> bool:
    """Whether an object may stand in a program as a constant."""
    kind = type(thing)
    if kind in _CONSTANTS:
        return True
    if kind is slice:
        return is_constant(thing.start) and is_constant(thing.stop) and is_constant(thing.step)
    return kind is tuple and all(map(is_constant, thing))


def value_of_object(thing: Any) -> Value:
    """What is known of an object that a program refers to: code is known itself, data by its type only."""
    if is_constant(thing) or isinstance(thing, np.dtype):
        return Literal(thing)
    if isinstance(thing, np.generic):
        return Number(thing.dtype)
    if isinstance(thing, np.ndarray):
        return Array(thing.dtype, None)
    if isinstance(thing, (list, dict, set, bytearray, range, slice)):
        return Instance(type(thing))
    return Known(thing)


def as_number(value: Value) -> Value:
    """A known number as a number of its type; everything else as it is."""
    if isinstance(value, Literal):
        return _NUMBERS.get(type(value.value)) or (
            value if isinstance(value.value, np.dtype) else Instance(type(value.value))
        )
    if isinstance(value, Length):
        return INTEGER
    return value


def public(value: Value) -> Value:
    """The value without what only inference knows."""
    match value:
        case Length():
            return INTEGER
        case Never():
            return UNKNOWN
        case Sequence():
            return Sequence(value.kind, tuple(map(public, value.items)))
        case Many():
            return Many(value.kind, public(value.item))
        case Mapping():
            return Mapping(value.kind, value.keys, tuple(map(public, value.items)))
        case Record():
            return Record(value.kind, value.names, tuple(map(public, value.items)))
        case Partial():
            return Partial(
                public(value.function),
                tuple(map(public, value.arguments)),
                tuple((key, public(item)) for key, item in value.keywords),
            )
    return value


_WITHOUT_SIZES = frozenset((Number, Literal, Known, Unknown, Never, Instance))


def map_sizes(value: Value, change: Callable[[Size], Dimension]) -> Value:
    """The value with every dimension that is not 1 exchanged."""
    if value.__class__ in _WITHOUT_SIZES:
        return value
    match value:
        case Array() if value.shape:
            return Array(value.dtype, tuple(d if isinstance(d, int) else change(d) for d in value.shape))
        case Length():
            new = change(value.size)
            return Literal(1) if isinstance(new, int) else Length(new)
        case Sequence() if value.items:
            return Sequence(value.kind, tuple(map_sizes(item, change) for item in value.items))
        case Many():
            return Many(value.kind, map_sizes(value.item, change))
        case Mapping():
            return Mapping(value.kind, value.keys, tuple(map_sizes(item, change) for item in value.items))
        case Record():
            return Record(value.kind, value.names, tuple(map_sizes(item, change) for item in value.items))
        case Partial():
            return Partial(
                map_sizes(value.function, change),
                tuple(map_sizes(item, change) for item in value.arguments),
                tuple((key, map_sizes(item, change)) for key, item in value.keywords),
            )
    return value


def renamed_sizes(value: Value, prefix: Hashable, kept: Iterable[Hashable] = ()) -> Value:
    """The value with fresh keys for its dimensions, but for the kept ones."""
    keep = set(kept)
    found: dict[Hashable, Size] = {}

    def change(size: Size) -> Size:
        if size.key in keep:
            return size
        if size.key == ANY_SIZE:
            found[len(found)] = new = Size((prefix, len(found)), size.maybe_one)
            return new
        if size.key not in found:
            found[size.key] = Size((prefix, len(found)), size.maybe_one)
        return found[size.key]

    return map_sizes(value, change)


# ------------------------------------------------------------------------------------------------------------- joins


def join(first: Value, second: Value, prefix: Hashable, depth: int = 0) -> Value:
    """What is known of a name that holds either of two values; sizes that differ get a key made from `prefix`."""
    if first is second or first == second:
        return first
    if isinstance(first, Never):
        return second
    if isinstance(second, Never):
        return first
    if depth > 8:
        return UNKNOWN
    a, b = as_number(first), as_number(second)
    match a, b:
        case Number(), Number():
            if a == b:
                return a
            return _join_numbers(a, b)
        case Array(), Array() if a.dtype == b.dtype:
            return Array(a.dtype, join_shapes(a.shape, b.shape, prefix))
        case Sequence(), Sequence() if a.kind is b.kind:
            if len(a.items) == len(b.items):
                return Sequence(a.kind, _join_each(a.items, b.items, prefix, depth))
            return many(a.kind, (*a.items, *b.items), prefix, depth)
        case Many(), Sequence() if a.kind is b.kind:
            return many(a.kind, (a.item, *b.items), prefix, depth)
        case Sequence(), Many() if a.kind is b.kind:
            return many(a.kind, (*a.items, b.item), prefix, depth)
        case Many(), Many() if a.kind is b.kind:
            return many(a.kind, (a.item, b.item), prefix, depth)
        case Mapping(), Mapping() if a.kind is b.kind and a.keys == b.keys:
            return Mapping(a.kind, a.keys, _join_each(a.items, b.items, prefix, depth))
        case Record(), Record() if a.kind is b.kind and a.names == b.names:
            return Record(a.kind, a.names, _join_each(a.items, b.items, prefix, depth))
        case Record(), Record() if a.kind is b.kind:
            return _join_records(a, b, prefix, depth)
        case Partial(), Partial():
            return _join_partials(a, b, prefix, depth)
        case Instance(), Instance() if a.kind is b.kind:
            return a
        case Instance(), (Sequence() | Many() | Mapping() | Record()) if a.kind is b.kind:
            return a
        case ((Sequence() | Many() | Mapping() | Record()), Instance()) if a.kind is b.kind:
            return b
    return UNKNOWN


def _join_each(first: tuple[Value, ...], second: tuple[Value, ...], prefix: Hashable, depth: int) -> tuple[Value, ...]:
    """The items of two containers of one length, joined one by one."""
    return tuple(join(x, y, (prefix, i), depth + 1) for i, (x, y) in enumerate(zip(first, second)))


def _join_partials(a: Partial, b: Partial, prefix: Hashable, depth: int) -> Value:
    """One function with values that differ; two functions are not told apart."""
    keys = tuple(key for key, _ in a.keywords)
    if len(a.arguments) != len(b.arguments) or keys != tuple(key for key, _ in b.keywords):
        return UNKNOWN
    function = join(a.function, b.function, prefix, depth + 1)
    if function != a.function:
        return UNKNOWN
    keywords = tuple((key, join(x, y, (prefix, key), depth + 1)) for (key, x), (_, y) in zip(a.keywords, b.keywords))
    return Partial(function, _join_each(a.arguments, b.arguments, prefix, depth), keywords)


def _join_records(a: Record, b: Record, prefix: Hashable, depth: int) -> Value:
    """Objects of which one has attributes that the other does not have yet: reading one that is not there raises."""
    names = (*a.names, *(name for name in b.names if name not in a.names))
    one, other = dict(zip(a.names, a.items)), dict(zip(b.names, b.items))
    if any(_has_default(a.kind, name) for name in names if name not in one or name not in other):
        return Instance(a.kind)
    pairs = ((name, one.get(name, NEVER), other.get(name, NEVER)) for name in names)
    return Record(a.kind, names, tuple(join(x, y, (prefix, name), depth + 1) for name, x, y in pairs))


def _has_default(kind: type, name: str) -> bool:
    """Whether an attribute that an object does not have is found in its class, or computed."""
    if hasattr(kind, "__getattr__") or dataclasses.is_dataclass(kind):
        return True
    member = inspect.getattr_static(kind, name, None)
    return member is not None and not isinstance(member, types.MemberDescriptorType)


def _join_numbers(a: Number, b: Number) -> Value:
    """A sum that starts from 0 or 0.0 is a double afterwards; other mixtures are not told apart."""
    if a.dtype.kind == "f" and b.dtype.kind == "i" and b.python:
        return a
    if b.dtype.kind == "f" and a.dtype.kind == "i" and a.python:
        return b
    if a.dtype == b.dtype and a.dtype in (np.float64, np.complex128, np.int64, np.bool_):
        return Number(a.dtype, False)
    return UNKNOWN


def join_shapes(
    first: tuple[Dimension, ...] | None, second: tuple[Dimension, ...] | None, prefix: Hashable
) -> tuple[Dimension, ...] | None:
    if first is None or second is None or len(first) != len(second):
        return None
    return tuple(
        a if a == b else Size((prefix, axis), may_be_one(a) or may_be_one(b))
        for axis, (a, b) in enumerate(zip(first, second))
    )


def may_be_one(dimension: Dimension) -> bool:
    return isinstance(dimension, int) or dimension.maybe_one


def many(kind: type, items: Iterable[Value], prefix: Hashable = ANY_SIZE, depth: int = 0) -> Value:
    """The value of a container of unknown length with such items."""
    joined: Value = NEVER
    for item in items:
        joined = join(joined, item, (prefix, "item"), depth + 1)

    def change(size: Size) -> Size:
        return Size(ANY_SIZE, size.maybe_one)

    keep = joined if not isinstance(joined, Never) else UNKNOWN
    return Many(kind, map_sizes(loosened(keep), change) if _has_fresh(keep) else loosened(keep))


def _has_fresh(value: Value) -> bool:
    found = False

    def look(size: Size) -> Size:
        nonlocal found
        found = found or is_fresh(size.key)
        return size

    map_sizes(value, look)
    return found


def is_varying(key: Hashable) -> bool:
    """Whether the key is that of a dimension which differs from one item of a container to the next."""
    while isinstance(key, tuple) and key:
        key = key[0]
    return key == ANY_SIZE


def is_fresh(key: Hashable) -> bool:
    """Whether the key was made by inference for one place of the program, and is not that of an argument."""
    return is_varying(key) or (isinstance(key, tuple) and len(key) > 0 and (key[0] == FRESH or any(map(is_fresh, key))))


def loosened(value: Value) -> Value:
    """The value with known numbers exchanged for numbers of their type."""
    match value:
        case Length():
            return as_number(value)
        case Literal() if type(value.value) in (int, float, complex):
            return as_number(value)
        case Sequence():
            return Sequence(value.kind, tuple(map(loosened, value.items)))
    return value


# ---------------------------------------------------------------------------------------------------- broadcasting


def broadcast_dimension(a: Dimension, b: Dimension) -> Dimension:
    if isinstance(a, int):
        return b
    if isinstance(b, int) or a.key == b.key:
        return a
    if not a.maybe_one:
        return a  # b is 1 or equal to a
    if not b.maybe_one:
        return b
    return Size((BROADCAST, a.key, b.key), True)


def broadcast(*shapes: tuple[Dimension, ...] | None) -> tuple[Dimension, ...] | None:
    """The shape that shapes broadcast to; None where a rank is not known."""
    result: tuple[Dimension, ...] = ()
    for shape in shapes:
        if shape is None:
            return None
        if len(shape) > len(result):
            result, shape = shape, result
        start = len(result) - len(shape)
        result = (*result[:start], *(broadcast_dimension(a, b) for a, b in zip(result[start:], shape)))
    return result


def shape_of(value: Value) -> tuple[Dimension, ...] | None:
    """The shape that NumPy sees in a value; None where it is not known."""
    match value:
        case Number() | Length():
            return ()
        case Literal() if isinstance(value.value, (bool, int, float, complex, np.generic)):
            return ()
        case Array():
            return value.shape
    return None


def dtype_of(value: Value) -> np.dtype | None:
    """The dtype that NumPy gives a value by itself."""
    value = as_number(value)
    match value:
        case Number() | Array():
            return value.dtype
        case Sequence() | Many():
            items = value.items if isinstance(value, Sequence) else (value.item,)
            found = [dtype_of(item) for item in items]
            if not found or any(item is None for item in found):
                return None
            try:
                return np.result_type(*found)
            except TypeError:
                return None
    return None


def array_or_number(dtype: np.dtype, shape: tuple[Dimension, ...] | None) -> Value:
    """What NumPy functions return: a scalar where an array would have rank 0."""
    if shape is None:
        return UNKNOWN
    return Array(dtype, shape) if shape else Number(dtype)


# --------------------------------------------------------------------------------------------------------- sampling


_Descriptor = tuple[Any, ...]
_results: dict[tuple[Any, ...], Value] = {}
_SAMPLES = (
    {"b": True, "i": 2, "u": 2, "f": 0.5, "c": 0.5 + 0.25j},
    {"b": True, "i": 3, "u": 3, "f": 1.5, "c": 1.5 + 0.25j},
)


def _describe(value: Value) -> _Descriptor | None:
    value = as_number(value)
    match value:
        case Number():
            return (value.dtype, value.python)
        case Array():
            return (value.dtype, False)
    return None


def _sample(descriptor: _Descriptor, numbers: dict[str, Any]) -> Any:
    dtype, python = descriptor
    number = numbers[dtype.kind]
    return number if python else dtype.type(number)


def scalar_result(function: Any, values: Iterable[Value]) -> Value:
    """What a scalar function returns for numbers like these, by running it on samples; element types of arrays count
    as NumPy scalars.  `UNKNOWN` where it cannot be found out."""
    descriptors = tuple(map(_describe, values))
    if None in descriptors:
        return UNKNOWN
    key = (function, descriptors)
    found = _results.get(key)
    if found is None:
        found = _results[key] = _run_samples(function, descriptors)  # type: ignore[arg-type]
    return found


def _run_samples(function: Any, descriptors: tuple[_Descriptor, ...]) -> Value:
    if any(dtype.kind not in "biufc" for dtype, _ in descriptors):
        return UNKNOWN
    if function in (operator.pow, operator.ipow, pow) and all(python and d.kind in "bi" for d, python in descriptors):
        return UNKNOWN  # a negative exponent makes a float
    for numbers in _SAMPLES:
        try:
            with np.errstate(all="ignore"):
                result = function(*(_sample(descriptor, numbers) for descriptor in descriptors))
        except Exception:  # a sample outside of the domain, or no such operation
            continue
        return value_of_scalar(result)
    return UNKNOWN


def value_of_scalar(thing: Any) -> Value:
    """What is known of a scalar of which only the type counts."""
    if isinstance(thing, np.generic):
        return Number(thing.dtype)
    if type(thing) in (bool, int, float, complex):
        return as_number(Literal(thing))
    if isinstance(thing, np.ndarray):
        return Array(thing.dtype, None)
    if type(thing) is tuple:
        return Sequence(tuple, tuple(map(value_of_scalar, thing)))
    if thing is None or thing is NotImplemented:
        return UNKNOWN
    return Instance(type(thing)) if type(thing) in (str, bytes, range) else UNKNOWN


def elementwise(function: Any, *values: Value) -> Value:
    """The result of an element-wise function: dtype by NumPy's own promotion, shape by broadcasting."""
    scalar = scalar_result(function, values)
    if not any([isinstance(value, Array) for value in values]):
        return scalar
    if isinstance(scalar, Sequence):
        shape = broadcast(*map(shape_of, values))
        items = (array_or_number(item.dtype, shape) if isinstance(item, Number) else UNKNOWN for item in scalar.items)
        return Sequence(tuple, tuple(items))
    if not isinstance(scalar, Number):
        return UNKNOWN
    return array_or_number(scalar.dtype, broadcast(*map(shape_of, values)))


def renamed_any(value: Value, prefix: Hashable) -> Value:
    """The value of one item, out of that of all items: its varying sizes get keys of their own."""
    count = 0
    found: dict[Hashable, Size] = {}

    def change(size: Size) -> Size:
        nonlocal count
        if not is_varying(size.key):
            return size
        if size.key not in found:
            count += 1
            new = Size((prefix, count), size.maybe_one)
            if size.key == ANY_SIZE:
                return new
            found[size.key] = new
        return found[size.key]

    return map_sizes(value, change)


def item_value(value: Value) -> Value:
    """What is known of the items that iteration over a value gives."""
    if isinstance(value, Literal) and isinstance(value.value, tuple):
        value = Sequence(tuple, tuple(map(Literal, value.value)))
    match value:
        case Many():
            return value.item
        case Sequence():
            joined: Value = NEVER
            for item in value.items:
                joined = join(joined, as_number(item), ANY_SIZE)
            return joined if value.items else UNKNOWN
        case Array() if value.shape:
            return array_or_number(value.dtype, value.shape[1:])
        case Instance() if value.kind in (range, reversed):  # only ranges are known to be reversed
            return INTEGER
        case Literal() if isinstance(value.value, str):
            return Instance(str)
        case Instance() if value.kind is str:
            return Instance(str)
    return UNKNOWN


def fresh(number: int, maybe_one: bool = True) -> Size:
    """A dimension of which nothing is known; the sweep gives it a key of the place where it arises."""
    return Size((FRESH, ANY_SIZE, number), maybe_one)


def shorter(size: Size, count: int) -> Size:
    """The dimension that is `count` shorter."""
    key = size.key
    if isinstance(key, tuple) and len(key) == 3 and key[0] == LESS:
        return Size((LESS, key[1], key[2] + count), True)
    return Size((LESS, key, count), True)


def shorter_length(length: Length, count: int) -> Value:
    return Length(shorter(length.size, count))


def dtype_argument(value: Value) -> np.dtype | None:
    """The dtype that an argument names."""
    thing = value.value if isinstance(value, Literal) else value.object if isinstance(value, Known) else None
    if thing is None:
        return None
    try:
        return np.dtype(thing)
    except TypeError:
        return None


def joined_sequences(first: Value, second: Value) -> Value:
    """`a + b` of lists or tuples."""
    first, second = as_number(first), as_number(second)
    if isinstance(first, Sequence) and isinstance(second, Sequence) and first.kind is second.kind:
        return Sequence(first.kind, first.items + second.items)
    if isinstance(first, Instance) or isinstance(second, Instance):
        return Instance(first.kind)  # type: ignore[union-attr]
    items = [item for part in (first, second) for item in (part.items if isinstance(part, Sequence) else (part.item,))]  # type: ignore[union-attr]
    return many(first.kind, items)  # type: ignore[union-attr]


def repeated_sequence(sequence: Value, count: Value) -> Value:
    """`a * n` of a list or tuple."""
    if isinstance(sequence, Sequence):
        if isinstance(count, Literal) and isinstance(count.value, int) and 0 <= count.value * len(sequence.items) <= 64:
            return Sequence(sequence.kind, sequence.items * count.value)
        return many(sequence.kind, sequence.items)
    return sequence
