"""The rules for batches, by subject: `@batching` templates, and facets that say which functions need none.

In come the arguments of a primitive, of which those in `batched` hold a value for each sample on their first axis; out
comes the result in the same form (see `transforms.registry`).
"""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from transforms.registry import primitives
from transforms.rules.batching import (  # noqa: F401
    builtins,
    creation,
    elementwise,
    helpers,
    indexing,
    joining,
    linear_algebra,
    products,
    reductions,
    shapes,
)


def _own_signature(function: Any) -> inspect.Signature:
    """What a function without a derivative calls its arguments, so that `batched` can name them."""
    if isinstance(function, np.ufunc):
        names = ("x", "y")[: function.nin]
        return inspect.Signature([inspect.Parameter(name, inspect.Parameter.POSITIONAL_ONLY) for name in names])
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):
        return inspect.signature(lambda x: None) if isinstance(function, type) else inspect.signature(lambda *x: None)


for _entry in primitives():
    if _entry.signature is None and _entry.has_batches:
        _entry.signature = _own_signature(_entry.functions[0])
