"""What the evaluation of a piece of source changes and reads outside of itself, as far as its text says.

Python calls the functions of `map` and `filter` and evaluates generator expressions when an item is asked for.  Where
that changes something, or depends on what is changed in between, it has to happen then and no earlier.
"""

from __future__ import annotations

import dis
import types
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import gast

from transforms.canonical import scopes
from transforms.core import Ref

Node = Any  # a gast node; gast has no types

CHANGING = frozenset((
    "append", "extend", "insert", "pop", "remove", "clear", "sort", "reverse", "update", "fill", "add", "discard",
    "popitem", "setdefault", "appendleft", "popleft", "extendleft", "rotate", "move_to_end", "difference_update",
    "intersection_update", "symmetric_difference_update", "subtract", "put",
))  # fmt: skip
ITEMS = "the items"  # stands for what a function is given


@dataclass
class Effects:
    """The names of what is changed, by binding or in place, and read; whether something unknown is called."""

    changed: dict[str, None] = field(default_factory=dict)
    read: dict[str, None] = field(default_factory=dict)
    in_place: dict[str, None] = field(default_factory=dict)
    is_unknown: bool = False

    def touches(self, other: Effects) -> bool:
        """Whether it matters which of the two comes first."""
        first, second = set(self.changed), set(other.changed)
        return bool(first & {*second, *other.read} or second & set(self.read))


def effects_of(nodes: Iterable[Node], functions: dict[str, Node], static: Callable[[Node], Any]) -> Effects:
    """The effects of expressions and statements, those of the functions that they name included."""
    reader = _Reader(functions, static)
    for node in nodes:
        reader.visit(node, {})
    return reader.found


class _Reader:
    """Collects effects; `hidden` are names of inner scopes, and whether what they hold comes from outside."""

    def __init__(self, functions: dict[str, Node], static: Callable[[Node], Any]) -> None:
        self.functions, self.static = functions, static
        self.found = Effects()
        self.visited: set[str] = set()

    def visit(self, node: Node, hidden: dict[str, bool]) -> None:
        nodes = list(scopes.inside(node))
        targets = [inner.target for inner in nodes if isinstance(inner, gast.comprehension)]
        hidden = {**hidden, **{name: True for target in targets for name in scopes.targets(target)}}
        for inner in nodes:
            if isinstance(inner, scopes.FUNCTIONS):
                self.function(inner, hidden)
            elif isinstance(inner, gast.Name):
                self.name(inner, hidden)
            elif isinstance(inner, gast.Call):
                self.call(inner, hidden)
            self.change(changed(inner), hidden)

    def name(self, node: Node, hidden: dict[str, bool]) -> None:
        if node.id in hidden:
            return
        if not isinstance(node.ctx, gast.Load):
            self.found.changed[node.id] = None
            return
        self.found.read[node.id] = None
        if node.id in self.visited:
            return
        self.visited.add(node.id)
        if node.id in self.functions:
            self.visit(self.functions[node.id], {})
            return
        meaning = self.static(node)
        if isinstance(meaning, Ref):
            self.found.changed.update(dict.fromkeys(getattr(meaning.value, "changed_outside", ())))

    def call(self, node: Node, hidden: dict[str, bool]) -> None:
        """Nothing is known of what is called, where that is a variable or a method."""
        root = root_of(node.func)
        is_known = root in self.functions and isinstance(node.func, gast.Name) or self.static(node.func) is not None
        self.found.is_unknown = self.found.is_unknown or not is_known

    def change(self, node: Node, hidden: dict[str, bool]) -> None:
        root = None if node is None else root_of(node)
        if root is None or self.static(gast.Name(root, gast.Load(), None, None)) is not None:
            return
        if root not in hidden:
            self.found.changed[root] = self.found.in_place[root] = None
        elif hidden[root]:
            self.found.changed[ITEMS] = self.found.in_place[ITEMS] = None

    def function(self, node: Node, hidden: dict[str, bool]) -> None:
        own = scopes.declared(node)
        given = {parameter.id for parameter in scopes.parameters(node.args)}
        inner = {**hidden, **{name: name in given for name in own.names}}
        for name in (*own.nonlocal_names, *own.global_names):
            inner.pop(name, None)
        for statement in scopes.body_of(node):
            self.visit(statement, inner)


def changed_outside(code: types.CodeType) -> tuple[str, ...]:
    """The names outside of it that the code of a function binds, or the object of which it changes."""
    found: dict[str, None] = {}
    instructions = list(dis.get_instructions(code))
    for place, instruction in enumerate(instructions):
        name, kind = instruction.argval, instruction.opname
        if kind == "STORE_GLOBAL" or kind == "STORE_DEREF" and name in code.co_freevars:
            found[name] = None
        if kind == "LOAD_GLOBAL" or kind == "LOAD_DEREF" and name in code.co_freevars:
            following = [part for part in instructions[place + 1 : place + 4] if part.opname != "PUSH_NULL"]
            if _is_change(following[:2]):
                found[name] = None
    return tuple(found)


def _is_change(following: list[dis.Instruction]) -> bool:
    """Whether what follows the read of a name changes the object."""
    first, second = (part.opname for part in following) if len(following) == 2 else ("", "")
    if first in ("LOAD_METHOD", "LOAD_ATTR"):
        return following[0].argval in CHANGING
    return first == "STORE_ATTR" or first == "COPY" and second == "LOAD_ATTR" or second in ("STORE_SUBSCR", "COPY")


def changed(node: Node) -> Node | None:
    """What is changed in place at a node."""
    if isinstance(node, (gast.Subscript, gast.Attribute)) and isinstance(node.ctx, (gast.Store, gast.Del)):
        return node
    if isinstance(node, gast.AugAssign):
        return node.target
    if isinstance(node, gast.Call) and isinstance(node.func, gast.Attribute) and node.func.attr in CHANGING:
        return node.func.value
    return None


def root_of(node: Node) -> str | None:
    """The name at the beginning of a chain of attributes and subscripts."""
    while isinstance(node, (gast.Subscript, gast.Attribute)):
        node = node.value
    return node.id if isinstance(node, gast.Name) else None
