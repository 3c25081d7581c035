"""Dicts of every kind: what changes them, merges them and iterates over them; deques."""

from __future__ import annotations

import collections
from dataclasses import dataclass, field

import numpy as np

from tests.corpus import register
from tests.corpus.reference import numbers


def item_deleted(x):
    table = {"a": x, "b": x * x, "c": x**3}
    del table["b"]
    table["b"] = table["a"] * table["c"]
    del table["a"]
    return sum(table.values()) + len(table)


register(item_deleted, (0.7,), gradient=lambda x: 3 * x * x + 4 * x**3)


def item_deleted_of_argument(table, key):
    total = table["b"] * table["b"]
    del table[key]
    return total + sum(table.values())


register(
    item_deleted_of_argument,
    ({"a": 1.0, "b": 2.0, "c": 3.0}, "b"),
    gradient=lambda table, key: {"a": 1.0, "b": 2 * table["b"], "c": 1.0},
)


def items_deleted_in_loop(x):
    table = {k: x**k for k in range(6)}
    for k in range(0, 6, 2):
        table[k + 1] = table[k + 1] * table[k]
        del table[k]
    total = 0.0
    for key, value in table.items():
        total += key * value
    return total


register(items_deleted_in_loop, (0.7,), gradient=lambda x: 1 + 15 * x**4 + 45 * x**8)


def set_by_default(x):
    table = {"a": x}
    first = table.setdefault("a", 5.0 * x)
    second = table.setdefault("b", x * x)
    table["b"] *= 2.0
    return first + second * 3.0 + table["b"]


register(set_by_default, (0.7,), gradient=lambda x: 1 + 6 * x + 4 * x)


def grouped_by_default(x):
    groups = {}
    for k in range(5):
        groups.setdefault(k % 2, []).append(x * k)
    return sum(groups[0]) * sum(groups[1])


register(grouped_by_default, (0.7,), gradient=lambda x: 48 * x)


def updated(x):
    table = {"a": x, "b": 2.0}
    table.update({"b": x * x, "c": x**3})
    table.update(d=4.0 * x, a=table["b"])
    table.update([("e", x), ("f", 1.0)])
    table.update(zip(("g", "h"), (x, x * x)))
    return sum(value * (k + 1) for k, value in enumerate(table.values()))


register(updated, (0.7,), gradient=lambda x: 2 * x + 4 * x + 9 * x * x + 16 + 5 + 7 + 16 * x)


def updated_in_loop(x):
    state = {"position": x, "velocity": 1.0}
    for _ in range(3):
        state.update(position=state["position"] + 0.1 * state["velocity"], velocity=-state["position"] * x)
    return state["position"] * state["velocity"]


register(updated_in_loop, (0.7,))


def updated_from_argument(table, x):
    own = {"a": x}
    own.update(table)
    own["a"] = own["a"] * own["b"]
    return own["a"] + own["b"]


register(
    updated_from_argument,
    ({"a": 2.0, "b": 3.0}, 0.7),
    wrt=(0, 1),
    gradient=lambda t, x: ({"a": t["b"], "b": t["a"] + 1}, 0.0),
)


def popped(x):
    table = {"a": x, "b": x * x}
    first = table.pop("a")
    missing = table.pop("z", 3.0 * x)
    present = table.pop("b", None)
    return first * present + missing * len(table) + missing


register(popped, (0.7,), gradient=lambda x: 3 * x * x + 3)


def popped_in_loop(x):
    table = {k: x**k for k in range(5)}
    total, key = 0.0, 4
    while table:
        total = total * x + table.pop(key, x)
        table.pop(key - 7, 0.0)
        key -= 1
    return total


register(popped_in_loop, (0.7,))


def pop_item(x):
    table = {"a": x, "b": x * x, "c": x**3}
    key, value = table.popitem()
    other = table.popitem()
    return value * other[1] * (key == "c") + table["a"] * len(other[0])


register(pop_item, (0.7,), gradient=lambda x: 5 * x**4 + 1)


