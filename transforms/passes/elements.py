"""Elements of arrays that are changed several times in a row are stored once.

    t = a[0]                        t = a[0]
    s = t + x                       s = t + x
    a[0] = s
    r = a[0]
    q = r + y                       q = s + y
    a[0] = q                        a[0] = q

Only float64 arrays that are made in the function and have one name, and only along straight lines; an element is told
from another by constant indices.  What is computed is the same, in the same order.  Needs the abstract values of the
names.

    >>> import numpy as np, operator
    >>> from transforms.core import Assign, Call, Const, Function, Ref, Return, Var
    >>> from transforms.printer import print_function
    >>> from transforms.values import Array, Number, Size
    >>> number, vector = Number(np.dtype(np.float64)), Array(np.dtype(np.float64), (Size("n"),))
    >>> def read(name):
    ...     return Assign(name, Call(Ref(operator.getitem), (Var("a"), Const(0))))
    >>> def store(name):
    ...     return Assign(None, Call(Ref(operator.setitem), (Var("a"), Const(0), Var(name))))
    >>> def add(name, other):
    ...     return Assign(name, Call(Ref(operator.add), (Var(other), Var("x"))))
    >>> made = Assign("a", Call(Ref(np.zeros, "np.zeros"), (Var("n"),)))
    >>> body = (made, read("t"), add("s", "t"), store("s"), read("r"), add("q", "r"), store("q"), Return(Var("a")))
    >>> values = {"a": vector, **dict.fromkeys("xtsrq", number)}
    >>> print(print_function(elements(Function("f", ("n", "x"), body, values=values))), end="")
    def f(n, x):
        a = np.zeros(n)
        t = a[0]
        s = t + x
        r = s
        q = r + x
        a[0] = q
        return a
"""

from __future__ import annotations

import dataclasses
import operator
from dataclasses import dataclass, field

import numpy as np

from transforms import operations
from transforms.core import (
    Assign,
    Atom,
    Block,
    Call,
    Const,
    Function,
    If,
    Ref,
    Statement,
    Try,
    Var,
    While,
    With,
    binding_counts,
    blocks_of,
    is_call_of,
    reads,
    walk,
    with_blocks,
)
from transforms.passes.effects import ALLOCATIONS, Effect, memory_of
from transforms.passes.items import is_element
from transforms.values import UNKNOWN, Array, Number, is_immutable

FLOAT = np.dtype(np.float64)
FRESH = (operator.add, operator.sub, operator.mul, operator.truediv, operator.neg, operator.pow, operator.matmul)


def elements(function: Function) -> Function:
    """The program without stores to elements that are overwritten, and without reads of what was just stored."""
    if not function.values or any(isinstance(s, (Try, With)) for s in walk(function.body)):
        return function  # where an exception is caught, what was stored before it may be seen
    if not any(isinstance(s, Assign) and is_call_of(s.value, operator.setitem) for s in walk(function.body)):
        return function
    rewriter = _Rewriter(function)
    body = rewriter.block(function.body)
    return function.replace(body=body) if rewriter.changed else function


@dataclass(slots=True)
class _Array:
    """What is known of one array at a place of a block."""

    stored: dict[Atom, Var] = field(default_factory=dict)  # index -> what stands there
    pending: dict[Atom, int] = field(default_factory=dict)  # index -> a store that nothing has read yet


