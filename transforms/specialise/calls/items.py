"""Items of containers and arrays: read, stored, deleted, looked for."""

from __future__ import annotations

import collections
import operator
from typing import TYPE_CHECKING

import numpy as np

from transforms import operations
from transforms.core import Ref
from transforms.errors import TransformError
from transforms.inference import FRESH, as_number, item_value, join, many, renamed_any
from transforms.specialise import indexing
from transforms.specialise.binding import Binding, constant, holds_mutable, may_hold_mutable
from transforms.specialise.calls.closures import chosen_by_key
from transforms.specialise.calls.containers import on_make_list, on_make_tuple, parts_of
from transforms.specialise.calls.facts import Keywords, handles, known_range, python_type
from transforms.specialise.calls.primitives import fold
from transforms.values import (
    BOOLEAN,
    INTEGER,
    NEVER,
    UNKNOWN,
    Array,
    Instance,
    Known,
    Literal,
    Many,
    Mapping,
    Never,
    Number,
    Partial,
    Sequence,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from transforms.specialise.calls.dispatch import Calls


@handles(operator.getitem)
def on_getitem(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    source, index = arguments
    value, at = source.value, index.value
    if isinstance(at, Never) or isinstance(value, Never):
        return calls.emit(ref, arguments, {}, NEVER)
    if isinstance(value, Known) and (value.object is np.r_ or value.object is np.c_):
        return _joined(calls, value.object, index)
    if isinstance(value, Literal) and isinstance(value.value, tuple) and not isinstance(at, Literal):
        value = Sequence(tuple, tuple(map(Literal, value.value)))
    if not isinstance(at, Literal):
        chosen = chosen_by_key(calls, source, index)
        if chosen is not None:
            return chosen
    match value:
        case Sequence() | Many():
            return _of_sequence(calls, ref, arguments, value)
        case Mapping():
            return _of_mapping(calls, ref, arguments, value)
        case Array():
            return calls.emit(ref, arguments, {}, indexing.indexed(value, index))
        case Instance() if value.kind is range:
            return _of_range(calls, ref, arguments)
        case Instance() if value.kind in (list, tuple) and _is_slice(at):
            return calls.emit(ref, arguments, {}, value, region=source.region)
        case Instance() if issubclass(value.kind, dict):
            return _stored(calls, ref, arguments, calls.sweep.stored_item(source, at))
        case Literal() | Instance() if python_type(value) is str:
            folded = fold(ref.value, arguments, keywords)
            return folded or calls.emit(ref, arguments, {}, Instance(str))
        case Literal():
            return None
    return calls.emit(ref, arguments, {}, UNKNOWN, region=source.region)


def _part(calls: Calls, ref: Ref, arguments: list[Binding], found: Value, place: int) -> Binding:
    """The item at a known place: what was put there, where nothing else can have come there since."""
    source = arguments[0]
    if source.parts is not None and not calls.sweep.is_mutated(source.region):
        return source.parts[place]
    return _stored(calls, ref, arguments, found)


def _stored(calls: Calls, ref: Ref, arguments: list[Binding], found: Value) -> Binding:
    return calls.emit(ref, arguments, {}, found, region=calls.sweep.inner_region(arguments[0], found))


def _of_sequence(calls: Calls, ref: Ref, arguments: list[Binding], value: Sequence | Many) -> Binding | None:
    """An item or a slice of a list or tuple."""
    source, at = arguments[0], arguments[1].value
    if isinstance(value, Sequence) and isinstance(at, Literal):
        if type(at.value) in (int, bool) and -len(value.items) <= at.value < len(value.items):
            place = int(at.value) % len(value.items)
            return _part(calls, ref, arguments, value.items[place], place)
        parts = parts_of(calls, source) if type(at.value) is slice else None
        if parts is not None:
            make = on_make_tuple if value.kind is not list else on_make_list
            function = operations.make_tuple if value.kind is not list else operations.make_list
            return make(calls, Ref(function), list(parts[at.value]), {})
    if isinstance(as_number(at), Number):
        return _stored(calls, ref, arguments, renamed_any(item_value(value), (FRESH, calls.hint or "item")))
    if isinstance(value, Sequence) and value.kind in (list, tuple) and at == Instance(slice):
        if isinstance(item_value(value), Number):
            return calls.emit(ref, arguments, {}, many(value.kind, value.items), region=source.region)
    if isinstance(value, Many) and (isinstance(at, Literal) or at == Instance(slice)):
        return calls.emit(ref, arguments, {}, value, region=source.region)
    return _any_item(calls, ref, arguments)


def _any_item(calls: Calls, ref: Ref, arguments: list[Binding]) -> Binding:
    """An item, or items, of a container where it is not known which."""
    source = arguments[0]
    items = getattr(source.value, "items", (item_value(source.value),))
    if any(isinstance(item, Unknown) or holds_mutable(item) and not isinstance(item, Partial) for item in items):
        calls.sweep.escape_parts(source)
    return calls.emit(ref, arguments, {}, UNKNOWN, region=source.region)


def _of_mapping(calls: Calls, ref: Ref, arguments: list[Binding], value: Mapping) -> Binding:
    """An item of a dict or an object whose keys are known."""
    source, at = arguments[0], arguments[1].value
    if isinstance(at, Literal) and at.value in value.keys:
        place = value.keys.index(at.value)
        return _part(calls, ref, arguments, value.items[place], place)
    is_number = isinstance(as_number(at), Number)
    if not issubclass(value.kind, dict) or not (is_number or isinstance(at, Literal)):
        return _any_item(calls, ref, arguments)
    found = calls.sweep.stored_item(source, at)
    if not isinstance(at, Literal):
        for item in value.items:
            found = join(found, as_number(item), FRESH)
    return _stored(calls, ref, arguments, found)


def _of_range(calls: Calls, ref: Ref, arguments: list[Binding]) -> Binding:
    source, at = arguments[0], arguments[1].value
    items = known_range(source)
    if items is not None and isinstance(at, Literal) and type(at.value) is int:
        if -len(items) <= at.value < len(items):
            return constant(items[at.value])
    if isinstance(as_number(at), Number):
        return calls.emit(ref, arguments, {}, INTEGER)
    return calls.emit(ref, arguments, {}, Instance(range) if _is_slice(at) else UNKNOWN)


def _joined(calls: Calls, joiner: object, index: Binding) -> Binding | None:
    """`np.r_[a, b]` and `np.c_[a, b]` as the calls that they stand for; None for slices and directives."""
    items = parts_of(calls, index) if isinstance(index.value, (Sequence, Literal)) else (index,)
    if items is None:
        return None
    arrays = []
    for item in items:
        number = isinstance(as_number(item.value), Number)
        if isinstance(item.value, Array) and item.value.rank:
            arrays.append(item)
        elif joiner is np.r_ and (number or isinstance(item.value, (Array, Sequence, Many, Unknown))):
            arrays.append(calls.call_object(Ref(np.atleast_1d, "np.atleast_1d"), [item], {}))
        else:
            return None
    whole = on_make_tuple(calls, Ref(operations.make_tuple), arrays, {})
    assert whole is not None
    if joiner is np.r_:
        return calls.call_object(Ref(np.concatenate, "np.concatenate"), [whole], {})
    if all(isinstance(item.value, Array) and item.value.rank in (1, 2) for item in arrays):
        return calls.call_object(Ref(np.column_stack, "np.column_stack"), [whole], {})
    return None


@handles(operator.setitem)
def on_setitem(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    target, index, item = arguments
    if isinstance(target.value, Array):
        if target.value.dtype.kind == "O" and (isinstance(item.value, Array) or may_hold_mutable(item.value)):
            raise TransformError(
                "an array of Python objects is given something that may be changed later",
                "Use a list, or an array of numbers.",
                calls.sweep.origin,
            )
        return calls.emit(ref, arguments, {}, UNKNOWN)
    if isinstance(target.value, (Sequence, Many)) and _is_slice(index.value) and _has_items(item.value):
        inner = item_value(item.value)  # the items are copied
        if not holds_mutable(inner):
            calls.sweep.mutate(target, inner)
            return calls.emit(ref, arguments, {}, UNKNOWN)
    calls.sweep.escape_parts(item)
    if isinstance(target.value, (Sequence, Many)) and isinstance(as_number(index.value), Number):
        calls.sweep.mutate(target, item.value)
    elif issubclass(python_type(target.value) or object, dict) and not holds_mutable(item.value):
        calls.sweep.mutate_item(target, index.value, item.value)
    else:
        calls.sweep.fill(target)
    return calls.emit(ref, arguments, {}, UNKNOWN)


@handles(operator.delitem)
def on_delitem(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    source = arguments[0].value
    if isinstance(source, (Mapping, Instance)) and issubclass(source.kind, dict):
        return calls.call_object(Ref(operations.method), [arguments[0], constant("pop"), arguments[1]], {})
    calls.sweep.mutate(arguments[0], NEVER if isinstance(source, (Sequence, Many)) else None)
    return calls.emit(ref, arguments, {}, UNKNOWN)


@handles(operator.contains)
def on_contains(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    container, item = arguments
    if isinstance(container.value, Mapping) and isinstance(item.value, Literal):
        if not calls.sweep.is_mutated(container.region):
            return constant(item.value.value in container.value.keys)
    if isinstance(container.value, (Sequence, Many, Mapping, Instance)):
        return calls.emit(ref, arguments, {}, BOOLEAN)
    return None


@handles(dict.get)
def on_dict_get(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    """`dict.get(d, key, default)` of a dict that changes."""
    source = arguments[0]
    if len(arguments) != 3 or keywords or python_type(source.value) not in (dict, collections.OrderedDict):
        return None
    found = as_number(arguments[2].value)
    if isinstance(source.value, Mapping) and not calls.sweep.is_mutated(source.region):
        for item in source.value.items:
            found = join(found, as_number(item), FRESH)
    else:
        found = join(found, calls.sweep.stored_item(source, arguments[1].value), FRESH)
    if isinstance(found, Number):
        return calls.emit(ref, arguments, {}, found)
    calls.sweep.escape_parts(arguments[2])
    return _any_item(calls, ref, arguments)


def _is_slice(value: Value) -> bool:
    return isinstance(value, Literal) and isinstance(value.value, slice) or value == Instance(slice)


def _has_items(value: Value) -> bool:
    return isinstance(value, Many) or (isinstance(value, Sequence) and bool(value.items))
