"""Two names for one thing: however `n` came to stand for what `m` stands for, what is changed through the one is changed
for the other.

Each program makes `m`, something that can be changed, and `n`, another name for it, in one of the many ways in which
Python hands a thing on; it changes it through `n` and reads it through both.  The derivative is compared with central
differences.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import itertools
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest

import autodiff as ad
from tests.corpus.reference import function_from, numeric_gradient
from tests.orders import run_generic

# name: (what is made of x, the number that is read from e, the statement that puts n there)
THINGS = {
    "object": ("Thing(x[1])", "{e}.value", "{e}.value = {n}"),
    "array_of_object": ("Thing(x.copy())", "{e}.value.sum()", "{e}.value *= {n}"),
    "list": ("[x[1], x[2]]", "{e}[0]", "{e}[0] = {n}"),
    "grown_list": ("[x[1], x[2]]", "sum({e})", "{e}.append({n})"),
    "array": ("x.copy()", "{e}[1]", "{e}[1] = {n}"),
    "whole_array": ("x * 2.0", "{e}.sum()", "{e} *= {n}"),
    "slice": ("x * 2.0", "{e}[0]", "{e}[:2] = {n}"),
    "dict": ("{'p': x[1]}", "{e}['p']", "{e}['p'] = {n}"),
    "object_in_list": ("[Thing(x[1])]", "{e}[0].value", "{e}[0].value = {n}"),
    "tuple": ("(Thing(x[0]), x.copy())", "({e}[0].value + {e}[1][2])", "{e}[0].value = {n}"),
}

WAYS = {
    "same": "n = m",
    "attribute": "o = Thing(0.0)\no.value = m\nn = o.value",
    "argument_of_class": "o = Thing(m)\nn = o.value",
    "attribute_of_attribute": "o = Thing(Thing(m))\nn = o.value.value",
    "item_of_dict": "d = {'k': 1.0}\nd['k'] = m\nn = d['k']",
    "dict": "d = {'k': m, 'l': x}\nn = d['k']",
    "tuple": "t = (m, 1.0)\nn = t[0]",
    "unpacked": "n, z = (m, 1.0)",
    "unpacked_list": "[n, z] = [m, x]",
    "function": "def same(a):\n    return a\nn = same(m)",
    "lambda": "n = (lambda a: a)(m)",
    "condition": "n = m if x[0] > 0 else None",
    "condition_of_two": "k = {made}\nn = m if x[0] > 0 else k",
    "closure": "def get():\n    return m\nn = get()",
    "default": "def get(v=m):\n    return v\nn = get()",
    "keyword": "def get(*, v):\n    return v\nn = get(v=m)",
    "star": "def get(*v):\n    return v[0]\nn = get(m)",
    "keywords": "def get(**v):\n    return v['a']\nn = get(a=m)",
    "loop": "for n in [m]:\n    pass",
    "loop_over_pairs": "for n, z in [(m, 1)]:\n    pass",
    "with": "with Lender(m) as n:\n    pass",
    "context_manager": "with lent(m) as n:\n    pass",
    "walrus": "if (n := m) is not None:\n    pass",
    "partial": "n = functools.partial(lambda a, b: a, m)(1.0)",
    "match": "match m:\n    case n:\n        pass",
    "finally": "try:\n    n = m\nfinally:\n    pass",
    "handler": "try:\n    raise ValueError\nexcept ValueError:\n    n = m",
    "get": "n = {'k': m}.get('k', None)",
    "pop_of_dict": "n = {'k': m}.pop('k')",
    "pop": "n = [x, m].pop()",
    "setdefault": "d = {}\nn = d.setdefault('k', m)",
    "getattr": "n = getattr(Thing(m), 'value')",
    "property": "n = Lender(m).lent",
    "method": "n = Lender(m).get()",
    "call": "n = Lender(m)()",
    "getitem": "n = Lender(m)[0]",
    "or": "n = None or m",
    "carried": "n = None\nfor i in range(2):\n    n = m if i == 1 else n",
    "while": "i = 0\nwhile True:\n    n = m\n    i += 1\n    if i > 1:\n        break",
    "recursion": "def down(a, i):\n    return a if i == 0 else down(a, i - 1)\nn = down(m, 2)",
    "next": "n = next(iter([m]))",
    "generator": "def each():\n    yield m\nfor n in each():\n    pass",
    "nonlocal": "n = None\ndef bind():\n    nonlocal n\n    n = m\nbind()",
    "named_tuple": "n = Named(m, 1.0).a",
    "dataclass": "n = Record(m).a",
    "swap": "n = 1.0\nq = m\nn, q = q, n",
    "append": "l = []\nl.append(m)\nn = l[-1]",
    "comprehension": "n = [a for a in (m,)][0]",
    "dict_comprehension": "n = {k: m for k in 'a'}['a']",
    "place_by_number": "i = int(x[0] > 0)\nn = [None, m][i]",
    "returned_twice": "def both():\n    return m, m\nn = both()[1]",
    "reduce": "n = functools.reduce(lambda a, b: b, [1.0, m])",
    "map": "n = list(map(lambda a: a, [m]))[0]",
    "sorted": "n = sorted([(1, m)], key=lambda t: t[0])[0][1]",
}

ORDERS = {
    "read_change_read": "t = {get_n} ** 2\n{set_n}\nt = t + {get_m}",
    "changed_in_a_loop": "t = 0.0\nfor i in range(3):\n    {set_in_loop}\n    t += {get_m} ** 2",
}


class Thing:
    def __init__(self, value: Any) -> None:
        self.value = value


class Lender:
    def __init__(self, held: Any) -> None:
        self.held = held

    def __enter__(self) -> Any:
        return self.held

    def __exit__(self, *problem: object) -> bool:
        return False

    @property
    def lent(self) -> Any:
        return self.held

    def get(self) -> Any:
        return self.held

    def __call__(self) -> Any:
        return self.held

    def __getitem__(self, place: int) -> Any:
        return self.held


class Named(NamedTuple):
    a: Any
    b: float


@dataclasses.dataclass
class Record:
    a: Any


@contextlib.contextmanager
def lent(thing: Any) -> Iterator[Any]:
    yield thing


def source_of(thing: str, way: str, order: str) -> str:
    made, number, change = THINGS[thing]
    get_n, get_m = number.format(e="n"), number.format(e="m")
    steps = ORDERS[order].format(
        get_n=get_n,
        get_m=get_m,
        set_n=change.format(e="n", n=f"{get_n} * x[0] + 1.0"),
        set_in_loop=change.format(e="n", n=f"{get_m} * x[i] + 0.3"),
    )
    body = f"m = {made}\n{WAYS[way].replace('{made}', made)}\n{steps}".splitlines()
    return "\n".join(["def program(x):", *("    " + line for line in body), "    return t", ""])


@functools.cache
def program_of(thing: str, way: str, order: str) -> Callable[[np.ndarray], Any]:
    scope = {"functools": functools, "Thing": Thing, "Lender": Lender, "lent": lent, "Named": Named, "Record": Record}
    return function_from(source_of(thing, way, order), "program", **scope)


POINT = np.array([0.7, -0.4, 1.3])
CASES = list(itertools.product(THINGS, WAYS, ORDERS))


@pytest.mark.parametrize("case", CASES, ids="-".join)
def test_gradient(case: tuple[str, str, str]) -> None:
    program = program_of(*case)
    known = numeric_gradient(program, (POINT.copy(),), (0,))[0]
    np.testing.assert_allclose(ad.grad(program)(POINT.copy()), known, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("case", [case for case in CASES if case[0] in ("object", "list")], ids="-".join)
def test_gradient_without_types(case: tuple[str, str, str]) -> None:
    """Right, or refused."""
    program = program_of(*case)
    known = numeric_gradient(program, (POINT.copy(),), (0,))[0]
    try:
        found = run_generic(ad.grad(program), (POINT.copy(),))
    except (ad.AutodiffError, ad.DerivativeRefused) as error:
        pytest.xfail(str(error).splitlines()[0])
    np.testing.assert_allclose(found, known, rtol=1e-7, atol=1e-7)
