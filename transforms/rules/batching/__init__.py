"""The rules for batches, by subject: `@batching` templates, and facets that say which functions need none.

In come the arguments of a primitive, of which those in `batched` hold a value for each sample on their first axis; out
comes the result in the same form (see `transforms.registry`).
"""

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
