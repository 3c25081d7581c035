"""Calls of functions that only the run time knows."""

from __future__ import annotations

import collections
import contextlib
import functools
import inspect
import operator
import types
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from transforms.runtime.refusal import DerivativeRefused

dispatcher: Any = None  # set by the user-side package: transforms a function that only the run time knows
dispatcher_tangent: Any = None  # the same for forward mode
dispatcher_again: Any = None  # the same for the pullback of such a function


class CallPullback:
    """The function from a cotangent of the value of a call to those of its arguments.

    Its own cotangent is a sequence of those of the arguments that the call was made with.
    """

    def __init__(self, function: Any, arguments: tuple, pull: Callable[[Any], tuple]) -> None:
        self.function, self.arguments, self.pull = function, arguments, pull

    def __call__(self, cotangent: Any) -> tuple:
        return self.pull(cotangent)


def call_augmented(function: Any, *arguments: Any) -> tuple:
    """(value, pullback) of a call whose function is known only now; the pullback gives one cotangent per argument."""
    if dispatcher is None:
        raise RuntimeError("a function value cannot be differentiated here: the compiler is not loaded")
    with _watched(function, function, locked=False), _watched(function, arguments) as arrays:
        result = dispatcher(function, *arguments)
    _unlock(result[0], arrays)
    return result


def call_tangent(function: Any, arguments: tuple, tangents: tuple) -> tuple:
    """(value, tangent) of a call whose function is known only now; `tangents` has one for each argument."""
    if dispatcher_tangent is None:
        raise RuntimeError("a function value cannot be differentiated here: the compiler is not loaded")
    with _watched(function, function, locked=False), _watched(function, (arguments, tangents)) as arrays:
        result = dispatcher_tangent(function, arguments, tangents)
    _unlock(result, arrays)
    return result


def call_unfollowed(function: Any, *arguments: Any, **keywords: Any) -> Any:
    """The value of a call that no derivative passes through; refused where it changed what it was given, which may hold
    values that are differentiated."""
    with _watched(function, (arguments, keywords)) as arrays:
        value = function(*arguments, **keywords)
    _unlock(value, arrays)
    return value


def call_closure(function: Any, *arguments: Any, **keywords: Any) -> Any:
    """`call_unfollowed` of a function that was made in the program, and may have captured what is differentiated."""
    with _watched(function, function, locked=False):
        return call_unfollowed(function, *arguments, **keywords)


@contextlib.contextmanager
def _watched(function: Any, things: Any, locked: bool = True) -> Iterator[list[np.ndarray]]:
    """Refuse to go on where a call changes one of these things; a number may be written where the same stood before, so
    arrays cannot be written to meanwhile."""
    held = _contents(things)
    arrays = [thing for thing, _ in held if locked and isinstance(thing, np.ndarray) and thing.flags.writeable]
    arrays.sort(key=lambda array: array.base is not None)  # a view can be writeable where its array is
    try:
        for array in arrays:
            array.flags.writeable = False
        yield arrays
    except ValueError as error:
        if "read-only" in str(error):
            raise _changes(function, arrays[0]) from error
        raise
    finally:
        for array in arrays:
            array.flags.writeable = True
    _check_contents(function, held)


def _unlock(value: Any, arrays: list[np.ndarray]) -> None:
    """What a call returns are views, made while these arrays could not be written to."""
    owners = {id(array if array.base is None else array.base) for array in arrays}
    for thing, _ in _contents(value) if owners else ():
        if not (isinstance(thing, np.ndarray) and isinstance(thing.base, np.ndarray)):
            continue
        if id(thing.base) in owners and thing.base.flags.writeable:
            thing.flags.writeable = True


def check_apart(value: Any, *arguments: Any) -> None:
    """Refuse to go on where the value of a call, or one of its arguments, is changed, and the two share memory."""
    if value is None or isinstance(value, (int, float, complex, str, np.generic)):
        return
    given = {id(thing): thing for thing, _ in _contents(arguments)}
    arrays = [thing for thing in given.values() if isinstance(thing, np.ndarray)]
    for thing, _ in _contents(value):
        is_view = isinstance(thing, np.ndarray) and any(np.may_share_memory(thing, other) for other in arrays)
        if is_view or id(thing) in given:
            raise DerivativeRefused(
                "a function that only the run time knows returns what it was given, or something that holds it, and "
                "this is changed afterwards: give example arguments, so that types are known"
            )


