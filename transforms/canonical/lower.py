"""The lowering of a whole function: a gast tree and an environment go in, a `core.Function` comes out.

Inner functions and lambdas are lifted: they become functions of their own whose first parameters are the captured
names, bound by `functools.partial`.
"""

from __future__ import annotations

import ast
import functools
import inspect
import operator
import sys
import textwrap
from collections.abc import Iterator
from typing import Any

import gast

from transforms import core, errors, operations
from transforms.canonical import generators, lazy, scopes
from transforms.canonical.builder import Celled, Itself, Local, Node, Storage, call, new_cell, place
from transforms.canonical.environment import DictEnvironment, Environment
from transforms.canonical.expressions import operation
from transforms.canonical.imports import Imports
from transforms.canonical.jumps import NEXT, RETURN, completions
from transforms.canonical.statements import NONE
from transforms.core import Call, Const, Expression, Ref, Var


def lower(tree: Node, environment: Environment) -> core.Function:
    """The core function of a `gast.FunctionDef` or `gast.Lambda`.

    Raises:
        UnsupportedSyntax: the function contains a construct that cannot be transformed.
    """
    try:
        separated, names = scopes.separate(generators.spelled_out(tree))
        signature = environment.signature
        if signature is None:
            signature = tree_signature(tree.args)
        return Lowering(separated, environment, core.Names(names.taken), {}).function(signature)
    except RecursionError:
        where = place(tree, environment)
    raise errors.UnsupportedSyntax("the function is nested too deeply", "Split it into several functions.", where)


def tree_signature(arguments: Node) -> inspect.Signature:
    """The signature that a definition has; defaults that are not constants are `MISSING`."""
    kind = inspect.Parameter
    plain = [*arguments.posonlyargs, *arguments.args]
    defaults = [None] * (len(plain) - len(arguments.defaults)) + list(arguments.defaults)
    result = []
    for number, (node, default) in enumerate(zip(plain, defaults)):
        which = kind.POSITIONAL_ONLY if number < len(arguments.posonlyargs) else kind.POSITIONAL_OR_KEYWORD
        result.append(kind(node.id, which, default=_default(default)))
    if arguments.vararg:
        result.append(kind(arguments.vararg.id, kind.VAR_POSITIONAL))
    for node, default in zip(arguments.kwonlyargs, arguments.kw_defaults):
        result.append(kind(node.id, kind.KEYWORD_ONLY, default=_default(default)))
    if arguments.kwarg:
        result.append(kind(arguments.kwarg.id, kind.VAR_KEYWORD))
    return inspect.Signature(result)


def constant_default(node: Node) -> Const | None:
    """The value of a default that is written as a constant."""
    if isinstance(node, gast.Constant):
        return Const(node.value)
    if isinstance(node, gast.UnaryOp) and isinstance(node.op, gast.USub) and isinstance(node.operand, gast.Constant):
        if type(node.operand.value) in (int, float, complex):
            return Const(-node.operand.value)
    if isinstance(node, gast.Tuple):
        items = [constant_default(item) for item in node.elts]
        if all(item is not None for item in items):
            return Const(tuple(item.value for item in items if item is not None))
    return None


def _default(node: Node) -> Any:
    if node is None:
        return inspect.Parameter.empty
    constant = constant_default(node)
    return operations.MISSING if constant is None else constant.value


_ITERATORS = (iter, zip, enumerate, reversed, map, filter)


