"""What is known of a name where paths meet: after a branch, and at the head of a loop.

After a branch, both sides end with a copy to a new name unless they agree.  At the head of a loop a first guess is made
for each name that is carried around, and revised until the end of the body agrees with it.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Union

from transforms import core
from transforms.core import Assign, Const, Var
from transforms.inference import FRESH, as_number, is_constant, join, renamed_sizes
from transforms.specialise.binding import Binding, Region, holds_mutable, may_hold_mutable
from transforms.specialise.choices import Choices, Sides
from transforms.specialise.session import is_closure
from transforms.values import NEVER, UNKNOWN, Array, Length, Literal, Never, Number, Partial, Sequence, Value


@dataclass(slots=True)
class Fixed:
    """The loop does not change it."""

    binding: Binding


@dataclass(slots=True)
class Closed(Fixed):
    """A tuple of which the loop changes items, and whose items are still to be read before the loop."""


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


class Joins(Choices):
    """What is known of a name where paths meet."""

    def join_branches(self, name: str, envs: list[dict[str, Binding]], sides: Sides) -> None:
        first, second = envs[0].get(name), envs[1].get(name)
        if first is not None and second is not None:
            self.env[name] = self.joined(name, first, second, sides)
        elif first is not None or second is not None:  # the name stays unbound on the other side
            side = 0 if first is not None else 1
            binding = envs[side][name]
            if isinstance(binding.atom, Var) and binding.atom.name in sides.inside:
                self.env[name] = binding
            else:
                self.out = sides.outs[side]
                self.env[name] = self.emit_copy(name, binding)

    def joined(self, name: str, first: Binding, second: Binding, sides: Sides) -> Binding:
        """What is known of a name after a branch; emits copies at the ends of both sides."""
        if first is second or (first.atom is not None and first.atom == second.atom):
            return first
        chosen = self.chosen(first, second, sides)
        if chosen is not None:
            return chosen
        if _is_plain_tuple(first) and _is_plain_tuple(second) and first.value.kind is second.value.kind:  # type: ignore[union-attr]
            if len(first.value.items) == len(second.value.items):  # type: ignore[union-attr]
                if first.parts is not None and second.parts is not None:
                    pairs = zip(first.parts, second.parts)
                    parts = tuple(self.joined(name, a, b, sides) for a, b in pairs)
                    return Binding(None, Sequence(first.value.kind, tuple(p.value for p in parts)), parts)  # type: ignore[union-attr]
        if is_closure(first.value) and is_closure(second.value) and first.parts and second.parts:
            closure = join(first.value, second.value, (FRESH, name))
            if is_closure(closure) and isinstance(closure, Partial):
                parts = tuple(self.joined(name, a, b, sides) for a, b in zip(first.parts, second.parts))
                return Binding(None, closure, parts)
        copies = []
        for binding, out in zip((first, second), sides.outs):
            self.out = out
            copies.append(self.atom(binding))
        new = self.new_name(name)
        for atom, out in zip(copies, sides.outs):
            out.append(Assign(new, atom, self.origin))
        value = join(first.value, second.value, (FRESH, new))
        self.values[new] = value
        region = first.region if first.region == second.region else None
        if region is None and may_hold_mutable(value):
            region = self.meeting(name, first, second)
            value = self.values[new] = self.settled(value, region)
        if isinstance(value, Literal):
            value = as_number(value) if not is_constant(value.value) else value
        return Binding(Var(new), value, None, region)

    # ----------------------------------------------------------------------------------------------- heads of loops

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
                    if header.parts is None and len(header.value.items) == len(end.value.items):  # type: ignore[union-attr]
                        return Closed(header)
                    old, new = header.parts, self.parts(end)
                    if old is not None and new is not None and len(old) == len(new):
                        items = [self.revised(Fixed(a), a, b, (prefix, i)) for i, (a, b) in enumerate(zip(old, new))]
                        return Node(header.value.kind, items, header)  # type: ignore[union-attr]
                leaf = leaf_of(header)
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
                    return self.widened(leaf_of(guess.start), end, prefix)
                new_items = [
                    self.revised(old, head, part, (prefix, i))
                    for i, (old, head, part) in enumerate(zip(guess.items, header.parts, parts))
                ]
                if all(a is b for a, b in zip(new_items, guess.items)):
                    return guess
                return Node(guess.kind, new_items, guess.start)

    def opened(self, guess: Carried) -> Carried:
        """The guess with the items of its tuples read."""
        if isinstance(guess, Closed):
            known = guess.binding
            return Fixed(Binding(known.atom, known.value, self.parts(known), known.region))
        if isinstance(guess, Node):
            return Node(guess.kind, [self.opened(item) for item in guess.items], guess.start)
        return guess

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
        if region is None and may_hold_mutable(value) and (leaf.region or end.region):
            both = [binding for binding in (leaf.start, end) if binding is not None]
            region = self.meeting(prefix, *both)
            if region is None and holds_mutable(value):
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


def _is_number_value(value: Value) -> bool:
    return isinstance(value, (Number, Length)) or (
        isinstance(value, Literal) and type(value.value) in (bool, int, float, complex)
    )


def _is_number_constant(binding: Binding) -> bool:
    return isinstance(binding.atom, Const) and _is_number_value(binding.value)


def _is_plain_tuple(binding: Binding) -> bool:
    return isinstance(binding.value, Sequence) and issubclass(binding.value.kind, tuple)


def first_guess(start: Binding | None) -> Carried:
    if start is None:
        return Leaf(None, NEVER)
    if _is_number_value(start.value) or isinstance(start.value, (Array, Never)):
        return leaf_of(start)
    return Fixed(start)


def leaf_of(start: Binding | None) -> Leaf:
    if start is None:
        return Leaf(None, NEVER)
    return Leaf(start, as_number(start.value), start.region)
