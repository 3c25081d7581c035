"""Memory that is reached in several ways: containers that hold the same arrays, and arguments whose structure changes."""

from __future__ import annotations

import numpy as np

from tests.corpus import register
from tests.corpus.reference import numbers

# ------------------------------------------------------------------------------- arguments whose structure changes


def argument_list_grows(x, items):
    items.append(x)
    items.insert(0, x[1])
    items.pop(1)
    return items[0] * x[0] * items[1] + np.sum(items[2])


register(argument_list_grows, (numbers(3, low=0.2), [0.7, 1.3]), wrt=(0, 1))


def argument_list_shrinks(x, items):
    items.pop()
    return sum([item * x for item in items])


register(argument_list_shrinks, (1.3, [0.7, 1.1, 0.4]), wrt=(0, 1))


def argument_dict_gets_an_item(x, d):
    d["q"] = x
    d["t"] = (x, d["k"])
    return d


register(argument_dict_gets_an_item, (numbers(3), {"k": numbers(3, seed=1)}), wrt=(0, 1))


def argument_dict_item_is_exchanged(x, d):
    old = [d["k"]]
    d["k"] = x
    return np.sum(old[0] ** 2)


register(argument_dict_item_is_exchanged, (numbers(3), {"k": numbers(2, seed=1), "m": 0.4}), wrt=(0, 1))


def inactive_argument_list_grows(items, x):
    items.append(2.0)
    return x * x


register(inactive_argument_list_grows, ([0.7, 1.3], 0.4), wrt=(0, 1))


def argument_bound_again_after_try(x):
    y = x * 1.0
    try:
        y *= x
    finally:
        z = np.sum(x)
    x = np.dot(x, x)
    return np.sum(y) * z


register(argument_bound_again_after_try, (numbers(3, low=0.2),))


# ---------------------------------------------------------------------- items that a container holds and nobody reads


def unread_item_of_other_shape(x):
    d = {"k": x.reshape(2, 2)}
    d["k"] = np.cumsum(x).reshape(2, 2).T
    return d["k"][0]


register(unread_item_of_other_shape, (numbers(4),))


def unread_items_after_matrix_product(a, x):
    states = []
    for _ in range(3):
        x = a @ np.sin(x)
        states.append((x, x[0]))
    return states[-1][1]


register(unread_items_after_matrix_product, (numbers(2, 2), numbers(2, seed=1)), wrt=(0, 1))


# ------------------------------------------------------------------------------------- one memory, several containers


def constant_stored_through_dict_in_loop(d):
    k = 0
    while k < 2:
        k += 1
        d["k"][:] = np.linspace(0.2, 1.1, 3)
    return np.sum(d["k"] ** 2) + d["m"]


register(constant_stored_through_dict_in_loop, ({"k": numbers(3), "m": 1.2},))


def _three(x):
    items = []
    for k in range(3):
        items.append(x * (k + 1.0))
    return items


def _used(items, other, x):
    other[0][1] = other[-1][2] * 5.0
    items[0][0] = 3.0 * x[1]
    return np.sum(other[0] * x) + np.sum(other[-1] ** 2) + sum([np.sum(q * q) for q in items])


def list_copied_and_items_changed(x):
    items = _three(x)
    return _used(items, list(items), x)


def list_method_copy_and_items_changed(x):
    items = _three(x)
    return _used(items, items.copy(), x)


def list_slice_and_items_changed(x):
    items = _three(x)
    return _used(items, items[1:], x)


def tuple_of_list_and_items_changed(x):
    items = _three(x)
    return _used(items, tuple(items), x)


def starred_list_and_items_changed(x):
    items = _three(x)
    return _used(items, [*items], x)


def lists_joined_and_items_changed(x):
    items = _three(x)
    return _used(items, items + [x * 1.0], x)


def list_repeated_and_items_changed(x):
    items = _three(x)
    return _used(items, items * 2, x)


def comprehension_of_list_and_items_changed(x):
    items = _three(x)
    return _used(items, [item for item in items], x)


def dict_copied_and_items_changed(x):
    d = {"k": x * 2.0}
    other = d.copy()
    other["k"][0] = x[1] * x[2]
    return np.sum(d["k"] * x)


def list_of_numbers_and_arrays_copied(x):
    items = [x * 2.0, x[1]]
    other = list(items)
    other[1] = other[1] * 2.0
    other[0][0] = 1.0
    return np.sum(items[0] * x) * (other[1] * x[0] + items[1])


def lists_of_numbers_and_arrays_joined(x):
    items = [x * 2.0, x[1]]
    other = items + [x[0]]
    other[1] = other[1] * 2.0
    other[0][0] = 1.0
    return np.sum(items[0] * x) * (other[1] * x[0] + items[1] * other[2])


