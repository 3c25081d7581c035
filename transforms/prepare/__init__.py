"""Bring a specialised program into the form that reverse mode reads.  Program in, program out, a file for each step:

| file | what it does |
|---|---|
| `inlining` | small callees, and those that share memory which is changed, become part of their caller |
| `cells` | what inner functions shared with their outer one is a variable, where nobody else sees it |
| `attempts` | a `try` is cut where something outside reads what an unfinished body left behind |
| `methods`, `flat`, `arrays`, `stores`, `loops` | one form for what Python and NumPy write in several |
| `functional_updates` | in-place operators on things of unknown type without effect |
| `shifts` | extremes that only shift are marked as constants |

Names stay single-assignment and keep their abstract values.

    for row in rows:            steps = range(len(rows))
        total = total + row     for k in steps:
                                    row = rows[k]
                                    total = total + row
"""

from __future__ import annotations

from collections.abc import Callable

from transforms.analyses.regions import Summaries, find_regions
from transforms.core import Function, Names, names_in
from transforms.prepare.arrays import arrays_of_lists
from transforms.prepare.attempts import split_attempts
from transforms.prepare.cells import local_cells
from transforms.prepare.flat import flat_items
from transforms.prepare.functional_updates import functional_updates
from transforms.prepare.inlining import inline_sharing, inline_small
from transforms.prepare.loops import index_loops
from transforms.prepare.methods import array_methods
from transforms.prepare.shifts import shifts
from transforms.prepare.stores import check_masked_stores, drop_self_stores
from transforms.values import UNKNOWN, Value

Specialise = Callable[[Function, tuple[Value, ...]], Function]


def prepare(function: Function, summaries: Summaries, specialise: Specialise) -> Function:
    """The program in the form that `reverse` reads; `specialise` finds the types again where callees were inlined."""
    whole = _whole(function, summaries, specialise)
    return shifts(functional_updates(check_masked_stores(whole, summaries), summaries))


def _whole(function: Function, summaries: Summaries, specialise: Specialise) -> Function:
    """The program with those callees in it that it has to see, in the form of one way to write each thing."""
    function = _again(function, inline_small(function), specialise)
    while True:
        function = _again(function, local_cells(function), specialise)
        function = _again(function, split_attempts(function, summaries), specialise)
        function = _normalise(function, summaries)
        regions = find_regions(function, summaries)
        values: dict[str, Value] = dict(function.values or {})
        new = inline_sharing(function.body, regions, summaries, Names(names_in(function)), values)
        if new == function.body:
            return function
        function = _again(function, function.replace(body=new), specialise)


def _again(old: Function, new: Function, specialise: Specialise) -> Function:
    if new.body is old.body:
        return old
    values = old.values or {}
    known = tuple(values.get(name, UNKNOWN) for name in old.parameters)
    return specialise(new.replace(values=None, source=None), known)


def _normalise(function: Function, summaries: Summaries) -> Function:
    values: dict[str, Value] = dict(function.values or {})
    names = Names(names_in(function))
    body = array_methods(flat_items(function, names), names, values)
    body = arrays_of_lists(body, names, values)
    body = drop_self_stores(body, values)
    return index_loops(function.replace(body=body, values=values), summaries, names)
