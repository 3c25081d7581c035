"""What stands for the cotangent of an object of a class."""

from __future__ import annotations


class Shadow:
    """The cotangent of an object: an attribute that was never set is zero; Python's own names are no attributes."""

    def __getattr__(self, name: str) -> float:
        if name.startswith("__"):
            raise AttributeError(name)
        return 0.0
