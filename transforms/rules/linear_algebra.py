"""Rules of `np.linalg`: inverse, solutions of systems, determinants, factorisations, norms.

Stacks of matrices are matrices in the last two axes.  Where NumPy reads one triangle of a matrix only (Cholesky factor,
eigenvalues of a symmetric matrix), the contribution is that of the numbers it reads: zero in the other triangle.
Decompositions of complex matrices are refused: their factors are not analytic functions of the matrix.

The tangents are those of M. B. Giles, "An extended collection of matrix derivative results for forward and reverse mode
automatic differentiation" (2008), where no other source is named.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import numpy as np

from transforms import runtime
from transforms.registry import adjoint, constant, elementwise, facts, refused, simplify, tangent
from transforms.rules.helpers.common import constant_helper, folding, like, results_like
from transforms.rules.sampling import call, listed, numbers
from transforms.rules.typed import dtype_of, is_literal
from transforms.values import Array


def regular(*shape: int, seed: int = 0) -> Any:
    """Matrices far from singular."""
    return numbers(shape, -1, 1, seed) + 2.5 * np.eye(shape[-1])


def definite(*shape: int, seed: int = 0) -> Any:
    """Symmetric positive definite matrices."""
    root = numbers(shape, -1, 1, seed)
    return root @ np.swapaxes(root, -1, -2) + shape[-1] * np.eye(shape[-1])


SQUARE = listed(
    call(regular(3, 3)),
    call(regular(1, 1)),
    call(regular(2, 3, 3)),
    call(regular(3, 3).astype(np.float32)),
    call(np.asfortranarray(regular(3, 3))),
)


@adjoint(np.linalg.inv, samples=SQUARE)
def inv(a, *, ans, g):
    turned = np.swapaxes(ans, -1, -2)
    return -(turned @ g @ turned)


@tangent(np.linalg.inv)
def inv_tangent(a, *, ans, a_dot):
    return -(ans @ a_dot @ ans)


@adjoint(np.linalg.det, samples=SQUARE)
def det(a, *, ans, g):
    return np.expand_dims(g * ans, (-2, -1)) * np.swapaxes(np.linalg.inv(a), -1, -2)


@tangent(np.linalg.det)
def det_tangent(a, *, ans, a_dot):
    """Jacobi's formula."""
    return ans * np.trace(np.linalg.solve(a, a_dot), axis1=-2, axis2=-1)


@adjoint(np.linalg.slogdet, samples=SQUARE)
def slogdet(a, *, ans, g):
    share = g[1]
    if np.iscomplexobj(a):
        share = share - 1j * np.real(1j * g[0] * ans[0])
    return np.expand_dims(share, (-2, -1)) * np.swapaxes(np.linalg.inv(a), -1, -2)


@tangent(np.linalg.slogdet)
def slogdet_tangent(a, *, ans, a_dot):
    """Jacobi's formula."""
    moved = np.trace(np.linalg.solve(a, a_dot), axis1=-2, axis2=-1)
    if np.iscomplexobj(a):
        return 1j * np.imag(moved) * ans[0], np.real(moved)
    return runtime.zeros_of(ans[0]), moved


def _systems() -> Iterator[Any]:
    yield call(regular(3, 3), numbers((3,)))
    yield call(regular(3, 3), numbers((3, 2)))
    yield call(regular(2, 3, 3), numbers((2, 3, 2)))
    yield call(regular(2, 3, 3), numbers((3, 2)))
    yield call(regular(3, 3), numbers((2, 3, 2)))
    yield call(regular(2, 3, 3), numbers((3,)))
    yield call(regular(3, 3).astype(np.float32), numbers((3,)).astype(np.float32))


@adjoint(np.linalg.solve, wrt="a b", samples=_systems)
def solve(a, b, *, ans, g):
    if np.ndim(b) == 1 and np.ndim(a) > 2:
        share = np.squeeze(np.linalg.solve(np.swapaxes(a, -1, -2), np.expand_dims(g, -1)), -1)
    else:
        share = np.linalg.solve(np.swapaxes(a, -1, -2), g)
    if np.ndim(b) == 1:
        a_bar = -np.expand_dims(share, -1) * np.expand_dims(ans, -2)
    else:
        a_bar = -(share @ np.swapaxes(ans, -1, -2))
    return runtime.unbroadcast(a_bar, a), runtime.unbroadcast(share, b)


