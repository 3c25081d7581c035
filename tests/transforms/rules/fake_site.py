"""A `Site` whose operations run at once: what a `simplify` facet emits is evaluated on the sample it was given."""

from __future__ import annotations

from typing import Any

import numpy as np

from transforms.core import Atom, Ref, Var
from transforms.inference import is_constant
from transforms.registry import Primitive
from transforms.values import UNKNOWN, Array, Literal, Number, Sequence, Size, Value


def abstract(value: Any) -> Value:
    """What the compiler would know of an argument: equal sizes are known to be equal."""
    if value is None or isinstance(value, (str, bool, slice)) or value is Ellipsis:
        return Literal(value)
    if isinstance(value, np.ndarray):
        return Array(value.dtype, tuple(1 if size == 1 else Size(size) for size in value.shape))
    if isinstance(value, np.generic):
        return Number(value.dtype)
    if isinstance(value, (int, float, complex)):
        return Number(np.result_type(value), python=True)
    if type(value) in (list, tuple):
        return Sequence(type(value), tuple(map(abstract, value)))
    return UNKNOWN


class FakeSite:
    """One call with concrete arguments; `called` lists the functions that the facet emitted."""

    def __init__(self, entry: Primitive, arguments: tuple, keywords: dict, literals: bool = False) -> None:
        assert entry.signature is not None
        bound = entry.signature.bind(*arguments, **keywords)
        bound.apply_defaults()
        self.given = dict(bound.arguments)
        self.environment: dict[str, Any] = dict(self.given)
        self.literals = literals
        self.called: list[Any] = []
        self.function = entry.functions[0]

    def atom(self, name: str) -> Atom:
        return Var(name)

    def value(self, name: str) -> Value:
        value = self.given[name]
        if self.literals and is_constant(value):
            return Literal(value)
        return abstract(value)

    def call(self, function: Any, *atoms: Atom, **keywords: Atom) -> Atom:
        function = function.value if isinstance(function, Ref) else function
        self.called.append(function)
        result = function(*map(self.read, atoms), **{key: self.read(atom) for key, atom in keywords.items()})
        name = f"_{len(self.environment)}"
        self.environment[name] = result
        return Var(name)

    def value_of(self, atom: Atom) -> Value:
        return abstract(self.read(atom))

    def read(self, atom: Atom) -> Any:
        return self.environment[atom.name] if isinstance(atom, Var) else getattr(atom, "value", atom)
