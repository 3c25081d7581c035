"""The rules of the primitives, by subject.  Importing this package registers all of them."""

import importlib

SUBJECTS = (
    "adjoints", "builtins", "containers", "creation", "elementwise", "helpers", "helpers_arrays", "indexing",
    "joining", "linear_algebra", "products", "reductions", "results", "shapes", "stopping",
)  # fmt: skip

for subject in SUBJECTS:
    try:
        importlib.import_module(f"transforms.rules.{subject}")
    except ModuleNotFoundError:
        pass
