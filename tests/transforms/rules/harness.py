"""Checks a rule without the compiler: the template is called on NumPy inputs and compared with finite differences.

In comes a primitive and one sample `(args, kwargs)`, out comes an assertion: every contribution has the shape, dtype and
structure of its argument and agrees with fourth-order central differences of the primitive itself.
"""

from __future__ import annotations

import copy
import inspect
from typing import Any

import numpy as np

from transforms import runtime
from transforms.registry import Primitive


def check_rule(entry: Primitive, arguments: tuple, keywords: dict, function: Any = None) -> None:
    """Assert that the reverse-mode rule of `entry` is right at this sample.

    The rule of a primitive that changes arguments in place gets shadows, which it must turn into the cotangents of what
    those arguments held before.
    """
    function = entry.functions[0] if function is None else function
    assert entry.adjoint is not None and entry.signature is not None
    reserved = [name for name in inspect.signature(entry.adjoint).parameters if name.endswith("_bar")]
    mutated = [name[:-4] for name in reserved if name[:-4] in entry.mutates]
    bound = entry.signature.bind(*copy.deepcopy(arguments), **copy.deepcopy(keywords))

    def outcome(*given: Any, **named: Any) -> Any:
        given, named = copy.deepcopy(given), copy.deepcopy(named)
        result = function(*given, **named)
        if not mutated:
            return result
        places = entry.signature.bind(*given, **named).arguments  # type: ignore[union-attr]
        return (result, *(places[name] for name in mutated))

    result = outcome(*arguments, **keywords)
    cotangent = like(result, np.random.default_rng(3))
    extra = {}
    if mutated:
        extra = {f"{name}_bar": copy.deepcopy(part) for name, part in zip(mutated, cotangent[1:])}
    with np.errstate(all="ignore"):
        contributions = entry.adjoint(
            *bound.args,
            **bound.kwargs,
            ans=result[0] if mutated else result,
            g=cotangent[0] if mutated else cotangent,
            **extra,
        )
    if len(entry.wrt) == 1:
        contributions = (contributions,)
    contributions = () if contributions is None else contributions
    assert len(contributions) == len(entry.wrt), f"{entry.name} returns {len(contributions)} contributions"
    found = [*zip(entry.wrt, contributions), *((name, extra[f"{name}_bar"]) for name in mutated)]
    for name, contribution in found:
        if name not in bound.arguments:
            continue
        argument = entry.signature.bind(*arguments, **keywords).arguments[name]
        if contribution is None or not is_float(argument):
            continue
        if entry.is_elementwise:
            contribution = runtime.unbroadcast(contribution, argument)
        expected = numeric_vjp(outcome, arguments, keywords, entry.signature, name, cotangent)
        compare(f"{entry.name} by {name}", contribution, argument, expected)


def is_float(value: Any) -> bool:
    if isinstance(value, dict):
        return bool(value) and all(map(is_float, value.values()))
    if isinstance(value, (list, tuple)):
        return bool(value) and all(map(is_float, value))
    return np.asarray(value).dtype.kind in "fc" if not isinstance(value, str) and value is not None else False


def leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        value = [value[key] for key in sorted(value)]
    if type(value).__name__ in ("dict_values", "dict_items", "dict_keys"):
        value = list(value)
    if isinstance(value, (list, tuple)):
        return [leaf for item in value for leaf in leaves(item)]
    return [value]


def like(value: Any, random: np.random.Generator) -> Any:
    """A random cotangent of the structure of a result."""
    if isinstance(value, dict):
        return {key: like(item, random) for key, item in value.items()}
    if type(value).__name__ in ("dict_values", "dict_items", "dict_keys"):
        return like(list(value), random)
    if isinstance(value, (list, tuple)):
        items = [like(item, random) for item in value]
        return items if isinstance(value, list) else tuple(items)
    array = np.asarray(value)
    if value is None or array.dtype.kind not in "fc":
        return None if value is None else 0.0
    draw = random.uniform(0.5, 1.5, array.shape)
    if array.dtype.kind == "c":
        draw = draw + 1j * random.uniform(0.5, 1.5, array.shape)
    draw = np.asarray(draw).astype(array.dtype)
    if isinstance(value, np.ndarray):
        return draw
    return type(value)(draw[()])