def _contents(thing: Any) -> list[tuple[Any, Any]]:
    """All that can be changed in place of something, and of what it holds and has captured, with what it holds now."""
    found: dict[int, tuple[Any, Any]] = {}
    work = [thing]
    while work:
        item = work.pop()
        if isinstance(item, (int, float, complex, str, bytes, np.generic, type, types.ModuleType, type(None))):
            continue
        if id(item) in found:
            continue
        held = item.copy() if isinstance(item, np.ndarray) else _held_by(item)
        if held is not None:
            found[id(item)] = (item, held)
            work.extend(held if isinstance(held, list) else ())
    return list(found.values())


def _held_by(thing: Any) -> list | None:
    """What a container, an object or a function holds, in order; None for what holds nothing."""
    if isinstance(thing, dict):
        return [part for pair in thing.items() for part in pair]
    if isinstance(thing, types.FunctionType):
        named = (thing.__kwdefaults__ or {}).values()
        names = _globals(thing.__code__, thing.__globals__)
        return [*(thing.__closure__ or ()), *(thing.__defaults__ or ()), *named, *names]
    if isinstance(thing, types.CellType):
        return [thing.cell_contents] if thing != types.CellType() else []
    if isinstance(thing, types.MethodType):
        return [thing.__func__, thing.__self__]
    if isinstance(thing, (types.BuiltinMethodType, types.MethodWrapperType)):
        return [thing.__self__]
    if isinstance(thing, functools.partial):
        return [thing.func, *thing.args, *thing.keywords.values()]
    if isinstance(thing, operator.methodcaller):
        return []  # what it calls is a method of its argument
    held: list = [*thing] if isinstance(thing, (list, tuple, set, frozenset, collections.deque)) else []
    slots: Iterable[str] = (name for kind in type(thing).__mro__ for name in _slots(kind))
    held += [getattr(thing, name) for name in slots if hasattr(thing, name)]
    if callable(thing):
        held.append(type(thing).__call__)
    return [*held, *getattr(thing, "__dict__", {}).values()]


def _globals(code: types.CodeType, names: dict[str, Any]) -> Iterator[Any]:
    """The globals that a function refers to."""
    yield from (names[name] for name in code.co_names if name in names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _globals(constant, names)


def _slots(kind: type) -> tuple[str, ...]:
    slots = kind.__dict__.get("__slots__", ())
    return (slots,) if isinstance(slots, str) else tuple(slots)


def _check_contents(function: Any, before: list[tuple[Any, Any]]) -> None:
    """Refuse to go on where what was there before a call holds something else after it."""
    for thing, held in before:
        if isinstance(thing, np.ndarray):
            is_same = thing.shape == held.shape and thing.tobytes() == held.tobytes()
        else:
            now = _held_by(thing) or []
            is_same = len(now) == len(held) and all(map(_is_same, now, held))
        if not is_same:
            raise _changes(function, thing)


def _changes(function: Any, thing: Any) -> DerivativeRefused:
    return DerivativeRefused(
        f"{_name(function)} is only known when the program runs, and changes {_described(thing)} in place: give "
        "example arguments, so that types are known, or call it by its name"
    )


def _is_same(first: Any, second: Any) -> bool:
    """Whether an item is what it was.  A number that was computed anew is another one, equal or not."""
    return first is second or (isinstance(first, (int, str)) and first == second)


def _described(thing: Any) -> str:
    kind = "array" if isinstance(thing, np.ndarray) else type(thing).__name__
    if isinstance(thing, (types.CellType, types.FunctionType)):
        return "a variable of an enclosing function"
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind} that it is given or holds"


def own_method(thing: Any, name: str) -> Any:
    """The function that a method of an object is, whose class only the run time knows; called with the object first."""
    member = inspect.getattr_static(type(thing), name, None)
    if isinstance(member, types.FunctionType) and not isinstance(thing, tuple):
        return member
    held = getattr(thing, name)
    raise DerivativeRefused(
        f"the attribute {name!r} of a {type(thing).__name__}, a {type(held).__name__}, is called, and holds values "
        "that are differentiated: give example arguments, so that its class is known"
    )


def call_again(pullback: Any, cotangent: Any) -> tuple:
    """(value, pullback) of the call of a pullback, which depends on the arguments of its call too."""
    if not isinstance(pullback, CallPullback):
        raise DerivativeRefused(
            f"a {type(pullback).__name__} is called, and holds values that are differentiated: give example arguments, "
            "so that its class is known"
        )
    return dispatcher_again(pullback, cotangent)


def chosen_function(choice: Any) -> Any:
    """The function that `functools.partial(library.call_either, is_first, first, second)` calls."""
    while isinstance(choice, functools.partial) and choice.func.__name__ == "call_either":
        choice = choice.args[1] if choice.args[0] else choice.args[2]
    return choice


def _name(function: Any) -> str:
    function = chosen_function(function)
    while isinstance(function, functools.partial):
        function = function.func
    return getattr(function, "__name__", None) or type(function).__name__
