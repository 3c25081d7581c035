"""Attributes that an object gets on the way, that are asked for, found by name and taken away again."""

from __future__ import annotations

import dataclasses
import types

import numpy as np

from tests.corpus import register
from tests.corpus.reference import numbers


class Thing:
    """An object that gets its attributes later."""


class Slotted:
    """An object whose attributes have places, which are empty at first."""

    __slots__ = ("first", "second")


@dataclasses.dataclass
class Level:
    """A data class that gets more attributes than its field."""

    height: float


def made_at_first_use(thing, x):
    if not hasattr(thing, "total"):
        thing.total = np.zeros(3)
    thing.total[:2] += x[:2] * x[1:]
    return np.sum(thing.total * thing.total)


def buffer_made_at_first_use(x):
    thing = Thing()
    return made_at_first_use(thing, x) + made_at_first_use(thing, x * x)


register(buffer_made_at_first_use, (numbers(3),))


def buffer_of_argument_made_at_first_use(level, x):
    return made_at_first_use(level, x) + level.height * made_at_first_use(level, x)


register(buffer_of_argument_made_at_first_use, (Level(1.5), numbers(3)), wrt=1)


def number_made_at_first_use(x):
    thing = Thing()
    total = 0.0
    for i in range(3):
        if not hasattr(thing, "product"):
            thing.product = x[i]
        else:
            thing.product = thing.product * x[i] * x[i]
        total += thing.product
    return total


register(
    number_made_at_first_use,
    (np.array([0.5, 1.2, 0.7]),),
    gradient=lambda x: np.array(
        [
            1 + x[1] ** 2 + x[1] ** 2 * x[2] ** 2,
            2 * x[0] * x[1] * (1 + x[2] ** 2),
            2 * x[0] * x[1] ** 2 * x[2],
        ]
    ),
)


def no_such_attribute_yet(x):
    thing = Thing()
    if hasattr(thing, "value"):
        return x
    thing.value = x * x
    return thing.value * x if hasattr(thing, "value") else x


register(no_such_attribute_yet, (0.7,), gradient=lambda x: 3 * x**2)


def empty_slot(x):
    thing = Slotted()
    thing.first = x * x
    if not hasattr(thing, "second"):
        thing.second = thing.first * x
    return thing.first * thing.second


register(empty_slot, (0.7,), gradient=lambda x: 5 * x**4)


class Square:
    """It computes its value when it is first asked."""

    def __init__(self, number):
        self.number = number

    def value(self):
        if not hasattr(self, "_value"):
            self._value = self.number * self.number
        return self._value


def value_kept_in_object(x):
    square = Square(x)
    return square.value() * square.value() * x


register(value_kept_in_object, (0.7,), gradient=lambda x: 5 * x**4)


def default_of_attribute(thing, name, x):
    found = getattr(thing, name, None)
    if found is None:
        return x * x
    return found * x


def attribute_or_default(x):
    thing = Thing()
    before = getattr(thing, "value", x * x) * x
    thing.value = 3 * x
    after = getattr(thing, "value", x * x) * x
    return before + after * default_of_attribute(thing, "value", x) * default_of_attribute(thing, "other", x)


register(attribute_or_default, (0.7,), gradient=lambda x: 3 * x**2 + 9 * 6 * x**5)


class Pair:
    """Two numbers."""

    def __init__(self, first, second):
        self.first, self.second = first, second


def named_in_a_loop(x):
    pair = Pair(x, x * x)
    total = 0.0
    for name in ("first", "second"):
        total += getattr(pair, name) * x
        setattr(pair, name, getattr(pair, name) * 2)
    for name, weight in (("first", 1.0), ("second", 3.0)):
        total += weight * getattr(pair, name)
    return total + sum(getattr(pair, name) for name in ("first", "second"))


register(named_in_a_loop, (0.7,), gradient=lambda x: 2 * x + 3 * x**2 + 2 + 12 * x + 2 + 4 * x)


def steps_by_name(x):
    pair = Pair(x, x * x)
    for _ in range(3):
        for name in ("first", "second"):
            value = getattr(pair, name)
            setattr(pair, name, value - 0.1 * value * x)
    return pair.first + pair.second


register(
    steps_by_name,
    (0.7,),
    gradient=lambda x: (1 - 0.1 * x) ** 3 * (1 + 2 * x) - 0.3 * (1 - 0.1 * x) ** 2 * (x + x * x),
)


def namespace(x):
    state = types.SimpleNamespace(position=np.array([x, 0.0]), velocity=np.array([0.0, x * x]))
    for _ in range(4):
        state.velocity = state.velocity - 0.1 * state.position
        state.position += 0.1 * state.velocity
    return np.sum(state.position**2)


register(namespace, (0.7,))


