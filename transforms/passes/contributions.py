"""The first contribution to an item of a list that is zero is the item.

    t_bar = [0.0, 0.0]                      t_bar = [2.0 * x, 1.0]
    runtime.add_item(t_bar, 1, 1.0)
    runtime.add_item(t_bar, 0, 2.0 * x)

    t_bar[k] = 0.0                          t_bar[k] = s
    runtime.add_item(t_bar, k, s)

Only floats, and only where nothing can see the zero in between.  A negative zero that is added to a zero is kept as it
is.  Needs the abstract values of the names.

    >>> import operator
    >>> from transforms import runtime
    >>> from transforms.core import Assign, Call, Const, Function, Ref, Return, Var
    >>> from transforms.printer import print_function
    >>> from transforms.values import FLOAT, Many
    >>> body = (
    ...     Assign(None, Call(Ref(operator.setitem), (Var("b"), Const(1), Const(0.0)))),
    ...     Assign(None, Call(Ref(runtime.add_item), (Var("b"), Const(1), Var("x")))),
    ...     Return(Var("b")),
    ... )
    >>> f = Function("f", ("b", "x"), body, values={"b": Many(list, FLOAT), "x": FLOAT})
    >>> print(print_function(contributions(f)), end="")
    def f(b, x):
        b[1] = x
        return b
"""

from __future__ import annotations

import dataclasses
import functools
import math
import operator
from dataclasses import dataclass, field

from transforms import operations, runtime
from transforms.analyses.integers import maybe_integers
from transforms.core import (
    Assign,
    Atom,
    Block,
    Call,
    Const,
    Function,
    Ref,
    Statement,
    Try,
    Var,
    With,
    blocks_of,
    is_call_of,
    reads,
    walk,
    with_blocks,
    writes,
)
from transforms.passes.idioms import is_float, is_integer
from transforms.values import Array, Literal, Many, Number, Sequence, Value


def contributions(function: Function) -> Function:
    """The program with first contributions in the place of zeros."""
    statements = list(walk(function.body))
    if not function.values or all(_added(statement) is None for statement in statements):
        return function
    if any(isinstance(statement, (Try, With)) for statement in statements):
        return function  # where an exception is caught, what was stored before it may be seen
    rewriter = _Rewriter(function)
    body = rewriter.block(function.body)
    return function.replace(body=body) if rewriter.changed else function


@dataclass(slots=True)
class _New:
    """A list that nothing has read since it was made: where that is, and its items with what was added to them."""

    place: int
    items: list[Atom]
    touched: set[str] = field(default_factory=set)  # the names among the items


