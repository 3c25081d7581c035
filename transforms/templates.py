"""Rules made into code: a template, specialised for the types at one call, becomes statements to inline.

Comes in: a primitive, the atoms and abstract values of one call, which contributions are wanted.  Goes out: a small
core
function whose parameters are the variables of that call and whose result is the tuple of wanted contributions.  The
template's static branches are folded and its helpers simplified by `specialise`; what no contribution needs is dropped,
so that a reader of the instance sees exactly which values the adjoint depends on.
"""

from __future__ import annotations

import dataclasses
import inspect
import operator
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np

from transforms import operations, runtime
from transforms.canonical import lower_template
from transforms.core import (
    Assign,
    Atom,
    Block,
    Call,
    Const,
    Function,
    Names,
    Ref,
    Return,
    Var,
    all_writes,
    blocks_of,
    is_call_of,
    is_temporary,
    map_atoms,
    map_targets,
    names_in,
    walk,
    with_blocks,
    writes,
)
from transforms.errors import RuleNotFound
from transforms.passes.deadcode import deadcode
from transforms.presentation import references_in
from transforms.registry import Primitive
from transforms.standard import Keys, restored, standard
from transforms.values import UNKNOWN, Known, Literal, Value


@dataclass(frozen=True)
class Arguments:
    """The arguments of one call, by the primitive's parameter names; a star parameter has a tuple of atoms."""

    bound: dict[str, Atom | tuple[Atom, ...]]
    flat: tuple[Atom, ...]


@dataclass(frozen=True)
class Instance:
    """A template made for one signature: `function.result` is a tuple with one item per wanted contribution.

    `contributions[k]` is None where the rule says that there is none.
    """

    function: Function
    contributions: tuple[Atom | None, ...]
    narrow: Instance | None = None  # the same with contributions left unbroadcast where they end in a broadcast
    is_narrow: tuple[bool, ...] = ()  # of the narrow form: which contributions were left so


def bind_arguments(entry: Primitive, call: Call, origin: Any = None) -> Arguments:
    """Match a call with the parameters that the rules of a primitive know; refuse arguments that no rule names."""
    assert entry.signature is not None
    try:
        bound = entry.bind(call)
    except TypeError as error:
        raise RuleNotFound(
            f"the derivative of {entry.name} is not known for these arguments: {error}",
            f"Supported: {entry.name}{entry.signature}.",
            origin,
        ) from None
    flat: list[Atom] = []
    for value in bound.values():
        if isinstance(value, tuple):
            flat.extend(value)
        elif isinstance(value, dict):
            raise RuleNotFound(f"the derivative of {entry.name} does not know {', '.join(value)}", "", origin)
        else:
            flat.append(value)
    return Arguments(bound, tuple(flat))


_instances: dict[Hashable, Instance] = {}  # for values in standard form, by everything that they depend on
MOST_INSTANCES = 4096


def _with_keys(instance: Instance, keys: Keys) -> Instance:
    """The instance for a program whose sizes have these keys."""
    if not keys:
        return instance
    function = instance.function
    values = {name: restored(value, keys) for name, value in (function.values or {}).items()}
    return dataclasses.replace(
        instance,
        function=function.replace(values=values),
        narrow=instance.narrow and _with_keys(instance.narrow, keys),
    )


