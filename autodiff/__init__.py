"""Automatic differentiation of Python and NumPy programs, from source to source.

import autodiff as ad

gradient = ad.grad(f)
gradient(x)
print(gradient.source)
"""

from __future__ import annotations

import autodiff.api.unknown  # noqa: F401  generated code calls it by way of `runtime.calls`
from autodiff.api.checking import check_grads
from autodiff.api.forward import jvp
from autodiff.api.gradient import get_grad, grad, value_and_grad
from autodiff.api.pullback import vjp
from autodiff.api.stopping import stop_gradient
from transforms.errors import (
    AutodiffError,
    DerivativeUndefined,
    RuleNotFound,
    SourceNotFound,
    TransformError,
    UnsupportedSyntax,
)
from transforms.runtime import DerivativeRefused

__all__ = [
    "AutodiffError",
    "DerivativeRefused",
    "DerivativeUndefined",
    "RuleNotFound",
    "SourceNotFound",
    "TransformError",
    "UnsupportedSyntax",
    "check_grads",
    "get_grad",
    "grad",
    "jvp",
    "stop_gradient",
    "value_and_grad",
    "vjp",
]
