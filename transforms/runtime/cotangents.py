"""Cotangents of whole values: zeros and ones in their structure, sums of two, and what is returned as the gradient."""

from __future__ import annotations

import dataclasses
import types
from typing import Any

import numpy as np

from transforms.runtime.attributes import OWN_METHODS, Shadow
from transforms.runtime.broadcasting import match_dtype
from transforms.runtime.calls import CallPullback
from transforms.runtime.iteration import LazySequence
from transforms.runtime.refusal import DerivativeRefused

MEMORY = (np.ndarray, list, dict, Shadow)  # cotangents that are added to in place


def zeros(x: Any, within: tuple = ()) -> Any:
    """A zero cotangent for `x`, in its structure: arrays and lists of zeros may be added to in place.

    `within` holds the objects that `x` was reached through; one that refers back to itself ends there.
    """
    if isinstance(x, np.ndarray):
        if x.dtype.kind in "OV" and not _is_of_numbers(x):
            raise DerivativeRefused(
                "a derivative through a structured array, or an array of Python objects that are no numbers, is not "
                "supported: use a list, or arrays of numbers"
            )
        return np.zeros_like(x) if x.dtype.kind != "O" else np.array([zeros(item) for item in x.flat]).reshape(x.shape)
    if isinstance(x, (tuple, list)):
        return [zeros(item, within) for item in x]
    if isinstance(x, LazySequence):
        return [zeros(item, within) for item in x.fetched]
    if isinstance(x, dict):
        return {key: zeros(item, within) for key, item in x.items()}
    if isinstance(x, np.generic) and x.dtype.kind in "fc":
        return x.dtype.type(0)
    if x is None or isinstance(x, (int, float, complex, str, bytes, np.generic, type)):
        return 0.0
    if isinstance(x, CallPullback):
        return [zeros(item, within) for item in x.arguments]
    shadow = Shadow()
    if isinstance(x, Shadow):
        vars(shadow).update((name, zeros(item)) for name, item in vars(x).items())
    elif dataclasses.is_dataclass(x):
        vars(shadow).update((field.name, zeros(getattr(x, field.name, None))) for field in dataclasses.fields(x))
    elif not any(x is outer for outer in within):
        for name, item in _attributes_held(x).items():
            if isinstance(item, (list, dict)) or isinstance(item, np.ndarray) and item.dtype.kind == "f":
                vars(shadow)[name] = zeros(item, (*within, x))
            elif isinstance(item, tuple) and not all(isinstance(part, _PLAIN) for part in item):
                vars(shadow)[name] = zeros(item, (*within, x))
    return shadow


_PLAIN = (int, float, complex, str, bytes, np.generic, type(None))


def held_outside(owner: Any, names: tuple) -> list:
    """What a module, cell or object holds under these names now."""
    found = []
    for name in names:
        try:
            found.append(getattr(owner, name))
        except (AttributeError, NameError, ValueError):
            pass  # not bound yet
    return found


def shadow_outside(owner: Any, names: tuple) -> Shadow:
    """A zero cotangent for what a module, cell or object holds under these names now."""
    shadow = Shadow()
    for name in names:
        for value in held_outside(owner, (name,)):
            setattr(shadow, name, zeros(value))
    return shadow


def _is_of_numbers(x: np.ndarray) -> bool:
    return x.dtype.kind == "O" and all(isinstance(item, (float, int, np.generic)) for item in x.flat)


