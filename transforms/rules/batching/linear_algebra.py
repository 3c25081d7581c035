"""Batches of linear algebra and Fourier transforms: NumPy leaves leading axes alone almost everywhere."""

from __future__ import annotations

import numpy as np

from transforms import runtime
from transforms.registry import batching, facts

facts(
    np.linalg.inv,
    np.linalg.det,
    np.linalg.slogdet,
    np.linalg.cholesky,
    np.linalg.eigvalsh,
    np.linalg.eigh,
    np.linalg.pinv,
    np.linalg.matrix_power,
    np.linalg.svd,
    np.fft.fft2,
    np.fft.ifft2,
    native="a",
)
facts(runtime.half_lower, runtime.triangle_read, runtime.symmetric_read, native="x")
facts(runtime.inverse_gaps, native="values")
facts(runtime.thin_factors, native="factors")
facts(runtime.matrix_power_adjoint, by_sample=True)
facts(np.linalg.matrix_rank, native="A")
facts(np.fft.fft, np.fft.ifft, along="a", axes="axis")
facts(np.fft.fftshift, np.fft.ifftshift, along="x", axes="axes")


@batching(np.fft.fftn)
def fftn(a, *, norm=None, batched):
    return np.fft.fftn(a, axes=tuple(range(1, np.ndim(a))), norm=norm)


@batching(np.fft.ifftn)
def ifftn(a, *, norm=None, batched):
    return np.fft.ifftn(a, axes=tuple(range(1, np.ndim(a))), norm=norm)


@batching(np.linalg.solve)
def solve(a, b, *, batched):
    left = np.ndim(a) - ("a" in batched)
    right = np.ndim(b) - ("b" in batched)
    if right == 1:
        if "a" not in batched and left == 2:
            return np.transpose(np.linalg.solve(a, np.transpose(b)))
        columns = np.expand_dims(b, -1)
        if "b" in batched:
            columns = runtime.aligned(columns, left)
        return np.linalg.solve(a, columns)[..., 0]
    if "a" in batched and right > left:
        a = runtime.aligned(a, right)
    if "b" in batched and left > right:
        b = runtime.aligned(b, left)
    return np.linalg.solve(a, b)


@batching(np.linalg.norm)
def norm(x, ord=None, axis=None, keepdims=False, *, batched):
    if axis is not None:
        return np.linalg.norm(x, ord, runtime.inner_axes(x, axis), keepdims)
    if ord is None and not keepdims:
        return np.linalg.norm(runtime.flat_samples(x), axis=1)
    if np.ndim(x) == 2:
        return np.linalg.norm(x, ord, 1, keepdims)
    if np.ndim(x) == 3:
        return np.linalg.norm(x, ord, (1, 2), keepdims)
    return runtime.each(np.linalg.norm, (0,), x, ord, axis, keepdims)
