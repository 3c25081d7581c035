"""Classes of the user: overloaded operators, properties, inheritance, slots, context managers, copies of records."""

from __future__ import annotations

import abc
import collections
import copy
import dataclasses
import enum
import math
from typing import NamedTuple

import numpy as np

from tests.corpus import register
from tests.corpus.reference import numbers


class Vector:
    """A vector of two numbers with every operator."""

    def __init__(self, x, y):
        self.x = x
        self.y = y

    def __add__(self, other):
        return Vector(self.x + other.x, self.y + other.y)

    def __sub__(self, other):
        return Vector(self.x - other.x, self.y - other.y)

    def __mul__(self, other):
        if isinstance(other, Vector):
            return self.x * other.x + self.y * other.y
        return Vector(self.x * other, self.y * other)

    def __rmul__(self, other):
        return self * other

    def __truediv__(self, other):
        return self * (1.0 / other)

    def __neg__(self):
        return Vector(-self.x, -self.y)

    def __matmul__(self, other):
        return self.x * other.y - self.y * other.x

    def __iadd__(self, other):
        self.x += other.x
        self.y += other.y
        return self

    def __getitem__(self, place):
        return self.x if place == 0 else self.y

    def __setitem__(self, place, value):
        if place == 0:
            self.x = value
        else:
            self.y = value

    def __len__(self):
        return 2

    def __iter__(self):
        return iter((self.x, self.y))

    def __contains__(self, value):
        return value == self.x or value == self.y

    def __eq__(self, other):
        return self.x == other.x and self.y == other.y

    def __lt__(self, other):
        return self.norm() < other.norm()

    def __bool__(self):
        return bool(self.x != 0 or self.y != 0)

    def __float__(self):
        return float(self.norm())

    def __abs__(self):
        return self.norm()

    def __pow__(self, n):
        return self.norm() ** n

    def __call__(self, t):
        return Vector(self.x * t, self.y + t)

    def norm(self):
        return (self.x * self.x + self.y * self.y) ** 0.5


def vector_arithmetic(x, y):
    a = Vector(x, y)
    b = Vector(y, 2.0)
    c = a + b * x - (-a) / 2.0
    return c * a + 3.0 * (a @ b) + (2.0 * c).x


register(vector_arithmetic, (0.7, 0.3), wrt=(0, 1))


def vector_items(x, y):
    a = Vector(x, y)
    a[0] = a[1] * x
    a[1] = a[0] * a[1]
    return a[0] + a[1] * len(a)


register(vector_items, (0.7, 0.3), wrt=(0, 1), gradient=lambda x, y: (y + 2 * y * y, x + 4 * x * y))


def vector_in_place(x, y):
    a = Vector(x, y)
    b = a
    a += Vector(y, x)
    a += a
    return b.x * b.y


register(vector_in_place, (0.7, 0.3), wrt=(0, 1), gradient=lambda x, y: (8 * (x + y), 8 * (x + y)))


def vector_unpacked(x, y):
    a = Vector(x, y)
    first, second = a
    total = first * second
    for item in a:
        total += item * item
    return total + sum(a) + max(a)


register(vector_unpacked, (0.7, 0.3), wrt=(0, 1), gradient=lambda x, y: (y + 2 * x + 2, x + 2 * y + 1))


def vector_tests(x, y):
    a, b = Vector(x, y), Vector(x, y)
    total = 0.0
    if a == b:
        total += x
    if a != Vector(y, x):
        total += x * y
    if a and not Vector(0.0, 0.0):
        total += x * x
    if x in a:
        total += y
    if a < Vector(5.0, 5.0):
        total += y * y
    return total


register(vector_tests, (0.7, 0.3), wrt=(0, 1), gradient=lambda x, y: (1 + y + 2 * x, x + 1 + 2 * y))


def vector_conversions(x, y):
    a = Vector(x, y)
    return float(a) * abs(a) + a**2 + a(x).y * a(y).x


register(vector_conversions, (0.7, 0.3), wrt=(0, 1))


def vectors_summed(x, y):
    total = Vector(0.0, 0.0)
    for k in range(4):
        total = total + Vector(x * k, y) * x
    return total.x * total.y


register(vectors_summed, (0.7, 0.3), wrt=(0, 1), gradient=lambda x, y: (72 * x * x * y, 24 * x**3))


