"""Activity: which names carry a derivative.

A name is *varied* if it depends, differentiably, on an input that is differentiated; it is *useful* if the result
depends on it; it is *active* if it is both.  Memory that is changed in place is varied or useful as a whole: the
analysis asks the regions.  Comes in: a specialised program in single-assignment form and its regions; goes out: the
set of active names.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterable

import numpy as np

from transforms import operations, registry, runtime
from transforms.analyses.regions import BUILDERS, INPLACE, Region, Regions, bind, chain, is_structure, opaque_mutations
from transforms.core import (
    Assign,
    Atom,
    Block,
    Call,
    Const,
    For,
    Function,
    Raise,
    Ref,
    Return,
    Statement,
    Try,
    Var,
    With,
    is_call_of,
    walk,
    writes,
)
from transforms.values import UNKNOWN, Known, Unknown, Value, may_be_differentiable

# functions whose result never depends differentiably on their arguments
INACTIVE = frozenset(
    map(
        id,
        (
            len, range, isinstance, issubclass, type, id, repr, str, print, hash, callable, hasattr, delattr,
            ascii, format, operator.not_, operator.is_, operator.is_not, operator.eq, operator.ne, operator.lt,
            operator.le, operator.gt, operator.ge, operator.contains, operations.format_value,
            operations.join_strings, bool, input, open,
        ),
    )
)  # fmt: skip


# methods that keep, write or show what they are given, and do not change it
KEEPING_METHODS = tuple(
    Const(name)
    for name in "append appendleft add extend insert update setdefault push put write writelines record log debug info "
    "warning error critical exception".split()
)


class Activity:
    """Varied, useful and active names of one function.

    `varied` are the differentiated parameters, `shared` the regions that the caller reads after the call.
    """

    def __init__(self, function: Function, varied: set[str], regions: Regions, shared: Iterable[Region] = ()) -> None:
        self.function, self.regions = function, regions
        self.varied_names, self.varied_regions = set(varied), set[Region]()
        self.useful_names, self.useful_regions = set[str](), set[Region]()
        self.statements = list(walk(function.body))
        self.carries_exceptions = any(isinstance(s, Try) and any(h.name for h in s.handlers) for s in self.statements)
        self.constant_names = constant_names(function, self.statements, regions)
        self._mark(self.varied_names, self.varied_regions, list(varied))
        self.useful_regions.update(region.find() for region in shared if region.is_mutated)
        self._forward()
        self._backward()

    def is_active(self, atom: Atom | str) -> bool:
        return self.is_varied(atom) and self._is_marked(atom, self.useful_names, self.useful_regions)

    def is_varied(self, atom: Atom | str) -> bool:
        return self._is_marked(atom, self.varied_names, self.varied_regions)

    def is_useful(self, atom: Atom | str) -> bool:
        return self._is_marked(atom, self.useful_names, self.useful_regions)

    def may_matter(self, atom: Atom) -> bool:
        """Whether the result depends on something that shares memory with what this is or holds, changed or not."""
        region, seen = self.regions.of(atom), set[int]()
        while region is not None and id(region) not in seen:
            if region.find() in self._useful_memory:
                return True
            seen.add(id(region))
            region = region.known_content
        return False

    @functools.cached_property
    def _useful_memory(self) -> set[Region]:
        """The memory of all names that the result depends on, and what it holds."""
        return {region.find() for name in self.useful_names for region in chain(self.regions, name)}

    # ------------------------------------------------------------------------------------------------------ marks

    def _is_marked(self, atom: Atom | str, names: set[str], marked: set[Region]) -> bool:
        name = atom if isinstance(atom, str) else atom.name if isinstance(atom, Var) else None
        if name is not None:
            if name in self.constant_names or not may_be_differentiable(self.regions.value(name)):
                return False
            if name in names:
                return True
        elif not isinstance(atom, Ref) or id(atom.value) not in self.regions.objects:
            return False
        region = self.regions.of(atom)
        seen: set[int] = set()
        while region is not None and id(region) not in seen:
            if region.find() in marked:
                return True
            seen.add(id(region))
            region = region.known_content
        return False

    def _mark(self, names: set[str], marked: set[Region], atoms: list[str]) -> bool:
        """Mark names, and the memory behind them that is changed in place, with what it holds; says whether anything
        was new."""
        changed = False
        for name in atoms:
            if name in self.constant_names or not may_be_differentiable(self.regions.value(name)):
                continue
            if name not in names:
                names.add(name)
                changed = True
            if self.regions.is_mutated(name):
                for region in chain(self.regions, name):
                    changed |= self._mark_region(region, marked)
        return changed

    @staticmethod
    def _mark_region(region: Region | None, marked: set[Region]) -> bool:
        if region is None or region.find() in marked:
            return False
        marked.add(region.find())
        return True

    def changed_by(self, call: Call) -> tuple[Atom, ...]:
        """The operands that a call may change in place: for a user's function, whatever is changed anywhere."""
        if isinstance(call.function, Ref) and isinstance(call.function.value, Function):
            return tuple(atom for atom in call.atoms if isinstance(atom, Var) and self.regions.is_mutated(atom))
        changed = changed_operands(call)
        if is_call_of(call, operations.method):
            return tuple(atom for atom in changed if self.regions.of(atom) is not None)
        return changed

    # ------------------------------------------------------------------------------------------------------ sweeps

    def _forward(self) -> None:
        changed = True
        while changed:
            changed = False
            for statement in self.statements:
                changed |= self._forward_statement(statement)

    def _forward_statement(self, statement: Statement) -> bool:
        match statement:
            case Assign(target=target, value=Call() as call):
                sources = differentiable_operands(call, self.regions.value)
                if not any(self.is_varied(atom) for atom in sources):
                    return False
                changed = target is not None and self._mark(self.varied_names, self.varied_regions, [target])
                for atom in self.changed_by(call):
                    region, seen = self.regions.of(atom), 0
                    while region is not None and seen < (8 if changes_content(call) else 1):
                        changed |= self._mark_region(region, self.varied_regions)
                        region, seen = region.known_content, seen + 1
                return changed
            case Assign(target=str() as target, value=Var() as source) if self.is_varied(source):
                return self._mark(self.varied_names, self.varied_regions, [target])
            case For() if self.is_varied(statement.iterable):
                return self._mark(self.varied_names, self.varied_regions, [statement.target])
            case With(target=str() as target) if self.is_varied(statement.context):
                return self._mark(self.varied_names, self.varied_regions, [target])
            case Try(handlers=handlers) if self.carries_exceptions and self._raises_varied(statement.body):
                return self._mark(self.varied_names, self.varied_regions, [h.name for h in handlers if h.name])
        return False

    def _raises_varied(self, body: Block) -> bool:
        """Whether an exception that leaves a block may hold values that depend on the input."""
        for statement in walk(body):
            match statement:
                case Raise(exception=Var() as exception) if self.is_varied(exception):
                    return True
                case Assign(value=Call(function=Ref(value=Function() as callee)) as call):
                    if any(map(self.is_varied, call.atoms)) and raises_values(callee):
                        return True
                case Assign(value=Call(function=Var()) as call) if any(map(self.is_varied, call.atoms)):
                    return True
                case Assign(value=Call(function=Ref(value=function), arguments=(_, key, *_))):
                    if function in (operator.getitem, operator.delitem, dict.pop) and self.is_varied(key):
                        return True  # the KeyError holds the key
        return False

    def _backward(self) -> None:
        changed = True
        backwards = self.statements[::-1]
        while changed:
            changed = False
            for statement in backwards:
                changed |= self._backward_statement(statement)

    def _useful(self, atoms: tuple[Atom, ...]) -> bool:
        changed = self._mark(self.useful_names, self.useful_regions, [a.name for a in atoms if isinstance(a, Var)])
        for atom in atoms:
            if isinstance(atom, Ref) and id(atom.value) in self.regions.objects:
                changed |= self._mark_region(self.regions.of(atom), self.useful_regions)
        return changed

    def _backward_statement(self, statement: Statement) -> bool:
        match statement:
            case Assign(target=target, value=Call() as call):
                wanted = (target, *self.changed_by(call)) if target is not None else self.changed_by(call)
                if any(self._is_marked(atom, self.useful_names, self.useful_regions) for atom in wanted):
                    return self._useful(differentiable_operands(call, self.regions.value))
            case Assign(target=str() as target, value=Var() as source):
                if self._is_marked(target, self.useful_names, self.useful_regions):
                    return self._useful((source,))
            case For() if self._is_marked(statement.target, self.useful_names, self.useful_regions):
                return self._useful((statement.iterable,))
            case With(target=str() as target) if self._is_marked(target, self.useful_names, self.useful_regions):
                return self._useful((statement.context,))
            case Return():
                return self._useful((statement.value,))
        return False


