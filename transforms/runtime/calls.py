"""Calls of functions that only the run time knows."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from transforms.runtime.refusal import DerivativeRefused

dispatcher: Any = None  # set by the user-side package: transforms a function that only the run time knows
dispatcher_again: Any = None  # the same for the pullback of such a function


class CallPullback:
    """The function from a cotangent of the value of a call to those of its arguments.

    Its own cotangent is a sequence of those of the arguments that the call was made with.
    """

    def __init__(self, function: Any, arguments: tuple, pull: Callable[[Any], tuple]) -> None:
        self.function, self.arguments, self.pull = function, arguments, pull

    def __call__(self, cotangent: Any) -> tuple:
        return self.pull(cotangent)


def call_augmented(function: Any, *arguments: Any) -> tuple:
    """(value, pullback) of a call whose function is known only now; the pullback gives one cotangent per argument."""
    if dispatcher is None:
        raise RuntimeError("a function value cannot be differentiated here: the compiler is not loaded")
    return dispatcher(function, *arguments)


def call_again(pullback: Any, cotangent: Any) -> tuple:
    """(value, pullback) of the call of a pullback, which depends on the arguments of its call too."""
    if not isinstance(pullback, CallPullback):
        raise DerivativeRefused(
            f"a {type(pullback).__name__} is called, and holds values that are differentiated: give example arguments, "
            "so that its class is known"
        )
    return dispatcher_again(pullback, cotangent)


def chosen_function(choice: Any) -> Any:
    """The function that `functools.partial(library.call_either, is_first, first, second)` calls."""
    while isinstance(choice, functools.partial) and choice.func.__name__ == "call_either":
        choice = choice.args[1] if choice.args[0] else choice.args[2]
    return choice
