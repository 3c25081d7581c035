"""A copy that nobody can tell from the original is not made.

    y_bar = np.zeros(y.shape)           y_bar = np.zeros(y.shape)
    y_bar[0] = 2.0                      y_bar[0] = 2.0
    x_bar = np.array(y_bar)             return y_bar
    return x_bar

Needs the abstract values of the names.  Multiplication by one is a copy, too.  A copy is not needed

- where the original belongs to this function alone, which made it, and neither it nor a view of it is read later: the
  copy then is a new name for it;
- where the copy is only read for a while, in which nothing changes the original.
"""

from __future__ import annotations

import dataclasses
import operator
from typing import Any

import numpy as np

from transforms import operations
from transforms.analyses.regions import Region
from transforms.core import (
    Assign,
    Block,
    Call,
    Const,
    Expression,
    Function,
    Statement,
    Var,
    all_reads,
    blocks_of,
    is_call_of,
    reads,
    walk,
    with_blocks,
    writes,
)
from transforms.passes.effects import ALLOCATIONS, INPLACE, Effect, memory_of
from transforms.values import Array

_ARITHMETIC = tuple(getattr(operator, name) for name in "add sub mul truediv pow neg matmul".split())
_COPIES = (np.array, np.copy, np.ndarray.copy)


def ownership(function: Function) -> Function:
    """The program without copies that nobody can tell from the original."""
    values = function.values
    if not values or not any(_copied(statement, values) for statement in walk(function.body)):
        return function
    body = _Owners(function).block(function.body, is_whole=True)
    return function if body is function.body else function.replace(body=body)


def _copied(statement: Statement, values: dict[str, Any]) -> str | None:
    """The array of which a statement makes a copy."""
    call = statement.value if isinstance(statement, Assign) else None
    if not isinstance(call, Call) or call.keywords or not isinstance(statement, Assign):
        return None
    if not isinstance(values.get(statement.target or ""), Array):
        return None
    source: Any = None
    if is_call_of(call, *_COPIES) and len(call.arguments) == 1:
        source = call.arguments[0]
    elif is_call_of(call, operations.method) and call.arguments[1:] == (Const("copy"),):
        source = call.arguments[0]
    elif is_call_of(call, operator.mul) and Const(1.0) in call.arguments:
        source = call.arguments[call.arguments[0] == Const(1.0)]
    elif is_call_of(call, operator.truediv) and call.arguments[1] == Const(1.0):
        source = call.arguments[0]
    value = values.get(source.name) if isinstance(source, Var) else None
    if not isinstance(value, Array) or value.dtype.kind != "f" or values.get(statement.target or "") != value:
        return None
    return source.name


def _is_new(expression: Expression) -> bool:
    """Whether an expression that is an array is one in new memory, which may be written to."""
    if not isinstance(expression, Call):
        return False
    if is_call_of(expression, *_ARITHMETIC, *ALLOCATIONS):
        return True
    if is_call_of(expression, np.outer):
        return len(expression.arguments) == 2
    options = {key for key, _ in expression.keywords}
    if is_call_of(expression, *_COPIES):
        return len(expression.arguments) == 1 and options <= {"dtype"}
    if is_call_of(expression, np.sum):
        return len(expression.arguments) <= 2 and options <= {"axis", "keepdims"}
    function: Any = getattr(expression.function, "value", None)
    return isinstance(function, np.ufunc) and not options and len(expression.arguments) == function.nin


