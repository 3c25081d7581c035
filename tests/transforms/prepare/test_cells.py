"""Cells that become variables, and those that others can see, which stay."""

from __future__ import annotations

from typing import Any

import pytest

import autodiff as ad
from tests.corpus.functions import variable_of_each_iteration_changed_inside
from tests.transforms.interpreter import interpret
from transforms import operations
from transforms.core import Assign, Block, Call, Const, Function, If, Ref, Return, Var
from transforms.prepare.cells import local_cells
from transforms.printer import print_function
from transforms.validate import validate


def new(target: str, *content: Const) -> Assign:
    return Assign(target, Call(Ref(operations.Cell), content))


def put(cell: str, value: str) -> Assign:
    return Assign(None, Call(Ref(setattr), (Var(cell), Const("value"), Var(value))))


def get(target: str, cell: str) -> Assign:
    return Assign(target, Call(Ref(getattr), (Var(cell), Const("value"))))


def program(*body: Assign | If | Return) -> Function:
    return Function("f", ("x",), body)


def is_changed(function: Function) -> bool:
    after = local_cells(function)
    validate(after)
    return after.body != function.body


def test_a_cell_becomes_a_variable() -> None:
    branch: Block = (put("total_cell", "y"),)
    before = program(new("total_cell", Const(2.0)), get("y", "total_cell"), If(Var("x"), branch), Return(Var("y")))
    after = local_cells(before)
    validate(after)
    assert print_function(after) == "def f(x):\n    total = 2.0\n    y = total\n    if x:\n        total = y\n    return y\n"
    assert interpret(after, True) == interpret(before, True) == 2.0


@pytest.mark.parametrize(
    "use",
    [
        Assign("p", Call(Ref(operations.make_list), (Var("c"),))),
        Assign("p", Var("c")),
        Assign(None, Call(Ref(setattr), (Var("c"), Const("value"), Var("c")))),
        Assign(None, Call(Ref(setattr), (Var("x"), Const("value"), Var("c")))),
        Assign("p", Call(Ref(getattr), (Var("c"), Const("other")))),
        Assign("p", Call(Ref(getattr), (Var("c"), Const("value"), Const(0.0)))),
    ],
)
def test_a_cell_that_something_else_may_see_stays(use: Assign) -> None:
    assert not is_changed(program(new("c", Const(1.0)), use, Return(Var("x"))))


def test_a_cell_that_is_returned_or_bound_twice_stays() -> None:
    assert not is_changed(program(new("c", Const(1.0)), Return(Var("c"))))
    assert not is_changed(program(new("c", Const(1.0)), new("c", Const(2.0)), get("y", "c"), Return(Var("y"))))


def counted(x):
    total = 0.0

    def add(y):
        nonlocal total
        total = total * x + y

    for k in range(3):
        add(x * k)
    return total


@pytest.mark.parametrize(
    ("function", "first", "second"),
    [(counted, 2 * 1.3 + 2, 2.0), (variable_of_each_iteration_changed_inside, 9 * 1.3**2, 18 * 1.3)],  # x² + 2 x, 3 x³
)
def test_derivatives_of_variables_that_inner_functions_change(function: Any, first: float, second: float) -> None:
    gradient = ad.grad(function)
    assert "cell" not in gradient.source_for(1.3)
    assert gradient(1.3) == pytest.approx(first)
    assert ad.grad(gradient)(1.3) == pytest.approx(second)