@tangent(np.linalg.solve)
def solve_tangent(a, b, *, ans, a_dot, b_dot):
    if np.ndim(b) == 1 and np.ndim(a) > 2:
        moved = np.squeeze(np.linalg.solve(a, a_dot @ np.expand_dims(ans, -1)), -1)
    else:
        moved = np.linalg.solve(a, a_dot @ ans)
    return -moved, np.linalg.solve(a, b_dot)


@adjoint(
    np.linalg.cholesky,
    samples=listed(
        call(definite(3, 3)), call(definite(1, 1)), call(definite(2, 3, 3)), call(definite(3, 3), upper=True)
    ),
)
def cholesky(a, *, upper=False, ans, g):
    if upper:
        factor = np.swapaxes(runtime.real_only(ans), -1, -2)
        factor_bar = np.swapaxes(g, -1, -2)
    else:
        factor = runtime.real_only(ans)
        factor_bar = g
    inverse = np.linalg.inv(factor)
    middle = runtime.half_lower(np.swapaxes(factor, -1, -2) @ factor_bar)
    whole = np.swapaxes(inverse, -1, -2) @ middle @ inverse
    a_bar = runtime.half_lower(whole + np.swapaxes(whole, -1, -2))
    if upper:
        return np.swapaxes(a_bar, -1, -2)
    return a_bar


@tangent(np.linalg.cholesky)
def cholesky_tangent(a, *, upper=False, ans, a_dot):
    """S. Sarkka, "Bayesian Filtering and Smoothing" (2013), theorem A.1."""
    if upper:
        factor = np.swapaxes(runtime.real_only(ans), -1, -2)
        moved = runtime.symmetric_read(a_dot, "U")
    else:
        factor = runtime.real_only(ans)
        moved = runtime.symmetric_read(a_dot, "L")
    inverse = np.linalg.inv(factor)
    factor_dot = factor @ runtime.half_lower(inverse @ moved @ np.swapaxes(inverse, -1, -2))
    if upper:
        return np.swapaxes(factor_dot, -1, -2)
    return factor_dot


@adjoint(
    runtime.half_lower,
    linear="x",
    samples=listed(call(numbers((3, 3))), call(numbers((2, 2, 2)))),
)
def half_lower(x, *, ans, g):
    return runtime.half_lower(g)


def _norms() -> Iterator[Any]:
    vector, matrix = numbers((4,)), numbers((3, 4))
    for order in (None, 2, 1, 3, 1.5, np.inf, -np.inf, -1):
        yield call(vector, order)
        yield call(matrix, order, axis=0)
        yield call(matrix, order, axis=1, keepdims=True)
    yield call(matrix)
    yield call(matrix, keepdims=True)
    yield call(matrix, "fro")
    yield call(matrix, "fro", (0, 1))
    yield call(numbers((2, 3, 4)), None, (0, 2))
    yield call(numbers((2, 3, 4)))
    yield call(matrix, 1)
    yield call(matrix, np.inf)
    yield call(matrix, "nuc")
    yield call(matrix, 2)
    yield call(vector.astype(np.float32))


@adjoint(np.linalg.norm, samples=_norms)
def norm(x, ord=None, axis=None, keepdims=False, *, ans, g):
    if ord is None or ord == "fro":
        return np.conj(x) * runtime.expand_reduced(g / ans, x, axis, keepdims)
    if ord == 2 and (np.ndim(x) == 1 or isinstance(axis, int)):
        return np.conj(x) * runtime.expand_reduced(g / ans, x, axis, keepdims)
    if ord == 1 and (np.ndim(x) == 1 or isinstance(axis, int)):
        return np.conj(np.sign(x)) * runtime.expand_reduced(g, x, axis, keepdims)
    if runtime.is_power(ord) and (np.ndim(x) == 1 or isinstance(axis, int)):
        return (
            runtime.direction(x)
            * np.abs(x) ** (ord - 1)
            * runtime.expand_reduced(g * ans ** (1 - ord), x, axis, keepdims)
        )
    return runtime.unnorm(g, x, ans, ord, axis, keepdims)


