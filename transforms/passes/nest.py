"""Nesting: single-use temporaries go back into expressions, so that the program reads as a person would write it.

Comes in: a core program, all other passes done.  Goes out: its nested form (`transforms.presentation`), for the printer
only.  The order of evaluation of whatever has or sees effects stays as it was; a name of the user's stays a statement
of its own; a temporary that is used more than once, or would make a line too long, gets a readable name.

    >>> import numpy as np, operator
    >>> from transforms.core import Assign, Call, Function, Ref, Return, Var
    >>> from transforms.printer import print_function
    >>> body = (
    ...     Assign("_1", Call(Ref(operator.mul), (Var("x"), Var("y")))),
    ...     Assign("_2", Call(Ref(np.sin), (Var("x"),))),
    ...     Assign("_3", Call(Ref(operator.add), (Var("_1"), Var("_2")))),
    ...     Return(Var("_3")),
    ... )
    >>> print(print_function(nest(Function("f", ("x", "y"), body))), end="")
    def f(x, y):
        return x * y + np.sin(x)
"""

from __future__ import annotations

import dataclasses
import functools
import operator
from collections import Counter
from dataclasses import dataclass
from typing import Any

from transforms import operations
from transforms.core import (
    Assign,
    Block,
    Call,
    Const,
    For,
    Function,
    If,
    Names,
    Ref,
    Return,
    Statement,
    Try,
    Var,
    While,
    With,
    blocks_of,
    is_call_of,
    is_temporary,
    map_targets,
    reads,
    walk,
    with_blocks,
)
from transforms.passes.coalesce import derivative_name
from transforms.passes.effects import Effect, Memory, memory_of
from transforms.passes.idioms import holds_floats
from transforms.passes.ranges import own_ranges
from transforms.passes.unpackings import unpackings
from transforms.presentation import Choice, Unpack, Update, children, expressions_of, map_leaves, targets_of, variables
from transforms.printer.notation import INPLACE
from transforms.values import Array

READS, ACTS, RECORDS = 1, 2, 4  # sees memory that changes; has effects; appends to or pops from a tape
WIDTH = 88  # of a nested line, roughly; what is longer is cut at a temporary


def nest(function: Function) -> Function:
    """The nested form of a program."""
    memory = memory_of(function)
    unpacked = function.replace(body=unpackings(own_ranges(function, memory)))
    body = _Nester(unpacked, memory).block(unpacked.body)
    return function.replace(body=_readable_names(function, body))


# ------------------------------------------------------------------------------------------------------------ nesting


@dataclass(slots=True)
class _Pending:
    """A temporary that waits to be put into the expression that reads it."""

    name: str
    expression: Any
    level: int  # what it does: a sum of READS, ACTS and RECORDS; 0: it can be evaluated any time
    statement: Assign

    def commutes_with(self, level: int) -> bool:
        """Whether it may be evaluated before or after something else that does this."""
        acts = (self.level & ACTS and level & (ACTS | READS)) or (level & ACTS and self.level & READS)
        return not acts and not self.level & level & RECORDS


