"""Results of what selects and orders elements, and of positions."""

from __future__ import annotations

import operator

import numpy as np

from transforms.inference import array_or_number, broadcast, dtype_of, elementwise, fresh
from transforms.registry import result
from transforms.rules.results.arguments import LAST, NONE, ZERO, axes_of, constant_of, full_shape, of_rank, rank_of
from transforms.rules.results.creation import array
from transforms.rules.results.shapes import sort
from transforms.values import UNKNOWN, Array, Length, Literal, Number, Sequence, Value


@result(np.where)
def where(condition: Value, x: Value = NONE, y: Value = NONE) -> Value | None:
    if constant_of(x) is None:
        shape = full_shape(condition)
        return None if shape is None else Sequence(tuple, tuple(Array(np.dtype(np.intp), (fresh(0),)) for _ in shape))
    chosen = elementwise(np.add, x, y)
    dtype, shape = dtype_of(chosen), broadcast(full_shape(condition), full_shape(x), full_shape(y))
    return None if dtype is None else Array(dtype, shape)


@result(np.clip)
def clip(a: Value, a_min: Value = NONE, a_max: Value = NONE, out: Value = NONE, **named: Value) -> Value | None:
    if constant_of(out) is not None:
        return None
    low = named.pop("min", a_min)
    high = named.pop("max", a_max)
    found = a
    for bound, function in ((low, np.maximum), (high, np.minimum)):
        if constant_of(bound) is not None:
            found = elementwise(function, found, bound)
    if isinstance(found, Literal) or (isinstance(found, Number) and found.python):
        dtype = dtype_of(found)
        return None if dtype is None else Number(dtype)
    return found if isinstance(found, (Number, Array)) else None


@result(np.take)
def take(a: Value, indices: Value, axis: Value = NONE, out: Value = NONE, mode: Value = NONE) -> Value | None:
    shape, dtype, places = full_shape(a), dtype_of(a), full_shape(indices)
    if shape is None or dtype is None or places is None or constant_of(out) is not None:
        return None
    if constant_of(axis) is None:
        return array_or_number(dtype, places)
    axes = axes_of(axis, len(shape))
    return None if axes is None else array_or_number(dtype, (*shape[: axes[0]], *places, *shape[axes[0] + 1 :]))


@result(np.take_along_axis)
def take_along_axis(arr: Value, indices: Value, axis: Value = LAST) -> Value | None:
    dtype, places = dtype_of(arr), full_shape(indices)
    if dtype is None or places is None:
        return None
    return Array(dtype, places if constant_of(axis) is not None else None)


@result(np.partition)
def partition(a: Value, kth: Value, axis: Value = LAST, *rest: Value, **named: Value) -> Value | None:
    return sort(a, axis)


@result(np.compress)
def compress(condition: Value, a: Value, axis: Value = NONE, out: Value = NONE) -> Value | None:
    return of_rank(dtype_of(a), 1 if constant_of(axis) is None else rank_of(a))


@result(np.ndarray.compress)
def compress_method(a: Value, condition: Value, axis: Value = NONE, out: Value = NONE) -> Value | None:
    return compress(condition, a, axis)


@result(np.extract)
def extract(condition: Value, arr: Value) -> Value | None:
    return of_rank(dtype_of(arr), 1)


@result(np.select)
def select(condlist: Value, choicelist: Value, default: Value = ZERO) -> Value | None:
    if not isinstance(condlist, Sequence) or not isinstance(choicelist, Sequence) or not choicelist.items:
        return None
    found: Value = default
    for choice in choicelist.items:
        found = elementwise(operator.add, found, choice)
    dtype = dtype_of(found)
    shape = broadcast(*map(full_shape, (*condlist.items, *choicelist.items, default)))
    return None if dtype is None or shape is None else Array(dtype, shape)


@result(np.nonzero)
def nonzero(a: Value) -> Value | None:
    shape = full_shape(a)
    return None if not shape else Sequence(tuple, tuple(Array(np.dtype(np.intp), (fresh(0),)) for _ in shape))


@result(np.flatnonzero)
def flatnonzero(a: Value) -> Value | None:
    return Array(np.dtype(np.intp), (fresh(0),))


INDEX = np.dtype(np.intp)
PLANE = Literal(2)


@result(np.ix_)
def ix_(*args: Value) -> Value:
    rank, items = len(args), list[Value]()
    for place, given in enumerate(args):
        dtype = dtype_of(array(given) or UNKNOWN)
        shape = (1,) * place + (fresh(place),) + (1,) * (rank - place - 1)
        items.append(UNKNOWN if dtype is None else Array(INDEX if dtype.kind == "b" else dtype, shape))
    return Sequence(tuple, tuple(items))


@result(np.tril_indices, np.triu_indices, np.tril_indices_from, np.triu_indices_from)
def indices_of_matrix(n: Value, *rest: Value, **named: Value) -> Value:
    return Sequence(tuple, (Array(INDEX, (fresh(0),)), Array(INDEX, (fresh(0),))))


@result(np.diag_indices)
def diag_indices(n: Value, ndim: Value = PLANE) -> Value | None:
    count = ndim.value if isinstance(ndim, Literal) else None
    size = fresh(0)
    return Sequence(tuple, (Array(INDEX, (size,)),) * count) if isinstance(count, int) else None


@result(np.diag_indices_from)
def diag_indices_from(arr: Value) -> Value | None:
    shape = full_shape(arr)
    return None if shape is None else diag_indices(UNKNOWN, Literal(len(shape)))


@result(np.unravel_index)
def unravel_index(indices: Value, shape: Value, *rest: Value) -> Value | None:
    is_one = isinstance(indices, (Number, Length)) or isinstance(indices, Literal) and isinstance(indices.value, int)
    count = len(shape.items) if isinstance(shape, Sequence) else None
    if isinstance(shape, Literal) and isinstance(shape.value, tuple):
        count = len(shape.value)
    return Sequence(tuple, (Number(INDEX),) * count) if is_one and count is not None else None
