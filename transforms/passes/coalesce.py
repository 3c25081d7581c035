"""Coalescing: the names that single assignment made go back to the user's, and its copies disappear.

Comes in: a core program, usually in single-assignment form. Goes out: the same program where two names that are
joined by a copy and never hold different values at once have become one, and where `x_1` is called `x` again if the
two are never needed at once. Names of the user's that have nothing to do with each other are not merged.
    >>> import operator
    >>> from transforms.core import Assign, Call, Const, For, Function, Ref, Return, Var
    >>> from transforms.printer import print_function
    >>> body = (
    ...     Assign("s", Const(0.0)),
    ...     Assign("s_1", Var("s")),
    ...     For("i", Var("x"), (
    ...         Assign("s_2", Call(Ref(operator.add), (Var("s_1"), Var("i")))),
    ...         Assign("s_1", Var("s_2")),
    ...     )),
    ...     Return(Var("s_1")),
    ... )
    >>> print(print_function(coalesce(Function("f", ("x",), body))), end="")
    def f(x):
        s = 0.0
        for i in x:
            s = s + i
        return s
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
from typing import Any

from transforms.analyses.liveness import LiveBlock, liveness
from transforms.core import (
    Assign,
    Block,
    Call,
    For,
    Function,
    If,
    Statement,
    Try,
    Var,
    With,
    all_writes,
    blocks_of,
    is_call_of,
    is_temporary,
    names_in,
    rename,
    walk,
    with_blocks,
    writes,
)
from transforms.inference import join
from transforms.passes.effects import INPLACE
from transforms.values import Array

_MADE = re.compile(r"_(bar|dot|saved)(_\d+)*$")  # names that the compiler makes of other names
_SUFFIX = re.compile(r"(_\d+)+$")


def coalesce(function: Function) -> Function:
    """Give names that are copies of each other one name."""
    names = _merge(function)
    if not names:
        return function
    body = _without_self_copies(rename(function.body, names))
    values = function.values
    if values is not None:
        values = _values_of_classes(values, names)
    return function.replace(body=body, values=values)


def _values_of_classes(values: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    """The values under the new names: what holds of all members of a class."""
    result: dict[str, Any] = {}
    for old, value in values.items():
        name = names.get(old, old)
        result[name] = join(result[name], value, (name,)) if name in result else value
    return result


def base_name(name: str) -> str:
    """The name that a numbered one was made from: `x` of `x_1`; a temporary is its own."""
    return name if is_temporary(name) else _SUFFIX.sub("", name) or name


def derivative_name(name: str) -> str:
    """The name without numbers: `x_bar` of `x_1_bar_2`."""
    found = _MADE.search(name)
    return name if found is None else f"{base_name(name[: found.start()])}_{found[1]}"


def _merge(function: Function) -> dict[str, str]:
    """Which names get which other name."""
    classes = _Classes(function)
    joins = set(_join_copies(function.body))
    for statement in walk(function.body):
        if isinstance(statement, Assign) and statement.target is not None and (source := _source(statement)):
            one, two = statement.target, source
            # two temporaries that meet after an `if` stay two: `nest` makes a conditional expression of them
            temporaries = is_temporary(one) + is_temporary(two)
            if base_name(one) == base_name(two) or temporaries == 1 or (temporaries and id(statement) not in joins):
                classes.merge(one, two)
    present = names_in(function)
    order = _in_order(function)
    for name in order:
        base = base_name(name)
        if base != name and (base in present or _MADE.search(base)):
            classes.merge(base, name)
    for name in order:
        found = _MADE.search(name)
        stem = name[: found.start()] if found is not None else ""
        if found is not None and classes.find(stem) == classes.find(base_name(stem)):
            classes.merge(derivative_name(name), name)  # the cotangents of what has one name now
    names = classes.renamings(order)
    return _renumbered(order, names, present, classes.fixed | classes.parameters)


def _join_copies(block: Block) -> Iterator[int]:
    """The copies at the end of branches, by id."""
    for statement in block:
        for inner in blocks_of(statement):
            if isinstance(statement, If) and inner:
                yield id(inner[-1])
            yield from _join_copies(inner)


def _renumbered(order: list[str], names: dict[str, str], present: set[str], fixed: Set[str]) -> dict[str, str]:
    """Names of derivatives (they are nobody's) follow the new names of what they belong to, without gaps.

    `x_bar_3` becomes `x_bar` if no other name is that, and so does `x_1_bar` if `x_1` has become `x`.
    """
    used = {names.get(name, name) for name in present}
    new: dict[str, str] = {}
    for name in order:
        kept = names.get(name, name)
        found = _MADE.search(kept)
        if found is None or kept in new or kept in fixed:
            continue
        stem, number = kept[: found.start()], 0
        if stem not in used and base_name(stem) in used:
            stem = base_name(stem)
        base = best = f"{stem}_{found[1]}"
        while best in used and best != kept:
            number += 1
            best = f"{base}_{number}"
        used.discard(kept)
        used.add(best)
        new[kept] = best
    result = {name: new.get(names.get(name, name), names.get(name, name)) for name in order}
    return {old: chosen for old, chosen in result.items() if old != chosen}


class _Classes:
    """Classes of names that share one name (union-find), and which of them interfere."""

    def __init__(self, function: Function) -> None:
        self.values = function.values or {}
        self.parameters = frozenset(function.parameters)
        self.parent: dict[str, str] = {}
        self.enemies: dict[str, set[str]] = {}
        self.fixed = _fixed_names(function)
        live = liveness(function.body)
        for name in function.parameters:
            self.conflict(name, live.before | self.parameters)
        self.visit(function.body, live)

    def visit(self, block: Block, live: LiveBlock) -> None:
        for statement, after, inner in zip(block, live.after, live.inner):
            match statement:
                case Assign(target=str() as target):
                    self.conflict(target, after - {self.twin(statement)})
                case For() | With():
                    for name in writes(statement):
                        self.conflict(name, inner[0].before | after)
            for nested, nested_live in zip(blocks_of(statement), inner):
                self.visit(nested, nested_live)

    def twin(self, statement: Assign) -> str | None:
        """The name that holds the same value as the target: what was copied, or the array that was changed in place."""
        source = _source(statement)
        if source is None or isinstance(statement.value, Var) or isinstance(self.values.get(source), Array):
            return source
        return None

    def conflict(self, name: str, others: frozenset[str]) -> None:
        self.enemies.setdefault(name, set()).update(others)  # `merge` asks in both directions
        self.enemies[name].discard(name)

    def find(self, name: str) -> str:
        while (parent := self.parent.get(name, name)) != name:
            name = parent
        return name

    def merge(self, one: str, two: str) -> None:
        if one in self.fixed or two in self.fixed:
            return
        one, two = self.find(one), self.find(two)
        if one == two or self.are_enemies(one, two) or self.are_enemies(two, one):
            return
        self.parent[two] = one
        self.enemies.setdefault(one, set()).update(self.enemies.get(two, ()))

    def are_enemies(self, one: str, two: str) -> bool:
        """Whether a class interferes with a name of another one (both named by what `find` gives)."""
        enemies = self.enemies.get(one, ())
        if two in enemies:
            return True
        return any([self.find(name) == two for name in enemies if name in self.parent])

    def renamings(self, order: list[str]) -> dict[str, str]:
        members: dict[str, list[str]] = {}
        for name in order:
            members.setdefault(self.find(name), []).append(name)
        result: dict[str, str] = {}
        for names in members.values():
            best = min(names, key=self._preference)
            result.update((name, best) for name in names if name != best)
        return result

    def _preference(self, name: str) -> tuple[bool, bool, int, str]:
        return (name not in self.parameters, is_temporary(name), len(name), name)


def _source(statement: Assign) -> str | None:
    """The name that the target of a copy, or of an operation in place, may share."""
    value = statement.value
    if is_call_of(value, *INPLACE):
        assert isinstance(value, Call)
        value = value.arguments[0] if value.arguments else value
    return value.name if isinstance(value, Var) else None


def _fixed_names(function: Function) -> set[str]:
    """Names that stay: those of handlers (Python unbinds them) and those bound where exceptions are caught."""
    fixed: set[str] = set()
    for statement in walk(function.body):
        if isinstance(statement, (Try, With)):
            fixed |= all_writes((statement,))
    return fixed


def _in_order(function: Function) -> list[str]:
    """Every bound name, in order of first binding."""
    names = dict.fromkeys(function.parameters)
    for statement in walk(function.body):
        names.update(dict.fromkeys(writes(statement)))
    return list(names)


def _without_self_copies(block: Block) -> Block:
    result: list[Statement] = []
    for statement in block:
        if isinstance(statement, Assign) and statement.target is not None and statement.value == Var(statement.target):
            continue
        result.append(with_blocks(statement, map(_without_self_copies, blocks_of(statement))))
    return tuple(result)
