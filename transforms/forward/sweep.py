"""The forward-mode rewriter: beside each operation stands that of its tangent.

Comes in: a prepared program.  Goes out: the program of the same parameters, followed by one tangent for each
differentiated parameter, that returns the pair of the value and its tangent.

    def f(x, n):                def f_tangent(x, n, x_dot):
        y = x * x                   y_dot = x_dot * x + x * x_dot
        y[0] = 1.0                  y = x * x
        return y                    y_dot[0] = 0.0
                                    y[0] = 1.0
                                    return y, y_dot

A tangent has the containers of its value, in memory that is shared in the same way: what builds, reads and changes
tuples, lists, dicts, objects and views is done to the tangents as it is done to the values.  Only arithmetic needs the
rules of the registry.
"""

from __future__ import annotations

import dataclasses
import functools
import operator
from typing import Any, Protocol

import numpy as np

from transforms import operations, registry, runtime
from transforms.analyses.activity import Activity, is_table
from transforms.analyses.carriers import refuse_read_back
from transforms.analyses.outside import read_outside
from transforms.analyses.regions import (
    BUILDERS,
    INPLACE,
    JOINING,
    Summaries,
    find_regions,
    is_container,
    is_structure,
    items_of,
)
from transforms.builder import Builder, may_catch_refusals, may_refuse, passing_refusals_on
from transforms.core import (
    Assign,
    Atom,
    Block,
    Call,
    Const,
    Expression,
    For,
    Function,
    Handler,
    Names,
    Origin,
    Ref,
    Return,
    Statement,
    Try,
    Var,
    With,
    blocks_of,
    is_call_of,
    is_temporary,
    names_in,
    walk,
    with_blocks,
)
from transforms.errors import RuleNotFound, TransformError
from transforms.templates import Arguments, Templates, bind_arguments, inline, value_of
from transforms.values import (
    UNKNOWN,
    Array,
    Instance,
    Length,
    Literal,
    Many,
    Mapping,
    Number,
    Record,
    Sequence,
    Unknown,
    Value,
)

MAKERS = (object.__new__, functools.partial, runtime.make_record)
BUILTIN_KINDS = (np.ndarray, np.generic, float, complex, int, str, list, tuple, dict, set)


class Compiler(Protocol):
    """What the tangents of all functions of a program share."""

    templates: Templates
    summaries: Summaries
    catches: bool  # whether a function of the program catches exceptions

    def tangent(self, function: Function, wrt: tuple[int, ...]) -> Function:
        """The program of the value and the tangent of a callee."""


def tangent_program(
    made: Function, function: Function, wrt: tuple[int, ...], compiler: Compiler, is_whole: bool
) -> None:
    """Fill in the program of the value and tangent of a prepared program: `made` was made empty before, so that a
    recursive function can refer to its own; `is_whole`: it is no callee."""
    sweep = Sweep(function, wrt, compiler, is_whole)
    made.parameters = (*function.parameters, *(sweep.dot_name(function.parameters[k]) for k in wrt))
    made.body = sweep.run()


