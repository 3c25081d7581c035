"""Calls: user functions, recursion, closures, lambdas, partial, methods, callable objects, every kind of argument."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np

from tests.corpus import register
from tests.corpus.reference import numbers

SCALE = 3.0
WEIGHTS = np.array([1.0, 2.0, 3.0])
SETTINGS = {"rate": 0.5, "shift": (1.0, 2.0)}
counter = 0


def square(x):
    return x * x


def calls_function(x):
    return square(x) + square(square(x)) * 2.0


register(calls_function, (1.2,), (numbers(3),), gradient=lambda x: 2 * x + 8 * x**3)


def affine(x, a=2.0, b=1.0):
    return a * x + b


def calls_with_defaults(x, y):
    return affine(x) + affine(x, y) + affine(x, b=y) + affine(b=x, x=y, a=x)


register(calls_with_defaults, (1.2, 0.7), wrt=(0, 1), gradient=lambda x, y: (2 + y + 2 + y + 1, x + 1 + x))


def keyword_only(x, *, power=2, shift):
    return (x - shift) ** power


def calls_keyword_only(x):
    return keyword_only(x, shift=1.0) + keyword_only(x, power=3, shift=x * 0.5)


register(calls_keyword_only, (1.7,), gradient=lambda x: 2 * (x - 1) + 3 * 0.125 * x**2)


def positional_only(x, y, /, z=1.0):
    return x * y**2 * z


def calls_positional_only(x):
    return positional_only(x, x) + positional_only(x, 2.0, z=x)


register(calls_positional_only, (1.7,), gradient=lambda x: 3 * x * x + 8 * x)


def variadic(first, *rest, scale=1.0, **options):
    total = first
    for item in rest:
        total = total * item
    if "shift" in options:
        total = total + options["shift"]
    return total * scale


def calls_variadic(x, y):
    items = [x, y]
    named = {"shift": y, "scale": x}
    return variadic(x) + variadic(x, y, y) + variadic(*items, scale=2.0) + variadic(x, *items, **named)


register(calls_variadic, (1.7, 0.6), wrt=(0, 1))


def star_parameters(*values, **named):
    total = 0.0
    for i, value in enumerate(values):
        total += (i + 1) * value**2
    return total * named.get("factor", 1.0)


register(star_parameters, (1.0, 2.0, 3.0), wrt=(0, 2), gradient=lambda a, b, c: (2 * a, 6 * c))


def factorial_power(x, n):
    if n == 0:
        return 1.0
    return x * factorial_power(x, n - 1) / n


register(
    factorial_power, (1.3, 4), (1.3, 1), gradient=lambda x, n: x ** (n - 1.0) / math.factorial(n - 1)
)


def fibonacci_like(x, n):
    if n < 2:
        return x + n
    return fibonacci_like(x, n - 1) + fibonacci_like(x, n - 2) * x


register(fibonacci_like, (0.7, 5), (0.7, 1))


def is_even_chain(x, n):
    return x if n == 0 else is_odd_chain(x * 1.1, n - 1)


def is_odd_chain(x, n):
    return -x if n == 0 else is_even_chain(x * x, n - 1)


register(is_even_chain, (0.7, 4), (0.7, 3))


def recursion_on_value(x):
    if x < 0.1:
        return x
    return recursion_on_value(x / 2.0) * x


register(recursion_on_value, (0.7,), (0.05,))


def recursion_on_list(items):
    if not items:
        return 1.0
    return items[0] * recursion_on_list(items[1:])


register(
    recursion_on_list,
    ([2.0, 3.0, 4.0],),
    gradient=lambda items: [math.prod(items) / item for item in items],
)


def global_data(x):
    return SCALE * np.sum(WEIGHTS * x) + SETTINGS["rate"] * x[0] + SETTINGS["shift"][1] * x[1]


register(global_data, (numbers(3),), gradient=lambda x: 3.0 * WEIGHTS + np.array([0.5, 2.0, 0.0]))


def global_statement(x):
    global counter
    counter = counter + 1
    return x * x


register(global_statement, (1.5,), gradient=lambda x: 2 * x)


def inner_function(x, y):
    def scaled(a):
        return a * y

    return scaled(x) + scaled(x * x)


register(inner_function, (1.5, 0.3), wrt=(0, 1), gradient=lambda x, y: (y + 2 * x * y, x + x * x))


def inner_function_sees_changes(x):
    scale = x

    def scaled(a):
        return a * scale

    first = scaled(2.0)
    scale = x * x
    second = scaled(3.0)
    return first * second


register(inner_function_sees_changes, (1.5,), gradient=lambda x: 18 * x * x)


def inner_function_nonlocal(x):
    total = 0.0

    def add(value):
        nonlocal total
        total = total + value
        return total

    add(x)
    add(x * x)
    return total * add(1.0)


register(inner_function_nonlocal, (0.8,), gradient=lambda x: (1 + 2 * x) * (2 * (x + x * x) + 1))


def functions_made_in_loop(x):
    functions = []
    for i in range(3):
        functions.append(lambda a, i=i: a ** (i + 1))
    return sum(f(x) for f in functions)


register(functions_made_in_loop, (0.8,), gradient=lambda x: 1 + 2 * x + 3 * x * x)


def late_binding_in_loop(x):
    functions = []
    for i in range(3):
        functions.append(lambda a: a ** (i + 1))  # noqa: B023
    return functions[0](x) + functions[1](x)


register(late_binding_in_loop, (0.8,), gradient=lambda x: 6 * x * x)


def lambda_inside(x):
    double = lambda a: 2.0 * a  # noqa: E731
    apply_twice = lambda f, a: f(f(a))  # noqa: E731
    return apply_twice(double, x) * apply_twice(lambda a: a * x, x)


register(lambda_inside, (0.8,), gradient=lambda x: 16 * x**3)


def make_adder(n):
    def adder(x):
        return x + n

    return adder


def calls_made_function(x):
    return make_adder(x)(x) * make_adder(2.0)(x)


register(calls_made_function, (0.8,), gradient=lambda x: 4 * x + 4)


def make_polynomial(coefficients):
    def polynomial(x):
        result = 0.0
        for c in coefficients:
            result = result * x + c
        return result

    return polynomial


register(
    make_polynomial([1.0, 2.0, 3.0]), (0.8,), gradient=lambda x: 2 * x + 2, name="closure_over_list"
)
register(
    make_polynomial((4.0, 3.0)), (0.8,), gradient=lambda x: 4.0, name="closure_over_tuple_same_code"
)


def higher_order(f, x, n):
    for _ in range(n):
        x = f(x)
    return x


register(higher_order, (square, 1.1, 3), wrt=1, gradient=lambda f, x, n: 8 * x**7)
register(higher_order, (np.sin, 1.1, 1), wrt=1, gradient=lambda f, x, n: np.cos(x), name="numpy_function_as_value")
register(
    higher_order, (lambda a: a * 3.0, 1.1, 2), wrt=1, gradient=lambda f, x, n: 9.0, name="lambda_as_value"
)


def uses_partial(x):
    cube = functools.partial(pow, exp=3)
    shifted = functools.partial(affine, b=x)
    scaled = functools.partial(affine, x)
    return cube(x) + shifted(x, x) + scaled(3.0, b=0.0)


register(uses_partial, (0.8,), gradient=lambda x: 3 * x * x + 2 * x + 1 + 3)
register(functools.partial(affine, a=5.0), (0.8,), gradient=lambda x: 5.0, name="partial_itself")
register(functools.partial(affine, 0.8), (5.0,), gradient=lambda a: 0.8, name="partial_positional")


class Model:
    factor = 2.0

    def __init__(self, weight, bias):
        self.weight = weight
        self.bias = bias

    def __call__(self, x):
        return self.activate(self.weight * x + self.bias)

    def activate(self, x):
        return np.tanh(x) * self.factor

    @staticmethod
    def penalty(x):
        return x * x

    @classmethod
    def scaled(cls, x):
        return x * cls.factor

    @property
    def norm(self):
        return self.weight * self.weight + self.bias * self.bias

    def loss(self, x):
        return self(x) + Model.penalty(x) + self.scaled(x) + self.norm * x


model = Model(0.5, 0.1)
register(
    model, (0.8,), gradient=lambda x: 1.0 / np.cosh(0.5 * x + 0.1) ** 2, name="callable_object"
)
register(
    model.loss,
    (0.8,),
    gradient=lambda x: 1.0 / np.cosh(0.5 * x + 0.1) ** 2 + 2 * x + 2.0 + 0.26,
    name="bound_method",
)
register(Model.penalty, (0.8,), gradient=lambda x: 2 * x, name="static_method")
register(Model.scaled, (0.8,), gradient=lambda x: 2.0, name="class_method")


def builds_an_object(x, y):
    model = Model(x, y)
    model.bias = model.bias * 2.0
    return model(1.5) + model.norm


register(builds_an_object, (0.8, 0.3), wrt=(0, 1))


@dataclass
class Vector:
    x: float
    y: float

    def __add__(self, other):
        return Vector(self.x + other.x, self.y + other.y)

    def __mul__(self, factor):
        return Vector(self.x * factor, self.y * factor)

    def __rmul__(self, factor):
        return self * factor

    def __neg__(self):
        return Vector(-self.x, -self.y)

    def __getitem__(self, index):
        return (self.x, self.y)[index]

    def __len__(self):
        return 2

    def dot(self, other):
        return self.x * other.x + self.y * other.y


def overloaded_operators(a, b):
    u = Vector(a, b)
    v = u + 2.0 * u * a + -u
    return v.dot(u) + v[0] * len(v)


register(overloaded_operators, (0.8, 0.3), wrt=(0, 1), gradient=lambda a, b: (
    2 * a * a * 3 + 2 * b * b + 8 * a, 4 * a * b))


def logged(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs) * 2.0

    return wrapper


@logged
def decorated(x, y=3.0):
    return x * x * y


register(decorated, (0.8,), (0.8, 1.0), gradient=lambda x, y=3.0: 4 * x * y)


def calls_decorated(x):
    return decorated(x) + decorated(x, y=x)


register(calls_decorated, (0.8,), gradient=lambda x: 12 * x + 6 * x * x)


def repeat(times):
    def decorator(function):
        def wrapper(x):
            for _ in range(times):
                x = function(x)
            return x

        return wrapper

    return decorator


@repeat(3)
def shrunk(x):
    return x * x * 0.9


register(shrunk, (0.8,))


@functools.lru_cache(maxsize=None)
def table(n):
    return [1.0 / (k + 1) for k in range(n)]


def uses_cached_table(x):
    total = 0.0
    for coefficient in table(4):
        total = total * x + coefficient
    return total


register(uses_cached_table, (0.8,), gradient=lambda x: 3 * x * x + x + 1 / 3, tags=("opaque",))


def returns_several(x, y):
    def parts(a, b):
        return a * b, a + b, {"ratio": a / b}

    p, s, rest = parts(x, y)
    return p * s * rest["ratio"]


register(returns_several, (0.8, 0.5), wrt=(0, 1))


def returns_none_sometimes(x):
    def maybe(a):
        if a > 1:
            return a * a

    value = maybe(x)
    if value is None:
        return x
    return value


register(returns_none_sometimes, (0.8,), (1.8,), gradient=lambda x: 2 * x if x > 1 else 1.0)


def same_function_many_types(x, v):
    return square(x) + np.sum(square(v)) + square(3)


register(same_function_many_types, (0.8, numbers(3)), wrt=(0, 1), gradient=lambda x, v: (2 * x, 2 * v))


def function_in_dict(x, kind):
    activations = {"tanh": np.tanh, "relu": lambda a: np.maximum(a, 0.0), "square": square}
    return activations[kind](x) * 2.0


register(function_in_dict, (0.8, "tanh"), (0.8, "relu"), (0.8, "square"))


def map_filter_reduce(x):
    parts = list(map(lambda k: x * k, [1.0, 2.0, 3.0]))
    kept = list(filter(lambda p: p > 1.0, parts))
    return functools.reduce(lambda a, b: a * b, kept)


register(map_filter_reduce, (0.8,), gradient=lambda x: 12 * x)


def sorted_with_key(x, y):
    ordered = sorted([x, y, x * y], key=lambda v: -v)
    return ordered[0] + 2.0 * ordered[1] + 3.0 * ordered[2]


register(sorted_with_key, (2.0, 1.5), wrt=(0, 1), gradient=lambda x, y: (y + 2.0, x + 3.0))


def shadows_builtins(x, sum, abs=2.0):
    max = x * sum
    return max * abs


register(shadows_builtins, (2.0, 1.5), wrt=(0, 1), gradient=lambda x, y: (2 * y, 2 * x))


def recursive_closure(x):
    def descend(a, depth):
        if depth == 0:
            return a * x
        return descend(a * 0.5, depth - 1) + a

    return descend(x, 3)


register(recursive_closure, (2.0,), gradient=lambda x: 1.75 + 0.25 * x)


def keyword_argument_of_the_program(x, *, scale=2.0):
    return x * x * scale


register(keyword_argument_of_the_program, (2.0,), gradient=lambda x: 4 * x)


def argument_changed_by_rebinding(x):
    def shift(a):
        a = a + 1.0
        return a

    return shift(x) * x


register(argument_changed_by_rebinding, (2.0,), gradient=lambda x: 2 * x + 1)


def composition(*functions):
    def composed(x):
        for function in functions:
            x = function(x)
        return x

    return composed


register(
    composition(np.sin, square, lambda v: v + 1.0),
    (0.7,),
    gradient=lambda x: 2 * np.sin(x) * np.cos(x),
    name="composed_closure",
)


def halves_transformed(a):
    n = len(a)
    if n == 1:
        return a
    even, odd = halves_transformed(a[::2]), halves_transformed(a[1::2])
    turned = np.exp(-2j * np.pi * np.arange(n // 2) / n) * odd
    return np.concatenate([even + turned, even - turned])


def recursive_fourier_transform(x):
    return np.sum(np.abs(halves_transformed(x.astype(complex)))[1:3] ** 2 * np.array([1.0, 2.0]))


register(recursive_fourier_transform, (numbers(4),))


def shares(v):
    return np.exp(v) / np.sum(np.exp(v))


def entropy_of_shares(x):
    p = shares(x)
    return -np.sum(p * np.log(p))


def slope_of_entropy(x):
    p = np.exp(x) / np.sum(np.exp(x))
    return -p * (np.log(p) - np.sum(p * np.log(p)))


register(entropy_of_shares, (numbers(4),), gradient=slope_of_entropy)


@functools.singledispatch
def area(shape):
    raise TypeError(shape)


@area.register
def _(shape: float):
    return shape * shape


@area.register(list)
def _(shape):
    return sum(area(part) for part in shape)


@area.register(tuple)
def _(shape):
    return area(shape[0]) * 2


def chosen_by_type(x):
    return area(x) + area([x, 2 * x]) + area((x,))


register(chosen_by_type, (0.7,), gradient=lambda x: 16 * x)


@functools.lru_cache
def cached_square(value):
    return value * value


@functools.cache
def fibonacci(n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


def cached_functions(x):
    return cached_square(x) * cached_square(x) + x * fibonacci(30) + cached_square(3)


register(cached_functions, (0.7,), gradient=lambda x: 4 * x**3 + 832040)


def star_arguments_of_each_kind(x):
    def f(a, b=2.0, /, *c, d=1.0, **e):
        return a * b + sum(c) * d + e.get("z", 0.0)

    pair, named = (x, 2.0), {"d": x, "z": x * x}
    first = f(*pair, *[x, 3.0], **named) + f(1.0, *pair, d=2.0)
    return first + f(x) + f(x, 3.0, x, z=x)


register(star_arguments_of_each_kind, (0.7,), gradient=lambda x: 13 + 4 * x)


def power_of_squares(x, n):
    return 1.0 if n == 0 else square(x) * power_of_squares(x, n - 1)


def recursion_with_a_helper(x):
    return power_of_squares(x, 3)


register(recursion_with_a_helper, (1.2,), gradient=lambda x: 6 * x**5)


def variable_of_each_iteration_changed_inside(x):
    result = 0.0
    for k in range(3):
        part = x * k

        def scale():
            nonlocal part
            part = part * x

        scale()
        scale()
        result = result + part
    return result


register(variable_of_each_iteration_changed_inside, (1.3,), gradient=lambda x: 9 * x * x)


def nested_sum(items):
    if isinstance(items, dict):
        return sum(nested_sum(item) for item in items.values())
    if isinstance(items, (list, tuple)):
        return sum(map(nested_sum, items))
    return items**2


def recursion_over_what_is_nested(x):
    return nested_sum({"a": x, "b": [x * x, (x, x**3)], "c": {"d": [x]}})


register(recursion_over_what_is_nested, (1.2,), gradient=lambda x: 6 * x + 4 * x**3 + 6 * x**5)


def recursion_that_returns_pairs(x):
    def both(items):
        if isinstance(items, tuple):
            parts = [both(item) for item in items]
            return sum(a * b for a, b in parts), max(a for a, b in parts)
        return items, items * 2.0

    first, second = both((x, (x * x, x), ((x, 2.0 * x), x)))
    return first * second


register(recursion_that_returns_pairs, (1.3,))


def recursive_lambda(x):
    total = lambda items: 2.0 * sum(total(item) for item in items) if isinstance(items, list) else items**2  # noqa: E731
    return total([x, [x * x, x], [[x, 2.0 * x], x]])


register(recursive_lambda, (1.3,), gradient=lambda x: 100 * x + 16 * x**3)


def star_of_an_array_for_a_ufunc(e):
    scaled = np.array([e[0], 2.0 * e[1]])
    return np.hypot(*scaled) + np.arctan2(*e[::-1])


def star_of_an_array_for_a_ufunc_gradient(e):
    x, y = e
    length, square = math.hypot(x, 2 * y), x * x + y * y
    return np.array([x / length - y / square, 4 * y / length + x / square])


register(star_of_an_array_for_a_ufunc, (np.array([1.0, 2.0]),), gradient=star_of_an_array_for_a_ufunc_gradient)
