"""The forward half of every entry of the registry: each primitive with an adjoint has a tangent, and on its samples this
agrees with central differences of the primitive and is the transpose of the adjoint."""

from __future__ import annotations

import cmath
import copy
import importlib
import inspect
import math
import pkgutil
from collections.abc import Container, Iterator
from typing import Any

import numpy as np
import pytest

import transforms.rules
from tests.transforms.rules.forward import Arguments, call_with, tangent_of, zeros
from tests.transforms.rules.harness import is_float, leaves, like, widened
from transforms import operations, runtime
from transforms.canonical import lower_template
from transforms.registry import Primitive, lookup, primitives, template_signature

for module in pkgutil.iter_modules(transforms.rules.__path__):
    importlib.import_module(f"transforms.rules.{module.name}")

WITH_ADJOINT = [entry for entry in primitives() if entry.adjoint is not None]
SAMPLED = [entry for entry in WITH_ADJOINT if entry.samples is not None]


def _name(entry: Primitive) -> str:
    return entry.name


@pytest.mark.parametrize("entry", WITH_ADJOINT, ids=_name)
def test_a_tangent_is_known(entry: Primitive) -> None:
    assert entry.signature is not None
    assert entry.forward_rule(()) is not None
    if entry.linear_unless:
        assert entry.tangent is not None and entry.forward_rule(entry.linear_unless) == "tangent"
    if entry.linear:
        moving = {*entry.wrt, *entry.mutates}
        assert moving <= set(entry.linear) or entry.is_elementwise, "what moves is linear"
    if entry.multilinear:
        assert set(entry.wrt) == set(entry.multilinear)


@pytest.mark.parametrize("entry", [entry for entry in primitives() if entry.tangent], ids=_name)
def test_templates_fit_their_primitive(entry: Primitive) -> None:
    assert entry.tangent is not None
    assert str(template_signature(entry.tangent)) == str(entry.signature)
    parameters = set(inspect.signature(entry.tangent).parameters)
    assert {f"{name}_dot" for name in (*entry.wrt, *entry.mutates)} <= parameters
    assert ("ans" in parameters) is not bool(entry.mutates)
    lower_template(entry.tangent)


@pytest.mark.parametrize("entry", SAMPLED, ids=_name)
def test_tangent_agrees_with_differences_and_adjoint(entry: Primitive) -> None:
    assert entry.samples is not None
    count = 0
    for arguments, keywords in entry.samples():
        for function in entry.functions:
            if function is entry.functions[0] or takes(function, arguments, keywords):
                count += check_tangent(entry, function, arguments, keywords)
    assert count or not any(has_floats([*args, *named.values()]) for args, named in entry.samples())


def takes(function: Any, arguments: tuple, keywords: dict) -> bool:
    """Whether one of several functions with the same rule takes these arguments: `math.modf` takes no arrays."""
    try:
        function(*copy.deepcopy(arguments), **copy.deepcopy(keywords))
    except (TypeError, ValueError):
        return False
    return True


def check_tangent(entry: Primitive, function: Any, arguments: tuple, keywords: dict) -> int:
    """Compare the tangent at one sample for each set of arguments that move; how many there were."""
    assert entry.signature is not None
    bound = dict(entry.signature.bind(*arguments, **keywords).arguments)
    count = 0
    for moved in sets_of_tangents(entry, bound):
        try:
            expected = difference(entry, function, bound, moved, keywords)
        except Unmoved:
            continue
        ans, after, found = tangent_at(entry, function, bound, moved, keywords)
        compare(f"{entry.name}{tuple(moved)}", found, (ans, after), expected, is_single(bound))
        check_transposed(entry, function, bound, moved, ans, after, found)
        count += 1
    return count


def is_single(bound: Arguments) -> bool:
    return any(np.asarray(leaf).dtype in (np.float32, np.complex64) for leaf in leaves(list(bound.values())))


# ------------------------------------------------------------------------------------------------------------ directions


