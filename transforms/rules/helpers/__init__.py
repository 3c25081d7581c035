"""Rules of the helpers of `transforms.runtime` that other rules emit, by subject.

With them generated code can be differentiated again; and their `simplify` facets turn them into exact NumPy code, or
into nothing, once ranks, dtypes and constant arguments are known.

A facet gets a `Site`: `site.atom(name)` and `site.value(name)` are the call's argument and its abstract value,
`site.call(function, *atoms)` emits an operation before the call.  It returns the atom to use instead, or None.

Helpers come in pairs of mirror images: the adjoint of one is the other, so that derivatives of any order stay closed.
A helper's own first argument is called `cotangent` here, since `g` is the cotangent of its result.
"""

from transforms.rules.helpers import (  # noqa: F401
    batching,
    broadcasting,
    indexing,
    joining,
    products,
    reductions,
    shapes,
    special,
)
