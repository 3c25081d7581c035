"""Comprehensions, as loops that fill a new container.

ys = [f(x) for x in xs if x > 0]        ys = []
                                        for x in xs:
                                  =>        _1 = x > 0
                                            if _1:
                                                _2 = f(x)
                                                ys.append(_2)
"""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

import gast
import numpy as np

from transforms import core, operations
from transforms.canonical import scopes
from transforms.canonical.builder import Local, Node, call
from transforms.canonical.expressions import operation
from transforms.canonical.iteration import Direct, Iteration
from transforms.core import Call, Const, Expression, Ref, Var

_EAGER = ("builtins", "math", "numpy", "functools", "collections", "statistics")  # take all items at once

_CONSUMERS = (list, tuple, set, frozenset, dict, sum, min, max, sorted, math.fsum, math.prod, np.fromiter, str.join)


class Comprehensions(Iteration):
    """Lowers comprehensions and generator expressions.  Their variables already have names of their own."""

    def lower_ListComp(self, node: Node) -> Expression:
        return self.filled(operation(operations.make_list), node, self.append_to)

    def append_to(self, container: Var, node: Node) -> None:
        self.assign(None, call(list.append, container, self.atom(node.elt), name="list.append"))

    def lower_SetComp(self, node: Node) -> Expression:
        def add(container: Var, inner: Node) -> None:
            self.assign(None, call(set.add, container, self.atom(inner.elt), name="set.add"))

        return self.filled(operation(operations.make_set), node, add)

    def lower_DictComp(self, node: Node) -> Expression:
        def store(container: Var, inner: Node) -> None:
            key, value = self.atoms([inner.key, inner.value])
            self.assign(None, operation(operator.setitem, container, key, value))

        return self.filled(operation(operations.make_dict), node, store)

    def filled(self, empty: Expression, node: Node, add: Callable[[Var, Node], None]) -> Expression:
        container = self.atom_of(empty)
        assert isinstance(container, Var)
        self.generators(node.generators, lambda: add(container, node), scopes.children_of(node))
        return container

    def generators(self, parts: Sequence[Node], innermost: Callable[[], None], body: Sequence[Node]) -> None:
        first, *others = parts
        if first.is_async:
            self.refuse(first.target, "an asynchronous comprehension is not supported")

        def rest() -> None:
            self.filtered(first.ifs, lambda: self.generators(others, innermost, body) if others else innermost())

        inner = self.steps(first.iter, body)
        if inner is None:
            self.loop_over(first.target, self.source(first.iter), rest, self.laziness.may_resize(body))
            return

        def bound() -> None:
            self.bind(first.target, self.expression(inner.elt))
            rest()

        self.generators(inner.generators, bound, [inner.elt, *body])

    def steps(self, header: Node, body: Sequence[Node]) -> Node | None:
        """The generator expression that `filter(...)`, `map(...)` of such, or the header of a loop is, where the items
        have to be made one by one."""
        source = self.laziness.parts(header)
        is_filter = source is not None and self.laziness.made_by(header) is filter
        is_made_here = isinstance(header, gast.GeneratorExp) or is_filter
        if source is not None and not is_filter:
            is_made_here = isinstance(source, gast.GeneratorExp) or self.laziness.parts(source) is not None
        if not is_made_here or not self.laziness.has_steps(header, body):
            return None
        if source is None:
            return header
        item, function = self.new_local("item"), self.new_local("function")
        self.assign(function, self.expression(header.args[0]))
        called = gast.Call(_name(function), [_name(item)], [])
        if not is_filter:
            return gast.GeneratorExp(called, [gast.comprehension(_name(item, gast.Store()), source, [], 0)])
        test = _name(item) if isinstance(header.args[0], gast.Constant) else called
        return gast.GeneratorExp(_name(item), [gast.comprehension(_name(item, gast.Store()), source, [test], 0)])

    def filtered(self, tests: Sequence[Node], then: Callable[[], None]) -> None:
        if not tests:
            then()
            return
        test = self.atom(tests[0])
        with self.block() as body:
            self.filtered(tests[1:], then)
        self.emit(core.If(test, tuple(body), (), self.origin))

    # ----------------------------------------------------------------------------------------- generator expressions

    def lower_GeneratorExp(self, node: Node) -> Expression:
        self.refuse(
            node,
            "a generator expression is supported only as an argument of a call and in the header of a loop",
            "Write a list comprehension: [...] instead of (...).",
        )

    def special_call(self, node: Node, function: Any) -> Expression | None:
        arguments = node.args
        if node.keywords or not arguments or any(isinstance(part, gast.Starred) for part in arguments):
            return None
        if function is functools.reduce and len(arguments) in (2, 3):
            return self.reduced(*arguments)
        if function is list and len(arguments) == 1 and self.is_lazy(arguments[0], list):
            return self.all_items(arguments[0])
        if function is any or function is all or function is next:
            arguments = [self.step_by_step(arguments[0]), *arguments[1:]]
        if not isinstance(arguments[0], gast.GeneratorExp):
            return None
        if (function is any or function is all) and len(arguments) == 1:
            return self.any_or_all(arguments[0], function is any)
        if function is next and len(arguments) in (1, 2):
            return self.first_item(arguments[0], arguments[1] if len(arguments) == 2 else None)
        if function is set and len(arguments) == 1:
            return self.lower_SetComp(arguments[0])
        return None

    def step_by_step(self, node: Node) -> Node:
        """`map(...)` and `filter(...)` as generator expressions, for what may leave items unread: the function is not
        called with those."""
        made = self.static(node.func) if isinstance(node, gast.Call) and self.is_lazy(node, list) else None
        if not isinstance(made, Ref):
            return node
        item = self.new_local("item")
        if made.value is map:
            return gast.GeneratorExp(_name(item), [gast.comprehension(_name(item, gast.Store()), node, [], 0)])
        function = self.new_local("function")
        self.assign(function, self.expression(node.args[0]))
        test = gast.Call(_name(function), [_name(item)], [])
        if isinstance(node.args[0], gast.Constant):  # None
            test = _name(item)
        part = gast.comprehension(_name(item, gast.Store()), node.args[1], [test], 0)
        return gast.GeneratorExp(_name(item), [part])

    def argument(self, node: Node, function: Any) -> Expression:
        """A generator expression as an argument: the list of its items, where nothing can tell the difference."""
        items = self.atom_of(self.all_items(node))
        module = getattr(function, "__module__", None) or type(function).__module__
        harmless = function is not None and module.split(".")[0] in _EAGER
        return items if harmless else call(iter, items, name="iter")

    def is_lazy(self, node: Node, function: Any) -> bool:
        if isinstance(node, gast.GeneratorExp):
            return True
        if not isinstance(node, gast.Call) or not any(function is known for known in _CONSUMERS):
            return False
        made = self.static(node.func)
        is_plain = not node.keywords and not any(isinstance(part, gast.Starred) for part in node.args)
        if not isinstance(made, Ref) or not is_plain:
            return False
        return (made.value is map and len(node.args) > 1) or (made.value is filter and len(node.args) == 2)

    def all_items(self, node: Node) -> Expression:
        """The list of what a generator expression, `map(...)` or `filter(...)` gives."""
        if isinstance(node, gast.GeneratorExp):
            return self.lower_ListComp(node)
        source = self.laziness.parts(node)
        if source is not None and self.laziness.has_effects(node):
            inner = self.steps(node, []) if self.laziness.has_effects(source) else None
            if inner is not None:
                return self.lower_ListComp(inner)
        made = self.static(node.func)
        if isinstance(made, Ref) and made.value is filter:
            return self.kept_items(*node.args)
        container = self.atom_of(operation(operations.make_list))
        item = _name(self.new_local("item"))
        append = call(list.append, container, Var(item.id), name="list.append")
        self.loop_over(_name(item.id, gast.Store()), self.source(node), lambda: self.assign(None, append))
        return container

    def kept_items(self, function: Node, items: Node) -> Expression:
        """The list of what `filter(function, items)` gives."""
        test = self.fixed(function)
        container = self.atom_of(operation(operations.make_list))
        item = self.new_local("item")

        def keep() -> None:
            kept = Var(item) if test == Const(None) else self.atom_of(Call(test, (Var(item),)))
            append = core.Assign(None, call(list.append, container, Var(item), name="list.append"), self.origin)
            self.emit(core.If(kept, (append,), (), self.origin))

        self.loop_over(_name(item, gast.Store()), self.source(items), keep)
        return container

    def reduced(self, function: Node, items: Node, initial: Node | None = None) -> Expression:
        """`functools.reduce(function, items, initial)` as a loop."""
        callee, sequence = self.atoms([function, items])
        total, item = self.new_local("total"), self.new_local("item")
        if initial is not None:
            self.assign(total, self.expression(initial))
            rest = sequence
        else:
            sequence = self.sequence(sequence)
            length = self.do(len, sequence, name="len")
            empty = self.do_operation(operator.eq, length, Const(0))
            with self.block() as failing:
                message = Const("reduce() of empty iterable with no initial value")
                self.emit(core.Raise(self.do(TypeError, message, name="TypeError"), None, self.origin))
            self.emit(core.If(empty, tuple(failing), (), self.origin))
            self.assign(total, operation(operator.getitem, sequence, Const(0)))
            rest = self.do_operation(operator.getitem, sequence, Const(slice(1, None)))
        step = Call(callee, (Var(total), Var(item)))
        self.loop_over(_name(item, gast.Store()), Direct(rest), lambda: self.assign(total, step))
        return Var(total)

    def any_or_all(self, node: Node, is_any: bool) -> Expression:
        """`any(...)` and `all(...)` stop at the first item that decides."""
        found = self.new_local("found")
        self.assign(found, Const(not is_any))
        decide = [_assign(found, gast.Constant(is_any, None)), gast.Break()]
        test = node.elt if is_any else gast.UnaryOp(gast.Not(), node.elt)
        self.search(node.generators, gast.If(test, decide, []), found, is_any)
        return Var(found)

    def first_item(self, node: Node, default: Node | None) -> Expression:
        """`next(..., default)` of a generator expression made on the spot: its first item."""
        item, found = self.new_local("item"), self.new_local("found")
        if default is not None:
            self.assign(item, self.expression(default))
        self.assign(found, Const(False))
        take = [_assign(item, node.elt), _assign(found, gast.Constant(True, None)), gast.Break()]
        self.search(node.generators, gast.If(gast.Constant(True, None), take, []), found, True)
        if default is None:
            with self.block() as failing:
                self.emit(core.Raise(self.do(StopIteration, name="StopIteration"), None, self.origin))
            missing = self.atom_of(operation(operator.not_, Var(found)))
            self.emit(core.If(missing, tuple(failing), (), self.origin))
        return Var(item)

    def new_local(self, base: str) -> str:
        name = self.names.fresh(base)
        self.storage[name] = Local(name)
        return name

    def search(self, parts: Sequence[Node], decide: Node, found: str, when: bool) -> None:
        """Run nested loops that all end when `found` is assigned."""
        self.loop_statement(_nested_search(parts, decide, found, when))

    def loop_statement(self, node: Node) -> None:
        """Lower a `for` statement that does not jump further than out of itself."""
        raise NotImplementedError


def _name(name: str, context: Node = None) -> Node:
    return gast.Name(name, context or gast.Load(), None, None)


def _assign(name: str, value: Node) -> Node:
    return gast.Assign([_name(name, gast.Store())], value, None)


def _nested_search(parts: Sequence[Node], decide: Node, found: str, when: bool) -> Node:
    first, *others = parts
    body = [decide]
    if others:
        name = _name(found)
        test = name if when else gast.UnaryOp(gast.Not(), name)
        body = [_nested_search(others, decide, found, when), gast.If(test, [gast.Break()], [])]
    for condition in reversed(first.ifs):
        body = [gast.If(condition, body, [])]
    return gast.For(first.target, first.iter, body, [], None)
