"""Iterators: zip, map, filter, next, reduce, generators as arguments, and what itertools makes."""

from __future__ import annotations

import functools
import itertools
import operator

import numpy as np

from tests.corpus import register
from tests.corpus.reference import numbers


def zip_star(x):
    rows = [(x, 1.0, 2.0 * x), (x * x, 2.0, 3.0), (x**3, 3.0, x)]
    columns = list(zip(*rows))
    return sum(columns[0]) + columns[1][2] * columns[2][0] + sum(columns[2])


register(zip_star, (0.7,), gradient=lambda x: 1 + 2 * x + 3 * x * x + 6 + 3)


def zip_star_of_argument(rows):
    total = 0.0
    for column in zip(*rows):
        product = 1.0
        for item in column:
            product *= item
        total += product
    return total


register(
    zip_star_of_argument,
    ([[1.0, 2.0], [3.0, 4.0]],),
    gradient=lambda rows: [[3.0, 4.0], [1.0, 2.0]],
)


def zip_star_in_loop(x):
    rows = []
    for k in range(3):
        rows.append((x * k, x**k))
    firsts, seconds = zip(*rows)
    return sum(firsts) * sum(seconds)


register(zip_star_in_loop, (0.7,), gradient=lambda x: 3 * (1 + x + x * x) + 3 * x * (1 + 2 * x))


def mapped(x):
    first = list(map(lambda a: a * a, [x, 2.0 * x, 3.0]))
    second = tuple(map(operator.mul, first, (1.0, x)))
    return sum(first) + second[0] * second[1] + sum(map(abs, [x, -x]))


register(mapped, (0.7,), gradient=lambda x: 10 * x + 20 * x**4 + 2)


def mapped_over_array(x):
    a, b, c = map(np.tanh, x)
    return a * b + c + sum(map(float, x))


register(mapped_over_array, (numbers(3),))


def filtered(x):
    kept = list(filter(lambda item: item > 1.0, [x, 2.0 * x, 3.0 * x]))
    true = list(filter(None, [0.0, x, 0.0, x * x]))
    return kept[0] * kept[1] + true[0] * true[1]


register(filtered, (0.7,), gradient=lambda x: 12 * x + 3 * x * x)


def filtered_argument(items):
    total = 0.0
    for item in filter(lambda item: item > 0, items):
        total += item**2
    return total


register(filtered_argument, ([1.0, -2.0, 3.0],), gradient=lambda items: [2.0, 0.0, 6.0])


def first_that(items):
    first = next(item for item in items if item > 1.5)
    default = next((item for item in items if item > 10.0), items[0])
    return first * default


register(first_that, ([1.0, 2.0, 3.0],), gradient=lambda items: [items[1], items[0], 0.0])


def step_by_step(items):
    iterator = iter(items)
    total = next(iterator)
    second = next(iterator)
    for item in iterator:
        total = total * 0.5 + item * second
    return total + next(iterator, 7.0)


register(step_by_step, ([1.0, 2.0, 3.0, 4.0],))


def pairs_by_one_iterator(items):
    iterator = iter(items)
    return sum(a * b for a, b in zip(iterator, iterator))


register(pairs_by_one_iterator, ([1.0, 2.0, 3.0, 4.0],), gradient=lambda v: [v[1], v[0], v[3], v[2]])


def next_in_while(x):
    values = iter([x, x * x, x**3])
    total = 0.0
    while True:
        value = next(values, None)
        if value is None:
            break
        total = total * x + value
    return total


register(next_in_while, (0.7,), gradient=lambda x: 9 * x * x)


def reduced(x):
    product = functools.reduce(operator.mul, [x, 2.0, x * x])
    horner = functools.reduce(lambda total, c: total * x + c, (1.0, 2.0, 3.0), 0.0)
    return product + horner


register(reduced, (0.7,), gradient=lambda x: 6 * x * x + 2 * x + 2)


def reduced_arrays(a, b):
    return np.sum(functools.reduce(np.matmul, [a, b, a]))


register(reduced_arrays, (numbers(2, 2), numbers(2, 2, seed=1)), wrt=(0, 1))


