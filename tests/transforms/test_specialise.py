from __future__ import annotations

import copy
import dataclasses
import functools
import operator
from typing import Any, NamedTuple

import numpy as np
import pytest

import tests.corpus as corpus
import transforms.rules  # noqa: F401
from autodiff.frontend.live import Restart
from autodiff.frontend.read import Reader
from autodiff.values import abstract
from tests.transforms.describing import Checker, describes
from tests.transforms.interpreter import interpret
from transforms import core, operations
from transforms.core import Assign, Call, Const, Function, If, Raise, Ref, Return, Var
from transforms.errors import AutodiffError
from transforms.inference import CONSTANT
from transforms.specialise import specialise
from transforms.ssa import ssa
from transforms.values import FLOAT, INTEGER, UNKNOWN, Array, Known, Literal, Number, Sequence, Size, Unknown, Value

DOUBLE = np.dtype(np.float64)


def array(*dimensions: Any, dtype: Any = np.float64) -> Array:
    return Array(np.dtype(dtype), tuple(1 if d == 1 else Size(d) for d in dimensions))


def typed(function: Any, *arguments: Any) -> Function:
    """The function specialised for arguments like these; checked by running it."""
    reader = Reader()
    program = reader.program(function)
    assert program.signature is not None
    bound = program.signature.bind(*arguments)
    bound.apply_defaults()
    arguments = tuple(bound.arguments.values())
    values = tuple(abstract(argument, (place,)) for place, argument in enumerate(arguments))
    made = specialise(program, values, reader)
    checker = Checker()
    got = checker.run(made, *copy.deepcopy(arguments))
    assert not checker.wrong
    assert_same(got, function(*copy.deepcopy(arguments)))
    return made


def assert_same(got: Any, expected: Any) -> None:
    if isinstance(expected, (tuple, list)):
        assert type(got) is type(expected) and len(got) == len(expected)
        for one, other in zip(got, expected):
            assert_same(one, other)
    elif isinstance(expected, dict):
        assert list(got) == list(expected)
        for key in expected:
            assert_same(got[key], expected[key])
    elif isinstance(expected, (float, int, complex, np.ndarray, np.generic)):
        np.testing.assert_allclose(got, expected)
    elif dataclasses.is_dataclass(expected):
        assert_same(vars(got), vars(expected))


def result_value(function: Function) -> Value:
    assert function.values is not None
    result = function.result
    return function.values[result.name] if isinstance(result, Var) else Literal(result.value)


def calls(function: Function) -> list[Any]:
    """What the function calls, in order; instances by name."""
    found = [s.value.function for s in core.walk(function.body) if isinstance(s, Assign) and isinstance(s.value, Call)]
    return [
        (ref.value.name if isinstance(ref.value, Function) else ref.value) if isinstance(ref, Ref) else ref.name
        for ref in found
    ]


def kinds(function: Function) -> list[type]:
    return [type(statement) for statement in core.walk(function.body)]


# ---------------------------------------------------------------------------------------------------------- types


def test_numbers() -> None:
    made = typed(lambda x, y: x * y + np.sin(x), 1.5, 2.0)
    assert result_value(made) == Number(DOUBLE)
    assert made.values is not None and made.values["_1"] == FLOAT


def test_broadcasting() -> None:
    made = typed(lambda x, y: x * y, np.ones((3, 1)), np.ones(4))
    assert result_value(made) == Array(DOUBLE, (Size((0, 0)), Size((1, 0))))


def test_weak_promotion_keeps_single_precision() -> None:
    made = typed(lambda x: x * 2.0 + 1, np.ones(3, np.float32))
    assert result_value(made) == Array(np.dtype(np.float32), (Size((0, 0)),))


def test_slices_of_equal_length_have_equal_sizes() -> None:
    made = typed(lambda x: x[1:] - x[:-1], np.arange(4.0))
    value = result_value(made)
    assert made.values is not None and value == made.values["_1"] == made.values["_2"]


