"""Dead code: what nothing reads is dropped.

Comes in: any core program.  Goes out: the same program without unused pure assignments, loop-carried names that only
feed themselves, empty branches and loops, branches of constant tests, statements after a `raise`, and stores into local
containers and arrays that nobody reads.  A call whose effects are unknown stays; one whose result is unused loses its
target.

    >>> import operator
    >>> from transforms.core import Assign, Call, Const, Function, If, Ref, Return, Var
    >>> from transforms.printer import print_function
    >>> double = Call(Ref(operator.mul), (Var("x"), Const(2.0)))
    >>> body = (Assign("y", double), Assign("z", double), If(Const(True), (Assign("y", Var("x")),)), Return(Var("y")))
    >>> print(print_function(Function("f", ("x",), body)), end="")
    def f(x):
        y = x * 2.0
        z = x * 2.0
        if True:
            y = x
        return y
    >>> print(print_function(deadcode(Function("f", ("x",), body))), end="")
    def f(x):
        y = x
        return y
"""

from __future__ import annotations

import dataclasses
import operator

import numpy as np

from transforms import operations
from transforms.analyses.raising import DIVISIONS, is_ambiguous, may_miss, may_raise
from transforms.core import (
    Assign,
    Atom,
    Block,
    Call,
    Const,
    For,
    Function,
    If,
    Raise,
    Ref,
    Return,
    Statement,
    Try,
    Var,
    While,
    With,
    all_writes,
    by_identity,
    is_call_in,
    is_call_of,
    reads,
    walk,
    writes,
)
from transforms.passes.effects import ALLOCATIONS, INPLACE, NEVER_RAISES, Effect, effect_of
from transforms.values import UNKNOWN, Array, Instance, Many, Sequence

Live = frozenset[str]
NOTHING: Live = frozenset()

BUILDERS = (operations.make_list, operations.make_tape, operations.make_dict)
FRESH = (*BUILDERS, *ALLOCATIONS)
STORES = (
    operator.setitem,
    operator.delitem,
    list.append,
    list.extend,
    list.insert,
    list.pop,
    list.clear,
    dict.update,
    dict.pop,
    np.ndarray.fill,
    np.add.at,
    np.copyto,
)


_CHANGES = by_identity(*STORES, *INPLACE)
_SHARES = by_identity(operator.getitem, list.pop, dict.pop, *INPLACE)


def deadcode(function: Function, keeps_errors: bool = True) -> Function:
    """Drop what nothing reads; of what may raise, only where errors are not to be kept, as in the code of rules."""
    sweeper = _Sweeper(function, keeps_errors)
    body, _ = sweeper.block(function.body, NOTHING, NOTHING)
    return function if body == function.body else function.replace(body=body)


