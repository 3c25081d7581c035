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

import dataclasses
import operator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from transforms import operations, registry, runtime
from transforms.analyses.activity import changed_operands
from transforms.analyses.regions import BUILDERS, INPLACE, bind, is_container
from transforms.core import (
    Assign,
    Atom,
    Block,
    Call,
    Const,
    For,
    Function,
    If,
    Names,
    Origin,
    Raise,
    Ref,
    Return,
    Statement,
    Try,
    Var,
    While,
    With,
    all_writes,
    blocks_of,
    is_call_of,
    is_temporary,
    map_atoms,
    names_in,
    reads,
    walk,
    with_blocks,
)
from transforms.errors import DerivativeUndefined, RuleNotFound, TransformError
from transforms.reverse.builder import Builder, free_reads
from transforms.reverse.plan import Kind, Plan, Shadowed, headers_of, make_plan, shared_source, touched
from transforms.rules.indexing import getitem_is_view
from transforms.templates import Arguments, Templates, bind_arguments, inline, shadows_of, value_of
from transforms.values import (
    UNKNOWN,
    Array,
    Instance,
    Literal,
    Many,
    Mapping,
    Number,
    Record,
    Sequence,
    Unknown,
    Value,
    is_immutable,
    may_be_differentiable,
)

Statements = list[Statement]

CONTAINER_COPIES = (  # their results are new containers
    list, tuple, dict, list.copy, dict.copy, sorted, reversed, runtime.join_sequences, runtime.repeat_sequence,
)  # fmt: skip


@dataclass
class Sweeps:
    """The two halves of a derivative; `gradients` are the cotangents of the differentiated parameters."""

    forward: Statements
    reverse: Statements
    result: Atom
    gradients: tuple[Atom, ...]
    names: Names
    cotangent: str  # the name under which the adjoint sweep expects the cotangent of the result


@dataclass
class Scope:
    """One block whose adjoint is being written: statements that go to its start, and whether it stands in a loop."""

    in_loop: bool = False
    prologue: Statements = field(default_factory=list)
    is_handed_over: bool = False  # its adjoint is another function, which gets the names that it reads


