"""What must be true of every gradient: deterministic source, no effects but the program's own, no leaks, threads,
deep loops, growth of the source, readable output."""

from __future__ import annotations

import contextlib
import copy
import gc
import importlib
import math
import os
import pkgutil
import re
import shutil
import subprocess
import sys
import threading
import tracemalloc
import weakref
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import autodiff as ad
import tests.corpus
from tests.corpus import Program, programs
from tests.corpus.reference import assert_close, function_from, numbers

ROOT = Path(__file__).resolve().parent.parent
GOLDEN = Path(__file__).resolve().parent / "golden"
BY_NAME: dict[str, Program] = {program.name: program for program in programs()}

SOURCES = """
import sys
import autodiff as ad
from tests.corpus import programs
for program in programs()[::{step}]:
    gradient = ad.grad(program.function, program.wrt)
    print("#", program.name)
    for source in (lambda: gradient.source_for(*program.arguments[0]), lambda: gradient.source):
        try:
            print(source())
        except ad.AutodiffError as refusal:  # the same on each run, too
            print(str(refusal).splitlines()[0])  # without the place, which may be in the standard library
"""


def sources_with(seed: str, step: int, python: str = sys.executable) -> str:
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
    run = subprocess.run(
        [python, "-c", SOURCES.format(step=step)], env=environment, cwd=ROOT, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr[-2000:]
    return run.stdout


def test_source_is_the_same_for_every_hash_seed() -> None:
    first = sources_with("0", 12)
    assert first.count("def ") >= 40
    assert sources_with("1", 12) == first
    assert sources_with("4321", 12) == first


def other_pythons() -> list[str]:
    """The other supported interpreters that can run the compiler: `AUTODIFF_PYTHONS`, or those on the path."""
    named = os.environ.get("AUTODIFF_PYTHONS", "").split(os.pathsep)
    found = named if named != [""] else [shutil.which(f"python3.{minor}") or "" for minor in (11, 12, 13)]
    others = [path for path in found if path and f"3.{sys.version_info.minor}" not in path]
    check = "import numpy, gast, astunparse"
    return [path for path in others if subprocess.run([path, "-c", check], capture_output=True).returncode == 0]


def test_source_is_the_same_for_every_version_of_python() -> None:
    others = other_pythons()
    if not others:
        pytest.skip("there is no other interpreter with what the compiler needs; the golden files hold for this one")
    first = sources_with("0", 7)
    for python in others:
        assert sources_with("1", 7, python) == first, python


def test_source_does_not_depend_on_what_was_transformed_before() -> None:
    names = ["arithmetic.product_and_sine", "loops.repeated_sine", "functions.calls_function"]
    alone = [ad.grad(BY_NAME[name].function).source_for(*BY_NAME[name].arguments[0]) for name in names]
    for program in programs()[::25]:
        with contextlib.suppress(ad.AutodiffError):
            ad.grad(program.function, program.wrt)(*copy.deepcopy(program.arguments[0]))
    again = [ad.grad(BY_NAME[name].function).source_for(*BY_NAME[name].arguments[0]) for name in reversed(names)]
    assert alone == again[::-1]


# --------------------------------------------------------------------------------------------- effects and globals


def test_nothing_is_written_into_user_modules() -> None:
    modules = [importlib.import_module(f"tests.corpus.{m.name}") for m in pkgutil.iter_modules(tests.corpus.__path__)]
    before = [{name: id(value) for name, value in vars(module).items() if name != "counter"} for module in modules]
    attributes = {p.name: set(vars(p.function)) for p in programs() if hasattr(p.function, "__dict__")}
    for program in programs()[::5]:
        with contextlib.suppress(ad.AutodiffError):  # what is refused writes nothing either
            ad.grad(program.function, program.wrt)(*copy.deepcopy(program.arguments[0]))
    after = [{name: id(value) for name, value in vars(module).items() if name != "counter"} for module in modules]
    assert before == after
    assert attributes == {p.name: set(vars(p.function)) for p in programs() if hasattr(p.function, "__dict__")}


def test_effects_happen_once() -> None:
    calls = []

    def f(x):
        calls.append(float(x))
        return x * x

    assert ad.grad(f)(3.0) == 6.0
    assert calls == [3.0]
    value, gradient = ad.value_and_grad(f)(4.0)
    assert (value, gradient, calls) == (16.0, 8.0, [3.0, 4.0])


def test_global_counters_count_calls() -> None:
    function = function_from("count = 0\ndef f(x):\n    global count\n    count += 1\n    return x * count")
    gradient = ad.grad(function)
    assert [gradient(2.0), gradient(2.0), gradient(2.0)] == [1.0, 2.0, 3.0]
    assert function.__globals__["count"] == 3


def test_prints_happen_once_and_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    def f(x):
        for i in range(3):
            x = x * 1.5
            print(i, f"{x:.2f}")
        print("done")
        return x

    f(1.0)
    plain = capsys.readouterr().out
    ad.grad(f)(1.0)
    assert capsys.readouterr().out == plain


def test_errors_of_the_program_come_through() -> None:
    def f(x):
        if x > 1:
            raise KeyError("too large")
        return x / (x - 0.5)

    gradient = ad.grad(f)
    with pytest.raises(KeyError, match="too large"):
        gradient(2.0)
    with pytest.raises(ZeroDivisionError):
        gradient(0.5)
    assert gradient(1.0) == pytest.approx(-0.5 / 0.25)


def test_an_error_leaves_what_happened_before() -> None:
    log = []

    def f(x):
        log.append("before")
        y = x[5]
        log.append("after")
        return y * y

    with pytest.raises(IndexError):
        ad.grad(f)(np.ones(3))
    assert log == ["before"]


def test_objects_are_changed_as_by_the_plain_call() -> None:
    class State:
        def __init__(self):
            self.count = 0
            self.values = []
            self.total = 0.0

    def f(x, state):
        state.count += 1
        state.values.append(x)
        state.total = state.total + x * x
        return state.total

    plain, transformed = State(), State()
    f(2.0, plain)
    assert ad.grad(f)(2.0, transformed) == 4.0
    assert vars(plain) == vars(transformed)


def test_signature_name_and_documentation_are_kept() -> None:
    import inspect

    def f(x, y=2.0, *, scale=3.0):
        """What f does."""
        return x * y * scale

    gradient = ad.grad(f)
    assert (gradient.__name__, gradient.__doc__) in ((f.__name__, f.__doc__), ("grad_f", f.__doc__)) or (
        "What f does" in gradient.__doc__ and "f" in gradient.__name__
    )
    assert list(inspect.signature(gradient).parameters) == ["x", "y", "scale"]
    assert gradient(1.0) == 6.0
    assert gradient(1.0, scale=5.0) == 10.0
    assert gradient(1.0, y=1.0) == 3.0
    assert gradient.__wrapped__ is f


# ------------------------------------------------------------------------------------------------------- leaks


def test_functions_of_one_code_do_not_leak() -> None:
    def make(k):
        scale = float(k % 7)
        return lambda x: x * x * scale

    alive = []
    for k in range(200):
        assert ad.grad(make(k))(1.5) == 3.0 * (k % 7)
    gc.collect()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for k in range(10_000):
        function = make(k)
        if k % 100 == 0:
            alive.append(weakref.ref(function))
        assert ad.grad(function)(1.5) == 3.0 * (k % 7)
    del function
    gc.collect()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sum(reference() is not None for reference in alive) <= 1
    assert after - before < 1_000_000


def test_functions_of_many_codes_are_dropped() -> None:
    alive = []
    for k in range(40):
        function = function_from(f"def f(x):\n    return x * {k}.0 * x")
        alive.append(weakref.ref(function))
        assert ad.grad(function)(1.5) == 3.0 * k
        del function
    gc.collect()
    assert sum(reference() is not None for reference in alive) <= 2


def test_new_sizes_are_not_new_programs() -> None:
    def f(x):
        return np.sum(np.sin(x) * x)

    gradient = ad.grad(f)
    source = gradient.source_for(np.ones(3))
    for n in range(2, 60):
        assert gradient(np.ones(n)).shape == (n,)
        assert gradient.source_for(np.ones(n)) == source


def test_arrays_are_not_kept_alive() -> None:
    class Tracked(np.ndarray):
        pass

    def f(x):
        return np.sum(x * x)

    x = np.arange(3.0)
    held = weakref.ref(x)
    gradient = ad.grad(f)
    gradient(x)
    del x
    gc.collect()
    assert held() is None


# ------------------------------------------------------------------------------------------------------ threads


def test_calls_from_several_threads() -> None:
    def f(x, n):
        y = x * 1.0
        for i in range(n):
            y[i % 3] *= np.sin(y[(i + 1) % 3]) + 1.5
        return np.sum(y)

    arguments = [(numbers(3, seed=k, low=0.2), k % 5 + 1) for k in range(40)]
    known = [ad.grad(f)(x.copy(), n) for x, n in arguments]
    gradient = ad.grad(f)
    with ThreadPoolExecutor(8) as pool:
        for _ in range(3):
            answers = list(pool.map(lambda pair: gradient(pair[0].copy(), pair[1]), arguments))
            for mine, expected in zip(answers, known):
                assert_close(mine, expected, 0.0)


def test_first_call_from_several_threads_at_once() -> None:
    functions = [function_from(f"def f(x):\n    y = x * {k + 1}.0\n    return y * y") for k in range(4)]
    barrier = threading.Barrier(8)
    answers: list[float] = []
    errors: list[BaseException] = []

    def work(index: int) -> None:
        barrier.wait()
        try:
            for k, function in enumerate(functions):
                for value in (2.0, np.float64(3.0), np.array([1.0, 2.0])):
                    gradient = ad.grad(function)(value)
                    assert_close(np.asarray(gradient), np.asarray(2 * (k + 1.0) ** 2 * value))
            answers.append(index)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(index,)) for index in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors and sorted(answers) == list(range(8))