class _Sweeper:
    """Walks backwards with the names that are live; a name feeds others only if those are live themselves."""

    def __init__(self, function: Function, keeps_errors: bool) -> None:
        self.values, self.keeps_errors = function.values or {}, keeps_errors
        self.ranges = _ranges(function)
        self.unread = _unread_storage(function, keeps_errors)
        self.divisors: set[Atom] = set()  # by which something is divided further on, in code that stays
        self.is_guarded = 0  # how many bodies of `with`, and of `try` with handlers, we are in: raising matters

    def block(self, block: Block, after: Live, raised: Live) -> tuple[Block, Live]:
        """The block without dead code, and what is live before it; `raised` is live wherever it may be left early."""
        live = after | raised
        kept: list[Statement] = []
        for statement in _until_raise(block)[::-1]:
            new, live = self.statement(statement, live, raised)
            kept += new[::-1]
            if raised:
                live |= raised
        return tuple(kept[::-1]), live

    def statement(self, statement: Statement, live: Live, raised: Live) -> tuple[Block, Live]:
        match statement:
            case Assign():
                return self.assign(statement, live)
            case If():
                return self.branch(statement, live, raised)
            case While() | For():
                return self.loop(statement, live, raised)
            case With():
                # a context may swallow exceptions, so what is live after it is live all through it
                self.is_guarded += 1
                body, before = self.block(statement.body, live, raised | live)
                self.is_guarded -= 1
                return (dataclasses.replace(statement, body=body),), before.union(reads(statement))
            case Try():
                return self.attempt(statement, live, raised)
            case Raise():
                return (statement,), raised.union(reads(statement))
        return (statement,), live.union(reads(statement))

    def assign(self, statement: Assign, live: Live) -> tuple[Block, Live]:
        target, value = statement.target, statement.value
        if not isinstance(value, Call):
            if target not in live:
                return (), live
            return (statement,), (live - {target}).union(reads(statement))
        if target not in live and self.is_droppable(value):
            return (), live
        if target is not None and target not in live:
            statement, target = dataclasses.replace(statement, target=None), None
        if target is not None:
            live = live - {target}
        self.note_divisors(target, value)
        return (statement,), live.union(reads(statement))

    def note_divisors(self, target: str | None, call: Call) -> None:
        """Note what a call that stays divides by, or records for a backward loop that does."""
        if is_call_in(call, DIVISIONS) or is_call_of(call, list.append):
            self.divisors.update(call.arguments[1:2])
        elif is_call_of(call, operations.make_tuple) and target is not None and Var(target) in self.divisors:
            self.divisors.update(call.arguments)

    def is_droppable(self, call: Call) -> bool:
        """Whether a call whose result is not read may go."""
        if is_call_in(call, _CHANGES) and call.arguments and isinstance(call.arguments[0], Var):
            return call.arguments[0].name in self.unread
        if effect_of(call) is not Effect.PURE or self.is_error_kept(call):
            return False
        return not self.is_guarded or (isinstance(call.function, Ref) and id(call.function.value) in NEVER_RAISES)

    def is_error_kept(self, call: Call) -> bool:
        """Whether a call may raise what nothing that stays will raise in its place."""
        if not self.keeps_errors or not may_raise(call, self.values):
            return False
        return not (is_call_in(call, DIVISIONS) and call.arguments[1] in self.divisors)

    def branch(self, statement: If, live: Live, raised: Live) -> tuple[Block, Live]:
        if isinstance(statement.test, Const):
            return self.block(statement.body if statement.test.value else statement.orelse, live, raised)
        body, before = self.block(statement.body, live, raised)
        orelse, before_else = self.block(statement.orelse, live, raised)
        if not body and not orelse and not self.is_doubtful(statement.test):
            return (), live
        if body and body == orelse:
            return body, before
        before = before.union(before_else, reads(statement))
        return (dataclasses.replace(statement, body=body, orelse=orelse),), before

    def is_doubtful(self, test: Atom) -> bool:
        """Whether asking for the truth of a test may raise."""
        return self.keeps_errors and isinstance(test, Var) and is_ambiguous(self.values.get(test.name, UNKNOWN))

    def loop(self, statement: While | For, live: Live, raised: Live) -> tuple[Block, Live]:
        if isinstance(statement, While) and isinstance(statement.test, Const) and not statement.test.value:
            return (), live
        if self.is_idle_loop(statement, live, raised):
            return (), live
        own = live.union(reads(statement)) if isinstance(statement, While) else live
        head = own
        targets = set(writes(statement))
        while True:
            body, before = self.block(statement.body, head, raised)
            new = head | (before - targets)
            if new == head:
                break
            head = new
        if (
            isinstance(statement, For)
            and not body
            and self.is_plain(statement.iterable)
            and statement.target not in live
        ):
            return (), live
        return (dataclasses.replace(statement, body=body),), head.union(reads(statement))

    def is_idle_loop(self, statement: While | For, live: Live, raised: Live) -> bool:
        """Whether a loop computes nothing that is read after it, and does nothing else; it is taken to end."""
        if self.is_guarded or (isinstance(statement, For) and not self.is_plain(statement.iterable)):
            return False
        if isinstance(statement, While) and isinstance(statement.test, Const):
            return False
        written = {*all_writes(statement.body), *writes(statement)}
        if not written.isdisjoint(live | raised):
            return False
        if isinstance(statement, While) and not (isinstance(statement.test, Var) and statement.test.name in written):
            return False
        return all(self.is_idle(inner) for inner in walk(statement.body))

    def is_idle(self, statement: Statement) -> bool:
        match statement:
            case Assign(value=Call() as call):
                return self.is_droppable(call)
            case Assign() | If():
                return True
            case For():
                return self.is_plain(statement.iterable)
        return False

    def is_plain(self, iterable: Atom) -> bool:
        """Whether iterating has no effect of its own, as it has on a generator."""
        if isinstance(iterable, Const):
            return isinstance(iterable.value, (tuple, str, bytes))
        if not isinstance(iterable, Var):
            return False
        value = self.values.get(iterable.name)
        if isinstance(value, Instance):
            return value.kind is range
        return isinstance(value, (Sequence, Many)) or iterable.name in self.ranges

    def attempt(self, statement: Try, live: Live, raised: Live) -> tuple[Block, Live]:
        final, leave = self.block(statement.finalbody, live | raised, raised)
        caught, handlers = leave.union(reads(statement)), []
        for handler in statement.handlers:
            body, before = self.block(handler.body, leave, leave)
            caught |= before - {handler.name} if handler.name else before
            handlers.append(dataclasses.replace(handler, body=body))
        orelse, before = self.block(statement.orelse, leave, leave)
        self.is_guarded += bool(handlers)
        body, before = self.block(statement.body, before, caught)
        self.is_guarded -= bool(handlers)
        if not body:  # nothing can be raised
            return (*orelse, *final), self.block((*orelse, *final), live, raised)[1]
        if not handlers and not final:
            return (*body, *orelse), self.block((*body, *orelse), live, raised)[1]
        return (Try(body, tuple(handlers), orelse, final, statement.origin),), before


