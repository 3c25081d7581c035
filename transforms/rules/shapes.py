"""Rules of the functions that rearrange, repeat or select whole parts of an array without looking at its numbers.

All are linear: the cotangent `g` of the result goes back by the mirror image of the function.  Facts about sharing
memory (`views`) follow NumPy's documentation: a result that *may* be a view counts as one.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import numpy as np

from transforms import runtime
from transforms.registry import adjoint, constant, facts, methods, refused, tangent
from transforms.rules.sampling import call, crossed, listed, numbers

LINEAR: dict[str, Any] = {"linear": "a", "shape_only": "a"}
VIEW: dict[str, Any] = {"linear": "a", "shape_only": "a", "views": "a"}
READ_IN_ORDER: dict[str, Any] = {**LINEAR, "linear_unless": "order"}  # the order of memory is that of `a` itself
VIEW_IN_ORDER: dict[str, Any] = {**VIEW, "linear_unless": "order"}
VIEW_OF_M: dict[str, Any] = {"linear": "m", "shape_only": "m", "views": "m"}
VIEW_OF_V: dict[str, Any] = {"linear": "v", "shape_only": "v", "views": "v"}

# ----------------------------------------------------------------------------------------------- one shape from another


def _reshapes() -> Iterator[Any]:
    yield call(numbers((2, 3)), (3, 2))
    yield call(numbers((2, 3)), -1)
    yield call(numbers((6,)), (2, -1))
    yield call(numbers(()), (1, 1))
    yield call(numbers((0, 3)), (3, 0))
    yield call(numbers((2, 3)), (3, 2), order="F")
    yield call(crossed(numbers((2, 3))), (3, 2), order="A")
    yield call(np.asfortranarray(numbers((2, 3))), (6,), order="A")
    yield call(numbers((2, 3)).astype(np.float32), (1, 6))


@adjoint(np.reshape, **VIEW_IN_ORDER, samples=_reshapes)
def reshape(a, shape, order="C", *, copy=None, ans, g):
    if order == "C":
        return runtime.reshape_like(g, a)
    return np.reshape(g, np.shape(a), runtime.reading_order(a, order))


@tangent(np.reshape)
def reshape_tangent(a, shape, order="C", *, copy=None, ans, a_dot):
    return np.reshape(a_dot, np.shape(ans), runtime.reading_order(a, order))


@adjoint(
    np.ndarray.reshape,
    **VIEW_IN_ORDER,
    samples=listed(call(numbers((2, 3)), 3, 2), call(numbers((2, 3)), (6,)), call(numbers((2, 3)), -1, 2, order="F")),
)
def ndarray_reshape(a, *shape, order="C", copy=None, ans, g):
    if order == "C":
        return runtime.reshape_like(g, a)
    return np.reshape(g, np.shape(a), runtime.reading_order(a, order))


@tangent(np.ndarray.reshape)
def ndarray_reshape_tangent(a, *shape, order="C", copy=None, ans, a_dot):
    return np.reshape(a_dot, np.shape(ans), runtime.reading_order(a, order))


_ORDERS = listed(
    call(numbers((2, 3))),
    call(np.array(0.5)),
    call(numbers((0, 2))),
    call(numbers((2, 3)), "F"),
    call(np.asfortranarray(numbers((2, 3))), "K"),
    call(crossed(numbers((2, 3)))),
    call(numbers((2, 1, 3)).astype(np.float32)),
)


@adjoint(np.ravel, **VIEW_IN_ORDER, samples=_ORDERS)
def ravel(a, order="C", *, ans, g):
    if order == "C":
        return runtime.reshape_like(g, a)
    return np.reshape(g, np.shape(a), runtime.reading_order(a, order))


@tangent(np.ravel)
def ravel_tangent(a, order="C", *, ans, a_dot):
    return np.ravel(a_dot, runtime.reading_order(a, order))


@adjoint(np.ndarray.flatten, **READ_IN_ORDER, samples=_ORDERS)
def flatten(a, order="C", *, ans, g):
    if order == "C":
        return runtime.reshape_like(g, a)
    return np.reshape(g, np.shape(a), runtime.reading_order(a, order))


@tangent(np.ndarray.flatten)
def flatten_tangent(a, order="C", *, ans, a_dot):
    return np.ndarray.flatten(a_dot, runtime.reading_order(a, order))


@adjoint(
    np.expand_dims,
    **VIEW,
    samples=listed(
        call(numbers((3,)), 0), call(numbers((2, 3)), -1), call(numbers((3,)), (0, 2)), call(numbers(()), 0)
    ),
)
def expand_dims(a, axis, *, ans, g):
    return np.squeeze(g, axis)


@adjoint(
    np.squeeze,
    **VIEW,
    samples=listed(
        call(numbers((1, 3, 1))),
        call(numbers((1, 3, 1)), 0),
        call(numbers((1, 3, 1)), (0, -1)),
        call(numbers((2, 3))),
        call(numbers((1,))),
        call(numbers(())),
    ),
)
def squeeze(a, axis=None, *, ans, g):
    if axis is None:
        return runtime.reshape_like(g, a)
    return np.expand_dims(g, axis)


def _atleast() -> Iterator[Any]:
    for shape in ((), (3,), (2, 3), (2, 1, 3)):
        yield call(numbers(shape))
    yield call(numbers((3,)), numbers(()), numbers((2, 3)))


@adjoint(np.atleast_1d, linear="arys", shape_only="arys", views="arys", samples=_atleast)
def atleast_1d(*arys, ans, g):
    return runtime.reshape_each(g, arys)


@adjoint(np.atleast_2d, linear="arys", shape_only="arys", views="arys", samples=_atleast)
def atleast_2d(*arys, ans, g):
    return runtime.reshape_each(g, arys)


@adjoint(np.atleast_3d, linear="arys", shape_only="arys", views="arys", samples=_atleast)
def atleast_3d(*arys, ans, g):
    return runtime.reshape_each(g, arys)


# ------------------------------------------------------------------------------------------------------- axes exchanged


@adjoint(
    np.transpose,
    **VIEW,
    samples=listed(
        call(numbers((2, 3))),
        call(numbers((3,))),
        call(numbers(())),
        call(numbers((2, 0))),
        call(numbers((2, 1, 3)), (2, 0, 1)),
        call(numbers((2, 1, 3)), (-1, 0, -2)),
        call(crossed(numbers((2, 3))).astype(np.float32)),
    ),
)
def transpose(a, axes=None, *, ans, g):
    if axes is None:
        return np.transpose(g)
    return np.transpose(g, runtime.inverse_permutation(axes))


@adjoint(
    np.ndarray.transpose,
    **VIEW,
    samples=listed(
        call(numbers((2, 3))),
        call(numbers((2, 1, 3)), 2, 0, 1),
        call(numbers((2, 1, 3)), (2, 0, 1)),
        call(numbers((2, 3)), None),
        call(numbers((3,)), 0),
    ),
)
def ndarray_transpose(a, *axes, ans, g):
    return np.transpose(g, runtime.inverse_permutation(runtime.given_axes(axes, np.ndim(a))))


@adjoint(np.matrix_transpose, **VIEW, samples=listed(call(numbers((2, 3))), call(numbers((4, 2, 3)))))
def matrix_transpose(a, *, ans, g):
    return np.matrix_transpose(g)


@adjoint(np.swapaxes, **VIEW, samples=listed(call(numbers((2, 3)), 0, 1), call(numbers((2, 1, 3)), -1, 0)))
def swapaxes(a, axis1, axis2, *, ans, g):
    return np.swapaxes(g, axis1, axis2)


@adjoint(
    np.moveaxis,
    **VIEW,
    samples=listed(
        call(numbers((2, 1, 3)), 0, -1), call(numbers((2, 1, 3)), (0, 2), (1, 0)), call(numbers((3,)), 0, 0)
    ),
)
def moveaxis(a, source, destination, *, ans, g):
    return np.moveaxis(g, destination, source)


@adjoint(
    np.rollaxis,
    **VIEW,
    samples=listed(
        call(numbers((2, 1, 3)), 2),
        call(numbers((2, 1, 3)), 0, 3),
        call(numbers((2, 1, 3)), 1, 2),
        call(numbers((2, 1, 3)), -1, 1),
        call(numbers((2, 1, 3)), 0, -1),
    ),
)
def rollaxis(a, axis, start=0, *, ans, g):
    return np.moveaxis(g, runtime.rolled_axis(axis, start, np.ndim(a)), axis)


# ------------------------------------------------------------------------------------------------ elements moved around


@adjoint(
    np.flip,
    **VIEW_OF_M,
    samples=listed(
        call(numbers((2, 3))), call(numbers((2, 3)), 1), call(numbers((2, 1, 3)), (0, -1)), call(numbers((0,)))
    ),
)
def flip(m, axis=None, *, ans, g):
    return np.flip(g, axis)


@adjoint(np.fliplr, **VIEW_OF_M, samples=listed(call(numbers((2, 3))), call(numbers((2, 3, 2)))))
def fliplr(m, *, ans, g):
    return np.fliplr(g)


@adjoint(np.flipud, **VIEW_OF_M, samples=listed(call(numbers((3,))), call(numbers((2, 3)))))
def flipud(m, *, ans, g):
    return np.flipud(g)


@adjoint(
    np.roll,
    **LINEAR,
    samples=listed(
        call(numbers((5,)), 2),
        call(numbers((2, 3)), -1),
        call(numbers((2, 3)), 1, axis=1),
        call(numbers((2, 3)), (1, 2), axis=(0, 1)),
        call(numbers((2, 3)), 1, axis=(0, 1)),
        call(numbers(()), 1),
    ),
)
def roll(a, shift, axis=None, *, ans, g):
    return np.roll(g, runtime.opposite(shift), axis)


@adjoint(
    np.rot90,
    **VIEW_OF_M,
    samples=listed(call(numbers((2, 3))), call(numbers((2, 3)), 2), call(numbers((2, 3, 4)), 3, (2, 0))),
)
def rot90(m, k=1, axes=(0, 1), *, ans, g):
    return np.rot90(g, -k, axes)


# ---------------------------------------------------------------------------------------------------- elements repeated


@adjoint(
    np.broadcast_to,
    linear="array",
    shape_only="array",
    views="array",
    samples=listed(
        call(numbers((3,)), (2, 3)),
        call(numbers((2, 1)), (4, 2, 3)),
        call(numbers(()), (2,)),
        call(0.5, (2, 2)),
        call(numbers((3,)), (3,)),
        call(numbers((1,)), 4),
        call(numbers((1, 3)), (0, 3)),
    ),
)
def broadcast_to(array, shape, subok=False, *, ans, g):
    return runtime.unbroadcast(g, array)


@adjoint(
    np.broadcast_arrays,
    linear="args",
    shape_only="args",
    views="args",
    samples=listed(
        call(numbers((3,)), numbers((2, 1))), call(numbers(())), call(numbers((1, 3)), numbers(()), numbers((3,)))
    ),
)
def broadcast_arrays(*args, subok=False, ans, g):
    return runtime.unbroadcast_each(g, args)


@adjoint(
    np.repeat,
    **LINEAR,
    samples=listed(
        call(numbers((3,)), 2),
        call(numbers((2, 3)), 2),
        call(numbers((2, 3)), 3, axis=0),
        call(numbers((2, 3)), 2, axis=-1),
        call(numbers((2, 3)), [1, 0, 2], axis=1),
        call(numbers((3,)), np.array([2, 0, 1])),
        call(numbers((2,)), [3]),
        call(numbers(()), 3),
        call(numbers((0, 2)), 2, 0),
        call(0.5, 3),
    ),
)
def repeat(a, repeats, axis=None, *, ans, g):
    return runtime.unrepeat(g, a, repeats, axis)


@adjoint(
    np.tile,
    linear="A",
    shape_only="A",
    samples=listed(
        call(numbers((3,)), 2),
        call(numbers((2, 3)), 2),
        call(numbers((3,)), (2, 2)),
        call(numbers((2, 1, 3)), (2, 3)),
        call(numbers(()), (2, 2)),
        call(numbers((2,)), ()),
        call(numbers((2,)), 0),
    ),
)
def tile(A, reps, *, ans, g):  # noqa: N803
    return runtime.untile(g, A, reps)


@adjoint(
    np.pad,
    linear="array",
    linear_unless="mode constant_values reflect_type",
    shape_only="array",
    samples=listed(
        call(numbers((3,)), 2),
        call(numbers((2, 3)), ((1, 0), (0, 2))),
        call(numbers((2, 3)), (1, 2), "constant"),
        call(numbers((2, 3)), (1, 2), constant_values=0.5),
        call(numbers((2, 3)), 2, "edge"),
        call(numbers((4,)), (2, 3), mode="wrap"),
        call(numbers((3,)), (2, 4), mode="reflect"),
        call(numbers((2, 3)), 3, mode="symmetric"),
    ),
)
def pad(array, pad_width, mode="constant", constant_values=0, reflect_type="even", *, ans, g):
    return runtime.unpad(g, array, pad_width, mode, reflect_type)


@tangent(np.pad)
def pad_tangent(array, pad_width, mode="constant", constant_values=0, reflect_type="even", *, ans, array_dot):
    return runtime.repad(array_dot, pad_width, mode, reflect_type)


@adjoint(
    np.meshgrid,
    linear="xi",
    shape_only="xi",
    samples=listed(
        call(numbers((3,)), numbers((2,))),
        call(numbers((3,)), numbers((2,)), indexing="ij"),
        call(numbers((3,)), numbers((2,)), numbers((4,)), sparse=True),
        call(numbers((3,)), numbers(()), numbers((2,))),
        call(numbers((3,))),
    ),
)
def meshgrid(*xi, copy=True, sparse=False, indexing="xy", ans, g):
    return runtime.unmeshgrid(g, xi, indexing)


@adjoint(
    np.ix_,
    linear="args",
    shape_only="args",
    samples=listed(call(numbers((3,)), numbers((2,))), call(numbers((3,)))),
)
def ix_(*args, ans, g):
    return runtime.unmeshgrid(g, args, "ij")


facts(np.ix_, views="args")
facts(np.meshgrid, views="xi")  # with copy=False, and when sparse

# ---------------------------------------------------------------------------------------------- triangles and diagonals

_TRIANGLES = listed(
    call(numbers((3, 3))),
    call(numbers((2, 3)), 1),
    call(numbers((3, 2)), -1),
    call(numbers((2, 2, 3)), k=0),
    call(numbers((3,))),
)


@adjoint(np.tril, linear="m", shape_only="m", samples=_TRIANGLES)
def tril(m, k=0, *, ans, g):
    return runtime.unbroadcast(np.tril(g, k), m)


@adjoint(np.triu, linear="m", shape_only="m", samples=_TRIANGLES)
def triu(m, k=0, *, ans, g):
    return runtime.unbroadcast(np.triu(g, k), m)


@adjoint(
    np.diag,
    **VIEW_OF_V,
    samples=listed(
        call(numbers((3,))),
        call(numbers((3,)), 1),
        call(numbers((2,)), -2),
        call(numbers((3, 3))),
        call(numbers((2, 4)), 1),
        call(numbers((4, 2)), -1),
        call(numbers((2, 2)), 5),
    ),
)
def diag(v, k=0, *, ans, g):
    if np.ndim(v) == 1:
        return np.diagonal(g, k)
    return runtime.undiagonal(g, v, k)


@adjoint(
    np.diagonal,
    **VIEW,
    samples=listed(
        call(numbers((3, 3))),
        call(numbers((2, 4)), 1),
        call(numbers((4, 2)), -1),
        call(numbers((2, 3, 4)), 0, 2, 0),
        call(numbers((2, 3, 4)), offset=1, axis1=-2, axis2=-1),
        call(numbers((2, 3, 4)), offset=-1, axis1=2, axis2=1),
    ),
)
def diagonal(a, offset=0, axis1=0, axis2=1, *, ans, g):
    return runtime.undiagonal(g, a, offset, axis1, axis2)


@adjoint(
    np.diagflat,
    linear="v",
    shape_only="v",
    samples=listed(call(numbers((3,))), call(numbers((2, 2)), 1), call(numbers(()), -1)),
)
def diagflat(v, k=0, *, ans, g):
    return runtime.reshape_like(np.diagonal(g, k), v)


@adjoint(
    np.trace,
    **LINEAR,
    samples=listed(
        call(numbers((3, 3))),
        call(numbers((2, 4)), 1),
        call(numbers((4, 2)), -1),
        call(numbers((2, 3, 4)), 0, 2, 0),
        call(numbers((2, 3, 4)), offset=1, axis1=-2, axis2=-1),
        call(numbers((3, 3)).astype(np.float32)),
    ),
)
def trace(a, offset=0, axis1=0, axis2=1, *, ans, g):
    return runtime.untrace(g, a, offset, axis1, axis2)


# ------------------------------------------------------------------------------------------------------------ constants

for _function in (np.shape, np.ndim, np.size):
    constant(_function, signature=inspect.signature(_function), shape_only="a")
constant(np.tri, np.indices, np.tril_indices, np.triu_indices, np.diag_indices)
constant(np.tril_indices_from, np.triu_indices_from, np.diag_indices_from, np.mask_indices)
constant(np.unravel_index, np.ravel_multi_index, np.broadcast_shapes)
constant(np.isfortran, np.shares_memory, np.may_share_memory)
refused(
    "np.resize repeats its argument; use np.tile or np.pad, or index with np.arange(n) % x.size.",
    np.resize,
)
refused("An array that changes its own size cannot be followed; make a new one.", np.ndarray.resize)
refused("Bytes read as another dtype have no derivative; use astype to convert.", np.ndarray.byteswap)


@adjoint(np.ndarray.view, linear="a", views="a", samples=listed(call(numbers((2, 3)))))
def view(a, *, ans, g):
    return g


methods(
    reshape=np.ndarray.reshape,
    ravel=np.ravel,
    flatten=np.ndarray.flatten,
    transpose=np.ndarray.transpose,
    T=np.transpose,
    mT=np.matrix_transpose,
    swapaxes=np.swapaxes,
    squeeze=np.squeeze,
    repeat=np.repeat,
    diagonal=np.diagonal,
    trace=np.trace,
    ndim=np.ndim,
    shape=np.shape,
    size=np.size,
    resize=np.ndarray.resize,
    view=np.ndarray.view,
    byteswap=np.ndarray.byteswap,
)
