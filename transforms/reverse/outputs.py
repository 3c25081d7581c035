"""Which outputs have a gradient: real numbers, arrays of them, and containers of both.

In comes the abstract value of a function's result; an output that surely has no gradient is refused.  So is a program
that leaves objects of the library's classes, which stand for Python's, where its caller finds them.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from transforms import library
from transforms.analyses.regions import Region, Summaries, find_regions
from transforms.core import (
    Assign,
    Block,
    Call,
    Const,
    Expression,
    For,
    Function,
    If,
    Origin,
    Raise,
    Ref,
    Statement,
    Try,
    Var,
    While,
    With,
    is_call_of,
    walk,
    writes,
)
from transforms.errors import DerivativeUndefined, TransformError
from transforms.presentation import reachable
from transforms.values import Array, Instance, Known, Literal, Many, Mapping, Number, Partial, Record, Sequence, Value

OWN = {  # the library's classes, by the names of those that they stand for
    library.Counter: "Counter", library.DefaultDict: "defaultdict", library.Deque: "deque",
    library.Flat: "flatiter", library.Namespace: "SimpleNamespace", library.Iterator: "iterator",
    library.Cycle: "cycle", library.Repeat: "repeat",
}  # fmt: skip
_NO_NUMBERS = (str, bytes, set, frozenset, type(None), range, slice)


def check_output(value: Value, name: str, origin: Origin | None) -> None:
    """Refuse an output that is known to have no gradient."""
    problem = _problem(value)
    if problem is None:
        return
    what, is_complex = problem
    name = "the lambda" if name == "lambda_" else name
    if is_complex:
        raise DerivativeUndefined(
            f"the output of {name} is complex, and the gradient of a complex number is not defined",
            "Return a real number: its real part, imaginary part or absolute value (.real, .imag, abs).",
            origin,
        )
    raise DerivativeUndefined(
        f"the output of {name} is not numeric: it returns {what}",
        "Return a floating-point number or array, or a container of them; with has_aux=True, the first output only.",
        origin,
    )


def _is_label(value: Value) -> bool:
    """Whether a part of an output is None, text or the empty tuple, which may stand next to numbers."""
    if isinstance(value, Literal):
        return value.value is None or value.value == () or isinstance(value.value, (str, bytes))
    return isinstance(value, Instance) and value.kind in (str, bytes, type(None))


def _problem(value: Value) -> tuple[str, bool] | None:
    """What is wrong with an output, and whether it is that it is complex."""
    match value:
        case Number() | Array():
            if value.dtype.kind in "fiub":
                return None
            return f"an array of {value.dtype}", value.dtype.kind == "c"
        case Literal():
            constant = value.value
            if isinstance(constant, (complex, np.complexfloating)):
                return repr(constant), True
            return None if isinstance(constant, (bool, int, float, np.generic)) else (repr(constant), False)
        case Known():
            return getattr(value.object, "__name__", repr(value.object)), False
        case Partial():
            return "a function", False
        case Record() if not dataclasses.is_dataclass(value.kind):
            if value.kind in OWN:
                return f"a {OWN[value.kind]}", False
            return f"a {value.kind.__name__}, which is no data class", False
        case Sequence() | Mapping() | Record():
            problems = [_problem(item) for item in value.items if not _is_label(item)]
            if value.items and not problems:
                return "no number", False
            return next((found for found in problems if found is not None), None)
        case Many():
            return _problem(value.item)
        case Instance() if value.kind in OWN:
            return f"a {OWN[value.kind]}", False
        case Instance() if issubclass(value.kind, _NO_NUMBERS):
            return f"a {value.kind.__name__}", False
    return None


def refuse_leaks(function: Function, summaries: Summaries) -> None:
    """Refuse a program that stores an object of the library's in what its caller knows: an argument, or a global."""
    for each in reachable(function):
        own = [name for name, value in (each.values or {}).items() if _is_own(value)]
        if not own:
            continue
        regions = find_regions(each, summaries)
        known = _held(list(regions.objects.values()))
        if each is function:
            known |= _held([regions.of(name) for name in each.parameters])
        for name in own:
            region = regions.of(name)
            if region is not None and id(region.find()) in known:
                bound = (s for s in walk(each.body) if isinstance(s, Assign) and s.target == name)
                raise TransformError(
                    f"a {OWN[each.values[name].kind]} is stored where it outlives the call, which is not supported",  # type: ignore[index]
                    "Store a list or a dict of what it holds.",
                    next((s.origin for s in bound), None),
                )


