"""Helpers of reads and writes of elements."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from transforms import runtime
from transforms.core import Atom, Const, Ref
from transforms.registry import adjoint, simplify
from transforms.rules.helpers.common import MIRROR, cast, constant_helper, in_tuple, is_integer, like, results_like
from transforms.rules.sampling import call, listed, numbers
from transforms.rules.typed import is_python_number, is_scalar, shape_of
from transforms.subscripts import getitem_is_view, index_may_repeat
from transforms.values import Array, Literal, Sequence, Value


@adjoint(
    runtime.scatter,
    wrt="cotangent",
    linear="cotangent",
    shape_only="x",
    samples=listed(
        call(np.zeros(3), slice(0, 2), numbers((2,))),
        call(np.zeros(3), [0, 0, 1], numbers((3,))),
        call([0.5, 0.25], 1, 0.75),
    ),
)
def scatter(x, index, cotangent, *, ans, g):
    return g[index]


@adjoint(
    runtime.add_at,
    mutates="buffer",
    wrt="cotangent",
    linear="buffer cotangent",
    shape_only="buffer cotangent",
    samples=listed(
        call(numbers((3,)), slice(0, 2), numbers((2,), seed=1)),
        call(numbers((3,)), [0, 0, 1], numbers((3,), seed=1)),
        call(numbers((3,)), slice(0, 2), 0.5),
    ),
)
def add_at(buffer, index, cotangent, *, ans, g, buffer_bar):
    return runtime.unbroadcast(runtime.read(buffer_bar, index), cotangent)


@simplify(runtime.add_at)
def simplify_add_at(site: Any) -> Atom | None:
    """`buffer[index] += g` where no element is selected twice, `np.add.at(buffer, index, g)` where one may be."""
    if not isinstance(site.value("buffer"), Array):
        return None
    repeats = index_may_repeat(site.value("index"))
    buffer, index, g = site.atom("buffer"), site.atom("index"), site.atom("cotangent")
    if repeats is None:
        return None
    if repeats:
        return site.call(Ref(np.add.at, "np.add.at"), buffer, index, g)
    part = site.call(operator.getitem, buffer, index)
    is_view = getitem_is_view(site.value("index")) is True
    if not is_view or selects_number(site.value("buffer"), site.value("index")):  # `part` is no memory of the buffer
        site.call(operator.setitem, buffer, index, site.call(operator.add, part, g))
    else:
        site.call(operator.iadd, part, g)
    return Const(None)


@adjoint(
    runtime.read,
    linear="x",
    shape_only="x",
    samples=listed(call(numbers((3,)), slice(0, 2)), call(numbers((3,)), [0, 0]), call(numbers((3,)), 1)),
)
def read(x, index, *, ans, g):
    return runtime.scatter(x, index, g)


@simplify(runtime.read)
def simplify_read(site: Any) -> Atom | None:
    """`x[index]`, copied where it would be a view."""
    part = site.call(operator.getitem, site.atom("x"), site.atom("index"))
    is_view = getitem_is_view(site.value("index"))
    if is_view is False or (is_view and selects_number(site.value("x"), site.value("index"))):
        return part
    return site.call(np.array, part) if is_view and isinstance(site.value("x"), Array) else None


def selects_number(x: Value, index: Value) -> bool:
    """Whether a basic index with integers for all dimensions reads a single number."""
    if not isinstance(x, Array) or x.shape is None:
        return False
    if isinstance(index, Literal):
        items: list[Any] = list(index.value) if isinstance(index.value, tuple) else [index.value]
        return len(items) == len(x.shape) and all(type(item) is int for item in items)
    if isinstance(index, Sequence):
        return len(index.items) == len(x.shape) and all(is_integer(item) for item in index.items)
    return len(x.shape) == 1 and is_integer(index)


def has_ellipsis(index: Value) -> bool:
    """Whether an index has an ellipsis in it."""
    if isinstance(index, Sequence):
        return any(map(has_ellipsis, index.items))
    if not isinstance(index, Literal):
        return False
    items = index.value if isinstance(index.value, tuple) else (index.value,)
    return any(item is Ellipsis for item in items)


_WRITES = (
    (np.zeros(3), slice(0, 2), np.zeros(2)),
    (np.zeros(3), [0, 0, 1], np.zeros(3)),
    (np.zeros((2, 3)), slice(None), np.zeros(3)),
    (np.zeros((2, 3)), (slice(None), [0, 0]), np.zeros((2, 1))),
    (np.zeros(3), 1, 0.5),
)


@adjoint(
    runtime.pull,
    linear="x_bar",
    shape_only="x_bar value",
    samples=listed(*(call(numbers(x.shape), index, value) for x, index, value in _WRITES)),
)
def pull(x_bar, index, value, *, ans, g):
    return runtime.push(x_bar, index, g)


@adjoint(
    runtime.push,
    wrt="value",
    linear="value",
    shape_only="x value",
    samples=listed(*(call(x, index, np.array(numbers(np.shape(value)))) for x, index, value in _WRITES)),
)
def push(x, index, value, *, ans, g):
    return runtime.pull(g, index, value)


@simplify(runtime.pull)
def simplify_pull(site: Any) -> Atom | None:
    """`x_bar[index]`, summed where the value was broadcast, copied where it may be a view."""
    x_bar, index, value = site.value("x_bar"), site.value("index"), site.value("value")
    if not isinstance(x_bar, Array) or index_may_repeat(index) is not False:
        return None
    if not is_scalar(value) and not isinstance(value, Array):
        return None
    if x_bar.shape == () and is_scalar(value):  # `x[...] = number`: the part would be a view, not a number
        return cast(site, site.call(operator.getitem, site.atom("x_bar"), Const(())), x_bar.dtype, value)
    if is_scalar(value) and has_ellipsis(index):  # may select one number as a view
        return None
    part = site.call(operator.getitem, site.atom("x_bar"), site.atom("index"))
    if selects_number(x_bar, index) and is_scalar(value):
        return cast(site, part, x_bar.dtype, value)
    result = site.call(runtime.unbroadcast_value, part, site.atom("value"))
    if is_scalar(value) or getitem_is_view(index) is False:
        return result
    return site.call(np.array, result)


@adjoint(
    runtime.clear_at,
    mutates="buffer",
    wrt="",
    linear="buffer",
    shape_only="buffer",
    samples=listed(call(numbers((3,)), slice(0, 2)), call(numbers((3,)), [0, 0])),
)
def clear_at(buffer, index, *, ans, g, buffer_bar):
    runtime.clear_at(buffer_bar, index)
    return ()


@simplify(runtime.clear_at)
def simplify_clear_at(site: Any) -> Atom | None:
    if not isinstance(site.value("buffer"), Array):
        return None
    site.call(operator.setitem, site.atom("buffer"), site.atom("index"), Const(0.0))
    return Const(None)


constant_helper(runtime.zeros_of, shape_only="x")
constant_helper(runtime.matching_positions, runtime.diagonal_positions, runtime.first_positions)


@simplify(runtime.zeros_of)
def simplify_zeros_of(site: Any) -> Atom | None:
    if is_scalar(site.value("x")):
        return Const(0.0) if is_python_number(site.value("x")) else None
    return site.call(np.zeros_like, site.atom("x")) if isinstance(site.value("x"), Array) else None


@adjoint(
    runtime.untake,
    **MIRROR,
    shape_only="a",
    samples=listed(call(numbers((3,)), np.zeros(3), [0, 0, 1]), call(numbers((2, 2)), np.zeros((2, 3)), [1, 1], 1)),
)
def untake(cotangent, a, indices, axis=None, mode="raise", *, ans, g):
    return np.take(g, indices, axis, mode=mode)


_ALONG = listed(
    call(numbers((2, 3)), np.zeros((2, 3)), np.array([[0, 2, 1], [1, 0, 2]]), 1),
    call(numbers((3,)), np.zeros(3), np.array([2, 0, 1])),
    call(numbers((4,)), np.zeros((2, 2)), np.array([2, 0, 1, 3]), None),
)


_ORDERS = listed(
    call(numbers((2, 3)), np.array([[0, 2, 1], [1, 0, 2]]), 1),
    call(numbers((3,)), np.array([2, 0, 1])),
    call([0.5, 0.25, 1.5], np.array([2, 0, 1])),
    call(numbers((2, 2)), np.array([2, 0, 1, 3]), None),
)


@adjoint(runtime.untake_along_axis, **MIRROR, shape_only="arr", samples=_ALONG)
def untake_along_axis(cotangent, arr, indices, axis=-1, *, ans, g):
    return np.take_along_axis(g, indices, axis)


@adjoint(runtime.unpermute, **MIRROR, shape_only="arr", samples=_ALONG)
def unpermute(cotangent, arr, positions, axis=-1, *, ans, g):
    return np.take_along_axis(g, positions, axis)


@adjoint(runtime.permuted, linear="x", shape_only="x", samples=_ORDERS)
def permuted(x, positions, axis=-1, *, ans, g):
    return runtime.unpermute(g, x, positions, axis)


@simplify(runtime.permuted)
def simplify_permuted(site: Any) -> Atom | None:
    if not isinstance(site.value("x"), Array):
        return None
    return site.call(np.take_along_axis, site.atom("x"), site.atom("positions"), site.atom("axis"))


@adjoint(
    runtime.unchoose,
    selects="a",
    **MIRROR,
    shape_only="choices",
    samples=listed(call(numbers((3,)), np.array([0, 1, 1]), (np.zeros(3), np.zeros(3)))),
)
def unchoose(cotangent, a, choices, mode="raise", *, ans, g):
    return np.choose(a, g, mode=mode)


@adjoint(
    runtime.unselect,
    **MIRROR,
    shape_only="choicelist default",
    samples=listed(call(numbers((3,)), [np.array([True, False, True])], [np.zeros(3)], 0.0)),
)
def unselect(cotangent, condlist, choicelist, default=0, *, ans, g):
    return np.select(condlist, g[0], g[1])


@adjoint(
    runtime.unrepeat_values,
    **MIRROR,
    shape_only="cotangent values",
    samples=listed(call(numbers((5,)), np.zeros(2)), call(numbers((2,)), np.zeros(4)), call(numbers((2, 3)), 0.5)),
)
def unrepeat_values(cotangent, values, *, ans, g):
    return runtime.repeat_values(g, cotangent)


@adjoint(
    runtime.repeat_values,
    linear="values",
    shape_only="values like",
    samples=listed(call(numbers((2,)), np.zeros(5)), call(numbers((4,)), np.zeros(2)), call(0.5, np.zeros((2, 3)))),
)
def repeat_values(values, like, *, ans, g):
    return runtime.unrepeat_values(g, values)


@adjoint(
    runtime.unput,
    linear="x_bar",
    shape_only="x_bar values",
    samples=listed(call(numbers((2, 3)), [1, 1, 0], np.zeros(3)), call(numbers((4,)), [5, 1], np.zeros(1), "wrap")),
)
def unput(x_bar, indices, values, mode="raise", *, ans, g):
    return runtime.put_into(x_bar, indices, g, mode)


@adjoint(
    runtime.put_into,
    wrt="values",
    linear="values",
    shape_only="x values",
    samples=listed(call(np.zeros((2, 3)), [1, 1, 0], numbers((3,)))),
)
def put_into(x, indices, values, mode="raise", *, ans, g):
    return runtime.unput(g, indices, values, mode)


@adjoint(
    runtime.unput_along_axis,
    linear="x_bar",
    shape_only="x_bar values",
    samples=listed(call(numbers((2, 3)), np.array([[0, 0], [2, 1]]), np.zeros((2, 2)), 1)),
)
def unput_along_axis(x_bar, indices, values, axis, *, ans, g):
    return runtime.put_along_axis_into(x_bar, indices, g, axis)


@adjoint(
    runtime.put_along_axis_into,
    wrt="values",
    linear="values",
    shape_only="x values",
    samples=listed(call(np.zeros((2, 3)), np.array([[0, 0], [2, 1]]), numbers((2, 2)), 1)),
)
def put_along_axis_into(x, indices, values, axis, *, ans, g):
    return runtime.unput_along_axis(g, indices, values, axis)


_HALF = np.array([[True, False, True], [False, False, True]])


@adjoint(
    runtime.unputmask,
    linear="x_bar",
    shape_only="x_bar values",
    samples=listed(call(numbers((2, 3)), _HALF, np.zeros(2)), call(numbers((2, 3)), _HALF, np.zeros((2, 3)))),
)
def unputmask(x_bar, mask, values, *, ans, g):
    return runtime.putmask_into(x_bar, mask, g)


@adjoint(
    runtime.putmask_into,
    wrt="values",
    linear="values",
    shape_only="x values",
    samples=listed(call(np.zeros((2, 3)), _HALF, numbers((2,)))),
)
def putmask_into(x, mask, values, *, ans, g):
    return runtime.unputmask(g, mask, values)


@adjoint(
    runtime.uncopy,
    linear="x_bar",
    shape_only="x_bar value",
    samples=listed(call(numbers((2, 3)), np.zeros(3)), call(numbers((2, 3)), np.zeros(3), _HALF)),
)
def uncopy(x_bar, value, where=True, *, ans, g):
    return runtime.copy_into(x_bar, g, where)


@adjoint(
    runtime.copy_into,
    wrt="value",
    linear="value",
    shape_only="x value",
    samples=listed(call(np.zeros((2, 3)), numbers((3,))), call(np.zeros((2, 3)), numbers((3,)), _HALF)),
)
def copy_into(x, value, where=True, *, ans, g):
    return runtime.uncopy(g, value, where)


@adjoint(
    runtime.unbroadcast_value,
    **MIRROR,
    views="cotangent",
    shape_only="cotangent value",
    samples=listed(call(numbers((2, 3)), np.zeros(3)), call(numbers((3,)), np.zeros((1, 3))), call(0.5, 1.0)),
)
def unbroadcast_value(cotangent, value, *, ans, g):
    return runtime.unbroadcast_value(g, cotangent)


@simplify(runtime.unbroadcast_value)
def simplify_unbroadcast_value(site: Any) -> Atom | None:
    given, wanted = shape_of(site.value("cotangent")), shape_of(site.value("value"))
    if given is None or wanted is None or len(given) < len(wanted):
        return None
    return site.call(runtime.unbroadcast, site.atom("cotangent"), site.atom("value"))


results_like(
    like,
    *(runtime.untake, "a", runtime.untake_along_axis, "arr", runtime.unpermute, "arr", runtime.scatter, "x"),
    *(runtime.unput, "values", runtime.unput_along_axis, "values", runtime.unputmask, "values"),
    *(runtime.uncopy, "value", runtime.pull, "value", runtime.push, "x", runtime.unbroadcast_value, "value"),
    *(runtime.put_into, "x", runtime.put_along_axis_into, "x", runtime.putmask_into, "x", runtime.copy_into, "x"),
    *(runtime.zeros_of, "x", runtime.unrepeat_values, "values", runtime.repeat_values, "like"),
)
results_like(in_tuple, runtime.unchoose, "choices")