def accumulated(x):
    sums = list(itertools.accumulate([x, x * x, 2.0]))
    products = list(itertools.accumulate([x, 2.0, x], operator.mul))
    started = list(itertools.accumulate([1.0, x], lambda a, b: a * x + b, initial=x))
    return sums[2] * sums[1] + products[2] + sum(started)


register(accumulated, (0.7,))


def chained(x):
    total = 0.0
    for k, item in enumerate(itertools.chain([x, x * x], (2.0,), [3.0 * x])):
        total += item * k
    return total + sum(itertools.chain.from_iterable([[x], [x * x, 1.0]]))


register(chained, (0.7,), gradient=lambda x: 2 * x + 9 + 1 + 2 * x)


def products_of(x):
    total = 0.0
    for a, b in itertools.product([x, 2.0], [x * x, 3.0, x]):
        total += a * b
    for i, j in itertools.product(range(2), repeat=2):
        total += x * i * j
    return total


register(products_of, (0.7,), gradient=lambda x: 3 * x**2 + 3 + 2 * x + 4 * x + 2 + 1, order=1)


def combinations_of(items):
    total = 0.0
    for a, b in itertools.combinations(items, 2):
        total += (a - b) ** 2
    for a, b in itertools.combinations_with_replacement(items, 2):
        total += a * b
    return total


register(combinations_of, ([1.0, 2.0, 4.0],))


def permutations_of(items):
    total = 0.0
    for a, b, c in itertools.permutations(items):
        total += a * b**2 * c**3
    return total


register(permutations_of, ([1.0, 2.0, 0.5],))


def pairwise_of(items):
    return sum((b - a) ** 2 for a, b in itertools.pairwise(items))


register(pairwise_of, ([1.0, 2.0, 4.0],), (numbers(4),))


def sliced(x):
    items = [x * k for k in range(6)]
    first = sum(itertools.islice(items, 3))
    middle = list(itertools.islice(items, 1, None, 2))
    return first * x + middle[0] * middle[2]


register(sliced, (0.7,), gradient=lambda x: 6 * x + 10 * x)


def star_mapped(x):
    powers = list(itertools.starmap(pow, [(x, 2), (2.0, x), (x, 3)]))
    return powers[0] * powers[2] + powers[1]


register(star_mapped, (0.7,), gradient=lambda x: 5 * x**4 + 2.0**x * np.log(2.0))


def repeated(x):
    return sum(itertools.repeat(x, 3)) + sum(a * b for a, b in zip([x, 2.0], itertools.repeat(x)))


register(repeated, (0.7,), gradient=lambda x: 3 + 2 * x + 2)


def counted(x):
    total = 0.0
    for k, item in zip(itertools.count(1), [x, x * x]):
        total += item * k
    for step, item in zip(itertools.count(0.5, 0.25), [x, x]):
        total += item * step
    return total


register(counted, (0.7,), gradient=lambda x: 1 + 4 * x + 1.25)


def cycled(x):
    total = 0.0
    for weight, item in zip(itertools.cycle([1.0, x]), [x, x * x, x**3]):
        total += weight * item
    return total


register(cycled, (0.7,), gradient=lambda x: 1 + 6 * x * x)


def zipped_to_longest(x):
    total = 0.0
    for a, b in itertools.zip_longest([x, x * x, x**3], [2.0, x], fillvalue=x):
        total += a * b
    return total


register(zipped_to_longest, (0.7,), gradient=lambda x: 2 + 3 * x * x + 4 * x**3)


def taken_while(items):
    low = list(itertools.takewhile(lambda item: item < 2.5, items))
    high = list(itertools.dropwhile(lambda item: item < 2.5, items))
    return low[0] * low[1] + high[0] * high[1]


register(taken_while, ([1.0, 2.0, 3.0, 4.0],), gradient=lambda v: [v[1], v[0], v[3], v[2]])


def compressed(x):
    return sum(itertools.compress([x, x * x, x**3], [1, 0, 1]))


register(compressed, (0.7,), gradient=lambda x: 1 + 3 * x * x)


def getters(p):
    second = operator.itemgetter(1)
    both = operator.itemgetter(0, 2)
    a, b = both(p)
    return second(p) * a + b


