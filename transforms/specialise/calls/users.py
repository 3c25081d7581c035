"""Functions with source: calls of them become calls of their instances for what is known of the arguments.

Partials and closures are taken apart; methods bound to an object, and functions that a transform made, are such calls.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import operator
import types
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

import numpy as np

from transforms import core, operations, registry, runtime
from transforms.core import Const, Ref, Var
from transforms.errors import UnsupportedSyntax
from transforms.inference import ANY_SIZE, FRESH, map_sizes, value_of_object
from transforms.specialise import generators
from transforms.specialise.binding import Binding, constant, holds_mutable
from transforms.specialise.calls.closures import boxed, unpack_partial
from transforms.specialise.calls.containers import dict_of, parts_of, tuple_of
from transforms.specialise.calls.facts import Keywords, handles, python_type
from transforms.specialise.calls.primitives import call_primitive
from transforms.specialise.session import Origin, canonical_sizes, is_closure, leaves
from transforms.values import (
    UNKNOWN,
    Known,
    Mapping,
    Partial,
    Sequence,
    Size,
    Value,
    may_be_differentiable,
)

if TYPE_CHECKING:
    from transforms.specialise.calls.dispatch import Calls


def call_user(calls: Calls, ref: Ref, program: core.Function, arguments: list[Binding], keywords: Keywords) -> Binding:
    """A call of a function with source: of its instance for these values."""
    bound = bind_parameters(calls, program, arguments, keywords)
    if bound is None:
        return misfit(calls, ref, program, arguments, keywords)
    if generators.is_generator(program):
        return generators.suspend(calls.sweep, program, bound, (ref, arguments, keywords))
    if any(isinstance(item, generators.Suspended) for item in bound):
        inlined = generators.inlined(calls.sweep, program, bound)
        if inlined is not None:
            return inlined
    made = call_bound(calls, program, bound)
    return calls.emit(ref, arguments, keywords, UNKNOWN) if made is None else made


def call_bound(calls: Calls, program: core.Function, bound: list[Binding]) -> Binding | None:
    """A call with one operand for each parameter; None where the function has no instance."""
    values, back = canonical_sizes(tuple(item.value for item in bound))
    if any(is_closure(value) for value in values):
        bound = [leaf for item in bound for leaf in leaf_bindings(calls, item)]
    instance = calls.sweep.session.instance(program, values, caller=calls.sweep.origin)
    for number in sorted(instance.mutated):
        calls.sweep.escape(bound[number])
    for numbers, note in ((instance.assigned, calls.sweep.assign_inside), (instance.filled, calls.sweep.fill_inside)):
        for number in sorted(numbers):
            region = bound[number].region
            if region is None:
                calls.sweep.escape(bound[number])
            else:
                note(region)
    fresh: dict[Hashable, Size] = {}

    def change(size: Size) -> Size:
        if size.key in back:
            return dataclasses.replace(back[size.key])
        if size.key not in fresh:
            fresh[size.key] = Size((FRESH, ANY_SIZE, len(fresh)), size.maybe_one)
        return fresh[size.key]

    for number, attributes in instance.stored.items():
        for name, item in attributes.items():
            given = instance.kept.get((number, name))
            _note_stored(calls, bound, number, name, Binding(None, item) if given is None else bound[given])
            calls.sweep.assign_attribute(bound[number], name, map_sizes(item, change))
    result = map_sizes(instance.result, change)
    if instance.function.body or instance.is_open:
        called = Ref(instance.function, instance.function.name)
        if is_closure(result):
            return closure_of(calls, calls.emit(called, bound, {}, Sequence(tuple, tuple(leaves(result)))), result)
        return _returned(calls, called, bound, result, instance.returned)
    return None


def _note_stored(calls: Calls, bound: list[Binding], number: int, name: str, item: Binding) -> None:
    """Note what a function that is called assigns to an attribute of what it is given."""
    is_followed = calls.sweep.link(bound[number], name, item)
    region = bound[number].region
    if item.atom is None and item.parts is None and region is not None and holds_mutable(item.value):
        calls.sweep.nest(region, [other for place, other in enumerate(bound) if place != number])  # it may hold them
    elif not is_followed:
        calls.sweep.escape_parts(item)


def _returned(calls: Calls, called: Ref, bound: list[Binding], result: Value, origin: Origin) -> Binding:
    """The result of a call: a container that it returns is new, or one that it was given."""
    held = [bound[number] for number in origin] if isinstance(origin, tuple) else []
    if (origin is True or held) and calls.is_bound:
        region = calls.new_region()
        for item in held:
            calls.sweep.keep(Binding(None, result, None, region), item)
        return calls.owned(calls.emit(called, bound, {}, calls.sweep.settled(result, region), region=region))
    for item in held:
        calls.sweep.escape_parts(item)
    given = bound[origin] if isinstance(origin, int) and not isinstance(origin, bool) else None
    if given is None or given.region is None or not calls.sweep.is_whole(given):
        return calls.emit(called, bound, {}, result)
    same = calls.emit(called, bound, {}, calls.sweep.settled(given.value, given.region), region=given.region)
    if isinstance(same.atom, Var):
        calls.sweep.wholes[same.atom.name] = given.region
    return same


def closure_of(calls: Calls, content: Binding, value: Value) -> Binding:
    """The closure that holds the items of a tuple."""
    assert isinstance(content.value, Sequence)
    items = iter([calls.sweep.item(content, index) for index in range(len(content.value.items))])

    def build(part: Value) -> Binding:
        if not is_closure(part):
            return next(items)
        assert isinstance(part, Partial) and isinstance(part.function, Known)
        inner = (*part.arguments, *(item for _, item in part.keywords))
        return Binding(None, part, (constant(part.function.object), *map(build, inner)))

    return build(value)


def leaf_bindings(calls: Calls, binding: Binding) -> list[Binding]:
    """The operands that a closure holds."""
    if not is_closure(binding.value):
        return [binding]
    assert isinstance(binding.value, Partial)
    unpacked = unpack_partial(calls, binding, binding.value)
    assert unpacked is not None
    _, before, named = unpacked
    return [leaf for item in (*before, *named.values()) for leaf in leaf_bindings(calls, item)]


def bind_parameters(
    calls: Calls, program: core.Function, arguments: list[Binding], keywords: Keywords
) -> list[Binding] | None:
    """One operand for each parameter of a program; None where the call does not fit."""
    if program.signature is None:
        if keywords or len(arguments) != len(program.parameters):
            return None
        return arguments
    try:
        bound = program.signature.bind(*arguments, **keywords)
    except TypeError:
        return None
    result = []
    for name, parameter in program.signature.parameters.items():
        if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
            result.append(tuple_of([boxed(calls, item) for item in bound.arguments.get(name, ())]))
        elif parameter.kind is inspect.Parameter.VAR_KEYWORD:
            result.append(dict_of(calls, bound.arguments.get(name, {})))
        elif name in bound.arguments:
            result.append(bound.arguments[name])
        else:
            result.append(default_of(calls, name, parameter.default))
    return result if len(result) == len(program.parameters) else None


def misfit(calls: Calls, ref: Ref, program: core.Function, arguments: list[Binding], keywords: Keywords) -> Binding:
    """A call whose arguments do not fit: Python raises the TypeError, or, of an inner function, code that says so."""
    if not isinstance(ref.value, core.Function):
        return calls.emit(ref, arguments, keywords, UNKNOWN)
    problem = "the arguments do not fit"
    try:
        if program.signature is not None:
            program.signature.bind(*arguments, **keywords)
    except TypeError as error:
        problem = str(error)
    return calls.emit(Ref(runtime.refuse_call), [constant(f"{program.name}(): {problem}")], {}, UNKNOWN)


def default_of(calls: Calls, name: str, default: Any) -> Binding:
    """The operand for a default: one that may change is read when the program runs."""
    if not isinstance(default, (np.ndarray, list, dict, set)):
        return constant(default)
    cell = calls.sweep.session.cell_of(default)
    owner = Binding(Ref(cell, name), value_of_object(cell))
    with calls.aside(name):
        return calls.call_object(Ref(getattr, "getattr"), [owner, constant("cell_contents")], {})


def call_bound_method(
    calls: Calls, ref: Ref, method: types.MethodType, arguments: list[Binding], keywords: Keywords
) -> Binding:
    function = method.__func__
    entry = registry.lookup(function)
    program = calls.sweep.session.read(function) if isinstance(function, types.FunctionType) else None
    if entry is None and program is None:
        return call_primitive(calls, ref, None, arguments, keywords)
    owner = Binding(Ref(method.__self__), value_of_object(method.__self__))
    return calls.call_object(Ref(function), [owner, *arguments], keywords)


_DISPATCHED = functools.singledispatch(lambda x: x).__code__  # type: ignore[attr-defined]


def chosen_function(function: Any, arguments: list[Binding]) -> Any:
    """The function that a wrapper of `functools` calls for these arguments; None for other functions.

    `singledispatch` chooses by the class of the first argument.  A cache is passed by where arguments are numbers or
    arrays that may be differentiated: what it holds has no derivative.
    """
    if isinstance(function, types.FunctionType) and function.__code__ is _DISPATCHED and arguments:
        kind = python_type(arguments[0].value)
        return None if kind is None else function.dispatch(kind)  # type: ignore[attr-defined]
    if isinstance(function, functools._lru_cache_wrapper) and any(may_be_differentiable(a.value) for a in arguments):
        wrapped = function.__wrapped__
        names = wrapped.__code__.co_names + wrapped.__code__.co_freevars if hasattr(wrapped, "__code__") else ()
        return None if getattr(wrapped, "__name__", "") in names else wrapped  # without its cache it may take forever
    return None


def call_manager(
    calls: Calls, ref: Ref, function: types.FunctionType, arguments: list[Binding], keywords: Keywords
) -> Binding | None:
    """A call of what `contextlib.contextmanager` made of a generator function; None where that has no source."""
    program = calls.sweep.session.read(function)
    if program is None or not generators.is_generator(program):
        return None
    bound = bind_parameters(calls, program, arguments, keywords)
    if bound is None:
        return None
    return generators.suspend(calls.sweep, program, bound, (ref, arguments, keywords), is_context=True)


@handles(operations.go_on)
def on_go_on(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    raise UnsupportedSyntax(
        "a loop that is left early, over a generator that cannot become part of it, is not supported",
        "Call the generator function in the header of the loop.",
        calls.sweep.origin,
    )


@handles(functools.partial)
def on_partial(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    if not arguments:
        return None
    function, before = arguments[0], arguments[1:]
    named = dict(keywords)
    if isinstance(function.value, Partial):
        unpacked = unpack_partial(calls, function, function.value)
        if unpacked is None:
            return calls.emit(ref, arguments, keywords, UNKNOWN)
        function, earlier, given = unpacked
        before, named = [*earlier, *before], {**given, **keywords}
    value = Partial(
        function.value, tuple(i.value for i in before), tuple((key, item.value) for key, item in named.items())
    )
    if not isinstance(function.value, Known):
        return calls.emit(ref, arguments, keywords, UNKNOWN)
    return calls.emit(ref, arguments, keywords, value, parts=(function, *before, *named.values()))


@handles(operations.apply)
def on_apply(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    """`f(*arguments, **keywords)` with containers of known structure."""
    function, positional, named = arguments
    parts = parts_of(calls, positional)
    if not isinstance(named.value, Mapping) or calls.sweep.is_mutated(named.region):
        return None
    if not all(isinstance(key, str) for key in named.value.keys):
        return None
    if parts is None:
        return None if named.value.keys else _apply_to_many(calls, function, positional)
    given = {
        str(key): named.parts[place] if named.parts is not None else calls.sweep.read(named, Const(key), item)
        for place, (key, item) in enumerate(zip(named.value.keys, named.value.items))
    }
    return calls.apply(function, list(parts), given, calls.hint, calls.is_bound)


def _apply_to_many(calls: Calls, function: Binding, positional: Binding) -> Binding | None:
    """`f(*arguments)` with an unknown number of arguments, all of which go into a star parameter of `f`, or as many
    of which there have to be as `f` has parameters."""
    from transforms.specialise.calls.iterating import library_function, may_hold_numbers

    thing = function.value.object if isinstance(function.value, Known) else None
    if may_hold_numbers(positional.value):
        thing = library_function(thing) or thing
    count = _fixed_count(thing)
    if count is not None:
        return calls.call_object(Ref(thing), list(_unpacked(calls, positional, count)), {})
    program = calls.sweep.session.read(thing) if isinstance(thing, types.FunctionType) else None
    if program is None or program.signature is None:
        return None
    parameters = list(program.signature.parameters.values())
    if parameters and parameters[0].kind is inspect.Parameter.VAR_POSITIONAL:
        rest = parameters[1:]
        if any(parameter.default is inspect.Parameter.empty for parameter in rest):
            return None
        bound = [calls.result_of(tuple, positional), *(constant(p.default) for p in rest)]
        return call_bound(calls, program, bound)
    if any(p.kind is not p.POSITIONAL_OR_KEYWORD or p.default is not p.empty for p in parameters):
        return None
    return calls.call_object(Ref(thing), list(_unpacked(calls, positional, len(parameters))), {})


def _fixed_count(thing: Any) -> int | None:
    """How many arguments a ufunc or the class of a named tuple takes; None for anything else."""
    if isinstance(thing, np.ufunc):
        return thing.nin
    is_named = isinstance(thing, type) and issubclass(thing, tuple) and hasattr(thing, "_fields")
    is_plain = is_named and thing.__init__ is object.__init__ and not getattr(thing, "_field_defaults", {})
    return len(thing._fields) if is_plain else None


def _unpacked(calls: Calls, positional: Binding, count: int) -> tuple[Binding, ...]:
    """The items of something that has to have this many."""
    items = calls.result_of(operations.unpack, positional, constant(count))
    known = calls.sweep.parts(items) if isinstance(items.value, Sequence) else None
    if known is None:
        known = tuple(calls.result_of(operator.getitem, items, constant(place)) for place in range(count))
    return known
