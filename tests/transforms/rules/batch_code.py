"""The code that a batching template becomes at one call, once types are known: what users will read."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from tests.transforms.interpreter import interpret
from tests.transforms.rules.fake_site import abstract
from transforms import operations
from transforms.canonical import lower_template
from transforms.core import Assign, Atom, Call, Const, Function, Names, Ref, Var, names_in
from transforms.defaults import without_defaults
from transforms.inference import is_constant
from transforms.passes import cleanup, present
from transforms.printer import print_function
from transforms.registry import Place, Primitive
from transforms.specialise import specialise
from transforms.values import UNKNOWN, Array, Size, Value


def batch_of(*shape: int, dtype: Any = float) -> Array:
    """What is known of a batch: the size of the batch, and of the other dimensions which are 1 and which are equal."""
    sizes = tuple(1 if size == 1 else Size(size) for size in shape)
    return Array(np.dtype(dtype), (Size("batch", True), *sizes))


class _Operands:
    """The operands of a call as atoms: constants as they are, arrays and numbers as parameters of a program."""

    def __init__(self, names: Names, is_typed: bool, is_shown: bool) -> None:
        self.names, self.is_typed, self.is_shown = names, is_typed, is_shown
        self.parameters: list[str] = []
        self.values: list[Value] = []
        self.given: list[Any] = []
        self.body: list[Any] = []

    def atom(self, name: str, x: Any, batched: tuple[Place, ...], path: tuple) -> Atom:
        is_number = isinstance(x, (float, complex)) and not self.is_shown  # code is shown with its constants
        if is_number or isinstance(x, (Value, np.ndarray, np.generic)):
            return self._parameter(name, x, path in batched or path == (path[0],) and path[0] in batched)
        if is_constant(x):
            return Const(x)
        if isinstance(x, (list, tuple)):
            items = [self.atom(f"{name}{k}", item, batched, (*path, k)) for k, item in enumerate(x)]
            return self.call(operations.make_list if isinstance(x, list) else operations.make_tuple, *items)
        if isinstance(x, dict):
            items = [self.atom(f"{name}{key}", item, batched, (*path, key)) for key, item in x.items()]
            pairs = [atom for key, item in zip(x, items) for atom in (Const(key), item)]
            return self.call(operations.make_dict, *pairs)
        return Ref(x)

    def _parameter(self, name: str, x: Any, is_batched: bool) -> Atom:
        self.parameters.append(self.names.fresh(name))
        self.given.append(x)
        if not self.is_typed:
            self.values.append(UNKNOWN)
        elif isinstance(x, Value):
            self.values.append(x)
        else:
            known = abstract(x)
            if is_batched and isinstance(known, Array) and known.shape:
                known = Array(known.dtype, (Size("batch", True), *known.shape[1:]))
            self.values.append(known)
        return Var(self.parameters[-1])

    def call(self, function: Any, *atoms: Atom) -> Atom:
        target = self.names.temporary()
        self.body.append(Assign(target, Call(Ref(function), atoms)))
        return Var(target)


def program_of(
    entry: Primitive,
    function: Any,
    given: dict[str, Any],
    batched: tuple[Place, ...],
    is_typed: bool = True,
    is_shown: bool = False,
) -> tuple[Function, list[Any]]:
    """The template specialised for these arguments, and the arguments of the program."""
    assert entry.batching is not None and entry.signature is not None
    template = lower_template(entry.batching)
    operands = _Operands(Names(names_in(template)), is_typed, is_shown)
    for name, parameter in entry.signature.parameters.items():
        default = () if parameter.kind is inspect.Parameter.VAR_POSITIONAL else parameter.default
        atom = operands.atom(f"{name}_", given[name] if name in given else default, batched, (name,))
        operands.body.append(Assign(name, atom))
    operands.body.append(Assign("batched", Const(batched)))
    if "function" in inspect.signature(entry.batching).parameters:
        operands.body.append(Assign("function", Ref(function)))
    wrapper = Function("batch", tuple(operands.parameters), (*operands.body, *template.body))
    made = cleanup(specialise(wrapper, tuple(operands.values)))
    return made.replace(body=without_defaults(made.body)), operands.given


def code_of(entry: Primitive, given: dict[str, Any], batched: tuple[Place, ...]) -> str:
    """The program as users read it, for abstract values and constants."""
    return print_function(present(program_of(entry, entry.functions[0], given, batched, is_shown=True)[0]))


def compiled_result(
    entry: Primitive, function: Any, given: dict[str, Any], batched: tuple[Place, ...], is_typed: bool
) -> Any:
    """What the program computes; what it changes is changed."""
    made, arguments = program_of(entry, function, given, batched, is_typed)
    with np.errstate(all="ignore"):
        return interpret(made, *arguments)
