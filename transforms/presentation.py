"""The nested form: what `passes.nest` makes of a core program for people to read.  Only the printer reads it.

It is the core language with three liberties: wherever core has an atom there may be any expression; `Choice` is an
expression; `Unpack` and `Update` are statements.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from transforms.core import (
    Assign,
    Block,
    Call,
    Const,
    For,
    If,
    Origin,
    Raise,
    Ref,
    Return,
    Try,
    Var,
    While,
    With,
    blocks_of,
)


@dataclass(frozen=True, slots=True)
class Choice:
    """`body if test else orelse`; with no `orelse`, `test and body`; with no `body`, `test or orelse`."""

    test: Any
    body: Any | None
    orelse: Any | None


@dataclass(frozen=True, slots=True)
class Unpack:
    """`a, *b, c = value`; `star` is the position of the starred target."""

    targets: tuple[str, ...]
    value: Any
    star: int | None = None
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class Update:
    """`place += value`: the place is a subscript or an attribute, `operation` the in-place operator's function."""

    place: Call
    operation: Any
    value: Any
    origin: Origin | None = None


def expressions_of(statement: Any) -> tuple[Any, ...]:
    """The expressions that a statement evaluates itself, in order of evaluation."""
    match statement:
        case Assign() | Return():
            return (statement.value,)
        case If() | While():
            return (statement.test,)
        case For():
            return (statement.iterable,)
        case With():
            return (statement.context,)
        case Try():
            return tuple(handler.exception for handler in statement.handlers if handler.exception is not None)
        case Raise():
            return tuple(atom for atom in (statement.exception, statement.cause) if atom is not None)
        case Unpack():
            return (statement.value,)
        case Update():
            return (statement.place, statement.value)
    raise TypeError(statement)


def children(expression: Any) -> tuple[Any, ...]:
    """The operands of an expression, the function first."""
    if isinstance(expression, Call):
        return (expression.function, *expression.arguments, *(atom for _, atom in expression.keywords))
    if isinstance(expression, Choice):
        return tuple(part for part in (expression.test, expression.body, expression.orelse) if part is not None)
    return ()


def leaves(expression: Any) -> Iterator[Any]:
    """The atoms of an expression, left to right."""
    if isinstance(expression, (Call, Choice)):
        for child in children(expression):
            yield from leaves(child)
    else:
        yield expression


def variables(expression: Any) -> Iterator[str]:
    """The names that an expression reads, left to right."""
    return (leaf.name for leaf in leaves(expression) if isinstance(leaf, Var))


def references_in(block: Block) -> Iterator[Any]:
    """The objects that a block refers to, in source order."""
    for statement in block:
        for expression in expressions_of(statement):
            for leaf in leaves(expression):
                if isinstance(leaf, Ref):
                    yield leaf.value
                elif isinstance(leaf, Const):
                    pass
        for inner in blocks_of(statement):
            yield from references_in(inner)


def targets_of(statement: Any) -> tuple[str, ...]:
    """The names that a statement binds itself."""
    match statement:
        case Assign() | For() | With():
            return (statement.target,) if statement.target is not None else ()
        case Unpack():
            return statement.targets
        case Try():
            return tuple(handler.name for handler in statement.handlers if handler.name is not None)
    return ()
