"""In-place changes: stores, augmented stores, views, aliases, out=, containers and callees that change arrays."""

from __future__ import annotations

import numpy as np

from tests.corpus import register
from tests.corpus.reference import numbers

three, other = numbers(3), numbers(3, seed=1)
five = numbers(5)
square_matrix = numbers(3, 3)


def store_element(x):
    y = x.copy()
    y[1] = y[0] * y[2]
    return np.sum(y * y)


register(store_element, (three,))


def store_overwrites_use(x):
    y = np.zeros(3)
    y[0] = x[0] * 2
    a = y[0] * x[1]
    y[0] = x[2]
    return a * y[0]


register(store_overwrites_use, (three,), gradient=lambda x: np.array([2 * x[1] * x[2], 2 * x[0] * x[2], 2 * x[0] * x[1]]))


def alias_changed(x):
    y = x * 2.0
    z = y
    z[0] = 5.0
    return np.sum(y * y)


register(alias_changed, (three,), gradient=lambda x: np.array([0.0, 8 * x[1], 8 * x[2]]))


def alias_changed_other_way(x):
    y = x * 2.0
    z = y
    y[0] = y[1] * y[2]
    y *= 3.0
    return np.sum(z * z)


register(alias_changed_other_way, (three,))


def alias_in_branch(x, flag):
    y = x * 2.0
    z = y if flag else y.copy()
    z[0] = x[1] * x[2]
    return np.sum(y * y)


register(alias_in_branch, (three, True), (three, False))


def view_changed(x):
    y = x * 1.0
    v = y[1:]
    v[0] = x[0] * x[0]
    return np.sum(y * y)


register(view_changed, (three,), gradient=lambda x: np.array([2 * x[0] + 4 * x[0] ** 3, 0.0, 2 * x[2]]))


def view_scaled_in_place(x):
    y = x * 1.0
    v = y[1:3]
    v *= 2.0
    v += y[0]
    return np.sum(y**2)


register(view_scaled_in_place, (five,))


def view_sees_later_change(x):
    y = x * 1.0
    v = y[1:]
    y[2] = 7.0 * x[0]
    return np.sum(v * v) + y[0]


register(view_sees_later_change, (three,))


def view_of_view(x):
    y = x * 1.0
    v = y[::-1]
    w = v[1:4]
    w[0] = x[0] * 2
    y[2] *= w[2]
    return np.sum(v * np.arange(5.0)) * np.sum(w)


register(view_of_view, (five,))


def overlapping_views(x):
    y = x * 1.0
    a = y[:4]
    b = y[1:]
    a += b.copy()
    b *= a.copy()
    return np.sum(y**2)


register(overlapping_views, (five,))


def overlapping_assignment(x):
    y = x * 1.0
    y[1:] = y[:-1]
    y[:-1] += y[1:] * 2.0
    return np.sum(y**3)


register(overlapping_assignment, (five,))


def reshaped_view(x):
    y = x * 1.0
    m = y.reshape(2, 3)
    m[1, :] = m[0, :] * 2.0
    m[:, 0] *= x[5]
    return np.sum(y * y)


register(reshaped_view, (numbers(6),))


def ravel_view(m):
    y = m * 1.0
    flat = y.ravel()
    flat[::2] = 3.0
    flat[1] *= flat[3]
    return np.sum(y * y)


register(ravel_view, (numbers(2, 3),))


def flatten_copy(m):
    y = m * 1.0
    flat = y.flatten()
    flat[0] = 3.0
    return np.sum(y * y) + np.sum(flat)


register(flatten_copy, (numbers(2, 2),), gradient=lambda m: 2 * m + np.array([[0.0, 1.0], [1.0, 1.0]]))


def transposed_view(m):
    y = m * 1.0
    t = y.T
    t[0, 1] = m[0, 0] ** 2
    t[1] *= 2.0
    u = y.transpose(1, 0)
    u[2, :] += y[0, 0]
    return np.sum(y**2 * np.arange(6.0).reshape(2, 3))


register(transposed_view, (numbers(2, 3),))


def diagonal_by_fancy_store(m):
    y = m.copy()
    i = np.arange(3)
    y[i, i] = m[0, i] * 2.0
    y[i, i] += m[2, 1]
    return np.sum(y * y)


register(diagonal_by_fancy_store, (square_matrix,))


