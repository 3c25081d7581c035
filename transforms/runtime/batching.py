"""Batches: what generated code asks of arrays whose first axis counts samples, and loops over samples.

A batched array of which each sample has the shape `s` has the shape `(B, *s)`; a batched number has the shape `(B,)`.
`places` are paths to what is batched in a container: `((0,), (2,))` for its items 0 and 2, `((),)` for all that it
holds, `()` for nothing.
"""

from __future__ import annotations

import copy
import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Path = tuple[Any, ...]
Places = Sequence[Path]
EVERYTHING: Places = ((),)


class BatchingRefused(TypeError):
    """The results of the samples are no array together, which only the run time could find out."""


# ----------------------------------------------------------------------------------------------------- ranks and shapes


def aligned(x: Any, rank: int) -> Any:
    """A batch with axes of 1 after the first, such that each sample has this rank (or more, if it had)."""
    x = np.asarray(x)
    missing = rank + 1 - x.ndim
    return np.reshape(x, (x.shape[0],) + (1,) * missing + x.shape[1:]) if missing > 0 else x


def sample_rank(batched: Sequence[bool], *operands: Any) -> int:
    """The largest rank that a sample of one of the operands has; `batched` says which of them are batches."""
    return max(np.ndim(x) - bool(flag) for x, flag in zip(operands, batched))


def sample_shape(x: Any) -> tuple[int, ...]:
    """The shape of each sample of a batch."""
    return tuple(np.shape(x)[1:])


def spread(x: Any, batch: Any) -> Any:
    """What is the same for all samples as a batch, of the size of another one."""
    return np.broadcast_to(x, (len(batch), *np.shape(x)))


def inner_axes(x: Any, axis: Any) -> Any:
    """Axes of a sample as axes of the batch `x`: None is all of them, negative ones count from the end."""
    rank = np.ndim(x) - 1
    if axis is None and rank == 1:
        return 1
    if axis is None or not rank:
        return tuple(range(1, rank + 1))
    if isinstance(axis, (tuple, list)):
        return tuple([inner_axes(x, item) for item in axis])
    return axis + 1 if axis >= 0 else axis


def flat_samples(x: Any) -> Any:
    """A batch of vectors: each sample flattened."""
    return np.reshape(x, (np.shape(x)[0], math.prod(np.shape(x)[1:])))


def lanes(x: Any, rank: int = 0) -> Any:
    """The numbers of the samples of a batch, to index it together with positions of which each sample has an array of
    this rank."""
    return np.reshape(np.arange(len(x)), (-1,) + (1,) * rank)


# ----------------------------------------------------------------------------------------------- batches in containers


def parts(batched: Sequence[Any], name: str) -> Places:
    """The places in the argument of this name, out of what is batched in a call."""
    inner = tuple([place[1:] for place in batched if isinstance(place, tuple) and place[0] == name])
    return inner or (((),) if name in batched else ())


def one_sample(x: Any, places: Places = EVERYTHING) -> Any:
    """A sample, of which only the shape, the dtype and the structure matter: there is one in an empty batch, too."""
    if _batch_size(x, places) == 0:
        return _map_batches(x, places, lambda batch: _stand_in(batch.shape[1:], batch.dtype))
    return sample(x, 0, places)


def _stand_in(shape: tuple[int, ...], dtype: Any) -> Any:
    """Numbers that hardly any function fails on: ones, and where they are square matrices regular ones."""
    made = np.ones(shape, dtype)
    if len(shape) > 1 and shape[-1] == shape[-2] and made.dtype.kind in "fc":
        made += np.eye(shape[-1], dtype=dtype)
    return made[()]


def sample(x: Any, k: int, places: Places = EVERYTHING) -> Any:
    """One sample out of all that is batched in `x`."""
    return _map_batches(x, places, lambda batch: batch[k])


