"""Rules of the functions that reduce an array over some of its axes, or run along one: sums, products, extremes,
moments, cumulative sums.

In comes the cotangent `g` of the result, of the reduced shape, out comes the contribution of the shape of the argument.
`runtime.expand_reduced` repeats a cotangent back; where rank and axes are known it becomes an index and a broadcast.
In forward mode comes in the tangent of the argument, and out comes the sum (`runtime.sum_reduced`) of the same shares.
"""

from __future__ import annotations

import inspect
import operator
from collections.abc import Iterator
from typing import Any

import numpy as np

from transforms import runtime
from transforms.core import Const
from transforms.registry import adjoint, constant, facts, methods, simplify, tangent
from transforms.rules.sampling import crossed, numbers
from transforms.rules.typed import is_literal, shape_of
from transforms.values import Array


def reduced(low: float = -2.0, high: float = 2.0, tuples: bool = True, **extra: Any) -> Any:
    """Samples of a reduction: ranks, axes, `keepdims`."""

    def samples() -> Iterator[Any]:
        yield (float(numbers((), low, high)),), extra
        for shape in ((), (1,), (4,), (2, 3), (2, 1, 3)):
            yield (numbers(shape, low, high),), extra
        yield (numbers((2, 3), low, high),), {"axis": 0, **extra}
        yield (numbers((2, 3), low, high),), {"axis": -1, "keepdims": True, **extra}
        yield (numbers((2, 3), low, high),), {"keepdims": True, **extra}
        yield (crossed(numbers((3, 2), low, high)),), {"axis": 1, **extra}
        yield (numbers((3, 2), low, high).astype(np.float32),), {"axis": 1, **extra}
        if tuples:
            yield (numbers((2, 3, 4), low, high),), {"axis": (0, -1), **extra}
            yield (numbers((2, 3, 4), low, high),), {"axis": (2, 0), "keepdims": True, **extra}

    return samples


def masked(initials: bool = False, dtypes: tuple[type, ...] = ()) -> Any:
    """Samples with `where=`, `initial=` and `dtype=` besides the plain ones."""

    def samples() -> Iterator[Any]:
        yield from reduced()()
        mask = np.array([[True, False, True], [True, True, False]])
        yield (numbers((2, 3)),), {"where": mask}
        yield (numbers((2, 3)),), {"axis": 1, "where": mask}
        yield (numbers((2, 3)),), {"axis": 0, "keepdims": True, "where": mask[:1] | True}
        if initials:
            yield (numbers((2, 3)),), {"axis": 0, "initial": 2.0}
            yield (numbers((2, 3)),), {"where": mask, "initial": 2.0}
        for dtype in dtypes:
            yield (numbers((2, 3)),), {"axis": 0, "dtype": dtype}
            yield (numbers((2, 3)),), {"axis": 0, "dtype": dtype, "where": mask[:1] | True}

    return samples


@adjoint(np.sum, linear="a", linear_unless="dtype initial", samples=masked(initials=True, dtypes=(np.float64, int)))
def sum(a, axis=None, dtype=None, keepdims=False, initial=0, where=True, *, ans, g):
    if dtype is not None:
        g = runtime.uncast(g, ans, ans)
    if where is True:
        return runtime.expand_reduced(g, a, axis, keepdims)
    return np.where(where, runtime.expand_reduced(g, a, axis, keepdims), 0)


@tangent(np.sum)
def sum_tangent(a, axis=None, dtype=None, keepdims=False, initial=0, where=True, *, ans, a_dot):
    if where is True:
        return runtime.sum_reduced(a_dot, ans, axis, keepdims)
    return np.sum(a_dot, axis=axis, keepdims=keepdims, where=where)


@adjoint(np.mean, linear="a", linear_unless="dtype", samples=masked(dtypes=(np.float64,)))
def mean(a, axis=None, dtype=None, keepdims=False, where=True, *, ans, g):
    share = runtime.expand_reduced(g / runtime.reduced_size(a, axis, keepdims, where), a, axis, keepdims)
    if where is True:
        return share
    return np.where(where, share, 0)


@tangent(np.mean)
def mean_tangent(a, axis=None, dtype=None, keepdims=False, where=True, *, ans, a_dot):
    return np.mean(a_dot, axis=axis, keepdims=keepdims, where=where)