def constant_names(function: Function, statements: list[Statement], regions: Regions) -> set[str]:
    """The names of unknown type of what is read out of containers that hold no floating-point numbers at any time."""
    sources: dict[str, list[Atom | None]] = {name: [None] for name in function.parameters}
    for statement in statements:
        match statement:
            case Assign(target=str() as target, value=Call() as call):
                source = call.arguments[0] if is_call_of(call, *_READS) else None
                sources.setdefault(target, []).append(source)
            case Assign(target=str() as target, value=Var() | Const() as source):
                sources.setdefault(target, []).append(source)
            case For():
                sources.setdefault(statement.target, []).append(statement.iterable)
            case _:
                for name in writes(statement):
                    sources.setdefault(name, []).append(None)
    found = {name for name in sources if isinstance(regions.value(name), Unknown)}

    def is_constant(atom: Atom | None) -> bool:
        if not isinstance(atom, Var):
            return isinstance(atom, Const)
        value = regions.value(atom)
        return atom.name in found or not may_be_differentiable(value) and not isinstance(value, Known)

    while True:
        varying = {name for name in found if not all(map(is_constant, sources[name]))}
        if not varying:
            return found
        found -= varying


_READS = (operator.getitem, runtime.sequence, operations.unpack)


def raises_values(function: Function, seen: tuple[Function, ...] = ()) -> bool:
    """Whether a function may raise an exception that holds numbers: one that it makes of more than texts."""
    values = function.values or {}
    bound = {s.target: s.value for s in walk(function.body) if isinstance(s, Assign) and isinstance(s.value, Call)}
    for statement in walk(function.body):
        if isinstance(statement, Raise) and isinstance(statement.exception, Var):
            made = bound.get(statement.exception.name)
            if made is None or any(
                isinstance(atom, Var) and may_be_differentiable(values.get(atom.name, UNKNOWN)) for atom in made.atoms
            ):
                return True
        call = statement.value if isinstance(statement, Assign) and isinstance(statement.value, Call) else None
        callee = call.function.value if call is not None and isinstance(call.function, Ref) else None
        if isinstance(callee, Function) and callee not in seen and raises_values(callee, (*seen, function)):
            return True
        if call is not None and isinstance(call.function, Var):
            return True
    return False


