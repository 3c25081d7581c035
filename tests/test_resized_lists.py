"""Lists that get more or fewer items while a loop runs over them: Python asks for the length before each iteration.  And
iterators that are read later than they are made.

The derivative is compared with central differences, in specialised and in generic code.
"""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest

import autodiff as ad
from tests.corpus.reference import assert_close, function_from, numeric_gradient
from tests.orders import run_generic

X = np.array([0.73, -1.41, 2.32, 0.36])

PRELUDE = """
class Holder:
    def __init__(self, items):
        self.items = items

    def put(self, value):
        self.items.append(value)
"""


@dataclasses.dataclass
class Made:
    value: float
    items: list = dataclasses.field(default_factory=lambda: [0.5])


# how else the list `l` is called, and how an item is added through that
NAMES = {
    "itself": ("pass", "l.append({v})"),
    "another name": ("m = l", "m.append({v})"),
    "an attribute": ("o = Holder(l)", "o.items.append({v})"),
    "a method": ("o = Holder(l)", "o.put({v})"),
    "an item of a dict": ("d = {'k': l}", "d['k'].append({v})"),
    "a closure": ("def put(v):\n    l.append(v)", "put({v})"),
    "an argument": ("def put(m, v):\n    m.append(v)", "put(l, {v})"),
    "added in place": ("m = l", "m += [{v}]"),
    "extended": ("pass", "l.extend([{v}])"),
}
LOOPS = {
    "list": "for v in l:\n    if v < 3.0 and len(l) < 9:\n        {put}\n    t = t + v ** 2",
    "list with a way out": (
        "for v in l:\n    if len(l) > 7:\n        break\n    if v < 3.0:\n        {put}\n    t = t + v ** 2"
    ),
    "two at once": "for v in l:\n    if len(l) < 9:\n        {put}\n        {put}\n    t = t + v ** 2",
    "comprehension": "t = t + sum([v ** 2 for v in l if len(l) > 8 or {expression} is None or True])",
}


def check(body: str, generic: bool) -> None:
    lines = "\n".join("    " + line for line in body.splitlines())
    function = function_from(f"{PRELUDE}\ndef f(x):\n{lines}\n", "f", Made=Made)
    known = numeric_gradient(function, (X.copy(),), (0,))[0]
    gradient = ad.grad(function)
    if generic:
        try:
            assert_close(run_generic(gradient, (X.copy(),)), known, 1e-7)
        except (ad.AutodiffError, ad.DerivativeRefused) as error:
            assert "give example arguments" in str(error)
        return
    assert_close(gradient(X.copy()), known, 1e-7)
    value, _ = ad.value_and_grad(function)(X.copy())
    assert_close(value, function(X.copy()), 1e-12)


@pytest.mark.parametrize("generic", [False, True])
@pytest.mark.parametrize("name, loop", list(itertools.product(NAMES, LOOPS)))
def test_lists_that_grow(name: str, loop: str, generic: bool) -> None:
    made, put = NAMES[name]
    if loop == "comprehension" and "+=" in put:
        pytest.skip("a statement")
    change = put.format(v="v * 1.5 + x[0]")
    text = LOOPS[loop].format(put=change, expression=change)
    check(f"l = list(x[:2])\n{made}\nt = 0.0\n{text}\nreturn t + sum([(k + 1) * e for k, e in enumerate(l)])", generic)


INDEXED = {
    "enumerate": "for k, v in enumerate(l):\n    if len(l) < 9:\n        {put}\n    t = t + v ** 2 * k",
    "zip": "for k, v in zip(range(20), l):\n    if len(l) < 9:\n        {put}\n    t = t + v ** 2 * k",
    "zip that ends": "for v, w in zip(l, x):\n    if w < 0 and len(l) < 5:\n        {put}\n    t = t + v ** 2 * w",
    "enumerate and continue": (
        "for k, v in enumerate(l):\n    if v < 0:\n        continue\n    if len(l) < 9:\n        {put}\n"
        "    t = t + v ** 2 * k\nelse:\n    t = t * 3.0"
    ),
    "generator expression": "for v in (w * 2.0 for w in l):\n    if len(l) < 7:\n        {put}\n    t = t + v ** 2",
    "filter": "for v in filter(lambda w: w > -1.0, l):\n    if len(l) < 7:\n        {put}\n    t = t + v ** 2",
    "map": "for v in map(lambda w: w * 2.0, l):\n    if len(l) < 7:\n        {put}\n    t = t + v ** 2",
}


