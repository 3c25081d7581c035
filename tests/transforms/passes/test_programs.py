"""Every pass on derivatives of programs of the corpus: the output is in core form, and does what the input does."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

from autodiff.api.binding import Binder
from autodiff.frontend.live import Restart
from autodiff.frontend.read import Reader, take_apart
from autodiff.values import abstract
from tests.corpus import Program, programs
from tests.corpus.reference import leaves
from transforms import passes, pipeline
from transforms.core import Function
from transforms.errors import AutodiffError
from transforms.passes import algebra, branches, coalesce, copies, cse, deadcode, early, everywhere, fold, nest, tapes
from transforms.presentation import reachable
from transforms.printer import print_module
from transforms.validate import validate
from transforms.values import UNKNOWN

PASSES: dict[str, passes.Pass] = {
    "copies": copies.copies,
    "fold": fold.fold,
    "branches": branches.branches,
    "algebra": algebra.algebra,
    "cse": cse.cse,
    "tapes": tapes.tapes,
    "deadcode": deadcode.deadcode,
    "early": early.early,
    "coalesce": coalesce.coalesce,
    "simplify": passes.simplify,
}
SOME = programs()[::4]  # the whole corpus goes through all of them at once in tests/test_corpus.py


def derivative(program: Program, is_typed: bool, monkeypatch: pytest.MonkeyPatch) -> tuple[Function, tuple[Any, ...]]:
    """The derivative before any clean-up, and the arguments to call it with."""
    binder = Binder(take_apart(program.function))
    bound = binder.bind((), program.arguments[0], {})
    values = tuple(abstract(value, (name,)) for name, value in zip(bound.names, bound.values))
    values = values if is_typed else (UNKNOWN,) * len(values)
    positions = tuple(dict.fromkeys(bound.places[position].parameter for position in program.wrt))
    with monkeypatch.context() as patch:
        patch.setattr(pipeline, "cleanup", lambda function: function)
        volatile: set[Any] = set()
        while True:
            reader = Reader(volatile)
            try:
                core = binder.program(bound, values, reader)
                return pipeline.derivative(core, values, positions, reader=reader), bound.values
            except Restart:  # it changes data outside that was taken to stay
                volatile |= reader.volatile


def run(function: Function, arguments: tuple[Any, ...]) -> tuple[Any, Any]:
    printed = print_module(function)
    namespace = dict(printed.namespace)
    exec(compile(printed.source, "<printed>", "exec"), namespace)
    given = copy.deepcopy(arguments)
    return namespace[printed.name](*given), given


def assert_same(one: Any, two: Any) -> None:
    mine, known = list(leaves(one)), list(leaves(two))
    assert len(mine) == len(known)
    for left, right in zip(mine, known):
        if isinstance(right, (float, complex, np.ndarray, np.inexact)):
            assert np.asarray(left).dtype == np.asarray(right).dtype
            np.testing.assert_allclose(left, right, rtol=1e-12, atol=1e-300)


@pytest.mark.parametrize("is_typed", [True, False], ids=["typed", "generic"])
@pytest.mark.parametrize("program", SOME, ids=lambda program: program.name)
def test_passes_keep_what_derivatives_do(program: Program, is_typed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        function, arguments = derivative(program, is_typed, monkeypatch)
        expected = run(function, arguments)
    except (AutodiffError, TypeError, NameError, AttributeError, ValueError) as error:
        pytest.skip(f"no derivative to compare with: {type(error).__name__}")
    for change in PASSES.values():
        changed = everywhere(function, change)
        for each in reachable(changed):
            validate(each)
        for result, known in zip(run(changed, arguments), expected):
            assert_same(result, known)
    for shown in (passes.present(passes.cleanup(function)), everywhere(function, nest.nest)):
        for result, known in zip(run(shown, arguments), expected):
            assert_same(result, known)
    print_module(passes.present(function), quote=True)
