"""The tables of programs of other tests in forward mode: the tangents along all units are the gradient that differences
give, in code with types and without.  Samples of the tables, which go round what a table is a product of."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autodiff as ad
from tests import (
    test_aliases,
    test_carriers,
    test_effects,
    test_kinds_of_numbers,
    test_placements,
    test_shared_items,
    test_unknown_functions,
)
from tests.corpus.reference import assert_close, function_from, numeric_gradient
from tests.tangents import ForwardGradient


def check(function: Callable[..., Any], arguments: tuple, is_generic: bool, tolerance: float = 1e-7) -> bool:
    """Whether the gradient was found, not refused; it is right then."""
    try:
        found = ForwardGradient(function, 0, is_generic)(*arguments)
    except (ad.AutodiffError, ad.DerivativeRefused):
        return False
    assert_close(found, numeric_gradient(function, arguments, (0,))[0], tolerance)
    return True


@pytest.mark.parametrize("case", test_aliases.CASES[::13], ids="-".join)
def test_aliases_in_forward_mode(case: tuple[str, str, str]) -> None:
    assert check(test_aliases.program_of(*case), (test_aliases.POINT,), False)
    check(test_aliases.program_of(*case), (test_aliases.POINT,), True)


@pytest.mark.parametrize("case", test_shared_items.CASES[::13], ids="-".join)
def test_shared_items_in_forward_mode(case: tuple[str, str, str]) -> None:
    is_found = check(test_shared_items.program_of(*case), (test_shared_items.POINT,), False)
    assert is_found or case[1] in test_shared_items.REFUSED_WAYS


@pytest.mark.parametrize("place, kind", test_placements.spread(1)[::5])
def test_placements_in_forward_mode(place: str, kind: str) -> None:
    check(test_placements.program_of(place, kind), (test_placements.POINT,), False)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("body, argument", test_carriers.PROGRAMS[::3], ids=[b for b, _ in test_carriers.PROGRAMS[::3]])
def test_carriers_in_forward_mode(body: str, argument: Any) -> None:
    check(test_carriers.program(body), (argument,), False, 1e-8)
    check(test_carriers.program(body), (argument,), True, 1e-8)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("body", test_carriers.REFUSED)
def test_refused_with_what_it_is_in_forward_mode(body: str) -> None:
    with pytest.raises(ad.AutodiffError, match=test_carriers.REFUSED[body]):
        ForwardGradient(test_carriers.program(body))(test_carriers.V)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", [*test_kinds_of_numbers.PROGRAMS, *test_kinds_of_numbers.MASKED])
def test_kinds_of_numbers_in_forward_mode(name: str) -> None:
    programs = [*test_kinds_of_numbers.PROGRAMS, *test_kinds_of_numbers.MASKED]
    is_single = any(word in name for word in test_kinds_of_numbers.SINGLE)
    body = (test_kinds_of_numbers.PROGRAMS | test_kinds_of_numbers.MASKED)[name]
    is_generic = programs.index(name) % 3 == 0 or "int" in name or "bool" in name
    is_found = check(
        test_kinds_of_numbers.program(body), (test_kinds_of_numbers.X,), is_generic, 1e-3 if is_single else 1e-7
    )
    assert is_found or is_generic or name in test_kinds_of_numbers.REFUSED


@pytest.mark.parametrize("is_generic", [False, True], ids=["specialised", "generic"])
@pytest.mark.parametrize("function, arguments", test_unknown_functions.PROGRAMS)
def test_unknown_functions_in_forward_mode(function: Callable, arguments: tuple, is_generic: bool) -> None:
    check(function, arguments, is_generic, 1e-8)


def effects() -> list[tuple[str, str, str]]:
    """Ways in which a function that changes something is made, comes to be unknown and is used: some of their
    combinations."""
    every = itertools.product(test_effects.FUNCTIONS, test_effects.CHOICES, test_effects.USES)
    return [case for k, case in enumerate(every) if k % 13 == 0]


def effect(body: str) -> Callable[[np.ndarray], Any]:
    source = "def program(x):\n" + "".join(f"    {line}\n" for line in body.splitlines())
    names = "collections copy functools operator Thing Holder grown".split()
    return function_from(source, "program", **{name: getattr(test_effects, name) for name in names})


@pytest.mark.parametrize("case", effects(), ids="-".join)
def test_functions_that_change_something_in_forward_mode(case: tuple[str, str, str]) -> None:
    made, arguments = test_effects.FUNCTIONS[case[0]]
    use = test_effects.USES[case[2]].format(call=f"t{arguments}", arguments=arguments)
    body = "\n".join((test_effects.START + made, test_effects.CHOICES[case[1]], use, test_effects.END))
    is_generic = effects().index(case) % 2 == 0
    check(effect(body), (test_effects.POINT,), is_generic)


def test_data_of_two_modules() -> None:
    function = function_from(
        "def f(x):\n    put(x)\n    return STATE['k'] * 2.0", put=test_carriers.put, STATE=test_carriers.STATE
    )
    with pytest.raises(ad.DerivativeRefused, match="shares memory"):
        ad.jvp(function, (1.5,), (1.0,))


def test_a_list_that_grows_while_it_is_looped_over() -> None:
    """In code without types, where `+=` may be that of an array."""
    function = function_from("""
        def f(x):
            l = list(x[:2])
            m = l
            t = 0.0
            for v in l:
                if len(l) < 5:
                    m += [v * x[0]]
                t += v ** 2
            return t""")
    x = np.array([1.5, 0.7])
    assert check(function, (x,), False)
    check(function, (x,), True)


def test_numbers_stored_in_an_array_of_integers() -> None:
    """Without types, too: they are rounded, so that nothing moves."""
    function = function_from("def f(x, k):\n    k[0] = x[0] * 10\n    return k[0] * x[1]")
    arguments = (np.array([0.43, 0.7]), np.zeros(2, dtype=int))
    assert check(function, arguments, False)
    assert check(function, arguments, True)
