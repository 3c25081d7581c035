"""Straight-line arithmetic on numbers and arrays: operators, `math`, ufuncs, builtins."""

from __future__ import annotations

import math
import operator

import numpy as np

from tests.corpus import register
from tests.corpus.reference import numbers


def product_and_sine(x, y):
    return x * y + np.sin(x)


register(
    product_and_sine, (1.3, -0.7), (numbers(3), numbers(3, seed=1)), wrt=(0, 1), gradient=lambda x, y: (y + np.cos(x), x)
)


def five_products(x):
    return x * x * x * x * x * x


register(five_products, (1.3,), (numbers(2, 3),), gradient=lambda x: 6 * x**5)


def quotient(x, y):
    return x / y - y / (x + 3.0)


register(
    quotient, (1.3, 0.7), wrt=(0, 1), gradient=lambda x, y: (1 / y + y / (x + 3) ** 2, -x / y**2 - 1 / (x + 3))
)


def powers(x, y):
    return x**y + x**2 + x**-1 + 2.0**y + x**0.5


register(
    powers,
    (1.3, 0.7),
    (numbers(3, low=0.5), numbers(3, seed=2)),
    wrt=(0, 1),
    gradient=lambda x, y: (
        y * x ** (y - 1) + 2 * x - x**-2.0 + 0.5 * x**-0.5,
        x**y * np.log(x) + 2.0**y * np.log(2.0),
    ),
)


def negative_base_power(x):
    return x**3 + (-x) ** 2


register(negative_base_power, (-1.3,), (numbers(4),), gradient=lambda x: 3 * x**2 + 2 * x)


def signs(x):
    return -x + (+x) * 2.0 + abs(x) * 3.0


register(signs, (1.5,), (-1.5,), (np.array([1.0, -2.0]),), gradient=lambda x: 1.0 + 3.0 * np.sign(x))


def remainder_and_floor(x, y):
    return x % y + x // y * 2.0


register(
    remainder_and_floor, (7.3, 2.0), (-7.3, 2.1), wrt=(0, 1), gradient=lambda x, y: (1.0 + 0 * x, -np.floor(x / y))
)


def reciprocal_chain(x):
    return 1 / (1 + 1 / (1 + 1 / x))


register(reciprocal_chain, (2.0,), gradient=lambda x: -1 / (2 * x + 1) ** 2)


def integers_mixed_in(x):
    return 3 * x + x * 2 - 1 + x / 4 - (5 - x) * 2 + True * x


register(integers_mixed_in, (0.3,), (numbers(3),), gradient=lambda x: 8.25 + 0 * x)


def math_functions(x):
    return (
        math.sin(x)
        + math.exp(-x)
        + math.log(x)
        + math.sqrt(x)
        + math.tanh(x)
        + math.atan(x)
        + math.cosh(x)
        + math.log1p(x)
        + math.expm1(x)
        + math.asin(x / 4)
    )


register(
    math_functions,
    (0.8,),
    (1.9,),
    gradient=lambda x: (
        np.cos(x)
        - np.exp(-x)
        + 1 / x
        + 0.5 / np.sqrt(x)
        + 1 / np.cosh(x) ** 2
        + 1 / (1 + x * x)
        + np.sinh(x)
        + 1 / (1 + x)
        + np.exp(x)
        + 1 / np.sqrt(16 - x * x)
    ),
)


def math_of_two(x, y):
    return math.atan2(x, y) + math.hypot(x, y) + math.pow(x, y) + math.copysign(x, -2.0) + math.log(x, y)


register(
    math_of_two,
    (1.3, 1.7),
    wrt=(0, 1),
    gradient=lambda x, y: (
        y / (x * x + y * y) + x / np.hypot(x, y) + y * x ** (y - 1) - 1 + 1 / (x * np.log(y)),
        -x / (x * x + y * y) + y / np.hypot(x, y) + x**y * np.log(x) - np.log(x) / (y * np.log(y) ** 2),
    ),
)


def math_constants(r):
    return math.pi * r**2 + math.e * r + np.pi * r


register(math_constants, (2.0,), gradient=lambda r: 2 * np.pi * r + np.e + np.pi)


