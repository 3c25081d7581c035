"""What has no derivative and only the run time finds out: a class of errors, and the checks that raise it."""

from __future__ import annotations

import collections
import dataclasses
import inspect
import types
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np


class DerivativeRefused(TypeError):
    """The derivative cannot be computed, which only the run time could find out; nothing was computed instead."""


def check_distinct(levels: tuple, changed: Any, *others: Any) -> None:
    """Refuse to go on where an argument that is changed in place shares memory with another argument.

    `levels` says for the argument, for its items, for theirs whether they are changed.
    """
    found: list[Any] = []
    _memory(changed, levels, found)
    rest: list[Any] = []
    for other in others:
        _memory(other, (True,) * 4, rest)
    for position, thing in enumerate(found):
        for other in (*found[:position], *rest):
            are_arrays = isinstance(thing, np.ndarray) and isinstance(other, np.ndarray)
            if thing is other or are_arrays and _overlap(thing, other):
                raise DerivativeRefused(
                    "an argument or global is changed in place and shares memory with another one (or with another "
                    "part of itself), so that a derivative with respect to one of them alone has no meaning; "
                    "pass a copy"
                )


def check_unshared(x: Any) -> None:
    """Refuse to go on where something that is copied with all that it holds refers to the same memory twice: the parts
    of the copy are followed as if each had memory of its own."""
    found: dict[int, Any] = {}
    _check_unshared(x, found)


def _check_unshared(x: Any, found: dict[int, Any]) -> None:
    if isinstance(x, (int, float, complex, str, bytes, np.generic, type, type(None), types.FunctionType)):
        return
    if not isinstance(x, tuple):
        if id(x) in found:
            raise DerivativeRefused(
                f"deepcopy of something that refers to the same {type(x).__name__} twice: a derivative through this is "
                "not supported; build the copy item by item"
            )
        found[id(x)] = x
    if isinstance(x, np.ndarray):
        return
    for item in x.values() if isinstance(x, dict) else x if isinstance(x, (list, tuple)) else _attributes(x):
        _check_unshared(item, found)


def _attributes(x: Any) -> list:
    """What the attributes of an object hold."""
    slots = [name for kind in type(x).__mro__ for name in getattr(kind, "__slots__", ())]
    return [*getattr(x, "__dict__", {}).values(), *(getattr(x, name) for name in slots if hasattr(x, name))]


def _memory(thing: Any, levels: tuple, found: list[Any]) -> None:
    """Append the mutable things of an argument, level by level, where the level counts."""
    if not levels or isinstance(thing, (int, float, complex, str, bytes, np.generic, type, type(None))):
        return
    if levels[0] and not isinstance(thing, tuple):
        found.append(thing)
    if isinstance(thing, np.ndarray) or not any(levels[1:]):
        return
    if isinstance(thing, dict):
        items: Any = thing.values()
    elif isinstance(thing, (list, tuple)):
        items = thing
    else:
        items = getattr(thing, "__dict__", {}).values()
    for item in list(items):
        _memory(item, levels[1:], found)


def _overlap(first: np.ndarray, second: np.ndarray) -> bool:
    if not np.may_share_memory(first, second):
        return False
    try:
        return np.shares_memory(first, second, max_work=10_000)  # type: ignore[arg-type]
    except Exception:  # too hard to say
        return True


def check_view(result: Any, source: Any) -> None:
    """Refuse to go on where `result` is changed in place, or `source` is, and NumPy had to copy to make `result`."""
    if isinstance(result, list | tuple):
        is_new = isinstance(result, list) and result is not source
        if is_new and any(isinstance(item, (float, complex, np.inexact)) for item in result):
            raise DerivativeRefused(
                "the derivative cannot follow this in-place change: numbers were copied into a new list, and the types "
                "are not known here; give example arguments, or build the list item by item"
            )
        for item in result:
            check_view(item, source)
        return
    if not isinstance(result, np.ndarray):
        return  # a number, or the parts of an array, which are always views
    if result is not source and not np.may_share_memory(result, source) and np.size(result):
        raise DerivativeRefused(
            "the derivative cannot follow this in-place change: NumPy copied a non-contiguous array where a view was "
            "expected; make the copy explicit with .copy()"
        )