def fill_diagonal_and_diagonal_view(m):
    y = m * 1.0
    np.fill_diagonal(y, 2.0)
    d = np.diagonal(m)
    return np.sum(y * y) + np.sum(d**3)


register(fill_diagonal_and_diagonal_view, (square_matrix,), gradient=lambda m: (
    2 * m * (1 - np.eye(3)) + 3 * m**2 * np.eye(3)))


def swapaxes_and_newaxis_views(m):
    y = m * 1.0
    v = y[:, np.newaxis, :]
    v[0, 0, 1] = 4.0 * m[1, 1]
    w = np.swapaxes(y, 0, 1)
    w[2, 1] *= 3.0
    z = y[None]
    z += 1.0
    return np.sum(y**2)


register(swapaxes_and_newaxis_views, (numbers(2, 3),))


def row_view_in_loop(m):
    y = m * 1.0
    for row in y:
        row *= 2.0
        row[0] += row[1]
    return np.sum(y**2)


register(row_view_in_loop, (numbers(2, 3),))


def augmented_element(x):
    y = x * 1.0
    y[1] += x[0] * 2
    y[1] *= y[2]
    y[0] -= y[1]
    y[2] /= x[1]
    y[1] **= 2
    return np.sum(y)


register(augmented_element, (numbers(3, low=0.5),))


def augmented_slice(x):
    y = np.zeros(5)
    y[1:4] += x
    y[0:3] -= x * 2.0
    y[::2] *= 3.0
    return np.sum(y**2)


register(augmented_slice, (three,))


def augmented_array_changes_argument(x):
    x *= 2.0
    x += 1.0
    return np.sum(x * x)


register(augmented_array_changes_argument, (three,), gradient=lambda x: 4 * (2 * x + 1))


def argument_overwritten(x, y):
    x[0] = y[0] * 2.0
    y[1] = x[1] * x[0]
    return np.sum(x * y)


register(argument_overwritten, (three, other), wrt=(0, 1))


def augmented_number_rebinds(x):
    y = x
    y += 1.0
    return x * y


register(augmented_number_rebinds, (0.7,), gradient=lambda x: 2 * x + 1)


def augmented_array_aliases(x):
    y = x * 1.0
    z = y
    y += 1.0
    w = y
    y = y + 1.0
    w *= 2.0
    return np.sum(z * y)


register(augmented_array_aliases, (three,), gradient=lambda x: 2 * (x + 2) + 2 * (x + 1))


def broadcast_store(x):
    y = np.empty((3, 2))
    y[:] = x
    y[1] = x[0]
    y[:, 1] *= 3.0
    y[...] += x[::-1]
    return np.sum(y**2)


register(broadcast_store, (numbers(2),))


def store_in_callee(x):
    def fill(target, value):
        target[0] = value
        target[1:] *= value
        return target

    y = x * 1.0
    z = fill(y, x[2])
    y[1] += z[0]
    return np.sum(y * z)


register(store_in_callee, (three,))


def callee_changes_view(x):
    def scale(part):
        part *= part[0]

    y = x * 1.0
    scale(y[1:4])
    scale(y)
    return np.sum(y)


register(callee_changes_view, (numbers(5, low=0.5),))


def ufunc_out(x, y):
    z = np.zeros(3)
    np.multiply(x, y, out=z)
    np.add(z, x, out=z)
    np.exp(z, out=z)
    np.subtract(z, 1.0, z)
    return np.sum(z)


register(ufunc_out, (three, other), wrt=(0, 1), gradient=lambda x, y: (
    np.exp(x * y + x) * (y + 1), np.exp(x * y + x) * x))


def ufunc_out_aliases_input(x):
    y = x * 1.0
    z = y
    np.sin(y, out=y)
    np.multiply(y[1:], y[:-1].copy(), out=y[1:])
    return np.sum(z * z)


register(ufunc_out_aliases_input, (three,))


def reduction_out(m):
    row = np.empty(3)
    np.sum(m, axis=0, out=row)
    np.matmul(m, row, out=row[:2])
    return np.sum(row**2)


register(reduction_out, (numbers(2, 3),), tags=("out",))


def add_at(x):
    y = np.zeros(4)
    np.add.at(y, [0, 2, 2, 3], x)
    np.add.at(y, np.array([1, 1]), x[:2])
    return np.sum(y**2)


register(add_at, (numbers(4),))


def copyto(x):
    y = np.ones(3)
    z = y
    np.copyto(y, x)
    np.copyto(y[1:], x[:2] * 2.0)
    return np.sum(z**2)


