"""Loops over things that may carry a derivative become loops over indices.

A loop that gives the list that it runs over more or fewer items asks for the length before each iteration, as
Python does:

    for item in queue:                k = 0
        queue.append(...)             while k < len(queue):
                                          item = queue[k]
                                          queue.append(...)
                                          k = k + 1
"""

from __future__ import annotations

import operator

from transforms import runtime
from transforms.analyses.activity import changed_operands
from transforms.analyses.regions import Region, Regions, Summaries, chain, find_regions, may_resize, opaque_mutations
from transforms.core import (
    Assign,
    Atom,
    Block,
    Call,
    Const,
    For,
    Function,
    Names,
    Ref,
    Statement,
    Var,
    While,
    blocks_of,
    is_call_of,
    walk,
    with_blocks,
)
from transforms.templates import value_of
from transforms.values import (
    BOOLEAN,
    INTEGER,
    UNKNOWN,
    Instance,
    Many,
    Sequence,
    Value,
    may_be_differentiable,
)

Resized = dict[int, tuple[Atom, ...]]  # by the identity of the loop

_VIEWS: tuple[type, ...] = (type({}.values()), type({}.items()))


def index_loops(function: Function, summaries: Summaries, names: Names) -> Function:
    """The same program, with loops over indices; the values of new names are added to `function.values`."""
    values: dict[str, Value] = dict(function.values or {})
    resized = _resized_loops(function, summaries)
    return function.replace(body=_index_loops(function.body, names, values, resized), values=values)


def _index_loops(body: Block, names: Names, values: dict[str, Value], resized: Resized) -> Block:
    result: list[Statement] = []
    for statement in body:
        old = statement
        inner = [_index_loops(block, names, values, resized) for block in blocks_of(statement)]
        statement = with_blocks(statement, inner)
        if isinstance(statement, Assign) and is_call_of(statement.value, runtime.places):
            result += _range(statement, names, values)
            continue
        if isinstance(statement, For) and isinstance(statement.iterable, Var):
            value = value_of(statement.iterable, values)
            is_followed = not isinstance(value, Instance) or value.kind in (list, tuple, *_VIEWS)
            if id(old) in resized:
                result += _step_by_step(statement, resized[id(old)], names, values)
                continue
            if may_be_differentiable(value) and is_followed:
                result += _indexed(statement, value, names, values)
                continue
        result.append(statement)
    return tuple(result)


def _range(statement: Assign, names: Names, values: dict[str, Value]) -> list[Statement]:
    """`places = range(length)`, of sequences that a loop does not resize."""
    assert isinstance(statement.value, Call)
    length, arguments = names.temporary(), statement.value.arguments
    values[length] = INTEGER
    function = Ref(len) if len(arguments) == 1 else Ref(runtime.common_length, "runtime.common_length")
    count = Assign(length, Call(function, arguments), statement.origin)
    return [count, Assign(statement.target, Call(Ref(range), (Var(length),)), statement.origin)]


def _resized_loops(function: Function, summaries: Summaries) -> Resized:
    """The loops over lists whose body may give a list that they run over more or fewer items, with the sequences that
    they run over."""
    values = function.values or {}
    places = {
        statement.target: statement.value.arguments
        for statement in walk(function.body)
        if isinstance(statement, Assign) and is_call_of(statement.value, runtime.places)
        if isinstance(statement.value, Call)
    }
    suspects = []
    for loop in walk(function.body):
        if not isinstance(loop, For) or not isinstance(loop.iterable, Var):
            continue
        sources = places.get(loop.iterable.name, (loop.iterable,))
        lists = [source for source in sources if _may_be_list(value_of(source, values))]
        calls = _resizing_calls(loop, values) if lists else []
        if calls:
            suspects.append((loop, sources, lists, calls))
    if not suspects:
        return {}
    regions = find_regions(function, summaries)
    return {
        id(loop): sources
        for loop, sources, lists, calls in suspects
        if any(_changes(source, calls, regions) for source in lists)
    }