def ones(x: Any, is_part: bool = False) -> Any:
    """A cotangent of ones for `x`, in its structure; a part of an output that is not numeric gets a zero."""
    if isinstance(x, np.ndarray):
        if x.dtype.kind in "USVmM" or x.dtype.kind == "O" and not _is_of_numbers(x):
            raise ValueError(f"the output has no gradient: it is an array of {x.dtype}; return real numbers or arrays")
        return np.ones_like(x)
    if isinstance(x, (tuple, list)):
        return [ones(item, True) for item in x]
    if isinstance(x, dict):
        return {key: ones(item, True) for key, item in x.items()}
    if isinstance(x, np.generic) and x.dtype.kind in "fc":
        return x.dtype.type(1)
    if dataclasses.is_dataclass(x) and not isinstance(x, type):
        cotangent = Shadow()
        vars(cotangent).update((field.name, ones(getattr(x, field.name), True)) for field in dataclasses.fields(x))
        return cotangent
    if is_part and (x is None or isinstance(x, (str, bytes))):
        return 0.0
    if x is None or isinstance(x, (str, bytes, set, frozenset, complex)):
        what = f"complex ({x!r})" if isinstance(x, complex) else f"not numeric: {x!r}"
        raise ValueError(f"the output has no gradient: it is {what}; return real numbers or arrays")
    return 1.0


def require_numbers(x: Any) -> None:
    """Refuse an output of a type that only the run time knows, and that does not depend on the input, if it has no
    gradient."""
    ones(x)
    if type(x) is object or callable(x):
        raise ValueError(f"the output has no gradient: it is not numeric: {x!r}; return real numbers or arrays")


def zeros_of(x: Any) -> Any:
    """Zeros of the structure, shapes and dtypes of `x`: arrays, numbers, lists, tuples and dicts of them."""
    if isinstance(x, np.ndarray):
        if x.dtype.kind == "O":
            result = np.empty_like(x)
            result[...] = 0.0
            return result
        return np.zeros(x.shape, x.dtype)
    if isinstance(x, np.generic):
        return x.dtype.type(0)
    if isinstance(x, (float, complex)):
        return 0.0 * x if x == x and x - x == 0 else type(x)(0)
    if isinstance(x, dict):
        return {key: zeros_of(item) for key, item in x.items()}
    if isinstance(x, tuple) and hasattr(x, "_fields"):
        return type(x)(*map(zeros_of, x))
    if isinstance(x, (list, tuple)):
        return type(x)(map(zeros_of, x))
    return 0.0


def add(a: Any, b: Any) -> Any:
    """The sum of two cotangents of one value, leaf by leaf; a zero stands for any structure."""
    if isinstance(a, float) and isinstance(b, (tuple, list, dict, Shadow)):
        return b
    if isinstance(b, float) and isinstance(a, (tuple, list, dict, Shadow)):
        return a
    if isinstance(a, (tuple, list)):
        return [add(p, q) for p, q in zip(a, b, strict=True)]
    if isinstance(a, (str, bytes)):  # a key, in the items of a dict
        return a
    if isinstance(a, dict):
        return {key: add(item, b.get(key, 0.0)) for key, item in a.items()} | {
            key: item for key, item in b.items() if key not in a
        }
    if isinstance(a, Shadow):
        total = Shadow()
        vars(total).update((name, add(getattr(a, name), getattr(b, name))) for name in {**vars(a), **vars(b)})
        return total
    return a + b


def pairing(value: Any, cotangent: Any) -> Any:
    """The sum of the products of the numbers in a value and in its cotangent, where a zero stands for any structure;
    its gradient is that of a pullback."""
    if isinstance(value, (tuple, list, dict)) and isinstance(cotangent, float):
        return 0.0
    if isinstance(value, (tuple, list)):
        return sum(pairing(p, q) for p, q in zip(value, cotangent, strict=True))
    if isinstance(value, dict):
        return sum(pairing(item, cotangent[key]) for key, item in value.items())
    is_number = isinstance(value, (float, complex, np.inexact, np.ndarray))
    return float(np.real(np.sum(value * cotangent))) if is_number else 0.0


def scaled(x: Any, factor: Any) -> Any:
    """A number, an array or a container of them times a number."""
    if isinstance(x, (tuple, list)):
        return [scaled(item, factor) for item in x]
    if isinstance(x, dict):
        return {key: scaled(item, factor) for key, item in x.items()}
    return x * factor if isinstance(x, (int, float, complex, np.number, np.ndarray)) else 0.0