def vectors_in_list(x, y):
    items = [Vector(x * k, y + k) for k in range(3)]
    items.append(items[0] + items[1])
    best = max(items, key=lambda v: v.x)
    total = sum((item.norm() for item in items), 0.0)
    return total + best.x


register(vectors_in_list, (0.7, 0.3), wrt=(0, 1))


def vectors_sum_builtin(x, y):
    total = sum([Vector(x, y), Vector(y, 1.0)], Vector(0.0, 0.0))
    low = min(Vector(x, y), Vector(3.0, 4.0))
    return total * total + low.x


register(
    vectors_sum_builtin, (0.7, 0.3), wrt=(0, 1), gradient=lambda x, y: (2 * (x + y) + 1, 2 * (x + y) + 2 * (y + 1))
)


def vector_argument(a, x):
    b = a * x + a
    return b * a + a.norm() + b[0]


def _vector_input(p, x):
    return vector_argument(Vector(p[0], p[1]), x)


register(_vector_input, ((0.7, 0.3), 2.0), wrt=(0, 1), name="vector_argument")


class Dual:
    """Forward mode by hand."""

    def __init__(self, value, slope=0.0):
        self.value, self.slope = value, slope

    @staticmethod
    def lift(other):
        return other if isinstance(other, Dual) else Dual(other)

    def __add__(self, other):
        other = Dual.lift(other)
        return Dual(self.value + other.value, self.slope + other.slope)

    __radd__ = __add__

    def __mul__(self, other):
        other = Dual.lift(other)
        return Dual(self.value * other.value, self.value * other.slope + self.slope * other.value)

    __rmul__ = __mul__

    def __neg__(self):
        return Dual(-self.value, -self.slope)

    def __sub__(self, other):
        return self + (-Dual.lift(other))

    def __rsub__(self, other):
        return Dual.lift(other) - self

    def sin(self):
        return Dual(math.sin(self.value), self.slope * math.cos(self.value))


def dual_numbers(x):
    t = Dual(x, 1.0)
    result = 2.0 * t * t + (1.0 - t) * t.sin() + 3.0
    return result.value + result.slope


register(
    dual_numbers,
    (0.7,),
    gradient=lambda x: 4 * x - math.sin(x) + (1 - x) * math.cos(x) + 4 - 2 * math.cos(x) - (1 - x) * math.sin(x),
)


def dual_newton(x):
    def derivative(f, at):
        return f(Dual(at, 1.0)).slope

    def f(t):
        return t * t * t - x

    root = 1.0
    for _ in range(6):
        root = root - f(root) / derivative(lambda t: t * t * t, root)
    return root


register(dual_newton, (2.0,), gradient=lambda x: x ** (-2 / 3) / 3)


class Polynomial:
    """A value with a list inside."""

    def __init__(self, coefficients):
        self.coefficients = list(coefficients)

    def __call__(self, x):
        total = 0.0
        for c in reversed(self.coefficients):
            total = total * x + c
        return total

    def __add__(self, other):
        return Polynomial(a + b for a, b in zip(self.coefficients, other.coefficients))

    def __mul__(self, other):
        result = [0.0] * (len(self.coefficients) + len(other.coefficients) - 1)
        for i, a in enumerate(self.coefficients):
            for j, b in enumerate(other.coefficients):
                result[i + j] += a * b
        return Polynomial(result)

    def __getitem__(self, place):
        return self.coefficients[place]

    def __setitem__(self, place, value):
        self.coefficients[place] = value

    def __len__(self):
        return len(self.coefficients)


def polynomials(c, x):
    p = Polynomial(c)
    q = p * p + Polynomial([x, 0.0, 0.0, 0.0, 0.0])
    q[1] = q[1] * x
    return q(x) + q[2] * len(q)


register(polynomials, ([1.0, 2.0, 3.0], 0.7), wrt=(0, 1))


class Matrix:
    """Rows of numbers."""

    def __init__(self, rows):
        self.rows = rows

    def __matmul__(self, other):
        columns = list(zip(*other.rows))
        return Matrix([[sum(a * b for a, b in zip(row, column)) for column in columns] for row in self.rows])

    def __getitem__(self, place):
        i, j = place
        return self.rows[i][j]

    def __setitem__(self, place, value):
        i, j = place
        self.rows[i][j] = value

    @property
    def T(self):  # noqa: N802
        return Matrix([list(column) for column in zip(*self.rows)])

    def trace(self):
        return sum(self.rows[k][k] for k in range(len(self.rows)))


