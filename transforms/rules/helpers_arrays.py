"""Rules of the helpers of `transforms.runtime` that the rules of shapes, joining, indexing and products emit, and their
`simplify` facets, which turn them into exact NumPy code once ranks, dtypes and constant arguments are known.

Helpers come in pairs of mirror images: the adjoint of one is the other, so that derivatives of any order stay closed.
A helper's own first argument is called `cotangent` here, since `g` is the cotangent of its result.  Facets get a
`Site`, as described in `transforms.rules.helpers`.
"""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from transforms import operations, runtime
from transforms.core import Atom, Const, Ref
from transforms.registry import adjoint, constant, facts, result, simplify
from transforms.rules.helpers import cast
from transforms.rules.indexing import getitem_is_view, index_may_repeat
from transforms.rules.sampling import call, listed, numbers
from transforms.rules.typed import dtype_of, is_literal, is_python_number, is_scalar, literal, shape_of, surely_equal
from transforms.values import Array, Literal, Many, Number, Sequence, Value

MIRROR: dict[str, Any] = {"linear": "cotangent"}


NONE = Literal(None)


def constant_helper(*helpers: Callable[..., Any], **facts: Any) -> None:
    """Declare helpers whose results are positions, shapes or orders."""
    for helper in helpers:
        constant(helper, signature=inspect.signature(helper), **facts)


def known(value: Value) -> Any:
    """The constant that a value is known to hold, also a sequence of constants; otherwise `inspect.Parameter.empty`."""
    if isinstance(value, Literal):
        return value.value
    if isinstance(value, Sequence) and value.kind in (list, tuple):
        items = [known(item) for item in value.items]
        return inspect.Parameter.empty if inspect.Parameter.empty in items else value.kind(items)
    return inspect.Parameter.empty


def folding(helper: Callable[..., Any]) -> None:
    """Declare that a helper is computed when all its arguments are known."""

    def fold(site: Any) -> Atom | None:
        arguments = [known(site.value(name)) for name in inspect.signature(helper).parameters]
        if any(argument is inspect.Parameter.empty for argument in arguments):
            return None
        return Const(helper(*arguments))

    simplify(helper)(fold)


# --------------------------------------------------------------------------------------------------------------- shapes


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


def items_of(site: Any, name: str) -> tuple[tuple[Atom, Value], ...] | None:
    """The items of a container of known structure, as atoms and values."""
    value = site.value(name)
    if not isinstance(value, Sequence):
        return None
    container = site.atom(name)
    return tuple(
        (site.call(operator.getitem, container, Const(position)), item) for position, item in enumerate(value.items)
    )


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


# -------------------------------------------------------------------------------------------------------------- joining


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


def same_dtype(dtype: np.dtype | None, value: Value) -> bool:
    """Whether a cotangent of this dtype needs no conversion for an argument of this value."""
    wanted = dtype_of(value)
    if dtype is None or wanted is None:
        return False
    return wanted == dtype or wanted.kind not in "fc" or (is_python_number(value) and dtype.kind == wanted.kind)


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


# ------------------------------------------------------------------------------------------------------------- indexing


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


def is_integer(value: Value) -> bool:
    if isinstance(value, Literal):
        return type(value.value) is int
    return isinstance(value, Number) and value.dtype.kind in "iu"


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


@adjoint(runtime.untake_along_axis, **MIRROR, shape_only="arr", samples=_ALONG)
def untake_along_axis(cotangent, arr, indices, axis=-1, *, ans, g):
    return np.take_along_axis(g, indices, axis)


@adjoint(runtime.unpermute, **MIRROR, shape_only="arr", samples=_ALONG)
def unpermute(cotangent, arr, positions, axis=-1, *, ans, g):
    return np.take_along_axis(g, positions, axis)


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


# ------------------------------------------------------------------------------------------------------------- products


def products(*shapes: tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]) -> Any:
    """Samples of a contribution of a product: shapes of the cotangent and of both factors."""
    return listed(*(call(numbers(g), numbers(a, seed=1), numbers(b, seed=2)) for g, a, b in shapes))


