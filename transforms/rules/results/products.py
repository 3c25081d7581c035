"""Results of products of arrays."""

from __future__ import annotations

import operator

import numpy as np

from transforms.inference import array_or_number, broadcast, dtype_of, elementwise
from transforms.registry import result
from transforms.rules.results.arguments import NONE, TWO, Shape, constant_of, full_shape, merged, of_rank, rank_of
from transforms.values import Array, Dimension, Number, Value


@result(np.matmul, operator.matmul)
def matmul(x1: Value, x2: Value) -> Value | None:
    first, second = full_shape(x1), full_shape(x2)
    dtype = _product_dtype(x1, x2)
    if dtype is None:
        return None
    if first is None or second is None or not first or not second:
        return Array(dtype, None) if first != () and second != () else None
    return array_or_number(dtype, _matmul_shape(first, second))


def _matmul_shape(first: Shape, second: Shape) -> Shape:
    left = first[-2:-1]
    right = second[-1:] if len(second) > 1 else ()
    outer = broadcast(first[:-2], second[:-2])
    assert outer is not None
    return (*outer, *left, *right)


def _product_dtype(*values: Value) -> np.dtype | None:
    dtypes = [dtype_of(value) for value in values]
    if any(dtype is None for dtype in dtypes):
        return None
    return np.result_type(*dtypes)


@result(np.dot, np.ndarray.dot)
def dot(a: Value, b: Value, out: Value = NONE) -> Value | None:
    first, second = full_shape(a), full_shape(b)
    if constant_of(out) is not None:
        return None
    if first == () or second == ():
        found = elementwise(np.multiply, a, b)
        return found if isinstance(found, (Number, Array)) else None
    dtype = _product_dtype(a, b)
    if dtype is None:
        return None
    if first is None or second is None:
        return None
    right = (*second[:-2], second[-1]) if len(second) > 1 else ()
    return array_or_number(dtype, (*first[:-1], *right))


@result(np.inner)
def inner(a: Value, b: Value) -> Value | None:
    first, second, dtype = full_shape(a), full_shape(b), _product_dtype(a, b)
    if dtype is None or not first or not second:
        return None
    return array_or_number(dtype, (*first[:-1], *second[:-1]))


@result(np.vdot)
def vdot(a: Value, b: Value) -> Value | None:
    dtype = _product_dtype(a, b)
    return None if dtype is None else Number(dtype)


@result(np.outer)
def outer(a: Value, b: Value, out: Value = NONE) -> Value | None:
    first, second, dtype = full_shape(a), full_shape(b), _product_dtype(a, b)
    if dtype is None or first is None or second is None:
        return None
    return Array(dtype, (merged(first, 0), merged(second, 1)))


@result(np.tensordot)
def tensordot(a: Value, b: Value, axes: Value = TWO) -> Value | None:
    first, second, dtype, which = full_shape(a), full_shape(b), _product_dtype(a, b), constant_of(axes)
    if dtype is None or first is None or second is None:
        return None
    if isinstance(which, int):
        which = (tuple(range(len(first) - which, len(first))), tuple(range(which)))
    if not isinstance(which, (tuple, list)) or len(which) != 2:
        return Array(dtype, None)
    pairs = [(item,) if isinstance(item, int) else tuple(item) for item in which]
    left = {axis % len(first) for axis in pairs[0]} if first else set()
    right = {axis % len(second) for axis in pairs[1]} if second else set()
    kept = [size for axis, size in enumerate(first) if axis not in left]
    kept += [size for axis, size in enumerate(second) if axis not in right]
    return array_or_number(dtype, tuple(kept)) if kept else Array(dtype, ())


@result(np.einsum)
def einsum(subscripts: Value, *operands: Value, **named: Value) -> Value | None:
    text = constant_of(subscripts)
    shapes = [full_shape(item) for item in operands]
    dtype = _product_dtype(*operands)
    if not isinstance(text, str) or dtype is None or any(shape is None for shape in shapes) or "out" in named:
        return None
    text = text.replace(" ", "")
    left, arrow, right = text.partition("->")
    terms = left.split(",")
    if "." in text:
        return _einsum_with_ellipsis(terms, arrow, right, shapes, dtype)
    sizes: dict[str, list[Dimension]] = {}
    for term, shape in zip(terms, shapes):
        for letter, size in zip(term, shape or ()):
            sizes.setdefault(letter, []).append(size)
    if not arrow:
        right = "".join(sorted(letter for letter in sizes if left.count(letter) == 1))
    kept = tuple(broadcast(*((size,) for size in sizes[letter]))[0] for letter in right)  # type: ignore[index]
    return array_or_number(dtype, kept)


def _einsum_with_ellipsis(
    terms: list[str], arrow: str, right: str, shapes: list[Shape | None], dtype: np.dtype
) -> Value | None:
    """The ellipsis stands for the broadcast of what the letters leave over."""
    if not arrow or "..." not in right:
        return None
    sizes: dict[str, list[Dimension]] = {}
    outer: list[Shape] = []
    for term, shape in zip(terms, shapes):
        assert shape is not None
        before, dots, after = term.partition("...")
        inner = len(shape) - len(before) - len(after)
        if inner < 0 or (not dots and inner):
            return None
        outer.append(shape[len(before) : len(before) + inner])
        for letter, size in zip(before + after, shape[: len(before)] + shape[len(before) + inner :]):
            sizes.setdefault(letter, []).append(size)
    spread = broadcast(*outer) or ()
    before, _, after = right.partition("...")
    ends = [tuple(broadcast(*((size,) for size in sizes[letter]))[0] for letter in part) for part in (before, after)]  # type: ignore[index]
    return array_or_number(dtype, (*ends[0], *spread, *ends[1]))


@result(np.cross)
def cross(a: Value, b: Value, *rest: Value, **named: Value) -> Value | None:
    first, second, dtype = full_shape(a), full_shape(b), _product_dtype(a, b)
    if dtype is None or first is None or second is None or rest or named:
        return None
    if len(first) == len(second) == 1:
        return Array(dtype, None)
    return Array(dtype, None)


@result(np.convolve, np.correlate)
def convolve(a: Value, v: Value, mode: Value = NONE) -> Value | None:
    return of_rank(_product_dtype(a, v), 1)


@result(np.kron)
def kron(a: Value, b: Value) -> Value | None:
    first, second = rank_of(a), rank_of(b)
    return of_rank(_product_dtype(a, b), None if not first or not second else max(first, second))
