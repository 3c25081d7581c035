"""Tangents as the compiler uses them: every sample of every rule as a program of its own, differentiated by `ad.jvp`, and
gradients of such programs by `ad.jvp` again, against central differences of the program."""

from __future__ import annotations

import copy
import itertools
import warnings
from typing import Any

import numpy as np
import pytest

import autodiff as ad
from tests.corpus.reference import function_from
from tests.transforms.rules.direct import leaves, mapped, noise
from tests.transforms.rules.test_compiled import moved, program_of
from transforms.errors import AutodiffError
from transforms.registry import Primitive, primitives

ENTRIES = [
    entry
    for entry in primitives()
    if entry.samples is not None
    and entry.adjoint is not None
    and entry.subject != "containers"  # the corpus has programs of them
    and not entry.name.startswith("transforms.")
]
SAMPLES = 8  # of each rule: those that come first cover its forms


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_first_order(entry: Primitive) -> None:
    assert entry.samples is not None
    for args, kwargs in itertools.islice(entry.samples(), SAMPLES):
        function, values = program_of(entry, args, kwargs)
        if not values or any(map(np.iscomplexobj, leaves(values))):
            continue  # no derivative by complex numbers is asked for
        random = np.random.default_rng(0)
        tangents = [mapped(lambda leaf: noise(random, leaf), value) for value in values]  # noqa: B023
        value, tangent = ad.jvp(function, tuple(copy.deepcopy(values)), tuple(tangents))
        single = any(np.asarray(leaf).dtype in (np.float32, np.complex64) for leaf in leaves((values, value)))
        step, tolerance = (1e-2, 2e-2) if single else (1e-6, 2e-6)
        ahead, behind = (
            leaves(function(*[moved(v, t, sign * step) for v, t in zip(copy.deepcopy(values), tangents)]))
            for sign in (1.0, -1.0)
        )
        expected = [(np.asarray(p) - np.asarray(q)) / (2 * step) for p, q in zip(ahead, behind, strict=True)]
        for got, want, leaf in zip(matching(tangent, value), expected, leaves(value), strict=True):
            assert np.shape(got) == np.shape(leaf)
            if isinstance(leaf, np.ndarray):
                assert np.asarray(got).dtype == leaf.dtype
            np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance)


def matching(tangent: Any, value: Any) -> list[Any]:
    """The tangents of the floating-point numbers in a value."""
    if isinstance(value, (list, tuple)):
        return [leaf for t, item in zip(tangent, value, strict=True) for leaf in matching(t, item)]
    return [tangent] if leaves(value) else []


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_tangents_of_gradients(entry: Primitive) -> None:
    """On the first samples of double precision; refusals are allowed."""
    assert entry.samples is not None
    for args, kwargs in itertools.islice(entry.samples(), SAMPLES // 2):
        function, values = program_of(entry, args, kwargs)
        result = function(*copy.deepcopy(values))
        if not values or not all(
            isinstance(x, (float, np.ndarray)) and np.asarray(x).dtype == np.float64 for x in (*values, result)
        ):
            continue
        random = np.random.default_rng(0)
        scope = {"inner": function, "weights": random.standard_normal(np.shape(result))}
        names = ", ".join(f"a{k}" for k in range(len(values)))
        source = f"def scalar({names}):\n    r = inner({names})\n    return np.sum(r * r * weights)\n"
        gradient = ad.grad(function_from(source, "scalar", **scope), argnums=tuple(range(len(values))))
        tangents = [mapped(lambda leaf: noise(random, leaf), value) for value in values]  # noqa: B023
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", RuntimeWarning)
                _, found = ad.jvp(gradient, tuple(copy.deepcopy(values)), tuple(tangents))
        except (AutodiffError, ZeroDivisionError, RuntimeWarning):
            continue  # refused, or at a kink
        ahead, behind = (
            gradient(*[moved(v, t, sign * 1e-6) for v, t in zip(copy.deepcopy(values), tangents)]) for sign in (1.0, -1.0)
        )
        for got, p, q in zip(found, ahead, behind, strict=True):
            np.testing.assert_allclose(got, (p - q) / 2e-6, rtol=1e-5, atol=1e-5)


def changed_part(x):
    part, _ = np.modf(x)
    part[0] = 2 * part[0]
    return np.sum(part * part) + np.sum(x * x)


def changed_remainder(x):
    _, rest = np.divmod(x, 0.37)
    rest[0] = 2 * rest[0]
    return np.sum(rest * rest) + np.sum(x * x)


def changed_eigenvalues(x):
    values, _ = np.linalg.eigh(x)
    values[0] = 2 * values[0]
    return np.sum(values * values) + np.sum(x * x)


def changed_singular_values(x):
    _, values, _ = np.linalg.svd(x, full_matrices=False)
    values[0] = 2 * values[0]
    return np.sum(values * values) + np.sum(x * x)


@pytest.mark.parametrize("program", [changed_part, changed_remainder, changed_eigenvalues, changed_singular_values])
def test_items_of_a_result_may_be_changed(program: Any) -> None:
    x = np.array([[1.1, 0.2, 0.4], [0.2, 2.5, 0.7], [0.4, 0.7, 3.6]])
    t = np.array([[0.3, -0.2, 0.1], [-0.2, 0.5, 0.7], [0.1, 0.7, -0.4]])
    _, found = ad.jvp(program, (x.copy(),), (t.copy(),))
    expected = (program(x + 1e-6 * t) - program(x - 1e-6 * t)) / 2e-6
    assert abs(found - expected) <= 1e-6 * abs(expected)
