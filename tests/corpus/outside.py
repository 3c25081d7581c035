"""Programs that change globals, captured variables and defaults, and read them again: within the call, that counts."""

from __future__ import annotations

import numpy as np

from tests.corpus import register

counter = 1.0
buffer = np.zeros(3)
weights = np.array([1.0, 2.0])
table = {"a": 1.0}


class State:
    """Keeps numbers from one call to the next."""


kept = State()
kept.values = np.zeros(2)
kept.number = 1.0


def global_array(x):
    buffer[0] = x * 2
    buffer[1] = buffer[0] * x * weights[1]
    return np.sum(buffer[:2]) * weights[0]


register(global_array, (0.7,), gradient=lambda x: 2 + 8 * x)


def global_array_in_a_loop(x):
    buffer[:] = 0.0
    for i in range(3):
        buffer[i] += x * i
        buffer[i] *= buffer[(i + 1) % 3] + x
    return buffer.sum()


register(global_array_in_a_loop, (0.7,), gradient=lambda x: 2 * x + 4 * x)


def sum_of_buffer(x):
    total = 0.0
    for i in range(3):
        total += buffer[i] * x
    return total


def global_array_read_by_a_function(x):
    buffer[:] = 1.0
    buffer[0] = x * 2
    return sum_of_buffer(x)


register(global_array_read_by_a_function, (0.7,), gradient=lambda x: 4 * x + 2)


def global_dict(x):
    table["a"] = x * x
    table["b"] = table["a"] * x
    return table["a"] * table["b"]


register(global_dict, (0.7,), gradient=lambda x: 5 * x**4)


def global_number(x):
    global counter
    counter = x * 2
    counter *= x
    return counter * x


register(global_number, (0.7,), gradient=lambda x: 6 * x * x)


def global_number_in_a_loop(x):
    global counter
    counter = 1.0
    for i in range(4):
        counter = counter * x + i
    return counter


register(global_number_in_a_loop, (0.7,), gradient=lambda x: 4 * x**3 + 2 * x + 2)


def add_to_counter(value):
    global counter
    counter += value


def times_counter(x):
    total = 0.0
    for _ in range(3):
        total += counter * x
    return total


def global_number_between_functions(x):
    global counter
    counter = 0.0
    for i in range(3):
        add_to_counter(x * i)
    return times_counter(x)


register(global_number_between_functions, (0.7,), gradient=lambda x: 18 * x)


def global_number_of_an_inner_function(x):
    global counter
    counter = 0.0

    def add(value):
        global counter
        counter += value

    add(x)
    add(x * x)
    return counter * x


register(global_number_of_an_inner_function, (0.7,), gradient=lambda x: 2 * x + 3 * x * x)


def global_object(x):
    kept.values[0] = x * x
    kept.number = x * kept.values[0]
    return kept.number * kept.values[0]


register(global_object, (0.7,), gradient=lambda x: 5 * x**4)


def remembers(x, memory=np.zeros(2)):  # noqa: B008
    memory[0] = x * 3
    memory[1] = memory[0] * x
    return memory[1]


def default_that_is_changed(x):
    return remembers(x) + remembers(2 * x)


register(default_that_is_changed, (0.7,), gradient=lambda x: 30 * x)
register(remembers, (0.7,), gradient=lambda x: 6 * x)


def appends(x, *, items=[0.0]):  # noqa: B006
    items.append(x)
    items[0] = items[-1] * x
    return items[0]


def default_list_that_is_changed(x):
    return appends(x) + appends(2 * x)


register(default_list_that_is_changed, (0.7,), gradient=lambda x: 10 * x)


def make_closure():
    memory, number, items = np.zeros(3), 1.0, []

    def closure_that_keeps_values(x):
        nonlocal number
        memory[0] = x * 2
        number = number * 0 + x * memory[0]
        items.append(number)
        return number * memory[0] + items[-1]

    return closure_that_keeps_values


register(make_closure(), (0.7,), gradient=lambda x: 12 * x * x + 4 * x)
