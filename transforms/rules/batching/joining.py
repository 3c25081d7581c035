"""Batches of the functions that join arrays and take them apart; items that are not batched are the same everywhere."""

from __future__ import annotations

import numpy as np

from transforms import runtime
from transforms.registry import batching, facts

facts(np.split, np.array_split, along="ary", axes="axis")
if hasattr(np, "unstack"):
    facts(np.unstack, along="x", axes="axis")
facts(np.block, np.insert, np.split, np.array_split, by_sample=True)


@batching(np.concatenate)
def concatenate(arrays, axis=0, *, dtype=None, casting="same_kind", batched):
    items = runtime.batched_items(arrays, runtime.parts(batched, "arrays"))
    if axis is None:
        return np.concatenate(runtime.flat_items(items), 1, dtype=dtype, casting=casting)
    return np.concatenate(items, runtime.shifted_axes(axis), dtype=dtype, casting=casting)


@batching(np.stack)
def stack(arrays, axis=0, *, dtype=None, casting="same_kind", batched):
    items = runtime.batched_items(arrays, runtime.parts(batched, "arrays"))
    return np.stack(items, runtime.shifted_axes(axis), dtype=dtype, casting=casting)


@batching(np.vstack)
def vstack(tup, *, dtype=None, casting="same_kind", batched):
    items = runtime.batched_items(tup, runtime.parts(batched, "tup"), 2)
    return np.concatenate(items, 1, dtype=dtype, casting=casting)


@batching(np.hstack)
def hstack(tup, *, dtype=None, casting="same_kind", batched):
    items = runtime.batched_items(tup, runtime.parts(batched, "tup"), 1)
    return np.concatenate(items, 1 if np.ndim(items[0]) == 2 else 2, dtype=dtype, casting=casting)


@batching(np.column_stack)
def column_stack(tup, *, batched):
    items = runtime.batched_items(tup, runtime.parts(batched, "tup"))
    return np.concatenate(runtime.as_columns(items), 2)


@batching(np.dstack)
def dstack(tup, *, batched):
    return np.concatenate(runtime.deep_items(runtime.batched_items(tup, runtime.parts(batched, "tup"))), 3)


@batching(np.delete)
def delete(arr, obj, axis=None, *, batched):
    if "obj" in batched:
        return runtime.each_of(np.delete, (arr, obj, axis), batched, ("arr", "obj", "axis"))
    if axis is None:
        return np.delete(runtime.flat_samples(arr), obj, 1)
    return np.delete(arr, obj, runtime.inner_axes(arr, axis))


@batching(np.append)
def append(arr, values, axis=None, *, batched):
    if "arr" not in batched:
        arr = runtime.spread(arr, values)
    if "values" not in batched:
        values = runtime.spread(values, arr)
    if axis is None:
        return np.concatenate((runtime.flat_samples(arr), runtime.flat_samples(values)), 1)
    return np.concatenate((arr, values), runtime.shifted_axes(axis))


@batching(np.hsplit)
def hsplit(ary, indices_or_sections, *, batched):
    return np.split(ary, indices_or_sections, 1 if np.ndim(ary) == 2 else 2)


@batching(np.vsplit)
def vsplit(ary, indices_or_sections, *, batched):
    return np.split(ary, indices_or_sections, 1)


@batching(np.dsplit)
def dsplit(ary, indices_or_sections, *, batched):
    return np.split(ary, indices_or_sections, 3)