class Templates:
    """Makes instances of templates and keeps them by signature; `specialise` is given to keep the imports one-way."""

    def __init__(self, specialise: Callable[[Function, tuple[Value, ...]], Function]) -> None:
        self.specialise = specialise
        self.instances: dict[Hashable, Instance] = {}
        self.tangents: dict[Hashable, Function] = {}

    def adjoint(
        self,
        entry: Primitive,
        arguments: Arguments,
        wanted: tuple[str | tuple[str, int], ...],
        values: tuple[Value, ...],
    ) -> Instance:
        """The instance of a reverse-mode rule.

        `values` are those of `arguments.flat`, then of the result, of its cotangent, and of the shadows that the rule
        takes (see `shadows_of`).  An item of `wanted` is the name of a parameter, or (star parameter, position).
        """
        shape = tuple((n, len(a)) if isinstance(a, tuple) else n for n, a in arguments.bound.items())
        key = (id(entry), wanted, shape, values)
        if key not in self.instances:
            self.instances[key] = self._shared(entry, arguments, wanted, shape, values)
        return self.instances[key]

    def tangent(
        self, entry: Primitive, arguments: Arguments, wanted: tuple[str, ...], has_ans: bool, values: tuple[Value, ...]
    ) -> Function:
        """The instance of a forward-mode rule: the sum of the contributions of the arguments `wanted`.

        Its parameters are those of `arguments.flat`, the result (`has_ans`), and the tangents of what is wanted;
        `values` are theirs.
        """
        shape = tuple((n, len(a)) if isinstance(a, tuple) else n for n, a in arguments.bound.items())
        key = (id(entry), "tangent", wanted, has_ans, shape, values)
        if key not in self.tangents:
            names = Names((*names_in(lower_template(_forward_template(entry))), "ans"))
            wrapper = _tangent_wrapper(entry, arguments, wanted, has_ans, names)
            self.tangents[key] = deadcode(self.specialise(wrapper, values), keeps_errors=False)
        return self.tangents[key]

    def _shared(
        self,
        entry: Primitive,
        arguments: Arguments,
        wanted: tuple[str | tuple[str, int], ...],
        shape: Hashable,
        values: tuple[Value, ...],
    ) -> Instance:
        """The instance out of those that other programs share, where it is of types that any program may have."""
        found = standard(values)
        if found is None:
            return self._make(entry, arguments, wanted, values)
        common, keys = found
        key = (id(entry), wanted, shape, common)
        instance = _instances.get(key)
        if instance is None:
            instance = self._make(entry, arguments, wanted, common)
            if not any(isinstance(thing, Function) for thing in references_in(instance.function.body)):
                if len(_instances) >= MOST_INSTANCES:
                    _instances.clear()
                _instances[key] = instance
        return _with_keys(instance, keys)

    def _make(
        self,
        entry: Primitive,
        arguments: Arguments,
        wanted: tuple[str | tuple[str, int], ...],
        values: tuple[Value, ...],
    ) -> Instance:
        assert entry.adjoint is not None
        template = lower_template(entry.adjoint)
        names = Names(names_in(template))
        parameters, body = _bind_parameters(entry, arguments, names)
        body += template.body[:-1]
        body += _contributions(entry, template, wanted, names)
        result = names.temporary()
        last = body.pop()
        assert isinstance(last, Assign)
        body += [Assign(result, last.value), Return(Var(result))]
        wrapper = Function(f"{entry.name} adjoint", (*parameters, "ans", "g", *shadows_of(entry)), tuple(body))
        residual = deadcode(self.specialise(wrapper, values), keeps_errors=False)
        return Instance(residual, _items(residual), _narrowed(residual))


def _forward_template(entry: Primitive) -> Callable[..., Any]:
    """The template of the tangent: of an element-wise function that has no own one, that of its adjoint."""
    template = entry.tangent or entry.adjoint
    assert template is not None
    return template


def _tangent_wrapper(
    entry: Primitive, arguments: Arguments, wanted: tuple[str, ...], has_ans: bool, names: Names
) -> Function:
    """The rule of a tangent, with the arguments of one call for its parameters."""
    template = lower_template(_forward_template(entry))
    parameters, body = _bind_parameters(entry, arguments, names)
    own = [names.fresh(f"{name}_dot") if entry.tangent is None else f"{name}_dot" for name in wanted]
    dots: list[str] = []
    for name, dot in zip(wanted, own):
        given = arguments.bound[name]
        if isinstance(given, tuple):
            items = [names.fresh(f"{dot}_{k}") for k in range(len(given))]
            body.append(Assign(dot, Call(Ref(operations.make_tuple), tuple(map(Var, items)))))
            dots += items
        else:
            dots.append(dot)
    if entry.tangent is None:
        found = [_contribution(entry, template, name, Var(dot), names, body) for name, dot in zip(wanted, own)]
    else:
        body += [Assign(dot, Const(0.0)) for dot in _dots_of(entry.tangent) if dot[:-4] not in wanted]
        body += template.body[:-1]
        found = [_part(entry, template.result, name, names, body) for name in wanted if name in entry.wrt]
    if not entry.wrt and entry.tangent is not None:
        found = [template.result]
    total: Atom = found[0] if found else Const(0.0)
    for other in found[1:]:
        target = names.temporary()
        body.append(Assign(target, Call(Ref(runtime.add), (total, other))))
        total = Var(target)
    ans = ("ans",) if has_ans else ()
    return Function(f"{entry.name} tangent", (*parameters, *ans, *dots), (*body, Return(total)))


