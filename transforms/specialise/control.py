"""Control flow, specialised: blocks, branches, loops, `with` and `try`.

Branches on known tests are folded, loops over few items of different structure unrolled.  A loop is swept until the
values of its carried names no longer change, and the last sweep is what is kept.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Iterator
from typing import Any

from transforms import core, runtime
from transforms.analyses.liveness import LiveBlock
from transforms.analyses.raising import is_ambiguous
from transforms.core import Assign, Call, Const, Ref, Var
from transforms.inference import FRESH, item_value, renamed_any
from transforms.specialise import generators
from transforms.specialise.binding import Binding, may_hold_mutable
from transforms.specialise.calls.closures import is_choice
from transforms.specialise.calls.iterating import loop_items
from transforms.specialise.calls.questions import truth, truth_of_choice
from transforms.specialise.calls.unrolling import unrolled_items
from transforms.specialise.choices import Sides
from transforms.specialise.joins import Carried, Joins, first_guess, leaf_of
from transforms.specialise.session import Session
from transforms.values import UNKNOWN, Instance, Known, Literal, Record


class Control(Joins):
    """Control flow, specialised."""

    def __init__(self, session: Session, source: core.Function, live: LiveBlock, parameters: tuple[str, ...]) -> None:
        super().__init__(session, source, live, parameters)
        self.merged: dict[tuple[int, int], generators.Merged] = {}
        self.lists: dict[tuple[str, int, int], tuple[Assign, core.For, Assign]] = {}  # of what generators give

    def reset(self) -> None:
        super().reset()
        self.merging: list[int] = []  # the generators whose statements are being swept
        self.droppable: set[str] = set()  # names of calls that have no effect
        self.statement: Assign | None = None  # the present one

    def assign(self, statement: Assign) -> None:
        """Sweep one operation."""
        raise NotImplementedError

    def give_result(self, statement: core.Return) -> None:
        """Sweep the end of the function."""
        raise NotImplementedError

    def block(self, block: core.Block, live: LiveBlock) -> bool:
        """Sweep a block; whether its end can be reached."""
        for index, statement in enumerate(block):
            self.origin = statement.origin
            match statement:
                case Assign():
                    self.assign(statement)
                case core.If():
                    if not self.branch(statement, live.after[index], live.inner[index]):
                        return False
                case core.For():
                    if not self.for_loop(statement, live.heads[index], live.inner[index][0], live.after[index]):
                        return False
                case core.While():
                    if not self.while_loop(statement, live.heads[index], live.inner[index][0]):
                        return False
                case core.With():
                    if not self.context(statement, live.inner[index][0], live.after[index]):
                        return False
                case core.Try():
                    self.attempt(statement, live.inner[index])
                case core.Raise():
                    self.out.append(core.map_atoms(statement, lambda atom: self.atom(self.operand(atom))))
                    return False
                case core.Return():
                    self.give_result(statement)
        return True

    def context(self, statement: core.With, live: LiveBlock, after: frozenset[str]) -> bool:
        """`with`: of an object of a user's class, the calls of its two methods are written out."""
        context = self.operand(statement.context)
        if isinstance(context, generators.Suspended) and generators.can_merge(self, context, as_context=True):
            return generators.merge(self, context, statement, after)
        atom = self.atom(context)
        kind = context.value.kind if isinstance(context.value, (Record, Instance)) else object
        methods = [inspect.getattr_static(kind, name, None) for name in ("__enter__", "__exit__")]
        enter, leave = (m if isinstance(m, types.FunctionType) and self.session.read(m) else None for m in methods)
        if enter is not None and leave is not None:
            self.enter_and_leave(statement, live, context, enter, leave)
            return True
        outer, self.out = self.out, []
        name = None
        if statement.target is not None:
            if statement.target in self.shared:
                name = statement.target
                self.bind_shared_value(name, UNKNOWN)
            else:
                name = self.new_name(statement.target)
                self.values[name] = UNKNOWN
                self.env[statement.target] = Binding(Var(name), UNKNOWN)
        origin = statement.origin
        self.block(statement.body, live)
        outer.append(core.With(atom, name, tuple(self.out), origin))
        self.out = outer
        return True

    def enter_and_leave(self, statement: core.With, live: LiveBlock, context: Binding, enter: Any, leave: Any) -> None:
        """`target = context.__enter__()`, the body, and `context.__exit__(None, None, None)`; where an exception leaves
        the body, a guard calls `__exit__` with it."""
        apply, target = self.calls.apply, statement.target
        hint = None if target is None or target in self.shared else target
        entered = apply(Binding(Ref(enter), Known(enter)), [context], {}, hint, True)
        if target is not None and target in self.shared:
            self.bind_shared(target, entered)
        elif target is not None:
            self.env[target] = entered
        guard = self.emit(None, Call(Ref(runtime.ExitGuard), (self.atom(context),)), Instance(runtime.ExitGuard))
        outer, self.out = self.out, []
        self.block(statement.body, live)
        outer.append(core.With(self.atom(guard), None, tuple(self.out), statement.origin))
        self.out, self.origin = outer, statement.origin
        none = Binding(Const(None), Literal(None))
        apply(Binding(Ref(leave), Known(leave)), [context, none, none, none], {}, None, False)

    def attempt(self, statement: core.Try, live: tuple[LiveBlock, ...]) -> None:
        outer, before = self.out, self.env
        origin = statement.origin

        def inner(block: core.Block, block_live: LiveBlock, env: dict[str, Binding]) -> core.Block:
            self.out, self.env = [], env
            self.block(block, block_live)
            return tuple(self.out)

        tests = [None if h.exception is None else self.atom(self.operand(h.exception)) for h in statement.handlers]
        inside = dict(before)
        body = inner(statement.body, live[0], inside)
        handlers = []
        for handler, test, block_live in zip(statement.handlers, tests, live[1:-2]):
            caught = dict(before)
            name = handler.name
            if name is not None:
                if name in self.shared:
                    self.bind_shared_value(name, UNKNOWN)
                else:
                    new = self.new_name(name)
                    self.values[new] = UNKNOWN
                    caught[name] = Binding(Var(new), UNKNOWN)
                    name = new
            handlers.append(core.Handler(test, name, inner(handler.body, block_live, caught)))
        orelse = inner(statement.orelse, live[-2], inside)
        final = inner(statement.finalbody, live[-1], dict(before))
        self.out, self.env = outer, before
        self.out.append(core.Try(body, tuple(handlers), orelse, final, origin))

    # -------------------------------------------------------------------------------------------------------- branches

    def test(self, atom: core.Atom) -> Binding:
        """The condition of a branch or loop: of a choice among functions, whether the one that was chosen is true."""
        test = self.operand(atom)
        return truth_of_choice(self.calls, test) if is_choice(test.value) else test

    def branch(self, statement: core.If, after: frozenset[str], live: tuple[LiveBlock, ...]) -> bool:
        test = self.test(statement.test)
        known = truth(self.calls, test)
        if known is not None:
            return self.block(statement.body, live[0]) if known else self.block(statement.orelse, live[1])
        origin, outer, before, path = self.origin, self.out, self.env, self.path
        envs: list[dict[str, Binding]] = []
        outs: list[list[core.Statement]] = []
        reaching: list[int] = []
        mark = len(self.names.log)
        for index, block in enumerate((statement.body, statement.orelse)):
            self.env, self.out = dict(before), []
            if self.block(block, live[index]):
                reaching.append(index)
            envs.append(self.env)
            outs.append(self.out)
        self.path, self.origin = path, origin
        self.env, self.out = before, outer
        if len(reaching) == 2:
            sides = Sides(test, outs, set(self.names.log[mark:]))
            for name in dict.fromkeys((*_ordered_writes(statement.body), *_ordered_writes(statement.orelse))):
                if name in after and name not in self.shared:
                    self.join_branches(name, envs, sides)
        elif reaching:
            self.env = envs[reaching[0]]
        self.out = outer
        if outs[0] or outs[1]:
            self.out.append(core.If(self.atom(test), tuple(outs[0]), tuple(outs[1]), origin))
        elif is_ambiguous(test.value):
            self.effect(Call(Ref(bool), (self.atom(test),)))
        return bool(reaching)

    # ----------------------------------------------------------------------------------------------------------- loops

    def while_loop(self, statement: core.While, head: frozenset[str], live: LiveBlock) -> bool:
        test = self.test(statement.test)
        if truth(self.calls, test) is False:
            return True
        return self.loop(statement, head, live, None)

    def for_loop(self, statement: core.For, head: frozenset[str], live: LiveBlock, after: frozenset[str]) -> bool:
        iterable = generators.iterated(self, self.operand(statement.iterable))
        if isinstance(iterable, generators.Suspended) and generators.can_merge(self, iterable):
            return generators.merge(self, iterable, statement, after)
        iterable = loop_items(self.calls, iterable)
        items = unrolled_items(self.calls, iterable, statement)
        if items is None:
            return self.loop(statement, head, live, iterable)
        path, loops = self.path, self.loops
        for number, make in enumerate(items):
            self.path, self.loops = (*path, number), (*loops, (id(statement), number))
            self.origin = statement.origin
            if statement.target in self.shared:
                self.bind_shared(statement.target, make())
            else:
                self.env[statement.target] = make()
            if not self.block(statement.body, live):
                return False
        self.path, self.loops = path, loops
        return True

    def loop(
        self, statement: core.For | core.While, head: frozenset[str], live: LiveBlock, iterable: Binding | None
    ) -> bool:
        """Interpret the body until the guesses at what it carries hold, and write the loop."""
        outer, before, path, origin = self.out, self.env, self.path, statement.origin
        iterable_atom = self.atom(iterable) if iterable is not None else None
        names = [n for n in dict.fromkeys(_ordered_writes(statement.body)) if n in head and n not in self.shared]
        carried: dict[str, Carried] = {name: first_guess(before.get(name)) for name in names}
        if isinstance(statement, core.While) and isinstance(statement.test, Var) and statement.test.name in carried:
            carried[statement.test.name] = leaf_of(before.get(statement.test.name))
        loops, self.loops = self.loops, (*self.loops, id(statement))
        while True:
            mark = (len(self.names.log), dict(self.names.counters), self.emitted)
            self.env, self.out, self.path, self.origin = dict(before), [], path, origin
            headers = {name: self.header(name, guess) for name, guess in carried.items()}
            self.env.update(headers)
            target, test = self.loop_head(statement, iterable)
            reaches = self.block(statement.body, live)
            changed = False
            if reaches:
                for name in names:
                    new = self.revised(carried[name], headers[name], self.env[name], (FRESH, name))
                    changed = changed or new is not carried[name]
                    carried[name] = new
            if not changed:
                break
            self.undo(mark)
            self.out, self.path = outer, path
            carried = {name: self.opened(guess) for name, guess in carried.items()}
        self.loops = loops
        ends: list[tuple[str, core.Atom]] = []
        starts: list[tuple[str, core.Atom]] = []
        body_out = self.out
        for name in names:
            self.out = outer
            self.collect_starts(carried[name], headers[name], starts)
            self.out = body_out
            if reaches:
                self.collect_ends(carried[name], headers[name], self.env[name], ends)
        self.out = outer
        outer.extend(Assign(name, atom, origin) for name, atom in starts)
        body = (*body_out, *self.parallel_copies(ends, origin))
        if isinstance(statement, core.For):
            assert iterable_atom is not None
            outer.append(core.For(target, iterable_atom, body, origin))
        else:
            outer.append(core.While(test, body, origin))
        self.env, self.path = dict(before), path
        self.env.update(headers)
        return True

    def loop_head(self, statement: core.For | core.While, iterable: Binding | None) -> tuple[str, core.Atom]:
        """The name that a `for` binds, and the test of a `while`."""
        if isinstance(statement, core.For):
            return self.loop_target(statement.target, iterable), Const(True)
        if isinstance(statement.test, Var) and statement.test.name in self.shared:
            self.used.add(statement.test.name)  # read where the loop tests it, not in the body
            return "", statement.test
        return "", self.atom(self.test(statement.test))

    def loop_target(self, name: str, iterable: Binding | None) -> str:
        assert iterable is not None
        value = renamed_any(item_value(iterable.value), (FRESH, name))
        if name in self.shared:
            self.bind_shared_value(name, value)
            return name
        new = self.new_name(name)
        self.values[new] = value
        self.env[name] = Binding(Var(new), value, None, iterable.region if may_hold_mutable(value) else None)
        return new


def _ordered_writes(block: core.Block) -> Iterator[str]:
    for statement in core.walk(block):
        yield from core.writes(statement)
