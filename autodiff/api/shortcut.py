"""The short way from a call to the program that was compiled for it: a function made for one signature.

The long way, in `transformed`, binds the arguments, works out the key of their types, finds the program under that
key and checks that what it relies on still holds.  A shortcut does the same for one known key, written out: Python
binds the arguments, and each one is compared with what the key says of it.  For `f(x, scale=2.0)` with a global
function in it, called with an array and without `scale`:

    def shortcut(x, scale=unset):
        if scale is unset:
            if function.__defaults__ is not defaults:
                return MISSED
            scale = default_1
        if x.__class__ is ndarray and x.dtype is dtype_0 and len(shape_0 := x.shape) == 1 and 1 not in shape_0 and ...
            return program(x, scale)
        return MISSED

`MISSED` sends the call the long way, which finds the same program or another one.
"""

from __future__ import annotations

import hashlib
import inspect
import keyword
import linecache
from collections.abc import Callable
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from autodiff.api.binding import Binder, Bound
from autodiff.api.shapes import all_fit
from autodiff.backend.cache import Compiled
from autodiff.frontend.live import DataGuard
from autodiff.frontend.read import signature_of
from autodiff.frontend.resolve import MISSING
from autodiff.values import SCALARS, is_told_by_class, key_of
from transforms.canonical.environment import Namespace
from transforms.core import Names

MISSED: Any = type("Missed", (), {"__repr__": lambda self: "<missed>"})()
UNSET: Any = type("Unset", (), {"__repr__": lambda self: "<unset>"})()
CALLS_BEFORE = 4  # calls in a row with one signature, after which it gets a shortcut

POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def missed(*args: Any, **kwargs: Any) -> Any:
    """The shortcut of a function that has none."""
    return MISSED


def shortcut(binder: Binder, bound: Bound, compiled: Compiled) -> Callable[..., Any]:
    """The shortcut of calls that bind like this one; `missed` where there is none."""
    base = _base(binder)
    if base is None:
        return missed
    function, leading = base
    if isinstance(function, FunctionType):
        parameters = list(signature_of(function).parameters.values())
    elif bound.shape is not None and bound.shape[1]:
        return missed  # a primitive that is called with keywords
    else:
        parameters = [inspect.Parameter(f"x{k}", POSITIONAL[0]) for k in range(len(bound.values))]
    if any(parameter.kind not in POSITIONAL for parameter in parameters[: len(leading)]):
        return missed
    if any(not parameter.name.isidentifier() or keyword.iskeyword(parameter.name) for parameter in parameters):
        return missed
    return _Writer(function, leading, parameters, bound.values, compiled).written()


def _base(binder: Binder) -> tuple[Any, tuple[Any, ...]] | None:
    """The function at the bottom of a stack of transforms, and what is bound of it before the call.

    None where keywords are bound too.
    """
    if binder.callee.keywords:
        return None
    inner = getattr(binder.function, "binder", None)
    if inner is None:
        return binder.function, binder.callee.leading
    base = _base(inner)
    return None if base is None else (base[0], (*base[1], *binder.callee.leading))


