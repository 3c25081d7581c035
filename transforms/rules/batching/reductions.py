"""Batches of reductions and of what runs along an axis: the axes are those of a sample."""

from __future__ import annotations

import numpy as np

from transforms import runtime
from transforms.registry import batching, facts

facts(
    np.sum,
    np.mean,
    np.prod,
    np.max,
    np.ptp,
    np.var,
    np.std,
    np.nansum,
    np.nanmean,
    np.nanmax,
    np.any,
    np.all,
    np.count_nonzero,
    np.diff,
    along="a",
    axes="axis",
)
facts(np.prod, np.max, np.ptp, np.var, np.std, np.any, np.all, by_sample=True)
facts(np.logaddexp.reduce, along="array", axes="axis")


@batching(np.sum)
def sum(a, axis=None, dtype=None, keepdims=False, initial=0, where=True, *, batched):
    """Where `where` or `initial` is batched: the array alone has the same call with other axes."""
    if "a" not in batched:
        a = runtime.spread(a, where if "where" in batched else initial)
    if "where" in batched:
        where = runtime.aligned(where, np.ndim(a) - 1)
    if "initial" not in batched:
        return np.sum(a, runtime.inner_axes(a, axis), dtype, keepdims=keepdims, initial=initial, where=where)
    total = np.sum(a, runtime.inner_axes(a, axis), dtype, keepdims=keepdims, where=where)
    return total + runtime.aligned(initial, np.ndim(total) - 1)


@batching(np.mean)
def mean(a, axis=None, dtype=None, keepdims=False, where=True, *, batched):
    if "a" not in batched:
        a = runtime.spread(a, where)
    if "where" in batched:
        where = runtime.aligned(where, np.ndim(a) - 1)
    return np.mean(a, runtime.inner_axes(a, axis), dtype, keepdims=keepdims, where=where)


@batching(np.average)
def average(a, axis=None, weights=None, keepdims=False, *, batched):
    if weights is None:
        return np.mean(a, runtime.inner_axes(a, axis), keepdims=keepdims)
    whole = runtime.spread_weights(weights, a, axis, "weights" in batched, "a" in batched)
    axes = runtime.inner_axes(whole, axis)
    return np.sum(whole * a, axes, keepdims=keepdims) / np.sum(whole, axes, keepdims=keepdims)


@batching(np.median)
def median(a, axis=None, keepdims=False, *, batched):
    axes = runtime.inner_axes(a, axis)
    middle = np.median(runtime.merge_axes(a, axes), -1) if np.ndim(a) > 1 else a
    return np.expand_dims(middle, axes) if keepdims else middle


@batching(np.cumsum)
def cumsum(a, axis=None, dtype=None, *, batched):
    if axis is None:
        return np.cumsum(runtime.flat_samples(a), 1, dtype)
    return np.cumsum(a, runtime.inner_axes(a, axis), dtype)


@batching(np.cumprod)
def cumprod(a, axis=None, dtype=None, *, batched):
    if axis is None:
        return np.cumprod(runtime.flat_samples(a), 1, dtype)
    return np.cumprod(a, runtime.inner_axes(a, axis), dtype)


@batching(np.argmax)
def argmax(a, axis=None, *, keepdims=False, batched):
    if axis is None and not keepdims:
        return np.argmax(runtime.flat_samples(a), 1)
    return runtime.place_along(np.argmax, a, axis, keepdims)


@batching(np.argmin)
def argmin(a, axis=None, *, keepdims=False, batched):
    if axis is None and not keepdims:
        return np.argmin(runtime.flat_samples(a), 1)
    return runtime.place_along(np.argmin, a, axis, keepdims)


@batching(np.nanargmax)
def nanargmax(a, axis=None, *, keepdims=False, batched):
    if axis is None and not keepdims:
        return np.nanargmax(runtime.flat_samples(a), 1)
    return runtime.place_along(np.nanargmax, a, axis, keepdims)


@batching(np.nanargmin)
def nanargmin(a, axis=None, *, keepdims=False, batched):
    if axis is None and not keepdims:
        return np.nanargmin(runtime.flat_samples(a), 1)
    return runtime.place_along(np.nanargmin, a, axis, keepdims)


@batching(np.shape)
def shape(a, *, batched):
    return runtime.sample_shape(a)


@batching(np.ndim)
def ndim(a, *, batched):
    return np.ndim(a) - 1


@batching(np.size)
def size(a, axis=None, *, batched):
    return np.size(runtime.one_sample(a), axis)


facts(np.shape, np.ndim, np.size, is_shared=True)


facts(runtime.outer_operand, by_sample=True)
