"""Calls: what is known of their results, and what they become.

In goes a call with operands that are known as far as the sweep knows them; out comes the operand that stands for its
result.  The call is emitted, unless it could be done now: attribute and item access on known structure, tests on types,
arithmetic of constants, methods that stand for functions, calls of user functions (which become calls of instances).

`dispatch` decides which part deals with a call; the parts are by subject of what is called.  A function marked with
`handles` deals with the callees that it names: it returns the result, or None to leave the call to the primitives.
"""

from __future__ import annotations

from transforms.specialise.calls import (  # noqa: F401  (they enter what they handle)
    attributes,
    classes,
    containers,
    dicts,
    extremes,
    items,
    iterating,
    methods,
    overloading,
    primitives,
    questions,
    records,
    users,
    views,
    wrappers,
)
from transforms.specialise.calls.dispatch import Calls
from transforms.specialise.calls.primitives import Site

__all__ = ["Calls", "Site"]
