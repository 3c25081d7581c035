"""Loops: for over everything, while, break, continue, else, nesting, early returns from inside."""

from __future__ import annotations

import itertools
import math

import numpy as np

from tests.corpus import register
from tests.corpus.reference import numbers


def repeated_sine(x, n):
    for _ in range(n):
        x = np.sin(x) * 1.1
    return x


def repeated_sine_gradient(x, n):
    slope = 1.0
    for _ in range(n):
        slope, x = slope * 1.1 * np.cos(x), 1.1 * np.sin(x)
    return slope


register(repeated_sine, (0.9, 5), (0.9, 0), (numbers(3), 3), gradient=repeated_sine_gradient)


def power_by_loop(x, n):
    result = 1.0
    for _ in range(n):
        result = result * x
    return result


register(power_by_loop, (1.2, 5), (1.2, 1), (1.2, 0), gradient=lambda x, n: n * x ** (n - 1.0))


def polynomial_with_index(x, n):
    result = 0.0
    for i in range(1, n):
        result += x**i / i
    return result


register(polynomial_with_index, (0.4, 6), gradient=lambda x, n: sum(x ** (i - 1.0) for i in range(1, n)))


def range_with_step(x):
    total = 0.0
    for i in range(10, 0, -3):
        total = total * x + i
    return total


register(range_with_step, (0.7,), gradient=lambda x: 30 * x**2 + 14 * x + 4)


def over_array(x):
    total = 0.0
    for item in x:
        total += item * item
    return total


register(over_array, (numbers(4),), gradient=lambda x: 2 * x)


def over_rows(x):
    total = np.zeros(x.shape[1])
    for row in x:
        total = total + row * np.sin(row)
    return total


register(over_rows, (numbers(3, 2),), gradient=lambda x: np.sin(x) + x * np.cos(x))


def over_zip(x, y):
    total = 0.0
    for a, b in zip(x, y):
        total += a * b
    return total


register(over_zip, (numbers(4), numbers(3, seed=1)), wrt=(0, 1), gradient=lambda x, y: (np.append(y, 0.0), x[:3]))


def over_enumerate(x):
    total = 0.0
    for i, item in enumerate(x, 1):
        total += i * item**2
    return total


register(over_enumerate, (numbers(3),), gradient=lambda x: 2 * x * np.array([1, 2, 3]))


def over_reversed(x):
    result = 0.0
    for c in reversed(x):
        result = result * 0.5 + c
    return result


register(over_reversed, (numbers(3),), ([1.0, 2.0, 3.0],), gradient=lambda x: type(x)([1.0, 0.5, 0.25]) if isinstance(
    x, list) else np.array([1.0, 0.5, 0.25]))


def over_enumerated_zip(x, y):
    total = 0.0
    for i, (a, b) in enumerate(zip(x, reversed(y))):
        total += a * b**i
    return total


register(over_enumerated_zip, (numbers(3), numbers(3, seed=1, low=0.5)), wrt=(0, 1))


def over_dict_items(parameters):
    total = 0.0
    for name, value in parameters.items():
        if name != "skip":
            total += value * value
        total += value
    return total


register(
    over_dict_items,
    ({"a": 1.0, "skip": 2.0, "c": 3.0},),
    gradient=lambda p: {"a": 2 * p["a"] + 1, "skip": 1.0, "c": 2 * p["c"] + 1},
)


def over_dict_values_and_keys(p):
    total = 0.0
    for value in p.values():
        total = total * 2 + np.sum(value)
    for key in p:
        total += p[key][0]
    for key in p.keys():
        total += p[key][1] * 2
    return total


register(over_dict_values_and_keys, ({"u": numbers(2), "v": numbers(2, seed=1)},))


def over_list_of_tuples(x):
    pairs = [(1, x), (2, x * x), (3, np.sin(x))]
    total = 0.0
    for k, value in pairs:
        total += k * value
    return total


register(over_list_of_tuples, (0.7,), gradient=lambda x: 1 + 4 * x + 3 * np.cos(x))


def over_string(x):
    for letter in "abca":
        x = x * 2.0 if letter == "a" else x + 1.0
    return x * x


register(over_string, (0.7,))


def halve_until_small(x):
    steps = 0
    while x > 1.0:
        x = x / 2.0
        steps += 1
    return x * x * steps


register(halve_until_small, (10.0,), (3.0,), (0.5,))


def while_with_state(x):
    a, b = x, 1.0
    i = 0
    while i < 5:
        a, b = b + a * 0.1, a * b
        i += 1
    return a * b


register(while_with_state, (0.8,))


def break_on_value(x):
    total = 0.0
    for i in range(10):
        x = x * 1.5
        if x > 5.0:
            break
        total += x * i
    return total + x


register(break_on_value, (1.0,), (6.0,), (0.01,))


def continue_on_value(x):
    total = 0.0
    for item in x:
        if item < 0:
            continue
        total += item**2
    return total


register(continue_on_value, (np.array([1.0, -2.0, 3.0]),), gradient=lambda x: np.where(x > 0, 2 * x, 0))


def for_else(x, limit):
    for i in range(5):
        x = x * 1.2
        if x > limit:
            result = x * i
            break
    else:
        result = x * x
    return result


register(for_else, (1.0, 2.0), (1.0, 100.0), wrt=0)


def while_else(x):
    n = 0
    while n < 4:
        n += 1
        if x > 3:
            break
        x *= 1.3
    else:
        x = x * x
    return x * n


