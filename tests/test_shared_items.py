"""Containers that share their items: however a list was made of another one, what is changed through the one is changed
for the other.

Each program makes `ps`, a list of things that can be changed, makes `qs` of it in one of the many ways in which Python
makes a container of the items of another, changes the items through one of the two, and reads them through one or
both.  The derivative is compared with central differences.
"""

from __future__ import annotations

import collections
import functools
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autodiff as ad
from tests.corpus.reference import function_from, numeric_gradient
from tests.orders import run_generic

# name: (an item that holds the number v, the number in e, the statement that makes it n)
ITEMS = {
    "object": ("Thing({v})", "{e}.value", "{e}.value = {n}"),
    "list": ("[{v}]", "{e}[0]", "{e}[0] = {n}"),
    "array": ("np.array([{v}, 2.0 * {v}])", "{e}[1]", "{e}[1] = {n}"),
    "whole_array": ("np.array([{v}, 2.0 * {v}])", "{e}.sum()", "{e} *= 1.5 * ({n})"),
    "dict": ("{{'p': {v}}}", "{e}['p']", "{e}['p'] = {n}"),
    "object_in_list": ("[Thing({v})]", "{e}[0].value", "{e}[0].value = {n}"),
}

# how `qs` is made of `ps`; {key} is the number in `e`
WAYS = {
    "same": "qs = ps",
    "slice": "qs = ps[1:]",
    "step": "qs = ps[::-1]",
    "slice_by_number": "i = len(ps) - 2\nqs = ps[i:]",
    "join": "qs = ps[1:] + ps[:1]",
    "twice": "qs = ps + ps",
    "repeat": "qs = ps * 2",
    "list": "qs = list(ps)",
    "tuple": "qs = tuple(ps)",
    "copy": "qs = ps.copy()",
    "reversed": "qs = list(reversed(ps))",
    "sorted": "qs = sorted(ps, key=lambda e: {key})",
    "comprehension": "qs = [p for p in ps]",
    "filter": "qs = [e for e in ps if {key} > -0.5]",
    "generator": "qs = list(p for p in ps)",
    "star_target": "a, *qs = ps",
    "star_item": "qs = [*ps, ps[0]]",
    "unpacked": "a, b, c = ps\nqs = [c, a]",
    "values": "d = {{k: p for k, p in enumerate(ps)}}\nqs = list(d.values())",
    "dict_of_pairs": "d = dict(zip('abc', ps))\nqs = [d[k] for k in 'ca']",
    "dict_copied": "d = {{'x': ps[0], 'y': ps[2]}}\ne = dict(d)\nqs = [e['x'], e['y']]",
    "append": "qs = []\nfor p in ps:\n    qs.append(p)",
    "insert": "qs = []\nfor p in ps:\n    qs.insert(0, p)",
    "extend": "qs = []\nqs.extend(ps)",
    "add_in_place": "qs = []\nqs += ps",
    "slice_assigned": "qs = [ps[0], ps[0]]\nqs[1:] = ps[1:]",
    "zip": "qs = [p for p, w in zip(ps, ps)]",
    "list_of_pairs": "qs = [t[0] for t in list(zip(ps[1:], ps))]",
    "pop": "qs = []\nrs = list(ps)\nwhile rs:\n    qs.append(rs.pop())",
    "map": "qs = list(map(lambda p: p, ps))",
    "function": "def rest(items):\n    return items[1:]\nqs = rest(ps)",
    "star_argument": "def all_of(*items):\n    return items\nqs = all_of(*ps)",
    "max": "qs = [max(ps, key=lambda e: {key})]",
    "branch": "e = ps[0]\nqs = ps if {key} > 0 else ps[1:]",
    "combinations": "qs = [a for a, b in itertools.combinations(ps, 2)]",
    "chain": "qs = list(itertools.chain(ps, ps[:1]))",
    "nested": "g = [ps, ps[:1]]\nqs = g[1] + g[0]",
    "sum_of_lists": "qs = sum([[p] for p in ps], [])",
    "deque": "qs = collections.deque(ps)",
    "attribute": "h = Holder(ps)\nqs = h.items[:2]",
}

