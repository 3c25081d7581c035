"""`autodiff dump`: the source of a function after a chain of transforms, at a stage of the compiler."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from autodiff.cli.targets import UsageError, arguments_of_types, evaluate_arguments, load_target

TRANSFORMS = {"--grad": "grad", "--value-and-grad": "value_and_grad"}
STAGES = ("core", "transformed", "optimised")


class _Chain(argparse.Action):
    """Collects the transforms in the order in which they stand on the command line."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        numbers = tuple(int(number) for number in str(values).split(",") if number)
        positions = numbers[0] if len(numbers) == 1 and "," not in str(values) else numbers
        chain = [*(namespace.chain or []), (option_string, positions)]
        namespace.chain = chain


def add_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("target", metavar="TARGET", help="file.py:function or package.module:function")
    for option in TRANSFORMS:
        command.add_argument(
            option,
            dest="chain",
            action=_Chain,
            metavar="POSITIONS",
            help="differentiate in these arguments, 0 or 0,1 (default: 0); may be repeated: the first is innermost",
        )
    given = command.add_mutually_exclusive_group()
    given.add_argument("--args", metavar="ARGUMENTS", help="specialise for arguments as in a call: 'np.ones(3), 2.0'")
    given.add_argument("--types", metavar="TYPES", help="specialise for these types: 'f8[n,1], float'")
    command.add_argument("--stage", choices=STAGES, default="optimised", help="how far to go (default: optimised)")
    command.add_argument("--standalone", action="store_true", help="write a module that needs only NumPy")


def program(options: argparse.Namespace) -> str:
    """The source that the options ask for."""
    function = load_target(options.target)
    transformed = function
    for name, positions in options.chain or ():
        transformed = TRANSFORMS[name](transformed, argnums=positions)
    arguments = None
    if options.args is not None:
        arguments = evaluate_arguments(options.args, function)
    elif options.types is not None:
        arguments = arguments_of_types(options.types)
    if transformed is function and not hasattr(function, "source"):
        raise UsageError("not yet")
    return transformed.source if arguments is None else transformed.source_for(*arguments[0], **arguments[1])
