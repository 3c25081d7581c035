"""What a call does beyond returning a value: whether it may be dropped, shared, or moved past another.

The passes ask `effect_of(call)`; it consults the registry, a table of operations that need no rule to be known, and the
bodies of core functions.  A function of which nothing is known may do anything.  `Memory` says which operands hold
values that nothing in the function changes in place.
"""

from __future__ import annotations

import builtins
import functools
import math
import operator
import weakref
from enum import IntEnum
from typing import Any

import numpy as np

from transforms import operations, registry
from transforms.analyses.regions import Regions, Summaries, find_regions, items_of, merge
from transforms.core import Assign, Atom, Block, Call, Const, Function, Raise, Ref, Var, While, With, is_call_of, walk
from transforms.values import Unknown


class Effect(IntEnum):
    """What a call may do, from least to most."""

    PURE = 0  # returns a value, and that is all
    CHANGES = 1  # changes one of its arguments in place
    OPAQUE = 2  # anything


_PURE_BUILTINS = """abs all any ascii bool bytes callable chr complex dict divmod enumerate float format frozenset
 getattr hasattr hash id int isinstance
 issubclass len list max min ord pow range repr reversed round set slice sorted str sum
 tuple type zip object""".split()
_PURE_OPERATORS = """abs add and_ concat contains eq floordiv ge getitem gt index inv invert is_ is_not le lshift lt
 matmul mod mul ne neg not_ or_ pos pow rshift sub truediv truth xor""".split()
_PURE_OPERATIONS = (
    operations.make_tuple,
    operations.make_list,
    operations.make_tape,
    operations.make_set,
    operations.make_dict,
    operations.make_slice,
    operations.format_value,
    operations.join_strings,
    operations.Cell,
    functools.partial,
)
_PURE_METHODS = (
    *(getattr(str, name) for name in dir(str) if not name.startswith("_")),
    *(getattr(tuple, name) for name in ("count", "index")),
    *(getattr(list, name) for name in ("count", "index", "copy")),
    *(getattr(dict, name) for name in ("get", "keys", "values", "items", "copy")),
    *(getattr(np.ndarray, name) for name in "copy sum astype reshape ravel transpose mean max min item dot".split()),
)
_CHANGING_METHODS = (
    *(getattr(list, name) for name in "append extend insert pop remove clear sort reverse".split()),
    *(getattr(dict, name) for name in "pop popitem update setdefault clear".split()),
    *(getattr(set, name) for name in "add discard remove pop clear update".split()),
    np.ndarray.fill,
    np.ndarray.sort,
)
_INPLACE_NAMES = "iadd isub imul itruediv ifloordiv imod ipow imatmul iand ior ixor ilshift irshift".split()
INPLACE = tuple(getattr(operator, name) for name in _INPLACE_NAMES)

ALLOCATIONS = (
    *(np.zeros, np.empty, np.ones, np.full),
    *(np.zeros_like, np.empty_like, np.ones_like, np.full_like),
)

_KNOWN: dict[Any, Effect] = {
    **{getattr(builtins, name): Effect.PURE for name in _PURE_BUILTINS},
    **{getattr(operator, name): Effect.PURE for name in _PURE_OPERATORS},
    **{value: Effect.PURE for value in vars(math).values() if callable(value)},
    **{function: Effect.PURE for function in (*_PURE_OPERATIONS, *_PURE_METHODS, *ALLOCATIONS)},
    **{function: Effect.CHANGES for function in (*_CHANGING_METHODS, *INPLACE)},
    operator.setitem: Effect.CHANGES,
    operator.delitem: Effect.CHANGES,
    setattr: Effect.CHANGES,
    delattr: Effect.CHANGES,
}
# What never raises and never depends on memory: may be dropped even where an exception would be caught.
NEVER_RAISES = frozenset(map(id, _PURE_OPERATIONS[:5])) | frozenset({id(operator.is_), id(operator.is_not)})


def effect_of(call: Call) -> Effect:
    """What a call may do."""
    if not isinstance(call.function, Ref):
        return Effect.OPAQUE
    function = call.function.value
    if isinstance(function, Function):
        return function_effect(function)
    if call.keywords and any(name == "out" and atom != Const(None) for name, atom in call.keywords):
        return Effect.CHANGES
    if isinstance(function, np.ufunc) and len(call.arguments) > function.nin:
        return Effect.CHANGES
    entry = registry.lookup(function)
    if entry is not None:
        if not entry.is_pure:
            return Effect.OPAQUE
        if entry.mutates:
            return _effect_of_mutating(entry, call)
    known = _known(function)
    if known is not None:
        return known
    if entry is not None or isinstance(function, np.ufunc):
        return Effect.PURE
    return Effect.OPAQUE


