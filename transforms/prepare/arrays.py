"""Lists that NumPy makes arrays of become arrays by a statement of their own."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from transforms import operations, registry
from transforms.analyses.regions import bind
from transforms.core import Assign, Atom, Block, Call, Const, Names, Ref, Statement, Var, blocks_of, with_blocks
from transforms.rules.results.creation import array as array_of
from transforms.values import UNKNOWN, Array, Many, Sequence, Value, may_be_differentiable


def arrays_of_lists(body: Block, names: Names, values: dict[str, Value]) -> Block:
    """What NumPy makes an array of is made one before: `np.std(items)` is `np.std(np.array(items))`."""
    result: list[Statement] = []
    for statement in body:
        inner = blocks_of(statement)
        if inner:
            statement = with_blocks(statement, [arrays_of_lists(block, names, values) for block in inner])
        elif isinstance(statement, Assign) and isinstance(statement.value, Call):
            arrays, joined = _array_arguments(statement.value, values)
            swap: dict[Atom, Atom] = {}
            for atom in arrays:
                swap[atom] = _as_array(atom, names, values, result, statement.origin)
            for atom in joined:
                swap[atom] = _of_arrays(atom, names, values, result, statement.origin)
            if swap:
                call = statement.value
                arguments = tuple(swap.get(atom, atom) for atom in call.arguments)
                keywords = tuple((key, swap.get(atom, atom)) for key, atom in call.keywords)
                statement = Assign(statement.target, Call(call.function, arguments, keywords), statement.origin)
        result.append(statement)
    return tuple(result)


def _as_array(atom: Var, names: Names, values: dict[str, Value], result: list[Statement], origin: Any) -> Var:
    array = names.temporary()
    values[array] = array_of(values[atom.name]) or UNKNOWN
    result.append(Assign(array, Call(Ref(np.array), (atom,)), origin))
    return Var(array)


def _of_arrays(atom: Var, names: Names, values: dict[str, Value], result: list[Statement], origin: Any) -> Var:
    """The same list or tuple, with those of its items that are lists made arrays."""
    sequence = values[atom.name]
    assert isinstance(sequence, Sequence)
    items: list[Atom] = []
    for place, value in enumerate(sequence.items):
        item = Var(names.temporary())
        values[item.name] = value
        result.append(Assign(item.name, Call(Ref(operator.getitem), (atom, Const(place))), origin))
        items.append(_as_array(item, names, values, result, origin) if _becomes_array(value) else item)
    new = names.temporary()
    values[new] = Sequence(tuple, tuple(values[item.name] for item in items if isinstance(item, Var)))
    result.append(Assign(new, Call(Ref(operations.make_tuple), tuple(items)), origin))
    return Var(new)


def _array_arguments(call: Call, values: dict[str, Value]) -> tuple[list[Var], list[Var]]:
    """The arguments of a call that are lists and that NumPy takes for arrays, and those that hold such lists."""
    if not isinstance(call.function, Ref):
        return [], []
    if not any(isinstance(atom, Var) and isinstance(values.get(atom.name), LISTS) for atom in call.atoms):
        return [], []
    function = call.function.value
    entry = registry.lookup(function)
    if entry is None or entry.subject == "creation" or not _takes_arrays(function, call, values):
        return [], []
    arrays: list[Var] = []
    joined: list[Var] = []
    for name, atoms in (bind(entry, call) or {}).items():
        for atom in atoms if name in entry.wrt else ():
            value = values.get(atom.name) if isinstance(atom, Var) else None
            if not isinstance(atom, Var) or value is None:
                continue
            if name not in entry.sequences:
                if _becomes_array(value):
                    arrays.append(atom)
            elif isinstance(value, Sequence) and function is not np.block and any(map(_becomes_array, value.items)):
                joined.append(atom)
    return arrays, joined


LISTS = (Sequence, Many)


def _becomes_array(value: Value) -> bool:
    """Whether a value is a list or tuple of differentiable numbers or arrays, all of one shape."""
    return isinstance(value, LISTS) and may_be_differentiable(value) and isinstance(array_of(value), Array)


def _takes_arrays(function: object, call: Call, values: dict[str, Value]) -> bool:
    """Whether a function is one of NumPy's, or an operator with an array on one side."""
    if isinstance(function, np.ufunc) or (getattr(function, "__module__", None) or "").startswith("numpy"):
        return True
    if getattr(function, "__module__", None) != "_operator" or function is operator.getitem:
        return False
    return any(isinstance(atom, Var) and isinstance(values.get(atom.name), Array) for atom in call.arguments)