def test_shape_arguments_carry_sizes() -> None:
    def zeros(x):
        n, k = x.shape[0], 3
        return np.zeros((n, k)) + 1.0

    assert result_value(typed(zeros, np.ones((2, 5)))) == Array(DOUBLE, (Size((0, 0)), Size((CONSTANT, 3))))


def test_methods_become_functions() -> None:
    made = typed(lambda x: x.sum(0).mean(), np.ones((2, 3)))
    assert calls(made) == [np.sum, np.mean]


# --------------------------------------------------------------------------------------------------------- folding


def test_branches_on_types_are_folded() -> None:
    def program(x, axis=None):
        if isinstance(x, np.ndarray) and x.ndim == 2:
            return x * 2.0
        if axis is None:
            return x
        return x + 1.0

    assert calls(typed(program, np.ones((2, 2)))) == [operator.mul]
    assert calls(typed(program, 3.0)) == []


def test_constants_reach_callees() -> None:
    made = typed(lambda x: log_sum_exp(x, 1), np.ones((2, 3)))
    assert result_value(made) == Array(DOUBLE, (Size((0, 0)),))
    instance = made.body[0].value.function.value  # type: ignore[union-attr]
    assert If not in kinds(instance)


def log_sum_exp(x, axis=None):
    if axis is None:
        return np.log(np.sum(np.exp(x)))
    return np.log(np.sum(np.exp(x), axis=axis))


def test_keywords_are_bound() -> None:
    made = typed(lambda x: log_sum_exp(axis=0, x=x), np.ones((2, 3)))
    assert made.body[0].value.arguments == (Var("x"), Const(0))  # type: ignore[union-attr]


def test_a_call_that_does_not_fit_is_left_to_python() -> None:
    program = Reader().program(lambda x: log_sum_exp(x, 1, 2))
    made = specialise(program, (array("n"),), Reader())
    with pytest.raises(TypeError):
        interpret(made, np.ones(3))


def test_out_argument() -> None:
    def program(x):
        y = np.zeros(3)
        np.multiply(x, 2.0, out=y, where=x > 1.0)
        return y

    made = typed(program, np.array([0.5, 1.5, 2.5]))
    assert np.copyto in calls(made)


def test_in_place_on_numbers_and_on_arrays() -> None:
    def program(x):
        s = 1.0
        s += 2.0 * x[0]
        x += s
        return x

    made = typed(program, np.arange(3.0))
    assert operator.iadd in calls(made) and operator.add in calls(made)


# ------------------------------------------------------------------------------------------------------------ loops


def test_loop_of_a_sum() -> None:
    def program(x):
        total = 0
        for i in range(3):
            total = total + x[i]
        return total

    assert isinstance(result_value(typed(program, np.arange(3.0))), Number)


def test_layers_are_unrolled() -> None:
    def program(layers, x):
        for w, b in layers:
            x = np.tanh(x @ w + b)
        return x

    made = typed(program, [(np.ones((2, 3)), np.ones(3)), (np.ones((3, 1)), np.ones(1))], np.ones((4, 2)))
    assert core.For not in kinds(made)
    assert result_value(made) == Array(DOUBLE, (Size((1, 0)), 1))


def test_swap_in_a_loop() -> None:
    def program(a, b):
        while a < 50:
            a, b = a + b, a
        return a, b

    made = typed(program, 1.0, 2.0)
    assert ssa(made).body == made.body


def test_invariant_of_a_loop_stays_known() -> None:
    def program(x, mode="square"):
        for _ in range(3):
            if mode == "square":
                x = x * x
            else:
                x = x + 1
                mode = "other"
        return x

    assert If not in kinds(typed(program, 1.1))


def test_early_return_from_a_loop_has_a_type() -> None:
    def program(x):
        for i in range(5):
            x = x * 1.5
            if x > 4.0:
                return x * i
        return x

    assert result_value(typed(program, 1.0)) == FLOAT


# ------------------------------------------------------------------------------------------------------- containers


class Pair(NamedTuple):
    first: Any
    second: Any = 2.0


