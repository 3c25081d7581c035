"""From a gast tree to text: astunparse's `Unparser` with minimal parentheses, valid subscripts, comments and a line
map.

A statement node may carry `origin` (where it came from) and `comment` (printed above it).  Out come `Line`s.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import gast
from astunparse.unparser import Unparser

from transforms.core import Origin


@dataclass(frozen=True, slots=True)
class Line:
    """One line of output and where it came from."""

    text: str
    origin: Origin | None = None


class Level(IntEnum):
    """How tightly an expression binds, loosest first."""

    TUPLE = 0
    TEST = 1  # conditional expression, lambda
    OR = 2
    AND = 3
    NOT = 4
    COMPARE = 5
    BIT_OR = 6
    BIT_XOR = 7
    BIT_AND = 8
    SHIFT = 9
    SUM = 10
    TERM = 11
    UNARY = 12
    POWER = 13
    ATOM = 14


BINARY: dict[str, tuple[str, Level]] = {
    "Add": ("+", Level.SUM),
    "Sub": ("-", Level.SUM),
    "Mult": ("*", Level.TERM),
    "Div": ("/", Level.TERM),
    "FloorDiv": ("//", Level.TERM),
    "Mod": ("%", Level.TERM),
    "MatMult": ("@", Level.TERM),
    "LShift": ("<<", Level.SHIFT),
    "RShift": (">>", Level.SHIFT),
    "BitAnd": ("&", Level.BIT_AND),
    "BitXor": ("^", Level.BIT_XOR),
    "BitOr": ("|", Level.BIT_OR),
    "Pow": ("**", Level.POWER),
}


def level_of(node: Any) -> Level:
    """How tightly the text of an expression binds."""
    match type(node).__name__:
        case "BinOp":
            return BINARY[type(node.op).__name__][1]
        case "UnaryOp":
            return Level.NOT if type(node.op).__name__ == "Not" else Level.UNARY
        case "Compare":
            return Level.COMPARE
        case "BoolOp":
            return Level.OR if type(node.op).__name__ == "Or" else Level.AND
        case "IfExp" | "Lambda":
            return Level.TEST
        case "Tuple":
            return Level.TUPLE if node.elts else Level.ATOM
        case "Constant":
            return Level.UNARY if _is_negative(node.value) else Level.ATOM
    return Level.ATOM


def _is_negative(value: Any) -> bool:
    if isinstance(value, bool):
        return False
    if isinstance(value, (int, float)):
        return math.copysign(1.0, value) < 0 if isinstance(value, float) else value < 0
    return isinstance(value, complex) and value.real == 0 and not repr(value).startswith("(") and repr(value)[0] == "-"


def unparse(tree: Any) -> list[Line]:
    """The lines of a module."""
    printer = _Printer(tree)
    return printer.lines


class _Text:
    """The file that astunparse writes to: lines, each with the origin that was current when it began."""

    def __init__(self) -> None:
        self.parts: list[list[str]] = [[]]
        self.origins: list[Origin | None] = [None]
        self.origin: Origin | None = None

    def write(self, text: str) -> None:
        first, *rest = text.split("\n")
        self.parts[-1].append(first)
        for part in rest:
            self.parts.append([part])
            self.origins.append(self.origin)

    def flush(self) -> None:
        pass


class _Printer(Unparser):
    """Prints gast trees; see the module's docstring."""

    def __init__(self, tree: Any) -> None:
        self.text = _Text()
        super().__init__(tree, self.text)

    @property
    def lines(self) -> list[Line]:
        return [Line("".join(parts).rstrip(), origin) for parts, origin in zip(self.text.parts, self.text.origins)]

    # ------------------------------------------------------------------------------------------------ statements

    def dispatch(self, tree: Any) -> None:
        if isinstance(tree, list):
            for item in tree:
                self.text.origin = getattr(item, "origin", self.text.origin)
                for line in (getattr(item, "comment", None) or "").splitlines():
                    self.fill(f"# {line}".rstrip())
                self.dispatch(item)
            return
        getattr(self, "_" + type(tree).__name__)(tree)

    def _FunctionDef(self, node: Any) -> None:
        self.text.origin = None
        self.write("\n\n")
        self.text.origin = getattr(node, "origin", None)
        self.fill(f"def {node.name}(")
        self.dispatch(node.args)
        self.write(")")
        self.enter()
        if getattr(node, "doc", None):
            self.text.origin = None
            self._docstring(node.doc)
        self.dispatch(node.body)
        self.leave()

    def _docstring(self, doc: str) -> None:
        text = doc.strip().replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
        if text.endswith('"'):
            text = text[:-1] + '\\"'
        self.fill('"""')
        indent = "\n" + "    " * self._indent
        self.write(text.replace("\n", indent) + (indent if "\n" in text else "") + '"""')

    def _Assign(self, node: Any) -> None:
        self.fill()
        for target in node.targets:
            self._bare(target)
            self.write(" = ")
        # `a, b = x, y` when unpacking, `a = (x, y)` otherwise.
        if type(node.targets[0]).__name__ == "Tuple":
            self._bare(node.value)
        else:
            self.at(node.value, Level.TEST)

    def _Return(self, node: Any) -> None:
        self.fill("return ")
        if type(node.value).__name__ == "Tuple" and len(node.value.elts) > 1:
            self._bare(node.value)
        else:
            self.at(node.value, Level.TEST)

    def _bare(self, node: Any) -> None:
        """A tuple without its parentheses."""
        if type(node).__name__ == "Tuple" and node.elts:
            self._items(node.elts)
            self.write("," if len(node.elts) == 1 else "")
        else:
            self.at(node, Level.TEST)

    def _If(self, node: Any) -> None:
        self.fill("if ")
        while True:
            self.dispatch(node.test)
            self.enter()
            self.dispatch(node.body)
            self.leave()
            chained = len(node.orelse) == 1 and type(node.orelse[0]).__name__ == "If"
            if not chained or getattr(node.orelse[0], "comment", None):
                break
            node = node.orelse[0]
            self.text.origin = getattr(node, "origin", None)
            self.fill("elif ")
        if node.orelse:
            self.fill("else")
            self.enter()
            self.dispatch(node.orelse)
            self.leave()

    def _Try(self, node: Any) -> None:
        self.fill("try")
        self._suite(node.body)
        for handler in node.handlers:
            self.fill("except")
            if handler.type is not None:
                self.write(" ")
                self.at(handler.type, Level.TEST)
            if handler.name is not None:
                self.write(f" as {handler.name if isinstance(handler.name, str) else handler.name.id}")
            self._suite(handler.body)
        for keyword, block in (("else", node.orelse), ("finally", node.finalbody)):
            if block:
                self.fill(keyword)
                self._suite(block)

    def _suite(self, block: list[Any]) -> None:
        self.enter()
        self.dispatch(block)
        self.leave()

    # ----------------------------------------------------------------------------------------------- expressions

    def at(self, node: Any, level: Level) -> None:
        """The expression, in parentheses if it binds less tightly than `level`."""
        if type(node).__name__ == "Tuple" and node.elts:
            self.write("(")
            self._bare(node)
            self.write(")")
        elif level_of(node) < level:
            self.write("(")
            self.dispatch(node)
            self.write(")")
        else:
            self.dispatch(node)

    def _items(self, nodes: list[Any]) -> None:
        for position, item in enumerate(nodes):
            if position:
                self.write(", ")
            self.at(item, Level.TEST)

    def _Tuple(self, node: Any) -> None:
        self.write("(")
        if node.elts:
            self._bare(node)
        self.write(")")

    def _List(self, node: Any) -> None:
        self.write("[")
        self._items(node.elts)
        self.write("]")

    def _Set(self, node: Any) -> None:
        self.write("{")
        self._items(node.elts)
        self.write("}")

    def _Dict(self, node: Any) -> None:
        self.write("{")
        for position, (key, value) in enumerate(zip(node.keys, node.values)):
            if position:
                self.write(", ")
            self.at(key, Level.TEST)
            self.write(": ")
            self.at(value, Level.TEST)
        self.write("}")

    def _BinOp(self, node: Any) -> None:
        sign, level = BINARY[type(node.op).__name__]
        if level is Level.POWER:
            # `-x ** y` is `-(x ** y)`, and `x ** -y` needs no parentheses; `a ** b ** c` groups to the right.
            self.at(node.left, Level.ATOM)
            self.write(" ** ")
            self.at(node.right, Level.UNARY)
            return
        self.at(node.left, level)
        self.write(f" {sign} ")
        self.at(node.right, Level(level + 1))

    def _UnaryOp(self, node: Any) -> None:
        kind = type(node.op).__name__
        self.write({"Invert": "~", "Not": "not ", "UAdd": "+", "USub": "-"}[kind])
        operand = node.operand
        # `-1` would be read as a constant, `--x` is unreadable.
        is_number = type(operand).__name__ == "Constant" and isinstance(operand.value, (int, float, complex))
        if kind == "Not":
            self.at(operand, Level.NOT)
        elif is_number or type(operand).__name__ == "UnaryOp":
            self.write("(")
            self.dispatch(operand)
            self.write(")")
        else:
            self.at(operand, Level.UNARY)

    def _Compare(self, node: Any) -> None:
        self.at(node.left, Level.BIT_OR)
        for operation, operand in zip(node.ops, node.comparators):
            self.write(f" {self.cmpops[type(operation).__name__]} ")
            self.at(operand, Level.BIT_OR)

    def _BoolOp(self, node: Any) -> None:
        level = level_of(node)
        word = " or " if level is Level.OR else " and "
        for position, operand in enumerate(node.values):
            if position:
                self.write(word)
            self.at(operand, Level(level + 1))

    def _IfExp(self, node: Any) -> None:
        self.at(node.body, Level.OR)
        self.write(" if ")
        self.at(node.test, Level.OR)
        self.write(" else ")
        self.at(node.orelse, Level.TEST)

    def _Attribute(self, node: Any) -> None:
        value = node.value
        if type(value).__name__ == "Constant" and isinstance(value.value, (int, float, complex)):
            self.write("(")
            self.dispatch(value)
            self.write(")")
        else:
            self.at(value, Level.ATOM)
        self.write(f".{node.attr}")

    def _Call(self, node: Any) -> None:
        self.at(node.func, Level.ATOM)
        self.write("(")
        for position, item in enumerate([*node.args, *node.keywords]):
            if position:
                self.write(", ")
            if type(item).__name__ == "keyword":
                self.write("**" if item.arg is None else f"{item.arg}=")
                item = item.value
            elif type(item).__name__ == "Starred":
                self.write("*")
                item = item.value
                self.at(item, Level.BIT_OR)
                continue
            self.at(item, Level.TEST)
        self.write(")")

    def _Starred(self, node: Any) -> None:
        self.write("*")
        self.at(node.value, Level.BIT_OR)

    def _Subscript(self, node: Any) -> None:
        self.at(node.value, Level.ATOM)
        self.write("[")
        index = node.slice
        if type(index).__name__ == "Tuple" and index.elts:
            for position, item in enumerate(index.elts):
                if position:
                    self.write(", ")
                self._index(item)
            if len(index.elts) == 1:
                self.write(",")
        else:
            self._index(index)
        self.write("]")

    def _index(self, node: Any) -> None:
        if type(node).__name__ != "Slice":
            self.at(node, Level.TEST)
            return
        if node.lower is not None:
            self.at(node.lower, Level.TEST)
        self.write(":")
        if node.upper is not None:
            self.at(node.upper, Level.TEST)
        if node.step is not None:
            self.write(":")
            self.at(node.step, Level.TEST)

    def _Constant(self, node: Any) -> None:
        self.write("..." if node.value is Ellipsis else repr(node.value))

    def _JoinedStr(self, node: Any) -> None:
        """The parts were checked by `notation`: no field's text has a quote or a backslash in it."""
        self.write('f"')
        for part in node.values:
            self._fstring_part(part)
        self.write('"')

    def _fstring_part(self, part: Any) -> None:
        if type(part).__name__ == "Constant":
            text = repr(part.value)
            inside = text[1:-1]
            if text[0] == "'":
                inside = inside.replace("\\'", "'").replace('"', '\\"')
            self.write(inside.replace("{", "{{").replace("}", "}}"))
            return
        self.write("{")
        text = expression_text(part.value)
        self.write(" " + text if text.startswith("{") else text)
        if part.conversion != -1:
            self.write("!" + chr(part.conversion))
        if part.format_spec is not None:
            self.write(":")
            for inner in part.format_spec.values:
                self._fstring_part(inner)
        self.write("}")

    def _arguments(self, node: Any) -> None:
        """Parameters: positional-only, plain, star, keyword-only, double star; with defaults."""
        items: list[tuple[str, Any]] = []
        positional = [*node.posonlyargs, *node.args]
        defaults = [None] * (len(positional) - len(node.defaults)) + list(node.defaults)
        for position, (parameter, default) in enumerate(zip(positional, defaults), 1):
            items.append((parameter.id, default))
            if position == len(node.posonlyargs):
                items.append(("/", None))
        if node.vararg is not None:
            items.append((f"*{node.vararg.id}", None))
        elif node.kwonlyargs:
            items.append(("*", None))
        items += [(parameter.id, default) for parameter, default in zip(node.kwonlyargs, node.kw_defaults)]
        if node.kwarg is not None:
            items.append((f"**{node.kwarg.id}", None))
        for position, (name, default) in enumerate(items):
            self.write((", " if position else "") + name)
            if default is not None:
                self.write("=")
                self.at(default, Level.TEST)


def expression_text(node: Any) -> str:
    """The text of one expression."""
    text = "\n".join(line.text for line in unparse(gast.Expression(node))).strip()
    return f"({text})" if level_of(node) is Level.TUPLE and not text.startswith("(") else text
