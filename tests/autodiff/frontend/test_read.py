"""Every kind of callable is read as the core program of exactly that function."""

from __future__ import annotations

import asyncio
import functools
import gc
import inspect
import threading
import weakref

import numpy as np
import pytest

import autodiff as ad
from autodiff.frontend import read as reading
from autodiff.frontend.read import Callee, Reader, read, take_apart
from tests.autodiff.frontend.support import load
from transforms import core
from transforms.errors import RuleNotFound, SourceNotFound, TransformError, UnsupportedSyntax
from transforms.printer import print_function


def f(x, y=2.0, *rest, z=1.0, **more):
    """The documentation."""
    return x * y + z


class Model:
    def __init__(self, weight=2.0):
        self.__weight = weight

    def forward(self, x):
        return self.__weight * x

    def __call__(self, x):
        return self.forward(x)

    @staticmethod
    def static(x):
        return x - 1

    @classmethod
    def made(cls, x):
        return x


@functools.lru_cache
def remembered(x):
    return x + 1


def body(function) -> str:
    return print_function(read(function)).split(":\n", 1)[1].strip()


def test_function():
    function = read(f)
    assert isinstance(function, core.Function)
    assert function.name == "f" and function.parameters == ("x", "y", "rest", "z", "more")
    assert str(function.signature) == "(x, y=2.0, *rest, z=1.0, **more)"
    assert function.doc == "The documentation."
    assert function.body[-1].origin.line == f.__code__.co_firstlineno + 2
    assert function.filename == __file__


@pytest.mark.parametrize(
    ("callable_", "parameters"),
    [
        (lambda a, b: a * b, ("a", "b")),
        (Model().forward, ("self", "x")),
        (Model(), ("self", "x")),
        (Model.static, ("x",)),
        (Model.__dict__["static"], ("x",)),
        (Model.made, ("cls", "x")),
        (Model, ("self", "weight")),
        (functools.partial(f, 1.0), ("x", "y", "rest", "z", "more")),
        (remembered, ("x",)),
        (np.sin, ("x",)),  # as its rule names it
        (np.multiply, ("x", "y")),
    ],
)
def test_kinds(callable_, parameters):
    function = read(callable_)
    assert function.parameters == parameters


def test_taking_apart():
    model = Model()
    assert take_apart(model.forward) == Callee(Model.forward, (model,))
    assert take_apart(model) == Callee(Model.__call__, (model,))
    assert take_apart(Model.made) == Callee(Model.made.__func__, (Model,))
    twice = functools.partial(functools.partial(f, 1.0, z=2.0), 3.0, z=4.0)
    assert take_apart(twice) == Callee(f, (1.0, 3.0), {"z": 4.0})
    assert take_apart(functools.partial(model.forward, 2.0)) == Callee(Model.forward, (model, 2.0))
    assert take_apart(np.sin) == Callee(np.sin)


def test_private_names_are_mangled():
    assert "self._Model__weight" in body(Model.forward)


def test_wrapper_is_read_and_not_what_it_wraps():
    def twice(function):
        @functools.wraps(function)
        def wrapper(*args):
            return 2.0 * function(*args)

        return wrapper

    @twice
    def wrapped(x):
        return x

    function = read(wrapped)
    assert function.parameters == ("args",)
    assert str(function.signature) == "(*args)"


def test_numpy_function_is_one_call():
    function = read(np.sin)
    assert "np.sin" in print_function(function)
    assert len(function.body) == 2


def test_builtin_without_rule():
    with pytest.raises(RuleNotFound, match="dir has no Python source and there is no rule for it"):
        read(dir)


def test_not_a_function():
    with pytest.raises(TransformError, match="3.0 is not a function"):
        read(3.0)


def test_source_not_found():
    names: dict = {}
    exec("def f(x): return x", names)
    with pytest.raises(SourceNotFound):
        read(names["f"])


