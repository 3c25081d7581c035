"""Trees: any nesting of tuples, lists, dicts, named tuples and dataclasses around leaves.

`leaves` and `map_leaves` are what the API needs of them; they visit in the order of the containers (dicts in
order of insertion), and a path such as `[0]['w'].bias` says where a leaf stands, for messages.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np


def is_leaf(value: Any) -> bool:
    """Whether the value is no container."""
    return not isinstance(value, tuple | list | dict) and not is_record(value)


def is_record(value: Any) -> bool:
    """Whether the value is an instance of a dataclass."""
    return dataclasses.is_dataclass(value) and not isinstance(value, type)


def children(tree: Any) -> list[tuple[str, Any]]:
    """The parts of a container, each with the text that selects it."""
    if isinstance(tree, dict):
        return [(f"[{key!r}]", item) for key, item in tree.items()]
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return [(f".{name}", getattr(tree, name)) for name in tree._fields]
    if isinstance(tree, tuple | list):
        return [(f"[{index}]", item) for index, item in enumerate(tree)]
    return [(f".{field.name}", getattr(tree, field.name, None)) for field in dataclasses.fields(tree)]


def rebuild(tree: Any, items: list[Any]) -> Any:
    """A container like this one with other parts."""
    if isinstance(tree, dict):
        return type(tree)(zip(tree, items)) if type(tree) is dict else _like_dict(tree, items)
    if isinstance(tree, tuple):
        return type(tree)(*items) if hasattr(tree, "_fields") else type(tree)(items)
    if isinstance(tree, list):
        return type(tree)(items)
    result = object.__new__(type(tree))
    for field, item in zip(dataclasses.fields(tree), items):
        object.__setattr__(result, field.name, item)
    return result


def _like_dict(tree: dict, items: list[Any]) -> Any:
    result = tree.copy()
    for key, item in zip(tree, items):
        result[key] = item
    return result


def leaves(tree: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """The leaves, each with its path."""
    if is_leaf(tree):
        yield path, tree
        return
    for name, item in children(tree):
        yield from leaves(item, path + name)


def map_leaves(function: Callable[..., Any], tree: Any, *others: Any) -> Any:
    """A tree of the same structure with `function(leaf, *leaves of the others)` for each leaf."""
    if is_leaf(tree):
        return function(tree, *others)
    parts = [[item for _, item in children(other)] for other in others]
    items = [item for _, item in children(tree)]
    return rebuild(tree, [map_leaves(function, item, *rest) for item, *rest in zip(items, *parts, strict=True)])


def is_number(value: Any) -> bool:
    """Whether the value is numeric: a Python or NumPy number, or an array of numbers."""
    return isinstance(value, bool | int | float | complex | np.number | np.bool_) or (
        isinstance(value, np.ndarray) and value.dtype.kind in "biufc"
    )


def is_inexact(value: Any) -> bool:
    """Whether the value is a floating-point or complex number or array."""
    return isinstance(value, float | complex | np.inexact) or (
        isinstance(value, np.ndarray) and value.dtype.kind in "fc"
    )
