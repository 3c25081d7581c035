"""The cotangents of one function while its adjoint is written: how each is named, kept, added to and taken.

A VALUE cotangent is a name that the adjoint sweep binds; that of a container of known structure is kept item by item,
in *slots*; a buffer is added to in place; a narrow one is still to be broadcast.  A SHADOW is memory with the aliasing
of the primal.  See `plan.py` for which name has which.
"""

from __future__ import annotations

import copy
import difflib
import inspect
import operator
import types
from dataclasses import dataclass, field
from typing import Any, TypeGuard

import numpy as np

from transforms import operations, registry, runtime
from transforms.builder import Builder
from transforms.core import (
    Assign,
    Atom,
    Call,
    Const,
    Function,
    Names,
    Origin,
    Ref,
    Return,
    Statement,
    Var,
    all_writes,
    is_call_of,
    is_temporary,
    names_in,
    walk,
)
from transforms.errors import DerivativeUndefined, RuleNotFound, TransformError, UnsupportedSyntax
from transforms.reverse.plan import Kind, Plan, Shadowed, make_plan
from transforms.templates import Templates, value_of
from transforms.values import (
    UNKNOWN,
    Array,
    Instance,
    Known,
    Literal,
    Many,
    Mapping,
    Number,
    Record,
    Sequence,
    Unknown,
    Value,
    may_be_differentiable,
)

Statements = list[Statement]


@dataclass
class Scope:
    """One block whose adjoint is being written: statements that go to its start, and whether it stands in a loop."""

    in_loop: bool = False
    prologue: Statements = field(default_factory=list)
    is_handed_over: bool = False  # its adjoint is another function, which gets the names that it reads


