"""Changes at every place of a program: what is changed, and read in between, stands in each part of loops, `try`
statements, functions, generators, comprehensions and conditions.

Each program changes one kind of thing at several places of one construct, and reads it there and in the end.  The
derivative is compared with central differences, in specialised and in generic code and to the second order.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autodiff as ad
from tests.corpus.reference import assert_close, function_from, numeric_gradient
from tests.orders import run_generic

# name: (how it is made, how it is read, how it is changed by the number c, what an inner function says of it)
KINDS = {
    "number": ("s = x[0]", "np.sin(s)", "s = s * {c} + x[1]", "nonlocal s"),
    "number in place": ("s = x[0] * 1.0", "s", "s *= {c} + 0.2", "nonlocal s"),
    "element": ("a = x * 1.0", "a[1]", "a[1] = a[0] * {c} + a[1]", "pass"),
    "array in place": ("a = x * 1.0", "(a ** 2).sum()", "a *= {c}", "nonlocal a"),
    "slice": ("a = x * 1.0", "(a ** 2).sum()", "a[:2] += a[1:] * {c}", "pass"),
    "new array": ("a = x * 1.0", "(a ** 2).sum()", "a = a * {c} + x", "nonlocal a"),
    "view": ("a = x * 1.0\nv = a[1:]", "((a ** 2).sum() * v[0])", "v *= {c}", "nonlocal v"),
    "list": ("l = [x[0], x[1]]", "(l[0] * l[1])", "l[0] = l[1] * {c} + l[0]", "pass"),
    "grown list": ("l = [x[0]]", "sum([q ** 2 for q in l])", "l.append(l[-1] * {c})", "pass"),
    "array in a list": ("l = [x * 1.0, x * 2.0]", "(l[0] ** 2).sum()", "l[0] *= {c}", "pass"),
    "dict": ("d = {'k': x[0]}", "np.sin(d['k'])", "d['k'] = d['k'] * {c} + x[2]", "pass"),
    "grown dict": ("d = {}", "sum([q ** 2 for q in d.values()])", "d[len(d)] = x[1] * {c}", "pass"),
    "object": ("o = Q(x[0])", "(o.v * o.v)", "o.v = o.v * {c} + x[1]", "pass"),
    "array of an object": ("o = Q(x * 1.0)", "(o.v ** 2).sum()", "o.v *= {c}", "pass"),
    "tuple": ("t = (x[0], x[1])", "(t[0] * t[1])", "t = (t[1], t[0] * {c})", "nonlocal t"),
    "two names": ("p, q = x[0], x[1]", "(p * q)", "p, q = q, p * {c} + q", "nonlocal p, q"),
}
# {W:c}: it is changed by c; {R}: what is read; HERE: the names that an inner function changes
PLACES = {
    "break after": ("for i in range(4):\n    {W:x[2]}\n    if i == 1:\n        break\n    {W:x[1]}"),
    "break before": ("for i in range(4):\n    if i == 2:\n        break\n    {W:x[2]}"),
    "break val": ("for i in range(6):\n    {W:1.3}\n    if abs({R}) > 2.0:\n        break\n    {W:x[2]}"),
    "cont": ("for i in range(4):\n    {W:x[2]}\n    if i % 2:\n        continue\n    {W:x[1]}"),
    "for else": ("for i in range(3):\n    {W:x[2]}\n    if i == 5:\n        break\nelse:\n    {W:x[0]}"),
    "for else break": ("for i in range(3):\n    {W:x[2]}\n    if i == 1:\n        break\nelse:\n    {W:x[0]}"),
    "while else": (
        "n = 0\n"
        "while n < 3:\n"
        "    n += 1\n"
        "    {W:x[2]}\n"
        "    if n == 2:\n"
        "        continue\n"
        "    {W:1.1}\n"
        "else:\n"
        "    {W:x[0]}"
    ),
    "while val": ("n = 0\nwhile abs({R}) < 3.0 and n < 7:\n    n += 1\n    {W:1.7}"),
    "while true": (
        "n = 0\n"
        "while True:\n"
        "    n += 1\n"
        "    if n > 3:\n"
        "        break\n"
        "    {W:x[2]}\n"
        "    if n == 2:\n"
        "        continue\n"
        "    {W:x[0]}"
    ),
    "try exc": ("try:\n    {W:x[2]}\n    raise ValueError\n    {W:x[0]}\nexcept ValueError:\n    {W:x[1]}"),
    "try fin": ("try:\n    {W:x[2]}\nfinally:\n    {W:x[1]}"),
    "try exc fin": ("try:\n    {W:x[2]}\n    [][1]\nexcept IndexError:\n    {W:x[1]}\nfinally:\n    {W:x[0]}"),
    "try else": ("try:\n    {W:x[2]}\nexcept ValueError:\n    {W:x[1]}\nelse:\n    {W:x[0]}\nfinally:\n    {W:1.5}"),
    "try nested": (
        "try:\n"
        "    try:\n"
        "        {W:x[2]}\n"
        "        raise KeyError\n"
        "    finally:\n"
        "        {W:x[0]}\n"
        "except KeyError:\n"
        "    {W:x[1]}"
    ),
    "try reraise": (
        "try:\n"
        "    try:\n"
        "        {W:x[2]}\n"
        "        raise KeyError\n"
        "    except KeyError:\n"
        "        {W:x[0]}\n"
        "        raise\n"
        "except KeyError:\n"
        "    {W:x[1]}"
    ),
    "try loop": (
        "for i in range(3):\n"
        "    try:\n"
        "        {W:x[2]}\n"
        "        if i == 1:\n"
        "            raise ValueError\n"
        "        {W:x[0]}\n"
        "    except ValueError:\n"
        "        {W:x[1]}\n"
        "        continue\n"
        "    {W:1.2}"
    ),
    "try loop break": (
        "for i in range(4):\n"
        "    try:\n"
        "        {W:x[2]}\n"
        "        if i == 2:\n"
        "            break\n"
        "    finally:\n"
        "        {W:x[1]}"
    ),
    "try loop cont": (
        "for i in range(3):\n"
        "    try:\n"
        "        if i == 1:\n"
        "            continue\n"
        "        {W:x[2]}\n"
        "    finally:\n"
        "        {W:x[1]}"
    ),
    "loop in try": (
        "try:\n"
        "    for i in range(4):\n"
        "        {W:x[2]}\n"
        "        if i == 2:\n"
        "            raise StopIteration\n"
        "except StopIteration:\n"
        "    {W:x[1]}"
    ),
    "while try": (
        "n = 0\n"
        "while True:\n"
        "    try:\n"
        "        {W:x[2]}\n"
        "        [1, 2][n]\n"
        "    except IndexError:\n"
        "        {W:x[0]}\n"
        "        break\n"
        "    n += 1"
    ),
    "exc val": (
        "try:\n"
        "    {W:x[2]}\n"
        "    if {R} > -100:\n"
        "        raise ValueError({R})\n"
        "except ValueError as e:\n"
        "    {W:e.args[0]}"
    ),
    "suppress": ("with contextlib.suppress(ValueError):\n    {W:x[2]}\n    raise ValueError\n    {W:x[1]}\n{W:x[0]}"),
    "with cm": ("with CM() as w:\n    {W:w}\n    {W:x[2]}"),
    "func twice": ("def go(c):\n    HERE\n    {W:c}\n    return {R}\nr1 = go(x[2])\nr2 = go(r1)\nout = out + r1 * r2"),
    "func cond": (
        "def go(c):\n"
        "    HERE\n"
        "    if c > 0:\n"
        "        {W:c}\n"
        "        return 1.0\n"
        "    {W:x[2]}\n"
        "    return {R}\n"
        "out = out + go(x[1]) + go(x[0])"
    ),
    "and or": (
        "def go(c):\n    HERE\n    {W:c}\n    return {R}\nz = (go(x[2]) > 100 and go(x[1])) or go(x[0])\nout = out + z"
    ),
    "or val": ("def go(c):\n    HERE\n    {W:c}\n    return {R}\nz = go(x[2]) or go(x[1])\nout = out + z"),
    "tern": (
        "def go(c):\n    HERE\n    {W:c}\n    return {R}\nz = go(x[2]) if go(x[1]) < 100 else go(x[0])\nout = out + z"
    ),
    "chain": (
        "def go(c):\n"
        "    HERE\n"
        "    {W:c}\n"
        "    return {R}\n"
        "z = 1.0 if -1000 < go(x[2]) < go(x[0]) + 1000 else 0.0\n"
        "out = out + z * x[0]"
    ),
    "comp": (
        "def go(c):\n    HERE\n    {W:c}\n    return {R}\nz = [go(c) for c in x if c > 0]\nout = out + sum(z) * z[0]"
    ),
    "genexp": ("def go(c):\n    HERE\n    {W:c}\n    return {R}\nz = sum(go(c) for c in x)\nout = out + z"),
    "anyall": (
        "def go(c):\n"
        "    HERE\n"
        "    {W:c}\n"
        "    return {R}\n"
        "z = any(go(c) > 1000 for c in x) or all(go(c) > -1000 for c in x)\n"
        "out = out + z * x[1]"
    ),
    "gen": (
        "def each():\n"
        "    HERE\n"
        "    for c in x:\n"
        "        {W:c}\n"
        "        yield {R}\n"
        "for y in each():\n"
        "    {W:1.1}\n"
        "    out = out + y"
    ),
    "gen break": (
        "def each():\n"
        "    HERE\n"
        "    for c in x:\n"
        "        {W:c}\n"
        "        yield {R}\n"
        "        {W:1.2}\n"
        "for y in each():\n"
        "    out = out + y\n"
        "    if y > 100:\n"
        "        break"
    ),
    "rec": (
        "def rec(n):\n"
        "    HERE\n"
        "    if n == 0:\n"
        "        return {R}\n"
        "    {W:x[n]}\n"
        "    r = rec(n - 1)\n"
        "    {W:1.1}\n"
        "    return r * x[n] + {R}\n"
        "out = out + rec(2)"
    ),
    "walrus": ("n = 0\nwhile (z := {R} * 0.9) < 3.0 and (n := n + 1) < 4:\n    {W:1.4}\n    out = out + z"),
    "match": (
        "match len(x):\n"
        "    case 3 if {R} > -1000:\n"
        "        {W:x[2]}\n"
        "    case _:\n"
        "        {W:x[1]}\n"
        "match {R}:\n"
        "    case z:\n"
        "        {W:z}"
    ),
    "if chain": (
        "if {R} > 1000:\n"
        "    {W:x[0]}\n"
        "elif {R} > -1000:\n"
        "    {W:x[2]}\n"
        "    if x[1] > 0:\n"
        "        {W:x[0]}\n"
        "    else:\n"
        "        {W:x[1]}\n"
        "else:\n"
        "    {W:x[1]}"
    ),
    "if partial": (
        "if x[0] > 0:\n    {W:x[2]}\n    z = {R}\nelse:\n    z = x[1]\nif x[1] < 0:\n    {W:z}\nout = out + z"
    ),
    "nested": (
        "for i in range(2):\n"
        "    for j in range(3):\n"
        "        if j == 1:\n"
        "            continue\n"
        "        {W:x[j]}\n"
        "        if i == 1:\n"
        "            break\n"
        "    else:\n"
        "        {W:x[1]}\n"
        "    out = out + {R}"
    ),
    "zip": ("for c, k in zip(x, range(2)):\n    {W:c}\n    out = out + {R} * k"),
    "enum rev": ("for k, c in enumerate(reversed(list(x))):\n    {W:c}\n    out = out + {R} * k"),
    "save": ("h = []\nfor c in x:\n    {W:c}\n    h.append({R})\nout = out + h[0] * h[-1] + h[1]"),
    "save2": ("z = {R}\n{W:z}\nw = {R}\n{W:z * w}\nout = out + z * w"),
    "lambda": ("go = lambda c: c * {R}\nout = out + go(x[1])\n{W:x[2]}\nout = out + go(x[1])"),
    "deflt": ("def go(c, k={R}):\n    return c * k + {R}\n{W:x[2]}\nout = out + go(x[1])"),
    "partial": ("def go(k, c):\n    return c * k + {R}\nh = functools.partial(go, {R})\n{W:x[2]}\nout = out + h(x[1])"),
    "del": ("z = {R}\n{W:z}\ndel z\nout = out + {R}"),
    "ret loop": (
        "def go():\n"
        "    HERE\n"
        "    for i in range(4):\n"
        "        {W:x[2]}\n"
        "        if i == 2:\n"
        "            return {R} * x[1]\n"
        "    return 0.0\n"
        "out = out + go()"
    ),
    "ret try": (
        "def go():\n"
        "    HERE\n"
        "    try:\n"
        "        {W:x[2]}\n"
        "        return {R}\n"
        "    finally:\n"
        "        {W:x[1]}\n"
        "out = out + go()"
    ),
    "ret with": ("def go():\n    HERE\n    with CM() as w:\n        {W:w}\n        return {R}\nout = out + go()"),
    "exc func": (
        "def go(c):\n"
        "    HERE\n"
        "    {W:c}\n"
        "    if c > 0:\n"
        "        raise ArithmeticError\n"
        "    {W:1.3}\n"
        "for c in x:\n"
        "    try:\n"
        "        go(c)\n"
        "    except ArithmeticError:\n"
        "        {W:x[1]}"
    ),
}
START = """
import contextlib
import functools

