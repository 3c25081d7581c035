"""What the lowering has to know of the world around a function: where its source stands and what its free names mean.

The frontend implements `Environment` for Python functions; `DictEnvironment` is the simple one, over a dictionary of
globals, for rule templates and tests.
"""

from __future__ import annotations

import builtins
import inspect
import types
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Union

import numpy as np

from transforms import core


@dataclass(frozen=True, slots=True)
class Data:
    """A free name that holds data: it is read when the function is called, as `getattr(owner, attribute)`."""

    owner: core.Ref
    attribute: str


Meaning = Union[core.Ref, core.Const, Data]


local_classes: weakref.WeakSet[type] = weakref.WeakSet()  # those made of class statements in functions


class Environment(Protocol):
    """What the lowering asks.  Free names are those that no enclosing function of the tree itself binds."""

    @property
    def filename(self) -> str:
        """The file that diagnostics name."""

    @property
    def line_offset(self) -> int:
        """What to add to the tree's line numbers to get those of the file."""

    @property
    def column_offset(self) -> int:
        """What to add to the tree's columns (in characters) to get those of the file."""

    @property
    def signature(self) -> inspect.Signature | None:
        """The signature of the Python function, where there is one; otherwise that of the tree is used."""

    def line(self, number: int) -> str:
        """The text of a line of the file, or an empty string."""

    def resolve(self, name: str) -> Meaning | None:
        """What a free name means; None where it is not defined."""

    def local_class(self, statement: Any) -> core.Ref:
        """The class that a class statement in the function makes, at each call the same.

        Raises: LookupError, with the reason, where it may be another one at each call.
        """

    def assigned(self, name: str) -> Data:
        """Where an assignment to a name declared `global` or (outside the tree) `nonlocal` goes."""


class Namespace:
    """The attributes of a dictionary of globals; reading a missing one is a NameError."""

    __slots__ = ("_names", "__weakref__")

    def __init__(self, names: dict[str, Any]) -> None:
        object.__setattr__(self, "_names", names)

    def __getattr__(self, name: str) -> Any:
        try:
            return self._names[name]
        except KeyError:
            if name.startswith("__"):  # those that Python and the printer look for on any object
                raise AttributeError(name) from None
            raise NameError(f"name {name!r} is not defined") from None

    def __setattr__(self, name: str, value: Any) -> None:
        self._names[name] = value

    def __delattr__(self, name: str) -> None:
        del self._names[name]


class DictEnvironment:
    """Resolves free names in a dictionary of globals, then in the builtins."""

    def __init__(
        self,
        names: dict[str, Any],
        filename: str = "<string>",
        lines: Sequence[str] = (),
        line_offset: int = 0,
        signature: inspect.Signature | None = None,
    ) -> None:
        self.names, self.filename, self.line_offset, self.signature = names, filename, line_offset, signature
        self.column_offset = 0
        self.lines = lines
        self.owner = core.Ref(Namespace(names), "globals")

    def line(self, number: int) -> str:
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""

    def resolve(self, name: str) -> Meaning | None:
        if name in self.names:
            value = self.names[name]
            return core.Ref(value, name) if is_code(value) else Data(self.owner, name)
        if hasattr(builtins, name):
            return builtin(name)
        return None

    def local_class(self, statement: Any) -> core.Ref:
        raise LookupError("its code is not known")

    def assigned(self, name: str) -> Data:
        return Data(self.owner, name)


def builtin(name: str) -> Meaning:
    """What a name of the builtins means."""
    value = getattr(builtins, name)
    return core.Const(value) if is_constant(value) else core.Ref(value, name)


_CODE = (
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodType,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
    types.MethodWrapperType,
    types.ClassMethodDescriptorType,
    types.ModuleType,
    type,
    np.ufunc,
    type(np.sum),
    core.Function,
)


def is_code(value: Any) -> bool:
    """Whether a global or attribute holding this is code (bound when it is transformed) rather than data."""
    return isinstance(value, _CODE)


def is_constant(value: Any) -> bool:
    """Whether the value may be written into the program as a constant."""
    if type(value) is tuple:
        return all(map(is_constant, value))
    return value is None or value is Ellipsis or type(value) in (bool, int, float, complex, str, bytes)


_CONSTANT_MODULES = ("math", "cmath", "numpy")


def attribute(owner: core.Ref, name: str) -> core.Ref | core.Const | None:
    """What an attribute of a known object means; None where it has to be read at run time.

    Only modules are looked into: their code is bound, the constants of `math`, `cmath` and NumPy are constants.
    """
    module = owner.value
    if not isinstance(module, types.ModuleType):
        return None
    try:
        value = getattr(module, name)
    except AttributeError:
        return None
    if is_code(value):
        return core.Ref(value, f"{owner.name}.{name}" if owner.name else name)
    if module.__name__.split(".")[0] in _CONSTANT_MODULES and is_constant(value):
        return core.Const(value)
    return None
