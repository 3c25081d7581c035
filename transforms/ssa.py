"""Static single assignment: in goes a core program, out comes one in which every binding has a name of its own.

Two exceptions are the joins.  After an `If`, a name whose versions differ is bound by a copy at the end of each branch;
a loop-carried name has a header name, bound by a copy before the loop and by one at the end of the body.  So, outside
of loops, a name is bound at most once on any path, and keeps its value.  A branch that always raises joins nothing; a
name that is bound on one side only keeps the name of that side.  What is assigned in a `Try` and read by its handlers
or after it keeps one name throughout: exceptions may arise between any two of its bindings.

    before                        after
    y = x                         y = x
    while test:                   y_1 = y
        y = y * 2                 while test:
        test = y < 9                  y_2 = y_1 * 2 ...

The result of a second run is the first one's.

    >>> import operator
    >>> from transforms.core import Assign, Call, Function, If, Ref, Return, Var
    >>> double = Assign("x", Call(Ref(operator.add), (Var("x"), Var("x"))))
    >>> new = ssa(Function("f", ("x",), (double, If(Var("x"), (double,)), Return(Var("x")))))
    >>> [statement.target for statement in core.walk(new.body) if isinstance(statement, Assign)]
    ['x_1', 'x_2', 'x_3', 'x_3']
    >>> ssa(new).body == new.body
    True
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field

from transforms import core, operations
from transforms.analyses.liveness import LiveBlock, liveness

Versions = dict[str, str]  # name in the input -> the name that holds its current value


class _MaybeUnbound(Exception):
    """A copy would read a name that may be unbound there, where the program itself does not read it."""

    def __init__(self, name: str) -> None:
        self.name = name


def ssa(function: core.Function) -> core.Function:
    """The same program with a name of its own for every binding, and joins by copies."""
    live = liveness(function.body)
    bindings = _bindings(function, live)
    kept = {name for name, found in bindings.items() if found.is_settled()}
    kept |= set(shared_names(function.body, live))
    if kept.issuperset(bindings):
        return function
    headers = {name for name, found in bindings.items() if found.carried}
    initialised: list[str] = []
    while True:
        try:
            body = _Renamer(function, kept, headers, initialised).run(live)
        except _MaybeUnbound as unbound:
            initialised.append(unbound.name)
        else:
            return function.replace(body=body)


# ------------------------------------------------------------------------------------------ what needs no new names


@dataclass(slots=True)
class _Found:
    """The bindings of one name: how many, how many of them are copies at the end of a block, and of which blocks."""

    count: int = 0
    joins: list[tuple[int, int]] = field(default_factory=list)  # (number of the If, branch)
    before_loops: list[int] = field(default_factory=list)  # loops before which it is bound by a copy, in their block
    loop_ends: list[int] = field(default_factory=list)
    carried: list[int] = field(default_factory=list)  # loops that bind it and at whose head it is live

    def is_settled(self) -> bool:
        """Whether the bindings are already of the form that this pass would give them."""
        if self.carried:
            ends = self.loop_ends == self.carried and len(self.carried) == 1
            return ends and (self.count == 1 or (self.count == 2 and self.before_loops == self.carried))
        if self.count <= 1:
            return True
        return self.count == 2 and len(self.joins) == 2 and self.joins[0][0] == self.joins[1][0]


def _bindings(function: core.Function, live: LiveBlock) -> dict[str, _Found]:
    found: dict[str, _Found] = {}
    for parameter in function.parameters:
        found.setdefault(parameter, _Found()).count += 1
    _Counter(found).block(function.body, live)
    return found


class _Counter:
    def __init__(self, found: dict[str, _Found]) -> None:
        self.found = found
        self.number = 0

    def block(self, block: core.Block, live: LiveBlock) -> None:
        copies: list[str] = []  # targets of the copies just before the current statement
        for statement, head, inner in zip(block, live.heads, live.inner):
            for name in core.writes(statement):
                self.found.setdefault(name, _Found()).count += 1
            self.number += 1
            number = self.number
            if isinstance(statement, (core.For, core.While)):
                for name in copies:
                    self.found[name].before_loops.append(number)
                for name in {*core.writes(statement), *core.all_writes(statement.body)} & head:
                    self.found.setdefault(name, _Found()).carried.append(number)
            for branch, (nested, nested_live) in enumerate(zip(core.blocks_of(statement), inner)):
                self.block(nested, nested_live)
                for name in _final_copies(nested):
                    if isinstance(statement, core.If):
                        self.found[name].joins.append((number, branch))
                    elif isinstance(statement, (core.For, core.While)):
                        self.found[name].loop_ends.append(number)
            if _is_copy(statement):
                copies.append(statement.target)  # type: ignore[union-attr, arg-type]
            else:
                copies = []


def _is_copy(statement: core.Statement) -> bool:
    return (
        isinstance(statement, core.Assign)
        and statement.target is not None
        and not isinstance(statement.value, core.Call)
    )


def _final_copies(block: core.Block) -> list[str]:
    """Names bound by the run of copies that a block ends with, and not read in it afterwards."""
    result: list[str] = []
    later: set[str] = set()
    for statement in reversed(block):
        if not _is_copy(statement):
            break
        assert isinstance(statement, core.Assign) and statement.target is not None
        if statement.target not in later:
            result.append(statement.target)
        later.update(core.reads(statement))
    return result


def shared_names(block: core.Block, live: LiveBlock) -> Iterator[str]:
    """Names that are assigned in a `Try` and read where an exception may lead to."""
    for statement, after, inner in zip(block, live.after, live.inner):
        if isinstance(statement, core.Try):
            reached = after.union(*(nested.before for nested in inner[1:]))
            yield from reached & core.all_writes((statement,))
        for nested, nested_live in zip(core.blocks_of(statement), inner):
            yield from shared_names(nested, nested_live)


def always_raises(block: core.Block) -> bool:
    """Whether the end of the block is never reached."""
    for statement in block:
        match statement:
            case core.Raise():
                return True
            case core.If() if always_raises(statement.body) and always_raises(statement.orelse):
                return True
            case core.With():
                pass  # a context manager may suppress what its body raises
            case core.Try() if always_raises(statement.finalbody):
                return True
            case core.Try() if all(always_raises(h.body) for h in statement.handlers) and always_raises(
                statement.body + statement.orelse
            ):
                return True
    return False


# --------------------------------------------------------------------------------------------------------- renaming


class _Renamer:
    def __init__(self, function: core.Function, kept: set[str], headers: set[str], initialised: list[str]) -> None:
        self.function = function
        self.kept = kept
        self.initialised = initialised
        self.names = core.Names(core.names_in(function))
        self.reserved = headers - kept - set(function.parameters)  # plain names that wait for their loop's header
        self.used: set[str] = set(function.parameters)
        self.unbound: set[str] = set()  # new names that may be unbound where they are current

    def run(self, live: LiveBlock) -> core.Block:
        versions = {name: name for name in self.function.parameters if name not in self.kept}
        start = []
        for name in self.initialised:
            versions[name] = self.bind(name)
            start.append(core.Assign(versions[name], core.Ref(operations.UNBOUND, "UNBOUND")))
        return (*start, *self.block(self.function.body, live, versions))

    def bind(self, name: str, is_header: bool = False) -> str:
        """A new name for a binding: the user's own the first time, unless a loop's header is to have it."""
        if name in self.kept:
            return name
        if name not in self.used and (is_header or name not in self.reserved):
            self.used.add(name)
            return name
        return self.names.temporary() if core.is_temporary(name) else self.names.fresh(name)

    def block(self, block: core.Block, live: LiveBlock, versions: Versions) -> core.Block:
        result: list[core.Statement] = []
        for index, statement in enumerate(block):
            new = core.map_atoms(
                statement,
                lambda atom: core.Var(versions.get(atom.name, atom.name)) if isinstance(atom, core.Var) else atom,
            )
            inner = live.inner[index]
            match new:
                case core.If():
                    result.append(self.branch(new, live.after[index], inner, versions))
                case core.For() | core.While():
                    result += self.loop(statement, new, live.heads[index], inner[0], versions)
                case core.With():
                    result.append(self.context(new, inner[0], versions))
                case core.Try():
                    result.append(self.attempt(new, inner, versions))
                case _:
                    result.append(self.target(new, versions))
        return tuple(result)

    def context(self, statement: core.With, live: LiveBlock, versions: Versions) -> core.Statement:
        new = self.target(statement, versions)
        return core.with_blocks(new, (self.block(statement.body, live, versions),))

    def target(self, statement: core.Statement, versions: Versions) -> core.Statement:
        def change(name: str) -> str:
            if name in self.kept:
                return name
            versions[name] = self.bind(name)
            return versions[name]

        return core.map_targets(statement, change)

    def branch(
        self, statement: core.If, after: frozenset[str], live: tuple[LiveBlock, ...], versions: Versions
    ) -> core.Statement:
        states = [dict(versions), dict(versions)]
        blocks = [
            self.block(block, inner, state)
            for block, inner, state in zip((statement.body, statement.orelse), live, states)
        ]
        reaching = [index for index in (0, 1) if not always_raises(blocks[index])]
        if len(reaching) == 2:
            copies: list[list[core.Statement]] = [[], []]
            for name in dict.fromkeys((*states[0], *states[1])):
                found = [state.get(name) for state in states]
                if found[0] != found[1] and name in after:
                    versions[name] = self.join(name, found, copies, statement.origin)
            blocks = [(*block, *ends) for block, ends in zip(blocks, copies)]
        elif reaching:
            versions.update(states[reaching[0]])
        return dataclasses.replace(statement, body=blocks[0], orelse=blocks[1])

    def join(
        self, name: str, found: list[str | None], copies: list[list[core.Statement]], origin: core.Origin | None
    ) -> str:
        bound = [version for version in found if version is not None]
        if len(bound) == 1:
            self.unbound.add(bound[0])
            return bound[0]
        if any(version in self.unbound for version in bound):
            raise _MaybeUnbound(name)
        joined = self.bind(name)
        for version, ends in zip(bound, copies):
            ends.append(core.Assign(joined, core.Var(version), origin))
        return joined

    def loop(
        self,
        old: core.Statement,
        new: core.For | core.While,
        head: frozenset[str],
        live: LiveBlock,
        versions: Versions,
    ) -> list[core.Statement]:
        carried = [
            name
            for name in dict.fromkeys((*core.writes(old), *_ordered_writes(new.body)))
            if name in head and name not in self.kept
        ]
        before: list[core.Statement] = []
        for name in carried:
            header = self.bind(name, is_header=True)
            if name not in versions:
                self.unbound.add(header)
            elif versions[name] in self.unbound:
                raise _MaybeUnbound(name)
            else:
                before.append(core.Assign(header, core.Var(versions[name]), new.origin))
            versions[name] = header
        inside = dict(versions)
        if isinstance(new, core.While):
            assert isinstance(old, core.While)
            if isinstance(old.test, core.Var):
                new = dataclasses.replace(new, test=core.Var(versions.get(old.test.name, old.test.name)))
        else:
            new = self.target(new, inside)  # type: ignore[assignment]
        body = self.block(new.body, live, inside)
        ends: list[core.Statement] = []
        if not always_raises(body):
            for name in carried:
                if inside[name] != versions[name]:
                    if inside[name] in self.unbound:
                        raise _MaybeUnbound(name)
                    ends.append(core.Assign(versions[name], core.Var(inside[name]), new.origin))
        return [*before, dataclasses.replace(new, body=(*body, *ends))]

    def attempt(self, statement: core.Try, live: tuple[LiveBlock, ...], versions: Versions) -> core.Statement:
        # Names that are assigned here and read where an exception may lead to are kept: no version of theirs changes.
        inside = dict(versions)
        body = self.block(statement.body, live[0], inside)
        handlers = []
        for handler, inner in zip(statement.handlers, live[1:-2]):
            caught = dict(versions)
            name = handler.name
            if name is not None and name not in self.kept:
                name = caught[name] = self.bind(name)
            handlers.append(dataclasses.replace(handler, name=name, body=self.block(handler.body, inner, caught)))
        orelse = self.block(statement.orelse, live[-2], inside)
        final = self.block(statement.finalbody, live[-1], dict(versions))
        return dataclasses.replace(statement, body=body, handlers=tuple(handlers), orelse=orelse, finalbody=final)


def _ordered_writes(block: core.Block) -> Iterator[str]:
    for statement in core.walk(block):
        yield from core.writes(statement)
