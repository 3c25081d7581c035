"""Cotangents of Python's own functions over several numbers: `sum`, `max`, `sorted`, `math.hypot`, `math.dist`."""

from __future__ import annotations

import heapq
from typing import Any

import numpy as np

from transforms.runtime.broadcasting import broadcast_like, unarray, unbroadcast
from transforms.runtime.containers import relist
from transforms.runtime.cotangents import zeros_of


def unsum(g: Any, items: Any) -> Any:
    """The cotangent of `items` in `sum(items)`: `g` for each."""
    if isinstance(items, np.ndarray):
        return unbroadcast(g, items)
    shares = [unbroadcast(g, item) for item in items]
    return tuple(shares) if isinstance(items, tuple) else shares


def sum_items(g: Any, x: Any) -> Any:
    """The sum of the cotangents in `g`, as the cotangent of `x`: the mirror image of `unsum`."""
    total = None
    for item in g:
        total = unbroadcast(item, x) if total is None else total + unbroadcast(item, x)
    return broadcast_like(0.0, x) if total is None else total


def chosen(arguments: tuple, ans: Any) -> tuple[Any, int]:
    """Of `max(*arguments)` with result `ans`: the items that there were, and which of them it was."""
    items = arguments[0] if len(arguments) == 1 else arguments
    for position, item in enumerate(items):
        if item is ans:
            return items, position
    for position, item in enumerate(items):
        if item == ans or (item != item and ans != ans):
            return items, position
    return items, -1


def unchoose_extreme(g: Any, arguments: tuple, ans: Any) -> tuple:
    """The cotangents of `arguments` in `max(*arguments)` or `min(*arguments)`: `g` for the first that is the result."""
    items, place = chosen(arguments, ans)
    if isinstance(items, np.ndarray):
        shares = np.zeros_like(items)
        shares[place] = g
        return (shares,)
    parts = [g if position == place else unarray(0.0, item) for position, item in enumerate(items)]
    if len(arguments) > 1:
        return tuple(parts)
    return (tuple(parts) if isinstance(items, tuple) else parts,)


def choose_extreme(g: tuple, arguments: tuple, ans: Any) -> Any:
    """The item of `g`, of the structure of `arguments`, that stands where `ans` was: mirrors `unchoose_extreme`."""
    items, place = chosen(arguments, ans)
    if place < 0 or isinstance(items, dict):  # a default; a key
        return zeros_of(ans)
    return (g[0] if len(arguments) == 1 else g)[place]


def place_of_extreme(items: Any, key: Any, is_largest: bool) -> int:
    """The place of `max(items, key=key)` or `min(items, key=key)` among the items."""
    if len(items) == 0:
        raise ValueError(f"{'max' if is_largest else 'min'}() arg is an empty sequence")
    values = items if key is None else [key(item) for item in items]
    return (max if is_largest else min)(range(len(values)), key=values.__getitem__)


def sorting(items: Any, key: Any = None, reverse: bool = False) -> list[int]:
    """The places from which `sorted(items)` takes its items, in order."""
    values = list(items)
    compared = values if key is None else [key(item) for item in values]
    return sorted(range(len(values)), key=compared.__getitem__, reverse=reverse)


class _Placed:
    """An item of a heap and where it stood, compared as the item."""

    __slots__ = ("item", "place")

    def __init__(self, place: int, item: Any) -> None:
        self.item, self.place = item, place

    def __lt__(self, other: _Placed) -> bool:
        return bool(self.item < other.item)


def _placed(heap: list) -> list[_Placed]:
    return [_Placed(place, item) for place, item in enumerate(heap)]


def heap_pushed(heap: list) -> list[int]:
    """The order of a heap after its last item was put into it: where each item comes from."""
    items = _placed(heap)
    heapq.heappush(items, items.pop())
    return [item.place for item in items]


def heap_popped(heap: list) -> list[int]:
    """The order of a heap after its smallest item was taken out, which comes last."""
    items = _placed(heap)
    smallest = heapq.heappop(items)
    return [*(item.place for item in items), smallest.place]


def heap_made(heap: list) -> list[int]:
    """The order that makes a heap of a list."""
    items = _placed(heap)
    heapq.heapify(items)
    return [item.place for item in items]


def heap_replaced(heap: list) -> list[int]:
    """The order of a heap after another item took the place of the smallest one."""
    items = _placed(heap)
    heapq.heapreplace(items, items[0])
    return [item.place for item in items]


def unsort(g: Any, items: Any, key: Any = None, reverse: bool = False) -> Any:
    """The cotangent of `items` where `g` is that of `sorted(items)`."""
    shares: list[Any] = [None] * len(items)
    for place, share in zip(sorting(items, key, reverse), g):
        shares[place] = share
    return relist(shares, items)


def resort(g: Any, items: Any, key: Any = None, reverse: bool = False) -> list[Any]:
    """`g`, of the structure of `items`, in the order that sorts these."""
    if isinstance(items, (dict, set, frozenset)):  # its keys
        return [0.0] * len(items)
    parts = g if isinstance(g, (list, tuple, np.ndarray)) else list(g)
    return [parts[place] for place in sorting(items, key, reverse)]


def unhypot(g: Any, coordinates: tuple, ans: Any) -> tuple:
    """The cotangents of the arguments of `math.hypot`; 0 at the origin."""
    return tuple(g * item / ans if ans else 0.0 for item in coordinates)


def hypot_tangent(moved: Any, coordinates: Any, length: Any) -> Any:
    """The tangent of `math.hypot(*coordinates)`, whose arguments have the tangents `moved`; 0 at the origin."""
    return sum(t * x for t, x in zip(moved, coordinates, strict=True)) / length if length else 0.0


def undist(g: Any, p: Any, q: Any, ans: Any) -> Any:
    """The cotangent of `p` in `math.dist(p, q)`; 0 where the points are the same."""
    return relist([g * (a - b) / ans if ans else 0.0 for a, b in zip(p, q)], p)
