"""Every kind of unsupported or wrong use, and the message it gets."""

from __future__ import annotations

import contextlib
import functools
import itertools
import math
import os
import re
import sys

import numpy as np
import pytest

import autodiff as ad
from tests.corpus.reference import assert_close, function_from, put_on_record


def message_of(error: pytest.ExceptionInfo) -> str:
    return str(error.value)


def refused(function, *arguments, kind=ad.AutodiffError) -> str:
    """The message with which the gradient is refused."""
    with pytest.raises(kind) as error:
        ad.grad(function)(*arguments)
    assert isinstance(error.value, (ad.AutodiffError, TypeError, ValueError, IndexError))
    return message_of(error)


SYNTAX = {
    "async function": ("async def f(x):\n    return x", "async"),
    "await": ("async def g(x):\n    return x\n\nasync def f(x):\n    return await g(x)", "async|await"),
    "generator": ("def f(x):\n    yield x", "yield|generator"),
    "yield from": ("def f(x):\n    yield from [x]", "yield|generator"),
    "exec": ("def f(x):\n    exec('y = x')\n    return x", "exec"),
    "eval": ("def f(x):\n    return eval('x * 2')", "eval"),
    "locals": ("def f(x):\n    return locals()['x'] * 2", "locals"),
}


@pytest.mark.parametrize("name", SYNTAX)
def test_unsupported_syntax(name: str) -> None:
    source, word = SYNTAX[name]
    text = refused(function_from(source), 1.5)
    assert re.search(word, text), text
    assert "<program" in text and "line" in text, text


@pytest.mark.parametrize("name", ["exec", "eval", "generator"])
def test_the_message_has_file_line_source_and_caret(name: str) -> None:
    source, _ = SYNTAX[name]
    text = refused(function_from(source), 1.5)
    lines = text.splitlines()
    (caret,) = [number for number, line in enumerate(lines) if set(line.strip()) == {"^"}]
    quoted = lines[caret - 1]
    assert quoted.strip() in source
    column = lines[caret].index("^")
    assert quoted[column] != " " and column >= len(quoted) - len(quoted.lstrip())
    assert any('File "<program' in line and "line" in line for line in lines)


GENERATORS = {
    "sent to": "def f(x):\n    def g():\n        y = yield x\n    return sum(g())",
    "read twice": "def f(x):\n    def g():\n        yield x\n    it = g()\n    return sum(it) + sum(it)",
    "one of two": "def f(x):\n    def g():\n        yield x\n    it = g() if x > 0 else g()\n    return sum(it)",
    "returned": "def f(x):\n    def g(a):\n        def h():\n            yield a\n        return h()\n    return sum(g(x))",
    "read in a loop": (
        "def f(x):\n    def g():\n        yield x\n    it, t = g(), 0.0\n    for k in range(2):\n"
        "        for v in it:\n            t += v * k\n    return t"
    ),
}


@pytest.mark.parametrize("name", GENERATORS)
def test_uses_of_generators_that_are_not_supported(name: str) -> None:
    text = refused(function_from(GENERATORS[name]), 1.5)
    assert re.search("yield|generator", text) and "list" in text and "^" in text, text


LOCAL_CLASSES = {
    "captures": "k = 2.0\n    class C:\n        def m(self, v):\n            return v * k\n    return C().m(x)",
    "computed": "class C:\n        items = []\n    C.items.append(x)\n    return C.items[0]",
    "unknown base": "class C(Missing):\n        pass\n    return x",
    "assigned": "class C:\n        n = 0.0\n    kind = C\n    kind.n += x\n    return C.n * x",
    "assigned by a method": (
        "class C:\n        n = 0.0\n        @classmethod\n        def add(cls, v):\n            cls.n = v\n    C.add(x)\n    return C.n"
    ),
}