def ufunc_sum(x):
    return np.exp(x) + np.log(x) + np.sqrt(x) + np.square(x) + np.tanh(x) + np.log1p(x) + np.expm1(x) + np.cbrt(x)


register(
    ufunc_sum,
    (0.7,),
    (numbers(3, low=0.3),),
    gradient=lambda x: (
        np.exp(x)
        + 1 / x
        + 0.5 / np.sqrt(x)
        + 2 * x
        + 1 - np.tanh(x) ** 2
        + 1 / (1 + x)
        + np.exp(x)
        + x ** (-2 / 3) / 3
    ),
)


def trigonometry(x):
    return np.sin(x) * np.cos(x) + np.tan(x) + np.arcsin(x) + np.arccos(x) * 2 + np.arctan(x) + np.sinc(x)


register(trigonometry, (0.4,), (numbers(3, low=0.2, high=0.8),))


def hyperbolic(x):
    return np.sinh(x) + np.cosh(x) + np.arcsinh(x) + np.arccosh(x + 2) + np.arctanh(x / 3)


register(
    hyperbolic,
    (0.4,),
    gradient=lambda x: (
        np.cosh(x) + np.sinh(x) + 1 / np.sqrt(x * x + 1) + 1 / np.sqrt((x + 2) ** 2 - 1) + 3 / (9 - x * x)
    ),
)


def bases_of_logarithms(x):
    return np.log2(x) + np.log10(x) + np.exp2(x) + math.log2(x) + math.log10(x)


register(
    bases_of_logarithms,
    (1.6,),
    gradient=lambda x: 2 / (x * np.log(2)) + 2 / (x * np.log(10)) + 2**x * np.log(2),
)


def two_argument_ufuncs(x, y):
    return np.maximum(x, y) + 2 * np.minimum(x, y) + np.logaddexp(x, y) + np.hypot(x, y) + np.arctan2(x, y)


register(two_argument_ufuncs, (1.3, 0.4), (numbers(4), numbers(4, seed=3)), wrt=(0, 1))


def degrees_and_radians(x):
    return np.sin(np.deg2rad(x)) + np.rad2deg(x) + math.radians(x) + math.degrees(x)


register(
    degrees_and_radians,
    (30.0,),
    gradient=lambda x: np.cos(x * np.pi / 180) * np.pi / 180 + 2 * 180 / np.pi + np.pi / 180,
)


def builtin_numbers(x, y):
    return abs(x) + max(x, y) * 2 + min(x, y, 0.0) * 3 + pow(x, 2) + sum([x, y, x]) + float(y) + round(x)


register(
    builtin_numbers, (1.3, -0.7), wrt=(0, 1), gradient=lambda x, y: (1 + 2 + 2 * x + 2, 3 + 1 + 1)
)


def operator_functions(x, y):
    return operator.add(x, operator.mul(x, y)) - operator.truediv(y, x) + operator.pow(x, 2) + operator.neg(y)


register(
    operator_functions, (1.3, -0.7), wrt=(0, 1), gradient=lambda x, y: (1 + y + y / x**2 + 2 * x, x - 1 / x - 1)
)


def float_methods(x):
    return x.conjugate() + x.real * 2 + x.imag


register(float_methods, (1.3,), gradient=lambda x: 3.0)


def common_subexpressions(x, y):
    return np.sin(x * y) * (x * y) + np.sin(x * y)


register(
    common_subexpressions,
    (0.6, 1.4),
    wrt=(0, 1),
    gradient=lambda x, y: tuple(o * (np.cos(x * y) * (x * y + 1) + np.sin(x * y)) for o in (y, x)),
)


def intermediate_names(x, y):
    a = x * y
    b = np.sin(a)
    a = b * x
    c = a + b
    a = c * a
    return a / y


register(intermediate_names, (0.6, 1.4), wrt=(0, 1))


def chained_assignment(x):
    a = b = x * 2.0
    a = a * b
    return a + b


register(chained_assignment, (1.5,), gradient=lambda x: 8 * x + 2)


def unpacking_swaps(x, y):
    x, y = y, x * y
    (x, y), z = (y, x + y), x
    return x * 2.0 + y * z


