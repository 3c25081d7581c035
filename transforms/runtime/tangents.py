"""Tangents of whole values: zeros in their structure, and the form of a value given to what a rule returns."""

from __future__ import annotations

import dataclasses
from typing import Any, TypeGuard

import numpy as np

from transforms.runtime.attributes import Shadow
from transforms.runtime.cotangents import _attributes_held, held_outside
from transforms.runtime.refusal import DerivativeRefused


def no_tangent(x: Any, within: tuple = ()) -> Any:
    """The zero tangent of `x`, of the same containers, in memory of its own; that of an object is a `Shadow`.

    `within` holds the objects that `x` was reached through; one that refers back to itself ends there.
    """
    if isinstance(x, np.ndarray):
        if x.dtype.kind in "OV":
            raise DerivativeRefused("a tangent of an array of Python objects, or of records, is not supported")
        return np.zeros_like(x)
    if isinstance(x, (tuple, list)):
        items = [no_tangent(item, within) for item in x]
        return items if type(x) is list else tuple.__new__(type(x), items) if _is_named(x) else tuple(items)
    if isinstance(x, dict):
        return {key: no_tangent(item, within) for key, item in x.items()}
    if isinstance(x, np.generic) and x.dtype.kind in "fc":
        return x.dtype.type(0)
    if x is None or isinstance(x, (int, float, complex, str, bytes, np.generic, type)):
        return 0.0
    shadow = Shadow()
    if isinstance(x, Shadow) or not any(x is outer for outer in within):
        held = vars(x) if isinstance(x, Shadow) else _attributes_of(x)
        vars(shadow).update((name, no_tangent(item, (*within, x))) for name, item in held.items())
    return shadow


def _is_named(x: Any) -> TypeGuard[tuple]:
    return isinstance(x, tuple) and hasattr(x, "_fields")


def _attributes_of(x: Any) -> dict[str, Any]:
    if dataclasses.is_dataclass(x):
        return {field.name: getattr(x, field.name, None) for field in dataclasses.fields(x)}
    return _attributes_held(x)


def tangent_like(t: Any, x: Any) -> Any:
    """The tangent `t` in the shape and the dtype of `x`."""
    if isinstance(x, np.ndarray):
        if x.dtype.kind not in "fcO":
            return np.zeros_like(x)
        t = np.asarray(t)
        t = t if t.dtype == x.dtype else t.astype(x.dtype)
        return t if t.shape == x.shape else np.broadcast_to(t, x.shape)
    if isinstance(x, np.generic):
        return x.dtype.type(t) if x.dtype.kind in "fc" else 0.0
    return 0.0 if isinstance(x, int) else t


def store_tangent(place: Any, t: Any, x: Any) -> Any:
    """The tangent after an in-place operator: in the memory of `place`, where this is an array that `x` stays, too."""
    if isinstance(place, np.ndarray) and isinstance(x, np.ndarray):
        place[...] = t
        return place
    return t


def tangent_to_store(t: Any, owner: Any) -> Any:
    """The tangent of what is stored in something: an array of integers has none."""
    return 0.0 if isinstance(owner, np.ndarray) and owner.dtype.kind not in "fcO" else t


def own_tangent(t: Any) -> Any:
    """A tangent in memory of its own, which may be changed in place."""
    return t.copy() if isinstance(t, np.ndarray) else t


def tangent_outside(owner: Any, names: tuple) -> Shadow:
    """The zero tangent of what a module, cell or object holds under these names now."""
    shadow = Shadow()
    for name in names:
        for value in held_outside(owner, (name,)):
            setattr(shadow, name, no_tangent(value))
    return shadow


def refuse_tangent() -> None:
    """Refuse a derivative that is infinite, in a program that catches exceptions."""
    raise DerivativeRefused("the derivative is infinite here, in a program that catches exceptions")


def check_sharing(result: Any, source: Any, result_dot: Any, source_dot: Any) -> None:
    """Refuse to go on where a result shares memory with what it was made of, and its tangent does not, or the other
    way round."""
    if isinstance(result, np.ndarray) and isinstance(source, np.ndarray):
        is_view = np.may_share_memory(result, source)
        if result.size and is_view != np.may_share_memory(result_dot, source_dot):
            raise DerivativeRefused("an array is a view where its tangent is a copy, and is changed in place")


def merge_tangents(function: Any, first: Any, second: Any) -> Any:
    """The tangent of `x | y`, or of `x |= y`: of dicts, those of their items; numbers and sets have none."""
    return function(first, second) if isinstance(first, dict) and isinstance(second, dict) else 0.0
