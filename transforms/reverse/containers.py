"""Adjoints of what builds, reads and changes containers and objects: tuples, lists, dicts, attributes, items."""

from __future__ import annotations

import dataclasses
import operator
from typing import Any

import numpy as np

from transforms import operations, runtime
from transforms.analyses.activity import is_table
from transforms.analyses.outside import read_outside
from transforms.analyses.regions import Region, holds_only_numbers, is_container, is_slice_of_items
from transforms.builder import Builder
from transforms.core import (
    Assign,
    Atom,
    Call,
    Const,
    Origin,
    Ref,
    Var,
    walk,
)
from transforms.errors import TransformError
from transforms.reverse.cotangents import Scope, is_tuple_of_numbers, zero_item, zero_tuple
from transforms.reverse.lists import Lists
from transforms.reverse.plan import Kind, is_object, shared_source
from transforms.subscripts import getitem_is_view
from transforms.templates import value_of
from transforms.values import (
    UNKNOWN,
    Array,
    Instance,
    Literal,
    Mapping,
    Number,
    Partial,
    Record,
    Sequence,
    Unknown,
    Value,
)

_TAKEN_OUT_BY: dict[Any, Any] = {  # what puts an item into a list -> what takes it out again
    list.append: list.pop,
    list.insert: runtime.pop_inserted,
    runtime.insert_back: list.pop,
}


