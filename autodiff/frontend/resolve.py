"""What the free names of a Python function mean.  A function comes in; the environment that the lowering asks
comes out.

Code (functions, classes, modules, builtins, objects of the user's classes) is bound as a `Ref`; data (numbers,
arrays, containers, strings) stays a live read of the global or closure cell.  The environment also notes what
it has bound, as `Guard`s, so that a redefinition is noticed.  A bound function or object, the cells and the
globals are handed out as `Slot`s: the lowered program is kept per code object and must not hold on to the
function it was read from; `fill` puts the real things in.
"""

from __future__ import annotations

import builtins
import functools
import inspect
import sys
import types
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from types import CellType, FunctionType, ModuleType
from typing import Any

import numpy as np

from autodiff.frontend import local_classes
from autodiff.frontend.source import Source
from transforms import core, registry
from transforms.canonical.effects import changed_outside
from transforms.canonical.environment import Data, Meaning, Namespace, builtin, is_code

MISSING: Any = type("Missing", (), {"__repr__": lambda self: "<missing>"})()


@dataclass(frozen=True)
class Guard:
    """`owner` (a dictionary, or a closure cell) held this object under this name when the program was read."""

    owner: dict[str, Any] | CellType = field(repr=False)
    name: str
    value: Any

    def holds(self) -> bool:
        if isinstance(self.owner, dict):
            return self.owner.get(self.name, MISSING) is self.value
        return _content(self.owner) is self.value


@dataclass(frozen=True, eq=False)
class Slot:
    """Stands for a closure cell, the globals, or what either holds under a name.  Equality is identity."""

    kind: str  # "cell", "globals", "content" (of a cell), "global" or "class" (defined in the function)
    name: str = ""
    is_generator: bool = False  # whether it is to be filled with a generator function
    statement: Any = None  # of a class
    changed_outside: tuple[str, ...] = ()  # the names by which a function changes things that are not its own


class FunctionEnvironment:
    """The `Environment` of one Python function.  `slots` are filled for each function of the same code."""

    line_offset = 0
    column_offset = 0

    def __init__(self, function: FunctionType, source: Source) -> None:
        self.function, self.source = function, source
        self.filename = source.filename
        self.signature = None
        self.cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
        self.slots: dict[tuple[str, str], core.Ref] = {}
        self.bound: dict[tuple[str, str], Any] = {}  # ("cell" or "global", name) -> what it was, or how it was seen

    def line(self, number: int) -> str:
        lines = self.source.lines
        return lines[number - 1].rstrip("\n") if 0 < number <= len(lines) else ""

    def resolve(self, name: str) -> Meaning | None:
        if name in self.cells:
            value = _content(self.cells[name])
            self.bound["cell", name] = how_bound(value)
            if is_bound(value):
                return self._slot("content", name, value) if by_slot(value) else core.Ref(value, name)
            return Data(self._slot("cell", name), "cell_contents")
        value = self.function.__globals__.get(name, MISSING)
        self.bound["global", name] = how_bound(value)
        if value is not MISSING:
            if is_bound(value):
                return self._slot("global", name, value) if by_slot(value) else core.Ref(value, name)
            return Data(self._slot("globals", ""), name)
        scope = builtins_of(self.function)
        if name in scope:
            return builtin(name) if scope is vars(builtins) else core.Ref(scope[name], name)
        return None

    def assigned(self, name: str) -> Data:
        if name in self.cells:
            return Data(self._slot("cell", name), "cell_contents")
        return Data(self._slot("globals", ""), name)

    def local_class(self, statement: Any) -> core.Ref:
        """The class that a statement in the function makes; LookupError where it may differ from call to call."""
        local_classes.made(statement, self.function)
        name = f"{statement.name} {statement.lineno}"
        reference = self.slots["class", name] = core.Ref(Slot("class", name, statement=statement), statement.name)
        return reference

    def _slot(self, kind: str, name: str, value: Any = None) -> core.Ref:
        key = (kind, name)
        if key not in self.slots:
            hint = name or self.function.__globals__.get("__name__", "globals")
            changed = _changed_outside(value) if isinstance(value, FunctionType) else ()
            slot = Slot(kind, name, inspect.isgeneratorfunction(value), changed_outside=changed)
            self.slots[key] = core.Ref(slot, str(hint).rpartition(".")[2])
        return self.slots[key]


def builtins_of(function: FunctionType) -> dict[str, Any]:
    scope = function.__globals__.get("__builtins__", builtins)
    return scope if isinstance(scope, dict) else vars(scope)


def is_bound(value: Any) -> bool:
    """Whether a free name that holds this is bound when the program is read, rather than read at each call.

    Besides code these are objects of the user's classes, which are told apart by identity and whose attributes are
    still read live; numbers, strings, arrays and containers are data.
    """
    if is_code(value) or isinstance(value, functools.partial) or hasattr(type(value), "core_for"):
        return True
    return not isinstance(value, _DATA) and not type(value).__module__.startswith(("numpy", "builtins"))


_DATA = (
    int,
    float,
    complex,
    str,
    bytes,
    np.ndarray,
    np.generic,
    tuple,
    list,
    dict,
    set,
    frozenset,
    type(None),
    type(MISSING),
)


def by_slot(value: Any) -> bool:
    """Whether a bound object is one that a kept program must not hold on to: a user's function or object."""
    if isinstance(value, FunctionType):
        return registry.lookup(value) is None
    return not is_code(value) or isinstance(value, types.MethodType)


