"""Every function of some large modules is lowered to valid core that prints as valid Python, or refused."""

from __future__ import annotations

import importlib
import inspect

import gast
import pytest

from tests.transforms.canonical.support import functions_in
from transforms.canonical import DictEnvironment, lower
from transforms.errors import UnsupportedSyntax
from transforms.printer import print_module
from transforms.validate import validate

MODULES = ["statistics", "heapq", "fractions", "textwrap", "calendar", "random", "numpy.polynomial.polynomial"]


@pytest.mark.parametrize("name", MODULES)
def test_functions_of_a_module(name):
    module = importlib.import_module(name)
    text = inspect.getsource(module)
    environment = DictEnvironment(vars(module), module.__file__, text.splitlines())
    done, refused = 0, []
    for node in gast.walk(gast.parse(text)):
        if not isinstance(node, gast.FunctionDef):
            continue
        try:
            function = lower(node, environment)
        except UnsupportedSyntax as error:
            refused.append(error.message)
            continue
        for part in functions_in(function):
            validate(part)
        compile(print_module(function).source, name, "exec")
        done += 1
    expected = ("yield", "super()", "a generator expression")
    assert all(message.startswith(expected) for message in refused), refused
    assert done > 3 * len(refused) and done > 5
