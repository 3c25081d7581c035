"""One run of `specialise`: the functions it has met and the instances it has made of them.

An instance is a function specialised for the values of its parameters.  Sizes are numbered in order of appearance, so
that calls that differ in sizes only share one.  A recursive call finds its own instance still being made: its result is
assumed to be nothing at first, and the instance is made again until assumption and result agree.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from transforms import core, library, registry
from transforms.inference import join, loosened, map_sizes
from transforms.values import NEVER, UNKNOWN, Known, Literal, Partial, Sequence, Size, Value

if TYPE_CHECKING:
    from transforms.specialise.sweep import Sweep


class Reader(Protocol):
    """What knows how to turn a Python function into a core program."""

    def read(self, function: Any) -> core.Function | None:
        """The core program of a function with source; None if there is none."""

    def data(self, owner: Any, name: str) -> Value | None:
        """What is known of the data that an object holds under a name when the program is compiled."""

    def lacks(self, owner: Any, name: str) -> bool:
        """Whether an object is known to hold nothing under a name, and the program assigns nothing to it."""

    def cell_of(self, value: Any) -> types.CellType:
        """A cell that holds an object: the same one for the same object, also when reading starts again."""

    def changes(self, owner: int, name: str) -> None:
        """Such data is a container, and the program changes it: nothing is to be known of it (starts again)."""


# Where a container that is returned comes from: the number of the parameter that it is; True: new; a tuple: new, and
# things of unknown type in it may be those of the parameters with these numbers; False: not known
Origin = int | bool | tuple[int, ...]


@dataclass(slots=True)
class Instance:
    """A specialised function; `mutated` has the numbers of the parameters whose containers it may change."""

    function: core.Function
    result: Value = NEVER
    mutated: frozenset[int] = frozenset()
    filled: frozenset[int] = frozenset()  # parameters through which items of unknown things are assigned
    assigned: frozenset[int] = frozenset()  # parameters through which objects are reached whose attributes it assigns
    stored: dict[int, dict[str, Value]] = field(default_factory=dict)  # attributes of parameters that it assigns
    kept: dict[tuple[int, str], int] = field(default_factory=dict)  # those that are given another parameter: which
    returned: Origin = False
    is_open: bool = True  # still being made
    is_assumed: bool = False  # its result was asked for while it was being made
    is_recursive: bool = False  # it was ever asked for while it was being made
    assumes: list[Instance] = field(default_factory=list)  # whose results it relied on while they were being made


MOST_INSTANCES = 24  # of one function, before numbers that vary are no longer told apart
DEEPEST = 60


class Session:
    """The owner of the instances made in one run."""

    def __init__(self, reader: Reader | None, sweep: type[Sweep]) -> None:
        self.reader = reader
        self.sweep = sweep  # what specialises one function
        self.instances: dict[tuple[int, tuple[tuple[Value, ...], bool, core.Origin | None]], Instance] = {}
        self.alive: list[Any] = []  # keeps what is known by its id
        self.count: dict[int, int] = {}
        self.open: dict[Hashable, list[tuple[Value, ...]]] = {}  # function -> the values of those being made
        self.programs: dict[int, core.Function | None] = {}
        self.cells: dict[int, types.CellType] = {}
        # functions that got another one's name by `functools.wraps`: the place of that one in what they capture
        self.wrapped: dict[int, int | None] = {}
        self.stack: list[Instance] = []  # those being made, outermost first

    def cell_of(self, value: Any) -> types.CellType:
        """A cell that holds an object: the same one for the same object."""
        if self.reader is not None:
            return self.reader.cell_of(value)
        return self.cells.setdefault(id(value), types.CellType(value))

    def read(self, function: Any) -> core.Function | None:
        """The core program of a Python function."""
        if isinstance(function, core.Function):
            return function
        key = id(function)
        if key not in self.programs:
            self.alive.append(function)
            helper = registry.is_helper(function) or registry.is_opaque_library(function)
            self.programs[key] = self.reader.read(function) if self.reader is not None and not helper else None
        return self.programs[key]

    def instance(
        self,
        function: core.Function,
        values: tuple[Value, ...],
        is_inner: bool = True,
        caller: core.Origin | None = None,
    ) -> Instance:
        """The function specialised for these values (made now unless there is one).

        What stands for a function of Python's library has no lines that a user knows: it gets those of the `caller`.
        For a call inside of the program, the parameters that are partials are replaced by one for each of the values
        that they hold: closures are taken apart.
        """
        identity, family = id(function), _family(function)
        values = self._given(function, self._bounded(identity, self.open.setdefault(family, []), values))
        is_library = library.is_from_here(function)
        key = (identity, (values, is_inner, caller if is_library else None))
        found = self.instances.get(key)
        if found is not None:
            for assumed in (found, *found.assumes):
                if assumed.is_open:
                    self._assume(assumed)
            return found
        parameters = expanded_names(function, values) if is_inner else function.parameters
        signature = plain_signature(function) if parameters == function.parameters else None
        self.alive.append(function)
        self.count[identity] = self.count.get(identity, 0) + 1
        self.open[family].append(values)
        made = self.instances[key] = Instance(
            function.replace(body=(), values=None, parameters=parameters, signature=signature)
        )
        self.stack.append(made)
        try:
            source = function
            if is_library and caller is not None:
                source = function.replace(body=core.with_origin(function.body, caller))
            self._make(made, source, values, parameters, is_inner)
        finally:
            self.stack.pop()
            self.open[family].pop()
        if is_inner and not made.is_recursive:
            self.instances[key] = made = self._wider(function, values) or made
        return made

    def _given(self, function: core.Function, values: tuple[Value, ...]) -> tuple[Value, ...]:
        """The values with what is known of parameters by design."""
        if not function.given:
            return values
        known = zip(function.parameters, values)
        return tuple(_refined(value, function.given.get(name, UNKNOWN)) for name, value in known)

    def _wider(self, function: core.Function, values: tuple[Value, ...]) -> Instance | None:
        """The instance that a recursive function calls of itself, where it says the same for any number."""
        for (identity, (others, is_inner, _)), found in self.instances.items():
            if identity == id(function) and found.is_recursive and not found.is_open and is_inner:
                every = zip(function.parameters, values, others)
                if all(_covers(other, value, name in function.given) for name, value, other in every):
                    return found
        return None

    def _assume(self, assumed: Instance) -> None:
        """Note that those being made rely on the result of one of them that is not settled yet."""
        assumed.is_assumed = assumed.is_recursive = True
        inside = False
        for each in self.stack:
            if inside and not any(assumed is known for known in each.assumes):
                each.assumes.append(assumed)
            inside = inside or each is assumed

    def _forget(self, assumed: Instance) -> None:
        """Drop the instances that relied on what turned out not to be the result of another one."""
        for key, found in list(self.instances.items()):
            if any(assumed is known for known in found.assumes):
                del self.instances[key]
                identity = key[0]
                self.count[identity] -= 1

    def _bounded(self, identity: int, opened: list[tuple[Value, ...]], values: tuple[Value, ...]) -> tuple[Value, ...]:
        """Values that are told apart less the more instances there are, so that their number stays finite; what varies
        from one call of a recursive function to the next is not known to be a certain number."""
        before = opened[-1] if opened and len(opened[-1]) == len(values) else (NEVER,) * len(values)
        count = self.count.get(identity, 0)
        if len(opened) > 3 or count >= 2 * MOST_INSTANCES:
            return tuple(v if v == old or _is_name(v) else UNKNOWN for v, old in zip(values, before))
        if count >= MOST_INSTANCES:
            return tuple(map(loosened, values))
        if opened:
            return tuple(v if v == old else loosened(v) for v, old in zip(values, before))
        return values

    def _make(
        self,
        made: Instance,
        function: core.Function,
        values: tuple[Value, ...],
        parameters: tuple[str, ...],
        is_inner: bool,
    ) -> None:
        for attempt in range(6):
            made.is_assumed = False
            sweep = self.sweep(self, function, values, parameters, is_inner)
            sweep.run()
            result = join(made.result, sweep.result, ("~", "result")) if attempt else sweep.result
            if attempt == 4:
                result = UNKNOWN
            settled = not made.is_assumed or (
                result == made.result
                and sweep.mutated == made.mutated
                and sweep.assigned == made.assigned
                and sweep.filled == made.filled
                and sweep.stored == made.stored
                and sweep.kept == made.kept
            )
            made.result, made.mutated, made.assigned, made.stored = result, sweep.mutated, sweep.assigned, sweep.stored
            made.kept, made.filled = sweep.kept, sweep.filled
            made.returned = False if made.is_assumed else sweep.returned
            if settled:
                break
            self._forget(made)
        made.function.body = sweep.body
        made.function.values = sweep.public_values()
        made.function.hints = sweep.hints
        made.is_open = False


def is_closure(value: Value) -> bool:
    """Whether a value is a partial of a known function, which calls take apart."""
    return isinstance(value, Partial) and isinstance(value.function, Known)


def leaves(value: Value) -> list[Value]:
    """The values that a closure holds, also those of closures in it; the value itself if it is none."""
    if not is_closure(value):
        return [value]
    assert isinstance(value, Partial)
    return [leaf for item in (*value.arguments, *(item for _, item in value.keywords)) for leaf in leaves(item)]


def expanded_names(function: core.Function, values: tuple[Value, ...]) -> tuple[str, ...]:
    """The names of the parameters of an instance: those of a closure's content in its place."""
    if not any(map(is_closure, values)):
        return function.parameters
    names = core.Names(core.names_in(function))
    result: list[str] = []
    for parameter, value in zip(function.parameters, values):
        result += _leaf_names(parameter, value, names) if is_closure(value) else [parameter]
    return tuple(result)


