"""Helpers of batches: gone where ranks are known, but for what NumPy has no function for."""

from __future__ import annotations

import inspect
import operator
from collections.abc import Iterator
from collections.abc import Sequence as Items
from typing import Any

import numpy as np

from transforms import operations, runtime
from transforms.core import Atom, Const
from transforms.inference import PRODUCT
from transforms.registry import adjoint, facts, refused, result, simplify
from transforms.rules.helpers.common import constant_helper, folding, known
from transforms.rules.sampling import call, listed, numbers
from transforms.rules.typed import is_literal, is_scalar, literal, shape_of
from transforms.values import UNKNOWN, Array, Literal, Number, Sequence, Size, Value

WHOLE = slice(None)
MISSING = inspect.Parameter.empty

constant_helper(
    runtime.sample_rank,
    runtime.sample_shape,
    runtime.inner_axes,
    runtime.shifted_axes,
    runtime.single_axes,
    runtime.batch_shape,
    runtime.batch_permutation,
    runtime.parts,
    runtime.lanes,
    runtime.contraction,
    runtime.kron_shape,
    runtime.sample_length,
    runtime.rank_of_items,
    runtime.batch_widths,
)
folding(runtime.parts)
folding(runtime.shifted_axes)
folding(runtime.contraction)
facts(runtime.put_samples, mutates="x", is_pure=False, signature=inspect.signature(runtime.put_samples))
facts(runtime.at_samples, mutates="x", is_pure=False, signature=inspect.signature(runtime.at_samples))
refused(
    "A batch of this function is a loop over its samples, which has no derivative yet.", runtime.each, runtime.each_of
)
facts(runtime.each, is_pure=False)
for _helper in (
    runtime.batched_items,
    runtime.aligned_items,
    runtime.flat_items,
    runtime.as_columns,
    runtime.array_of_samples,
    runtime.summed,
    runtime.extreme_of_samples,
    runtime.einsum_samples,
    runtime.item_of_samples,
    runtime.items_of_samples,
    runtime.each_with_rank,
    runtime.deepened,
    runtime.deep_items,
    runtime.length_of,
    runtime.differences,
    runtime.multiplied,
    runtime.tiled,
    runtime.spread_weights,
):
    facts(_helper, signature=inspect.signature(_helper))


def rank_of(value: Value) -> int | None:
    """The rank of an array or a number."""
    shape = shape_of(value)
    return None if shape is None else len(shape)


def length(site: Any, atom: Atom) -> Atom:
    return site.call(len, atom)


# ----------------------------------------------------------------------------------------------------- ranks and shapes


@adjoint(
    runtime.aligned, linear="x", views="x", shape_only="x", by_sample=True, samples=listed(call(numbers((2, 3)), 2))
)
def aligned(x, rank, *, ans, g):
    return runtime.reshape_like(g, x)


@simplify(runtime.aligned)
def simplify_aligned(site: Any) -> Atom | None:
    return align(site, site.atom("x"), site.value("x"), literal(site.value("rank")))


def align(site: Any, atom: Atom, value: Value, rank: int | None) -> Atom | None:
    """`x[:, None]`, with as many axes of 1 as samples of this rank need."""
    own = rank_of(value)
    if own is None or not isinstance(value, Array) or type(rank) is not int:
        return None
    missing = rank + 1 - own
    return atom if missing <= 0 else site.call(operator.getitem, atom, Const((WHOLE,) + (None,) * missing))


@simplify(runtime.sample_rank)
def simplify_sample_rank(site: Any) -> Atom | None:
    flags, operands = known(site.value("batched")), site.value("operands")
    if flags is MISSING or not isinstance(operands, Sequence):
        return None
    ranks = [rank_of(item) for item in operands.items]
    if None in ranks:
        return None
    return Const(max(rank - bool(flag) for rank, flag in zip(ranks, flags)))  # type: ignore[operator]


@simplify(runtime.sample_shape)
def simplify_sample_shape(site: Any) -> Atom | None:
    if not isinstance(site.value("x"), Array):
        return None
    shape = site.call(getattr, site.atom("x"), Const("shape"))
    return site.call(operator.getitem, shape, Const(slice(1, None)))


