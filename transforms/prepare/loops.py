"""Loops over things that may carry a derivative become loops over indices."""

from __future__ import annotations

import operator

from transforms import runtime
from transforms.core import Assign, Block, Call, For, Names, Ref, Statement, Var, blocks_of, with_blocks
from transforms.templates import value_of
from transforms.values import INTEGER, UNKNOWN, Instance, Value, may_be_differentiable

_VIEWS: tuple[type, ...] = (type({}.values()), type({}.items()))


def index_loops(body: Block, names: Names, values: dict[str, Value]) -> Block:
    result: list[Statement] = []
    for statement in body:
        statement = with_blocks(statement, [index_loops(inner, names, values) for inner in blocks_of(statement)])
        if isinstance(statement, For) and isinstance(statement.iterable, Var):
            value = value_of(statement.iterable, values)
            is_followed = not isinstance(value, Instance) or value.kind in (list, tuple, *_VIEWS)
            if may_be_differentiable(value) and is_followed:
                result += _indexed(statement, value, names, values)
                continue
        result.append(statement)
    return tuple(result)


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
