"""From the core language (or its nested form) to a gast tree: every operation gets its usual notation back.

`operator.add(x, y)` becomes `x + y`, `operations.make_slice` inside a subscript `a:b`, `getattr(x, "T")` `x.T`,
`list.append(tape, v)` `tape.append(v)`, `x = operator.iadd(x, y)` `x += y`.  Objects get their names from a `Namer`.
"""

from __future__ import annotations

import inspect
import keyword
import math
import operator
from collections.abc import Sequence
from typing import Any

import gast
import numpy as np

from transforms import operations
from transforms.core import (
    Assign,
    Block,
    Call,
    Const,
    For,
    Function,
    If,
    Raise,
    Ref,
    Return,
    Try,
    Var,
    While,
    With,
)
from transforms.presentation import Choice, Unpack, Update
from transforms.printer.naming import Namer
from transforms.printer.unparse import expression_text

Node = Any

BINARY: dict[Any, type] = {
    operator.add: gast.Add,
    operator.sub: gast.Sub,
    operator.mul: gast.Mult,
    operator.truediv: gast.Div,
    operator.floordiv: gast.FloorDiv,
    operator.mod: gast.Mod,
    operator.pow: gast.Pow,
    operator.matmul: gast.MatMult,
    operator.and_: gast.BitAnd,
    operator.or_: gast.BitOr,
    operator.xor: gast.BitXor,
    operator.lshift: gast.LShift,
    operator.rshift: gast.RShift,
}
COMPARE: dict[Any, type] = {
    operator.eq: gast.Eq,
    operator.ne: gast.NotEq,
    operator.lt: gast.Lt,
    operator.le: gast.LtE,
    operator.gt: gast.Gt,
    operator.ge: gast.GtE,
    operator.is_: gast.Is,
    operator.is_not: gast.IsNot,
}
UNARY: dict[Any, type] = {
    operator.neg: gast.USub,
    operator.pos: gast.UAdd,
    operator.invert: gast.Invert,
    operator.not_: gast.Not,
}
INPLACE: dict[Any, type] = {
    operator.iadd: gast.Add,
    operator.isub: gast.Sub,
    operator.imul: gast.Mult,
    operator.itruediv: gast.Div,
    operator.ifloordiv: gast.FloorDiv,
    operator.imod: gast.Mod,
    operator.ipow: gast.Pow,
    operator.imatmul: gast.MatMult,
    operator.iand: gast.BitAnd,
    operator.ior: gast.BitOr,
    operator.ixor: gast.BitXor,
    operator.ilshift: gast.LShift,
    operator.irshift: gast.RShift,
}
BUILTIN_CLASSES = (list, dict, set, tuple, str, bytes, frozenset, np.ndarray)


def is_method(function: Any) -> bool:
    """Whether the object is a method of a built-in container, so that `list.append(l, v)` is `l.append(v)`."""
    owner = getattr(function, "__objclass__", None)
    return owner in BUILTIN_CLASSES and not function.__name__.startswith("__")