def _until_raise(block: Block) -> Block:
    for position, statement in enumerate(block):
        if isinstance(statement, Raise):
            rest = block[position + 1 :]
            # a function ends in its return, reached or not
            return (*block[: position + 1], *(s for s in rest if isinstance(s, Return)))
    return block


def _ranges(function: Function) -> set[str]:
    """Names that are only ever bound to a `range`."""
    ranges: set[str] = set()
    others: set[str] = set(function.parameters)
    for statement in walk(function.body):
        if isinstance(statement, Assign) and statement.target and is_call_of(statement.value, range):
            ranges.add(statement.target)
        else:
            others.update(writes(statement))
    return ranges - others


def _unread_storage(function: Function, keeps_errors: bool) -> frozenset[str]:
    """Names of fresh containers and arrays, and of views of them, that are stored into but never read."""
    statements = list(walk(function.body))
    if not any(isinstance(statement, Assign) and is_call_in(statement.value, _CHANGES) for statement in statements):
        return frozenset()
    storage = _Storage(function, keeps_errors)
    for statement in statements:
        storage.bind(statement)
    storage.settle()
    return frozenset(name for name in storage.parent if not storage.is_read(name))


class _Storage:
    """Classes of names that share storage (union-find), and those of them that are read or come from elsewhere.

    A container and what is taken out of it are one class; what is put into it is another one, which is `held`.
    """

    def __init__(self, function: Function, keeps_errors: bool) -> None:
        self.values = function.values or {}
        self.parent: dict[str, str] = {}
        self.alive: set[str] = set()
        self.read: set[str] = set()
        self.held: dict[tuple[str, str], None] = {}  # (container, item)
        self.made: set[str] = set()  # names of what is made here; others may stand for what was taken out of something
        self.changed: set[str] = set()
        self.containers: set[str] = set()
        self.alive.update(map(self.find, function.parameters))
        for statement in walk(function.body):
            match statement:
                case Assign(value=Call() as call) if keeps_errors and may_miss(call, self.values):
                    self.read.update(reads(statement))
                case Assign(value=Call() as call) if is_call_in(call, _CHANGES):
                    self.hold(call.atoms[0], call)
                    if isinstance(call.atoms[0], Var):
                        self.changed.add(call.atoms[0].name)
                    self.read.update(a.name for a in call.atoms[1:] if isinstance(a, Var))
                case Assign(target=str() as target, value=Call() as call) if is_call_of(call, *BUILDERS):
                    self.hold(Var(target), call)
                    self.containers.add(target)
                    self.read.update(reads(statement))
                case Assign(value=Call() as call) if is_call_of(call, operator.getitem) and not (
                    keeps_errors and may_raise(call, self.values)
                ):
                    self.read.update(a.name for a in call.atoms[1:] if isinstance(a, Var))
                case Assign(value=Var()):
                    pass
                case _:
                    self.read.update(reads(statement))

    def hold(self, container: Atom, call: Call) -> None:
        """What a call is given may be an item of the container from now on; arrays copy what they are given."""
        if isinstance(container, Var) and not isinstance(self.values.get(container.name), Array):
            items = (atom for atom in call.atoms if isinstance(atom, Var) and atom != container)
            self.held.update(((container.name, item.name), None) for item in items)

    def settle(self) -> None:
        """What is changed after it was taken out of a container counts as read where what was put in does."""
        self.alive.update(map(self.find, self.read))
        indirect = {self.find(name) for name in self.changed - self.made} & set(map(self.find, self.containers))
        size = -1
        while size < len(self.alive):
            size = len(self.alive)
            for container, item in self.held:
                if self.is_read(item) and self.find(container) in indirect:
                    self.alive.add(self.find(container))

    def find(self, name: str) -> str:
        self.parent.setdefault(name, name)
        while self.parent[name] != name:
            name = self.parent[name]
        return name

    def join(self, first: str, second: str) -> None:
        one, two = self.find(first), self.find(second)
        if one == two:
            return
        self.parent[two] = one
        if two in self.alive:
            self.alive.add(one)

    def bind(self, statement: Statement) -> None:
        match statement:
            case Assign(target=str() as target, value=Call() as call):
                first = call.arguments[0] if call.arguments else None
                if is_call_in(call, _SHARES) and isinstance(first, Var):
                    self.join(target, first.name)
                elif is_call_of(call, *FRESH):
                    self.find(target)
                    self.made.add(target)
                else:
                    self.alive.add(self.find(target))
            case Assign(target=str() as target, value=Var() as source):
                self.join(target, source.name)
            case _:
                self.alive.update(map(self.find, writes(statement)))

    def is_read(self, name: str) -> bool:
        return self.find(name) in self.alive
