"""What the handling of all calls shares: the table of handlers by callee, and small questions about values."""

from __future__ import annotations

import collections
import math
import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from transforms import library, operations
from transforms.core import Ref
from transforms.specialise.binding import Binding
from transforms.values import Array, Instance, Known, Length, Literal, Many, Mapping, Number, Record, Sequence, Value

if TYPE_CHECKING:
    from transforms.specialise.calls.dispatch import Calls

Keywords = dict[str, Binding]
Handler = Callable[["Calls", Ref, list[Binding], Keywords], Binding | None]
HANDLERS: dict[int, Handler] = {}  # by the identity of the callee


def handles(*functions: Any) -> Callable[[Handler], Handler]:
    """Declare which callees a function deals with: it returns the result, or None to leave the call to others."""

    def register(handler: Handler) -> Handler:
        HANDLERS.update((id(function), handler) for function in functions)
        return handler

    return register


def python_type(value: Value) -> type | None:
    """The exact class of an object, where it is known."""
    match value:
        case Number():
            return TYPES.get(value.dtype.type) if value.python else value.dtype.type
        case Length():
            return int
        case Array():
            return np.ndarray
        case Literal():
            return type(value.value)
        case Known():
            return type(value.object)
        case Sequence() | Many() | Mapping() | Record() | Instance():
            return value.kind
    return None


def public_type(value: Value) -> type | None:
    """The exact class of an object as the program may ask for it: a deque, where the library's own stands for one."""
    kind = python_type(value)
    return None if kind is None else library.STANDS_FOR.get(kind, kind)


def known_range(binding: Binding) -> range | None:
    """The range that an operand is, if its bounds are known."""
    if not (isinstance(binding.value, Instance) and binding.value.kind is range) or binding.parts is None:
        return None
    bounds = [part.value.value for part in binding.parts if isinstance(part.value, Literal)]
    if len(bounds) != len(binding.parts) or not all(type(bound) in (int, bool) for bound in bounds):
        return None
    try:
        return range(*bounds)
    except (TypeError, ValueError):
        return None


def is_numpy(thing: Any) -> bool:
    module = getattr(thing, "__module__", None) or ""
    return module.partition(".")[0] == "numpy"


TYPES: dict[type, Any] = {np.bool_: bool, np.int64: int, np.float64: float, np.complex128: complex}
VIEW_NAMES = ("items", "keys", "values")
VIEWS = tuple(type(getattr(kind(), name)()) for kind in (dict, collections.OrderedDict) for name in VIEW_NAMES)


def view_kind(kind: type, name: str) -> type:
    """The class of what the method of this name makes of a dict: `odict_values` for `values` of an `OrderedDict`."""
    is_ordered = issubclass(kind, collections.OrderedDict)
    return VIEWS[VIEW_NAMES.index(name) + len(VIEW_NAMES) * is_ordered]


OPERATORS = {
    id(function)
    for function in (
        operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv, operator.mod, operator.pow,
        operator.neg, operator.pos, operator.abs, operator.invert, operator.and_, operator.or_, operator.xor,
        operator.lshift, operator.rshift, operator.lt, operator.le, operator.eq, operator.ne, operator.gt, operator.ge,
    )
}  # fmt: skip
SCALAR_BUILTINS = {id(f): f for f in (abs, round, divmod, pow)}
MATH = {id(getattr(math, name)) for name in dir(math) if callable(getattr(math, name)) and name[0] != "_"}
COMPARED = {id(f) for f in (operator.lt, operator.le, operator.eq, operator.ne, operator.gt, operator.ge)}
FOLDABLE = (
    OPERATORS
    | MATH
    | set(SCALAR_BUILTINS)
    | {
        id(f)
        for f in (
            operator.contains, operator.getitem, int, float, bool, complex, str, len, min, max, sum, slice, repr,
            operations.make_slice, operations.format_value, operations.join_strings, sorted, ord, chr, tuple,
        )
    }
)  # fmt: skip
