"""`autodiff dump`: the source of a function after a chain of transforms, at a stage of the compiler."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Callable, Sequence
from types import CellType
from typing import Any

import numpy as np

import autodiff
from autodiff.api.binding import Binder
from autodiff.api.gradient import Gradient
from autodiff.api.transformed import Transformed
from autodiff.cli.targets import Arguments, arguments_of_types, evaluate_arguments, load_target
from autodiff.frontend.live import Restart
from autodiff.frontend.read import Reader, is_transformed, take_apart
from autodiff.values import abstract_arguments
from transforms import core, pipeline
from transforms.inference import is_constant
from transforms.passes import cleanup, everywhere, present
from transforms.printer import print_function, standalone
from transforms.specialise import specialise
from transforms.values import UNKNOWN, Value

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
        try:
            numbers = tuple(int(number) for number in str(values).split(",") if number)
        except ValueError:
            raise argparse.ArgumentError(self, f"positions are numbers such as 0 or 0,1, not {values!r}") from None
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
    command.add_argument("--stage", choices=STAGES, help="how far to go (default: core if nothing is transformed)")
    command.add_argument(
        "--standalone", action="store_true", help="write a module that needs only NumPy, with constants as they are now"
    )


def program(options: argparse.Namespace) -> str:
    """The source that the options ask for."""
    function = load_target(options.target)
    for name, positions in options.chain or ():
        function = getattr(autodiff, TRANSFORMS[name])(function, positions)
    arguments = None
    if options.args is not None:
        arguments = evaluate_arguments(options.args, function)
    elif options.types is not None:
        arguments = arguments_of_types(options.types)
    stage = options.stage or ("optimised" if is_transformed(function) else "core")
    shown = at_stage(function, stage, arguments)
    if options.standalone:
        shown = everywhere(with_bound(shown, function), with_constants)
        shown = cleanup(shown) if stage == "optimised" else shown
    if stage == "optimised":
        shown = present(shown)
    return (standalone if options.standalone else print_function)(shown, quote=stage != "core")


def with_bound(shown: core.Function, function: Callable[..., Any]) -> core.Function:
    """The function with the arguments that are bound already, those of a partial or method, written into it."""
    leading: tuple[Any, ...] = ()
    keywords: dict[str, Any] = {}
    while True:
        callee = function.binder.callee if isinstance(function, Transformed) else take_apart(function)
        leading, keywords = (*callee.leading, *leading), {**callee.keywords, **keywords}
        if not is_transformed(callee.function):
            break
        function = callee.function
    bound = dict(zip(shown.parameters, leading)) | keywords
    if not bound:
        return shown
    signature = shown.signature
    if signature is not None:
        kept = [parameter for name, parameter in signature.parameters.items() if name not in bound]
        signature = signature.replace(parameters=kept)
    written = (
        core.Assign(name, core.Const(value) if is_constant(value) else core.Ref(value, name))
        for name, value in bound.items()
    )
    left = tuple(name for name in shown.parameters if name not in bound)
    return shown.replace(parameters=left, signature=signature, body=(*written, *shown.body))


def with_constants(function: core.Function) -> core.Function:
    """The function with the constants of modules and closures written into it, as they are now."""

    def written(statement: core.Statement) -> core.Statement:
        statement = core.with_blocks(statement, (tuple(map(written, block)) for block in core.blocks_of(statement)))
        if isinstance(statement, core.Assign) and core.is_call_of(statement.value, getattr):
            match statement.value:
                case core.Call(arguments=(core.Ref(value=owner) as atom, core.Const(value=str(name)))):
                    value = getattr(owner, name, owner)
                    if type(value) in (bool, int, float, complex, str):
                        return dataclasses.replace(statement, value=core.Const(value))
                    if type(value) in (np.ndarray, list, dict, tuple):
                        base = atom.name if name == "cell_contents" else name
                        return dataclasses.replace(statement, value=core.Ref(value, base))
        return statement

    return function.replace(body=tuple(map(written, function.body)))


def at_stage(function: Callable[..., Any], stage: str, arguments: Arguments | None) -> core.Function:
    """The core program of a function, transformed or not, for these arguments (None: of any type) at a stage."""
    volatile: set[Any] = set()
    cells: dict[int, CellType] = {}
    while True:
        try:
            with Reader(volatile, cells) as reader:
                return _read_at_stage(function, stage, arguments, reader)
        except Restart:  # what was assumed of a global turned out not to hold
            volatile |= reader.volatile


def _read_at_stage(
    function: Callable[..., Any], stage: str, arguments: Arguments | None, reader: Reader
) -> core.Function:
    binder = function.binder if isinstance(function, Transformed) else Binder(take_apart(function))
    bound = binder.generic() if arguments is None else binder.bind((), *arguments)
    values: tuple[Value, ...] = (UNKNOWN,) * len(bound.values)
    if arguments is not None:
        values = abstract_arguments(bound.names, bound.values)
    if stage == "core":
        while is_transformed(binder.function):
            binder = binder.function.binder
        return binder.program(bound, values, reader)
    if stage == "optimised" and isinstance(function, Transformed):
        if arguments is not None:
            function.check(bound)
        return function.derive(bound, values, reader)
    given = binder.program(bound, values, reader)
    if isinstance(function, Gradient):
        positions = tuple(dict.fromkeys(place.parameter for place in function.places(bound)))
        want_value = function.request.want_value
        stages = pipeline.derivative_stages(given, values, positions, reader=reader, want_value=want_value)
        return stages.transformed
    typed = specialise(given, values, reader)
    return typed if stage == "transformed" else cleanup(typed)