class _Owners:
    def __init__(self, function: Function) -> None:
        self.function = function
        self.values = function.values or {}
        self.memory = memory_of(function)
        self.regions = self.memory.regions
        self.bindings: dict[str, list[Any]] = {}  # name -> what it is bound to
        for statement in walk(function.body):
            for name in writes(statement):
                value = statement.value if isinstance(statement, Assign) else None
                self.bindings.setdefault(name, []).append(value)

    def block(self, block: Block, is_whole: bool = False) -> Block:
        """`is_whole`: it is the body of the function."""
        result: list[Statement] = []
        changed = False
        for position, statement in enumerate(block):
            old = blocks_of(statement)
            new = [self.block(inner) for inner in old]
            if any(one is not two for one, two in zip(old, new)):
                statement, changed = with_blocks(statement, new), True
            source = _copied(statement, self.values)
            if source is not None and isinstance(statement, Assign):
                rest = block[position + 1 :]
                if (is_whole and self.dies(source, rest)) or self.is_brief(statement, source, rest):
                    statement, changed = dataclasses.replace(statement, value=Var(source)), True
            result.append(statement)
        return tuple(result) if changed else block

    # ---------------------------------------------------------------------------------------- what is read no more

    def dies(self, source: str, rest: Block) -> bool:
        """Whether the function made the array, and nothing reads its memory in the rest."""
        region = self.regions.of(source)
        if region is None or self.regions.assumed_copies or not self.is_made_here(source, ()):
            return False
        if self.is_held(region):
            return False
        if any(self.regions.of(name) is region for name in self.function.parameters):
            return False
        sharing = [name for name in self.regions.names if self.regions.of(name) is region]
        if not all(self.is_part(name, region) for name in sharing):
            return False
        return all_reads(rest).isdisjoint(sharing)

    def is_held(self, region: Region) -> bool:
        """Whether a container holds the memory, or an object that is not of this function."""
        if any(each.find() is region for each in self.regions.objects.values()):
            return True
        seen: set[int] = set()
        for each in [*self.regions.names.values(), *self.regions.objects.values()]:
            inner = each.find().known_content
            while inner is not None and id(inner) not in seen:
                if inner is region:
                    return True
                seen.add(id(inner))
                inner = inner.known_content
        return False

    def is_made_here(self, name: str, behind: tuple[str, ...]) -> bool:
        """Whether the name is for the whole of an array in new memory, perhaps with its axes in another order."""
        found = self.bindings.get(name, ())
        return bool(found) and all(self.is_making(value, (*behind, name)) for value in found)

    def is_making(self, value: Any, behind: tuple[str, ...]) -> bool:
        if is_call_of(value, *INPLACE, np.transpose, np.swapaxes):
            value = value.arguments[0]
        if isinstance(value, Var):
            return value.name in behind or self.is_made_here(value.name, behind)
        return value is not None and _is_new(value)

    def is_part(self, name: str, region: Region) -> bool:
        """Whether the memory of a name is new, or that of another name of the region."""
        return all(
            value is not None
            and (
                _is_new(value)
                or any(
                    isinstance(atom, Var) and self.regions.of(atom) is region
                    for atom in (value.atoms if isinstance(value, Call) else (value,))
                )
            )
            for value in self.bindings.get(name, ())
        )

    # --------------------------------------------------------------------------------------- what is read for a while

    def is_brief(self, statement: Assign, source: str, rest: Block) -> bool:
        """Whether all that reads the copy comes before anything changes the original."""
        target, region = statement.target, self.regions.of(source)
        assert target is not None
        if len(self.bindings[target]) != 1 or len(self.bindings.get(source, ())) > 1 or region is None:
            return False
        count = sum(reads(each).count(target) for each in walk(self.function.body))
        for each in rest:
            count -= reads(each).count(target)
            if target in reads(each) and not self.only_reads(each, target, region):
                return False
            if count == 0:
                return True
            if any(self.may_change(inner, region) for inner in walk((each,))):
                return False
        return False

    def only_reads(self, statement: Statement, name: str, region: Region) -> bool:
        value = statement.value if isinstance(statement, Assign) else None
        if is_call_of(value, *INPLACE):  # type: ignore[arg-type]
            assert isinstance(value, Call)
            return value.arguments[0] != Var(name) and self.regions.of(value.arguments[0]) is not region
        return value is not None and _is_new(value) and not is_call_of(value, *_COPIES)

    def may_change(self, statement: Statement, region: Region) -> bool:
        call = statement.value if isinstance(statement, Assign) else None
        if not isinstance(call, Call):
            return False
        effect = self.memory.effect(call)
        if effect is Effect.PURE:
            return False
        touched = [self.regions.of(atom) for atom in call.atoms]
        known = all(each is None or each.known_content is None for each in touched)
        return effect is Effect.OPAQUE or not known or any(each is region for each in touched)
