"""Which calls of the plain program may raise, so that they are made even where nothing reads what they return.

`may_raise(call, values)` leaves out what depends on sizes alone: arrays whose shapes do not fit, an index beyond the
end of an array or of a list of unknown length.  Everything else counts: a missing key, a conversion, the domain of a
function of `math`, an operand of the wrong type.  What is not known to fail for want of a type is taken to be right, or
generic code would keep everything.
"""

from __future__ import annotations

import builtins
import cmath
import math
import operator
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from transforms import operations, runtime
from transforms.core import Assign, Atom, Block, Call, Const, Function, Ref, Var, by_identity, is_call_of, walk
from transforms.values import (
    UNKNOWN,
    Array,
    Instance,
    Known,
    Length,
    Literal,
    Many,
    Mapping,
    Never,
    Number,
    Partial,
    Record,
    Sequence,
    Unknown,
    Value,
)

Check = Callable[[tuple[Value, ...]], bool]  # the values of the operands: whether the call may raise
NUMBERS = (bool, int, float, complex, np.number, np.bool_)


def may_raise(call: Call, values: dict[str, Value]) -> bool:
    """Whether a call may raise an exception that does not depend on sizes alone."""
    if not isinstance(call.function, Ref):
        return True
    function = call.function.value
    if isinstance(function, Function):
        return _may_raise_inside(function)
    check = _CHECKS.get(id(function))
    if check is not None:
        return check(tuple([_value_of(atom, values) for atom in call.atoms]))
    return id(function) in _FALLIBLE


_known: weakref.WeakKeyDictionary[Function, tuple[Block, bool]] = weakref.WeakKeyDictionary()


def _may_raise_inside(function: Function) -> bool:
    """Whether a core function may raise; a recursive call is taken not to, since its body is looked at anyway."""
    known = _known.get(function)
    if known is not None and known[0] is function.body:
        return known[1]
    _known[function] = (function.body, False)
    calls = [s.value for s in walk(function.body) if isinstance(s, Assign) and isinstance(s.value, Call)]
    answer = any(may_raise(call, function.values or {}) for call in calls)
    _known[function] = (function.body, answer)
    return answer


def may_miss(call: Call, values: dict[str, Value]) -> bool:
    """Whether a call takes out of a dict, or deletes in one, what may not be there."""
    if is_call_of(call, dict.pop) and len(call.arguments) == 2:
        return True
    if not is_call_of(call, operator.delitem) or not isinstance(call.arguments[0], Var):
        return False
    kind = _kind(values.get(call.arguments[0].name, UNKNOWN))
    return kind is not None and issubclass(kind, dict)


def is_ambiguous(value: Value) -> bool:
    """Whether a value may have no truth: an array of several elements."""
    return isinstance(value, Array) and value.shape is not None and not all(size == 1 for size in value.shape)


# -------------------------------------------------------------------------------------------------------- what is known


def _value_of(atom: Atom, values: dict[str, Value]) -> Value:
    if isinstance(atom, Var):
        return values.get(atom.name, UNKNOWN)
    return Literal(atom.value) if isinstance(atom, Const) else Known(atom.value)


def _is_numeric(value: Value) -> bool:
    """Whether arithmetic may be done with a value, as far as is known."""
    if isinstance(value, Literal):
        return isinstance(value.value, NUMBERS)
    return isinstance(value, (Number, Array, Length, Unknown, Never))


def _is_number(value: Value) -> bool:
    """Whether a value is one number, as far as is known."""
    if isinstance(value, Array):
        return value.shape is None or all(size == 1 for size in value.shape)
    return _is_numeric(value)


def _is_integer(value: Value) -> bool:
    if isinstance(value, Literal):
        return isinstance(value.value, (int, np.integer, np.bool_))
    if isinstance(value, (Number, Array)):
        return value.dtype.kind in "iub" and _is_number(value)
    return isinstance(value, (Length, Unknown, Never))


def _is_python_number(value: Value) -> bool:
    if isinstance(value, Literal):
        return isinstance(value.value, (int, float, complex)) and not isinstance(value.value, np.generic)
    return isinstance(value, Length) or (isinstance(value, Number) and value.python)


def _kind(value: Value) -> type | None:
    """The class of a value, where it is known."""
    if isinstance(value, Literal):
        return type(value.value)
    if isinstance(value, (Sequence, Many, Mapping, Record, Instance)):
        return value.kind
    return np.ndarray if isinstance(value, Array) else None


def _is_iterable(value: Value) -> bool:
    if isinstance(value, Literal):
        return hasattr(value.value, "__iter__")
    return not isinstance(value, (Number, Length)) and not (isinstance(value, Array) and value.shape == ())


