"""Methods of arrays, numbers, strings, lists, dicts and objects: calls of the functions that they stand for."""

from __future__ import annotations

import inspect
import operator
import types
from typing import TYPE_CHECKING, Any

import numpy as np

from transforms import operations, registry, runtime
from transforms.core import Const, Ref
from transforms.inference import (
    FRESH,
    array_or_number,
    as_number,
    dtype_argument,
    fresh,
    is_constant,
    item_value,
    renamed_any,
    scalar_result,
    value_of_scalar,
)
from transforms.specialise.binding import Binding, constant, is_mutable
from transforms.specialise.calls.attributes import known_attribute, record_attribute
from transforms.specialise.calls.classes import construct
from transforms.specialise.calls.containers import build_tuple, tuple_of
from transforms.specialise.calls.dicts import changed_dict, merged_dicts, updated
from transforms.specialise.calls.facts import VIEW_NAMES, Keywords, handles, python_type, view_kind
from transforms.specialise.calls.items import on_getitem
from transforms.specialise.calls.primitives import is_small, primitive_of_value, same_function
from transforms.specialise.calls.records import named_tuple_method
from transforms.specialise.calls.wrappers import cache_method, is_cached
from transforms.values import (
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
    Record,
    Sequence,
    Value,
)

if TYPE_CHECKING:
    from transforms.specialise.calls.dispatch import Calls

_IN_PLACE = {
    getattr(operator, "i" + name): getattr(operator, full)
    for name, full in (
        ("add", "add"), ("sub", "sub"), ("mul", "mul"), ("truediv", "truediv"), ("floordiv", "floordiv"),
        ("mod", "mod"), ("pow", "pow"), ("matmul", "matmul"), ("and", "and_"), ("or", "or_"), ("xor", "xor"),
        ("lshift", "lshift"), ("rshift", "rshift"),
    )
}  # fmt: skip