def refuse_late_reads(function: Function, summaries: Summaries) -> None:
    """Refuse a program that changes what is outside of it, where a pullback is to read it as it was before."""
    changed = summaries(function).changed
    late = [g for g in reachable(function) if g.is_pullback and summaries(g).outside & changed] if changed else []
    for caller in reachable(function) if late else ():
        for statement in walk(caller.body):
            call = statement.value if isinstance(statement, Assign) else None
            if isinstance(call, Call) and isinstance(call.function, Ref) and call.function.value in late:
                raise TransformError(
                    "a pullback of a function that reads what is outside of it, and what the program changes, is not "
                    "supported: what it was when vjp was called is not kept",
                    "Give the function what it reads as an argument.",
                    statement.origin,
                )


def _is_own(value: Value) -> bool:
    return isinstance(value, (Record, Instance)) and value.kind in OWN


def _held(roots: list[Region | None]) -> set[int]:
    """The memory behind these, and what it holds."""
    found: set[int] = set()
    for region in roots:
        while region is not None and id(region.find()) not in found:
            found.add(id(region.find()))
            region = region.known_content
    return found


def may_be_unbound(name: str, block: Block, before: tuple[str, ...]) -> bool:
    """Whether the result of a program, this name, may not be bound at its end, as the user's own names may be."""
    copies = {s.target: s.value.name for s in block if isinstance(s, Assign) and isinstance(s.value, Var)}
    while name in copies:
        name = copies[name]
    if name in before or _is_surely_bound(name, block):
        return False
    bindings = [s for s in walk(block) if isinstance(s, Assign) and s.target == name]
    texts = ["" if s.origin is None else s.origin.text.lstrip() for s in bindings]
    return not all(text.startswith("return") for text in texts)  # of the places where it returns one is met


def _is_surely_bound(name: str, block: Block) -> bool:
    """Whether a block binds a name on every path that reaches its end."""
    starts = {s.target: s.value for s in block if isinstance(s, Assign)}
    return any(_binds(name, statement, starts) for statement in block)


def _binds(name: str, statement: Statement, starts: dict[str | None, Expression]) -> bool:
    """`starts` has what the names of the block around the statement are bound to."""
    match statement:
        case Raise():
            return True  # its end is not reached
        case If():
            return _is_surely_bound(name, statement.body) and _is_surely_bound(name, statement.orelse)
        case Try():
            whole = _is_surely_bound(name, (*statement.body, *statement.orelse))
            handled = all(_is_surely_bound(name, handler.body) for handler in statement.handlers)
            return whole and handled or _is_surely_bound(name, statement.finalbody)
        case With():
            return name in writes(statement) or _is_surely_bound(name, statement.body)
        case While(test=Var(test)) if starts.get(test) == Const(True):
            return _is_surely_bound(name, statement.body)
        case While():
            return False  # it may end at once
        case For(iterable=Var(items)):
            steps = starts.get(items)
            if not isinstance(steps, Call) or not is_call_of(steps, range):
                return False
            numbers = [atom.value for atom in steps.arguments if isinstance(atom, Const)]
            is_certain = len(numbers) == len(steps.arguments) and len(range(*numbers)) > 0
            return is_certain and _is_surely_bound(name, statement.body)
        case For():
            return False
    return name in writes(statement)
