"""The shape, dtype and structure of a cotangent made those of the value that it belongs to.

`unbroadcast` is the one that generated code calls most; with known types it is gone.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from transforms.runtime.refusal import DerivativeRefused


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
    if not isinstance(x, np.ndarray) and (hasattr(x, "__dict__") or hasattr(type(x), "__slots__")):
        raise DerivativeRefused(
            f"an operator on a {type(x).__name__} was taken to be that of numbers: give example arguments, so that "
            "types are known"
        )
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
            shape = np.shape(x)  # `g` may have more dimensions, of 1 (`ndmin`)
            g = np.reshape(g, shape) if g.ndim > len(shape) else np.broadcast_to(g, shape)
        items = [unarray(g[index], item) for index, item in enumerate(x)]
        if isinstance(x, list):
            return items
        return type(x)(*items) if hasattr(x, "_fields") else type(x)(items)
    return unbroadcast(g, x)


def unlist(items: list, x: tuple) -> tuple:
    """The items as a tuple of the class of `x`."""
    return type(x)(*items) if hasattr(x, "_fields") else type(x)(items)


def unbroadcast_value(g: Any, value: Any) -> Any:
    """`unbroadcast` for assignments, in which leading dimensions of 1 of the value may be dropped."""
    extra = np.ndim(value) - np.ndim(g)
    return unbroadcast(np.reshape(g, (1,) * extra + np.shape(g)) if extra > 0 else g, value)


def unbroadcast_each(g: Any, arrays: Any) -> tuple:
    """The cotangents of several arrays that were broadcast against each other."""
    return tuple(unbroadcast(part, x) for part, x in zip(g, arrays))


def uncast(g: Any, x: Any, ans: Any) -> Any:
    """The cotangent of `x` where `g` is that of `ans`, which is `x` in another dtype or container: nothing where `ans`
    is not of a floating-point type."""
    if np.asarray(ans).dtype.kind in "SU":
        raise DerivativeRefused("numbers are turned into text and back: the derivative would be lost")
    return unarray(g, x) if np.asarray(ans).dtype.kind in "fcO" else unarray(0.0, x)


def array_or_copy(
    object: Any,  # noqa: A002
    dtype: Any = None,
    copy: bool | None = None,
    order: Any = "K",
    subok: bool = False,
    ndmin: int = 0,
) -> Any:
    """`np.array`, where it need not be a copy that comes out."""
    return np.array(object, dtype, copy=copy, order=order, subok=subok, ndmin=ndmin)


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
