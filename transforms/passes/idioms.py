"""What an expert would write: the shorter and faster of two equal notations, chosen last, by types.

    np.transpose(x)                         x.T
    np.zeros_like(v)                        np.zeros(v.shape)           v a vector of float64
    np.array(np.broadcast_to(c, shape))     np.full(shape, c)           c a number
    np.expand_dims(x, 1)                    x[:, None]
    np.sum(x, axis=0)                       x.sum(axis=0)               also max, min, prod
    runtime.add_item(items, k, v)           items[k] += v               a list of floats

The functions on the left are written in Python and cost several times what those on the right do.  Needs the abstract
values of the names.
"""

from __future__ import annotations

import operator

import numpy as np

from transforms import operations, runtime
from transforms.core import (
    Assign,
    Atom,
    Block,
    Call,
    Const,
    Expression,
    Function,
    Names,
    Ref,
    Statement,
    Var,
    atoms_of,
    blocks_of,
    is_call_of,
    names_in,
    walk,
    with_blocks,
)
from transforms.values import Array, Literal, Many, Number, Sequence, Value

FLOAT = np.dtype(np.float64)
METHODS = {np.sum: "sum", np.max: "max", np.min: "min", np.prod: "prod"}


def idioms(function: Function) -> Function:
    """The program in the notation of an expert."""
    if not function.values:
        return function
    writer = _Writer(function)
    body = writer.block(function.body)
    return function.replace(body=body) if writer.changed else function


class _Writer:
    def __init__(self, function: Function) -> None:
        self.values = function.values or {}
        self.changed = False
        self.names = Names(names_in(function))
        self.uses: dict[str, int] = {}
        self.broadcasts: dict[str, Call] = {}
        bound: dict[str, int] = {}
        for statement in walk(function.body):
            for atom in atoms_of(statement):
                if isinstance(atom, Var):
                    self.uses[atom.name] = self.uses.get(atom.name, 0) + 1
            if isinstance(statement, Assign) and statement.target is not None:
                bound[statement.target] = bound.get(statement.target, 0) + 1
                if is_call_of(statement.value, np.broadcast_to) and isinstance(statement.value, Call):
                    self.broadcasts[statement.target] = statement.value
        self.broadcasts = {name: call for name, call in self.broadcasts.items() if bound[name] == 1}

    def block(self, block: Block) -> Block:
        result: list[Statement] = []
        for statement in block:
            statement = with_blocks(statement, [self.block(inner) for inner in blocks_of(statement)])
            if isinstance(statement, Assign) and isinstance(statement.value, Call):
                write = self.effect if statement.target is None else self.assign
                result += write(statement, statement.value)
            else:
                result.append(statement)
        return tuple(result)

    def assign(self, statement: Assign, call: Call) -> list[Statement]:
        assert statement.target is not None
        if is_call_of(call, np.zeros_like) and len(call.arguments) == 1 and not call.keywords:
            value = self.value(call.arguments[0])
            if isinstance(value, Array) and value.rank == 1 and value.dtype == FLOAT:
                self.changed = True
                shape = self.temporary()
                return [
                    Assign(shape, Call(Ref(getattr), (call.arguments[0], Const("shape"))), statement.origin),
                    Assign(
                        statement.target,
                        Call(Ref(np.zeros, "np.zeros"), (Var(shape),)),
                        statement.origin,
                        statement.comment,
                    ),
                ]
        new = self.expression(call)
        if new is None:
            return [statement]
        self.changed = True
        return [Assign(statement.target, new, statement.origin, statement.comment)]

    def effect(self, statement: Assign, call: Call) -> list[Statement]:
        if not is_call_of(call, runtime.add_item) or not holds_floats(self.value(call.arguments[0])):
            return [statement]
        items, index, added = call.arguments
        if not is_integer(self.value(index)) or not is_float(self.value(added)):
            return [statement]
        self.changed = True
        old, new, origin = self.temporary(), self.temporary(), statement.origin
        return [
            Assign(old, Call(Ref(operator.getitem), (items, index)), origin),
            Assign(new, Call(Ref(operator.add), (Var(old), added)), origin, statement.comment),
            Assign(None, Call(Ref(operator.setitem), (items, index, Var(new))), origin),
        ]

    def temporary(self) -> str:
        name = self.names.temporary()
        self.uses[name] = 1
        return name

    def expression(self, call: Call) -> Expression | None:
        for function, name in METHODS.items():
            if is_call_of(call, function) and isinstance(self.value(call.arguments[0]), Array):
                if len(call.arguments) <= 2 and {key for key, _ in call.keywords} <= {"axis", "keepdims"}:
                    operands = (call.arguments[0], Const(name), *call.arguments[1:])
                    return Call(Ref(operations.method), operands, call.keywords)
        if call.keywords:
            return None
        is_single = len(call.arguments) == 1
        if is_call_of(call, np.transpose) and is_single and isinstance(self.value(call.arguments[0]), Array):
            return Call(Ref(getattr), (call.arguments[0], Const("T")))
        if is_call_of(call, np.array) and len(call.arguments) == 1 and isinstance(call.arguments[0], Var):
            return self.full(call.arguments[0])
        if is_call_of(call, np.expand_dims) and len(call.arguments) == 2:
            return self.expanded(call.arguments[0], call.arguments[1])
        return None

    def full(self, source: Var) -> Expression | None:
        broadcast = self.broadcasts.get(source.name)
        if broadcast is None or self.uses.get(source.name) != 1 or broadcast.keywords:
            return None
        number, shape = broadcast.arguments
        return Call(Ref(np.full, "np.full"), (shape, number)) if is_float(self.value(number)) else None

    def expanded(self, source: Atom, axis: Atom) -> Expression | None:
        value = self.value(source)
        if not isinstance(value, Array) or value.rank is None:
            return None
        if not isinstance(axis, Const) or type(axis.value) is not int:
            return None
        place = axis.value % (value.rank + 1)
        index = (*(slice(None) for _ in range(place)), None, *(slice(None) for _ in range(value.rank - place)))
        return Call(Ref(operator.getitem), (source, Const(index)))

    def value(self, atom: Atom) -> Value | None:
        if isinstance(atom, Const):
            return Literal(atom.value)
        return self.values.get(atom.name) if isinstance(atom, Var) else None


def is_float(value: Value | None) -> bool:
    """Whether a value is known to be a number of float64."""
    if isinstance(value, Literal):
        return isinstance(value.value, float)
    return isinstance(value, Number) and value.dtype == FLOAT


def is_integer(value: Value | None) -> bool:
    if isinstance(value, Literal):
        return type(value.value) is int
    return isinstance(value, Number) and value.dtype.kind in "iu"


def holds_floats(value: Value | None) -> bool:
    """Whether a value is known to be a list of numbers of float64."""
    if isinstance(value, Many):
        return value.kind is list and is_float(value.item)
    return isinstance(value, Sequence) and value.kind is list and all(map(is_float, value.items))
