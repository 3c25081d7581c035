"""Objects made by calling a class: named tuples, data classes, and classes whose `__init__` has source."""

from __future__ import annotations

import abc
import dataclasses
import inspect
import types
from typing import TYPE_CHECKING

import numpy as np

from transforms import core, library
from transforms.core import Ref
from transforms.specialise.binding import Binding, constant
from transforms.specialise.calls.containers import parts_of
from transforms.specialise.calls.facts import Keywords, handles
from transforms.specialise.calls.primitives import call_primitive
from transforms.specialise.calls.users import call_user
from transforms.values import UNKNOWN, Instance, Known, Record, Sequence

if TYPE_CHECKING:
    from transforms.specialise.calls.dispatch import Calls


def construct(calls: Calls, ref: Ref, cls: type, arguments: list[Binding], keywords: Keywords) -> Binding:
    """A class is called."""
    fields = getattr(cls, "_fields", None)
    if issubclass(cls, tuple) and fields is not None and cls.__init__ is object.__init__:
        return construct_named(calls, ref, cls, fields, arguments, keywords)
    if dataclasses.is_dataclass(cls) and _has_made_init(cls) and _runs_code(cls) and not _is_frozen(cls):
        done = construct_by_fields(calls, ref, cls, arguments, keywords)
        if done is not None:
            return done
    if dataclasses.is_dataclass(cls) and _has_made_init(cls) and not hasattr(cls, "__post_init__"):
        return construct_dataclass(calls, ref, cls, arguments, keywords)
    if cls.__module__ in ("builtins", "numpy") or issubclass(cls, (np.generic, BaseException)):
        return call_primitive(calls, ref, None, arguments, keywords)
    if _is_plain_class(cls):
        if cls.__init__ is object.__init__ and not arguments and not keywords:
            return construct_object(calls, ref, cls, None, [], {})
        program = calls.sweep.session.read(cls.__init__)
        if program is not None:
            return construct_object(calls, ref, cls, program, arguments, keywords)
    for item in (*arguments, *keywords.values()):
        calls.sweep.escape(item)
    return calls.emit(ref, arguments, keywords, Instance(cls))


