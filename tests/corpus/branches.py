"""Branches on values: if, elif, ternary, boolean operators, chained comparisons, match, assert, early returns."""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tests.corpus import register
from tests.corpus.reference import numbers


def piecewise(x):
    if x > 0:
        return x * x
    return -3.0 * x


register(piecewise, (1.5,), (-0.5,), gradient=lambda x: 2 * x if x > 0 else -3.0)


def three_ways(x):
    if x < -1:
        y = x * x
    elif x < 1:
        y = x**3
        z = y * 2
        y = y + z
    else:
        y = np.log(x)
    return y * 2.0


register(three_ways, (-2.0,), (0.5,), (3.0,), gradient=lambda x: 4 * x if x < -1 else 18 * x * x if x < 1 else 2 / x)


def nested_branches(x, y):
    if x > y:
        if x > 2 * y:
            x = x * y
        else:
            y = y * x
    else:
        x = x - y
        if y > 3:
            y = x
    return x * y


register(nested_branches, (2.0, 0.5), (0.7, 0.5), (1.0, 2.0), (1.0, 4.0), wrt=(0, 1))


def only_one_branch_assigns(x):
    y = x
    if y > 1:
        y = y * y
        y = y + x
    return y * x


register(only_one_branch_assigns, (2.0,), (0.5,), gradient=lambda x: 3 * x * x + 2 * x if x > 1 else 2 * x)


def ternary(x, y):
    z = x * y if x > y else x + y
    return z * (x if z > 1 else y if z > 0 else 1.0)


register(ternary, (2.0, 0.9), (0.2, 0.5), (-2.0, 0.5), wrt=(0, 1))


def short_circuit(x, y):
    if x > 0 and math.log(x) > 0 or y > 2:
        return x * y
    if not (x < 0 or 1 / x < 5):
        return x - y
    return x / y


register(short_circuit, (2.0, 0.9), (-2.0, 2.5), (0.1, 0.5), (0.5, 0.5), wrt=(0, 1))


def value_of_or(x, y):
    a = x or y
    b = x and y
    return a * 2.0 + b * y


register(value_of_or, (2.0, 0.9), wrt=(0, 1), gradient=lambda x, y: (2.0, 2 * y))
register(value_of_or, (0.0, 0.9), wrt=1, gradient=lambda x, y: 2.0, name="value_of_or_at_zero")


def chained_comparison(x):
    if 0 < x < 1 <= 5:
        return x**2
    if x == 3.0 != 4:
        return x**3
    return x


register(chained_comparison, (0.5,), gradient=lambda x: 2 * x)
register(chained_comparison, (3.5,), gradient=lambda x: 1.0, name="chained_comparison_false")


def early_returns(x):
    if x < 0:
        return x * 2
    y = x * x
    if y > 9:
        return y * x
    y = y + x
    if y > 3:
        return np.sin(y)
    return y


register(early_returns, (-1.0,), (4.0,), (2.0,), (0.5,))


def returns_in_else(x):
    if x > 1:
        pass
    else:
        return x * 5
    return x * 7


register(returns_in_else, (0.5,), (1.5,), gradient=lambda x: 5.0 if x < 1 else 7.0)


def asserted(x):
    assert x > 0, f"x is {x}"
    assert isinstance(x, float)
    return np.sqrt(x)


register(asserted, (4.0,), gradient=lambda x: 0.5 / np.sqrt(x))


def raises_otherwise(x):
    if x < 0:
        raise ValueError("negative")
    elif x > 100:
        raise ValueError("too large")
    return x * math.sqrt(x)


register(raises_otherwise, (4.0,), gradient=lambda x: 1.5 * np.sqrt(x))


def branch_on_constant(x, mode="square"):
    if mode == "square":
        return x * x
    if mode is None:
        return x
    return x * x * x


register(branch_on_constant, (2.0,), (2.0, "cube"), (2.0, None))


def branch_on_type(x):
    if isinstance(x, np.ndarray):
        if x.ndim == 2:
            return np.sum(x * x)
        return np.sum(x) * len(x)
    return x * 3.0


