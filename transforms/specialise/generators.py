"""Generators: the body of the loop that reads one becomes part of it.

A call of a generator function does nothing yet, in Python and here: its result is `Suspended`.  The loop that reads it
is where it runs, and there the two are put together, so that what they do happens in Python's order:

    def powers(a, n):                   for p in powers(x, 3):         for i in range(3):
        for i in range(n):                  total = total + p     =>       p = x ** i
            yield a ** i                                                   total = total + p

What takes all items at once gets them as a list; a `with` statement on a `contextlib.contextmanager` is a loop of one
item.  Where none of this is possible, the call is done as it is, and a derivative through it is refused.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import inspect
import itertools
import math
import operator
import types
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from transforms import core, operations, registry, runtime
from transforms.analyses.liveness import LiveBlock, liveness
from transforms.core import Assign, Call, Names, Ref, Var
from transforms.errors import UnsupportedSyntax
from transforms.specialise.binding import Binding
from transforms.specialise.calls.facts import Keywords
from transforms.values import UNKNOWN, Instance, Known, Literal, Record

if TYPE_CHECKING:
    from transforms.specialise.control import Control
    from transforms.specialise.operands import Operands
    from transforms.specialise.sweep import Sweep

DEEPEST = 6  # generators of one function inside each other
_MANAGER = contextlib.contextmanager(lambda: iter(())).__code__
_TAKE_ALL = (  # they take all items before they do anything that can be seen
    list, tuple, set, frozenset, dict, sum, sorted, min, max, math.fsum, math.prod, operations.unpack,
    operations.unpack_star, list.extend, np.fromiter, str.join, dict.update, functools.reduce,
)  # fmt: skip
_TAKE_SOME = (any, all, runtime.sequence, zip, enumerate, map, filter)
_METHODS = ("extend", "join", "update")


@dataclass(slots=True, eq=False)
class Suspended(Binding):
    """The result of a call of a generator function: it has not begun to run."""

    program: core.Function = dataclasses.field(kw_only=True)
    bound: list[Binding] = dataclasses.field(kw_only=True)  # one for each parameter
    call: tuple[Ref, list[Binding], Keywords] = dataclasses.field(kw_only=True)
    loops: tuple[Any, ...] = dataclasses.field(kw_only=True)  # around the call
    is_context: bool = False  # it is that of a context manager
    is_consumed: bool = False
    is_given: bool = False  # to code that is not known


@dataclass(slots=True)
class Merged:
    """A generator's statements with the body of a loop in the place of each yield."""

    parameters: tuple[str, ...]
    block: core.Block
    live: LiveBlock
    sources: tuple[Any, ...]  # kept alive: they are known by their ids


def is_generator(program: core.Function) -> bool:
    return bool(program.body) and core.is_call_of(getattr(program.body[0], "value", None), operations.generator)  # type: ignore[arg-type]


def refuse_generator(function: core.Function) -> None:
    """Refuse to differentiate a generator function itself."""
    if not is_generator(function):
        return
    origins = [s.origin for s in core.walk(function.body) if _is(s, operations.yielded)]
    raise UnsupportedSyntax(
        "yield is not supported in the function that is transformed",
        "Collect the values in a list and return it.",
        origins[0] if origins else function.origin,
    )


def manager_of(function: Any) -> Any:
    """The generator function that `contextlib.contextmanager` was given; None for other functions."""
    is_manager = isinstance(function, types.FunctionType) and function.__code__ is _MANAGER
    return getattr(function, "__wrapped__", None) if is_manager else None


def suspend(
    sweep: Sweep,
    program: core.Function,
    bound: list[Binding],
    call: tuple[Ref, list[Binding], Keywords],
    is_context: bool = False,
) -> Suspended:
    """The result of a call of a generator function; where that is known to Python too, with the call itself, which is
    dropped unless something reads it."""
    function, arguments, keywords = call
    atom = None
    calls = sweep.calls
    is_nested = any(isinstance(item, Suspended) for item in (*arguments, *keywords.values()))
    if calls.is_bound and not is_nested and not isinstance(function.value, core.Function):
        atom = calls.emit(function, arguments, keywords, UNKNOWN).atom
        assert isinstance(atom, Var)
        sweep.droppable.add(atom.name)
    value = Instance(types.GeneratorType)
    loops = sweep.loops
    return Suspended(atom, value, program=program, bound=bound, call=call, loops=loops, is_context=is_context)


def as_it_is(sweep: Operands, suspended: Suspended) -> core.Atom:
    """The generator itself, for code that is not known."""
    function, arguments, keywords = suspended.call
    if suspended.atom is None or (suspended.is_consumed and not suspended.is_given):
        raise UnsupportedSyntax(
            "this use of a generator is not supported",
            "Read it in one loop, or where all of it is needed, as in list(...); or collect the values in a list.",
            sweep.origin,
        )
    if not suspended.is_given:
        suspended.is_consumed = suspended.is_given = True
        for item in (*arguments, *keywords.values()):
            sweep.escape(item)
    return suspended.atom


