"""Reverse mode: a program becomes the program of its gradient, or the pair of an augmented primal and its adjoint."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import Any

import numpy as np

from transforms import operations, runtime
from transforms.builder import Builder, free_reads, surely_bound
from transforms.core import (
    Assign,
    Atom,
    Call,
    Const,
    Function,
    Names,
    Raise,
    Ref,
    Return,
    Statement,
    Var,
    all_writes,
    is_call_of,
    names_in,
    reads,
    walk,
)
from transforms.inference import map_sizes
from transforms.reverse.outputs import check_output, may_be_unbound
from transforms.reverse.plan import Shadowed
from transforms.reverse.sweep import Sweep, Sweeps
from transforms.values import UNKNOWN, Array, Instance, Known, Literal, Number, Sequence, Size, Value

__all__ = ["Pair", "gradient", "make_pair"]


@dataclass
class Pair:
    """The two halves of a callee's derivative.

    `augmented(*arguments, *shadows)` returns (value, saved), or (value, saved, shadow) where the value shares memory
    with a shadowed argument; `adjoint(saved, cotangent)` returns the tuple of cotangents of the arguments that are
    active (None for the shadowed ones, whose shadows it changes, unless they are known to be no memory: `by_value`).
    """

    augmented: Function
    adjoint: Function
    callee: str  # its name
    returns_shadow: bool = False
    by_value: frozenset[int] = frozenset()  # positions of shadowed parameters that get their cotangent back


def gradient(
    function: Function,
    wrt: tuple[int, ...],
    compiler: Any,
    *,
    want_value: bool = False,
    has_aux: bool = False,
    seeded: bool = False,
) -> Function:
    """The function that computes the gradients of a prepared program: a tuple with one item per position in `wrt`.

    `want_value`: returns (whole output, gradients).  `has_aux`: only the first item of the output is differentiated.
    `seeded`: a last parameter is the cotangent of the output; otherwise it is ones.
    """
    program, whole = _without_auxiliary(function) if has_aux else (function, None)
    if not any(isinstance(statement, Raise) for statement in program.body):
        check_output(_result_value(program), function.name, program.body[-1].origin)
    sweeps = Sweep(program, wrt, compiler).run()
    body = list(sweeps.forward)
    if not want_value and isinstance(sweeps.result, Var):
        if may_be_unbound(sweeps.result.name, tuple(body), program.parameters):
            body.append(Assign(None, Call(Ref(runtime.bound, "runtime.bound"), (sweeps.result,))))
    if not seeded:
        body += _ones(program, sweeps)
    body += sweeps.reverse
    out = Builder(sweeps.names, function.origin)
    gradients = out.call(operations.make_tuple, *sweeps.gradients)
    if want_value:
        gradients = out.call(operations.make_tuple, whole or sweeps.result, gradients)
    body += [*out.statements, Return(gradients)]
    parameters = (*function.parameters, sweeps.cotangent) if seeded else function.parameters
    return Function(
        name=f"{_plain_name(function)}_grad",
        parameters=parameters,
        body=tuple(body),
        signature=None if seeded else function.signature,
        filename=function.filename,
        origin=function.origin,
        doc=function.doc,
        is_derivative=True,
    )


def _result_value(program: Function) -> Value:
    """What is known of the output."""
    match program.result:
        case Var() as result:
            if any(
                isinstance(statement, Assign)
                and statement.target == result.name
                and is_call_of(statement.value, operations.make_set)
                for statement in program.body
            ):
                return Instance(set)
            return (program.values or {}).get(result.name, UNKNOWN)
        case Const() as result:
            return Literal(result.value)
        case result:
            return Known(result.value)


def _plain_name(function: Function) -> str:
    return function.name if function.name.isidentifier() else "f"


def _without_auxiliary(function: Function) -> tuple[Function, Atom]:
    """The program that returns only the first item of its output; and the whole output."""
    last = function.body[-1]
    assert isinstance(last, Return)
    first = Names(names_in(function)).fresh("output")
    values = dict(function.values or {})
    whole = values.get(last.value.name, UNKNOWN) if isinstance(last.value, Var) else UNKNOWN
    values[first] = whole.items[0] if isinstance(whole, Sequence) else UNKNOWN
    pick = Assign(first, Call(Ref(operator.getitem), (last.value, Const(0))), last.origin)
    body = (*function.body[:-1], pick, Return(Var(first), last.origin))
    return function.replace(body=body, values=values), last.value


def _ones(program: Function, sweeps: Sweeps) -> list[Statement]:
    """Bind the cotangent of the result to ones."""
    value = (program.values or {}).get(sweeps.result.name, UNKNOWN) if isinstance(sweeps.result, Var) else None
    original = program.result
    if isinstance(original, Var):
        value = (program.values or {}).get(original.name, UNKNOWN)
    is_single = isinstance(value, Number) and not value.python and value.dtype.kind == "f" and value.dtype != np.float64
    if value is None or (isinstance(value, (Number, Literal)) and not is_single):
        return [Assign(sweeps.cotangent, Const(1.0), None)]
    function = np.ones_like if isinstance(value, Array) else runtime.ones
    if value == UNKNOWN and not any(sweeps.cotangent in reads(statement) for statement in walk(tuple(sweeps.reverse))):
        check = Call(Ref(runtime.require_numbers, "runtime.require_numbers"), (sweeps.result,))
        return [Assign(None, check, program.body[-1].origin)]
    return [Assign(sweeps.cotangent, Call(Ref(function), (sweeps.result,)), None)]


def _kept(sweep: Sweep, name: str) -> Value:
    """What is known of a value that is handed from an augmented function to its adjoint (which reads it only where the
    augmented function computed it)."""
    value = sweep.values.get(name, UNKNOWN)
    if isinstance(value, Array) and len(sweep.plan.bound_in.get(name, (0, 0))) < 2:
        return map_sizes(value, lambda size: Size(("given", size.key), size.maybe_one))
    return value if isinstance(value, Number) else UNKNOWN


def _cotangent_of(value: Value) -> Value:
    """What is known of the cotangent of a result: numbers for numbers."""
    if isinstance(value, Sequence) and value.kind is tuple:
        return Sequence(tuple, tuple(map(_cotangent_of, value.items)))
    return value if isinstance(value, Number) and value.dtype == np.float64 else UNKNOWN


def make_pair(pair: Pair, function: Function, wrt: tuple[int, ...], compiler: Any, shadowed: Shadowed = ()) -> None:
    """Fill in the bodies of a pair (made empty before, so that a recursive function can refer to its own)."""
    sweep = Sweep(function, wrt, compiler, shadowed)
    pair.returns_shadow = sweep.returns_shadow
    pair.by_value = frozenset(k for k, _ in shadowed if not sweep.has_shadow(function.parameters[k]))
    sweeps = sweep.run(finish=False)
    last: list[Statement] = list(sweeps.reverse)
    out = Builder(sweeps.names, function.origin)
    gradients = out.call(operations.make_tuple, *sweeps.gradients)
    last += [*out.statements, Return(gradients)]
    parameters = (*function.parameters, *(sweep.bar(function.parameters[k]) for k, _ in shadowed))
    bound = all_writes(tuple(sweeps.forward)).union(parameters)  # others are read on paths that only an error leads to
    needed = [name for name in free_reads(last) if name in bound]
    sure = surely_bound(sweeps.forward, parameters)
    first = [Assign(name, sweep.nothing(name), None) for name in needed if name not in sure]

    end = Builder(sweeps.names, function.origin)
    saved = end.call(operations.make_tuple, *map(Var, needed))
    shadow = (sweep.shadow(function.result),) if pair.returns_shadow else ()
    both = end.call(operations.make_tuple, sweeps.result, saved, *shadow)
    pair.augmented.parameters = parameters
    pair.augmented.body = (*first, *sweeps.forward, *end.statements, Return(both))

    start = Builder(sweeps.names, function.origin)
    entry = sweeps.names.fresh("saved")
    for position, name in enumerate(needed):
        start.call(operator.getitem, Var(entry), Const(position), target=name)
    pair.adjoint.parameters = (entry, sweeps.cotangent)
    pair.adjoint.given = {entry: Sequence(tuple, tuple(_kept(sweep, name) for name in needed))}
    pair.adjoint.given[sweeps.cotangent] = _cotangent_of(_result_value(function))
    pair.adjoint.body = (*start.statements, *last)