register(branch_on_type, (2.0,), (numbers(3),), (numbers(2, 2),))


def branch_on_shape(x):
    if x.shape[0] > 2 and x.size % 2 == 1:
        return np.sum(x**2)
    return np.sum(x**3)


register(branch_on_shape, (numbers(3),), (numbers(2),), (numbers(4),))


def branch_on_element(x):
    if x[0] > x[1]:
        return x[0] * x[1]
    return x[1] ** 2


register(branch_on_element, (np.array([2.0, 1.0]),), (np.array([1.0, 2.0]),))


def branch_on_any(x):
    if np.any(x < 0):
        x = np.abs(x) * 2
    if np.all(x > 1.0):
        x = x * x
    return np.sum(x)


register(branch_on_any, (np.array([2.0, -3.0]),), (np.array([0.5, 2.0]),))


def match_on_number(x, case):
    match case:
        case 0:
            return x
        case 1 | 2:
            y = x * x
        case n if n > 10:
            y = x * n
        case _:
            y = np.exp(x)
    return y * x


register(match_on_number, (1.2, 0), (1.2, 2), (1.2, 12), (1.2, 5))


@dataclass
class Circle:
    radius: float


@dataclass
class Rectangle:
    width: float
    height: float


def match_on_class(shape):
    match shape:
        case Circle(radius=r):
            return math.pi * r * r
        case Rectangle(width=w, height=h) if w > h:
            return w * h
        case Rectangle():
            return shape.width + shape.height


register(
    match_on_class,
    (Circle(2.0),),
    (Rectangle(2.0, 1.0),),
    (Rectangle(1.0, 2.0),),
    gradient=lambda s: (
        Circle(2 * math.pi * s.radius)
        if isinstance(s, Circle)
        else Rectangle(s.height, s.width)
        if s.width > s.height
        else Rectangle(1.0, 1.0)
    ),
)


def match_on_sequence(x):
    match x:
        case []:
            return 0.0
        case [a]:
            return a * a
        case [a, b]:
            return a * b
        case [a, *rest]:
            return a * sum(rest)


register(match_on_sequence, ([2.0],), ([2.0, 3.0],), ([2.0, 3.0, 4.0],))


def match_on_mapping(x):
    match x:
        case {"kind": "linear", "a": a}:
            return a * 2.0
        case {"kind": "square", "a": a, **others}:
            return a * a * len(others)
    return 0.0


register(
    match_on_mapping,
    ({"kind": "linear", "a": 3.0},),
    ({"kind": "square", "a": 3.0, "c": 1.0, "d": 2.0},),
)


def branch_with_arrays(x, flag):
    if flag:
        y = x[1:] * 2.0
    else:
        y = np.concatenate([x, x])
    return np.sum(y * y)


register(branch_with_arrays, (numbers(3), True), (numbers(3), False), gradient=lambda x, flag: (
    np.concatenate([[0.0], 8 * x[1:]]) if flag else 4 * x
))


def where_and_branches(x):
    y = np.where(x > 0, x * x, -x)
    if y.sum() > 1:
        y = y * 2
    return y


register(where_and_branches, (np.array([1.0, -2.0]),), (np.array([0.1, -0.2]),))


def different_types_in_branches(x):
    if x > 1:
        y = 1
    else:
        y = x * x
    return x * y


register(different_types_in_branches, (2.0,), (0.5,), gradient=lambda x: 1.0 if x > 1 else 3 * x * x)


def undefined_in_one_branch(x):
    if x > 0:
        scale = x * 2.0
    if x > 0:
        return x * scale
    return x


register(undefined_in_one_branch, (2.0,), (-2.0,), gradient=lambda x: 4 * x if x > 0 else 1.0)


def comparison_as_number(x):
    return (x > 1) * x * x + (x <= 1) * x


register(comparison_as_number, (2.0,), (0.5,), (np.array([0.5, 2.0]),), gradient=lambda x: np.where(x > 1, 2 * x, 1.0) + 0)


def in_and_is(x, key):
    table = {"a": 2.0, "b": 3.0}
    if key is None:
        return x
    if key in table and key not in ("b",):
        return x * table[key]
    return x * x