def _dots_of(template: Callable[..., Any]) -> tuple[str, ...]:
    """The tangents that a template takes."""
    return tuple(name for name in inspect.signature(template).parameters if name.endswith("_dot"))


def _contribution(entry: Primitive, template: Function, name: str, dot: Atom, names: Names, body: list[Any]) -> Atom:
    """What one argument adds to the tangent of an element-wise function: its adjoint, with the tangent for `g`."""
    atoms = tuple(dot if parameter == "g" else Var(parameter) for parameter in template.parameters)
    statements, result = inline(template, atoms, names, {}, is_rule=True)
    body += statements
    return _part(entry, result, name, names, body)


def _part(entry: Primitive, result: Atom, name: str, names: Names, body: list[Any]) -> Atom:
    if len(entry.wrt) == 1:
        return result
    target = names.temporary()
    body.append(Assign(target, Call(Ref(operator.getitem), (result, Const(entry.wrt.index(name))))))
    return Var(target)


def shadows_of(entry: Primitive) -> tuple[str, ...]:
    """The shadows that the rule of a mutating primitive takes, as its parameter names: `a_bar` for its argument `a`."""
    if entry.adjoint is None or not entry.mutates:
        return ()
    parameters = inspect.signature(entry.adjoint).parameters
    return tuple(name for name in parameters if name.endswith("_bar") and name[:-4] in entry.mutates)


def _bind_parameters(entry: Primitive, arguments: Arguments, names: Names) -> tuple[list[str], list[Any]]:
    """Flat parameters for the wrapper, and the statements that make the template's own parameters of them."""
    assert entry.signature is not None
    parameters: list[str] = []
    body: list[Any] = []
    for name, parameter in entry.signature.parameters.items():
        given = arguments.bound.get(name)
        if isinstance(given, tuple):
            items = [names.fresh(f"{name}_{k}") for k in range(len(given))]
            parameters += items
            body.append(Assign(name, Call(Ref(operations.make_tuple), tuple(map(Var, items)))))
        elif given is not None:
            parameters.append(name)
        elif parameter.kind is inspect.Parameter.VAR_POSITIONAL:
            body.append(Assign(name, Const(())))
        else:
            default = parameter.default
            body.append(Assign(name, Const(default) if _is_constant(default) else Ref(default)))
    return parameters, body


def _is_constant(value: Any) -> bool:
    return value is None or isinstance(value, (int, float, complex, str, bytes, tuple, slice, type(Ellipsis)))


def _contributions(
    entry: Primitive, template: Function, wanted: tuple[str | tuple[str, int], ...], names: Names
) -> list[Any]:
    """Statements that pick the wanted contributions out of the template's result, ending in the tuple of them."""
    body: list[Any] = []

    def emit(function: Any, *operands: Atom) -> Var:
        target = names.temporary()
        body.append(Assign(target, Call(Ref(function), operands)))
        return Var(target)

    picked: list[Atom] = []
    for item in wanted:
        name = item if isinstance(item, str) else item[0]
        atom: Atom = template.result
        if len(entry.wrt) > 1:
            atom = emit(operator.getitem, atom, Const(entry.wrt.index(name)))
        source: Atom = Var(name)
        if not isinstance(item, str):
            atom = emit(operator.getitem, atom, Const(item[1]))
            source = emit(operator.getitem, source, Const(item[1]))
        if entry.is_elementwise:
            atom = emit(runtime.unbroadcast, atom, source)
        picked.append(atom)
    emit(operations.make_tuple, *picked)
    return body


