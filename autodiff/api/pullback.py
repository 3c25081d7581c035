"""`vjp`: the value of a function together with its pullback.

The compiler makes a pair of programs: the augmented one computes the value and what has to be saved, the
adjoint one turns that and a cotangent into gradients.  Both are kept in one module, compiled and cached like
any transformed function.
"""

from __future__ import annotations

import operator
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff import trees
from autodiff.api.binding import Bound
from autodiff.api.conventions import Convention, Request
from autodiff.api.gradient import Gradient, check_differentiable
from autodiff.api.matching import matching
from autodiff.api.outputs import given_back, refuse_own_classes
from autodiff.api.private import private
from autodiff.api.transformed import Transformed, _name
from autodiff.backend.compile import explain
from autodiff.frontend.read import Reader
from autodiff.values import signature_key
from transforms import core, operations, pipeline, registry, runtime
from transforms.analyses.regions import Summaries
from transforms.errors import TransformError
from transforms.passes.effects import Effect, function_effect
from transforms.printer.naming import identifier
from transforms.values import Value


class Pair(Transformed):
    """The augmented primal and the adjoint of a function, compiled together."""

    verb = "vjp"

    def __init__(self, function: Callable[..., Any], strict: bool = True) -> None:
        super().__init__(function)
        self.strict = strict  # refuse arguments without a derivative, instead of leaving them out

    @property
    def options(self) -> bool:
        return self.strict

    def positions(self, bound: Bound) -> tuple[int, ...]:
        """The parameters that get a cotangent."""
        used = dict.fromkeys(place.parameter for place in bound.places[self.binder.leading : bound.given])
        return tuple(index for index in used if self.strict or may_be_active(bound.values[index]))

    def check(self, bound: Bound) -> None:
        if not self.strict:
            return
        for position, place in enumerate(bound.places[self.binder.leading : bound.given]):
            argument = bound.values[place.parameter]
            argument = argument if place.item is None else argument[place.item]
            check_differentiable(argument, f"argument {position} ({bound.names[place.parameter]})", self.__wrapped__)

    def derive(self, bound: Bound, values: tuple[Value, ...], reader: Reader) -> core.Function:
        program = self.binder.program(bound, values, reader)
        augmented, adjoint = pipeline.pullback_pair(program, values, self.positions(bound), reader)
        return _both(augmented, adjoint)

    def program_for(self, bound: Bound, values: tuple[Value, ...], reader: Reader) -> core.Function:
        raise TransformError(
            "vjp cannot be differentiated here", "Use grad of a scalar function of the cotangent instead."
        )

    def start(self, args: tuple[Any, ...]) -> tuple[Any, Callable[[Any], tuple], tuple]:
        """The value of the call, the function from a cotangent to the cotangents of the parameters, and these."""
        bound = self.binder.bind((), args, {})
        key = (bound.shape, signature_key(bound.values))
        compiled = self._entries.get(key)
        if compiled is None or not compiled.holds():
            compiled = self._compiled(key, bound)
        augmented, adjoint = compiled.function()
        given = dict(enumerate(map(_structure, bound.values))) if self.strict else {}  # as it is before the call
        try:
            value, saved = augmented(*bound.values)
        except Exception as error:
            explain(error)
            raise
        positions = self.positions(bound)
        saved = private(saved)  # what was saved may be the caller's own, who may change it before pulling back

        def pull(cotangent: Any) -> tuple:
            try:
                gradients = dict(zip(positions, adjoint(private(saved), cotangent), strict=True))
                for position in positions:
                    if given.get(position) is not None:
                        gradients[position] = runtime.finish(gradients[position], given[position])
            except Exception as error:
                explain(error)
                raise
            return tuple(
                None
                if place.parameter not in gradients
                else gradients[place.parameter]
                if place.item is None
                else gradients[place.parameter][place.item]
                for place in bound.places[self.binder.leading : bound.given]
            )

        return value, pull, bound.values


def may_be_active(argument: Any) -> bool:
    return any(trees.is_inexact(leaf) for _, leaf in trees.leaves(argument))


def _structure(argument: Any) -> Any:
    """The containers of an argument, where it is one: its gradient is to have the same, of the same classes."""
    return None if trees.is_leaf(argument) else runtime.structure(argument)


def _both(augmented: core.Function, adjoint: core.Function) -> core.Function:
    """A function without parameters that returns the two."""
    made = core.Call(core.Ref(operations.make_tuple), (core.Ref(augmented), core.Ref(adjoint)))
    body = (core.Assign("_1", made), core.Return(core.Var("_1")))
    return core.Function(f"{augmented.name}_pair", (), body, filename=augmented.filename)


class Pullback:
    """The function from a cotangent of the output to the cotangents of the inputs; may be called again and again."""

    def __init__(
        self, pull: Callable[[Any], tuple], value: Any, name: str, aux: Any = None, has_aux: bool = False
    ) -> None:
        self._pull, self._value, self._name, self._aux, self._has_aux = pull, value, name, aux, has_aux

    def __call__(self, cotangent: Any) -> tuple:
        """The cotangents of the inputs, always a tuple; `cotangent` has the structure and the shapes of the output."""
        cotangent = matching(cotangent, self._value, f"the cotangent of {self._name}", "the output")
        if self._has_aux:
            cotangent = (cotangent, *(trees.map_leaves(_zero, item) for item in self._aux))
        return self._pull(trees.map_leaves(_copied, cotangent))

    def __repr__(self) -> str:
        return f"<pullback of {self._name}>"