class _Nester:
    def __init__(self, function: Function, memory: Memory) -> None:
        self.memory = memory
        statements = list(walk(function.body))
        self.read_count = Counter(name for s in statements for name in _reads(s))
        self.write_count = Counter([*function.parameters, *(name for s in statements for name in targets_of(s))])
        # an `if` that binds a temporary in both branches counts as one binding
        self.write_count.subtract(name for s in statements if isinstance(s, If) and (name := _joined(s)) is not None)
        self.candidates: set[str] = set()  # temporaries with one binding and one read, both in one block
        self.tapes = _tape_names(function)
        self.doubles: set[str] = set()  # tests of `if`s that choose between the test itself and something else
        self.tests: set[str] = set()  # those that a `while` tests, bound before it and at the end of its body
        self.find_candidates(function.body)

    def find_candidates(self, block: Block) -> None:
        bound: set[str] = set()
        for statement in block:
            for name in _reads(statement):
                if name in bound and self.read_count[name] == 1:
                    if not isinstance(statement, While):
                        if self.write_count[name] == 1:
                            self.candidates.add(name)
                    elif self.write_count[name] == 2 and _last_target(statement.body) == name:
                        self.tests.add(name)
            if isinstance(statement, Assign) and statement.target is not None and is_temporary(statement.target):
                bound.add(statement.target)
            joined = _joined(statement) if isinstance(statement, If) else None
            if joined is not None and isinstance(statement, If):
                bound.add(joined)
                copy = Assign(joined, statement.test)
                copies = [len(b) == 1 and _same_assignment(b[0], copy) for b in (statement.body, statement.orelse)]
                test = statement.test.name if isinstance(statement.test, Var) else ""
                if test in bound and self.read_count[test] == 2 and self.write_count[test] == 1 and any(copies):
                    self.candidates.add(test)
                    self.doubles.add(test)
            for inner in blocks_of(statement):
                self.find_candidates(inner)

    def block(self, block: Block) -> Block:
        out: list[Any] = []
        pending: list[_Pending] = []
        for statement in block:
            self.statement(statement, pending, out)
        self.flush(pending, pending[:], out)
        return tuple(out)

    # --------------------------------------------------------------------------------------------------- statements

    def statement(self, statement: Any, pending: list[_Pending], out: list[Any]) -> None:
        if isinstance(statement, If):
            self.branch(statement, pending, out)
            return
        new, level = self.absorb(statement, pending, out)
        if isinstance(new, Assign) and new.target is not None:
            if new.target in self.candidates or new.target in self.tests:
                pending.append(_Pending(new.target, new.value, level, new))
                return
        if isinstance(new, While):
            self.loop(new, pending, out)
            return
        if isinstance(new, (For, With, Try)):
            new = with_blocks(new, (self.block(inner) for inner in blocks_of(new)))
            self.flush(pending, pending[:], out)
            out.append(new)
            return
        bound = set(targets_of(new))
        stuck = [p for p in pending if not p.commutes_with(level) or not bound.isdisjoint(variables(p.expression))]
        self.flush(pending, stuck, out)
        out.append(_update(new, self.memory.values))

    def branch(self, statement: If, pending: list[_Pending], out: list[Any]) -> None:
        """An `if`, which becomes an expression if it only chooses the value of one temporary."""
        nested: Any = with_blocks(statement, (self.block(inner) for inner in blocks_of(statement)))
        choice = self.choice(nested)
        if choice is not None:
            new, level = self.absorb(choice, pending, out)
            level |= self.block_level(statement)
            if new.target in self.candidates or new.target in self.tests:
                pending.append(_Pending(new.target, new.value, level, new))
            else:
                stuck = [p for p in pending if not p.commutes_with(level)]
                self.flush(pending, stuck, out)
                out.append(new)
            return
        if isinstance(statement.test, Var) and statement.test.name in self.doubles:
            self.flush(pending, [p for p in pending if p.name == statement.test.name], out)
        new, _ = self.absorb(nested, pending, out)
        self.flush(pending, pending[:], out)
        out.append(_without_pass(new))

    def loop(self, statement: While, pending: list[_Pending], out: list[Any]) -> None:
        """`_1 = test; while _1: ...; _1 = test` becomes `while test: ...`."""
        body = self.block(statement.body)
        waiting = pending[-1] if pending else None
        name = statement.test.name if isinstance(statement.test, Var) else ""
        last: Any = body[-1] if body else None
        if waiting is not None and waiting.name == name and isinstance(last, Assign) and last.target == name:
            if last.value == waiting.expression or _with_atoms(last.value, _recent_atoms(out)) == waiting.expression:
                pending.pop()
                self.flush(pending, pending[:], out)
                test: Any = last.value
                out.append(dataclasses.replace(statement, test=test, body=body[:-1]))
                return
        self.flush(pending, pending[:], out)
        out.append(dataclasses.replace(statement, body=body))

    def choice(self, statement: If) -> Assign | None:
        """An `if` that only chooses the value of one temporary."""
        name = _joined(statement)
        if name is None:
            return None
        body, orelse = statement.body, statement.orelse
        if len(body) != 1 or len(orelse) != 1:
            return None
        one: Any = body[0]
        two: Any = orelse[0]
        value = Choice(statement.test, one.value, two.value)
        if two.value == statement.test:
            value = Choice(statement.test, one.value, None)
        elif one.value == statement.test:
            value = Choice(statement.test, None, two.value)
        return None if _width(value) > WIDTH - 20 else Assign(name, value, statement.origin)  # type: ignore[arg-type]

    def block_level(self, statement: Statement) -> int:
        """The level of everything inside a statement."""
        levels = [self.level(inner) for block in blocks_of(statement) for inner in walk(block)]
        return functools.reduce(operator.or_, levels, 0)

    def level(self, statement: Any) -> int:
        """What a statement itself does."""
        match statement:
            case Assign(value=Call() as call):
                if _is_recording(call) and isinstance(call.arguments[0], Var) and call.arguments[0].name in self.tapes:
                    return RECORDS
                if self.memory.effect(call) is not Effect.PURE:
                    return ACTS
                return READS if self.memory.reads_changing_memory(call) else 0
            case Assign() | If() | While() | Return():
                return 0
        return ACTS

    # ----------------------------------------------------------------------------------------------------- absorbing

    def absorb(self, statement: Any, pending: list[_Pending], out: list[Any]) -> tuple[Any, int]:
        """The statement with the pending temporaries that it reads put in, and the level of the whole."""
        level = self.level(statement)
        waiting = {p.name: p for p in pending}
        wanted = [waiting[name] for name in _evaluation_order(statement) if name in waiting]
        if isinstance(statement, While):
            wanted = []
        if not wanted:
            return statement, level
        wanted = self.movable(wanted, pending, out)
        wanted = self.short_enough(statement, wanted, pending, out)
        if not wanted:
            return statement, level
        for p in wanted:
            pending.remove(p)
        inside = {p.name: p.expression for p in wanted}
        new = _substitute(statement, inside)
        comments = [p.statement.comment for p in wanted if p.statement.comment]
        if comments and isinstance(new, Assign):
            new = dataclasses.replace(new, comment="\n".join([*comments, *([new.comment] if new.comment else [])]))
        return new, functools.reduce(operator.or_, (p.level for p in wanted), level)

    def movable(self, wanted: list[_Pending], pending: list[_Pending], out: list[Any]) -> list[_Pending]:
        """Those of the wanted that may be evaluated where they are read; the others are written out."""
        position = {p.name: k for k, p in enumerate(pending)}
        names = {p.name for p in wanted}
        stuck: list[_Pending] = []
        for k, p in enumerate(wanted):
            later = [q for q in pending[position[p.name] + 1 :] if q.name not in names]
            swapped = [q for q in wanted[:k] if position[q.name] > position[p.name]]
            if any(not p.commutes_with(q.level) for q in (*later, *swapped)):
                stuck.append(p)
        flushed = self.flush(pending, stuck, out)
        return [p for p in wanted if p.name not in flushed]

    def short_enough(
        self, statement: Any, wanted: list[_Pending], pending: list[_Pending], out: list[Any]
    ) -> list[_Pending]:
        """Those of the wanted that fit on one line; the widest are written out first."""
        wanted = list(wanted)
        own = sum(map(_width, expressions_of(statement)))
        while wanted and own + sum(_width(p.expression) for p in wanted) > WIDTH:
            widest = max(wanted, key=lambda p: _width(p.expression))
            flushed = self.flush(pending, [widest], out)
            wanted = [p for p in wanted if p.name not in flushed]
        return wanted

    def flush(self, pending: list[_Pending], stuck: list[_Pending], out: list[Any]) -> set[str]:
        """Write out pending temporaries, and before them those that must stay before them."""
        if not stuck:
            return set()
        names = {p.name for p in stuck}
        levels = [p.level for p in pending if p.name in names]
        last = max(k for k, p in enumerate(pending) if p.name in names)
        for p in pending[:last][::-1]:
            if p.name not in names and any(not p.commutes_with(level) for level in levels):
                names.add(p.name)
                levels.append(p.level)
        for p in [p for p in pending if p.name in names]:
            pending.remove(p)
            out.append(_update(dataclasses.replace(p.statement, value=p.expression), self.memory.values))
        return names