# --------------------------------------------------------------------------------------------------- deep loops


def deep(x, n):
    y = x
    for _ in range(n):
        y = y * 0.999999 + 1e-7 * x * y
    return y


def deep_slope(x, n):
    y, slope = x, 1.0
    for _ in range(n):
        y, slope = y * 0.999999 + 1e-7 * x * y, slope * (0.999999 + 1e-7 * x) + 1e-7 * y
    return slope


@pytest.mark.parametrize("n", [100_000, 1_000_000])
def test_deep_loop(n: int) -> None:
    assert ad.grad(deep)(1.3, n) == pytest.approx(deep_slope(1.3, n), rel=1e-9)


def test_memory_of_a_deep_loop_is_what_the_adjoint_needs() -> None:
    n = 50_000
    ad.grad(deep)(1.3, 10)
    gc.collect()
    tracemalloc.start()
    ad.grad(deep)(1.3, n)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 120 * n  # a float in a list: 32 bytes, a tuple of one more: 56


def test_deep_while_loop() -> None:
    def f(x):
        n = 0
        while n < 50_000:
            x = x + 1e-6 * math.sin(x)
            n += 1
        return x

    x, slope = 0.7, 1.0
    for _ in range(50_000):
        x, slope = x + 1e-6 * math.sin(x), slope * (1 + 1e-6 * math.cos(x))
    assert ad.grad(f)(0.7) == pytest.approx(slope, rel=1e-10)


