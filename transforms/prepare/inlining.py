"""Callees that become part of their caller: small ones, and those that share memory which is changed."""

from __future__ import annotations

from transforms.analyses.regions import Regions, Summaries
from transforms.core import (
    Assign,
    Block,
    Call,
    For,
    Function,
    Names,
    Ref,
    Statement,
    Try,
    Var,
    While,
    With,
    atoms_of,
    blocks_of,
    names_in,
    walk,
    with_blocks,
)
from transforms.templates import inline
from transforms.values import Array, Value

LARGEST_INLINED = 40  # statements of a callee without loops that is written out where it is called
LARGEST_GROWTH = 300  # statements that this may add to one function


def inline_small(function: Function) -> Function:
    """Write out the calls of small functions without loops."""
    names = Names(names_in(function))
    growth = 0

    def visit(block: Block) -> Block:
        nonlocal growth
        result: list[Statement] = []
        changed = False
        for statement in block:
            inner = blocks_of(statement)
            new_inner = tuple(visit(b) for b in inner)
            if any(a is not b for a, b in zip(inner, new_inner)):
                statement, changed = with_blocks(statement, new_inner), True
            callee = _callee(statement)
            if callee is not None and growth < LARGEST_GROWTH and is_small(callee):
                assert isinstance(statement, Assign) and isinstance(statement.value, Call)
                body, value = inline(callee, statement.value.arguments, names, {})
                body = visit(body)
                growth += len(body)
                result += body
                if statement.target is not None:
                    result.append(Assign(statement.target, value, statement.origin))
                changed = True
            else:
                result.append(statement)
        return tuple(result) if changed else block

    body = visit(function.body)
    return function if body is function.body else function.replace(body=body)


def _callee(statement: Statement) -> Function | None:
    call = statement.value if isinstance(statement, Assign) else None
    if isinstance(call, Call) and isinstance(call.function, Ref) and isinstance(call.function.value, Function):
        return call.function.value
    return None


def is_small(function: Function) -> bool:
    """Whether a function is short, without loops and handlers, and does not call itself."""
    statements = list(walk(function.body))
    if len(statements) > LARGEST_INLINED or any(isinstance(s, (For, While, Try, With)) for s in statements):
        return False
    return not is_recursive(function)


def inline_sharing(
    body: Block, regions: Regions, summaries: Summaries, names: Names, values: dict[str, Value]
) -> Block:
    result: list[Statement] = []
    for statement in body:
        statement = with_blocks(
            statement, [inline_sharing(inner, regions, summaries, names, values) for inner in blocks_of(statement)]
        )
        if isinstance(statement, Assign) and isinstance(statement.value, Call):
            callee = statement.value.function.value if isinstance(statement.value.function, Ref) else None
            if isinstance(callee, Function) and _shares(statement, statement.value, callee, regions, summaries, values):
                if not is_recursive(callee):
                    block, value = inline(callee, statement.value.arguments, names, values)
                    result += block
                    if statement.target is not None:
                        result.append(Assign(statement.target, value, statement.origin))
                    continue
        result.append(statement)
    return tuple(result)


def _shares(
    statement: Assign,
    call: Call,
    callee: Function,
    regions: Regions,
    summaries: Summaries,
    values: dict[str, Value],
) -> bool:
    """Whether a call changes memory of its caller, or mixes memory that the caller changes."""
    summary = summaries(callee)
    if statement.target is not None and not isinstance(values.get(statement.target), Array):
        if regions.is_mutated(statement.target):
            return True  # one array may stand in the result twice
    if any(slot[0] == "parameter" for slot in summary.mutated) or summary.changes_captured:
        return True
    if any(map(regions.changes_outside, summary.outside)):
        return True  # it reads a global that its caller changes
    if not summary.classes:
        return False
    atoms = (*call.arguments, *((Var(statement.target),) if statement.target is not None else ()))
    return any(isinstance(atom, Var) and regions.is_mutated(atom) for atom in atoms)


def is_recursive(function: Function) -> bool:
    """Whether a function calls itself, directly or through others; instances for other types count as itself."""
    seen: set[Function] = set()
    work = [function]
    while work:
        for callee in callees(work.pop()):
            if callee is function or (function.origin is not None and _identity(callee) == _identity(function)):
                return True
            if callee not in seen:
                seen.add(callee)
                work.append(callee)
    return False


def _identity(function: Function) -> tuple[object, ...]:
    return function.name, function.filename, function.origin


def callees(function: Function) -> list[Function]:
    """The core functions that a function refers to, in order of first occurrence."""
    found: dict[Function, None] = {}
    for statement in walk(function.body):
        for atom in atoms_of(statement):
            if isinstance(atom, Ref) and isinstance(atom.value, Function):
                found[atom.value] = None
    return list(found)
