"""The short way of a call: it is taken where it may be, and gives what the long way gives."""

from __future__ import annotations

import copy
import functools
import gc
import inspect
import pickle
import threading
import types
import weakref
from typing import Any

import numpy as np
import pytest

import autodiff as ad
from autodiff.api import transformed
from autodiff.api.shortcut import CALLS_BEFORE, missed
from tests.corpus.reference import put_on_record


def warm(gradient: Any, *args: Any, **kwargs: Any) -> Any:
    """Call until there is a shortcut; the last result."""
    for _ in range(CALLS_BEFORE):
        result = gradient(*args, **kwargs)
    assert gradient._shortcut is not missed
    return result


def is_short(gradient: Any, *args: Any, **kwargs: Any) -> bool:
    """Whether a call goes the short way."""
    long_way = gradient._called
    taken = []
    gradient._called = lambda *given: taken.append(given) or long_way(*given)
    try:
        gradient(*args, **kwargs)
    finally:
        del gradient._called
    return not taken


def scaled(x, scale=2.0):
    return x * x * scale


def total(x, y):
    return np.sum(x * y) + np.sum(x)


def named_badly(ndarray, len, float, program, missed=3.0):
    return np.sum(ndarray * len) * float * program * missed


def kinds(a, b=2.0, /, c=3.0, *, d=5.0, e):
    return a * b * c * d * e


def starred(a, *rest, b=1.0, **options):
    return a * a * sum(rest) * b * options.get("c", 1.0)


def chosen(x, mode=None):
    return x * x if mode is None else x * 3.0 if mode == "three" else x


def applied(function, x):
    return function(x) * x


class Spring:
    stiffness = 3.0

    def __init__(self, offset: float = 1.0) -> None:
        self.offset = offset

    @ad.grad
    def slope(self, x):
        return self.stiffness * x * x + self.offset * x

    def energy(self, x):
        return self.stiffness * x * x + self.offset * x

    @staticmethod
    @ad.grad
    def double(x):
        return 2.0 * x * x


class Own(np.ndarray):
    pass


class Real(float):
    pass


VECTOR = np.array([1.0, 2.0, 3.0])
CALLS = [
    ((1.5,), {}),
    ((1.5, 3.0), {}),
    ((1.5,), {"scale": 3.0}),
    ((), {"x": 1.5, "scale": 3.0}),
    ((np.float64(1.5),), {}),
    ((np.float32(1.5),), {}),
    ((np.array(1.5),), {}),
    ((Real(1.5),), {}),
    ((1.5,), {"scale": 3}),
    ((1.5,), {"scale": np.float32(3)}),
]


@pytest.mark.parametrize("first", range(len(CALLS)))
def test_calls_of_all_kinds_after_those_of_one(first: int) -> None:
    gradient = ad.grad(scaled)
    args, kwargs = CALLS[first]
    warm(gradient, *args, **kwargs)
    for args, kwargs in CALLS:
        scale = args[1] if len(args) > 1 else kwargs.get("scale", 2.0)
        x = args[0] if args else kwargs["x"]
        result = gradient(*args, **kwargs)
        assert result == pytest.approx(2 * float(x) * float(scale))
        fresh = ad.grad(scaled)(*args, **kwargs)
        assert type(result) is type(fresh) and np.asarray(result).dtype == np.asarray(fresh).dtype


SHAPES = [(), (3,), (1,), (3, 1), (1, 3), (3, 3), (2, 3), (2, 1, 3), (1, 1), (4,)]


def broadcast(*shapes: tuple[int, ...]) -> bool:
    try:
        np.broadcast_shapes(*shapes)
    except ValueError:
        return False
    return True


PAIRS = [(one, other) for one in SHAPES for other in SHAPES if broadcast(one, other)]


