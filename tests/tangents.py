"""Forward mode on the programs of the corpus, and on those of other tests: tangents along a direction."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autodiff.api.forward import Tangent, in_form_of
from autodiff.api.transformed import present
from autodiff.backend.compile import Program as Executable
from tests.corpus import Program
from tests.corpus.reference import children, is_float, rebuilt, total
from transforms.values import UNKNOWN


def run_tangent(program: Program, arguments: tuple, along: list[Any], is_generic: bool = False) -> tuple[Any, Any]:
    """The value of a program and its tangent along a direction, for the arguments that it is differentiated in."""
    tangents = tuple(tangent(arguments[position], line) for position, line in zip(program.wrt, along))
    return run(Tangent(program.function, program.wrt), arguments, tangents, is_generic)


def run(transformed: Tangent, arguments: tuple, tangents: tuple, is_generic: bool) -> tuple[Any, Any]:
    """The value and the tangent, by a program for arguments of these types, or for ones of which nothing is known."""
    if not is_generic:
        return transformed.start(arguments, tangents)
    return run_untyped(transformed, untyped(transformed, arguments), arguments, tangents)


def untyped(transformed: Tangent, arguments: tuple) -> Callable[..., tuple]:
    """The program of the value and the tangent for arguments of which nothing is known."""
    bound = transformed.binder.bind((), arguments, {})
    transformed.check(bound)
    generic, _ = transformed._derived(bound, (UNKNOWN,) * len(bound.values))
    compiled = Executable(present(generic.replace(signature=None)))
    return compiled.link(compiled.namespace)


def run_untyped(transformed: Tangent, program: Callable, arguments: tuple, tangents: tuple) -> tuple[Any, Any]:
    """The value and the tangent, by such a program."""
    bound = transformed.binder.bind((), arguments, {})
    value, dot = program(*bound.values, *transformed._by_parameter(bound, tangents))
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


class ForwardGradient:
    """The gradient, in the form of `ad.grad`, by one tangent for each number that the arguments hold."""

    def __init__(self, function: Callable[..., Any], wrt: int | tuple[int, ...] = 0, is_generic: bool = False) -> None:
        self.is_bare = isinstance(wrt, int)
        self.wrt = (wrt,) if isinstance(wrt, int) else tuple(wrt)
        self.transformed, self.is_generic = Tangent(function, self.wrt), is_generic
        self.program: Callable[..., tuple] | None = None

    def __call__(self, *arguments: Any) -> Any:
        columns: list[float] = []
        for k in range(sum(map(count, (arguments[position] for position in self.wrt)))):
            given = copy.deepcopy(arguments)
            numbers = iter(range(10**9))
            tangents = tuple(unit(given[position], k, numbers) for position in self.wrt)
            _, dot = self.start(given, tangents)
            columns.append(float(np.real(total(dot))))
        numbers_left = iter(columns)
        found = tuple(assembled(arguments[position], numbers_left) for position in self.wrt)
        return found[0] if self.is_bare else found

    def start(self, arguments: tuple, tangents: tuple) -> tuple[Any, Any]:
        if not self.is_generic:
            return self.transformed.start(arguments, tangents)
        if self.program is None:
            self.program = untyped(self.transformed, arguments)
        return run_untyped(self.transformed, self.program, arguments, tangents)


def count(tree: Any) -> int:
    """How many numbers a tree holds that have a tangent."""
    parts = children(tree)
    if parts is not None:
        return sum(map(count, parts))
    return np.size(tree) if is_float(tree) else 0


def unit(tree: Any, place: int, numbers: Iterator[int]) -> Any:
    """The tangent of a tree that is 1 at one of its numbers."""
    parts = children(tree)
    if parts is not None:
        return rebuilt(tree, [unit(part, place, numbers) for part in parts])
    if not is_float(tree):
        return 0.0
    made = np.reshape([float(next(numbers) == place) for _ in range(np.size(tree))], np.shape(tree))
    return tangent(tree, made if isinstance(tree, np.ndarray) else float(made))


def assembled(tree: Any, columns: Iterator[float]) -> Any:
    """The gradient with respect to a tree, of the derivatives with respect to its numbers one after the other."""
    parts = children(tree)
    if parts is not None:
        return rebuilt(tree, [assembled(part, columns) for part in parts])
    if not is_float(tree):
        return tree
    made = np.reshape([next(columns) for _ in range(np.size(tree))], np.shape(tree))
    return made.astype(tree.dtype) if isinstance(tree, np.ndarray) else type(tree)(made)
