"""Ranges: one that several loops share is written out in each.

    _1 = len(x)                         _3 = len(x)
    _2 = range(_1)                      _4 = range(_3)
    for i in _2:                        for i in _4:
        ...                                 ...
    _5 = reversed(_2)                   _6 = len(x)
    for j in _5:                        _7 = range(_6)
        ...                             _5 = reversed(_7)
                                        for j in _5:
                                            ...

Part of presentation: nesting then prints `for i in range(len(x))` and `for j in reversed(range(len(x)))`.
"""

from __future__ import annotations

from typing import Any

from transforms.core import (
    Assign,
    Atom,
    Block,
    Call,
    For,
    Function,
    Names,
    Statement,
    Var,
    binding_counts,
    blocks_of,
    is_call_of,
    is_temporary,
    names_in,
    reads,
    walk,
    with_blocks,
)
from transforms.passes.effects import Memory
from transforms.presentation import map_leaves


def own_ranges(function: Function, memory: Memory) -> Function:
    """The program with a range of its own for each loop."""
    shared = _Uses(function, memory).shared_ranges()
    if not shared:
        return function
    return function.replace(body=_without_unread_lengths(_Writer(function, shared).block(function.body)))


class _Uses:
    """Where the names of a program are bound and read."""

    def __init__(self, function: Function, memory: Memory) -> None:
        self.memory = memory
        statements = list(walk(function.body))
        self.bound = binding_counts(function)
        self.calls = _calls(statements)
        self.uses: dict[str, list[Statement]] = {}
        for statement in statements:
            for name in reads(statement):
                self.uses.setdefault(name, []).append(statement)

    def shared_ranges(self) -> dict[str, Call]:
        """The temporaries that several loops run over, and that could be written again in each."""
        return {name: call for name, call in self.calls.items() if is_call_of(call, range) and self.is_shared(name)}

    def is_shared(self, name: str) -> bool:
        uses = self.uses.get(name, ())
        is_read_by_loops = len(uses) > 1 and all(map(_is_of_a_loop, uses))
        is_made_once = is_temporary(name) and self.bound[name] == 1
        return is_made_once and is_read_by_loops and all(map(self.is_lasting, self.calls[name].atoms))

    def is_lasting(self, atom: Atom) -> bool:
        """Whether the atom, or the length that it is, can be written again anywhere."""
        if not isinstance(atom, Var):
            return True
        if self.bound[atom.name] != 1:
            return False
        if not is_temporary(atom.name):
            return True
        length = self.calls.get(atom.name)
        if length is None or not is_call_of(length, len):
            return False
        return self.is_lasting(length.arguments[0]) and self.memory.is_stable(length.arguments[0])


def _calls(statements: list[Statement]) -> dict[str, Call]:
    """The names that are results of calls, with the calls."""
    assigned = (s for s in statements if isinstance(s, Assign))
    return {s.target: s.value for s in assigned if s.target is not None and isinstance(s.value, Call)}


def _is_of_a_loop(statement: Statement) -> bool:
    return isinstance(statement, For) or (isinstance(statement, Assign) and is_call_of(statement.value, reversed))


class _Writer:
    """Writes the shared ranges again before each statement that reads one."""

    def __init__(self, function: Function, shared: dict[str, Call]) -> None:
        self.shared = shared
        self.calls = _calls(list(walk(function.body)))
        self.names = Names(names_in(function))

    def block(self, block: Block) -> Block:
        result: list[Any] = []
        for statement in block:
            if isinstance(statement, Assign) and statement.target in self.shared:
                continue
            read = [name for name in reads(statement) if name in self.shared]
            if read:
                own = self.again(self.shared[read[0]], result)
                statement = map_leaves(statement, lambda leaf: own if leaf == Var(read[0]) else leaf)  # noqa: B023
            result.append(with_blocks(statement, (self.block(inner) for inner in blocks_of(statement))))
        return tuple(result)

    def again(self, call: Call, before: list[Any]) -> Var:
        """The call once more under a new name, and the calls of `len` that it reads."""
        atoms = []
        for atom in call.arguments:
            if isinstance(atom, Var) and is_temporary(atom.name):
                atom = self.again(self.calls[atom.name], before)
            atoms.append(atom)
        name = self.names.temporary()
        before.append(Assign(name, Call(call.function, tuple(atoms))))
        return Var(name)


def _without_unread_lengths(body: Block) -> Block:
    read = {name for statement in walk(body) for name in reads(statement)}

    def visit(block: Block) -> Block:
        return tuple(
            with_blocks(s, (visit(inner) for inner in blocks_of(s))) for s in block if not _is_unread_length(s, read)
        )

    return visit(body)


def _is_unread_length(statement: Statement, read: set[str]) -> bool:
    if not isinstance(statement, Assign) or statement.target is None or not is_call_of(statement.value, len):
        return False
    return is_temporary(statement.target) and statement.target not in read
