"""Results of what joins arrays and takes them apart."""

from __future__ import annotations

import numpy as np

from transforms.inference import CONSTANT, TOTAL, array_or_number, dtype_argument, dtype_of, fresh
from transforms.registry import result
from transforms.rules.results.arguments import (
    NONE,
    ONE,
    TWO,
    ZERO,
    Shape,
    axes_of,
    constant_dimension,
    constant_of,
    equal_dimensions,
    full_shape,
    of_rank,
    rank_of,
)
from transforms.values import Array, Dimension, Literal, Many, Sequence, Size, Value


def _items(arrays: Value) -> list[Value] | None:
    if isinstance(arrays, Sequence):
        return list(arrays.items)
    if isinstance(arrays, Many):
        return [arrays.item]
    if isinstance(arrays, Array) and arrays.shape:
        return [array_or_number(arrays.dtype, arrays.shape[1:])]
    return None


def joined_dtype(items: list[Value]) -> np.dtype | None:
    """The dtype of an array made of several."""
    dtypes = [dtype_of(item) for item in items]
    if not dtypes or any(dtype is None for dtype in dtypes):
        return None
    return np.result_type(*dtypes)


@result(np.concatenate)
def concatenate(
    arrays: Value, axis: Value = ZERO, out: Value = NONE, *, dtype: Value = NONE, casting: Value = NONE
) -> Value | None:
    items = _items(arrays)
    if items is None or constant_of(out) is not None:
        return None
    found = dtype_argument(dtype) or joined_dtype(items)
    if found is None:
        return None
    shapes = [full_shape(item) for item in items]
    if any(shape is None for shape in shapes):
        return Array(found, None)
    if constant_of(axis) is None:
        return Array(found, (fresh(0),))
    rank = len(shapes[0] or ())
    axes = axes_of(axis, rank)
    if axes is None or len(axes) != 1 or any(len(shape or ()) != rank for shape in shapes):
        return Array(found, None)
    return Array(
        found, _concatenated([shape for shape in shapes if shape is not None], axes[0], isinstance(arrays, Sequence))
    )


def _concatenated(shapes: list[Shape], axis: int, is_known: bool) -> Shape:
    new = [equal_dimensions(shape[place] for shape in shapes) for place in range(len(shapes[0]))]
    if not is_known:
        new[axis] = fresh(axis)
    elif len(shapes) > 1:
        new[axis] = _total([shape[axis] for shape in shapes])
    return tuple(new)


def _total(sizes: list[Dimension]) -> Dimension:
    """The sum of dimensions."""
    keys = tuple((CONSTANT, 1) if isinstance(size, int) else size.key for size in sizes)
    counts = [key[1] for key in keys if isinstance(key, tuple) and len(key) == 2 and key[0] == CONSTANT]
    if len(counts) == len(keys):
        return constant_dimension(sum(counts))
    sure = sum(isinstance(size, int) for size in sizes) >= 2
    return Size((TOTAL, *keys), not sure)


@result(np.stack)
def stack(
    arrays: Value, axis: Value = ZERO, out: Value = NONE, *, dtype: Value = NONE, casting: Value = NONE
) -> Value | None:
    items = _items(arrays)
    if items is None or constant_of(out) is not None:
        return None
    found = dtype_argument(dtype) or joined_dtype(items)
    shapes = [full_shape(item) for item in items]
    if found is None or any(shape is None or len(shape) != len(shapes[0] or ()) for shape in shapes):
        return None
    rank = len(shapes[0] or ()) + 1
    place = constant_of(axis)
    if not isinstance(place, int) or not -rank <= place < rank:
        return Array(found, None)
    new = [equal_dimensions((shape or ())[n] for shape in shapes) for n in range(rank - 1)]
    count = constant_dimension(len(items)) if isinstance(arrays, Sequence) else fresh(50)
    new.insert(place % rank, count)
    return Array(found, tuple(new))


def _raised(value: Value, rank: int) -> Value | None:
    shape, dtype = full_shape(value), dtype_of(value)
    if shape is None or dtype is None:
        return None
    return Array(dtype, (1,) * (rank - len(shape)) + shape)


