"""Compiled programs are found again, noticed when outdated, and dropped with what they belong to."""

from __future__ import annotations

import gc
import linecache
import threading
import types
import weakref

import numpy as np
import pytest

import autodiff as ad
from autodiff.api.transformed import Transformed
from autodiff.backend import cache
from tests.autodiff.frontend.support import load


@pytest.fixture
def compilations(monkeypatch):
    """The functions that are compiled during a test, in order."""
    seen: list[str] = []
    derived = Transformed._derived

    def noting(self, bound, values):
        seen.append(getattr(self, "__name__", "?"))
        return derived(self, bound, values)

    monkeypatch.setattr(Transformed, "_derived", noting)
    return seen


def test_one_program_for_all_sizes(compilations):
    gradient = ad.grad(lambda x: np.sum(x * x))
    for size in (2, 3, 4, 0):
        assert gradient(np.ones(size)).tolist() == [2.0] * size
    assert len(compilations) == 1
    gradient(np.ones((2, 2)))
    gradient(np.ones(3, np.float32))
    gradient(np.ones(1))
    assert len(compilations) == 4


def test_lambdas_of_the_same_code_share_a_program(compilations):
    results = [ad.grad(lambda x: x * k)(1.0) for k in (1.0, 2.0, 3.0)]
    assert results == [1.0, 2.0, 3.0]
    assert len(compilations) == 1


def test_functions_wrapped_again_share_a_program(compilations):
    def f(x):
        return x * x

    assert [ad.grad(f)(float(n)) for n in range(5)] == [0.0, 2.0, 4.0, 6.0, 8.0]
    assert [ad.grad(ad.grad(f))(float(n)) for n in range(5)] == [2.0] * 5
    assert len(compilations) == 2


def test_options_are_told_apart():
    def f(x, y):
        return x * x * y

    assert ad.grad(f)(2.0, 3.0) == 12.0
    assert ad.grad(f, 1)(2.0, 3.0) == 4.0
    assert ad.grad(f, argnums=(0,))(2.0, 3.0) == (12.0,)
    assert ad.value_and_grad(f)(2.0, 3.0) == (12.0, 12.0)


def test_closures_over_other_types():
    def make(k):
        return lambda x: np.sum(x * k)

    x = np.array([1.0, 2.0])
    for k in (2.0, np.array([3.0, 4.0]), np.array([[1.0, 2.0], [3.0, 4.0]]), np.float32(2.0), 3):
        expected = (np.ones(2) * k).reshape(-1, 2).sum(axis=0)
        assert ad.grad(make(k))(x) == pytest.approx(expected)


def test_closures_over_other_functions():
    def make(g):
        return lambda x: g(x) * x

    assert ad.grad(make(lambda x: x))(3.0) == 6.0
    assert ad.grad(make(lambda x: x * x))(3.0) == 27.0
    assert ad.grad(make(np.sin))(3.0) == pytest.approx(np.sin(3.0) + 3.0 * np.cos(3.0))


def test_closure_variable_that_changes():
    k = 2.0

    def f(x):
        return x * k

    gradient = ad.grad(f)
    assert gradient(1.0) == 2.0
    k = 5.0
    assert gradient(1.0) == 5.0
    k = np.array([1.0, 2.0])
    assert gradient(1.0) == 3.0


def test_redefined_function_is_noticed():
    names = load("def g(x):\n    return x\ndef f(x):\n    return g(x) * x\n")
    gradient = ad.grad(names["f"])
    assert gradient(3.0) == 6.0
    names["g"] = lambda x: x * x
    assert gradient(3.0) == 27.0
    assert ad.grad(names["f"])(3.0) == 27.0


def test_redefined_callee_of_a_callee_is_noticed():
    names = load("def h(x):\n    return x\ndef g(x):\n    return h(x)\ndef f(x):\n    return g(x) * x\n")
    gradient = ad.grad(names["f"])
    assert gradient(3.0) == 6.0
    names["h"] = lambda x: x * x
    assert gradient(3.0) == 27.0


def test_function_of_a_module_that_is_exchanged():
    module = types.ModuleType("helpers_that_change")
    module.scale = lambda x: x * 2.0
    gradient = ad.grad(load("def f(x):\n    return helpers.scale(x)\n", helpers=module)["f"])
    assert gradient(3.0) == 2.0
    module.scale = lambda x: x * 5.0
    assert gradient(3.0) == 5.0


def test_global_data_of_another_type():
    names = load("import numpy as np\nk = 2.0\ndef f(x):\n    return np.sum(x * k)\n")
    gradient = ad.grad(names["f"])
    assert gradient(np.ones(2)).tolist() == [2.0, 2.0]
    names["k"] = 7.0
    assert gradient(np.ones(2)).tolist() == [7.0, 7.0]
    names["k"] = np.array([[1.0], [2.0]])
    assert gradient(np.ones(2)).tolist() == [3.0, 3.0]
    names["k"] = "text"
    with pytest.raises((TypeError, np.exceptions.DTypePromotionError)):
        gradient(np.ones(2))
    names["k"] = 1.0
    assert gradient(np.ones(2)).tolist() == [1.0, 1.0]