class Sweep:
    """Writes the adjoint of one function.

    `compiler` offers `templates`, `summaries` and `pair(callee, wrt)`.
    """

    def __init__(self, function: Function, wrt: tuple[int, ...], compiler: Any, shadowed: Shadowed = ()) -> None:
        self.function, self.wrt, self.compiler = function, wrt, compiler
        self.shadowed = dict(shadowed)
        self.plan: Plan = make_plan(function, wrt, compiler.summaries, shadowed)
        self.templates: Templates = compiler.templates
        self.values: dict[str, Value] = dict(function.values or {})
        self.names = Names(names_in(function))
        self.bar_names: dict[str, str] = {}
        self.slot_names: dict[tuple[str, Any], str] = {}
        self.live: set[str] = set()  # names (or slots) whose VALUE cotangent is set at this point of the adjoint sweep
        self.fresh: set[str] = set()  # those of them whose memory nobody else refers to
        self.claimed: set[str] = set()
        self.aliases: dict[str, str] = {}  # shadows that are other names of shadows
        self.narrow: dict[str, Value] = {}  # cotangents that are still to be broadcast, and what they are
        self.tapes: Statements = []
        self.flows: dict[str, str] = {}  # header of a loop -> its cotangent at the end of the iteration

    # -------------------------------------------------------------------------------------------------- the whole

    def run(self, finish: bool = True) -> Sweeps:
        """Both sweeps of the function.

        `finish`: the two stay together, and the gradients get the structure and dtype of the parameters.  Otherwise the
        sweeps become two functions: branches push what their adjoints read, as in loops, because only names that are
        bound on every path can be handed over.
        """
        last = self.function.body[-1]
        assert isinstance(last, Return)
        self._refuse_escapes()
        cotangent = self.names.fresh("cotangent")
        scope = Scope(in_loop=not finish, is_handed_over=not finish)
        seed = Builder(self.names, last.origin)
        if not self.returns_shadow:
            self._seed(last, Var(cotangent), seed)
        else:
            self.give_back(last.value, Var(cotangent), seed)
        forward, reverse = self.block(self.function.body[:-1], scope)
        start = Builder(self.names, self.function.origin)
        for k, name in enumerate(self.function.parameters):
            if self.plan.kind(name) is Kind.SHADOW and k not in self.shadowed:
                start.call(self._zeros_function(name), Var(name), target=self.bar(name))
        if finish:
            self._check_parameters(start)
        reverse = placed(scope.prologue, [*seed.statements, *reverse], self.aliases)
        end = Builder(self.names, self.function.origin)
        get = self._gradient if finish else self._raw_gradient
        gradients = tuple(get(self.function.parameters[k], end) for k in self.wrt)
        reverse += end.statements
        forward = [*start.statements, *self.tapes, *forward]
        result: Atom = last.value
        if isinstance(result, Var) and result.name in all_writes(tuple(reverse)):
            kept = self.names.fresh(f"{result.name}_result")
            forward.append(Assign(kept, result, last.origin))
            result = Var(kept)
        return Sweeps(forward, reverse, result, gradients, self.names, cotangent)

    def _check_parameters(self, out: Builder) -> None:
        """Have the run time check that a parameter which is changed shares no memory with another."""
        parameters = [name for name in self.function.parameters if self.plan.regions.of(name) is not None]
        is_done = any(
            isinstance(s, Assign) and is_call_of(s.value, runtime.check_distinct) for s in self.function.body
        )
        for name in () if is_done else parameters:
            levels = self.plan.levels(name)
            others = [Var(other) for other in parameters if other != name]
            if any(levels) and (others or len(levels) > 1):
                out.do(runtime.check_distinct, Const(levels), Var(name), *others)

    def _refuse_escapes(self) -> None:
        """Refuse names of unknown type that are bound in a loop and read after it: the tape of the loop hands back
        their shadows, and what was added to that of a number in the meantime would be lost."""
        for statement in walk(self.function.body):
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

    @property
    def returns_shadow(self) -> bool:
        """Whether the caller gets the shadow of the result, because it shares memory with a shadowed parameter."""
        result = self.function.result
        return self.plan.kind(result) is Kind.SHADOW and self.plan.is_shared(result)

    def _seed(self, last: Return, cotangent: Atom, out: Builder) -> None:
        value = value_of(last.value, self.values)
        if isinstance(value, (Number, Array)) and value.dtype.kind not in "fciub":
            raise DerivativeUndefined(
                f"the output is not numeric (it is of dtype {value.dtype}), so it has no derivative", "", last.origin
            )
        if isinstance(last.value, Var) and self.plan.kind(last.value) is not Kind.NONE:
            self.accumulate(last.value, cotangent, out)

    def _raw_gradient(self, name: str, out: Builder) -> Atom:
        if self.function.parameters.index(name) in self.shadowed:
            return Var(self.bar(name)) if self.is_dynamic(Var(name)) else Const(None)  # it is in the caller's shadow
        g = self.take(name, out)
        return self.zero(name, out) if g is None else g

    def _gradient(self, name: str, out: Builder) -> Atom:
        """The gradient of a parameter, in its structure and in memory of its own."""
        value = self.values.get(name, UNKNOWN)
        if self.kind(name) is Kind.SHADOW:
            shadow = Var(self.bar(name))
            return shadow if isinstance(value, Array) else out.call(runtime.finish, shadow, Var(name))
        if isinstance(value, (Sequence, Mapping, Record)) and name not in self.plan.buffered:
            return self._gradient_structure(name, value, out)
        is_fresh = name in self.fresh
        g = self.take(name, out)
        if g is None:
            return self.zero(name, out)
        if isinstance(value, Number):
            return g
        if isinstance(value, Array):
            return g if is_fresh and value.shape != () else out.call(np.array, g)
        return out.call(runtime.finish, g, self._primal(name, out))

    def _gradient_structure(self, name: str, value: Sequence | Mapping | Record, out: Builder) -> Atom:
        if self.kind(name) is Kind.NONE:
            return out.call(runtime.finish, out.call(runtime.zeros, Var(name)), Var(name))
        slots = dict(self.slots(name))
        items: list[Atom] = []
        keys = range(len(value.items)) if isinstance(value, Sequence) else _keys(value)
        for key in keys:
            items.append(self._gradient(slots[key], out) if key in slots else Const(None))
        return self._pack(value, items, out, exact=True)

    def _pack(self, value: Value, items: list[Atom], out: Builder, exact: bool = False) -> Atom:
        """Cotangents of items in the structure of their container; `exact`: in its very class."""
        if isinstance(value, Sequence):
            if exact and hasattr(value.kind, "_fields"):
                return out.call(Ref(value.kind, value.kind.__name__), *items)
            return out.call(operations.make_list if value.kind is list else operations.make_tuple, *items)
        if isinstance(value, Mapping):
            flat = [atom for key, item in zip(value.keys, items) for atom in (Const(key), item)]
            return out.call(operations.make_dict, *flat)
        assert isinstance(value, Record)
        return out.call(runtime.make_record, Ref(value.kind, value.kind.__name__), Const(value.names), *items)

    # -------------------------------------------------------------------------------------------------- cotangents

    def bar(self, name: str) -> str:
        """The name of the cotangent of a name (or slot)."""
        if name not in self.bar_names:
            if is_temporary(name):
                self.bar_names[name] = self.names.temporary()
            else:
                self.bar_names[name] = self.names.fresh(f"{name}_bar")
        return self.bar_names[name]

    def slots(self, name: str) -> list[tuple[Any, str]]:
        """(key, slot name) of the items of a structured name that may carry a cotangent."""
        value = self.values[name]
        if isinstance(value, Sequence):
            pairs: list[tuple[Any, Value]] = list(enumerate(value.items))
        else:
            assert isinstance(value, (Mapping, Record))
            keys: tuple[Any, ...] = value.keys if isinstance(value, Mapping) else value.names
            pairs = list(zip(keys, value.items))
        result = []
        for key, item in pairs:
            if may_be_differentiable(item):
                slot = self.slot_names.get((name, key))
                if slot is None:
                    is_plain = str(key).isidentifier() or isinstance(key, int)
                    slot = self.names.fresh(f"{name}_{key}" if is_plain else name)
                    self.slot_names[name, key] = slot
                    self.values[slot] = item
                result.append((key, slot))
        return result

    def is_structured(self, name: str) -> bool:
        if name in self.plan.bound_in:
            return self.plan.is_structured(name)
        return isinstance(self.values.get(name), (Sequence, Mapping, Record))

    def kind(self, atom: Atom | str) -> Kind:
        name = atom if isinstance(atom, str) else atom.name if isinstance(atom, Var) else None
        if name is not None and name not in self.plan.bound_in and name in self.values:
            return Kind.VALUE  # a slot
        return self.plan.kind(atom)

    def is_dynamic(self, atom: Atom) -> bool:
        """Whether only the run time knows if a shadow is memory or, for a number, a cotangent by value."""
        return self.kind(atom) is Kind.SHADOW and isinstance(value_of(atom, self.values), Unknown)

    def give_back(self, atom: Atom, g: Atom, out: Builder) -> None:
        """Add what the shadow of another name for the same thing holds, if that turns out to be a number."""
        if isinstance(atom, Var) and self.is_dynamic(atom):
            out.call(runtime.merge, Var(self.bar(atom.name)), g, target=self.bar(atom.name))

    def item(self, container: Atom, name: str, key: Any, out: Builder) -> Var:
        """Item `key` of a value that has the structure of `name`."""
        if isinstance(self.values.get(name), Record):
            return out.call(getattr, container, Const(key))
        return out.call(operator.getitem, container, Const(key))

    def accumulate(self, atom: Atom, g: Atom, out: Builder, borrowed: bool = False) -> None:
        """Add `g` to the cotangent of a name.  `borrowed`: `g` is memory that will change, so a copy is kept."""
        if not isinstance(atom, Var) or self.kind(atom) is Kind.NONE:
            return
        name, value = atom.name, self.values.get(atom.name, UNKNOWN)
        if self.kind(atom) is Kind.SHADOW:
            if isinstance(value, Array):
                out.do(operator.iadd, Var(self.bar(name)), g)
            elif self.is_dynamic(atom):
                out.call(runtime.accumulate, Var(self.bar(name)), g, target=self.bar(name))
            else:
                out.do(runtime.add_into, Var(self.bar(name)), g)
        elif self.is_structured(name):
            for key, slot in self.slots(name):
                self.accumulate(Var(slot), self.item(g, name, key, out), out, borrowed)
        elif name in self.plan.buffered or isinstance(value, Many):
            if name not in self.live and isinstance(value, Array):
                # the first contribution may become the buffer itself, if its memory is its own
                is_own = value.shape != () and self._claim(g, out)
                out.bind(self.bar(name), g) if is_own else out.call(np.array, g, target=self.bar(name))
                self.live.add(name)
                self.fresh.add(name)
                return
            buffer = self.buffer(name, out)
            if isinstance(value, Array):
                out.do(operator.iadd, buffer, g)
            else:
                out.do(runtime.add_into, buffer, g)
        elif name in self.live:
            self.widen(name, out)
            function = operator.add if isinstance(value, (Number, Array)) or self._is_numeric(name) else runtime.add
            out.call(function, Var(self.bar(name)), g, target=self.bar(name))
            self.fresh.add(name)
        else:
            if borrowed and not isinstance(value, Number):
                g = out.call(np.array if isinstance(value, Array) else runtime.snapshot, g)
            out.bind(self.bar(name), g)
            self.live.add(name)
            (self.fresh.add if self._claim(g, out) else self.fresh.discard)(name)

    def _claim(self, g: Atom, out: Builder) -> bool:
        """Whether `g` is new memory that no other cotangent refers to; the first who asks gets it."""
        if not isinstance(g, Var) or g.name in self.claimed:
            return False
        self.claimed.add(g.name)
        name = g.name
        for statement in reversed(out.statements):
            if isinstance(statement, Assign) and statement.target == name:
                value = statement.value
                if isinstance(value, Var):
                    name = value.name
                    if name in self.claimed:
                        return False
                    self.claimed.add(name)
                    continue
                function = value.function.value if isinstance(value, Call) and isinstance(value.function, Ref) else None
                entry = registry.lookup(function) if function is not None and function is not operator.getitem else None
                return entry is not None and not entry.views and entry.adjoint is not None
        return False

    def _is_numeric(self, name: str) -> bool:
        """Whether a name of unknown type is sure to be a number or an array, so that cotangents add with `+`."""
        if not hasattr(self, "_numeric"):
            numeric: set[str] = set()
            for statement in walk(self.function.body):
                if isinstance(statement, Assign) and isinstance(statement.value, Call):
                    function = statement.value.function
                    entry = registry.lookup(function.value) if isinstance(function, Ref) else None
                    if entry is not None and entry.is_elementwise:
                        numeric.update(a.name for a in statement.value.atoms if isinstance(a, Var))
                        numeric.update((statement.target,) if statement.target else ())
            self._numeric = numeric
        return name in self._numeric

    def buffer(self, name: str, out: Builder) -> Var:
        """The cotangent of a name as memory that may be added to in place, made now if it is not there yet."""
        if name not in self.live:
            out.call(self._zeros_function(name), self._primal(name, out), target=self.bar(name))
            self.live.add(name)
            self.fresh.add(name)
        return Var(self.bar(name))

    def _zeros_function(self, name: str) -> Any:
        return np.zeros_like if isinstance(self.values.get(name), Array) else runtime.zeros

    def zero(self, name: str, out: Builder) -> Atom:
        """A zero cotangent for a name (or slot)."""
        value = self.values.get(name, UNKNOWN)
        if isinstance(value, (Number, Literal)):
            return Const(0.0)
        return out.call(self._zeros_function(name), self._primal(name, out))

    def set_zero(self, name: str, out: Builder, place: Statement | None = None) -> None:
        """Make sure that the cotangent of a name is set; `place`: a statement after which the name may be unbound."""
        if self.is_structured(name):
            for _, slot in self.slots(name):
                self.set_zero(slot, out, place)
        elif name not in self.live:
            is_bound = place is None or self._is_bound_at(name, place)
            zero = self.zero(name, out) if is_bound else Const(0.0)
            out.bind(self.bar(name), zero)
            self.live.add(name)
            self.fresh.add(name)

    def _is_bound_at(self, name: str, place: Statement) -> bool:
        """Whether a name (or the name that a slot is of) is surely bound where a statement stands."""
        while name not in self.plan.bound_in:
            name = next(owner for (owner, _), slot in self.slot_names.items() if slot == name)
        home = self.plan.bound_in[name]
        return self.plan.places[id(place)].blocks[: len(home)] == home

    def leaves(self, name: str) -> list[str]:
        """The names under which the cotangent of a name is kept: itself, or its slots, down to the leaves."""
        if not self.is_structured(name):
            return [name]
        return [leaf for _, slot in self.slots(name) for leaf in self.leaves(slot)]

    def widen(self, name: str, out: Builder) -> None:
        """Give a cotangent that was left unbroadcast its shape."""
        if self.narrow.pop(name, None) is not None and name in self.live:
            shape = out.call(getattr, self._primal(name, out), Const("shape"))
            out.call(np.broadcast_to, Var(self.bar(name)), shape, target=self.bar(name))

    def widen_all(self, out: Builder) -> None:
        for name in sorted(self.narrow):
            self.widen(name, out)

    def take(self, name: str, out: Builder, narrow: bool = False) -> Atom | None:
        """The cotangent of a name where it is bound, and forget it; None where it is zero.

        `narrow`: it may be smaller than the name, and is then to be broadcast; see `self.narrow`.
        """
        if not narrow:
            self.widen(name, out)
        if self.kind(name) is Kind.NONE:
            return None
        if self.kind(name) is Kind.SHADOW:
            return Var(self.bar(name))
        if not self.is_structured(name):
            if name not in self.live:
                return None
            self.live.discard(name)
            return Var(self.bar(name))
        if not any(leaf in self.live for leaf in self.leaves(name)):
            return None
        return self._take_structure(name, out)

    def _take_structure(self, name: str, out: Builder) -> Atom:
        value = self.values[name]
        assert isinstance(value, (Sequence, Mapping, Record))
        slots = dict(self.slots(name))
        items: list[Atom] = []
        for key in range(len(value.items)) if isinstance(value, Sequence) else _keys(value):
            slot = slots.get(key)
            g = None if slot is None else self.take(slot, out)
            items.append(g if g is not None else Const(0.0) if slot is None else self.zero(slot, out))
        return self._pack(value, items, out)

    def _primal(self, slot: str, out: Builder) -> Atom:
        """The primal value that a slot stands for."""
        for (name, key), known in self.slot_names.items():
            if known == slot:
                return self.item(self._primal(name, out), name, key, out)
        return Var(slot)

    # ------------------------------------------------------------------------------------------------------ blocks

    def block(self, body: Block | Statements, scope: Scope) -> tuple[Statements, Statements]:
        """Primal and adjoint statements of a block.  The prologue of the adjoint is left in the scope."""
        forward: list[Statements] = []
        reverse: Statements = []
        for statement in reversed(body):
            primal, adjoint = self.statement(statement, scope)
            forward.append(primal)
            reverse += adjoint
        return [s for primal in reversed(forward) for s in primal], reverse

    def statement(self, statement: Statement, scope: Scope) -> tuple[Statements, Statements]:
        match statement:
            case Assign():
                primal, adjoint = Builder(self.names, statement.origin), Builder(self.names, statement.origin)
                before = Builder(self.names, statement.origin)
                self.assign(statement, scope, primal, adjoint)
                self.protect(statement, before, primal, adjoint)
                return [*before.statements, *primal.statements], adjoint.statements
            case If():
                return self.branch(statement, scope)
            case For():
                return self.loop(statement, scope.in_loop)
            case While():
                return self.loop(statement, scope.in_loop)
            case With():
                return self.context(statement, scope)
            case Try():
                return self.attempt(statement, scope)
        return [statement], []

    def context(self, statement: With, scope: Scope) -> tuple[Statements, Statements]:
        """`with`: the adjoint is that of the body, which has to have been run to its end."""
        origin = statement.origin
        if statement.target is not None and self.kind(statement.target) is not Kind.NONE:
            raise TransformError(
                f"{statement.target!r} comes out of a context manager of unknown class, and a derivative passes "
                "through it",
                "Give example arguments, so that types are known, or use a class with `__enter__` written in Python.",
                origin,
            )
        forward, reverse = self.block(statement.body, scope)
        value = value_of(statement.context, self.values)
        if not reverse or (isinstance(value, Instance) and value.kind is np.errstate):
            return [With(statement.context, statement.target, tuple(forward), origin)], reverse
        before, last, check = (Builder(self.names, origin) for _ in range(3))
        ends = before.call(operations.make_list, target=self.names.fresh("ends"))
        last.do(runtime.note_end, ends)
        check.do(runtime.check_finished, ends)
        primal = With(statement.context, statement.target, (*forward, *last.statements), origin)
        return [*before.statements, primal, *check.statements], reverse

    def protect(self, statement: Assign, before: Builder, after: Builder, adjoint: Builder) -> None:
        """Save copies of what the adjoint of a statement reads from memory that may be changed later."""
        saved: dict[str, Atom] = {}
        for position, line in enumerate(adjoint.statements):
            for name in _number_reads(line):
                if name in saved or name not in self.plan.bound_in or not is_changed(self, name):
                    continue
                if not self.plan.changed_after(name, statement):
                    continue
                out = after if name == statement.target else before
                function = np.array if isinstance(self.values.get(name), Array) else runtime.snapshot
                copy = self.names.fresh(f"{name}_saved" if not is_temporary(name) else "saved")
                saved[name] = out.call(function, Var(name), target=copy)
                self.values[copy] = self.values.get(name, UNKNOWN)
            adjoint.statements[position] = _replace_number_reads(line, saved)

    def site(
        self,
        forward: Statements,
        reverse: Statements,
        at: int,
        own: tuple[str, ...],
        origin: Origin | None,
        is_outermost: bool = False,
    ) -> tuple[Statements, Statements]:
        """Push what the adjoint of a repeated block reads at position `at` of its primal, and pop it at the start.

        What is the same in each iteration of an outermost loop still has its value when the adjoint sweep comes.
        """
        bound = all_writes(tuple(forward))
        needed = [name for name in free_reads(reverse) if name in bound and name not in own]
        if is_outermost:
            changing = bound.union(own)  # the variable of a `for` changes too
            needed = [name for name in needed if not self._is_invariant(name, changing)]
        again = self._recomputed(needed, bound, own)
        remade = Builder(self.names, origin)
        for name in again:
            remade.bind(name, self.plan.binding[name].value)  # type: ignore[union-attr]
        needed = [name for name in needed if name not in again]
        if not needed:
            return forward, [*remade.statements, *reverse]
        late = {
            s.target: s.value
            for s in forward[at:]
            if isinstance(s, Assign) and isinstance(s.value, Var) and self.plan.binding.get(s.target or "") is not None
        }
        pushed = [late.get(name, Var(name)) for name in needed]
        tape = self.names.fresh("tape")
        self.tapes.append(Assign(tape, Call(Ref(operations.make_list)), None))
        push, pop = Builder(self.names, origin), Builder(self.names, origin)
        if len(needed) == 1:
            push.do(list.append, Var(tape), pushed[0])
            pop.call(list.pop, Var(tape), target=needed[0])
        else:
            push.do(list.append, Var(tape), push.call(operations.make_tuple, *pushed))
            entry = pop.call(list.pop, Var(tape))
            for position, name in enumerate(needed):
                pop.call(operator.getitem, entry, Const(position), target=name)
        return [*forward[:at], *push.statements, *forward[at:]], [*pop.statements, *remade.statements, *reverse]

    def _is_index(self, name: str, call: Call) -> bool:
        """Whether an operation makes an index tuple, a slice, or an integer by cheap arithmetic."""
        if is_call_of(call, operations.make_tuple, operations.make_slice):
            return True
        value = self.values.get(name)
        is_integer = isinstance(value, Number) and value.python and value.dtype.kind == "i"
        return is_integer and is_call_of(call, operator.add, operator.sub, operator.mul)

    def _is_invariant(self, name: str, bound: set[str]) -> bool:
        """Whether a name has the same value in each iteration of a loop: a pure operation on what does not change."""
        if name not in bound:
            return not is_changed(self, name)
        statement = self.plan.binding.get(name)
        if statement is None or not isinstance(statement.value, Call) or is_changed(self, name):
            return False
        call = statement.value
        function = call.function.value if isinstance(call.function, Ref) else None
        entry = registry.lookup(function) if function is not None else None
        if entry is None or not entry.is_pure or entry.mutates:
            return False
        is_choice = function in (operator.getitem, operations.make_tuple, operations.make_slice)
        if not is_choice and not entry.is_elementwise:
            return False
        return all(not isinstance(atom, Var) or self._is_invariant(atom.name, bound) for atom in call.atoms)

    def _recomputed(self, needed: list[str], bound: set[str], own: tuple[str, ...]) -> list[str]:
        """Those of the needed names that cost no more to make again than to push: indices, index tuples and slices."""
        again: list[str] = []
        available = set(needed)

        def number(name: str) -> int:
            bound_by = self.plan.binding.get(name)
            return -1 if bound_by is None else self.plan.places[id(bound_by)].number

        for name in sorted(needed, key=number):
            statement = self.plan.binding.get(name)
            if statement is None or not isinstance(statement.value, Call) or not self._is_index(name, statement.value):
                continue
            if all(
                not isinstance(atom, Var) or atom.name not in bound or atom.name in own or atom.name in available
                for atom in statement.value.arguments
            ):
                again.append(name)
        order = {name: self.plan.places[id(self.plan.binding[name])].number for name in again}
        return sorted(again, key=order.__getitem__)

    # ------------------------------------------------------------------------------------------- control statements

    def branch(self, statement: If, scope: Scope) -> tuple[Statements, Statements]:
        start = Builder(self.names, statement.origin)
        self.widen_all(start)
        before, fresh_before = set(self.live), set(self.fresh)
        fresh_after: list[set[str]] = []
        outside, flows = self.flows, self._joined(statement) if scope.in_loop else {}
        for name, flow in flows.items():
            start.bind(flow, Var(self.bar(name)))
        self.flows = {**self.flows, **flows}
        halves = []
        for body in (statement.body, statement.orelse):
            self.live, self.fresh = set(before), set(fresh_before)
            inner = Scope(scope.in_loop, is_handed_over=scope.is_handed_over)
            forward, reverse = self.block(body, inner)
            end = Builder(self.names, statement.origin)
            self.widen_all(end)
            reverse += end.statements
            reverse = placed(inner.prologue, reverse, self.aliases)
            halves.append((forward, reverse, set(self.live), _always_raises(body)))
            fresh_after.append(self.fresh)
        self.flows = outside
        wanted = sorted(set().union(*(live for _, _, live, raises in halves if not raises)))
        result = []
        for forward, reverse, live, raises in halves:
            self.live = live
            out = Builder(self.names, statement.origin)
            if not raises:
                for name in wanted:
                    self.set_zero(name, out, statement)
                reverse = [*reverse, *out.statements]
            else:
                reverse = []
            if scope.in_loop and not scope.is_handed_over:
                forward, reverse = self.site(forward, reverse, len(forward), (), statement.origin)
            result.append((forward, reverse))
        if scope.is_handed_over:
            self._bind_on_both_sides(result, [raises for *_, raises in halves], statement.origin)
        self.live, self.fresh = set(wanted), fresh_after[0] & fresh_after[1]
        (then_forward, then_reverse), (else_forward, else_reverse) = result
        primal = If(statement.test, tuple(then_forward), tuple(else_forward), statement.origin)
        if not then_reverse and not else_reverse:
            return [primal], start.statements
        backward = If(statement.test, tuple(then_reverse), tuple(else_reverse), statement.origin)
        return [primal], [*start.statements, backward]

    def _joined(self, statement: If) -> dict[str, str]:
        """Names for the shadows, which may be numbers, of what both branches bind: each branch pops its own again."""
        bound = [
            {s.target for s in body if isinstance(s, Assign) and isinstance(s.value, Var) and s.target is not None}
            for body in blocks_of(statement)
        ]
        both = sorted(bound[0] & bound[1])
        return {name: self.names.fresh("flow") for name in both if self.is_dynamic(Var(name))}

    def _bind_on_both_sides(
        self, halves: list[tuple[Statements, Statements]], raises: list[bool], origin: Origin | None
    ) -> None:
        """Bind what the adjoint of one side of a branch reads on the other side too, so that it can be saved.

        It is bound to nothing; where it may be a tuple, to None, so that its items are not counted on.
        """
        bound = [all_writes(tuple(forward)) for forward, _ in halves]
        for side, (_, reverse) in enumerate(halves):
            other = 1 - side
            if raises[other]:
                continue
            for name in free_reads(reverse):
                if name in bound[side] and name not in bound[other]:
                    is_plain = isinstance(self.values.get(name), (Number, Array))
                    nothing = Ref(operations.UNBOUND, "UNBOUND") if is_plain else Const(None)
                    halves[other][0].append(Assign(name, nothing, origin))
                    bound[other].add(name)

    def loop(self, statement: For | While, in_loop: bool) -> tuple[Statements, Statements]:
        inside = all_writes(statement.body)
        end, headers = headers_of(self.plan, statement.body)
        if isinstance(statement, For):
            inside.add(statement.target)
        if not any(self.plan.is_active_statement(inner) for inner in walk(statement.body)):
            return [statement], []
        outer = [
            leaf
            for name in touched(self.plan, statement.body)
            if name not in inside or name in headers
            for leaf in self.leaves(name)
        ]
        start = Builder(self.names, statement.origin)
        self.widen_all(start)
        for name in dict.fromkeys(outer):
            self.set_zero(name, start)
        around, fresh_before = set(self.live), set(self.fresh)
        scope = Scope(in_loop=True)
        flows = {name: self.names.fresh("flow") for name in headers if self.is_dynamic(Var(name))}
        outside, self.flows = self.flows, {**self.flows, **flows}
        forward, reverse = self.block(statement.body, scope)
        self.flows = outside
        finish = Builder(self.names, statement.origin)
        self.widen_all(finish)
        for name in sorted(around - self.live):
            self.set_zero(name, finish)
        self.live, self.fresh = around, self.fresh & fresh_before
        reverse = placed(scope.prologue, [*reverse, *finish.statements], self.aliases)
        if not reverse:
            self.live = around
            return [_with_body(statement, forward)], start.statements
        trailing = len(statement.body) - end
        at = len(forward) - trailing - self._trailing_shadows(statement.body[end:])
        carried: Statements = []
        for name, flow in flows.items():  # what flows on must not flow again from the iteration before
            carried.append(Assign(flow, Var(self.bar(name)), statement.origin))
            drained = Call(Ref(runtime.drained), (Var(self.bar(name)),))
            carried.append(Assign(self.bar(name), drained, statement.origin))
        return self._emit_loop(statement, forward, reverse, at, start.statements, carried, not in_loop)

    def _trailing_shadows(self, copies: Block) -> int:
        return sum(
            isinstance(copy, Assign) and copy.target is not None and self.kind(copy.target) is Kind.SHADOW
            for copy in copies
        )

    def _emit_loop(
        self,
        statement: For | While,
        forward: Statements,
        reverse: Statements,
        at: int,
        start: Statements,
        carried: Statements,
        is_outermost: bool,
    ) -> tuple[Statements, Statements]:
        origin = statement.origin
        counted = Builder(self.names, origin)
        steps = self._reversed_range(statement, counted)
        own = (statement.target,) if isinstance(statement, For) and steps is not None else ()
        if isinstance(statement, For) and steps is None:
            # the item counts as bound by the body
            forward = [Assign(statement.target, Var(statement.target), origin), *forward]
            at += 1
        forward, reverse = self.site(forward, reverse, at, own, origin, is_outermost)
        reverse = [*carried, *reverse]
        if isinstance(statement, For) and steps is None:
            forward = forward[1:]
        before: Statements = []
        if steps is None:
            count = self.names.fresh("count")
            before.append(Assign(count, Const(0), origin))
            one = Builder(self.names, origin)
            one.call(operator.add, Var(count), Const(1), target=count)
            forward = [*one.statements, *forward]
            steps = counted.call(range, Var(count))
        target = own[0] if own else self.names.temporary()
        assert target is not None
        primal = [*before, _with_body(statement, forward)]
        return primal, [*start, *counted.statements, For(target, steps, tuple(reverse), origin)]

    def _reversed_range(self, statement: For | While, out: Builder) -> Atom | None:
        """The iterable that goes through a loop backwards; None if only counting helps."""
        if not isinstance(statement, For) or not isinstance(statement.iterable, Var):
            return None
        binding = self.plan.binding.get(statement.iterable.name)
        if binding is None or not isinstance(binding.value, Call):
            return out.call(reversed, statement.iterable) if self._is_range(statement.iterable) else None
        if is_call_of(binding.value, range):
            return out.call(reversed, out.call(range, *binding.value.arguments))
        if is_call_of(binding.value, reversed) and isinstance(binding.value.arguments[0], Var):
            source = binding.value.arguments[0]
            inner = self.plan.binding.get(source.name)
            if inner is not None and is_call_of(inner.value, range) and isinstance(inner.value, Call):
                return out.call(range, *inner.value.arguments)
            if self._is_range(source):
                return source
        return out.call(reversed, statement.iterable) if self._is_range(statement.iterable) else None

    def _is_range(self, atom: Atom) -> bool:
        value = value_of(atom, self.values)
        return isinstance(value, Instance) and value.kind is range

    def attempt(self, statement: Try, scope: Scope) -> tuple[Statements, Statements]:
        """`try`: the adjoint goes back along the path that was taken.

        What a body computed before an exception left it must not reach what comes after; otherwise it is refused.
        """
        path = self.names.fresh("path")
        origin = statement.origin
        first = Builder(self.names, origin)
        self.widen_all(first)
        final_forward, final_reverse = self.block(statement.finalbody, scope)
        last = Builder(self.names, origin)
        self.widen_all(last)
        final_reverse = [*first.statements, *final_reverse, *last.statements]
        after_final = set(self.live)
        halves: list[tuple[Statements, Statements, set[str]]] = []
        inner = Scope(scope.in_loop)
        tapes = len(self.tapes)
        else_forward, else_reverse = self.block(statement.orelse, inner)
        untouched, notes = self._note_changes(statement)
        body_forward, body_reverse = self.block(notes or statement.body, inner)
        forward, reverse = [*body_forward, *else_forward], [*else_reverse, *body_reverse]
        last = Builder(self.names, origin)
        self.widen_all(last)
        reverse += last.statements
        halves.append((forward, placed(inner.prologue, reverse, self.aliases), set(self.live)))
        before, rewind = self._rewind(self.tapes[tapes:], origin)
        before, rewind = [*before, *untouched[:1]], [*rewind, *untouched[1:]]
        for handler in statement.handlers:
            self._refuse_partial(statement, handler.body)
            self.live = set(after_final)
            inner = Scope(scope.in_loop)
            forward, reverse = self.block(handler.body, inner)
            last = Builder(self.names, origin)
            self.widen_all(last)
            reverse += last.statements
            halves.append(([*rewind, *forward], placed(inner.prologue, reverse, self.aliases), set(self.live)))
        wanted = sorted(set().union(*(half[2] for half in halves)))
        branches: list[tuple[Statements, Statements]] = []
        for number, (forward, reverse, names) in enumerate(halves):
            self.live = names
            out = Builder(self.names, origin)
            for name in wanted:
                self.set_zero(name, out, statement)
            reverse = [*reverse, *out.statements]
            if scope.in_loop:
                forward, reverse = self.site(forward, reverse, len(forward), (), origin)
            forward = [*forward, Assign(path, Const(number), origin)]
            branches.append((forward, reverse))
        self.live = set(wanted)
        handlers = tuple(
            type(handler)(handler.exception, handler.name, tuple(forward))
            for handler, (forward, _) in zip(statement.handlers, branches[1:])
        )
        whole = branches[0][0]  # the pushes on the tape come at its end
        split = len(body_forward) if statement.orelse else len(whole)
        primal = Try(tuple(whole[:split]), handlers, tuple(whole[split:]), tuple(final_forward), origin)
        adjoint: Statements = list(branches[-1][1])
        for number in range(len(branches) - 2, -1, -1):
            test = Builder(self.names, origin)
            same = test.call(operator.eq, Var(path), Const(number))
            adjoint = [*test.statements, If(same, tuple(branches[number][1]), tuple(adjoint), origin)]
        return [*before, Assign(path, Const(0), origin), primal], [*final_reverse, *adjoint]

    def _rewind(self, tapes: Statements, origin: Origin | None) -> tuple[Statements, Statements]:
        """Statements that note the lengths of tapes, and that drop what an unfinished body pushed on them."""
        before, rewind = Builder(self.names, origin), Builder(self.names, origin)
        for tape in tapes:
            assert isinstance(tape, Assign) and tape.target is not None
            length = before.call(len, Var(tape.target), target=self.names.fresh(f"{tape.target}_length"))
            rewind.do(runtime.truncate, Var(tape.target), length)
        return before.statements, rewind.statements

    def _note_changes(self, statement: Try) -> tuple[Statements, Block]:
        """Where a body changes memory in place that is differentiated: statements that make a note and that check, at
        the start of a handler, that it was not made; and the body with the note after its first change."""
        for position, inner in enumerate(statement.body if statement.handlers else ()):
            calls = (s.value for s in walk((inner,)) if isinstance(s, Assign) and isinstance(s.value, Call))
            if any(self.kind(atom) is Kind.SHADOW for call in calls for atom in changed_operands(call)):
                notes = Builder(self.names, statement.origin)
                changes = notes.call(operations.make_list, target=self.names.fresh("changes"))
                notes.do(runtime.check_unchanged, changes)
                note = Assign(None, Call(Ref(runtime.note_end), (changes,)), statement.origin)
                place = position + isinstance(inner, Assign)
                return notes.statements, (*statement.body[:place], note, *statement.body[place:])
        return [], ()

    def _refuse_partial(self, statement: Try, handler: Block) -> None:
        inside = all_writes(statement.body)
        for name in free_reads(handler):
            if name in inside and self.plan.kind(name) is not Kind.NONE:
                raise TransformError(
                    f"the handler uses {name!r}, which the body of the try statement was computing when it failed; "
                    "a derivative through this is not supported",
                    "Compute in the handler from values that were there before the try statement.",
                    statement.origin,
                )

    # --------------------------------------------------------------------------------------------------- statements

    def assign(self, statement: Assign, scope: Scope, primal: Builder, adjoint: Builder) -> None:
        """Primal and adjoint of one operation."""
        target, value = statement.target, statement.value
        if not self.plan.is_active_statement(statement):
            self._refuse_unfollowed(statement)
            primal.statements.append(statement)
            return
        if isinstance(value, Var):
            self.copy(statement, primal, adjoint)
            return
        if not isinstance(value, Call):  # a constant, for example the start value of a loop
            primal.statements.append(statement)
            if target is not None and self.kind(target) is Kind.SHADOW:
                primal.bind(self.bar(target), Const(0.0))
            elif target is not None:
                for leaf in self.leaves(target):
                    self.live.discard(leaf)
            return
        function = value.function.value if isinstance(value.function, Ref) else None
        if function in BUILDERS:
            self.build(statement, value, primal, adjoint)
        elif function is operator.getitem:
            self.getitem(statement, value, scope, primal, adjoint)
        elif function is getattr:
            self.attribute(statement, value, scope, primal, adjoint)
        elif function is setattr:
            self.set_attribute(statement, value, primal, adjoint)
        elif function is operator.setitem and not isinstance(self.plan.value(value.arguments[0]), Array):
            self.set_item(statement, value, primal, adjoint)
        elif function in INPLACE:
            self.inplace(statement, value, scope, primal, adjoint)
        elif function is operator.or_:
            self.merge_dicts(statement, value, primal, adjoint)
        elif function is runtime.update:
            primal.statements.append(statement)
            if target is not None and self.kind(target) is Kind.SHADOW:
                self.make_shadow(statement, scope, primal)
            g = self.take(target, adjoint) if target is not None else None
            if g is not None:
                assert isinstance(value.arguments[0], Ref)
                plain = Call(value.arguments[0], value.arguments[1:3])
                self._rule(statement, registry.lookup(value.arguments[0].value), plain, g, adjoint)
        elif function in (runtime.add_into, runtime.add_item):
            self.additive(statement, value, primal, adjoint)
        elif isinstance(function, Function):
            self.user_call(statement, function, value, primal, adjoint)
        elif function is None:
            self.dynamic_call(statement, value, primal, adjoint)
        else:
            self.primitive(statement, function, value, scope, primal, adjoint)

    def _refuse_unfollowed(self, statement: Assign) -> None:
        """Refuse a call made for its effect on something unknown, if what it is given depends on the input."""
        call = statement.value
        if statement.target is None and isinstance(call, Call) and isinstance(call.function, Var):
            if any(self.kind(atom) is Kind.SHADOW for atom in call.atoms):
                raise TransformError(
                    f"{call.function.name!r} is only known at run time, and may change what it is given",
                    "Give example arguments, so that types are known.",
                    statement.origin,
                )
        if statement.target is None and isinstance(call, Call) and isinstance(call.function, Ref):
            entry = registry.lookup(call.function.value)
            if entry is not None and entry.refusal is not None and not entry.mutates:
                if any(self.plan.activity.is_varied(atom) for atom in call.atoms):
                    self.refuse(statement, call.function.value, entry)

    def copy(self, statement: Assign, primal: Builder, adjoint: Builder) -> None:
        target, source = statement.target, statement.value
        assert target is not None and isinstance(source, Var)
        primal.statements.append(statement)
        if self.kind(target) is Kind.SHADOW:
            carried = Var(self.flows.get(target, self.bar(target)))
            if self.kind(source) is Kind.SHADOW:
                self.aliases[self.bar(target)] = self.bar(source.name)
                primal.bind(self.bar(target), Var(self.bar(source.name)))
                self.give_back(source, carried, adjoint)
            else:  # a number, under a name that may also stand for memory
                primal.bind(self.bar(target), Const(0.0))
                self.accumulate(source, carried, adjoint)
            return
        if self.is_structured(target) != self.is_structured(source.name) or not self.is_structured(target):
            g = self.take(target, adjoint)
            if g is not None:
                self.accumulate(source, g, adjoint)
            return
        sources = dict(self.slots(source.name))
        for key, slot in self.slots(target):
            g = self.take(slot, adjoint)
            if g is not None and key in sources:
                self.accumulate(Var(sources[key]), g, adjoint)

    def shadow(self, atom: Atom) -> Atom:
        """What the shadow of a container holds for an item: the item's shadow, or a zero that is added to."""
        if isinstance(atom, Var) and self.kind(atom) is Kind.SHADOW:
            return Var(self.bar(atom.name))
        return Const(0.0)

    def item_shadow(self, atom: Atom) -> Atom:
        """What the shadow of a list holds for an item: for a tuple, a tuple of zeros, so that its type stays known."""
        value = value_of(atom, self.values)
        if self.kind(atom) is Kind.VALUE and isinstance(value, Sequence) and value.kind is tuple:
            return Const(_zero_tuple(value))
        return self.shadow(atom)

    def build(self, statement: Assign, call: Call, primal: Builder, adjoint: Builder) -> None:
        """`t = (a, b)`, `[a, b]`, `{k: v}`."""
        primal.statements.append(statement)
        target = statement.target
        assert target is not None and isinstance(call.function, Ref)
        is_dict = call.function.value is operations.make_dict
        keys: list[Atom] = list(call.arguments[::2]) if is_dict else [Const(k) for k in range(len(call.arguments))]
        items = call.arguments[1::2] if is_dict else call.arguments
        if self.kind(target) is Kind.SHADOW:
            shadows = [self.shadow(item) for item in items]
            if is_dict:
                flat = [atom for pair in zip(keys, shadows) for atom in pair]
                primal.call(operations.make_dict, *flat, target=self.bar(target))
            else:
                primal.call(operations.make_list, *shadows, target=self.bar(target))
            for key, item in zip(keys, items):
                if isinstance(item, Var) and (self.kind(item) is Kind.VALUE or self.is_dynamic(item)):
                    part = adjoint.call(operator.getitem, Var(self.bar(target)), key)
                    give = self.accumulate if self.kind(item) is Kind.VALUE else self.give_back
                    give(item, part, adjoint)
            return
        if self.is_structured(target):
            slots = dict(self.slots(target))
            for key, item in zip(keys, items):
                slot = slots.get(key.value) if isinstance(key, Const) else None
                g = None if slot is None else self.take(slot, adjoint)
                if g is not None:
                    self.accumulate(item, g, adjoint)
            return
        g = self.take(target, adjoint)
        if g is not None:
            for key, item in zip(keys, items):
                if isinstance(item, Var) and self.kind(item) is not Kind.NONE:
                    self.accumulate(item, adjoint.call(operator.getitem, g, key), adjoint)

    def merge_dicts(self, statement: Assign, call: Call, primal: Builder, adjoint: Builder) -> None:
        """`first | second` of two dicts with known keys."""
        target = statement.target
        operands = [atom for atom in call.arguments if isinstance(self.plan.value(atom), Mapping)]
        if target is None or len(operands) < 2 or not self.is_structured(target):
            self.refuse(statement, operator.or_, None)
        assert target is not None
        primal.statements.append(statement)
        for key, slot in self.slots(target):
            g = self.take(slot, adjoint)
            for atom in reversed(operands):
                value = self.plan.value(atom)
                if isinstance(value, Mapping) and key in value.keys:
                    if g is not None and isinstance(atom, Var) and self.kind(atom) is Kind.VALUE:
                        self.accumulate(Var(dict(self.slots(atom.name))[key]), g, adjoint)
                    break

    def getitem(self, statement: Assign, call: Call, scope: Scope, primal: Builder, adjoint: Builder) -> None:
        source, index = call.arguments
        target = statement.target
        assert target is not None
        if not isinstance(source, Var):
            primal.statements.append(statement)
            return
        value = self.plan.value(source)
        primal.statements.append(statement)
        if self.kind(target) is Kind.SHADOW and shared_source(self.plan, statement) is not None:
            if isinstance(value, Array) and getitem_is_view(value_of(index, self.values)) is None:
                primal.do(runtime.check_view, Var(target), source)
            self.mirror(statement, source, Call(call.function, (Var(self.bar(source.name)), index)), scope, primal)
            if self.is_dynamic(Var(target)):
                adjoint.do(runtime.return_item, Var(self.bar(source.name)), index, Var(self.bar(target)))
            return
        if self.kind(target) is Kind.SHADOW:
            self.make_shadow(statement, scope, primal)
        if self.kind(source) is Kind.VALUE and self.is_structured(source.name):
            self._slot_read(target, source.name, index, adjoint)
            return
        g = self.take(target, adjoint)
        if g is None:
            return
        buffer = Var(self.bar(source.name)) if self.kind(source) is Kind.SHADOW else self.buffer(source.name, adjoint)
        adjoint.do(runtime.add_at if isinstance(value, Array) else runtime.add_item, buffer, index, g)

    def _slot_read(self, target: str, source: str, index: Atom, adjoint: Builder) -> None:
        slots = dict(self.slots(source))
        key = value_of(index, self.values)
        sequence = self.values[source]
        if isinstance(key, Literal) and isinstance(sequence, Sequence):
            if isinstance(key.value, int):
                key = Literal(key.value % len(sequence.items))
            elif key.value in getattr(sequence.kind, "_fields", ()):
                key = Literal(sequence.kind._fields.index(key.value))  # type: ignore[attr-defined]
        g = self.take(target, adjoint)
        if g is None:
            return
        if isinstance(key, Literal) and isinstance(key.value, slice) and isinstance(sequence, Sequence):
            for position, k in enumerate(range(len(sequence.items))[key.value]):
                if k in slots:
                    self.accumulate(Var(slots[k]), adjoint.call(operator.getitem, g, Const(position)), adjoint)
            return
        if isinstance(key, Literal):
            if isinstance(sequence, (Mapping, Sequence)) and key.value not in slots:
                return  # a lookup that fails when it is run
            if key.value not in slots:
                raise TransformError(f"the derivative through item {key.value!r} of {source!r} is not known")
            self.accumulate(Var(slots[key.value]), g, adjoint)
            return
        # an index that only the run time knows: all slots become a list for a moment (constants have none)
        items = sequence.items if isinstance(sequence, Sequence) else ()
        places: list[Any] = list(range(len(items))) or list(slots)
        if any(place not in slots and not isinstance(items[place], (Literal, Number)) for place in places):
            raise TransformError(f"{source!r} mixes numbers and other things and is indexed by a variable")
        for slot in slots.values():
            self.set_zero(slot, adjoint)
        held = ((self.take(slots[place], adjoint) if place in slots else None) or Const(0.0) for place in places)
        bars = adjoint.call(operations.make_list, *held)
        if not all(isinstance(item, (Literal, Number)) for item in items):
            bars = adjoint.call(runtime.snapshot, bars)  # it is added to in place
        adjoint.do(runtime.add_item, bars, index, g)
        for position, place in enumerate(places):
            if place in slots:
                self.accumulate(Var(slots[place]), adjoint.call(operator.getitem, bars, Const(position)), adjoint)

    def mirror(self, statement: Assign, source: Atom, call: Call, scope: Scope, primal: Builder) -> None:
        """The shadow of a view is the same view of the shadow: made in the primal sweep only where that reads it."""
        assert statement.target is not None
        line = Assign(self.bar(statement.target), call, statement.origin)
        if statement.target in self.plan.forward_shadows or not isinstance(self.plan.value(statement.target), Array):
            primal.statements.append(line)
        else:
            scope.prologue.insert(0, line)

    def make_shadow(self, statement: Assign, scope: Scope, primal: Builder) -> None:
        """The shadow of new memory: zeros."""
        target = statement.target
        assert target is not None
        function = self._zeros_function(target)
        line = Assign(self.bar(target), Call(Ref(function), (Var(target),)), statement.origin)
        if target in self.plan.forward_shadows or not isinstance(self.plan.value(target), Array):
            primal.statements.append(line)
        else:
            scope.prologue.insert(0, line)

    def attribute(self, statement: Assign, call: Call, scope: Scope, primal: Builder, adjoint: Builder) -> None:
        source, name = call.arguments[:2]
        target = statement.target
        if not isinstance(name, Const) or any(self.kind(atom) is not Kind.NONE for atom in call.arguments[2:]):
            self.refuse(statement, getattr, None)
        assert target is not None and isinstance(name, Const)
        primal.statements.append(statement)
        if isinstance(source, Var) and self.kind(source) is Kind.VALUE and self.is_structured(source.name):
            self._slot_read(target, source.name, name, adjoint)
            return
        if isinstance(source, Ref) or self.kind(source) is Kind.SHADOW:
            owner = self._object_shadow(source, name, self._first_change(target) or statement.origin)
            if self.kind(target) is Kind.SHADOW:
                primal.call(getattr, owner, name, target=self.bar(target))
                if self.is_dynamic(Var(target)):
                    adjoint.do(runtime.return_attribute, owner, name, Var(self.bar(target)))
                return
            g = self.take(target, adjoint)
            if g is not None:
                old = adjoint.call(getattr, owner, name)
                adjoint.do(setattr, owner, name, adjoint.call(runtime.add, old, g))
            return
        g = self.take(target, adjoint)
        if g is not None and isinstance(source, Var) and isinstance(self.plan.value(source), Unknown):
            adjoint.do(runtime.add_attribute, self.buffer(source.name, adjoint), name, g)
            return
        if g is not None:
            raise TransformError(
                f"the derivative with respect to attribute {name.value!r} of an object of unknown class is not known",
                "Give example arguments, so that the class is known.",
                statement.origin,
            )

    def _first_change(self, name: str) -> Origin | None:
        """Where the memory that a name stands for is changed first."""
        region = self.plan.regions.of(Var(name))
        for statement in walk(self.function.body):
            if isinstance(statement, Assign) and statement.target is None and isinstance(statement.value, Call):
                changed = statement.value.arguments[:1]
                if changed and isinstance(changed[0], Var) and self.plan.regions.of(changed[0]) is region:
                    return statement.origin
        return None

    def _object_shadow(self, atom: Atom, attribute: Atom, origin: Origin | None) -> Atom:
        if isinstance(atom, Var):
            return Var(self.bar(atom.name))
        assert isinstance(atom, Ref) and isinstance(attribute, Const)
        variable = atom.name if attribute.value == "cell_contents" else attribute.value
        raise TransformError(
            f"{variable!r} is a global, or a variable of an enclosing function, and is given a value that depends on "
            "the input; a derivative through it is not supported",
            "Pass it as an argument and return its new value.",
            origin,
        )

    def set_attribute(self, statement: Assign, call: Call, primal: Builder, adjoint: Builder) -> None:
        owner, name, stored = call.arguments
        if isinstance(self.plan.value(owner), Array):
            raise TransformError(
                "an attribute of an array is assigned; a derivative through this is not supported",
                "Use reshape, or assign to a view such as y.real[...].",
                statement.origin,
            )
        shadow = self._object_shadow(owner, name, statement.origin)
        region = self.plan.regions.of(owner)
        holds_memory = region is not None and region.known_content is not None
        # the shadow of what is overwritten collects cotangents through other names, and is needed again
        old: Atom = primal.call(getattr, shadow, name) if holds_memory else Const(0.0)
        primal.statements.append(statement)
        primal.do(setattr, shadow, name, self.shadow(stored))
        g = adjoint.call(getattr, shadow, name)
        adjoint.do(setattr, shadow, name, old)
        if self.kind(stored) is Kind.VALUE:
            self.accumulate(stored, g, adjoint)
        self.give_back(stored, g, adjoint)

    def set_item(self, statement: Assign, call: Call, primal: Builder, adjoint: Builder) -> None:
        """`container[key] = item` where the container is a list or dict."""
        container, key, stored = call.arguments
        value = self.plan.value(container)
        if isinstance(value, Unknown):
            self._unknown_set_item(statement, call, primal, adjoint)
            return
        assert isinstance(container, Var)
        shadow = Var(self.bar(container.name))
        is_dict = issubclass(getattr(value, "kind", object), dict)
        if _is_slice(value_of(key, self.values)):
            self._set_slice(statement, call, primal, adjoint)
            return
        # the shadow of what is overwritten collected cotangents through other names, and is needed again
        old: Atom
        if isinstance(value_of(stored, self.values), (Number, Literal)) and self.plan.levels(container.name) == (True,):
            old = Const(0.0)  # the items are no memory, so nothing was added for them yet
        elif is_dict:
            old = primal.call(dict.get, shadow, key, Const(0.0))
        else:
            old = primal.call(operator.getitem, shadow, key)
        primal.statements.append(statement)
        primal.do(operator.setitem, shadow, key, self.shadow(stored))
        g = adjoint.call(operator.getitem, shadow, key)
        adjoint.do(operator.setitem, shadow, key, old)
        if self.kind(stored) is Kind.VALUE:
            self.accumulate(stored, g, adjoint)
        self.give_back(stored, g, adjoint)

    def _set_slice(self, statement: Assign, call: Call, primal: Builder, adjoint: Builder) -> None:
        """`items[i:j] = other` of lists: the items are copied, and may be more or fewer than those before."""
        container, key, stored = call.arguments
        assert isinstance(container, Var)
        value = self.plan.value(container)
        if not isinstance(value, Many) or not is_immutable(value.item):
            raise TransformError(
                "a slice of a list whose items may change, or are not known, is assigned; this cannot be followed",
                "Assign the items one by one.",
                statement.origin,
            )
        shadow = Var(self.bar(container.name))
        place = primal.call(runtime.place_of_slice, container, key, stored)
        old = primal.call(operator.getitem, shadow, key)
        primal.statements.append(statement)
        primal.do(operator.setitem, shadow, key, primal.call(runtime.zeros, stored))
        g = adjoint.call(operator.getitem, shadow, place)
        adjoint.do(operator.setitem, shadow, place, old)
        self.accumulate(stored, g, adjoint)

    def _unknown_set_item(self, statement: Assign, call: Call, primal: Builder, adjoint: Builder) -> None:
        container, key, stored = call.arguments
        assert isinstance(container, Var)
        shadow = Var(self.bar(container.name))
        if isinstance(stored, Var) and self.kind(stored) is Kind.SHADOW:
            primal.do(runtime.check_array, container)
        primal.statements.append(statement)
        g = adjoint.call(runtime.take_stored, shadow, key, stored)
        self.accumulate(stored, g, adjoint)

    def additive(self, statement: Assign, call: Call, primal: Builder, adjoint: Builder) -> None:
        """`buffer += g` in derivative code: the buffer's cotangent stays, and is that of `g` too."""
        primal.statements.append(statement)
        buffer, g = call.arguments[0], call.arguments[-1]
        if not isinstance(buffer, Var) or self.kind(g) is Kind.NONE:
            return
        bar: Atom = Var(self.bar(buffer.name))
        if len(call.arguments) == 3:
            bar = adjoint.call(operator.getitem, bar, call.arguments[1])
        self.accumulate(g, bar, adjoint, borrowed=True)

    # ---------------------------------------------------------------------------------------------------- operations

    def inplace(
        self, statement: Assign, call: Call, scope: Scope, primal: Builder, adjoint: Builder
    ) -> None:
        """`x += y` and its kin on arrays; on lists `+=` extends."""
        first, second = call.arguments
        value = self.plan.value(first)
        assert isinstance(call.function, Ref) and isinstance(first, Var)
        if isinstance(value, Unknown):
            self._dynamic_inplace(statement, call, first, primal, adjoint)
            return
        if not isinstance(value, Array):
            raise TransformError(
                "in-place operators on containers are not supported where a derivative passes through them",
                "Use append, or build a new list.",
                statement.origin,
            )
        primal.statements.append(statement)
        shadow = Var(self.bar(first.name))
        if statement.target is not None and statement.target != first.name:
            self.aliases[self.bar(statement.target)] = shadow.name
            line = Assign(self.bar(statement.target), shadow, statement.origin)
            if statement.target in self.plan.forward_shadows:
                primal.statements.append(line)
            else:
                scope.prologue.insert(0, line)
        operation = call.function.value
        if operation in (operator.iadd, operator.isub):
            if self.kind(second) is Kind.NONE:
                return
            entry = registry.lookup(INPLACE[operation])
            g: Atom = adjoint.call(np.array, shadow)
            self._rule(statement, entry, Call(Ref(INPLACE[operation]), (first, second)), g, adjoint, skip=0)
            return
        g = adjoint.call(np.array, shadow)
        adjoint.do(operator.setitem, shadow, Const(Ellipsis), Const(0.0))
        entry = registry.lookup(INPLACE[operation])
        self._rule(statement, entry, Call(Ref(INPLACE[operation]), (first, second)), g, adjoint)

    def _dynamic_unpack(self, statement: Assign, source: str, primal: Builder, adjoint: Builder) -> None:
        """`a, b = x` of a container: the shadow is a list of the shadows of its items."""
        assert statement.target is not None
        shadow, items = Var(self.bar(source)), Var(self.bar(statement.target))
        primal.statements.append(statement)
        primal.call(list, shadow, target=items.name)
        adjoint.do(runtime.return_item, shadow, Const(slice(None, None, None)), items)

    def _dynamic_inplace(
        self, statement: Assign, call: Call, first: Var, primal: Builder, adjoint: Builder
    ) -> None:
        """`x op= y` where only the run time knows whether x is changed, or is a number and the target a new one."""
        target = statement.target if statement.target is not None else self.names.temporary()
        statement = dataclasses.replace(statement, target=target)
        assert isinstance(call.function, Ref)
        operation = INPLACE[call.function.value]
        entry = registry.lookup(operation)
        if self.kind(first) is not Kind.SHADOW or entry is None or not entry.is_elementwise:
            raise TransformError(
                f"whether this changes {first.name!r} in place depends on its type, which is not known here",
                "Give example arguments, so that types are known.",
                statement.origin,
            )
        primal.statements.append(statement)
        primal.call(runtime.rebound, Var(self.bar(first.name)), Var(target), target=self.bar(target))
        self.aliases[self.bar(target)] = self.bar(first.name)
        g = adjoint.call(runtime.take_changed, Var(self.bar(target)))
        self._rule(statement, entry, Call(Ref(operation), call.arguments), g, adjoint)

    def primitive(
        self, statement: Assign, function: Any, call: Call, scope: Scope, primal: Builder, adjoint: Builder
    ) -> None:
        if function is operator.add and is_container(self.plan.value(Var(statement.target or ""))):
            function = runtime.join_sequences
            call = dataclasses.replace(call, function=Ref(function, "runtime.join_sequences"))
        entry = registry.lookup(function)
        if function is operations.Cell or isinstance(function, type) and entry is None:
            self.construct(statement, function, call, primal, adjoint)
            return
        if function in (list.append, list.pop, list.insert, runtime.insert_back, runtime.pop_inserted):
            self.list_operation(statement, function, call, primal, adjoint)
            return
        target = statement.target
        if function is operations.unpack and isinstance(call.arguments[0], Var) and target is not None:
            whole = call.arguments[0]
            is_array = isinstance(self.plan.value(whole), Array)
            if not is_array and self.kind(whole) is Kind.SHADOW and self.kind(target) is Kind.SHADOW:
                self._dynamic_unpack(statement, whole.name, primal, adjoint)
                return
        is_constant = entry is not None and entry.is_constant
        if is_constant or not any(self.kind(atom) is not Kind.NONE for atom in call.atoms):
            primal.statements.append(statement)  # constants in memory that will hold active values
            if target is not None and self.kind(target) is Kind.SHADOW:
                self.make_shadow(statement, scope, primal)
            elif target is not None:
                self.take(target, adjoint)
            return
        if entry is None or entry.refusal is not None or entry.adjoint is None:
            self.refuse(statement, function, entry)
        assert entry is not None
        primal.statements.append(statement)
        if target is not None and self.kind(target) is Kind.SHADOW:
            source = shared_source(self.plan, statement)
            is_shadow = source is not None and self.kind(source) is Kind.SHADOW
            if source is not None and is_shadow and not self._copies_numbers(statement, function):
                self._mirror_view(statement, entry, call, source, scope, primal)
                if self.is_dynamic(Var(target)):
                    if function in (dict.get, dict.setdefault):
                        adjoint.do(runtime.return_item, Var(self.bar(source)), call.arguments[1], Var(self.bar(target)))
                    else:
                        self.give_back(Var(source), Var(self.bar(target)), adjoint)
                return
            self.make_shadow(statement, scope, primal)
        keeps = target is not None and entry.is_elementwise and self._keeps_shape(target, call)
        narrow = self.narrow.get(target) if keeps and target is not None else None
        g = None if target is None else self.take(target, adjoint, narrow is not None)
        if target is not None:
            self.narrow.pop(target, None)
        if g is None and not shadows_of(entry):
            return
        self._rule(statement, entry, call, g if g is not None else Const(None), adjoint, g_value=narrow)

    def _copies_numbers(self, statement: Assign, function: Any) -> bool:
        """Whether a new list or dict is made of the items of another, all numbers; refused where they may change."""
        if not any(function is copier for copier in CONTAINER_COPIES):
            return False
        value = self.plan.value(Var(statement.target or ""))
        items: tuple[Value, ...] = (value.item,) if isinstance(value, Many) else ()
        if isinstance(value, (Sequence, Mapping)):
            items = value.items
        assert isinstance(statement.value, Call)
        if items and all(isinstance(item, Array) for item in items):
            if isinstance(self.plan.value(statement.value.arguments[0]), Array):
                return False  # the rows of an array: views, and so is the list of them
        if not items or not all(map(is_immutable, items)):
            raise TransformError(
                "the copy of a container whose items change, or are not known, cannot be followed",
                "Build the new container item by item.",
                statement.origin,
            )
        return True

    def _mirror_view(
        self, statement: Assign, entry: registry.Primitive, call: Call, source: str, scope: Scope, primal: Builder
    ) -> None:
        assert statement.target is not None
        value = self.plan.value(Var(source))
        if is_call_of(call, np.imag) and not (isinstance(value, Array) and value.dtype.kind == "f"):
            raise TransformError(
                "the imaginary part of a complex array is changed in place, or the array is; this cannot be followed",
                "Make a new array, for example a + 1j * b.",
                statement.origin,
            )
        if function_may_copy(call.function):
            primal.do(runtime.check_view, Var(statement.target), Var(source))

        def swap(atom: Atom) -> Atom:
            return Var(self.bar(source)) if isinstance(atom, Var) and atom.name == source else atom

        function: Atom = call.function
        if isinstance(function, Ref) and function.value is np.diagonal:  # NumPy's own may not be written to
            function = Ref(runtime.diagonal_view, "runtime.diagonal_view")
        mirrored = Call(
            function, tuple(map(swap, call.arguments)), tuple((key, swap(atom)) for key, atom in call.keywords)
        )
        self.mirror(statement, Var(source), mirrored, scope, primal)

    def list_operation(
        self, statement: Assign, function: Any, call: Call, primal: Builder, adjoint: Builder
    ) -> None:
        """`l.append(v)` and `l.pop()` are mirror images of each other."""
        owner = call.arguments[0]
        if not isinstance(owner, Var):
            self.refuse(statement, function, None)
        assert isinstance(owner, Var)
        shadow = Var(self.bar(owner.name))
        primal.statements.append(statement)
        if function is list.append:
            item = call.arguments[1]
            primal.do(list.append, shadow, self.item_shadow(item))
            g = adjoint.call(list.pop, shadow)
            if self.kind(item) is Kind.VALUE:
                self.accumulate(item, g, adjoint)
            self.give_back(item, g, adjoint)
            return
        if function is list.insert:
            place, item = call.arguments[1:]
            primal.do(list.insert, shadow, place, self.shadow(item))
            g = adjoint.call(runtime.pop_inserted, shadow, place)
            if self.kind(item) is Kind.VALUE:
                self.accumulate(item, g, adjoint)
            self.give_back(item, g, adjoint)
            return
        if function is runtime.insert_back:
            place, item = call.arguments[1:]
            primal.do(runtime.insert_back, shadow, place, self.shadow(item))
            g = adjoint.call(list.pop, shadow, place)
            if self.kind(item) is Kind.VALUE:
                self.accumulate(item, g, adjoint)
            self.give_back(item, g, adjoint)
            return
        target, position = statement.target, call.arguments[1:]
        if target is not None and self.kind(target) is Kind.SHADOW:
            primal.call(function, shadow, *position, target=self.bar(target))
            back: Atom = Var(self.bar(target))
        else:
            primal.do(function, shadow, *position)
            back = (self.take(target, adjoint) if target is not None else None) or Const(0.0)
        if not position:
            adjoint.do(list.append, shadow, back)
        elif function is runtime.pop_inserted:
            adjoint.do(list.insert, shadow, position[0], back)
        else:
            adjoint.do(runtime.insert_back, shadow, position[0], back)

    def _rule(
        self,
        statement: Assign,
        entry: registry.Primitive | None,
        call: Call,
        g: Atom,
        adjoint: Builder,
        skip: int | None = None,
        g_value: Value | None = None,
    ) -> None:
        """Inline the adjoint rule of a primitive and add its contributions; `skip`: an argument that gets none."""
        if entry is None or entry.adjoint is None:
            self.refuse(statement, call.function.value if isinstance(call.function, Ref) else call.function, entry)
        assert entry is not None
        arguments = bind_arguments(entry, call, statement.origin)
        skipped = call.arguments[skip] if skip is not None else None
        wanted: list[str | tuple[str, int]] = []
        receivers: list[Atom] = []
        for position, (name, atom) in enumerate(arguments.bound.items()):
            for item, single in enumerate(atom if isinstance(atom, tuple) else (atom,)):
                if self.kind(single) is Kind.NONE or name in entry.mutates or position == skip:
                    continue
                if name not in entry.wrt:
                    if name in entry.stores or entry.is_locally_constant(name) or isinstance(single, Ref):
                        continue
                    raise RuleNotFound(
                        f"the derivative of {entry.name} with respect to its argument {name!r} is not known",
                        "Make the argument a constant, for example with stop_gradient.",
                        statement.origin,
                    )
                wanted.append((name, item) if isinstance(atom, tuple) else name)
                receivers.append(single)
        shadows = shadows_of(entry)
        if not wanted and not shadows:
            return
        del skipped
        self._apply(statement, entry, arguments, tuple(wanted), receivers, g, shadows, adjoint, g_value)

    def _apply(
        self,
        statement: Assign,
        entry: registry.Primitive,
        arguments: Arguments,
        wanted: tuple[str | tuple[str, int], ...],
        receivers: list[Atom],
        g: Atom,
        shadows: tuple[str, ...],
        adjoint: Builder,
        g_value: Value | None,
    ) -> None:
        result: Atom = Var(statement.target) if statement.target is not None else Const(None)
        owners: list[Atom] = []
        for name in shadows:
            owner = arguments.bound[name[:-4]]
            assert isinstance(owner, Var)
            if self.kind(owner) is not Kind.SHADOW:
                message = f"{entry.name} changes {owner.name!r}, which cannot be followed"
                raise TransformError(message, "", statement.origin)
            owners.append(Var(self.bar(owner.name)))
        ans_value = value_of(result, self.values)
        owner_values = [value_of(arguments.bound[name[:-4]], self.values) for name in shadows]  # type: ignore[arg-type]
        if g_value is None:
            g_value = _cotangent_value(ans_value) if isinstance(g, Var) else Literal(None)
        values = (*(value_of(a, self.values) for a in arguments.flat), ans_value, g_value, *owner_values)
        try:
            instance = self.templates.adjoint(entry, arguments, wanted, values)
        except (RuleNotFound, TransformError) as error:
            if error.origin is None:
                raise type(error)(error.message, error.advice, statement.origin) from None
            raise
        narrow = instance.narrow
        if narrow is not None and all(
            self._may_be_narrow(receiver) for receiver, is_so in zip(receivers, narrow.is_narrow) if is_so
        ):
            instance = narrow
        body, returned = inline(instance.function, (*arguments.flat, result, g, *owners), self.names, self.values)
        adjoint.add(_with_origin(body, statement.origin))
        items = _packed(body, returned, len(wanted))
        adjoint.statements = [s for s in adjoint.statements if not _binds(s, returned)]
        for position, (receiver, present, item) in enumerate(zip(receivers, instance.contributions, items)):
            if present is None:
                continue
            is_first = isinstance(receiver, Var) and receiver.name not in self.live
            self.accumulate(receiver, item, adjoint, borrowed=False)
            if instance.is_narrow and instance.is_narrow[position]:
                assert isinstance(receiver, Var) and is_first
                self.narrow[receiver.name] = value_of(item, self.values)
                self.fresh.discard(receiver.name)

    def _keeps_shape(self, target: str, call: Call) -> bool:
        """Whether the active operands have the shape of the result: what is broadcast needs the whole cotangent."""
        value = self.values.get(target)
        if not isinstance(value, Array) or value.shape is None:
            return False
        for atom in call.atoms:
            if self.kind(atom) is Kind.NONE:
                continue
            other = self.values.get(atom.name) if isinstance(atom, Var) else None
            if not isinstance(other, Array) or other.shape is None or len(other.shape) != len(value.shape):
                return False
            for old, new in zip(other.shape, value.shape):
                if old != new and (isinstance(old, int) or old.maybe_one):
                    return False
        return True

    def _may_be_narrow(self, receiver: Atom) -> bool:
        """Whether the cotangent of a name may be left unbroadcast for now."""
        if not isinstance(receiver, Var) or self.kind(receiver) is not Kind.VALUE:
            return False
        name = receiver.name
        return isinstance(self.values.get(name), Array) and name not in self.live and name not in self.plan.buffered

    def user_call(
        self, statement: Assign, function: Function, call: Call, primal: Builder, adjoint: Builder
    ) -> None:
        """A call of a user's function: its augmented primal here, its adjoint in the adjoint sweep."""
        if statement.target is None:
            statement = Assign(self.names.temporary(), call, statement.origin)
        target = statement.target
        assert target is not None
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
        pair = self.compiler.pair(function, active, tuple(shadowed))
        self._emit_call(statement, call, pair, active, dict(shadowed), primal, adjoint)

    def _emit_call(
        self,
        statement: Assign,
        call: Call,
        pair: Any,
        active: tuple[int, ...],
        shadowed: dict[int, tuple[bool, ...]],
        primal: Builder,
        adjoint: Builder,
    ) -> None:
        target = statement.target
        assert target is not None
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
        base = "saved" if is_temporary(target) else f"{target}_saved"
        saved = primal.call(operator.getitem, both, Const(1), target=self.names.fresh(base))
        if self.kind(target) is Kind.SHADOW:
            if pair.returns_shadow:
                primal.call(operator.getitem, both, Const(2), target=self.bar(target))
            else:
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
            if k not in shadowed:
                item = adjoint.call(operator.getitem, contributions, Const(position))
                self.accumulate(call.arguments[k], item, adjoint)
            elif self.is_dynamic(call.arguments[k]):
                self.give_back(
                    call.arguments[k], adjoint.call(operator.getitem, contributions, Const(position)), adjoint
                )

    def _own_copy(self, statement: Assign, atom: Atom, primal: Builder) -> Atom:
        if isinstance(atom, Var) and is_changed(self, atom.name) and self.plan.changed_after(atom.name, statement):
            return primal.call(runtime.snapshot, atom)
        return atom

    def construct(self, statement: Assign, kind: type, call: Call, primal: Builder, adjoint: Builder) -> None:
        """An instance of a class whose attributes are its arguments: a cell, a dataclass, a named tuple."""
        target = statement.target
        assert target is not None
        primal.statements.append(statement)
        value = self.values.get(target, UNKNOWN)
        if kind is operations.Cell:
            keys: tuple[Any, ...] = ("value",) if call.arguments else ()
        elif isinstance(value, Record) and dataclasses.is_dataclass(kind):
            keys = value.names
        elif isinstance(value, Sequence) and hasattr(kind, "_fields"):
            keys = tuple(range(len(value.items)))
        else:
            self.refuse(statement, kind, None)
        named = dict(zip(keys, call.arguments)) | dict(call.keywords)
        if isinstance(value, Sequence):
            named = {kind._fields.index(k) if isinstance(k, str) else k: atom for k, atom in named.items()}  # type: ignore[attr-defined]
        if self.kind(target) is Kind.SHADOW:
            bar = primal.call(runtime.Shadow, target=self.bar(target))
            for key, atom in named.items():
                primal.do(setattr, bar, Const(key), self.shadow(atom))
                if self.kind(atom) is Kind.VALUE:
                    self.accumulate(atom, adjoint.call(getattr, bar, Const(key)), adjoint)
                elif self.is_dynamic(atom):
                    self.give_back(atom, adjoint.call(getattr, bar, Const(key)), adjoint)
            return
        for key, slot in self.slots(target) if self.is_structured(target) else ():
            g = self.take(slot, adjoint)
            if g is not None and key in named:
                self.accumulate(named[key], g, adjoint)

    def dynamic_call(self, statement: Assign, call: Call, primal: Builder, adjoint: Builder) -> None:
        """A call of a function that only the run time knows: it is transformed when it is called."""
        target = statement.target
        assert target is not None and isinstance(call.function, Var)
        if call.keywords:
            raise TransformError("a call with keywords of a function that is not known", "", statement.origin)
        if self.kind(call.function) is not Kind.NONE:
            raise TransformError(
                f"{call.function.name!r} is called, and holds values that are differentiated; its class is not known",
                "Give example arguments, so that types are known.",
                statement.origin,
            )
        both = primal.call(runtime.call_augmented, call.function, *call.arguments)
        value = primal.call(operator.getitem, both, Const(0))
        primal.call(runtime.snapshot, value, target=target) if is_changed(self, target) else primal.bind(target, value)
        if self.kind(target) is Kind.SHADOW:
            primal.call(runtime.zeros, Var(target), target=self.bar(target))
        pullback = primal.call(operator.getitem, both, Const(1), target=self.names.fresh("pullback"))
        g = self.take(target, adjoint)
        if g is None:
            return
        contributions = adjoint.call(pullback, g)
        for position, atom in enumerate(call.arguments):
            if self.kind(atom) is not Kind.NONE:
                item = adjoint.call(operator.getitem, contributions, Const(position))
                self.accumulate(atom, item, adjoint)

    def refuse(self, statement: Assign, function: Any, entry: registry.Primitive | None) -> None:
        name = registry.function_name(function) if entry is None else entry.name
        if entry is not None and entry.refusal is not None:
            raise RuleNotFound(f"the derivative of {name} is not supported: {entry.refusal}", "", statement.origin)
        raise RuleNotFound(
            f"there is no rule for the derivative of {name}",
            "Use stop_gradient on its arguments if it is to count as constant, or write it with supported functions "
            "(`autodiff rules` lists them).",
            statement.origin,
        )