class Q:
    def __init__(self, v):
        self.v = v

class CM:
    def __enter__(self):
        return 1.25

    def __exit__(self, *problem):
        return False

"""
POINT = np.array([0.7, -0.4, 1.3])
DIRECTION = np.array([0.3, -1.1, 0.8])
# the exception holds what depends on the input; what a `try` that fails computes, and reads what it changes
MAY_BE_REFUSED = ("exc val", "suppress", "try", "while try", "exc func", "loop in try", "rec")


def spread(step: int, turns: int = 1) -> list[tuple[str, str]]:
    """A few kinds at each place, each kind at many places."""
    names = list(KINDS)
    return [
        (place, names[(step * number + 5 * turn + step) % len(names)])
        for number, place in enumerate(PLACES)
        for turn in range(turns)
    ]


@functools.cache
def program_of(place: str, kind: str) -> Callable[[np.ndarray], Any]:
    made, read, change, here = KINDS[kind]
    text = re.sub(r"\{W:((?:[^{}]|\{[^{}]*\})*)\}", lambda m: change.replace("{c}", f"({m.group(1)})"), PLACES[place])
    text = text.replace("{R}", read).replace("HERE", here)
    body = f"{made}\nout = 0.0\n{text}\nreturn out + {read} * 1.5"
    return function_from(START + "def f(x):\n" + "".join(f"    {line}\n" for line in body.splitlines()))


def check(place: str, kind: str, derivative: Callable[[], Any], expected: Any, tolerance: float) -> None:
    try:
        found = derivative()
    except (ad.AutodiffError, ad.DerivativeRefused) as error:
        assert place.startswith(MAY_BE_REFUSED), str(error)
        pytest.xfail(str(error).splitlines()[0])
    assert_close(found, expected, tolerance)


@pytest.mark.parametrize("place, kind", spread(1, 2))
def test_gradient(place: str, kind: str) -> None:
    function = program_of(place, kind)
    expected = numeric_gradient(function, (POINT.copy(),), (0,))[0]
    check(place, kind, lambda: ad.grad(function)(POINT.copy()), expected, 1e-7)


@pytest.mark.parametrize("place, kind", spread(3))
def test_gradient_without_types(place: str, kind: str) -> None:
    function = program_of(place, kind)
    expected = numeric_gradient(function, (POINT.copy(),), (0,))[0]
    try:
        found = run_generic(ad.grad(function), (POINT.copy(),))
    except (ad.AutodiffError, ad.DerivativeRefused) as error:
        pytest.xfail(str(error).splitlines()[0])
    assert_close(found, expected, 1e-7)


@pytest.mark.parametrize("place, kind", spread(7)[::2])
def test_second_order(place: str, kind: str) -> None:
    gradient = ad.grad(program_of(place, kind))
    along = function_from(
        "def along(x):\n    return np.sum(gradient(x) * direction)", "along", gradient=gradient, direction=DIRECTION
    )
    try:
        expected = numeric_gradient(along, (POINT.copy(),), (0,))[0]
    except (ad.AutodiffError, ad.DerivativeRefused) as error:
        pytest.xfail(str(error).splitlines()[0])
    check(place, kind, lambda: ad.grad(along)(POINT.copy()), expected, 1e-5)
