"""Containers of arrays that are copied, sliced, joined and extended, and changed after that."""

from __future__ import annotations

import copy

import numpy as np

from tests.corpus import register
from tests.corpus.reference import numbers


def slice_of_arrays(items):
    items.append(items[0] * items[1])
    part = items[1:]
    whole = items[:]
    part[0], part[1] = part[1], part[0] * 2.0
    return np.sum(part[0] * whole[0]) + np.sum(part[1] ** 2) + np.sum(items[1] ** 3)


register(slice_of_arrays, ([numbers(3), numbers(3, seed=1)],))


def slice_of_made(x):
    items = [x, x * x]
    items.append(x**3)
    part = items[::-1]
    part[0], part[1] = part[1], part[0] * 2.0
    return np.sum(part[0] * items[0]) + np.sum(part[1] ** 2) + np.sum(items[1] ** 3)


register(slice_of_made, (numbers(3),))


def joined_arrays(x, items):
    for _ in range(2):
        items = items + [x * items[0]]
        items[0], items[-1] = items[-1], items[0]
    return sum([np.sum(item**2) * (k + 1.0) for k, item in enumerate(items)])


register(joined_arrays, (numbers(3), [numbers(3, seed=1), numbers(3, seed=2)]), wrt=(0, 1))


def joined_made(x):
    items = []
    for k in range(3):
        items = [x * float(k + 1)] + items
        items[0], items[-1] = items[-1], items[0]
    return sum([np.sum(item**2) * (k + 1.0) for k, item in enumerate(items)])


register(joined_made, (numbers(3),))


def repeated_arrays(x):
    items = []
    items.append(x)
    items.append(x * x)
    items = items * 2
    items[0] = items[1] * 2.0
    return sum([np.sum(item**2) * (k + 1.0) for k, item in enumerate(items)])


register(repeated_arrays, (numbers(3),))


def copied_and_changed(x):
    items = []
    for k in range(3):
        items.append(x * float(k))
    other = list(items)
    other.reverse()
    other[0] = other[1] * other[2]
    third = other.copy()
    third.append(items[0])
    items.pop()
    return (
        sum([np.sum(item**2) * (k + 1.0) for k, item in enumerate(items)])
        + np.sum(other[0])
        + sum([np.sum(i**3) for i in third])
    )


register(copied_and_changed, (numbers(3),))


def tuple_of_list(x):
    items = []
    for k in range(3):
        items.append(x * float(k))
    fixed = tuple(items)
    items[0] = items[1] * x
    return sum([np.sum(item**2) * (k + 1.0) for k, item in enumerate(items)]) + sum([np.sum(i**3) for i in fixed])


register(tuple_of_list, (numbers(3),))


def lists_of_lists(x):
    rows = []
    for k in range(3):
        rows.append([x * float(k), x * x])
    copied = list(rows)
    copied[0] = [x, x]
    copied[1][0] = x**3
    total = 0.0
    for row in rows + copied:
        for item in row:
            total = total * 0.5 + np.sum(item**2)
    return total


register(lists_of_lists, (numbers(3),))


def rows_copied_deeply(x):
    rows = []
    for k in range(3):
        rows.append([x * float(k), x * x])
    copied = copy.deepcopy(rows)
    copied[1][0] = x**3
    total = 0.0
    for row in rows + copied:
        for item in row:
            total = total * 0.5 + np.sum(item**2)
    return total


register(rows_copied_deeply, (numbers(3),))


def argument_copied_deeply(d):
    c = copy.deepcopy(d)
    c["w"][0] = d["w"][1] ** 2
    s = copy.copy(d)
    s["b"] = s["b"] * 2.0
    return np.sum(c["w"] ** 2) + np.sum(d["w"] ** 3) + s["b"] * d["b"]


register(argument_copied_deeply, ({"w": numbers(3), "b": 0.7},))


def extended_in_loop(x):
    items = [x]
    for k in range(3):
        items.extend([x * k, x * x])
    items += [x]
    return sum([np.sum(item**2) * (k + 1.0) for k, item in enumerate(items)])


register(extended_in_loop, (numbers(3),))


def extended_by_itself(items):
    items.extend(items[:1])
    items += items
    items[0] = items[1] * items[1]
    return sum([np.sum(item**2) * (k + 1.0) for k, item in enumerate(items)])


register(extended_by_itself, ([numbers(3), numbers(3, seed=1)],))


def numbers_extended(items):
    items.extend(items)
    items[1:3] = [items[0] * items[1], items[2], items[3] ** 2]
    del items[0]
    return sum([item**2 * (k + 1.0) for k, item in enumerate(items)])


