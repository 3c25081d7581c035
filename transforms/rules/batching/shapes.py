"""Batches of the functions that rearrange, repeat or select whole parts of an array."""

from __future__ import annotations

import numpy as np

from transforms import runtime
from transforms.registry import batching, facts

facts(np.swapaxes, along="a", axes="axis1 axis2")
facts(np.moveaxis, along="a", axes="source destination")
facts(np.diagonal, np.trace, along="a", axes="axis1 axis2")
facts(np.flip, along="m", axes="axis")
facts(np.rot90, along="m", axes="axes")
facts(np.matrix_transpose, native="a")
facts(np.meshgrid, np.ix_, by_sample=True)


@batching(np.reshape)
def reshape(a, shape, order="C", *, copy=None, batched):
    if order == "A":
        return runtime.each(np.reshape, (0,), a, shape, order)
    return np.reshape(a, runtime.batch_shape(a, shape), order)


@batching(np.ndarray.reshape)
def ndarray_reshape(a, *shape, order="C", copy=None, batched):
    if len(shape) == 1:
        shape = shape[0]
    if order == "A":
        return runtime.each(np.reshape, (0,), a, shape, order)
    return np.reshape(a, runtime.batch_shape(a, shape), order)


@batching(np.ravel)
def ravel(a, order="C", *, batched):
    if order == "C":
        return runtime.flat_samples(a)
    if order == "F":
        return np.reshape(a, runtime.batch_shape(a, -1), "F")
    return runtime.each(np.ravel, (0,), a, order)


@batching(np.ndarray.flatten)
def flatten(a, order="C", *, batched):
    if order == "C":
        return np.array(runtime.flat_samples(a))
    if order == "F":
        return np.array(np.reshape(a, runtime.batch_shape(a, -1), "F"))
    return runtime.each(np.ndarray.flatten, (0,), a, order)


@batching(np.expand_dims)
def expand_dims(a, axis, *, batched):
    return np.expand_dims(a, runtime.shifted_axes(axis))


@batching(np.squeeze)
def squeeze(a, axis=None, *, batched):
    if axis is None:
        return np.squeeze(a, runtime.single_axes(a))
    return np.squeeze(a, runtime.inner_axes(a, axis))


@batching(np.atleast_1d)
def atleast_1d(*arys, batched):
    if len(arys) == 1:
        return runtime.aligned(arys[0], 1)
    return runtime.each_with_rank(arys, runtime.parts(batched, "arys"), np.atleast_1d, 1)


@batching(np.atleast_2d)
def atleast_2d(*arys, batched):
    if len(arys) == 1:
        return runtime.aligned(arys[0], 2)
    return runtime.each_with_rank(arys, runtime.parts(batched, "arys"), np.atleast_2d, 2)


@batching(np.atleast_3d)
def atleast_3d(*arys, batched):
    if len(arys) == 1:
        return runtime.deepened(arys[0])
    return runtime.each_with_rank(arys, runtime.parts(batched, "arys"), np.atleast_3d, 3)


@batching(np.pad)
def pad(array, pad_width, mode="constant", constant_values=0, reflect_type="even", *, batched):
    if "array" not in batched or "constant_values" in batched or not np.isscalar(constant_values):
        arguments = (array, pad_width, mode, constant_values, reflect_type)
        names = ("array", "pad_width", "mode", "constant_values", "reflect_type")
        return runtime.each_of(runtime.padded, arguments, batched, names)
    widths = runtime.batch_widths(array, pad_width)
    if mode == "constant":
        return np.pad(array, widths, constant_values=constant_values)
    if reflect_type == "even":
        return np.pad(array, widths, mode)
    return np.pad(array, widths, mode, reflect_type=reflect_type)


@batching(np.transpose)
def transpose(a, axes=None, *, batched):
    return np.transpose(a, runtime.batch_permutation(a, axes))


@batching(np.ndarray.transpose)
def ndarray_transpose(a, *axes, batched):
    if len(axes) == 0:
        return np.transpose(a, runtime.batch_permutation(a))
    if len(axes) == 1 and (axes[0] is None or isinstance(axes[0], tuple)):
        return np.transpose(a, runtime.batch_permutation(a, axes[0]))
    return np.transpose(a, runtime.batch_permutation(a, axes))


@batching(np.rollaxis)
def rollaxis(a, axis, start=0, *, batched):
    return np.moveaxis(a, runtime.shifted_axes(axis), runtime.rolled_axis(axis, start, np.ndim(a) - 1) + 1)


@batching(np.fliplr)
def fliplr(m, *, batched):
    return np.flip(m, 2)


@batching(np.flipud)
def flipud(m, *, batched):
    return np.flip(m, 1)


@batching(np.roll)
def roll(a, shift, axis=None, *, batched):
    if "shift" in batched:
        return runtime.each(np.roll, (0, 1) if "a" in batched else (1,), a, shift, axis)
    if axis is None:
        return np.reshape(np.roll(runtime.flat_samples(a), shift, 1), np.shape(a))
    return np.roll(a, shift, runtime.inner_axes(a, axis))


@batching(np.broadcast_to)
def broadcast_to(array, shape, subok=False, *, batched):
    whole = runtime.batch_shape(array, shape)
    return np.broadcast_to(runtime.aligned(array, len(whole) - 1), whole)


@batching(np.broadcast_arrays)
def broadcast_arrays(*args, subok=False, batched):
    places = runtime.parts(batched, "args")
    return np.broadcast_arrays(*runtime.aligned_items(args, places, runtime.rank_of_items(args, places)))


@batching(np.repeat)
def repeat(a, repeats, axis=None, *, batched):
    if "repeats" in batched:
        return runtime.each(np.repeat, (0, 1) if "a" in batched else (1,), a, repeats, axis)
    if axis is None:
        return np.repeat(runtime.flat_samples(a), repeats, 1)
    return np.repeat(a, repeats, runtime.inner_axes(a, axis))


@batching(np.tile)
def tile(A, reps, *, batched):  # noqa: N803
    return runtime.tiled(A, reps)


@batching(np.tril)
def tril(m, k=0, *, batched):
    if np.ndim(m) == 2:
        m = np.repeat(m[:, None, :], m.shape[1], 1)
    return np.tril(m, k)


@batching(np.triu)
def triu(m, k=0, *, batched):
    if np.ndim(m) == 2:
        m = np.repeat(m[:, None, :], m.shape[1], 1)
    return np.triu(m, k)


@batching(np.diag)
def diag(v, k=0, *, batched):
    if np.ndim(v) == 3:
        return np.diagonal(v, k, 1, 2)
    return runtime.diagonal_matrices(v, k)


@batching(np.diagflat)
def diagflat(v, k=0, *, batched):
    return runtime.diagonal_matrices(runtime.flat_samples(v), k)
