"""Broadcasts that the next operation does anyway are left to it.

    t = np.broadcast_to(g, x.shape)         x_bar = g * (2 * x)
    x_bar = t * (2 * x)

Element-wise operations with a number are done before the broadcast, so that it moves towards one that does it for free.
Needs the abstract values of the names: the other operand has to have the very shape of the broadcast.
"""

from __future__ import annotations

import operator

import numpy as np

from transforms.core import (
    Assign,
    Atom,
    Block,
    Call,
    Const,
    Function,
    Names,
    Statement,
    Var,
    atoms_of,
    blocks_of,
    by_identity,
    is_call_in,
    is_call_of,
    names_in,
    walk,
    with_blocks,
)
from transforms.values import Array, Literal, Number, Value

BINARY = (operator.add, operator.sub, operator.mul, operator.truediv, np.add, np.subtract, np.multiply, np.true_divide)
UNARY = (operator.neg, np.negative)
ACCUMULATE = (operator.iadd, operator.isub)
_ELEMENTWISE = by_identity(*BINARY, *UNARY)


def broadcasts(function: Function) -> Function:
    """The program with broadcasts left to the operations that use them."""
    if not function.values or not any(
        isinstance(s, Assign) and is_call_of(s.value, np.broadcast_to) for s in walk(function.body)
    ):
        return function
    rewriter = _Rewriter(function)
    body = rewriter.block(function.body, {})
    return function.replace(body=body, values=rewriter.values)


def _escaping(function: Function) -> set[str]:
    """The names with a use that might change their memory or keep it: a broadcast, which is read-only, will not do."""
    found: set[str] = set()
    for statement in walk(function.body):
        operands = atoms_of(statement)
        if isinstance(statement, Assign) and isinstance(statement.value, Call):
            call = statement.value
            if is_call_in(call, _ELEMENTWISE) and not call.keywords:
                continue
            if is_call_of(call, *ACCUMULATE):
                operands = call.arguments[:1]
        found.update(atom.name for atom in operands if isinstance(atom, Var))
    return found


class _Rewriter:
    def __init__(self, function: Function) -> None:
        self.values: dict[str, Value] = dict(function.values or {})
        self.names = Names(names_in(function))
        counts: dict[str, int] = {}
        for statement in walk(function.body):
            if isinstance(statement, Assign) and statement.target is not None:
                counts[statement.target] = counts.get(statement.target, 0) + 1
        self.once = {name for name, count in counts.items() if count == 1} | set(function.parameters) - set(counts)
        self.escaping = _escaping(function)

    def block(self, block: Block, known: dict[str, Call]) -> Block:
        """`known` has the broadcasts that are bound before the block."""
        known = dict(known)
        result: list[Statement] = []
        for statement in block:
            statement = with_blocks(statement, [self.block(inner, known) for inner in blocks_of(statement)])
            if isinstance(statement, Assign) and isinstance(statement.value, Call):
                result += self.assign(statement, statement.value, known)
            else:
                result.append(statement)
        return tuple(result)

    def assign(self, statement: Assign, call: Call, known: dict[str, Call]) -> list[Statement]:
        target = statement.target
        if is_call_of(call, np.broadcast_to) and target in self.once and self._is_stable(call):
            assert target is not None
            known[target] = call
            return [statement]
        if is_call_of(call, *ACCUMULATE) and isinstance(call.arguments[1], Var) and call.arguments[1].name in known:
            if self._shape(call.arguments[0]) == self._shape(call.arguments[1]) is not None:
                item = known[call.arguments[1].name].arguments[0]
                return [Assign(target, Call(call.function, (call.arguments[0], item)), statement.origin)]
        if not is_call_in(call, _ELEMENTWISE) or call.keywords or target is None:
            return [statement]
        for position, atom in enumerate(call.arguments):
            if not (isinstance(atom, Var) and atom.name in known):
                continue
            broadcast = known[atom.name]
            others = [other for k, other in enumerate(call.arguments) if k != position]
            arguments = list(call.arguments)
            arguments[position] = broadcast.arguments[0]
            smaller = Call(call.function, tuple(arguments))
            if all(self._shape(other) == self._shape(atom) is not None for other in others) and others:
                if self._same_dtype(broadcast.arguments[0], atom):
                    return [Assign(target, smaller, statement.origin)]
            if all(self._is_number(other) for other in others) and target in self.once - self.escaping:
                if self._is_python_number(broadcast.arguments[0]) or self._same_dtype(broadcast.arguments[0], atom):
                    small = self.names.temporary()
                    spread = broadcast.arguments[0]
                    value = self.values.get(spread.name) if isinstance(spread, Var) else None
                    if value is not None:
                        self.values[small] = value
                    wide = Call(broadcast.function, (Var(small), *broadcast.arguments[1:]), broadcast.keywords)
                    known[target] = wide
                    return [Assign(small, smaller, statement.origin), Assign(target, wide, statement.origin)]
        return [statement]

    def _is_stable(self, call: Call) -> bool:
        """Whether the operands are names bound once; a later change of their memory shows in the broadcast view too."""
        return all(not isinstance(atom, Var) or atom.name in self.once for atom in call.atoms)

    def _value(self, atom: Atom) -> Value | None:
        if isinstance(atom, Const):
            return Literal(atom.value)
        return self.values.get(atom.name) if isinstance(atom, Var) else None

    def _shape(self, atom: Atom) -> tuple | None:
        value = self._value(atom)
        return value.shape if isinstance(value, Array) else None

    def _same_dtype(self, small: Atom, wide: Atom) -> bool:
        value, whole = self._value(small), self._value(wide)
        if isinstance(value, Literal):
            return isinstance(value.value, float)
        return isinstance(value, (Number, Array)) and isinstance(whole, Array) and value.dtype == whole.dtype

    def _is_number(self, atom: Atom) -> bool:
        value = self._value(atom)
        return isinstance(value, Number) or (isinstance(value, Literal) and isinstance(value.value, (int, float)))

    def _is_python_number(self, atom: Atom) -> bool:
        value = self._value(atom)
        return isinstance(value, Literal) or (isinstance(value, Number) and value.python)