def namespaces_in_namespace(x):
    outer = types.SimpleNamespace(inner=types.SimpleNamespace(value=x), found=[])
    for _ in range(3):
        outer.found.append(outer.inner.value * x)
        outer.inner = types.SimpleNamespace(**{"value": outer.found[-1] + 1})
    same = outer.inner == types.SimpleNamespace(value=outer.found[-1] + 1)
    return sum(outer.found) * outer.inner.value if same else x


register(
    namespaces_in_namespace,
    (0.7,),
    gradient=lambda x: (2 * x + (3 * x**2 + 1) + (4 * x**3 + 2 * x + 1)) * (x**4 + x**2 + x + 1)
    + (x**2 + x**3 + x + x**4 + x**2 + x) * (4 * x**3 + 2 * x + 1),
)


def given_namespace(namespace, x):
    namespace.total = namespace.total + x * namespace.weight
    return np.sum(namespace.total * x)


register(given_namespace, (types.SimpleNamespace(total=0.5, weight=2.0), 0.7), wrt=1, gradient=lambda n, x: 0.5 + 4 * x)


def deleted(x):
    pair = Pair(x, x * x)
    total = 0.0
    for _ in range(3):
        if hasattr(pair, "second"):
            total = total + pair.second * x
            del pair.second
        else:
            pair.second = x * 3
            total = total + pair.second
    return total


register(deleted, (0.7,), gradient=lambda x: 3 * x**2 + 3 + 6 * x)


def deleted_array(x):
    thing = Thing()
    thing.array = np.ones(3) * x
    view = thing.array
    del thing.array
    view[0] = x * x
    thing.array = view
    thing.array[1] *= x
    for name in ("array", "other"):
        if hasattr(thing, name):
            delattr(thing, name)
    return np.sum(view * view) if not hasattr(thing, "array") else x


register(deleted_array, (0.7,), gradient=lambda x: 8 * x**3 + 2 * x)


class Shape:
    """It asks for its class."""

    def __init__(self, size):
        self.size = size

    def area(self):
        return self.size * self.size

    def both(self):
        return type(self).area(self) * self.__class__.area(self)

    def grown(self, factor):
        return self.__class__(self.size * factor)


class Disc(Shape):
    def area(self):
        return 3.0 * self.size


def methods_of_the_class(x):
    return Shape(x).grown(x).both() + Disc(x).grown(2.0).both()


register(methods_of_the_class, (0.7,), gradient=lambda x: 8 * x**7 + 72 * x)


def names_by_all_means(x):
    pair = Pair(x, x * x)
    total = 0.0
    for place, name in enumerate(("first", "second")):
        total += getattr(pair, name) * (place + 1)
    for name, weight in zip(("first", "second"), (1.0, 2.0)):
        total += getattr(pair, name) * weight
    for name in reversed(("first", "second")):
        total = total * x + getattr(pair, name)
    for i in range(3):
        setattr(pair, f"part_{i}", x * (i + 1))
    for i in range(3):
        total += getattr(pair, "part_%d" % i)
    for letter in "ab":
        setattr(pair, letter, x if letter == "a" else x * x)
    return total + pair.a * pair.b


register(names_by_all_means, (0.7,), gradient=lambda x: 6 * x**2 + 16 * x**3 + 3 * x**2 + 1 + 6 + 3 * x**2)


def attributes_of_something_outside(x):
    for place, name in enumerate(("first", "second")):
        setattr(OUTSIDE, name, x[place] * x)
    return np.sum(OUTSIDE.first * OUTSIDE.second) * getattr(OUTSIDE, "third", x[2])


OUTSIDE = Thing()
register(
    attributes_of_something_outside,
    (np.array([0.5, 1.2, 0.7]),),
    gradient=lambda x: 2 * x * x[0] * x[1] * x[2] + (x @ x) * np.array([x[1] * x[2], x[0] * x[2], x[0] * x[1]]),
)


class Settings:
    """It takes its attributes from a dict."""

    def __init__(self, **named):
        self.__dict__.update(named, unit=1.0)


def attributes_as_a_dict(x):
    settings = Settings(first=x, second=x * x)
    held = settings.__dict__
    held["second"] = held["second"] * x
    settings.first = 5 * x
    for name in ("first", "unit"):
        vars(settings)[name] = vars(settings)[name] * x
    del held["second"]
    found = held.get("second", x * x) * (2.0 if "first" in held else 1.0)
    return held["first"] * settings.unit * found


register(attributes_as_a_dict, (0.7,), gradient=lambda x: 50 * x**4)


def field_assigned_in_the_dict(x):
    level = Level(x)
    level.__dict__["height"] = 2.0
    vars(OUTSIDE)["first"] = x * x
    return level.height * x * OUTSIDE.first


register(field_assigned_in_the_dict, (0.7,), gradient=lambda x: 6 * x * x)
