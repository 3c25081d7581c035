"""Functions as data: closures kept in lists, dicts and objects, functions chosen by conditions and by keys."""

from __future__ import annotations

import functools
import operator

import numpy as np

from tests.corpus import register
from tests.corpus.reference import numbers


def quadratic(a):
    def value(t):
        return a * t * t

    return value


def sum_of_closures(x):
    parts = [quadratic(v) for v in x]
    return sum(part(2.0) for part in parts)


register(sum_of_closures, (numbers(3),), gradient=lambda x: np.full(3, 4.0))


def chain_of_closures(x):
    steps = []
    for v in x:
        steps.append(lambda t, v=v: t * v + v)
    y = 1.0
    for step in steps:
        y = step(y)
    return y


register(chain_of_closures, (numbers(4),), (numbers(1),))


def two_closures_of_one(a):
    def times(t):
        return a * t

    def plus(t):
        return a + t

    return times, plus


def closures_returned_in_a_tuple(x):
    times, plus = two_closures_of_one(x)
    return times(2.0) * plus(x)


register(closures_returned_in_a_tuple, (1.3,), gradient=lambda x: 8 * x)


def composed(*functions):
    def run(v):
        for function in functions:
            v = function(v)
        return v

    return run


def composition_of_many(x):
    return composed(np.sin, lambda v: v * x, np.exp)(x)


register(
    composition_of_many,
    (0.8,),
    gradient=lambda x: np.exp(x * np.sin(x)) * (np.sin(x) + x * np.cos(x)),
)


def composition_by_reduce(x):
    functions = [np.sin, lambda v: v * x, np.exp]
    return functools.reduce(lambda g, h: lambda v: h(g(v)), functions)(x)


register(
    composition_by_reduce,
    (0.8,),
    gradient=lambda x: np.exp(x * np.sin(x)) * (np.sin(x) + x * np.cos(x)),
)


def closure_chosen_by_a_value(x):
    def grow(v):
        return v * x

    def shrink(v):
        return v / x

    step = grow if x > 1 else shrink
    return step(x) * step(2.0)


register(closure_chosen_by_a_value, (1.3,), (0.6,), gradient=lambda x: 6 * x * x if x > 1 else -2.0 / x**2)


def arrays_captured_on_one_side(x):
    if np.sum(x) > 0:
        scale = x * x

        def step(v):
            return v * scale
    else:
        matrix = np.outer(x, x)

        def step(v):
            return matrix @ v

    return np.sum(step(x) * step(x + 1))


register(arrays_captured_on_one_side, (numbers(3) + 1,), (numbers(3) - 1,))


def square(v):
    return v * v


def third(v):
    return v / 3


def chosen_among_three(x):
    if x > 2:
        step = square
    elif x > 1:
        step = third
    else:
        step = np.sin
    return step(x) * step(2.0 * x)


register(chosen_among_three, (2.4,), (1.3,), (0.4,))


def chosen_function_compared(x):
    step = square if x > 1 else third
    factor = 3.0 if step is square else 5.0
    if step == third:
        factor = factor * 7
    if step in (third, np.sin):
        factor = factor * 11
    if step is not square:
        factor = factor * 13
    return step(x) * factor


register(
    chosen_function_compared, (1.3,), (0.7,), gradient=lambda x: 6 * x if x > 1 else np.float64(5 * 7 * 11 * 13 / 3)
)


def chosen_in_a_loop(x):
    t = 1.0
    for v in x:
        if v > 0:
            step = lambda u: u * v  # noqa: E731, B023
        elif v > -0.5:
            step = np.sin
        else:
            k = v * v
            step = lambda u: u + k  # noqa: E731, B023
        t = step(t) + 0.5
    return t


register(chosen_in_a_loop, (numbers(5),), (numbers(4, seed=3),))


def chosen_and_kept(x):
    steps = []
    for v in x:
        steps.append((lambda u, v=v: u * v) if v > 0 else (lambda u, v=v: u + v))
    t = 1.0
    for step in steps:
        t = step(t)
    return t