class Sweep:
    """Writes the tangent of one function."""

    def __init__(self, function: Function, wrt: tuple[int, ...], compiler: Compiler, is_whole: bool) -> None:
        self.function, self.wrt, self.compiler = function, wrt, compiler
        self.is_whole = is_whole  # no callee
        self.regions = find_regions(function, compiler.summaries, items_of(function))
        varied = {function.parameters[k] for k in wrt}
        self.activity = Activity(function, varied, self.regions)
        self.values: dict[str, Value] = dict(function.values or {})
        self.names = Names(names_in(function))
        self.untold: set[str | None] = set()  # partial functions and exceptions that hold what is varied
        self.loops = 0  # how many `for` surround the statement
        self.dot_names: dict[str, str] = {}
        # modules, cells and objects whose data is varied: with the name of the tangent, and the attributes
        self.outside: dict[int, tuple[Ref, str, dict[str, None]]] = {}

    def run(self) -> Block:
        start = Builder(self.names, self.function.origin)
        self.refuse_outside()
        refuse_read_back(self.activity)
        self.check_parameters(start)
        for k, name in enumerate(self.function.parameters):
            if k not in self.wrt and self.is_varied(Var(name)):  # the program puts into it what is varied
                start.call(runtime.no_tangent, Var(name), target=self.dot_name(name))
        body = self.block(self.function.body[:-1])
        for owner, name, attributes in self.outside.values():
            start.call(runtime.tangent_outside, owner, Const(tuple(attributes)), target=name)
        if self.is_whole:
            self.check_outside(start)
        last = self.function.body[-1]
        assert isinstance(last, Return)
        end = Builder(self.names, last.origin)
        result = end.call(operations.make_tuple, last.value, self.dot(last.value, end))
        return (*start.statements, *body, *end.statements, Return(result, last.origin))

    # --------------------------------------------------------------------------------------------------- checks

    def check_parameters(self, out: Builder) -> None:
        """Have the run time check that a parameter which is changed shares no memory with another: their tangents do
        not."""
        parameters = [name for name in self.function.parameters if self.regions.of(name) is not None]
        for name in parameters if self.is_whole else ():
            levels = self.regions.levels(name)[:3]
            others = [Var(other) for other in parameters if other != name]
            if any(levels) and (others or len(levels) > 1):
                out.do(runtime.check_distinct, Const(levels), Var(name), *others)

    def refuse_outside(self) -> None:
        """Refuse calls of recursive functions that read globals which hold values that depend on the input."""
        varied = self.activity.varied_regions
        for statement in walk(self.function.body):
            call = statement.value if isinstance(statement, Assign) else None
            callee = call.function.value if isinstance(call, Call) and isinstance(call.function, Ref) else None
            if isinstance(callee, Function):
                read = self.compiler.summaries(callee).outside
                if any(not varied.isdisjoint(self.regions.outside(identity)) for identity in read):
                    raise TransformError(
                        f"{callee.name} is recursive and reads a global, or a variable of an enclosing function, that "
                        "is given a value which depends on the input; a derivative through this is not supported",
                        "Pass it as an argument.",
                        statement.origin,
                    )

    def check_outside(self, out: Builder) -> None:
        """Have the run time check that what is changed outside of the function is not known by another name as well: to
        another module, or as an argument."""
        read, varied = read_outside(self.function), self.activity.varied_regions
        changed = {key: (owner, names) for key, (owner, _, names) in self.outside.items()}
        for key, (owner, names) in read.items():
            region = self.regions.of(owner)
            memory = [] if region is None else [region.find(), region.known_content]
            if any(each is not None and each.is_mutated and each in varied for each in memory):
                changed.setdefault(key, (owner, names))
        if not changed:
            return
        others: list[Atom] = [Var(name) for name in self.function.parameters if self.regions.of(name) is not None]
        for key, (owner, names) in read.items():
            if key not in changed:
                others.append(out.call(runtime.held_outside, owner, Const(tuple(names))))
        held: Atom | None = None
        for owner, names in changed.values():
            more = out.call(runtime.held_outside, owner, Const(tuple(names)))
            held = more if held is None else out.call(operator.add, held, more)
        if others or len(changed) > 1:
            out.do(runtime.check_distinct, Const((False, True, True, True)), held, *others)  # type: ignore[arg-type]

    def outside_dot(self, atom: Ref, attribute: Atom, origin: Origin | None) -> Atom:
        """The tangent of a module, cell or object that holds data of the outside, which the program changes."""
        if not isinstance(attribute, Const) or not self.is_whole:
            raise TransformError(
                "a global, or a variable of an enclosing function, is given a value that depends on the input; a "
                "derivative through this is not supported here",
                "Pass it as an argument and return its new value.",
                origin,
            )
        if id(atom.value) not in self.outside:
            base = atom.name.rpartition(".")[2]
            self.outside[id(atom.value)] = (atom, self.names.fresh(f"{base}_dot" if base.isidentifier() else "dot"), {})
        _, name, attributes = self.outside[id(atom.value)]
        attributes[str(attribute.value)] = None
        return Var(name)

    # ---------------------------------------------------------------------------------------------------- names

    def is_varied(self, atom: Atom) -> bool:
        return self.activity.is_varied(atom)

    def value(self, atom: Atom) -> Value:
        return value_of(atom, self.values)

    def dot_name(self, name: str) -> str:
        """The name of the tangent of a name."""
        if name not in self.dot_names:
            fresh = self.names.temporary() if is_temporary(name) else self.names.fresh(f"{name}_dot")
            self.dot_names[name] = fresh
        return self.dot_names[name]

    def dot(self, atom: Atom, out: Builder) -> Atom:
        """The tangent of an operand: zero where it is not varied."""
        if isinstance(atom, Var) and self.is_varied(atom):
            return Var(self.dot_name(atom.name))
        return self.zero(atom, out)

    def zero(self, atom: Atom, out: Builder) -> Atom:
        value = self.value(atom)
        if isinstance(value, Number) and value.python or isinstance(value, Literal) and not _is_tuple(value.value):
            return Const(0.0)
        if isinstance(value, Array):
            return out.call(np.zeros_like, atom)
        return out.call(runtime.no_tangent, atom)

    # ----------------------------------------------------------------------------------------------- statements

    def block(self, block: Block) -> Block:
        result: list[Statement] = []
        for statement in block:
            if isinstance(statement, Assign):
                out = Builder(self.names, statement.origin)
                self.assign(statement, out)
                result += out.statements
                continue
            self.loops += isinstance(statement, For)
            inner = [self.block(each) for each in blocks_of(statement)]
            self.loops -= isinstance(statement, For)
            if isinstance(statement, For) and self.is_dict(statement.iterable):
                inner[0] = (*self.without_tangent(statement), *inner[0])
            else:
                self.refuse_bound(statement)
            statement = with_blocks(statement, inner)
            if isinstance(statement, Try) and any(map(may_catch_refusals, statement.handlers)):
                if any(map(may_refuse, walk(statement.body))):
                    passing = passing_refusals_on(statement.origin)
                    statement = dataclasses.replace(statement, handlers=(passing, *statement.handlers))
            result.append(statement)
        return tuple(result)

    def without_tangent(self, statement: For) -> list[Statement]:
        """Bind the tangent of the key that a loop over a dict is at."""
        out = Builder(self.names, statement.origin)
        if self.is_varied(Var(statement.target)):
            out.call(runtime.no_tangent, Var(statement.target), target=self.dot_name(statement.target))
        return out.statements

    def is_dict(self, atom: Atom) -> bool:
        value = self.value(atom)
        return isinstance(value, Mapping) or isinstance(value, Instance) and issubclass(value.kind, dict)

    def refuse_bound(self, statement: Statement) -> None:
        """Refuse what a statement binds other than by assignment, where it is varied."""
        bound: tuple[str | None, ...] = ()
        match statement:
            case For() | With():
                bound = (statement.target,)
            case Try():
                bound = tuple(handler.name for handler in statement.handlers)
        for name in bound:
            if name is not None and self.is_varied(Var(name)):
                raise TransformError(
                    f"{name!r} holds values that depend on the input, in a way that forward mode does not follow",
                    "Bind it in an assignment.",
                    statement.origin,
                )

    def assign(self, statement: Assign, out: Builder) -> None:
        """One operation, and before or after it that of its tangent."""
        target, value = statement.target, statement.value
        bound = None if target is None or not self.is_varied(Var(target)) else self.dot_name(target)
        changes = isinstance(value, Call) and any(map(self.is_varied, self.activity.changed_by(value)))
        if bound is None and not changes:
            self.unfollowed(statement, out)
        elif not isinstance(value, Call):
            out.statements.append(statement)
            assert bound is not None
            out.bind(bound, self.dot(value, out) if isinstance(value, Var) else self.zero(value, out))
        else:
            self.call(statement, value, bound, out)

    def unfollowed(self, statement: Assign, out: Builder) -> None:
        """What no tangent passes through stays as it is, or is checked by the run time."""
        call = statement.value
        if isinstance(call, Call) and any(map(self.is_varied, call.atoms)):
            self.refuse_effect(statement, call)
            if is_call_of(call, np.sign) and isinstance(self.value(call.arguments[0]), Unknown):
                out.do(runtime.check_real, call.arguments[0])
        out.statements.append(self.checked_call(statement))
        self.check_apart(statement, call, out)
        self.check_structure(statement, out)

    def refuse_effect(self, statement: Assign, call: Call) -> None:
        """Refuse a call made for its effect, of a function that has no derivative."""
        entry = registry.lookup(call.function.value) if isinstance(call.function, Ref) else None
        if statement.target is None and entry is not None and entry.refusal is not None and not entry.mutates:
            self.refuse(statement, entry.name)

    def checked_call(self, statement: Assign) -> Assign:
        """A call that no tangent passes through of a function that only the run time knows: checked there, if it may
        put what is varied where the tangent does not see it."""
        call = statement.value
        if not (isinstance(call, Call) and isinstance(call.function, Var)):
            return statement
        is_own = self.is_varied(call.function) or call.function.name not in self.function.parameters
        if not any(map(self.is_varied, (call.function, *call.atoms))):
            return statement
        function = runtime.call_closure if is_own else runtime.call_unfollowed
        checked = Call(Ref(function), (call.function, *call.arguments), call.keywords)
        return Assign(statement.target, checked, statement.origin)

    def check_apart(self, statement: Assign, call: Expression, out: Builder) -> None:
        """Have the run time check that a function which only it knows does not hand back what it was given, where one
        of the two is changed."""
        if statement.target is None or not (isinstance(call, Call) and isinstance(call.function, Var)):
            return
        given = [atom for atom in (call.function, *call.atoms) if self.is_varied(atom)]
        changed = [statement.target, *(atom.name for atom in given if isinstance(atom, Var))]
        if any(map(self.regions.is_mutated, changed)) and any(map(self.activity.may_matter, given)):
            out.do(runtime.check_apart, Var(statement.target), call.function, *call.atoms)

    def check_structure(self, statement: Assign, out: Builder) -> None:
        """Have the run time check that `x.size`, of something of unknown type, is not an attribute of an object."""
        call = statement.value
        if statement.target is None or not (isinstance(call, Call) and is_call_of(call, getattr)):
            return
        owner, name = call.arguments[:2]
        is_followed = self.is_varied(owner) and isinstance(self.value(owner), Unknown)
        if is_followed and is_structure(call, self.value):
            out.do(runtime.check_structure, Var(statement.target), name)

    def check_attribute(self, statement: Assign, call: Call, out: Builder) -> None:
        """Refuse attributes that are not what an object stores."""
        owner, name = call.arguments[:2]
        value, is_set = self.value(owner), is_call_of(call, setattr)
        text = getattr(name, "value", "")
        if is_set and (isinstance(value, Array) or isinstance(value, Unknown) and hasattr(np.ndarray, text)):
            raise TransformError(
                f"the attribute {text!r} of an array, or of something of unknown type, is assigned; a derivative of "
                "this is not supported",
                "Give example arguments, so that types are known; or assign to a view such as y.real[...].",
                statement.origin,
            )
        if is_set or not isinstance(owner, Var):
            return
        if owner.name in self.untold:
            self.refuse(statement, f"the attribute {text!r} of a partial function, or of an exception")
        if isinstance(value, Unknown):
            out.do(runtime.check_stored, owner, name)
        elif isinstance(value, (Instance, Record)) and self.may_be_made_up(value, text):
            self.refuse(statement, f"{text!r}, which {value.kind.__name__}.__getattr__ may compute")
        elif isinstance(value, (Instance, Record)) and runtime.is_computed(value.kind, text):
            self.refuse(statement, f"{value.kind.__name__}.{text}, which is computed")

    @staticmethod
    def may_be_made_up(value: Instance | Record, name: str) -> bool:
        """Whether the class of an object may compute an attribute that the object does not store."""
        is_found = name in getattr(value, "names", ()) or hasattr(value.kind, name)
        return not is_found and value.kind is not runtime.Shadow and hasattr(value.kind, "__getattr__")

    def call(self, statement: Assign, call: Call, bound: str | None, out: Builder) -> None:
        function = call.function.value if isinstance(call.function, Ref) else None
        if isinstance(function, Function):
            self.user_call(statement, function, call, bound, out)
        elif function is None or function is operations.method:
            self.dynamic_call(statement, call, bound, out)
        elif function is runtime.update:
            assert isinstance(call.arguments[0], Ref)
            plain = Call(call.arguments[0], call.arguments[1:3])
            out.statements.append(statement)
            self.primitive(statement, call.arguments[0].value, plain, bound, out)
        elif function in INPLACE:
            self.inplace(statement, function, call, bound, out)
        elif self.is_structural(function, call):
            self.mirrored(statement, call, bound, out)
        elif function in (operator.or_, operator.ior) and not self.is_structural(function, call):
            out.statements.append(statement)
            dots = [self.dot(atom, out) for atom in call.arguments]
            out.call(runtime.merge_tangents, Ref(function), *dots, target=bound or self.names.temporary())
        elif function in MAKERS or isinstance(function, type) and registry.lookup(function) is None:
            out.statements.append(statement)
            assert bound is not None
            self.construct(statement, function, call, bound, out)
        else:
            self.primitive(statement, function, call, bound, out)

    def is_structural(self, function: Any, call: Call) -> bool:
        """Whether a call only builds, reads or changes containers: the same is done to the tangents."""
        if function in BUILDERS or function in (getattr, setattr, operator.setitem, operator.delitem):
            return True
        if function is operator.getitem:
            return is_table(call.arguments[0], self.value(call.arguments[0]))
        values = [self.value(atom) for atom in call.arguments]
        if function is operator.add and any(isinstance(value, Unknown) for value in values):
            return True  # of lists, or of numbers
        if function is operator.mul:
            return any(map(is_container, values)) and any(map(_is_count, values))
        if function is operator.or_ and any(isinstance(value, Mapping) for value in values):
            return True
        return function in JOINING and any(map(is_container, values))

    def mirrored(self, statement: Assign, call: Call, bound: str | None, out: Builder) -> None:
        """The operation, and the same one on the tangents; keys, places and names stay what they are."""
        assert isinstance(call.function, Ref)
        function, arguments = call.function.value, call.arguments
        kept: set[int] = set()
        if function in (operator.getitem, operator.setitem, operator.delitem, getattr, setattr):
            kept = {1}
        elif function is operations.make_dict:
            kept = set(range(0, len(arguments), 2))
        elif function is operator.mul:
            kept = {k for k, atom in enumerate(arguments) if not is_container(self.value(atom))}
        if function in (getattr, setattr):
            self.check_attribute(statement, call, out)
        out.statements.append(statement)
        dots = tuple(atom if k in kept else self.dot(atom, out) for k, atom in enumerate(arguments))
        if function is operator.setitem and isinstance(self.value(arguments[0]), Unknown):
            dots = (*dots[:2], out.call(runtime.tangent_to_store, dots[2], arguments[0]))
        owner = arguments[0] if arguments else None
        if function in (getattr, setattr) and isinstance(owner, Ref) and self.is_varied(owner):
            dots = (self.outside_dot(owner, arguments[1], statement.origin), *dots[1:])
        made = Call(call.function, dots, call.keywords)
        is_sum = function is operator.add and isinstance(self.value(Var(statement.target or "")), Unknown)
        if is_sum and statement.target is not None and bound is not None:
            name = self.names.temporary()
            out.bind(name, made)
            out.call(runtime.tangent_like, Var(name), Var(statement.target), target=bound)
        else:
            out.statements.append(Assign(bound, made, statement.origin))

    def construct(self, statement: Assign, kind: Any, call: Call, bound: str, out: Builder) -> None:
        """A new object: its tangent has those of its attributes."""
        value = self.value(Var(statement.target or ""))
        arguments, keys = call.arguments, tuple[Any, ...]()
        if kind is functools.partial or isinstance(kind, type) and issubclass(kind, BaseException):
            out.bind(bound, Const(0.0))  # a call of what is made, what catches it, and its attributes are refused
            self.untold.add(statement.target)
            return
        if kind is runtime.make_record:
            assert isinstance(arguments[1], Const)
            kind, keys, arguments = object, arguments[1].value, arguments[2:]
        elif kind is object.__new__:
            kind, arguments = object, ()
        elif kind is operations.Cell:
            keys = ("value",)
        elif isinstance(value, Record) and dataclasses.is_dataclass(kind):
            keys = value.names
        elif issubclass(kind, tuple) and hasattr(kind, "_fields"):
            keys = kind._fields
        else:
            self.refuse(statement, registry.function_name(kind))
        named = {**dict(zip(keys, arguments)), **dict(call.keywords)}
        dots = {key: self.dot(atom, out) for key, atom in named.items()}
        if issubclass(kind, tuple):
            out.call(kind, *(dots.get(key, Const(0.0)) for key in keys), target=bound)
            return
        shadow = out.call(runtime.Shadow, target=bound)
        for key, dot in dots.items():
            out.do(setattr, shadow, Const(key), dot)

    def user_call(self, statement: Assign, function: Function, call: Call, bound: str | None, out: Builder) -> None:
        """A call of a user's function, which returns its value and its tangent."""
        wrt = tuple(k for k, atom in enumerate(call.arguments) if self.is_varied(atom))
        made = self.compiler.tangent(function, wrt)
        dots = tuple(self.dot(call.arguments[k], out) for k in wrt)
        both = out.call(Ref(made, made.name), *call.arguments, *dots)
        if statement.target is not None:
            out.call(operator.getitem, both, Const(0), target=statement.target)
        if bound is not None:
            out.call(operator.getitem, both, Const(1), target=bound)

    def dynamic_call(self, statement: Assign, call: Call, bound: str | None, out: Builder) -> None:
        """A call of a function that only the run time knows: it is transformed when it is called."""
        function, arguments = call.function, call.arguments
        if isinstance(function, Ref):  # a method of something of unknown type
            receiver, name = arguments[:2]
            if any(hasattr(kind, getattr(name, "value", "")) for kind in BUILTIN_KINDS):
                self.refuse(statement, f"the method {getattr(name, 'value', '')!r} of something of unknown type")
            function, arguments = out.call(runtime.own_method, receiver, name), (receiver, *arguments[2:])
        elif self.is_varied(function) and self.is_untyped():
            function, arguments = out.call(runtime.own_method, function, Const("__call__")), (function, *arguments)
        elif self.is_varied(function):
            raise TransformError(
                "a function that only the run time knows is called, and it may hold values that are differentiated",
                "Call each function by its own name, in branches; or pass the values as arguments.",
                statement.origin,
            )
        if call.keywords:
            raise TransformError("a call with keywords of a function that is not known", "", statement.origin)
        dots = tuple(self.dot(atom, out) for atom in arguments)
        given, tangents = out.call(operations.make_tuple, *arguments), out.call(operations.make_tuple, *dots)
        both = out.call(runtime.call_tangent, function, given, tangents)
        out.call(operator.getitem, both, Const(0), target=statement.target)
        self.check_apart(statement, call, out)
        if bound is not None:
            out.call(operator.getitem, both, Const(1), target=bound)

    def is_untyped(self) -> bool:
        """Whether nothing is known of a parameter: what is called may be an object of a class of the user's."""
        return any(isinstance(self.value(Var(name)), Unknown) for name in self.function.parameters)

    def inplace(self, statement: Assign, function: Any, call: Call, bound: str | None, out: Builder) -> None:
        """`x += y`: the tangent of `x` is changed in place, too, by what both are before."""
        place, other = call.arguments
        value = self.value(place)
        if isinstance(value, (Number, Literal)):
            self.primitive(statement, INPLACE[function], Call(Ref(INPLACE[function]), call.arguments), bound, out)
            return
        if is_container(value) or function in (operator.iadd, operator.isub):
            if function is operator.iadd and isinstance(value, Unknown) and self.loops:
                out.do(runtime.check_no_list_grows, place)
            self.mirrored(statement, call, bound, out)
            return
        before = self.dot(place, out)
        bound = bound or self.names.temporary()
        plain = Call(Ref(INPLACE[function]), call.arguments)
        if function not in (operator.imul, operator.itruediv):
            t = self.tangent_of(statement, INPLACE[function], plain, out.call(INPLACE[function], *call.arguments), out)
            out.statements.append(statement)
            out.call(runtime.store_tangent, before, t, Var(statement.target or ""), target=bound)
            return
        more = self.part_of(statement, plain, out) if self.is_varied(other) else None
        moved = out.call(function, before, other, target=bound if more is None else None)  # `other` may be what changes
        if more is not None:
            out.call(operator.iadd, moved, more, target=bound)
        out.statements.append(statement)

    def part_of(self, statement: Assign, call: Call, out: Builder) -> Atom:
        """What the second operand of an operator adds to the tangent of the result."""
        entry = registry.lookup(call.function.value)  # type: ignore[union-attr]
        assert entry is not None and isinstance(call.function, Ref)
        ans = out.call(call.function.value, *call.arguments)
        return self.instance_of(statement, entry, call, ans, out, wanted=tuple(entry.wrt[1:]))

    def primitive(self, statement: Assign, function: Any, call: Call, bound: str | None, out: Builder) -> None:
        """A call of a function that has a rule."""
        entry = registry.lookup(function)
        if entry is not None and entry.mutates:
            self.mutation(statement, entry, call, bound, out)
            return
        if bound is None or statement.target is None:
            self.refuse(statement, registry.function_name(function))
        assert bound is not None and statement.target is not None
        if statement not in out.statements:
            out.statements.append(statement)
        t = self.tangent_of(statement, function, call, Var(statement.target), out)
        is_mirrored = entry is not None and self.rule_of(statement, entry, call) == "linear"
        out.bind(bound, t if is_mirrored else self.owned(statement.target, call, t, out))
        if entry is not None and entry.views and self.regions.is_mutated(statement.target):
            self.check_sharing(statement.target, call, bound, out)

    def check_sharing(self, target: str, call: Call, bound: str, out: Builder) -> None:
        """Have the run time check that a result is a view of an operand if and only if its tangent is one of that of
        the operand, where memory is changed: what is copied depends on how an array lies in memory."""
        region = self.regions.of(target)
        for atom in call.atoms:
            if isinstance(atom, Var) and self.is_varied(atom) and self.regions.of(atom) is region:
                if not isinstance(self.value(atom), Number) and not is_container(self.value(atom)):
                    out.do(runtime.check_sharing, Var(target), atom, Var(bound), self.dot(atom, out))

    def owned(self, target: str, call: Call, t: Atom, out: Builder) -> Atom:
        """A tangent in memory of its own, where it, or that of an operand, may be changed in place."""
        names = [target, *(atom.name for atom in call.atoms if isinstance(atom, Var) and self.is_varied(atom))]
        value = self.value(Var(target))
        is_memory = not isinstance(value, (Number, Literal)) and not is_container(value)
        region = self.regions.of(target)
        shares = any(region is not None and self.regions.of(name) is region for name in names[1:])
        if is_memory and not shares and any(map(self.regions.is_mutated, names)):
            return out.call(runtime.own_tangent, t)
        return t

    def mutation(
        self, statement: Assign, entry: registry.Primitive, call: Call, bound: str | None, out: Builder
    ) -> None:
        """A call that changes its arguments in place: the same is done to their tangents."""
        rule = self.rule_of(statement, entry, call)
        if rule not in ("linear", "tangent"):
            self.refuse(statement, entry.name)
        if rule == "tangent":
            self.instance_of(statement, entry, call, None, out)
            out.statements.append(statement)
            if bound is not None:
                out.bind(bound, self.zero(Var(statement.target), out))  # type: ignore[arg-type]
            return
        out.statements.append(statement)
        out.statements.append(Assign(bound, self.linear_call(statement, entry, call, out), statement.origin))

    # ---------------------------------------------------------------------------------------------------- rules

    def tangent_of(self, statement: Assign, function: Any, call: Call, ans: Atom | None, out: Builder) -> Atom:
        """The tangent of the result of a primitive, in the form of the result where this is known (`ans`)."""
        entry = registry.lookup(function)
        if entry is None or entry.refusal is not None or entry.signature is None and not entry.is_constant:
            self.refuse(statement, registry.function_name(function))
        assert entry is not None
        if entry.is_constant or not any(map(self.is_varied, call.atoms)):  # what it shares memory with is varied
            return self.zero(ans, out) if ans is not None else Const(0.0)
        rule = self.rule_of(statement, entry, call)
        if rule == "multilinear":
            return self.fitted(self.sum_of_calls(statement, entry, call, out), ans, out)
        if rule == "linear":
            made = self.linear_call(statement, entry, call, out)
            name = self.names.temporary()
            out.bind(name, made)
            return Var(name)
        if rule is None:
            self.refuse(statement, entry.name)
        return self.fitted(self.instance_of(statement, entry, call, ans, out), ans, out)

    @staticmethod
    def rule_of(statement: Assign, entry: registry.Primitive, call: Call) -> str | None:
        """Which facet of the registry has the tangent of a call."""
        if entry.is_constant:
            return None
        return entry.forward_rule(bind_arguments(entry, call, statement.origin).bound)

    def fitted(self, t: Atom, ans: Atom | None, out: Builder) -> Atom:
        """What a rule returns, in the shape and dtype of the result."""
        return t if ans is None else out.call(runtime.tangent_like, t, ans)

    def sum_of_calls(self, statement: Assign, entry: registry.Primitive, call: Call, out: Builder) -> Atom:
        """The sum of the primitive with one argument after the other replaced by its tangent."""
        self.wanted(statement, entry, bind_arguments(entry, call, statement.origin))
        replaced = self.places(entry, call, entry.multilinear)
        total: Atom | None = None
        for k, atom in enumerate(call.atoms):
            if k in replaced and self.is_varied(atom):
                atoms = [self.dot(atom, out) if j == k else other for j, other in enumerate(call.atoms)]
                part = self.names.temporary()
                out.bind(part, _with_atoms(call, atoms))
                total = Var(part) if total is None else out.call(operator.add, total, Var(part))
        assert total is not None
        return total

    def linear_call(self, statement: Assign, entry: registry.Primitive, call: Call, out: Builder) -> Call:
        """The primitive of the tangents: in the place of the arguments in which it is linear, and of those changed."""
        self.wanted(statement, entry, bind_arguments(entry, call, statement.origin))
        replaced = self.places(entry, call, (*entry.linear, *entry.mutates))
        return _with_atoms(call, [self.dot(atom, out) if k in replaced else atom for k, atom in enumerate(call.atoms)])

    @staticmethod
    def places(entry: registry.Primitive, call: Call, names: tuple[str, ...]) -> set[int]:
        """The positions among the atoms of a call of those that are given for these parameters."""
        assert entry.signature is not None
        numbers: dict[str, Any] = {name: k for k, (name, _) in enumerate(call.keywords, len(call.arguments))}
        bound = entry.signature.bind(*range(len(call.arguments)), **numbers).arguments
        found: set[int] = set()
        for name in names:
            place = bound.get(name)
            found.update(place if isinstance(place, tuple) else () if place is None else (place,))
        return found

    def instance_of(
        self,
        statement: Assign,
        entry: registry.Primitive,
        call: Call,
        ans: Atom | None,
        out: Builder,
        wanted: tuple[str, ...] | None = None,
    ) -> Atom:
        """The tangent by the template of a rule, put in here; `wanted`: by these arguments alone."""
        arguments = bind_arguments(entry, call, statement.origin)
        wanted = self.wanted(statement, entry, arguments) if wanted is None else wanted
        operands = [atom for name in wanted for atom in _as_tuple(arguments.bound[name])]
        given = (*arguments.flat, *(() if ans is None else (ans,)))
        dots = [self.dot(atom, out) for atom in operands]
        moving = [
            value_of(dot, {}) if isinstance(dot, Const) else tangent_value(self.value(atom))
            for atom, dot in zip(operands, dots)
        ]
        values = (*map(self.value, given), *moving)
        instance = self.compiler.templates.tangent(entry, arguments, wanted, ans is not None, values)
        body, result = inline(instance, (*given, *dots), self.names, self.values, is_rule=True)
        out.add(self.guarded([dataclasses.replace(s, origin=statement.origin) for s in body], statement.origin))
        return result

    def guarded(self, body: list[Any], origin: Origin | None) -> list[Statement]:
        """Statements of a tangent in a program that catches exceptions: its own, which come where the derivative is
        infinite, are not those of the program."""
        if not self.compiler.catches or not any(_may_fail(statement) for statement in walk(tuple(body))):
            return body
        refuse = Assign(None, Call(Ref(runtime.refuse_tangent), ()), origin)
        caught = Handler(Ref(ArithmeticError), None, (refuse,))
        return [Try(tuple(body), (caught,), (), (), origin)]

    def wanted(self, statement: Assign, entry: registry.Primitive, arguments: Arguments) -> tuple[str, ...]:
        """The arguments whose tangents a rule is to use; refused where it does not know one that is varied."""
        found = []
        for name, atoms in arguments.bound.items():
            if not any(map(self.is_varied, _as_tuple(atoms))):
                continue
            if name in (*entry.wrt, *entry.linear, *entry.multilinear, *entry.mutates):
                found.append(name)
            elif not (name in entry.stores or entry.is_locally_constant(name)):
                raise RuleNotFound(
                    f"the tangent of {entry.name} with respect to its argument {name!r} is not known",
                    "Make the argument a constant, for example with stop_gradient.",
                    statement.origin,
                )
        return tuple(found)

    def refuse(self, statement: Assign, name: str) -> None:
        raise RuleNotFound(f"there is no rule for the tangent of {name}", "", statement.origin)


