"""Programs with independently known gradients, which every transform and composition has to get right.

Each module of this package holds the programs of one subject: ordinary Python functions, written as users write them,
each followed by a `register` that gives argument sets, the positions to differentiate and the expected answer: a
closed form, or (without one) central differences extrapolated to the limit, see `reference`.  `programs()` is all of
them, in a fixed order.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.corpus.reference import numeric_gradient


@dataclass(frozen=True)
class Program:
    """A function, the arguments to try it on, and what its gradient has to be.

    `wrt` are the positions that are differentiated; `gradient(*arguments)` returns a tuple with one gradient for each of
    them.  `order` says how often the program is differentiable at these points (1 or 2).
    """

    name: str
    function: Callable[..., Any]
    arguments: tuple[tuple[Any, ...], ...]
    wrt: tuple[int, ...]
    gradient: Callable[..., tuple[Any, ...]]
    order: int = 2
    tags: tuple[str, ...] = ()
    tolerance: float = 1e-8


_programs: dict[str, Program] = {}
_origins: dict[str, dict] = {}  # the globals of the module that registered it: pytest may import a module twice


def register(
    function: Callable[..., Any],
    *arguments: tuple[Any, ...],
    wrt: int | tuple[int, ...] = 0,
    gradient: Callable[..., Any] | None = None,
    order: int = 2,
    tags: tuple[str, ...] = (),
    name: str | None = None,
    tolerance: float = 1e-8,
) -> None:
    """Add a program; `gradient` returns the bare gradient for one position and a tuple for several."""
    positions = (wrt,) if isinstance(wrt, int) else wrt

    def expected(*values: Any) -> tuple[Any, ...]:
        if gradient is None:
            return numeric_gradient(function, values, positions)
        answer = gradient(*values)
        return (answer,) if isinstance(wrt, int) else tuple(answer)

    scope = sys._getframe(1).f_globals
    name = f"{scope['__name__'].rpartition('.')[2]}.{name or function.__name__}"
    assert _origins.get(name) is not scope, f"two programs are called {name}"
    _origins[name] = scope
    assert arguments, f"{name} has no arguments"
    _programs[name] = Program(name, function, arguments, positions, expected, order, tags, tolerance)


def programs() -> tuple[Program, ...]:
    """All programs of the corpus, by name."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return tuple(_programs[name] for name in sorted(_programs))
