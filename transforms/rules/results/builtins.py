"""Results of Python's builtins, and of the helpers of their rules."""

from __future__ import annotations

import itertools
import operator

import numpy as np

from transforms import runtime
from transforms.inference import array_or_number, as_number, elementwise
from transforms.registry import result
from transforms.rules.helpers.broadcasting import like_second
from transforms.rules.results.arguments import FALSE, NONE, ZERO
from transforms.values import INTEGER, Array, Instance, Known, Literal, Many, Mapping, Number, Sequence, Value


@result(sum)
def builtin_sum(iterable: Value, start: Value = ZERO) -> Value | None:
    items = list(iterable.items) if isinstance(iterable, Sequence) else None
    if items is None:
        inner = iterable.item if isinstance(iterable, Many) else None
        if isinstance(iterable, Array) and iterable.shape:
            inner = array_or_number(iterable.dtype, iterable.shape[1:])
        if not isinstance(inner, (Number, Array)):
            return None
        total = elementwise(operator.add, start, inner)
        return total if isinstance(inner, Number) and total == elementwise(operator.add, total, inner) else None
    found: Value = start
    for part in items:
        found = elementwise(operator.add, found, part)
    return as_number(found) if isinstance(as_number(found), (Number, Array)) else None


@result(sorted)
def builtin_sorted(iterable: Value, *, key: Value = NONE, reverse: Value = FALSE) -> Value | None:
    if isinstance(iterable, Mapping) and iterable.keys:
        if all(type(key) is str for key in iterable.keys):
            return Many(list, Instance(str))
        return Many(list, INTEGER) if all(type(key) is int for key in iterable.keys) else None
    if isinstance(iterable, Many):
        return Many(list, iterable.item)
    if isinstance(iterable, Array) and iterable.shape:
        return Many(list, array_or_number(iterable.dtype, iterable.shape[1:]))
    return None


result(runtime.sum_items, runtime.uncast, runtime.unitem)(like_second)


@result(runtime.unsum)
def shares(cotangent: Value, items: Value) -> Value | None:
    """A list of numbers for a list of numbers."""
    g = as_number(cotangent)
    item = items.item if isinstance(items, Many) and items.kind is list else None
    return Many(list, g) if isinstance(g, Number) and g == item and g.dtype == np.float64 else None


@result(runtime.choices)
def choices(function: Value, *arguments: Value) -> Value | None:
    chosen = arguments[-1]
    if isinstance(function, Known) and function.object is itertools.product:
        chosen = Literal(len(arguments))
    is_known = isinstance(chosen, Literal) and isinstance(chosen.value, int)
    return Many(list, Sequence(tuple, (INTEGER,) * chosen.value)) if is_known else None  # type: ignore[union-attr]