def is_copy(result: Any, source: Any) -> bool:
    """Whether `result`, which may be a view of `source` or hold its parts, is new memory or a number; refused where it
    is both."""
    if result is source and isinstance(result, (np.ndarray, list, dict)):
        return False
    memory = list(_reachable(source, set()))
    known = set(map(id, memory))
    arrays = [part for part in memory if isinstance(part, np.ndarray)]
    answers = set(_copies(result, known, arrays, set()))
    if len(answers) > 1:
        raise DerivativeRefused(
            "the derivative cannot follow this in-place change: numbers were copied together with parts that are "
            "shared, and the types are not known here; give example arguments, or build the list item by item"
        )
    return answers == {True}


def keeps_items(result: Any, source: Any) -> bool:
    """Whether something is another list or tuple of the very items of a list or tuple."""
    are_lists = isinstance(result, (list, tuple)) and isinstance(source, (list, tuple, type({}.values())))
    are_lists = are_lists and result is not source
    return are_lists and len(result) == len(source) and all(p is q for p, q in zip(result, source))


def _copies(thing: Any, known: set[int], arrays: list[np.ndarray], seen: set[int]) -> Iterator[bool]:
    """For each part of something whether it is new: a number, or memory other than what is known."""
    if isinstance(thing, (float, complex, np.inexact)):
        yield True
    elif id(thing) in known:
        yield False
    elif isinstance(thing, np.ndarray):
        yield not (thing.size == 0 or any(np.may_share_memory(thing, other) for other in arrays))
    elif _is_new(thing, seen):
        for item in _held(thing):
            yield from _copies(item, known, arrays, seen)


def _reachable(thing: Any, seen: set[int]) -> Iterator[Any]:
    """What can be changed in place of something and of what it holds."""
    if not _is_new(thing, seen):
        return
    if isinstance(thing, (np.ndarray, list, dict)) or hasattr(thing, "__dict__"):
        yield thing
    for item in _held(thing):
        yield from _reachable(item, seen)


def _numbers_and_memory(thing: Any, seen: set[int]) -> Iterator[Any]:
    """The arrays and floating-point numbers that something holds."""
    if isinstance(thing, (np.ndarray, float, complex, np.inexact)):
        yield thing
    elif _is_new(thing, seen):
        for item in _held(thing):
            yield from _numbers_and_memory(item, seen)


def _is_new(thing: Any, seen: set[int]) -> bool:
    """Whether something is met for the first time.  Tuples always are: those of `d.items()` are made when they are
    asked for, one in the place of the other."""
    if isinstance(thing, tuple):
        return True
    is_new = id(thing) not in seen
    seen.add(id(thing))
    return is_new


def _held(thing: Any) -> Iterable[Any]:
    """The items of a container, and what the attributes of an object hold."""
    if isinstance(thing, dict):
        return thing.values()
    if isinstance(thing, (list, tuple, type({}.values()), type({}.items()))):
        return thing
    if isinstance(thing, (np.ndarray, np.generic, type, types.FunctionType, types.ModuleType)):
        return ()
    return _attributes(thing)


def check_followed(*arguments: Any) -> None:
    """Refuse to go on where a function that only the run time knows is given an object that holds numbers, of a class
    whose attributes get no cotangents there: those of dataclasses get them."""
    work = list(arguments)
    while work:
        item = work.pop()
        if isinstance(item, (list, tuple, dict)):
            work.extend(_held(item))
        elif dataclasses.is_dataclass(item) and not isinstance(item, type):
            work.extend(getattr(item, field.name, None) for field in dataclasses.fields(item))
        elif not isinstance(item, (float, complex, np.generic, np.ndarray)) and _holds_numbers(item):
            raise DerivativeRefused(
                f"a {type(item).__name__}, which holds values that are differentiated, is given to a function, or one "
                "of its methods is called, where only the run time knows this: give example arguments, so that its "
                "class is known, or make the class a dataclass"
            )


def _holds_numbers(thing: Any) -> bool:
    """Whether something holds floating-point numbers."""
    parts = _numbers_and_memory(thing, set())
    return any(not isinstance(part, np.ndarray) or part.dtype.kind in "fc" for part in parts)


