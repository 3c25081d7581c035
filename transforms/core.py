"""The core language: what every transform reads and what every transform writes.

A core program is a `Function`: parameters, and a tuple of statements of which the last, and only the last, is
`Return`.  Every right-hand side is one operation on *atoms* (names, constants, resolved objects).  Control flow is
structured: `If`, `While`, `For`, `With`, `Try`.  There is no `break`, `continue`, early return, nested expression,
comprehension or decorator.  `docs/core-language.md` gives the grammar; `validate.py` enforces it; `printer` prints
it as Python.

There is one kind of operation, the call.  `x + y` is `Call(Ref(operator.add), (x, y))`, `x[i]` is
`Call(Ref(operator.getitem), (x, i))`, `x[i] = v` is `Call(Ref(operator.setitem), (x, i, v))` as a statement without a
target.  The printer gives them their usual notation back.  Operations that have no function in the standard library
(building a tuple, calling a method by name, ...) are the functions of `transforms.operations`.
"""

from __future__ import annotations

import dataclasses
import inspect
import operator
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Union

from transforms.records import distinct_record, record


@record
class Origin:
    """The place in the user's source that a statement came from (lines from 1, columns from 0, in characters)."""

    filename: str
    line: int
    column: int
    end_line: int
    end_column: int
    text: str = ""  # the source line, stripped; quoted in comments of generated code


# ------------------------------------------------------------------------------------------------------------- atoms


@record
class Var:
    """A local name."""

    name: str


@distinct_record
class Const:
    """An immutable Python constant: number, string, bytes, None, Ellipsis, or a slice or tuple of constants."""

    value: Any

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Const) and constant_key(self.value) == constant_key(other.value)

    def __hash__(self) -> int:
        return hash(constant_key(self.value))


@distinct_record
class Ref:
    """A resolved object that is not written as a constant: a function, class, module, cell, or another `Function`.

    `name` is a hint for the printer (`np.sin`, `math.pi`, `helper`); equality is identity of the object.
    """

    value: Any
    name: str = ""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ref) and self.value is other.value

    def __hash__(self) -> int:
        return hash(id(self.value))


Atom = Union[Var, Const, Ref]


def constant_key(value: Any) -> tuple:
    """A hashable key that keeps 1, 1.0 and True apart, 0.0 and -0.0, and works for slices and tuples."""
    if isinstance(value, slice):
        return ("slice", constant_key(value.start), constant_key(value.stop), constant_key(value.step))
    if isinstance(value, tuple):
        return ("tuple", type(value), *(constant_key(item) for item in value))
    if isinstance(value, float):
        return (type(value), value.hex())
    if isinstance(value, complex):
        return (type(value), value.real.hex(), value.imag.hex())
    return (type(value), value)


# ------------------------------------------------------------------------------------------------------- expressions


@record
class Call:
    """One operation.  `function` is a `Ref` where it is known, a `Var` where only the run time knows it."""

    function: Atom
    arguments: tuple[Atom, ...] = ()
    keywords: tuple[tuple[str, Atom], ...] = ()

    @property
    def atoms(self) -> tuple[Atom, ...]:
        """All operands, positional first, then keywords; without the function."""
        if not self.keywords:
            return self.arguments
        return self.arguments + tuple([atom for _, atom in self.keywords])


Expression = Union[Var, Const, Ref, Call]


# -------------------------------------------------------------------------------------------------------- statements


class _Simple:
    """Has room for what is asked of a statement again and again."""

    __slots__ = ("_reads",)
    _reads: tuple[str, ...]


class _Compound:
    """The same for a statement with blocks: what is read and bound by it and in all of them, and what they hold."""

    __slots__ = ("_all_reads", "_all_writes", "_inside")
    _all_reads: frozenset[str]
    _all_writes: frozenset[str]
    _inside: tuple[Statement, ...]


@record
class Assign(_Simple):
    """`target = value`, or, with no target, a call made for its effect."""

    target: str | None
    value: Expression
    origin: Origin | None = None
    comment: str | None = None  # printed above the statement by the printer


@record
class If(_Compound):
    test: Atom
    body: Block
    orelse: Block = ()
    origin: Origin | None = None


@record
class While(_Compound):
    """`while test: body`; the test is a name that the body assigns anew."""

    test: Atom
    body: Block
    origin: Origin | None = None


@record
class For(_Compound):
    """`for target in iterable: body`; the target is one name (unpacking is written out in the body)."""

    target: str
    iterable: Atom
    body: Block
    origin: Origin | None = None


