"""Helpers of what joins arrays."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from transforms import operations, runtime
from transforms.core import Atom, Const
from transforms.registry import adjoint, result, simplify
from transforms.rules.helpers.common import MIRROR, NONE, in_tuple, items_of, known, like, results_like, same_dtype
from transforms.rules.sampling import call, listed, numbers
from transforms.rules.typed import dtype_of, shape_of
from transforms.values import Array, Sequence, Value


@adjoint(
    runtime.unconcatenate,
    **MIRROR,
    views="cotangent",
    shape_only="arrays",
    samples=listed(
        call(numbers((5,)), (np.zeros(3), np.zeros(2))), call(numbers((2, 5)), [np.zeros((2, 3)), np.zeros((2, 2))], 1)
    ),
)
def unconcatenate(cotangent, arrays, axis=0, *, ans, g):
    return np.concatenate(g, axis)


@adjoint(
    runtime.unstack_items,
    **MIRROR,
    views="cotangent",
    shape_only="arrays",
    samples=listed(call(numbers((2, 3)), (np.zeros(3), np.zeros(3))), call(numbers((3, 2)), np.zeros((2, 3)), 1)),
)
def unstack_items(cotangent, arrays, axis=0, *, ans, g):
    return np.stack(g, axis)


@simplify(runtime.unstack_items)
def simplify_unstack_items(site: Any) -> Atom | None:
    arrays, shape, axis = site.value("arrays"), shape_of(site.value("cotangent")), known(site.value("axis"))
    if not isinstance(arrays, Sequence) or not shape or not isinstance(axis, int):
        return None
    dtype = dtype_of(site.value("cotangent"))
    if any(not same_dtype(dtype, item) for item in arrays.items):
        return None
    leading = (slice(None),) * (axis % len(shape))
    parts = []
    for position in range(len(arrays.items)):
        index = (*leading, position) if leading else position
        parts.append(site.call(operator.getitem, site.atom("cotangent"), Const(index)))
    return site.call(operations.make_tuple, *parts)


@simplify(runtime.unconcatenate)
def simplify_unconcatenate(site: Any) -> Atom | None:
    """`g[: len(a)]`, `g[len(a) :]`; longer lists get running offsets."""
    value, shape, axis = site.value("arrays"), shape_of(site.value("cotangent")), known(site.value("axis"))
    if not isinstance(value, Sequence) or not shape or not isinstance(axis, int) or not value.items:
        return None
    dtype = dtype_of(site.value("cotangent"))
    if any(not same_dtype(dtype, item) or not isinstance(item, Array) for item in value.items):
        return None
    axis = axis % len(shape)
    arrays = items_of(site, "arrays")
    assert arrays is not None
    leading, parts = (slice(None),) * axis, []
    start: Atom | None = None
    for position, (atom, item) in enumerate(arrays):
        dimensions = shape_of(item)
        assert dimensions is not None
        if position == len(arrays) - 1:
            stop: Atom = Const(None)
        else:
            length: Atom = Const(1)
            if dimensions[axis] != 1:
                length = site.call(operator.getitem, site.call(getattr, atom, Const("shape")), Const(axis))
            if start is None:
                stop = length
            elif isinstance(start, Const) and isinstance(length, Const):
                stop = Const(start.value + length.value)
            else:
                stop = site.call(operator.add, start, length)
        parts.append(site.call(operator.getitem, site.atom("cotangent"), between(site, leading, start, stop)))
        start = stop
    return site.call(operations.make_tuple, *parts)


def between(site: Any, leading: tuple[slice, ...], start: Atom | None, stop: Atom) -> Atom:
    """The index `:, start:stop`."""
    start = Const(None) if start is None else start
    if isinstance(start, Const) and isinstance(stop, Const):
        part: Atom = Const(slice(start.value, stop.value, None))
    else:
        part = site.call(operations.make_slice, start, stop, Const(None))
    if not leading:
        return part
    return site.call(operations.make_tuple, *map(Const, leading), part)


_ITEMS = listed(
    call(numbers((2, 3)), (np.zeros(3), np.zeros(3))), call(numbers((3, 3)), (np.zeros((2, 3)), np.zeros((1, 3))))
)


@adjoint(runtime.unvstack, **MIRROR, views="cotangent", shape_only="arrays", samples=_ITEMS)
def unvstack(cotangent, arrays, *, ans, g):
    return np.vstack(g)


@adjoint(
    runtime.unhstack,
    **MIRROR,
    views="cotangent",
    shape_only="arrays",
    samples=listed(call(numbers((5,)), (np.zeros(3), np.zeros(2)))),
)
def unhstack(cotangent, arrays, *, ans, g):
    return np.hstack(g)


@adjoint(
    runtime.undstack,
    **MIRROR,
    views="cotangent",
    shape_only="arrays",
    samples=listed(call(numbers((2, 3, 2)), (np.zeros((2, 3)), np.zeros((2, 3))))),
)
def undstack(cotangent, arrays, *, ans, g):
    return np.dstack(g)


@adjoint(
    runtime.uncolumn_stack,
    **MIRROR,
    views="cotangent",
    shape_only="arrays",
    samples=listed(call(numbers((3, 3)), (np.zeros(3), np.zeros((3, 2))))),
)
def uncolumn_stack(cotangent, arrays, *, ans, g):
    return np.column_stack(g)


@adjoint(
    runtime.unblock,
    **MIRROR,
    views="cotangent",
    shape_only="arrays",
    samples=listed(call(numbers((2, 3)), [[np.zeros((1, 2)), np.zeros((1, 1))], [np.zeros((1, 2)), np.zeros((1, 1))]])),
)
def unblock(cotangent, arrays, *, ans, g):
    return np.block(g)


@adjoint(
    runtime.unappend,
    **MIRROR,
    views="cotangent",
    shape_only="arr values",
    samples=listed(
        call(numbers((5,)), np.zeros(3), np.zeros(2)), call(numbers((3, 2)), np.zeros((2, 2)), np.zeros((1, 2)), 0)
    ),
)
def unappend(cotangent, arr, values, axis=None, *, ans, g):
    return np.append(g[0], g[1], axis)


@adjoint(
    runtime.uninsert,
    **MIRROR,
    shape_only="arr values",
    samples=listed(
        call(numbers((5,)), np.zeros(3), [0, 2], np.zeros(2)),
        call(numbers((2, 3)), np.zeros((2, 2)), 1, np.zeros(2), 1),
    ),
)
def uninsert(cotangent, arr, obj, values, axis=None, *, ans, g):
    return np.insert(g[0], obj, g[1], axis)


@adjoint(
    runtime.undelete,
    **MIRROR,
    shape_only="arr",
    samples=listed(call(numbers((2,)), np.zeros(3), 1), call(numbers((2, 2)), np.zeros((2, 3)), [0], 1)),
)
def undelete(cotangent, arr, obj, axis=None, *, ans, g):
    return np.delete(g, obj, axis)


@result(runtime.unappend)
def of_appended(g: Value, arr: Value, values: Value, axis: Value = NONE) -> Value | None:
    parts = like(arr), like(values)
    return None if None in parts else Sequence(tuple, parts)  # type: ignore[arg-type]


@result(runtime.uninsert)
def of_inserted(g: Value, arr: Value, obj: Value, values: Value, axis: Value = NONE) -> Value | None:
    return of_appended(g, arr, values)


results_like(like, runtime.undelete, "arr", runtime.unblock, "arrays")
results_like(
    in_tuple,
    *(runtime.unconcatenate, "arrays", runtime.unstack_items, "arrays", runtime.unvstack, "arrays"),
    *(runtime.unhstack, "arrays", runtime.undstack, "arrays", runtime.uncolumn_stack, "arrays"),
)
