"""Functions that a branch chooses among: their name stands for a call of the one or of the other.

    g = (lambda v: v * a) if x > 1 else np.sin          g is call_either(x > 1, partial(lambda_, a), np.sin)

What one side alone has captured gets a name that is bound on both sides; on the other one it is a
zero, which nobody reads.
"""

from __future__ import annotations

from dataclasses import dataclass

from transforms import core
from transforms.core import Assign, Const, Var
from transforms.inference import FRESH, join
from transforms.specialise.binding import Binding, holds_mutable
from transforms.specialise.calls.closures import differ, either, is_option, unboxed, unpack_partial
from transforms.specialise.operands import Operands
from transforms.specialise.session import is_closure
from transforms.values import BOOLEAN, Literal, Number, Partial, Sequence, Value


@dataclass(slots=True, eq=False)
class Sides:
    """The two sides of a branch: the condition, the statements of each, and the names that were made inside of them."""

    test: Binding
    outs: list[list[core.Statement]]
    inside: set[str]


class Choices(Operands):
    """Functions that a branch chooses among."""

    def chosen(self, first: Binding, second: Binding, sides: Sides) -> Binding | None:
        """The function that a branch has chosen; None where this is no matter of functions that differ."""
        if not all(is_option(side.value) for side in (first, second)):
            return None
        opened = []
        for binding, out in zip((first, second), sides.outs):
            self.out = out
            opened.append(unboxed(self.calls, binding))
        if not differ(*opened):
            return None
        kept = []
        for binding, here, there in zip(opened, sides.outs, reversed(sides.outs)):
            self.out = here
            kept.append(self._bound_on_both(binding, there, sides.inside))
        return either(self._condition(sides), *kept)

    def _condition(self, sides: Sides) -> Binding:
        """The condition as something that does not change after the branch."""
        if isinstance(sides.test.value, Number):
            return sides.test
        flag = self.names.fresh("is_first")
        for value, out in zip((True, False), sides.outs):
            out.append(Assign(flag, Const(value), self.origin))
        self.values[flag] = BOOLEAN
        return Binding(Var(flag), BOOLEAN)

    def _bound_on_both(self, binding: Binding, there: list[core.Statement], inside: set[str]) -> Binding:
        """An operand of this side of a branch under names that are bound on the other side too."""
        if is_closure(binding.value) and binding.parts is None:
            assert isinstance(binding.value, Partial)
            unpacked = unpack_partial(self.calls, binding, binding.value)
            assert unpacked is not None
            binding = Binding(None, binding.value, (unpacked[0], *unpacked[1], *unpacked[2].values()))
        if binding.parts is not None and (is_closure(binding.value) or binding.atom is None):
            parts = tuple(self._bound_on_both(part, there, inside) for part in binding.parts)
            return Binding(None, _value_of_parts(binding.value, parts), parts)
        atom = self.atom(binding)
        if not (isinstance(atom, Var) and atom.name in inside):
            return binding
        new = self.new_name(None)
        self.out.append(Assign(new, atom, self.origin))
        there.append(Assign(new, Const(0.0), self.origin))
        value = self.values[new] = join(binding.value, Literal(0.0), (FRESH, new))
        if holds_mutable(binding.value):
            self.escape(binding)
        return Binding(Var(new), value)


def _value_of_parts(value: Value, parts: tuple[Binding, ...]) -> Value:
    """The value of a closure or tuple with these parts."""
    values = tuple(part.value for part in parts)
    if isinstance(value, Partial):
        count = len(value.arguments) + 1
        names = [name for name, _ in value.keywords]
        return Partial(value.function, values[1:count], tuple(zip(names, values[count:])))
    assert isinstance(value, Sequence)
    return Sequence(value.kind, values)
