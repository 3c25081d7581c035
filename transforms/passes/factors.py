"""Constant factors are multiplied when the program is made, and signs go where they cost nothing.

    s = 2 * y                       z = 200.0 * y
    z = 100.0 * s

    s = -x                          _1 = x * y
    _1 = s * y                      z = a - _1
    z = a + _1

    s = -x                          _1 = -2 * y
    _1 = 2 * y                      z = x * _1
    z = s * _1

    s = 0.5 * x / y                 z = 1.0 * x / y
    z = 2 * s

    t = v[:, None]                  s = 2 * v
    z = 2 * t                       z = s[:, None]

Factors are joined where one of them is a power of two, so that the product is rounded as before (barring overflow and
underflow); negation is exact everywhere.  Only real floats; what is joined or turned must have no other use.  Needs
the abstract values of the names.

    >>> import operator
    >>> from transforms.core import Assign, Call, Const, Function, Ref, Return, Var
    >>> from transforms.passes.deadcode import deadcode
    >>> from transforms.printer import print_function
    >>> from transforms.values import FLOAT
    >>> body = (
    ...     Assign("s", Call(Ref(operator.neg), (Var("x"),))),
    ...     Assign("_1", Call(Ref(operator.mul), (Var("s"), Var("y")))),
    ...     Assign("z", Call(Ref(operator.add), (Var("y"), Var("_1")))),
    ...     Return(Var("z")),
    ... )
    >>> f = Function("f", ("x", "y"), body, values=dict.fromkeys(["x", "y", "s", "_1", "z"], FLOAT))
    >>> print(print_function(deadcode(factors(f))), end="")
    def f(x, y):
        _1 = x * y
        z = y - _1
        return z
"""

from __future__ import annotations

import dataclasses
import functools
import operator
from collections.abc import Callable

import numpy as np

from transforms.analyses.integers import maybe_integers
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
    all_writes,
    binding_counts,
    blocks_of,
    by_identity,
    is_call_in,
    is_call_of,
    is_temporary,
    names_in,
    read_counts,
    walk,
    with_blocks,
)
from transforms.passes.effects import Effect, Memory, effect_of, memory_of
from transforms.passes.scalings import is_power_of_two
from transforms.values import Array, Number, Value

NEGATE = (operator.neg, np.negative)
MULTIPLY = (operator.mul, np.multiply)
DIVIDE = (operator.truediv, np.true_divide)
_NEGATE, _MULTIPLY = by_identity(*NEGATE), by_identity(*MULTIPLY)
OPPOSITE = {
    operator.add: operator.sub,
    operator.sub: operator.add,
    operator.iadd: operator.isub,
    operator.isub: operator.iadd,
}
_OPPOSITE = by_identity(*OPPOSITE)
Constants = Callable[[Atom], bool]  # which constants may change their sign


def factors(function: Function) -> Function:
    """The program with constant factors joined and signs absorbed."""
    if not function.values:
        return function
    rewriter = _Rewriter(function)
    body = rewriter.block(function.body)
    return function.replace(body=body, values=rewriter.values) if rewriter.changed else function


