from __future__ import annotations

import operator
import random

import pytest

from tests.transforms.interpreter import interpret
from transforms import core, operations
from transforms.core import Assign, Call, Const, For, Function, Handler, If, Raise, Ref, Return, Try, Var, While, With
from transforms.ssa import ssa


def add(target: str, left: object, right: object) -> Assign:
    return Assign(target, Call(Ref(operator.add), (_atom(left), _atom(right))))


def _atom(thing: object) -> core.Atom:
    return Var(thing) if isinstance(thing, str) else Const(thing)


def bindings(block: core.Block) -> list[tuple[str | None, object]]:
    return [(s.target, s.value) for s in core.walk(block) if isinstance(s, Assign)]


def test_straight_line() -> None:
    new = ssa(Function("f", ("x",), (add("y", "x", 1), add("y", "y", 2), Return(Var("y")))))
    assert [target for target, _ in bindings(new.body)] == ["y", "y_1"]
    assert new.result == Var("y_1")


def test_nothing_to_do_is_the_same_object() -> None:
    function = Function("f", ("x",), (add("y", "x", 1), Return(Var("y"))))
    assert ssa(function) is function


def test_join_after_if() -> None:
    body = (add("y", "x", 1), If(Var("x"), (add("y", "y", 2),)), Return(Var("y")))
    new = ssa(Function("f", ("x",), body))
    branch = new.body[1]
    assert isinstance(branch, If)
    assert branch.body[-1] == Assign("y_2", Var("y_1"))
    assert branch.orelse == (Assign("y_2", Var("y")),)
    assert new.result == Var("y_2")


def test_dead_name_is_not_joined() -> None:
    body = (add("y", "x", 1), If(Var("x"), (add("y", "y", 2),)), Return(Var("x")))
    new = ssa(Function("f", ("x",), body))
    assert isinstance(new.body[1], If) and new.body[1].orelse == ()


def test_raising_branch_joins_nothing() -> None:
    body = (If(Var("x"), (add("x", "x", 2),), (Raise(Ref(ValueError)),)), Return(Var("x")))
    new = ssa(Function("f", ("x",), body))
    assert new.result == Var("x_1")
    assert [target for target, _ in bindings(new.body)] == ["x_1"]


def test_loop_keeps_the_users_name_for_the_header() -> None:
    body = (Assign("y", Const(0)), For("i", Var("x"), (add("y", "y", "i"),)), Return(Var("y")))
    new = ssa(Function("f", ("x",), body))
    assert bindings(new.body) == [
        ("y_1", Const(0)),
        ("y", Var("y_1")),
        ("y_2", Call(Ref(operator.add), (Var("y"), Var("i")))),
        ("y", Var("y_2")),
    ]
    assert new.result == Var("y")


def test_name_of_the_iteration_only_is_not_carried() -> None:
    body = (Assign("y", Const(0)), For("i", Var("x"), (Assign("y", Var("i")), add("z", "y", 1))), Return(Var("x")))
    new = ssa(Function("f", ("x",), body))
    assert [target for target, _ in bindings(new.body)] == ["y", "y_1", "z"]


def test_target_of_for_that_is_read_afterwards() -> None:
    body = (Assign("i", Const(7)), For("i", Var("x"), ()), Return(Var("i")))
    new = ssa(Function("f", ("x",), body))
    assert interpret(new, (1, 2)) == 2 and interpret(new, ()) == 7


def test_conditionally_bound_in_a_loop() -> None:
    body = (
        Assign("seen", Const(False)),
        For("i", Var("x"), (If(Var("i"), (Assign("y", Var("i")), Assign("seen", Const(True)))),)),
        If(Var("seen"), (), (Assign("y", Const(-1)),)),
        Return(Var("y")),
    )
    new = ssa(Function("f", ("x",), body))
    assert Assign("y_1", Ref(operations.UNBOUND)) in new.body or Assign("y", Ref(operations.UNBOUND)) in new.body
    assert interpret(new, (0, 3, 0)) == 3 and interpret(new, (0, 0)) == -1
    assert ssa(new).body == new.body


