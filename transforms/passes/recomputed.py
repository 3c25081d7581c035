"""Arrays that are one cheap operation away from what is there anyway are computed again rather than recorded.

    for j in steps:                             for j in steps:
        d = x - means[j]                            d = x - means[j]
        y = d @ a                                   y = d @ a
        tape.append((d, y))                         tape.append(y)
    for j in reversed(steps):                   for j in reversed(steps):
        d, y = tape.pop()                           y = tape.pop()
                                                    d = x - means[j]

A tape holds memory until the backward loop comes, and fresh memory costs more than a sum, difference, or product.  The
operands must be numbers, arrays from before the loop that nothing changes, items of those, or recorded too.  Only for
matrices and larger arrays; part of presentation.  Needs the abstract values of the names.
"""

from __future__ import annotations

import dataclasses
import operator

from transforms import operations
from transforms.core import (
    Assign,
    Atom,
    Block,
    Call,
    Const,
    For,
    Function,
    Names,
    Ref,
    Statement,
    Var,
    binding_counts,
    blocks_of,
    is_call_of,
    is_temporary,
    names_in,
    walk,
    with_blocks,
    writes,
)
from transforms.passes.effects import memory_of
from transforms.passes.tapes import Tape, find_tapes
from transforms.values import UNKNOWN, Array, Literal, Number, Sequence, Value

CHEAP = (operator.add, operator.sub, operator.mul, operator.neg)


def recomputed(function: Function) -> Function:
    """The program with cheap arrays computed where they are read back."""
    if not function.values:
        return function
    found = {name: tape for name, tape in find_tapes(function).items() if len(tape.records) == 1}
    if not found:
        return function
    rewriter = _Rewriter(function, found)
    if not rewriter.recipes:
        return function
    return function.replace(body=rewriter.block(function.body), values=rewriter.values)


@dataclasses.dataclass(slots=True)
class _Recipe:
    """How to compute an item of a tape again, where the tape is popped."""

    steps: list[tuple[str, Call]]  # names as in the forward loop, and what they are bound to
    recorded: list[str]  # numbers that have to be on the tape for it
    columns: dict[str, int] = dataclasses.field(default_factory=dict)  # where they are on it
    indices: dict[str, str] = dataclasses.field(default_factory=dict)  # index of the forward loop -> of the backward


