"""The compiler's passes in order: what is done to a program between its reading and its printing.

    core program -> specialise -> prepare -> reverse -> specialise -> clean up

`specialise` comes twice: first to find the types that reverse mode needs, then to fold what the rules emitted.  Every
entry point takes a core program and the abstract values of its arguments (`UNKNOWN` for generic code).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from transforms.analyses.regions import Summaries
from transforms.core import Function, Try, walk
from transforms.forward import tangent_program, tangent_value
from transforms.passes import cleanup
from transforms.passes.alike import first_alike
from transforms.prepare import prepare
from transforms.presentation import reachable
from transforms.printer.naming import identifier
from transforms.reverse import Pair, gradient, make_pair
from transforms.reverse.outputs import refuse_late_reads, refuse_leaks
from transforms.reverse.plan import Shadowed
from transforms.specialise import specialise
from transforms.templates import Templates
from transforms.values import UNKNOWN, Sequence, Value


@dataclass
class Stages:
    """A derivative after each stage, for those who want to look."""

    core: Function
    transformed: Function
    optimised: Function


@dataclass
class Compiler:
    """What the passes of one transformation share: how callees are read, and what is known of them."""

    reader: Any = None
    summaries: Summaries = field(default_factory=Summaries)
    pairs: dict[Any, Pair] = field(default_factory=dict)
    catches: bool = False  # whether a function of the program catches exceptions
    tangents: dict[Any, Function] = field(default_factory=dict)
    prepared: dict[Function, Function] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.templates = Templates(self.specialise)

    def specialise(self, function: Function, values: tuple[Value, ...]) -> Function:
        return specialise(function, values, self.reader)

    def prepare(self, function: Function) -> Function:
        if function not in self.prepared:
            self.prepared[function] = prepare(function, self.summaries, self.specialise)
        return self.prepared[function]

    def tangent(self, function: Function, wrt: tuple[int, ...], is_whole: bool = False) -> Function:
        """The value and the tangent of a callee; made once, also where it is recursive."""
        function = first_alike(function, (known for known, _ in self.tangents))
        key = (function, (*wrt, is_whole))
        if key not in self.tangents:
            made = self.tangents[key] = Function(
                f"{function.name}_tangent",
                (),
                (),
                order=function.order + 1,
                filename=function.filename,
                origin=function.origin,
                is_derivative=True,
            )
            tangent_program(made, self.prepare(function), wrt, self, is_whole)
        return self.tangents[key]

    def pair(self, function: Function, wrt: tuple[int, ...], shadowed: Shadowed = ()) -> Pair:
        """The augmented primal and the adjoint of a callee; made once, also where it is recursive."""
        function = first_alike(function, (known for known, _, _ in self.pairs))
        key = (function, wrt, shadowed)
        if key not in self.pairs:
            place: dict[str, Any] = {"filename": function.filename, "origin": function.origin, "is_derivative": True}
            given, order = function.given, function.order + 1
            augmented = Function(f"{function.name}_augmented", (), (), order=order, given=given, **place)
            adjoint = Function(f"{function.name}_adjoint", (), (), order=order, **place)
            self.pairs[key] = Pair(augmented, adjoint, identifier(function.name))
            make_pair(self.pairs[key], self.prepare(function), wrt, self, shadowed)
        return self.pairs[key]


def derivative_stages(
    function: Function,
    values: tuple[Value, ...],
    wrt: tuple[int, ...],
    *,
    reader: Any = None,
    want_value: bool = False,
    has_aux: bool = False,
    seeded: bool = False,
) -> Stages:
    """The gradient of a program, after each stage.  See `derivative`."""
    compiler = Compiler(reader)
    typed = specialise(function, values, reader)
    refuse_late_reads(typed, compiler.summaries)
    prepared = compiler.prepare(typed)
    refuse_leaks(prepared, compiler.summaries)
    transformed = gradient(prepared, wrt, compiler, want_value=want_value, has_aux=has_aux, seeded=seeded)
    if seeded:
        result = (typed.values or {}).get(getattr(typed.result, "name", ""), UNKNOWN)
        values = (*values, result)
    optimised = cleanup(specialise(transformed, values, reader))
    return Stages(function, transformed, optimised)


def derivative(function: Function, values: tuple[Value, ...], wrt: tuple[int, ...], **options: Any) -> Function:
    """The program that computes gradients of `function` with respect to the parameters at positions `wrt`.

    It has the parameters of `function`, and one more, the cotangent of the output, with `seeded`.  It returns the tuple
    of gradients, or (whole output, gradients) with `want_value`.
    """
    return derivative_stages(function, values, wrt, **options).optimised


def tangent(function: Function, values: tuple[Value, ...], wrt: tuple[int, ...], *, reader: Any = None) -> Function:
    """The program that computes the value of `function` and its tangent, for parameters at positions `wrt` that move.

    It has the parameters of `function`, and the tangents of those in `wrt` after them.  It returns (value, tangent).
    """
    return tangent_stages(function, values, wrt, reader=reader).optimised


def tangent_stages(
    function: Function, values: tuple[Value, ...], wrt: tuple[int, ...], *, reader: Any = None
) -> Stages:
    """The tangent of a program, after each stage.  See `tangent`."""
    compiler = Compiler(reader)
    typed = specialise(function, values, reader)
    refuse_late_reads(typed, compiler.summaries)
    refuse_leaks(compiler.prepare(typed), compiler.summaries)
    compiler.catches = any(isinstance(s, Try) and s.handlers for each in reachable(typed) for s in walk(each.body))
    transformed = compiler.tangent(typed, wrt, is_whole=True).replace(
        name=f"{function.name if function.name.isidentifier() else 'f'}_tangent", doc=function.doc, signature=None
    )
    optimised = cleanup(specialise(transformed, (*values, *(tangent_value(values[k]) for k in wrt)), reader))
    return Stages(function, transformed, optimised)


def pullback_pair(
    function: Function, values: tuple[Value, ...], wrt: tuple[int, ...], reader: Any = None
) -> tuple[Function, Function]:
    """(augmented, adjoint): augmented(*arguments) returns (value, saved), adjoint(saved, cotangent) the gradients."""
    compiler = Compiler(reader)
    typed = specialise(function, values, reader)
    refuse_late_reads(typed, compiler.summaries)
    refuse_leaks(compiler.prepare(typed), compiler.summaries)
    pair = compiler.pair(typed, wrt)
    augmented = specialise(pair.augmented, values, reader)
    both = (augmented.values or {}).get(getattr(augmented.result, "name", ""), UNKNOWN)
    known = both.items if isinstance(both, Sequence) and len(both.items) == 2 else (UNKNOWN, UNKNOWN)
    adjoint = specialise(pair.adjoint, (known[1], UNKNOWN), reader)
    return cleanup(augmented), cleanup(adjoint)
