"""Adjoints of operations: the rules of primitives, inlined, and what is done in place."""

from __future__ import annotations

import dataclasses
import functools
import operator
from typing import Any

import numpy as np

from transforms import operations, registry, runtime
from transforms.analyses.activity import changed_operands
from transforms.analyses.regions import INPLACE, TAKERS, bind, chain, is_container, is_opaque
from transforms.builder import Builder
from transforms.core import (
    Assign,
    Atom,
    Block,
    Call,
    Const,
    For,
    If,
    Ref,
    Statement,
    Var,
    is_call_of,
    with_origin,
)
from transforms.errors import RuleNotFound, TransformError
from transforms.reverse.containers import Containers
from transforms.reverse.cotangents import Scope
from transforms.reverse.plan import Kind, shared_source
from transforms.templates import Arguments, bind_arguments, inline, shadows_of, value_of
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
)

SURE_VIEWS = (
    np.transpose, np.swapaxes, np.moveaxis, np.rollaxis, np.expand_dims, np.squeeze, np.broadcast_to, np.flip,
    np.fliplr,
    np.flipud, np.rot90, np.diagonal, np.real, np.split, np.array_split, np.hsplit, np.vsplit, np.dsplit,
    dict.get, dict.setdefault,
)  # fmt: skip

CONTAINER_COPIES = (  # their results are new containers
    list, tuple, dict, list.copy, dict.copy, sorted, reversed, runtime.join_sequences, runtime.repeat_sequence,
)  # fmt: skip

LIST_OPERATIONS = (
    list.append, list.pop, list.insert, list.reverse, runtime.insert_back, runtime.pop_inserted,
)  # fmt: skip
ITEM_COPIES = (  # those that do the same to the shadows of the items
    list, tuple, dict, list.copy, dict.copy, runtime.join_sequences, runtime.repeat_sequence,
)  # fmt: skip

REGROUPINGS = (  # they may put the items of a list or tuple into another one
    operations.unpack, runtime.repack, runtime.relist, runtime.sequence, runtime.unsequence,
)  # fmt: skip

ITEM_LISTS = (dict.values, dict.items, runtime.values_by_keys, runtime.items_by_keys)