class Notation:
    """Makes the trees of one module."""

    def __init__(self, namer: Namer) -> None:
        self.namer = namer

    # ------------------------------------------------------------------------------------------------- functions

    def module(self, functions: Sequence[Function]) -> Node:
        return gast.Module([self.function(function) for function in functions], [])

    def function(self, function: Function) -> Node:
        body = self.block(function.body)
        node = gast.FunctionDef(self.namer.function_name(function), self.parameters(function), body, [], None, None, [])
        node.origin = function.origin
        node.doc = function.doc
        return node

    def parameters(self, function: Function) -> Node:
        signature = function.signature
        known = tuple(signature.parameters) if signature is not None else ()
        extra = len(function.parameters) - len(known)
        if signature is None or extra < 0 or function.parameters[extra:] != known:
            return _arguments(args=[_parameter(name) for name in function.parameters])
        kinds: dict[str, list[Node]] = {"posonlyargs": [], "args": [], "kwonlyargs": []}
        defaults: list[Node] = []
        keyword_defaults: list[Node | None] = []
        star: dict[str, Node] = {}
        parameters = list(signature.parameters.values())
        first_kind = "posonlyargs" if any(p.kind is p.POSITIONAL_ONLY for p in parameters) else "args"
        kinds[first_kind] += [_parameter(name) for name in function.parameters[:extra]]
        for parameter in parameters:
            default = None if parameter.default is parameter.empty else self.value(parameter.default, parameter.name)
            match parameter.kind:
                case inspect.Parameter.VAR_POSITIONAL:
                    star["vararg"] = _parameter(parameter.name)
                case inspect.Parameter.VAR_KEYWORD:
                    star["kwarg"] = _parameter(parameter.name)
                case inspect.Parameter.KEYWORD_ONLY:
                    kinds["kwonlyargs"].append(_parameter(parameter.name))
                    keyword_defaults.append(default)
                case kind:
                    place = "posonlyargs" if kind is inspect.Parameter.POSITIONAL_ONLY else "args"
                    kinds[place].append(_parameter(parameter.name))
                    defaults += [] if default is None else [default]
        return _arguments(**kinds, **star, defaults=defaults, kw_defaults=keyword_defaults)

    # ------------------------------------------------------------------------------------------------ statements

    def block(self, block: Block) -> list[Node]:
        return [self.statement(statement) for statement in block] or [gast.Pass()]

    def statement(self, statement: Any) -> Node:
        node = self._statement(statement)
        node.origin = statement.origin
        node.comment = getattr(statement, "comment", None)
        return node

    def _statement(self, statement: Any) -> Node:
        match statement:
            case Assign(target=None):
                return self.effect(statement.value)
            case Assign(target=str() as target):
                return self.assignment(target, statement.value)
            case If():
                orelse = [self.statement(inner) for inner in statement.orelse]
                return gast.If(self.expression(statement.test), self.block(statement.body), orelse)
            case While():
                return gast.While(self.expression(statement.test), self.block(statement.body), [])
            case For():
                iterable = self.expression(statement.iterable)
                return gast.For(_store(statement.target), iterable, self.block(statement.body), [], None)
            case With():
                bound = None if statement.target is None else _store(statement.target)
                item = gast.withitem(self.expression(statement.context), bound)
                return gast.With([item], self.block(statement.body), None)
            case Try():
                return self.attempt(statement)
            case Raise():
                return gast.Raise(self._optional(statement.exception), self._optional(statement.cause))
            case Return():
                return gast.Return(self.expression(statement.value))
            case Unpack():
                return self.unpacking(statement)
            case Update():
                place = self.expression(statement.place)
                return gast.AugAssign(place, INPLACE[statement.operation](), self.expression(statement.value))
        raise TypeError(statement)

    def _optional(self, expression: Any) -> Node | None:
        return None if expression is None else self.expression(expression)

    def attempt(self, statement: Try) -> Node:
        handlers = [
            gast.ExceptHandler(self._optional(handler.exception), handler.name, self.block(handler.body))
            for handler in statement.handlers
        ]
        orelse = [self.statement(inner) for inner in statement.orelse]
        finalbody = [self.statement(inner) for inner in statement.finalbody]
        if not handlers and not finalbody:
            finalbody = [gast.Pass()]
        return gast.Try(self.block(statement.body), handlers, orelse, finalbody)

    def assignment(self, target: str, value: Any) -> Node:
        if isinstance(value, Call) and isinstance(value.function, Ref) and len(value.arguments) == 2:
            operation = _entry(INPLACE, value.function.value)
            if operation is not None and value.arguments[0] == Var(target) and not value.keywords:
                return gast.AugAssign(_store(target), operation(), self.expression(value.arguments[1]))
        return gast.Assign([_store(target)], self.expression(value), None)

    def unpacking(self, statement: Unpack) -> Node:
        targets: list[Node] = [_store(name) for name in statement.targets]
        if statement.star is not None:
            targets[statement.star] = gast.Starred(targets[statement.star], gast.Store())
        return gast.Assign([gast.Tuple(targets, gast.Store())], self.expression(statement.value), None)

    def effect(self, value: Any) -> Node:
        """A call for its effect: stores and deletions get their notation back."""
        if isinstance(value, Call) and isinstance(value.function, Ref) and not value.keywords:
            function: Any = value.function.value
            arguments: tuple[Any, ...] = value.arguments
            operation = _entry(INPLACE, function)
            if operation is not None and len(arguments) == 2 and isinstance(arguments[0], Var):
                return gast.AugAssign(_store(arguments[0].name), operation(), self.expression(arguments[1]))
            if function is operator.setitem and len(arguments) == 3:
                place = gast.Subscript(self.expression(arguments[0]), self.index(arguments[1]), gast.Store())
                return gast.Assign([place], self.expression(arguments[2]), None)
            if function is operator.delitem and len(arguments) == 2:
                return gast.Delete(
                    [gast.Subscript(self.expression(arguments[0]), self.index(arguments[1]), gast.Del())]
                )
            if function is setattr and len(arguments) == 3 and _is_name(arguments[1]):
                place = gast.Attribute(self.expression(arguments[0]), arguments[1].value, gast.Store())
                return gast.Assign([place], self.expression(arguments[2]), None)
            if function is delattr and len(arguments) == 2 and _is_name(arguments[1]):
                return gast.Delete([gast.Attribute(self.expression(arguments[0]), arguments[1].value, gast.Del())])
        return gast.Expr(self.expression(value))

    # ----------------------------------------------------------------------------------------------- expressions

    def expression(self, expression: Any) -> Node:
        match expression:
            case Var():
                return _load(expression.name)
            case Const():
                return self.constant(expression.value)
            case Ref() if expression.value is operations.UNBOUND:
                return self.constant(None)  # nothing reads it
            case Ref():
                return _load(self.namer.reference(expression.value, expression.name))
            case Call():
                return self.call(expression)
            case Choice():
                return self.choice(expression)
        raise TypeError(expression)

    def choice(self, choice: Choice) -> Node:
        test = self.expression(choice.test)
        if choice.orelse is None:
            return gast.BoolOp(gast.And(), [test, self.expression(choice.body)])
        if choice.body is None:
            return gast.BoolOp(gast.Or(), [test, self.expression(choice.orelse)])
        return gast.IfExp(test, self.expression(choice.body), self.expression(choice.orelse))

    def call(self, call: Call) -> Node:
        if isinstance(call.function, Ref):
            node = self.notation(call.function.value, call)
            if node is not None:
                return node
        return self.plain_call(self.expression(call.function), call.arguments, call.keywords)

    def plain_call(self, function: Node, arguments: Sequence[Any], keywords: Sequence[tuple[str, Any]]) -> Node:
        if any(not name.isidentifier() or keyword.iskeyword(name) for name, _ in keywords):
            named = gast.Dict(
                [gast.Constant(name, None) for name, _ in keywords], [self.expression(value) for _, value in keywords]
            )
            return gast.Call(function, [self.expression(item) for item in arguments], [gast.keyword(None, named)])
        return gast.Call(
            function,
            [self.expression(item) for item in arguments],
            [gast.keyword(name, self.expression(value)) for name, value in keywords],
        )

    def notation(self, function: Any, call: Call) -> Node | None:
        """The usual notation of an operation, or None where it is an ordinary call."""
        arguments: tuple[Any, ...] = call.arguments
        count = len(arguments)
        if function is operations.method and count >= 2 and _is_name(arguments[1]):
            method = gast.Attribute(self.expression(arguments[0]), arguments[1].value, gast.Load())
            return self.plain_call(method, arguments[2:], call.keywords)
        if is_method(function) and count:
            method = gast.Attribute(self.expression(arguments[0]), function.__name__, gast.Load())
            return self.plain_call(method, arguments[1:], call.keywords)
        if call.keywords:
            return None
        if count == 2:
            return self.binary(function, *arguments) or self.special(function, arguments)
        if count == 1 and (operation := _entry(UNARY, function)) is not None:
            return self.unary(operation, arguments[0])
        return self.special(function, arguments)

    def unary(self, operation: type, operand: Any) -> Node:
        if operation is gast.Not and isinstance(operand, Call) and isinstance(operand.function, Ref):
            if operand.function.value is operator.contains and len(operand.arguments) == 2 and not operand.keywords:
                container, item = map(self.expression, operand.arguments)
                return gast.Compare(item, [gast.NotIn()], [container])
        return gast.UnaryOp(operation(), self.expression(operand))

    def binary(self, function: Any, left: Any, right: Any) -> Node | None:
        if (operation := _entry(BINARY, function)) is not None:
            return gast.BinOp(self.expression(left), operation(), self.expression(right))
        if (comparison := _entry(COMPARE, function)) is not None:
            return gast.Compare(self.expression(left), [comparison()], [self.expression(right)])
        if function is operator.contains:
            return gast.Compare(self.expression(right), [gast.In()], [self.expression(left)])
        if function is operator.getitem:
            return gast.Subscript(self.expression(left), self.index(right), gast.Load())
        if function is getattr and _is_name(right):
            return gast.Attribute(self.expression(left), right.value, gast.Load())
        return None

    def special(self, function: Any, arguments: tuple[Any, ...]) -> Node | None:
        """Displays, slices, f-strings, star arguments."""
        if function is operations.make_tuple:
            return gast.Tuple([self.expression(item) for item in arguments], gast.Load())
        if function in (operations.make_list, operations.make_tape):
            return gast.List([self.expression(item) for item in arguments], gast.Load())
        if function is operations.make_set:
            if not arguments:
                return self.plain_call(_load(self.namer.reference(set)), (), ())
            return gast.Set([self.expression(item) for item in arguments])
        if function is operations.make_dict and len(arguments) % 2 == 0:
            return gast.Dict(*([self.expression(item) for item in arguments[part::2]] for part in (0, 1)))
        if function is operations.make_slice and len(arguments) == 3:
            return self.plain_call(_load(self.namer.reference(slice)), arguments, ())
        if function is operations.apply and len(arguments) == 3:
            return self.star_call(*arguments)
        if function is operations.join_strings or function is operations.format_value:
            return self.format_string(function, arguments)
        return None

    def star_call(self, function: Any, positional: Any, named: Any) -> Node:
        stars: list[Node] = []
        if isinstance(positional, Call) and _is_operation(positional, operations.make_tuple):
            stars = [self.expression(item) for item in positional.arguments]
        elif positional != Const(()):
            stars = [gast.Starred(self.expression(positional), gast.Load())]
        keywords: list[Node] = []
        if not (isinstance(named, Call) and _is_operation(named, operations.make_dict) and not named.arguments):
            keywords = [gast.keyword(None, self.expression(named))]
        return gast.Call(self.expression(function), stars, keywords)

    def index(self, index: Any) -> Node:
        """What stands between the brackets of a subscript."""
        if isinstance(index, Call) and _is_operation(index, operations.make_tuple) and index.arguments:
            return gast.Tuple([self.index_item(item) for item in index.arguments], gast.Load())
        if isinstance(index, Const) and type(index.value) is tuple and index.value:
            return gast.Tuple([self.index_item(Const(item)) for item in index.value], gast.Load())
        return self.index_item(index)

    def index_item(self, item: Any) -> Node:
        parts: tuple[Any, ...] | None = None
        if isinstance(item, Call) and _is_operation(item, operations.make_slice) and len(item.arguments) == 3:
            parts = item.arguments
        elif isinstance(item, Const) and isinstance(item.value, slice):
            parts = (Const(item.value.start), Const(item.value.stop), Const(item.value.step))
        if parts is None:
            return self.expression(item)
        return gast.Slice(*(None if part == Const(None) else self.expression(part) for part in parts))

    # -------------------------------------------------------------------------------------------------- constants

    def value(self, value: Any, name: str) -> Node:
        """A default argument: written as a constant where it is one, else by its name."""
        simple = (bool, int, float, complex, str, bytes, type(None), type(Ellipsis))
        if type(value) in simple or (type(value) is tuple and all(type(item) in simple for item in value)):
            return self.constant(value)
        return _load(self.namer.reference(value, f"{name}_default"))

    def constant(self, value: Any) -> Node:
        match value:
            case float():
                return self.float(value)
            case complex():
                return self.complex(value)
            case slice():
                parts = (Const(value.start), Const(value.stop), Const(value.step))
                return self.plain_call(_load(self.namer.reference(slice)), parts, ())
            case tuple():
                items = [self.constant(item) for item in value]
                if type(value) is tuple:
                    return gast.Tuple(items, gast.Load())
                return gast.Call(_load(self.namer.reference(type(value))), items, [])
            case np.generic():
                return gast.Call(_load(self.namer.reference(type(value))), [self.constant(value.item())], [])
            case np.dtype():
                return gast.Call(_load(self.namer.reference(np.dtype)), [gast.Constant(value.str, None)], [])
        if isinstance(value, type):
            return _load(self.namer.reference(value))
        return gast.Constant(value, None)

    def float(self, value: float) -> Node:
        if isinstance(value, np.floating):
            return gast.Call(_load(self.namer.reference(type(value))), [self.constant(float(value))], [])
        if math.isfinite(value):
            return gast.Constant(value, None)
        name = "nan" if math.isnan(value) else "inf"
        node = gast.Attribute(_load(self.namer.reference(np)), name, gast.Load())
        return gast.UnaryOp(gast.USub(), node) if value < 0 else node

    def complex(self, value: complex) -> Node:
        if isinstance(value, np.complexfloating):
            return gast.Call(_load(self.namer.reference(type(value))), [self.constant(complex(value))], [])
        if math.isfinite(value.real) and math.isfinite(value.imag):
            if value.real == 0 and math.copysign(1, value.real) > 0 and math.copysign(1, value.imag) > 0:
                return gast.Constant(value, None)
        parts = [self.constant(value.real), self.constant(value.imag)]
        return gast.Call(_load(self.namer.reference(complex)), parts, [])

    # -------------------------------------------------------------------------------------------------- f-strings

    def format_string(self, function: Any, arguments: tuple[Any, ...]) -> Node | None:
        """An f-string, or the equivalent calls where Python 3.11 could not read the f-string."""
        parts = arguments if function is operations.join_strings else (Call(Ref(function), arguments),)
        nodes = [self.field(part) for part in parts]
        if any(node is None for node in nodes):
            return self.format_calls(parts)
        return gast.JoinedStr(nodes)

    def field(self, part: Any) -> Node | None:
        if isinstance(part, Const) and isinstance(part.value, str):
            return gast.Constant(part.value, None)
        if not (isinstance(part, Call) and _is_operation(part, operations.format_value) and len(part.arguments) == 3):
            return self._checked(gast.FormattedValue(self.expression(part), -1, None))
        value, conversion, spec = part.arguments
        if not isinstance(conversion, Const):
            return None
        letter = ord(conversion.value) if conversion.value else -1
        return self._checked(gast.FormattedValue(self.expression(value), letter, self._spec(spec)))

    def _spec(self, spec: Any) -> Node | None:
        if spec == Const(""):
            return None
        if isinstance(spec, Const):
            return gast.JoinedStr([gast.Constant(spec.value, None)])
        return gast.JoinedStr([gast.FormattedValue(self.expression(spec), -1, None)])

    def _checked(self, node: Node) -> Node | None:
        """The field, unless its text has what Python 3.11 cannot read inside an f-string."""
        nested = [] if node.format_spec is None else node.format_spec.values
        texts = [expression_text(node.value)]
        texts += [expression_text(inner.value) for inner in nested if isinstance(inner, gast.FormattedValue)]
        plain = [inner.value for inner in nested if isinstance(inner, gast.Constant)]
        if any(set(text) & set('"\\\n#') for text in texts) or any(set(text) & set("{}") for text in plain):
            return None
        return node

    def format_calls(self, parts: Sequence[Any]) -> Node:
        converted = [self.formatted(part) for part in parts]
        if len(converted) == 1:
            return converted[0]
        empty = gast.Attribute(gast.Constant("", None), "join", gast.Load())
        return gast.Call(empty, [gast.Tuple(converted, gast.Load())], [])

    def formatted(self, part: Any) -> Node:
        if not (isinstance(part, Call) and _is_operation(part, operations.format_value)):
            return self.expression(part)
        value, conversion, spec = part.arguments
        node = self.expression(value)
        if isinstance(conversion, Const):
            if conversion.value:
                conversions: dict[str, Any] = {"r": repr, "s": str, "a": ascii}
                change = conversions[conversion.value]
                node = gast.Call(_load(self.namer.reference(change)), [node], [])
            return gast.Call(_load(self.namer.reference(format)), [node, self.expression(spec)], [])
        function = _load(self.namer.reference(operations.format_value))
        return gast.Call(function, [node, self.expression(conversion), self.expression(spec)], [])


def _entry(table: dict[Any, type], function: Any) -> Any:
    try:
        return table.get(function)
    except TypeError:  # not hashable, so not in the table
        return None


def _is_operation(call: Call, function: Any) -> bool:
    return isinstance(call.function, Ref) and call.function.value is function and not call.keywords


def _is_name(atom: Any) -> bool:
    return (
        isinstance(atom, Const)
        and isinstance(atom.value, str)
        and atom.value.isidentifier()
        and not keyword.iskeyword(atom.value)
    )


def _load(name: str) -> Node:
    return gast.Name(name, gast.Load(), None, None)


def _store(name: str) -> Node:
    return gast.Name(name, gast.Store(), None, None)


def _parameter(name: str) -> Node:
    return gast.Name(name, gast.Param(), None, None)


def _arguments(**parts: Any) -> Node:
    fields: dict[str, Any] = {
        "args": [],
        "posonlyargs": [],
        "vararg": None,
        "kwonlyargs": [],
        "kw_defaults": [],
        "kwarg": None,
        "defaults": [],
    }
    return gast.arguments(**{**fields, **parts})
