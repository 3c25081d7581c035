"""Calls of functions that only the run time knows."""

from __future__ import annotations

from typing import Any

dispatcher: Any = None  # set by the user-side package: transforms a function that only the run time knows


def call_augmented(function: Any, *arguments: Any) -> tuple:
    """(value, pullback) of a call whose function is known only now; the pullback gives one cotangent per argument."""
    if dispatcher is None:
        raise RuntimeError("a function value cannot be differentiated here: the compiler is not loaded")
    return dispatcher(function, *arguments)