@handles(types.SimpleNamespace)
def on_namespace(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    """`types.SimpleNamespace(name=value)`"""
    return construct(calls, Ref(library.Namespace), library.Namespace, arguments, keywords)


def construct_named(
    calls: Calls, ref: Ref, cls: type, fields: tuple[str, ...], arguments: list[Binding], keywords: Keywords
) -> Binding:
    defaults = getattr(cls, "_field_defaults", {})
    given = dict(zip(fields, arguments))
    given.update(keywords)
    items = [given.get(name) or (constant(defaults[name]) if name in defaults else None) for name in fields]
    if None in items or len(arguments) > len(fields) or not set(keywords) <= set(fields):
        return calls.emit(ref, arguments, keywords, UNKNOWN)
    known: list[Binding] = items  # type: ignore[assignment]
    value = Sequence(cls, tuple(item.value for item in known))
    return calls.emit(ref, known, {}, value, parts=tuple(known))


def construct_dataclass(calls: Calls, ref: Ref, cls: type, arguments: list[Binding], keywords: Keywords) -> Binding:
    names = tuple(item.name for item in dataclasses.fields(cls))
    try:
        bound = inspect.signature(cls).bind(*arguments, **keywords).arguments
    except (TypeError, ValueError):
        return calls.emit(ref, arguments, keywords, UNKNOWN)
    parts = []
    for item in dataclasses.fields(cls):
        if item.name in bound:
            parts.append(bound[item.name])
        elif item.default is not dataclasses.MISSING:
            parts.append(constant(item.default))
        else:
            parts.append(Binding(Ref(None), UNKNOWN))
    value = Record(cls, names, tuple(part.value for part in parts))
    region = calls.new_region()
    calls.sweep.nest(region, parts)
    settled = calls.sweep.settled(value, region)
    if not isinstance(settled, Record) and not _is_frozen(cls):
        made = construct_by_fields(calls, ref, cls, arguments, keywords)
        if made is not None:
            return made
    known = all(item.name in bound or item.default is not dataclasses.MISSING for item in dataclasses.fields(cls))
    is_fixed = known and not calls.sweep.is_mutated(region)
    return calls.owned(
        calls.emit(ref, arguments, keywords, settled, parts=tuple(parts) if is_fixed else None, region=region)
    )


def construct_object(
    calls: Calls, ref: Ref, cls: type, program: core.Function | None, arguments: list[Binding], keywords: Keywords
) -> Binding:
    """`Class(...)` as `new = object.__new__(Class)`, `Class.__init__(new, ...)`."""
    region = calls.new_region()
    value = calls.sweep.settled(Record(cls, (), ()), region)
    calls.is_bound = True
    made = calls.emit(Ref(object.__new__, "object.__new__"), [Binding(ref, Known(cls))], {}, value, region=region)
    calls.owned(made)
    if program is None:
        return made
    with calls.aside(is_bound=False):
        call_user(calls, Ref(getattr(cls, "__init__")), program, [made, *arguments], keywords)  # noqa: B009
    return Binding(made.atom, calls.sweep.settled(made.value, region), made.parts, region)  # with its attributes


@handles(object.__new__)
def on_new(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    """`object.__new__(Class)`: an object without attributes."""
    cls = arguments[0].value if len(arguments) == 1 else UNKNOWN
    if not isinstance(cls, Known) or not isinstance(cls.object, type):
        return None
    region = calls.new_region()
    value = calls.sweep.settled(Record(cls.object, (), ()), region)
    return calls.owned(calls.emit(ref, arguments, {}, value, region=region))


@handles(tuple.__new__)
def on_new_tuple(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    """`tuple.__new__(Class, items)`, as the `_make` of a named tuple calls it."""
    cls = arguments[0].value if len(arguments) == 2 else UNKNOWN
    if not isinstance(cls, Known) or not isinstance(cls.object, type):
        return None
    fields, items = getattr(cls.object, "_fields", ()), parts_of(calls, arguments[1])
    if items is None or len(items) != len(fields):
        return None
    return construct_named(calls, Ref(cls.object), cls.object, fields, list(items), {})


def construct_by_fields(
    calls: Calls, ref: Ref, cls: type, arguments: list[Binding], keywords: Keywords
) -> Binding | None:
    """A data class whose defaults are made, or which does something after: field by field, as its `__init__` does."""
    try:
        bound = inspect.signature(cls).bind(*arguments, **keywords).arguments
    except (TypeError, ValueError):
        return calls.emit(ref, arguments, keywords, UNKNOWN)
    if any(field._field_type is dataclasses._FIELD_INITVAR for field in cls.__dataclass_fields__.values()):  # type: ignore[attr-defined]
        return None
    held: Keywords = {}
    for field in dataclasses.fields(cls):
        if field.name in bound:
            held[field.name] = bound[field.name]
        elif field.default is not dataclasses.MISSING:
            held[field.name] = constant(field.default)
        elif field.default_factory is not dataclasses.MISSING:
            held[field.name] = calls.result_of(field.default_factory)
    made = construct_fields(calls, ref, cls, held)
    after = inspect.getattr_static(cls, "__post_init__", None)
    if isinstance(after, types.FunctionType):
        calls.perform(after, made)
    return made


def construct_fields(calls: Calls, ref: Ref, cls: type, held: Keywords) -> Binding:
    """An object of a class, made without its `__init__`, with these attributes."""
    calls.is_bound = True
    region = calls.new_region()
    value = calls.sweep.settled(Record(cls, (), ()), region)
    made = calls.owned(
        calls.emit(Ref(object.__new__, "object.__new__"), [Binding(ref, Known(cls))], {}, value, region=region)
    )
    for name, item in held.items():
        calls.perform(setattr, made, constant(name), item)
    return made


def _has_made_init(cls: type) -> bool:
    """Whether the `__init__` of a class is the one that `dataclass` makes."""
    init = cls.__dict__.get("__init__")
    return (
        isinstance(init, types.FunctionType)
        and init.__code__.co_filename == "<string>"
        and cls.__new__ is object.__new__
    )


def _runs_code(cls: type) -> bool:
    """Whether a data class has something to do besides to store its arguments."""
    factories = (field.default_factory is not dataclasses.MISSING for field in dataclasses.fields(cls))
    return hasattr(cls, "__post_init__") or any(factories)


def _is_frozen(cls: type) -> bool:
    return bool(cls.__dataclass_params__.frozen)  # type: ignore[attr-defined]


def _is_plain_class(cls: type) -> bool:
    """Whether `Class(...)` makes an empty object, calls `__init__`, and its attributes are plain."""
    return (
        (
            inspect.getattr_static(cls, "__init__", None) is object.__init__
            or isinstance(inspect.getattr_static(cls, "__init__", None), types.FunctionType)
        )
        and type(cls) in (type, abc.ABCMeta)
        and not inspect.isabstract(cls)
        and cls.__new__ is object.__new__
        and cls.__setattr__ is object.__setattr__
        and cls.__getattribute__ is object.__getattribute__
    )
