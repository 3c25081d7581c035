"""Operators and builtins on objects of a user's class: calls of the special methods that the class defines.

`a + b` is `A.__add__(a, b)`, or `B.__radd__(b, a)` where that returns NotImplemented; `len(a)` is `A.__len__(a)`;
`sum(a)` iterates over `a`, which `A.__iter__` or `A.__getitem__` makes into a list.
"""

from __future__ import annotations

import inspect
import itertools
import math
import operator
import types
from typing import TYPE_CHECKING

import numpy as np

from transforms import core, library, operations, registry, runtime
from transforms.core import Ref
from transforms.errors import TransformError
from transforms.specialise.binding import Binding, constant
from transforms.specialise.calls.facts import Keywords, python_type
from transforms.values import Array, Instance, Known, Literal, Number, Record, Sequence, Value

if TYPE_CHECKING:
    from transforms.specialise.calls.dispatch import Calls

_BINARY = {
    id(getattr(operator, name)): f"__{name.strip('_')}__"
    for name in "add sub mul truediv floordiv mod pow matmul and_ or_ xor lshift rshift".split()
}
_BINARY[id(divmod)] = "__divmod__"
_COMPARISONS = {id(getattr(operator, name)): name for name in "lt le eq ne gt ge".split()}
_REFLECTED = {"lt": "gt", "le": "ge", "eq": "eq", "ne": "ne", "gt": "lt", "ge": "le"}
_IN_PLACE = {
    id(getattr(operator, "i" + name)): (f"__i{name.strip('_')}__", getattr(operator, full))
    for name, full in zip(
        "add sub mul truediv floordiv mod pow matmul and or xor lshift rshift".split(),
        "add sub mul truediv floordiv mod pow matmul and_ or_ xor lshift rshift".split(),
    )
}
_SINGLE: dict[int, str] = {
    id(operator.neg): "__neg__", id(operator.pos): "__pos__", id(operator.abs): "__abs__", id(abs): "__abs__",
    id(operator.invert): "__invert__", id(len): "__len__", id(float): "__float__", id(int): "__int__",
    id(complex): "__complex__", id(round): "__round__", id(iter): "__iter__", id(next): "__next__",
    id(str): "__str__", id(repr): "__repr__", id(hash): "__hash__", id(reversed): "__reversed__",
    id(operator.getitem): "__getitem__", id(operator.setitem): "__setitem__", id(operator.delitem): "__delitem__",
    id(operator.contains): "__contains__", id(math.floor): "__floor__", id(math.ceil): "__ceil__",
    id(math.trunc): "__trunc__",
}  # fmt: skip
_TRUTH = {id(bool), id(operator.truth), id(operator.not_)}
_ITERATING = {  # they iterate over their arguments
    id(function)
    for function in (
        list, tuple, set, frozenset, sum, sorted, enumerate, zip, any, all, min, max, runtime.sequence, iter, map,
        filter, runtime.reversible, reversed, operations.unpack, operations.unpack_star, list.extend, itertools.chain,
        operator.contains,
    )
}  # fmt: skip


