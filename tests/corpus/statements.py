"""Comprehensions, generator expressions, with, try, f-strings, print, del and other statements."""

from __future__ import annotations

import contextlib
import math

import numpy as np

from tests.corpus import register
from tests.corpus.reference import numbers


class Scale:
    """A context manager that hands out a value and swallows nothing."""

    def __init__(self, factor):
        self.factor = factor
        self.depth = 0

    def __enter__(self):
        self.depth = self.depth + 1
        return self.factor

    def __exit__(self, kind, error, trace):
        self.depth = self.depth - 1
        return False


def list_comprehension(x):
    return sum([x**i for i in range(4)])


register(list_comprehension, (0.7,), gradient=lambda x: 1 + 2 * x + 3 * x * x)


def filtered_comprehension(x):
    values = [v * v for v in x if v > 0]
    return sum(values) * len(values)


register(filtered_comprehension, (np.array([1.0, -2.0, 3.0]),), gradient=lambda x: np.where(x > 0, 4 * x, 0))


def nested_comprehension(x):
    return sum([a * b for i, a in enumerate(x) for b in x[:i] if a != b])


register(nested_comprehension, (numbers(4),))


def comprehension_does_not_leak(x):
    i = 3.0
    values = [x * i for i in range(3)]
    return sum(values) * i


register(comprehension_does_not_leak, (0.7,), gradient=lambda x: 9.0)


def dict_comprehension(x):
    table = {k: x**k for k in range(4) if k != 2}
    return sum(k * v for k, v in table.items())


register(dict_comprehension, (0.7,), gradient=lambda x: 1 + 9 * x * x)


def set_comprehension(x):
    lengths = {len(word) for word in ("a", "bb", "cc")}
    return x * sum(lengths)


register(set_comprehension, (0.7,), gradient=lambda x: 3.0)


def comprehension_with_closure(x, y):
    scaled = [(lambda a: a * y)(v) for v in (x, x * x)]
    return scaled[0] * scaled[1]


register(comprehension_with_closure, (0.7, 0.4), wrt=(0, 1), gradient=lambda x, y: (3 * x * x * y * y, 2 * x**3 * y))


def array_from_comprehension(x):
    return np.array([np.sin(v) * i for i, v in enumerate(x)])


register(array_from_comprehension, (numbers(3),), gradient=lambda x: np.cos(x) * np.arange(3))


def stack_from_comprehension(x):
    rows = np.stack([x * k for k in range(1, 4)])
    return np.sum(rows**2)


register(stack_from_comprehension, (numbers(3),), gradient=lambda x: 28 * x)


def any_all(x):
    if any(v > 2 for v in x) and all(v < 5 for v in x):
        return np.prod(x)
    return np.sum(x)


register(any_all, (np.array([1.0, 3.0]),), (np.array([1.0, 1.5]),))


def with_statement(x):
    with Scale(x) as factor:
        y = factor * x
    return y * x


register(with_statement, (0.7,), gradient=lambda x: 3 * x * x)


def with_numpy_state(x):
    with np.errstate(divide="ignore"):
        y = 1.0 / x
        with contextlib.suppress(ValueError):
            y = y * x * x
    return y


register(with_numpy_state, (0.7,), gradient=lambda x: 1.0)


def with_two_contexts(x):
    with Scale(2.0) as a, Scale(x) as b:
        x = a * b * x
        if x > 0:
            return x * x
    return x


register(with_two_contexts, (0.7,), (-0.7,), gradient=lambda x: 16 * x**3)


def with_array_changed(x):
    y = x.copy()
    with np.errstate(all="ignore"):
        y[0] = y[0] * y[1]
        y *= 2.0
    return np.sum(y * y)


register(with_array_changed, (numbers(3),))


def try_without_error(x):
    try:
        y = math.log(x)
    except ValueError:
        y = 0.0
    return y * x


register(try_without_error, (0.7,), gradient=lambda x: math.log(x) + 1)


def try_with_error(x):
    y = x
    try:
        y = x * x
        y = y * math.log(-x)
        y = 100.0
    except ValueError:
        y = y * 3.0
    return y


register(try_with_error, (0.7,), gradient=lambda x: 6 * x)


def try_else_finally(x):
    log = []
    try:
        y = x * 2
        if x > 1:
            raise KeyError("large")
    except (KeyError, IndexError) as error:
        y = x**3 if error.args[0] == "large" else 0.0
    else:
        y = y * y
    finally:
        log.append(x)
    return y + log[0]


