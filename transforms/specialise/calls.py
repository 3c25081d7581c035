"""Calls: what is known of their results, and what they become.

In goes a call with operands that are known as far as the sweep knows them; out comes the operand that stands for its
result.  The call is emitted, unless it could be done now: attribute and item access on known structure, tests on types,
arithmetic of constants, methods that stand for functions, calls of user functions (which become calls of instances).
"""

from __future__ import annotations

import builtins
import collections.abc
import dataclasses
import functools
import inspect
import math
import operator
import types
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any

import numpy as np

from transforms import core, operations, registry, runtime
from transforms.core import Assign, Call, Const, Ref, Var
from transforms.inference import (
    ANY_SIZE,
    FRESH,
    array_or_number,
    as_number,
    elementwise,
    is_constant,
    join,
    map_sizes,
    scalar_result,
    shape_of,
    value_of_object,
    value_of_scalar,
)
from transforms.specialise import indexing
from transforms.specialise.binding import Binding, constant, holds_mutable, is_mutable
from transforms.specialise.session import canonical_sizes, is_closure, leaves
from transforms.values import (
    BOOLEAN,
    FLOAT,
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
    Size,
    Value,
)

if TYPE_CHECKING:
    from transforms.specialise.sweep import Sweep

Keywords = dict[str, Binding]

_IN_PLACE = {
    id(getattr(operator, "i" + name)): getattr(operator, full)
    for name, full in (
        ("add", "add"), ("sub", "sub"), ("mul", "mul"), ("truediv", "truediv"), ("floordiv", "floordiv"),
        ("mod", "mod"), ("pow", "pow"), ("matmul", "matmul"), ("and", "and_"), ("or", "or_"), ("xor", "xor"),
        ("lshift", "lshift"), ("rshift", "rshift"),
    )
}  # fmt: skip
_OPERATORS = {
    id(function)
    for function in (
        operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv, operator.mod, operator.pow,
        operator.neg, operator.pos, operator.abs, operator.invert, operator.and_, operator.or_, operator.xor,
        operator.lshift, operator.rshift, operator.lt, operator.le, operator.eq, operator.ne, operator.gt, operator.ge,
    )
}  # fmt: skip
_SCALAR_BUILTINS = {id(f): f for f in (abs, round, divmod, pow)}
_MATH = {id(getattr(math, name)) for name in dir(math) if callable(getattr(math, name)) and name[0] != "_"}
_COMPARED = {id(f) for f in (operator.lt, operator.le, operator.eq, operator.ne, operator.gt, operator.ge)}
_FOLDABLE = (
    _OPERATORS
    | _MATH
    | set(_SCALAR_BUILTINS)
    | {
        id(f)
        for f in (
            operator.contains, operator.getitem, int, float, bool, complex, str, len, min, max, sum, slice, repr,
            operations.make_slice, operations.format_value, operations.join_strings, sorted, ord, chr, tuple,
        )
    }
)  # fmt: skip
_KEEPERS = {  # what may hold a value that is not there yet
    id(function)
    for function in (
        operations.make_tuple, operations.make_list, operations.make_dict, operations.Cell, functools.partial,
        operations.method, operator.setitem, setattr, operations.apply,
    )
}  # fmt: skip
_TYPES: dict[type, Any] = {np.bool_: bool, np.int64: int, np.float64: float, np.complex128: complex}


def python_type(value: Value) -> type | None:
    """The exact class of an object, where it is known."""
    match value:
        case Number():
            return _TYPES.get(value.dtype.type) if value.python else value.dtype.type
        case Length():
            return int
        case Array():
            return np.ndarray
        case Literal():
            return type(value.value)
        case Known():
            return type(value.object)
        case Sequence() | Many() | Mapping() | Record() | Instance():
            return value.kind
    return None


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


