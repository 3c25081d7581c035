"""What `functools` makes of functions inside a program: wrappers with the names of what they wrap, and caches.

A function with a cache is the function itself: what a cache holds has no derivative with respect to the arguments of
a later call.  So it must not matter how often it is called.
"""

from __future__ import annotations

import functools
import operator
from typing import TYPE_CHECKING

from transforms import core, library, operations
from transforms.core import Assign, Call, Ref, Var, is_call_of
from transforms.errors import TransformError
from transforms.passes.effects import INPLACE
from transforms.specialise.binding import Binding, constant
from transforms.specialise.calls.closures import is_function, unpack_partial
from transforms.specialise.calls.facts import Keywords, handles
from transforms.values import Array, Known, Many, Mapping, Partial, Sequence

if TYPE_CHECKING:
    from transforms.specialise.calls.dispatch import Calls

_STORES = (operator.setitem, operator.delitem, setattr, delattr, *INPLACE)
_CHANGING = "append extend insert pop remove clear sort reverse update setdefault popitem add discard fill".split()


@handles(functools.update_wrapper)
def on_update_wrapper(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    """`functools.update_wrapper(wrapper, wrapped)`: the wrapper, whose name is noted."""
    wrapped = keywords.get("wrapped", arguments[1] if len(arguments) > 1 else None)
    if wrapped is None or not arguments or not is_function(arguments[0].value):
        return None
    wrapper = arguments[0].value
    function, held = (wrapper.function, wrapper.arguments) if isinstance(wrapper, Partial) else (wrapper, ())
    if isinstance(function, Known):
        place = held.index(wrapped.value) if wrapped.value in held else None
        names = calls.sweep.session.wrapped
        names[id(function.object)] = place if names.get(id(function.object), place) == place else None
    return arguments[0]


@handles(functools.cache)
def on_cache(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    """`functools.cache(function)`"""
    if len(arguments) != 1 or keywords or not is_function(arguments[0].value):
        return None
    _check_repeatable(calls, arguments[0])
    cached = constant(library.call_cached)
    return Binding(None, Partial(cached.value, (arguments[0].value,)), (cached, arguments[0]))


@handles(functools.lru_cache)
def on_lru_cache(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    """`functools.lru_cache(function)`, or `functools.lru_cache(maxsize)`, which is a decorator."""
    if arguments and is_function(arguments[0].value):
        return on_cache(calls, ref, arguments[:1], {})
    return constant(functools.cache)


@handles(library.call_cached)
def on_call_cached(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    """A call of such a function: what has no hash is an error in Python."""
    function, *given = arguments
    for item in (*given, *keywords.values()):
        value = item.value
        if isinstance(value, (Array, Mapping)) or isinstance(value, (Sequence, Many)) and value.kind is list:
            calls.perform(hash, item)
    return calls.apply(function, given, keywords, calls.hint, calls.is_bound)


def is_cached(value: object) -> bool:
    """Whether this is a function with a cache that was made inside the program."""
    return isinstance(value, Partial) and value.function == Known(library.call_cached)


def cache_method(calls: Calls, name: str) -> Binding:
    """A method of a cache: there is none that could be cleared."""
    if name == "cache_clear":
        return constant(None)
    raise TransformError(
        f"{name!r} of a function with a cache is not supported here",
        "Make the cache outside of the function that is differentiated.",
        calls.sweep.origin,
    )


def _check_repeatable(calls: Calls, function: Binding) -> None:
    """Refuse a function that changes something outside of it, which it would do at each call."""
    value, captured = function.value, 0
    if isinstance(value, Partial):
        unpacked = unpack_partial(calls, function, value)
        if unpacked is None:
            return
        value, captured = unpacked[0].value, len(unpacked[1])
    program = calls.sweep.session.read(value.object) if isinstance(value, Known) else None
    if program is not None and _changes_outside(program, set(program.parameters[:captured])):
        raise TransformError(
            f"{program.name} has a cache, and changes something outside of it: how often it is called would matter",
            "Leave out the cache.",
            calls.sweep.origin,
        )


def _changes_outside(program: core.Function, outside: set[str]) -> bool:
    """Whether a program changes what these names, or references, stand for."""
    for statement in core.walk(program.body):
        call = statement.value if isinstance(statement, Assign) else None
        if not isinstance(call, Call) or not call.arguments:
            continue
        owner = call.arguments[0]
        if not (isinstance(owner, Ref) or isinstance(owner, Var) and owner.name in outside):
            continue
        if is_call_of(call, getattr, operator.getitem) and isinstance(statement, Assign) and statement.target:
            outside.add(statement.target)
        is_change = is_call_of(call, operations.method) and getattr(call.arguments[1], "value", "") in _CHANGING
        if is_change or is_call_of(call, *_STORES):
            return True
    return False