def _narrowed(residual: Function) -> Instance | None:
    """The instance whose contributions that end in `np.broadcast_to` are what was broadcast; None if there is none."""
    if not isinstance(residual.result, Var):
        return None
    broadcast = {
        statement.target: statement.value.arguments[0]
        for statement in residual.body
        if isinstance(statement, Assign) and isinstance(statement.value, Call)
        if is_call_of(statement.value, np.broadcast_to)
    }
    items = _items(residual)
    is_narrow = tuple(isinstance(item, Var) and item.name in broadcast for item in items)
    if not any(is_narrow):
        return None
    chosen = tuple(
        broadcast[item.name] if narrow and isinstance(item, Var) else (item if item is not None else Const(None))
        for item, narrow in zip(items, is_narrow)
    )
    result = getattr(residual.result, "name", None)
    packing = next(s for s in residual.body if isinstance(s, Assign) and s.target == result)
    packed = dataclasses.replace(packing, value=Call(Ref(operations.make_tuple), chosen))
    body = tuple(packed if statement is packing else statement for statement in residual.body)
    function = deadcode(residual.replace(body=body), keeps_errors=False)
    return Instance(function, _items(function), None, is_narrow)


def _items(residual: Function) -> tuple[Atom | None, ...]:
    """The atoms of the tuple that the residual returns; None for a contribution that the rule says is none."""
    result = residual.result
    items: tuple[Atom, ...]
    if isinstance(result, Const):
        items = tuple(Const(item) for item in result.value)
    else:
        packing = next(
            statement
            for statement in reversed(residual.body)
            if isinstance(statement, Assign) and isinstance(result, Var) and statement.target == result.name
        )
        assert is_call_of(packing.value, operations.make_tuple) and isinstance(packing.value, Call)
        items = packing.value.arguments
    values = residual.values or {}

    def present(atom: Atom) -> Atom | None:
        value = values.get(atom.name, UNKNOWN) if isinstance(atom, Var) else None
        return None if atom == Const(None) or value == Literal(None) else atom

    return tuple(present(item) for item in items)


def inline(
    function: Function, atoms: tuple[Atom, ...], names: Names, values: dict[str, Value], is_rule: bool = False
) -> tuple[Block, Atom]:
    """The body of a function with its parameters replaced by atoms and its own names made fresh; and its result.

    `values` receives the abstract values of the new names.  The names in a rule mean nothing to the user.
    """
    own = [name for name in _ordered_names(function) if name not in function.parameters]
    fresh = {name: names.temporary() if is_rule or is_temporary(name) else names.fresh(name) for name in own}
    rebound = all_writes(function.body).intersection(function.parameters)
    prologue: list[Any] = []
    replaced: dict[str, Atom] = {}
    for parameter, atom in zip(function.parameters, atoms, strict=True):
        if parameter in rebound:
            fresh[parameter] = names.fresh(parameter)
            prologue.append(Assign(fresh[parameter], atom))
        else:
            replaced[parameter] = atom
    for old, new in fresh.items():
        if function.values and old in function.values:
            values[new] = function.values[old]
    body = substitute(function.body, {**{old: Var(new) for old, new in fresh.items()}, **replaced}, fresh)
    last = body[-1]
    assert isinstance(last, Return)
    return (*prologue, *body[:-1]), last.value


def substitute(block: Block, atoms: dict[str, Atom], targets: dict[str, str]) -> Block:
    """The block with names exchanged, all at once: for atoms where they are read, for names where they are bound."""

    def change(atom: Atom) -> Atom:
        return atoms.get(atom.name, atom) if isinstance(atom, Var) else atom

    result = []
    for statement in block:
        new = map_targets(map_atoms(statement, change), lambda name: targets.get(name, name))
        result.append(with_blocks(new, [substitute(inner, atoms, targets) for inner in blocks_of(new)]))
    return tuple(result)


def _ordered_names(function: Function) -> list[str]:
    seen: dict[str, None] = dict.fromkeys(function.parameters)
    for statement in walk(function.body):
        seen.update(dict.fromkeys(writes(statement)))
    return list(seen)


def value_of(atom: Atom, values: dict[str, Value]) -> Value:
    """The abstract value of an atom."""
    match atom:
        case Const():
            return Literal(atom.value)
        case Ref():
            return Known(atom.value)
    return values.get(atom.name, UNKNOWN)
