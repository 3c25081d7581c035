"""Comprehensions, as loops that fill a new container.

ys = [f(x) for x in xs if x > 0]        ys = []
                                        for x in xs:
                                  =>        _1 = x > 0
                                            if _1:
                                                _2 = f(x)
                                                ys.append(_2)
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence

import gast

from transforms import core, operations
from transforms.canonical.builder import Node, call
from transforms.canonical.expressions import operation
from transforms.canonical.iteration import Iteration
from transforms.core import Expression, Var


class Comprehensions(Iteration):
    """Lowers comprehensions and generator expressions.  Their variables already have names of their own."""

    def lower_ListComp(self, node: Node) -> Expression:
        return self.filled(operation(operations.make_list), node, self.append_to)

    lower_GeneratorExp = lower_ListComp

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
        self.generators(node.generators, lambda: add(container, node))
        return container

    def generators(self, parts: Sequence[Node], innermost: Callable[[], None]) -> None:
        first, *others = parts
        if first.is_async:
            self.refuse(first.target, "an asynchronous comprehension is not supported")
        source = self.source(first.iter)
        self.loop_over(
            first.target,
            source,
            lambda: self.filtered(first.ifs, lambda: self.generators(others, innermost) if others else innermost()),
        )

    def filtered(self, tests: Sequence[Node], then: Callable[[], None]) -> None:
        if not tests:
            then()
            return
        test = self.atom(tests[0])
        with self.block() as body:
            self.filtered(tests[1:], then)
        self.emit(core.If(test, tuple(body), (), self.origin))
