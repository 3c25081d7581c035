"""What is known of data that a program reads when it runs: globals, closure cells, attributes of objects.

The data stays a live read, but code is compiled for the type that it has now, and a `DataGuard` notices when it gets
another one.  Nothing is known of what the program itself assigns to: `stored_names` finds that, and the reader starts
again when a function that is read later assigns to data whose type was used already.
"""

from __future__ import annotations

import types
from collections.abc import Hashable
from dataclasses import dataclass, field
from types import CellType
from typing import Any

from autodiff.frontend.resolve import Guard, is_bound, programs_of
from autodiff.values import abstract, signature_key
from transforms import core
from transforms.canonical.environment import Namespace
from transforms.values import Instance, Known, Value

ANY_OWNER = 0  # stands for the owner of an attribute that is assigned to on an object that is not known

ABSENT = "absent"
MISSING: Any = types.SimpleNamespace()


class Restart(Exception):
    """Data whose type was used turned out to be assigned to by the program: compile again, without using it."""


@dataclass(frozen=True)
class DataGuard:
    """The data that `owner` held under this name had the types that this key describes, or there was none."""

    owner: Any = field(repr=False)
    name: str
    value: Hashable  # the signature key, or ABSENT

    def holds(self) -> bool:
        found = content(self.owner, self.name)
        return self.value == (ABSENT if found is MISSING else signature_key((found,)))


def content(owner: Any, name: str) -> Any:
    """What an owner holds, without running code of the user's: a module, cell, namespace, or plain object."""
    if isinstance(owner, CellType):
        try:
            return owner.cell_contents
        except ValueError:
            return MISSING
    if isinstance(owner, Namespace):
        return object.__getattribute__(owner, "_names").get(name, MISSING)
    held = getattr(owner, "__dict__", None)
    return held.get(name, MISSING) if isinstance(held, dict) else MISSING


def known_of(owner: Any, name: str, path: tuple) -> tuple[Value, Guard | DataGuard] | None:
    """What is known of data, and the guard of it; None where nothing is to be assumed."""
    found = content(owner, name)
    if found is MISSING:
        return None
    if is_bound(found):
        held = owner if isinstance(owner, CellType) else getattr(owner, "__dict__", None)
        if isinstance(owner, Namespace):
            held = object.__getattribute__(owner, "_names")
        return (Known(found), Guard(held, name, found)) if isinstance(held, dict | CellType) else None
    value = abstract(found, path)
    if isinstance(value, Instance):
        return None
    return value, DataGuard(owner, name, signature_key((found,)))


def stored_names(function: core.Function) -> set[tuple[int, str]]:
    """The attributes, globals and cells that a program assigns to: (id of the owner or ANY_OWNER, name)."""
    found: set[tuple[int, str]] = set()
    for program in programs_of(function):
        for statement in core.walk(program.body):
            call = getattr(statement, "value", None)
            if core.is_call_of(call, setattr, delattr) and len(call.arguments) > 1:  # type: ignore[union-attr, arg-type]
                owner, name = call.arguments[:2]  # type: ignore[union-attr]
                identity = id(owner.value) if isinstance(owner, core.Ref) else ANY_OWNER
                found.add((identity, str(name.value) if isinstance(name, core.Const) else "*"))
    return found
