"""Values in standard form, so that what was made for the types of one program serves others.

Which key a size has depends on the program: `x.shape[0]` of one and `weights.shape[1]` of another.  In standard form
sizes are numbered in order of appearance.  What was made for values in standard form has sizes of its own that follow
from them, such as "one less than number 2"; `restored` puts the program's own keys back, wherever they stand.

    >>> import numpy as np
    >>> vector = Array(np.dtype(float), (Size(("weights", 1)),))
    >>> standard((vector, vector))[0][1].shape[0].key
    Slot(number=0)
    >>> restored(standard((vector,))[0][0], standard((vector,))[1]) == vector
    True
"""

from __future__ import annotations

from collections.abc import Hashable

from transforms.inference import DERIVED, map_sizes
from transforms.records import record
from transforms.values import Array, Literal, Many, Never, Number, Sequence, Size, Unknown, Value


@record
class Slot:
    """The key of a size in standard form."""

    number: int


Keys = tuple[Hashable, ...]  # by the number of the slot


def standard(values: tuple[Value, ...]) -> tuple[tuple[Value, ...], Keys] | None:
    """The values in standard form, and the keys that the slots stand for.

    None where something of the program itself is in them, or where one size follows from another: as numbers they
    would be told apart no more, or less, than they are.
    """
    if not all(map(_is_plain, values)):
        return None
    slots: dict[Hashable, Slot] = {}

    def change(size: Size) -> Size:
        slot = slots.get(size.key)
        if slot is None:
            slot = slots[size.key] = Slot(len(slots))
        return Size(slot, size.maybe_one)

    result = tuple([map_sizes(value, change) for value in values])
    return None if any(map(_is_derived, slots)) else (result, tuple(slots))


def restored(value: Value, keys: Keys) -> Value:
    """A value that was found from values in standard form, with the program's own keys for their sizes."""
    return map_sizes(value, lambda size: Size(_restored_key(size.key, keys), size.maybe_one))


def _restored_key(key: Hashable, keys: Keys) -> Hashable:
    if isinstance(key, Slot):
        return keys[key.number]
    return tuple([_restored_key(part, keys) for part in key]) if isinstance(key, tuple) else key


def _is_plain(value: Value) -> bool:
    """Whether the value is of a kind that any program may have."""
    if isinstance(value, Sequence):
        return value.kind in (tuple, list) and all(map(_is_plain, value.items))
    if isinstance(value, Many):
        return _is_plain(value.item)
    return isinstance(value, (Number, Array, Literal, Unknown, Never))


def _is_derived(key: Hashable) -> bool:
    return isinstance(key, tuple) and (key[:1] in _DERIVED or any(isinstance(part, tuple) for part in key))


_DERIVED = frozenset((tag,) for tag in DERIVED)
