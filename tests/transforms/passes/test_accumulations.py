"""First contributions: printed before and after, the same numbers, and where the zeros stay."""

from __future__ import annotations

import operator
import re

import numpy as np
import pytest

from autodiff.values import abstract_arguments
from tests.transforms.passes.test_typed_passes import run
from transforms.canonical import lower_source
from transforms.passes import accumulations, copies, deadcode, nest
from transforms.printer import print_function
from transforms.specialise import specialise

VECTOR, MATRIX = np.linspace(-0.5, 1.5, 4), np.linspace(-1.0, 1.3, 12).reshape(3, 4)

CASES = {
    "a new array": ("z = np.zeros_like(x)\nnp.sin(x)\nz += x * x", "z = x * x"),
    "its negative": ("z = np.zeros_like(x)\nt = x * x\nz -= t", "z = -t"),
    "an array with another use": ("z = np.zeros_like(x)\nt = x * x\nz += t\nz += 3.0 * t", "z = np.array(t)"),
    "a part": ("z = np.zeros_like(x)\nv = z[1:]\nv += x[:-1]", "z[1:] = x[:-1]"),
    "a part, subtracted": ("z = np.zeros_like(x)\nv = z[1:]\nv -= x[:-1]", "z[1:] = -x[:-1]"),
    "a number for a part": ("z = np.zeros_like(x)\nv = z[1:]\nv += 2.0", "z[1:] = 2.0"),
    "added axis": (
        "z = np.zeros(x.shape)\ny = m + x\nz += x\nv = z[None, :]\nv += np.sum(y, axis=0, keepdims=True)",
        "z += np.sum(y, axis=0)",
    ),
    "added axis, the negative": (
        "z = np.array(x)\nv = z[None, :]\nv -= -np.sum(m, axis=0, keepdims=True)",
        "z -= -np.sum(m, axis=0)",
    ),
}

STAYS = {
    "read in between": "z = np.zeros_like(x)\ny = z + 1.0\nz += x * x\nz += y",
    "changed in between": "z = np.zeros_like(x)\nz[0] = 1.0\nz += x * x",
    "changed in a branch": "z = np.zeros_like(x)\nif x[0] > 0.0:\n    z[0] = 1.0\nz += x * x",
    "in a loop": "z = np.zeros_like(x)\nfor i in range(3):\n    z += x * x",
    "a part in a loop": "z = np.zeros_like(x)\nfor i in range(3):\n    v = z[1:]\n    v += x[1:]",
    "another part before": "z = np.zeros_like(x)\nw = z[:2]\nw[0] = 3.0\nv = z[1:]\nv += x[1:]",
    "the part is read": "z = np.zeros_like(x)\nv = z[1:]\nz[1] = 4.0\nv += x[1:]",
    "the part has another use": "z = np.zeros_like(x)\nv = z[1:]\nv += x[1:]\nv[0] = 1.0",
    "another shape": "z = np.zeros_like(m)\nz += x\nz = z[0]",
    "the layout matters": "z = np.zeros_like(m)\nz += m.T.copy().T * 2.0\nw = np.reshape(z, -1)\nw[1] = 7.0\nz = z[0]",
    "elements by a list": "z = np.zeros_like(x)\nv = z[[0, 0]]\nv += 1.0",
}


def program(lines: str):
    """What is added in place is added by a call without a target, as derivatives do."""
    lines = re.sub(r"(\w+) \+= (.*)", r"operator.iadd(\1, \2)", lines)
    lines = re.sub(r"(\w+) -= (.*)", r"operator.isub(\1, \2)", lines)
    source = "def f(x, m):\n    " + lines.replace("\n", "\n    ") + "\n    return z\n"
    function = lower_source(source, {"np": np, "operator": operator})
    return specialise(function, abstract_arguments(function.parameters, (VECTOR, MATRIX)))


@pytest.mark.parametrize("lines, after", CASES.values(), ids=CASES)
def test_first_contributions(lines, after):
    before = program(lines)
    changed = deadcode.deadcode(copies.copies(accumulations.accumulations(before)))
    text = print_function(nest.nest(changed))
    assert after in text, text
    np.testing.assert_allclose(run(changed, (VECTOR, MATRIX)), run(before, (VECTOR, MATRIX)), rtol=1e-15)


@pytest.mark.parametrize("lines", STAYS.values(), ids=STAYS)
def test_zeros_that_stay(lines):
    before = program(lines)
    changed = accumulations.accumulations(before)
    assert print_function(changed) == print_function(before)
    np.testing.assert_array_equal(run(changed, (VECTOR, MATRIX)), run(before, (VECTOR, MATRIX)))
