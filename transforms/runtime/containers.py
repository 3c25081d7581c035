"""Lists, tuples and dicts, and the cotangents of what is put into and taken out of them."""

from __future__ import annotations

import itertools
import types
from collections.abc import Iterator
from typing import Any

import numpy as np

from transforms.runtime.attributes import OWN_METHODS
from transforms.runtime.broadcasting import unbroadcast
from transforms.runtime.cotangents import add, zeros, zeros_of
from transforms.runtime.indexing import scatter
from transforms.runtime.refusal import DerivativeRefused


def relist(g: Any, x: Any) -> Any:
    """The items of `g` in the kind of container that `x` is: list, tuple or array; nothing for the keys of a dict."""
    if isinstance(x, dict):
        return 0.0
    if isinstance(x, np.ndarray):
        return np.array(g, dtype=x.dtype).reshape(x.shape)
    if isinstance(x, tuple):
        return type(x)(*g) if hasattr(x, "_fields") else tuple(g)
    return list(g)


def join_sequences(a: Any, b: Any) -> Any:
    """`a + b` of two lists or two tuples."""
    return a + b


def first_items(g: Any, a: Any) -> Any:
    """The part of the cotangent `g` of `a + b` that belongs to the list or tuple `a`."""
    return g[: len(a)] if isinstance(g, (list, tuple)) else unbroadcast(g, a)


def last_items(g: Any, b: Any) -> Any:
    """The part of the cotangent `g` of `a + b` that belongs to the list or tuple `b`."""
    return g[len(g) - len(b) :] if isinstance(g, (list, tuple)) else unbroadcast(g, b)


def pad_items(g: Any, whole: Any, at_end: bool = False) -> Any:
    """The items of `g` as the first (or last) ones of a list that is otherwise zeros, of the structure of `whole`."""
    if not isinstance(whole, (list, tuple)):
        return unbroadcast(np.array(g), whole)
    count = len(whole) - len(g)
    return [*zeros(whole[:count]), *g] if at_end else [*g, *zeros(whole[len(g) :])]


def repeat_sequence(items: Any, count: Any) -> Any:
    """`items * count` of a list or tuple."""
    return items * count


def as_count(x: Any) -> int:
    """How often `items * x` repeats a list: refused where `x`, of unknown type, is no integer, but an array or an
    object whose class has an operator for lists."""
    if isinstance(x, (int, np.integer)):
        return int(x)
    if isinstance(x, (float, complex, np.inexact, str, list, tuple)) or x is None:
        raise TypeError(f"can't multiply sequence by non-int of type '{type(x).__name__}'")
    raise DerivativeRefused(
        f"a list is multiplied by a {type(x).__name__}, which is not known before: give example arguments, so that "
        "types are known"
    )


def sum_repeated(g: Any, items: Any) -> Any:
    """The cotangent of `items` in `items * count`."""
    length = len(items)
    shares = zeros(items)
    for start in range(0, len(g), length or 1):
        shares = add(shares, g[start : start + length])
    return shares


