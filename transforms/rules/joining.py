"""Rules of the functions that join arrays into one or split one into several.

The sequence of arrays is one argument, a container: its contribution is a tuple with one cotangent for each item, a
slice of the cotangent of the result (an array where the argument is an array).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from transforms import runtime
from transforms.registry import adjoint, tangent
from transforms.rules.sampling import call, crossed, listed, numbers

JOINED: dict[str, Any] = {"linear": "arrays", "shape_only": "arrays", "sequences": "arrays"}
STACKED: dict[str, Any] = {"linear": "tup", "shape_only": "tup", "sequences": "tup"}


@adjoint(
    np.concatenate,
    **JOINED,
    linear_unless="dtype",
    samples=listed(
        call((numbers((3,)), numbers((2,)))),
        call([numbers((2, 3)), numbers((1, 3), seed=1), numbers((0, 3))]),
        call((numbers((2, 3)), numbers((2, 1))), axis=1),
        call((numbers((2, 3)), numbers((2, 1))), -1),
        call((numbers((2, 3)), numbers((4,))), axis=None),
        call((crossed(numbers((2, 3))), numbers((2, 3)))),
        call((numbers((3,)).astype(np.float32), numbers((2,)).astype(np.float32))),
        call((numbers((3,)).astype(np.float32), numbers((2,)))),
        call(numbers((2, 3))),
        call((numbers((3,)).astype(np.float32), numbers((2,))), dtype=np.float64),
        call((numbers((3,)), numbers((2,))), dtype=int, casting="unsafe"),
    ),
)
def concatenate(arrays, axis=0, *, dtype=None, casting="same_kind", ans, g):
    if dtype is not None:
        g = runtime.uncast(g, ans, ans)
    return runtime.unconcatenate(g, arrays, axis)


@tangent(np.concatenate)
def concatenate_tangent(arrays, axis=0, *, dtype=None, casting="same_kind", ans, arrays_dot):
    return np.concatenate(arrays_dot, axis)


@adjoint(
    np.stack,
    **JOINED,
    linear_unless="dtype",
    samples=listed(
        call((numbers((3,)), numbers((3,), seed=1))),
        call([numbers((2, 3)), numbers((2, 3), seed=1)], axis=1),
        call([numbers((2, 3)), numbers((2, 3), seed=1)], axis=-1),
        call([0.5, 0.25, numbers(())]),
        call([0.5, 0.25, numbers(())], dtype=int, casting="unsafe"),
        call([0.5, 0.25, numbers(())], dtype=np.float64),
        call(numbers((2, 3)), axis=1),
    ),
)
def stack(arrays, axis=0, *, dtype=None, casting="same_kind", ans, g):
    if dtype is not None:
        g = runtime.uncast(g, ans, ans)
    return runtime.unstack_items(g, arrays, axis)


@tangent(np.stack)
def stack_tangent(arrays, axis=0, *, dtype=None, casting="same_kind", ans, arrays_dot):
    return np.stack(arrays_dot, axis)


_LISTS = listed(
    call((numbers((3,)), numbers((3,), seed=1))),
    call((numbers(()), 0.5)),
    call(numbers((2, 3))),
)


def _vstack() -> Iterator[Any]:
    yield from _LISTS()
    yield call((numbers((2, 3)), numbers((3,))))
    yield call((numbers((2, 3, 2)), numbers((1, 3, 2))))
    yield call((numbers((2, 3)), numbers((3,))), dtype=int, casting="unsafe")
    yield call((numbers((2, 3)), numbers((3,))), dtype=np.float64)


@adjoint(np.vstack, **STACKED, linear_unless="dtype", samples=_vstack)
def vstack(tup, *, dtype=None, casting="same_kind", ans, g):
    if dtype is not None:
        g = runtime.uncast(g, ans, ans)
    return runtime.unvstack(g, tup)


@tangent(np.vstack)
def vstack_tangent(tup, *, dtype=None, casting="same_kind", ans, tup_dot):
    return np.vstack(tup_dot)


def _hstack() -> Iterator[Any]:
    yield from _LISTS()
    yield call((numbers((2, 3)), numbers((2, 1))))
    yield call((numbers((3,)), numbers(()), numbers((0,))))
    yield call((numbers((2, 3)), numbers((2, 1))), dtype=int, casting="unsafe")
    yield call((numbers((2, 3)), numbers((2, 1))), dtype=np.float64)


@adjoint(np.hstack, **STACKED, linear_unless="dtype", samples=_hstack)
def hstack(tup, *, dtype=None, casting="same_kind", ans, g):
    if dtype is not None:
        g = runtime.uncast(g, ans, ans)
    return runtime.unhstack(g, tup)


@tangent(np.hstack)
def hstack_tangent(tup, *, dtype=None, casting="same_kind", ans, tup_dot):
    return np.hstack(tup_dot)


def _dstack() -> Iterator[Any]:
    yield from _LISTS()
    yield call((numbers((2, 3)), numbers((2, 3, 2))))


@adjoint(np.dstack, **STACKED, samples=_dstack)
def dstack(tup, *, ans, g):
    return runtime.undstack(g, tup)


def _column_stack() -> Iterator[Any]:
    yield from _LISTS()
    yield call((numbers((3,)), numbers((3, 2))))


@adjoint(np.column_stack, **STACKED, samples=_column_stack)
def column_stack(tup, *, ans, g):
    return runtime.uncolumn_stack(g, tup)


@adjoint(
    np.block,
    **JOINED,
    samples=listed(
        call([[numbers((2, 2)), numbers((2, 1))], [numbers((1, 2)), numbers((1, 1))]]),
        call([numbers((3,)), 0.5, numbers((2,))]),
        call([[numbers((2, 2))], [numbers((2,))]]),
        call(numbers((2, 2))),
    ),
)
def block(arrays, *, ans, g):
    return runtime.unblock(g, arrays)


@adjoint(
    np.append,
    wrt="arr values",
    linear="arr values",
    shape_only="arr values",
    samples=listed(
        call(numbers((3,)), 0.5),
        call(numbers((2, 3)), numbers((4,))),
        call(numbers((2, 3)), numbers((1, 3)), axis=0),
        call(numbers((2, 3)), numbers((2, 2)), 1),
    ),
)
def append(arr, values, axis=None, *, ans, g):
    return runtime.unappend(g, arr, values, axis)


@adjoint(
    np.insert,
    wrt="arr values",
    shape_only="arr values",
    samples=listed(
        call(numbers((3,)), 1, 0.5),
        call(numbers((3,)), 1, numbers((2,))),
        call(numbers((3,)), [0, 2, 2], numbers((3,))),
        call(numbers((3,)), [2, 0], 0.5),
        call(numbers((2, 3)), 1, numbers((3,))),
        call(numbers((2, 3)), 1, numbers((3,)), axis=0),
        call(numbers((2, 3)), 1, numbers((2,)), axis=1),
        call(numbers((2, 3)), 1, numbers((2, 1)), axis=1),
        call(numbers((2, 3)), [1], numbers((2, 1)), axis=1),
        call(numbers((2, 3)), [3, 0], numbers((2, 2)), axis=-1),
        call(numbers((3,)), slice(0, 2), numbers((2,))),
    ),
)
def insert(arr, obj, values, axis=None, *, ans, g):
    return runtime.uninsert(g, arr, obj, values, axis)


@tangent(np.insert)
def insert_tangent(arr, obj, values, axis=None, *, ans, arr_dot, values_dot):
    """Not called linear: an array of integers rounds what is inserted."""
    return np.insert(arr_dot, obj, np.zeros_like(values), axis), np.insert(np.zeros_like(arr), obj, values_dot, axis)


@adjoint(
    np.delete,
    linear="arr",
    shape_only="arr",
    samples=listed(
        call(numbers((4,)), 1),
        call(numbers((4,)), [0, -1]),
        call(numbers((2, 3)), 2),
        call(numbers((2, 3)), 1, axis=1),
        call(numbers((4, 2)), slice(0, 2), 0),
        call(numbers((3,)), np.array([True, False, False])),
    ),
)
def delete(arr, obj, axis=None, *, ans, g):
    return runtime.undelete(g, arr, obj, axis)


# ------------------------------------------------------------------------------------------------------------ splitting

PARTS: dict[str, Any] = {"linear": "ary", "shape_only": "ary", "views": "ary"}


@adjoint(
    np.split,
    **PARTS,
    samples=listed(call(numbers((4,)), 2), call(numbers((5,)), [1, 3]), call(numbers((2, 4)), 2, axis=1)),
)
def split(ary, indices_or_sections, axis=0, *, ans, g):
    return np.concatenate(g, axis)


@adjoint(
    np.array_split,
    **PARTS,
    samples=listed(call(numbers((5,)), 2), call(numbers((5,)), [1, 3]), call(numbers((2, 4)), 3, axis=-1)),
)
def array_split(ary, indices_or_sections, axis=0, *, ans, g):
    return np.concatenate(g, axis)


@adjoint(np.hsplit, **PARTS, samples=listed(call(numbers((4,)), 2), call(numbers((2, 4)), [1, 2])))
def hsplit(ary, indices_or_sections, *, ans, g):
    return np.hstack(g)


@adjoint(np.vsplit, **PARTS, samples=listed(call(numbers((4, 2)), 2), call(numbers((3, 2)), [1])))
def vsplit(ary, indices_or_sections, *, ans, g):
    return np.concatenate(g, 0)


@adjoint(np.dsplit, **PARTS, samples=listed(call(numbers((2, 2, 4)), 2)))
def dsplit(ary, indices_or_sections, *, ans, g):
    return np.concatenate(g, 2)


if hasattr(np, "unstack"):  # NumPy 2.1

    @adjoint(
        np.unstack,
        linear="x",
        shape_only="x",
        views="x",
        samples=listed(call(numbers((2, 3))), call(numbers((2, 3)), axis=1)),
    )
    def unstack(x, *, axis=0, ans, g):
        return np.stack(g, axis)
