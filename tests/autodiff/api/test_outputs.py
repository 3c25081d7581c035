"""What a program returns or leaves behind besides gradients is of Python's own classes."""

from __future__ import annotations

import itertools
from collections import defaultdict, deque
from typing import Any

import pytest

import autodiff as ad
from tests.corpus.reference import function_from

IMPORTS = "import itertools\nfrom collections import Counter, defaultdict, deque\nSTATE = {}\n"
RETURNED = {
    "deque([x, x * x], maxlen=3)": deque([1.5, 2.25], maxlen=3),
    "[deque([x])]": [deque([1.5])],
    "{'a': (deque([x]), 1.0)}": {"a": (deque([1.5]), 1.0)},
    "defaultdict(float, a=x)": defaultdict(float, a=1.5),
}


@pytest.mark.parametrize("expression", RETURNED)
def test_auxiliary_output(expression: str) -> None:
    function = function_from(f"{IMPORTS}def f(x):\n    return x * x, {expression}\n")
    known = RETURNED[expression]
    gradient = ad.grad(function, has_aux=True)
    for _ in range(8):
        found = gradient(1.5)
        assert found[0] == 3.0 and found[1] == (known,)
        assert type(found[1][0]) is type(known)
    assert type(ad.vjp(function, 1.5, has_aux=True)[2]) is type(known)


@pytest.mark.parametrize("expression", RETURNED)
def test_differentiated_output_is_refused(expression: str) -> None:
    function = function_from(f"{IMPORTS}def f(x):\n    return {expression}\n")
    for call in (lambda: ad.grad(function)(1.5), lambda: ad.vjp(function, 1.5)):
        with pytest.raises(ad.DerivativeUndefined, match="deque|defaultdict"):
            call()


def test_iterators_go_on() -> None:
    function = function_from(
        f"{IMPORTS}def f(x):\n    it = iter([x, 2.0, 3.0])\n    c = itertools.cycle([1.0, x])\n"
        "    return next(it) * next(c), it, c\n"
    )
    _, (rest, cycle) = ad.grad(function, has_aux=True)(1.5)
    assert list(rest) == [2.0, 3.0]
    assert list(itertools.islice(cycle, 3)) == [1.5, 1.0, 1.5]


@pytest.mark.parametrize(
    "store",
    ["STATE['d'] = deque([x])", "STATE['d'] = [deque([3.0])]", "STATE['d'] = iter([x])", "p['d'] = defaultdict(list)"],
)
def test_what_outlives_the_call_is_refused(store: str) -> None:
    function = function_from(f"{IMPORTS}def f(p):\n    x = p['x']\n    {store}\n    return x * x\n")
    for call in (ad.grad(function), ad.value_and_grad(function), lambda p: ad.vjp(function, p)):
        with pytest.raises(ad.AutodiffError, match="outlives the call"):
            call({"x": 1.5})


@pytest.mark.parametrize(
    "question, answer",
    [
        ("repr(d)", "deque([1.5, 2.0])"),
        ("f'{d}'", "deque([1.5, 2.0])"),
        ("d == deque([x, 2.0])", True),
        ("d != deque([x, 2.0])", False),
        ("d == deque([x])", False),
        ("str(e)", "defaultdict(<class 'float'>, {'a': 1.5})"),
        ("e == {'a': x}", True),
    ],
)
def test_text_and_equality_within(question: str, answer: Any) -> None:
    function = function_from(
        f"{IMPORTS}def f(x):\n    d = deque([x, 2.0])\n    e = defaultdict(float, a=x)\n    return x * x, {question}\n"
    )
    assert function(1.5)[1] == answer
    assert ad.grad(function, has_aux=True)(1.5) == (3.0, (answer,))


def test_an_object_that_is_no_data_class_is_refused() -> None:
    function = function_from("class P:\n    def __init__(s, a):\n        s.a = a\ndef f(x):\n    return P(x * x)\n")
    for call in (lambda: ad.grad(function)(1.5), lambda: ad.vjp(function, 1.5)):
        with pytest.raises(ad.DerivativeUndefined, match="returns a P, which is no data class"):
            call()


@pytest.mark.parametrize("expression", ["object()", "np.array(['a'])", "np.array([x, None])"])
def test_outputs_that_only_the_run_time_finds_to_be_no_numbers_are_refused(expression: str) -> None:
    with pytest.raises(ValueError, match="the output has no gradient"):
        ad.grad(function_from(f"def f(x):\n    return {expression}\n"))(1.5)
