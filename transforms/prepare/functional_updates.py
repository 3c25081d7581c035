"""In-place operators on things of unknown type, where nobody else could see the change.

`x += y` changes an array and rebinds a number.  If no other name for the memory of x is read later, and the memory was
made in this function, both are the same as `x = x + y` with the dtype of x kept; generic code uses that form.

    s += e           becomes       s = runtime.update(add, s, e)
    x[i] += e        becomes       x[i] = runtime.update(add, x[i], e)
"""

from __future__ import annotations

import operator

from transforms import runtime
from transforms.analyses.liveness import LiveBlock, liveness
from transforms.analyses.regions import INPLACE, Regions, Summaries, find_regions, hidden_sources
from transforms.core import (
    Assign,
    Atom,
    Block,
    Call,
    Function,
    Ref,
    Statement,
    Var,
    atoms_of,
    blocks_of,
    is_call_of,
    is_temporary,
    walk,
    with_blocks,
    writes,
)
from transforms.templates import value_of
from transforms.values import Array, Unknown


def functional_updates(function: Function, summaries: Summaries) -> Function:
    """The program with unobservable in-place operators written as functions."""
    candidates = [s for s in walk(function.body) if _is_candidate(function, s)]
    if not candidates:
        return function
    regions = find_regions(function, summaries)
    stored = _stored_back(function)
    views = {name: set(roots) for name, roots in hidden_sources(regions).items()}
    body = _rewrite(function, function.body, liveness(function.body), regions, stored, views)
    updated = {
        id(region.find())
        for s in walk(body)
        if isinstance(s, Assign) and is_call_of(s.value, runtime.update) and isinstance(s.value, Call)
        for region in (regions.of(s.value.arguments[1]),)
        if region is not None
    }
    return function.replace(body=_with_checks(body, regions, updated))


def _with_checks(block: Block, regions: Regions, updated: set[int]) -> Block:
    """Have the run time check that a function which only it knows has not handed back what it was given, where the
    result is taken to be new."""
    result: list[Statement] = []
    for statement in block:
        result.append(with_blocks(statement, [_with_checks(inner, regions, updated) for inner in blocks_of(statement)]))
        if isinstance(statement, Assign) and isinstance(statement.value, Call) and statement.target is not None:
            call, region = statement.value, regions.of(statement.target)
            if isinstance(call.function, Var) and region is not None and id(region.find()) in updated:
                operands = (Var(statement.target), call.function, *call.atoms)
                result.append(Assign(None, Call(Ref(runtime.check_apart), operands), statement.origin))
    return tuple(result)


def _stored_back(function: Function) -> dict[str, Atom]:
    """Results of in-place operators on an item that are only stored back where the item came from: name -> owner."""
    uses: dict[str, int] = {}
    items: dict[str, tuple[Atom, ...]] = {}
    updated: dict[str, tuple[Atom, ...]] = {}
    found: dict[str, Atom] = {}
    values = function.values or {}
    for statement in walk(function.body):
        for atom in atoms_of(statement):
            if isinstance(atom, Var):
                uses[atom.name] = uses.get(atom.name, 0) + 1
    for statement in walk(function.body):
        if not (isinstance(statement, Assign) and isinstance(statement.value, Call)):
            continue
        call, target = statement.value, statement.target
        if is_call_of(call, operator.getitem) and target is not None and is_temporary(target) and uses.get(target) == 1:
            if isinstance(value_of(call.arguments[0], values), (Unknown, Array)):
                items[target] = call.arguments
        elif is_call_of(call, *INPLACE) and isinstance(call.arguments[0], Var) and call.arguments[0].name in items:
            if target is not None and uses.get(target) == 1:
                updated[target] = items[call.arguments[0].name]
        elif is_call_of(call, operator.setitem) and isinstance(call.arguments[2], Var):
            if updated.get(call.arguments[2].name) == call.arguments[:2]:
                found[call.arguments[2].name] = call.arguments[0]
    return found


def _is_candidate(function: Function, statement: Statement) -> bool:
    if not (isinstance(statement, Assign) and isinstance(statement.value, Call)):
        return False
    call = statement.value
    if not (isinstance(call.function, Ref) and call.function.value in INPLACE and isinstance(call.arguments[0], Var)):
        return False
    values = function.values or {}
    return isinstance(values.get(call.arguments[0].name, Unknown()), Unknown)


def _rewrite(
    function: Function,
    block: Block,
    live: LiveBlock,
    regions: Regions,
    stored: dict[str, Atom],
    views: dict[str, set[int]],
) -> Block:
    result: list[Statement] = []
    for statement, after, inner in zip(block, live.after, live.inner):
        if _is_candidate(function, statement) and (
            writes(statement)[:1] and writes(statement)[0] in stored or _is_unobserved(statement, after, regions, views)
        ):
            assert isinstance(statement, Assign) and isinstance(statement.value, Call)
            assert isinstance(statement.value.function, Ref)
            plain = Ref(INPLACE[statement.value.function.value])
            owner = stored.get(statement.target or "")
            owners = () if owner is None else (owner,)
            call = Call(Ref(runtime.update), (plain, *statement.value.arguments, *owners))
            statement = Assign(statement.target, call, statement.origin, statement.comment)
        blocks = [
            _rewrite(function, b, inside, regions, stored, views) for b, inside in zip(blocks_of(statement), inner)
        ]
        result.append(with_blocks(statement, blocks))
    return tuple(result)


def _is_unobserved(statement: Statement, after: frozenset[str], regions: Regions, views: dict[str, set[int]]) -> bool:
    assert isinstance(statement, Assign) and isinstance(statement.value, Call)
    region = regions.of(statement.value.arguments[0])
    if region is None:
        return True
    outside = {id(r.find()) for r in regions.objects.values()}
    outside |= {id(r.content) for r in regions.objects.values() if r.known_content is not None}
    if id(region.find()) in outside:
        return False
    if any(known.known_content is region.find() for known in regions.names.values()):
        return False  # something holds it
    for name in (*regions.function.parameters, *sorted(after)):
        if name != statement.target and (regions.of(name) is region.find() or id(region.find()) in views.get(name, ())):
            return False
    return True
