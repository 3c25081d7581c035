"""Which names may share memory, and which memory is changed in place.

A *region* is a class of names that may refer to the same mutable memory: an array and its views, two names of one list.
What a container holds is a region of its own, the container's *content*, so that appending to a list does not count as
changing the arrays in it.  The analysis reads a specialised program in one pass, merges regions (union-find,
insensitive
to the order of statements) and marks those that some statement changes.  Names of immutable values have no region.
A callee contributes a `Summary`: how its parameters and result are merged, and which of them it changes.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from transforms import operations, registry, runtime
from transforms.core import Assign, Atom, Call, Const, For, Function, Ref, Return, Var, With, is_call_of, walk
from transforms.subscripts import getitem_is_view
from transforms.values import (
    UNKNOWN,
    Array,
    Instance,
    Known,
    Literal,
    Many,
    Mapping,
    Record,
    Sequence,
    Unknown,
    Value,
    is_immutable,
)

INPLACE = {
    operator.iadd: operator.add,
    operator.isub: operator.sub,
    operator.imul: operator.mul,
    operator.itruediv: operator.truediv,
    operator.ifloordiv: operator.floordiv,
    operator.imod: operator.mod,
    operator.ipow: operator.pow,
    operator.imatmul: operator.matmul,
    operator.iand: operator.and_,
    operator.ior: operator.or_,
    operator.ixor: operator.xor,
    operator.ilshift: operator.lshift,
    operator.irshift: operator.rshift,
}
HARMLESS = (print, repr, str, len, isinstance, type, id, callable, hasattr, operations.format_value)
JOINING = (operator.add, operator.concat, operator.mul)  # of lists and tuples: the result holds the same items
TAKERS = (  # they return an item of a container
    list.pop, dict.pop, dict.get, dict.setdefault, runtime.pop_inserted, runtime.pop_at,
)  # fmt: skip
DEEPEST = 6  # levels of containers in containers that a summary tells apart
BUILDERS = (
    operations.make_tuple, operations.make_list, operations.make_tape, operations.make_set, operations.make_dict,
)  # fmt: skip


# attributes of arrays that never depend differentiably on what has them, and are no views of it
STRUCTURE = tuple(Const(name) for name in ("shape", "ndim", "size", "dtype", "nbytes", "__class__", "__name__"))


def is_structure(call: Call, value_of: Callable[[Atom], Value]) -> bool:
    """Whether a call of `getattr` reads the shape or the like of an array, and no attribute that an object has by that
    name."""
    owner = value_of(call.arguments[0])
    return call.arguments[1] in STRUCTURE and not isinstance(owner, (Record, Instance, Sequence))


class Region:
    """One class of names; `content` is the region of what the members hold."""

    def __init__(self) -> None:
        self.parent: Region | None = None
        self._content: Region | None = None
        self.is_mutated = False

    def find(self) -> Region:
        region = self
        while region.parent is not None:
            region = region.parent
        return region

    @property
    def content(self) -> Region:
        root = self.find()
        if root._content is None:
            root._content = Region()
        return root._content.find()

    @property
    def known_content(self) -> Region | None:
        content = self.find()._content
        return None if content is None else content.find()

    def mutate(self) -> None:
        self.find().is_mutated = True


def merge(first: Region | None, second: Region | None) -> None:
    """Make two regions one, contents included."""
    work = [(first, second)]
    while work:
        a, b = work.pop()
        if a is None or b is None:
            continue
        a, b = a.find(), b.find()
        if a is b:
            continue
        b.parent = a
        a.is_mutated |= b.is_mutated
        if b._content is not None:
            if a._content is None:
                a._content = b._content
            else:
                work.append((a._content, b._content))


@dataclass
class Summary:
    """What a call of a function does to memory, in terms of slots: parameter k is ("parameter", k), the result is
    ("result",), and each may be followed by "content" any number of times."""

    classes: tuple[tuple[tuple, ...], ...] = ()
    mutated: frozenset[tuple] = frozenset()
    captured: frozenset[tuple] = frozenset()  # slots that are merged with memory outside of the function
    changes_captured: bool = False  # memory outside of the function is changed, by itself
    changed: frozenset[int] = frozenset()  # ids of the modules, cells and objects whose data it, or a callee, changes
    outside: frozenset[int] = frozenset()  # ids of the modules, cells and objects whose data is read or changed
    bottomless: tuple[tuple, ...] = ()  # slots of unknown type: they stand for what is held, on all levels, as well


@dataclass
class Regions:
    """The result of the analysis of one function."""

    function: Function
    names: dict[str, Region] = field(default_factory=dict)
    objects: dict[int, Region] = field(default_factory=dict)
    assumed_copies: set[str] = field(default_factory=set)  # items of unknown things, what is broadcast: to be checked
    called_outside: set[int] = field(default_factory=set)  # ids of the objects whose data its callees read or change
    called_changed: set[int] = field(default_factory=set)  # ids of those whose data its callees change
    _immutable: set[str] = field(default_factory=set)

    def of(self, atom: Atom | str) -> Region | None:
        """The region of a name or object; None where there is no mutable memory."""
        if isinstance(atom, Ref):
            return self.objects.setdefault(id(atom.value), Region()).find()
        name = atom if isinstance(atom, str) else atom.name if isinstance(atom, Var) else None
        if name is None or name in self._immutable:
            return None
        region = self.names.get(name)
        if region is None:
            if is_immutable(self.value(name)):
                self._immutable.add(name)
                return None
            region = self.names[name] = Region()
        return region.find()

    def outside(self, identity: int) -> list[Region]:
        """The memory of an object that the program refers to, and of its data."""
        region = self.objects.get(identity)
        if region is None:
            return []
        content = region.known_content
        return [region.find()] if content is None else [region.find(), content]

    def changes_outside(self, identity: int) -> bool:
        """Whether the data of an object that the program refers to is changed."""
        return any(region.is_mutated for region in self.outside(identity))

    def levels(self, name: str) -> tuple[bool, ...]:
        """For the memory of a name and what it holds, level by level, whether it is changed in place.

        What is not told apart from what it holds, for want of a type, is the same on all levels.
        """
        result: list[bool] = []
        region = self.of(name)
        while region is not None and len(result) < DEEPEST:
            result.append(region.is_mutated)
            region = region.known_content
        while result and not result[-1]:
            result.pop()
        return tuple(result)

    def value(self, atom: Atom | str) -> Value:
        name = atom if isinstance(atom, str) else atom.name if isinstance(atom, Var) else None
        values = self.function.values or {}
        return values.get(name, UNKNOWN) if name is not None else UNKNOWN

    def is_mutated(self, atom: Atom | str) -> bool:
        """Whether the memory of a name, or anything that it holds, is changed in place somewhere in the function."""
        region = self.of(atom)
        seen = set()
        while region is not None and id(region) not in seen:
            if region.is_mutated:
                return True
            seen.add(id(region))
            region = region.known_content
        return False


def is_array(value: Value) -> bool:
    return isinstance(value, Array)


def is_container(value: Value) -> bool:
    return isinstance(value, (Sequence, Many, Mapping, Record)) or (
        isinstance(value, Instance) and issubclass(value.kind, (list, dict, set, tuple))
    )


def holds_only_numbers(value: Value) -> bool:
    """Whether what a container holds is known to be immutable: it then shares no memory with an array it came from."""
    if isinstance(value, Many):
        return is_immutable(value.item)
    return isinstance(value, (Sequence, Mapping)) and all(map(is_immutable, value.items))


def getitem_shares(container: Value, index: Value, result: Value) -> bool:
    """Whether `container[index]` may share memory with the container."""
    if is_immutable(result):
        return False
    if isinstance(container, Array):
        return getitem_is_view(index) is not False
    return True


def is_sequence(value: Value) -> bool:
    return is_container(value) and issubclass(getattr(value, "kind", object), (list, tuple))


def is_slice_of_items(container: Value, index: Atom, at: Value) -> bool:
    """Whether `container[index]` is a new list or tuple of items of another."""
    known = index.value if isinstance(index, Const) else at.value if isinstance(at, Literal) else None
    return is_sequence(container) and (isinstance(known, slice) or at == Instance(slice))


def literal_or(value_of: Callable[[Atom], Value], atom: Atom) -> Value:
    """The value of an operand, constants and known objects included."""
    if isinstance(atom, Ref):
        return Known(atom.value)
    return Literal(atom.value) if isinstance(atom, Const) else value_of(atom)


def find_regions(
    function: Function, summary_of: Callable[[Function], Summary], views: frozenset[str] = frozenset()
) -> Regions:
    """Analyse one specialised function; `summary_of` gives the summaries of the functions it calls.

    `views` are items of things of unknown type that count as views whether something changes them or not.
    """
    regions = Regions(function)
    finder = _Finder(regions, summary_of, views)
    for statement in walk(function.body):
        match statement:
            case Assign(value=Call() as call):
                finder.call(statement.target, call)
            case Assign(target=str() as target):
                merge(regions.of(target), regions.of(statement.value))  # type: ignore[arg-type]
            case For():
                finder.item(statement.target, statement.iterable)
            case With(target=str() as target):
                merge(regions.of(target), regions.of(statement.context))
            case Return():
                regions.of(statement.value)
    finder.settle_changed_within()
    finder.settle_unknown_items()
    return regions


def items_of(function: Function) -> frozenset[str]:
    """The names that are bound to items, or to what is broadcast: views, for an analysis that does not check whether
    they may be copies."""
    calls = (s for s in walk(function.body) if isinstance(s, Assign) and s.target is not None)
    reading = (operator.getitem, np.broadcast_to)
    return frozenset(s.target for s in calls if is_call_of(s.value, *reading) and s.target is not None)


def is_broadcast(call: Call) -> bool:
    """Whether a call broadcasts its first argument: the view cannot be changed, so that it is as good as a copy where
    nothing changes the argument while it is in use."""
    return is_call_of(call, np.broadcast_to) and bool(call.arguments)


def chain(regions: Regions, name: str) -> list[Region]:
    """The region of a name, that of what it holds, and so on."""
    result: list[Region] = []
    region = regions.of(name)
    while region is not None and region not in result:
        result.append(region)
        region = region.known_content
    return result


def assumed_reads(regions: Regions) -> list[tuple[Assign, str, str]]:
    """(statement, target, source) of the reads of items that are taken to be copies."""
    result = []
    for statement in walk(regions.function.body) if regions.assumed_copies else ():
        if isinstance(statement, Assign) and isinstance(statement.value, Call) and statement.target is not None:
            if statement.target in regions.assumed_copies and statement.value.arguments:
                source = statement.value.arguments[0]
                if isinstance(source, Var):
                    result.append((statement, statement.target, source.name))
    return result


def hidden_sources(regions: Regions) -> dict[str, dict[int, Region]]:
    """For each name, the memory that is changed and that it may be a view of without sharing its region, because an
    item of a thing of unknown type is taken to be a copy."""
    hidden: dict[str, dict[int, Region]] = {}
    assumed = assumed_reads(regions)
    chains = {name: chain(regions, name) for name in list(regions.names)}
    changed = bool(assumed)
    while changed:
        changed = False
        for _, target, source in assumed:
            roots = {id(region): region for region in chains.get(source, ()) if region.is_mutated}
            roots.update(hidden.get(source, {}))
            own = regions.of(target)
            for name, memory in chains.items() if roots and own is not None else ():
                known = hidden.setdefault(name, {}) if own in memory else roots
                if not roots.keys() <= known.keys():
                    known.update(roots)
                    changed = True
    return hidden


class _Finder:
    """Merges the regions of one statement after the other."""

    def __init__(
        self, regions: Regions, summary_of: Callable[[Function], Summary], views: frozenset[str] = frozenset()
    ) -> None:
        self.regions, self.summary_of, self.views = regions, summary_of, views
        self.unknown_items: list[tuple[str, Atom]] = []
        self.unknown_stores: list[tuple[Atom, Var]] = []  # (container, what is stored in it)
        self.changed_within: list[Region] = []  # of lists whose items are not known and that are changed with them
        self.changed_items: list[Atom] = []  # containers of unknown type of which an item is changed

    def settle_changed_within(self) -> None:
        """What a list of unknown items holds may be changed with it, if it is no tuple."""
        values = self.regions.function.values or {}
        tuples = {
            region.find()
            for name, region in self.regions.names.items()
            if getattr(values.get(name), "kind", None) is tuple
        }
        for region in self.changed_within:
            content = region.find().content
            if content not in tuples:
                content.mutate()

    def settle_unknown_items(self) -> None:
        """`y = x[i]` where neither type is known is a view only if something changes y; else y may be a copy."""
        changed = True
        while changed:
            changed = False
            for pair in list(self.unknown_items):
                if self.regions.is_mutated(pair[0]):
                    self.unknown_items.remove(pair)
                    self.item(*pair)
                    self.changed_items.append(pair[1])
                    changed = True
            for container, stored in list(self.unknown_stores):
                if self._is_stored_memory_changed(container, stored):
                    self.unknown_stores.remove((container, stored))
                    merge(self.regions.of(container), self.regions.of(stored))
                    changed = True
        self.regions.assumed_copies = {target for target, _ in self.unknown_items}

    def _is_stored_memory_changed(self, container: Atom, stored: Var) -> bool:
        """Whether it matters that a container of unknown type, if it is no array, holds what is stored in it."""
        if self.regions.is_mutated(stored):
            return True
        region = self.regions.of(container)
        return any(self.regions.of(other) is region for other in self.changed_items)

    def item(self, target: str, container: Atom) -> None:
        """`target` is an item of `container`."""
        value = self.regions.value(container)
        source, result = self.regions.of(container), self.regions.of(target)
        if source is None or result is None:
            return
        if is_container(value):
            merge(source.content, result)
        else:
            merge(source, result)
            if not is_array(value):
                merge(source, source.content)

    def copied_items(self, result: Region | None, container: Atom) -> None:
        """What holds the items of `container` is new."""
        source = self.regions.of(container)
        if source is not None and result is not None:
            merge(source.content, result.content)

    def holds(self, container: Region | None, atoms: tuple[Atom, ...]) -> None:
        for atom in atoms:
            region = self.regions.of(atom)
            if container is not None and region is not None:
                merge(container.content, region)

    def holds_items(self, container: Region, atoms: tuple[Atom, ...]) -> None:
        """The items of these things are put into a container."""
        for atom in atoms:
            region = self.regions.of(atom)
            if region is None:
                continue
            if is_container(self.regions.value(atom)):
                merge(container.content, region.content)
            elif is_array(self.regions.value(atom)):
                merge(container.content, region)  # its rows
            else:
                merge(region, region.content)
                merge(container.content, region)

    def call(self, target: str | None, call: Call) -> None:
        function = call.function.value if isinstance(call.function, Ref) else None
        result = self.regions.of(target) if target is not None else None
        if isinstance(function, Function):
            self.user_call(result, function, call)
        elif function in BUILDERS:
            self.holds(result, call.arguments)
        elif function is operator.getitem:
            self.subscript(target, result, call)
        elif function is operator.setitem:
            self.set_item(*call.arguments)
        elif function is operator.delitem:
            self.store(call.arguments[0], None)
        elif function is setattr:
            region = self.regions.of(call.arguments[0])
            if region is not None:
                region.mutate()
                self.holds(region, call.arguments[2:])
        elif function is delattr:
            region = self.regions.of(call.arguments[0])
            if region is not None:
                region.mutate()
        elif function is getattr:
            self.attribute(target, call)
        elif function in JOINING and self.joins(target, call):
            for atom in call.arguments:
                self.view(target, result, atom)
        elif function in INPLACE:
            self.in_place(result, call)
        else:
            self.primitive_call(target, result, function, call)

    def subscript(self, target: str | None, result: Region | None, call: Call) -> None:
        """`container[index]`: an item, a view, or a list of the same items."""
        container, index = (literal_or(self.regions.value, a) for a in call.arguments)
        if target is None or not getitem_shares(container, index, self.regions.value(target)):
            return
        source = call.arguments[0]
        if is_slice_of_items(container, call.arguments[1], index):
            self.copied_items(result, source)
            return
        is_unknown = all(isinstance(self.regions.value(name), Unknown) for name in (source, target))
        if is_sequence(container) and isinstance(index, Unknown):
            self.copied_items(result, source)  # it may be a slice
        if is_unknown and target not in self.views:
            self.unknown_items.append((target, source))
            return
        self.item(target, source)
        if is_unknown:
            self.changed_items.append(source)  # as far as is known

    def in_place(self, result: Region | None, call: Call) -> None:
        """`x += y`, where x may be an array or a list: the result is x."""
        first = call.arguments[0]
        region = self.regions.of(first)
        if region is None:
            return
        region.mutate()
        if not is_array(self.regions.value(first)):
            self.holds_items(region, call.arguments[1:])
        merge(result, region)

    def joins(self, target: str | None, call: Call) -> bool:
        """Whether `a + b` or `a * n` is of containers."""
        if target is None or is_array(self.regions.value(target)):
            return False
        operands = [self.regions.value(atom) for atom in call.arguments]
        if is_call_of(call, operator.mul):  # a list of numbers that is repeated shares nothing
            operands = [value for value in operands if not holds_only_numbers(value)]
        return any(map(is_container, (*operands, self.regions.value(target))))

    def attribute(self, target: str | None, call: Call) -> None:
        if target is None or self.regions.of(target) is None:
            return
        owner = self.regions.of(call.arguments[0])
        if owner is None or is_structure(call, self.regions.value):
            return
        if is_array(self.regions.value(call.arguments[0])):
            merge(owner, self.regions.of(target))
        else:
            merge(owner.content, self.regions.of(target))
            if isinstance(self.regions.value(call.arguments[0]), Unknown) and isinstance(call.arguments[0], Var):
                merge(owner, owner.content)

    def set_item(self, container: Atom, index: Atom, stored: Atom) -> None:
        if is_slice_of_items(self.regions.value(container), index, self.regions.value(index)):
            self.store(container, None)
            self.copied_items(self.regions.of(container), stored)
        else:
            self.store(container, stored)

    def store(self, container: Atom, stored: Atom | None) -> None:
        region, value = self.regions.of(container), self.regions.value(container)
        if region is None:
            return
        region.mutate()
        if isinstance(value, Unknown) and isinstance(stored, Var):
            self.unknown_stores.append((container, stored))
        if is_array(value) or isinstance(value, Unknown):
            return  # the numbers are copied
        if not is_container(value):
            merge(region, region.content)
            region = region.find()
        if stored is not None and self.regions.of(stored) is not None:
            merge(region.content, self.regions.of(stored))

    def primitive_call(self, target: str | None, result: Region | None, function: Any, call: Call) -> None:
        entry = registry.lookup(function) if function is not None else None
        if is_opaque(entry, call):
            return self.opaque_call(result, function, call)
        assert entry is not None
        bound = bind(entry, call) or {}
        mutated = None
        for name in entry.mutates:
            for atom in bound.get(name, ()):
                mutated = self.regions.of(atom)
                if mutated is not None:
                    mutated.mutate()
                    if entry.is_deep:
                        self.mutate_content(mutated, self.regions.value(atom))
        for name in entry.stores:
            if mutated is not None and entry.spreads:
                self.holds_items(mutated, bound.get(name, ()))
            elif mutated is not None:
                self.holds(mutated, bound.get(name, ()))
        if is_broadcast(call) and target is not None and target not in self.views:
            self.unknown_items.append((target, call.arguments[0]))
            return
        for atom in viewed(entry, bound, self.regions.value):
            self.view(target, result, atom, function in TAKERS)

    def mutate_content(self, region: Region, value: Value) -> None:
        """What a container holds is changed, and what that holds; new tuples take the place of old ones."""
        if not is_container(value):
            return
        held = (value.item,) if isinstance(value, Many) else getattr(value, "items", ())
        if isinstance(value, Instance) and value.kind is list:
            self.changed_within.append(region)
        for item in held if isinstance(held, tuple) else ():
            if not is_immutable(item) and getattr(item, "kind", None) is not tuple:
                region.content.mutate()
                self.mutate_content(region.content, item)

    def view(self, target: str | None, result: Region | None, atom: Atom, is_item: bool = False) -> None:
        source = self.regions.of(atom)
        if source is None or result is None:
            return
        value, kind = self.regions.value(atom), self.regions.value(target or "")
        if is_container(value):
            if is_item:
                merge(source.content, result)
                return
            if is_array(kind):
                return  # an array made of a container is a copy
            merge(source.content, result.content)
            if not is_container(kind):
                merge(source.content, result)
        elif is_container(kind):
            if not holds_only_numbers(kind):
                if isinstance(value, Unknown):
                    merge(source, source.content)  # an array, or a container
                merge(source, result.content)
        else:
            merge(source, result)

    def opaque_call(self, result: Region | None, function: Any, call: Call) -> None:
        """A function of which nothing is known may change and return whatever it is given.

        One that only the run time knows is transformed when it is called, and refused there if it does such a thing.
        """
        if function in HARMLESS or registry.only_reports(function):
            return
        for atom in call.atoms if function is None else (call.function, *call.atoms):
            region = self.regions.of(atom) if isinstance(atom, Var) else None
            if region is None:
                continue
            if function is not None and not isinstance(function, type):
                region.mutate()
                if region.known_content is not None:
                    region.known_content.mutate()
            if result is not None:
                merge(result.content, region)
                merge(result.content, region.content)

    def user_call(self, result: Region | None, function: Function, call: Call) -> None:
        summary = self.summary_of(function)
        self.regions.called_outside |= summary.outside
        self.regions.called_changed |= summary.changed

        def locate(slot: tuple) -> Region | None:
            if slot[0] == "result":
                region, rest = result, slot[1:]
            else:
                region, rest = self.regions.of(call.arguments[slot[1]]), slot[2:]
            for _ in rest:
                region = None if region is None else region.content
            return region

        for slot in summary.bottomless:
            region = locate(slot)
            if region is not None:
                merge(region, region.content)
        for members in summary.classes:
            found = [region for region in map(locate, members) if region is not None]
            for other in found[1:]:
                merge(found[0], other)
        for slot in summary.mutated:
            # what the callee changed before it returned it is, to the caller, as good as new
            region = locate(slot) if slot[0] == "parameter" else None
            if region is not None:
                region.mutate()


def opaque_mutations(call: Call) -> tuple[Atom, ...]:
    """The operands that a call may change because nothing is known of its function."""
    function = call.function.value if isinstance(call.function, Ref) else None
    if function is None or isinstance(function, (Function, type)):
        return ()
    if function in HARMLESS or function in BUILDERS or function in INPLACE or registry.only_reports(function):
        return ()
    if function in (operator.getitem, operator.setitem, operator.delitem, getattr, setattr):
        return ()
    entry = registry.lookup(function) if function is not None else None
    return call.atoms if is_opaque(entry, call) else ()


def may_resize(call: Call, value_of: Callable[[Atom], Value]) -> bool:
    """Whether a call that changes something may give a list or dict other items."""
    function = call.function.value if isinstance(call.function, Ref) else None
    if function in (setattr, runtime.add_item, runtime.add_into, list.reverse, list.sort):
        return False
    value = value_of(call.arguments[0]) if call.arguments else UNKNOWN
    if isinstance(value, Array):
        return False
    if function is operator.setitem:
        is_dict = isinstance(getattr(value, "kind", None), type) and issubclass(value.kind, dict)  # type: ignore[union-attr]
        index = call.arguments[1]
        at = index.value if isinstance(index, Const) else value_of(index)
        return is_dict or isinstance(at, slice) or at == Instance(slice)
    return not isinstance(value, Unknown) or function not in INPLACE


def is_opaque(entry: registry.Primitive | None, call: Call) -> bool:
    """Whether nothing is known of what a call does to memory."""
    if entry is None:
        return True
    if "out" not in entry.mutates and any(name == "out" and atom != Const(None) for name, atom in call.keywords):
        return True
    is_without_rule = entry.adjoint is None and entry.refusal is None and not entry.is_constant
    if is_without_rule and isinstance(getattr(entry.functions[0], "__self__", None), np.ufunc):
        return True  # `np.add.accumulate(x, 0, None, y)`
    if not (entry.views or entry.mutates or entry.stores):
        return entry.refusal is not None
    return bind(entry, call) is None


def viewed(
    entry: registry.Primitive, bound: dict[str, tuple[Atom, ...]], value: Callable[[Atom], Value]
) -> tuple[Atom, ...]:
    """The arguments, of those that `bind` found, that the result may share memory with."""
    atoms = tuple(atom for name in entry.views for atom in bound.get(name, ()))
    if entry.copies_when is None:
        return atoms
    given = {name: tuple([literal_or(value, atom) for atom in several]) for name, several in bound.items()}
    return () if entry.copies_when(**given) else atoms


def bind(entry: registry.Primitive, call: Call) -> dict[str, tuple[Atom, ...]] | None:
    """The atoms of a call by the primitive's parameter names (a star parameter has several); None if they do not."""
    try:
        bound = entry.bind(call)
    except TypeError:
        return None
    result: dict[str, tuple[Atom, ...]] = {}
    for name, value in bound.items():
        if isinstance(value, tuple):
            result[name] = value
        elif isinstance(value, dict):
            result[name] = tuple(value.values())
        else:
            result[name] = (value,)
    return result


