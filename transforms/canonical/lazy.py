"""Iterators that are kept in variables: `zip`, `map` and their like read their sources when they are read themselves,
and compiled code reads them at once.  The difference shows where something is changed in between."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import gast

Node = Any
Position = tuple[int, int]

# `iter` is read step by step
LAZY = (
    zip, map, filter, enumerate, reversed, itertools.chain, itertools.islice, itertools.accumulate, itertools.starmap,
    itertools.takewhile, itertools.dropwhile, itertools.filterfalse, itertools.compress, itertools.zip_longest,
    itertools.pairwise,
)  # fmt: skip
_CHANGING = frozenset(("append", "extend", "insert", "pop", "remove", "clear", "sort", "reverse", "update", "fill"))


def change_before_read(bound: Node, names: set[str], nodes: Sequence[Node]) -> Node | None:
    """Of an assignment that binds an iterator to some names: the place among the nodes of the function where something
    that the iterator is yet to read is changed."""
    last = max((_end_of_read(node, names) for node in nodes), default=(0, 0))
    sources = set(_names(bound.value))
    captured = {name for node in gast.walk(bound.value) if isinstance(node, gast.Lambda) for name in _names(node)}
    start = _end(bound)
    for node in nodes:
        if hasattr(node, "lineno") and start < _start(node) < last:
            is_rebound = isinstance(node, gast.Name) and isinstance(node.ctx, gast.Store) and node.id in captured
            if is_rebound or _changed(node) in sources:
                return node
    return None


def _end_of_read(node: Node, names: set[str]) -> Position:
    """Where a read of the names has ended: that of the header of a loop, at the end of the loop."""
    if isinstance(node, gast.For) and not names.isdisjoint(_names(node.iter)):
        return _end(node)
    is_read = isinstance(node, gast.Name) and isinstance(node.ctx, gast.Load) and node.id in names
    return _end(node) if is_read else (0, 0)


def _changed(node: Node) -> str | None:
    """The name of what is changed in place at a node."""
    if isinstance(node, (gast.Subscript, gast.Attribute)) and isinstance(node.ctx, (gast.Store, gast.Del)):
        return _root(node)
    if isinstance(node, gast.AugAssign):
        return _root(node.target)
    if isinstance(node, gast.Call) and isinstance(node.func, gast.Attribute) and node.func.attr in _CHANGING:
        return _root(node.func.value)
    return None


def _root(node: Node) -> str | None:
    while isinstance(node, (gast.Subscript, gast.Attribute)):
        node = node.value
    return node.id if isinstance(node, gast.Name) else None


def _names(node: Node) -> Iterator[str]:
    return (inner.id for inner in gast.walk(node) if isinstance(inner, gast.Name))


def _start(node: Node) -> Position:
    return node.lineno, node.col_offset


def _end(node: Node) -> Position:
    return node.end_lineno or node.lineno, node.end_col_offset or node.col_offset
