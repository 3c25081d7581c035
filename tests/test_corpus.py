"""Every program of the corpus in every mode: specialised and generic gradients, second order, effects on arguments."""

from __future__ import annotations

import contextlib
import copy
import inspect
import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import autodiff as ad
from tests.corpus import Program, programs
from tests.corpus.reference import assert_close, is_float, leaves, numeric_gradient, total
from tests.orders import direction, run_generic
from tests.tangents import paired, run_tangent

ALL = programs()
CASES = [
    pytest.param(program, arguments, id=f"{program.name}-{index}")
    for program in ALL
    for index, arguments in enumerate(program.arguments)
]
FIRST_CASES = [pytest.param(program, program.arguments[0], id=program.name) for program in ALL]
TWICE = [
    pytest.param(program, arguments, id=f"{program.name}-{index}")
    for program in ALL
    if program.order >= 2
    for index, arguments in enumerate(program.arguments[:3])
]


# Programs that are refused with a message for now: what they do has no derivative rule yet.
REFUSED: frozenset[str] = frozenset()
# Those that are refused besides where nothing is known of the arguments, in a first and in a second derivative.
REFUSED_UNTYPED = frozenset(
    {
        "attempts.several_handlers",
        "branches.match_on_mapping",
        "branches.match_on_sequence",
        "branches.match_with_rest",
        "branches.match_with_rest_of_a_mapping",
        "classes.fields_of_record",
        "classes.records_as_tuples",
        "classes.property_of_a_given_tuple",
        "classes.vector_argument",
        "classes.vector_arithmetic",
        "classes.vectors_summed",
        "containers.attributes_named_like_those_of_arrays",
        "containers.dict_deleted",
        "containers.namedtuple_input",
        "copies.argument_copied_deeply",
        "copies.copied_and_changed",
        "copies.extended_by_itself",
        "copies.numbers_extended",
        "dicts.item_deleted_of_argument",
        "dicts.merged_arguments",
        "functions.bound_method",
        "functions.decorated",
        "generators.generator_of_a_tree",
        "iterators.joined_with_star",
        "lists.item_deleted_of_argument",
        "lists.sorted_of_argument",
        "memory.argument_bound_again_in_try",
        "memory.arguments_exchanged_in_try",
        "names.named_np",
        "shapes.joined_by_subscripts",
        "statements.try_in_loop",
    }
)
REFUSED_UNTYPED_TWICE = frozenset(
    {
        "attempts.list_half_built",
        "classes.replaced_argument",
        "algorithms.edit_distance",
        "attempts.raised_from_another",
        "dicts.messages_along_edges",
        "copies.lists_of_lists",
        "products.rotated_vector",
        "shapes.broadcast_and_changed_after",
    }
)


# In forward mode, with the types of the arguments and without.
REFUSED_FORWARD = frozenset({"iterators.integers_beside_numbers"})
REFUSED_FORWARD_UNTYPED = frozenset(
    {
        "containers.list_of_layers",
        "lists.extreme_place",
        "reductions.lists_as_operands",
    }
)


@contextlib.contextmanager
def refusals(program: Program, *more: frozenset[str]) -> Iterator[None]:
    """A clear refusal is an expected failure where it is known: of the programs in `REFUSED`, or in one of `more`; a
    wrong number never is."""
    try:
        yield
    except (ad.AutodiffError, ad.DerivativeRefused) as error:
        if program.name in REFUSED.union(*more):
            pytest.xfail(str(error).splitlines()[0])
        raise


def gradient_in(mode: str, program: Program, arguments: tuple) -> tuple[Any, ...]:
    """The gradients that the compiler gives in this mode ("specialised" or "generic"), a tuple of one per position."""
    gradient = ad.grad(program.function, program.wrt)
    result = gradient(*arguments) if mode == "specialised" else run_generic(gradient, arguments)
    return result if len(program.wrt) > 1 else (result,)


def assert_same_types(gradient: Any, argument: Any) -> None:
    """Each leaf of a gradient is of its argument's shape and precision."""
    for mine, known in zip(leaves(gradient), leaves(argument)):
        if isinstance(known, np.ndarray):
            assert isinstance(mine, np.ndarray) and (mine.shape, mine.dtype) == (known.shape, known.dtype)
        else:
            assert isinstance(mine, (int, float, np.generic, np.ndarray)) and np.shape(mine) == ()
            if isinstance(known, np.floating):
                assert np.asarray(mine).dtype == known.dtype


@pytest.mark.parametrize("program, arguments", CASES)
def test_the_known_answer_is_the_limit_of_differences(program: Program, arguments: tuple) -> None:
    if any(getattr(leaf, "dtype", None) == np.float32 for leaf in leaves(arguments)) or program.tolerance > 1e-8:
        pytest.skip("differences in single precision say nothing")
    known = program.gradient(*copy.deepcopy(arguments))
    assert_close(known, numeric_gradient(program.function, arguments, program.wrt))


@pytest.mark.parametrize("program, arguments", CASES)
def test_gradient_in_specialised_form(program: Program, arguments: tuple) -> None:
    known = program.gradient(*copy.deepcopy(arguments))
    with refusals(program):
        gradient = gradient_in("specialised", program, copy.deepcopy(arguments))
    assert_close(gradient, known, program.tolerance)
    for position, part in zip(program.wrt, gradient):
        assert_same_types(part, arguments[position])


