"""The nested form: what `passes.nest` makes of a core program for people to read.  Only the printer reads it.

It is the core language with three liberties: wherever core has an atom there may be any expression; `Choice` is an
expression; `Unpack` and `Update` are statements.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from transforms.core import (
    Assign,
    Block,
    Call,
    For,
    Function,
    If,
    Origin,
    Raise,
    Ref,
    Return,
    Try,
    Var,
    While,
    With,
    atoms_of,
    blocks_of,
    with_blocks,
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
        case Assign() | Unpack():
            return (statement.value,)
        case Update():
            return (statement.place, statement.value)
    return atoms_of(statement)


def children(expression: Any) -> tuple[Any, ...]:
    """The operands of an expression, the function first."""
    if isinstance(expression, Call):
        return (expression.function, *expression.atoms)
    if isinstance(expression, Choice):
        return tuple(part for part in (expression.test, expression.body, expression.orelse) if part is not None)
    return ()


def leaves(expression: Any) -> Iterator[Any]:
    """The atoms of an expression, left to right."""
    if not isinstance(expression, (Call, Choice)):
        yield expression
        return
    for child in children(expression):
        if isinstance(child, (Call, Choice)):
            yield from leaves(child)
        else:
            yield child


def variables(expression: Any) -> Iterator[str]:
    """The names that an expression reads, left to right."""
    return (leaf.name for leaf in leaves(expression) if isinstance(leaf, Var))


def references_in(block: Block) -> Iterator[Any]:
    """The objects that a block refers to, in source order."""
    for statement in block:
        for expression in expressions_of(statement):
            for child in children(expression) or (expression,):
                if child.__class__ is Ref:
                    yield child.value
                elif isinstance(child, (Call, Choice)):
                    yield from (leaf.value for leaf in leaves(child) if leaf.__class__ is Ref)
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


def map_leaves(statement: Any, change: Callable[[Any], Any]) -> Any:
    """The statement with `change` applied to every atom of its own expressions, in core or in nested form."""
    if isinstance(statement, Assign):
        return Assign(statement.target, map_expression(statement.value, change), statement.origin, statement.comment)
    match statement:
        case Update():
            place, value = map_expression(statement.place, change), map_expression(statement.value, change)
            return dataclasses.replace(statement, place=place, value=value)
        case Try():
            handlers = tuple(
                dataclasses.replace(h, exception=_map_part(h.exception, change)) for h in statement.handlers
            )
            return dataclasses.replace(statement, handlers=handlers)
        case Raise():
            exception, cause = _map_part(statement.exception, change), _map_part(statement.cause, change)
            return dataclasses.replace(statement, exception=exception, cause=cause)
    key = {Return: "value", Unpack: "value", If: "test", While: "test"}.get(type(statement))
    key = key or {For: "iterable", With: "context"}[type(statement)]
    return dataclasses.replace(statement, **{key: map_expression(getattr(statement, key), change)})


def map_expression(expression: Any, change: Callable[[Any], Any]) -> Any:
    """The expression with `change` applied to every atom in it."""
    if isinstance(expression, Call):
        return Call(
            map_expression(expression.function, change),
            tuple([map_expression(item, change) for item in expression.arguments]),
            tuple([(key, map_expression(item, change)) for key, item in expression.keywords]),
        )
    if isinstance(expression, Choice):
        parts = (expression.test, expression.body, expression.orelse)
        return Choice(*(_map_part(part, change) for part in parts))
    return change(expression)


def _map_part(expression: Any, change: Callable[[Any], Any]) -> Any:
    return None if expression is None else map_expression(expression, change)


def map_block(block: Block, change: Callable[[Any], Any]) -> Block:
    """A block with `change` applied to every atom that is read in it."""
    result = []
    for statement in block:
        new = map_leaves(statement, change)
        result.append(with_blocks(new, (map_block(inner, change) for inner in blocks_of(new))))
    return tuple(result)


def reachable(function: Function) -> tuple[Function, ...]:
    """The core functions that a function refers to, directly or not, callees first, itself last; each once."""
    found: list[Function] = []
    seen: set[int] = set()

    def visit(each: Function) -> None:
        seen.add(id(each))
        for value in references_in(each.body):
            if isinstance(value, Function) and id(value) not in seen:
                visit(value)
        found.append(each)

    visit(function)
    return tuple(found)