def fitted(cotangent: Any, value: Any) -> Any:
    """The cotangent that a pullback is given, of the structure and shapes of the value; refused where it is not."""
    if isinstance(value, (tuple, list, dict)):
        if type(cotangent) is not type(value) or len(cotangent) != len(value):
            raise TypeError(f"a cotangent has to be a {type(value).__name__} of {len(value)} like the value")
        if isinstance(value, dict):
            return {key: fitted(cotangent[key], item) for key, item in value.items()}
        parts = [fitted(p, q) for p, q in zip(cotangent, value)]
        return parts if isinstance(value, list) else type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    if np.shape(cotangent) != np.shape(value):
        raise ValueError(f"a cotangent has shape {np.shape(cotangent)}, but the value has {np.shape(value)}")
    return float(cotangent) if isinstance(cotangent, int) else cotangent


def add_into(shadow: Any, g: Any) -> None:
    """Add the cotangent `g` to a shadow (array, list, dict) in place; a zero stands for any structure."""
    if type(g) is float and g == 0.0:
        return
    if isinstance(shadow, np.ndarray):
        if not shadow.flags.writeable:
            raise DerivativeRefused("a cotangent that is broadcast cannot be added to in place: give example arguments")
        if shadow.dtype.kind not in "biu":  # integers have no cotangent
            shadow += g
    elif isinstance(shadow, Shadow):
        if not hasattr(g, "__dict__"):
            raise DerivativeRefused(OWN_METHODS)
        for name, item in vars(g).items():
            add_attribute(shadow, name, item)
    elif isinstance(shadow, (list, dict)):
        for key, item in enumerate(g) if isinstance(shadow, list) else _places(shadow, g):
            if isinstance(_checked(shadow, key)[key], MEMORY):
                add_into(shadow[key], item)
            else:
                shadow[key] = _owned(add(shadow[key], item), item)
    elif isinstance(shadow, tuple) and all(isinstance(item, (np.ndarray, list, dict, tuple)) for item in shadow):
        for held, item in zip(shadow, g, strict=True):
            add_into(held, item)
    else:
        raise DerivativeRefused(f"a {type(shadow).__name__} cannot hold a cotangent that is added to in place")


def added_part(shadow: Any, g: Any) -> Any:
    """The cotangent `shadow` of a list in the form of `g`, which was added to it: of numbers, it may be an array."""
    if not isinstance(shadow, list) or not isinstance(g, np.ndarray):
        return shadow
    part = np.zeros_like(g)
    for place, (item, added) in enumerate(zip(shadow, g, strict=True)):
        part[place] = added_part(item, added)
    return part


def from_added_part(g: Any, shadow: Any) -> Any:
    """The cotangent `g` of `added_part(shadow, ...)` in the form of `shadow`."""
    if not isinstance(shadow, list) or not isinstance(g, np.ndarray):
        return g
    return [from_added_part(part, item) for part, item in zip(g, shadow, strict=True)]


def _places(shadow: dict, g: dict) -> list[tuple]:
    """The items of `g` that are to be added: what stands for a key that the dict did not have yet, or had no more, is a
    zero."""
    return [(key, item) for key, item in g.items() if key in shadow or type(item) is not float or item != 0.0]


def alone(x: Any, index: Any, g: Any) -> Any:
    """The cotangent of the list, tuple, dict or array `x` where only that of `x[index]`, `g`, is not zero."""
    whole = zeros(x)
    whole[index] = g
    return whole


