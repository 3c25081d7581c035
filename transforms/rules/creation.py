"""Rules of the functions that make arrays: filled ones, ranges, arrays of nested lists of values, copies, conversions.

In comes the cotangent `g` of the new array, out comes the contribution of what it was made from, in its structure and
dtype; nothing flows through a conversion to integers or booleans.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import numpy as np

from transforms import runtime
from transforms.core import Const
from transforms.registry import adjoint, constant, methods, simplify, tangent
from transforms.rules.sampling import call, crossed, listed, numbers
from transforms.rules.typed import is_literal

constant(
    np.zeros,
    np.ones,
    np.empty,
    np.eye,
    np.identity,
    np.tri,
    np.indices,
    np.tril_indices,
    np.triu_indices,
    np.diag_indices,
    np.nonzero,
    np.flatnonzero,
    np.argwhere,
    np.finfo,
    np.iinfo,
    np.result_type,
    np.promote_types,
    np.can_cast,
    np.min_scalar_type,
    np.issubdtype,
    np.dtype,
    np.isfortran,
    np.broadcast_shapes,
    np.shares_memory,
    np.may_share_memory,
    np.array_equal,
    np.array_equiv,
    np.allclose,
)
constant(
    np.zeros_like,
    np.ones_like,
    np.empty_like,
    shape_only="a",
    signature=inspect.signature(lambda a, dtype=None, order="K", subok=True, shape=None: None),
)
constant(
    np.tril_indices_from, np.triu_indices_from, shape_only="arr", signature=inspect.signature(lambda arr, k=0: None)
)
constant(np.diag_indices_from, shape_only="arr", signature=inspect.signature(lambda arr: None))

_FULL = listed(
    call((2, 3), 0.7),
    call((2, 3), numbers((3,))),
    call(3, numbers(())),
    call((0,), 1.5),
    call((2, 3), 0.7, np.float64),
    call(2, 0.7, dtype=int),
)


@adjoint(np.full, wrt="fill_value", linear="fill_value", linear_unless="dtype", samples=_FULL)
def full(shape, fill_value, dtype=None, order="C", *, ans, g):
    return runtime.uncast(g, fill_value, ans)


@tangent(np.full)
def full_tangent(shape, fill_value, dtype=None, order="C", *, ans, fill_value_dot):
    return np.full(shape, fill_value_dot)


@adjoint(
    np.full_like,
    wrt="fill_value",
    shape_only="a",
    samples=listed(call(np.zeros((2, 3)), 0.7), call(np.zeros((2, 3)), numbers((3,)))),
)
def full_like(a, fill_value, dtype=None, order="K", subok=True, shape=None, *, ans, g):
    return runtime.uncast(g, fill_value, ans)


@tangent(np.full_like)
def full_like_tangent(a, fill_value, dtype=None, order="K", subok=True, shape=None, *, ans, fill_value_dot):
    return np.full(np.shape(ans), fill_value_dot)


# --------------------------------------------------------------------------------------------------------------- ranges


@adjoint(np.arange, wrt="start step", selects="stop", samples=listed(call(0.5, 2.2, 0.3), call(0.5, 3.1)))
def arange(start, stop=None, step=1, dtype=None, *, ans, g):
    if dtype is not None:
        g = runtime.uncast(g, ans, ans)
    if stop is None:
        return None, None
    return runtime.unbroadcast(g, start), runtime.unbroadcast(g * np.arange(np.size(g)), step)


@tangent(np.arange)
def arange_tangent(start, stop=None, step=1, dtype=None, *, ans, start_dot, step_dot):
    if stop is None:
        return None, None
    return np.full(np.shape(ans), start_dot), step_dot * np.arange(np.size(ans))


def _spaces() -> Iterator[Any]:
    yield (0.5, 2.0), {"num": 5}
    yield (0.5, 2.0, 4, False), {}
    yield (0.5, 2.0, 1), {}
    yield (numbers((3,), 0.5, 1), numbers((2, 1), 1.5, 2)), {"num": 4}
    yield (numbers((3,), 0.5, 1), 2.0), {"num": 4, "axis": -1}
    yield (0.5, 4.0), {"num": 4, "dtype": np.float64}
    yield (0.6, 4.3), {"num": 4, "dtype": int}


@adjoint(np.linspace, wrt="start stop", linear="start stop", linear_unless="dtype", samples=_spaces)
def linspace(start, stop, num=50, endpoint=True, dtype=None, axis=0, *, ans, g):
    if dtype is not None:
        g = runtime.uncast(g, ans, ans)
    weights = np.linspace(0.0, 1.0, num, endpoint=endpoint)
    rows = np.moveaxis(g, axis, -1)
    return runtime.unbroadcast(np.dot(rows, 1 - weights), start), runtime.unbroadcast(np.dot(rows, weights), stop)


@tangent(np.linspace)
def linspace_tangent(start, stop, num=50, endpoint=True, dtype=None, axis=0, *, ans, start_dot, stop_dot):
    return (
        np.linspace(start_dot, np.zeros_like(stop), num, endpoint, axis=axis),
        np.linspace(np.zeros_like(start), stop_dot, num, endpoint, axis=axis),
    )


@adjoint(np.logspace, wrt="start stop", samples=_spaces)
def logspace(start, stop, num=50, endpoint=True, base=10.0, dtype=None, axis=0, *, ans, g):
    if dtype is not None:
        g = runtime.uncast(g, ans, ans)
    weights = np.linspace(0.0, 1.0, num, endpoint=endpoint)
    rows = np.moveaxis(g * ans * np.log(base), axis, -1)
    return runtime.unbroadcast(np.dot(rows, 1 - weights), start), runtime.unbroadcast(np.dot(rows, weights), stop)


@tangent(np.logspace)
def logspace_tangent(start, stop, num=50, endpoint=True, base=10.0, dtype=None, axis=0, *, ans, start_dot, stop_dot):
    return (
        np.log(base) * ans * np.linspace(start_dot, np.zeros_like(stop), num, endpoint, axis=axis),
        np.log(base) * ans * np.linspace(np.zeros_like(start), stop_dot, num, endpoint, axis=axis),
    )


@adjoint(np.geomspace, wrt="start stop", samples=_spaces)
def geomspace(start, stop, num=50, endpoint=True, dtype=None, axis=0, *, ans, g):
    if dtype is not None:
        g = runtime.uncast(g, ans, ans)
    weights = np.linspace(0.0, 1.0, num, endpoint=endpoint)
    rows = np.moveaxis(g * ans, axis, -1)
    return (
        runtime.unbroadcast(np.dot(rows, 1 - weights) / start, start),
        runtime.unbroadcast(np.dot(rows, weights) / stop, stop),
    )


@tangent(np.geomspace)
def geomspace_tangent(start, stop, num=50, endpoint=True, dtype=None, axis=0, *, ans, start_dot, stop_dot):
    """The logarithms of the result are evenly spaced."""
    return (
        ans * np.linspace(start_dot / start, np.zeros_like(stop), num, endpoint, axis=axis),
        ans * np.linspace(np.zeros_like(start), stop_dot / stop, num, endpoint, axis=axis),
    )


# ----------------------------------------------------------------------------------------------------- arrays of values


def _nested() -> Iterator[Any]:
    yield (0.7,), {}
    yield (numbers((2, 3)),), {}
    yield (crossed(numbers((3, 2))),), {}
    yield ([0.5, 1.5, 2.5],), {}
    yield ([[0.5, 1.5], [2.5, 3.5]],), {}
    yield ((0.5, np.float64(1.5)),), {}
    yield ([numbers((3,)), numbers((3,), seed=1)],), {}
    yield ([[numbers((3,)), (0.1, 0.2, 0.3)]],), {}


def _nested_real() -> Iterator[Any]:
    yield from _nested()
    yield (numbers((2, 3)).astype(np.float32), np.float64), {}


def _nested_typed() -> Iterator[Any]:
    yield from _nested()
    yield (numbers((2, 3)).astype(np.float32),), {"dtype": np.float64}
    yield (numbers((2, 3)),), {"dtype": complex}
    yield (numbers((2, 3)),), {"dtype": int}


@adjoint(np.array, linear="object", linear_unless="dtype", samples=_nested_typed)
def array(object, dtype=None, copy=True, order="K", subok=False, ndmin=0, *, ans, g):
    return runtime.uncast(g, object, ans)


@tangent(np.array)
def array_tangent(object, dtype=None, copy=True, order="K", subok=False, ndmin=0, *, ans, object_dot):
    if ndmin == 0:
        return np.array(object_dot, dtype)
    return np.array(object_dot, dtype, ndmin=ndmin)


@adjoint(
    runtime.array_or_copy,
    linear="object",
    linear_unless="dtype",
    views="object",
    samples=listed(
        call(numbers((2, 3)), copy=None),
        call(numbers((2, 3)), None, False, ndmin=3),
        call([0.5, 1.5], None, True, subok=True),
    ),
)
def array_or_copy(object, dtype=None, copy=None, order="K", subok=False, ndmin=0, *, ans, g):
    return runtime.uncast(g, object, ans)


@tangent(runtime.array_or_copy)
def array_or_copy_tangent(object, dtype=None, copy=None, order="K", subok=False, ndmin=0, *, ans, object_dot):
    return runtime.array_or_copy(object_dot, dtype, copy, order, subok, ndmin)


@simplify(np.array)
def simplify_array(site: Any) -> Any:
    """An array that is not sure to be a copy: `np.array(y, copy=None)` is `np.asarray(y)`."""
    dtype, copied, order, is_subclass, least = map(site.atom, ("dtype", "copy", "order", "subok", "ndmin"))
    if is_literal(site.value("copy"), True):
        return None
    if (is_subclass, least) != (Const(False), Const(0)) or not is_literal(site.value("copy"), None, False):
        options = {"copy": copied, "order": order, "subok": is_subclass, "ndmin": least}
        return site.call(runtime.array_or_copy, site.atom("object"), dtype, **options)
    return site.call(np.asarray, site.atom("object"), dtype, order=order, copy=copied)


@adjoint(np.asarray, np.asanyarray, linear="a", linear_unless="dtype", views="a", samples=_nested_typed)
def asarray(a, dtype=None, order=None, copy=None, *, ans, g):
    return runtime.uncast(g, a, ans)


@tangent(np.asarray, np.asanyarray)
def asarray_tangent(a, dtype=None, order=None, copy=None, *, ans, a_dot):
    if copy is True:
        return np.array(a_dot, dtype)
    return np.asarray(a_dot, dtype)


@adjoint(
    np.ascontiguousarray,
    np.asfortranarray,
    np.require,
    np.asarray_chkfinite,
    linear="a",
    linear_unless="dtype",
    views="a",
    samples=_nested_real,
)
def ascontiguousarray(a, dtype=None, *, ans, g):
    return runtime.uncast(g, a, ans)


@tangent(np.ascontiguousarray, np.asfortranarray, np.require, np.asarray_chkfinite)
def ascontiguousarray_tangent(a, dtype=None, *, ans, a_dot):
    return np.asarray(a_dot, dtype)


@adjoint(np.copy, linear="a", samples=_nested)
def copy(a, order="K", subok=False, *, ans, g):
    return runtime.uncast(g, a, ans)


@adjoint(np.ndarray.copy, linear="a", samples=listed(call(numbers((2, 3))), call(numbers(()))))
def copy_method(a, order="C", *, ans, g):
    return runtime.uncast(g, a, ans)


@adjoint(
    np.ndarray.astype,
    views="a",
    samples=listed(
        call(numbers((2, 3)), float),
        call(numbers((2, 3)).astype(np.float32), np.float64),
        call(numbers((2, 3)), complex),
        call(numbers((2, 3)), int),
        call(numbers((2, 3)), np.float64, copy=False),
    ),
)
def astype(a, dtype, order="K", casting="unsafe", subok=True, copy=True, *, ans, g):
    return runtime.uncast(g, a, ans)


@tangent(np.ndarray.astype)
def astype_tangent(a, dtype, order="K", casting="unsafe", subok=True, copy=True, *, ans, a_dot):
    if copy is True:
        return np.array(a_dot, dtype)
    return np.asarray(a_dot, dtype)


@adjoint(
    np.float64,
    np.float32,
    np.float16,
    np.longdouble,
    np.complex128,
    np.complex64,
    linear="x",
    views="x",
    samples=listed(call(0.7), call(np.float64(0.7)), call(numbers((3,))), call(numbers(()))),
)
def scalar(x, *, ans, g):
    return runtime.uncast(g, x, ans)


constant(np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64, np.bool_, np.intp)


@adjoint(
    np.ndarray.item,
    linear="a",
    shape_only="",
    samples=listed(call(numbers(())), call(numbers((1, 1))), call(numbers((2, 3)), 4), call(numbers((2, 3)), 1, 0)),
)
def item(a, *place, ans, g):
    return runtime.unitem(g, a, place)


@adjoint(np.ndarray.tolist, linear="a", samples=listed(call(numbers((2, 3))), call(numbers((3,))), call(numbers(()))))
def tolist(a, *, ans, g):
    return runtime.unbroadcast(np.array(g), a)


@adjoint(np.ndarray.fill, mutates="a", wrt="value")
def fill(a, value, *, ans, g, a_bar):
    value_bar = runtime.unbroadcast(a_bar, value)
    a_bar.fill(0.0)
    return value_bar


constant(np.ndarray.tobytes, np.ndarray.dump, np.ndarray.dumps, np.ndarray.tofile)

methods(
    copy=np.ndarray.copy,
    __copy__=np.ndarray.copy,
    astype=np.ndarray.astype,
    item=np.ndarray.item,
    tolist=np.ndarray.tolist,
    fill=np.ndarray.fill,
    nonzero=np.nonzero,
    __float__=float,
    __int__=int,
    __bool__=bool,
    __len__=len,
)
