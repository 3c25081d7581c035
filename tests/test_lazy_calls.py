"""Functions that change something, or read what changes, called for the items of `map`, `filter` and generator
expressions: Python calls them when an item is asked for.

The derivative is compared with central differences, or the program is refused.
"""

from __future__ import annotations

import pytest

import autodiff as ad
from tests.corpus.reference import function_from
from tests.test_resized_lists import X, check

COUNTED = (
    "import functools\nimport itertools\nn = 0\nt = 0.0\nr = 0.0\n"
    "def seen(v):\n    nonlocal n, t\n    n += 1\n    t = t + v * n\n    return v\n"
)

FOLLOWED = {
    "filter": "for a in filter(seen, x):\n    r = r + a\n    break",
    "map": "for a in map(seen, x):\n    r = r + a\n    break",
    "generator expression": "for a in (seen(v) for v in x):\n    r = r + a\n    break",
    "test of a generator expression": "for a in (v for v in x if seen(v) > -9):\n    r = r + a\n    break",
    "return": "for a in filter(seen, x):\n    if a > 0:\n        return a * n * t",
    "else": "for a in filter(seen, x):\n    if a > 9.0:\n        break\nelse:\n    r = r + t",
    "continue": "for a in filter(seen, x):\n    if a < 0:\n        continue\n    r = r + a * n",
    "in between": "for a in map(seen, x):\n    n = 0\n    r = r + a",
    "in between with filter": "for a in filter(seen, x):\n    r = r + a * n",
    "in between with a generator expression": "for a in (seen(v) for v in x):\n    n = 0\n    r = r + a * t",
    "read by a comprehension": "r = sum([a * n for a in filter(seen, x)])",
    "read by two comprehensions": "r = sum([a * n for a in (seen(v) for v in x)])",
    "read by a function": "r = sum(map(lambda a: a * n, filter(seen, x)))",
    "two": "r = sum([a * b for a, b in zip(map(seen, x), map(seen, x))])",
    "zip of another length": "for a, b in zip(map(seen, x), x[:1]):\n    r = r + a * b",
    "zip of three lengths": "for a, b, c in zip(map(seen, x), map(seen, x[:3]), x[:2]):\n    r = r + a * b * c",
    "zip that is left": "for a, b in zip(map(seen, x), x[:2]):\n    r = r + a * b\n    if n > 0:\n        break",
    "zip that may be left": "for a, b in zip(map(seen, x), x[:2]):\n    r = r + a * b\n    if n > 9:\n        break",
    "zip in a comprehension": "r = sum([a * b * i for i, (a, b) in enumerate(zip(map(seen, x), x[:2]))])",
    "enumerate": (
        "for i, v in enumerate(filter(seen, x), 1):\n    if v < 0:\n        continue\n    r = r + v * i\n"
        "    if i > 2:\n        break\nelse:\n    r = r * 2"
    ),
    "two loops": "for v in (seen(w * u) for w in x for u in x if u > 0):\n    if v > 1:\n        continue\n    r = r + v * n",
    "nested": "for v in (seen(w) for w in (seen(u) for u in x)):\n    r = r + v * n\n    if n > 3:\n        break",
    "map of filter": "for v in map(lambda w: w * n, filter(seen, x)):\n    r = r + v * n\n    if n > 3:\n        break",
    "nested next": "r = next((seen(v) for v in (seen(w) for w in x)), 0.0)",
    "generator": "def g():\n    yield from filter(seen, x)\nfor v in g():\n    r = r + v * n\n    break",
    "given": "def h(f, xs):\n    for v in filter(f, xs):\n        return v * 2.0\nr = h(seen, x)",
    "partial": "for v in filter(functools.partial(lambda a, w: seen(a * w), 2.0), x):\n    r = r + v\n    break",
    "the best so far": "s = -1.0\nfor v in filter(lambda w: w > s, x):\n    s = v\n    r = r + v * 2",
    "the best so far, generated": "s = -1.0\nfor v in (w for w in x if w > s):\n    s = v\n    r = r + v * 2",
    "the best so far, by number": "s = -1.0\nfor i, v in enumerate(filter(lambda w: w > s, x)):\n    s = v\n    r = r + v * i",
    "list": "r = sum(list(map(seen, x))) + sum(tuple(filter(seen, x))) + max(map(seen, x)) + sorted(map(seen, x))[0]",
    "array": "r = np.array(list(map(seen, x))).sum()",
    "unpacked": "a, b, *q = map(seen, x)\nr = a * b",
    "dict": "r = sum(dict(enumerate(map(seen, x))).values())",
    "extended": "l = []\nl.extend(map(seen, x))\nr = sum(l)",
    "accumulated": "r = sum(itertools.accumulate(x, lambda a, b: a + seen(b)))",
    "dropped": "r = sum(itertools.dropwhile(lambda v: seen(v) > 0, x))",
    "changed container": "c = []\nfor v in filter(lambda w: c.append(w) or True, x):\n    break\nr = sum(c)",
}  # fmt: skip


