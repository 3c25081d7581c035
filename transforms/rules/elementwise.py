"""Rules of the element-wise functions: arithmetic, exponentials, trigonometry, rounding, comparison, choice.

In comes the cotangent `g` of the result, out come the contributions to the arguments, of the broadcast shape; summing
over broadcast dimensions is the compiler's.  Complex numbers follow the convention that the cotangent of `z` is the
`g` for which a small change `dz` changes the result by `real(g * dz)`: holomorphic functions need no conjugation.
Where a function has a kink, the value is the usual one: 0 for `abs` at 0, equal parts for ties of `maximum`.
"""

from __future__ import annotations

import inspect
import math
import operator
from typing import Any

import numpy as np

from transforms import runtime
from transforms.core import Const
from transforms.registry import adjoint, constant, elementwise, methods, simplify, tangent
from transforms.rules.sampling import binary, call, listed, numbers, unary
from transforms.rules.typed import dtype_of, is_literal, is_scalar, is_sequence
from transforms.values import Array, Number, Unknown

# ----------------------------------------------------------------------------------------------------------- arithmetic


@elementwise(np.add, linear="x y", samples=binary())
def add(x, y, *, ans, g):
    return g, g


# The operators have entries of their own: lists and tuples know them too.


@elementwise(operator.add, linear="x y", samples=binary())
def plus(x, y, *, ans, g):
    return g, g


@elementwise(np.subtract, operator.sub, linear="x y", samples=binary())
def subtract(x, y, *, ans, g):
    return g, -g


@elementwise(np.multiply, samples=binary())
def multiply(x, y, *, ans, g):
    return g * y, g * x


@elementwise(operator.mul, samples=binary())
def times(x, y, *, ans, g):
    return g * y, g * x


@simplify(operator.add)
def simplify_plus(site: Any) -> Any:
    if is_sequence(site.value("x")) or is_sequence(site.value("y")):
        return site.call(runtime.join_sequences, site.atom("x"), site.atom("y"))
    return None


@simplify(operator.mul)
def simplify_times(site: Any) -> Any:
    for one, other in (("x", "y"), ("y", "x")):
        if is_sequence(site.value(one)) and is_scalar(site.value(other)):
            return site.call(runtime.repeat_sequence, site.atom(one), site.atom(other))
    if is_sequence(site.value("x")) and isinstance(site.value("y"), Unknown):
        count = site.call(runtime.as_count, site.atom("y"))
        return site.call(runtime.repeat_sequence, site.atom("x"), count)
    return None


@elementwise(np.divide, operator.truediv, samples=binary(-2, 2, 0.5, 3))
def divide(x, y, *, ans, g):
    return g / y, -g * ans / y


@elementwise(np.negative, operator.neg, linear="x", samples=unary())
def negative(x, *, ans, g):
    return -g


@elementwise(np.positive, operator.pos, linear="x", samples=unary())
def positive(x, *, ans, g):
    return g


@elementwise(np.power, operator.pow, samples=binary(0.3, 2, -2, 3))
def power(x, y, *, ans, g):
    return g * runtime.power_derivative(x, y), g * ans * runtime.log_or_zero(x)


@elementwise(np.float_power, samples=binary(0.3, 2, -2, 3))
def float_power(x, y, *, ans, g):
    return g * runtime.power_derivative(x, y), g * ans * runtime.log_or_zero(x)


