"""Attributes that an object gets on the way, that are asked for, found by name and taken away again."""

from __future__ import annotations

import dataclasses

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