def sets_of_tangents(entry: Primitive, bound: Arguments) -> Iterator[Arguments]:
    """Random tangents for each argument, or item of a star parameter, alone, and for all of them."""
    assert entry.signature is not None
    random = np.random.default_rng(7)
    names = [name for name in bound if name in {*entry.wrt, *entry.mutates}]
    single: list[Arguments] = []
    for name in names:
        x = bound[name]
        if entry.signature.parameters[name].kind is inspect.Parameter.VAR_POSITIONAL:
            for place, item in enumerate(x):
                if is_float(item):
                    t = direction(item, random)
                    single.append({name: tuple(t if k == place else None for k in range(len(x)))})
        elif has_floats(x):
            single.append({name: direction(x, random)})
    yield from single
    if len(single) > 1:
        yield merged(single)


def merged(single: list[Arguments]) -> Arguments:
    whole: Arguments = {}
    for moved in single:
        for name, t in moved.items():
            if name in whole:
                t = tuple(q if p is None else p for p, q in zip(whole[name], t, strict=True))
            whole[name] = t
    return whole


def has_floats(x: Any) -> bool:
    if isinstance(x, dict):
        return any(map(has_floats, x.values()))
    if isinstance(x, (list, tuple)):
        return any(map(has_floats, x))
    return is_float(x)


def direction(x: Any, random: np.random.Generator) -> Any:
    """A random tangent of the structure, shapes and dtypes of a value."""
    if isinstance(x, dict):
        return {key: direction(item, random) for key, item in x.items()}
    if isinstance(x, (list, tuple)):
        return type(x)(direction(item, random) for item in x)
    if not is_float(x):
        return zeros(x)
    draw = random.uniform(-1.0, 1.0, np.shape(x))
    if np.iscomplexobj(x):
        draw = draw + 1j * random.uniform(-1.0, 1.0, np.shape(x))
    if isinstance(x, np.ndarray):
        return np.asarray(draw, x.dtype)
    return x.dtype.type(draw) if isinstance(x, np.generic) else type(x)(draw)


# --------------------------------------------------------------------------------------------------------------- results


class Unmoved(Exception):
    """The result does not move."""


def outcome(entry: Primitive, function: Any, bound: Arguments, named: Container[str]) -> tuple[Any, tuple]:
    """The result and the arguments that are changed."""
    values = {name: copy.deepcopy(x) for name, x in bound.items()}
    ans = call_with(entry, function, values, named)
    return ans, tuple(values[name] for name in entry.mutates)


def tangent_at(
    entry: Primitive, function: Any, bound: Arguments, moved: Arguments, named: Container[str]
) -> tuple[Any, tuple, Any]:
    """The result, the changed arguments, and the tangents of both."""
    ans, after = outcome(entry, function, bound, named)
    given = {name: copy.deepcopy(t) for name, t in moved.items()}
    for name in entry.mutates:
        given.setdefault(name, zeros(bound[name]))
    values = {name: copy.deepcopy(x) for name, x in bound.items()}
    t = tangent_of(entry, function, values, given, ans, named)
    return ans, after, (t, tuple(given[name] for name in entry.mutates))


def difference(
    entry: Primitive, function: Any, bound: Arguments, moved: Arguments, named: Container[str]
) -> list[np.ndarray]:
    """The central difference, of fourth order, of the result and the changed arguments: one array for each leaf."""
    total: list[Any] = []
    for step, weight in ((1, 2 / 3), (-1, -2 / 3), (2, -1 / 12), (-2, 1 / 12)):
        shifted = {name: widened(x) for name, x in bound.items()}
        for name, t in moved.items():
            shifted[name] = plus(shifted[name], t, step * 1e-3)
        with np.errstate(all="ignore"):
            found = [weight * 1e3 * numbers_of(leaf) for leaf in leaves(list(outcome(entry, function, shifted, named)))]
        total = [p + q for p, q in zip(total, found, strict=True)] if total else found
    if not any(map(np.size, total)):
        raise Unmoved
    return total


def numbers_of(leaf: Any) -> np.ndarray:
    """A leaf of a result as numbers; what is none never moves."""
    array = np.asarray(leaf)
    return array if array.dtype.kind in "fc" else np.zeros(array.shape if array.dtype.kind in "biu" else ())


