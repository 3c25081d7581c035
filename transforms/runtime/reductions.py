"""Cotangents of sums, means, extremes, medians and products over axes, and of cumulative sums and recurrences."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from transforms.runtime.broadcasting import broadcast_like, match_dtype, unarray


def expand_reduced(g: Any, x: Any, axis: Any = None, keepdims: Any = False) -> Any:
    """The cotangent `g` of a reduction of `x` over `axis`, repeated to the shape of `x`."""
    if isinstance(x, (list, tuple)):
        return unarray(expand_reduced(g, np.array(x), axis, keepdims), x)
    rank = np.ndim(x)
    if rank and np.ndim(g) != rank:
        g = np.expand_dims(g, tuple(range(rank)) if axis is None else axis)
    return broadcast_like(g, x)


def sum_reduced(g: Any, x: Any, axis: Any = None, keepdims: Any = False) -> Any:
    """`g`, of the shape of `x`, summed over `axis`: the mirror image of `expand_reduced`."""
    return np.sum(g, axis=axis, keepdims=bool(keepdims))


def reduced_size(x: Any, axis: Any = None, keepdims: Any = False, where: Any = True, less: Any = 0) -> Any:
    """The number of elements of `x` behind each element of a reduction over `axis`, less degrees of freedom."""
    shape = np.shape(x)
    if where is not True:
        return np.sum(np.broadcast_to(where, shape), axis=axis, keepdims=bool(keepdims)) - less
    if axis is None:
        return math.prod(shape) - less
    if isinstance(axis, tuple):
        return math.prod(shape[item] for item in axis) - less
    return (shape[axis] if shape else 1) - less


def centered(x: Any, axis: Any = None, where: Any = True) -> Any:
    """`x` less its mean over `axis`; the complex conjugate of that."""
    return np.conjugate(x - np.mean(x, axis=axis, keepdims=True, where=where))


def extremes(
    x: Any, ans: Any, axis: Any = None, keepdims: Any = False, where: Any = True, may_miss: Any = False
) -> Any:
    """Where `x` equals its extreme `ans` over `axis`, as shares that sum to 1: ties get equal parts.  `may_miss`: the
    extreme may be an initial value, and no element of `x`."""
    x = np.asarray(x)
    axes = tuple(range(x.ndim)) if axis is None else axis
    whole = ans if keepdims or not x.ndim else np.expand_dims(ans, axes)
    equal = np.logical_and(x == whole, where)
    count = np.sum(equal, axis=axes, keepdims=True) if x.ndim else 1
    return (equal / (np.maximum(count, 1) if may_miss else count)).astype(x.dtype, copy=False)


def undiff(g: Any, a: Any, n: int = 1, axis: int = -1) -> Any:
    """The cotangent of `a` where `g` is that of `np.diff(a, n, axis)`: zeros where `a` is too short."""
    if np.shape(a)[axis] <= n:
        return g if n == 0 else np.zeros(np.shape(a), np.result_type(g))
    for _ in range(n):
        edge = list(np.shape(g))
        edge[axis] = 1
        zero = np.zeros(edge, np.result_type(g))
        g = -np.diff(np.concatenate([zero, g, zero], axis), axis=axis)
    return g


def outer_operand(a: Any, b: Any) -> Any:
    """`a` with a dimension of 1 for each of `b`, so that they broadcast as in `np.multiply.outer(a, b)`."""
    return np.reshape(a, np.shape(a) + (1,) * np.ndim(b))


def median_share(x: Any, axis: Any = None) -> Any:
    """How much each element of `x` counts in its median over `axis`: 1 in the middle, or halves for the middle two."""
    items = merge_axes(x, axis)
    order, length = np.argsort(items, axis=-1), items.shape[-1]
    share = np.zeros_like(items)
    for place in ((length - 1) // 2, length // 2):
        index = order[..., place : place + 1]
        np.put_along_axis(share, index, np.take_along_axis(share, index, -1) + 0.5, -1)
    return split_axes(share, x, axis)


def expand_weights(weights: Any, x: Any, axis: Any = None) -> Any:
    """The weights of `np.average` in the shape of `x`."""
    weights, shape = np.asarray(weights), np.shape(x)
    if weights.shape != shape:
        axes = axis if isinstance(axis, tuple) else (axis,)
        axes = tuple(item % len(shape) for item in axes)
        order = tuple(int(item) for item in np.argsort(axes))
        whole = [size if place in axes else 1 for place, size in enumerate(shape)]
        weights = np.broadcast_to(np.transpose(weights, order).reshape(whole), shape)
    return weights


def reduce_weights(g: Any, weights: Any, axis: Any = None) -> Any:
    """The cotangent of `weights` where `g` is that of `expand_weights(weights, x, axis)`."""
    if np.shape(weights) == np.shape(g):
        return match_dtype(g, weights)
    axes = axis if isinstance(axis, tuple) else (axis,)
    axes = tuple(item % np.ndim(g) for item in axes)
    rest = tuple(item for item in range(np.ndim(g)) if item not in axes)
    total = np.sum(g, axis=rest)
    order = tuple(int(item) for item in np.argsort(np.argsort(axes)))
    return match_dtype(np.transpose(total, order), weights)


def reverse_cumsum(g: Any, x: Any, axis: Any = None) -> Any:
    """The sums of the elements of `g` from each one to the end of the axis, in the shape of `x`: the mirror image of
    `np.cumsum(x, axis)`."""
    if axis is None:
        return match_dtype(np.reshape(np.cumsum(g[::-1])[::-1], np.shape(x)), x)
    return match_dtype(np.flip(np.cumsum(np.flip(g, axis), axis), axis), x)


def merge_axes(x: Any, axis: Any = None) -> Any:
    """`x` with the axes of a reduction moved to the end and made one."""
    x = np.asarray(x)
    if axis is None or x.ndim == 0:
        return x.reshape(-1)
    axes = axis if isinstance(axis, tuple) else (axis,)
    x = np.moveaxis(x, axes, tuple(range(-len(axes), 0)))
    return (
        x
        if len(axes) == 1
        else x.reshape(*x.shape[: x.ndim - len(axes)], -1)
        if x.size
        else x.reshape(*x.shape[: x.ndim - len(axes)], int(np.prod(x.shape[x.ndim - len(axes) :])))
    )


def split_axes(merged: Any, x: Any, axis: Any = None) -> Any:
    """An array of the form of `merge_axes(x, axis)` in the form of `x`."""
    shape = np.shape(x)
    if axis is None or not shape:
        return np.reshape(merged, shape)
    axes = axis if isinstance(axis, tuple) else (axis,)
    axes = tuple(item % len(shape) for item in axes)
    rest = [size for item, size in enumerate(shape) if item not in axes]
    merged = np.reshape(merged, (*rest, *(shape[item] for item in axes)))
    return np.moveaxis(merged, tuple(range(-len(axes), 0)), axes)


def exclusive_product(x: Any, reverse: bool = False) -> Any:
    """The products of the elements before each one along the last axis (`reverse`: of those after it)."""
    result = np.ones_like(x)
    if reverse:
        result[..., :-1] = np.cumprod(x[..., :0:-1], axis=-1)[..., ::-1]
    else:
        result[..., 1:] = np.cumprod(x[..., :-1], axis=-1)
    return result


def recurrence(a: Any, b: Any, reverse: bool = False) -> Any:
    """`s[i] = b[i] + a[i] * s[i - 1]` along the last axis (`reverse`: `s[i + 1]`), starting from 0."""
    result = np.array(np.broadcast_to(b, np.broadcast_shapes(np.shape(a), np.shape(b))), dtype=np.result_type(a, b))
    length = result.shape[-1]
    for index in range(length - 2, -1, -1) if reverse else range(1, length):
        result[..., index] += a[..., index] * result[..., index + 1 if reverse else index - 1]
    return result


def shift(x: Any, reverse: bool = False) -> Any:
    """`x` moved one place along the last axis, to higher indices (`reverse`: lower), with 0 where nothing came from."""
    result = np.zeros_like(x)
    if reverse:
        result[..., :-1] = x[..., 1:]
    else:
        result[..., 1:] = x[..., :-1]
    return result
