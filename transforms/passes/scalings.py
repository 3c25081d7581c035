"""Scaling and negation are done where arrays are small.

    t = 2 * x                       s = 2 * g
    y = g * t                       y = s * x           g is smaller than x

    t = -x                          s = np.sum(x, axis=0)
    y = np.sum(t, axis=0)           y = -s

    t = a @ b                       s = np.sum(a, axis=0)
    y = np.sum(t, axis=0)           y = s @ b

Multiplication by a power of two and negation are exact, so the results are the same to the last bit (barring overflow);
the sum of a product is rounded differently, by no more than before.  Needs the abstract values of the names; `t` must
have no other use.
"""

from __future__ import annotations

import math
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
from transforms.values import Array, Literal, Number, Value

MULTIPLY = (operator.mul, np.multiply)
NEGATE = (operator.neg, np.negative)
MATMUL = (operator.matmul, np.matmul)


def scalings(function: Function) -> Function:
    """The program with scalings and negations moved to smaller arrays."""
    if not function.values:
        return function
    uses: dict[str, int] = {}
    bound: dict[str, int] = {}
    for statement in walk(function.body):
        for atom in atoms_of(statement):
            if isinstance(atom, Var):
                uses[atom.name] = uses.get(atom.name, 0) + 1
        if isinstance(statement, Assign) and statement.target is not None:
            bound[statement.target] = bound.get(statement.target, 0) + 1
    rewriter = _Rewriter(function, {n for n in uses if uses[n] == 1 and bound.get(n) == 1}, bound)
    body = rewriter.block(function.body)
    return function.replace(body=body, values=rewriter.values) if rewriter.changed else function


class _Rewriter:
    def __init__(self, function: Function, single: set[str], bound: dict[str, int]) -> None:
        self.values: dict[str, Value] = dict(function.values or {})
        self.names = Names(names_in(function))
        self.single, self.bound = single, bound
        self.changed = False

    def block(self, block: Block) -> Block:
        result: list[Statement] = []
        scaled: dict[str, tuple[int, Call]] = {}  # name -> where it is bound in the result, and its operation
        for statement in block:
            statement = with_blocks(statement, [self.block(inner) for inner in blocks_of(statement)])
            if isinstance(statement, Assign) and isinstance(statement.value, Call) and statement.target is not None:
                new = self.assign(statement, statement.value, scaled)
                if new is not None:
                    self.changed = True
                    result += new
                    continue
                if statement.target in self.single and is_call_of(statement.value, *MULTIPLY, *NEGATE, *MATMUL):
                    scaled[statement.target] = (len(result), statement.value)
            result.append(statement)
        return tuple(result)

    def assign(self, statement: Assign, call: Call, scaled: dict[str, tuple[int, Call]]) -> list[Statement] | None:
        if is_call_of(call, *MULTIPLY) and len(call.arguments) == 2:
            return self.multiply(statement, call, scaled)
        if is_call_of(call, np.sum) and call.arguments and isinstance(call.arguments[0], Var):
            return self.sum(statement, call, scaled)
        return None

    def multiply(self, statement: Assign, call: Call, scaled: dict[str, tuple[int, Call]]) -> list[Statement] | None:
        for position, atom in enumerate(call.arguments):
            if not (isinstance(atom, Var) and atom.name in scaled) or not is_call_of(scaled[atom.name][1], *MULTIPLY):
                continue
            small, inner = call.arguments[1 - position], scaled[atom.name][1].arguments
            factor, large = (inner[0], inner[1]) if is_power_of_two(inner[0]) else (inner[1], inner[0])
            if not is_power_of_two(factor) or not self.is_smaller(small, large) or not self.is_steady(large):
                continue
            name = self.names.temporary()
            self.values[name] = self.value(small)  # type: ignore[assignment]
            return [
                Assign(name, Call(call.function, (factor, small)), statement.origin),
                Assign(statement.target, Call(call.function, (Var(name), large)), statement.origin, statement.comment),
            ]
        return None

    def sum(self, statement: Assign, call: Call, scaled: dict[str, tuple[int, Call]]) -> list[Statement] | None:
        first = call.arguments[0]
        assert isinstance(first, Var) and statement.target is not None
        if first.name in scaled and is_call_of(scaled[first.name][1], *MATMUL):
            return self.sum_of_product(statement, call, scaled[first.name][1])
        if first.name not in scaled or not is_call_of(scaled[first.name][1], *NEGATE):
            return None
        negated = scaled[first.name][1].arguments[0]
        if not self.is_steady(negated) or not isinstance(self.value(negated), Array):
            return None
        name = self.names.temporary()
        if statement.target in self.values:
            self.values[name] = self.values[statement.target]
        return [
            Assign(name, Call(call.function, (negated, *call.arguments[1:]), call.keywords), statement.origin),
            Assign(statement.target, Call(Ref(operator.neg), (Var(name),)), statement.origin, statement.comment),
        ]

    def sum_of_product(self, statement: Assign, call: Call, product: Call) -> list[Statement] | None:
        """`np.sum(a @ b, axis=0)` of two matrices as `np.sum(a, axis=0) @ b`."""
        axes = [*call.arguments[1:], *(atom for key, atom in call.keywords if key == "axis")]
        if axes != [Const(0)] or len(call.arguments) + len(call.keywords) != 2:
            return None
        left, right = product.arguments
        a, b = self.value(left), self.value(right)
        if not (isinstance(a, Array) and isinstance(b, Array) and a.rank == b.rank == 2 and a.dtype == b.dtype):
            return None
        if a.dtype.kind != "f" or not self.is_steady(left) or not self.is_steady(right):
            return None
        name = self.names.temporary()
        assert a.shape is not None
        self.values[name] = Array(a.dtype, a.shape[1:])
        return [
            Assign(name, Call(call.function, (left, *call.arguments[1:]), call.keywords), statement.origin),
            Assign(statement.target, Call(product.function, (Var(name), right)), statement.origin, statement.comment),
        ]

    def value(self, atom: Atom) -> Value | None:
        if isinstance(atom, Const):
            return Literal(atom.value)
        return self.values.get(atom.name) if isinstance(atom, Var) else None

    def is_steady(self, atom: Atom) -> bool:
        """Whether a name is bound once and holds new memory (a result of arithmetic), which nothing changes later."""
        return isinstance(atom, Var) and self.bound.get(atom.name, 0) <= 1

    def is_smaller(self, small: Atom, large: Atom) -> bool:
        a, b = self.value(small), self.value(large)
        if not isinstance(b, Array) or not b.shape or b.dtype.kind != "f":
            return False
        if isinstance(a, Number):
            return a.python or a.dtype == b.dtype
        if not isinstance(a, Array) or a.shape is None or a.dtype != b.dtype:
            return False
        return len(a.shape) <= len(b.shape) and sum(n != 1 for n in a.shape) < sum(n != 1 for n in b.shape)


def is_power_of_two(atom: Atom) -> bool:
    """Whether an atom is a constant power of two, or the negative of one."""
    if not isinstance(atom, Const) or type(atom.value) not in (int, float):
        return False
    return math.isfinite(atom.value) and abs(math.frexp(atom.value)[0]) == 0.5