register(copyto, (three,), gradient=lambda x: np.array([2 * x[0] + 8 * x[0], 8 * x[1], 0.0]))


def fill_method(x):
    y = np.zeros(3)
    y.fill(x[0])
    y[1:].fill(x[1] * 2)
    return np.sum(y * x)


register(fill_method, (three,))


def stencil(x):
    u = x.copy()
    for _ in range(3):
        for i in range(1, len(u) - 1):
            u[i] = u[i] + 0.2 * (u[i - 1] - 2 * u[i] + u[i + 1])
    return np.sum(u**2)


register(stencil, (five,))


def stencil_with_slices(x):
    u = x.copy()
    for _ in range(3):
        u[1:-1] += 0.2 * (u[:-2] - 2 * u[1:-1] + u[2:])
        u[0] = u[-1]
    return np.sum(u**3)


register(stencil_with_slices, (five,))


def double_buffer(x):
    old = x.copy()
    new = np.empty_like(x)
    for step in range(3):
        new[0] = old[0]
        new[-1] = old[-1] * step
        new[1:-1] = np.sin(old[1:-1] + old[2:])
        old, new = new, old
    return np.sum(old * x)


register(double_buffer, (five,))


def time_history(x):
    history = np.zeros((4, 3))
    history[0] = x
    for t in range(1, 4):
        history[t] = np.tanh(history[t - 1]) * x + history[t - 1, ::-1]
    return np.sum(history[-1] * history[1])


register(time_history, (three,))


def swapped_rows(m):
    y = m * 1.0
    y[[0, 2]] = y[[2, 0]]
    y[0], y[1] = y[1].copy(), y[0].copy()
    y[1] *= 2.0
    return np.sum(y * np.arange(9.0).reshape(3, 3) ** 2)


register(swapped_rows, (square_matrix,))


def swapped_elements(x):
    y = x * 1.0
    y[0], y[2] = y[2], y[0]
    y[0], y[1] = y[1] * 2, y[0] * y[1]
    return np.sum(y * np.array([1.0, 2.0, 3.0]))


register(swapped_elements, (three,))


def swapped_views_share_memory(m):
    y = m * 1.0
    y[0], y[1] = y[1], y[0]
    return np.sum(y * np.arange(6.0).reshape(2, 3))


register(swapped_views_share_memory, (numbers(2, 3),), gradient=lambda m: np.array([[0.0] * 3, [3.0, 5.0, 7.0]]))


def sort_in_place(x):
    y = x * 1.0
    z = y[:]
    y.sort()
    return np.sum(z * np.array([1.0, 2.0, 3.0]) * x)


register(sort_in_place, (np.array([2.0, 3.0, 1.0]),))


def masked_store(x):
    y = x * 2.0
    y[y > 0] = 1.0
    y[y < 0] *= x[x < 0]
    y[~(x > 0)] += 3.0
    return np.sum(y * x)


register(masked_store, (np.array([1.0, -2.0, 0.5, -0.25]),))


def masked_store_of_array(x, v):
    y = x * 2.0
    mask = x > 0
    y[mask] = v[: mask.sum()] ** 2
    return np.sum(y**2)


register(masked_store_of_array, (np.array([1.0, -2.0, 0.5]), three), wrt=(0, 1))


def fancy_store(x):
    y = np.zeros(4)
    y[[3, 1]] = x[:2]
    y[np.array([0, 2])] = x[2] * 2.0
    y[[1, 3]] *= y[[0, 2]]
    return np.sum(y**2)


register(fancy_store, (three,))


def fancy_store_repeated(x):
    y = np.zeros(3)
    y[[0, 0, 1]] = x
    y[[2, 2]] += x[:2]
    return np.sum(y**2)


register(fancy_store_repeated, (three,), gradient=lambda x: np.array([0.0, 4 * x[1], 2 * x[2]]))


def array_in_list(x):
    items = [x * 1.0, x * 2.0]
    first = items[0]
    first[0] = 5.0 * x[1]
    items[1] += items[0]
    items[0][1] *= 2.0
    return np.sum(items[0] * items[1]) + first[2]


register(array_in_list, (three,))


def array_in_dict_and_object(p):
    w = p["w"]
    w[0] = p["b"][0] * 2.0
    p["w"][1] *= 3.0
    p["b"] = w * 2.0
    return np.sum(p["w"] * p["b"])


