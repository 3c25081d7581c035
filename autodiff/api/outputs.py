"""What a program returns besides its gradients, as the plain program returns it.

Generated code has classes of its own for some of Python's (`transforms.library`); the caller gets Python's.
"""

from __future__ import annotations

from typing import Any

from autodiff import trees
from transforms import core, library, presentation
from transforms.errors import DerivativeUndefined

CLASSES = (
    library.Deque,
    library.DefaultDict,
    library.Counter,
    library.Flat,
    library.Namespace,
    library.Iterator,
    library.Cycle,
    library.Repeat,
)


def has_own_classes(program: core.Function) -> bool:
    """Whether a program makes objects of the library's classes."""
    return any(
        thing is kind
        for function in presentation.reachable(program)
        for thing in presentation.references_in(function.body)
        for kind in CLASSES
    )


def given_back(value: Any) -> Any:
    """The value with Python's objects in place of the library's; lists and dicts are changed in place."""
    if isinstance(value, CLASSES):
        value = library.as_python(value)
    if isinstance(value, list):
        value[:] = map(given_back, value)
    elif isinstance(value, dict):
        for key, item in value.items():
            value[key] = given_back(item)
    elif isinstance(value, tuple) or trees.is_record(value):
        items = [item for _, item in trees.children(value)]
        made = list(map(given_back, items))
        if any(new is not old for new, old in zip(made, items)):
            return trees.rebuild(value, made)
    return value


def refuse_own_classes(value: Any, name: str) -> None:
    """Refuse an output that is differentiated and holds an object that is no container of numbers."""
    for path, leaf in trees.leaves(value):
        if isinstance(leaf, CLASSES):
            kind = type(library.as_python(leaf)).__name__
            raise DerivativeUndefined(
                f"the output of {name} is not numeric: it returns a {kind}" + (f" at {path}" if path else ""),
                "Return a list, or a dict, of what it holds.",
            )
        if hasattr(leaf, "__dict__") and not callable(leaf):
            raise DerivativeUndefined(
                f"the output of {name} is not numeric: it returns a {type(leaf).__name__}, which is no data class"
                + (f", at {path}" if path else ""),
                "Return the numbers that it holds.",
            )
