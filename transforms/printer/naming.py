"""Names for the objects that a printed program refers to: deterministic, readable, never colliding with a local name.

A `Namer` is told every local name of the program first.  `reference(object)` then gives the dotted name to print for an
object and remembers which root object that name starts from (`np` for `np.linalg.norm`), so that a backend can pass it
as a global and a dump can import it.
"""

from __future__ import annotations

import builtins
import functools
import importlib
import inspect
import keyword
import re
import sys
import types
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np

from transforms.core import Function
from transforms.errors import TransformError
from transforms.registry import OWN_SPACES, own_space


class Policy(Enum):
    """Whether objects may be passed to the program as they are, or must be written down in it."""

    LIVE = "live"
    STANDALONE = "standalone"


@dataclass(frozen=True, slots=True)
class Place:
    """Where an object is found: attributes `path` of `root`, which a global called like `base` holds."""

    root: Any
    base: str
    path: tuple[str, ...] = ()
    module: str | None = None  # where the root can be imported from
    attribute: str | None = None  # its name in that module; None: the module itself


_NUMPY_SPACES = ("numpy", "numpy.linalg", "numpy.fft", "numpy.random", "numpy.lib.stride_tricks", "numpy.polynomial")
_STANDARD_SPACES = ("math", "cmath", "operator", "functools", "itertools", "collections", "copy", "types")
_ALIASES = {"numpy": "np"}


@functools.cache
def _public(module_name: str) -> dict[int, tuple[Any, str]]:
    """id -> (object, name) of the public functions and classes of a module."""
    module = importlib.import_module(module_name)
    table: dict[int, tuple[Any, str]] = {}
    for name in sorted(dir(module), key=lambda name: (name != getattr(vars(module).get(name), "__name__", ""), name)):
        if name.startswith("_") or name not in vars(module):
            continue
        value = vars(module)[name]
        if callable(value) and not isinstance(value, types.ModuleType):
            table.setdefault(id(value), (value, name))
    return table


def _public_place(value: Any) -> tuple[str, str] | None:
    """The module and the name of one of NumPy's or the standard library's public functions and classes."""
    spaces = [name for name in (*_STANDARD_SPACES, *_NUMPY_SPACES) if name in sys.modules]  # others have made nothing
    name = getattr(value, "__name__", None)
    if isinstance(name, str) and not name.startswith("_"):
        for module_name in spaces:
            if vars(sys.modules[module_name]).get(name) is value:
                return module_name, name
    if callable(value):
        for module_name in spaces:
            found = _public(module_name).get(id(value))
            if found is not None and found[0] is value:
                return module_name, found[1]
    return None


def place_of(value: Any, hint: str = "") -> Place:
    """Where an object is found; the hint is the name under which the program knew it."""
    if isinstance(value, types.ModuleType):
        return _module_place(value)
    name = getattr(value, "__name__", None)
    if isinstance(name, str) and getattr(builtins, name, None) is value:
        return Place(value, name, (), "builtins", name)
    public = _public_place(value)
    if public is not None:
        root = _module_place(sys.modules[public[0]])
        return Place(root.root, root.base, (*root.path, public[1]), root.module)
    owner = getattr(value, "__objclass__", None)
    if owner is None and inspect.isbuiltin(value) and isinstance(value.__self__, type | np.ufunc):
        owner = value.__self__  # `np.add.at` is a method of `np.add`
    if isinstance(owner, type | np.ufunc) and isinstance(name, str) and hasattr(owner, name):
        place = place_of(owner)
        return Place(place.root, place.base, (*place.path, name), place.module, place.attribute)
    module_name = getattr(value, "__module__", None)
    if isinstance(module_name, str) and isinstance(name, str):
        module = sys.modules.get(module_name)
        if module is not None and vars(module).get(name) is value:
            own = own_space(module_name)
            if own is not None:
                root = _module_place(sys.modules[own])
                return Place(root.root, root.base, (name,), root.module, root.attribute)
            return Place(value, identifier(name), (), _public_module(value, module_name, name), name)
    found = _by_hint(value, hint)
    return found if found is not None else Place(value, _base_name(value, hint))


def _public_module(value: Any, module_name: str, name: str) -> str:
    """The module to import an object from: where its own is private (`pathlib._local`), the package that offers it."""
    package, _, last = module_name.rpartition(".")
    offered = vars(sys.modules[package]).get(name) if package in sys.modules else None
    return _public_module(value, package, name) if last.startswith("_") and offered is value else module_name