register(getters, ([1.0, 2.0, 3.0],), gradient=lambda p: [p[1], p[0], 1.0])


def attribute_getters(x):
    real = operator.attrgetter("real")
    size = operator.methodcaller("sum")
    return real(x[0]) * size(x)


register(attribute_getters, (numbers(3, low=1.0, high=2.0),))


def any_and_all(items):
    total = 0.0
    if any(item > 2.0 for item in items) and all(item > 0.0 for item in items):
        total = items[0] * items[1]
    if any([items[0] > 5.0, items[1] > 1.0]) and not all(map(bool, [items[0], 0.0])):
        total = total * items[2]
    return total


register(any_and_all, ([1.0, 2.0, 3.0],), gradient=lambda v: [v[1] * v[2], v[0] * v[2], v[0] * v[1]])


def enumerate_and_reversed(x):
    items = [x, x * x, x**3]
    total = 0.0
    for k, item in enumerate(reversed(items), 1):
        total += item * k
    pairs = list(enumerate(items))
    backwards = list(reversed(items))
    return total + pairs[1][1] * backwards[0]


register(enumerate_and_reversed, (0.7,), gradient=lambda x: 3 + 4 * x + 3 * x * x + 5 * x**4)


def lists_of_zip_and_map(x):
    pairs = list(zip([x, x * x], [1.0, 2.0]))
    table = {key: value for key, value in zip("ab", map(lambda v: v * 2.0, (x, x * x)))}
    return pairs[0][0] * pairs[1][0] + table["a"] * table["b"]


register(lists_of_zip_and_map, (0.7,), gradient=lambda x: 3 * x**2 + 12 * x**2)


def generator_as_argument(x):
    def weighted(items, w):
        return sum(item * w for item in items)

    return weighted((x**k for k in range(3)), 2.0) + max(x * k for k in range(3)) + sorted(k * -x for k in range(3))[0]


register(generator_as_argument, (0.7,), gradient=lambda x: 2 + 4 * x + 2 - 2)


def unpacked_iterables(x):
    a, b = map(lambda v: v * x, (1.0, x))
    c, *rest = (x * k for k in range(1, 4))
    (d, e), f = zip((x, 1.0), (x * x, 2.0)), x
    return a * b + c * sum(rest) + d[0] * e[0] + f


register(unpacked_iterables, (0.7,), gradient=lambda x: 3 * x * x + 10 * x + 2)


def joined_with_star(x):
    items = [*map(lambda v: v * 2.0, (x, x * x)), *(k * x for k in range(2)), *{"a": x}.values()]
    return items[0] * items[1] + items[3] * items[4]


register(joined_with_star, (0.7,), gradient=lambda x: 12 * x * x + 2 * x)


def list_of_pairs_by_one_iterator(items):
    it = iter(items)
    rows = list(zip(it, it))
    return sum(a * b for a, b in rows)


register(list_of_pairs_by_one_iterator, ([1.0, 2.0, 3.0, 4.0],), gradient=lambda v: [v[1], v[0], v[3], v[2]])


def item_lost_by_zip(items):
    it = iter(items)
    rows = list(zip(it, [1.0, 2.0]))
    return sum(a * b for a, b in rows) + sum(it) * 10.0


register(item_lost_by_zip, ([1.0, 2.0, 3.0, 4.0],), gradient=lambda v: [1.0, 2.0, 0.0, 10.0])


def integers_lost_by_zip(x, items):
    it = iter(items)
    rows = list(zip(it, [1.0, 2.0]))
    return x * (sum(a * b for a, b in rows) + sum(it) * 10.0)


register(integers_lost_by_zip, (0.7, [1, 2, 3, 4]), (0.7, [1.0, 2.0, 3.0, 4.0]), gradient=lambda x, items: 45.0)


def integers_beside_numbers(x, table):
    it = iter(table["a"])
    rows = list(zip(it, [x, 2.0]))
    return sum(a * b for a, b in rows) + sum(it) * 10.0 * x


