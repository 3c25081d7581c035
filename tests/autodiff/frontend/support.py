"""Helpers of the tests of the frontend."""

from __future__ import annotations

import itertools
from typing import Any

from autodiff.frontend.resolve import programs_of
from tests.corpus.reference import put_on_record
from transforms import core

_numbers = itertools.count()


def load(text: str, filename: str | None = None, **names: Any) -> dict[str, Any]:
    """What a text defines, its source on record."""
    filename = filename or f"<loaded {next(_numbers)}>"
    put_on_record(text, filename)
    exec(compile(text, filename, "exec"), names)
    return names


def references(function: core.Function) -> list[Any]:
    """The objects that a program and its inner functions refer to."""
    return [
        atom.value
        for program in programs_of(function)
        for statement in core.walk(program.body)
        for atom in core.atoms_of(statement)
        if isinstance(atom, core.Ref)
    ]