@pytest.mark.parametrize("generic", [False, True])
@pytest.mark.parametrize("name, loop", list(itertools.product(NAMES, INDEXED)))
def test_lists_that_grow_under_an_index(name: str, loop: str, generic: bool) -> None:
    made, put = NAMES[name]
    text = INDEXED[loop].format(put=put.format(v="v * 1.5 + x[0]"))
    check(f"l = list(x[:2])\n{made}\nt = 0.0\n{text}\nreturn t + sum([(k + 1) * e for k, e in enumerate(l)])", generic)


def test_two_parameters_that_are_one_list() -> None:
    body = (
        "l = {}\ndef go(a, b):\n    t = 0.0\n    for k, v in enumerate(a):\n        if len(a) < 9:\n"
        "            b.append(v * 2)\n        t = t + v * k\n    return t\nreturn go(l, l) + sum(l)"
    )
    check(body.format("list(x)"), False)
    check(body.format("[x[0], x[1]]"), False)


SHRINKING = {
    "pop": "for v in l:\n    t = t + v ** 2 * l.pop()",
    "pop by another name": "m = l\nfor v in l:\n    t = t + v ** 2 * m.pop()",
    "pop of the first": "for v in l:\n    l.pop(0)\n    t = t + v ** 2",
    "remove": "for v in l:\n    l.remove(v)\n    t = t + v ** 2",
    "clear": "for v in l:\n    l.clear()\n    t = t + v ** 2",
    "zip": "for v, w in zip(l, x):\n    l.pop()\n    t = t + v ** 2 * w",
    "enumerate": "for k, v in enumerate(l):\n    l.pop()\n    t = t + v ** 2 * (k + 1)",
    "reversed": "for v in reversed(l):\n    l.pop()\n    t = t + v ** 2",
    "reversed with a way out": "for v in reversed(l):\n    l.pop()\n    t = t + v ** 2\n    if t > 100.0:\n        break",
    "comprehension": "t = sum([v ** 2 * l.pop() for v in l])",
    "replaced": "for v in l:\n    l[1:] = [v * 2.0]\n    t = t + v ** 2",
    "else": "for v in l:\n    l.pop()\nelse:\n    t = t + l[0] ** 2",
}


@pytest.mark.parametrize("name", SHRINKING)
def test_lists_that_shrink(name: str) -> None:
    check(f"l = [e * 2.0 for e in x]\nt = 0.0\n{SHRINKING[name]}\nreturn t + sum([e ** 2 for e in l])", False)


# an item is changed, and then another is put into the same container, which a later turn changes
QUEUES = {
    "lists": (
        "q = [[x[0]], [x[1]]]\nk = 0\nwhile k < 4:\n    r = q[k]\n    r.append(r[0] * 2.0)\n    if len(q) < 4:\n"
        "        q.append([r[0] * r[-1]])\n    k += 1\nreturn sum(sum(r) ** 2 for r in q)"
    ),
    "objects": (
        "q = [Made(0.5)]\nk = 0\nwhile k < 2:\n    q[k].items.append(x[k] * 2.0)\n    k += 1\n    q.append(Made(0.5))\n"
        "return q[0].items[1] ** 2 + q[1].items[1] ** 3"
    ),
}


@pytest.mark.parametrize("name", QUEUES)
def test_what_is_put_into_a_container_after_a_change_of_what_it_holds(name: str) -> None:
    check(QUEUES[name], False)
    lines = "\n".join("    " + line for line in QUEUES[name].splitlines())
    gradient = ad.grad(function_from(f"{PRELUDE}\ndef f(x):\n{lines}\n", "f", Made=Made))
    along = function_from("def along(x):\n    return np.sum(gradient(x) * w)", "along", gradient=gradient, w=X[::-1])
    assert_close(ad.grad(along)(X.copy()), numeric_gradient(along, (X.copy(),), (0,))[0], 1e-5)


def test_a_list_of_known_items_that_grows() -> None:
    check("l = [x[0], x[1]]\nfor v in l:\n    if len(l) < 6:\n        l.append(v * 2.0)\nreturn sum(l) ** 2", False)


# --------------------------------------------------------------------------------- iterators that are read later, or not

