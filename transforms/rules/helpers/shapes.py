"""Helpers of what changes the shape of an array."""

from __future__ import annotations

import inspect
import operator
from typing import Any

import numpy as np

from transforms import operations, runtime
from transforms.core import Atom, Const
from transforms.registry import adjoint, simplify
from transforms.rules.helpers.common import (
    MIRROR,
    constant_helper,
    folding,
    in_tuple,
    items_of,
    known,
    like,
    results_like,
)
from transforms.rules.sampling import call, listed, numbers
from transforms.rules.typed import dtype_of, is_literal, is_scalar, shape_of, surely_equal
from transforms.values import Array


@adjoint(
    runtime.reshape_like,
    **MIRROR,
    views="cotangent",
    shape_only="cotangent x",
    samples=listed(
        call(numbers((6,)), np.zeros((2, 3))), call(numbers((3,)), np.zeros(3)), call(numbers((2, 1)), [0.0, 1.0])
    ),
)
def reshape_like(cotangent, x, *, ans, g):
    return runtime.reshape_like(g, cotangent)


@simplify(runtime.reshape_like)
def simplify_reshape_like(site: Any) -> Atom | None:
    given, wanted = shape_of(site.value("cotangent")), shape_of(site.value("x"))
    if wanted is None:
        return None
    if given is not None and len(given) == len(wanted):
        known_places = sum(surely_equal(old, new) for old, new in zip(given, wanted))
        if known_places >= len(wanted) - 1 or len(wanted) <= 1:  # the sizes are equal, so the last dimension is too
            return site.atom("cotangent")
    if is_scalar(site.value("x")):
        return None
    return site.call(np.reshape, site.atom("cotangent"), site.call(getattr, site.atom("x"), Const("shape")))


constant_helper(
    runtime.reading_order, runtime.inverse_permutation, runtime.rolled_axis, runtime.opposite, runtime.given_axes
)
for _helper in (runtime.inverse_permutation, runtime.rolled_axis, runtime.opposite):
    folding(_helper)


@simplify(runtime.reading_order)
def simplify_reading_order(site: Any) -> Atom | None:
    return site.atom("order") if is_literal(site.value("order"), "C", "F") else None


@simplify(runtime.given_axes)
def simplify_given_axes(site: Any) -> Atom | None:
    axes, rank = known(site.value("axes")), known(site.value("rank"))
    if axes is inspect.Parameter.empty:
        return None
    if axes and axes[0] is not None:
        return Const(runtime.given_axes(axes, len(axes)))
    return None if rank is inspect.Parameter.empty else Const(runtime.given_axes(axes, rank))


@simplify(np.transpose)
def simplify_transpose(site: Any) -> Atom | None:
    """Transposing twice the axes of a matrix, or those of a vector, is nothing; `(1, 0)` needs no axes."""
    shape, axes = shape_of(site.value("a")), known(site.value("axes"))
    if not isinstance(site.value("a"), Array) or shape is None or axes is inspect.Parameter.empty:
        return None
    if axes is None:
        return site.atom("a") if len(shape) < 2 else None
    if all(isinstance(axis, int) for axis in axes) and tuple(axis % max(len(axes), 1) for axis in axes) == (1, 0):
        return site.call(getattr, site.atom("a"), Const("T"))
    return None


@simplify(np.swapaxes)
def simplify_swapaxes(site: Any) -> Atom | None:
    shape = shape_of(site.value("a"))
    first, second = known(site.value("axis1")), known(site.value("axis2"))
    if not isinstance(site.value("a"), Array) or shape is None or len(shape) != 2:
        return None
    if isinstance(first, int) and isinstance(second, int) and first % 2 != second % 2:
        return site.call(getattr, site.atom("a"), Const("T"))
    return None


@adjoint(
    runtime.unbroadcast_each,
    **MIRROR,
    views="cotangent",
    shape_only="cotangent arrays",
    samples=listed(call((numbers((2, 3)), numbers((2, 3), seed=1)), (np.zeros(3), np.zeros((2, 1))))),
)
def unbroadcast_each(cotangent, arrays, *, ans, g):
    return runtime.unbroadcast_each(g, cotangent)


@simplify(runtime.unbroadcast_each)
def simplify_unbroadcast_each(site: Any) -> Atom | None:
    arrays, parts = items_of(site, "arrays"), items_of(site, "cotangent")
    if arrays is None or parts is None:
        return None
    pairs = zip(parts, arrays)
    return site.call(operations.make_tuple, *(site.call(runtime.unbroadcast, g, x) for (g, _), (x, _) in pairs))


@adjoint(
    runtime.reshape_each,
    **MIRROR,
    views="cotangent",
    shape_only="cotangent arrays",
    samples=listed(
        call((numbers((1, 3)), numbers((1, 1), seed=1)), (np.zeros(3), np.zeros(()))),
        call(numbers((1, 3)), (np.zeros(3),)),
    ),
)
def reshape_each(cotangent, arrays, *, ans, g):
    return runtime.reshape_results(g, cotangent)


@adjoint(
    runtime.reshape_results,
    **MIRROR,
    views="cotangent",
    shape_only="cotangent results",
    samples=listed(
        call((numbers((3,)), numbers((1,))), (np.zeros((1, 3)), np.zeros((1, 1)))),
        call((numbers((3,)),), np.zeros((1, 3))),
    ),
)
def reshape_results(cotangent, results, *, ans, g):
    return runtime.reshape_each(g, cotangent)


@simplify(runtime.reshape_each)
def simplify_reshape_each(site: Any) -> Atom | None:
    arrays = items_of(site, "arrays")
    if arrays is None or len(arrays) != 1:
        return None
    return site.call(operations.make_tuple, site.call(runtime.reshape_like, site.atom("cotangent"), arrays[0][0]))