def differentiable_operands(call: Call, value_of: Callable[[Atom], Value]) -> tuple[Atom, ...]:
    """The operands on which the result, or what the call changes, may depend differentiably."""
    if not isinstance(call.function, Ref):
        return (call.function, *call.atoms)
    function = call.function.value
    if function is type and len(call.arguments) == 3:
        return call.arguments  # a new class, with these attributes
    if id(function) in INACTIVE or registry.only_reports(function):
        return ()
    if function is getattr and is_structure(call, value_of):
        return ()
    if function is getattr:
        return (*call.arguments[:1], *call.arguments[2:])
    if function is operator.getitem:
        owner = call.arguments[0]
        return (owner,) if is_table(owner, value_of(owner)) else call.arguments
    if function is operator.setitem:
        return (call.arguments[0], call.arguments[2])
    if function in BUILDERS or function in INPLACE or isinstance(function, Function):
        return call.atoms
    entry = registry.lookup(function)
    if entry is None:
        return call.atoms
    if function is operator.or_ or function is operator.ior:
        return call.atoms  # of dicts, it merges them; of numbers, no operand is differentiable
    if entry.is_constant:
        return ()
    bound = bind(entry, call)
    if bound is None or not (entry.wrt or entry.mutates):
        return call.atoms
    return tuple(
        atom
        for name, atoms in bound.items()
        if name in entry.wrt or name in entry.mutates or not entry.is_locally_constant(name)
        for atom in atoms
    )


def is_table(atom: Atom, value: Value) -> bool:
    """Whether an index only chooses among the items of a thing: that of `np.r_` and its like is computed with."""
    if not isinstance(atom, Ref) and not isinstance(value, Known):
        return True
    owner = value.object if isinstance(value, Known) else atom.value  # type: ignore[union-attr]
    return isinstance(owner, (list, tuple, dict, str, bytes, range, np.ndarray))


def changes_content(call: Call) -> bool:
    """Whether a call may also change what its operands hold: a user's function, and what is declared so."""
    function = call.function.value if isinstance(call.function, Ref) else None
    entry = registry.lookup(function) if function is not None else None
    return isinstance(function, Function) or (entry is not None and entry.is_deep)


def changed_operands(call: Call) -> tuple[Atom, ...]:
    """The operands that the call changes in place."""
    function = call.function.value if isinstance(call.function, Ref) else None
    first = call.arguments[0] if call.arguments else None
    if function is operations.method and isinstance(first, Ref) and isinstance(first.value, type):
        return call.arguments[2:3]  # `list.__setitem__(items, ...)`
    if function is operations.method:  # one that is not known may change its object, and what it is given
        given = () if call.arguments[1] in KEEPING_METHODS else (*call.arguments[2:], *(a for _, a in call.keywords))
        return (call.arguments[0], *given)
    if function in (operator.setitem, setattr) or function in INPLACE:
        return call.arguments[:1]
    entry = registry.lookup(function) if function is not None else None
    if id(function) in INACTIVE or registry.only_reports(function):
        return ()
    bound = None if entry is None else bind(entry, call)
    if entry is None or bound is None or entry.refusal is not None:
        return opaque_mutations(call) or tuple(call.arguments[:1] if entry is not None and entry.mutates else ())
    return tuple(atom for name in entry.mutates for atom in bound.get(name, ()))
