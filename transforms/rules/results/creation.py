"""Results of what makes arrays and converts them."""

from __future__ import annotations

import numpy as np

from transforms import runtime
from transforms.inference import dtype_argument, dtype_of, fresh, shape_of
from transforms.registry import result
from transforms.rules.results.arguments import (
    FALSE,
    FIFTY,
    FLOAT64,
    NONE,
    ZERO,
    constant_of,
    dimension,
    full_shape,
    merged,
    shape_argument,
)
from transforms.values import UNKNOWN, Array, Length, Literal, Many, Number, Sequence, Value


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


@result(np.array, runtime.array_or_copy)
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


@result(np.meshgrid)
def meshgrid(*xi: Value, **named: Value) -> Value | None:
    shapes, dtypes = [full_shape(item) for item in xi], [dtype_of(item) for item in xi]
    if named and set(named) != {"indexing"} or any(item is None for item in (*shapes, *dtypes)):
        return None
    sizes = [merged(item or (), 0) for item in shapes]
    if constant_of(named.get("indexing", Literal("xy"))) == "xy" and len(sizes) > 1:
        sizes[:2] = sizes[1], sizes[0]
    return Sequence(tuple, tuple(Array(dtype, tuple(sizes)) for dtype in dtypes if dtype is not None))
