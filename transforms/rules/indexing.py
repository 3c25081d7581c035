"""Rules of reading and writing parts of arrays and containers: `x[i]`, `x[i] = v`, take, put, sort and their kin.

A read's cotangent goes back by `runtime.scatter`, or, where the compiler keeps a buffer, by `runtime.add_at` into it; a
write takes the cotangent of what it wrote out of the shadow (`runtime.pull`) and leaves zeros there.  Repeated indices
add up in reads; in writes only the last one counts.  Functions whose results are positions are constant.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import Any

import numpy as np

from transforms import runtime
from transforms.registry import adjoint, constant, methods, refused, tangent
from transforms.rules.sampling import call, crossed, listed, numbers

# ------------------------------------------------------------------------------------------------------- read and write

_MASK = np.array([[True, False, True], [False, False, True]])

_INDICES = (
    ((), ()),
    ((), Ellipsis),
    ((), None),
    ((3,), 1),
    ((3,), np.int64(-1)),
    ((3,), slice(None)),
    ((5,), slice(4, None, -2)),
    ((3,), slice(1, 1)),
    ((3,), (None, slice(None))),
    ((2, 3), 0),
    ((2, 3), (1, 2)),
    ((2, 3), (slice(None), 1)),
    ((2, 3), (Ellipsis, slice(0, 2))),
    ((2, 1, 3), (1, Ellipsis, None, slice(None, None, 2))),
    ((3,), [0, 0, 1]),
    ((3,), np.array([[2, 2], [0, -1]])),
    ((3,), np.array([], dtype=int)),
    ((2, 3), [1, 0, 1]),
    ((2, 3), ([0, 1, 0], [2, 2, 2])),
    ((2, 3), (slice(None), [0, 0])),
    ((2, 3), (np.array([1]), slice(0, 2))),
    ((2, 3), (0, [1, 1, 2])),
    ((2, 3, 2), ([0, 1], slice(None), [1, 1])),
    ((2, 3), _MASK),
    ((3,), [True, False, True]),
    ((2, 3), (slice(None), _MASK[0])),
    ((2, 3), (_MASK[:, 0], [2, 2])),
    ((2, 3), True),
    ((0,), slice(None)),
)


def _reads() -> Iterator[Any]:
    for shape, index in _INDICES:
        yield call(np.array(numbers(shape)), index)
    yield call(crossed(numbers((3, 2))).astype(np.float32), ([0, 0], slice(None)))
    yield call([0.5, numbers((2,)), 0.25], 1)
    yield call([0.5, 1.5, 0.25], slice(1, None))
    yield call((0.5, (numbers((2,)), 0.25)), -1)
    yield call((0.5, 1.5, 2.5), slice(None, None, 2))
    yield call({"w": numbers((2,)), "b": 0.5}, "b")


@adjoint(operator.getitem, linear="a", shape_only="a", views="a", samples=_reads)
def getitem(a, index, *, ans, g):
    return runtime.scatter(a, index, g)


def _writes() -> Iterator[Any]:
    for shape, index in _INDICES:
        x = np.array(numbers(shape))
        yield call(x, index, np.array(numbers(np.shape(x[index]), seed=1)))
        if np.ndim(x[index]):
            yield call(x, index, 0.5)
    yield call(numbers((2, 3)), slice(None), numbers((3,), seed=1))
    yield call(numbers((2, 3)), (slice(None), [0, 0]), numbers((2, 1), seed=1))
    yield call(numbers((3,)), slice(None), numbers((1, 3), seed=1))
    yield call(numbers((2, 3)), 1, [0.5, 0.25, 0.125])
    yield call(numbers((3,)).astype(np.float32), 1, 0.5)
    yield call(numbers((3,)).astype(np.float32), slice(0, 2), numbers((2,), seed=1))
    yield call(crossed(numbers((3, 2))), (slice(None), 1), numbers((3,), seed=1))


@adjoint(
    operator.setitem, mutates="a", stores="value", wrt="value", linear="a value", shape_only="a value", samples=_writes
)
def setitem(a, index, value, *, ans, g, a_bar):
    value_bar = runtime.pull(a_bar, index, value)
    runtime.clear_at(a_bar, index)
    return value_bar


# --------------------------------------------------------------------------------------------------- reads by functions


@adjoint(
    np.take,
    linear="a",
    shape_only="a",
    samples=listed(
        call(numbers((3,)), [0, 0, 2]),
        call(numbers((3,)), 1),
        call(numbers((2, 3)), np.array([[5, 0], [0, 1]])),
        call(numbers((2, 3)), [1, 1], axis=1),
        call(numbers((2, 3)), 0, axis=0),
        call(numbers((2, 3)), [[0, -1], [1, 1]], axis=-1),
        call(numbers((3,)), [4, -5], mode="wrap"),
        call(numbers((3,)), [4, -5], 0, mode="clip"),
    ),
)
def take(a, indices, axis=None, *, mode="raise", ans, g):
    return runtime.untake(g, a, indices, axis, mode)


@adjoint(
    np.take_along_axis,
    linear="arr",
    shape_only="arr",
    samples=listed(
        call(numbers((3,)), np.array([0, 0, 2]), 0),
        call(numbers((2, 3)), np.array([[0, 0], [2, 1]]), 1),
        call(numbers((2, 3)), np.array([[0, 1, 1]]), axis=0),
        call(numbers((2, 3)), np.array([5, 0, 0]), axis=None),
        call(numbers((1, 3)), np.array([[0, 0], [2, 1]]), axis=-1),
    ),
)
def take_along_axis(arr, indices, axis=-1, *, ans, g):
    return runtime.untake_along_axis(g, arr, indices, axis)


@adjoint(
    np.compress,
    linear="a",
    shape_only="a",
    wrt="a",
    samples=listed(
        call([True, False, True], numbers((3,))),
        call([True, False], numbers((2, 3)), axis=0),
        call([True, False, True, True], numbers((2, 3))),
        call(np.array([False, True]), numbers((2, 3)), axis=1),
    ),
)
def compress(condition, a, axis=None, *, ans, g):
    return runtime.untake(g, a, np.flatnonzero(condition), axis)


@adjoint(
    np.ndarray.compress,
    linear="a",
    shape_only="a",
    wrt="a",
    samples=listed(
        call(numbers((3,)), [True, False, True]),
        call(numbers((2, 3)), [True, False], axis=0),
        call(numbers((2, 3)), [True, False, True, True]),
    ),
)
def compress_method(a, condition, axis=None, *, ans, g):
    return runtime.untake(g, a, np.flatnonzero(condition), axis)


@adjoint(
    np.extract,
    linear="arr",
    shape_only="arr",
    wrt="arr",
    samples=listed(call(_MASK, numbers((2, 3))), call(np.array([True, False, True]), numbers((3,)))),
)
def extract(condition, arr, *, ans, g):
    return runtime.untake(g, arr, np.flatnonzero(condition))


@adjoint(
    np.choose,
    selects="a",
    wrt="choices",
    linear="choices",
    sequences="choices",
    shape_only="choices",
    samples=listed(
        call(np.array([0, 1, 1]), (numbers((3,)), numbers((3,), seed=1))),
        call(np.array([[0], [1]]), [numbers((3,)), 0.5]),
        call(np.array([0, 1, 1]), numbers((2, 3))),
        call(np.array([-1, 5]), [numbers((2,)), numbers((2,), seed=1)], mode="wrap"),
        call(np.array([-1, 5]), [numbers((2,)), numbers((2,), seed=1)], mode="clip"),
    ),
)
def choose(a, choices, *, mode="raise", ans, g):
    return runtime.unchoose(g, a, choices, mode)


@adjoint(
    np.select,
    wrt="choicelist default",
    linear="choicelist default",
    sequences="choicelist",
    shape_only="choicelist default",
    samples=listed(
        call([np.array([True, False, True]), np.array([True, True, False])], [numbers((3,)), numbers((3,), seed=1)]),
        call([np.array([True, False, False]), np.array([True, True, False])], [0.5, numbers((3,), seed=1)], 0.25),
        call([_MASK], [numbers((3,))], numbers((2, 1), seed=1)),
    ),
)
def select(condlist, choicelist, default=0, *, ans, g):
    return runtime.unselect(g, condlist, choicelist, default)


# ------------------------------------------------------------------------------------------------------------ orderings

_SORTS = listed(
    call(numbers((5,))),
    call(numbers((2, 4))),
    call(numbers((2, 4)), axis=0),
    call(numbers((2, 3)), axis=None),
    call(numbers((2, 1, 3)).astype(np.float32)),
    call(numbers((0,))),
    call([0.5, 0.25, 1.5]),
)


@adjoint(np.sort, samples=_SORTS)
def sort(a, axis=-1, kind=None, *, stable=None, ans, g):
    return runtime.unpermute(g, a, np.argsort(a, axis), axis)


@tangent(np.sort)
def sort_tangent(a, axis=-1, kind=None, *, stable=None, ans, a_dot):
    return runtime.permuted(a_dot, np.argsort(a, axis), axis)


@adjoint(
    np.partition,
    samples=listed(call(numbers((7,)), 3), call(numbers((2, 5)), 1, axis=0), call(numbers((2, 5)), (1, 3), axis=None)),
)
def partition(a, kth, axis=-1, kind="introselect", *, ans, g):
    return runtime.unpermute(g, a, runtime.matching_positions(a, ans, axis), axis)


@tangent(np.partition)
def partition_tangent(a, kth, axis=-1, kind="introselect", *, ans, a_dot):
    return runtime.permuted(a_dot, runtime.matching_positions(a, ans, axis), axis)


@adjoint(
    np.unique,
    samples=listed(call(numbers((4,))), call(numbers((2, 3))), call(numbers((4,)), True), call(numbers((0,)))),
)
def unique(ar, return_index=False, return_inverse=False, return_counts=False, *, ans, g):
    if return_index or return_inverse or return_counts:
        return runtime.untake(g[0], ar, runtime.first_positions(ar))
    return runtime.untake(g, ar, runtime.first_positions(ar))


@tangent(np.unique)
def unique_tangent(ar, return_index=False, return_inverse=False, return_counts=False, *, ans, ar_dot):
    values_dot = np.take(ar_dot, runtime.first_positions(ar))
    if return_index or return_inverse or return_counts:
        return (values_dot,) + (0.0,) * (return_index + return_inverse + return_counts)
    return values_dot


constant(np.argsort, np.argpartition, np.lexsort, np.searchsorted, np.digitize)
constant(np.nonzero, np.flatnonzero, np.argwhere, np.isin, np.count_nonzero)


# -------------------------------------------------------------------------------------------------- writes by functions

IN_PLACE: dict[str, Any] = {"mutates": "a"}


@adjoint(
    np.put_along_axis,
    mutates="arr",
    wrt="values",
    linear="arr values",
    shape_only="arr values",
    samples=listed(
        call(numbers((3,)), np.array([0, 2]), numbers((2,), seed=1), 0),
        call(numbers((2, 3)), np.array([[0, 0], [2, 1]]), numbers((2, 2), seed=1), 1),
        call(numbers((2, 3)), np.array([[1], [2]]), 0.5, axis=1),
        call(numbers((2, 3)), np.array([1, 4, 1]), numbers((3,), seed=1), axis=None),
    ),
)
def put_along_axis(arr, indices, values, axis=None, *, ans, g, arr_bar):
    values_bar = runtime.unput_along_axis(arr_bar, indices, values, axis)
    np.put_along_axis(arr_bar, indices, 0, axis)
    return values_bar


_MASKS = listed(
    call(numbers((3,)), numbers((3,), seed=1)),
    call(numbers((2, 3)), numbers((3,), seed=1)),
    call(numbers((2, 3)), 0.5),
    call(numbers((2, 3)), numbers((2, 1), seed=1), where=_MASK),
    call(numbers((2, 3)), numbers((3,), seed=1), where=np.array([True, False, True])),
    call(numbers((3,)).astype(np.float32), 0.5),
)


@adjoint(np.copyto, mutates="dst", wrt="src", linear="dst src", shape_only="dst src", samples=_MASKS)
def copyto(dst, src, casting="same_kind", where=True, *, ans, g, dst_bar):
    src_bar = runtime.uncopy(dst_bar, src, where)
    if where is True:
        dst_bar[...] = 0.0
    else:
        np.copyto(dst_bar, 0.0, where=where)
    return src_bar


@adjoint(
    np.put,
    mutates="a",
    wrt="v",
    linear="a v",
    shape_only="a v",
    samples=listed(
        call(numbers((4,)), [0, 2], numbers((2,), seed=1)),
        call(numbers((2, 3)), [0, 4, 5], numbers((2,), seed=1)),
        call(numbers((2, 3)), [1, 1, 0], numbers((3,), seed=1)),
        call(numbers((4,)), 1, 0.5),
        call(numbers((4,)), [5, -1], 0.5, mode="clip"),
        call(numbers((4,)), [5, -6], numbers((2,), seed=1), "wrap"),
    ),
)
def put(a, ind, v, mode="raise", *, ans, g, a_bar):
    v_bar = runtime.unput(a_bar, ind, v, mode)
    np.put(a_bar, ind, 0, mode)
    return v_bar


@adjoint(
    np.place,
    mutates="arr",
    wrt="vals",
    linear="arr vals",
    shape_only="arr vals",
    samples=listed(
        call(numbers((2, 3)), _MASK, numbers((3,), seed=1)),
        call(numbers((2, 3)), _MASK, numbers((2,), seed=1)),
        call(numbers((2, 3)), _MASK, numbers((5,), seed=1)),
        call(numbers((3,)), np.array([True, False, True]), 0.5),
    ),
)
def place(arr, mask, vals, *, ans, g, arr_bar):
    vals_bar = runtime.unrepeat_values(np.extract(mask, arr_bar), vals)
    np.copyto(arr_bar, 0, where=mask)
    return vals_bar


@adjoint(
    np.putmask,
    mutates="a",
    wrt="values",
    linear="a values",
    shape_only="a values",
    samples=listed(
        call(numbers((2, 3)), _MASK, numbers((2, 3), seed=1)),
        call(numbers((2, 3)), _MASK, numbers((2,), seed=1)),
        call(numbers((2, 3)), _MASK, 0.5),
    ),
)
def putmask(a, mask, values, *, ans, g, a_bar):
    values_bar = runtime.unputmask(a_bar, mask, values)
    np.putmask(a_bar, mask, 0)
    return values_bar


@adjoint(
    np.fill_diagonal,
    mutates="a",
    wrt="val",
    linear="a val",
    shape_only="a val",
    samples=listed(
        call(numbers((3, 3)), 0.5),
        call(numbers((3, 3)), numbers((3,), seed=1)),
        call(numbers((5, 2)), numbers((2,), seed=1)),
        call(numbers((5, 2)), numbers((2,), seed=1), True),
        call(numbers((2, 4)), 0.5, wrap=True),
        call(numbers((2, 2, 2)), numbers((2,), seed=1)),
    ),
)
def fill_diagonal(a, val, wrap=False, *, ans, g, a_bar):
    val_bar = runtime.unrepeat_values(np.take(a_bar, runtime.diagonal_positions(np.shape(a), wrap)), val)
    np.fill_diagonal(a_bar, 0, wrap)
    return val_bar


@adjoint(
    np.ndarray.fill,
    mutates="a",
    wrt="value",
    linear="a value",
    shape_only="a value",
    samples=listed(call(numbers((2, 3)), 0.5), call(numbers((0,)), 0.5), call(np.array(0.25), np.array(0.5))),
)
def fill(a, value, *, ans, g, a_bar):
    value_bar = runtime.uncopy(a_bar, value, True)
    a_bar[...] = 0.0
    return value_bar


@adjoint(
    np.ndarray.sort,
    mutates="a",
    wrt="",
    samples=listed(call(numbers((5,))), call(numbers((2, 4))), call(numbers((3, 2)), axis=0)),
)
def sort_in_place(a, axis=-1, kind=None, *, stable=None, ans, g, a_bar):
    np.copyto(a_bar, runtime.unpermute(a_bar, a, np.argsort(a, axis), axis))
    return ()


@tangent(np.ndarray.sort)
def sort_in_place_tangent(a, axis=-1, kind=None, *, stable=None, a_dot):
    np.copyto(a_dot, np.take_along_axis(a_dot, np.argsort(a, axis), axis))
    return ()


refused("Use np.partition, which makes a new array, or sort.", np.ndarray.partition)


# --------------------------------------------------------------------------------------- unbuffered in-place operations

_AT = listed(
    call(numbers((3,)), [0, 0, 1], numbers((3,), seed=1)),
    call(numbers((3,)), [0, 0, 1], 0.5),
    call(numbers((2, 3)), (slice(None), [0, 0]), numbers((2, 1), seed=1)),
    call(numbers((2, 3)), _MASK, numbers((3,), seed=1)),
    call(numbers((3,)), 1, 0.5),
    call(numbers((3,)).astype(np.float32), [1, 1], np.array([0.5, 0.25], np.float32)),
)
_AT_FACTS: dict[str, Any] = {"mutates": "a", "wrt": "b", "linear": "a b", "shape_only": "a b", "samples": _AT}


@adjoint(np.add.at, **_AT_FACTS)
def add_at(a, indices, b, *, ans, g, a_bar):
    return runtime.unbroadcast_value(a_bar[indices], b)


@adjoint(np.subtract.at, **_AT_FACTS)
def subtract_at(a, indices, b, *, ans, g, a_bar):
    return runtime.unbroadcast_value(-a_bar[indices], b)


refused(
    "Its repeated indices have no derivative here; write x[i] *= y (and so on) for indices that do not repeat.",
    np.multiply.at,
    np.divide.at,
    np.power.at,
    np.maximum.at,
    np.minimum.at,
)

methods(
    take=np.take,
    compress=np.ndarray.compress,
    choose=np.choose,
    sort=np.ndarray.sort,
    partition=np.ndarray.partition,
    argsort=np.argsort,
    argpartition=np.argpartition,
    nonzero=np.nonzero,
    searchsorted=np.searchsorted,
    put=np.put,
    fill=np.ndarray.fill,
)
