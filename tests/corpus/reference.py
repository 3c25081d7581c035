"""Independent derivatives: trees of numbers, and central differences extrapolated to the limit (Richardson).

Nothing here uses the compiler.  Inputs are any nesting of tuples, lists, dicts, named tuples, dataclasses and objects
with attributes; leaves that are not floating-point numbers or arrays count as constants.
"""

from __future__ import annotations

import copy
import dataclasses
import hashlib
import linecache
import math
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

STEP = 4e-3
LEVELS = 3


def is_float(value: Any) -> bool:
    """Whether the value is a number or an array that carries a derivative."""
    return isinstance(value, (float, complex, np.floating, np.complexfloating)) or (
        isinstance(value, np.ndarray) and value.dtype.kind in "fc"
    )


def children(tree: Any) -> list[Any] | None:
    """The parts of a container in a fixed order; None for a leaf."""
    if isinstance(tree, (tuple, list)):
        return list(tree)
    if isinstance(tree, dict):
        return list(tree.values())
    if dataclasses.is_dataclass(tree) and not isinstance(tree, type):
        return [getattr(tree, field.name) for field in dataclasses.fields(tree)]
    return None


def rebuilt(tree: Any, parts: list[Any]) -> Any:
    """The container with its parts exchanged."""
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return type(tree)(*parts)
    if isinstance(tree, (tuple, list)):
        return type(tree)(parts)
    if isinstance(tree, dict):
        return dict(zip(tree, parts, strict=True))
    names = [field.name for field in dataclasses.fields(tree)]
    return dataclasses.replace(tree, **dict(zip(names, parts, strict=True)))


def leaves(tree: Any) -> Iterator[Any]:
    """The floating-point leaves of a tree, in order."""
    parts = children(tree)
    if parts is not None:
        for part in parts:
            yield from leaves(part)
    elif is_float(tree):
        yield tree


def total(tree: Any) -> Any:
    """The sum of all numbers in an output: what `grad` differentiates."""
    return sum((np.sum(leaf) for leaf in leaves(tree)), 0.0)


def perturbed(tree: Any, leaf_index: int, element: tuple[int, ...], step: float) -> Any:
    """A copy of the tree with one element of one leaf moved by `step`."""
    counter = iter(range(10**9))

    def visit(node: Any) -> Any:
        parts = children(node)
        if parts is not None:
            return rebuilt(node, [visit(part) for part in parts])
        if not is_float(node) or next(counter) != leaf_index:
            return copy.deepcopy(node)
        if isinstance(node, np.ndarray):
            moved = node.copy()
            moved[element] += step
            return moved
        return type(node)(node + step)

    return visit(tree)


def richardson(along: Callable[[float], float], step: float = STEP, levels: int = LEVELS) -> float:
    """The derivative of `along` at 0 from central differences with halved steps, extrapolated to step 0."""
    row = [(along(step / 2**k) - along(-step / 2**k)) / (2 * step / 2**k) for k in range(levels + 1)]
    for order in range(1, levels + 1):
        row = [(4**order * fine - coarse) / (4**order - 1) for coarse, fine in zip(row, row[1:])]
    return row[0]


def numeric_gradient(function: Callable[..., Any], arguments: tuple, wrt: tuple[int, ...]) -> tuple[Any, ...]:
    """The gradient of the sum of all outputs with respect to each argument in `wrt`, by finite differences."""

    def gradient_of(position: int) -> Any:
        counter = iter(range(10**9))

        def derivative(leaf_index: int, element: tuple[int, ...]) -> float:
            def along(step: float) -> float:
                moved = perturbed(arguments[position], leaf_index, element, step)
                values = [copy.deepcopy(value) for value in arguments]
                values[position] = moved
                return float(total(function(*values)))

            return richardson(along)

        def visit(node: Any) -> Any:
            parts = children(node)
            if parts is not None:
                return rebuilt(node, [visit(part) for part in parts])
            if not is_float(node):
                return node
            leaf_index = next(counter)
            if isinstance(node, np.ndarray):
                result = np.empty(node.shape, node.dtype)
                for element in np.ndindex(*node.shape):
                    result[element] = derivative(leaf_index, element)
                return result
            return derivative(leaf_index, ())

        return visit(arguments[position])

    return tuple(gradient_of(position) for position in wrt)


def complex_step(function: Callable[[complex], complex], x: float) -> float:
    """The derivative of an analytic function of one number, exact to rounding."""
    return function(complex(x, 1e-30)).imag / 1e-30


def assert_close(actual: Any, expected: Any, tolerance: float = 1e-8, where: str = "gradient") -> None:
    """Two trees have the same structure and the same numbers, relative to the largest number of each leaf."""
    parts = children(expected)
    if parts is not None:
        other = children(actual)
        assert other is not None and len(other) == len(parts), f"{where}: {actual!r} is not like {expected!r}"
        if isinstance(expected, dict):
            assert list(actual) == list(expected), f"{where}: keys {list(actual)} instead of {list(expected)}"
        for index, (mine, known) in enumerate(zip(other, parts, strict=True)):
            assert_close(mine, known, tolerance, f"{where}[{index}]")
        return
    if not is_float(expected):
        return
    assert is_float(actual) or isinstance(actual, (int, np.integer)), f"{where}: {actual!r} is not a number"
    mine, known = np.asarray(actual), np.asarray(expected)
    assert mine.shape == known.shape, f"{where}: shape {mine.shape} instead of {known.shape}"
    scale = max(1.0, float(np.max(np.abs(known), initial=0.0)))
    worst = float(np.max(np.abs(mine - known), initial=0.0)) / scale
    assert worst <= tolerance, f"{where}: off by {worst:.2e} (relative):\n{actual!r}\ninstead of\n{expected!r}"
    assert not np.any(np.isnan(mine)) or np.any(np.isnan(known)), f"{where}: not a number: {actual!r}"


def numbers(*shape: int, seed: int = 0, low: float = -1.0, high: float = 1.0) -> np.ndarray:
    """An array of reproducible, irregular numbers between `low` and `high`."""
    count = int(np.prod(shape, dtype=int))
    unit = np.modf((np.arange(1, count + 1) + 17.0 * seed) * 0.6180339887498949)[0]
    return (low + (high - low) * unit).reshape(shape)


def put_on_record(source: str, filename: str) -> None:
    """Have Python find the source of what is compiled under this file name, as a notebook does it."""
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)


def function_from(source: str, name: str = "f", **scope: Any) -> Callable[..., Any]:
    """The function `name` of a program text, with its source on record."""
    source = textwrap.dedent(source)
    filename = f"<program {hashlib.sha1(source.encode()).hexdigest()[:12]}>"
    put_on_record(source, filename)
    scope.setdefault("np", np)
    scope.setdefault("math", math)
    scope.setdefault("__name__", "__program__")
    exec(compile(source, filename, "exec"), scope)
    return scope[name]