class Cotangents:
    """The cotangents of one function while its adjoint is written: how each is named, kept, added to and taken."""

    def __init__(self, function: Function, wrt: tuple[int, ...], compiler: Any, shadowed: Shadowed = ()) -> None:
        self.function, self.wrt, self.compiler = function, wrt, compiler
        self.shadowed = dict(shadowed)
        self.plan: Plan = make_plan(function, wrt, compiler.summaries, shadowed)
        self.templates: Templates = compiler.templates
        self.values: dict[str, Value] = dict(function.values or {})
        self.names = Names(names_in(function))
        self.bar_names: dict[str, str] = {}
        self.slot_names: dict[tuple[str, Any], str] = {}
        self.live: set[str] = set()  # names (or slots) whose VALUE cotangent is set at this point of the adjoint sweep
        self.fresh: set[str] = set()  # those of them whose memory nobody else refers to
        self.claimed: set[str] = set()
        self.aliases: dict[str, str] = {}  # shadows that are other names of shadows
        self.narrow: dict[str, Value] = {}  # cotangents that are still to be broadcast, and what they are
        self.tapes: Statements = []
        self.unbound: dict[str, Assign] = {}  # what the adjoint reads, and an exception may leave unbound
        self.given: dict[str, str] = {}  # parameter -> what it was at the start, as far as its structure goes
        self.is_whole = True  # whether both sweeps stay in one function
        self.outside: dict[int, tuple[Ref, str, dict[str, None]]] = {}  # id -> object with data, its shadow, attributes
        self.own_shadows: dict[str, str] = {}  # parameter -> its shadow at the start
        self.flows: dict[str, str] = {}  # header of a loop -> its cotangent at the end of the iteration

    @property
    def returns_shadow(self) -> bool:
        """Whether the caller gets the shadow of the result, because it shares memory with a shadowed parameter."""
        result = self.function.result
        return self.plan.kind(result) is Kind.SHADOW and self.plan.is_shared(result)

    def _seed(self, last: Return, cotangent: Atom, out: Builder) -> None:
        value = value_of(last.value, self.values)
        if isinstance(value, (Number, Array)) and value.dtype.kind not in "fciub":
            raise DerivativeUndefined(
                f"the output is not numeric (it is of dtype {value.dtype}), so it has no derivative", "", last.origin
            )
        if isinstance(last.value, Var) and self.plan.kind(last.value) is not Kind.NONE:
            self.accumulate(last.value, cotangent, out)

    def _raw_gradient(self, name: str, out: Builder) -> Atom:
        if self.function.parameters.index(name) in self.shadowed and self.has_shadow(name):
            return self._own_shadow(name) if self.is_dynamic(Var(name)) else Const(None)  # it is in the caller's shadow
        g = self.take(name, out)
        return self.zero(name, out, self._given(name)) if g is None else g

    def has_shadow(self, name: str) -> bool:
        """Whether the cotangent of a name is a shadow, and not a value."""
        return self.plan.kind(name) is Kind.SHADOW

    def _own_shadow(self, name: str) -> Var:
        """The shadow of what a parameter was given as; the name may be bound again, and its shadow with it."""
        if name not in self.own_shadows and name in all_writes(self.function.body):
            self.own_shadows[name] = self.names.fresh(f"{name}_bar")
        return Var(self.own_shadows.get(name, self.bar(name)))

    def _given(self, name: str) -> Var:
        """What has the structure that a parameter was given with: the parameter, or a name for what it was."""
        if name not in self.given and self._loses_structure(name):
            self.given[name] = self.names.fresh(f"{name}_given")
        return Var(self.given.get(name, name))

    def _loses_structure(self, name: str) -> bool:
        """Whether a parameter is bound again, or a container of it changed, so that its items may become others."""
        if name in all_writes(self.function.body):
            return True
        found: list[Value] = [self.values.get(name, UNKNOWN)]
        for is_changed in self.plan.levels(name):
            if is_changed and not all(isinstance(value, (Array, Number, Literal)) for value in found):
                return True
            found = [item for value in found for item in _parts(value)]
        return False

    def _gradient(self, name: str, out: Builder) -> Atom:
        """The gradient of a parameter, in its structure and in memory of its own."""
        value = self.values.get(name, UNKNOWN)
        if self.kind(name) is Kind.SHADOW:
            shadow = self._own_shadow(name)
            return shadow if isinstance(value, Array) else out.call(runtime.finish, shadow, self._given(name))
        if isinstance(value, (Sequence, Mapping, Record)) and name not in self.plan.buffered:
            return self._gradient_structure(name, value, out)
        is_fresh = name in self.fresh
        g = self.take(name, out)
        is_parameter = name in self.function.parameters
        if g is None:
            g = self.zero(name, out, self._given(name) if is_parameter else None)
            if isinstance(value, (Number, Literal, Array)):
                return g
        if isinstance(value, Number):
            return g
        if isinstance(value, Array):
            return g if is_fresh and value.shape != () else out.call(np.array, g)
        return out.call(runtime.finish, g, self._given(name) if is_parameter else self._primal(name, out))

    def _gradient_structure(self, name: str, value: Sequence | Mapping | Record, out: Builder) -> Atom:
        if self.kind(name) is Kind.NONE:
            given = self._given(name)
            return out.call(runtime.finish, out.call(runtime.zeros, given), given)
        slots = dict(self.slots(name))
        items: list[Atom] = []
        keys = range(len(value.items)) if isinstance(value, Sequence) else _keys(value)
        for key in keys:
            items.append(self._gradient(slots[key], out) if key in slots else self._nothing_of(value, key, out))
        return self._pack(value, items, out, exact=True)

    def _nothing_of(self, value: Sequence | Mapping | Record, key: Any, out: Builder) -> Atom:
        """The gradient of an item without a derivative: None, or an empty container where it is one."""
        item = value.items[key if isinstance(value, Sequence) else list(_keys(value)).index(key)]
        if isinstance(item, Literal) and item.value == ():
            return Const(())
        is_empty = isinstance(item, (Sequence, Mapping)) and not item.items
        return self._pack(item, [], out, exact=True) if is_empty else Const(None)

    def _pack(self, value: Value, items: list[Atom], out: Builder, exact: bool = False) -> Atom:
        """Cotangents of items in the structure of their container; `exact`: in its very class."""
        if isinstance(value, Sequence):
            if exact and hasattr(value.kind, "_fields"):
                return out.call(Ref(value.kind, value.kind.__name__), *items)
            return out.call(operations.make_list if value.kind is list else operations.make_tuple, *items)
        if isinstance(value, Mapping):
            flat = [atom for key, item in zip(value.keys, items) for atom in (Const(key), item)]
            return out.call(operations.make_dict, *flat)
        assert isinstance(value, Record)
        kind = Ref(value.kind, value.kind.__name__) if exact else Ref(runtime.Shadow, "runtime.Shadow")
        return out.call(runtime.make_record, kind, Const(value.names), *items)

    def bar(self, name: str) -> str:
        """The name of the cotangent of a name (or slot)."""
        if name not in self.bar_names:
            if is_temporary(name):
                self.bar_names[name] = self.names.temporary()
            else:
                self.bar_names[name] = self.names.fresh(f"{name}_bar")
        return self.bar_names[name]

    def slots(self, name: str) -> list[tuple[Any, str]]:
        """(key, slot name) of the items of a structured name that may carry a cotangent."""
        value = self.values[name]
        if isinstance(value, Sequence):
            pairs: list[tuple[Any, Value]] = list(enumerate(value.items))
        else:
            assert isinstance(value, (Mapping, Record))
            keys: tuple[Any, ...] = value.keys if isinstance(value, Mapping) else value.names
            pairs = list(zip(keys, value.items))
        result = []
        for key, item in pairs:
            if may_be_differentiable(item):
                slot = self.slot_names.get((name, key))
                if slot is None:
                    is_plain = str(key).isidentifier() or isinstance(key, int)
                    slot = self.names.fresh(f"{name}_{key}" if is_plain else name)
                    self.slot_names[name, key] = slot
                    self.values[slot] = item
                result.append((key, slot))
        return result

    def is_structured(self, name: str) -> bool:
        if name in self.plan.bound_in:
            return self.plan.is_structured(name)
        return isinstance(self.values.get(name), (Sequence, Mapping, Record))

    def kind(self, atom: Atom | str) -> Kind:
        name = atom if isinstance(atom, str) else atom.name if isinstance(atom, Var) else None
        if name is not None and name not in self.plan.bound_in and name in self.values:
            return Kind.VALUE  # a slot
        return self.plan.kind(atom)

    def is_dynamic(self, atom: Atom) -> bool:
        """Whether only the run time knows if a shadow is memory or, for a number, a cotangent by value."""
        return self.kind(atom) is Kind.SHADOW and isinstance(value_of(atom, self.values), Unknown)

    def give_back(self, atom: Atom, g: Atom, out: Builder) -> None:
        """Add what the shadow of another name for the same thing holds, if that turns out to be a number."""
        if isinstance(atom, Var) and self.is_dynamic(atom):
            out.call(runtime.merge, Var(self.bar(atom.name)), g, target=self.bar(atom.name))

    def item(self, container: Atom, name: str, key: Any, out: Builder) -> Var:
        """Item `key` of a value that has the structure of `name`."""
        if isinstance(self.values.get(name), Record):
            return out.call(getattr, container, Const(key))
        return out.call(operator.getitem, container, Const(key))

    def accumulate(self, atom: Atom, g: Atom, out: Builder, borrowed: bool = False) -> None:
        """Add `g` to the cotangent of a name.  `borrowed`: `g` is memory that will change, so a copy is kept."""
        if not isinstance(atom, Var) or self.kind(atom) is Kind.NONE:
            return
        name, value = atom.name, self.values.get(atom.name, UNKNOWN)
        if self.kind(atom) is Kind.SHADOW:
            if isinstance(value, Array):
                out.do(operator.iadd, Var(self.bar(name)), g)
            elif self.is_dynamic(atom):
                out.call(runtime.accumulate, Var(self.bar(name)), g, target=self.bar(name))
            else:
                out.do(runtime.add_into, Var(self.bar(name)), g)
        elif self.is_structured(name):
            for key, slot in self.slots(name):
                self.accumulate(Var(slot), self.item(g, name, key, out), out, borrowed)
        elif name in self.plan.buffered or isinstance(value, Many):
            if name not in self.live and isinstance(value, Array):
                # the first contribution may become the buffer itself, if its memory is its own
                is_own = value.shape != () and self._claim(g, out)
                out.bind(self.bar(name), g) if is_own else out.call(np.array, g, target=self.bar(name))
                self.live.add(name)
                self.fresh.add(name)
                return
            buffer = self.buffer(name, out)
            if isinstance(value, Array):
                out.do(operator.iadd, buffer, g)
            else:
                out.do(runtime.add_into, buffer, g)
        elif name in self.live:
            self.widen(name, out)
            function = operator.add if isinstance(value, (Number, Array)) or self._is_numeric(name) else runtime.add
            out.call(function, Var(self.bar(name)), g, target=self.bar(name))
            self.fresh.add(name)
        else:
            if borrowed and not isinstance(value, Number):
                g = out.call(np.array if isinstance(value, Array) else runtime.snapshot, g)
            out.bind(self.bar(name), g)
            self.live.add(name)
            (self.fresh.add if self._claim(g, out) else self.fresh.discard)(name)

    def _claim(self, g: Atom, out: Builder) -> bool:
        """Whether `g` is new memory that no other cotangent refers to; the first who asks gets it."""
        if not isinstance(g, Var) or g.name in self.claimed:
            return False
        self.claimed.add(g.name)
        name = g.name
        for statement in reversed(out.statements):
            if isinstance(statement, Assign) and statement.target == name:
                value = statement.value
                if isinstance(value, Var):
                    name = value.name
                    if name in self.claimed:
                        return False
                    self.claimed.add(name)
                    continue
                function = value.function.value if isinstance(value, Call) and isinstance(value.function, Ref) else None
                entry = registry.lookup(function) if function is not None and function is not operator.getitem else None
                return entry is not None and not entry.views and entry.adjoint is not None
        return False

    def _is_numeric(self, name: str) -> bool:
        """Whether a name of unknown type is sure to be a number or an array, so that cotangents add with `+`."""
        if not hasattr(self, "_numeric"):
            numeric: set[str] = set()
            for statement in walk(self.function.body):
                if isinstance(statement, Assign) and isinstance(statement.value, Call):
                    function = statement.value.function
                    entry = registry.lookup(function.value) if isinstance(function, Ref) else None
                    if entry is not None and entry.is_elementwise:
                        numeric.update(a.name for a in statement.value.atoms if isinstance(a, Var))
                        numeric.update((statement.target,) if statement.target else ())
            self._numeric = numeric
        return name in self._numeric

    def buffer(self, name: str, out: Builder) -> Var:
        """The cotangent of a name as memory that may be added to in place, made now if it is not there yet."""
        if name not in self.live:
            out.call(self._zeros_function(name), self._primal(name, out), target=self.bar(name))
            self.live.add(name)
            self.fresh.add(name)
        return Var(self.bar(name))

    def _zeros_function(self, name: str) -> Any:
        return np.zeros_like if isinstance(self.values.get(name), Array) else runtime.zeros

    def zero(self, name: str, out: Builder, like: Atom | None = None) -> Atom:
        """A zero cotangent for a name (or slot); `like`: something of its structure, if not the name."""
        value = self.values.get(name, UNKNOWN)
        if isinstance(value, (Number, Literal)):
            return Const(0.0)
        return out.call(self._zeros_function(name), like or self._primal(name, out))

    def set_zero(self, name: str, out: Builder, place: Statement | None = None) -> None:
        """Make sure that the cotangent of a name is set; `place`: a statement after which the name may be unbound."""
        if self.is_structured(name):
            for _, slot in self.slots(name):
                self.set_zero(slot, out, place)
        elif name not in self.live:
            is_bound = place is None or self._is_bound_at(name, place)
            zero = self.zero(name, out) if is_bound else Const(0.0)
            out.bind(self.bar(name), zero)
            self.live.add(name)
            self.fresh.add(name)

    def _is_bound_at(self, name: str, place: Statement) -> bool:
        """Whether a name (or the name that a slot is of) is surely bound where a statement stands."""
        while name not in self.plan.bound_in:
            name = next(owner for (owner, _), slot in self.slot_names.items() if slot == name)
        home = self.plan.bound_in[name]
        return self.plan.places[id(place)].blocks[: len(home)] == home

    def leaves(self, name: str) -> list[str]:
        """The names under which the cotangent of a name is kept: itself, or its slots, down to the leaves."""
        if not self.is_structured(name):
            return [name]
        return [leaf for _, slot in self.slots(name) for leaf in self.leaves(slot)]

    def widen(self, name: str, out: Builder) -> None:
        """Give a cotangent that was left unbroadcast its shape."""
        if self.narrow.pop(name, None) is not None and name in self.live:
            shape = out.call(getattr, self._primal(name, out), Const("shape"))
            out.call(np.broadcast_to, Var(self.bar(name)), shape, target=self.bar(name))

    def widen_all(self, out: Builder) -> None:
        for name in sorted(self.narrow):
            self.widen(name, out)

    def take(self, name: str, out: Builder, narrow: bool = False) -> Atom | None:
        """The cotangent of a name where it is bound, and forget it; None where it is zero.

        `narrow`: it may be smaller than the name, and is then to be broadcast; see `self.narrow`.
        """
        if not narrow:
            self.widen(name, out)
        if self.kind(name) is Kind.NONE:
            return None
        if self.kind(name) is Kind.SHADOW:
            return Var(self.bar(name))
        if not self.is_structured(name):
            if name not in self.live:
                return None
            self.live.discard(name)
            return Var(self.bar(name))
        if not any(leaf in self.live for leaf in self.leaves(name)):
            return None
        return self._take_structure(name, out)

    def _take_structure(self, name: str, out: Builder) -> Atom:
        value = self.values[name]
        assert isinstance(value, (Sequence, Mapping, Record))
        slots = dict(self.slots(name))
        items: list[Atom] = []
        for key in range(len(value.items)) if isinstance(value, Sequence) else _keys(value):
            slot = slots.get(key)
            g = None if slot is None else self.take(slot, out)
            items.append(g if g is not None else Const(0.0) if slot is None else self.zero(slot, out))
        return self._pack(value, items, out)

    def _primal(self, slot: str, out: Builder) -> Atom:
        """The primal value that a slot stands for."""
        for (name, key), known in self.slot_names.items():
            if known == slot:
                return self.item(self._primal(name, out), name, key, out)
        return Var(slot)

    def shadow(self, atom: Atom) -> Atom:
        """What the shadow of a container holds for an item: the item's shadow, or a zero that is added to."""
        if isinstance(atom, Var) and self.kind(atom) is Kind.SHADOW:
            return Var(self.bar(atom.name))
        return Const(0.0)

    def item_shadow(self, atom: Atom, owner: Value = UNKNOWN, out: Builder | None = None) -> Atom:
        """What the shadow of a container holds for an item: for a tuple, a tuple of zeros, so that its type stays
        known; in a container of unknown items, a list of zeros, to which may be added."""
        value = value_of(atom, self.values)
        if self.kind(atom) is Kind.VALUE and isinstance(value, Sequence) and value.kind is tuple:
            is_known = isinstance(owner, (Sequence, Mapping, Record))
            is_known = is_known or isinstance(owner, Many) and isinstance(owner.item, Sequence)
            return Const(zero_tuple(value)) if is_known or out is None else self._zero_list(value, out)
        if out is not None and self._is_sequence(atom, value):
            return out.call(runtime.zeros, atom)
        return self.shadow(atom)

    def attribute_shadow(self, atom: Atom, out: Builder) -> Atom:
        """What the shadow of an object holds for an attribute: for a tuple a list of zeros, to which may be added by
        what does not know its type; for one of constants, or a list of them, too, since another may take its place."""
        value = value_of(atom, self.values)
        is_tuple = isinstance(value, Sequence) and value.kind is tuple and value.items
        if is_tuple and self.kind(atom) is Kind.VALUE:
            return self._zero_list(value, out)  # type: ignore[arg-type]
        is_tuple = is_tuple or isinstance(value, Literal) and isinstance(value.value, tuple) and value.value
        is_list = isinstance(value, (Sequence, Many)) and value.kind is list
        if self.kind(atom) is Kind.NONE and (is_tuple or is_list):
            return out.call(runtime.zeros, atom)
        return self.item_shadow(atom)

    def _is_sequence(self, atom: Atom, value: Value) -> bool:
        """Whether this is a container of constants, or of unknown type and sure to be a sequence, put together of
        others."""
        if isinstance(value, Literal):
            return isinstance(value.value, tuple)
        if isinstance(value, (Sequence, Many, Mapping)):
            return self.kind(atom) is Kind.NONE
        if self.kind(atom) is not Kind.VALUE or not isinstance(value, Unknown):
            return False
        made = self.plan.binding.get(atom.name) if isinstance(atom, Var) else None
        return made is not None and is_call_of(made.value, runtime.join_sequences, runtime.repeat_sequence, tuple)

    def _zero_list(self, value: Sequence, out: Builder) -> Atom:
        items = (
            self._zero_list(item, out) if isinstance(item, Sequence) and item.kind is tuple else Const(0.0)
            for item in value.items
        )
        return out.call(operations.make_list, *items)

    def mirror(self, statement: Assign, call: Call, scope: Scope, primal: Builder) -> None:
        """The shadow of a view is the same view of the shadow: made in the primal sweep only where that reads it."""
        assert statement.target is not None
        line = Assign(self.bar(statement.target), call, statement.origin)
        if statement.target in self.plan.forward_shadows or not isinstance(self.plan.value(statement.target), Array):
            primal.statements.append(line)
        else:
            scope.prologue.insert(0, line)

    def make_shadow(self, statement: Assign, scope: Scope, primal: Builder) -> None:
        """The shadow of new memory: zeros."""
        target = statement.target
        assert target is not None
        is_deep = is_call_of(statement.value, copy.deepcopy) and isinstance(self.plan.value(target), Unknown)
        function = runtime.zeros_of_copy if is_deep else self._zeros_function(target)
        line = Assign(self.bar(target), Call(Ref(function), (Var(target),)), statement.origin)
        if target in self.plan.forward_shadows or not isinstance(self.plan.value(target), Array):
            primal.statements.append(line)
        else:
            scope.prologue.insert(0, line)

    def refuse(self, statement: Assign, function: Any, entry: registry.Primitive | None) -> None:
        name = self._name_of(statement, function) if entry is None else entry.name
        if entry is not None and entry.refusal is not None:
            raise RuleNotFound(f"the derivative of {name} is not supported: {entry.refusal}", "", statement.origin)
        self._refuse_missing_method(statement, function)
        self._refuse_wrong_call(statement, function)
        raise RuleNotFound(
            f"there is no rule for the derivative of {name}",
            "Use stop_gradient on its arguments if it is to count as constant, or write it with supported functions "
            "(`autodiff rules` lists them).",
            statement.origin,
        )

    def _refuse_missing_method(self, statement: Assign, function: Any) -> None:
        """Refuse a method that arrays and numbers do not have; Python would say the same when it is run."""
        call = statement.value
        if not (isinstance(call, Call) and function is operations.method and isinstance(call.arguments[1], Const)):
            return
        self.refuse_missing(self.plan.value(call.arguments[0]), "method", call.arguments[1].value, statement.origin)

    def refuse_missing(self, value: Value, what: str, name: str, origin: Origin | None) -> None:
        """Refuse a method or an attribute where the value is an array or a number, and these have not got it."""
        if not isinstance(value, (Array, Number)):
            return
        python = {"f": float, "i": int, "c": complex, "b": bool}.get(value.dtype.kind, float)
        kind = np.ndarray if isinstance(value, Array) else python if value.python else value.dtype.type
        if not hasattr(kind, name):
            near = difflib.get_close_matches(name, [each for each in dir(kind) if not each.startswith("_")], n=1)
            other = "Use a function of NumPy, which takes numbers too." if what == "method" else ""
            advice = f"Did you mean {near[0]!r}?" if near else other
            raise TransformError(f"{_with_article(kind.__name__)} has no {what} {name!r}", advice, origin)

    def _refuse_wrong_call(self, statement: Assign, function: Any) -> None:
        """Refuse a call of a user's function that Python would refuse, or that only makes a coroutine."""
        call = statement.value
        if not isinstance(function, types.FunctionType) or not isinstance(call, Call):
            return
        name = function.__qualname__
        if function.__code__.co_flags & (inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR):
            raise UnsupportedSyntax(f"{name} is asynchronous", "Use an ordinary function.", statement.origin)
        try:
            inspect.signature(function).bind(*call.arguments, **dict(call.keywords))
        except TypeError as error:
            raise TransformError(f"{name}: {error}", "Call it as it is defined.", statement.origin) from None

    def _name_of(self, statement: Assign, function: Any) -> str:
        """What is called, in the words of the program."""
        call = statement.value
        if isinstance(call, Call) and function is operations.method and isinstance(call.arguments[1], Const):
            value = self.plan.value(call.arguments[0])
            owner = f" of a {value.kind.__name__}" if isinstance(value, (Instance, Record)) else ""
            return f"the method {call.arguments[1].value!r}{owner}"
        if isinstance(call, Call) and function is operations.apply and isinstance(call.arguments[0], Ref):
            called = registry.function_name(call.arguments[0].value)
            return f"{called} where it is called with * or ** of something whose length is not known"
        if isinstance(call, Call) and function is operator.getitem:
            value = self.plan.value(call.arguments[0])
            thing = value.object if isinstance(value, Known) else getattr(call.arguments[0], "value", None)
            return f"an item of a {type(thing).__name__}, which is computed from the index"
        return registry.function_name(function)


