"""Bring a specialised program into the form that reverse mode reads.

Loops over things that may carry a derivative become loops over indices; `x[i] = x[i] op y` on a view, which Python
writes for `x[i] op= y`, loses the store that stores a view into itself; calls of functions that change their arguments,
or whose result shares memory that is changed, are inlined, so that aliasing is seen whole.  Program in, program out;
names stay single-assignment and keep their abstract values.

    for row in rows:            steps = range(len(rows))
        total = total + row     for k in steps:
                                    row = rows[k]
                                    total = total + row
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from transforms import operations, registry, runtime
from transforms.analyses.regions import INPLACE, Regions, Summaries, bind, find_regions, getitem_shares
from transforms.attempts import split_attempts
from transforms.core import (
    Assign,
    Atom,
    Block,
    Call,
    Const,
    For,
    Function,
    Names,
    Ref,
    Statement,
    Try,
    Var,
    While,
    With,
    atoms_of,
    blocks_of,
    is_call_of,
    names_in,
    walk,
    with_blocks,
)
from transforms.rules.results.creation import array as array_of
from transforms.subscripts import getitem_is_view
from transforms.templates import inline, value_of
from transforms.values import INTEGER, UNKNOWN, Array, Instance, Many, Sequence, Value, may_be_differentiable

LARGEST_INLINED = 40  # statements of a callee without loops that is written out where it is called
LARGEST_GROWTH = 300  # statements that this may add to one function

Specialise = Callable[[Function, tuple[Value, ...]], Function]


def prepare(function: Function, summaries: Summaries, specialise: Specialise) -> Function:
    """The program in the form that `reverse` reads; `specialise` finds the types again where callees were inlined."""
    function = _again(function, _inline_small(function), specialise)
    while True:
        function = _again(function, split_attempts(function, summaries), specialise)
        function = _normalise(function)
        regions = find_regions(function, summaries)
        values: dict[str, Value] = dict(function.values or {})
        new = _inline_sharing(function.body, regions, summaries, Names(names_in(function)), values)
        if new == function.body:
            return function
        function = _again(function, function.replace(body=new), specialise)


def _again(old: Function, new: Function, specialise: Specialise) -> Function:
    if new.body is old.body:
        return old
    values = old.values or {}
    known = tuple(values.get(name, UNKNOWN) for name in old.parameters)
    return specialise(new.replace(values=None, source=None), known)


def _normalise(function: Function) -> Function:
    values: dict[str, Value] = dict(function.values or {})
    names = Names(names_in(function))
    body = _array_methods(function.body, names, values)
    body = _arrays_of_lists(body, names, values)
    body = _index_loops(_drop_self_stores(body, values), names, values)
    return function.replace(body=body, values=values)


def _inline_small(function: Function) -> Function:
    """Write out the calls of small functions without loops."""
    names = Names(names_in(function))
    growth = 0

    def visit(block: Block) -> Block:
        nonlocal growth
        result: list[Statement] = []
        changed = False
        for statement in block:
            inner = blocks_of(statement)
            new_inner = tuple(visit(b) for b in inner)
            if any(a is not b for a, b in zip(inner, new_inner)):
                statement, changed = with_blocks(statement, new_inner), True
            callee = _callee(statement)
            if callee is not None and growth < LARGEST_GROWTH and is_small(callee):
                assert isinstance(statement, Assign) and isinstance(statement.value, Call)
                body, value = inline(callee, statement.value.arguments, names, {})
                body = visit(body)
                growth += len(body)
                result += body
                if statement.target is not None:
                    result.append(Assign(statement.target, value, statement.origin))
                changed = True
            else:
                result.append(statement)
        return tuple(result) if changed else block

    body = visit(function.body)
    return function if body is function.body else function.replace(body=body)


def _callee(statement: Statement) -> Function | None:
    call = statement.value if isinstance(statement, Assign) else None
    if isinstance(call, Call) and isinstance(call.function, Ref) and isinstance(call.function.value, Function):
        return call.function.value
    return None


def is_small(function: Function) -> bool:
    """Whether a function is short, without loops and handlers, and does not call itself."""
    statements = list(walk(function.body))
    if len(statements) > LARGEST_INLINED or any(isinstance(s, (For, While, Try, With)) for s in statements):
        return False
    return not is_recursive(function)


# --------------------------------------------------------------------------------------------------------------- loops


def _index_loops(body: Block, names: Names, values: dict[str, Value]) -> Block:
    result: list[Statement] = []
    for statement in body:
        statement = with_blocks(statement, [_index_loops(inner, names, values) for inner in blocks_of(statement)])
        if isinstance(statement, For) and isinstance(statement.iterable, Var):
            value = value_of(statement.iterable, values)
            if may_be_differentiable(value) and not (isinstance(value, Instance) and value.kind not in (list, tuple)):
                result += _indexed(statement, value, names, values)
                continue
        result.append(statement)
    return tuple(result)


def _indexed(loop: For, value: Value, names: Names, values: dict[str, Value]) -> list[Statement]:
    origin, source = loop.origin, loop.iterable
    before: list[Statement] = []
    if value == UNKNOWN:
        source = Var(names.temporary())
        before.append(Assign(source.name, Call(Ref(runtime.sequence), (loop.iterable,)), origin))
        values[source.name] = UNKNOWN
    length, steps, index = names.temporary(), names.temporary(), names.fresh("k")
    values.update({length: INTEGER, steps: Instance(range), index: INTEGER})
    before.append(Assign(length, Call(Ref(len), (source,)), origin))
    before.append(Assign(steps, Call(Ref(range), (Var(length),)), origin))
    item = Assign(loop.target, Call(Ref(operator.getitem), (source, Var(index))), origin)
    return [*before, For(index, Var(steps), (item, *loop.body), origin)]


# ----------------------------------------------------------------------------------------------------- unknown methods

LIST_METHODS = (("pop", 0), ("pop", 1), ("insert", 2), ("extend", 1), ("remove", 1), ("reverse", 0))
DICT_METHODS = ("items", "values", "keys", "get")
ATTRIBUTES = {"T": np.transpose, "real": np.real, "imag": np.imag}


def _array_methods(body: Block, names: Names, values: dict[str, Value]) -> Block:
    """Methods and attributes of things of unknown type are taken to be those of arrays; the run time checks it."""
    result: list[Statement] = []
    for statement in body:
        statement = with_blocks(statement, [_array_methods(inner, names, values) for inner in blocks_of(statement)])
        if isinstance(statement, Assign) and is_call_of(statement.value, operations.method, getattr):
            assert isinstance(statement.value, Call)
            receiver, name = statement.value.arguments[:2]
            if isinstance(receiver, Var) and values.get(receiver.name, UNKNOWN) == UNKNOWN and isinstance(name, Const):
                result += _array_method(statement, statement.value, receiver, name, names)
                continue
        result.append(statement)
    return tuple(result)


def _array_method(statement: Assign, call: Call, receiver: Var, name: Const, names: Names) -> list[Statement]:
    rest, origin = call.arguments[2:], statement.origin
    if is_call_of(call, getattr):
        function = ATTRIBUTES.get(name.value)
    elif name.value == "append" and len(rest) == 1:
        return [Assign(statement.target, Call(Ref(list.append), (receiver, *rest)), origin)]
    elif (name.value, len(rest)) in LIST_METHODS and not call.keywords:
        function = runtime.pop_at if (name.value, len(rest)) == ("pop", 1) else getattr(list, name.value)
        return [
            Assign(None, Call(Ref(runtime.check_list), (receiver, name)), origin),
            Assign(statement.target, Call(Ref(function, registry.function_name(function)), (receiver, *rest)), origin),
        ]
    elif name.value in DICT_METHODS:
        method = getattr(dict, name.value)
        return [
            Assign(None, Call(Ref(runtime.check_dict), (receiver, name)), origin),
            Assign(statement.target, Call(Ref(method), (receiver, *rest), call.keywords), origin),
        ]
    else:
        function = registry.method_function(name.value)
    if function is None:
        return [statement]
    lines: list[Statement] = [Assign(None, Call(Ref(runtime.check_method), (receiver, name)), origin)]
    if function in (np.reshape, np.transpose) and len(rest) > 1:
        packed = names.temporary()
        lines.append(Assign(packed, Call(Ref(operations.make_tuple), rest), origin))
        rest = (Var(packed),)
    new = Call(Ref(function, registry.function_name(function)), (receiver, *rest), call.keywords)
    return [*lines, Assign(statement.target, new, origin)]


# --------------------------------------------------------------------------------------------------------- self stores


def _drop_self_stores(body: Block, values: dict[str, Value]) -> Block:
    """Drop `x[i] = v` where v is `x[i]` itself, a view that was changed in place just before."""
    result: list[Statement] = []
    views: dict[str, tuple] = {}
    for statement in body:
        statement = with_blocks(statement, [_drop_self_stores(inner, values) for inner in blocks_of(statement)])
        call = statement.value if isinstance(statement, Assign) else None
        if isinstance(statement, Assign) and isinstance(call, Call) and isinstance(call.function, Ref):
            function = call.function.value
            if function is operator.getitem and statement.target is not None:
                container, index = (value_of(atom, values) for atom in call.arguments)
                target = values.get(statement.target, UNKNOWN)
                if isinstance(container, Array) and isinstance(target, Array):
                    if getitem_shares(container, index, target) and _is_surely_view(index):
                        views[statement.target] = call.arguments
            elif function in INPLACE and isinstance(call.arguments[0], Var):
                if call.arguments[0].name in views and statement.target is not None:
                    if isinstance(values.get(call.arguments[0].name), Array):
                        views[statement.target] = views[call.arguments[0].name]
            elif function is operator.setitem and isinstance(call.arguments[2], Var):
                if views.get(call.arguments[2].name) == call.arguments[:2]:
                    continue
        result.append(statement)
    return tuple(result)


def _is_surely_view(index: Value) -> bool:
    return getitem_is_view(index) is True


# ------------------------------------------------------------------------------------------------------------ inlining


def _inline_sharing(
    body: Block, regions: Regions, summaries: Summaries, names: Names, values: dict[str, Value]
) -> Block:
    result: list[Statement] = []
    for statement in body:
        statement = with_blocks(
            statement, [_inline_sharing(inner, regions, summaries, names, values) for inner in blocks_of(statement)]
        )
        if isinstance(statement, Assign) and isinstance(statement.value, Call):
            callee = statement.value.function.value if isinstance(statement.value.function, Ref) else None
            if isinstance(callee, Function) and _shares(statement, statement.value, callee, regions, summaries, values):
                if not is_recursive(callee):
                    block, value = inline(callee, statement.value.arguments, names, values)
                    result += block
                    if statement.target is not None:
                        result.append(Assign(statement.target, value, statement.origin))
                    continue
        result.append(statement)
    return tuple(result)


def _shares(
    statement: Assign,
    call: Call,
    callee: Function,
    regions: Regions,
    summaries: Summaries,
    values: dict[str, Value],
) -> bool:
    """Whether a call changes memory of its caller, or mixes memory that the caller changes."""
    summary = summaries(callee)
    if statement.target is not None and not isinstance(values.get(statement.target), Array):
        if regions.is_mutated(statement.target):
            return True  # one array may stand in the result twice
    if any(slot[0] == "parameter" for slot in summary.mutated) or summary.changes_captured:
        return True
    if any(map(regions.changes_outside, summary.outside)):
        return True  # it reads a global that its caller changes
    if not summary.classes:
        return False
    atoms = (*call.arguments, *((Var(statement.target),) if statement.target is not None else ()))
    return any(isinstance(atom, Var) and regions.is_mutated(atom) for atom in atoms)


def is_recursive(function: Function) -> bool:
    """Whether a function calls itself, directly or through others; instances for other types count as itself."""
    seen: set[Function] = set()
    work = [function]
    while work:
        for callee in callees(work.pop()):
            if callee is function or (function.origin is not None and _identity(callee) == _identity(function)):
                return True
            if callee not in seen:
                seen.add(callee)
                work.append(callee)
    return False


def _identity(function: Function) -> tuple[object, ...]:
    return function.name, function.filename, function.origin


def callees(function: Function) -> list[Function]:
    """The core functions that a function refers to, in order of first occurrence."""
    found: dict[Function, None] = {}
    for statement in walk(function.body):
        for atom in atoms_of(statement):
            if isinstance(atom, Ref) and isinstance(atom.value, Function):
                found[atom.value] = None
    return list(found)


# ---------------------------------------------------------------------------------------------------- lists for arrays


def _arrays_of_lists(body: Block, names: Names, values: dict[str, Value]) -> Block:
    """What NumPy makes an array of is made one before: `np.std(items)` is `np.std(np.array(items))`."""
    result: list[Statement] = []
    for statement in body:
        inner = blocks_of(statement)
        if inner:
            statement = with_blocks(statement, [_arrays_of_lists(block, names, values) for block in inner])
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
