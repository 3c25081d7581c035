"""Scoping: which names of a function are its own, and which of them have to live in cells.

In comes a gast tree; out come the names that a function binds, its free names in order of first occurrence, and, by
`Variables`, the names that inner functions capture and that change afterwards.  `separate` first gives every
comprehension variable a name of its own, so that comprehensions can be written out as loops of the function itself.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import gast

from transforms import core

FUNCTIONS = (gast.FunctionDef, gast.AsyncFunctionDef, gast.Lambda)
COMPREHENSIONS = (gast.ListComp, gast.SetComp, gast.DictComp, gast.GeneratorExp)
Node = Any  # a gast node; gast has no types


def parameters(arguments: Node) -> list[Node]:
    """The parameter nodes, in the order of the core function's parameters."""
    nodes = [*arguments.posonlyargs, *arguments.args]
    nodes += [arguments.vararg] if arguments.vararg else []
    nodes += arguments.kwonlyargs
    return nodes + ([arguments.kwarg] if arguments.kwarg else [])


def body_of(function: Node) -> list[Node]:
    """The statements of a function or the expression of a lambda."""
    return [function.body] if isinstance(function, gast.Lambda) else list(function.body)


def outer_parts(function: Node) -> list[Node]:
    """The parts of a function's definition that are evaluated outside of it: decorators and defaults."""
    arguments = function.args
    parts = list(getattr(function, "decorator_list", [])) + list(arguments.defaults)
    return parts + [default for default in arguments.kw_defaults if default is not None]


def targets(node: Node) -> Iterator[str]:
    """The names bound by an assignment target or pattern."""
    for inner in walk(node):
        if isinstance(inner, gast.Name) and isinstance(inner.ctx, (gast.Store, gast.Param)):
            yield inner.id


def deleted_names(statement: Node) -> Iterator[str]:
    """The names that a statement deletes."""
    for target in statement.targets if isinstance(statement, gast.Delete) else ():
        yield from (node.id for node in walk(target) if isinstance(node, gast.Name) and isinstance(node.ctx, gast.Del))


_BINDING = (
    gast.Name, gast.FunctionDef, gast.AsyncFunctionDef, gast.ClassDef, gast.Import, gast.ImportFrom, gast.ExceptHandler,
    gast.MatchAs, gast.MatchStar, gast.MatchMapping,
)  # fmt: skip


def bound_here(node: Node) -> tuple[str, ...]:
    """The names that this node itself binds in its function (not those bound inside of it)."""
    if not isinstance(node, _BINDING):
        return ()
    if isinstance(node, gast.Name) and isinstance(node.ctx, (gast.Store, gast.Del)):
        return (node.id,)
    if isinstance(node, (gast.FunctionDef, gast.AsyncFunctionDef, gast.ClassDef)):
        return (node.name,)
    if isinstance(node, (gast.Import, gast.ImportFrom)):
        return tuple(alias.asname or alias.name.split(".")[0] for alias in node.names)
    if isinstance(node, gast.ExceptHandler):
        name = node.name
        return () if name is None else (name if isinstance(name, str) else name.id,)
    if isinstance(node, (gast.MatchAs, gast.MatchStar)):
        return (node.name,) if node.name else ()
    if isinstance(node, gast.MatchMapping):
        return (node.rest,) if node.rest else ()
    return ()


def children_of(node: Node) -> list[Node]:
    """The nodes directly inside a node, in source order; without the contexts of names, which nobody looks for."""
    found: list[Node] = []
    for name in _part_names(node.__class__):
        value = getattr(node, name, None)
        if value is None:
            continue
        if value.__class__ is list:
            found += [item for item in value if isinstance(item, gast.AST)]
        elif isinstance(value, gast.AST):
            found.append(value)
    return found


@functools.cache
def _part_names(kind: type) -> tuple[str, ...]:
    """The fields of a class of nodes in which other nodes may stand."""
    return tuple(name for name in kind._fields if name not in ("ctx", "id", "attr", "kind", "type_comment"))  # type: ignore[attr-defined]


def walk(node: Node) -> list[Node]:
    """The node and all nodes inside it, outer ones first."""
    found = [node]
    for current in found:
        found += children_of(current)
    return found


def inside(node: Node) -> Iterator[Node]:
    """The node and the nodes inside it that belong to the same function, in source order."""
    pending = [node]
    while pending:
        current = pending.pop()
        yield current
        if isinstance(current, gast.ClassDef):
            continue  # the names in it are its own
        children = outer_parts(current) if isinstance(current, FUNCTIONS) else children_of(current)
        pending += reversed(children)