def test_recursion_as_deep_as_the_plain_function_allows() -> None:
    def f(x, n):
        return x if n == 0 else f(x, n - 1) * 1.001

    assert ad.grad(f)(1.0, 150) == pytest.approx(1.001**150)


# --------------------------------------------------------------------------------------------- form of the output


def growing_products(x):
    return x * x * x * x * x * x


def growing_loop(x):
    for _ in range(3):
        x = np.sin(x) * x
    return x


def growing_call(x):
    def helper(y):
        return np.sin(y) * y

    return helper(x) * helper(x * x)


def growing_zip_of_lists(x):
    result = 0.0
    for a, b in zip([x, x * x, x], [x, 2.0, x]):
        result = result + a * b * x
    return result


def growing_arrays_of_a_list(x):
    result = 0.0
    y = np.array([x, x])
    for a in [y, y * y, x * np.ones(3)]:
        result = result + np.sum(a) * x
    return result


def growing_rows_of_a_list(x):
    items = [x, x * x]
    rows = [items, [x, 1.0]]
    result = 0.0
    for k in range(2):
        for j in range(2):
            result = result + rows[k][j] * items[j]
    return result


def growing_slices_of_a_list(x):
    items = [x, x * x, x, 2.0 * x]
    result = 0.0
    for k in range(3):
        part = items[k : k + 2]
        result = result + part[0] * part[1]
    return result


def growing_list(x):
    items = [x]
    for _ in range(3):
        items.append(items[-1] * x)
    return sum(items)


def growing_comprehension(x):
    return sum([x * item for item in [x, x * x, 2.0]])


def growing_enumeration(x):
    result = 0.0
    for k, item in enumerate([x, x * x, x]):
        result = result + item * item * k
    return result


def growing_variable_of_an_inner_function(x):
    total = 1.0

    def multiply():
        nonlocal total
        total = total * x

    for _ in range(6):
        multiply()
    return total


def growing_slices(x):
    result = 0.0
    for k in range(3):
        part = x[k : k + 2]
        result = result + np.sum(part * part * part)
    return result


def growing_stencil(x):
    u = x * 1.0
    for _ in range(3):
        u[1:-1] = u[1:-1] * u[:-2] + u[2:]
    return np.sum(u)


def growing_recursion(x, n=6):
    return 1.0 if n == 0 else x * growing_recursion(x, n - 1)


