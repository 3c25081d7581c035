"""Checks a rule without the compiler: its template, called on NumPy inputs, against central differences.

For every sample of a primitive: a cotangent of the result is drawn, the template is called with the sample, the result
and the cotangent (and, where the primitive changes an argument in place, that argument's shadow), and each contribution
is compared, in structure, shape, dtype and numbers, with differences of the primitive itself.
"""

from __future__ import annotations

import copy
import inspect
from typing import Any

import numpy as np

from transforms.registry import Primitive


def is_float(x: Any) -> bool:
    return isinstance(x, (float, complex, np.floating, np.complexfloating)) or (
        isinstance(x, np.ndarray) and x.dtype.kind in "fc"
    )


def leaves(x: Any) -> list[Any]:
    """The floating-point numbers and arrays in nested tuples, lists and dicts, in order."""
    if isinstance(x, (tuple, list)):
        return [leaf for item in x for leaf in leaves(item)]
    if isinstance(x, dict):
        return [leaf for item in x.values() for leaf in leaves(item)]
    return [x] if is_float(x) else []


def mapped(function: Any, x: Any) -> Any:
    """The structure of `x` with `function` applied to its leaves."""
    if isinstance(x, tuple) and hasattr(x, "_fields"):
        return type(x)(*(mapped(function, item) for item in x))
    if isinstance(x, (tuple, list)):
        return type(x)(mapped(function, item) for item in x)
    if isinstance(x, dict):
        return {key: mapped(function, item) for key, item in x.items()}
    return function(x) if is_float(x) else x


def noise(random: np.random.Generator, leaf: Any) -> Any:
    draw = random.standard_normal(np.shape(leaf))
    if np.iscomplexobj(leaf):
        draw = draw + 1j * random.standard_normal(np.shape(leaf))
    if isinstance(leaf, np.ndarray):
        return np.asarray(draw, leaf.dtype)
    return leaf.dtype.type(draw) if isinstance(leaf, np.generic) else type(leaf)(draw)


def paired(x_bar: Any, direction: Any, x: Any) -> float:
    """The real part of the (bilinear) pairing of a cotangent with a direction, both of the structure of `x`."""
    if not leaves(x):
        return 0.0
    if isinstance(x, dict):
        return sum(paired(x_bar[key], direction[key], x[key]) for key in x)
    if isinstance(x, (tuple, list)):
        assert len(x_bar) == len(x), "one cotangent for each item"
        return sum(paired(*items) for items in zip(x_bar, direction, x))
    assert np.shape(x_bar) == np.shape(x), f"contribution of shape {np.shape(x_bar)} for an argument of {np.shape(x)}"
    if isinstance(x, (np.ndarray, np.generic)):
        assert np.asarray(x_bar).dtype == x.dtype, f"contribution of {np.asarray(x_bar).dtype} for {x.dtype}"
    elif not isinstance(x, complex):
        assert not np.iscomplexobj(x_bar)
    return float(np.real(np.sum(np.asarray(x_bar) * direction)))


def check_rule(entry: Primitive, args: tuple, kwargs: dict[str, Any], function: Any = None) -> None:
    """Compare the adjoint rule with central differences on one sample; raises AssertionError where they differ."""
    function = function or entry.functions[0]
    assert entry.adjoint is not None and entry.signature is not None
    random = np.random.default_rng(1)
    bound = entry.signature.bind(*args, **kwargs)
    shadows = [n for n in inspect.signature(entry.adjoint).parameters if n.endswith("_bar") and n[:-4] in entry.mutates]

    def run(values: dict[str, Any]) -> tuple[Any, tuple[Any, ...]]:
        """The primitive's result and mutated arguments."""
        values = {key: copy.deepcopy(value) for key, value in values.items()}
        call = inspect.BoundArguments(entry.signature, values)  # type: ignore[arg-type]
        answer = function(*call.args, **call.kwargs)
        return answer, tuple(values[name[:-4]] for name in shadows)

    answer, after = run(bound.arguments)
    g = mapped(lambda leaf: noise(random, leaf), answer)
    outgoing = mapped(lambda leaf: noise(random, leaf), after)
    shadow = {name: copy.deepcopy(bar) for name, bar in zip(shadows, outgoing)}
    arguments = copy.deepcopy(bound.arguments)
    full = inspect.BoundArguments(entry.signature, arguments)
    contributions = entry.adjoint(*full.args, **full.kwargs, ans=answer, g=copy.deepcopy(g), **shadow)
    if len(entry.wrt) == 1:
        contributions = (contributions,)
    found = dict(zip(entry.wrt, contributions or ()))
    found.update({name[:-4]: bar for name, bar in shadow.items()})
    for name, x_bar in found.items():
        if name not in bound.arguments or x_bar is None:
            continue
        value = bound.arguments[name]
        direction = mapped(lambda leaf: noise(random, leaf), value)
        single = any(np.asarray(leaf).dtype in (np.float32, np.complex64) for leaf in leaves((value, answer, after)))
        step = 1e-2 if single else 1e-6

        def along(sign: float) -> float:
            moved = _plus(value, direction, sign * step)  # noqa: B023
            result, mutated = run({**bound.arguments, name: moved})  # noqa: B023
            pairs = zip(leaves((g, outgoing)), leaves((result, mutated)))
            return sum(float(np.real(np.sum(np.asarray(a) * b))) for a, b in pairs)

        expected = (along(1.0) - along(-1.0)) / (2 * step)
        actual = paired(x_bar, direction, value)
        tolerance = 2e-2 if single else 2e-6
        assert abs(actual - expected) <= tolerance * (1 + abs(expected)), (
            f"{entry.name}, argument {name}: {actual} where differences give {expected}"
        )


def _plus(value: Any, direction: Any, step: float) -> Any:
    if isinstance(value, (tuple, list)):
        return type(value)(_plus(v, d, step) for v, d in zip(value, direction))
    if isinstance(value, dict):
        return {key: _plus(value[key], direction[key], step) for key in value}
    if not is_float(value):
        return value
    moved = value + step * direction
    if isinstance(value, np.ndarray):
        result = value.copy(order="K")
        result[...] = moved
        return result
    return type(value)(moved)
