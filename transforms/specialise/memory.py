"""What mutable containers hold, while a function is specialised.

It is described per *region*, the place where a container was made, and holds at all times; where a sweep finds a
mutation that it did not know of, the function is swept again (`dirty`).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from transforms.core import Var
from transforms.inference import ANY_SIZE, FRESH, as_number, join, loosened, renamed_sizes
from transforms.specialise.binding import Binding, Content, Region, holds_mutable, may_hold_mutable, takes_items
from transforms.specialise.session import Session
from transforms.values import NEVER, UNKNOWN, Instance, Literal, Mapping, Record, Sequence, Unknown, Value


class Memory:
    """The regions of one function, and what is known of each."""

    def __init__(self, session: Session, parameters: tuple[str, ...]) -> None:
        self.session = session
        self.parameters = parameters
        self.contents: dict[Region, Content] = {}
        self.changed_inside: set[Region] = set()  # something that can be reached through them is changed
        self.links: dict[tuple[Region, str], set[Region | None]] = {}  # the containers that an attribute may stand for
        self.argument_sizes: set[Hashable] = set()
        self.all_mutable = False
        self.takes_items = False  # there are objects of which `x[i] = v` calls a method
        self.follows_unknown = False  # changes of things of unknown type count: once the types are settled

    def reset(self) -> None:
        """Forget what is found anew in each sweep; what containers hold is kept."""
        self.path: tuple[Hashable, ...] = ()  # the present place
        self.loops: tuple[Hashable, ...] = ()  # around it
        self.children: dict[Region, set[Region]] = {}
        self.starts: dict[Region, dict[Hashable, Value]] = {}  # the items that a dict is made with
        self.makers: dict[Region, str] = {}  # the name of the container that each region was made for
        self.wholes: dict[str, Region] = {}  # other names for such containers
        self.is_postponed = False  # a change of a thing of unknown type did not count
        self.dirty = False

    def settled(self, value: Value, region: Region | None) -> Value:
        """The value of a container, with what mutations may put into it at any time."""
        if not self.takes_items and takes_items(value):
            self.takes_items = self.dirty = True
        if self.all_mutable and holds_mutable(value):
            return Content(True, UNKNOWN, True).apply(value)
        content = self.contents.get(region) if region is not None else None
        return content.apply(value) if content is not None else value

    def is_mutated(self, region: Region | None) -> bool:
        if self.all_mutable:
            return True
        content = self.contents.get(region) if region is not None else None
        if content is None:
            return False
        return content.is_mutated or content.is_assigned or content.is_filled or bool(content.attributes)

    def mutate(self, binding: Binding, item: Value | None) -> None:
        """Note that a container is changed: `item` is put into it; None: anything may be."""
        self.note_data(binding)
        if not may_hold_mutable(binding.value) or self.all_mutable:
            return
        if not holds_mutable(binding.value) and (binding.region is None or not self.follows_unknown):
            self.is_postponed |= binding.region is not None  # without a region: not made here, or given away
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
        self.changed_inside.add(binding.region)
        for inner in sorted(self.children.get(binding.region, ()), key=repr):
            held = self.contents.get(inner)
            if held is None or not held.is_mutated or not held.is_unknown:
                self.mutate(Binding(None, Instance(list), None, inner), None)

    def assign_attribute(self, binding: Binding, name: str, item: Value) -> None:
        """Note that an attribute of an object is assigned."""
        if not isinstance(binding.value, Record) or self.all_mutable:
            return
        if binding.region is None:
            self.mutate(binding, None)
            return
        if not self.is_whole(binding):
            self.assign_inside(binding.region)
            return
        content = self.contents.setdefault(binding.region, Content())
        old = content.attributes.get(name, NEVER)
        new = loosened(join(old, item, (FRESH, name)))
        if new != old:
            content.attributes[name] = new
            self.dirty = True

    def assign_inside(self, region: Region) -> None:
        """Note that an attribute is assigned of some object that can be reached through a container."""
        content = self.contents.setdefault(region, Content())
        if content.is_assigned:
            return
        content.is_assigned = self.dirty = True
        for inner in sorted(self.children.get(region, ()), key=repr):
            self.assign_inside(inner)

    def fill(self, binding: Binding) -> None:
        """Note that an item is assigned of a thing of unknown type: of objects, the attributes stay what they are."""
        if binding.region is None or not isinstance(binding.value, Unknown):
            self.mutate(binding, None)
        elif self.follows_unknown:
            self.note_data(binding)
            self.fill_inside(binding.region)
        else:
            self.is_postponed = True

    def fill_inside(self, region: Region) -> None:
        """Note that an item is assigned of a list, dict or array that can be reached through a container."""
        if self.takes_items:
            self.mutate(Binding(None, Instance(list), None, region), None)
            return
        content = self.contents.setdefault(region, Content())
        if content.is_filled:
            return
        content.is_filled = self.dirty = True
        for inner in sorted(self.children.get(region, ()), key=repr):
            self.fill_inside(inner)

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
        if region is None and not self._is_followed(item):
            return False
        self.nest(owner.region, (item,))
        return True

    def _is_followed(self, item: Binding) -> bool:
        """Whether all containers in a tuple are known."""
        if not holds_mutable(item.value):
            return True
        if item.region is not None:
            return self.is_whole(item)
        is_tuple = isinstance(item.value, Sequence) and issubclass(item.value.kind, tuple)
        return is_tuple and item.parts is not None and all(map(self._is_followed, item.parts))

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
        if holds_mutable(binding.value) or isinstance(binding.value, Unknown):
            self.mutate(binding, None)

    def escape_parts(self, binding: Binding) -> None:
        """Note that an operand is stored where it can no longer be followed."""
        if may_hold_mutable(binding.value):
            self.escape(binding)

    def keep(self, owner: Binding, item: Binding) -> None:
        """Note that an operand is put into a container: what changes it there changes it."""
        if not may_hold_mutable(item.value):
            return
        if item.region is None and item.parts is not None and isinstance(item.value, Sequence):  # a tuple
            for part in item.parts:
                self.keep(owner, part)
        elif owner.region is None or item.region is None:
            self.escape(item)
        else:
            self.nest(owner.region, (item,))

    def nest(self, outer: Region, parts: Iterable[Binding]) -> None:
        """Note what regions can be reached through a container."""
        for part in parts:
            if part.region is not None:
                self.children.setdefault(outer, set()).add(part.region)
                if self.loops:
                    self.change_with(outer, part.region)
            if part.parts is not None:
                self.nest(outer, part.parts)

    def change_with(self, outer: Region, inner: Region) -> None:
        """Note for what is put into a container in a loop what an earlier place of the loop changes inside of that."""
        if outer in self.changed_inside and inner not in self.changed_inside:
            self.mutate(Binding(None, Instance(list), None, inner), None)
        content = self.contents.get(outer)
        if content is not None and content.is_assigned:
            self.assign_inside(inner)
        if content is not None and content.is_filled:
            self.fill_inside(inner)

    def nest_items(self, outer: Region, *sources: Binding) -> None:
        """Note that the items of other containers are put into a container."""
        for source in sources:
            if source.region is None:
                self.escape_parts(source)
            else:
                self.nest(outer, (source,))

    def inner_region(self, binding: Binding, value: Value) -> Region | None:
        """The region of what is read from a container: that of the container, which stands for all inside of it."""
        return binding.region if may_hold_mutable(value) else None

    def meeting(self, name: Hashable, *bindings: Binding) -> Region | None:
        """The region of a name that stands for either of several containers: what changes it may change each."""
        mutable = [binding for binding in bindings if holds_mutable(binding.value)]
        mutable += [b for b in bindings if isinstance(b.value, Unknown) and b.region is not None]
        if not mutable or any(binding.region is None for binding in mutable):
            return None
        region = ("join", *self.path, name)
        self.nest(region, mutable)
        return region
