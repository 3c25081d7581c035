"""Tangents as the compiler uses them: every sample of every rule as a program of its own, differentiated by `ad.jvp`, and
twice in each order of the two modes, against central differences."""

from __future__ import annotations

import copy
import itertools
import operator
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import autodiff as ad
from autodiff.api.transformed import present
from autodiff.backend.compile import Program
from autodiff.frontend.read import Reader
from autodiff.values import abstract
from tests.corpus.reference import function_from
from tests.transforms.rules.direct import leaves, mapped, noise
from tests.transforms.rules.test_compiled import moved, program_of
from transforms import pipeline
from transforms.core import Assign, Call, Const, Function, Ref, Return, Var
from transforms.errors import AutodiffError
from transforms.registry import Primitive, primitives
from transforms.values import UNKNOWN

SAMPLED = [
    entry
    for entry in primitives()
    if entry.samples is not None
    and entry.adjoint is not None
    and entry.subject != "containers"  # the corpus has programs of them
    and not entry.name.endswith("choose_extreme")  # it needs the very item that it is to find
]
ENTRIES = [entry for entry in SAMPLED if not entry.name.startswith("transforms.")]
SAMPLES = 8  # of each rule: those that come first cover its forms


@pytest.mark.parametrize("entry", SAMPLED, ids=lambda entry: entry.name)
def test_first_order(entry: Primitive) -> None:
    """With types known and without."""
    assert entry.samples is not None
    for args, kwargs in itertools.islice(entry.samples(), SAMPLES):
        function, values = program_of(entry, args, kwargs)
        if not values:
            continue
        random = np.random.default_rng(0)
        tangents = [mapped(lambda leaf: noise(random, leaf), value) for value in values]  # noqa: B023
        reader, wrt = Reader(), tuple(range(len(values)))
        generic = made(pipeline.tangent(reader.program(function), (UNKNOWN,) * len(values), wrt, reader=reader))
        check_pair(function, values, tangents, ad.jvp(function, tuple(copy.deepcopy(values)), tuple(tangents)))
        check_pair(function, values, tangents, generic(*copy.deepcopy(values), *copy.deepcopy(tangents)))


def check_pair(function: Callable[..., Any], values: list[Any], tangents: list[Any], found: tuple[Any, Any]) -> None:
    """Compare a value and its tangent with the program and its differences."""
    value, tangent = found
    single = any(np.asarray(leaf).dtype in (np.float32, np.complex64) for leaf in leaves((values, value)))
    step, tolerance = (1e-2, 2e-2) if single else (1e-6, 2e-6)
    ahead, behind = (
        leaves(function(*[moved(v, t, sign * step) for v, t in zip(copy.deepcopy(values), tangents)]))
        for sign in (1.0, -1.0)
    )
    expected = [(np.asarray(p) - np.asarray(q)) / (2 * step) for p, q in zip(ahead, behind, strict=True)]
    parts = zip(matching(tangent, value), expected, leaves(value), leaves(function(*copy.deepcopy(values))), strict=True)
    for got, want, leaf, same in parts:
        np.testing.assert_allclose(leaf, same, rtol=1e-12)
        assert np.shape(got) == np.shape(leaf)
        if isinstance(leaf, np.ndarray):
            assert np.asarray(got).dtype == leaf.dtype
        np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance)


def matching(tangent: Any, value: Any) -> list[Any]:
    """The tangents of the floating-point numbers in a value."""
    if isinstance(value, (list, tuple)):
        return [leaf for t, item in zip(tangent, value, strict=True) for leaf in matching(t, item)]
    return [tangent] if leaves(value) else []


def scalars(entry: Primitive, count: int) -> Iterator[tuple[Callable[..., Any], list[Any], list[Any]]]:
    """Programs that make a number of the result of a primitive, their arguments and tangents of these: those of the first
    samples that are of double precision."""
    assert entry.samples is not None
    for args, kwargs in itertools.islice(entry.samples(), count):
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
        tangents = [mapped(lambda leaf: noise(random, leaf), value) for value in values]  # noqa: B023
        yield function_from(source, "scalar", **scope), values, tangents