def vjp(fn: Callable[..., Any], *primals: Any, has_aux: bool = False) -> tuple:
    """The value of `fn(*primals)` and its pullback.

    Args:
        fn: the function.
        primals: the arguments, floating-point numbers or arrays, or containers of them.
        has_aux: `fn` returns `(output, aux)`; only the output is differentiated.

    Returns:
        `(value, pullback)`, or `(output, pullback, aux)` with `has_aux`.  The pullback takes a cotangent with the
        structure of the output, returns a tuple with one cotangent for each primal, and can be called repeatedly.
        A cotangent that is returned has the structure, the shapes and the floating-point types of its primal.

    Raises:
        DerivativeUndefined: a primal is an integer, complex, or no number at all.
        TypeError: with `has_aux`, the output is no pair.
        TransformError, UnsupportedSyntax, RuleNotFound, SourceNotFound, DerivativeRefused: as `grad`.

        The pullback raises `TypeError` for a cotangent of another structure, or a complex one of a real output, and
        `ValueError` for one of another shape.

    >>> import autodiff as ad
    >>> value, pullback = ad.vjp(lambda x, y: x * y, 3.0, 2.0)
    >>> value, pullback(1.0), pullback(10.0)
    (6.0, (2.0, 3.0), (20.0, 30.0))
    >>> product, pullback, aux = ad.vjp(lambda x: (x * x, "seen"), 3.0, has_aux=True)
    >>> product, pullback(1.0), aux
    (9.0, (6.0,), 'seen')
    """
    pair = Pair(fn)
    value, pull, _ = pair.start(primals)
    name = _name(fn)
    refuse_own_classes(value[:1] if has_aux and isinstance(value, tuple) else value, name)
    if not has_aux:
        return value, Pullback(pull, trees.map_leaves(_shape_only, value), name)
    runtime.require_aux(value, name, 2)
    output, *aux = given_back(value)
    return output, Pullback(pull, trees.map_leaves(_shape_only, output), name, aux, True), aux[0]


class Inside(Gradient):
    """What a program calls for a pullback: it runs the function once more, which must not change anything twice."""

    def derive(self, bound: Bound, values: tuple[Value, ...], reader: Reader) -> core.Function:
        derivative = super().derive(bound, values, reader)
        if Summaries()(derivative).changed:
            raise TransformError(
                "vjp, in a program that is differentiated, of a function that changes something "
                "outside of it",
                "Give the function what it changes as an argument, and return the new value.",
            )
        return derivative.replace(is_pullback=True)


def _made_inside(fn: Callable[..., Any], leading: int, count: int, has_aux: bool) -> Gradient:
    """What the compiler calls for `vjp(fn, ...)` in a program: the function of what `fn` has captured, of its arguments
    and a cotangent, that returns the gradients."""
    memo = Reader.active().memo
    key = ("pullback", id(fn), leading, count, has_aux)
    if key not in memo:
        asked = Request(tuple(range(count)), False, Convention.POSITION)
        made = Inside(_paired(fn, leading + count, has_aux), asked)  # type: ignore[arg-type]
        made.skip = leading
        memo[key] = (fn, made)
    return memo[key][1]


def paired(fn: core.Function) -> core.Function:
    """The function of the parameters of a program and a cotangent whose gradient is what the pullback returns."""
    return _paired(fn.replace(signature=None), len(fn.parameters), False, is_fitted=True)


def _paired(
    fn: Callable[..., Any] | core.Function, count: int, has_aux: bool, is_fitted: bool = False
) -> core.Function:
    """The function of the arguments of `fn` and a cotangent whose gradient is what the pullback returns; `is_fitted`:
    the cotangent is sure to fit the value."""
    names = tuple(f"primal_{k}" for k in range(count))
    name = fn.name if isinstance(fn, core.Function) else _name(fn)
    output = "output" if has_aux else "value"
    body: list[core.Statement] = []
    operands = names
    if _may_change_arguments(fn):
        operands = tuple(f"_{k + 1}" for k in range(count))
        for copy, name in zip(operands, names):
            body.append(core.Assign(copy, core.Call(core.Ref(runtime.snapshot), (core.Var(name),))))
    body.append(core.Assign(output, core.Call(core.Ref(fn), tuple(map(core.Var, operands)))))
    if has_aux:
        body.append(core.Assign("value", core.Call(core.Ref(operator.getitem), (core.Var(output), core.Const(0)))))
    cotangent, value, seed = core.Var("cotangent"), core.Var("value"), core.Var("seed")
    if is_fitted:
        seed = cotangent
    else:
        body.append(core.Assign("seed", core.Call(core.Ref(runtime.fitted), (cotangent, value))))
    body.append(core.Assign("result", core.Call(core.Ref(runtime.pairing), (value, seed))))
    body.append(core.Return(core.Var("result")))
    return core.Function(f"pullback_of_{identifier(name)}", (*names, "cotangent"), tuple(body))


def _may_change_arguments(fn: Any) -> bool:
    """Whether a function may change something in place."""
    entry = registry.lookup(fn)
    if entry is not None:
        return bool(entry.mutates)
    program = fn if isinstance(fn, core.Function) else None
    if isinstance(fn, types.FunctionType):
        program = Reader.active().program(fn)
    return program is None or function_effect(program) is not Effect.PURE


vjp.pullback_of = _made_inside  # type: ignore[attr-defined]


def _shape_only(leaf: Any) -> Any:
    """What a cotangent is compared with: it must not change when the caller changes the value."""
    return np.empty_like(leaf) if isinstance(leaf, np.ndarray) else leaf


def _copied(leaf: Any) -> Any:
    return leaf.copy() if isinstance(leaf, np.ndarray) else leaf


def _zero(leaf: Any) -> Any:
    if isinstance(leaf, np.ndarray):
        return np.zeros(leaf.shape, leaf.dtype if leaf.dtype.kind in "fc" else float)
    return 0.0
