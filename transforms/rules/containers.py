"""Rules and facts of Python's containers: building them, and the methods of lists, dicts and tuples.

The cotangent of a container is a container of cotangents; the shadow of a list that changes has the same length at any
time, so that `append` and `pop` are each other's mirror images.  Facts say what changes (`mutates`), what can be
reached through the result (`views`) and what becomes reachable from the changed container (`stores`).
"""

from __future__ import annotations

import bisect
import collections
import functools
import inspect
import operator
from typing import Any

import numpy as np

from transforms import operations, runtime
from transforms.core import Atom
from transforms.registry import adjoint, constant, facts, refused, result, simplify, tangent
from transforms.rules.sampling import call, listed, numbers
from transforms.values import INTEGER, Array, Literal, Many, Sequence, Value

# ------------------------------------------------------------------------------------------------------------- building


@adjoint(
    operations.make_tuple,
    linear="items",
    shape_only="items",
    views="items",
    samples=listed(call(), call(0.5, numbers((2,)), (0.25, 1.0))),
)
def make_tuple(*items, ans, g):
    return g


@adjoint(
    operations.make_list,
    linear="items",
    shape_only="items",
    views="items",
    samples=listed(call(), call(0.5, numbers((2,)), (0.25, 1.0))),
)
def make_list(*items, ans, g):
    return g


@adjoint(operations.make_tape)
def make_tape(*, ans, g):
    return ()


@tangent(operations.make_tape)
def make_tape_tangent(*, ans):
    return operations.make_tape()


@adjoint(
    operations.make_dict,
    shape_only="keys_and_values",
    views="keys_and_values",
    samples=listed(call(), call("w", numbers((2,)), "b", 0.5)),
)
def make_dict(*keys_and_values, ans, g):
    return runtime.dict_parts(g, keys_and_values)


@tangent(operations.make_dict)
def make_dict_tangent(*keys_and_values, ans, keys_and_values_dot):
    """Not linear: the keys stay what they are."""
    return runtime.dict_of_parts(keys_and_values_dot, keys_and_values)


@adjoint(
    runtime.items_moved,
    wrt="moved",
    linear="moved",
    shape_only="moved x",
    views="moved",
    samples=listed(call([0.5, 0.25], [1.0, 2.0]), call(numbers((2,)), np.zeros(2))),
)
def items_moved(moved, x, *, ans, g):
    return runtime.unsequence(g, x)


@simplify(runtime.items_moved)
def simplify_items_moved(site: Any) -> Atom | None:
    x = site.value("x")
    is_plain = isinstance(x, (Array, Literal)) or isinstance(x, (Sequence, Many)) and x.kind in (list, tuple)
    return site.atom("moved") if is_plain else None


@adjoint(
    operations.unpack,
    shape_only="iterable",
    views="iterable",
    samples=listed(
        call((0.5, numbers((2,))), 2), call([0.5, 0.25], 2), call(numbers((3,)), 3), call(numbers((2, 3)), 2)
    ),
)
def unpack(iterable, count, *, ans, g):
    return runtime.repack(g, iterable)


@tangent(operations.unpack)
def unpack_tangent(iterable, count, *, ans, iterable_dot):
    return operations.unpack(runtime.items_moved(iterable_dot, iterable), count)


@adjoint(
    operations.unpack_star,
    shape_only="iterable",
    views="iterable",
    samples=listed(call((0.5, numbers((2,)), 0.75, 0.25), 1, 1), call(numbers((3,)), 1, 0), call([1.5, 0.25], 1, 1)),
)
def unpack_star(iterable, before, after, *, ans, g):
    return runtime.repack_star(g, iterable, before)


@tangent(operations.unpack_star)
def unpack_star_tangent(iterable, before, after, *, ans, iterable_dot):
    return operations.unpack_star(runtime.items_moved(iterable_dot, iterable), before, after)


constant(operations.make_set, operations.make_slice, operations.format_value, operations.join_strings)
facts(operations.make_set, signature=inspect.signature(operations.make_set), views="items")


@adjoint(
    runtime.dict_parts,
    wrt="cotangent",
    linear="cotangent",
    views="cotangent",
    shape_only="keys_and_values",
    samples=listed(call({"w": numbers((2,)), "b": 0.5}, ("w", np.zeros(2), "b", 0.0))),
)
def dict_parts(cotangent, keys_and_values, *, ans, g):
    return runtime.dict_of_parts(g, keys_and_values)


