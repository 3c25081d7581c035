"""In-place operators on things of unknown type, where nobody else could see the change.

`x += y` changes an array and rebinds a number.  If no other name for the memory of x is read later, and the memory was
made in this function, both are the same as `x = x + y` with the dtype of x kept; generic code uses that form.

    s += e       becomes       s = runtime.update(add, s, e)
"""

from __future__ import annotations

from transforms import runtime
from transforms.analyses.liveness import LiveBlock, liveness
from transforms.analyses.regions import INPLACE, Regions, Summaries, find_regions
from transforms.core import Assign, Block, Call, Function, Ref, Statement, Var, blocks_of, walk, with_blocks
from transforms.values import Unknown


def functional_updates(function: Function, summaries: Summaries) -> Function:
    """The program with unobservable in-place operators written as functions."""
    candidates = [s for s in walk(function.body) if _is_candidate(function, s)]
    if not candidates:
        return function
    regions = find_regions(function, summaries)
    return function.replace(body=_rewrite(function, function.body, liveness(function.body), regions))


def _is_candidate(function: Function, statement: Statement) -> bool:
    if not (isinstance(statement, Assign) and isinstance(statement.value, Call)):
        return False
    call = statement.value
    if not (isinstance(call.function, Ref) and call.function.value in INPLACE and isinstance(call.arguments[0], Var)):
        return False
    values = function.values or {}
    return isinstance(values.get(call.arguments[0].name, Unknown()), Unknown)


def _rewrite(function: Function, block: Block, live: LiveBlock, regions: Regions) -> Block:
    result: list[Statement] = []
    for statement, after, inner in zip(block, live.after, live.inner):
        if _is_candidate(function, statement) and _is_unobserved(statement, after, regions):
            assert isinstance(statement, Assign) and isinstance(statement.value, Call)
            assert isinstance(statement.value.function, Ref)
            plain = Ref(INPLACE[statement.value.function.value])
            call = Call(Ref(runtime.update), (plain, *statement.value.arguments))
            statement = Assign(statement.target, call, statement.origin, statement.comment)
        blocks = [_rewrite(function, b, inside, regions) for b, inside in zip(blocks_of(statement), inner)]
        result.append(with_blocks(statement, blocks))
    return tuple(result)


def _is_unobserved(statement: Statement, after: frozenset[str], regions: Regions) -> bool:
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
        if name != statement.target and regions.of(name) is region.find():
            return False
    return True