# ------------------------------------------------------------------------------------------------------------ helpers


SURE_VIEWS = (
    np.transpose, np.swapaxes, np.moveaxis, np.rollaxis, np.expand_dims, np.squeeze, np.broadcast_to, np.flip,
    np.fliplr,
    np.flipud, np.rot90, np.diagonal, np.real, np.split, np.array_split, np.hsplit, np.vsplit, np.dsplit,
)  # fmt: skip


def function_may_copy(function: Atom) -> bool:
    """Whether a function returns a view of its argument where it can and a copy where it cannot."""
    return not (isinstance(function, Ref) and any(function.value is sure for sure in SURE_VIEWS))


def is_changed(sweep: Sweep, name: str) -> bool:
    """Whether the memory of a name is changed in place somewhere."""
    return sweep.plan.regions.is_mutated(name) or name in sweep.plan.hidden


def _cotangent_value(value: Value) -> Value:
    """The abstract value of a cotangent of something with this abstract value."""
    return value if isinstance(value, (Number, Array, Sequence, Mapping)) else UNKNOWN


def placed(prologue: Statements, reverse: Statements, aliases: dict[str, str]) -> Statements:
    """The adjoint of a block with the shadows of its prologue each made right before its first use.

    `aliases` are other names of shadows, bound in the primal sweep: a use of one is a use of the shadow.
    """
    result = list(reverse)
    for line in reversed(prologue):
        assert isinstance(line, Assign) and line.target is not None
        names, size = {line.target}, 0
        while len(names) > size:  # aliases of aliases
            size = len(names)
            names.update(alias for alias, source in aliases.items() if source in names)
        using = (k for k, s in enumerate(result) if any(not names.isdisjoint(reads(inner)) for inner in walk((s,))))
        place = next(using, len(result))
        if place < len(result):
            result.insert(place, line)
    return result