@simplify(runtime.sample_length)
def simplify_sample_length(site: Any) -> Atom | None:
    value = site.value("x")
    if isinstance(value, Array):
        shape = site.call(getattr, site.atom("x"), Const("shape"))
        return site.call(operator.getitem, shape, Const(1))
    return length(site, site.atom("x")) if isinstance(value, Sequence) else None


@simplify(runtime.inner_axes)
def simplify_inner_axes(site: Any) -> Atom | None:
    rank, axis = rank_of(site.value("x")), known(site.value("axis"))
    return None if rank is None or axis is MISSING else Const(runtime.inner_axes(np.empty((0,) * rank), axis))


@simplify(runtime.batch_permutation)
def simplify_batch_permutation(site: Any) -> Atom | None:
    rank, axes = rank_of(site.value("x")), known(site.value("axes"))
    return None if rank is None or axes is MISSING else Const(runtime.batch_permutation(np.empty((0,) * rank), axes))


@simplify(runtime.batch_shape)
def simplify_batch_shape(site: Any) -> Atom | None:
    """`(len(x), 2, 3)`: a length that is left open is the only one of a sample, or counted when the program runs."""
    shape, rank = known(site.value("shape")), rank_of(site.value("x"))
    if shape is MISSING or rank is None:
        return None
    shape = shape if isinstance(shape, tuple) else (shape,)
    if shape == (-1,) and rank == 2:
        return site.call(getattr, site.atom("x"), Const("shape"))
    if -1 in shape:
        return None
    return site.call(operations.make_tuple, length(site, site.atom("x")), *map(Const, shape))


@simplify(runtime.lanes)
def simplify_lanes(site: Any) -> Atom | None:
    rank = literal(site.value("rank"))
    if type(rank) is not int:
        return None
    lanes = site.call(np.arange, length(site, site.atom("x")))
    return lanes if not rank else site.call(operator.getitem, lanes, Const((WHOLE,) + (None,) * rank))


@adjoint(
    runtime.flat_samples,
    linear="x",
    views="x",
    shape_only="x",
    by_sample=True,
    samples=listed(call(numbers((2, 3))), call(numbers((2,))), call(numbers((2, 3, 2)))),
)
def flat_samples(x, *, ans, g):
    return runtime.reshape_like(g, x)


@simplify(runtime.flat_samples)
def simplify_flat_samples(site: Any) -> Atom | None:
    rank = rank_of(site.value("x"))
    if rank == 1:
        return align(site, site.atom("x"), site.value("x"), 1)
    return site.atom("x") if rank == 2 else None


@result(runtime.flat_samples)
def flat_samples_result(x: Value) -> Value:
    shape = shape_of(x)
    if not isinstance(x, Array) or shape is None:
        return UNKNOWN
    rest = shape[1:]
    return Array(x.dtype, (shape[0], Size((PRODUCT, *rest), all(d == 1 or d.maybe_one for d in rest))))  # type: ignore[union-attr]


@adjoint(
    runtime.numbers,
    linear="x",
    views="x",
    shape_only="x",
    by_sample=True,
    samples=listed(call(numbers((2,))), call(numbers((2, 1)))),
)
def as_numbers(x, *, ans, g):
    return runtime.reshape_like(g, x)


@simplify(runtime.numbers)
def simplify_numbers(site: Any) -> Atom | None:
    return site.atom("x") if rank_of(site.value("x")) == 1 else None


@result(runtime.numbers)
def numbers_result(x: Value) -> Value:
    shape = shape_of(x)
    return Array(x.dtype, shape[:1]) if isinstance(x, Array) and shape else UNKNOWN


@adjoint(
    runtime.spread,
    linear="x",
    views="x",
    shape_only="x batch",
    by_sample=True,
    samples=listed(call(numbers((2, 3)), np.zeros((4, 2))), call(0.7, np.zeros(3))),
)
def spread(x, batch, *, ans, g):
    return runtime.unbroadcast(g, x)


@simplify(runtime.spread)
def simplify_spread(site: Any) -> Atom | None:
    """`np.full(len(batch), x)` of a number, `np.broadcast_to(x, batch.shape[:1] + x.shape)` of an array."""
    if is_scalar(site.value("x")):
        return site.call(np.full, length(site, site.atom("batch")), site.atom("x"))
    if not isinstance(site.value("x"), Array) or not isinstance(site.value("batch"), Array):
        return None
    size = site.call(operator.getitem, site.call(getattr, site.atom("batch"), Const("shape")), Const(slice(0, 1)))
    shape = site.call(operator.add, size, site.call(getattr, site.atom("x"), Const("shape")))
    return site.call(np.broadcast_to, site.atom("x"), shape)


