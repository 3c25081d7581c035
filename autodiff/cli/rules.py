"""`autodiff rules`: what is supported, as a table read off the registry of primitives, for a terminal or for the
documentation (`docs/rules.md` is made by this)."""

from __future__ import annotations

import inspect
from collections.abc import Iterable

from transforms import registry
from transforms.registry import Primitive

HEADER = ("function", "reverse", "forward", "notes")


def reverse_of(entry: Primitive) -> str:
    """How a primitive behaves in reverse mode, in a word or two."""
    if entry.refusal:
        return "refused"
    if entry.is_constant:
        return "zero"
    if entry.adjoint is None:
        return "-"
    total = list(entry.signature.parameters) if entry.signature else []
    return "yes" if not total or tuple(total) == entry.wrt else "in " + ", ".join(entry.wrt)


def forward_of(entry: Primitive) -> str:
    """The same for forward mode: what the rule would be made from."""
    if entry.refusal:
        return "refused"
    if entry.is_constant:
        return "zero"
    if entry.linear:
        return "linear"
    return "yes" if entry.tangent is not None or (entry.is_elementwise and entry.adjoint is not None) else "-"


def names_of(entry: Primitive) -> str:
    """All public names of a primitive's functions, the one it is listed under first."""
    names = dict.fromkeys([entry.name, *(registry.function_name(function) for function in entry.functions)])
    return ", ".join(names)


def notes_of(entry: Primitive) -> str:
    parts = [entry.refusal or entry.notes]
    if entry.mutates:
        parts.append("changes " + ", ".join(entry.mutates))
    if entry.views:
        parts.append("may share memory with " + ", ".join(entry.views))
    return "; ".join(part for part in parts if part)


def rows(entries: Iterable[Primitive]) -> list[tuple[str, str, str, str]]:
    return [(names_of(entry), reverse_of(entry), forward_of(entry), notes_of(entry)) for entry in entries]


def selected(pattern: str | None) -> tuple[Primitive, ...]:
    """The primitives whose names contain `pattern`, sorted by subject and name."""
    entries = sorted(registry.primitives(), key=lambda entry: (entry.subject, entry.name))
    return tuple(entry for entry in entries if pattern is None or pattern in names_of(entry))


def as_text(entries: Iterable[Primitive]) -> str:
    table = [HEADER, *rows(entries)]
    widths = [min(44, max(len(row[column]) for row in table)) for column in range(3)]
    lines = ["  ".join([*(cell.ljust(width) for cell, width in zip(row, widths)), row[3]]).rstrip() for row in table]
    return "\n".join(lines) + "\n"


def as_markdown(entries: Iterable[Primitive]) -> str:
    """The page of the documentation: one table for each rule file."""
    subjects: dict[str, list[Primitive]] = {}
    for entry in entries:
        subjects.setdefault(entry.subject or "other", []).append(entry)
    lines = ["# Supported functions", "", _INTRODUCTION]
    for subject, members in subjects.items():
        lines += ["", f"## {subject.replace('_', ' ').capitalize()}", ""]
        lines += ["| " + " | ".join(HEADER) + " |", "|---|---|---|---|"]
        for function, *cells in rows(members):
            quoted = ", ".join(f"`{name}`" for name in function.split(", "))
            lines.append("| " + " | ".join([quoted, *(cell.replace("|", "\\|") for cell in cells)]) + " |")
    return "\n".join(lines) + "\n"


_INTRODUCTION = """\
Made by `make docs` from the registry of primitives (`transforms/registry.py`, `transforms/rules/`); do not edit.

*reverse*: `yes`, or the arguments that have a derivative; `zero`: a function whose derivative is zero or that returns
no floating-point number; `refused`: asking for its derivative is an error that says why; `-`: may be called where no
derivative passes through.  *forward*: the registry holds a tangent rule, or one that is derived."""


def template_source(entry: Primitive) -> str:
    """The reverse-mode rule of a primitive as it stands in its rule file."""
    try:
        return inspect.getsource(entry.adjoint) if entry.adjoint is not None else ""
    except OSError:
        return ""
