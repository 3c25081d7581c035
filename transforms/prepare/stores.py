"""`x[i] = x[i] op y` on a view, which Python writes for `x[i] op= y`, loses the store of a view into itself."""

from __future__ import annotations

import operator

from transforms.analyses.regions import INPLACE, getitem_shares
from transforms.core import Assign, Block, Call, Ref, Statement, Var, blocks_of, with_blocks
from transforms.subscripts import getitem_is_view
from transforms.templates import value_of
from transforms.values import UNKNOWN, Array, Value


def drop_self_stores(body: Block, values: dict[str, Value]) -> Block:
    """Drop `x[i] = v` where v is `x[i]` itself, a view that was changed in place just before."""
    result: list[Statement] = []
    views: dict[str, tuple] = {}
    for statement in body:
        statement = with_blocks(statement, [drop_self_stores(inner, values) for inner in blocks_of(statement)])
        call = statement.value if isinstance(statement, Assign) else None
        if isinstance(statement, Assign) and isinstance(call, Call) and isinstance(call.function, Ref):
            function = call.function.value
            if function is operator.getitem and statement.target is not None:
                container, index = (value_of(atom, values) for atom in call.arguments)
                target = values.get(statement.target, UNKNOWN)
                if isinstance(container, Array) and isinstance(target, Array):
                    if getitem_shares(container, index, target) and _is_surely_view(index):
                        views[statement.target] = call.arguments
            elif function in INPLACE and isinstance(call.arguments[0], Var):
                if call.arguments[0].name in views and statement.target is not None:
                    if isinstance(values.get(call.arguments[0].name), Array):
                        views[statement.target] = views[call.arguments[0].name]
            elif function is operator.setitem and isinstance(call.arguments[2], Var):
                if views.get(call.arguments[2].name) == call.arguments[:2]:
                    continue
        result.append(statement)
    return tuple(result)


def _is_surely_view(index: Value) -> bool:
    return getitem_is_view(index) is True