@pytest.mark.parametrize("name", LOCAL_CLASSES)
def test_classes_that_differ_from_call_to_call(name: str) -> None:
    text = refused(function_from(f"def f(x):\n    {LOCAL_CLASSES[name]}"), 1.5)
    assert "inside a function" in text and "at module level" in text and "^" in text, text


def test_a_decorated_function_is_shown_by_its_own_line() -> None:
    function = function_from("import autodiff as ad\n@ad.grad\n@ad.value_and_grad\nasync def f(x):\n    return x", "f")
    with pytest.raises(ad.AutodiffError, match="line 4\n    async def f"):
        function(1.5)


def test_no_source_available() -> None:
    scope: dict = {}
    exec("def f(x):\n    return x * 2", scope)
    text = refused(scope["f"], 1.5)
    assert "source" in text and "f" in text
    with pytest.raises(ad.SourceNotFound):
        ad.grad(scope["f"])(1.5)


def test_source_that_is_not_that_of_the_function() -> None:
    function = function_from("def f(x):\n    return x * 2")
    name = function.__code__.co_filename
    text = "def f(x):\n    return x * 3\n"
    put_on_record(text, name)
    with pytest.raises(ad.SourceNotFound, match="source|changed|differ"):
        ad.grad(function)(1.5)


@pytest.mark.parametrize(
    "function", [np.trim_zeros, np.linalg.eig, np.random.permutation, np.unwrap, "abc".join], ids=lambda f: f.__name__
)
def test_function_without_rule(function) -> None:
    name = function.__name__

    def f(x):
        return function(x) * 2.0

    text = refused(f, 1.5)
    assert name in text, text
    assert "return function(x) * 2.0" in text and "^" in text, text


def test_what_computes_with_its_index() -> None:
    def joined(x):
        return np.r_["0,2", x, x].sum()

    def halves(x):
        return np.c_[x.reshape(1, 1, 3), x.reshape(1, 1, 3)].sum()

    assert "RClass" in refused(joined, np.ones(3))
    assert "CClass" in refused(halves, np.ones(3))


def test_super_without_a_class() -> None:
    assert "super()" in refused(function_from("def f(x):\n    return super().g(x)"), 1.5)


def test_methods_and_spread_calls_are_named_as_in_the_program() -> None:
    def method(x):
        return memoryview(x).tolist()[0] + x.sum().undefined(x)

    def spread(x):
        return math.hypot(*x)

    assert "'undefined'" in refused(method, np.ones(3)) or "memoryview" in refused(method, np.ones(3))
    text = refused(spread, np.ones(3))
    assert "math.hypot" in text and "transforms." not in text


def test_function_without_rule_is_allowed_where_no_derivative_is_asked() -> None:
    def f(x, n):
        return x * math.gcd(n, 12) * len(sys.argv) / len(sys.argv) * np.trim_zeros(np.array([2.0]))[0]

    assert ad.grad(f)(1.5, 8) == pytest.approx(8.0)


def test_c_function_itself() -> None:
    text = refused(np.unwrap, np.ones(3))
    assert "unwrap" in text


def test_rule_missing_for_one_argument() -> None:
    def f(x):
        return np.sum(np.repeat(np.ones(3), np.array([1, 2, 3]) * int(x))) + np.percentile(np.arange(4.0), x)

    text = refused(f, 1.5)
    assert "percentile" in text, text

    def g(x):
        return np.interp(0.5, x, np.array([1.0, 2.0]))

    assert "interp" in refused(g, np.array([0.0, 1.0]))


def test_option_that_no_rule_names() -> None:
    def f(x):
        return np.sum(x, dtype=np.float16, bogus=3)

    with pytest.raises((ad.AutodiffError, TypeError), match="bogus|dtype"):
        ad.grad(f)(np.ones(3))


@pytest.mark.parametrize("value", [1, True, np.arange(3), np.int32(2), [1, 2], (1,), {"a": 1}])
def test_integer_input(value) -> None:
    text = refused(lambda x: x, value)
    assert "float" in text, text


