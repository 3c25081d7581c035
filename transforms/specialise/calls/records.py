"""Copies of records: `dataclasses.replace`, `asdict`, `astuple`, `copy.copy`, `copy.deepcopy`, `_asdict`, `_make`."""

from __future__ import annotations

import copy
import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from transforms import library, operations, runtime
from transforms.core import Const, Ref
from transforms.inference import as_number
from transforms.specialise.binding import Binding, constant
from transforms.specialise.calls.attributes import record_attribute
from transforms.specialise.calls.classes import construct, construct_fields
from transforms.specialise.calls.containers import dict_of, on_make_list, parts_of, tuple_of
from transforms.specialise.calls.facts import Keywords, handles
from transforms.values import (
    Array,
    Known,
    Length,
    Literal,
    Many,
    Mapping,
    Never,
    Number,
    Record,
    Sequence,
    is_immutable,
)

if TYPE_CHECKING:
    from transforms.specialise.calls.dispatch import Calls


def _attributes(calls: Calls, source: Binding, names: tuple[str, ...]) -> dict[str, Binding]:
    """The attributes of a record as operands."""
    found = {}
    assert isinstance(source.value, Record)
    for name in names:
        with calls.aside():
            read = record_attribute(calls, Ref(getattr), source, source.value, name)
        found[name] = read
    return found


def _fields(value: Record) -> tuple[str, ...] | None:
    if not dataclasses.is_dataclass(value.kind):
        return None
    return tuple(field.name for field in dataclasses.fields(value.kind))