def dict_cleared(x):
    table = {"a": x, "b": x * x}
    total = sum(table.values())
    table.clear()
    table["c"] = 3.0 * x
    return total * table["c"] + len(table)


register(dict_cleared, (0.7,), gradient=lambda x: 6 * x + 9 * x * x)


def merged(x):
    first = {"a": x, "b": 2.0 * x}
    second = {**first, "b": x * x} | {"c": x**3}
    third = second | {"a": 5.0} | dict(d=x)
    return sum(v * (k + 1) for k, v in enumerate(third.values())) + second["a"] + first["b"]


register(merged, (0.7,), gradient=lambda x: 4 * x + 9 * x * x + 4 + 1 + 2)


def merged_in_place(x):
    table = {"a": x}
    other = table
    table |= {"a": x * x, "b": 3.0 * x}
    other |= [("c", x)]
    return table["a"] + table["b"] * table["c"] + len(other)


register(merged_in_place, (0.7,), gradient=lambda x: 2 * x + 6 * x)


def merged_arguments(first, second):
    both = first | second
    return both["a"] * both["b"] * both["c"]


register(
    merged_arguments,
    ({"a": 2.0, "b": 3.0}, {"b": 5.0, "c": 7.0}),
    wrt=(0, 1),
    gradient=lambda f, s: ({"a": s["b"] * s["c"], "b": 0.0}, {"b": f["a"] * s["c"], "c": f["a"] * s["b"]}),
)


def default_numbers(x):
    counts = collections.defaultdict(float)
    for k, word in enumerate(("a", "b", "a", "c", "b", "a")):
        counts[word] += x**k
    return counts["a"] * counts["b"] + counts["missing"] + len(counts)


register(default_numbers, (0.7,))


def default_lists(x):
    groups = collections.defaultdict(list)
    for k in range(6):
        groups[k % 3].append(x * k)
    return sum(sum(group) * (key + 1) for key, group in groups.items()) * groups[1][1]


register(default_lists, (0.7,), gradient=lambda x: 2 * x * 4 * ((0 + 3) + 2 * (1 + 4) + 3 * (2 + 5)))


def default_by_function(x):
    table = collections.defaultdict(lambda: 3.0)
    table["a"] *= x
    return table["a"] + table["b"] * table["c"] * x


register(default_by_function, (0.7,), gradient=lambda x: 3.0 + 9.0)


def ordered_dict(x):
    table = collections.OrderedDict()
    table["b"] = x
    table["a"] = x * x
    table["b"] = table["b"] * 3.0
    total = 0.0
    for place, (key, value) in enumerate(table.items()):
        total += value * (place + 1) * (2.0 if key == "a" else 1.0)
    return total


register(ordered_dict, (0.7,), gradient=lambda x: 3 + 8 * x)


def dict_of_zip(x):
    table = dict(zip(("a", "b", "c"), (x, x * x, x**3)))
    return table["a"] * table["b"] + table["c"]


register(dict_of_zip, (0.7,), gradient=lambda x: 6 * x * x)


def dict_of_zip_argument(names, values):
    table = dict(zip(names, values))
    return table["a"] * table["b"] ** 2


register(
    dict_of_zip_argument,
    (["a", "b"], np.array([2.0, 3.0])),
    wrt=1,
    gradient=lambda n, v: np.array([v[1] ** 2, 2 * v[0] * v[1]]),
)


def dict_of_pairs(x):
    table = dict([("a", x), ("b", x * x)], c=x**3)
    other = dict(table, a=2.0 * x)
    return table["a"] * table["c"] + other["a"] * other["b"]


register(dict_of_pairs, (0.7,), gradient=lambda x: 4 * x**3 + 6 * x * x)


def dict_from_keys(x):
    table = dict.fromkeys(("a", "b"), x)
    table["a"] *= x
    empty = dict.fromkeys("cd")
    return table["a"] + table["b"] + len(empty)


register(dict_from_keys, (0.7,), gradient=lambda x: 2 * x + 1)


def dict_iteration(table):
    total = 0.0
    for key in table:
        total += table[key] * len(key)
    for value in table.values():
        total += value * value
    for key, value in sorted(table.items(), reverse=True):
        total = total * 0.5 + value
    for key in table.keys():
        total += table[key]
    return total