READ_P = "for k, p in enumerate(ps):\n    t += (k + 2) * {p}\n"
READ_Q = "for k, q in enumerate(qs):\n    t += (k + 1) * {q} ** 2\n"
CHANGE_P = "for k, p in enumerate(ps):\n    {set_p}\n"
CHANGE_Q = "for k, q in enumerate(qs):\n    {set_q}\n"
ORDERS = {
    "read_change_read": READ_Q + CHANGE_P + READ_P,
    "change_the_one": CHANGE_P + READ_Q,
    "change_the_other": CHANGE_Q + READ_P,
    "change_one_item": "{set_one}\n" + READ_Q + READ_P,
}

# refused: a function that takes any number of arguments, called with a list of unknown length
REFUSED_WAYS = {"star_argument"}


class Thing:
    def __init__(self, value: Any) -> None:
        self.value = value


class Holder:
    def __init__(self, items: Any) -> None:
        self.items = items


def source_of(item: str, way: str, order: str) -> str:
    made, number, change = ITEMS[item]

    def changed(name: str, new: str) -> str:
        return change.format(e=name, n=new.format(number.format(e=name)))

    steps = ORDERS[order].format(
        p=number.format(e="p"),
        q=number.format(e="q"),
        set_p=changed("p", "{} ** 2 + x[k]"),
        set_q=changed("q", "{} ** 2 + x[0]"),
        set_one=changed("ps[1]", "x[0] * x[1]"),
    )
    lines = [f"ps = [{made.format(v='v')} for v in x]", WAYS[way].format(key=number.format(e="e")), "t = 0.0", steps]
    body = "\n".join(lines).splitlines()
    return "\n".join(["def program(x):", *("    " + line for line in body), "    return t", ""])


@functools.cache
def program_of(item: str, way: str, order: str) -> Callable[[np.ndarray], Any]:
    scope = {"Thing": Thing, "Holder": Holder, "itertools": itertools, "collections": collections}
    return function_from(source_of(item, way, order), "program", **scope)


POINT = np.array([0.7, -0.4, 1.3])
DIRECTION = np.array([0.3, -1.1, 0.8])
CASES = list(itertools.product(ITEMS, WAYS, ORDERS))


def check(case: tuple[str, str, str], derivative: Callable[[], Any], expected: np.ndarray, tolerance: float) -> None:
    """Right, or refused where that is known."""
    is_known = case[1] in REFUSED_WAYS
    try:
        found = derivative()
    except (ad.AutodiffError, ad.DerivativeRefused) as error:
        if is_known:
            pytest.xfail(str(error).splitlines()[0])
        raise
    assert not is_known
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("case", CASES, ids="-".join)
def test_gradient(case):
    program = program_of(*case)
    expected = numeric_gradient(program, (POINT.copy(),), (0,))[0]
    check(case, lambda: ad.grad(program)(POINT.copy()), expected, 1e-7)


@pytest.mark.parametrize("case", [case for case in CASES if case[2] == "change_the_other"], ids="-".join)
def test_gradient_without_types(case):
    program = program_of(*case)
    expected = numeric_gradient(program, (POINT.copy(),), (0,))[0]
    check(case, lambda: run_generic(ad.grad(program), (POINT.copy(),)), expected, 1e-7)


TWICE = [case for case in CASES if case[::2] == ("object", "change_the_one") and case[1] not in REFUSED_WAYS]


@pytest.mark.parametrize("case", TWICE, ids="-".join)
def test_second_order(case):
    gradient = ad.grad(program_of(*case))

    def along(x):
        return np.sum(gradient(x) * DIRECTION)

    expected = numeric_gradient(along, (POINT.copy(),), (0,))[0]
    check(case, lambda: ad.grad(along)(POINT.copy()), expected, 1e-6)
