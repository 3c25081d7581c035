"""Adjoints of control flow: blocks, branches, loops and `try`, and the tapes that their repeated parts need.

Each handler takes a statement and gives its primal statements and those of its adjoint.
"""

from __future__ import annotations

import operator

import numpy as np

from transforms import operations, registry, runtime
from transforms.analyses.liveness import LiveBlock, liveness
from transforms.analyses.regions import bind
from transforms.builder import Builder, free_reads, may_catch_refusals, may_refuse, passing_refusals_on
from transforms.core import (
    Assign,
    Atom,
    Block,
    Call,
    Const,
    For,
    Handler,
    If,
    Origin,
    Raise,
    Ref,
    Statement,
    Try,
    Var,
    While,
    With,
    all_writes,
    blocks_of,
    is_call_of,
    is_temporary,
    map_atoms,
    reads,
    walk,
    with_blocks,
)
from transforms.errors import TransformError
from transforms.prepare.attempts import ATOMIC, may_be_unfinished
from transforms.reverse.cotangents import Scope, Statements, is_changed
from transforms.reverse.plan import Kind, headers_of, shared_source, touched
from transforms.reverse.tapes import Tapes
from transforms.templates import value_of
from transforms.values import (
    UNKNOWN,
    Array,
    Instance,
    Number,
    Unknown,
)


