"""Lists: what changes them, what sorts and searches them, slices, and lists of lists."""

from __future__ import annotations

import operator

import numpy as np

from tests.corpus import register
from tests.corpus.reference import numbers


def removed_by_value(x):
    items = [x, 2.0 * x, 3.0 * x, 2.0 * x]
    items.remove(2.0 * x)
    return items[0] + 10.0 * items[1] + 100.0 * items[2] + len(items)


register(removed_by_value, (0.7,), gradient=lambda x: 1.0 + 30.0 + 200.0)


def removed_in_loop(x):
    items = [x * k for k in range(6)]
    while len(items) > 2:
        items.remove(max(items))
    return items[0] * 3.0 + items[1] * x


register(removed_in_loop, (0.7,), gradient=lambda x: 2 * x)


def sorted_by_key(x):
    items = [x, -3.0 * x, 2.0 * x]
    items.sort(key=abs)
    return items[0] + 10.0 * items[1] + 100.0 * items[2]


register(sorted_by_key, (0.7,), (-0.4,), gradient=lambda x: 1.0 + 20.0 - 300.0)


def sorted_descending(x):
    items = [x, 3.0 * x, 2.0 * x]
    items.sort(reverse=True)
    return items[0] * items[0] + 10.0 * items[1] + 100.0 * items[2]


register(sorted_descending, (0.7,), gradient=lambda x: 18.0 * x + 20.0 + 100.0)


def sorted_pairs_by_key(x):
    pairs = [(3, x), (1, x * x), (2, x**3)]
    pairs.sort(key=lambda pair: pair[0])
    return pairs[0][1] + 10.0 * pairs[1][1] + 100.0 * pairs[2][1]


register(sorted_pairs_by_key, (0.7,), gradient=lambda x: 2 * x + 30 * x * x + 100.0)


def sorted_by_item_getter(x):
    pairs = [("c", x), ("a", x * x), ("b", x**3)]
    pairs.sort(key=operator.itemgetter(0), reverse=True)
    return pairs[0][1] + 10.0 * pairs[1][1] + 100.0 * pairs[2][1]


register(sorted_by_item_getter, (0.7,), gradient=lambda x: 1.0 + 30 * x * x + 200.0 * x)


def sorted_of_argument(items):
    items.sort()
    return items[0] * 1.0 + items[1] * 10.0 + items[2] * 100.0


register(sorted_of_argument, ([3.0, 1.0, 2.0],), gradient=lambda items: [100.0, 1.0, 10.0])


def sorted_in_loop(x):
    items = [x, -x, 2.0 * x]
    total = 0.0
    for k in range(3):
        items.sort(reverse=k % 2 == 0)
        total += items[0] * (k + 1)
        items[1] = items[1] * x
    return total + items[1]


register(sorted_in_loop, (0.7,))


def sorted_with_key(items, x):
    order = sorted(items, key=lambda item: (item - x) ** 2)
    last = sorted(items, key=lambda item: -item, reverse=True)
    return order[0] * x + order[-1] + last[0] * 5.0


register(sorted_with_key, ([3.0, 1.4, 2.2], 2.0), wrt=(0, 1), gradient=lambda items, x: ([1.0, 5.0, x], items[2]))


def sorted_tuples(x):
    pairs = sorted([(2.0 * x, "b"), (x, "a"), (3.0 * x, "c")])
    return pairs[0][0] + 10.0 * pairs[1][0] + 100.0 * pairs[2][0] * (pairs[2][1] == "c")


register(sorted_tuples, (0.7,), gradient=lambda x: 321.0)


def sorted_arrays_by_norm(a, b):
    first, second = sorted([a, b], key=lambda v: float(np.sum(v * v)))
    return np.sum(first * first) + 2.0 * np.sum(second)


register(
    sorted_arrays_by_norm,
    (numbers(3), numbers(3, seed=2, low=2.0, high=3.0)),
    wrt=(0, 1),
    gradient=lambda a, b: (2 * a, np.full(3, 2.0)),
)


