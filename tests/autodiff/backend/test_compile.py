"""Generated code is shown in tracebacks, names the user's lines, and goes when its functions go."""

from __future__ import annotations

import gc
import linecache
import traceback

import numpy as np
import pytest

import autodiff as ad
from autodiff.backend.compile import Program, explain, load
from transforms.core import Origin
from transforms.printer import Printed


def printed(source: str, lines=None, **namespace) -> Printed:
    return Printed(source, namespace, (), lines or {}, "f")


def test_load():
    assert load(printed("def f(x):\n    return x * k\n", k=3))(2) == 6


def test_name_is_that_of_the_content():
    source = "def f(x):\n    return x * 31\n"
    one, other = Program(printed(source)), Program(printed(source))
    assert (
        one.filename
        == Program(printed("def f(x):\n    return x * 32\n")).filename[: len("<autodiff f ")]
        + one.filename[len("<autodiff f ") :]
    )
    assert one.filename != other.filename
    assert other.filename == one.filename[:-1] + " 2>"


def test_no_builtins_of_the_user_are_needed():
    assert load(printed("def f(x):\n    return len(x)\n"))([1, 2]) == 2


def test_source_is_registered_while_the_program_lives():
    function = load(printed("def f(x):\n    return x.missing\n"))
    filename = function.__code__.co_filename
    assert linecache.getline(filename, 2) == "    return x.missing\n"
    linecache.checkcache(filename)
    assert linecache.getline(filename, 2) == "    return x.missing\n"
    del function
    gc.collect()
    assert linecache.getline(filename, 2) == ""


def test_explanation_names_the_users_line():
    origin = Origin("/home/user/model.py", 12, 4, 12, 20, "y = x.missing")
    function = load(printed("def f(x):\n    return (\n        x.missing)\n", {2: origin}))
    with pytest.raises(AttributeError) as caught:
        function(1.0)
    explain(caught.value)
    explain(caught.value)
    assert caught.value.__notes__ == [
        'In generated code; it came from\n  File "/home/user/model.py", line 12\n    y = x.missing'
    ]


def test_errors_outside_generated_code_are_left_alone():
    try:
        raise ValueError("a")
    except ValueError as error:
        explain(error)
        assert not hasattr(error, "__notes__")


def failing(x):
    y = x * 2.0
    return np.sum(y @ np.ones(7))


def test_traceback_of_a_gradient():
    with pytest.raises(ValueError) as caught:
        ad.value_and_grad(failing)(np.ones(3))
    shown = "".join(traceback.format_exception(caught.value))
    assert "<autodiff failing_grad" in shown
    assert f"line {failing.__code__.co_firstlineno + 2}" in caught.value.__notes__[0]
    assert "return np.sum(y @ np.ones(7))" in caught.value.__notes__[0]
