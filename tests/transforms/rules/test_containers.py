"""Containers: what their rules say of changes, and lists and their shadows, which stay of one length."""

from __future__ import annotations

import pytest

import transforms.rules  # noqa: F401  (registers all of them)
from transforms import runtime
from transforms.registry import lookup


def test_dict_views() -> None:
    d = {"w": 2.0, "b": 0.5}
    assert lookup(dict.values).adjoint(d, ans=None, g=[1.0, 3.0]) == {"w": 1.0, "b": 3.0}  # type: ignore[union-attr,misc]
    pairs = [("w", 1.0), ("b", 3.0)]
    assert lookup(dict.items).adjoint(d, ans=None, g=pairs) == {"w": 1.0, "b": 3.0}  # type: ignore[union-attr,misc]


@pytest.mark.parametrize("index", [0, 1, 2, 5, -1, -2, -5])
def test_insert_is_undone(index: int) -> None:
    items = ["a", "b"]
    items.insert(index, "new")
    assert runtime.pop_inserted(items, index) == "new"
    assert items == ["a", "b"]


def test_what_changes_is_declared() -> None:
    for function in (list.append, list.pop, list.extend, list.insert, list.clear, list.sort, dict.update, dict.pop):
        assert lookup(function).mutates == ("self",)  # type: ignore[union-attr]
    assert lookup(list.append).stores == ("item",)  # type: ignore[union-attr]
