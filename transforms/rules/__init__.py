"""The rules of the primitives, by subject.  Importing this package registers all of them."""

import importlib

SUBJECTS = (
    "adjoints", "builtins", "containers", "creation", "elementwise", "helpers", "helpers_arrays", "indexing",
    "joining", "products", "reductions", "results", "shapes",
)  # fmt: skip

for subject in SUBJECTS:
    try:
        importlib.import_module(f"transforms.rules.{subject}")
    except ModuleNotFoundError:
        pass
