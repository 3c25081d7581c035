"""`vars(thing)` and `thing.__dict__`: the attributes of an object as a dict.

It is not made: what reads, assigns or asks for an item of it does so with the attribute. Everything else is refused.
"""

from __future__ import annotations

import inspect
import operator
import types
from typing import TYPE_CHECKING

from transforms import core, library, operations
from transforms.analyses.activity import INACTIVE
from transforms.core import Ref
from transforms.errors import TransformError
from transforms.specialise.binding import Binding, constant
from transforms.specialise.calls.facts import Keywords, handles, python_type
from transforms.values import Instance, Known, Literal, Mapping, Partial, Record, Value

if TYPE_CHECKING:
    from transforms.specialise.calls.dispatch import Calls

_CODE = (type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType, core.Function)
_FUNCTIONS = {operator.getitem: getattr, operator.setitem: setattr, operator.delitem: delattr}


@handles(vars)
def on_vars(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    """`vars(thing)`"""
    return view_of(calls, arguments[0]) if len(arguments) == 1 else None


def view_of(calls: Calls, thing: Binding) -> Binding | None:
    """The attributes of an object whose class is known; None for everything else."""
    kind = python_type(thing.value)
    is_object = isinstance(thing.value, (Record, Instance)) or (
        isinstance(thing.value, Known) and not isinstance(thing.value.object, _CODE)
    )
    if kind is None or not is_object or kind.__module__ in ("builtins", "numpy", "functools"):
        return None
    if kind.__setattr__ is not object.__setattr__ or hasattr(kind, "__getattr__"):
        raise _refusal(calls)
    view = constant(library.attributes)
    return Binding(None, Partial(view.value, (thing.value,)), (view, thing))


def is_view(value: Value) -> bool:
    """Whether this is what `view_of` makes."""
    return isinstance(value, Partial) and value.function == Known(library.attributes)


def call_on_view(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding:
    """A call with the attributes of an object as a dict."""
    if id(ref.value) in INACTIVE and ref.value is not operator.contains:
        return calls.call_object(ref, [_made(calls, item) for item in arguments], keywords)
    view, rest = arguments[0], arguments[1:]
    if not is_view(view.value) or view.parts is None:
        raise _refusal(calls)
    thing, function = view.parts[1], ref.value
    if function is operations.method:
        return _method(calls, thing, rest, keywords)
    if not rest or any(is_view(item.value) for item in rest):
        raise _refusal(calls)
    if function is operator.contains:
        return calls.call_object(Ref(hasattr), [thing, _name(calls, thing, rest[0])], {})
    if function not in _FUNCTIONS:
        raise _refusal(calls)
    return calls.call_object(Ref(_FUNCTIONS[function]), [thing, _name(calls, thing, rest[0]), *rest[1:]], {})


def _made(calls: Calls, item: Binding) -> Binding:
    """The dict itself, for a function through which no derivative passes."""
    if not is_view(item.value) or item.parts is None:
        return item
    with calls.aside():
        return calls.emit(Ref(vars), [item.parts[1]], {}, Instance(dict))


def _method(calls: Calls, thing: Binding, arguments: list[Binding], keywords: Keywords) -> Binding:
    """`get` and `update`."""
    name, *rest = arguments
    if name.value == Literal("get") and len(rest) in (1, 2) and not keywords:
        default = rest[1] if len(rest) == 2 else constant(None)
        return calls.call_object(Ref(getattr), [thing, _name(calls, thing, rest[0]), default], {})
    if name.value != Literal("update") or len(rest) > 1:
        raise _refusal(calls)
    given: Keywords = {}
    for source in rest:
        value = source.value
        if not isinstance(value, Mapping) or calls.sweep.is_mutated(source.region):
            kind = python_type(thing.value)
            if python_type(value) is not dict or any(map(_is_own_setter, _members(kind))):
                raise _refusal(calls)
            calls.perform(library.update_attributes, thing, source)
            continue
        for key, held in zip(value.keys, value.items):
            given[str(key)] = calls.sweep.read(source, core.Const(key), held)
    for key, item in {**given, **keywords}.items():
        calls.perform(setattr, thing, _name(calls, thing, constant(key)), item)
    return constant(None)


def _name(calls: Calls, thing: Binding, key: Binding) -> Binding:
    """The key, if it is known and not that of something that the class has."""
    kind, name = python_type(thing.value), getattr(key.value, "value", None)
    if kind is None or not isinstance(key.value, Literal) or not isinstance(name, str):
        raise _refusal(calls)
    held = inspect.getattr_static(kind, name, None)
    if held is not None and (callable(held) or hasattr(held, "__get__")):
        raise _refusal(calls)
    return key


def _is_own_setter(held: object) -> bool:
    """Whether something in a class decides what an assignment to the attribute does."""
    return hasattr(type(held), "__set__") and not isinstance(held, types.GetSetDescriptorType)


def _members(kind: type | None) -> list[object]:
    """What the classes of an object hold."""
    return [] if kind is None else [held for base in kind.__mro__[:-1] for held in vars(base).values()]


def _refusal(calls: Calls) -> TransformError:
    return TransformError(
        "the attributes of an object are used as a dict, and that is not followed here",
        "Read and assign them by their names, with getattr and setattr.",
        calls.sweep.origin,
    )