def call_overloaded(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    """The call of the special method that an operator or builtin stands for; None where there is none."""
    key = id(ref.value)
    kinds = [_own_class(item.value) for item in arguments]
    if not any(kinds):
        return None
    if key in _BINARY and len(arguments) == 2:
        return _binary(calls, _BINARY[key], f"__r{_BINARY[key][2:]}", arguments, kinds)
    if key in _COMPARISONS and len(arguments) == 2:
        return _compared(calls, ref, arguments, kinds)
    if key in _IN_PLACE:
        name, plain = _IN_PLACE[key]
        member = _member(kinds[0], name)
        if member is not None:
            return calls.call_object(Ref(member), arguments, {})
        if kinds[0] is None and not _is_unchangeable(arguments[0].value):
            return None  # its own way to change in place comes first
        return calls.call_object(Ref(plain), arguments, {})
    if key in _TRUTH and len(arguments) == 1:
        return _truth(calls, ref, arguments[0], kinds[0])
    member = _member(kinds[0], _SINGLE.get(key, ""))
    if member is not None and not (ref.value is next and len(arguments) > 1):
        return calls.call_object(Ref(member), arguments, keywords)
    if ref.value is next and len(arguments) == 2 and _member(kinds[0], "__next__") is not None:
        function = library.next_item_or if kinds[0] is library.Iterator else library.next_or
        return calls.call_object(Ref(function), arguments, {})
    if ref.value is runtime.sequence and kinds[0] in library.LAZY:
        return arguments[0]
    if key in _ITERATING and not (ref.value in (zip, map) and any(kind in library.LAZY for kind in kinds)):
        return _with_items(calls, ref, arguments, keywords, kinds)
    return None


def _own_class(value: Value) -> type | None:
    """The class of an object, where that is written in Python."""
    if not isinstance(value, (Record, Instance, Known, Sequence)):
        return None
    kind = python_type(value)
    is_foreign = kind is None or kind.__module__.partition(".")[0] in ("builtins", "numpy")
    if kind is None or is_foreign or issubclass(kind, (type, types.FunctionType)):
        return None
    is_code = isinstance(value, Known) and callable(value.object) and not _is_object(kind)
    return None if is_code else kind


def _is_settled(arguments: list[Binding], kinds: list[type | None], reflected: str) -> bool:
    """Whether the types say which operand's method comes first."""
    first = kinds[0]
    if first is None:
        return python_type(arguments[0].value) is not None
    if kinds[1] is not None or python_type(arguments[1].value) is not None:
        return True
    own = _member(first, reflected)
    derived: list[type] = type.__subclasses__(first)
    return all(_member(kind, reflected) is own for kind in derived)


def _is_unchangeable(value: Value) -> bool:
    return isinstance(value, (Number, Literal)) or python_type(value) in (tuple, str, range)


def _is_object(kind: type) -> bool:
    """Whether instances of a class are objects with a `__call__` of their own, not code."""
    return isinstance(inspect.getattr_static(kind, "__call__", None), types.FunctionType)


def _member(kind: type | None, name: str) -> types.FunctionType | None:
    if kind in library.STANDS_FOR and name in ("__str__", "__repr__") or kind is library.Namespace:
        return None  # Python asks for them
    member = inspect.getattr_static(kind, name, None) if kind is not None and name else None
    return member if isinstance(member, types.FunctionType) else None


def _declined(result: Binding) -> bool:
    value = result.value
    return (isinstance(value, Known) and value.object is NotImplemented) or value == Literal(NotImplemented)


def _tried(calls: Calls, attempts: list[tuple[types.FunctionType | None, list[Binding]]]) -> Binding | None:
    """The result of the first method that does not return NotImplemented."""
    for member, arguments in attempts:
        if member is None:
            continue
        mark = len(calls.sweep.out)
        with calls.aside(calls.hint):
            result = calls.call_object(Ref(member), arguments, {})
        if not _declined(result):
            return result
        del calls.sweep.out[mark:]
    return None


def _binary(
    calls: Calls, name: str, reflected: str, arguments: list[Binding], kinds: list[type | None]
) -> Binding | None:
    first, second = arguments
    if not _is_settled(arguments, kinds, reflected):
        return None
    _check_no_sequence(calls, first, kinds[1], reflected)
    forward = (_member(kinds[0], name), [first, second])
    back = (_member(kinds[1], reflected) if kinds[1] is not kinds[0] else None, [second, first])
    is_special = (
        kinds[0] is not None and kinds[1] is not None and kinds[0] is not kinds[1] and issubclass(kinds[1], kinds[0])
    )
    return _tried(calls, [back, forward] if is_special else [forward, back])


def _check_no_sequence(calls: Calls, first: Binding, kind: type | None, reflected: str) -> None:
    """Refuse an array or a number of NumPy before an object that NumPy makes an array of, without asking its method."""
    value = first.value
    is_numpy = isinstance(value, Array) or isinstance(value, Number) and not value.python
    if not is_numpy and not (isinstance(value, Literal) and isinstance(value.value, np.generic)):
        return
    if kind is None or _member(kind, reflected) is None:
        return
    is_sequence = hasattr(kind, "__array__") or hasattr(kind, "__len__") and hasattr(kind, "__getitem__")
    if is_sequence and not any(hasattr(kind, name) for name in ("__array_ufunc__", "__array_priority__")):
        raise TransformError(
            f"NumPy makes an array of a {kind.__name__} that stands after an array or a number of NumPy, and does not "
            f"call {reflected}",
            "Set __array_ufunc__ = None in the class, or let the object come first.",
            calls.sweep.origin,
        )


def _compared(calls: Calls, ref: Ref, arguments: list[Binding], kinds: list[type | None]) -> Binding | None:
    name = _COMPARISONS[id(ref.value)]
    first, second = arguments
    if not _is_settled(arguments, kinds, f"__{_REFLECTED[name]}__"):
        return None
    _check_no_sequence(calls, first, kinds[1], f"__{_REFLECTED[name]}__")
    result = _tried(
        calls,
        [
            (_member(kinds[0], f"__{name}__"), [first, second]),
            (_member(kinds[1], f"__{_REFLECTED[name]}__"), [second, first]),
        ],
    )
    if result is None and name == "ne":
        equal = _tried(
            calls, [(_member(kinds[0], "__eq__"), [first, second]), (_member(kinds[1], "__eq__"), [second, first])]
        )
        if equal is not None:
            return calls.result_of(operator.not_, equal)
    return result


def _truth(calls: Calls, ref: Ref, operand: Binding, kind: type | None) -> Binding | None:
    member = _member(kind, "__bool__") or _member(kind, "__len__")
    if member is None:
        return constant(ref.value is not operator.not_) if isinstance(operand.value, Record) else None
    return calls.call_object(ref, [calls.result_of(member, operand)], {})


def check_read_at_once(calls: Calls, ref: Ref) -> None:
    """Refuse what reads an iterator later, when it is read itself: here its items are taken now."""
    if calls.is_bound and calls.hint is not None and not core.is_temporary(calls.hint):
        name = registry.function_name(ref.value)
        raise TransformError(
            f"{name} of an iterator has the name {calls.hint!r}, and reads the iterator only when it is read itself",
            f"Make a list of it: {calls.hint} = list({name}(...)).",
            calls.sweep.origin,
        )


def _with_items(
    calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords, kinds: list[type | None]
) -> Binding | None:
    """The call with the items of objects in their place."""
    if ref.value in (min, max) and len(arguments) > 1:
        return None
    if ref.value in (enumerate, filter, map, zip) and any(kind in library.LAZY for kind in kinds):
        check_read_at_once(calls, ref)
    changed = list(arguments)
    for place, (item, kind) in enumerate(zip(arguments, kinds)):
        is_start = ref.value in (sum, enumerate) and place > 0
        if not isinstance(item.value, Sequence) and iterates(kind) and not is_start:
            changed[place] = items_of(calls, item)
    if changed == arguments:
        return None
    return calls.call_object(ref, changed, keywords)


def iterates(kind: type | None) -> bool:
    """Whether instances of a class can be iterated over, by methods written in Python."""
    return any(_member(kind, name) is not None for name in ("__iter__", "__getitem__"))


def items_of(calls: Calls, operand: Binding) -> Binding:
    """A list of the items that iteration over an object gives."""
    kind = _own_class(operand.value)
    if kind is library.Iterator:
        return calls.result_of(library.Iterator.rest, operand)
    member = _member(kind, "__iter__")
    if member is None:
        return calls.result_of(library.items_by_index, operand)
    made = calls.result_of(member, operand)
    inner = _own_class(made.value)
    if inner is library.Iterator:
        return calls.result_of(library.Iterator.rest, made)
    if _member(inner, "__next__") is not None:
        return calls.result_of(library.items_of_iterator, made)
    return made
