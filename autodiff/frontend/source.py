"""Finds the source of a function.  A code object comes in; the syntax tree of exactly that function comes out.

The text comes from `linecache`, so that functions of files, notebooks, the interactive prompt (Python 3.13) and
`exec` with a registered source are found alike.  A definition found by its line may be another one: the inner
function of a decorator, one of several lambdas of a line, or a newer text of an edited file.  So each candidate
is compiled and compared with the code object; when none is equal, `SourceNotFound` says so.  A file is parsed
once for each version.
"""

from __future__ import annotations
import __future__

import ast
import linecache
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import CodeType
from typing import Any

import gast

from transforms.core import Origin
from transforms.errors import SourceNotFound

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda

_FUTURE_FLAGS = 0
for _feature in __future__.all_feature_names:
    _FUTURE_FLAGS |= getattr(__future__, _feature).compiler_flag

_CO_NESTED = 0x10
_PARSED_FILES = 60  # how many files stay parsed


@dataclass(frozen=True)
class Source:
    """A function's own syntax tree, and where it stands."""

    tree: gast.FunctionDef | gast.AsyncFunctionDef | gast.Lambda
    filename: str
    lines: tuple[str, ...]  # of the whole file
    class_name: str | None = None  # the class whose private names (`__x`) the function mangles

    def origin(self, node: Any) -> Origin:
        """The place of a node of the tree."""
        return place(node, self.filename, self.lines)


Definitions = dict[tuple[int, str], list[tuple[Definition, str | None]]]  # by (first line, name), with the class around


@dataclass
class _Parsed:
    """A file's text with the statements of the module, whose definitions are looked for where they are asked for.

    `imported` are the names that imports at module level bind: CPython compiles a method call on them differently.
    """

    lines: tuple[str, ...]
    imported: tuple[str, ...] = ()
    statements: list[tuple[int, int, ast.stmt]] = field(default_factory=list)  # first line, last line
    definitions: dict[int, Definitions] = field(default_factory=dict)  # of those statements that were looked at
    error: SyntaxError | None = None

    def find(self, line: int, name: str) -> list[tuple[Definition, str | None]]:
        """The definitions with this first line and name, each with the innermost class around it."""
        found: list[tuple[Definition, str | None]] = []
        for number, (first, last, statement) in reversed([*enumerate(self.statements)]):
            if first <= line <= last:
                if number not in self.definitions:
                    inside: Definitions = {}
                    for node, class_name in _definitions(statement, None):
                        inside.setdefault((_first_line(node), _name(node)), []).append((node, class_name))
                    self.definitions[number] = inside
                found += self.definitions[number].get((line, name), [])
        return found


_lock = threading.Lock()
_files: dict[str, _Parsed] = {}


def find(code: CodeType, module_globals: dict[str, Any] | None = None) -> Source:
    """The source of the function that has this code; `SourceNotFound` where there is none, or it is another text."""
    lines = _lines_of(code, module_globals)
    if not lines or _is_other_text(code, lines):
        raise SourceNotFound(
            f"the source of {_describe(code)} is not available: {_why_missing(code.co_filename)}",
            _advice(code.co_filename),
        )
    parsed = _parse(code.co_filename, lines)
    if parsed.error is not None:
        raise SourceNotFound(
            f"{code.co_filename!r} has no valid syntax any more: {parsed.error}; it was edited after it was loaded",
            "Load it again (restart Python, or importlib.reload).",
        )
    candidates = parsed.find(code.co_firstlineno, code.co_name)
    for node, class_name in _closest_first(candidates, code):
        if _is_source_of(node, class_name, parsed.imported, code):
            return Source(_to_gast(node), code.co_filename, lines, class_name)
    raise SourceNotFound(
        f"the text of {code.co_filename!r} at line {code.co_firstlineno} is not the source of {_describe(code)}",
        "The file was edited after it was loaded, or the function was rewritten by a tool. "
        "Load it again (restart Python, or importlib.reload).",
        _line_origin(code, lines),
    )


