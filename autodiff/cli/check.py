"""`autodiff check`: the gradient check of a function on given arguments; status 0 where the derivatives agree with
differences of values, 1 where they do not."""

from __future__ import annotations

import argparse
import sys

import autodiff
from autodiff.cli.targets import arguments_of_types, evaluate_arguments, load_target


def add_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("target", metavar="TARGET", help="file.py:function or package.module:function")
    given = command.add_mutually_exclusive_group(required=True)
    given.add_argument("--args", metavar="ARGUMENTS", help="as in a call: 'np.ones(3), scale=2.0'")
    given.add_argument("--types", metavar="TYPES", help="stand-ins of these types: 'f8[n,1], float'")
    command.add_argument("--order", type=int, default=1, help="check derivatives up to this order (default: 1)")
    command.set_defaults(action=run_check)


def run_check(options: argparse.Namespace) -> int:
    function = load_target(options.target)
    if options.args is not None:
        args, kwargs = evaluate_arguments(options.args, function)
    else:
        args, kwargs = arguments_of_types(options.types)
    try:
        autodiff.check_grads(function, *args, order=options.order, **kwargs)
    except AssertionError as failure:
        print(f"{options.target}: wrong: {failure}", file=sys.stderr)
        return 1
    print(f"{options.target}: ok")
    return 0
