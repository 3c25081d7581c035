"""Questions about abstract values that several `simplify` facets ask: in comes a `Value`, out comes a fact or None.

None always means "not known", so that a facet that gets it keeps the general helper.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from transforms.core import Atom, Const
from transforms.inference import may_be_one, shape_of  # noqa: F401
from transforms.values import Array, Dimension, Instance, Length, Literal, Many, Number, Sequence, Size, Value

NUMBERS = (bool, int, float, complex, np.number, np.bool_)


def dtype_of(value: Value) -> np.dtype | None:
    """The dtype of a number or an array."""
    match value:
        case Number() | Array():
            return value.dtype
        case Literal() if isinstance(value.value, NUMBERS):
            return np.result_type(value.value)
        case Length():
            return np.dtype(np.int64)
    return None


def is_scalar(value: Value) -> bool:
    """Whether the value is known to be a number and not an array (a 0-d array is an array)."""
    return isinstance(value, (Number, Length)) or (isinstance(value, Literal) and isinstance(value.value, NUMBERS))


def is_sequence(value: Value) -> bool:
    """Whether the value is known to be a list or a tuple."""
    if isinstance(value, Literal):
        return isinstance(value.value, tuple)
    return isinstance(value, (Sequence, Many, Instance)) and issubclass(value.kind, (list, tuple))


def is_python_number(value: Value) -> bool:
    """Whether the value is known to be one of Python's own numbers, which follow the dtype of what they meet."""
    if isinstance(value, Literal):
        return isinstance(value.value, (bool, int, float, complex)) and not isinstance(value.value, np.generic)
    return isinstance(value, Length) or (isinstance(value, Number) and value.python)


def is_complex(value: Value) -> bool | None:
    dtype = dtype_of(value)
    return None if dtype is None else dtype.kind == "c"


def literal(value: Value, default: Any = None) -> Any:
    """The constant that a `Literal` holds."""
    return value.value if isinstance(value, Literal) else default


def is_literal(value: Value, *options: Any) -> bool:
    """Whether the value is known to be one of these constants (1 and 1.0 are the same, True and 1 are not)."""
    if not isinstance(value, Literal):
        return False
    return any(
        value.value is option
        or (
            isinstance(option, (int, float))
            and isinstance(value.value, (int, float))
            and not isinstance(value.value, bool)
            and not isinstance(option, bool)
            and value.value == option
        )
        for option in options
    )


def surely_equal(left: Dimension, right: Dimension) -> bool:
    if isinstance(left, Size) and isinstance(right, Size):
        return left.key == right.key
    return left == right


def normalized_axes(axis: Any, rank: int) -> tuple[int, ...] | None:
    """The axes of a reduction as sorted non-negative numbers; None where they are out of range."""
    axes = tuple(range(rank)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    if not all(isinstance(item, (int, np.integer)) and -rank <= item < rank for item in axes):
        return None
    return tuple(sorted(int(item) % rank for item in axes))


def dtype_atom(dtype: np.dtype) -> Atom:
    """The dtype as generated code writes it: `np.float32`."""
    from transforms.core import Ref

    return Ref(dtype.type, f"np.{dtype.type.__name__}")


NONE = Const(None)