@pytest.mark.parametrize("value", ["text", None, object(), b"bytes", np.array(["a"]), len])
def test_input_that_is_no_number(value) -> None:
    text = refused(lambda x: 1.0, value)
    assert "float" in text or "number" in text, text


def test_integer_input_names_the_argument_and_gives_advice() -> None:
    def f(weight, count):
        return weight * count

    with pytest.raises(ad.DerivativeUndefined) as error:
        ad.grad(f, 1)(2.0, 3)
    assert "count" in message_of(error) and "float" in message_of(error)
    assert ad.grad(f, 0)(2.0, 3) == 3


def test_complex_input() -> None:
    assert "complex" in refused(lambda z: abs(z), 1.0 + 2.0j)


def test_object_array_input() -> None:
    refused(lambda x: np.sum(x), np.array([1.0, None], dtype=object))


@pytest.mark.parametrize(
    "position, kind",
    [(1, IndexError), ((0, 5), IndexError), (-1, ValueError), ((0, 0), ValueError), ("x", TypeError), (1.0, TypeError)],
)
def test_positions(position, kind) -> None:
    def f(x):
        return x * 2.0

    with pytest.raises(kind) as error:
        ad.grad(f, position)(1.5)
    assert "position" in message_of(error), message_of(error)


def test_no_position_at_all() -> None:
    with pytest.raises(ValueError, match="grad_position.*can not be None"):
        ad.grad(lambda x: x, None)(1.5)


def test_both_conventions_at_once() -> None:
    with pytest.raises(TypeError, match="argnums"):
        ad.grad(lambda x: x, grad_position=0, argnums=0)(1.5)


def test_not_a_function() -> None:
    with pytest.raises(TypeError, match="callable|function"):
        ad.grad(3.0)


def test_not_a_function_of_other_entries() -> None:
    with pytest.raises(TypeError, match=r"vjp takes a function, not a float(.|\n)*Write vjp\(f, x\)"):
        ad.vjp(3.0, 1.5)
    with pytest.raises(TypeError, match="check_grads takes a function, not a float"):
        ad.check_grads(3.0, (1.5,))


class NoConstructor:
    """A class whose instances are made by Python itself."""


@pytest.mark.parametrize("kind", [NoConstructor, pytest.UsageError, bytearray])
def test_classes(kind: type) -> None:
    with pytest.raises(TypeError, match=f"a class cannot be transformed: {kind.__qualname__}(.|\n)*Write a function"):
        ad.grad(kind)(1.5)


def test_positions_of_methods_do_not_count_self() -> None:
    class Scaled:
        @ad.grad(grad_position=1)
        def scaled(self, x):
            return 2.0 * x

    with pytest.raises(IndexError, match=r"takes 1 positional argument \(position 0\); what is bound, such as self, is"):
        Scaled().scaled(1.5)


def test_wrong_number_of_arguments() -> None:
    def f(x, y):
        return x * y

    with pytest.raises(TypeError, match="y|argument"):
        ad.grad(f)(1.5)
    with pytest.raises(TypeError, match="argument"):
        ad.grad(f)(1.5, 2.0, 3.0)
    with pytest.raises(TypeError, match="z"):
        ad.grad(f)(1.5, 2.0, z=1.0)


@pytest.mark.parametrize("result", ["'text'", "None", "len", "{1, 2}"])
def test_output_that_is_not_numeric(result: str) -> None:
    text = refused(function_from(f"def f(x):\n    y = x * 2\n    return {result}"), 1.5)
    assert "output" in text or "return" in text or "result" in text, text


def test_complex_output() -> None:
    text = refused(lambda x: x * 1j, 1.5)
    assert "complex" in text and "real" in text, text


def test_integer_output_has_zero_gradient_or_is_refused() -> None:
    try:
        assert ad.grad(lambda x: len(x))(np.ones(3)).tolist() == [0.0, 0.0, 0.0]
    except ad.AutodiffError as error:
        assert "output" in str(error)


