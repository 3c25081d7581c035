"""Tuples, lists, dicts, named tuples, dataclasses and objects: as inputs, intermediate values and outputs."""

from __future__ import annotations

import collections
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from tests.corpus import register
from tests.corpus.reference import numbers


class Point(NamedTuple):
    x: float
    y: float = 0.5

    def norm(self):
        return self.x**2 + self.y**2


@dataclass
class Layer:
    weight: np.ndarray
    bias: np.ndarray

    def __call__(self, x):
        return np.tanh(self.weight @ x + self.bias)


@dataclass(frozen=True)
class Setting:
    rate: float
    name: str = "plain"
    history: list = field(default_factory=list)


Pair = collections.namedtuple("Pair", "first second")


def tuple_input(p):
    a, b = p
    return a * b + p[0]


register(tuple_input, ((2.0, 3.0),), gradient=lambda p: (p[1] + 1, p[0]))


def nested_input(tree):
    a = tree["layers"][0][0]
    b = tree["layers"][1][0]
    return np.sum(a * b) + tree["bias"] ** 2 * tree["layers"][0][1]


register(
    nested_input,
    ({"layers": [(numbers(2), 2.0), (numbers(2, seed=1), 3.0)], "bias": 0.5},),
    gradient=lambda t: {
        "layers": [(t["layers"][1][0], t["bias"] ** 2), (t["layers"][0][0], 0.0)],
        "bias": 2 * t["bias"] * t["layers"][0][1],
    },
)


def namedtuple_input(p):
    return p.x * p.y + p.norm() + p[0]


register(namedtuple_input, (Point(2.0, 3.0),), gradient=lambda p: Point(p.y + 2 * p.x + 1, p.x + 2 * p.y))


def dataclass_input(layer, x):
    return np.sum(layer(x) ** 2)


register(dataclass_input, (Layer(numbers(2, 3), numbers(2, seed=1)), numbers(3, seed=2)), wrt=(0, 1))


def list_of_layers(layers, x):
    for layer in layers:
        x = layer(x)
    return np.sum(x)


register(
    list_of_layers,
    ([Layer(numbers(2, 3), numbers(2)), Layer(numbers(2, 2, seed=3), numbers(2, seed=4))], numbers(3, seed=2)),
    wrt=(0, 1),
)


def tuple_output(x, y):
    return x * y, x + y


register(tuple_output, (2.0, 3.0), wrt=(0, 1), gradient=lambda x, y: (y + 1, x + 1))


def nested_output(x):
    return {"a": [x, x * x], "b": (np.sin(x), {"c": 3.0 * x})}


register(nested_output, (2.0,), gradient=lambda x: 1 + 2 * x + np.cos(x) + 3)


def namedtuple_output(x):
    return Point(x * x, y=3 * x)


register(namedtuple_output, (2.0,), gradient=lambda x: 2 * x + 3)


def dataclass_output(x):
    return Layer(x * x, bias=x)


register(dataclass_output, (2.0,), gradient=lambda x: 2 * x + 1)


def tuples_inside(x, y):
    p = (x, (y, x * y))
    q = p[1] + (x,)
    return q[1] * p[0] + q[-1] * len(q)


register(tuples_inside, (2.0, 3.0), wrt=(0, 1), gradient=lambda x, y: (2 * x * y + 3, x * x))


def lists_inside(x):
    items = [x, 2.0, x * x]
    items.append(x**3)
    items.insert(0, x * 5.0)
    last = items.pop()
    first = items.pop(0)
    items.extend([x, x])
    items += [last]
    items.reverse()
    return items[0] * first + sum(items) * items.index(2.0)


register(lists_inside, (1.5,))


def list_slices(x):
    items = [x * k for k in range(5)]
    part = items[1:4]
    part[0] = x * x
    items[2:4] = [x**3]
    return sum(part) + items[1] + items[2] * len(items)


register(list_slices, (1.5,))


def list_aliases(x):
    a = [x, x * x]
    b = a
    b[0] = x * 10.0
    c = list(a)
    c[1] = 0.0
    return a[0] + a[1] + c[0] + c[1]


register(list_aliases, (1.5,), gradient=lambda x: 20 + 2 * x)


def list_repeated(x):
    items = [x] * 3 + [x * x] * 2
    items[0] = 1.0
    return sum(items)


register(list_repeated, (1.5,), gradient=lambda x: 2 + 4 * x)


