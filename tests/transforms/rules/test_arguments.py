"""The parameters of rules are those of the functions themselves: by name, by position, and in what they count as constant."""

from __future__ import annotations

import copy
import inspect
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.special  # noqa: F401  (its rules are registered with it)

import autodiff as ad
from tests.corpus.reference import assert_close, function_from, numeric_gradient
from tests.transforms.rules.direct import leaves, mapped, noise
from transforms import registry
from transforms.registry import Primitive, primitives
from transforms.rules.optional import load_if_imported

load_if_imported()
NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def own_signature(function: Any) -> inspect.Signature | None:
    """The signature of a function, where Python knows one; that of a ufunc has names for its keywords only."""
    if registry.is_helper(function) or isinstance(function, (np.ufunc, type)):
        return None
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):
        return None


KNOWN = [
    (entry, function, signature)
    for entry in primitives()
    for function in entry.functions
    if entry.signature is not None and (signature := own_signature(function)) is not None
]


def _name(value: Any) -> str:
    return registry.function_name(value) if callable(value) else ""


@pytest.mark.parametrize("entry, function, signature", KNOWN, ids=[_name(function) for _, function, _ in KNOWN])
def test_parameters_have_the_names_of_the_function(
    entry: Primitive, function: Any, signature: inspect.Signature
) -> None:
    assert entry.signature is not None
    takes_more = any(parameter.kind is parameter.VAR_KEYWORD for parameter in signature.parameters.values())
    theirs = list(signature.parameters)
    by_position = [name for name, parameter in signature.parameters.items() if parameter.kind not in NAMED]
    for place, (name, parameter) in enumerate(entry.signature.parameters.items()):
        if parameter.kind not in NAMED or (place < len(theirs) and theirs[place] in by_position):
            continue
        assert name in signature.parameters or takes_more, f"{entry.name} has no parameter {name!r}"


def spelled_out(entry: Primitive, function: Any, signature: inspect.Signature) -> Iterator[tuple[Any, Any, list[Any]]]:
    """For the first samples: the call as it is and with all its arguments by name, as programs of its float arguments."""
    assert entry.samples is not None
    for args, kwargs in itertools.islice(entry.samples(), 3):
        bound = signature.bind(*args, **kwargs)
        if any(signature.parameters[name].kind not in NAMED for name in bound.arguments):
            return
        values = [value for value in bound.arguments.values() if leaves(value)]
        names: dict[str, Any] = {"function": function}
        spelled = {}
        for place, (name, value) in enumerate(bound.arguments.items()):
            spelled[name] = f"c{place}" if not leaves(value) else f"a{[id(v) for v in values].index(id(value))}"
            names[f"c{place}"] = value
        count = len(args)
        plain = [text if k < count else f"{name}={text}" for k, (name, text) in enumerate(spelled.items())]
        by_name = [f"{name}={text}" for name, text in spelled.items()]
        parameters = ", ".join(f"a{k}" for k in range(len(values)))
        programs = [
            function_from(f"def f({parameters}):\n    return function({', '.join(parts)})\n", **names)
            for parts in (plain, by_name)
        ]
        yield (*programs, values)


NUMPY = [
    each for each in KNOWN if registry.function_name(each[1]).startswith("np.") and each[0].samples and each[0].adjoint
]
NUMPY = [each for each in NUMPY if not each[0].mutates]


@pytest.mark.parametrize("entry, function, signature", NUMPY, ids=[_name(function) for _, function, _ in NUMPY])
def test_arguments_by_name(entry: Primitive, function: Any, signature: inspect.Signature) -> None:
    """A call with all its arguments by name has the derivative of the call without, in generic code too."""
    for plain, by_name, values in spelled_out(entry, function, signature):
        if not values or any(np.iscomplexobj(leaf) for leaf in leaves(values)):
            continue
        result, pull = ad.vjp(plain, *values)
        _, pull_named = ad.vjp(by_name, *values)
        random = np.random.default_rng(0)
        g = mapped(lambda leaf: noise(random, leaf), result)  # noqa: B023
        for one, other in zip(leaves(pull(g)), leaves(pull_named(g)), strict=True):
            np.testing.assert_allclose(one, other)


# ------------------------------------------------------------------------------------------- what counts as constant

REAL = (
    0.337,
    np.float64(0.337),
    np.array([0.337, 1.213, 2.791]),
    np.array([[0.337, -1.213, 1.791], [0.41, 0.83, -0.6]]),
)
COMPLEX = (0.337 + 0.21j, np.array([0.337 + 0.21j, 1.213 - 0.4j, -0.7 + 0.2j]))
LISTS = ([0.337, 1.213, 2.791],)
OTHERS = (
    *(np.float64(0.61), np.array([0.21, 1.73, 1.9]), np.array([[0.1, 0.2, 0.3], [0.5, 0.6, 0.7]])),
    *(2, 3.0, np.array([1, 0, 2]), np.array([True, False, True]), "f8", (3,), None),
)
STEP = 1e-7


def changed(value: Any, step: float) -> Any:
    """A float argument, moved a little."""
    return [item + step for item in value] if isinstance(value, list) else value + step


def numbers_of(result: Any) -> Any:
    """The numbers in a result, of any dtype, or None where there are none."""
    parts = result if isinstance(result, (tuple, list)) else [result]
    try:
        numbers = [np.asarray(part) for part in parts]
    except ValueError:
        return None
    if not numbers or any(part.dtype.kind not in "fciub" for part in numbers):
        return None
    return np.concatenate([part.ravel().astype(complex) for part in numbers])


