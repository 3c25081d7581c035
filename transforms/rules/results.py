"""Result types: the `result` facets of NumPy's functions.

In go the abstract values of the arguments of a call, out comes that of its result; None where this form of the call is
not understood.  dtypes are found by running the function on tiny arrays of ones, shapes are worked out here.
Element-wise functions need no facet: promotion and broadcasting tell all there is to know.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from transforms.inference import (
    CONSTANT,
    PRODUCT,
    TOTAL,
    array_or_number,
    as_number,
    broadcast,
    dtype_of,
    elementwise,
    shape_of,
)
from transforms.registry import result
from transforms.specialise.indexing import dtype_argument, fresh
from transforms.values import (
    BOOLEAN,
    INTEGER,
    UNKNOWN,
    Array,
    Dimension,
    Instance,
    Length,
    Literal,
    Many,
    Number,
    Sequence,
    Size,
    Value,
)

Shape = tuple[Dimension, ...]
NONE = Literal(None)
FALSE, TRUE = Literal(False), Literal(True)
ZERO, ONE, TWO, LAST, FIFTY = map(Literal, (0, 1, 2, -1, 50))
_dtypes: dict[Any, Any] = {}


# ------------------------------------------------------------------------------------------------------------ helpers


def _functions(*functions: Any) -> tuple[Any, ...]:
    return functions


def tried(function: Callable[..., Any], *dtypes: np.dtype, rank: int = 1, **keywords: Any) -> np.dtype | None:
    """The dtype that a function gives for arrays of these dtypes."""
    key = (function, dtypes, rank, tuple(keywords.items()))
    if key not in _dtypes:
        try:
            with np.errstate(all="ignore"):
                found = function(*(np.ones((1,) * rank, dtype) for dtype in dtypes), **keywords)
            _dtypes[key] = found.dtype
        except Exception:
            _dtypes[key] = None
    return _dtypes[key]


def constant_of(value: Value, default: Any = NotImplemented) -> Any:
    """The Python constant that a value is."""
    if isinstance(value, Literal):
        return value.value
    if isinstance(value, Sequence):
        items = [constant_of(item, default) for item in value.items]
        return default if any(item is default for item in items) else value.kind(items)
    return default


def full_shape(value: Value) -> Shape | None:
    """The shape that NumPy sees, also in nested sequences."""
    value = as_number(value)
    if isinstance(value, Sequence):
        if not value.items:
            return None
        shapes = [full_shape(item) for item in value.items]
        first = shapes[0]
        if first is None or any(shape is None or len(shape) != len(first) for shape in shapes):
            return None
        return (constant_dimension(len(value.items)), *first)
    if isinstance(value, Many):
        inner = full_shape(value.item)
        return None if inner is None else (fresh(90 + len(inner)), *inner)
    return shape_of(value)


def constant_dimension(size: int) -> Dimension:
    return 1 if size == 1 else Size((CONSTANT, size))


def dimension(value: Value, number: int = 0) -> Dimension:
    """The dimension that an integer argument asks for."""
    if isinstance(value, Literal) and isinstance(value.value, (int, np.integer)) and value.value >= 0:
        return constant_dimension(int(value.value))
    if isinstance(value, Length):
        return value.size
    return fresh(number)


def shape_argument(value: Value) -> Shape | None:
    """The shape that a `shape` argument asks for."""
    if isinstance(value, Literal) and isinstance(value.value, (tuple, list)):
        value = Sequence(tuple, tuple(map(Literal, value.value)))
    if isinstance(value, Sequence):
        return tuple(dimension(item, number) for number, item in enumerate(value.items))
    if isinstance(as_number(value), Number):
        return (dimension(value),)
    return None


def axes_of(value: Value, rank: int) -> tuple[int, ...] | None:
    """The axes that an argument names, as non-negative numbers; all for None."""
    axis = constant_of(value)
    if axis is None:
        return tuple(range(rank))
    if isinstance(axis, (int, np.integer)) and not isinstance(axis, bool):
        axis = (axis,)
    if not isinstance(axis, (tuple, list)) or not all(isinstance(item, int) and -rank <= item < rank for item in axis):
        return None
    return tuple(item % rank for item in axis)


def equal_dimensions(dimensions: Iterable[Dimension]) -> Dimension:
    """One dimension that all of these must be equal to, without broadcasting."""
    found = list(dimensions)
    for item in found:
        if isinstance(item, int) or not item.maybe_one:
            return item
    return found[0]


def merged(dimensions: Shape, number: int) -> Dimension:
    """The product of dimensions."""
    sizes = [item for item in dimensions if isinstance(item, Size)]
    if not sizes:
        return 1
    if len(sizes) == 1:
        return sizes[0]
    key = (PRODUCT, *(item.key for item in sizes))
    return Size(key, all(item.maybe_one for item in sizes))


# --------------------------------------------------------------------------------------------------------- reductions


def _reduction(function: Callable[..., Any]) -> Callable[..., Value | None]:
    def infer(
        a: Value,
        axis: Value = NONE,
        dtype: Value = NONE,
        out: Value = NONE,
        keepdims: Value = FALSE,
        initial: Value = NONE,
        where: Value = NONE,
    ) -> Value | None:
        given = dtype_of(a)
        if given is None or constant_of(out) is not None or given.kind == "O":
            return None
        wanted = dtype_argument(dtype)
        found = tried(function, given) if wanted is None else tried(function, given, dtype=wanted)
        if found is None or not isinstance(keepdims, Literal):
            return None
        return reduced(found, full_shape(a), axis, bool(keepdims.value))

    return infer


def reduced(dtype: np.dtype, shape: Shape | None, axis: Value, keepdims: bool) -> Value | None:
    if shape is None:
        return Number(dtype) if constant_of(axis) is None and not keepdims else UNKNOWN
    axes = axes_of(axis, len(shape))
    if axes is None:
        return UNKNOWN
    if keepdims:
        kept: Shape = tuple(1 if number in axes else size for number, size in enumerate(shape))
    else:
        kept = tuple(size for number, size in enumerate(shape) if number not in axes)
    return array_or_number(dtype, kept)


for _function in _functions(np.sum, np.prod, np.mean, np.nansum, np.nanprod, np.nanmean):
    result(_function)(_reduction(_function))


def _reduction_without_dtype(function: Callable[..., Any]) -> Callable[..., Value | None]:
    inner = _reduction(function)

    def infer(
        a: Value,
        axis: Value = NONE,
        out: Value = NONE,
        keepdims: Value = FALSE,
        initial: Value = NONE,
        where: Value = NONE,
    ) -> Value | None:
        return inner(a, axis, NONE, out, keepdims)

    return infer


for _function in _functions(
    np.max, np.min, np.amax, np.amin, np.any, np.all, np.nanmax, np.nanmin, np.ptp, np.argmax, np.argmin, np.nanargmax,
    np.nanargmin,
):  # fmt: skip
    result(_function)(_reduction_without_dtype(_function))


def _spread(function: Callable[..., Any]) -> Callable[..., Value | None]:
    inner = _reduction(function)

    def infer(
        a: Value,
        axis: Value = NONE,
        dtype: Value = NONE,
        out: Value = NONE,
        ddof: Value = NONE,
        keepdims: Value = FALSE,
        where: Value = NONE,
        mean: Value = NONE,
        correction: Value = NONE,
    ) -> Value | None:
        return inner(a, axis, dtype, out, keepdims)

    return infer


for _function in _functions(np.var, np.std, np.nanvar, np.nanstd):
    result(_function)(_spread(_function))


@result(np.median, np.nanmedian)
def median(
    a: Value, axis: Value = NONE, out: Value = NONE, overwrite_input: Value = FALSE, keepdims: Value = FALSE
) -> Value | None:
    return _reduction(np.median)(a, axis, NONE, out, keepdims)


@result(np.count_nonzero)
def count_nonzero(a: Value, axis: Value = NONE, *, keepdims: Value = FALSE) -> Value | None:
    return reduced(np.dtype(np.intp), full_shape(a), axis, bool(constant_of(keepdims)))


@result(np.average)
def average(
    a: Value, axis: Value = NONE, weights: Value = NONE, returned: Value = FALSE, *, keepdims: Value = FALSE
) -> Value | None:
    if constant_of(returned) is not False:
        return None
    dtypes = [dtype_of(a)] if constant_of(weights) is None else [dtype_of(a), dtype_of(weights)]
    if any(dtype is None for dtype in dtypes):
        return None
    found = np.result_type(*dtypes, np.float16)
    return reduced(np.result_type(found, dtypes[0], 1.0), full_shape(a), axis, bool(constant_of(keepdims)))


def _cumulative(function: Callable[..., Any]) -> Callable[..., Value | None]:
    def infer(a: Value, axis: Value = NONE, dtype: Value = NONE, out: Value = NONE) -> Value | None:
        given, shape, wanted = dtype_of(a), full_shape(a), dtype_argument(dtype)
        if given is None or constant_of(out) is not None:
            return None
        found = tried(function, given) if wanted is None else wanted
        if found is None:
            return None
        if constant_of(axis) is None:
            return Array(found, None if shape is None else (merged(shape, 0),))
        return Array(found, shape)

    return infer


for _function in _functions(np.cumsum, np.cumprod, np.nancumsum, np.nancumprod):
    result(_function)(_cumulative(_function))


@result(np.diff)
def diff(a: Value, n: Value = ONE, axis: Value = LAST, prepend: Value = NONE, append: Value = NONE) -> Value | None:
    shape, dtype, count = shape_of(a), dtype_of(a), constant_of(n)
    if not shape or dtype is None or not isinstance(count, int) or count < 0:
        return None
    if constant_of(prepend) is not None or constant_of(append) is not None:
        return Array(dtype, tuple(fresh(number) for number in range(len(shape))))
    axes = axes_of(axis, len(shape))
    if axes is None:
        return None
    from transforms.specialise.indexing import shorter

    new = list(shape)
    size = shape[axes[0]]
    new[axes[0]] = shorter(size, count) if isinstance(size, Size) and count else size if not count else fresh(0)
    return Array(np.dtype(np.bool_) if dtype.kind == "b" else dtype, tuple(new))


# -------------------------------------------------------------------------------------------------------------- shapes


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


for _function in _functions(np.swapaxes, np.moveaxis, np.rollaxis, np.expand_dims, np.matrix_transpose, np.atleast_1d,
                  np.atleast_2d,
                  np.atleast_3d, np.flip, np.fliplr, np.flipud):  # fmt: skip
    result(_function)(like_array(_function))


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


# ------------------------------------------------------------------------------------------------------------ products


@result(np.matmul, operator.matmul)
def matmul(x1: Value, x2: Value) -> Value | None:
    first, second = full_shape(x1), full_shape(x2)
    dtype = _product_dtype(x1, x2)
    if dtype is None:
        return None
    if first is None or second is None or not first or not second:
        return Array(dtype, None) if first != () and second != () else None
    return array_or_number(dtype, _matmul_shape(first, second))


def _matmul_shape(first: Shape, second: Shape) -> Shape:
    left = first[-2:-1]
    right = second[-1:] if len(second) > 1 else ()
    outer = broadcast(first[:-2], second[:-2])
    assert outer is not None
    return (*outer, *left, *right)


def _product_dtype(*values: Value) -> np.dtype | None:
    dtypes = [dtype_of(value) for value in values]
    if any(dtype is None for dtype in dtypes):
        return None
    return np.result_type(*dtypes)


@result(np.dot, np.ndarray.dot)
def dot(a: Value, b: Value, out: Value = NONE) -> Value | None:
    first, second = full_shape(a), full_shape(b)
    if constant_of(out) is not None:
        return None
    if first == () or second == ():
        found = elementwise(np.multiply, a, b)
        return found if isinstance(found, (Number, Array)) else None
    dtype = _product_dtype(a, b)
    if dtype is None:
        return None
    if first is None or second is None:
        return None
    right = (*second[:-2], second[-1]) if len(second) > 1 else ()
    return array_or_number(dtype, (*first[:-1], *right))


@result(np.inner)
def inner(a: Value, b: Value) -> Value | None:
    first, second, dtype = full_shape(a), full_shape(b), _product_dtype(a, b)
    if dtype is None or not first or not second:
        return None
    return array_or_number(dtype, (*first[:-1], *second[:-1]))


@result(np.vdot)
def vdot(a: Value, b: Value) -> Value | None:
    dtype = _product_dtype(a, b)
    return None if dtype is None else Number(dtype)


@result(np.outer)
def outer(a: Value, b: Value, out: Value = NONE) -> Value | None:
    first, second, dtype = full_shape(a), full_shape(b), _product_dtype(a, b)
    if dtype is None or first is None or second is None:
        return None
    return Array(dtype, (merged(first, 0), merged(second, 1)))


@result(np.tensordot)
def tensordot(a: Value, b: Value, axes: Value = TWO) -> Value | None:
    first, second, dtype, which = full_shape(a), full_shape(b), _product_dtype(a, b), constant_of(axes)
    if dtype is None or first is None or second is None:
        return None
    if isinstance(which, int):
        which = (tuple(range(len(first) - which, len(first))), tuple(range(which)))
    if not isinstance(which, (tuple, list)) or len(which) != 2:
        return Array(dtype, None)
    pairs = [(item,) if isinstance(item, int) else tuple(item) for item in which]
    left = {axis % len(first) for axis in pairs[0]} if first else set()
    right = {axis % len(second) for axis in pairs[1]} if second else set()
    kept = [size for axis, size in enumerate(first) if axis not in left]
    kept += [size for axis, size in enumerate(second) if axis not in right]
    return array_or_number(dtype, tuple(kept)) if kept else Array(dtype, ())


@result(np.einsum)
def einsum(subscripts: Value, *operands: Value, **named: Value) -> Value | None:
    text = constant_of(subscripts)
    shapes = [full_shape(item) for item in operands]
    dtype = _product_dtype(*operands)
    if not isinstance(text, str) or dtype is None or any(shape is None for shape in shapes) or "out" in named:
        return None
    text = text.replace(" ", "")
    left, arrow, right = text.partition("->")
    terms = left.split(",")
    if "." in text:
        return _einsum_with_ellipsis(terms, arrow, right, shapes, dtype)
    sizes: dict[str, list[Dimension]] = {}
    for term, shape in zip(terms, shapes):
        for letter, size in zip(term, shape or ()):
            sizes.setdefault(letter, []).append(size)
    if not arrow:
        right = "".join(sorted(letter for letter in sizes if left.count(letter) == 1))
    kept = tuple(broadcast(*((size,) for size in sizes[letter]))[0] for letter in right)  # type: ignore[index]
    return array_or_number(dtype, kept)


def _einsum_with_ellipsis(
    terms: list[str], arrow: str, right: str, shapes: list[Shape | None], dtype: np.dtype
) -> Value | None:
    """The ellipsis stands for the broadcast of what the letters leave over."""
    if not arrow or "..." not in right:
        return None
    sizes: dict[str, list[Dimension]] = {}
    outer: list[Shape] = []
    for term, shape in zip(terms, shapes):
        assert shape is not None
        before, dots, after = term.partition("...")
        inner = len(shape) - len(before) - len(after)
        if inner < 0 or (not dots and inner):
            return None
        outer.append(shape[len(before) : len(before) + inner])
        for letter, size in zip(before + after, shape[: len(before)] + shape[len(before) + inner :]):
            sizes.setdefault(letter, []).append(size)
    spread = broadcast(*outer) or ()
    before, _, after = right.partition("...")
    ends = [tuple(broadcast(*((size,) for size in sizes[letter]))[0] for letter in part) for part in (before, after)]  # type: ignore[index]
    return array_or_number(dtype, (*ends[0], *spread, *ends[1]))


@result(np.cross)
def cross(a: Value, b: Value, *rest: Value, **named: Value) -> Value | None:
    first, second, dtype = full_shape(a), full_shape(b), _product_dtype(a, b)
    if dtype is None or first is None or second is None or rest or named:
        return None
    if len(first) == len(second) == 1:
        return Array(dtype, None)
    return Array(dtype, None)


# ------------------------------------------------------------------------------------------------------------- joining


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


# ------------------------------------------------------------------------------------------------------------ creation


FLOAT64 = np.dtype(np.float64)


def _made(shape: Value, dtype: np.dtype | None) -> Value | None:
    return None if dtype is None else Array(dtype, shape_argument(shape))


def _wanted(dtype: Value, default: np.dtype | None) -> np.dtype | None:
    return default if constant_of(dtype) is None else dtype_argument(dtype)


@result(np.zeros, np.ones, np.empty)
def zeros(
    shape: Value, dtype: Value = NONE, order: Value = NONE, *, device: Value = NONE, like: Value = NONE
) -> Value | None:
    return _made(shape, _wanted(dtype, FLOAT64))


@result(np.full)
def full(shape: Value, fill_value: Value, dtype: Value = NONE, order: Value = NONE) -> Value | None:
    return _made(shape, _wanted(dtype, dtype_of(fill_value)))


@result(np.zeros_like, np.ones_like, np.empty_like)
def zeros_like(
    a: Value, dtype: Value = NONE, order: Value = NONE, subok: Value = NONE, shape: Value = NONE
) -> Value | None:
    found = _wanted(dtype, dtype_of(a))
    new = full_shape(a) if constant_of(shape) is None else shape_argument(shape)
    return None if found is None else Array(found, new)


@result(np.full_like)
def full_like(
    a: Value, fill_value: Value, dtype: Value = NONE, order: Value = NONE, subok: Value = NONE, shape: Value = NONE
) -> Value | None:
    return zeros_like(a, dtype, order, subok, shape)


@result(np.eye)
def eye(N: Value, M: Value = NONE, k: Value = ZERO, dtype: Value = NONE, order: Value = NONE) -> Value | None:  # noqa: N803
    second = N if constant_of(M) is None else M
    return _made(Sequence(tuple, (N, second)), _wanted(dtype, FLOAT64))


@result(np.identity)
def identity(n: Value, dtype: Value = NONE) -> Value | None:
    return _made(Sequence(tuple, (n, n)), _wanted(dtype, FLOAT64))


@result(np.arange)
def arange(start: Value, stop: Value = NONE, step: Value = NONE, dtype: Value = NONE) -> Value | None:
    given = [item for item in (start, stop, step) if constant_of(item) is not None]
    dtypes = [dtype_of(item) for item in given]
    found = dtype_argument(dtype)
    if found is None:
        if any(item is None for item in dtypes):
            return None
        found = np.result_type(*dtypes)
    if len(given) == 1:
        is_count = isinstance(start, Length) or (
            isinstance(start, Literal) and type(start.value) is int and start.value >= 0
        )
        return Array(found, (dimension(start) if is_count else fresh(0),))
    return Array(found, (fresh(0),))


@result(np.linspace)
def linspace(
    start: Value,
    stop: Value,
    num: Value = FIFTY,
    endpoint: Value = NONE,
    retstep: Value = FALSE,
    dtype: Value = NONE,
    axis: Value = NONE,
) -> Value | None:
    if constant_of(retstep) is not False or shape_of(start) != () or shape_of(stop) != ():
        return None
    dtypes = dtype_of(start), dtype_of(stop)
    if dtypes[0] is None or dtypes[1] is None:
        return None
    found = dtype_argument(dtype) or np.result_type(dtypes[0], dtypes[1], FLOAT64)
    return Array(found, (dimension(num),))


def _converted(thing: Value, dtype: Value) -> Value | None:
    shape = full_shape(thing)
    found = _wanted(dtype, dtype_of(thing))
    return None if found is None or found.kind in "OSU" else Array(found, shape)


@result(np.array)
def array(
    object: Value,
    dtype: Value = NONE,
    *,
    copy: Value = NONE,
    order: Value = NONE,
    subok: Value = NONE,
    ndmin: Value = NONE,
) -> Value | None:  # noqa: A002
    least = constant_of(ndmin)
    found = _converted(object, dtype)
    if least not in (None, 0) and isinstance(found, Array):
        if found.shape is None or not isinstance(least, int):
            return None
        return Array(found.dtype, (1,) * (least - len(found.shape)) + found.shape)
    return found


@result(np.asarray, np.asanyarray, np.ascontiguousarray)
def asarray(a: Value, dtype: Value = NONE, order: Value = NONE, *, copy: Value = NONE) -> Value | None:
    return _converted(a, dtype)


@result(np.copy)
def copy(a: Value, order: Value = NONE, subok: Value = NONE) -> Value | None:
    return _converted(a, NONE)


@result(np.ndarray.copy)
def copy_method(a: Value, order: Value = NONE) -> Value | None:
    return a if isinstance(a, (Array, Number)) else None


@result(np.ndarray.astype, np.astype)
def astype(
    a: Value, dtype: Value, order: Value = NONE, casting: Value = NONE, subok: Value = NONE, copy: Value = NONE
) -> Value | None:
    found, shape = dtype_argument(dtype), shape_of(a)
    if found is None or not isinstance(a, (Array, Number)):
        return None
    return Number(found) if isinstance(a, Number) else Array(found, shape)


@result(np.ndarray.item)
def item(a: Value, *index: Value) -> Value | None:
    from transforms.inference import value_of_scalar

    dtype = dtype_of(a)
    return None if dtype is None or dtype.kind not in "biufc" else value_of_scalar(dtype.type(0).item())


@result(np.ndarray.tolist)
def tolist(a: Value) -> Value | None:
    shape = shape_of(a)
    if shape is None:
        return None
    found = item(a)
    for size in reversed(shape):
        found = Sequence(list, (found or UNKNOWN,)) if size == 1 else Many(list, found or UNKNOWN)
    return found


# ----------------------------------------------------------------------------------------------- selection and ordering


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


@result(np.isscalar)
def isscalar(element: Value) -> Value | None:
    return (
        Literal(True)
        if isinstance(as_number(element), Number)
        else Literal(False)
        if isinstance(element, Array)
        else BOOLEAN
    )


@result(np.ndim)
def ndim(a: Value) -> Value | None:
    shape = full_shape(a)
    return INTEGER if shape is None else Literal(len(shape))


@result(np.size)
def size(a: Value, axis: Value = NONE) -> Value | None:
    shape = full_shape(a)
    if shape == ():
        return Literal(1)
    return INTEGER


@result(np.shape)
def shape(a: Value) -> Value | None:
    found = full_shape(a)
    if found is None:
        return None
    return Sequence(tuple, tuple(Literal(1) if isinstance(item, int) else Length(item) for item in found))


@result(np.array_equal, np.allclose, np.iscomplexobj, np.isrealobj)
def boolean(*values: Value, **named: Value) -> Value:
    return BOOLEAN


@result(np.meshgrid)
def meshgrid(*xi: Value, **named: Value) -> Value | None:
    shapes, dtypes = [full_shape(item) for item in xi], [dtype_of(item) for item in xi]
    if named and set(named) != {"indexing"} or any(item is None for item in (*shapes, *dtypes)):
        return None
    sizes = [merged(item or (), 0) for item in shapes]
    if constant_of(named.get("indexing", Literal("xy"))) == "xy" and len(sizes) > 1:
        sizes[:2] = sizes[1], sizes[0]
    return Sequence(tuple, tuple(Array(dtype, tuple(sizes)) for dtype in dtypes if dtype is not None))


# -------------------------------------------------------------------------------------------------------------- linalg


@result(np.linalg.inv, np.linalg.cholesky, np.linalg.pinv)
def inverse(a: Value, *rest: Value, **named: Value) -> Value | None:
    shape, dtype = full_shape(a), dtype_of(a)
    found = tried(np.linalg.inv, dtype, rank=2) if dtype is not None else None
    if found is None or shape is None or len(shape) < 2:
        return None
    return Array(found, (*shape[:-2], shape[-1], shape[-2]))


@result(np.linalg.det)
def determinant(a: Value) -> Value | None:
    shape, dtype = full_shape(a), dtype_of(a)
    found = tried(np.linalg.det, dtype, rank=2) if dtype is not None else None
    return None if found is None or shape is None else array_or_number(found, shape[:-2])


@result(np.linalg.slogdet)
def slogdet(a: Value) -> Value | None:
    found = determinant(a)
    if not isinstance(found, (Number, Array)) or found.dtype.kind != "f":
        return None
    return Sequence(_SLOGDET, (found, found))


@result(np.linalg.eigvalsh)
def eigenvalues(a: Value, UPLO: Value = NONE) -> Value | None:
    shape, dtype = full_shape(a), dtype_of(a)
    found = tried(np.linalg.eigvalsh, dtype, rank=2) if dtype is not None else None
    return None if found is None or shape is None or len(shape) < 2 else Array(found, shape[:-1])


@result(np.linalg.eigh)
def eigenvectors(a: Value, UPLO: Value = NONE) -> Value | None:
    values, vectors = eigenvalues(a), inverse(a)
    return None if values is None or vectors is None else Sequence(_EIGH, (values, vectors))


@result(np.linalg.svd)
def singular_values(
    a: Value, full_matrices: Value = TRUE, compute_uv: Value = TRUE, hermitian: Value = FALSE
) -> Value | None:
    shape, dtype = full_shape(a), dtype_of(a)
    real = tried(np.linalg.eigvalsh, dtype, rank=2) if dtype is not None else None
    found = tried(np.linalg.inv, dtype, rank=2) if dtype is not None else None
    whole, both = constant_of(full_matrices), constant_of(compute_uv)
    if shape is None or len(shape) < 2 or real is None or found is None or None in (whole, both):
        return None
    rows, columns = shape[-2:]
    least = rows if rows == columns or rows == 1 else columns if columns == 1 else fresh(80)
    values = Array(real, (*shape[:-2], least))
    if not both:
        return values
    left = Array(found, (*shape[:-1], rows if whole else least))
    right = Array(found, (*shape[:-2], columns if whole else least, columns))
    return Sequence(_SVD, (left, values, right))


_ONE = np.eye(1)
_SLOGDET, _EIGH, _SVD = (type(function(_ONE)) for function in (np.linalg.slogdet, np.linalg.eigh, np.linalg.svd))


@result(np.linalg.matrix_power)
def matrix_power(a: Value, n: Value) -> Value | None:
    dtype = dtype_of(a)
    return a if isinstance(a, Array) and dtype is not None and dtype.kind in "fc" else None


@result(np.linalg.solve)
def solve(a: Value, b: Value) -> Value | None:
    first, second = full_shape(a), full_shape(b)
    if first is None or second is None or len(first) != 2 or len(second) not in (1, 2):
        return None
    dtypes = dtype_of(a), dtype_of(b)
    if dtypes[0] is None or dtypes[1] is None:
        return None
    found = tried(np.linalg.solve, *dtypes, rank=2)  # type: ignore[arg-type]
    return None if found is None else Array(found, (first[1], *second[1:]))


@result(np.linalg.norm)
def norm(x: Value, ord: Value = NONE, axis: Value = NONE, keepdims: Value = FALSE) -> Value | None:  # noqa: A002
    shape, dtype = full_shape(x), dtype_of(x)
    found = tried(np.linalg.norm, dtype) if dtype is not None else None
    if found is None or not isinstance(constant_of(keepdims), bool):
        return None
    return reduced(found, shape, axis, constant_of(keepdims))


# ---------------------------------------------------------------------------------------------------- Python's builtins


@result(sum)
def builtin_sum(iterable: Value, start: Value = ZERO) -> Value | None:
    items = list(iterable.items) if isinstance(iterable, Sequence) else None
    if items is None:
        inner = iterable.item if isinstance(iterable, Many) else None
        if isinstance(iterable, Array) and iterable.shape:
            inner = array_or_number(iterable.dtype, iterable.shape[1:])
        if not isinstance(inner, (Number, Array)):
            return None
        total = elementwise(operator.add, start, inner)
        return total if isinstance(inner, Number) and total == elementwise(operator.add, total, inner) else None
    found: Value = start
    for part in items:
        found = elementwise(operator.add, found, part)
    return as_number(found) if isinstance(as_number(found), (Number, Array)) else None


@result(sorted)
def builtin_sorted(iterable: Value, *, key: Value = NONE, reverse: Value = FALSE) -> Value | None:
    if isinstance(iterable, Many):
        return Many(list, iterable.item)
    if isinstance(iterable, Array) and iterable.shape:
        return Many(list, array_or_number(iterable.dtype, iterable.shape[1:]))
    return None


# ------------------------------------------------------------------------------------- rarer functions: dtype and rank


def of_rank(dtype: np.dtype | None, rank: int | None) -> Value | None:
    """An array of which only dtype and rank are known."""
    return None if dtype is None or rank is None else Array(dtype, tuple(map(fresh, range(rank))))


def rank_of(value: Value) -> int | None:
    shape = full_shape(value)
    return None if shape is None else len(shape)


@result(np.pad, np.rot90)
def same_rank(a: Value, *rest: Value, **named: Value) -> Value | None:
    return of_rank(dtype_of(a), rank_of(a))


@result(np.partition)
def partition(a: Value, kth: Value, axis: Value = LAST, *rest: Value, **named: Value) -> Value | None:
    return sort(a, axis)


@result(np.insert)
def insert(arr: Value, obj: Value, values: Value, axis: Value = NONE) -> Value | None:
    return of_rank(dtype_of(arr), 1 if constant_of(axis) is None else rank_of(arr))


@result(np.delete)
def delete(arr: Value, obj: Value, axis: Value = NONE) -> Value | None:
    return of_rank(dtype_of(arr), 1 if constant_of(axis) is None else rank_of(arr))


@result(np.compress)
def compress(condition: Value, a: Value, axis: Value = NONE, out: Value = NONE) -> Value | None:
    return of_rank(dtype_of(a), 1 if constant_of(axis) is None else rank_of(a))


@result(np.extract)
def extract(condition: Value, arr: Value) -> Value | None:
    return of_rank(dtype_of(arr), 1)


@result(np.convolve, np.correlate)
def convolve(a: Value, v: Value, mode: Value = NONE) -> Value | None:
    return of_rank(_product_dtype(a, v), 1)


@result(np.diagflat)
def diagflat(v: Value, k: Value = ZERO) -> Value | None:
    return of_rank(dtype_of(v), 2)


@result(np.kron)
def kron(a: Value, b: Value) -> Value | None:
    first, second = rank_of(a), rank_of(b)
    return of_rank(_product_dtype(a, b), None if not first or not second else max(first, second))


@result(np.dstack)
def dstack(tup: Value) -> Value | None:
    items = _items(tup)
    ranks = [rank_of(item) for item in items or ()]
    if items is None or not ranks or None in ranks:
        return None
    return of_rank(joined_dtype(items), max(3, *(rank or 0 for rank in ranks)))


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


@result(np.broadcast_arrays)
def broadcast_arrays(*arrays: Value, subok: Value = FALSE) -> Value | None:
    shape = broadcast(*map(full_shape, arrays))
    dtypes = [dtype_of(array) for array in arrays]
    if shape is None or any(dtype is None for dtype in dtypes):
        return None
    return Sequence(tuple, tuple(Array(dtype, shape) for dtype in dtypes if dtype is not None))


# ----------------------------------------------------------------------------------------------------- more of the same


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


@result(np.ix_)
def open_mesh(*args: Value) -> Value | None:
    rank = len(args)
    grids = []
    for place in range(rank):
        shape = tuple(fresh(place) if axis == place else 1 for axis in range(rank))
        grids.append(Array(np.dtype(np.intp), shape))
    return Sequence(tuple, tuple(grids))


@result(np.nonzero)
def nonzero(a: Value) -> Value | None:
    shape = full_shape(a)
    return None if not shape else Sequence(tuple, tuple(Array(np.dtype(np.intp), (fresh(0),)) for _ in shape))


@result(np.flatnonzero)
def flatnonzero(a: Value) -> Value | None:
    return Array(np.dtype(np.intp), (fresh(0),))


@result(np.tril_indices, np.triu_indices)
def triangle_indices(n: Value, k: Value = ZERO, m: Value = NONE) -> Value | None:
    return Sequence(tuple, (Array(np.dtype(np.intp), (fresh(0),)),) * 2)


@result(np.fft.fft, np.fft.ifft)
def fourier(a: Value, n: Value = NONE, axis: Value = LAST, norm: Value = NONE, out: Value = NONE) -> Value | None:
    shape, dtype = full_shape(a), dtype_of(a)
    found = tried(np.fft.fft, dtype) if dtype is not None else None
    if found is None or not shape or constant_of(n) is not None:
        return None
    return Array(found, shape)


@result(np.fft.fft2, np.fft.ifft2, np.fft.fftn, np.fft.ifftn)
def fourier_several(a: Value, s: Value = NONE, axes: Value = NONE, norm: Value = NONE) -> Value | None:
    return fourier(a) if constant_of(s) is None else None


def _of_ufunc(function: np.ufunc) -> None:
    @result(function.reduce)
    def reduce(
        array: Value,
        axis: Value = ZERO,
        dtype: Value = NONE,
        out: Value = NONE,
        keepdims: Value = FALSE,
        initial: Value = NONE,
        where: Value = NONE,
    ) -> Value | None:
        return _reduction(function.reduce)(array, axis, dtype, out, keepdims)

    @result(function.accumulate)
    def accumulate(array: Value, axis: Value = ZERO, dtype: Value = NONE, out: Value = NONE) -> Value | None:
        return _cumulative(function.accumulate)(array, axis, dtype, out)

    @result(function.outer)
    def outer_of(A: Value, B: Value) -> Value | None:  # noqa: N803
        first, second = full_shape(A), full_shape(B)
        scalar = dtype_of(elementwise(function, A, B)) if first is not None and second is not None else None
        both = elementwise(function, Number(dtype_of(A) or FLOAT64), Number(dtype_of(B) or FLOAT64))
        dtype = scalar or dtype_of(both)
        if dtype is None or first is None or second is None or dtype_of(A) is None or dtype_of(B) is None:
            return None
        return array_or_number(dtype, (*first, *second))


for _ufunc in (np.add, np.multiply, np.maximum, np.minimum, np.logaddexp, np.subtract):
    _of_ufunc(_ufunc)


@result(np.real, np.imag)
def part(val: Value) -> Value | None:
    dtype, shape = dtype_of(val), full_shape(val)
    if dtype is None or shape is None:
        return None
    real = np.empty(0, dtype).real.dtype
    if isinstance(val, Array):
        return Array(real, shape)
    return Number(real, isinstance(val, Number) and val.python) if isinstance(val, Number) else None


@result(np.finfo)
def machine_limits(dtype: Value) -> Value | None:
    return Instance(np.finfo)


INDEX = np.dtype(np.intp)


@result(np.ix_)
def ix_(*args: Value) -> Value:
    rank = len(args)
    return Sequence(
        tuple,
        tuple(Array(INDEX, (1,) * place + (fresh(place),) + (1,) * (rank - place - 1)) for place in range(rank)),
    )


@result(np.tril_indices, np.triu_indices, np.tril_indices_from, np.triu_indices_from, np.diag_indices)
def indices_of_matrix(n: Value, *rest: Value, **named: Value) -> Value:
    return Sequence(tuple, (Array(INDEX, (fresh(0),)), Array(INDEX, (fresh(0),))))