register(try_else_finally, (0.7,), (1.7,), gradient=lambda x: 3 * x * x + 1 if x > 1 else 8 * x + 1)


def try_around_return(x):
    try:
        if x > 1:
            return x * x
        y = x * 5.0
    finally:
        x = x + 1
    return y * x


register(try_around_return, (0.7,), (1.7,), gradient=lambda x: 2 * x if x > 1 else 10 * x + 5)


def try_in_loop(x):
    total = 0.0
    for divisor in (1, 0, 2):
        try:
            total += x * (4 // divisor)
        except ZeroDivisionError:
            total += x * x
            continue
    return total


register(try_in_loop, (0.7,), gradient=lambda x: 6 + 2 * x)


def error_from_callee(x):
    def checked(a):
        if a < 1:
            raise ArithmeticError("small")
        return a * 2

    try:
        return checked(x)
    except ArithmeticError:
        return checked(x + 1.0) * x


register(error_from_callee, (0.7,), (1.7,), gradient=lambda x: 2.0 if x > 1 else 4 * x + 2)


def lookup_error(x):
    table = {"a": x}
    try:
        return table["b"]
    except KeyError:
        return table["a"] * x


register(lookup_error, (0.7,), gradient=lambda x: 2 * x)


def prints_and_formats(x):
    label = f"x = {x:.3f}, twice {2 * x!r:>10}"
    print(label, end="", file=None) if False else None
    text = "%s and {}".format(len(label)) % "a"
    return x * len(text)


register(prints_and_formats, (0.5,), gradient=lambda x: float(len("a and 26")))


def prints(x):
    y = x * x
    print("value", y)
    print(f"{y=}")
    return y


register(prints, (0.5,), gradient=lambda x: 2 * x)


def deletes_names(x):
    y = x * 2.0
    z = y * x
    del y
    y = z + 1.0
    return y * z


register(deletes_names, (0.5,), gradient=lambda x: 16 * x**3 + 4 * x)


def docstring_and_ellipsis(x):
    """Does nothing much."""
    ...
    pass
    "a string"
    return x * 2


register(docstring_and_ellipsis, (0.5,), gradient=lambda x: 2.0)


def imports_inside(x):
    import math as m  # noqa: I001
    from numpy import cos, sin as s

    return m.exp(x) + cos(x) * s(x)


register(imports_inside, (0.5,), gradient=lambda x: np.exp(x) + np.cos(2 * x))


def class_inside(x):
    class Box:
        def __init__(self, content):
            self.content = content

        def doubled(self):
            return self.content * 2.0

    return Box(x * x).doubled()


register(class_inside, (0.5,), gradient=lambda x: 4 * x, tags=("rare",))


def multiple_targets(x):
    items = [0.0, 0.0]
    items[0], items[1] = x, x * x
    (a, [b, c]) = (items[0], items)
    a += b * c
    items[1] += a
    return items[1]


register(multiple_targets, (0.5,), gradient=lambda x: 2 * x + 1 + 3 * x * x)


def evaluation_order(x):
    log = []

    def note(value):
        log.append(value)
        return value

    y = note(x) * note(2.0) + note(x * x) ** note(3)
    return y * log[1] + len(log) * log[2]


register(evaluation_order, (0.5,), gradient=lambda x: 4 + 12 * x**5 + 8 * x)


def lambda_default_and_star(x):
    f = lambda *a, k=2.0, **o: sum(a) * k + o.get("z", 0.0)  # noqa: E731
    return f(x, x * x) + f(1.0, k=x, z=x)


register(lambda_default_and_star, (0.5,), gradient=lambda x: 2 + 4 * x + 2)


def yields_from_helper(x):
    def powers(a, n):
        for i in range(n):
            yield a**i

    total = 0.0
    for p in powers(x, 4):
        total += p
    return total


register(yields_from_helper, (0.5,), gradient=lambda x: 1 + 2 * x + 3 * x * x, tags=("generator",))


def conditional_expression_in_arguments(x):
    return np.sum(np.array([x, 2.0]) * (1.0 if x > 0 else -1.0), axis=None if x > 1 else 0)


register(conditional_expression_in_arguments, (0.5,), (-0.5,), gradient=lambda x: np.sign(x))