@dataclasses.dataclass
class Layer:
    weight: Any
    bias: float = 0.5

    def apply(self, x):
        return self.weight * x + self.bias


class Counter:
    def __init__(self, start):
        self.total = start
        self.count = 0

    def add(self, x):
        self.total = self.total + x
        self.count += 1
        return self


def test_tuples_are_taken_apart() -> None:
    def program(x):
        pair = (x, x * 2.0)
        named = Pair(*pair)
        if x > 0:
            both = (named.second, 1.0)
        else:
            both = (1.0, named.first)
        a, b = both
        return a + b

    made = typed(program, 1.0)
    assert operator.getitem not in calls(made) and operations.unpack not in calls(made)


def test_dataclass() -> None:
    made = typed(lambda x: Layer(x * 2.0).apply(x) + Layer(bias=x, weight=1.0).bias, 1.5)
    assert result_value(made) == FLOAT


def test_object_with_constructor() -> None:
    def program(x):
        counter = Counter(x)
        for _ in range(3):
            counter.add(x)
        return counter.total + counter.count

    assert result_value(typed(program, 1.5)) == FLOAT


def test_lists_that_change() -> None:
    def program(x):
        items = []
        other = items
        for i in range(4):
            items.append(x * i)
        other[0] = 7.0
        return items[0] + items[2] + len(other)

    assert result_value(typed(program, 1.5)) == FLOAT


def test_list_changed_by_a_callee_is_not_trusted() -> None:
    def change(items):
        items[0] = "text"

    def program(x):
        items = [x, x]
        change(items)
        return isinstance(items[0], float)

    typed(program, 1.5)


def test_list_changed_through_another_container() -> None:
    def program(x):
        inner = [x, 2.0]
        outer = [inner, inner]
        for row in outer:
            row.append(x)
        return len(inner), sum(inner)

    typed(program, 1.5)


def test_dict_that_grows() -> None:
    def program(x):
        cache = {}
        cache["a"] = x * 2.0
        cache["b"] = cache["a"] + 1.0
        cache["a"] = cache["a"] * cache["b"]
        return cache["a"]

    assert result_value(typed(program, 1.5)) == FLOAT


def test_dict_items_are_unrolled() -> None:
    def program(params):
        total = 0.0
        for name, value in params.items():
            if name == "weight":
                total = total + value.sum()
            else:
                total = total + value
        return total

    made = typed(program, {"weight": np.ones((2, 2)), "bias": 1.0})
    assert core.For not in kinds(made) and If not in kinds(made)


# ----------------------------------------------------------------------------------------------------------- functions


def test_closures_are_taken_apart() -> None:
    def make(scale):
        return lambda t: t * scale

    def twice(function, x):
        return function(function(x))

    def program(x):
        return twice(make(x), 3.0)

    made = typed(program, 1.5)
    assert getattr not in calls(made) and functools.partial not in calls(made)


def test_recursion() -> None:
    assert result_value(typed(power, 1.5, 4)) == FLOAT


def power(x, n):
    if n == 0:
        return 1.0
    return x * power(x, n - 1)


def test_recursion_on_constants_ends() -> None:
    made = typed(lambda x: power(x, 30), 1.01)
    assert isinstance(result_value(made), (Number, Unknown))


def test_one_instance_for_calls_of_one_type() -> None:
    made = typed(lambda x, y: log_sum_exp(x) + log_sum_exp(y), np.ones((2, 3)), np.ones((4, 5)))
    first, second = (s.value.function.value for s in made.body[:2])  # type: ignore[union-attr]
    assert first is second


def test_callable_object() -> None:
    class Scale:
        def __init__(self, factor):
            self.factor = factor

        def __call__(self, x):
            return x * self.factor

    scale = Scale(3.0)
    typed(lambda x: scale(x), 2.0)


def test_exceptions() -> None:
    def program(x):
        y = 0.0
        try:
            y = 1.0 / x
            y = y + [1.0, 2.0][int(x)]
        except ZeroDivisionError:
            y = y - 1.0
        except IndexError as error:
            y = y * len(str(error))
        return y

    for x in (0.0, 1.0, 5.0):
        typed(program, x)