register(dict_iteration, ({"b": 2.0, "aa": 3.0},))


def dict_changed_while_read(x):
    table = {"a": x, "b": x * x}
    for key in table:
        table[key] = table[key] * 2.0
    for key in list(table):
        table[key + key] = table[key] * x
    return sum(table.values())


register(dict_changed_while_read, (0.7,), gradient=lambda x: 2 + 4 * x + 4 * x + 6 * x * x)


def dict_comprehensions(table):
    squares = {key: value**2 for key, value in table.items()}
    turned = {value > 4.0: key for key, value in squares.items()}
    return sum(squares.values()) + squares[turned[True]]


register(dict_comprehensions, ({"a": 2.0, "b": 3.0},), gradient=lambda t: {"a": 2 * t["a"], "b": 4 * t["b"]})


def dict_of_lists(x):
    table = {"a": [x], "b": []}
    table["b"].append(x * x)
    table["a"].extend(table["b"])
    table["a"][0] *= 2.0
    return sum(table["a"]) + sum(table["b"])


register(dict_of_lists, (0.7,), gradient=lambda x: 2 + 4 * x)


def dict_of_dicts(x):
    table = {}
    for row in range(2):
        table[row] = {}
        for column in range(3):
            table[row][column] = x * (row + column)
    table[1][0] = table[0][2] * x
    return sum(sum(inner.values()) for inner in table.values())


register(dict_of_dicts, (0.7,), gradient=lambda x: 3 + 5 + 4 * x)


def dict_of_arrays(x):
    table = {"a": x, "b": x * x}
    table["c"] = table["a"] * table["b"]
    table["b"] = table["b"] + 1.0
    del table["a"]
    return sum(np.sum(value) for value in table.values())


register(dict_of_arrays, (numbers(3),), gradient=lambda x: 3 * x * x + 2 * x)


def dict_of_arrays_changed(x):
    table = {"a": np.zeros(3), "b": x * 1.0}
    table["a"] += x * x
    table["b"][1:] *= x[1:]
    view = table["b"]
    del table["b"]
    view[0] = x[0] ** 3
    return np.sum(table["a"]) + np.sum(view * view)


register(dict_of_arrays_changed, (numbers(3),))


@dataclass
class Store:
    values: dict = field(default_factory=dict)

    def put(self, key, value):
        self.values[key] = value

    def get(self, key):
        return self.values.get(key, 0.0)


def dict_attribute(x):
    store = Store()
    store.put("a", x)
    store.put("b", x * x)
    store.put("a", store.get("a") * store.get("b"))
    return store.get("a") + store.get("missing") + len(store.values)


register(dict_attribute, (0.7,), gradient=lambda x: 3 * x * x)


def dict_attribute_of_argument(store, x):
    store.values["c"] = store.values["a"] * x
    store.values["a"] = 2.0
    return store.values["c"] * store.values["b"] + store.values["a"]


register(
    dict_attribute_of_argument,
    (Store({"a": 2.0, "b": 3.0}), 0.7),
    wrt=1,
    gradient=lambda store, x: 6.0,
)


def memoised(x):
    known = {}

    def power(n):
        if n not in known:
            known[n] = 1.0 if n == 0 else x * power(n - 1)
        return known[n]

    return power(3) + power(2) * power(3)


register(memoised, (0.7,), gradient=lambda x: 3 * x * x + 5 * x**4)


def deque_queue(x):
    queue = collections.deque([x])
    total = 0.0
    for k in range(5):
        value = queue.popleft()
        total += value * k
        queue.append(value * x)
        queue.append(x)
    return total + queue.pop() + len(queue)


register(deque_queue, (0.7,))


def deque_window(x):
    window = collections.deque(maxlen=3)
    total = 0.0
    for k in range(6):
        window.append(x**k)
        total += sum(window) * (k + 1)
    return total * window[0]


register(deque_window, (0.7,))