def place(node: Any, filename: str, lines: tuple[str, ...]) -> Origin:
    """The origin of a node (of `ast` or `gast`), its columns counted in characters."""
    line, end_line = node.lineno, node.end_lineno or node.lineno
    text = lines[line - 1] if 0 < line <= len(lines) else ""
    end_text = lines[end_line - 1] if 0 < end_line <= len(lines) else ""
    column = len(text.encode()[: node.col_offset].decode(errors="ignore"))
    end_column = len(end_text.encode()[: node.end_col_offset or 0].decode(errors="ignore"))
    return Origin(filename, line, column, end_line, end_column, text.strip())


def line_origin(code: CodeType) -> Origin:
    """The place where a function is defined, as far as its code object tells."""
    return _line_origin(code, tuple(linecache.getlines(code.co_filename)))


# ------------------------------------------------------------------------------------------------------ text, parsing


def _lines_of(code: CodeType, module_globals: dict[str, Any] | None) -> tuple[str, ...]:
    from_code = getattr(linecache, "_getlines_from_code", None)  # Python 3.13: text of the prompt and of -c
    if from_code is not None:
        lines = from_code(code)
        if lines:
            return tuple(lines)
    if code.co_filename == "<string>":
        return _command_text()
    linecache.checkcache(code.co_filename)
    return tuple(linecache.getlines(code.co_filename, module_globals))


def _command_text() -> tuple[str, ...]:
    """The text of `python -c`, where this process runs one."""
    words = sys.orig_argv
    place = words.index("-c") + 1 if "-c" in words[:-1] else 0
    return tuple(words[place].splitlines(keepends=True)) if place else ()


def _is_other_text(code: CodeType, lines: tuple[str, ...]) -> bool:
    """Whether the text on record under `<string>` has no such definition: Python 3.13 keeps that of -c there."""
    if code.co_filename != "<string>":
        return False
    return not _parse(code.co_filename, lines).find(code.co_firstlineno, code.co_name)


def _parse(filename: str, lines: tuple[str, ...]) -> _Parsed:
    with _lock:
        parsed = _files.get(filename)
        if parsed is not None and parsed.lines == lines:
            return parsed
    parsed = _Parsed(lines)
    try:
        tree = ast.parse("".join(lines), filename)
    except SyntaxError as error:
        parsed.error = error
    else:
        parsed.imported = tuple(dict.fromkeys(_imported(tree)))
        for statement in tree.body:
            decorators = getattr(statement, "decorator_list", ())
            first = min([statement.lineno, *(decorator.lineno for decorator in decorators)])
            parsed.statements.append((first, statement.end_lineno or first, statement))
    with _lock:
        while len(_files) >= _PARSED_FILES:
            del _files[next(iter(_files))]
        _files[filename] = parsed
    return parsed


def _definitions(node: ast.AST, class_name: str | None) -> Iterator[tuple[Definition, str | None]]:
    pending = [(node, class_name)]
    while pending:
        current, around = pending.pop()
        if isinstance(current, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield current, around
        inner = current.name if isinstance(current, ast.ClassDef) else around
        pending.extend((child, inner) for child in ast.iter_child_nodes(current))


def _imported(tree: ast.Module) -> Iterator[str]:
    """The names bound by the imports of the module's own scope."""
    pending: list[ast.AST] = list(tree.body)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from ((alias.asname or alias.name.partition(".")[0]) for alias in node.names if alias.name != "*")
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.expr):
            pending.extend(ast.iter_child_nodes(node))


def _first_line(node: Definition) -> int:
    decorators = [] if isinstance(node, ast.Lambda) else node.decorator_list
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _name(node: Definition) -> str:
    return "<lambda>" if isinstance(node, ast.Lambda) else node.name


def _to_gast(node: Definition) -> Any:
    """The gast form, without decorators: what they did is already done to the function that is read."""
    tree = gast.ast_to_gast(node)
    if not isinstance(node, ast.Lambda):
        tree.decorator_list = []
    return tree


