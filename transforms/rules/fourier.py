"""Rules of the discrete Fourier transforms whose matrix is symmetric, so that each is its own transpose.

In comes the cotangent `g` of the transform, out comes the contribution of the signal, real where the signal is real.
A length `n` other than that of the signal is not supported.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from transforms import runtime
from transforms.registry import adjoint
from transforms.rules.sampling import numbers


def _signals() -> Iterator[Any]:
    yield (numbers((4,)),), {}
    yield (numbers((5,)) + 1j * numbers((5,), seed=1),), {}
    yield (numbers((3, 4)),), {"axis": 0}
    yield (numbers((3, 4)),), {"norm": "ortho"}


def _images() -> Iterator[Any]:
    yield (numbers((3, 4)),), {}
    yield (numbers((3, 4)) + 1j * numbers((3, 4), seed=1),), {}


@adjoint(np.fft.fft, linear="a", samples=_signals)
def fft(a, *, axis=-1, norm=None, ans, g):
    return runtime.match_dtype(np.fft.fft(g, axis=axis, norm=norm), a)


@adjoint(np.fft.ifft, linear="a", samples=_signals)
def ifft(a, *, axis=-1, norm=None, ans, g):
    return runtime.match_dtype(np.fft.ifft(g, axis=axis, norm=norm), a)


@adjoint(np.fft.fft2, linear="a", samples=_images)
def fft2(a, *, norm=None, ans, g):
    return runtime.match_dtype(np.fft.fft2(g, norm=norm), a)


@adjoint(np.fft.ifft2, linear="a", samples=_images)
def ifft2(a, *, norm=None, ans, g):
    return runtime.match_dtype(np.fft.ifft2(g, norm=norm), a)


@adjoint(np.fft.fftn, linear="a", samples=_images)
def fftn(a, *, norm=None, ans, g):
    return runtime.match_dtype(np.fft.fftn(g, norm=norm), a)


@adjoint(np.fft.ifftn, linear="a", samples=_images)
def ifftn(a, *, norm=None, ans, g):
    return runtime.match_dtype(np.fft.ifftn(g, norm=norm), a)


@adjoint(np.fft.fftshift, linear="x", samples=lambda: iter([((numbers((5,)),), {})]))
def fftshift(x, axes=None, *, ans, g):
    return np.fft.ifftshift(g, axes)


@adjoint(np.fft.ifftshift, linear="x", samples=lambda: iter([((numbers((5,)),), {})]))
def ifftshift(x, axes=None, *, ans, g):
    return np.fft.fftshift(g, axes)