@result(np.vstack)
def vstack(tup: Value, *, dtype: Value = NONE, casting: Value = NONE) -> Value | None:
    return _joined_after(tup, dtype, 2, 0)


@result(np.hstack)
def hstack(tup: Value, *, dtype: Value = NONE, casting: Value = NONE) -> Value | None:
    items = _items(tup)
    first = full_shape(items[0]) if items else None
    return None if first is None else _joined_after(tup, dtype, 1, 0 if len(first) <= 1 else 1)


def _joined_after(tup: Value, dtype: Value, rank: int, axis: int) -> Value | None:
    items = _items(tup)
    if not items or not isinstance(tup, Sequence):
        return None
    raised = [_raised(item, rank) for item in items]
    if any(item is None for item in raised):
        return None
    return concatenate(Sequence(tuple, tuple(item for item in raised if item is not None)), Literal(axis), dtype=dtype)


@result(np.column_stack)
def column_stack(tup: Value) -> Value | None:
    items = _items(tup)
    if not items or not isinstance(tup, Sequence):
        return None
    columns: list[Value] = []
    for item in items:
        shape, dtype = full_shape(item), dtype_of(item)
        if shape is None or dtype is None or len(shape) > 2:
            return None
        columns.append(Array(dtype, shape if len(shape) == 2 else (*shape, 1)))
    return concatenate(Sequence(tuple, tuple(columns)), Literal(1))


@result(np.append)
def append(arr: Value, values: Value, axis: Value = NONE) -> Value | None:
    if constant_of(axis) is None:
        dtype = joined_dtype([arr, values])
        return None if dtype is None else Array(dtype, (fresh(0),))
    return concatenate(Sequence(tuple, (arr, values)), axis)


@result(np.split)
def split(ary: Value, indices_or_sections: Value, axis: Value = ZERO) -> Value | None:
    return _split(ary, indices_or_sections, axis, isinstance(constant_of(indices_or_sections), int))


@result(np.array_split)
def array_split(ary: Value, indices_or_sections: Value, axis: Value = ZERO) -> Value | None:
    return _split(ary, indices_or_sections, axis, False)


def _split(ary: Value, indices_or_sections: Value, axis: Value, is_even: bool) -> Value | None:
    shape, dtype = full_shape(ary), dtype_of(ary)
    count = constant_of(indices_or_sections)
    if shape is None or dtype is None or not isinstance(count, (int, list, tuple)):
        return None
    axes = axes_of(axis, len(shape))
    if axes is None:
        return None
    number = count if isinstance(count, int) else len(count) + 1
    if number > 64:
        return None
    items = []
    for place in range(number):
        size = fresh(axes[0] + 10 * (0 if is_even else place))
        items.append(Array(dtype, (*shape[: axes[0]], size, *shape[axes[0] + 1 :])))
    return Sequence(list, tuple(items))


@result(np.insert)
def insert(arr: Value, obj: Value, values: Value, axis: Value = NONE) -> Value | None:
    return of_rank(dtype_of(arr), 1 if constant_of(axis) is None else rank_of(arr))


@result(np.delete)
def delete(arr: Value, obj: Value, axis: Value = NONE) -> Value | None:
    return of_rank(dtype_of(arr), 1 if constant_of(axis) is None else rank_of(arr))


@result(np.dstack)
def dstack(tup: Value) -> Value | None:
    items = _items(tup)
    ranks = [rank_of(item) for item in items or ()]
    if items is None or not ranks or None in ranks:
        return None
    return of_rank(joined_dtype(items), max(3, *(rank or 0 for rank in ranks)))


@result(np.hsplit)
def hsplit(ary: Value, indices_or_sections: Value) -> Value | None:
    rank = rank_of(ary)
    return None if not rank else split(ary, indices_or_sections, ZERO if rank == 1 else ONE)


@result(np.vsplit)
def vsplit(ary: Value, indices_or_sections: Value) -> Value | None:
    return split(ary, indices_or_sections, ZERO)


@result(np.dsplit)
def dsplit(ary: Value, indices_or_sections: Value) -> Value | None:
    return split(ary, indices_or_sections, TWO)
