"""Common subexpressions: a pure call that was made before, on operands that are unchanged, is not made again.

Comes in: any core program. Goes out: the same program where the second of two equal calls is a copy of the first;
`copies` and `deadcode` do the rest. Never shared are: results that are changed in place or handed out by the
function, reads of memory across a change of that memory, and calls whose effects are unknown.
    >>> import numpy as np, operator
    >>> from transforms.core import Assign, Call, Function, Ref, Return, Var
    >>> from transforms.printer import print_function
    >>> from transforms.values import FLOAT
    >>> body = (
    ...     Assign("a", Call(Ref(np.sin), (Var("x"),))),
    ...     Assign("b", Call(Ref(np.sin), (Var("x"),))),
    ...     Assign("c", Call(Ref(operator.mul), (Var("a"), Var("b")))),
    ...     Return(Var("c")),
    ... )
    >>> floats = dict.fromkeys("xabc", FLOAT)
    >>> print(print_function(cse(Function("f", ("x",), body, values=floats))), end="")
    def f(x):
        a = np.sin(x)
        b = a
        c = a * b
        return c
"""

from __future__ import annotations

import dataclasses
from typing import Any

from transforms import operations, runtime
from transforms.core import (
    Assign,
    Call,
    Expression,
    For,
    Function,
    Statement,
    Var,
    With,
    by_identity,
    is_call_in,
    is_call_of,
    walk,
)
from transforms.passes.effects import Effect, memory_of
from transforms.passes.forward import Forward
from transforms.values import UNKNOWN, Instance, Unknown, is_immutable

_NEVER_SHARED = by_identity(
    operations.make_list,
    operations.make_tape,
    operations.make_dict,
    operations.make_set,
    operations.Cell,
    list,
    dict,
    set,
    object,
    reversed,  # iterators are used up
    iter,
    zip,
    enumerate,
    map,
    filter,
)


def cse(function: Function) -> Function:
    """Make no call twice."""
    return _Shared(function).run()


class _Shared(Forward):
    """Facts are the calls made so far; `available` finds the name that holds a call's result."""

    def __init__(self, function: Function) -> None:
        super().__init__(function)
        self.sharing = Sharing(function)
        self.memory = self.sharing.memory
        self.available: dict[Call, str] = {}
        self.unstable: dict[str, None] = {}  # names that had facts which a change of memory ends

    def assign(self, statement: Assign) -> tuple[Assign, ...]:
        call = statement.value
        if not isinstance(call, Call):
            return (statement,)
        effect = self.memory.effect(call)
        if effect is not Effect.PURE:
            self.memory_changes()
            return (statement,)
        known = self.available.get(call)
        if statement.target is None or known is None or self.facts.get(known) != call:
            return (statement,)
        if not (self.sharing.is_shareable(statement.target) and self.sharing.is_shareable(known)):
            return (statement,)
        return (dataclasses.replace(statement, value=Var(known)),)

    def fact(self, statement: Assign) -> Expression | None:
        call = statement.value
        if not isinstance(call, Call) or self.memory.effect(call) is not Effect.PURE:
            return None
        if is_call_in(call, _NEVER_SHARED) or self.reads_iterator(call):
            return None
        return call

    def _note(self, name: str, expression: Expression) -> None:
        super()._note(name, expression)
        assert isinstance(expression, Call)
        self.available[expression] = name
        if self.memory.is_changing and self.memory.reads_changing_memory(expression):
            self.unstable[name] = None

    def reads_iterator(self, call: Call) -> bool:
        """Whether a call may take items out of an iterator, which the next one does not see."""
        if not is_call_of(call, runtime.sequence) or not isinstance(call.arguments[0], Var):
            return False
        value = (self.function.values or {}).get(call.arguments[0].name, UNKNOWN)
        return isinstance(value, Unknown) or isinstance(value, Instance) and hasattr(value.kind, "__next__")

    def memory_changes(self) -> None:
        # never emptied: the facts of another branch may still be in it
        for name in self.unstable:
            fact = self.facts.get(name)
            if isinstance(fact, Call) and self.memory.reads_changing_memory(fact):
                self.forget(name)

    def statement(self, statement: Statement) -> tuple[Statement, ...]:
        if self.memory.is_changing and not isinstance(statement, Assign) and self.changes_memory(statement):
            # what a loop's body changes is changed before its second iteration
            self.memory_changes()
            result = super().statement(statement)
            self.memory_changes()
            return result
        return super().statement(statement)

    def changes_memory(self, statement: Statement) -> bool:
        if isinstance(statement, (For, With)):
            return True
        return any(
            isinstance(inner, With | For)
            or (isinstance(inner, Assign) and isinstance(inner.value, Call) and self.memory.effect(inner.value))
            for inner in walk((statement,))
        )


class Sharing:
    """Which names may become two names of one value without anybody noticing."""

    def __init__(self, function: Function) -> None:
        self.function = function
        self.values = function.values or {}
        self.memory = memory_of(function)
        self._handed_out: set[int] | None = None

    def is_shareable(self, name: str) -> bool:
        """Whether nobody can tell that the value has two names: nothing changes it here, and it is not handed out."""
        if is_immutable(self.values.get(name, UNKNOWN)):
            return True
        if not self.memory.is_stable(Var(name)):
            return False
        region: Any = self.memory.regions.of(name)
        return region is None or id(region.find()) not in self.handed_out

    @property
    def handed_out(self) -> set[int]:
        """The regions that the caller gets hold of: those of the result and of all that it holds."""
        if self._handed_out is None:
            self._handed_out = set()
            region: Any = self.memory.regions.of(self.function.result)
            while region is not None and id(region.find()) not in self._handed_out:
                self._handed_out.add(id(region.find()))
                region = region.known_content
        return self._handed_out
