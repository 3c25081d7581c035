"""Names that may hold a Python int although their type is float: that of an int and a float is float.

`y = 1` in one branch and `y = 2.5` in the other make a `y` for which `y * 1.0` is not `y`.  Goes through the functions
that a program calls, as well: what they return may be such an int.
"""

from __future__ import annotations

import operator
from typing import Any

from transforms import operations
from transforms.core import (
    Assign,
    Atom,
    Call,
    Const,
    Expression,
    Function,
    If,
    Ref,
    Try,
    Var,
    While,
    by_identity,
    is_call_in,
    is_call_of,
    reads,
    walk,
    writes,
)
from transforms.presentation import reachable, references_in
from transforms.values import Array, Mapping, Number, Sequence

_KEEPS_INTEGERS = by_identity(
    *(operator.add, operator.sub, operator.mul, operator.neg, operator.pos, operator.pow, operator.floordiv),
    *(operator.mod, operator.abs, abs, operator.iadd, operator.isub, operator.imul),
)


Results = set[tuple[Function, int]]


def maybe_integers(function: Function) -> set[str]:
    """The names that may hold a Python int although their type is float: that of an int and a float is float."""
    if not any(isinstance(thing, Function) for thing in references_in(function.body)):
        return _maybe_integers(function, set())
    results: Results = set()  # the items of what functions return that may be such ints: more and more
    functions = reachable(function)
    if len(functions) == 1:
        return _maybe_integers(function, results)
    while True:
        before = len(results)
        for each in functions:
            names = _maybe_integers(each, results)
            returned = _returned(each)
            items = enumerate(returned) if returned is not None else ((place, None) for place in range(_MOST_ITEMS))
            for place, item in items:
                known = isinstance(item, Const) and not isinstance(item.value, int)
                if not known and not (isinstance(item, Var) and item.name not in names):
                    results.add((each, place))
        if len(results) == before:
            return _maybe_integers(function, results)


_MOST_ITEMS = 8


def _returned(function: Function) -> tuple[Atom, ...] | None:
    """The items of the tuple that a function returns."""
    result = function.result
    made = [s.value for s in walk(function.body) if isinstance(s, Assign) and Var(s.target or "") == result]
    call = made[0] if len(made) == 1 else None
    return call.arguments if isinstance(call, Call) and is_call_of(call, operations.make_tuple) else None


def _maybe_integers(function: Function, results: Results) -> set[str]:
    values = function.values or {}
    found: set[str] = set()
    given = _plain_parameters(function)
    made: dict[str, list[Expression]] = {}
    for statement in walk(function.body):
        if isinstance(statement, Assign) and statement.target is not None:
            made.setdefault(statement.target, []).append(statement.value)

    def may_be(atom: Atom) -> bool:
        if isinstance(atom, Const):
            return isinstance(atom.value, int)
        return isinstance(atom, Ref) or atom.name in found or _is_integer(values.get(atom.name))

    def binds_integer(expression: Expression) -> bool:
        if not isinstance(expression, Call):
            return may_be(expression)
        if is_call_in(expression, _KEEPS_INTEGERS):
            return all(map(may_be, expression.atoms))
        if is_call_of(expression, operator.getitem) and isinstance(expression.arguments[0], Var):
            return is_integer_item(expression.arguments[0], expression.arguments[1])
        known = isinstance(expression.function, Ref) and not isinstance(expression.function.value, Function)
        return not known or is_call_of(expression, max, min, sum, getattr, list.pop, dict.get)

    def is_integer_item(source: Var, index: Atom) -> bool:
        if isinstance(values.get(source.name), Array):
            return False
        place = index.value if isinstance(index, Const) and isinstance(index.value, int) else -1
        for each in made.get(source.name, ()):
            callee = each.function.value if isinstance(each, Call) and isinstance(each.function, Ref) else None
            if not isinstance(callee, Function) or not 0 <= place < _MOST_ITEMS or (callee, place) in results:
                return True
        return source.name not in made and source.name not in given

    statements = [s for s in walk(function.body) if not isinstance(s, (If, While, Try))]
    while True:
        before = len(found)
        for statement in statements:
            if not isinstance(statement, Assign):
                found.update(writes(statement))
            elif statement.target is not None and statement.target not in found and binds_integer(statement.value):
                found.add(statement.target)
        if len(found) == before:
            return found


def _plain_parameters(function: Function) -> set[str]:
    """Containers that are arguments, of which the items are what their types say: nothing but items is read of them."""
    values = function.values or {}
    found = {
        name
        for name in function.parameters
        if name not in function.given and isinstance(values.get(name), (Sequence, Mapping))
    }
    for statement in walk(function.body):
        value = statement.value if isinstance(statement, Assign) else None
        if value is None or not is_call_of(value, operator.getitem):
            found.difference_update(reads(statement))
    return found


def _is_integer(value: Any) -> bool:
    return not (isinstance(value, (Number, Array)) and value.dtype.kind in "fc")