def plus(x: Any, t: Any, step: float) -> Any:
    if isinstance(x, dict):
        return {key: plus(item, t[key], step) for key, item in x.items()}
    if isinstance(x, (list, tuple)):
        return type(x)(x_item if t_item is None else plus(x_item, t_item, step) for x_item, t_item in zip(x, t))
    if not is_float(x):
        return x
    if isinstance(x, np.ndarray):
        result = x.copy("K")
        result[...] = x + step * t
        return result
    return type(x)(x + step * t)


def compare(what: str, found: Any, value: Any, expected: list[np.ndarray], single: bool) -> None:
    got = leaves(list(found))
    parts = leaves(list(value))
    if parts and parts[0] is None:  # of what is only changed
        got, parts, expected = got[1:] if got[0] is None else got, parts[1:], expected[1:]
    assert len(got) == len(expected) == len(parts), f"{what}: {len(got)} items, not {len(expected)}"
    for tangent, want, leaf in zip(got, expected, parts):
        if leaf is None or isinstance(leaf, str):
            continue
        tolerance = 2e-5 if single else 1e-7
        assert np.shape(tangent) == np.shape(leaf), f"{what}: shape {np.shape(tangent)}, not {np.shape(leaf)}"
        if isinstance(leaf, np.ndarray) and isinstance(tangent, np.ndarray) and leaf.dtype.kind in "fc":
            assert tangent.dtype == leaf.dtype, f"{what}: dtype {tangent.dtype}, not {leaf.dtype}"
        finite = np.isfinite(want)
        if want.dtype.kind in "fc":  # a conversion to another precision is followed no better than this
            tolerance = max(tolerance, 1e4 * float(np.finfo(want.dtype).eps))
        np.testing.assert_allclose(
            np.asarray(tangent)[finite], want[finite], rtol=tolerance, atol=tolerance, err_msg=what
        )


def check_transposed(
    entry: Primitive, function: Any, bound: Arguments, moved: Arguments, ans: Any, after: tuple, found: Any
) -> None:
    """The pairing of a cotangent with the tangent is that of the adjoint's contributions with the directions."""
    assert entry.adjoint is not None
    g, outgoing = like((ans, after), np.random.default_rng(3))
    reserved = [name for name in inspect.signature(entry.adjoint).parameters if name.endswith("_bar")]
    shadows = {name: copy.deepcopy(bar) for name, bar in zip((f"{name}_bar" for name in entry.mutates), outgoing)}
    shadows = {name: bar for name, bar in shadows.items() if name in reserved}
    values = {name: copy.deepcopy(x) for name, x in bound.items()}
    call = inspect.BoundArguments(entry.signature, values)  # type: ignore[arg-type]
    with np.errstate(all="ignore"):
        made = entry.adjoint(*call.args, **call.kwargs, ans=ans, g=copy.deepcopy(g), **shadows)
    if len(entry.wrt) == 1:
        made = (made,)
    bars = dict(zip(entry.wrt, () if made is None else made, strict=True))
    bars.update({name[:-4]: bar for name, bar in shadows.items()})
    backward, size = 0.0, 0.0
    for name, t in moved.items():
        for bar, part, x in matched(bars[name], t, bound[name]):
            if entry.is_elementwise:
                bar = runtime.unbroadcast(bar, x)
            backward += product(bar, part)
            size += magnitude(bar, part)
    forward = sum(product(p, q) for p, q in zip(leaves([g, outgoing]), leaves(list(found)), strict=True))
    size += sum(magnitude(p, q) for p, q in zip(leaves([g, outgoing]), leaves(list(found)), strict=True))
    if np.isfinite(size):
        coarsest = max([np.finfo(np.asarray(x).dtype).eps for x in leaves([*bound.values(), ans, after]) if is_float(x)])
        tolerance = max(1e-11, 100 * float(coarsest))
        assert abs(forward - backward) <= tolerance * (1 + size), f"{entry.name}: {forward}, not {backward}"


