"""Tapes carry only what is read from them.

Simplification may leave the adjoint without use for a value that was pushed for it.  A tape is a local list that is only
pushed and popped; if an item of the tuples that are popped is never read, it is no longer pushed.

    tape.append((a, b))         tape.append(b)
    ...                         ...
    entry = tape.pop()          entry = tape.pop()
    b = entry[1]                b = entry
"""

from __future__ import annotations

import operator
from dataclasses import dataclass, field

from transforms import operations
from transforms.core import (
    Assign,
    Block,
    Call,
    Const,
    Function,
    Ref,
    Statement,
    Var,
    atoms_of,
    blocks_of,
    is_call_of,
    walk,
    with_blocks,
)


@dataclass
class _Tape:
    """The uses of one list: names of the tuples pushed, names of the entries popped."""

    pushed: list[str] = field(default_factory=list)
    popped: list[str] = field(default_factory=list)
    is_plain: bool = True


def tapes(function: Function) -> Function:
    """The program with thinner tapes."""
    found = _find(function.body)
    if not found:
        return function
    bindings: dict[str, list[Assign]] = {}
    uses: dict[str, list[Statement]] = {}
    for statement in walk(function.body):
        if isinstance(statement, Assign) and statement.target is not None:
            bindings.setdefault(statement.target, []).append(statement)
        for atom in atoms_of(statement):
            if isinstance(atom, Var):
                uses.setdefault(atom.name, []).append(statement)
    kept: dict[str, tuple[int, ...]] = {}  # name of a packed tuple or popped entry -> items that stay
    for tape in found.values():
        items = _items_read(tape, bindings, uses)
        if items is not None:
            kept.update(dict.fromkeys((*tape.pushed, *tape.popped), items))
    if not kept:
        return function
    return function.replace(body=_thin(function.body, kept))


def _find(body: Block) -> dict[str, _Tape]:
    found: dict[str, _Tape] = {}
    for statement in walk(body):
        if isinstance(statement, Assign) and statement.target is not None:
            if statement.value == Call(Ref(operations.make_list)):
                if statement.target in found:
                    found[statement.target].is_plain = False
                found.setdefault(statement.target, _Tape())
    if not found:
        return found
    for statement in walk(body):
        for atom in atoms_of(statement):
            if isinstance(atom, Var) and atom.name in found:
                _use(found[atom.name], statement, atom)
    return {name: tape for name, tape in found.items() if tape.is_plain and tape.pushed and tape.popped}


def _use(tape: _Tape, statement: Statement, atom: Var) -> None:
    if isinstance(statement, Assign) and isinstance(statement.value, Call):
        call = statement.value
        if is_call_of(call, list.append) and call.arguments[0] == atom and call.arguments[1] != atom:
            if isinstance(call.arguments[1], Var):
                tape.pushed.append(call.arguments[1].name)
                return
        if is_call_of(call, list.pop) and call.arguments == (atom,) and statement.target is not None:
            tape.popped.append(statement.target)
            return
    tape.is_plain = False


def _items_read(
    tape: _Tape, bindings: dict[str, list[Assign]], uses: dict[str, list[Statement]]
) -> tuple[int, ...] | None:
    """The items of the entries that are read, if all entries are tuples of one length that are only taken apart, and
    some item is not read."""
    length: int | None = None
    for name in tape.pushed:
        made = bindings.get(name, [])
        if len(made) != 1 or not is_call_of(made[0].value, operations.make_tuple) or len(uses[name]) != 1:
            return None
        assert isinstance(made[0].value, Call)
        if length not in (None, len(made[0].value.arguments)):
            return None
        length = len(made[0].value.arguments)
    read: set[int] = set()
    for name in tape.popped:
        if len(bindings.get(name, [])) != 1:
            return None
        for statement in uses.get(name, ()):
            if not isinstance(statement, Assign) or not is_call_of(statement.value, operator.getitem):
                return None
            assert isinstance(statement.value, Call)
            container, index = statement.value.arguments
            if container != Var(name) or not isinstance(index, Const) or type(index.value) is not int:
                return None
            read.add(index.value)
    if length is None or len(read) == length or not read:
        return None
    return tuple(sorted(read))


def _thin(body: Block, kept: dict[str, tuple[int, ...]]) -> Block:
    result: list[Statement] = []
    for statement in body:
        statement = with_blocks(statement, [_thin(inner, kept) for inner in blocks_of(statement)])
        if isinstance(statement, Assign) and isinstance(statement.value, Call):
            call = statement.value
            if statement.target in kept and is_call_of(call, operations.make_tuple):
                items = kept[statement.target]
                chosen = tuple(call.arguments[item] for item in items)
                value = chosen[0] if len(chosen) == 1 else Call(call.function, chosen)
                statement = Assign(statement.target, value, statement.origin, statement.comment)
            elif is_call_of(call, operator.getitem) and isinstance(call.arguments[0], Var):
                name = call.arguments[0].name
                index = call.arguments[1]
                if name in kept and isinstance(index, Const):
                    place = kept[name].index(index.value)
                    value = Var(name) if len(kept[name]) == 1 else Call(call.function, (Var(name), Const(place)))
                    statement = Assign(statement.target, value, statement.origin, statement.comment)
        result.append(statement)
    return tuple(result)
