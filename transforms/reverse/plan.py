"""What reverse mode decides before it writes a statement.

Comes in: a specialised program in single-assignment form, and the parameters that are differentiated.  Goes out: a
`Plan`: which names are active, how the cotangent of each is kept (`Kind`), which of them need a buffer that is added to
in place, which shadows the primal sweep itself has to create, and where memory is changed.
"""

from __future__ import annotations

import enum
import operator
from collections.abc import Iterator
from dataclasses import dataclass, field

from transforms import operations, registry, runtime
from transforms.analyses.activity import Activity, changed_operands, differentiable_operands
from transforms.analyses.carriers import refuse_read_back
from transforms.analyses.regions import (
    BUILDERS,
    INPLACE,
    Region,
    Regions,
    Summaries,
    assumed_reads,
    bind,
    chain,
    find_regions,
    hidden_sources,
    is_container,
    is_slice_of_items,
    items_of,
    viewed,
)
from transforms.core import (
    Assign,
    Atom,
    Block,
    Call,
    Const,
    For,
    Function,
    Ref,
    Statement,
    Var,
    While,
    all_writes,
    blocks_of,
    is_call_of,
    reads,
    walk,
    writes,
)
from transforms.errors import DerivativeUndefined
from transforms.subscripts import getitem_is_view
from transforms.values import (
    Array,
    Instance,
    Literal,
    Mapping,
    Number,
    Record,
    Sequence,
    Unknown,
    Value,
    is_immutable,
)

_DICT_VIEWS: tuple[type, ...] = (type({}.keys()), type({}.values()), type({}.items()))

# (position of a parameter, for its memory and what it holds, level by level: whether the caller sees it change)
Shadowed = tuple[tuple[int, tuple[bool, ...]], ...]


class Kind(enum.Enum):
    """How the cotangent of a name is kept.

    NONE: it has none.  VALUE: a value that the adjoint sweep computes.  SHADOW: memory with the same aliasing as the
    primal, for what is changed in place.
    """

    NONE = enum.auto()
    VALUE = enum.auto()
    SHADOW = enum.auto()


@dataclass
class Place:
    """Where a statement stands: its number in source order, the loops around it, and the blocks around it."""

    number: int
    loops: tuple[int, ...]
    blocks: tuple[int, ...]


