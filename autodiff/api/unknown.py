"""Functions that only the run time knows: generated code that calls one has it transformed here, when it is called.

`dispatch` is the call in a first derivative, `dispatch_again` that of the pullback it gave in a derivative of this one:
the pullback of a call is itself a function of the call's arguments and of a cotangent, a `Transpose`, which is
transformed like any other.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Hashable
from typing import Any

from autodiff.api.binding import Binder, Bound, Place
from autodiff.api.forward import Tangent
from autodiff.api.pullback import Pair, may_be_active, paired
from autodiff.api.results import Results
from autodiff.api.transformed import Transformed
from autodiff.frontend.read import Callee, Reader
from transforms import core, pipeline, runtime
from transforms.inference import as_number
from transforms.values import Value


class TransposeBinder(Binder):
    """Binds the arguments of a call followed by a cotangent of its value."""

    def __init__(self, callee: Callee) -> None:
        super().__init__(callee)
        self.simple = -1

    def bind(self, leading: tuple[Any, ...], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Bound:
        *arguments, cotangent = args
        return self._with_cotangent(super().bind(leading, tuple(arguments), kwargs), cotangent)

    def of_values(self, values: tuple[Value, ...]) -> Bound:
        return self._with_cotangent(super().of_values(values[:-1]), values[-1])

    def filled(self, values: tuple[Value, ...]) -> tuple[Value, ...]:
        return (*Binder(self.callee).filled(values[:-1]), values[-1])

    @staticmethod
    def _with_cotangent(bound: Bound, cotangent: Any) -> Bound:
        places = bound.places[: bound.given]  # those of arguments that were given
        return dataclasses.replace(
            bound,
            values=(*bound.values, cotangent),
            places=(*places, Place(len(bound.values))),
            names=(*bound.names, "cotangent"),
            given=len(places) + 1,
        )

    @property
    def parameters_signature(self) -> None:
        """All parameters are positional."""
        return None


class Transpose(Transformed):
    """The function of the arguments of a call and a cotangent of its value that returns one cotangent for each of the
    arguments, a zero for those not at `positions`."""

    verb = "pullback"

    def __init__(self, function: Callable[..., Any], positions: tuple[int, ...]) -> None:
        super().__init__(function)
        self.asked = positions
        self.binder = TransposeBinder(self.binder.callee)
        self._simple = -1

    @property
    def options(self) -> Hashable:
        return self.asked

    def arguments(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return (self.asked,), {}

    def floating(self, bound: Bound, values: tuple[Value, ...]) -> tuple[Value, ...]:
        places = bound.places[self.binder.leading :]
        asked = {places[position].parameter for position in self.asked} | {len(values) - 1}
        return tuple(as_number(value) if k in asked else value for k, value in enumerate(values))

    def derive(self, bound: Bound, values: tuple[Value, ...], reader: Reader) -> core.Function:
        program = paired(self.binder.program(bound, values[:-1], reader))
        places = bound.places[self.binder.leading : -1]
        wrt = tuple(dict.fromkeys(places[position].parameter for position in self.asked))
        results = Results(pipeline.derivative(program, values, wrt, reader=reader))
        gradients = dict(zip(wrt, results.split(results.function.result, len(wrt))))
        chosen: list[core.Atom] = []
        for position, place in enumerate(places):
            if position not in self.asked:
                chosen.append(core.Const(0.0))
            elif place.item is None:
                chosen.append(gradients[place.parameter])
            else:
                chosen.append(results.item(gradients[place.parameter], place.item))
        return results.finish(results.build(chosen))


def dispatch(function: Any, *arguments: Any) -> tuple[Any, runtime.CallPullback]:
    """The value of a call and its pullback, for generated code that calls a function it was given as a value.

    Arguments without a derivative (integers, functions) get 0.0.
    """
    value, pull, _ = Pair(function, strict=False).start(arguments)

    def pullback(cotangent: Any) -> tuple:
        return tuple(0.0 if item is None else item for item in pull(cotangent))

    return value, runtime.CallPullback(function, arguments, pullback)


def dispatch_again(pullback: runtime.CallPullback, cotangent: Any) -> tuple[Any, runtime.CallPullback]:
    """The cotangents that a pullback gives, and the pullback of that: its own inputs are the arguments of the call and
    the cotangent."""
    positions = tuple(k for k, argument in enumerate(pullback.arguments) if may_be_active(argument))
    return dispatch(Transpose(pullback.function, positions), *pullback.arguments, cotangent)


def dispatch_tangent(function: Any, arguments: tuple, tangents: tuple) -> tuple[Any, Any]:
    """The value of a call and its tangent; arguments without a derivative (integers, functions) have none."""
    wrt = tuple(k for k, argument in enumerate(arguments) if may_be_active(argument))
    return Tangent(function, wrt).start(arguments, tuple(tangents[k] for k in wrt))


runtime.calls.dispatcher = dispatch
runtime.calls.dispatcher_tangent = dispatch_tangent
runtime.calls.dispatcher_again = dispatch_again
