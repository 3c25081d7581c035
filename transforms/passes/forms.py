"""In code without types: `unbroadcast` goes where a cotangent has the form of its value anyway.

    y = np.sin(x)                                               y = np.sin(x)
    z = y * y                                                   z = y * y
    y_bar = runtime.unbroadcast(z_bar * y, y)                   y_bar = z_bar * y

Sums come before it, and one that a second one follows goes: `unbroadcast(unbroadcast(z_bar, y) * 2.0, x)` is
`unbroadcast(z_bar * 2.0, x)` if `x` is among what `y` was made of.

The *form* of an array is its shape and dtype.  What they are is not known here, but that two arrays have the same form
often is: element-wise operations of one array, and of numbers, keep it; that of several arrays is the form of all of
them together.  A name may be for a list as long as nothing says that it is for a number or an array; then it stays.
"""

from __future__ import annotations

import dataclasses
import operator
from typing import Any

import numpy as np

from transforms import runtime
from transforms.core import (
    Assign,
    Atom,
    Block,
    Call,
    Const,
    Expression,
    Function,
    Names,
    Statement,
    Var,
    blocks_of,
    is_call_of,
    names_in,
    read_counts,
    walk,
    with_blocks,
    writes,
)
from transforms.passes.effects import memory_of
from transforms.values import Array, Number

Form = frozenset[Any]  # of the names, and sums over names, that are broadcast together; empty: a constant number

_EXACT = (operator.neg, np.negative, np.square)
_FLOATING = (
    np.exp, np.exp2, np.expm1, np.log, np.log2, np.log10, np.log1p, np.sin, np.cos, np.tan, np.arcsin, np.arccos,
    np.arctan, np.sinh, np.cosh, np.tanh, np.arcsinh, np.arctanh, np.sqrt,
)  # fmt: skip
_UNARY = (*_EXACT, *_FLOATING)
_BINARY = (
    operator.add, operator.sub, operator.mul, operator.truediv, np.add, np.subtract, np.multiply, np.true_divide,
)  # fmt: skip
_LIKE = (runtime.unbroadcast, runtime.expand_reduced)  # of the form of the second argument


def forms(function: Function) -> Function:
    """The program without calls of `unbroadcast` that change nothing."""
    if not any(isinstance(s, Assign) and is_call_of(s.value, runtime.unbroadcast) for s in walk(function.body)):
        return function
    if any(isinstance(value, (Array, Number)) and _is_short(value.dtype) for value in (function.values or {}).values()):
        return function  # an operation of numbers in double precision may have another dtype than one of its operands
    body = _Forms(function).block(function.body)
    return function if body is function.body else function.replace(body=body)


def _is_short(dtype: np.dtype) -> bool:
    return dtype.kind in "fc" and dtype not in (np.dtype(np.float64), np.dtype(np.complex128))


