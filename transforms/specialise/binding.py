"""What the sweep knows of an operand: the atom that holds it in the new program, its value, and its parts."""

from __future__ import annotations

import types
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

from transforms import core
from transforms.inference import is_constant, join, loosened, many, value_of_object
from transforms.values import Instance, Literal, Many, Mapping, Never, Partial, Record, Sequence, Unknown, Value

Region = tuple[Hashable, ...]


@dataclass(slots=True, eq=False)
class Binding:
    """An operand.

    `parts` are the operands that a container was built from (items of a tuple or list, values of a dict, function and
    arguments of a partial), where they are known; an `atom` of None is a tuple that is built where it is needed.
    `region` names the place where a mutable container was made, None where it is not known.
    """

    atom: core.Atom | None
    value: Value
    parts: tuple[Binding, ...] | None = None
    region: Region | None = None


def constant(value: Any) -> Binding:
    """A known constant, or a reference to an object."""
    if is_constant(value):
        return Binding(core.Const(value), Literal(value))
    return Binding(core.Ref(value), value_of_object(value))


MUTABLE = (list, dict, set, bytearray)


def is_mutable(value: Value) -> bool:
    """Whether the value is a container whose content may change."""
    match value:
        case Sequence():
            return not issubclass(value.kind, tuple)
        case Mapping() | Record():
            return True
        case Instance():
            return issubclass(value.kind, MUTABLE)
    return hasattr(value, "item") and not issubclass(value.kind, tuple)  # type: ignore[union-attr]


def holds_mutable(value: Value) -> bool:
    """Whether the value is, or contains, a mutable container."""
    if is_mutable(value):
        return True
    match value:
        case Sequence() | Mapping() | Record():
            return any(map(holds_mutable, value.items))
        case Partial():
            return any(map(holds_mutable, (value.function, *value.arguments, *(v for _, v in value.keywords))))
    return hasattr(value, "item") and holds_mutable(value.item)


def may_hold_mutable(value: Value) -> bool:
    """Whether the value may be, or contain, a mutable container."""
    is_own = isinstance(value, Instance) and value.kind.__module__ not in ("builtins", "numpy")
    return is_own or isinstance(value, Unknown) or holds_mutable(value)


@dataclass(slots=True)
class Content:
    """What the mutations of one region are known to have put into it."""

    is_mutated: bool = False
    item: Value = field(default_factory=Never)
    is_unknown: bool = False
    items: dict[Hashable, Value] = field(default_factory=dict)  # of a dict, by `d[key] = value`; None: any key
    attributes: dict[str, Value] = field(default_factory=dict)  # of an object, by `obj.name = value`
    is_assigned: bool = False  # attributes of objects that are inside of it, which ones is not known
    is_filled: bool = False  # items of lists, dicts and arrays that are inside of it, which ones is not known

    def apply(self, value: Value) -> Value:
        """The value of a container of this region, at any time."""
        if isinstance(value, Record) and self.attributes and not self.is_unknown:
            value = with_attributes(value, self.attributes)
        if self.is_assigned:
            value = without_attributes(value)
        if self.is_filled:
            value = without_items(value)
        if not self.is_mutated:
            return value
        match value:
            case Sequence() if issubclass(value.kind, tuple):
                return Sequence(value.kind, tuple(map(self.apply, value.items)))
            case Sequence() if self.is_unknown:
                return Instance(value.kind)
            case Sequence():
                return many(value.kind, (*map(self.apply, value.items), self.item))
            case Mapping() | Record():
                return Instance(value.kind)
        if isinstance(value, Instance):
            return value
        if is_mutable(value):
            return Instance(value.kind) if self.is_unknown else many(value.kind, (value.item, self.item))  # type: ignore[union-attr]
        return value


def without_attributes(value: Value) -> Value:
    """The value where of the objects in it only the class is known."""
    match value:
        case Sequence():
            return Sequence(value.kind, tuple(map(without_attributes, value.items)))
        case Many():
            return Many(value.kind, without_attributes(value.item))
        case Mapping():
            return Mapping(value.kind, value.keys, tuple(map(without_attributes, value.items)))
        case Record():
            return Instance(value.kind)
    return value


def without_items(value: Value) -> Value:
    """The value where of the lists and dicts in it only the class is known."""
    match value:
        case Sequence() if issubclass(value.kind, tuple):
            return Sequence(value.kind, tuple(map(without_items, value.items)))
        case Record():
            return Record(value.kind, value.names, tuple(map(without_items, value.items)))
        case Sequence() | Many() | Mapping():
            return Instance(value.kind)
    return value


def takes_items(value: Value) -> bool:
    """Whether an object of the user's of which `x[i] = v` calls a method is part of the value."""
    match value:
        case Record() | Instance() if isinstance(getattr(value.kind, "__setitem__", None), types.FunctionType):
            return True
        case Sequence() | Mapping() | Record():
            return any(map(takes_items, value.items))
        case Many():
            return takes_items(value.item)
    return False


def with_attributes(value: Record, attributes: dict[str, Value]) -> Record:
    """The record with what may be assigned to its attributes."""
    known = dict(zip(value.names, value.items))
    for name, item in attributes.items():
        old = known.get(name)
        known[name] = item if old is None else loosened(join(old, item, ("~", name)))
    return Record(value.kind, tuple(known), tuple(known.values()))