def test_output_structure_with_argnums() -> None:
    with pytest.raises(ad.AutodiffError, match="scalar") as error:
        ad.grad(lambda x: x * 2.0, argnums=0)(np.ones(3))
    assert "jacrev" in message_of(error) and "vjp" in message_of(error)


def test_aux_without_a_pair() -> None:
    with pytest.raises((ad.AutodiffError, TypeError, ValueError), match="has_aux|aux"):
        ad.grad(lambda x: x * 2.0, has_aux=True)(1.5)


@pytest.mark.parametrize(
    ("result", "shown"),
    [("2.0", "a float"), ("None", "None"), ("'t'", "a str"), ("[x, x]", "a list"), ("{'a': x}", "a dict"), ("()", "of 0")],
)
@pytest.mark.filterwarnings("error")
def test_aux_without_a_tuple(result: str, shown: str) -> None:
    function = function_from(f"def f(x):\n    return {result}")
    for keywords in ({}, {"argnums": 0}):
        with pytest.raises(TypeError, match=f"has_aux: f has to return a .*; it returned .*{shown}"):
            ad.grad(function, has_aux=True, **keywords)(1.5)


def test_aux_of_a_tuple_whose_length_is_not_known() -> None:
    function = function_from("def f(x):\n    return tuple(v for v in (x * x, 2.0))")
    assert ad.grad(function, has_aux=True)(1.5) == (3.0, (2.0,))


def test_recursion_without_end() -> None:
    function = function_from("def f(x):\n    return f(x) * 2.0")
    with pytest.raises((RecursionError, ad.AutodiffError), match="recursion|recurs"):
        ad.grad(function)(1.5)


def test_recursion_without_end_through_types() -> None:
    function = function_from("def f(x):\n    return f((x,))")
    with pytest.raises((RecursionError, ad.AutodiffError), match="recursion|recurs"):
        ad.grad(function)(1.5)


def test_syntax_that_only_a_newer_python_has() -> None:
    text = (
        "def f(x):\n    return x * 2\ntype Number = float\n"
        if sys.version_info < (3, 12)
        else "def f(x): return x ?? 2\n"
    )
    function = function_from("def f(x):\n    return x * 2")
    name = function.__code__.co_filename
    put_on_record(text, name)
    with pytest.raises((ad.SourceNotFound, ad.UnsupportedSyntax), match="Python|syntax"):
        ad.grad(function)(1.5)


def test_mutation_of_a_captured_constant() -> None:
    table = np.array([1.0, 2.0, 3.0])

    def f(x):
        table[0] = x * 2.0
        return np.sum(table * x)

    try:
        gradient = ad.grad(f)(1.5)
    except ad.AutodiffError as error:
        assert "table" in str(error) and "table[0] = x * 2.0" in str(error)
        assert table.tolist() == [1.0, 2.0, 3.0]
    else:
        assert gradient == pytest.approx(4 * 1.5 + 5.0)
        assert table.tolist() == [3.0, 2.0, 3.0]


def test_a_recursive_function_that_reads_a_global_which_changes() -> None:
    function = function_from(
        """
        kept = 1.0
        def power(x, n):
            return kept if n == 0 else power(x, n - 1) * x
        def f(x, n):
            global kept
            kept = x * 2.0
            return power(x, n)
        """
    )
    assert "is recursive and reads a global" in refused(function, 1.5, 4)


def test_globals_that_share_memory() -> None:
    function = function_from(
        """
        whole = np.zeros(3)
        part = whole[1:]
        def f(x):
            whole[1] = x * 2.0
            return part[0] * x
        """
    )
    assert "shares memory" in refused(function, 1.5, kind=ad.DerivativeRefused)


def test_active_value_kept_in_a_global() -> None:
    function = function_from("kept = 1.0\ndef f(x):\n    global kept\n    kept = x * 2.0\n    return kept * x")
    try:
        assert ad.grad(function)(1.5) == pytest.approx(6.0)
    except ad.AutodiffError as error:
        assert "kept" in str(error)


