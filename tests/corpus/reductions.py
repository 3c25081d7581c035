"""Sums, means, products, extrema, spreads and cumulative sums, with all options."""

from __future__ import annotations

import numpy as np

from tests.corpus import register
from tests.corpus.reference import numbers

vector = numbers(4, low=0.3)
matrix = numbers(2, 3, low=0.3)
cube = numbers(2, 3, 2, low=0.3)
weights = np.arange(1.0, 7.0).reshape(2, 3)


def sums(m):
    return (
        np.sum(m) ** 2
        + np.sum(np.sum(m, axis=0) ** 2)
        + np.sum(m.sum(axis=-1, keepdims=True) * m)
        + np.sum(m.sum(1) ** 3)
        + m.sum(axis=(0, 1)) ** 2
    )


register(sums, (matrix,))


def sums_of_cube(c):
    return (
        np.sum(np.sum(c, axis=(0, 2)) ** 2)
        + np.sum(np.sum(c, axis=(-1, 1), keepdims=True) ** 3)
        + np.sum(c.sum(axis=1) ** 2)
        + np.sum(np.sum(c, axis=()) ** 2)
    )


register(sums_of_cube, (cube,))


def sum_where(m):
    return np.sum(m**2, where=m > 0.6) + np.sum(np.sum(m, axis=1, where=[True, False, True]) ** 2)


register(sum_where, (matrix,))


def sum_initial(x):
    return np.sum(x * x, initial=5.0) ** 2


register(sum_initial, (vector,), gradient=lambda x: 4 * x * (np.sum(x * x) + 5))


def means(m):
    return (
        np.mean(m) ** 2
        + np.sum(np.mean(m, axis=0) ** 2)
        + np.sum((m - m.mean(axis=1, keepdims=True)) ** 3)
        + np.mean(m, axis=(0, 1)) ** 3
        + np.average(m)
    )


register(means, (matrix,))


def mean_where(m):
    return np.mean(m**2, where=m > 0.6)


register(mean_where, (matrix,))


def weighted_average(m):
    return np.average(m[0], weights=[1.0, 2.0, 3.0]) * np.average(m, axis=1)[1]


register(weighted_average, (matrix,), tags=("rare",))


def products(m):
    return np.prod(m) + np.sum(np.prod(m, axis=0) ** 2) + np.sum(m.prod(axis=1, keepdims=True) * m)


register(products, (matrix,))


def product_with_zeros(x):
    return np.prod(x) + np.prod(x[1:]) * 2.0


register(
    product_with_zeros,
    (np.array([2.0, 0.0, 3.0]),),
    (np.array([0.0, 0.0, 3.0]),),
    gradient=lambda x: np.array([x[1] * x[2], x[0] * x[2] + 2 * x[2], x[0] * x[1] + 2 * x[1]]),
)


def extrema(m):
    return (
        np.max(m) ** 2
        + np.min(m) * 3
        + np.sum(np.max(m, axis=0) ** 2)
        + np.sum(m.min(axis=1, keepdims=True) * m)
        + np.amax(m, axis=(0, 1))
    )


register(extrema, (matrix,))


def softmax_with_max(x):
    shifted = np.exp(x - np.max(x))
    return np.sum(shifted / np.sum(shifted) * np.arange(4.0))


register(softmax_with_max, (vector,))


def ptp_and_median(x):
    return np.ptp(x) ** 2 + np.median(x[:3]) * 2


register(ptp_and_median, (vector,), tags=("rare",))


def spreads(m):
    return (
        np.var(m) + np.sum(np.var(m, axis=0) ** 2) + np.std(m) + np.sum(m.std(axis=1, ddof=1)) + m.var(ddof=1)
        + np.sum(np.std(m, axis=(0, 1), keepdims=True) * m)
    )


register(spreads, (matrix,))


def cumulative(m):
    return (
        np.sum(np.cumsum(m) ** 2)
        + np.sum(np.cumsum(m, axis=0) ** 2)
        + np.sum(m.cumsum(axis=-1) ** 3)
        + np.sum(np.cumprod(m, axis=1) ** 2)
        + np.sum(np.cumprod(m[0]) * weights[0])
    )


