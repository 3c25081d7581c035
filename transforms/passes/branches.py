"""Two branches on one test become one.

    if t:                       if t:
        y = a                       y = a
    else:                           x_bar = y * 2
        y = b                   else:
    if t:                           y = b
        x_bar = y * 2               x_bar = y
    else:
        x_bar = y

Reverse mode makes such pairs: the primal sweep ends with an `if`, and the adjoint sweep starts with its mirror image.
The test must be the same name, with the same truth both times: it is not bound in between, and nothing changes what it
holds.
"""

from __future__ import annotations

from transforms.core import Block, Function, If, Statement, Var, all_writes, blocks_of, walk, with_blocks
from transforms.passes.effects import Memory, memory_of


def branches(function: Function) -> Function:
    """The program with neighbouring branches on the same test merged."""
    if sum(isinstance(statement, If) for statement in walk(function.body)) < 2:
        return function
    body = _merged(function.body, memory_of(function))
    return function if body is function.body else function.replace(body=body)


def _merged(block: Block, memory: Memory) -> Block:
    result: list[Statement] = []
    changed = False
    for statement in block:
        old = blocks_of(statement)
        new = [_merged(inner, memory) for inner in old]
        if any(one is not two for one, two in zip(old, new)):
            statement, changed = with_blocks(statement, new), True
        last = result[-1] if result else None
        if isinstance(statement, If) and isinstance(last, If) and _is_same_choice(last, statement, memory):
            body = _merged((*last.body, *statement.body), memory)
            result[-1] = If(last.test, body, _merged((*last.orelse, *statement.orelse), memory), last.origin)
            changed = True
        else:
            result.append(statement)
    return tuple(result) if changed else block


def _is_same_choice(first: If, second: If, memory: Memory) -> bool:
    test = first.test
    if not isinstance(test, Var) or test != second.test or not memory.is_stable(test):
        return False
    return test.name not in all_writes((first,))
