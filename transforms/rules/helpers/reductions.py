"""Helpers of reductions and cumulations."""

from __future__ import annotations

import inspect
import operator
from typing import Any

import numpy as np

from transforms import inference, runtime
from transforms.core import Atom, Const
from transforms.registry import adjoint, constant, result, simplify, tangent
from transforms.rules.helpers.broadcasting import like_second
from transforms.rules.helpers.common import cast, expanded, of_shape, spread_like
from transforms.rules.sampling import call, listed, numbers
from transforms.rules.typed import dtype_of, is_literal, is_python_number, is_scalar, literal, normalized_axes, shape_of
from transforms.values import INTEGER, UNKNOWN, Array, Dimension, Literal, Sequence, Value

_REDUCED = listed(
    call(0.7, np.zeros((2, 3))),
    call(numbers((3,)), np.zeros((2, 3)), 0),
    call(numbers((2, 1)), np.zeros((2, 3)), -1, True),
    call(numbers((3,)), np.zeros((2, 3, 4)), (0, 2)),
    call(0.7, np.zeros((2, 3), np.float32)),
    call(0.7, 1.0),
)


@adjoint(runtime.expand_reduced, linear="cotangent", views="cotangent", shape_only="x", samples=_REDUCED)
def expand_reduced(cotangent, x, axis=None, keepdims=False, *, ans, g):
    return runtime.sum_reduced(g, cotangent, axis, keepdims)


@adjoint(
    runtime.sum_reduced,
    linear="cotangent",
    shape_only="x",
    samples=listed(
        call(numbers((2, 3)), 1.0),
        call(numbers((2, 3)), np.zeros(3), 0),
        call(numbers((2, 3)), np.zeros((2, 1)), 1, True),
    ),
)
def sum_reduced(cotangent, x, axis=None, keepdims=False, *, ans, g):
    return runtime.expand_reduced(g, cotangent, axis, keepdims)


@simplify(runtime.expand_reduced)
def simplify_expand_reduced(site: Any) -> Atom | None:
    given, wanted = site.value("cotangent"), site.value("x")
    if is_scalar(wanted):
        return cast(site, site.atom("cotangent"), _dtype_like(given, wanted), wanted) if is_scalar(given) else None
    old, shape = shape_of(given), shape_of(wanted)
    if old is None or shape is None or isinstance(wanted, Sequence) or not isinstance(site.value("axis"), Literal):
        return None
    axes = normalized_axes(literal(site.value("axis")), len(shape))
    if axes is None or dtype_of(given) is None:
        return None
    atom = cast(site, site.atom("cotangent"), _dtype_like(given, wanted), wanted)
    if atom is None:
        return None
    if len(old) != len(shape) and old:
        atom = expanded(site, atom, axes, len(shape))
    return spread_like(site, atom, site.atom("x"))


def _dtype_like(given: Value, wanted: Value) -> np.dtype | None:
    return dtype_of(wanted) if is_python_number(given) and dtype_of(given).kind != "c" else dtype_of(given)  # type: ignore[union-attr]


@simplify(runtime.sum_reduced)
def simplify_sum_reduced(site: Any) -> Atom | None:
    given, keepdims = site.value("cotangent"), site.value("keepdims")
    if is_scalar(given):
        return site.atom("cotangent")
    if shape_of(given) is None or not isinstance(keepdims, Literal) or not isinstance(site.value("axis"), Literal):
        return None
    keywords = {} if literal(site.value("axis")) is None else {"axis": site.atom("axis")}
    if literal(keepdims):
        keywords["keepdims"] = Const(True)
    return site.call(np.sum, site.atom("cotangent"), **keywords)


constant(runtime.reduced_size, shape_only="x", signature=inspect.signature(runtime.reduced_size))


@simplify(runtime.reduced_size)
def simplify_reduced_size(site: Any) -> Atom | None:
    shape, axis, less = shape_of(site.value("x")), site.value("axis"), site.value("less")
    if shape is None or literal(site.value("where")) is not True or not isinstance(axis, Literal):
        return None
    axes = normalized_axes(axis.value, len(shape))
    if axes is None:
        return None
    count: Atom = Const(1)
    if axis.value is None and shape:
        count = site.call(getattr, site.atom("x"), Const("size"))
    else:
        sizes = site.call(getattr, site.atom("x"), Const("shape")) if shape else None
        for item in axes:
            if shape[item] != 1:
                size = site.call(operator.getitem, sizes, Const(item))
                count = size if count == Const(1) else site.call(operator.mul, count, size)
    return count if is_literal(less, 0) else site.call(operator.sub, count, site.atom("less"))


