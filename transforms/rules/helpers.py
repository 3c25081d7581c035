"""Rules of the helpers of `transforms.runtime`, so that generated code can be differentiated again, and their
`simplify` facets, which turn them into exact NumPy code, or into nothing, once types are known.

A facet gets a `Site`: `site.atom(name)` and `site.value(name)` are the call's argument and its abstract value,
`site.call(function, *atoms)` emits an operation before the call.  It returns the atom to use instead, or None.
"""

from __future__ import annotations

import inspect
import math
import operator
from typing import Any

import numpy as np

from transforms import inference, operations, runtime
from transforms.core import Atom, Const
from transforms.registry import adjoint, constant, elementwise, result, simplify
from transforms.rules.sampling import call, listed, numbers, unary
from transforms.rules.typed import (
    dtype_atom,
    dtype_of,
    is_literal,
    is_python_number,
    is_scalar,
    literal,
    may_be_one,
    normalized_axes,
    shape_of,
    surely_equal,
)
from transforms.values import INTEGER, UNKNOWN, Array, Dimension, Literal, Many, Number, Sequence, Unknown, Value

# -------------------------------------------------------------------------------------- shapes and dtypes of cotangents


@adjoint(
    runtime.unbroadcast,
    linear="cotangent",
    views="cotangent",
    shape_only="x",
    samples=listed(
        call(numbers((2, 3)), np.zeros(3)),
        call(numbers((2, 3)), np.zeros((2, 1))),
        call(numbers((2, 3)), np.zeros((1, 1))),
        call(numbers((2, 3)), 1.0),
        call(numbers((3,)), np.zeros(3)),
        call(numbers(()), np.zeros((2, 1))),
        call(0.5, 1.0),
    ),
)
def unbroadcast(cotangent, x, *, ans, g):
    return runtime.unbroadcast(g, cotangent)


@adjoint(
    runtime.broadcast_like,
    linear="cotangent",
    views="cotangent",
    shape_only="x",
    samples=listed(call(numbers((3,)), np.zeros((2, 3))), call(0.5, np.zeros((2, 3))), call(0.5, 1.0)),
)
def broadcast_like(cotangent, x, *, ans, g):
    return runtime.unbroadcast(g, cotangent)


@adjoint(
    runtime.match_dtype,
    linear="cotangent",
    views="cotangent",
    shape_only="x",
    samples=listed(call(numbers((3,)), np.zeros(3)), call(numbers((3,)) + 1j, np.zeros(3))),
)
def match_dtype(cotangent, x, *, ans, g):
    return runtime.match_dtype(g, cotangent)


@adjoint(
    runtime.unarray,
    linear="cotangent",
    views="cotangent",
    shape_only="x",
    samples=listed(
        call(numbers((2, 2)), [[1.0, 2.0], [3.0, 4.0]]),
        call(numbers((2, 2)), ((1.0, 2.0), np.zeros(2))),
        call(numbers((3,)), [1.0, 2.0, 3.0]),
    ),
)
def unarray(cotangent, x, *, ans, g):
    return runtime.match_dtype(np.array(g), cotangent)


def cast(site: Any, atom: Atom, given: np.dtype | None, wanted: Value) -> Atom | None:
    """`atom`, of dtype `given`, in the dtype of `wanted`; None where one of them is not known."""
    dtype = dtype_of(wanted)
    if given is None or dtype is None:
        return None
    if given == dtype or dtype.kind not in "fc":
        return atom
    if given.kind == "c" and dtype.kind == "f":
        atom = site.call(np.real, atom)
        given = np.empty(0, given).real.dtype
    if given == dtype or is_python_number(wanted):
        return atom
    if is_scalar(site.value_of(atom)):
        return site.call(dtype_atom(dtype), atom)
    return site.call(operations.method, atom, Const("astype"), dtype_atom(dtype))


def resized(
    site: Any, atom: Atom, given: tuple[Dimension, ...], wanted: tuple[Dimension, ...], like: Atom
) -> Atom | None:
    """`atom`, of shape `given`, summed and repeated to the shape `wanted` of `like`; None where that is not known."""
    extra = len(given) - len(wanted)
    if extra < 0:
        return None if not all(map(is_one, given)) else _spread(site, atom, like)
    sums, spread = [], False
    for axis, (old, new) in enumerate(zip(given[extra:], wanted)):
        if surely_equal(old, new):
            continue
        if new == 1:
            sums.append(axis)
        elif old == 1:
            spread = True
        elif may_be_one(new) or may_be_one(old):
            return None
    if extra:
        axes = tuple(range(extra))
        if not wanted:
            atom = site.call(np.sum, atom)
        else:
            atom = site.call(np.sum, atom, axis=Const(axes[0] if extra == 1 else axes))
    if sums:
        atom = site.call(np.sum, atom, axis=Const(sums[0] if len(sums) == 1 else tuple(sums)), keepdims=Const(True))
    return _spread(site, atom, like) if spread else atom


