"""The sweep over statements: abstract interpretation and partial evaluation of one function at once.

In goes a function and the values of its parameters; out comes a residual body in single-assignment form and the value
of every name in it.  Copies are propagated, branches on known tests folded, loops over few items of different structure
unrolled.  A loop is swept until the values of its carried names no longer change, and the last sweep is what is kept.

What a mutable container holds is described per *region*, the place where it was made, and holds at all times; when a
sweep finds a mutation that it did not know of, the function is swept again.
"""

from __future__ import annotations

import functools
import inspect
import operator
import types
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Union

from transforms import core, operations, runtime
from transforms.analyses.liveness import LiveBlock, liveness
from transforms.core import Assign, Call, Const, Names, Ref, Var
from transforms.inference import (
    ANY_SIZE,
    FRESH,
    as_number,
    is_constant,
    item_value,
    join,
    loosened,
    map_sizes,
    public,
    renamed_any,
    renamed_sizes,
    value_of_object,
)
from transforms.specialise import generators
from transforms.specialise.binding import Binding, Content, Region, constant, holds_mutable
from transforms.specialise.calls import Calls
from transforms.specialise.calls.containers import tuple_of
from transforms.specialise.calls.iterating import loop_items
from transforms.specialise.calls.questions import truth
from transforms.specialise.calls.unrolling import unrolled_items
from transforms.specialise.calls.users import leaf_bindings
from transforms.specialise.session import Session, is_closure, leaves
from transforms.ssa import _shared, ssa
from transforms.values import (
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

LONGEST_UNROLLED = 64
LARGEST_BODY = 3000


class SweepNames(Names):
    """Names whose making can be undone."""

    def __init__(self, taken: set[str]) -> None:
        super().__init__(taken)
        self.log: list[str] = []

    def fresh(self, base: str) -> str:
        name = super().fresh(base)
        self.log.append(name)
        return name

    def temporary(self) -> str:
        name = super().temporary()
        self.log.append(name)
        return name


# What a sweep assumes of a name that a loop carries.


@dataclass(slots=True)
class Fixed:
    """The loop does not change it."""

    binding: Binding


@dataclass(slots=True)
class Leaf:
    """It has a header name with this value."""

    start: Binding | None
    value: Value
    region: Region | None = None
    rounds: int = 0


@dataclass(slots=True)
class Node:
    """It is a tuple of the given class whose items are carried one by one."""

    kind: type
    items: list[Carried]
    start: Binding | None


Carried = Union[Fixed, Leaf, Node]


class Sweep:
    """One function being specialised."""

    def __init__(
        self,
        session: Session,
        function: core.Function,
        values: tuple[Value, ...],
        parameters: tuple[str, ...],
        is_inner: bool,
    ) -> None:
        self.session = session
        self.source = _ssa_of(function)
        self.values_in = values
        self.parameters = parameters
        self.is_inner = is_inner
        self.leaves = [leaf for value in values for leaf in leaves(value)] if self.is_expanded else list(values)
        self.live = liveness(self.source.body)
        self.taken = core.names_in(self.source).union(parameters)
        self.shared = _shared_names(self.source, self.live)
        self.shared_values: dict[str, Value] = {}
        self.contents: dict[Region, Content] = {}
        self.links: dict[tuple[Region, str], set[Region | None]] = {}  # the containers that an attribute may stand for
        self.argument_sizes: set[Hashable] = set()
        for leaf in self.leaves:
            map_sizes(leaf, self.note_size)
        self.all_mutable = False
        self.result: Value = NEVER
        self.returned: int | bool = False
        self.body: core.Block = ()
        self.calls = Calls(self)
        self.merged: dict[tuple[int, int], generators.Merged] = {}
        self.lists: dict[tuple[str, int, int], tuple[Assign, core.For, Assign]] = {}  # of what generators give
        self.reset()

    def reset(self) -> None:
        self.names = SweepNames(self.taken)
        self.hints: dict[str, str] = {}
        self.wishes: dict[str, str] = {}  # temporary -> the name that the program gave to the same value
        self.used: set[str] = {*self.source.parameters, *self.parameters, *self.shared}
        self.values: dict[str, Value] = {}
        self.out: list[core.Statement] = []
        self.env: dict[str, Binding] = {}
        self.origin: core.Origin | None = None
        self.path: tuple[Hashable, ...] = ()
        self.loops: tuple[Hashable, ...] = ()  # around the present place
        self.droppable: set[str] = set()  # names of calls that have no effect
        self.merging: list[int] = []  # the generators whose statements are being swept
        self.statement: Assign | None = None  # the present one
        self.children: dict[Region, set[Region]] = {}
        self.starts: dict[Region, dict[Hashable, Value]] = {}  # the items that a dict is made with
        self.makers: dict[Region, str] = {}  # the name of the container that each region was made for
        self.wholes: dict[str, Region] = {}  # other names for such containers
        self.dirty = False
        self.emitted = 0

    # ----------------------------------------------------------------------------------------------------- the function

    def run(self) -> None:
        """Sweep until nothing new is found; the outcome is in `body`, `values` and `result`."""
        for attempt in range(8):
            self.reset()
            if attempt == 7:
                self.all_mutable = True
            places = iter(range(len(self.parameters)))
            for name, value in zip(self.source.parameters, self.values_in):
                self.env[name] = self.parameter(places, value)
                if name in self.shared:
                    self.bind_shared_value(name, value)
            reaches = self.block(self.source.body, self.live)
            if not reaches:
                self.out.append(core.Return(Const(None)))
                self.result = NEVER
            if not self.dirty:
                break
        self.body = self.with_wishes(_without_dead(tuple(self.out), self.droppable))

    def with_wishes(self, body: core.Block) -> core.Block:
        """The body with temporaries called as the user called their values; cotangents are parts of sums, mostly."""
        bound = core.all_writes(body)
        taken = core.all_reads(body).union(bound, self.parameters)
        names: dict[str, str] = {}
        for temporary, wish in self.wishes.items():
            if temporary in bound and core.is_derivative(wish):
                self.hints[temporary] = wish
            elif temporary in bound:
                names[temporary] = wish if wish not in taken else self.names.fresh(wish)
                taken.add(names[temporary])
        for temporary, name in names.items():
            self.values[name] = self.values[temporary]
        return core.rename(body, names) if names else body

    @property
    def mutated(self) -> frozenset[int]:
        """The parameters whose containers the function may change."""
        if self.all_mutable:
            return frozenset(number for number, leaf in enumerate(self.leaves) if holds_mutable(leaf))
        found = (region for region, content in self.contents.items() if content.is_mutated)
        return frozenset(region[1] for region in found if region[0] == "parameter")  # type: ignore[misc]

    @property
    def stored(self) -> dict[int, dict[str, Value]]:
        """What is assigned to attributes of the parameters."""
        return {
            region[1]: content.attributes  # type: ignore[misc]
            for region, content in self.contents.items()
            if region[0] == "parameter" and content.attributes and not content.is_mutated
        }

    def _origin_of(self, value: Binding) -> int | bool:
        """Where a container that is returned comes from: the number of the parameter that it is, True where it is new
        and holds nothing of the caller's, False where that is not known."""
        region = value.region
        if region is None or self.all_mutable or not self.is_whole(value):
            return False
        if region[0] == "parameter":
            return region[1]  # type: ignore[return-value]
        found, work = {region}, [region]
        while work:
            for inner in self.children.get(work.pop(), ()):
                if inner not in found:
                    found.add(inner)
                    work.append(inner)
        return all(inner[0] == "made" for inner in found)

    def note_size(self, size: Size) -> Size:
        self.argument_sizes.add(size.key)
        return size

    def public_values(self) -> dict[str, Value]:
        """The value of every name of the body."""
        names = core.all_writes(self.body).union(self.parameters)
        return {name: public(value) for name, value in self.values.items() if name in names}

    @property
    def is_expanded(self) -> bool:
        return self.parameters != self.source.parameters

    def parameter(self, places: Iterator[int], value: Value) -> Binding:
        """What is known of a parameter; a closure consists of several."""
        if self.is_expanded and is_closure(value):
            assert isinstance(value, Partial) and isinstance(value.function, Known)
            inner = (*value.arguments, *(item for _, item in value.keywords))
            parts = tuple(self.parameter(places, item) for item in inner)
            count = len(value.arguments)
            settled = Partial(
                value.function,
                tuple(part.value for part in parts[:count]),
                tuple((key, part.value) for (key, _), part in zip(value.keywords, parts[count:])),
            )
            return Binding(None, settled, (constant(value.function.object), *parts))
        number = next(places)
        name = self.parameters[number]
        region = ("parameter", number) if holds_mutable(value) else None
        if region is not None and isinstance(value, Mapping):
            self.starts[region] = dict(zip(value.keys, value.items))
        value = self.settled(value, region)
        self.values[name] = value
        if isinstance(value, Literal) and is_constant(value.value):
            return Binding(Const(value.value), value)
        if isinstance(value, Known):
            return Binding(Ref(value.object, name), value)
        return Binding(Var(name), value, None, region)

    # -------------------------------------------------------------------------------------------------------- operands

    def operand(self, atom: core.Atom) -> Binding:
        """What is known of an atom of the source."""
        if isinstance(atom, Var):
            name = atom.name
            if name in self.shared:
                value = self.shared_values.get(name, NEVER)
                return self.emit(None, Var(name), value)
            found = self.env.get(name)
            if found is None:  # not bound on this path: Python will say so
                self.values.setdefault(name, UNKNOWN)
                return Binding(atom, UNKNOWN)
            if found.region in self.contents and isinstance(found.value, (Sequence, Many)) and self.is_whole(found):
                value = self.settled(found.value, found.region)  # something may have been put into it since it was made
                if value != found.value:
                    return Binding(found.atom, value, found.parts, found.region)
            return found
        if isinstance(atom, Const):
            return Binding(atom, Literal(atom.value))
        if atom.value is operations.UNBOUND:
            return Binding(atom, NEVER)
        return Binding(atom, value_of_object(atom.value))

    def atom(self, binding: Binding) -> core.Atom:
        """The atom of an operand, which is built now if it is a tuple in parts."""
        if isinstance(binding, generators.Suspended):
            return generators.as_it_is(self, binding)
        if binding.atom is not None:
            return binding.atom
        assert binding.parts is not None
        if isinstance(binding.value, Partial):
            count = len(binding.value.arguments) + 1
            keys = [key for key, _ in binding.value.keywords]
            held = [self.atom(part) for part in binding.parts]
            partial = Ref(functools.partial, "functools.partial")
            call = Call(partial, tuple(held[:count]), tuple(zip(keys, held[count:])))
            return self.atom(self.emit(None, call, binding.value, binding.parts))
        assert isinstance(binding.value, Sequence)
        items = tuple(self.atom(part) for part in binding.parts)
        if binding.value.kind is tuple:
            function = Ref(operations.make_tuple)
        else:
            function = Ref(binding.value.kind, binding.value.kind.__name__)
        return self.atom(self.emit(None, Call(function, items), binding.value))

    def new_name(self, hint: str | None) -> str:
        """A name for a binding of the new program, the source's own where it is free."""
        if hint is None:
            return self.names.temporary()
        if hint not in self.used and hint in self.taken:
            self.used.add(hint)
            self.names.log.append(hint)
            return hint
        return self.names.temporary() if core.is_temporary(hint) else self.names.fresh(hint)

    def emit(
        self,
        hint: str | None,
        expression: core.Expression,
        value: Value,
        parts: tuple[Binding, ...] | None = None,
        region: Region | None = None,
    ) -> Binding:
        """Bind the value of an expression to a new name."""
        name = self.new_name(hint)
        value = map_sizes(value, lambda size: _placed(size, name))
        self.values[name] = value
        self.out.append(Assign(name, expression, self.origin))
        self.emitted += 1
        if isinstance(value, Literal) and is_constant(value.value):
            return Binding(Const(value.value), value)
        return Binding(Var(name), value, parts, region)

    def effect(self, expression: Call) -> None:
        """A call made for its effect."""
        self.out.append(Assign(None, expression, self.origin))

    # --------------------------------------------------------------------------------------------- mutable containers

    def settled(self, value: Value, region: Region | None) -> Value:
        """The value of a container, with what mutations may put into it at any time."""
        if self.all_mutable and holds_mutable(value):
            return Content(True, UNKNOWN, True).apply(value)
        content = self.contents.get(region) if region is not None else None
        return content.apply(value) if content is not None else value

    def is_mutated(self, region: Region | None) -> bool:
        if self.all_mutable:
            return True
        content = self.contents.get(region) if region is not None else None
        return content is not None and (content.is_mutated or bool(content.attributes))

    def mutate(self, binding: Binding, item: Value | None) -> None:
        """Note that a container is changed: `item` is put into it; None: anything may be."""
        self.note_data(binding)
        if not holds_mutable(binding.value) or self.all_mutable:
            return
        if binding.region is None:
            if isinstance(binding.value, Instance) and item is not None and not isinstance(item, Instance):
                return  # nothing is known of its content
            self.all_mutable = self.dirty = True
            return
        content = self.contents.setdefault(binding.region, Content())
        new = UNKNOWN if item is None else join(content.item, as_number(item), (FRESH, "content"))
        is_unknown = content.is_unknown or item is None or new == UNKNOWN
        if not content.is_mutated or new != content.item or is_unknown != content.is_unknown:
            content.is_mutated, content.item, content.is_unknown = True, new, is_unknown
            self.dirty = True
        if item is not None and self.is_whole(binding):
            return  # what is inside of it stays as it is
        for inner in sorted(self.children.get(binding.region, ()), key=repr):
            held = self.contents.get(inner)
            if held is None or not held.is_mutated or not held.is_unknown:
                self.mutate(Binding(None, Instance(list), None, inner), None)

    def assign_attribute(self, binding: Binding, name: str, item: Value) -> None:
        """Note that an attribute of an object is assigned."""
        if not isinstance(binding.value, Record) or self.all_mutable:
            return
        if binding.region is None or not self.is_whole(binding):
            self.mutate(binding, None)
            return
        content = self.contents.setdefault(binding.region, Content())
        old = content.attributes.get(name, NEVER)
        new = loosened(join(old, item, (FRESH, name)))
        if new != old:
            content.attributes[name] = new
            self.dirty = True

    def note_data(self, binding: Binding) -> None:
        """Tell the reader that the program changes a container that it did not make (a global, say)."""
        region = binding.region
        if region is not None and region[0] == "data" and holds_mutable(binding.value):
            self.session.reader.changes(region[1], region[2])  # type: ignore[union-attr, arg-type]

    def mutate_item(self, binding: Binding, key: Value, item: Value) -> None:
        """Note that an item of a dict is assigned; its other items stay what they are."""
        self.note_data(binding)
        if self.all_mutable or not holds_mutable(binding.value):
            return
        if binding.region is None or not self.is_whole(binding) or holds_mutable(item):
            self.mutate(binding, None)
            return
        content = self.contents.setdefault(binding.region, Content())
        place = key.value if isinstance(key, Literal) and isinstance(key.value, (str, int)) else None
        old = content.items.get(place, NEVER)
        new = loosened(join(old, item, (FRESH, "content")))
        if not content.is_mutated or new != old:
            content.is_mutated = self.dirty = True
            content.items[place] = new

    def stored_item(self, binding: Binding, key: Value) -> Value:
        """What is read from a dict that changes."""
        region = binding.region
        content = self.contents.get(region) if region is not None else None
        if self.all_mutable or region is None or not self.is_whole(binding):
            return UNKNOWN
        if region not in self.starts:
            return UNKNOWN  # nothing is known of what it began with
        if content is None:
            return NEVER if isinstance(binding.value, Mapping) else UNKNOWN
        if content.is_unknown or content.item != NEVER:
            return UNKNOWN
        place = key.value if isinstance(key, Literal) else None
        start = self.starts.get(region, {})
        found = content.items.get(None, NEVER)
        for known in (start, content.items):
            for name, item in known.items():
                if place is None or name == place:
                    found = join(found, item, (FRESH, "content"))
        return loosened(renamed_sizes(found, (FRESH, ANY_SIZE), self.argument_sizes))

    def is_whole(self, binding: Binding) -> bool:
        """Whether the operand is the container that its region was made for, and not one that is stored in it."""
        region = binding.region
        assert region is not None
        if region[0] == "parameter":
            return binding.atom == Var(self.parameters[region[1]])  # type: ignore[call-overload]
        if not isinstance(binding.atom, Var):
            return False
        return self.makers.get(region) == binding.atom.name or self.wholes.get(binding.atom.name) == region

    def link(self, owner: Binding, name: str, item: Binding) -> bool:
        """Note what container is assigned to an attribute; whether it can be followed from there."""
        region = item.region if item.region is not None and self.is_whole(item) else None
        if owner.region is None or not isinstance(owner.value, Record) or not self.is_whole(owner):
            return False
        known = self.links.setdefault((owner.region, name), set())
        if region not in known:
            known.add(region)
            self.dirty = True
        if region is not None:
            self.nest(owner.region, (item,))
        return region is not None

    def linked(self, owner: Binding, name: str) -> Region | None:
        """The region of the one container that an attribute may stand for; None where that is not known."""
        if owner.region is None or self.all_mutable or not self.is_whole(owner):
            return None
        known = self.links.get((owner.region, name), set())
        return next(iter(known)) if len(known) == 1 else None

    def escape(self, binding: Binding) -> None:
        """Note that an operand is handed to code that is not known."""
        if binding.parts is not None:
            for part in binding.parts:
                self.escape(part)
        if holds_mutable(binding.value):
            self.mutate(binding, None)

    def escape_parts(self, binding: Binding) -> None:
        """Note that an operand is stored where it can no longer be followed."""
        if holds_mutable(binding.value):
            self.escape(binding)

    def keep(self, owner: Binding, item: Binding) -> None:
        """Note that an operand is put into a container: what changes it there changes it."""
        if not holds_mutable(item.value):
            return
        if owner.region is None or item.region is None:
            self.escape(item)
        else:
            self.nest(owner.region, (item,))

    def nest(self, outer: Region, parts: Iterable[Binding]) -> None:
        """Note what regions can be reached through a container."""
        for part in parts:
            if part.region is not None:
                self.children.setdefault(outer, set()).add(part.region)
            if part.parts is not None:
                self.nest(outer, part.parts)

    # ---------------------------------------------------------------------------------------------- items of containers

    def parts(self, binding: Binding) -> tuple[Binding, ...] | None:
        """The items of a container of known structure, as operands; emits the reads that are needed."""
        if binding.parts is not None:
            return binding.parts
        value = binding.value
        if isinstance(value, Sequence):
            return tuple(self.item(binding, index) for index in range(len(value.items)))
        return None

    def item(self, binding: Binding, index: int) -> Binding:
        """The item of a sequence of known structure."""
        assert isinstance(binding.value, Sequence)
        if binding.parts is not None and not self.is_mutated(binding.region):
            return binding.parts[index]
        value = binding.value.items[index]
        return self.read(binding, Const(index), value)

    def read(self, binding: Binding, index: core.Atom, value: Value, hint: str | None = None) -> Binding:
        call = Call(Ref(operator.getitem), (self.atom(binding), index))
        return self.emit(hint, call, value, None, self.inner_region(binding, value))

    def inner_region(self, binding: Binding, value: Value) -> Region | None:
        """The region of what is read from a container: that of the container, which stands for all inside of it."""
        return binding.region if holds_mutable(value) else None

    # ------------------------------------------------------------------------------------------------------ statements

    def block(self, block: core.Block, live: LiveBlock) -> bool:
        """Sweep a block; whether its end can be reached."""
        for index, statement in enumerate(block):
            self.origin = statement.origin
            match statement:
                case Assign():
                    self.assign(statement)
                case core.If():
                    if not self.branch(statement, live.after[index], live.inner[index]):
                        return False
                case core.For():
                    if not self.for_loop(statement, live.heads[index], live.inner[index][0], live.after[index]):
                        return False
                case core.While():
                    if not self.while_loop(statement, live.heads[index], live.inner[index][0]):
                        return False
                case core.With():
                    if not self.context(statement, live.inner[index][0], live.after[index]):
                        return False
                case core.Try():
                    self.attempt(statement, live.inner[index])
                case core.Raise():
                    self.out.append(core.map_atoms(statement, lambda atom: self.atom(self.operand(atom))))
                    return False
                case core.Return():
                    value = self.operand(statement.value)
                    self.result = value.value
                    self.returned = self._origin_of(value)
                    if self.is_inner and is_closure(value.value):  # its content; the caller puts it together
                        value = tuple_of(leaf_bindings(self.calls, value))
                    self.out.append(core.Return(self.atom(value), statement.origin))
        return True

    def assign(self, statement: Assign) -> None:
        target = statement.target
        if isinstance(statement.value, Call):
            call = statement.value
            function = self.operand(call.function)
            arguments = [self.operand(atom) for atom in call.arguments]
            keywords = {key: self.operand(atom) for key, atom in call.keywords}
            arguments = generators.consumed(self, function, arguments, statement)
            self.statement = statement
            self.path = (*self.path[:1], id(statement))
            hint = None if target in self.shared else target
            binding = self.calls.apply(function, arguments, keywords, hint, target is not None)
        else:
            binding = self.operand(statement.value)
        if target is None:
            return
        if target in self.shared:
            self.bind_shared(target, binding)
        else:
            self.env[target] = binding
            source = binding.atom.name if isinstance(binding.atom, Var) else ""
            if core.is_temporary(source) and not core.is_temporary(target):
                self.wishes.setdefault(source, target)

    def bind_shared(self, name: str, binding: Binding) -> None:
        old = self.shared_values.get(name, NEVER)
        new = join(old, as_number(binding.value), (FRESH, name))
        if new != old:
            self.shared_values[name] = new
            self.dirty = True
        self.used.add(name)
        self.values[name] = new
        self.out.append(Assign(name, self.atom(binding), self.origin))
        if holds_mutable(binding.value):
            self.escape(binding)

    def share(self, block: core.Block, live: LiveBlock) -> None:
        """Keep the names that the handlers of a new block read under one name each, from the start of the function."""
        new = set(_shared(block, live)) - self.shared
        if new:
            self.shared |= new
            self.used |= new
            self.dirty = True

    def context(self, statement: core.With, live: LiveBlock, after: frozenset[str]) -> bool:
        """`with`: of an object of a user's class, the calls of its two methods are written out."""
        context = self.operand(statement.context)
        if isinstance(context, generators.Suspended) and generators.can_merge(self, context, as_context=True):
            return generators.merge(self, context, statement, after)
        atom = self.atom(context)
        kind = context.value.kind if isinstance(context.value, (Record, Instance)) else object
        methods = [inspect.getattr_static(kind, name, None) for name in ("__enter__", "__exit__")]
        enter, leave = (m if isinstance(m, types.FunctionType) and self.session.read(m) else None for m in methods)
        if enter is not None and leave is not None:
            self.enter_and_leave(statement, live, context, enter, leave)
            return True
        outer, self.out = self.out, []
        name = None
        if statement.target is not None:
            if statement.target in self.shared:
                name = statement.target
                self.bind_shared_value(name, UNKNOWN)
            else:
                name = self.new_name(statement.target)
                self.values[name] = UNKNOWN
                self.env[statement.target] = Binding(Var(name), UNKNOWN)
        origin = statement.origin
        self.block(statement.body, live)
        outer.append(core.With(atom, name, tuple(self.out), origin))
        self.out = outer
        return True

    def enter_and_leave(self, statement: core.With, live: LiveBlock, context: Binding, enter: Any, leave: Any) -> None:
        """`target = context.__enter__()`, the body, and `context.__exit__(None, None, None)`; where an exception leaves
        the body, a guard calls `__exit__` with it."""
        apply, target = self.calls.apply, statement.target
        hint = None if target is None or target in self.shared else target
        entered = apply(Binding(Ref(enter), Known(enter)), [context], {}, hint, True)
        if target is not None and target in self.shared:
            self.bind_shared(target, entered)
        elif target is not None:
            self.env[target] = entered
        guard = self.emit(None, Call(Ref(runtime.ExitGuard), (self.atom(context),)), Instance(runtime.ExitGuard))
        outer, self.out = self.out, []
        self.block(statement.body, live)
        outer.append(core.With(self.atom(guard), None, tuple(self.out), statement.origin))
        self.out, self.origin = outer, statement.origin
        none = Binding(Const(None), Literal(None))
        apply(Binding(Ref(leave), Known(leave)), [context, none, none, none], {}, None, False)

    def bind_shared_value(self, name: str, value: Value) -> None:
        self.used.add(name)
        new = join(self.shared_values.get(name, NEVER), value, (FRESH, name))
        if new != self.shared_values.get(name, NEVER):
            self.shared_values[name] = new
            self.dirty = True
        self.values[name] = new

    def attempt(self, statement: core.Try, live: tuple[LiveBlock, ...]) -> None:
        outer, before = self.out, self.env
        origin = statement.origin

        def inner(block: core.Block, block_live: LiveBlock, env: dict[str, Binding]) -> core.Block:
            self.out, self.env = [], env
            self.block(block, block_live)
            return tuple(self.out)

        tests = [None if h.exception is None else self.atom(self.operand(h.exception)) for h in statement.handlers]
        inside = dict(before)
        body = inner(statement.body, live[0], inside)
        handlers = []
        for handler, test, block_live in zip(statement.handlers, tests, live[1:-2]):
            caught = dict(before)
            name = handler.name
            if name is not None:
                if name in self.shared:
                    self.bind_shared_value(name, UNKNOWN)
                else:
                    new = self.new_name(name)
                    self.values[new] = UNKNOWN
                    caught[name] = Binding(Var(new), UNKNOWN)
                    name = new
            handlers.append(core.Handler(test, name, inner(handler.body, block_live, caught)))
        orelse = inner(statement.orelse, live[-2], inside)
        final = inner(statement.finalbody, live[-1], dict(before))
        self.out, self.env = outer, before
        self.out.append(core.Try(body, tuple(handlers), orelse, final, origin))

    # -------------------------------------------------------------------------------------------------------- branches

    def branch(self, statement: core.If, after: frozenset[str], live: tuple[LiveBlock, ...]) -> bool:
        test = self.operand(statement.test)
        known = truth(self.calls, test)
        if known is not None:
            return self.block(statement.body, live[0]) if known else self.block(statement.orelse, live[1])
        origin, outer, before, path = self.origin, self.out, self.env, self.path
        envs: list[dict[str, Binding]] = []
        outs: list[list[core.Statement]] = []
        reaching: list[int] = []
        mark = len(self.names.log)
        for index, block in enumerate((statement.body, statement.orelse)):
            self.env, self.out = dict(before), []
            if self.block(block, live[index]):
                reaching.append(index)
            envs.append(self.env)
            outs.append(self.out)
        self.path, self.origin = path, origin
        self.env, self.out = before, outer
        if len(reaching) == 2:
            inside = set(self.names.log[mark:])
            for name in dict.fromkeys((*_ordered_writes(statement.body), *_ordered_writes(statement.orelse))):
                if name in after and name not in self.shared:
                    self.join_branches(name, envs, outs, inside)
        elif reaching:
            self.env = envs[reaching[0]]
        self.out = outer
        if outs[0] or outs[1]:
            self.out.append(core.If(self.atom(test), tuple(outs[0]), tuple(outs[1]), origin))
        return bool(reaching)

    def join_branches(
        self, name: str, envs: list[dict[str, Binding]], outs: list[list[core.Statement]], inside: set[str]
    ) -> None:
        first, second = envs[0].get(name), envs[1].get(name)
        if first is not None and second is not None:
            self.env[name] = self.joined(name, first, second, outs)
        elif first is not None or second is not None:  # the name stays unbound on the other side
            side = 0 if first is not None else 1
            binding = envs[side][name]
            if isinstance(binding.atom, Var) and binding.atom.name in inside:
                self.env[name] = binding
            else:
                self.out = outs[side]
                self.env[name] = self.emit_copy(name, binding)

    def emit_copy(self, name: str, binding: Binding) -> Binding:
        """A copy that is certain to be in the program."""
        atom = self.atom(binding)
        new = self.new_name(name)
        self.values[new] = binding.value
        self.out.append(Assign(new, atom, self.origin))
        return Binding(Var(new), as_number(binding.value), None, binding.region)

    def joined(self, name: str, first: Binding, second: Binding, outs: list[list[core.Statement]]) -> Binding:
        """What is known of a name after a branch; emits copies at the ends of both sides."""
        if first is second or (first.atom is not None and first.atom == second.atom):
            return first
        if _is_plain_tuple(first) and _is_plain_tuple(second) and first.value.kind is second.value.kind:  # type: ignore[union-attr]
            if len(first.value.items) == len(second.value.items):  # type: ignore[union-attr]
                if first.parts is not None and second.parts is not None:
                    pairs = zip(first.parts, second.parts)
                    parts = tuple(self.joined(name, a, b, outs) for a, b in pairs)
                    return Binding(None, Sequence(first.value.kind, tuple(p.value for p in parts)), parts)  # type: ignore[union-attr]
        if is_closure(first.value) and is_closure(second.value) and first.parts and second.parts:
            closure = join(first.value, second.value, (FRESH, name))
            if is_closure(closure) and isinstance(closure, Partial):
                parts = tuple(self.joined(name, a, b, outs) for a, b in zip(first.parts, second.parts))
                return Binding(None, closure, parts)
        copies = []
        for binding, out in zip((first, second), outs):
            self.out = out
            copies.append(self.atom(binding))
        new = self.new_name(name)
        for atom, out in zip(copies, outs):
            out.append(Assign(new, atom, self.origin))
        value = join(first.value, second.value, (FRESH, new))
        self.values[new] = value
        region = first.region if first.region == second.region else None
        if region is None and holds_mutable(value):
            region = self.meeting(name, first, second)
            value = self.values[new] = self.settled(value, region)
        if isinstance(value, Literal):
            value = as_number(value) if not is_constant(value.value) else value
        return Binding(Var(new), value, None, region)

    def meeting(self, name: Hashable, *bindings: Binding) -> Region | None:
        """The region of a name that stands for either of several containers: what changes it may change each."""
        mutable = [binding for binding in bindings if holds_mutable(binding.value)]
        if any(binding.region is None for binding in mutable):
            return None
        region = ("join", *self.path, name)
        self.nest(region, mutable)
        return region

    # ----------------------------------------------------------------------------------------------------------- loops

    def while_loop(self, statement: core.While, head: frozenset[str], live: LiveBlock) -> bool:
        test = self.operand(statement.test)
        if truth(self.calls, test) is False:
            return True
        return self.loop(statement, head, live, None)

    def for_loop(
        self, statement: core.For, head: frozenset[str], live: LiveBlock, after: frozenset[str]
    ) -> bool:
        iterable = generators.iterated(self, self.operand(statement.iterable))
        if isinstance(iterable, generators.Suspended) and generators.can_merge(self, iterable):
            return generators.merge(self, iterable, statement, after)
        iterable = loop_items(self.calls, iterable)
        items = unrolled_items(self.calls, iterable, statement)
        if items is None:
            return self.loop(statement, head, live, iterable)
        path, loops = self.path, self.loops
        for number, make in enumerate(items):
            self.path, self.loops = (*path, number), (*loops, (id(statement), number))
            self.origin = statement.origin
            if statement.target in self.shared:
                self.bind_shared(statement.target, make())
            else:
                self.env[statement.target] = make()
            if not self.block(statement.body, live):
                return False
        self.path, self.loops = path, loops
        return True

    def loop(
        self, statement: core.For | core.While, head: frozenset[str], live: LiveBlock, iterable: Binding | None
    ) -> bool:
        outer, before, path, origin = self.out, self.env, self.path, statement.origin
        iterable_atom = self.atom(iterable) if iterable is not None else None
        names = [n for n in dict.fromkeys(_ordered_writes(statement.body)) if n in head and n not in self.shared]
        carried: dict[str, Carried] = {name: _first_guess(before.get(name)) for name in names}
        if isinstance(statement, core.While) and isinstance(statement.test, Var) and statement.test.name in carried:
            carried[statement.test.name] = _leaf(before.get(statement.test.name))
        test: core.Atom = Const(True)
        loops, self.loops = self.loops, (*self.loops, id(statement))
        while True:
            mark = (len(self.names.log), dict(self.names.counters), self.emitted)
            self.env, self.out, self.path, self.origin = dict(before), [], path, origin
            headers = {name: self.header(name, guess) for name, guess in carried.items()}
            self.env.update(headers)
            target = ""
            if isinstance(statement, core.For):
                target = self.loop_target(statement.target, iterable)
            elif isinstance(statement.test, Var) and statement.test.name in self.shared:
                self.used.add(statement.test.name)  # read where the loop tests it, not in the body
                test = statement.test
            else:
                test = self.atom(self.operand(statement.test))
            reaches = self.block(statement.body, live)
            changed = False
            if reaches:
                for name in names:
                    new = self.revised(carried[name], headers[name], self.env[name], (FRESH, name))
                    changed = changed or new is not carried[name]
                    carried[name] = new
            if not changed:
                break
            self.undo(mark)
        self.loops = loops
        ends: list[tuple[str, core.Atom]] = []
        starts: list[tuple[str, core.Atom]] = []
        body_out = self.out
        for name in names:
            self.out = outer
            self.collect_starts(carried[name], headers[name], starts)
            self.out = body_out
            if reaches:
                self.collect_ends(carried[name], headers[name], self.env[name], ends)
        self.out = outer
        outer.extend(Assign(name, atom, origin) for name, atom in starts)
        body = (*body_out, *self.parallel_copies(ends, origin))
        if isinstance(statement, core.For):
            assert iterable_atom is not None
            outer.append(core.For(target, iterable_atom, body, origin))
        else:
            outer.append(core.While(test, body, origin))
        self.env, self.path = dict(before), path
        self.env.update(headers)
        return True

    def undo(self, mark: tuple[int, dict[str, int], int]) -> None:
        """Forget the names made since the mark."""
        length, self.names.counters, self.emitted = mark[0], mark[1], mark[2]
        for name in self.names.log[length:]:
            if name in self.used:
                self.used.discard(name)
            else:
                self.names.taken.discard(name)
            self.values.pop(name, None)
            self.wishes.pop(name, None)
        del self.names.log[length:]

    def loop_target(self, name: str, iterable: Binding | None) -> str:
        assert iterable is not None
        value = renamed_any(item_value(iterable.value), (FRESH, name))
        if name in self.shared:
            self.bind_shared_value(name, value)
            return name
        new = self.new_name(name)
        self.values[new] = value
        self.env[name] = Binding(Var(new), value, None, iterable.region if holds_mutable(value) else None)
        return new

    def header(self, name: str, guess: Carried) -> Binding:
        match guess:
            case Fixed():
                return guess.binding
            case Leaf():
                new = self.new_name(name)
                self.values[new] = guess.value
                return Binding(Var(new), guess.value, None, guess.region)
            case Node():
                parts = tuple(self.header(name, item) for item in guess.items)
                return Binding(None, Sequence(guess.kind, tuple(part.value for part in parts)), parts)

    def revised(self, guess: Carried, header: Binding, end: Binding, prefix: Hashable) -> Carried:
        """The guess, or a weaker one if the end of the body contradicts it."""
        match guess:
            case Fixed():
                if end is header or (end.atom is not None and end.atom == header.atom):
                    return guess
                if _is_plain_tuple(header) and _is_plain_tuple(end) and header.value.kind is end.value.kind:  # type: ignore[union-attr]
                    old, new = self.parts(header), self.parts(end)
                    if old is not None and new is not None and len(old) == len(new):
                        items = [self.revised(Fixed(a), a, b, (prefix, i)) for i, (a, b) in enumerate(zip(old, new))]
                        return Node(header.value.kind, items, header)  # type: ignore[union-attr]
                leaf = _leaf(header)
                return self.widened(leaf, end, prefix)
            case Leaf():
                if end.atom == header.atom:
                    if guess.start is not None and guess.rounds == 0:
                        return Fixed(guess.start) if not _is_number_constant(guess.start) else guess
                    return guess
                return self.widened(guess, end, prefix)
            case Node():
                parts = None
                if isinstance(end.value, Sequence) and end.value.kind is guess.kind:
                    parts = self.parts(end) if len(end.value.items) == len(guess.items) else None
                if parts is None or header.parts is None:
                    return self.widened(_leaf(guess.start), end, prefix)
                new_items = [
                    self.revised(old, head, part, (prefix, i))
                    for i, (old, head, part) in enumerate(zip(guess.items, header.parts, parts))
                ]
                if all(a is b for a, b in zip(new_items, guess.items)):
                    return guess
                return Node(guess.kind, new_items, guess.start)

    def widened(self, leaf: Leaf, end: Binding, prefix: Hashable) -> Carried:
        new = as_number(end.value)
        if isinstance(leaf.value, Never):
            new = renamed_sizes(new, prefix)
        value = join(leaf.value, new, prefix)
        value = as_number(value) if _is_number_value(value) else value
        if leaf.rounds > 6 and value != leaf.value:
            value = UNKNOWN
        region = leaf.region if leaf.start is None or leaf.region == end.region else None
        if leaf.start is None and leaf.rounds == 0:
            region = end.region
        if region is None and holds_mutable(value) and (leaf.region or end.region):
            both = [binding for binding in (leaf.start, end) if binding is not None]
            region = self.meeting(prefix, *both)
            if region is None:
                for binding in both:
                    self.escape(binding)
            value = self.settled(value, region)
        if value == leaf.value and region == leaf.region:
            return leaf
        return Leaf(leaf.start, value, region, leaf.rounds + 1)

    def collect_starts(self, guess: Carried, header: Binding, copies: list[tuple[str, core.Atom]]) -> None:
        if isinstance(guess, Leaf) and guess.start is not None:
            assert isinstance(header.atom, Var)
            copies.append((header.atom.name, self.atom(guess.start)))
        elif isinstance(guess, Node):
            assert header.parts is not None
            for item, part in zip(guess.items, header.parts):
                self.collect_starts(item, part, copies)

    def collect_ends(self, guess: Carried, header: Binding, end: Binding, copies: list[tuple[str, core.Atom]]) -> None:
        if isinstance(guess, Leaf):
            assert isinstance(header.atom, Var)
            atom = self.atom(end)
            if atom != header.atom:
                copies.append((header.atom.name, atom))
        elif isinstance(guess, Node):
            parts = self.parts(end)
            assert header.parts is not None and parts is not None
            for item, part, new in zip(guess.items, header.parts, parts):
                self.collect_ends(item, part, new, copies)

    def parallel_copies(
        self, copies: list[tuple[str, core.Atom]], origin: core.Origin | None
    ) -> Iterator[core.Statement]:
        """The copies as statements, where none may read what another one has changed."""
        targets = {name for name, _ in copies}
        saved: dict[str, str] = {}
        for _, atom in copies:
            if isinstance(atom, Var) and atom.name in targets and atom.name not in saved:
                saved[atom.name] = new = self.new_name(None)
                self.values[new] = self.values[atom.name]
                yield Assign(new, atom, origin)
        for name, atom in copies:
            if isinstance(atom, Var) and atom.name in saved:
                atom = Var(saved[atom.name])
            yield Assign(name, atom, origin)


# ------------------------------------------------------------------------------------------------------------ helpers


def _ssa_of(function: core.Function) -> core.Function:
    return ssa(function)


def _ordered_writes(block: core.Block) -> Iterator[str]:
    for statement in core.walk(block):
        yield from core.writes(statement)


def _shared_names(function: core.Function, live: LiveBlock) -> set[str]:
    return set(_shared(function.body, live))


def _placed(size: Size, name: str) -> Size:
    """A size that an inference made, as one of the place where it was made."""
    key = size.key
    if isinstance(key, tuple) and len(key) == 3 and key[0] == FRESH and key[1] == ANY_SIZE:
        return Size((FRESH, name, key[2]), size.maybe_one)
    return size


def _is_number_value(value: Value) -> bool:
    return isinstance(value, (Number, Length)) or (
        isinstance(value, Literal) and type(value.value) in (bool, int, float, complex)
    )


def _is_number_constant(binding: Binding) -> bool:
    return isinstance(binding.atom, Const) and _is_number_value(binding.value)


def _is_plain_tuple(binding: Binding) -> bool:
    return isinstance(binding.value, Sequence) and issubclass(binding.value.kind, tuple)


def _first_guess(start: Binding | None) -> Carried:
    if start is None:
        return Leaf(None, NEVER)
    if _is_number_value(start.value) or isinstance(start.value, (Array, Never)):
        return _leaf(start)
    return Fixed(start)


def _leaf(start: Binding | None) -> Leaf:
    if start is None:
        return Leaf(None, NEVER)
    return Leaf(start, as_number(start.value), start.region)


# Calls without effect that are made by this pass itself, and dropped where nothing reads their result.
_DROPPABLE = {
    id(function): function
    for function in (
        operations.make_tuple,
        operations.make_list,
        operations.make_dict,
        operations.make_slice,
        operations.unpack,
        operator.getitem,
        getattr,
        functools.partial,
        dict.items,
        dict.keys,
        dict.values,
        range,
        len,
    )
}


def _without_dead(block: core.Block, droppable: set[str]) -> core.Block:
    """The block without copies, reads and constructions that nothing reads."""
    while True:
        needed = core.all_reads(block)
        new = _drop(block, needed, droppable)
        if new is block:
            return block
        block = new


def _drop(block: core.Block, needed: set[str], droppable: set[str], is_guarded: bool = False) -> core.Block:
    """`is_guarded`: where it matters whether something raises an exception."""
    result: list[core.Statement] = []
    changed = False
    for statement in block:
        if isinstance(statement, Assign):
            if (
                statement.target is not None
                and statement.target not in needed
                and (statement.target in droppable or _is_droppable(statement.value, is_guarded))
            ):
                changed = True
                continue
        else:
            inner = core.blocks_of(statement)
            guards = is_guarded or isinstance(statement, core.With)
            guards = guards or (isinstance(statement, core.Try) and bool(statement.handlers))
            new = tuple(_drop(b, needed, droppable, guards) for b in inner)
            if any(a is not b for a, b in zip(inner, new)):
                changed = True
                if isinstance(statement, core.If) and not new[0] and not new[1]:
                    continue
                statement = core.with_blocks(statement, new)
        result.append(statement)
    return tuple(result) if changed else block


def _is_droppable(expression: core.Expression, is_guarded: bool) -> bool:
    if not isinstance(expression, Call):
        return True
    if is_guarded and not core.is_call_of(
        expression, operations.make_tuple, operations.make_list, operations.make_dict, operations.make_slice
    ):
        return False
    return isinstance(expression.function, Ref) and id(expression.function.value) in _DROPPABLE