class Containers(Lists):
    """Adjoints of what builds, reads and changes containers and objects: tuples, lists, dicts, attributes, items."""

    def copy(self, statement: Assign, primal: Builder, adjoint: Builder) -> None:
        target, source = statement.target, statement.value
        assert target is not None and isinstance(source, Var)
        primal.statements.append(statement)
        if self.kind(target) is Kind.SHADOW:
            carried = Var(self.flows.get(target, self.bar(target)))
            if self.kind(source) is Kind.SHADOW:
                self.aliases[self.bar(target)] = self.bar(source.name)
                primal.bind(self.bar(target), Var(self.bar(source.name)))
                self.give_back(source, carried, adjoint)
            elif self._is_constant_memory(source):  # what is put into it later is active
                primal.call(runtime.zeros, source, target=self.bar(target))
            else:  # a number, under a name that may also stand for memory
                primal.bind(self.bar(target), Const(0.0))
                self.accumulate(source, carried, adjoint)
            return
        if self.is_structured(target) != self.is_structured(source.name) or not self.is_structured(target):
            g = self.take(target, adjoint)
            if g is not None:
                self.accumulate(source, g, adjoint)
            return
        sources = dict(self.slots(source.name))
        for key, slot in self.slots(target):
            g = self.take(slot, adjoint)
            if g is not None and key in sources:
                self.accumulate(Var(sources[key]), g, adjoint)

    def _is_constant_memory(self, atom: Var) -> bool:
        """Whether this is, or may be, a container that has no shadow, since it holds constants."""
        value = value_of(atom, self.values)
        return is_container(value) or isinstance(value, Unknown) and self.kind(atom) is Kind.NONE

    def build(self, statement: Assign, call: Call, primal: Builder, adjoint: Builder) -> None:
        """`t = (a, b)`, `[a, b]`, `{k: v}`."""
        primal.statements.append(statement)
        target = statement.target
        assert target is not None and isinstance(call.function, Ref)
        is_dict = call.function.value is operations.make_dict
        keys: list[Atom] = list(call.arguments[::2]) if is_dict else [Const(k) for k in range(len(call.arguments))]
        items = call.arguments[1::2] if is_dict else call.arguments
        if self.kind(target) is Kind.SHADOW:
            shadows = [self.item_shadow(item, self.plan.value(target), primal) for item in items]
            if is_dict:
                flat = [atom for pair in zip(keys, shadows) for atom in pair]
                primal.call(operations.make_dict, *flat, target=self.bar(target))
            else:
                primal.call(operations.make_list, *shadows, target=self.bar(target))
            for key, item in zip(keys, items):
                if isinstance(item, Var) and (self.kind(item) is Kind.VALUE or self.is_dynamic(item)):
                    part = adjoint.call(operator.getitem, Var(self.bar(target)), key)
                    self.return_held(item, part, adjoint)
            return
        if self.is_structured(target):
            slots = dict(self.slots(target))
            for key, item in zip(keys, items):
                slot = slots.get(key.value) if isinstance(key, Const) else None
                g = None if slot is None else self.take(slot, adjoint)
                if g is not None:
                    self.accumulate(item, g, adjoint)
            return
        g = self.take(target, adjoint)
        if g is not None:
            for key, item in zip(keys, items):
                if isinstance(item, Var) and self.kind(item) is not Kind.NONE:
                    self.accumulate(item, adjoint.call(operator.getitem, g, key), adjoint)

    def return_held(self, item: Atom, g: Atom, out: Builder, owner: Value = UNKNOWN) -> None:
        """Add what the shadow of a container collected for an item: a plain zero where nothing was added, unless the
        container is known to hold tuples."""
        if self.kind(item) is Kind.VALUE:
            value = value_of(item, self.values)
            if not isinstance(value, (Number, Literal)) and not is_tuple_of_numbers(getattr(owner, "item", UNKNOWN)):
                form = Const(zero_tuple(value)) if is_tuple_of_numbers(value) else item
                g = out.call(runtime.filled, g, form)
            self.accumulate(item, g, out)
        else:
            self.give_back(item, g, out)

    def merge_dicts(self, statement: Assign, call: Call, primal: Builder, adjoint: Builder) -> None:
        """`first | second` of two dicts with known keys."""
        target = statement.target
        operands = [atom for atom in call.arguments if isinstance(self.plan.value(atom), Mapping)]
        if target is None or len(operands) < 2 or not self.is_structured(target):
            self.refuse(statement, operator.or_, None)
        assert target is not None
        primal.statements.append(statement)
        for key, slot in self.slots(target):
            g = self.take(slot, adjoint)
            for atom in reversed(operands):
                value = self.plan.value(atom)
                if isinstance(value, Mapping) and key in value.keys:
                    if g is not None and isinstance(atom, Var) and self.kind(atom) is Kind.VALUE:
                        self.accumulate(Var(dict(self.slots(atom.name))[key]), g, adjoint)
                    break

    def getitem(self, statement: Assign, call: Call, scope: Scope, primal: Builder, adjoint: Builder) -> None:
        source, index = call.arguments
        target = statement.target
        assert target is not None
        is_active = isinstance(index, Var) and self.kind(index) is not Kind.NONE
        if is_active and not is_table(source, self.plan.value(source)):
            self.refuse(statement, operator.getitem, None)
        if not isinstance(source, Var):
            primal.statements.append(statement)
            return
        value = self.plan.value(source)
        primal.statements.append(statement)
        if self.kind(target) is Kind.SHADOW and is_slice_of_items(value, index, self.plan.value(index)):
            if not holds_only_numbers(self.plan.value(target)):
                self.copy_slice(target, source, index, primal, adjoint)
                return
        is_view = shared_source(self.plan, statement) is not None and self.kind(source) is Kind.SHADOW
        if self.kind(target) is Kind.SHADOW and is_view:
            if isinstance(value, Array) and getitem_is_view(value_of(index, self.values)) is None:
                primal.do(runtime.check_view, Var(target), source)
            self.mirror(statement, Call(call.function, (Var(self.bar(source.name)), index)), scope, primal)
            if self.is_dynamic(Var(target)):
                adjoint.do(runtime.return_item, Var(self.bar(source.name)), index, Var(self.bar(target)))
            return
        if self.kind(target) is Kind.SHADOW:
            self.make_shadow(statement, scope, primal)
        if self.kind(source) is Kind.VALUE and self.is_structured(source.name):
            self._slot_read(target, source.name, index, adjoint)
            return
        g = self.take(target, adjoint)
        if g is None:
            return
        if self.kind(source) is Kind.VALUE and source.name not in self.plan.buffered:
            self.accumulate(source, adjoint.call(runtime.alone, source, index, g), adjoint)
            return
        buffer = Var(self.bar(source.name)) if self.kind(source) is Kind.SHADOW else self.buffer(source.name, adjoint)
        adjoint.do(runtime.add_at if isinstance(value, Array) else runtime.add_item, buffer, index, g)

    def _slot_read(self, target: str, source: str, index: Atom, adjoint: Builder) -> None:
        slots = dict(self.slots(source))
        key = value_of(index, self.values)
        sequence = self.values[source]
        if isinstance(key, Literal) and isinstance(sequence, Sequence):
            if isinstance(key.value, int):
                key = Literal(key.value % len(sequence.items))
            elif key.value in getattr(sequence.kind, "_fields", ()):
                key = Literal(sequence.kind._fields.index(key.value))  # type: ignore[attr-defined]
        g = self.take(target, adjoint)
        if g is None:
            return
        if isinstance(key, Literal) and isinstance(key.value, slice) and isinstance(sequence, Sequence):
            for position, k in enumerate(range(len(sequence.items))[key.value]):
                if k in slots:
                    self.accumulate(Var(slots[k]), adjoint.call(operator.getitem, g, Const(position)), adjoint)
            return
        assert isinstance(key, Literal), "what is read at a place that only the run time knows has a buffer"
        is_named = isinstance(sequence, Sequence) and isinstance(key.value, str)
        is_computed = is_named and hasattr(sequence.kind, key.value)  # type: ignore[union-attr]
        if isinstance(sequence, (Mapping, Sequence)) and not is_computed and key.value not in slots:
            return  # a lookup that fails when it is run
        if key.value not in slots:
            raise TransformError(f"the derivative through item {key.value!r} of {source!r} is not known")
        self.accumulate(Var(slots[key.value]), g, adjoint)

    def attribute(self, statement: Assign, call: Call, primal: Builder, adjoint: Builder) -> None:
        source, name = call.arguments[:2]
        target = statement.target
        if not isinstance(name, Const) or any(self.kind(atom) is not Kind.NONE for atom in call.arguments[2:]):
            self.refuse(statement, getattr, None)
        assert target is not None and isinstance(name, Const)
        if isinstance(self.plan.value(source), Partial):
            raise TransformError(
                "what a stored function has captured depends on the input; this is not followed here",
                "Give example arguments, or pass what it captures as an argument.",
                statement.origin,
            )
        self._check_stored(source, name, primal, statement.origin)
        primal.statements.append(statement)
        if isinstance(source, Var) and self.kind(source) is Kind.VALUE and self.is_structured(source.name):
            self._slot_read(target, source.name, name, adjoint)
            return
        place = _place_of_field(self.plan.value(source), name)
        if place is not None and isinstance(source, Var) and self.kind(source) is Kind.SHADOW:
            self._field_of_shadow(target, Var(self.bar(source.name)), place, primal, adjoint)
            return
        if isinstance(source, Ref) or self.kind(source) is Kind.SHADOW:
            owner = self._object_shadow(source, name, self._first_change(target) or statement.origin)
            self._attribute_of_shadow(target, owner, name, primal, adjoint)
            return
        g = self.take(target, adjoint)
        if g is not None and isinstance(source, Var) and is_object(self.plan.value(source)):
            adjoint.do(runtime.add_attribute, self.buffer(source.name, adjoint), name, g)
            return
        if g is not None:
            self.refuse_missing(self.plan.value(source), "attribute", str(name.value), statement.origin)
            raise TransformError(
                f"the derivative with respect to attribute {name.value!r} of an object of unknown class is not known",
                "Give example arguments, so that the class is known.",
                statement.origin,
            )

    def _field_of_shadow(self, target: str, shadow: Var, place: Atom, primal: Builder, adjoint: Builder) -> None:
        """A field of a named tuple, whose shadow is a list."""
        if self.kind(target) is Kind.SHADOW:
            primal.call(operator.getitem, shadow, place, target=self.bar(target))
            if self.is_dynamic(Var(target)):
                adjoint.do(runtime.return_item, shadow, place, Var(self.bar(target)))
            return
        g = self.take(target, adjoint)
        if g is not None:
            adjoint.do(runtime.add_item, shadow, place, g)

    def _attribute_of_shadow(self, target: str, owner: Atom, name: Const, primal: Builder, adjoint: Builder) -> None:
        """An attribute of an object whose shadow, the owner, has the same."""
        if self.kind(target) is Kind.SHADOW:
            primal.call(getattr, owner, name, target=self.bar(target))
            if self.is_dynamic(Var(target)):
                adjoint.do(runtime.return_attribute, owner, name, Var(self.bar(target)))
            return
        g = self.take(target, adjoint)
        if g is not None:
            old = adjoint.call(getattr, owner, name)
            adjoint.do(setattr, owner, name, adjoint.call(runtime.add, old, g))

    def _check_stored(self, source: Atom, name: Const, primal: Builder, origin: Origin | None) -> None:
        """Refuse an attribute that the object computes when it is read: its cotangent belongs to what it is made of."""
        value = self.plan.value(source)
        if not isinstance(source, Var):
            return
        if isinstance(value, Unknown):
            primal.do(runtime.check_stored, source, name)
        elif isinstance(value, (Instance, Record)) and runtime.is_computed(value.kind, name.value):
            raise TransformError(
                f"{name.value!r} of a {value.kind.__name__} is computed when it is read, and a derivative passes "
                "through it; only properties are supported",
                "Write it as a property or a method.",
                origin,
            )

    def _first_change(self, name: str) -> Origin | None:
        """Where the memory that a name stands for is changed first."""
        region = self.plan.regions.of(Var(name))
        for statement in walk(self.function.body):
            if isinstance(statement, Assign) and statement.target is None and isinstance(statement.value, Call):
                changed = statement.value.arguments[:1]
                if changed and isinstance(changed[0], Var) and self.plan.regions.of(changed[0]) is region:
                    return statement.origin
        return None

    def _object_shadow(self, atom: Atom, attribute: Atom, origin: Origin | None) -> Atom:
        """The shadow of an object: of a name's, or of a module, cell or object that holds data of the outside."""
        if isinstance(atom, Var):
            return Var(self.bar(atom.name))
        if not (isinstance(atom, Ref) and isinstance(attribute, Const)):
            raise TransformError(
                "an attribute of something outside of the function is assigned, by a name that only the run time knows",
                "Write the name of the attribute.",
                origin,
            )
        variable = atom.name if attribute.value == "cell_contents" else attribute.value
        if not self.is_whole:
            raise TransformError(
                f"{variable!r} is a global, or a variable of an enclosing function, and is given a value that depends "
                "on the input in a recursive function; a derivative through it is not supported",
                "Pass it as an argument and return its new value.",
                origin,
            )
        if id(atom.value) not in self.outside:
            base = atom.name.rpartition(".")[2] or "outside"
            self.outside[id(atom.value)] = (atom, self.names.fresh(f"{base}_bar" if base.isidentifier() else "bar"), {})
        _, shadow, attributes = self.outside[id(atom.value)]
        attributes[str(attribute.value)] = None
        return Var(shadow)

    def make_outside_shadows(self, out: Builder) -> None:
        """Shadows of the data outside of the function that it changes: zeros, for what stands there at the start."""
        if not self.outside:
            self._check_outside(out)
            return
        held: Atom | None = None
        for owner, shadow, attributes in self.outside.values():
            names = Const(tuple(attributes))
            more = out.call(runtime.held_outside, owner, names)
            held = more if held is None else out.call(operator.add, held, more)
            out.call(runtime.shadow_outside, owner, names, target=shadow)
        memory: list[Atom] = [Var(name) for name in self.function.parameters if self.plan.regions.of(name) is not None]
        for key, (owner, attributes) in read_outside(self.function).items():
            if key not in self.outside:
                memory.append(out.call(runtime.held_outside, owner, Const(tuple(attributes))))
        out.do(runtime.check_distinct, Const((False, True, True, True)), held, *memory)  # type: ignore[arg-type]

    def _is_varied(self, region: Region | None) -> bool:
        """Whether memory, or what it holds, is changed to something that depends on the input."""
        seen: set[int] = set()
        while region is not None and id(region) not in seen:
            if region.is_mutated and region.find() in self.plan.activity.varied_regions:
                return True
            seen.add(id(region))
            region = region.known_content
        return False

    def _check_outside(self, out: Builder) -> None:
        """Have the run time check that what is changed outside of the function, and seems not to be read, is not known
        by another name as well: to another module, or as an argument."""
        regions, read = self.plan.regions, read_outside(self.function)
        changed = {key: owner for key, owner in read.items() if self._is_varied(regions.of(owner[0]))}
        others: list[Atom] = [Var(name) for name in self.function.parameters if regions.of(name) is not None]
        for key, (owner, names) in read.items():
            if changed and key not in changed:
                others.append(out.call(runtime.held_outside, owner, Const(tuple(names))))
        for owner, names in changed.values() if others else ():
            held = out.call(runtime.held_outside, owner, Const(tuple(names)))
            out.do(runtime.check_distinct, Const((False, True)), held, *others)

    def set_attribute(self, statement: Assign, call: Call, primal: Builder, adjoint: Builder) -> None:
        owner, name, stored = call.arguments
        value = self.plan.value(owner)
        if isinstance(value, Unknown) and isinstance(owner, Var) and hasattr(np.ndarray, getattr(name, "value", "")):
            raise TransformError(
                f"whether {getattr(name, 'value', '')!r} is that of an array depends on the type of {owner.name!r}, "
                "which is not known here",
                "Give example arguments, so that types are known.",
                statement.origin,
            )
        if isinstance(value, Array):
            raise TransformError(
                "an attribute of an array is assigned; a derivative through this is not supported",
                "Use reshape, or assign to a view such as y.real[...].",
                statement.origin,
            )
        shadow = self._object_shadow(owner, name, statement.origin)
        region = self.plan.regions.of(owner)
        holds_memory = region is not None and region.known_content is not None
        # the shadow of what is overwritten collects cotangents through other names, and is needed again
        old: Atom = primal.call(getattr, shadow, name) if holds_memory else Const(0.0)
        primal.statements.append(statement)
        primal.do(setattr, shadow, name, self.attribute_shadow(stored, primal))
        g = adjoint.call(getattr, shadow, name)
        adjoint.do(setattr, shadow, name, old)
        self.return_held(stored, g, adjoint)

    def set_item(self, statement: Assign, call: Call, primal: Builder, adjoint: Builder) -> None:
        """`container[key] = item` where the container is a list or dict."""
        container, key, stored = call.arguments
        value = self.plan.value(container)
        if isinstance(value, Unknown):
            self._unknown_set_item(statement, call, primal, adjoint)
            return
        assert isinstance(container, Var)
        shadow = Var(self.bar(container.name))
        is_dict = issubclass(getattr(value, "kind", object), dict)
        if _is_slice(value_of(key, self.values)):
            self.set_slice(statement, call, primal, adjoint)
            return
        # the shadow of what is overwritten collected cotangents through other names, and is needed again
        old: Atom
        if isinstance(value_of(stored, self.values), (Number, Literal)) and self.plan.levels(container.name) == (True,):
            old = Const(0.0)  # the items are no memory, so nothing was added for them yet
        elif is_dict:
            old = primal.call(dict.get, shadow, key, Const(0.0))
        else:
            old = primal.call(operator.getitem, shadow, key)
        primal.statements.append(statement)
        primal.do(operator.setitem, shadow, key, self.item_shadow(stored, value, primal))
        g = adjoint.call(operator.getitem, shadow, key)
        adjoint.do(operator.setitem, shadow, key, old)
        self.return_held(stored, g, adjoint)

    def _unknown_set_item(self, statement: Assign, call: Call, primal: Builder, adjoint: Builder) -> None:
        container, key, stored = call.arguments
        assert isinstance(container, Var)
        shadow = Var(self.bar(container.name))
        primal.statements.append(statement)
        place = value_of(key, self.values)
        is_item = isinstance(place, (Literal, Number)) and not _is_slice(place)
        held = self.item_shadow(stored, UNKNOWN, primal) if is_item else self.shadow(stored)
        old = primal.call(runtime.exchange, shadow, key, held)
        g = adjoint.call(runtime.take_stored, shadow, key, stored)
        if isinstance(stored, Var) and self.kind(stored) is Kind.SHADOW:
            g = adjoint.call(runtime.share, g, adjoint.call(runtime.is_apart, Var(self.bar(stored.name)), g))
            self.accumulate(stored, g, adjoint)
        else:
            self.return_held(stored, g, adjoint)
        adjoint.do(runtime.exchange, shadow, key, old)

    def list_operation(self, statement: Assign, function: Any, call: Call, primal: Builder, adjoint: Builder) -> None:
        """`l.append(v)` and `l.pop()` are mirror images of each other; so are `d.pop(k)` and `d[k] = v`."""
        owner = call.arguments[0]
        if not isinstance(owner, Var):
            self.refuse(statement, function, None)
        assert isinstance(owner, Var)
        shadow, value = Var(self.bar(owner.name)), self.plan.value(owner)
        primal.statements.append(statement)
        if function is list.reverse:
            primal.do(list.reverse, shadow)
            adjoint.do(list.reverse, shadow)
        elif function in _TAKEN_OUT_BY:
            *place, item = call.arguments[1:]
            primal.do(function, shadow, *place, self.item_shadow(item, value, primal))
            g = adjoint.call(_TAKEN_OUT_BY[function], shadow, *place)
            self.return_held(item, g, adjoint, value)
        else:
            self._item_taken(statement.target, function, owner, call.arguments[1:], primal, adjoint)

    def _item_taken(
        self,
        target: str | None,
        function: Any,
        owner: Var,
        position: tuple[Atom, ...],
        primal: Builder,
        adjoint: Builder,
    ) -> None:
        """`l.pop()`, `d.pop(k)`: the adjoint puts the cotangent of the item back where it was."""
        shadow, value = Var(self.bar(owner.name)), self.plan.value(owner)
        own: Atom | None = None  # the cotangent of the item under its new name, where that is no memory
        if target is not None and self.kind(target) is Kind.SHADOW:
            primal.call(function, shadow, *position, target=self.bar(target))
            back: Atom = Var(self.bar(target))
        elif any(self.plan.levels(owner.name)[1:]):  # the item may be memory, whose shadow is needed again
            back = primal.call(function, shadow, *position)
            own = self.take(target, adjoint) if target is not None else None
        else:
            primal.do(function, shadow, *position)
            back = (self.take(target, adjoint) if target is not None else None) or zero_item(value)
        if own is not None:
            back = adjoint.call(runtime.add, back, own)
        if function is dict.pop:
            adjoint.do(operator.setitem, shadow, position[0], back)
        elif not position:
            adjoint.do(list.append, shadow, back)
        elif function is runtime.pop_inserted:
            adjoint.do(list.insert, shadow, position[0], back)
        else:
            adjoint.do(runtime.insert_back, shadow, position[0], back)

    def construct(self, statement: Assign, kind: type, call: Call, primal: Builder, adjoint: Builder) -> None:
        """An instance of a class whose attributes are its arguments: a cell, a dataclass, a named tuple."""
        target = statement.target
        assert target is not None
        primal.statements.append(statement)
        value = self.values.get(target, UNKNOWN)
        if kind is operations.Cell:
            keys: tuple[Any, ...] = ("value",) if call.arguments else ()
        elif isinstance(value, Record) and dataclasses.is_dataclass(kind):
            keys = value.names
        elif isinstance(value, Sequence) and hasattr(kind, "_fields"):
            keys = tuple(range(len(value.items)))
        else:
            self.refuse(statement, kind, None)
        named = dict(zip(keys, call.arguments)) | dict(call.keywords)
        if isinstance(value, Sequence):
            named = {kind._fields.index(k) if isinstance(k, str) else k: atom for k, atom in named.items()}  # type: ignore[attr-defined]
        if self.kind(target) is Kind.SHADOW and isinstance(value, Sequence):
            shadows = [self.item_shadow(named[key]) if key in named else Const(0.0) for key in keys]
            primal.call(operations.make_list, *shadows, target=self.bar(target))
            for key, atom in named.items():
                if self.kind(atom) is Kind.VALUE or self.is_dynamic(atom):
                    part = adjoint.call(operator.getitem, Var(self.bar(target)), Const(key))
                    self.return_held(atom, part, adjoint)
            return
        if self.kind(target) is Kind.SHADOW:
            self.construct_shadow(target, named, primal, adjoint)
            return
        if self.is_structured(target):
            for key, slot in self.slots(target):
                g = self.take(slot, adjoint)
                if g is not None and key in named:
                    self.accumulate(named[key], g, adjoint)
            return
        g = self.take(target, adjoint)
        read = operator.getitem if isinstance(value, Sequence) else getattr
        for key, atom in named.items():
            if g is not None and self.kind(atom) is not Kind.NONE:
                self.accumulate(atom, adjoint.call(read, g, Const(key)), adjoint)

    def construct_shadow(self, target: str, named: dict[Any, Atom], primal: Builder, adjoint: Builder) -> None:
        """The shadow of a new object with these attributes."""
        bar = primal.call(runtime.Shadow, target=self.bar(target))
        for key, atom in named.items():
            primal.do(setattr, bar, Const(key), self.attribute_shadow(atom, primal))
            if self.kind(atom) is Kind.VALUE or self.is_dynamic(atom):
                self.return_held(atom, adjoint.call(getattr, bar, Const(key)), adjoint)

    def record(self, statement: Assign, call: Call, primal: Builder, adjoint: Builder) -> None:
        """`runtime.make_record(Class, names, *items)` of what may be changed."""
        names = call.arguments[1]
        assert statement.target is not None and isinstance(names, Const)
        primal.statements.append(statement)
        self.construct_shadow(statement.target, dict(zip(names.value, call.arguments[2:])), primal, adjoint)


def _place_of_field(value: Value, name: Const) -> Const | None:
    """Where a named tuple holds an attribute."""
    fields = getattr(value.kind, "_fields", ()) if isinstance(value, Sequence) else ()
    return Const(fields.index(name.value)) if name.value in fields else None


def _is_slice(value: Value) -> bool:
    return value == Instance(slice) or isinstance(value, Literal) and isinstance(value.value, slice)