def _without_pass(statement: Any) -> Any:
    """`if t: pass`, `else: ...` as `if not t: ...`."""
    if statement.body or not statement.orelse:
        return statement
    test = Call(Ref(operator.not_), (statement.test,))
    return dataclasses.replace(statement, test=test, body=statement.orelse, orelse=())


def _reads(statement: Any) -> list[str]:
    if isinstance(statement, Assign) and isinstance(statement.value, Choice):
        return [atom.name for atom in (statement.value.test,) if isinstance(atom, Var)]  # the rest is nested already
    if isinstance(statement, (Unpack, Update)):
        return [name for expression in expressions_of(statement) for name in variables(expression)]
    return list(reads(statement))


def _last_target(block: Block) -> str | None:
    last = block[-1] if block else None
    if isinstance(last, If):
        return _joined(last)
    return last.target if isinstance(last, Assign) else None


def _same_assignment(one: Any, two: Assign) -> bool:
    return isinstance(one, Assign) and one.target == two.target and one.value == two.value


def _recent_atoms(out: list[Any]) -> dict[str, Any]:
    """What names are known to be copies of, from the copies just before."""
    known: dict[str, Any] = {}
    for statement in out[::-1]:
        if not isinstance(statement, Assign) or statement.target is None:
            break
        if isinstance(statement.value, (Var, Const)):
            known.setdefault(statement.target, statement.value)
        else:
            known.setdefault(statement.target, Var(statement.target))
    return known


