"""Imports inside functions: what they bind is known when the function is lowered."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

from transforms import core
from transforms.canonical.builder import Known, Node, get
from transforms.canonical.environment import attribute
from transforms.canonical.patterns import Patterns
from transforms.canonical.scopes import bound_here
from transforms.core import Const, Ref


def _import_submodule(package: str, name: str) -> None:
    try:
        importlib.import_module(f"{package}.{name}")
    except ImportError:
        raise ImportError(f"cannot import name {name!r} from {package!r}") from None


class Imports(Patterns):
    """Lowers import statements.  A name that only one import binds stands for the module or object itself."""

    def imported(self, node: Node) -> Iterator[tuple[str, Ref, str | None]]:
        """The names that an import binds: (name, module, attribute of it or None)."""
        if hasattr(node, "module"):
            package = getattr(self.environment, "package", None) if node.level else None
            if node.level and not package:
                self.refuse(node, "a relative import inside a function is not supported", "Import it at module level.")
            module = importlib.import_module("." * node.level + (node.module or ""), package)
            for alias in node.names:
                if not hasattr(module, alias.name):
                    _import_submodule(module.__name__, alias.name)
                yield alias.asname or alias.name, Ref(module, module.__name__), alias.name
            return
        for alias in node.names:
            module = importlib.import_module(alias.name)
            if alias.asname:
                yield alias.asname, Ref(module, alias.asname), None
            else:
                top = alias.name.split(".")[0]
                yield top, Ref(importlib.import_module(top), top), None

    def declare_imports(self, nodes: list[Node], bindings: dict[str, int]) -> None:
        """Find out what the function's imports bind, before its body is lowered."""
        for node in nodes:
            try:
                found = list(self.imported(node))
            except ImportError:
                continue  # raised where the statement stands
            for name, module, item in found:
                meaning: Any = module if item is None else attribute(module, item)
                if meaning is not None and bindings.get(name) == 1:
                    self.storage[name] = Known(meaning)

    def do_Import(self, node: Node, tail: Any) -> None:
        try:
            found = list(self.imported(node))
        except ImportError as error:
            kind = type(error)
            exception = self.do(kind, Const(str(error)), name=kind.__name__)
            self.emit(core.Raise(exception, None, self.origin))
            for name in bound_here(node):
                self.write(name, Const(None))  # never reached; what reads the name is still a program
            return
        for name, module, item in found:
            if not isinstance(self.storage.get(name), Known):
                self.write(name, module if item is None else get(module, item))

    do_ImportFrom = do_Import
