"""`stop_gradient`: a value as it is, through which no derivative passes."""

from __future__ import annotations

from transforms.runtime import stop_gradient

__all__ = ["stop_gradient"]
