"""Compiled programs, found again.  `Entries` holds those of one transformed function, by signature key; `share`
and `find_shared` pass them on to other functions with the same code.

Programs create the same lambda thousands of times, and `grad(f)` anew in every step of a loop: what was
compiled for one function is linked again for the next one of the same code object, as long as the guards hold
(the functions, classes and objects that were bound are still the same).  What is shared holds closure cells by
name only and functions weakly, so nothing is kept alive that its program has dropped; the number of kept
programs is bounded.
"""

from __future__ import annotations

import gc
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from types import CellType, CodeType, FunctionType
from typing import Any

from autodiff.backend.compile import Program
from autodiff.frontend.live import DataGuard
from autodiff.frontend.resolve import MISSING, Guard, owner_of_globals
from autodiff.values import objects_in, weakened
from transforms import registry
from transforms.canonical.environment import Namespace

SHARED_PROGRAMS = 512  # programs kept for other functions of the same code
VARIANTS = 8  # programs of one function and signature that differ in what they have bound
ENTRIES = 256  # signatures kept for one transformed function



class Compiling:
    """One compilation at a time: it reads and fills caches of the whole compiler.

    The garbage collector waits meanwhile.  A compiler makes many small objects, which are kept or go by themselves;
    looking through everything for more, again and again, takes a fifth of the time of a first call.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._depth = 0
        self._paused = False

    def __enter__(self) -> None:
        self._lock.acquire()
        self._depth += 1
        if self._depth == 1:
            self._paused = gc.isenabled()
            gc.disable()

    def __exit__(self, *error: object) -> None:
        self._depth -= 1
        if self._depth == 0 and self._paused:
            gc.enable()
        self._lock.release()


compiling = Compiling()


class Compiled:
    """A linked program and what it relies on.

    `shaped` says which parts of its result have the shapes of arguments, `is_converted` whether it may hold objects
    that are not for users.
    """

    __slots__ = ("function", "program", "guards", "names", "others", "shaped", "is_converted")

    def __init__(
        self,
        function: Callable[..., Any],
        program: Program,
        guards: Iterable[Guard | DataGuard],
        shaped: tuple[Any, ...] = (),
        is_converted: bool = False,
    ) -> None:
        self.function, self.program = function, program
        self.shaped, self.is_converted = shaped, is_converted
        self.guards = tuple(_distinct(guards))
        self.names = tuple(
            (guard.owner.get, guard.name, guard.value)
            for guard in self.guards
            if isinstance(guard, Guard) and isinstance(guard.owner, dict)
        )
        self.others = tuple(
            guard for guard in self.guards if isinstance(guard, DataGuard) or not isinstance(guard.owner, dict)
        )

    def holds(self) -> bool:
        """Whether everything that was bound when this was compiled still is."""
        for get, name, value in self.names:
            if get(name, MISSING) is not value:
                return False
        for guard in self.others:
            if not guard.holds():
                return False
        return True


def _distinct(guards: Iterable[Guard | DataGuard]) -> list[Guard | DataGuard]:
    return list({(type(guard), id(guard.owner), guard.name): guard for guard in guards}.values())


class Entries(dict[Hashable, Compiled]):
    """The compiled programs of one transformed function, by signature key; the oldest go when there are too many."""

    def keep(self, key: Hashable, compiled: Compiled) -> None:
        self[key] = compiled
        while len(self) > ENTRIES:
            del self[next(iter(self))]


# ------------------------------------------------------------------------------------------------------------ sharing


@dataclass(frozen=True)
class _Cell:
    name: str


@dataclass(frozen=True)
class _Globals:
    pass


@dataclass(frozen=True)
class _Weak:
    reference: weakref.ref[Any]


@dataclass(frozen=True)
class _Shared:
    """A program with everything that belongs to one function taken out.

    `linked` is the program as it was linked to a function without closure: there is nothing to exchange for it.
    """

    program: Program
    namespace: dict[str, Any]
    guards: tuple[tuple[type[Guard | DataGuard], Any, str, Any], ...]
    linked: tuple[weakref.ref[FunctionType], Compiled] | None
    shaped: tuple[Any, ...]
    is_converted: bool


_lock = threading.RLock()
_shared: OrderedDict[Hashable, tuple[weakref.ref[CodeType], list[_Shared]]] = OrderedDict()


def share(function: FunctionType, key: Hashable, compiled: Compiled) -> None:
    """Offer a program to other functions of the same code."""
    code = function.__code__
    objects = objects_in(key)  # a program for the methods of an object goes with it
    packed = _Shared(
        compiled.program,
        {name: _pack(value, function, objects) for name, value in compiled.program.namespace.items()},
        tuple(
            (type(g), _pack(g.owner, function, objects), g.name, _pack(g.value, function, objects))
            for g in compiled.guards
        ),
        None if function.__closure__ or objects else (weakref.ref(function), compiled),
        compiled.shaped,
        compiled.is_converted,
    )
    compiled.program.namespace = {}
    full: Hashable = (id(code), key)
    with _lock:
        reference, variants = _shared.get(full, (None, []))
        if reference is None or reference() is not code:
            _shared.pop(full, None)

            def forget(_: object, shared: OrderedDict[Hashable, Any] = _shared) -> None:
                shared.pop(full, None)  # at the end of the interpreter globals go before code

            full = (id(code), weakened(key, forget))
            reference, variants = weakref.ref(code, forget), []
        _shared[full] = (reference, [packed, *variants][:VARIANTS])
        while len(_shared) > SHARED_PROGRAMS:
            _shared.popitem(last=False)


def find_shared(function: FunctionType, key: Hashable) -> Compiled | None:
    """A program compiled for another function of the same code, linked to this one; None where there is none."""
    code = function.__code__
    with _lock:
        reference, variants = _shared.get((id(code), key), (None, []))
        if reference is None or reference() is not code:
            return None
        candidates = list(variants)
    for packed in candidates:
        if packed.linked is not None and packed.linked[0]() is function and packed.linked[1].holds():
            return packed.linked[1]
        try:
            guards = [
                kind(_unpack(owner, function), name, _unpack(value, function))
                for kind, owner, name, value in packed.guards
            ]
            if not all(guard.holds() for guard in guards):
                continue
            namespace = {name: _unpack(value, function) for name, value in packed.namespace.items()}
        except LookupError:
            continue
        return Compiled(packed.program.link(namespace), packed.program, guards, packed.shaped, packed.is_converted)
    return None


def _pack(value: Any, function: FunctionType, objects: list[Any]) -> Any:
    """What stands for an object in a shared program: its place in the function, or a weak reference, or itself."""
    if isinstance(value, CellType):
        for name, cell in zip(function.__code__.co_freevars, function.__closure__ or ()):
            if cell is value:
                return _Cell(name)
        return value
    if value is function.__globals__:
        return _Globals()
    if isinstance(value, Namespace) and object.__getattribute__(value, "_names") is function.__globals__:
        return _Cell("")
    is_loose = isinstance(value, FunctionType) and registry.lookup(value) is None
    if is_loose or any(value is each for each in objects):
        return _Weak(weakref.ref(value))
    return value


def _unpack(value: Any, function: FunctionType) -> Any:
    match value:
        case _Cell(name=""):
            return owner_of_globals(function.__globals__)
        case _Cell():
            cells = dict(zip(function.__code__.co_freevars, function.__closure__ or ()))
            return cells[value.name]
        case _Globals():
            return function.__globals__
        case _Weak():
            found = value.reference()
            if found is None:
                raise LookupError("the object is gone")
            return found
    return value


def clear() -> None:
    """Forget all shared programs."""
    with _lock:
        _shared.clear()
