"""`autodiff check`: the gradient check of a function on given arguments; status 0 where the derivatives agree with
differences of values, 1 where they do not."""

from __future__ import annotations

import argparse
import functools
import inspect
import sys
from collections.abc import Callable
from typing import Any

import autodiff
from autodiff.api.gradient import check_differentiable
from autodiff.cli.targets import UsageError, arguments_of_types, evaluate_arguments, load_target
from transforms.errors import AutodiffError


def add_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("target", metavar="TARGET", help="file.py:function or package.module:function")
    given = command.add_mutually_exclusive_group(required=True)
    given.add_argument("--args", metavar="ARGUMENTS", help="as in a call: 'np.ones(3), scale=2.0'")
    given.add_argument("--types", metavar="TYPES", help="stand-ins of these types: 'f8[n,1], float'")
    command.add_argument("--order", type=int, default=1, help="check derivatives up to this order (default: 1)")
    command.set_defaults(action=run_check)


def run_check(options: argparse.Namespace) -> int:
    """Check one function; 0 or 1."""
    function = load_target(options.target)
    if options.args is not None:
        args, kwargs = evaluate_arguments(options.args, function)
    else:
        args, kwargs = arguments_of_types(options.types)
    checked, numbers = with_constants(function, args, kwargs)
    try:
        autodiff.check_grads(checked, numbers, order=options.order)
    except AssertionError as failure:
        print(f"{options.target}: wrong: {failure}", file=sys.stderr)
        return 1
    print(f"{options.target}: ok", flush=True)
    return 0


def with_constants(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """The function with those arguments bound that have no derivative, at the start and at the end, and the others."""
    inspect.signature(function).bind(*args, **kwargs)
    first = next((i for i, each in enumerate(args) if has_derivative(each, function)), len(args))
    last = next((i for i, each in reversed(list(enumerate(args))) if has_derivative(each, function)), -1) + 1
    if first >= last:
        raise UsageError("none of the arguments has a derivative: give at least one floating-point number or array")
    names = list(inspect.signature(function).parameters)
    bound = {**dict(zip(names[last:], args[last:])), **kwargs}
    checked = functools.partial(function, *args[:first], **bound) if first or bound else function
    return checked, args[first:last]


def has_derivative(argument: Any, function: Callable[..., Any]) -> bool:
    try:
        check_differentiable(argument, "argument", function)
    except AutodiffError:
        return False
    return True