register(numbers_extended, ([0.3, 0.5, 0.7],))


def sorted_arrays(x):
    items = [x, x * 2.0, x * -1.0]
    ordered = sorted(items, key=lambda a: float(np.sum(a)))
    return np.sum(ordered[0] * x) + 10 * np.sum(ordered[1]) + 100 * np.sum(ordered[2] ** 2)


register(sorted_arrays, (numbers(3),))


def sorted_arrays_grown(x):
    items = []
    for k in range(4):
        items.append(x * float((k * 3) % 4))
    items.sort(key=lambda a: float(np.sum(a)))
    ordered = sorted(items, key=lambda a: -float(np.sum(a)))
    return sum([np.sum(i**2) * (k + 1.0) for k, i in enumerate(items)]) + sum(
        [np.sum(i**2) * (k + 1.0) for k, i in enumerate(ordered)]
    )


register(sorted_arrays_grown, (numbers(3),))


def summed_arrays(x):
    items = [x]
    for k in range(3):
        items.append(items[-1] * x)
    return np.sum(sum(items) ** 2) + np.sum(sum(items[1:], start=x))


register(summed_arrays, (numbers(3),))


def dict_of_arrays_copied(x):
    d = {}
    for k in ("a", "b", "c"):
        d[k] = x * float(ord(k) - 96)
    e = dict(d)
    e["a"] = e["b"] * e["c"]
    f = d.copy()
    f["z"] = f.pop("b")
    return np.sum(e["a"]) + sum([np.sum(v**2) for v in d.values()]) + sum([np.sum(v**3) for v in f.values()])


register(dict_of_arrays_copied, (numbers(3),))


class Holder:
    def __init__(self, first, second):
        self.first, self.second = first, second


class Slotted:
    __slots__ = ("first", "second")

    def __init__(self, first, second):
        self.first, self.second = first, second


def object_of_arrays_copied_deeply(x):
    held = Holder(x[0], x * x)
    copied = copy.deepcopy(held)
    copied.second[0] = copied.first * x[1]
    copied.second *= 2.0
    return np.sum(held.second**2) * np.sum(copied.second)


register(object_of_arrays_copied_deeply, (numbers(3),))


def slotted_object_copied_deeply(x):
    held = Slotted(x, [x * x, x])
    copied = copy.deepcopy(held)
    copied.second[0] = copied.second[0] * x
    copied.first = copied.first * copied.second[0]
    return held.second[0] * held.first + copied.second[0] * copied.first * copied.second[1]


register(slotted_object_copied_deeply, (1.3,), gradient=lambda x: 3 * x**2 + 8 * x**7)


def objects_in_containers_copied_deeply(x):
    held = {"items": [Holder(x, x * x), Holder(x * x, x)], "one": Holder(x, x)}
    copied = copy.deepcopy(held)
    for item in copied["items"]:
        item.first = item.first * x
    copied["one"].second = held["one"].first ** 3
    total = sum(item.first * item.second for item in copied["items"]) + sum(item.first for item in held["items"])
    return total + copied["one"].second


register(objects_in_containers_copied_deeply, (1.3,), gradient=lambda x: 8 * x**3 + 1 + 2 * x + 3 * x**2)


def states_saved_in_a_loop(x):
    state = Holder(x, [x * x])
    saved = []
    for _ in range(3):
        saved.append(copy.deepcopy(state))
        state.first = state.first * state.second[0]
    return sum(each.first for each in saved) + state.first


register(states_saved_in_a_loop, (1.1,), gradient=lambda x: 1 + 3 * x**2 + 5 * x**4 + 7 * x**6)


def object_copied_deeply_then_changed(x):
    held = Holder(Holder(x, x), [x, 2 * x])
    copied = copy.deepcopy(held)
    held.first.first = 3 * x
    return copied.first.first * held.first.first * copied.second[1]


register(object_copied_deeply_then_changed, (1.3,), gradient=lambda x: 18 * x**2)


def nested_objects_copied_deeply(x):
    held = Slotted(Holder(Holder(x, 1.0), [x, x]), {"one": Holder(x * x, 1.0), "rest": [Holder(x, 1.0)]})
    copied = copy.deepcopy(held)
    copied.second["one"].first *= x
    copied.second["rest"][0].first = copied.first.first.first * x
    copied.first.second[1] = x
    first = copied.second["one"].first * held.first.first.first
    return first + copied.second["rest"][0].first * held.second["one"].first * copied.first.second[1]


register(nested_objects_copied_deeply, (1.3,), gradient=lambda x: 4 * x**3 + 5 * x**4)
