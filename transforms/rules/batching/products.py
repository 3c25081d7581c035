"""Batches of sums of products: matrix products where NumPy has them, contractions with a letter for the batch."""

from __future__ import annotations

import operator

import numpy as np

from transforms import runtime
from transforms.registry import batching, facts


@batching(np.matmul, operator.matmul)
def matmul(a, b, *, batched):
    left = np.ndim(a) - ("a" in batched)
    right = np.ndim(b) - ("b" in batched)
    if left == 1 and right == 1:
        if "b" not in batched:
            return np.matmul(a, b)
        if "a" not in batched:
            return np.matmul(b, a)
        return np.einsum("bi,bi->b", a, b)
    if right == 1:
        if "b" not in batched:
            return np.matmul(a, b)
        if "a" not in batched and left == 2:
            return np.matmul(b, np.transpose(a))
        columns = np.expand_dims(b, -1)
        return np.matmul(a, runtime.aligned(columns, left))[..., 0]
    if left == 1:
        if "a" not in batched or ("b" not in batched and right == 2):
            return np.matmul(a, b)
        rows = np.expand_dims(a, -2)
        return np.matmul(runtime.aligned(rows, right), b)[..., 0, :]
    if "a" in batched and right > left:
        a = runtime.aligned(a, right)
    if "b" in batched and left > right:
        b = runtime.aligned(b, left)
    return np.matmul(a, b)


@batching(np.dot)
def dot(a, b, *, batched):
    left = np.ndim(a) - ("a" in batched)
    right = np.ndim(b) - ("b" in batched)
    if left == 0 or right == 0:
        if "a" in batched and right > left:
            a = runtime.aligned(a, right)
        if "b" in batched and left > right:
            b = runtime.aligned(b, left)
        return np.multiply(a, b)
    if right == 1 and "b" not in batched:
        return np.matmul(a, b)
    if left == 2 and right == 1 and "a" not in batched:
        return np.matmul(b, np.transpose(a))
    if left <= 2 and right == 2:
        if "a" not in batched or "b" not in batched:
            return np.matmul(a, b)
        if left == 2:
            return np.matmul(a, b)
        return np.matmul(np.expand_dims(a, -2), b)[..., 0, :]
    axes = (left - 1, 0 if right == 1 else right - 2)
    return np.einsum(runtime.contraction(left, right, axes, "a" in batched, "b" in batched), a, b)


@batching(np.inner)
def inner(a, b, *, batched):
    left = np.ndim(a) - ("a" in batched)
    right = np.ndim(b) - ("b" in batched)
    if left == 0 or right == 0:
        if "a" in batched and right > left:
            a = runtime.aligned(a, right)
        if "b" in batched and left > right:
            b = runtime.aligned(b, left)
        return np.multiply(a, b)
    if right == 1 and "b" not in batched:
        return np.matmul(a, b)
    axes = (left - 1, right - 1)
    return np.einsum(runtime.contraction(left, right, axes, "a" in batched, "b" in batched), a, b)


@batching(np.vdot)
def vdot(a, b, *, batched):
    if "b" not in batched:
        return np.matmul(np.conjugate(runtime.flat_samples(a)), np.ravel(b))
    if "a" not in batched:
        return np.matmul(runtime.flat_samples(b), np.conjugate(np.ravel(a)))
    return np.einsum("bi,bi->b", np.conjugate(runtime.flat_samples(a)), runtime.flat_samples(b))


@batching(np.outer)
def outer(a, b, *, batched):
    if "a" not in batched:
        return np.ravel(a)[:, None] * runtime.flat_samples(b)[:, None, :]
    if "b" not in batched:
        return runtime.flat_samples(a)[:, :, None] * np.ravel(b)
    return runtime.flat_samples(a)[:, :, None] * runtime.flat_samples(b)[:, None, :]


@batching(np.tensordot)
def tensordot(a, b, axes=2, *, batched):
    left = np.ndim(a) - ("a" in batched)
    right = np.ndim(b) - ("b" in batched)
    return np.einsum(runtime.contraction(left, right, axes, "a" in batched, "b" in batched), a, b)


@batching(np.kron)
def kron(a, b, *, batched):
    rank = runtime.sample_rank(("a" in batched, "b" in batched), a, b)
    left = np.reshape(a, runtime.kron_shape(a, rank, "a" in batched, True))
    right = np.reshape(b, runtime.kron_shape(b, rank, "b" in batched, False))
    return runtime.pairs_merged(left * right, rank)


@batching(np.cross)
def cross(a, b, axisa=-1, axisb=-1, axisc=-1, axis=None, *, batched):
    if axis is not None:
        axisa = axis
        axisb = axis
        axisc = axis
    rank = runtime.sample_rank(("a" in batched, "b" in batched), a, b)
    if "a" in batched:
        a = runtime.aligned(np.moveaxis(a, runtime.shifted_axes(axisa), -1), rank)
    else:
        a = np.moveaxis(a, axisa, -1)
    if "b" in batched:
        b = runtime.aligned(np.moveaxis(b, runtime.shifted_axes(axisb), -1), rank)
    else:
        b = np.moveaxis(b, axisb, -1)
    return np.moveaxis(np.cross(a, b), -1, runtime.shifted_axes(axisc))


@batching(np.einsum)
def einsum(*operands, optimize=False, batched):
    return runtime.einsum_samples(operands, runtime.parts(batched, "operands"), optimize)


facts(np.convolve, np.correlate, np.linalg.multi_dot, by_sample=True)
