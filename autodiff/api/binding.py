"""Binds a call's arguments to the parameters of a core program.

A core program has one parameter for each parameter of the function: a star parameter is one that holds a tuple
or a dict.  `Binder` turns `(*args, **kwargs)` into those values, defaults filled in, and says in which of them
a position lies.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from types import FunctionType
from typing import Any

from autodiff.frontend.read import Callee, Reader, primitive_function, signature_of
from transforms import core
from transforms.inference import value_of_object
from transforms.values import Mapping, Sequence, Value

MOST_STAR_ARGUMENTS = 64  # positions in a star parameter of which nothing is known


@dataclass(frozen=True)
class Place:
    """Where a positional argument went: a parameter, and the item of the tuple that a star parameter holds."""

    parameter: int
    item: int | None = None


@dataclass(frozen=True)
class Bound:
    """A call's arguments in the order of the core program's parameters."""

    values: tuple[Any, ...]
    places: tuple[Place, ...]  # of the positional arguments, those that were bound before included
    names: tuple[str, ...]  # of the parameters
    shape: Any = None  # what the program depends on besides its values: only for primitives
    given: int | None = None  # how many of the positional arguments the call gave by position; None: not known


class Binder:
    """Binds calls of one callable that has been taken apart."""

    def __init__(self, callee: Callee) -> None:
        self.callee = callee
        self.function = callee.function
        self.signature: inspect.Signature | None = None
        self.simple = -1  # how many arguments a call has that needs no binding; -1: there is no such call
        if isinstance(self.function, FunctionType):
            self.signature = signature_of(self.function)
            kinds = {parameter.kind for parameter in self.signature.parameters.values()}
            plain = {inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD}
            if not callee.keywords and kinds <= plain:
                self.simple = len(self.signature.parameters) - len(callee.leading)

    def bind(self, leading: tuple[Any, ...], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Bound:
        """The values of the parameters; a TypeError as the function's own where the arguments do not fit."""
        args = (*self.callee.leading, *leading, *args)
        if self.callee.keywords:
            kwargs = {**self.callee.keywords, **kwargs}
        if isinstance(self.function, FunctionType):
            return self._bind_python(args, kwargs)
        binder = getattr(self.function, "binder", None)
        if binder is not None:
            return binder.bind((), args, kwargs)
        places = tuple(Place(index) for index in range(len(args)))
        if isinstance(self.function, core.Function):
            if kwargs or len(args) != len(self.function.parameters):
                raise TypeError(f"{self.function.name} takes {len(self.function.parameters)} positional arguments")
            return Bound(args, places, self.function.parameters)
        names = tuple(f"argument {index}" for index in range(len(args))) + tuple(kwargs)
        return Bound((*args, *kwargs.values()), places, names, (len(args), tuple(kwargs)), len(args))

    def _bind_python(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Bound:
        signature = signature_of(self.function)  # not kept: defaults may have been exchanged
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{self.function.__qualname__}: {error}") from None
        bound.apply_defaults()
        places: list[Place] = []
        for index, parameter in enumerate(signature.parameters.values()):
            if parameter.kind in (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD):
                places.append(Place(index))
            elif parameter.kind is inspect.Parameter.VAR_POSITIONAL:
                places += [Place(index, item) for item in range(len(bound.arguments[parameter.name]))]
        return Bound(tuple(bound.arguments.values()), tuple(places), tuple(bound.arguments), given=len(args))

    @property
    def leading(self) -> int:
        """How many positional arguments are bound before the call."""
        inner = getattr(self.function, "binder", None)
        return len(self.callee.leading) + (inner.leading if inner is not None else 0)

    def generic(self) -> Bound:
        """The parameters without values, for a program of unknown arguments."""
        inner = getattr(self.function, "binder", None)
        if inner is not None:
            return inner.generic()
        if isinstance(self.function, core.Function):
            return Bound((None,) * len(self.function.parameters), self._places(()), self.function.parameters)
        if self.signature is None:
            program = primitive_function(self.function)
            count = len(program.parameters)
            return Bound((None,) * count, tuple(map(Place, range(count))), program.parameters, (count, ()))
        names = tuple(self.signature.parameters)
        return Bound((None,) * len(names), self._places(()), names)

    def filled(self, values: tuple[Value, ...]) -> tuple[Value, ...]:
        """The values of all parameters, where those of the positional arguments of a call are known."""
        signature = self.parameters_signature
        if signature is None:
            return values
        rest = list(values)
        result: list[Value] = []
        for parameter in signature.parameters.values():
            match parameter.kind:
                case inspect.Parameter.VAR_POSITIONAL:
                    result.append(Sequence(tuple, tuple(rest)))
                    rest = []
                case inspect.Parameter.VAR_KEYWORD:
                    result.append(Mapping(dict, (), ()))
                case inspect.Parameter.KEYWORD_ONLY:
                    result.append(value_of_object(parameter.default))
                case _:
                    result.append(rest.pop(0) if rest else value_of_object(parameter.default))
        return tuple(result)

    def of_values(self, values: tuple[Value, ...]) -> Bound:
        """The binding of a call of which only the values of the parameters are known."""
        inner = getattr(self.function, "binder", None)
        if inner is not None:
            return inner.of_values(values)
        if isinstance(self.function, FunctionType):
            assert self.signature is not None
            return Bound(values, self._places(values), tuple(self.signature.parameters))
        if isinstance(self.function, core.Function):
            return Bound(values, self._places(values), self.function.parameters)
        names = tuple(f"argument {index}" for index in range(len(values)))
        return Bound(values, tuple(map(Place, range(len(values)))), names, (len(values), ()))

    def _places(self, values: tuple[Value, ...]) -> tuple[Place, ...]:
        """The places of the positional arguments; those of a star parameter as far as its value tells."""
        signature = self.function.signature if isinstance(self.function, core.Function) else self.signature
        if signature is None:
            return tuple(map(Place, range(len(self.function.parameters))))
        places: list[Place] = []
        for index, parameter in enumerate(signature.parameters.values()):
            if parameter.kind in (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD):
                places.append(Place(index))
            elif parameter.kind is inspect.Parameter.VAR_POSITIONAL and values:
                value = values[index]
                count = len(value.items) if isinstance(value, Sequence) else MOST_STAR_ARGUMENTS
                places += [Place(index, item) for item in range(count)]
            elif parameter.kind is inspect.Parameter.VAR_POSITIONAL:  # as many as anyone will ask for
                places += [Place(index, item) for item in range(MOST_STAR_ARGUMENTS)]
        return tuple(places)

    @property
    def parameters_signature(self) -> inspect.Signature | None:
        """How a call of the transformed core program binds."""
        inner = getattr(self.function, "binder", None)
        if inner is not None:
            return inner.parameters_signature
        return self.function.signature if isinstance(self.function, core.Function) else self.signature

    def program(self, bound: Bound, values: tuple[Any, ...], reader: Reader) -> core.Function:
        """The core program that the bound values are for."""
        if isinstance(self.function, core.Function):
            return self.function
        if hasattr(type(self.function), "core_for"):
            return self.function.program_for(bound, values, reader)
        if bound.shape is not None:
            return primitive_function(self.function, *bound.shape)
        return reader.program(self.function)