# -------------------------------------------------------------------------------------------------------- comparison


def _closest_first(candidates: list[tuple[Definition, str | None]], code: CodeType) -> list:
    """The candidates whose text contains the places of the code's instructions, the smallest first; then the rest."""
    span = _span(code)
    if span is None or len(candidates) < 2:
        return candidates

    def rank(candidate: tuple[Definition, str | None]) -> tuple:
        body = candidate[0].body if isinstance(candidate[0], ast.Lambda) else candidate[0]
        located: Any = body
        start, end = (located.lineno, located.col_offset), (located.end_lineno, located.end_col_offset)
        inside = start <= span[0] and span[1] <= end
        return (not inside, end[0] - start[0], end[1] - start[1] if end[0] == start[0] else 0)

    return sorted(candidates, key=rank)


def _span(code: CodeType) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """The first and the last position (line, column) of the instructions; None where Python runs without them."""
    positions = _positions(code)
    if not positions:
        return None
    return min(start for start, _ in positions), max(end for _, end in positions)


def _positions(code: CodeType) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """The start and the end of the text of each instruction that has one."""
    result = []
    for line, end_line, column, end_column in code.co_positions():
        if line is None or end_line is None or column is None or end_column is None:
            continue
        if (end_line, end_column) > (line, column):
            result.append(((line, column), (end_line, end_column)))
    return result


def _is_source_of(node: Definition, class_name: str | None, imported: tuple[str, ...], code: CodeType) -> bool:
    for names in (imported, ()):  # a notebook compiles each statement by itself, without the imports of the others
        compiled = _compile(node, class_name, names, code)
        if compiled is not None and (_equal(compiled, code) or _equal_but_for_assertions(compiled, code)):
            return True
        if not imported:
            break
    return False


def _compile(node: Definition, class_name: str | None, imported: tuple[str, ...], code: CodeType) -> CodeType | None:
    """The node's code object, compiled where its free names are those of an enclosing function."""
    if isinstance(node, ast.Lambda):
        bare: Any = ast.Lambda(_without_defaults(node.args), node.body)
        definition: ast.stmt = ast.Expr(bare)
    else:
        fields = {name: getattr(node, name) for name in node._fields}
        fields.update(args=_without_defaults(node.args), decorator_list=[], returns=None)
        bare = type(node)(**fields)
        definition = bare
    ast.copy_location(bare, node)
    if not isinstance(node, ast.Lambda) and node.name not in code.co_freevars:
        before: list[ast.stmt] = [ast.Global([node.name])]  # its own name is that of a global, as in recursion
    else:
        before = []
    parameters = [ast.arg(name) for name in code.co_freevars if name.isidentifier()]
    arguments = ast.arguments(posonlyargs=[], args=parameters, kwonlyargs=[], kw_defaults=[], defaults=[])
    outer: ast.stmt = ast.FunctionDef("outer", arguments, [*before, definition], [])
    if class_name is not None:
        outer = ast.ClassDef(class_name, [], [], [outer], [])
    imports: list[ast.stmt] = [ast.Import([ast.alias(name) for name in imported])] if imported else []
    module = ast.fix_missing_locations(ast.Module([*imports, outer], []))
    try:
        compiled = compile(module, code.co_filename, "exec", flags=code.co_flags & _FUTURE_FLAGS, dont_inherit=True)
    except (SyntaxError, ValueError):
        return None
    depth = 3 if class_name is not None else 2
    for _ in range(depth):
        inner = [constant for constant in compiled.co_consts if isinstance(constant, CodeType)]
        if not inner:
            return None
        compiled = inner[0]
    return compiled


