"""Rules of the run-time helpers that reverse mode itself emits, so that its output can be differentiated again."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from transforms import runtime
from transforms.core import Const
from transforms.inference import as_number, dtype_argument, elementwise
from transforms.registry import adjoint, constant, facts, result, simplify
from transforms.rules.sampling import call, listed, numbers
from transforms.rules.typed import dtype_atom, dtype_of, is_literal, shape_of, surely_equal
from transforms.values import (
    FLOAT,
    INTEGER,
    UNKNOWN,
    Array,
    Instance,
    Known,
    Literal,
    Many,
    Number,
    Record,
    Sequence,
    Value,
)

constant(runtime.zeros, runtime.zeros_of_copy, runtime.ones, runtime.structure, shape_only="x")
constant(runtime.Shadow, runtime.common_length, runtime.as_count)
constant(runtime.rounds, is_pure=False)
constant(runtime.held_outside, runtime.shadow_outside, is_pure=False)
constant(
    runtime.plain_iterator,
    runtime.has_item,
    runtime.length_of_zip,
    runtime.places,
    runtime.places_of_slice,
    is_pure=False,
)
constant(
    runtime.check_distinct,
    runtime.check_unshared,
    runtime.check_flat,
    runtime.check_masked,
    runtime.check_no_list_grows,
    is_pure=False,
)
constant(runtime.flat_places, shape_only="x")
constant(runtime.place_of_slice, shape_only="items stored")
constant(runtime.check_view, runtime.check_real, runtime.check_list, is_pure=False)
constant(
    runtime.check_method,
    runtime.check_no_array,
    runtime.check_no_list,
    runtime.check_not_repeated,
    runtime.check_dict,
    runtime.check_stored,
    runtime.check_structure,
    is_pure=False,
)
constant(runtime.refuse_call, runtime.check_apart, runtime.check_followed, runtime.check_context, is_pure=False)
constant(runtime.check_out, is_pure=False)
constant(runtime.call_unfollowed, runtime.call_closure, runtime.own_method, is_pure=False)
constant(runtime.ExitGuard, runtime.check_finished, runtime.check_unchanged, is_pure=False)
constant(runtime.note_end, mutates="ends", is_pure=False)
constant(runtime.truncate, mutates="tape", is_pure=False)


@adjoint(runtime.add, wrt="a b", linear="a b")
def add(a, b, *, ans, g):
    return g, g


@adjoint(runtime.snapshot, runtime.snapshot_object, linear="x")
def snapshot(x, *, ans, g):
    return g


@adjoint(runtime.filled, wrt="g_in", linear="g_in", shape_only="x")
def filled(g_in, x, *, ans, g):
    return g


@adjoint(runtime.pairing, wrt="value cotangent", multilinear="value cotangent")
def pairing(value, cotangent, *, ans, g):
    return runtime.scaled(cotangent, g), runtime.scaled(value, g)


@adjoint(runtime.scaled, wrt="x factor", multilinear="x factor")
def scaled(x, factor, *, ans, g):
    return runtime.scaled(g, factor), runtime.pairing(g, x)


@adjoint(runtime.fitted, linear="cotangent", shape_only="value", views="cotangent")
def fitted(cotangent, value, *, ans, g):
    return g


@result(runtime.pairing)
def pairing_result(value: Value, cotangent: Value) -> Value:
    return FLOAT


@result(runtime.scaled)
def scaled_result(x: Value, factor: Value) -> Value:
    return x if isinstance(x, (Array, Number)) and x.dtype.kind in "fc" else UNKNOWN


@simplify(runtime.scaled)
def simplify_scaled(site: Any) -> Any:
    if site.value("factor") == Literal(1.0):
        return site.atom("x")
    if isinstance(site.value("x"), (Array, Number)):
        return site.call(operator.mul, site.atom("x"), site.atom("factor"))
    return None


@result(runtime.fitted)
def fitted_result(cotangent: Value, value: Value) -> Value:
    return cotangent if isinstance(cotangent, Array) else UNKNOWN


@simplify(runtime.fitted)
def simplify_fitted(site: Any) -> Any:
    cotangent, value = site.value("cotangent"), site.value("value")
    given, wanted = shape_of(cotangent), shape_of(value)
    if given is None or wanted is None or len(given) != len(wanted):
        return None
    if not all(map(surely_equal, given, wanted)):
        return None
    dtype = dtype_of(cotangent)
    return None if dtype is None or dtype.kind not in "fc" else site.atom("cotangent")


@adjoint(runtime.finish, wrt="g_in", linear="g_in", shape_only="x")
def finish(g_in, x, *, ans, g):
    return g


# reverse mode knows these by itself: what they change in place is a cotangent
facts(runtime.add_into, mutates="shadow", is_deep=True, is_pure=False)
facts(runtime.add_item, mutates="buffer", is_deep=True, is_pure=False)


@adjoint(runtime.add_into, wrt="g_in", linear="shadow g_in", mutates="shadow", is_pure=False)
def add_into(shadow, g_in, *, ans, g):
    return None


@adjoint(runtime.add_item, wrt="g_in", linear="buffer g_in", mutates="buffer", is_pure=False)
def add_item(buffer, index, g_in, *, ans, g):
    return None


@adjoint(
    runtime.added_part,
    linear="shadow",
    views="shadow",
    shape_only="shadow g_in",
    samples=listed(
        call([0.5, 0.25], numbers((2,))), call([[0.5], [0.25]], numbers((2, 1))), call(numbers((2,)), [1.0, 2.0])
    ),
)
def added_part(shadow, g_in, *, ans, g):
    return runtime.from_added_part(g, shadow)


@adjoint(
    runtime.from_added_part,
    linear="g_in",
    views="g_in",
    shape_only="g_in shadow",
    samples=listed(call(numbers((2,)), [0.5, 0.25]), call(numbers((2,)), numbers((2,)))),
)
def from_added_part(g_in, shadow, *, ans, g):
    return runtime.added_part(g, g_in)


facts(runtime.call_augmented, wrt="arguments", is_pure=False)
facts(runtime.call_again, wrt="pullback cotangent", is_pure=False)


@result(runtime.call_augmented)
def value_and_pullback(function: Value, *arguments: Value) -> Value:
    return Sequence(tuple, (UNKNOWN, UNKNOWN))


@result(runtime.call_again)
def value_and_pullback_again(pullback: Value, cotangent: Value) -> Value:
    return Sequence(tuple, (UNKNOWN, UNKNOWN))


@adjoint(runtime.make_record, wrt="items", linear="items", views="items")
def make_record(kind, names, *items, ans, g):
    return tuple([getattr(g, name) for name in names])


facts(runtime.update)  # reverse mode inlines the rule of the function that it applies
facts(runtime.add_attribute, wrt="g", linear="buffer g", mutates="buffer", is_deep=True, is_pure=False)
facts(
    runtime.return_item,
    runtime.return_attribute,
    wrt="other",
    linear="shadow other",
    mutates="shadow",
    is_pure=False,
)
facts(
    runtime.accumulate,
    runtime.put_changed,
    wrt="shadow g",
    linear="shadow g",
    mutates="shadow",
    is_deep=True,
    views="shadow",
    is_pure=False,
)
facts(
    runtime.exchange,
    wrt="shadow new",
    linear="shadow new",
    mutates="shadow",
    stores="new",
    views="shadow",
    is_pure=False,
)
facts(runtime.take_changed, wrt="shadow", linear="shadow", mutates="shadow", is_pure=False)
facts(runtime.merge, wrt="shadow other", linear="shadow other", views="shadow")
facts(runtime.drained, wrt="shadow", linear="shadow", views="shadow")
facts(runtime.rebound, runtime.accumulated, wrt="shadow", linear="shadow", views="shadow", shape_only="x")
constant(runtime.is_apart, runtime.is_apart_item, runtime.is_number, runtime.is_copy)
constant(runtime.keeps_items)


@adjoint(runtime.take_stored, wrt="", linear="shadow", mutates="shadow", shape_only="stored", is_pure=False)
def take_stored(shadow, key, stored, *, ans, g, shadow_bar):
    runtime.put_stored(shadow_bar, key, g)
    return ()


@adjoint(runtime.put_stored, wrt="g_in", linear="shadow g_in", mutates="shadow", is_pure=False)
def put_stored(shadow, key, g_in, *, ans, g, shadow_bar):
    return runtime.take_stored(shadow_bar, key, g_in)


@adjoint(runtime.alone, wrt="g_in", linear="g_in", shape_only="x")
def alone(x, index, g_in, *, ans, g):
    return g[index]


@adjoint(runtime.share, wrt="shadow", linear="shadow")
def share(shadow, where, *, ans, g):
    return runtime.share(g, where)


@adjoint(runtime.insert_back, wrt="item", linear="items item", mutates="items", stores="item", is_pure=False)
def insert_back(items, position, item, *, ans, g, items_bar):
    return list.pop(items_bar, position)


@result(runtime.pop_inserted)
def popped(items: Value, index: Value) -> Value:
    return items.item if isinstance(items, Many) else UNKNOWN


@result(runtime.as_count)
def count_of(x: Value) -> Value:
    return INTEGER


@result(runtime.filled)
def filled_like(g_in: Value, x: Value) -> Value:
    return x if isinstance(x, (Array, Number)) else UNKNOWN


@simplify(runtime.filled)
def simplify_filled(site: Any) -> Any:
    is_complete = isinstance(site.value("g_in"), Array) or _has_form(site.value("g_in"), site.value("x"))
    return site.atom("g_in") if is_complete else None


def _has_form(g_in: Value, x: Value) -> bool:
    """Whether a cotangent has all parts of `x`, none of which is an array: a plain zero stands for none of them."""
    parts, items = _items(g_in), _items(x)
    if items is None:
        return isinstance(x, (Number, Literal))
    return parts is not None and len(parts) == len(items) and all(map(_has_form, parts, items))


def _items(value: Value) -> tuple[Value, ...] | None:
    if isinstance(value, Literal) and isinstance(value.value, tuple):
        return tuple(map(Literal, value.value))
    return value.items if isinstance(value, Sequence) else None


@result(runtime.structure)
def kept(x: Value) -> Value:
    return x if isinstance(x, (Array, Number)) else UNKNOWN


@simplify(runtime.structure)
def simplify_structure(site: Any) -> Any:
    return site.atom("x") if isinstance(site.value("x"), (Array, Number, Literal)) else None


@result(runtime.zeros)
def zeros_like(x: Value) -> Value:
    if isinstance(x, (Record, Instance)) and not issubclass(x.kind, (*_BUILTIN, runtime.CallPullback)):
        return Instance(runtime.Shadow)
    return like(x)


_BUILTIN = (list, tuple, dict, set, str, bytes, np.ndarray, np.generic, int, float, complex, range, slice, type(None))


@result(runtime.snapshot, runtime.snapshot_object)
def like(x: Value) -> Value:
    if x == Instance(runtime.Shadow):
        return x
    if isinstance(x, Many) and x.kind is list and isinstance(x.item, Number) and x.item.dtype.kind == "f":
        return x
    return x if isinstance(x, (Array, Number)) else UNKNOWN


@simplify(runtime.zeros)
def simplify_zeros(site: Any) -> Any:
    value = site.value("x")
    if isinstance(value, Array):
        return site.call(np.zeros_like, site.atom("x"))
    if isinstance(value, Number) or isinstance(value, Literal) and not isinstance(value.value, tuple):
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


@simplify(runtime.snapshot, runtime.snapshot_object)
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
    """An array stays of its type; a number becomes whatever the operation makes of it."""
    if not isinstance(as_number(x), Number):
        return x
    known = isinstance(function, Known) and isinstance(as_number(y), (Number, Array))
    return elementwise(function.object, x, y) if known else UNKNOWN  # type: ignore[union-attr]


Given = tuple[Value, ...]  # what is known of what is given for one argument


def _is_vector(v: Given, **rest: Given) -> bool:
    return isinstance(v[0], Array) and v[0].rank == 1


def _is_real(val: Given) -> bool:
    return isinstance(val[0], Array) and val[0].dtype.kind != "c"


def _is_converted(a: Given, dtype: Given = (), copy: Given = (), **rest: Given) -> bool:
    """Whether an array is copied into one of another type, or because that is asked for."""
    wanted = dtype_argument(dtype[0]) if dtype else None
    is_other = wanted is not None and isinstance(a[0], Array) and a[0].dtype != wanted
    return is_other or bool(copy) and is_literal(copy[0], True)


def _is_converted_by_method(a: Given, dtype: Given = (), copy: Given = (), **rest: Given) -> bool:
    return _is_converted(a, dtype, copy or (Literal(True),))


facts(np.diag, copies_when=_is_vector)
facts(np.imag, copies_when=_is_real)
facts(np.asarray, np.ascontiguousarray, copies_when=_is_converted)
facts(np.ndarray.astype, copies_when=_is_converted_by_method)
