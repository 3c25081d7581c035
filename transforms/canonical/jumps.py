"""How statements can complete: by going on to the next one, or by a jump.

`completions` looks at gast statements and at the synthetic ones below; `statements.py` uses it to remove `return`,
`break` and `continue` with as few flags as possible.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import gast

NEXT, RETURN, BREAK, CONTINUE = "next", "return", "break", "continue"
Completions = frozenset[str]
_ON: Completions = frozenset({NEXT})


@dataclass(frozen=True)
class Cases:
    """The rest of a match statement: `cases` are tried in order on the subject, whose atom is known."""

    subject: Any
    cases: tuple[Any, ...]


@dataclass(frozen=True)
class Emit:
    """Code of the lowering's own that runs as a statement of the block it stands in."""

    action: Callable[[], None]


def completions(statements: Sequence[Any]) -> Completions:
    """The ways in which a sequence of statements can complete (exceptions are not counted)."""
    result = _ON
    for statement in statements:
        if NEXT not in result:
            break
        result = (result - _ON) | completion(statement)
    return result


def completion(statement: Any) -> Completions:
    """The ways in which one statement can complete."""
    if isinstance(statement, gast.Return):
        return frozenset({RETURN})
    if isinstance(statement, gast.Break):
        return frozenset({BREAK})
    if isinstance(statement, gast.Continue):
        return frozenset({CONTINUE})
    if isinstance(statement, gast.Raise):
        return frozenset()
    if isinstance(statement, gast.If):
        return completions(statement.body) | completions(statement.orelse)
    if isinstance(statement, (gast.Match, Cases)):
        return _match(statement.cases)
    if isinstance(statement, (gast.For, gast.While)):
        return _loop(statement)
    if isinstance(statement, gast.With):
        return completions(statement.body) | _ON  # the context may swallow an exception
    if isinstance(statement, gast.Try):
        return _try(statement)
    return _ON


def is_true(test: Any) -> bool:
    """Whether the test of a `while` is a constant that is true."""
    return isinstance(test, gast.Constant) and bool(test.value)


def irrefutable(case: Any) -> bool:
    """Whether a case of a match statement takes every subject."""
    return case.guard is None and isinstance(case.pattern, gast.MatchAs) and case.pattern.pattern is None


def _match(cases: Sequence[Any]) -> Completions:
    result: Completions = frozenset()
    for case in cases:
        result |= completions(case.body)
        if irrefutable(case):
            return result
    return result | _ON


def _loop(loop: Any) -> Completions:
    body = completions(loop.body)
    result = body & {RETURN}
    if BREAK in body:
        result |= _ON
    if isinstance(loop, gast.For) or not is_true(loop.test):
        result |= completions(loop.orelse)
    return result


def _try(statement: Any) -> Completions:
    result = completions([*statement.body, *statement.orelse])
    for handler in statement.handlers:
        result |= completions(handler.body)
    final = completions(statement.finalbody)
    return result | (final - _ON) if NEXT in final else final
