"""Shadows: cotangents in memory that has the same aliasing as the value, where this is changed in place."""

from __future__ import annotations

from typing import Any

import numpy as np

from transforms.runtime.broadcasting import unbroadcast
from transforms.runtime.cotangents import add, add_attribute, add_into, add_item, snapshot, zeros
from transforms.runtime.refusal import DerivativeRefused

UNKNOWN_MEMORY = "memory of an unknown type is changed in place: give example arguments, so that types are known"


def is_number(shadow: Any) -> bool:
    """Whether a shadow is a number, and not memory."""
    return isinstance(shadow, (float, complex, int, np.generic))


def accumulate(shadow: Any, g: Any) -> Any:
    """Add `g` to a shadow that is memory or, for a number, a value; returns the shadow."""
    if is_number(shadow):
        return add(shadow, g)
    add_into(shadow, g)
    return shadow


def merge(shadow: Any, other: Any) -> Any:
    """The shadow of a name, after another name for the same thing went: a number's cotangent is added."""
    if not is_number(shadow):
        return shadow
    return shadow + other if is_number(other) else add(shadow, snapshot(other))  # a zero stood for the memory


def drained(shadow: Any) -> Any:
    """What remains of a shadow whose cotangent went to another name: nothing of a number, memory as it is."""
    return 0.0 if is_number(shadow) else shadow


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
    """The cotangent of what `x[key] = stored` stored, out of the shadow of `x`; the place becomes zero in an array."""
    if isinstance(shadow, np.ndarray):
        place = np.zeros(shadow.shape, dtype=np.intp)
        count = place[key].size
        place[key] = np.arange(1, count + 1).reshape(np.shape(place[key]))
        g = shadow[key] * (place[key] == np.arange(1, count + 1).reshape(np.shape(place[key])))
        shadow[key] = 0.0
        return unbroadcast(g, stored)
    if is_number(shadow):
        raise DerivativeRefused(UNKNOWN_MEMORY)
    return shadow[key]


def exchange(shadow: Any, key: Any, new: Any) -> Any:
    """Let `new` stand in the shadow of a list or dict for what is stored there, and return what stood there.  In an
    array the numbers that are stored have no shadow of their own: nothing is done."""
    if isinstance(shadow, np.ndarray):
        return 0.0
    if is_number(shadow):
        raise DerivativeRefused(UNKNOWN_MEMORY)
    if isinstance(key, slice) and is_number(new):
        raise DerivativeRefused(
            "a slice of a list is assigned, and the type of what is assigned is not known: give example arguments"
        )
    old = shadow.get(key, 0.0) if isinstance(shadow, dict) else shadow[key]
    if isinstance(key, slice) and len(new) != len(old):
        raise DerivativeRefused(
            "a slice of a list is replaced by more or fewer items, and that it is a list is not known: give example "
            "arguments, so that types are known"
        )
    shadow[key] = new
    return old


def return_item(shadow: Any, index: Any, other: Any) -> None:
    """Add the cotangent `other` of an item that was read from `x[index]`, unless it is in the shadow's own memory."""
    _check_places(shadow, other)
    if isinstance(index, slice) and isinstance(other, list):
        if not isinstance(shadow, (list, tuple, np.ndarray)):
            shadow = list(shadow)
        for position, item in zip(range(*index.indices(len(shadow))), other, strict=True):
            return_item(shadow, position, item)
        return
    where = is_apart_item(shadow, index, other)
    if where:
        add_item(shadow, index, share(other, where))


def _check_places(shadow: Any, other: Any) -> None:
    """Refuse to hand back numbers to the items of a dict, which are no places to put them."""
    if isinstance(shadow, (type({}.items()), type({}.values()))):
        if not all(isinstance(item, np.ndarray) for item in other):
            raise DerivativeRefused(
                "the items of a dict are copied and changed, and their types are not known: loop over its keys"
            )


def return_attribute(shadow: Any, name: str, other: Any) -> None:
    """Add the cotangent `other` of what was read from `x.name`, unless it is in the shadow's own memory."""
    where = is_apart(getattr(shadow, name), other)
    if where:
        add_attribute(shadow, name, share(other, where))


def is_apart(held: Any, other: Any) -> Any:
    """Whether the shadow `other` of something that was read is not the memory that its owner's shadow holds for it; for
    a list that is a copy, a list with one answer for each item."""
    if is_number(other):
        return True
    if isinstance(other, list) and isinstance(held, list) and other is not held and len(other) == len(held):
        return [is_apart(mine, item) for mine, item in zip(held, other)]
    if isinstance(other, np.ndarray):
        return not (isinstance(held, np.ndarray) and np.may_share_memory(held, other))
    return is_number(held)


def is_apart_item(shadow: Any, index: Any, other: Any) -> Any:
    """`is_apart` for the item of a shadow at an index; for a slice of a list, a list with one answer for each item."""
    _check_places(shadow, other)
    if isinstance(index, slice) and isinstance(other, list):
        if not isinstance(shadow, (list, tuple, np.ndarray)):
            shadow = list(shadow)
        places = range(*index.indices(len(shadow)))
        return [is_apart_item(shadow, position, item) for position, item in zip(places, other, strict=True)]
    if isinstance(shadow, np.ndarray):
        return is_apart(shadow, other)
    if isinstance(shadow, dict) and index not in shadow:
        return False  # the item was a default
    return is_apart(shadow[index], other)


def share(shadow: Any, where: Any) -> Any:
    """What a shadow hands on: itself where that is so, nothing elsewhere; item by item for a list of answers."""
    if isinstance(where, list):
        return [share(item, answer) for item, answer in zip(shadow, where, strict=True)]
    return shadow if where else 0.0


def accumulated(shadow: Any, x: Any) -> Any:
    """The shadow of `x`, which `accumulate` made of something with this shadow: that memory, or new for a number."""
    return zeros(x) if is_number(shadow) else shadow


def put_changed(shadow: Any, g: Any) -> Any:
    """Put `g` into a shadow that is memory, in place of what it held, or add it to one that is a number; returns the
    shadow: the mirror image of `take_changed`."""
    if not isinstance(shadow, np.ndarray):
        return add(shadow, g)
    shadow[...] = g
    return shadow


def put_stored(shadow: Any, key: Any, g: Any) -> None:
    """Put `g` into a place of an array that is a shadow, in place of what it held, or add it to an item: the mirror
    image of `take_stored`."""
    if isinstance(shadow, np.ndarray):
        shadow[key] = 0.0
        shadow[key] = 0.0 if g is None else g
    elif g is not None:
        add_item(shadow, key, g)


def diagonal_view(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """`np.diagonal(a, offset, axis1, axis2)` as a view that may be written to: the shadow of a diagonal."""
    view = np.diagonal(a, offset, axis1, axis2)
    view.flags.writeable = np.asarray(a).flags.writeable
    return view
