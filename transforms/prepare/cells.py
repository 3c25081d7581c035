"""Cells that only one function knows become variables.

An inner function that changes a variable of its outer one shares it in an `operations.Cell`.  Where the inner function
has become part of its caller, nobody else is left who could see the cell.  Program in, program out; the variable is
bound several times, and `specialise` gives it names again.

    total_cell = Cell()             total = 1.0
    total_cell.value = 1.0          for k in range(3):
    for k in range(3):                  total = total * x
        _1 = total_cell.value       return total
        total_cell.value = _1 * x
    return total_cell.value
"""

from __future__ import annotations

from transforms import operations
from transforms.core import (
    Assign,
    Block,
    Call,
    Const,
    Expression,
    For,
    Function,
    Names,
    Statement,
    Var,
    While,
    blocks_of,
    is_call_of,
    names_in,
    reads,
    walk,
    with_blocks,
    writes,
)


def local_cells(function: Function) -> Function:
    """The program with a variable for each cell that does not leave it."""
    found = _made_once(function)
    for statement in walk(function.body) if found else ():
        uses = reads(statement)
        owner = _owner(statement)
        for name in uses:
            if name in found and (name != owner or uses.count(name) > 1):
                del found[name]
    if not found:
        return function
    names = Names(names_in(function))
    variables = {cell: names.fresh(cell.removesuffix("_cell")) for cell in found}
    return function.replace(body=_rewritten(function.body, variables))


def _made_once(function: Function) -> dict[str, None]:
    """The names that are bound once, to a new cell; in a loop, to one with content."""
    bound: dict[str, int] = dict.fromkeys(function.parameters, 1)
    for statement in walk(function.body):
        for name in writes(statement):
            bound[name] = bound.get(name, 0) + 1
    found: dict[str, None] = {}

    def visit(block: Block, in_loop: bool) -> None:
        for statement in block:
            if isinstance(statement, Assign) and isinstance(statement.value, Call) and statement.target is not None:
                call = statement.value
                if is_call_of(call, operations.Cell) and bound[statement.target] == 1:
                    if call.arguments or not in_loop:
                        found[statement.target] = None
            for inner in blocks_of(statement):
                visit(inner, in_loop or isinstance(statement, (For, While)))

    visit(function.body, False)
    return found


def _owner(statement: Statement) -> str | None:
    """The name of the cell whose content a statement reads or writes, if it is one."""
    call = statement.value if isinstance(statement, Assign) else None
    if isinstance(call, Call) and (is_call_of(call, getattr) and len(call.arguments) == 2 or is_call_of(call, setattr)):
        owner, attribute = call.arguments[:2]
        return owner.name if isinstance(owner, Var) and attribute == Const("value") else None
    return None


def _rewritten(block: Block, variables: dict[str, str]) -> Block:
    result: list[Statement] = []
    for statement in block:
        owner = _owner(statement)
        if isinstance(statement, Assign) and isinstance(statement.value, Call):
            call = statement.value
            if statement.target in variables:
                assert statement.target is not None
                content = call.arguments
                result += [Assign(variables[statement.target], atom, statement.origin) for atom in content]
                continue
            if owner in variables:
                assert owner is not None
                variable = Var(variables[owner])
                is_read = is_call_of(call, getattr)
                target = statement.target if is_read else variable.name
                value: Expression = variable if is_read else call.arguments[2]
                if target is not None:
                    result.append(Assign(target, value, statement.origin))
                continue
        result.append(with_blocks(statement, [_rewritten(inner, variables) for inner in blocks_of(statement)]))
    return tuple(result)
