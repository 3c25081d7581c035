"""Generators that a program reads: in loops, all at once, step by step with what the loop itself does."""

from __future__ import annotations

import contextlib

import numpy as np

from tests.corpus import register


def powers(a, n):
    for i in range(n):
        yield a**i


def chained(a):
    yield a
    yield from powers(a, 3)
    yield a * a


def infinite(a):
    value = a
    while True:
        yield value
        value = value * a


def flat(tree):
    if isinstance(tree, tuple):
        for part in tree:
            yield from flat(part)
    else:
        yield tree


class Network:
    """Weights that are handed out one by one."""

    def __init__(self, weights):
        self.weights = weights

    def layers(self):
        yield from self.weights

    def pairs(self):
        yield from zip(self.weights, self.weights[1:])

    def __iter__(self):
        for weight in self.weights:
            yield weight * 2


def generator_in_a_loop(x):
    total = 0.0
    for p in powers(x, 4):
        total += p
    return total


register(generator_in_a_loop, (0.7,), gradient=lambda x: 1 + 2 * x + 3 * x * x)


def generator_all_at_once(x):
    values = list(powers(x, 4))
    a, b, c = powers(2 * x, 3)
    return values[3] * values[1] + sum(powers(x, 3)) + max(powers(x, 2)) + a * b * c


register(generator_all_at_once, (0.7,), gradient=lambda x: 4 * x**3 + 1 + 2 * x + 24 * x * x)


def generator_in_a_comprehension(x):
    return sum([p * 2 for p in powers(x, 4) if p > 0.4]) + np.sum(np.array(list(powers(x, 3))) ** 2)


register(generator_in_a_comprehension, (0.7,), gradient=lambda x: 2 + 4 * x + 2 * x + 4 * x**3)


def generators_zipped(x):
    return sum(a * b for a, b in zip(powers(x, 4), powers(2 * x, 3)))


register(generators_zipped, (0.7,), gradient=lambda x: 4 * x + 16 * x**3)


def generator_enumerated(x):
    total = 0.0
    for i, p in enumerate(powers(x, 4), start=1):
        if i == 2:
            continue
        total += i * p
    return total


register(generator_enumerated, (0.7,), gradient=lambda x: 6 * x + 12 * x * x)


def generator_from_generators(x):
    return sum(v * v for v in chained(x))


register(generator_from_generators, (0.7,), gradient=lambda x: 2 * x + 2 * x + 4 * x**3 + 4 * x**3)


def generator_of_a_tree(x):
    return sum(v * v for v in flat(((x, 2 * x), (x * x,), 3.0)))


register(generator_of_a_tree, (0.7,), gradient=lambda x: 10 * x + 4 * x**3)


def generator_without_end(x):
    total = 0.0
    for value in infinite(x):
        total += value
        if value < 0.4:
            break
    return total


register(generator_without_end, (0.7,), gradient=lambda x: 1 + 2 * x + 3 * x * x)


def returned_from_a_generator_without_end(x):
    for i, value in enumerate(infinite(x), 1):
        if i < 3:
            continue
        return value * i
    return x


register(returned_from_a_generator_without_end, (0.7,), gradient=lambda x: 9 * x * x)


def loops_over_generators_with_else(x):
    def values(a):
        for k in range(3):
            yield a * k
            yield a * a * k

    total = 0.0
    for v in values(x):
        if v > 5:
            break
        total += v
    else:
        total = total * 2
    for v in values(x):
        if v > 1:
            break
        total += v
    else:
        total = total * 3
    return total


register(loops_over_generators_with_else, (0.7,), gradient=lambda x: 6 + 12 * x + 1 + 2 * x)


def generator_method(x):
    network, h = Network([x, x * x, 2.0]), 1.0
    for weight in network.layers():
        h = np.tanh(h * weight)
    return h + sum(a * b for a, b in network.pairs())


register(generator_method, (0.7,))


def iterates_over_an_object(x):
    total = 0.0
    for weight in Network([x, x * x, 2.0]):
        total += weight * weight
    return total


register(iterates_over_an_object, (0.7,), gradient=lambda x: 8 * x + 16 * x**3)


def named_generator_expression(x):
    squares = (v * v for v in (x, 2 * x))
    return sum(squares) * x


register(named_generator_expression, (0.7,), gradient=lambda x: 15 * x * x)


