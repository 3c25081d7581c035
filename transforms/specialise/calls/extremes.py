"""`min`, `max` and `sum` of other things than numbers: the item that is chosen, or additions one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transforms import library, runtime
from transforms.core import Ref
from transforms.inference import as_number, item_value
from transforms.specialise.binding import Binding, constant
from transforms.specialise.calls.containers import build_tuple
from transforms.specialise.calls.facts import Keywords, handles
from transforms.specialise.calls.iterating import may_hold_numbers
from transforms.values import Array, Instance, Literal, Many, Mapping, Never, Number, Record, Sequence, Unknown, Value

if TYPE_CHECKING:
    from transforms.specialise.calls.dispatch import Calls


def extreme_item(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    """`max(items, key=key, default=default)` as the item at a place that is searched first.

    None for what the rule of the builtin knows: numbers without a key.
    """
    if not set(keywords) <= {"key", "default"} or any(isinstance(item.value, Never) for item in arguments):
        return None
    key = keywords.get("key", constant(None))
    values = [item.value for item in arguments]
    items = values if len(values) > 1 else [_item(values[0])]
    is_keyed = not (isinstance(key.value, Literal) and key.value.value is None)
    is_plain = not is_keyed and "default" not in keywords and all(map(_is_plain, items))
    if is_plain or not any(map(may_hold_numbers, (*values, *(item.value for item in keywords.values())))):
        return None
    source = build_tuple(calls, arguments) if len(arguments) > 1 else calls.result_of(runtime.sequence, arguments[0])
    operands = [source, key, constant(ref.value is max)]
    with calls.aside():
        count = _known_count(calls, source)
    if "default" not in keywords or count:
        return calls.call_object(Ref(library.extreme), operands, {})
    if count == 0:
        return keywords["default"]
    return calls.call_object(Ref(library.extreme_or), [*operands, keywords["default"]], {})


def _known_count(calls: Calls, source: Binding) -> int | None:
    if isinstance(source.value, Literal) and isinstance(source.value.value, tuple):
        return len(source.value.value)
    is_known = isinstance(source.value, Sequence) and not calls.sweep.is_mutated(source.region)
    return len(source.value.items) if is_known else None  # type: ignore[union-attr]


def _item(value: Value) -> Value:
    if isinstance(value, Sequence) and not value.items:
        return Literal(0.0)
    return item_value(value) if isinstance(value, (Sequence, Many, Array)) else value


def _is_plain(value: Value) -> bool:
    """Whether the rules of `min` and `max` may know a value: it is not known to be an object or a container."""
    return not isinstance(value, (Record, Sequence, Many, Mapping)) and not (
        isinstance(value, Instance)
        and (value.kind in (list, tuple) or value.kind.__module__ not in ("builtins", "numpy"))
    )


@handles(sum)
def on_sum(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    """`sum` of lists, or of objects with an `__add__`."""
    if not arguments or isinstance(arguments[0].value, Never):
        return None
    start = arguments[1] if len(arguments) > 1 else keywords.get("start")
    values = [_item(arguments[0].value), *([] if start is None else [start.value])]
    if all(isinstance(as_number(value), (Number, Array, Literal, Unknown)) for value in values):
        return None
    if not any(not _is_plain(value) for value in values) or len(arguments) + len(keywords) > 2:
        return None
    return calls.call_object(Ref(library.total), [arguments[0], *([] if start is None else [start])], {})