def _products() -> Iterator[Any]:
    yield from reduced()()
    yield (np.array([2.0, 0.0, 3.0]),), {}
    yield (np.array([[2.0, 0.0, 0.0], [0.0, 5.0, 3.0]]),), {"axis": 1}
    yield (np.array([[2.0, 0.0, 0.0], [0.0, 5.0, 3.0]]),), {"axis": (0, 1)}
    yield (numbers((2, 3)),), {"axis": 1, "where": np.array([True, False, True]), "initial": 3.0}


@adjoint(np.prod, samples=_products)
def prod(a, axis=None, dtype=None, keepdims=False, initial=1, where=True, *, ans, g):
    if dtype is not None:
        g = runtime.match_dtype(runtime.uncast(g, ans, ans), a)
    items = runtime.merge_axes(a if where is True else np.where(where, a, 1), axis)
    others = runtime.exclusive_product(items, False) * runtime.exclusive_product(items, True)
    share = runtime.expand_reduced(g * initial, a, axis, keepdims) * runtime.split_axes(others, a, axis)
    if where is True:
        return share
    return np.where(where, share, 0)


@tangent(np.prod)
def prod_tangent(a, axis=None, dtype=None, keepdims=False, initial=1, where=True, *, ans, a_dot):
    items = runtime.merge_axes(a if where is True else np.where(where, a, 1), axis)
    others = runtime.exclusive_product(items, False) * runtime.exclusive_product(items, True)
    share = runtime.split_axes(others, a, axis) * a_dot
    if where is True:
        return runtime.sum_reduced(share, ans, axis, keepdims) * initial
    return runtime.sum_reduced(np.where(where, share, 0), ans, axis, keepdims) * initial


def _extremes() -> Iterator[Any]:
    yield from reduced()()


def _masked_extremes() -> Iterator[Any]:
    yield from reduced()()
    mask = np.array([[True, False, True], [True, True, False]])
    yield (numbers((2, 3), 0.5, 2),), {"where": mask, "initial": 0.0}
    yield (numbers((2, 3), 0.5, 2),), {"axis": 1, "where": mask, "initial": 1.0}


@adjoint(np.max, np.min, np.amax, np.amin, samples=_masked_extremes)
def extreme(a, axis=None, keepdims=False, initial=None, where=True, *, ans, g):
    return runtime.expand_reduced(g, a, axis, keepdims) * runtime.extremes(
        a, ans, axis, keepdims, where, initial is not None
    )


@tangent(np.max, np.min, np.amax, np.amin)
def extreme_tangent(a, axis=None, keepdims=False, initial=None, where=True, *, ans, a_dot):
    share = runtime.extremes(a, ans, axis, keepdims, where, initial is not None)
    return runtime.sum_reduced(share * a_dot, ans, axis, keepdims)


@adjoint(np.ptp, samples=_extremes)
def ptp(a, axis=None, keepdims=False, *, ans, g):
    top = runtime.extremes(a, np.max(a, axis=axis, keepdims=keepdims), axis, keepdims)
    bottom = runtime.extremes(a, np.min(a, axis=axis, keepdims=keepdims), axis, keepdims)
    return runtime.expand_reduced(g, a, axis, keepdims) * (top - bottom)


@tangent(np.ptp)
def ptp_tangent(a, axis=None, keepdims=False, *, ans, a_dot):
    top = runtime.extremes(a, np.max(a, axis=axis, keepdims=keepdims), axis, keepdims)
    bottom = runtime.extremes(a, np.min(a, axis=axis, keepdims=keepdims), axis, keepdims)
    return runtime.sum_reduced((top - bottom) * a_dot, ans, axis, keepdims)


def _moments() -> Iterator[Any]:
    for arguments, keywords in reduced()():
        if np.size(arguments[0]) > 1 and np.all(np.ptp(arguments[0], axis=keywords.get("axis"))):
            yield arguments, keywords
            yield arguments, {**keywords, "ddof": 1}
    mask = np.array([[True, False, True], [True, True, False]])
    yield (numbers((2, 3)),), {"where": mask}
    yield (numbers((2, 3)),), {"axis": 1, "where": mask, "keepdims": True}


@adjoint(np.var, samples=_moments)
def var(a, axis=None, dtype=None, ddof=0, keepdims=False, where=True, *, ans, g):
    count = runtime.reduced_size(a, axis, keepdims, where, ddof)
    share = runtime.expand_reduced(g * (2 / count), a, axis, keepdims) * runtime.centered(a, axis, where)
    if where is True:
        return share
    return np.where(where, share, 0)


