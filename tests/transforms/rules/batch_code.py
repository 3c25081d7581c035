"""The code that a batching template becomes at one call, once types are known: what users will read."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from tests.transforms.rules.fake_site import abstract
from transforms import operations
from transforms.canonical import lower_template
from transforms.core import Assign, Call, Const, Function, Names, Ref, Var, names_in
from transforms.defaults import without_defaults
from transforms.passes import cleanup, present
from transforms.printer import print_function
from transforms.registry import Place, Primitive
from transforms.specialise import specialise
from transforms.values import Array, Size, Value


def batch_of(*shape: int, dtype: Any = float) -> Array:
    """What is known of a batch: the size of the batch, and of the other dimensions which are 1 and which are equal."""
    sizes = tuple(1 if size == 1 else Size(size) for size in shape)
    return Array(np.dtype(dtype), (Size("batch", True), *sizes))


def code_of(entry: Primitive, given: dict[str, Any], batched: tuple[Place, ...]) -> str:
    """The body of the template for these arguments: abstract values, or constants (everything else)."""
    assert entry.batching is not None and entry.signature is not None
    template = lower_template(entry.batching)
    names = Names(names_in(template))
    parameters: list[str] = []
    values: list[Value] = []
    body: list[Any] = [Assign("batched", Const(batched))]

    def atom_of(name: str, x: Any) -> Any:
        if not isinstance(x, Value) and not isinstance(x, np.ndarray):
            return Const(x)
        parameters.append(names.fresh(name))
        values.append(x if isinstance(x, Value) else abstract(x))
        return Var(parameters[-1])

    for name, parameter in entry.signature.parameters.items():
        default = () if parameter.kind is inspect.Parameter.VAR_POSITIONAL else parameter.default
        x = given.get(name, default)
        if isinstance(x, tuple) and any(isinstance(item, Value) for item in x):
            items = tuple(atom_of(f"{name}_{k}", item) for k, item in enumerate(x))
            body.append(Assign(name, Call(Ref(operations.make_tuple), items)))
        else:
            body.append(Assign(name, atom_of(f"{name}_", x)))
    if "function" in inspect.signature(entry.batching).parameters:
        body.append(Assign("function", Ref(entry.functions[0])))
    wrapper = Function("batch", tuple(parameters), (*body, *template.body))
    made = cleanup(specialise(wrapper, tuple(values)))
    return print_function(present(made.replace(body=without_defaults(made.body))))
