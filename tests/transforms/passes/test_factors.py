"""Constant factors and signs: printed before and after, the same numbers to the last bit, and where nothing is done."""

from __future__ import annotations

import numpy as np
import pytest

from tests.transforms.passes.test_typed_passes import prepared, run
from transforms.passes import deadcode, factors, nest
from transforms.printer import print_function

VECTOR, MATRIX, TALL = np.linspace(0.1, 1.7, 4), np.linspace(-1.0, 1.3, 12).reshape(3, 4), np.linspace(0.7, 2.1, 3)
SPECIAL = np.array([np.inf, -np.inf, np.nan, -0.0])

CASES = {
    "joined": ("y = 100.0 * (2 * x)", "y = 200.0 * x"),
    "joined on the right": ("y = (x * 0.3) * -4", "y = x * -1.2"),
    "negated factor": ("y = -(0.3 * x)", "y = -0.3 * x"),
    "factor of a negative": ("t = -x\ny = t * 0.3", "y = x * -0.3"),
    "negative and factor": ("y = -x * (3.0 * a)", "y = x * (-3.0 * a)"),
    "difference": ("y = x + -x * a", "y = x - x * a"),
    "difference of quotients": ("y = a + -x / a * x", "y = a - x / a * x"),
    "sum": ("y = x - a * -x", "y = x + a * x"),
    "negative constant": ("y = a + -0.3 * x", "y = a - 0.3 * x"),
    "in place": ("y = x.copy()\ny += a * -0.3", "operator.isub(y, a * 0.3)"),
    "twice negated": ("y = -(-x * a / a)", "y = x * a / a"),
    "sum of negatives": ("y = np.sum((-x * a)[None, :] * x, axis=0)", "y = np.sum((-x * a)[None, :] * x"),
    "sum of negative products": ("y = -x * a + np.sum(-x[None, :] * a, axis=0)", "y = -x * a - np.sum("),
    "through a quotient": ("y = 2 * (0.3 * x / a)", "y = 0.6 * x / a"),
    "before axes are added": ("y = 0.5 * (4 * x[:, None]) * x", "y = (2.0 * x)[:, None] * x"),

    "bound in each iteration": ("y = a\nfor _ in range(3):\n    y = y + -y * x", "y - y * x"),
}

STAYS = {
    "negated again, which is nothing": "t = -x\ny = (a + -t * x) * t",
    "two roundings": "t = 0.3 * x\ny = 0.7 * t",
    "another use": "t = -x\ny = a + t\nz = t * a\ny = y * z",
    "a name of the user's": "t = -x * a\ny = x + t",
    "no finite product": "t = 1e200 * x\ny = 2e200 * t",
    "changed in between": "z = x.copy()\nt = -z\nz[0] = 5.0\ny = a + t * z",
}


def source(lines: str) -> str:
    return "def f(x, a):\n    " + lines.replace("\n", "\n    ") + "\n    return y\n"


def assert_same_bits(one, other):
    np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(np.signbit(one[~np.isnan(one)]), np.signbit(other[~np.isnan(other)]))


@pytest.mark.parametrize("lines, after", CASES.values(), ids=CASES)
def test_factors_and_signs_meet(lines, after):
    before = prepared(source(lines), (VECTOR, VECTOR + 0.5))
    changed = before
    for _ in range(3):
        changed = deadcode.deadcode(factors.factors(changed))
    assert after in print_function(nest.nest(changed))
    for arguments in ((VECTOR, VECTOR + 0.5), (SPECIAL, VECTOR), (VECTOR, SPECIAL), (-VECTOR, -SPECIAL)):
        with np.errstate(all="ignore"):
            assert_same_bits(run(before, arguments), run(changed, arguments))


@pytest.mark.parametrize("lines", STAYS.values(), ids=STAYS)
def test_others_stay(lines):
    before = prepared(source(lines), (VECTOR, VECTOR + 0.5))
    changed = factors.factors(before)
    assert print_function(changed) == print_function(before)


def test_integers_stay():
    before = prepared(source("t = -x\ny = a + t * 0.5"), (3, 0.5))
    assert factors.factors(before) is before


def test_integers_in_a_product_of_floats():
    places = np.arange(4) - 1
    before = prepared(source("y = a + -x * a / 3"), (VECTOR, places))
    changed = deadcode.deadcode(factors.factors(before))
    assert "a - x * a / 3" in print_function(nest.nest(changed))
    for arguments in ((VECTOR, places), (SPECIAL, places)):
        with np.errstate(all="ignore"):
            assert_same_bits(run(before, arguments), run(changed, arguments))


def test_what_is_negated_and_then_changed_is_read_in_time():
    before = prepared(source("z = x.copy()\nt = -z\nz *= 3.0\ns = t * a\ny = z + s"), (VECTOR, VECTOR + 0.5))
    changed = deadcode.deadcode(factors.factors(before))
    assert_same_bits(run(before, (VECTOR, MATRIX[0])), run(changed, (VECTOR, MATRIX[0])))


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_the_product_of_factors_is_a_number_of_the_dtype(dtype):
    x = np.array([1e-3, -2e-2], dtype)
    before = prepared(source("y = 4 * (3e4 * x)"), (x, 0.5))
    changed = factors.factors(before)
    one, other = run(before, (x, 0.5)), run(changed, (x, 0.5))
    assert one.dtype == other.dtype == dtype
    assert_same_bits(one, other)