def matrices_of_lists(x, y):
    m = Matrix([[x, 1.0], [y, x * y]])
    m[0, 1] = m[1, 0] * x
    product = m @ m.T
    return product.trace() + product[0, 1]


register(matrices_of_lists, (0.7, 0.3), wrt=(0, 1))


class Shape:
    """A base class with shared state and a class attribute."""

    factor = 2.0
    __slots__ = ("size",)

    def __init__(self, size):
        self.size = size

    def area(self):
        raise NotImplementedError

    def scaled(self):
        return self.factor * self.area()

    @classmethod
    def unit(cls, x):
        return cls(x)

    @staticmethod
    def double(x):
        return 2.0 * x


class Square(Shape):
    __slots__ = ()

    def area(self):
        return self.size * self.size


class Circle(Shape):
    factor = 3.0
    __slots__ = ("scale",)

    def __init__(self, size, scale=1.0):
        super().__init__(size)
        self.scale = scale

    def area(self):
        return math.pi * self.size**2 * self.scale

    def scaled(self):
        return super().scaled() + self.size


def inheritance(x):
    shapes = [Square(x), Circle(x, x), Circle.unit(2.0 * x)]
    return sum(shape.scaled() for shape in shapes) + Shape.double(x) + Square.double(x) * Circle.factor


register(inheritance, (0.7,), gradient=lambda x: 4 * x + 9 * math.pi * x * x + 1 + 24 * math.pi * x + 2 + 2 + 6)


class Counter:
    """State that methods change."""

    total = 0.0

    def __init__(self):
        self.items = []

    def add(self, value):
        self.items.append(value)
        self.total = self.total + value
        return self

    @property
    def mean(self):
        return self.total / len(self.items)

    @mean.setter
    def mean(self, value):
        self.total = value * len(self.items)


def chained_methods(x):
    counter = Counter()
    counter.add(x).add(x * x).add(3.0)
    first = counter.mean
    counter.mean = x
    return first * 3.0 + counter.total + counter.items[1]


register(chained_methods, (0.7,), gradient=lambda x: 1 + 2 * x + 3 + 2 * x)


@dataclasses.dataclass
class Body:
    position: float
    velocity: float = 1.0
    mass: float = dataclasses.field(default=2.0)
    energy: float = dataclasses.field(init=False)

    def __post_init__(self):
        self.energy = 0.5 * self.mass * self.velocity**2

    def moved(self, dt):
        return dataclasses.replace(self, position=self.position + dt * self.velocity)


def post_init(x):
    body = Body(x, x * x)
    return body.energy + body.position * Body(x).energy


register(post_init, (0.7,), gradient=lambda x: 4 * x**3 + 1)


def replaced(x):
    body = Body(x, x * x)
    for _ in range(3):
        body = body.moved(x)
    return body.position + body.energy


register(replaced, (0.7,), gradient=lambda x: 1 + 9 * x * x + 4 * x**3)


@dataclasses.dataclass(frozen=True)
class Parameters:
    weight: np.ndarray
    bias: float
    name: str = "plain"

    def step(self, rate, gradient):
        return dataclasses.replace(self, weight=self.weight - rate * gradient, bias=self.bias * rate)


def replaced_argument(parameters, rate):
    new = parameters.step(rate, parameters.weight * 2.0)
    return np.sum(new.weight**2) + new.bias * parameters.bias


register(
    replaced_argument,
    (Parameters(numbers(3), 0.5), 0.1),
    wrt=(0, 1),
)


def records_as_tuples(x):
    body = Body(x, x * x)
    position, velocity, mass, energy = dataclasses.astuple(body)
    table = dataclasses.asdict(body)
    return position * velocity + table["energy"] * mass + sum(table.values())


register(records_as_tuples, (0.7,), gradient=lambda x: 3 * x**2 + 8 * x**3 + 1 + 2 * x + 4 * x**3)


def fields_of_record(parameters):
    total = 0.0
    for item in dataclasses.fields(parameters):
        value = getattr(parameters, item.name)
        if not isinstance(value, str):
            total = total + np.sum(value * value)
    return total


