"""What loops run over.

`for i, (a, b) in enumerate(zip(xs, ys))` becomes an index loop:

    _1 = runtime.sequence(xs)
    _2 = runtime.sequence(ys)
    _3 = runtime.common_length(_1, _2)
    _4 = range(_3)
    for i in _4:
        a = _1[i]
        b = _2[i]

A `Source` is the header of such a loop, already evaluated: it knows how many items there are and how to get one.
"""

from __future__ import annotations

import builtins
import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Union

import gast

from transforms import core, operations, runtime
from transforms.canonical.builder import Node, call
from transforms.canonical.expressions import Expressions, operation
from transforms.canonical.lazy import Laziness
from transforms.core import Atom, Call, Const, Expression, Ref, Var


@dataclass(frozen=True)
class Direct:
    """Any iterable; only Python knows how to iterate over it."""

    iterable: Atom


@dataclass(frozen=True)
class Counting:
    """`range(...)`; `from_zero` where the item is the index."""

    range: Atom
    from_zero: bool


@dataclass(frozen=True)
class Indexed:
    """A `runtime.sequence`."""

    sequence: Atom


@dataclass(frozen=True)
class Keyed:
    """`table.items()` or `table.values()` where the loop changes dicts: each item is looked up when it is its turn."""

    owner: Atom
    keys: Atom
    with_keys: bool


@dataclass(frozen=True)
class Zipped:
    sources: tuple[Source, ...]


@dataclass(frozen=True)
class Enumerated:
    source: Source
    start: Atom


@dataclass(frozen=True)
class Backwards:
    """`reversed(sequence)`; `last` is the highest index."""

    sequence: Atom
    last: Atom


@dataclass(frozen=True)
class Mapped:
    """`map(function, ...)`: the function is called for each item when the loop comes to it."""

    function: Atom
    sources: tuple[Source, ...]
    has_effects: bool = False


Source = Union[Direct, Counting, Indexed, Keyed, Zipped, Enumerated, Backwards, Mapped]
_VIEWS = ("items", "keys", "values")