def cleared(x):
    items = [x, x * x]
    first = items[0] * items[1]
    items.clear()
    items.append(x * 5.0)
    return first + items[0] + len(items)


register(cleared, (0.7,), gradient=lambda x: 3 * x * x + 5)


def cleared_in_loop(x):
    buffer, total = [], 0.0
    for k in range(6):
        buffer.append(x**k)
        if len(buffer) == 3:
            total += buffer[0] * buffer[2]
            buffer.clear()
    return total


register(cleared_in_loop, (0.7,), gradient=lambda x: 2 * x + 8 * x**7)


def copied(x):
    items = [x, x * x]
    other = items.copy()
    other[0] = 3.0 * x
    items[1] = 0.0
    return items[0] + other[0] * other[1] + items[1]


register(copied, (0.7,), gradient=lambda x: 1 + 9 * x * x)


def copied_by_slice(x):
    items = [x, x * x, x**3]
    other = items[:]
    other.append(x)
    items[0] = other[2] * 2.0
    return sum(items) + sum(other)


register(copied_by_slice, (0.7,), gradient=lambda x: 6 * x**2 + 2 * x + 3 * x**2 + 2 + 2 * x + 3 * x**2)


def counted_and_found(x):
    items = [x, 1.0, x, 2.0]
    return x * items.count(1.0) + items[items.index(2.0)] * x + items.count(x) * x**2


register(counted_and_found, (0.7,), gradient=lambda x: 1 + 2 + 4 * x)


def reversed_in_place(x):
    items = [x, x * x, x**3]
    items.reverse()
    items[0] = items[0] * x
    items.reverse()
    return items[2] + items[0]


register(reversed_in_place, (0.7,), gradient=lambda x: 4 * x**3 + 1)


def inserted(x):
    items = [x, x * x]
    items.insert(1, 3.0 * x)
    items.insert(-1, 5.0 * x)
    items.insert(100, x**3)
    return items[0] + items[1] * 2.0 + items[2] * 3.0 + items[3] * 4.0 + items[4] * 5.0


register(inserted, (0.7,), gradient=lambda x: 1 + 6 + 15 + 8 * x + 15 * x * x)


def inserted_in_order(x):
    ordered = []
    for value in (3.0 * x, x, 2.0 * x):
        place = 0
        while place < len(ordered) and ordered[place] < value:
            place += 1
        ordered.insert(place, value)
    return ordered[0] + 10.0 * ordered[1] + 100.0 * ordered[2] ** 2


register(inserted_in_order, (0.7,), gradient=lambda x: 1 + 20 + 1800 * x)


def extended_by_generator(x):
    items = [x]
    items.extend(k * x for k in range(3))
    items.extend((x * x, 1.0))
    items += [item * 2.0 for item in items[:2]]
    items += (x,)
    return sum(items) + items[4] * items[5]


register(extended_by_generator, (0.7,), gradient=lambda x: 1 + 3 + 2 * x + 2 + 0 + 1 + 2 * x)


def slice_assigned(x):
    items = [x * k for k in range(6)]
    items[1:3] = [x * x, x**3, x**4]
    items[-1:] = []
    items[:0] = [5.0 * x]
    items[::2] = [x, 2.0 * x, 3.0 * x, x * x]
    return sum(item * (k + 1) for k, item in enumerate(items))


register(slice_assigned, (0.7,))


def slice_assigned_in_loop(x):
    items = [x, x * x, x**3, x**4]
    for k in range(3):
        items[k : k + 2] = [items[k + 1] * x, items[k] + k]
    return items[0] + 2.0 * items[1] + 3.0 * items[2] + 4.0 * items[3]


register(slice_assigned_in_loop, (0.7,))


def slice_deleted(x):
    items = [x * k for k in range(7)]
    del items[1:3]
    del items[-1:]
    del items[::3]
    return items[0] * items[1] + len(items)


register(slice_deleted, (0.7,), gradient=lambda x: 24 * x)


def item_deleted_in_loop(x):
    items = [x * k for k in range(5)]
    k = 0
    while k < len(items):
        if k % 2:
            del items[k]
        k += 1
    return sum(item * item for item in items)


