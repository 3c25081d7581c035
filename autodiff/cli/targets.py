"""What the command line is pointed at: turns `file.py:function` or `package.module:function` into the function,
`--args` into example arguments and `--types` into stand-ins of those types.  Whatever is wrong with them is a
`UsageError` that says what."""

from __future__ import annotations

import ast
import difflib
import importlib
import importlib.util
import math
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from autodiff.cli.messages import describe


class UsageError(Exception):
    """The command line cannot be understood or what it names does not exist; exit status 2."""


Arguments = tuple[tuple[Any, ...], dict[str, Any]]


def load_target(target: str) -> Callable[..., Any]:
    """The function that `file.py:function` or `package.module:function` names (`Class.method` works too)."""
    place, colon, name = target.rpartition(":")
    if not colon or not place or not name:
        raise UsageError(
            f"{target!r} is not of the form file.py:function or package.module:function{_functions_in(target)}"
        )
    found: Any = _import_file(Path(place)) if place.endswith(".py") else _import_module(place)
    for part in name.split("."):
        found = _attribute(found, part, place)
    if not callable(found):
        raise UsageError(f"{target}: {name} is not a function but {type(found).__name__}")
    return found


def _functions_in(target: str) -> str:
    """What a file that was named without a function has to offer."""
    path = Path(target.rstrip(":"))
    if path.suffix != ".py" or not path.is_file():
        return ""
    try:
        names = [node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)]
    except (SyntaxError, ValueError, OSError):
        return ""
    return f"; {path} has {', '.join(names)}" if names else f"; {path} has no function"


def _attribute(owner: Any, name: str, place: str) -> Any:
    try:
        return getattr(owner, name)
    except AttributeError:
        near = difflib.get_close_matches(name, [n for n in dir(owner) if _is_function(owner, n)], n=3)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise UsageError(f"{place} has no function {name!r}{hint}") from None


def _is_function(owner: Any, name: str) -> bool:
    return not name.startswith("__") and callable(getattr(owner, name, None))


def _import_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise UsageError(f"no such file: {path}")
    path = path.resolve()
    name = path.stem if path.stem not in sys.modules else f"{path.stem}_file"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and pickle look the module up by its name
    sys.path.insert(0, str(path.parent))  # as Python does for a script
    return _run(str(path), lambda: (spec.loader.exec_module(module), module)[1])  # type: ignore[union-attr]


def _import_module(name: str) -> ModuleType:
    sys.path.insert(0, "")  # as `python -m` does
    return _run(name, lambda: importlib.import_module(name))


def _run(what: str, action: Callable[[], ModuleType]) -> ModuleType:
    try:
        return action()
    except (Exception, SystemExit) as error:  # anything may go wrong in the user's code
        raise UsageError(f"cannot import {what}: {describe(error)}") from error


def evaluate_arguments(text: str, function: Callable[..., Any]) -> Arguments:
    """The arguments that `text` writes as in a call, `np.ones(3), scale=2.0`; names of the function's module count."""
    module = sys.modules.get(_module_of(function))
    namespace = dict(vars(module)) if module is not None else {}
    namespace |= {"np": np, "numpy": np, "math": math, "_arguments": lambda *args, **kwargs: (args, kwargs)}
    try:
        return eval(compile(f"_arguments({text}\n)", "<--args>", "eval"), namespace)
    except Exception as error:
        raise UsageError(f"--args {text!r}: {type(error).__name__}: {error}") from error


def _module_of(function: Any) -> str:
    """The name of the module that a function was written in, also one that is bound, wrapped or called as an object."""
    while True:
        inner = getattr(function, "__wrapped__", None) or getattr(function, "func", None)
        if inner is None:
            return getattr(function, "__module__", None) or type(function).__module__
        function = inner


def arguments_of_types(text: str) -> Arguments:
    """Stand-ins for `f8[3,1], float`: an array type is a dtype and its dimensions, where a name is a dimension that
    equals only those of the same name and a number a length (1 counts as known); containers are written as such.

    >>> arguments_of_types("f8[n,1], (float, [i4])")[0]
    (array([[1.],
           [1.]]), (1.0, [np.int32(1)]))
    """
    try:
        tree = ast.parse(f"({text},)" if text.strip() else "()", mode="eval").body
    except SyntaxError as error:
        raise UsageError(f"--types {text!r}: {error.msg}") from error
    assert isinstance(tree, ast.Tuple)
    sizes: dict[str, int] = {}
    return tuple(_of_type(item, sizes) for item in tree.elts), {}


_PYTHON_TYPES = {"float": 1.0, "int": 1, "bool": True, "complex": 1.0 + 0.0j, "str": "", "None": None}


def _of_type(tree: ast.expr, sizes: dict[str, int]) -> Any:
    match tree:
        case ast.Tuple():
            return tuple(_of_type(item, sizes) for item in tree.elts)
        case ast.List():
            return [_of_type(item, sizes) for item in tree.elts]
        case ast.Dict(keys=keys, values=values) if all(isinstance(key, ast.Constant) for key in keys):
            return {key.value: _of_type(item, sizes) for key, item in zip(keys, values)}  # type: ignore[union-attr]
        case ast.Constant(value=None):
            return None
        case ast.Name(id=name) if name in _PYTHON_TYPES:
            return _PYTHON_TYPES[name]
        case ast.Name(id=name):
            return _dtype(name).type(1)
        case ast.Subscript(value=ast.Name(id=name), slice=dimensions):
            items = dimensions.elts if isinstance(dimensions, ast.Tuple) else [dimensions]
            return np.ones(tuple(_length(item, sizes) for item in items), _dtype(name))
    raise UsageError(f"--types: {ast.unparse(tree)!r} is not a type such as float, f8[3,1] or (float, f4[n])")


def _dtype(name: str) -> np.dtype:
    try:
        return np.dtype(name)
    except TypeError:
        raise UsageError(f"--types: {name!r} is not a dtype") from None


def _length(tree: ast.expr, sizes: dict[str, int]) -> int:
    match tree:
        case ast.Constant(value=int(length)) if length >= 0:
            return length
        case ast.Name(id=name):
            return sizes.setdefault(name, len(sizes) + 2)
    raise UsageError(f"--types: {ast.unparse(tree)!r} is not a dimension: write a number or a name")
