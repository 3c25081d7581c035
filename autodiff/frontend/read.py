"""Reads functions: a Python callable comes in, the core program of exactly that function comes out.

`Callee` takes a callable apart into the function that has the code and the arguments that are bound already
(the `self` of a method, those of a `functools.partial`).  `Reader.read` gives the core function of anything
callable; what it read is kept per code object (as a `Template`), dropped when the code object dies, and never
holds on to a function or its closure.  A reader belongs to one compilation and collects the guards of
everything that it has read.
"""

from __future__ import annotations

import functools
import inspect
import threading
import types
import weakref
from collections import OrderedDict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from types import CellType, CodeType, FunctionType
from typing import Any

import gast
import numpy as np

import transforms.rules  # noqa: F401  # primitives are told from other functions by their rules
from autodiff.frontend import live, resolve, source
from autodiff.frontend.live import DataGuard
from autodiff.frontend.resolve import Guard, Template
from transforms import core, library, registry
from transforms.canonical import lower
from transforms.errors import AutodiffError, RuleNotFound, TransformError, UnsupportedSyntax
from transforms.rules.optional import load_if_imported
from transforms.values import Value


@dataclass(frozen=True)
class Callee:
    """What a callable comes down to: `function(*leading, *arguments, **keywords)`."""

    function: Any  # a Python function, a primitive, or a transformed function
    leading: tuple[Any, ...] = ()
    keywords: dict[str, Any] = field(default_factory=dict)

    @property
    def is_python(self) -> bool:
        return isinstance(self.function, FunctionType)


def take_apart(callable_: Any) -> Callee:
    """The function behind methods, partial applications, callable objects, caches and static methods."""
    load_if_imported()
    leading: tuple[Any, ...] = ()
    keywords: dict[str, Any] = {}
    while True:
        if isinstance(callable_, core.Function):
            return Callee(callable_, leading, keywords)
        if is_transformed(callable_) or registry.lookup(callable_) is not None or isinstance(callable_, FunctionType):
            return Callee(callable_, leading, keywords)
        if isinstance(callable_, types.MethodType):
            leading = (callable_.__self__, *leading)
            callable_ = callable_.__func__
        elif isinstance(callable_, functools.partial | library.Closure):
            arguments, named = _captured(callable_)
            leading = (*arguments, *leading)
            keywords = {**named, **keywords}
            callable_ = callable_.func if isinstance(callable_, functools.partial) else callable_.function
        elif isinstance(callable_, staticmethod | classmethod):
            callable_ = callable_.__func__
        elif isinstance(callable_, functools._lru_cache_wrapper) or _is_native_dispatcher(callable_):
            callable_ = getattr(callable_, "__wrapped__", None) or callable_.py_func
        elif isinstance(callable_, type):
            constructor = callable_.__init__  # type: ignore[misc]
            if not isinstance(constructor, FunctionType):
                return Callee(callable_, leading, keywords)
            raise _is_class(callable_)
        elif isinstance(_call_of(callable_), FunctionType) and not isinstance(callable_, np.vectorize):
            leading = (callable_, *leading)
            callable_ = _call_of(callable_)
        else:
            return Callee(callable_, leading, keywords)


def _captured(closure: functools.partial | library.Closure) -> tuple[tuple, dict[str, Any]]:
    """The arguments and keywords that are bound already."""
    if isinstance(closure, functools.partial):
        return closure.args, closure.keywords
    count = len(closure.captured) - len(closure.names)
    return closure.captured[:count], dict(zip(closure.names, closure.captured[count:]))


def _call_of(value: Any) -> Any:
    """The method that a call of the object runs."""
    return next((vars(cls)["__call__"] for cls in type(value).__mro__ if "__call__" in vars(cls)), None)


def is_transformed(value: Any) -> bool:
    """Whether the object is a function that another transform made: it has `core_for`."""
    return not isinstance(value, type) and hasattr(type(value), "core_for")


def _is_native_dispatcher(value: Any) -> bool:
    return isinstance(getattr(value, "py_func", None), FunctionType)


# ------------------------------------------------------------------------------------------------------------ reading

_active: list[Reader] = []  # the readers of the compilations that are going on, which one lock keeps apart


