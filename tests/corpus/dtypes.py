"""Types of numbers: single precision, complex intermediates with a real result, integers beside floats."""

from __future__ import annotations

import math

import numpy as np

from tests.corpus import register
from tests.corpus.reference import numbers

vector = numbers(4, low=0.3)
single = vector.astype(np.float32)


def single_precision(x):
    return np.sum(np.sin(x) * x * 2.0)


register(
    single_precision,
    (single,),
    gradient=lambda x: (2 * (np.cos(x) * x + np.sin(x))).astype(np.float32),
    order=1,
    tolerance=1e-5,
)


def single_precision_scalar(x):
    return x * x + np.float32(2.0) * x


register(
    single_precision_scalar,
    (np.float32(1.5),),
    gradient=lambda x: np.float32(2 * x + 2),
    order=1,
    tolerance=1e-5,
)


def mixed_precision(x, y):
    return np.sum(x * y)


register(
    mixed_precision,
    (single, vector),
    wrt=(0, 1),
    gradient=lambda x, y: (y.astype(np.float32), x.astype(np.float64)),
    order=1,
    tolerance=1e-5,
)


def conversion_to_single(x):
    return np.sum(x.astype(np.float32).astype(np.float64) * 3.0)


register(conversion_to_single, (vector,), gradient=lambda x: 3.0 + 0 * x, order=1, tolerance=1e-6)


def numpy_scalar(x):
    y = np.float64(x) * 2.0
    return y * y + np.float64(3.0) * x


register(numpy_scalar, (1.5,), (np.float64(1.5),), gradient=lambda x: 8 * x + 3)


def complex_modulus(x):
    z = x[0] + 1j * x[1]
    return np.abs(z * z) + z.real * z.imag + np.real(z**3) + np.imag(np.exp(z))


register(complex_modulus, (numbers(2, low=0.4),))


def complex_array(x):
    z = np.exp(1j * x) * x
    return np.sum(np.abs(z) ** 2) + np.sum(np.real(z * np.conj(z))) + np.sum(np.angle(z))


register(complex_array, (vector,), gradient=lambda x: 4 * x + 1.0)


def complex_python_number(x):
    z = complex(x, 2.0 * x) * (1 + 2j)
    return (z * z.conjugate()).real + z.imag


register(complex_python_number, (0.7,), gradient=lambda x: 50 * x + 4)


def fourier_power(x):
    return np.sum(np.abs(np.fft.fft(x)) ** 2 * np.arange(4.0))


register(fourier_power, (vector,), tags=("rare",))


def integers_beside(x, n, flags):
    return np.sum(x**n) + np.sum(x[flags]) * n + n // 2 * x[0] + (n & 1) * x[1] + (n << 1) * x[2]


register(integers_beside, (vector, 3, np.array([True, False, True, False])))


def integer_array_times(x):
    k = np.array([1, 2, 3, 4])
    return np.sum(x * k) + np.sum(x**k) + np.sum(k / x) + np.sum((k % 2) * x)


register(integer_array_times, (vector,))


def conversions(x):
    n = int(x * 4)
    return float(n) * x + bool(x) * x + np.float64(x) + int("3") * x + len(str(n)) * x


register(conversions, (1.3,), gradient=lambda x: 5 + 1 + 1 + 3 + 1.0)


def dtype_dependent(x):
    if x.dtype == np.float32:
        return np.sum(x) * 2
    return np.sum(x) * np.finfo(x.dtype).resolution * 1e15


register(dtype_dependent, (vector,), gradient=lambda x: 1.0 + 0 * x)
register(
    dtype_dependent,
    (single,),
    gradient=lambda x: (2.0 + 0 * x).astype(np.float32),
    name="dtype_dependent_single",
    order=1,
    tolerance=1e-6,
)


def special_values(x):
    limit = np.inf
    return min(x, limit) * 2 + (0.0 if math.isnan(x) else x) + np.nan_to_num(x) + math.fabs(x)


register(special_values, (1.3,), gradient=lambda x: 5.0)


def boolean_arithmetic(x):
    mask = x > 0.6
    return np.sum(mask * x**2) + np.sum(np.logical_not(mask) * x) + np.sum((mask & (x < 0.8)) * x) + mask.sum() * x[0]


register(boolean_arithmetic, (vector,))