class Lowering(Imports):
    """Lowers one function."""

    stopping: core.Function | None = None  # what is made, where it is the form of a generator for loops left early

    def __init__(
        self,
        tree: Node,
        environment: Environment,
        names: core.Names,
        captured: dict[str, Storage],
        generator_names: frozenset[str] = frozenset(),
        functions: dict[str, Node] | None = None,
    ) -> None:
        super().__init__(environment, names)
        self.tree, self.captured = tree, captured
        self.lifted: dict[int, core.Function] = {}
        self.identifiers = frozenset(names.taken)  # every name of the tree
        self.variables = scopes.variables(tree)
        self.storage.update(captured)
        self.loops = []
        self.result = self.active = None
        self.clears_active = self.is_result_late = self.is_result_set = False
        self.set_flags = frozenset()
        for name in (*self.variables.global_names, *self.variables.nonlocal_names):
            if name not in captured or name in self.variables.global_names:
                self.storage[name] = environment.assigned(name)
        for name in self.variables.names:
            self.storage[name] = Celled(names.fresh(f"{name}_cell")) if name in self.variables.cells else Local(name)
        inner = [node for statement in scopes.body_of(tree) for node in scopes.inside(statement)]
        imports = [node for node in inner if isinstance(node, (gast.Import, gast.ImportFrom))]
        self.declare_imports(imports, self.variables.bindings)
        self.refuse_kinds(inner)
        local = {node.name for node in inner if generators.is_generator(node)}
        self.generator_names = (generator_names - set(self.variables.names)) | local
        self.iterators = frozenset(name for node in inner for name in self.iterator_names(node))
        outer = {name: made for name, made in (functions or {}).items() if name not in self.variables.names}
        self.functions = {**outer, **_functions(inner)}
        self.laziness = lazy.Laziness(self.functions, self.static)
        self.refuse_late_changes(inner)
        self.refuse_early_calls(inner)
        self.refuse_deleted(scopes.body_of(tree))

    def refuse_deleted(self, statements: list[Node]) -> None:
        """Refuse to read a name right after it was deleted, where Python raises."""
        for number, statement in enumerate(statements):
            for name in scopes.deleted_names(statement):
                following = (node for later in statements[number + 1 :] for node in scopes.inside(later))
                node = next((node for node in following if isinstance(node, gast.Name) and node.id == name), None)
                if node is not None and isinstance(node.ctx, gast.Load):
                    self.refuse(node, f"{name!r} is read after it was deleted", "Do not delete it.")

    def refuse_early_calls(self, nodes: list[Node]) -> None:
        """Refuse what Python calls at another time, or another number of times, than compiled code."""
        for node in nodes:
            name = self.laziness.effect_of_key(node)
            if name is not None:
                self.refuse(node, f"the key function changes {name!r}", "Make a list of the keys, in a loop, before.")
        found = self.laziness.misread(nodes)
        if found is not None:
            node, name = found
            why = f"changes {name!r}" if name else "depends on what the loop changes"
            self.refuse(
                node,
                f"what is called for the items of an iterator {why}, and the iterator may be read in part or later",
                "Make a list of the items, list(...), or write a loop.",
            )

    def refuse_late_changes(self, nodes: list[Node]) -> None:
        """Refuse iterators that are read after what they read has changed."""
        for node in nodes:
            if not isinstance(node, (gast.Assign, gast.AnnAssign)) or not isinstance(node.value, gast.Call):
                continue
            function = self.static(node.value.func)
            is_lazy = isinstance(function, Ref) and any(function.value is known for known in lazy.LAZY)
            if not is_lazy and not lazy.is_view_of_dict(node.value):
                continue
            targets = node.targets if isinstance(node, gast.Assign) else [node.target]
            names = {name for target in targets for name in scopes.targets(target)}
            change = self.laziness.change_before_read(node, names, nodes)
            if change is not None:
                self.refuse(
                    change,
                    f"something that the iterator {min(names, default='')!r} is yet to read is changed",
                    "Make a list of the iterator where it is made: list(...).",
                )

    def iterator_names(self, node: Node) -> Iterator[str]:
        """The names that an assignment binds to an iterator: `it = iter(xs)`, `pairs = zip(xs, ys)`."""
        if isinstance(node, (gast.Assign, gast.AnnAssign, gast.NamedExpr)) and isinstance(node.value, gast.Call):
            function = self.static(node.value.func)
            if isinstance(function, Ref) and any(function.value is known for known in _ITERATORS):
                for target in node.targets if isinstance(node, gast.Assign) else [node.target]:
                    yield from scopes.targets(target)

    def refuse_kinds(self, nodes: list[Node]) -> None:
        """Refuse functions that are not ordinary ones, wherever in them the reason stands."""
        if isinstance(self.tree, gast.AsyncFunctionDef):
            self.refuse(self.tree, "an asynchronous function is not supported", "Use an ordinary function.")
        for node in nodes if isinstance(self.tree, gast.Lambda) else ():
            if isinstance(node, (gast.Yield, gast.YieldFrom)):
                self.refuse(node, "yield in a lambda is not supported", "Write a function.")

    def function(
        self,
        signature: inspect.Signature,
        leading: tuple[str, ...] = (),
        into: core.Function | None = None,
        defaults: tuple[tuple[str, str], ...] = (),
    ) -> core.Function:
        """The lowered function.  `leading` are the parameters that an inner function gets for captured names;
        `defaults` pairs parameters with those that hold their computed defaults."""
        tree = self.tree
        own = tuple(node.id for node in scopes.parameters(tree.args))
        name = getattr(tree, "name", "lambda_")
        result = into or core.Function(name, (), ())
        doc = None
        with self.at(tree), self.block() as body:
            if generators.is_generator(tree):
                stopping = None if self.stopping else self.stopping_form(signature, leading, defaults)
                self.assign(None, operation(operations.generator, NONE if stopping is None else Ref(stopping)))
            self.fill_defaults(defaults)
            self.make_cells(own)
            if isinstance(tree, gast.Lambda):
                self.statement(gast.copy_location(gast.Return(tree.body), tree.body), frozenset({RETURN}))
            else:
                statements = list(tree.body)
                if statements and isinstance(statements[0], gast.Expr):
                    first = statements[0].value
                    if isinstance(first, gast.Constant) and isinstance(first.value, str):
                        doc = inspect.cleandoc(first.value)
                        statements = statements[1:]
                self.whole_body(statements)
        result.name, result.parameters, result.body = name, (*leading, *own), tuple(body)
        result.signature, result.doc = signature, doc
        result.filename, result.origin = self.environment.filename, place(tree, self.environment)
        return result

    def stopping_form(
        self, signature: inspect.Signature, leading: tuple[str, ...], defaults: tuple[tuple[str, str], ...]
    ) -> core.Function:
        """The form of a generator function for loops that may be left early."""
        tree, names = generators.stopping(self.tree), core.Names(self.names.taken)
        inner = Lowering(tree, self.environment, names, self.captured, self.generator_names, self.functions)
        inner.stopping = core.Function(self.tree.name, (), ())
        return inner.function(signature, leading, inner.stopping, defaults)

    def make_cells(self, own: tuple[str, ...]) -> None:
        for name in self.variables.names:
            storage = self.storage[name]
            if isinstance(storage, Celled):
                self.assign(storage.name, new_cell(Var(name)) if name in own else new_cell())

    def fill_defaults(self, defaults: tuple[tuple[str, str], ...]) -> None:
        missing = Ref(operations.MISSING, "operations.MISSING")
        for name, holder in defaults:
            test = self.atom_of(operation(operator.is_, Var(name), missing))
            with self.block() as body:
                self.assign(name, Var(holder))
            self.emit(core.If(test, tuple(body), (), self.origin))

    def whole_body(self, statements: list[Node]) -> None:
        ways = completions(statements)
        returns = [
            node for statement in statements for node in scopes.inside(statement) if isinstance(node, gast.Return)
        ]
        if RETURN not in ways:
            self.lower_statements(statements, frozenset({RETURN}))
            self.emit(core.Return(NONE, self.origin))
            return
        if len(returns) == 1 and statements[-1] is returns[0] and RETURN not in completions(statements[:-1]):
            self.lower_statements(statements, frozenset({RETURN}))
            if not self.statements or not isinstance(self.statements[-1], core.Return):
                self.emit(core.Return(NONE, self.origin))  # after a raise that always happens
            return
        if NEXT in ways:
            statements = [*statements, gast.Return(None)]
        self.result = self.names.fresh("result")
        with self.block() as body:
            self.lower_statements(statements, frozenset({RETURN}))
        if self.is_result_late:
            self.assign(self.result, Ref(operations.UNBOUND, "UNBOUND"))
        self.statements.extend(body)
        self.emit(core.Return(Var(self.result), self.origin))

    # ---------------------------------------------------------------------------------------------- inner functions

    def lower_Lambda(self, node: Node) -> Expression:
        return self.inner(node)

    def do_FunctionDef(self, node: Node, tail: Any) -> None:
        decorators = [self.atom(part) for part in node.decorator_list]
        value = self.inner(node)
        for decorator in reversed(decorators):
            value = Call(decorator, (self.atom_of(value),))
        self.write(node.name, value)

    def do_AsyncFunctionDef(self, node: Node, tail: Any) -> None:
        self.refuse(node, "an asynchronous function is not supported", "Use an ordinary function.")

    def do_AsyncFor(self, node: Node, tail: Any) -> None:
        self.refuse(node, "asynchronous statements are not supported", "Use the ordinary ones.")

    do_AsyncWith = do_AsyncFor

    def do_TryStar(self, node: Node, tail: Any) -> None:
        self.refuse(node, "except* is not supported", "Use except.")

    def do_TypeAlias(self, node: Node, tail: Any) -> None:
        self.refuse(node, "a type alias inside a function is not supported", "Define it at module level.")

    def do_ClassDef(self, node: Node, tail: Any) -> None:
        try:
            kind = self.environment.local_class(node)
        except LookupError as error:
            reason = f"a class defined inside a function is not supported here: {error.args[0]}"
            self.refuse(node, reason, "Define it at module level.")
        self.write(node.name, kind)

    def lifted_for(self, node: Node) -> core.Function:
        """The function that an inner function becomes; others may refer to it before it is filled in."""
        if id(node) not in self.lifted:
            self.lifted[id(node)] = core.Function(node.name, (), ())
        return self.lifted[id(node)]

    def inner(self, node: Node) -> Expression:
        """Lift an inner function; its value is the lifted function with the captured names bound."""
        names = core.Names(self.identifiers)
        name = getattr(node, "name", "lambda_")
        group = self.variables.groups.get(name, (node,))
        is_recursive = len(group) > 1 or (name in self.variables.recursive and not node.decorator_list)
        members = {member.name: self.lifted_for(member) for member in group} if is_recursive else {}
        lifted = members.get(name) or core.Function(name, (), ())
        captured: dict[str, Storage] = {}
        leading: list[str] = []
        bound: list[core.Atom] = []
        local = {inner for member in group for inner in scopes.declared(member).names}
        for free in scopes.captured_names(node, self.variables.groups):
            storage = self.storage.get(free)
            if free in members:
                continue
            if isinstance(storage, (Local, Celled)):
                parameter = names.fresh(storage.name) if storage.name in local else storage.name
                captured[free] = type(storage)(parameter)
                leading.append(parameter)
                bound.append(Var(storage.name))
            elif isinstance(storage, Itself) and storage.captured:
                parameter = names.fresh(free) if free in local else free
                captured[free] = Local(parameter)
                leading.append(parameter)
                bound.append(self.atom_of(self.read(free)))
            elif storage is not None:
                captured[free] = storage
        defaults: list[tuple[str, str]] = []
        for parameter, default in _defaults(node.args):
            if constant_default(default) is None:
                holder = names.fresh(f"{parameter}_default")
                defaults.append((parameter, holder))
                leading.append(holder)
                bound.append(self.atom(default))
        names.taken.update(leading)
        captured.update({member: Itself(function, tuple(leading)) for member, function in members.items()})
        signature = lifted_signature(leading, tree_signature(node.args))
        inner = Lowering(node, self.environment, names, captured, self.generator_names, self.functions)
        inner.function(signature, tuple(leading), lifted, tuple(defaults))
        ref = Ref(lifted, lifted.name)
        called = [known for known, inner in self.variables.direct.items() if inner is node]
        if called:
            self.passed[called[0]] = tuple(bound)
        if called or not bound:
            return ref
        return call(functools.partial, ref, *bound, name="functools.partial")


