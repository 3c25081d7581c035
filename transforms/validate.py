"""The validator of the core language: says whether a program is one, and which statement is at fault.

Comes in: a `core.Function` (the functions that it refers to are not looked at).  Nothing goes out; `InvalidProgram` is
raised where the program breaks the grammar of `docs/core-language.md`.  Tests validate the output of every pass.
"""

from __future__ import annotations

import types
from typing import Any

import numpy as np

from transforms.core import (
    Assign,
    Block,
    Call,
    Const,
    For,
    Function,
    Handler,
    If,
    Origin,
    Raise,
    Ref,
    Return,
    Statement,
    Try,
    Var,
    While,
    With,
    all_writes,
    atoms_of,
)


class InvalidProgram(AssertionError):
    """A program is not in core form: a defect of the pass that made it."""


def validate(function: Function) -> None:
    """Raise `InvalidProgram` unless the function is in core form.

    >>> validate(Function("f", ("x",), (Return(Var("x")),)))
    >>> validate(Function("f", (), (Return(Var("y")),)))
    Traceback (most recent call last):
        ...
    transforms.validate.InvalidProgram: f: 'y' is read but never bound before
        in Return(value=Var(name='y'), origin=None)
    """
    _Validator(function).run()


class _Validator:
    def __init__(self, function: Function) -> None:
        self.function = function
        self.statement: Any = None

    def fail(self, message: str) -> None:
        place = "" if self.statement is None else f"\n    in {_describe(self.statement)}"
        raise InvalidProgram(f"{self.function.name}: {message}{place}")

    def check(self, condition: bool, message: str) -> None:
        if not condition:
            self.fail(message)

    def run(self) -> None:
        function = self.function
        self.check(isinstance(function.name, str) and bool(function.name), "the function has no name")
        self.check(isinstance(function.parameters, tuple), "the parameters are not a tuple")
        for name in function.parameters:
            self.name(name)
        self.check(len(set(function.parameters)) == len(function.parameters), "two parameters have the same name")
        self.check(isinstance(function.body, tuple) and bool(function.body), "the body is not a block with statements")
        bound = self.block(function.body[:-1], set(function.parameters))
        last = function.body[-1]
        self.statement = last
        self.check(isinstance(last, Return), "the last statement is not a return")
        self.statement_itself(last, bound)

    def block(self, block: Block, bound: set[str]) -> set[str]:
        """Check a block; returns the names that may be bound after it."""
        self.check(isinstance(block, tuple), "a block is not a tuple")
        bound = set(bound)
        for statement in block:
            self.statement = statement
            self.check(not isinstance(statement, Return), "a return that is not the last statement of the function")
            self.statement_itself(statement, bound)
            bound |= self.inside(statement, bound)
        return bound

    def statement_itself(self, statement: Statement, bound: set[str]) -> None:
        known = isinstance(statement, (Assign, If, While, For, With, Try, Raise, Return))
        self.check(known, f"{type(statement).__name__} is not a statement")
        origin = statement.origin
        self.check(origin is None or isinstance(origin, Origin), "the origin is not an Origin")
        if isinstance(statement, Assign):
            self.assignment(statement)
        try:
            atoms = atoms_of(statement)
        except (TypeError, AttributeError):
            atoms = ()
            self.fail("an operand is missing")
        for atom in atoms:
            self.atom(atom)
            if isinstance(atom, Var) and not isinstance(statement, Try):  # a handler's is checked after the body
                self.check(atom.name in bound, f"{atom.name!r} is read but never bound before")
        if isinstance(statement, Raise):
            self.check(statement.cause is None or statement.exception is not None, "a cause without an exception")

    def assignment(self, statement: Assign) -> None:
        if statement.target is not None:
            self.name(statement.target)
        else:
            self.check(isinstance(statement.value, Call), "a statement without target that is not a call")
        value = statement.value
        if not isinstance(value, Call):
            return
        self.check(isinstance(value.function, (Var, Ref)), "what is called is neither a name nor an object")
        self.check(isinstance(value.arguments, tuple), "the arguments are not a tuple")
        self.check(isinstance(value.keywords, tuple), "the keywords are not a tuple")
        names = [name for name, _ in value.keywords]
        self.check(all(isinstance(name, str) for name in names), "the name of a keyword is not a string")
        self.check(len(set(names)) == len(names), "two keywords have the same name")

    def inside(self, statement: Statement, bound: set[str]) -> set[str]:
        """Check the nested blocks; returns the names that the statement may bind."""
        match statement:
            case Assign():
                return {statement.target} if statement.target is not None else set()
            case If():
                return self.block(statement.body, bound) | self.block(statement.orelse, bound)
            case While() | For():
                targets = set()
                if isinstance(statement, For):
                    self.name(statement.target)
                    targets = {statement.target}
                # an earlier iteration may have bound what a later one reads
                return self.block(statement.body, bound | targets | all_writes(statement.body)) | targets
            case With():
                targets = set()
                if statement.target is not None:
                    self.name(statement.target)
                    targets = {statement.target}
                return self.block(statement.body, bound | targets)
            case Try():
                return self.attempt(statement, bound)
        return set()

    def attempt(self, statement: Try, bound: set[str]) -> set[str]:
        self.check(bool(statement.handlers) or bool(statement.finalbody), "a try with neither handlers nor a finally")
        self.check(bool(statement.handlers) or not statement.orelse, "a try with an else but no handlers")
        after = self.block(statement.body, bound)
        result = self.block(statement.orelse, after)
        for position, handler in enumerate(statement.handlers):
            self.statement = statement
            self.handler(handler, after, position == len(statement.handlers) - 1)
            names = set() if handler.name is None else {handler.name}
            result |= self.block(handler.body, after | names)
        return self.block(statement.finalbody, result)

    def handler(self, handler: Handler, bound: set[str], is_last: bool) -> None:
        self.check(isinstance(handler, Handler), f"{type(handler).__name__} is not a handler")
        if handler.name is not None:
            self.name(handler.name)
        self.check(handler.exception is not None or is_last, "a handler of everything that is not the last")
        if isinstance(handler.exception, Var):
            name = handler.exception.name
            self.check(name in bound, f"{name!r} is read but never bound before")

    # ------------------------------------------------------------------------------------------------------- atoms

    def name(self, name: Any) -> None:
        self.check(isinstance(name, str) and name.isidentifier(), f"{name!r} is not a name")

    def atom(self, atom: Any) -> None:
        self.check(isinstance(atom, (Var, Const, Ref)), f"{_describe(atom)} is not an atom")
        if isinstance(atom, Var):
            self.name(atom.name)
        elif isinstance(atom, Const):
            self.check(is_constant(atom.value), f"{atom.value!r} is not a constant")


def is_constant(value: Any) -> bool:
    """Whether a value may be a `Const`: an immutable one that can be written down."""
    if value is None or value is Ellipsis or isinstance(value, (bool, int, float, complex, str, bytes)):
        return True
    if isinstance(value, slice):
        return all(map(is_constant, (value.start, value.stop, value.step)))
    if isinstance(value, tuple):
        return all(map(is_constant, value))
    return isinstance(value, (np.generic, np.dtype, types.NotImplementedType))


def _describe(value: Any) -> str:
    """A statement in short: nested blocks are left out."""
    text = repr(value)
    return text if len(text) <= 300 else text[:297] + "..."
