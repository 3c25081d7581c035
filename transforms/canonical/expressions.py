"""Expressions: every nested expression becomes a sequence of single operations, in Python's order of evaluation.

    z = np.sin(x * y) + x[1:]        _1 = x * y
                               =>    _2 = np.sin(_1)
                                     _3 = x[1:]
                                     z = _2 + _3

Short circuits, conditional expressions and chained comparisons become `If`.
"""

from __future__ import annotations

import builtins
import operator
from collections.abc import Callable, Sequence
from typing import Any

import gast

from transforms import core, operations
from transforms.canonical.builder import Builder, Known, Node, call, get
from transforms.canonical.environment import attribute
from transforms.core import Atom, Call, Const, Expression, Ref, Var

BINARY: dict[type, tuple[Any, Any]] = {
    gast.Add: (operator.add, operator.iadd),
    gast.Sub: (operator.sub, operator.isub),
    gast.Mult: (operator.mul, operator.imul),
    gast.Div: (operator.truediv, operator.itruediv),
    gast.FloorDiv: (operator.floordiv, operator.ifloordiv),
    gast.Mod: (operator.mod, operator.imod),
    gast.Pow: (operator.pow, operator.ipow),
    gast.MatMult: (operator.matmul, operator.imatmul),
    gast.LShift: (operator.lshift, operator.ilshift),
    gast.RShift: (operator.rshift, operator.irshift),
    gast.BitOr: (operator.or_, operator.ior),
    gast.BitXor: (operator.xor, operator.ixor),
    gast.BitAnd: (operator.and_, operator.iand),
}
UNARY: dict[type, Any] = {
    gast.USub: operator.neg,
    gast.UAdd: operator.pos,
    gast.Invert: operator.invert,
    gast.Not: operator.not_,
}
COMPARE: dict[type, Any] = {
    gast.Eq: operator.eq,
    gast.NotEq: operator.ne,
    gast.Lt: operator.lt,
    gast.LtE: operator.le,
    gast.Gt: operator.gt,
    gast.GtE: operator.ge,
    gast.Is: operator.is_,
    gast.IsNot: operator.is_not,
}
_REFUSED_CALLS = {
    id(builtins.exec): ("exec() is not supported", "Write the code out."),
    id(builtins.eval): ("eval() is not supported", "Write the expression out."),
    id(builtins.locals): ("locals() is not supported", "Use the variables themselves."),
    id(builtins.globals): ("globals() is not supported", "Use the variables themselves."),
}


def operation(function: Any, *arguments: Atom) -> Call:
    """A call of a function of `operator` or `transforms.operations`."""
    module = "operations" if function.__module__ == operations.__name__ else "operator"
    return Call(Ref(function, f"{module}.{function.__name__}"), arguments)


