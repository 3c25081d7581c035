"""Cotangents of what rearranges, repeats or pads the elements of one array."""

from __future__ import annotations

from typing import Any

import numpy as np

from transforms.runtime.broadcasting import match_dtype, unarray
from transforms.runtime.refusal import DerivativeRefused


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
    raise DerivativeRefused(f"the derivative of reading an array of strides {x.strides} in order {order!r}")


def inverse_permutation(axes: Any) -> tuple[int, ...]:
    """The argument of the transposition that undoes `np.transpose(x, axes)`."""
    count = len(axes)
    normal = [axis % count for axis in axes]
    return tuple(normal.index(axis) for axis in range(count))


def given_axes(axes: Any, rank: int) -> tuple[int, ...]:
    """The axes of `x.transpose(*axes)`: numbers, one tuple, None, or nothing at all."""
    if not axes or axes == (None,):
        return tuple(range(rank))[::-1]
    return tuple(axes[0]) if isinstance(axes[0], (tuple, list)) else tuple(axes)


def rolled_axis(axis: int, start: int, rank: int) -> int:
    """The place where `np.rollaxis(x, axis, start)` puts the axis of an array of this rank."""
    axis, start = axis % rank, start + rank if start < 0 else start
    return start - 1 if axis < start else start


def opposite(shift: Any) -> Any:
    """A number, or each number of a tuple, with the sign changed."""
    return tuple(-item for item in shift) if isinstance(shift, (tuple, list)) else -shift


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
        raise DerivativeRefused(f"the derivative of np.pad with mode={mode!r}, reflect_type={reflect_type!r}")
    positions = np.pad(np.reshape(np.arange(np.size(array)), shape), pad_width, mode)  # type: ignore[call-overload]
    result = np.zeros(np.size(array), g.dtype)
    np.add.at(result, positions, g)
    return np.reshape(result, shape)


def repad(x: Any, pad_width: Any, mode: str = "constant", reflect_type: str = "even") -> Any:
    """`np.pad(x, pad_width, mode)` with zeros for constants: the mirror image of `unpad`."""
    if mode not in ("constant", "edge", "wrap", "reflect", "symmetric") or reflect_type != "even":
        raise DerivativeRefused(f"the derivative of np.pad with mode={mode!r}, reflect_type={reflect_type!r}")
    return np.pad(x, pad_width, mode)  # type: ignore[call-overload]


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
