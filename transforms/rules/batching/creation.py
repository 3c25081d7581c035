"""Batches of the functions that make arrays."""

from __future__ import annotations

import numpy as np

from transforms import runtime
from transforms.registry import batching, facts

facts(np.ndarray.copy, np.ndarray.astype, np.ndarray.view, native="a")
facts(
    np.float64,
    np.int8,
    np.int16,
    np.int32,
    np.int64,
    np.uint8,
    np.uint16,
    np.uint32,
    np.uint64,
    np.bool_,
    by_element=True,
)
facts(np.arange, by_sample=True)
facts(np.tril_indices_from, np.triu_indices_from, np.diag_indices_from, np.result_type, np.can_cast, is_shared=True)


@batching(np.zeros_like)
def zeros_like(a, dtype=None, order="K", subok=True, shape=None, *, batched):
    if shape is None:
        return np.zeros_like(a, dtype)
    return np.zeros(runtime.batch_shape(a, shape), a.dtype if dtype is None else dtype)


@batching(np.ones_like)
def ones_like(a, dtype=None, order="K", subok=True, shape=None, *, batched):
    if shape is None:
        return np.ones_like(a, dtype)
    return np.ones(runtime.batch_shape(a, shape), a.dtype if dtype is None else dtype)


@batching(np.empty_like)
def empty_like(a, dtype=None, order="K", subok=True, shape=None, *, batched):
    if shape is None:
        return np.empty_like(a, dtype)
    return np.empty(runtime.batch_shape(a, shape), a.dtype if dtype is None else dtype)


@batching(np.full)
def full(shape, fill_value, dtype=None, order="C", *, batched):
    whole = runtime.batch_shape(fill_value, shape)
    return np.full(whole, runtime.aligned(fill_value, len(whole) - 1), dtype)


@batching(np.full_like)
def full_like(a, fill_value, dtype=None, order="K", subok=True, shape=None, *, batched):
    if shape is None:
        shape = runtime.sample_shape(a) if "a" in batched else np.shape(a)
    kind = np.asarray(a).dtype if dtype is None else dtype
    whole = runtime.batch_shape(fill_value, shape)
    return np.full(whole, runtime.aligned(fill_value, len(whole) - 1), kind)


@batching(np.linspace)
def linspace(start, stop, num=50, endpoint=True, dtype=None, axis=0, *, batched):
    rank = runtime.sample_rank(("start" in batched, "stop" in batched), start, stop)
    if "start" in batched:
        start = runtime.aligned(start, rank)
    if "stop" in batched:
        stop = runtime.aligned(stop, rank)
    return np.linspace(start, stop, num, endpoint, dtype=dtype, axis=runtime.shifted_axes(axis))


@batching(np.logspace)
def logspace(start, stop, num=50, endpoint=True, base=10.0, dtype=None, axis=0, *, batched):
    rank = runtime.sample_rank(("start" in batched, "stop" in batched), start, stop)
    if "start" in batched:
        start = runtime.aligned(start, rank)
    if "stop" in batched:
        stop = runtime.aligned(stop, rank)
    return np.logspace(start, stop, num, endpoint, base=base, dtype=dtype, axis=runtime.shifted_axes(axis))


@batching(np.geomspace)
def geomspace(start, stop, num=50, endpoint=True, dtype=None, axis=0, *, batched):
    rank = runtime.sample_rank(("start" in batched, "stop" in batched), start, stop)
    if "start" in batched:
        start = runtime.aligned(start, rank)
    if "stop" in batched:
        stop = runtime.aligned(stop, rank)
    return np.geomspace(start, stop, num, endpoint, dtype=dtype, axis=runtime.shifted_axes(axis))


@batching(np.array)
def array(object, dtype=None, copy=True, order="K", subok=False, ndmin=0, *, batched):
    return runtime.array_of_samples(object, runtime.parts(batched, "object"), dtype, ndmin)


@batching(runtime.array_or_copy)
def array_or_copy(object, dtype=None, copy=None, order="K", subok=False, ndmin=0, *, batched):
    return runtime.array_of_samples(object, runtime.parts(batched, "object"), dtype, ndmin)


@batching(np.asarray)
def asarray(a, dtype=None, order=None, copy=None, *, batched):
    if isinstance(a, np.ndarray):
        return np.asarray(a, dtype, copy=copy)
    return runtime.array_of_samples(a, runtime.parts(batched, "a"), dtype)


@batching(np.ascontiguousarray)
def ascontiguousarray(a, dtype=None, *, batched, function):
    whole = runtime.array_of_samples(a, runtime.parts(batched, "a"), dtype)
    if function is np.ascontiguousarray or function is np.asfortranarray:
        return runtime.aligned(whole, 1)
    return whole


@batching(np.copy)
def copy(a, order="K", subok=False, *, batched):
    return runtime.array_of_samples(a, runtime.parts(batched, "a"))


@batching(np.ndarray.tolist)
def tolist(a, *, batched):
    return runtime.listed(a)


@batching(np.ndarray.item)
def item(a, *place, batched):
    if len(place) == 0:
        return runtime.numbers(a)
    if len(place) == 1 and not isinstance(place[0], tuple):
        return runtime.flat_samples(a)[:, place[0]]
    return runtime.gather(a, place if len(place) > 1 else place[0], True, ())


@batching(np.ndarray.fill)
def fill(a, value, *, batched):
    if "value" in batched:
        a[...] = runtime.aligned(value, np.ndim(a) - 1)
    else:
        a.fill(value)
