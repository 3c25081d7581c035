"""Broadcasts: what NumPy broadcasts by itself is not repeated first, and no array is computed only for its shape.

Comes in: a core program with `values`. Goes out: the same program, where

- an operand `np.broadcast_to(a, shape)` of an element-wise operation is `a`, if another operand has the whole shape;
- an operation on nothing but such operands and numbers is done before the broadcast;
- an item of a broadcast number is the number;
- the shape of an array is read from a parameter, or an earlier name, that is known to have the same shape.

Cotangents of reductions are what this is for: the adjoint of `np.sum(x * y)` is `y`, not an array of ones times `y`.
    >>> import numpy as np, operator
    >>> from transforms.core import Assign, Call, Const, Function, Ref, Return, Var
    >>> from transforms.printer import print_function
    >>> from transforms.values import Array, Instance, Size
    >>> body = (
    ...     Assign("t", Call(Ref(operator.mul), (Var("x"), Var("y")))),
    ...     Assign("s", Call(Ref(getattr), (Var("t"), Const("shape")))),
    ...     Assign("g", Call(Ref(np.broadcast_to), (Const(2.0), Var("s")))),
    ...     Assign("x_bar", Call(Ref(operator.mul), (Var("g"), Var("y")))),
    ...     Return(Var("x_bar")),
    ... )
    >>> array = Array(np.dtype(float), (Size("n"),))
    >>> values = {**dict.fromkeys(["x", "y", "t", "g", "x_bar"], array), "s": Instance(tuple)}
    >>> print(print_function(broadcasts(Function("f", ("x", "y"), body, values=values))), end="")
    def f(x, y):
        t = x * y
        s = x.shape
        g = np.broadcast_to(2.0, s)
        x_bar = 2.0 * y
        return x_bar
"""

from __future__ import annotations

import dataclasses
import operator
from typing import Any

import numpy as np

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
    Var,
    is_call_of,
    names_in,
    walk,
    writes,
)
from transforms.inference import broadcast, dtype_of, elementwise, shape_of
from transforms.passes.effects import Memory
from transforms.passes.forward import Forward
from transforms.values import UNKNOWN, Array, Dimension, Literal, Number, Size, Value

_BINARY = (operator.add, operator.sub, operator.mul, operator.truediv)
_IN_PLACE = (operator.iadd, operator.isub, operator.imul, operator.itruediv)

Shape = tuple[Dimension, ...]


def broadcasts(function: Function) -> Function:
    """Leave broadcasting to NumPy."""
    return _Broadcasts(function).run()


