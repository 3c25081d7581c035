"""Results of questions about an array: its size, its parts, its dtype."""

from __future__ import annotations

import numpy as np

from transforms.inference import as_number, dtype_of
from transforms.registry import result
from transforms.rules.results.arguments import NONE, full_shape
from transforms.values import BOOLEAN, INTEGER, Array, Instance, Length, Literal, Number, Sequence, Value


@result(np.isscalar)
def isscalar(element: Value) -> Value | None:
    return (
        Literal(True)
        if isinstance(as_number(element), Number)
        else Literal(False)
        if isinstance(element, Array)
        else BOOLEAN
    )


@result(np.ndim)
def ndim(a: Value) -> Value | None:
    shape = full_shape(a)
    return INTEGER if shape is None else Literal(len(shape))


@result(np.size)
def size(a: Value, axis: Value = NONE) -> Value | None:
    shape = full_shape(a)
    if shape == ():
        return Literal(1)
    return INTEGER


@result(np.shape)
def shape(a: Value) -> Value | None:
    found = full_shape(a)
    if found is None:
        return None
    return Sequence(tuple, tuple(Literal(1) if isinstance(item, int) else Length(item) for item in found))


@result(np.array_equal, np.allclose, np.iscomplexobj, np.isrealobj)
def boolean(*values: Value, **named: Value) -> Value:
    return BOOLEAN


@result(np.real, np.imag)
def part(val: Value) -> Value | None:
    dtype, shape = dtype_of(val), full_shape(val)
    if dtype is None or shape is None:
        return None
    real = np.empty(0, dtype).real.dtype
    if isinstance(val, Array):
        return Array(real, shape)
    return Number(real, isinstance(val, Number) and val.python) if isinstance(val, Number) else None


@result(np.finfo)
def machine_limits(dtype: Value) -> Value | None:
    return Instance(np.finfo)