@pytest.mark.parametrize("first", PAIRS[::7])
def test_arrays_of_every_pair_of_shapes_after_those_of_one(first: tuple) -> None:
    random = np.random.default_rng(0)
    gradient = ad.grad(total, (0, 1))
    warm(gradient, *(random.random(shape) for shape in first))
    for one, other in PAIRS:
        shape = np.broadcast_shapes(one, other)
        x, y = random.random(one), random.random(other)
        x_bar, y_bar = gradient(x, y)
        assert np.shape(x_bar) == one and np.shape(y_bar) == other
        np.testing.assert_allclose(x_bar, summed(np.broadcast_to(y, shape), one) + 1.0)
        np.testing.assert_allclose(y_bar, summed(np.broadcast_to(x, shape), other))


def summed(array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The array summed over the dimensions that broadcasting from this shape has added."""
    array = array.sum(tuple(range(array.ndim - len(shape))))
    axes = tuple(axis for axis, size in enumerate(shape) if size == 1)
    return array.sum(axes, keepdims=True) if axes else array


@pytest.mark.parametrize("dtype", [np.float32, np.float64, ">f8", np.longdouble])
def test_precision_and_byte_order(dtype: Any) -> None:
    gradient = ad.grad(total)
    warm(gradient, VECTOR, VECTOR)
    x = VECTOR.astype(dtype)
    result = gradient(x, x)
    np.testing.assert_allclose(np.asarray(result, float), VECTOR + 1.0)
    assert result.dtype == ad.grad(total)(x, x).dtype


def test_a_new_size_goes_the_short_way() -> None:
    gradient = ad.grad(total)
    warm(gradient, VECTOR, VECTOR)
    assert is_short(gradient, np.ones(7), np.ones(7))
    assert not is_short(gradient, np.ones(1), np.ones(1))
    assert not is_short(gradient, np.ones((7, 2)), np.ones((7, 2)))


def test_subclasses_of_arrays_are_refused_or_right_as_before() -> None:
    own = VECTOR.view(Own)

    def outcome(gradient: Any) -> str:
        try:
            return repr(gradient(own, VECTOR))
        except ad.AutodiffError as error:
            return str(error)

    gradient = ad.grad(total)
    warm(gradient, VECTOR, VECTOR)
    assert outcome(gradient) == outcome(ad.grad(total))


def test_parameters_named_like_what_the_shortcut_uses() -> None:
    gradient = ad.grad(named_badly)
    for _ in range(2 * CALLS_BEFORE):
        np.testing.assert_allclose(gradient(VECTOR, VECTOR, 2.0, 3.0), 18.0 * VECTOR)
    assert is_short(gradient, VECTOR, VECTOR, float=2.0, program=3.0)


def test_kinds_of_parameters() -> None:
    gradient = ad.grad(kinds)
    assert warm(gradient, 1.0, e=7.0) == 2.0 * 3.0 * 5.0 * 7.0
    assert is_short(gradient, 1.0, e=7.0)
    assert gradient(1.0, 1.0, d=1.0, e=7.0) == 21.0
    assert gradient(1.0, 1.0, c=1.0, d=1.0, e=7.0) == 7.0
    for args, kwargs in [((1.0,), {}), ((1.0,), {"b": 2.0, "e": 1.0}), ((), {"e": 1.0}), ((1.0, 2.0, 3.0, 4.0), {"e": 1.0})]:
        with pytest.raises(TypeError) as fresh:
            ad.grad(kinds)(*args, **kwargs)
        with pytest.raises(TypeError) as short:
            gradient(*args, **kwargs)
        assert str(short.value) == str(fresh.value)
        assert short.value.__context__ is None or "shortcut" not in str(short.value.__context__)


def test_star_parameters() -> None:
    gradient = ad.grad(starred)
    assert warm(gradient, 1.5, 2.0, 3.0, b=2.0, c=5.0) == 2 * 1.5 * 5.0 * 2.0 * 5.0
    assert is_short(gradient, 2.5, 2.0, 3.0, b=2.0, c=5.0)
    assert gradient(1.5, 2.0, 3.0) == 2 * 1.5 * 5.0
    assert gradient(1.5, 2.0) == 2 * 1.5 * 2.0
    assert gradient(1.5, 2.0, c=3.0) == 2 * 1.5 * 2.0 * 3.0


def test_constants_are_told_apart_by_value() -> None:
    gradient = ad.grad(chosen)
    assert warm(gradient, 2.0, None) == 4.0
    assert gradient(2.0, "three") == 3.0
    assert warm(gradient, 2.0, "three") == 3.0
    assert gradient(2.0, "other") == 1.0 and gradient(2.0) == 4.0 and gradient(2.0, mode="three") == 3.0


def test_functions_are_told_apart_by_identity() -> None:
    gradient = ad.grad(applied, 1)
    assert warm(gradient, np.sin, 1.0) == pytest.approx(np.sin(1.0) + np.cos(1.0))
    assert gradient(np.cos, 1.0) == pytest.approx(np.cos(1.0) - np.sin(1.0))
    assert gradient(lambda x: 2.0 * x, 1.0) == pytest.approx(4.0)


def test_containers() -> None:
    gradient = ad.grad(lambda p: p["a"] * p["b"][0])
    assert warm(gradient, {"a": 2.0, "b": [3.0]}) == {"a": 3.0, "b": [2.0]}
    assert is_short(gradient, {"a": 2.0, "b": [3.0]})
    assert gradient({"a": 2.0, "b": [3.0, 4.0]}) == {"a": 3.0, "b": [2.0, 0.0]}
    assert gradient({"b": [3.0], "a": 2.0}) == {"a": 3.0, "b": [2.0]}
    many = {f"k{k}": 1.0 for k in range(200)}
    with pytest.raises((ad.AutodiffError, KeyError)):
        gradient(many)


def test_exchanged_defaults() -> None:
    def f(x, scale=2.0, *, power=3.0):
        return x * scale * power

    gradient = ad.grad(f)
    assert warm(gradient, 1.0) == 6.0
    f.__defaults__ = (5.0,)
    assert gradient(1.0) == 15.0
    f.__kwdefaults__ = {"power": 7.0}
    assert warm(gradient, 1.0) == 35.0
    f.__kwdefaults__["power"] = np.float64(2.0)
    assert gradient(1.0) == 10.0
    f.__defaults__ = None
    with pytest.raises(TypeError):
        gradient(1.0)
    assert gradient(1.0, 4.0) == 8.0


def test_rebound_functions_and_data() -> None:
    space: dict[str, Any] = {}
    source = "factor = 2.0\ndef inner(x):\n    return x * factor\ndef outer(x):\n    return inner(x) * x\n"
    module = types.ModuleType("short_way")
    space = vars(module)
    space["__file__"] = filename = "<short way>"
    put_on_record(source, filename)
    exec(compile(source, filename, "exec"), space)
    gradient = ad.grad(module.outer)
    assert warm(gradient, 3.0) == 12.0
    module.factor = 5.0
    assert is_short(gradient, 3.0) and gradient(3.0) == 30.0
    module.factor = np.array(5.0)
    assert not is_short(gradient, 3.0) and gradient(3.0) == 30.0
    module.factor = 2.0
    module.inner = np.sin
    assert gradient(3.0) == pytest.approx(np.sin(3.0) + 3.0 * np.cos(3.0))
    del module.inner
    with pytest.raises((NameError, ad.AutodiffError)):
        gradient(3.0)


def test_closure_that_changes() -> None:
    weight: Any = 2.0

    def f(x):
        return x * weight

    gradient = ad.grad(f)
    assert warm(gradient, 3.0) == 2.0
    weight = 5.0
    assert gradient(3.0) == 5.0
    weight = np.array([1.0, 2.0])
    assert gradient(3.0) == 3.0
    weight = 1
    assert warm(gradient, 3.0) == 1.0


def test_methods() -> None:
    spring, other = Spring(), Spring(4.0)
    assert warm(Spring.__dict__["slope"], spring, 2.0) == 13.0
    assert spring.slope(2.0) == 13.0 and other.slope(2.0) == 16.0 and other.slope(x=2.0) == 16.0
    spring.stiffness = np.float64(1.0)
    assert spring.slope(2.0) == 5.0
    bound = ad.grad(other.energy)
    assert warm(bound, 2.0) == 16.0
    other.offset = 5.0
    assert bound(2.0) == 17.0 and bound(x=2.0) == 17.0
    assert warm(Spring.double, 2.0) == 8.0 and Spring().double(2.0) == 8.0
    assert is_short(bound, 2.0)


def test_partials() -> None:
    gradient = ad.grad(functools.partial(total, VECTOR))
    np.testing.assert_allclose(warm(gradient, VECTOR), VECTOR)
    assert is_short(gradient, VECTOR)
    gradient = ad.grad(functools.partial(scaled, scale=3.0))
    for _ in range(2 * CALLS_BEFORE):
        assert gradient(1.0) == 6.0 and gradient(1.0, scale=4.0) == 8.0


def test_higher_orders_and_primitives() -> None:
    second = ad.grad(ad.grad(scaled))
    assert warm(second, 1.5) == 4.0 and is_short(second, 1.5)
    assert second(1.5, scale=5.0) == 10.0 and warm(second, 1.5, scale=5.0) == 10.0
    sine = ad.grad(np.sin)
    assert warm(sine, 0.5) == pytest.approx(np.cos(0.5)) and is_short(sine, 0.5)
    np.testing.assert_allclose(sine(VECTOR), np.cos(VECTOR))


def test_errors_name_the_users_line_and_wrong_arguments_are_refused() -> None:
    def f(x, n):
        return x * [1.0, 2.0][n]

    gradient = ad.grad(f)
    assert warm(gradient, 1.0, 1) == 2.0
    with pytest.raises(IndexError) as raised:
        gradient(1.0, 5)
    assert len(raised.value.__notes__) == 1 and __file__ in raised.value.__notes__[0]
    with pytest.raises(TypeError, match="missing"):
        gradient(1.0)
    with pytest.raises(ad.DerivativeUndefined):
        gradient(1, 1)

    def raising(x):
        raise TypeError("from the function")

    refused = ad.grad(lambda x, y: x * raising(y))
    for _ in range(2 * CALLS_BEFORE):
        with pytest.raises(TypeError, match="from the function"):
            refused(1.0, 1.0)


def test_looks_and_pickles_as_before() -> None:
    gradient = ad.grad(scaled)
    warm(gradient, 1.5)
    assert inspect.signature(gradient) == inspect.signature(scaled)
    assert gradient.__wrapped__ is scaled and gradient.__name__ == "scaled"
    for other in (pickle.loads(pickle.dumps(gradient)), copy.copy(gradient), copy.deepcopy(gradient)):
        assert other(1.5) == 6.0


def test_alternating_signatures_do_not_make_new_shortcuts(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    original = transformed.shortcut
    monkeypatch.setattr(transformed, "shortcut", lambda *given: made.append(given) or original(*given))
    gradient = ad.grad(scaled)
    for _ in range(3 * CALLS_BEFORE):
        assert gradient(1.5) == 6.0 and gradient(VECTOR[0]) == 4.0
    assert len(made) <= 1


def test_threads() -> None:
    gradient = ad.grad(total, (0, 1))
    arguments = [(VECTOR, VECTOR), (1.5, 2.5), (np.ones((2, 3)), VECTOR), (VECTOR, 2.0)]
    expected = [ad.grad(total, (0, 1))(*given) for given in arguments]
    wrong = []

    def work(start: int) -> None:
        for k in range(400):
            which = (start + k // 9) % len(arguments)
            result = gradient(*arguments[which])
            if not all(np.array_equal(a, b) for a, b in zip(result, expected[which])):
                wrong.append(which)

    threads = [threading.Thread(target=work, args=(start,)) for start in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_functions_that_had_one_go_when_they_are_dropped() -> None:
    def dropped(k: int) -> tuple[Any, Any]:
        weight = float(k)

        def f(x, scale=2.0):
            return x * weight * scale

        gradient = ad.grad(f)
        assert warm(gradient, 1.0) == 2.0 * k
        return weakref.ref(f), weakref.ref(gradient)

    dropped(0)
    gc.collect()
    before = len(gc.get_objects())
    for k in range(300):
        assert [reference() for reference in dropped(k)] == [None, None]
    gc.collect()
    assert len(gc.get_objects()) - before < 100