def test_active_value_kept_in_a_captured_list() -> None:
    kept: list = []

    def f(x):
        kept.append(x * 2.0)
        return kept[-1] * x

    try:
        assert ad.grad(f)(1.5) == pytest.approx(6.0)
    except ad.AutodiffError as error:
        assert "kept" in str(error)
    else:
        assert kept == [3.0]


def test_assigning_into_an_integer_array_loses_the_derivative_as_it_loses_the_fraction() -> None:
    def f(x):
        y = np.zeros(3, dtype=int)
        y[0] = x * 2
        return np.sum(y) * x

    try:
        assert ad.grad(f)(1.7) == pytest.approx(3.0)
    except ad.AutodiffError as error:
        assert "int" in str(error)


def test_undefined_name() -> None:
    function = function_from("def f(x):\n    return x * missing")
    with pytest.raises((NameError, ad.AutodiffError), match="missing"):
        ad.grad(function)(1.5)


def test_unbound_local() -> None:
    function = function_from("def f(x):\n    if x > 10:\n        y = x\n    return y * x")
    with pytest.raises((NameError, ad.AutodiffError), match="y"):
        ad.grad(function)(1.5)
    assert ad.grad(function)(11.0) == 22.0


def test_missing_attribute() -> None:
    function = function_from("def f(x):\n    return x.nothing * 2")
    with pytest.raises((AttributeError, ad.AutodiffError), match="nothing"):
        ad.grad(function)(1.5)
    function = function_from("def f(x):\n    return np.nothing(x)")
    with pytest.raises((AttributeError, ad.AutodiffError), match="nothing"):
        ad.grad(function)(1.5)


def test_attributes_that_arrays_and_numbers_do_not_have() -> None:
    function = function_from("def f(x):\n    return x.foo * 2")
    with pytest.raises(ad.AutodiffError, match="a float has no attribute 'foo'(.|\n)*line 2"):
        ad.grad(function)(1.5)
    with pytest.raises(ad.AutodiffError, match="an array has no attribute 'foo'"):
        ad.grad(function)(np.ones(2))


def test_calls_that_do_not_fit_are_refused_as_such() -> None:
    function = function_from("def inner(x):\n    return x\n\ndef f(x):\n    return inner(x, 3)")
    with pytest.raises(TypeError, match="inner.* argument"):
        ad.grad(function)(1.5)
    function = function_from("async def inner(x):\n    return x\n\ndef f(x):\n    return inner(x)")
    with pytest.raises(ad.AutodiffError, match="inner(.|\n)*asynchronous"):
        ad.grad(function)(1.5)


def test_wrong_shapes() -> None:
    function = function_from("def f(x):\n    return np.sum(x + np.ones(4))")
    with pytest.raises(ValueError, match="broadcast"):
        ad.value_and_grad(function)(np.ones(3))
    function = function_from("def f(x):\n    return np.sum((x + np.ones(4)) ** 2)")
    with pytest.raises(ValueError, match="broadcast"):
        ad.grad(function)(np.ones(3))


def test_errors_are_of_the_projects_own_and_of_pythons_classes() -> None:
    assert issubclass(ad.UnsupportedSyntax, (ad.AutodiffError)) and issubclass(ad.UnsupportedSyntax, SyntaxError)
    assert issubclass(ad.SourceNotFound, ad.AutodiffError) and issubclass(ad.SourceNotFound, OSError)
    assert issubclass(ad.RuleNotFound, ad.AutodiffError) and issubclass(ad.RuleNotFound, NotImplementedError)
    assert issubclass(ad.TransformError, ad.AutodiffError) and issubclass(ad.TransformError, TypeError)
    assert issubclass(ad.DerivativeUndefined, ad.AutodiffError) and issubclass(ad.DerivativeUndefined, ValueError)


