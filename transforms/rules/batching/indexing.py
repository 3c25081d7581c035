"""Batches of reading and writing parts of arrays, and of what sorts and selects."""

from __future__ import annotations

import operator

import numpy as np

from transforms import runtime
from transforms.registry import batching, facts

facts(np.unique, np.digitize, np.isin, np.nonzero, np.flatnonzero, np.argwhere, np.lexsort, by_sample=True)
facts(np.extract, np.put, np.place, np.putmask, np.argpartition, by_sample=True)


@batching(operator.getitem)
def getitem(a, index, *, batched):
    if isinstance(a, (list, tuple, dict)):
        return runtime.item_of_samples(a, index, runtime.parts(batched, "a"), runtime.parts(batched, "index"))
    return runtime.gather(a, index, "a" in batched, runtime.parts(batched, "index"))


@batching(operator.setitem)
def setitem(a, index, value, *, batched):
    runtime.put_samples(a, index, value, runtime.parts(batched, "index"), "value" in batched)


@batching(np.add.at)
def add_at(a, indices, b, *, batched):
    runtime.at_samples(np.add.at, a, indices, b, runtime.parts(batched, "indices"), "b" in batched)


@batching(np.subtract.at)
def subtract_at(a, indices, b, *, batched):
    runtime.at_samples(np.subtract.at, a, indices, b, runtime.parts(batched, "indices"), "b" in batched)


@batching(np.take)
def take(a, indices, axis=None, *, mode="raise", batched):
    if "indices" not in batched:
        if axis is None:
            return np.take(runtime.flat_samples(a), indices, 1, mode=mode)
        return np.take(a, indices, runtime.inner_axes(a, axis), mode=mode)
    if "a" not in batched:
        if axis is None:
            return np.take(a, indices, mode=mode)
        return np.moveaxis(np.take(a, indices, axis, mode=mode), axis % np.ndim(a), 0)
    if axis is None:
        a = runtime.flat_samples(a)
        axis = 0
    axis = axis % (np.ndim(a) - 1)
    if mode != "raise":
        indices = runtime.mode_positions(indices, np.shape(a)[axis + 1], mode)
    if axis == 0:
        return runtime.gather(a, indices, True, ((),))
    return runtime.gather(a, (slice(None),) * axis + (indices,), True, ((axis,),))


@batching(np.take_along_axis)
def take_along_axis(arr, indices, axis=-1, *, batched):
    if "arr" not in batched:
        arr = np.expand_dims(arr, 0)
    if "indices" not in batched:
        indices = np.expand_dims(indices, 0)
    if axis is None:
        return np.take_along_axis(runtime.flat_samples(arr), indices, 1)
    return np.take_along_axis(arr, indices, runtime.inner_axes(arr, axis))


@batching(np.put_along_axis)
def put_along_axis(arr, indices, values, axis=None, *, batched):
    if "indices" not in batched:
        indices = np.expand_dims(indices, 0)
    if "values" in batched:
        values = runtime.aligned(values, np.ndim(indices) - 1)
    if axis is None:
        flat = runtime.flat_samples(arr)
        np.put_along_axis(flat, indices, values, 1)
        arr[...] = np.reshape(flat, np.shape(arr))
    else:
        np.put_along_axis(arr, indices, values, runtime.inner_axes(arr, axis))


@batching(np.compress)
def compress(condition, a, axis=None, *, batched):
    if "condition" in batched:
        return runtime.each(np.compress, (0, 1) if "a" in batched else (0,), condition, a, axis)
    if axis is None:
        return np.compress(condition, runtime.flat_samples(a), 1)
    return np.compress(condition, a, runtime.inner_axes(a, axis))


@batching(np.ndarray.compress)
def compress_method(a, condition, axis=None, *, batched):
    if "condition" in batched:
        return runtime.each(np.ndarray.compress, (0, 1) if "a" in batched else (1,), a, condition, axis)
    if axis is None:
        return np.compress(condition, runtime.flat_samples(a), 1)
    return np.compress(condition, a, runtime.inner_axes(a, axis))


@batching(np.choose)
def choose(a, choices, *, mode="raise", batched):
    places = runtime.parts(batched, "choices")
    rank = max(runtime.sample_rank(("a" in batched,), a), runtime.rank_of_items(choices, places))
    if "a" in batched:
        a = runtime.aligned(a, rank)
    return np.choose(a, runtime.aligned_items(choices, places, rank), mode=mode)


@batching(np.select)
def select(condlist, choicelist, default=0, *, batched):
    conditions = runtime.parts(batched, "condlist")
    choices = runtime.parts(batched, "choicelist")
    rank = max(
        runtime.rank_of_items(condlist, conditions),
        runtime.rank_of_items(choicelist, choices),
        runtime.sample_rank(("default" in batched,), default),
    )
    if "default" in batched:
        default = runtime.aligned(default, rank)
    return np.select(
        list(runtime.aligned_items(condlist, conditions, rank)),
        list(runtime.aligned_items(choicelist, choices, rank)),
        default,
    )


@batching(np.sort)
def sort(a, axis=-1, kind=None, *, stable=None, batched):
    if axis is None:
        return np.sort(runtime.flat_samples(a), 1, kind, stable=stable)
    return np.sort(a, runtime.inner_axes(a, axis), kind, stable=stable)


@batching(np.argsort)
def argsort(a, axis=-1, kind=None, *, stable=None, batched):
    if axis is None:
        return np.argsort(runtime.flat_samples(a), 1, kind, stable=stable)
    return np.argsort(a, runtime.inner_axes(a, axis), kind, stable=stable)


@batching(np.partition)
def partition(a, kth, axis=-1, kind="introselect", *, batched):
    if axis is None:
        return np.partition(runtime.flat_samples(a), kth, 1, kind)
    return np.partition(a, kth, runtime.inner_axes(a, axis), kind)


@batching(np.ndarray.sort)
def sort_in_place(a, axis=-1, kind=None, *, stable=None, batched):
    np.ndarray.sort(a, runtime.inner_axes(a, axis), kind, stable=stable)


@batching(np.searchsorted)
def searchsorted(a, v, side="left", sorter=None, *, batched):
    if "a" not in batched and "sorter" not in batched:
        return np.searchsorted(a, v, side, sorter)
    flags = [name in batched for name in ("a", "v", "side", "sorter")]
    return runtime.each(np.searchsorted, tuple([k for k in range(4) if flags[k]]), a, v, side, sorter)


@batching(np.fill_diagonal)
def fill_diagonal(a, val, wrap=False, *, batched):
    if np.ndim(val) > ("val" in batched):
        runtime.each(np.fill_diagonal, (0, 1) if "val" in batched else (0,), a, val, wrap)
    else:
        shape = runtime.sample_shape(a)
        places = np.unravel_index(runtime.diagonal_positions(shape, wrap), shape)
        runtime.put_samples(a, places, val, (), "val" in batched)


@batching(np.copyto)
def copyto(dst, src, casting="same_kind", where=True, *, batched):
    rank = np.ndim(dst) - 1
    if "src" in batched:
        src = runtime.aligned(src, rank)
    if "where" in batched:
        where = runtime.aligned(where, rank)
    np.copyto(dst, src, casting, where)
