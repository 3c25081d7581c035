"""Free names: code is bound and guarded, data is read live."""

from __future__ import annotations

import functools
import math
import sys
import types

import numpy as np
import pytest

from autodiff.frontend.read import Reader, read
from autodiff.frontend.resolve import Guard
from tests.autodiff.frontend.support import load, references
from transforms.core import Const

SCALE = 2.0


def helper(x):
    return x * 2


class Layer:
    def __init__(self, weight):
        self.weight = weight

    def __call__(self, x):
        return self.weight * x


layer = Layer(3.0)
tripled = functools.partial(math.pow, 3.0)


def test_functions_modules_and_builtins_are_bound():
    found = references(read(lambda x: helper(np.sin(x)) + abs(x)))
    assert helper in found and np.sin in found and abs in found


def test_objects_and_partials_are_bound():
    found = references(read(lambda x: layer(x) + tripled(x)))
    assert layer in found and tripled in found


def test_data_is_read_from_the_module():
    function = read(lambda x: x * SCALE)
    assert sys.modules[__name__] in references(function)
    assert Const("SCALE") in [
        atom for s in function.body for atom in getattr(getattr(s, "value", None), "arguments", ())
    ]


def test_data_of_a_dictionary_without_a_module_is_read_live():
    names = load("k = 2.0\ndef f(x):\n    return x * k\n")
    function = read(names["f"])
    owner = next(value for value in references(function) if type(value).__name__ == "Namespace")
    assert owner.k == 2.0
    names["k"] = 5.0
    assert owner.k == 5.0
    owner.k = 7.0
    assert names["k"] == 7.0
    del names["k"]
    with pytest.raises(NameError, match="name 'k' is not defined"):
        owner.k


def test_closure_data_is_read_from_the_cell():
    def make(k):
        return lambda x: x * k

    first, second = make(2.0), make(3.0)
    for function, expected in ((first, 2.0), (second, 3.0)):
        cells = [value for value in references(read(function)) if isinstance(value, types.CellType)]
        assert [cell.cell_contents for cell in cells] == [expected]


def test_closure_code_is_bound_anew_for_each_function():
    def make(g):
        return lambda x: g(x)

    other = lambda x: -x
    assert helper in references(read(make(helper)))
    assert other in references(read(make(other)))
    assert math.sin in references(read(make(math.sin)))


def test_constants_of_math_and_numpy():
    function = read(lambda x: x * math.pi + np.e)
    constants = [a.value for s in function.body for a in getattr(s.value, "arguments", ()) if isinstance(a, Const)]
    assert constants == [math.pi, np.e]


def test_same_code_in_two_namespaces():
    text = "def f(x):\n    return g(x) * k\n"
    one = load("k = 1.0\ng = abs\n" + text, "<same>")
    two = load("k = 1.0\ng = abs\n" + text, "<same>")
    two["g"] = math.sin
    two["f"] = types.FunctionType(one["f"].__code__, two)
    assert abs in references(read(one["f"]))
    assert math.sin in references(read(two["f"]))
    assert abs in references(read(one["f"]))


def test_guards_notice_a_redefinition():
    names = load("def g(x):\n    return x\ndef f(x):\n    return g(x)\n")
    reader = Reader()
    reader.program(names["f"])
    assert all(guard.holds() for guard in reader.guards)
    assert [guard.name for guard in reader.guards] == ["g"]
    names["g"] = lambda x: -x
    assert not all(guard.holds() for guard in reader.guards)


def test_guards_notice_a_hidden_builtin():
    names = load("def f(x):\n    return abs(x)\n")
    reader = Reader()
    reader.program(names["f"])
    assert all(guard.holds() for guard in reader.guards)
    names["abs"] = lambda x: x
    assert not all(guard.holds() for guard in reader.guards)


def test_guards_notice_functions_reached_through_a_module():
    module = types.ModuleType("helpers_of_this_test")
    module.scale = lambda x: x * 2
    names = load("def f(x):\n    return helpers.scale(x)\n", helpers=module)
    reader = Reader()
    reader.program(names["f"])
    assert Guard(vars(module), "scale", module.scale) in reader.guards
    module.scale = lambda x: x * 3
    assert not all(guard.holds() for guard in reader.guards)


def test_data_has_no_guard():
    names = load("k = 1.0\ndef f(x):\n    return x * k\n")
    reader = Reader()
    reader.program(names["f"])
    names["k"] = 3.0
    assert all(guard.holds() for guard in reader.guards)
