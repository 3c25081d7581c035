"""Dispatch: which part of this package deals with a call, and how a call is emitted as it is."""

from __future__ import annotations

import contextlib
import functools
import inspect
import operator
import types
from collections.abc import Callable, Hashable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from transforms import core, library, operations, registry
from transforms.core import Call, Const, Ref, Var
from transforms.inference import value_of_object
from transforms.specialise import generators
from transforms.specialise.binding import Binding, constant, holds_mutable
from transforms.specialise.calls.classes import construct
from transforms.specialise.calls.closures import boxed, compared, is_boxed, unboxed, unpack_partial
from transforms.specialise.calls.derivatives import call_transformed, make_pullback, make_tangent, make_transformed
from transforms.specialise.calls.facts import HANDLERS, Keywords, is_numpy, python_type
from transforms.specialise.calls.iterating import call_getter, call_iterating
from transforms.specialise.calls.overloading import call_overloaded
from transforms.specialise.calls.primitives import call_primitive, same_function
from transforms.specialise.calls.users import call_bound_method, call_manager, call_user, chosen_function
from transforms.specialise.calls.views import call_on_view, is_view
from transforms.specialise.session import is_closure
from transforms.values import NEVER, UNKNOWN, Instance, Known, Literal, Never, Partial, Record, Value

if TYPE_CHECKING:
    from transforms.specialise.sweep import Sweep


_KEEPERS = {  # what may hold a value that is not there yet
    id(function)
    for function in (
        operations.make_tuple, operations.make_list, operations.make_dict, operations.Cell, functools.partial,
        operations.method, operator.setitem, setattr, operations.apply,
    )
}  # fmt: skip


_CONTAINING = {  # what puts its arguments into a container or an object
    id(function)
    for function in (
        operations.make_tuple, operations.make_list, operations.make_dict, operations.method, operator.setitem, setattr,
        list.append, list.insert, dict.setdefault,
    )
}  # fmt: skip
_ASKING = {id(f) for f in (operator.is_, operator.is_not, operator.not_, operator.truth, bool)}
_COMPARING = {id(f) for f in (operator.eq, operator.ne, operator.contains)}


