"""Loops that are unrolled: over few items of different structure."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from transforms import core
from transforms.core import Assign, Call, Var
from transforms.inference import as_number
from transforms.specialise.binding import Binding, constant
from transforms.specialise.calls.containers import parts_of
from transforms.specialise.calls.facts import VIEWS, known_range
from transforms.values import Array, Instance, Literal, Mapping, Number, Sequence

if TYPE_CHECKING:
    from transforms.specialise.calls.dispatch import Calls


def unrolled_items(calls: Calls, iterable: Binding, statement: core.For) -> list[Callable[[], Binding]] | None:
    """How to make the items of a loop that is to be unrolled, one after the other."""
    value = iterable.value
    if calls.sweep.emitted > 3000:
        return None
    if isinstance(value, (Sequence, Mapping)) or (isinstance(value, Instance) and value.kind in VIEWS):
        if isinstance(value, Sequence) and not is_rich(value):
            return None if value.items else []
        parts = parts_of(calls, iterable)
        if parts is None or len(parts) > 64:
            return None
        return [functools.partial(_same, part) for part in parts]
    if isinstance(value, Literal) and isinstance(value.value, tuple):
        if value.value and not is_rich(Sequence(tuple, tuple(map(Literal, value.value)))):
            return None
        return [functools.partial(constant, item) for item in value.value] if len(value.value) <= 64 else None
    if isinstance(value, Literal) and isinstance(value.value, str) and len(value.value) <= 64:
        is_asked = reads_rich(calls, statement)
        return [functools.partial(constant, letter) for letter in value.value] if is_asked else None
    items = known_range(iterable)
    if items is None:
        return None
    if len(items) == 0:
        return []
    if len(items) <= 64 and reads_rich(calls, statement):
        return [functools.partial(constant, item) for item in items]
    return None


def reads_rich(calls: Calls, statement: core.For) -> bool:
    """Whether the body reads items of containers whose items differ, by an index that depends on the loop, or
    attributes by such a name."""
    moving = {statement.target}
    for inner in core.walk(statement.body):
        if not isinstance(inner, Assign) or not isinstance(inner.value, Call):
            continue
        call = inner.value
        if any(isinstance(atom, Var) and atom.name in moving for atom in call.arguments) and inner.target:
            moving.add(inner.target)
        if core.is_call_of(call, getattr, setattr, hasattr, delattr):
            name = call.arguments[1]
            if isinstance(name, Var) and name.name in moving:
                return True
        if core.is_call_of(call, operator.getitem) and isinstance(call.arguments[0], Var):
            index = call.arguments[1]
            source = calls.sweep.env.get(call.arguments[0].name)
            if isinstance(index, Var) and index.name in moving and source is not None:
                if isinstance(source.value, (Sequence, Mapping)) and not calls.sweep.is_mutated(source.region):
                    if isinstance(source.value, Mapping) or is_rich(source.value):
                        return True
    return False


def _same(binding: Binding) -> Binding:
    return binding


def is_rich(value: Sequence) -> bool:
    """Whether the items differ in structure, or hold containers or code."""
    described: set[Any] = set()
    for item in value.items:
        item = as_number(item)
        match item:
            case Number():
                described.add((item.dtype, item.python))
            case Array() if item.shape is not None:
                described.add((item.dtype, tuple(isinstance(size, int) for size in item.shape)))
            case _:
                return True
    return len(described) > 1