def _without_defaults(arguments: ast.arguments) -> ast.arguments:
    """The parameters alone: defaults and annotations belong to the code around the function."""

    def bare(argument: Any) -> Any:
        return None if argument is None else ast.copy_location(ast.arg(argument.arg), argument)

    none: Any = ast.Constant(None)
    return ast.arguments(
        posonlyargs=[bare(argument) for argument in arguments.posonlyargs],
        args=[bare(argument) for argument in arguments.args],
        vararg=bare(arguments.vararg),
        kwonlyargs=[bare(argument) for argument in arguments.kwonlyargs],
        kw_defaults=[none for _ in arguments.kwonlyargs],
        kwarg=bare(arguments.kwarg),
        defaults=[],
    )


def _equal(one: CodeType, other: CodeType) -> bool:
    """Whether two code objects are the same program at the same place."""
    return (
        one.co_code == other.co_code
        and one.co_flags & ~_CO_NESTED == other.co_flags & ~_CO_NESTED
        and one.co_names == other.co_names
        and one.co_varnames == other.co_varnames
        and one.co_freevars == other.co_freevars
        and one.co_cellvars == other.co_cellvars
        and len(one.co_consts) == len(other.co_consts)
        and all(map(_equal_constants, one.co_consts, other.co_consts))
        and _equal_positions(one, other)
    )


def _equal_positions(one: CodeType, other: CodeType) -> bool:
    """Whether the instructions stand at the same places, as far as both know them."""
    first, second = _positions(one), _positions(other)
    return not first or not second or first == second


def _equal_constants(one: Any, other: Any) -> bool:
    if isinstance(one, CodeType) and isinstance(other, CodeType):
        return one.co_name == other.co_name and _equal(one, other)
    return type(one) is type(other) and repr(one) == repr(other)


def _equal_but_for_assertions(one: CodeType, other: CodeType) -> bool:
    """Whether `other` is `one` with its `assert` statements rewritten by pytest, which keeps everything else."""
    added = set(other.co_names) - set(one.co_names)
    return (
        any(name.startswith("@pytest") or name.startswith("@py_") for name in added)
        and one.co_varnames[: one.co_argcount + one.co_kwonlyargcount]
        == other.co_varnames[: other.co_argcount + other.co_kwonlyargcount]
        and set(one.co_names) - {"AssertionError"} <= set(other.co_names)
        and set(one.co_varnames) <= set(other.co_varnames)
        and one.co_freevars == other.co_freevars
    )


# ------------------------------------------------------------------------------------------------------------ wording


def _describe(code: CodeType) -> str:
    return "a lambda" if code.co_name == "<lambda>" else f"function {code.co_qualname!r}"


def _why_missing(filename: str) -> str:
    if filename == "<stdin>":
        return "Python keeps what is typed at its prompt since version 3.13, and never what is piped into it"
    if filename.startswith("<frozen "):
        return "it is part of Python itself"
    if filename.startswith("<") and filename.endswith(">"):
        return f"it was made by exec, eval or python -c as {filename}"
    return f"there is no file {filename!r}"


def _advice(filename: str) -> str:
    if filename == "<stdin>":
        return "Put the function in a file, or use IPython, a notebook or the prompt of Python 3.13 or newer."
    if filename.startswith("<frozen "):
        return "Write the function out, or call it where no derivative is asked for."
    if filename.startswith("<"):
        return (
            "Register the text before calling exec: "
            "linecache.cache[name] = (len(text), None, text.splitlines(True), name), with compile(text, name, 'exec')."
        )
    return "Put the source where Python was told that it is."


def _definition_line(first: int, lines: tuple[str, ...]) -> int:
    """The line of a `def` whose decorators begin at line `first`."""
    if not "".join(lines[first - 1 : first]).lstrip().startswith("@"):
        return first
    below = enumerate(lines[first:], first + 1)
    return next((line for line, text in below if text.lstrip().startswith(("def ", "async def "))), first)


def _line_origin(code: CodeType, lines: tuple[str, ...]) -> Origin:
    line = _definition_line(code.co_firstlineno, lines)
    text = lines[line - 1].rstrip("\n") if 0 < line <= len(lines) else ""
    indent = len(text) - len(text.lstrip())
    return Origin(code.co_filename, line, indent, line, len(text), text.strip())
