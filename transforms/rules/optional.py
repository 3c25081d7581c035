"""Rules of libraries that are not always installed: loaded once the user's program has imported the library.

`load_if_imported()` is cheap, and is to be called before functions are looked up in the registry.
"""

from __future__ import annotations

import importlib
import sys

LIBRARIES = {"scipy.special": "transforms.rules.scipy_special"}


def load_if_imported() -> None:
    """Load the rules of every optional library that is imported already."""
    for library, rules in LIBRARIES.items():
        if library in sys.modules and rules not in sys.modules:
            importlib.import_module(rules)
