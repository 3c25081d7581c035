"""The rules of the primitives, by subject.  Importing this package registers all of them."""

from transforms.rules import (  # noqa: F401
    adjoints,
    builtins,
    containers,
    creation,
    elementwise,
    fourier,
    helpers,
    helpers_arrays,
    indexing,
    joining,
    linear_algebra,
    products,
    reductions,
    results,
    shapes,
    stopping,
)