def deque_both_ends(x):
    items = collections.deque((x, x * x))
    items.appendleft(3.0 * x)
    items.extend([x**3])
    items.rotate(1)
    return items[0] + 2.0 * items[1] + 3.0 * items[-1]


register(deque_both_ends, (0.7,), gradient=lambda x: 3 * x * x + 6 + 6 * x)


def counters(x):
    counts = {}
    for word in ("a", "b", "a"):
        counts[word] = counts.get(word, 0.0) + x
    best = max(counts, key=counts.get)
    return counts[best] ** 2 + counts["b"]


register(counters, (0.7,), gradient=lambda x: 8 * x + 1)


def nested_argument_changed(tree):
    tree["layer"]["w"] = tree["layer"]["w"] * 2.0
    tree["layer"]["new"] = tree["bias"] * tree["layer"]["w"]
    return tree["layer"]["new"] + tree["layer"]["w"]


register(
    nested_argument_changed,
    ({"layer": {"w": 2.0}, "bias": 3.0},),
    gradient=lambda t: {"layer": {"w": 2 * t["bias"] + 2}, "bias": 2 * t["layer"]["w"]},
)


def default_dict_is_a_dict(x):
    table = collections.defaultdict(float)
    table["a"] += x * x
    queue = collections.deque([x])
    if isinstance(table, dict) and type(queue) is collections.deque:
        return table["a"] * queue[0]
    return 0.0


register(default_dict_is_a_dict, (0.7,), gradient=lambda x: 3 * x * x)


def late_keys(x):
    d = {}
    for k in ("a", "b"):
        d[k] = x * x
    e = dict(d)
    for k in ("b", "c"):
        d[k] = x**3
    f = d.copy()
    f.pop("a")
    d.update(e)
    for k in ("q", "c"):
        f[k] = d["a"] * x
    return (
        sum([np.sum(v) * w for v, w in zip(d.values(), (1.0, 2.0, 3.0))])
        + sum([np.sum(v**2) * w for v, w in zip(f.values(), (5.0, 7.0, 11.0))])
        + np.sum(e["a"])
    )


register(late_keys, (numbers(3),), (0.7,))


def grouped(xs):
    groups = collections.defaultdict(list)
    for k, x in enumerate(xs):
        groups[k % 2].append(x * x)
    return sum(sum(items) ** 2 for items in groups.values()) + sum(len(v) * v[0] for k, v in groups.items())


register(grouped, (numbers(3),))


def grouped_plain(xs):
    groups = {}
    for k, x in enumerate(xs):
        groups.setdefault(k % 2, []).append(x * x)
    total = 0.0
    for k, items in groups.items():
        for item in items:
            total = total * item + k
    return total


register(grouped_plain, (numbers(3),))


def integers_looked_up(x):
    powers = {0: (1, 2), 1: (2,), 2: (0, 3)}
    place = 2 if x > 0 else 0
    return sum(x**power for power in powers[place]) * x


register(integers_looked_up, (1.3,), gradient=lambda x: 1 + 4 * x**3)


def integers_replaced_by_numbers(x):
    table = {0: [1, 2], 1: [2]}
    held = [x, x]
    place = 1 if x > 0 else 0
    for k in range(3):
        held = table[place] if k < 2 else held
        held[0] = held[0] * x
    return held[0] * table[1][0] + table[0][1]


register(integers_replaced_by_numbers, (1.3,), gradient=lambda x: 24 * x**5)


def messages_along_edges(h, w, graph):
    state = {node: h[place] for place, node in enumerate(sorted(graph))}
    for _ in range(2):
        new = {}
        for node, others in graph.items():
            message = sum((state[other] for other in others), np.zeros_like(h[0]))
            new[node] = np.tanh(w @ state[node] + 0.5 * message / max(len(others), 1))
        state = new
    return sum(value.sum() for value in state.values())


register(
    messages_along_edges,
    (
        np.array([[0.5, -0.3], [0.8, 0.1], [-0.6, 0.4]]),
        np.array([[0.9, -0.2], [0.3, 0.7]]),
        {"a": ["b", "c"], "b": ["a"], "c": []},
    ),
    wrt=(0, 1),
)
