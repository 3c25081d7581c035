"""Result types: the `result` facets of NumPy's functions, by subject.

In go the abstract values of the arguments of a call, out comes that of its result; None where this form of the call is
not understood.  dtypes are found by running the function on tiny arrays of ones, shapes are worked out here.
Element-wise functions need no facet: promotion and broadcasting tell all there is to know.
"""

from transforms.rules.results import (  # noqa: F401
    builtins,
    creation,
    fourier,
    joining,
    linear_algebra,
    products,
    questions,
    reductions,
    selection,
    shapes,
)
