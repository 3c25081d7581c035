"""Largest and smallest elements that only keep an exponential in range: their own derivative cancels.

    top = np.max(x, axis=1, keepdims=True)
    s = np.sum(np.exp(x - top), axis=1)
    y = np.squeeze(top, axis=1) + np.log(s)

y is the same for every `top`, so what flows back to it adds up to zero, exactly.  Such an extreme counts as a constant
for reverse mode: nobody has to ask which elements were the largest.  Comes in: a prepared program; goes out: the same
with `top = runtime.cancelling(top)`, which disappears again when the derivative is specialised.

How a value depends on t, the extreme, is followed through the statements of a block: it is `base + w t` or
`base * exp(w t)` for a number w.  `exp` and `log` turn one into the other, products and quotients add and subtract the
w of the second kind, sums those of the first.  Where w is 0 the value does not depend on t at all.  If every use of t
ends in such values, t does not matter.  Needs the abstract values of the names.
"""

from __future__ import annotations

import dataclasses
import operator
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np

from transforms import runtime
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
    blocks_of,
    is_call_of,
    names_in,
    reads,
    walk,
    with_blocks,
    writes,
)
from transforms.rules.typed import normalized_axes
from transforms.values import Array, Literal, Value, may_be_differentiable

EXTREMES = (np.max, np.min, np.amax, np.amin)
ADD, SUBTRACT = (operator.add, np.add), (operator.sub, np.subtract)
MULTIPLY, DIVIDE = (operator.mul, np.multiply), (operator.truediv, np.true_divide)
NEGATE = (operator.neg, np.negative)


def shifts(function: Function) -> Function:
    """The program with the extremes marked that only shift."""
    if not function.values or not any(isinstance(s, Assign) and is_call_of(s.value, *EXTREMES) for s in _all(function)):
        return function
    values: dict[str, Value] = dict(function.values)
    bound: dict[str, int] = dict.fromkeys(function.parameters, 1)
    uses: Counter[str] = Counter()
    for statement in _all(function):
        uses.update(reads(statement))
        for name in writes(statement):
            bound[name] = bound.get(name, 0) + 1
    once = {name: uses[name] for name, count in bound.items() if count == 1}
    body = _mark(function.body, values, Names(names_in(function)), once)
    return function if body is function.body else function.replace(body=body, values=values)


def _all(function: Function) -> list[Statement]:
    return list(walk(function.body))


def _mark(block: Block, values: dict[str, Value], names: Names, once: dict[str, int]) -> Block:
    result: list[Statement] = []
    for position, statement in enumerate(block):
        inner = blocks_of(statement)
        if inner:
            new = [_mark(each, values, names, once) for each in inner]
            if any(one is not two for one, two in zip(inner, new)):
                statement = with_blocks(statement, new)
        elif isinstance(statement, Assign) and statement.target in once and is_call_of(statement.value, *EXTREMES):
            assert isinstance(statement.value, Call) and statement.target is not None
            layout = _layout(statement.value, values)
            if layout is not None and _Shift(values, once, layout).cancels(statement.target, block[position + 1 :]):
                raw = names.temporary()
                values[raw] = values[statement.target]
                result.append(dataclasses.replace(statement, target=raw))
                statement = Assign(statement.target, Call(Ref(runtime.cancelling), (Var(raw),)), statement.origin)
        result.append(statement)
    unchanged = len(result) == len(block) and all(one is two for one, two in zip(result, block))
    return block if unchanged else tuple(result)


# --------------------------------------------------------------------------------------------------- how values depend


class Kind(Enum):
    """How a value depends on t."""

    SUM = 1  # base + w t
    PRODUCT = 2  # base * exp(w t)


@dataclass(frozen=True, slots=True)
class Layout:
    """The reduction that t comes from: the rank of what it reduces, and the axes."""

    rank: int
    axes: tuple[int, ...]
    keeps: bool

    @property
    def is_single(self) -> bool:
        """Whether t is one number, so that it stands in all elements of a value alike."""
        return len(self.axes) == self.rank


@dataclass(frozen=True, slots=True)
class Dependence:
    """`keeps`: t stands in the value with the reduced axes as ones, else without them."""

    kind: Kind
    weight: float
    keeps: bool