@adjoint(
    runtime.dict_of_parts,
    wrt="parts",
    linear="parts",
    views="parts",
    shape_only="keys_and_values",
    samples=listed(call((None, numbers((2,)), None, 0.5), ("w", np.zeros(2), "b", 0.0))),
)
def dict_of_parts(parts, keys_and_values, *, ans, g):
    return runtime.dict_parts(g, keys_and_values)


@adjoint(
    runtime.repack,
    linear="cotangent",
    views="cotangent",
    shape_only="cotangent iterable",
    samples=listed(call((0.5, 0.25), [1.0, 2.0]), call((0.5, 0.25), np.zeros(2))),
)
def repack(cotangent, iterable, *, ans, g):
    return tuple(g)


@adjoint(
    runtime.repack_star,
    linear="cotangent",
    views="cotangent",
    shape_only="cotangent iterable",
    samples=listed(call((0.5, [0.25, 0.75], 1.5), (1.0, 2.0, 3.0, 4.0), 1)),
)
def repack_star(cotangent, iterable, before, *, ans, g):
    return runtime.unpack_like(g, cotangent)


@adjoint(
    runtime.unpack_like,
    wrt="iterable",
    linear="iterable",
    views="iterable",
    shape_only="iterable like",
    samples=listed(call((0.5, 0.25, 0.75, 1.5), (1.0, [2.0, 3.0], 4.0))),
)
def unpack_like(iterable, like, *, ans, g):
    return runtime.repack_star(g, iterable, runtime.place_of_list(like))


constant(runtime.place_of_list, signature=inspect.signature(runtime.place_of_list), shape_only="items")

# ---------------------------------------------------------------------------------------------------------------- lists


@adjoint(
    list.append,
    mutates="self",
    stores="item",
    wrt="item",
    linear="self item",
    shape_only="self item",
    samples=listed(call([0.5], 0.25), call([], numbers((2,)))),
)
def append(self, item, *, ans, g, self_bar):
    return list.pop(self_bar)


@adjoint(
    list.pop,
    mutates="self",
    views="self",
    wrt="",
    linear="self",
    shape_only="self",
    samples=listed(call([0.5, 0.25]), call([0.5, numbers((2,)), 0.75], 1), call([0.5, 0.25, 0.75], -2)),
)
def pop(self, index=-1, *, ans, g, self_bar):
    runtime.insert_back(self_bar, index, g)
    return ()


@adjoint(
    list.extend,
    mutates="self",
    stores="items",
    spreads=True,
    wrt="items",
    shape_only="self items",
    samples=listed(call([0.5], [0.25, 0.75]), call([0.5], (numbers((2,)),)), call([0.5], numbers((3,)))),
)
def extend(self, items, *, ans, g, self_bar):
    taken = runtime.take_items(self_bar, slice(len(self_bar) - len(items), None))
    return runtime.repack(taken, items)


@tangent(list.extend)
def extend_tangent(self, items, *, self_dot, items_dot):
    list.extend(self_dot, runtime.items_moved(items_dot, items))
    return ()


@adjoint(
    list.insert,
    mutates="self",
    stores="item",
    wrt="item",
    linear="self item",
    shape_only="self item",
    samples=listed(
        call([0.5, 0.75], 1, 0.25), call([0.5, 0.75], -1, 0.25), call([0.5], 9, 0.25), call([0.5], -9, 0.25)
    ),
)
def insert(self, index, item, *, ans, g, self_bar):
    return runtime.pop_inserted(self_bar, index)


@adjoint(
    list.reverse, mutates="self", wrt="", linear="self", shape_only="self", samples=listed(call([0.5, 0.25, 0.75]))
)
def reverse(self, *, ans, g, self_bar):
    list.reverse(self_bar)
    return ()


@adjoint(list.copy, linear="self", shape_only="self", views="self", samples=listed(call([0.5, numbers((2,))])))
def copy(self, *, ans, g):
    return g


constant(list.index, list.count, tuple.index, tuple.count, len)
facts(
    functools.partial,
    signature=inspect.signature(lambda function, *arguments, **keywords: None),
    views="arguments keywords",
    shape_only="function arguments keywords",
)

