"""Which outputs have a gradient: real numbers, arrays of them, and containers of both.

In comes the abstract value of a function's result; an output that surely has no gradient is refused.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from transforms.core import Origin
from transforms.errors import DerivativeUndefined
from transforms.values import Array, Instance, Known, Literal, Many, Mapping, Number, Partial, Record, Sequence, Value

_NO_NUMBERS = (str, bytes, set, frozenset, type(None), range, slice)


def check_output(value: Value, name: str, origin: Origin | None) -> None:
    """Refuse an output that is known to have no gradient."""
    problem = _problem(value)
    if problem is None:
        return
    what, is_complex = problem
    name = "the lambda" if name == "lambda_" else name
    if is_complex:
        raise DerivativeUndefined(
            f"the output of {name} is complex, and the gradient of a complex number is not defined",
            "Return a real number: its real part, imaginary part or absolute value (.real, .imag, abs).",
            origin,
        )
    raise DerivativeUndefined(
        f"the output of {name} is not numeric: it returns {what}",
        "Return a floating-point number or array, or a container of them; with has_aux=True, the first output only.",
        origin,
    )


def _is_label(value: Value) -> bool:
    """Whether a part of an output is None or text, which may stand next to numbers."""
    if isinstance(value, Literal):
        return value.value is None or isinstance(value.value, (str, bytes))
    return isinstance(value, Instance) and value.kind in (str, bytes, type(None))


def _problem(value: Value) -> tuple[str, bool] | None:
    """What is wrong with an output, and whether it is that it is complex."""
    match value:
        case Number() | Array():
            if value.dtype.kind in "fiub":
                return None
            return f"an array of {value.dtype}", value.dtype.kind == "c"
        case Literal():
            constant = value.value
            if isinstance(constant, (complex, np.complexfloating)):
                return repr(constant), True
            return None if isinstance(constant, (bool, int, float, np.generic)) else (repr(constant), False)
        case Known():
            return getattr(value.object, "__name__", repr(value.object)), False
        case Partial():
            return "a function", False
        case Record() if not dataclasses.is_dataclass(value.kind):
            return f"a {value.kind.__name__}, which is no data class", False
        case Sequence() | Mapping() | Record():
            problems = [_problem(item) for item in value.items if not _is_label(item)]
            if value.items and not problems:
                return "no number", False
            return next((found for found in problems if found is not None), None)
        case Many():
            return _problem(value.item)
        case Instance() if issubclass(value.kind, _NO_NUMBERS):
            return f"a {value.kind.__name__}", False
    return None