def test_coroutines_are_refused():
    async def waiting(x):
        await asyncio.sleep(x)

    with pytest.raises(UnsupportedSyntax, match="it is asynchronous"):
        read(waiting)


def test_callee_that_cannot_be_read():
    reader = Reader()
    assert reader.read(dir) is None
    assert isinstance(reader.why(dir), RuleNotFound)
    assert reader.why(f) is None


def test_one_reader_reads_a_function_once():
    reader = Reader()
    assert reader.read(f) is reader.read(f)


def test_defaults_belong_to_the_function_and_not_to_its_code():
    functions = [lambda x, k=k: x * k for k in (1.0, 2.0)]
    assert [read(function).signature.parameters["k"].default for function in functions] == [1.0, 2.0]


def test_text_is_parsed_once_for_functions_of_the_same_code(monkeypatch):
    calls = []
    lower = reading.lower
    monkeypatch.setattr(reading, "lower", lambda *args: calls.append(1) or lower(*args))
    programs = [read(lambda x, k=k: x * k) for k in range(5)]
    assert len(calls) == 1
    assert len({id(program) for program in programs}) == 5


def test_dropped_functions_are_not_kept():
    def make(big):
        return lambda x: x * big[0] + inner(x)

    def inner(x):
        return x

    class Big(list):
        pass

    content = Big([1.0])
    function = make(content)
    read(function)
    dead = weakref.ref(function), weakref.ref(content)
    del function, content
    gc.collect()
    assert [reference() for reference in dead] == [None, None]


def test_dropped_code_is_not_kept():
    before = len(reading._templates)
    for number in range(30):
        names = load(f"def f(x):\n    return x * {number}\n", "<dropped>")
        read(names["f"])
        del names
    gc.collect()
    assert len(reading._templates) <= before + 1


def test_many_lambdas():
    before = len(reading._templates)
    for k in range(10_000):
        function = lambda x: x * k
        if k % 100 == 0:
            read(function)
    assert len(reading._templates) <= before + 1


def test_reading_from_many_threads():
    names = load("\n".join(f"def f{n}(x):\n    y = x * {n}\n    return y + {n}\n" for n in range(20)))
    results: dict[int, list] = {}

    def work(number: int) -> None:
        results[number] = [print_function(read(names[f"f{n}"])) for n in range(20)]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 6 and all(result == results[0] for result in results.values())


def test_signature_of_the_function_itself():
    def own(x, y=1):
        return x

    own.__signature__ = inspect.Signature()
    assert str(reading.signature_of(own)) == "(x, y=1)"


class Holder:
    """An object whose attributes come and go."""


def test_an_attribute_that_was_missing_is_noticed():
    holder = Holder()

    def scaled(x):
        if hasattr(holder, "scale"):
            return x * holder.scale
        return x * x

    gradient = ad.grad(scaled)
    assert gradient(3.0) == 6.0
    holder.scale = 5.0
    assert gradient(3.0) == 5.0
    del holder.scale
    assert gradient(3.0) == 6.0


def test_an_attribute_that_the_program_itself_gives_to_a_captured_object():
    holder = Holder()

    def products(x):
        total = 0.0
        for i in range(3):
            if not hasattr(holder, "product"):
                holder.product = x[i]
            else:
                holder.product = holder.product * x[i]
            total = total + holder.product
        return total

    x = np.array([0.5, 1.2, 0.7])
    np.testing.assert_allclose(ad.grad(products)(x), [1 + x[1] + x[1] * x[2], x[0] + x[0] * x[2], x[0] * x[1]])


def test_an_attribute_of_the_function_itself():
    def counted(x):
        if not hasattr(counted, "calls"):
            counted.calls = 0
        counted.calls += 1
        return x * x * counted.calls

    gradient = ad.grad(counted)
    assert [gradient(3.0), gradient(3.0), gradient(3.0)] == [6.0, 12.0, 18.0]