class Expressions(Builder):
    """Lowers expressions.  `expression` returns one operation, not yet done; `atom` does it."""

    def expression(self, node: Node) -> Expression:
        lower: Callable[[Node], Expression] | None = getattr(self, f"lower_{type(node).__name__}", None)
        if lower is None:
            self.refuse(node, f"{type(node).__name__} is not supported here")
        outer = self.origin
        if outer is None:
            with self.at(node):
                return lower(node)
        return lower(node)

    def atom(self, node: Node) -> Atom:
        return self.atom_of(self.expression(node))

    def is_lazy(self, node: Node, function: Any) -> bool:
        """Whether an argument of a call of `function` is an iterator that `argument` writes out."""
        raise NotImplementedError

    def argument(self, node: Node, function: Any) -> Expression:
        """A generator expression as an argument of a call of `function`."""
        raise NotImplementedError

    def atoms(self, nodes: Sequence[Node], *, is_call: bool = False, callee: Any = None) -> list[Atom]:
        """The operands of one operation, in order; a name that a later operand rebinds is read before.

        Generator expressions are allowed where these are the arguments of a call of `callee` (None: not known).
        """
        result = []
        for number, node in enumerate(nodes):
            if is_call and self.is_lazy(node, callee):
                atom = self.atom_of(self.argument(node, callee))
            else:
                atom = self.atom(node)
            if isinstance(atom, Var) and any(_rebinds(later, node) for later in nodes[number + 1 :]):
                atom = self.copy(atom)
            result.append(atom)
        return result

    def copy(self, atom: Atom) -> Var:
        name = self.names.temporary()
        self.assign(name, atom)
        return Var(name)

    # ------------------------------------------------------------------------------------------------------ simple

    def lower_Constant(self, node: Node) -> Expression:
        return Const(node.value)

    def lower_Name(self, node: Node) -> Expression:
        return self.read(node.id)

    def static(self, node: Node) -> Ref | Const | None:
        """What a name or a chain of attributes of modules means, where that is known now."""
        if isinstance(node, gast.Name):
            meaning = self.meaning(node.id)
            if isinstance(meaning, Known):
                return meaning.meaning
            return meaning if isinstance(meaning, (Ref, Const)) else None
        if isinstance(node, gast.Attribute):
            owner = self.static(node.value)
            return attribute(owner, node.attr) if isinstance(owner, Ref) else None
        return None

    def lower_Attribute(self, node: Node) -> Expression:
        return self.static(node) or get(self.atom(node.value), node.attr)

    def lower_BinOp(self, node: Node) -> Expression:
        return operation(BINARY[type(node.op)][0], *self.atoms([node.left, node.right]))

    def lower_UnaryOp(self, node: Node) -> Expression:
        operand = self.atom(node.operand)
        if isinstance(operand, Const) and type(operand.value) in (int, float, complex):
            if isinstance(node.op, gast.USub):
                return Const(-operand.value)
        return operation(UNARY[type(node.op)], operand)

    def lower_NamedExpr(self, node: Node) -> Expression:
        value = self.expression(node.value)
        own = self.own(node.target.id)
        if own is None:
            value = self.atom_of(value)
        self.write(node.target.id, value)
        return Var(own) if own is not None else value

    def lower_Starred(self, node: Node) -> Expression:
        self.refuse(node, "a starred expression is not supported here")

    # ----------------------------------------------------------------------------------------------- short circuits

    def choose(
        self, test: Atom, body: Callable[[], Expression], orelse: Callable[[], Expression] | None, name: str
    ) -> None:
        """`if test: name = body` and, if there is one, `else: name = orelse`."""
        with self.block() as then:
            self.assign(name, body())
        with self.block() as otherwise:
            if orelse is not None:
                self.assign(name, orelse())
        self.emit(core.If(test, tuple(then), tuple(otherwise), self.origin))

    def lower_IfExp(self, node: Node) -> Expression:
        test = self.atom(node.test)
        name = self.names.temporary()
        self.choose(test, lambda: self.expression(node.body), lambda: self.expression(node.orelse), name)
        return Var(name)

    def lower_BoolOp(self, node: Node) -> Expression:
        name = self.names.temporary()
        self.assign(name, self.expression(node.values[0]))
        self._circuit(isinstance(node.op, gast.And), name, node.values[1:])
        return Var(name)

    def _circuit(self, is_and: bool, name: str, rest: list[Node]) -> None:
        if not rest:
            return
        with self.block() as body:
            self.assign(name, self.expression(rest[0]))
            self._circuit(is_and, name, rest[1:])
        then, otherwise = (tuple(body), ()) if is_and else ((), tuple(body))
        self.emit(core.If(Var(name), then, otherwise, self.origin))

    def lower_Compare(self, node: Node) -> Expression:
        operands = [node.left, *node.comparators]
        left, right = self.atoms(operands[:2])
        if len(node.ops) == 1:
            return self.compare(node.ops[0], left, right)
        name = self.names.temporary()
        self.assign(name, self.compare(node.ops[0], left, right))
        self._chain(name, right, list(zip(node.ops, operands[1:]))[1:], operands[2:])
        return Var(name)

    def _chain(self, name: str, left: Atom, links: list[tuple[Node, Node]], operands: list[Node]) -> None:
        with self.block() as body:
            if isinstance(left, Var) and any(_rebinds(operand, links[0][1]) for operand in operands):
                left = self.copy(left)
            right = self.atom(operands[0])
            self.assign(name, self.compare(links[0][0], left, right))
            if operands[1:]:
                self._chain(name, right, links[1:], operands[1:])
        self.emit(core.If(Var(name), tuple(body), (), self.origin))

    def compare(self, op: Node, left: Atom, right: Atom) -> Call:
        if isinstance(op, (gast.In, gast.NotIn)):
            found = operation(operator.contains, right, left)
            return found if isinstance(op, gast.In) else operation(operator.not_, self.atom_of(found))
        return operation(COMPARE[type(op)], left, right)

    # --------------------------------------------------------------------------------------------------- containers

    def lower_Tuple(self, node: Node) -> Expression:
        if any(isinstance(item, gast.Starred) for item in node.elts):
            return self.starred(node.elts, tuple, operations.make_tuple)
        return self.tuple_of(self.atoms(node.elts))

    def tuple_of(self, items: Sequence[Atom]) -> Expression:
        if all(isinstance(item, Const) for item in items):
            return Const(tuple(item.value for item in items if isinstance(item, Const)))
        return operation(operations.make_tuple, *items)

    def lower_List(self, node: Node) -> Expression:
        if any(isinstance(item, gast.Starred) for item in node.elts):
            return self.starred(node.elts, list, operations.make_list)
        return operation(operations.make_list, *self.atoms(node.elts))

    def lower_Set(self, node: Node) -> Expression:
        if any(isinstance(item, gast.Starred) for item in node.elts):
            return call(set, self.atom_of(self.starred(node.elts, list, operations.make_list)), name="set")
        return operation(operations.make_set, *self.atoms(node.elts))

    def starred(self, items: Sequence[Node], kind: type, make: Any) -> Expression:
        """A display with stars: `[a, *b, c]` is `[a] + list(b) + [c]`."""
        parts: list[Expression] = []
        run: list[Node] = []
        for item in [*items, None]:
            if item is not None and not isinstance(item, gast.Starred):
                run.append(item)
                continue
            if run:
                parts.append(self.atom_of(operation(make, *self.atoms(run))))
                run = []
            if item is not None:
                inner = self.atoms([item.value], is_call=True, callee=kind)[0]
                parts.append(self.atom_of(call(kind, inner, name=kind.__name__)))
        result = parts[0]
        for part in parts[1:]:
            result = operation(operator.add, self.atom_of(result), self.atom_of(part))
        return result

    def lower_Dict(self, node: Node) -> Expression:
        pairs: list[Node] = []
        parts: list[Atom] = []

        def flush() -> None:
            if pairs or not parts:
                parts.append(self.atom_of(operation(operations.make_dict, *self.atoms(pairs))))
                pairs.clear()

        if all(key is not None for key in node.keys):
            nodes = [part for pair in zip(node.keys, node.values) for part in pair]
            return operation(operations.make_dict, *self.atoms(nodes))
        for key, value in zip(node.keys, node.values):
            if key is not None:
                pairs += [key, value]
                continue
            if pairs:
                flush()
            parts.append(self.do(dict, self.atom(value), name="dict"))
        if pairs:
            flush()
        result: Expression = parts[0]
        for part in parts[1:]:
            result = operation(operator.or_, self.atom_of(result), part)
        return result

    # ----------------------------------------------------------------------------------------------------- indexing

    def lower_Subscript(self, node: Node) -> Expression:
        return operation(operator.getitem, *self.subscript(node))

    def subscript(self, node: Node) -> tuple[Atom, Atom]:
        """The container and the index of a subscript."""
        container, index = self.atoms([node.value, node.slice])
        return container, index

    def lower_Slice(self, node: Node) -> Expression:
        bounds = [gast.Constant(None, None) if part is None else part for part in (node.lower, node.upper, node.step)]
        atoms = self.atoms(bounds)
        if all(isinstance(atom, Const) for atom in atoms):
            return Const(slice(*(atom.value for atom in atoms if isinstance(atom, Const))))
        return operation(operations.make_slice, *atoms)

    # ------------------------------------------------------------------------------------------------------ strings

    def lower_JoinedStr(self, node: Node) -> Expression:
        parts = [self.atom(part) for part in node.values]
        if all(isinstance(part, Const) for part in parts):
            return Const("".join(part.value for part in parts if isinstance(part, Const)))
        return operation(operations.join_strings, *parts)

    def lower_FormattedValue(self, node: Node) -> Expression:
        value = self.atom(node.value)
        conversion = "" if node.conversion in (-1, None) else chr(node.conversion)
        spec: Atom = Const("") if node.format_spec is None else self.atom(node.format_spec)
        return operation(operations.format_value, value, Const(conversion), spec)

    # -------------------------------------------------------------------------------------------------------- calls

    def lower_Call(self, node: Node) -> Expression:
        function = self.static(node.func)
        if isinstance(function, Ref):
            if function.value is builtins.super and not node.args and not node.keywords:
                return self.super_object(node)
            self.check_callee(node, function.value)
            special = self.special_call(node, function.value)
            if special is not None:
                return special
        if any(isinstance(part, gast.Starred) for part in node.args) or any(part.arg is None for part in node.keywords):
            return self.star_call(node)
        operands = [*node.args, *(part.value for part in node.keywords)]
        if function is None and isinstance(node.func, gast.Attribute):
            container = {"join": str.join, "extend": list.extend}.get(node.func.attr)
            receiver, *atoms = self.atoms([node.func.value, *operands], is_call=True, callee=container)
            leading: list[Atom] = [receiver, Const(node.func.attr)]
            callee: Atom = Ref(operations.method, "operations.method")
        elif function is not None:
            known = function.value
            leading, callee, atoms = [], function, self.atoms(operands, is_call=True, callee=known)
        else:
            leading = list(self.passed.get(node.func.id, ())) if isinstance(node.func, gast.Name) else []
            callee, *atoms = self.atoms([node.func, *operands], is_call=True)
            if isinstance(callee, Const):  # not a function: Python is to say so
                callee = self.copy(callee)
        count = len(node.args)
        keywords = tuple((part.arg, atom) for part, atom in zip(node.keywords, atoms[count:]))
        return Call(callee, (*leading, *atoms[:count]), keywords)

    def special_call(self, node: Node, function: Any) -> Expression | None:
        """Calls of builtins that are written out because of their arguments (generator expressions)."""
        return None

    def super_object(self, node: Node) -> Expression:
        """`super()` in a method: `super(Class, self)`."""
        tree = getattr(self, "tree", None)
        parameters = tree.args.args if isinstance(tree, gast.FunctionDef) else []
        owner = self.environment.resolve("__class__")
        if not parameters or not isinstance(owner, Ref) or not isinstance(owner.value, type):
            self.refuse(node, "super() is not supported here", "Name the base class: Base.method(self, ...).")
        first = gast.Name(parameters[0].id, gast.Load(), None, None)
        return call(builtins.super, owner, self.atom(first), name="super")

    def check_callee(self, node: Node, function: Any) -> None:
        refused = _REFUSED_CALLS.get(id(function))
        if (function is builtins.vars or function is builtins.dir) and not node.args:
            refused = (f"{function.__name__}() is not supported", "Use the variables themselves.")
        if refused:
            self.refuse(node, *refused)

    def star_call(self, node: Node) -> Expression:
        """`f(a, *b, k=c, **d)`: the arguments are gathered in a tuple and a dict."""
        function = self.atom(node.func)
        if any(isinstance(part, gast.Starred) for part in node.args):
            arguments = self.atom_of(self.starred(node.args, tuple, operations.make_tuple))
        else:
            arguments = self.atom_of(self.tuple_of(self.atoms(node.args)))
        keys = [None if part.arg is None else gast.Constant(part.arg, None) for part in node.keywords]
        display = gast.Dict(keys, [part.value for part in node.keywords])
        return operation(operations.apply, function, arguments, self.atom(display))

    # ------------------------------------------------------------------------------------------------------ refused

    def lower_Await(self, node: Node) -> Expression:
        self.refuse(
            node,
            "await is not supported",
            "Take the result as an argument.",
        )

    def lower_Yield(self, node: Node) -> Expression:
        self.refuse(
            node,
            "yield is supported only as a statement of a generator function: nothing can be sent to a generator",
            "Collect the values in a list and return it.",
        )

    lower_YieldFrom = lower_Yield

    def lower_Stopped(self, node: Node) -> Expression:
        return operation(operations.stopped)


def _rebinds(later: Node, node: Node) -> bool:
    """Whether evaluating `later` may bind the name that `node` reads."""
    names = {inner.id for inner in gast.walk(node) if isinstance(inner, gast.Name)}
    return any(isinstance(inner, gast.NamedExpr) and inner.target.id in names for inner in gast.walk(later))