@pytest.mark.parametrize("generic", [False, True])
@pytest.mark.parametrize("name", FOLLOWED)
def test_functions_are_called_when_an_item_is_asked_for(name: str, generic: bool) -> None:
    check(f"{COUNTED}{FOLLOWED[name]}\nreturn t * n + r * x[3]", generic)


REFUSED = (
    "r = sum(itertools.islice(map(seen, x), 2))",
    "r = 1.0 if x[1] in map(seen, x) else 2.0",
    "r = 1.0 if x[1] not in (seen(v) for v in x) else 2.0",
    "for a, b in zip((seen(v) for v in x), x[:1]):\n    r = r + a * b",
    "m = map(seen, x)",
    "m = zip(map(seen, x), x)",
    "m = map(seen, x)\nfor a in m:\n    r = r + a\n    break",
    "m = map(seen, x)\nr = next(m)",
    "r = sum(itertools.takewhile(lambda v: v > 0, map(seen, x)))",
    "for a in itertools.takewhile(lambda v: seen(v) > 0, x):\n    r = r + a\n    break",
    "for a in itertools.chain(map(seen, x), x):\n    r = r + a * n",
    "for a in itertools.accumulate(x, lambda a, b: a + seen(b)):\n    r = r + a\n    break",
    "r = sum([a * b for a, b in list(zip(map(seen, x), map(seen, x)))])",
    "def total(g):\n    for a in g:\n        return a\nr = total(map(seen, x))",
    "def total(g):\n    for a in g:\n        return a\nr = total(seen(v) for v in x)",
    "def made():\n    return map(seen, x)\nm = made()",
    "q = [map(seen, x)]",
    "q = seen\nm = map(functools.partial(q), x)",
    "for v in (seen(w * u) for w in x for u in x):\n    r = r + v\n    if n > 5:\n        break",
    "s = -1.0\nfor v in itertools.takewhile(lambda v: v > s, x):\n    s = v",
)


@pytest.mark.parametrize("statement", REFUSED)
def test_what_may_be_read_in_part_or_later_is_refused(statement: str) -> None:
    with pytest.raises(ad.AutodiffError, match=r"what is called for the items of an iterator (changes|depends)"):
        check(f"{COUNTED}{statement}\nreturn t * n + r * x[3]", False)


@pytest.mark.parametrize("call", ("sorted(x, key=seen)[0]", "min(x, key=seen)", "l.sort(key=seen)"))
def test_key_functions_with_effects_are_refused(call: str) -> None:
    with pytest.raises(ad.AutodiffError, match="the key function changes 'n'"):
        check(f"{COUNTED}l = list(x)\nr = {call}\nreturn t * n", False)


def test_functions_from_outside() -> None:
    outside = function_from(
        "def outer():\n    n = 0\n    def seen(v):\n        nonlocal n\n        n += 1\n        return v * n\n"
        "    def f(x):\n        m = map(seen, x)\n        return x[0]\n    return f",
        "outer",
    )()
    with pytest.raises(ad.AutodiffError, match="changes 'n'"):
        ad.grad(outside)([1.0, 2.0])


log: list = []


def noted(value: float) -> float:
    log.append(value)
    return value


def kept(x: list) -> float:
    iterator = map(noted, x)
    return x[0] if iterator else 0.0


def test_functions_of_the_module() -> None:
    with pytest.raises(ad.AutodiffError, match="changes 'log'"):
        ad.grad(kept)([1.0, 2.0])


def test_names_that_are_read_after_they_were_deleted() -> None:
    for lines in ("y = x * 2\ndel y\nreturn y.sum()", "y = z = x\ndel (y, z)\nif x[0] > 0:\n    z.sum()\nreturn x[0]"):
        with pytest.raises((ad.AutodiffError, UnboundLocalError), match="is read after it was deleted"):
            text = "\n".join("    " + line for line in lines.splitlines())
            ad.grad(function_from(f"def f(x):\n{text}\n", "f"))(X.copy())
    check("y = x * 2\nt = y.sum()\ndel y\ny = x * t\ndel t\nreturn y @ x", False)
