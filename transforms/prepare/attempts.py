"""Split try statements whose bodies leave something behind when they fail.

Reverse mode goes back through the body of a `try` as a whole or not at all.  Where a handler, or what follows, reads a
number that the body had assigned before an exception left it, or memory that it had changed, the body is cut after each
such statement; what may fail stays in a `try` of its own, whose handler only notes what was caught.

    try:                            caught = 0
        y = x * x                   try: _1 = x * x
        y = y * math.log(x)         except ValueError: caught = 1
    except ValueError:              else:
        y = y * 3.0           =>        y = _1
                                        try: _2 = y * math.log(x)
                                        except ValueError: caught = 1
                                        else: y = _2
                                    if caught == 1: y = y * 3.0

Program in, program out; the types of the new names are found again by specialisation.
"""

from __future__ import annotations

import dataclasses
import operator
from collections.abc import Sequence

from transforms.analyses.activity import changed_operands
from transforms.analyses.liveness import LiveBlock, liveness
from transforms.analyses.regions import INPLACE, Summaries
from transforms.core import (
    Assign,
    Block,
    Call,
    Const,
    For,
    Function,
    Handler,
    If,
    Names,
    Raise,
    Ref,
    Statement,
    Try,
    Var,
    While,
    all_writes,
    blocks_of,
    names_in,
    rename,
    walk,
    with_blocks,
)
from transforms.values import UNKNOWN, Array, Instance, Many, Value, may_be_differentiable
from transforms.values import Sequence as Items

LARGEST_SPLIT = 24  # places where a body is cut; each is a level of nesting
# calls that change their first operand at once or, where they fail, not at all
ATOMIC = (operator.setitem, operator.delitem, setattr, delattr, list.append, list.pop, *INPLACE)


def split_attempts(function: Function, summaries: Summaries) -> Function:
    """The function with those try statements split of whose unfinished bodies something is read."""
    if not any(isinstance(statement, Try) and statement.handlers for statement in walk(function.body)):
        return function
    splitter = _Splitter(function, summaries)
    body = splitter.block(function.body, liveness(function.body), is_guarded=False)
    return function if body == function.body else function.replace(body=body)


class _Splitter:
    def __init__(self, function: Function, summaries: Summaries) -> None:
        self.values: dict[str, Value] = dict(function.values or {})
        self.names = Names(names_in(function))
        self.summaries = summaries

    def block(self, block: Block, live: LiveBlock, is_guarded: bool) -> Block:
        """The block with the try statements in it split; `is_guarded`: a handler around it may read what it leaves."""
        result: list[Statement] = []
        for statement, inner_live in zip(block, live.inner):
            guards = is_guarded or (isinstance(statement, Try) and bool(statement.handlers))
            inner = [
                self.block(inner, inner_live[number], guards if number == 0 else is_guarded)
                for number, inner in enumerate(blocks_of(statement))
            ]
            new = with_blocks(statement, inner) if inner else statement
            if isinstance(statement, Try) and isinstance(new, Try):
                result += self.attempt(statement, new, inner_live, is_guarded)
            else:
                result.append(new)
        return tuple(result)

    def attempt(self, old: Try, new: Try, live: tuple[LiveBlock, ...], is_guarded: bool) -> Sequence[Statement]:
        read = frozenset().union(*(handler.before for handler in live[1:-2]))
        cut = _Cut(self, new, self._left_behind(old, read))
        statements: Sequence[Statement] = [new]
        if new.handlers and cut.is_needed(new.body):
            statements = cut.split(dataclasses.replace(new, finalbody=()))
            if new.finalbody and not is_guarded:
                return [Try(tuple(statements), (), (), new.finalbody, new.origin)]
        elif new.finalbody and is_guarded and new.handlers:
            statements = [dataclasses.replace(new, finalbody=())]
        if not new.finalbody or not is_guarded:
            return statements
        body = tuple(statements) if new.handlers else (*new.body, *new.orelse)
        final = _Cut(
            self,
            Try(body, (Handler(Ref(BaseException, "BaseException"), None, ()),), (), (), new.origin),
            self._left_behind(old, live[-1].before),
        )
        return final.split_finally(new.finalbody) if final.is_needed(body) else [new]

    def _left_behind(self, statement: Try, read: frozenset[str]) -> frozenset[str]:
        """The names with numbers that a body assigns and that are read where it may not have been finished."""
        written = all_writes(statement.body)
        return frozenset(n for n in read & written if may_be_differentiable(self.values.get(n, UNKNOWN)))


