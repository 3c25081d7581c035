"""`autodiff rules`: what is supported, as a table read off the registry of primitives, for a terminal or for the
documentation (`docs/rules.md` is made by this)."""

from __future__ import annotations

import contextlib
import importlib
import inspect
from collections.abc import Iterable
from typing import Any

from transforms import registry
from transforms.registry import Primitive
from transforms.rules import optional

HEADER = ("function", "reverse", "forward", "vmap", "notes")


def reverse_of(entry: Primitive) -> str:
    """How a primitive behaves in reverse mode, in a word or two."""
    if entry.refusal:
        return "refused"
    if entry.is_constant:
        return "zero"
    if entry.adjoint is None:
        return "-"
    parameters = entry.signature.parameters.values() if entry.signature else ()
    required = {p.name for p in parameters if p.default is inspect.Parameter.empty}
    return "yes" if required <= set(entry.wrt) else "in " + ", ".join(entry.wrt)


def forward_of(entry: Primitive) -> str:
    """The same for forward mode."""
    if entry.refusal:
        return "refused"
    if entry.is_constant:
        return "zero"
    if entry.linear:
        return "linear"
    if entry.multilinear:
        return "multilinear"
    return reverse_of(entry) if entry.forward_rule(()) is not None and entry.adjoint is not None else "-"


def vmap_of(entry: Primitive) -> str:
    """How a batch of samples is computed."""
    if entry.refusal:
        return "refused"
    if entry.batching or entry.native or entry.axes or entry.is_shared:
        return "yes"
    if entry.by_sample:
        return "loop"
    return "yes" if entry.is_elementwise or entry.by_element else "-"


def names_of(entry: Primitive) -> str:
    """All public names of a primitive's functions, the one it is listed under first."""
    return ", ".join(dict.fromkeys(map(_name, entry.functions)))


def _name(function: Any) -> str:
    owner = getattr(function, "__objclass__", None)  # of a method, such as ndarray.fill
    name = f"{owner.__name__}.{function.__name__}" if owner else registry.function_name(function)
    return ".".join(part for part in name.split(".") if not part.startswith("_"))  # not the module it is hidden in


def notes_of(entry: Primitive) -> str:
    parts = [entry.refusal or entry.notes]
    if entry.mutates:
        parts.append("changes " + ", ".join(entry.mutates))
    if entry.views:
        parts.append("may share memory with " + ", ".join(entry.views))
    return "; ".join(part for part in parts if part)


def rows(entries: Iterable[Primitive]) -> list[tuple[str, ...]]:
    return [
        (names_of(entry), reverse_of(entry), forward_of(entry), vmap_of(entry), notes_of(entry)) for entry in entries
    ]


def is_public(entry: Primitive) -> bool:
    """Whether users may meet it; the helpers of generated code are primitives too."""
    name = names_of(entry)
    if entry.adjoint is None and name.startswith("ndarray."):
        return registry.method_function(name.removeprefix("ndarray.")) is None  # else it stands for a function
    return not entry.name.startswith("transforms.")


def selected(pattern: str | None) -> tuple[Primitive, ...]:
    """The primitives whose names contain `pattern`, in the order of the rule files, then by name."""
    with contextlib.suppress(ImportError):
        importlib.import_module("scipy.special")  # its rules are there if it is
    optional.load_if_imported()
    entries = sorted(filter(is_public, registry.primitives()), key=lambda entry: (subject_of(entry), names_of(entry)))
    return tuple(entry for entry in entries if pattern is None or pattern in names_of(entry))


def subject_of(entry: Primitive) -> str:
    """The heading that a primitive stands under: its rule file, or what is said of those that have no rule."""
    if entry.refusal:
        return "refused"
    if entry.is_constant:
        return "zero"
    return "none" if entry.adjoint is None else entry.subject or "other"


def as_text(entries: Iterable[Primitive]) -> str:
    """A table for a terminal."""
    table = [HEADER, *rows(entries)]
    widths = [min(44, max(len(row[column]) for row in table)) for column in range(4)]
    lines = ["  ".join([*(cell.ljust(width) for cell, width in zip(row, widths)), row[4]]).rstrip() for row in table]
    return "\n".join(lines) + "\n"


def as_markdown(entries: Iterable[Primitive]) -> str:
    """The page of the documentation: a table for each rule file, and a list of what has no derivative."""
    subjects: dict[str, list[Primitive]] = {}
    for entry in entries:
        subjects.setdefault(subject_of(entry), []).append(entry)
    lists = {"Zero derivative": subjects.pop("zero", []), "No rule yet": subjects.pop("none", [])}
    lines = ["# Supported functions", "", _INTRODUCTION.rstrip()]
    for subject, members in subjects.items():
        lines += ["", f"## {subject.replace('_', ' ').capitalize()}", ""]
        lines += ["| " + " | ".join(HEADER) + " |", "|---|---|---|---|---|"]
        for function, *cells in rows(members):
            lines.append("| " + " | ".join([_code(function), *(cell.replace("|", "\\|") for cell in cells)]) + " |")
    for title, members in lists.items():
        if members:
            lines += ["", f"## {title}", "", ", ".join(_code(names_of(entry)) for entry in members) + "."]
    return "\n".join(lines) + "\n"


def _code(names: str) -> str:
    return ", ".join(f"`{name}`" for name in names.split(", "))


_INTRODUCTION = """\
Made by `make docs` from the registry of primitives (`transforms/registry.py`, `transforms/rules/`); do not edit.

*reverse*: `yes`, or the arguments that have a derivative; `refused`: asking for its derivative is an error that says
why.  What has no rule may be called where no derivative passes through.  *forward*: `yes`, or the arguments that have
a derivative; `linear`: the tangent of the result is the function of the tangents; `multilinear`: the sum of such calls,
one for each argument.  *vmap*: `yes`, or `loop`: a batch is a Python loop over its samples.  Operators and the methods
of arrays stand for the functions of the same name; those of `scipy.special` are known once a program has imported it.
"""


def template_source(entry: Primitive) -> str:
    """The reverse-mode rule of a primitive as it stands in its rule file."""
    try:
        return inspect.getsource(entry.adjoint) if entry.adjoint is not None else ""
    except OSError:
        return ""