register(
    fields_of_record,
    (Parameters(numbers(3), 0.5),),
    gradient=lambda p: Parameters(2 * p.weight, 2 * p.bias),
)


class Point(NamedTuple):
    x: float
    y: float = 2.0

    def __add__(self, other):
        return Point(self.x + other.x, self.y + other.y)

    @property
    def product(self):
        return self.x * self.y


def property_of_a_named_tuple(x):
    return (Point(x) + Point(x * x, x)).product


register(property_of_a_named_tuple, (0.7,), gradient=lambda x: (1 + 2 * x) * (2 + x) + (x + x * x))


def property_of_a_given_tuple(points):
    return sum(point.product for point in points)


register(
    property_of_a_given_tuple,
    ([Point(0.7, 0.2), Point(0.3)],),
    gradient=lambda points: [Point(p.y, p.x) for p in points],
)


def named_tuples(x):
    p = Point(x) + Point(x * x, x)
    q = p._replace(y=p.x * 2.0)
    table = q._asdict()
    r = Point._make([x, table["y"]])
    return p.product + q.product + table["x"] * r.y + len(Point._fields)


register(
    named_tuples,
    (0.7,),
    gradient=lambda x: (1 + 2 * x) * (2 + x) + (x + x * x) + 8 * (x + x * x) * (1 + 2 * x),
)

Pair = collections.namedtuple("Pair", ["left", "right"], defaults=[3.0])


def named_tuple_functions(x):
    p = Pair(x)
    left, right = p
    return left * right + sum(p) + Pair(right=x, left=2.0).left * p[0]


register(named_tuple_functions, (0.7,), gradient=lambda x: 3 + 1 + 2)


class Recorder:
    """A context manager that changes what it holds."""

    def __init__(self, scale):
        self.scale = scale
        self.entered = 0

    def __enter__(self):
        self.entered += 1
        self.scale = self.scale * 2.0
        return self

    def __exit__(self, kind, error, trace):
        self.scale = self.scale + 1.0
        return False


def context_manager(x):
    recorder = Recorder(x)
    with recorder as inner:
        y = inner.scale * x
    with recorder:
        z = recorder.scale
    return y + z * recorder.scale


register(context_manager, (0.7,), gradient=lambda x: 4 * x + 4 * (4 * x + 3) + 4 * (4 * x + 2))


def copied_objects(x):
    a = Vector(x, x * x)
    b = copy.copy(a)
    b.x = 3.0 * x
    c = copy.deepcopy([x, [x * x]])
    c[1][0] = c[0] * c[1][0]
    return a.x * b.x + b.y + c[1][0]


register(copied_objects, (0.7,), gradient=lambda x: 6 * x + 2 * x + 3 * x * x)


class Lazy:
    """Attributes that are found at the time of the call."""

    def __init__(self, **named):
        for key, value in named.items():
            setattr(self, key, value)

    def get(self, name):
        return getattr(self, name)


def attributes_by_name(x):
    thing = Lazy(a=x, b=x * x)
    setattr(thing, "c", thing.get("a") * thing.get("b"))  # noqa: B010
    return thing.c + getattr(thing, "missing", 2.0) * thing.a


register(attributes_by_name, (0.7,), gradient=lambda x: 3 * x * x + 2)


class Network:
    """Layers in a list, called one after the other."""

    def __init__(self, sizes):
        self.layers = [Dense(numbers(m, n, seed=m), numbers(m, seed=n)) for n, m in zip(sizes, sizes[1:])]

    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return x

    def __iter__(self):
        return iter(self.layers)

    def __len__(self):
        return len(self.layers)


class Dense:
    def __init__(self, weight, bias):
        self.weight, self.bias = weight, bias

    def __call__(self, x):
        return np.tanh(self.weight @ x + self.bias)


NETWORK = Network((3, 4, 2))


def network_of_global(x):
    return np.sum(NETWORK(x) ** 2) + len(NETWORK)


register(network_of_global, (numbers(3),))


def network_made_inside(x):
    network = Network((3, 2))
    penalty = sum(np.sum(layer.weight**2) for layer in network)
    return np.sum(network(x)) * penalty


register(network_made_inside, (numbers(3),))


