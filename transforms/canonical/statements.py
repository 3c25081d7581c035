"""Statements: assignments to any target, loops, branches and jumps.

`return`, `break` and `continue` are removed.  Where a branch always jumps, what follows moves into the other branch:

    if x > 0:              if x > 0:
        return x     =>        result = x
    y = -x                 else:
    return y                   y = -x
                               result = y
                           return result

Elsewhere a flag is cleared by the jump and guards what follows.  A loop that `break` or `return` leaves is a `while` on
such a flag.
"""

from __future__ import annotations

import contextlib
import inspect
import operator
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import gast

from transforms import core, operations
from transforms.canonical import generators, jumps
from transforms.canonical.builder import Node, call
from transforms.canonical.comprehensions import Comprehensions
from transforms.canonical.expressions import BINARY, operation
from transforms.canonical.iteration import Backwards, Counting, Direct, Source, reads_beyond
from transforms.canonical.jumps import BREAK, CONTINUE, NEXT, RETURN, Completions, Emit, completion, completions
from transforms.core import Atom, Const, Expression, Ref, Var

TRUE, FALSE, NONE = Const(True), Const(False), Const(None)
NOWHERE: Completions = frozenset()
DEEP = 30  # blocks inside blocks; Python itself takes no more than 100


@dataclass
class Loop:
    """The flags of a loop around the statement being lowered; None: no jump needs it."""

    running: str | None = None  # the loop goes on: its test; cleared by break and return
    completed: str | None = None  # the else clause is to run: cleared by break and return
    continuing: str | None = None  # the rest of this iteration is to run: cleared by continue