def summarise(regions: Regions) -> Summary:
    """The summary of an analysed function."""
    function = regions.function
    slots: list[tuple[tuple, Region]] = []
    atoms: list[tuple[tuple, Atom]] = [(("parameter", k), Var(name)) for k, name in enumerate(function.parameters)]
    if function.body and isinstance(function.body[-1], Return):
        atoms.append((("result",), function.result))
    for slot, atom in atoms:
        region = regions.of(atom)
        seen: set[int] = set()
        while region is not None and id(region) not in seen:
            seen.add(id(region))
            slots.append((slot, region))
            content, slot = region.known_content, (*slot, "content")
            if content is not None and len(slot) > DEEPEST:  # what a recursive function builds has no end
                merge(region, content)
                slots.append((slot, region.find()))
                break
            region = content
    classes: dict[int, list[tuple]] = {}
    for slot, region in slots:
        classes.setdefault(id(region.find()), []).append(slot)
    outside = {id(region.find()) for region in regions.objects.values()}
    outside |= {id(r.content) for r in regions.objects.values() if r.known_content is not None}
    shared = {slot for members in classes.values() if len(members) > 1 for slot in members}
    changed = frozenset(filter(regions.changes_outside, regions.objects))
    return Summary(
        tuple(tuple(members) for members in classes.values() if len(members) > 1),
        frozenset(slot for slot, region in slots if region.is_mutated),
        frozenset(slot for slot, region in slots if id(region.find()) in outside),
        bool(changed),
        changed | regions.called_changed,
        frozenset(regions.objects) | regions.called_outside,
        tuple(
            slot
            for slot, region in slots
            if slot[0] == "parameter" and (region.is_mutated or slot in shared) and _is_bottomless(slot, regions)
        ),
    )