def _functions(nodes: list[Node]) -> dict[str, Node]:
    """What is known of the functions that a function defines, by name."""
    found: dict[str, Node] = {}
    for node in nodes:
        if isinstance(node, gast.FunctionDef):
            found[node.name] = node
        elif isinstance(node, gast.Assign) and isinstance(node.value, (gast.Lambda, gast.Name, gast.Call)):
            is_partial = not isinstance(node.value, gast.Call) or gast.unparse(node.value.func).endswith("partial")
            if is_partial and len(node.targets) == 1 and isinstance(node.targets[0], gast.Name):
                found.setdefault(node.targets[0].id, node.value)
    return found


def _defaults(arguments: Node) -> list[tuple[str, Node]]:
    """The parameters that have defaults, with them."""
    plain = [*arguments.posonlyargs, *arguments.args]
    count = len(plain) - len(arguments.defaults)
    pairs = [(node.id, default) for node, default in zip(plain[count:], arguments.defaults)]
    keyword = zip(arguments.kwonlyargs, arguments.kw_defaults)
    return pairs + [(node.id, default) for node, default in keyword if default is not None]


def lifted_signature(leading: list[str], signature: inspect.Signature) -> inspect.Signature:
    """The signature of a lifted function: captured names first, positional only."""
    kind = inspect.Parameter
    first = [kind(name, kind.POSITIONAL_ONLY) for name in leading]
    return signature.replace(parameters=[*first, *signature.parameters.values()])


