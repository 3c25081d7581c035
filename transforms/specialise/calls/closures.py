"""Functions as data: closures that are kept in containers, and functions chosen by a condition.

A container holds of a closure what it has captured, as a `library.Closure`; a call finds it there again:

    fs = [lambda t: t * v for v in x]       fs.append(Closure(lambda_, (v,)))
    fs[0](2.0)                              lambda_(fs[0].captured[0], 2.0)

What a branch or a key chooses among functions is a call of `library.call_either` with the choice and both functions.
"""

from __future__ import annotations

import functools
import operator
import types
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from transforms import core, library, registry, runtime
from transforms.core import Call, Const, Ref
from transforms.specialise.binding import Binding, constant
from transforms.specialise.calls.containers import tuple_of
from transforms.specialise.calls.facts import Keywords
from transforms.specialise.session import is_closure
from transforms.values import UNKNOWN, Known, Literal, Mapping, Partial, Sequence, Value

if TYPE_CHECKING:
    from transforms.specialise.calls.dispatch import Calls

MOST_FUNCTIONS = 16  # that one key chooses from


def unpack_partial(calls: Calls, function: Binding, value: Partial) -> tuple[Binding, list[Binding], Keywords] | None:
    """Function, arguments and keywords of a partial."""
    count = len(value.arguments)
    if function.parts is not None:
        inner, before, named = function.parts[0], function.parts[1 : count + 1], function.parts[count + 1 :]
        return inner, list(before), {key: item for (key, _), item in zip(value.keywords, named)}
    if not isinstance(value.function, Known):
        return None
    atom = calls.sweep.atom(function)
    before = ()
    if count:
        items = Sequence(tuple, value.arguments)
        held = calls.sweep.emit(None, Call(Ref(getattr), (atom, Const("args"))), items, None, function.region)
        before = tuple(calls.sweep.item(held, index) for index in range(count))
    named: Keywords = {}  # type: ignore[no-redef]
    if value.keywords:
        keys = tuple(key for key, _ in value.keywords)
        mapping = Mapping(dict, keys, tuple(item for _, item in value.keywords))
        held = calls.sweep.emit(None, Call(Ref(getattr), (atom, Const("keywords"))), mapping, None, function.region)
        named = {  # type: ignore[assignment]
            key: calls.sweep.read(held, Const(key), item) for key, item in value.keywords
        }
    return constant(value.function.object), list(before), named  # type: ignore[return-value]


def boxed(calls: Calls, binding: Binding) -> Binding:
    """A closure as it is kept in a container; any other operand as it is."""
    if not is_closure(binding.value):
        return binding
    assert isinstance(binding.value, Partial)
    unpacked = unpack_partial(calls, binding, binding.value)
    assert unpacked is not None
    function, before, named = unpacked
    captured = tuple_of([boxed(calls, item) for item in (*before, *named.values())])
    parts = (function, captured, constant(tuple(named)))
    return Binding(None, Sequence(library.Closure, tuple(part.value for part in parts)), parts)


def is_boxed(value: Value) -> bool:
    """Whether this is a closure out of a container, of a function that is known."""
    if not (isinstance(value, Sequence) and value.kind is library.Closure):
        return False
    function, captured, names = value.items
    return isinstance(function, Known) and isinstance(captured, Sequence) and isinstance(names, Literal)


def unboxed(calls: Calls, binding: Binding) -> Binding:
    """The closure that was kept in a container; any other operand as it is."""
    if not is_boxed(binding.value):
        return binding
    assert isinstance(binding.value, Sequence)
    parts = calls.sweep.parts(calls.sweep.item(binding, 1))
    assert parts is not None
    function, names = binding.value.items[0], binding.value.items[2].value  # type: ignore[union-attr]
    values = [part.value for part in parts]
    count = len(parts) - len(names)
    value = Partial(function, tuple(values[:count]), tuple(zip(names, values[count:])))
    return Binding(None, value, (constant(function.object), *parts))  # type: ignore[union-attr]


