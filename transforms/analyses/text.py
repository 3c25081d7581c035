"""Numbers that were read back from text: they depend on what was written, and their derivative would be lost.

`float(str(x))` is `x`, but text has no derivative.  Text that was made of varied values may be printed and returned;
a number that is made of such text, and that the result depends on, is refused.  Comes in: a specialised program, its
regions and its activity; goes out: the first operation at fault, or None.
"""

from __future__ import annotations

import operator

import numpy as np

from transforms import operations, registry
from transforms.analyses.activity import INACTIVE, Activity, changed_operands
from transforms.analyses.regions import bind
from transforms.core import Assign, Atom, Call, Const, Ref, Var, walk
from transforms.values import Array, Instance, Literal, Number, Unknown, Value

WRITERS = (
    str, repr, ascii, format, operations.format_value, operations.join_strings, float.hex, float.as_integer_ratio,
    np.ndarray.tobytes, np.ndarray.dumps, bytes, bytearray,
)  # fmt: skip
_WRITERS = frozenset(map(id, WRITERS))
WRITING_METHODS = tuple(Const(name) for name in ("hex", "as_integer_ratio", "tobytes", "dumps"))
COUNTS = frozenset(  # methods of text that return numbers which are constant, or truth values
    id(getattr(str, name))
    for name in dir(str)
    if name.startswith(("is", "count", "find", "rfind", "index", "rindex", "startswith", "endswith"))
)


def text_read_back(activity: Activity) -> Assign | None:
    """The first operation that makes a number, on which the result depends, of text with varied values in it."""
    calls = [s for s in walk(activity.function.body) if isinstance(s, Assign) and isinstance(s.value, Call)]
    values = activity.regions.value
    if not any(_writes(s.value, values(s.target or "")) for s in calls if isinstance(s.value, Call)):
        return None
    return _Text(activity).search()


def _writes(call: Call, result: Value) -> bool:
    """Whether a call makes text of its operands."""
    function = call.function.value if isinstance(call.function, Ref) else None
    if id(function) in _WRITERS:
        return True
    if function is operations.method and call.arguments[1] in WRITING_METHODS:
        return True
    return is_text(result) and not isinstance(result, Literal)


def is_text(value: Value) -> bool:
    """Whether a value is known to be text or bytes, or an array of them."""
    if isinstance(value, Literal):
        return isinstance(value.value, (str, bytes))
    if isinstance(value, Instance):
        return value.kind in (str, bytes)
    return isinstance(value, (Array, Number)) and value.dtype.kind in "SUV"


def _read(call: Call, entry: registry.Primitive | None) -> tuple[Atom, ...]:
    """The operands that are part of what a call makes, and do not only choose it, as an index does."""
    if isinstance(call.function, Ref) and call.function.value in (operator.getitem, getattr):
        return call.arguments[:1]
    if isinstance(call.function, Ref) and call.function.value is operations.make_dict:
        return call.arguments[1::2]
    bound = None if entry is None else bind(entry, call)
    if entry is None or bound is None or not entry.wrt:
        return call.atoms
    return tuple(atom for name, atoms in bound.items() if name in entry.wrt for atom in atoms)


class _Text:
    """Follows text forwards: `names` and `regions` hold it, or hold what was made of it."""

    def __init__(self, activity: Activity) -> None:
        self.activity, self.regions = activity, activity.regions
        self.names: set[str] = set()
        self.memory: set[int] = set()

    def search(self) -> Assign | None:
        """The operation at fault; marks spread until nothing changes."""
        size = -1
        while size != len(self.names) + len(self.memory):
            size = len(self.names) + len(self.memory)
            for statement in self.activity.statements:
                if isinstance(statement, Assign) and self.follow(statement):
                    return statement
        return None

    def holds(self, atom: Atom) -> bool:
        if not isinstance(atom, Var):
            return False
        region = self.regions.of(atom)
        return atom.name in self.names or (region is not None and id(region.find()) in self.memory)

    def mark(self, atom: Atom) -> None:
        if isinstance(atom, Var):
            self.names.add(atom.name)
            region = self.regions.of(atom)
            if region is not None and region.is_mutated:
                self.memory.add(id(region.find()))

    def follow(self, statement: Assign) -> bool:
        """Spread the marks over one statement; whether it makes a number of text that the result depends on."""
        target, call = statement.target, statement.value
        if not isinstance(call, Call):
            if target is not None and isinstance(call, Var) and self.holds(call):
                self.mark(Var(target))
            return False
        result = self.regions.value(target or "")
        is_written = _writes(call, result)
        if is_written and any(self.activity.is_varied(atom) or self.holds(atom) for atom in call.atoms):
            self.mark(Var(target or ""))
            return False
        function = call.function.value if isinstance(call.function, Ref) else None
        entry = registry.lookup(function) if function is not None else None
        is_count = id(function) in INACTIVE or id(function) in COUNTS or registry.only_reports(function)
        if is_count or entry is not None and entry.is_constant:
            return False
        if not any(map(self.holds, _read(call, entry))):
            return False
        for changed in changed_operands(call):
            self.mark(changed)
        if target is None:
            return False
        self.mark(Var(target))
        is_number = isinstance(result, (Array, Number)) and result.dtype.kind in "fc"
        is_used_as_one = isinstance(result, Unknown) and entry is not None and entry.is_elementwise
        return (is_number or is_used_as_one) and self.activity.is_useful(target)
