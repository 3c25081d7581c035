"""Results of what changes the shape of an array."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from transforms.inference import as_number, broadcast, dtype_of, fresh
from transforms.registry import result
from transforms.rules.results.arguments import (
    FALSE,
    LAST,
    NONE,
    ONE,
    ZERO,
    Shape,
    axes_of,
    constant_of,
    dimension,
    full_shape,
    merged,
    of_rank,
    results_by,
    shape_argument,
    tried,
)
from transforms.values import Array, Dimension, Literal, Number, Sequence, Size, Value


def reshaped(a: Value, shape: Value) -> Value | None:
    dtype, old = dtype_of(a), full_shape(a)
    if isinstance(shape, Literal) and type(shape.value) is int:
        shape = Literal((shape.value,))
    if isinstance(shape, Literal) and isinstance(shape.value, (tuple, list)):
        shape = Sequence(tuple, tuple(map(Literal, shape.value)))
    if dtype is None:
        return None
    if isinstance(shape, Sequence):
        items = shape.items
    elif isinstance(as_number(shape), Number):
        items = (shape,)
    else:
        return Array(dtype, None)
    open_places = [number for number, item in enumerate(items) if constant_of(item) == -1]
    new: list[Dimension] = [dimension(item, number) for number, item in enumerate(items)]
    if len(open_places) == 1:
        place = open_places[0]
        new[place] = _remaining(old, [item for number, item in enumerate(new) if number != place], place)
    return Array(dtype, tuple(new))


def _remaining(old: Shape | None, given: list[Dimension], place: int) -> Dimension:
    """The dimension that -1 stands for in a shape."""
    if old is None:
        return fresh(place)
    left = [size for size in old if isinstance(size, Size)]
    for size in given:
        if isinstance(size, Size):
            match = next((item for item in left if item.key == size.key), None)
            if match is None:
                return fresh(place)
            left.remove(match)
    return merged(tuple(left), place)


@result(np.reshape)
def reshape(
    a: Value, shape: Value = NONE, order: Value = NONE, *, newshape: Value = NONE, copy: Value = NONE
) -> Value | None:
    return reshaped(a, newshape if constant_of(shape) is None else shape)


@result(np.ndarray.reshape)
def reshape_method(a: Value, *shape: Value, order: Value = NONE, copy: Value = NONE) -> Value | None:
    return reshaped(a, shape[0] if len(shape) == 1 else Sequence(tuple, shape))


@result(np.ravel, np.ndarray.flatten, np.ndarray.ravel)
def ravel(a: Value, order: Value = NONE) -> Value | None:
    dtype, shape = dtype_of(a), full_shape(a)
    return None if dtype is None else Array(dtype, (fresh(0),) if shape is None else (merged(shape, 0),))


def permuted(a: Value, axes: Value) -> Value | None:
    dtype, shape = dtype_of(a), full_shape(a)
    if dtype is None:
        return None
    if shape is None:
        return Array(dtype, None)
    order = constant_of(axes)
    if order is None:
        return Array(dtype, shape[::-1])
    if isinstance(order, int):
        order = (order,)
    if not isinstance(order, (tuple, list)) or len(order) != len(shape):
        return Array(dtype, None)
    return Array(dtype, tuple(shape[axis] for axis in order))


@result(np.transpose)
def transpose(a: Value, axes: Value = NONE) -> Value | None:
    return permuted(a, axes)


@result(np.ndarray.transpose)
def transpose_method(a: Value, *axes: Value) -> Value | None:
    if not axes:
        return permuted(a, NONE)
    return permuted(a, axes[0] if len(axes) == 1 else Sequence(tuple, axes))


def like_array(function: Callable[..., Any], rank_of: Callable[..., Any] | None = None) -> Callable[..., Value | None]:
    """Facet of a function that moves the axes of an array about: found by trying it on an array of labelled axes."""

    def infer(a: Value, *rest: Value, **named: Value) -> Value | None:
        dtype, shape = dtype_of(a), full_shape(a)
        if dtype is None:
            return None
        more = [constant_of(item) for item in rest]
        known = {key: constant_of(item) for key, item in named.items()}
        if shape is None or NotImplemented in more or NotImplemented in known.values():
            return Array(dtype, None)
        sample = np.empty(tuple(range(2, 2 + len(shape))), dtype=np.int8)
        new = function(sample, *more, **known).shape
        return Array(dtype, tuple(shape[size - 2] if size > 1 else 1 for size in new))

    return infer


results_by(
    like_array,
    np.swapaxes, np.moveaxis, np.rollaxis, np.expand_dims, np.matrix_transpose,
    np.atleast_1d, np.atleast_2d, np.atleast_3d, np.flip, np.fliplr, np.flipud,
)  # fmt: skip


@result(np.squeeze)
def squeeze(a: Value, axis: Value = NONE) -> Value | None:
    dtype, shape = dtype_of(a), full_shape(a)
    if dtype is None or shape is None:
        return None if dtype is None else Array(dtype, None)
    if constant_of(axis) is None:
        if any(isinstance(size, Size) and size.maybe_one for size in shape):
            return Array(dtype, None)
        return Array(dtype, tuple(size for size in shape if isinstance(size, Size)))
    axes = axes_of(axis, len(shape))
    return Array(dtype, None) if axes is None else Array(dtype, tuple(s for n, s in enumerate(shape) if n not in axes))


@result(np.broadcast_to)
def broadcast_to(array: Value, shape: Value, subok: Value = FALSE) -> Value | None:
    dtype = dtype_of(array)
    return None if dtype is None else Array(dtype, shape_argument(shape))


@result(np.roll, np.nan_to_num)
def same_as_first(a: Value, *rest: Value, **named: Value) -> Value | None:
    dtype, shape = dtype_of(a), full_shape(a)
    if isinstance(as_number(a), Number) and dtype is not None:
        return Number(dtype)
    return None if dtype is None or shape is None else Array(dtype, shape)


@result(np.tril, np.triu)
def triangle(a: Value, k: Value = ZERO) -> Value | None:
    """A vector is repeated into the rows of a square matrix."""
    dtype, shape = dtype_of(a), full_shape(a)
    if dtype is None or shape is None or not shape:
        return None
    return Array(dtype, (shape[0], shape[0]) if len(shape) == 1 else shape)


@result(np.sort)
def sort(a: Value, axis: Value = LAST, *rest: Value, **named: Value) -> Value | None:
    dtype, shape = dtype_of(a), full_shape(a)
    if dtype is None or shape is None:
        return None
    return Array(dtype, shape if isinstance(constant_of(axis), int) else None)


@result(np.argsort)
def argsort(a: Value, axis: Value = LAST, *rest: Value, **named: Value) -> Value | None:
    shape = full_shape(a)
    return Array(np.dtype(np.intp), shape if isinstance(constant_of(axis), int) else None)


@result(np.diag)
def diag(v: Value, k: Value = ZERO) -> Value | None:
    dtype, shape = dtype_of(v), full_shape(v)
    if dtype is None or shape is None:
        return None
    if len(shape) == 1:
        size = shape[0] if constant_of(k) == 0 else fresh(0)
        return Array(dtype, (size, size))
    same = shape[0] == shape[-1] and constant_of(k) == 0
    return Array(dtype, (shape[0] if same else fresh(0),))


@result(np.diagonal)
def diagonal(a: Value, offset: Value = ZERO, axis1: Value = ZERO, axis2: Value = ONE) -> Value | None:
    dtype, shape = dtype_of(a), full_shape(a)
    if dtype is None or shape is None:
        return None
    axes = axes_of(Sequence(tuple, (axis1, axis2)), len(shape))
    if axes is None:
        return Array(dtype, None)
    same = shape[axes[0]] == shape[axes[1]] and constant_of(offset) == 0
    kept = tuple(size for number, size in enumerate(shape) if number not in axes)
    return Array(dtype, (*kept, shape[axes[0]] if same else fresh(0)))


@result(np.trace)
def trace(a: Value, *rest: Value, **named: Value) -> Value | None:
    dtype, shape = dtype_of(a), full_shape(a)
    if dtype is None or shape is None or len(shape) != 2:
        return None
    found = tried(np.trace, dtype, rank=2)
    return None if found is None else Number(found)


@result(np.repeat)
def repeat(a: Value, repeats: Value, axis: Value = NONE) -> Value | None:
    dtype, shape = dtype_of(a), full_shape(a)
    if dtype is None:
        return None
    if constant_of(axis) is None:
        return Array(dtype, (fresh(0),))
    axes = axes_of(axis, len(shape)) if shape is not None else None
    if shape is None or axes is None:
        return Array(dtype, None)
    return Array(dtype, tuple(fresh(number) if number in axes else size for number, size in enumerate(shape)))


@result(np.tile)
def tile(A: Value, reps: Value) -> Value | None:  # noqa: N803
    dtype, shape = dtype_of(A), full_shape(A)
    counts = reps.items if isinstance(reps, Sequence) else None
    if isinstance(reps, Literal) and isinstance(reps.value, tuple):
        counts = tuple(map(Literal, reps.value))
    if isinstance(as_number(reps), Number):
        counts = (reps,)
    if dtype is None or shape is None or counts is None:
        return None
    rank = max(len(shape), len(counts))
    old = (1,) * (rank - len(shape)) + shape
    times = (Literal(1),) * (rank - len(counts)) + tuple(counts)
    new = [
        size if constant_of(count) == 1 else dimension(count, number) if size == 1 else fresh(number)
        for number, (size, count) in enumerate(zip(old, times))
    ]
    return Array(dtype, tuple(new))


@result(np.diagflat)
def diagflat(v: Value, k: Value = ZERO) -> Value | None:
    return of_rank(dtype_of(v), 2)


@result(np.broadcast_arrays)
def broadcast_arrays(*arrays: Value, subok: Value = FALSE) -> Value | None:
    shape = broadcast(*map(full_shape, arrays))
    dtypes = [dtype_of(array) for array in arrays]
    if shape is None or any(dtype is None for dtype in dtypes):
        return None
    return Sequence(tuple, tuple(Array(dtype, shape) for dtype in dtypes if dtype is not None))


@result(np.rot90)
def rot90(m: Value, k: Value = ONE, axes: Value = Literal((0, 1))) -> Value | None:  # noqa: B008
    dtype, shape, turns = dtype_of(m), full_shape(m), constant_of(k)
    places = axes_of(axes, len(shape)) if shape is not None else None
    if dtype is None or shape is None or not isinstance(turns, int) or places is None or len(places) != 2:
        return None
    new = list(shape)
    if turns % 2:
        new[places[0]], new[places[1]] = shape[places[1]], shape[places[0]]
    return Array(dtype, tuple(new))


@result(np.pad)
def pad(array: Value, pad_width: Value, mode: Value = ZERO, **named: Value) -> Value | None:  # noqa: A002
    dtype, shape = dtype_of(array), full_shape(array)
    if dtype is None or shape is None:
        return None
    return Array(dtype, tuple(fresh(number) for number in range(len(shape))))