class _Writer:
    """Writes the source of one shortcut, and collects the objects that it refers to by name."""

    def __init__(
        self,
        function: Any,
        leading: tuple[Any, ...],
        parameters: list[inspect.Parameter],
        values: tuple[Any, ...],
        compiled: Compiled,
    ) -> None:
        self.function, self.leading, self.parameters = function, leading, parameters
        self.values, self.compiled = values, compiled
        self.names = Names(parameter.name for parameter in parameters)
        self.objects: dict[str, Any] = {}
        self.known: dict[int, str] = {}
        self.shapes: dict[tuple[int, ...], str] = {}
        self.shape_names: dict[str, str] = {}  # of the operands that are arrays

    def written(self) -> Callable[..., Any]:
        missed_name, unset = self.named("missed", MISSED), self.named("unset", UNSET)
        header, defaults = self.header(unset), self.defaults(unset, missed_name)
        operands = self.operands()
        tests = [self.test(operand, value) for operand, value in zip(operands, self.values, strict=True)]
        tests += [self.guard(get, name, value) for get, name, value in self.compiled.names]
        tests += [self.data_guard(guard) for guard in self.compiled.others]
        program = self.named("program", self.compiled.function)
        lines = [
            f"def shortcut({header}):",
            *defaults,
            f"    if {' and '.join(tests) or 'True'}:",
            *self.checked(f"{program}({', '.join(operands)})", operands),
            f"    return {missed_name}",
        ]
        text = "\n".join([f"def make({', '.join(self.objects)}):", *(f"    {line}" for line in lines)])
        return _maker(text + "\n    return shortcut\n")(*self.objects.values())

    def checked(self, call: str, operands: list[str]) -> list[str]:
        """Statements that return what the program returns, if it has the shapes of the arguments."""
        result, tests = self.names.fresh("result"), []
        for each in self.compiled.shaped:
            value, part = self.values[each.parameter], result + "".join(f"[{step}]" for step in each.path)
            if each.item is None and value.__class__ is np.ndarray and value.shape:
                tests.append(f"{part}.shape == {self.shape_names[operands[each.parameter]]}")
            elif each.item is not None or not np.isscalar(value):
                tests.append(f"{self.named('fits', all_fit)}({self.named('shaped', (each,))}, "
                             f"({', '.join(operands)},), {result})")
        if not tests:
            return [f"        return {call}"]
        return [f"        {result} = {call}", f"        if {' and '.join(tests)}:", f"            return {result}"]

    def named(self, base: str, thing: Any) -> str:
        """A name for an object, which no parameter has."""
        name = self.known.get(id(thing))
        if name is None:
            name = self.known[id(thing)] = self.names.fresh(base)
            self.objects[name] = thing
        return name

    # ---------------------------------------------------------------------------------------------------- parameters

    def header(self, unset: str) -> str:
        """The parameters that a call gives, with their kinds; a default is filled in by the body."""
        kind = inspect.Parameter
        parts: list[str] = []
        given = self.parameters[len(self.leading) :]
        for index, parameter in enumerate(given):
            if parameter.kind is kind.KEYWORD_ONLY and (
                index == 0 or given[index - 1].kind not in (kind.KEYWORD_ONLY, kind.VAR_POSITIONAL)
            ):
                parts.append("*")
            star = "*" if parameter.kind is kind.VAR_POSITIONAL else "**" if parameter.kind is kind.VAR_KEYWORD else ""
            default = "" if parameter.default is kind.empty else f"={unset}"
            parts.append(f"{star}{parameter.name}{default}")
            if parameter.kind is kind.POSITIONAL_ONLY and (
                index + 1 == len(given) or given[index + 1].kind is not kind.POSITIONAL_ONLY
            ):
                parts.append("/")
        return ", ".join(parts)

    def defaults(self, unset: str, missed_name: str) -> list[str]:
        """Statements that fill in the defaults, which are those that the function has when it is called."""
        lines: list[str] = []
        given = [p for p in self.parameters[len(self.leading) :] if p.default is not inspect.Parameter.empty]
        if not given:
            return lines
        function, held = self.named("function", self.function), self.named("held", self.function.__defaults__)
        for parameter in given:
            name = parameter.name
            lines.append(f"    if {name} is {unset}:")
            if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
                lines += [
                    f"        {name} = {function}.__kwdefaults__.get({name!r}, {unset})"
                    f" if {function}.__kwdefaults__ else {unset}",
                    f"        if {name} is {unset}:",
                    f"            return {missed_name}",
                ]
            else:
                default = self.named(f"{name}_default", parameter.default)
                lines += [
                    f"        if {function}.__defaults__ is not {held}:",
                    f"            return {missed_name}",
                    f"        {name} = {default}",
                ]
        return lines

    def operands(self) -> list[str]:
        """What the program is called with: objects that were bound before, then the parameters."""
        before = [self.named(f"bound_{k}", value) for k, value in enumerate(self.leading)]
        return before + [parameter.name for parameter in self.parameters[len(self.leading) :]]

    # --------------------------------------------------------------------------------------------------------- tests

    def test(self, operand: str, value: Any) -> str:
        """Whether an operand is of the type that the key of this value describes."""
        kind = value.__class__
        if kind is np.ndarray:
            return self.array_test(operand, value)
        if value is None:
            return f"{operand} is None"
        if is_told_by_class(value):
            return f"{operand}.__class__ is {self.named(kind.__name__ if kind in SCALARS else 'kind', kind)}"
        return f"{self.named('key_of', key_of)}({operand}) == {self.named('key', key_of(value))}"

    def array_test(self, operand: str, value: np.ndarray) -> str:
        array, dtype = self.named("ndarray", np.ndarray), self.named("dtype", value.dtype)
        tests = [f"{operand}.__class__ is {array}", f"{operand}.dtype is {dtype}"]
        shape = value.shape
        known = self.shapes.get(shape)
        self.shape_names[operand] = name = known or self.names.fresh("shape")
        if known is not None:
            return " and ".join([*tests, f"{operand}.shape == {known}"])
        tests.append(f"{self.named('len', len)}({name} := {operand}.shape) == {len(shape)}")
        if 1 in shape:
            tests += [f"{name}[{axis}] {'==' if size == 1 else '!='} 1" for axis, size in enumerate(shape)]
        elif shape:
            tests.append(f"1 not in {name}")
        pattern = [size == 1 for size in shape]
        tests += [
            f"{name} != {other}"
            for known_shape, other in self.shapes.items()
            if [size == 1 for size in known_shape] == pattern
        ]
        self.shapes[shape] = name
        return " and ".join(tests)

    def guard(self, get: Callable[..., Any], name: str, value: Any) -> str:
        """Whether a dictionary still holds what was bound when the program was compiled."""
        return f"{self.named('get', get)}({name!r}, {self.named('missing', MISSING)}) is {self.named('bound', value)}"

    def data_guard(self, guard: Any) -> str:
        """Whether data still is of the type that was assumed."""
        owner = guard.owner
        if isinstance(guard, DataGuard) and isinstance(owner, Namespace | ModuleType):
            kinds: Any = guard.value
            kind = kinds[0][0]
            if kind in SCALARS:
                held = object.__getattribute__(owner, "_names") if isinstance(owner, Namespace) else vars(owner)
                return f"{self.named('get', held.get)}({guard.name!r}).__class__ is {self.named(kind.__name__, kind)}"
        return f"{self.named('holds', guard.holds)}()"


_makers: dict[str, Callable[..., Any]] = {}  # by the text: there are few texts, because objects are arguments
MOST_MAKERS = 512


def _maker(text: str) -> Callable[..., Any]:
    """The function of this text, which makes shortcuts."""
    known = _makers.get(text)
    if known is None:
        if len(_makers) >= MOST_MAKERS:
            for old in [_makers.pop(old) for old in list(_makers)]:
                linecache.cache.pop(old.__code__.co_filename, None)
        filename = f"<autodiff shortcut {hashlib.sha256(text.encode()).hexdigest()[:8]}>"
        linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
        names: dict[str, Any] = {}
        exec(compile(text, filename, "exec", dont_inherit=True), names)
        known = _makers[text] = names["make"]
    return known