def tangent_value(value: Value) -> Value:
    """What is known of the tangent of a thing: numbers and arrays like it, in the same containers."""
    match value:
        case Number() | Array():
            return value if value.dtype.kind in "fc" else UNKNOWN
        case Sequence() | Mapping():
            return dataclasses.replace(value, items=tuple(map(tangent_value, value.items)))
        case Many():
            return dataclasses.replace(value, item=tangent_value(value.item))
    return UNKNOWN


def _is_count(value: Value) -> bool:
    """Whether this is known to be a whole number."""
    if isinstance(value, Literal):
        return isinstance(value.value, int)
    return isinstance(value, Length) or isinstance(value, Number) and value.dtype.kind in "iu"


def _may_fail(statement: Statement) -> bool:
    """Whether a statement of a rule may divide by zero, or leave the range of Python's numbers."""
    call = statement.value if isinstance(statement, Assign) else None
    if not isinstance(call, Call) or not isinstance(call.function, Ref):
        return False
    function = call.function.value
    is_plain = function in (operator.add, operator.sub, operator.mul, operator.neg, operator.getitem, getattr)
    return not is_plain and not isinstance(function, np.ufunc)


def _with_atoms(call: Call, atoms: list[Atom]) -> Call:
    """The call with other operands."""
    count = len(call.arguments)
    keywords = tuple((name, atom) for (name, _), atom in zip(call.keywords, atoms[count:]))
    return Call(call.function, tuple(atoms[:count]), keywords)


def _as_tuple(atoms: Any) -> tuple[Atom, ...]:
    return atoms if isinstance(atoms, tuple) else (atoms,)


def _is_tuple(value: Any) -> bool:
    return isinstance(value, tuple)
