"""Generators, as far as the lowering deals with them: in comes a gast tree, out comes a simpler one.

A generator function becomes a core function in which `operations.yielded(value)` stands where the loop that reads it
goes on; `specialise` puts the body of that loop there.  For loops that may be left early there is a second form of it,
which asks after each item whether it is to end:

    yield a                       yield a
                            =>    if <stopped>: return
    yield from b(x)               for item in b(x):
                                      yield item
                                      if <stopped>: return

A generator expression that is given a name becomes a generator function; a lambda that is given a name by which it
calls itself becomes a function, too.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import Any

import gast

from transforms.canonical import scopes

Node = Any  # a gast node; gast has no types


class Stopped(ast.expr):
    """Whether the loop that reads the generator has ended."""

    _fields = ()


def is_generator(function: Node) -> bool:
    """Whether the function itself contains a yield."""
    if not isinstance(function, (gast.FunctionDef, gast.AsyncFunctionDef)):
        return False
    return any(_yields(node) for statement in function.body for node in scopes.inside(statement))


def _yields(node: Node) -> bool:
    return isinstance(node, (gast.Yield, gast.YieldFrom))


def spelled_out(tree: Node) -> Node:
    """The tree with loops for `yield from`, and functions for named generator expressions and recursive lambdas."""
    nodes = list(scopes.walk(tree))
    if not any(isinstance(node, gast.YieldFrom) or _named_generator(node) or _recursive(node) for node in nodes):
        return tree
    names = {node.id for node in nodes if isinstance(node, gast.Name)}
    names.update(name for node in nodes for name in scopes.bound_here(node))
    fresh = _fresh_names(names)
    tree = scopes.copied(tree)
    _each_block(tree, lambda statement: _spell_out(statement, fresh))
    return tree


def _spell_out(statement: Node, fresh: Iterator[str]) -> list[Node]:
    if isinstance(statement, gast.Expr) and isinstance(statement.value, gast.YieldFrom):
        name, source = next(fresh), statement.value
        item = gast.Expr(gast.Yield(gast.Name(name, gast.Load(), None, None)))
        loop = gast.For(gast.Name(name, gast.Store(), None, None), source.value, [item], [], None)
        return [placed(loop, statement)]
    if _named_generator(statement):
        name, items = next(fresh), next(fresh)
        function = gast.parse(f"def {name}({items}): pass").body[0]
        first = statement.value.generators[0]
        source, first.iter = first.iter, gast.Name(items, gast.Load(), None, None)
        function.body = [_loops(statement.value)]
        statement.value = gast.Call(gast.Name(name, gast.Load(), None, None), [source], [])
        return [placed(function, statement), placed(statement, statement)]
    if _recursive(statement):
        function = gast.parse(f"def {statement.targets[0].id}(): pass").body[0]
        function.args = statement.value.args
        function.body = [gast.copy_location(gast.Return(statement.value.body), statement.value.body)]
        return [gast.copy_location(function, statement)]
    return [statement]


def _named_generator(statement: Node) -> bool:
    if not isinstance(statement, gast.Assign) or not isinstance(statement.value, gast.GeneratorExp):
        return False
    inner = list(scopes.walk(statement.value))
    is_plain = not any(isinstance(node, (gast.NamedExpr, gast.Await)) for node in inner)
    return is_plain and not any(part.is_async for part in statement.value.generators)


def _recursive(statement: Node) -> bool:
    """Whether a lambda is given a name that it refers to."""
    if not isinstance(statement, gast.Assign) or not isinstance(statement.value, gast.Lambda):
        return False
    if len(statement.targets) != 1 or not isinstance(statement.targets[0], gast.Name):
        return False
    function = statement.value
    return statement.targets[0].id in scopes.free_names(function) and not any(map(_yields, scopes.walk(function)))


def _loops(expression: Node) -> Node:
    body: Node = gast.Expr(gast.Yield(expression.elt))
    for part in reversed(expression.generators):
        for test in reversed(part.ifs):
            body = gast.If(test, [body], [])
        body = gast.For(part.target, part.iter, [body], [], None)
    return body


def stopping(function: Node) -> Node:
    """The generator function that asks after each item whether it is to end."""
    tree = scopes.copied(function)
    _each_block(tree, _stop_after)
    return tree


def _stop_after(statement: Node) -> list[Node]:
    if isinstance(statement, gast.Expr) and isinstance(statement.value, gast.Yield):
        return [statement, placed(gast.If(Stopped(), [gast.Return(None)], []), statement)]
    return [statement]


def _each_block(tree: Node, change: Callable[[Node], list[Node]]) -> None:
    """Exchange the statements of each block of a tree, inner ones first."""
    for node in reversed(list(scopes.walk(tree))):
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list):
                setattr(node, name, [new for statement in block for new in change(statement)])


def _fresh_names(taken: set[str]) -> Iterator[str]:
    number = 0
    while True:
        number += 1
        if f"item_{number}" not in taken:
            yield f"item_{number}"


def placed(tree: Node, like: Node) -> Node:
    """The tree, all of it at the place of another node where it has none."""
    for node in scopes.walk(tree):
        if getattr(node, "lineno", None) is None:
            gast.copy_location(node, like)
    return tree