def _map_batches(x: Any, places: Places, change: Callable[[Any], Any]) -> Any:
    """The same structure with something done to each batch."""
    if not places:
        return x
    if isinstance(x, (list, tuple)):
        items = [_map_batches(item, _below(places, k), change) for k, item in enumerate(x)]
        return type(x)(*items) if hasattr(x, "_fields") else type(x)(items)
    if isinstance(x, dict):
        return {key: _map_batches(item, _below(places, key), change) for key, item in x.items()}
    if isinstance(x, slice):
        return slice(*[_map_batches(getattr(x, end), _below(places, end), change) for end in ("start", "stop", "step")])
    return change(x) if isinstance(x, np.ndarray) and x.ndim else x


def _below(places: Places, key: Any) -> Places:
    """The places in an item of a container."""
    if () in places:
        return EVERYTHING
    return tuple([path[1:] for path in places if path[0] == key])


def _batch_size(x: Any, places: Places) -> int | None:
    """The number of samples of the first batch that is found."""
    sizes: list[int] = []

    def note(batch: Any) -> Any:
        sizes.append(len(batch))
        return batch

    _map_batches(x, places, note)
    return sizes[0] if sizes else None


def batched_items(arrays: Any, places: Places, rank: int = 0) -> tuple:
    """The items of a list, or of the samples of an array, each of them a batch of samples of this rank or more."""
    if isinstance(arrays, np.ndarray):
        return tuple([aligned(x, rank) for x in np.moveaxis(arrays, 1, 0)])
    size = _batch_size(arrays, places)
    whole = [x if _below(places, k) else np.broadcast_to(x, (size, *np.shape(x))) for k, x in enumerate(arrays)]  # type: ignore[arg-type]
    return tuple([aligned(x, rank) for x in whole])


def array_of_samples(items: Any, places: Places, dtype: Any = None, ndmin: int = 0) -> Any:
    """`np.array(items, dtype)` for each sample, where a list holds batches in these places."""
    whole = _nested(items, places, _batch_size(items, places))
    return aligned(np.array(whole, dtype), ndmin)


def _nested(items: Any, places: Places, size: int | None) -> Any:
    if not isinstance(items, (list, tuple)):
        return items if places else np.broadcast_to(items, (size, *np.shape(items)))  # type: ignore[arg-type]
    rows = [_nested(item, _below(places, k), size) for k, item in enumerate(items)]
    return np.stack(rows, 1) if rows else np.zeros((size or 0, 0))


# ------------------------------------------------------------------------------------------------- loops over samples


def each(function: Any, batched: Sequence[Any], *arguments: Any, **keywords: Any) -> Any:
    """`function(...)` of each sample, the results stacked.  `batched` says what to take samples of: positions or
    keywords of arguments, `(position, *path)` for what a container holds.  What the function changes is changed."""
    given: dict[Any, Any] = {**dict(enumerate(arguments)), **keywords}
    places: dict[Any, list[Path]] = {name: [] for name in given}
    for place in batched:
        name, *path = place if isinstance(place, tuple) else (place,)
        places[name].append(tuple(path))
    sizes = [_batch_size(given[name], places[name]) for name in given]
    size = next(found for found in sizes if found is not None)

    def result_of(pick: Callable[[Any, Places], Any]) -> Any:
        chosen = {name: pick(x, places[name]) for name, x in given.items()}
        return function(*[chosen.pop(k) for k in range(len(arguments))], **chosen)

    results = [result_of(lambda x, inner, k=k: sample(x, k, inner)) for k in range(size)]  # type: ignore[misc]
    if results:
        return stacked(results)
    with np.errstate(all="ignore"):  # for an empty batch: the shapes of what a sample would give
        return _emptied(result_of(lambda x, inner: copy.deepcopy(one_sample(x, inner))))


