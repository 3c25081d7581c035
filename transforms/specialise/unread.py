"""Statements that specialisation leaves behind and that nothing reads.

They are dropped at once, so that what follows has less to look at; `transforms.passes.deadcode` knows all the rest.
"""

from __future__ import annotations

import functools
import operator

from transforms import core, library, operations
from transforms.analyses.raising import may_raise
from transforms.core import Assign, Call, Ref
from transforms.values import Value

# Calls without effect that are made by this pass itself, and dropped where nothing reads their result.
_DROPPABLE = {
    id(function): function
    for function in (
        operations.make_tuple,
        operations.make_list,
        operations.make_tape,
        operations.make_dict,
        operations.make_slice,
        operations.unpack,
        library.Closure,
        operator.getitem,
        getattr,
        functools.partial,
        dict.items,
        dict.keys,
        dict.values,
        range,
        len,
    )
}


def without_unread(block: core.Block, droppable: set[str], values: dict[str, Value]) -> core.Block:
    """The block without copies, reads and constructions that nothing reads."""
    while True:
        needed = core.all_reads(block)
        new = _drop(block, needed, droppable, values)
        if new is block:
            return block
        block = new


def _drop(
    block: core.Block, needed: set[str], droppable: set[str], values: dict[str, Value], is_guarded: bool = False
) -> core.Block:
    """`is_guarded`: where it matters whether something raises an exception."""
    result: list[core.Statement] = []
    changed = False
    for statement in block:
        if isinstance(statement, Assign):
            if (
                statement.target is not None
                and statement.target not in needed
                and (statement.target in droppable or _is_droppable(statement.value, values, is_guarded))
            ):
                changed = True
                continue
        else:
            inner = core.blocks_of(statement)
            guards = is_guarded or isinstance(statement, core.With)
            guards = guards or (isinstance(statement, core.Try) and bool(statement.handlers))
            new = tuple(_drop(b, needed, droppable, values, guards) for b in inner)
            if any(a is not b for a, b in zip(inner, new)):
                changed = True
                if isinstance(statement, core.If) and not new[0] and not new[1]:
                    continue
                statement = core.with_blocks(statement, new)
        result.append(statement)
    return tuple(result) if changed else block


def _is_droppable(expression: core.Expression, values: dict[str, Value], is_guarded: bool) -> bool:
    if not isinstance(expression, Call):
        return True
    if is_guarded and not core.is_call_of(
        expression, operations.make_tuple, operations.make_list, operations.make_dict, operations.make_slice
    ):
        return False
    if not isinstance(expression.function, Ref) or id(expression.function.value) not in _DROPPABLE:
        return False
    return not may_raise(expression, values)
