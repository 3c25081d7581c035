"""Early recording: what goes onto a tape goes there as soon as it is known.

Comes in: any core program; part of presentation.  Goes out: the same program where `tape.append(x)` stands before what
follows the binding of `x` and has nothing to do with the tape, so that `x` and the name that replaces it need not be
alive together, and `coalesce` can make them one.  Not where an exception may be caught: what the body of a `try` that
fails has recorded by then is never read back, and would be taken for what the next iteration recorded.

    >>> import operator
    >>> from transforms import operations
    >>> from transforms.core import Assign, Call, Const, Function, Ref, Return, Var
    >>> from transforms.printer import print_function
    >>> body = (
    ...     Assign("tape", Call(Ref(operations.make_list))),
    ...     Assign("x_1", Call(Ref(operator.mul), (Var("x"), Const(2)))),
    ...     Assign(None, Call(Ref(list.append), (Var("tape"), Var("x")))),
    ...     Assign("_1", Call(Ref(operations.make_tuple), (Var("x_1"), Var("tape")))),
    ...     Return(Var("_1")),
    ... )
    >>> print(print_function(early(Function("f", ("x",), body))), end="")
    def f(x):
        tape = []
        tape.append(x)
        x_1 = x * 2
        _1 = (x_1, tape)
        return _1
"""

from __future__ import annotations

from collections import Counter

from transforms import operations
from transforms.core import (
    Assign,
    Block,
    Call,
    For,
    Function,
    Raise,
    Return,
    Statement,
    Try,
    Var,
    While,
    With,
    all_reads,
    all_writes,
    binding_counts,
    blocks_of,
    is_call_of,
    read_counts,
    reads,
    walk,
    with_blocks,
    writes,
)


def early(function: Function) -> Function:
    """Record as soon as possible."""
    statements = list(walk(function.body))
    makers = (operations.make_list, operations.make_tape)
    lists = {s.target for s in statements if isinstance(s, Assign) and is_call_of(s.value, *makers)}
    lists &= _only_recorded(function)
    if not lists:
        return function
    read = read_counts(function.body)
    body = _Mover({name for name in lists if name is not None}, read).block(function.body)
    return function if body == function.body else function.replace(body=body)


def _only_recorded(function: Function) -> set[str | None]:
    """Names that no other name is bound to: nothing but an append or a pop of theirs changes the list."""
    bound = binding_counts(function)
    return {name for name, count in bound.items() if count == 1}


class _Mover:
    def __init__(self, lists: set[str], read: Counter[str]) -> None:
        self.lists, self.read = lists, read

    def block(self, block: Block, is_guarded: bool = False) -> Block:
        """`is_guarded`: something may come to nothing in the block, and what was recorded before it would stay."""
        result: list[Statement] = []
        records: dict[str, Assign] = {}  # tuples that are made only to be appended, not yet placed
        for statement in block:
            guards = isinstance(statement, With) or isinstance(statement, Try) and bool(statement.handlers)
            inner = (self.block(each, is_guarded or guards) for each in blocks_of(statement))
            statement = with_blocks(statement, inner)
            if isinstance(statement, Assign) and statement.target is not None and self.read[statement.target] == 1:
                if is_call_of(statement.value, operations.make_tuple):
                    records[statement.target] = statement
            if self.is_append(statement) and not is_guarded:
                self.place(statement, records, result)
            else:
                result.append(statement)
        return tuple(result)

    def is_append(self, statement: Statement) -> bool:
        if not isinstance(statement, Assign) or statement.target is not None:
            return False
        call = statement.value
        if not isinstance(call, Call) or not is_call_of(call, list.append):
            return False
        first = call.arguments[0]
        return isinstance(first, Var) and first.name in self.lists

    def place(self, append: Statement, records: dict[str, Assign], result: list[Statement]) -> None:
        """Put the append, and the tuple that it appends, as far up as they can go."""
        moved = [append]
        names = set(reads(append))
        for name in reads(append):
            record = records.get(name)
            if record is not None and record in result:
                result.remove(record)
                moved.insert(0, record)
                names = (names - {name}) | set(reads(record))
        position = len(result)
        while position and self.may_pass(result[position - 1], names, reads(append)[0]):
            position -= 1
        result[position:position] = moved

    def may_pass(self, other: Statement, names: set[str], tape: str) -> bool:
        if isinstance(other, (Raise, Return, Try, With, For, While)) or self.is_append(other):
            return False
        bound = {*writes(other), *(name for block in blocks_of(other) for name in all_writes(block))}
        used = {*reads(other), *(name for block in blocks_of(other) for name in all_reads(block))}
        return bound.isdisjoint(names) and tape not in used
