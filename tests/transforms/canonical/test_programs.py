"""Every program of `programs.py`, lowered, printed and run, does what it does as written."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.transforms.canonical import programs
from tests.transforms.canonical.support import check
from transforms.canonical import lower_template
from transforms.core import walk
from transforms.printer import print_module


def reset() -> None:
    programs.counter = 0


CASES = [
    pytest.param(function, inputs, id=f"{function.__name__}-{number}")
    for function, cases in programs.PROGRAMS
    for number, inputs in enumerate(cases)
]
FUNCTIONS = [pytest.param(function, id=function.__name__) for function, _ in programs.PROGRAMS]


@pytest.mark.parametrize(("function", "inputs"), CASES)
def test_does_the_same(function, inputs, capsys):
    check(function, lower_template(function), inputs, programs.TRACE, reset)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_statement_has_an_origin(function):
    first = function.__code__.co_firstlineno
    for statement in walk(lower_template(function).body):
        origin = statement.origin
        assert origin is not None and origin.filename == programs.__file__
        assert first <= origin.line <= first + 60
        assert origin.text and (origin.line, origin.column) < (origin.end_line, origin.end_column)


def test_there_are_many_programs():
    names = [function.__name__ for function, _ in programs.PROGRAMS]
    assert len(names) == len(set(names)) >= 120


PRINT_ALL = """
from tests.transforms.canonical import programs
from transforms.canonical import lower_template
from transforms.core import walk
from transforms.printer import print_module
for function, _ in programs.PROGRAMS:
    print(print_module(lower_template(function)).source)
"""


def test_the_same_output_for_every_hash_seed():
    outputs = [
        subprocess.run(
            [sys.executable, "-c", PRINT_ALL],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.getcwd()},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1234")
    ]
    assert outputs[0] == outputs[1] != ""
    assert all(line in outputs[0] for line in ["def newton", "def walk"])
    assert "0x" not in outputs[0]


def test_templates_are_lowered_once():
    assert lower_template(programs.newton) is lower_template(programs.newton)
    assert "def newton" in print_module(lower_template(programs.newton)).source
