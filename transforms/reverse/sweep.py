"""The reverse-mode rewriter: a program becomes a primal sweep and an adjoint sweep.

Comes in: a specialised program in single-assignment form (see `plan.py` for what is decided beforehand).  Goes out:
`Sweeps`: the statements of the primal sweep, which is the program with what it must save, and those of the adjoint
sweep, which propagate cotangents from the result to the parameters.  The adjoint sweep reads values of the primal sweep
by name; inside loops, where names are bound again and again, by way of *tapes*: each loop body, and each branch inside
a loop, pushes exactly those values that its own adjoint reads, as one tuple.

    def f(x):                   s = 1.0                      primal
        s = 1.0                 for k in range(3):
        for k in range(3):          tape.append(s)
            s = s * x               s = s * x
        return s                for k in reversed(range(3)):  adjoint, from s_bar
                                    s = tape.pop()
                                    x_bar = x_bar + s_bar * s
                                    s_bar = s_bar * x
"""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import Any

import numpy as np

from transforms import operations, registry, runtime
from transforms.analyses.regions import BUILDERS, INPLACE, is_structure
from transforms.builder import Builder
from transforms.core import (
    Assign,
    Atom,
    Call,
    Const,
    Expression,
    Function,
    Names,
    Ref,
    Return,
    Try,
    Var,
    all_writes,
    is_call_of,
    is_temporary,
    reads,
    walk,
)
from transforms.errors import TransformError
from transforms.reverse.control import placed
from transforms.reverse.cotangents import Scope, Statements, is_changed
from transforms.reverse.dynamic import HANDLERS, Dynamic
from transforms.reverse.plan import Kind
from transforms.rules.typed import is_sequence
from transforms.values import Array, Unknown

_WITH_METHODS = (np.ndarray, np.generic, float, complex, int, str, list, tuple, dict, set)


@dataclass
class Sweeps:
    """The two halves of a derivative; `gradients` are the cotangents of the differentiated parameters."""

    forward: Statements
    reverse: Statements
    result: Atom
    gradients: tuple[Atom, ...]
    names: Names
    cotangent: str  # the name under which the adjoint sweep expects the cotangent of the result