@record
class With(_Compound):
    """`with context as target: body`."""

    context: Atom
    target: str | None
    body: Block
    origin: Origin | None = None


@record
class Handler:
    """`except exception as name: body`; no exception: catches everything."""

    exception: Atom | None
    name: str | None
    body: Block


@record
class Try(_Compound):
    body: Block
    handlers: tuple[Handler, ...] = ()
    orelse: Block = ()
    finalbody: Block = ()
    origin: Origin | None = None


@record
class Raise:
    """`raise exception from cause`; no exception: re-raises the one being handled."""

    exception: Atom | None = None
    cause: Atom | None = None
    origin: Origin | None = None


@record
class Return:
    value: Atom
    origin: Origin | None = None


Statement = Union[Assign, If, While, For, With, Try, Raise, Return]
Block = tuple[Statement, ...]


@dataclass(eq=False)
class Function:
    """A core program.  Equality is identity: two functions with equal bodies are two functions.

    Parameters are plain names here: a star parameter is a name that holds a tuple or a dict.  `signature` says how a
    call binds to them (defaults are in it); None means all positional.  Names of the user's module or closure that
    hold data never occur as `Var`: reading one is `getattr(Ref(module or cell), name)`.
    `values` are the abstract values of the names, once `specialise` has found them.  Only the body may be assigned
    after construction, so that a recursive function can refer to itself.
    """

    name: str
    parameters: tuple[str, ...]
    body: Block
    signature: inspect.Signature | None = None
    filename: str = "<generated>"
    origin: Origin | None = None
    doc: str | None = None
    source: Any = field(default=None, repr=False)  # the Python object that this was read from, if any
    values: dict[str, Any] | None = field(default=None, repr=False)  # name -> transforms.values.Value
    hints: dict[str, str] = field(default_factory=dict, repr=False)  # temporary -> a name that would say what it is
    given: dict[str, Any] = field(default_factory=dict, repr=False)  # what parameters are in every call, by design
    order: int = 0  # how often this is half of a derivative: 1 for the adjoint of a user's function
    is_derivative: bool = False  # whether reverse mode wrote it
    is_pullback: bool = False  # whether it stands for an earlier call, and is to read what that call read
    remembered: dict[Any, Any] = field(default_factory=dict, init=False, repr=False)  # by analysis, see `recall`

    def recall(self, analysis: Callable[[Function], Any]) -> Any:
        """The result of an analysis of this function, made now unless it was made of this same body before.

        What is remembered must not refer to the function: the analysis gets another one with the same body.
        """
        known = self.remembered.get(analysis)
        if known is None or known[0] is not self.body or known[1] is not self.values:
            found = analysis(self.replace(source=None))
            known = self.remembered[analysis] = (self.body, self.values, found)
        return known[2]

    @property
    def result(self) -> Atom:
        last = self.body[-1]
        assert isinstance(last, Return)
        return last.value

    def replace(self, **changes: Any) -> Function:
        return dataclasses.replace(self, **changes)


# --------------------------------------------------------------------------------------------------------- traversal


def blocks_of(statement: Statement) -> tuple[Block, ...]:
    """The blocks nested directly in a statement, in order of execution."""
    kind = statement.__class__
    if kind is Assign:
        return ()
    match statement:
        case If():
            return (statement.body, statement.orelse)
        case While() | For() | With():
            return (statement.body,)
        case Try():
            handlers = (handler.body for handler in statement.handlers)
            return (statement.body, *handlers, statement.orelse, statement.finalbody)
    return ()


def with_blocks(statement: Statement, blocks: Iterable[Block]) -> Statement:
    """The statement with its nested blocks exchanged (same order as `blocks_of`); itself if they are the same."""
    if statement.__class__ is Assign:
        return statement
    new = tuple(map(tuple, blocks))
    if all(map(operator.is_, new, blocks_of(statement))):
        return statement
    match statement:
        case If():
            return If(statement.test, new[0], new[1], statement.origin)
        case While():
            return While(statement.test, new[0], statement.origin)
        case For():
            return For(statement.target, statement.iterable, new[0], statement.origin)
        case With():
            return With(statement.context, statement.target, new[0], statement.origin)
        case Try():
            handlers = tuple(Handler(h.exception, h.name, body) for h, body in zip(statement.handlers, new[1:-2]))
            return Try(new[0], handlers, new[-2], new[-1], statement.origin)
    return statement