class _Rewriter:
    def __init__(self, function: Function) -> None:
        self.function = function
        self.values = function.values or {}
        statements = list(walk(function.body))
        self.bound = binding_counts(function)
        self.memory = memory_of(function)
        self.own = self.arrays(statements)
        self.known: dict[str, _Array] = {}
        self.changed = False

    def arrays(self, statements: list[Statement]) -> set[str]:
        """The arrays that are made here and have one name until the function returns them."""
        own = set()
        for s in statements:
            if isinstance(s, Assign) and s.target is not None and is_call_of(s.value, *ALLOCATIONS):
                value = self.values.get(s.target)
                if isinstance(value, Array) and value.dtype == FLOAT and self.bound[s.target] == 1:
                    own.add(s.target)
        last = self.function.body[-1]
        for statement in statements:
            if own and statement is not last and not self.makes_no_name(statement):
                own.difference_update(reads(statement))
        return own

    def makes_no_name(self, statement: Statement) -> bool:
        """Whether a statement gives nothing that it reads another name or place."""
        if not isinstance(statement, Assign) or not isinstance(statement.value, Call):
            return isinstance(statement, (If, While))
        call = statement.value
        if is_call_of(call, operations.make_tuple):
            return self.function.result == Var(statement.target or "")
        if is_call_of(call, operator.setitem):
            return isinstance(self.values.get(getattr(call.arguments[0], "name", "")), Array)
        if self.memory.effect(call) is not Effect.PURE:
            return False
        if is_immutable(self.values.get(statement.target or "", UNKNOWN)):
            return True
        assert isinstance(call.function, Ref)
        return is_call_of(call, *FRESH) or isinstance(call.function.value, np.ufunc)

    def block(self, block: Block) -> Block:
        self.known = {}
        result: list[Statement | None] = []
        for statement in block:
            if blocks_of(statement):
                statement = with_blocks(statement, [self.block(inner) for inner in blocks_of(statement)])
                self.known = {}
            elif isinstance(statement, Assign) and isinstance(statement.value, Call):
                statement = self.assign(statement, statement.value, result)
            else:
                self.forget(reads(statement))
            result.append(statement)
        self.known = {}
        return tuple(statement for statement in result if statement is not None)

    def assign(self, statement: Assign, call: Call, result: list[Statement | None]) -> Assign:
        array = call.arguments[0].name if call.arguments and isinstance(call.arguments[0], Var) else ""
        if array in self.own and statement.target is not None and is_element(call, self.values):
            return self.read(statement, array, call.arguments[1])
        if array in self.own and is_call_of(call, operator.setitem) and Var(array) not in call.arguments[1:]:
            if is_element(Call(Ref(operator.getitem), call.arguments[:2]), self.values):
                self.store(array, call.arguments[1], call.arguments[2], result)
                return statement
        if self.memory.effect(call) is Effect.OPAQUE:
            self.known = {}
        self.forget(reads(statement))
        return statement

    def read(self, statement: Assign, array: str, index: Atom) -> Assign:
        known = self.known.setdefault(array, _Array())
        value = known.stored.get(index)
        if value is not None and self.values.get(value.name) == self.values.get(statement.target or ""):
            self.changed = True
            return dataclasses.replace(statement, value=value)
        known.pending = {other: place for other, place in known.pending.items() if _are_distinct(other, index)}
        return statement

    def store(self, array: str, index: Atom, value: Atom, result: list[Statement | None]) -> None:
        known = self.known.setdefault(array, _Array())
        if index in known.pending:
            result[known.pending[index]] = None
            self.changed = True
        known.stored = {other: kept for other, kept in known.stored.items() if _are_distinct(other, index)}
        if self.is_lasting(index):
            known.pending[index] = len(result)
            if isinstance(value, Var) and self.is_lasting(value) and self.is_number(value):
                known.stored[index] = value
        else:
            known.pending.pop(index, None)

    def forget(self, names: tuple[str, ...]) -> None:
        for name in names:
            self.known.pop(name, None)

    def is_lasting(self, atom: Atom) -> bool:
        return isinstance(atom, Const) or (isinstance(atom, Var) and self.bound[atom.name] == 1)

    def is_number(self, atom: Var) -> bool:
        value = self.values.get(atom.name)
        return isinstance(value, Number) and value.dtype == FLOAT


def _are_distinct(first: Atom, second: Atom) -> bool:
    """Whether two indices surely name different elements."""
    if not isinstance(first, Const) or not isinstance(second, Const) or first == second:
        return False
    one, two = (c.value if isinstance(c.value, tuple) else (c.value,) for c in (first, second))
    return all(type(item) is int and item >= 0 for item in (*one, *two))
