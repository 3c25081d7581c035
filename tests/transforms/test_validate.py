"""The validator: accepts every construct of the core language, and names what breaks its rules."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import pytest

from transforms import operations
from transforms.core import (
    Assign,
    Call,
    Const,
    For,
    Function,
    Handler,
    If,
    Raise,
    Ref,
    Return,
    Try,
    Var,
    While,
    With,
)
from transforms.validate import InvalidProgram, validate

ADD = Call(Ref(operator.add), (Var("x"), Var("y")))
X = Var("x")


def program(*statements: Any, parameters: tuple[str, ...] = ("x", "y")) -> Function:
    return Function("f", parameters, (*statements, Return(X)))


@pytest.mark.parametrize(
    "statements",
    [
        (Assign("a", ADD), Assign("b", Var("a")), Assign("c", Const(1)), Assign("d", Ref(np))),
        (Assign(None, Call(Ref(print), (X,), (("end", Const("")),))), Assign("a", Call(X, (Var("y"),)))),
        (If(X, (Assign("a", ADD),), ()), Assign("b", Var("a"))),  # bound on some path
        (While(X, (Assign("a", X), Assign("x", Var("a")))),),
        (For("i", X, (If(Var("i"), (Assign("b", Var("a")),), ()), Assign("a", Var("i")))),),  # from an earlier turn
        (With(X, "c", (Assign("a", Var("c")),)), With(X, None, ())),
        (
            Try(
                (Assign("a", ADD),),
                (Handler(Ref(ValueError), "e", (Raise(Var("e"), X),)), Handler(None, None, (Raise(),))),
                (Assign("b", Var("a")),),
                (Assign("c", Var("a")),),
            ),
        ),
        (Assign("a", Const((slice(1, None), Ellipsis, None, (1.0, "s", b"b")))), Assign("b", Const(np.float32(1)))),
        (Raise(X),),
        (Assign("_1", Call(Ref(operations.make_tuple))),),
    ],
)
def test_accepted(statements: tuple[Any, ...]) -> None:
    validate(program(*statements))


@pytest.mark.parametrize(
    "function, message",
    [
        (program(Assign("a", Call(Ref(abs), (ADD,)))), "is not an atom"),  # type: ignore[arg-type]
        (program(Assign("a", Call(Ref(abs), (), (("k", ADD),)))), "is not an atom"),  # type: ignore[arg-type]
        (program(Assign("a", Call(Const(1), ()))), "neither a name nor an object"),
        (program(Assign("a", Call(Ref(abs), [X]))), "the arguments are not a tuple"),  # type: ignore[arg-type]
        (program(Assign("a", Call(Ref(abs), (), (("k", X), ("k", X))))), "two keywords"),
        (program(Assign(None, X)), "without target that is not a call"),
        (program(Assign("a b", X)), "'a b' is not a name"),
        (program(Assign("a", Var("b"))), "'b' is read but never bound"),
        (program(Assign("a", Const([1]))), "is not a constant"),
        (program(Assign("a", Const((1, [2])))), "is not a constant"),
        (program(Assign("a", 3)), "is not an atom"),  # type: ignore[arg-type]
        (program(If(ADD, ())), "is not an atom"),  # type: ignore[arg-type]
        (program(If(X, (Return(X),))), "a return that is not the last"),
        (program(Return(X)), "a return that is not the last"),
        (program(If(X, [])), "a block is not a tuple"),  # type: ignore[arg-type]
        (program(While(Var("t"), (Assign("t", X),))), "'t' is read but never bound"),
        (program(For("i", Var("i"), ())), "'i' is read but never bound"),
        (program(With(Var("c"), "c", ())), "'c' is read but never bound"),
        (program(Try((Assign("a", X),))), "neither handlers nor a finally"),
        (program(Try((), (), (Assign("a", X),), (Assign("b", X),))), "an else but no handlers"),
        (program(Try((), (Handler(None, None, ()), Handler(Ref(ValueError), None, ())))), "not the last"),
        (program(Try((), (Handler(Var("q"), None, ()),))), "'q' is read but never bound"),
        (program(Raise(None, X)), "a cause without an exception"),
        (program("x = y"), "str is not a statement"),
        (Function("f", ("x",), (Assign("a", X),)), "the last statement is not a return"),
        (Function("f", ("x",), ()), "not a block with statements"),
        (Function("f", ("x", "x"), (Return(X),)), "two parameters have the same name"),
        (Function("f", (), (Return(X),)), "'x' is read but never bound"),
        (Function("f", ("x",), (Return(ADD),)), "is not an atom"),  # type: ignore[arg-type]
    ],
)
def test_refused(function: Function, message: str) -> None:
    with pytest.raises(InvalidProgram, match=message):
        validate(function)


def test_the_statement_at_fault_is_named() -> None:
    with pytest.raises(InvalidProgram, match=r"in Assign\(target='a', value=Var\(name='nowhere'\)"):
        validate(program(Assign("b", X), Assign("a", Var("nowhere"))))