class Statements(Comprehensions):
    """Lowers statements.

    `tail` holds the jumps that have nothing left to skip when the block at hand ends; those need no flag.
    """

    loops: list[Loop]
    generator_names: frozenset[str]  # the names of generator functions that are defined inside
    iterators: frozenset[str]  # the variables that hold iterators, as far as the function itself shows
    result: str | None  # the name that holds the value to return, unless the only return is the last statement
    active: str | None  # cleared by a return that has statements of the function's outermost blocks to skip
    is_result_late: bool  # whether `result` may be read on paths on which only a flag says that it has been bound
    is_result_set: bool  # whether `result` is bound here already
    clears_active: bool  # whether a return in the current loop nest has to clear `active`
    set_flags: frozenset[str]  # flags known to be set here

    def block_of(self, statements: Sequence[Any], tail: Completions) -> core.Block:
        with self.block() as result:
            self.lower_statements(statements, tail)
        return tuple(result)

    def lower_statements(self, statements: Sequence[Any], tail: Completions) -> None:
        for number, statement in enumerate(statements):
            ways = completion(statement)
            rest = statements[number + 1 :] if NEXT in ways else ()
            with self.at(statement):
                if not ways - {NEXT}:
                    self.statement(statement, NOWHERE)
                elif self.lower_jumping(statement, rest, ways - {NEXT}, tail):
                    return
            if NEXT not in ways:
                return

    def lower_jumping(self, statement: Any, rest: Sequence[Any], ways: Completions, tail: Completions) -> bool:
        """Lower a statement that may jump, together with what follows it."""
        if isinstance(statement, gast.Match):
            statement = jumps.Cases(self.subject_of(statement), tuple(statement.cases))
        if not rest:
            self.statement(statement, tail)
            return True
        if self.depth > DEEP:
            self.flat([statement, *rest])
            return True
        if isinstance(statement, (gast.If, jumps.Cases)):
            body, orelse = self.branches(statement)
            if NEXT not in completions(body):
                self.branch(statement, body, [*orelse, *rest], tail)
                return True
            if NEXT not in completions(orelse):
                self.branch(statement, [*body, *rest], orelse, tail)
                return True
        default = self.constant_result(rest) if RETURN in tail and not self.loops else None
        if default is not None:
            self.default_result(default, statement, tail)
        else:
            self.guarded(lambda inner: self.statement(statement, inner), ways, rest, tail)
        return True

    def constant_result(self, rest: Sequence[Any]) -> Const | None:
        """The constant that is returned by what follows a statement, if that is all it does."""
        first = rest[0]
        if not isinstance(first, gast.Return):
            return None
        if first.value is None:
            return NONE
        negated = isinstance(first.value, gast.UnaryOp) and isinstance(first.value.operand, gast.Constant)
        if not isinstance(first.value, gast.Constant) and not negated:
            return None
        value = self.expression(first.value)
        return value if isinstance(value, Const) else None

    def default_result(self, default: Const, statement: Any, tail: Completions) -> None:
        """`statement; return default`, without a flag: the result is the default until the statement returns."""
        assert self.result is not None
        self.assign(self.result, default)
        outer, self.is_result_set = self.is_result_set, True
        self.statement(statement, tail)
        self.is_result_set = outer

    # -------------------------------------------------------------------------------------------------------- flags

    def guarded(self, first: Any, ways: Completions, rest: Sequence[Any], tail: Completions) -> None:
        """Lower `first`, which may jump in these ways, then `rest` under guards for all of these jumps."""
        known = self.set_flags
        flags = self.guards(ways)
        for flag in flags:
            if flag not in self.set_flags:
                self.assign(flag, TRUE)
        self.set_flags |= set(flags)
        first(NOWHERE)
        self.under(flags, rest, tail)
        self.set_flags = known

    def flat(self, statements: Sequence[Any]) -> None:
        """Lower statements one by one under the same guards, where nesting would get too deep for Python."""
        known = self.set_flags
        flags = self.guards(frozenset().union(*map(completion, statements)) - {NEXT})
        for flag in flags:
            if flag not in self.set_flags:
                self.assign(flag, TRUE)
        self.set_flags |= set(flags)
        for statement in statements:
            with self.at(statement):
                self.under(flags, [statement], NOWHERE)
        self.set_flags = known

    def guards(self, ways: Completions) -> list[str]:
        """The flags that tell whether none of these jumps was taken."""
        if not self.loops:
            if self.active is None:
                self.active = self.names.fresh("active")
            return [self.active]
        loop, flags = self.loops[-1], []
        if ways & {BREAK, RETURN}:
            assert loop.running is not None
            flags.append(loop.running)
        if CONTINUE in ways:
            if loop.continuing is None:
                loop.continuing = self.names.fresh("continuing")
            flags.append(loop.continuing)
        return flags

    def under(self, flags: Sequence[str], rest: Sequence[Any], tail: Completions) -> None:
        """`if flag: rest`, for all of the flags."""
        if not flags:
            self.lower_statements(rest, tail)
            return
        with self.block() as inner:
            self.under(flags[1:], rest, tail)
        if inner:
            self.emit(core.If(Var(flags[0]), tuple(inner), (), self.origin))

    def statement(self, node: Any, tail: Completions) -> None:
        if isinstance(node, Emit):
            node.action()
            return
        if isinstance(node, jumps.Cases):
            self.branch(node, *self.branches(node), tail)
            return
        lower = getattr(self, f"do_{type(node).__name__}", None)
        if lower is None:
            self.refuse(node, f"{type(node).__name__} is not supported")
        lower(node, tail)

    def do_Return(self, node: Node, tail: Completions) -> None:
        value: Expression = NONE if node.value is None else self.expression(node.value)
        if self.result is None:
            self.emit(core.Return(self.atom_of(value), self.origin))
            return
        self.assign(self.result, value)
        if self.loops or RETURN not in tail:
            self.is_result_late |= not self.is_result_set
        for loop in reversed(self.loops):
            self.leave(loop)
        if self.clears_active if self.loops else RETURN not in tail:
            assert self.active is not None
            self.assign(self.active, FALSE)

    def leave(self, loop: Loop) -> None:
        if loop.running is not None:
            self.assign(loop.running, FALSE)
        if loop.completed is not None:
            self.assign(loop.completed, FALSE)

    def do_Break(self, node: Node, tail: Completions) -> None:
        self.leave(self.loops[-1])

    def do_Continue(self, node: Node, tail: Completions) -> None:
        if CONTINUE not in tail:
            flag = self.loops[-1].continuing
            assert flag is not None
            self.assign(flag, FALSE)

    # ----------------------------------------------------------------------------------------------------- branches

    def branches(self, node: Any) -> tuple[Sequence[Any], Sequence[Any]]:
        if isinstance(node, jumps.Cases):
            first, *others = node.cases
            return first.body, [jumps.Cases(node.subject, tuple(others))] if others and not jumps.irrefutable(
                first
            ) else []
        return node.body, node.orelse

    def branch(self, node: Any, body: Sequence[Any], orelse: Sequence[Any], tail: Completions) -> None:
        test = self.case_test(node) if isinstance(node, jumps.Cases) else self.atom(node.test)
        if test == TRUE and isinstance(node, jumps.Cases):
            self.lower_statements(body, tail)
            return
        then = self.block_of(body, tail)
        self.emit(core.If(test, then, self.block_of(orelse, tail), self.origin))

    def subject_of(self, node: Node) -> Atom:
        """The subject of a match statement."""
        raise NotImplementedError

    def case_test(self, node: jumps.Cases) -> Atom:
        """Match the subject against the first case; returns whether it does."""
        raise NotImplementedError

    def do_If(self, node: Node, tail: Completions) -> None:
        self.branch(node, node.body, node.orelse, tail)

    # -------------------------------------------------------------------------------------------------------- loops

    @contextmanager
    def loop(self, node: Node, ways: Completions, tail: Completions) -> Iterator[Loop]:
        """The flags of a loop, while its body is lowered."""
        loop = Loop()
        if ways & {BREAK, RETURN}:
            loop.running = self.names.fresh("running")
            if node.orelse:
                loop.completed = self.names.fresh("completed")
                self.assign(loop.completed, TRUE)
        outer = self.clears_active, self.set_flags
        if not self.loops:
            self.clears_active = RETURN in ways and RETURN not in tail
        self.loops.append(loop)
        try:
            yield loop
        finally:
            self.loops.pop()
            self.clears_active, self.set_flags = outer

    def loop_body(self, loop: Loop, statements: Sequence[Any], again: Emit | None) -> core.Block:
        """The body of a loop, followed by `again`, which decides whether there is another iteration."""
        ways = completions(statements)
        end = [] if again is None else [again]
        with self.block() as body:
            if loop.running is not None:
                self.set_flags |= {loop.running}
            if CONTINUE not in ways:
                self.lower_statements([*statements, *end], NOWHERE)
            else:
                self.lower_statements(statements, frozenset({CONTINUE}))
                self.under([] if loop.running is None or not end else [loop.running], end, NOWHERE)
        return tuple(body)

    def loop_else(self, node: Node, loop: Loop, tail: Completions) -> None:
        if not node.orelse or (isinstance(node, gast.While) and jumps.is_true(node.test)):
            return
        if loop.completed is None:
            self.lower_statements(node.orelse, tail)
        else:
            self.under([loop.completed], node.orelse, tail)

    def do_While(self, node: Node, tail: Completions) -> None:
        ways = completions(node.body)
        with self.loop(node, ways, tail) as loop:
            test = loop.running or self.names.temporary()
            with self.at(node.test):
                self.assign(test, self.expression(node.test))
            origin = self.origin
            again: Emit | None = Emit(lambda: self.retest(node, test))
            if jumps.is_true(node.test):
                again = None
            body = self.loop_body(loop, node.body, again)
            self.emit(core.While(Var(test), body, origin))
        self.loop_else(node, loop, tail)

    def retest(self, node: Node, test: str) -> None:
        with self.at(node.test):
            self.assign(test, self.expression(node.test))

    def do_For(self, node: Node, tail: Completions) -> None:
        ways = completions(node.body)
        generator = self.generator_of(node.iter)
        if generator is not None:
            with self.loop(node, ways, tail) as loop:
                self.over_generator(node, loop, *generator)
            self.loop_else(node, loop, tail)
            return
        stepped = self.stepped(node)
        if stepped is not None:
            self.do_For(stepped, tail)
            return
        self.changes_items = _changes_items(node.body)
        source = self.source(node.iter)
        self.changes_items = False
        with self.loop(node, ways, tail) as loop:
            if loop.running is None and (self.shares_iterator(node) or _resizes(node)):
                loop.running = self.names.fresh("running")
            if loop.running is None:

                def body() -> None:
                    self.emit_all(self.loop_body(loop, node.body, None))

                self.loop_over(node.target, source, body, self.laziness.may_resize(node.body))
            else:
                self.breakable(node, loop, self.to_indexed(source))
        self.loop_else(node, loop, tail)

    def stepped(self, node: Node) -> Node | None:
        """The loop that asks for one item after the other, where the items of a loop cannot be made before."""
        header, start = node.iter, None
        if self.laziness.made_by(header) is enumerate and len(header.args) in (1, 2) and not header.keywords:
            header, start = header.args[0], header.args[1] if len(header.args) == 2 else gast.Constant(0, None)
        made = self.steps(header, [node.target, *node.body])
        if made is None or len(made.generators) > 1 and (node.orelse or completions(node.body) & {BREAK, RETURN}):
            return None
        item, counted = made.elt, []
        if start is not None:
            number = self.new_local("number")
            self.assign(number, self.expression(start))
            item = gast.Tuple([gast.Name(number, gast.Load(), None, None), item], gast.Load())
            place = gast.Name(number, gast.Store(), None, None)
            counted = [gast.AugAssign(place, gast.Add(), gast.Constant(1, None))]
        statements = [gast.Assign([node.target], item, None), *counted, *node.body]
        for part in reversed(made.generators):
            for test in reversed(part.ifs):
                statements = [gast.If(test, statements, [])]
            statements = [gast.For(part.target, part.iter, statements, [], None)]
        loop = statements[0]
        loop.orelse = node.orelse
        return generators.placed(loop, node)

    def generator_of(self, node: Node) -> tuple[Node, Node] | None:
        """Of `g(x)` and `enumerate(g(x), start)` with a generator function g: the call of it, and the start, if any."""
        function = self.static(node.func) if isinstance(node, gast.Call) else None
        if not isinstance(node, gast.Call) or any(isinstance(part, gast.Starred) for part in node.args):
            return None
        if isinstance(function, Ref) and function.value is enumerate and len(node.args) in (1, 2) and not node.keywords:
            inner = self.generator_of(node.args[0])
            start = node.args[1] if len(node.args) == 2 else gast.Constant(0, None)
            return (inner[0], start) if inner is not None and inner[1] is None else None
        is_local = isinstance(node.func, gast.Name) and node.func.id in self.generator_names
        is_known = isinstance(function, Ref) and (
            inspect.isgeneratorfunction(function.value) or getattr(function.value, "is_generator", False) is True
        )
        return (node, None) if is_local or is_known else None

    def over_generator(self, node: Node, loop: Loop, call: Node, start: Node | None) -> None:
        """A loop that `specialise` is to put into the generator, which ends where `operations.go_on` says so."""
        iterable, origin = self.atom(call), self.origin
        number = None
        if start is not None:
            number = self.names.fresh("number")
            self.assign(number, self.expression(start))
        if loop.running is not None:
            self.assign(loop.running, TRUE)
        name = self.names.temporary()
        with self.block() as body:
            item: Expression = Var(name)
            if number is not None:
                item = operation(operations.make_tuple, self.copy(Var(number)), Var(name))
                self.assign(number, operation(operator.add, Var(number), Const(1)))
            self.bind(node.target, item)
            body += self.loop_body(loop, node.body, None)
            if loop.running is not None:
                self.assign(None, operation(operations.go_on, Var(loop.running)))
        self.emit(core.For(name, iterable, tuple(body), origin))

    def shares_iterator(self, node: Node) -> bool:
        """Whether the body of the loop uses an iterator that the loop runs over: it is to be read step by step."""
        header = {inner.id for inner in gast.walk(node.iter) if isinstance(inner, gast.Name)} & self.iterators
        inside = (inner for statement in node.body for inner in gast.walk(statement))
        return any(isinstance(inner, gast.Name) and inner.id in header for inner in inside)

    def loop_statement(self, node: Node) -> None:
        self.do_For(node, NOWHERE)

    def emit_all(self, statements: core.Block) -> None:
        self.statements.extend(statements)

    def breakable(self, node: Node, loop: Loop, source: Source) -> None:
        """A `for` loop with a way out, as a `while` over an index."""
        assert loop.running is not None and not isinstance(source, Direct)
        origin, running, index = self.origin, loop.running, self.names.fresh("index")
        length = self.count(source) if isinstance(source, (Counting, Backwards)) else None
        self.assign(index, Const(0))

        def again() -> None:
            known = None if length is None else operation(operator.lt, Var(index), length)
            self.assign(running, known or self.has_item(source, Var(index)))
            if reads_beyond(source):
                with self.block() as end:
                    self.read_beyond(source, Var(index))
                self.emit(core.If(Var(running), (), tuple(end), origin))

        again()

        with self.block() as body:
            self.bind_item(node.target, source, Var(index))
            self.assign(index, operation(operator.add, Var(index), Const(1)))
            body += self.loop_body(loop, node.body, Emit(again))
        self.emit(core.While(Var(running), tuple(body), origin))

    # -------------------------------------------------------------------------------------------------- assignments

    def do_Expr(self, node: Node, tail: Completions) -> None:
        if isinstance(node.value, gast.Yield):
            given: Atom = NONE if node.value.value is None else self.atom(node.value.value)
            self.assign(None, operation(operations.yielded, given))
            return
        value = self.expression(node.value)
        if isinstance(value, core.Call):
            self.assign(None, value)

    def do_Pass(self, node: Node, tail: Completions) -> None:
        pass

    do_Global = do_Nonlocal = do_Pass

    def do_Assign(self, node: Node, tail: Completions) -> None:
        if len(node.targets) == 1:
            self.assign_target(node.targets[0], node.value)
            return
        value = self.atom(node.value)
        if isinstance(value, Var) and not core.is_temporary(value.name):
            value = self.copy(value)
        for target in node.targets:
            self.bind(target, value)

    def do_AnnAssign(self, node: Node, tail: Completions) -> None:
        if node.value is not None:
            self.assign_target(node.target, node.value)

    def assign_target(self, target: Node, value: Node) -> None:
        """`target = value`; a display that is unpacked at once is never built."""
        plain = (gast.Tuple, gast.List)
        if (
            isinstance(target, plain)
            and isinstance(value, plain)
            and len(target.elts) == len(value.elts)
            and not any(isinstance(item, gast.Starred) for item in (*target.elts, *value.elts))
        ):
            atoms = self.atoms(value.elts)
            for number, item in enumerate(target.elts):
                atom = atoms[number]
                names = {self.own_name(inner) for inner in gast.walk(item)}
                for later in range(number + 1, len(atoms)):
                    other = atoms[later]
                    if isinstance(other, Var) and other.name in names:
                        atoms[later] = self.copy(other)
                self.bind(item, atom)
            return
        self.bind(target, self.expression(value))

    def bind(self, target: Node, value: Expression) -> None:
        if isinstance(target, gast.Name):
            self.write(target.id, value)
        elif isinstance(target, gast.Attribute):
            atom = self.atom_of(value)
            self.store(self.atom(target.value), target.attr, atom)
        elif isinstance(target, gast.Subscript):
            atom = self.atom_of(value)
            self.assign(None, operation(operator.setitem, *self.subscript(target), atom))
        elif isinstance(target, (gast.Tuple, gast.List)):
            self.unpack(target, self.atom_of(value))
        else:
            self.refuse(target, f"assignment to {type(target).__name__} is not supported")

    def unpack(self, target: Node, value: Atom) -> None:
        stars = [number for number, item in enumerate(target.elts) if isinstance(item, gast.Starred)]
        if stars:
            before, after = stars[0], len(target.elts) - stars[0] - 1
            items = operation(operations.unpack_star, value, Const(before), Const(after))
        else:
            items = operation(operations.unpack, value, Const(len(target.elts)))
        atom = self.atom_of(items)
        for number, item in enumerate(target.elts):
            inner = item.value if isinstance(item, gast.Starred) else item
            self.bind(inner, operation(operator.getitem, atom, Const(number)))

    def do_AugAssign(self, node: Node, tail: Completions) -> None:
        function, target = BINARY[type(node.op)][1], node.target
        if isinstance(target, gast.Name):
            current = self.read(target.id)
            if isinstance(current, core.Call) or any(
                isinstance(inner, gast.NamedExpr) for inner in gast.walk(node.value)
            ):
                current = self.copy(current) if isinstance(current, Var) else self.atom_of(current)
            self.write(target.id, operation(function, current, self.atom(node.value)))
        elif isinstance(target, gast.Attribute):
            owner, name = self.atom(target.value), target.attr
            current = self.do(getattr, owner, Const(name), name="getattr")
            self.store(owner, name, operation(function, current, self.atom(node.value)))
        else:
            container, index = self.subscript(target)
            current = self.atom_of(operation(operator.getitem, container, index))
            value = self.atom_of(operation(function, current, self.atom(node.value)))
            self.assign(None, operation(operator.setitem, container, index, value))

    # ------------------------------------------------------------------------------------------------------- others

    def do_Raise(self, node: Node, tail: Completions) -> None:
        exception = None if node.exc is None else self.atom(node.exc)
        cause = None if node.cause is None else self.atom(node.cause)
        self.emit(core.Raise(exception, cause, self.origin))

    def do_Assert(self, node: Node, tail: Completions) -> None:
        test = self.atom(node.test)
        with self.block() as failing:
            message = () if node.msg is None else (self.atom(node.msg),)
            error = self.do(AssertionError, *message, name="AssertionError")
            self.emit(core.Raise(error, None, self.origin))
        failed = self.atom_of(operation(operator.not_, test))
        self.emit(core.If(failed, tuple(failing), (), self.origin))

    def do_Delete(self, node: Node, tail: Completions) -> None:
        for target in node.targets:
            self.delete(target)

    def delete(self, target: Node) -> None:
        if isinstance(target, gast.Name):
            if self.own(target.id) is None:
                self.refuse(target, f"del of {target.id!r}, which is not a plain local variable, is not supported")
        elif isinstance(target, gast.Attribute):
            name = Const(target.attr)
            self.assign(None, call(delattr, self.atom(target.value), name, name="delattr"))
        elif isinstance(target, gast.Subscript):
            self.assign(None, operation(operator.delitem, *self.subscript(target)))
        else:
            for item in target.elts:
                self.delete(item)

    def do_With(self, node: Node, tail: Completions) -> None:
        self.with_items(node.items, node.body, tail)

    def with_items(self, items: Sequence[Node], body: Sequence[Any], tail: Completions) -> None:
        first, *others = items
        target = first.optional_vars
        if target is None and self.is_suppress(first.context_expr):
            self.suppress(first.context_expr, others, body, tail)
            return
        context = self.atom(first.context_expr)
        name = None if target is None else self.own_name(target) or self.names.temporary()
        origin = self.origin
        with self.block() as inner:
            if name is not None and name != self.own_name(target):
                self.bind(target, Var(name))
            if others:
                self.with_items(others, body, tail)
            else:
                self.lower_statements(body, tail)
        self.emit(core.With(context, name, tuple(inner), origin))

    def is_suppress(self, node: Node) -> bool:
        """Whether a context is `contextlib.suppress(A, B)`."""
        function = self.static(node.func) if isinstance(node, gast.Call) and not node.keywords and node.args else None
        is_known = isinstance(function, Ref) and function.value is contextlib.suppress
        return is_known and not any(isinstance(part, gast.Starred) for part in node.args)

    def suppress(self, context: Node, others: Sequence[Node], body: Sequence[Any], tail: Completions) -> None:
        """`with suppress(A, B)` is a `try` whose handler does nothing."""
        exceptions = self.atoms(context.args)
        caught = exceptions[0] if len(exceptions) == 1 else self.do_operation(operations.make_tuple, *exceptions)
        self.is_result_late |= not self.is_result_set and RETURN in completions(body)
        origin = self.origin
        with self.block() as inner:
            if others:
                self.with_items(others, body, tail)
            else:
                self.lower_statements(body, tail)
        self.emit(core.Try(tuple(inner), (core.Handler(caught, None, ()),), (), (), origin))

    def do_Try(self, node: Node, tail: Completions) -> None:
        if completions(node.finalbody) - {NEXT}:
            self.refuse(node.finalbody[0], "a jump out of a finally clause is not supported")
        origin = self.origin
        if RETURN in completion(node):
            self.is_result_late |= not self.is_result_set
        heads = [None if handler.type is None else self.atom(handler.type) for handler in node.handlers]
        ways = completions(node.body) - {NEXT}
        with self.block() as orelse:
            pass
        if not node.orelse or NEXT not in completions(node.body):
            body = self.block_of(node.body, tail)
        elif not ways:
            body = self.block_of(node.body, NOWHERE)
            orelse[:] = self.block_of(node.orelse, tail)
        else:
            flags = self.guards(ways)
            for flag in flags:
                if flag not in self.set_flags:
                    self.assign(flag, TRUE)
            body = self.block_of(node.body, NOWHERE)
            with self.block() as orelse:
                self.under(flags, node.orelse, tail)
        handlers = tuple(self.handler(head, node_, tail) for head, node_ in zip(heads, node.handlers))
        final = self.block_of(node.finalbody, NOWHERE)
        self.emit(core.Try(body, handlers, tuple(orelse), final, origin))

    def handler(self, exception: Atom | None, node: Node, tail: Completions) -> core.Handler:
        name = None if node.name is None else self.own_name(node.name) or self.names.temporary()
        with self.block() as body:
            if name is not None and name != self.own_name(node.name):
                self.bind(node.name, Var(name))
            self.lower_statements(node.body, tail)
        return core.Handler(exception, name, tuple(body))