@dataclass
class Plan:
    function: Function
    regions: Regions
    activity: Activity
    places: dict[int, Place] = field(default_factory=dict)  # id(statement) -> place
    binding: dict[str, Assign | None] = field(default_factory=dict)  # name bound once -> its statement
    bound_in: dict[str, tuple[int, ...]] = field(default_factory=dict)  # name -> blocks around all its bindings
    mutations: dict[int, list[Place]] = field(default_factory=dict)  # id(region) -> where it is changed
    resizes: dict[int, list[Place]] = field(default_factory=dict)  # those that give a container other items
    buffered: set[str] = field(default_factory=set)
    forward_shadows: set[str] = field(default_factory=set)
    hidden: dict[str, dict[int, Region]] = field(default_factory=dict)  # name -> memory that it may be a view of, too
    shared: set[int] = field(default_factory=set)  # id(region) of memory shared with the caller, who may change it

    def levels(self, name: str) -> tuple[bool, ...]:
        """For the memory of a name and what it holds, level by level, whether it is changed in place."""
        return self.regions.levels(name)

    def is_shared(self, atom: Atom) -> bool:
        """Whether memory that the caller knows is behind a name, or in what it holds."""
        region = self.regions.of(atom) if isinstance(atom, Var) else None
        seen: set[int] = set()
        while region is not None and id(region) not in seen:
            if id(region.find()) in self.shared:
                return True
            seen.add(id(region))
            region = region.known_content
        return False

    def value(self, atom: Atom | str) -> Value:
        return self.regions.value(atom)

    def kind(self, atom: Atom | str) -> Kind:
        if not self.activity.is_active(atom):
            return Kind.NONE
        return Kind.SHADOW if self.regions.is_mutated(atom) else Kind.VALUE

    def is_handed_part(self, statement: Statement, call: Call) -> bool:
        """Whether an item is read of what one half of a derivative hands to the other: its type is not known where it
        comes from a recursive call, and its items are few.  Its cotangent is put together, not added to in place, so
        that derivatives of the next orders are as free of memory that is changed."""
        is_read = is_call_of(call, operator.getitem) and self.function.order > 0
        if not is_read or self.places[id(statement)].loops or not isinstance(call.arguments[1], Const):
            return False
        return isinstance(call.arguments[1].value, int) and isinstance(self.value(call.arguments[0]), Unknown)

    def is_structured(self, name: str) -> bool:
        """Whether the cotangent of a name is kept item by item, under the names of its slots."""
        if name in self.buffered or self.kind(name) is not Kind.VALUE:
            return False
        return isinstance(self.value(name), (Sequence, Mapping, Record))

    def _memory(self, name: str) -> list[Region]:
        """The regions of a name, of what it holds, and of what it may be a view of besides."""
        return [*chain(self.regions, name), *self.hidden.get(name, {}).values()]

    def changed_after(self, name: str, statement: Statement) -> bool:
        """Whether the memory behind a name may be changed by this statement or after it."""
        here = self.places[id(statement)]
        for region in self._memory(name):
            if id(region.find()) in self.shared:
                return True
            for place in self.mutations.get(id(region.find()), ()):
                if place.number >= here.number or set(place.loops) & set(here.loops):
                    return True
        return False

    def resized_after(self, name: str, statement: Statement) -> bool:
        """Whether a container may get more or fewer items by this statement or after it."""
        value = self.value(name)
        if isinstance(value, (Array, Number, Record)) or is_immutable(value):
            return False
        here = self.places[id(statement)]
        regions = chain(self.regions, name)
        places = [place for region in regions for place in self.resizes.get(id(region.find()), ())]
        if isinstance(value, Instance) and issubclass(value.kind, _DICT_VIEWS):  # they follow their dict
            places = [place for each in self.resizes.values() for place in each]
            if not self.shared.isdisjoint(self.resizes):
                return True
        if any(id(region.find()) in self.shared and region.is_mutated for region in regions):
            return True
        return any(place.number >= here.number or set(place.loops) & set(here.loops) for place in places)

    def is_stable_read(self, name: str, source: str, statement: Statement) -> bool:
        """Whether nothing changes `source` between this statement, which reads `name` from it, and the last use of
        `name` or of a view of it, so that it makes no difference whether `name` is a view or a copy."""
        here = self.places[id(statement)]
        region = self.regions.of(name)
        group = {other for other in self.bound_in if region is not None and region in chain(self.regions, other)}
        uses = [self.places[id(s)] for s in walk(self.function.body) if not group.isdisjoint(reads(s))]
        changes = [place for region in self._memory(source) for place in self.mutations.get(id(region.find()), ())]
        return not any(_is_between(here, change, use) for change in changes for use in uses)

    def is_active_statement(self, statement: Statement) -> bool:
        """Whether a statement has an adjoint."""
        match statement:
            case Assign(target=target, value=Call() as call):
                return (target is not None and self.activity.is_active(target)) or any(
                    self.activity.is_active(atom) for atom in self.activity.changed_by(call)
                )
            case Assign(target=str() as target):
                return self.activity.is_active(target)
        return False


def make_plan(function: Function, wrt: tuple[int, ...], summaries: Summaries, shadowed: Shadowed = ()) -> Plan:
    """Analyse a program for reverse mode; `shadowed` parameters come with shadows of the caller's."""
    views = items_of(function) if shadowed else frozenset[str]()  # the caller may change what the items are of
    while True:
        plan = _plan_with(function, wrt, summaries, shadowed, views)
        unstable = _unstable_items(plan)
        if unstable <= views:
            break
        views |= unstable
    refuse_read_back(plan.activity)
    _refuse_objects(plan)
    _refuse_computed_attributes(plan)
    _find_buffers(plan)
    _find_forward_shadows(plan)
    return plan