@tangent(np.linalg.norm)
def norm_tangent(x, ord=None, axis=None, keepdims=False, *, ans, x_dot):
    if ord is None or ord == "fro":
        return runtime.sum_reduced(np.real(runtime.conjugated(x) * x_dot), ans, axis, keepdims) / ans
    if ord == 2 and (np.ndim(x) == 1 or isinstance(axis, int)):
        return runtime.sum_reduced(np.real(runtime.conjugated(x) * x_dot), ans, axis, keepdims) / ans
    if ord == 1 and (np.ndim(x) == 1 or isinstance(axis, int)):
        return runtime.sum_reduced(np.real(runtime.direction(x) * x_dot), ans, axis, keepdims)
    if runtime.is_power(ord) and (np.ndim(x) == 1 or isinstance(axis, int)):
        share = np.real(runtime.direction(x) * x_dot) * np.abs(x) ** (ord - 1)
        return runtime.sum_reduced(share, ans, axis, keepdims) * ans ** (1 - ord)
    slope = runtime.unnorm(np.ones_like(ans), x, ans, ord, axis, keepdims)
    return runtime.sum_reduced(np.real(slope * x_dot), ans, axis, keepdims)


def _symmetric() -> Iterator[Any]:
    for a in (definite(3, 3), definite(1, 1), definite(2, 3, 3)):
        yield call(a)
        yield call(a, "U")


@adjoint(np.linalg.eigvalsh, samples=_symmetric)
def eigvalsh(a, UPLO="L", *, ans, g):
    vectors = np.linalg.eigh(runtime.real_only(a), UPLO)[1]
    whole = (vectors * np.expand_dims(g, -2)) @ np.swapaxes(vectors, -1, -2)
    return runtime.triangle_read(whole, UPLO)


@tangent(np.linalg.eigvalsh)
def eigvalsh_tangent(a, UPLO="L", *, ans, a_dot):
    vectors = np.linalg.eigh(runtime.real_only(a), UPLO)[1]
    return np.sum(vectors * (runtime.symmetric_read(a_dot, UPLO) @ vectors), axis=-2)


@adjoint(np.linalg.eigh, samples=_symmetric)
def eigh(a, UPLO="L", *, ans, g):
    vectors = runtime.real_only(ans[1])
    turned = np.swapaxes(vectors, -1, -2)
    inner = runtime.inverse_gaps(ans[0]) * (turned @ g[1])
    whole = (vectors * np.expand_dims(g[0], -2) + vectors @ inner) @ turned
    return runtime.triangle_read(0.5 * (whole + np.swapaxes(whole, -1, -2)), UPLO)


@tangent(np.linalg.eigh)
def eigh_tangent(a, UPLO="L", *, ans, a_dot):
    vectors = runtime.real_only(ans[1])
    inner = np.swapaxes(vectors, -1, -2) @ runtime.symmetric_read(a_dot, UPLO) @ vectors
    return np.array(np.diagonal(inner, axis1=-2, axis2=-1)), vectors @ (runtime.inverse_gaps(ans[0]) * inner)


@adjoint(runtime.triangle_read, linear="x", samples=listed(call(numbers((3, 3)), "L"), call(numbers((2, 2, 2)), "U")))
def triangle_read(x, UPLO="L", *, ans, g):
    return runtime.triangle_read(g, UPLO)


@adjoint(runtime.symmetric_read, linear="x", samples=listed(call(numbers((3, 3)), "L"), call(numbers((2, 2, 2)), "U")))
def symmetric_read(x, UPLO="L", *, ans, g):
    if UPLO == "L":
        return np.tril(g) + np.swapaxes(np.triu(g, 1), -1, -2)
    return np.triu(g) + np.swapaxes(np.tril(g, -1), -1, -2)


@adjoint(
    runtime.inverse_gaps,
    samples=listed(call(np.array([1.0, 2.5, 4.0])), call(np.array([[1.0, 2.5], [0.5, 0.75]]))),
)
def inverse_gaps(values, *, ans, g):
    share = -g * ans * ans
    return np.sum(share, axis=-2) - np.sum(share, axis=-1)