class Primitives(Containers):
    """Adjoints of operations: the rules of primitives, inlined, and what is done in place."""

    def _refuse_unfollowed(self, statement: Assign, primal: Builder) -> None:
        """Refuse a call made for its effect on something unknown, if what it is given depends on the input; and, when
        it runs, the sign of a complex number, which is not constant."""
        call = statement.value
        if is_call_of(call, np.sign) and statement.target is not None and isinstance(call, Call):
            x, activity = call.arguments[0], self.plan.activity
            is_unknown = isinstance(self.plan.value(x), Unknown)
            if is_unknown and activity.is_varied(x) and activity.is_useful(statement.target):
                primal.do(runtime.check_real, x)
        if statement.target is None and isinstance(call, Call) and isinstance(call.function, Var):
            if any(self.kind(atom) is Kind.SHADOW for atom in (call.function, *call.atoms)):
                raise TransformError(
                    f"{call.function.name!r} is only known at run time, and may change what it is given or belongs to",
                    "Give example arguments, so that types are known.",
                    statement.origin,
                )
        if statement.target is None and isinstance(call, Call) and isinstance(call.function, Ref):
            entry = registry.lookup(call.function.value)
            if entry is not None and entry.refusal is not None and not entry.mutates:
                if any(self.plan.activity.is_varied(atom) for atom in call.atoms):
                    self.refuse(statement, call.function.value, entry)

    def inplace(self, statement: Assign, call: Call, scope: Scope, primal: Builder, adjoint: Builder) -> None:
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
        entry = registry.lookup(INPLACE[operation])
        if entry is not None and entry.is_constant:  # `x //= y`
            adjoint.do(operator.setitem, shadow, Const(Ellipsis), Const(0.0))
            return
        g = adjoint.call(np.array, shadow)
        adjoint.do(operator.setitem, shadow, Const(Ellipsis), Const(0.0))
        self._rule(statement, entry, Call(Ref(INPLACE[operation]), (first, second)), g, adjoint)

    def _dynamic_inplace(self, statement: Assign, call: Call, first: Var, primal: Builder, adjoint: Builder) -> None:
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
        """A call of a primitive: what makes or changes containers goes its own way, all else by its rule."""
        target = statement.target
        if function is operator.add and is_container(self.plan.value(Var(target or ""))):
            function = runtime.join_sequences
            call = dataclasses.replace(call, function=Ref(function, "runtime.join_sequences"))
        entry = registry.lookup(function)
        is_pop = function is dict.pop and len(call.arguments) == 2 and self.kind(call.arguments[0]) is Kind.SHADOW
        if function is operations.Cell or isinstance(function, type) and entry is None:
            self.construct(statement, function, call, primal, adjoint)
        elif function is runtime.make_record and self.kind(Var(target or "")) is Kind.SHADOW:
            self.record(statement, call, primal, adjoint)
        elif self.changes_list(function, call):
            self.list_surgery(statement, function, call, primal, adjoint)
        elif is_pop or any(function is operation for operation in LIST_OPERATIONS):
            self.list_operation(statement, function, call, primal, adjoint)
        elif function is operations.unpack and self._is_mirrored_unpack(statement, call):
            whole = call.arguments[0]
            assert isinstance(whole, Var)
            self._dynamic_unpack(statement, whole.name, primal, adjoint)
        elif self._is_constant_call(function, call, entry):
            primal.statements.append(statement)
            if target is not None and self.kind(target) is Kind.SHADOW:
                self.make_shadow(statement, scope, primal)  # memory that will hold active values
            elif target is not None:
                self.take(target, adjoint)
        else:
            self._active_call(statement, function, call, entry, scope, primal, adjoint)

    def _is_mirrored_unpack(self, statement: Assign, call: Call) -> bool:
        """Whether the items of an unpacked container have their shadows in the container's shadow."""
        whole, target = call.arguments[0], statement.target
        if not isinstance(whole, Var) or target is None or isinstance(self.plan.value(whole), Array):
            return False
        return self.kind(whole) is Kind.SHADOW and self.kind(target) is Kind.SHADOW

    def _is_constant_call(self, function: Any, call: Call, entry: registry.Primitive | None) -> bool:
        is_partial = function is functools.partial  # refused where it is called
        is_constant = is_partial or entry is not None and entry.is_constant
        return is_constant or all(self.kind(atom) is Kind.NONE for atom in call.atoms)

    def _active_call(
        self,
        statement: Assign,
        function: Any,
        call: Call,
        entry: registry.Primitive | None,
        scope: Scope,
        primal: Builder,
        adjoint: Builder,
    ) -> None:
        """A call of a function that has a rule, with active arguments."""
        if entry is None or entry.refusal is not None or entry.adjoint is None:
            self.refuse(statement, function, entry)
        assert entry is not None
        self._refuse_objects(statement, entry, call)
        if is_opaque(entry, call) and any(self.kind(atom) is Kind.SHADOW for atom in changed_operands(call)):
            raise TransformError(
                f"{entry.name} is given memory to change, in a way that is not followed",
                "Assign its result.",
                statement.origin,
            )
        primal.statements.append(statement)
        target = statement.target
        if target is not None and self.kind(target) is Kind.SHADOW:
            if self._shadow_of_source(statement, function, call, entry, scope, primal, adjoint):
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

    def _shadow_of_source(
        self,
        statement: Assign,
        function: Any,
        call: Call,
        entry: registry.Primitive,
        scope: Scope,
        primal: Builder,
        adjoint: Builder,
    ) -> bool:
        """The shadow of a result that shares memory or items with an argument, if it does."""
        target = statement.target
        assert target is not None
        if self._copies_shadow(statement, function, call, primal, adjoint):
            return True
        if self._shares_items(statement, function):
            self._mirror_copy(statement, function, call, primal, adjoint)
            return True
        source = shared_source(self.plan, statement)
        if source is None or self.kind(source) is not Kind.SHADOW:
            return False
        if self._view_or_copy(statement, entry, call, source, primal, adjoint):
            return True
        if self._copies_numbers(statement, function):
            return False
        self._mirror_view(statement, call, source, scope, primal)
        if self.is_dynamic(Var(target)):
            if function in (dict.get, dict.setdefault):
                adjoint.do(runtime.return_item, Var(self.bar(source)), call.arguments[1], Var(self.bar(target)))
            else:
                self.give_back(Var(source), Var(self.bar(target)), adjoint)
        return True

    def _copies_shadow(self, statement: Assign, function: Any, call: Call, primal: Builder, adjoint: Builder) -> bool:
        """Whether the items of a container that changes went into a new one, whose shadow was made of its shadow."""
        assert statement.target is not None
        source = call.arguments[0] if call.arguments else None
        if not isinstance(source, Var) or self.kind(source) is not Kind.SHADOW:
            return False
        if function in ITEM_LISTS:
            self.copy_values(statement, function, call, source.name, primal, adjoint)
            return True
        if function is dict.get and shared_source(self.plan, statement) is not None:
            self._mirror_get(statement.target, call, source.name, primal, adjoint)
            return True
        if function is sorted and not self._copies_only_numbers(statement):
            primal.statements.pop()
            self.copy_sorted(statement, call, source.name, primal, adjoint)
            return True
        return False

    def _copies_only_numbers(self, statement: Assign) -> bool:
        """Whether the items of a new container are known to be numbers, so that nothing is shared."""
        value = self.plan.value(Var(statement.target or ""))
        items: tuple[Value, ...] = (value.item,) if isinstance(value, Many) else ()
        if isinstance(value, (Sequence, Mapping)):
            items = value.items
        return bool(items) and all(map(is_immutable, items))

    def _mirror_get(self, target: str, call: Call, source: str, primal: Builder, adjoint: Builder) -> None:
        """`x.get(key, default)` where the item may be memory."""
        key, default = call.arguments[1], call.arguments[2] if len(call.arguments) > 2 else Const(None)
        is_there = primal.call(operator.contains, Var(source), key)
        bar, shadow = Var(self.bar(target)), Var(self.bar(source))
        found, missing, back, kept = (Builder(self.names, primal.origin) for _ in range(4))
        found.call(dict.get, shadow, key, Const(0.0), target=bar.name)
        missing.bind(bar.name, self.shadow(default))
        primal.add([If(is_there, tuple(found.statements), tuple(missing.statements), primal.origin)])
        share = Var(self.names.temporary())
        back.do(runtime.return_item, shadow, key, bar)
        back.bind(share.name, Const(0.0))
        kept.call(runtime.share, bar, kept.call(runtime.is_number, bar), target=share.name)
        adjoint.add([If(is_there, tuple(back.statements), tuple(kept.statements), adjoint.origin)])
        if self.kind(default) is Kind.VALUE:
            self.accumulate(default, share, adjoint)
        self.give_back(default, share, adjoint)

    def _refuse_objects(self, statement: Assign, entry: registry.Primitive, call: Call) -> None:
        """Refuse operators on objects of a user's class, of which it is not known what they call."""
        for atom in call.atoms if entry.is_elementwise else ():
            value = self.plan.value(atom)
            is_own = isinstance(value, (Record, Instance)) and value.kind.__module__ not in ("builtins", "numpy")
            is_own = is_own and not issubclass(getattr(value, "kind", object), (int, float, complex, np.ndarray))
            if is_own and self.kind(atom) is not Kind.NONE:
                name = getattr(value, "kind", object).__name__
                raise TransformError(
                    f"{entry.name} of a {name} and something of unknown type, or without such a method",
                    "Give example arguments, so that types are known.",
                    statement.origin,
                )

    def _shares_items(self, statement: Assign, function: Any) -> bool:
        """Whether a new container holds the very items of another one, which are changed in place or come out of a
        container that is."""
        assert statement.target is not None and isinstance(statement.value, Call)
        if any(function is copier for copier in CONTAINER_COPIES):
            sources = [atom for atom in statement.value.arguments[:2] if isinstance(atom, Var)]
            if not sources or isinstance(self.plan.value(sources[0]), Array):
                return False
            is_known = any(function is copier for copier in ITEM_COPIES)
            is_copied = is_known and any(self.kind(atom) is Kind.SHADOW for atom in sources)
            held = [region for atom in sources for region in chain(self.plan.regions, atom.name)[1:]]
            is_shared = is_copied and not self._copies_only_numbers(statement)
            return is_shared or any(region.is_mutated for region in held)
        entry = registry.lookup(function)
        if entry is not None and not entry.views:
            return False
        held = chain(self.plan.regions, statement.target)[1:]
        if not any(region.is_mutated for region in held) or shared_source(self.plan, statement) is not None:
            return False
        return any(held[0] in chain(self.plan.regions, a.name) for a in statement.value.atoms if isinstance(a, Var))

    def _has_items(self, atom: Var) -> bool:
        """Whether a shadow may stand for this operand of what copies or joins containers: it is memory, or a tuple."""
        value = self.plan.value(atom)
        return self.plan.regions.of(atom) is not None or isinstance(value, Sequence) and value.kind is tuple

    def _mirror_copy(self, statement: Assign, function: Any, call: Call, primal: Builder, adjoint: Builder) -> None:
        """`b = list(a)` where the items change: the shadow holds the shadows of the items of `a`."""
        assert statement.target is not None
        sources = [atom for atom in call.arguments if isinstance(atom, Var) and self._has_items(atom)]
        is_known = any(function is copier for copier in ITEM_COPIES)
        region = self.plan.regions.of(statement.target)
        content = region.known_content if region is not None else None
        is_memory = content is not None and content.is_mutated and _holds_memory(self.plan.value(statement.target))
        if not is_known:
            raise TransformError(
                "the copy of a container whose items change, or are not known, cannot be followed",
                "Build the new container item by item.",
                statement.origin,
            )
        bars: dict[Atom, Var] = {}  # an operand without a shadow gets one for the time being
        for source in sources:
            is_shadow = self.kind(source) is Kind.SHADOW
            bars[source] = Var(self.bar(source.name)) if is_shadow else primal.call(runtime.zeros, source)
        shadows = [bars.get(atom, atom) for atom in call.arguments]
        mirror = list if function is tuple else function
        primal.call(mirror, *shadows, target=self.bar(statement.target))
        if not is_memory:
            self._return_parts(shadows, Var(self.bar(statement.target)), function, adjoint)
        for source in sources:
            if self.kind(source) is Kind.VALUE:
                self.accumulate(source, bars[source], adjoint)

    def _return_parts(self, shadows: list[Atom], copied: Var, function: Any, out: Builder) -> None:
        """Add what the shadow of a copy holds for numbers, and for arrays that nobody changes, to the shadows of what
        was copied, joined or repeated."""
        everything, shadow = Const(slice(None, None, None)), shadows[0]
        each, one = Builder(self.names, out.origin), self.names.temporary()
        if function in (dict, dict.copy):
            each.do(runtime.return_item, shadow, Var(one), each.call(dict.get, copied, Var(one), Const(0.0)))
            out.add([For(one, out.call(runtime.keys_of, shadow), tuple(each.statements), out.origin)])
        elif function is runtime.repeat_sequence:
            length = out.call(max, Const(1), out.call(len, shadow))
            place = each.call(operations.make_slice, Var(one), each.call(operator.add, Var(one), length), Const(None))
            each.do(runtime.return_item, shadow, everything, each.call(operator.getitem, copied, place))
            starts = out.call(range, Const(0), out.call(len, copied), length)
            out.add([For(one, starts, tuple(each.statements), out.origin)])
        elif len(shadows) == 1:
            out.do(runtime.return_item, shadow, everything, copied)
        else:
            start: Atom = Const(0)
            for shadow in shadows:
                stop = out.call(operator.add, start, out.call(len, shadow))
                place = out.call(operations.make_slice, start, stop, Const(None))
                out.do(runtime.return_item, shadow, everything, out.call(operator.getitem, copied, place))
                start = stop

    def _copies_numbers(self, statement: Assign, function: Any) -> bool:
        """Whether a new list or dict is made of the items of another, all numbers; refused where they may change."""
        if not any(function is copier for copier in CONTAINER_COPIES):
            return False
        assert isinstance(statement.value, Call)
        source = self.plan.value(statement.value.arguments[0])
        if isinstance(source, Array) and source.rank is not None:
            return source.rank == 1  # else the rows: views, and so is the list of them
        if not self._copies_only_numbers(statement):
            raise TransformError(
                "the copy of a container whose items change, or are not known, cannot be followed",
                "Build the new container item by item.",
                statement.origin,
            )
        return True

    def _view_or_copy(
        self,
        statement: Assign,
        entry: registry.Primitive,
        call: Call,
        source: str,
        primal: Builder,
        adjoint: Builder,
    ) -> bool:
        """The result of a function that returns a view or a copy, where only the run time knows which: its shadow is
        the same view of the shadow, or memory of its own, whose cotangent goes back by the function's rule."""
        target, function = statement.target, call.function
        assert target is not None and isinstance(function, Ref)
        is_known = not self.is_dynamic(Var(target)) and not self.is_dynamic(Var(source))
        is_item = function.value in TAKERS
        if is_known or is_item or not function_may_copy(function) or function.value in (sorted, np.imag):
            return False
        if any(function.value is copier for copier in ITEM_COPIES):
            self._mirror_copy(statement, function.value, call, primal, adjoint)
            return True
        bound = bind(entry, call)
        if bound is None or any(self.kind(atom) is Kind.VALUE for name in entry.wrt for atom in bound.get(name, ())):
            return False
        if function.value in REGROUPINGS:
            self._regroup(statement, entry, call, source, primal, adjoint)
            return True
        origin = statement.origin
        copied = primal.call(runtime.is_copy, Var(target), Var(source), target=self.names.fresh("copied"))
        new, same, back = (Builder(self.names, origin) for _ in range(3))
        new.call(runtime.zeros, Var(target), target=self.bar(target))
        if function.value is operations.unpack_star:  # the shadow of a tuple is a list
            shadows = self.names.temporary()
            same.bind(shadows, self._mirrored(call, source))
            same.call(list, Var(shadows), target=self.bar(target))
        else:
            same.bind(self.bar(target), self._mirrored(call, source))
        primal.add([If(copied, tuple(new.statements), tuple(same.statements), origin)])
        self._rule(statement, entry, call, Var(self.bar(target)), back)
        if back.statements:
            adjoint.add([If(copied, tuple(back.statements), (), origin)])
        return True

    def _regroup(
        self, statement: Assign, entry: registry.Primitive, call: Call, source: str, primal: Builder, adjoint: Builder
    ) -> None:
        """The result of a function that may put the items of a list or tuple into another one: its shadow holds the
        shadows of these items.  Otherwise it is a copy, or the same, as the run time finds out."""
        target, origin = statement.target, statement.origin
        assert target is not None
        bar, shadow = Var(self.bar(target)), Var(self.bar(source))
        kept = primal.call(runtime.keeps_items, Var(target), Var(source), target=self.names.fresh("kept"))
        copied = Var(self.names.fresh("copied"))
        held, other, new, same, given, back = (Builder(self.names, origin) for _ in range(6))
        held.bind(copied.name, Const(False))
        held.call(list, shadow, target=bar.name)
        other.call(runtime.is_copy, Var(target), Var(source), target=copied.name)
        new.call(runtime.zeros, Var(target), target=bar.name)
        same.bind(bar.name, self._mirrored(call, source))
        other.add([If(copied, tuple(new.statements), tuple(same.statements), origin)])
        primal.add([If(kept, tuple(held.statements), tuple(other.statements), origin)])
        given.do(runtime.return_item, shadow, Const(slice(None)), bar)
        adjoint.add([If(kept, tuple(given.statements), (), origin)])
        self._rule(statement, entry, call, bar, back)
        if back.statements:
            adjoint.add([If(copied, tuple(back.statements), (), origin)])

    def _mirrored(self, call: Call, source: str) -> Call:
        """The call that makes of the shadow of its argument `source` what it makes of the argument."""

        def swap(atom: Atom) -> Atom:
            return Var(self.bar(source)) if isinstance(atom, Var) and atom.name == source else atom

        function, keywords = call.function, call.keywords
        if is_call_of(call, np.diagonal, np.diag):  # NumPy's own may not be written to
            function = Ref(runtime.diagonal_view, "runtime.diagonal_view")
            keywords = tuple(({"k": "offset", "v": "a"}.get(key, key), atom) for key, atom in keywords)
        return Call(function, tuple(map(swap, call.arguments)), tuple((key, swap(atom)) for key, atom in keywords))

    def _mirror_view(self, statement: Assign, call: Call, source: str, scope: Scope, primal: Builder) -> None:
        assert statement.target is not None
        value = self.plan.value(Var(source))
        if is_call_of(call, np.imag) and not (isinstance(value, Array) and value.dtype.kind == "f"):
            raise TransformError(
                "the imaginary part of a complex array is changed in place, or the array is; this cannot be followed",
                "Make a new array, for example a + 1j * b.",
                statement.origin,
            )
        if is_call_of(call, np.broadcast_to, np.broadcast_arrays):
            raise TransformError(
                "an array is broadcast without a copy, and is changed in place; this cannot be followed",
                "Broadcast a copy of it: np.broadcast_to(x.copy(), shape).",
                statement.origin,
            )
        if function_may_copy(call.function):
            primal.do(runtime.check_view, Var(statement.target), Var(source))
        self.mirror(statement, self._mirrored(call, source), scope, primal)

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
        if narrow is not None and len(set(receivers)) == len(receivers):
            if all(self._may_be_narrow(one) for one, is_so in zip(receivers, narrow.is_narrow) if is_so):
                instance = narrow
        operands = (*arguments.flat, result, g, *owners)
        body, returned = inline(instance.function, operands, self.names, self.values, is_rule=True)
        adjoint.add(list(with_origin(body, statement.origin)))
        items = _packed(body, returned)
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

    def _dynamic_unpack(self, statement: Assign, source: str, primal: Builder, adjoint: Builder) -> None:
        """`a, b = x` of a container: the shadow is a list of the shadows of its items."""
        assert statement.target is not None
        shadow, items = Var(self.bar(source)), Var(self.bar(statement.target))
        primal.statements.append(statement)
        primal.call(list, shadow, target=items.name)
        adjoint.do(runtime.return_item, shadow, Const(slice(None, None, None)), items)


def function_may_copy(function: Atom) -> bool:
    """Whether a function returns a view of its argument where it can and a copy where it cannot."""
    return not (isinstance(function, Ref) and any(function.value is sure for sure in SURE_VIEWS))


def _holds_memory(value: Value) -> bool:
    """Whether all items of a container are sure to be memory, whose shadows are memory."""
    items: tuple[Value, ...] = (value.item,) if isinstance(value, Many) else ()
    if isinstance(value, (Sequence, Mapping)):
        items = value.items
    return bool(items) and all(isinstance(item, Array) or is_container(item) for item in items)


def _cotangent_value(value: Value) -> Value:
    """The abstract value of a cotangent of something with this abstract value."""
    return value if isinstance(value, (Number, Array, Sequence, Mapping)) else UNKNOWN


def _packed(body: Block, returned: Atom) -> tuple[Atom, ...]:
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