# the shadow of a list changes as the list does: see `reverse/lists.py`


def _follows(function: Any, parameters: Any, **more: Any) -> None:
    """Declare something that changes a list."""
    facets = {"mutates": "self", "linear": "self", "shape_only": "self", "wrt": "", "is_pure": False, **more}
    facts(function, signature=inspect.signature(parameters), **facets)


_follows(list.clear, lambda self: None)
_follows(list.remove, lambda self, value: None, selects="value", linear="")
_follows(list.sort, lambda self, *, key=None, reverse=False: None, linear="")
_follows(operator.delitem, lambda self, key: None)
_follows(runtime.pop_at, lambda self, place: None, views="self")
_follows(runtime.put_at, lambda self, place, item: None, stores="item", wrt="item", linear="self item")
_follows(runtime.take_items, lambda self, key: None, views="self")
_follows(
    runtime.put_items, lambda self, key, items: None, stores="items", spreads=True, wrt="items", linear="self items"
)
_follows(runtime.permute_items, lambda self, order: None, selects="order")
_follows(runtime.unpermute_items, lambda self, order: None, selects="order")
facts(runtime.put_items, shape_only="self items")


@tangent(list.remove)
def remove_tangent(self, value, *, self_dot):
    list.pop(self_dot, list.index(self, value))
    return ()


@tangent(list.sort)
def sort_tangent(self, *, key=None, reverse=False, self_dot):
    runtime.permute_items(self_dot, runtime.sorting(self, key, reverse))
    return ()


constant(collections.OrderedDict, super)
constant(runtime.heap_made, runtime.heap_popped, runtime.heap_pushed, runtime.heap_replaced)
constant(bisect.bisect_left, bisect.bisect_right)


@result(runtime.place_of_extreme)
def place_of_extreme_result(items: Value, key: Value, is_largest: Value) -> Value:
    return INTEGER


constant(runtime.chosen_function, runtime.place_of_extreme, runtime.sorting, runtime.last_key, runtime.keys_of)
constant(runtime.combined_places, runtime.repeated_places, runtime.permuted_places, runtime.choices)
constant(runtime.first_of, is_pure=False)


@adjoint(
    runtime.reordered,
    linear="items",
    views="items",
    shape_only="items",
    selects="order",
    samples=listed(call([0.5, 0.25, 0.75], [2, 0, 1])),
)
def reordered(items, order, *, ans, g):
    return runtime.reordered_back(g, order)


@adjoint(
    runtime.reordered_back,
    linear="items",
    views="items",
    shape_only="items",
    selects="order",
    samples=listed(call([0.5, 0.25, 0.75], [2, 0, 1])),
)
def reordered_back(items, order, *, ans, g):
    return runtime.reordered(g, order)


# ---------------------------------------------------------------------------------------------------------------- dicts

_WEIGHTS: dict[str, Any] = {"w": numbers((2,)), "b": 0.5}


@adjoint(
    dict.get,
    wrt="self default",
    linear="self default",
    shape_only="self default",
    views="self default",
    samples=listed(call(_WEIGHTS, "w"), call(_WEIGHTS, "b", 0.25), call(_WEIGHTS, "c", 0.25), call(_WEIGHTS, "c")),
)
def get(self, key, default=None, *, ans, g):
    return runtime.unget(g, self, key), runtime.unget_default(g, self, key)


@adjoint(dict.values, linear="self", shape_only="self", views="self")
def values(self, *, ans, g):
    return runtime.dict_like(g, self)


@adjoint(dict.items, shape_only="self", views="self")
def items(self, *, ans, g):
    return runtime.dict_like_items(g, self)


@tangent(dict.items)
def items_tangent(self, *, ans, self_dot):
    """Not linear: keys have no tangent."""
    return runtime.items_with_zeros(self_dot)


@adjoint(
    runtime.items_with_zeros,
    linear="table",
    shape_only="table",
    views="table",
)
def items_with_zeros(table, *, ans, g):
    return runtime.dict_like_items(g, table)


@adjoint(dict.copy, linear="self", shape_only="self", views="self", samples=listed(call(_WEIGHTS)))
def dict_copy(self, *, ans, g):
    return g