@dataclass
class _Declared:
    names: dict[str, None] = field(default_factory=dict)
    global_names: set[str] = field(default_factory=set)
    nonlocal_names: set[str] = field(default_factory=set)


def declared(function: Node) -> _Declared:
    """The names that a function binds, and those that it declares global or nonlocal.

    Comprehension variables count as the function's own; see `separate`.
    """
    result = _Declared(dict.fromkeys(node.id for node in parameters(function.args)))
    for statement in body_of(function):
        for node in inside(statement):
            if isinstance(node, gast.Global):
                result.global_names.update(node.names)
            elif isinstance(node, gast.Nonlocal):
                result.nonlocal_names.update(node.names)
            result.names.update(dict.fromkeys(bound_here(node)))
    for name in (*result.global_names, *result.nonlocal_names):
        result.names.pop(name, None)
    return result


def free_names(function: Node) -> dict[str, None]:
    """The names that a function uses and does not bind, its inner functions included, in order of occurrence."""
    own = declared(function)
    found: dict[str, None] = {}
    for statement in body_of(function):
        for node in inside(statement):
            if isinstance(node, gast.Name):
                found[node.id] = None
            elif isinstance(node, (gast.Nonlocal)):
                found.update(dict.fromkeys(node.names))
            if isinstance(node, FUNCTIONS):
                found.update(free_names(node))
    return {name: None for name in found if name not in own.names and name not in own.global_names}


def written_by_inner(function: Node) -> set[str]:
    """The free names of a function that it or a function inside it assigns (they are declared nonlocal)."""
    own = declared(function)
    found = set(own.nonlocal_names)
    for statement in body_of(function):
        for node in inside(statement):
            if isinstance(node, FUNCTIONS):
                found |= written_by_inner(node)
    return found - set(own.names)


# ------------------------------------------------------------------------------------------------------------- cells


class _Order:
    """Walks a function in source order and notes where names are bound and where inner functions capture them."""

    def __init__(self, groups: dict[str, tuple[Node, ...]], direct: frozenset[int] = frozenset()) -> None:
        self.groups, self.direct = groups, direct
        self.position = 0
        self.loops: tuple[int, ...] = ()
        self.bindings: dict[str, list[tuple[int, tuple[int, ...]]]] = {}
        self.captures: dict[str, list[tuple[int, tuple[int, ...]]]] = {}
        self.written: set[str] = set()
        self.recursive: set[str] = set()

    def visit(self, node: Node) -> None:
        if isinstance(node, (gast.For, gast.While, *COMPREHENSIONS)):
            outer = self.loops
            if isinstance(node, gast.For):
                self.visit(node.iter)
            self.loops = (*self.loops, self.next())
            self.children(node, skip=("iter",) if isinstance(node, gast.For) else ())
            self.loops = outer
            return
        if isinstance(node, (gast.Assign, gast.AugAssign, gast.AnnAssign, gast.NamedExpr)) and node.value is not None:
            self.visit(node.value)
            self.children(node, skip=("value", "annotation"))
            return
        if isinstance(node, FUNCTIONS):
            for part in outer_parts(node):
                self.visit(part)
            here = (self.next(), self.loops)
            if id(node) in self.direct:
                self.bind(node)
                return
            for name in captured_names(node, self.groups):
                if name == getattr(node, "name", None) and not node.decorator_list:
                    self.recursive.add(name)
                else:
                    self.captures.setdefault(name, []).append(here)
            self.written |= written_by_inner(node)
            self.bind(node)
            return
        self.bind(node)
        self.children(node)

    def children(self, node: Node, skip: tuple[str, ...] = ()) -> None:
        fields = node._fields
        if isinstance(node, COMPREHENSIONS):
            fields = ("generators", *(name for name in fields if name != "generators"))
        elif isinstance(node, gast.comprehension):
            fields = ("iter", "target", "ifs")
        for name in fields:
            if name in skip:
                continue
            value = getattr(node, name)
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, gast.AST):
                    self.visit(child)

    def bind(self, node: Node) -> None:
        for name in bound_here(node):
            self.bindings.setdefault(name, []).append((self.next(), self.loops))

    def next(self) -> int:
        self.position += 1
        return self.position


@dataclass
class Variables:
    """The names that a function binds: all of them in order, those that live in cells, those bound by `def` alone
    and used inside that function itself."""

    names: tuple[str, ...]
    cells: frozenset[str]
    recursive: frozenset[str]
    global_names: frozenset[str]
    nonlocal_names: frozenset[str]
    bindings: dict[str, int]  # how often each name is bound
    groups: dict[str, tuple[Node, ...]]  # inner functions that call each other, by the name of each
    direct: dict[str, Node]  # inner functions that are only called, and get the captured values with each call


