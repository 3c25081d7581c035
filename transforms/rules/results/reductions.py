"""Results of reductions and cumulations, also of those of ufuncs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from transforms.inference import array_or_number, dtype_argument, dtype_of, elementwise, fresh, shape_of, shorter
from transforms.registry import result
from transforms.rules.results.arguments import (
    FALSE,
    FLOAT64,
    LAST,
    NONE,
    ONE,
    ZERO,
    Shape,
    axes_of,
    constant_of,
    full_shape,
    merged,
    results_by,
    tried,
)
from transforms.values import UNKNOWN, Array, Literal, Number, Size, Value


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


def reduced(dtype: np.dtype, shape: Shape | None, axis: Value, keepdims: Any) -> Value | None:
    if keepdims is NotImplemented:
        return UNKNOWN
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


results_by(_reduction, np.sum, np.prod, np.mean, np.nansum, np.nanprod, np.nanmean)


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


results_by(
    _reduction_without_dtype,
    np.max, np.min, np.amax, np.amin, np.any, np.all, np.nanmax, np.nanmin, np.ptp, np.argmax,
    np.argmin, np.nanargmax, np.nanargmin,
)  # fmt: skip


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


results_by(_spread, np.var, np.std, np.nanvar, np.nanstd)


@result(np.median, np.nanmedian)
def median(
    a: Value, axis: Value = NONE, out: Value = NONE, overwrite_input: Value = FALSE, keepdims: Value = FALSE
) -> Value | None:
    return _reduction(np.median)(a, axis, NONE, out, keepdims)


@result(np.count_nonzero)
def count_nonzero(a: Value, axis: Value = NONE, *, keepdims: Value = FALSE) -> Value | None:
    return reduced(np.dtype(np.intp), full_shape(a), axis, constant_of(keepdims))


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
    return reduced(np.result_type(found, dtypes[0], 1.0), full_shape(a), axis, constant_of(keepdims))


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


results_by(_cumulative, np.cumsum, np.cumprod, np.nancumsum, np.nancumprod)


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
    new = list(shape)
    size = shape[axes[0]]
    new[axes[0]] = shorter(size, count) if isinstance(size, Size) and count else size if not count else fresh(0)
    return Array(np.dtype(np.bool_) if dtype.kind == "b" else dtype, tuple(new))


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