_MATMULS = (
    ((), (3,), (3,)),
    ((2,), (2, 3), (3,)),
    ((2,), (3,), (3, 2)),
    ((2, 4), (2, 3), (3, 4)),
    ((5, 2, 4), (5, 2, 3), (3, 4)),
    ((5, 2, 4), (2, 3), (5, 3, 4)),
)
_DOTS = (*_MATMULS[:5], ((2, 3), (2, 3), ()), ((3,), (), (3,)), ((2, 4, 2), (2, 3), (4, 3, 2)))
_FACTS: dict[str, Any] = {"linear": "cotangent"}


@adjoint(runtime.matmul_left, wrt="cotangent b", shape_only="a", **_FACTS, samples=products(*_MATMULS))
def matmul_left(cotangent, a, b, *, ans, g):
    return runtime.match_dtype(np.matmul(g, b), cotangent), runtime.matmul_right(cotangent, g, b)


@adjoint(runtime.matmul_right, wrt="cotangent a", shape_only="b", **_FACTS, samples=products(*_MATMULS))
def matmul_right(cotangent, a, b, *, ans, g):
    return runtime.match_dtype(np.matmul(a, g), cotangent), runtime.matmul_left(cotangent, a, g)


@adjoint(runtime.dot_left, wrt="cotangent b", shape_only="a", **_FACTS, samples=products(*_DOTS))
def dot_left(cotangent, a, b, *, ans, g):
    return runtime.match_dtype(np.dot(g, b), cotangent), runtime.dot_right(cotangent, g, b)


@adjoint(runtime.dot_right, wrt="cotangent a", shape_only="b", **_FACTS, samples=products(*_DOTS))
def dot_right(cotangent, a, b, *, ans, g):
    return runtime.match_dtype(np.dot(a, g), cotangent), runtime.dot_left(cotangent, a, g)


_INNERS = (((), (3,), (3,)), ((2, 4), (2, 3), (4, 3)), ((2,), (2, 3), (3,)), ((2, 3), (2, 3), ()))


@adjoint(runtime.inner_left, wrt="cotangent b", shape_only="a", **_FACTS, samples=products(*_INNERS))
def inner_left(cotangent, a, b, *, ans, g):
    return runtime.match_dtype(np.inner(g, b), cotangent), runtime.inner_right(cotangent, g, b)


@adjoint(runtime.inner_right, wrt="cotangent a", shape_only="b", **_FACTS, samples=products(*_INNERS))
def inner_right(cotangent, a, b, *, ans, g):
    return runtime.match_dtype(np.inner(a, g), cotangent), runtime.inner_left(cotangent, a, g)


_OUTERS = (((3, 2), (3,), (2,)), ((4, 2), (2, 2), (2,)))


@adjoint(runtime.outer_left, wrt="cotangent b", shape_only="a", **_FACTS, samples=products(*_OUTERS))
def outer_left(cotangent, a, b, *, ans, g):
    return runtime.match_dtype(np.outer(g, b), cotangent), runtime.outer_right(cotangent, g, b)


@adjoint(runtime.outer_right, wrt="cotangent a", shape_only="b", **_FACTS, samples=products(*_OUTERS))
def outer_right(cotangent, a, b, *, ans, g):
    return runtime.match_dtype(np.outer(a, g), cotangent), runtime.outer_left(cotangent, a, g)


_TENSORDOTS = listed(
    call(numbers((2, 4)), numbers((2, 3), seed=1), numbers((3, 4), seed=2), 1),
    call(numbers((2, 2)), numbers((2, 3, 4), seed=1), numbers((4, 3, 2), seed=2), ([1, 2], [1, 0])),
)


@adjoint(runtime.tensordot_left, wrt="cotangent b", shape_only="a", **_FACTS, samples=_TENSORDOTS)
def tensordot_left(cotangent, a, b, axes=2, *, ans, g):
    return runtime.match_dtype(np.tensordot(g, b, axes), cotangent), runtime.tensordot_right(cotangent, g, b, axes)


@adjoint(runtime.tensordot_right, wrt="cotangent a", shape_only="b", **_FACTS, samples=_TENSORDOTS)
def tensordot_right(cotangent, a, b, axes=2, *, ans, g):
    return runtime.match_dtype(np.tensordot(a, g, axes), cotangent), runtime.tensordot_left(cotangent, a, g, axes)


