"""Every sample of every rule for arrays and containers against central differences, one rule at a time."""

from __future__ import annotations

import pytest

import transforms.rules  # noqa: F401  (registers all of them)
from tests.transforms.rules.direct import check_rule
from transforms.registry import Primitive, primitives

ARRAYS = ("indexing", "joining", "linear_algebra", "products", "shapes")
SAMPLED = [entry for entry in primitives() if entry.subject in (*ARRAYS, "containers") and entry.samples]


@pytest.mark.parametrize("entry", SAMPLED, ids=lambda entry: entry.name)
def test_rule(entry: Primitive) -> None:
    assert entry.samples is not None
    for args, kwargs in entry.samples():
        check_rule(entry, args, kwargs)


def test_every_rule_of_arrays_has_samples() -> None:
    assert [e.name for e in primitives() if e.subject in ARRAYS and e.adjoint and not e.samples] == []
