"""Results of the transforms of `np.fft`, which keep the shape unless a length is given."""

from __future__ import annotations

import numpy as np

from transforms.inference import dtype_of
from transforms.registry import result
from transforms.rules.results.arguments import LAST, NONE, constant_of, full_shape, tried
from transforms.values import Array, Value


@result(np.fft.fft, np.fft.ifft)
def fourier(a: Value, n: Value = NONE, axis: Value = LAST, norm: Value = NONE, out: Value = NONE) -> Value | None:
    shape, dtype = full_shape(a), dtype_of(a)
    found = tried(np.fft.fft, dtype) if dtype is not None else None
    if found is None or not shape or constant_of(n) is not None:
        return None
    return Array(found, shape)


@result(np.fft.fft2, np.fft.ifft2, np.fft.fftn, np.fft.ifftn)
def fourier_several(a: Value, s: Value = NONE, axes: Value = NONE, norm: Value = NONE) -> Value | None:
    return fourier(a) if constant_of(s) is None else None
