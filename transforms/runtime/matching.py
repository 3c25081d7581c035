"""The questions that `match` statements ask."""

from __future__ import annotations

import collections.abc
from typing import Any


def is_sequence(subject: Any) -> bool:
    """Whether a sequence pattern accepts the subject."""
    match subject:  # which classes count (arrays, for one) is for Python and NumPy to say
        case [*_]:
            return True
    return False


def is_mapping(subject: Any) -> bool:
    """Whether a mapping pattern accepts the subject."""
    return isinstance(subject, collections.abc.Mapping)


def star_items(subject: Any, start: int, stop: int) -> list:
    """The list that `*rest` in a sequence pattern binds."""
    return [subject[index] for index in range(start, stop)]


def without_keys(mapping: Any, *keys: Any) -> dict:
    """The dict that `**rest` in a mapping pattern binds."""
    return {key: mapping[key] for key in mapping if key not in keys}


def match_arguments(cls: type, count: int) -> tuple:
    """The names of the attributes that the first `count` positional patterns of a class look at."""
    names = getattr(cls, "__match_args__", ())
    if len(names) < count:
        raise TypeError(f"{cls.__name__}() accepts {len(names)} positional sub-patterns ({count} given)")
    return tuple(names[:count])