def stacked(results: Sequence[Any]) -> Any:
    """The results of all samples as one: of arrays and numbers a batch, of tuples a tuple of batches, and so on."""
    first = results[0]
    if isinstance(first, (list, tuple)):
        if any(len(other) != len(first) for other in results):
            raise BatchingRefused("lists of different lengths come out for different samples: they have no batch")
        items = [stacked([result[k] for result in results]) for k in range(len(first))]
        return type(first)(*items) if hasattr(first, "_fields") else type(first)(items)
    if isinstance(first, dict):
        return {key: stacked([result[key] for result in results]) for key in first}
    if first is None or isinstance(first, (str, bytes)):
        if any(other != first for other in results):
            raise BatchingRefused(f"{first!r} comes out for one sample, and something else for another")
        return first
    shapes = [np.shape(result) for result in results]
    if any(shape != shapes[0] for shape in shapes):
        other = next(shape for shape in shapes if shape != shapes[0])
        raise BatchingRefused(f"arrays of shapes {shapes[0]} and {other} come out for different samples")
    return np.stack(results)


def _emptied(result: Any) -> Any:
    """The result for an empty batch, given that of one sample."""
    if isinstance(result, (list, tuple)):
        items = [_emptied(item) for item in result]
        return type(result)(*items) if hasattr(result, "_fields") else type(result)(items)
    if isinstance(result, dict):
        return {key: _emptied(item) for key, item in result.items()}
    if result is None or isinstance(result, (str, bytes)):
        return result
    return np.empty((0, *np.shape(result)), np.asarray(result).dtype)


# ------------------------------------------------------------------------------------------------------------- indexing


def inner_index(x: Any, index: Any) -> Any:
    """The index that reads `x[k][index]` for all samples k of a batch at once."""
    return (slice(None), *index) if isinstance(index, tuple) else (slice(None), index)


def is_simple(x: Any, index: Any) -> bool:
    """Whether `inner_index` puts the axes of a sample where they belong: arrays of positions stand side by side."""
    items = index if isinstance(index, tuple) else (index,)
    kinds = [_is_advanced(item) for item in items]
    if not any(_is_array(item) for item in items):
        return True
    first, last = kinds.index(True), len(kinds) - 1 - kinds[::-1].index(True)
    return all(kinds[first:last])


def _is_array(item: Any) -> bool:
    return isinstance(item, (list, bool, np.bool_)) or (isinstance(item, np.ndarray) and item.ndim > 0)


def _is_advanced(item: Any) -> bool:
    return not (item is None or item is Ellipsis or isinstance(item, slice))


class _Arranged:
    """An index of samples, arranged so that axes with positions come first in the array, then those with slices.

    `array[index]` has the batch on axis 0, then the axes of the positions, then the others; `lead` is how many of the
    others stand in front of the positions in a sample, `depth` how many axes the positions have.
    """

    def __init__(self, x: Any, index: Any, is_batch: bool, places: Places) -> None:
        items = _whole_index(index, places, np.ndim(x) - is_batch)
        positions, spaces, axes, rest, lead = [], [], [], [], 0
        axis, seen, apart, gap = int(is_batch), False, False, False
        for item, is_batched in items:
            if item is None or isinstance(item, slice):
                spaces.append(item)
                if item is not None:
                    rest.append(axis)
                    axis += 1
                lead, gap = lead + (not seen), seen
                continue
            apart, seen = apart or gap, True
            positions.append((np.asarray(item), is_batched))
            axes.append(axis)
            axis += 1
        ranks = [item.ndim - is_batched for item, is_batched in positions]
        self.depth = max(ranks, default=0)
        self.lead = 0 if apart or not self.depth else lead
        self.rank = self.depth + len(spaces)
        front = [lanes(x, self.depth)] if is_batch else []
        self.array = np.transpose(x, ([0] if is_batch else []) + axes + rest)
        self.index = (*front, *(aligned(item, self.depth) if flag else item for item, flag in positions), *spaces)

    def in_order(self, result: Any) -> Any:
        """What was read, with its axes in the order of a sample."""
        return np.moveaxis(result, range(1, 1 + self.depth), range(1 + self.lead, 1 + self.lead + self.depth))

    def in_front(self, value: Any, is_batched: bool) -> Any:
        """What is to be written, with its axes in the order of `array[index]`."""
        value = with_rank(np.asarray(value), self.rank, is_batched)
        if not self.lead:
            return value
        if not is_batched:
            value = with_rank(value, self.rank, False, exactly=True)
        start = int(is_batched)
        source = range(start + self.lead, start + self.lead + self.depth)
        value = np.moveaxis(value, source, range(start, start + self.depth))
        return value


