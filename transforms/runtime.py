"""Helpers that generated code calls at run time.  A leaf module: it imports NumPy and nothing of the project.

Most of them disappear when types are known; `--standalone` copies the source of those that remain.
"""

from __future__ import annotations

import collections.abc
import dataclasses
import math
from typing import Any

import numpy as np

# -------------------------------------------------------------------------------------- shapes and dtypes of cotangents


class DerivativeRefused(TypeError):
    """The derivative cannot be computed, which only the run time could find out; nothing was computed instead."""


def unbroadcast(g: Any, x: Any) -> Any:
    """The cotangent `g` of something that `x` was broadcast into, as the cotangent of `x`: summed over the dimensions
    along which `x` was repeated, repeated along those that `g` lacks, and of the dtype of `x`."""
    if g.__class__ is np.ndarray and x.__class__ is np.ndarray and g.shape == x.shape and g.dtype is x.dtype:
        return g  # the usual case, decided quickly
    if isinstance(x, float):
        g = g if np.ndim(g) == 0 else np.sum(g)
        return match_dtype(g[()] if isinstance(g, np.ndarray) else g, x)
    if isinstance(x, (list, tuple)):
        if isinstance(g, (list, tuple)):
            if len(g) != len(x):
                raise DerivativeRefused("the cotangent of a list has another length: this use of it is not supported")
            return [unbroadcast(share, item) for share, item in zip(g, x)]
        return unarray(unbroadcast(np.asarray(g), np.array(x)), x)
    if isinstance(g, (list, tuple)):
        if len(g) and isinstance(g[0], (list, tuple)) != isinstance(x, (list, tuple)):
            raise DerivativeRefused("the cotangent of an array is a list: this use of a list is not supported")
        g = np.array(g)
    shape = np.shape(x)
    if np.shape(g) != shape:
        extra = np.ndim(g) - len(shape)
        if extra > 0:
            g = np.sum(g, axis=tuple(range(extra)))
        axes = tuple(
            axis for axis, size in enumerate(shape) if size == 1 and np.ndim(g) == len(shape) and np.shape(g)[axis] != 1
        )
        if axes:
            g = np.sum(g, axis=axes, keepdims=True)
        if np.shape(g) != shape:
            g = np.broadcast_to(g, shape)
    return match_dtype(g, x)


def match_dtype(g: Any, x: Any) -> Any:
    """The cotangent `g` in the dtype of `x`: real where `x` is real, in the precision of `x`; Python numbers stay."""
    if isinstance(x, (np.ndarray, np.generic)):
        if x.dtype.kind not in "fc" or (isinstance(g, (np.ndarray, np.generic)) and g.dtype == x.dtype):
            return g
        if x.dtype.kind == "f" and np.iscomplexobj(g):
            g = np.real(g)
        return g.astype(x.dtype) if isinstance(g, (np.ndarray, np.generic)) else x.dtype.type(g)
    if isinstance(x, float) and isinstance(g, (complex, np.complexfloating, np.ndarray)) and np.iscomplexobj(g):
        return np.real(g)
    return g


def broadcast_like(g: Any, x: Any) -> Any:
    """`g` repeated to the shape of `x`: the mirror image of `unbroadcast`."""
    if isinstance(x, (list, tuple)):
        return unarray(np.broadcast_to(g, np.shape(x)), x)
    shape = np.shape(x)
    return match_dtype(g if np.shape(g) == shape else np.broadcast_to(g, shape), x)


def unarray(g: Any, x: Any) -> Any:
    """The cotangent `g` of `np.array(x)` in the structure of `x`: lists and tuples of numbers and arrays."""
    if isinstance(x, (list, tuple)):
        g = g if isinstance(g, (np.ndarray, list, tuple)) else np.asarray(g)
        if isinstance(g, np.ndarray) and (g.ndim == 0 or len(g) != len(x)):
            g = np.broadcast_to(g, np.shape(x))
        items = [unarray(g[index], item) for index, item in enumerate(x)]
        if isinstance(x, list):
            return items
        return type(x)(*items) if hasattr(x, "_fields") else type(x)(items)
    return unbroadcast(g, x)


# ------------------------------------------------------------------------------------------- conversions and containers


def uncast(g: Any, x: Any, ans: Any) -> Any:
    """The cotangent of `x` where `g` is that of `ans`, which is `x` in another dtype or container: nothing where `ans`
    is not of a floating-point type."""
    return unarray(g, x) if np.asarray(ans).dtype.kind in "fcO" else unarray(0.0, x)


def recast(g: Any, x: Any, ans: Any) -> Any:
    """`g`, of the structure of the argument of a conversion with result `ans`, as an array like `x`."""
    return unbroadcast(np.array(g), x) if np.asarray(ans).dtype.kind in "fcO" else broadcast_like(0.0, x)


def unitem(g: Any, x: Any, place: tuple = ()) -> Any:
    """The cotangent of `x` in `x.item(*place)`."""
    if not place:
        return broadcast_like(g, x)
    result = np.zeros_like(x)
    if len(place) == 1 and not isinstance(place[0], tuple):
        result.reshape(-1)[place[0]] = g
    else:
        result[place[0] if len(place) == 1 else place] = g
    return result


def unsum(g: Any, items: Any) -> Any:
    """The cotangent of `items` in `sum(items)`: `g` for each."""
    if isinstance(items, np.ndarray):
        return unbroadcast(g, items)
    shares = [unbroadcast(g, item) for item in items]
    return tuple(shares) if isinstance(items, tuple) else shares


def sum_items(g: Any, x: Any) -> Any:
    """The sum of the cotangents in `g`, as the cotangent of `x`: the mirror image of `unsum`."""
    total = None
    for item in g:
        total = unbroadcast(item, x) if total is None else total + unbroadcast(item, x)
    return broadcast_like(0.0, x) if total is None else total


def chosen(arguments: tuple, ans: Any) -> tuple[Any, int]:
    """Of `max(*arguments)` with result `ans`: the items that there were, and which of them it was."""
    items = arguments[0] if len(arguments) == 1 else arguments
    for position, item in enumerate(items):
        if item is ans:
            return items, position
    for position, item in enumerate(items):
        if item == ans or (item != item and ans != ans):
            return items, position
    return items, -1


def unchoose_extreme(g: Any, arguments: tuple, ans: Any) -> tuple:
    """The cotangents of `arguments` in `max(*arguments)` or `min(*arguments)`: `g` for the first that is the result."""
    items, place = chosen(arguments, ans)
    if isinstance(items, np.ndarray):
        shares = np.zeros_like(items)
        shares[place] = g
        return (shares,)
    parts = [g if position == place else unarray(0.0, item) for position, item in enumerate(items)]
    if len(arguments) > 1:
        return tuple(parts)
    return (tuple(parts) if isinstance(items, tuple) else parts,)


def choose_extreme(g: tuple, arguments: tuple, ans: Any) -> Any:
    """The item of `g`, of the structure of `arguments`, that stands where `ans` was: mirrors `unchoose_extreme`."""
    place = chosen(arguments, ans)[1]
    return (g[0] if len(arguments) == 1 else g)[place]


def sorting(items: Any, key: Any = None, reverse: bool = False) -> list[int]:
    """The places from which `sorted(items)` takes its items, in order."""
    values = list(items)
    compared = values if key is None else [key(item) for item in values]
    return sorted(range(len(values)), key=compared.__getitem__, reverse=reverse)


def unsort(g: Any, items: Any, key: Any = None, reverse: bool = False) -> Any:
    """The cotangent of `items` where `g` is that of `sorted(items)`."""
    shares: list[Any] = [None] * len(items)
    for place, share in zip(sorting(items, key, reverse), g):
        shares[place] = share
    return relist(shares, items)


def resort(g: Any, items: Any, key: Any = None, reverse: bool = False) -> list[Any]:
    """`g`, of the structure of `items`, in the order that sorts these."""
    return [g[place] for place in sorting(items, key, reverse)]


def relist(g: Any, x: Any) -> Any:
    """The items of `g` in the kind of container that `x` is: list, tuple or array."""
    if isinstance(x, np.ndarray):
        return np.array(g, dtype=x.dtype).reshape(x.shape)
    if isinstance(x, tuple):
        return type(x)(*g) if hasattr(x, "_fields") else tuple(g)
    return list(g)


def join_sequences(a: Any, b: Any) -> Any:
    """`a + b` of two lists or two tuples."""
    return a + b


def first_items(g: Any, a: Any) -> Any:
    """The part of the cotangent `g` of `a + b` that belongs to the list or tuple `a`."""
    return g[: len(a)] if isinstance(g, (list, tuple)) else unbroadcast(g, a)


def last_items(g: Any, b: Any) -> Any:
    """The part of the cotangent `g` of `a + b` that belongs to the list or tuple `b`."""
    return g[len(g) - len(b) :] if isinstance(g, (list, tuple)) else unbroadcast(g, b)


def pad_items(g: Any, whole: Any, at_end: bool = False) -> Any:
    """The items of `g` as the first (or last) ones of a list that is otherwise zeros, of the structure of `whole`."""
    if not isinstance(whole, (list, tuple)):
        return unbroadcast(np.array(g), whole)
    count = len(whole) - len(g)
    return [*zeros(whole[:count]), *g] if at_end else [*g, *zeros(whole[len(g) :])]


def repeat_sequence(items: Any, count: Any) -> Any:
    """`items * count` of a list or tuple."""
    return items * count


def sum_repeated(g: Any, items: Any) -> Any:
    """The cotangent of `items` in `items * count`."""
    length = len(items)
    shares = zeros(items)
    for start in range(0, len(g), length or 1):
        shares = add(shares, g[start : start + length])
    return shares


