"""Liveness: for every place of a program, the names whose values may still be read.

In goes a block and the names that are read after it; out comes a `LiveBlock`, a tree of the same shape as the block.
Exceptions are taken into account: what a handler or a `finally` reads is live everywhere in the `try` body.

    >>> from transforms.core import Assign, Call, Ref, Return, Var
    >>> import operator
    >>> body = (Assign("y", Call(Ref(operator.add), (Var("x"), Var("x")))), Return(Var("y")))
    >>> live = liveness(body)
    >>> sorted(live.before), [sorted(names) for names in live.after]
    (['x'], [['y'], []])
"""

from __future__ import annotations

from dataclasses import dataclass

from transforms import core

NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class LiveBlock:
    """Liveness of one block: `before` it, `after` each statement, at the `heads` of its loops, and inside of it.

    The head of a loop is the place that every iteration starts from and that the loop is left from; for a statement
    that is not a loop the entry is empty.  `inner` has the nested blocks of each statement, as `core.blocks_of` does.
    """

    before: frozenset[str]
    after: tuple[frozenset[str], ...]
    heads: tuple[frozenset[str], ...]
    inner: tuple[tuple[LiveBlock, ...], ...]


def liveness(block: core.Block, after: frozenset[str] = NOTHING, raised: frozenset[str] = NOTHING) -> LiveBlock:
    """Liveness of a block, where `after` is read after it, and `raised` where it is left by an exception."""
    live = after | raised if raised else after
    afters, heads, inners = [], [], []
    for statement in reversed(block):
        afters.append(live)
        head: frozenset[str] = NOTHING
        inner: tuple[LiveBlock, ...] = ()
        match statement:
            case core.Assign():
                live = _assign(statement, live)
            case core.If():
                inner = (liveness(statement.body, live, raised), liveness(statement.orelse, live, raised))
                live = inner[0].before | inner[1].before | set(core.reads(statement))
            case core.While() | core.For():
                head, block_live = _loop(statement, live, raised)
                inner = (block_live,)
                live = head | set(core.reads(statement))
            case core.With():
                inner = (liveness(statement.body, live, raised),)
                live = (inner[0].before - set(core.writes(statement))) | set(core.reads(statement))
            case core.Try():
                inner = _try(statement, live, raised)
                live = inner[0].before
            case core.Raise():
                live = raised | set(core.reads(statement))
            case core.Return():
                live = raised | set(core.reads(statement))
        if raised:
            live |= raised
        heads.append(head)
        inners.append(inner)
    return LiveBlock(live, tuple(afters[::-1]), tuple(heads[::-1]), tuple(inners[::-1]))


def _assign(statement: core.Assign, live: frozenset[str]) -> frozenset[str]:
    if statement.target is not None and statement.target in live:
        live = live - {statement.target}
    names = core.reads(statement)
    return live.union(names) if names else live


def _loop(
    statement: core.While | core.For, after: frozenset[str], raised: frozenset[str]
) -> tuple[frozenset[str], LiveBlock]:
    head = after.union(core.reads(statement)) if isinstance(statement, core.While) else after
    targets = set(core.writes(statement))
    while True:
        body = liveness(statement.body, head, raised)
        new = head | (body.before - targets)
        if new == head:
            return head, body
        head = new


def _try(statement: core.Try, after: frozenset[str], raised: frozenset[str]) -> tuple[LiveBlock, ...]:
    # The finally block runs on the way out in every case; afterwards either the program goes on or the exception does.
    final = liveness(statement.finalbody, after | raised, raised)
    leave, thrown = final.before, final.before
    if raised != after:
        leave = liveness(statement.finalbody, after, raised).before
        thrown = liveness(statement.finalbody, raised, raised).before
    handlers = [liveness(handler.body, leave, thrown) for handler in statement.handlers]
    orelse = liveness(statement.orelse, leave, thrown)
    caught = thrown
    for handler, live in zip(statement.handlers, handlers):
        caught |= live.before - {handler.name} if handler.name else live.before
    caught |= set(core.reads(statement))
    body = liveness(statement.body, orelse.before, caught)
    return (body, *handlers, orelse, final)
