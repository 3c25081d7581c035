"""NumPy scalars as Python floats: where they are converted, and that nothing can tell."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from tests.transforms.passes.test_typed_passes import prepared, run
from transforms.passes import deadcode, items, nest
from transforms.printer import print_function

SUM = "s = a * a + a * x\ns = s * a - a * a * x + s * x - a\n"

CASES = {  # program, what is converted
    "result of a function": (f"a = np.sin(x)\n{SUM}y = s * x", ["a = float(np.sin(x))"]),
    "quotient by a sum of squares": (
        f"a = np.sin(x)\n{SUM}y = s / (1.0 + x * x)",
        ["a = float(np.sin(x))"],
    ),
    "quotient by exp and one": (f"a = np.sin(x)\n{SUM}y = s / (np.exp(x) + 1.0)", ["a = float(np.sin(x))"]),
    "quotient by an unknown number": (f"a = np.sin(x)\n{SUM}y = s / x", []),
    "quotient by a NumPy scalar": (
        f"a = np.sin(x)\n{SUM}d = np.cos(x)\ny = s / d",
        ["a = float(np.sin(x))", "d = np.cos(x)"],
    ),
    "what is divided again": (f"a = np.sin(x) / np.cos(x)\n{SUM}y = s / x", []),
    "the quotient of NumPy scalars": (f"a = np.sin(x) / np.cos(x)\n{SUM}y = s", ["a = float(np.sin(x) / np.cos(x))"]),
    "power": (f"a = np.sin(x)\n{SUM}y = s ** x", []),
    "function of it": (f"a = np.sin(x)\n{SUM}y = np.exp(s) + 1.0", ["a = float(np.sin(x))"]),
    "unknown method": (f"a = np.sin(x)\n{SUM}y = s.getfield('f8') + 1.0", []),
    "conjugate of a real number": (f"a = np.sin(x)\n{SUM}y = s.conjugate() + 1.0", ["a = float(np.sin(x))"]),
    "too little arithmetic": ("a = np.sin(x)\ny = a * x + a", []),
    "a sum of an array": (f"a = np.sum(np.full(3, x))\n{SUM}y = s * x", ["a = float(np.sum("]),
    "in a loop": (
        "y = 0.0\nfor k in range(3):\n    a = np.sin(x * k)\n    y = y * a + a * a * x - a * x + y",
        ["a = float(np.sin(x * k))"],
    ),
    "single precision": (f"a = np.sin(np.float32(x))\n{SUM}y = s * x", []),
}


@pytest.mark.parametrize("lines, converted", CASES.values(), ids=CASES)
@pytest.mark.parametrize("x", [0.7, 0.0, -0.0, float("inf"), float("nan")])
def test_numbers_that_are_converted(lines, converted, x):
    source = "def f(x):\n    {}\n    return y\n".format(lines.strip().replace("\n", "\n    "))
    before = prepared(source, (x,))
    after = deadcode.deadcode(items.items(before))
    text = print_function(nest.nest(after))
    assert ("float(" in text.replace("np.float64(", "").replace("np.float32(", "")) is bool(converted)
    for part in converted:
        assert part in text
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        one, other = run(before, (x,)), run(after, (x,))
    assert type(one) is type(other)
    np.testing.assert_array_equal(one, other)
    assert np.isnan(one) or np.signbit(one) == np.signbit(other)


def test_a_quotient_by_zero_warns_as_before():
    lines = f"a = np.sin(x)\n{SUM}y = s / x"
    source = "def f(x):\n    {}\n    return y\n".format(lines.strip().replace("\n", "\n    "))
    after = items.items(prepared(source, (0.5,)))
    with pytest.warns(RuntimeWarning):
        assert np.isnan(run(after, (0.0,)))


RETURNED = {
    "a tuple in a tuple": "    return (s, (a, s * a)), x\n",
    "made before": "    pair = (s, a)\n    t = s * a\n    return t * s, pair\n",
    "made in a branch": "    pair = (s, x)\n    if x > 0.5:\n        pair = (s * a, a)\n    return pair\n",
    "an item of a tuple": "    pair = ((s, a), x)\n    for k in range(2):\n        s = s + k\n    return pair[0], s\n",
    "a list": "    found = []\n    for k in range(2):\n        found.append(s * k)\n    return found\n",
    "a dict": "    return {'s': s * a, 'a': a}\n",
}


def kinds(value):
    if isinstance(value, dict):
        value = tuple(value.values())
    return [kinds(item) for item in value] if isinstance(value, (tuple, list)) else type(value)


@pytest.mark.parametrize("ending", RETURNED.values(), ids=RETURNED)
def test_what_is_returned_keeps_its_type(ending):
    lines = f"a = np.sin(x)\n{SUM}".strip().replace("\n", "\n    ")
    before = prepared(f"def f(x):\n    {lines}\n{ending}", (0.7,))
    after = items.items(before)
    one, other = run(before, (0.7,)), run(after, (0.7,))
    assert kinds(one) == kinds(other)
    assert repr(one) == repr(other)