_CHANGING = frozenset(("update", "setdefault", "pop", "popitem", "clear"))


def _changes_items(body: Sequence[Any]) -> bool:
    """Whether statements may change an item of a dict."""
    for node in (inner for statement in body for inner in gast.walk(statement)):
        if isinstance(node, gast.Subscript) and isinstance(node.ctx, (gast.Store, gast.Del)):
            return True
        if isinstance(node, gast.Call) and isinstance(node.func, gast.Attribute) and node.func.attr in _CHANGING:
            return True
    return False


_RESIZING = frozenset(("append", "extend", "insert", "pop", "remove", "clear"))


def _resizes(loop: Node) -> bool:
    """Whether the body of a `for` loop gives a list of the loop's header, as it is written there, more or fewer items:
    Python asks for the length before each iteration.  `transforms.prepare.loops` sees other names of the list."""
    inner = (node for statement in loop.body for node in gast.walk(statement))
    changed = {gast.unparse(node) for node in map(_resized, inner) if node is not None}
    return bool(changed) and any(gast.unparse(node) in changed for node in _iterated(loop.iter))


def _resized(node: Any) -> Node | None:
    """The list that is given more or fewer items at a node of the tree."""
    if isinstance(node, gast.Call) and isinstance(node.func, gast.Attribute) and node.func.attr in _RESIZING:
        return node.func.value
    if isinstance(node, gast.Subscript) and (
        isinstance(node.ctx, gast.Del) or isinstance(node.ctx, gast.Store) and isinstance(node.slice, gast.Slice)
    ):
        return node.value
    return node.target if isinstance(node, gast.AugAssign) and isinstance(node.op, gast.Add) else None


def _iterated(header: Node) -> Iterator[Node]:
    """What a loop with this header reads item by item; `reversed` keeps to the places that there were."""
    if isinstance(header, (gast.Name, gast.Attribute, gast.Subscript)):
        yield header
    elif isinstance(header, gast.Call) and isinstance(header.func, gast.Name) and header.func.id != "reversed":
        for argument in header.args:
            yield from _iterated(argument)
