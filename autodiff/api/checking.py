"""`check_grads`: compares derivatives with differences of function values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autodiff import trees
from autodiff.api.gradient import check_differentiable, grad
from autodiff.api.pullback import vjp
from autodiff.api.transformed import _kind, _name
from transforms.errors import DerivativeUndefined


def check_grads(
    f: Callable[..., Any],
    args: Any,
    order: int = 1,
    modes: tuple[str, ...] | list[str] | str = ("rev",),
    atol: float | None = None,
    rtol: float | None = None,
    eps: float | None = None,
    directions: int = 2,
) -> None:
    """Check the derivatives of `f` at `args` against central differences, along random directions.

    Args:
        f: the function; its output is a number, an array, or a container of them.
        args: the arguments: a tuple, or the single argument itself.
        order: up to which order derivatives are checked; those of order n are differences of those of order n - 1.
        modes: `("rev",)`: reverse mode.
        atol, rtol: the allowed absolute and relative difference; by default those of the arguments' precision.
        eps: the step of the differences.
        directions: how many random directions are tried.

    Raises:
        AssertionError: a derivative differs from the differences, or has other shapes than its argument; the message
            says where and by how much.
        DerivativeUndefined: an argument is an integer, complex, or no number at all, or the output is no number.
        NotImplementedError: for the mode "fwd".
        TypeError, ValueError: `f` is no function, a mode is unknown, or the order is less than 1.

    >>> import numpy as np, autodiff as ad
    >>> ad.check_grads(lambda x: np.sin(x) * x, (0.7,), order=2)
    """
    if not callable(f):
        raise TypeError(f"check_grads takes a function, not {_kind(f)}: write check_grads(f, (x,))")
    arguments = args if type(args) is tuple else (args,)
    names = (modes,) if isinstance(modes, str) else tuple(modes)
    for mode in names:
        if mode == "fwd":
            raise NotImplementedError("check_grads: forward mode comes later; use modes=('rev',)")
        if mode != "rev":
            raise ValueError(f"check_grads: a mode is 'rev', not {mode!r}")
    if order < 1:
        raise ValueError(f"check_grads: the order is at least 1, not {order}")
    for position, argument in enumerate(arguments):
        check_differentiable(argument, f"argument {position}", f)
    single = _is_single(arguments)
    step = eps if eps is not None else (5e-3 if single else 1e-5)
    absolute = atol if atol is not None else (1e-2 if single else 1e-5)
    relative = rtol if rtol is not None else (1e-2 if single else 1e-5)
    checked = f
    for level in range(1, order + 1):
        _check_first(checked, arguments, level, step, absolute, relative, directions, _name(f))
        if level < order:
            checked = grad(checked, tuple(range(len(arguments))) if len(arguments) > 1 else 0)


def _check_first(
    f: Callable[..., Any],
    arguments: tuple,
    order: int,
    step: float,
    atol: float,
    rtol: float,
    directions: int,
    name: str,
) -> None:
    random = np.random.default_rng(order)
    value, pullback = vjp(f, *_fresh(arguments))
    if not any(trees.is_number(leaf) for _, leaf in trees.leaves(value)):
        raise DerivativeUndefined(
            f"the output of {name} is not numeric: it returns {'None' if value is None else _kind(value)}",
            "Return a floating-point number or array, or a container of them.",
        )
    for attempt in range(directions):
        tangents = trees.map_leaves(lambda leaf: _direction(leaf, random), arguments)
        cotangent = trees.map_leaves(lambda leaf: _direction(leaf, random), value)
        gradients = pullback(cotangent)
        _check_structure(gradients, arguments, order, name)
        after, before = f(*_moved(arguments, tangents, step)), f(*_moved(arguments, tangents, -step))
        expected = (_inner(cotangent, after) - _inner(cotangent, before)) / (2 * step)
        actual = _inner(gradients, tangents)
        if not abs(actual - expected) <= atol + rtol * max(abs(expected), abs(actual)):
            raise AssertionError(
                f"the derivative of order {order} of {name} is wrong (reverse mode, direction {attempt}): "
                f"{actual!r} from the gradient, {expected!r} from differences, "
                f"off by {abs(actual - expected):.3g} (allowed: {atol:g} + {rtol:g} * {abs(expected):.3g})"
            )


def _check_structure(gradients: Any, arguments: tuple, order: int, name: str) -> None:
    given = [(path, np.shape(leaf)) for path, leaf in trees.leaves(gradients)]
    wanted = [(path, np.shape(leaf)) for path, leaf in trees.leaves(arguments)]
    if given != wanted:
        raise AssertionError(
            f"the gradient of order {order} of {name} has leaves {given}, but its arguments have {wanted}"
        )


def _precision(leaf: Any) -> float:
    return float(np.finfo(leaf.dtype).eps) if isinstance(leaf, np.ndarray | np.inexact) else 2.2e-16


def _is_single(tree: Any) -> bool:
    return any(trees.is_inexact(leaf) and _precision(leaf) > 1e-10 for _, leaf in trees.leaves(tree))


def _fresh(tree: Any) -> Any:
    """A copy, so that a function that changes its arguments does not change ours."""
    return trees.map_leaves(lambda leaf: leaf.copy() if isinstance(leaf, np.ndarray) else leaf, tree)


def _direction(leaf: Any, random: np.random.Generator) -> Any:
    if not trees.is_inexact(leaf):
        return 0.0 if trees.is_number(leaf) else None
    values = random.standard_normal(np.shape(leaf))
    if np.iscomplexobj(leaf):
        values = values + 1j * random.standard_normal(np.shape(leaf))
    if isinstance(leaf, np.ndarray):
        return np.asarray(values, leaf.dtype)
    return leaf.dtype.type(values) if isinstance(leaf, np.generic) else type(leaf)(values)


def _moved(arguments: tuple, tangents: tuple, step: float) -> tuple:
    def move(leaf: Any, tangent: Any) -> Any:
        if not trees.is_inexact(leaf):
            return leaf
        moved = leaf + step * tangent
        return np.asarray(moved, leaf.dtype) if isinstance(leaf, np.ndarray) else type(leaf)(moved)

    return trees.map_leaves(move, arguments, tangents)


def _inner(cotangent: Any, tangent: Any) -> float:
    """The real part of the sum of the products of the leaves."""
    pairs: Iterator[tuple] = zip(trees.leaves(cotangent), trees.leaves(tangent), strict=True)
    total = 0.0
    for (_, a), (_, b) in pairs:
        if trees.is_number(a) and trees.is_number(b) and trees.is_inexact(b):
            total += float(np.real(np.sum(np.multiply(a, b, dtype=np.result_type(a, b, np.float64)))))
    return total