def check_context(x: Any) -> None:
    """Refuse to go on in code made without types where a context manager holds what is differentiated, and its class
    has methods of its own that may change this."""
    for name in ("__enter__", "__exit__"):
        method = getattr(type(x), name, None)
        if isinstance(method, types.FunctionType) and method.__module__ != "contextlib":
            raise DerivativeRefused(
                f"a {type(x).__name__} is a context manager that may change what it holds, where only the run time "
                "knows its class: give example arguments, or call its methods by their names"
            )


def check_no_list(x: Any) -> None:
    """Refuse to go on in code made without types where a sum or product was taken to be of numbers, and is a list of
    things that are changed."""
    if isinstance(x, (list, tuple)) and any(not isinstance(item, (float, int, complex, str)) for item in x):
        raise DerivativeRefused(
            "a list is joined or repeated, and its items are changed in place: give example arguments, so that types "
            "are known"
        )


def check_not_repeated(x: Any) -> None:
    """Refuse to go on in code made without types where the product of something and a list repeats the list."""
    if isinstance(x, (list, tuple)):
        raise DerivativeRefused(
            "a list is repeated as often as a number of unknown type says, which stands before it: write the number "
            "behind the list, or give example arguments, so that types are known"
        )


def check_method(x: Any, name: str) -> None:
    """Refuse to go on in code made without types where a method was taken to be that of an array."""
    if not isinstance(x, (np.ndarray, np.generic)):
        if isinstance(x, (int, float, complex)) and name in ("conjugate", "real", "imag"):
            return
        raise DerivativeRefused(
            f"the method {name!r} of a {type(x).__name__} was taken to be that of an array: give example arguments, so "
            "that "
            "types are known"
        )


def check_flat(x: Any, value: Any, is_whole: bool) -> None:
    """Refuse `x.flat = value` and `x.flat[...] = value` where the two overlap: NumPy stores one number after the other,
    and reads what it has stored.  What is assigned to the whole is copied before, unless it is contiguous."""
    if not isinstance(x, np.ndarray) or not isinstance(value, np.ndarray) or not np.may_share_memory(x, value):
        return
    is_same = x.ctypes.data == value.ctypes.data and (x.shape, x.strides) == (value.shape, value.strides)
    if not is_same and not (is_whole and not value.flags.c_contiguous):
        raise DerivativeRefused(
            "what is assigned to the flat of an array shares memory with it, and NumPy reads it while that is changed: "
            "assign a copy"
        )


def check_masked(x: Any, index: Any, value: Any) -> None:
    """Refuse `x[mask] = value` where the two overlap: NumPy stores one number after the other, and reads what it has
    stored."""
    if isinstance(index, np.ndarray) and index.dtype.kind == "b" and isinstance(value, np.ndarray):
        if isinstance(x, np.ndarray) and np.may_share_memory(x, value):
            raise DerivativeRefused(
                "what is assigned where a mask is true shares memory with the array, and NumPy reads it while that is "
                "changed: assign a copy"
            )


def check_no_array(x: Any, name: str) -> None:
    """Refuse to go on in code made without types where an attribute was taken to be that of an object."""
    if isinstance(x, np.ndarray):
        raise DerivativeRefused(
            f"the attribute {name!r} of an array was taken to be that of an object: give example arguments, so that "
            "types are known"
        )


def check_structure(x: Any, name: str) -> None:
    """Refuse to go on in code made without types where an attribute was taken to be the shape, size, ... of an array,
    and is one by which an object holds floating-point numbers."""
    if _holds_numbers(x):
        raise DerivativeRefused(
            f"the attribute {name!r} was taken to be that of an array: give example arguments, so that types are known"
        )


def check_list(x: Any, name: str) -> None:
    """Refuse to go on in code made without types where a method was taken to be that of a list (or of a dict: pop)."""
    if type(x) is not list and not (name == "pop" and type(x) in (dict, collections.OrderedDict)):
        raise DerivativeRefused(
            f"the method {name!r} of a {type(x).__name__} was taken to be that of a list: give example arguments, so "
            "that types are known"
        )