def pair(result: Any, cotangent: Any) -> float:
    """The real inner product of a result with a cotangent."""
    total = 0.0
    for value, weight in zip(leaves(result), leaves(cotangent), strict=True):
        if value is not None and np.asarray(value).dtype.kind in "fc":
            total += float(np.sum(np.real(np.asarray(weight) * np.asarray(value))))
    return total


def widened(value: Any) -> Any:
    """The value in double precision, so that differences of single-precision functions are exact enough."""
    if isinstance(value, dict):
        return {key: widened(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(map(widened, value))
    if isinstance(value, (np.ndarray, np.generic)) and value.dtype == np.float32:
        return value.astype(np.float64)
    return value


def numeric_vjp(
    function: Any, arguments: tuple, keywords: dict, signature: inspect.Signature, name: str, cotangent: Any
) -> list[np.ndarray]:
    """The derivative of `pair(function(...), cotangent)` with respect to one argument, one array for each leaf."""
    bound = signature.bind(*map(widened, arguments), **keywords)
    original = bound.arguments[name]
    flat = [np.asarray(leaf) for leaf in leaves(original)]

    def value(changed: list[np.ndarray]) -> float:
        items = iter(changed)

        def rebuild(node: Any) -> Any:
            if isinstance(node, dict):
                made = {key: rebuild(node[key]) for key in sorted(node)}
                return {key: made[key] for key in node}
            if isinstance(node, (list, tuple)):
                return type(node)([rebuild(item) for item in node])
            array = next(items)
            return array if isinstance(node, np.ndarray) else type(node)(array[()])

        places = [rebuild(original) if key == name else given for key, given in bound.arguments.items()]
        given = dict(zip(bound.arguments, places))
        positional = []
        named = {}
        for key, parameter in signature.parameters.items():
            if key not in given:
                continue
            if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
                positional += list(given[key])
            elif key in keywords:
                named[key] = given[key]
            else:
                positional.append(given[key])
        with np.errstate(all="ignore"):
            return pair(function(*positional, **named), cotangent)

    results = []
    for place, leaf in enumerate(flat):
        directions = (1.0, 1j) if leaf.dtype.kind == "c" else (1.0,)
        slope = np.zeros(leaf.shape, leaf.dtype)
        for index in np.ndindex(leaf.shape):
            for direction in directions:
                total = 0.0
                for step, weight in ((1, 2 / 3), (2, -1 / 12)):
                    for sign in (1, -1):
                        moved = [item.copy("K") for item in flat]
                        moved[place][index] += sign * step * 1e-3 * direction
                        total += sign * weight * value(moved) / 1e-3
                slope[index] += total if direction == 1.0 else -1j * total
        results.append(slope)
    return results


def compare(what: str, contribution: Any, argument: Any, expected: list[np.ndarray]) -> None:
    """Assert structure, shape, dtype and numbers of a contribution."""
    if isinstance(argument, (list, tuple)):
        assert isinstance(contribution, (list, tuple)), f"{what}: {type(contribution)} for {type(argument)}"
    found = leaves(contribution)
    assert len(found) == len(expected), f"{what}: {len(found)} items, not {len(expected)}"
    for got, leaf, want in zip(found, leaves(argument), expected):
        assert np.shape(got) == np.shape(leaf), f"{what}: shape {np.shape(got)}, not {np.shape(leaf)}"
        if isinstance(leaf, (np.ndarray, np.generic)) and isinstance(got, (np.ndarray, np.generic)):
            assert got.dtype == leaf.dtype, f"{what}: dtype {got.dtype}, not {leaf.dtype}"
        single = np.asarray(leaf).dtype == np.float32
        tolerance = 2e-5 if single else 1e-7
        finite = np.isfinite(want)
        np.testing.assert_allclose(
            np.asarray(got)[finite], want[finite], rtol=tolerance, atol=tolerance, err_msg=what, equal_nan=False
        )