def list_of_lists(x):
    grid = [[x * i * j for j in range(3)] for i in range(3)]
    grid[1][2] = x * x
    grid[2] = [1.0, x, grid[1][2]]
    total = 0.0
    for row in grid:
        for item in row:
            total += item * item
    return total


register(list_of_lists, (1.5,))


def shared_inner_list(x):
    row = [x, 1.0]
    grid = [row, row]
    grid[0][0] = x * x
    return grid[1][0] * grid[0][1] + row[0]


register(shared_inner_list, (1.5,), gradient=lambda x: 4 * x)


def list_deleted(x):
    items = [x, x * x, x**3]
    del items[1]
    items.remove(items[0])
    return items[0] + len(items)


register(list_deleted, (1.5,), gradient=lambda x: 3 * x * x)


def list_sorted_in_place(x):
    items = [x * x, x, 0.5 * x]
    items.sort()
    return items[0] * 1.0 + items[1] * 10.0 + items[2] * 100.0


register(list_sorted_in_place, (2.0,), gradient=lambda x: 0.5 + 10 + 200 * x)


def dicts_inside(x):
    table = {"a": x, "b": x * x}
    table["c"] = table["a"] * table["b"]
    table["a"] = 5.0
    table.update(b=x * 3.0, d=x)
    popped = table.pop("d")
    return sum(table.values()) + popped * table.get("missing", 2.0) + table.setdefault("e", x)


register(dicts_inside, (1.5,), gradient=lambda x: 3 * x * x + 3 + 2 + 1)


def dict_with_integer_keys(x):
    memory = {0: 1.0, 1: x}
    for n in range(2, 6):
        memory[n] = memory[n - 1] * x + memory[n - 2]
    return memory[5]


register(dict_with_integer_keys, (0.7,))


def dict_merge(x):
    first = {"a": x, "b": 2.0}
    second = {**first, "b": x * x}
    third = first | {"c": x**3}
    return second["a"] * second["b"] + third["c"] * third["b"] + len(third)


register(dict_merge, (0.7,), gradient=lambda x: 9 * x * x)


def dict_deleted(p):
    total = p["a"] * 2
    q = dict(p)
    del q["a"]
    q["b"] *= 3.0
    return total + sum(q.values()) + ("a" in p) * p["b"]


register(dict_deleted, ({"a": 1.0, "b": 2.0},), gradient=lambda p: {"a": 2.0, "b": 4.0})


def default_dict(x):
    groups = collections.defaultdict(float)
    for i in range(5):
        groups[i % 2] += x**i
    return groups[0] * groups[1]


register(default_dict, (0.7,), tags=("rare",))


def tuple_as_key(x):
    grid = {}
    for i in range(3):
        for j in range(2):
            grid[i, j] = x ** (i + j)
    return grid[2, 1] * grid[(1, 1)] + grid[0, 1]


register(tuple_as_key, (0.7,), gradient=lambda x: 5 * x**4 + 1)


def namedtuple_replaced(x):
    p = Point(x, x * x)
    q = p._replace(y=3 * x)
    a, b = q
    return a * b + p.y + Pair(first=x, second=p)[1].x


register(namedtuple_replaced, (0.7,), gradient=lambda x: 6 * x + 2 * x + 1)


def dataclass_replaced(x):
    s = Setting(x, name="other")
    t = replace(s, rate=s.rate * x)
    return t.rate + (s.rate if t.name == "other" else 0.0)


register(dataclass_replaced, (0.7,), gradient=lambda x: 2 * x + 1, tags=("rare",))


def dataclass_attribute_set(x):
    layer = Layer(x, x * x)
    layer.weight = layer.bias * x
    layer.bias += layer.weight
    return layer.bias + layer.weight


register(dataclass_attribute_set, (0.7,), gradient=lambda x: 2 * x + 6 * x * x)


def attribute_of_input_object(p):
    p.weight = p.weight * 2.0
    return np.sum(p.weight * p.bias)


register(attribute_of_input_object, (Layer(numbers(2), numbers(2, seed=1)),), gradient=lambda p: Layer(
    2 * p.bias, 2 * p.weight))