def test_names_in_try_are_shared() -> None:
    body = (
        Assign("y", Const(1)),
        Try(
            (Assign("y", Const(2)), Assign("_1", Call(Ref(operator.truediv), (Const(1), Var("x")))), add("y", "_1", 5)),
            (Handler(Ref(ZeroDivisionError), None, (Assign("z", Var("y")),)),),
        ),
        Return(Var("y")),
    )
    new = ssa(Function("f", ("x",), body))
    assert {target for target, _ in bindings(new.body)} == {"y", "_1", "z"}
    assert interpret(new, 0) == 2 and interpret(new, 1) == 6


def test_with_target() -> None:
    import contextlib

    body = (
        Assign("_1", Call(Ref(contextlib.nullcontext), (Var("x"),))),
        With(Var("_1"), "x", (add("x", "x", 1),)),
        Return(Var("x")),
    )
    new = ssa(Function("f", ("x",), body))
    assert interpret(new, 3) == 4
    assert new.result == Var("x_2")


class Generator:
    """Random programs over four names, which end within a bounded number of steps."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.number = 0

    def block(self, depth: int) -> core.Block:
        return tuple(s for _ in range(self.random.randint(1, 4)) for s in self.statement(depth))

    def name(self) -> str:
        return self.random.choice("abcd")

    def statement(self, depth: int) -> core.Block:
        kind = self.random.randint(0, 8 if depth else 3)
        if kind <= 2:
            return (add(self.name(), self.name(), self.random.randint(0, 3)),)
        if kind == 3:
            return (Assign(self.name(), Var(self.name())),)
        self.number += 1
        test = f"t{self.number}"
        make = Assign(test, Call(Ref(operator.mod), (Var(self.name()), Const(2))))
        if kind <= 5:
            orelse = self.block(depth - 1) if self.random.random() < 0.5 else ()
            body = self.block(depth - 1)
            if self.random.random() < 0.15:
                body += (Raise(Ref(KeyError)),)
            return (make, If(Var(test), body, orelse))
        if kind == 6:
            count = f"n{self.number}"
            step = Assign(count, Call(Ref(operator.sub), (Var(count), Const(1))))
            return (Assign(count, Const(3)), While(Var(count), (*self.block(depth - 1), step)))
        if kind == 7:
            return (For(self.name(), Const((1, 2)), self.block(depth - 1)),)
        risky = Assign(None, Call(Ref(operator.truediv), (Const(1), Var(self.name()))))
        handler = Handler(Ref(ZeroDivisionError), None, self.block(depth - 1))
        return (Try((*self.block(depth - 1), risky, *self.block(depth - 1)), (handler,)),)


def outcome(function: Function, *arguments: int) -> object:
    try:
        return interpret(function, *arguments)
    except UnboundLocalError:
        return UnboundLocalError
    except KeyError:
        return KeyError
    except ZeroDivisionError:
        return ZeroDivisionError


@pytest.mark.parametrize("seed", range(60))
def test_random_programs(seed: int) -> None:
    generate = Generator(seed)
    result = Assign("r", Call(Ref(operations.make_tuple), (Var("a"), Var("b"), Var("c"))))
    function = Function("f", ("a", "b"), (*generate.block(3), result, Return(Var("r"))))
    new = ssa(function)
    again = ssa(new)
    assert again.body == new.body
    for arguments in [(0, 0), (1, 2), (2, 1), (3, 3)]:
        expected = outcome(function, *arguments)
        if expected is not UnboundLocalError:  # such programs may fail in another way, or at another place
            assert outcome(new, *arguments) == expected
    if not any(isinstance(s, Try) for s in core.walk(function.body)):
        check_single(new)


def check_single(function: Function) -> None:
    """Outside of joins every name has one binding."""
    counts: dict[str, int] = {}
    for statement in core.walk(function.body):
        if isinstance(statement, Assign) and not isinstance(statement.value, Call):
            continue
        for name in core.writes(statement):
            counts[name] = counts.get(name, 0) + 1
    assert all(count == 1 for count in counts.values()), counts
