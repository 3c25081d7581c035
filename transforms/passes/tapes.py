"""Tapes: what is recorded and never read back, recorded twice, or the same every time, is not recorded.

Comes in: any core program.  Goes out: the same program where the tuples that are appended to a local list hold only
what the places that pop them read; a single item is appended without a tuple.  Lists that are used otherwise stay.

    >>> import operator
    >>> from transforms import operations
    >>> from transforms.core import Assign, Call, Const, Function, Ref, Return, Var
    >>> from transforms.printer import print_function
    >>> body = (
    ...     Assign("tape", Call(Ref(operations.make_list))),
    ...     Assign("_1", Call(Ref(operations.make_tuple), (Var("x"), Var("y"), Var("x")))),
    ...     Assign(None, Call(Ref(list.append), (Var("tape"), Var("_1")))),
    ...     Assign("_2", Call(Ref(list.pop), (Var("tape"),))),
    ...     Assign("a", Call(Ref(operator.getitem), (Var("_2"), Const(2)))),
    ...     Return(Var("a")),
    ... )
    >>> print(print_function(tapes(Function("f", ("x", "y"), body))), end="")
    def f(x, y):
        tape = []
        _1 = x
        tape.append(_1)
        _2 = tape.pop()
        a = _2
        return a
"""

from __future__ import annotations

import dataclasses
import operator
from dataclasses import dataclass, field

from transforms import operations
from transforms.core import (
    Assign,
    Atom,
    Block,
    Call,
    Const,
    Function,
    Ref,
    Statement,
    Var,
    binding_counts,
    blocks_of,
    by_identity,
    is_call_in,
    is_call_of,
    reads,
    walk,
    with_blocks,
)
from transforms.values import UNKNOWN, Sequence


def tapes(function: Function) -> Function:
    """Record only what is read back."""
    found = find_tapes(function)
    columns = {name: tape.columns() for name, tape in found.items()}
    changed = {name: tape for name, tape in found.items() if columns[name] is not None}
    if not changed:
        return function
    rewriter = _Rewriter(changed)
    values = function.values
    if values is not None:
        values = {**values, **{name: UNKNOWN for name in rewriter.retyped if name in values}}
        for tape in changed.values():
            values.update(tape.types(function.values or {}))
    return function.replace(body=rewriter.block(function.body), values=values)


@dataclass(slots=True)
class Tape:
    """A local list that only records."""

    name: str
    records: dict[str, Call] = field(default_factory=dict)  # name of an appended tuple -> the call that makes it
    popped: dict[str, list[int]] = field(default_factory=dict)  # name of a popped tuple -> the items read of it

    def columns(self) -> list[int] | None:
        """The items to keep, in order; None if everything stays as it is."""
        lengths = {len(call.arguments) for call in self.records.values()}
        if len(lengths) != 1 or not self.popped:
            return None
        (length,) = lengths
        read = {k for indices in self.popped.values() for k in indices}
        if any(not 0 <= k < length for k in read):
            return None
        kept = sorted({self.source(k) for k in read if self.constant(k) is None})
        return None if len(kept) == length and length > 1 else kept

    def source(self, k: int) -> int:
        """The first item that always is the same as item k."""
        calls = list(self.records.values())
        return next(j for j in range(k + 1) if all(call.arguments[j] == call.arguments[k] for call in calls))

    def constant(self, k: int) -> Atom | None:
        """What item k always is, if that is a constant or an object."""
        items = {call.arguments[k] for call in self.records.values()}
        item = next(iter(items))
        return item if len(items) == 1 and not isinstance(item, Var) else None

    def types(self, values: dict) -> dict:
        """The values of the popped names after the change."""
        kept = self.columns() or []
        result = {}
        for name in self.popped:
            value = values.get(name)
            if isinstance(value, Sequence) and all(k < len(value.items) for k in kept):
                items = tuple(value.items[k] for k in kept)
                result[name] = items[0] if len(kept) == 1 else Sequence(tuple, items)
        return result


LISTS = (operations.make_list, operations.make_tape)
_MAKERS = by_identity(*LISTS, operations.make_tuple)
_USERS = by_identity(list.append, list.pop, operator.getitem)


def find_tapes(function: Function) -> dict[str, Tape]:
    """The lists that are created empty, once, and only appended to and popped from."""
    statements = list(walk(function.body))
    if not any(isinstance(s, Assign) and is_call_of(s.value, *LISTS) for s in statements):
        return {}
    finder = _Finder(function, statements)
    return finder.tapes(statements) if finder.found else {}