@adjoint(
    dict.pop,
    mutates="self",
    views="self",
    wrt="",
    linear="self",
    shape_only="self",
    samples=listed(call(_WEIGHTS, "b")),
)
def dict_pop(self, key, *, ans, g, self_bar):
    self_bar[key] = g
    return ()


constant(dict.keys, signature=inspect.signature(lambda self: None), shape_only="self")
refused("Assign the items one by one: for k, v in new.items(): d[k] = v.", dict.update, dict.setdefault)
refused("Items that are dropped cannot be followed; build a new dict.", dict.clear, dict.popitem)
facts(dict.update, signature=inspect.signature(lambda self, other: None), mutates="self", stores="other", spreads=True)
facts(
    dict.setdefault,
    signature=inspect.signature(lambda self, key, default=None: None),
    mutates="self",
    views="self default",
    stores="default",
)
facts(dict.clear, signature=inspect.signature(lambda self: None), mutates="self")
facts(dict.popitem, signature=inspect.signature(lambda self: None), mutates="self", views="self")


@adjoint(
    runtime.unget,
    linear="cotangent",
    shape_only="cotangent self",
    samples=listed(call(0.5, _WEIGHTS, "b"), call(0.5, _WEIGHTS, "c")),
)
def unget(cotangent, self, key, *, ans, g):
    return dict.get(g, key, 0.0)


@adjoint(
    runtime.unget_default,
    linear="cotangent",
    shape_only="cotangent self",
    samples=listed(call(0.5, _WEIGHTS, "b"), call(0.5, _WEIGHTS, "c")),
)
def unget_default(cotangent, self, key, *, ans, g):
    return runtime.unget_default(g, self, key)


@adjoint(
    runtime.dict_like,
    linear="cotangent",
    views="cotangent",
    shape_only="cotangent self",
    samples=listed(call([numbers((2,)), 0.5], _WEIGHTS)),
)
def dict_like(cotangent, self, *, ans, g):
    return list(dict.values(g))


@adjoint(runtime.dict_like_items, linear="cotangent", views="cotangent", shape_only="cotangent self")
def dict_like_items(cotangent, self, *, ans, g):
    return runtime.pairs_of(g)


@adjoint(
    runtime.values_by_keys,
    linear="table",
    views="table",
    shape_only="table",
    selects="keys",
    samples=listed(call(_WEIGHTS, ["w", "b"])),
)
def values_by_keys(table, keys, *, ans, g):
    return runtime.dict_like(g, keys)


@adjoint(runtime.items_by_keys, linear="table", views="table", shape_only="table", selects="keys")
def items_by_keys(table, keys, *, ans, g):
    return runtime.dict_like_items(g, keys)


@adjoint(runtime.pairs_of, linear="g_in", views="g_in", shape_only="g_in", samples=listed(call(_WEIGHTS)))
def pairs_of(g_in, *, ans, g):
    return runtime.dict_like_items(g, g_in)


@adjoint(
    runtime.sequence,
    shape_only="iterable",
    views="iterable",
    samples=listed(call([0.5, 0.25]), call((0.5,)), call(numbers((3,)))),
)
def sequence(iterable, *, ans, g):
    return runtime.unsequence(g, iterable)


@tangent(runtime.sequence)
def sequence_tangent(iterable, *, ans, iterable_dot):
    return runtime.sequence(runtime.items_moved(iterable_dot, iterable))


@adjoint(
    runtime.reversible,
    shape_only="iterable",
    views="iterable",
    samples=listed(call([0.5, 0.25]), call((0.5,)), call(numbers((3,)))),
)
def reversible(iterable, *, ans, g):
    return runtime.unsequence(g, iterable)


@tangent(runtime.reversible)
def reversible_tangent(iterable, *, ans, iterable_dot):
    return runtime.reversible(runtime.items_moved(iterable_dot, iterable))


@adjoint(runtime.unsequence, linear="cotangent", views="cotangent", shape_only="iterable")
def unsequence(cotangent, iterable, *, ans, g):
    return runtime.unsequence(g, cotangent)


@adjoint(runtime.pop_inserted, wrt="", linear="self", mutates="self", views="self", is_pure=False)
def pop_inserted(self, index, *, ans, g, self_bar):
    list.insert(self_bar, index, g)
    return ()