@result(runtime.spread)
def spread_result(x: Value, batch: Value) -> Value:
    own, outer = shape_of(x), shape_of(batch)
    if not isinstance(x, (Array, Number)) or own is None or not outer:
        return UNKNOWN
    return Array(x.dtype, (outer[0], *own))


@adjoint(
    runtime.diagonal_matrices,
    linear="x",
    shape_only="x",
    by_sample=True,
    samples=listed(call(numbers((2, 3))), call(numbers((2, 3)), 1), call(numbers((2, 3)), -2)),
)
def diagonal_matrices(x, k=0, *, ans, g):
    return np.diagonal(g, k, 1, 2)


# ---------------------------------------------------------------------------------------------------------- containers


def parts_of(site: Any, name: str) -> list[tuple[Atom, Value]] | None:
    """The items of a list or tuple of known structure."""
    value = site.value(name)
    if isinstance(value, Literal) and isinstance(value.value, tuple):
        return [(Const(item), Literal(item)) for item in value.value]
    if not isinstance(value, Sequence):
        return None
    return [(site.call(operator.getitem, site.atom(name), Const(k)), item) for k, item in enumerate(value.items)]


def flags_of(places: Any, count: int) -> list[bool] | None:
    """Which of so many items are batches, themselves and not by what they hold."""
    if places is MISSING or any(len(path) > 1 for path in places):
        return None
    return [() in places or (k,) in places for k in range(count)]


def flagged(site: Any, name: str) -> list[tuple[Atom, Value, bool]] | None:
    """The items of an argument with what is known of them, and whether they are batches."""
    items = parts_of(site, name)
    flags = None if items is None else flags_of(known(site.value("places")), len(items))
    if items is None or flags is None or any(rank_of(value) is None for _, value in items):
        return None
    return [(atom, value, flag) for (atom, value), flag in zip(items, flags)]


def whole_items(site: Any, items: Items[tuple[Atom, Value, bool]], rank: int) -> list[Atom]:
    """Each item as a batch of samples of this rank or more."""
    batch = next(atom for atom, _, flag in items if flag)
    made = []
    for atom, value, flag in items:
        atom = atom if flag else site.call(runtime.spread, atom, batch)
        made.append(align(site, atom, value if flag else site.value_of(atom), rank) or atom)
    return made


@simplify(runtime.batched_items)
def simplify_batched_items(site: Any) -> Atom | None:
    items, rank = flagged(site, "arrays"), literal(site.value("rank"))
    if items is None or type(rank) is not int or not any(flag for *_, flag in items):
        return None
    return site.call(operations.make_tuple, *whole_items(site, items, rank))


@simplify(runtime.aligned_items)
def simplify_aligned_items(site: Any) -> Atom | None:
    items, rank = flagged(site, "arrays"), literal(site.value("rank"))
    if items is None or type(rank) is not int:
        return None
    made = [align(site, atom, value, rank) if flag else atom for atom, value, flag in items]
    return None if None in made else site.call(operations.make_tuple, *made)


@simplify(runtime.rank_of_items)
def simplify_rank_of_items(site: Any) -> Atom | None:
    items = flagged(site, "arrays")
    return None if items is None else Const(max([rank_of(value) - flag for _, value, flag in items], default=0))  # type: ignore[operator]


@simplify(runtime.flat_items)
def simplify_flat_items(site: Any) -> Atom | None:
    items = parts_of(site, "items")
    if items is None:
        return None
    return site.call(operations.make_tuple, *[site.call(runtime.flat_samples, atom) for atom, _ in items])


@simplify(runtime.as_columns)
def simplify_as_columns(site: Any) -> Atom | None:
    items = parts_of(site, "items")
    if items is None or any(rank_of(value) is None for _, value in items):
        return None
    made = []
    for atom, value in items:
        rank = rank_of(value)
        index = (WHOLE, None, None) if rank == 1 else (WHOLE, WHOLE, None)
        made.append(site.call(operator.getitem, atom, Const(index)) if rank in (1, 2) else atom)
    return site.call(operations.make_tuple, *made)