@adjoint(runtime.centered, linear="x", samples=listed(call(numbers((2, 3))), call(numbers((2, 3)), 1)))
def centered(x, axis=None, where=True, *, ans, g):
    if where is True:
        return runtime.match_dtype(runtime.centered(g, axis), x)
    raise NotImplementedError


@simplify(runtime.centered)
def simplify_centered(site: Any) -> Atom | None:
    dtype, axis = dtype_of(site.value("x")), site.atom("axis")
    if dtype is None or dtype.kind != "f" or literal(site.value("where")) is not True:
        return None
    if is_literal(site.value("axis"), None):
        middle = site.call(np.mean, site.atom("x"))
    else:
        middle = site.call(np.mean, site.atom("x"), axis=axis, keepdims=Const(True))
    return site.call(operator.sub, site.atom("x"), middle)


constant(runtime.extremes, signature=inspect.signature(runtime.extremes))
constant(runtime.median_share, signature=inspect.signature(runtime.median_share))


@simplify(runtime.extremes)
def simplify_extremes(site: Any) -> Atom | None:
    """`equal = x == ans` and `equal / np.sum(equal)`, where dtype and axes are known."""
    x, ans, axis = site.atom("x"), site.atom("ans"), site.value("axis")
    shape = shape_of(site.value("x"))
    if not shape or dtype_of(site.value("x")) != np.dtype(float) or not isinstance(axis, Literal):
        return None
    if literal(site.value("where")) is not True or literal(site.value("may_miss")) is not False:
        return None
    axes = normalized_axes(axis.value, len(shape))
    if axes is None or not isinstance(site.value("keepdims"), Literal):
        return None
    if axis.value is None:
        equal = site.call(operator.eq, x, ans)
        return site.call(operator.truediv, equal, site.call(np.sum, equal))
    if not literal(site.value("keepdims")):
        ans = expanded(site, ans, axes, len(shape))
    equal = site.call(operator.eq, x, ans)
    return site.call(operator.truediv, equal, site.call(np.sum, equal, axis=site.atom("axis"), keepdims=Const(True)))


@adjoint(
    runtime.merge_axes,
    linear="x",
    views="x",
    samples=listed(
        call(numbers((2, 3, 4)), (0, 2)), call(numbers((2, 3))), call(numbers((2, 3)), 0), call(numbers(()))
    ),
)
def merge_axes(x, axis=None, *, ans, g):
    return runtime.split_axes(g, x, axis)


@adjoint(
    runtime.split_axes,
    linear="merged",
    views="merged",
    shape_only="x",
    samples=listed(
        call(numbers((3, 8)), np.zeros((2, 3, 4)), (0, 2)),
        call(numbers((6,)), np.zeros((2, 3))),
        call(numbers((3, 2)), np.zeros((2, 3)), 0),
        call(numbers((1,)), np.zeros(())),
    ),
)
def split_axes(merged, x, axis=None, *, ans, g):
    return runtime.merge_axes(g, axis)


def _only_last(site: Any, shape: tuple[Dimension, ...] | None) -> bool:
    """Whether the axis of a reduction is the only one, or the last."""
    axis = site.value("axis")
    if not shape or not isinstance(axis, Literal):
        return False
    return normalized_axes(axis.value, len(shape)) == (len(shape) - 1,)


@simplify(runtime.merge_axes)
def simplify_merge_axes(site: Any) -> Atom | None:
    shape = shape_of(site.value("x"))
    if _only_last(site, shape):
        return site.atom("x")
    if shape and is_literal(site.value("axis"), None):
        return site.call(np.reshape, site.atom("x"), Const(-1))
    return None


@simplify(runtime.split_axes)
def simplify_split_axes(site: Any) -> Atom | None:
    shape = shape_of(site.value("x"))
    if _only_last(site, shape):
        return site.atom("merged")
    if shape and is_literal(site.value("axis"), None):
        return site.call(np.reshape, site.atom("merged"), site.call(getattr, site.atom("x"), Const("shape")))
    return None


_ROWS = (numbers((4,)), numbers((2, 3)), np.array([2.0, 0.0, 3.0, 0.0, 5.0]), numbers((2, 1)))


@adjoint(runtime.exclusive_product, samples=listed(*(call(row, way) for row in _ROWS for way in (False, True))))
def exclusive_product(x, reverse=False, *, ans, g):
    if reverse:
        return ans * runtime.shift(runtime.recurrence(x, g), False)
    return ans * runtime.shift(runtime.recurrence(x, g, True), True)


