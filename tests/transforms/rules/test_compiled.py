"""Rules as the compiler uses them: every sample of every array rule as a program of its own, differentiated by `ad.vjp`
(first order) and by `ad.grad` of `ad.grad` (second order), against central differences of the program."""

from __future__ import annotations

import copy
import itertools
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autodiff as ad
import transforms.rules  # noqa: F401  (registers all of them)
from tests.corpus.reference import function_from
from tests.transforms.rules.direct import leaves, mapped, noise, paired
from transforms.errors import AutodiffError
from transforms.registry import Primitive, primitives

SUBJECTS = ("shapes", "joining", "indexing", "products", "linear_algebra")
ENTRIES = [entry for entry in primitives() if entry.subject in SUBJECTS and entry.samples and entry.adjoint]
SAMPLES = 10  # of each rule: those that come first cover its forms


def program_of(entry: Primitive, args: tuple, kwargs: dict[str, Any]) -> tuple[Callable[..., Any], list[Any]]:
    """A program that calls the primitive once, and its arguments: those that hold floating-point numbers.

    Arguments that are changed in place are copied first, and returned.
    """
    assert entry.signature is not None
    bound = entry.signature.bind(*args, **kwargs)
    values: list[Any] = []
    namespace: dict[str, Any] = {"function": entry.functions[0]}

    def spelled(value: Any) -> str:
        if leaves(value) and not isinstance(value, float):
            values.append(value)
            return f"a{len(values) - 1}"
        if value is None or type(value) in (int, str, bool, float, slice):
            return repr(value)  # what is static stands in the program
        namespace[f"c{len(namespace)}"] = value
        return f"c{len(namespace) - 1}"

    parts, changed = [], []
    positional = list(entry.signature.parameters)[: len(args)]
    for name, parameter in entry.signature.parameters.items():
        if name not in bound.arguments:
            continue
        value = bound.arguments[name]
        if parameter.kind is parameter.VAR_POSITIONAL:
            parts += [spelled(item) for item in value]
            continue
        text = spelled(value)
        changed += [text] if name in entry.mutates else []
        is_keyword = name not in positional or parameter.kind is parameter.KEYWORD_ONLY
        parts.append(f"{name}={text}" if is_keyword else text)
    call = f"function({', '.join(parts)})"
    lines = [f"def program({', '.join(f'a{k}' for k in range(len(values)))}):"]
    lines += [f"    {name} = {name}.copy()" for name in changed]
    lines += [f"    {call}", f"    return {changed[0]}"] if changed else [f"    return {call}"]
    return function_from("\n".join(lines) + "\n", "program", **namespace), values


def moved(value: Any, direction: Any, step: float) -> Any:
    if isinstance(value, (tuple, list)):
        return type(value)(moved(v, d, step) for v, d in zip(value, direction))
    if isinstance(value, np.ndarray) and value.dtype.kind in "fc":
        result = value.copy(order="K")
        result[...] = value + step * direction
        return result
    return type(value)(value + step * direction) if leaves(value) else value


def difference(
    function: Callable[..., Any], values: list[Any], place: int, direction: Any, g: Any, step: float
) -> float:
    def along(sign: float) -> float:
        given = copy.deepcopy(values)
        given[place] = moved(given[place], direction, sign * step)
        pairs = zip(leaves(g), leaves(function(*given)))
        return sum(float(np.real(np.sum(np.asarray(a) * b))) for a, b in pairs)

    return (along(1.0) - along(-1.0)) / (2 * step)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_first_order(entry: Primitive) -> None:
    assert entry.samples is not None
    for args, kwargs in itertools.islice(entry.samples(), SAMPLES):
        function, values = program_of(entry, args, kwargs)
        if not values or any(np.iscomplexobj(leaf) for leaf in leaves(values)):
            continue
        random = np.random.default_rng(0)
        result = function(*copy.deepcopy(values))
        g = mapped(lambda leaf: noise(random, leaf), result)  # noqa: B023
        _, pullback = ad.vjp(function, *copy.deepcopy(values))
        single = any(np.asarray(leaf).dtype in (np.float32, np.complex64) for leaf in leaves((values, result)))
        for place, (bar, value) in enumerate(zip(pullback(g), values)):
            direction = mapped(lambda leaf: noise(random, leaf), value)  # noqa: B023
            expected = difference(function, values, place, direction, g, 1e-2 if single else 1e-6)
            tolerance = 2e-2 if single else 2e-6
            assert abs(paired(bar, direction, value) - expected) <= tolerance * (1 + abs(expected))


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_second_order(entry: Primitive) -> None:
    """On the first samples whose arguments and result are arrays in double precision; refusals are allowed."""
    assert entry.samples is not None
    for args, kwargs in itertools.islice(entry.samples(), SAMPLES // 2):
        function, values = program_of(entry, args, kwargs)
        result = function(*copy.deepcopy(values))
        if not values or not all(
            isinstance(x, (np.ndarray, np.float64)) and x.dtype == np.float64 for x in (*values, result)
        ):
            continue
        random = np.random.default_rng(0)
        weights = [random.standard_normal(np.shape(x)) for x in (result, *values)]
        names = ", ".join(f"a{k}" for k in range(len(values)))
        total = " + ".join(f"np.sum(g[{k}] * weights[{k + 1}])" for k in range(len(values)))
        namespace = {"np": np, "ad": ad, "inner": function, "weights": weights, "places": tuple(range(len(values)))}
        source = f"def program({names}):\n    r = inner({names})\n    return np.sum(r * r * weights[0])\n"
        namespace["scalar"] = function_from(source, "program", **namespace)
        source = f"def program({names}):\n    g = ad.grad(scalar, argnums=places)({names})\n    return {total}\n"
        slope = function_from(source, "program", **namespace)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", RuntimeWarning)
                bars = ad.grad(slope, argnums=namespace["places"])(*copy.deepcopy(values))
        except (AutodiffError, TypeError, RuntimeWarning):
            continue  # refused, or at a kink
        for place, (bar, value) in enumerate(zip(bars, values)):
            direction = random.standard_normal(np.shape(value))
            expected = difference(slope, values, place, direction, 1.0, 1e-6)
            assert abs(float(np.sum(bar * direction)) - expected) <= 1e-5 * (1 + abs(expected))
