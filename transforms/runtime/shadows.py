"""Shadows: cotangents in memory that has the same aliasing as the value, where this is changed in place."""

from __future__ import annotations

from typing import Any

import numpy as np

from transforms.runtime.broadcasting import unbroadcast
from transforms.runtime.cotangents import add, add_into, add_item, zeros
from transforms.runtime.refusal import DerivativeRefused


def _is_number(shadow: Any) -> bool:
    return isinstance(shadow, (float, complex, int, np.generic))


def accumulate(shadow: Any, g: Any) -> Any:
    """Add `g` to a shadow that is memory or, for a number, a value; returns the shadow."""
    if _is_number(shadow):
        return add(shadow, g)
    add_into(shadow, g)
    return shadow


def merge(shadow: Any, other: Any) -> Any:
    """The shadow of a name, after another name for the same thing went: a number's cotangent is added."""
    return shadow + other if _is_number(other) and _is_number(shadow) else shadow


def drained(shadow: Any) -> Any:
    """What remains of a shadow whose cotangent went to another name: nothing of a number, memory as it is."""
    return 0.0 if _is_number(shadow) else shadow


def rebound(shadow: Any, x: Any) -> Any:
    """The shadow of `x`, the result of an operator like `+=` on something with this shadow: the same for an array that
    was changed, zero for a number, new for an array that was made of a number."""
    if isinstance(x, (list, dict, set)):
        raise DerivativeRefused(
            "a container of unknown type is changed in place: give example arguments, so that types are known"
        )
    return shadow if isinstance(x, np.ndarray) and isinstance(shadow, np.ndarray) else zeros(x)


def take_changed(shadow: Any) -> Any:
    """The cotangent in a shadow, out of memory that is changed: the memory becomes zero."""
    if not isinstance(shadow, np.ndarray):
        return shadow
    g = shadow.copy()
    shadow[...] = 0.0
    return g


def take_stored(shadow: Any, key: Any, stored: Any) -> Any:
    """The cotangent of what `x[key] = stored` stored, out of the shadow of `x`, whose place becomes zero."""
    if isinstance(shadow, np.ndarray):
        place = np.zeros(shadow.shape, dtype=np.intp)
        count = place[key].size
        place[key] = np.arange(1, count + 1).reshape(np.shape(place[key]))
        g = shadow[key] * (place[key] == np.arange(1, count + 1).reshape(np.shape(place[key])))
        shadow[key] = 0.0
        return unbroadcast(g, stored)
    g, shadow[key] = shadow[key], 0.0
    return g


def return_item(shadow: Any, index: Any, other: Any) -> None:
    """Add the cotangent `other` of an item that was read from `x[index]`, unless it is in the shadow's own memory."""
    if isinstance(index, slice) and isinstance(other, list):
        for position, item in zip(range(*index.indices(len(shadow))), other, strict=True):
            return_item(shadow, position, item)
    elif _is_number(other) and not (isinstance(shadow, dict) and index not in shadow):
        add_item(shadow, index, other)
    elif isinstance(shadow, np.ndarray) and isinstance(other, np.ndarray) and not np.may_share_memory(shadow, other):
        np.add.at(shadow, index, other)  # the item was a copy


def return_attribute(shadow: Any, name: str, other: Any) -> None:
    """Add the cotangent `other` of what was read from `x.name`, if that is a number."""
    if _is_number(other):
        setattr(shadow, name, getattr(shadow, name) + other)


def diagonal_view(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """`np.diagonal(a, offset, axis1, axis2)` as a view that may be written to: the shadow of a diagonal."""
    view = np.diagonal(a, offset, axis1, axis2)
    view.flags.writeable = True
    return view