LATER = (
    "m = map(lambda v: v * 2.0, l)",
    "m = filter(lambda v: v > -9.0, l)",
    "m = zip(l, l)",
    "m = reversed(l)",
    "m = itertools.chain(l, l)",
    "m = itertools.islice(l, 2)",
    "m = itertools.accumulate(l)",
    "m = itertools.takewhile(lambda v: v < s, l)",
    "m = enumerate(l)",
    "m = iter(l)",
)
CHANGES = ("l[0] = x[1] * 3.0", "l.append(x[2])", "l.insert(0, x[0] ** 2)", "s = s * 3.0", "l += [x[3]]", "r = x[0]")


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("made", LATER)
def test_iterators_that_are_read_after_a_change(made: str, change: str) -> None:
    read = "t = 0.0\nfor e in m:\n    t = t * 0.5 + sum(e if isinstance(e, tuple) else (e,))"
    lines = f"import itertools\ns = x[0]\nl = list(x)\n{made}\n{change}\n{read}\nreturn t + s"
    try:
        check(lines, False)
    except ad.AutodiffError as error:
        assert "is yet to read is changed" in str(error)
        assert change != "r = x[0]"


# how else what the iterator reads is changed
OTHERWISE = {
    "another name": ("q = l", "q[0] = x[1] * 3"),
    "a later name": ("", "q = l\nq.append(x[1])"),
    "an attribute": ("o = Holder(l)", "o.items[0] = x[1] * 3"),
    "a method": ("o = Holder(l)", "o.put(x[1])"),
    "a closure": ("def go():\n    l[0] = x[1] * 3", "go()"),
    "an argument": ("def go(q):\n    q.append(x[1] * 3)", "go(l)"),
    "an item of a dict": ("d = {'k': l}", "d['k'].append(x[2])"),
    "put into a list": ("d = []\nd.append(l)", "d[0].append(x[2])"),
    "read by a function": ("", "s = s * 2.0"),
    "nothing": ("o = Holder([1])", "o.put(x[1])\nq = list(x)\nq.append(1.0)\ny = np.sin(x)\ny[0] = 2.0"),
}


@pytest.mark.parametrize("name", OTHERWISE)
@pytest.mark.parametrize("made", (*LATER[:7], "m = map(scaled, l)", "m = enumerate(l)"))
def test_iterators_that_are_read_after_a_change_by_another_name(made: str, name: str) -> None:
    before, change = OTHERWISE[name]
    scaled = "def scaled(v):\n    return v * s"
    lines = f"import itertools\ns = x[0]\n{scaled}\nl = list(x)\n{before}\n{made}\n{change}"
    read = "t = 0.0\nfor e in m:\n    t = t * 0.5 + sum(e if isinstance(e, tuple) else (e,))\nreturn t + s"
    try:
        check(f"{lines}\n{read}", False)
    except ad.AutodiffError as error:
        assert "is yet to read is changed" in str(error)
        assert name != "nothing"


def test_iterators_that_are_read_when_a_loop_comes_round_again() -> None:
    lines = "l = list(x)\nr = 0.0\nm = zip(l, x)\nfor i in range(2):\n    for a, b in m:\n        r = r + a * b\n        {}\n"
    with pytest.raises(ad.AutodiffError, match="is yet to read is changed"):
        check(lines.format("break") + "    l[1] = x[0] * i\nreturn r", False)


def test_a_chain_is_not_changed_in_a_loop_over_it() -> None:
    for change in ("l[-1] = v * 2.0", "m[-1] = v * 2.0", "m.insert(0, v) if t < 9 else None"):
        lines = f"import itertools\nl = list(x)\nm = l\nt = 0.0\nfor v in itertools.chain(l, x):\n    {change}\n    t = t * 2 + v"
        with pytest.raises(ad.AutodiffError, match="depends on what the loop changes"):
            check(f"{lines}\n    if t > 9:\n        break\nreturn t", False)


COUNTED = "n = 0\nt = 0.0\ndef seen(v):\n    nonlocal n, t\n    n += 1\n    t = t + v * n\n    return v > 0\n"


@pytest.mark.parametrize(
    "statement",
    (
        "r = any(map(seen, x))",
        "r = all(map(seen, x))",
        "r = any(filter(seen, x))",
        "r = all(filter(seen, x))",
        "r = next(map(seen, x))",
        "r = next(filter(seen, x))",
        "r = next(filter(None, x)) * seen(x[1])",
        "r = any(map(lambda a, b: seen(a * b), x, x[1:]))",
    ),
)
def test_functions_are_called_as_far_as_something_is_read(statement: str) -> None:
    check(f"{COUNTED}{statement}\nreturn t * n + r * x[3]", False)


def test_attributes_of_inner_functions_are_refused() -> None:
    function = function_from(
        "def f(x):\n    def g():\n        g.n = getattr(g, 'n', 0) + 1\n        return g.n\n    return g() * x + g() * x"
    )
    with pytest.raises(ad.AutodiffError, match="attribute of a function that is defined inside a function"):
        ad.grad(function)(1.5)