def with_rank(value: Any, rank: int, is_batched: bool, exactly: bool = False) -> Any:
    """A value to be written where a sample has this rank: leading axes of 1 are dropped, or put in if they matter."""
    start = int(is_batched)
    shape = value.shape[start:]
    while len(shape) > rank and shape[0] == 1:
        shape = shape[1:]
    if is_batched or exactly:
        shape = (1,) * (rank - len(shape)) + shape
    return np.reshape(value, value.shape[:start] + shape)


def _whole_index(index: Any, places: Places, rank: int) -> list[tuple[Any, bool]]:
    """The items of an index, one for each axis of a sample, and whether they are batched; masks as positions."""
    if isinstance(index, tuple):
        items = [_as_positions(item, _below(places, k)) for k, item in enumerate(index)]
    else:
        items = [_as_positions(index, places)]
    whole: list[tuple[Any, bool]] = []
    for item, is_batched in items:
        kind = np.asarray(item).dtype if isinstance(item, (list, np.ndarray, np.bool_, bool)) else None
        if isinstance(item, slice) and is_batched:
            raise BatchingRefused("slices whose ends differ from sample to sample have no batch")
        if kind is not None and kind.kind == "b":
            if is_batched or not np.ndim(item):
                raise BatchingRefused("masks select another number of items in each sample: use np.where")
            whole += [(part, False) for part in np.nonzero(item)]
        elif kind is not None and not np.size(item):
            whole.append((np.asarray(item, np.intp), is_batched))
        else:
            whole.append((item, is_batched))
    missing = rank - sum(item is not None and item is not Ellipsis for item, _ in whole)
    place = next((k for k, (item, _) in enumerate(whole) if item is Ellipsis), None)
    rest = [(slice(None), False)] * missing
    return whole + rest if place is None else whole[:place] + rest + whole[place + 1 :]


def _as_positions(item: Any, places: Places) -> tuple[Any, bool]:
    """An item of an index, and whether it is batched: a list of batches is an array."""
    return (array_of_samples(item, places) if isinstance(item, list) and places else item), bool(places)


def _loops(index: Any, places: Places) -> bool:
    """Whether an index has what differs in size from sample to sample, or a mask that is one number."""
    items = index if isinstance(index, tuple) else (index,)
    for k, item in enumerate(items):
        inner = _below(places, k) if isinstance(index, tuple) else places
        is_mask = isinstance(item, (bool, np.bool_)) or (isinstance(item, np.ndarray) and item.dtype.kind == "b")
        if inner and (isinstance(item, slice) or is_mask) or (is_mask and not np.ndim(item)):
            return True
    return False


def gather(x: Any, index: Any, is_batch: bool, places: Places) -> Any:
    """`x[index]` for each sample, where `x` is a batch or the same for all, and so is each part of the index."""
    if not places and is_simple(x, index):
        return x[inner_index(x, index)]
    if _loops(index, places):
        if not is_batch:
            return _read_slices(x, index, places)
        return each(operator.getitem, ((0,) if is_batch else ()) + tuple([(1, *path) for path in places]), x, index)
    arranged = _Arranged(x, index, is_batch, places)
    return arranged.in_order(arranged.array[arranged.index])


def _read_slices(x: Any, index: Any, places: Places) -> Any:
    return each(operator.getitem, tuple([(1, *path) for path in places]), x, index)