def stack_machine(x):
    stack = []
    for token in ["x", 2.0, "*", "x", "+", "x", "*"]:
        if token == "x":
            stack.append(x)
        elif token == "*":
            b = stack.pop()
            a = stack.pop()
            stack.append(a * b)
        elif token == "+":
            b = stack.pop()
            a = stack.pop()
            stack.append(a + b)
        else:
            stack.append(token)
    return stack[0]


register(stack_machine, (0.7,), gradient=lambda x: 6 * x)


def arrays_from_lists(x, y):
    v = np.array([x, y, x * y])
    m = np.array([[x, 1.0], [y, x]])
    return np.sum(v * v) + m[0, 0] * m[1, 1] + np.asarray([x, y]).sum()


register(arrays_from_lists, (0.7, 0.3), wrt=(0, 1), gradient=lambda x, y: (
    2 * x + 2 * x * y * y + 2 * x + 1, 2 * y + 2 * x * x * y + 1))


def lists_from_arrays(x):
    items = list(x)
    more = x.tolist()
    a, b, c = x
    return items[0] * more[1] + a * b * c


register(lists_from_arrays, (numbers(3, low=0.5),))


def tuple_comparison_and_concatenation(x):
    p = (x, 1) if (1, 2) < (1, 3) else (2.0 * x, 1)
    q = p * 2
    return q[0] * q[2] + q[1]


register(tuple_comparison_and_concatenation, (0.7,), gradient=lambda x: 2 * x)


def sets_and_strings(x):
    names = {"a", "b"}
    total = 0.0
    for name in ("a", "c"):
        if name in names:
            total += x * len(names)
    return total * len("word".upper())


register(sets_and_strings, (0.7,), gradient=lambda x: 8.0)


def mixed_leaves(config, x):
    if config["kind"] == "power":
        return x ** config["exponent"] * config["scale"] + config["bias"][0]
    return x


register(
    mixed_leaves,
    ({"kind": "power", "exponent": 3, "scale": 2.0, "bias": (1.0, None)}, 0.7),
    wrt=1,
    gradient=lambda c, x: 6 * x * x,
)


def output_with_constants(x):
    return x * x, 3, None, [2.0, x]


register(output_with_constants, (0.7,), gradient=lambda x: 2 * x + 1, tags=("mixed_output",))


def argument_returned(p):
    p2 = p
    return p2, p[0]


register(argument_returned, ([1.0, 2.0],), gradient=lambda p: [2.0, 1.0])


def counter_object(x):
    state = Layer(0.0, 1.0)

    def step(value):
        state.weight = state.weight + value
        state.bias = state.bias * value

    for i in range(3):
        step(x * (i + 1))
    return state.weight * state.bias


register(counter_object, (0.7,), gradient=lambda x: 6 * 6 * 4 * x**3)


def zip_star_transposes(x):
    rows = [(x, 1.0), (x * x, 2.0), (x**3, 3.0)]
    firsts, seconds = zip(*rows)
    return sum(a * b for a, b in zip(firsts, seconds))


register(zip_star_transposes, (0.7,), gradient=lambda x: 1 + 4 * x + 9 * x * x)


def linked_structure(x):
    node = None
    for i in range(4):
        node = (x * (i + 1), node)
    total = 0.0
    while node is not None:
        value, node = node
        total = total * 0.5 + value * value
    return total


register(linked_structure, (0.7,))


def minimum_of_list(items):
    return max(items) * 2.0 + min(items) + sorted(items)[1] * 3.0


register(minimum_of_list, ([3.0, 1.0, 2.0],), gradient=lambda items: [2.0, 1.0, 3.0])


@dataclass
class Ship:
    size: float
    shape: object


def attributes_named_like_those_of_arrays(ship):
    return ship.size**2 + np.sum(ship.shape) * ship.size


register(
    attributes_named_like_those_of_arrays,
    (Ship(3.0, numbers(2)),),
    gradient=lambda ship: Ship(2 * ship.size + np.sum(ship.shape), np.full(2, ship.size)),
)


def item_kept_and_replaced(items):
    kept = items[0]
    items[0] = items[1] * 2.0
    return np.sum(kept * kept) + np.sum(items[0] ** 2)


register(
    item_kept_and_replaced,
    ([numbers(2), numbers(2, seed=1)],),
    gradient=lambda items: [2 * items[0], 8 * items[1]],
)


def entry_changed_after_it_was_replaced(table):
    old = table["a"]
    old[0] = 2.0 * old[1]
    table["a"] = old * 3.0
    new = table["a"]
    new[1] = new[0] * new[1]
    return np.sum(old * old) + np.sum(table["a"] * new)