@simplify(runtime.array_of_samples)
def simplify_array_of_samples(site: Any) -> Atom | None:
    """`np.stack((a, b), axis=1)`, where items are numbers, arrays, or lists of them."""
    places = known(site.value("places"))
    if not is_literal(site.value("ndmin"), 0) or places is MISSING or not places:
        return None
    keywords = {} if is_literal(site.value("dtype"), None) else {"dtype": site.atom("dtype")}
    if isinstance(site.value("items"), Array):
        return site.call(np.array, site.atom("items"), **keywords)
    leaves = list(_leaves(site, site.atom("items"), site.value("items"), tuple(places)))
    batch = next((atom for atom, value, flag in leaves if flag), None)
    if keywords or batch is None or any(rank_of(value) is None for _, value, _ in leaves):
        return None
    return _stacked(site, site.value("items"), iter(leaves), batch)


def _leaves(site: Any, atom: Atom, value: Value, places: tuple) -> Iterator[tuple[Atom, Value, bool]]:
    """The numbers and arrays in a nested list of known structure, and whether they are batches."""
    if isinstance(value, Literal) and isinstance(value.value, tuple):
        value = Sequence(tuple, tuple(map(Literal, value.value)))
    if not isinstance(value, Sequence):
        yield atom, value, () in places
        return
    for k, item in enumerate(value.items):
        inner = ((),) if () in places else tuple([path[1:] for path in places if path[0] == k])
        yield from _leaves(site, site.call(operator.getitem, atom, Const(k)), item, inner)


def _stacked(site: Any, value: Value, leaves: Iterator[tuple[Atom, Value, bool]], batch: Atom) -> Atom:
    if isinstance(value, Literal) and isinstance(value.value, tuple):
        value = Sequence(tuple, tuple(map(Literal, value.value)))
    if not isinstance(value, Sequence):
        atom, _, flag = next(leaves)
        return atom if flag else site.call(runtime.spread, atom, batch)
    rows = [_stacked(site, item, leaves, batch) for item in value.items]
    return site.call(np.stack, site.call(operations.make_tuple, *rows), axis=Const(1))


@simplify(runtime.item_of_samples)
def simplify_item_of_samples(site: Any) -> Atom | None:
    if known(site.value("index_places")) != ():
        return None
    return site.call(operator.getitem, site.atom("items"), site.atom("index"))


@simplify(runtime.items_of_samples)
def simplify_items_of_samples(site: Any) -> Atom | None:
    return site.atom("iterable") if isinstance(site.value("iterable"), Sequence) else None


@simplify(runtime.each_with_rank)
def simplify_each_with_rank(site: Any) -> Atom | None:
    items, rank = flagged(site, "arrays"), literal(site.value("rank"))
    if items is None or rank not in (1, 2, 3):
        return None
    made = []
    for atom, value, flag in items:
        if not flag:
            made.append(site.call(site.atom("function"), atom))
        else:
            made.append(deepen(site, atom, value) if rank == 3 else align(site, atom, value, rank))
    return None if None in made else site.call(operations.make_tuple, *made)


def deepen(site: Any, atom: Atom, value: Value) -> Atom | None:
    """`np.atleast_3d` of each sample."""
    rank = rank_of(value)
    if not isinstance(value, Array) or rank is None:
        return None
    added = {1: (WHOLE, None, None, None), 2: (WHOLE, None, WHOLE, None), 3: (WHOLE, WHOLE, WHOLE, None)}
    return site.call(operator.getitem, atom, Const(added[rank])) if rank in added else atom


@simplify(runtime.deepened)
def simplify_deepened(site: Any) -> Atom | None:
    return deepen(site, site.atom("x"), site.value("x"))


@simplify(runtime.deep_items)
def simplify_deep_items(site: Any) -> Atom | None:
    made = [deepen(site, atom, value) for atom, value in parts_of(site, "items") or ()]
    return site.call(operations.make_tuple, *made) if made and None not in made else None


@simplify(runtime.length_of)
def simplify_length_of(site: Any) -> Atom | None:
    items = parts_of(site, "coordinates")
    if not items:
        return None
    total = site.call(np.abs, items[0][0])
    for k, (atom, _) in enumerate(items[1:]):
        total = site.call(np.hypot, total if k else items[0][0], atom)
    return total