def item_of_samples(items: Any, index: Any, places: Places, index_places: Places) -> Any:
    """`items[index]` for each sample, of a container: with one index for all samples it is what the container holds."""
    if not index_places:
        return items[index]
    if isinstance(items, dict):
        raise BatchingRefused("a dict is read with keys that differ from sample to sample")
    is_nested = any(isinstance(item, (list, tuple, dict)) for item in items)
    if is_nested or len({np.shape(item) for item in items}) > 1:
        flags = [*[(0, *path) for path in places], *[(1, *path) for path in index_places]]
        return each(operator.getitem, flags, items, index)
    if not places:
        return gather(np.asarray(items), index, False, index_places)
    return gather(array_of_samples(items, places), index, True, index_places)


def scatter_samples(x: Any, index: Any, g: Any, is_batch: bool, places: Places) -> Any:
    """Zeros like `x` with `g` added where `gather` reads: the cotangent of `x` in `gather(x, index, ...)`."""
    result = np.zeros(np.shape(x), np.result_type(g))
    if is_batch:
        at_samples(np.add.at, result, index, g, places, True)
    elif len(g):
        arranged = _Arranged(result, index, False, places)
        np.add.at(arranged.array, arranged.index, arranged.in_front(g, True))
    return result


def put_samples(x: Any, index: Any, value: Any, places: Places, is_batched: bool) -> None:
    """`x[index] = value` for each sample of the batch `x`; `is_batched` says whether the value is a batch, too."""
    if _is_mask(index) and places and (np.ndim(value) - is_batched) < 1 + np.ndim(x) - np.ndim(index):
        # each element that a mask selects gets the same
        rank = np.ndim(x) - 1
        mask = np.reshape(index, index.shape + (1,) * (rank + 1 - index.ndim))
        np.copyto(x, aligned(value, rank) if is_batched else value, where=mask)
    elif not len(x):
        pass
    elif _loops(index, places):
        flags = (0, *[(1, *path) for path in places], *((2,) if is_batched else ()))
        each(operator.setitem, flags, x, index, value)
    elif not places and is_simple(x, index):
        place = inner_index(x, index)
        rank = np.ndim(x[place]) - 1
        x[place] = with_rank(np.asarray(value), rank, is_batched)
    else:
        arranged = _Arranged(x, index, True, places)
        arranged.array[arranged.index] = arranged.in_front(value, is_batched)


def _is_mask(index: Any) -> bool:
    return isinstance(index, np.ndarray) and index.dtype.kind == "b"


def at_samples(function: Any, x: Any, index: Any, value: Any, places: Places, is_batched: bool) -> None:
    """`function(x, index, value)`, such as `np.add.at`, for each sample of the batch `x`."""
    if _loops(index, places) and len(x):
        flags = (0, *[(1, *path) for path in places], *((2,) if is_batched else ()))
        each(function, flags, x, index, value)
        return
    if not len(x):
        return
    arranged = _Arranged(x, index, True, places)
    function(arranged.array, arranged.index, arranged.in_front(value, is_batched))


# ------------------------------------------------------------------------------------------------ shapes and subscripts


def shifted_axes(axis: Any) -> Any:
    """Axes that a sample of the result will have, as those of the batch."""
    if isinstance(axis, (tuple, list)):
        return tuple([shifted_axes(item) for item in axis])
    return axis + 1 if axis >= 0 else axis


def single_axes(x: Any) -> tuple[int, ...]:
    """The axes of a batch along which each sample has the length 1."""
    return tuple([axis for axis, size in enumerate(np.shape(x)) if axis and size == 1])


def batch_shape(x: Any, shape: Any) -> tuple[int, ...]:
    """The shape of a batch of the size of `x` whose samples have this shape; -1 is what remains of a sample of `x`."""
    shape = tuple(shape) if isinstance(shape, (tuple, list, np.ndarray)) else (shape,)
    if -1 in shape:
        known = -math.prod(shape)
        rest = math.prod(np.shape(x)[1:]) // known if known else 0
        shape = tuple([rest if size == -1 else size for size in shape])
    return (len(x), *shape)


def batch_permutation(x: Any, axes: Any = None) -> tuple[int, ...]:
    """The order of the axes of a batch in which those of each sample are transposed."""
    rank = np.ndim(x) - 1
    order = range(rank - 1, -1, -1) if axes is None else axes
    return (0, *[axis % rank + 1 for axis in order])


