"""The printer: a core program becomes Python source that reads as if written by hand.

In comes a `core.Function`, as the transforms leave it or in the nested form that `passes.nest` makes (operands may be
expressions, statements may be those of `transforms.presentation`). Out comes a `Printed`: one module's source with
the function and every `core.Function` that it calls, the objects that its names stand for, the imports that make it
readable, and the origin of each line. Core becomes a gast tree (`notation`), the tree becomes text by way of astunparse
with minimal parentheses, valid subscripts and comments (`unparse`), and the objects that the program refers to get
names that never collide with a local one (`naming`)."""

from __future__ import annotations

from dataclasses import dataclass

from transforms.core import Block, Function, Origin, blocks_of
from transforms.presentation import reachable, references_in, targets_of
from transforms.printer.naming import Namer, Policy
from transforms.printer.notation import Notation
from transforms.printer.unparse import Line, unparse


@dataclass(frozen=True)
class Printed:
    """A printed program: what a backend compiles and what `dump` shows."""

    source: str
    namespace: dict[str, object]  # the names that the source refers to beyond builtins, and their objects
    imports: tuple[str, ...]  # the lines that would bind those of them that can be imported
    lines: dict[int, Origin]  # line of `source`, from 1 -> where it came from
    name: str  # the function to fetch


def print_module(function: Function, *, quote: bool = False) -> Printed:
    """Print a function and all core functions that it refers to, callees first.

    `quote` puts a comment with the user's line above the first of the statements that came from it.
    """
    return _print(function, quote, Policy.LIVE)[0]


def print_function(function: Function, *, quote: bool = False) -> str:
    """The module's source alone; for tests and docstrings."""
    return print_module(function, quote=quote).source


def standalone(function: Function, *, quote: bool = False) -> str:
    """A module that needs nothing but NumPy: the helpers of the run time that the program uses are copied in.

    Raises `TransformError` when the program refers to a live object that cannot be written down.
    """
    printed, namer = _print(function, quote, Policy.STANDALONE)
    parts = ["\n".join(printed.imports), *namer.copied_sources(), printed.source.strip("\n")]
    for lines in (namer.aliases(), namer.data()):
        if lines:
            parts.insert(-1, "\n".join(lines))
    return "\n\n\n".join(part for part in parts if part) + "\n"


def _print(function: Function, quote: bool, policy: Policy) -> tuple[Printed, Namer]:
    functions = reachable(function)
    taken: set[str] = set()
    for each in functions:
        taken.update(local_names(each))
    namer = Namer(taken, policy)
    referred = {id(value) for each in functions for value in references_in(each.body) if isinstance(value, Function)}
    namer.reserve(functions)
    for each in functions:
        # A local may hide the name of a function that nobody refers to.
        namer.name_function(each, hidden_by_locals=id(each) in referred or each is not function)
    notation = Notation(namer)
    tree = notation.module(functions)
    lines = unparse(tree)
    if quote:
        lines = _quoted(lines)
    source = "\n".join(line.text for line in lines).strip("\n") + "\n"
    skipped = next((i for i, line in enumerate(lines) if line.text), 0)
    origins = {i + 1 - skipped: line.origin for i, line in enumerate(lines) if line.origin and line.text}
    name = namer.function_name(function)
    return Printed(source, namer.namespace, namer.import_lines(), origins, name), namer


def _quoted(lines: list[Line]) -> list[Line]:
    """The lines with the user's line as a comment above the first of those that came from it."""
    result: list[Line] = []
    last: tuple[str, int] | None = None
    for line in lines:
        origin = line.origin
        if origin is not None and _is_quotable(line.text, origin) and (origin.filename, origin.line) != last:
            last = (origin.filename, origin.line)
            if line.text.strip() != origin.text.strip():
                indent = line.text[: len(line.text) - len(line.text.lstrip())]
                result.append(Line(f"{indent}# {origin.text.strip()}", origin))
        result.append(line)
    return result


def _is_quotable(text: str, origin: Origin) -> bool:
    """Whether the user's line is worth showing above this one: the head of a loop only above the head of a loop."""
    if not origin.text or text.lstrip().startswith("def "):
        return False
    return text.endswith(":") or not origin.text.rstrip().endswith(":")


def local_names(function: Function) -> set[str]:
    """Every local name of a function, in core or in nested form."""
    names = set(function.parameters)

    def visit(block: Block) -> None:
        for statement in block:
            names.update(targets_of(statement))
            for inner in blocks_of(statement):
                visit(inner)

    visit(function.body)
    return names