class Reader:
    """Reads the functions of one compilation, each once, and collects what the compiled program relies on."""

    def __init__(self, volatile: Iterable[tuple[int, str]] = (), cells: dict[int, CellType] | None = None) -> None:
        load_if_imported()
        self.cells = {} if cells is None else cells  # by the id of what they hold; kept when a compilation starts again
        self.guards: list[Guard | DataGuard] = []
        self.volatile = set(volatile)  # data of which nothing is to be assumed: (id of the owner, name)
        self.memo: dict[Hashable, Any] = {}  # for transformed functions: what they made in this compilation
        self._functions: dict[int, tuple[Any, core.Function]] = {}
        self._refused: dict[int, tuple[Any, AutodiffError]] = {}
        self._data: dict[tuple[int, str], tuple[Any, Value | None]] = {}

    def __enter__(self) -> Reader:
        _active.append(self)
        return self

    def __exit__(self, *error: Any) -> None:
        _active.pop()

    def cell_of(self, value: Any) -> CellType:
        """A cell that holds an object: the same one for the same object, so that it can be known to change."""
        return self.cells.setdefault(id(value), CellType(value))

    @staticmethod
    def active() -> Reader:
        """The reader of the compilation that is going on; a new one where there is none."""
        return _active[-1] if _active else Reader()

    def data(self, owner: Any, name: str) -> Value | None:
        """What is known of the data that an object holds under a name; None where nothing is to be assumed.

        The compiled program is guarded: it is not used any more once the data is of another type.
        """
        key = (id(owner), name)
        if key in self._data:
            return self._data[key][1]
        if not self.volatile.isdisjoint(_ways(*key)):
            return None
        known = live.known_of(owner, name, ("data", len(self._data), name))
        if known is None:
            return None
        self._data[key] = (owner, known[0])
        self.guards.append(known[1])
        return known[0]

    def lacks(self, owner: Any, name: str) -> bool:
        """Whether an object is known to hold nothing under a name; the compiled program is guarded as with `data`."""
        key = (id(owner), name)
        if not self.volatile.isdisjoint(_ways(*key)) or live.content(owner, name) is not live.MISSING:
            return False
        if key not in self._data:
            self._data[key] = (owner, None)
            self.guards.append(live.DataGuard(owner, name, live.ABSENT))
        return True

    def changes(self, owner: int, name: str) -> None:
        """The program changes a container whose type was used: start again without."""
        self.volatile.add((owner, name))
        raise live.Restart

    def _note_stores(self, function: core.Function) -> None:
        """Nothing is to be assumed of what a program assigns to."""
        stored = live.stored_names(function)
        self.volatile |= stored
        for identity, name in self._data:
            if not stored.isdisjoint(
                ((identity, name), (live.ANY_OWNER, name), (live.ANY_OWNER, "*"), (identity, "*"))
            ):
                raise live.Restart

    def read(self, callable_: Any) -> core.Function | None:
        """The core program of a function that is called; None where there is none, for the reason that `why` gives."""
        refused = self._refused.get(id(callable_))
        if refused is not None:
            return None
        try:
            return self.program(callable_)
        except AutodiffError as error:
            self._refused[id(callable_)] = (callable_, error.with_traceback(None))
            return None

    def why(self, callable_: Any) -> AutodiffError | None:
        """Why a function could not be read."""
        refused = self._refused.get(id(callable_))
        return None if refused is None else refused[1]

    def program(self, callable_: Any) -> core.Function:
        """The core program of a callable; its leading parameters are those that are bound already, if any.

        Raises `SourceNotFound`, `RuleNotFound`, `UnsupportedSyntax` or `TransformError`.
        """
        if isinstance(callable_, core.Function):
            return callable_
        known = self._functions.get(id(callable_))
        if known is not None:
            return known[1]
        callee = take_apart_class(callable_)
        if callee.function is not callable_:
            result = self.program(callee.function)
        elif isinstance(callable_, FunctionType) and registry.lookup(callable_) is None:
            result = self._read_function(callable_)
        elif is_transformed(callable_):
            result = callable_.core_for(None, reader=self)
        else:
            result = primitive_function(callable_)
        self._functions[id(callable_)] = (callable_, result)
        return result

    def _read_function(self, function: FunctionType) -> core.Function:
        template = _template(function)
        load_if_imported()  # what the function itself imports is imported now
        change = resolve.fill(template.slots, function)
        result = resolve.replace_atoms(template.function, change)
        result.signature = signature_of(function)
        self.guards += resolve.guards(template.bound, function)
        self.guards += template.paths
        self._note_stores(result)
        return result


def take_apart_class(callable_: Any) -> Callee:
    """Like `take_apart`, but a class stands for its `__init__`."""
    if isinstance(callable_, type) and isinstance(callable_.__init__, FunctionType):  # type: ignore[misc]
        return Callee(callable_.__init__)  # type: ignore[misc]
    return take_apart(callable_)


def read(function: Any) -> core.Function:
    """The core function of a callable, outside of any compilation."""
    return Reader().program(function)


def signature_of(function: FunctionType) -> inspect.Signature:
    """The signature of the function itself: not of what it wraps, and whatever `__signature__` says."""
    defaults = function.__defaults__, dict(function.__kwdefaults__ or {})
    found = _signatures.get(function)
    if found is not None and found[0] is function.__code__ and _same_objects(found[1], defaults):
        return found[2]
    signature = _signature_of(function)
    _signatures[function] = (function.__code__, defaults, signature)
    return signature


_signatures: weakref.WeakKeyDictionary[FunctionType, tuple[CodeType, Any, inspect.Signature]] = (
    weakref.WeakKeyDictionary()
)


def _same_objects(one: tuple, other: tuple) -> bool:
    return one[0] is other[0] and (
        one[1].keys() == other[1].keys() and all(other[1][name] is value for name, value in one[1].items())
    )


