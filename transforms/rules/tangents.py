"""What the generated code of forward mode calls, as primitives: it is differentiated again."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from transforms import runtime
from transforms.core import Const
from transforms.registry import adjoint, constant, facts, result, simplify
from transforms.rules.typed import dtype_of, shape_of, surely_equal
from transforms.values import UNKNOWN, Array, Literal, Number, Value

constant(runtime.no_tangent, shape_only="x")
constant(runtime.tangent_outside, runtime.refuse_tangent, runtime.check_sharing, is_pure=False)
facts(runtime.store_tangent, mutates="place", views="place", is_pure=False)


@adjoint(runtime.tangent_like, linear="t", shape_only="x", views="t")
def tangent_like(t, x, *, ans, g):
    return runtime.unbroadcast(g, t)


@adjoint(runtime.tangent_to_store, linear="t", shape_only="owner", views="t")
def tangent_to_store(t, owner, *, ans, g):
    return runtime.tangent_to_store(g, owner)


@adjoint(runtime.own_tangent, linear="t", views="t")
def own_tangent(t, *, ans, g):
    return g


@result(runtime.own_tangent)
def own_tangent_result(t: Value) -> Value:
    return t if isinstance(t, (Array, Number)) else UNKNOWN


@simplify(runtime.own_tangent)
def simplify_own_tangent(site: Any) -> Any:
    if isinstance(site.value("t"), Array):
        return site.call(np.array, site.atom("t"))
    return site.atom("t") if isinstance(site.value("t"), Number) else None


@result(runtime.no_tangent)
def no_tangent_result(x: Value) -> Value:
    return x if isinstance(x, Array) and x.dtype.kind in "fc" else UNKNOWN


@result(runtime.tangent_like)
def tangent_like_result(t: Value, x: Value) -> Value:
    if isinstance(x, Array) and x.dtype.kind in "fc":
        return x
    if isinstance(x, Number) and x.dtype.kind in "fc":
        return Number(x.dtype, getattr(t, "python", False) if x.python else False)
    return UNKNOWN


@result(runtime.store_tangent)
def store_tangent_result(place: Value, t: Value, x: Value) -> Value:
    return place if isinstance(place, Array) and isinstance(x, Array) else t if isinstance(x, Number) else UNKNOWN


@simplify(runtime.tangent_like)
def simplify_tangent_like(site: Any) -> Any:
    """The tangent itself where it surely has the form of the value."""
    t, x = site.value("t"), site.value("x")
    if isinstance(x, Number):
        return site.atom("t") if x.python or t == x else None
    wanted, given = shape_of(x), shape_of(t)
    if not isinstance(x, Array) or wanted is None or given is None or x.dtype.kind not in "fc":
        return None
    if not isinstance(t, Array) or dtype_of(t) != x.dtype:
        return None
    if len(wanted) == len(given) and all(map(surely_equal, wanted, given)):
        return site.atom("t")
    return site.call(np.broadcast_to, site.atom("t"), site.call(getattr, site.atom("x"), Const("shape")))


@simplify(runtime.store_tangent)
def simplify_store_tangent(site: Any) -> Any:
    """An assignment where arrays are known to be arrays, the tangent itself where they are not."""
    place, x = site.value("place"), site.value("x")
    if isinstance(place, Array) and isinstance(x, Array):
        site.call(operator.setitem, site.atom("place"), Const(Ellipsis), site.atom("t"))
        return site.atom("place")
    if isinstance(x, (Number, Literal)):
        return site.atom("t")
    return None