register(cumulative, (matrix,))


def cumulative_product_with_zero(x):
    return np.sum(np.cumprod(x) * np.array([1.0, 2.0, 3.0]))


register(
    cumulative_product_with_zero,
    (np.array([2.0, 0.0, 3.0]),),
    gradient=lambda x: np.array([1 + 2 * x[1] + 3 * x[1] * x[2], 2 * x[0] + 3 * x[0] * x[2], 3 * x[0] * x[1]]),
)


def logarithm_of_sum(x):
    return np.log(np.sum(np.exp(x))) + np.logaddexp.reduce(x)


register(
    logarithm_of_sum, (vector,), tags=("rare",), gradient=lambda x: 2 * np.exp(x) / np.sum(np.exp(x))
)


def ufunc_methods(x):
    return np.add.reduce(x**2) + np.sum(np.add.accumulate(x) ** 2) + np.multiply.reduce(x) + np.sum(
        np.multiply.outer(x, x**2)
    )


register(ufunc_methods, (vector,), tags=("rare",))


def norms(m):
    return np.linalg.norm(m) + np.sqrt(np.sum(m**2, axis=1)).sum() + np.linalg.norm(m[0])


register(norms, (matrix,), tags=("rare",))


def counting(m):
    return np.sum(m * np.count_nonzero(m > 0.6)) + np.sum(m > 0.6) * m[0, 0] + np.argmax(m) * m[1, 1]


register(counting, (matrix,))


def nan_reductions(m):
    return np.nansum(m**2) + np.nanmean(m) + np.nanmax(m)


register(nan_reductions, (matrix,), tags=("rare",))


def differences(x):
    return np.sum(np.diff(x) ** 2) + np.sum(np.diff(x, n=2) ** 2)


register(differences, (vector,))


def reductions_of_numbers(x):
    return np.sum(x) * np.mean(x) * np.max(x) + np.prod(x)


register(reductions_of_numbers, (1.3,), (np.array(1.3),), gradient=lambda x: 3 * x * x + 1)


def empty_reductions(x):
    return np.sum(x[:0]) + np.prod(x[5:]) * x[0] + np.sum(x, axis=0)


register(empty_reductions, (vector,), gradient=lambda x: 1.0 + np.array([1.0, 0, 0, 0]))


def normalise_rows(m):
    mean = m.mean(axis=1, keepdims=True)
    spread = np.sqrt(((m - mean) ** 2).mean(axis=1, keepdims=True) + 1e-5)
    return np.sum((m - mean) / spread * weights)


register(normalise_rows, (matrix,))


def moments_of_a_grown_list(x):
    out = [x[0]]
    for v in x[1:]:
        out.append(v + 0.5 * out[-1])
    return np.std(out) + np.mean(out) * np.max(out)


register(moments_of_a_grown_list, (vector,))


def product_of_listed_sums(x):
    z = np.array([np.sum(x[i : i + 2]) for i in range(3)])
    return z[0] * z[1] * z[2]


register(product_of_listed_sums, (vector,))


def lists_as_operands(x):
    rows = [x[:2] ** 2, x[2:]]
    mixed = x * [x[0], 2.0, x[1] ** 2, 1.0]
    return np.sum(rows, axis=0) @ np.mean(rows, axis=0) + np.dot((x[0], x[1]), [x[2], x[3]]) + mixed.sum()


register(lists_as_operands, (vector,))


def difference_with_itself(x):
    return np.sum(np.cos(np.mean(x - x, axis=(0, 1)) + np.max(x + x, axis=0)))


register(difference_with_itself, (numbers(2, 3),), gradient=lambda x: -2 * np.sin(2 * x) * (x == x.max(axis=0)))


def differences_of_short_arrays(x, n):
    return np.sum(np.diff(x, n) ** 2) + np.sum(x**3)


register(
    differences_of_short_arrays,
    (np.zeros(0), 1),
    (np.array([0.5]), 1),
    (np.array([0.5, 0.7]), 2),
    (np.array([[0.5, 0.7], [0.2, 0.4]]), 3),
    (np.zeros((2, 0)), 2),
    gradient=lambda x, n: 3 * x**2,
)
