"""What the output of a differentiated function has to be, and what stops a derivative."""

from __future__ import annotations

from typing import Any

import numpy as np


def require_scalar(value: Any, name: str) -> None:
    """Refuse an output that has no gradient under `argnums`: one that is not a real scalar."""
    dtype = getattr(value, "dtype", None)
    kinds = {float: "f", int: "i", bool: "b", complex: "c"}
    kind = dtype.kind if isinstance(dtype, np.dtype) else kinds.get(type(value), "")
    if np.ndim(value) == 0 and kind in "fiub" and kind:
        return
    if np.ndim(value):
        rank = np.ndim(value)
        what = f"an array of {rank} dimension{'s' if rank > 1 else ''}"
    else:
        what = "complex" if kind == "c" else f"a {(value if isinstance(value, type) else type(value)).__name__}"
    raise TypeError(
        f"the gradient under argnums is defined for functions with a real scalar output; that of {name} is {what}. "
        "Use vjp to choose a cotangent; a Jacobian is one for each row (there is no jacrev yet)."
    )


def bound(value: Any) -> None:
    """Nothing: reading the value raises, as the program does, where it was not bound on the path that was taken."""


def require_aux(output: Any, name: str, count: int | None) -> None:
    """Refuse an output that `has_aux` cannot take apart: (output, aux, ...), or exactly `count` items."""
    if isinstance(output, tuple) and (len(output) == count if count is not None else len(output) > 0):
        return
    wanted = "a pair (output, aux)" if count == 2 else "a tuple (output, aux, ...)"
    what = f"a tuple of {len(output)}" if isinstance(output, tuple) else f"a {type(output).__name__}"
    what = "None" if output is None else what
    raise TypeError(f"has_aux: {name} has to return {wanted}; it returned {what}")


def cancelling(x: Any) -> Any:
    """The value itself; what would flow back to it adds up to zero."""
    return x


def stop_gradient(x: Any) -> Any:
    """`x` itself, treated as a constant: its derivative is zero at every order.

    `x` may be anything: a number, an array, or a container of them.  Only the derivative of the result is stopped, not
    that of other uses of `x`: the gradient of `x * stop_gradient(x)` at 3.0 is 3.0, not 6.0.
    """
    return x