def growing_while(x):
    result, n = x, 1
    while n < 6:
        result, n = result * x, n + 1
    return result


def growing_early_return(x):
    result = 1.0
    for n in range(100):
        if n == 6:
            return result
        result *= x
    return 0.0


GROWING = [value for name, value in list(globals().items()) if name.startswith("growing_")]


@pytest.mark.parametrize("function", GROWING, ids=lambda f: f.__name__)
def test_source_grows_by_less_than_four_times_per_order(function) -> None:
    lengths = []
    derivative = function
    x = numbers(5) if function in (growing_slices, growing_stencil) else 1.3
    for _ in range(4):
        derivative = ad.grad(derivative)
        lengths.append(len(derivative.source_for(x).splitlines()))
    lines = [later / earlier for earlier, later in zip(lengths, lengths[1:])]
    assert max(lines) < 4.0, lengths


def code_of(source: str) -> list[str]:
    """The lines of a source that are neither empty nor comments nor imports."""
    lines = [line for line in source.splitlines() if line.strip() and not line.strip().startswith("#")]
    return [line for line in lines if not line.startswith(("import ", "from "))]


def test_the_derivative_is_what_a_person_would_write() -> None:
    program = BY_NAME["arithmetic.product_and_sine"]
    for arguments in ((1.3, 0.7), (numbers(3), numbers(3)), (numbers(2, 3), numbers(2, 3))):
        source = ad.grad(program.function, (0, 1)).source_for(*arguments)
        assert len(code_of(source)) <= 8, source
        assert "runtime" not in source and "unbroadcast" not in source, source


def test_no_helper_calls_once_types_are_known() -> None:
    for name in ("arithmetic.ufunc_sum", "branches.piecewise", "loops.over_array", "products.quadratic_form"):
        program = BY_NAME[name]
        source = ad.grad(program.function, program.wrt).source_for(*program.arguments[0])
        assert "runtime." not in source, source


def test_generated_source_is_registered_for_tracebacks() -> None:
    import traceback

    def f(x):
        y = x * x
        return y / np.sum(x[7])

    try:
        ad.grad(f)(np.ones(3))
    except IndexError as error:
        text = "".join(traceback.format_exception(error))
        assert "x[7]" in text
    else:
        pytest.fail("the index is out of range")


def test_generated_source_quotes_the_user() -> None:
    source = ad.grad(BY_NAME["loops.repeated_sine"].function).source_for(0.5, 3)
    assert "np.sin(x) * 1.1" in source


def test_generated_source_compiles_everywhere() -> None:
    for program in programs()[::20]:
        gradient = ad.grad(program.function, program.wrt)
        sources = []
        for make in (lambda: gradient.source_for(*program.arguments[0]), lambda: gradient.source):
            try:
                sources.append(make())
            except ad.AutodiffError as error:
                assert error.origin is not None, program.name  # without types, some programs have several meanings
        for source in sources:
            compile(source, "<source>", "exec")
            assert max(map(len, source.splitlines())) < 400


# -------------------------------------------------------------------------------------------------------- golden

GOLDEN_PROGRAMS = [
    "arithmetic.product_and_sine",
    "arithmetic.five_products",
    "arithmetic.common_subexpressions",
    "branches.piecewise",
    "branches.size_by_choice",
    "containers.parameters_of_a_layer",
    "loops.repeated_sine",
    "loops.halve_until_small",
    "functions.calls_function",
    "functions.entropy_of_shares",
    "functions.factorial_power",
    "mutation.stencil",
    "mutation.view_changed",
    "products.form_of_a_matrix",
    "algorithms.cross_entropy",
    "algorithms.horner",
]


GENERIC_GOLDEN_PROGRAMS = ["arithmetic.product_and_sine", "branches.piecewise", "functions.entropy_of_shares"]


@pytest.mark.parametrize("name", GOLDEN_PROGRAMS)
def test_golden(name: str) -> None:
    """The generated source is the one on record; `UPDATE_GOLDEN=1` records it anew, for a person to review."""
    program = BY_NAME[name]
    source = ad.grad(program.function, program.wrt).source_for(*program.arguments[0])
    check_golden(source, name.partition(".")[2])


@pytest.mark.parametrize("name", GENERIC_GOLDEN_PROGRAMS)
def test_generic_golden(name: str) -> None:
    program = BY_NAME[name]
    check_golden(ad.grad(program.function, program.wrt).source, f"{name.partition('.')[2]}_generic")


def check_golden(source: str, name: str) -> None:
    path = GOLDEN / f"{name}.py.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(source)
    assert path.exists(), f"not recorded: {path}"
    assert re.sub(r"[ \t]+\n", "\n", source) == path.read_text()