def add_item(buffer: Any, index: Any, g: Any) -> None:
    """Add the cotangent `g` of `x[index]` to the cotangent `buffer` of the list, tuple, dict or array `x`, in place."""
    if isinstance(buffer, np.ndarray):
        np.add.at(buffer, index, g)
    elif isinstance(buffer, tuple):
        raise DerivativeRefused("a cotangent that is a tuple cannot be added to in place: give example arguments")
    elif isinstance(index, slice):
        for position, item in zip(range(*index.indices(len(buffer))), g, strict=True):
            add_item(buffer, position, item)
    elif isinstance(_checked(buffer, index)[index], MEMORY):
        add_into(buffer[index], g)  # other names may stand for this memory
    else:
        buffer[index] = _owned(add(buffer[index], g), g)


def _checked(shadow: Any, key: Any) -> Any:
    """The shadow, if it has an item for the key: one that was added in code made without types is missing."""
    is_missing = isinstance(shadow, dict) and key not in shadow
    if is_missing or isinstance(shadow, list) and not -len(shadow) <= key < len(shadow):
        raise DerivativeRefused(
            "an item was added to a container of unknown type: give example arguments, so that types are known"
        )
    return shadow


def _owned(total: Any, g: Any) -> Any:
    """A sum that will be added to in place: a copy where it is the cotangent itself."""
    return snapshot(total) if total is g else total


def add_attribute(buffer: Any, name: str, g: Any) -> None:
    """Add the cotangent `g` of `x.name` to the cotangent `buffer` of the object `x`, in place."""
    if isinstance(buffer, list):  # of a named tuple, which does not tell its names
        raise DerivativeRefused(f"the attribute {name!r} of a tuple: give example arguments, so that types are known")
    if not isinstance(buffer, Shadow):
        raise DerivativeRefused(f"the attribute {name!r} of something of unknown type: give example arguments")
    held = getattr(buffer, name)
    if isinstance(held, MEMORY):
        add_into(held, g)  # other names may stand for this memory
    else:
        setattr(buffer, name, _owned(add(held, g), g))


def snapshot(x: Any, copies: dict | None = None) -> Any:
    """A copy of `x` and of the mutable things in it, so that later changes of `x` do not reach it.

    `copies` has the copies of the shadows that `x` was reached through: objects may refer back to each other.
    """
    if isinstance(x, np.ndarray):
        return x.copy()
    if isinstance(x, (list, tuple)):
        items = [snapshot(item, copies) for item in x]
        if isinstance(x, list):
            return items
        return type(x)(*items) if hasattr(x, "_fields") else tuple(items)
    if isinstance(x, dict):
        return {key: snapshot(item, copies) for key, item in x.items()}
    if isinstance(x, Shadow):
        copies = {} if copies is None else copies
        if id(x) not in copies:
            copied = copies[id(x)] = Shadow()
            vars(copied).update((name, snapshot(item, copies)) for name, item in vars(x).items())
        return copies[id(x)]
    return x


def snapshot_object(x: Any, copies: dict | None = None) -> Any:
    """`snapshot`, where objects of the user's classes are copied, too, with all that they hold."""
    if isinstance(x, (np.ndarray, Shadow)) or isinstance(x, _PLAIN):
        return snapshot(x)
    copies = {} if copies is None else copies
    if id(x) in copies:
        return copies[id(x)]
    if isinstance(x, (list, tuple)):
        items = [snapshot_object(item, copies) for item in x]
        if isinstance(x, list):
            return items
        return type(x)(*items) if hasattr(x, "_fields") else tuple(items)
    if isinstance(x, dict):
        return {key: snapshot_object(item, copies) for key, item in x.items()}
    if not _is_own_object(x):
        return x
    copied = copies[id(x)] = object.__new__(type(x))
    for name, item in _attributes_held(x).items():
        object.__setattr__(copied, name, snapshot_object(item, copies))
    return copied


def _is_own_object(x: Any) -> bool:
    """Whether this is an object of a class written in Python, made as Python makes objects."""
    kind = type(x)
    is_plain = kind.__new__ is object.__new__ and kind.__module__.partition(".")[0] not in ("builtins", "numpy")
    return is_plain and not isinstance(x, (type, types.ModuleType, types.FunctionType)) and kind.__flags__ & 512 != 0