_KRONS = (((6,), (3,), (2,)), ((4, 9), (2, 3), (2, 3)), ((2, 6), (3,), (2, 2)))


@adjoint(runtime.kron_left, wrt="cotangent b", shape_only="a", **_FACTS, samples=products(*_KRONS))
def kron_left(cotangent, a, b, *, ans, g):
    return runtime.match_dtype(np.kron(g, b), cotangent), runtime.kron_right(cotangent, g, b)


@adjoint(runtime.kron_right, wrt="cotangent a", shape_only="b", **_FACTS, samples=products(*_KRONS))
def kron_right(cotangent, a, b, *, ans, g):
    return runtime.match_dtype(np.kron(a, g), cotangent), runtime.kron_left(cotangent, a, g)


@adjoint(
    runtime.cross_left,
    wrt="cotangent b",
    shape_only="a",
    **_FACTS,
    samples=products(((3,), (3,), (3,)), ((2, 3), (3,), (2, 3)), ((2, 3), (2, 3), (3,))),
)
def cross_left(cotangent, a, b, axisa=-1, axisb=-1, axisc=-1, *, ans, g):
    return np.cross(g, b, axisa, axisb, axisc), runtime.cross_left(-cotangent, b, g, axisb, axisa, axisc)


_WINDOWS = listed(
    *(
        call(numbers((length,)), np.zeros(5), np.zeros(2), mode)
        for length, mode in ((6, "full"), (5, "same"), (4, "valid"))
    )
)


@adjoint(runtime.convolution_window, **MIRROR, views="cotangent", shape_only="a v", samples=_WINDOWS)
def convolution_window(cotangent, a, v, mode, *, ans, g):
    return runtime.convolution_part(g, a, v, mode)


@adjoint(
    runtime.convolution_part,
    views="full",
    linear="full",
    shape_only="full a v",
    samples=listed(*(call(numbers((6,)), np.zeros(5), np.zeros(2), mode) for mode in ("full", "same", "valid"))),
)
def convolution_part(full, a, v, mode, *, ans, g):
    return runtime.convolution_window(g, a, v, mode)


@adjoint(runtime.correlation_window, **MIRROR, views="cotangent", shape_only="a v", samples=_WINDOWS)
def correlation_window(cotangent, a, v, mode, *, ans, g):
    return runtime.correlation_part(g, a, v, mode)


@adjoint(
    runtime.correlation_part,
    views="full",
    linear="full",
    shape_only="full a v",
    samples=listed(*(call(numbers((6,)), np.zeros(2), np.zeros(5), mode) for mode in ("full", "same", "valid"))),
)
def correlation_part(full, a, v, mode, *, ans, g):
    return runtime.correlation_window(g, a, v, mode)


def product_of(site: Any, first: str, second: str) -> tuple[Any, np.dtype] | None:
    """The ranks of the factors, and the dtype of a product of the cotangent with the second; None if not known."""
    ranks = []
    for name in ("cotangent", first, second):
        value, shape = site.value(name), shape_of(site.value(name))
        if shape is None or dtype_of(value) is None:
            return None
        ranks.append(len(shape))
    return tuple(ranks), promoted(site.value("cotangent"), site.value(second))


def promoted(left: Value, right: Value) -> np.dtype:
    """The dtype of a product; Python numbers follow the dtype of what they meet."""
    first, second = dtype_of(left), dtype_of(right)
    assert first is not None and second is not None
    if is_python_number(left) != is_python_number(right):
        weak, strong = (first, second) if is_python_number(left) else (second, first)
        if weak.kind != "c" and strong.kind in "fc":
            return strong
    return np.result_type(first, second)


def transposed(site: Any, atom: Atom) -> Atom:
    return site.call(getattr, atom, Const("T"))


