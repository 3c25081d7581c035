"""Shapes of what a subscript reads, and small questions about lengths and dtypes.

In go abstract values, out comes the abstract value of the result.  Slices with constant bounds have normalised lengths:
`x[1:]` and `x[:-1]` are both one shorter than `x`, so that their sizes are known to be equal.
"""

from __future__ import annotations

import numpy as np

from transforms.inference import FIRST, LESS, SLICE, as_number, broadcast, fresh, shorter, value_of_object
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

Shape = tuple[Dimension, ...]
Items = list[tuple[Value, Binding | None]]


def indexed(array: Array, index: Binding) -> Value:
    """What `array[index]` is."""
    if array.shape is None:
        return UNKNOWN
    result = _shape(array.shape, _index_items(index))
    if result is None:
        return UNKNOWN
    shape, is_scalar = result
    return Number(array.dtype) if is_scalar else Array(array.dtype, shape)


def _index_items(index: Binding) -> Items:
    """What stands between the brackets, item by item, with the operands as far as they are known."""
    value = index.value
    if isinstance(value, Literal) and isinstance(value.value, tuple):
        return [(value_of_object(item), None) for item in value.value]
    if isinstance(value, Sequence) and issubclass(value.kind, tuple):
        parts = index.parts or (None,) * len(value.items)
        return list(zip(value.items, parts))
    return [(value, index)]


def _shape(shape: Shape, items: Items) -> tuple[Shape, bool] | None:
    """The shape of what a subscript of these items reads, and whether that is a scalar; None if it is not known."""
    consumed = _axes_read(items)
    if consumed is None or consumed > len(shape):
        return None
    reading = _Reading(shape, len(shape) - consumed)
    for number, (value, binding) in enumerate(items):
        if not reading.read(number, value, binding):
            return None
    if not any(_is_constant(value, Ellipsis) for value, _ in items):
        reading.read_the_rest()
    result = reading.result()
    return result, reading.is_scalar and not result


def _axes_read(items: Items) -> int | None:
    """How many axes the items read, without those that an ellipsis stands for; None if that is not known."""
    count = 0
    for value, _ in items:
        if _is_constant(value, None) or _is_constant(value, Ellipsis):
            continue
        if isinstance(value, Literal) and isinstance(value.value, bool):
            return None
        array = _as_index_array(value)
        count += len(array[1]) if array is not None and array[0].kind == "b" else 1
    return count


def _is_constant(value: Value, constant: object) -> bool:
    return isinstance(value, Literal) and value.value is constant


class _Reading:
    """The items of a subscript, read one after the other: what each makes of the axes that it takes."""

    def __init__(self, shape: Shape, rest: int) -> None:
        self.shape = shape
        self.rest = rest  # so many axes no item names
        self.axis = 0  # the first that is not read yet
        self.dimensions: list[Dimension] = []  # those that no array of indices makes
        self.is_scalar = True
        self.fancy: list[Shape] = []  # shapes of the arrays of indices
        self.runs: list[tuple[int, int]] = []  # of adjacent ones: number of the last, place in the dimensions

    def read(self, number: int, value: Value, binding: Binding | None) -> bool:
        """Read one item; False if what it does is not known."""
        if _is_constant(value, Ellipsis):
            self.read_the_rest()
            self.is_scalar = False
        elif _is_constant(value, None):
            self.dimensions.append(1)
            self.is_scalar = False
        elif isinstance(value, Literal) and isinstance(value.value, slice):
            self._leave(_sliced(self.shape[self.axis], value.value, self.axis))
        elif isinstance(value, Instance) and value.kind is slice:
            self._leave(_sliced_by(self.shape[self.axis], binding, self.axis))
        else:
            return self._pick(number, value)
        return True

    def read_the_rest(self) -> None:
        """The axes that no item names."""
        self.dimensions.extend(self.shape[self.axis : self.axis + self.rest])
        self.axis += self.rest
        self.is_scalar = self.is_scalar and self.rest == 0

    def _leave(self, dimension: Dimension) -> None:
        """A slice makes a dimension of an axis."""
        self.dimensions.append(dimension)
        self.axis += 1
        self.is_scalar = False

    def _pick(self, number: int, value: Value) -> bool:
        """An index, an array of indices or a mask."""
        array = _as_index_array(value)
        if array is None:
            return False
        dtype, dimensions = array
        if dtype.kind == "b" and dimensions:
            self.fancy.append((fresh(self.axis),))
            self.axis += len(dimensions)
            self.is_scalar = False
        elif dtype.kind in "iu":
            self.fancy.append(dimensions)
            self.axis += 1
            self.is_scalar = self.is_scalar and not isinstance(value, (Array, Sequence, Many))
        else:
            return False
        if not self.runs or self.runs[-1][0] != number - 1:
            self.runs.append((number, len(self.dimensions)))
        else:
            self.runs[-1] = (number, self.runs[-1][1])
        return True

    def result(self) -> Shape:
        """The whole shape: arrays of indices that stand together leave their dimensions there, others in front."""
        if not any(self.fancy):
            return tuple(self.dimensions)
        made = broadcast(*self.fancy)
        assert made is not None
        start = self.runs[0][1] if len(self.runs) == 1 else 0
        return (*self.dimensions[:start], *made, *self.dimensions[start:])


def _as_index_array(value: Value) -> tuple[np.dtype, Shape] | None:
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
