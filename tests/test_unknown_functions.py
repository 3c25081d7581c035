"""Functions that only the run time knows: what they change of what they are given, or hand back, is refused, never lost."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import autodiff as ad
from tests.corpus.reference import assert_close, numeric_gradient
from tests.orders import run_generic


def doubled_in_place(x):
    x *= 2.0


def grown_array(x):
    x += 1.0


def grown(items):
    items.append(items[0] * 2.0)


def tripled_item(table):
    table["w"] = table["w"] * 3.0


ACTIONS = {"twice": doubled_in_place, "grow": grown, "triple": tripled_item}


class Keeper:
    """It holds a list that its maker knows too."""

    def __init__(self, items, factor=1.0):
        self.items, self.factor = items, factor

    def add(self, value):
        self.items.append(self.factor * value)


class Doubler(Keeper):
    """It adds twice as much."""

    def add(self, value):
        self.items.append(2.0 * self.factor * value)


KEEPERS = {"keeper": Keeper, "doubler": Doubler}


def changed_by_an_action(x, names):
    table = {"w": x}
    for name in names:
        ACTIONS[name](table)
    return table["w"] * x


def grown_by_an_action(x, names):
    items = [x]
    for name in names:
        ACTIONS[name](items)
    return items[-1] * x


def changed_by_what_is_given(x, change):
    y = x * 1.0
    change(y)
    return np.sum(y * x)


def changed_by_what_was_captured(x, names):
    kept = [x]
    adders = {"plain": lambda v: kept.append(v), "double": lambda v: kept.append(2.0 * v)}
    for name in names:
        adders[name](x * x)
    return kept[-1]


def handed_back_and_changed(x, make):
    items = [x]
    same = make(items)
    same.append(x * x)
    return items[-1]


def held_by_what_is_made(x, make):
    items = [x]
    keeper = make(items)
    keeper.items.append(x * x)
    return items[-1]


def changed_by_an_object_of_a_class_by_name(x, rate, names):
    total = 0.0
    for name in names:
        items = [x]
        keeper = KEEPERS[name](items, rate)
        keeper.add(x * x)
        total += items[-1]
    return total


def view_handed_back_and_changed(x, view):
    y = x * 1.0
    part = view(y)
    part *= 3.0
    return np.sum(y * y)


PROGRAMS = [
    (changed_by_an_action, (2.0, ["triple", "triple"])),
    (grown_by_an_action, (2.0, ["grow", "grow"])),
    (changed_by_what_is_given, (np.array([1.0, 2.0]), doubled_in_place)),
    (changed_by_what_was_captured, (2.0, ["plain", "double"])),
    (handed_back_and_changed, (2.0, lambda items: items)),
    (held_by_what_is_made, (2.0, lambda items: Keeper(items))),
    (changed_by_an_object_of_a_class_by_name, (2.0, 0.5, ["keeper", "doubler"])),
    (view_handed_back_and_changed, (np.array([1.0, 2.0, 3.0]), lambda y: y[1:])),
]


@pytest.mark.parametrize("function, arguments", PROGRAMS)
@pytest.mark.parametrize("form", ["typed", "generic"])
def test_right_or_refused(function: Callable, arguments: tuple, form: str) -> None:
    known = numeric_gradient(function, arguments, (0,))[0]
    gradient = ad.grad(function)
    try:
        found = gradient(*arguments) if form == "typed" else run_generic(gradient, arguments)
    except (ad.AutodiffError, ad.DerivativeRefused):
        return
    assert_close(found, known)


def test_the_refusal_names_the_function_and_what_it_changes() -> None:
    with pytest.raises(ad.DerivativeRefused, match="grown_array is only known when the program runs, and changes an array"):
        run_generic(ad.grad(changed_by_what_is_given), (np.array([1.0, 2.0]), grown_array))


def test_functions_that_change_nothing_are_followed() -> None:
    def summed(x, actions):
        total, seen = 0.0, []
        for action in actions:
            seen.append(len(actions))
            total = total + action(x)
        return total + len(seen)

    arguments = (np.array([0.5, 1.5]), [np.sum, lambda v: np.sum(v * v)])
    assert_close(run_generic(ad.grad(summed), arguments), np.array([2.0, 4.0]))


def test_a_callback_that_keeps_its_own_record_is_no_obstacle() -> None:
    def descend(x, callback):
        for step in range(3):
            x = x - 0.1 * x * x
            callback(step, x)
        return x

    seen: list[int] = []
    arguments = (2.0, lambda step, x: seen.append(step))
    known = numeric_gradient(descend, arguments, (0,))[0]
    assert_close(run_generic(ad.grad(descend), arguments), known)