class Node:
    """A tree of nodes."""

    def __init__(self, value, children=()):
        self.value = value
        self.children = children

    def total(self):
        result = self.value
        for child in self.children:
            result = result + child.total() * self.value
        return result


def tree_of_nodes(x):
    tree = Node(x, (Node(x * x), Node(2.0, (Node(x),))))
    return tree.total()


register(tree_of_nodes, (0.7,), gradient=lambda x: 1 + 3 * x * x + 2 + 4 * x)


class Accumulator:
    """Keyword arguments, defaults and a list that grows."""

    def __init__(self, start=0.0, *, rate=1.0):
        self.state = {"sum": start, "rate": rate}
        self.history = []

    def __iadd__(self, value):
        self.state["sum"] += value * self.state["rate"]
        self.history.append(self.state["sum"])
        return self


def accumulator(x):
    total = Accumulator(x, rate=x)
    for k in range(3):
        total += x * k
    return total.state["sum"] * total.history[1]


register(accumulator, (0.7,), gradient=lambda x: (1 + 6 * x) * (x + x * x) + (x + 3 * x * x) * (1 + 2 * x))


def class_attribute_read(x):
    return Shape.factor * x + Counter.total + type(Square(x)).factor * x


register(class_attribute_read, (0.7,), gradient=lambda x: 4.0)


def methods_as_values(x):
    square = Square(x)
    functions = [square.area, square.scaled, Shape.double]
    return functions[0]() + functions[1]() + functions[2](x) + Square.area(square)


register(methods_as_values, (0.7,), gradient=lambda x: 2 * x + 4 * x + 2 + 2 * x)


class Chained:
    def __init__(self, value, inner=None):
        self.value, self.inner = value, inner


def changed_through_owner(x):
    inner = Chained(x[0])
    outer = Chained(x[1], inner)
    outer.inner.value = x * x
    return np.sum(inner.value * x)


register(changed_through_owner, (numbers(3),))


def changed_through_tuple(x):
    inner = Chained(x[0])
    outer = Chained(x[1], (inner, 1.0))
    outer.inner[0].value = x * x
    return np.sum(inner.value * x)


register(changed_through_tuple, (numbers(3),))


def changed_through_list(x):
    inner = Chained(x[0])
    outer = Chained(x[1], [inner])
    outer.inner[0].value = x * x
    outer.inner.append(Chained(x))
    return np.sum(inner.value * x) + np.sum(outer.inner[1].value)


register(changed_through_list, (numbers(3),))


def changed_inner(x):
    inner = Chained(x[0])
    outer = Chained(x[1], inner)
    inner.value = x * x
    return np.sum(outer.inner.value * x)


register(changed_inner, (numbers(3),))


def changed_inner_in_tuple(x):
    inner = Chained(x[0])
    outer = Chained(x[1], (inner,))
    inner.value = x * x
    return np.sum(outer.inner[0].value * x)


register(changed_inner_in_tuple, (numbers(3),))


def _read(node):
    return np.sum(node.inner.value * 2.0) + node.value


def read_by_function(x):
    inner = Chained(x[0])
    outer = Chained(x[1], inner)
    a = _read(outer)
    inner.value = x * x
    return a * _read(outer)


register(read_by_function, (numbers(3),))


def deeper(x):
    leaf = Chained(x[0])
    middle = Chained(x[1], leaf)
    top = Chained(x[2], middle)
    top.inner.inner.value = x * x
    leaf2 = middle.inner
    leaf2.inner = middle
    return np.sum(leaf.value * x) + leaf.inner.value


register(deeper, (numbers(3),))


class Doubled:
    def __init__(self, v):
        self.v = v

    def twice(self):
        return self.v * 2.0


def _tripled(v):
    return v * 3.0


def local_class_inherits(x):
    class Child(Doubled):
        factor = 4.0

        def __init__(self, v, w=2.0):
            super().__init__(v)
            self.w = w

        def twice(self):
            return super().twice() * self.factor * self.w

        def _tripled(self):
            return 1.0

    c = Child(x)
    return np.sum(c.twice()) + _tripled(x[0]) + c._tripled()


register(local_class_inherits, (numbers(3),))