def _refuse_objects(plan: Plan) -> None:
    """Refuse arrays of Python objects, and structured arrays, that a derivative passes through."""
    for name, statement in plan.binding.items():
        value = plan.value(name)
        if isinstance(value, Array) and value.dtype.kind in "OV" and plan.activity.is_active(name):
            kind = "an array of Python objects" if value.dtype.kind == "O" else "a structured array"
            raise DerivativeUndefined(
                f"{name!r} is {kind}; a derivative through it is not supported",
                "Use a list, or arrays of numbers.",
                statement.origin if statement is not None else None,
            )


def _refuse_computed_attributes(plan: Plan) -> None:
    """Refuse attributes that a class computes in `__getattr__`, if a derivative passes through them."""
    for name, statement in plan.binding.items():
        call = statement.value if statement is not None else None
        if statement is None or not isinstance(call, Call) or not is_call_of(call, getattr):
            continue
        owner, attribute = plan.value(call.arguments[0]), call.arguments[1]
        if not isinstance(owner, (Record, Instance)) or owner.kind is runtime.Shadow:
            continue
        if not hasattr(owner.kind, "__getattr__"):
            continue
        names = owner.names if isinstance(owner, Record) else ()
        if isinstance(attribute, Const) and attribute.value not in names and plan.activity.is_active(name):
            raise DerivativeUndefined(
                f"{attribute.value!r} may be computed by {owner.kind.__name__}.__getattr__, which is not followed",
                "Use a property or a method.",
                statement.origin,
            )


def _plan_with(
    function: Function, wrt: tuple[int, ...], summaries: Summaries, shadowed: Shadowed, views: frozenset[str]
) -> Plan:
    """The plan where these items of things of unknown type count as views."""
    regions = find_regions(function, summaries, views)
    shared: list[Region] = []
    for k, levels in shadowed:
        region = regions.of(function.parameters[k])
        for is_mutated in levels:
            if region is None:
                break
            if is_mutated:
                region.mutate()
            shared.append(region)
            region = region.content
    activity = Activity(function, {function.parameters[k] for k in wrt}, regions, shared)
    plan = Plan(function, regions, activity, shared={id(region.find()) for region in shared})
    _find_places(plan)
    _find_mutations(plan)
    plan.hidden = hidden_sources(regions)
    return plan


def _unstable_items(plan: Plan) -> frozenset[str]:
    """Items of things of unknown type for which it makes a difference whether they are views."""
    return frozenset(
        target
        for statement, target, source in assumed_reads(plan.regions)
        if (plan.regions.is_mutated(source) or source in plan.hidden)
        and plan.activity.is_active(target)
        and not plan.is_stable_read(target, source, statement)
    )


def _is_between(read: Place, change: Place, use: Place) -> bool:
    """Whether a change may happen after a read and before a use of what was read."""
    if use.number > read.number and use.loops[: len(read.loops)] == read.loops:
        if read.number < change.number < use.number:
            return True
        inner = use.loops[len(read.loops) :]
        return bool(inner) and inner[0] in change.loops
    return change.number > read.number or not set(change.loops).isdisjoint(read.loops)


def _numbered(block: Block, loops: tuple[int, ...], blocks: tuple[int, ...]) -> Iterator[tuple[Statement, Place]]:
    inner_blocks = (*blocks, id(block))
    for statement in block:
        yield statement, Place(0, loops, inner_blocks)
        around = (*loops, id(statement)) if isinstance(statement, (For, While)) else loops
        for inner in blocks_of(statement):
            yield from _numbered(inner, around, inner_blocks)


def _find_places(plan: Plan) -> None:
    for name in plan.function.parameters:
        plan.bound_in[name] = ()
        plan.binding[name] = None
    for number, (statement, place) in enumerate(_numbered(plan.function.body, (), ())):
        place.number = number
        plan.places[id(statement)] = place
        inner = place.blocks
        if isinstance(statement, For):
            inner = (*place.blocks, id(statement.body))
        for name in writes(statement):
            if name in plan.bound_in:
                shared = [a for a, b in zip(plan.bound_in[name], inner) if a == b]
                plan.bound_in[name] = tuple(shared)
                plan.binding[name] = None
            else:
                plan.bound_in[name] = inner
                plan.binding[name] = statement if isinstance(statement, Assign) else None


