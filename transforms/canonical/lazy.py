"""Iterators that are kept in variables: `zip`, `map` and their like read their sources when they are read themselves,
and compiled code reads them at once.  The difference shows where something is changed in between."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Container, Iterator, Sequence
from typing import Any

import gast

from transforms.canonical import scopes
from transforms.canonical.effects import CHANGING, ITEMS, Effects, changed, effects_of, root_of
from transforms.core import Ref

Node = Any
Position = tuple[int, int]

# `iter` is read step by step
LAZY = (
    zip, map, filter, enumerate, reversed, itertools.chain, itertools.islice, itertools.accumulate, itertools.starmap,
    itertools.takewhile, itertools.dropwhile, itertools.filterfalse, itertools.compress, itertools.zip_longest,
    itertools.pairwise,
)  # fmt: skip
_CALLING = (map, filter, itertools.starmap, itertools.takewhile, itertools.dropwhile, itertools.filterfalse)
_COMPLETE = (
    map, filter, enumerate, itertools.chain, itertools.accumulate, itertools.starmap, itertools.dropwhile,
    itertools.filterfalse, itertools.pairwise, itertools.zip_longest,
)  # fmt: skip
_EAGER_MODULES = ("builtins", "math", "numpy", "functools", "collections", "statistics")
_NOT_EAGER = (iter, next, any, all, print, isinstance, type, id)
_EAGER_METHODS = ("join", "extend", "extendleft", "update")
_HARMLESS_METHODS = ("sum", "mean", "dot", "copy", "reshape", "min", "max", "get", "items", "keys", "values", "format")
_VIEWING = ("reshape", "ravel", "transpose", "view", "swapaxes", "squeeze", "asarray", "atleast_1d", "atleast_2d")
_JUMPS = (gast.Break, gast.Return, gast.Yield, gast.YieldFrom)


def _end_of_read(bound: Node, node: Node, names: set[str]) -> Position:
    """Where a read of the names has ended: that of the header of a loop at the end of the loop; and that in a loop that
    does not bind them at the end of that loop."""
    if isinstance(node, (gast.For, gast.While)) and not _start(node) < _start(bound) < _end(node):
        inner = gast.walk(node)
    elif isinstance(node, gast.For):
        inner = gast.walk(node.iter)
    else:
        inner = (node,)
    is_read = any(
        isinstance(part, gast.Name) and isinstance(part.ctx, gast.Load) and part.id in names for part in inner
    )
    return _end(node) if is_read else (0, 0)


def is_view_of_dict(node: Node) -> bool:
    """Whether a call makes what shows the items of a dict as they are when it is read: `table.values()`."""
    is_method = isinstance(node, gast.Call) and isinstance(node.func, gast.Attribute) and not node.args
    return is_method and not node.keywords and node.func.attr in ("values", "items", "keys")


def _names(node: Node) -> Iterator[str]:
    return (inner.id for inner in gast.walk(node) if isinstance(inner, gast.Name))


def _start(node: Node) -> Position:
    return node.lineno, node.col_offset


def _end(node: Node) -> Position:
    return node.end_lineno or node.lineno, node.end_col_offset or node.col_offset


# ------------------------------------------------------------------------------------------- functions that are called


class Laziness:
    """Which iterators of a function call what changes something, and how they are read."""

    def __init__(self, functions: dict[str, Node], static: Callable[[Node], Any]) -> None:
        self.functions, self.static = functions, static
        self.nodes: Sequence[Node] = ()

    def made_by(self, node: Node) -> Any:
        """The function of `LAZY` that a node calls; None for any other node."""
        function = self.known(node)
        return function if any(function is known for known in LAZY) else None

    def known(self, node: Node) -> Any:
        """What a node calls, where that is known."""
        function = self.static(node.func) if isinstance(node, gast.Call) else None
        return function.value if isinstance(function, Ref) else None

    def is_lazy(self, node: Node) -> bool:
        return isinstance(node, gast.GeneratorExp) or self.made_by(node) is not None

    def effects(self, nodes: Sequence[Node]) -> Effects:
        return effects_of(nodes, self.functions, self.static)

    def pieces(self, node: Node) -> list[Node]:
        """What an iterator evaluates for its items, its sources left out."""
        if isinstance(node, gast.GeneratorExp):
            first, *others = node.generators
            return [node.elt, *first.ifs, *(part for other in others for part in (other.iter, *other.ifs))]
        made = self.made_by(node)
        if any(made is known for known in _CALLING):
            return list(node.args[:1])
        if made is itertools.accumulate:
            return [*node.args[1:2], *(part.value for part in node.keywords if part.arg == "func")]
        return []

    def all_pieces(self, node: Node) -> list[Node]:
        """What an iterator and the iterators that it reads evaluate for their items."""
        return [piece for inner in scopes.inside(node) if self.is_lazy(inner) for piece in self.pieces(inner)]

    def has_steps(self, header: Node, body: Sequence[Node]) -> bool:
        """Whether the items of a loop have to be made one by one, each when the loop comes to it."""
        pieces = self.all_pieces(header)
        own = self.effects(pieces)
        if own.changed:
            return True
        around = self.effects(body)
        if own.touches(around) or around.in_place and isinstance(header, (gast.GeneratorExp, gast.Call)):
            return True
        is_unknown = own.is_unknown or any(self.is_variable(piece) for piece in pieces)
        return is_unknown and (_jumps(body) or around.is_unknown)

    def is_variable(self, node: Node) -> bool:
        """Whether a function is one that only the run knows."""
        is_name = isinstance(node, (gast.Name, gast.Attribute))
        return is_name and root_of(node) not in self.functions and self.static(node) is None

    def may_resize(self, body: Sequence[Node]) -> bool:
        """Whether what is evaluated for each item may give some list more or fewer items."""
        return any(self.is_resizing(inner) for part in body for inner in scopes.inside(part))

    def is_resizing(self, node: Node) -> bool:
        if isinstance(node, gast.Subscript):
            return (
                isinstance(node.ctx, gast.Del)
                or isinstance(node.ctx, gast.Store)
                and isinstance(node.slice, gast.Slice)
            )
        if isinstance(node, gast.AugAssign):
            return isinstance(node.op, gast.Add)
        if not isinstance(node, gast.Call):
            return False
        function = self.known(node)
        if function is None:
            return not isinstance(node.func, gast.Attribute) or node.func.attr not in _HARMLESS_METHODS
        module = getattr(function, "__module__", None) or type(function).__module__
        return module.split(".")[0] not in (*_EAGER_MODULES, "itertools", "operator", "scipy")

    def parts(self, node: Node) -> Node | None:
        """Of what a loop may run over step by step: the source that it filters or maps."""
        made = self.made_by(node)
        is_plain = isinstance(node, gast.Call) and len(node.args) == 2 and not node.keywords
        if is_plain and not any(isinstance(part, gast.Starred) for part in node.args) and made in (map, filter):
            return node.args[1]
        return None

    def has_effects(self, node: Node) -> bool:
        return bool(self.effects(self.all_pieces(node)).changed)

    def is_stepped(self, node: Node, inner: Node) -> bool:
        """Whether a loop over `node` asks the iterator `inner`, which is part of it, for one item after the other."""
        if isinstance(node, gast.GeneratorExp):
            return all(self.is_stepped(part.iter, inner) for part in node.generators)
        source = self.parts(node)
        return self.is_stepped(source, inner) if source is not None else self.is_indexed(node, inner, True)

    def is_indexed(self, node: Node, inner: Node, is_outer: bool = False) -> bool:
        """Whether a loop over `node` makes each item of the iterator `inner` from an index."""
        if not any(part is inner for part in scopes.inside(node)):
            return True
        made = self.made_by(node)
        if made is zip and is_outer or made is map:
            is_cut = made is map and len(node.args) > 2 and node is not inner
            return not is_cut and all(self.is_indexed(part, inner) for part in node.args)
        return made is enumerate and self.is_indexed(node.args[0], inner, is_outer)

    def effect_of_key(self, node: Node) -> str | None:
        """What the key function of `sorted(...)` and its like changes."""
        keys = [part.value for part in node.keywords if part.arg == "key"] if isinstance(node, gast.Call) else []
        is_called = bool(keys) and (self.known(node) in (sorted, min, max) or getattr(node.func, "attr", "") == "sort")
        return min(self.effects(keys).changed, default=None) if is_called else None

    def misread(self, nodes: Sequence[Node]) -> tuple[Node, str] | None:
        """Of the nodes of a function: an iterator whose items would be made at another time than Python does, and what
        its functions change or read."""
        self.nodes = nodes
        parents = {id(child): node for node in nodes for child in scopes.children_of(node)}
        for node in nodes:
            if isinstance(node, gast.For) and self.is_source_changed(node):
                return node.iter, ""
            own = self.effects(self.pieces(node) if self.is_lazy(node) else ())
            if (own.changed or own.read) and not self.is_well_read(node, own, parents):
                return node, min(own.changed, default="")
        return None

    def change_before_read(self, bound: Node, names: set[str], nodes: Sequence[Node]) -> Node | None:
        """Of an assignment that binds an iterator to some names: the place among the nodes of the function where
        something that the iterator is yet to read is changed."""
        last = max((_end_of_read(bound, node, names) for node in nodes), default=(0, 0))
        captured = self.effects(self.all_pieces(bound.value)).read
        direct = set(_names(bound.value))
        sources = self.aliases(direct, nodes)
        start = _end(bound)
        for node in nodes:
            if not hasattr(node, "lineno") or not start < _start(node) < last:
                continue
            if isinstance(node, gast.Name) and isinstance(node.ctx, gast.Store) and node.id in captured:
                return node
            place = changed(node)
            if place is not None and root_of(place) in sources or self.calls_change(node, direct, sources, captured):
                return node
        return None

    def calls_change(self, node: Node, direct: set[str], sources: set[str], captured: Container[str]) -> bool:
        """Whether a call changes something by another way than its name says: what the function does, or a method of
        an object that holds it."""
        if not isinstance(node, gast.Call) or self.known(node) is not None:
            return False
        if isinstance(node.func, gast.Attribute):
            return root_of(node.func) in sources - direct and node.func.attr not in _HARMLESS_METHODS
        effects = self.effects([node.func])
        is_given = ITEMS in effects.in_place and any(name in sources for part in node.args for name in _names(part))
        return (
            is_given
            or any(name in sources for name in effects.in_place)
            or any(map(captured.__contains__, effects.changed))
        )

    def aliases(self, names: set[str], nodes: Sequence[Node]) -> set[str]:
        """The names, and those by which one may get at the same containers."""
        pairs = [(target, source) for node in nodes for target, source in self.links(node)]
        found = set(names)
        for _ in pairs:
            size = len(found)
            found.update(one for pair in pairs if not found.isdisjoint(pair) for one in pair)
            if len(found) == size:
                break
        return found

    def links(self, node: Node) -> Iterator[tuple[str, str]]:
        """The pairs of names of which a node makes one hold what the other holds."""
        if isinstance(node, gast.Call) and isinstance(node.func, gast.Attribute) and node.func.attr in CHANGING:
            targets, value = [node.func.value], gast.List(node.args, gast.Load())
        elif isinstance(node, (gast.Assign, gast.AnnAssign, gast.NamedExpr)) and node.value is not None:
            targets, value = node.targets if isinstance(node, gast.Assign) else [node.target], node.value
        else:
            return
        for target in targets:
            for one in map(root_of, target.elts if isinstance(target, (gast.Tuple, gast.List)) else [target]):
                yield from ((one, other) for other in self.held(value) if one is not None)

    def held(self, value: Node) -> Iterator[str]:
        """The names of what the value of an expression may hold or be."""
        if isinstance(value, gast.Subscript) and not any(
            isinstance(part, gast.Slice) for part in gast.walk(value.slice)
        ):
            return
        root = root_of(value)
        if root is not None:
            yield root
        parts: list[Node] = []
        if isinstance(value, (gast.Tuple, gast.List)):
            parts = value.elts
        elif isinstance(value, gast.Dict):
            parts = value.values
        elif isinstance(value, gast.IfExp):
            parts = [value.body, value.orelse]
        elif isinstance(value, gast.BoolOp):
            parts = value.values
        elif isinstance(value, gast.Call) and self.made_by(value) is None:
            parts = [*value.args, *(part.value for part in value.keywords)] if self.may_keep(value) else []
        for part in parts:
            yield from self.held(part)

    def may_keep(self, node: Node) -> bool:
        """Whether the result of a call may be, hold or be a view of what is given to it."""
        if isinstance(node.func, gast.Attribute) and node.func.attr in _VIEWING:
            return True
        module = getattr(self.known(node), "__module__", None) or type(self.known(node)).__module__
        is_plain = self.known(node) is not None and module.split(".")[0] in (*_EAGER_MODULES, "itertools", "operator")
        return not is_plain and not isinstance(node.func, gast.Attribute)

    def is_source_changed(self, loop: Node) -> bool:
        """Whether the body of a loop changes what an iterator in its header is yet to read."""
        body = self.effects(loop.body).in_place
        return any(
            self.made_by(node) not in (None, reversed)
            and not self.is_stepped(loop.iter, node)
            and not body.keys().isdisjoint(self.aliases(set(self.effects(node.args).read), self.nodes))
            for node in (scopes.inside(loop.iter) if body else ())
        )

    def is_well_read(self, node: Node, own: Effects, parents: dict[int, Node]) -> bool:
        """Whether an iterator whose functions have effects, or depend on some, is read as Python reads it."""
        is_complete, inner = True, node
        while True:
            reader = parents.get(id(node))
            if isinstance(reader, gast.comprehension) and node is reader.iter:
                owner = parents[id(reader)]
                if not isinstance(owner, gast.GeneratorExp):
                    break
                node = owner
            elif reader is not None and self.is_lazy(reader) and isinstance(reader, gast.Call):
                made = self.made_by(reader)
                is_complete = is_complete and any(made is known for known in _COMPLETE)
                is_complete = is_complete and (made is not map or len(reader.args) == 2)
                node = reader
            else:
                break
        if isinstance(reader, gast.comprehension):
            owner = parents[id(reader)]
            body = [part for part in scopes.children_of(owner) if part is not reader]
            return self.is_read_by_loop(node, inner, own, [*body, *reader.ifs], is_complete)
        if isinstance(reader, gast.For) and node is reader.iter:
            if self.made_by(node) is enumerate and not node.keywords and self.is_stepped(node.args[0], inner):
                return True
            is_deep = isinstance(node, gast.GeneratorExp) and len(node.generators) > 1
            if is_deep and (_jumps(reader.body) or reader.orelse) and self.has_steps(node, reader.body):
                return False
            return self.is_read_by_loop(node, inner, own, reader.body, is_complete)
        if not own.changed:
            return True
        if isinstance(reader, gast.Call) and any(self.known(reader) is known for known in (any, all, next)):
            return node is reader.args[0] and self.is_stepped(node, inner)
        if not self.is_read_at_once(node, reader):
            return False
        is_made_here = isinstance(node, gast.GeneratorExp) or self.made_by(node) in (map, filter)
        if is_made_here and self.is_stepped(node, inner) and isinstance(reader, gast.Call):
            return True
        return is_complete and self.is_alone(node, inner)

    def is_read_by_loop(self, header: Node, inner: Node, own: Effects, body: Sequence[Node], is_complete: bool) -> bool:
        if self.is_stepped(header, inner):
            return True
        if own.touches(self.effects(body)):
            return False
        return not own.changed or is_complete and not _jumps(body) and self.is_alone(header, inner)

    def is_alone(self, header: Node, inner: Node) -> bool:
        """Whether nothing else that is evaluated for the items has to do with the effects of one iterator."""
        own = self.effects(self.pieces(inner))
        lazy = [node for node in scopes.inside(header) if self.is_lazy(node) and node is not inner]
        return not any(own.touches(self.effects(self.pieces(node))) for node in lazy)

    def is_read_at_once(self, node: Node, reader: Node) -> bool:
        if isinstance(reader, (gast.Starred, gast.AugAssign)):
            return True
        if isinstance(reader, gast.Assign):
            return all(isinstance(target, (gast.Tuple, gast.List)) for target in reader.targets)
        if not isinstance(reader, gast.Call) or node is reader.func:
            return False
        function = self.known(reader)
        if function is None:
            return isinstance(reader.func, gast.Attribute) and reader.func.attr in _EAGER_METHODS
        if any(function is known for known in _NOT_EAGER) or function in (min, max) and len(reader.args) > 1:
            return False
        module = getattr(function, "__module__", None) or type(function).__module__
        return module.split(".")[0] in _EAGER_MODULES


def _jumps(nodes: Sequence[Node]) -> bool:
    return any(isinstance(inner, _JUMPS) for node in nodes for inner in scopes.inside(node))