def zeros_of_copy(x: Any) -> Any:
    """`zeros` of a copy made by `copy.deepcopy`, in which nothing is referred to twice: in the structure of all objects
    of the user's classes that it holds, too."""
    if isinstance(x, dict):
        return {key: zeros_of_copy(item) for key, item in x.items()}
    if isinstance(x, (list, tuple)):
        return [zeros_of_copy(item) for item in x]
    if not _is_own_object(x) or isinstance(x, (Shadow, CallPullback, LazySequence)):
        return zeros(x)
    shadow = Shadow()
    vars(shadow).update((name, zeros_of_copy(item)) for name, item in _attributes_held(x).items())
    return shadow


def _attributes_held(x: Any) -> dict[str, Any]:
    """The attributes of an object."""
    slots = [name for kind in type(x).__mro__ for name in getattr(kind, "__slots__", ())]
    return {name: getattr(x, name) for name in slots if hasattr(x, name)} | getattr(x, "__dict__", {})


def filled(g: Any, x: Any) -> Any:
    """The cotangent `g` of `x` out of the shadow of a container: a plain zero, which stands for any structure, becomes
    zeros in the structure of `x`."""
    if isinstance(x, (float, complex, int, np.generic)):
        return g
    if isinstance(x, tuple) and isinstance(g, (list, tuple)):
        return [filled(p, q) for p, q in zip(g, x, strict=True)]
    return zeros(x) if type(g) is float else g


def structure(x: Any) -> Any:
    """The containers of `x` copied, so that it keeps its structure whatever happens to `x`; arrays are not copied."""
    if isinstance(x, list):
        return [structure(item) for item in x]
    if isinstance(x, tuple):
        items = [structure(item) for item in x]
        return type(x)(*items) if hasattr(x, "_fields") else tuple(items)
    if isinstance(x, dict):
        return {key: structure(item) for key, item in x.items()}
    if isinstance(x, (type({}.keys()), type({}.values()), type({}.items()))):
        return list(x)
    if dataclasses.is_dataclass(x) and not isinstance(x, type):
        names = tuple(field.name for field in dataclasses.fields(x))
        return make_record(type(x), names, *(structure(getattr(x, name, None)) for name in names))
    return x


def finish(g: Any, x: Any) -> Any:
    """The gradient of `x` as the user gets it: in the structure, dtype and shape of `x`, and memory of its own."""
    if isinstance(x, np.ndarray):
        return np.array(np.broadcast_to(g, x.shape), dtype=x.dtype if x.dtype.kind in "fc" else None)
    if isinstance(x, list):
        return [finish(p, q) for p, q in zip(g if isinstance(g, list | tuple) else [g] * len(x), x, strict=True)]
    if isinstance(x, tuple):
        items = [finish(p, q) for p, q in zip(g if isinstance(g, list | tuple) else [g] * len(x), x, strict=True)]
        return type(x)(*items) if hasattr(x, "_fields") else tuple(items)
    if isinstance(x, dict):
        return {key: finish(g[key] if isinstance(g, dict) else g, item) for key, item in x.items()}
    if isinstance(x, (np.floating, np.complexfloating)):
        return match_dtype(x.dtype.type(g) if not isinstance(g, np.generic) else g, x)
    if isinstance(x, float):
        return g.item() if isinstance(g, np.ndarray) else g
    if dataclasses.is_dataclass(x) and not isinstance(x, type):
        names = tuple(field.name for field in dataclasses.fields(x))
        return make_record(type(x), names, *(finish(getattr(g, name, 0.0), getattr(x, name, None)) for name in names))
    return g


def make_record(kind: type, names: tuple, *items: Any) -> Any:
    """An instance of a class with these attributes, made without running its `__init__`."""
    record: Any = object.__new__(kind)
    for name, item in zip(names, items, strict=True):
        object.__setattr__(record, name, item)
    return record