register(unpacking_swaps, (1.5, 0.7), wrt=(0, 1))


def star_unpacking(x, y, z):
    first, *middle, last = (x, y, z, x * y)
    *start, end = middle
    return first * last + start[0] * end


register(star_unpacking, (1.5, 0.7, 2.0), wrt=(0, 1, 2), gradient=lambda x, y, z: (2 * x * y, x * x + z, y))


def annotated(x: float) -> float:
    a: float = x * 3.0
    b: "unknown"  # noqa: F821, UP037
    b = a + 1.0
    return a * b


register(annotated, (1.5,), gradient=lambda x: 18 * x + 3)


def augmented_numbers(x, y):
    z = x
    z += y
    z *= x
    z -= y / 2
    z /= y
    z **= 2
    return z + x


register(augmented_numbers, (1.5, 0.7), wrt=(0, 1))


def walrus(x):
    return (y := x * x) + np.sin(y) * (z := y + 1.0) + z


register(walrus, (0.9,), gradient=lambda x: 2 * x * (2 + np.cos(x * x) * (x * x + 1) + np.sin(x * x)))


def constant_result(x):
    return 4.0


register(constant_result, (1.5,), (numbers(2, 2),), gradient=lambda x: 0.0 * x)


def identity(x):
    return x


register(identity, (1.5,), (numbers(2, 2),), gradient=lambda x: 1.0 + 0 * x)


def unused_argument(x, y):
    return x * 2.0


register(unused_argument, (1.5, numbers(3)), wrt=(0, 1), gradient=lambda x, y: (2.0, 0 * y))


def dead_code(x):
    a = np.exp(x * 1000.0) if x > 100 else x
    b = a * 7.0
    b = x * 3.0
    unused = np.log(a + 10.0)  # noqa: F841
    return b


register(dead_code, (1.5,), gradient=lambda x: 3.0)


def same_argument_twice(x):
    return np.multiply(x, x) + np.add(x, x) * np.hypot(x, x)


register(same_argument_twice, (1.5,), gradient=lambda x: 2 * x + 4 * np.sqrt(2) * x)


def locally_constant(x):
    return np.floor(x) * x + np.sign(x) * x + np.round(x) + math.floor(x) + np.ceil(x) + int(x) * x


register(locally_constant, (1.3,), (2.6,), gradient=lambda x: 2 * np.floor(x) + 1.0)


def sigmoid_forms(x):
    return 1.0 / (1.0 + np.exp(-x)) + 0.5 * (1 + np.tanh(x / 2))


register(sigmoid_forms, (0.3,), (numbers(3),), gradient=lambda x: 2 * np.exp(-x) / (1 + np.exp(-x)) ** 2)


def special_points(x):
    return np.abs(x) ** 2 + np.sqrt(x * x + 1.0) + np.clip(x, -0.5, 0.5) + np.heaviside(x, 0.0)


register(
    special_points,
    (0.3,),
    (-0.8,),
    gradient=lambda x: 2 * x + x / np.sqrt(x * x + 1) + (abs(x) < 0.5),
)


def difference_of_arrays(a, b):
    return np.sum((a - b) ** 2) / a.size


register(
    difference_of_arrays,
    (numbers(4), numbers(4, seed=1)),
    wrt=(0, 1),
    gradient=lambda a, b: (2 * (a - b) / 4, -2 * (a - b) / 4),
)

square_lambda, cube_lambda = (lambda x: x * x), (lambda x: x * x * x)
register(square_lambda, (1.5,), gradient=lambda x: 2 * x, name="square_lambda")
register(cube_lambda, (1.5,), gradient=lambda x: 3 * x * x, name="cube_lambda")
register(lambda x, y=2.0: x ** y, (1.5,), gradient=lambda x: 2 * x, name="lambda_in_call")
register(np.sin, (0.4,), (numbers(3),), gradient=np.cos, name="numpy_function_itself")
register(np.multiply, (0.4, 0.7), wrt=(0, 1), gradient=lambda x, y: (y, x), name="numpy_binary_function_itself")
register(math.exp, (0.4,), gradient=np.exp, name="math_function_itself")
