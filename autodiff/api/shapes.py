"""A gradient has the shapes of its argument.

A program whose shapes do not fit raises, but what its gradient does not need is not computed, nor does it raise.  Where
the gradient then has another shape than the argument, the program is called for its error.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from autodiff import trees
from transforms import core
from transforms.analyses.regions import Summaries, find_regions, items_of
from transforms.values import Array, Known, Literal, Number


@dataclass(frozen=True)
class Shaped:
    """A part of a result that has the shapes of an argument: of a parameter, or an item of a star parameter."""

    parameter: int
    item: int | None
    path: tuple[int, ...]  # to the part of the result


def changed_containers(program: core.Function) -> frozenset[int]:
    """The parameters that are not sure to have the items after a call that they had before."""
    values = program.values or {}
    leaves = Array | Number | Literal | Known
    held = [k for k, name in enumerate(program.parameters) if not isinstance(values.get(name), leaves)]
    if not held:
        return frozenset()
    regions = find_regions(program, Summaries(), items_of(program))
    return frozenset(k for k in held if regions.is_mutated(program.parameters[k]))


def all_fit(shaped: tuple[Shaped, ...], arguments: tuple[Any, ...], result: Any) -> bool:
    """Whether all these parts of a result have the shapes of their arguments."""
    for each in shaped:
        argument, part = arguments[each.parameter], result
        if each.item is not None:
            argument = argument[each.item]
        for step in each.path:
            part = part[step]
        if not fits(argument, part):
            return False
    return True


def fits(argument: Any, gradient: Any) -> bool:
    """Whether a gradient has the shapes of what it is the gradient by, as far as both have the same items."""
    kind = argument.__class__
    if kind is float:
        return gradient.__class__ is float or np.ndim(gradient) == 0
    if kind is np.ndarray:
        return bool(np.shape(gradient) == argument.shape)
    if kind is list or kind is tuple:
        return all(map(fits, argument, gradient))
    if kind is dict:
        return all(fits(argument[key], item) for key, item in gradient.items() if key in argument)
    if trees.is_leaf(argument):
        return not isinstance(argument, np.ndarray | np.generic) or np.shape(gradient) == np.shape(argument)
    pairs = zip(trees.children(argument), trees.children(gradient))
    return all(fits(item, other) for (_, item), (_, other) in pairs)
