"""The walk that the forward passes share: at every statement, what is known of the names that it reads.

A *fact* says that a name was last bound to an atom or to a call of which the operands still have the values that they
had then. Facts hold along straight lines, are forgotten when a name in them is bound anew, and go into branches;
after a branch those remain that both sides leave alone, and a loop starts with those that its body leaves alone."""

from __future__ import annotations

import dataclasses
import operator
from typing import Any

from transforms.core import (
    Assign,
    Atom,
    Block,
    Call,
    Expression,
    For,
    Function,
    If,
    Statement,
    Try,
    Var,
    While,
    With,
    all_writes,
    map_atoms,
    writes,
)

Facts = dict[str, Expression]


class Forward:
    """A forward pass: subclasses say how an atom that is read changes, and how an assignment does."""

    def __init__(self, function: Function) -> None:
        self.function = function
        self.values = function.values or {}
        self.facts: Facts = {}
        self.users: dict[str, set[str]] = {}  # name -> names of which some fact, perhaps an old one, mentions it

    def run(self) -> Function:
        body = self.block(self.function.body)
        return self.function if body is self.function.body else self.function.replace(body=body)

    # ------------------------------------------------------------------------------------ what subclasses override

    def atom(self, atom: Atom) -> Atom:
        """What to read instead of an atom."""
        return atom

    def assign(self, statement: Assign) -> Block:
        """What to put in the place of an assignment whose atoms have been replaced."""
        return (statement,)

    def fact(self, statement: Assign) -> Expression | None:
        """What an assignment says of its target."""
        return None

    # ------------------------------------------------------------------------------------------------------- facts

    def forget(self, name: str) -> None:
        """The name gets another value."""
        self.facts.pop(name, None)
        for user in self.users.get(name, ()):
            if user in self.facts and _mentions(self.facts[user], name):
                del self.facts[user]

    def restore(self, facts: Facts) -> None:
        """Exactly these facts hold."""
        self.facts = dict(facts)

    def learn(self, name: str, expression: Expression) -> None:
        self._note(name, expression)

    def _note(self, name: str, expression: Expression) -> None:
        self.facts[name] = expression
        operands: tuple[Any, ...] = (expression,)
        if isinstance(expression, Call):
            operands = (expression.function, *expression.atoms)
        for operand in operands:
            if isinstance(operand, Var):
                self.users.setdefault(operand.name, set()).add(name)

    def forget_all(self, names: set[str]) -> None:
        for name in names:
            self.forget(name)

    def enter_join(self) -> None:
        """Hook: control comes from several places."""

    # -------------------------------------------------------------------------------------------------------- walk

    def block(self, block: Block) -> Block:
        result: list[Statement] = []
        changed = False
        for statement in block:
            new = self.statement(statement)
            changed = changed or len(new) != 1 or new[0] is not statement
            result += new
        return tuple(result) if changed else block

    def branch(self, block: Block, facts: Facts) -> Block:
        """A block that starts with a copy of these facts."""
        self.restore(facts)
        return self.block(block)

    def statement(self, statement: Statement) -> Block:
        match statement:
            case Assign():
                return self._assign(statement)
            case If():
                return (self._if(statement),)
            case While() | For():
                return (self._loop(statement),)
            case With():
                new = map_atoms(statement, self.atom)
                self.forget_all(set(writes(statement)))
                body = self.block(statement.body)
                self.forget_all(all_writes(statement.body))
                return (dataclasses.replace(new, body=body),)  # type: ignore[arg-type]
            case Try():
                return (self._try(statement),)
        new = map_atoms(statement, self.atom)
        return (statement if new == statement else new,)

    def _assign(self, statement: Assign) -> Block:
        result = self.assign(self.replace_atoms(statement))
        for new in result:
            assert isinstance(new, Assign)
            if new.target is not None:
                self.forget(new.target)
                fact = self.fact(new)
                if fact is not None and not _mentions(fact, new.target):
                    self.learn(new.target, fact)
        return result

    def replace_atoms(self, statement: Assign) -> Assign:
        value = statement.value
        if isinstance(value, Call):
            function = self.atom(value.function)
            arguments = tuple(map(self.atom, value.arguments))
            keywords = value.keywords and tuple([(key, self.atom(atom)) for key, atom in value.keywords])
            same = function is value.function and all(map(operator.is_, arguments, value.arguments))
            if same and (not keywords or all([one[1] is two[1] for one, two in zip(keywords, value.keywords)])):
                return statement
            return Assign(statement.target, Call(function, arguments, keywords), statement.origin, statement.comment)
        atom = self.atom(value)
        return statement if atom is value else Assign(statement.target, atom, statement.origin, statement.comment)

    def _if(self, statement: If) -> Statement:
        test = self.atom(statement.test)
        before = self.facts
        body = self.branch(statement.body, before)
        after_body = self.facts
        orelse = self.branch(statement.orelse, before)
        after_else = self.facts
        self.facts = {
            name: fact
            for name, fact in after_body.items()
            if (other := after_else.get(name)) is fact or (other is not None and other == fact)
        }
        self.enter_join()
        if test is statement.test and body is statement.body and orelse is statement.orelse:
            return statement
        return If(test, body, orelse, statement.origin)

    def _loop(self, statement: While | For) -> Statement:
        written = {*all_writes(statement.body), *writes(statement)}
        iterable = self.atom(statement.iterable) if isinstance(statement, For) else None
        self.forget_all(written)
        self.enter_join()
        before = self.facts
        new: Statement = statement
        if isinstance(statement, While):
            test = self.atom(statement.test)
            body = self.branch(statement.body, before)
            if test is not statement.test or body is not statement.body:
                new = While(test, body, statement.origin)
        else:
            assert iterable is not None
            body = self.branch(statement.body, before)
            if iterable is not statement.iterable or body is not statement.body:
                new = For(statement.target, iterable, body, statement.origin)
        self.restore(before)
        self.enter_join()
        return new

    def _try(self, statement: Try) -> Statement:
        written = all_writes((statement,))
        new = map_atoms(statement, lambda atom: atom)
        assert isinstance(new, Try)
        self.facts = {
            name: fact for name, fact in self.facts.items() if name not in written and not _mentions(fact, *written)
        }
        before = self.facts
        self.enter_join()
        body = self.branch(statement.body, before)
        orelse = self.branch(statement.orelse, before)
        handlers = []
        for handler in new.handlers:
            self.enter_join()
            handlers.append(dataclasses.replace(handler, body=self.branch(handler.body, before)))
        self.enter_join()
        final = self.branch(statement.finalbody, before)
        self.restore(before)
        self.enter_join()
        return Try(body, tuple(handlers), orelse, final, statement.origin)


def _mentions(expression: Expression, *names: str) -> bool:
    operands: tuple[Any, ...] = (expression,)
    if isinstance(expression, Call):
        operands = (expression.function, *expression.atoms)
    return any(isinstance(operand, Var) and operand.name in names for operand in operands)