def with_origin(block: Block, origin: Origin | None) -> Block:
    """The statements as if they all stood at one place of the user's program."""
    return tuple(
        dataclasses.replace(
            with_blocks(statement, [with_origin(inner, origin) for inner in blocks_of(statement)]), origin=origin
        )
        for statement in block
    )


def walk(block: Block) -> Iterator[Statement]:
    """All statements of a block and of the blocks inside it, outside first, in source order."""
    for statement in block:
        yield statement
        if isinstance(statement, _Compound):
            yield from _inside(statement)


def _inside(statement: Statement) -> tuple[Statement, ...]:
    """All statements of the blocks of a statement, in source order."""
    try:
        return statement._inside  # type: ignore[union-attr]
    except AttributeError:
        found = tuple([inner for block in blocks_of(statement) for inner in walk(block)])
        statement._inside = found  # type: ignore[union-attr]
        return found


def atoms_of(statement: Statement) -> tuple[Atom, ...]:
    """The atoms that a statement reads itself (not those of its nested blocks); includes a call's function."""
    if isinstance(statement, Assign):
        value = statement.value
        return (value.function, *value.atoms) if isinstance(value, Call) else (value,)
    match statement:
        case If() | While():
            return (statement.test,)
        case For():
            return (statement.iterable,)
        case With():
            return (statement.context,)
        case Try():
            return tuple(handler.exception for handler in statement.handlers if handler.exception is not None)
        case Raise():
            return tuple(atom for atom in (statement.exception, statement.cause) if atom is not None)
        case Return():
            return (statement.value,)
    raise TypeError(statement)


def reads(statement: Statement) -> tuple[str, ...]:
    """The names that a statement itself reads."""
    if statement.__class__ is not Assign:
        return tuple([atom.name for atom in atoms_of(statement) if atom.__class__ is Var])
    try:
        return statement._reads
    except AttributeError:
        names = tuple([atom.name for atom in atoms_of(statement) if atom.__class__ is Var])
        statement._reads = names
        return names


def writes(statement: Statement) -> tuple[str, ...]:
    """The names that a statement itself binds (not those bound in its nested blocks)."""
    if statement.__class__ is Assign:
        return () if statement.target is None else (statement.target,)
    match statement:
        case For() | With():
            return (statement.target,) if statement.target is not None else ()
        case Try():
            return tuple(handler.name for handler in statement.handlers if handler.name is not None)
    return ()


def all_reads(block: Block) -> set[str]:
    """The names that the statements of a block read, and those of the blocks inside it."""
    found: set[str] = set()
    for statement in block:
        found.update(_all_reads(statement) if isinstance(statement, _Compound) else reads(statement))
    return found


def _all_reads(statement: Statement) -> frozenset[str]:
    try:
        return statement._all_reads  # type: ignore[union-attr]
    except AttributeError:
        names = frozenset(reads(statement)).union(*map(all_reads, blocks_of(statement)))
        statement._all_reads = names  # type: ignore[union-attr]
        return names


def all_writes(block: Block) -> set[str]:
    """The names that the statements of a block bind, and those of the blocks inside it."""
    found: set[str] = set()
    for statement in block:
        if isinstance(statement, Assign):
            if statement.target is not None:
                found.add(statement.target)
        else:
            found.update(_all_writes(statement) if isinstance(statement, _Compound) else writes(statement))
    return found


def _all_writes(statement: Statement) -> frozenset[str]:
    try:
        return statement._all_writes  # type: ignore[union-attr]
    except AttributeError:
        names = frozenset(writes(statement)).union(*map(all_writes, blocks_of(statement)))
        statement._all_writes = names  # type: ignore[union-attr]
        return names


def names_in(function: Function) -> set[str]:
    """Every name that occurs in the function, or has an abstract value there: none is free for something new."""
    return {*function.parameters, *all_reads(function.body), *all_writes(function.body), *(function.values or ())}


def binding_counts(function: Function) -> Counter[str]:
    """How many statements bind each name; being a parameter counts as one more."""
    return Counter([*function.parameters, *(name for statement in walk(function.body) for name in writes(statement))])


def read_counts(block: Block) -> Counter[str]:
    """How often the statements of a block, and of the blocks inside it, read each name."""
    return Counter(name for statement in walk(block) for name in reads(statement))