class _Rewriter:
    def __init__(self, function: Function) -> None:
        self.values: dict[str, Value] = dict(function.values or {})
        self.function = function
        statements = list(walk(function.body))
        bound = binding_counts(function)
        uses = read_counts(function.body)
        self.once = {name for name, count in bound.items() if count == 1}
        self.single = {name for name in self.once if uses[name] == 1}
        self.negations = {  # of them, `-(-x)` is x
            s.target for s in statements if isinstance(s, Assign) and is_call_of(s.value, *NEGATE)
        }
        self.result: list[Statement] = []
        self.places: dict[str, int] = {}  # names of one use -> where the block under way binds them
        self.changed = False

    @functools.cached_property
    def memory(self) -> Memory:
        return memory_of(self.function)

    @functools.cached_property
    def names(self) -> Names:
        return Names(names_in(self.function))

    def block(self, block: Block) -> Block:
        outside = self.result, self.places
        self.result, self.places = [], {}
        for statement in block:
            if blocks_of(statement):
                statement = with_blocks(statement, [self.block(inner) for inner in blocks_of(statement)])
            if isinstance(statement, Assign) and isinstance(statement.value, Call):
                statement = self.assign(statement, statement.value)
                if statement.target in self.single:
                    self.places[statement.target] = len(self.result)
            self.result.append(statement)
        body = tuple(self.result)
        self.result, self.places = outside
        return body

    def assign(self, statement: Assign, call: Call) -> Assign:
        if not isinstance(call.function, Ref):
            return statement
        new = self.sum_of_negatives(statement, call) if call.keywords else self.simplified(call)
        if new is None:
            return statement
        self.changed = True
        return dataclasses.replace(statement, value=new)

    def sum_of_negatives(self, statement: Assign, call: Call) -> Call | None:
        """`np.sum(-x * y, axis=0)` as `-np.sum(x * y, axis=0)`: the sum is smaller."""
        if not is_call_of(call, np.sum) or not self.can_turn(call.arguments[:1], no_constant):
            return None
        result = self.values.get(statement.target or "")
        if len(call.arguments) != 1 or not isinstance(result, (Number, Array)) or result.dtype.kind != "f":
            return None
        name = self.names.temporary()
        self.values[name] = result
        turned = Call(call.function, self.turned(call.arguments, no_constant), call.keywords)
        self.result.append(Assign(name, turned, statement.origin))
        return Call(Ref(operator.neg), (Var(name),))

    def simplified(self, call: Call) -> Expression | None:
        """What to call instead, or None; operations before it may have been changed for it."""
        if not any(isinstance(atom, Var) and atom.name in self.places for atom in call.arguments):
            return None
        if is_call_in(call, _NEGATE):
            return self.negation(call)
        if len(call.arguments) != 2:
            return None
        if is_call_in(call, _OPPOSITE):
            return self.sum(call)
        if is_call_in(call, _MULTIPLY):
            return (
                self.signed_product(call)
                or self.joined_factors(call)
                or self.factor_of_quotient(call)
                or self.spread_later(call)
            )
        return None

    def negation(self, call: Call) -> Expression | None:
        """`-(c * x)` as `(-c) * x`, and `-(-x * y)` as `x * y`."""
        if self.can_turn(call.arguments, no_constant) and self.is_product(call.arguments[0]):
            return self.turned(call.arguments, no_constant)[0]
        product = self.made(call.arguments[0])
        if product is None or not is_call_of(product, *MULTIPLY) or not any(map(is_real, product.arguments)):
            return None
        if not all(self.is_float(atom) or is_real(atom) for atom in product.arguments):
            return None
        return Call(product.function, self.turned(product.arguments, is_real))

    def sum(self, call: Call) -> Call | None:
        """`a + (-b) * c` as `a - b * c`."""
        first, second = call.arguments
        assert isinstance(call.function, Ref)
        if not self.is_number(first) or not self.can_turn((second,), is_negative):
            return None
        opposite = OPPOSITE[call.function.value]
        return Call(Ref(opposite), (first, *self.turned((second,), is_negative)))

    def signed_product(self, call: Call) -> Call | None:
        """`(-a) * (c * b)` as `a * ((-c) * b)`, and `(-a) * c` as `a * (-c)`."""
        first, second = call.arguments
        for one, other in ((first, second), (second, first)):
            if self.can_turn((one,), no_constant) and self.can_turn((other,), is_real):
                new = {one: self.turned((one,), no_constant)[0], other: self.turned((other,), is_real)[0]}
                return Call(call.function, (new[first], new[second]))
        return None

    def joined_factors(self, call: Call) -> Call | None:
        """`a * (b * x)` as `(a * b) * x` of constants a and b."""
        for position, atom in enumerate(call.arguments):
            inner = self.made(call.arguments[1 - position])
            if not isinstance(atom, Const) or inner is None or not is_call_of(inner, *MULTIPLY):
                continue
            for place, factor in enumerate(inner.arguments):
                rest = inner.arguments[1 - place]
                if not is_real(atom) or not is_real(factor) or not self.is_float(rest):
                    continue
                if not self.is_steady(rest, call.arguments[1 - position]):
                    continue
                assert isinstance(factor, Const)
                if is_power_of_two(atom) or is_power_of_two(factor):
                    product = Const(atom.value * factor.value)
                    if is_real(product) and self.is_in_range(product, rest):
                        return Call(call.function, (product, rest) if position == 0 else (rest, product))
        return None

    def is_in_range(self, constant: Const, atom: Atom) -> bool:
        """Whether a constant surely is a normal number in the dtype of an atom."""
        value = self.values.get(atom.name) if isinstance(atom, Var) else None
        is_double = isinstance(value, (Number, Array)) and value.dtype == np.float64
        return is_double or 1e-3 < abs(constant.value) < 1e3

    def factor_of_quotient(self, call: Call) -> Call | None:
        """`a * (b * x / y)` as `(a * b) * x / y` of a constant b and a power of two a."""
        for atom, other in (call.arguments, call.arguments[::-1]):
            quotient = self.made(other)
            if quotient is None or not is_power_of_two(atom) or not is_call_of(quotient, *DIVIDE):
                continue
            if quotient.keywords or not all(map(self.is_float, quotient.arguments)):
                continue
            first, second = quotient.arguments
            product = self.made(first)
            if product is None or not is_call_of(product, *MULTIPLY) or not self.is_steady(second, other):
                continue
            joined = self.joined_factors(Call(call.function, (atom, first)))
            if joined is None:
                continue
            name = self.names.temporary()
            self.values[name] = self.values[first.name]  # type: ignore[union-attr]
            self.result.append(Assign(name, joined))
            return Call(quotient.function, (Var(name), second))
        return None

    def spread_later(self, call: Call) -> Call | None:
        """`c * v[:, None]` as `(c * v)[:, None]`: the constant may meet another one."""
        for position, atom in enumerate(call.arguments):
            view_name = call.arguments[1 - position]
            view = self.made(view_name)
            if not is_real(atom) or view is None or not _only_adds_axes(view) or view.keywords:
                continue
            source = view.arguments[0]
            if not isinstance(source, Var) or not self.is_float(source) or not self.is_steady(source, view_name):
                continue
            if not isinstance(self.values.get(source.name), Array):
                continue
            name = self.names.temporary()
            self.values[name] = self.values[source.name]
            operands = (atom, source) if position == 0 else (source, atom)
            self.result.append(Assign(name, Call(call.function, operands)))
            return Call(view.function, (Var(name), *view.arguments[1:]))
        return None

    # ----------------------------------------------------------------------------------------------------- signs

    def made(self, atom: Atom) -> Call | None:
        """The operation that makes a name, where the name is read only once and in its block."""
        place = self.places.get(atom.name) if isinstance(atom, Var) else None
        statement = None if place is None else self.result[place]
        return statement.value if isinstance(statement, Assign) and isinstance(statement.value, Call) else None

    def is_product(self, atom: Atom) -> bool:
        made = self.made(atom)
        return made is not None and is_call_of(made, *MULTIPLY, *DIVIDE)

    def can_turn(self, atoms: tuple[Atom, ...], constants: Constants) -> bool:
        """Whether one of the factors can change its sign for nothing: by losing it, or in one of such constants."""
        return any(self.way_to_turn(atom, constants) is not None for atom in atoms)

    def turned(self, atoms: tuple[Atom, ...], constants: Constants) -> tuple[Atom, ...]:
        """The factors with the sign of one changed, which can be."""
        for position, atom in enumerate(atoms):
            way = self.way_to_turn(atom, constants)
            if way is not None:
                return (*atoms[:position], way(), *atoms[position + 1 :])
        raise AssertionError(atoms)

    def way_to_turn(self, atom: Atom, constants: Constants) -> Callable[[], Atom] | None:
        """How to change the sign of a factor for nothing, if that can be done: makes the atom to read instead."""
        if isinstance(atom, Const):
            return (lambda: Const(-atom.value)) if constants(atom) else None
        call = self.made(atom)
        if call is None or call.keywords or not isinstance(atom, Var) or not self.is_float(atom):
            return None
        if not all(map(self.is_number, call.arguments)):  # an integer becomes a float in a product of floats
            return None
        if is_call_of(call, *NEGATE):
            inner = call.arguments[0]
            is_double = isinstance(inner, Var) and inner.name in self.negations
            return (lambda: inner) if self.is_steady(inner, atom) and not is_double else None
        if not is_temporary(atom.name) or not is_call_of(call, *MULTIPLY, *DIVIDE):
            return None  # what has a name of the user's keeps its meaning
        if not self.can_turn(call.arguments, constants):
            return None

        def turn() -> Atom:
            place = self.places[atom.name]
            statement = self.result[place]
            assert isinstance(statement, Assign) and isinstance(statement.value, Call)
            new = Call(call.function, self.turned(call.arguments, constants))
            self.result[place] = dataclasses.replace(statement, value=new)
            return atom

        return turn

    # ------------------------------------------------------------------------------------------------- questions

    @functools.cached_property
    def integers(self) -> set[str]:
        return self.function.recall(maybe_integers)

    def is_float(self, atom: Atom) -> bool:
        """Whether an atom is known to hold real floats."""
        if isinstance(atom, Const):
            return type(atom.value) is float
        value = self.values.get(atom.name) if isinstance(atom, Var) else None
        if isinstance(value, Number):
            return value.dtype.kind == "f" and not (value.python and atom.name in self.integers)
        return isinstance(value, Array) and value.dtype.kind == "f"

    def is_number(self, atom: Atom) -> bool:
        """Whether an atom is known to hold real numbers."""
        if isinstance(atom, Const):
            return type(atom.value) is float or is_real(atom)
        value = self.values.get(atom.name) if isinstance(atom, Var) else None
        return isinstance(value, (Number, Array)) and value.dtype.kind in "fiu"

    def is_steady(self, atom: Atom, user: Atom) -> bool:
        """Whether what a name was made of can be read now with the same result."""
        if isinstance(atom, Const):
            return True
        if not isinstance(atom, Var) or not isinstance(user, Var):
            return False
        since = self.result[self.places[user.name] + 1 :]
        if atom.name not in self.once and atom.name in all_writes(tuple(since)):
            return False
        return all(map(_is_pure, since)) or self.memory.is_stable(atom)


def _is_pure(statement: Statement) -> bool:
    if not isinstance(statement, Assign):
        return False
    return not isinstance(statement.value, Call) or effect_of(statement.value) is Effect.PURE


def is_real(atom: Atom) -> bool:
    """Whether an atom is a finite real constant other than zero, without a dtype of its own."""
    if not isinstance(atom, Const) or type(atom.value) not in (int, float):
        return False
    return atom.value != 0 and abs(atom.value) < 1e300


def is_negative(atom: Atom) -> bool:
    """Whether an atom is a negative constant."""
    return isinstance(atom, Const) and is_real(atom) and atom.value < 0


def no_constant(atom: Atom) -> bool:
    """No constant may change its sign."""
    return False


def _only_adds_axes(view: Call) -> bool:
    index = view.arguments[1] if len(view.arguments) == 2 else None
    if is_call_of(view, np.expand_dims):
        return isinstance(index, Const)
    if not is_call_of(view, operator.getitem) or not isinstance(index, Const) or not isinstance(index.value, tuple):
        return False
    return None in index.value and all(item is None or item == slice(None) for item in index.value)
