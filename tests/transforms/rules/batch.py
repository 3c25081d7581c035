"""One call for a batch, found by the facets of the registry, with templates called as plain Python functions.

In comes a primitive, the arguments of a call by name, and which of them are batched; out comes the batched result: the
conventions of `transforms/registry.py`, without the compiler.
"""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from tests.transforms.rules.forward import Arguments, call_with
from transforms import runtime
from transforms.registry import Place, Primitive


def of_batch(entry: Primitive, function: Any, bound: Arguments, batched: tuple[Place, ...], named: Any) -> Any:
    """The result of the rule that holds for such a call."""
    rule = entry.batching_rule(batched)
    assert rule is not None, f"no rule for a batch of {batched} of {entry.name}"
    form = entry.array_form or function
    with np.errstate(all="ignore"):
        if rule == "native":
            return call_with(entry, form, bound, named)
        if rule == "axes":
            return call_with(entry, form, _with_axes(entry, bound), {*named, *entry.axes})
        if rule == "elementwise":
            return call_with(entry, form, _aligned(bound, batched), named)
        if rule == "each":
            return _each(entry, function, bound, batched, named)
        if rule == "shared" and not (entry.is_shared and entry.batching):
            single = {name: runtime.one_sample(x, runtime.parts(batched, name)) for name, x in bound.items()}
            return call_with(entry, function, single, named)
        return _by_template(entry, function, bound, batched)


def _with_axes(entry: Primitive, bound: Arguments) -> Arguments:
    assert entry.signature is not None
    changed = dict(bound)
    array = bound[entry.along[0]]
    for name in entry.axes:
        axis = bound.get(name, entry.signature.parameters[name].default)
        if name in bound or axis is None or np.min(axis) >= 0:
            changed[name] = runtime.inner_axes(array, axis)
    return changed


def _aligned(bound: Arguments, batched: tuple[Place, ...]) -> Arguments:
    operands = {name: x for name, x in bound.items() if isinstance(x, (np.ndarray, np.generic, float, int, complex))}
    rank = runtime.sample_rank([name in batched for name in operands], *operands.values())
    return {name: runtime.aligned(x, rank) if name in batched else x for name, x in bound.items()}


def _each(entry: Primitive, function: Any, bound: Arguments, batched: tuple[Place, ...], named: Any) -> Any:
    """The flags of `runtime.each` are positions, keywords, and paths from there."""
    assert entry.signature is not None
    positions: dict[str, Any] = {}
    count = 0
    for name, x in bound.items():
        if entry.signature.parameters[name].kind is inspect.Parameter.VAR_POSITIONAL:
            positions[name] = None
        else:
            positions[name] = name if name in named else count
        count += 0 if name in named else 1
    flags: list[Any] = []
    for name in bound:
        for path in runtime.parts(batched, name):
            flags.append((positions[name], *path) if positions[name] is not None else path)
    result = None

    def looped(_: Any, *arguments: Any, **keywords: Any) -> Any:
        return runtime.each(function, flags, *arguments, **keywords)

    result = call_with(entry, lambda *arguments, **keywords: looped(None, *arguments, **keywords), bound, named)
    return result


def _by_template(entry: Primitive, function: Any, bound: Arguments, batched: tuple[Place, ...]) -> Any:
    assert entry.batching is not None and entry.signature is not None
    call = inspect.BoundArguments(entry.signature, dict(bound))  # type: ignore[arg-type]
    extra = {"function": function} if "function" in inspect.signature(entry.batching).parameters else {}
    return entry.batching(*call.args, **call.kwargs, batched=batched, **extra)