def _module_place(module: types.ModuleType) -> Place:
    """NumPy's and SciPy's submodules hang under the package; other modules go by their last name."""
    name = module.__name__
    first, *rest = name.split(".")
    package = sys.modules.get(first)
    if name in OWN_SPACES:
        return Place(module, rest[-1], (), ".".join((first, *rest[:-1])), rest[-1])
    if rest and package is not None and first in ("numpy", "scipy") and _follow(package, tuple(rest)) is module:
        return Place(package, _ALIASES.get(first, first), tuple(rest), first if first == "numpy" else name)
    return Place(module, _ALIASES.get(name, identifier(name.rpartition(".")[2])), (), name)


def _follow(value: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        value = getattr(value, name, None)
    return value


def _by_hint(value: Any, hint: str) -> Place | None:
    """The object as an attribute of an imported module, where the hint spells that module's full name."""
    module_name, _, name = hint.rpartition(".")
    module = sys.modules.get({"np": "numpy"}.get(module_name, module_name))
    if module is None or not name or vars(module).get(name) is not value:
        return None
    root = _module_place(module)
    return Place(root.root, root.base, (*root.path, name), root.module, root.attribute)


def _base_name(value: Any, hint: str) -> str:
    name = hint.rpartition(".")[2] or getattr(value, "__name__", "") or type(value).__name__.lower()
    return identifier(name)


def identifier(name: str) -> str:
    """A valid name that reads like the given one."""
    if name == "<lambda>":
        return "function"
    name = re.sub(r"\W", "_", name)
    if not name or name[0].isdigit():
        name = "_" + name
    return name + "_" if keyword.iskeyword(name) else name


class Namer:
    """Gives each object of one printed module its name."""

    def __init__(self, taken: Iterable[str], policy: Policy = Policy.LIVE) -> None:
        self.locals = set(taken)
        self.policy = policy
        self.used: set[str] = set()
        self.namespace: dict[str, object] = {}
        self._roots: dict[int, tuple[str, Place]] = {}
        self._references: dict[int, tuple[Any, str]] = {}
        self._functions: dict[int, str] = {}
        self._copied: dict[str, Any] = {}  # helper's own name -> helper, in the standalone form
        self._aliases: list[str] = []
        self._data: list[str] = []
        self._memory: list[int] = []  # what is written in them, by id
        self._keywords = {"np"} if policy is Policy.STANDALONE else set()

    # --------------------------------------------------------------------------------------------- core functions

    def reserve(self, functions: Iterable[Function]) -> None:
        """In the standalone form the copied helpers are named before the functions, by their own names."""
        self._pending = list(functions)

    def name_function(self, function: Function, hidden_by_locals: bool = True) -> str:
        """The function's own name, made unique in the module and, where it is called, among the local names."""
        taken = (self.locals if hidden_by_locals else set()) | self._reserved()
        name = self._unique(identifier(function.name), taken)
        self._functions[id(function)] = name
        return name

    def function_name(self, function: Function) -> str:
        return self._functions[id(function)]

    def _reserved(self) -> set[str]:
        """Names that a function must not take: the usual names of modules and builtins."""
        names = set(_ALIASES.values()) | {"runtime", "operations", "math", "operator", "functools"}
        if self.policy is Policy.STANDALONE:
            names |= set(_own_names())
        return names | set(dir(builtins))

    def _unique(self, base: str, taken: set[str]) -> str:
        name, number = base, 0
        while name in taken or name in self.used:
            number += 1
            name = f"{base}_{number}"
        self.used.add(name)
        return name

    # ---------------------------------------------------------------------------------------------------- objects

    def reference(self, value: Any, hint: str = "") -> str:
        """The dotted name to print for an object."""
        if isinstance(value, Function):
            return self._functions[id(value)]
        known = self._references.get(id(value))
        if known is None:
            known = self._references[id(value)] = (value, self._name(value, place_of(value, hint)))
        return known[1]

    def _name(self, value: Any, place: Place) -> str:
        if self.policy is Policy.STANDALONE:
            own = self._standalone_root(value, place)
            if own is not None:
                return own
        return ".".join((self._root(place), *place.path))

    def _root(self, place: Place) -> str:
        known = self._roots.get(id(place.root))
        if known is not None:
            return known[0]
        name = self._unique(place.base, self.locals | (set() if place.module == "builtins" else set(dir(builtins))))
        self._roots[id(place.root)] = (name, place)
        if place.module != "builtins" or name != place.base or not hasattr(builtins, name):
            self.namespace[name] = place.root
        return name

    def import_lines(self) -> tuple[str, ...]:
        """The imports for the names in the namespace; those that cannot be imported are left out."""
        lines = [_import_line(name, place) for name, place in self._roots.values() if place.module is not None]
        found = {line for line in lines if line}
        if self.policy is Policy.STANDALONE and (self._copied or any("np." in line for line in self._data)):
            found |= {"import numpy as np", *_own_imports(tuple(self._copied))}
        return tuple(
            sorted(found, key=lambda line: (not line.startswith("from __future__"), line.startswith("from "), line))
        )

    # ----------------------------------------------------------------------------------------------- standalone

    def _standalone_root(self, value: Any, place: Place) -> str | None:
        if (
            place.module in OWN_SPACES
            or f"{place.module}.{place.attribute}" in OWN_SPACES
            or (place.module == _LIBRARY and isinstance(value, type))
        ):
            return self._copy(value.__name__, value)
        own = _own_object(value)
        if own is not None:
            return self._copy(own, value)
        written = _written(value)
        memory = [] if written is None else _memory(value)
        if written is not None and len({*memory, *self._memory}) == len(memory) + len(self._memory):
            self._memory += memory
            name = self._unique(place.base, self.locals | set(dir(builtins)))
            self._data.append(f"{name} = {written}")
            return name
        module = (place.module or "").partition(".")[0]
        if module not in ("numpy", "builtins") and module not in sys.stdlib_module_names or module == "__main__":
            raise TransformError(
                f"a standalone module cannot be written: the program refers to the live object {place.base!r}"
                f" ({type(value).__name__})",
                "Pass the object as an argument, or use the generated source from within Python.",
            )
        return None

    def _copy(self, name: str, value: Any) -> str:
        if not _NEED_COMPILER.isdisjoint(_own_closure((name,))):
            raise TransformError(
                "a standalone module cannot be written: the program calls a function that only the run time knows",
                "Call each function by its own name, in branches.",
            )
        self._copied.setdefault(name, value)
        if name not in self.locals:
            self.used.add(name)
            return name
        alias = self._unique(name, self.locals)
        self._aliases.append(f"{alias} = {name}")
        return alias

    def aliases(self) -> list[str]:
        """Second names of copied helpers whose own name is that of a local."""
        return self._aliases

    def data(self) -> list[str]:
        """The arrays and containers of constants that the program reads, as they are now."""
        return self._data

    def copied_sources(self) -> list[str]:
        """The sources of the copied helpers and of what they need, in the order of their modules."""
        return _own_sources(tuple(self._copied))


def _import_line(name: str, place: Place) -> str:
    if place.attribute is not None:
        if place.module == "builtins" and name == place.attribute:
            return ""
        line = f"from {place.module} import {place.attribute}"
        return line if name == place.attribute else f"{line} as {name}"
    if name == place.module or (place.module or "").startswith(f"{name}."):
        return f"import {place.module}"
    return f"import {place.module} as {name}"


LARGEST_WRITTEN = 1000  # elements of an array that is written into a standalone module
_LIBRARY = "transforms.library"
_NEED_COMPILER = frozenset(("dispatcher", "dispatcher_again"))  # what helpers ask to transform a function at run time


def _written(value: Any) -> str | None:
    """The notation of an array of numbers, or of a container of constants and such arrays; None where there is none."""
    if type(value) is np.ndarray and value.dtype.kind in "fiub" and value.size <= LARGEST_WRITTEN:
        items = re.sub(r"\b(nan|inf)\b", r"np.\1", repr(value.tolist()))
        is_plain = value.size and value.dtype in (np.float64, np.int64, np.bool_)
        return f"np.array({items})" if is_plain else f"np.array({items}, dtype=np.{value.dtype.name})"
    return _written_item(value) if type(value) in (list, dict, tuple) else None


def _written_item(value: Any) -> str | None:
    """The notation of what may stand in a container of constants."""
    if type(value) is dict:
        items = [_written_item(item) for pair in value.items() for item in pair]
        pairs = (f"{key}: {item}" for key, item in zip(items[::2], items[1::2]))
        return None if None in items else "{" + ", ".join(pairs) + "}"
    if type(value) in (list, tuple):
        items = [_written_item(item) for item in value]
        if None in items:
            return None
        text = ", ".join(map(str, items))
        return f"[{text}]" if type(value) is list else f"({text},)" if len(items) == 1 else f"({text})"
    if type(value) in (bool, int, str, type(None)) or type(value) is float and np.isfinite(value):
        return repr(value)
    return _written(value) if type(value) is np.ndarray else None


def _memory(value: Any) -> list[int]:
    """What of a container or an array may be changed, so that it must not be written twice."""
    if type(value) is np.ndarray:
        while isinstance(value.base, np.ndarray):
            value = value.base
        return [id(value)]
    own = [id(value)] if type(value) in (list, dict) else []
    items = value.values() if type(value) is dict else value if type(value) in (list, tuple) else ()
    return own + [part for item in items for part in _memory(item)]


def _own_object(value: Any) -> str | None:
    """The name of an object, other than a function or class, that a module of helpers defines."""
    if not hasattr(type(value), "__module__") or own_space(type(value).__module__) is None:
        return None
    return next((name for module in _own_modules() for name, held in vars(module).items() if held is value), None)


def _own_modules() -> list[types.ModuleType]:
    """The modules in which the helpers stand, by name within each space, and what stands for Python's library."""
    own = [sys.modules[name] for space in OWN_SPACES for name in sorted(sys.modules) if own_space(name) == space]
    return [*own, sys.modules[_LIBRARY]] if _LIBRARY in sys.modules else own


@functools.cache
def _own_definitions() -> dict[str, tuple[str, frozenset[str], bool]]:
    """Name -> (source, names it mentions, whether it is an import) of what the helpers' modules define."""
    import ast

    table: dict[str, tuple[str, frozenset[str], bool]] = {}
    for module in _own_modules():
        source = inspect.getsource(module)
        lines = source.splitlines()
        for statement in ast.parse(source).body:
            decorators = getattr(statement, "decorator_list", [])
            start = min([statement.lineno, *(d.lineno for d in decorators)])
            text = "\n".join(lines[start - 1 : statement.end_lineno])
            text = re.sub(r"\b(runtime|operations)\.(?=\w)", "", text)  # all stand in one module there
            nodes = [*ast.walk(statement)]
            mentioned = frozenset(node.id for node in nodes if isinstance(node, ast.Name))
            mentioned |= {node.attr for node in nodes if isinstance(node, ast.Attribute) and _is_own_module(node.value)}
            if module.__name__ == _LIBRARY and getattr(statement, "name", None) in table:
                continue  # of two that are called alike, that of the helpers
            match statement:
                case ast.FunctionDef() | ast.ClassDef():
                    table[statement.name] = (text, mentioned, False)
                case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                    table[name] = (text, mentioned, False)
                case ast.ImportFrom(module=str(home)) if own_space(home) or home == "transforms":
                    pass  # copied like the rest
                case ast.Import() | ast.ImportFrom():
                    prefix = "import " if isinstance(statement, ast.Import) else f"from {statement.module} import "
                    for alias in statement.names:
                        bound = alias.asname or alias.name.partition(".")[0]
                        rest = f" as {alias.asname}" if alias.asname else ""
                        table[bound] = (f"{prefix}{alias.name}{rest}", frozenset(), True)
    return table


def _is_own_module(node: Any) -> bool:
    """Whether this is the notation of a module of helpers, in the text of another one."""
    return getattr(node, "id", None) in ("runtime", "operations")


def _own_names() -> tuple[str, ...]:
    return tuple(_own_definitions())


def _own_closure(names: tuple[str, ...]) -> list[str]:
    """The helpers and everything that they need, in the order of definition."""
    table = _own_definitions()
    needed: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name in table and name not in needed:
            needed.add(name)
            waiting += table[name][1]
    return [name for name in table if name in needed]


def _own_sources(names: tuple[str, ...]) -> list[str]:
    table = _own_definitions()
    return [table[name][0] for name in _own_closure(names) if not table[name][2]]


def _own_imports(names: tuple[str, ...]) -> list[str]:
    table = _own_definitions()
    imports = [table[name][0] for name in _own_closure(names) if table[name][2]]
    annotations = ["from __future__ import annotations"] if names else []
    return [*annotations, *imports]