class _Broadcasts(Forward):
    """Facts are the broadcasts: name -> `np.broadcast_to(atom, shape)`."""

    def __init__(self, function: Function) -> None:
        super().__init__(function)
        self._memory: Memory | None = None
        self.names = Names(names_in(function))
        self.depth = 0
        self.counts: dict[str, int] = {}
        for statement in walk(function.body):
            for name in writes(statement):
                self.counts[name] = self.counts.get(name, 0) + 1
        self.owners: dict[Shape, str] = {}  # the first name, bound once, of each shape
        for name in function.parameters:
            if name not in self.counts:
                self.own(name)

    @property
    def memory(self) -> Memory:
        if self._memory is None:
            self._memory = Memory(self.function)
        return self._memory

    def own(self, name: str) -> None:
        value = self.values.get(name)
        if isinstance(value, Array) and value.shape:
            self.owners.setdefault(value.shape, name)

    def block(self, block: Block) -> Block:
        self.depth += 1
        try:
            return super().block(block)
        finally:
            self.depth -= 1

    # ------------------------------------------------------------------------------------------------------ facts

    def fact(self, statement: Assign) -> Expression | None:
        target, call = statement.target, statement.value
        if target is not None and self.depth == 1 and self.counts.get(target) == 1:
            self.own(target)
        if not is_call_of(call, np.broadcast_to) or not isinstance(call, Call):
            return None
        return call if len(call.arguments) == 2 and not call.keywords else None

    def source(self, atom: Atom) -> Atom | None:
        """What an operand was broadcast from, if that has still the same value."""
        fact = self.facts.get(atom.name) if isinstance(atom, Var) else None
        if not isinstance(fact, Call):
            return None
        found = fact.arguments[0]
        if isinstance(found, Var) and not isinstance(self.value(found), Number) and not self.memory.is_stable(found):
            return None
        return found

    def value(self, atom: Atom) -> Value:
        if isinstance(atom, Const):
            return Literal(atom.value)
        return self.values.get(atom.name, UNKNOWN) if isinstance(atom, Var) else UNKNOWN

    # -------------------------------------------------------------------------------------------------- assignments

    def assign(self, statement: Assign) -> tuple[Assign, ...]:
        call = statement.value
        if statement.target is None or not isinstance(call, Call) or not isinstance(call.function, Ref):
            return (statement,)
        if call.keywords:
            return (statement,)
        function, arguments = call.function.value, call.arguments
        if function is getattr and len(arguments) == 2:
            return (self.shape_of(statement, call),)
        if function is np.broadcast_to and len(arguments) == 2:
            inner = self.source(arguments[0])
            if inner is not None and shape_of(self.value(inner)) == ():
                return (dataclasses.replace(statement, value=Call(call.function, (inner, arguments[1]))),)
        elif function is operator.getitem and len(arguments) == 2:
            inner = self.source(arguments[0])
            if (
                isinstance(self.value(Var(statement.target)), Number)
                and shape_of(self.value(inner or Const(None))) == ()
            ):
                assert inner is not None
                return (dataclasses.replace(statement, value=inner),)
        elif function in _BINARY and len(arguments) == 2:
            return self.thinned(statement, call)
        elif function in _IN_PLACE and len(arguments) == 2:
            inner = self.source(arguments[1])
            if inner is not None and isinstance(self.value(arguments[0]), Array):
                return (dataclasses.replace(statement, value=Call(call.function, (arguments[0], inner))),)
        elif function is np.where and len(arguments) == 3:
            return self.thinned(statement, call)
        elif function is operator.neg:
            return self.thinned(statement, call)
        return (statement,)

    def shape_of(self, statement: Assign, call: Call) -> Assign:
        """`x.shape` instead of `(x * y).shape`."""
        array, name = call.arguments
        value = self.value(array)
        if not isinstance(name, Const) or name.value not in ("shape", "size"):
            return statement
        if not isinstance(value, Array) or not value.shape or not isinstance(array, Var):
            return statement
        owner = self.owners.get(value.shape)
        if owner is None or owner == array.name or array.name in self.function.parameters:
            return statement
        return dataclasses.replace(statement, value=Call(call.function, (Var(owner), name)))

    def thinned(self, statement: Assign, call: Call) -> tuple[Assign, ...]:
        """An element-wise operation with the sources of its broadcast operands."""
        assert statement.target is not None and isinstance(call.function, Ref)
        whole = self.value(Var(statement.target))
        if not isinstance(whole, Array) or whole.shape is None:
            return (statement,)
        sources = [self.source(atom) for atom in call.arguments]
        if not any(sources):
            return (statement,)
        thin = tuple(atom if inner is None else inner for atom, inner in zip(call.arguments, sources))
        made = self.inferred(call.function.value, thin)
        if made is None or dtype_of(made) != whole.dtype:
            return (statement,)
        new = Call(call.function, thin)
        if isinstance(made, Array) and _covers(made.shape, whole.shape):
            self.values[statement.target] = made  # lengths that are known to be equal, under the operand's names
            return (dataclasses.replace(statement, value=new),)
        pairs = [*zip(call.arguments, sources)]
        facts = [self.facts[a.name] for a, inner in pairs if inner and isinstance(a, Var) and self.value(a) == whole]
        small = all(inner is not None or shape_of(self.value(atom)) == () for atom, inner in pairs)
        if not small or not facts or not isinstance(facts[0], Call):
            return (statement,)
        name = self.names.temporary()
        self.values[name] = made
        repeated = Call(Ref(np.broadcast_to), (Var(name), facts[0].arguments[1]))
        return (Assign(name, new, statement.origin), dataclasses.replace(statement, value=repeated))

    def inferred(self, function: Any, atoms: tuple[Atom, ...]) -> Value | None:
        """The value of an element-wise operation on these atoms."""
        values = [self.value(atom) for atom in atoms]
        if any(dtype_of(value) is None or shape_of(value) is None for value in values):
            return None
        if function is np.where:
            dtype = elementwise(operator.add, *values[1:])
            shape = broadcast(*map(shape_of, values))
            if dtype_of(dtype) is None or shape is None:
                return None
            return Array(dtype_of(dtype), shape)  # type: ignore[arg-type]
        found = elementwise(function, *values)
        return found if isinstance(found, (Number, Array)) else None


def _covers(shape: Shape | None, whole: Shape) -> bool:
    """Whether a shape that broadcasts to the whole is the whole: a dimension that is not 1 is that of the result."""
    if shape is None or len(shape) != len(whole):
        return False
    return all(a == b or (isinstance(a, Size) and not a.maybe_one) for a, b in zip(shape, whole))
