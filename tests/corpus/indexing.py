"""Reading by every kind of index."""

from __future__ import annotations

import numpy as np

from tests.corpus import register
from tests.corpus.reference import numbers

five = numbers(5)
matrix = numbers(3, 4)
cube = numbers(2, 3, 4)


def elements(x):
    return x[0] * x[-1] + x[2] ** 2


register(elements, (five,), gradient=lambda x: np.array([x[4], 0, 2 * x[2], 0, x[0]]))


def same_element_many_times(x):
    return x[1] * x[1] + np.sin(x[1]) + x[1:2].sum()


register(same_element_many_times, (five,))


def slices(x):
    return np.sum(x[1:4] * x[:3]) + np.sum(x[::2] ** 2) + np.sum(x[::-1] * x) + np.sum(x[-2:] * x[4:2:-1])


register(slices, (five,))


def slice_with_variables(x, start, step):
    return np.sum(x[start::step] ** 2) + np.sum(x[slice(start, None)])


register(slice_with_variables, (five, 1, 2), (five, 0, 3))


def repeated_indices(x):
    return np.sum(x[[0, 0, 1]] * np.array([1.0, 2.0, 3.0]))


register(repeated_indices, (five,), gradient=lambda x: np.array([3.0, 3.0, 0, 0, 0]))


def repeated_indices_nonlinear(x):
    i = np.array([[0, 1], [1, 4]])
    return np.sum(x[i] ** 3)


register(repeated_indices_nonlinear, (five,), gradient=lambda x: 3 * x**2 * np.array([1, 2, 0, 0, 1]))


def boolean_index(x):
    return np.sum(x[x > 0] ** 2) + np.sum(x[np.array([True, False, True, False, True])])


register(boolean_index, (five,))


def two_dimensional(m):
    return m[0, 1] * m[1][2] + np.sum(m[1] * m[:, 2].sum()) + np.sum(m[0:2, 1:3]) * m[-1, -1]


register(two_dimensional, (matrix,))


def mixed_indices(m):
    return np.sum(m[[0, 0, 2], 1:3] ** 2) + np.sum(m[1, [0, 0, 3]] ** 2) + np.sum(m[:, [1, 1]] ** 3)


register(mixed_indices, (matrix,))


def pairs_of_indices(m):
    rows = np.array([0, 1, 1, 2])
    columns = np.array([3, 0, 0, 2])
    return np.sum(m[rows, columns] ** 2) + np.sum(m[rows[:, None], columns[None, :]] ** 2)


register(pairs_of_indices, (matrix,))


def ellipsis_and_newaxis(c):
    return np.sum(c[..., 0] ** 2) + np.sum(c[:, None, 1] ** 2) + np.sum(c[1, ..., 2:] ** 3) + np.sum(c[..., None] ** 2)


register(ellipsis_and_newaxis, (cube,))


def separated_fancy_indices(c):
    return np.sum(c[[0, 1, 1], :, [0, 2, 2]] ** 2 * np.arange(3.0))


register(separated_fancy_indices, (cube,))


def boolean_rows(m):
    mask = np.array([True, False, True])
    return np.sum(m[mask] ** 2) + np.sum(m[mask, 1]) + np.sum(m[m > 0.2] ** 2)


register(boolean_rows, (matrix,))


def take_functions(m):
    a = np.take(m, [0, 2, 2], axis=0)
    b = np.take(m, [[1, 0]], axis=1)
    c = np.take(m, 5)
    order = np.argsort(m, axis=1)
    d = np.take_along_axis(m, order, axis=1)
    return np.sum(a**2) + np.sum(b**2) + c + np.sum(d * np.arange(4.0))


register(take_functions, (matrix,))


def argmax_gather(m):
    k = np.argmax(m, axis=1)
    return np.sum(m[np.arange(3), k] ** 2) + m.flatten()[np.argmin(m)]


register(argmax_gather, (matrix,))


def nonzero_where(x):
    (places,) = np.nonzero(x > 0)
    return np.sum(x[places] ** 2) + np.sum(x[np.where(x < 0)[0]])


register(nonzero_where, (five,))


def index_by_loop_variable(m):
    total = 0.0
    for i in range(m.shape[0]):
        for j in range(m.shape[1]):
            total += m[i, j] * m[i][(j + 1) % 4] * (i - j)
    return total


register(index_by_loop_variable, (matrix,))


def index_tuple_as_value(m):
    where = (1, slice(None, None, 2))
    place = (0, 1)
    return np.sum(m[where] ** 2) + m[place] * m[tuple([2, 2])]


register(index_tuple_as_value, (matrix,))


def index_from_data(x, indices):
    total = 0.0
    for i in indices:
        total += x[i] ** 2
    return total


register(
    index_from_data,
    (five, [0, 3, 3]),
    (five, np.array([4, 4])),
    gradient=lambda x, i: 2 * x * np.bincount(i, minlength=5),
)


def compress_extract_choose(x):
    return np.sum(np.compress([True, False, True], x) ** 2) + np.sum(np.extract(x > 0, x))


register(compress_extract_choose, (five,), tags=("rare",))


def scalar_from_array(x):
    return x.item(1) * float(x[0]) + x[2].item()


register(scalar_from_array, (five,), gradient=lambda x: np.array([x[1], x[0], 1.0, 0, 0]))


def index_with_numpy_integer(x):
    i = np.argmax(x)
    return x[i] * x[i - 1]


register(index_with_numpy_integer, (np.array([1.0, 3.0, 2.0]),), gradient=lambda x: np.array([x[1], x[0], 0.0]))


def triangles(m):
    s = m[:, :3]
    return np.sum(np.tril(s) ** 2) + np.sum(np.triu(s, 1) ** 3) + np.trace(s) + s[np.tril_indices(3)].sum()


register(triangles, (matrix,))


def means_of_groups(x):
    group = np.array([0, 1, 0, 1, 1])
    means = np.stack([x[group == k].mean(axis=0) if (group == k).any() else x[k] for k in range(3)])
    return np.sum((x - means[group]) ** 2) + means[2]


register(means_of_groups, (numbers(5),))


def largest_and_diagonal_changed(a):
    k = a * a
    k[np.diag_indices_from(k)] += a[0, 1] ** 2
    k[np.unravel_index(np.argmax(k), k.shape)] *= 3.0
    return np.sum(k**2)


register(largest_and_diagonal_changed, (np.array([[0.5, 1.2, -0.3], [0.7, -1.9, 0.4], [0.2, 0.6, 1.1]]),))


def space_diagonal_scaled(cube):
    k = cube * 1.0
    k[np.diag_indices(2, 3)] *= k[0, 1]
    return np.sum(k**3)


register(space_diagonal_scaled, (np.array([[[0.5, 1.2], [0.7, -0.9]], [[-0.4, 0.8], [1.1, 0.3]]]),))