def _left_factor(site: Any, batched: bool) -> Atom | None:
    """The contribution of `a` in `a @ b` (`batched`) or `np.dot(a, b)`, for known ranks."""
    found = product_of(site, "a", "b")
    if found is None:
        return None
    (rank, rank_a, rank_b), dtype = found
    g, a, b = site.atom("cotangent"), site.atom("a"), site.atom("b")
    if rank_a == 0 or rank_b == 0:
        result = site.call(operator.mul, g, b)
        if rank_a == 0 and rank_b > 0:
            result = site.call(np.sum, result)
    elif (rank_a, rank_b) == (1, 1):
        result = site.call(operator.mul, g, b)
    elif (rank_a, rank_b) == (2, 1):
        result = site.call(np.outer, g, b)
    elif (rank_a, rank_b) == (1, 2):
        result = site.call(operator.matmul, b, g)
    elif rank_a >= 2 and rank_b == 2:
        result = site.call(operator.matmul, g, transposed(site, b))
    elif rank_a == rank_b == rank and batched:
        swapped = site.call(np.swapaxes, b, Const(-1), Const(-2))
        return site.call(runtime.unbroadcast, site.call(operator.matmul, g, swapped), a)
    else:
        return None
    return cast(site, result, dtype, site.value("a"))


def _right_factor(site: Any, batched: bool) -> Atom | None:
    """The contribution of `b` in `a @ b` (`batched`) or `np.dot(a, b)`, for known ranks."""
    found = product_of(site, "b", "a")
    if found is None:
        return None
    (rank, rank_b, rank_a), dtype = found
    g, a, b = site.atom("cotangent"), site.atom("a"), site.atom("b")
    if rank_a == 0 or rank_b == 0:
        result = site.call(operator.mul, g, a)
        if rank_b == 0 and rank_a > 0:
            result = site.call(np.sum, result)
    elif (rank_a, rank_b) == (1, 1):
        result = site.call(operator.mul, g, a)
    elif (rank_a, rank_b) == (2, 1):
        result = site.call(operator.matmul, g, a)
    elif (rank_a, rank_b) == (1, 2):
        result = site.call(np.outer, a, g)
    elif (rank_a, rank_b) == (2, 2):
        result = site.call(operator.matmul, transposed(site, a), g)
    elif rank_a == rank_b == rank and batched:
        swapped = site.call(np.swapaxes, a, Const(-1), Const(-2))
        return site.call(runtime.unbroadcast, site.call(operator.matmul, swapped, g), b)
    else:
        return None
    return cast(site, result, dtype, site.value("b"))


@simplify(runtime.matmul_left)
def simplify_matmul_left(site: Any) -> Atom | None:
    return _left_factor(site, batched=True)


@simplify(runtime.matmul_right)
def simplify_matmul_right(site: Any) -> Atom | None:
    return _right_factor(site, batched=True)


@simplify(runtime.dot_left)
def simplify_dot_left(site: Any) -> Atom | None:
    return _left_factor(site, batched=False)


@simplify(runtime.dot_right)
def simplify_dot_right(site: Any) -> Atom | None:
    return _right_factor(site, batched=False)


@simplify(runtime.inner_left)
def simplify_inner_left(site: Any) -> Atom | None:
    found = product_of(site, "a", "b")
    if found is None:
        return None
    (_, rank_a, rank_b), dtype = found
    g, b = site.atom("cotangent"), site.atom("b")
    match rank_a, rank_b:
        case 1, 1:
            result = site.call(operator.mul, g, b)
        case 2, 2:
            result = site.call(operator.matmul, g, b)
        case 2, 1:
            result = site.call(np.outer, g, b)
        case 1, 2:
            result = site.call(operator.matmul, g, b)
        case _:
            return None
    return cast(site, result, dtype, site.value("a"))


@simplify(runtime.inner_right)
def simplify_inner_right(site: Any) -> Atom | None:
    found = product_of(site, "b", "a")
    if found is None:
        return None
    (_, rank_b, rank_a), dtype = found
    g, a = site.atom("cotangent"), site.atom("a")
    match rank_a, rank_b:
        case 1, 1:
            result = site.call(operator.mul, g, a)
        case 2, 2:
            result = site.call(operator.matmul, transposed(site, g), a)
        case 2, 1:
            result = site.call(operator.matmul, g, a)
        case 1, 2:
            result = site.call(np.outer, g, a)
        case _:
            return None
    return cast(site, result, dtype, site.value("b"))