for _program in (
    list_copied_and_items_changed,
    list_method_copy_and_items_changed,
    list_slice_and_items_changed,
    tuple_of_list_and_items_changed,
    starred_list_and_items_changed,
    lists_joined_and_items_changed,
    list_repeated_and_items_changed,
    comprehension_of_list_and_items_changed,
    dict_copied_and_items_changed,
    list_of_numbers_and_arrays_copied,
    lists_of_numbers_and_arrays_joined,
):
    register(_program, (numbers(4, low=0.2, high=1.4),))


def diagonal_of_changed_matrix(x):
    y = x * 1.0
    d = np.diag(y.reshape(2, 2))
    y[0] = y[1] * 3.0
    return np.sum(d * d)


register(diagonal_of_changed_matrix, (numbers(4, low=0.2),))


# --------------------------------------------------------------------------------- recursive functions that change


def _scaled_below(a, n):
    if n == 0:
        return a
    a[n] *= 1.1
    return _scaled_below(a, n - 1)


def _first_scaled_below(items, n):
    if n == 0:
        return items
    items[0][n] *= 1.1
    return _first_scaled_below(items, n - 1)


def used_before_recursive_function_changes_it(x):
    y = x * 1.0
    s = np.sum(y * y)
    _scaled_below(y, 3)
    return s * y[1]


def view_of_what_a_recursive_function_changes(x):
    y = x * 1.0
    v = y[1:]
    _scaled_below(y, 3)
    return np.sum(v * v)


def used_before_recursive_function_changes_an_item(x):
    y = x * 1.0
    s = np.sum(y * y)
    _first_scaled_below([y], 3)
    return s * y[1]


register(used_before_recursive_function_changes_it, (numbers(4, low=0.2),))
register(view_of_what_a_recursive_function_changes, (numbers(4, low=0.2),))
register(used_before_recursive_function_changes_an_item, (numbers(4, low=0.2),))


# ------------------------------------------------------------------------------------------- items that are dropped


def item_read_and_popped(x):
    items = [x * 2.0, x * 3.0]
    items[0] *= x[1]
    y = x * 1.0
    np.cumsum(items[1], out=y)
    items.pop()
    return np.sum(y * x) + np.sum(items[0])


def item_kept_and_popped_from_the_front(x):
    items = [x * 2.0, x * 3.0]
    items[0] *= x[1]
    kept = items[0]
    s = np.sum(kept * x)
    items.pop(0)
    kept[0] = x[2]
    return np.sum(items[0]) * s + np.sum(kept)


register(item_read_and_popped, (numbers(3, low=0.2),))
register(item_kept_and_popped_from_the_front, (numbers(3, low=0.2),))


def arguments_exchanged_in_try(x, y):
    try:
        y, x = x, y
    finally:
        y[[2]] = y[[1]] * 2.0
    return x * y


register(arguments_exchanged_in_try, (numbers(3, low=0.2), numbers(3, seed=1)), wrt=(0, 1))


def argument_bound_again_in_try(x):
    try:
        x[0] = x[1] * 2.0
        x = x * 3.0
        x[1] = x[0]
    finally:
        x[2] *= x[1]
    return np.sum(x * x)


register(argument_bound_again_in_try, (numbers(3, low=0.2),))


def list_reversed_in_place_and_item_changed(x):
    items = [x * 1.0, x * 2.0, x * 3.0]
    items.reverse()
    items[2][0] = x[1] * x[2]
    return np.sum(items[0] * items[2] * items[2])


def dict_item_popped_and_changed(x):
    d = {"k": x * 2.0, "m": x * 3.0, "n": x[1]}
    d["k"][0] = d.pop("n") * x[2]
    s = np.sum(d["k"] * x)
    k = d.pop("k")
    k[1] = x[0] * x[0]
    return s * np.sum(d["m"]) + np.sum(k * k)


register(list_reversed_in_place_and_item_changed, (numbers(3, low=0.2),))
register(dict_item_popped_and_changed, (numbers(3, low=0.2),))
def number_of_a_branch_kept_in_a_list(x):
    mixed, kept, last = [], [], 0.0
    for _ in range(3):
        mixed.append(([0.0, 0.0], last, x))
        last = mixed[-1][2] * x
    for i in range(3):
        entry = mixed.pop()
        entry[0][1] += 1.0
        if entry:
            chosen = last
        else:
            chosen = 0.0
        kept.append(chosen * (i + 1))
    return sum(kept)


register(number_of_a_branch_kept_in_a_list, (1.3,), gradient=lambda x: 12 * x)