register(  # refused in second order
    integers_beside_numbers, (0.7, {"a": [1, 2, 3, 4]}), gradient=lambda x, table: 41.0, order=1
)


def integers_left_by_islice(x, items):
    it = iter(items)
    rows = list(itertools.islice(it, 2))
    return x * (sum(rows) + sum(it) * 10.0)


register(integers_left_by_islice, (0.7, [1, 2, 3, 4]), (0.7, iter([1, 2, 3, 4])), gradient=lambda x, items: 73.0)


def given_iterator_by_pairs(x, it):
    total = 0.0
    for a, b in zip(it, it):
        total += 2 * a + b
        if a == 1:
            break
    return x * (total + sum(it) * 10.0)


register(given_iterator_by_pairs, (0.7, iter([1, 2, 3, 4])), gradient=lambda x, it: 74.0)


def given_iterator_twice(x, it):
    total = 0.0
    for a in it:
        total += a
    for a in it:
        total += 10.0 * a
    return x * total


register(
    given_iterator_twice,
    (0.7, iter([1, 2, 3, 4])),
    (0.7, [1, 2]),
    gradient=lambda x, it: float(sum(it)) * (1 if hasattr(it, "__next__") else 11),
)


def cycled_until_left(items):
    total = 0.0
    for k, x in enumerate(itertools.cycle(items)):
        if k >= 5:
            break
        total += x * (k + 1)
    return total


register(cycled_until_left, ([1.0, 2.0, 3.0],), gradient=lambda v: [5.0, 7.0, 3.0])


def mapped_with_repeated(x):
    return sum(map(pow, [x, 2.0 * x], itertools.repeat(2))) + sum(map(operator.mul, [1.0, 3.0], itertools.repeat(x)))


register(mapped_with_repeated, (0.7,), gradient=lambda x: 10 * x + 4)


def slice_of_cycle(x):
    return sum(w * k for k, w in enumerate(itertools.islice(itertools.cycle([x, x * x]), 5)))


register(slice_of_cycle, (0.7,), gradient=lambda x: 6.0 + 8 * x)


def pairs_of_products(x):
    total = 0.0
    for a, b in itertools.product([x, x * x], [1.0, x]):
        total += a * b
    return total


register(pairs_of_products, (0.7,), gradient=lambda x: 1 + 4 * x + 3 * x**2)


def calls_until_a_sentinel(x):
    q = [x, x * 2, 0]
    return sum(v * v for v in iter(lambda: q.pop(0), 0)) + len(q)


register(calls_until_a_sentinel, (1.3,), gradient=lambda x: 10 * x)


def taken_of_a_count(x):
    total = 0.0
    for k in itertools.islice(itertools.count(1), 3):
        total += x**k
    return total


register(taken_of_a_count, (0.5,), gradient=lambda x: 1 + 2 * x + 3 * x * x)


def ranked_with_their_places(items):
    ranked = sorted(zip(items, itertools.count()), key=lambda pair: -pair[0])
    doubled = list(zip(itertools.repeat(2.0), items))
    return sum(rank * place * v**2 for rank, (v, place) in enumerate(ranked)) + doubled[1][0] * doubled[1][1]


register(
    ranked_with_their_places,
    ([0.3, 1.2, -0.4, 0.8],),
    gradient=lambda v: [0.0, 2.0, 2 * 3 * 2 * v[2], 2 * 1 * 3 * v[3]],
)


class Cluster:
    """Points that move apart; each pair of them counts."""

    def __init__(self, points):
        self.points, self.time = points.copy(), 0

    def step(self):
        self.points += 0.1 * self.points
        self.time += 1

    @property
    def energy(self):
        total = 0.0
        for i, j in itertools.combinations(range(len(self.points)), 2):
            total -= 1 / np.sqrt(np.sum((self.points[i] - self.points[j]) ** 2) + 0.01)
        return total


def spread_of_energies(points):
    cluster = Cluster(points)
    energies = [cluster.energy]
    while cluster.time < 2:
        cluster.step()
        energies.append(cluster.energy)
    return max(energies) - min(energies)


register(spread_of_energies, (np.array([[0.6, 0.3], [0.1, 0.9], [0.8, 0.7]]),))
