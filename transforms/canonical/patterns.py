"""Match statements: every case becomes a test followed by `if`.

    match p:                   _1 = isinstance(p, Point)
        case Point(x=0):  =>   _2 = False
            ...                if _1:
                                   _3 = p.x
                                   _4 = _3 == 0
                                   if _4:
                                       _2 = True
                               if _2:
                                   ...

Names are bound once the whole pattern fits and before the guard, as in CPython.
"""

from __future__ import annotations

import dataclasses
import operator
from collections.abc import Callable, Sequence
from typing import Any

import gast

from transforms import core, runtime
from transforms.canonical import jumps
from transforms.canonical.builder import Node, call
from transforms.canonical.expressions import operation
from transforms.canonical.jumps import Completions
from transforms.canonical.scopes import bound_here
from transforms.canonical.statements import FALSE, TRUE, Statements
from transforms.core import Atom, Const, Expression, Ref, Var

_SELF = (bool, bytearray, bytes, dict, float, frozenset, int, list, set, str, tuple)  # `int(x)` binds the subject
Then = Callable[[], None]
Captures = dict[str, Atom]


class Patterns(Statements):
    """Lowers match statements."""

    def case_test(self, node: jumps.Cases) -> Atom:
        case = node.cases[0]
        with self.at(case.pattern):
            if case.guard is None:
                simple = self.simple_test(case.pattern, node.subject)
                if simple is not None:
                    return simple
            captures: Captures = {}
            if isinstance(case.pattern, gast.MatchAs) and case.pattern.pattern is None:
                self.capture(case.pattern.name, node.subject, captures)
                self.bind_captures(captures)
                return TRUE if case.guard is None else self.atom(case.guard)
            matched = self.names.temporary()
            self.assign(matched, FALSE)

            def fits() -> None:
                self.bind_captures(captures)
                self.assign(matched, TRUE if case.guard is None else self.expression(case.guard))

            self.fit(case.pattern, node.subject, captures, fits)
        return Var(matched)

    def subject_of(self, node: Node) -> Atom:
        """The subject of a match statement, under a name that no pattern binds."""
        subject = self.atom(node.subject)
        bound = {name for case in node.cases for inner in gast.walk(case) for name in bound_here(inner)}
        if isinstance(subject, Var) and subject.name in bound:
            subject = self.copy(subject)
        return subject

    def do_Match(self, node: Node, tail: Completions) -> None:
        self.statement(jumps.Cases(self.subject_of(node), tuple(node.cases)), tail)

    def bind_captures(self, captures: Captures) -> None:
        for name, atom in captures.items():
            self.write(name, atom)

    def capture(self, name: str | None, atom: Atom, captures: Captures) -> None:
        if name is not None:
            captures[name] = atom

    def simple_test(self, pattern: Node, subject: Atom) -> Atom | None:
        """The test of a pattern that is one test and binds nothing; None for others."""
        if isinstance(pattern, gast.MatchValue):
            return self.atom_of(operation(operator.eq, subject, self.atom(pattern.value)))
        if isinstance(pattern, gast.MatchSingleton):
            return self.atom_of(operation(operator.is_, subject, Const(pattern.value)))
        if isinstance(pattern, gast.MatchClass) and not pattern.patterns and not pattern.kwd_patterns:
            return self.do(isinstance, subject, self.atom(pattern.cls), name="isinstance")
        if isinstance(pattern, gast.MatchOr) and all(_is_simple(part) for part in pattern.patterns):
            found = self.names.temporary()
            self.alternatives(pattern.patterns, subject, found)
            return Var(found)
        return None

    def alternatives(self, patterns: Sequence[Node], subject: Atom, found: str) -> None:
        test = self.simple_test(patterns[0], subject)
        assert test is not None
        self.assign(found, test)
        if patterns[1:]:
            with self.block() as otherwise:
                self.alternatives(patterns[1:], subject, found)
            self.emit(core.If(Var(found), (), tuple(otherwise), self.origin))

    # ------------------------------------------------------------------------------------------------------ patterns

    def fit(self, pattern: Node, subject: Atom, captures: Captures, then: Then) -> None:
        """Emit `then` under the tests that the pattern makes of the subject."""
        simple = self.simple_test(pattern, subject)
        if simple is not None:
            self.when(simple, then)
            return
        getattr(self, f"fit_{type(pattern).__name__}")(pattern, subject, captures, then)

    def when(self, test: Atom, then: Then) -> None:
        with self.block() as body:
            then()
        self.emit(core.If(test, tuple(body), (), self.origin))

    def fit_all(self, pairs: Sequence[tuple[Node, Callable[[], Expression]]], captures: Captures, then: Then) -> None:
        """Fit several patterns, each to a value that is computed just before."""
        if not pairs:
            then()
            return
        (pattern, value), *others = pairs
        if isinstance(pattern, gast.MatchAs) and pattern.pattern is None and pattern.name is None:
            self.fit_all(others, captures, then)
            return
        self.fit(pattern, self.atom_of(value()), captures, lambda: self.fit_all(others, captures, then))

    def fit_MatchAs(self, pattern: Node, subject: Atom, captures: Captures, then: Then) -> None:
        def bind() -> None:
            self.capture(pattern.name, subject, captures)
            then()

        if pattern.pattern is None:
            bind()
        else:
            self.fit(pattern.pattern, subject, captures, bind)

    def fit_MatchOr(self, pattern: Node, subject: Atom, captures: Captures, then: Then) -> None:
        found = self.names.temporary()
        self.assign(found, FALSE)
        holders: dict[str, str] = {}

        def attempt(patterns: Sequence[Node]) -> None:
            own: Captures = {}

            def success() -> None:
                for name, atom in own.items():
                    holder = holders.get(name)
                    if holder is None:
                        holder = holders[name] = self.names.temporary()
                    self.assign(holder, atom)
                self.assign(found, TRUE)

            self.fit(patterns[0], subject, own, success)
            if patterns[1:]:
                with self.block() as otherwise:
                    attempt(patterns[1:])
                self.emit(core.If(Var(found), (), tuple(otherwise), self.origin))

        attempt(pattern.patterns)
        captures.update({name: Var(holder) for name, holder in holders.items()})
        self.when(Var(found), then)

    def fit_MatchSequence(self, pattern: Node, subject: Atom, captures: Captures, then: Then) -> None:
        parts = pattern.patterns
        stars = [number for number, part in enumerate(parts) if isinstance(part, gast.MatchStar)]
        fixed = len(parts) - len(stars)

        def item(position: int) -> Callable[[], Expression]:
            return lambda: operation(operator.getitem, subject, Const(position))

        def middle(start: int, after: int, length: Atom) -> Callable[[], Expression]:
            def value() -> Expression:
                stop = self.atom_of(operation(operator.sub, length, Const(after)))
                return call(runtime.star_items, subject, Const(start), stop, name="runtime.star_items")

            return value

        def check_length() -> None:
            length = self.do(len, subject, name="len")
            enough = self.atom_of(operation(operator.ge if stars else operator.eq, length, Const(fixed)))
            pairs: list[tuple[Node, Callable[[], Expression]]] = []
            for number, part in enumerate(parts):
                if isinstance(part, gast.MatchStar):
                    if part.name is not None:
                        after = len(parts) - number - 1
                        pairs.append((gast.MatchAs(None, part.name), middle(number, after, length)))
                else:
                    pairs.append((part, item(number - len(parts) if stars and number > stars[0] else number)))
            self.when(enough, lambda: self.fit_all(pairs, captures, then))

        self.when(self.do(runtime.is_sequence, subject, name="runtime.is_sequence"), check_length)

    def fit_MatchMapping(self, pattern: Node, subject: Atom, captures: Captures, then: Then) -> None:
        keys = [self.atom(key) for key in pattern.keys]

        def value(key: Atom) -> Callable[[], Expression]:
            return lambda: operation(operator.getitem, subject, key)

        def rest() -> None:
            if pattern.rest is not None:
                others = self.do(runtime.without_keys, subject, *keys, name="runtime.without_keys")
                captures[pattern.rest] = others
            then()

        def check_keys(remaining: Sequence[Atom]) -> None:
            if remaining:
                present = self.atom_of(operation(operator.contains, subject, remaining[0]))
                self.when(present, lambda: check_keys(remaining[1:]))
            else:
                pairs = [(part, value(key)) for part, key in zip(pattern.patterns, keys)]
                self.fit_all(pairs, captures, rest)

        self.when(self.do(runtime.is_mapping, subject, name="runtime.is_mapping"), lambda: check_keys(keys))

    def fit_MatchClass(self, pattern: Node, subject: Atom, captures: Captures, then: Then) -> None:
        cls = self.atom(pattern.cls)
        known = cls.value if isinstance(cls, Ref) and isinstance(cls.value, type) else None

        def attributes() -> None:
            if known in _SELF and len(pattern.patterns) == 1 and not pattern.kwd_attrs:
                self.fit(pattern.patterns[0], subject, captures, then)
                return
            names = [Const(name) for name in pattern.kwd_attrs]
            positional = self.positional_names(cls, known, len(pattern.patterns))
            parts = [*pattern.patterns, *pattern.kwd_patterns]
            self.fit_attributes(list(zip(parts, [*positional, *names])), known, subject, captures, then)

        self.when(self.do(isinstance, subject, cls, name="isinstance"), attributes)

    def positional_names(self, cls: Atom, known: type | None, count: int) -> list[Atom]:
        if not count:
            return []
        names = getattr(known, "__match_args__", ())
        if known is not None and len(names) >= count:
            return [Const(name) for name in names[:count]]
        found = self.do(runtime.match_arguments, cls, Const(count), name="runtime.match_arguments")
        return [self.atom_of(operation(operator.getitem, found, Const(number))) for number in range(count)]

    def fit_attributes(
        self, pairs: list[tuple[Node, Atom]], known: type | None, subject: Atom, captures: Captures, then: Then
    ) -> None:
        if not pairs:
            then()
            return
        (pattern, name), *others = pairs

        def go_on() -> None:
            self.fit_attributes(others, known, subject, captures, then)

        def value() -> None:
            reading = call(getattr, subject, name, name="getattr")
            if isinstance(pattern, gast.MatchAs) and pattern.pattern is None and pattern.name is None:
                go_on()
            else:
                self.fit(pattern, self.atom_of(reading), captures, go_on)

        if known is not None and isinstance(name, Const) and name.value in _sure_attributes(known):
            value()
        else:
            self.when(self.do(hasattr, subject, name, name="hasattr"), value)


def _is_simple(pattern: Node) -> bool:
    """Whether the pattern is one test and binds nothing."""
    if isinstance(pattern, gast.MatchOr):
        return all(map(_is_simple, pattern.patterns))
    if isinstance(pattern, gast.MatchClass):
        return not pattern.patterns and not pattern.kwd_patterns
    return isinstance(pattern, (gast.MatchValue, gast.MatchSingleton))


def _sure_attributes(cls: type) -> tuple[Any, ...]:
    """The attributes that every instance of the class has: fields of a data class or of a named tuple."""
    if dataclasses.is_dataclass(cls):
        return tuple(item.name for item in dataclasses.fields(cls))
    return tuple(getattr(cls, "_fields", ())) if issubclass(cls, tuple) else ()
