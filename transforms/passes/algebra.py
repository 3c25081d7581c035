"""Algebra: identities that hold exactly, for every input including -0.0, infinities and nan, where types allow them.

Comes in: any core program, best with `values`. Goes out: the same program with fewer and simpler operations. The
types of the names decide; where they are unknown nothing is done, and nothing is done that would let a caller see two
names for one array, or that would give the target another type. The identities:

- `x * 1.0`, `x / 1.0`, `x ** 1`, `+x`, `x - 0.0`, `x + -0.0` are `x`: the result must have its type;
- `x + 0.0` is `x` for names of derivatives only (`x_bar`, `x_dot`): it would turn -0.0 into 0.0;
- `x * -1.0` and `x / -1.0` are `-x`;
- `-(-x)` is `x`;
- `a + (-b)` is `a - b`, `a - (-b)` is `a + b`, `(-a) + b` is `b - a`: exact in floating point;
- `(-a) * (-b)` is `a * b`, `(-a) / (-b)` is `a / b`.

`x * 0.0` and `x - x` stay (nan and infinity), so do `x * x` and `x ** 2` (each is what somebody wrote), and no sum or
product is reordered (rounding).
    >>> import operator
    >>> from transforms.core import Assign, Call, Const, Function, Ref, Return, Var
    >>> from transforms.printer import print_function
    >>> from transforms.values import FLOAT
    >>> body = (
    ...     Assign("a", Call(Ref(operator.mul), (Var("x"), Const(1.0)))),
    ...     Assign("b", Call(Ref(operator.neg), (Var("y"),))),
    ...     Assign("c", Call(Ref(operator.add), (Var("a"), Var("b")))),
    ...     Return(Var("c")),
    ... )
    >>> floats = dict.fromkeys("xyabc", FLOAT)
    >>> print(print_function(algebra(Function("f", ("x", "y"), body, values=floats))), end="")
    def f(x, y):
        a = x
        b = -y
        c = a - y
        return c
"""

from __future__ import annotations

import dataclasses
import operator
from typing import Any

from transforms.analyses.integers import maybe_integers
from transforms.core import (
    Assign,
    Atom,
    Call,
    Const,
    Expression,
    Function,
    Ref,
    Var,
    is_call_of,
    is_derivative,
)
from transforms.passes.cse import Sharing
from transforms.passes.forward import Forward
from transforms.values import Array, Number


def algebra(function: Function) -> Function:
    """Use the identities above."""
    return _Algebra(function).run()