register(item_deleted_in_loop, (0.7,))


def item_deleted_of_argument(items):
    del items[0]
    del items[-1]
    return items[0] * items[1] + sum(items)


register(
    item_deleted_of_argument,
    ([1.0, 2.0, 3.0, 4.0],),
    gradient=lambda items: [0.0, items[2] + 1, items[1] + 1, 0.0],
)


def repeated_in_place(x):
    items = [x, x * x]
    items *= 3
    items[0] = 1.0
    return sum(items) + items[2] * items[3]


register(repeated_in_place, (0.7,), gradient=lambda x: 2 + 6 * x + 3 * x * x)


def list_alias_extended(x):
    items = [x]
    other = items
    other += [x * x]
    other *= 2
    return items[0] * items[3] + len(items)


register(list_alias_extended, (0.7,), gradient=lambda x: 3 * x * x)


def nested_lists_changed(x):
    grid = [[x * (i + j) for j in range(3)] for i in range(3)]
    grid[0].append(x * x)
    grid.append([x, x])
    del grid[1]
    grid[1].pop(0)
    grid[0], grid[1] = grid[1], grid[0]
    return sum(sum(row) * (k + 1) for k, row in enumerate(grid))


register(nested_lists_changed, (0.7,))


def lists_of_arrays_changed(x):
    items = [x * k for k in range(1, 4)]
    items.append(items[0] * items[1])
    del items[1]
    items.reverse()
    items[0][1] = 5.0
    return np.sum(items[0] * items[1]) + np.sum(items[2])


register(lists_of_arrays_changed, (numbers(3),))


def rows_sorted(x):
    rows = [x[2], x[0], x[1]]
    rows.sort(key=lambda row: row[0])
    return np.sum(rows[0]) + 10.0 * np.sum(rows[1] * rows[1]) + 100.0 * np.sum(rows[2])


register(rows_sorted, (np.array([[2.0, 1.0], [1.0, 3.0], [3.0, 5.0]]),))


def list_of_views_changed(x):
    y = x * 1.0
    rows = [y[0], y[1], y[2]]
    rows.reverse()
    rows[0] *= 2.0
    rows.pop()
    return np.sum(y * y) + np.sum(rows[1])


register(list_of_views_changed, (numbers(3, 2),))


def sum_with_start(x):
    return sum([x, x * x], x**3) + sum([[x], [2.0 * x, 3.0]], [])[1] + sum((k * x for k in range(3)), start=1.0)


register(sum_with_start, (0.7,), gradient=lambda x: 1 + 2 * x + 3 * x * x + 2 + 3)


def sum_of_arrays_with_start(x):
    return np.sum(sum([x, x * x], np.zeros(3)) * 2.0) + np.sum(sum([x, x]))


register(sum_of_arrays_with_start, (numbers(3),), gradient=lambda x: 2 + 4 * x + 2)


def extremes_by_key(items):
    low = min(items, key=lambda item: (item - 2.0) ** 2)
    high = max(items, key=abs)
    return low * 2.0 + high * 3.0 + max(items[0], items[1], key=lambda item: -item)


register(extremes_by_key, ([-3.0, 1.0, 2.2],), gradient=lambda items: [4.0, 0.0, 2.0])


def extremes_with_default(x):
    return max([x, 2.0 * x], default=0.0) + max([], default=3.0 * x) + min((x, 1.0), default=None) * x


register(extremes_with_default, (0.7,), gradient=lambda x: 2 + 3 + 2 * x)


def extreme_pair(x):
    best = max((x * k - k * k, k) for k in range(4))
    worst = min([(k * x, "a") for k in range(1, 3)], key=lambda pair: pair[0])
    return best[0] * 2.0 + best[1] + worst[0]


register(extreme_pair, (4.3,), gradient=lambda x: 4 + 1)


def extreme_place(items):
    best = max(range(len(items)), key=lambda k: items[k])
    worst = min(range(len(items)), key=items.__getitem__)
    return items[best] * 2.0 + items[worst] * items[worst]