def is_option(value: Value) -> bool:
    """Whether a branch may choose this where it chooses among functions: None stands for no function."""
    return is_function(value) or is_boxed(value) or value == Literal(None)


def is_function(value: Value) -> bool:
    """Whether the value is a known function or a closure of one: what can only be called, passed on and compared."""
    if isinstance(value, Known):
        kinds = (core.Function, types.FunctionType, types.BuiltinFunctionType, np.ufunc, functools.partial)
        return isinstance(value.object, kinds) or (
            not isinstance(value.object, type) and registry.lookup(value.object) is not None
        )
    return is_closure(value)


def differ(first: Binding, second: Binding) -> bool:
    """Whether two functions or closures are of different functions, or hold different kinds of things."""
    if isinstance(first.value, Known) and isinstance(second.value, Known):
        return first.value != second.value
    a, b = first.value, second.value
    if not (isinstance(a, Partial) and isinstance(b, Partial)) or a.function != b.function:
        return True
    return len(a.arguments) != len(b.arguments) or [k for k, _ in a.keywords] != [k for k, _ in b.keywords]


def either(is_first: Binding, first: Binding, second: Binding) -> Binding:
    """The first function where the condition holds, else the second one."""
    function = constant(library.call_either)
    parts = (function, is_first, first, second)
    return Binding(None, Partial(function.value, tuple(part.value for part in parts[1:])), parts)


def chosen_by_key(calls: Calls, source: Binding, key: Binding) -> Binding | None:
    """`functions[key]` of a dict or sequence of functions, with a key that only the run time knows."""
    value = source.value
    if not isinstance(value, (Mapping, Sequence)) or not 0 < len(value.items) <= MOST_FUNCTIONS:
        return None
    if not all(is_function(item) or is_boxed(item) for item in value.items) or calls.sweep.is_mutated(source.region):
        return None
    if source.parts is None and not all(isinstance(item, Known) for item in value.items):
        return None
    with calls.aside():
        names = value.keys if isinstance(value, Mapping) else range(len(value.items))
        if isinstance(value, Sequence):
            key = calls.call_object(Ref(library.place_from_start), [key, constant(len(value.items))], {})
        found = Binding(None, Partial(Known(library.call_missing), (key.value,)), (constant(library.call_missing), key))
        for place, name in reversed([*enumerate(names)]):
            item = value.items[place]
            function = source.parts[place] if source.parts else constant(item.object)  # type: ignore[union-attr]
            is_this = calls.call_object(Ref(operator.eq), [key, constant(name)], {})
            found = either(is_this, unboxed(calls, function), found)
    return found


def is_choice(value: Value) -> bool:
    """Whether this is what `either` makes."""
    return isinstance(value, Partial) and value.function == Known(library.call_either)


def answered(calls: Calls, choice: Binding, ask: Callable[[Binding], bool | None]) -> Binding | None:
    """The answer to a question about a choice among functions; None where it cannot be told from what it chose from."""
    if not is_choice(choice.value):
        known = ask(choice)
        return None if known is None else constant(known)
    assert isinstance(choice.value, Partial)
    unpacked = unpack_partial(calls, choice, choice.value)
    assert unpacked is not None
    is_first, first, second = unpacked[1]
    yes, no = answered(calls, first, ask), answered(calls, second, ask)
    if yes is None or no is None:
        return None
    with calls.aside():
        if yes is no or isinstance(yes.value, Literal) and yes.value == no.value:
            return yes
        if yes.value == Literal(True) and no.value == Literal(False):
            return calls.call_object(Ref(operator.truth), [is_first], {})
        if yes.value == Literal(False) and no.value == Literal(True):
            return calls.call_object(Ref(operator.not_), [is_first], {})
        return calls.call_object(Ref(library.choose), [is_first, yes, no], {})


def compared(calls: Calls, binding: Binding) -> Binding:
    """An operand as it is compared: of a choice among functions, the function that was chosen."""
    binding = unboxed(calls, binding)
    if not is_choice(binding.value):
        return binding
    return calls.sweep.emit(None, Call(Ref(runtime.chosen_function), (calls.sweep.atom(binding),)), UNKNOWN)
