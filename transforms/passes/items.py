"""NumPy scalars become Python floats where nothing can tell the difference.

    t = u[i]                    t = u.item(i)
    r = np.sin(x)               r = float(np.sin(x))
    s = t * r - t               s = t * r - t

Python computes with its own floats three to four times as fast as with NumPy's scalars, and sums, differences,
products and comparisons of float64 are the same numbers in both.  Divisions and powers are not (Python raises where
NumPy warns), nor are methods and attributes; so a number stays a NumPy scalar if it, or what is computed from it,
gets into one of those.  A quotient is the same if the divisor cannot be zero, as in `y / (1.0 + x * x)`, or if it
stays a NumPy scalar.  Results of functions are converted where enough is computed from them.  Only float64; needs the
abstract values of the names.
"""

from __future__ import annotations

import dataclasses
import math
import operator
from collections import Counter
from typing import Any

import numpy as np

from transforms import operations
from transforms.core import (
    Assign,
    Atom,
    Block,
    Call,
    Const,
    For,
    Function,
    If,
    Names,
    Origin,
    Ref,
    Return,
    Statement,
    Var,
    While,
    atoms_of,
    binding_counts,
    blocks_of,
    by_identity,
    is_call_in,
    is_call_of,
    names_in,
    walk,
    with_blocks,
)
from transforms.passes.effects import Effect, effect_of
from transforms.values import Array, Literal, Number, Sequence, Value

FLOAT = np.dtype(np.float64)
ARITHMETIC = (operator.add, operator.sub, operator.mul, operator.neg, operator.pos, operator.not_, abs)
COMPARISONS = (operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne)
_OPERATIONS = by_identity(*ARITHMETIC, *COMPARISONS)
OPERATIONS_EACH = 3  # so many operations have to become faster for a conversion
# functions that take a Python float for what it is, and whose result does not become one
TAKERS = (
    np.sin, np.cos, np.tan, np.exp, np.tanh, np.sqrt, np.log, np.arctan, np.sinh, np.cosh, np.abs, np.maximum,
    np.minimum, np.add, np.multiply, np.subtract, np.negative, np.hypot, np.arctan2, np.log1p, np.expm1,
)  # fmt: skip


def items(function: Function) -> Function:
    """The program with elements of arrays read as Python floats where that is exact."""
    if not function.values:
        return function
    finder = _Finder(function)
    reads, results = finder.convertible()
    if not reads and not results:
        return function
    converter = _Converter(function, reads, results)
    body = converter.block(function.body)
    body = _wrap_results(function, body, finder.reached(reads | results), finder.returned, converter.names)
    return function.replace(body=body, values=converter.values)


class _Returned:
    """What a function returns: its result, and the tuples and lists that this is made of."""

    def __init__(self, function: Function) -> None:
        self.values = function.values or {}
        self.statements = [s for s in walk(function.body) if isinstance(s, Assign)]
        self.unknown: set[str] = set()  # names in it of which it is not known whether they are numbers
        self.numbers: list[str] = []  # numbers in it, once for each place
        self.names: set[str] = set()
        self.add(function.result, True)
        known = -1
        while len(self.names) > known:
            known = len(self.names)
            for statement in self.statements:
                self.look(statement)
        for statement in self.statements:
            if is_call_of(statement.value, operations.make_tuple) and statement.target in self.names:
                for atom in statement.value.atoms:  # type: ignore[union-attr]
                    self.add(atom, True)

    def add(self, atom: Atom, count: bool = False) -> None:
        if not isinstance(atom, Var) or isinstance(value := self.values.get(atom.name), Array):
            return
        if isinstance(value, Number):
            self.numbers += [atom.name] if count else []
        else:
            self.names.add(atom.name)

    def look(self, statement: Assign) -> None:
        value = statement.value
        if not isinstance(value, Call):
            if statement.target in self.names:
                self.add(value)
        elif is_call_of(value, list.append) and getattr(value.arguments[0], "name", "") in self.names:
            self.unknown.update(atom.name for atom in value.arguments[1:] if isinstance(atom, Var))
            self.add(value.arguments[1])
        elif statement.target in self.names and is_call_of(value, operations.make_tuple):
            for atom in value.arguments:
                self.add(atom)
        elif statement.target in self.names and is_call_of(value, list.pop, operator.getitem):
            self.add(value.arguments[0])

    @property
    def unsafe(self) -> set[str]:
        """The names that must not become Python floats, because nothing can turn them back."""
        made = {s.target for s in self.statements if is_call_of(s.value, operations.make_tuple)}
        return self.unknown | {name for name in self.names if name not in made}


