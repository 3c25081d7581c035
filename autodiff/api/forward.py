"""`jvp`: the value of a function together with its directional derivative, by forward mode."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autodiff import trees
from autodiff.api.binding import Bound, Place
from autodiff.api.gradient import check_differentiable
from autodiff.api.matching import matching
from autodiff.api.outputs import given_back, refuse_own_classes
from autodiff.api.transformed import Transformed, _kind, _name
from autodiff.backend.compile import explain
from autodiff.frontend.read import Reader
from autodiff.values import signature_key
from transforms import core, pipeline, runtime
from transforms.inference import as_number
from transforms.values import Value


class Tangent(Transformed):
    """The value and the tangent of a function: it is called with the arguments, and their tangents."""

    verb = "jvp"

    def __init__(self, function: Callable[..., Any], wrt: tuple[int, ...] | None = None) -> None:
        super().__init__(function)
        self.wrt = wrt  # the positions of the arguments that have a tangent; None: all

    @property
    def options(self) -> Any:
        return self.wrt

    def arguments(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return (self.wrt,), {}

    def places(self, bound: Bound) -> tuple[Place, ...]:
        """Where the arguments are that have a tangent."""
        places = bound.places[self.binder.leading : bound.given]
        return tuple(places) if self.wrt is None else tuple(places[position] for position in self.wrt)

    def positions(self, bound: Bound) -> tuple[int, ...]:
        """The parameters that have a tangent."""
        return tuple(dict.fromkeys(place.parameter for place in self.places(bound)))

    def check(self, bound: Bound) -> None:
        for position, place in enumerate(self.places(bound)):
            argument = bound.values[place.parameter]
            argument = argument if place.item is None else argument[place.item]
            if not (trees.is_leaf(argument) and np.iscomplexobj(argument)):  # its tangent is complex, too
                name = f"argument {position} ({bound.names[place.parameter]})"
                check_differentiable(argument, name, self.__wrapped__)

    def derive(self, bound: Bound, values: tuple[Value, ...], reader: Reader) -> core.Function:
        program = self.binder.program(bound, values, reader)
        return pipeline.tangent(program, values, self.positions(bound), reader=reader)

    def program_for(self, bound: Bound, values: tuple[Value, ...], reader: Reader) -> core.Function:
        program = super().program_for(bound, values, reader)
        program.signature = None  # it has more parameters than the function
        return program

    def floating(self, bound: Bound, values: tuple[Value, ...]) -> tuple[Value, ...]:
        moving = self.positions(bound)
        return tuple(as_number(value) if k in moving else value for k, value in enumerate(values))

    def start(self, primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> tuple[Any, Any]:
        """The value of the call and its tangent."""
        bound = self.binder.bind((), primals, {})
        key = (bound.shape, signature_key(bound.values))
        compiled = self._entries.get(key)
        if compiled is None or not compiled.holds():
            compiled = self._compiled(key, bound)
        try:
            value, tangent = compiled.function(*bound.values, *self._by_parameter(bound, tangents))
        except Exception as error:
            explain(error)
            raise
        return value, in_form_of(value, tangent)

    def _by_parameter(self, bound: Bound, tangents: tuple[Any, ...]) -> list[Any]:
        """The tangents of the parameters, of those of the arguments: a star parameter has a tuple of them."""
        given = dict(zip((id(place) for place in self.places(bound)), tangents, strict=True))
        result: list[Any] = []
        for parameter in self.positions(bound):
            places = [place for place in bound.places if place.parameter == parameter]
            whole = bound.values[parameter]
            if places[0].item is None:
                result.append(given[id(places[0])])
                continue
            parts = {p.item: given.get(id(p)) for p in places}
            parts = {key: runtime.no_tangent(whole[key]) if t is None else t for key, t in parts.items()}
            result.append(parts if isinstance(whole, dict) else tuple(parts[k] for k in range(len(whole))))
        return result


def jvp(fn: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any], *, has_aux: bool = False) -> tuple:
    """The value of `fn(*primals)` and its directional derivative: the Jacobian times `tangents`.

    Args:
        fn: the function.
        primals: a tuple or list of the arguments: floating-point numbers or arrays, or containers of them.
        tangents: the direction: one for each of `primals`, of the same containers, shapes and (as far as they are
            given in another) converted to the same dtypes.
        has_aux: `fn` returns `(output, aux)`; only the output is differentiated.

    Returns:
        `(value, tangent)`, or `(output, tangent, aux)` with `has_aux`; the tangent has the structure, the shapes and
        the dtypes of the value.

    Raises:
        TypeError: primals and tangents are no tuples or lists of the same length, or differ in structure.
        ValueError: a tangent has another shape than its primal.

    >>> import autodiff as ad
    >>> ad.jvp(lambda x, y: x * y, (3.0, 2.0), (1.0, 0.5))
    (6.0, 3.5)
    """
    name = _name(fn)
    for given, what in ((primals, "primals"), (tangents, "tangents")):
        if not isinstance(given, (tuple, list)):
            raise TypeError(f"the {what} of jvp have to be a tuple or a list of arguments, not {_kind(given)}")
    if len(primals) != len(tangents):
        raise TypeError(f"jvp got {len(primals)} primals and {len(tangents)} tangents")
    fitted = tuple(
        _laid_out(matching(tangent, primal, f"the tangent of argument {k} of {name}", "the argument"), primal)
        for k, (primal, tangent) in enumerate(zip(primals, tangents))
    )
    value, tangent = Tangent(fn).start(tuple(primals), fitted)
    refuse_own_classes(value[:1] if has_aux and isinstance(value, tuple) else value, name)
    if not has_aux:
        return given_back(value), tangent
    runtime.require_aux(value, name, 2)
    output, aux = given_back(value)
    return output, tangent[0], aux


def _laid_out(tangent: Any, primal: Any) -> Any:
    """A copy of a tangent, laid out in memory as its primal: what is a view of one is one of the other."""
    if not trees.is_leaf(primal):
        parts = zip(trees.children(tangent), trees.children(primal))
        return trees.rebuild(primal, [_laid_out(mine, known) for (_, mine), (_, known) in parts])
    if not isinstance(primal, np.ndarray) or not isinstance(tangent, np.ndarray):
        return tangent
    made = np.empty_like(primal)
    made[...] = tangent
    return made


def in_form_of(value: Any, tangent: Any) -> Any:
    """A tangent in the containers of its value, in arrays of its own: what a program computes may be a view, or stand
    for an object."""
    if not trees.is_leaf(value):
        keys = value if isinstance(value, dict) else range(len(trees.children(value)))
        if trees.is_record(value):
            parts = [getattr(tangent, field.name) for field in dataclasses.fields(value)]
        else:
            parts = [tangent[key] for key in keys]
        items = [item for _, item in trees.children(value)]
        return trees.rebuild(value, [in_form_of(item, part) for item, part in zip(items, parts, strict=True)])
    if isinstance(tangent, np.ndarray) and not tangent.flags.writeable:
        return tangent.copy()
    return tangent


def _tangent_of(fn: Callable[..., Any], leading: int, count: int) -> Tangent:
    """What the compiler calls for `jvp(fn, ...)` in a program: the function of what `fn` has captured, of its arguments
    and of their tangents."""
    memo = Reader.active().memo
    key = ("tangent", id(fn), leading, count)
    if key not in memo:
        memo[key] = (fn, Tangent(fn, tuple(range(leading, leading + count))))
    return memo[key][1]


jvp.tangent_of = _tangent_of  # type: ignore[attr-defined]