def generator_of_rows(x):
    def rows(a):
        for row in a:
            yield row * 2

    return sum(np.sum(row**2) for row in rows(x))


register(generator_of_rows, (np.arange(6.0).reshape(2, 3),), gradient=lambda x: 8 * x)


def generator_of_batches(x):
    def batches(values, size):
        batch = []
        for v in values:
            batch.append(v * 2)
            if len(batch) == size:
                yield batch
                batch = []
        if batch:
            yield batch

    total = 0.0
    for batch in batches(x, 2):
        total += np.prod(np.array(batch))
    return total


register(
    generator_of_batches,
    (np.array([0.3, 0.4, 0.5, 0.6, 0.7]),),
    gradient=lambda x: np.array([4 * x[1], 4 * x[0], 4 * x[3], 4 * x[2], 2.0]),
)


def generator_and_loop_take_turns(x):
    log = []

    def values(a):
        for i in range(3):
            log.append(len(log))
            yield a * i

    total = 0.0
    for v in values(x):
        total += v * len(log)
        log.append(0)
    return total


register(generator_and_loop_take_turns, (0.7,), gradient=lambda x: 3.0 + 10.0)


def generator_hands_out_one_buffer(x):
    def values(a):
        buffer = np.zeros(2)
        for i in range(3):
            buffer[0] = a * i
            yield buffer

    total = 0.0
    for buffer in values(x):
        total += buffer[0] ** 2
    return total


register(generator_hands_out_one_buffer, (0.7,), gradient=lambda x: 10 * x)


def loop_changes_what_the_generator_reads(x):
    a = np.array([1.0, 2.0, 3.0])

    def values():
        for i in range(3):
            yield a[i] * x

    total = 0.0
    for i, v in enumerate(values()):
        a[(i + 1) % 3] = v * x
        total += v
    return total


register(loop_changes_what_the_generator_reads, (0.7,), gradient=lambda x: 1 + 3 * x * x + 5 * x**4)


def generator_and_loop_share_a_variable(x):
    n = x

    def values():
        nonlocal n
        for _ in range(3):
            n = n * x
            yield n

    total = 0.0
    for v in values():
        n = n + v
        total += n
    return total


register(generator_and_loop_share_a_variable, (0.7,), gradient=lambda x: 4 * x + 12 * x * x + 32 * x**3)


def generator_cleans_up(x):
    log = []

    def values(a):
        try:
            while True:
                yield a
                a = a * 2
        finally:
            log.append(a)

    total = 0.0
    for v in values(x):
        total += v
        if v > 3:
            break
    return total * log[0]


register(generator_cleans_up, (0.7,), gradient=lambda x: 2 * 15 * 8 * x)


def generator_fails(x):
    def values():
        yield x
        raise ValueError

    total = x
    try:
        for v in values():
            total = total * v
    except ValueError:
        total = total * 2
    return total


register(generator_fails, (0.7,), gradient=lambda x: 4 * x)


def generator_as_an_argument(x):
    def total(items):
        result = 0.0
        for item in items:
            result += item
        return result

    return total(powers(x, 4)) * total(v * v for v in powers(x, 2))


register(
    generator_as_an_argument,
    (0.7,),
    gradient=lambda x: (1 + 2 * x + 3 * x * x) * (1 + x * x) + (1 + x + x * x + x**3) * 2 * x,
)


@contextlib.contextmanager
def scaled(value, factor=2.0):
    yield value * factor


@contextlib.contextmanager
def replaced(a, i, value):
    old = a[i]
    a[i] = value
    try:
        yield a
    finally:
        a[i] = old


def context_manager_function(x):
    with scaled(x) as a, scaled(a, factor=x) as b:
        c = a * b
    return c


register(context_manager_function, (0.7,), gradient=lambda x: 12 * x * x)


def context_manager_function_with_state(x):
    a = np.array([1.0, 2.0]) * x
    with replaced(a, 0, x * x):
        inside = np.sum(a)
    return inside * np.sum(a)


register(context_manager_function_with_state, (0.7,), gradient=lambda x: 9 * x * x + 12 * x)


def context_manager_function_in_a_loop(x):
    total = 0.0
    for i in range(3):
        with scaled(x, i) as s:
            if i == 1:
                continue
            total += s * s
    return total


register(context_manager_function_in_a_loop, (0.7,), gradient=lambda x: 8 * x)
