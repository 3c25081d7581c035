"""The rules of the primitives, by subject.  Importing this package registers all of them.

`results/` has the types of the results of NumPy's functions; `helpers/` the rules of the helpers that rules emit,
`batching/` the rules of all of these for batches.
"""

import importlib

from transforms.rules import (  # noqa: F401
    adjoints,
    builtins,
    containers,
    creation,
    elementwise,
    fourier,
    helpers,
    indexing,
    joining,
    linear_algebra,
    products,
    reductions,
    results,
    shapes,
    stopping,
    tangents,
)

importlib.import_module("transforms.rules.batching")  # facets of what is registered by now