def _with_article(name: str) -> str:
    name = "array" if name == "ndarray" else name
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def _keys(value: Mapping | Record) -> tuple[Any, ...]:
    return value.keys if isinstance(value, Mapping) else value.names


def _parts(value: Value) -> tuple[Value, ...]:
    """What the items of a container are; nothing where it is an array or a number."""
    match value:
        case Sequence() | Mapping() | Record():
            return value.items
        case Many():
            return (value.item,)
        case Array() | Number() | Literal():
            return ()
    return (UNKNOWN,)


def is_changed(sweep: Cotangents, name: str) -> bool:
    """Whether the memory of a name is changed in place somewhere."""
    return sweep.plan.regions.is_mutated(name) or name in sweep.plan.hidden


def zero_tuple(value: Sequence) -> tuple[Any, ...]:
    """Zeros in the structure of a tuple; a plain zero stands for an array, to which it is added."""
    return tuple(zero_tuple(item) if isinstance(item, Sequence) and item.kind is tuple else 0.0 for item in value.items)


def is_tuple_of_numbers(value: Value) -> TypeGuard[Sequence]:
    """Whether this is a tuple of numbers, or of such tuples: its type tells the structure of its cotangent."""
    if not (isinstance(value, Sequence) and value.kind is tuple):
        return False
    return all(isinstance(item, (Number, Literal)) or is_tuple_of_numbers(item) for item in value.items)


def zero_item(container: Value) -> Const:
    """The cotangent of an item that nothing was added to."""
    item = container.item if isinstance(container, Many) else UNKNOWN
    return Const(zero_tuple(item)) if is_tuple_of_numbers(item) else Const(0.0)