@tangent(np.var)
def var_tangent(a, axis=None, dtype=None, ddof=0, keepdims=False, where=True, *, ans, a_dot):
    """The tangent of the mean falls out, since deviations from it sum to zero."""
    count = runtime.reduced_size(a, axis, keepdims, where, ddof)
    share = np.real(runtime.centered(a, axis, where) * a_dot)
    if where is True:
        return runtime.sum_reduced(share, ans, axis, keepdims) * (2 / count)
    return runtime.sum_reduced(np.where(where, share, 0), ans, axis, keepdims) * (2 / count)


@adjoint(np.std, samples=_moments)
def std(a, axis=None, dtype=None, ddof=0, keepdims=False, where=True, *, ans, g):
    count = runtime.reduced_size(a, axis, keepdims, where, ddof)
    share = runtime.expand_reduced(g / (ans * count), a, axis, keepdims) * runtime.centered(a, axis, where)
    if where is True:
        return share
    return np.where(where, share, 0)


@tangent(np.std)
def std_tangent(a, axis=None, dtype=None, ddof=0, keepdims=False, where=True, *, ans, a_dot):
    count = runtime.reduced_size(a, axis, keepdims, where, ddof)
    share = np.real(runtime.centered(a, axis, where) * a_dot)
    if where is True:
        return runtime.sum_reduced(share, ans, axis, keepdims) / (ans * count)
    return runtime.sum_reduced(np.where(where, share, 0), ans, axis, keepdims) / (ans * count)


def _averages() -> Iterator[Any]:
    yield (numbers((4,)),), {}
    yield (numbers((2, 3)), 1), {}
    yield (numbers((4,)), None, numbers((4,), 0.5, 2, seed=1)), {}
    yield (numbers((2, 3)), 1, numbers((3,), 0.5, 2, seed=1)), {}
    yield (numbers((2, 3)), 0, numbers((2,), 0.5, 2, seed=1)), {}
    yield (numbers((2, 3)), None, numbers((2, 3), 0.5, 2, seed=1)), {}


@adjoint(np.average, wrt="a weights", samples=_averages)
def average(a, axis=None, weights=None, keepdims=False, *, ans, g):
    if weights is None:
        return runtime.expand_reduced(g / runtime.reduced_size(a, axis), a, axis, keepdims), None
    whole = runtime.expand_weights(weights, a, axis)
    scaled = runtime.expand_reduced(g / np.sum(whole, axis=axis, keepdims=keepdims), a, axis, keepdims)
    shares = scaled * (a - runtime.expand_reduced(ans, a, axis, keepdims))
    return scaled * whole, runtime.reduce_weights(shares, weights, axis)


@tangent(np.average)
def average_tangent(a, axis=None, weights=None, keepdims=False, *, ans, a_dot, weights_dot):
    if weights is None:
        return runtime.sum_reduced(a_dot, ans, axis, keepdims) / runtime.reduced_size(a, axis), None
    whole = runtime.expand_weights(weights, a, axis)
    total = np.sum(whole, axis=axis, keepdims=keepdims)
    apart = a - runtime.expand_reduced(ans, a, axis, keepdims)
    return (
        runtime.sum_reduced(whole * a_dot, ans, axis, keepdims) / total,
        runtime.sum_reduced(runtime.expand_weights(weights_dot, a, axis) * apart, ans, axis, keepdims) / total,
    )


def _running() -> Iterator[Any]:
    yield (numbers((4,)),), {}
    yield (numbers((2, 3)),), {}
    for axis in (0, 1, -1):
        yield (numbers((2, 3)),), {"axis": axis}
    yield (numbers((2, 0)),), {"axis": 1}
    yield (crossed(numbers((3, 2))),), {"axis": 1}
    yield (numbers((3, 2)).astype(np.float32),), {"axis": 0}
    yield (np.array([2.0, 0.0, 3.0, 0.0, 5.0]),), {}
    yield (numbers((3, 2)).astype(np.float32),), {"axis": 0, "dtype": np.float64}
    yield (numbers((3, 2)),), {"axis": 0, "dtype": int}


@adjoint(np.cumsum, linear="a", linear_unless="dtype", samples=_running)
def cumsum(a, axis=None, dtype=None, *, ans, g):
    if dtype is not None:
        g = runtime.uncast(g, ans, ans)
    return runtime.reverse_cumsum(g, a, axis)


@tangent(np.cumsum)
def cumsum_tangent(a, axis=None, dtype=None, *, ans, a_dot):
    return np.cumsum(a_dot, axis)