def variables(function: Node) -> Variables:
    own = declared(function)
    order = _order(function, own, {})
    groups = _groups(function, order)
    direct = {
        name: node
        for name, node in _only_called(function, order).items()
        if name not in groups
        and any(
            _changes(order.captures[free], place) for free in free_names(node) for place in order.bindings.get(free, ())
        )
    }
    if groups or direct:
        order = _order(function, own, groups, frozenset(map(id, direct.values())))
    cells = {name for name in own.names if name in order.written}
    for name, captures in order.captures.items():
        if name in own.names and any(_changes(captures, binding) for binding in order.bindings[name]):
            cells.add(name)
    recursive = set()
    for name in order.recursive & set(own.names):
        if len(order.bindings[name]) == 1 and name not in cells:
            recursive.add(name)
        else:
            cells.add(name)
    return Variables(
        tuple(own.names),
        frozenset(cells),
        frozenset(recursive),
        frozenset(own.global_names),
        frozenset(own.nonlocal_names),
        {name: len(places) for name, places in order.bindings.items()},
        groups,
        direct,
    )


def _order(
    function: Node, own: _Declared, groups: dict[str, tuple[Node, ...]], direct: frozenset[int] = frozenset()
) -> _Order:
    order = _Order(groups, direct)
    for name in own.names:
        order.bindings.setdefault(name, [])
    for parameter in parameters(function.args):
        order.bindings[parameter.id].append((-1, ()))
    for statement in body_of(function):
        order.visit(statement)
    return order


def captured_names(function: Node, groups: dict[str, tuple[Node, ...]]) -> dict[str, None]:
    """The free names of an inner function; with those of the others of its group, and without the group itself."""
    members = groups.get(getattr(function, "name", ""), (function,))
    own = {member.name for member in members} if len(members) > 1 else ()
    return {name: None for member in members for name in free_names(member) if name not in own}


def _only_called(function: Node, order: _Order) -> dict[str, Node]:
    """The inner functions, by name, that are bound once and then only called, by the function itself."""
    found: dict[str, Node] = {}
    calls: dict[str, int] = {}
    nodes = [node for statement in body_of(function) for node in inside(statement)]
    for node in nodes:
        if isinstance(node, gast.FunctionDef):
            found.setdefault(node.name, node)
        elif isinstance(node, gast.Assign) and isinstance(node.value, gast.Lambda) and len(node.targets) == 1:
            if isinstance(node.targets[0], gast.Name):
                found.setdefault(node.targets[0].id, node.value)
        elif isinstance(node, gast.Call) and isinstance(node.func, gast.Name):
            is_plain = not any(isinstance(part, gast.Starred) for part in node.args)
            after = node.func.id in found and _place(node) > _place(found[node.func.id])
            if after and is_plain and all(keyword.arg is not None for keyword in node.keywords):
                calls[node.func.id] = calls.get(node.func.id, 0) + 1
    if not calls:
        return {}
    reads: dict[str, int] = {}
    for node in walk(function):
        if isinstance(node, gast.Name) and not isinstance(node.ctx, gast.Store):
            reads[node.id] = reads.get(node.id, 0) + 1
    return {
        name: node
        for name, node in found.items()
        if reads.get(name, 0) == calls.get(name, 0) > 0
        and len(order.bindings.get(name, ())) == 1
        and all(isinstance(part, gast.Constant) for part in outer_parts(node))
        and sum(isinstance(inner, FUNCTIONS) for inner in walk(node)) == 1  # what it returns may see changes later
        and not written_by_inner(node)
        and not any(isinstance(inner, (gast.Yield, gast.YieldFrom)) for inner in walk(node))
    }


def _place(node: Node) -> tuple[int, int]:
    return (node.lineno or 0, node.col_offset or 0) if hasattr(node, "lineno") else (0, 0)


def _groups(function: Node, order: _Order) -> dict[str, tuple[Node, ...]]:
    """The groups of two or more plain inner functions that reach each other, by the name of each member."""
    found = {}
    for statement in body_of(function):
        for node in inside(statement):
            if not isinstance(node, gast.FunctionDef) or node.name in order.written:
                continue
            is_plain = all(isinstance(part, gast.Constant) for part in outer_parts(node))
            if is_plain and len(order.bindings.get(node.name, ())) == 1:
                found[node.name] = node
    reached = {name: {other for other in free_names(node) if other in found} for name, node in found.items()}
    for _ in found:
        for name, others in reached.items():
            reached[name] = others.union(*(reached[other] for other in others))
    groups = {}
    for name in found:
        members = [other for other in found if other in reached[name] and name in reached[other]]
        if len(members) > 1:
            groups[name] = tuple(found[member] for member in members)
    return groups