@tangent(runtime.inverse_gaps)
def inverse_gaps_tangent(values, *, ans, values_dot):
    return -ans * ans * (np.expand_dims(values_dot, -2) - np.expand_dims(values_dot, -1))


@adjoint(
    np.linalg.pinv,
    samples=listed(call(regular(3, 3)), call(numbers((3, 2))), call(numbers((2, 3))), call(numbers((2, 3, 2)))),
)
def pinv(a, *, ans, g):
    turned = np.swapaxes(runtime.real_only(ans), -1, -2)
    share = np.swapaxes(g, -1, -2)
    outside = (share - a @ ans @ share) @ ans @ turned
    inside = turned @ ans @ (share - share @ ans @ a)
    return outside + inside - turned @ g @ turned


@tangent(np.linalg.pinv)
def pinv_tangent(a, *, ans, a_dot):
    """G. H. Golub, V. Pereyra, "The differentiation of pseudo-inverses and nonlinear least squares problems whose
    variables separate" (1973), for matrices of full rank."""
    turned, moved = np.swapaxes(runtime.real_only(ans), -1, -2), np.swapaxes(a_dot, -1, -2)
    outside = ans @ turned @ (moved - moved @ a @ ans)
    inside = (moved - ans @ a @ moved) @ turned @ ans
    return outside + inside - ans @ a_dot @ ans


@adjoint(np.linalg.matrix_power, samples=listed(*(call(regular(3, 3), power) for power in (-2, -1, 0, 1, 2, 5))))
def matrix_power(a, n, *, ans, g):
    return runtime.matrix_power_adjoint(g, a, n)


@tangent(np.linalg.matrix_power)
def matrix_power_tangent(a, n, *, ans, a_dot):
    return runtime.matrix_power_adjoint(a_dot, np.swapaxes(a, -1, -2), n)


@simplify(np.linalg.matrix_power)
def simplify_matrix_power(site: Any) -> Any:
    """The first power of a matrix is the matrix itself."""
    return site.atom("a") if isinstance(site.value("a"), Array) and is_literal(site.value("n"), 1) else None


def _singular() -> Iterator[Any]:
    for shape in ((3, 2), (2, 3), (2, 3, 2)):
        yield call(numbers(shape), full_matrices=False)
        yield call(numbers(shape), compute_uv=False)
    yield call(regular(3, 3))


@adjoint(np.linalg.svd, samples=_singular)
def svd(a, full_matrices=True, compute_uv=True, *, ans, g):
    if compute_uv:
        left, values, right = runtime.thin_factors(ans, full_matrices)
        left_bar = g[0]
        values_bar = g[1]
        right_bar = np.swapaxes(g[2], -1, -2)
        v = np.swapaxes(right, -1, -2)
        row = np.expand_dims(values, -2)
        column = np.expand_dims(values, -1)
        gaps = runtime.inverse_gaps(values * values)
        in_left = np.swapaxes(left, -1, -2) @ left_bar
        in_right = right @ right_bar
        inner = gaps * (in_left - np.swapaxes(in_left, -1, -2)) * row
        inner = inner + column * (gaps * (in_right - np.swapaxes(in_right, -1, -2)))
        within = (left * np.expand_dims(values_bar, -2) + left @ inner) @ right
        outer_left = ((left_bar - left @ in_left) / row) @ right
        outer_right = (left / row) @ np.swapaxes(right_bar - v @ in_right, -1, -2)
        return within + outer_left + outer_right
    left, values, right = np.linalg.svd(runtime.real_only(a), False)
    return (left * np.expand_dims(g, -2)) @ right