def _layout(call: Call, values: dict[str, Value]) -> Layout | None:
    """The reduction of an extreme of real floats, if it is a plain one."""
    source = call.arguments[0] if call.arguments else None
    array = values.get(source.name) if isinstance(source, Var) else None
    given = dict(zip(("axis",), call.arguments[1:])) | dict(call.keywords)
    if not isinstance(array, Array) or not array.shape or array.dtype.kind != "f" or len(call.arguments) > 2:
        return None
    axis, keeps = given.get("axis", Const(None)), given.get("keepdims", Const(False))
    if not given.keys() <= {"axis", "keepdims"} or not isinstance(axis, Const) or not isinstance(keeps, Const):
        return None
    rank = len(array.shape)
    axes = normalized_axes(axis.value, rank)
    if axes is None or type(keeps.value) is not bool:
        return None
    return Layout(rank, axes, keeps.value and len(axes) < rank)


class _Shift:
    """Follows one extreme through the rest of its block.  `once`: the names that are bound once, and their uses."""

    def __init__(self, values: dict[str, Value], once: dict[str, int], layout: Layout) -> None:
        self.values, self.once, self.layout = values, once, layout
        self.known: dict[str, Dependence] = {}

    def cancels(self, name: str, rest: Block) -> bool:
        """Whether nothing that is left in the end depends on the name."""
        self.known = {name: Dependence(Kind.SUM, 1.0, self.layout.keeps)}
        seen: Counter[str] = Counter()
        for statement in rest:
            read = [name for each in walk((statement,)) for name in reads(each)]
            seen.update(read)
            if not any(name in self.known for name in read):
                continue
            if not isinstance(statement, Assign) or statement.target not in self.once:
                return False
            if not may_be_differentiable(self.value(Var(statement.target))):
                continue  # a shape, a comparison: no derivative flows through it
            found = self.dependence(statement.value)
            if found is None:
                return False
            if found.weight:
                if not self.fits(statement.target, found):
                    return False
                self.known[statement.target] = found
        return all(seen[name] == self.once[name] for name in self.known)

    def fits(self, name: str, found: Dependence) -> bool:
        """Whether axes still count as they do in the array that was reduced."""
        if self.layout.is_single:
            return True
        value = self.value(Var(name))
        rank = self.layout.rank if found.keeps else self.layout.rank - len(self.layout.axes)
        return isinstance(value, Array) and value.rank == rank

    def dependence(self, expression: Any) -> Dependence | None:
        """How an expression depends on t; weight 0 where it does not, None where that is not known."""
        if isinstance(expression, Var):
            return self.known[expression.name]
        if not isinstance(expression, Call):
            return None
        for functions, rule in _RULES:
            if is_call_of(expression, *functions):
                return rule(self, expression)
        return None

    def of(self, atom: Atom) -> Dependence | None:
        return self.known.get(atom.name) if isinstance(atom, Var) else None

    def value(self, atom: Atom) -> Value:
        if isinstance(atom, Const):
            return Literal(atom.value)
        return self.values.get(atom.name, _UNKNOWN) if isinstance(atom, Var) else _UNKNOWN

    # ----------------------------------------------------------------------------------------------------------- rules

    def sum(self, call: Call, sign: float = 1.0) -> Dependence | None:
        a, b = (self.of(atom) for atom in call.arguments)
        if call.keywords or len(call.arguments) != 2:
            return None
        if a is not None and b is not None:
            if a.kind is not b.kind or a.keeps != b.keeps:
                return None
            if a.kind is Kind.PRODUCT:
                return a if a.weight == b.weight else None
            return dataclasses.replace(a, weight=a.weight + sign * b.weight)
        one = a or b
        if one is None or one.kind is Kind.PRODUCT:
            return None
        return one if a is not None else dataclasses.replace(one, weight=sign * one.weight)

    def difference(self, call: Call) -> Dependence | None:
        return self.sum(call, -1.0)

    def product(self, call: Call) -> Dependence | None:
        return self.scaled(call, 1.0)

    def quotient(self, call: Call) -> Dependence | None:
        return self.scaled(call, -1.0)

    def scaled(self, call: Call, sign: float) -> Dependence | None:
        if call.keywords or len(call.arguments) != 2:
            return None
        a, b = (self.of(atom) for atom in call.arguments)
        if a is not None and b is not None:
            if not a.kind is b.kind is Kind.PRODUCT or a.keeps != b.keeps:
                return None
            return dataclasses.replace(a, weight=a.weight + sign * b.weight)
        one, other = (a, call.arguments[1]) if a is not None else (b, call.arguments[0])
        assert one is not None
        if one.kind is Kind.PRODUCT:
            return one if a is not None else dataclasses.replace(one, weight=sign * one.weight)
        if not isinstance(other, Const) or type(other.value) not in (int, float) or not other.value:
            return None
        if sign < 0 and a is None:
            return None
        factor = other.value if sign > 0 else 1.0 / other.value
        return dataclasses.replace(one, weight=one.weight * factor)

    def negative(self, call: Call) -> Dependence | None:
        one = self.of(call.arguments[0])
        if one is None or one.kind is Kind.PRODUCT:
            return one
        return dataclasses.replace(one, weight=-one.weight)

    def exponential(self, call: Call) -> Dependence | None:
        one = self.of(call.arguments[0])
        if one is None or one.kind is Kind.PRODUCT or len(call.atoms) != 1:
            return None
        return dataclasses.replace(one, kind=Kind.PRODUCT)

    def logarithm(self, call: Call) -> Dependence | None:
        one = self.of(call.arguments[0])
        if one is None or one.kind is Kind.SUM or len(call.atoms) != 1:
            return None
        return dataclasses.replace(one, kind=Kind.SUM)

    def total(self, call: Call) -> Dependence | None:
        """A sum or mean of values with the factor exp(w t), over axes along which t is the same."""
        one, layout = self.of(call.arguments[0]), _layout(call, self.values)
        if one is None or one.kind is Kind.SUM or layout is None:
            return None
        if self.layout.is_single:
            return one
        if not one.keeps or layout.axes != self.layout.axes:
            return None
        return dataclasses.replace(one, keeps=layout.keeps)

    def squeezed(self, call: Call) -> Dependence | None:
        return self.moved(call, True)

    def expanded(self, call: Call) -> Dependence | None:
        return self.moved(call, False)

    def moved(self, call: Call, keeps: bool) -> Dependence | None:
        """The reduced axes are dropped from a value that keeps them, or put in again."""
        one = self.of(call.arguments[0])
        axis = dict(call.keywords).get("axis", call.arguments[1] if len(call.arguments) == 2 else None)
        if one is None or self.layout.is_single:
            return one
        if not isinstance(axis, Const) or axis.value is None or one.keeps is not keeps:
            return None
        axes = normalized_axes(axis.value, self.layout.rank)
        return dataclasses.replace(one, keeps=not keeps) if axes == self.layout.axes else None

    def item(self, call: Call) -> Dependence | None:
        """`s[:, None]` and `t[:, 0]`."""
        one, index = self.of(call.arguments[0]), call.arguments[1]
        if one is None or self.layout.is_single:
            return one
        items = index.value if isinstance(index, Const) and isinstance(index.value, tuple) else ()
        if len(items) != self.layout.rank:
            return None
        for axis, item in enumerate(items):
            if axis not in self.layout.axes and item != slice(None):
                return None
            if axis in self.layout.axes and not (type(item) is int if one.keeps else item is None):
                return None
        return dataclasses.replace(one, keeps=not one.keeps)


_UNKNOWN = Literal(None)

_RULES: tuple[tuple[tuple[Any, ...], Callable[[_Shift, Call], Dependence | None]], ...] = (
    (ADD, _Shift.sum),
    (SUBTRACT, _Shift.difference),
    (MULTIPLY, _Shift.product),
    (DIVIDE, _Shift.quotient),
    (NEGATE, _Shift.negative),
    ((np.exp,), _Shift.exponential),
    ((np.log,), _Shift.logarithm),
    ((np.sum, np.mean), _Shift.total),
    ((np.squeeze,), _Shift.squeezed),
    ((np.expand_dims,), _Shift.expanded),
    ((operator.getitem,), _Shift.item),
)
