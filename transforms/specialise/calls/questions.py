"""Tests and conversions: `isinstance`, `is`, `not`, `bool`, `float`, `str`, `min`; what is known is answered now."""

from __future__ import annotations

import functools
import inspect
import operator
import types
from typing import TYPE_CHECKING

import numpy as np

from transforms import core, operations, registry
from transforms.core import Ref
from transforms.inference import FRESH, as_number, item_value, join, value_of_scalar
from transforms.specialise.binding import Binding, constant
from transforms.specialise.calls.closures import answered, compared, is_choice
from transforms.specialise.calls.extremes import extreme_item
from transforms.specialise.calls.facts import TYPES, Keywords, handles, public_type, python_type
from transforms.specialise.calls.primitives import fold, simplified
from transforms.values import (
    BOOLEAN,
    NEVER,
    UNKNOWN,
    Instance,
    Known,
    Literal,
    Mapping,
    Number,
    Partial,
    Record,
    Sequence,
    Value,
)

if TYPE_CHECKING:
    from transforms.specialise.calls.dispatch import Calls


def truth(calls: Calls, binding: Binding) -> bool | None:
    """Whether the operand counts as true, where that is known."""
    value = binding.value
    match value:
        case Literal():
            try:
                return bool(value.value)
            except Exception:
                return None
        case Known():
            if isinstance(value.object, (types.FunctionType, types.BuiltinFunctionType, type, types.ModuleType)):
                return True
            return True if isinstance(value.object, (core.Function, np.ufunc, types.MethodType)) else None
        case Sequence():
            return bool(value.items) if not calls.sweep.is_mutated(binding.region) else None
        case Mapping():
            return bool(value.keys) if not calls.sweep.is_mutated(binding.region) else None
        case Partial():
            return None if is_choice(value) else True
        case Record():
            return True if not hasattr(value.kind, "__bool__") and not hasattr(value.kind, "__len__") else None
    return None


@handles(isinstance)
def on_isinstance(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    kind = public_type(arguments[0].value)
    classes = classes_of(arguments[1])
    if kind is not None and classes is not None:
        # a NumPy scalar may be a Python number where a loop was not entered: both have to agree
        other = TYPES.get(kind, kind)
        try:
            if issubclass(kind, classes) == issubclass(other, classes):
                return constant(issubclass(kind, classes))
        except TypeError:
            pass
    return calls.emit(ref, arguments, {}, BOOLEAN)


def classes_of(binding: Binding) -> tuple[type, ...] | None:
    if isinstance(binding.value, Known) and isinstance(binding.value.object, type):
        return (binding.value.object,)
    if isinstance(binding.value, Known) and isinstance(binding.value.object, types.UnionType):
        return binding.value.object.__args__
    if isinstance(binding.value, Sequence):
        found = [item.object for item in binding.value.items if isinstance(item, Known)]
        return tuple(found) if len(found) == len(binding.value.items) else None
    return None


@handles(type)
def on_type(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    kind = public_type(arguments[0].value) if len(arguments) == 1 else None
    return constant(kind) if kind is not None else None


@handles(callable)
def on_callable(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    value = arguments[0].value
    if isinstance(value, (Known, Partial)):
        return constant(callable(value.object) if isinstance(value, Known) else True)
    kind = python_type(value)
    if kind is not None:
        return constant(inspect.getattr_static(kind, "__call__", None) is not None)
    return calls.emit(ref, arguments, {}, BOOLEAN)


@handles(operator.is_, operator.is_not)
def on_is(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    for choice, other in (arguments, arguments[::-1]):
        if is_choice(choice.value) and not is_choice(other.value):
            answer = answered(calls, choice, functools.partial(_is_the_same, other))
            if answer is not None:
                return answer if ref.value is operator.is_ else calls.call_object(Ref(operator.not_), [answer], {})
    arguments = [compared(calls, item) for item in arguments]
    same = is_same(arguments[0].value, arguments[1].value)
    if same is None:
        return calls.emit(ref, arguments, {}, BOOLEAN)
    return constant(same if ref.value is operator.is_ else not same)


def _is_the_same(one: Binding, other: Binding) -> bool | None:
    return is_same(one.value, other.value)


def is_same(first: Value, second: Value) -> bool | None:
    if isinstance(first, Known) and isinstance(second, Known):
        return first.object is second.object
    if isinstance(first, Literal) and isinstance(second, Literal):
        if type(first.value) is not type(second.value):
            return False
        if first.value is None or isinstance(first.value, (bool, type(Ellipsis))):
            return first.value is second.value
        return None
    kinds = python_type(first), python_type(second)
    if kinds[0] is not None and kinds[1] is not None and kinds[0] is not kinds[1]:
        return False
    if (isinstance(first, Literal) and first.value is None) or (isinstance(second, Literal) and second.value is None):
        other = second if isinstance(first, Literal) and first.value is None else first
        return False if isinstance(other, Partial) else None
    return None


def truth_of_choice(calls: Calls, choice: Binding) -> Binding:
    """Whether what was chosen among functions and None counts as true."""
    answer = answered(calls, choice, lambda option: truth(calls, option))
    if answer is not None:
        return answer
    return calls.emit(Ref(operator.truth), [compared(calls, choice)], {}, BOOLEAN)


@handles(operator.not_)
def on_not(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    if is_choice(arguments[0].value):
        arguments = [truth_of_choice(calls, arguments[0])]
    known = truth(calls, arguments[0])
    return constant(not known) if known is not None else calls.emit(ref, arguments, {}, BOOLEAN)


@handles(operator.truth, bool)
def on_bool(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    """`bool(x)`, and `operator.truth(x)`"""
    if len(arguments) != 1 or keywords:
        return None
    if is_choice(arguments[0].value):
        return truth_of_choice(calls, arguments[0])
    known = truth(calls, arguments[0])
    return constant(known) if known is not None else calls.emit(ref, arguments, {}, BOOLEAN)


@handles(float, int, complex)
def on_float(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    """`float(x)`, `int(x)`, `complex(x)`"""
    folded = fold(ref.value, arguments, keywords)
    if folded is not None:
        return folded
    if len(arguments) == 1 and isinstance(arguments[0].value, Number) and ref.value is not complex:
        if python_type(arguments[0].value) is ref.value and ref.value is not float:
            return arguments[0]
    entry = registry.lookup(ref.value)
    value = value_of_scalar(ref.value())
    if entry is not None and entry.simplify is not None:
        simple = simplified(calls, entry, arguments, keywords, value)
        if simple is not None:
            return simple
    return calls.emit(ref, arguments, keywords, value)


@handles(operations.format_value, operations.join_strings, str, repr)
def on_string(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    return fold(ref.value, arguments, keywords) or calls.emit(ref, arguments, keywords, Instance(str))


@handles(min, max)
def on_minimum(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    """`min(...)`, `max(...)`"""
    folded = fold(ref.value, arguments, keywords)
    if folded is not None:
        return folded
    chosen = extreme_item(calls, ref, arguments, keywords)
    if chosen is not None or keywords:
        return chosen
    found: Value = NEVER
    items = [item.value for item in arguments] if len(arguments) > 1 else [item_value(arguments[0].value)]
    for item in items:
        found = join(found, as_number(item), FRESH)
    return calls.emit(ref, arguments, {}, found if isinstance(found, Number) else UNKNOWN)