# ------------------------------------------------------------------------------------------------------ conveniences


def parse(text: str, filename: str) -> Node:
    """The gast tree of a module; what this Python cannot read is refused with its place.

    Raises:
        UnsupportedSyntax: the text is not a program for the Python that runs.
    """
    try:
        return gast.parse(text, filename)
    except SyntaxError as error:
        version = ".".join(map(str, sys.version_info[:2]))
        line, column = error.lineno or 1, max((error.offset or 1) - 1, 0)
        end_line, end = error.end_lineno or line, max((error.end_offset or 0) - 1, column + 1)
        where = core.Origin(filename, line, column, end_line, end, (error.text or "").strip())
        message = f"Python {version} cannot read this: {error.msg}"
    except RecursionError:
        where, message = core.Origin(filename, 1, 0, 1, 0), "the program is nested too deeply"
    raise errors.UnsupportedSyntax(message, "Run it with the Python that it is written for, or rewrite it.", where)


def lower_source(source: str, globals: dict[str, Any], name: str | None = None) -> core.Function:
    """The core function of the (named, or only) function of a piece of source."""
    text = textwrap.dedent(source)
    module = parse(text, "<string>")
    found = [node for node in module.body if isinstance(node, scopes.FUNCTIONS) and name in (None, node.name)]
    if not found:
        lambdas = [node for node in gast.walk(module) if isinstance(node, gast.Lambda)]
        found = lambdas[:1]
    return lower(found[0], DictEnvironment(globals, lines=text.splitlines()))


