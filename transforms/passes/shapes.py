"""The shape of a result is asked of the first array that is known to have the same shape.

    t = x - y                   t = x - y           t goes, if only its size was wanted
    n = t.size                  n = x.size

Arrays have equal shapes where their abstract values have equal sizes. What an adjoint takes out of the record of its
augmented function may have been computed on some paths only: it is asked after it has been computed with.
"""

from __future__ import annotations

import operator

from transforms import operations
from transforms.core import (
    Assign,
    Block,
    Call,
    Const,
    Expression,
    Function,
    Statement,
    Var,
    blocks_of,
    is_call_of,
    reads,
    walk,
    with_blocks,
)
from transforms.values import Array, Value

ASKED = (Const("shape"), Const("size"))
KEEPERS = (operations.make_tuple, operations.make_list, list.append)  # they take what is not there as well


def shapes(function: Function) -> Function:
    """The program with shapes asked of the first array that has them."""
    if not function.values or not any(isinstance(s, Assign) and _asks(s.value) for s in walk(function.body)):
        return function
    bound: dict[str, int] = {}
    for statement in walk(function.body):
        if isinstance(statement, Assign) and statement.target is not None:
            bound[statement.target] = bound.get(statement.target, 0) + 1
    once = {name for name, count in bound.items() if count == 1}
    finder = _Finder(function.values, once, set(function.given).intersection(function.parameters))
    known: dict[tuple, str] = {}
    for name in function.parameters:
        if name not in bound:
            finder.note(name, known)
    body = finder.block(function.body, known)
    return function.replace(body=body) if finder.changed else function


def _asks(expression: Expression) -> bool:
    return isinstance(expression, Call) and is_call_of(expression, getattr) and expression.arguments[1] in ASKED


class _Finder:
    def __init__(self, values: dict[str, Value], once: set[str], records: set[str]) -> None:
        self.values, self.once = values, once
        self.recorded = records  # and all that was taken out of them
        self.changed = False

    def note(self, name: str, known: dict[tuple, str]) -> None:
        value = self.values.get(name)
        if isinstance(value, Array) and value.shape:
            known.setdefault(value.shape, name)

    def block(self, block: Block, known: dict[tuple, str]) -> Block:
        known = dict(known)
        result: list[Statement] = []
        for statement in block:
            statement = with_blocks(statement, [self.block(inner, known) for inner in blocks_of(statement)])
            if isinstance(statement, Assign) and statement.target is not None:
                call, target = statement.value, statement.target
                if isinstance(call, Call) and _asks(call):
                    statement = self.ask(statement, call, known)
                self.note_operands(statement, known)
                if self._is_recorded(call):
                    self.recorded.add(target)
                elif target in self.once:
                    self.note(target, known)
            result.append(statement)
        return tuple(result)

    def note_operands(self, statement: Assign, known: dict[tuple, str]) -> None:
        """What is computed with is there."""
        if isinstance(statement.value, Call) and not is_call_of(statement.value, *KEEPERS):
            for name in reads(statement):
                if name in self.recorded and name in self.once:
                    self.note(name, known)

    def _is_recorded(self, expression: Expression) -> bool:
        if not self.recorded or not is_call_of(expression, operator.getitem):
            return False
        assert isinstance(expression, Call)
        owner = expression.arguments[0]
        return isinstance(owner, Var) and owner.name in self.recorded

    def ask(self, statement: Assign, call: Call, known: dict[tuple, str]) -> Assign:
        source = call.arguments[0]
        value = self.values.get(source.name) if isinstance(source, Var) else None
        first = known.get(value.shape) if isinstance(value, Array) and value.shape else None
        if first is None or source == Var(first):
            return statement
        self.changed = True
        new = Call(call.function, (Var(first), call.arguments[1]))
        return Assign(statement.target, new, statement.origin, statement.comment)