@simplify(runtime.outer_left)
def simplify_outer_left(site: Any) -> Atom | None:
    found = product_of(site, "a", "b")
    if found is None or found[0] != (2, 1, 1):
        return None
    return cast(site, site.call(operator.matmul, site.atom("cotangent"), site.atom("b")), found[1], site.value("a"))


@simplify(runtime.outer_right)
def simplify_outer_right(site: Any) -> Atom | None:
    found = product_of(site, "b", "a")
    if found is None or found[0] != (2, 1, 1):
        return None
    return cast(site, site.call(operator.matmul, site.atom("a"), site.atom("cotangent")), found[1], site.value("b"))


# --------------------------------------------------------------------------------------------------------------- einsum


facts(
    runtime.einsum_adjoints,
    signature=inspect.signature(runtime.einsum_adjoints),
    refusal="The subscripts of the einsum must be known for a second derivative.",
)


@simplify(runtime.einsum_adjoints)
def simplify_einsum_adjoints(site: Any) -> Atom | None:
    """One einsum for each operand, in which the cotangent of the result takes its place."""
    operands = site.value("operands")
    spelled = spelled_operands(operands)
    if spelled is None:
        return None
    terms, output, places = runtime.einsum_terms(spelled)
    if any(term.find("...") > 0 for term in terms):
        return None
    atoms = items_of(site, "operands")
    assert atoms is not None
    parts: list[Atom] = []
    for number in range(len(atoms)):
        if number not in places:
            parts.append(Const(None))
            continue
        position = places.index(number)
        x, value = atoms[number]
        subscripts, extra = runtime.einsum_plan(terms, output, position)
        others = [atoms[place][0] for place in places if place != number]
        fillers = [_filler(site, kind, axis, x, value) for kind, axis in extra]
        keywords = {"optimize": Const(True)} if len(others) + len(fillers) > 1 else {}
        result = site.call(np.einsum, Const(subscripts), site.atom("g"), *others, *fillers, **keywords)
        parts.append(site.call(runtime.unbroadcast, result, x))
    return site.call(operations.make_tuple, *parts)


def _filler(site: Any, kind: str, axis: int, x: Atom, value: Value) -> Atom:
    """Ones, or a unit matrix, of the size and dtype of an axis of an operand."""
    size = site.call(operator.getitem, site.call(np.shape, x), Const(axis))
    function = np.ones if kind == "ones" else np.eye
    dtype = dtype_of(value)
    if dtype is not None and dtype.kind not in "fc":
        return site.call(function, size)
    if dtype == np.float64:
        return site.call(function, size)
    return site.call(function, size, dtype=site.call(np.result_type, x))


def spelled_operands(operands: Value) -> tuple | None:
    """The arguments of an einsum with its subscripts as they are and None for the arrays; None if not known."""
    if not isinstance(operands, Sequence) or not operands.items:
        return None
    first = literal(operands.items[0])
    if isinstance(first, str):
        return (first, *(None for _ in operands.items[1:]))
    spelled: list[Any] = []
    for number, item in enumerate(operands.items):
        is_labels = number % 2 == 1 or (number == len(operands.items) - 1)
        spelled.append(known(item) if is_labels else None)
        if is_labels and not isinstance(spelled[-1], (list, tuple)):
            return None
    return tuple(spelled)


facts(
    runtime.multi_dot_adjoints,
    signature=inspect.signature(runtime.multi_dot_adjoints),
    refusal="The number of matrices must be known for a second derivative.",
)


@simplify(runtime.multi_dot_adjoints)
def simplify_multi_dot_adjoints(site: Any) -> Atom | None:
    """Products from the left, taken apart from the right."""
    arrays = items_of(site, "arrays")
    if arrays is None or len(arrays) < 2:
        return None
    heads = [arrays[0][0]]
    for x, _ in arrays[1:-1]:
        heads.append(site.call(np.dot, heads[-1], x))
    parts: list[Atom] = []
    g = site.atom("g")
    for head, (x, _) in zip(reversed(heads), reversed(arrays[1:])):
        parts.append(site.call(runtime.dot_right, g, head, x))
        g = site.call(runtime.dot_left, g, head, x)
    return site.call(operations.make_tuple, g, *reversed(parts))


