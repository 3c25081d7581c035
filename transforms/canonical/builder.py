"""The base of the lowering: emitting statements, names, storage of variables, places in the source, refusals."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NoReturn, Union

from transforms import core, errors, operations
from transforms.canonical.environment import Data, Environment, Meaning
from transforms.core import Assign, Atom, Call, Const, Expression, Origin, Ref, Var

Node = Any  # a gast node; gast has no types


@dataclass(frozen=True)
class Local:
    """A variable kept under a name of the core function."""

    name: str


@dataclass(frozen=True)
class Celled:
    """A variable kept in an `operations.Cell` that this name of the core function holds."""

    name: str


@dataclass(frozen=True)
class Itself:
    """Inside an inner function: the function itself, with the captured names bound."""

    function: core.Function
    captured: tuple[str, ...]


@dataclass(frozen=True)
class Known:
    """A local name that always means one known object (a module imported inside the function)."""

    meaning: Ref | Const


Storage = Union[Local, Celled, Itself, Known, Data]


def call(function: Any, *arguments: Atom, name: str = "") -> Call:
    """A call of a known function."""
    return Call(Ref(function, name), arguments)


def get(owner: Atom, attribute: str) -> Call:
    return call(getattr, owner, Const(attribute), name="getattr")


def place(node: Node, environment: Environment) -> Origin | None:
    """The place of a node in the user's file."""
    if not hasattr(node, "lineno") or node.lineno is None:
        return None
    line = node.lineno + environment.line_offset
    end_line = (node.end_lineno or node.lineno) + environment.line_offset
    text, end_text = environment.line(line), environment.line(end_line)
    return Origin(
        environment.filename,
        line,
        _characters(text, node.col_offset + environment.column_offset),
        end_line,
        _characters(end_text, (node.end_col_offset or node.col_offset) + environment.column_offset),
        text.strip(),
    )


def _characters(text: str, offset: int) -> int:
    """A column in characters, from one in bytes of UTF-8."""
    return offset if text.isascii() else len(text.encode()[:offset].decode(errors="ignore"))


class Builder:
    """Collects the statements of one core function."""

    def __init__(self, environment: Environment, names: core.Names) -> None:
        self.environment = environment
        self.names = names
        self.storage: dict[str, Storage] = {}
        self.passed: dict[str, tuple[Atom, ...]] = {}  # what inner functions get with each call, for captured names
        self.statements: list[core.Statement] = []
        self.origin: Origin | None = None
        self.depth = 0  # of blocks

    # ------------------------------------------------------------------------------------------------------- output

    def emit(self, statement: core.Statement) -> None:
        self.statements.append(statement)

    def assign(self, target: str | None, value: Expression) -> None:
        self.emit(Assign(target, value, self.origin))

    def atom_of(self, value: Expression) -> Atom:
        """An atom for the value: itself, or the temporary that now holds it."""
        if not isinstance(value, Call):
            return value
        name = self.names.temporary()
        self.assign(name, value)
        return Var(name)

    def do(self, function: Any, *arguments: Atom, name: str = "") -> Atom:
        """Call a known function now; returns the atom that holds the result."""
        return self.atom_of(call(function, *arguments, name=name))

    @contextmanager
    def block(self) -> Iterator[list[core.Statement]]:
        """Statements emitted inside go into the list that is yielded."""
        outer, self.statements = self.statements, []
        self.depth += 1
        try:
            yield self.statements
        finally:
            self.statements = outer
            self.depth -= 1

    @contextmanager
    def at(self, node: Node) -> Iterator[None]:
        """Statements emitted inside come from this node's place."""
        outer = self.origin
        self.origin = place(node, self.environment) or outer
        try:
            yield
        finally:
            self.origin = outer

    def refuse(self, node: Node, message: str, advice: str = "") -> NoReturn:
        raise errors.UnsupportedSyntax(message, advice, place(node, self.environment) or self.origin)

    # ---------------------------------------------------------------------------------------------------- variables

    def meaning(self, name: str) -> Storage | Meaning | None:
        """Where a name's value is: the function's own variables first, then what the environment knows."""
        if name in self.storage:
            return self.storage[name]
        return self.environment.resolve(name)

    def read(self, name: str) -> Expression:
        match self.meaning(name):
            case Local(local):
                return Var(local)
            case Celled(cell):
                return get(Var(cell), "value")
            case Data(owner, attribute):
                return get(owner, attribute)
            case Known(meaning):
                return meaning
            case Itself(function, captured):
                ref = Ref(function, function.name)
                return call(functools.partial, ref, *map(Var, captured), name="functools.partial") if captured else ref
            case Ref() | Const() as atom:
                return atom
        message = Const(f"name {name!r} is not defined")
        self.emit(core.Raise(self.do(NameError, message, name="NameError"), None, self.origin))
        return Const(None)

    def write(self, name: str, value: Expression) -> None:
        match self.storage.get(name):
            case Local(local):
                self.assign(local, value)
            case Celled(cell):
                self.store(Var(cell), "value", value)
            case Data(owner, attribute):
                self.store(owner, attribute, value)
            case other:
                raise AssertionError((name, other))

    def store(self, owner: Atom, attribute: str, value: Expression) -> None:
        self.assign(None, call(setattr, owner, Const(attribute), self.atom_of(value), name="setattr"))

    def own(self, name: str) -> str | None:
        """The core name that an assignment to this name may bind directly, or None."""
        storage = self.storage.get(name)
        return storage.name if isinstance(storage, Local) else None


def new_cell(*content: Atom) -> Call:
    return Call(Ref(operations.Cell, "operations.Cell"), content)
