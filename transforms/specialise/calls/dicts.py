"""Dicts: their methods and constructors, in terms of single items where a derivative may pass through."""

from __future__ import annotations

import collections
from typing import TYPE_CHECKING

from transforms import library, operations
from transforms.core import Ref
from transforms.specialise.binding import Binding, constant
from transforms.specialise.calls.classes import construct
from transforms.specialise.calls.containers import dict_of, on_make_dict
from transforms.specialise.calls.facts import Keywords, handles, python_type
from transforms.specialise.calls.iterating import may_hold_numbers
from transforms.values import Instance, Literal, Mapping

if TYPE_CHECKING:
    from transforms.specialise.calls.dispatch import Calls


def changed_dict(calls: Calls, source: Binding, name: str, rest: list[Binding], keywords: Keywords) -> Binding | None:
    """A method that changes a dict, item by item; None for other methods."""
    values = [source.value, *(item.value for item in rest), *(item.value for item in keywords.values())]
    if not any(map(may_hold_numbers, values)) and source.value == Instance(dict):
        return None
    if name == "pop" and len(rest) == 2 and not keywords:
        return calls.call_object(Ref(library.pop_or), [source, *rest], {})
    if name in ("popitem", "move_to_end"):
        return _of_ordered(calls, source, name, rest, keywords)
    if name == "clear" and not rest:
        return calls.call_object(Ref(library.clear), [source], {})
    if name == "setdefault" and len(rest) in (1, 2):
        return calls.call_object(Ref(library.set_default), [source, *rest], {})
    if name == "update" and len(rest) <= 1:
        return updated(calls, source, rest, keywords)
    return None


def _of_ordered(calls: Calls, source: Binding, name: str, rest: list[Binding], keywords: Keywords) -> Binding | None:
    """`table.popitem(last)`, `table.move_to_end(key, last)`"""
    count = 0 if name == "popitem" else 1
    named = [*rest[count:], *(item for key, item in keywords.items() if key == "last")]
    last = named[0].value if named else Literal(True)
    if len(rest) < count or len(named) > 1 or not isinstance(last, Literal):
        return None
    functions = (library.pop_first, library.pop_last) if count == 0 else (library.move_to_front, library.move_to_end)
    return calls.call_object(Ref(functions[bool(last.value)]), [source, *rest[:count]], {})


def updated(calls: Calls, source: Binding, others: list[Binding], keywords: Keywords) -> Binding:
    """`table.update(other, name=value)`"""
    for other in others:
        kind = python_type(other.value)
        is_dict = kind is None or issubclass(kind, (dict, library.DefaultDict))
        function = library.update if is_dict else library.update_pairs
        calls.perform(function, source, other)
    if keywords:
        calls.perform(library.update, source, dict_of(calls, keywords))
    return constant(None)


def merged_dicts(calls: Calls, first: Binding, second: Binding) -> Binding | None:
    """`first | second` of dicts."""
    kinds = [python_type(item.value) for item in (first, second)]
    if any(kind is None or not issubclass(kind, dict) for kind in kinds):
        return None
    if not any(may_hold_numbers(item.value) for item in (first, second)):
        return None
    known = [isinstance(item.value, Mapping) and not calls.sweep.is_mutated(item.region) for item in (first, second)]
    if all(known):
        items: dict = {}
        for source in (first, second):
            assert isinstance(source.value, Mapping)
            for place, (key, value) in enumerate(zip(source.value.keys, source.value.items)):
                part = source.parts[place] if source.parts is not None else None
                items[key] = part or calls.sweep.read(source, calls.sweep.atom(constant(key)), value)
        flat = [part for key, item in items.items() for part in (constant(key), item)]
        return on_make_dict(calls, Ref(operations.make_dict), flat, {})
    return calls.call_object(Ref(library.merged), [first, second], {})


def made_of_pairs(calls: Calls, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    """`dict(pairs)`, and `dict(mapping)` of a mapping that changes."""
    source = arguments[0]
    kind = python_type(source.value)
    if not may_hold_numbers(source.value) or kind is None and not keywords:
        return None
    function = library.merged if kind is not None and issubclass(kind, dict) else library.dict_of_pairs
    operands = [source] if function is library.dict_of_pairs else [dict_of(calls, {}), source]
    if not keywords:
        return calls.call_object(Ref(function), operands, {})
    made = calls.result_of(function, *operands)
    return calls.call_object(Ref(library.merged), [made, dict_of(calls, keywords)], {})


@handles(collections.defaultdict)
def on_defaultdict(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    """`collections.defaultdict(factory, ...)`"""
    if not arguments:
        return None
    with calls.aside():
        table = calls.call_object(Ref(dict), arguments[1:], keywords)
    return calls.call_object(Ref(library.DefaultDict), [arguments[0], table], {})


@handles(collections.Counter)
def on_counter(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    """`collections.Counter(...)` that may hold numbers which are differentiated"""
    if arguments and not may_hold_numbers(arguments[0].value):
        return construct(calls, ref, collections.Counter, arguments, keywords)
    return calls.call_object(Ref(library.Counter), arguments, keywords)


@handles(collections.OrderedDict)
def on_ordered_dict(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    """`collections.OrderedDict(...)`: empty at first, then items are put into it."""
    if len(arguments) > 1:
        return None
    calls.is_bound = True
    region = calls.new_region()
    empty = Mapping(collections.OrderedDict, (), ())
    calls.sweep.starts[region] = {}
    made = calls.owned(calls.emit(ref, [], {}, calls.sweep.settled(empty, region), region=region))
    if arguments or keywords:
        updated(calls, made, arguments, keywords)
    return made


@handles(collections.deque)
def on_deque(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    """`collections.deque(items, maxlen)`"""
    return calls.call_object(Ref(library.Deque), arguments, keywords)
