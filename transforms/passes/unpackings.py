"""Unpacking: items of one tuple that are read one after the other are unpacked at once.

    _1 = unpack(e, 2)                   a, b = e
    a = _1[0]
    b = _1[1]

Part of presentation.  Also for a call that returns a tuple of known length, for what is popped off a tape of such
tuples, and for a parameter that the compiler made and knows the length of.
"""

from __future__ import annotations

import operator
from collections import Counter
from typing import Any

from transforms import operations
from transforms.core import (
    Assign,
    Block,
    Call,
    Const,
    Function,
    Names,
    Ref,
    Var,
    binding_counts,
    blocks_of,
    is_call_of,
    is_temporary,
    names_in,
    read_counts,
    reads,
    walk,
    with_blocks,
    writes,
)
from transforms.presentation import Unpack
from transforms.values import Sequence

LISTS = (operations.make_list, operations.make_tape)
Items = list[tuple[int, str, int]]  # (index, target, position in the block)


def unpackings(function: Function) -> Block:
    """The body with items of tuples unpacked."""
    return _Unpacker(function).run()


class _Unpacker:
    def __init__(self, function: Function) -> None:
        self.function = function
        self.values = function.values or {}
        self.read_count = read_counts(function.body)
        self.write_count = binding_counts(function)
        self.lengths = _tape_lengths(function)
        self.names = Names(names_in(function))
        self.unused = ""

    def run(self) -> Block:
        body = self.function.body
        first: list[Any] = []
        skipped: set[int] = set()
        for name, value in self.function.given.items():
            items = self.items_read(body, -1, name)
            if not isinstance(value, Sequence) or items is None or not 2 * len(items) >= len(value.items) > 1:
                continue
            if all(0 <= index < len(value.items) for index, _, _ in items):
                first.append(Unpack(self.targets(items, len(value.items)), Var(name), None, self.function.origin))
                skipped.update(where for _, _, where in items)
        return (*first, *self.block(body, skipped))

    def block(self, block: Block, skipped: set[int]) -> Block:
        result: list[Any] = []
        for position, statement in enumerate(block):
            if position in skipped:
                continue
            if isinstance(statement, Assign) and (known := self.length(statement)) is not None:
                items = self.items_read(block, position, statement.target or "")
                value, count, star = known
                if items is not None and count >= 2 and all(0 <= index < count for index, _, _ in items):
                    result.append(Unpack(self.targets(items, count), value, star, statement.origin))
                    skipped.update(where for _, _, where in items)
                    continue
            result.append(with_blocks(statement, (self.block(inner, set()) for inner in blocks_of(statement))))
        return tuple(result)

    def targets(self, items: Items, count: int) -> tuple[str, ...]:
        """A name for each item, the same for all that are not read."""
        by_index = {index: target for index, target, _ in items}
        if len(by_index) < count and not self.unused:
            self.unused = self.names.fresh("_")
        return tuple(by_index.get(index, self.unused) for index in range(count))

    def length(self, statement: Assign) -> tuple[Any, int, int | None] | None:
        """The value to unpack, the number of its items, and the position of the starred one."""
        call = statement.value
        if not isinstance(call, Call) or not isinstance(call.function, Ref) or not is_temporary(statement.target or ""):
            return None
        if call.function.value is operations.unpack and isinstance(call.arguments[1], Const):
            return call.arguments[0], call.arguments[1].value, None
        if call.function.value is operations.unpack_star:
            before, after = call.arguments[1:]
            if isinstance(before, Const) and isinstance(after, Const):
                return call.arguments[0], before.value + 1 + after.value, before.value
        value = self.values.get(statement.target or "")
        if isinstance(value, Sequence) and issubclass(value.kind, tuple):
            if call.function.value is not operations.make_tuple:
                return call, len(value.items), None
        if call.function.value is list.pop and len(call.arguments) == 1 and isinstance(call.arguments[0], Var):
            found = self.lengths.get(call.arguments[0].name)
            return None if found is None else (call, found, None)
        return None

    def items_read(self, block: Block, position: int, name: str) -> Items | None:
        """The items of a name that is only read as `target = name[index]`, after this position of the block."""
        if self.write_count[name] != 1:
            return None
        items: Items = []
        contiguous = True
        for k in range(position + 1, len(block)):
            if len(items) == self.read_count[name]:
                break
            statement: Any = block[k]
            is_item = (
                isinstance(statement, Assign)
                and statement.target is not None
                and is_call_of(statement.value, operator.getitem)
                and statement.value.arguments[0] == Var(name)  # type: ignore[union-attr]
            )
            if not is_item:
                contiguous = False
                continue
            index = statement.value.arguments[1]
            if not (isinstance(index, Const) and type(index.value) is int):
                return None
            # an item that is moved up must not be bound or read before; contiguous ones are in place already
            if not contiguous and self.write_count[statement.target] != 1:
                return None
            items.append((index.value, statement.target, k))
        targets = [target for _, target, _ in items]
        indices = [index for index, _, _ in items]
        distinct = len(set(targets)) == len(targets) and len(set(indices)) == len(indices)
        return items if items and distinct and len(items) == self.read_count[name] else None


def _tape_lengths(function: Function) -> dict[str, int]:
    """Names of lists that hold only tuples of one known length, built in this function."""
    lengths: dict[str, int] = {}
    unknown: set[str] = set(function.parameters)
    tuples: dict[str, int] = {}
    bound: Counter[str] = Counter(name for s in walk(function.body) for name in writes(s))
    for statement in walk(function.body):
        if isinstance(statement, Assign) and statement.target and is_call_of(statement.value, operations.make_tuple):
            if bound[statement.target] == 1:
                tuples[statement.target] = len(statement.value.arguments)  # type: ignore[union-attr]
    created: set[str] = set()
    for statement in walk(function.body):
        value: Any = statement.value if isinstance(statement, Assign) else None
        target = statement.target if isinstance(statement, Assign) else None
        if is_call_of(value, list.append) and isinstance(value.arguments[0], Var):
            tape, item = value.arguments
            found = tuples.get(item.name, -1) if isinstance(item, Var) else -1
            if lengths.setdefault(tape.name, found) != found or found < 0:
                unknown.add(tape.name)
            if isinstance(item, Var):
                unknown.add(item.name)
        elif is_call_of(value, list.pop) and isinstance(value.arguments[0], Var):
            pass
        elif is_call_of(value, *LISTS) and target is not None and not value.arguments:
            if bound[target] == 1:
                created.add(target)
        else:
            unknown.update(reads(statement))
    return {name: count for name, count in lengths.items() if name not in unknown and name in created}