@adjoint(np.cumprod, samples=_running)
def cumprod(a, axis=None, dtype=None, *, ans, g):
    if dtype is not None:
        g = runtime.match_dtype(runtime.uncast(g, ans, ans), a)
    items = runtime.merge_axes(a, axis)
    behind = runtime.recurrence(runtime.shift(items, True), runtime.merge_axes(g, axis), True)
    return runtime.split_axes(runtime.exclusive_product(items) * behind, a, axis)


@tangent(np.cumprod)
def cumprod_tangent(a, axis=None, dtype=None, *, ans, a_dot):
    """Each product is the one before it times its element, and so is its tangent, with the product rule."""
    items = runtime.merge_axes(a, axis)
    moved = runtime.exclusive_product(items) * runtime.merge_axes(a_dot, axis)
    if axis is None:
        return runtime.recurrence(items, moved)
    return runtime.split_axes(runtime.recurrence(items, moved), a, axis)


@adjoint(np.median, samples=_extremes)
def median(a, axis=None, keepdims=False, *, ans, g):
    return runtime.expand_reduced(g, a, axis, keepdims) * runtime.median_share(a, axis)


@tangent(np.median)
def median_tangent(a, axis=None, keepdims=False, *, ans, a_dot):
    return runtime.sum_reduced(runtime.median_share(a, axis) * a_dot, ans, axis, keepdims)


# NaN-ignoring reductions.


def _with_nan() -> Iterator[Any]:
    yield from reduced()()
    yield (np.array([[1.0, np.nan, 2.0], [3.0, 0.5, np.nan]]),), {"axis": 1}


@adjoint(np.nansum, samples=_with_nan)
def nansum(a, axis=None, dtype=None, keepdims=False, *, ans, g):
    if dtype is not None:
        g = runtime.uncast(g, ans, ans)
    return np.where(np.isnan(a), 0, runtime.expand_reduced(g, a, axis, keepdims))


@tangent(np.nansum)
def nansum_tangent(a, axis=None, dtype=None, keepdims=False, *, ans, a_dot):
    return runtime.sum_reduced(np.where(np.isnan(a), 0, a_dot), ans, axis, keepdims)


@adjoint(np.nanmean, samples=_with_nan)
def nanmean(a, axis=None, dtype=None, keepdims=False, *, ans, g):
    count = np.sum(np.logical_not(np.isnan(a)), axis=axis, keepdims=keepdims)
    return np.where(np.isnan(a), 0, runtime.expand_reduced(g / count, a, axis, keepdims))


@tangent(np.nanmean)
def nanmean_tangent(a, axis=None, dtype=None, keepdims=False, *, ans, a_dot):
    count = np.sum(np.logical_not(np.isnan(a)), axis=axis, keepdims=keepdims)
    return runtime.sum_reduced(np.where(np.isnan(a), 0, a_dot), ans, axis, keepdims) / count


@adjoint(np.nanmax, np.nanmin, samples=_with_nan)
def nanextreme(a, axis=None, keepdims=False, *, ans, g):
    return runtime.expand_reduced(g, a, axis, keepdims) * runtime.extremes(a, ans, axis, keepdims)


@tangent(np.nanmax, np.nanmin)
def nanextreme_tangent(a, axis=None, keepdims=False, *, ans, a_dot):
    return runtime.sum_reduced(runtime.extremes(a, ans, axis, keepdims) * a_dot, ans, axis, keepdims)


constant(np.any, np.all, np.argmax, np.argmin, np.count_nonzero, np.nanargmax, np.nanargmin)
constant(np.size, np.shape, np.ndim, shape_only="a", signature=inspect.signature(lambda a, axis=None: None))

methods(
    sum=np.sum,
    mean=np.mean,
    prod=np.prod,
    max=np.max,
    min=np.min,
    var=np.var,
    std=np.std,
    cumsum=np.cumsum,
    cumprod=np.cumprod,
    any=np.any,
    all=np.all,
    argmax=np.argmax,
    argmin=np.argmin,
)


# Methods of ufuncs are the functions that do the same.


def _reduce_signature(array, axis=0, dtype=None, out=None, keepdims=False, initial=None, where=True):
    """The arguments of `np.add.reduce`."""


def _as_reduction(reduction: Any) -> Any:
    def simplified(site: Any) -> Any:
        keywords = {"axis": site.atom("axis")}
        if not is_literal(site.value("keepdims"), False):
            keywords["keepdims"] = site.atom("keepdims")
        for name, usual in (("dtype", None), ("initial", None), ("where", True)):
            if not is_literal(site.value(name), usual):
                keywords[name] = site.atom(name)
        return site.call(reduction, site.atom("array"), **keywords)

    return simplified