def matched(bar: Any, t: Any, x: Any) -> Iterator[tuple]:
    """Leaf by leaf: a contribution, the direction, the value."""
    if t is None or bar is None:
        return
    if isinstance(x, dict):
        for key, item in x.items():
            yield from matched(bar[key], t[key], item)
    elif isinstance(x, (list, tuple)):
        for parts in zip(bar, t, x, strict=True):
            yield from matched(*parts)
    elif is_float(x):
        yield bar, t, x


def product(p: Any, q: Any) -> float:
    return 0.0 if p is None or q is None or isinstance(q, str) else float(np.sum(np.real(np.asarray(p) * np.asarray(q))))


def magnitude(p: Any, q: Any) -> float:
    return 0.0 if p is None or q is None or isinstance(q, str) else float(np.sum(np.abs(np.asarray(p) * np.asarray(q))))


# ------------------------------------------------------------------------------------- places that the samples leave out

_Z = np.array([0.7 + 0.3j, -0.4 + 1.1j, 1.2 - 0.6j])
_W = np.array([0.5 - 0.8j, 1.3 + 0.2j, -0.9 + 0.4j])
_M = np.array([[2.0 + 0.3j, 0.4 - 0.1j], [0.2j, 1.5 - 0.5j]])

COMPLEX: tuple[Any, ...] = (
    *((function, _Z) for function in (
        np.negative, np.square, np.reciprocal, np.sqrt, np.exp, np.exp2, np.expm1, np.log, np.log2, np.log10, np.log1p,
        np.sin, np.cos, np.tan, np.arcsin, np.arccos, np.arctan, np.sinh, np.cosh, np.tanh, np.arcsinh, np.arccosh,
        np.arctanh, np.absolute, np.conjugate, np.real, np.imag, np.angle, np.sum, np.mean, np.prod, np.cumsum,
        np.cumprod, np.var, np.std, np.linalg.norm, runtime.direction, runtime.conjugated, np.diff, np.fft.fft,
    )),
    *((function, _Z, _W) for function in (
        np.add, np.subtract, np.multiply, np.divide, np.power, np.dot, np.vdot, np.inner, np.outer, np.kron, np.convolve,
        np.correlate,
    )),
    *((function, _Z, np.array([0.5, 0.7, -0.2])) for function in (
        np.multiply, np.divide, np.power, np.dot, np.vdot, np.inner, np.outer,
    )),
    *((function, _M) for function in (np.linalg.inv, np.linalg.det, np.trace, np.linalg.norm)),
    (np.linalg.solve, _M, _M[0]),
    (np.linalg.matrix_power, _M, 3),
    (np.linalg.matrix_power, _M, -2),
    (np.linalg.norm, _Z, 1),
    (np.linalg.norm, _Z, 3),
    (np.linalg.norm, _M, None, 0),
    (np.where, np.array([True, False, True]), _Z, _W),
    (cmath.exp, 0.3 + 0.4j), (cmath.log, 0.3 + 0.4j), (cmath.sqrt, 0.3 + 0.4j), (cmath.sin, 0.3 + 0.4j),
    (cmath.cos, 0.3 + 0.4j), (cmath.sinh, 0.3 + 0.4j), (cmath.cosh, 0.3 + 0.4j), (cmath.tanh, 0.3 + 0.4j),
    (abs, 0.3 + 0.4j),
)  # fmt: skip


@pytest.mark.parametrize("call", COMPLEX, ids=lambda call: getattr(call[0], "__name__", None))
def test_complex_numbers(call: tuple) -> None:
    function, *arguments = call
    entry = lookup(function)
    assert entry is not None
    assert check_tangent(entry, function, tuple(arguments), {})


_TIED = np.array([1.0, 2.0, 1.0, 2.0])

