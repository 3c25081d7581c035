"""Calls of primitives: what is known of the result, what can be worked out now, what `simplify` facets make of them."""

from __future__ import annotations

import functools
import inspect
import operator
import types
from typing import TYPE_CHECKING, Any

import numpy as np

from transforms import core, library, operations, registry, runtime
from transforms.analyses.regions import TAKERS
from transforms.core import Const, Ref, Var
from transforms.inference import (
    ANY_SIZE,
    array_or_number,
    as_number,
    elementwise,
    is_constant,
    item_value,
    join,
    joined_sequences,
    repeated_sequence,
    scalar_result,
    shape_of,
    shorter_length,
)
from transforms.rules.typed import surely_equal
from transforms.specialise.binding import Binding, constant, holds_mutable, may_hold_mutable
from transforms.specialise.calls.containers import tuple_of
from transforms.specialise.calls.facts import (
    COMPARED,
    FOLDABLE,
    MATH,
    OPERATORS,
    SCALAR_BUILTINS,
    Keywords,
    handles,
    is_numpy,
)
from transforms.values import (
    BOOLEAN,
    NEVER,
    UNKNOWN,
    Array,
    Instance,
    Known,
    Length,
    Literal,
    Many,
    Never,
    Number,
    Sequence,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from transforms.specialise.calls.dispatch import Calls


class Site:
    """A call that a `simplify` facet looks at.  Arguments are named as in the primitive's signature."""

    def __init__(self, calls: Calls, bound: dict[str, Any], result: Value) -> None:
        self._calls = calls
        self._bound = bound
        self.result = result

    def binding(self, name: str) -> Binding:
        found = self._bound[name]
        return found if isinstance(found, Binding) else constant(found)

    def has(self, name: str) -> bool:
        """Whether the primitive has an argument of this name."""
        return name in self._bound

    def atom(self, name: str) -> core.Atom:
        """The operand given for an argument, or its default."""
        return self._calls.sweep.atom(self.binding(name))

    def atoms(self, name: str) -> tuple[core.Atom, ...]:
        """The operands of a star argument."""
        return tuple(map(self._calls.sweep.atom, self._bound.get(name, ())))

    def value(self, name: str) -> Value:
        """What is known of an argument."""
        found = self._bound[name]
        if isinstance(found, tuple) and found and isinstance(found[0], Binding):
            return Sequence(tuple, tuple(item.value for item in found))
        return self.binding(name).value

    def value_of(self, atom: core.Atom) -> Value:
        """What is known of any atom of the new program."""
        return self._calls.known(atom).value

    def call(self, function: Any, *arguments: Any, **keywords: Any) -> core.Atom:
        """Emit a call before this one; arguments are atoms or constants."""
        make = self._calls.known
        binding = self._calls.apply(
            constant(function) if not isinstance(function, (Var, Const, Ref)) else make(function),
            [make(item) for item in arguments],
            {key: make(item) for key, item in keywords.items()},
            None,
            True,
        )
        return self._calls.sweep.atom(binding)


def call_primitive(
    calls: Calls, ref: Ref, entry: registry.Primitive | None, arguments: list[Binding], keywords: Keywords
) -> Binding:
    """A call of a function that is not looked into."""
    thing = ref.value
    if isinstance(thing, np.ufunc) or is_numpy(thing):
        if thing in (np.array, np.asarray) and arguments and is_flat(arguments[0]):
            return as_array(calls, arguments[0], np.ravel)  # NumPy makes no copy of it
        arguments = [as_array(calls, item, np.ndarray.flatten) if is_flat(item) else item for item in arguments]
    arguments, keywords = _in_own_order(thing, entry, arguments, keywords)
    rewritten = with_out(calls, ref, arguments, keywords)
    if rewritten is not None:
        return rewritten
    folded = fold(thing, arguments, keywords)
    if folded is not None:
        return folded
    if thing is operations.method or thing is operations.apply or not is_quiet(thing, entry):
        for item in (*arguments, *keywords.values()):
            calls.sweep.escape(item)
    value = infer(thing, entry, arguments, keywords)
    if thing in TAKERS and (isinstance(value, Unknown) or holds_mutable(value)):
        for item in arguments:  # which of the items it is, is not known
            calls.sweep.escape_parts(item)
    if isinstance(value, Literal) and is_constant(value.value):
        return constant(value.value)
    if entry is not None:
        if entry.mutates:
            note_mutation(calls, entry, arguments, keywords)
        if entry.simplify is not None:
            simple = simplified(calls, entry, arguments, keywords, value)
            if simple is not None:
                return simple
    held = [item for item in (*arguments, *keywords.values()) if holds_mutable(item.value)]
    if held and may_hold_mutable(value) and (entry is None or entry.views):  # it may be one of them, or of their items
        region = calls.new_region()
        calls.sweep.nest(region, held)
        return calls.emit(ref, arguments, keywords, value, region=region)
    return calls.emit(ref, arguments, keywords, value)


def is_flat(item: Binding) -> bool:
    """Whether an operand is the `flat` of an array."""
    return getattr(item.value, "kind", None) is library.Flat


def as_array(calls: Calls, item: Binding, function: Any) -> Binding:
    """The array that NumPy makes of the `flat` of another."""
    array = calls.call_object(Ref(getattr), [item, constant("array")], {})
    return calls.call_object(Ref(function), [array], {})


def is_quiet(thing: Any, entry: registry.Primitive | None) -> bool:
    """Whether a function does not change containers but for those that its entry names."""
    if entry is not None:
        return True
    if isinstance(thing, np.ufunc) or is_numpy(thing):
        return True
    module = getattr(thing, "__module__", None)
    if thing in (map, filter, functools.reduce, next):  # they call what they are given
        return False
    if module in ("builtins", "math", "_operator", "operator", "cmath", "time", "_functools", "collections"):
        return thing not in (setattr, delattr)
    return registry.is_helper(thing) or registry.only_reports(thing)


def note_mutation(calls: Calls, entry: registry.Primitive, arguments: list[Binding], keywords: Keywords) -> None:
    bound = bind_primitive(entry, arguments, keywords)
    if bound is None:  # a call in a form that the rules do not know, as `d.update(k=v)`
        for given in (*arguments, *keywords.values()):
            if may_hold_mutable(given.value):
                calls.sweep.mutate(given, None)
        return
    for name in entry.mutates:
        found = bound.get(name)
        if isinstance(found, Binding) and may_hold_mutable(found.value):
            item: Value | None = NEVER
            for stored in entry.stores:
                other = bound.get(stored)
                if isinstance(other, Binding):
                    value = item_value(other.value) if entry.spreads else other.value
                    item = join(item, value, ANY_SIZE) if item is not None and value != UNKNOWN else None
                    calls.sweep.escape_parts(other)
            calls.sweep.mutate(found, item)


def bind_primitive(entry: registry.Primitive, arguments: list[Binding], keywords: Keywords) -> dict[str, Any] | None:
    try:
        return entry.bind_all(arguments, keywords)
    except TypeError:
        return None


def simplified(
    calls: Calls, entry: registry.Primitive, arguments: list[Binding], keywords: Keywords, value: Value
) -> Binding | None:
    """What the entry's `simplify` facet makes of a call."""
    bound = bind_primitive(entry, arguments, keywords)
    if bound is None or entry.simplify is None:
        return None
    known = {}
    for item in (*arguments, *keywords.values()):
        if isinstance(item.atom, Var):
            known[item.atom.name] = item
    outer, calls.by_name = calls.by_name, known
    mark = len(calls.sweep.out)
    try:
        with calls.aside():
            atom = entry.simplify(Site(calls, bound, value))
    except (TypeError, ValueError, IndexError, KeyError, AttributeError):
        del calls.sweep.out[mark:]
        return None
    finally:
        calls.by_name = outer
    if atom is None:
        del calls.sweep.out[mark:]
        return None
    return known[atom.name] if isinstance(atom, Var) and atom.name in known else calls.known(atom)


def fold(thing: Any, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    """The result of a pure function of constants, worked out now."""
    if id(thing) not in FOLDABLE or not arguments:
        return None
    values = []
    for item in arguments:
        if not isinstance(item.value, Literal):
            return None
        values.append(item.value.value)
    named = {}
    for key, item in keywords.items():
        if not isinstance(item.value, Literal):
            return None
        named[key] = item.value.value
    if thing in (operator.pow, operator.mul, operator.lshift, pow) and not is_small(values):
        return None
    try:
        result = thing(*values, **named)
    except Exception:  # it will be raised at run time
        return None
    if not is_constant(result) or not is_small((result,)):
        return None
    return constant(result)


_SPECIAL = {
    f"__{name}__": getattr(operator, name)
    for name in "setitem getitem delitem contains iadd isub imul itruediv imatmul ior iand neg pos invert".split()
}


def same_function(thing: Any) -> Any:
    """The operator that a special method of a builtin class is: `list.__setitem__`; None where there is none."""
    if registry.lookup(thing) is not None:
        return None
    owner, name = thing.__objclass__, thing.__name__
    return _SPECIAL.get(name) if owner in (np.ndarray, list, dict) else None


def _is_of_numpy(thing: Any) -> bool:
    """Whether `out` means to a function what it means to NumPy's."""
    if isinstance(thing, types.MethodDescriptorType):
        return thing.__objclass__ is np.ndarray
    owner = getattr(thing, "__self__", None)  # `np.add.reduce`
    return isinstance(thing, np.ufunc) or isinstance(owner, np.ufunc) or is_numpy(thing)


def with_out(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    """`f(x, out=a, where=m)` as `r = f(np.where(m, x, 0.5))`, `np.copyto(a, r, casting="same_kind", where=m)`."""
    thing = ref.value
    is_ufunc = isinstance(thing, np.ufunc)
    given, rest = keywords.get("out"), arguments
    if is_ufunc and len(arguments) > thing.nin:
        given, rest = arguments[thing.nin], arguments[: thing.nin]
        if thing.nout != 1:
            given = tuple_of(arguments[thing.nin :] + [constant(None)] * (thing.nin + thing.nout - len(arguments)))
    place = None if is_ufunc or given is not None else registry.place_of_out(thing)
    if place is not None and len(arguments) > place:
        given, rest = arguments[place], arguments[:place]
        later = [name for name, _ in _positions_by_name(thing)][place + 1 :]
        keywords = {**dict(zip(later, arguments[place + 1 :])), **keywords}
    if given is None or not (place is not None or _is_of_numpy(thing)) or thing is np.copyto:
        return None
    named = {key: item for key, item in keywords.items() if key != "out"}
    if isinstance(given.value, Literal) and given.value.value is None:
        return calls.call_object(ref, rest, named)
    count = thing.nout if isinstance(thing, np.ufunc) else 1
    items: tuple[Binding, ...] = (given,)
    if isinstance(given.value, (Sequence, Literal)):
        parts = calls.sweep.parts(given)
        if parts is None or len(parts) != count:
            return None
        items = tuple(parts)
    mask = named.pop("where", None) if is_ufunc else None
    casting = named.pop("casting", None) if is_ufunc else None
    more = {"casting": casting or constant("same_kind")}
    with calls.aside():
        if mask is not None:
            rest = [only_where(calls, thing, mask, item) for item in rest]
        result = calls.call_object(ref, rest, named)
    results = [result]
    if count > 1:
        results = [calls.result_of(operator.getitem, result, constant(place)) for place in range(count)]
    if mask is not None:
        more["where"] = mask
    for place, item in enumerate(items):
        if item.value == Literal(None):
            continue
        with calls.aside(is_bound=False):
            if registry.is_strict_about_out(thing) and not surely_fits(thing, item.value, results[place].value):
                name = constant(registry.function_name(thing))
                calls.call_object(Ref(runtime.check_out), [name, item, results[place]], {})
            calls.call_object(Ref(np.copyto, "np.copyto"), [item, results[place]], more)
        results[place] = item
    return results[0] if count == 1 else tuple_of(results)


def surely_fits(function: Any, place: Value, result: Value) -> bool:
    """Whether the array given as `out` is known to be one that the function takes."""
    if not isinstance(place, Array) or not isinstance(result, (Array, Number)) or function in (np.dot, np.ndarray.dot):
        return False
    shape = () if isinstance(result, Number) else result.shape
    if place.dtype != result.dtype or place.shape is None or shape is None or len(place.shape) != len(shape):
        return False
    return all(map(surely_equal, place.shape, shape))


def only_where(calls: Calls, function: Any, mask: Binding, item: Binding) -> Binding:
    """An operand of a function that is not computed everywhere: where it is not, nothing can be out of its range."""
    dtype = getattr(as_number(item.value), "dtype", None)
    if isinstance(mask.value, Literal) or dtype is not None and dtype.kind == "b":
        return item
    inside = 0.5 if dtype is not None and dtype.kind in "fc" else 1
    inside = 2 if function is np.arccosh else inside
    return calls.call_object(Ref(np.where, "np.where"), [mask, item, constant(inside)], {})


def infer(thing: Any, entry: registry.Primitive | None, arguments: list[Binding], keywords: Keywords) -> Value:
    """What is known of the result of a primitive."""
    values = [item.value for item in arguments]
    if any(map(holds_never, values)):
        return NEVER
    named = {key: item.value for key, item in keywords.items()}
    if entry is not None and entry.result is not None:
        try:
            found = entry.result(*values, **named)
        except Exception:  # a facet that does not know this form of the call
            found = None
        if found is not None:
            return found
    try:
        return infer_generally(thing, entry, values, named)
    except Exception:
        return UNKNOWN


def holds_never(value: Value) -> bool:
    """Whether a value, or an item of a tuple or list with known items, is not there yet."""
    return isinstance(value, Never) or (isinstance(value, Sequence) and any(map(holds_never, value.items)))


def infer_generally(
    thing: Any, entry: registry.Primitive | None, values: list[Value], named: dict[str, Value]
) -> Value:
    if isinstance(thing, np.ufunc) and thing.signature is None:
        dtype = named.pop("dtype", None)
        if named or dtype is not None or len(values) != thing.nin:
            return UNKNOWN
        return elementwise(thing, *values)
    if id(thing) in OPERATORS:
        return infer_operator(thing, values)
    if id(thing) in MATH or id(thing) in SCALAR_BUILTINS:
        if named or any(isinstance(value, Array) for value in values):
            return elementwise(thing, *values) if thing is abs and not named else UNKNOWN
        return scalar_result(thing, values)
    if entry is not None and entry.is_elementwise and not named:
        return elementwise(thing, *values)
    return UNKNOWN


def infer_operator(thing: Any, values: list[Value]) -> Value:
    if thing is operator.sub and isinstance(values[0], Length):
        count = values[1].value if isinstance(values[1], Literal) else None
        if type(count) is int and count > 0:
            return shorter_length(values[0], count)
    known = [isinstance(as_number(value), (Number, Array)) for value in values]
    if all(known):
        return elementwise(thing, *values)
    kinds = [value.kind if isinstance(value, (Sequence, Many, Instance)) else None for value in map(as_number, values)]
    if len(values) == 2 and kinds[0] is kinds[1] and kinds[0] in (list, tuple, str):
        if id(thing) in COMPARED:
            return BOOLEAN
        if thing is operator.add:
            return joined_sequences(values[0], values[1])
    if id(thing) in COMPARED and not any(_may_overload(value) for value in values):
        return BOOLEAN
    if thing is operator.mod and kinds[0] is str:
        return Instance(str)
    if thing is operator.mul and kinds[0] in (list, tuple) and known[1]:
        return repeated_sequence(values[0], values[1])
    return UNKNOWN


def primitive_of_value(calls: Calls, ref: Ref, arguments: list[Binding], value: Value) -> Binding:
    entry = registry.lookup(ref.value)
    if entry is not None and entry.simplify is not None:
        simple = simplified(calls, entry, arguments, {}, value)
        if simple is not None:
            return simple
    return calls.emit(ref, arguments, {}, value)


@handles(np.float16, np.float32, np.float64, np.complex64, np.complex128, np.int32, np.int64, np.bool_)
def on_scalar_type(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    """`np.float64(x)` and the like."""
    shape = shape_of(arguments[0].value) if len(arguments) == 1 and not keywords else None
    if shape is None:
        return None
    return primitive_of_value(calls, ref, arguments, array_or_number(np.dtype(ref.value), shape))


def is_small(values: Any) -> bool:
    for value in values:
        if isinstance(value, int) and value.bit_length() > 128:
            return False
        if isinstance(value, (str, bytes, tuple)) and len(value) > 1000:
            return False
    return True


def _in_own_order(
    thing: Any, entry: registry.Primitive | None, arguments: list[Binding], keywords: Keywords
) -> tuple[list[Binding], Keywords]:
    """The operands of a NumPy function, with names where the rule's parameters leave some of NumPy's own out."""
    if entry is None or entry.signature is None:
        return arguments, keywords
    names = _positions_by_name(thing)
    if not names:
        return arguments, keywords
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    known = [name for name, parameter in entry.signature.parameters.items() if parameter.kind in kinds]
    while len(arguments) < len(known) and known[len(arguments)] in keywords and known[len(arguments)] in entry.wrt:
        name = known[len(arguments)]  # `np.sum(a=x)`: what is computed with comes by position from here on
        arguments, keywords = [*arguments, keywords[name]], {key: keywords[key] for key in keywords if key != name}
    for place, (name, _) in enumerate(names[: len(arguments)]):
        own = known[place] if place < len(known) else None
        if own == name or own is not None and name not in known and own not in dict(names):
            continue  # the same parameter, perhaps by another name
        rest = dict(zip((other for other, _ in names[place:]), arguments[place:]))
        defaults = dict(names)
        named = {
            key: item
            for key, item in rest.items()
            if key in known or not (isinstance(item.value, Literal) and item.value.value is defaults[key])
        }
        return arguments[:place], {**named, **keywords}
    return arguments, keywords


@functools.cache
def _positions_by_name(thing: Any) -> tuple[tuple[str, Any], ...]:
    """(name, default) of the positional parameters of a NumPy function; none where they are not known."""
    if isinstance(thing, np.ufunc) or not is_numpy(thing) or isinstance(thing, type):
        return ()
    try:
        parameters = inspect.signature(thing).parameters.values()
    except (TypeError, ValueError):
        return ()
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    if any(parameter.kind is inspect.Parameter.VAR_POSITIONAL for parameter in parameters):
        return ()
    return tuple((parameter.name, parameter.default) for parameter in parameters if parameter.kind in kinds)


def _may_overload(value: Value) -> bool:
    """Whether a comparison with the value may give something else than a bool."""
    return not isinstance(value, (Number, Length, Literal, Known)) and not (
        isinstance(value, Instance) and value.kind in (str, bytes, int, float, range)
    )
