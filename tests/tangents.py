"""Forward mode on the programs of the corpus, and on those of other tests: tangents along a direction."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.api.forward import Tangent, in_form_of
from autodiff.api.transformed import present
from autodiff.backend.compile import Program as Executable
from tests.corpus import Program
from tests.corpus.reference import children, is_float, rebuilt
from transforms.values import UNKNOWN


def run_tangent(program: Program, arguments: tuple, along: list[Any], is_generic: bool = False) -> tuple[Any, Any]:
    """The value of a program and its tangent along a direction, for the arguments that it is differentiated in."""
    transformed = Tangent(program.function, program.wrt)
    tangents = tuple(tangent(arguments[position], line) for position, line in zip(program.wrt, along))
    if not is_generic:
        return transformed.start(arguments, tangents)
    bound = transformed.binder.bind((), arguments, {})
    transformed.check(bound)
    generic, _ = transformed._derived(bound, (UNKNOWN,) * len(bound.values))
    compiled = Executable(present(generic.replace(signature=None)))
    run = compiled.link(compiled.namespace)
    value, dot = run(*bound.values, *transformed._by_parameter(bound, tangents))
    return value, in_form_of(value, dot)


def tangent(primal: Any, along: Any) -> Any:
    """A direction (`tests.orders.direction`) in the containers and dtypes of a primal."""
    parts = children(primal)
    if parts is not None:
        return rebuilt(primal, [tangent(part, line) for part, line in zip(parts, along, strict=True)])
    if not is_float(primal):
        return 0.0
    if isinstance(primal, np.ndarray):
        made = np.empty_like(primal)
        made[...] = along
        return made
    return primal.dtype.type(along) if isinstance(primal, np.generic) else type(primal)(along)


def paired(gradient: Any, along: Any) -> float:
    """The derivative along a direction, of a gradient."""
    parts = children(gradient)
    if parts is not None:
        return sum((paired(part, line) for part, line in zip(parts, along)), 0.0)
    return 0.0 if along is None else float(np.sum(np.asarray(gradient) * along))
