"""Helpers that give a cotangent the shape, dtype and structure of its value."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from transforms import operations, runtime
from transforms.core import Atom, Const
from transforms.registry import adjoint, result, simplify
from transforms.rules.helpers.common import cast, of_shape, resized
from transforms.rules.sampling import call, listed, numbers
from transforms.rules.typed import dtype_of, is_python_number, shape_of
from transforms.values import UNKNOWN, Array, Dimension, Many, Number, Sequence, Unknown, Value


@adjoint(
    runtime.unbroadcast,
    linear="cotangent",
    views="cotangent",
    shape_only="x",
    samples=listed(
        call(numbers((2, 3)), np.zeros(3)),
        call(numbers((2, 3)), np.zeros((2, 1))),
        call(numbers((2, 3)), np.zeros((1, 1))),
        call(numbers((2, 3)), 1.0),
        call(numbers((3,)), np.zeros(3)),
        call(numbers(()), np.zeros((2, 1))),
        call(0.5, 1.0),
    ),
)
def unbroadcast(cotangent, x, *, ans, g):
    return runtime.unbroadcast(g, cotangent)


@adjoint(
    runtime.broadcast_like,
    linear="cotangent",
    views="cotangent",
    shape_only="x",
    samples=listed(call(numbers((3,)), np.zeros((2, 3))), call(0.5, np.zeros((2, 3))), call(0.5, 1.0)),
)
def broadcast_like(cotangent, x, *, ans, g):
    return runtime.unbroadcast(g, cotangent)


@adjoint(
    runtime.match_dtype,
    linear="cotangent",
    views="cotangent",
    shape_only="x",
    samples=listed(call(numbers((3,)), np.zeros(3)), call(numbers((3,)) + 1j, np.zeros(3))),
)
def match_dtype(cotangent, x, *, ans, g):
    return runtime.match_dtype(g, cotangent)


@adjoint(
    runtime.unarray,
    linear="cotangent",
    views="cotangent",
    shape_only="x",
    samples=listed(
        call(numbers((2, 2)), [[1.0, 2.0], [3.0, 4.0]]),
        call(numbers((2, 2)), ((1.0, 2.0), np.zeros(2))),
        call(numbers((3,)), [1.0, 2.0, 3.0]),
    ),
)
def unarray(cotangent, x, *, ans, g):
    return runtime.match_dtype(np.array(g), cotangent)


@simplify(runtime.unbroadcast, runtime.broadcast_like)
def simplify_unbroadcast(site: Any) -> Atom | None:
    given, wanted = site.value("cotangent"), site.value("x")
    if isinstance(wanted, Sequence):
        return None
    old, new, dtype = shape_of(given), shape_of(wanted), dtype_of(given)
    if old is None or new is None or dtype is None or dtype_of(wanted) is None:
        return None
    if is_python_number(given):
        dtype = dtype_of(wanted) if dtype.kind != "c" else np.dtype(complex)
    atom = resized(site, site.atom("cotangent"), old, new, site.atom("x"))
    return None if atom is None else cast(site, atom, dtype, wanted)


@simplify(runtime.match_dtype)
def simplify_match_dtype(site: Any) -> Atom | None:
    given, wanted = site.value("cotangent"), site.value("x")
    if is_python_number(given):
        return None
    return cast(site, site.atom("cotangent"), dtype_of(given), wanted)


@simplify(runtime.unarray)
def simplify_unarray(site: Any) -> Atom | None:
    given = shape_of(site.value("cotangent"))
    if given is None:
        return None
    if isinstance(site.value("x"), Sequence):
        return _items(site, site.atom("cotangent"), site.value("x"), (), given, dtype_of(site.value("cotangent")))
    return simplify_unbroadcast(site)


def _items(
    site: Any, array: Atom, value: Value, index: tuple[int, ...], shape: tuple[Dimension, ...], dtype: np.dtype | None
) -> Atom | None:
    """The cotangent of one item of a nested list: `array[index]`, or the list of those of its items."""
    if isinstance(value, Sequence):
        if value.kind not in (list, tuple):
            return None
        items = [_items(site, array, item, (*index, place), shape, dtype) for place, item in enumerate(value.items)]
        if any(item is None for item in items):
            return None
        return site.call(operations.make_list if value.kind is list else operations.make_tuple, *items)
    inner = shape_of(value)
    if inner is None or len(inner) + len(index) != len(shape):
        return None
    if index:
        array = site.call(operator.getitem, array, Const(index[0] if len(index) == 1 else index))
    return array if dtype_of(value) is None or dtype_of(value).kind not in "fc" else cast(site, array, dtype, value)  # type: ignore[union-attr]


@result(runtime.unbroadcast, runtime.broadcast_like, runtime.match_dtype)
def like_second(cotangent: Value, x: Value, *others: Value) -> Value:
    """The cotangent of an array or number is one like it."""
    return of_shape(x, x) if not is_python_number(x) else UNKNOWN


@result(runtime.unarray)
def unarray_result(cotangent: Value, x: Value) -> Value:
    """Lists and tuples of parts of the cotangent, nested as `x` is."""
    if not isinstance(x, (Many, Sequence)):
        return like_second(cotangent, x)
    shape = shape_of(cotangent)
    if not isinstance(cotangent, Array) or shape is None:
        return UNKNOWN
    return _part(cotangent.dtype, len(shape), x)


def _part(dtype: np.dtype, rank: int, x: Value) -> Value:
    """What an array of this dtype and rank is in the structure of `x`."""
    if rank and isinstance(x, Many) and x.kind is list:
        item = _part(dtype, rank - 1, x.item)
        return UNKNOWN if isinstance(item, Unknown) else Many(list, item)
    if rank and isinstance(x, Sequence) and x.kind in (list, tuple):
        items = tuple(_part(dtype, rank - 1, item) for item in x.items)
        return UNKNOWN if any(isinstance(item, Unknown) for item in items) else Sequence(x.kind, items)
    own, shape = dtype_of(x), shape_of(x)
    if own is None or shape is None or len(shape) != rank:
        return UNKNOWN
    if own.kind == "f" and dtype.kind == "c":
        dtype = np.empty(0, dtype).real.dtype
    if own.kind in "fc" and not is_python_number(x):
        dtype = own
    return Number(dtype) if not rank else Array(dtype, shape)