# --------------------------------------------------------------------------------------------------------------- checks


def _arithmetic(operands: tuple[Value, ...]) -> bool:
    return not all(map(_is_numeric, operands))


def _joining(operands: tuple[Value, ...]) -> bool:
    """`+`: of numbers, or of two sequences or texts of one kind."""
    if all(map(_is_numeric, operands)):
        return False
    kinds = [_kind(value) for value in operands]
    return kinds[0] is not kinds[-1] or kinds[0] not in (list, tuple, str)


def _multiplying(operands: tuple[Value, ...]) -> bool:
    """`*`: of numbers, or of a sequence and an integer."""
    if all(map(_is_numeric, operands)):
        return False
    others = [value for value in operands if not _is_integer(value)]
    return len(others) != 1 or _kind(others[0]) not in (list, tuple, str)


def _repeating(operands: tuple[Value, ...]) -> bool:
    return not _is_integer(operands[1])


def _dividing(operands: tuple[Value, ...]) -> bool:
    """`/`, `//`, `%`: Python's own numbers are not divided by zero."""
    if _arithmetic(operands):
        return True
    if len(operands) < 2 or not all(map(_is_python_number, operands[:2])):
        return False
    return not isinstance(operands[1], Literal) or operands[1].value == 0


def _comparing(operands: tuple[Value, ...]) -> bool:
    if all(map(_is_numeric, operands)):
        return False
    kinds = [_kind(value) for value in operands]
    return kinds[0] is not kinds[-1] or kinds[0] not in (list, tuple, str)


def _item(operands: tuple[Value, ...]) -> bool:
    """`container[key]`."""
    container, key = operands[:2]
    match container:
        case Mapping():
            return not (isinstance(key, Literal) and key.value in container.keys)
        case Sequence():
            return _sequence_item(len(container.items), key)
        case Many():
            return isinstance(key, Literal) and not isinstance(key.value, (int, slice)) or not _may_index(key)
        case Literal(value=tuple() | str() | bytes() as constant):
            return _sequence_item(len(constant), key)
        case Literal() | Number() | Length():
            return True
        case Array():
            return not _may_index(key) or _names(key) > (len(container.shape) if container.shape is not None else 99)
        case Instance():
            return isinstance(container.kind, type) and issubclass(container.kind, dict)
        case Unknown():
            return isinstance(key, Literal) and isinstance(key.value, str)
    return False


def _sequence_item(length: int, key: Value) -> bool:
    if isinstance(key, Literal):
        if isinstance(key.value, slice):
            return False
        return not isinstance(key.value, (int, np.integer)) or not -length <= key.value < length
    return not _may_index(key)


def _may_index(key: Value) -> bool:
    """Whether a value may be an index, for all that is known of its type."""
    if isinstance(key, Literal):
        return not isinstance(key.value, (float, complex, str, np.inexact))
    return not (isinstance(key, (Number, Array)) and key.dtype.kind in "fc")


def _names(key: Value) -> int:
    """How many dimensions an index is at least for."""
    if isinstance(key, Literal) and isinstance(key.value, tuple):
        return sum(item is not None and item is not Ellipsis for item in key.value)
    if isinstance(key, Sequence) and key.kind is tuple:
        return sum(not isinstance(item, Literal) or item.value not in (None, Ellipsis) for item in key.items)
    return 0


def _attribute(operands: tuple[Value, ...]) -> bool:
    if len(operands) != 2 or not isinstance(operands[1], Literal):
        return False
    owner, name = operands[0], operands[1].value
    match owner:
        case Record():
            return name not in owner.names and not hasattr(owner.kind, name)
        case Number() | Literal():
            example = owner.value if isinstance(owner, Literal) else owner.dtype.type(0)
            return not hasattr(example, name)
        case Known():
            return False  # data of modules and classes: reading it is what the program does
        case Unknown():
            return not hasattr(np.ndarray, name)
        case Partial() | Never() | Length():
            return False
    kind = _kind(owner)
    return kind is not None and not hasattr(kind, name) and not isinstance(owner, Instance)


def _converting(operands: tuple[Value, ...]) -> bool:
    """`float(x)` and its like: of one number."""
    return not all(map(_is_number, operands))


def _truth(operands: tuple[Value, ...]) -> bool:
    return any(map(is_ambiguous, operands))


def _domain(operands: tuple[Value, ...]) -> bool:
    return True


def _measuring(operands: tuple[Value, ...]) -> bool:
    """`len(x)`."""
    value = operands[0] if operands else UNKNOWN
    return len(operands) != 1 or not _is_iterable(value)


def _counting(operands: tuple[Value, ...]) -> bool:
    """`range(...)`."""
    step = operands[2] if len(operands) == 3 else None
    return not all(map(_is_integer, operands)) or (isinstance(step, Literal) and step.value == 0)


