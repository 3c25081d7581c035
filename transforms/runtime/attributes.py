"""What stands for the cotangent of an object of a class."""

from __future__ import annotations

from typing import Any

from transforms.runtime.refusal import DerivativeRefused

OWN_METHODS = (
    "an object is iterated over or subscripted by methods of its own, where only the run time knows its class: give "
    "example arguments, or call these methods by their names"
)


class Shadow:
    """The cotangent of an object: an attribute that was never set is zero; Python's own names are no attributes."""

    def __getattr__(self, name: str) -> float:
        if name.startswith("__"):
            raise AttributeError(name)
        return 0.0

    def _refuse(self, *rest: Any) -> Any:
        raise DerivativeRefused(OWN_METHODS)

    __iter__ = __getitem__ = __setitem__ = __delitem__ = _refuse
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _refuse
    __neg__ = __matmul__ = __rmatmul__ = __pow__ = __rpow__ = _refuse
