"""Classes defined inside of functions, made once where that is the same as at each call.

A class statement comes in, as the code object of its body; the class comes out, made in the globals of the function.
That is the same class as at any call if its body consists of functions and constants, none of which captures variables
of the function, and if nothing is assigned to its attributes (which is refused where it is seen).
"""

from __future__ import annotations

import builtins
from types import CellType, CodeType, FunctionType
from typing import Any

import gast

from transforms.canonical.environment import local_classes

Node = Any


def body_of(code: CodeType, name: str, line: int) -> CodeType | None:
    """The code of the body of a class, out of that of the function around it."""
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            if constant.co_name == name and constant.co_firstlineno == line:
                return constant
            found = body_of(constant, name, line)
            if found is not None:
                return found
    return None


def made(node: Node, function: FunctionType) -> type:
    """The class that a statement in a function makes.

    Raises: LookupError, with the reason, where it may be another one at each call.
    """
    line = min([node.lineno, *(part.lineno for part in node.decorator_list)])
    code = body_of(function.__code__, node.name, line)
    if code is None:
        raise LookupError("it is not found in the code of the function")
    captured = [name for name in code.co_freevars if name != node.name]
    if captured:
        raise LookupError(f"it uses {captured[0]!r}, a variable of the function")
    if node.keywords or not all(map(_is_plain, node.body)):
        raise LookupError("its body is more than methods and constants")
    names = function.__globals__
    try:
        bases = [_value(base, names) for base in node.bases]
        decorators = [_value(part, names) for part in node.decorator_list]
        itself = tuple(CellType() for _ in code.co_freevars)
        kind = builtins.__build_class__(FunctionType(code, names, closure=itself), node.name, *bases)
        for decorator in reversed(decorators):
            kind = decorator(kind)
        for cell in itself:
            cell.cell_contents = kind
    except Exception as error:
        raise LookupError(f"{type(error).__name__} when it is made: {error}") from None
    local_classes.add(kind)
    return kind


def _is_plain(statement: Node) -> bool:
    """Whether a statement of a class body does the same at any time."""
    match statement:
        case gast.FunctionDef():
            arguments = statement.args
            defaults = [*arguments.defaults, *(item for item in arguments.kw_defaults if item is not None)]
            return all(map(_is_constant, defaults)) and all(map(_is_dotted, statement.decorator_list))
        case gast.Pass():
            return True
        case gast.Expr():
            return _is_constant(statement.value)
        case gast.Assign() | gast.AnnAssign():
            return statement.value is None or _is_constant(statement.value) or _is_field(statement.value)
    return False


def _is_constant(node: Node) -> bool:
    if isinstance(node, gast.UnaryOp):
        node = node.operand
    return isinstance(node, gast.Constant) or isinstance(node, gast.Tuple) and all(map(_is_constant, node.elts))


def _is_field(node: Node) -> bool:
    """Whether this is `field(default=..., default_factory=...)`."""
    if not isinstance(node, gast.Call) or node.args or not _is_dotted(node.func):
        return False
    values = [keyword.value for keyword in node.keywords]
    return _last_name(node.func) == "field" and all(_is_constant(value) or _is_dotted(value) for value in values)


def _is_dotted(node: Node) -> bool:
    while isinstance(node, gast.Attribute):
        node = node.value
    return isinstance(node, gast.Name)


def _last_name(node: Node) -> str:
    return node.attr if isinstance(node, gast.Attribute) else node.id


def _value(node: Node, names: dict[str, Any]) -> Any:
    """What a base class or decorator is."""
    match node:
        case gast.Name():
            return names[node.id] if node.id in names else getattr(builtins, node.id)
        case gast.Attribute():
            return getattr(_value(node.value, names), node.attr)
        case gast.Constant():
            return node.value
        case gast.Call() if not node.args and all(keyword.arg for keyword in node.keywords):
            return _value(node.func, names)(**{k.arg: _value(k.value, names) for k in node.keywords})
    raise LookupError("a base class or decorator is computed")