@adjoint(
    runtime.unrepeat,
    **MIRROR,
    shape_only="a",
    samples=listed(
        call(numbers((6,)), np.zeros(3), 2),
        call(numbers((2, 6)), np.zeros((2, 3)), 2, -1),
        call(numbers((3,)), np.zeros(2), [1, 2]),
        call(numbers((4,)), np.zeros((2, 1)), 2),
    ),
)
def unrepeat(cotangent, a, repeats, axis=None, *, ans, g):
    return np.repeat(g, repeats, axis)


@adjoint(
    runtime.untile,
    **MIRROR,
    shape_only="a",
    samples=listed(call(numbers((6,)), np.zeros(3), 2), call(numbers((2, 6)), np.zeros(3), (2, 2))),
)
def untile(cotangent, a, reps, *, ans, g):
    return np.tile(g, reps)


@adjoint(
    runtime.unpad,
    **MIRROR,
    shape_only="array",
    samples=listed(call(numbers((5,)), np.zeros(3), 1), call(numbers((5,)), np.zeros(3), 1, "edge")),
)
def unpad(cotangent, array, pad_width, mode="constant", reflect_type="even", *, ans, g):
    return np.pad(g, pad_width, mode)


@adjoint(
    runtime.repad,
    linear="x",
    shape_only="x",
    samples=listed(call(numbers((3,)), 1), call(numbers((2, 3)), 1, "edge"), call([0.5, 0.25], (1, 0))),
)
def repad(x, pad_width, mode="constant", reflect_type="even", *, ans, g):
    return runtime.unpad(g, x, pad_width, mode, reflect_type)


@simplify(runtime.repad)
def simplify_repad(site: Any) -> Atom | None:
    mode = site.value("mode")
    if not is_literal(site.value("reflect_type"), "even"):
        return None
    if is_literal(mode, "constant"):
        return site.call(np.pad, site.atom("x"), site.atom("pad_width"))
    if is_literal(mode, "edge", "wrap", "reflect", "symmetric"):
        return site.call(np.pad, site.atom("x"), site.atom("pad_width"), site.atom("mode"))
    return None


@simplify(runtime.unpad)
def simplify_unpad(site: Any) -> Atom | None:
    """Padding with constants is undone by a slice."""
    shape, widths = shape_of(site.value("array")), known(site.value("pad_width"))
    if not shape or widths is inspect.Parameter.empty or not is_literal(site.value("mode"), "constant"):
        return None
    if dtype_of(site.value("array")) != dtype_of(site.value("cotangent")):
        return None
    try:
        pairs = np.broadcast_to(np.asarray(widths, dtype=int), (len(shape), 2)).tolist()
    except (ValueError, TypeError):
        return None
    index = tuple(slice(before or None, -after or None) for before, after in pairs)
    return site.call(operator.getitem, site.atom("cotangent"), Const(index if len(index) > 1 else index[0]))


@adjoint(
    runtime.undiagonal,
    **MIRROR,
    shape_only="a",
    samples=listed(
        call(numbers((2,)), np.zeros((2, 3))),
        call(numbers((2,)), np.zeros((2, 3)), 1),
        call(numbers((3, 2)), np.zeros((2, 3, 4)), 0, 2, 0),
    ),
)
def undiagonal(cotangent, a, offset=0, axis1=0, axis2=1, *, ans, g):
    return np.diagonal(g, offset, axis1, axis2)


@adjoint(
    runtime.diagonal_view,
    linear="a",
    views="a",
    shape_only="a",
    samples=listed(call(numbers((2, 3))), call(numbers((2, 3)), 1), call(numbers((2, 3, 4)), 0, 2, 0)),
)
def diagonal_view(a, offset=0, axis1=0, axis2=1, *, ans, g):
    return runtime.undiagonal(g, a, offset, axis1, axis2)


@adjoint(
    runtime.untrace,
    **MIRROR,
    shape_only="a",
    samples=listed(call(0.5, np.zeros((2, 3))), call(numbers((3,)), np.zeros((2, 3, 4)), 1, 2, 0)),
)
def untrace(cotangent, a, offset=0, axis1=0, axis2=1, *, ans, g):
    return runtime.match_dtype(np.trace(g, offset, axis1, axis2), cotangent)


@adjoint(
    runtime.unmeshgrid,
    **MIRROR,
    views="cotangent",
    shape_only="cotangent arrays",
    samples=listed(call((numbers((2, 3)), numbers((2, 3), seed=1)), (np.zeros(3), np.zeros(2)))),
)
def unmeshgrid(cotangent, arrays, indexing="xy", *, ans, g):
    return runtime.remeshgrid(g, cotangent, indexing)


@adjoint(
    runtime.remeshgrid,
    **MIRROR,
    views="cotangent",
    shape_only="cotangent results",
    samples=listed(call((numbers((3,)), numbers((2,))), (np.zeros((2, 3)), np.zeros((2, 3))))),
)
def remeshgrid(cotangent, results, indexing="xy", *, ans, g):
    return runtime.unmeshgrid(g, cotangent, indexing)


results_like(
    like,
    *(runtime.reshape_like, "x", runtime.unrepeat, "a", runtime.untile, "a", runtime.unpad, "array"),
    *(runtime.undiagonal, "a", runtime.untrace, "a"),
)
results_like(
    in_tuple,
    *(runtime.unbroadcast_each, "arrays", runtime.reshape_each, "arrays"),
    *(runtime.unmeshgrid, "arrays", runtime.remeshgrid, "results"),
)
