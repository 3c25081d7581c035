"""Heaps, bisection, statistics, counters and ordered dicts of Python's library."""

from __future__ import annotations

import bisect
import collections
import functools
import heapq
import operator
import statistics

import numpy as np

from tests.corpus import register
from tests.corpus.reference import numbers


def heap_floats(x):
    heap = []
    for k in range(5):
        heapq.heappush(heap, x[k] * x[(k + 1) % 5])
    total = 0.0
    while heap:
        total = total * 0.5 + heapq.heappop(heap)
    return total


register(heap_floats, (numbers(5),))


def heap_tuples(x):
    heap = [(x[0] ** 2, 0, x[0]), (x[1] ** 2, 1, x[1])]
    heapq.heapify(heap)
    for k in range(2, 5):
        heapq.heappush(heap, (x[k] ** 2, k, x[k]))
    total = 0.0
    while len(heap) > 1:
        cost, k, value = heapq.heappop(heap)
        total += cost * value * (k + 1)
        cost2, j, other = heapq.heappop(heap)
        heapq.heappush(heap, (cost + cost2, j, value * other))
    return total + heap[0][0]


register(heap_tuples, (numbers(5),))


def shortest_path(weights):
    graph = {0: [(1, 0), (2, 1)], 1: [(3, 2)], 2: [(1, 3), (3, 4)], 3: []}
    distance = {0: 0.0}
    queue = [(0.0, 0)]
    while queue:
        d, node = heapq.heappop(queue)
        if d > distance.get(node, float("inf")):
            continue
        for other, k in graph[node]:
            new = d + weights[k] ** 2
            if new < distance.get(other, float("inf")):
                distance[other] = new
                heapq.heappush(queue, (new, other))
    return distance[3] * distance[1]


register(shortest_path, (numbers(5),))


def heap_replace(x):
    heap = [v * 1.0 for v in x[:3]]
    heapq.heapify(heap)
    a = heapq.heapreplace(heap, x[3] ** 2)
    b = heapq.heappushpop(heap, x[4])
    return a * b + heap[0] * 2 + heap[1] ** 2


register(heap_replace, (numbers(5),))


def heap_nbest(x):
    items = [v * v for v in x]
    return (
        sum(heapq.nlargest(2, items))
        + 3.0 * sum(heapq.nsmallest(2, items, key=lambda v: -v))
        + sum(heapq.merge([1.0 * x[0]], [x[1]]))
    )


register(heap_nbest, (numbers(5, low=0.1),))


def bisected(x):
    table = [0.0, 0.25, 0.5, 1.0]
    k = bisect.bisect_right(table, x) - 1
    w = (x - table[k]) / (table[k + 1] - table[k])
    return (1 - w) * table[k] ** 2 + w * table[k + 1] ** 2 + bisect.bisect(table, x) * x


register(bisected, (0.7,))


def bisected_active(x, y):
    table = sorted([x, x * x, 2.0 * x])
    k = bisect.bisect_left(table, y)
    bisect.insort(table, y)
    return table[k] * table[0] + table[-1] * 3.0


register(
    bisected_active,
    (
        0.7,
        0.6,
    ),
    wrt=(0, 1),
)


def stats(x):
    items = [v * v for v in x]
    return statistics.mean(items) + 2.0 * statistics.fmean(items) + statistics.median(items) * 3.0


register(stats, (numbers(5),))


def stats_spread(x):
    items = [v * v for v in x]
    return (
        statistics.stdev(items)
        + statistics.pvariance(items) * 2.0
        + statistics.variance(items)
        + statistics.pstdev(items)
        + statistics.median_low(items)
        + statistics.median_high(items[:4])
    )


register(stats_spread, (numbers(5),))


def stats_array(x):
    return statistics.mean(x) + statistics.fmean(x) * 2.0


register(stats_array, (numbers(5),))


def stats_means(x):
    items = [v * v + 1.0 for v in x]
    return statistics.geometric_mean(items) + statistics.harmonic_mean(items)


register(stats_means, (numbers(5),))


def reduced(xs):
    return functools.reduce(operator.mul, xs) + functools.reduce(lambda a, b: a * 0.5 + b, [np.sum(xs), xs[0]], 1.0)


register(reduced, (numbers(5),))


def item_getters(xs):
    rows = [{"a": x, "b": (x * x, 1.0)} for x in xs]
    rows.sort(key=operator.itemgetter("a"))
    return sum(operator.itemgetter("b")(r)[0] * (k + 1) for k, r in enumerate(rows)) + sum(
        operator.itemgetter(0, 2)(xs)
    )


register(item_getters, (numbers(5),))


def min_heap_objects(x):
    queue = collections.deque([(x[0], 0)])
    total = 0.0
    while queue:
        v, depth = queue.popleft()
        total += v * (depth + 1)
        if depth < 2:
            queue.append((v * x[1], depth + 1))
            queue.append((v * x[2], depth + 1))
    return total


register(min_heap_objects, (numbers(5),))


def counter(words, x):
    c = collections.Counter(words)
    return c["a"] * x + c["b"] * x**2 + c["zz"] * 7.0


register(counter, ("abba a", 0.7), wrt=1, gradient=lambda words, x: 3 + 4 * x)


def counter_floats(x):
    c = collections.Counter()
    for k in "abca":
        c[k] += x * len(c)
    c.update({"b": x})
    return sum(v**2 for v in c.values()) + c["none"] * x


register(counter_floats, (0.7,))


def counter_most(x):
    c = collections.Counter("aabbbc")
    total = 0.0
    for k, (name, count) in enumerate(c.most_common(2)):
        total += x**count * (k + 1)
    return total + sum(c.values()) * x


register(counter_most, (0.7,))


def ordered(x):
    d = collections.OrderedDict([("a", x), ("b", x * x)])
    d["c"] = x**3
    d.move_to_end("a")
    k, v = d.popitem(last=False)
    return sum(w * v for w, v in zip((1.0, 2.0), d.values())) + v * len(k)


register(ordered, (0.7,))


def counter_common(x):
    c = collections.Counter({"a": x, "b": x * 3.0})
    c.subtract({"a": x * x})
    (k, v), (j, w) = c.most_common(2)
    return v * w * len(k) + c.total() + (isinstance(c, dict)) * x


register(counter_common, (0.7,))


def moved(x):
    d = collections.OrderedDict(a=x, b=x * x, c=x**3)
    d.move_to_end("b", last=False)
    d["a"] = d["a"] * 2.0
    (k, v) = d.popitem()
    return sum(w * v for w, v in zip((1.0, 10.0), d.values())) + v * 100.0


register(moved, (0.7,))


def lru(x):
    cache = collections.OrderedDict()
    total = 0.0
    for k in (0, 1, 2, 0, 3, 1):
        if k in cache:
            cache.move_to_end(k)
        else:
            cache[k] = x[k] ** 2 * (k + 1.0)
            if len(cache) > 2:
                total += cache.popitem(last=False)[1] * x[k]
    return total + sum(cache.values())


register(lru, (numbers(4),))