@handles(operations.method)
def on_method(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    """`receiver.name(...)`"""
    source, name = arguments[0], arguments[1].value.value  # type: ignore[union-attr]
    rest = arguments[2:]
    value = source.value
    if isinstance(value, Instance) and value.kind is super and source.parts is not None:
        return super_method(calls, source.parts, name, rest, keywords)
    if name == "__class__" and python_type(value) is not None:  # `self.__class__(...)`
        return calls.apply(calls.result_of(type, source), rest, keywords, calls.hint, calls.is_bound)
    special = getattr(python_type(value), name, None) if name.startswith("__") else None
    same = same_function(special) if isinstance(special, types.WrapperDescriptorType) else None
    if same is not None:  # `items.__setitem__(0, x)`
        return calls.call_object(Ref(same, registry.function_name(same)), [source, *rest], keywords)
    match value:
        case Never():
            return calls.emit(ref, arguments, keywords, NEVER)
        case Array() | Number() if not isinstance(value, Number) or not value.python:
            return numpy_method(calls, ref, value, name, arguments, keywords)
        case Mapping() | Instance() if issubclass(value.kind, dict):
            return dict_method(calls, source, name, rest, keywords)
        case Sequence() | Many() | Instance() if value.kind in (list, str, set, tuple):
            function = getattr(value.kind, name, None)
            if function is not None:
                return container_method(calls, function, name, source, rest, keywords)
        case Literal() | Number() if name == "astype" and python_type(value) is not str and len(rest) == 1:
            return converted_number(calls, source, rest[0])
        case Literal() if type(value.value) in (str, bytes, int, float, complex, bool):
            return literal_method(calls, ref, value, name, arguments, keywords)
        case Number():
            return number_method(calls, ref, value, name, arguments, keywords)
        case Record() | Sequence() | Instance():
            return object_method(calls, source, value.kind, name, rest, keywords)
        case Known():
            with calls.aside():
                found = known_attribute(calls, Ref(getattr), [source, arguments[1]], value.object, name)
            return calls.apply(found, rest, keywords, calls.hint, calls.is_bound)
        case Partial() if is_cached(value) and name.startswith("cache_"):
            return cache_method(calls, name)
        case Partial() if name == "__call__":
            return calls.apply(source, rest, keywords, calls.hint, calls.is_bound)
    return None


def numpy_method(
    calls: Calls, ref: Ref, value: Array | Number, name: str, arguments: list[Binding], keywords: Keywords
) -> Binding:
    """A method of an array or of a NumPy scalar: the function that does the same, where there is one."""
    source, rest = arguments[0], arguments[2:]
    function = registry.method_function(name)
    is_method = isinstance(function, types.MethodDescriptorType) and isinstance(value, Number)
    if function is None or is_method:  # a method of arrays does not take scalars
        return array_method(calls, ref, value, name, arguments, keywords)
    if function in (np.reshape, np.transpose) and len(rest) > 1:
        rest = [build_tuple(calls, rest)]
    if function is np.clip and len(rest) == 1:  # the function takes two bounds by position
        keywords = dict(keywords)
        rest = [*rest, keywords.pop("max", constant(None))]
    return calls.call_object(Ref(function, registry.function_name(function)), [source, *rest], keywords)


def converted_number(calls: Calls, source: Binding, kind: Binding) -> Binding | None:
    """`x.astype(kind)` of a number that was an array or a NumPy scalar once."""
    dtype = dtype_argument(kind.value)
    if dtype is None:
        return None
    function = Ref(dtype.type, f"np.{dtype.type.__name__}")
    return primitive_of_value(calls, function, [source], Number(dtype))


def array_method(
    calls: Calls, ref: Ref, value: Array | Number, name: str, arguments: list[Binding], keywords: Keywords
) -> Binding:
    found: Value = UNKNOWN
    shape = value.shape if isinstance(value, Array) else ()
    if isinstance(value, Number) and len(arguments) == 2 and not keywords:  # scalars are immutable
        if name == "copy":
            return arguments[0]
        kind = {"f": float, "c": complex}.get(value.dtype.kind)
        if name == "item" and kind is not None:
            return primitive_of_value(calls, Ref(kind, kind.__name__), [arguments[0]], Number(np.dtype(kind), True))
    if name in ("copy", "astype", "flatten", "view"):
        found = array_or_number(value.dtype, shape)
        if name in ("astype", "view"):
            dtype = dtype_argument(arguments[2].value) if len(arguments) == 3 else None
            known = dtype is not None and (name == "astype" or dtype.itemsize == value.dtype.itemsize)
            found = array_or_number(dtype, shape) if known and dtype is not None else UNKNOWN
        elif name == "flatten":
            found = Array(value.dtype, (fresh(0),))
    elif name == "item" and shape is not None:
        found = value_of_scalar(value.dtype.type(0).item())
    return calls.emit(ref, arguments, keywords, found)


def number_method(
    calls: Calls, ref: Ref, value: Number, name: str, arguments: list[Binding], keywords: Keywords
) -> Binding:
    found: Value = UNKNOWN
    if name == "conjugate" and len(arguments) == 2:
        return arguments[0] if value.dtype.kind != "c" else calls.call_object(Ref(np.conjugate), arguments[:1], {})
    if len(arguments) == 2 and not keywords:
        found = scalar_result(operator.methodcaller(name), (value,))
    return calls.emit(ref, arguments, keywords, found)


def literal_method(
    calls: Calls, ref: Ref, value: Literal, name: str, arguments: list[Binding], keywords: Keywords
) -> Binding:
    if not keywords and all(isinstance(item.value, Literal) for item in arguments):
        try:
            result = getattr(value.value, name)(*(item.value.value for item in arguments[2:]))  # type: ignore[union-attr]
        except Exception:
            result = NotImplemented
        if is_constant(result) and is_small((result,)):
            return constant(result)
    found: Value = Instance(str) if isinstance(value.value, str) and name in ("format", "join") else UNKNOWN
    return calls.emit(ref, arguments, keywords, found)


def container_method(
    calls: Calls, function: Any, name: str, source: Binding, rest: list[Binding], keywords: Keywords
) -> Binding:
    value = source.value
    ref = Ref(function, f"{value.kind.__name__}.{name}")  # type: ignore[union-attr]
    found: Value = UNKNOWN
    if name == "extend" and value.kind is list and len(rest) == 1 and extended(calls, source, rest[0]):  # type: ignore[union-attr]
        return constant(None)
    if name in ("append", "insert", "extend", "add", "update"):
        stored = rest[-1] if rest else None
        if stored is not None and name in ("append", "insert"):
            calls.sweep.keep(source, stored)
        elif stored is not None:
            calls.sweep.escape_parts(stored)
        item: Value | None = stored.value if stored is not None and name in ("append", "insert") else None
        if name == "extend" and isinstance(stored, Binding) and isinstance(stored.value, (Sequence, Many)):
            item = item_value(stored.value) if getattr(stored.value, "items", True) else NEVER
        calls.sweep.mutate(source, item)
    elif name in ("pop", "remove", "clear", "sort", "reverse"):
        calls.sweep.mutate(source, NEVER)
        if name == "pop" and isinstance(calls.sweep.settled(value, source.region), Many):
            found = renamed_any(calls.sweep.settled(value, source.region).item, (FRESH, calls.hint or "pop"))  # type: ignore[union-attr]
    elif name in ("index", "count", "find"):
        found = INTEGER
    elif name == "copy" and isinstance(value, (Sequence, Many)):
        region = calls.new_region()
        calls.sweep.nest_items(region, source)
        made = calls.emit(ref, [source, *rest], keywords, calls.sweep.settled(value, region), region=region)
        return calls.owned(made)
    elif value.kind is str:  # type: ignore[union-attr]
        found = Instance(str) if name in ("format", "join", "lower", "upper", "strip", "replace") else UNKNOWN
    return calls.emit(ref, [source, *rest], keywords, found, region=calls.sweep.inner_region(source, found))


@handles(list.append, list.pop, list.extend)
def on_list_method(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    """`list.append(items, x)`, `list.pop(items)`: methods by the function that they are."""
    value = arguments[0].value if arguments else UNKNOWN
    if keywords or not (isinstance(value, (Sequence, Many, Instance)) and value.kind is list):
        return None
    return container_method(calls, ref.value, ref.value.__name__, arguments[0], arguments[1:], keywords)


@handles(runtime.take_items, runtime.put_items, runtime.permute_items, runtime.unpermute_items)
def on_list_surgery(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    """What takes items out of a list, puts items into it or changes their order."""
    source = arguments[0]
    if ref.value is runtime.put_items:
        calls.sweep.escape_parts(arguments[2])
        value = arguments[2].value
        items: list[Value | None] = [*_each_item(value)] if isinstance(value, (Sequence, Many)) else [None]
    else:
        items = [NEVER]
    for item in items:
        calls.sweep.mutate(source, item)
    found: Value = UNKNOWN
    if ref.value is runtime.take_items:
        found = calls.sweep.settled(source.value, source.region)
        found = found if isinstance(found, Many) and found.kind is list else UNKNOWN
    return calls.emit(ref, arguments, keywords, found, region=calls.sweep.inner_region(source, found))


def _each_item(value: Value) -> list[Value]:
    return list(value.items) if isinstance(value, Sequence) else [value.item] if isinstance(value, Many) else []


def extended(calls: Calls, source: Binding, other: Binding) -> bool:
    """Append the items of a sequence to a list one by one, where they are known."""
    items = calls.sweep.parts(other) if isinstance(other.value, Sequence) else None
    if items is None or calls.sweep.is_mutated(other.region):
        return False
    for item in items:
        with calls.aside(is_bound=False):
            container_method(calls, list.append, "append", source, [item], {})
    return True


def dict_method(calls: Calls, source: Binding, name: str, rest: list[Binding], keywords: Keywords) -> Binding | None:
    value = source.value
    function = getattr(dict, name, None)
    if name == "move_to_end":
        return changed_dict(calls, source, name, rest, keywords)
    if function is None:
        return None
    ref = Ref(function, f"dict.{name}")
    is_known = isinstance(value, Mapping) and not calls.sweep.is_mutated(source.region)
    if is_known and name in ("items", "keys", "values") and not rest:
        assert isinstance(value, Mapping)
        items = [
            source.parts[place] if source.parts is not None else calls.sweep.read(source, Const(key), item)
            for place, (key, item) in enumerate(zip(value.keys, value.items))
        ]
        keys = [constant(key) for key in value.keys]
        pairs = [tuple_of([k, i]) for k, i in zip(keys, items)]
        views = {"keys": keys, "values": items, "items": pairs}
        return calls.emit(ref, [source], {}, Instance(view_kind(value.kind, name)), parts=tuple(views[name]))
    if is_known and name == "get" and rest and isinstance(rest[0].value, Literal):
        assert isinstance(value, Mapping)
        if rest[0].value.value in value.keys:
            return on_getitem(calls, Ref(operator.getitem), [source, rest[0]], {})
        return rest[1] if len(rest) > 1 else constant(None)
    changed = changed_dict(calls, source, name, rest, keywords)
    if changed is not None:
        return changed
    if name == "pop" and len(rest) == 1 and not keywords:
        calls.sweep.mutate(source, NEVER)
        found = calls.sweep.stored_item(source, rest[0].value)
        return calls.emit(ref, [source, *rest], {}, found, region=calls.sweep.inner_region(source, found))
    if name in ("update", "setdefault", "pop", "popitem", "clear"):
        for item in (*rest, *keywords.values()):
            calls.sweep.escape_parts(item)
        calls.sweep.mutate(source, None)
    if name == "copy":
        region = calls.new_region()
        calls.sweep.nest_items(region, source)
        parts = source.parts if not calls.sweep.is_mutated(region) else None
        return calls.emit(ref, [source], {}, calls.sweep.settled(value, region), parts=parts, region=region)
    found = Instance(view_kind(value.kind, name)) if name in VIEW_NAMES else UNKNOWN  # type: ignore[union-attr]
    if name in ("get", "setdefault", "pop", "popitem"):
        calls.sweep.escape_parts(source)  # which item it is, is not known
    return calls.emit(ref, [source, *rest], keywords, found)


@handles(dict.keys, dict.values, dict.items, dict.copy, dict.pop)
def on_dict_method(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    """`dict.values(table)`: methods by the function that they are."""
    kind = python_type(arguments[0].value) if arguments else None
    if kind is None or not issubclass(kind, dict):
        return None
    return dict_method(calls, arguments[0], ref.value.__name__, arguments[1:], keywords)


@handles(super)
def on_super(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    """`super(Class, self)`"""
    if len(arguments) != 2 or not isinstance(arguments[0].value, Known):
        return None
    return calls.emit(ref, arguments, {}, Instance(super), parts=tuple(arguments))


def super_method(
    calls: Calls, parts: tuple[Binding, ...], name: str, rest: list[Binding], keywords: Keywords
) -> Binding | None:
    """A method of the classes that come after one in the order of an object's classes."""
    owner, source = parts
    assert isinstance(owner.value, Known)
    is_class = isinstance(source.value, Known) and isinstance(source.value.object, type)
    kind = source.value.object if is_class else python_type(source.value)  # type: ignore[union-attr]
    order = kind.__mro__ if kind is not None else ()
    if owner.value.object not in order:
        return None
    for base in order[order.index(owner.value.object) + 1 :]:
        member = base.__dict__.get(name)
        done = _call_member(calls, member, source, kind, rest, keywords)
        if done is not None:
            return done
        if base is object and name in ("__init__", "__post_init__"):
            return constant(None)
        if member is not None:
            return None
    return None


def object_method(
    calls: Calls, source: Binding, kind: type, name: str, rest: list[Binding], keywords: Keywords
) -> Binding | None:
    value = source.value
    if name == "_replace" and isinstance(value, Sequence) and hasattr(kind, "_fields"):
        parts = dict(zip(kind._fields, calls.sweep.parts(source) or ()))
        return construct(calls, Ref(kind, kind.__name__), kind, [], {**parts, **keywords})
    if isinstance(value, Sequence) and hasattr(kind, "_fields"):
        done = named_tuple_method(calls, source, kind, name, rest)
        if done is not None:
            return done
    if isinstance(value, Record) and (name in value.names or inspect.getattr_static(kind, name, None) is None):
        with calls.aside():
            held = record_attribute(calls, Ref(getattr), source, value, name)
        return calls.apply(held, rest, keywords, calls.hint, calls.is_bound)
    return _call_member(calls, inspect.getattr_static(kind, name, None), source, kind, rest, keywords)


def _call_member(
    calls: Calls, member: Any, source: Binding, kind: type | None, rest: list[Binding], keywords: Keywords
) -> Binding | None:
    """The call of a method that stands in a class; None for what is no method."""
    if isinstance(member, types.FunctionType):
        return calls.call_object(Ref(member), [source, *rest], keywords)
    if isinstance(member, staticmethod):
        return calls.call_object(Ref(member.__func__), rest, keywords)
    if isinstance(member, classmethod):
        return calls.call_object(Ref(member.__func__), [constant(kind), *rest], keywords)
    return None


@handles(*_IN_PLACE)
def on_in_place(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    """`x += y` makes a new object where x is immutable."""
    plain = _IN_PLACE[ref.value]
    value = as_number(arguments[0].value)
    is_fixed = isinstance(value, Number) or (isinstance(value, (Sequence, Many)) and issubclass(value.kind, tuple))
    if is_fixed or (isinstance(value, Instance) and value.kind in (str, bytes, int, float)):
        return calls.call_object(Ref(plain), arguments, keywords)
    if isinstance(value, Array):
        return calls.emit(ref, arguments, keywords, value)
    if is_mutable(value):
        other = arguments[1]
        if ref.value is operator.ior and issubclass(value.kind, dict):  # type: ignore[union-attr]
            updated(calls, arguments[0], [other], {})
            return arguments[0]
        if ref.value is operator.imul and value.kind is list:  # type: ignore[union-attr]
            return repeated_in_place(calls, arguments)
        if ref.value is operator.iadd and value.kind is list and isinstance(other.value, Sequence):  # type: ignore[union-attr]
            if extended(calls, arguments[0], other):
                return arguments[0]
        inner = other.value
        items = inner.items if isinstance(inner, Sequence) else (inner.item,) if isinstance(inner, Many) else None
        if items is None or ref.value is not operator.iadd:
            calls.sweep.mutate(arguments[0], None if ref.value is not operator.imul else NEVER)
        for known in items or ():
            calls.sweep.mutate(arguments[0], known)
        now = calls.sweep.settled(value, arguments[0].region)
        if ref.value is operator.iadd and value.kind is list:  # type: ignore[union-attr]
            with calls.aside(is_bound=False):
                calls.emit(Ref(list.extend, "list.extend"), arguments, {}, UNKNOWN)
            return Binding(arguments[0].atom, now, None, arguments[0].region)
        return calls.emit(ref, arguments, keywords, now, region=arguments[0].region)
    for item in arguments:
        calls.sweep.escape(item)
    return calls.emit(ref, arguments, keywords, UNKNOWN if not isinstance(value, Never) else NEVER)


def repeated_in_place(calls: Calls, arguments: list[Binding]) -> Binding:
    """`items *= count` as `items[:] = items * count`."""
    repeated = calls.result_of(runtime.repeat_sequence, *arguments)
    calls.perform(operator.setitem, arguments[0], constant(slice(None)), repeated)
    return arguments[0]


@handles(operator.or_)
def on_or(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    """`first | second` of dicts"""
    return merged_dicts(calls, *arguments) if len(arguments) == 2 else None