KINKS: tuple[Any, ...] = (
    (np.maximum, _TIED, np.array([1.0, 0.0, 2.0, 2.0])),
    (np.minimum, _TIED, np.array([1.0, 0.0, 2.0, 2.0])),
    (np.fmax, _TIED, np.array([1.0, 0.0, np.nan, 2.0])),
    (np.max, _TIED),
    (np.min, _TIED.reshape(2, 2), 0),
    (np.ptp, _TIED),
    (np.median, _TIED),
    (np.sort, _TIED),
    (np.partition, _TIED, 2),
    (np.unique, _TIED),
    (np.nanmax, _TIED),
    (np.clip, _TIED, 1.0, 2.0),
    (np.absolute, np.array([0.0, -1.0])),
    (math.fabs, 0.0),
    (np.sign, np.array([0.0, -1.0])),
    (np.power, np.array([0.0, 0.0, 2.0]), np.array([0.0, 1.0, 0.0])),
    (np.prod, np.array([0.0, 0.0, 2.0])),
    (np.linalg.norm, np.array([0.5, -0.5, 0.25]), np.inf),
    (max, 1.0, 1.0),
    (min, 1.0, 1.0),
    (max, [1.0, 2.0, 2.0]),
    (sorted, [1.0, 2.0, 1.0]),
    (math.hypot, 0.0, 0.0),
    (math.prod, [0.0, 0.0, 2.0]),
)


@pytest.mark.parametrize("call", KINKS, ids=lambda call: getattr(call[0], "__name__", None))
def test_conventions_at_kinks_are_those_of_the_adjoint(call: tuple) -> None:
    function, *arguments = call
    entry = lookup(function)
    assert entry is not None and entry.signature is not None
    if entry.is_constant:
        return
    bound = dict(entry.signature.bind(*arguments).arguments)
    for moved in sets_of_tangents(entry, bound):
        ans, after, found = tangent_at(entry, function, bound, moved, ())
        assert all(np.all(np.isfinite(t)) for t in leaves(list(found)))
        check_transposed(entry, function, bound, moved, ans, after, found)


def test_equal_extremes_share_the_tangent() -> None:
    t = tangent_of(lookup(np.max), np.max, {"a": _TIED}, {"a": np.array([5.0, 1.0, 7.0, 3.0])}, np.float64(2.0))  # type: ignore[arg-type]
    assert t == 2.0
    left = tangent_of(lookup(np.maximum), np.maximum, {"x": 1.0, "y": 1.0}, {"x": 3.0}, 1.0)  # type: ignore[arg-type]
    assert left == 1.5


def test_lists_that_lose_or_rearrange_their_items() -> None:
    values, tangents = [0.5, 0.25, 0.75], [1.0, 2.0, 3.0]
    lookup(list.sort).tangent(values, self_dot=tangents)  # type: ignore[union-attr,misc]
    assert tangents == [2.0, 1.0, 3.0]
    lookup(list.remove).tangent([0.25, 0.5, 0.75], 0.5, self_dot=tangents)  # type: ignore[union-attr,misc]
    assert tangents == [2.0, 3.0]


def test_keys_of_dicts_have_no_tangent() -> None:
    """They may be numbers, and the tangent of a dict has the same keys."""
    table = {0.5: 1.0, 2.0: 3.0}
    moved = {0.5: 10.0, 2.0: 20.0}
    for function in (list, tuple, sum, math.fsum, sorted, max, runtime.sequence, runtime.reversible):
        entry = lookup(function)
        assert entry is not None and entry.signature is not None
        name = entry.wrt[0]
        is_star = entry.signature.parameters[name].kind is inspect.Parameter.VAR_POSITIONAL
        given, t = ((table,), (moved,)) if is_star else (table, moved)
        found = tangent_of(entry, function, {name: given}, {name: t}, function(table))
        assert np.all(np.asarray(found) == 0.0), function
    pairs = lookup(dict.items).tangent(table, ans=None, self_dot=moved)  # type: ignore[union-attr,misc]
    assert list(pairs) == list(pairs) == [(0.0, 10.0), (0.0, 20.0)] and len(pairs) == 2
    assert lookup(operations.make_dict).tangent(0.5, 1.0, ans=None, keys_and_values_dot=(9.0, 10.0)) == {0.5: 10.0}  # type: ignore[union-attr,misc]
