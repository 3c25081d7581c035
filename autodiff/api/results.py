"""Gives a derivative program's result the structure that was asked for, by rewriting its last statements.

The compiler's `derivative` returns a tuple with one gradient for each parameter, or `(value, that tuple)`.  A
convention wants a bare gradient, a tuple, indices, auxiliary outputs.  Doing this in the core program and not
around the call keeps the result closed: it can be printed, read and transformed like any other.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

from transforms import core, operations
from transforms.passes.deadcode import deadcode
from transforms.values import Literal, Value


class Results:
    """Edits the end of a function: `split` takes results apart, `build` and `finish` put the new one together."""

    def __init__(self, function: core.Function) -> None:
        self.function = function
        self.statements = list(function.body[:-1])
        self.origin = function.body[-1].origin
        self.names = core.Names(core.names_in(function))

    def value_of(self, atom: core.Atom) -> Value | None:
        """The abstract value of an atom, where it was found."""
        if isinstance(atom, core.Const):
            return Literal(atom.value)
        if isinstance(atom, core.Var) and self.function.values is not None:
            return self.function.values.get(atom.name)
        return None

    def definition(self, atom: core.Atom) -> core.Expression | None:
        """The expression that a name was last bound to, if that was at the top level of the function."""
        if not isinstance(atom, core.Var):
            return None
        for statement in reversed(self.statements):
            if atom.name in core.all_writes((statement,)):
                if isinstance(statement, core.Assign):
                    found = statement.value
                    return self.definition(found) if isinstance(found, core.Var) else found
                return None
        return None

    def split(self, atom: core.Atom, count: int) -> list[core.Atom]:
        """The items of a tuple: the atoms that it was built from, or reads of its items."""
        made: Any = self.definition(atom)
        if core.is_call_of(made, operations.make_tuple) and len(made.arguments) == count:
            return list(made.arguments)
        if isinstance(atom, core.Const) and isinstance(atom.value, tuple) and len(atom.value) == count:
            return [core.Const(item) for item in atom.value]
        return [self.item(atom, index) for index in range(count)]

    def item(self, atom: core.Atom, index: Any) -> core.Atom:
        """One item, or a slice, of a tuple."""
        made: Any = self.definition(atom)
        if core.is_call_of(made, operations.make_tuple):
            if isinstance(index, int):
                return made.arguments[index]
            return self.build(made.arguments[index])
        return self.call(operator.getitem, atom, core.Const(index))

    def build(self, items: Sequence[core.Atom]) -> core.Atom:
        """A tuple of these atoms."""
        return self.call(operations.make_tuple, *items)

    def call(self, function: Any, *arguments: core.Atom) -> core.Atom:
        """The name of the result of a call."""
        name = self.names.temporary()
        self.statements.append(core.Assign(name, core.Call(core.Ref(function), arguments), self.origin))
        return core.Var(name)

    def run(self, function: Any, *arguments: core.Atom) -> None:
        """A call made for its effect."""
        self.statements.append(core.Assign(None, core.Call(core.Ref(function), arguments), self.origin))

    def finish(self, atom: core.Atom) -> core.Function:
        """The function with this result; what is not needed any more is gone."""
        return deadcode(self.function.replace(body=(*self.statements, core.Return(atom, self.origin))))