class _Cut:
    """One try statement that is split."""

    def __init__(self, splitter: _Splitter, statement: Try, left: frozenset[str]) -> None:
        self.splitter, self.statement, self.left = splitter, statement, left
        self.names, self.values = splitter.names, splitter.values
        self.origin = statement.origin

    # ------------------------------------------------------------------------------------------ what is left behind

    def is_needed(self, body: Block) -> bool:
        """Whether something is left behind by a statement that is not the last one, or that may half happen."""
        cuts = sum(self.leaves(inner) and isinstance(inner, Assign) for inner in walk(body))
        unfinished, last = may_be_unfinished(body)
        is_whole = last is None or isinstance(last, Assign) or not self.leaves(last)
        return 0 < cuts <= LARGEST_SPLIT and (any(map(self.leaves, unfinished)) or not is_whole)

    def leaves(self, statement: Statement) -> bool:
        """Whether a statement leaves something behind that a handler may see."""
        if isinstance(statement, Assign):
            return statement.target in self.left or self.changes(statement)
        return any(self.leaves(inner) for block in blocks_of(statement) for inner in block)

    def changes(self, statement: Assign) -> bool:
        """Whether a statement changes memory in place that may be differentiated."""
        call = statement.value
        if not isinstance(call, Call):
            return False
        if isinstance(call.function, Ref) and isinstance(call.function.value, Function):
            summary = self.splitter.summaries(call.function.value)
            return bool(summary.mutated) or summary.changes_captured
        operands = (atom for atom in changed_operands(call) if isinstance(atom, Var))
        return any(may_be_differentiable(self.values.get(atom.name, UNKNOWN)) for atom in operands)

    # --------------------------------------------------------------------------------------------------- the pieces

    def split(self, statement: Try) -> list[Statement]:
        """The pieces of the body, then the handler of what was caught, or the `else` clause."""
        self.caught = self.names.fresh("caught")
        self.errors = [self.names.fresh("error") for _ in statement.handlers]
        result: list[Statement] = [Assign(self.caught, Const(0), self.origin), *self.pieces(statement.body)]
        otherwise: Block = statement.orelse
        for number in range(len(statement.handlers), 0, -1):
            handler, error = statement.handlers[number - 1], self.errors[number - 1]
            body = rename(handler.body, {handler.name: error}) if handler.name else handler.body
            test = self.names.temporary()
            otherwise = (
                Assign(test, Call(Ref(operator.eq), (Var(self.caught), Const(number))), self.origin),
                If(Var(test), _raising_again(body, error), otherwise, self.origin),
            )
        return [*result, *otherwise]

    def split_finally(self, final: Block) -> list[Statement]:
        """The pieces of the body, the `finally` clause, and the exception again if there was one."""
        self.caught, self.errors = self.names.fresh("caught"), [self.names.fresh("error")]
        test = self.names.temporary()
        return [
            Assign(self.caught, Const(0), self.origin),
            *self.pieces(self.statement.body),
            *final,
            Assign(test, Call(Ref(operator.eq), (Var(self.caught), Const(1))), self.origin),
            If(Var(test), (Raise(Var(self.errors[0]), None, self.origin),), (), self.origin),
        ]

    def pieces(self, block: Block) -> list[Statement]:
        """The statements of a block, those that may fail each in a try statement that leaves nothing behind."""
        places = (place for place, statement in enumerate(block) if self.leaves(statement))
        position = next(places, None)
        if position is None:
            return self.protected(block)
        before, statement, rest = block[:position], block[position], block[position + 1 :]
        if isinstance(statement, Assign) and not isinstance(statement.value, Call):
            return self.then(self.protected(before), [statement, *self.pieces(rest)])
        if isinstance(statement, Assign) and not self.changes(statement):
            # y = f(x): what may fail comes first
            name = self.names.temporary()
            first = Assign(name, statement.value, statement.origin)
            copy = Assign(statement.target, Var(name), statement.origin)
            return self.then(self.protected((*before, first)), [copy, *self.pieces(rest)])
        inner = self.compound(statement)
        if inner is None:
            return self.then(self.protected((*before, statement)), self.pieces(rest))
        return self.then(self.protected(before), self.then(inner, self.pieces(rest)))

    def compound(self, statement: Statement) -> list[Statement] | None:
        """A branch, loop or try statement with its blocks in pieces; None for what can only be taken as a whole."""
        match statement:
            case If():
                return [with_blocks(statement, [tuple(self.pieces(block)) for block in blocks_of(statement)])]
            case For() if self.is_finite(statement):
                return [with_blocks(statement, [tuple(self.unless_caught(self.pieces(statement.body)))])]
            case While(test=test):
                running = test.name if isinstance(test, Var) else self.names.fresh("running")
                start = [] if isinstance(test, Var) else [Assign(running, test, statement.origin)]
                body = self.unless_caught(self.pieces(statement.body))
                body += self.unless_caught([], (Assign(running, Const(False), statement.origin),))
                return [*start, While(Var(running), tuple(body), statement.origin)]
            case Try(finalbody=()) if not self.leaves(dataclasses.replace(statement, orelse=())):
                return self.inner_attempt(statement)
        return None

    def inner_attempt(self, statement: Try) -> list[Statement]:
        """A try statement inside whose `else` clause alone leaves something behind."""
        completed = self.names.fresh("completed")
        fails = Assign(completed, Const(False), statement.origin)
        handlers = tuple(dataclasses.replace(h, body=(fails, *h.body)) for h in statement.handlers)
        whole = dataclasses.replace(statement, handlers=handlers, orelse=())
        orelse = If(Var(completed), tuple(self.pieces(statement.orelse)), (), statement.origin)
        return [Assign(completed, Const(True), statement.origin), *self.then(self.protected((whole,)), [orelse])]

    def is_finite(self, statement: For) -> bool:
        """Whether it makes no difference if a loop goes on doing nothing."""
        value = self.values.get(statement.iterable.name) if isinstance(statement.iterable, Var) else None
        return isinstance(value, (Items, Many, Array)) or value == Instance(range)

    def protected(self, block: Block) -> list[Statement]:
        """The block in a try statement whose handlers note what was caught; as it is where it cannot fail."""
        if not any(_may_fail(statement) for statement in block):
            return list(block)
        handlers = []
        for number, (handler, error) in enumerate(zip(self.statement.handlers, self.errors), 1):
            name = self.names.fresh("error")
            exception = handler.exception or Ref(BaseException, "BaseException")
            noted = (Assign(error, Var(name), self.origin), Assign(self.caught, Const(number), self.origin))
            handlers.append(Handler(exception, name, noted))
        return [Try(tuple(block), tuple(handlers), (), (), self.origin)]

    def then(self, first: list[Statement], rest: list[Statement]) -> list[Statement]:
        """One after the other, the second only where nothing was caught in the first."""
        if not rest:
            return first
        if not any(isinstance(inner, Try) for inner in walk(tuple(first))):
            return [*first, *rest]
        last = first[-1]
        if isinstance(last, Try) and not last.orelse:
            return [*first[:-1], dataclasses.replace(last, orelse=tuple(rest))]
        return [*first, *self.unless_caught(rest)]

    def unless_caught(self, body: Sequence[Statement], otherwise: Block = ()) -> list[Statement]:
        test = self.names.temporary()
        is_well = Assign(test, Call(Ref(operator.eq), (Var(self.caught), Const(0))), self.origin)
        return [is_well, If(Var(test), tuple(body), otherwise, self.origin)]


def may_be_unfinished(body: Block) -> tuple[Block, Statement | None]:
    """The statements that something may fail after, and the last one that may fail itself."""
    end = len(body)
    while end and not _may_fail(body[end - 1]):
        end -= 1
    return body[: max(end - 1, 0)], body[end - 1] if end else None


def _may_fail(statement: Statement) -> bool:
    return not isinstance(statement, Assign) or isinstance(statement.value, Call)


def _raising_again(block: Block, error: str) -> Block:
    """The body of a handler that stands outside of it: a bare `raise` names its exception."""
    result: list[Statement] = []
    for statement in block:
        if isinstance(statement, Raise) and statement.exception is None:
            statement = dataclasses.replace(statement, exception=Var(error))
        elif isinstance(statement, Try):
            inner = [_raising_again(statement.body, error), *(handler.body for handler in statement.handlers)]
            inner += [_raising_again(statement.orelse, error), _raising_again(statement.finalbody, error)]
            statement = with_blocks(statement, inner)
        else:
            statement = with_blocks(statement, [_raising_again(inner, error) for inner in blocks_of(statement)])
        result.append(statement)
    return tuple(result)