class _Rewriter:
    def __init__(self, function: Function) -> None:
        self.function = function
        self.values: dict[str, Value] = dict(function.values or {})
        self.changed = False

    def block(self, block: Block) -> Block:
        result: list[Statement | None] = []
        new: dict[str, _New] = {}
        zeros: dict[tuple[str, Atom], int] = {}  # (list, place) where a zero was stored that nothing has read yet
        for statement in block:
            if blocks_of(statement):
                statement = with_blocks(statement, [self.block(inner) for inner in blocks_of(statement)])
            added = _added(statement)
            if added is not None:
                if self.adds_to_new(added, result, new) or self.adds_to_zero(statement, added, result, zeros):
                    continue
            self.forget(statement, new, zeros)
            if isinstance(statement, Assign) and isinstance(statement.value, Call):
                self.note(statement, statement.value, len(result), new, zeros)
            result.append(statement)
        return tuple(statement for statement in result if statement is not None)

    def note(
        self,
        statement: Assign,
        call: Call,
        place: int,
        new: dict[str, _New],
        zeros: dict[tuple[str, Atom], int],
    ) -> None:
        """Remember a list that is made, or a zero that is stored."""
        if statement.target is not None and is_call_of(call, operations.make_list):
            names = {atom.name for atom in call.arguments if isinstance(atom, Var)}
            new[statement.target] = _New(place, list(call.arguments), names)
        elif is_call_of(call, operator.setitem) and _is_zero(call.arguments[2]):
            owner, index = call.arguments[:2]
            if isinstance(owner, Var) and _is_list(self.values.get(owner.name)) and is_integer(self.value(index)):
                zeros[owner.name, index] = place

    def adds_to_new(self, call: Call, result: list[Statement | None], new: dict[str, _New]) -> bool:
        """Whether something is added to a zero in a list that was just made: then the list is made here, with it."""
        owner, index, added = call.arguments
        made = new.get(owner.name) if isinstance(owner, Var) else None
        if made is None or not isinstance(index, Const) or type(index.value) is not int or not self.is_float(added):
            return False
        if not -len(made.items) <= index.value < len(made.items) or not _is_zero(made.items[index.value]):
            return False
        made.items[index.value] = added
        if isinstance(added, Var):
            made.touched.add(added.name)
        first = result[made.place]
        assert isinstance(first, Assign) and isinstance(first.value, Call)
        result[made.place], made.place = None, len(result)
        result.append(dataclasses.replace(first, value=Call(first.value.function, tuple(made.items))))
        self.changed = True
        return True

    def adds_to_zero(
        self, statement: Statement, call: Call, result: list[Statement | None], zeros: dict[tuple[str, Atom], int]
    ) -> bool:
        """Whether something is added to a zero that was just stored: then it is stored instead."""
        owner, index, added = call.arguments
        if not isinstance(owner, Var) or not self.is_float(added) or (owner.name, index) not in zeros:
            return False
        result[zeros.pop((owner.name, index))] = None
        store = Call(Ref(operator.setitem), (owner, index, added))
        result.append(Assign(None, store, statement.origin))
        self.changed = True
        return True

    def forget(self, statement: Statement, new: dict[str, _New], zeros: dict[tuple[str, Atom], int]) -> None:
        """Forget the lists that a statement may see or change."""
        inside = list(walk((statement,)))
        bound = {name for inner in inside for name in writes(inner)}
        read = {name for inner in inside for name in reads(inner)}
        for name in [n for n, made in new.items() if n in bound or n in read or not made.touched.isdisjoint(bound)]:
            del new[name]
        for owner, index in list(zeros):
            rebound = owner in bound or isinstance(index, Var) and index.name in bound
            if rebound or not self.is_apart(statement, owner, index):
                del zeros[owner, index]

    def is_apart(self, statement: Statement, owner: str, index: Atom) -> bool:
        """Whether a statement surely sees and changes nothing of an item, whatever names stand for its list."""
        if not isinstance(statement, Assign):
            return False
        call = statement.value
        if not isinstance(call, Call):
            return True  # another name for something: what happens to it is seen when it happens
        if is_call_of(call, operator.getitem, operator.setitem, runtime.add_item) and call.arguments[0] == Var(owner):
            other = call.arguments[1]
            return _is_place(index) and _is_place(other) and index != other
        if not isinstance(call.function, Ref) or isinstance(call.function.value, Function):
            return False
        operands = (self.value(atom) for atom in call.atoms if isinstance(atom, Var))
        return all(isinstance(value, (Number, Array, Literal)) for value in operands)

    # ------------------------------------------------------------------------------------------------- questions

    @functools.cached_property
    def integers(self) -> set[str]:
        return self.function.recall(maybe_integers)

    def value(self, atom: Atom) -> Value | None:
        if isinstance(atom, Const):
            return Literal(atom.value)
        return self.values.get(atom.name) if isinstance(atom, Var) else None

    def is_float(self, atom: Atom) -> bool:
        """Whether an atom surely is a float, so that it is the same as its sum with zero."""
        return is_float(self.value(atom)) and not (isinstance(atom, Var) and atom.name in self.integers)


def _added(statement: Statement) -> Call | None:
    """The call that adds to an item."""
    call = statement.value if isinstance(statement, Assign) else None
    return call if isinstance(call, Call) and is_call_of(call, runtime.add_item) else None


def _is_zero(atom: Atom) -> bool:
    """Whether an atom is the constant 0.0."""
    value = atom.value if isinstance(atom, Const) else None
    return type(value) is float and value == 0 and math.copysign(1, value) > 0


def _is_place(atom: Atom) -> bool:
    """Whether an atom is a constant place, counted from the start."""
    return isinstance(atom, Const) and type(atom.value) is int and atom.value >= 0


def _is_list(value: Value | None) -> bool:
    return isinstance(value, (Sequence, Many)) and value.kind is list