def _iterating(operands: tuple[Value, ...]) -> bool:
    return not all(map(_is_iterable, operands))


def _sorting(operands: tuple[Value, ...]) -> bool:
    items: tuple[Value, ...] = ()
    match operands[0] if operands else UNKNOWN:
        case Sequence(items=items):
            pass
        case Many(item=item):
            items = (item,)
        case value if not _is_iterable(value):
            return True
    return not all(map(_is_numeric, items))


def _choosing(operands: tuple[Value, ...]) -> bool:
    """`max`, `min`: of something."""
    first = operands[0] if operands else UNKNOWN
    return (isinstance(first, Sequence) and not first.items) or (
        isinstance(first, Literal) and isinstance(first.value, (tuple, str)) and not first.value
    )


def _unpacking(operands: tuple[Value, ...]) -> bool:
    """The items of something that has to have so many."""
    whole, count = operands[:2]
    if isinstance(whole, Sequence):
        return not isinstance(count, Literal) or len(whole.items) != count.value
    return not isinstance(whole, (Array, Unknown))


def _formatting(operands: tuple[Value, ...]) -> bool:
    value, spec = operands[0], operands[-1]
    if not isinstance(spec, Literal) or not isinstance(spec.value, str):
        return not isinstance(spec, Unknown)
    if not spec.value:
        return False
    if isinstance(value, Unknown) or len(operands) == 3 and operands[1] != Literal(""):
        return False
    if isinstance(value, Number):
        example: Any = value.dtype.type(1).item() if value.python else value.dtype.type(1)
    elif isinstance(value, (Literal, Length)):
        example = value.value if isinstance(value, Literal) else 1
    else:
        return True
    try:
        format(example, spec.value)
    except (TypeError, ValueError):
        return True
    return False


def _hashing(operands: tuple[Value, ...]) -> bool:
    """The keys of a dict, which alternate with the items, and the items of a set."""
    return any(isinstance(key, (Array, Many)) or _kind(key) in (list, dict) for key in operands)


_MATH_ANYWHERE = """fabs sin cos tan atan atan2 sinh cosh tanh asinh exp exp2 expm1 erf erfc degrees radians hypot
 copysign ceil floor trunc isnan isinf isfinite isclose cbrt fma nextafter ulp modf frexp phase polar rect""".split()
_MATH_OF_MANY = {math.fsum, math.prod, math.dist, *([math.sumprod] if hasattr(math, "sumprod") else [])}
_MATH = [function for space in (math, cmath) for function in vars(space).values() if callable(function)]

DIVISIONS = by_identity(operator.truediv, operator.floordiv, operator.mod)

_CHECKS: dict[int, Check] = {}


def _declare(check: Check, *functions: Any) -> None:
    _CHECKS.update((id(function), check) for function in functions)


for _function in _MATH:
    if _function not in _MATH_OF_MANY:
        _declare(_converting if _function.__name__ in _MATH_ANYWHERE else _domain, _function)
_declare(_iterating, *(function for function in _MATH if function in _MATH_OF_MANY and function is not math.prod))
_declare(_arithmetic, operator.sub, operator.matmul, operator.neg, operator.pos, operator.abs, operator.pow, abs, pow)
_declare(_arithmetic, operator.isub, operator.imatmul, operator.ipow, round)
_declare(_joining, operator.add, operator.iadd)
_declare(_multiplying, operator.mul, operator.imul)
_declare(_repeating, runtime.repeat_sequence)
_declare(_dividing, *DIVISIONS.values(), divmod, operator.itruediv, operator.ifloordiv, operator.imod)
_declare(_comparing, operator.lt, operator.le, operator.gt, operator.ge)
_declare(_item, operator.getitem)
_declare(_attribute, getattr)
_declare(_converting, float, complex, int, operator.index, np.ndarray.item)
_declare(_truth, bool, operator.not_, operator.truth)
_declare(_measuring, len)
_declare(_counting, range)
_declare(_iterating, enumerate, reversed, list, tuple, sum, all, any)
_declare(_sorting, sorted)
_declare(_choosing, max, min)
_declare(_unpacking, operations.unpack)
_declare(_formatting, operations.format_value, format)
_declare(lambda operands: _hashing(operands[::2]), operations.make_dict)
_declare(_hashing, operations.make_set, hash)

# functions that are seldom called for nothing, and then may fail for many reasons
_FALLIBLE = by_identity(
    *(builtins.chr, builtins.ord, operations.unpack_star, list.index, tuple.index, str.index, str.format, str.encode),
    *(np.linalg.inv, np.linalg.cholesky, np.linalg.solve),
)