@pytest.mark.parametrize("mode", ["specialised", "generic"])
@pytest.mark.parametrize("program, arguments", CASES)
def test_tangent(program: Program, arguments: tuple, mode: str) -> None:
    known = program.gradient(*copy.deepcopy(arguments))
    seeds = itertools.count(1)
    along = [direction(arguments[position], seeds) for position in program.wrt]
    expected = sum(paired(part, line) for part, line in zip(known, along))
    untyped = (REFUSED_UNTYPED, REFUSED_FORWARD_UNTYPED) if mode == "generic" else ()
    given = copy.deepcopy(arguments)
    with refusals(program, REFUSED_FORWARD, *untyped):
        value, tangent = run_tangent(program, given, along, is_generic=mode == "generic")
    assert_close(total(tangent), expected, max(program.tolerance, 1e-7))
    plain = copy.deepcopy(arguments)
    assert_close(total(value), total(program.function(*plain)))
    assert_close([total(argument) for argument in given], [total(argument) for argument in plain])


@pytest.mark.parametrize("program, arguments", CASES)
def test_gradient_in_generic_form(program: Program, arguments: tuple) -> None:
    known = program.gradient(*copy.deepcopy(arguments))
    with refusals(program, REFUSED_UNTYPED):
        gradient = gradient_in("generic", program, copy.deepcopy(arguments))
    assert_close(gradient, known, program.tolerance)


@pytest.mark.parametrize("program, arguments", TWICE)
def test_second_order(program: Program, arguments: tuple) -> None:
    first = ad.grad(program.function, program.wrt)
    with refusals(program):
        second = ad.grad(first, program.wrt)(*copy.deepcopy(arguments))
    known = numeric_gradient(lambda *values: first(*values), arguments, program.wrt)
    assert_close(second if len(program.wrt) > 1 else (second,), known, max(1e-7, program.tolerance))


@pytest.mark.parametrize("program, arguments", FIRST_CASES)
def test_second_order_in_generic_form(program: Program, arguments: tuple) -> None:
    if program.order < 2:
        pytest.skip("not twice differentiable")
    first = ad.grad(program.function, program.wrt)
    with refusals(program, REFUSED_UNTYPED, REFUSED_UNTYPED_TWICE):
        second = run_generic(ad.grad(first, program.wrt), copy.deepcopy(arguments))
        known = numeric_gradient(lambda *values: first(*values), arguments, program.wrt)
    assert_close(second if len(program.wrt) > 1 else (second,), known, max(1e-7, program.tolerance))


@pytest.mark.parametrize("program, arguments", FIRST_CASES)
def test_value_is_that_of_the_plain_call(program: Program, arguments: tuple) -> None:
    plain = program.function(*copy.deepcopy(arguments))
    with refusals(program):
        value, gradient = ad.value_and_grad(program.function, program.wrt)(*copy.deepcopy(arguments))
    assert_close(value, plain, 1e-14, "value")
    assert_same_structure(value, plain)
    known = program.gradient(*copy.deepcopy(arguments))
    assert_close(gradient if len(program.wrt) > 1 else (gradient,), known, program.tolerance)


def assert_same_structure(value: Any, plain: Any) -> None:
    """Outputs are of the same classes; parts without a derivative are equal."""
    assert isinstance(value, type(plain)) or is_float(plain) and np.shape(value) == np.shape(plain)
    if isinstance(plain, (tuple, list)):
        for mine, known in zip(value, plain, strict=True):
            assert_same_structure(mine, known)
    elif isinstance(plain, dict):
        for key in plain:
            assert_same_structure(value[key], plain[key])
    elif isinstance(plain, (str, int, bool, type(None))):
        assert value == plain


@pytest.mark.parametrize("program, arguments", FIRST_CASES)
def test_arguments_are_left_as_the_plain_function_leaves_them(program: Program, arguments: tuple) -> None:
    plain, transformed = copy.deepcopy(arguments), copy.deepcopy(arguments)
    program.function(*plain)
    with refusals(program):
        ad.grad(program.function, program.wrt)(*transformed)
    assert_close(transformed, plain, 1e-14, "arguments after the call")


@pytest.mark.parametrize("program, arguments", FIRST_CASES)
def test_calling_twice_gives_the_same(program: Program, arguments: tuple) -> None:
    gradient = ad.grad(program.function, program.wrt)
    with refusals(program):
        first = gradient(*copy.deepcopy(arguments))
    kept = copy.deepcopy(first)
    second = gradient(*copy.deepcopy(arguments))
    assert [np.asarray(leaf).tobytes() for leaf in leaves(first)] == [np.asarray(leaf).tobytes() for leaf in leaves(second)]
    assert_close(first, kept, 0.0, "the first result, changed by the second call")


def test_the_corpus_is_large_and_every_program_has_an_answer() -> None:
    assert len(ALL) >= 220
    for program in ALL:
        assert callable(program.function) and program.arguments and program.wrt
        for arguments in program.arguments:
            inspect.signature(program.function).bind(*arguments) if inspect.isfunction(program.function) else None
            assert np.isfinite(total(program.gradient(*copy.deepcopy(arguments)))), program.name