def _zero_tuple(value: Sequence) -> tuple[Any, ...]:
    """Zeros in the structure of a tuple; a plain zero stands for an array, to which it is added."""
    return tuple(
        _zero_tuple(item) if isinstance(item, Sequence) and item.kind is tuple else 0.0 for item in value.items
    )


def _is_slice(value: Value) -> bool:
    return value == Instance(slice) or isinstance(value, Literal) and isinstance(value.value, slice)


def _keys(value: Mapping | Record) -> tuple[Any, ...]:
    return value.keys if isinstance(value, Mapping) else value.names


def _always_raises(body: Block) -> bool:
    return bool(body) and isinstance(body[-1], Raise)


def _with_body(statement: For | While, body: Statements) -> Statement:
    if isinstance(statement, For):
        return For(statement.target, statement.iterable, tuple(body), statement.origin)
    return While(statement.test, tuple(body), statement.origin)


def _with_origin(body: Block, origin: Origin | None) -> Statements:
    result = []
    for statement in body:
        statement = with_blocks(statement, [tuple(_with_origin(b, origin)) for b in blocks_of(statement)])
        result.append(dataclasses.replace(statement, origin=origin))
    return result


def _packed(body: Block, returned: Atom, count: int) -> tuple[Atom, ...]:
    """The items of the tuple that an inlined template ends with."""
    if isinstance(returned, Const):
        return tuple(Const(item) for item in returned.value)
    for statement in reversed(body):
        if _binds(statement, returned):
            assert isinstance(statement, Assign) and isinstance(statement.value, Call)
            return statement.value.arguments
    raise AssertionError("a template's instance returns a tuple")