def _is_bottomless(slot: tuple, regions: Regions) -> bool:
    """Whether something of unknown type may be found at a slot of a parameter: its items count as parts of it."""
    found = [regions.value(regions.function.parameters[slot[1]])]
    for _ in slot[2:]:
        found = [item for value in found for item in _items(value)]
    return any(isinstance(value, Unknown) for value in found)


def _items(value: Value) -> tuple[Value, ...]:
    """What a container holds."""
    match value:
        case Sequence() | Mapping() | Record():
            return value.items
        case Many():
            return (value.item,)
        case Instance() | Unknown():
            return (UNKNOWN,)
    return ()


class Summaries:
    """Summaries of functions, computed on demand; those of functions that call each other are taken to a fixed point
    together."""

    def __init__(self) -> None:
        self.known: dict[Function, Summary] = {}

    def __call__(self, function: Function) -> Summary:
        if function not in self.known:
            self._settle(self._unknown(function))
        return self.known[function]

    def _unknown(self, function: Function) -> dict[Function, tuple[Function, ...]]:
        """The functions without a summary that a call of this one reaches, and what each calls; callees come first."""
        found: dict[Function, tuple[Function, ...]] = {}
        seen = {function}
        work = [(function, iter(_called(function)))]
        while work:
            current, rest = work[-1]
            callee = next(rest, None)
            if callee is None:
                found[current] = tuple(_called(current))
                work.pop()
            elif callee not in seen and callee not in self.known:
                seen.add(callee)
                work.append((callee, iter(_called(callee))))
        return found

    def _settle(self, calls: dict[Function, tuple[Function, ...]]) -> None:
        self.known.update(dict.fromkeys(calls, Summary()))
        pending = set(calls)
        while pending:
            for function in calls:
                if function in pending:
                    pending.remove(function)
                    summary = summarise(find_regions(function, self, items_of(function)))
                    if summary != self.known[function]:
                        self.known[function] = summary
                        pending |= {caller for caller, called in calls.items() if function in called}


def _called(function: Function) -> dict[Function, None]:
    """The functions that a function calls, in order of first occurrence."""
    calls = (s.value for s in walk(function.body) if isinstance(s, Assign) and isinstance(s.value, Call))
    found = (call.function.value for call in calls if isinstance(call.function, Ref))
    return dict.fromkeys(value for value in found if isinstance(value, Function))