def _wrap_results(function: Function, body: Block, floats: set[str], returned: _Returned, names: Names) -> Block:
    """What the function returns stays a NumPy scalar where it was one."""
    values = function.values or {}

    def wrapped(atom: Atom, before: list[Statement], origin: Origin | None) -> Atom:
        if not isinstance(atom, Var) or atom.name not in floats or not _is_numpy_number(values.get(atom.name)):
            return atom
        name = names.temporary()
        before.append(Assign(name, Call(Ref(np.float64, "np.float64"), (atom,)), origin))
        return Var(name)

    def visit(block: Block) -> Block:
        result: list[Statement] = []
        for statement in block:
            if blocks_of(statement):
                statement = with_blocks(statement, map(visit, blocks_of(statement)))
            if isinstance(statement, Return):
                statement = Return(wrapped(statement.value, result, statement.origin), statement.origin)
            elif isinstance(statement, Assign) and is_call_of(statement.value, operations.make_tuple):
                if statement.target in returned.names:
                    call: Any = statement.value
                    items = tuple(wrapped(atom, result, statement.origin) for atom in call.arguments)
                    statement = dataclasses.replace(statement, value=Call(call.function, items))
            result.append(statement)
        return tuple(result)

    return visit(body)


def _is_numpy_number(value: Value | None) -> bool:
    return isinstance(value, Number) and not value.python