def repeat_to_length(g: Any, items: Any) -> Any:
    """The items of `g` again and again, as many as there are in `items`."""
    return list(g) * (len(items) // len(g)) if len(g) else []


def dict_parts(g: Any, keys_and_values: Any) -> tuple:
    """The cotangents of the keys (None) and values, alternating, of which a dict with the cotangent `g` was made."""
    return tuple(None if number % 2 == 0 else g[keys_and_values[number - 1]] for number in range(len(keys_and_values)))


def dict_of_parts(parts: Any, keys_and_values: Any) -> dict:
    """The dict with these values (every second of `parts`): the mirror image of `dict_parts`."""
    return dict(zip(keys_and_values[::2], parts[1::2], strict=True))


def repack(g: Any, iterable: Any) -> Any:
    """The cotangents of the items of an iterable as the cotangent of the iterable."""
    if isinstance(iterable, np.ndarray):
        return np.stack(g) if len(g) else np.zeros_like(iterable)
    if isinstance(getattr(type(iterable), "__iter__", None), types.FunctionType):
        raise DerivativeRefused(OWN_METHODS)
    return list(g) if isinstance(iterable, list) else tuple(g)


def repack_star(g: Any, iterable: Any, before: int) -> Any:
    """`repack` for `a, *b, c = iterable`: the item at the place `before` of `g` is a list."""
    return repack((*g[:before], *g[before], *g[before + 1 :]), iterable)


def unpack_like(iterable: Any, like: Any) -> tuple:
    """The items of an iterable with a list in the same place as in `like`: the mirror image of `repack_star`."""
    before = place_of_list(like)
    items = tuple(iterable)
    end = len(items) - (len(like) - before - 1)
    return (*items[:before], list(items[before:end]), *items[end:])


def place_of_list(items: Any) -> int:
    """The place of the first list in a tuple."""
    return next(place for place, item in enumerate(items) if isinstance(item, list))


def pop_inserted(items: list, index: int) -> Any:
    """Undo `list.insert(items, index, item)` and return the item."""
    length = len(items) - 1
    return items.pop(min(index, length) if index >= 0 else max(index + length, 0))


def insert_back(items: list, position: int, item: Any) -> None:
    """Undo `items.pop(position)`."""
    items.insert(position if position >= 0 else len(items) + position + 1, item)


def pop_at(items: Any, place: Any) -> Any:
    """`items.pop(place)` of a list, or of a dict."""
    return items.pop(place)


def put_at(items: Any, place: Any, item: Any) -> None:
    """Undo `pop_at`."""
    if isinstance(items, dict):
        items[place] = item
    else:
        insert_back(items, place, item)


def place_of_slice(items: list, key: slice, stored: Any) -> slice:
    """Where the items of `stored` stand after `items[key] = stored`."""
    start, stop, step = key.indices(len(items))
    return slice(start, start + len(stored)) if step == 1 else key


def take_items(items: list, key: slice) -> list:
    """Take `items[key]` out of a list."""
    taken = items[key]
    del items[key]
    return taken


def put_items(items: list, key: slice, taken: Any) -> None:
    """Put items into a list so that they are `items[key]` then: undoes `take_items`."""
    places = range(len(items) + len(taken))[key]
    if places.step == 1:
        items[places.start : places.start] = taken
        return
    for place, item in sorted(zip(places, taken, strict=True), key=lambda pair: pair[0]):
        items.insert(place, item)


def permute_items(items: list, order: list[int]) -> None:
    """Put the items of a list into another order: `order` says where each one comes from."""
    items[:] = [items[place] for place in order]


def unpermute_items(items: list, order: list[int]) -> None:
    """Undo `permute_items`."""
    before = list(items)
    for place, item in zip(order, before, strict=True):
        items[place] = item


def reordered(items: Any, order: list[int]) -> list:
    """The items in another order: `order` says where each one comes from."""
    if isinstance(items, dict):
        raise DerivativeRefused("the keys of a dict of unknown type are sorted: give example arguments")
    return [items[place] for place in order]


def reordered_back(items: Any, order: list[int]) -> list:
    """The items in the order in which they were before `reordered`."""
    result = list(items)
    for place, item in zip(order, items, strict=True):
        result[place] = item
    return result


def unget(g: Any, x: dict, key: Any) -> Any:
    """The cotangent of the dict `x` in `x.get(key, default)`."""
    return scatter(x, key, g) if key in x else zeros_of(x)


def unget_default(g: Any, x: dict, key: Any) -> Any:
    """The cotangent of `default` in `x.get(key, default)`."""
    return zeros_of(g) if key in x else g


def dict_like(g: Any, x: dict) -> dict:
    """The cotangents of `x.values()` as the cotangent of `x`."""
    return dict(zip(x, g, strict=True))


def dict_like_items(g: Any, x: dict) -> dict:
    """The cotangents of `x.items()` as the cotangent of `x`."""
    return {key: pair[1] for key, pair in zip(x, g, strict=True)}


def pairs_of(g: dict) -> list:
    """The values of a dict, each with a zero for its key: the mirror image of `dict_like_items`."""
    return [(0.0, item) for item in g.values()]


def items_moved(moved: Any, x: Any) -> Any:
    """What a loop over `x` gives the tangents of, where `moved` is that of `x`: zeros for the keys of a dict."""
    return [0.0] * len(x) if isinstance(x, dict) else moved


def items_with_zeros(table: dict) -> Any:
    """The tangent of `x.items()`, where `table` is that of `x`: keys have none."""
    return _ItemsWithZeros(table)


class _ItemsWithZeros:
    """Pairs of a zero and a value of what a dict holds when it is looped over."""

    def __init__(self, table: dict) -> None:
        self.table = table

    def __len__(self) -> int:
        return len(self.table)

    def __iter__(self) -> Iterator[tuple]:
        return iter([(0.0, item) for item in self.table.values()])


def unsequence(g: Any, iterable: Any) -> Any:
    """The cotangent of what `sequence` made indexable, in the structure of the iterable."""
    if isinstance(iterable, (np.ndarray, list, tuple)) and type(g) is not type(iterable):
        return repack(g, iterable)
    if isinstance(iterable, dict):  # its keys, which have no cotangent
        if any(isinstance(item, float) and item != 0.0 for item in g):
            raise DerivativeRefused("a derivative passes through the keys of a dict: keep such numbers in a list")
        return dict.fromkeys(iterable, 0.0)
    return g


def last_key(table: dict) -> Any:
    """The key that was put into a dict last."""
    return next(reversed(table))


def values_by_keys(table: dict, keys: list) -> list:
    """The values of a dict in the order of these keys; zero where there is none."""
    return [table.get(key, 0.0) for key in keys]


def items_by_keys(table: dict, keys: list) -> list:
    """Pairs of zero and a value of a dict, in the order of these keys: what `items` gives for a shadow."""
    return [[0.0, table.get(key, 0.0)] for key in keys]


def keys_of(table: dict) -> list:
    """The keys of a dict as a list."""
    return list(table)


def first_of(iterator: Any, length: int) -> list:
    """The next items of an iterator that may have no end, as many as that."""
    return list(itertools.islice(iterator, length))


def choices(function: Any, *arguments: Any) -> list[tuple]:
    """The list of what `itertools.combinations` or one of its like gives."""
    return list(function(*arguments))


def combined_places(count: int, r: int) -> list[tuple]:
    """The places of the items in `itertools.combinations` of `count` items."""
    return list(itertools.combinations(range(count), r))


def repeated_places(count: int, r: int) -> list[tuple]:
    """The places of the items in `itertools.combinations_with_replacement` of `count` items."""
    return list(itertools.combinations_with_replacement(range(count), r))


def permuted_places(count: int, r: Any) -> list[tuple]:
    """The places of the items in `itertools.permutations` of `count` items."""
    return list(itertools.permutations(range(count), r))