class _Rewriter:
    def __init__(self, function: Function, found: dict[str, Tape]) -> None:
        self.function = function
        self.values: dict[str, Value] = dict(function.values or {})
        self.names = Names(names_in(function))
        self.memory = memory_of(function)
        statements = list(walk(function.body))
        self.bound = binding_counts(function)
        self.made = {
            s.target: s.value
            for s in statements
            if isinstance(s, Assign) and s.target is not None and isinstance(s.value, Call)
        }
        self.early = {*function.parameters, *(name for s in function.body for name in _bound_itself(s))}
        self.tuples: dict[str, tuple[Atom, ...]] = {}  # records, with the numbers that recipes need
        self.recipes: dict[tuple[str, int], _Recipe] = {}  # popped name and item -> how to compute it
        for tape in found.values():
            self.plan(tape)

    def plan(self, tape: Tape) -> None:
        ((record, call),) = tape.records.items()
        items = list(call.arguments)
        indices = _loop_indices(self.function.body, record, tape)
        for k in sorted({k for read in tape.popped.values() for k in read}):
            recipe = self.recipe(items[k], indices) if 0 <= k < len(call.arguments) else None
            if recipe is None:
                continue
            items += [Var(name) for name in recipe.recorded if Var(name) not in items]
            recipe.columns = {name: items.index(Var(name)) for name in recipe.recorded}
            self.recipes.update({(popped, k): recipe for popped, read in tape.popped.items() if k in read})
        self.tuples[record] = tuple(items)
        for popped in tape.popped:
            value = self.values.get(popped)
            if isinstance(value, Sequence) and len(items) > len(call.arguments):
                added = tuple(self.value(item) for item in items[len(call.arguments) :])
                self.values[popped] = Sequence(tuple, (*value.items, *added))

    def recipe(self, item: Atom, indices: dict[str, str]) -> _Recipe | None:
        value = self.value(item)
        if not isinstance(item, Var) or not isinstance(value, Array) or value.rank is None or value.rank < 2:
            return None
        call = self.made.get(item.name)
        if self.bound[item.name] != 1 or call is None or not is_call_of(call, *CHEAP) or value.dtype.kind != "f":
            return None
        recipe = _Recipe([], [], indices=indices)
        if not all(self.supply(atom, recipe) for atom in call.atoms):
            return None
        recipe.steps.append((item.name, call))
        return recipe

    def supply(self, atom: Atom, recipe: _Recipe) -> bool:
        """Whether an operand is available where the tape is popped, perhaps by a step more."""
        if not isinstance(atom, Var):
            return True
        if self.bound[atom.name] != 1:
            return False
        value = self.value(atom)
        if atom.name in self.early:
            return not isinstance(value, Array) or self.memory.is_stable(atom)
        if isinstance(value, Number):
            if atom.name not in recipe.indices and atom.name not in recipe.recorded:
                recipe.recorded.append(atom.name)
            return True
        item = self.made.get(atom.name)
        if item is None or not is_call_of(item, operator.getitem) or not isinstance(value, Array):
            return False
        owner, index = item.arguments
        if not isinstance(self.value(owner), Array) or not self.is_position(index):
            return False
        if not self.supply(owner, recipe) or not self.supply(index, recipe):
            return False
        recipe.steps.append((atom.name, item))
        return True

    def is_position(self, index: Atom) -> bool:
        value = self.value(index)
        if isinstance(value, Literal):
            return type(value.value) is int
        return isinstance(value, Number) and value.dtype.kind == "i"

    def value(self, atom: Atom) -> Value:
        if isinstance(atom, Const):
            return Literal(atom.value)
        return self.values.get(atom.name, UNKNOWN) if isinstance(atom, Var) else UNKNOWN

    # ------------------------------------------------------------------------------------------------------- rewriting

    def block(self, block: Block) -> Block:
        result: list[Statement] = []
        items: list[Assign] = []  # reads of items, one after another
        popped = {name for name, _ in self.recipes}
        for statement in block:
            if blocks_of(statement):
                statement = with_blocks(statement, map(self.block, blocks_of(statement)))
            call = statement.value if isinstance(statement, Assign) else None
            if isinstance(statement, Assign) and isinstance(call, Call):
                if is_call_of(call, operator.getitem) and getattr(call.arguments[0], "name", "") in popped:
                    items.append(statement)
                    continue
                if statement.target in self.tuples and is_call_of(call, operations.make_tuple):
                    new = Call(call.function, self.tuples[statement.target])
                    statement = dataclasses.replace(statement, value=new)
            result += [*self.read(items), statement]
            items = []
        return (*result, *self.read(items))

    def read(self, items: list[Assign]) -> list[Statement]:
        """The reads of the items that are still recorded, and the operations that compute the others from them."""
        names: dict[tuple[str, int], str] = {}  # popped name and item -> the name that it is read as
        wanted: list[tuple[Assign, str, _Recipe]] = []
        reads: list[Statement] = []
        for item in items:
            assert isinstance(item.value, Call) and item.target is not None
            popped, index = item.value.arguments
            assert isinstance(popped, Var)
            place = index.value if isinstance(index, Const) and type(index.value) is int else -1
            recipe = self.recipes.get((popped.name, place))
            if recipe is None:
                names[popped.name, place] = item.target
                reads.append(item)
            else:
                wanted.append((item, popped.name, recipe))
        steps: list[Statement] = []
        for item, popped_name, recipe in wanted:
            new = dict(recipe.indices)
            for name, column in recipe.columns.items():
                if (popped_name, column) not in names:
                    names[popped_name, column] = self.fresh(name)
                    read = Call(Ref(operator.getitem), (Var(popped_name), Const(column)))
                    reads.append(Assign(names[popped_name, column], read, item.origin))
                new[name] = names[popped_name, column]
            for name, step in recipe.steps:
                atoms = tuple(Var(new.get(a.name, a.name)) if isinstance(a, Var) else a for a in step.arguments)
                is_last = name == recipe.steps[-1][0]
                new[name] = item.target if is_last and item.target is not None else self.fresh(name)
                steps.append(Assign(new[name], Call(step.function, atoms), item.origin))
        return [*reads, *steps]

    def fresh(self, name: str) -> str:
        made = self.names.temporary() if is_temporary(name) else self.names.fresh(name)
        self.values[made] = self.values.get(name, UNKNOWN)
        return made


def _bound_itself(statement: Statement) -> tuple[str, ...]:
    return writes(statement) if isinstance(statement, Assign) else ()


def _loop_indices(body: Block, record: str, tape: Tape) -> dict[str, str]:
    """The index of the loop that records and that of the loop that reads back, if they run through the same values.

    Both loops must be statements of the function itself, with one record and one pop in each of their iterations.
    """
    forward = [s for s in body if isinstance(s, For) and any(record in writes(inner) for inner in s.body)]
    backward = [s for s in body if isinstance(s, For) and any(set(tape.popped) & {*writes(inner)} for inner in s.body)]
    if len(forward) != 1 or len(backward) != 1 or len(tape.popped) != 1:
        return {}
    appends = [s for s in forward[0].body if _appends(s, tape.name)]
    every = [s for s in walk(body) if _appends(s, tape.name)]
    made = {s.target: s.value for s in body if isinstance(s, Assign)}
    turned = made.get(getattr(backward[0].iterable, "name", ""))
    if turned is None or len(appends) != 1 or len(every) != 1 or body.index(forward[0]) >= body.index(backward[0]):
        return {}
    if not is_call_of(turned, reversed) or turned.arguments != (forward[0].iterable,):  # type: ignore[union-attr]
        return {}
    return {forward[0].target: backward[0].target}


def _appends(statement: Statement, tape: str) -> bool:
    value = statement.value if isinstance(statement, Assign) else None
    return isinstance(value, Call) and is_call_of(value, list.append) and value.arguments[0] == Var(tape)
