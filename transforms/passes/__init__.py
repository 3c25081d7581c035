"""Clean-up passes, one file each: core program in, equivalent and simpler core program out.

`cleanup` runs them until nothing changes; `present` makes the form that the printer prints. Both work on a function
and on all core functions that it refers to, recursive ones included."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

from transforms.core import Block, Function, Ref
from transforms.passes import (
    accumulations,
    algebra,
    alike,
    branches,
    broadcasts,
    carried,
    coalesce,
    contractions,
    contributions,
    copies,
    cse,
    deadcode,
    early,
    elements,
    factors,
    fold,
    forms,
    idioms,
    items,
    nest,
    ownership,
    recomputed,
    scalings,
    shapes,
    tapes,
)
from transforms.presentation import map_block, reachable, references_in

Pass = Callable[[Function], Function]

SIMPLIFY: tuple[Pass, ...] = (
    copies.copies,
    fold.fold,
    branches.branches,
    forms.forms,
    broadcasts.broadcasts,
    accumulations.accumulations,
    contributions.contributions,
    factors.factors,
    scalings.scalings,
    shapes.shapes,
    algebra.algebra,
    ownership.ownership,
    cse.cse,
    copies.copies,
    tapes.tapes,
    deadcode.deadcode,
    tapes.tapes,
)
ROUNDS = 5  # what one round leaves for the next is rarely worth a sixth


def simplify(function: Function) -> Function:
    """One function without dead code, copies, common subexpressions and trivial arithmetic."""
    unchanged: dict[Pass, Function] = {}  # what each pass has found nothing to do in
    for _ in range(ROUNDS):
        before = function.body
        for change in SIMPLIFY:
            if unchanged.get(change) is not function:
                new = change(function)
                if new is function:
                    unchanged[change] = function
                function = new
        if function.body == before:
            break
    return function


def presented(function: Function) -> Function:
    """One function in the form that is printed: names restored, expressions nested."""
    function = tapes.tapes(recomputed.recomputed(function))
    function = copies.copies(elements.elements(contractions.contractions(function)))
    function = deadcode.deadcode(idioms.idioms(items.items(function)))
    return nest.nest(coalesce.coalesce(early.early(carried.carried(function))))


def everywhere(function: Function, change: Pass) -> Function:
    """Apply a pass to a function and to all core functions that it refers to, which then refer to the new ones."""
    return _apply(function, change, {})


_cleaned: weakref.WeakKeyDictionary[Function, tuple[Block, Function | None]] = weakref.WeakKeyDictionary()


def cleanup(function: Function) -> Function:
    """Simplify a function and its callees; those that have been cleaned before are not cleaned again."""
    known: dict[Function, Function] = {}
    for each in reachable(function):
        entry = _cleaned.get(each)
        if entry is not None and entry[0] is each.body:
            known[each] = entry[1] or each
    result = _apply(function, simplify, known)
    for old, new in known.items():
        _cleaned[old] = (old.body, None if new is old else new)
        if new is not old:
            _cleaned[new] = (new.body, None)
    return result


def present(function: Function) -> Function:
    """The function and its callees in the form that is printed."""
    return alike.alike(everywhere(function, presented))


def _apply(function: Function, change: Pass, known: dict[Function, Function]) -> Function:
    """`known` has the functions that are changed already, and gets the others."""
    fresh: list[Function] = []
    for each in reachable(function):
        if each not in known:
            new = change(each)
            known[each] = each.replace() if new is each else new
            fresh.append(known[each])
    renewed = {old: new for old, new in known.items() if old is not new}

    def refer(atom: Any) -> Any:
        if isinstance(atom, Ref) and isinstance(atom.value, Function) and atom.value in renewed:
            return Ref(renewed[atom.value], atom.name)
        return atom

    for new in fresh:
        if any(isinstance(value, Function) and value in renewed for value in references_in(new.body)):
            new.body = map_block(new.body, refer)
    return known[function]
