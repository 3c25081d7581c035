"""Two kinds of stores.

`x[i] = x[i] op y` on a view, which Python writes for `x[i] op= y`, loses the store of a view into itself.  Before
`x[mask] = v`, where `v` may be a view of `x`, the run time checks that it is not: NumPy reads it while `x` is changed.
"""

from __future__ import annotations

import operator

from transforms import runtime
from transforms.analyses.regions import INPLACE, Regions, Summaries, find_regions, getitem_shares
from transforms.core import Assign, Block, Call, Function, Ref, Statement, Var, blocks_of, is_call_of, walk, with_blocks
from transforms.subscripts import getitem_is_view
from transforms.templates import value_of
from transforms.values import UNKNOWN, Array, Unknown, Value


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


def check_masked_stores(function: Function, summaries: Summaries) -> Function:
    """The program with a check before each store by a mask of what may share memory with the array."""
    values = function.values or {}
    if not any(_may_be_masked(statement, values) for statement in walk(function.body)):
        return function
    regions = find_regions(function, summaries)
    return function.replace(body=_with_checks(function.body, regions, values))


def _with_checks(block: Block, regions: Regions, values: dict[str, Value]) -> Block:
    result: list[Statement] = []
    for statement in block:
        if isinstance(statement, Assign) and isinstance(statement.value, Call) and _may_be_masked(statement, values):
            array, index, stored = statement.value.arguments
            is_same = regions.of(array) is not None and regions.of(array) is regions.of(stored)
            if is_same or getattr(stored, "name", None) in regions.assumed_copies:
                check = Call(Ref(runtime.check_masked), (array, index, stored))
                result.append(Assign(None, check, statement.origin))
        result.append(with_blocks(statement, [_with_checks(inner, regions, values) for inner in blocks_of(statement)]))
    return tuple(result)


def _may_be_masked(statement: Statement, values: dict[str, Value]) -> bool:
    """Whether a statement may store an array in places of another that a mask chooses."""
    if not isinstance(statement, Assign) or not is_call_of(statement.value, operator.setitem):
        return False
    array, index, stored = (value_of(atom, values) for atom in statement.value.arguments)  # type: ignore[union-attr]
    is_mask = isinstance(index, Unknown) or isinstance(index, Array) and index.dtype.kind == "b"
    return is_mask and all(isinstance(value, (Array, Unknown)) for value in (array, stored))