@tangent(runtime.exclusive_product)
def exclusive_product_tangent(x, reverse=False, *, ans, x_dot):
    return runtime.recurrence(runtime.shift(x, reverse), runtime.shift(ans * x_dot, reverse), reverse)


@adjoint(
    runtime.recurrence,
    wrt="a b",
    samples=listed(
        call(numbers((4,)), numbers((4,), seed=1)),
        call(numbers((2, 4)), numbers((2, 4), seed=1), True),
        call(np.array([0.0, 0.0, 2.0, 0.0]), numbers((4,), seed=1), True),
    ),
)
def recurrence(a, b, reverse=False, *, ans, g):
    way = not reverse
    behind = runtime.recurrence(runtime.shift(a, way), g, way)
    return behind * runtime.shift(ans, reverse), behind


@tangent(runtime.recurrence)
def recurrence_tangent(a, b, reverse=False, *, ans, a_dot, b_dot):
    moved = runtime.recurrence(a, a_dot * runtime.shift(ans, reverse), reverse)
    return moved, runtime.recurrence(a, b_dot, reverse)


@adjoint(
    runtime.shift,
    linear="x",
    samples=listed(call(numbers((4,))), call(numbers((2, 3)), True), call(numbers((2, 1)))),
)
def shift(x, reverse=False, *, ans, g):
    return runtime.shift(g, not reverse)


@adjoint(
    runtime.reverse_cumsum,
    linear="cotangent",
    shape_only="x",
    samples=listed(call(numbers((6,)), np.zeros((2, 3))), call(numbers((2, 3)), np.zeros((2, 3)), 0)),
)
def reverse_cumsum(cotangent, x, axis=None, *, ans, g):
    return np.cumsum(g, axis)


@simplify(runtime.reverse_cumsum)
def simplify_reverse_cumsum(site: Any) -> Atom | None:
    shape, axis = shape_of(site.value("x")), site.value("axis")
    if not shape or not isinstance(axis, Literal) or dtype_of(site.value("cotangent")) != dtype_of(site.value("x")):
        return None
    if axis.value is None and len(shape) > 1:
        return None
    axes = normalized_axes(axis.value, len(shape))
    if axes is None:
        return None
    turned = slice(None, None, -1)
    index = Const((*(slice(None),) * axes[0], turned) if axes[0] else turned)
    total = site.call(np.cumsum, site.call(operator.getitem, site.atom("cotangent"), index), axis=Const(axes[0]))
    return site.call(operator.getitem, total, index)


@adjoint(
    runtime.expand_weights,
    linear="weights",
    views="weights",
    shape_only="x",
    samples=listed(call(numbers((3,)), np.zeros((2, 3)), 1), call(numbers((3, 2)), np.zeros((2, 3)), (1, 0))),
)
def expand_weights(weights, x, axis=None, *, ans, g):
    return runtime.reduce_weights(g, weights, axis)


@adjoint(
    runtime.reduce_weights,
    linear="cotangent",
    shape_only="weights",
    samples=listed(call(numbers((2, 3)), np.zeros(3), 1), call(numbers((2, 3)), np.zeros((3, 2)), (1, 0))),
)
def reduce_weights(cotangent, weights, axis=None, *, ans, g):
    return runtime.expand_weights(g, cotangent, axis)


@result(runtime.exclusive_product, runtime.shift, runtime.median_share)
def like_first(x: Value, *others: Value) -> Value:
    return of_shape(x, x)


@result(runtime.centered, runtime.direction)
def like_first_number(x: Value, *others: Value) -> Value:
    return of_shape(x, x)


@result(runtime.extremes)
def extremes_result(x: Value, ans: Value, *others: Value) -> Value:
    dtype = dtype_of(x)
    return UNKNOWN if dtype is None else Array(dtype, shape_of(x))


@result(runtime.recurrence)
def recurrence_result(a: Value, b: Value, *others: Value) -> Value:
    return inference.elementwise(operator.add, a, b)


@result(runtime.split_axes, runtime.expand_weights)
def shaped_as_second(array: Value, x: Value, *others: Value) -> Value:
    return of_shape(array, x)


@result(runtime.reduced_size)
def size_result(x: Value, *more: Value) -> Value:
    return INTEGER if len(more) < 3 or literal(more[2]) is True else UNKNOWN


result(runtime.expand_reduced, runtime.reverse_cumsum, runtime.reduce_weights)(like_second)