@simplify(runtime.differences)
def simplify_differences(site: Any) -> Atom | None:
    one, other = parts_of(site, "p"), parts_of(site, "q")
    if one is None or other is None or len(one) != len(other):
        return None
    return site.call(
        operations.make_tuple, *[site.call(operator.sub, p, q) for (p, _), (q, _) in zip(one, other, strict=True)]
    )


@simplify(runtime.multiplied)
def simplify_multiplied(site: Any) -> Atom | None:
    items, start = parts_of(site, "items"), site.value("start")
    if not items:
        return None
    total = None if is_literal(start, 1) else site.atom("start")
    for atom, _ in items:
        total = atom if total is None else site.call(operator.mul, total, atom)
    return total


@simplify(runtime.tiled)
def simplify_tiled(site: Any) -> Atom | None:
    reps, rank = known(site.value("reps")), rank_of(site.value("x"))
    if reps is MISSING or rank is None:
        return None
    reps = tuple(reps) if isinstance(reps, (tuple, list)) else (reps,)
    x = align(site, site.atom("x"), site.value("x"), len(reps))
    return x and site.call(np.tile, x, Const((1,) * (max(rank, len(reps) + 1) - len(reps)) + reps))


@simplify(runtime.batch_widths)
def simplify_batch_widths(site: Any) -> Atom | None:
    widths, rank = known(site.value("widths")), rank_of(site.value("x"))
    return None if widths is MISSING or rank is None else Const(runtime.batch_widths(np.empty((0,) * rank), widths))


@adjoint(
    runtime.pairs_merged, linear="x", shape_only="x", by_sample=True, samples=listed(call(numbers((2, 3, 1, 2, 2)), 2))
)
def pairs_merged(x, rank, *, ans, g):
    return runtime.reshape_like(g, x)


@simplify(runtime.spread_weights)
def simplify_spread_weights(site: Any) -> Atom | None:
    """`weights[:, :, None]`, the same for all samples or not; the sums that follow repeat it along other axes."""
    weights, x, axis = site.value("weights"), site.value("x"), known(site.value("axis"))
    flags = [literal(site.value(name)) for name in ("is_batched", "x_is_batch")]
    own, whole = rank_of(weights), rank_of(x)
    if own is None or whole is None or not all(isinstance(flag, bool) for flag in flags):
        return None
    atom = site.atom("weights") if flags[0] else site.call(runtime.spread, site.atom("weights"), site.atom("x"))
    own, whole = own - flags[0], whole - flags[1]
    if own != whole:
        if type(axis) is not int or own != 1:
            return None
        index = tuple(WHOLE if k == axis % whole else None for k in range(whole))
        atom = site.call(operator.getitem, atom, Const((WHOLE, *index)))
        shape = site.call(getattr, site.atom("x"), Const("shape"))
        if flags[1]:
            shape = site.call(operator.getitem, shape, Const(slice(1, None)))
        size = site.call(operations.make_tuple, length(site, atom))
        atom = site.call(np.broadcast_to, atom, site.call(operator.add, size, shape))
    return atom


@simplify(runtime.summed)
def simplify_summed(site: Any) -> Atom | None:
    if isinstance(site.value("items"), Array) and is_literal(site.value("start"), 0) and known(site.value("places")):
        return site.call(np.sum, site.atom("items"), axis=Const(1))
    items, start = flagged(site, "items"), site.value("start")
    if not items or rank_of(start) is None or not isinstance(site.value("start_is_batch"), Literal):
        return None
    if not is_literal(start, 0):
        items = [(site.atom("start"), start, bool(literal(site.value("start_is_batch")))), *items]
    rank = max(rank_of(value) - flag for _, value, flag in items)  # type: ignore[operator]
    total: Any = None
    for atom, value, flag in items:
        item = align(site, atom, value, rank) if flag else atom
        total = item if total is None else site.call(operator.add, total, item)
    return total