def how_bound(value: Any) -> Any:
    """What a program that was read once relies on: the object itself, or that the name holds a function, or data."""
    if value is MISSING:
        return MISSING
    if not is_bound(value):
        return "data"
    if not by_slot(value):
        return value
    if not isinstance(value, FunctionType):
        return type(value)
    changed = _changed_outside(value)
    kind = "generator" if inspect.isgeneratorfunction(value) else "function"
    return f"{kind} that changes {', '.join(changed)}" if changed else kind


def _changed_outside(function: FunctionType) -> tuple[str, ...]:
    """The names of what a function changes that is not its own; modules are what only `np.put` seems to change."""
    scope = function.__globals__
    return tuple(name for name in changed_outside(function.__code__) if not isinstance(scope.get(name), ModuleType))


def still_bound(bound: dict[tuple[str, str], Any], function: FunctionType) -> bool:
    """Whether a program read for one function is that of another one with the same code."""
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
    for (where, name), how in bound.items():
        value = _content(cells[name]) if where == "cell" else function.__globals__.get(name, MISSING)
        now = how_bound(value)
        if now is not how and not (isinstance(now, str) and now == how):
            return False
    return True


def guards(bound: dict[tuple[str, str], Any], function: FunctionType) -> list[Guard]:
    """The guards of a function: one for each name that was bound, and for each builtin that is not hidden."""
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
    result = []
    for (where, name), how in bound.items():
        if isinstance(how, str) and how == "data":
            continue
        owner: Any = cells[name] if where == "cell" else function.__globals__
        value = _content(owner) if where == "cell" else owner.get(name, MISSING)
        result.append(Guard(owner, name, value))
    return result


def module_guards(function: core.Function, function_globals: dict[str, Any]) -> list[Guard]:
    """Guards for functions that were reached through a user's module (`helpers.scale`)."""
    result: dict[tuple[int, str], Guard] = {}
    for program in programs_of(function):
        for statement in core.walk(program.body):
            for atom in core.atoms_of(statement):
                if isinstance(atom, core.Ref) and "." in atom.name:
                    for guard in _path_guards(atom, function_globals):
                        result.setdefault((id(guard.owner), guard.name), guard)
    return list(result.values())


_FIXED_MODULES = ("numpy", "math", "cmath", "scipy", "operator", "functools", "itertools", "builtins", "transforms")


def _path_guards(reference: core.Ref, names: dict[str, Any]) -> list[Guard]:
    root, *path = reference.name.split(".")
    owner = names.get(root)
    result = []
    for name in path:
        if not isinstance(owner, ModuleType) or owner.__name__.partition(".")[0] in _FIXED_MODULES:
            break
        value = vars(owner).get(name, MISSING)
        if value is MISSING:
            break
        result.append(Guard(vars(owner), name, value))
        owner = value
    return result


def fill(slots: dict[tuple[str, str], core.Ref], function: FunctionType) -> Callable[[core.Atom], core.Atom]:
    """The exchange of slots for the cells, globals and objects of one function."""
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
    filled: dict[int, core.Ref] = {}
    for (kind, name), reference in slots.items():
        match kind:
            case "cell":
                value: Any = cells[name]
            case "content":
                value = _content(cells[name])
            case "global":
                value = function.__globals__[name]
            case "class":
                value = local_classes.made(reference.value.statement, function)
            case _:
                value = owner_of_globals(function.__globals__)
        filled[id(reference.value)] = core.Ref(value, reference.name)
    return lambda atom: filled.get(id(atom.value), atom) if isinstance(atom, core.Ref) else atom


_namespaces: weakref.WeakValueDictionary[int, Namespace] = weakref.WeakValueDictionary()


def owner_of_globals(names: dict[str, Any]) -> Any:
    """The object whose attributes are these globals: their module, or the namespace around the dictionary."""
    module = sys.modules.get(names.get("__name__", ""))
    if module is not None and vars(module) is names:
        return module
    found = _namespaces.get(id(names))  # it keeps its dictionary, so that the id is that of no other one
    if found is None:
        found = _namespaces[id(names)] = Namespace(names)
    return found


def programs_of(function: core.Function) -> list[core.Function]:
    """The function and all core functions that it refers to, each once."""
    found = {id(function): function}
    pending = [function]
    while pending:
        for statement in core.walk(pending.pop().body):
            for atom in core.atoms_of(statement):
                if isinstance(atom, core.Ref) and isinstance(atom.value, core.Function) and id(atom.value) not in found:
                    found[id(atom.value)] = atom.value
                    pending.append(atom.value)
    return list(found.values())


def replace_atoms(function: core.Function, change: Callable[[core.Atom], core.Atom]) -> core.Function:
    """A copy of the function, and of the core functions that it refers to, with other atoms."""
    copies = {id(program): program.replace() for program in programs_of(function)}

    def atom(old: core.Atom) -> core.Atom:
        if isinstance(old, core.Ref) and id(old.value) in copies:
            return core.Ref(copies[id(old.value)], old.name)
        return change(old)

    def block(old: core.Block) -> core.Block:
        result = []
        for statement in old:
            new = core.map_atoms(statement, atom)
            result.append(core.with_blocks(new, [block(inner) for inner in core.blocks_of(new)]))
        return tuple(result)

    for copy in copies.values():
        copy.body = block(copy.body)
    return copies[id(function)]


def _content(cell: CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not bound yet
        return MISSING


@dataclass
class Template:
    """A program as read from a code object, with slots; `bound` says for which functions of the same code it holds."""

    function: core.Function
    slots: dict[tuple[str, str], core.Ref]
    bound: dict[tuple[str, str], Any]
    paths: tuple[Guard, ...] = ()  # what was reached through a user's module

    def is_for(self, function: FunctionType) -> bool:
        """Whether this is the program of another function with the same code."""
        return still_bound(self.bound, function) and all(guard.holds() for guard in self.paths)
