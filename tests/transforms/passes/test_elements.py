"""Elements that are stored several times: how many stores are left, and the same results."""

from __future__ import annotations

import operator

import numpy as np
import pytest

from tests.transforms.passes.test_typed_passes import prepared, run
from transforms.core import Assign, is_call_of, walk
from transforms.passes import elements, nest
from transforms.printer import print_function

VECTOR = np.linspace(0.5, 1.5, 4)
STORE = operator.setitem

CASES = {  # lines, the number of stores that are left
    "the same constant": ("a[0] = x[0] * 2.0\nt = a[0]\na[0] = t + x[1]", 1),
    "three in a row": ("a[1] += x[0]\na[1] += x[1]\na[1] += x[2]", 1),
    "two elements": ("a[0] += x[0]\na[1] += x[1]\na[0] += x[2]\na[1] += x[3]", 2),
    "an index that is a name": ("for i in range(3):\n    a[i] += x[i]\n    a[i] += x[i] * 2.0", 1),
    "the same place in each iteration": ("for i in range(3):\n    a[0] += x[i]\n    a[0] += x[i] * 2.0", 1),
    "overwritten": ("a[0] = x[0] * 1.0\na[0] = x[1] * 1.0", 1),
    "two names of an index": ("for i in range(3):\n    j = i * 1\n    a[i] += x[i]\n    a[j] += x[0]\n    a[i] += x[1]", 3),
    "from the end": ("a[0] += x[0]\na[-4] += x[1]\na[0] += x[2]", 3),
    "a sum in between": ("a[0] += x[0]\ny = np.sum(a)\na[0] += x[1] * y", 2),
    "a view in between": ("b = a[1:]\na[1] += x[0]\nb[0] = 7.0\na[1] += x[1]", 3),
    "another name": ("b = a\na[1] += x[0]\nb[1] = 7.0\na[1] += x[1]", 2),
    "a row of it": ("for b in c:\n    c[0, 0] += x[0]\n    b[0] = 7.0\n    c[0, 0] += x[1]\na[0] = c[0, 0]", 4),
    "kept in a list": ("b = [c[0]]\nb.append(a)\na[1] += x[0]\nfor r in b:\n    r[1] = 7.0\na[1] += x[1]", 3),
    "a branch in between": ("a[0] += x[0]\nif x[1] > 0.8:\n    a[0] = 3.0\na[0] += x[2]", 3),
    "a loop in between": ("a[0] += x[0]\nfor i in range(3):\n    a[i] += x[i]\na[0] += x[2]", 3),
    "where an exception is caught": (
        "try:\n    a[0] = x[0] * 1.0\n    t = x[9]\n    a[0] = t * 1.0\nexcept IndexError:\n    a[1] = a[0]",
        3,
    ),
    "a parameter": ("x[0] += x[1]\nx[0] += x[2]", 2),
}


@pytest.mark.parametrize("lines, left", CASES.values(), ids=CASES)
def test_stores_that_are_left(lines, left):
    source = "def f(x):\n    a = np.zeros(4)\n    c = np.zeros((2, 2))\n    {}\n    return a\n"
    before = prepared(source.format(lines.replace("\n", "\n    ")), (VECTOR,))
    after = elements.elements(before)
    stores = [s for s in walk(after.body) if isinstance(s, Assign) and is_call_of(s.value, STORE)]
    assert len(stores) == left, print_function(nest.nest(after))
    np.testing.assert_array_equal(run(after, (VECTOR.copy(),)), run(before, (VECTOR.copy(),)))


def test_single_precision_rounds_at_each_store():
    source = "def f(x):\n    a = np.zeros(4, np.float32)\n    a[0] += x[0]\n    a[0] += x[1]\n    return a\n"
    before = prepared(source, (VECTOR,))
    assert elements.elements(before) is before