class Calls:
    """The part of a sweep that deals with calls."""

    def __init__(self, sweep: Sweep) -> None:
        self.sweep = sweep
        self.handlers: dict[int, Callable[..., Binding | None]] = {
            id(function): getattr(self, name) for function, name in _HANDLERS
        }
        self.hint: str | None = None
        self.is_bound = True

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

    by_name: dict[str, Binding] = {}

    # ------------------------------------------------------------------------------------------------------- dispatch

    def apply(
        self, function: Binding, arguments: list[Binding], keywords: Keywords, hint: str | None, is_bound: bool = True
    ) -> Binding:
        """The result of calling an operand."""
        self.hint, self.is_bound = hint, is_bound
        value = function.value
        if isinstance(value, Partial):
            unpacked = self.unpack_partial(function, value)
            if unpacked is not None:
                inner, before, named = unpacked
                return self.apply(inner, [*before, *arguments], {**named, **keywords}, hint, is_bound)
        if isinstance(value, Record):
            called = inspect.getattr_static(value.kind, "__call__", None)
            if isinstance(called, types.FunctionType):
                return self.call_object(Ref(called), [function, *arguments], keywords)
        if isinstance(value, Known):
            atom = function.atom
            ref = atom if isinstance(atom, Ref) and atom.value is value.object else Ref(value.object)
            return self.call_object(ref, arguments, keywords)
        return self.unknown(function, arguments, keywords)

    def call_object(self, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding:
        thing = ref.value
        if any(isinstance(item.value, Never) for item in arguments) and id(thing) not in _KEEPERS:
            return self.emit(ref, arguments, keywords, NEVER)
        handler = self.handlers.get(id(thing))
        if handler is not None:
            done = handler(ref, arguments, keywords)
            if done is not None:
                return done
        if isinstance(thing, core.Function):
            return self.user(ref, thing, arguments, keywords)
        if isinstance(thing, types.FunctionType) and hasattr(thing, "transform_of") and arguments:
            return self.make_transformed(ref, arguments, keywords)
        entry = registry.lookup(thing)
        if entry is not None or handler is not None:
            return self.primitive(ref, entry, arguments, keywords)
        if isinstance(thing, types.MethodType):
            return self.bound_method(ref, thing, arguments, keywords)
        if isinstance(thing, functools.partial):
            before = [constant(item) for item in thing.args]
            named = {key: constant(item) for key, item in thing.keywords.items()}
            return self.apply(
                constant(thing.func), [*before, *arguments], {**named, **keywords}, self.hint, self.is_bound
            )
        if isinstance(thing, type):
            return self.construct(ref, thing, arguments, keywords)
        if hasattr(type(thing), "core_for"):
            return self.transformed(ref, arguments, keywords)
        if isinstance(thing, types.FunctionType):
            is_own = _is_numpy(thing) or registry.is_helper(thing)
            program = None if is_own else self.sweep.session.read(thing)
            if program is not None:
                return self.user(ref, program, arguments, keywords)
        elif not isinstance(thing, (np.ufunc, types.BuiltinFunctionType)) and not _is_numpy(thing):
            method = inspect.getattr_static(type(thing), "__call__", None)
            if isinstance(method, types.FunctionType):
                program = self.sweep.session.read(method)
                if program is not None:
                    return self.user(Ref(method), program, [Binding(ref, Known(thing)), *arguments], keywords)
        return self.primitive(ref, None, arguments, keywords)

    def emit(
        self, function: core.Atom, arguments: list[Binding], keywords: Keywords, value: Value, **more: Any
    ) -> Binding:
        """Emit a call as it is."""
        atom = self.sweep.atom
        hint, is_bound = self.hint, self.is_bound
        call = Call(
            function, tuple(atom(item) for item in arguments), tuple((key, atom(v)) for key, v in keywords.items())
        )
        if not is_bound:
            self.sweep.effect(call)
            return Binding(Const(None), UNKNOWN)
        return self.sweep.emit(hint, call, value, **more)

    def unknown(self, function: Binding, arguments: list[Binding], keywords: Keywords) -> Binding:
        """A call of something that is not known."""
        self.sweep.escape(function)
        for item in (*arguments, *keywords.values()):
            self.sweep.escape(item)
        return self.emit(self.sweep.atom(function), arguments, keywords, UNKNOWN)

    # ------------------------------------------------------------------------------------------------- user functions

    def unpack_partial(self, function: Binding, value: Partial) -> tuple[Binding, list[Binding], Keywords] | None:
        """Function, arguments and keywords of a partial."""
        count = len(value.arguments)
        if function.parts is not None:
            inner, before, named = function.parts[0], function.parts[1 : count + 1], function.parts[count + 1 :]
            return inner, list(before), {key: item for (key, _), item in zip(value.keywords, named)}
        if not isinstance(value.function, Known):
            return None
        hint, is_bound = self.hint, self.is_bound
        atom = self.sweep.atom(function)
        before = ()
        if count:
            items = Sequence(tuple, value.arguments)
            held = self.sweep.emit(None, Call(Ref(getattr), (atom, Const("args"))), items, None, function.region)
            before = tuple(self.sweep.item(held, index) for index in range(count))
        named: Keywords = {}  # type: ignore[no-redef]
        if value.keywords:
            keys = tuple(key for key, _ in value.keywords)
            mapping = Mapping(dict, keys, tuple(item for _, item in value.keywords))
            held = self.sweep.emit(None, Call(Ref(getattr), (atom, Const("keywords"))), mapping, None, function.region)
            named = {  # type: ignore[assignment]
                key: self.sweep.read(held, Const(key), item) for key, item in value.keywords
            }
        self.hint, self.is_bound = hint, is_bound
        return constant(value.function.object), list(before), named  # type: ignore[return-value]

    def user(self, ref: Ref, program: core.Function, arguments: list[Binding], keywords: Keywords) -> Binding:
        """A call of a function with source: of its instance for these values."""
        hint, is_bound = self.hint, self.is_bound
        bound = self.bind(program, arguments, keywords)
        self.hint, self.is_bound = hint, is_bound
        if bound is None:  # Python will raise the TypeError
            return self.emit(ref, arguments, keywords, UNKNOWN)
        values, back = canonical_sizes(tuple(item.value for item in bound))
        if any(is_closure(value) for value in values):
            bound = [leaf for item in bound for leaf in self.leaf_bindings(item)]
            self.hint, self.is_bound = hint, is_bound
        instance = self.sweep.session.instance(program, values)
        for number in sorted(instance.mutated):
            self.sweep.escape(bound[number])
        fresh: dict[Hashable, Size] = {}

        def change(size: Size) -> Size:
            if size.key in back:
                return dataclasses.replace(back[size.key])
            if size.key not in fresh:
                fresh[size.key] = Size((FRESH, ANY_SIZE, len(fresh)), size.maybe_one)
            return fresh[size.key]

        for number, attributes in instance.stored.items():
            for name, item in attributes.items():
                self.sweep.assign_attribute(bound[number], name, map_sizes(item, change))
        result = map_sizes(instance.result, change)
        if instance.function.body or instance.is_open:
            called = Ref(instance.function, instance.function.name)
            if is_closure(result):
                return self.closure_of(self.emit(called, bound, {}, Sequence(tuple, tuple(leaves(result)))), result)
            return self.emit(called, bound, {}, result)
        return self.emit(ref, arguments, keywords, UNKNOWN)

    def closure_of(self, content: Binding, value: Value) -> Binding:
        """The closure that holds the items of a tuple."""
        assert isinstance(content.value, Sequence)
        items = iter([self.sweep.item(content, index) for index in range(len(content.value.items))])

        def build(part: Value) -> Binding:
            if not is_closure(part):
                return next(items)
            assert isinstance(part, Partial) and isinstance(part.function, Known)
            inner = (*part.arguments, *(item for _, item in part.keywords))
            return Binding(None, part, (constant(part.function.object), *map(build, inner)))

        return build(value)

    def leaf_bindings(self, binding: Binding) -> list[Binding]:
        """The operands that a closure holds."""
        if not is_closure(binding.value):
            return [binding]
        assert isinstance(binding.value, Partial)
        unpacked = self.unpack_partial(binding, binding.value)
        assert unpacked is not None
        _, before, named = unpacked
        return [leaf for item in (*before, *named.values()) for leaf in self.leaf_bindings(item)]

    def bind(self, program: core.Function, arguments: list[Binding], keywords: Keywords) -> list[Binding] | None:
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
                result.append(self.tuple_of(list(bound.arguments.get(name, ()))))
            elif parameter.kind is inspect.Parameter.VAR_KEYWORD:
                result.append(self.dict_of(bound.arguments.get(name, {})))
            elif name in bound.arguments:
                result.append(bound.arguments[name])
            else:
                result.append(constant(parameter.default))
        return result if len(result) == len(program.parameters) else None

    def tuple_of(self, items: list[Binding]) -> Binding:
        return Binding(None, Sequence(tuple, tuple(item.value for item in items)), tuple(items))

    def dict_of(self, items: Keywords) -> Binding:
        self.hint, self.is_bound = None, True
        flat = [part for key, item in items.items() for part in (constant(key), item)]
        made = self.on_make_dict(Ref(operations.make_dict), flat, {})
        assert made is not None
        return made

    def bound_method(self, ref: Ref, method: types.MethodType, arguments: list[Binding], keywords: Keywords) -> Binding:
        function = method.__func__
        entry = registry.lookup(function)
        program = self.sweep.session.read(function) if isinstance(function, types.FunctionType) else None
        if entry is None and program is None:
            return self.primitive(ref, None, arguments, keywords)
        owner = Binding(Ref(method.__self__), value_of_object(method.__self__))
        return self.call_object(Ref(function), [owner, *arguments], keywords)

    def transformed(self, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding:
        """A call of a function that is itself the result of a transform."""
        if not keywords:
            program = ref.value.core_for(tuple(item.value for item in arguments))
            if program is not None:
                return self.user(ref, program, arguments, keywords)
        return self.primitive(ref, None, arguments, keywords)

    def make_transformed(self, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding:
        """`grad(f)` in a program: the new function is made now; what `f` has captured stays its leading arguments."""
        function, options = arguments[0], arguments[1:]
        before: list[Binding] = []
        if isinstance(function.value, Partial):
            unpacked = self.unpack_partial(function, function.value)
            if unpacked is not None and not unpacked[2]:
                function, before, _ = unpacked
        settings = (*options, *keywords.values())
        if not isinstance(function.value, Known) or not all(isinstance(item.value, Literal) for item in settings):
            return self.primitive(ref, None, arguments, keywords)
        made = ref.value.transform_of(
            function.value.object,
            len(before),
            *(item.value.value for item in options),  # type: ignore[union-attr]
            **{key: item.value.value for key, item in keywords.items()},  # type: ignore[union-attr]
        )
        if not before:
            return constant(made)
        return self.call_object(Ref(functools.partial), [constant(made), *before], {})

    def construct(self, ref: Ref, cls: type, arguments: list[Binding], keywords: Keywords) -> Binding:
        """A class is called."""
        fields = getattr(cls, "_fields", None)
        if issubclass(cls, tuple) and fields is not None and cls.__init__ is object.__init__:
            return self.construct_named(ref, cls, fields, arguments, keywords)
        if dataclasses.is_dataclass(cls) and _has_plain_init(cls):
            return self.construct_dataclass(ref, cls, arguments, keywords)
        if cls.__module__ in ("builtins", "numpy") or issubclass(cls, (np.generic, BaseException)):
            return self.primitive(ref, None, arguments, keywords)
        if _is_plain_class(cls):
            if cls.__init__ is object.__init__ and not arguments and not keywords:
                return self.construct_object(ref, cls, None, [], {})
            program = self.sweep.session.read(cls.__init__)
            if program is not None:
                return self.construct_object(ref, cls, program, arguments, keywords)
        for item in (*arguments, *keywords.values()):
            self.sweep.escape(item)
        return self.emit(ref, arguments, keywords, Instance(cls))

    def construct_named(
        self, ref: Ref, cls: type, fields: tuple[str, ...], arguments: list[Binding], keywords: Keywords
    ) -> Binding:
        defaults = getattr(cls, "_field_defaults", {})
        given = dict(zip(fields, arguments))
        given.update(keywords)
        items = [given.get(name) or (constant(defaults[name]) if name in defaults else None) for name in fields]
        if None in items or len(arguments) > len(fields) or not set(keywords) <= set(fields):
            return self.emit(ref, arguments, keywords, UNKNOWN)
        known: list[Binding] = items  # type: ignore[assignment]
        value = Sequence(cls, tuple(item.value for item in known))
        return self.emit(ref, known, {}, value, parts=tuple(known))

    def construct_dataclass(self, ref: Ref, cls: type, arguments: list[Binding], keywords: Keywords) -> Binding:
        names = tuple(item.name for item in dataclasses.fields(cls))
        try:
            bound = inspect.signature(cls).bind(*arguments, **keywords).arguments
        except (TypeError, ValueError):
            return self.emit(ref, arguments, keywords, UNKNOWN)
        parts = []
        for item in dataclasses.fields(cls):
            if item.name in bound:
                parts.append(bound[item.name])
            elif item.default is not dataclasses.MISSING:
                parts.append(constant(item.default))
            else:
                parts.append(Binding(Ref(None), UNKNOWN))
        value = Record(cls, names, tuple(part.value for part in parts))
        region = self.new_region()
        self.sweep.nest(region, parts)
        known = all(item.name in bound or item.default is not dataclasses.MISSING for item in dataclasses.fields(cls))
        is_fixed = known and not self.sweep.is_mutated(region)
        settled = self.sweep.settled(value, region)
        return self.owned(
            self.emit(ref, arguments, keywords, settled, parts=tuple(parts) if is_fixed else None, region=region)
        )

    def construct_object(
        self, ref: Ref, cls: type, program: core.Function | None, arguments: list[Binding], keywords: Keywords
    ) -> Binding:
        """`Class(...)` as `new = object.__new__(Class)`, `Class.__init__(new, ...)`."""
        region = self.new_region()
        value = self.sweep.settled(Record(cls, (), ()), region)
        hint = self.hint
        self.is_bound = True
        made = self.emit(Ref(object.__new__, "object.__new__"), [Binding(ref, Known(cls))], {}, value, region=region)
        self.owned(made)
        if program is None:
            return made
        self.hint, self.is_bound = None, False
        self.user(Ref(getattr(cls, "__init__")), program, [made, *arguments], keywords)  # noqa: B009
        self.hint, self.is_bound = hint, True
        return made

    def new_region(self) -> tuple[Hashable, ...]:
        """The region of a container that is made at the present place."""
        return ("made", *self.sweep.path)

    # ------------------------------------------------------------------------------------------------------ primitives

    def primitive(
        self, ref: Ref, entry: registry.Primitive | None, arguments: list[Binding], keywords: Keywords
    ) -> Binding:
        """A call of a function that is not looked into."""
        thing = ref.value
        arguments, keywords = _in_own_order(thing, entry, arguments, keywords)
        rewritten = self.with_out(ref, arguments, keywords)
        if rewritten is not None:
            return rewritten
        folded = self.fold(thing, arguments, keywords)
        if folded is not None:
            return folded
        if thing is operations.method or thing is operations.apply or not self.is_quiet(thing, entry):
            for item in (*arguments, *keywords.values()):
                self.sweep.escape(item)
        value = self.infer(thing, entry, arguments, keywords)
        if isinstance(value, Literal) and is_constant(value.value):
            return constant(value.value)
        hint, is_bound = self.hint, self.is_bound
        if entry is not None:
            if entry.mutates:
                self.note_mutation(entry, arguments, keywords)
            if entry.simplify is not None:
                simple = self.simplified(entry, arguments, keywords, value)
                if simple is not None:
                    return simple
                self.hint, self.is_bound = hint, is_bound
        return self.emit(ref, arguments, keywords, value)

    def is_quiet(self, thing: Any, entry: registry.Primitive | None) -> bool:
        """Whether a function does not change containers but for those that its entry names."""
        if entry is not None:
            return True
        if isinstance(thing, np.ufunc) or _is_numpy(thing):
            return True
        module = getattr(thing, "__module__", None)
        if thing in (map, filter, functools.reduce, next):  # they call what they are given
            return False
        if module in ("builtins", "math", "_operator", "operator", "cmath", "time", "_functools", "collections"):
            return thing not in (setattr, delattr)
        return registry.is_helper(thing)

    def note_mutation(self, entry: registry.Primitive, arguments: list[Binding], keywords: Keywords) -> None:
        bound = self.bound(entry, arguments, keywords)
        for name in entry.mutates:
            found = (bound or {}).get(name)
            if isinstance(found, Binding) and holds_mutable(found.value):
                item: Value | None = NEVER
                for stored in entry.stores:
                    other = (bound or {}).get(stored)
                    if isinstance(other, Binding):
                        item = join(item, other.value, ANY_SIZE) if item is not None else None
                        self.sweep.escape_parts(other)
                self.sweep.mutate(found, item)

    def bound(self, entry: registry.Primitive, arguments: list[Binding], keywords: Keywords) -> dict[str, Any] | None:
        if entry.signature is None:
            return None
        try:
            bound = entry.signature.bind(*arguments, **keywords)
        except TypeError:
            return None
        bound.apply_defaults()
        return dict(bound.arguments)

    def simplified(
        self, entry: registry.Primitive, arguments: list[Binding], keywords: Keywords, value: Value
    ) -> Binding | None:
        """What the entry's `simplify` facet makes of a call."""
        bound = self.bound(entry, arguments, keywords)
        if bound is None or entry.simplify is None:
            return None
        known = {}
        for item in (*arguments, *keywords.values()):
            if isinstance(item.atom, Var):
                known[item.atom.name] = item
        outer, self.by_name = self.by_name, known
        mark = len(self.sweep.out)
        try:
            atom = entry.simplify(Site(self, bound, value))
        except (TypeError, ValueError, IndexError, KeyError, AttributeError):
            del self.sweep.out[mark:]
            return None
        finally:
            self.by_name = outer
        if atom is None:
            del self.sweep.out[mark:]
            return None
        return known[atom.name] if isinstance(atom, Var) and atom.name in known else self.known(atom)

    def fold(self, thing: Any, arguments: list[Binding], keywords: Keywords) -> Binding | None:
        """The result of a pure function of constants, worked out now."""
        if id(thing) not in _FOLDABLE or not arguments:
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
        if thing in (operator.pow, operator.mul, operator.lshift, pow) and not _is_small(values):
            return None
        try:
            result = thing(*values, **named)
        except Exception:  # it will be raised at run time
            return None
        if not is_constant(result) or not _is_small((result,)):
            return None
        return constant(result)

    def with_out(self, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
        """`f(x, out=a, where=m)` as `r = f(x)`, `np.copyto(a, r, casting="same_kind", where=m)`."""
        thing = ref.value
        is_ufunc = isinstance(thing, np.ufunc)
        given, rest = keywords.get("out"), arguments
        if is_ufunc and len(arguments) > thing.nin:
            given, rest = arguments[thing.nin], arguments[: thing.nin]
            if len(arguments) > thing.nin + 1 or thing.nout != 1:
                return None
        if given is None or not (is_ufunc or _is_numpy(thing)) or thing is np.copyto:
            return None
        named = {key: item for key, item in keywords.items() if key != "out"}
        if isinstance(given.value, Literal) and given.value.value is None:
            return self.call_object(ref, rest, named)
        if isinstance(given.value, Sequence):
            items = self.sweep.parts(given)
            if items is None or len(items) != 1:
                return None
            given = items[0]
        mask = named.pop("where", None) if is_ufunc else None
        hint, is_bound = self.hint, self.is_bound
        self.hint, self.is_bound = None, True
        result = self.call_object(ref, rest, named)
        more = {"casting": constant("same_kind")}
        if mask is not None:
            more["where"] = mask
        self.hint, self.is_bound = None, False
        self.call_object(Ref(np.copyto, "np.copyto"), [given, result], more)
        self.hint, self.is_bound = hint, is_bound
        return given

    # ------------------------------------------------------------------------------------------------------- inference

    def infer(
        self, thing: Any, entry: registry.Primitive | None, arguments: list[Binding], keywords: Keywords
    ) -> Value:
        """What is known of the result of a primitive."""
        values = [item.value for item in arguments]
        if any(isinstance(value, Never) for value in values):
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
            return self.infer_generally(thing, entry, values, named)
        except Exception:
            return UNKNOWN

    def infer_generally(
        self, thing: Any, entry: registry.Primitive | None, values: list[Value], named: dict[str, Value]
    ) -> Value:
        if isinstance(thing, np.ufunc) and thing.signature is None:
            dtype = named.pop("dtype", None)
            if named or dtype is not None or len(values) != thing.nin:
                return UNKNOWN
            return elementwise(thing, *values)
        if id(thing) in _OPERATORS:
            return self.infer_operator(thing, values)
        if id(thing) in _MATH or id(thing) in _SCALAR_BUILTINS:
            if named or any(isinstance(value, Array) for value in values):
                return elementwise(thing, *values) if thing is abs and not named else UNKNOWN
            return scalar_result(thing, values)
        if entry is not None and entry.is_elementwise and not named:
            return elementwise(thing, *values)
        return UNKNOWN

    def on_helper(self, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
        """Questions of `transforms.runtime` about containers."""
        source = arguments[0]
        value = source.value
        kind = python_type(value)
        if ref.value in (runtime.is_sequence, runtime.is_mapping):
            if kind is None:
                return self.emit(ref, arguments, {}, BOOLEAN)
            asked: Any = collections.abc.Sequence if ref.value is runtime.is_sequence else collections.abc.Mapping
            return constant(issubclass(kind, asked) and not issubclass(kind, (str, bytes, bytearray)))
        if ref.value is runtime.reversible:
            return self.on_sequence(ref, arguments, keywords)
        assert ref.value is runtime.has_item
        if not isinstance(value, Literal):
            return self.emit(ref, arguments, {}, BOOLEAN)
        parts = [self.parts_count(item) for item in arguments[1:]]
        counts = [count for count in parts if count is not None]
        if len(counts) == len(parts):
            return constant(all(value.value < count for count in counts))
        return self.emit(ref, arguments, {}, BOOLEAN)

    def parts_count(self, source: Binding) -> int | None:
        """How many items a container is known to have."""
        value = source.value
        if isinstance(value, (Sequence, Mapping)) and not self.sweep.is_mutated(source.region):
            return len(value.items)
        if isinstance(value, Literal) and hasattr(value.value, "__len__"):
            return len(value.value)
        found = known_range(source)
        return len(found) if found is not None else None

    def on_join_sequences(self, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
        """`a + b` of two lists or tuples."""
        if len(arguments) != 2 or keywords:
            return None
        first, second = arguments
        kinds = [item.value.kind if isinstance(item.value, (Sequence, Many)) else None for item in arguments]
        if kinds[0] is None or kinds[0] is not kinds[1] or kinds[0] not in (list, tuple):
            return None
        hint, is_bound = self.hint, self.is_bound
        parts = [self.parts_of(item) for item in arguments]
        self.hint, self.is_bound = hint, is_bound
        value = indexing.joined_sequences(first.value, second.value)
        known = None if parts[0] is None or parts[1] is None else [*parts[0], *parts[1]]
        if kinds[0] is tuple:
            return self.emit(ref, arguments, {}, value, parts=tuple(known) if known is not None else None)
        region = self.new_region()
        if known is None:
            for item in arguments:
                self.sweep.escape_parts(item)
        else:
            self.sweep.nest(region, known)
        is_mutated = self.sweep.is_mutated(region)
        settled = self.sweep.settled(value, region)
        held = tuple(known) if known is not None and not is_mutated else None
        return self.owned(self.emit(ref, arguments, {}, settled, parts=held, region=region))

    def on_repeat_sequence(self, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
        value = arguments[0].value
        if not isinstance(value, (Sequence, Many)) or value.kind not in (list, tuple):
            return None
        found = indexing.repeated_sequence(value, arguments[1].value)
        if value.kind is tuple:
            return self.emit(ref, arguments, {}, found)
        self.sweep.escape_parts(Binding(None, item_of(value)))
        region = self.new_region()
        return self.owned(self.emit(ref, arguments, {}, self.sweep.settled(found, region), region=region))

    def on_dict(self, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
        """`dict(mapping)`, `dict(a=1)`"""
        if len(arguments) > 1:
            return None
        items: dict[Any, Binding] = {}
        if arguments:
            source = arguments[0]
            if not isinstance(source.value, Mapping) or self.sweep.is_mutated(source.region):
                return None
            hint, is_bound = self.hint, self.is_bound
            for place, (key, item) in enumerate(zip(source.value.keys, source.value.items)):
                held = source.parts[place] if source.parts is not None else None
                items[key] = held if held is not None else self.sweep.read(source, Const(key), item)
            self.hint, self.is_bound = hint, is_bound
        items.update(keywords)
        value = Mapping(dict, tuple(items), tuple(item.value for item in items.values()))
        region = self.new_region()
        parts = tuple(items.values())
        self.sweep.nest(region, parts)
        is_mutated = self.sweep.is_mutated(region)
        made = self.emit(
            ref,
            arguments,
            keywords,
            self.sweep.settled(value, region),
            parts=None if is_mutated else parts,
            region=region,
        )
        return self.owned(made)

    def on_scalar_type(self, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
        """`np.float64(x)` and the like."""
        shape = shape_of(arguments[0].value) if len(arguments) == 1 and not keywords else None
        if shape is None:
            return None
        return self.primitive_of_value(ref, arguments, array_or_number(np.dtype(ref.value), shape))

    def primitive_of_value(self, ref: Ref, arguments: list[Binding], value: Value) -> Binding:
        entry = registry.lookup(ref.value)
        hint, is_bound = self.hint, self.is_bound
        if entry is not None and entry.simplify is not None:
            simple = self.simplified(entry, arguments, {}, value)
            if simple is not None:
                return simple
        self.hint, self.is_bound = hint, is_bound
        return self.emit(ref, arguments, {}, value)

    def infer_operator(self, thing: Any, values: list[Value]) -> Value:
        if thing is operator.sub and isinstance(values[0], Length):
            count = values[1].value if isinstance(values[1], Literal) else None
            if type(count) is int and count > 0:
                return indexing.shorter_length(values[0], count)
        known = [isinstance(as_number(value), (Number, Array)) for value in values]
        if all(known):
            return elementwise(thing, *values)
        kinds = [
            value.kind if isinstance(value, (Sequence, Many, Instance)) else None for value in map(as_number, values)
        ]
        if len(values) == 2 and kinds[0] is kinds[1] and kinds[0] in (list, tuple, str):
            if id(thing) in _COMPARED:
                return BOOLEAN
            if thing is operator.add:
                return indexing.joined_sequences(values[0], values[1])
        if id(thing) in _COMPARED and not any(_may_overload(value) for value in values):
            return BOOLEAN
        if thing is operator.mod and kinds[0] is str:
            return Instance(str)
        if thing is operator.mul and kinds[0] in (list, tuple) and known[1]:
            return indexing.repeated_sequence(values[0], values[1])
        return UNKNOWN

    def truth(self, binding: Binding) -> bool | None:
        """Whether the operand counts as true, where that is known."""
        value = binding.value
        match value:
            case Literal():
                try:
                    return bool(value.value)
                except Exception:
                    return None
            case Known():
                if isinstance(value.object, (types.FunctionType, types.BuiltinFunctionType, type, types.ModuleType)):
                    return True
                return True if isinstance(value.object, (core.Function, np.ufunc, types.MethodType)) else None
            case Sequence():
                return bool(value.items) if not self.sweep.is_mutated(binding.region) else None
            case Mapping():
                return bool(value.keys) if not self.sweep.is_mutated(binding.region) else None
            case Partial():
                return True
            case Record():
                return True if not hasattr(value.kind, "__bool__") and not hasattr(value.kind, "__len__") else None
        return None

    # ------------------------------------------------------------------------------------------- operators in place

    def on_in_place(self, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
        """`x += y` makes a new object where x is immutable."""
        plain = _IN_PLACE[id(ref.value)]
        value = as_number(arguments[0].value)
        is_fixed = isinstance(value, Number) or (isinstance(value, (Sequence, Many)) and issubclass(value.kind, tuple))
        if is_fixed or (isinstance(value, Instance) and value.kind in (str, bytes, int, float)):
            return self.call_object(Ref(plain), arguments, keywords)
        if isinstance(value, Array):
            return self.emit(ref, arguments, keywords, value)
        if is_mutable(value):
            other = arguments[1]
            if ref.value is operator.iadd and value.kind is list and isinstance(other.value, Sequence):  # type: ignore[union-attr]
                if self.extended(arguments[0], other):
                    return arguments[0]
            inner = other.value
            items = inner.items if isinstance(inner, Sequence) else (inner.item,) if isinstance(inner, Many) else None
            if items is None or ref.value is not operator.iadd:
                self.sweep.mutate(arguments[0], None if ref.value is not operator.imul else NEVER)
            for known in items or ():
                self.sweep.mutate(arguments[0], known)
            now = self.sweep.settled(value, arguments[0].region)
            return self.emit(ref, arguments, keywords, now, region=arguments[0].region)
        for item in arguments:
            self.sweep.escape(item)
        return self.emit(ref, arguments, keywords, UNKNOWN if not isinstance(value, Never) else NEVER)

    # ------------------------------------------------------------------------------------------------------ containers

    def on_make_tuple(self, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
        if all(isinstance(item.atom, Const) for item in arguments):
            return constant(tuple(item.atom.value for item in arguments))  # type: ignore[union-attr]
        value = Sequence(tuple, tuple(item.value for item in arguments))
        return self.emit(ref, arguments, {}, value, parts=tuple(arguments))

    def on_make_list(self, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
        return self.made(ref, arguments, Sequence(list, tuple(item.value for item in arguments)), arguments)

    def made(self, ref: Ref, arguments: list[Binding], value: Value, parts: list[Binding]) -> Binding:
        region = self.new_region()
        self.sweep.nest(region, parts)
        is_mutated = self.sweep.is_mutated(region)
        if is_mutated:
            for part in parts:
                self.sweep.escape_parts(part)
        value = self.sweep.settled(value, region)
        return self.owned(
            self.emit(ref, arguments, {}, value, parts=None if is_mutated else tuple(parts), region=region)
        )

    def owned(self, binding: Binding) -> Binding:
        """Note that a region was made for this container."""
        if binding.region is not None and isinstance(binding.atom, Var):
            self.sweep.makers[binding.region] = binding.atom.name
        return binding

    def on_make_dict(self, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
        keys, items = arguments[::2], arguments[1::2]
        if not all(isinstance(key.value, Literal) for key in keys):
            for item in arguments:
                self.sweep.escape_parts(item)
            return self.emit(ref, arguments, {}, Instance(dict))
        names = tuple(key.value.value for key in keys)  # type: ignore[union-attr]
        if len(set(names)) != len(names):
            return self.emit(ref, arguments, {}, Instance(dict))
        self.sweep.starts[self.new_region()] = dict(zip(names, (item.value for item in items)))
        return self.made(ref, arguments, Mapping(dict, names, tuple(item.value for item in items)), items)

    def on_make_slice(self, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
        if all(isinstance(item.atom, Const) for item in arguments):
            return constant(slice(*(item.atom.value for item in arguments)))  # type: ignore[union-attr]
        return self.emit(ref, arguments, {}, Instance(slice), parts=tuple(arguments))

    def on_cell(self, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
        start = arguments[0].value if arguments else NEVER
        region = self.new_region()
        self.sweep.nest(region, arguments)
        value = self.sweep.settled(Record(operations.Cell, ("value",), (start,)), region)
        if self.sweep.is_mutated(region):
            for item in arguments:
                self.sweep.escape_parts(item)
        parts = None if self.sweep.is_mutated(region) or not arguments else tuple(arguments)
        return self.owned(self.emit(ref, arguments, {}, value, parts=parts, region=region))

    def on_partial(self, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
        if not arguments:
            return None
        function, before = arguments[0], arguments[1:]
        named = dict(keywords)
        if isinstance(function.value, Partial):
            unpacked = self.unpack_partial(function, function.value)
            if unpacked is None:
                return self.emit(ref, arguments, keywords, UNKNOWN)
            function, earlier, given = unpacked
            before, named = [*earlier, *before], {**given, **keywords}
        value = Partial(
            function.value, tuple(i.value for i in before), tuple((key, item.value) for key, item in named.items())
        )
        if not isinstance(function.value, Known):
            return self.emit(ref, arguments, keywords, UNKNOWN)
        return self.emit(ref, arguments, keywords, value, parts=(function, *before, *named.values()))

    def on_unpack(self, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
        source, count = arguments[0], arguments[1].value
        assert isinstance(count, Literal)
        value = source.value
        if isinstance(value, Sequence) and self.sweep.is_mutated(source.region):
            value = self.sweep.settled(value, source.region)
        if isinstance(value, Sequence) and len(value.items) == count.value:
            if self.sweep.is_mutated(source.region):
                return self.emit(ref, arguments, {}, Sequence(tuple, value.items))
            hint, is_bound = self.hint, self.is_bound
            parts = self.sweep.parts(source) or ()
            self.hint, self.is_bound = hint, is_bound
            return Binding(None, Sequence(tuple, value.items), parts)
        if isinstance(value, Many):
            return self.emit(ref, arguments, {}, Sequence(tuple, (value.item,) * count.value))
        if isinstance(value, Array) and value.shape:
            item = array_or_number(value.dtype, value.shape[1:])
            return self.emit(ref, arguments, {}, Sequence(tuple, (item,) * count.value))
        return None

    def on_unpack_star(self, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
        source = arguments[0]
        before, after = (item.value.value for item in arguments[1:])  # type: ignore[union-attr]
        value = source.value
        if not isinstance(value, Sequence) or len(value.items) < before + after or self.sweep.is_mutated(source.region):
            return None
        parts = list(self.sweep.parts(source) or ())
        end = len(parts) - after
        self.hint, self.is_bound = None, True
        middle = self.on_make_list(Ref(operations.make_list), parts[before:end], {})
        assert middle is not None
        return self.tuple_of([*parts[:before], middle, *parts[end:]])

    def on_sequence(self, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
        """`runtime.sequence(x)` is x where x can be indexed."""
        source = arguments[0]
        value = source.value
        if isinstance(value, (Sequence, Many)) or (isinstance(value, Array) and value.shape):
            return source
        if isinstance(value, Instance) and value.kind in (range, str, list, tuple):
            return source
        if isinstance(value, Literal) and isinstance(value.value, (str, tuple)):
            return source
        if isinstance(value, Instance) and value.kind in _VIEWS and source.parts is not None:
            return self.tuple_of(list(source.parts))
        if isinstance(value, Mapping) and not self.sweep.is_mutated(source.region):
            return self.tuple_of([constant(key) for key in value.keys])
        return None

    def on_tuple(self, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
        """`tuple(x)`, `list(x)`"""
        if len(arguments) != 1 or keywords:
            return self.on_make_list(Ref(operations.make_list), [], {}) if ref.value is list and not arguments else None
        source = arguments[0]
        hint, is_bound = self.hint, self.is_bound
        value = source.value
        parts = self.parts_of(source)
        if parts is not None:
            self.hint, self.is_bound = hint, is_bound
            if ref.value is tuple:
                return self.on_make_tuple(Ref(operations.make_tuple), list(parts), {})
            return self.on_make_list(Ref(operations.make_list), list(parts), {})
        from transforms.inference import many
        from transforms.specialise.sweep import item_value

        found: Value = UNKNOWN
        if isinstance(value, (Many, Array, Sequence)) or (isinstance(value, Instance) and value.kind is range):
            found = many(ref.value, (item_value(value),))
        if ref.value is list:
            region = self.new_region()
            return self.emit(ref, arguments, {}, self.sweep.settled(found, region), region=region)
        return self.emit(ref, arguments, {}, found)

    def parts_of(self, source: Binding) -> tuple[Binding, ...] | None:
        """The items that iteration over an operand gives, where their number is known."""
        value = source.value
        if isinstance(value, Sequence) and not self.sweep.is_mutated(source.region):
            return self.sweep.parts(source)
        if isinstance(value, Literal) and isinstance(value.value, tuple):
            return tuple(constant(item) for item in value.value)
        if isinstance(value, Instance) and value.kind in _VIEWS:
            return source.parts
        if isinstance(value, Mapping) and not self.sweep.is_mutated(source.region):
            return tuple(constant(key) for key in value.keys)
        if isinstance(value, Instance) and value.kind is range:
            items = known_range(source)
            return tuple(constant(item) for item in items) if items is not None and len(items) <= 64 else None
        return None

    def on_reversed(self, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
        """`reversed` of a range: the one reversal of which the items are known."""
        value = arguments[0].value if len(arguments) == 1 else UNKNOWN
        if isinstance(value, Instance) and value.kind is range:
            return self.emit(ref, arguments, keywords, Instance(reversed))
        return None

    def on_range(self, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
        return self.emit(ref, arguments, keywords, Instance(range), parts=tuple(arguments))

    def on_len(self, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
        source = arguments[0]
        value = source.value
        match value:
            case Array() if value.shape:
                first = value.shape[0]
                if isinstance(first, int):
                    return constant(1)
                return self.emit(ref, arguments, {}, Length(first))
            case Sequence() if not self.sweep.is_mutated(source.region):
                return constant(len(value.items))
            case Mapping() if not self.sweep.is_mutated(source.region):
                return constant(len(value.keys))
            case Literal():
                return None
            case Instance() if value.kind is range:
                items = known_range(source)
                if items is not None:
                    return constant(len(items))
                if source.parts is not None and len(source.parts) == 1 and isinstance(source.parts[0].value, Length):
                    return source.parts[0]
            case Instance() if value.kind in _VIEWS and source.parts is not None:
                return constant(len(source.parts))
        return self.emit(ref, arguments, keywords, INTEGER if not isinstance(value, Never) else NEVER)

    def on_common_length(self, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
        """`runtime.common_length(a, b, ...)`: the length of the shortest."""
        counts: list[Binding] = []
        for source in arguments:
            value = source.value
            length: Any = None
            if isinstance(value, Sequence) and not self.sweep.is_mutated(source.region):
                length = constant(len(value.items))
            elif isinstance(value, Instance) and value.kind is range:
                items = known_range(source)
                length = constant(len(items)) if items is not None else None
            elif isinstance(value, Literal) and hasattr(value.value, "__len__"):
                length = constant(len(value.value))
            if length is None:
                return self.emit(ref, arguments, keywords, INTEGER)
            counts.append(length)
        return min(counts, key=lambda item: item.value.value)  # type: ignore[union-attr]

    # ----------------------------------------------------------------------------------------------------- items

    def on_getitem(self, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
        source, index = arguments
        value, at = source.value, index.value
        if isinstance(at, Never) or isinstance(value, Never):
            return self.emit(ref, arguments, {}, NEVER)
        if isinstance(value, Literal) and isinstance(value.value, tuple) and not isinstance(at, Literal):
            value = Sequence(tuple, tuple(map(Literal, value.value)))
        match value:
            case Sequence() if isinstance(at, Literal) and type(at.value) in (int, bool):
                if -len(value.items) <= at.value < len(value.items):
                    place = int(at.value) % len(value.items)
                    if source.parts is not None and not self.sweep.is_mutated(source.region):
                        return source.parts[place]
                    return self.emit(
                        ref, arguments, {}, value.items[place],
                        region=self.sweep.inner_region(source, value.items[place]),
                    )  # fmt: skip
            case Sequence() if isinstance(at, Literal) and type(at.value) is slice:
                parts = self.parts_of(source)
                if parts is not None:
                    make = self.on_make_tuple if value.kind is not list else self.on_make_list
                    function = operations.make_tuple if value.kind is not list else operations.make_list
                    return make(Ref(function), list(parts[at.value]), {})
            case Sequence() | Many() if isinstance(as_number(at), Number):
                from transforms.specialise.sweep import item_value, renamed_any

                found = item_value(value)
                found = renamed_any(found, (FRESH, self.hint or "item"))
                return self.emit(ref, arguments, {}, found, region=self.sweep.inner_region(source, found))
            case Many() if isinstance(at, Literal) or (isinstance(at, Instance) and at.kind is slice):
                return self.emit(ref, arguments, {}, value, region=source.region)
            case Mapping() if isinstance(at, Literal) and at.value in value.keys:
                place = value.keys.index(at.value)
                if source.parts is not None and not self.sweep.is_mutated(source.region):
                    return source.parts[place]
                found = value.items[place]
                return self.emit(ref, arguments, {}, found, region=self.sweep.inner_region(source, found))
            case Mapping() if value.kind is dict and isinstance(at, Literal):
                return self.emit(ref, arguments, {}, self.sweep.stored_item(source, at))
            case Mapping() if value.kind is dict and isinstance(as_number(at), Number):
                found = self.sweep.stored_item(source, at)
                for item in value.items:
                    found = join(found, as_number(item), FRESH)
                region = self.sweep.inner_region(source, found)
                return self.emit(ref, arguments, {}, found, region=region)
            case Instance() if value.kind is range:
                items = known_range(source)
                if items is not None and isinstance(at, Literal) and type(at.value) is int:
                    if -len(items) <= at.value < len(items):
                        return constant(items[at.value])
                return self.emit(ref, arguments, {}, INTEGER if isinstance(as_number(at), Number) else Instance(range))
            case Array():
                return self.emit(ref, arguments, {}, indexing.indexed(value, index, self.sweep))
            case Instance() if value.kind is dict:
                found = self.sweep.stored_item(source, at)
                return self.emit(ref, arguments, {}, found)
            case Literal() | Instance() if python_type(value) is str:
                folded = self.fold(ref.value, arguments, keywords)
                return folded or self.emit(ref, arguments, {}, Instance(str))
            case Literal():
                return None
        return self.emit(ref, arguments, {}, UNKNOWN, region=None)

    def on_setitem(self, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
        target, index, item = arguments
        if isinstance(target.value, Array):
            return self.emit(ref, arguments, {}, UNKNOWN)
        if isinstance(target.value, (Sequence, Many)) and _is_slice(index.value) and _has_items(item.value):
            from transforms.specialise.sweep import item_value

            inner = item_value(item.value)  # the items are copied
            if not holds_mutable(inner):
                self.sweep.mutate(target, inner)
                return self.emit(ref, arguments, {}, UNKNOWN)
        self.sweep.escape_parts(item)
        if isinstance(target.value, (Sequence, Many)) and isinstance(as_number(index.value), Number):
            self.sweep.mutate(target, item.value)
        elif issubclass(python_type(target.value) or object, dict) and not holds_mutable(item.value):
            self.sweep.mutate_item(target, index.value, item.value)
        else:
            self.sweep.mutate(target, None)
        return self.emit(ref, arguments, {}, UNKNOWN)

    def on_delitem(self, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
        self.sweep.mutate(arguments[0], NEVER if isinstance(arguments[0].value, (Sequence, Many)) else None)
        return self.emit(ref, arguments, {}, UNKNOWN)

    def on_contains(self, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
        container, item = arguments
        if isinstance(container.value, Mapping) and isinstance(item.value, Literal):
            if not self.sweep.is_mutated(container.region):
                return constant(item.value.value in container.value.keys)
        if isinstance(container.value, (Sequence, Many, Mapping, Instance)):
            return self.emit(ref, arguments, {}, BOOLEAN)
        return None

    # ------------------------------------------------------------------------------------------------------- attributes

    def on_getattr(self, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
        source = arguments[0]
        name = arguments[1].value
        if not isinstance(name, Literal) or not isinstance(name.value, str):
            return self.emit(ref, arguments, {}, UNKNOWN)
        value = source.value
        if isinstance(value, Never):
            return self.emit(ref, arguments, {}, NEVER)
        if len(arguments) == 3:
            known = self.has_attribute(value, name.value)
            if known is False:
                return arguments[2]
            if known is None:
                return self.emit(ref, arguments, {}, UNKNOWN)
            arguments = arguments[:2]
        match value:
            case Array():
                return self.array_attribute(ref, arguments, value.dtype, value.shape, name.value)
            case Number() if not value.python:
                return self.array_attribute(ref, arguments, value.dtype, (), name.value)
            case Number() | Length() | Literal() if name.value in ("real", "imag"):
                function = np.real if name.value == "real" else np.imag  # they read the attribute
                return self.call_object(Ref(function, f"np.{name.value}"), arguments[:1], {})
            case Record():
                return self.record_attribute(ref, source, value, name.value)
            case Sequence() if name.value in getattr(value.kind, "_fields", ()):
                place = value.kind._fields.index(name.value)  # type: ignore[attr-defined]
                if source.parts is not None:
                    return source.parts[place]
                return self.emit(ref, arguments, {}, value.items[place])
            case Known():
                return self.known_attribute(ref, arguments, value.object, name.value)
            case Partial() if name.value == "func" and source.parts is not None:
                return source.parts[0]
            case Mapping() | Sequence() | Many() | Instance() if value.kind in (list, dict, tuple):
                member = getattr(value.kind, name.value, None)
                if member is not None:
                    bound = Partial(Known(member), (value,))
                    return self.emit(ref, arguments, {}, bound, parts=(constant(member), source))
        self.sweep.escape(source)
        return self.emit(ref, arguments, {}, UNKNOWN)

    def on_shape(self, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
        """`np.shape(x)` is `x.shape` for an array."""
        if len(arguments) == 1 and isinstance(arguments[0].value, Array):
            return self.on_getattr(Ref(getattr), [arguments[0], constant("shape")], {})
        return None

    def array_attribute(
        self, ref: Ref, arguments: list[Binding], dtype: np.dtype, shape: Any, name: str
    ) -> Binding | None:
        if name == "ndim" and shape is not None:
            return constant(len(shape))
        if name == "shape" and shape is not None:
            if shape and all(isinstance(size, int) for size in shape):
                return constant((1,) * len(shape))
            if not shape:
                return constant(())
            items = tuple(Literal(1) if isinstance(size, int) else Length(size) for size in shape)
            return self.emit(ref, arguments, {}, Sequence(tuple, items))
        if name == "shape":
            return self.emit(ref, arguments, {}, UNKNOWN)
        if name in ("ndim", "size", "nbytes", "itemsize"):
            return self.emit(ref, arguments, {}, INTEGER)
        if name == "dtype":
            return self.emit(ref, arguments, {}, Literal(dtype))
        function = registry.method_function(name)
        if function is not None and callable(function):
            return self.call_object(Ref(function, registry.function_name(function)), arguments[:1], {})
        if name == "T" and shape is not None:
            return self.emit(ref, arguments, {}, array_or_number(dtype, tuple(reversed(shape))))
        if name in ("real", "imag"):
            scalar = scalar_result(operator.attrgetter(name), (Number(dtype),))
            if isinstance(scalar, Number):
                return self.emit(ref, arguments, {}, array_or_number(scalar.dtype, shape))
        return self.emit(ref, arguments, {}, UNKNOWN)

    def record_attribute(self, ref: Ref, source: Binding, value: Record, name: str) -> Binding | None:
        member = inspect.getattr_static(value.kind, name, None)
        if isinstance(member, property) and isinstance(member.fget, types.FunctionType):
            return self.call_object(Ref(member.fget), [source], {})
        if name in value.names:
            place = value.names.index(name)
            if source.parts is not None and not self.sweep.is_mutated(source.region):
                return source.parts[place]
            found = value.items[place]
            return self.emit(ref, [source, constant(name)], {}, found, region=self.sweep.inner_region(source, found))
        if isinstance(member, types.FunctionType):
            bound = Partial(Known(member), (value,))
            return self.emit(ref, [source, constant(name)], {}, bound, parts=(constant(member), source))
        if isinstance(member, staticmethod):
            return constant(member.__func__)
        if isinstance(member, classmethod):
            return constant(getattr(value.kind, name))
        if member is not None and is_constant(member):
            return constant(member)
        is_made = isinstance(source.region, tuple) and source.region[:1] == ("made",)
        is_passed = not dataclasses.is_dataclass(value.kind) and not hasattr(value.kind, "__getattr__")
        is_local = (is_made or is_passed) and not self.sweep.all_mutable
        # what an object made here will hold is what is assigned to it: nothing yet, in the first rounds
        return self.emit(ref, [source, constant(name)], {}, NEVER if is_local and member is None else UNKNOWN)

    def known_attribute(self, ref: Ref, arguments: list[Binding], owner: Any, name: str) -> Binding | None:
        """An attribute of a known object: code is bound now, data is read when the program runs."""
        missing = object()
        found = inspect.getattr_static(owner, name, missing)
        if found is missing and isinstance(owner, types.ModuleType):
            found = getattr(owner, name, missing)
        if isinstance(owner, types.ModuleType) and found is not missing:
            if _is_code(found):
                return Binding(Ref(found, f"{owner.__name__}.{name}"), value_of_object(found))
            if owner in (np, math):
                return self.emit(ref, arguments, {}, as_number(value_of_object(found)))
        elif isinstance(owner, np.ufunc) and hasattr(owner, name):
            real = getattr(owner, name)
            if callable(real):
                return Binding(Ref(real, f"np.{owner.__name__}.{name}"), Known(real))
        elif found is not missing and isinstance(owner, type):
            real = getattr(owner, name)
            if _is_code(real) or isinstance(real, types.WrapperDescriptorType):
                return constant(real)
        elif found is not missing and not isinstance(owner, (types.CellType,)):
            if isinstance(found, types.FunctionType) and name not in getattr(owner, "__dict__", {}):
                return constant(getattr(owner, name))
        reader = self.sweep.session.reader
        look = getattr(reader, "data", None)
        if look is not None:
            value = look(owner, name)
            if value is not None:
                region = ("data", id(owner), name) if holds_mutable(value) else None
                value = self.sweep.settled(value, region)
                return self.emit(ref, arguments, {}, value, region=region)
        return self.emit(ref, arguments, {}, UNKNOWN)

    def on_setattr(self, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
        target, name, item = arguments
        if isinstance(target.value, (Record, Instance)) and isinstance(name.value, Literal):
            member = inspect.getattr_static(target.value.kind, name.value.value, None)
            if isinstance(member, property) and isinstance(member.fset, types.FunctionType):
                return self.call_object(Ref(member.fset), [target, item], {})
        if isinstance(target.value, Array) and isinstance(name.value, Literal) and name.value.value in ("real", "imag"):
            function = np.real if name.value.value == "real" else np.imag
            hint, is_bound = self.hint, self.is_bound
            self.hint, self.is_bound = None, True
            part = self.call_object(Ref(function, f"np.{function.__name__}"), [target], {})
            self.hint, self.is_bound = hint, is_bound
            return self.call_object(Ref(operator.setitem), [part, constant(Ellipsis), item], {})
        self.sweep.escape_parts(item)
        if isinstance(target.value, Record) and isinstance(name.value, Literal):
            self.sweep.assign_attribute(target, name.value.value, item.value)
        else:
            self.sweep.mutate(target, None)
        return self.emit(ref, arguments, {}, UNKNOWN)

    def has_attribute(self, value: Value, name: str) -> bool | None:
        if isinstance(value, Record):
            return True if name in value.names or hasattr(value.kind, name) else None
        if isinstance(value, Known):
            return None if isinstance(value.object, types.ModuleType) else hasattr(value.object, name)
        kind = python_type(value)
        if kind is None or kind is type(None):
            return None if kind is None else hasattr(None, name)
        if isinstance(value, (Instance, Record)) and kind.__module__ != "builtins":
            return True if hasattr(kind, name) else None
        return hasattr(kind, name)

    def on_method(self, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
        """`receiver.name(...)`"""
        source, name = arguments[0], arguments[1].value.value  # type: ignore[union-attr]
        rest = arguments[2:]
        value = source.value
        match value:
            case Never():
                return self.emit(ref, arguments, keywords, NEVER)
            case Array() | Number() if not isinstance(value, Number) or not value.python:
                function = registry.method_function(name)
                is_method = isinstance(function, types.MethodDescriptorType) and isinstance(value, Number)
                if function is None or is_method:  # a method of arrays does not take scalars
                    return self.array_method(ref, value, name, arguments, keywords)
                if function in (np.reshape, np.transpose) and len(rest) > 1:
                    rest = [self.index_tuple(rest)]
                return self.call_object(Ref(function, registry.function_name(function)), [source, *rest], keywords)
            case Mapping() | Instance() if issubclass(value.kind, dict):
                return self.dict_method(source, name, rest, keywords)
            case Sequence() | Many() | Instance() if value.kind in (list, str, set, tuple):
                function = getattr(value.kind, name, None)
                if function is not None:
                    return self.container_method(function, name, source, rest, keywords)
            case Literal() | Number() if name == "astype" and python_type(value) is not str and len(arguments) == 3:
                dtype = indexing.dtype_argument(arguments[2].value)  # what was an array or a NumPy scalar once
                if dtype is None:
                    return None
                kind = Ref(dtype.type, f"np.{dtype.type.__name__}")
                return self.primitive_of_value(kind, [source], Number(dtype))
            case Literal() if type(value.value) in (str, bytes, int, float, complex, bool):
                return self.literal_method(ref, value, name, arguments, keywords)
            case Number():
                return self.number_method(ref, value, name, arguments, keywords)
            case Record() | Sequence() | Instance():
                return self.object_method(ref, source, value.kind, name, rest, keywords)
            case Known():
                hint, is_bound = self.hint, self.is_bound
                self.hint, self.is_bound = None, True
                found = self.known_attribute(Ref(getattr), [source, arguments[1]], value.object, name)
                assert found is not None
                return self.apply(found, rest, keywords, hint, is_bound)
            case Partial() if name == "__call__":
                return self.apply(source, rest, keywords, self.hint, self.is_bound)
        return None

    def index_tuple(self, items: list[Binding]) -> Binding:
        hint, is_bound = self.hint, self.is_bound
        self.hint, self.is_bound = None, True
        made = self.on_make_tuple(Ref(operations.make_tuple), items, {})
        assert made is not None
        self.hint, self.is_bound = hint, is_bound
        return made

    def array_method(
        self, ref: Ref, value: Array | Number, name: str, arguments: list[Binding], keywords: Keywords
    ) -> Binding:
        found: Value = UNKNOWN
        shape = value.shape if isinstance(value, Array) else ()
        if isinstance(value, Number) and len(arguments) == 2 and not keywords:  # scalars are immutable
            if name == "copy":
                return arguments[0]
            kind = {"f": float, "c": complex}.get(value.dtype.kind)
            if name == "item" and kind is not None:
                return self.primitive_of_value(Ref(kind, kind.__name__), [arguments[0]], Number(np.dtype(kind), True))
        if name in ("copy", "astype", "flatten", "view"):
            found = array_or_number(value.dtype, shape)
            if name in ("astype", "view"):
                dtype = indexing.dtype_argument(arguments[2].value) if len(arguments) == 3 else None
                known = dtype is not None and (name == "astype" or dtype.itemsize == value.dtype.itemsize)
                found = array_or_number(dtype, shape) if known and dtype is not None else UNKNOWN
            elif name == "flatten":
                found = Array(value.dtype, (indexing.fresh(0),))
        elif name == "item" and shape is not None:
            found = value_of_scalar(value.dtype.type(0).item())
        return self.emit(ref, arguments, keywords, found)

    def number_method(
        self, ref: Ref, value: Number, name: str, arguments: list[Binding], keywords: Keywords
    ) -> Binding:
        found: Value = UNKNOWN
        if name == "conjugate" and len(arguments) == 2:
            return arguments[0] if value.dtype.kind != "c" else self.call_object(Ref(np.conjugate), arguments[:1], {})
        if len(arguments) == 2 and not keywords:
            found = scalar_result(operator.methodcaller(name), (value,))
        return self.emit(ref, arguments, keywords, found)

    def literal_method(
        self, ref: Ref, value: Literal, name: str, arguments: list[Binding], keywords: Keywords
    ) -> Binding:
        if not keywords and all(isinstance(item.value, Literal) for item in arguments):
            try:
                result = getattr(value.value, name)(*(item.value.value for item in arguments[2:]))  # type: ignore[union-attr]
            except Exception:
                result = NotImplemented
            if is_constant(result) and _is_small((result,)):
                return constant(result)
        found: Value = Instance(str) if isinstance(value.value, str) and name in ("format", "join") else UNKNOWN
        return self.emit(ref, arguments, keywords, found)

    def container_method(
        self, function: Any, name: str, source: Binding, rest: list[Binding], keywords: Keywords
    ) -> Binding:
        value = source.value
        ref = Ref(function, f"{value.kind.__name__}.{name}")  # type: ignore[union-attr]
        found: Value = UNKNOWN
        if name == "extend" and value.kind is list and len(rest) == 1 and self.extended(source, rest[0]):  # type: ignore[union-attr]
            return constant(None)
        if name in ("append", "insert", "extend", "add", "update"):
            stored = rest[-1] if rest else None
            if stored is not None:
                self.sweep.escape_parts(stored)
            item: Value | None = stored.value if stored is not None and name in ("append", "insert") else None
            if name == "extend" and isinstance(stored, Binding) and isinstance(stored.value, (Sequence, Many)):
                from transforms.specialise.sweep import item_value

                item = item_value(stored.value) if getattr(stored.value, "items", True) else NEVER
            self.sweep.mutate(source, item)
        elif name in ("pop", "remove", "clear", "sort", "reverse"):
            self.sweep.mutate(source, NEVER)
            if name == "pop" and isinstance(self.sweep.settled(value, source.region), Many):
                from transforms.specialise.sweep import renamed_any

                found = renamed_any(self.sweep.settled(value, source.region).item, (FRESH, self.hint or "pop"))  # type: ignore[union-attr]
        elif name in ("index", "count", "find"):
            found = INTEGER
        elif name == "copy" and isinstance(value, (Sequence, Many)):
            region = self.new_region()
            return self.emit(ref, [source, *rest], keywords, self.sweep.settled(value, region), region=region)
        elif value.kind is str:  # type: ignore[union-attr]
            found = Instance(str) if name in ("format", "join", "lower", "upper", "strip", "replace") else UNKNOWN
        return self.emit(ref, [source, *rest], keywords, found, region=self.sweep.inner_region(source, found))

    def on_list_method(self, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
        """`list.append(items, x)`, `list.pop(items)`: methods by the function that they are."""
        value = arguments[0].value if arguments else UNKNOWN
        if keywords or not (isinstance(value, (Sequence, Many, Instance)) and value.kind is list):
            return None
        return self.container_method(ref.value, ref.value.__name__, arguments[0], arguments[1:], keywords)

    def on_add_item(self, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
        """`runtime.add_item(items, index, g)`, `runtime.add_into(items, g)`: sums take the place of items."""
        buffer, added = arguments[0], arguments[-1].value
        if isinstance(buffer.value, Array) or not holds_mutable(buffer.value):
            return None
        from transforms.specialise.sweep import item_value

        if ref.value is runtime.add_into or not isinstance(as_number(arguments[1].value), Number):
            added = item_value(added)
        is_known = isinstance(as_number(added), (Number, Array))
        if isinstance(buffer.value, (Sequence, Many)):
            self.sweep.mutate(buffer, added if is_known else None)
        elif is_known and ref.value is runtime.add_item and issubclass(python_type(buffer.value) or object, dict):
            self.sweep.mutate_item(buffer, arguments[1].value, added)
        else:
            self.sweep.mutate(buffer, None)
        return None

    def on_dict_get(self, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
        """`dict.get(d, key, default)` of a dict that changes."""
        source = arguments[0]
        if len(arguments) != 3 or keywords or python_type(source.value) is not dict:
            return None
        found = as_number(arguments[2].value)
        if isinstance(source.value, Mapping) and not self.sweep.is_mutated(source.region):
            for item in source.value.items:
                found = join(found, as_number(item), FRESH)
        else:
            found = join(found, self.sweep.stored_item(source, arguments[1].value), FRESH)
        return self.emit(ref, arguments, {}, found) if isinstance(found, Number) else None

    def on_zeros(self, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
        """`runtime.zeros(x)` of a list or tuple is a list of zeros."""
        value = arguments[0].value
        if not isinstance(value, (Sequence, Many)) or hasattr(value.kind, "_fields"):
            return None
        found = _zero_of(value)
        if found == UNKNOWN:
            return None
        region = self.new_region()
        return self.owned(self.emit(ref, arguments, {}, self.sweep.settled(found, region), region=region))

    def on_new(self, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
        """`object.__new__(Class)`: an object without attributes."""
        cls = arguments[0].value if len(arguments) == 1 else UNKNOWN
        if not isinstance(cls, Known) or not isinstance(cls.object, type):
            return None
        region = self.new_region()
        value = self.sweep.settled(Record(cls.object, (), ()), region)
        return self.owned(self.emit(ref, arguments, {}, value, region=region))

    def extended(self, source: Binding, other: Binding) -> bool:
        """Append the items of a sequence to a list one by one, where they are known."""
        items = self.sweep.parts(other) if isinstance(other.value, Sequence) else None
        if items is None or self.sweep.is_mutated(other.region):
            return False
        hint, is_bound = self.hint, self.is_bound
        for item in items:
            self.hint, self.is_bound = None, False
            self.container_method(list.append, "append", source, [item], {})
        self.hint, self.is_bound = hint, is_bound
        return True

    def dict_method(self, source: Binding, name: str, rest: list[Binding], keywords: Keywords) -> Binding | None:
        value = source.value
        function = getattr(dict, name, None)
        if function is None:
            return None
        ref = Ref(function, f"dict.{name}")
        is_known = isinstance(value, Mapping) and not self.sweep.is_mutated(source.region)
        if is_known and name in ("items", "keys", "values") and not rest:
            assert isinstance(value, Mapping)
            hint, is_bound = self.hint, self.is_bound
            items = [
                source.parts[place] if source.parts is not None else self.sweep.read(source, Const(key), item)
                for place, (key, item) in enumerate(zip(value.keys, value.items))
            ]
            keys = [constant(key) for key in value.keys]
            pairs = [self.tuple_of([k, i]) for k, i in zip(keys, items)]
            views = {"keys": keys, "values": items, "items": pairs}
            self.hint, self.is_bound = hint, is_bound
            kind = _VIEW_KINDS[name]
            return self.emit(ref, [source], {}, Instance(kind), parts=tuple(views[name]))
        if is_known and name == "get" and rest and isinstance(rest[0].value, Literal):
            assert isinstance(value, Mapping)
            if rest[0].value.value in value.keys:
                return self.on_getitem(Ref(operator.getitem), [source, rest[0]], {})
            return rest[1] if len(rest) > 1 else constant(None)
        if name in ("update", "setdefault", "pop", "popitem", "clear"):
            for item in (*rest, *keywords.values()):
                self.sweep.escape_parts(item)
            self.sweep.mutate(source, None)
        if name == "copy":
            region = self.new_region()
            parts = source.parts if not self.sweep.is_mutated(region) else None
            return self.emit(ref, [source], {}, self.sweep.settled(value, region), parts=parts, region=region)
        return self.emit(
            ref, [source, *rest], keywords, Instance(_VIEW_KINDS[name]) if name in _VIEW_KINDS else UNKNOWN
        )

    def object_method(
        self, ref: Ref, source: Binding, kind: type, name: str, rest: list[Binding], keywords: Keywords
    ) -> Binding | None:
        value = source.value
        if name == "_replace" and isinstance(value, Sequence) and hasattr(kind, "_fields"):
            parts = dict(zip(kind._fields, self.sweep.parts(source) or ()))
            return self.construct(Ref(kind, kind.__name__), kind, [], {**parts, **keywords})
        if isinstance(value, Record) and name in value.names:
            hint, is_bound = self.hint, self.is_bound
            self.hint, self.is_bound = None, True
            held = self.record_attribute(Ref(getattr), source, value, name)
            assert held is not None
            return self.apply(held, rest, keywords, hint, is_bound)
        member = inspect.getattr_static(kind, name, None)
        if isinstance(member, types.FunctionType):
            return self.call_object(Ref(member), [source, *rest], keywords)
        if isinstance(member, staticmethod):
            return self.call_object(Ref(member.__func__), rest, keywords)
        if isinstance(member, classmethod):
            return self.call_object(Ref(member.__func__), [constant(kind), *rest], keywords)
        return None

    # -------------------------------------------------------------------------------------------- tests and conversions

    def on_isinstance(self, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
        kind = python_type(arguments[0].value)
        classes = self.classes(arguments[1])
        if kind is not None and classes is not None:
            # a NumPy scalar may be a Python number where a loop was not entered: both have to agree
            other = _TYPES.get(kind, kind)
            try:
                if issubclass(kind, classes) == issubclass(other, classes):
                    return constant(issubclass(kind, classes))
            except TypeError:
                pass
        return self.emit(ref, arguments, {}, BOOLEAN)

    def classes(self, binding: Binding) -> tuple[type, ...] | None:
        if isinstance(binding.value, Known) and isinstance(binding.value.object, type):
            return (binding.value.object,)
        if isinstance(binding.value, Known) and isinstance(binding.value.object, types.UnionType):
            return binding.value.object.__args__
        if isinstance(binding.value, Sequence):
            found = [item.object for item in binding.value.items if isinstance(item, Known)]
            return tuple(found) if len(found) == len(binding.value.items) else None
        return None

    def on_type(self, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
        kind = python_type(arguments[0].value) if len(arguments) == 1 else None
        return constant(kind) if kind is not None else None

    def on_hasattr(self, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
        name = arguments[1].value
        known = self.has_attribute(arguments[0].value, name.value) if isinstance(name, Literal) else None
        return constant(known) if known is not None else self.emit(ref, arguments, {}, BOOLEAN)

    def on_callable(self, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
        value = arguments[0].value
        if isinstance(value, (Known, Partial)):
            return constant(callable(value.object) if isinstance(value, Known) else True)
        kind = python_type(value)
        if kind is not None:
            return constant(inspect.getattr_static(kind, "__call__", None) is not None)
        return self.emit(ref, arguments, {}, BOOLEAN)

    def on_is(self, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
        same = self.is_same(arguments[0].value, arguments[1].value)
        if same is None:
            return self.emit(ref, arguments, {}, BOOLEAN)
        return constant(same if ref.value is operator.is_ else not same)

    def is_same(self, first: Value, second: Value) -> bool | None:
        if isinstance(first, Known) and isinstance(second, Known):
            return first.object is second.object
        if isinstance(first, Literal) and isinstance(second, Literal):
            if type(first.value) is not type(second.value):
                return False
            if first.value is None or isinstance(first.value, (bool, type(Ellipsis))):
                return first.value is second.value
            return None
        kinds = python_type(first), python_type(second)
        if kinds[0] is not None and kinds[1] is not None and kinds[0] is not kinds[1]:
            return False
        if (isinstance(first, Literal) and first.value is None) or (
            isinstance(second, Literal) and second.value is None
        ):
            other = second if isinstance(first, Literal) and first.value is None else first
            return False if isinstance(other, Partial) else None
        return None

    def on_not(self, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
        known = self.truth(arguments[0])
        return constant(not known) if known is not None else self.emit(ref, arguments, {}, BOOLEAN)

    def on_bool(self, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
        """`bool(x)`, and `operator.truth(x)`"""
        if len(arguments) != 1 or keywords:
            return None
        known = self.truth(arguments[0])
        return constant(known) if known is not None else self.emit(ref, arguments, {}, BOOLEAN)

    def on_float(self, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
        """`float(x)`, `int(x)`, `complex(x)`"""
        folded = self.fold(ref.value, arguments, keywords)
        if folded is not None:
            return folded
        if len(arguments) == 1 and isinstance(arguments[0].value, Number) and ref.value is not complex:
            if python_type(arguments[0].value) is ref.value and ref.value is not float:
                return arguments[0]
        entry = registry.lookup(ref.value)
        value = value_of_scalar(ref.value())
        if entry is not None and entry.simplify is not None:
            hint, is_bound = self.hint, self.is_bound
            simple = self.simplified(entry, arguments, keywords, value)
            if simple is not None:
                return simple
            self.hint, self.is_bound = hint, is_bound
        return self.emit(ref, arguments, keywords, value)

    def on_string(self, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
        return self.fold(ref.value, arguments, keywords) or self.emit(ref, arguments, keywords, Instance(str))

    def on_minimum(self, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
        """`min(...)`, `max(...)`"""
        folded = self.fold(ref.value, arguments, keywords)
        if folded is not None:
            return folded
        if keywords:
            return None
        from transforms.specialise.sweep import item_value

        found: Value = NEVER
        items = [item.value for item in arguments] if len(arguments) > 1 else [item_value(arguments[0].value)]
        for item in items:
            found = join(found, as_number(item), FRESH)
        return self.emit(ref, arguments, {}, found if isinstance(found, Number) else UNKNOWN)

    def on_apply(self, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
        """`f(*arguments, **keywords)` with containers of known structure."""
        function, positional, named = arguments
        hint, is_bound = self.hint, self.is_bound
        parts = self.parts_of(positional)
        if parts is None or not isinstance(named.value, Mapping) or self.sweep.is_mutated(named.region):
            return None
        if not all(isinstance(key, str) for key in named.value.keys):
            return None
        given = {
            str(key): named.parts[place] if named.parts is not None else self.sweep.read(named, Const(key), item)
            for place, (key, item) in enumerate(zip(named.value.keys, named.value.items))
        }
        return self.apply(function, list(parts), given, hint, is_bound)

    # -------------------------------------------------------------------------------------------------------- unrolling

    def unrolled_items(self, iterable: Binding, statement: core.For) -> list[Callable[[], Binding]] | None:
        """How to make the items of a loop that is to be unrolled, one after the other."""
        value = iterable.value
        if self.sweep.emitted > 3000:
            return None
        if isinstance(value, (Sequence, Mapping)) or (isinstance(value, Instance) and value.kind in _VIEWS):
            if isinstance(value, Sequence) and not is_rich(value):
                return None if value.items else []
            parts = self.parts_of(iterable)
            if parts is None or len(parts) > 64:
                return None
            return [functools.partial(_same, part) for part in parts]
        items = known_range(iterable)
        if items is None:
            return None
        if len(items) == 0:
            return []
        if len(items) <= 64 and self.reads_rich(statement):
            return [functools.partial(constant, item) for item in items]
        return None

    def reads_rich(self, statement: core.For) -> bool:
        """Whether the body reads items of containers whose items differ, by an index that depends on the loop."""
        moving = {statement.target}
        for inner in core.walk(statement.body):
            if not isinstance(inner, Assign) or not isinstance(inner.value, Call):
                continue
            call = inner.value
            if any(isinstance(atom, Var) and atom.name in moving for atom in call.arguments) and inner.target:
                moving.add(inner.target)
            if core.is_call_of(call, operator.getitem) and isinstance(call.arguments[0], Var):
                index = call.arguments[1]
                source = self.sweep.env.get(call.arguments[0].name)
                if isinstance(index, Var) and index.name in moving and source is not None:
                    if isinstance(source.value, (Sequence, Mapping)) and not self.sweep.is_mutated(source.region):
                        if isinstance(source.value, Mapping) or is_rich(source.value):
                            return True
        return False


def _same(binding: Binding) -> Binding:
    return binding


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


def _is_slice(value: Value) -> bool:
    return isinstance(value, Literal) and isinstance(value.value, slice) or value == Instance(slice)


def _has_items(value: Value) -> bool:
    return isinstance(value, Many) or (isinstance(value, Sequence) and bool(value.items))


def item_of(value: Sequence | Many) -> Value:
    return Sequence(tuple, value.items) if isinstance(value, Sequence) else value.item


def is_rich(value: Sequence) -> bool:
    """Whether the items differ in structure, or hold containers or code."""
    described: set[Any] = set()
    for item in value.items:
        item = as_number(item)
        match item:
            case Number():
                described.add((item.dtype, item.python))
            case Array() if item.shape is not None:
                described.add((item.dtype, tuple(isinstance(size, int) for size in item.shape)))
            case _:
                return True
    return len(described) > 1


def known_range(binding: Binding) -> range | None:
    """The range that an operand is, if its bounds are known."""
    if not (isinstance(binding.value, Instance) and binding.value.kind is range) or binding.parts is None:
        return None
    bounds = [part.value.value for part in binding.parts if isinstance(part.value, Literal)]
    if len(bounds) != len(binding.parts) or not all(type(bound) in (int, bool) for bound in bounds):
        return None
    try:
        return range(*bounds)
    except (TypeError, ValueError):
        return None


def _is_small(values: Any) -> bool:
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
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    known = [name for name, parameter in entry.signature.parameters.items() if parameter.kind in kinds]
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
    if isinstance(thing, np.ufunc) or not _is_numpy(thing) or isinstance(thing, type):
        return ()
    try:
        parameters = inspect.signature(thing).parameters.values()
    except (TypeError, ValueError):
        return ()
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    if any(parameter.kind is inspect.Parameter.VAR_POSITIONAL for parameter in parameters):
        return ()
    return tuple((parameter.name, parameter.default) for parameter in parameters if parameter.kind in kinds)


def _is_numpy(thing: Any) -> bool:
    module = getattr(thing, "__module__", None) or ""
    return module.partition(".")[0] == "numpy"


def _is_code(thing: Any) -> bool:
    return isinstance(
        thing,
        (
            types.FunctionType, types.BuiltinFunctionType, types.MethodDescriptorType, types.ModuleType, type, np.ufunc,
            functools.partial,
        ),
    ) or (callable(thing) and _is_numpy(thing))


def _has_plain_init(cls: type) -> bool:
    init = cls.__dict__.get("__init__")
    return (
        isinstance(init, types.FunctionType)
        and init.__code__.co_filename == "<string>"
        and not hasattr(cls, "__post_init__")
        and cls.__new__ is object.__new__
    )


def _is_plain_class(cls: type) -> bool:
    """Whether `Class(...)` makes an empty object, calls `__init__`, and its attributes are plain."""
    return (
        (
            inspect.getattr_static(cls, "__init__", None) is object.__init__
            or isinstance(inspect.getattr_static(cls, "__init__", None), types.FunctionType)
        )
        and type(cls) is type
        and cls.__new__ is object.__new__
        and cls.__setattr__ is object.__setattr__
        and cls.__getattribute__ is object.__getattribute__
    )


def _may_overload(value: Value) -> bool:
    """Whether a comparison with the value may give something else than a bool."""
    return not isinstance(value, (Number, Length, Literal, Known)) and not (
        isinstance(value, Instance) and value.kind in (str, bytes, int, float, range)
    )


_VIEW_KINDS: dict[str, type] = {"items": type({}.items()), "keys": type({}.keys()), "values": type({}.values())}
_VIEWS = tuple(_VIEW_KINDS.values())

_HANDLERS: list[tuple[Any, str]] = [
    (getattr, "on_getattr"),
    (np.shape, "on_shape"),
    (setattr, "on_setattr"),
    (operator.getitem, "on_getitem"),
    (operator.setitem, "on_setitem"),
    (operator.delitem, "on_delitem"),
    (operator.contains, "on_contains"),
    (operations.method, "on_method"),
    (operations.apply, "on_apply"),
    (operations.make_tuple, "on_make_tuple"),
    (operations.make_list, "on_make_list"),
    (operations.make_dict, "on_make_dict"),
    (operations.make_slice, "on_make_slice"),
    (operations.unpack, "on_unpack"),
    (operations.unpack_star, "on_unpack_star"),
    (operations.format_value, "on_string"),
    (operations.join_strings, "on_string"),
    (operations.Cell, "on_cell"),
    (functools.partial, "on_partial"),
    (runtime.sequence, "on_sequence"),
    (runtime.common_length, "on_common_length"),
    (runtime.has_item, "on_helper"),
    (runtime.is_sequence, "on_helper"),
    (runtime.is_mapping, "on_helper"),
    (runtime.reversible, "on_helper"),
    (runtime.join_sequences, "on_join_sequences"),
    (runtime.repeat_sequence, "on_repeat_sequence"),
    (operator.add, "on_join_sequences"),
    (operator.concat, "on_join_sequences"),
    (list.append, "on_list_method"),
    (dict.get, "on_dict_get"),
    (list.pop, "on_list_method"),
    (runtime.add_item, "on_add_item"),
    (runtime.add_into, "on_add_item"),
    (runtime.zeros, "on_zeros"),
    (object.__new__, "on_new"),
    (dict, "on_dict"),
    *((kind, "on_scalar_type") for kind in (np.float16, np.float32, np.float64, np.complex64, np.complex128,
      np.int32, np.int64, np.bool_)),
    (isinstance, "on_isinstance"),
    (type, "on_type"),
    (hasattr, "on_hasattr"),
    (callable, "on_callable"),
    (operator.is_, "on_is"),
    (operator.is_not, "on_is"),
    (operator.not_, "on_not"),
    (operator.truth, "on_bool"),
    (bool, "on_bool"),
    (float, "on_float"),
    (int, "on_float"),
    (complex, "on_float"),
    (str, "on_string"),
    (repr, "on_string"),
    (min, "on_minimum"),
    (max, "on_minimum"),
    (len, "on_len"),
    (range, "on_range"),
    (reversed, "on_reversed"),
    (builtins.tuple, "on_tuple"),
    (builtins.list, "on_tuple"),
    *(
        (getattr(operator, name), "on_in_place")
        for name in (
            "iadd", "isub", "imul", "itruediv", "ifloordiv", "imod", "ipow", "imatmul", "iand", "ior", "ixor",
            "ilshift", "irshift",
        )
    ),
]  # fmt: skip
