"""Calls of transforms inside a program: `grad(f)`, `vjp(f, x)` and `jvp(f, (x,), (t,))`, and of what they return."""

from __future__ import annotations

import functools
import operator
from typing import TYPE_CHECKING

from transforms import operations, runtime
from transforms.core import Ref
from transforms.specialise.binding import Binding, constant
from transforms.specialise.calls.closures import unboxed, unpack_partial
from transforms.specialise.calls.containers import parts_of, tuple_of
from transforms.specialise.calls.facts import Keywords
from transforms.specialise.calls.primitives import call_primitive
from transforms.specialise.calls.users import call_user
from transforms.values import Array, Known, Literal, Many, Mapping, Number, Partial, Sequence

if TYPE_CHECKING:
    from transforms.specialise.calls.dispatch import Calls


def call_transformed(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding:
    """A call of a function that is itself the result of a transform."""
    if not keywords:
        program = ref.value.core_for(tuple(item.value for item in arguments))
        if program is not None:
            return call_user(calls, ref, program, arguments, keywords)
    return call_primitive(calls, ref, None, arguments, keywords)


def make_transformed(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding:
    """`grad(f)` in a program: the new function is made now; what `f` has captured stays its leading arguments."""
    (function, before), options = _with_captured(calls, arguments[0]), arguments[1:]
    settings = (*options, *keywords.values())
    if not isinstance(function.value, Known) or not all(isinstance(item.value, Literal) for item in settings):
        return call_primitive(calls, ref, None, arguments, keywords)
    made = ref.value.transform_of(
        function.value.object,
        len(before),
        *(item.value.value for item in options),  # type: ignore[union-attr]
        **{key: item.value.value for key, item in keywords.items()},  # type: ignore[union-attr]
    )
    if not before:
        return constant(made)
    return calls.call_object(Ref(functools.partial), [constant(made), *before], {})


def _with_captured(calls: Calls, function: Binding) -> tuple[Binding, list[Binding]]:
    """A function, and what it has captured."""
    function = unboxed(calls, function)
    if isinstance(function.value, Partial):
        unpacked = unpack_partial(calls, function, function.value)
        if unpacked is not None and not unpacked[2]:
            return unpacked[0], unpacked[1]
    return function, []


def make_pullback(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding:
    """`vjp(f, *primals)` in a program: the value of the call, and the function from a cotangent to the gradients by
    what the arguments are now, with what `f` has captured as it is now."""
    (function, before), primals = _with_captured(calls, arguments[0]), arguments[1:]
    has_aux = keywords.get("has_aux", constant(False)).value
    if not isinstance(function.value, Known) or not isinstance(has_aux, Literal) or not set(keywords) <= {"has_aux"}:
        return call_primitive(calls, ref, None, arguments, keywords)
    made = ref.value.pullback_of(function.value.object, len(before), len(primals), bool(has_aux.value))
    with calls.aside():
        kept = [copy_of(calls, item) for item in (*before, *primals)]
        output = calls.apply(function, [*before, *primals], {}, None, True)
        pullback = calls.call_object(Ref(functools.partial), [constant(made), *kept], {})
        if not has_aux.value:
            return tuple_of([output, pullback])
        parts = [calls.call_object(Ref(operator.getitem), [output, constant(place)], {}) for place in (0, 1)]
    return tuple_of([parts[0], pullback, parts[1]])


def make_tangent(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding:
    """`jvp(f, primals, tangents)` in a program: a call of the program of the value and the tangent; what `f` has
    captured does not move."""
    has_aux = keywords.get("has_aux", constant(False)).value
    if len(arguments) != 3 or not isinstance(has_aux, Literal) or not set(keywords) <= {"has_aux"}:
        return call_primitive(calls, ref, None, arguments, keywords)
    function, before = _with_captured(calls, arguments[0])
    primals, tangents = (parts_of(calls, given) for given in arguments[1:])
    if not isinstance(function.value, Known) or primals is None or tangents is None or len(primals) != len(tangents):
        return call_primitive(calls, ref, None, arguments, keywords)
    made = ref.value.tangent_of(function.value.object, len(before), len(primals))
    program = made.core_for(tuple(item.value for item in (*before, *primals)))
    with calls.aside():
        directions = [
            calls.call_object(Ref(runtime.fitted), [copy_of(calls, tangent), primal], {})
            for tangent, primal in zip(tangents, primals)
        ]
        both = call_user(calls, ref, program, [*before, *primals, *directions], {})
        if not has_aux.value:
            return both
        value, tangent = (calls.call_object(Ref(operator.getitem), [both, constant(place)], {}) for place in (0, 1))
        parts = [calls.call_object(Ref(operator.getitem), [value, constant(place)], {}) for place in (0, 1)]
        moved = calls.call_object(Ref(operator.getitem), [tangent, constant(0)], {})
    return tuple_of([parts[0], moved, parts[1]])


def copy_of(calls: Calls, binding: Binding) -> Binding:
    """The operand in memory of its own."""
    value = binding.value
    if isinstance(value, (Number, Literal)):
        return binding
    if isinstance(value, Sequence) and value.kind in (tuple, list):
        parts = parts_of(calls, binding)
        if parts is not None:
            made = operations.make_tuple if value.kind is tuple else operations.make_list
            return calls.call_object(Ref(made), [copy_of(calls, part) for part in parts], {})
    is_plain = isinstance(value, (Array, Sequence, Many, Mapping))
    return calls.call_object(Ref(runtime.snapshot if is_plain else runtime.snapshot_object), [binding], {})