def numbers(x: Any) -> Any:
    """A batch of numbers out of one of arrays that hold one number each."""
    return np.reshape(x, np.shape(x)[0])


def sample_length(x: Any) -> int:
    """`len` of each sample: that of a container of batches is its own."""
    return np.shape(x)[1] if isinstance(x, np.ndarray) else len(x)


def aligned_items(arrays: Any, places: Places, rank: int) -> tuple:
    """The items of a list, or of the samples of an array, where those that are batches have samples of this rank."""
    if isinstance(arrays, np.ndarray) and places:
        return tuple([aligned(x, rank) for x in np.moveaxis(arrays, 1, 0)])
    return tuple([aligned(x, rank) if _below(places, k) else x for k, x in enumerate(arrays)])


def rank_of_items(arrays: Any, places: Places) -> int:
    """The largest rank that a sample of one of the items of a list has."""
    if isinstance(arrays, np.ndarray):
        return arrays.ndim - 1 - bool(places)
    return max([np.ndim(x) - bool(_below(places, k)) for k, x in enumerate(arrays)], default=0)


def contraction(left: int, right: int, axes: Any, in_left: bool, in_right: bool) -> str:
    """The subscripts of `np.einsum` for `np.tensordot(a, b, axes)` of each sample; the ranks are those of samples."""
    if not isinstance(axes, (tuple, list)):
        axes = (tuple(range(left - axes, left)), tuple(range(axes)))
    first, second = [item if isinstance(item, (tuple, list)) else (item,) for item in axes]
    letters = "ijklmnopqrstuvwxyzacdefgh"
    own = list(letters[:left])
    other = list(letters[left : left + right])
    for one, two in zip(first, second, strict=True):
        other[two] = own[one]
    summed = {own[axis] for axis in first}
    rest = [letter for letter in own + other if letter not in summed]
    return f"{'b' * in_left}{''.join(own)},{'b' * in_right}{''.join(other)}->b{''.join(rest)}"


def einsum_samples(operands: tuple, places: Places, optimize: Any = False) -> Any:
    """`np.einsum(*operands)` for each sample."""
    if isinstance(operands[0], str):
        subscripts, arrays = operands[0], operands[1:]
        flags = [bool(_below(places, k + 1)) for k in range(len(arrays))]
    else:
        subscripts, arrays = subscripts_of(operands), operands[:-1:2] if len(operands) % 2 else operands[::2]
        flags = [bool(_below(places, 2 * k)) for k in range(len(arrays))]
    return np.einsum(batch_subscripts(subscripts, tuple(flags)), *arrays, optimize=optimize)


def batch_subscripts(subscripts: str, batched: Sequence[bool]) -> str:
    """The subscripts of `np.einsum` with a letter for the batch in those operands that are batched."""
    inputs, arrow, output = subscripts.replace(" ", "").partition("->")
    if not arrow:
        letters = inputs.replace(",", "").replace(".", "")
        once = sorted(letter for letter in set(letters) if letters.count(letter) == 1)
        output = "..." * ("..." in inputs) + "".join(once)
    batch = next(letter for letter in "bznstuvwxyBNSTUVWXYZaijklm" if letter not in inputs)
    terms = [batch * flag + term for term, flag in zip(inputs.split(","), batched, strict=True)]
    return f"{','.join(terms)}->{batch}{output}"