def _as_running(running: Any) -> Any:
    def simplified(site: Any) -> Any:
        return site.call(running, site.atom("array"), axis=site.atom("axis"))

    return simplified


def _as_broadcast(ufunc: np.ufunc) -> Any:
    def simplified(site: Any) -> Any:
        return site.call(ufunc, site.call(runtime.outer_operand, site.atom("A"), site.atom("B")), site.atom("B"))

    return simplified


_REDUCTIONS: tuple[Any, ...] = ((np.add, np.sum), (np.multiply, np.prod), (np.maximum, np.max), (np.minimum, np.min))
_RUNNING: tuple[Any, ...] = ((np.add, np.cumsum), (np.multiply, np.cumprod))
_OUTER: tuple[Any, ...] = (
    np.add, np.subtract, np.multiply, np.divide, np.power, np.maximum, np.minimum, np.arctan2, np.hypot,
)  # fmt: skip

for _ufunc, _function in _REDUCTIONS:
    facts(_ufunc.reduce, signature=inspect.signature(_reduce_signature), simplify=_as_reduction(_function))
for _ufunc, _function in _RUNNING:
    facts(
        _ufunc.accumulate,
        signature=inspect.signature(lambda array, axis=0, dtype=None: None),
        simplify=_as_running(_function),
    )
for _ufunc in _OUTER:
    facts(_ufunc.outer, signature=inspect.signature(lambda A, B: None), simplify=_as_broadcast(_ufunc))


@adjoint(
    runtime.outer_operand,
    linear="a",
    views="a",
    shape_only="b",
    samples=lambda: iter([((numbers((2, 3)), np.zeros((2, 2))), {})]),
)
def outer_operand(a, b, *, ans, g):
    return runtime.unbroadcast(np.reshape(g, np.shape(a)), a)


@simplify(runtime.outer_operand)
def simplify_outer_operand(site: Any) -> Any:
    a, b = shape_of(site.value("a")), shape_of(site.value("b"))
    if a is None or b is None:
        return None
    if not a or not b:
        return site.atom("a")
    return site.call(operator.getitem, site.atom("a"), Const((*(slice(None) for _ in a), *(None for _ in b))))


@adjoint(
    np.logaddexp.reduce,
    samples=lambda: iter([((numbers((2, 3)),), {}), ((numbers((2, 3)), 1), {}), ((numbers((3,)),), {})]),
)
def logaddexp_reduce(array, axis=0, *, ans, g):
    shares = np.exp(array - runtime.expand_reduced(ans, array, axis, False))
    return runtime.expand_reduced(g, array, axis, False) * shares


@tangent(np.logaddexp.reduce)
def logaddexp_reduce_tangent(array, axis=0, *, ans, array_dot):
    shares = np.exp(array - runtime.expand_reduced(ans, array, axis, False))
    return runtime.sum_reduced(shares * array_dot, ans, axis)


def _differences() -> Iterator[Any]:
    yield (numbers((5,)),), {}
    yield (numbers((5,)), 2), {}
    yield (numbers((3, 4)),), {"axis": 0}
    yield (numbers((3, 4)), 2), {"axis": -1}
    yield (numbers((3,)), 0), {}
    yield (numbers((2, 3)), 3), {"axis": 0}
    yield (numbers((0,)),), {}


@adjoint(np.diff, linear="a", samples=_differences)
def diff(a, n=1, axis=-1, *, ans, g):
    return runtime.undiff(g, a, n, axis)


@simplify(np.diff)
def simplify_diff(site: Any) -> Any:
    """`np.diff(a, 0)` is `a` itself."""
    return site.atom("a") if isinstance(site.value("a"), Array) and is_literal(site.value("n"), 0) else None


def _of_differences() -> Iterator[Any]:
    yield (numbers((4,)), np.zeros(5)), {}
    yield (numbers((3, 2)), np.zeros((5, 2)), 2, 0), {}
    yield (np.zeros((0, 2)), np.zeros((2, 2)), 3, 0), {}


@adjoint(runtime.undiff, wrt="cotangent", linear="cotangent", shape_only="a", samples=_of_differences)
def undiff(cotangent, a, n=1, axis=-1, *, ans, g):
    return np.diff(g, n, axis)