def _find_mutations(plan: Plan) -> None:
    from transforms.analyses.regions import may_resize, opaque_mutations

    for statement in walk(plan.function.body):
        if not (isinstance(statement, Assign) and isinstance(statement.value, Call)):
            continue
        call, place = statement.value, plan.places[id(statement)]
        found: list[Region | None] = [plan.regions.of(a) for a in (*changed_operands(call), *opaque_mutations(call))]
        if isinstance(call.function, Ref) and isinstance(call.function.value, Function):
            names = [atom.name for atom in call.arguments if isinstance(atom, Var)]  # and what they hold may change
            found += [region for name in names for region in chain(plan.regions, name)]
        for region in found:
            if region is not None and region.is_mutated:
                plan.mutations.setdefault(id(region.find()), []).append(place)
                if may_resize(call, plan.value):
                    plan.resizes.setdefault(id(region.find()), []).append(place)


def _find_buffers(plan: Plan) -> None:
    """Names of arrays that are read item by item or slice by slice: their cotangent is a buffer added to in place.  So
    is that of a container of known structure where only the run time knows which item is read."""
    for statement in walk(plan.function.body):
        match statement:
            case Assign(target=str() as target, value=Call(function=Ref(value=function)) as call) if (
                function is operator.getitem or (function is getattr and is_object(plan.value(call.arguments[0])))
            ):
                source = call.arguments[0]
                is_value = isinstance(source, Var) and plan.kind(source) is Kind.VALUE
                if not isinstance(source, Var) or not is_value:
                    continue
                if plan.is_structured(source.name) and not _is_looked_up(plan, call):
                    continue
                if plan.activity.is_active(target) and not plan.is_handed_part(statement, call):
                    plan.buffered.add(source.name)


def _is_looked_up(plan: Plan, call: Call) -> bool:
    """Whether a call reads an item of which only the run time knows which."""
    index = call.arguments[1]
    return is_call_of(call, operator.getitem) and isinstance(index, Var) and not isinstance(plan.value(index), Literal)


def is_object(value: Value) -> bool:
    """Whether a value may be an object of which the attributes are not known."""
    is_own = isinstance(value, Instance) and value.kind.__module__ not in ("builtins", "numpy", "collections")
    return is_own or isinstance(value, Unknown)


def _mirrors_structure(plan: Plan, statement: Statement) -> tuple[str, ...]:
    """The names whose shadows a statement makes the primal sweep read or create."""
    match statement:
        case Assign(target=str() as target, value=Var() as source):
            return (target, source.name)
        case Assign(target=target, value=Call() as call):
            function = call.function.value if isinstance(call.function, Ref) else None
            names = tuple(atom.name for atom in call.atoms if isinstance(atom, Var))
            own = () if target is None else (target,)
            is_constructor = isinstance(function, type) and registry.lookup(function) is None
            if function in BUILDERS or isinstance(function, Function) or is_constructor:
                return names + own
            if function in (operator.getitem, getattr) and not isinstance(plan.value(call.arguments[0]), Array):
                return names + own
            if function in (operator.setitem, setattr) and not isinstance(plan.value(call.arguments[0]), Array):
                return names + own
            entry = registry.lookup(function) if function is not None else None
            if entry is not None and (entry.stores or any(is_container(plan.value(name)) for name in names + own)):
                return names + own
            if entry is not None and entry.views and target is not None and not isinstance(plan.value(target), Array):
                return names + own  # whether it is a view is asked when it is made
            if function in INPLACE and not isinstance(plan.value(call.arguments[0]), Array):
                return names + own
        case For():
            return (statement.target, *(a.name for a in (statement.iterable,) if isinstance(a, Var)))
    return ()