register(in_and_is, (1.5, None), (1.5, "a"), (1.5, "b"), gradient=lambda x, key: {None: 1.0, "a": 2.0, "b": 2 * x}[key])


def size_by_choice(x):
    return x if x > 0 else -x


register(size_by_choice, (1.5,), (-0.5,), gradient=lambda x: 1.0 if x > 0 else -1.0)


def match_with_rest(values):
    match values:
        case [first]:
            return first * 2
        case [first, *middle, last] if len(middle) > 1:
            return first * last * sum(middle)
        case [first, *rest]:
            return first * sum(rest)
    return 0.0


register(match_with_rest, ([0.3, 0.4, 0.5, 0.7],), ([0.3, 0.4],), ([0.3],), ((0.3, 0.4, 0.5),))


def match_with_rest_of_a_mapping(settings):
    match settings:
        case {"kind": "scaled", "scale": scale, **rest}:
            return scale * sum(rest.values())
        case {"scale": scale}:
            return scale * scale
    return 0.0


register(
    match_with_rest_of_a_mapping,
    ({"kind": "scaled", "scale": 0.3, "a": 0.4, "b": 2.0},),
    ({"scale": 0.7},),
)


class Leaf(NamedTuple):
    value: float


@dataclass
class Sum:
    left: object
    right: object


@dataclass
class Scaled:
    factor: float
    inner: object = None


class Sign(enum.Enum):
    PLUS = 1
    MINUS = 2


def match_on_classes(x):
    def value(node):
        match node:
            case Leaf(v) | Scaled(v, None):
                return v
            case Sum(Leaf(a), Leaf(value=b)) if a > b:
                return a * b
            case Sum(left=left, right=right):
                return value(left) + value(right)
            case Scaled(factor=(float() | int()) as factor, inner=Sum() as inner):
                return factor * value(inner)
            case (Sign.PLUS, [a, b]):
                return a + b
            case (Sign.MINUS, [a, b]):
                return a - b
            case _:
                raise ValueError(node)

    tree = Scaled(x, Sum(Sum(Leaf(x), Leaf(0.1)), Sum(Leaf(0.1), Scaled(x * x))))
    return value(tree) + value((Sign.MINUS, [x, 3 * x])) + value((Sign.PLUS, [x, x * x]))


register(match_on_classes, (0.7,), gradient=lambda x: 0.2 * x + 0.1 + 3 * x * x - 2 + 1 + 2 * x)


def emptied_where_it_is_asked(x):
    q = [x, x * 2]
    a = q.pop() if q else x
    b = q.pop() if q else x
    c = q.pop() if q else x * x
    return a * b * c


register(emptied_where_it_is_asked, (1.3,), gradient=lambda x: 8 * x**3)


def filled_and_emptied(x):
    q = [x * x]
    t = x
    for _ in range(3):
        if q:
            t = t * q.pop()
        else:
            t = t * t
            q.append(t)
    return t


register(filled_and_emptied, (1.1,), gradient=lambda x: 12 * x**11)


def array_that_changes_where_it_is_asked(x):
    y = x * 1.0
    t = x[0]
    if y:
        t = t * y[0]
        y[0] = 0.0
    if not y:
        t = t * t
    return t


register(array_that_changes_where_it_is_asked, (np.array([1.3]),), gradient=lambda x: 4 * x**3)


def taken_while_positive(x):
    q = [x, x * x, 3.0]
    t = 1.0
    while q and (v := q.pop()) > 0:
        t *= v
    return t


register(taken_while_positive, (1.3,), (-1.3,), gradient=lambda x: 9 * x * x if x > 0 else 6 * x)


def drained_by_recursion(q, t):
    if q:
        return drained_by_recursion(q, t * q.pop())
    q.append(t)
    return t


def drained_list(x):
    q = list(x)
    r = drained_by_recursion(q, 1.0)
    return r * q[0]


register(drained_list, (np.array([1.3, -0.6, 2.0]),), gradient=lambda x: 2 * np.prod(x) ** 2 / x)