def _changes(captures: list[tuple[int, tuple[int, ...]]], binding: tuple[int, tuple[int, ...]]) -> bool:
    """Whether the binding may happen after one of the captures: it stands after it, or both stand in one loop."""
    position, loops = binding
    return any(position > capture or set(loops) & set(around) for capture, around in captures)


# --------------------------------------------------------------------------------------------------- comprehensions


class _Separate(gast.NodeTransformer):
    """Renames comprehension variables; with no supply of names it only collects the other names."""

    def __init__(self, names: core.Names | None) -> None:
        self.names = names
        self.others: set[str] = set()
        self.scope: dict[str, str] = {}

    def visit_Name(self, node: Node) -> Node:
        if node.id in self.scope:
            node.id = self.scope[node.id]
        elif self.names is None:
            self.others.add(node.id)
        return node

    def generic_visit(self, node: Node) -> Node:
        if isinstance(node, FUNCTIONS):
            return self.function(node)
        if isinstance(node, COMPREHENSIONS):
            return self.comprehension(node)
        if self.names is None:
            self.others.update(bound_here(node))
        return super().generic_visit(node)

    def function(self, node: Node) -> Node:
        if self.names is None and getattr(node, "name", None):
            self.others.add(node.name)
        arguments = node.args
        if hasattr(node, "decorator_list"):
            node.decorator_list = [self.visit(part) for part in node.decorator_list]
        arguments.defaults = [self.visit(part) for part in arguments.defaults]
        arguments.kw_defaults = [part and self.visit(part) for part in arguments.kw_defaults]
        outer, local = self.scope, _bound_outside_comprehensions(node)
        self.scope = {name: new for name, new in outer.items() if name not in local}
        self.others.update(local)
        if isinstance(node, gast.Lambda):
            node.body = self.visit(node.body)
        else:
            node.body = [self.visit(statement) for statement in node.body]
        self.scope = outer
        return node

    def comprehension(self, node: Node) -> Node:
        outer = self.scope
        new = dict.fromkeys(name for part in node.generators for name in targets(part.target))
        own = {name: self.names.fresh(name) if self.names else name for name in new}
        node.generators[0].iter = self.visit(node.generators[0].iter)
        walrus = {inner.target.id for inner in walk(node) if isinstance(inner, gast.NamedExpr)}
        self.scope = {**outer, **{name: fresh for name, fresh in own.items() if name not in walrus}}
        for number, part in enumerate(node.generators):
            part.target = self.visit(part.target)
            if number:
                part.iter = self.visit(part.iter)
            part.ifs = [self.visit(test) for test in part.ifs]
        for name in ("elt", "key", "value"):
            if hasattr(node, name):
                setattr(node, name, self.visit(getattr(node, name)))
        self.scope = outer
        return node


def _bound_outside_comprehensions(function: Node) -> set[str]:
    """The names that a function binds, comprehension variables left out."""
    found = {node.id for node in parameters(function.args)}

    def visit(node: Node) -> None:
        found.update(bound_here(node))
        if isinstance(node, FUNCTIONS):
            for part in outer_parts(node):
                visit(part)
            return
        for child in children_of(node):
            if isinstance(child, gast.comprehension):
                visit(child.iter)
                for test in child.ifs:
                    visit(test)
            else:
                visit(child)

    for statement in body_of(function):
        visit(statement)
    for node in walk(function):
        if isinstance(node, (gast.Global, gast.Nonlocal)):
            found.difference_update(node.names)
    return found


def separate(function: Node) -> tuple[Node, core.Names]:
    """A copy of the tree in which every comprehension variable has a name that occurs nowhere else, and the names.

    `[x for x in xs] + [x * y for x in ys]` becomes `[x for x in xs] + [x_1 * y for x_1 in ys]`.
    """
    nodes = list(walk(function))
    if not any(isinstance(node, COMPREHENSIONS) for node in nodes):
        found: set[str] = set()
        for node in nodes:
            found.update((node.id,) if isinstance(node, gast.Name) else bound_here(node))
        return function, core.Names(found)
    collector = _Separate(None)
    tree = copied(function)
    collector.visit(tree)
    names = core.Names(collector.others)
    return _Separate(names).visit(tree), names


def copied(value: Any) -> Any:
    """A copy of a tree: much faster than `copy.deepcopy`, which looks for shared nodes."""
    if isinstance(value, gast.AST):
        new = type(value)()
        new.__dict__.update({name: copied(part) for name, part in value.__dict__.items()})
        return new
    return [copied(part) for part in value] if isinstance(value, list) else value