class Sweep(Dynamic):
    """Writes the adjoint of one function.

    `compiler` offers `templates`, `summaries` and `pair(callee, wrt)`.
    """

    def run(self, finish: bool = True) -> Sweeps:
        """Both sweeps of the function.

        `finish`: the two stay together, and the gradients get the structure and dtype of the parameters.  Otherwise the
        sweeps become two functions: branches push what their adjoints read, as in loops, because only names that are
        bound on every path can be handed over.
        """
        last = self.function.body[-1]
        assert isinstance(last, Return)
        self._refuse_escapes()
        self._refuse_outside()
        self.is_whole = finish
        cotangent = self.names.fresh("cotangent")
        scope = Scope(in_loop=not finish, is_handed_over=not finish)
        seed = Builder(self.names, last.origin)
        if not self.returns_shadow:
            self._seed(last, Var(cotangent), seed)
        else:
            self.give_back(last.value, Var(cotangent), seed)
        forward, reverse = self.block(self.function.body[:-1], scope)
        start = Builder(self.names, self.function.origin)
        self.make_outside_shadows(start)
        for k, name in enumerate(self.function.parameters):
            if self.plan.kind(name) is Kind.SHADOW and k not in self.shadowed:
                start.call(self._zeros_function(name), Var(name), target=self.bar(name))
        if finish:
            self._check_parameters(start)
        reverse = placed(scope.prologue, [*self.tape_bars(), *seed.statements, *reverse], self.aliases)
        end = Builder(self.names, self.function.origin)
        get = self._gradient if finish else self._raw_gradient
        gradients = tuple(get(self.function.parameters[k], end) for k in self.wrt)
        reverse += end.statements
        for name, own in self.own_shadows.items():
            start.bind(own, Var(self.bar(name)))
        for name, given in self.given.items():
            start.call(runtime.structure, Var(name), target=given)
        forward = [*start.statements, *self.unbound.values(), *self.tapes, *forward]
        result: Atom = last.value
        if isinstance(result, Var) and result.name in all_writes(tuple(reverse)):
            kept = self.names.fresh(f"{result.name}_result")
            forward.append(Assign(kept, result, last.origin))
            result = Var(kept)
        return Sweeps(forward, reverse, result, gradients, self.names, cotangent)

    def _check_parameters(self, out: Builder) -> None:
        """Have the run time check that a parameter which is changed shares no memory with another."""
        parameters = [name for name in self.function.parameters if self.plan.regions.of(name) is not None]
        is_done = any(isinstance(s, Assign) and is_call_of(s.value, runtime.check_distinct) for s in self.function.body)
        for name in () if is_done else parameters:
            levels = self.plan.levels(name)[:3]
            others = [Var(other) for other in parameters if other != name]
            if any(levels) and (others or len(levels) > 1):
                out.do(runtime.check_distinct, Const(levels), Var(name), *others)

    def _refuse_escapes(self) -> None:
        """Refuse names of unknown type that are bound in a loop and read after it, or after a try statement in it: the
        tapes hand back their shadows, and what was added to that of a number in the meantime would be lost."""
        for statement in walk(self.function.body):
            if isinstance(statement, Try):
                self._refuse_rebound(statement)
            here = self.plan.places[id(statement)]
            for name in reads(statement):
                home = self.plan.bound_in.get(name, ())
                binding = self.plan.binding.get(name)
                if here.blocks[: len(home)] == home or not self.is_dynamic(Var(name)) or binding is None:
                    continue
                if self.plan.places[id(binding)].loops:
                    raise TransformError(
                        f"{name!r} is bound in a loop and used after it, and may be a number or an array that is "
                        "changed",
                        "Give example arguments, so that types are known.",
                        statement.origin,
                    )

    def _refuse_outside(self) -> None:
        """Refuse calls of recursive functions that read globals which hold values that depend on the input."""
        varied = self.plan.activity.varied_regions
        for statement in walk(self.function.body):
            call = statement.value if isinstance(statement, Assign) else None
            callee = call.function.value if isinstance(call, Call) and isinstance(call.function, Ref) else None
            if isinstance(callee, Function):
                read = self.compiler.summaries(callee).outside
                if any(not varied.isdisjoint(self.plan.regions.outside(identity)) for identity in read):
                    raise TransformError(
                        f"{callee.name} is recursive and reads a global, or a variable of an enclosing function, that "
                        "is given a value which depends on the input; a derivative through this is not supported",
                        "Pass it as an argument.",
                        statement.origin,
                    )

    def _refuse_rebound(self, statement: Try) -> None:
        """Refuse names of unknown type that a try statement binds again: each binding has a shadow of its own."""
        for name in sorted(all_writes((statement,))):
            if self.plan.binding.get(name) is None and self.is_dynamic(Var(name)):
                raise TransformError(
                    f"{name!r} is bound in a try statement, and may be a number or an array that is changed",
                    "Give example arguments, so that types are known.",
                    statement.origin,
                )

    def assign(self, statement: Assign, scope: Scope, primal: Builder, adjoint: Builder) -> None:
        """Primal and adjoint of one operation."""
        value = statement.value
        if not self.plan.is_active_statement(statement):
            self._inactive(statement, primal)
        elif isinstance(value, Var):
            self.copy(statement, primal, adjoint)
        elif isinstance(value, Call):
            self._operation(statement, value, scope, primal, adjoint)
            self._check_joined(statement, primal)
        else:
            self._constant(statement, primal)

    def _inactive(self, statement: Assign, primal: Builder) -> None:
        """What no derivative passes through stays as it is, or is checked by the run time."""
        self._refuse_unfollowed(statement, primal)
        primal.statements.append(self._checked_call(statement))
        self._check_joined(statement, primal)
        self._check_apart(statement, primal)
        if is_call_of(statement.value, getattr) and isinstance(statement.value, Call):
            self._check_structure(statement.target, statement.value, primal)

    def _constant(self, statement: Assign, primal: Builder) -> None:
        """A constant under a name that has a cotangent, for example the start value of a loop."""
        target = statement.target
        primal.statements.append(statement)
        if target is not None and self.kind(target) is Kind.SHADOW:
            primal.bind(self.bar(target), Const(0.0))
        elif target is not None:
            for leaf in self.leaves(target):
                self.live.discard(leaf)

    def _operation(self, statement: Assign, value: Call, scope: Scope, primal: Builder, adjoint: Builder) -> None:
        """Hand a call on to the part that knows what is called."""
        function = value.function.value if isinstance(value.function, Ref) else None
        tape = self.tape_of(statement)
        if tape is not None:
            self.tape_operation(tape, statement, primal, adjoint)
        elif function in BUILDERS:
            self.build(statement, value, primal, adjoint)
        elif function is operator.getitem:
            self.getitem(statement, value, scope, primal, adjoint)
        elif function is getattr:
            self.attribute(statement, value, primal, adjoint)
        elif function is setattr:
            self.set_attribute(statement, value, primal, adjoint)
        elif function is operator.setitem and not isinstance(self.plan.value(value.arguments[0]), Array):
            self.set_item(statement, value, primal, adjoint)
        elif function in INPLACE:
            self.inplace(statement, value, scope, primal, adjoint)
        elif function is operator.or_:
            self.merge_dicts(statement, value, primal, adjoint)
        elif function is runtime.update:
            self._update(statement, value, scope, primal, adjoint)
        elif function in HANDLERS:
            self.dynamic(function, statement, value, primal, adjoint)
        elif isinstance(function, Function):
            self.user_call(statement, function, value, primal, adjoint)
        elif function is None:
            self.dynamic_call(statement, value, primal, adjoint)
        elif function is operations.method and statement.target is not None and self._is_own_method(value):
            self.dynamic_method(statement, value, primal, adjoint)
        else:
            self.primitive(statement, function, value, scope, primal, adjoint)

    def _update(self, statement: Assign, value: Call, scope: Scope, primal: Builder, adjoint: Builder) -> None:
        """`runtime.update(operation, x, y)`: `x += y` in code that does not know what x is."""
        target = statement.target
        primal.statements.append(statement)
        if target is not None and self.kind(target) is Kind.SHADOW:
            self.make_shadow(statement, scope, primal)
        g = self.take(target, adjoint) if target is not None else None
        if g is None:
            return
        assert isinstance(value.arguments[0], Ref)
        plain = Call(value.arguments[0], value.arguments[1:3])
        entry = registry.lookup(value.arguments[0].value)
        if entry is None or not entry.is_constant:
            self._rule(statement, entry, plain, g, adjoint)

    def _check_joined(self, statement: Assign, primal: Builder) -> None:
        """Have the run time check that `a + b`, of things of unknown type, makes no list whose items are changed: they
        would be items of `a` and `b` too; and that `a * [b]` makes no list at all."""
        target = statement.target
        if target is None or not is_call_of(statement.value, operator.add, operator.mul):
            return
        if not isinstance(self.plan.value(target), Unknown):
            return
        assert isinstance(statement.value, Call)
        if is_call_of(statement.value, operator.mul) and is_sequence(self.plan.value(statement.value.arguments[1])):
            primal.do(runtime.check_not_repeated, Var(target))
        region = self.plan.regions.of(target)
        if region is not None and region.known_content is not None and self.plan.regions.is_mutated(target):
            primal.do(runtime.check_no_list, Var(target))

    def _checked_call(self, statement: Assign) -> Assign:
        """A call without a derivative of a function that only the run time knows: checked there, if it may put what is
        differentiated where the derivative does not see it."""
        call = statement.value
        if not (isinstance(call, Call) and isinstance(call.function, Var)):
            return statement
        is_varied = self.plan.activity.is_varied
        if not any(map(is_varied, (call.function, *call.atoms))):
            return statement
        is_outside = call.function.name in self.function.parameters and not is_varied(call.function)
        function = runtime.call_unfollowed if is_outside else runtime.call_closure
        checked = Call(Ref(function), (call.function, *call.arguments), call.keywords)
        return Assign(statement.target, checked, statement.origin)

    def _check_apart(
        self,
        statement: Assign,
        primal: Builder,
        value: Atom | None = None,
        inputs: tuple[Atom, ...] = (),
        call: Expression | None = None,
    ) -> None:
        """Have the run time check that a function which only it knows does not hand back what it was given, where one
        of the two is changed."""
        target, call = statement.target, call or statement.value
        if target is None or not (isinstance(call, Call) and isinstance(call.function, Var)):
            return
        given = [atom for atom in (call.function, *call.atoms) if self.plan.activity.is_varied(atom)]
        changed = [target, *(atom.name for atom in given if isinstance(atom, Var))]
        if any(map(self.plan.regions.is_mutated, changed)) and any(map(self.plan.activity.may_matter, given)):
            primal.do(runtime.check_apart, value or Var(target), call.function, *(inputs or call.atoms))

    def _check_structure(self, target: str | None, call: Call, primal: Builder) -> None:
        """Have the run time check that `x.size`, of something of unknown type, is not an attribute of an object."""
        owner, name = call.arguments[:2]
        is_followed = self.plan.activity.is_varied(owner) and isinstance(self.plan.value(owner), Unknown)
        if target is not None and is_followed and is_structure(call, self.plan.value):
            primal.do(runtime.check_structure, Var(target), name)

    def user_call(self, statement: Assign, function: Function, call: Call, primal: Builder, adjoint: Builder) -> None:
        """A call of a user's function: its augmented primal here, its adjoint in the adjoint sweep."""
        target = statement.target or self.names.temporary()
        active = tuple(k for k, atom in enumerate(call.arguments) if self.kind(atom) is not Kind.NONE)
        summary = self.compiler.summaries(function)
        if summary.changes_captured and any(self.kind(atom) is Kind.SHADOW for atom in (*call.arguments, Var(target))):
            raise TransformError(
                f"{function.name} is recursive and changes something outside of it; a derivative through this is not "
                "supported",
                "Pass what it changes as an argument.",
                statement.origin,
            )
        shadowed: list[tuple[int, tuple[bool, ...]]] = []
        if summary.mutated or summary.classes:
            for k in active:
                atom = call.arguments[k]
                if isinstance(atom, Var) and self.kind(atom) is Kind.SHADOW:
                    shadowed.append((k, self.plan.levels(atom.name)))
        if function.order > 1 and any(self.is_dynamic(call.arguments[k]) for k, _ in shadowed):
            raise TransformError(
                "the third derivative of a recursive function that changes what it is given is not supported: the "
                "types of what it keeps are not known",
                "Write it with a loop.",
                statement.origin,
            )
        pair = self.compiler.pair(function, active, tuple(shadowed))
        self._emit_call(statement, target, call, pair, active, dict(shadowed), primal, adjoint)

    def _emit_call(
        self,
        statement: Assign,
        target: str,
        call: Call,
        pair: Any,
        active: tuple[int, ...],
        shadowed: dict[int, tuple[bool, ...]],
        primal: Builder,
        adjoint: Builder,
    ) -> None:
        # what the callee saves for its adjoint must not be reached by later changes
        arguments = [
            atom if k in shadowed else self._own_copy(statement, atom, primal) for k, atom in enumerate(call.arguments)
        ]
        bars = [Var(self.bar(call.arguments[k].name)) for k in shadowed]  # type: ignore[union-attr]
        both = primal.call(Ref(pair.augmented, pair.augmented.name), *arguments, *bars)
        is_copied = is_changed(self, target) and not pair.returns_shadow
        value = primal.call(operator.getitem, both, Const(0), target=None if is_copied else target)
        if is_copied:
            primal.call(runtime.snapshot, value, target=target)
        base = f"{pair.callee}_saved" if is_temporary(target) else f"{target}_saved"
        saved = primal.call(operator.getitem, both, Const(1), target=self.names.fresh(base))
        if pair.returns_shadow:
            primal.call(operator.getitem, both, Const(2), target=self.bar(target))
        elif self.kind(target) is Kind.SHADOW:
            primal.call(self._zeros_function(target), Var(target), target=self.bar(target))
        g: Atom | None = Var(self.bar(target)) if pair.returns_shadow else self.take(target, adjoint)
        if g is None and not shadowed:
            return
        if g is None:
            g = self.zero(target, adjoint)
        if self.kind(target) is Kind.SHADOW and not pair.returns_shadow:
            g = adjoint.call(runtime.snapshot, g)
        contributions = adjoint.call(Ref(pair.adjoint, pair.adjoint.name), saved, g)
        for position, k in enumerate(active):
            if k not in shadowed or k in pair.by_value:
                item = adjoint.call(operator.getitem, contributions, Const(position))
                self.accumulate(call.arguments[k], item, adjoint)
            elif self.is_dynamic(call.arguments[k]):
                self.give_back(
                    call.arguments[k], adjoint.call(operator.getitem, contributions, Const(position)), adjoint
                )

    def _is_own_method(self, call: Call) -> bool:
        """Whether this is a method of something of unknown type, which only a class of the user's can have."""
        name = call.arguments[1]
        is_unknown = isinstance(self.plan.value(call.arguments[0]), Unknown) and isinstance(name, Const)
        return is_unknown and not any(hasattr(kind, name.value) for kind in _WITH_METHODS)  # type: ignore[union-attr]

    def dynamic_method(self, statement: Assign, call: Call, primal: Builder, adjoint: Builder) -> None:
        """A method of an object whose class only the run time knows: a function that is called with the object."""
        receiver, name = call.arguments[:2]
        assert isinstance(name, Const)
        plain = Call(call.function, call.arguments[2:], call.keywords)
        self._dynamic_method(statement, receiver, name.value, plain, primal, adjoint)

    def _dynamic_method(
        self, statement: Assign, receiver: Atom, name: str, call: Call, primal: Builder, adjoint: Builder
    ) -> None:
        """The method of this name of an object, called with the arguments of `call`."""
        function = primal.call(runtime.own_method, receiver, Const(name), target=self.names.fresh("function"))
        whole = Call(function, (receiver, *call.arguments), call.keywords)
        self.dynamic_call(statement, whole, primal, adjoint)

    def _own_copy(self, statement: Assign, atom: Atom, primal: Builder) -> Atom:
        if isinstance(atom, Var) and is_changed(self, atom.name) and self.plan.changed_after(atom.name, statement):
            is_followed = self.kind(atom) is Kind.SHADOW  # of others it is not known that they only hold values
            return primal.call(runtime.snapshot_object if is_followed else runtime.snapshot, atom)
        return atom

    def dynamic_call(self, statement: Assign, call: Call, primal: Builder, adjoint: Builder) -> None:
        """A call of a function that only the run time knows: it is transformed when it is called."""
        target = statement.target
        assert target is not None and isinstance(call.function, Var)
        if call.keywords:
            raise TransformError("a call with keywords of a function that is not known", "", statement.origin)
        operands = (*call.arguments,)
        function: Any = runtime.call_augmented
        if self.kind(call.function) is not Kind.NONE:
            if not self._may_be_pullback(call):
                if any(isinstance(self.plan.value(Var(name)), Unknown) for name in self.function.parameters):
                    self._dynamic_method(statement, call.function, "__call__", call, primal, adjoint)
                    return
                raise TransformError(
                    f"a function that only the run time knows is called{_quoted(call.function.name)}, and it may hold "
                    "values that are differentiated",
                    "Call each function by its own name, in branches; or pass the values as arguments.",
                    statement.origin,
                )
            function, operands = runtime.call_again, (call.function, *operands)
        inputs = [self._own_copy(statement, atom, primal) for atom in call.arguments]
        both = primal.call(function, call.function, *inputs)
        value = primal.call(operator.getitem, both, Const(0))
        self._check_apart(statement, primal, value, tuple(inputs), call)
        primal.call(runtime.snapshot, value, target=target) if is_changed(self, target) else primal.bind(target, value)
        if self.kind(target) is Kind.SHADOW:
            primal.call(runtime.zeros, Var(target), target=self.bar(target))
        pullback = primal.call(operator.getitem, both, Const(1), target=self.names.fresh("pullback"))
        g = self.take(target, adjoint)
        if g is None:
            return
        unknown = [atom for atom in operands if isinstance(self.plan.value(atom), Unknown) and self._is_followed(atom)]
        if unknown and function is runtime.call_augmented:
            primal.do(runtime.check_followed, *unknown)
        contributions = adjoint.call(pullback, g)
        places = range(len(operands)) if function is runtime.call_augmented else (slice(None, -1), -1)
        for atom, place in zip(operands, places):
            if self.kind(atom) is not Kind.NONE:
                self.accumulate(atom, adjoint.call(operator.getitem, contributions, Const(place)), adjoint)

    def _is_followed(self, atom: Atom) -> bool:
        """Whether an argument of an unknown function may hold what is differentiated: not where it is a parameter that
        is not, and only unknown functions, which are watched, could have stored something in it."""
        if not isinstance(atom, Var) or not self.plan.activity.is_varied(atom):
            return False
        if atom.name not in self.function.parameters or self.function.parameters.index(atom.name) in self.wrt:
            return True
        return any(isinstance(s, Assign) and self._may_store(s.value) for s in walk(self.function.body))

    def _may_store(self, value: Expression) -> bool:
        if not isinstance(value, Call) or not isinstance(value.function, Ref):
            return False
        function = value.function.value
        if function is operations.method:
            return not self._is_own_method(value)
        entry = registry.lookup(function)
        is_plain = function in BUILDERS or function in (getattr, operator.getitem)
        return not is_plain and (entry is None or bool(entry.mutates))

    def _may_be_pullback(self, call: Call) -> bool:
        """Whether what is called may be the pullback that a first derivative got from such a call."""
        calls = (s.value for s in walk(self.function.body) if isinstance(s, Assign))
        is_derivative = self.function.order > 0
        is_derivative = is_derivative or any(is_call_of(c, runtime.call_augmented, runtime.call_again) for c in calls)
        return is_derivative and len(call.arguments) == 1


def _quoted(name: str) -> str:
    """How a message refers to a name: not to one that the user has not written."""
    return "" if is_temporary(name) else f" ({name!r})"
