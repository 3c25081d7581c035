"""Containers made, joined, unpacked, measured and iterated over: tuples, lists, dicts, slices, ranges, cells."""

from __future__ import annotations

import collections.abc
import operator
from typing import TYPE_CHECKING, Any

from transforms import library, operations, runtime
from transforms.core import Const, Ref
from transforms.errors import TransformError
from transforms.inference import (
    array_or_number,
    as_number,
    item_value,
    joined_sequences,
    many,
    repeated_sequence,
)
from transforms.specialise.binding import Binding, constant, holds_mutable
from transforms.specialise.calls.facts import VIEWS, Keywords, handles, known_range, public_type, python_type
from transforms.values import (
    BOOLEAN,
    FLOAT,
    INTEGER,
    NEVER,
    UNKNOWN,
    Array,
    Instance,
    Length,
    Literal,
    Many,
    Mapping,
    Never,
    Number,
    Record,
    Sequence,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from transforms.specialise.calls.dispatch import Calls


def tuple_of(items: list[Binding]) -> Binding:
    return Binding(None, Sequence(tuple, tuple(item.value for item in items)), tuple(items))


def dict_of(calls: Calls, items: Keywords) -> Binding:
    flat = [part for key, item in items.items() for part in (constant(key), item)]
    with calls.aside():
        made = on_make_dict(calls, Ref(operations.make_dict), flat, {})
    assert made is not None
    return made


def build_tuple(calls: Calls, items: list[Binding]) -> Binding:
    with calls.aside():
        made = on_make_tuple(calls, Ref(operations.make_tuple), items, {})
    assert made is not None
    return made


def make_container(calls: Calls, ref: Ref, arguments: list[Binding], value: Value, parts: list[Binding]) -> Binding:
    region = calls.new_region()
    calls.sweep.nest(region, parts)
    is_mutated = calls.sweep.is_mutated(region)
    if is_mutated:
        for part in parts:
            calls.sweep.escape_parts(part)
    value = calls.sweep.settled(value, region)
    return calls.owned(calls.emit(ref, arguments, {}, value, parts=None if is_mutated else tuple(parts), region=region))


@handles(operations.make_tuple)
def on_make_tuple(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    if all(isinstance(item.atom, Const) for item in arguments):
        return constant(tuple(item.atom.value for item in arguments))  # type: ignore[union-attr]
    value = Sequence(tuple, tuple(item.value for item in arguments))
    return calls.emit(ref, arguments, {}, value, parts=tuple(arguments))


@handles(operations.make_list, operations.make_tape)
def on_make_list(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    return make_container(calls, ref, arguments, Sequence(list, tuple(item.value for item in arguments)), arguments)


@handles(operations.make_dict)
def on_make_dict(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    keys, items = arguments[::2], arguments[1::2]
    if not all(isinstance(key.value, Literal) for key in keys):
        for item in arguments:
            calls.sweep.escape_parts(item)
        return calls.emit(ref, arguments, {}, Instance(dict))
    names = tuple(key.value.value for key in keys)  # type: ignore[union-attr]
    if len(set(names)) != len(names):
        return calls.emit(ref, arguments, {}, Instance(dict))
    calls.sweep.starts[calls.new_region()] = dict(zip(names, (item.value for item in items)))
    return make_container(calls, ref, arguments, Mapping(dict, names, tuple(item.value for item in items)), items)


@handles(operations.make_slice)
def on_make_slice(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    if all(isinstance(item.atom, Const) for item in arguments):
        return constant(slice(*(item.atom.value for item in arguments)))  # type: ignore[union-attr]
    return calls.emit(ref, arguments, {}, Instance(slice), parts=tuple(arguments))


@handles(operations.Cell)
def on_cell(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    start = arguments[0].value if arguments else NEVER
    region = calls.new_region()
    calls.sweep.nest(region, arguments)
    value = calls.sweep.settled(Record(operations.Cell, ("value",), (start,)), region)
    if calls.sweep.is_mutated(region):
        for item in arguments:
            calls.sweep.escape_parts(item)
    parts = None if calls.sweep.is_mutated(region) or not arguments else tuple(arguments)
    return calls.owned(calls.emit(ref, arguments, {}, value, parts=parts, region=region))


@handles(operations.unpack)
def on_unpack(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    source, count = arguments[0], arguments[1].value
    assert isinstance(count, Literal)
    value = source.value
    if isinstance(value, Sequence) and calls.sweep.is_mutated(source.region):
        value = calls.sweep.settled(value, source.region)
    if isinstance(value, Sequence) and len(value.items) == count.value:
        if calls.sweep.is_mutated(source.region):
            return calls.emit(ref, arguments, {}, Sequence(tuple, value.items), region=source.region)
        parts = calls.sweep.parts(source) or ()
        return Binding(None, Sequence(tuple, value.items), parts)
    if isinstance(value, Literal) and isinstance(value.value, tuple) and len(value.value) == count.value:
        return tuple_of([constant(item) for item in value.value])
    if isinstance(value, Many):
        found = Sequence(tuple, (value.item,) * count.value)
        return calls.emit(ref, arguments, {}, found, region=calls.sweep.inner_region(source, value.item))
    if isinstance(value, Array) and value.shape:
        item = array_or_number(value.dtype, value.shape[1:])
        return calls.emit(ref, arguments, {}, Sequence(tuple, (item,) * count.value))
    if not isinstance(value, Unknown) or source.region is None:
        return None
    return calls.emit(ref, arguments, {}, UNKNOWN, region=source.region)


@handles(operations.unpack_star)
def on_unpack_star(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    source = arguments[0]
    before, after = (item.value.value for item in arguments[1:])  # type: ignore[union-attr]
    value = source.value
    if not isinstance(value, Sequence) or len(value.items) < before + after or calls.sweep.is_mutated(source.region):
        return None
    parts = list(calls.sweep.parts(source) or ())
    end = len(parts) - after
    with calls.aside():
        middle = on_make_list(calls, Ref(operations.make_list), parts[before:end], {})
    assert middle is not None
    return tuple_of([*parts[:before], middle, *parts[end:]])


@handles(runtime.star_items)
def on_star_items(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    """`*rest` in a pattern: of a list or tuple, the list of a slice."""
    source, start, stop = arguments
    value = source.value
    calls.is_bound = True
    if isinstance(value, Sequence) and isinstance(stop.value, Literal) and not calls.sweep.is_mutated(source.region):
        assert isinstance(start.value, Literal)
        parts = list(calls.sweep.parts(source) or ())[start.value.value : stop.value.value]
        return on_make_list(calls, Ref(operations.make_list), parts, {})
    if getattr(value, "kind", None) not in (list, tuple):
        return None
    index = calls.result_of(operations.make_slice, start, stop, constant(None))
    items = calls.result_of(operator.getitem, source, index)
    return calls.call_object(Ref(list, "list"), [items], {})


@handles(runtime.without_keys)
def on_without_keys(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    """`**rest` in a pattern: the dict of the other items."""
    source, others = arguments[0], [item.value for item in arguments[1:]]
    value = source.value
    if not isinstance(value, Mapping) or not all(isinstance(key, Literal) for key in others):
        return None
    if calls.sweep.is_mutated(source.region):
        return None
    taken = [key.value for key in others]  # type: ignore[union-attr]
    items: Keywords = {}
    for place, (key, item) in enumerate(zip(value.keys, value.items)):
        if key not in taken:
            if not isinstance(key, str):
                return None
            items[key] = source.parts[place] if source.parts else calls.sweep.read(source, Const(key), item)
    return dict_of(calls, items)


@handles(runtime.sequence)
def on_sequence(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    """`runtime.sequence(x)` is x where x can be indexed."""
    source = arguments[0]
    value = source.value
    if isinstance(value, (Sequence, Many)) or (isinstance(value, Array) and value.shape):
        return source
    if isinstance(value, Instance) and value.kind in (range, str, list, tuple):
        return source
    if isinstance(value, Literal) and isinstance(value.value, (str, tuple)):
        return source
    if isinstance(value, Instance) and value.kind in VIEWS and source.parts is not None:
        return tuple_of(list(source.parts))
    if isinstance(value, Mapping) and not calls.sweep.is_mutated(source.region):
        return tuple_of([constant(key) for key in value.keys])
    return None


@handles(tuple, list)
def on_tuple(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    """`tuple(x)`, `list(x)`"""
    if len(arguments) != 1 or keywords:
        return on_make_list(calls, Ref(operations.make_list), [], {}) if ref.value is list and not arguments else None
    source = arguments[0]
    value = source.value
    parts = parts_of(calls, source)
    if parts is not None:
        if ref.value is tuple:
            return on_make_tuple(calls, Ref(operations.make_tuple), list(parts), {})
        return on_make_list(calls, Ref(operations.make_list), list(parts), {})

    found: Value = UNKNOWN
    if isinstance(value, (Many, Array, Sequence)) or (isinstance(value, Instance) and value.kind is range):
        found = many(ref.value, (item_value(value),))
    if ref.value is list:
        region = calls.new_region()
        calls.sweep.nest_items(region, *arguments)
        return calls.owned(calls.emit(ref, arguments, {}, calls.sweep.settled(found, region), region=region))
    return calls.emit(ref, arguments, {}, found, region=calls.sweep.inner_region(arguments[0], found))


def parts_of(calls: Calls, source: Binding) -> tuple[Binding, ...] | None:
    """The items that iteration over an operand gives, where their number is known."""
    value = source.value
    if isinstance(value, Sequence) and not calls.sweep.is_mutated(source.region):
        return calls.sweep.parts(source)
    if isinstance(value, Literal) and isinstance(value.value, tuple):
        return tuple(constant(item) for item in value.value)
    if isinstance(value, Instance) and value.kind in VIEWS:
        return source.parts
    if isinstance(value, Mapping) and not calls.sweep.is_mutated(source.region):
        return tuple(constant(key) for key in value.keys)
    if isinstance(value, Instance) and value.kind is range:
        items = known_range(source)
        return tuple(constant(item) for item in items) if items is not None and len(items) <= 64 else None
    return None


def parts_count(calls: Calls, source: Binding) -> int | None:
    """How many items a container is known to have."""
    value = source.value
    if isinstance(value, (Sequence, Mapping)) and not calls.sweep.is_mutated(source.region):
        return len(value.items)
    if isinstance(value, Literal) and hasattr(value.value, "__len__"):
        return len(value.value)
    found = known_range(source)
    return len(found) if found is not None else None


@handles(reversed)
def on_reversed(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    """`reversed` of a range: the one reversal of which the items are known."""
    value = arguments[0].value if len(arguments) == 1 else UNKNOWN
    if isinstance(value, Instance) and value.kind is range:
        return calls.emit(ref, arguments, keywords, Instance(reversed))
    return None


@handles(range)
def on_range(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    return calls.emit(ref, arguments, keywords, Instance(range), parts=tuple(arguments))


@handles(len)
def on_len(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    source = arguments[0]
    value = source.value
    match value:
        case Array() if value.shape:
            first = value.shape[0]
            if isinstance(first, int):
                return constant(1)
            return calls.emit(ref, arguments, {}, Length(first))
        case Sequence() if not calls.sweep.is_mutated(source.region):
            return constant(len(value.items))
        case Mapping() if not calls.sweep.is_mutated(source.region):
            return constant(len(value.keys))
        case Literal():
            return None
        case Instance() if value.kind is range:
            items = known_range(source)
            if items is not None:
                return constant(len(items))
            if source.parts is not None and len(source.parts) == 1 and isinstance(source.parts[0].value, Length):
                return source.parts[0]
        case Instance() if value.kind in VIEWS and source.parts is not None:
            return constant(len(source.parts))
    return calls.emit(ref, arguments, keywords, INTEGER if not isinstance(value, Never) else NEVER)


@handles(runtime.common_length)
def on_common_length(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    """`runtime.common_length(a, b, ...)`: the length of the shortest."""
    counts: list[Binding] = []
    arguments = [item for item in arguments if python_type(item.value) not in library.ENDLESS] or arguments
    if len(arguments) > 1 and all(item.atom == arguments[0].atom for item in arguments):
        if python_type(arguments[0].value) is library.Iterator:
            left = calls.result_of(len, arguments[0])
            return calls.call_object(Ref(runtime.rounds), [left, constant(len(arguments))], {})
    if any(python_type(item.value) is library.Iterator for item in arguments[:-1]):
        raise TransformError(
            "zip of an iterator, which loses an item where another argument ends, is not supported",
            "Put the iterator last, or make a list of it: list(...).",
            calls.sweep.origin,
        )
    for source in arguments:
        value = source.value
        length: Any = None
        if isinstance(value, Sequence) and not calls.sweep.is_mutated(source.region):
            length = constant(len(value.items))
        elif isinstance(value, Instance) and value.kind is range:
            items = known_range(source)
            length = constant(len(items)) if items is not None else None
        elif isinstance(value, Literal) and hasattr(value.value, "__len__"):
            length = constant(len(value.value))
        if length is None:
            return calls.emit(ref, arguments, keywords, INTEGER)
        counts.append(length)
    return min(counts, key=lambda item: item.value.value)  # type: ignore[union-attr]


@handles(runtime.places)
def on_places(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    """`runtime.places(a, b, ...)`: a range, unless one of them is a list that may get more or fewer items."""
    if any(_may_be_resized(calls, item) for item in arguments):
        return calls.emit(ref, arguments, {}, Instance(range))
    function = len if len(arguments) == 1 else runtime.common_length
    return calls.result_of(range, calls.result_of(function, *arguments))


def _may_be_resized(calls: Calls, source: Binding) -> bool:
    value = source.value
    if value == UNKNOWN:
        return True
    kind = python_type(value)
    if kind is None or not issubclass(kind, list):
        return False
    return not isinstance(value, Sequence) or calls.sweep.is_mutated(source.region)


def _is_tuple(value: Value, *kinds: type) -> bool:
    """Whether the value is a constant tuple, or, where `Sequence` is named, one of known items."""
    if isinstance(value, Literal):
        return type(value.value) is tuple
    return bool(kinds) and isinstance(value, Sequence) and value.kind is tuple


@handles(runtime.join_sequences, operator.add, operator.concat)
def on_join_sequences(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    """`a + b` of two lists or tuples."""
    if len(arguments) != 2 or keywords:
        return None
    if any(_is_tuple(item.value) for item in arguments) and all(_is_tuple(i.value, Sequence) for i in arguments):
        before, after = (parts_of(calls, item) for item in arguments)
        if before is not None and after is not None:
            return tuple_of([*before, *after])
    first, second = arguments
    kinds = [getattr(item.value, "kind", None) for item in arguments]
    if kinds[0] is not kinds[1] or kinds[0] not in (list, tuple):
        return None
    parts = [parts_of(calls, item) for item in arguments]
    value = joined_sequences(first.value, second.value)
    known = None if parts[0] is None or parts[1] is None else [*parts[0], *parts[1]]
    if kinds[0] is tuple:
        return calls.emit(ref, arguments, {}, value, parts=tuple(known) if known is not None else None)
    region = calls.new_region()
    if known is None:
        calls.sweep.nest_items(region, *arguments)
    else:
        calls.sweep.nest(region, known)
    is_mutated = calls.sweep.is_mutated(region)
    settled = calls.sweep.settled(value, region)
    held = tuple(known) if known is not None and not is_mutated else None
    return calls.owned(calls.emit(ref, arguments, {}, settled, parts=held, region=region))


@handles(runtime.repeat_sequence)
def on_repeat_sequence(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    value = arguments[0].value
    if not isinstance(value, (Sequence, Many, Instance)) or value.kind not in (list, tuple):
        return None
    found = repeated_sequence(value, arguments[1].value)
    if value.kind is tuple:
        return calls.emit(ref, arguments, {}, found)
    region = calls.new_region()
    calls.sweep.nest_items(region, arguments[0])
    return calls.owned(calls.emit(ref, arguments, {}, calls.sweep.settled(found, region), region=region))


@handles(dict)
def on_dict(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    """`dict(mapping)`, `dict(a=1)`"""
    if len(arguments) > 1:
        return None
    items: dict[Any, Binding] = {}
    if arguments:
        source = arguments[0]
        if not isinstance(source.value, Mapping) or calls.sweep.is_mutated(source.region):
            from transforms.specialise.calls.dicts import made_of_pairs

            return made_of_pairs(calls, arguments, keywords)
        for place, (key, item) in enumerate(zip(source.value.keys, source.value.items)):
            held = source.parts[place] if source.parts is not None else None
            items[key] = held if held is not None else calls.sweep.read(source, Const(key), item)
    items.update(keywords)
    flat = [part for key, item in items.items() for part in (constant(key), item)]
    return on_make_dict(calls, Ref(operations.make_dict), flat, {})


@handles(runtime.zeros)
def on_zeros(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    """`runtime.zeros(x)` of a list or tuple is a list of zeros: `[0.0, 0.0]` where it has few items."""
    value = arguments[0].value
    if not isinstance(value, (Sequence, Many)) or hasattr(value.kind, "_fields"):
        return None
    found = _zero_of(value)
    if found == UNKNOWN:
        return None
    if _is_short(value):
        return _list_of_zeros(calls, value)
    region = calls.new_region()
    return calls.owned(calls.emit(ref, arguments, {}, calls.sweep.settled(found, region), region=region))


@handles(runtime.add_item, runtime.add_into)
def on_add_item(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    """`runtime.add_item(items, index, g)`, `runtime.add_into(items, g)`: sums take the place of items."""
    buffer, added = arguments[0], arguments[-1].value
    if isinstance(buffer.value, Array) or not holds_mutable(buffer.value):
        return None
    if ref.value is runtime.add_into:
        shadows, parts = parts_of(calls, buffer), parts_of(calls, arguments[1])
        if shadows and parts and all(isinstance(item.value, Array) for item in (*shadows, *parts)):
            for shadow, part in zip(shadows, parts):
                calls.call_object(Ref(operator.iadd, "operator.iadd"), [shadow, part], {})
            return constant(None)
    if ref.value is runtime.add_into or not isinstance(as_number(arguments[1].value), Number):
        added = item_value(added)
    is_known = isinstance(as_number(added), (Number, Array))
    if isinstance(buffer.value, (Sequence, Many)):
        calls.sweep.mutate(buffer, added if is_known else None)
    elif is_known and ref.value is runtime.add_item and issubclass(python_type(buffer.value) or object, dict):
        calls.sweep.mutate_item(buffer, arguments[1].value, added)
    else:
        calls.sweep.mutate(buffer, None)
    return None


@handles(runtime.has_item, runtime.is_sequence, runtime.is_mapping, runtime.reversible)
def on_helper(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    """Questions of `transforms.runtime` about containers."""
    source = arguments[0]
    value = source.value
    kind = public_type(value)
    if ref.value in (runtime.is_sequence, runtime.is_mapping):
        if kind is None:
            return calls.emit(ref, arguments, {}, BOOLEAN)
        asked: Any = collections.abc.Sequence if ref.value is runtime.is_sequence else collections.abc.Mapping
        return constant(issubclass(kind, asked) and not issubclass(kind, (str, bytes, bytearray)))
    if ref.value is runtime.reversible:
        return on_sequence(calls, ref, arguments, keywords)
    assert ref.value is runtime.has_item
    kind = python_type(arguments[1].value) if len(arguments) == 2 else None
    if kind in library.LAZY:
        return calls.call_object(Ref(getattr(kind, "has_more")), arguments[1:], {})  # noqa: B009
    if not isinstance(value, Literal):
        return calls.emit(ref, arguments, {}, BOOLEAN)
    parts = [parts_count(calls, item) for item in arguments[1:]]
    counts = [count for count in parts if count is not None]
    if len(counts) == len(parts):
        return constant(all(value.value < count for count in counts))
    return calls.emit(ref, arguments, {}, BOOLEAN)


def _is_short(value: Value) -> bool:
    """Whether a list or tuple, known item by item, has few items: floats, or lists of such."""
    if isinstance(value, Sequence):
        return len(value.items) <= _FEW and all(map(_is_short, value.items))
    number = as_number(value)
    return isinstance(number, Number) and number.dtype.kind in "fib" and number.python


_FEW = 6  # items that are written out


def _list_of_zeros(calls: Calls, value: Value) -> Binding:
    if not isinstance(value, Sequence):
        return constant(0.0)
    with calls.aside():
        made = on_make_list(calls, Ref(operations.make_list), [_list_of_zeros(calls, item) for item in value.items], {})
    assert made is not None
    return made


def _zero_of(value: Value) -> Value:
    """What is known of `runtime.zeros(x)`."""
    match as_number(value):
        case Number() as number:
            return number if number.dtype.kind in "fc" and not (number.python and number.dtype.kind == "c") else FLOAT
        case Array() as array:
            return array if array.dtype.kind != "O" else UNKNOWN
        case Sequence() as sequence:
            items = tuple(map(_zero_of, sequence.items))
            return Sequence(list, items) if UNKNOWN not in items else UNKNOWN
        case Many() as many:
            item = _zero_of(many.item)
            return Many(list, item) if item != UNKNOWN else UNKNOWN
    return UNKNOWN


def item_of(value: Sequence | Many) -> Value:
    return Sequence(tuple, value.items) if isinstance(value, Sequence) else value.item