class _Finder:
    """Goes through all statements and notes what is appended to and popped from each tape."""

    def __init__(self, function: Function, statements: list[Statement]) -> None:
        self.bound = binding_counts(function)
        self.found: dict[str, Tape] = {}
        self.makers: dict[str, Call] = {}  # name -> the tuple that it is
        self.owners: dict[str, str] = {}  # record or popped name -> its tape
        for statement in statements:
            if isinstance(statement, Assign) and is_call_in(statement.value, _MAKERS):
                self.note_maker(statement)

    def note_maker(self, statement: Assign) -> None:
        """An empty list may be a tape, and a tuple a record on one."""
        target, call = statement.target, statement.value
        assert isinstance(call, Call)
        if target is None or self.bound[target] != 1:
            return
        if is_call_of(call, operations.make_tuple):
            self.makers[target] = call
        elif not call.arguments:
            self.found[target] = Tape(target)

    def tapes(self, statements: list[Statement]) -> dict[str, Tape]:
        """Those lists of which every use is understood."""
        spoilt: set[str] = set()
        for statement in statements:
            if not self.is_understood(statement):
                spoilt.update(reads(statement))
        return {
            name: tape
            for name, tape in self.found.items()
            if name not in spoilt and spoilt.isdisjoint(tape.records) and spoilt.isdisjoint(tape.popped)
        }

    def is_understood(self, statement: Statement) -> bool:
        """Note what the statement does with a tape; False if it may do anything else with what it reads."""
        if not isinstance(statement, Assign) or not is_call_in(statement.value, _USERS):
            return False
        call = statement.value
        assert isinstance(call, Call)
        first = call.arguments[0].name if call.arguments and isinstance(call.arguments[0], Var) else ""
        if is_call_of(call, list.append):
            return statement.target is None and first in self.found and self.note_append(first, call)
        if is_call_of(call, list.pop):
            return first in self.found and self.note_pop(first, call, statement.target)
        return self.note_item(first, call.arguments[1])

    def note_append(self, tape: str, call: Call) -> bool:
        """A record belongs to one tape."""
        item = call.arguments[1] if len(call.arguments) == 2 else None
        if not isinstance(item, Var) or item.name not in self.makers:
            return False
        if self.owners.setdefault(item.name, tape) != tape:
            return False
        self.found[tape].records[item.name] = self.makers[item.name]
        return True

    def note_pop(self, tape: str, call: Call, target: str | None) -> bool:
        if len(call.arguments) != 1 or (target is not None and self.bound[target] != 1):
            return False
        if target is not None:
            self.owners[target] = tape
            self.found[tape].popped.setdefault(target, [])
        return True

    def note_item(self, popped: str, index: Atom) -> bool:
        """A constant item of a record that was popped."""
        tape = self.found[self.owners[popped]] if popped in self.owners else None
        if tape is None or popped not in tape.popped or not isinstance(index, Const) or type(index.value) is not int:
            return False
        tape.popped[popped].append(index.value)
        return True


class _Rewriter:
    def __init__(self, changed: dict[str, Tape]) -> None:
        self.records = {name: tape for tape in changed.values() for name in tape.records}
        self.popped = {name: tape for tape in changed.values() for name in tape.popped}
        self.retyped = [*changed, *self.records, *self.popped]

    def block(self, block: Block) -> Block:
        return tuple(
            self.assign(s) if isinstance(s, Assign) else with_blocks(s, map(self.block, blocks_of(s))) for s in block
        )

    def assign(self, statement: Assign) -> Statement:
        call = statement.value
        if not isinstance(call, Call):
            return statement
        if statement.target in self.records and is_call_of(call, operations.make_tuple):
            kept = self.records[statement.target].columns() or []
            items = tuple(call.arguments[k] for k in kept)
            value = items[0] if len(items) == 1 else Call(Ref(operations.make_tuple), items) if items else Const(None)
            return dataclasses.replace(statement, value=value)
        first = call.arguments[0] if call.arguments else None
        if is_call_of(call, operator.getitem) and isinstance(first, Var) and first.name in self.popped:
            return dataclasses.replace(statement, value=self.item(first, call.arguments[1]))
        return statement

    def item(self, popped: Var, index: Atom) -> Atom | Call:
        tape = self.popped[popped.name]
        assert isinstance(index, Const)
        constant = tape.constant(index.value)
        if constant is not None:
            return constant
        kept = tape.columns() or []
        if len(kept) == 1:
            return popped
        return Call(Ref(operator.getitem), (popped, Const(kept.index(tape.source(index.value)))))