register(chosen_and_kept, (numbers(4),))


def function_or_none(x):
    t = 1.0
    for v in x:
        first = np.sin if v > 0.2 else None
        second = None if v > -0.2 else (lambda u, v=v: u * v)
        step = first or second
        if not first:
            t = t + 1
        if step:
            t = step(t)
        if step is np.sin:
            t = t * 2
        if first is not None and second is None:
            t = t + v
    return t


register(function_or_none, (numbers(5),), (numbers(4, seed=2),))


def call_of_none(x):
    step = np.sin if x > 1 else None
    try:
        return step(x)
    except TypeError:
        return x * x


register(call_of_none, (1.3,), (0.7,), gradient=lambda x: np.cos(x) if x > 1 else 2 * x)


def optional_callback(x, callback=None):
    if callback is not None:
        x = callback(x)
    return x * 2


def callbacks(x):
    return optional_callback(x) + optional_callback(x, lambda v: v * x) + optional_callback(x, callback=np.sin)


register(callbacks, (1.3,), gradient=lambda x: 2 + 4 * x + 2 * np.cos(x))


def table_of_closures(x, name):
    table = {"double": lambda v: 2 * v * x, "square": square, "shift": lambda v, by=x: v + by}
    return table[name](x) * x


register(
    table_of_closures,
    (1.3, "double"),
    (1.3, "square"),
    (1.3, "shift"),
    gradient=lambda x, name: {"double": 6 * x * x, "square": 3 * x * x, "shift": 4 * x}[name],
)


def table_read_in_a_loop(x):
    steps = [np.sin, lambda v: v * x[0], np.exp]
    t = x[1]
    for i in range(6):
        t = steps[i % 3](t)
        t = steps[-1 - i % 2](0.1 * t)
    return t


register(table_read_in_a_loop, (numbers(3),))


def key_that_is_missing(x):
    table = {"sin": np.sin, "scale": lambda v: v * x}
    name = "cos" if x > 1 else "sin"
    try:
        return table[name](x)
    except KeyError:
        return x * x


register(key_that_is_missing, (1.3,), (0.7,), gradient=lambda x: 2 * x if x > 1 else np.cos(x))

OPERATIONS = {"+": operator.add, "*": operator.mul, "-": operator.sub}


def reverse_polish(x, y):
    stack = []
    for token in "x y + x * y -".split():
        if token in OPERATIONS:
            b = stack.pop()
            a = stack.pop()
            stack.append(OPERATIONS[token](a, b))
        else:
            stack.append(x if token == "x" else y)
    return stack[0]


register(reverse_polish, (1.3, 0.4), wrt=(0, 1), gradient=lambda x, y: (2 * x + y, x - 1))


class Hooks:
    def __init__(self):
        self.hooks = []

    def add(self, hook):
        self.hooks.append(hook)

    def run(self, value):
        for hook in self.hooks:
            value = hook(value)
        return value


def hooks_of_an_object(x):
    hooks = Hooks()
    for w in x:
        hooks.add(lambda v, w=w: np.sin(v * w) + w)
    return hooks.run(1.0)


register(hooks_of_an_object, (numbers(5),))


class Gear:
    def __init__(self, ratio):
        self.ratio = ratio

    def up(self, v):
        return v * self.ratio

    def down(self, v):
        return v / (2 + self.ratio)


def bound_methods_in_a_list(x):
    first, second = Gear(x[0]), Gear(x[1])
    t = x[2]
    for step in [first.up, second.down, first.down, second.up]:
        t = step(t) + 1
    return t


register(bound_methods_in_a_list, (numbers(3),))


def bound_method_chosen(x):
    gear = Gear(x[0])
    step = gear.up if x[1] > 0 else gear.down
    return step(x[2]) * step(x[1])


register(bound_method_chosen, (numbers(3),), (-numbers(3),))


