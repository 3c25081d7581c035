"""Shapes and joining: which results are views, and methods that stand for functions."""

from __future__ import annotations

import numpy as np

import transforms.rules  # noqa: F401  (registers all of them)
from transforms.registry import lookup, method_function, primitives

SUBJECTS = ("shapes", "joining")
ENTRIES = [entry for entry in primitives() if entry.subject in SUBJECTS and entry.samples]


def test_views_are_declared() -> None:
    """Whatever may share memory with its argument says so."""
    for entry in ENTRIES:
        for args, kwargs in entry.samples():  # type: ignore[misc]
            if args and isinstance(args[0], np.ndarray):
                results = entry.functions[0](*args, **kwargs)
                for result in results if isinstance(results, (tuple, list)) else (results,):
                    if isinstance(result, np.ndarray) and np.shares_memory(args[0], result):
                        assert entry.views, entry.name


def test_methods_stand_for_functions() -> None:
    x = np.arange(6.0).reshape(2, 3)
    assert method_function("reshape")(x, 3, 2).shape == x.reshape(3, 2).shape
    assert method_function("transpose")(x, 1, 0).shape == x.transpose(1, 0).shape
    for name in ("ravel", "flatten", "T", "squeeze", "diagonal", "trace", "ndim", "shape", "size"):
        attribute = getattr(x, name)
        expected = attribute() if callable(attribute) else attribute
        np.testing.assert_array_equal(method_function(name)(x), expected)
    assert lookup(np.shape).is_constant  # type: ignore[union-attr]