class Control(Tapes):
    """Adjoints of control flow: blocks, branches, loops and `try`, and the tapes that their repeated parts need."""

    def assign(self, statement: Assign, scope: Scope, primal: Builder, adjoint: Builder) -> None:
        """Primal and adjoint of one operation."""
        raise NotImplementedError

    def block(self, body: Block | Statements, scope: Scope) -> tuple[Statements, Statements]:
        """Primal and adjoint statements of a block.  The prologue of the adjoint is left in the scope."""
        forward: list[Statements] = []
        reverse: Statements = []
        for statement in reversed(body):
            primal, adjoint = self.statement(statement, scope)
            forward.append(primal)
            reverse += adjoint
        return [s for primal in reversed(forward) for s in primal], reverse

    def statement(self, statement: Statement, scope: Scope) -> tuple[Statements, Statements]:
        match statement:
            case Assign():
                primal, adjoint = Builder(self.names, statement.origin), Builder(self.names, statement.origin)
                before = Builder(self.names, statement.origin)
                self.assign(statement, scope, primal, adjoint)
                self.protect(statement, before, primal, adjoint)
                return [*before.statements, *primal.statements], adjoint.statements
            case If():
                return self.branch(statement, scope)
            case For():
                return self.loop(statement, scope.in_loop)
            case While():
                return self.loop(statement, scope.in_loop)
            case With():
                return self.context(statement, scope)
            case Try():
                return self.attempt(statement, scope)
        return [statement], []

    def without_adjoint(self, statement: Statement) -> Statement:
        """A statement of which no part is active, with the checks that its operations have when it runs."""
        blocks = []
        for block in blocks_of(statement):
            inner: Statements = []
            for part in block:
                done = self.statement(part, Scope(in_loop=True))[0] if isinstance(part, Assign) else None
                if done is None:
                    done = [*self._check_context(part), self.without_adjoint(part)]
                inner += done
            blocks.append(block if all(map(operator.is_, inner, block)) and len(inner) == len(block) else tuple(inner))
        return with_blocks(statement, blocks)

    def context(self, statement: With, scope: Scope) -> tuple[Statements, Statements]:
        """`with`: the adjoint is that of the body, which has to have been run to its end."""
        origin = statement.origin
        if statement.target is not None and self.kind(statement.target) is not Kind.NONE:
            raise TransformError(
                f"{statement.target!r} comes out of a context manager of unknown class, and a derivative passes "
                "through it",
                "Give example arguments, so that types are known, or use a class with `__enter__` written in Python.",
                origin,
            )
        forward, reverse = self.block(statement.body, scope)
        value = value_of(statement.context, self.values)
        checks = self._check_context(statement)
        if not reverse or (isinstance(value, Instance) and value.kind is np.errstate):
            return [*checks, With(statement.context, statement.target, tuple(forward), origin)], reverse
        before, last, check = (Builder(self.names, origin) for _ in range(3))
        ends = before.call(operations.make_list, target=self.names.fresh("ends"))
        last.do(runtime.note_end, ends)
        check.do(runtime.check_finished, ends)
        primal = With(statement.context, statement.target, (*forward, *last.statements), origin)
        return [*checks, *before.statements, primal, *check.statements], reverse

    def _check_context(self, statement: Statement) -> Statements:
        """Have the run time check that a context manager of unknown type changes nothing of what is differentiated."""
        check = Builder(self.names, statement.origin)
        if isinstance(statement, With) and isinstance(value_of(statement.context, self.values), Unknown):
            if self.plan.activity.is_varied(statement.context):
                check.do(runtime.check_context, statement.context)
        return check.statements

    def protect(self, statement: Assign, before: Builder, after: Builder, adjoint: Builder) -> None:
        """Save copies of what the adjoint of a statement reads from memory that may be changed later."""
        saved: dict[str, Atom] = {}
        for position, line in enumerate(adjoint.statements):
            for name in _number_reads(line):
                if name in saved or name not in self.plan.bound_in or not is_changed(self, name):
                    continue
                if not self.plan.changed_after(name, statement):
                    continue
                out = after if name == statement.target else before
                function = np.array if isinstance(self.values.get(name), Array) else runtime.snapshot
                copy = self.names.fresh(f"{name}_saved" if not is_temporary(name) else "saved")
                saved[name] = out.call(function, Var(name), target=copy)
                self.values[copy] = self.values.get(name, UNKNOWN)
            adjoint.statements[position] = _replace_number_reads(line, saved)
        self._protect_structure(statement, before, after, adjoint)

    def _protect_structure(self, statement: Assign, before: Builder, after: Builder, adjoint: Builder) -> None:
        """Save the outline of a list or dict whose structure the adjoint reads, and which may be longer later."""
        outlines: dict[str, Atom] = {}
        for line in adjoint.statements:
            for name in dict.fromkeys(name for inner in walk((line,)) for name in reads(inner)):
                if name in outlines or name not in self.plan.bound_in or not self.plan.resized_after(name, statement):
                    continue
                out = after if name == statement.target else before
                copy = self.names.fresh(f"{name}_before" if not is_temporary(name) else "before")
                outlines[name] = out.call(runtime.structure, Var(name), target=copy)
                self.values[copy] = self.values.get(name, UNKNOWN)
        if outlines:
            adjoint.statements[:] = [_replaced(line, outlines) for line in adjoint.statements]

    def site(
        self,
        forward: Statements,
        reverse: Statements,
        at: int,
        own: tuple[str, ...],
        origin: Origin | None,
        is_outermost: bool = False,
    ) -> tuple[Statements, Statements]:
        """Push what the adjoint of a repeated block reads at position `at` of its primal, and pop it at the start.

        What is the same in each iteration of an outermost loop still has its value when the adjoint sweep comes.
        """
        bound = all_writes(tuple(forward))
        needed = [name for name in free_reads(reverse) if name in bound and name not in own]
        if is_outermost:
            changing = bound.union(own)  # the variable of a `for` changes too
            needed = [name for name in needed if not self._is_invariant(name, changing)]
        again = self._recomputed(needed, bound, own)
        remade = Builder(self.names, origin)
        for name in again:
            remade.bind(name, self.plan.binding[name].value)  # type: ignore[union-attr]
        needed = [name for name in needed if name not in again]
        if not needed:
            return forward, [*remade.statements, *reverse]
        late = {
            s.target: s.value
            for s in forward[at:]
            if isinstance(s, Assign) and isinstance(s.value, Var) and self.plan.binding.get(s.target or "") is not None
        }
        pushed = [late.get(name, Var(name)) for name in needed]
        tape = self.names.fresh("tape")
        self.tapes.append(Assign(tape, Call(Ref(operations.make_tape)), None))
        push, pop = Builder(self.names, origin), Builder(self.names, origin)
        if len(needed) == 1:
            push.do(list.append, Var(tape), pushed[0])
            pop.call(list.pop, Var(tape), target=needed[0])
        else:
            push.do(list.append, Var(tape), push.call(operations.make_tuple, *pushed))
            entry = pop.call(list.pop, Var(tape))
            for position, name in enumerate(needed):
                pop.call(operator.getitem, entry, Const(position), target=name)
        return [*forward[:at], *push.statements, *forward[at:]], [*pop.statements, *remade.statements, *reverse]

    def _is_index(self, name: str, call: Call) -> bool:
        """Whether an operation makes an index tuple, a slice, or an integer by cheap arithmetic."""
        if is_call_of(call, operations.make_tuple, operations.make_slice):
            return True
        value = self.values.get(name)
        is_integer = isinstance(value, Number) and value.python and value.dtype.kind == "i"
        return is_integer and is_call_of(call, operator.add, operator.sub, operator.mul)

    def _is_invariant(self, name: str, bound: set[str]) -> bool:
        """Whether a name has the same value in each iteration of a loop: a pure operation on what does not change."""
        if name not in bound:
            return not is_changed(self, name)
        statement = self.plan.binding.get(name)
        if statement is None or not isinstance(statement.value, Call) or is_changed(self, name):
            return False
        call = statement.value
        function = call.function.value if isinstance(call.function, Ref) else None
        entry = registry.lookup(function) if function is not None else None
        if entry is None or not entry.is_pure or entry.mutates:
            return False
        is_choice = function in (operator.getitem, operations.make_tuple, operations.make_slice)
        if not is_choice and not entry.is_elementwise:
            return False
        return all(not isinstance(atom, Var) or self._is_invariant(atom.name, bound) for atom in call.atoms)

    def _recomputed(self, needed: list[str], bound: set[str], own: tuple[str, ...]) -> list[str]:
        """Those of the needed names that cost no more to make again than to push: indices, index tuples and slices."""
        again: list[str] = []
        available = set(needed)

        def number(name: str) -> int:
            bound_by = self.plan.binding.get(name)
            return -1 if bound_by is None else self.plan.places[id(bound_by)].number

        for name in sorted(needed, key=number):
            statement = self.plan.binding.get(name)
            if statement is None or not isinstance(statement.value, Call) or not self._is_index(name, statement.value):
                continue
            if all(
                not isinstance(atom, Var) or atom.name not in bound or atom.name in own or atom.name in available
                for atom in statement.value.arguments
            ):
                again.append(name)
        order = {name: self.plan.places[id(self.plan.binding[name])].number for name in again}
        return sorted(again, key=order.__getitem__)

    def branch(self, statement: If, scope: Scope) -> tuple[Statements, Statements]:
        start = Builder(self.names, statement.origin)
        self.widen_all(start)
        before, fresh_before = set(self.live), set(self.fresh)
        fresh_after: list[set[str]] = []
        outside, flows = self.flows, self._joined(statement) if scope.in_loop else {}
        for name, flow in flows.items():
            start.bind(flow, Var(self.bar(name)))
        self.flows = {**self.flows, **flows}
        halves = []
        for body in (statement.body, statement.orelse):
            self.live, self.fresh = set(before), set(fresh_before)
            inner = Scope(scope.in_loop, is_handed_over=scope.is_handed_over)
            forward, reverse = self.block(body, inner)
            end = Builder(self.names, statement.origin)
            self.widen_all(end)
            reverse += end.statements
            reverse = placed(inner.prologue, reverse, self.aliases)
            halves.append((forward, reverse, set(self.live), _always_raises(body)))
            fresh_after.append(self.fresh)
        self.flows = outside
        wanted = sorted(set().union(*(live for _, _, live, raises in halves if not raises)))
        result = []
        for forward, reverse, live, raises in halves:
            self.live = live
            out = Builder(self.names, statement.origin)
            if not raises:
                for name in wanted:
                    self.set_zero(name, out, statement)
                reverse = [*reverse, *out.statements]
            else:
                reverse = []
            if scope.in_loop and not scope.is_handed_over:
                forward, reverse = self.site(forward, reverse, len(forward), (), statement.origin)
            result.append((forward, reverse))
        if scope.is_handed_over:
            self._bind_on_both_sides(result, statement, [raises for *_, raises in halves])
        self.live, self.fresh = set(wanted), fresh_after[0] & fresh_after[1]
        (then_forward, then_reverse), (else_forward, else_reverse) = result
        if not then_reverse and not else_reverse:
            primal = If(statement.test, tuple(then_forward), tuple(else_forward), statement.origin)
            return [primal], start.statements
        asked = Builder(self.names, statement.origin)
        test = self._lasting(statement, asked)
        primal = If(test, tuple(then_forward), tuple(else_forward), statement.origin)
        backward = If(test, tuple(then_reverse), tuple(else_reverse), statement.origin)
        return [*asked.statements, primal], [*start.statements, backward]

    def _lasting(self, statement: If, out: Builder) -> Atom:
        """The condition of a branch for both sweeps: of a list or an array that changes, what it says now."""
        test = statement.test
        if isinstance(test, Var) and is_changed(self, test.name) and self.plan.changed_after(test.name, statement):
            return out.call(bool, test)
        return test

    def _joined(self, statement: If) -> dict[str, str]:
        """Names for the shadows, which may be numbers, of what both branches bind: each branch pops its own again."""
        bound = [
            {s.target for s in body if isinstance(s, Assign) and not isinstance(s.value, Call) and s.target is not None}
            for body in blocks_of(statement)
        ]
        both = sorted(bound[0] & bound[1])
        return {name: self.names.fresh("flow") for name in both if self.is_dynamic(Var(name))}

    def nothing(self, name: str) -> Atom:
        """What a name is bound to where its value is not read; None where it may be a tuple, so that its items are not
        counted on."""
        is_plain = isinstance(self.values.get(name), (Number, Array))
        return Ref(operations.UNBOUND, "UNBOUND") if is_plain else Const(None)

    def _bind_on_both_sides(
        self, halves: list[tuple[Statements, Statements]], statement: If, raises: list[bool]
    ) -> None:
        """Bind what the adjoint of one side of a branch reads on the other side too, so that it can be saved; what may
        have been bound before is bound at the start of the function."""
        bound = [all_writes(tuple(forward)) for forward, _ in halves]
        sides = [id(block) for block in blocks_of(statement)]
        for side, (_, reverse) in enumerate(halves):
            other = 1 - side
            if raises[other]:
                continue
            for name in free_reads(reverse):
                if name in bound[side] and name not in bound[other]:
                    nothing = Assign(name, self.nothing(name), statement.origin)
                    if sides[side] in self.plan.bound_in.get(name, sides):
                        halves[other][0].append(nothing)
                    elif name not in self.function.parameters:
                        self.unbound[name] = nothing
                    bound[other].add(name)

    def _bind_at_start(self, forward: Statements, reverse: Statements, origin: Origin | None) -> None:
        """Bind what the adjoint of a way through a `try` reads at the start of the function, so that it can be saved
        where an exception comes first."""
        bound = all_writes(tuple(forward))
        for name in free_reads(reverse):
            if name in bound and name not in self.function.parameters:
                self.unbound[name] = Assign(name, self.nothing(name), origin)

    def loop(self, statement: For | While, in_loop: bool) -> tuple[Statements, Statements]:
        inside = all_writes(statement.body)
        end, headers = headers_of(self.plan, statement.body)
        if isinstance(statement, For):
            inside.add(statement.target)
        if not any(self.plan.is_active_statement(inner) for inner in walk(statement.body)):
            return [self.without_adjoint(statement)], []
        outer = [
            leaf
            for name in touched(self.plan, statement.body)
            if name not in inside or name in headers or not self._is_bound_inside(name, statement)
            for leaf in self.leaves(name)
        ]
        start = Builder(self.names, statement.origin)
        self.widen_all(start)
        for name in dict.fromkeys(outer):
            self.set_zero(name, start)
        around, fresh_before = set(self.live), set(self.fresh)
        scope = Scope(in_loop=True)
        flows = {name: self.names.fresh("flow") for name in headers if self.is_dynamic(Var(name))}
        outside, self.flows = self.flows, {**self.flows, **flows}
        forward, reverse = self.block(statement.body, scope)
        self.flows = outside
        shadow_of_key = self._shadow_of_key(statement)
        forward = [*shadow_of_key, *forward]
        finish = Builder(self.names, statement.origin)
        self.widen_all(finish)
        for name in sorted(around - self.live):
            self.set_zero(name, finish)
        self.live, self.fresh = around, self.fresh & fresh_before
        reverse = placed(scope.prologue, [*reverse, *finish.statements], self.aliases)
        if not reverse:
            self.live = around
            return [_with_body(statement, forward)], start.statements
        trailing = len(statement.body) - end
        at = len(forward) - trailing - self._trailing_shadows(statement.body[end:])
        carried: Statements = []
        for name, flow in flows.items():  # what flows on must not flow again from the iteration before
            carried.append(Assign(flow, Var(self.bar(name)), statement.origin))
            drained = Call(Ref(runtime.drained), (Var(self.bar(name)),))
            carried.append(Assign(self.bar(name), drained, statement.origin))
        return self._emit_loop(statement, forward, reverse, at, start.statements, carried, not in_loop)

    def _is_bound_inside(self, name: str, loop: For | While) -> bool:
        """Whether all bindings of a name stand in the body of a loop; others may come from the iteration before."""
        body = self.plan.places[id(loop.body[0])].blocks
        return self.plan.bound_in[name][: len(body)] == body

    def _shadow_of_key(self, statement: For | While) -> Statements:
        """A key of a dict has no derivative, though where its type is not known it is kept with things that have."""
        if not isinstance(statement, For) or self.kind(statement.target) is not Kind.SHADOW:
            return []
        if getattr(value_of(statement.iterable, self.values), "kind", None) is not dict:
            return []
        return [Assign(self.bar(statement.target), Const(0.0), statement.origin)]

    def _trailing_shadows(self, copies: Block) -> int:
        return sum(
            isinstance(copy, Assign) and copy.target is not None and self.kind(copy.target) is Kind.SHADOW
            for copy in copies
        )

    def _emit_loop(
        self,
        statement: For | While,
        forward: Statements,
        reverse: Statements,
        at: int,
        start: Statements,
        carried: Statements,
        is_outermost: bool,
    ) -> tuple[Statements, Statements]:
        origin = statement.origin
        counted = Builder(self.names, origin)
        steps = self._reversed_range(statement, counted)
        own = (statement.target,) if isinstance(statement, For) and steps is not None else ()
        if isinstance(statement, For) and steps is None:
            # the item counts as bound by the body
            forward = [Assign(statement.target, Var(statement.target), origin), *forward]
            at += 1
        forward, reverse = self.site(forward, reverse, at, own, origin, is_outermost)
        reverse = [*carried, *reverse]
        if isinstance(statement, For) and steps is None:
            forward = forward[1:]
        before: Statements = []
        if steps is None:
            count = self.names.fresh("count")
            before.append(Assign(count, Const(0), origin))
            one = Builder(self.names, origin)
            one.call(operator.add, Var(count), Const(1), target=count)
            forward = [*one.statements, *forward]
            steps = counted.call(range, Var(count))
        target = own[0] if own else self.names.temporary()
        assert target is not None
        primal = [*before, _with_body(statement, forward)]
        return primal, [*start, *counted.statements, For(target, steps, tuple(reverse), origin)]

    def _reversed_range(self, statement: For | While, out: Builder) -> Atom | None:
        """The iterable that goes through a loop backwards; None if only counting helps."""
        if not isinstance(statement, For) or not isinstance(statement.iterable, Var):
            return None
        binding = self.plan.binding.get(statement.iterable.name)
        if binding is None or not isinstance(binding.value, Call):
            return out.call(reversed, statement.iterable) if self._is_range(statement.iterable) else None
        if is_call_of(binding.value, range):
            return out.call(reversed, out.call(range, *binding.value.arguments))
        if is_call_of(binding.value, reversed) and isinstance(binding.value.arguments[0], Var):
            source = binding.value.arguments[0]
            inner = self.plan.binding.get(source.name)
            if inner is not None and is_call_of(inner.value, range) and isinstance(inner.value, Call):
                return out.call(range, *inner.value.arguments)
            if self._is_range(source):
                return source
        return out.call(reversed, statement.iterable) if self._is_range(statement.iterable) else None

    def _is_range(self, atom: Atom) -> bool:
        value = value_of(atom, self.values)
        return isinstance(value, Instance) and value.kind is range

    def attempt(self, statement: Try, scope: Scope) -> tuple[Statements, Statements]:
        """`try`: the adjoint goes back along the path that was taken.

        What a body computed before an exception left it must not reach what comes after; otherwise it is refused.
        """
        path = self.names.fresh("path")
        origin = statement.origin
        final_forward, final_reverse = self._widened(statement.finalbody, scope, origin, first=True)
        after_final = set(self.live)
        inner = Scope(scope.in_loop, is_handed_over=scope.is_handed_over)
        tapes = len(self.tapes)
        else_forward, else_reverse = self.block(statement.orelse, inner)
        untouched, notes = self._note_changes(statement)
        body_forward, body_reverse = self._widened(notes or statement.body, inner, origin)
        reverse = placed(inner.prologue, [*else_reverse, *body_reverse], self.aliases)
        halves = [([*body_forward, *else_forward], reverse, set(self.live))]
        before, rewind = self._rewind(self.tapes[tapes:], origin)
        before, rewind = [*before, *untouched[:1]], [*rewind, *untouched[1:]]
        for handler, read in zip(statement.handlers, self._live_in_handlers(statement)):
            self._refuse_carried(handler, origin)
            self._refuse_partial(statement, read)
            self.live = set(after_final)
            inner = Scope(scope.in_loop, is_handed_over=scope.is_handed_over)
            forward, reverse = self._widened(handler.body, inner, origin)
            halves.append(([*rewind, *forward], placed(inner.prologue, reverse, self.aliases), set(self.live)))
        branches = self._followed(halves, path, statement, scope)
        handlers = tuple(
            type(handler)(handler.exception, handler.name, tuple(forward))
            for handler, (forward, _) in zip(statement.handlers, branches[1:])
        )
        whole = branches[0][0]  # the pushes on the tape come at its end
        if any(map(may_catch_refusals, statement.handlers)) and any(map(may_refuse, walk(tuple(whole)))):
            handlers = (passing_refusals_on(origin), *handlers)
        split = len(body_forward) if statement.orelse else len(whole)
        primal = Try(tuple(whole[:split]), handlers, tuple(whole[split:]), tuple(final_forward), origin)
        adjoint: Statements = list(branches[-1][1])
        for number in range(len(branches) - 2, -1, -1):
            test = Builder(self.names, origin)
            same = test.call(operator.eq, Var(path), Const(number))
            adjoint = [*test.statements, If(same, tuple(branches[number][1]), tuple(adjoint), origin)]
        return [*before, Assign(path, Const(0), origin), primal], [*final_reverse, *adjoint]

    def _widened(
        self, body: Block | Statements, scope: Scope, origin: Origin | None, first: bool = False
    ) -> tuple[Statements, Statements]:
        """A block, and its adjoint with all cotangents as wide as their values at its end (and `first` before it)."""
        before, after = Builder(self.names, origin), Builder(self.names, origin)
        if first:
            self.widen_all(before)
        forward, reverse = self.block(body, scope)
        self.widen_all(after)
        return forward, [*before.statements, *reverse, *after.statements]

    def _refuse_carried(self, handler: Handler, origin: Origin | None) -> None:
        if handler.name is not None and self.kind(handler.name) is not Kind.NONE:
            raise TransformError(
                f"the exception {handler.name!r} holds values that depend on the input, and a derivative passes "
                "through it",
                "Return such values instead of raising an exception with them.",
                origin,
            )

    def _followed(
        self, halves: list[tuple[Statements, Statements, set[str]]], path: str, statement: Try, scope: Scope
    ) -> list[tuple[Statements, Statements]]:
        """The ways through a `try`, each noting its number, and the same cotangents set at the start of all."""
        origin = statement.origin
        wanted = sorted(set().union(*(half[2] for half in halves)))
        branches: list[tuple[Statements, Statements]] = []
        for number, (forward, reverse, names) in enumerate(halves):
            self.live = names
            out = Builder(self.names, origin)
            for name in wanted:
                self.set_zero(name, out, statement)
            reverse = [*reverse, *out.statements]
            if scope.is_handed_over:
                self._bind_at_start(forward, reverse, origin)
            elif scope.in_loop:
                forward, reverse = self.site(forward, reverse, len(forward), (), origin)
            branches.append(([*forward, Assign(path, Const(number), origin)], reverse))
        self.live = set(wanted)
        return branches

    def _rewind(self, tapes: Statements, origin: Origin | None) -> tuple[Statements, Statements]:
        """Statements that note the lengths of tapes, and that drop what an unfinished body pushed on them."""
        before, rewind = Builder(self.names, origin), Builder(self.names, origin)
        for tape in tapes:
            assert isinstance(tape, Assign) and tape.target is not None
            length = before.call(len, Var(tape.target), target=self.names.fresh(f"{tape.target}_length"))
            rewind.do(runtime.truncate, Var(tape.target), length)
        return before.statements, rewind.statements

    def _note_changes(self, statement: Try) -> tuple[Statements, Block]:
        """Where a body changes memory in place that is differentiated, and that was there before: statements that make
        a note and that check, at the start of a handler, that it was not made; and the body with the note at its
        first change."""
        inside = {id(s) for s in walk(statement.body)}
        for position, inner in enumerate(statement.body if statement.handlers else ()):
            calls = (s.value for s in walk((inner,)) if isinstance(s, Assign) and isinstance(s.value, Call))
            changed_by = self.plan.activity.changed_by
            changed = (atom for call in calls for atom in changed_by(call) if self.kind(atom) is Kind.SHADOW)
            if not all(self._is_made_in(atom, inside) for atom in changed):
                is_atomic = isinstance(inner, Assign) and is_call_of(inner.value, *ATOMIC)
                if is_atomic and inner is statement.body[-1]:
                    break
                notes = Builder(self.names, statement.origin)
                changes = notes.call(operations.make_list, target=self.names.fresh("changes"))
                notes.do(runtime.check_unchanged, changes)
                note = Assign(None, Call(Ref(runtime.note_end), (changes,)), statement.origin)
                place = position + is_atomic
                return notes.statements, (*statement.body[:place], note, *statement.body[place:])
        return [], ()

    def _is_made_in(self, atom: Atom, inside: set[int]) -> bool:
        """Whether memory is made by one of these statements; what an exception leaves unfinished goes with it."""
        made = self.plan.binding.get(atom.name) if isinstance(atom, Var) else None
        if made is None or id(made) not in inside:
            return False
        source = shared_source(self.plan, made)
        if source is None:
            return isinstance(made.value, Call)
        is_item = isinstance(made.value, Call) and not isinstance(self.plan.value(source), Array)
        return not is_item and self._is_made_in(Var(source), inside)

    def _refuse_partial(self, statement: Try, read: frozenset[str]) -> None:
        """Refuse a handler where it, or what follows, reads what the unfinished body may have assigned."""
        unfinished, last = may_be_unfinished(statement.body)
        written = all_writes(unfinished)
        if last is not None and not isinstance(last, Assign):
            written |= all_writes((last,))
        for name in sorted(read & written):
            # no program reads a temporary of an expression that failed
            if self.plan.kind(name) is not Kind.NONE and not is_temporary(name):
                raise TransformError(
                    f"{name!r} is read where the body of the try statement, which computes it, may have failed; "
                    "a derivative through this is not supported",
                    "Compute in the handler from values that were there before the try statement.",
                    statement.origin,
                )

    def _live_in_handlers(self, statement: Try) -> list[frozenset[str]]:
        """For each handler, the names that it, or what follows it, reads."""
        if not hasattr(self, "_live_blocks"):
            self._live_blocks: dict[int, tuple[LiveBlock, ...]] = {}
            pending = [(self.function.body, liveness(self.function.body))]
            while pending:
                block, live = pending.pop()
                for each, inner in zip(block, live.inner):
                    self._live_blocks[id(each)] = inner
                    pending += zip(blocks_of(each), inner)
        return [live.before for live in self._live_blocks[id(statement)][1:-2]]