register(while_else, (1.0,), (2.0,))


def return_inside_loop(x):
    for i in range(8):
        x = x * 1.4
        if x > 4:
            return x * i
        for j in range(3):
            if x * j > 6:
                return x * x
    return x


register(return_inside_loop, (1.0,), (2.7,), (0.01,))


def nested_loops(a):
    n, m = a.shape
    total = 0.0
    for i in range(n):
        row = 1.0
        for j in range(m):
            row *= a[i, j]
        total += row * (i + 1)
    return total


register(nested_loops, (numbers(2, 3, low=0.5),))


def triangular_loops(x):
    total = 0.0
    for i in range(len(x)):
        for j in range(i):
            total += x[i] * x[j] ** 2
    return total


register(triangular_loops, (numbers(4),))


def inner_break_and_continue(x):
    total = 0.0
    for i in range(4):
        for j in range(4):
            if j == 2:
                continue
            if j > i:
                break
            total = total + x ** (i + j)
        total = total * 1.1
    return total


register(inner_break_and_continue, (0.8,))


def while_true(x):
    n = 0
    while True:
        x = 0.5 * (x + 2.0 / x)
        n += 1
        if n >= 4 and abs(x * x - 2.0) < 1e-1:
            break
    return x


register(while_true, (3.0,))


def generator_argument(x, n):
    return sum(x**i for i in range(n)) + max(x * i for i in range(3))


register(generator_argument, (1.3, 4), gradient=lambda x, n: sum(i * x ** (i - 1.0) for i in range(n)) + 2)


def count_by_function(x):
    total = 0.0
    for i, j in itertools.product(range(2), range(3)):
        total += x ** (i + j)
    return total


register(count_by_function, (1.3,), gradient=lambda x: 2 + 4 * x + 3 * x**2)


def loop_variable_after_loop(x):
    for i in range(4):  # noqa: B007
        y = x * i
    return y * i


register(loop_variable_after_loop, (1.3,), gradient=lambda x: 9.0)


def iterable_changed_name(x):
    y = x
    for item in y:
        y = item * y
    return np.sum(y)


register(iterable_changed_name, (numbers(3, low=0.5),))


def accumulate_in_list(x):
    values = []
    for i in range(4):
        values.append(x**i)
    return sum(values) * values[2]


register(accumulate_in_list, (1.3,))


def loop_carried_array(x):
    state = x
    for i in range(3):
        state = np.tanh(state) + i * state[::-1]
    return np.sum(state)


register(loop_carried_array, (numbers(3),))


def two_loops_in_a_row(x):
    a = x
    for _ in range(3):
        a = a * x
    b = a
    for _ in range(2):
        b = b + a * b
    return b


register(two_loops_in_a_row, (0.9,))


def loop_without_effect(x):
    y = 0.0
    for i in range(5):
        y += i * 0.5
    return x * y


register(loop_without_effect, (0.9,), gradient=lambda x: 5.0)


def branch_inside_loop(x):
    y = x
    for i in range(6):
        if i % 2 == 0:
            y = y * x
        elif y > 0.3:
            y = y - 0.1 * x
        else:
            pass
    return y


register(branch_inside_loop, (0.9,), (0.4,))


def different_ranges(x, start, stop):
    for i in range(start, stop):
        x = x + math.sin(x) / (i + 1)
    return x


register(different_ranges, (0.9, 0, 4), (0.9, 2, 5), (0.9, 5, 2))


def loop_over_list_of_arrays(arrays):
    total = 0.0
    for a in arrays:
        total = total + np.sum(a**2)
    return total


register(loop_over_list_of_arrays, ([numbers(2), numbers(3)],), gradient=lambda arrays: [2 * a for a in arrays])


def loop_over_tuple_of_functions(x):
    for function in (np.sin, np.exp, np.tanh):
        x = function(x)
    return x


register(
    loop_over_tuple_of_functions,
    (0.4,),
    gradient=lambda x: np.cos(x) * np.exp(np.sin(x)) / np.cosh(np.exp(np.sin(x))) ** 2,
)


def while_on_array(x):
    while np.sum(x) < 10.0:
        x = x * 2.0
    return x


register(while_on_array, (np.array([1.0, 0.5]),), gradient=lambda x: 8.0 + 0 * x)


def loop_with_walrus(x):
    total = 0.0
    while (x := x * 0.5) > 0.1:
        total += x
    return total


register(loop_with_walrus, (1.7,), gradient=lambda x: 0.5 + 0.25 + 0.125 + 0.0625)


def doubly_carried(x):
    previous, current = 0.0, x
    for _ in range(6):
        previous, current = current, current * x + previous
    return current


register(doubly_carried, (0.8,))


def restarted_inner_while(x):
    total = 0.0
    for i in range(3):
        y = x + i
        while y > 0.5:
            y = y * 0.6
        total += y * x
    return total


register(restarted_inner_while, (0.9,))


def list_comprehension_in_loop(x):
    for _ in range(2):
        parts = [x * k for k in range(1, 3)]
        x = parts[0] * parts[1]
    return x


register(list_comprehension_in_loop, (0.8,), gradient=lambda x: 32 * x**3)


def next_and_iter(x):
    iterator = iter([x, x * x, x * x * x])
    first = next(iterator)
    second = next(iterator)
    return first + 3.0 * second


register(next_and_iter, (0.8,), gradient=lambda x: 1 + 6 * x)
