"""Copies that only carry a value out of a loop are dropped, last, when names may be read where they are not bound.

    for i in steps:                 for i in steps:
        t = p[0]                        t = p[0]
        ...                             ...
        u = t
    y = u * 2                       y = t * 2

Single assignment needs the copy; Python does not: after the loop `t` still has the value of the last iteration.  The
copy goes if it is the only binding of its target, its source is bound once, before it in the same block, and the target
is not read inside the loop.
"""

from __future__ import annotations

from transforms.core import (
    Assign,
    Block,
    For,
    Function,
    Var,
    While,
    all_reads,
    blocks_of,
    rename,
    walk,
    with_blocks,
    writes,
)


def carried(function: Function) -> Function:
    """The program without copies that only carry values out of loops."""
    bound: dict[str, int] = dict.fromkeys(function.parameters, 1)
    for statement in walk(function.body):
        for name in writes(statement):
            bound[name] = bound.get(name, 0) + 1
    names: dict[str, str] = {}
    body = _drop(function.body, bound, names)
    if not names:
        return function
    for name in list(names):
        while names[name] in names:
            names[name] = names[names[name]]
    return function.replace(body=rename(body, names))


def _drop(block: Block, bound: dict[str, int], names: dict[str, str]) -> Block:
    result = []
    for statement in block:
        inner = blocks_of(statement)
        if inner:
            new = [_drop(b, bound, names) for b in inner]
            if isinstance(statement, (For, While)):
                new = [_without_copies(new[0], bound, names)]
            if any(a is not b for a, b in zip(inner, new)):
                statement = with_blocks(statement, new)
        result.append(statement)
    return tuple(result) if any(a is not b for a, b in zip(result, block)) else block


def _without_copies(body: Block, bound: dict[str, int], names: dict[str, str]) -> Block:
    read = all_reads(body)
    before: set[str] = set()
    result = []
    for statement in body:
        if isinstance(statement, Assign) and isinstance(statement.value, Var) and statement.target is not None:
            target, source = statement.target, statement.value.name
            if bound[target] == 1 and bound.get(source) == 1 and source in before and target not in read:
                names[target] = source
                continue
        before.update(writes(statement))
        result.append(statement)
    return tuple(result) if len(result) < len(body) else body