class _Finder:
    """Follows elements through the operations that keep them exact."""

    def __init__(self, function: Function) -> None:
        self.function, self.values = function, function.values or {}
        self.unsafe: set[str] = set()
        self.sources: dict[str, set[str]] = {}  # name -> what it is computed from
        self.results: dict[str, set[str]] = {}
        self.reads: list[str] = []
        self.calls: list[str] = []  # results of other functions that are NumPy scalars
        self.arithmetic: list[tuple[str, tuple[Atom, ...]]] = []  # what is the same for both kinds of numbers
        self.bound = binding_counts(function)
        self.nonzero = Signs(function, self.bound)
        self.returned = _Returned(function)
        self.unsafe |= self.returned.unsafe

    def convertible(self) -> tuple[frozenset[str], frozenset[str]]:
        """The reads that may be of Python floats, and the results of other functions that are worth converting."""
        for statement in walk(self.function.body):
            self.look(statement)
        work = list(self.unsafe)
        while work:
            for other in self.sources.get(work.pop(), ()):
                if other not in self.unsafe:
                    self.unsafe.add(other)
                    work.append(other)
        reads = frozenset(name for name in self.reads if name not in self.unsafe)
        calls = frozenset(name for name in self.calls if name not in self.unsafe and self.bound[name] == 1)
        return reads, self.worthwhile(reads, calls)

    def worthwhile(self, reads: frozenset[str], calls: frozenset[str]) -> frozenset[str]:
        """The results whose conversion makes operations faster, if those are more than the conversions."""
        while calls:
            faster = self.faster(reads | calls) - self.faster(reads)
            used = {
                atom.name
                for target, operands in self.arithmetic
                for atom in operands
                if target in faster and isinstance(atom, Var)
            }
            if used >= calls:
                wraps = sum(name in faster or name in calls for name in self.returned.numbers)
                return calls if len(faster) - 2 * wraps >= OPERATIONS_EACH * len(calls) else frozenset()
            calls &= used
        return calls

    def faster(self, converted: frozenset[str]) -> set[str]:
        """The results of arithmetic that are Python floats if these numbers are, and were NumPy scalars."""
        slow = {name for name, value in self.values.items() if _is_numpy_number(value) and name not in converted}
        candidates = {target for target, _ in self.arithmetic} & slow
        carried = {name for name in slow if name in self.sources} - candidates
        fast = candidates | carried
        while True:
            others = slow - fast
            wrong = {t for t, operands in self.arithmetic if t in fast and self.has_slow(operands, others)}
            wrong |= {n for n in fast & carried if self.sources[n] & others}
            if not wrong:
                return fast & candidates
            fast -= wrong

    @staticmethod
    def has_slow(operands: tuple[Atom, ...], slow: set[str]) -> bool:
        return any(isinstance(atom, Var) and atom.name in slow for atom in operands)

    def reached(self, reads: frozenset[str]) -> set[str]:
        """The names that hold Python floats once these reads do."""
        found, work = set(reads), list(reads)
        while work:
            for other in self.results.get(work.pop(), ()):
                if other not in found:
                    found.add(other)
                    work.append(other)
        return found

    def look(self, statement: Statement) -> None:
        if isinstance(statement, Assign) and isinstance(statement.value, Call):
            self.call(statement.target, statement.value)
        elif isinstance(statement, Assign):
            if statement.target is not None:
                self.link(statement.target, statement.value)  # type: ignore[arg-type]
        elif not isinstance(statement, (If, While, For, Return)):
            self.block(atoms_of(statement))

    def call(self, target: str | None, call: Call) -> None:
        function = call.function.value if isinstance(call.function, Ref) else None
        operands = call.arguments
        if target is not None and is_element(call, self.values):
            self.reads.append(target)
        elif is_call_of(call, operations.make_tuple, list.append, list.pop, operator.getitem):
            self.container(target, call)
        elif is_call_of(call, operator.setitem) and isinstance(self.value(operands[0]), Array):
            self.block(operands[:2])
        elif call.keywords or not all(map(self.is_double, operands)):
            self.block((call.function, *call.atoms))
            self.result(target, call)
        elif is_call_in(call, _OPERATIONS) or self.is_harmless_division(call):
            for atom in operands:
                self.link(target, atom)
            if target is not None:
                self.arithmetic.append((target, operands))
        elif is_call_of(call, operator.truediv) and _is_numpy_number(self.value(operands[1])):
            self.block(operands[1:])  # it stays as it is, and so does the kind of division
            self.result(target, call)
        elif is_call_of(call, operator.iadd, operator.isub) and isinstance(self.value(operands[0]), Array):
            pass  # an array takes a float as it takes a NumPy scalar
        else:
            if not (is_call_of(call, *TAKERS) or getattr(function, "__module__", None) == "math"):
                self.block((call.function, *call.atoms))
            self.result(target, call)

    def result(self, target: str | None, call: Call) -> None:
        """Note what other functions return."""
        if target is not None and _is_numpy_number(self.values.get(target)) and self.is_double(Var(target)):
            if effect_of(call) is Effect.PURE and not is_call_of(call, np.float64, np.asarray):
                self.calls.append(target)

    def is_harmless_division(self, call: Call) -> bool:
        """Whether a division is of arrays, or by what cannot be zero."""
        if not is_call_of(call, operator.truediv):
            return False
        is_array = any(isinstance(self.value(atom), Array) for atom in call.arguments)
        return is_array or self.nonzero.is_nonzero(call.arguments[1])

    def is_double(self, atom: Atom) -> bool:
        """Whether an operand promotes a Python float and a NumPy float64 to the same."""
        value = self.value(atom)
        match value:
            case Literal():
                return type(value.value) in (int, float)
            case Number():
                return value.dtype == FLOAT or (value.dtype.kind in "iub" and value.python)
            case Array():
                return value.dtype == FLOAT
        return False

    def container(self, target: str | None, call: Call) -> None:
        """Tuples and tapes hand on what is put into them."""
        if is_call_of(call, list.append):
            self.link(call.arguments[0].name, call.arguments[1])  # type: ignore[union-attr]
        elif is_call_of(call, operations.make_tuple):
            for atom in call.arguments:
                self.link(target, atom)
        else:
            self.link(target, call.arguments[0])

    def link(self, target: str | None, atom: Atom) -> None:
        """`target` holds a Python float if `atom` does."""
        if target is None or not isinstance(atom, Var) or isinstance(self.values.get(atom.name), Array):
            return
        if not isinstance(self.values.get(target), Array):
            self.sources.setdefault(target, set()).add(atom.name)
            self.results.setdefault(atom.name, set()).add(target)

    def block(self, atoms: tuple[Atom, ...]) -> None:
        self.unsafe.update(atom.name for atom in atoms if isinstance(atom, Var))

    def value(self, atom: Atom) -> Value | None:
        if isinstance(atom, Const):
            return Literal(atom.value)
        return self.values.get(atom.name) if isinstance(atom, Var) else None


