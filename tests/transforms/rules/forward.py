"""The tangent of one call, found by the facets of the registry, with templates called as plain Python functions.

In comes a primitive, the arguments of a call by name and the tangents of those that move; out comes the tangent of the
result, or, of a primitive that changes arguments, what the tangents of these have become: the conventions of
`transforms/registry.py`, without the compiler.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Container
from typing import Any

import numpy as np

from transforms import runtime
from transforms.registry import Primitive

Arguments = dict[str, Any]


def call_with(entry: Primitive, function: Any, bound: Arguments, named: Container[str]) -> Any:
    """The result of a call with these arguments, of which those that are `named` are given by keyword."""
    assert entry.signature is not None
    positional: list[Any] = []
    for name, x in bound.items():
        if entry.signature.parameters[name].kind is inspect.Parameter.VAR_POSITIONAL:
            positional += x
        elif name not in named:
            positional.append(x)
    return function(*positional, **{name: x for name, x in bound.items() if name in named})


def tangent_of(
    entry: Primitive, function: Any, bound: Arguments, moved: Arguments, ans: Any, named: Container[str] = ()
) -> Any:
    """The tangent of the result; the tangents in `moved` of arguments that are changed are changed in place.

    An argument of `moved` has a tangent of its structure; None stands for an item of a star parameter that is fixed.
    """
    rule = entry.forward_rule(bound)
    assert rule is not None, f"no tangent of {entry.name} is known"
    with np.errstate(all="ignore"):
        if rule == "linear":
            changed = {name: _full(name, bound, moved) for name in _linear(entry, bound)}
            return call_with(entry, function, {**bound, **changed}, named)
        if rule == "multilinear":
            parts = [call_with(entry, function, changed, named) for changed in _each_replaced(entry, bound, moved)]
        elif rule == "elementwise":
            parts = _elementwise(entry, bound, moved, ans)
        else:
            return _by_template(entry, bound, moved, ans)
        return fitted(_total(parts), ans)


def fitted(t: Any, ans: Any) -> Any:
    """What a rule returns, in the shape and dtype of the result."""
    if isinstance(ans, (list, tuple)):
        assert isinstance(t, (list, tuple)) and len(t) == len(ans), f"a tangent {t!r} for a result {ans!r}"
        return [fitted(p, q) for p, q in zip(t, ans)]
    if isinstance(ans, dict):
        return {key: fitted(t[key], item) for key, item in ans.items()}
    kind = np.asarray(ans).dtype
    if kind.kind not in "fc":
        return np.zeros(np.shape(ans)) if not isinstance(ans, (str, type(None))) else ans
    assert kind.kind == "c" or not np.iscomplexobj(t), "a complex tangent for a real result"
    return np.broadcast_to(np.asarray(t, kind), np.shape(ans))


def zeros(x: Any) -> Any:
    """The zero tangent of a value."""
    return runtime.zeros_of(x)


def _linear(entry: Primitive, bound: Arguments) -> list[str]:
    names = {*entry.linear, *entry.mutates}
    return [name for name in bound if name in names]


def _full(name: str, bound: Arguments, moved: Arguments) -> Any:
    """The tangent of an argument, zeros for what does not move."""
    if name not in moved:
        return zeros(bound[name])
    if isinstance(moved[name], tuple) and any(item is None for item in moved[name]):
        return tuple(zeros(x) if t is None else t for t, x in zip(moved[name], bound[name]))
    return moved[name]


def _each_replaced(entry: Primitive, bound: Arguments, moved: Arguments) -> list[Arguments]:
    assert entry.signature is not None
    found = []
    for name in entry.multilinear:
        if name not in moved:
            continue
        if entry.signature.parameters[name].kind is inspect.Parameter.VAR_POSITIONAL:
            for place, t in enumerate(moved[name]):
                if t is not None:
                    items = list(bound[name])
                    items[place] = t
                    found.append({**bound, name: tuple(items)})
        else:
            found.append({**bound, name: moved[name]})
    return found


def _contributions(entry: Primitive, made: Any, moved: Arguments) -> list[Any]:
    """Those that are wanted."""
    if not entry.wrt:
        return [made]
    made = made if len(entry.wrt) > 1 else (made,)
    assert len(made) == len(entry.wrt), f"{entry.name} returns {len(made)} contributions"
    return [part for name, part in zip(entry.wrt, made) if name in moved and part is not None]


def _elementwise(entry: Primitive, bound: Arguments, moved: Arguments, ans: Any) -> list[Any]:
    assert entry.adjoint is not None
    parts = []
    for name, t in moved.items():
        call = inspect.BoundArguments(entry.signature, copy.copy(bound))  # type: ignore[arg-type]
        made = entry.adjoint(*call.args, **call.kwargs, ans=ans, g=t)
        parts += _contributions(entry, made, {name: t})
    return parts


def _by_template(entry: Primitive, bound: Arguments, moved: Arguments, ans: Any) -> Any:
    assert entry.tangent is not None
    call = inspect.BoundArguments(entry.signature, copy.copy(bound))  # type: ignore[arg-type]
    defaults = {name: p.default for name, p in entry.signature.parameters.items()}  # type: ignore[union-attr]
    given = {**{name: x for name, x in defaults.items() if x is not inspect.Parameter.empty}, **bound}
    reserved = [name for name in inspect.signature(entry.tangent).parameters if name.endswith("_dot")]
    dots = {dot: _full(dot[:-4], given, moved) for dot in reserved if dot[:-4] in given}
    if "ans" in inspect.signature(entry.tangent).parameters:
        dots["ans"] = ans
    made = entry.tangent(*call.args, **call.kwargs, **dots)
    if entry.mutates:
        return None
    return fitted(_total(_contributions(entry, made, moved)), ans)


def _total(parts: list[Any]) -> Any:
    assert parts, "no contribution"
    total = parts[0]
    for part in parts[1:]:
        total = runtime.add(total, part)
    return total