def test_errors_survive_pickling() -> None:
    import pickle

    with pytest.raises(ad.AutodiffError) as error:
        ad.grad(lambda x: x)(3)
    again = pickle.loads(pickle.dumps(error.value))
    assert (type(again), str(again)) == (type(error.value), str(error.value))


def test_pullback_of_the_wrong_structure() -> None:
    value, pullback = ad.vjp(lambda x: (x, x * 2.0), 1.5)
    assert value == (1.5, 3.0)
    with pytest.raises((ad.AutodiffError, TypeError, ValueError)):
        pullback(1.0)
    with pytest.raises((ad.AutodiffError, TypeError, ValueError)):
        pullback((1.0, 2.0, 3.0))


def test_check_grads_notices_a_wrong_derivative() -> None:
    def f(x):
        return np.sum(x * ad.stop_gradient(x))

    with pytest.raises((AssertionError, ad.AutodiffError)):
        ad.check_grads(f, (np.array([1.0, 2.0]),))
    ad.check_grads(lambda x: np.sum(x * x), (np.array([1.0, 2.0]),))


def test_values_inside_an_exception() -> None:
    class Failure(Exception):
        def __init__(self, value):
            self.value = value

    def g(a):
        raise Failure(a * a)

    def f(x):
        try:
            return g(x)
        except Failure as failure:
            return failure.value * 2

    text = refused(f, 1.5)
    assert "'failure' holds values" in text and "Return such values" in text


def test_attribute_that_is_computed() -> None:
    class Model:
        def __init__(self, weight):
            self.weight = weight

        @functools.cached_property
        def cube(self):
            return self.weight**3

    def f(x):
        return Model(x).cube

    text = refused(f, 1.5)
    assert "'cube' of a Model is computed" in text and "property" in text


def test_a_callee_that_changes_something_and_fails() -> None:
    def fill(items, n, a):
        items.append(a * n)
        if n == 0:
            raise KeyError
        fill(items, n - 1, a)

    def f(x):
        items = [x]
        with contextlib.suppress(KeyError):
            fill(items, 2, x)
        return items[0] * items[1] + items[2] * items[2]

    assert "try statement" in refused(f, 1.5, kind=(ad.AutodiffError, ad.DerivativeRefused))


@pytest.mark.parametrize(
    "array", [np.matrix([[1.0, 2.0]]), np.ma.array([1.0, 2.0], mask=[0, 1])], ids=["matrix", "masked"]
)
def test_arrays_with_an_arithmetic_of_their_own(array) -> None:
    def f(m):
        return np.sum(m * m)

    def g(x, m):
        return np.sum(x * m)

    assert "arithmetic" in refused(f, array) and "np.asarray" in refused(f, array)
    assert "arithmetic" in refused(g, 1.5, array)
    assert_close(ad.grad(f)(np.ones(2).view(np.memmap)), np.array([2.0, 2.0]))


def test_mistakes_in_calls() -> None:
    def f(x, y):
        return x * y

    class Model:
        def __init__(self, weight):
            self.weight = weight

    for call, kind, word in (
        (lambda: ad.grad(f)(1.0, x=2.0), TypeError, "multiple values for argument 'x'"),
        (lambda: ad.grad(f, argnums=2)(1.0, 2.0), IndexError, "argnums 2 is out of range"),
        (lambda: ad.grad(f, argnums="x")(1.0, 2.0), TypeError, "argnums is an int"),
        (lambda: ad.grad(f, argnums=())(1.0, 2.0), ValueError, "names no argument"),
        (lambda: ad.grad(f(1.0, 2.0)), TypeError, "not grad\\(f\\(x\\)\\)"),
        (lambda: ad.grad(Model)(1.0), ad.TransformError, "a class cannot be transformed: .*Model"),
        (lambda: ad.grad(lambda x: Model(x))(1.0), ad.DerivativeUndefined, "the output of the lambda .* a Model"),
        (lambda: ad.grad(lambda x: None)(1.0), ad.DerivativeUndefined, "it returns None"),
    ):
        with pytest.raises(kind, match=word):
            call()


