"""What is recorded where something may fail."""

from __future__ import annotations

import math

import autodiff as ad
from tests.corpus.attempts import recorded_before_failing


def steady(x):
    total = 1.0
    for _ in range(4):
        y = total * x
        total = math.exp(y) + math.log(x)
    return total


def places(source: str, *parts: str) -> list[int]:
    code = "\n".join(line for line in source.splitlines() if not line.strip().startswith("#"))
    return [code.index(part) for part in parts]


def test_records_stand_after_what_may_be_caught():
    failed, recorded = places(ad.grad(recorded_before_failing).source_for(0.9), "math.log(", "tape.append(")
    assert failed < recorded


def test_records_stand_before_what_leaves_the_function():
    recorded, failed = places(ad.grad(steady).source_for(0.9), "tape.append(", "math.log(")
    assert recorded < failed