# -------------------------------------------------------------------------------------------------------------- results


def like(value: Value) -> Value | None:
    """What is known of the contribution of an argument of this value: its structure, shapes and dtypes."""
    if isinstance(value, Sequence):
        items = tuple(map(like, value.items))
        return None if None in items else Sequence(value.kind, items)  # type: ignore[arg-type]
    if isinstance(value, Many) and value.kind in (list, tuple):
        item = like(value.item)
        return None if item is None else Many(value.kind, item)
    dtype = dtype_of(value)
    if dtype is None or dtype.kind not in "fc":
        return None
    return value if isinstance(value, Array) else Number(dtype)


def in_tuple(value: Value) -> Value | None:
    """The same for the items of a sequence, in a tuple; an array stays an array."""
    found = like(value)
    if isinstance(found, Many):
        return Many(tuple, found.item)
    return Sequence(tuple, found.items) if isinstance(found, Sequence) else found


def results_like(form: Callable[[Value], Value | None], *helpers_and_names: Any) -> None:
    """Declare that the result of a helper has the form of one of its arguments."""
    for helper, name in zip(helpers_and_names[::2], helpers_and_names[1::2]):
        signature = inspect.signature(helper)

        def infer(*values: Value, signature: Any = signature, name: str = name, **named: Value) -> Value | None:
            return form(signature.bind(*values, **named).arguments[name])

        result(helper)(infer)


results_like(
    like,
    *(runtime.reshape_like, "x", runtime.unrepeat, "a", runtime.untile, "a", runtime.unpad, "array"),
    *(runtime.undiagonal, "a", runtime.untrace, "a", runtime.undelete, "arr", runtime.untake, "a"),
    *(runtime.untake_along_axis, "arr", runtime.unpermute, "arr", runtime.unrepeat_values, "values"),
    *(runtime.unput, "values", runtime.unput_along_axis, "values", runtime.unputmask, "values"),
    *(runtime.uncopy, "value", runtime.pull, "value", runtime.unbroadcast_value, "value", runtime.unblock, "arrays"),
    *(runtime.scatter, "x", runtime.push, "x", runtime.put_into, "x", runtime.put_along_axis_into, "x"),
    *(runtime.putmask_into, "x", runtime.copy_into, "x", runtime.zeros_of, "x", runtime.repeat_values, "like"),
    *(runtime.matmul_left, "a", runtime.matmul_right, "b", runtime.dot_left, "a", runtime.dot_right, "b"),
    *(runtime.inner_left, "a", runtime.inner_right, "b", runtime.outer_left, "a", runtime.outer_right, "b"),
    *(runtime.tensordot_left, "a", runtime.tensordot_right, "b", runtime.kron_left, "a", runtime.kron_right, "b"),
    *(runtime.cross_left, "a", runtime.half_lower, "x", runtime.triangle_read, "x", runtime.unnorm, "x"),
    *(runtime.matrix_power_adjoint, "a"),
)
results_like(
    in_tuple,
    *(runtime.unbroadcast_each, "arrays", runtime.reshape_each, "arrays", runtime.unconcatenate, "arrays"),
    *(runtime.unstack_items, "arrays", runtime.unvstack, "arrays", runtime.unhstack, "arrays"),
    *(runtime.undstack, "arrays", runtime.uncolumn_stack, "arrays", runtime.unmeshgrid, "arrays"),
    *(runtime.remeshgrid, "results", runtime.unchoose, "choices", runtime.multi_dot_adjoints, "arrays"),
)


@result(runtime.unappend)
def of_appended(g: Value, arr: Value, values: Value, axis: Value = NONE) -> Value | None:
    parts = like(arr), like(values)
    return None if None in parts else Sequence(tuple, parts)  # type: ignore[arg-type]


@result(runtime.uninsert)
def of_inserted(g: Value, arr: Value, obj: Value, values: Value, axis: Value = NONE) -> Value | None:
    parts = like(arr), like(values)
    return None if None in parts else Sequence(tuple, parts)  # type: ignore[arg-type]
