"""Signature keys and abstract values: what compiled code depends on, and what it does not."""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple

import numpy as np
import pytest

from autodiff.values import abstract, signature_key
from transforms.values import (
    BOOLEAN,
    COMPLEX,
    FLOAT,
    INTEGER,
    Array,
    Instance,
    Known,
    Literal,
    Many,
    Mapping,
    Number,
    Record,
    Sequence,
    Size,
)


class Pair(NamedTuple):
    a: Any
    b: Any


@dataclasses.dataclass
class Layer:
    weight: Any
    name: str = "layer"


class Plain:
    pass


DOUBLE = np.dtype(float)


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        (1.0, FLOAT),
        (1, INTEGER),
        (True, BOOLEAN),
        (1j, COMPLEX),
        (np.float32(1), Number(np.dtype(np.float32))),
        (np.float64(1), Number(DOUBLE)),
        (np.int8(1), Number(np.dtype(np.int8))),
        (None, Literal(None)),
        ("text", Literal("text")),
        (..., Literal(...)),
        (np.sin, Known(np.sin)),
        (len, Known(len)),
        (Layer, Known(Layer)),
        (range(3), Instance(range)),
        (Plain, Known(Plain)),
        ((1.0, 2), Sequence(tuple, (FLOAT, INTEGER))),
        ([1.0], Sequence(list, (FLOAT,))),
        (Pair(1.0, None), Sequence(Pair, (FLOAT, Literal(None)))),
        ({"a": 1.0, 2: True}, Mapping(dict, ("a", 2), (FLOAT, BOOLEAN))),
        (Layer(1.0), Record(Layer, ("weight", "name"), (FLOAT, Literal("layer")))),
        ([1.0] * 33, Many(list, FLOAT)),
        ([1.0, 2] * 20, Instance(list)),
        (np.array(1.0), Array(DOUBLE, ())),
    ],
)
def test_abstract(argument, value):
    assert abstract(argument) == value


def test_sizes_are_those_of_the_argument_and_axis():
    value = abstract(np.ones((3, 1, 4)), ("x",))
    assert value == Array(DOUBLE, (Size(("x", 0)), 1, Size(("x", 2))))


def test_items_of_a_long_list_may_differ_in_size():
    value = abstract([np.ones(n + 2) for n in range(40)])
    assert isinstance(value, Many) and value.item == Array(DOUBLE, (Size("?"),))


def test_object_of_a_class():
    assert abstract(Plain()) == Instance(Plain)


DIFFERENT = [
    1.0,
    1,
    True,
    1j,
    np.float32(1),
    np.float64(1),
    None,
    "a",
    "b",
    b"a",
    np.ones(3),
    np.ones(1),
    np.ones((3, 3)),
    np.ones((3, 1)),
    np.ones((1, 3)),
    np.ones(()),
    np.ones(3, np.float32),
    np.ones(3, ">f8"),
    np.ones(3, int),
    (1.0,),
    [1.0],
    (1.0, 1.0),
    (1.0, 1),
    Pair(1.0, 1.0),
    {"a": 1.0},
    {"b": 1.0},
    {"a": 1},
    {1: 1.0},
    {True: 1.0},
    Layer(1.0),
    Layer(1),
    Layer(1.0, "other"),
    [1.0] * 33,
    [1] * 33,
    [1.0, 1] * 20,
    np.sin,
    np.cos,
    lambda x: x,
    lambda x: x,
    Plain(),
    range(3),
]


def test_different_types_have_different_keys():
    keys = [signature_key((argument,)) for argument in DIFFERENT]
    assert len(set(keys)) == len(keys)
    assert all((a == b) == (i == j) for i, a in enumerate(keys) for j, b in enumerate(keys))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (np.ones(3), np.ones(4)),
        (np.ones((2, 1)), np.zeros((5, 1))),
        (np.ones(2), np.ones(0)),
        (1.0, 2.0),
        ([np.ones(3)], [np.ones(5)]),
        ([1.0] * 40, [1.0] * 50),
        ({"a": np.ones(3)}, {"a": np.ones(2)}),
        (Layer(np.ones(3)), Layer(np.ones(9))),
        (np.ones((4, 5)), np.ones((4, 5)).T[::2]),
    ],
)
def test_sizes_and_numbers_are_not_in_the_key(one, other):
    assert signature_key((one,)) == signature_key((other,))
    assert abstract(one) == abstract(other)


def test_objects_with_equality_of_their_own_are_told_apart():
    class Odd:
        def __call__(self):
            return 0

        def __eq__(self, other):
            return True

        def __hash__(self):
            return 0

    one, other = Odd(), Odd()
    assert signature_key((one,)) != signature_key((other,))
    assert signature_key((one,)) == signature_key((one,))