@tangent(np.linalg.svd)
def svd_tangent(a, full_matrices=True, compute_uv=True, *, ans, a_dot):
    """J. Townsend, "Differentiating the singular value decomposition" (2016)."""
    if compute_uv:
        left, values, right = runtime.thin_factors(ans, full_matrices)
        v = np.swapaxes(right, -1, -2)
        row = np.expand_dims(values, -2)
        column = np.expand_dims(values, -1)
        gaps = runtime.inverse_gaps(values * values)
        in_left = a_dot @ v
        in_right = np.swapaxes(a_dot, -1, -2) @ left
        inner = np.swapaxes(left, -1, -2) @ in_left
        turned = np.swapaxes(inner, -1, -2)
        left_dot = left @ (gaps * (inner * row + column * turned)) + (in_left - left @ inner) / row
        v_dot = v @ (gaps * (column * inner + turned * row)) + (in_right - v @ turned) / row
        return left_dot, np.array(np.diagonal(inner, axis1=-2, axis2=-1)), np.swapaxes(v_dot, -1, -2)
    left, values, right = np.linalg.svd(runtime.real_only(a), False)
    return np.sum(left * (a_dot @ np.swapaxes(right, -1, -2)), axis=-2)


@elementwise(runtime.real_only, linear="x", views="x", samples=listed(call(numbers((2, 3))), call(0.5)))
def real_only(x, *, ans, g):
    return g


@simplify(runtime.real_only)
def simplify_real_only(site: Any) -> Any:
    dtype = dtype_of(site.value("x"))
    return None if dtype is None or dtype.kind == "c" else site.atom("x")


@adjoint(
    runtime.thin_factors,
    linear="factors",
    views="factors",
    shape_only="factors",
    samples=listed(call((numbers((3, 2)), numbers((2,)), numbers((2, 2))), False)),
)
def thin_factors(factors, full_matrices, *, ans, g):
    return g


constant_helper(runtime.is_power)
folding(runtime.is_power)
facts(
    runtime.unnorm,
    signature=inspect.signature(runtime.unnorm),
    refusal="The second derivative of this norm is not known; write it out with np.sum and np.abs.",
)


@adjoint(
    runtime.matrix_power_adjoint,
    wrt="cotangent a",
    samples=listed(*(call(numbers((2, 2)), regular(2, 2, seed=1), power) for power in (-2, -1, 0, 1, 2, 3))),
)
def matrix_power_adjoint(cotangent, a, n, *, ans, g):
    """The result is the upper right block of a power: of `a.T` twice on the diagonal, and `cotangent` beside it."""
    size = np.shape(a)[-1]
    turned, nothing = np.swapaxes(a, -1, -2), np.zeros_like(a)
    whole = np.block([[turned, cotangent], [nothing, turned]])
    whole_bar = runtime.matrix_power_adjoint(np.block([[nothing, g], [nothing, nothing]]), whole, n)
    turned_bar = whole_bar[..., :size, :size] + whole_bar[..., size:, size:]
    return runtime.matrix_power_adjoint(g, turned, n), np.swapaxes(turned_bar, -1, -2)


@tangent(runtime.matrix_power_adjoint)
def matrix_power_adjoint_tangent(cotangent, a, n, *, ans, cotangent_dot, a_dot):
    size = np.shape(a)[-1]
    turned, turned_dot, nothing = np.swapaxes(a, -1, -2), np.swapaxes(a_dot, -1, -2), np.zeros_like(a)
    whole = np.block([[turned, cotangent], [nothing, turned]])
    whole_dot = np.block([[turned_dot, nothing], [nothing, turned_dot]])
    moved = runtime.matrix_power_adjoint(whole_dot, np.swapaxes(whole, -1, -2), n)
    return runtime.matrix_power_adjoint(cotangent_dot, a, n), moved[..., :size, size:]


constant(np.linalg.matrix_rank)
refused("Its derivative is not known; use np.linalg.svd.", np.linalg.cond)
refused("Its derivative is not known; use np.linalg.solve on the normal equations.", np.linalg.lstsq)
refused("Its derivative is not known; use np.linalg.cholesky of a.T @ a.", np.linalg.qr)
refused(
    "Complex eigenvalues have no rule yet; use np.linalg.eigh for symmetric matrices.", np.linalg.eig, np.linalg.eigvals
)

results_like(
    like,
    *(runtime.half_lower, "x", runtime.triangle_read, "x", runtime.symmetric_read, "x", runtime.real_only, "x"),
    *(runtime.unnorm, "x", runtime.matrix_power_adjoint, "a"),
)
