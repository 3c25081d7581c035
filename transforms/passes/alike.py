"""Functions that say the same are one function.

    def f_adjoint(saved, cotangent): ...            def f_adjoint(saved, cotangent): ...
    def f_adjoint_1(saved, cotangent): ...          f_adjoint(saved, 1.0)
    f_adjoint_1(saved, 1.0)

A callee is specialised for what is known of its arguments; where that made no difference to what is printed, one of the
functions stands for all.  Comes in: a program in the form that is printed, with all functions that it refers to.  Those
that call themselves or each other are alike if they are so when the ones that they call are taken to be alike.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from transforms.core import Block, Function, Ref
from transforms.presentation import map_block, reachable, references_in


def alike(function: Function) -> Function:
    """The program with one function for each set of functions that are alike."""
    functions = reachable(function)
    if len(functions) < 3:  # itself and one other
        return function
    chosen = _representatives(functions)
    for each in dict.fromkeys(chosen.values()):
        if any(chosen.get(value, value) is not value for value in references_in(each.body) if _is_function(value)):
            each.body = _referring(each.body, chosen)
    return function


def first_alike(function: Function, others: Iterable[Function]) -> Function:
    """The first of the others that says the same of the same kinds of arguments; the function itself if none does.

    Specialising a recursive function again makes new ones of those that it calls.
    """
    known = [other for other in others if _kind(other) == _kind(function)]
    if not known or function in known:
        return function
    functions = dict.fromkeys(inner for each in (*known, function) for inner in reachable(each))
    return _representatives(tuple(functions), with_types=True)[function]


def _kind(function: Function) -> tuple:
    values = function.values or {}
    return function.name, function.parameters, tuple(values.get(name) for name in function.parameters)


def _representatives(functions: tuple[Function, ...], with_types: bool = False) -> dict[Function, Function]:
    """The first of the functions that each one is like: fewer and fewer are, until nothing tells them apart."""
    chosen = _first_by({each: (_kind(each)[: 3 if with_types else 2], id(each.signature)) for each in functions})
    while True:
        finer = _first_by({each: (chosen[each], _referring(each.body, chosen)) for each in functions})
        if finer == chosen:
            return chosen
        chosen = finer


def _first_by(keys: dict[Function, Any]) -> dict[Function, Function]:
    first: dict[Any, Function] = {}
    return {each: first.setdefault(key, each) for each, key in keys.items()}


def _referring(body: Block, chosen: dict[Function, Function]) -> Block:
    def refer(atom: Any) -> Any:
        known = chosen.get(atom.value) if isinstance(atom, Ref) and _is_function(atom.value) else None
        return atom if known is None else Ref(known, atom.name)

    return map_block(body, refer)


def _is_function(value: Any) -> bool:
    return isinstance(value, Function)
