"""Cotangents of reading and writing at an index: scatter and gather, `take`, `put`, `choose`, `select`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from transforms.runtime.broadcasting import unarray, unbroadcast, unbroadcast_value, unlist
from transforms.runtime.cotangents import zeros_of
from transforms.runtime.refusal import DerivativeRefused


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


def add_at(buffer: Any, index: Any, g: Any) -> None:
    """`buffer[index] += g`, where an element that `index` selects several times gets all of its summands."""
    if type(index) is not int and isinstance(buffer, np.ndarray) and may_repeat(index):
        np.add.at(buffer, index, g)
    else:
        buffer[index] += g


def read(x: Any, index: Any) -> Any:
    """`x[index]` in memory of its own."""
    part = x[index]
    return part.copy() if isinstance(part, np.ndarray) and isinstance(x, np.ndarray) and part.base is x else part


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


def permuted(x: Any, positions: Any, axis: Any = -1) -> Any:
    """`np.take_along_axis(x, positions, axis)`, also of a list: the mirror image of `unpermute`."""
    return np.take_along_axis(np.asarray(x), positions, axis)


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


def repeat_values(values: Any, like: Any) -> Any:
    """The numbers of `values` in order, as often as needed, in the shape of `like`: the mirror image of
    `unrepeat_values`."""
    return np.resize(values, np.shape(like))


def put_positions(shape: tuple[int, ...], indices: Any, mode: str = "raise") -> Any:
    """The flat positions that `np.put(x, indices, values, mode)` writes to, x of this shape."""
    return np.reshape(mode_positions(indices, math.prod(shape), mode), -1)


def flat_places(x: Any, index: Any) -> Any:
    """The flat positions of `x.flat[index]`."""
    return index if isinstance(index, int) else np.arange(np.size(x))[index]


def put_into(x: Any, indices: Any, values: Any, mode: str = "raise") -> Any:
    """Zeros like `x` into which `values` were put: the mirror image of `unput`."""
    result = zeros_of(x)
    np.put(result, indices, values, mode)  # type: ignore[arg-type]
    return result


def unput(x_bar: Any, indices: Any, values: Any, mode: str = "raise") -> Any:
    """The cotangent of `values` in `np.put(x, indices, values, mode)`, where `x_bar` is that of `x` afterwards."""
    positions = put_positions(np.shape(x_bar), indices, mode)
    return unrepeat_values(np.where(written((np.size(x_bar),), positions), np.take(x_bar, positions), 0), values)


def put_along_axis_into(x: Any, indices: Any, values: Any, axis: Any) -> Any:
    """Zeros like `x` into which `values` were put along an axis: the mirror image of `unput_along_axis`."""
    result = zeros_of(x)
    np.put_along_axis(result, indices, values, axis)
    return result


def unput_along_axis(x_bar: Any, indices: Any, values: Any, axis: Any) -> Any:
    """The cotangent of `values` in `np.put_along_axis(x, indices, values, axis)`; `x_bar` is that of `x` afterwards."""
    if axis is None:
        return pull(np.reshape(x_bar, -1), np.asarray(indices), values)
    return pull(x_bar, along_axis(x_bar.shape, indices, axis), values)


def putmask_into(x: Any, mask: Any, values: Any) -> Any:
    """Zeros like `x` with `values` where the mask is set: the mirror image of `unputmask`."""
    result = zeros_of(x)
    np.putmask(result, mask, values)
    return result


def unputmask(x_bar: Any, mask: Any, values: Any) -> Any:
    """The cotangent of `values` in `np.putmask(x, mask, values)`, where `x_bar` is that of `x` afterwards."""
    size = np.size(values)
    if size == 0:
        return zeros_of(values)
    result = np.zeros(size, x_bar.dtype)
    np.add.at(result, np.reshape(np.arange(x_bar.size) % size, x_bar.shape)[mask], x_bar[mask])
    return unbroadcast(np.reshape(result, np.shape(values)), values)


def copy_into(x: Any, value: Any, where: Any = True) -> Any:
    """Zeros like `x` into which `value` was copied: the mirror image of `uncopy`."""
    result = zeros_of(x)
    np.copyto(result, value, where=where)
    return result


def uncopy(x_bar: Any, value: Any, where: Any = True) -> Any:
    """The cotangent of `value` in `np.copyto(x, value, where=where)`, where `x_bar` is that of `x` afterwards."""
    part = x_bar if where is True else np.where(where, x_bar, 0)
    result = unbroadcast_value(part, value)
    return result.copy() if isinstance(result, np.ndarray) and np.may_share_memory(result, x_bar) else result


def diagonal_positions(shape: tuple[int, ...], wrap: bool = False) -> Any:
    """The flat positions that `np.fill_diagonal` writes to."""
    if len(shape) == 2:
        end = None if wrap else shape[1] * shape[1]
        return np.arange(math.prod(shape))[: end : shape[1] + 1]
    return np.arange(math.prod(shape))[:: 1 + int(np.sum(np.cumprod(shape[:-1])))]


def first_positions(ar: Any) -> Any:
    """Where each value of `np.unique(ar)` occurs first in the flattened array."""
    return np.unique(ar, return_index=True)[1]


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
