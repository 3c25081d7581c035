"""Whether abstract values are true of what a program computes: the interpreter with a check after every binding."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from tests.transforms import interpreter
from transforms import core, operations
from transforms.inference import is_fresh
from transforms.values import (
    Array,
    Instance,
    Known,
    Literal,
    Many,
    Mapping,
    Number,
    Partial,
    Record,
    Sequence,
    Size,
    Unknown,
    Value,
)


def describes(value: Value, thing: Any, sizes: dict[Any, int]) -> bool:
    """Whether what is known is true; `sizes` collects the lengths of dimensions of the arguments."""
    if thing is operations.UNBOUND:
        return True
    match value:
        case Unknown():
            return True
        case Number():
            if value.python:
                kinds = {"f": (float, int), "i": (int,), "b": (bool,), "c": (complex, float, int)}
                return type(thing) in kinds[value.dtype.kind]
            is_double = value.dtype == np.float64 and type(thing) in (float, int)
            return (
                is_double
                or (isinstance(thing, np.generic) and thing.dtype == value.dtype)
                or (type(thing) in (int, bool, complex) and np.dtype(type(thing)) == value.dtype)
            )
        case Array():
            if not isinstance(thing, np.ndarray) or thing.dtype != value.dtype:
                return False
            if value.shape is None:
                return True
            return len(value.shape) == thing.ndim and all(
                _is_size(size, length, sizes) for size, length in zip(value.shape, thing.shape)
            )
        case Literal():
            return type(value.value) is type(thing) and value.value == thing
        case Known():
            return value.object is thing or isinstance(value.object, core.Function)
        case Sequence():
            return (
                type(thing) is value.kind
                and len(thing) == len(value.items)
                and all(describes(v, t, sizes) for v, t in zip(value.items, thing))
            )
        case Many():
            return type(thing) is value.kind and all(describes(value.item, item, {}) for item in thing)
        case Mapping():
            return tuple(thing) == value.keys and all(
                describes(v, thing[k], sizes) for k, v in zip(value.keys, value.items)
            )
        case Record():
            return type(thing) is value.kind and all(
                describes(v, getattr(thing, name), sizes)
                for name, v in zip(value.names, value.items)
                if getattr(thing, name, None) is not None  # it may not be assigned yet
            )
        case Partial():
            if not isinstance(thing, functools.partial):
                return callable(thing)
            return len(thing.args) == len(value.arguments) and all(
                describes(v, t, sizes) for v, t in zip(value.arguments, thing.args)
            )
        case Instance():
            return type(thing) is value.kind
    return False


def _is_size(size: int | Size, length: int, sizes: dict[Any, int]) -> bool:
    if isinstance(size, int):
        return length == 1
    if length == 1 and not size.maybe_one:
        return False
    if is_fresh(size.key):
        return True
    return sizes.setdefault(size.key, length) == length


class Checker:
    """Runs specialised programs and checks every value that they bind."""

    def __init__(self) -> None:
        self.wrong: list[str] = []
        self.sizes: list[dict[Any, int]] = []

    def run(self, function: core.Function, *arguments: Any) -> Any:
        original = interpreter._statement, interpreter.interpret
        checker = self

        def statement(item: core.Statement, names: dict[str, Any]) -> None:
            original[0](item, names)
            values, sizes, name = names["!"]
            for target in core.writes(item):
                if target in values and target in names and isinstance(item, core.Assign):
                    if not describes(values[target], names[target], sizes):
                        checker.wrong.append(f"{name}: {target} = {names[target]!r} is not {values[target]}")

        def interpret(inner: core.Function, *given: Any) -> Any:
            values = inner.values or {}
            sizes: dict[Any, int] = {}
            for parameter, argument in zip(inner.parameters, given):
                if parameter in values and not describes(values[parameter], argument, sizes):
                    checker.wrong.append(
                        f"{inner.name}: parameter {parameter} = {argument!r} is not {values[parameter]}"
                    )
            names = {**dict(zip(inner.parameters, given)), "!": (values, sizes, inner.name)}
            try:
                interpreter._block(inner.body, names)
            except interpreter._Returned as returned:
                return returned.value
            raise AssertionError("no return")

        interpreter._statement, interpreter.interpret = statement, interpret  # type: ignore[assignment]
        try:
            return interpret(function, *arguments)
        finally:
            interpreter._statement, interpreter.interpret = original