def _binds(statement: Statement, atom: Atom) -> bool:
    return isinstance(statement, Assign) and isinstance(atom, Var) and statement.target == atom.name


def _shape_only_positions(call: Call) -> set[str]:
    """Names that a call reads for their shape, dtype or structure only."""
    function = call.function.value if isinstance(call.function, Ref) else None
    if function is getattr and call.arguments[1] in (Const("shape"), Const("ndim"), Const("dtype"), Const("size")):
        return {atom.name for atom in call.arguments if isinstance(atom, Var)}
    entry = registry.lookup(function) if function is not None else None
    if entry is None or not entry.shape_only:
        return set()
    bound = bind(entry, call) or {}
    # what is differentiated or viewed hands its numbers on, though the rule reads only its shape
    only = {name for name in entry.shape_only if name not in entry.wrt and name not in entry.views}
    shape = {a.name for name in only for a in bound.get(name, ()) if isinstance(a, Var)}
    numbers = {a.name for name in bound if name not in only for a in bound[name] if isinstance(a, Var)}
    return shape - numbers


def _number_reads(statement: Statement) -> list[str]:
    """The names whose numbers (not only whose shape) a statement and its blocks read."""
    found: dict[str, None] = {}
    for inner in walk((statement,)):
        skip = set()
        if isinstance(inner, Assign) and isinstance(inner.value, Call):
            skip = _shape_only_positions(inner.value)
        found.update(dict.fromkeys(name for name in reads(inner) if name not in skip))
    return list(found)


def _replace_number_reads(statement: Statement, saved: dict[str, Atom]) -> Statement:
    if not saved:
        return statement
    skip = set()
    if isinstance(statement, Assign) and isinstance(statement.value, Call):
        skip = _shape_only_positions(statement.value)

    def change(atom: Atom) -> Atom:
        if isinstance(atom, Var) and atom.name in saved and atom.name not in skip:
            return saved[atom.name]
        return atom

    new = map_atoms(statement, change)
    return with_blocks(new, [tuple(_replace_number_reads(s, saved) for s in b) for b in blocks_of(new)])