def test_a_call_of_an_inner_function_that_does_not_fit() -> None:
    def f(x):
        def g(a, b):
            return a * b

        return g(x)

    with pytest.raises(TypeError, match="missing a required argument: 'b'") as error:
        ad.grad(f)(1.5)
    assert "return g(x)" in "".join(error.value.__notes__)


def test_the_library_around_a_program_is_left_alone(caplog: pytest.LogCaptureFixture) -> None:
    import logging
    import re as expressions
    import time
    import warnings

    log = logging.getLogger("test")

    def f(x):
        start = time.perf_counter()
        y = x * x
        log.warning("y = %s after %.0f s", y, time.perf_counter() - start)
        warnings.warn("not yet", stacklevel=1)
        np.testing.assert_allclose(y, y)
        y[0] = y[1] * len(expressions.findall("a", "banana"))
        return np.sum(y)

    with pytest.warns(UserWarning, match="not yet"):
        assert_close(ad.grad(f)(np.array([1.0, 2.0])), np.array([0.0, 16.0]))
    assert [record.args[0].tolist() for record in caplog.records] == [[12.0, 4.0]]  # the record holds the array


def test_methods_that_arrays_and_numbers_do_not_have() -> None:
    def misspelt(x):
        return x.summ()

    text = refused(misspelt, np.ones(2))
    assert "an array has no method 'summ'" in text and "Did you mean 'sum'?" in text and "^" in text
    text = refused(lambda x: x.sum(), 2.0)
    assert "a float has no method 'sum'" in text and "function of NumPy" in text and "^" in text


def test_vectorize_is_named() -> None:
    text = refused(np.vectorize(lambda x: x * x), 2.0)
    assert "np.vectorize" in text and "numpy/lib" not in text


def test_functions_of_python_itself() -> None:
    with pytest.raises(ad.SourceNotFound, match="part of Python itself"):
        ad.grad(os.path.join)(1.5)


def test_zip_of_an_iterator_that_is_read_elsewhere() -> None:
    function = function_from(
        """
        def f(x):
            it = (v * v for v in x)
            return sum(a * b for a, b in zip(it, it)) + next(it)
        """
    )
    with pytest.raises((ad.AutodiffError, StopIteration)) as error:
        ad.grad(function)(np.ones(3))
    assert "^" in str(error.value) and "generator" in str(error.value)


@pytest.mark.parametrize("reader", ["zip(it, it)", "map(abs, it)", "enumerate(it)", "filter(None, it)", "islice(it, 2)"])
def test_what_reads_an_iterator_later(reader: str) -> None:
    text = f"""
        def f(x):
            it = iter(x)
            later = {reader}
            total = sum(it)
            return total * len(list(later))
        """
    function = function_from(text, islice=itertools.islice)
    with pytest.raises(ad.TransformError, match="reads the iterator only when it is read itself") as error:
        ad.grad(function)([1.0, 2.0, 3.0])
    assert "later = list(" in str(error.value) and "^" in str(error.value)


def test_an_operator_on_an_object_that_has_none() -> None:
    class Model:
        def __init__(self, weight):
            self.weight = weight

    def f(x):
        return Model(x) * x

    with pytest.raises((ad.AutodiffError, TypeError), match="Model") as error:
        ad.grad(f)(1.5)
    told = str(error.value) + "".join(getattr(error.value, "__notes__", ()))
    assert "return Model(x) * x" in told


def test_functions_that_only_the_run_time_knows() -> None:
    def f(x):
        steps = sorted([(2, lambda v: v * x), (1, lambda v: v + x)], key=lambda pair: pair[0])
        return steps[0][1](x)

    text = refused(f, 1.5)
    assert "only the run time knows" in text and "in branches" in text and "^" in text
