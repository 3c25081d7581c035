"""Rules of sums of products: dot, matmul, einsum, outer and their kin, convolutions.

All are bilinear (einsum: multilinear), and none conjugates but vdot and correlate: a cotangent pairs with its value as
the plain product, also for complex numbers.  Each side's contribution is one helper call,
`runtime.matmul_left(g, a, b)`, which becomes `g @ b.T` once the ranks are known.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import Any

import numpy as np

from transforms import runtime
from transforms.registry import adjoint, methods, tangent
from transforms.rules.sampling import call, crossed, listed, numbers
from transforms.rules.typed import literal
from transforms.values import Array, Value

BOTH: dict[str, Any] = {"wrt": "a b", "multilinear": "a b"}


def complexes(shape: tuple[int, ...], seed: int = 0) -> Any:
    return numbers(shape, seed=seed) + 1j * numbers(shape, seed=seed + 1)


def pairs(*shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> Any:
    """Samples of a product of arrays of these shapes; the last also in single precision, crossed and complex."""

    def samples() -> Iterator[Any]:
        for left, right in shapes:
            yield call(numbers(left), numbers(right, seed=1))
        left, right = shapes[-1]
        yield call(numbers(left).astype(np.float32), numbers(right, seed=1).astype(np.float32))
        yield call(numbers(left).astype(np.float32), numbers(right, seed=1))
        yield call(complexes(left), complexes(right, seed=1))
        yield call(numbers(left), complexes(right, seed=1))
        yield call(crossed(numbers(left)), crossed(numbers(right, seed=1)))
        yield call(numbers(left).tolist(), numbers(right, seed=1))

    return samples


_DOT_SHAPES = (
    ((3,), (3,)),
    ((2, 3), (3,)),
    ((3,), (3, 2)),
    ((1, 3), (3, 1)),
    ((0, 3), (3, 2)),
    ((2, 0), (0, 3)),
    ((0,), (0,)),
    ((2, 3), (3, 4)),
)


@adjoint(
    np.matmul,
    operator.matmul,
    **BOTH,
    samples=pairs(
        ((5, 2, 3), (3, 4)),
        ((5, 2, 3), (3,)),
        ((2, 3), (5, 3, 4)),
        ((3,), (5, 3, 4)),
        ((5, 2, 3), (5, 3, 4)),
        ((5, 1, 2, 3), (4, 3, 2)),
        ((1, 2, 3), (4, 3, 2)),
        *_DOT_SHAPES,
    ),
)
def matmul(a, b, *, ans, g):
    return runtime.matmul_left(g, a, b), runtime.matmul_right(g, a, b)


@adjoint(
    np.dot,
    **BOTH,
    samples=pairs(
        ((), ()),
        ((), (3,)),
        ((2, 3), ()),
        ((5, 2, 3), (3, 4)),
        ((5, 2, 3), (3,)),
        ((2, 3), (5, 3, 4)),
        ((3,), (5, 3, 4)),
        ((5, 2, 3), (4, 3, 2)),
        *_DOT_SHAPES,
    ),
)
def dot(a, b, *, ans, g):
    return runtime.dot_left(g, a, b), runtime.dot_right(g, a, b)


@adjoint(np.vdot, **BOTH, samples=pairs(((), ()), ((2, 3), (3, 2)), ((2, 3), (6,)), ((0,), (0,)), ((3,), (3,))))
def vdot(a, b, *, ans, g):
    a_bar = runtime.reshape_like(np.conj(g * np.ravel(b)), a)
    b_bar = runtime.reshape_like(g * np.conj(np.ravel(a)), b)
    return runtime.match_dtype(a_bar, a), runtime.match_dtype(b_bar, b)


@adjoint(
    np.inner,
    **BOTH,
    samples=pairs(
        ((), ()),
        ((), (3,)),
        ((2, 3), ()),
        ((3,), (2, 3)),
        ((4, 2, 3), (3,)),
        ((4, 2, 3), (5, 3)),
        ((3,), (3,)),
        ((2, 3), (4, 3)),
    ),
)
def inner(a, b, *, ans, g):
    return runtime.inner_left(g, a, b), runtime.inner_right(g, a, b)


@adjoint(np.outer, **BOTH, samples=pairs(((), ()), ((2, 3), (4,)), ((2,), ()), ((0,), (3,)), ((3,), (2,))))
def outer(a, b, *, ans, g):
    return runtime.outer_left(g, a, b), runtime.outer_right(g, a, b)


def _tensordots() -> Iterator[Any]:
    yield call(numbers((2, 3)), numbers((3, 4)), 1)
    yield call(numbers((2, 3)), numbers((2, 3), seed=1))
    yield call(numbers((2,)), numbers((3, 2), seed=1), 0)
    yield call(numbers((2, 3, 4)), numbers((4, 3, 2)), axes=([1, 2], [1, 0]))
    yield call(numbers((2, 3, 4)), numbers((4, 3, 2)), axes=((2, 1), (0, 1)))
    yield call(numbers((2, 3, 4)), numbers((5, 2)), axes=(0, -1))
    yield call(numbers((2, 3)).astype(np.float32), numbers((3, 4)).astype(np.float32), 1)
    yield call(complexes((2, 3)), complexes((3, 4)), 1)


@adjoint(np.tensordot, **BOTH, samples=_tensordots)
def tensordot(a, b, axes=2, *, ans, g):
    return runtime.tensordot_left(g, a, b, axes), runtime.tensordot_right(g, a, b, axes)


@adjoint(np.kron, **BOTH, samples=pairs(((), (2,)), ((3,), (2,)), ((2, 3), (2,)), ((2,), (2, 1, 3)), ((2, 3), (3, 2))))
def kron(a, b, *, ans, g):
    return runtime.kron_left(g, a, b), runtime.kron_right(g, a, b)


def _crosses() -> Iterator[Any]:
    yield from pairs(((3,), (3,)), ((2, 3), (3,)), ((1, 3), (2, 1, 3)), ((2, 3), (2, 3)))()
    yield call(numbers((3, 2)), numbers((3, 2), seed=1), axis=0)
    yield call(numbers((3, 2)), numbers((2, 3), seed=1), axisa=0)
    yield call(numbers((3, 2)), numbers((3,), seed=1), 0, 0, 0)


@adjoint(np.cross, **BOTH, samples=_crosses)
def cross(a, b, axisa=-1, axisb=-1, axisc=-1, axis=None, *, ans, g):
    if axis is not None:
        axisa = axis
        axisb = axis
        axisc = axis
    a_bar = runtime.cross_left(g, a, b, axisa, axisb, axisc)
    return a_bar, runtime.cross_left(-g, b, a, axisb, axisa, axisc)


# --------------------------------------------------------------------------------------------------------------- einsum


def _einsums() -> Iterator[Any]:
    m23, m34, m33, v3 = numbers((2, 3)), numbers((3, 4), seed=1), numbers((3, 3), seed=2), numbers((3,), seed=3)
    yield call("ij,jk->ik", m23, m34)
    yield call("ij,jk", m23, m34)
    yield call("ba", m23)
    yield call("ij->", m23)
    yield call("ij->j", m23)
    yield call("ii", m33)
    yield call("ii->i", m33)
    yield call("iij->j", numbers((2, 2, 3)))
    yield call("iii->i", numbers((2, 2, 2)))
    yield call("ii,i->", m33, v3)
    yield call("i,i->", v3, v3 + 1)
    yield call("i,j->ij", v3, numbers((2,)))
    yield call("ij,j->i", m23, v3)
    yield call("...ij,...jk->...ik", numbers((5, 2, 3)), numbers((3, 4)))
    yield call("...ij,jk", numbers((5, 2, 3)), numbers((3, 4)))
    yield call("...i,...i->...", numbers((1, 4, 3)), numbers((2, 1, 3)))
    yield call("i...,i...->i...", numbers((3,)), numbers((3, 3)))
    yield call("i...j,i...->j...", numbers((2, 4, 3)), numbers((2, 5, 1)))
    yield call("i...->...", m23)
    yield call("ij,jk,kl->il", m23, m34, numbers((4, 2)), optimize=True)
    yield call("ij,k->i", m23, numbers((4,)))
    yield call("i,i->i", numbers((1,)), v3)
    yield call(" i j , j -> i ", m23, v3)
    yield call(m23, [0, 1], m34, [1, 2], [0, 2])
    yield call(m23, [0, 1], m34, [1, 2])
    yield call(numbers((5, 2, 3)), [Ellipsis, 0, 1], v3, [1], [Ellipsis, 0])
    yield call("ij,jk->ik", m23.astype(np.float32), m34.astype(np.float32))
    yield call("ij->i", m23.astype(np.float32))
    yield call("ii->", m33.astype(np.float32))
    yield call("ij,jk->ik", complexes((2, 3)), complexes((3, 4)))
    yield call("ij,jk->ik", m23, complexes((3, 4)))
    yield call(",i->i", 0.5, v3)


def _einsum_copies(operands: tuple[Value, ...], **rest: tuple[Value, ...]) -> bool:
    """Whether the result of `np.einsum` is new: of several arrays, or where an index is summed over."""
    if sum(isinstance(value, Array) for value in operands[1:]) > 1:
        return True
    text = literal(operands[0])
    if not isinstance(text, str):
        return False
    inputs, arrow, output = text.replace(" ", "").partition("->")
    letters = inputs.replace(".", "")
    summed = set(letters) - set(output) if arrow else {letter for letter in letters if letters.count(letter) > 1}
    return "," in inputs or bool(summed)


@adjoint(
    np.einsum,
    wrt="operands",
    multilinear="operands",
    views="operands",
    copies_when=_einsum_copies,
    samples=_einsums,
)
def einsum(*operands, optimize=False, ans, g):
    return runtime.einsum_adjoints(g, operands)


# ---------------------------------------------------------------------------------------------------------- convolution


def _convolutions() -> Iterator[Any]:
    for left, right in ((5, 3), (5, 4), (5, 2), (3, 5), (2, 5), (4, 4), (1, 3), (6, 1)):
        for mode in ("full", "same", "valid"):
            yield call(numbers((left,)), numbers((right,), seed=1), mode)
    yield call(numbers((5,)).astype(np.float32), numbers((3,), seed=1).astype(np.float32), "same")
    yield call(complexes((5,)), complexes((3,), seed=1), "full")


@adjoint(np.convolve, wrt="a v", multilinear="a v", samples=_convolutions)
def convolve(a, v, mode="full", *, ans, g):
    full = runtime.convolution_window(g, a, v, mode)
    a_bar = runtime.reshape_like(np.convolve(full, np.flip(v), "valid"), a)
    return runtime.match_dtype(a_bar, a), runtime.match_dtype(
        runtime.reshape_like(np.convolve(full, np.flip(a), "valid"), v), v
    )


@adjoint(np.correlate, wrt="a v", multilinear="a v", samples=_convolutions)
def correlate(a, v, mode="valid", *, ans, g):
    full = runtime.correlation_window(g, a, v, mode)
    a_bar = runtime.reshape_like(np.convolve(full, np.conj(v), "valid"), a)
    v_bar = runtime.reshape_like(np.conj(np.flip(np.convolve(full, np.flip(a), "valid"))), v)
    return runtime.match_dtype(a_bar, a), runtime.match_dtype(v_bar, v)


# ------------------------------------------------------------------------------------------------------ several at once


@adjoint(
    np.linalg.multi_dot,
    sequences="arrays",
    samples=listed(
        call([numbers((2, 3)), numbers((3, 4)), numbers((4, 2))]),
        call((numbers((3,)), numbers((3, 4)), numbers((4,)))),
        call([numbers((2, 3)), numbers((3, 2))]),
    ),
)
def multi_dot(arrays, *, ans, g):
    return runtime.multi_dot_adjoints(g, arrays)


@tangent(np.linalg.multi_dot)
def multi_dot_tangent(arrays, *, ans, arrays_dot):
    return runtime.multi_dot_tangent(arrays_dot, arrays)


methods(dot=np.dot)
