"""Running a lowered program next to the original."""

from __future__ import annotations

import copy
import textwrap
from typing import Any

import numpy as np

from transforms import core
from transforms.printer import print_module
from transforms.validate import validate


def functions_in(function: core.Function) -> list[core.Function]:
    """The function and those lifted out of it."""
    found = [function]
    for outer in found:
        for statement in core.walk(outer.body):
            for atom in core.atoms_of(statement):
                if isinstance(atom, core.Ref) and isinstance(atom.value, core.Function):
                    if not any(atom.value is known for known in found):
                        found.append(atom.value)
    return found


def compiled(function: core.Function) -> Any:
    """The printed program, as a callable."""
    printed = print_module(function)
    namespace = dict(printed.namespace)
    try:
        code = compile(printed.source, "<printed>", "exec")
    except SyntaxError as error:
        raise AssertionError(f"{error}\n{printed.source}") from None
    exec(code, namespace)
    return namespace[printed.name]


def outcome(function: Any, inputs: tuple, trace: list) -> tuple:
    """What a call does: result or exception, its side effects, and the arguments afterwards."""
    trace.clear()
    arguments = copy.deepcopy(inputs)
    try:
        kind, value = "returned", function(*arguments)
    except Exception as error:
        kind, value = "raised", (type(error), str(error), repr(error.__cause__))
        if isinstance(error, UnboundLocalError):
            value = UnboundLocalError
    return kind, frozen(value), list(trace), frozen(arguments)


def frozen(value: Any) -> Any:
    """A value that compares exactly, types included."""
    if isinstance(value, np.ndarray):
        return ("array", str(value.dtype), value.shape, value.tolist())
    if isinstance(value, (list, tuple)):
        return (type(value), [frozen(item) for item in value])
    if isinstance(value, (set, frozenset)):
        return (type(value), sorted(map(repr, value)))
    if isinstance(value, dict):
        return ("dict", [(key, frozen(item)) for key, item in value.items()])
    if isinstance(value, float):
        return (type(value), repr(value))
    return (type(value), repr(value) if not callable(value) else "function")


def check(original: Any, lowered: core.Function, inputs: tuple, trace: list, reset: Any = None) -> None:
    """Assert that the lowered program does what the original does."""
    for part in functions_in(lowered):
        validate(part)
    if reset:
        reset()
    expected = outcome(original, inputs, trace)
    if reset:
        reset()
    function = compiled(lowered)
    found = outcome(function, inputs, trace)
    assert found == expected, "\n" + textwrap.indent(print_module(lowered).source, "    ")
