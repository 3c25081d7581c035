"""Derivatives of any order of the programs of the corpus, against differences of the order below, along one direction.

    python -m tests.orders 3              all programs, specialised
    python -m tests.orders 3 generic functions loops

By induction each order is checked against closed forms: order 1 is, in the corpus, and each order is the limit of the
differences of the one below.  `tests/test_higher_order.py` runs a sample.
"""

from __future__ import annotations

import copy
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import autodiff as ad
from autodiff.api.transformed import present
from autodiff.backend.compile import Program as Executable
from tests.corpus import Program, programs
from tests.corpus.reference import children, is_float, numbers, rebuilt, richardson, total
from transforms.values import UNKNOWN

TOLERANCE = 1e-6
STEPS = (4e-3, 5e-4)  # the smaller one for what bends a lot


def derivative(program: Program, order: int) -> Callable[..., Any]:
    """The program differentiated `order` times; from the second time on, the sum of all partial derivatives is."""
    function = program.function
    for _ in range(order):
        function = ad.grad(function, program.wrt)
    return function


def run_generic(gradient: Any, arguments: tuple) -> Any:
    """What the program computes that is compiled with nothing known of the arguments."""
    bound = gradient.binder.bind((), arguments, {})
    gradient.check(bound)
    generic, _ = gradient._derived(bound, (UNKNOWN,) * len(bound.values))
    compiled = Executable(present(generic.replace(signature=None)))  # called with one value for each parameter
    return compiled.link(compiled.namespace)(*bound.values)


def direction(tree: Any, seeds: Iterator[int]) -> Any:
    """Irregular numbers in the structure of a tree."""
    parts = children(tree)
    if parts is not None:
        return [direction(part, seeds) for part in parts]
    if not is_float(tree):
        return None
    shape = np.shape(tree)
    return numbers(*shape, seed=next(seeds), low=0.3) * np.where(numbers(*shape, seed=next(seeds)) < 0, -1.0, 1.0)


def moved(tree: Any, along: Any, step: float) -> Any:
    """A copy of a tree that is moved by a step along a direction."""
    parts = children(tree)
    if parts is not None:
        return rebuilt(tree, [moved(part, line, step) for part, line in zip(parts, along, strict=True)])
    if not is_float(tree):
        return copy.deepcopy(tree)
    new = tree + step * along
    return new.astype(tree.dtype) if isinstance(tree, np.ndarray) else type(tree)(new)


def product(tree: Any, along: Any) -> float:
    """The sum of the products of the numbers in a tree and in a direction."""
    parts = children(tree)
    if parts is not None:
        return sum(product(part, line) for part, line in zip(parts, along, strict=True))
    return 0.0 if along is None else float(np.sum(np.real(np.asarray(tree) * along)))


def off_by(program: Program, arguments: tuple, order: int, mode: str = "specialised") -> float:
    """How far the derivative is, along a direction, from the limit of differences of the order below (relative)."""
    gradient = derivative(program, order)
    if mode == "specialised":
        result = gradient(*copy.deepcopy(arguments))
    else:
        result = run_generic(gradient, copy.deepcopy(arguments))
    seeds = iter(range(1, 10**6))
    lines = [direction(arguments[position], seeds) for position in program.wrt]
    mine = product(list(result) if len(program.wrt) > 1 else [result], lines)
    below = derivative(program, order - 1)

    def along(step: float) -> float:
        values = [copy.deepcopy(value) for value in arguments]
        for position, line in zip(program.wrt, lines):
            values[position] = moved(arguments[position], line, step)
        return float(np.real(total(below(*values))))

    limits = [richardson(along, step) for step in STEPS]
    size = max(1.0, abs(mine), *map(abs, limits))
    return min(abs(mine - limit) for limit in limits) / size


def main(order: str, *rest: str) -> int:
    """Check the corpus, or the programs whose names begin with one of the words given, and print what is wrong."""
    warnings.simplefilter("ignore")
    mode = "generic" if "generic" in rest else "specialised"
    words = tuple(word for word in rest if word not in ("generic", "specialised"))
    counts = {"right": 0, "refused": 0, "wrong": 0, "failed": 0}
    for program in programs():
        if program.order < 2 or words and not program.name.startswith(words):
            continue
        try:
            off = off_by(program, program.arguments[0], int(order), mode)
            outcome = "right" if off < TOLERANCE else "wrong"
        except (ad.AutodiffError, ad.DerivativeRefused) as error:
            off, outcome = str(error).splitlines()[0], "refused"
        except Exception as error:
            off, outcome = repr(error), "failed"
        counts[outcome] += 1
        if outcome != "right":
            print(f"{outcome:8} {program.name}: {off}", flush=True)
    print(counts)
    return int(counts["wrong"] > 0)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