def placed(prologue: Statements, reverse: Statements, aliases: dict[str, str]) -> Statements:
    """The adjoint of a block with the shadows of its prologue each made right before its first use.

    `aliases` are other names of shadows, bound in the primal sweep: a use of one is a use of the shadow.
    """
    result = list(reverse)
    for line in reversed(prologue):
        assert isinstance(line, Assign) and line.target is not None
        names, size = {line.target}, 0
        while len(names) > size:  # aliases of aliases
            size = len(names)
            names.update(alias for alias, source in aliases.items() if source in names)
        using = (k for k, s in enumerate(result) if any(not names.isdisjoint(reads(inner)) for inner in walk((s,))))
        place = next(using, len(result))
        if place < len(result):
            result.insert(place, line)
    return result


def _always_raises(body: Block) -> bool:
    return bool(body) and isinstance(body[-1], Raise)


def _with_body(statement: For | While, body: Statements) -> Statement:
    if isinstance(statement, For):
        return For(statement.target, statement.iterable, tuple(body), statement.origin)
    return While(statement.test, tuple(body), statement.origin)


def _shape_only_positions(call: Call) -> set[str]:
    """Names that a call reads for their shape, dtype or structure only."""
    function = call.function.value if isinstance(call.function, Ref) else None
    if function is getattr and call.arguments[1] in (Const("shape"), Const("ndim"), Const("dtype"), Const("size")):
        return {atom.name for atom in call.arguments if isinstance(atom, Var)}
    entry = registry.lookup(function) if function is not None else None
    if entry is None or not entry.shape_only:
        return set()
    bound = bind(entry, call) or {}
    # what is differentiated or viewed hands its numbers on, though the rule reads only its shape
    only = {name for name in entry.shape_only if name not in entry.wrt and name not in entry.views}
    shape = {a.name for name in only for a in bound.get(name, ()) if isinstance(a, Var)}
    numbers = {a.name for name in bound if name not in only for a in bound[name] if isinstance(a, Var)}
    return shape - numbers