def repeat_to_length(g: Any, items: Any) -> Any:
    """The items of `g` again and again, as many as there are in `items`."""
    return list(g) * (len(items) // len(g)) if len(g) else []


def unhypot(g: Any, coordinates: tuple, ans: Any) -> tuple:
    """The cotangents of the arguments of `math.hypot`; 0 at the origin."""
    return tuple(g * item / ans if ans else 0.0 for item in coordinates)


def undist(g: Any, p: Any, q: Any, ans: Any) -> Any:
    """The cotangent of `p` in `math.dist(p, q)`; 0 where the points are the same."""
    return relist([g * (a - b) / ans if ans else 0.0 for a, b in zip(p, q)], p)


# ----------------------------------------------------------------------------------------------------------- reductions


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


def undiff(g: Any, n: int = 1, axis: int = -1) -> Any:
    """The cotangent of `a` where `g` is that of `np.diff(a, n, axis)`."""
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
    return x if len(axes) == 1 else x.reshape(*x.shape[: x.ndim - len(axes)], -1) if x.size else x.reshape(
        *x.shape[: x.ndim - len(axes)], int(np.prod(x.shape[x.ndim - len(axes) :]))
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


# --------------------------------------------------------------------------------------------------- special functions


def power_derivative(x: Any, y: Any, order: int = 1) -> Any:
    """The derivative of this order of `x ** y` with respect to `x`; 0 wherever the falling factorial of `y` is 0."""
    factor = y
    for step in range(1, order):
        factor = factor * (y - step)
    if np.ndim(y) == 0:
        return factor * x ** (y - order) if factor else np.zeros_like(x) * 1.0
    safe = np.where(factor == 0, 1, y - order)
    return factor * np.where(factor == 0, 1, x) ** safe


def power_exponent_derivative(x: Any, y: Any, order: int = 1) -> Any:
    """The derivative of `power_derivative(x, y, order)` with respect to `y`."""
    factor, slope = y, np.ones_like(y) * 1.0
    for step in range(1, order):
        factor, slope = factor * (y - step), slope * (y - step) + factor
    return (slope + factor * log_or_zero(x)) * x ** (y - order)


def log_or_zero(x: Any) -> Any:
    """The logarithm, and 0 at 0: what `x ** y` needs for its derivative with respect to `y` (nan for negative `x`)."""
    if isinstance(x, float) and x > 0:
        return math.log(x)
    with np.errstate(invalid="ignore"):
        return np.log(np.where(x == 0, 1, x))[()]


def reciprocal_or_zero(x: Any) -> Any:
    """`1 / x`, and 0 at 0."""
    zero = x == 0
    return np.where(zero, 0, 1 / np.where(zero, 1, x))[()]


def larger_share(g: Any, x: Any, y: Any) -> Any:
    """The part of the cotangent `g` of `maximum(x, y)` that belongs to `x`: all, half (where equal), nothing."""
    if np.ndim(x) == 0 and np.ndim(y) == 0 and not isinstance(g, np.ndarray):
        return g if x > y else 0.5 * g if x == y else 0.0 * g
    return np.where(x == y, 0.5 * g, g * np.greater(x, y))


def clipped_below(a: Any, low: Any, high: Any) -> Any:
    """Where the result of `np.clip(a, low, high)` is `low`."""
    return a < low if high is None else np.logical_and(a < low, low < high)


def clipped_above(a: Any, low: Any, high: Any) -> Any:
    """Where the result of `np.clip(a, low, high)` is `high`."""
    return a > high if low is None else np.logical_or(a > high, np.logical_and(low >= high, np.not_equal(a, high)))


def direction(x: Any) -> Any:
    """The derivative of `abs`: the sign, or `conj(x) / abs(x)` of a complex number; 0 at 0."""
    return np.conj(np.sign(x)) if np.iscomplexobj(x) else np.sign(x)


def undirection(g: Any, x: Any) -> Any:
    """The cotangent of `x` where `g` is that of `direction(x)`: zero for real numbers."""
    if not np.iscomplexobj(x):
        return np.zeros_like(g)
    size = np.abs(x)
    scale = np.where(size == 0, 0, 1 / np.where(size == 0, 1, size))
    unit = np.conj(x) * scale
    return (np.conj(g) - np.real(g * unit) * unit) * scale


def sinc_derivative(x: Any, order: int = 1) -> Any:
    """The derivative of this order of `np.sinc`: by its power series near 0, by recurrence elsewhere."""
    u = np.pi * np.asarray(x)
    near = np.abs(u) < order + 2.0
    small, large = np.where(near, u, 0.0), np.where(near, 1.0, u)
    series = np.zeros_like(small)
    for k in range((order + 1) // 2, 40 + order):
        factor = (-1) ** k / ((2 * k + 1) * math.factorial(2 * k - order))
        series = series + factor * small ** (2 * k - order)
    value = np.sin(large) / large
    for n in range(1, order + 1):
        value = (np.sin(large + n * (np.pi / 2)) - n * value) / large
    return (np.pi**order * np.where(near, series, value)).astype(np.result_type(x, 0.0), copy=False)[()]


def polygamma(order: int, x: Any) -> Any:
    """The derivative of this order of the digamma function (order 0: digamma itself, the slope of `math.lgamma`)."""
    x = np.asarray(x, dtype=np.result_type(x, 0.0))
    if order == 0 and np.any(x < 0):
        mirrored = polygamma(0, np.where(x < 0, 1 - x, 1.0)) - np.pi / np.tan(np.pi * np.where(x < 0, x, 0.5))
        return np.where(x < 0, mirrored, polygamma(0, np.where(x < 0, 1.0, x)))[()]
    total, sign = np.zeros_like(x), (-1) ** (order + 1)
    while np.any(x < 15 + order):
        step = x < 15 + order
        total = total + np.where(step, sign * math.factorial(order) / np.where(step, x, 1.0) ** (order + 1), 0.0)
        x = np.where(step, x + 1, x)
    if order == 0:
        total = total + np.log(x) - 0.5 / x
    else:
        total = total + sign * (
            math.factorial(order - 1) / x**order + math.factorial(order) / (2 * x ** (order + 1))
        )
    bernoulli = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510)
    for k, number in enumerate(bernoulli, start=1):
        total = total + sign * number * math.factorial(2 * k + order - 1) / math.factorial(2 * k) / x ** (2 * k + order)
    return total[()]


def bessel_i(order: int, x: Any) -> Any:
    """The modified Bessel function of the first kind of integer order, by the trapezoidal rule on its integral."""
    x = np.asarray(x)
    count = 64 + 2 * int(np.max(np.abs(x), initial=0.0) + order)
    angles = (np.arange(count) + 0.5) * (np.pi / count)
    return np.mean(np.exp(x[..., None] * np.cos(angles)) * np.cos(order * angles), axis=-1).astype(x.dtype)[()]


# ---------------------------------------------------------------------------------------------- the shape of cotangents


def reshape_like(g: Any, x: Any) -> Any:
    """`g` with the shape (and for lists the structure) of `x`, elements in the same order."""
    if isinstance(x, (list, tuple)):
        return unarray(np.reshape(g, np.shape(x)), x)
    shape = np.shape(x)
    g = g if np.shape(g) == shape else np.reshape(g, shape)
    return g[()] if isinstance(g, np.ndarray) and not isinstance(x, np.ndarray) else g


def reading_order(x: Any, order: str) -> str:
    """The order, "C" or "F", in which `np.reshape(x, shape, order)` and `np.ravel(x, order)` read `x`."""
    if order in ("C", "F"):
        return order
    x = np.asarray(x)
    if order == "A":
        return "F" if x.flags.fnc else "C"
    strides = [abs(stride) for stride, size in zip(x.strides, x.shape) if size > 1]
    if strides == sorted(strides, reverse=True):
        return "C"
    if strides == sorted(strides):
        return "F"
    raise NotImplementedError(f"the derivative of reading an array of strides {x.strides} in order {order!r}")


def inverse_permutation(axes: Any) -> tuple[int, ...]:
    """The argument of the transposition that undoes `np.transpose(x, axes)`."""
    count = len(axes)
    normal = [axis % count for axis in axes]
    return tuple(normal.index(axis) for axis in range(count))


def rolled_axis(axis: int, start: int, rank: int) -> int:
    """The place where `np.rollaxis(x, axis, start)` puts the axis of an array of this rank."""
    axis, start = axis % rank, start + rank if start < 0 else start
    return start - 1 if axis < start else start


def opposite(shift: Any) -> Any:
    """A number, or each number of a tuple, with the sign changed."""
    return tuple(-item for item in shift) if isinstance(shift, (tuple, list)) else -shift


def unbroadcast_each(g: Any, arrays: Any) -> tuple:
    """The cotangents of several arrays that were broadcast against each other."""
    return tuple(unbroadcast(part, x) for part, x in zip(g, arrays))


def reshape_each(g: Any, arrays: Any) -> tuple:
    """The cotangents of arrays of which each was given more dimensions; a single array has a bare cotangent."""
    return tuple(reshape_like(part, x) for part, x in zip((g,) if len(arrays) == 1 else g, arrays))


def reshape_results(g: Any, results: Any) -> Any:
    """The mirror image of `reshape_each`: `results` is what the function returned."""
    if isinstance(results, (tuple, list)):
        return tuple(reshape_like(part, x) for part, x in zip(g, results))
    return reshape_like(g[0], results)


def unrepeat(g: Any, a: Any, repeats: Any, axis: Any = None) -> Any:
    """The cotangent of `a` in `np.repeat(a, repeats, axis)`."""
    if isinstance(a, (list, tuple)):
        return unarray(unrepeat(g, np.array(a), repeats, axis), a)
    shape = np.shape(a)
    if axis is None:
        return np.reshape(unrepeat(g, np.reshape(a, -1), repeats, 0), shape)
    if not shape:
        return np.reshape(np.sum(g), ())
    axis = axis % len(shape)
    length = shape[axis]
    if np.size(repeats) == 1:
        count = int(np.reshape(repeats, ()))
        return np.sum(np.reshape(g, (*shape[:axis], length, count, *shape[axis + 1 :])), axis=axis + 1)
    result = np.zeros(shape, g.dtype)
    np.add.at(result, (slice(None),) * axis + (np.repeat(np.arange(length), repeats),), g)
    return result


def untile(g: Any, a: Any, reps: Any) -> Any:
    """The cotangent of `a` in `np.tile(a, reps)`."""
    if isinstance(a, (list, tuple)):
        return unarray(untile(g, np.array(a), reps), a)
    shape = np.shape(a)
    counts = tuple(reps) if isinstance(reps, (tuple, list, np.ndarray)) else (reps,)
    rank = max(len(shape), len(counts))
    counts = (1,) * (rank - len(counts)) + counts
    sizes = (1,) * (rank - len(shape)) + shape
    paired = np.reshape(g, tuple(size for pair in zip(counts, sizes) for size in pair))
    return np.reshape(np.sum(paired, axis=tuple(range(0, 2 * rank, 2))), shape)


def unpad(g: Any, array: Any, pad_width: Any, mode: str = "constant", reflect_type: str = "even") -> Any:
    """The cotangent of `array` in `np.pad(array, pad_width, mode)`."""
    if isinstance(array, (list, tuple)):
        return unarray(unpad(g, np.array(array), pad_width, mode, reflect_type), array)
    shape = np.shape(array)
    if mode == "constant":
        where = np.pad(np.ones(shape, bool), pad_width)
        return np.reshape(g[where], shape)
    if mode not in ("edge", "wrap", "reflect", "symmetric") or reflect_type != "even":
        raise NotImplementedError(f"the derivative of np.pad with mode={mode!r}, reflect_type={reflect_type!r}")
    positions = np.pad(np.reshape(np.arange(np.size(array)), shape), pad_width, mode)  # type: ignore[call-overload]
    result = np.zeros(np.size(array), g.dtype)
    np.add.at(result, positions, g)
    return np.reshape(result, shape)


def undiagonal(g: Any, a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The cotangent of `a` in `np.diagonal(a, offset, axis1, axis2)`: zeros with `g` on the diagonal."""
    if isinstance(a, (list, tuple)):
        return unarray(undiagonal(g, np.array(a), offset, axis1, axis2), a)
    result = np.zeros(np.shape(a), np.result_type(g))
    view = np.moveaxis(result, (axis1, axis2), (-2, -1))
    count = np.shape(g)[-1]
    rows = np.arange(count) + max(-offset, 0)
    view[..., rows, rows + offset] = g
    return result


def untrace(g: Any, a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The cotangent of `a` in `np.trace(a, offset, axis1, axis2)`: `g` all along the diagonal."""
    length = np.diagonal(np.asarray(a), offset, axis1, axis2).shape[-1]
    repeated = np.broadcast_to(np.expand_dims(g, -1), (*np.shape(g), length))
    return match_dtype(undiagonal(repeated, a, offset, axis1, axis2), a)


def unmeshgrid(g: Any, arrays: Any, indexing: str = "xy") -> tuple:
    """The cotangents of the arrays of `np.meshgrid(*arrays, indexing=indexing)`, sparse or not."""
    count = len(arrays)
    results = []
    for position, (part, x) in enumerate(zip(g, arrays)):
        own = 1 - position if indexing == "xy" and count > 1 and position < 2 else position
        results.append(reshape_like(np.sum(part, axis=tuple(k for k in range(count) if k != own)), x))
    return tuple(results)


def remeshgrid(g: Any, results: Any, indexing: str = "xy") -> tuple:
    """Each of `g` laid out like the arrays that `np.meshgrid` returned: the mirror image of `unmeshgrid`."""
    count = len(g)
    laid_out = []
    for position, (part, result) in enumerate(zip(g, results)):
        own = 1 - position if indexing == "xy" and count > 1 and position < 2 else position
        column = np.reshape(part, tuple(-1 if k == own else 1 for k in range(count)))
        laid_out.append(np.broadcast_to(column, np.shape(result)))
    return tuple(laid_out)


# -------------------------------------------------------------------------------------------------------------- joining


def unconcatenate(g: Any, arrays: Any, axis: Any = 0) -> Any:
    """The cotangents of the arrays of `np.concatenate(arrays, axis)`: slices of `g`."""
    if axis is None:
        return split_parts(np.reshape(g, -1), arrays, [np.size(x) for x in arrays], 0)
    return split_parts(g, arrays, [np.shape(x)[axis] for x in arrays], axis)


def split_parts(g: Any, arrays: Any, lengths: list[int], axis: int) -> Any:
    """Consecutive pieces of `g` of these lengths, each in the shape and dtype of its array; an array if `arrays` is."""
    parts, start = [], 0
    leading = (slice(None),) * (axis % np.ndim(g))
    for x, length in zip(arrays, lengths):
        piece = g[(*leading, slice(start, start + length))]
        parts.append(unbroadcast(np.reshape(piece, np.shape(x)), x))
        start += length
    return np.stack(parts) if isinstance(arrays, np.ndarray) else tuple(parts)


def unstack_items(g: Any, arrays: Any, axis: int = 0) -> Any:
    """The cotangents of the arrays of `np.stack(arrays, axis)`: `g` at each index of the new axis."""
    moved = np.moveaxis(g, axis, 0)
    if isinstance(arrays, np.ndarray):
        return moved
    return tuple(unbroadcast(moved[position], x) for position, x in enumerate(arrays))


def unvstack(g: Any, arrays: Any) -> Any:
    """The cotangents of the arrays of `np.vstack(arrays)`."""
    return split_parts(g, arrays, [np.shape(x)[0] if np.ndim(x) > 1 else 1 for x in arrays], 0)


def unhstack(g: Any, arrays: Any) -> Any:
    """The cotangents of the arrays of `np.hstack(arrays)`."""
    axis = 0 if np.ndim(g) == 1 else 1
    return split_parts(g, arrays, [np.shape(x)[axis] if np.ndim(x) else 1 for x in arrays], axis)


def undstack(g: Any, arrays: Any) -> Any:
    """The cotangents of the arrays of `np.dstack(arrays)`."""
    return split_parts(g, arrays, [np.shape(x)[2] if np.ndim(x) > 2 else 1 for x in arrays], 2)


def uncolumn_stack(g: Any, arrays: Any) -> Any:
    """The cotangents of the arrays of `np.column_stack(arrays)`."""
    return split_parts(g, arrays, [np.shape(x)[1] if np.ndim(x) > 1 else 1 for x in arrays], 1)


def unblock(g: Any, arrays: Any) -> Any:
    """The cotangents of the nested lists of `np.block(arrays)`, nested alike."""

    def depth(item: Any) -> int:
        return 1 + max(map(depth, item)) if isinstance(item, list) else 0

    def shape(item: Any, level: int) -> tuple[int, ...]:
        if not isinstance(item, list):
            return (1,) * (rank - np.ndim(item)) + np.shape(item)
        parts = [shape(part, level - 1) for part in item]
        axis = rank - level
        return (*parts[0][:axis], sum(part[axis] for part in parts), *parts[0][axis + 1 :])

    def cut(piece: Any, item: Any, level: int) -> Any:
        if not isinstance(item, list):
            return unbroadcast(np.reshape(piece, np.shape(item)), item)
        results, start, axis = [], 0, rank - level
        for part in item:
            length = shape(part, level - 1)[axis]
            results.append(cut(piece[(slice(None),) * axis + (slice(start, start + length),)], part, level - 1))
            start += length
        return results

    rank = np.ndim(g)
    return cut(np.asarray(g), arrays, depth(arrays))


def unappend(g: Any, arr: Any, values: Any, axis: Any = None) -> tuple:
    """The cotangents of `arr` and `values` in `np.append(arr, values, axis)`."""
    first, second = unconcatenate(g, (np.asarray(arr), np.asarray(values)), axis)
    return unbroadcast(first, arr), unbroadcast(second, values)


def inserted_positions(length: int, count: int, place: Any) -> tuple[Any, Any]:
    """Where the old elements, and where the new ones, in their order, are after `np.insert(x, place, new)` in 1-d."""
    marks = np.insert(np.arange(length), place, length + np.arange(count))
    order = np.argsort(marks, kind="stable")
    return order[:length], order[length:]


def uninsert(g: Any, arr: Any, obj: Any, values: Any, axis: Any = None) -> tuple:
    """The cotangents of `arr` and `values` in `np.insert(arr, obj, values, axis)`."""
    old = np.reshape(arr, -1) if axis is None else np.asarray(arr)
    axis = 0 if axis is None else axis % old.ndim
    single = not isinstance(obj, slice) and np.ndim(obj) == 0
    if isinstance(obj, slice):
        obj = np.arange(old.shape[axis])[obj]
    kept, new = inserted_positions(old.shape[axis], g.shape[axis] - old.shape[axis], obj)
    inserted = np.take(g, new, axis)
    promoted = np.array(values, ndmin=old.ndim)
    if single:  # NumPy lays a single insertion out with the axis of insertion first
        promoted = np.moveaxis(promoted, 0, axis)
        part = np.moveaxis(unbroadcast(inserted, promoted), axis, 0)
    else:
        part = unbroadcast(inserted, promoted)
    first = np.reshape(np.take(g, kept, axis), np.shape(arr))
    return unbroadcast(first, arr), unbroadcast(np.reshape(part, np.shape(values)), values)


def undelete(g: Any, arr: Any, obj: Any, axis: Any = None) -> Any:
    """The cotangent of `arr` in `np.delete(arr, obj, axis)`."""
    if axis is None:
        return reshape_like(undelete(g, np.reshape(arr, -1), obj, 0), arr)
    shape = np.shape(arr)
    kept = np.delete(np.arange(shape[axis]), obj)
    result = np.zeros(shape, g.dtype)
    result[(slice(None),) * (axis % len(shape)) + (kept,)] = g
    return reshape_like(result, arr)


# ------------------------------------------------------------------------------------------------------------- indexing


def index_items(index: Any) -> tuple:
    """An index as a tuple of its items."""
    return index if isinstance(index, tuple) else (index,)


def is_basic(index: Any) -> bool:
    """Whether an index selects each element at most once by integers, slices, None and Ellipsis alone."""
    return all(
        item is None or item is Ellipsis or isinstance(item, (slice, np.integer)) or type(item) is int
        for item in index_items(index)
    )


def may_repeat(index: Any) -> bool:
    """Whether an index may select an element more than once: it holds an array or a list of integers."""
    for item in index_items(index):
        if isinstance(item, np.ndarray):
            if item.dtype.kind != "b":
                return True
        elif isinstance(item, (list, tuple)) or (hasattr(item, "__array__") and not isinstance(item, np.generic)):
            if np.asarray(item).dtype.kind != "b":
                return True
    return False


def zeros_of(x: Any) -> Any:
    """Zeros of the structure, shapes and dtypes of `x`: arrays, numbers, lists, tuples and dicts of them."""
    if isinstance(x, np.ndarray):
        if x.dtype.kind == "O":
            result = np.empty_like(x)
            result[...] = 0.0
            return result
        return np.zeros(x.shape, x.dtype)
    if isinstance(x, np.generic):
        return x.dtype.type(0)
    if isinstance(x, (float, complex)):
        return 0.0 * x if x == x and x - x == 0 else type(x)(0)
    if isinstance(x, dict):
        return {key: zeros_of(item) for key, item in x.items()}
    if isinstance(x, tuple) and hasattr(x, "_fields"):
        return type(x)(*map(zeros_of, x))
    if isinstance(x, (list, tuple)):
        return type(x)(map(zeros_of, x))
    return 0.0


def scatter(x: Any, index: Any, g: Any) -> Any:
    """Zeros like `x` with `g` added at `index`: the cotangent of `x` in `x[index]`."""
    if isinstance(x, tuple):
        return unlist(scatter(list(x), index, g), x)
    result = zeros_of(x)
    if not isinstance(x, np.ndarray) or not may_repeat(index):
        result[index] = g
    else:
        np.add.at(result, index, g)
    return result


def unlist(items: list, x: tuple) -> tuple:
    """The items as a tuple of the class of `x`."""
    return type(x)(*items) if hasattr(x, "_fields") else type(x)(items)


def add_at(buffer: Any, index: Any, g: Any) -> None:
    """`buffer[index] += g`, where an element that `index` selects several times gets all of its summands."""
    if type(index) is not int and isinstance(buffer, np.ndarray) and may_repeat(index):
        np.add.at(buffer, index, g)
    else:
        buffer[index] += g


def written(shape: tuple[int, ...], index: Any) -> Any:
    """Which elements of `value` survive in `x[index] = value`, x of this shape: the last that goes to a place."""
    owner = np.empty(shape, np.intp)
    target = owner[index]
    numbers = np.reshape(np.arange(target.size), target.shape)
    owner[index] = numbers
    return owner[index] == numbers


def pull(x_bar: Any, index: Any, value: Any) -> Any:
    """The cotangent of `value` in `x[index] = value`, in memory of its own; `x_bar` is that of `x` afterwards."""
    part = x_bar[index]
    if not isinstance(x_bar, np.ndarray):
        return part
    if type(index) is not int and may_repeat(index):
        part = np.where(written(x_bar.shape, index), part, 0)
    result = unbroadcast_value(part, value)
    return result.copy() if isinstance(result, np.ndarray) and np.may_share_memory(result, x_bar) else result


def unbroadcast_value(g: Any, value: Any) -> Any:
    """`unbroadcast` for assignments, in which leading dimensions of 1 of the value may be dropped."""
    extra = np.ndim(value) - np.ndim(g)
    return unbroadcast(np.reshape(g, (1,) * extra + np.shape(g)) if extra > 0 else g, value)


def push(x: Any, index: Any, value: Any) -> Any:
    """Zeros like `x` in which `value` was assigned to `index`: the mirror image of `pull`."""
    result = zeros_of(x)
    result[index] = value
    return result


def clear_at(buffer: Any, index: Any) -> None:
    """Zero what `index` selects of a buffer."""
    buffer[index] = 0 if isinstance(buffer, np.ndarray) else zeros_of(buffer[index])


def mode_positions(indices: Any, length: int, mode: str) -> Any:
    """The indices of `np.take(x, indices, mode=mode)` as indices between `-length` and `length - 1`."""
    if mode == "wrap":
        return np.mod(indices, length)
    if mode == "clip":
        return np.clip(indices, 0, length - 1)
    return np.asarray(indices)


def untake(g: Any, a: Any, indices: Any, axis: Any = None, mode: str = "raise") -> Any:
    """The cotangent of `a` in `np.take(a, indices, axis, mode=mode)`."""
    if isinstance(a, (list, tuple)):
        return unarray(untake(g, np.array(a), indices, axis, mode), a)
    shape = np.shape(a)
    if axis is None:
        return np.reshape(untake(g, np.reshape(a, -1), indices, 0, mode), shape)
    axis = axis % len(shape)
    positions = mode_positions(indices, shape[axis], mode)
    result = np.zeros(shape, np.result_type(g))
    np.add.at(result, (slice(None),) * axis + (positions,), g)
    return result


def along_axis(shape: tuple[int, ...], indices: Any, axis: int) -> tuple:
    """The index with which `np.take_along_axis` reads an array of this shape."""
    axis = axis % len(shape)
    rank = len(shape)
    grid = [np.reshape(np.arange(size), (-1,) + (1,) * (rank - place - 1)) for place, size in enumerate(shape)]
    return (*grid[:axis], indices, *grid[axis + 1 :])


def untake_along_axis(g: Any, arr: Any, indices: Any, axis: Any = -1) -> Any:
    """The cotangent of `arr` in `np.take_along_axis(arr, indices, axis)`."""
    if isinstance(arr, (list, tuple)):
        return unarray(untake_along_axis(g, np.array(arr), indices, axis), arr)
    if axis is None:
        return np.reshape(untake(g, np.reshape(arr, -1), indices, 0), np.shape(arr))
    shape = np.shape(arr)
    result = np.zeros(shape, g.dtype)
    index = along_axis(shape, indices, axis)
    if any(size == 1 and np.shape(g)[k] != 1 for k, size in enumerate(shape) if k != axis % len(shape)):
        index = tuple(part if k == axis % len(shape) else np.minimum(part, 0) for k, part in enumerate(index))
    np.add.at(result, index, g)
    return result


def unpermute(g: Any, arr: Any, positions: Any, axis: Any = -1) -> Any:
    """`untake_along_axis` for positions that are a permutation along the axis, as those of a sort are."""
    if isinstance(arr, (list, tuple)):
        return unarray(unpermute(g, np.array(arr), positions, axis), arr)
    if axis is None:
        result = np.empty(np.size(arr), g.dtype)
        result[positions] = g
        return np.reshape(result, np.shape(arr))
    result = np.empty_like(g)
    np.put_along_axis(result, positions, g, axis)
    return result


def matching_positions(a: Any, ans: Any, axis: Any = -1) -> Any:
    """Positions with `ans` = `np.take_along_axis(a, positions, axis)`, where `ans` is `a` rearranged along the axis."""
    source, target = np.argsort(a, axis=axis), np.argsort(ans, axis=-1 if axis is None else axis)
    result = np.empty_like(target)
    np.put_along_axis(result, target, source, -1 if axis is None else axis)
    return result


def unchoose(g: Any, a: Any, choices: Any, mode: str = "raise") -> Any:
    """The cotangents of the items of `choices` in `np.choose(a, choices, mode=mode)`."""
    selected = mode_positions(a, len(choices), mode)
    parts = tuple(unbroadcast(np.where(selected == number, g, 0), item) for number, item in enumerate(choices))
    return np.stack(parts) if isinstance(choices, np.ndarray) else parts


def unselect(g: Any, condlist: Any, choicelist: Any, default: Any = 0) -> tuple:
    """The cotangents of `choicelist` (a tuple) and of `default` in `np.select(condlist, choicelist, default)`."""
    free, parts = np.asarray(True), []
    for condition, choice in zip(condlist, choicelist):
        parts.append(unbroadcast(np.where(free & condition, g, 0), choice))
        free = free & ~np.asarray(condition)
    chosen = np.stack(parts) if isinstance(choicelist, np.ndarray) else tuple(parts)
    return chosen, unbroadcast(np.where(free, g, 0), default)


def unrepeat_values(g: Any, values: Any) -> Any:
    """The cotangent of `values` whose elements, in order and as often as needed, went to the elements of `g`."""
    g = np.reshape(g, -1)
    size = np.size(values)
    if size == 0:
        return zeros_of(values)
    result = np.zeros(size, g.dtype)
    np.add.at(result, np.arange(g.size) % size, g)
    return unbroadcast(np.reshape(result, np.shape(values)), values)


def put_positions(shape: tuple[int, ...], indices: Any, mode: str = "raise") -> Any:
    """The flat positions that `np.put(x, indices, values, mode)` writes to, x of this shape."""
    return np.reshape(mode_positions(indices, math.prod(shape), mode), -1)


def put_mask(x: Any, indices: Any, mode: str = "raise") -> Any:
    """Which of the values of `np.put(x, indices, values, mode)` survive: the last that goes to a place."""
    return written((np.size(x),), put_positions(np.shape(x), indices, mode))


def unput(x_bar: Any, indices: Any, values: Any, mode: str = "raise") -> Any:
    """The cotangent of `values` in `np.put(x, indices, values, mode)`, where `x_bar` is that of `x` afterwards."""
    positions = put_positions(np.shape(x_bar), indices, mode)
    return unrepeat_values(np.where(written((np.size(x_bar),), positions), np.take(x_bar, positions), 0), values)


def unput_along_axis(x_bar: Any, indices: Any, values: Any, axis: Any) -> Any:
    """The cotangent of `values` in `np.put_along_axis(x, indices, values, axis)`; `x_bar` is that of `x` afterwards."""
    if axis is None:
        return pull(np.reshape(x_bar, -1), np.asarray(indices), values)
    return pull(x_bar, along_axis(x_bar.shape, indices, axis), values)


def unputmask(x_bar: Any, mask: Any, values: Any) -> Any:
    """The cotangent of `values` in `np.putmask(x, mask, values)`, where `x_bar` is that of `x` afterwards."""
    size = np.size(values)
    if size == 0:
        return zeros_of(values)
    result = np.zeros(size, x_bar.dtype)
    np.add.at(result, np.reshape(np.arange(x_bar.size) % size, x_bar.shape)[mask], x_bar[mask])
    return unbroadcast(np.reshape(result, np.shape(values)), values)


def diagonal_positions(shape: tuple[int, ...], wrap: bool = False) -> Any:
    """The flat positions that `np.fill_diagonal` writes to."""
    if len(shape) == 2:
        end = None if wrap else shape[1] * shape[1]
        return np.arange(math.prod(shape))[: end : shape[1] + 1]
    return np.arange(math.prod(shape))[:: 1 + int(np.sum(np.cumprod(shape[:-1])))]


def first_positions(ar: Any) -> Any:
    """Where each value of `np.unique(ar)` occurs first in the flattened array."""
    return np.unique(ar, return_index=True)[1]


# ------------------------------------------------------------------------------------------------------------- products


def matrix_transpose(x: Any) -> Any:
    """The last two axes exchanged."""
    return np.swapaxes(x, -1, -2)


def matmul_left(g: Any, a: Any, b: Any) -> Any:
    """The cotangent of `a` in `a @ b`."""
    if isinstance(a, (list, tuple)):
        return unarray(matmul_left(g, np.array(a), b), a)
    b = np.asarray(b)
    if b.ndim == 1:
        result = g * b if np.ndim(a) == 1 else np.expand_dims(g, -1) * b
    elif np.ndim(a) == 1:
        result = (b @ np.expand_dims(g, -1))[..., 0]
    else:
        result = g @ np.swapaxes(b, -1, -2)
    return unbroadcast(result, a)


def matmul_right(g: Any, a: Any, b: Any) -> Any:
    """The cotangent of `b` in `a @ b`."""
    if isinstance(b, (list, tuple)):
        return unarray(matmul_right(g, a, np.array(b)), b)
    a = np.asarray(a)
    if a.ndim == 1:
        result = g * a if np.ndim(b) == 1 else np.expand_dims(a, -1) * np.expand_dims(g, -2)
    elif np.ndim(b) == 1:
        result = np.reshape(g, -1) @ np.reshape(a, (-1, a.shape[-1])) if a.size else np.zeros_like(b)
    elif np.ndim(b) == 2 and a.ndim > 2 and a.size:
        result = np.reshape(a, (-1, a.shape[-1])).T @ np.reshape(g, (-1, np.shape(b)[1]))
    else:
        result = np.swapaxes(a, -1, -2) @ g
    return unbroadcast(result, b)


def dot_left(g: Any, a: Any, b: Any) -> Any:
    """The cotangent of `a` in `np.dot(a, b)`."""
    if isinstance(a, (list, tuple)):
        return unarray(dot_left(g, np.array(a), b), a)
    rank_a, rank_b = np.ndim(a), np.ndim(b)
    if rank_a == 0 or rank_b == 0:
        return unbroadcast(np.sum(g * b) if rank_a == 0 else g * b, a)
    if rank_b <= 2 and rank_a <= 2:
        return matmul_left(g, a, b)
    others = [*range(rank_b - 2), rank_b - 1] if rank_b > 1 else []
    return unbroadcast(np.tensordot(g, b, (list(range(rank_a - 1, np.ndim(g))), others)), a)


def dot_right(g: Any, a: Any, b: Any) -> Any:
    """The cotangent of `b` in `np.dot(a, b)`."""
    if isinstance(b, (list, tuple)):
        return unarray(dot_right(g, a, np.array(b)), b)
    rank_a, rank_b = np.ndim(a), np.ndim(b)
    if rank_a == 0 or rank_b == 0:
        return unbroadcast(np.sum(g * a) if rank_b == 0 else g * a, b)
    if rank_b <= 2 and rank_a <= 2:
        return matmul_right(g, a, b)
    leading = list(range(rank_a - 1))
    result = np.tensordot(a, g, (leading, leading))
    return unbroadcast(np.moveaxis(result, 0, -2) if rank_b > 1 else result, b)


def inner_left(g: Any, a: Any, b: Any) -> Any:
    """The cotangent of `a` in `np.inner(a, b)`."""
    if isinstance(a, (list, tuple)):
        return unarray(inner_left(g, np.array(a), b), a)
    rank_a, rank_b = np.ndim(a), np.ndim(b)
    if rank_a == 0 or rank_b == 0:
        return unbroadcast(np.sum(g * b) if rank_a == 0 else g * b, a)
    return unbroadcast(np.tensordot(g, b, (list(range(rank_a - 1, np.ndim(g))), list(range(rank_b - 1)))), a)


def inner_right(g: Any, a: Any, b: Any) -> Any:
    """The cotangent of `b` in `np.inner(a, b)`."""
    if isinstance(b, (list, tuple)):
        return unarray(inner_right(g, a, np.array(b)), b)
    rank_a, rank_b = np.ndim(a), np.ndim(b)
    if rank_a == 0 or rank_b == 0:
        return unbroadcast(np.sum(g * a) if rank_b == 0 else g * a, b)
    leading = list(range(rank_a - 1))
    return unbroadcast(np.tensordot(g, a, (leading, leading)), b)


def tensordot_axes(axes: Any, rank_a: int, rank_b: int) -> tuple[list[int], list[int]]:
    """The axes of `np.tensordot` as two lists of non-negative numbers."""
    if isinstance(axes, (int, np.integer)):
        return list(range(rank_a - int(axes), rank_a)), list(range(int(axes)))
    first, second = axes
    left: list[Any] = [first] if isinstance(first, (int, np.integer)) else list(first)
    right: list[Any] = [second] if isinstance(second, (int, np.integer)) else list(second)
    return [axis % rank_a for axis in left], [axis % rank_b for axis in right]


def tensordot_left(g: Any, a: Any, b: Any, axes: Any = 2) -> Any:
    """The cotangent of `a` in `np.tensordot(a, b, axes)`."""
    rank_a, rank_b = np.ndim(a), np.ndim(b)
    axes_a, axes_b = tensordot_axes(axes, rank_a, rank_b)
    free_a = [axis for axis in range(rank_a) if axis not in axes_a]
    free_b = [axis for axis in range(rank_b) if axis not in axes_b]
    result = np.tensordot(g, b, (list(range(len(free_a), np.ndim(g))), free_b))
    order = free_a + [axes_a[position] for position in np.argsort(axes_b)]
    return unbroadcast(np.transpose(result, inverse_permutation(order)), a)


def tensordot_right(g: Any, a: Any, b: Any, axes: Any = 2) -> Any:
    """The cotangent of `b` in `np.tensordot(a, b, axes)`."""
    rank_a, rank_b = np.ndim(a), np.ndim(b)
    axes_a, axes_b = tensordot_axes(axes, rank_a, rank_b)
    free_a = [axis for axis in range(rank_a) if axis not in axes_a]
    free_b = [axis for axis in range(rank_b) if axis not in axes_b]
    result = np.tensordot(a, g, (free_a, list(range(len(free_a)))))
    order = [axes_b[position] for position in np.argsort(axes_a)] + free_b
    return unbroadcast(np.transpose(result, inverse_permutation(order)), b)


def kron_pairs(g: Any, a: Any, b: Any) -> tuple[Any, tuple[int, ...], tuple[int, ...]]:
    """`g`, of the shape of `np.kron(a, b)`, with each axis split into one of `a` and one of `b`; and the two shapes."""
    rank = max(np.ndim(a), np.ndim(b))
    left = (1,) * (rank - np.ndim(a)) + np.shape(a)
    right = (1,) * (rank - np.ndim(b)) + np.shape(b)
    return np.reshape(g, tuple(size for pair in zip(left, right) for size in pair)), left, right


def kron_left(g: Any, a: Any, b: Any) -> Any:
    """The cotangent of `a` in `np.kron(a, b)`."""
    paired, _, right = kron_pairs(g, a, b)
    rank = len(right)
    result = np.tensordot(paired, np.reshape(b, right), (list(range(1, 2 * rank, 2)), list(range(rank))))
    return unbroadcast(np.reshape(result, np.shape(a)), a)


def kron_right(g: Any, a: Any, b: Any) -> Any:
    """The cotangent of `b` in `np.kron(a, b)`."""
    paired, left, _ = kron_pairs(g, a, b)
    rank = len(left)
    result = np.tensordot(paired, np.reshape(a, left), (list(range(0, 2 * rank, 2)), list(range(rank))))
    return unbroadcast(np.reshape(result, np.shape(b)), b)


# ------------------------------------------------------------------------------------------ cotangents of whole values


def zeros(x: Any, within: tuple = ()) -> Any:
    """A zero cotangent for `x`, in its structure: arrays and lists of zeros may be added to in place.

    `within` holds the objects that `x` was reached through; one that refers back to itself ends there.
    """
    if isinstance(x, np.ndarray):
        return np.zeros_like(x) if x.dtype.kind != "O" else np.array([zeros(item) for item in x.flat]).reshape(x.shape)
    if isinstance(x, (tuple, list)):
        return [zeros(item, within) for item in x]
    if isinstance(x, dict):
        return {key: zeros(item, within) for key, item in x.items()}
    if isinstance(x, np.generic) and x.dtype.kind in "fc":
        return x.dtype.type(0)
    if x is None or isinstance(x, (int, float, complex, str, bytes, np.generic, type)):
        return 0.0
    shadow = Shadow()
    if dataclasses.is_dataclass(x):
        vars(shadow).update((field.name, zeros(getattr(x, field.name, None))) for field in dataclasses.fields(x))
    elif not any(x is outer for outer in within):
        for name, item in getattr(x, "__dict__", {}).items():
            if isinstance(item, (list, dict)) or isinstance(item, np.ndarray) and item.dtype.kind == "f":
                vars(shadow)[name] = zeros(item, (*within, x))
    return shadow


def ones(x: Any, is_part: bool = False) -> Any:
    """A cotangent of ones for `x`, in its structure; a part of an output that is not numeric gets a zero."""
    if isinstance(x, np.ndarray):
        return np.ones_like(x)
    if isinstance(x, (tuple, list)):
        return [ones(item, True) for item in x]
    if isinstance(x, dict):
        return {key: ones(item, True) for key, item in x.items()}
    if isinstance(x, np.generic) and x.dtype.kind in "fc":
        return x.dtype.type(1)
    if dataclasses.is_dataclass(x) and not isinstance(x, type):
        cotangent = Shadow()
        vars(cotangent).update((field.name, ones(getattr(x, field.name))) for field in dataclasses.fields(x))
        return cotangent
    if is_part and (x is None or isinstance(x, (str, bytes))):
        return 0.0
    if x is None or isinstance(x, (str, bytes, set, frozenset, complex)):
        what = f"complex ({x!r})" if isinstance(x, complex) else f"not numeric: {x!r}"
        raise ValueError(f"the output has no gradient: it is {what}; return real numbers or arrays")
    return 1.0


def add(a: Any, b: Any) -> Any:
    """The sum of two cotangents of one value, leaf by leaf; a zero stands for any structure."""
    if isinstance(a, float) and isinstance(b, (tuple, list, dict, Shadow)):
        return b
    if isinstance(b, float) and isinstance(a, (tuple, list, dict, Shadow)):
        return a
    if isinstance(a, (tuple, list)):
        return [add(p, q) for p, q in zip(a, b, strict=True)]
    if isinstance(a, dict):
        return {key: add(item, b[key]) for key, item in a.items()}
    if isinstance(a, Shadow):
        total = Shadow()
        vars(total).update((name, add(getattr(a, name), getattr(b, name))) for name in {**vars(a), **vars(b)})
        return total
    return a + b


def add_into(shadow: Any, g: Any) -> None:
    """Add the cotangent `g` to a shadow (array, list, dict) in place; a zero stands for any structure."""
    if type(g) is float and g == 0.0:
        return
    if isinstance(shadow, np.ndarray):
        if not shadow.flags.writeable:
            raise DerivativeRefused("a cotangent that is broadcast cannot be added to in place: give example arguments")
        shadow += g
    elif isinstance(shadow, Shadow):
        for name, item in vars(g).items():
            add_attribute(shadow, name, item)
    elif isinstance(shadow, (list, dict)):
        for key, item in enumerate(g) if isinstance(shadow, list) else g.items():
            if isinstance(shadow[key], (np.ndarray, list, dict)):
                add_into(shadow[key], item)
            else:
                shadow[key] = _owned(add(shadow[key], item), item)
    else:
        raise DerivativeRefused(f"a {type(shadow).__name__} cannot hold a cotangent that is added to in place")


def add_item(buffer: Any, index: Any, g: Any) -> None:
    """Add the cotangent `g` of `x[index]` to the cotangent `buffer` of the list, tuple, dict or array `x`, in place."""
    if isinstance(buffer, np.ndarray):
        np.add.at(buffer, index, g)
    elif isinstance(buffer, tuple):
        raise DerivativeRefused("a cotangent that is a tuple cannot be added to in place: give example arguments")
    elif isinstance(index, slice):
        for position, item in zip(range(*index.indices(len(buffer))), g, strict=True):
            add_item(buffer, position, item)
    elif isinstance(buffer[index], (np.ndarray, list, dict)):
        add_into(buffer[index], g)
    else:
        buffer[index] = _owned(add(buffer[index], g), g)


def _owned(total: Any, g: Any) -> Any:
    """A sum that will be added to in place: a copy where it is the cotangent itself."""
    return snapshot(total) if total is g else total


def add_attribute(buffer: Any, name: str, g: Any) -> None:
    """Add the cotangent `g` of `x.name` to the cotangent `buffer` of the object `x`, in place."""
    if isinstance(buffer, list):  # of a named tuple, which does not tell its names
        raise DerivativeRefused(f"the attribute {name!r} of a tuple: give example arguments, so that types are known")
    if not isinstance(buffer, Shadow):
        raise DerivativeRefused(f"the attribute {name!r} of something of unknown type: give example arguments")
    held = getattr(buffer, name)
    if isinstance(held, (np.ndarray, list, dict, Shadow)):
        add_into(held, g)  # other names may stand for this memory
    else:
        setattr(buffer, name, add(held, g))


def snapshot(x: Any) -> Any:
    """A copy of `x` and of the mutable things in it, so that later changes of `x` do not reach it."""
    if isinstance(x, np.ndarray):
        return x.copy()
    if isinstance(x, (list, tuple)):
        items = [snapshot(item) for item in x]
        if isinstance(x, list):
            return items
        return type(x)(*items) if hasattr(x, "_fields") else tuple(items)
    if isinstance(x, dict):
        return {key: snapshot(item) for key, item in x.items()}
    return x


def check_distinct(levels: tuple, changed: Any, *others: Any) -> None:
    """Refuse to go on where an argument that is changed in place shares memory with another argument.

    `levels` says for the argument, for its items, for theirs whether they are changed.
    """
    found: list[Any] = []
    _memory(changed, levels, found)
    rest: list[Any] = []
    for other in others:
        _memory(other, (True,) * 4, rest)
    for position, thing in enumerate(found):
        for other in (*found[:position], *rest):
            are_arrays = isinstance(thing, np.ndarray) and isinstance(other, np.ndarray)
            if thing is other or are_arrays and _overlap(thing, other):
                raise DerivativeRefused(
                    "an argument is changed in place and shares memory with another argument (or with another part of "
                    "itself), so that a derivative with respect to one of them alone has no meaning; pass a copy"
                )


def _memory(thing: Any, levels: tuple, found: list[Any]) -> None:
    """Append the mutable things of an argument, level by level, where the level counts."""
    if not levels or isinstance(thing, (int, float, complex, str, bytes, np.generic, type, type(None))):
        return
    if levels[0] and not isinstance(thing, tuple):
        found.append(thing)
    if isinstance(thing, np.ndarray) or not any(levels[1:]):
        return
    if isinstance(thing, dict):
        items: Any = thing.values()
    elif isinstance(thing, (list, tuple)):
        items = thing
    else:
        items = getattr(thing, "__dict__", {}).values()
    for item in list(items):
        _memory(item, levels[1:], found)


def _overlap(first: np.ndarray, second: np.ndarray) -> bool:
    if not np.may_share_memory(first, second):
        return False
    try:
        return np.shares_memory(first, second, max_work=10_000)  # type: ignore[arg-type]
    except Exception:  # too hard to say
        return True


def check_view(result: Any, source: Any) -> None:
    """Refuse to go on where `result` is changed in place, or `source` is, and NumPy had to copy to make `result`."""
    if isinstance(result, list | tuple):
        is_new = isinstance(result, list) and isinstance(source, list) and result is not source
        if is_new and any(isinstance(item, (float, complex, np.inexact)) for item in result):
            raise DerivativeRefused(
                "the derivative cannot follow this in-place change: numbers were copied into a new list, and the types "
                "are not known here; give example arguments, or build the list item by item"
            )
        for item in result:
            check_view(item, source)
        return
    if not isinstance(result, np.ndarray):
        return  # a number, or the parts of an array, which are always views
    if result is not source and not np.may_share_memory(result, source) and np.size(result):
        raise DerivativeRefused(
            "the derivative cannot follow this in-place change: NumPy copied a non-contiguous array where a view was "
            "expected; make the copy explicit with .copy()"
        )


def finish(g: Any, x: Any) -> Any:
    """The gradient of `x` as the user gets it: in the structure, dtype and shape of `x`, and memory of its own."""
    if isinstance(x, np.ndarray):
        return np.array(np.broadcast_to(g, x.shape), dtype=x.dtype if x.dtype.kind in "fc" else None)
    if isinstance(x, list):
        return [finish(p, q) for p, q in zip(g if isinstance(g, list | tuple) else [g] * len(x), x, strict=True)]
    if isinstance(x, tuple):
        items = [finish(p, q) for p, q in zip(g if isinstance(g, list | tuple) else [g] * len(x), x, strict=True)]
        return type(x)(*items) if hasattr(x, "_fields") else tuple(items)
    if isinstance(x, dict):
        return {key: finish(g[key] if isinstance(g, dict) else g, item) for key, item in x.items()}
    if isinstance(x, (np.floating, np.complexfloating)):
        return match_dtype(x.dtype.type(g) if not isinstance(g, np.generic) else g, x)
    if isinstance(x, float):
        return g.item() if isinstance(g, np.ndarray) else g
    if dataclasses.is_dataclass(x) and not isinstance(x, type):
        names = tuple(field.name for field in dataclasses.fields(x))
        return make_record(type(x), names, *(finish(getattr(g, name, 0.0), getattr(x, name, None)) for name in names))
    return g


def make_record(kind: type, names: tuple, *items: Any) -> Any:
    """An instance of a class with these attributes, made without running its `__init__`."""
    record: Any = object.__new__(kind)
    for name, item in zip(names, items, strict=True):
        object.__setattr__(record, name, item)
    return record


class ExitGuard:
    """A context that does nothing but to call the `__exit__` of another one where an exception leaves the body."""

    def __init__(self, context: Any) -> None:
        self.context = context

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: Any, trace: Any) -> Any:
        return None if kind is None else self.context.__exit__(kind, error, trace)


def note_end(ends: list) -> None:
    """Note that the end of a block was reached."""
    ends.append(True)


def check_unchanged(changes: list) -> None:
    """Refuse to go on in a handler where the body of the `try` statement had changed something before it failed."""
    if changes:
        raise DerivativeRefused(
            "the body of a try statement changed something in place before it failed; a derivative through this is not "
            "supported: change it after the try statement"
        )


def check_finished(ends: list) -> None:
    """Refuse to go on after a `with` statement whose context swallowed an exception: its body did not reach its end."""
    if not ends:
        raise DerivativeRefused(
            "a context manager swallowed an exception that left its body; a derivative through this is not supported: "
            "use try and except"
        )


class Shadow:
    """The cotangent of an object: an attribute that was never set is zero."""

    def __getattr__(self, name: str) -> float:
        return 0.0


def given_axes(axes: Any, rank: int) -> tuple[int, ...]:
    """The axes of `x.transpose(*axes)`: numbers, one tuple, None, or nothing at all."""
    if not axes or axes == (None,):
        return tuple(range(rank))[::-1]
    return tuple(axes[0]) if isinstance(axes[0], (tuple, list)) else tuple(axes)


# ------------------------------------------------------------------------------------------------------ iteration


class LazySequence:
    """The items of an iterator, fetched when they are first asked for and kept."""

    __slots__ = ("_items", "_iterator")

    def __init__(self, iterable: Any) -> None:
        self._items: list[Any] = []
        self._iterator = iter(iterable)

    def has(self, index: int) -> bool:
        """Whether there is an item at this index; fetches no more than that."""
        while len(self._items) <= index:
            try:
                self._items.append(next(self._iterator))
            except StopIteration:
                return False
        return True

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return self._items[index] if len(self) else []
        if not self.has(index):
            raise IndexError(index)
        return self._items[index]

    def __len__(self) -> int:
        self._items.extend(self._iterator)
        return len(self._items)


def sequence(iterable: Any) -> Any:
    """Something to index with 0, 1, ... for the items of the iterable: itself where that works."""
    if isinstance(iterable, (list, tuple, range, str, bytes)):
        return iterable
    if isinstance(iterable, np.ndarray):
        if iterable.ndim == 0:
            raise TypeError("iteration over a 0-d array")
        return iterable
    if isinstance(iterable, (dict, set, frozenset, type({}.keys()), type({}.values()), type({}.items()))):
        return list(iterable)
    return LazySequence(iterable)


def has_item(index: int, *sequences: Any) -> bool:
    """Whether all of the sequences have an item at the index; a lazy one is asked only if those before it have."""
    return all(s.has(index) if isinstance(s, LazySequence) else index < len(s) for s in sequences)


def common_length(*sequences: Any) -> int:
    """The number of items that `zip` gives; a lazy sequence is read no further than needed."""
    finite = [len(s) for s in sequences if not isinstance(s, LazySequence)]
    if len(finite) == len(sequences):
        return min(finite)
    count = 0
    while has_item(count, *sequences):
        count += 1
    return count


def reversible(iterable: Any) -> Any:
    """A sequence whose items in reverse order are those of `reversed(iterable)`."""
    if isinstance(iterable, (list, tuple, range, str, bytes, np.ndarray)):
        return iterable
    return list(reversed(iterable))[::-1]


def uncopy(x_bar: Any, value: Any, where: Any = True) -> Any:
    """The cotangent of `value` in `np.copyto(x, value, where=where)`, where `x_bar` is that of `x` afterwards."""
    part = x_bar if where is True else np.where(where, x_bar, 0)
    result = unbroadcast_value(part, value)
    return result.copy() if isinstance(result, np.ndarray) and np.may_share_memory(result, x_bar) else result


# --------------------------------------------------------------------------------------------------- match statements


def is_sequence(subject: Any) -> bool:
    """Whether a sequence pattern accepts the subject."""
    match subject:  # which classes count (arrays, for one) is for Python and NumPy to say
        case [*_]:
            return True
    return False


def is_mapping(subject: Any) -> bool:
    """Whether a mapping pattern accepts the subject."""
    return isinstance(subject, collections.abc.Mapping)


def star_items(subject: Any, start: int, stop: int) -> list:
    """The list that `*rest` in a sequence pattern binds."""
    return [subject[index] for index in range(start, stop)]


def without_keys(mapping: Any, *keys: Any) -> dict:
    """The dict that `**rest` in a mapping pattern binds."""
    return {key: mapping[key] for key in mapping if key not in keys}


def match_arguments(cls: type, count: int) -> tuple:
    """The names of the attributes that the first `count` positional patterns of a class look at."""
    names = getattr(cls, "__match_args__", ())
    if len(names) < count:
        raise TypeError(f"{cls.__name__}() accepts {len(names)} positional sub-patterns ({count} given)")
    return tuple(names[:count])


def outer_left(g: Any, a: Any, b: Any) -> Any:
    """The cotangent of `a` in `np.outer(a, b)`."""
    return unbroadcast(np.reshape(g @ np.ravel(b), np.shape(a)), a)


def outer_right(g: Any, a: Any, b: Any) -> Any:
    """The cotangent of `b` in `np.outer(a, b)`."""
    return unbroadcast(np.reshape(np.ravel(a) @ g, np.shape(b)), b)


def cross_left(g: Any, a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1) -> Any:
    """The cotangent of `a` in `np.cross(a, b, axisa, axisb, axisc)`, for vectors of three numbers."""
    if isinstance(a, (list, tuple)):
        return unarray(cross_left(g, np.array(a), b, axisa, axisb, axisc), a)
    moved_a, moved_b = np.moveaxis(a, axisa, -1), np.moveaxis(b, axisb, -1)
    if moved_a.shape[-1] != 3 or moved_b.shape[-1] != 3:
        raise NotImplementedError("the derivative of np.cross is known for vectors of three numbers only")
    result = unbroadcast(np.cross(moved_b, np.moveaxis(g, axisc, -1)), moved_a)
    return np.moveaxis(result, -1, axisa)


def einsum_terms(operands: Any) -> tuple[list[str], str, list[int]]:
    """The subscripts of each operand of `np.einsum(*operands)`, of its result, and where the operands stand."""
    if isinstance(operands[0], str):
        text = operands[0].replace(" ", "")
        inputs, arrow, output = text.partition("->")
        terms, places = inputs.split(","), list(range(1, len(operands)))
    else:
        letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
        places = list(range(0, len(operands) - 1, 2))

        def spelled(labels: Any) -> str:
            return "".join("..." if label is Ellipsis else letters[label] for label in labels)

        terms = [spelled(operands[place + 1]) for place in places]
        arrow, output = ("->", spelled(operands[-1])) if len(operands) % 2 else ("", "")
    if not arrow:
        labels = "".join(terms).replace(".", "")
        output = "..." if any("." in term for term in terms) else ""
        output += "".join(sorted(label for label in set(labels) if labels.count(label) == 1))
    return terms, output, places


def einsum_plan(terms: list[str], output: str, position: int) -> tuple[str, list[tuple[str, int]]]:
    """The subscripts of an einsum for the cotangent of one operand, whose own operands are the cotangent of the result,
    the other operands in order, and those of the list: ("ones", axis) or ("eye", axis), of the size of that axis.

    An ellipsis comes first in the result, wherever it is in the operand; what was broadcast there is to be summed.
    Ones stand for an index that was summed over in this operand alone, a unit matrix for an index that it has twice.
    """
    own = terms[position]
    letters = iter("zyxwvutsrqponmlkjihgfedcbaZYXWVUTSRQPONMLKJIHGFEDCBA")
    used = set("".join(terms) + output)
    others = [term for number, term in enumerate(terms) if number != position]
    known = set("".join([output, *others]))
    inputs, extra, target = [output, *others], [], ""
    ellipsis = own.find("...")
    axis_of_rest = len(own.replace("...", ""))
    seen: set[str] = set()
    for place, label in enumerate(own.replace("...", "\0")):
        if label == "\0":
            target += "..."
            continue
        axis = place if ellipsis < 0 or place < ellipsis else place - 1 - axis_of_rest
        if label in seen:
            new = next(letter for letter in letters if letter not in used)
            used.add(new)
            inputs.append(label + new)
            extra.append(("eye", axis))
            target += new
            continue
        seen.add(label)
        if label not in known:
            inputs.append(label)
            extra.append(("ones", axis))
        target += label
    target = target.replace("...", "")
    return ",".join(inputs) + "->" + ("..." if any("." in term for term in inputs) else "") + target, extra


def einsum_adjoint(g: Any, position: int, operands: Any) -> Any:
    """The cotangent of the operand at this position (not counting subscripts) of `np.einsum(*operands)`."""
    terms, output, places = einsum_terms(operands)
    arrays = [operands[place] for place in places]
    x = np.asarray(arrays[position])
    subscripts, extra = einsum_plan(terms, output, position)
    ones = [(np.ones if kind == "ones" else np.eye)(x.shape[axis], dtype=x.dtype) for kind, axis in extra]
    others = [item for number, item in enumerate(arrays) if number != position]
    result = np.einsum(subscripts, g, *others, *ones, optimize=len(others) + len(ones) > 1)
    before = terms[position].find("...")
    if before > 0:
        rank = x.ndim - len(terms[position]) + 3  # of the ellipsis
        moved = np.moveaxis(x, range(before, before + rank), range(rank))
        result = np.moveaxis(unbroadcast(result, moved), range(rank), range(before, before + rank))
    return unbroadcast(result, arrays[position])


def einsum_adjoints(g: Any, operands: Any) -> tuple:
    """The cotangents of all operands of `np.einsum(*operands)`; None for the subscripts."""
    places = einsum_terms(operands)[2]
    parts = [einsum_adjoint(g, position, operands) for position in range(len(places))]
    return tuple(parts[places.index(number)] if number in places else None for number in range(len(operands)))


def convolution_offset(a: Any, v: Any, mode: str) -> int:
    """Where the result of `np.convolve(a, v, mode)` starts in the full convolution."""
    shorter = min(np.size(a), np.size(v))
    return 0 if mode == "full" else shorter - 1 if mode == "valid" else (shorter - 1) // 2


def convolution_window(g: Any, a: Any, v: Any, mode: str) -> Any:
    """`g`, of the form of `np.convolve(a, v, mode)`, in its place in the full convolution, and zeros around it."""
    if mode == "full":
        return g
    start = convolution_offset(a, v, mode)
    result = np.zeros(np.size(a) + np.size(v) - 1, g.dtype)
    result[start : start + g.size] = g
    return result


def correlation_window(g: Any, a: Any, v: Any, mode: str) -> Any:
    """`g`, of the form of `np.correlate(a, v, mode)`, in its place in the full correlation, and zeros around it."""
    if mode == "full":
        return g
    first, second = np.size(a), np.size(v)
    start = convolution_offset(a, v, mode)
    if first < second and mode == "same":  # NumPy exchanges the two and reverses the result
        start = first + second - 1 - start - g.size
    result = np.zeros(first + second - 1, g.dtype)
    result[start : start + g.size] = g
    return result


def multi_dot_adjoints(g: Any, arrays: Any) -> tuple:
    """The cotangents of the arrays of `np.linalg.multi_dot(arrays)`."""
    matrices = [np.asarray(x) for x in arrays]
    if matrices[0].ndim == 1:
        matrices[0] = matrices[0][None, :]
    if matrices[-1].ndim == 1:
        matrices[-1] = matrices[-1][:, None]
    g = np.reshape(g, (matrices[0].shape[0], matrices[-1].shape[1]))
    after = [np.eye(matrices[-1].shape[1])]
    for matrix in reversed(matrices[1:]):
        after.append(matrix @ after[-1])
    results = []
    for x, rest in zip(arrays, reversed(after)):
        results.append(unbroadcast(np.reshape(g @ rest.T, np.shape(x)), x))
        g = (np.reshape(x, (1, -1)) if np.ndim(x) == 1 and len(results) == 1 else np.asarray(x)).T @ g
    return tuple(results)


# ------------------------------------------------------------------------------------------------- tapes and shadows


def check_array(x: Any) -> None:
    """Refuse to go on in code made without types where only an array is followed."""
    if not isinstance(x, np.ndarray):
        raise DerivativeRefused(
            "a mutable item is stored in a container of unknown type: give example arguments, so that types are known"
        )


def check_method(x: Any, name: str) -> None:
    """Refuse to go on in code made without types where a method was taken to be that of an array."""
    if not isinstance(x, (np.ndarray, np.generic)):
        if isinstance(x, (int, float, complex)) and name in ("conjugate", "real", "imag"):
            return
        raise DerivativeRefused(
            f"the method {name!r} of a {type(x).__name__} was taken to be that of an array: give example arguments, so "
            "that "
            "types are known"
        )


def check_dict(x: Any, name: str) -> None:
    """Refuse to go on in code made without types where a method was taken to be that of a dict."""
    if type(x) is not dict:
        raise DerivativeRefused(
            f"the method {name!r} of a {type(x).__name__} was taken to be that of a dict: give example arguments, so "
            "that types are known"
        )


def check_number(x: Any) -> None:
    """Refuse to go on in code made without types where an item was taken to be a number, and is a view that changes."""
    if isinstance(x, (np.ndarray, list, dict)):
        raise DerivativeRefused(
            "a view of something that changes has an unknown type: give example arguments, so that types are known"
        )


def truncate(tape: list, length: int) -> None:
    """Drop what was pushed on a tape since it had this length."""
    del tape[length:]


def insert_back(items: list, position: int, item: Any) -> None:
    """Undo `items.pop(position)`."""
    items.insert(position if position >= 0 else len(items) + position + 1, item)


def place_of_slice(items: list, key: slice, stored: Any) -> slice:
    """Where the items of `stored` stand after `items[key] = stored`."""
    start, stop, step = key.indices(len(items))
    return slice(start, start + len(stored)) if step == 1 else key


def take_stored(shadow: Any, key: Any, stored: Any) -> Any:
    """The cotangent of what `x[key] = stored` stored, out of the shadow of `x`, whose place becomes zero."""
    if isinstance(shadow, np.ndarray):
        place = np.zeros(shadow.shape, dtype=np.intp)
        count = place[key].size
        place[key] = np.arange(1, count + 1).reshape(np.shape(place[key]))
        g = shadow[key] * (place[key] == np.arange(1, count + 1).reshape(np.shape(place[key])))
        shadow[key] = 0.0
        return unbroadcast(g, stored)
    g, shadow[key] = shadow[key], 0.0
    return g


dispatcher: Any = None  # set by the user-side package: transforms a function that only the run time knows


def call_augmented(function: Any, *arguments: Any) -> tuple:
    """(value, pullback) of a call whose function is known only now; the pullback gives one cotangent per argument."""
    if dispatcher is None:
        raise RuntimeError("a function value cannot be differentiated here: the compiler is not loaded")
    return dispatcher(function, *arguments)


# ------------------------------------------------------------------------------------------------ outputs of gradients


def require_scalar(value: Any, name: str) -> None:
    """Refuse an output that has no gradient under `argnums`: one that is not a real scalar."""
    dtype = getattr(value, "dtype", None)
    kinds = {float: "f", int: "i", bool: "b", complex: "c"}
    kind = dtype.kind if isinstance(dtype, np.dtype) else kinds.get(type(value), "")
    if np.ndim(value) == 0 and kind in "fiub" and kind:
        return
    if np.ndim(value):
        rank = np.ndim(value)
        what = f"an array of {rank} dimension{'s' if rank > 1 else ''}"
    else:
        what = "complex" if kind == "c" else f"a {(value if isinstance(value, type) else type(value)).__name__}"
    raise TypeError(
        f"the gradient under argnums is defined for functions with a real scalar output; that of {name} is {what}. "
        "Use vjp to choose a cotangent; a Jacobian is one for each row (there is no jacrev yet)."
    )


def require_aux(output: Any, name: str, count: int | None) -> None:
    """Refuse an output that `has_aux` cannot take apart: (output, aux, ...), or exactly `count` items."""
    if isinstance(output, tuple) and (len(output) == count if count is not None else len(output) > 0):
        return
    wanted = "a pair (output, aux)" if count == 2 else "a tuple (output, aux, ...)"
    what = f"a tuple of {len(output)}" if isinstance(output, tuple) else f"a {type(output).__name__}"
    raise TypeError(f"has_aux: {name} has to return {wanted}; it returned {what}")


def stop_gradient(x: Any) -> Any:
    """`x` itself, treated as a constant: its derivative is zero at every order.

    `x` may be anything: a number, an array, or a container of them.  Only the derivative of the result is stopped, not
    that of other uses of `x`.
    """
    return x


def update(function: Any, x: Any, y: Any, owner: Any = None) -> Any:
    """`function(x, y)` with the dtype of `x` where `x` is an array: `x op= y` for an `x` that nobody else sees.

    `owner`: the array, list or dict into which the result is stored, where `x` came from.
    """
    if isinstance(x, (list, dict, set)) or (isinstance(x, np.ndarray) and isinstance(owner, (list, dict))):
        raise DerivativeRefused(
            "a container of unknown type is changed in place: give example arguments, so that types are known"
        )
    result = function(x, y)
    return result.astype(x.dtype, casting="same_kind", copy=False) if isinstance(x, np.ndarray) else result


def copy_into(x: Any, value: Any, where: Any = True) -> Any:
    """Zeros like `x` into which `value` was copied: the mirror image of `uncopy`."""
    result = zeros_of(x)
    np.copyto(result, value, where=where)
    return result


def read(x: Any, index: Any) -> Any:
    """`x[index]` in memory of its own."""
    part = x[index]
    return part.copy() if isinstance(part, np.ndarray) and isinstance(x, np.ndarray) and part.base is x else part


def repeat_values(values: Any, like: Any) -> Any:
    """The numbers of `values` in order, as often as needed, in the shape of `like`: the mirror image of
    `unrepeat_values`."""
    return np.resize(values, np.shape(like))


def put_into(x: Any, indices: Any, values: Any, mode: str = "raise") -> Any:
    """Zeros like `x` into which `values` were put: the mirror image of `unput`."""
    result = zeros_of(x)
    np.put(result, indices, values, mode)  # type: ignore[arg-type]
    return result


def put_along_axis_into(x: Any, indices: Any, values: Any, axis: Any) -> Any:
    """Zeros like `x` into which `values` were put along an axis: the mirror image of `unput_along_axis`."""
    result = zeros_of(x)
    np.put_along_axis(result, indices, values, axis)
    return result


def putmask_into(x: Any, mask: Any, values: Any) -> Any:
    """Zeros like `x` with `values` where the mask is set: the mirror image of `unputmask`."""
    result = zeros_of(x)
    np.putmask(result, mask, values)
    return result


def convolution_part(full: Any, a: Any, v: Any, mode: str) -> Any:
    """The part of a full convolution that `np.convolve(a, v, mode)` returns: mirrors `convolution_window`."""
    start, first, second = convolution_offset(a, v, mode), np.size(a), np.size(v)
    count = {"full": first + second - 1, "same": max(first, second), "valid": abs(first - second) + 1}[mode]
    return full[start : start + count]


def correlation_part(full: Any, a: Any, v: Any, mode: str) -> Any:
    """The part of a full correlation that `np.correlate(a, v, mode)` returns: mirrors `correlation_window`."""
    start, first, second = convolution_offset(a, v, mode), np.size(a), np.size(v)
    count = {"full": first + second - 1, "same": max(first, second), "valid": abs(first - second) + 1}[mode]
    if first < second and mode == "same":
        start = first + second - 1 - start - count
    return full[start : start + count]


# ----------------------------------------------------------------------------------------------------------- containers


def dict_parts(g: Any, keys_and_values: Any) -> tuple:
    """The cotangents of the keys (None) and values, alternating, of which a dict with the cotangent `g` was made."""
    return tuple(None if number % 2 == 0 else g[keys_and_values[number - 1]] for number in range(len(keys_and_values)))


def dict_of_parts(parts: Any, keys_and_values: Any) -> dict:
    """The dict with these values (every second of `parts`): the mirror image of `dict_parts`."""
    return dict(zip(keys_and_values[::2], parts[1::2], strict=True))


def repack(g: Any, iterable: Any) -> Any:
    """The cotangents of the items of an iterable as the cotangent of the iterable."""
    if isinstance(iterable, np.ndarray):
        return np.stack(g) if len(g) else np.zeros_like(iterable)
    return list(g) if isinstance(iterable, list) else tuple(g)


def repack_star(g: Any, iterable: Any, before: int) -> Any:
    """`repack` for `a, *b, c = iterable`: the item at the place `before` of `g` is a list."""
    return repack((*g[:before], *g[before], *g[before + 1 :]), iterable)


def unpack_like(iterable: Any, like: Any) -> tuple:
    """The items of an iterable with a list in the same place as in `like`: the mirror image of `repack_star`."""
    before = place_of_list(like)
    items = tuple(iterable)
    end = len(items) - (len(like) - before - 1)
    return (*items[:before], list(items[before:end]), *items[end:])


def place_of_list(items: Any) -> int:
    """The place of the first list in a tuple."""
    return next(place for place, item in enumerate(items) if isinstance(item, list))


def pop_items(items: list, like: Any) -> Any:
    """Take as many items off the end of a list as `like` has: they are its cotangent."""
    count = len(like)
    taken = items[len(items) - count :]
    del items[len(items) - count :]
    return repack(taken, like)


def pop_inserted(items: list, index: int) -> Any:
    """Undo `list.insert(items, index, item)` and return the item."""
    length = len(items) - 1
    return items.pop(min(index, length) if index >= 0 else max(index + length, 0))


def unget(g: Any, x: dict, key: Any) -> Any:
    """The cotangent of the dict `x` in `x.get(key, default)`."""
    return scatter(x, key, g) if key in x else zeros_of(x)


def unget_default(g: Any, x: dict, key: Any) -> Any:
    """The cotangent of `default` in `x.get(key, default)`."""
    return zeros_of(g) if key in x else g


def dict_like(g: Any, x: dict) -> dict:
    """The cotangents of `x.values()` as the cotangent of `x`."""
    return dict(zip(x, g, strict=True))


def dict_like_items(g: Any, x: dict) -> dict:
    """The cotangents of `x.items()` as the cotangent of `x`."""
    return {key: pair[1] for key, pair in zip(x, g, strict=True)}


def unsequence(g: Any, iterable: Any) -> Any:
    """The cotangent of what `sequence` made indexable, in the structure of the iterable."""
    if isinstance(iterable, (np.ndarray, list, tuple)) and type(g) is not type(iterable):
        return repack(g, iterable)
    return g


# ------------------------------------------------------------------------------------------------------- linear algebra


def half_lower(x: Any) -> Any:
    """The lower triangle of each matrix, with half of the diagonal."""
    return np.tril(x, -1) + 0.5 * (np.tril(x) - np.tril(x, -1))


def triangle_read(x: Any, triangle: str = "L") -> Any:
    """The cotangent of a matrix of which one triangle stands for both, where `x` is that of the symmetric matrix."""
    both = np.tril(x) + np.tril(x, -1) if triangle.upper() == "L" else np.triu(x) + np.triu(x, 1)
    return both


def inverse_gaps(values: Any) -> Any:
    """`1 / (values[j] - values[i])` at (i, j), and 0 on the diagonal."""
    gaps = np.expand_dims(values, -2) - np.expand_dims(values, -1)
    same = np.eye(gaps.shape[-1], dtype=bool)
    return np.where(same, 0, 1 / np.where(same, 1, gaps)).astype(gaps.dtype, copy=False)


def thin_factors(factors: Any, full_matrices: bool) -> tuple:
    """The factors of a singular value decomposition, if they are those of the thin one."""
    left, values, right = factors
    if full_matrices and left.shape[-1] != right.shape[-2]:
        raise NotImplementedError("the derivative of np.linalg.svd with full_matrices=True; pass full_matrices=False")
    return left, values, right


def unnorm(g: Any, x: Any, ans: Any, ord: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The cotangent of `x` in `np.linalg.norm(x, ord, axis, keepdims)`."""
    x = np.asarray(x)
    if axis is None:
        axis = 0 if x.ndim == 1 else (0, 1)
    if not isinstance(axis, tuple):
        g, ans = (g, ans) if keepdims else (np.expand_dims(g, axis), np.expand_dims(ans, axis))
        sizes, signs = np.abs(x), np.conj(np.sign(x))
        if ord in (np.inf, -np.inf):
            return signs * extremes(sizes, ans, axis, True) * g
        return signs * np.where(sizes == 0, 0, sizes) ** (ord - 1) * (g * ans ** (1 - ord)) if ord else np.zeros_like(x)
    g, ans = (g, ans) if keepdims else (np.expand_dims(g, axis), np.expand_dims(ans, axis))
    rows, columns = axis
    if ord in (1, -1, np.inf, -np.inf):
        summed, chosen_axis = (rows, columns) if abs(ord) == 1 else (columns, rows)
        totals = np.sum(np.abs(x), axis=summed, keepdims=True)
        return np.conj(np.sign(x)) * extremes(totals, ans, chosen_axis, True) * g
    left, values, right = np.linalg.svd(np.moveaxis(x, axis, (-2, -1)), full_matrices=False)
    place = {2: slice(0, 1), -2: slice(-1, None), "nuc": slice(None)}[ord]
    product = np.conj(left[..., :, place] @ right[..., place, :])
    return np.moveaxis(product, (-2, -1), axis) * g


def matrix_power_adjoint(g: Any, a: Any, n: int) -> Any:
    """The cotangent of `a` in `np.linalg.matrix_power(a, n)`."""
    if n < 0:
        inverse = np.linalg.inv(a)
        turned = np.swapaxes(inverse, -1, -2)
        return -(turned @ matrix_power_adjoint(g, inverse, -n) @ turned)
    turned, total = np.swapaxes(a, -1, -2), np.zeros_like(a)
    for _ in range(n):  # Horner's scheme for the sum of turned^k @ g @ turned^(n - 1 - k)
        total = turned @ total + g
        g = g @ turned
    return total


def diagonal_view(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """`np.diagonal(a, offset, axis1, axis2)` as a view that may be written to: the shadow of a diagonal."""
    view = np.diagonal(a, offset, axis1, axis2)
    view.flags.writeable = True
    return view


def rebound(shadow: Any, x: Any) -> Any:
    """The shadow of `x`, the result of an operator like `+=` on something with this shadow: the same for an array that
    was changed, zero for a number, new for an array that was made of a number."""
    if isinstance(x, (list, dict, set)):
        raise DerivativeRefused(
            "a container of unknown type is changed in place: give example arguments, so that types are known"
        )
    return shadow if isinstance(x, np.ndarray) and isinstance(shadow, np.ndarray) else zeros(x)


def take_changed(shadow: Any) -> Any:
    """The cotangent in a shadow, out of memory that is changed: the memory becomes zero."""
    if not isinstance(shadow, np.ndarray):
        return shadow
    g = shadow.copy()
    shadow[...] = 0.0
    return g


def _is_number(shadow: Any) -> bool:
    return isinstance(shadow, (float, complex, int, np.generic))


def accumulate(shadow: Any, g: Any) -> Any:
    """Add `g` to a shadow that is memory or, for a number, a value; returns the shadow."""
    if _is_number(shadow):
        return add(shadow, g)
    add_into(shadow, g)
    return shadow


def merge(shadow: Any, other: Any) -> Any:
    """The shadow of a name, after another name for the same thing went: a number's cotangent is added."""
    return shadow + other if _is_number(other) and _is_number(shadow) else shadow


def drained(shadow: Any) -> Any:
    """What remains of a shadow whose cotangent went to another name: nothing of a number, memory as it is."""
    return 0.0 if _is_number(shadow) else shadow


def return_item(shadow: Any, index: Any, other: Any) -> None:
    """Add the cotangent `other` of an item that was read from `x[index]`, unless it is in the shadow's own memory."""
    if isinstance(index, slice) and isinstance(other, list):
        for position, item in zip(range(*index.indices(len(shadow))), other, strict=True):
            return_item(shadow, position, item)
    elif _is_number(other) and not (isinstance(shadow, dict) and index not in shadow):
        add_item(shadow, index, other)
    elif isinstance(shadow, np.ndarray) and isinstance(other, np.ndarray) and not np.may_share_memory(shadow, other):
        np.add.at(shadow, index, other)  # the item was a copy


def return_attribute(shadow: Any, name: str, other: Any) -> None:
    """Add the cotangent `other` of what was read from `x.name`, if that is a number."""
    if _is_number(other):
        setattr(shadow, name, getattr(shadow, name) + other)