def test_data_whose_type_keeps_changing_is_compiled_for_no_type(compilations):
    names = load("import numpy as np\nk = ()\ndef f(x):\n    return x * len(k)\n")
    gradient = ad.grad(names["f"])
    for size in range(30):
        names["k"] = (1.0,) * size
        assert gradient(1.0) == size
    assert len(compilations) < 10


def test_attribute_that_the_program_sets():
    class Model:
        state = None

        def __init__(self):
            self.state = "text"

        def __call__(self, x):
            self.state = 2.0
            return x * self.state

    model = Model()
    assert ad.grad(model)(3.0) == 2.0
    assert ad.grad(model)(3.0) == 2.0


def test_dropped_functions_are_not_kept():
    class Big(list):
        pass

    def make(content):
        return lambda x: x * content[0]

    content = Big([2.0])
    function = make(content)
    gradient = ad.grad(function)
    gradient(1.0)
    dead = weakref.ref(function), weakref.ref(content), weakref.ref(gradient)
    del function, content, gradient
    gc.collect()
    assert [reference() for reference in dead] == [None, None, None]


def test_programs_of_dropped_code_go():
    def registered() -> int:
        return sum(name.startswith("<autodiff dropped") for name in linecache.cache)

    gc.collect()
    for number in range(20):
        names = load(f"def dropped(x):\n    return x * {number}.0\n", "<dropped text>")
        assert ad.grad(names["dropped"])(1.0) == number
        del names
    gc.collect()
    gc.collect()  # what the first collection has released from the caches
    assert registered() == 0


def test_many_signatures_are_bounded(monkeypatch):
    monkeypatch.setattr(cache, "ENTRIES", 3)
    gradient = ad.grad(lambda x, flag: x * 2.0)
    for number in range(8):
        assert gradient(1.0, str(number)) == 2.0
    assert len(gradient._entries) == 3


def test_shared_programs_are_bounded(monkeypatch):
    monkeypatch.setattr(cache, "SHARED_PROGRAMS", 5)
    for size in range(8):
        ad.grad(lambda x, flag: x * 2.0)(1.0, "flag" * size)
    assert len(cache._shared) <= 5


def test_concurrent_first_calls():
    def f(x):
        y = x
        for _ in range(5):
            y = y * x + np.sin(y)
        return y

    expected = ad.grad(lambda x: f(x))(0.7)
    gradient = ad.grad(f)
    start, results = threading.Barrier(6), []

    def work() -> None:
        start.wait()
        results.append((gradient(0.7), ad.grad(f)(0.7), ad.value_and_grad(f)(np.float64(0.7))[1]))

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 6
    assert all(item == pytest.approx(expected) for result in results for item in result)


@pytest.mark.parametrize("was_enabled", [True, False])
def test_the_garbage_collector_waits_for_a_compilation_and_is_as_it_was_afterwards(
    was_enabled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    derived = Transformed._derived

    def watching(self, bound, values):
        seen.append(gc.isenabled())
        with cache.compiling:  # a compilation inside of another one
            pass
        seen.append(gc.isenabled())
        return derived(self, bound, values)

    monkeypatch.setattr(Transformed, "_derived", watching)
    cache.clear()
    (gc.enable if was_enabled else gc.disable)()
    try:
        assert ad.grad(lambda x: x * x)(2.0) == 4.0
        assert gc.isenabled() is was_enabled
        with pytest.raises(ad.AutodiffError):
            ad.grad(lambda x: eval("x"))(2.0)
        assert gc.isenabled() is was_enabled
        assert seen == [False] * 4
    finally:
        gc.enable()


def test_objects_go_with_what_was_compiled_for_them() -> None:
    class Layer:
        def __init__(self, weight):
            self.weight = weight

        def __call__(self, x):
            return x * x * self.weight

        def cube(self, x):
            return x * x * x * self.weight

    alive = []
    for number in range(20):
        layer = Layer(float(number))
        assert ad.grad(layer)(2.0) == 4.0 * number
        assert ad.grad(layer)(3.0) == 6.0 * number
        assert ad.grad(layer.cube)(1.0) == 3.0 * number
        alive.append(weakref.ref(layer))
        del layer
    gc.collect()
    assert sum(reference() is not None for reference in alive) == 0


def test_a_program_for_an_object_is_found_again() -> None:
    class Layer:
        def __init__(self, weight):
            self.weight = weight

        def __call__(self, x):
            return x * self.weight

    layer = Layer(2.0)
    first = ad.grad(layer)
    assert first(1.5) == 2.0
    layer.weight = 3.0
    assert ad.grad(layer)(1.5) == 3.0 and first(1.5) == 3.0
    layer.weight = np.array([1.0, 2.0])
    assert ad.grad(layer)(1.5) == 3.0
