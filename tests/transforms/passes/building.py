"""Short ways to write core programs in tests of passes, and to run them."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from tests.transforms.interpreter import interpret
from transforms.core import Assign, Call, Const, Function, Ref, Return, Var
from transforms.printer import print_module
from transforms.validate import validate


def atom(value: Any) -> Any:
    """A string is a name, atoms are themselves, everything else a constant."""
    if isinstance(value, (Var, Const, Ref)):
        return value
    return Var(value) if isinstance(value, str) else Const(value)


def call(function: Any, *arguments: Any, **keywords: Any) -> Call:
    return Call(
        Ref(function), tuple(map(atom, arguments)), tuple((key, atom(value)) for key, value in keywords.items())
    )


def let(target: str | None, function: Any, *arguments: Any, **keywords: Any) -> Assign:
    return Assign(target, call(function, *arguments, **keywords))


def function(parameters: str, *statements: Any, result: Any, values: dict[str, Any] | None = None) -> Function:
    return Function("f", tuple(parameters.split()), (*statements, Return(atom(result))), values=values)


def compiled(program: Function) -> Callable[..., Any]:
    printed = print_module(program)
    namespace = dict(printed.namespace)
    exec(compile(printed.source, "<printed>", "exec"), namespace)
    return namespace[printed.name]


def body(program: Function) -> str:
    """The printed body, without indentation."""
    lines = print_module(program).source.splitlines()[1:]
    return "\n".join(line[4:] for line in lines)


def outcome(run: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """What a program returns or raises, and what it leaves of its arguments."""
    given = copy.deepcopy(arguments)
    try:
        return repr(run(*given)), repr(given)
    except Exception as error:
        return type(error), repr(given)


def assert_same(before: Function, after: Function, *argument_sets: tuple[Any, ...]) -> None:
    """The pass's output is a core program, and does what its input does."""
    validate(after)
    for arguments in argument_sets:
        expected = outcome(lambda *given: interpret(before, *given), arguments)
        assert outcome(lambda *given: interpret(after, *given), arguments) == expected
        assert outcome(compiled(after), arguments) == expected
