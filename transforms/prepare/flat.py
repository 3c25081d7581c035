"""`x.flat` of a thing of unknown type: where only items of it are read and stored, those of the array.

    v = getattr(x, "flat")      runtime.check_method(x, "flat")
    v[k] = 2.0                  v = x
                                places = runtime.flat_places(v, k)
                                np.put(v, places, 2.0)

Where more is done with it the run time refuses an array.  What is known to be an array has been seen to before, by
`transforms.library.Flat`.
"""

from __future__ import annotations

import operator

import numpy as np

from transforms import runtime
from transforms.core import (
    Assign,
    Block,
    Call,
    Const,
    Function,
    Names,
    Ref,
    Statement,
    Var,
    blocks_of,
    is_call_of,
    reads,
    walk,
    with_blocks,
)
from transforms.values import UNKNOWN


def flat_items(function: Function, names: Names) -> Block:
    """The body of a function with the items of arrays in the place of those of their `flat`."""
    values = function.values or {}
    found = {
        statement.target: statement
        for statement in walk(function.body)
        if isinstance(statement, Assign)
        and statement.target is not None
        and is_call_of(statement.value, getattr)
        and statement.value.arguments[1] == Const("flat")  # type: ignore[union-attr]
        and isinstance(statement.value.arguments[0], Var)  # type: ignore[union-attr]
        and values.get(statement.value.arguments[0].name, UNKNOWN) == UNKNOWN  # type: ignore[union-attr]
    }
    if not found:
        return function.body
    followed = dict(found)
    for statement in walk(function.body):
        for name in reads(statement):
            if name in followed and not _is_item(statement, name):
                del followed[name]
    return _block(function.body, found, followed, names)


def _is_item(statement: Statement, name: str) -> bool:
    """Whether a statement does no more with a name than to read or store an item."""
    if not isinstance(statement, Assign) or not is_call_of(statement.value, operator.getitem, operator.setitem):
        return False
    assert isinstance(statement.value, Call)
    owner, *rest = statement.value.arguments
    return owner == Var(name) and Var(name) not in rest


def _block(body: Block, found: dict[str, Assign], followed: dict[str, Assign], names: Names) -> Block:
    result: list[Statement] = []
    for statement in body:
        statement = with_blocks(statement, [_block(inner, found, followed, names) for inner in blocks_of(statement)])
        target = getattr(statement, "target", None)
        if isinstance(statement, Assign) and found.get(target or "") is statement:
            owner = statement.value.arguments[0]  # type: ignore[union-attr]
            check = runtime.check_method if target in followed else runtime.check_no_array
            result.append(Assign(None, Call(Ref(check), (owner, Const("flat"))), statement.origin))
            result.append(Assign(target, owner, statement.origin) if target in followed else statement)
        elif isinstance(statement, Assign) and isinstance(statement.value, Call) and _owner(statement) in followed:
            owner, place, *stored = statement.value.arguments
            places = Var(names.temporary())
            operation = np.put if stored else np.take
            call = Call(Ref(operation, f"np.{operation.__name__}"), (owner, places, *stored))
            if stored:
                apart = Call(Ref(runtime.check_flat), (owner, *stored, Const(False)))
                result.append(Assign(None, apart, statement.origin))
            result.append(Assign(places.name, Call(Ref(runtime.flat_places), (owner, place)), statement.origin))
            result.append(Assign(statement.target, call, statement.origin))
        else:
            result.append(statement)
    return tuple(result)


def _owner(statement: Assign) -> str | None:
    """The name of what an item is read from or stored in."""
    if not is_call_of(statement.value, operator.getitem, operator.setitem):
        return None
    owner = statement.value.arguments[0]  # type: ignore[union-attr]
    return owner.name if isinstance(owner, Var) else None