register(extreme_place, ([-3.0, 1.0, 2.2],), gradient=lambda items: [2 * items[0], 0.0, 2.0])


def stack_of_lists(x):
    stack, total = [[x]], 0.0
    while stack:
        path = stack.pop()
        if len(path) == 3:
            total += path[0] * path[1] * path[2]
            continue
        stack.append(path + [path[-1] * 2.0])
        stack.append([*path, x])
    return total


register(stack_of_lists, (0.7,), gradient=lambda x: 3 * x * x * (1 + 2 + 2 + 8))


def queue_as_list(x):
    queue, total = [(x, 0)], 0.0
    while queue:
        value, depth = queue.pop(0)
        total += value * (depth + 1)
        if depth < 3:
            queue.append((value * x, depth + 1))
            queue.append((value * 0.5, depth + 1))
    return total


register(queue_as_list, (0.7,))


def list_swaps(x):
    items = [x, 2.0 * x, x * x, 0.5 * x]
    for i in range(len(items)):
        for j in range(len(items) - 1 - i):
            if items[j] > items[j + 1]:
                items[j], items[j + 1] = items[j + 1], items[j]
    return items[0] + 10.0 * items[1] + 100.0 * items[2] + 1000.0 * items[3]


register(list_swaps, (0.7,), gradient=lambda x: 0.5 + 10 * 2 * x + 100 + 2000)


def list_membership(x):
    items = [1.0, x, 3.0]
    return x * x if x in items and 5.0 not in items else x


register(list_membership, (0.7,), gradient=lambda x: 2 * x)


def list_comparison(x):
    return x * x if [x, 1.0] < [x, 2.0] and [1.0] != [x] else x


register(list_comparison, (0.7,), gradient=lambda x: 2 * x)


def list_returned_changed(items, x):
    items.append(x)
    items[0] *= x
    return items


register(list_returned_changed, ([2.0, 3.0], 0.7), wrt=(0, 1), gradient=lambda items, x: ([x, 1.0], items[0] + 1))


def sum_of_an_array_in_a_list(x):
    items = [x[1], sum(x)]
    factor = 1.0 + items[-1]
    items.append(factor * factor)
    items[0] *= factor
    return items[0] * items[1] * items[2]


def _sum_of_an_array_in_a_list(x):
    total = np.sum(x)
    gradient = np.full(4, x[1] * ((1 + total) ** 3 + 3 * total * (1 + total) ** 2))
    gradient[1] += total * (1 + total) ** 3
    return gradient


register(sum_of_an_array_in_a_list, (numbers(4),), gradient=_sum_of_an_array_in_a_list)


def exchanged_and_reversed(x):
    y = list(x)
    y[0], y[-1] = y[-1] * 2, y[0]
    y[1:3] = y[2:0:-1]
    i = 0
    i, y[i] = 2, 5.0 * x[1]
    return y[0] * y[1] + y[2] * y[3] * i


register(exchanged_and_reversed, (numbers(4),))


def powers_in_a_repeated_list(x, degree):
    powers, bases = [1.0] * degree, [x] * degree
    for k in range(degree):
        powers[k] = powers[k - 1] * x
    bases[0] = bases[1] * x
    return powers[-1] + sum([base**3 for base in bases])


register(powers_in_a_repeated_list, (1.3, 3), gradient=lambda x, degree: 6 * x**5 + 9 * x**2)


def row_repeated_is_one_row(x, count):
    rows = [[0.0, x]] * count
    rows[1][0] = x * x
    return sum([sum(row) for row in rows])


register(row_repeated_is_one_row, (1.3, 3), gradient=lambda x, count: 3 * (2 * x + 1))


def slice_of_argument_replaced(x, items):
    items[0:2] = [x, items[1]]
    items[1] = items[1] * x
    return items[0] * items[1] * items[2]


register(slice_of_argument_replaced, (0.7, [1.0, 2.0, 3.0]), gradient=lambda x, items: 12 * x)