def is_one(dimension: Dimension) -> bool:
    return dimension == 1


def _spread(site: Any, atom: Atom, like: Atom) -> Atom:
    """`atom` repeated to the shape of `like`; a Python number takes the dtype of `like`."""
    given, dtype = site.value_of(atom), dtype_of(site.value_of(like))
    if is_python_number(given) and dtype is not None and dtype.kind in "fc" and dtype != np.result_type(float):
        atom = site.call(dtype_atom(dtype), atom)
    return site.call(np.broadcast_to, atom, site.call(getattr, like, Const("shape")))


@simplify(runtime.unbroadcast, runtime.broadcast_like)
def simplify_unbroadcast(site: Any) -> Atom | None:
    given, wanted = site.value("cotangent"), site.value("x")
    if isinstance(wanted, Sequence):
        return None
    old, new, dtype = shape_of(given), shape_of(wanted), dtype_of(given)
    if old is None or new is None or dtype is None or dtype_of(wanted) is None:
        return None
    if is_python_number(given):
        dtype = dtype_of(wanted) if dtype.kind != "c" else np.dtype(complex)
    atom = resized(site, site.atom("cotangent"), old, new, site.atom("x"))
    return None if atom is None else cast(site, atom, dtype, wanted)


@simplify(runtime.match_dtype)
def simplify_match_dtype(site: Any) -> Atom | None:
    given, wanted = site.value("cotangent"), site.value("x")
    if is_python_number(given):
        return None
    return cast(site, site.atom("cotangent"), dtype_of(given), wanted)


@simplify(runtime.unarray)
def simplify_unarray(site: Any) -> Atom | None:
    given = shape_of(site.value("cotangent"))
    if given is None:
        return None
    if isinstance(site.value("x"), Sequence):
        return _items(site, site.atom("cotangent"), site.value("x"), (), given, dtype_of(site.value("cotangent")))
    return simplify_unbroadcast(site)


def _items(
    site: Any, array: Atom, value: Value, index: tuple[int, ...], shape: tuple[Dimension, ...], dtype: np.dtype | None
) -> Atom | None:
    """The cotangent of one item of a nested list: `array[index]`, or the list of those of its items."""
    if isinstance(value, Sequence):
        if value.kind not in (list, tuple):
            return None
        items = [_items(site, array, item, (*index, place), shape, dtype) for place, item in enumerate(value.items)]
        if any(item is None for item in items):
            return None
        return site.call(operations.make_list if value.kind is list else operations.make_tuple, *items)
    inner = shape_of(value)
    if inner is None or len(inner) + len(index) != len(shape):
        return None
    if index:
        array = site.call(operator.getitem, array, Const(index[0] if len(index) == 1 else index))
    return array if dtype_of(value) is None or dtype_of(value).kind not in "fc" else cast(site, array, dtype, value)  # type: ignore[union-attr]


# ----------------------------------------------------------------------------------------------------------- reductions

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
    return _spread(site, atom, site.atom("x"))


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


def expanded(site: Any, atom: Atom, axes: tuple[int, ...], rank: int) -> Atom:
    """A reduced array with dimensions of 1 where axes were reduced, unless broadcasting supplies them by itself."""
    index = tuple(None if axis in axes else slice(None) for axis in range(rank))
    if not any(item is None for item in index[_first_kept(index) :]):
        return atom
    while index[-1] == slice(None):
        index = index[:-1]
    return site.call(operator.getitem, atom, Const(index))


def _first_kept(index: tuple) -> int:
    return next((place for place, item in enumerate(index) if item is not None), len(index))


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


# ---------------------------------------------------------------------------------------------------- special functions


@elementwise(
    runtime.power_derivative,
    wrt="x y",
    samples=listed(
        call(1.3, 2.5),
        call(1.3, 2.5, 2),
        call(numbers((2, 3), 0.5, 2), numbers((3,), seed=1)),
        call(numbers((2, 3), 0.5, 2), 2.0),
        call(numbers((2, 3), 0.5, 2), 1.5, 2),
    ),
)
def power_derivative(x, y, order=1, *, ans, g):
    return g * runtime.power_derivative(x, y, order + 1), g * runtime.power_exponent_derivative(x, y, order)


