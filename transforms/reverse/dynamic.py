"""Adjoints of what derivative code does with shadows of a type that only the run time knows.

Each of these helpers of `transforms.runtime` changes memory in place or makes a new number, as it turns out.  The
shadow of a shadow is memory where the shadow is, and a number where the shadow is a number, so that it can be asked.
"""

from __future__ import annotations

import operator
from typing import Any

from transforms import runtime
from transforms.builder import Builder
from transforms.core import Assign, Atom, Call, Const, Var
from transforms.reverse.plan import Kind
from transforms.reverse.primitives import Primitives
from transforms.values import Array, Unknown

HANDLERS: dict[Any, str] = {
    runtime.add_into: "additive",
    runtime.add_item: "additive",
    runtime.add_attribute: "additive",
    runtime.accumulate: "accumulation",
    runtime.put_changed: "change",
    runtime.merge: "merging",
    runtime.drained: "draining",
    runtime.rebound: "rebinding",
    runtime.accumulated: "rebinding",
    runtime.take_changed: "taking",
    runtime.return_item: "returning",
    runtime.return_attribute: "returning",
    runtime.exchange: "exchanging",
    runtime.call_augmented: "calling",
    runtime.call_again: "calling",
}


class Dynamic(Primitives):
    """Adjoints of what derivative code does with shadows of a type that only the run time knows."""

    def dynamic(self, function: Any, statement: Assign, call: Call, primal: Builder, adjoint: Builder) -> None:
        """Primal and adjoint of one of the `HANDLERS`."""
        getattr(self, HANDLERS[function])(statement, call, primal, adjoint)

    def _has_shadow(self, atom: Atom) -> bool:
        return isinstance(atom, Var) and self.kind(atom) is Kind.SHADOW

    def additive(self, statement: Assign, call: Call, primal: Builder, adjoint: Builder) -> None:
        """`buffer += g`: the buffer's cotangent stays, and is that of `g` too."""
        primal.statements.append(statement)
        buffer, g = call.arguments[0], call.arguments[-1]
        if not isinstance(buffer, Var) or self.kind(g) is Kind.NONE:
            return
        bar: Atom = Var(self.bar(buffer.name))
        if len(call.arguments) == 3:
            is_attribute = call.function.value is runtime.add_attribute  # type: ignore[union-attr]
            bar = adjoint.call(getattr if is_attribute else operator.getitem, bar, call.arguments[1])
        elif not isinstance(self.plan.value(buffer), Array) and isinstance(self.plan.value(g), (Array, Unknown)):
            bar = adjoint.call(runtime.added_part, bar, g)
        self.accumulate(g, bar, adjoint, borrowed=True)

    def accumulation(self, statement: Assign, call: Call, primal: Builder, adjoint: Builder) -> None:
        """`result = accumulate(shadow, g)`: the cotangent of the result is that of `g` and of the shadow."""
        shadow, g = call.arguments
        bar = self._shadow_of_result(statement, runtime.accumulated, shadow, primal, adjoint)
        if bar is not None:
            self.accumulate(g, bar, adjoint, borrowed=True)
            self._flow_back(shadow, bar, adjoint)

    def change(self, statement: Assign, call: Call, primal: Builder, adjoint: Builder) -> None:
        """`result = put_changed(shadow, g)`: memory loses what it held, a number keeps it."""
        shadow, g = call.arguments
        bar = self._shadow_of_result(statement, runtime.accumulated, shadow, primal, adjoint)
        if bar is not None:
            taken = adjoint.call(runtime.take_changed, bar)
            self.accumulate(g, taken, adjoint)
            self._flow_back(shadow, bar, adjoint)

    def merging(self, statement: Assign, call: Call, primal: Builder, adjoint: Builder) -> None:
        """`result = merge(shadow, other)`: a sum of numbers, or the memory `shadow`."""
        shadow, other = call.arguments
        bar = self._shadow_of_result(statement, runtime.drained, shadow, primal, adjoint)
        if bar is None:
            return
        self._flow_back(shadow, bar, adjoint)
        if self._has_shadow(other):
            self._flow_back(other, bar, adjoint)
        else:
            self.accumulate(other, adjoint.call(runtime.share, bar, adjoint.call(runtime.is_number, bar)), adjoint)

    def draining(self, statement: Assign, call: Call, primal: Builder, adjoint: Builder) -> None:
        """`result = drained(shadow)`: the memory `shadow`, or nothing."""
        self._shadow_of_result(statement, runtime.drained, call.arguments[0], primal, adjoint)

    def rebinding(self, statement: Assign, call: Call, primal: Builder, adjoint: Builder) -> None:
        """`result = rebound(shadow, x)`, `accumulated(shadow, x)`: the memory `shadow`, or zeros."""
        shadow, x = call.arguments
        primal.statements.append(statement)
        target = statement.target
        if target is None or self.kind(target) is not Kind.SHADOW:
            if target is not None:
                self.take(target, adjoint)
            return
        old = Var(self.bar(shadow.name)) if isinstance(shadow, Var) and self._has_shadow(shadow) else Const(0.0)
        primal.call(call.function, old, x, target=self.bar(target))

    def taking(self, statement: Assign, call: Call, primal: Builder, adjoint: Builder) -> None:
        """`result = take_changed(shadow)`: a copy of memory that becomes zero, or a number."""
        primal.statements.append(statement)
        shadow, target = call.arguments[0], statement.target
        if target is not None and self.kind(target) is Kind.SHADOW:
            primal.call(self._zeros_function(target), Var(target), target=self.bar(target))
        g = self.take(target, adjoint) if target is not None else None
        if isinstance(shadow, Var) and self._has_shadow(shadow):
            bar = self.bar(shadow.name)
            adjoint.call(runtime.put_changed, Var(bar), Const(0.0) if g is None else g, target=bar)
        elif g is not None:
            self.accumulate(shadow, g, adjoint)

    def returning(self, statement: Assign, call: Call, primal: Builder, adjoint: Builder) -> None:
        """`return_item(shadow, index, other)`: added where `other` is not the shadow's own memory."""
        shadow, place, other = call.arguments
        is_item = call.function.value is runtime.return_item  # type: ignore[union-attr]
        if self.kind(other) is Kind.NONE or not isinstance(shadow, Var):
            primal.statements.append(statement)
            return
        if is_item:
            apart = primal.call(runtime.is_apart_item, shadow, place, other, target=self.names.fresh("apart"))
        else:
            held = primal.call(getattr, shadow, place)
            apart = primal.call(runtime.is_apart, held, other, target=self.names.fresh("apart"))
        primal.statements.append(statement)
        part = adjoint.call(operator.getitem if is_item else getattr, Var(self.bar(shadow.name)), place)
        self.accumulate(other, adjoint.call(runtime.share, part, apart), adjoint, borrowed=True)

    def exchanging(self, statement: Assign, call: Call, primal: Builder, adjoint: Builder) -> None:
        """`old = exchange(shadow, key, new)`: the same exchange of their shadows, and back."""
        shadow, key, new = call.arguments
        target = statement.target
        primal.statements.append(statement)
        mirrored = Var(self.bar(shadow.name)) if isinstance(shadow, Var) and self._has_shadow(shadow) else Const(0.0)
        is_memory = target is not None and self.kind(target) is Kind.SHADOW
        name = self.bar(target) if target is not None and is_memory else self.names.temporary()
        back: Atom = primal.call(runtime.exchange, mirrored, key, self.shadow(new), target=name)
        if target is not None and not is_memory:
            part = self.take(target, adjoint)
            back = back if part is None else adjoint.call(runtime.merge, back, part)
        g = adjoint.call(runtime.exchange, mirrored, key, back)
        if isinstance(new, Var) and self._has_shadow(new):
            self._flow_back(new, g, adjoint)
        else:
            self.accumulate(new, g, adjoint)

    def calling(self, statement: Assign, call: Call, primal: Builder, adjoint: Builder) -> None:
        """`value, pullback = call_augmented(function, *arguments)`, `call_again(pullback, cotangent)`: the cotangent of
        the pullback consists of contributions to those of the arguments, and so does what it gives for the value's."""
        primal.statements.append(statement)
        is_again = call.function.value is runtime.call_again  # type: ignore[union-attr]
        if not is_again and self.kind(call.arguments[0]) is not Kind.NONE:
            self.refuse(statement, runtime.call_augmented, None)
        assert statement.target is not None
        value, pullback = (self.take(slot, adjoint) for _, slot in self.slots(statement.target))
        if value is not None:
            own = primal.call(operator.getitem, Var(statement.target), Const(1), target=self.names.fresh("pullback"))
            value = adjoint.call(own, value)
            pullback = value if pullback is None else adjoint.call(runtime.add, value, pullback)
        if pullback is None:
            return
        operands = call.arguments if is_again else call.arguments[1:]
        for atom, place in zip(operands, (slice(None, -1), -1) if is_again else range(len(operands))):
            if self.kind(atom) is not Kind.NONE:
                self.accumulate(atom, adjoint.call(operator.getitem, pullback, Const(place)), adjoint)

    def _shadow_of_result(
        self, statement: Assign, function: Any, shadow: Atom, primal: Builder, adjoint: Builder
    ) -> Atom | None:
        """Emit the statement, and `function` for the shadow of its result; returns the cotangent of the result."""
        target = statement.target
        primal.statements.append(statement)
        if target is None:  # called for what it does to memory
            return adjoint.call(runtime.drained, self.shadow(shadow)) if self._has_shadow(shadow) else None
        if self.kind(target) is not Kind.SHADOW:
            return self.take(target, adjoint)
        if self._has_shadow(shadow):
            operands = (Var(target),) if function is runtime.accumulated else ()
            primal.call(function, self.shadow(shadow), *operands, target=self.bar(target))
        else:
            primal.call(self._zeros_function(target), Var(target), target=self.bar(target))
        return Var(self.bar(target))

    def _flow_back(self, shadow: Atom, bar: Atom, adjoint: Builder) -> None:
        """Add the cotangent of a result to that of a shadow, unless both are the same memory."""
        if not isinstance(shadow, Var):
            return
        if self._has_shadow(shadow):
            adjoint.call(runtime.merge, Var(self.bar(shadow.name)), bar, target=self.bar(shadow.name))
        else:
            self.accumulate(shadow, bar, adjoint, borrowed=True)