def _signature_of(function: FunctionType) -> inspect.Signature:
    if "__signature__" in vars(function) or "__wrapped__" in vars(function):
        bare = FunctionType(
            function.__code__, function.__globals__, function.__name__, function.__defaults__, function.__closure__
        )
        bare.__kwdefaults__ = function.__kwdefaults__
        function = bare
    return inspect.signature(function)


def primitive_function(function: Any, count: int | None = None, keywords: tuple[str, ...] = ()) -> core.Function:
    """A program that calls one primitive, with `count` positional arguments and these keywords.

    Without a count: with the arguments that have no default.
    """
    primitive = registry.lookup(function)
    if primitive is None:
        raise _no_rule(function)
    if primitive.refusal is not None:
        raise RuleNotFound(f"{primitive.name} cannot be differentiated: {primitive.refusal}")
    own = list(primitive.signature.parameters.values()) if primitive.signature is not None else []
    if count is None:
        count = sum(1 for parameter in own if parameter.default is inspect.Parameter.empty)
    names = core.Names()
    parameters: list[str] = []
    for index in range(count):
        variadic = next((p.name for p in own if p.kind is inspect.Parameter.VAR_POSITIONAL), "x")
        named = index < len(own) and own[index].kind is not inspect.Parameter.VAR_POSITIONAL
        parameters.append(names.fresh(own[index].name if named else variadic))
    passed = tuple((keyword, core.Var(names.fresh(keyword))) for keyword in keywords)
    call = core.Call(core.Ref(function, primitive.name), tuple(core.Var(name) for name in parameters), passed)
    body = (core.Assign("_1", call), core.Return(core.Var("_1")))
    name = getattr(function, "__name__", "function")
    return core.Function(name, (*parameters, *(atom.name for _, atom in passed)), body)


def _is_class(kind: type) -> TransformError:
    return TransformError(
        f"a class cannot be transformed: {kind.__qualname__}",
        "Write a function that makes the object and returns a number, and transform that.",
    )


def _no_rule(function: Any) -> Exception:
    name = registry.function_name(function)
    if isinstance(function, type):
        return _is_class(function)
    if not callable(function):
        return TransformError(f"{function!r} is not a function", "Give a function first: grad(f)(x), not grad(f(x)).")
    return RuleNotFound(
        f"{name} has no Python source and there is no rule for it",
        "Write it with NumPy functions that have a rule (`autodiff rules` lists them).",
    )


# ---------------------------------------------------------------------------------------------------------- templates

_KEPT = 1024

_lock = threading.RLock()
_templates: OrderedDict[int, tuple[weakref.ref[CodeType], Template]] = OrderedDict()


def _template(function: FunctionType) -> Template:
    code = function.__code__
    with _lock:
        found = _templates.get(id(code))
        if found is not None and found[0]() is code and found[1].is_for(function):
            _templates.move_to_end(id(code))
            return found[1]
    template = _lower(function)
    key = id(code)
    with _lock:
        _templates[key] = (weakref.ref(code, lambda _: _templates.pop(key, None)), template)
        while len(_templates) > _KEPT:
            _templates.popitem(last=False)
    return template


def _lower(function: FunctionType) -> Template:
    code = function.__code__
    if code.co_flags & (inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR):
        raise UnsupportedSyntax(
            f"function {code.co_qualname!r} cannot be transformed: it is asynchronous",
            "Use an ordinary function.",
            source.line_origin(code),
        )
    found = source.find(code, function.__globals__)
    tree = _mangle(found.tree, found.class_name)
    environment = resolve.FunctionEnvironment(function, found)
    lowered = lower(tree, environment)
    paths = tuple(resolve.module_guards(lowered, function.__globals__))
    return Template(lowered, environment.slots, environment.bound, paths)


class _Mangler(gast.NodeTransformer):
    """Gives the private names of a class body (`__x`) the form that they have at run time (`_Class__x`)."""

    def __init__(self, class_name: str) -> None:
        self.prefix = "_" + class_name.lstrip("_")

    def mangled(self, name: str) -> str:
        return self.prefix + name if name.startswith("__") and not name.endswith("__") and "." not in name else name

    def generic_visit(self, node: Any) -> Any:
        for name in ("id", "attr", "arg", "name"):
            value = getattr(node, name, None)
            if isinstance(value, str):
                setattr(node, name, self.mangled(value))
        if isinstance(node, gast.Global | gast.Nonlocal):
            node.names = [self.mangled(name) for name in node.names]
        return super().generic_visit(node)


def _mangle(tree: Any, class_name: str | None) -> Any:
    if class_name is None or not class_name.strip("_"):
        return tree
    name = getattr(tree, "name", None)
    tree = _Mangler(class_name).visit(tree)
    if name is not None:
        tree.name = name
    return tree


def _ways(owner: int, name: str) -> tuple[tuple[int, str], ...]:
    """The assignments that may change what an owner holds under a name."""
    return (owner, name), (live.ANY_OWNER, name), (owner, "*"), (live.ANY_OWNER, "*")
