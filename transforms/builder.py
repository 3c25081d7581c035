"""Small pieces that the rewriters share: a statement builder, names that are read before they are bound, and handlers
that pass on what the run time refuses."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from transforms import registry, runtime
from transforms.core import (
    Assign,
    Atom,
    Block,
    Call,
    Const,
    For,
    Function,
    Handler,
    If,
    Names,
    Origin,
    Raise,
    Ref,
    Statement,
    Try,
    Var,
    While,
    blocks_of,
    reads,
    writes,
)


class Builder:
    """Collects statements; every operation gets a temporary name unless one is given."""

    def __init__(self, names: Names, origin: Origin | None = None) -> None:
        self.names, self.origin = names, origin
        self.statements: list[Statement] = []

    def call(self, function: Any, *operands: Atom, target: str | None = None, **keywords: Atom) -> Var:
        target = target or self.names.temporary()
        self.bind(target, Call(as_ref(function), operands, tuple(keywords.items())))
        return Var(target)

    def do(self, function: Any, *operands: Atom, **keywords: Atom) -> None:
        """A call for its effect."""
        self.statements.append(Assign(None, Call(as_ref(function), operands, tuple(keywords.items())), self.origin))

    def bind(self, target: str, value: Any) -> None:
        self.statements.append(Assign(target, value, self.origin))

    def add(self, statements: Any) -> None:
        self.statements.extend(statements)


def as_ref(function: Any) -> Atom:
    return function if isinstance(function, (Ref, Var, Const)) else Ref(function)


def free_reads(block: Block | list[Statement]) -> list[str]:
    """The names that a block reads before it is sure to have bound them, in order of first occurrence."""
    found: dict[str, None] = {}
    _free(block, set(), found)
    return list(found)


def surely_bound(block: Block | list[Statement], before: Iterable[str]) -> set[str]:
    """The names that are bound after a block on every path that reaches its end."""
    return _free(block, set(before), {})


def _free(block: Block | list[Statement], bound: set[str], found: dict[str, None]) -> set[str]:
    """Adds to `found`; returns the names that are bound after the block."""
    for statement in block:
        for name in reads(statement):
            if name not in bound:
                found[name] = None
        match statement:
            case If():
                after = [_free(inner, set(bound), found) for inner in blocks_of(statement)]
                bound = after[0] & after[1]
            case While() | For():
                inner_bound = set(bound) | set(writes(statement))
                _free(statement.body, inner_bound, found)
            case Try():
                for inner in blocks_of(statement):
                    _free(inner, set(bound) | set(writes(statement)), found)
            case _:
                bound = bound | set(writes(statement))
                for inner in blocks_of(statement):
                    bound = _free(inner, bound, found)
    return bound


def may_catch_refusals(handler: Handler) -> bool:
    """Whether a handler of the program may be taken for one of what has no derivative."""
    caught = handler.exception
    if isinstance(caught, Ref) and isinstance(caught.value, type):
        return issubclass(runtime.DerivativeRefused, caught.value)
    return True


def may_refuse(statement: Statement) -> bool:
    """Whether a statement of the primal sweep may find that there is no derivative."""
    if not isinstance(statement, Assign) or not isinstance(statement.value, Call):
        return False
    function = statement.value.function
    return not isinstance(function, Ref) or isinstance(function.value, Function) or registry.is_helper(function.value)


def passing_refusals_on(origin: Origin | None) -> Handler:
    """The handler that has no handler of the program catch them."""
    name = "runtime.DerivativeRefused"
    return Handler(Ref(runtime.DerivativeRefused, name), None, (Raise(None, None, origin),))


__all__ = [
    "Builder",
    "Function",
    "as_ref",
    "free_reads",
    "may_catch_refusals",
    "may_refuse",
    "passing_refusals_on",
    "surely_bound",
]