def slope(function: Any, arguments: list[Any], place: int) -> Any:
    """How fast the numbers of a result change with one argument; None where the call is none."""
    moved = [changed(arg, STEP) if k == place else arg for k, arg in enumerate(arguments)]
    with np.errstate(all="ignore"):
        first, second = (numbers_of(function(*copy.deepcopy(given))) for given in (arguments, moved))
    if first is None or second is None or first.shape != second.shape or not first.size:
        return None
    finite = np.isfinite(first) & np.isfinite(second)
    return float(np.max(np.abs(second - first)[finite], initial=0.0)) / STEP


def calls(function: Any) -> Iterator[tuple[list[Any], int]]:
    """Arguments for a function of which nothing is known, and the place of the one to change."""
    for value in (*REAL, *COMPLEX, *LISTS):
        yield [value], 0
        for other in OTHERS:
            yield [value, other], 0
            yield [other, value], 1
            for third in (2, 0.5):
                yield [value, other, third], 0


CONSTANT = [entry for entry in primitives() if entry.is_constant and not registry.is_helper(entry.functions[0])]
SPECIAL = {  # not called at random, or followed otherwise (`float.as_integer_ratio` counts as text)
    *(
        "input",
        "io.open",
        "breakpoint",
        "print",
        "ndarray.dump",
        "ndarray.tofile",
        "id",
        "hash",
        "np.empty",
        "np.empty_like",
    ),
    *("np.diag_indices", "float.as_integer_ratio"),
}
CONSTANT = [entry for entry in CONSTANT if entry.name not in SPECIAL]


@pytest.mark.parametrize("entry", CONSTANT, ids=lambda entry: entry.name)
@pytest.mark.filterwarnings("ignore")
def test_what_counts_as_constant_is(entry: Primitive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small changes of any number that a constant function takes change nothing."""
    monkeypatch.chdir(tmp_path)  # some write files
    for function in entry.functions:
        for arguments, place in calls(function):
            if isinstance(function, np.ufunc) and any(argument is None for argument in arguments):
                continue  # on Python objects
            try:
                found = slope(function, arguments, place)
            except Exception:  # noqa: S112  (not a call of this function)
                continue
            is_complex = np.iscomplexobj(arguments[place]) and entry.name == "np.sign"  # refused where it is active
            assert found is None or found < 1e-3 or is_complex, (function, arguments, place)


def is_float_array(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind == "f"


SELECTING = [entry for entry in primitives() if entry.samples is not None and entry.adjoint is not None and entry.wrt]
SELECTING = [entry for entry in SELECTING if not registry.is_helper(entry.functions[0])]


@pytest.mark.parametrize("entry", SELECTING, ids=lambda entry: entry.name)
@pytest.mark.filterwarnings("ignore")
def test_arguments_that_count_as_constant_are(entry: Primitive) -> None:
    """So do small changes of the arguments of other functions that are declared to select, or to be a size or a flag."""
    assert entry.samples is not None and entry.signature is not None
    names = [name for name in entry.signature.parameters if name not in (*entry.wrt, *entry.mutates)]
    names = [name for name in names if entry.is_locally_constant(name)]
    for args, kwargs in itertools.islice(entry.samples(), 6):
        bound = entry.signature.bind(*args, **kwargs)
        bound.apply_defaults()
        for name in names:
            value = bound.arguments[name]
            if isinstance(value, bool) or not (isinstance(value, (int, float)) or is_float_array(value)):
                continue
            for given in [value + 0.25] if isinstance(value, int) else [value]:

                def call(x: Any) -> Any:
                    again = entry.signature.bind(*args, **kwargs)  # noqa: B023
                    again.arguments[name] = x  # noqa: B023
                    copies = inspect.BoundArguments(entry.signature, copy.deepcopy(again.arguments))  # type: ignore[arg-type]
                    result = entry.functions[0](*copies.args, **copies.kwargs)
                    changed_too = [copies.arguments[each] for each in entry.mutates if each in copies.arguments]
                    return (result, *changed_too) if changed_too else result

                try:
                    found = slope(call, [given], 0)
                except Exception:  # noqa: S112  (it takes integers only)
                    continue
                assert found is None or found < 1e-3, (entry.name, name, given)


# --------------------------------------------------------------------------------------- flags known at run time only

FLAGS = (
    *("np.sum(x, axis=0, keepdims=K)", "np.max(x, axis=0, keepdims=K)", "np.average(x, axis=0, keepdims=K)"),
    *("np.var(x, axis=0, keepdims=K)", "np.linalg.norm(x, axis=0, keepdims=K)", "np.median(x, axis=0, keepdims=K)"),
    *("np.count_nonzero(x, axis=0, keepdims=K) * x", "np.argmax(x, axis=0, keepdims=K) * x", "np.cumsum(x, axis=A)"),
    *("np.sum(x, axis=A)", "np.stack([x, x], axis=A)", "np.sort(x, axis=A)", "np.diff(x, axis=A)", "np.tril(x, A)"),
    *("np.repeat(x, 2, axis=A)", "np.expand_dims(x, A)", "np.moveaxis(x, A, 0)"),
)


@pytest.mark.parametrize("is_set", [False, True])
@pytest.mark.parametrize("expression", FLAGS)
def test_flags_that_only_the_run_time_knows(expression: str, is_set: bool) -> None:
    """A flag in a global is not taken to be set, nor not to be, when shapes are inferred."""
    x = np.array([[0.3, 0.8, 1.3], [0.1, 0.2, 2.0]])
    function = function_from(f"def f(x):\n    return np.sum(np.sin({expression}))\n", K=is_set, A=int(is_set))
    try:
        found = ad.grad(function)(x)
    except (ad.AutodiffError, ad.DerivativeRefused):
        return
    assert_close(found, numeric_gradient(function, (x,), (0,))[0], 1e-6)
