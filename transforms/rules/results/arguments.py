"""What result facets ask of the values of arguments: constants, shapes, axes, and what dtype NumPy gives."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from transforms.inference import CONSTANT, PRODUCT, as_number, fresh, shape_of
from transforms.registry import result
from transforms.values import Array, Dimension, Length, Literal, Many, Number, Sequence, Size, Value

Shape = tuple[Dimension, ...]
NONE = Literal(None)
FALSE, TRUE = Literal(False), Literal(True)
ZERO, ONE, TWO, LAST, FIFTY = map(Literal, (0, 1, 2, -1, 50))
FLOAT64 = np.dtype(np.float64)
_dtypes: dict[Any, Any] = {}


def results_by(make: Callable[[Any], Callable[..., Value | None]], *functions: Any) -> None:
    """Declare the results of several functions of one kind: `make` gives the facet of each."""
    for function in functions:
        result(function)(make(function))


def tried(function: Callable[..., Any], *dtypes: np.dtype, rank: int = 1, **keywords: Any) -> np.dtype | None:
    """The dtype that a function gives for arrays of these dtypes."""
    key = (function, dtypes, rank, tuple(keywords.items()))
    if key not in _dtypes:
        try:
            with np.errstate(all="ignore"):
                found = function(*(np.ones((1,) * rank, dtype) for dtype in dtypes), **keywords)
            _dtypes[key] = found.dtype
        except Exception:
            _dtypes[key] = None
    return _dtypes[key]


def constant_of(value: Value, default: Any = NotImplemented) -> Any:
    """The Python constant that a value is."""
    if isinstance(value, Literal):
        return value.value
    if isinstance(value, Sequence):
        items = [constant_of(item, default) for item in value.items]
        return default if any(item is default for item in items) else value.kind(items)
    return default


def full_shape(value: Value) -> Shape | None:
    """The shape that NumPy sees, also in nested sequences."""
    value = as_number(value)
    if isinstance(value, Sequence):
        if not value.items:
            return None
        shapes = [full_shape(item) for item in value.items]
        first = shapes[0]
        if first is None or any(shape is None or len(shape) != len(first) for shape in shapes):
            return None
        return (constant_dimension(len(value.items)), *first)
    if isinstance(value, Many):
        inner = full_shape(value.item)
        return None if inner is None else (fresh(90 + len(inner)), *inner)
    return shape_of(value)


def constant_dimension(size: int) -> Dimension:
    return 1 if size == 1 else Size((CONSTANT, size))


def dimension(value: Value, number: int = 0) -> Dimension:
    """The dimension that an integer argument asks for."""
    if isinstance(value, Literal) and isinstance(value.value, (int, np.integer)) and value.value >= 0:
        return constant_dimension(int(value.value))
    if isinstance(value, Length):
        return value.size
    return fresh(number)


def shape_argument(value: Value) -> Shape | None:
    """The shape that a `shape` argument asks for."""
    if isinstance(value, Literal) and isinstance(value.value, (tuple, list)):
        value = Sequence(tuple, tuple(map(Literal, value.value)))
    if isinstance(value, Sequence):
        return tuple(dimension(item, number) for number, item in enumerate(value.items))
    if isinstance(as_number(value), Number):
        return (dimension(value),)
    return None


def axes_of(value: Value, rank: int) -> tuple[int, ...] | None:
    """The axes that an argument names, as non-negative numbers; all for None."""
    axis = constant_of(value)
    if axis is None:
        return tuple(range(rank))
    if isinstance(axis, (int, np.integer)) and not isinstance(axis, bool):
        axis = (axis,)
    if not isinstance(axis, (tuple, list)) or not all(isinstance(item, int) and -rank <= item < rank for item in axis):
        return None
    return tuple(item % rank for item in axis)


def equal_dimensions(dimensions: Iterable[Dimension]) -> Dimension:
    """One dimension that all of these must be equal to, without broadcasting."""
    found = list(dimensions)
    for item in found:
        if isinstance(item, int) or not item.maybe_one:
            return item
    return found[0]


def merged(dimensions: Shape, number: int) -> Dimension:
    """The product of dimensions."""
    sizes = [item for item in dimensions if isinstance(item, Size)]
    if not sizes:
        return 1
    if len(sizes) == 1:
        return sizes[0]
    key = (PRODUCT, *(item.key for item in sizes))
    return Size(key, all(item.maybe_one for item in sizes))


def of_rank(dtype: np.dtype | None, rank: int | None) -> Value | None:
    """An array of which only dtype and rank are known."""
    return None if dtype is None or rank is None else Array(dtype, tuple(map(fresh, range(rank))))


def rank_of(value: Value) -> int | None:
    shape = full_shape(value)
    return None if shape is None else len(shape)