def subscripts_of(operands: tuple) -> str:
    """The subscripts as text, where lists of numbers follow the operands."""

    def text(labels: Any) -> str:
        return "".join(["..." if label is Ellipsis else "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[label] for label in labels])

    inputs = ",".join([text(labels) for labels in operands[1::2]])
    return inputs + ("->" + text(operands[-1]) if len(operands) % 2 else "")


def kron_shape(x: Any, rank: int, is_batched: bool, is_first: bool) -> tuple[int, ...]:
    """The shape in which one operand of `np.kron` of samples meets the other: its axes alternate with axes of 1."""
    shape = tuple(np.shape(x)[int(is_batched) :])
    shape = (1,) * (rank - len(shape)) + shape
    inner = [pair for size in shape for pair in ((size, 1) if is_first else (1, size))]
    return (*np.shape(x)[: int(is_batched)], *inner)


def pairs_merged(x: Any, rank: int) -> Any:
    """A batch of which each sample has twice this rank, with neighbouring axes of a sample made one."""
    shape = np.shape(x)[1:]
    return np.reshape(x, (len(x), *[shape[2 * k] * shape[2 * k + 1] for k in range(rank)]))


def each_with_rank(arrays: tuple, places: Places, function: Any, rank: int) -> tuple:
    """`np.atleast_1d` or its like of several arrays, of which some are batches."""
    change = deepened if rank == 3 else lambda x: aligned(x, rank)
    return tuple([change(x) if _below(places, k) else function(x) for k, x in enumerate(arrays)])


def deepened(x: Any) -> Any:
    """`np.atleast_3d` of each sample."""
    x = aligned(x, 2) if x.ndim < 3 else x
    return x[..., None] if x.ndim == 3 else x


def deep_items(items: Sequence[Any]) -> tuple:
    """`np.atleast_3d` of each sample of each item."""
    return tuple([deepened(x) for x in items])


def batch_widths(x: Any, widths: Any) -> tuple:
    """The widths of `np.pad` for each axis of a sample, as those of the batch `x`."""
    whole = np.broadcast_to(np.asarray(widths), (np.ndim(x) - 1, 2))
    return ((0, 0), *[(int(before), int(after)) for before, after in whole])


def padded(x: Any, widths: Any, mode: str, constant_values: Any, reflect_type: str) -> Any:
    """`np.pad` with those options that the mode has."""
    if mode == "constant":
        return np.pad(x, widths, constant_values=constant_values)
    options = {"reflect_type": reflect_type} if mode in ("reflect", "symmetric") else {}
    return np.pad(x, widths, mode, **options)  # type: ignore[call-overload]


def tiled(x: Any, reps: Any) -> Any:
    """`np.tile(x, reps)` for each sample."""
    reps = tuple(reps) if isinstance(reps, (tuple, list, np.ndarray)) else (reps,)
    x = aligned(x, len(reps))
    return np.tile(x, (1,) * (x.ndim - len(reps)) + reps)


def diagonal_matrices(x: Any, k: int = 0) -> Any:
    """`np.diag(x, k)` for each sample, which is a vector."""
    size = x.shape[1] + abs(k)
    rows = np.arange(x.shape[1]) + max(-k, 0)
    result = np.zeros((len(x), size, size), x.dtype)
    result[:, rows, rows + k] = x
    return result


def flat_items(items: Sequence[Any]) -> tuple:
    """Batches of vectors, with the samples of each item flattened."""
    return tuple([flat_samples(x) for x in items])


def as_columns(items: Sequence[Any]) -> tuple:
    """The samples of each item as matrices: vectors are columns."""
    return tuple([np.expand_dims(aligned(x, 1), -1) if x.ndim < 3 else x for x in items])


def spread_weights(weights: Any, x: Any, axis: Any, is_batched: bool, x_is_batch: bool) -> Any:
    """The weights of `np.average` as a batch of arrays of the shape of a sample."""
    shape = np.shape(x)[int(x_is_batch) :]
    weights = weights if is_batched else spread(weights, x)
    if weights.ndim - 1 != len(shape):
        axes = tuple([item % len(shape) for item in (axis if isinstance(axis, tuple) else (axis,))])
        order = [1 + int(item) for item in np.argsort(axes)]
        kept = [size if k in axes else 1 for k, size in enumerate(shape)]
        weights = np.reshape(np.transpose(weights, (0, *order)), (len(weights), *kept))
    return np.broadcast_to(weights, (len(weights), *shape))


def items_of_samples(iterable: Any) -> Any:
    """What a loop over each sample meets, in order: a container of batches is one already."""
    return tuple(np.moveaxis(iterable, 1, 0)) if isinstance(iterable, np.ndarray) else iterable


def listed(x: Any) -> Any:
    """`x.tolist()` of each sample: lists of batches of numbers."""
    return [listed(item) for item in np.moveaxis(x, 1, 0)] if x.ndim > 1 else x


def place_along(function: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    """`np.argmax` or its like of each sample, along an axis or with the axes kept."""
    if axis is not None:
        return function(x, inner_axes(x, axis), keepdims=keepdims)
    return np.reshape(function(flat_samples(x), 1), (len(x),) + (1,) * (x.ndim - 1))


def summed(items: Any, places: Places, start: Any = 0, start_is_batch: bool = False) -> Any:
    """`sum(items, start)` for each sample."""
    if isinstance(items, np.ndarray):
        items, places = items_of_samples(items) if places else items, EVERYTHING if places else ()
    flags = [bool(_below(places, k)) for k in range(len(items))]
    rank = sample_rank((start_is_batch, *flags), start, *items)
    total = aligned(start, rank) if start_is_batch else start
    for x, flag in zip(items, flags):
        total = total + (aligned(x, rank) if flag else x)
    return total


def multiplied(items: Any, places: Places, start: Any = 1) -> Any:
    """`math.prod(items, start=start)` for each sample."""
    total = start
    for x in items_of_samples(items) if places else items:
        total = total * x
    return total


def length_of(coordinates: Any) -> Any:
    """The length of the vector with these coordinates, each of them a batch of numbers or one for all samples."""
    total: Any = 0.0
    for x in coordinates:
        total = np.hypot(total, x)
    return total


def differences(p: Any, q: Any) -> tuple:
    """The differences of two points of which each coordinate is a batch, or one of them."""
    return tuple([x - y for x, y in zip(items_of_samples(p), items_of_samples(q), strict=True)])


def extreme_of_samples(function: Any, arguments: tuple, places: Places, key: Any = None, default: Any = None) -> Any:
    """`max` or `min` for each sample."""
    flags = tuple([path for path in places if path])
    if key is None and len(arguments) > 1:
        result = arguments[0]
        for x in arguments[1:]:
            result = np.where(x > result if function is max else x < result, x, result)
        return result
    named = {name: item for name, item in (("key", key), ("default", default)) if item is not None}
    return each(function, flags or tuple(range(len(arguments))), *arguments, **named)


# ----------------------------------------------------------------------------------------------------- of derivatives


def each_of(function: Any, arguments: tuple, batched: Sequence[Any], names: Sequence[str]) -> Any:
    """`each`, where arguments that are batched are known by name."""
    flags = [(k, *path) for k, name in enumerate(names) for path in parts(batched, name)]
    return each(function, flags, *arguments)


def unbroadcast_samples(g: Any, x: Any) -> Any:
    """The batch `g` summed and repeated to samples of the form of `x`."""
    shape = np.shape(x)
    extra = np.ndim(g) - 1 - len(shape)
    if extra > 0:
        g = np.sum(g, axis=tuple(range(1, 1 + extra)))
    g = aligned(g, len(shape))
    axes = tuple([k + 1 for k, size in enumerate(shape) if size == 1 and g.shape[k + 1] != 1])
    if axes:
        g = np.sum(g, axis=axes, keepdims=True)
    return _of_dtype(np.broadcast_to(g, (len(g), *shape)), x)


def broadcast_samples(g: Any, x: Any) -> Any:
    """The batch `g` repeated to samples of the form of `x`."""
    return _of_dtype(np.broadcast_to(aligned(g, np.ndim(x)), (len(g), *np.shape(x))), x)


def _of_dtype(g: Any, x: Any) -> Any:
    wanted = np.asarray(x).dtype
    if wanted.kind == "f" and g.dtype.kind == "c":
        g = np.real(g)
    if isinstance(x, (np.ndarray, np.generic)) and wanted.kind in "fc":
        return g.astype(wanted, copy=False)
    return g
