"""Constant folding: operations on constants are done now, items of tuples that are built here are read directly.

Comes in: any core program. Goes out: the same program with fewer calls. Only operations whose result can be written
as a short constant are folded, and only where they do not raise.
    >>> import operator
    >>> from transforms import operations
    >>> from transforms.core import Assign, Call, Const, Function, Ref, Return, Var
    >>> from transforms.printer import print_function
    >>> body = (
    ...     Assign("a", Call(Ref(operator.add), (Const(1), Const(2)))),
    ...     Assign("pair", Call(Ref(operations.make_tuple), (Var("x"), Var("y")))),
    ...     Assign("b", Call(Ref(operator.getitem), (Var("pair"), Const(1)))),
    ...     Return(Var("b")),
    ... )
    >>> print(print_function(fold(Function("f", ("x", "y"), body))), end="")
    def f(x, y):
        a = 3
        pair = (x, y)
        b = y
        return b
"""

from __future__ import annotations

import dataclasses
import math
import operator
from typing import Any

from transforms import operations
from transforms.core import Assign, Atom, Call, Const, Expression, Function, Ref, is_call_of
from transforms.passes.forward import Forward

_OPERATORS = """abs add and_ contains eq floordiv ge getitem gt invert is_ is_not le lshift lt mod mul ne neg not_ or_
 pos pow rshift sub truediv xor""".split()
_FOLDED = frozenset(
    id(function)
    for function in (
        *(getattr(operator, name) for name in _OPERATORS),
        *(bool, int, float, complex, abs, len, min, max, round, divmod, pow, str, repr, isinstance, tuple, range),
        *(value for value in vars(math).values() if callable(value)),
        operations.make_tuple,
        operations.make_slice,
    )
)
_LONGEST = 64  # items or characters of a folded constant


def fold(function: Function) -> Function:
    """Do now what can be done now."""
    return _Fold(function).run()


class _Fold(Forward):
    def assign(self, statement: Assign) -> tuple[Assign, ...]:
        if isinstance(statement.value, Call):
            new = self.folded(statement.value)
            if new is not None:
                if statement.target is None:
                    return ()
                return (dataclasses.replace(statement, value=new),)
        return (statement,)

    def fact(self, statement: Assign) -> Expression | None:
        return statement.value if is_call_of(statement.value, operations.make_tuple) else None

    def folded(self, call: Call) -> Atom | None:
        """The atom that a call comes to, if that is known."""
        if is_call_of(call, operator.getitem, len) and not isinstance(call.arguments[0], Const):
            return self.item(call)
        return evaluate(call)

    def item(self, call: Call) -> Atom | None:
        fact = self.facts.get(getattr(call.arguments[0], "name", ""))
        if not isinstance(fact, Call):
            return None
        if is_call_of(call, len):
            return Const(len(fact.arguments))
        index = call.arguments[1]
        if (
            isinstance(index, Const)
            and type(index.value) is int
            and -len(fact.arguments) <= index.value < len(fact.arguments)
        ):
            return fact.arguments[index.value]
        return None


def evaluate(call: Call) -> Atom | None:
    """The constant that a call on constants comes to, or None."""
    if not isinstance(call.function, Ref) or id(call.function.value) not in _FOLDED or call.keywords:
        return None
    function, arguments = call.function.value, call.arguments
    if function is isinstance:
        if isinstance(arguments[0], Const) and isinstance(arguments[1], Ref):
            return Const(isinstance(arguments[0].value, arguments[1].value))
        return None
    if not all(isinstance(atom, Const) for atom in arguments) or function is range:
        return None
    values = [atom.value for atom in arguments if isinstance(atom, Const)]
    if not _is_small_job(function, values):
        return None
    try:
        result = function(*values)
    except Exception:
        return None  # it raises where the program runs it
    return Const(result) if is_short(result) else None


def _is_small_job(function: Any, values: list[Any]) -> bool:
    """Powers, shifts and repetitions of constants can be huge."""
    if function in (operator.pow, pow, operator.lshift, math.factorial, math.comb, math.perm):
        return all(not isinstance(value, int) or abs(value) <= 1000 for value in values)
    if function is operator.mul:
        return all(isinstance(value, (int, float, complex)) for value in values)
    return True


def is_short(value: Any) -> bool:
    """Whether a value is to be written as a constant."""
    if value is None or value is Ellipsis or isinstance(value, (bool, float, complex)):
        return type(value) in (type(None), type(Ellipsis), bool, float, complex)
    if type(value) is int:
        return abs(value) < 1 << 64
    if type(value) in (str, bytes):
        return len(value) <= _LONGEST
    if type(value) is slice:
        return all(map(is_short, (value.start, value.stop, value.step)))
    return type(value) is tuple and len(value) <= _LONGEST and all(map(is_short, value))