@functools.cache
def _file_lines(filename: str) -> list[str]:
    with open(filename, encoding="utf-8") as file:
        return file.read().splitlines()


def _definition(lines: list[str], first: int) -> ast.FunctionDef:
    """The definition of a module-level function whose first line (that of its first decorator) is `first`.

    Only its own lines are parsed: a file of rules is long, and few of them are asked for.
    """
    indent = len(lines[first - 1]) - len(lines[first - 1].lstrip())
    end = first - 1
    while not lines[end].lstrip().startswith("def "):
        end += 1
    end += 1
    while end < len(lines) and (not lines[end].strip() or lines[end][: indent + 1].strip() in ("", ")", "#")):
        end += 1
    text = textwrap.dedent("\n".join(lines[first - 1 : end]))
    node = ast.parse("\n" * (first - 1) + text).body[0]
    assert isinstance(node, ast.FunctionDef)
    return node


_templates: dict[Any, core.Function] = {}


def lower_template(function: Any) -> core.Function:
    """The core function of a rule template: a module-level function of a file, without closure."""
    known = _templates.get(function)
    if known is None:
        code = function.__code__
        lines = _file_lines(code.co_filename)
        tree = gast.ast_to_gast(_definition(lines, code.co_firstlineno))
        environment = DictEnvironment(
            function.__globals__, code.co_filename, lines, signature=inspect.signature(function)
        )
        known = _templates[function] = lower(tree, environment)
        known.source = function
    return known
