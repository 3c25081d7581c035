"""The sweep over statements: abstract interpretation and partial evaluation of one function at once.

In goes a function and the values of its parameters; out comes a residual body in single-assignment form and the value
of every name in it.  Copies are propagated and calls are made out (`calls/`); control flow stands in `control.py`, what
is known where paths meet in `joins.py`, names and operands in `operands.py`, mutable containers in `memory.py`.
"""

from __future__ import annotations

from collections.abc import Iterator

from transforms import core
from transforms.analyses.liveness import liveness
from transforms.core import Assign, Call, Const, Ref, Var
from transforms.inference import is_constant, map_sizes, public
from transforms.specialise import generators
from transforms.specialise.binding import Binding, constant, holds_mutable, may_hold_mutable
from transforms.specialise.calls import Calls
from transforms.specialise.calls.containers import tuple_of
from transforms.specialise.calls.users import leaf_bindings
from transforms.specialise.control import Control
from transforms.specialise.session import Origin, Session, is_closure, leaves
from transforms.specialise.unread import without_unread
from transforms.ssa import ssa
from transforms.values import NEVER, UNKNOWN, Known, Literal, Mapping, Partial, Size, Value


class Sweep(Control):
    """One function being specialised."""

    def __init__(
        self,
        session: Session,
        function: core.Function,
        values: tuple[Value, ...],
        parameters: tuple[str, ...],
        is_inner: bool,
    ) -> None:
        source = ssa(function)
        self.live = liveness(source.body)
        super().__init__(session, source, self.live, parameters)
        self.values_in = values
        self.is_inner = is_inner
        self.leaves = [leaf for value in values for leaf in leaves(value)] if self.is_expanded else list(values)
        for leaf in self.leaves:
            map_sizes(leaf, self.note_size)
        self.result: Value = NEVER
        self.returned: Origin = False
        self.body: core.Block = ()
        self.calls = Calls(self)
        self.reset()

    def reset(self) -> None:
        super().reset()
        self.hints: dict[str, str] = {}

    def run(self) -> None:
        """Sweep until nothing new is found; the outcome is in `body`, `values` and `result`."""
        for attempt in range(8):
            self.reset()
            if attempt == 7:
                self.all_mutable = True
            places = iter(range(len(self.parameters)))
            for name, value in zip(self.source.parameters, self.values_in):
                self.env[name] = self.parameter(places, value)
                if name in self.shared:
                    self.bind_shared_value(name, value)
            reaches = self.block(self.source.body, self.live)
            if not reaches:
                self.out.append(core.Return(Const(None)))
                self.result = NEVER
            if not self.dirty:
                if self.follows_unknown or not self.is_postponed:
                    break
                self.follows_unknown = True
        self.body = self.with_wishes(without_unread(tuple(self.out), self.droppable, self.values))
        del self.calls  # it refers to the sweep: the two would wait for the garbage collector

    def with_wishes(self, body: core.Block) -> core.Block:
        """The body with temporaries called as the user called their values; cotangents are parts of sums, mostly."""
        bound = core.all_writes(body)
        taken = core.all_reads(body).union(bound, self.parameters)
        names: dict[str, str] = {}
        for temporary, wish in self.wishes.items():
            if temporary in bound and core.is_derivative(wish):
                self.hints[temporary] = wish
            elif temporary in bound:
                names[temporary] = wish if wish not in taken else self.names.fresh(wish)
                taken.add(names[temporary])
        for temporary, name in names.items():
            self.values[name] = self.values[temporary]
        return core.rename(body, names) if names else body

    @property
    def mutated(self) -> frozenset[int]:
        """The parameters whose containers the function may change."""
        if self.all_mutable:
            return frozenset(number for number, leaf in enumerate(self.leaves) if holds_mutable(leaf))
        found = (region for region, content in self.contents.items() if content.is_mutated)
        return frozenset(region[1] for region in found if region[0] == "parameter")  # type: ignore[misc]

    @property
    def filled(self) -> frozenset[int]:
        """The parameters through which the function may reach things of unknown type whose items it assigns."""
        found = (region for region, content in self.contents.items() if content.is_filled and not content.is_mutated)
        return frozenset(region[1] for region in found if region[0] == "parameter")  # type: ignore[misc]

    @property
    def assigned(self) -> frozenset[int]:
        """The parameters through which the function may reach objects whose attributes it assigns."""
        found = (region for region, content in self.contents.items() if content.is_assigned and not content.is_mutated)
        return frozenset(region[1] for region in found if region[0] == "parameter")  # type: ignore[misc]

    @property
    def stored(self) -> dict[int, dict[str, Value]]:
        """What is assigned to attributes of the parameters."""
        return {
            region[1]: content.attributes  # type: ignore[misc]
            for region, content in self.contents.items()
            if region[0] == "parameter" and content.attributes and not content.is_mutated and not content.is_assigned
        }

    @property
    def kept(self) -> dict[tuple[int, str], int]:
        """For an attribute of a parameter, by the parameter's number, the number of the parameter that it is given."""
        found = {}
        for (owner, name), regions in self.links.items():
            inner = next(iter(regions)) if len(regions) == 1 else None
            if owner[0] == "parameter" and inner is not None and inner[0] == "parameter":
                found[owner[1], name] = inner[1]
        return found  # type: ignore[return-value]

    def _origin_of(self, value: Binding) -> Origin:
        """Where a container that is returned comes from."""
        region = value.region
        if region is None or self.all_mutable or not self.is_whole(value):
            return False
        if region[0] == "parameter":
            return region[1]  # type: ignore[return-value]
        found, work = {region}, [region]
        while work:
            for inner in self.children.get(work.pop(), ()):
                if inner not in found:
                    found.add(inner)
                    work.append(inner)
        held = {inner for inner in found if inner[0] != "made"}
        items = getattr(value.value, "items", (getattr(value.value, "item", UNKNOWN),))
        is_typed = any(map(holds_mutable, items))
        if held and (is_typed or any(inner[0] != "parameter" for inner in held)):
            return False
        return tuple(sorted(inner[1] for inner in held)) or True  # type: ignore[misc]

    def note_size(self, size: Size) -> Size:
        self.argument_sizes.add(size.key)
        return size

    def public_values(self) -> dict[str, Value]:
        """The value of every name of the body."""
        names = core.all_writes(self.body).union(self.parameters)
        return {name: public(value) for name, value in self.values.items() if name in names}

    @property
    def is_expanded(self) -> bool:
        return self.parameters != self.source.parameters

    def parameter(self, places: Iterator[int], value: Value) -> Binding:
        """What is known of a parameter; a closure consists of several."""
        if self.is_expanded and is_closure(value):
            assert isinstance(value, Partial) and isinstance(value.function, Known)
            inner = (*value.arguments, *(item for _, item in value.keywords))
            parts = tuple(self.parameter(places, item) for item in inner)
            count = len(value.arguments)
            settled = Partial(
                value.function,
                tuple(part.value for part in parts[:count]),
                tuple((key, part.value) for (key, _), part in zip(value.keywords, parts[count:])),
            )
            return Binding(None, settled, (constant(value.function.object), *parts))
        number = next(places)
        name = self.parameters[number]
        region = ("parameter", number) if may_hold_mutable(value) else None
        if region is not None and isinstance(value, Mapping):
            self.starts[region] = dict(zip(value.keys, value.items))
        value = self.settled(value, region)
        self.values[name] = value
        if isinstance(value, Literal) and is_constant(value.value):
            return Binding(Const(value.value), value)
        if isinstance(value, Known):
            return Binding(Ref(value.object, name), value)
        return Binding(Var(name), value, None, region)

    # ------------------------------------------------------------------------------------------------------ statements

    def give_result(self, statement: core.Return) -> None:
        value = self.operand(statement.value)
        self.result = value.value
        self.returned = self._origin_of(value)
        if self.is_inner and is_closure(value.value):  # its content; the caller puts it together
            value = tuple_of(leaf_bindings(self.calls, value))
        self.out.append(core.Return(self.atom(value), statement.origin))

    def assign(self, statement: Assign) -> None:
        target = statement.target
        if isinstance(statement.value, Call):
            call = statement.value
            function = self.operand(call.function)
            arguments = [self.operand(atom) for atom in call.arguments]
            keywords = {key: self.operand(atom) for key, atom in call.keywords}
            arguments = generators.consumed(self, function, arguments, statement)
            self.statement = statement
            self.path = (*self.path[:1], id(statement))
            hint = None if target in self.shared else target
            binding = self.calls.apply(function, arguments, keywords, hint, target is not None)
        else:
            binding = self.operand(statement.value)
        if target is None:
            return
        if target in self.shared:
            self.bind_shared(target, binding)
        else:
            self.env[target] = binding
            source = binding.atom.name if isinstance(binding.atom, Var) else ""
            if core.is_temporary(source) and not core.is_temporary(target):
                self.wishes.setdefault(source, target)