class Iteration(Expressions):
    """Lowers the headers of loops."""

    laziness: Laziness  # which iterators have to be read step by step
    changes_items = False  # whether the body of the loop whose header is lowered may change dicts

    def source(self, node: Node) -> Source:
        """Evaluate the iterable of a loop."""
        with self.at(node):
            return self._source(node)

    def _source(self, node: Node) -> Source:
        if isinstance(node, gast.GeneratorExp):
            return Direct(self.atoms([node], is_call=True, callee=list)[0])
        if not isinstance(node, gast.Call):
            return Direct(self.atom(node))
        function = self.static(node.func)
        plain = not node.keywords and not any(isinstance(part, gast.Starred) for part in node.args)
        if isinstance(function, Ref):
            value, count = function.value, len(node.args)
            if value is builtins.range and plain:
                return Counting(self.atom(node), count == 1)
            if value is builtins.zip and plain and count:
                return Zipped(tuple(self.indexed(part) for part in node.args))
            if value is builtins.map and plain and count > 1:
                function_called = self.fixed(node.args[0])
                sources = tuple(self.indexed(part) for part in node.args[1:])
                return Mapped(function_called, sources, self.laziness.has_effects(node))
            if value is builtins.enumerate and plain and count in (1, 2):
                inner = self.indexed(node.args[0])
                return Enumerated(inner, self.fixed(node.args[1]) if count == 2 else Const(0))
            if value is builtins.enumerate and count == 1 and [part.arg for part in node.keywords] == ["start"]:
                inner = self.indexed(node.args[0])
                return Enumerated(inner, self.fixed(node.keywords[0].value))
            if value is builtins.reversed and plain and count == 1:
                return self.backwards(node.args[0])
        elif isinstance(node.func, gast.Attribute) and node.func.attr in _VIEWS and plain and not node.args:
            if self.changes_items and node.func.attr != "keys":
                owner = self.fixed(node.func.value)
                keys = self.atom_of(call(operations.method, owner, Const("keys"), name="operations.method"))
                return Keyed(owner, self.sequence(keys), node.func.attr == "items")
            return Indexed(self.sequence(self.atom(node)))
        return Direct(self.atom(node))

    def fixed(self, node: Node) -> Atom:
        """The value of an expression, under a name that the body of a loop cannot rebind."""
        atom = self.atom(node)
        return self.copy(atom) if isinstance(atom, Var) and not core.is_temporary(atom.name) else atom

    def backwards(self, node: Node) -> Source:
        inner = self._source(node)
        if isinstance(inner, Counting):
            reverse = self.do_operation(operator.getitem, inner.range, Const(slice(None, None, -1)))
            return Counting(reverse, False)
        sequence = self.do(runtime.reversible, self.items(inner), name="runtime.reversible")
        length = self.do(len, sequence, name="len")
        return Backwards(sequence, self.do_operation(operator.sub, length, Const(1)))

    def items(self, source: Source) -> Atom:
        """An atom that iterates as the source does."""
        match source:
            case Direct(atom) | Counting(atom) | Indexed(atom):
                return atom
            case Keyed(owner, _, with_keys):
                name = Const("items" if with_keys else "values")
                return self.do(operations.method, owner, name, name="operations.method")
            case Zipped(sources):
                return self.do(zip, *map(self.items, sources), name="zip")
            case Mapped(function, sources, _):
                return self.do(map, function, *map(self.items, sources), name="map")
            case Enumerated(inner, start):
                return self.do(enumerate, self.items(inner), start, name="enumerate")
            case Backwards(sequence):
                return self.do(reversed, sequence, name="reversed")

    def sequence(self, atom: Atom) -> Atom:
        return self.do(runtime.sequence, atom, name="runtime.sequence")

    def indexed(self, node: Node) -> Source:
        return self.to_indexed(self.source(node))

    def to_indexed(self, source: Source) -> Source:
        return Indexed(self.sequence(source.iterable)) if isinstance(source, Direct) else source

    def do_operation(self, function: object, *arguments: Atom) -> Atom:
        return self.atom_of(operation(function, *arguments))

    # ---------------------------------------------------------------------------------------------------- item by index

    def lengths(self, source: Source) -> tuple[Atom, ...]:
        """The sequences whose common length is the number of items."""
        match source:
            case Counting(atom) | Indexed(atom) | Backwards(atom):
                return (atom,)
            case Keyed(_, keys):
                return (keys,)
            case Zipped(sources) | Mapped(_, sources, _):
                return tuple(atom for inner in sources for atom in self.lengths(inner))
            case Enumerated(inner):
                return self.lengths(inner)
            case Direct():
                raise AssertionError("only indexed sources have a length")

    def count(self, source: Source) -> Atom:
        """The number of items."""
        atoms = self.lengths(source)
        if len(atoms) == 1:
            return self.do(len, atoms[0], name="len")
        return self.do(runtime.common_length, *atoms, name="runtime.common_length")

    def has_item(self, source: Source, index: Atom) -> Expression:
        return call(runtime.has_item, index, *self.lengths(source), name="runtime.has_item")

    def item(self, source: Source, index: Atom) -> Expression:
        """The item at an index."""
        match source:
            case Counting(atom, from_zero):
                return index if from_zero else operation(operator.getitem, atom, index)
            case Indexed(sequence):
                return operation(operator.getitem, sequence, index)
            case Keyed(owner, keys, with_keys):
                key = self.do_operation(operator.getitem, keys, index)
                value = operation(operator.getitem, owner, key)
                return operation(operations.make_tuple, key, self.atom_of(value)) if with_keys else value
            case Backwards(sequence, last):
                return operation(operator.getitem, sequence, self.do_operation(operator.sub, last, index))
            case Zipped(sources):
                parts = [self.atom_of(self.item(inner, index)) for inner in sources]
                return operation(operations.make_tuple, *parts)
            case Mapped(function, sources, _):
                return Call(function, tuple(self.atom_of(self.item(inner, index)) for inner in sources))
            case Enumerated(inner, start):
                return operation(
                    operations.make_tuple, self.number(start, index), self.atom_of(self.item(inner, index))
                )
            case Direct():
                raise AssertionError("only indexed sources have items")

    def read_beyond(self, source: Source, index: Atom) -> None:
        """What `zip` calls when it comes to its end: it asks one source after the other, up to the one that has no
        more items."""
        match source:
            case Enumerated(inner):
                self.read_beyond(inner, index)
            case Zipped((first, *rest)) if reads_beyond(source):
                more = self.atom_of(self.has_item(first, index))
                with self.block() as body:
                    if isinstance(first, Mapped):
                        self.atom_of(self.item(first, index))
                    self.read_beyond(Zipped(tuple(rest)), index)
                self.emit(core.If(more, tuple(body), (), self.origin))

    def number(self, start: Atom, index: Atom) -> Atom:
        return index if start == Const(0) else self.do_operation(operator.add, start, index)

    def bind_item(self, target: Node, source: Source, index: Atom) -> None:
        """Bind a loop's target to the item at an index, without building tuples that are unpacked at once."""
        items = target.elts if isinstance(target, (gast.Tuple, gast.List)) else []
        plain = bool(items) and not any(isinstance(item, gast.Starred) for item in items)
        if plain and isinstance(source, Zipped) and len(items) == len(source.sources):
            for item, inner in zip(items, source.sources):
                self.bind_item(item, inner, index)
        elif plain and isinstance(source, Keyed) and source.with_keys and len(items) == 2:
            key = self.do_operation(operator.getitem, source.keys, index)
            self.bind(items[0], key)
            self.bind(items[1], operation(operator.getitem, source.owner, key))
        elif plain and isinstance(source, Enumerated) and len(items) == 2:
            if index != Var(self.own_name(items[0])) or source.start != Const(0):
                self.bind(items[0], self.number(source.start, index))
            self.bind_item(items[1], source.source, index)
        else:
            self.bind(target, self.item(source, index))

    def own_name(self, node: Node) -> str:
        """The core name of a target that is a plain local name, or an empty string."""
        return (self.own(node.id) or "") if isinstance(node, gast.Name) else ""

    def bind(self, target: Node, value: Expression) -> None:
        """Assign to any target."""
        raise NotImplementedError

    def index_name(self, target: Node, source: Source) -> str:
        """The name of the index of a loop: the user's own where the target begins with the index itself."""
        items = target.elts if isinstance(target, (gast.Tuple, gast.List)) else []
        first: Node | None = None
        if isinstance(source, Enumerated) and source.start == Const(0) and len(items) == 2:
            first = items[0]
        if isinstance(source, Counting) and source.from_zero:
            first = target
        own = self.own_name(first) if first is not None else ""
        if own and own not in {
            node.id for item in items[1:] for node in gast.walk(item) if isinstance(node, gast.Name)
        }:
            return own
        return self.names.temporary()

    def loop_over(self, target: Node, source: Source, body: Callable[[], None], may_resize: bool = False) -> None:
        """`for target in source: body`, for a body without jumps out of the loop; `may_resize`: it may give lists more
        or fewer items."""
        origin = self.origin
        if isinstance(source, (Direct, Counting)):
            atom = source.iterable if isinstance(source, Direct) else source.range
            name = self.own_name(target) or self.names.temporary()
            with self.block() as statements:
                if name != self.own_name(target):
                    self.bind(target, Var(name))
                body()
            self.emit(core.For(name, atom, tuple(statements), origin))
            return
        if may_resize and not isinstance(source, Backwards):
            indices = self.do(runtime.places, *self.lengths(source), name="runtime.places")
        else:
            indices = self.do(range, self.count(source), name="range")
        name = self.index_name(target, source)
        with self.block() as statements:
            self.bind_item(target, source, Var(name))
            body()
        self.emit(core.For(name, indices, tuple(statements), origin))
        if reads_beyond(source):
            self.read_beyond(source, self.count(source))


def reads_beyond(source: Source) -> bool:
    """Whether `zip` calls a function that has effects for an item that it does not give."""
    if isinstance(source, Enumerated):
        return reads_beyond(source.source)
    before = source.sources[:-1] if isinstance(source, Zipped) else ()
    return any(isinstance(inner, Mapped) and inner.has_effects for inner in before)