@simplify(runtime.extreme_of_samples)
def simplify_extreme_of_samples(site: Any) -> Atom | None:
    """`np.where(b > a, b, a)`: the first of those that are equal, as in Python."""
    arguments = parts_of(site, "arguments")
    function = getattr(site.value("function"), "object", None)
    if arguments is not None and len(arguments) == 1 and isinstance(arguments[0][1], Sequence):
        items, rest = arguments[0][1].items, arguments[0][0]
        arguments = [(site.call(operator.getitem, rest, Const(k)), item) for k, item in enumerate(items)]
    if not is_literal(site.value("key"), None):
        return None
    if arguments is not None and len(arguments) == 1 and rank_of(arguments[0][1]) == 2:
        if function not in (max, min) or not is_literal(site.value("default"), None):
            return None
        vectors = arguments[0][0]
        place = site.call(np.argmax if function is max else np.argmin, vectors, axis=Const(1))
        lanes = site.call(runtime.lanes, vectors, Const(0))
        return site.call(operator.getitem, vectors, site.call(operations.make_tuple, lanes, place))
    if arguments is None or len(arguments) < 2:
        return None
    if function not in (max, min) or any(rank_of(value) is None for _, value in arguments):
        return None
    (best, _), *others = arguments
    for atom, _ in others:
        is_better = site.call(operator.gt if function is max else operator.lt, atom, best)
        best = site.call(np.where, is_better, atom, best)
    return best