# ------------------------------------------------------------------------------------------------------------- loops


def iterated(sweep: Control, iterable: Binding) -> Binding:
    """What a loop reads: of an object of a user's class, what its `__iter__` gives."""
    kind = iterable.value.kind if isinstance(iterable.value, (Record, Instance)) else object
    method = inspect.getattr_static(kind, "__iter__", None)
    if not isinstance(method, types.FunctionType) or sweep.session.read(method) is None:
        return iterable
    return sweep.calls.apply(Binding(Ref(method), Known(method)), [iterable], {}, None)


def can_merge(sweep: Control, suspended: Suspended, *, as_context: bool = False) -> bool:
    """Whether the generator is read here for the first time and as often as it was called."""
    is_fresh = not suspended.is_consumed and suspended.loops == sweep.loops
    is_deep = sweep.merging.count(id(suspended.program)) >= DEEPEST
    is_plain = not as_context or _yields_once(suspended.program.body)
    return is_fresh and not is_deep and suspended.is_context == as_context and is_plain


def _yields_once(block: core.Block) -> bool:
    """Whether no yield stands in a loop, or where the generator handles what the body of a `with` statement raises."""
    for statement in block:
        inner: tuple[core.Block, ...] = ()
        if isinstance(statement, (core.For, core.While)):
            inner = (statement.body,)
        elif isinstance(statement, core.Try) and statement.handlers:
            inner = (statement.body,)
        if any(_is(each, operations.yielded) for part in inner for each in core.walk(part)):
            return False
        if not all(map(_yields_once, core.blocks_of(statement))):
            return False
    return True


def merge(sweep: Control, suspended: Suspended, statement: core.For | core.With, after: frozenset[str]) -> bool:
    """Sweep the generator with the body of the statement in it; whether its end is reached."""
    suspended.is_consumed = True
    key = (id(statement), id(suspended.program))
    merged = sweep.merged.get(key)
    if merged is None:
        merged = sweep.merged[key] = _merged(sweep, suspended.program, statement, after)
    for name, binding in zip(merged.parameters, suspended.bound):
        if name in sweep.shared:
            sweep.bind_shared(name, binding)
        else:
            sweep.env[name] = binding
    sweep.merging.append(id(suspended.program))
    try:
        return sweep.block(merged.block, merged.live)
    finally:
        sweep.merging.pop()


def _merged(sweep: Control, program: core.Function, statement: core.For | core.With, after: frozenset[str]) -> Merged:
    body, running = statement.body, None
    if body and _is(body[-1], operations.go_on):
        body, running = body[:-1], body[-1].value.arguments[0]  # type: ignore[union-attr]
    elif any(_is(inner, operations.go_on) for inner in body):  # copies for the next iteration stand after it
        place = next(number for number, inner in enumerate(body) if _is(inner, operations.go_on))
        running = body[place].value.arguments[0]  # type: ignore[union-attr]
        body = (*body[:place], *body[place + 1 :])
        for copy in body[place:]:
            if isinstance(copy, Assign) and copy.value == running and copy.target is not None:
                running = Var(copy.target)
    if running is not None:
        program = program.body[0].value.arguments[0].value  # type: ignore[union-attr]
    new = _new_names(sweep, program)
    inner = _substituted(core.rename(program.body[1:-1], new), statement.target, body, running)
    live = liveness(inner, after)
    sweep.share(inner, live)
    return Merged(tuple(new[name] for name in program.parameters), inner, live, (statement, program))


def _new_names(sweep: Operands, program: core.Function) -> dict[str, str]:
    """Names of their own for what a function binds, inside of the function that is swept."""
    names = Names(sweep.taken | sweep.names.taken)
    new = {
        name: names.temporary() if core.is_temporary(name) else names.fresh(name)
        for name in (*program.parameters, *sorted(core.all_writes(program.body)))
    }
    sweep.taken |= set(new.values())
    sweep.names.taken |= set(new.values())
    return new


def _substituted(block: core.Block, target: str | None, body: core.Block, running: core.Atom | None) -> core.Block:
    result: list[core.Statement] = []
    for statement in block:
        if _is(statement, operations.yielded):
            assert isinstance(statement, Assign) and isinstance(statement.value, Call)
            if target is not None:
                result.append(Assign(target, statement.value.arguments[0], statement.origin))
            result += _copied(body)
        elif _is(statement, operations.stopped):
            assert running is not None and isinstance(statement, Assign)
            result.append(Assign(statement.target, Call(Ref(operator.not_), (running,)), statement.origin))
        else:
            inner = [_substituted(inner, target, body, running) for inner in core.blocks_of(statement)]
            result.append(core.with_blocks(statement, inner))
    return tuple(result)


