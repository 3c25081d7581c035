"""A direct interpreter of core programs: the reference that transformed programs are compared with."""

from __future__ import annotations

from typing import Any

from transforms import core
from transforms.printer.notation import is_method


class _Returned(Exception):
    def __init__(self, value: Any) -> None:
        self.value = value


def interpret(function: core.Function, *arguments: Any) -> Any:
    """Run a core program on positional arguments (one for each parameter)."""
    assert len(arguments) == len(function.parameters), (function.name, function.parameters, arguments)
    try:
        _block(function.body, dict(zip(function.parameters, arguments)))
    except _Returned as returned:
        return returned.value
    raise AssertionError("no return")


def callable_of(function: core.Function) -> Any:
    """A Python callable that binds arguments by the function's signature and interprets it."""

    def call(*arguments: Any, **keywords: Any) -> Any:
        if function.signature is None:
            return interpret(function, *arguments, **keywords)
        bound = function.signature.bind(*arguments, **keywords)
        bound.apply_defaults()
        return interpret(function, *(bound.arguments[name] for name in function.parameters))

    return call


def _atom(atom: core.Atom, names: dict[str, Any]) -> Any:
    if isinstance(atom, core.Var):
        if atom.name not in names:
            raise UnboundLocalError(atom.name)
        return names[atom.name]
    if isinstance(atom, core.Ref) and isinstance(atom.value, core.Function):
        return callable_of(atom.value)
    return atom.value


def _value(expression: core.Expression, names: dict[str, Any]) -> Any:
    if isinstance(expression, core.Call):
        function = _atom(expression.function, names)
        arguments = [_atom(atom, names) for atom in expression.arguments]
        if is_method(function) and isinstance(arguments[0], function.__objclass__):
            function = getattr(type(arguments[0]), function.__name__)  # `OrderedDict.pop` for `dict.pop`
        return function(*arguments, **{key: _atom(atom, names) for key, atom in expression.keywords})
    return _atom(expression, names)


def _block(block: core.Block, names: dict[str, Any]) -> None:
    for statement in block:
        _statement(statement, names)


def _statement(statement: core.Statement, names: dict[str, Any]) -> None:
    match statement:
        case core.Assign():
            value = _value(statement.value, names)
            if statement.target is not None:
                names[statement.target] = value
        case core.If():
            _block(statement.body if _atom(statement.test, names) else statement.orelse, names)
        case core.While():
            while _atom(statement.test, names):
                _block(statement.body, names)
        case core.For():
            for item in _atom(statement.iterable, names):
                names[statement.target] = item
                _block(statement.body, names)
        case core.With():
            with _atom(statement.context, names) as entered:
                if statement.target is not None:
                    names[statement.target] = entered
                _block(statement.body, names)
        case core.Try():
            _try(statement, names)
        case core.Raise():
            if statement.exception is None:
                raise  # noqa: PLE0704
            cause = _atom(statement.cause, names) if statement.cause is not None else None
            raise _atom(statement.exception, names) from cause
        case core.Return():
            raise _Returned(_atom(statement.value, names))


def _try(statement: core.Try, names: dict[str, Any]) -> None:
    try:
        try:
            _block(statement.body, names)
        except _Returned:
            raise
        except BaseException as error:
            for handler in statement.handlers:
                if handler.exception is None or isinstance(error, _atom(handler.exception, names)):
                    if handler.name is not None:
                        names[handler.name] = error
                    _block(handler.body, names)
                    break
            else:
                raise
        else:
            _block(statement.orelse, names)
    finally:
        _block(statement.finalbody, names)