# ------------------------------------------------------------------------------ copies whose types are not known well


def list_copied_again_and_again(x, items):
    for _ in x:
        items = list(items)
        items[0], items[-1] = items[-1], items[0]
    return sum([np.sum(item * item) * (k + 1) for k, item in enumerate(items)]) + np.sum(x)


register(list_copied_again_and_again, (numbers(3), [numbers(2, seed=1), numbers(2, seed=2)]), wrt=(0, 1))


def argument_returned_after_item_changed(items):
    items[0][0] = items[1][1] ** 2
    last = items[1]
    last *= items[0]
    return items


def argument_dict_returned_after_item_changed(d):
    k = d["k"]
    k *= d["m"]
    return d


register(argument_returned_after_item_changed, ([numbers(3), numbers(3, seed=1)],))
register(argument_dict_returned_after_item_changed, ({"k": numbers(3), "m": numbers(3, seed=1)},))


# ---------------------------------------------------------------------------------- reads and changes by other names


def dict_item_read_and_changed_by_several_names(d, y):
    stacked = np.stack([d["k"][0], y @ y, d["k"][2], d["k"][0]])
    d["k"][:] += y
    return np.sum(stacked * stacked) + d["m"]


register(dict_item_read_and_changed_by_several_names, ({"k": numbers(3), "m": 1.0}, numbers(3, seed=1)), wrt=(0, 1))


def _tail_below(a, n):
    if n == 0:
        return a[1:]
    return _tail_below(a, n - 1)


def view_out_of_recursive_function_changed(x):
    y = x * 1.0
    v = _tail_below(y, 2)
    v[0] = y[0] * 5.0
    return np.sum(y * y)


register(view_out_of_recursive_function_changed, (numbers(4, low=0.2),))


def view_or_new_array_changed(x):
    x[3] = 0.7
    y = x[:2] if x[3] < -0.4 else x[3] * x[-2:]
    return np.sum(np.sin(y))


register(view_or_new_array_changed, (numbers(4, low=0.2),))


def item_taken_out_on_one_path(x):
    y = x * 1.0
    items = [y, x * 0.8]
    if y[0] < 0.8:
        items[0][1] = x[1]
        items.pop()
    while len(items) > 1 and y[3] > 0.1:
        items.pop(0)
    return sum([np.sum(q * q) * (k + 1) for k, q in enumerate(items)])


register(
    item_taken_out_on_one_path,
    (np.array([0.5, -0.3, 1.2, 0.8]),),
    (np.array([0.9, -0.3, 1.2, 0.8]),),
    (np.array([0.9, -0.3, 1.2, 0.05]),),
    gradient=lambda x: 2 * x if x[0] < 0.8 else 1.28 * x if x[3] > 0.1 else 2 * x + 2.56 * x,
)


def recursion_changes_nested_arrays(x):
    def scale(items):
        for item in items:
            if isinstance(item, list):
                scale(item)
            else:
                item *= x

    first, second, third = np.array([x, x]), np.array([x * x]), np.array([x, 2.0 * x])
    scale([first, [second, third]])
    return np.sum(first * first) + np.sum(second) * np.sum(third)


register(recursion_changes_nested_arrays, (1.3,), gradient=lambda x: 8 * x**3 + 15 * x**4)


def recursion_changes_nested_numbers(x):
    def scale(table):
        for key in table:
            if isinstance(table[key], dict):
                scale(table[key])
            else:
                table[key] = table[key] * x

    table = {"a": x, "b": {"c": x, "d": {"e": x * x}}}
    scale(table)
    scale(table["b"])
    return table["a"] * table["b"]["c"] * table["b"]["d"]["e"]


register(recursion_changes_nested_numbers, (1.3,), gradient=lambda x: 9 * x**8)


def recursion_changes_arrays_in_dicts(x):
    def scale(thing, factor):
        if isinstance(thing, np.ndarray):
            thing *= factor
            return
        for item in thing.values() if isinstance(thing, dict) else thing:
            scale(item, factor * factor)

    first, second = np.array([x, x * x]), np.array([x])
    scale({"w": [first, {"b": second}]}, x)
    return np.sum(first) * np.sum(second)


register(recursion_changes_arrays_in_dicts, (1.1,), gradient=lambda x: 14 * x**13 + 15 * x**14)


def recursion_reverses_nested_lists(x):
    def turn(items):
        items.reverse()
        for item in items:
            if isinstance(item, list):
                turn(item)

    items = [x, [x * x, [x**3, 2.0 * x]]]
    turn(items)
    return items[1] * items[0][0][0] * items[0][1]


register(recursion_reverses_nested_lists, (1.3,), gradient=lambda x: 8 * x**3)
