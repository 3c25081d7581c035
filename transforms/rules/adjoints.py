"""Rules of the run-time helpers that reverse mode itself emits, so that its output can be differentiated again."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from transforms import runtime
from transforms.core import Const
from transforms.registry import adjoint, constant, facts, refused, result, simplify
from transforms.rules.typed import dtype_atom
from transforms.values import UNKNOWN, Array, Literal, Many, Number, Value

constant(runtime.zeros, runtime.ones, shape_only="x")
constant(runtime.Shadow, runtime.common_length)
constant(runtime.has_item, runtime.check_distinct, is_pure=False)
constant(runtime.place_of_slice, shape_only="items stored")
constant(runtime.check_view, runtime.check_array, runtime.check_number, is_pure=False)
constant(runtime.check_method, runtime.check_dict, runtime.check_stored, is_pure=False)
constant(runtime.ExitGuard, runtime.check_finished, runtime.check_unchanged, is_pure=False)
constant(runtime.note_end, mutates="ends", is_pure=False)
constant(runtime.truncate, mutates="tape", is_pure=False)


@adjoint(runtime.add, wrt="a b", linear="a b")
def add(a, b, *, ans, g):
    return g, g


@adjoint(runtime.snapshot, linear="x")
def snapshot(x, *, ans, g):
    return g


@adjoint(runtime.finish, wrt="g_in", linear="g_in", shape_only="x")
def finish(g_in, x, *, ans, g):
    return g


# reverse mode knows these by itself: what they change in place is a cotangent
facts(runtime.add_into, mutates="shadow", is_pure=False)
facts(runtime.add_item, mutates="buffer", is_pure=False)


@adjoint(runtime.add_into, wrt="g_in", mutates="shadow", is_pure=False)
def add_into(shadow, g_in, *, ans, g):
    return None


@adjoint(runtime.add_item, wrt="g_in", mutates="buffer", is_pure=False)
def add_item(buffer, index, g_in, *, ans, g):
    return None


@adjoint(runtime.make_record, wrt="items", views="items")
def make_record(kind, names, *items, ans, g):
    return tuple([getattr(g, name) for name in names])


facts(runtime.update)  # reverse mode inlines the rule of the function that it applies
refused(
    "its argument is changed in place",
    runtime.drained,
    runtime.return_item,
    runtime.return_attribute,
    runtime.accumulate,
    runtime.take_stored,
    runtime.rebound,
    runtime.add_attribute,
    runtime.take_changed,
)
refused("the function is only known at run time", runtime.call_augmented)
facts(runtime.take_stored, mutates="shadow", is_pure=False, shape_only="stored")


facts(runtime.return_item, runtime.return_attribute, mutates="shadow", is_pure=False)
facts(runtime.accumulate, mutates="shadow", views="shadow", is_pure=False)
facts(runtime.rebound, views="shadow", is_pure=False)
facts(runtime.add_attribute, mutates="buffer", is_pure=False)
facts(runtime.take_changed, mutates="shadow", is_pure=False)


@adjoint(runtime.insert_back, wrt="item", mutates="items", stores="item", is_pure=False)
def insert_back(items, position, item, *, ans, g, items_bar):
    return list.pop(items_bar, position)


@result(runtime.pop_inserted)
def popped(items: Value, index: Value) -> Value:
    return items.item if isinstance(items, Many) else UNKNOWN


@adjoint(runtime.merge, wrt="shadow other", linear="shadow other", views="shadow")
def merge(shadow, other, *, ans, g):
    return g, g


@result(runtime.zeros, runtime.snapshot)
def like(x: Value) -> Value:
    if isinstance(x, Many) and x.kind is list and isinstance(x.item, Number) and x.item.dtype.kind == "f":
        return x
    return x if isinstance(x, (Array, Number)) else UNKNOWN


@simplify(runtime.zeros)
def simplify_zeros(site: Any) -> Any:
    value = site.value("x")
    if isinstance(value, Array):
        return site.call(np.zeros_like, site.atom("x"))
    if isinstance(value, (Number, Literal)):
        return Const(0.0)
    return None


@simplify(runtime.ones)
def simplify_ones(site: Any) -> Any:
    value = site.value("x")
    if isinstance(value, Array):
        return site.call(np.ones_like, site.atom("x"))
    if isinstance(value, Number):
        single = not value.python and value.dtype.kind == "f" and value.dtype != np.float64
        return site.call(dtype_atom(value.dtype), Const(1.0)) if single else Const(1.0)
    return None


@simplify(runtime.snapshot)
def simplify_snapshot(site: Any) -> Any:
    value = site.value("x")
    if isinstance(value, Array):
        return site.call(np.array, site.atom("x"))
    if isinstance(value, (Number, Literal)):
        return site.atom("x")
    return None


@simplify(runtime.add)
def simplify_add(site: Any) -> Any:
    kinds = (Array, Number)
    if isinstance(site.value("a"), kinds) and isinstance(site.value("b"), kinds):
        return site.call(operator.add, site.atom("a"), site.atom("b"))
    return None




@result(runtime.update)
def updated(function: Value, x: Value, y: Value, owner: Value = UNKNOWN) -> Value:
    return x


def _is_vector(value: Value) -> bool:
    return isinstance(value, Array) and value.rank == 1


def _is_real(value: Value) -> bool:
    return isinstance(value, Array) and value.dtype.kind != "c"


facts(np.diag, copies_when=_is_vector)
facts(np.imag, copies_when=_is_real)
