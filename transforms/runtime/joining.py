"""Cotangents of what makes one array of several, and of insertion and deletion."""

from __future__ import annotations

from typing import Any

import numpy as np

from transforms.runtime.broadcasting import unbroadcast
from transforms.runtime.shapes import reshape_like


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