def _number_reads(statement: Statement) -> list[str]:
    """The names whose numbers (not only whose shape) a statement and its blocks read."""
    found: dict[str, None] = {}
    for inner in walk((statement,)):
        skip = set()
        if isinstance(inner, Assign) and isinstance(inner.value, Call):
            skip = _shape_only_positions(inner.value)
        found.update(dict.fromkeys(name for name in reads(inner) if name not in skip))
    return list(found)


def _replaced(statement: Statement, outlines: dict[str, Atom]) -> Statement:
    """The statement with other atoms for some names."""
    new = map_atoms(statement, lambda atom: outlines.get(atom.name, atom) if isinstance(atom, Var) else atom)
    return with_blocks(new, [tuple(_replaced(s, outlines) for s in b) for b in blocks_of(new)])


def _replace_number_reads(statement: Statement, saved: dict[str, Atom]) -> Statement:
    if not saved:
        return statement
    skip = set()
    if isinstance(statement, Assign) and isinstance(statement.value, Call):
        skip = _shape_only_positions(statement.value)

    def change(atom: Atom) -> Atom:
        if isinstance(atom, Var) and atom.name in saved and atom.name not in skip:
            return saved[atom.name]
        return atom

    new = map_atoms(statement, change)
    return with_blocks(new, [tuple(_replace_number_reads(s, saved) for s in b) for b in blocks_of(new)])