def _with_atoms(expression: Any, known: dict[str, Any]) -> Any:
    statement: Any = Assign("_", expression)
    return map_leaves(statement, lambda leaf: known.get(leaf.name, leaf) if isinstance(leaf, Var) else leaf).value


def _joined(statement: If) -> str | None:
    """The temporary that both branches of an `if` bind last."""
    name = _last_target(statement.body)
    if name is None or not is_temporary(name) or name != _last_target(statement.orelse):
        return None
    return name


def _evaluation_order(statement: Any) -> list[str]:
    """The names that a core statement reads, in the order in which its notation evaluates them."""
    if isinstance(statement, Assign) and isinstance(statement.value, Call):
        call = statement.value
        atoms: list[Any] = [call.function, *call.atoms]
        if is_call_of(call, operator.setitem) and statement.target is None and len(call.arguments) == 3:
            atoms = [call.arguments[2], call.arguments[0], call.arguments[1]]
        elif is_call_of(call, setattr) and statement.target is None and len(call.arguments) == 3:
            atoms = [call.arguments[2], call.arguments[0]]
        elif is_call_of(call, operator.contains) and len(call.arguments) == 2:
            atoms = [call.arguments[1], call.arguments[0]]
        return [atom.name for atom in atoms if isinstance(atom, Var)]
    return _reads(statement)


def _substitute(statement: Any, inside: dict[str, Any]) -> Any:
    """The statement with expressions in the place of names."""
    return map_leaves(statement, lambda leaf: inside.get(leaf.name, leaf) if isinstance(leaf, Var) else leaf)


def _update(statement: Any, values: dict[str, Any]) -> Any:
    """`x[i] = operator.iadd(x[i], v)` as `x[i] += v`, and the same with an attribute; of floats also `x[i] + v`."""
    if not (isinstance(statement, Assign) and statement.target is None):
        return statement
    value = statement.value
    if isinstance(value, Call) and isinstance(value.function, Ref) and value.function.value in INPLACE:
        item: Any = value.arguments[0]
        rest = value.arguments[1:]
        if is_call_of(item, operator.getitem) and len(rest) == 1:
            owner = item.arguments[0]  # not of a tuple: `saved[0] += v` would store into it
            if isinstance(owner, Var) and isinstance(values.get(owner.name), Array):
                return Update(item, value.function.value, rest[0], statement.origin)
    for store, load in ((operator.setitem, operator.getitem), (setattr, getattr)):
        if is_call_of(value, store):
            assert isinstance(value, Call)
            owner, key, stored = value.arguments
            place = Call(Ref(load), (owner, key))
            if isinstance(stored, Call) and isinstance(stored.function, Ref) and len(stored.arguments) == 2:
                simple = all(isinstance(part, (Var, Const, Ref)) for part in (owner, key))
                operation = stored.function.value
                known = values.get(owner.name) if isinstance(owner, Var) else None
                is_float = isinstance(known, Array) and known.dtype.kind in "fc"
                if operation is operator.add and (is_float or holds_floats(known)):
                    operation = operator.iadd
                if operation in INPLACE and stored.arguments[0] == place and simple:
                    return Update(place, operation, stored.arguments[1], statement.origin)
    return statement