register(array_in_dict_and_object, ({"w": three, "b": other},))


def list_changed_in_callee(x):
    def push(items, value):
        items.append(value * 2.0)
        items[0] = items[0] + value

    items = [x]
    push(items, x * x)
    push(items, items[-1])
    return items[0] * items[1] * items[2]


register(list_changed_in_callee, (0.7,))


def list_of_results_in_loop(x):
    states = [x]
    for _ in range(3):
        states.append(np.sin(states[-1]) * states[0])
        states[0] = states[0] * 1.1
    return sum(states)


register(list_of_results_in_loop, (0.7,), (three,))


def list_as_queue(x):
    queue = [x, x * 0.5]
    done = 0.0
    while queue:
        item = queue.pop(0)
        done += item**2
        if item > 0.3:
            queue.append(item * x * 0.5)
    return done


register(list_as_queue, (0.9,))


def zero_dimensional_array(x):
    total = np.zeros(())
    total += x[0]
    total[...] = total * x[1]
    return total * 2.0


register(zero_dimensional_array, (three,), gradient=lambda x: np.array([2 * x[1], 2 * x[0], 0.0]))


def accumulate_matrix(x):
    m = np.zeros((3, 3))
    for i in range(3):
        for j in range(3):
            m[i, j] += x[i] * x[j]
            m[j][i] -= 0.5 * x[i]
    return np.sum(m**2)


register(accumulate_matrix, (three,))


def branch_stores(x):
    y = np.zeros(3)
    for i in range(3):
        if x[i] > 0:
            y[i] = x[i] ** 2
        else:
            y[i] -= x[i]
            y[0] += 1.0
    return np.sum(y**2)


register(branch_stores, (np.array([1.0, -2.0, 0.5]),))


def input_returned_after_change(x):
    x[0] = 2.0
    return x


register(input_returned_after_change, (three,), gradient=lambda x: np.array([0.0, 1.0, 1.0]))


def view_returned(x):
    y = x * x
    v = y[1:]
    y[1] *= 3.0
    return v


register(view_returned, (three,), gradient=lambda x: np.array([0.0, 6 * x[1], 2 * x[2]]))


def read_before_and_after(x):
    y = x * 1.0
    a = y[0]
    s = np.sum(y)
    b = y[1:]
    y[0] = 10.0
    y[1] = 20.0 * x[0]
    return a * s + np.sum(b) * y[0]


register(read_before_and_after, (three,))


def saved_views_in_loop(x):
    y = x * 1.0
    parts = []
    for i in range(3):
        v = y[i : i + 2]
        parts.append(v)
        v *= 1.5
    return sum(np.sum(p * (k + 1.0)) for k, p in enumerate(parts))


register(saved_views_in_loop, (five,))


def while_in_place(x):
    y = x * 1.0
    n = 0
    while np.max(np.abs(y)) > 0.2 and n < 5:
        y *= 0.5
        y[0] += 0.01 * y[1]
        n += 1
    return np.sum(y) * n


register(while_in_place, (three,))


def put_and_flat(x):
    y = np.zeros((2, 2))
    y.flat[1] = x[0]
    np.put(y, [2, 3], x[1:])
    return np.sum(y**2)


register(put_and_flat, (three,), tags=("rare",), gradient=lambda x: 2 * x)


def object_attribute_array(x):
    class State:
        pass

    state = State()
    state.value = x * 1.0
    alias = state.value
    state.value[0] = x[1] ** 2
    state.value *= 2.0
    alias[1] = 1.0
    return np.sum(state.value**2)


register(object_attribute_array, (three,), tags=("rare",))


def integer_array_changed(x):
    counts = np.zeros(3, dtype=int)
    for i in range(5):
        counts[i % 3] += 1
    return np.sum(x**counts)


register(integer_array_changed, (numbers(3, low=0.5),), gradient=lambda x: np.array([2 * x[0], 2 * x[1], 1.0]))


def changed_array_joined(x):
    doubled = x * 2
    doubled[0] += 1
    more = x.copy()
    more += doubled
    return np.sum(np.sin(np.concatenate([x, doubled, more]))) + np.sum(np.stack((doubled, more)) ** 3)


register(changed_array_joined, (numbers(3),))


def places_exchanged_by_a_list(x):
    for _ in range(3):
        x[::2] = x[:2][[1, 0]]
    return np.sum(x**2 * np.arange(4.0))


register(places_exchanged_by_a_list, (numbers(4),))