@elementwise(
    runtime.power_exponent_derivative,
    wrt="x y",
    samples=listed(call(1.3, 2.5), call(numbers((3,), 0.5, 2), 1.5), call(1.3, 2.5, 2, 3), call(1.3, 0.5, 1, 2)),
)
def power_exponent_derivative(x, y, order=1, times=1, *, ans, g):
    across = g * runtime.power_exponent_derivative(x, y, order, times + 1)
    return g * runtime.power_exponent_derivative(x, y, order + 1, times), across


@simplify(runtime.power_derivative)
def simplify_power_derivative(site: Any) -> Atom | None:
    exponent, order = literal(site.value("y")), literal(site.value("order"), 1)
    if isinstance(exponent, (bool, complex)) or not isinstance(exponent, (int, float)) or not isinstance(order, int):
        return None
    factor: float = 1
    for step in range(order):
        factor *= exponent - step
    if factor == 0 or exponent == order:
        return Const(float(factor) if isinstance(exponent, float) else factor)
    rest = exponent - order
    if rest == 1:
        power = site.atom("x")
    elif rest == -1:
        return site.call(operator.truediv, Const(factor), site.atom("x"))
    else:
        power = site.call(operator.pow, site.atom("x"), Const(int(rest) if rest == int(rest) else rest))
    return power if factor == 1 else site.call(operator.mul, Const(factor), power)


@elementwise(runtime.log_or_zero, samples=unary(0.3, 2))
def log_or_zero(x, *, ans, g):
    return g * runtime.reciprocal_or_zero(x)


@simplify(runtime.log_or_zero)
def simplify_log_or_zero(site: Any) -> Atom | None:
    base = literal(site.value("x"))
    if isinstance(base, (int, float)) and base > 0:
        return Const(math.log(base))
    return None


@elementwise(runtime.reciprocal_or_zero, samples=unary(0.3, 2))
def reciprocal_or_zero(x, *, ans, g):
    return -g * ans * ans


@elementwise(
    runtime.larger_share,
    selects="x y",
    wrt="cotangent",
    linear="cotangent",
    samples=listed(call(1.5, 2.0, 1.0), call(numbers((3,)), numbers((3,), seed=1), np.zeros(3))),
)
def larger_share(cotangent, x, y, *, ans, g):
    return runtime.larger_share(g, x, y)


@simplify(runtime.larger_share)
def simplify_larger_share(site: Any) -> Atom | None:
    g, x, y = site.atom("cotangent"), site.atom("x"), site.atom("y")
    shapes = [shape_of(site.value(name)) for name in ("cotangent", "x", "y")]
    if any(shape is None for shape in shapes):
        return None
    larger = site.call(operator.gt, x, y)
    if all(is_scalar(site.value(name)) for name in ("cotangent", "x", "y")):
        if dtype_of(site.value("cotangent")) != np.dtype(float):
            return None
        half = site.call(operator.mul, Const(0.5), site.call(operator.eq, x, y))
        return site.call(operator.mul, g, site.call(operator.add, larger, half))
    half = site.call(operator.mul, Const(0.5), g)
    return site.call(np.where, site.call(operator.eq, x, y), half, site.call(operator.mul, g, larger))


constant(runtime.clipped_below, runtime.clipped_above, signature=inspect.signature(runtime.clipped_below))


@simplify(runtime.clipped_below)
def simplify_clipped_below(site: Any) -> Atom | None:
    if is_literal(site.value("high"), None):
        return site.call(operator.lt, site.atom("a"), site.atom("low"))
    return None


@simplify(runtime.clipped_above)
def simplify_clipped_above(site: Any) -> Atom | None:
    if is_literal(site.value("low"), None):
        return site.call(operator.gt, site.atom("a"), site.atom("high"))
    return None


@elementwise(
    runtime.direction, samples=listed(call(0.3), call(numbers((2, 3)) + 1j * numbers((2, 3), seed=1)), call(0.3 + 0.4j))
)
def direction(x, *, ans, g):
    return runtime.undirection(g, x)


@elementwise(
    runtime.undirection,
    wrt="cotangent x",
    samples=listed(
        call(0.3, 0.7),
        call(numbers((3,)) + 1j * numbers((3,), seed=1), numbers((3,), seed=2) + 1j * numbers((3,), seed=3)),
        call(0.3 + 0.2j, 0.3 - 0.4j),
    ),
)
def undirection(cotangent, x, *, ans, g):
    unit, scale = runtime.direction(x), runtime.reciprocal_or_zero(np.abs(x))
    back = runtime.undirection(g, x)
    turned = np.real(g * unit) * ans + np.real(cotangent * unit) * back + np.real(g * ans) * unit
    return back, -turned * scale