def _may_be_list(value: Value) -> bool:
    if isinstance(value, (Sequence, Many, Instance)):
        return issubclass(value.kind, list)
    return value == UNKNOWN


def _resizing_calls(loop: For, values: dict[str, Value]) -> list[Call]:
    """The calls in the body of a loop that may give some list other items."""

    def value(atom: Atom) -> Value:
        return value_of(atom, values)

    calls = (s.value for s in walk(loop.body) if isinstance(s, Assign) and isinstance(s.value, Call))
    return [call for call in calls if (_changed(call) or _calls_function(call)) and may_resize(call, value)]


def _changed(call: Call) -> tuple[Atom, ...]:
    return (*changed_operands(call), *opaque_mutations(call))


def _calls_function(call: Call) -> bool:
    return isinstance(call.function, Ref) and isinstance(call.function.value, Function)


def _changes(source: Atom, calls: list[Call], regions: Regions) -> bool:
    own = regions.of(source)
    if own is None or not own.is_mutated:
        return False
    found: list[Region | None] = []
    for call in calls:
        found += [regions.of(atom) for atom in _changed(call)]
        if _calls_function(call):
            given = (atom.name for atom in call.arguments if isinstance(atom, Var))
            found += [region for name in given for region in chain(regions, name)]
    return any(region is not None and region.find() is own.find() for region in found)


def _step_by_step(loop: For, sources: tuple[Atom, ...], names: Names, values: dict[str, Value]) -> list[Statement]:
    """A loop that asks before each iteration whether there is another item."""
    origin = loop.origin
    before: list[Statement] = []
    index, running, following, again = names.fresh("k"), names.fresh("running"), names.temporary(), names.temporary()
    values.update({index: INTEGER, running: BOOLEAN, following: INTEGER, again: BOOLEAN})
    item = Assign(loop.target, Var(index), origin)
    if sources == (loop.iterable,):
        source = loop.iterable
        if value_of(source, values) == UNKNOWN:
            source = Var(names.temporary())
            before.append(Assign(source.name, Call(Ref(runtime.sequence), (loop.iterable,)), origin))
            values[source.name] = UNKNOWN
            sources = (source,)
        item = Assign(loop.target, Call(Ref(operator.getitem), (source, Var(index))), origin)
    body = (
        item,
        *loop.body,
        Assign(following, Call(Ref(operator.add), (Var(index), Const(1))), origin),
        Assign(again, Call(Ref(runtime.has_item), (Var(following), *sources)), origin),
        Assign(index, Var(following), origin),
        Assign(running, Var(again), origin),
    )
    first = names.temporary()
    values[first] = BOOLEAN
    return [
        *before,
        Assign(first, Call(Ref(runtime.has_item), (Const(0), *sources)), origin),
        Assign(index, Const(0), origin),
        Assign(running, Var(first), origin),
        While(Var(running), body, origin),
    ]


def _indexed(loop: For, value: Value, names: Names, values: dict[str, Value]) -> list[Statement]:
    origin, source = loop.origin, loop.iterable
    before: list[Statement] = []
    if value == UNKNOWN or isinstance(value, Instance) and value.kind in _VIEWS:
        source = Var(names.temporary())
        before.append(Assign(source.name, Call(Ref(runtime.sequence), (loop.iterable,)), origin))
        values[source.name] = UNKNOWN
    length, steps, index = names.temporary(), names.temporary(), names.fresh("k")
    values.update({length: INTEGER, steps: Instance(range), index: INTEGER})
    before.append(Assign(length, Call(Ref(len), (source,)), origin))
    before.append(Assign(steps, Call(Ref(range), (Var(length),)), origin))
    item = Assign(loop.target, Call(Ref(operator.getitem), (source, Var(index))), origin)
    return [*before, For(index, Var(steps), (item, *loop.body), origin)]
