"""Numbers that were read back from what carries no derivative: they depend on what was put in, and their derivative
would be lost.

`float(str(x))` is `x`, but text has no derivative; neither have slices (`np.mgrid[0:x:3j]`), the keys of a dict and the
items of a set, whose places depend on their values.  Such things may be made of varied values, printed and returned; a
number that is read from one of them, and that the result depends on, is refused.  Comes in: a specialised program, its
regions and its activity; goes out: the first operation at fault and what it reads from, or None.
"""

from __future__ import annotations

import decimal
import fractions
import operator

import numpy as np

from transforms import operations, registry
from transforms.analyses.activity import INACTIVE, Activity, changed_operands, is_table
from transforms.analyses.regions import bind
from transforms.core import (
    Assign,
    Atom,
    Call,
    Const,
    For,
    Function,
    Ref,
    Statement,
    Var,
    by_identity,
    is_call_in,
    is_call_of,
)
from transforms.errors import DerivativeUndefined
from transforms.values import Array, Instance, Literal, Number, Unknown, Value

TEXT, SLICE, KEY, SET = "text", "a slice", "a key of a dict", "a set"

_WRITERS = {
    **dict.fromkeys(
        by_identity(
            *(str, repr, ascii, format, operations.format_value, operations.join_strings, float.hex, bytes, bytearray),
            *(float.as_integer_ratio, np.ndarray.tobytes, np.ndarray.dumps, fractions.Fraction, decimal.Decimal),
        ),
        TEXT,
    ),
    **dict.fromkeys(by_identity(operations.make_slice, slice), SLICE),
    **dict.fromkeys(by_identity(operations.make_set, set, frozenset), SET),
}
_READERS = by_identity(float.fromhex, int)  # constant by themselves, but not of such things
WRITING_METHODS = tuple(Const(name) for name in ("hex", "as_integer_ratio", "tobytes", "dumps"))
COUNTS = frozenset(  # methods of text that return numbers which are constant, or truth values
    id(getattr(str, name))
    for name in dir(str)
    if name.startswith(("is", "count", "find", "rfind", "index", "rindex", "startswith", "endswith"))
)
# what is done with a dict that does not give its keys away
_KEEPS_KEYS = by_identity(
    *(operator.getitem, operator.setitem, operator.delitem, operator.contains, operator.eq, operator.ne, len, bool),
    *(operator.not_, operator.is_, operator.is_not, isinstance, type, id, print, str, repr, getattr, setattr),
    *(operations.make_tuple, operations.make_list, operations.make_tape, operations.make_dict, operations.Cell),
    operator.truth,
    *(dict.get, dict.values, dict.update, dict.pop, dict.setdefault, dict.clear, list.append, list.extend, list.insert),
)
_KEY_METHODS = tuple(Const(name) for name in ("keys", "items", "popitem", "copy", "__iter__"))


def read_back(activity: Activity) -> tuple[Assign, str] | None:
    """The first operation that makes a number, on which the result depends, of what carries no derivative; and what
    that is."""
    calls = [s for s in activity.statements if isinstance(s, Assign) and isinstance(s.value, Call)]
    values = activity.regions.value
    if not any(_made_by(s.value, values(s.target or "")) or _keys(s.value) for s in calls if isinstance(s.value, Call)):
        return None
    return _Carriers(activity).search()


def refuse_read_back(activity: Activity) -> None:
    """Refuse a program that reads a number back from what carries no derivative."""
    culprit = read_back(activity)
    if culprit is not None:
        statement, what = culprit
        raise DerivativeUndefined(
            f"a number is read back from {what} that was made of a differentiated one, which has no derivative",
            "Use the number itself; what was made of it may be printed or returned.",
            statement.origin,
        )


def _made_by(call: Call, result: Value) -> str | None:
    """What a call makes that carries no derivative."""
    function = call.function.value if isinstance(call.function, Ref) else None
    made = _WRITERS.get(id(function))
    if made is not None:
        return made
    if function is operations.method and call.arguments[1] in WRITING_METHODS:
        return TEXT
    return TEXT if is_text(result) and not isinstance(result, Literal) else None


def _keys(call: Call) -> tuple[Atom, ...]:
    """The operands that become keys of a dict."""
    function = call.function.value if isinstance(call.function, Ref) else None
    if function is operations.make_dict:
        return call.arguments[::2]
    if function is operator.setitem or function is dict.setdefault:
        return call.arguments[1:2]
    if function is operations.method and call.arguments[1] == Const("setdefault"):
        return call.arguments[2:3]
    return ()


