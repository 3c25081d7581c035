"""Copies of saved values keep who shares memory with whom."""

from __future__ import annotations

from collections import namedtuple

import numpy as np
import pytest

from autodiff.api.private import private

Pair = namedtuple("Pair", "first second")


@pytest.mark.parametrize(
    "view",
    [
        lambda x: x[1:3],
        lambda x: x[::-1],
        lambda x: x.T,
        lambda x: x[:, 0],
        lambda x: x.reshape(-1)[2:7:2],
        lambda x: x[::-2, ::-1].T,
        lambda x: x,
    ],
)
@pytest.mark.parametrize("order", ["C", "F"])
def test_views_stay_views(view, order) -> None:
    array = np.asfortranarray(np.arange(12.0).reshape(4, 3)) if order == "F" else np.arange(12.0).reshape(4, 3)
    part = view(array)
    shares = np.shares_memory(array, part)
    new, new_part = private((array, part))
    assert np.array_equal(new, array) and np.array_equal(new_part, part) and new.strides == array.strides
    assert not np.shares_memory(new, array) and np.shares_memory(new, new_part) == shares
    before = array.copy()
    new_part += 100.0
    assert np.array_equal(array, before)
    if shares:
        part += 100.0
        assert np.array_equal(new, array)


def test_a_view_alone_keeps_its_values() -> None:
    part = np.arange(10.0)[::-3]
    assert np.array_equal(private(part), part)


def test_broadcast_arrays_stay_read_only() -> None:
    spread = np.broadcast_to(np.float64(2.0), (3, 2))
    new = private(spread)
    assert np.array_equal(new, spread) and not new.flags.writeable


def test_containers_keep_their_sharing() -> None:
    inner = [1.0]
    loop: list = [inner, inner, {"a": inner}, Pair(inner, 2)]
    loop.append(loop)
    new = private(loop)
    assert new[0] is new[1] is new[2]["a"] is new[3].first and new[4] is new and new is not loop
    assert type(new[3]) is Pair
    new[0].append(2.0)
    assert inner == [1.0]
