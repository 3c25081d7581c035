"""Adjoints of the tapes of a derivative, where it is differentiated again.

What a derivative appends to one of its tapes is popped again, each item once and the last one first.  So their
cotangents stand on a tape as well, the other way round: the adjoint of a pop is an append, that of an append a pop.
Nothing is done in the primal sweep, and items that get no cotangent are left out.

    tape.append((a, b))       a_bar = tape_bar.pop()          adjoint
    ...                       ...
    a, b = tape.pop()         tape_bar.append(a_bar)          adjoint

A list of the user's own has a shadow instead, see `lists.py`: who knows whether all that it holds is taken out again.
"""

from __future__ import annotations

import operator
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from transforms import operations
from transforms.builder import Builder
from transforms.core import Assign, Atom, Call, Const, Ref, Var, is_call_of, reads, walk, writes
from transforms.reverse.cotangents import Cotangents
from transforms.reverse.plan import Kind, Plan
from transforms.values import Mapping, Record, Sequence, Value

Path = tuple[Any, ...]  # the place of a number or array in a record: of tuples in tuples


@dataclass
class Tape:
    """A tape of which the one append and the one pop are known; `paths`: the parts of a record with a cotangent."""

    name: str
    bar: str
    paths: list[Path] = field(default_factory=list)


class Tapes(Cotangents):
    """Adjoints of what a derivative does with its own tapes."""

    def tape_of(self, statement: Assign) -> Tape | None:
        """The tape that a statement makes, appends to or pops from, if its adjoint is a tape too."""
        if not hasattr(self, "_paired"):
            names = paired_tapes(self.plan)
            self._paired = {name: Tape(name, self.names.fresh(f"{name}_bar")) for name in names}
        if not self._paired or not isinstance(statement.value, Call):
            return None
        if is_call_of(statement.value, operations.make_tape):
            return self._paired.get(statement.target or "")
        if is_call_of(statement.value, list.append, list.pop) and isinstance(statement.value.arguments[0], Var):
            return self._paired.get(statement.value.arguments[0].name)
        return None

    def tape_bars(self) -> list[Assign]:
        """The statements that make the tapes of cotangents."""
        tapes = getattr(self, "_paired", {}).values()
        return [Assign(tape.bar, Call(Ref(operations.make_tape)), None) for tape in tapes if tape.paths]

    def tape_operation(self, tape: Tape, statement: Assign, primal: Builder, adjoint: Builder) -> None:
        """A tape is made, appended to or popped from."""
        primal.statements.append(statement)
        if is_call_of(statement.value, list.pop) and statement.target is not None:
            self._push_cotangents(tape, statement.target, adjoint)
        elif is_call_of(statement.value, list.append) and tape.paths:
            assert isinstance(statement.value, Call)
            self._pop_cotangents(tape, statement.value.arguments[1], adjoint)

    def _push_cotangents(self, tape: Tape, record: str, adjoint: Builder) -> None:
        parts = self._parts_of(record) if self.kind(record) is Kind.VALUE else []
        found = [(path, self.take(leaf, adjoint)) for path, leaf in parts]
        live = [(path, g) for path, g in found if g is not None]
        tape.paths = [path for path, _ in live]
        if live:
            g = live[0][1] if len(live) == 1 else adjoint.call(operations.make_tuple, *(g for _, g in live))
            adjoint.do(list.append, Var(tape.bar), g)

    def _pop_cotangents(self, tape: Tape, record: Atom, adjoint: Builder) -> None:
        entry: Atom = adjoint.call(list.pop, Var(tape.bar))
        for place, path in enumerate(tape.paths):
            part = self._part(record, path)
            if part is not None:
                g = entry if len(tape.paths) == 1 else adjoint.call(operator.getitem, entry, Const(place))
                self.accumulate(Var(part), g, adjoint)

    def _part(self, record: Atom, path: Path) -> str | None:
        """The name under which the cotangent of a part of a record is kept; None where it has none."""
        if not isinstance(record, Var) or self.kind(record) is not Kind.VALUE:
            return None
        part: str | None = record.name
        for key in path:
            assert part is not None and self.is_structured(part)
            part = dict(self.slots(part)).get(key)
            if part is None:
                return None  # a constant
        return part

    def _parts_of(self, name: str, path: Path = ()) -> list[tuple[Path, str]]:
        """The names under which the cotangents of the parts of a record are kept, by their paths."""
        if not self.is_structured(name):
            return [(path, name)]
        return [part for key, slot in self.slots(name) for part in self._parts_of(slot, (*path, key))]


def paired_tapes(plan: Plan) -> list[str]:
    """The tapes with one append and one pop of values that nobody changes, in the order of their making."""
    statements = list(walk(plan.function.body))
    made = [s.target for s in statements if isinstance(s, Assign) and is_call_of(s.value, operations.make_tape)]
    if not made:
        return []
    bound = Counter(name for statement in statements for name in writes(statement))
    used = Counter(name for statement in statements for name in reads(statement))
    uses: dict[str, list[Assign]] = {}
    for statement in statements:
        if isinstance(statement, Assign) and is_call_of(statement.value, list.append, list.pop):
            assert isinstance(statement.value, Call)
            owner = statement.value.arguments[0]
            if isinstance(owner, Var):
                uses.setdefault(owner.name, []).append(statement)
    return [
        name
        for name in made
        if name is not None and bound[name] == 1 and used[name] == 2 and _is_pair(plan, uses.get(name, []))
    ]


def _is_pair(plan: Plan, uses: list[Any]) -> bool:
    """Whether these are an append and the pop of what it appended, and the record is no memory that is changed."""
    if len(uses) != 2:
        return False
    push, pop = uses
    if not (is_call_of(push.value, list.append) and is_call_of(pop.value, list.pop) and len(pop.value.arguments) == 1):
        return False
    record = push.value.arguments[1]
    if plan.kind(record) is Kind.SHADOW or (pop.target is not None and plan.kind(pop.target) is Kind.SHADOW):
        return False
    return pop.target is None or plan.kind(record) is Kind.NONE or _fits(plan.value(record), plan.value(pop.target))


def _fits(record: Value, popped: Value) -> bool:
    """Whether a record has all the structure that is known of what is popped."""
    if not isinstance(popped, (Sequence, Mapping, Record)):
        return True
    keys = [(getattr(value, "keys", ()), getattr(value, "names", ())) for value in (record, popped)]
    return (
        isinstance(record, type(popped))
        and keys[0] == keys[1]
        and len(record.items) == len(popped.items)
        and all(map(_fits, record.items, popped.items))
    )