@simplify(runtime.direction)
def simplify_direction(site: Any) -> Atom | None:
    x, value = site.atom("x"), site.value("x")
    dtype = dtype_of(value)
    if dtype is None or dtype.kind == "c":
        return None
    if is_python_number(value):
        return site.call(operator.sub, site.call(operator.gt, x, Const(0)), site.call(operator.lt, x, Const(0)))
    return site.call(np.sign, x)


@simplify(np.sign)
def simplify_sign(site: Any) -> Atom | None:
    """The sign of a complex number is `z / abs(z)`, which is not constant."""
    dtype = dtype_of(site.value("x"))
    if dtype is None or dtype.kind != "c":
        return None
    return site.call(np.conj, site.call(runtime.direction, site.atom("x")))


@elementwise(runtime.sinc_derivative, samples=unary())
def sinc_derivative(x, order=1, *, ans, g):
    return g * runtime.sinc_derivative(x, order + 1)


@elementwise(runtime.polygamma, wrt="x", samples=listed(call(0, 2.5), call(1, 0.7), call(0, numbers((3,), 0.4, 5))))
def polygamma(order, x, *, ans, g):
    return g * runtime.polygamma(order + 1, x)


@elementwise(runtime.bessel_i, wrt="x", samples=listed(call(0, 2.5), call(2, 0.7), call(1, numbers((3,), 0.4, 5))))
def bessel_i(order, x, *, ans, g):
    return g * (0.5 * (runtime.bessel_i(order - 1, x) + runtime.bessel_i(order + 1, x)))


# -------------------------------------------------------------------------------------------------------------- results


def of_shape(array: Value, like: Value) -> Value:
    """An array or number of the dtype of one value and the shape of another."""
    dtype, shape = dtype_of(array), shape_of(like)
    if dtype is None or shape is None:
        return UNKNOWN
    return Number(dtype) if is_scalar(like) else Array(dtype, shape)


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


@result(
    runtime.unbroadcast,
    runtime.broadcast_like,
    runtime.match_dtype,
    runtime.expand_reduced,
    runtime.uncast,
    runtime.unitem,
    runtime.reverse_cumsum,
    runtime.sum_items,
    runtime.reduce_weights,
)
def like_second(cotangent: Value, x: Value, *others: Value) -> Value:
    """The cotangent of an array or number is one like it."""
    return of_shape(x, x) if not is_python_number(x) else UNKNOWN


@result(runtime.unarray)
def unarray_result(cotangent: Value, x: Value) -> Value:
    """Lists and tuples of parts of the cotangent, nested as `x` is."""
    if not isinstance(x, (Many, Sequence)):
        return like_second(cotangent, x)
    shape = shape_of(cotangent)
    if not isinstance(cotangent, Array) or shape is None:
        return UNKNOWN
    return _part(cotangent.dtype, len(shape), x)


def _part(dtype: np.dtype, rank: int, x: Value) -> Value:
    """What an array of this dtype and rank is in the structure of `x`."""
    if rank and isinstance(x, Many) and x.kind is list:
        item = _part(dtype, rank - 1, x.item)
        return UNKNOWN if isinstance(item, Unknown) else Many(list, item)
    if rank and isinstance(x, Sequence) and x.kind in (list, tuple):
        items = tuple(_part(dtype, rank - 1, item) for item in x.items)
        return UNKNOWN if any(isinstance(item, Unknown) for item in items) else Sequence(x.kind, items)
    own, shape = dtype_of(x), shape_of(x)
    if own is None or shape is None or len(shape) != rank:
        return UNKNOWN
    if own.kind == "f" and dtype.kind == "c":
        dtype = np.empty(0, dtype).real.dtype
    if own.kind in "fc" and not is_python_number(x):
        dtype = own
    return Number(dtype) if not rank else Array(dtype, shape)


@result(runtime.split_axes, runtime.expand_weights)
def shaped_as_second(array: Value, x: Value, *others: Value) -> Value:
    return of_shape(array, x)


@result(runtime.reduced_size)
def size_result(x: Value, *more: Value) -> Value:
    return INTEGER if len(more) < 3 or literal(more[2]) is True else UNKNOWN


@result(runtime.clipped_below, runtime.clipped_above)
def mask_result(a: Value, low: Value, high: Value) -> Value:
    known = [value for value in (a, low, high) if not is_literal(value, None)]
    shape = inference.broadcast(*map(shape_of, known))
    if shape is None:
        return UNKNOWN
    return inference.array_or_number(np.dtype(bool), shape)