def local_data_class(x):
    @dataclasses.dataclass
    class State:
        position: float
        velocity: float = 1.0
        history: list = dataclasses.field(default_factory=list)

        def step(self, dt):
            self.history.append(self.position)
            self.position = self.position + self.velocity * dt

    s = State(x, x * x)
    for k in range(3):
        s.step(0.1)
    return s.position + sum(s.history)


register(local_data_class, (0.7,))


def local_frozen_class(x):
    @dataclasses.dataclass(frozen=True)
    class P:
        a: float
        b: float = 2.0

        @property
        def product(self):
            return self.a * self.b

        @staticmethod
        def of(v):
            return v * v

    p = P(x)
    return p.product + P(x, x).product * P.of(x)


register(local_frozen_class, (0.7,))


def local_class_uses_itself(x):
    class C:
        def __init__(self, v):
            self.v = v

        def more(self):
            return C(self.v * 2.0)

    return C(x).more().v


register(local_class_uses_itself, (0.7,))


def local_class_in_loop(x):
    total = 0.0
    for k in range(3):

        class C:
            def __init__(self, v):
                self.v = v

        total += C(x * k).v * x
    return total


register(local_class_in_loop, (0.7,))


def class_in_inner_function(x):
    def g(v):
        class C:
            def __init__(self, v):
                self.v = v

        return C(v * v).v

    return g(x) + g(2.0 * x)


register(class_in_inner_function, (0.7,))


class Branch:
    def __init__(self, value, children=()):
        self.value, self.children = value, children

    def total(self):
        s = np.sum(self.value**2)
        for child in self.children:
            s = s + child.total() * self.value[0]
        return s

    def grow(self, v):
        self.value = self.value * v
        for child in self.children:
            child.grow(v)


def tree_changed_after_its_sum(x):
    t = Branch(x * 1.0, (Branch(x * x), Branch(x + 1.0, (Branch(x * 2.0),))))
    a = t.total()
    t.value[0] = x[1]
    t.children[0].value[1] = 3.0 * x[2]
    return a * t.total()


register(tree_changed_after_its_sum, (numbers(3),))


class Model:
    def __init__(self, layers):
        self.layers = layers

    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


class Layered:
    def __init__(self, w, b):
        self.w, self.b = w, b

    def __call__(self, x):
        return np.tanh(self.w * x + self.b)


def model_of_layers(w, x):
    m = Model([Layered(w * (k + 1.0), w[k]) for k in range(3)])
    return np.sum(m(x) ** 2)


register(model_of_layers, (numbers(3), numbers(3, seed=4)), wrt=(0, 1))


def nested_models(w, x):
    m = Model((Layered(w, 0.1), Model((Layered(w * w, w[0]), Layered(w, w[1])))))
    return np.sum(m(x) ** 2)


register(nested_models, (numbers(3), numbers(3, seed=4)), wrt=(0, 1))


class Sides:
    def __init__(self, a, b):
        self.a, self.b = a, b

    def area(self):
        return self.a.v * self.b.v


class Cell:
    def __init__(self, v):
        self.v = v


def objects_in_objects(x):
    p, q = Cell(x), Cell(x * x)
    pair = Sides(p, q)
    first = pair.area()
    p.v = p.v * 3.0
    pair.b = Cell(x**3)
    return first * pair.area()


register(objects_in_objects, (0.7,))


class Binary:
    def __init__(self, value, left=None, right=None):
        self.value, self.left, self.right = value, left, right

    def total(self):
        s = self.value
        if self.left is not None:
            s = s + self.left.total() * self.value
        if self.right is not None:
            s = s + self.right.total()
        return s


def binary_tree(x):
    t = Binary(x, Binary(x * x), Binary(2.0, Binary(x)))
    return t.total()


register(binary_tree, (0.7,))


class Stepper(abc.ABC):
    """Changes parameters, and remembers what each of them needs."""

    def __init__(self, parameters, rate):
        self.parameters, self.rate, self.state = parameters, rate, {}

    @abc.abstractmethod
    def direction(self, name, g): ...

    def step(self, gradients):
        for name, g in gradients.items():
            self.parameters[name] = self.parameters[name] - self.rate * self.direction(name, g)


class Momentum(Stepper):
    """A running mean of gradients."""

    def __init__(self, parameters, rate, momentum=0.9):
        super().__init__(parameters, rate)
        self.momentum = momentum

    def direction(self, name, g):
        old = self.state.get(name)
        self.state[name] = g if old is None else self.momentum * old + g
        return self.state[name]


