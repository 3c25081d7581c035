"""The operands and names of the program that specialisation writes.

In comes an atom of the source, out comes a `Binding`: what is known of it, and how the new program calls it.  Tuples
whose parts are known are built only where something needs them whole.
"""

from __future__ import annotations

import functools
import operator
from typing import TYPE_CHECKING

from transforms import core, operations
from transforms.analyses.liveness import LiveBlock
from transforms.core import Assign, Call, Const, Names, Ref, Var
from transforms.inference import ANY_SIZE, FRESH, as_number, is_constant, join, map_sizes, value_of_object
from transforms.specialise import generators
from transforms.specialise.binding import Binding, Region, holds_mutable
from transforms.specialise.memory import Memory
from transforms.specialise.session import Session
from transforms.ssa import shared_names
from transforms.values import NEVER, UNKNOWN, Literal, Many, Partial, Sequence, Size, Value

if TYPE_CHECKING:
    from transforms.specialise.calls import Calls


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


class Operands(Memory):
    """The names of the new program, and what the names of the source stand for at the present place."""

    calls: Calls

    def __init__(self, session: Session, source: core.Function, live: LiveBlock, parameters: tuple[str, ...]) -> None:
        super().__init__(session, parameters)
        self.source = source
        self.taken = core.names_in(source).union(parameters)
        self.shared = set(shared_names(source.body, live))  # read by handlers: they keep one name each
        self.shared_values: dict[str, Value] = {}

    def reset(self) -> None:
        super().reset()
        self.names = SweepNames(self.taken)
        self.wishes: dict[str, str] = {}  # temporary -> the name that the program gave to the same value
        self.used: set[str] = {*self.source.parameters, *self.parameters, *self.shared}
        self.values: dict[str, Value] = {}
        self.out: list[core.Statement] = []
        self.env: dict[str, Binding] = {}
        self.origin: core.Origin | None = None
        self.emitted = 0

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

    def emit_copy(self, name: str, binding: Binding) -> Binding:
        """A copy that is certain to be in the program, on one path: reading it elsewhere raises."""
        atom = self.atom(binding)
        new = self.new_name(name)
        self.values[new] = as_number(binding.value)
        self.out.append(Assign(new, atom, self.origin))
        return Binding(Var(new), as_number(binding.value), None, binding.region)

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

    # ---------------------------------------------------------------------------------------------------- shared names

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
        new = set(shared_names(block, live)) - self.shared
        if new:
            self.shared |= new
            self.used |= new
            self.dirty = True

    def bind_shared_value(self, name: str, value: Value) -> None:
        self.used.add(name)
        new = join(self.shared_values.get(name, NEVER), value, (FRESH, name))
        if new != self.shared_values.get(name, NEVER):
            self.shared_values[name] = new
            self.dirty = True
        self.values[name] = new

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


def _placed(size: Size, name: str) -> Size:
    """A size that an inference made, as one of the place where it was made."""
    key = size.key
    if isinstance(key, tuple) and len(key) == 3 and key[0] == FRESH and key[1] == ANY_SIZE:
        return Size((FRESH, name, key[2]), size.maybe_one)
    return size