def check_dict(x: Any, name: str) -> None:
    """Refuse to go on in code made without types where a method was taken to be that of a dict."""
    if type(x) not in (dict, collections.OrderedDict):
        raise DerivativeRefused(
            f"the method {name!r} of a {type(x).__name__} was taken to be that of a dict: give example arguments, so "
            "that types are known"
        )


def refuse_call(problem: str) -> None:
    """Raise what Python raises for a call whose arguments do not fit."""
    raise TypeError(problem)


def check_out(name: str, out: Any, result: Any) -> None:
    """Raise what NumPy raises where a function is given an array for its result that this does not fit."""
    name, out, made = name.rpartition(".")[2], np.asanyarray(out), np.asarray(result)
    if name in ("matmul", "vecdot", "matvec", "vecmat") and out.shape != made.shape:
        raise DerivativeRefused(f"np.{name} is given an array of shape {out.shape} for a result of shape {made.shape}")
    if name == "dot" and (out.dtype != made.dtype or not out.flags.c_contiguous):
        raise ValueError("output array is not acceptable (must have the right datatype, and be a C-array)")
    if out.shape != made.shape:
        error = TypeError if name == "choose" else ValueError
        raise error(f"the output array of {name} has the wrong shape {out.shape}, instead of {made.shape}")
    fits = {
        "einsum": np.can_cast(made.dtype, out.dtype),
        "argmax": out.dtype == made.dtype,
        "argmin": out.dtype == made.dtype,
    }
    if name in ("take", "compress"):
        np.take(np.zeros(1, made.dtype), [0], out=np.zeros(1, out.dtype))  # what it takes depends on the version
    if not fits.get(name, True):
        raise TypeError(f"the output array of {name} has the wrong dtype {out.dtype}, instead of {made.dtype}")


def is_computed(kind: type, name: str) -> bool:
    """Whether instances of a class compute this attribute (a property, a descriptor) instead of storing it."""
    member = inspect.getattr_static(kind, name, None)
    is_stored = member is None or isinstance(member, (types.FunctionType, types.MemberDescriptorType, staticmethod))
    return not is_stored and hasattr(type(member), "__get__") and name not in getattr(kind, "_fields", ())


def is_made_up(x: Any, name: str) -> bool:
    """Whether the class of an object computes this attribute in `__getattr__`."""
    from transforms.runtime.attributes import Shadow  # a cycle of imports

    found = None if isinstance(x, Shadow) else getattr(type(x), "__getattr__", None)
    return isinstance(found, types.FunctionType) and inspect.getattr_static(x, name, found) is found


def check_no_list_grows(x: Any) -> None:
    """Refuse to go on where something that a loop adds to in place is a list: the loop may be over the same one."""
    if isinstance(x, list):
        raise DerivativeRefused(
            "a list is extended by += in a loop, where only the run time knows that it is one: use append or extend, "
            "or give example arguments, so that types are known"
        )


def check_stored(x: Any, name: str) -> None:
    """Refuse to go on in code made without types where an attribute was taken to be stored in the object."""
    if isinstance(x, tuple):  # its cotangent does not tell the names
        raise DerivativeRefused(f"the attribute {name!r} of a tuple: give example arguments, so that types are known")
    if isinstance(x, (np.generic, int, float, complex)):
        return
    if not isinstance(x, np.ndarray) and (is_computed(type(x), name) or is_made_up(x, name)):
        raise DerivativeRefused(
            f"the attribute {name!r} of a {type(x).__name__} is computed when it is read: give example arguments, so "
            "that types are known"
        )
    member = getattr(x, name, None)
    if isinstance(member, (types.MethodType, types.BuiltinMethodType)) and member.__self__ is x:
        raise DerivativeRefused(
            f"the method {name!r} of a {type(x).__name__} is kept as a value, where only the run time knows the "
            f"object: call it where it is read, as in x.{name}(...)"
        )


def check_real(x: Any) -> None:
    """Refuse to go on in code made without types where a sign was taken to be constant, and is that of a complex
    number."""
    if np.iscomplexobj(x):
        raise DerivativeRefused(
            "the sign of a complex number of unknown type: give example arguments, so that types are known"
        )
