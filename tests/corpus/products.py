"""Products of vectors, matrices and tensors."""

from __future__ import annotations

import numpy as np

from tests.corpus import register
from tests.corpus.reference import numbers

v3, v2 = numbers(3), numbers(2, seed=1)
m23, m32, m33 = numbers(2, 3), numbers(3, 2, seed=2), numbers(3, 3, seed=3)
t234, t243 = numbers(2, 3, 4), numbers(2, 4, 3, seed=5)


def bilinear(x, a, y):
    return x @ a @ y


register(bilinear, (v2, m23, v3), wrt=(0, 1, 2), gradient=lambda x, a, y: (a @ y, np.outer(x, y), x @ a))


def matmul(a, b):
    return np.sum(np.sin(a @ b))


register(
    matmul,
    (m23, m32),
    (m23, v3),
    (v2, m23),
    (v3, v3[::-1].copy()),
    (t234, t243),
    (m23, t234[:1, :, :]),
    (t243, v3),
    (v2, t234.transpose(0, 2, 1)[:, :2, :].copy()),
    (t234[0], t243),
    wrt=(0, 1),
)


def dot(a, b):
    return np.sum(np.sin(np.dot(a, b)))


register(
    dot,
    (m23, m32),
    (m23, v3),
    (v3, m32),
    (v3, v3),
    (2.0, m23),
    (m23, 1.5),
    (t234, t243),
    (0.5, 1.5),
    wrt=(0, 1),
)


def dot_method(a, b):
    return np.sum(a.dot(b) ** 2) + np.vdot(a, a)


register(dot_method, (m23, m32), (v3, m32), wrt=(0, 1))


def quadratic_form(x, a):
    return 0.5 * x.T @ a @ x + np.dot(a[0], x)


register(quadratic_form, (v3, m33), wrt=(0, 1), gradient=lambda x, a: (
    0.5 * (a + a.T) @ x + a[0], 0.5 * np.outer(x, x) + np.eye(3)[:, :1] * x))


def outer_and_inner(x, y):
    return np.sum(np.outer(x, y) ** 2) + np.inner(x, x) ** 2 + np.sum(np.inner(np.outer(x, y), y) ** 3)


register(outer_and_inner, (v2, v3), wrt=(0, 1))


def inner_of_matrices(a, b):
    return np.sum(np.inner(a, b) ** 2)


register(inner_of_matrices, (m23, m33), (v3, m33), (m23, v3), wrt=(0, 1))


def tensordot(a, b):
    return (
        np.sum(np.tensordot(a, b, axes=([1, 2], [2, 1])) ** 2)
        + np.sum(np.tensordot(a, b, axes=([2], [1])) ** 2)
        + np.sum(np.tensordot(a, b[0].T, axes=2) ** 2)
    )


register(tensordot, (t234, t243), wrt=(0, 1))


def tensordot_one(a, b):
    return np.sum(np.tensordot(a, b, 1) ** 2) + np.sum(np.tensordot(a, b, axes=0) ** 2)


register(tensordot_one, (m23, m32), wrt=(0, 1))


def einsum_pairs(a, b):
    return (
        np.sum(np.einsum("ij,jk->ik", a, b) ** 2)
        + np.einsum("ij,ji->", a, b) ** 2
        + np.sum(np.einsum("ij,ji->i", a, b) ** 3)
        + np.sum(np.einsum("ij,jk", a, b))
    )


register(einsum_pairs, (m23, m32), wrt=(0, 1))


def einsum_single(a):
    return (
        np.einsum("ii->", a) ** 2
        + np.sum(np.einsum("ii->i", a) ** 2)
        + np.sum(np.einsum("ij->ji", a) * a)
        + np.sum(np.einsum("ij->j", a) ** 2)
        + np.einsum("ij->", a)
    )


register(einsum_single, (m33,))


def einsum_three(a, b, x):
    return np.sum(np.einsum("bij,bjk,k->bi", a, b, x) ** 2) + np.sum(np.einsum("...ij,j->...i", b, x))


register(einsum_three, (t234, t243, v3), wrt=(0, 1, 2))


def kronecker(a, b):
    return np.sum(np.kron(a, b) ** 2 * np.arange(36.0).reshape(6, 6))


register(kronecker, (m23, m32), wrt=(0, 1))


def trace_of_product(a, b):
    return np.trace(a @ b) + np.trace(b @ a) ** 2


register(trace_of_product, (m23, m32), wrt=(0, 1), gradient=lambda a, b: (
    b.T * (1 + 2 * np.sum(a * b.T)), a.T * (1 + 2 * np.sum(a * b.T))))


def cross_product(x, y):
    return np.sum(np.cross(x, y) ** 2)


register(cross_product, (v3, m33[1]), wrt=(0, 1), tags=("rare",))


def chain_of_matrices(a, n):
    p = np.eye(3)
    for _ in range(n):
        p = p @ a
    return np.trace(p)


register(
    chain_of_matrices, (m33, 3), gradient=lambda a, n: n * np.linalg.matrix_power(a.T, n - 1)
)


def solve_and_inverse(a, b):
    x = np.linalg.solve(a + 3.0 * np.eye(3), b)
    return np.sum(x**2) + np.sum(np.linalg.inv(a + 3.0 * np.eye(3))) + np.linalg.det(a)


register(solve_and_inverse, (m33, v3), wrt=(0, 1), tags=("rare",))


def matmul_in_place(a, x):
    y = x.copy()
    for _ in range(2):
        y[:] = a @ y
        y /= np.sqrt(y @ y)
    return y @ a @ y


register(matmul_in_place, (m33, v3), wrt=(0, 1))


def einsum_of_a_changed_array(x):
    shares = np.exp(x)
    shares /= shares.sum(axis=1, keepdims=True)
    return np.sum(np.einsum("ij,kj->ik", shares, x) ** 2) + np.einsum("ij->j", shares)[0]


register(einsum_of_a_changed_array, (numbers(2, 3),))


def matrix_cube_by_eigenvectors(m):
    symmetric = m + m.T
    values, vectors = np.linalg.eigh(symmetric)
    return np.sum((vectors @ np.diag(values**3) @ vectors.T)[0])


register(matrix_cube_by_eigenvectors, (numbers(3, 3),))


def rotated_vector(axis, v):
    angle = np.linalg.norm(axis)
    q = np.concatenate(([np.cos(angle / 2)], np.sin(angle / 2) * (axis / angle)))
    w, r = q[0], q[1:]
    t = 2 * np.cross(r, v)
    return (v + w * t + np.cross(r, t)) @ np.array([1.0, 2.0, 3.0])


register(rotated_vector, (numbers(3), numbers(3, seed=1)))


def low_rank_error(m):
    left, values, right = np.linalg.svd(m, full_matrices=False)
    rest = m - values[0] * np.outer(left[:, 0], right[0])
    return np.sum(rest**2) + np.linalg.slogdet(m @ m.T)[1] + np.linalg.eigvalsh(m @ m.T)[-1]


register(low_rank_error, (numbers(3, 3),))


def form_of_a_matrix(x, A):
    return x @ A @ x


register(form_of_a_matrix, (numbers(3), numbers(3, 3)), wrt=(0, 1), gradient=lambda x, A: (A @ x + x @ A, np.outer(x, x)))