def _copied(block: core.Block) -> core.Block:
    """The block with statements of its own: places are known by the ids of statements."""
    return tuple(
        core.with_blocks(dataclasses.replace(statement), [_copied(inner) for inner in core.blocks_of(statement)])
        for statement in block
    )


def _is(statement: core.Statement, function: Any) -> bool:
    return isinstance(statement, Assign) and core.is_call_of(statement.value, function)


def inlined(sweep: Sweep, program: core.Function, bound: list[Binding]) -> Binding | None:
    """The result of a call of a function that is handed a generator, as part of its caller; None if it is recursive."""
    if sweep.merging.count(id(program)) or sweep.statement is None:
        return None
    statement, path = sweep.statement, sweep.path
    key = (id(statement), id(program))
    merged = sweep.merged.get(key)
    if merged is None:
        new = _new_names(sweep, program)
        block = core.rename(program.body, new)
        last = block[-1]
        assert isinstance(last, core.Return)
        after = frozenset(core.reads(last))
        live = liveness(block[:-1], after)
        sweep.share(block[:-1], live)
        parameters = tuple(new[name] for name in program.parameters)
        merged = sweep.merged[key] = Merged(parameters, block[:-1], live, (statement, program, last.value))
    for name, binding in zip(merged.parameters, bound):
        if name in sweep.shared:
            sweep.bind_shared(name, binding)
        else:
            sweep.env[name] = binding
    sweep.merging.append(id(program))
    try:
        sweep.block(merged.block, merged.live)
    finally:
        sweep.merging.pop()
    sweep.statement, sweep.path, sweep.origin = statement, path, statement.origin
    return sweep.operand(merged.sources[2])


# ------------------------------------------------------------------------------------------------------- all at once


def consumed(sweep: Sweep, function: Binding, arguments: list[Binding], statement: Assign) -> list[Binding]:
    """The operands of a call, generators among them as lists where the call takes all items."""
    if not any([isinstance(item, Suspended) for item in arguments]):
        return arguments
    known = function.value.object if isinstance(function.value, Known) else None
    if known is iter:
        return arguments
    takes_all = any(known is taker for taker in _TAKE_ALL)
    if known is operations.method and isinstance(arguments[1].value, Literal):
        takes_all = arguments[1].value.value in _METHODS
    result = []
    for number, item in enumerate(arguments):
        if isinstance(item, Suspended) and can_merge(sweep, item):
            may_take_some = any(known is taker for taker in _TAKE_SOME) and is_quiet(sweep, item.program)
            if takes_all or may_take_some:
                item = _listed(sweep, item, (statement, number))
        result.append(item)
    return result


def _listed(sweep: Sweep, suspended: Suspended, place: tuple[Assign, int]) -> Binding:
    """The list of what a generator gives."""
    key = ("list", id(place[0]), place[1])
    known = sweep.lists.get(key)
    if known is None:
        names = Names(sweep.taken | sweep.names.taken)
        items, item = names.fresh("items"), names.fresh("item")
        sweep.taken |= {items, item}
        sweep.names.taken |= {items, item}
        append = Assign(None, Call(Ref(list.append), (Var(items), Var(item))), place[0].origin)
        make = Assign(items, Call(Ref(operations.make_list)), place[0].origin)
        known = sweep.lists[key] = (make, core.For(item, Var(items), (append,), place[0].origin), place[0])
    make, loop, _ = known
    assert make.target is not None
    path = sweep.path
    sweep.assign(make)
    merge(sweep, suspended, loop, frozenset({make.target}))
    sweep.path = path
    return sweep.operand(Var(make.target))


def is_quiet(sweep: Sweep, program: core.Function, depth: int = 0) -> bool:
    """Whether it makes no difference when, and how far, a generator runs: it has no effects, and it ends."""
    for statement in core.walk(program.body[1:]):
        if isinstance(statement, (core.While, core.With, core.Try, core.Raise)):
            return False
        call = statement.value if isinstance(statement, Assign) else None
        if isinstance(call, Call) and not _is_quiet_call(sweep, call, depth):
            return False
    return True


def _is_quiet_call(sweep: Sweep, call: Call, depth: int) -> bool:
    function = call.function.value if isinstance(call.function, Ref) else None
    if function is operations.yielded or function is range or function is functools.partial:
        return True
    if isinstance(function, (types.FunctionType, core.Function)) and registry.lookup(function) is None:
        program = sweep.session.read(function)
        is_plain = program is not None and depth < 4
        return is_plain and is_quiet(sweep, program.replace(body=(program.body[0], *program.body)), depth + 1)  # type: ignore[union-attr]
    if function is getattr or getattr(function, "__module__", None) == itertools.__name__:
        return function is getattr
    entry = registry.lookup(function) if function is not None else None
    return entry is not None and entry.is_pure and not entry.mutates