def test_what_always_raises_ends_the_program() -> None:
    body = (
        Assign("_1", Call(Ref(isinstance), (Var("x"), Ref(float)))),
        If(Var("_1"), (Raise(Ref(KeyError)),)),
        Assign("y", Call(Ref(operator.add), (Var("x"), Const(1)))),
        Return(Var("y")),
    )
    made = specialise(Function("f", ("x",), body), (FLOAT,))
    assert made.body == (Raise(Ref(KeyError)), Return(Const(None)))


def test_unknown_function_stays() -> None:
    body = (Assign("y", Call(Var("f"), (Var("x"),))), Return(Var("y")))
    made = specialise(Function("g", ("f", "x"), body), (UNKNOWN, FLOAT))
    assert made.body == body
    assert result_value(made) == UNKNOWN


def test_known_function_value() -> None:
    body = (Assign("y", Call(Var("f"), (Var("x"),))), Return(Var("y")))
    made = specialise(Function("g", ("f", "x"), body), (Known(np.exp), FLOAT))
    assert calls(made) == [np.exp] and result_value(made) == Number(DOUBLE)


def test_output_is_the_same_each_time() -> None:
    program = Reader().program(log_sum_exp)
    values = (array("n", "m"), INTEGER)
    assert specialise(program, values).body == specialise(program, values).body


def test_description_of_values() -> None:
    assert describes(Sequence(list, (FLOAT,)), [1.0], {})
    assert not describes(Sequence(list, (FLOAT,)), [np.ones(2)], {})
    assert not describes(array("n", 1), np.ones((2, 3)), {})


# -------------------------------------------------------------------------------------------------------------- corpus


@pytest.mark.parametrize("program", corpus.programs(), ids=lambda program: program.name)
def test_corpus(program: Any) -> None:
    """Specialised programs of the corpus compute what the programs do, and what is said of their names is true."""
    volatile: set[Any] = set()
    cells: dict[int, Any] = {}
    while True:
        reader = Reader(volatile, cells)
        try:
            check_specialised(program, reader)
            break
        except Restart:  # it changes data outside that was taken to stay
            volatile |= reader.volatile


def check_specialised(program: Any, reader: Reader) -> None:
    try:
        lowered = reader.program(program.function)
    except SyntaxError:
        pytest.skip("refused by the lowering")
    for arguments in program.arguments:
        kinds_of = lowered.signature.parameters.values() if lowered.signature is not None else ()
        if len(lowered.parameters) != len(arguments) or any(p.kind is p.VAR_POSITIONAL for p in kinds_of):
            continue
        expected = program.function(*copy.deepcopy(arguments))
        typed_values = tuple(abstract(argument, (place,)) for place, argument in enumerate(arguments))
        for values in (typed_values, (UNKNOWN,) * len(arguments)):
            try:
                made = specialise(lowered, values, reader)
            except AutodiffError:
                pytest.skip("refused where types are found")
            checker = Checker()
            assert_same(checker.run(made, *copy.deepcopy(arguments)), expected)
            assert not checker.wrong
            again = specialise(made, values, reader)
            assert_same(interpret(again, *copy.deepcopy(arguments)), expected)


def test_values_keep_the_names_that_the_program_gave_them() -> None:
    def program(params):
        (w, b), scale = params["layer"], params["scale"]
        pair = [np.sin(w), np.cos(b)]
        first, second = pair
        return first * second * scale

    made = typed(program, {"layer": (np.ones(3), np.ones(3)), "scale": 2.0})
    assert {"w", "b", "scale", "first", "second"} <= core.all_writes(made.body)


def test_names_of_values_do_not_hide_others() -> None:
    def program(pair):
        x, y = pair
        for _ in range(2):
            x, y = y, x + y
        z = x
        x = np.sin(z)
        return x * z + y

    typed(program, (0.5, 1.5))
