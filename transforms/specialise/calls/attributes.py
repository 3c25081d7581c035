"""Attributes: of arrays, of objects of known structure, of modules and classes."""

from __future__ import annotations

import collections
import dataclasses
import functools
import inspect
import math
import operator
import types
from typing import TYPE_CHECKING, Any

import numpy as np

from transforms import core, library, registry
from transforms.canonical.environment import local_classes
from transforms.core import Ref, Var
from transforms.errors import TransformError
from transforms.inference import array_or_number, as_number, is_constant, scalar_result, value_of_object
from transforms.specialise.binding import Binding, constant, holds_mutable, may_hold_mutable
from transforms.specialise.calls.facts import Keywords, handles, is_numpy, python_type
from transforms.specialise.calls.views import view_of
from transforms.values import (
    BOOLEAN,
    INTEGER,
    NEVER,
    UNKNOWN,
    Array,
    Instance,
    Known,
    Length,
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

_CONTAINERS = (list, dict, tuple, collections.OrderedDict)


@handles(getattr)
def on_getattr(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    """`thing.name`, and `getattr(thing, name, default)`"""
    source, name = arguments[0], arguments[1].value
    if not isinstance(name, Literal) or not isinstance(name.value, str):
        return calls.emit(ref, arguments, {}, UNKNOWN)
    if isinstance(source.value, Never):
        return calls.emit(ref, arguments, {}, NEVER)
    if name.value == "__class__" and python_type(source.value) is not None:
        return calls.call_object(Ref(type), [source], {})
    view = view_of(calls, source) if name.value == "__dict__" else None
    if view is not None:
        return view
    default = _with_default(calls, ref, arguments, name.value) if len(arguments) == 3 else None
    return default if default is not None else _attribute(calls, ref, arguments[:2], name.value)


def _with_default(calls: Calls, ref: Ref, arguments: list[Binding], name: str) -> Binding | None:
    """`getattr(thing, name, default)` where the default may be the answer; None where the thing has the attribute."""
    value = arguments[0].value
    known = has_attribute(calls, value, name)
    if known is True:
        return None
    if known is False:
        return arguments[2]
    if isinstance(value, Known) and isinstance(value.object, types.ModuleType):
        return calls.emit(ref, arguments, {}, UNKNOWN)
    return calls.call_object(Ref(library.attribute_or), arguments, {})


def _attribute(calls: Calls, ref: Ref, arguments: list[Binding], name: str) -> Binding:
    """`thing.name`, by what is known of the thing."""
    source = arguments[0]
    found: Binding | None = None
    match source.value:
        case Array() as value:
            found = _member_of_array(calls, ref, source, name)
            if found is None:
                found = array_attribute(calls, ref, arguments, value.dtype, value.shape, name)
        case Number() as value if not value.python:
            found = array_attribute(calls, ref, arguments, value.dtype, (), name)
        case Number() | Length() | Literal() if name in ("real", "imag"):
            found = _part_of_number(calls, source, name)
        case Record() as value:
            found = record_attribute(calls, ref, source, value, name)
        case Sequence() as value if value.kind not in (list, tuple):
            found = named_tuple_attribute(calls, ref, source, value, name)
        case Known() as value:
            found = known_attribute(calls, ref, arguments, value.object, name)
        case Partial() as value:
            found = _attribute_of_made_function(calls, source, value, name)
        case (Mapping() | Sequence() | Many() | Instance()) as value if value.kind in _CONTAINERS:
            found = _method_of_builtin(calls, ref, source, value.kind, name)
        case Instance() as value if value.kind is super:
            found = super_attribute(calls, source, name)
        case Instance() as value:
            found = instance_attribute(calls, ref, source, value, name)
    return found if found is not None else _unknown_attribute(calls, ref, source, name)


def _unknown_attribute(calls: Calls, ref: Ref, source: Binding, name: str) -> Binding:
    """An attribute of which nothing is known: what has it may change from here on."""
    if source.region is None:
        calls.sweep.escape(source)
    return calls.emit(ref, [source, constant(name)], {}, UNKNOWN, region=source.region)


def _member_of_array(calls: Calls, ref: Ref, source: Binding, name: str) -> Binding | None:
    """`x.flat`, or a method of an array that is not called where it is read; None for other attributes."""
    if name == "flat":
        return calls.call_object(Ref(library.Flat), [source], {})
    member = getattr(np.ndarray, name, None)
    is_method = isinstance(member, (types.MethodDescriptorType, types.WrapperDescriptorType))
    return _method_of_builtin(calls, ref, source, np.ndarray, name) if is_method else None


def _method_of_builtin(calls: Calls, ref: Ref, source: Binding, kind: type, name: str) -> Binding | None:
    """A method of a builtin class, bound to its object; None if the class has none of that name."""
    member = getattr(kind, name, None)
    return None if member is None else _bound(calls, ref, source, member, name)


def _bound(calls: Calls, ref: Ref, source: Binding, member: Any, name: str) -> Binding:
    """A method with the object that it was read from."""
    value = Partial(Known(member), (source.value,))
    return calls.emit(ref, [source, constant(name)], {}, value, parts=(constant(member), source))


def _part_of_number(calls: Calls, source: Binding, name: str) -> Binding:
    """`x.real` and `x.imag` of a Python number."""
    function = np.real if name == "real" else np.imag  # they read the attribute
    return calls.call_object(Ref(function, f"np.{name}"), [source], {})


def _attribute_of_made_function(calls: Calls, source: Binding, value: Partial, name: str) -> Binding | None:
    """An attribute of a `functools.partial` or of a closure; None for one that this does not know."""
    if name == "func" and source.parts is not None:
        return source.parts[0]
    if name == "__name__" and (known := name_of_function(calls, value)) is not None:
        return constant(known)
    if name in functools.WRAPPER_ASSIGNMENTS or name == "__wrapped__":
        raise TransformError(
            f"{name} of a function that the program makes is not supported",
            "Read it from the function that it wraps.",
            calls.sweep.origin,
        )
    return None


def named_tuple_attribute(calls: Calls, ref: Ref, source: Binding, value: Sequence, name: str) -> Binding:
    """A field, a property or a method of a named tuple."""
    fields = getattr(value.kind, "_fields", ())
    if name in fields:
        place = fields.index(name)
        if source.parts is not None:
            return source.parts[place]
        return calls.emit(ref, [source, constant(name)], {}, value.items[place])
    found = _member_of_class(calls, ref, source, value.kind, name)
    return found if found is not None else calls.emit(ref, [source, constant(name)], {}, UNKNOWN)


def name_of_function(calls: Calls, value: Value) -> str | None:
    """The `__name__` of a function that the program makes; None where that is not known."""
    function = value.function if isinstance(value, Partial) else value
    if not isinstance(function, Known):
        return None
    if id(function.object) in calls.sweep.session.wrapped:
        place = calls.sweep.session.wrapped[id(function.object)]
        known = place is not None and isinstance(value, Partial)
        return name_of_function(calls, value.arguments[place]) if known else None  # type: ignore[union-attr, index]
    name = getattr(function.object, "name" if isinstance(function.object, core.Function) else "__name__", None)
    return "<lambda>" if name == "lambda_" else name


def instance_attribute(calls: Calls, ref: Ref, source: Binding, value: Instance, name: str) -> Binding | None:
    """A property or a method of an object of which only the class is known; None for what else it may have."""
    if value.kind.__module__ in ("builtins", "numpy"):
        return None
    return _member_of_class(calls, ref, source, value.kind, name)


def super_attribute(calls: Calls, source: Binding, name: str) -> Binding:
    """`super().name`: a property, a method or a constant of the classes that come after one; others are refused."""
    owner, bound = source.parts if source.parts is not None else (source, source)
    kind = python_type(bound.value)
    order = kind.__mro__ if kind is not None else ()
    if isinstance(owner.value, Known) and owner.value.object in order:
        after = order[order.index(owner.value.object) + 1 :]
        member = next((base.__dict__[name] for base in after if name in base.__dict__), None)
        if isinstance(member, property) and isinstance(member.fget, types.FunctionType):
            return calls.call_object(Ref(member.fget), [bound], {})
        if isinstance(member, types.FunctionType):
            return calls.call_object(Ref(functools.partial), [constant(member), bound], {})
        if member is not None and is_constant(member):
            return constant(member)
    raise TransformError(
        f"super().{name} is not followed", "Read the attribute of the object itself.", calls.sweep.origin
    )


def _member_of_class(calls: Calls, ref: Ref, source: Binding, kind: type, name: str) -> Binding | None:
    """A property or a method of a user's class as an attribute of an object; None for what is neither."""
    member = inspect.getattr_static(kind, name, None)
    if isinstance(member, property) and isinstance(member.fget, types.FunctionType):
        return calls.call_object(Ref(member.fget), [source], {})
    if isinstance(member, types.FunctionType):
        return _bound(calls, ref, source, member, name)
    if isinstance(member, staticmethod):
        return constant(member.__func__)
    if isinstance(member, classmethod):
        return constant(getattr(kind, name))
    return None


@handles(np.shape)
def on_shape(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    """`np.shape(x)` is `x.shape` for an array."""
    if len(arguments) == 1 and isinstance(arguments[0].value, Array):
        return on_getattr(calls, Ref(getattr), [arguments[0], constant("shape")], {})
    return None


def array_attribute(
    calls: Calls, ref: Ref, arguments: list[Binding], dtype: np.dtype, shape: Any, name: str
) -> Binding:
    """An attribute of an array or of a NumPy scalar: its structure, a part or an axis order of it."""
    if name == "ndim" and shape is not None:
        return constant(len(shape))
    if name == "shape" and shape is not None:
        if shape and all(isinstance(size, int) for size in shape):
            return constant((1,) * len(shape))
        if not shape:
            return constant(())
        items = tuple(Literal(1) if isinstance(size, int) else Length(size) for size in shape)
        return calls.emit(ref, arguments, {}, Sequence(tuple, items))
    if name == "shape":
        return calls.emit(ref, arguments, {}, UNKNOWN)
    if name in ("ndim", "size", "nbytes", "itemsize"):
        return calls.emit(ref, arguments, {}, INTEGER)
    if name == "dtype":
        return calls.emit(ref, arguments, {}, Literal(dtype))
    function = registry.method_function(name)
    if callable(getattr(np.ndarray, name, None)):
        return calls.emit(ref, arguments, {}, UNKNOWN)  # a bound method
    if function is not None and callable(function):
        return calls.call_object(Ref(function, registry.function_name(function)), arguments[:1], {})
    if name == "T" and shape is not None:
        return calls.emit(ref, arguments, {}, array_or_number(dtype, tuple(reversed(shape))))
    if name in ("real", "imag"):
        scalar = scalar_result(operator.attrgetter(name), (Number(dtype),))
        if isinstance(scalar, Number):
            return calls.emit(ref, arguments, {}, array_or_number(scalar.dtype, shape))
    return calls.emit(ref, arguments, {}, UNKNOWN)


def record_attribute(calls: Calls, ref: Ref, source: Binding, value: Record, name: str) -> Binding:
    """An attribute of an object whose attributes are known."""
    member = inspect.getattr_static(value.kind, name, None)
    is_computed = isinstance(member, property) and isinstance(member.fget, types.FunctionType)
    if name in value.names and not is_computed:
        return _held_attribute(calls, ref, source, value, name)
    found = _member_of_class(calls, ref, source, value.kind, name)
    if found is not None:
        return found
    if member is not None and is_constant(member):
        return constant(member)
    is_made = isinstance(source.region, tuple) and source.region[:1] == ("made",)
    is_passed = not dataclasses.is_dataclass(value.kind)
    is_local = (is_made or is_passed) and not calls.sweep.all_mutable and not hasattr(value.kind, "__getattr__")
    # what an object made here will hold is what is assigned to it: nothing yet, in the first rounds
    return calls.emit(ref, [source, constant(name)], {}, NEVER if is_local and member is None else UNKNOWN)


def _held_attribute(calls: Calls, ref: Ref, source: Binding, value: Record, name: str) -> Binding:
    """What an object holds under this name."""
    place = value.names.index(name)
    if source.parts is not None and not calls.sweep.is_mutated(source.region):
        return source.parts[place]
    found = value.items[place]
    region = calls.sweep.linked(source, name) if may_hold_mutable(found) else None
    if region is None:
        return calls.emit(ref, [source, constant(name)], {}, found, region=calls.sweep.inner_region(source, found))
    found = calls.sweep.settled(found, region)
    read = calls.emit(ref, [source, constant(name)], {}, found, region=region)
    if isinstance(read.atom, Var):
        calls.sweep.wholes[read.atom.name] = region
    return read


def known_attribute(calls: Calls, ref: Ref, arguments: list[Binding], owner: Any, name: str) -> Binding:
    """An attribute of a known object: code is bound now, data is read when the program runs."""
    missing = object()
    found = inspect.getattr_static(owner, name, missing)
    if found is missing and isinstance(owner, types.ModuleType):
        found = getattr(owner, name, missing)
    if isinstance(owner, types.ModuleType) and found is not missing:
        if _is_code(found):
            return Binding(Ref(found, f"{owner.__name__}.{name}"), value_of_object(found))
        if owner in (np, math):
            return calls.emit(ref, arguments, {}, as_number(value_of_object(found)))
    elif isinstance(owner, np.ufunc) and hasattr(owner, name):
        real = getattr(owner, name)
        if callable(real):
            return Binding(Ref(real, f"np.{owner.__name__}.{name}"), Known(real))
    elif found is not missing and isinstance(owner, type):
        real = getattr(owner, name)
        if _is_code(real) or isinstance(real, (types.WrapperDescriptorType, types.MethodType)):
            return constant(real)
    elif found is not missing and not isinstance(owner, (types.CellType,)):
        if isinstance(found, types.FunctionType) and name not in getattr(owner, "__dict__", {}):
            return constant(getattr(owner, name))
    if isinstance(owner, dataclasses.Field) and found is not missing:
        return constant(getattr(owner, name))
    reader = calls.sweep.session.reader
    look = getattr(reader, "data", None)
    if look is not None:
        value = look(owner, name)
        if value is not None:
            region = ("data", id(owner), name) if holds_mutable(value) else None
            value = calls.sweep.settled(value, region)
            return calls.emit(ref, arguments, {}, value, region=region)
    return calls.emit(ref, arguments, {}, UNKNOWN)


@handles(setattr)
def on_setattr(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    target, name, item = arguments
    if name.value in (Literal("__class__"), Literal("__dict__")):
        raise TransformError(
            f"the {name.value.value} of an object is assigned",  # type: ignore[union-attr]
            "Make another object.",
            calls.sweep.origin,
        )
    if isinstance(target.value, Known) and isinstance(target.value.object, core.Function):
        raise TransformError(
            "something is assigned to an attribute of a function that is defined inside a function",
            "Keep it in a variable, which an inner function changes after `nonlocal`.",
            calls.sweep.origin,
        )
    if isinstance(target.value, Known) and isinstance(target.value.object, type):
        if target.value.object in local_classes:
            raise TransformError(
                "something is assigned to an attribute of a class that is defined inside a function",
                "Define the class at module level.",
                calls.sweep.origin,
            )
    if isinstance(target.value, (Record, Instance)) and isinstance(name.value, Literal):
        member = inspect.getattr_static(target.value.kind, name.value.value, None)
        if isinstance(member, property) and isinstance(member.fset, types.FunctionType):
            return calls.call_object(Ref(member.fset), [target, item], {})
    if isinstance(target.value, Array) and isinstance(name.value, Literal) and name.value.value in ("real", "imag"):
        function = np.real if name.value.value == "real" else np.imag
        with calls.aside():
            part = calls.call_object(Ref(function, f"np.{function.__name__}"), [target], {})
        return calls.call_object(Ref(operator.setitem), [part, constant(Ellipsis), item], {})
    if isinstance(target.value, Array) and name.value == Literal("flat"):
        with calls.aside():
            whole = calls.call_object(Ref(library.Flat), [target], {})
        return calls.call_object(Ref(library.Flat.assign), [whole, item], {})
    is_named = isinstance(target.value, Record) and isinstance(name.value, Literal)
    if not (is_named and calls.sweep.link(target, name.value.value, item)):  # type: ignore[union-attr]
        calls.sweep.escape_parts(item)
    if isinstance(target.value, Record) and isinstance(name.value, Literal):
        calls.sweep.assign_attribute(target, name.value.value, item.value)
    elif target.region is not None:
        calls.sweep.assign_inside(target.region)
    else:
        calls.sweep.mutate(target, None)
    return calls.emit(ref, arguments, {}, UNKNOWN)


@handles(delattr)
def on_delattr(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    """`del thing.name`"""
    target, name = arguments
    kind = python_type(target.value)
    if isinstance(name.value, Literal) and kind is not None:
        if _is_field(kind, name.value.value) or isinstance(target.value, Known) or _is_in_class(kind, name.value.value):
            raise TransformError(
                f"the attribute {name.value.value!r} of a {kind.__name__} is deleted, and that is not followed",
                "Assign None to it.",
                calls.sweep.origin,
            )
    if target.region is None:
        calls.sweep.mutate(target, None)
    elif not (isinstance(target.value, Record) and isinstance(name.value, Literal)):
        calls.sweep.assign_inside(target.region)  # what else it holds stays
    return calls.emit(ref, arguments, {}, UNKNOWN)


def has_attribute(calls: Calls, value: Value, name: str) -> bool | None:
    """Whether an object has an attribute; None where that depends on what the program has assigned before."""
    if isinstance(value, Record):
        return True if _is_field(value.kind, name) or _is_in_class(value.kind, name) else None
    if isinstance(value, Known):
        return _has_known(calls, value.object, name)
    kind = python_type(value)
    if kind is None or kind is type(None):
        return None if kind is None else hasattr(None, name)
    if isinstance(value, (Instance, Record)) and kind.__module__ != "builtins":
        return True if _is_in_class(kind, name) else None
    return hasattr(kind, name)


def _has_known(calls: Calls, thing: Any, name: str) -> bool | None:
    """Whether a known object has an attribute; what the program may give it or take away is asked when it runs."""
    if isinstance(thing, type) and hasattr(thing, name) or _is_in_class(type(thing), name):
        return True
    if isinstance(thing, types.ModuleType) or hasattr(type(thing), name) or hasattr(type(thing), "__getattr__"):
        return None
    if not hasattr(thing, "__dict__") or getattr(thing, "__module__", "") in ("builtins", "numpy"):
        return hasattr(thing, name)
    reader = calls.sweep.session.reader
    if reader is None or isinstance(thing, type):
        return None
    if reader.lacks(thing, name):
        return False
    return True if reader.data(thing, name) is not None else None


def _is_in_class(kind: type, name: str) -> bool:
    """Whether all objects of a class have an attribute; a slot may be empty."""
    return hasattr(kind, name) and not isinstance(inspect.getattr_static(kind, name), types.MemberDescriptorType)


def _is_field(kind: type, name: str) -> bool:
    return dataclasses.is_dataclass(kind) and any(field.name == name for field in dataclasses.fields(kind))


@handles(hasattr)
def on_hasattr(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    name = arguments[1].value
    known = has_attribute(calls, arguments[0].value, name.value) if isinstance(name, Literal) else None
    return constant(known) if known is not None else calls.emit(ref, arguments, {}, BOOLEAN)


def _is_code(thing: Any) -> bool:
    return isinstance(
        thing,
        (
            types.FunctionType,
            types.BuiltinFunctionType,
            types.MethodDescriptorType,
            types.ModuleType,
            type,
            np.ufunc,
            functools.partial,
        ),
    ) or (callable(thing) and is_numpy(thing))