@elementwise(np.remainder, operator.mod, samples=binary(-2, 2, 0.5, 0.7))
def remainder(x, y, *, ans, g):
    return g, -g * (x // y)


@elementwise(np.fmod, samples=binary(-2, 2, 0.5, 0.7))
def fmod(x, y, *, ans, g):
    return g, -g * np.trunc(x / y)


@adjoint(np.divmod, divmod, wrt="x y", samples=binary(-2, 2, 0.5, 0.7))
def divide_with_remainder(x, y, *, ans, g):
    return runtime.unbroadcast(g[1], x), runtime.unbroadcast(-g[1] * ans[0], y)


@tangent(np.divmod, divmod)
def divide_with_remainder_tangent(x, y, *, ans, x_dot, y_dot):
    whole = runtime.zeros_of(ans[0])
    return (whole, runtime.snapshot(runtime.broadcast_like(x_dot, ans[1]))), (whole, -y_dot * ans[0])


@elementwise(np.reciprocal, samples=unary(0.5, 2))
def reciprocal(x, *, ans, g):
    return -g * ans * ans


@elementwise(np.square, samples=unary())
def square(x, *, ans, g):
    return g * (2 * x)


# In place: the derivative is that of the value; what happens to the array is the compiler's.


@elementwise(operator.iadd, mutates="a", views="a", linear="a b")
def add_in_place(a, b, *, ans, g):
    return g, g


@elementwise(operator.isub, mutates="a", views="a", linear="a b")
def subtract_in_place(a, b, *, ans, g):
    return g, -g


@elementwise(operator.imul, mutates="a", views="a")
def multiply_in_place(a, b, *, ans, g):
    return g * b, g * a


@elementwise(operator.itruediv, mutates="a", views="a")
def divide_in_place(a, b, *, ans, g):
    return g / b, -g * ans / b


@elementwise(operator.ipow, mutates="a", views="a")
def power_in_place(a, b, *, ans, g):
    return g * runtime.power_derivative(a, b), g * ans * runtime.log_or_zero(a)


@elementwise(operator.imod, mutates="a", views="a")
def remainder_in_place(a, b, *, ans, g):
    return g, -g * (a // b)


constant(
    operator.ifloordiv,
    operator.iand,
    operator.ior,
    operator.ixor,
    operator.ilshift,
    operator.irshift,
    mutates="a",
    views="a",
    signature=inspect.signature(lambda a, b: None),
)

# -------------------------------------------------------------------------------------- roots, exponentials, logarithms


@elementwise(np.sqrt, samples=unary(0.3, 2))
def sqrt(x, *, ans, g):
    return 0.5 * g / ans


@elementwise(np.cbrt, samples=unary(0.3, 2))
def cbrt(x, *, ans, g):
    return g / (3 * ans * ans)


@elementwise(np.exp, samples=unary())
def exp(x, *, ans, g):
    return g * ans


@elementwise(np.exp2, samples=unary())
def exp2(x, *, ans, g):
    return g * ans * math.log(2)


@elementwise(np.expm1, samples=unary())
def expm1(x, *, ans, g):
    return g * (ans + 1)


@elementwise(np.log, samples=unary(0.3, 3))
def log(x, *, ans, g):
    return g / x


@elementwise(np.log2, samples=unary(0.3, 3))
def log2(x, *, ans, g):
    return g / (x * math.log(2))


@elementwise(np.log10, samples=unary(0.3, 3))
def log10(x, *, ans, g):
    return g / (x * math.log(10))


@elementwise(np.log1p, samples=unary(-0.5, 3))
def log1p(x, *, ans, g):
    return g / (1 + x)


@elementwise(np.logaddexp, samples=binary())
def logaddexp(x, y, *, ans, g):
    return g * np.exp(x - ans), g * np.exp(y - ans)


@elementwise(np.logaddexp2, samples=binary())
def logaddexp2(x, y, *, ans, g):
    return g * np.exp2(x - ans), g * np.exp2(y - ans)


# --------------------------------------------------------------------------------------------------------- trigonometry


@elementwise(np.sin, samples=unary())
def sin(x, *, ans, g):
    return g * np.cos(x)


@elementwise(np.cos, samples=unary())
def cos(x, *, ans, g):
    return -g * np.sin(x)


@elementwise(np.tan, samples=unary(-1, 1))
def tan(x, *, ans, g):
    return g * (1 + ans * ans)


@elementwise(np.arcsin, samples=unary(-0.9, 0.9))
def arcsin(x, *, ans, g):
    return g / np.sqrt(1 - x * x)


@elementwise(np.arccos, samples=unary(-0.9, 0.9))
def arccos(x, *, ans, g):
    return -g / np.sqrt(1 - x * x)


@elementwise(np.arctan, samples=unary())
def arctan(x, *, ans, g):
    return g / (1 + x * x)


@elementwise(np.sinh, samples=unary())
def sinh(x, *, ans, g):
    return g * np.cosh(x)


@elementwise(np.cosh, samples=unary())
def cosh(x, *, ans, g):
    return g * np.sinh(x)


@elementwise(np.tanh, samples=unary())
def tanh(x, *, ans, g):
    return g * (1 - ans * ans)


@elementwise(np.arcsinh, samples=unary())
def arcsinh(x, *, ans, g):
    return g / np.sqrt(x * x + 1)


@elementwise(np.arccosh, samples=unary(1.2, 3))
def arccosh(x, *, ans, g):
    return g / (np.sqrt(x - 1) * np.sqrt(x + 1))  # the root of the product has another sign where the real part is < 0


@elementwise(np.arctanh, samples=unary(-0.9, 0.9))
def arctanh(x, *, ans, g):
    return g / (1 - x * x)


@elementwise(np.arctan2, samples=binary(0.3, 2, -2, 2))
def arctan2(y, x, *, ans, g):
    return g * x / (x * x + y * y), -g * y / (x * x + y * y)


@elementwise(np.hypot, samples=binary(0.3, 2))
def hypot(x, y, *, ans, g):
    return g * x / ans, g * y / ans


@elementwise(np.deg2rad, np.radians, linear="x", samples=unary())
def deg2rad(x, *, ans, g):
    return g * (math.pi / 180)


@elementwise(np.rad2deg, np.degrees, linear="x", samples=unary())
def rad2deg(x, *, ans, g):
    return g * (180 / math.pi)


@elementwise(np.sinc, samples=unary())
def sinc(x, *, ans, g):
    return g * runtime.sinc_derivative(x, 1)


@elementwise(np.i0, samples=unary(0.2, 2))
def i0(x, *, ans, g):
    return g * runtime.bessel_i(1, x)


# ------------------------------------------------------------------------------------------------ choice and comparison


@elementwise(np.maximum, samples=binary())
def maximum(x, y, *, ans, g):
    return runtime.larger_share(g, x, y), runtime.larger_share(g, y, x)


@elementwise(np.minimum, samples=binary())
def minimum(x, y, *, ans, g):
    return runtime.larger_share(g, y, x), runtime.larger_share(g, x, y)


@elementwise(np.fmax, np.fmin, samples=binary())
def fmax(x, y, *, ans, g):
    return (
        np.where(ans == x, np.where(x == y, 0.5 * g, g), 0),
        np.where(ans == y, np.where(x == y, 0.5 * g, g), 0),
    )


@elementwise(
    np.clip,
    wrt="a a_min a_max min max",
    samples=listed(
        call(numbers((2, 3)), -1.0, 1.0),
        call(numbers((2, 3)), numbers((3,), -1, -0.5), numbers((2, 1), 0.2, 1)),
        call(numbers((3,)), None, 0.3),
        call(numbers((3,)), 0.1, None),
        call(float(numbers(())), -1.0, 1.0),
        call(numbers((3,)), min=0.1),
        call(numbers((3,)), min=-0.1, max=0.3),
        call(numbers((3,)).astype(np.float32), -0.5, 0.5),
    ),
)
def clip(a, a_min=None, a_max=None, *, min=None, max=None, ans, g):
    return (
        g * (ans == a),
        None if a_min is None else g * runtime.clipped_below(a, a_min, a_max),
        None if a_max is None else g * runtime.clipped_above(a, a_min, a_max),
        None if min is None else g * runtime.clipped_below(a, min, max),
        None if max is None else g * runtime.clipped_above(a, min, max),
    )


@elementwise(
    np.where,
    wrt="x y",
    samples=listed(
        call(numbers((2, 3)) > 0, numbers((2, 3), seed=1), numbers((3,), seed=2)),
        call(numbers((2, 3)) > 0, 1.5, numbers((2, 1), seed=2)),
        call(True, numbers((2, 3)), 0.5),
        call(numbers((3,)) > 0, numbers((3,)).astype(np.float32), np.zeros(3, np.float32)),
    ),
)
def where(condition, x=None, y=None, *, ans, g):
    return np.where(condition, g, 0), np.where(condition, 0, g)


@elementwise(np.absolute, np.fabs, operator.abs, abs, samples=unary())
def absolute(x, *, ans, g):
    return g * runtime.direction(x)


@tangent(np.absolute, np.fabs, operator.abs, abs)
def absolute_tangent(x, *, ans, x_dot):
    return np.real(x_dot * runtime.direction(x))


@elementwise(np.copysign, wrt="x", selects="y", samples=binary())
def copysign(x, y, *, ans, g):
    return g * np.sign(x) * np.copysign(1.0, y)


@elementwise(np.heaviside, wrt="x2", selects="x1", samples=binary())
def heaviside(x1, x2, *, ans, g):
    return np.where(x1 == 0, g, 0)


@elementwise(np.nextafter, wrt="x1", selects="x2", samples=binary())
def nextafter(x1, x2, *, ans, g):
    return g


@elementwise(np.nan_to_num, wrt="x", samples=unary())
def nan_to_num(x, copy=True, nan=0.0, posinf=None, neginf=None, *, ans, g):
    return np.where(np.isfinite(x), g, 0)


@simplify(np.nan_to_num)
def simplify_nan_to_num(site: Any) -> Any:
    """`np.nan_to_num(y, copy=False)` changes `y`, and returns it."""
    if is_literal(site.value("copy"), True):
        return None
    place = site.call(np.array, site.atom("x"), copy=site.atom("copy"), subok=Const(True))
    options = {name: site.atom(name) for name in ("nan", "posinf", "neginf")}
    site.call(np.copyto, place, site.call(np.nan_to_num, place, **options))
    return place


@elementwise(
    np.ldexp,
    wrt="x1",
    selects="x2",
    samples=listed(call(1.5, 3), call(numbers((2, 3)), np.array([1, 2, -1])), call(0.5, -2)),
)
def ldexp(x1, x2, *, ans, g):
    return np.ldexp(g, x2)


@adjoint(np.modf, math.modf, samples=unary())
def modf(x, *, ans, g):
    return g[0]


@tangent(np.modf, math.modf)
def modf_tangent(x, *, ans, x_dot):
    return runtime.snapshot(x_dot), runtime.zeros_of(ans[1])


@adjoint(np.frexp, math.frexp, samples=unary(0.3, 2))
def frexp(x, *, ans, g):
    return np.ldexp(g[0], -ans[1])


@tangent(np.frexp, math.frexp)
def frexp_tangent(x, *, ans, x_dot):
    return np.ldexp(x_dot, -ans[1]), runtime.zeros_of(ans[1])


# ------------------------------------------------------------------------------------------------------ complex numbers


def _complex() -> Any:
    yield (numbers((2, 3)) + 1j * numbers((2, 3), seed=1),), {}
    yield (0.3 + 0.4j,), {}
    yield (numbers((2,)),), {}


@elementwise(np.conjugate, linear="x", samples=_complex)
def conjugate(x, *, ans, g):
    return np.conjugate(g)


@tangent(np.conjugate)
def conjugate_tangent(x, *, ans, x_dot):
    return np.conjugate(x_dot)


@elementwise(np.real, linear="val", views="val", samples=_complex)
def real(val, *, ans, g):
    return g


@tangent(np.real)
def real_tangent(val, *, ans, val_dot):
    return np.real(val_dot)


@simplify(np.real)
def simplify_real(site: Any) -> Any:
    """The real part of real numbers is what they are, not a copy."""
    value = site.value("val")
    return site.atom("val") if isinstance(value, (Array, Number)) and value.dtype.kind == "f" else None


@elementwise(np.imag, linear="val", views="val", samples=_complex)
def imag(val, *, ans, g):
    return -1j * g


@tangent(np.imag)
def imag_tangent(val, *, ans, val_dot):
    return np.imag(val_dot)


@elementwise(np.angle, wrt="z", samples=listed(call(numbers((2, 3)) + 1j * numbers((2, 3), seed=1)), call(0.3 + 0.4j)))
def angle(z, deg=False, *, ans, g):
    if deg:
        return g * (180 / math.pi) * np.conjugate(1j * z) / (np.real(z) ** 2 + np.imag(z) ** 2)
    return g * np.conjugate(1j * z) / (np.real(z) ** 2 + np.imag(z) ** 2)


@tangent(np.angle)
def angle_tangent(z, deg=False, *, ans, z_dot):
    turned = np.real(z_dot * np.conjugate(1j * z)) / (np.real(z) ** 2 + np.imag(z) ** 2)
    if deg:
        return turned * (180 / math.pi)
    return turned


# ------------------------------------------------------------------------------------------------------------ constants

constant(np.sign, signature=inspect.signature(lambda x: None))
constant(
    np.floor,
    np.ceil,
    np.trunc,
    np.rint,
    np.fix,
    np.round,
    np.around,
    np.floor_divide,
    operator.floordiv,
    np.spacing,
    np.signbit,
    np.isnan,
    np.isinf,
    np.isfinite,
    np.isposinf,
    np.isneginf,
    np.isreal,
    np.iscomplex,
    np.isclose,
    np.greater,
    np.greater_equal,
    np.less,
    np.less_equal,
    np.equal,
    np.not_equal,
    np.logical_and,
    np.logical_or,
    np.logical_xor,
    np.logical_not,
    np.bitwise_and,
    np.bitwise_or,
    np.bitwise_xor,
    np.invert,
    np.left_shift,
    np.right_shift,
    np.gcd,
    np.lcm,
    operator.gt,
    operator.ge,
    operator.lt,
    operator.le,
    operator.eq,
    operator.ne,
    operator.is_,
    operator.is_not,
    operator.not_,
    operator.truth,
    operator.contains,
    operator.and_,
    operator.or_,
    operator.xor,
    operator.inv,
    operator.invert,
    operator.lshift,
    operator.rshift,
    operator.index,
)

# `np.shape`-like questions about dtype: they read no number.
constant(np.iscomplexobj, np.isrealobj, shape_only="x", signature=inspect.signature(lambda x: None))
constant(np.isscalar, shape_only="element", signature=inspect.signature(lambda element: None))


@simplify(np.iscomplexobj)
def fold_iscomplexobj(site: Any) -> Any:
    dtype = dtype_of(site.value("x"))
    return None if dtype is None else Const(dtype.kind == "c")


@simplify(np.isrealobj)
def fold_isrealobj(site: Any) -> Any:
    dtype = dtype_of(site.value("x"))
    return None if dtype is None else Const(dtype.kind != "c")


methods(
    clip=np.clip,
    conj=runtime.conjugated,
    conjugate=runtime.conjugated,
    real=np.real,
    imag=np.imag,
    round=np.round,
    __add__=operator.add,
    __sub__=operator.sub,
    __mul__=operator.mul,
    __truediv__=operator.truediv,
    __pow__=operator.pow,
    __neg__=operator.neg,
    __pos__=operator.pos,
    __abs__=operator.abs,
    __mod__=operator.mod,
    __divmod__=divmod,
    __floordiv__=operator.floordiv,
)