def is_element(call: Call, values: dict[str, Value]) -> bool:
    """Whether a call reads one element of a float64 array by integer indices."""
    if not is_call_of(call, operator.getitem) or not isinstance(call.arguments[0], Var):
        return False
    array, index = values.get(call.arguments[0].name), call.arguments[1]
    if not isinstance(array, Array) or array.dtype != FLOAT or not array.shape:
        return False
    kinds: list[Value | None]
    if isinstance(index, Const):
        items = index.value if isinstance(index.value, tuple) else (index.value,)
        return len(items) == len(array.shape) and all(type(item) is int for item in items)
    value = values.get(index.name) if isinstance(index, Var) else None
    kinds = list(value.items) if isinstance(value, Sequence) and value.kind is tuple else [value]
    return len(kinds) == len(array.shape) and all(
        (isinstance(kind, Number) and kind.dtype.kind == "i" and kind.python)
        or (isinstance(kind, Literal) and type(kind.value) is int)
        for kind in kinds
    )


class Signs:
    """Which numbers cannot be zero, whatever the arguments are (they may be no number at all)."""

    def __init__(self, function: Function, bound: Counter[str]) -> None:
        self.made = {
            s.target: s.value
            for s in walk(function.body)
            if isinstance(s, Assign) and s.target is not None and bound[s.target] == 1
        }

    def is_nonzero(self, atom: Atom) -> bool:
        """Whether an atom cannot be zero: it is a constant, or the sum of a positive one and what is not negative."""
        if isinstance(atom, Const):
            return type(atom.value) in (int, float) and bool(atom.value)
        return self.is_positive(atom, 4)

    def is_positive(self, atom: Atom, depth: int) -> bool:
        if isinstance(atom, Const):
            return type(atom.value) in (int, float) and atom.value > 0
        call = self.call(atom)
        if call is None or not is_call_of(call, operator.add) or depth == 0:
            return False
        pairs = (call.arguments, call.arguments[::-1])
        return any(self.is_positive(a, depth - 1) and self.is_not_negative(b, depth - 1) for a, b in pairs)

    def is_not_negative(self, atom: Atom, depth: int) -> bool:
        if isinstance(atom, Const):
            return type(atom.value) in (int, float) and atom.value >= 0
        call = self.call(atom)
        if call is None or depth == 0:
            return False
        if is_call_of(call, operator.mul):
            first, second = call.arguments
            return first == second or all(self.is_not_negative(a, depth - 1) for a in call.arguments)
        if is_call_of(call, operator.add):
            return all(self.is_not_negative(a, depth - 1) for a in call.arguments)
        if is_call_of(call, operator.pow):
            return call.arguments[1] in (Const(2), Const(2.0))
        return is_call_of(call, np.exp, np.sqrt, np.abs, np.cosh, abs, math.exp, math.sqrt)

    def call(self, atom: Atom) -> Call | None:
        made = self.made.get(atom.name) if isinstance(atom, Var) else None
        return made if isinstance(made, Call) and not made.keywords else None


class _Converter:
    def __init__(self, function: Function, reads: frozenset[str], results: frozenset[str]) -> None:
        self.values = dict(function.values or {})
        self.reads, self.results = reads, results
        self.names = Names(names_in(function))

    def block(self, block: Block) -> Block:
        result: list[Statement] = []
        for statement in block:
            statement = with_blocks(statement, [self.block(inner) for inner in blocks_of(statement)])
            if isinstance(statement, Assign) and isinstance(statement.value, Call):
                if statement.target in self.reads:
                    array, index = statement.value.arguments
                    call = Call(Ref(operations.method), (array, Const("item"), index))
                    statement = Assign(statement.target, call, statement.origin, statement.comment)
                elif statement.target in self.results:
                    name = self.names.temporary()
                    self.values[name] = self.values[statement.target]
                    result.append(Assign(name, statement.value, statement.origin))
                    call = Call(Ref(float), (Var(name),))
                    statement = Assign(statement.target, call, statement.origin, statement.comment)
            result.append(statement)
        return tuple(result)