def is_text(value: Value) -> bool:
    """Whether a value is known to be text or bytes, or an array of them."""
    if isinstance(value, Literal):
        return isinstance(value.value, (str, bytes))
    if isinstance(value, Instance):
        return value.kind in (str, bytes)
    return isinstance(value, (Array, Number)) and value.dtype.kind in "SUV"


def _is_number(value: Value) -> bool:
    return isinstance(value, (Array, Number)) and value.dtype.kind in "fc"


class _Carriers:
    """Follows such things forwards: `names` and `memory` hold them, or hold what was made of them; `keyed` are dicts
    that have them as keys."""

    def __init__(self, activity: Activity) -> None:
        self.activity, self.regions = activity, activity.regions
        self.names: dict[str, str] = {}
        self.memory: dict[int, str] = {}
        self.keyed: dict[str, str] = {}
        self.keyed_memory: dict[int, str] = {}
        self.tuples: dict[str, tuple[Atom, ...]] = {}  # what tuples were made of
        self.float_slices: set[str] = set()  # names of slices that index nothing: something computes with them

    def search(self) -> tuple[Assign, str] | None:
        """The operation at fault; marks spread until nothing changes."""
        size = -1
        while size != self.size:
            size = self.size
            for statement in self.activity.statements:
                what = self.follow(statement)
                if what is not None:
                    assert isinstance(statement, Assign)
                    return statement, what
        return None

    @property
    def size(self) -> int:
        return len(self.names) + len(self.memory) + len(self.keyed) + len(self.keyed_memory)

    def held(self, atom: Atom) -> str | None:
        """What is held of all this by a name, or by what its memory holds."""
        return self._found(atom, self.names, self.memory)

    def _found(self, atom: Atom, names: dict[str, str], memory: dict[int, str]) -> str | None:
        if isinstance(atom, Const):
            return None
        region = self.regions.of(atom)
        found = names.get(atom.name) if isinstance(atom, Var) else None
        return found or (memory.get(id(region.find())) if region is not None else None)

    def mark(self, atom: Atom, what: str) -> None:
        self._mark(atom, what, self.names, self.memory)

    def _mark(self, atom: Atom, what: str, names: dict[str, str], memory: dict[int, str]) -> None:
        if isinstance(atom, Const):
            return
        if isinstance(atom, Var):
            names.setdefault(atom.name, what)
        region = self.regions.of(atom)
        if region is not None and region.is_mutated:
            memory.setdefault(id(region.find()), what)

    def follow(self, statement: Statement) -> str | None:
        """Spread the marks over one statement; what it makes a number of that the result depends on."""
        if isinstance(statement, For):
            what = self.held(statement.iterable)
            if what is None and self._found(statement.iterable, self.keyed, self.keyed_memory):
                what = KEY
            if what is not None:
                self.mark(Var(statement.target), what)
            return None
        if not isinstance(statement, Assign):
            return None
        if not isinstance(statement.value, Call):
            self.follow_copy(statement.target, statement.value)
            return None
        return self.follow_call(statement.target, statement.value)

    def follow_copy(self, target: str | None, source: Atom) -> None:
        if target is None:
            return
        what = self.held(source)
        if what is not None:
            self.mark(Var(target), what)
        if self._found(source, self.keyed, self.keyed_memory):
            self._mark(Var(target), KEY, self.keyed, self.keyed_memory)

    def follow_call(self, target: str | None, call: Call) -> str | None:
        result = self.regions.value(target or "")
        if target is not None and is_call_of(call, operations.make_tuple):
            self.tuples[target] = call.arguments
        self.follow_slices(target, call)
        what = self.follow_keys(target, call)
        if what is not None:
            return what
        made = _made_by(call, result)
        if made is not None:
            held = next((what for what in map(self.held, call.atoms) if what is not None), None)
            if held is not None or any(self.activity.is_varied(atom) for atom in call.atoms):
                self.mark(Var(target or ""), held if made is TEXT and held is not None else made)
                return None
        function = call.function.value if isinstance(call.function, Ref) else None
        entry = registry.lookup(function) if function is not None else None
        is_count = id(function) in INACTIVE or id(function) in COUNTS or registry.only_reports(function)
        if (is_count or entry is not None and entry.is_constant) and not is_call_in(call, _READERS):
            return None
        found = next((what for what in map(self.held, self.read(call, entry)) if what is not None), None)
        if found is None:
            return None
        for changed in changed_operands(call):
            self.mark(changed, found)
        if target is None:
            return None
        self.mark(Var(target), found)
        is_used_as_one = entry is not None and bool(entry.wrt) or function == float.fromhex
        is_read = _is_number(result) or (
            isinstance(result, Unknown) and is_used_as_one and not is_call_in(call, _KEEPS_KEYS)
        )
        return found if is_read and self.activity.is_useful(target) else None

    def follow_slices(self, target: str | None, call: Call) -> None:
        """Note slices with a known float in them."""
        is_slice = _WRITERS.get(id(call.function.value) if isinstance(call.function, Ref) else 0) is SLICE
        if target is None or not (is_slice or is_call_of(call, operations.make_tuple)):
            return
        if is_slice:
            is_float = any(
                isinstance(atom.value, (float, complex))
                if isinstance(atom, Const)
                else _is_number(self.regions.value(atom))
                for atom in call.arguments
            )
        else:
            is_float = any(isinstance(atom, Var) and atom.name in self.float_slices for atom in call.arguments)
        if is_float:
            self.float_slices.add(target)

    def follow_keys(self, target: str | None, call: Call) -> str | None:
        """Mark dicts with keys that depend on the input, and what is read from their keys; what it makes a number of
        that the result depends on."""
        if self.regions.function.is_derivative:
            return None  # the keys are those of the program, which was looked at; here they come off tapes
        function = call.function.value if isinstance(call.function, Ref) else None
        is_dict = not isinstance(self.regions.value(call.arguments[0]), Array) if call.arguments else True
        for key in _keys(call) if is_dict else ():
            if self.held(key) or self.activity.is_varied(key) and self.is_number(key):
                owner: Atom = Var(target or "") if function is operations.make_dict else call.arguments[0]
                self._mark(owner, KEY, self.keyed, self.keyed_memory)
        if target is None or not any(self._found(atom, self.keyed, self.keyed_memory) for atom in call.atoms):
            return None
        if is_call_in(call, _KEEPS_KEYS) or isinstance(function, Function):
            return None
        if function is operations.method and call.arguments[1] not in _KEY_METHODS:
            return None
        if function in (dict, dict.copy) or (function is operations.method and call.arguments[1] == Const("copy")):
            self._mark(Var(target), KEY, self.keyed, self.keyed_memory)
            return None
        self.mark(Var(target), KEY)
        entry, result = registry.lookup(function) if function is not None else None, self.regions.value(target)
        is_read = _is_number(result) or (isinstance(result, Unknown) and function in (sum, max, min))
        is_constant = entry is not None and entry.is_constant or id(function) in INACTIVE
        return KEY if is_read and not is_constant and self.activity.is_useful(target) else None

    def is_number(self, atom: Atom) -> bool:
        """Whether an atom is a number, and not a key of another dict: the whole argument, where types are not known."""
        value = self.regions.value(atom)
        is_argument = isinstance(atom, Var) and atom.name in self.activity.function.parameters
        return _is_number(value) or (isinstance(value, Unknown) and is_argument)

    def read(self, call: Call, entry: registry.Primitive | None) -> tuple[Atom, ...]:
        """The operands that are part of what a call makes, and do not only choose it, as an index does."""
        function = call.function.value if isinstance(call.function, Ref) else None
        if function is operator.getitem:
            owner, index = call.arguments
            items = self.tuples.get(owner.name) if isinstance(owner, Var) else None
            if items is not None and isinstance(index, Const) and index.value in range(-len(items), len(items)):
                return (items[index.value],)
            is_computing = isinstance(index, Var) and index.name in self.float_slices
            is_computing = is_computing or not is_table(owner, self.regions.value(owner))
            return call.arguments if is_computing else call.arguments[:1]
        if function is getattr:
            return call.arguments[:1]
        if function is operations.make_dict:
            return call.arguments[1::2]
        if function is operator.setitem:
            return call.arguments[2:]
        bound = None if entry is None else bind(entry, call)
        if entry is None or bound is None or not entry.wrt:
            return call.atoms
        return tuple(atom for name, atoms in bound.items() if name in entry.wrt for atom in atoms)
