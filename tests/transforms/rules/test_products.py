"""Products: every sample of every rule against central differences."""

from __future__ import annotations

from typing import Any

import pytest

import transforms.rules  # noqa: F401  (registers all of them)
from tests.transforms.rules.direct import check_rule
from transforms.registry import primitives

SUBJECTS = ("products", "linear_algebra")
ENTRIES = [entry for entry in primitives() if entry.subject in SUBJECTS and entry.samples]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_rule(entry: Any) -> None:
    for args, kwargs in entry.samples():
        check_rule(entry, args, kwargs)


def test_every_rule_has_samples() -> None:
    assert [e.name for e in primitives() if e.subject in SUBJECTS and e.adjoint and not e.samples] == []