def map_atoms(statement: Statement, change: Callable[[Atom], Atom]) -> Statement:
    """The statement with `change` applied to every atom that it reads itself."""
    origin = statement.origin
    match statement:
        case Assign(value=Call() as call):
            keywords = tuple([(key, change(atom)) for key, atom in call.keywords]) if call.keywords else ()
            value = Call(change(call.function), tuple(map(change, call.arguments)), keywords)
            return Assign(statement.target, value, origin, statement.comment)
        case Assign():
            return Assign(statement.target, change(statement.value), origin, statement.comment)  # type: ignore[arg-type]
        case If():
            return If(change(statement.test), statement.body, statement.orelse, origin)
        case While():
            return While(change(statement.test), statement.body, origin)
        case For():
            return For(statement.target, change(statement.iterable), statement.body, origin)
        case With():
            return With(change(statement.context), statement.target, statement.body, origin)
        case Try():
            handlers = tuple(
                Handler(None if h.exception is None else change(h.exception), h.name, h.body)
                for h in statement.handlers
            )
            return dataclasses.replace(statement, handlers=handlers)
        case Raise():
            exception, cause = statement.exception, statement.cause
            return Raise(
                None if exception is None else change(exception), None if cause is None else change(cause), origin
            )
        case Return():
            return Return(change(statement.value), origin)
    raise TypeError(statement)


def map_targets(statement: Statement, change: Callable[[str], str]) -> Statement:
    """The statement with `change` applied to every name that it binds itself; itself where that changes nothing."""
    match statement:
        case Assign() | For() | With() if statement.target is not None:
            target = change(statement.target)
            return statement if target == statement.target else dataclasses.replace(statement, target=target)
        case Try():
            handlers = tuple(
                Handler(h.exception, None if h.name is None else change(h.name), h.body) for h in statement.handlers
            )
            return dataclasses.replace(statement, handlers=handlers)
    return statement


def rename(block: Block, names: dict[str, str]) -> Block:
    """The block with names exchanged, both where they are read and where they are bound."""

    def atom(old: Atom) -> Atom:
        return Var(names.get(old.name, old.name)) if isinstance(old, Var) else old

    def visit(inner: Block) -> Block:
        result = []
        for statement in inner:
            new = map_targets(map_atoms(statement, atom), lambda name: names.get(name, name))
            result.append(with_blocks(new, (visit(b) for b in blocks_of(new))))
        return tuple(result)

    return visit(block)


class Names:
    """A supply of fresh names: `fresh("x")` is `x` the first time, then `x_1`, `x_2`, ...; deterministic.

    `temporary()` names an intermediate result of an expression: `_1`, `_2`, ...; `nest` puts those that are used once
    back into expressions and gives the others a readable name.
    """

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self.taken = set(taken)
        self.counters: dict[str, int] = {}

    def fresh(self, base: str) -> str:
        if base not in self.taken:
            self.taken.add(base)
            return base
        number = self.counters.get(base, 0) + 1
        while f"{base}_{number}" in self.taken:
            number += 1
        self.counters[base] = number
        name = f"{base}_{number}"
        self.taken.add(name)
        return name

    def temporary(self) -> str:
        number = self.counters.get("_", 0) + 1
        while f"_{number}" in self.taken:
            number += 1
        self.counters["_"] = number
        self.taken.add(f"_{number}")
        return f"_{number}"


_DERIVATIVE = re.compile(r"_(bar|dot)(_\d+)*$")


def is_derivative(name: str) -> bool:
    """Whether the name is one that the compiler makes of another name: of its cotangent or tangent."""
    return _DERIVATIVE.search(name) is not None


def is_temporary(name: str) -> bool:
    """Whether the name was made by `Names.temporary`."""
    return name.startswith("_") and name[1:].isdigit()


def is_call_of(expression: Expression, *functions: Any) -> bool:
    """Whether the expression calls one of these (known) functions."""
    if expression.__class__ is not Call:
        return False
    called = expression.function
    if called.__class__ is not Ref:
        return False
    value = called.value
    for function in functions:
        if value is function:
            return True
    return False


def by_identity(*functions: Any) -> dict[int, Any]:
    """A table of functions for `is_call_in`."""
    return {id(function): function for function in functions}


def is_call_in(expression: Expression, functions: dict[int, Any]) -> bool:
    """`is_call_of` for many functions: whether the expression calls one that the table has."""
    if expression.__class__ is not Call:
        return False
    called = expression.function
    return called.__class__ is Ref and id(called.value) in functions