def _find_forward_shadows(plan: Plan) -> None:
    """Shadows that the primal sweep has to create; the others are made at the start of the adjoint of their block."""
    wanted = plan.forward_shadows
    members: dict[int, list[str]] = {}
    for name in plan.bound_in:
        region = plan.regions.of(name)
        if region is not None:
            members.setdefault(id(region.find()), []).append(name)
    for statement in walk(plan.function.body):
        for name in _mirrors_structure(plan, statement):
            if plan.kind(name) is Kind.SHADOW:
                wanted.add(name)
    for name in plan.bound_in:
        if plan.kind(name) is not Kind.SHADOW or isinstance(plan.value(name), Unknown):
            continue
        bound = plan.binding.get(name)
        if bound is None or shared_source(plan, bound) is not None:
            continue  # a parameter, a join, or a view: not where memory is made
        home = plan.bound_in[name]
        region = plan.regions.of(name)
        for other in members.get(id(region.find()), ()) if region is not None else ():
            if plan.bound_in[other][: len(home)] != home:
                wanted.add(name)
    for statement in walk(plan.function.body):  # a name of a branch may be read in another one
        for name in reads(statement):
            home = plan.bound_in.get(name, ())
            is_outside = plan.places[id(statement)].blocks[: len(home)] != home
            if is_outside and plan.kind(name) is Kind.SHADOW and not isinstance(plan.value(name), Unknown):
                wanted.add(name)
    changed = True
    while changed:
        changed = False
        for name in list(wanted):
            bound = plan.binding.get(name)
            source = None if bound is None else shared_source(plan, bound)
            if source is not None and source not in wanted and plan.kind(source) is Kind.SHADOW:
                wanted.add(source)
                changed = True


def shared_source(plan: Plan, statement: Assign) -> str | None:
    """The name whose memory the target of a statement shares (`v = x[1:]`: x); None where the memory is new."""
    match statement.value:
        case Var() as source:
            return source.name
        case Call() as call:
            function = call.function.value if isinstance(call.function, Ref) else None
            if statement.target is None or plan.regions.of(statement.target) is None:
                return None
            target = plan.regions.of(statement.target)
            candidates: tuple[Atom, ...] = ()
            if function is operator.getitem and copies_items(plan, call):
                return None  # one region, since a container holds both, but other memory
            if function in (operator.getitem, getattr) or function in INPLACE:
                candidates = call.arguments[:1]
            else:
                entry = registry.lookup(function) if function is not None else None
                bound = None if entry is None else bind(entry, call)
                if entry is not None and bound is not None:
                    candidates = viewed(entry, bound, plan.value)
            for atom in candidates:
                region = plan.regions.of(atom)
                if isinstance(atom, Var) and region is not None and target is not None:
                    if region is target or region.known_content is target:
                        return atom.name
                    if target.known_content is region and isinstance(plan.value(atom), Array):
                        return atom.name  # a container of views: list(x), np.split(x, 2)
    return None


def copies_items(plan: Plan, call: Call) -> bool:
    """Whether `x[index]` is a copy: of an array by other than slices, of a list by a slice."""
    container, index = call.arguments
    if is_slice_of_items(plan.value(container), index, plan.value(index)):
        return True
    return isinstance(plan.value(container), Array) and getitem_is_view(plan.value(index)) is False


def touched(plan: Plan, body: Block) -> list[str]:
    """The names whose cotangents the adjoint of a block may add to, in order of first occurrence."""
    found: dict[str, None] = {}
    for statement in walk(body):
        if not plan.is_active_statement(statement):
            continue
        assert isinstance(statement, Assign)
        call = statement.value
        operands = differentiable_operands(call, plan.value) if isinstance(call, Call) else (call,)
        for atom in operands:
            if isinstance(atom, Var) and plan.kind(atom) is Kind.VALUE:
                found[atom.name] = None
    return list(found)


def headers_of(plan: Plan, body: Block) -> tuple[int, list[str]]:
    """The copies at the end of a loop's body that hand values to the next iteration: where they begin, and their
    targets."""
    inside = all_writes(body)
    end = place = len(body)
    names: list[str] = []
    while place > 0:
        statement = body[place - 1]
        if not (isinstance(statement, Assign) and isinstance(statement.target, str)):
            break
        if isinstance(statement.value, Call):
            break
        place -= 1
        if plan.binding.get(statement.target, statement) is not None:
            continue  # a name that is not bound before the loop stands between the others
        if statement.target not in inside or plan.bound_in[statement.target] == plan.places[id(statement)].blocks:
            break
        names.append(statement.target)
        end = place
    return end, names[::-1]


__all__ = ["Kind", "Plan", "headers_of", "make_plan", "operations", "shared_source", "touched"]