def differences(function: Callable[..., Any], values: list[Any], tangents: list[Any]) -> list[Any]:
    """The central differences of a function that returns a tuple of numbers or arrays."""
    ahead, behind = (
        function(*[moved(v, t, sign * 1e-6) for v, t in zip(copy.deepcopy(values), tangents)]) for sign in (1.0, -1.0)
    )
    return [(p - q) / 2e-6 for p, q in zip(ahead, behind, strict=True)]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_tangents_of_gradients(entry: Primitive) -> None:
    """Refusals are allowed."""
    for scalar, values, tangents in scalars(entry, SAMPLES // 2):
        gradient = ad.grad(scalar, argnums=tuple(range(len(values))))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", RuntimeWarning)
                _, found = ad.jvp(gradient, tuple(copy.deepcopy(values)), tuple(tangents))
        except (AutodiffError, ZeroDivisionError, RuntimeWarning):
            continue  # refused, or at a kink
        for got, want in zip(found, differences(gradient, values, tangents), strict=True):
            np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_tangents_and_gradients_of_tangents(entry: Primitive) -> None:
    """Both are the second derivative along two directions."""
    for scalar, values, tangents in scalars(entry, SAMPLES // 4):
        reader, count = Reader(), len(values)
        wrt = tuple(range(count))
        given = tuple(abstract(value, (k,)) for k, value in enumerate([*values, *values]))
        first = pipeline.tangent(reader.program(scalar), given[:count], wrt, reader=reader)
        tangent_of = made(slope(first))
        again = made(slope(pipeline.tangent(slope(first), given, wrt, reader=reader)))
        gradient = made(pipeline.derivative(slope(first), given, wrt, reader=reader))
        random = np.random.default_rng(1)
        other = [mapped(lambda leaf: noise(random, leaf), value) for value in values]  # noqa: B023
        (expected,) = differences(lambda *moved: (tangent_of(*moved, *tangents),), values, other)  # noqa: B023
        bars = gradient(*copy.deepcopy(values), *tangents)
        total = sum(np.sum(bar * t) for bar, t in zip(bars, other, strict=True))
        for found in (total, again(*copy.deepcopy(values), *tangents, *other)):
            np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def slope(program: Function) -> Function:
    """The program of the second item of what a program returns: of the tangent of its value."""
    last = program.body[-1]
    assert isinstance(last, Return)
    part = Assign("slope", Call(Ref(operator.getitem), (last.value, Const(1))))
    return program.replace(body=(*program.body[:-1], part, Return(Var("slope"))))


def made(program: Function) -> Callable[..., Any]:
    """The function of a program, with a value for each parameter."""
    compiled = Program(present(program.replace(signature=None)))
    return compiled.link(compiled.namespace)


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


def hermitian(x):
    turned = np.array([[0.0, 1.0, 0.3], [-1.0, 0.0, 0.5], [-0.3, -0.5, 0.0]])
    return np.array([[4.0, 0.3, 0.1], [0.3, 5.5, 0.7], [0.1, 0.7, 7.3]]) * x + 1j * turned * x * x


def values_of_complex(x):
    return np.sum(np.linalg.eigvalsh(hermitian(x)) ** 3)


def vectors_of_complex(x):
    return np.sum(np.abs(np.linalg.eigh(hermitian(x))[1][0]))


def root_of_complex(x):
    return np.sum(np.abs(np.linalg.cholesky(hermitian(x))))


def singular_values_of_complex(x):
    return np.sum(np.linalg.svd(hermitian(x), compute_uv=False) ** 3)


def singular_vectors_of_complex(x):
    return np.sum(np.abs(np.linalg.svd(hermitian(x))[0][0]))


def inverse_of_complex(x):
    return np.sum(np.abs(np.linalg.pinv(hermitian(x))))


@pytest.mark.parametrize(
    "program",
    [
        values_of_complex,
        vectors_of_complex,
        root_of_complex,
        singular_values_of_complex,
        singular_vectors_of_complex,
        inverse_of_complex,
    ],
)
def test_decompositions_of_complex_matrices_are_refused(program: Any) -> None:
    with pytest.raises(ad.DerivativeRefused, match="of a complex matrix"):
        ad.jvp(program, (0.9,), (1.0,))
    with pytest.raises(ad.DerivativeRefused, match="of a complex matrix"):
        ad.grad(program)(0.9)


def size_of_determinant(x):
    return np.linalg.slogdet(hermitian(x) + 1j * x)[1]


def angle_of_determinant(x):
    return np.angle(np.linalg.slogdet(hermitian(x) + 1j * x)[0])


@pytest.mark.parametrize("program", [size_of_determinant, angle_of_determinant])
def test_determinants_of_complex_matrices(program: Any) -> None:
    expected = (program(0.9 + 1e-6) - program(0.9 - 1e-6)) / 2e-6
    np.testing.assert_allclose(ad.jvp(program, (0.9,), (1.0,))[1], expected, rtol=1e-6)
    np.testing.assert_allclose(ad.grad(program)(0.9), expected, rtol=1e-6)