@simplify(runtime.einsum_samples)
def simplify_einsum_samples(site: Any) -> Atom | None:
    operands = parts_of(site, "operands")
    flags = None if operands is None else flags_of(known(site.value("places")), len(operands))
    if operands is None or flags is None:
        return None
    subscripts, arrays = literal(operands[0][1]), [atom for atom, _ in operands]
    if isinstance(subscripts, str):
        arrays, flags = arrays[1:], flags[1:]
    else:
        labels = tuple([known(value) for _, value in operands])
        if any(item is MISSING for item in (*labels[1::2], *labels[len(labels) // 2 * 2 :])):
            return None
        subscripts = runtime.subscripts_of(labels)
        count = len(operands) // 2
        arrays, flags = arrays[: 2 * count : 2], flags[: 2 * count : 2]
    keywords = {} if is_literal(site.value("optimize"), False) else {"optimize": site.atom("optimize")}
    text = runtime.batch_subscripts(subscripts, flags)
    return site.call(np.einsum, Const(text), *arrays, **keywords)


# ------------------------------------------------------------------------------------------------------------ indexing


def index_parts(site: Any, index: Value, atom: Atom) -> list[tuple[Atom, Value]] | None:
    """The items of an index."""
    if isinstance(index, Literal) and isinstance(index.value, tuple):
        return [(Const(item), Literal(item)) for item in index.value]
    if isinstance(index, Sequence):
        if index.kind is not tuple:
            return None
        return [(site.call(operator.getitem, atom, Const(k)), item) for k, item in enumerate(index.items)]
    return [(atom, index)]


def _is_array(value: Value) -> bool:
    return isinstance(value, Array) and bool(value.shape)


def _is_integer(value: Value) -> bool:
    if isinstance(value, Literal):
        return type(value.value) is int
    return isinstance(value, (Array, Number)) and value.dtype.kind in "iu"


def _is_spacing(value: Value) -> bool:
    """Whether an item of an index stands for an axis that is kept whole, or cut by a slice, or is new."""
    if isinstance(value, Literal):
        return value.value is None or value.value is Ellipsis or isinstance(value.value, slice)
    return getattr(value, "kind", None) is slice


def batch_index(site: Any, is_batch: bool) -> Atom | None:
    """One index for all samples, where that is known to put the axes where they belong: `x[:, i]`, or
    `x[np.arange(len(x)), i]` where positions are batched and come before all slices."""
    places, x = known(site.value("places")), site.value("x")
    items = index_parts(site, site.value("index"), site.atom("index"))
    if items is None or places is MISSING or not isinstance(x, Array) or x.shape is None:
        return None
    is_tuple = isinstance(site.value("index"), Sequence) or isinstance(literal(site.value("index")), tuple)
    flags = flags_of(places, len(items)) if is_tuple else [bool(places)]
    if flags is None or not all(_is_spacing(value) or _is_integer(value) for _, value in items):
        return None
    if not any(flags):
        kinds = [not _is_spacing(value) for _, value in items]
        if any(_is_array(value) for _, value in items):
            first, last = kinds.index(True), len(kinds) - 1 - kinds[::-1].index(True)
            if not all(kinds[first:last]):
                return None
        return _joined(site, [Const(WHOLE), *[atom for atom, _ in items]]) if is_batch else None
    count = next((k for k, (_, value) in enumerate(items) if _is_spacing(value)), len(items))
    if not all(_is_spacing(value) for _, value in items[count:]) or any(
        isinstance(value, Literal) and value.value is Ellipsis for _, value in items
    ):
        return None
    depth = max((rank_of(value) or 0) - flag for (_, value), flag in zip(items, flags))
    made: list[Atom] = [site.call(runtime.lanes, site.atom("x"), Const(depth))] if is_batch else []
    for (atom, value), flag in zip(items, flags):
        made.append((align(site, atom, value, depth) or atom) if flag else atom)
    return _joined(site, made)


def _joined(site: Any, items: list[Atom]) -> Atom:
    if len(items) == 1:
        return items[0]
    if all(isinstance(item, Const) for item in items):
        return Const(tuple(item.value for item in items))  # type: ignore[union-attr]
    return site.call(operations.make_tuple, *items)


@simplify(runtime.gather)
def simplify_gather(site: Any) -> Atom | None:
    if not isinstance(site.value("is_batch"), Literal):
        return None
    index = batch_index(site, bool(literal(site.value("is_batch"))))
    return None if index is None else site.call(operator.getitem, site.atom("x"), index)


@simplify(runtime.put_samples)
def simplify_put_samples(site: Any) -> Atom | None:
    x, index, value = site.value("x"), site.value("index"), site.value("value")
    places, is_batched = known(site.value("places")), literal(site.value("is_batched"))
    if not isinstance(x, Array) or x.shape is None or rank_of(value) is None or places is MISSING:
        return None
    if places and isinstance(index, Array) and index.dtype.kind == "b" and index.shape is not None:
        rank = len(x.shape) - 1
        if len(index.shape) != len(x.shape) or rank_of(value) != bool(is_batched):
            return None  # not one number for each sample
        item = align(site, site.atom("value"), value, rank) if is_batched else site.atom("value")
        site.call(np.copyto, site.atom("x"), item, where=site.atom("index"))
        return Const(None)
    place = batch_index(site, True)
    if place is None:
        return None
    part = shape_of(site.value_of(site.call(operator.getitem, site.atom("x"), place)))
    if part is None or rank_of(value) > len(part) - 1 + bool(is_batched):  # type: ignore[operator]
        return None
    item = align(site, site.atom("value"), value, len(part) - 1) if is_batched else site.atom("value")
    site.call(operator.setitem, site.atom("x"), place, item)
    return Const(None)


@simplify(runtime.at_samples)
def simplify_at_samples(site: Any) -> Atom | None:
    value, is_batched = site.value("value"), literal(site.value("is_batched"))
    function = getattr(site.value("function"), "object", None)
    place = batch_index(site, True)
    if place is None or rank_of(value) is None or function is None:
        return None
    part = shape_of(site.value_of(site.call(operator.getitem, site.atom("x"), place)))
    if part is None or rank_of(value) > len(part) - 1 + bool(is_batched):  # type: ignore[operator]
        return None
    item = align(site, site.atom("value"), value, len(part) - 1) if is_batched else site.atom("value")
    site.call(function, site.atom("x"), place, item)
    return Const(None)


@adjoint(
    runtime.gather,
    linear="x",
    shape_only="x",
    by_sample=True,
    samples=listed(
        call(numbers((2, 3)), 1, True, ()),
        call(numbers((2, 3)), np.array([0, 2]), True, ((),)),
        call(numbers((3,)), np.array([0, 2]), False, ((),)),
        call(numbers((2, 3, 4)), (slice(None), np.array([0, 2])), True, ((1,),)),
        call(numbers((2, 3, 4)), (0, slice(None), None), True, ()),
    ),
)
def gather(x, index, is_batch, places, *, ans, g):
    return runtime.scatter_samples(x, index, g, is_batch, places)


@adjoint(
    runtime.scatter_samples,
    wrt="cotangent",
    linear="cotangent",
    shape_only="x",
    by_sample=True,
    samples=listed(
        call(np.zeros((2, 3)), 1, numbers((2,)), True, ()),
        call(np.zeros((2, 3)), np.array([0, 2]), numbers((2,)), True, ((),)),
        call(np.zeros((3,)), np.array([0, 0]), numbers((2,)), False, ((),)),
    ),
)
def scatter_samples(x, index, cotangent, is_batch, places, *, ans, g):
    return runtime.gather(g, index, is_batch, places)