def _known(function: Any) -> Effect | None:
    try:
        return _KNOWN.get(function)
    except TypeError:  # not hashable
        return None


def _effect_of_mutating(entry: registry.Primitive, call: Call) -> Effect:
    """A primitive that changes only optional arguments (`out=`) is pure where they are not given."""
    if entry.signature is None:
        return Effect.CHANGES
    try:
        bound = entry.bind(call)
    except TypeError:
        return Effect.CHANGES
    given = any(name in bound and bound[name] != Const(None) for name in entry.mutates)
    return Effect.CHANGES if given or not set(entry.mutates) <= set(entry.signature.parameters) else Effect.PURE


_function_effects: weakref.WeakKeyDictionary[Function, tuple[Block, Effect]] = weakref.WeakKeyDictionary()


def function_effect(function: Function) -> Effect:
    """What a call of a core function may do.  A recursive call is taken to do anything."""
    known = _function_effects.get(function)
    if known is not None and known[0] is function.body:
        return known[1]
    _function_effects[function] = (function.body, Effect.OPAQUE)  # until it is known; also what a recursion finds
    pure = all(_is_pure_statement(statement) for statement in walk(function.body))
    effect = Effect.PURE if pure else Effect.OPAQUE
    _function_effects[function] = (function.body, effect)
    return effect


def _is_pure_statement(statement: Any) -> bool:
    if isinstance(statement, (Raise, While, With)):
        return False
    return not (isinstance(statement, Assign) and isinstance(statement.value, Call)) or not effect_of(statement.value)


class Memory:
    """Which operands of one function's statements are never changed in place.  See `memory_of`."""

    def __init__(self, function: Function) -> None:
        self.function = function
        self.values = function.values or {}
        self._regions: Regions | None = None
        self._stable: dict[str, bool] = {}
        statements = list(walk(function.body))
        calls = [s.value for s in statements if isinstance(s, Assign) and isinstance(s.value, Call)]
        self.effects = {id(call): effect_of(call) for call in calls}
        self.is_opaque = any(effect is Effect.OPAQUE for effect in self.effects.values())
        self.is_changing = any(self.effects.values())
        self.calls = calls  # keeps the ids alive

    def effect(self, call: Call) -> Effect:
        """`effect_of`, remembered."""
        known = self.effects.get(id(call))
        return effect_of(call) if known is None else known

    @property
    def regions(self) -> Regions:
        if self._regions is None:
            self._regions = _regions_with_parameters(self.function)
        return self._regions

    def is_stable(self, atom: Atom) -> bool:
        """Whether the numbers that the atom holds stay as they are for as long as the name is bound."""
        if not isinstance(atom, Var):
            return True
        known = self._stable.get(atom.name)
        if known is None:
            known = self._stable[atom.name] = not self.is_changing or not self.regions.is_mutated(atom.name)
        return known

    def reads_changing_memory(self, call: Call) -> bool:
        """Whether the call's value depends on memory that the function changes somewhere."""
        if is_call_of(call, getattr, hasattr) and isinstance(call.arguments[0], Ref):
            return self.is_opaque
        return not all(map(self.is_stable, call.atoms))


def memory_of(function: Function) -> Memory:
    """The memory of a function, which passes that leave it as it is share."""
    return function.recall(Memory)


def _regions_with_parameters(function: Function) -> Regions:
    """The regions, where parameters may be the same object if one of them is changed in place.

    An item of something of unknown type counts as a view, and what is stored in it as held by it.
    """
    regions = find_regions(function, Summaries(), items_of(function))
    for statement in walk(function.body):
        if isinstance(statement, Assign) and is_call_of(statement.value, operator.setitem):
            container, _, stored = statement.value.arguments  # type: ignore[union-attr]
            if isinstance(regions.value(container), Unknown):
                merge(regions.of(container), regions.of(stored))
    if any(regions.is_mutated(name) for name in function.parameters):
        found = [region for name in function.parameters if (region := regions.of(name)) is not None]
        for other in found[1:]:
            merge(found[0], other)
    return regions