def functions_and_values_side_by_side(x):
    functions = [np.sin, np.cos, lambda v: v * x[0]]
    return sum(f(v) for f, v in zip(functions, x)) + sum(map(lambda f, v: f(v), functions, x))


register(
    functions_and_values_side_by_side,
    (numbers(3),),
    gradient=lambda x: 2 * np.array([np.cos(x[0]) + x[2], -np.sin(x[1]), x[0]]),
)


def hooks_that_share_a_variable(x):
    n = x

    def add(v):
        nonlocal n
        n = n + v

    def scale(v):
        nonlocal n
        n = n * v

    for hook in [add, scale, add]:
        hook(x)
    return n


register(hooks_that_share_a_variable, (1.3,), gradient=lambda x: 4 * x + 1)


def thunks_in_a_dict(x):
    table = {}
    for i in range(3):
        table[i] = lambda v, i=i: v * x + i
    return sum(table[k](2.0) for k in table)


register(thunks_in_a_dict, (1.3,), gradient=lambda x: np.float64(6.0))


def activation(kind, a):
    if kind > 1:
        return lambda u: u * a
    return lambda u: u + a


def closure_out_of_a_branch(x):
    return activation(x, x)(2.0) * activation(0.5 * x, x)(3.0)


register(closure_out_of_a_branch, (1.3,), gradient=lambda x: 2 * (2 * x + 3))


def condition_that_changes_later(x):
    queue = [1]
    first = (lambda v: v * x) if queue else np.sin
    queue.pop()
    large = x > 1
    second = (lambda v: v + x) if large else np.cos
    large = False
    return first(x) * second(x)


register(condition_that_changes_later, (1.3,), gradient=lambda x: 6 * x * x)


class Slotted:
    __slots__ = ("a", "b")

    def __init__(self, a, b):
        self.a = a
        self.b = b


def climb(point, n):
    return point.a if n == 0 else climb(Slotted(point.a * point.b, point.b), n - 1) + point.b


def slotted_objects_in_a_recursion(x):
    point = Slotted(x, x * 2)
    return climb(point, 3) + point.a


register(slotted_objects_in_a_recursion, (1.3,), gradient=lambda x: 32 * x**3 + 7)


def logged(function):
    """A decorator that keeps names."""

    @functools.wraps(function)
    def wrapper(*arguments, **named):
        return function(*arguments, **named)

    return wrapper


def repeated(count):
    def decorator(function):
        @functools.wraps(function)
        def wrapper(value):
            for _ in range(count):
                value = function(value)
            return value

        return wrapper

    return decorator


def decorated_inside(x):
    @logged
    @repeated(3)
    def scaled(value):
        return value * x

    return scaled(x) * logged(np.sin)(x) + len(scaled.__name__)


register(decorated_inside, (0.7,), gradient=lambda x: 4 * x**3 * np.sin(x) + x**4 * np.cos(x))


def caches_made_inside(x):
    @functools.lru_cache(maxsize=None)
    def scaled(value):
        return value * x

    @functools.cache
    def named(value, *, power):
        return value**power

    functions = [functools.cache(lambda value, k=k: value * k) for k in range(3)]
    chosen = functools.lru_cache(np.sin) if x > 0 else functools.lru_cache(np.cos)
    scaled.cache_clear()
    total = sum(function(x) for function in functions) + sum(map(scaled, [x, 2 * x, 3.0]))
    return total + named(x, power=3) * chosen(x)


register(
    caches_made_inside,
    (0.7,),
    gradient=lambda x: 3 + 6 * x + 3 + 3 * x**2 * np.sin(x) + x**3 * np.cos(x),
)


def cached_tuple(x):
    norm = functools.cache(lambda values: sum([value * value for value in values]))
    return norm(tuple(x)) * x[0]


register(cached_tuple, (numbers(3),), gradient=lambda x: 2 * x * x[0] + (x @ x) * np.array([1.0, 0.0, 0.0]))