def _descriptor(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    """`np.ndarray.dot(a, b)`: a method of a built-in class, named by the class."""
    thing = ref.value
    if not isinstance(thing, (types.WrapperDescriptorType, types.MethodDescriptorType)) or id(thing) in HANDLERS:
        return None
    same = same_function(thing)
    if same is not None:
        return calls.call_object(Ref(same, registry.function_name(same)), arguments, keywords)
    entry = registry.lookup(thing)
    is_known = entry is not None and (entry.adjoint or entry.is_constant or entry.mutates or entry.refusal)
    if thing.__objclass__ is not np.ndarray or not arguments or is_known:
        return None
    return calls.call_object(Ref(operations.method), [arguments[0], constant(thing.__name__), *arguments[1:]], keywords)


def _handled(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    handler = HANDLERS.get(id(ref.value))
    return None if handler is None else handler(calls, ref, arguments, keywords)


def _program(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    """A function in the core language, or one that makes a derivative."""
    thing = ref.value
    if isinstance(thing, core.Function):
        return call_user(calls, ref, thing, arguments, keywords)
    if isinstance(thing, types.FunctionType) and arguments:
        if hasattr(thing, "transform_of"):
            return make_transformed(calls, ref, arguments, keywords)
        if hasattr(thing, "pullback_of"):
            return make_pullback(calls, ref, arguments, keywords)
        if hasattr(thing, "tangent_of"):
            return make_tangent(calls, ref, arguments, keywords)
    return None


def _wrapper(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    """A method with its object, an item getter, a partial call."""
    thing = ref.value
    if isinstance(thing, types.MethodType):
        return call_bound_method(calls, ref, thing, arguments, keywords)
    if isinstance(thing, (operator.itemgetter, operator.attrgetter, operator.methodcaller)):
        return call_getter(calls, thing, arguments)
    if isinstance(thing, functools.partial):
        before = [constant(item) for item in thing.args]
        named = {key: constant(item) for key, item in thing.keywords.items()}
        return calls.apply(
            constant(thing.func), [*before, *arguments], {**named, **keywords}, calls.hint, calls.is_bound
        )
    return None


def _class_or_derivative(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    thing = ref.value
    if isinstance(thing, type):
        return construct(calls, ref, thing, arguments, keywords)
    if hasattr(type(thing), "core_for"):
        return call_transformed(calls, ref, arguments, keywords)
    return None


def _user_function(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    """A function of the user, or an object whose class says how to call it."""
    thing = ref.value
    chosen = chosen_function(thing, arguments)
    if chosen is not None:
        return calls.call_object(Ref(chosen), arguments, keywords)
    managed = generators.manager_of(thing)
    suspended = None if managed is None else call_manager(calls, ref, managed, arguments, keywords)
    if suspended is not None:
        return suspended
    read = calls.sweep.session.read
    if isinstance(thing, types.FunctionType):
        program = None if is_numpy(thing) or registry.is_helper(thing) else read(thing)
        return None if program is None else call_user(calls, ref, program, arguments, keywords)
    if isinstance(thing, (np.ufunc, types.BuiltinFunctionType)) or is_numpy(thing):
        return None
    method = inspect.getattr_static(type(thing), "__call__", None)
    program = read(method) if isinstance(method, types.FunctionType) else None
    if program is None:
        return None
    return call_user(calls, Ref(method), program, [Binding(ref, Known(thing)), *arguments], keywords)


Way = Callable[["Calls", Ref, "list[Binding]", Keywords], "Binding | None"]
_BEFORE_RULES: tuple[Way, ...] = (_descriptor, call_overloaded, call_iterating, _handled, _program)
_WITHOUT_RULES: tuple[Way, ...] = (_wrapper, _class_or_derivative, _user_function)


class Calls:
    """The part of a sweep that deals with calls."""

    def __init__(self, sweep: Sweep) -> None:
        self.sweep = sweep
        self.hint: str | None = None
        self.is_bound = True
        self.by_name: dict[str, Binding] = {}

    def known(self, thing: Any) -> Binding:
        """The operand for an atom of the new program, or for a constant."""
        if isinstance(thing, Binding):
            return thing
        if isinstance(thing, Var):
            return self.by_name.get(thing.name) or Binding(thing, self.sweep.values.get(thing.name, UNKNOWN))
        if isinstance(thing, Const):
            return Binding(thing, Literal(thing.value))
        if isinstance(thing, Ref):
            return Binding(thing, value_of_object(thing.value))
        return constant(thing)

    def apply(
        self, function: Binding, arguments: list[Binding], keywords: Keywords, hint: str | None, is_bound: bool = True
    ) -> Binding:
        """The result of calling an operand."""
        self.hint, self.is_bound = hint, is_bound
        value = function.value
        if isinstance(value, Never):
            return self.emit(self.sweep.atom(function), arguments, keywords, NEVER)
        if is_boxed(value):
            function = unboxed(self, function)
            value = function.value
        if isinstance(value, Partial):
            unpacked = unpack_partial(self, function, value)
            if unpacked is not None:
                inner, before, named = unpacked
                return self.apply(inner, [*before, *arguments], {**named, **keywords}, hint, is_bound)
        if isinstance(value, (Record, Instance)):
            called = inspect.getattr_static(value.kind, "__call__", None)
            if isinstance(called, types.FunctionType):
                return self.call_object(Ref(called), [function, *arguments], keywords)
        if isinstance(value, Literal) and value.value is None:
            return self.call_object(Ref(library.call_none), arguments, keywords)
        if isinstance(value, Known):
            atom = function.atom
            ref = atom if isinstance(atom, Ref) and atom.value is value.object else Ref(value.object)
            return self.call_object(ref, arguments, keywords)
        return self.unknown(function, arguments, keywords)

    def call_object(self, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding:
        """The result of calling an object that is known."""
        thing = ref.value
        if any([item.value.__class__ is Never for item in arguments]) and id(thing) not in _KEEPERS:
            return self.emit(ref, arguments, keywords, NEVER)
        if any([item.value.__class__ is Partial and is_view(item.value) for item in (*arguments, *keywords.values())]):
            return call_on_view(self, ref, arguments, keywords)
        arguments = self._adapted(thing, arguments)
        for way in _BEFORE_RULES:
            done = way(self, ref, arguments, keywords)
            if done is not None:
                return done
        entry = registry.lookup(thing)
        if entry is None and id(thing) not in HANDLERS:
            for way in _WITHOUT_RULES:
                done = way(self, ref, arguments, keywords)
                if done is not None:
                    return done
        return call_primitive(self, ref, entry, arguments, keywords)

    def _adapted(self, thing: object, arguments: list[Binding]) -> list[Binding]:
        """The arguments, with closures in the form in which this function takes them."""
        if id(thing) in _CONTAINING and any([is_closure(item.value) for item in arguments]):
            if thing is not operations.method or issubclass(python_type(arguments[0].value) or object, (list, dict)):
                return [boxed(self, item) for item in arguments]
        elif id(thing) in _ASKING:
            return [unboxed(self, item) for item in arguments]
        elif id(thing) in _COMPARING:
            return [compared(self, item) for item in arguments]
        return arguments

    def emit(
        self, function: core.Atom, arguments: list[Binding], keywords: Keywords, value: Value, **more: Any
    ) -> Binding:
        """Emit a call as it is."""
        atom = self.sweep.atom
        hint, is_bound = self.hint, self.is_bound
        call = Call(
            function, tuple(map(atom, arguments)), tuple([(key, atom(value)) for key, value in keywords.items()])
        )
        if not is_bound:
            self.sweep.effect(call)
            return Binding(Const(None), UNKNOWN)
        return self.sweep.emit(hint, call, value, **more)

    def unknown(self, function: Binding, arguments: list[Binding], keywords: Keywords) -> Binding:
        """A call of something that is not known."""
        if holds_mutable(function.value):
            self.sweep.escape(function)
        for item in (*arguments, *keywords.values()):
            self.sweep.escape(item)
        return self.emit(self.sweep.atom(function), arguments, keywords, UNKNOWN)

    @contextlib.contextmanager
    def aside(self, hint: str | None = None, is_bound: bool = True) -> Iterator[None]:
        """Calls made inside are not the one at hand: they have another target, and perhaps none."""
        outer = self.hint, self.is_bound
        self.hint, self.is_bound = hint, is_bound
        try:
            yield
        finally:
            self.hint, self.is_bound = outer

    def result_of(self, function: Any, *arguments: Binding) -> Binding:
        """The result of a call that is made on the way."""
        with self.aside():
            return self.call_object(Ref(function), list(arguments), {})

    def perform(self, function: Any, *arguments: Binding) -> None:
        """A call that is made on the way for its effect."""
        with self.aside(is_bound=False):
            self.call_object(Ref(function), list(arguments), {})

    def new_region(self) -> tuple[Hashable, ...]:
        """The region of a container that is made at the present place."""
        return ("made", *self.sweep.path)

    def owned(self, binding: Binding) -> Binding:
        """Note that a region was made for this container."""
        if binding.region is not None and isinstance(binding.atom, Var):
            self.sweep.makers[binding.region] = binding.atom.name
        return binding