def steps_of_an_abstract_class(start, rate, x, y):
    parameters = {"w": start["w"], "b": start["b"]}
    stepper = Momentum(parameters, rate=rate)
    for _ in range(3):
        r = x @ parameters["w"] + parameters["b"] - y
        stepper.step({"w": x.T @ r, "b": np.sum(r)})
    return np.mean((x @ parameters["w"] + parameters["b"] - y) ** 2)


register(
    steps_of_an_abstract_class,
    (
        {"w": np.array([0.1, -0.2]), "b": 0.3},
        0.05,
        np.array([[1.0, 0.5], [-0.3, 0.8], [0.2, -1.1]]),
        np.array([0.4, -0.7, 0.9]),
    ),
    wrt=(0, 1),
)


class Hidden(NamedTuple):
    """What is carried from step to step."""

    h: np.ndarray
    step: int = 0

    def advance(self, h):
        return self._replace(h=h, step=self.step + 1)


def scan(f, start, xs):
    carry, ys = start, []
    for x in xs:
        carry, y = f(carry, x)
        ys.append(y)
    return carry, np.stack(ys)


def scan_over_a_named_tuple(w, xs):
    def cell(state, x):
        h = np.tanh(w * state.h + x)
        return state.advance(h), np.sum(h)

    last, ys = scan(cell, Hidden(np.zeros(2)), xs)
    return np.mean(ys) + last.h[0] * last.step


register(scan_over_a_named_tuple, (0.7, np.array([[0.5, -0.2], [1.0, 0.3], [-0.4, 0.8]])), wrt=(0, 1))


class Side(enum.Enum):
    """Which side of a trade."""

    CALL = "call"
    PUT = "put"


@dataclasses.dataclass(frozen=True)
class Market:
    """What all prices depend on; it cannot be changed."""

    spot: float
    rate: float
    volatility: float

    def discount(self, years):
        return math.exp(-self.rate * years)


@dataclasses.dataclass
class Contract:
    """An option."""

    strike: float
    years: float
    side: Side = Side.CALL

    def price(self, market):
        spread = market.volatility * math.sqrt(self.years)
        first = (math.log(market.spot / self.strike) + (market.rate + market.volatility**2 / 2) * self.years) / spread
        second, normal = first - spread, lambda z: 0.5 * math.erfc(-z / math.sqrt(2))
        match self.side:
            case Side.CALL:
                return market.spot * normal(first) - self.strike * market.discount(self.years) * normal(second)
            case Side.PUT:
                return self.strike * market.discount(self.years) * normal(-second) - market.spot * normal(-first)


def contracts_in_a_frozen_market(spot, rate, volatility):
    market = Market(spot, rate, volatility)
    book = [(10, Contract(0.95, 0.5)), (-5, Contract(1.1, 1.0, Side.PUT)), (2, Contract(1.0, 2.0, Side("put")))]
    return sum(count * contract.price(market) for count, contract in book)


register(contracts_in_a_frozen_market, (1.0, 0.03, 0.3), wrt=(0, 1, 2))


class Compartments(NamedTuple):
    """Susceptible, infected, recovered."""

    susceptible: float
    infected: float
    recovered: float


def outbreak(rate, recovery):
    state, peak, locked = Compartments(0.9, 0.1, 0.0), 0.0, False
    for _ in range(6):
        new = (0.4 if locked else 1.0) * rate * state.susceptible * state.infected
        healed = recovery * state.infected
        change = Compartments(-new, new - healed, healed)
        state = Compartments(*(old + 0.5 * by for old, by in zip(state, change)))
        locked = locked or state.infected > 0.15
        peak = max(peak, state.infected)
    return peak + state._replace(susceptible=0.0).recovered


register(outbreak, (1.2, 0.35), wrt=(0, 1))


def fields_by_number(b):
    state, total = Compartments(1.0 * b, b, 2.0 * b), 0.0
    for place in range(3):
        total = total + state[place] ** 2 * (place + 1)
    for place, value in enumerate(Compartments(1.0, b, b * b)):
        total = total + value * value * place
    return total


register(fields_by_number, (0.3,), gradient=lambda b: 32 * b + 8 * b**3)
