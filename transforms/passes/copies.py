"""Copy and constant propagation: a name that is a copy of another, or of a constant, is read as that.

Comes in: any core program.  Goes out: the same program where copies are no longer read, so that `deadcode` drops them.
Of a temporary and the user's name for it, the user's name is the one that is read from there on.

    >>> import operator
    >>> from transforms.core import Assign, Call, Const, Function, Ref, Return, Var
    >>> from transforms.printer import print_function
    >>> body = (
    ...     Assign("y", Var("x")),
    ...     Assign("a", Const(3.0)),
    ...     Assign("z", Call(Ref(operator.mul), (Var("y"), Var("a")))),
    ...     Return(Var("z")),
    ... )
    >>> print(print_function(copies(Function("f", ("x",), body))), end="")
    def f(x):
        y = x
        a = 3.0
        z = x * 3.0
        return z
"""

from __future__ import annotations

from transforms.core import Assign, Atom, Call, Const, Expression, Function, Ref, Var, is_call_of, is_temporary
from transforms.passes.effects import INPLACE
from transforms.passes.forward import Forward


def copies(function: Function) -> Function:
    """Read the originals of copies."""
    return _Copies(function).run()


class _Copies(Forward):
    def atom(self, atom: Atom) -> Atom:
        if isinstance(atom, Var):
            fact = self.facts.get(atom.name)
            if fact is not None and isinstance(fact, (Var, Const, Ref)):
                return fact
        return atom

    def replace_atoms(self, statement: Assign) -> Assign:
        new = super().replace_atoms(statement)
        if new is not statement and is_call_of(statement.value, *INPLACE):
            # `x += e` keeps its first operand: it is the notation, and the same object anyway
            old, call = statement.value, new.value
            assert isinstance(old, Call) and isinstance(call, Call)
            if old.arguments and old.arguments[0] == Var(statement.target or ""):
                return Assign(
                    new.target,
                    Call(call.function, (old.arguments[0], *call.arguments[1:]), call.keywords),
                    new.origin,
                    new.comment,
                )
        return new

    def assign(self, statement: Assign) -> tuple[Assign, ...]:
        if statement.target is not None and statement.value == Var(statement.target):
            return ()
        return (statement,)

    def fact(self, statement: Assign) -> Expression | None:
        return statement.value if isinstance(statement.value, (Var, Const, Ref)) else None

    def learn(self, name: str, expression: Expression) -> None:
        if isinstance(expression, Var) and is_temporary(expression.name) and not is_temporary(name):
            # from here on the temporary is read by the name that the user gave it
            super().learn(expression.name, Var(name))
        else:
            super().learn(name, expression)