@handles(dataclasses.replace)
def on_replace(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    """`dataclasses.replace(record, name=value)`"""
    source = arguments[0].value
    if len(arguments) != 1 or not isinstance(source, Record) or not dataclasses.is_dataclass(source.kind):
        return None
    names = tuple(field.name for field in dataclasses.fields(source.kind) if field.init and field.name not in keywords)
    kept = _attributes(calls, arguments[0], names)
    return construct(calls, Ref(source.kind, source.kind.__name__), source.kind, [], {**kept, **keywords})


@handles(dataclasses.astuple)
def on_astuple(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    return _unrecorded(calls, arguments, keywords, is_dict=False)


@handles(dataclasses.asdict)
def on_asdict(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    return _unrecorded(calls, arguments, keywords, is_dict=True)


def _unrecorded(calls: Calls, arguments: list[Binding], keywords: Keywords, is_dict: bool) -> Binding | None:
    """A record, with the records in its attributes, as a dict or tuple of copies."""
    source = arguments[0]
    names = _fields(source.value) if isinstance(source.value, Record) and len(arguments) == 1 and not keywords else None
    if names is None:
        return None
    items: dict[str, Binding] = {}
    for name, item in _attributes(calls, source, names).items():
        is_record = isinstance(item.value, Record) and _fields(item.value) is not None
        with calls.aside():
            done = _unrecorded(calls, [item], {}, is_dict) if is_record else deep_copy(calls, item)
        if done is None:
            return None
        items[name] = done
    return dict_of(calls, items) if is_dict else tuple_of(list(items.values()))


@handles(dataclasses.fields)
def on_fields(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    """The fields of a class that is known are objects that are known."""
    value = arguments[0].value
    kind = value.kind if isinstance(value, Record) else value.object if isinstance(value, Known) else None
    if kind is None or not dataclasses.is_dataclass(kind):
        return None
    return tuple_of([Binding(Ref(field), Known(field)) for field in dataclasses.fields(kind)])


@handles(copy.copy)
def on_copy(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    """`copy.copy(x)`"""
    value = as_number(arguments[0].value)
    match value:
        case Number() | Literal() | Length():
            return arguments[0]
        case Array():
            return calls.call_object(Ref(np.array, "np.array"), arguments, {})
        case Sequence() | Many() if value.kind is tuple:
            return arguments[0]
        case Sequence() | Many() if value.kind is list:
            return calls.call_object(Ref(list), arguments, {})
        case Mapping() if value.kind is dict:
            return calls.call_object(Ref(dict), arguments, {})
        case Record() if not hasattr(value.kind, "__copy__"):
            return copied_object(calls, arguments[0], value)
    return None


def copied_object(calls: Calls, source: Binding, value: Record) -> Binding:
    """A new object with the same attributes."""
    hint = calls.hint
    held = _attributes(calls, source, value.names)
    calls.hint = hint
    return construct_fields(calls, Ref(value.kind, value.kind.__name__), value.kind, held)


@handles(copy.deepcopy)
def on_deepcopy(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    """`copy.deepcopy(x)` of what nothing in it refers to twice."""
    if len(arguments) != 1 or keywords:
        return None
    if not is_immutable(arguments[0].value) and not isinstance(arguments[0].value, Array):
        with calls.aside(is_bound=False):
            calls.call_object(Ref(runtime.check_unshared, "runtime.check_unshared"), arguments, {})
    return deep_copy(calls, arguments[0])


def deep_copy(calls: Calls, source: Binding) -> Binding | None:
    """A copy of a value and of everything in it; None where that is not known."""
    with calls.aside():
        return _deep_copy(calls, source)


def _deep_copy(calls: Calls, source: Binding) -> Binding | None:
    value = as_number(source.value)
    match value:
        case Number() | Literal() | Length() | Known() | Never():
            return source
        case Array():
            return calls.call_object(Ref(np.array, "np.array"), [source], {})
        case Sequence() if value.kind in (list, tuple):
            parts = parts_of(calls, source)
            copies = None if parts is None else [_deep_copy(calls, part) for part in parts]
            if copies is None or any(item is None for item in copies):
                return None
            known = [item for item in copies if item is not None]
            if value.kind is tuple:
                return tuple_of(known)
            return on_make_list(calls, Ref(operations.make_list), known, {})
        case Many() if value.kind is list and isinstance(as_number(value.item), Number):
            return calls.call_object(Ref(list), [source], {})
        case Many() if value.kind is list and isinstance(value.item, Array):
            return calls.call_object(Ref(library.copied_arrays), [source], {})
        case Mapping() if value.kind is dict and not calls.sweep.is_mutated(source.region):
            items: dict = {}
            for key, item in zip(value.keys, value.items):
                done = _deep_copy(calls, calls.sweep.read(source, Const(key), item))
                if done is None or not isinstance(key, str):
                    return None
                items[key] = done
            return dict_of(calls, items)
        case Record() if not hasattr(value.kind, "__deepcopy__"):
            held = {name: _deep_copy(calls, item) for name, item in _attributes(calls, source, value.names).items()}
            if any(item is None for item in held.values()):
                return None
            whole = {name: item for name, item in held.items() if item is not None}
            return construct_fields(calls, Ref(value.kind, value.kind.__name__), value.kind, whole)
    return None


def named_tuple_method(calls: Calls, source: Binding, kind: type, name: str, rest: list[Binding]) -> Binding | None:
    """`p._asdict()`, `Point._make(items)`"""
    fields = getattr(kind, "_fields", ())
    if name == "_asdict" and not rest:
        parts = calls.sweep.parts(source)
        return None if parts is None else dict_of(calls, dict(zip(fields, parts)))
    if name == "_make" and len(rest) == 1:
        parts = calls.sweep.parts(calls.result_of(operations.unpack, rest[0], constant(len(fields))))
        return None if parts is None else construct(calls, Ref(kind, kind.__name__), kind, list(parts), {})
    return None


@handles(runtime.snapshot_object)
def on_snapshot(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    """`runtime.snapshot_object(record)`: a new object of the same structure."""
    value = arguments[0].value
    if not isinstance(value, Record):
        return None
    region = calls.new_region()
    return calls.owned(calls.emit(ref, arguments, {}, calls.sweep.settled(value, region), region=region))