def _width(expression: Any) -> int:
    """Roughly how many characters an expression takes."""
    match expression:
        case Var():
            return len(expression.name)
        case Const():
            return len(repr(expression.value))
        case Ref():
            return len(expression.name or getattr(expression.value, "__name__", "") or "name")
        case Choice():
            return sum(map(_width, children(expression))) + 9
        case Call():
            inner = sum(map(_width, children(expression)[1:])) + 2 * len(expression.atoms)
            inner += sum(len(key) + 1 for key, _ in expression.keywords)
            return inner + (2 if _has_notation(expression.function) else _width(expression.function))
    return 0


def _has_notation(function: Any) -> bool:
    if not isinstance(function, Ref):
        return False
    module = getattr(function.value, "__module__", None)
    return module in ("_operator", "transforms.operations") or function.value is getattr


def _is_recording(expression: Any) -> bool:
    return is_call_of(expression, list.append) or (is_call_of(expression, list.pop) and len(expression.arguments) == 1)


def _tape_names(function: Function) -> set[str]:
    """Local lists that are only appended to and popped from: nothing else sees them."""
    made: Counter[str] = Counter(function.parameters)
    others: set[str] = set(function.parameters)
    for statement in walk(function.body):
        value: Any = statement.value if isinstance(statement, Assign) else None
        for name in targets_of(statement):
            made[name] += 1
            if value is None or not is_call_of(value, operations.make_list, operations.make_tape):
                others.add(name)
        read = _reads(statement)
        if value is not None and _is_recording(value) and isinstance(value.arguments[0], Var):
            read = read[1:]
        others.update(read)
    return {name for name, count in made.items() if count == 1 and name not in others}


# --------------------------------------------------------------------------------------------------------------- names


def _readable_names(function: Function, body: Block) -> Block:
    """The temporaries that are left get the names `t`, `t_1`, ..., or that of the cotangent which they are."""
    left: list[str] = []

    def collect(block: Block) -> None:
        for statement in block:
            for name in targets_of(statement):
                if is_temporary(name) and name not in left:
                    left.append(name)
            for inner in blocks_of(statement):
                collect(inner)

    collect(body)
    if not left:
        return body
    names = Names({name for name in names_in_nested(body) if name not in left} | set(function.parameters))
    new = {}
    for name in left:
        hint = derivative_name(function.hints[name]) if name in function.hints else "t"
        new[name] = names.fresh("t" if hint in names.taken else hint)  # what has the name is a sum, this a part of it
    return _rename(body, new)


def names_in_nested(body: Block) -> set[str]:
    """Every name that a nested program reads or binds."""
    names: set[str] = set()
    for statement in body:
        names.update(targets_of(statement))
        for expression in expressions_of(statement):
            names.update(variables(expression))
        for inner in blocks_of(statement):
            names |= names_in_nested(inner)
    return names


def _rename(block: Block, names: dict[str, str]) -> Block:
    def read(leaf: Any) -> Any:
        return Var(names.get(leaf.name, leaf.name)) if isinstance(leaf, Var) else leaf

    result: list[Any] = []
    for statement in block:
        new = map_leaves(statement, read)
        if isinstance(new, Unpack):
            new = dataclasses.replace(new, targets=tuple(names.get(target, target) for target in new.targets))
        new = map_targets(new, lambda name: names.get(name, name))
        result.append(with_blocks(new, (_rename(inner, names) for inner in blocks_of(new))))
    return tuple(result)