def _leaf_names(name: str, value: Value, names: core.Names) -> list[str]:
    if not is_closure(value):
        return [names.fresh(name)]
    assert isinstance(value, Partial) and isinstance(value.function, Known)
    inner = value.function.object
    own = inner.parameters if isinstance(inner, core.Function) else ()
    items = [*zip((*own, *[name] * len(value.arguments)), value.arguments), *value.keywords]
    return [leaf for base, item in items for leaf in _leaf_names(base, item, names)]


def plain_signature(function: core.Function) -> inspect.Signature | None:
    """The signature for calls with one positional argument for each parameter, which is how instances are called."""
    if function.signature is None:
        return None
    kinds = {parameter.kind for parameter in function.signature.parameters.values()}
    is_plain = kinds <= {inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD}
    return function.signature if is_plain else None


def _is_name(value: Value) -> bool:
    """Whether a value is a constant that does not count or grow: None, a string, an answer."""
    return isinstance(value, Literal) and type(value.value) not in (int, float, complex, tuple)


def _family(function: core.Function) -> Hashable:
    """What all instances of a function have in common."""
    return id(function) if function.origin is None else (function.name, function.filename, function.origin)


def _refined(value: Value, given: Value) -> Value:
    """The value, with what is given where nothing is known of it or of an item."""
    if value == UNKNOWN:
        return given
    if isinstance(value, Sequence) and isinstance(given, Sequence) and len(value.items) == len(given.items):
        return Sequence(value.kind, tuple(map(_refined, value.items, given.items)))
    return value


def _covers(wider: Value, value: Value, is_given: bool) -> bool:
    """Whether code for one value is as good for another, which says more of numbers only (and, for what an adjoint gets
    from its augmented function, of what that got from a recursive call)."""
    if wider == value or wider == loosened(value) or (is_given and wider == UNKNOWN):
        return True
    if isinstance(wider, Sequence) and isinstance(value, Sequence) and wider.kind is value.kind:
        pairs = zip(wider.items, value.items)
        return len(wider.items) == len(value.items) and all(_covers(a, b, is_given) for a, b in pairs)
    return False


def canonical_sizes(values: tuple[Value, ...]) -> tuple[tuple[Value, ...], dict[Hashable, Size]]:
    """The values with sizes numbered in order of appearance, and what the numbers stand for."""
    numbers: dict[Hashable, int] = {}
    back: dict[Hashable, Size] = {}

    def change(size: Size) -> Size:
        number = numbers.get(size.key)
        if number is None:
            number = numbers[size.key] = len(numbers)
            back[number] = size
        return Size(number, size.maybe_one)

    return tuple(map_sizes(value, change) for value in values), back