register(entry_changed_after_it_was_replaced, ({"a": numbers(2, low=0.5)},))


def item_taken_from_argument(items):
    last = items.pop()
    return last * last + sum(items) * items[0]


register(
    item_taken_from_argument,
    ([1.5, 2.0, 3.0],),
    gradient=lambda items: [2 * items[0] + items[1], items[0], 2 * items[2]],
)


def item_added_to_argument(items):
    items.append(items[0] * 2.0)
    return items[-1] * items[1]


register(item_added_to_argument, ([1.5, 2.0, 3.0],), gradient=lambda items: [2 * items[1], 2 * items[0], 0.0])


def entry_added_to_argument(table):
    table["product"] = table["a"] * table["b"]
    return table["product"] ** 2


register(
    entry_added_to_argument,
    ({"a": 2.0, "b": 3.0},),
    gradient=lambda table: {"a": 2 * table["a"] * table["b"] ** 2, "b": 2 * table["a"] ** 2 * table["b"]},
)


def entry_taken_from_argument(table):
    a = table.pop("a")
    return a * a * table["b"]


register(
    entry_taken_from_argument,
    ({"a": 2.0, "b": 3.0},),
    gradient=lambda table: {"a": 2 * table["a"] * table["b"], "b": table["a"] ** 2},
)


def parameters_of_a_layer(params):
    (w, b), scale = params["layer"], params["scale"]
    return scale * np.sum(np.tanh(w * 2.0 + b))


def slopes_of_a_layer(params):
    (w, b), scale = params["layer"], params["scale"]
    y = np.tanh(w * 2.0 + b)
    return {"layer": (2 * scale * (1 - y * y), scale * (1 - y * y)), "scale": np.sum(y)}


register(
    parameters_of_a_layer,
    ({"layer": (numbers(3), numbers(3, seed=1)), "scale": 1.5},),
    gradient=slopes_of_a_layer,
)


def rows_looked_up_twice(x, n):
    powers = [x, x * x]
    rows = [powers, [x, 1.0]]
    total = 0.0
    for k in range(n):
        for j in range(n):
            total = total + rows[k][j] * powers[j]
    return total


register(rows_looked_up_twice, (0.7, 2), gradient=lambda x, n: 6 * x + 4 * x**3)


def arrays_of_a_list_looked_up(x, places):
    parts = (x, np.outer(x, x), [2.0 * np.sum(x)])
    total = 0.0
    for k in places:
        total = total + np.sum(parts[k]) * np.sum(parts[k - 1])
    return total


register(
    arrays_of_a_list_looked_up,
    (numbers(3), (0, 1, 2, 1)),
    gradient=lambda x, places: np.full(3, 4 * np.sum(x) + 12 * np.sum(x) ** 2),
)


def list_bound_again_from_its_items(x, n):
    items = [x, 1.5]
    for k in range(n):
        items = [items[k] * x, items[1 - k]]
    return items[0] * items[1]  # x**2, 1.5; then 1.5 * x, x**2


register(list_bound_again_from_its_items, (0.7, 2), gradient=lambda x, n: 4.5 * x * x)


def layers_without_parameters(layers):
    return sum(np.sum(layer[name] ** 2) for layer in layers for name in sorted(layer))


register(
    layers_without_parameters,
    ([{"w": np.array([1.0, 2.0]), "b": 0.5}, {}, {"w": np.array([3.0])}],),
    gradient=lambda layers: [{k: 2 * v for k, v in layer.items()} for layer in layers],
)


def beside_what_is_empty(tree):
    return tree["a"][0] ** 2 * tree["b"]["c"]


register(
    beside_what_is_empty,
    ({"a": [3.0, [], ()], "b": {"c": 2.0, "d": {}}},),
    gradient=lambda tree: {"a": [12.0, [], ()], "b": {"c": 9.0, "d": {}}},
)


def slices_at_places_of_the_run_time(x, n):
    items = [x, x * x, 3.0 * x]
    total = 0.0
    for k in range(n):
        part = items[k : k + 2]
        part[0] = part[0] * part[-1]
        total = total + part[0] + items[k]
    return total + len(items[n:]) * x


register(slices_at_places_of_the_run_time, (0.7, 2), gradient=lambda x, n: 2 + 2 * x + 12 * x * x)