class _Algebra(Forward):
    def __init__(self, function: Function) -> None:
        super().__init__(function)
        self.sharing = Sharing(function)
        self._integers: set[str] | None = None

    @property
    def integers(self) -> set[str]:
        """The names that hold a float by their type, but may hold an int (after `y = 1` in one branch)."""
        if self._integers is None:
            self._integers = self.function.recall(maybe_integers)
        return self._integers

    def assign(self, statement: Assign) -> tuple[Assign, ...]:
        call = statement.value
        if statement.target is None or not isinstance(call, Call) or not isinstance(call.function, Ref):
            return (statement,)
        new = self.simplified(statement.target, call)
        return (statement,) if new is None else (dataclasses.replace(statement, value=new),)

    def fact(self, statement: Assign) -> Expression | None:
        return statement.value if is_call_of(statement.value, operator.neg) else None

    def simplified(self, target: str, call: Call) -> Expression | None:
        """A simpler expression for a call, or None."""
        function: Any = call.function.value if isinstance(call.function, Ref) else None
        if len(call.arguments) == 1 and not call.keywords:
            if function is operator.pos:
                return self.same(target, call.arguments[0])
            if function is operator.neg and (inner := self.negated(call.arguments[0])) is not None:
                return self.same(target, inner)
        if len(call.arguments) == 2 and not call.keywords:
            rule = _RULES.get(function)
            if rule is not None:
                return rule(self, target, *call.arguments)
        return None

    # ---------------------------------------------------------------------------------------------------- rules

    def add(self, target: str, a: Atom, b: Atom) -> Expression | None:
        for one, other in ((a, b), (b, a)):
            if _is_number(one, -0.0):
                return self.same(target, other)
            if _is_number(one, 0.0) and isinstance(other, Var):
                if is_derivative(other.name) or is_derivative(target):
                    return self.same(target, other)
        if self.is_float(a) and (inner := self.negated(b)) is not None:
            return Call(Ref(operator.sub), (a, inner))
        if self.is_float(b) and (inner := self.negated(a)) is not None:
            return Call(Ref(operator.sub), (b, inner))
        return None

    def sub(self, target: str, a: Atom, b: Atom) -> Expression | None:
        if _is_number(b, 0.0):
            return self.same(target, a)
        if self.is_float(a) and (inner := self.negated(b)) is not None:
            return Call(Ref(operator.add), (a, inner))
        return None

    def mul(self, target: str, a: Atom, b: Atom) -> Expression | None:
        for one, other in ((a, b), (b, a)):
            if _is_number(one, 1.0):
                return self.same(target, other)
            if _is_number(one, -1.0) and self.keeps_type(target, other):
                return Call(Ref(operator.neg), (other,))
        return self.both_negated(operator.mul, a, b)

    def truediv(self, target: str, a: Atom, b: Atom) -> Expression | None:
        if _is_number(b, 1.0):
            return self.same(target, a)
        if _is_number(b, -1.0) and self.keeps_type(target, a):
            return Call(Ref(operator.neg), (a,))
        return self.both_negated(operator.truediv, a, b)

    def pow(self, target: str, a: Atom, b: Atom) -> Expression | None:
        return self.same(target, a) if _is_number(b, 1.0) else None

    def both_negated(self, function: Any, a: Atom, b: Atom) -> Expression | None:
        one, two = self.negated(a), self.negated(b)
        return None if one is None or two is None else Call(Ref(function), (one, two))

    # --------------------------------------------------------------------------------------------------- questions

    def negated(self, atom: Atom) -> Atom | None:
        """The float that this is the negative of."""
        if not isinstance(atom, Var) or not self.is_float(atom):
            return None
        fact = self.facts.get(atom.name)
        if not isinstance(fact, Call) or not self.is_float(fact.arguments[0]):
            return None
        is_stable = self.sharing.memory.is_stable  # neither what was negated nor the result may be changed in between
        return fact.arguments[0] if is_stable(fact.arguments[0]) and is_stable(atom) else None

    def is_float(self, atom: Atom) -> bool:
        if isinstance(atom, Const):
            return isinstance(atom.value, (float, complex))
        value = self.values.get(atom.name) if isinstance(atom, Var) else None
        return isinstance(value, (Number, Array)) and value.dtype.kind in "fc"

    def keeps_type(self, target: str, atom: Atom) -> bool:
        """Whether a name and an atom are known to hold real floats of one type and shape."""
        if not isinstance(atom, Var):
            return False
        value = self.values.get(atom.name)  # complex arithmetic with a real number is not exact for infinities
        if not isinstance(value, (Number, Array)) or value.dtype.kind != "f" or self.values.get(target) != value:
            return False
        return isinstance(value, Array) or not value.python or atom.name not in self.integers

    def same(self, target: str, atom: Atom) -> Atom | None:
        """The atom, if the target may be another name for it."""
        if not isinstance(atom, Var) or not self.keeps_type(target, atom):
            return None
        shareable = self.sharing.is_shareable(target) and self.sharing.is_shareable(atom.name)
        return atom if shareable else None


_RULES: dict[Any, Any] = {
    operator.add: _Algebra.add,
    operator.sub: _Algebra.sub,
    operator.mul: _Algebra.mul,
    operator.truediv: _Algebra.truediv,
    operator.pow: _Algebra.pow,
}


def _is_number(atom: Atom, number: float) -> bool:
    """Whether an atom is this real Python constant, the sign of zero included (an int zero is positive)."""
    if not isinstance(atom, Const) or type(atom.value) not in (int, float):
        return False
    return float(atom.value).hex() == number.hex() if abs(atom.value) < 2 else False
