"""What the derivatives of decompositions, norms and matrix powers need."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from transforms.runtime.reductions import extremes
from transforms.runtime.refusal import DerivativeRefused


def real_only(x: Any) -> Any:
    """`x`, refused where it is complex."""
    if np.iscomplexobj(x):
        raise DerivativeRefused("the derivative of a decomposition (eigh, svd, cholesky, pinv) of a complex matrix")
    return x


def half_lower(x: Any) -> Any:
    """The lower triangle of each matrix, with half of the diagonal."""
    return np.tril(x, -1) + 0.5 * (np.tril(x) - np.tril(x, -1))


def triangle_read(x: Any, triangle: str = "L") -> Any:
    """The cotangent of a matrix of which one triangle stands for both, where `x` is that of the symmetric matrix."""
    both = np.tril(x) + np.tril(x, -1) if triangle.upper() == "L" else np.triu(x) + np.triu(x, 1)
    return both


def symmetric_read(x: Any, triangle: str = "L") -> Any:
    """The symmetric matrix of which one triangle of `x` is read."""
    if triangle.upper() == "L":
        return np.tril(x) + np.swapaxes(np.tril(x, -1), -1, -2)
    return np.triu(x) + np.swapaxes(np.triu(x, 1), -1, -2)


def inverse_gaps(values: Any) -> Any:
    """`1 / (values[j] - values[i])` at (i, j), and 0 on the diagonal."""
    gaps = np.expand_dims(values, -2) - np.expand_dims(values, -1)
    same = np.eye(gaps.shape[-1], dtype=bool)
    return np.where(same, 0, 1 / np.where(same, 1, gaps)).astype(gaps.dtype, copy=False)


def thin_factors(factors: Any, full_matrices: bool) -> tuple:
    """The factors of a singular value decomposition, if they are those of the thin one."""
    left, values, right = factors
    real_only(left)
    if full_matrices and left.shape[-1] != right.shape[-2]:
        raise DerivativeRefused("the derivative of np.linalg.svd with full_matrices=True; pass full_matrices=False")
    return left, values, right


def is_power(order: Any) -> bool:
    """Whether the norm of a vector of this order is a root of a sum of powers: not the largest or smallest size, and no
    count."""
    return isinstance(order, (int, float)) and order != 0 and abs(order) != math.inf


def unnorm(g: Any, x: Any, ans: Any, ord: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The cotangent of `x` in `np.linalg.norm(x, ord, axis, keepdims)`."""
    x = np.asarray(x)
    if axis is None:
        axis = 0 if x.ndim == 1 else (0, 1)
    if not isinstance(axis, tuple):
        g, ans = (g, ans) if keepdims else (np.expand_dims(g, axis), np.expand_dims(ans, axis))
        sizes, signs = np.abs(x), np.conj(np.sign(x))
        if ord in (np.inf, -np.inf):
            return signs * extremes(sizes, ans, axis, True) * g
        return signs * np.where(sizes == 0, 0, sizes) ** (ord - 1) * (g * ans ** (1 - ord)) if ord else np.zeros_like(x)
    g, ans = (g, ans) if keepdims else (np.expand_dims(g, axis), np.expand_dims(ans, axis))
    rows, columns = axis
    if ord in (1, -1, np.inf, -np.inf):
        summed, chosen_axis = (rows, columns) if abs(ord) == 1 else (columns, rows)
        totals = np.sum(np.abs(x), axis=summed, keepdims=True)
        return np.conj(np.sign(x)) * extremes(totals, ans, chosen_axis, True) * g
    left, values, right = np.linalg.svd(np.moveaxis(x, axis, (-2, -1)), full_matrices=False)
    place = {2: slice(0, 1), -2: slice(-1, None), "nuc": slice(None)}[ord]
    product = np.conj(left[..., :, place] @ right[..., place, :])
    return np.moveaxis(product, (-2, -1), axis) * g


def matrix_power_adjoint(g: Any, a: Any, n: int) -> Any:
    """The cotangent of `a` in `np.linalg.matrix_power(a, n)`."""
    if n < 0:
        inverse = np.linalg.inv(a)
        turned = np.swapaxes(inverse, -1, -2)
        return -(turned @ matrix_power_adjoint(g, inverse, -n) @ turned)
    turned, total = np.swapaxes(a, -1, -2), np.zeros_like(a)
    for _ in range(n):  # Horner's scheme for the sum of turned^k @ g @ turned^(n - 1 - k)
        total = turned @ total + g
        g = g @ turned
    return total
