"""Trees are walked and rebuilt without losing their containers."""

from __future__ import annotations

import collections
import dataclasses
from typing import Any, NamedTuple

import pytest

from autodiff import trees


class Pair(NamedTuple):
    a: Any
    b: Any


@dataclasses.dataclass(frozen=True)
class Layer:
    weight: Any
    name: str = "layer"


TREE = {"a": [1.0, (2.0, Pair(3.0, None))], "b": Layer(4.0)}


def test_leaves_with_paths():
    assert list(trees.leaves(TREE)) == [
        ("['a'][0]", 1.0),
        ("['a'][1][0]", 2.0),
        ("['a'][1][1].a", 3.0),
        ("['a'][1][1].b", None),
        ("['b'].weight", 4.0),
        ("['b'].name", "layer"),
    ]


def test_map_keeps_the_containers():
    mapped = trees.map_leaves(lambda x: x * 2 if isinstance(x, float) else x, TREE)
    assert mapped == {"a": [2.0, (4.0, Pair(6.0, None))], "b": Layer(8.0)}
    assert type(mapped["a"][1][1]) is Pair and type(mapped["b"]) is Layer


def test_map_of_several_trees():
    assert trees.map_leaves(lambda a, b: a + b, [1, {"x": 2}], [10, {"x": 20}]) == [11, {"x": 22}]
    with pytest.raises(ValueError):
        trees.map_leaves(lambda a, b: a, [1, 2], [1])


def test_kinds_of_dict_stay():
    ordered = collections.OrderedDict(b=1, a=2)
    mapped = trees.map_leaves(lambda x: -x, ordered)
    assert type(mapped) is collections.OrderedDict and list(mapped.items()) == [("b", -1), ("a", -2)]
    default = trees.map_leaves(lambda x: -x, collections.defaultdict(list, a=1))
    assert default.default_factory is list and default["a"] == -1
