"""Shapes of what a subscript reads, and small questions about lengths and dtypes.

In go abstract values, out comes the abstract value of the result.  Slices with constant bounds have normalised lengths:
`x[1:]` and `x[:-1]` are both one shorter than `x`, so that their sizes are known to be equal.
"""

from __future__ import annotations

import numpy as np

from transforms.inference import (
    FIRST,
    LESS,
    SLICE,
    as_number,
    broadcast,
    fresh,
    shorter,
    value_of_object,
)
from transforms.specialise.binding import Binding
from transforms.values import (
    UNKNOWN,
    Array,
    Dimension,
    Instance,
    Length,
    Literal,
    Many,
    Number,
    Sequence,
    Size,
    Value,
)


def indexed(array: Array, index: Binding) -> Value:
    """What `array[index]` is."""
    if array.shape is None:
        return UNKNOWN
    items = _index_items(index)
    if items is None:
        return UNKNOWN
    result = _shape(array.shape, items)
    if result is None:
        return UNKNOWN
    shape, is_scalar = result
    return Number(array.dtype) if is_scalar else Array(array.dtype, shape)


def _index_items(index: Binding) -> list[tuple[Value, Binding | None]] | None:
    value = index.value
    if isinstance(value, Literal) and isinstance(value.value, tuple):
        return [(value_of_object(item), None) for item in value.value]
    if isinstance(value, Sequence) and issubclass(value.kind, tuple):
        parts = index.parts or (None,) * len(value.items)
        return list(zip(value.items, parts))
    return [(value, index)]


def _shape(
    shape: tuple[Dimension, ...], items: list[tuple[Value, Binding | None]]
) -> tuple[tuple[Dimension, ...], bool] | None:
    consumed = 0
    for value, _ in items:
        if isinstance(value, Literal) and (value.value is None or value.value is Ellipsis):
            continue
        if isinstance(value, Literal) and isinstance(value.value, bool):
            return None
        array = _as_index_array(value)
        consumed += len(array[1]) if array is not None and array[0].kind == "b" else 1
    if consumed > len(shape):
        return None
    is_explicit = any(isinstance(value, Literal) and value.value is Ellipsis for value, _ in items)
    if not is_explicit:
        items = [*items, (Literal(Ellipsis), None)]
    result: list[Dimension] = []
    fancy: list[tuple[Dimension, ...]] = []
    runs: list[tuple[int, int]] = []  # runs of adjacent fancy items: number of the last, place in the result
    is_scalar = True
    axis = 0
    for number, (value, binding) in enumerate(items):
        if isinstance(value, Literal) and value.value is Ellipsis:
            count = len(shape) - consumed
            result.extend(shape[axis : axis + count])
            axis += count
            is_scalar = is_scalar and not is_explicit and count == 0 and number == len(items) - 1
        elif isinstance(value, Literal) and value.value is None:
            result.append(1)
            is_scalar = False
        elif isinstance(value, Literal) and isinstance(value.value, slice):
            result.append(_sliced(shape[axis], value.value, axis))
            axis += 1
            is_scalar = False
        elif isinstance(value, Instance) and value.kind is slice:
            result.append(_sliced_by(shape[axis], binding, axis))
            axis += 1
            is_scalar = False
        else:
            array = _as_index_array(value)
            if array is None:
                return None
            dtype, dimensions = array
            if dtype.kind == "b":
                if not dimensions:
                    return None
                fancy.append((fresh(axis),))
                axis += len(dimensions)
                is_scalar = False
            elif dtype.kind in "iu":
                fancy.append(dimensions)
                axis += 1
                is_scalar = is_scalar and not isinstance(value, (Array, Sequence, Many))
            else:
                return None
            if not runs or runs[-1][0] != number - 1:
                runs.append((number, len(result)))
            else:
                runs[-1] = (number, runs[-1][1])
    if fancy:
        dims = broadcast(*fancy)
        assert dims is not None
        if any(dimensions for dimensions in fancy):
            start = runs[0][1] if len(runs) == 1 else 0
            result[start:start] = dims
    return tuple(result), is_scalar and not result


def _as_index_array(value: Value) -> tuple[np.dtype, tuple[Dimension, ...]] | None:
    """dtype and shape of an index that is neither a slice nor None nor an ellipsis."""
    value = as_number(value)
    match value:
        case Number():
            return value.dtype, ()
        case Array() if value.shape is not None:
            return value.dtype, value.shape
        case Sequence() if value.kind is list:
            first = as_number(value.items[0]) if value.items else None
            if isinstance(first, Number) and all(as_number(item) == first for item in value.items):
                return first.dtype, (1 if len(value.items) == 1 else fresh(100 + len(value.items), False),)
        case Many() if value.kind is list and isinstance(value.item, Number):
            return value.item.dtype, (fresh(99),)
    return None


def _sliced(size: Dimension, part: slice, axis: int) -> Dimension:
    """The dimension that a slice with constant bounds leaves."""
    if isinstance(size, int):
        length = len(range(1)[part])
        return 1 if length == 1 else fresh(axis)
    if any(item is not None and not isinstance(item, int) for item in (part.start, part.stop, part.step)):
        return fresh(axis)
    start, stop, step = part.start or 0, part.stop, part.step or 1
    if step == -1 and part.start is None and stop is None:
        return size
    if step != 1:
        return Size((SLICE, size.key, part.start, stop, step), True)
    if stop is None:
        if start == 0:
            return size
        return shorter(size, start) if start > 0 else Size((FIRST, size.key, -start), True)
    if start >= 0 and stop < 0:
        return shorter(size, start - stop)
    if start == 0 and stop > 0:
        return Size((FIRST, size.key, stop), True)
    return Size((SLICE, size.key, start, stop, 1), True)


def _sliced_by(size: Dimension, binding: Binding | None, axis: int) -> Dimension:
    """The dimension that `start:stop:step` with computed bounds leaves."""
    if binding is None or binding.parts is None or isinstance(size, int):
        return fresh(axis)
    start, stop, step = (part.value for part in binding.parts)
    if not (isinstance(step, Literal) and step.value in (None, 1)):
        return fresh(axis)
    if not (isinstance(start, Literal) and (start.value is None or type(start.value) is int and start.value >= 0)):
        return fresh(axis)
    if not isinstance(stop, Length):
        return fresh(axis)
    count = start.value or 0
    if stop.size.key == size.key:
        return shorter(size, count) if count else size
    key = stop.size.key
    if isinstance(key, tuple) and len(key) == 3 and key[0] == LESS and key[1] == size.key:
        return shorter(stop.size, count) if count else stop.size
    return fresh(axis)