class _Forms:
    def __init__(self, function: Function) -> None:
        self.values = dict(function.values or {})
        self.names = Names(names_in(function))
        self.memory = memory_of(function)
        self.uses = read_counts(function.body)
        self.made: dict[str, Expression | None] = dict.fromkeys(function.parameters)  # None: not known, or several
        for statement in walk(function.body):
            for name in writes(statement):
                once = name not in self.made and isinstance(statement, Assign)
                self.made[name] = statement.value if once and isinstance(statement, Assign) else None
        self.followers = {  # temporary -> the value to the form of which it is brought, where it is read once
            made.arguments[0].name: made.arguments[1]
            for made in self.made.values()
            if isinstance(made, Call) and is_call_of(made, runtime.unbroadcast) and isinstance(made.arguments[0], Var)
            if self.uses[made.arguments[0].name] == 1
        }
        self.forms: dict[str, Form] = {}
        self.plain: dict[str, bool] = {}

    def block(self, block: Block) -> Block:
        result: list[Statement] = []
        changed = False
        for statement in block:
            old = blocks_of(statement)
            new = [self.block(inner) for inner in old]
            if any(one is not two for one, two in zip(old, new)):
                statement, changed = with_blocks(statement, new), True
            made = self.simplified(statement) if isinstance(statement, Assign) else None
            changed = changed or made is not None
            result += made or (statement,)
        return tuple(result) if changed else block

    def simplified(self, statement: Assign) -> tuple[Assign, ...] | None:
        call = statement.value
        if not isinstance(call, Call):
            return None
        if self.is_idle(call):
            return (dataclasses.replace(statement, value=call.arguments[0]),)
        if is_call_of(call, operator.mul, operator.truediv, operator.neg) and (wide := self.wide(statement, call)):
            return (dataclasses.replace(statement, value=wide),)
        return self.sum_first(statement, call) if is_call_of(call, operator.add) else None

    def wide(self, statement: Assign, call: Call) -> Call | None:
        """The operation on what its first operand is before the `unbroadcast`, if another one follows."""
        first = self.unbroadcast(call.arguments[0])
        after = self.followers.get(statement.target or "")
        if first is None or after is None or not self.is_plain(first.arguments[1]):
            return None
        form = self.form(first.arguments[1])
        if not all(self.form(atom) <= form for atom in (after, *call.arguments[1:])):
            return None
        new = Call(call.function, (first.arguments[0], *call.arguments[1:]))
        self.made[statement.target or ""] = new
        self.forms.clear()  # this has another form now, and so has what is made of it
        return new

    def sum_first(self, statement: Assign, call: Call) -> tuple[Assign, ...] | None:
        one, two = map(self.unbroadcast, call.arguments)
        if one is None or two is None or one.arguments[1] != two.arguments[1]:
            return None
        parts = (one.arguments[0], two.arguments[0])
        if not all(map(self.is_plain, parts)) or self.form(parts[0]) != self.form(parts[1]):
            return None
        total = self.names.temporary()
        narrowed = Call(one.function, (Var(total), one.arguments[1]))
        first = Assign(total, Call(call.function, parts), statement.origin)
        return first, dataclasses.replace(statement, value=narrowed)

    def unbroadcast(self, atom: Atom) -> Call | None:
        """The call of `unbroadcast` that a temporary stands for, if it is read nowhere else."""
        made = self.made.get(atom.name) if isinstance(atom, Var) and self.uses[atom.name] == 1 else None
        if not isinstance(made, Call) or not is_call_of(made, runtime.unbroadcast):
            return None
        return made if self.memory.is_stable(made.arguments[0]) else None

    def is_idle(self, expression: Expression) -> bool:
        """Whether this is an `unbroadcast` to the form that something has."""
        if not isinstance(expression, Call) or not is_call_of(expression, runtime.unbroadcast):
            return False
        cotangent, value = expression.arguments
        return self.is_plain(value) and self.is_plain(cotangent) and self.form(cotangent) == self.form(value)

    def form(self, atom: Atom) -> Form:
        if not isinstance(atom, Var):
            return frozenset() if _is_real(atom) else frozenset({atom})
        if atom.name not in self.forms:
            self.forms[atom.name] = frozenset({atom.name})  # where it is defined by itself
            found = self.form_of(self.made.get(atom.name))
            self.forms[atom.name] = frozenset({atom.name}) if found is None else found
        return self.forms[atom.name]

    def form_of(self, expression: Expression | None) -> Form | None:
        """The form of a result; None where nothing is known."""
        if isinstance(expression, Var):
            return self.form(expression)
        if not isinstance(expression, Call) or (expression.keywords and not is_call_of(expression, *_LIKE)):
            return None
        arguments = expression.arguments
        if is_call_of(expression, *_UNARY, runtime.ones, runtime.zeros) and len(arguments) == 1:
            return self.form(arguments[0])
        if is_call_of(expression, *_BINARY) and len(arguments) == 2:
            return _joined(self.form(arguments[0]) | self.form(arguments[1]))
        if is_call_of(expression, operator.pow) and isinstance(arguments[1], Const) and type(arguments[1].value) is int:
            return self.form(arguments[0])
        if is_call_of(expression, *_LIKE):
            return self.form(arguments[1])
        if is_call_of(expression, np.sum) and len(arguments) == 1:
            return frozenset({("sum", self.form(arguments[0]))})
        return None

    def is_plain(self, atom: Atom) -> bool:
        """Whether this surely is a number or an array, and no list."""
        if not isinstance(atom, Var):
            return _is_real(atom)
        if atom.name not in self.plain:
            known = isinstance(self.values.get(atom.name), (Array, Number))
            self.plain[atom.name] = known
            self.plain[atom.name] = known or self.makes_plain(self.made.get(atom.name))
        return self.plain[atom.name]

    def makes_plain(self, expression: Expression | None) -> bool:
        if isinstance(expression, Var):
            return self.is_plain(expression)
        if not isinstance(expression, Call):
            return False
        arguments = expression.arguments
        if is_call_of(expression, operator.neg, operator.pow, operator.truediv, operator.sub, operator.matmul, np.sum):
            return True  # lists have none of these
        if is_call_of(expression, operator.add):
            return any(map(self.is_plain, arguments))
        if is_call_of(expression, operator.mul):  # a list may be repeated
            return all(map(self.is_plain, arguments)) or any(map(self.is_float, arguments))
        if is_call_of(expression, *_LIKE, runtime.ones, runtime.zeros):
            return self.is_plain(arguments[1 if is_call_of(expression, *_LIKE) else 0])
        return is_call_of(expression, *_UNARY, *_BINARY)

    def is_float(self, atom: Atom) -> bool:
        """Whether this surely is made of floating-point numbers: nothing is repeated so often."""
        if not isinstance(atom, Var):
            return isinstance(atom, Const) and type(atom.value) is float
        made = self.made.get(atom.name)
        if isinstance(made, Var):
            return self.is_float(made)
        if not isinstance(made, Call):
            return False
        if is_call_of(made, operator.neg, operator.pow, *_LIKE) or is_call_of(made, *_BINARY[:3]):
            return any(map(self.is_float, made.arguments[:2]))
        return is_call_of(made, operator.truediv, *_FLOATING)


def _joined(form: Form) -> Form:
    """The form without sums over what is in it anyway: a number of the same dtype."""
    names = {each for each in form if not isinstance(each, tuple)}
    return frozenset(each for each in form if not isinstance(each, tuple) or not _leaves(each) <= names)


def _leaves(total: tuple[str, Form]) -> set[Any]:
    return {leaf for each in total[1] for leaf in (_leaves(each) if isinstance(each, tuple) else {each})}


def _is_real(atom: Atom) -> bool:
    return isinstance(atom, Const) and type(atom.value) in (int, float)
