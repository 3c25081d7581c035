"""The classes of programs on which source-transforming tools are silently wrong: aliases, views, repeated indices,
broadcasting, augmented stores, bodies of `with`, integer inputs, colliding names, changing closures.

The programs are made by crossing the ways to take a view with the ways to change an array, and checked against
differences.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import autodiff as ad
from tests.corpus.reference import assert_close, function_from, numbers, numeric_gradient

VIEWS = {
    "alias": "y",
    "slice": "y[1:]",
    "reversed": "y[::-1]",
    "strided": "y[::2]",
    "column": "y[:, 1]",
    "row": "y[1]",
    "block": "y[:2, 1:]",
    "newaxis": "y[:, None]",
    "ellipsis": "y[..., 0]",
    "transposed": "y.T",
    "transpose": "np.transpose(y, (1, 0))",
    "swapped axes": "y.swapaxes(0, 1)",
    "reshaped": "y.reshape(-1)",
    "reshaped again": "np.reshape(y, (2, 6))",
    "ravelled": "y.ravel()",
    "np.ravel": "np.ravel(y)",
    "view of view": "y[1:].T[::-1]",
    "reshaped slice": "y[1].reshape(2, 2)",
    "expanded": "np.expand_dims(y, 0)",
    "squeezed": "y[:, None, 1].squeeze()",
    "moved axis": "np.moveaxis(y, 0, 1)",
    "np.asarray": "np.asarray(y)",
    "split": "np.split(y, 2, axis=1)[1]",
    "iterated": "list(y)[2]",
    "unpacked": "[*y][0]",
    "flipped": "np.flip(y, 0)",
    "copied": "y.copy()",
    "np.array": "np.array(y)",
    "fancy copy": "y[[0, 2]]",
    "masked copy": "y[y > 0]",
    "flattened copy": "y.flatten()",
    "diagonal copy": "np.diagonal(y).copy()",
    "computed": "y * 2.0",
}
CHANGES = {
    "store one": "v[0] = 5.0 * x[1, 1]",
    "store all": "v[...] = x[0, 0] ** 2",
    "store own": "v[-1] = v[0] * 1.5",
    "add": "v += x[1, 2]",
    "multiply": "v *= v",
    "divide element": "v[0] /= 1.0 + x[0, 1] ** 2",
    "out": "np.multiply(v, x[0, 2], out=v)",
    "fill": "v.fill(x[1, 0])",
    "copyto": "np.copyto(v, v[::-1].copy() * 2.0)",
}
X = numbers(3, 4, low=0.2, high=1.3)

PROGRAM = """
def f(x):
    y = x * 1.5
    v = {view}
    before = np.sum(y ** 2)
    {change}
    after = np.sum(y ** 3)
    y[1, 2] = y[1, 2] * x[2, 2]
    y[0] *= 1.1
    return before * 0.5 + after + np.sum(v ** 2) + np.sum(y * np.cos(np.arange(12.0)).reshape(3, 4))
"""
IN_CALLEE = """
def change(v, x):
    {change}

def f(x):
    y = x * 1.5
    for k in range(2):
        v = {view}
        change(v, x)
        y[2, k] += np.sum(v) * 0.1
    return np.sum(y ** 2)
"""
IN_BRANCH = """
def f(x):
    y = x * 1.5
    if x[0, 0] > 0:
        v = {view}
    else:
        v = {view} * 1.0
    {change}
    z = y[2]
    if x[0, 1] < 100:
        z = y[1]
        z += 1.0
    return np.sum(y ** 2) + np.sum(z)
"""


def check(source: str, x: np.ndarray = X) -> None:
    function = function_from(source)
    assert_close(ad.grad(function)(x.copy()), numeric_gradient(function, (x,), (0,))[0])


@pytest.mark.parametrize("view, change", itertools.product(VIEWS, CHANGES))
def test_views_and_changes(view: str, change: str) -> None:
    check(PROGRAM.format(view=VIEWS[view], change=CHANGES[change]))


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("change", ["store one", "multiply", "out"])
def test_views_and_changes_in_a_callee_and_a_loop(view: str, change: str) -> None:
    check(IN_CALLEE.format(view=VIEWS[view], change=CHANGES[change]))


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("change", ["store own", "add"])
def test_views_and_changes_after_a_branch(view: str, change: str) -> None:
    check(IN_BRANCH.format(view=VIEWS[view], change=CHANGES[change]))


INDICES = {
    "repeated list": "[0, 0, 1]",
    "repeated array": "np.array([2, 2, 2])",
    "repeated rows and columns": "[0, 0, 1], [1, 1, 2]",
    "repeated rows, slice": "[0, 0], 1:3",
    "slice, repeated columns": ":, [1, 1, 3]",
    "negative and positive": "[0, -3]",
    "nested": "[[0, 1], [1, 1]]",
    "row, repeated": "1, [0, 0]",
    "boolean": "x > 0.7",
    "boolean rows": "np.array([True, False, True])",
    "boolean and repeated": "np.array([True, False, True]), [1, 1]",
    "open mesh": "np.ix_([0, 0], [1, 2, 1])",
    "newaxis": "[0, 0], None",
}


@pytest.mark.parametrize("index", INDICES)
def test_repeated_indices_read(index: str) -> None:
    check(f"def f(x):\n    return np.sum(np.sin(x[{INDICES[index]}]) ** 2)")


@pytest.mark.parametrize("index", INDICES)
def test_repeated_indices_written(index: str) -> None:
    check(f"def f(x):\n    y = x * 1.0\n    y[{INDICES[index]}] = x[0, 0]\n    return np.sum(y ** 2)")


@pytest.mark.parametrize("index", INDICES)
@pytest.mark.parametrize("operation", ["+=", "*=", "-=", "/="])
def test_repeated_indices_augmented(index: str, operation: str) -> None:
    check(f"def f(x):\n    y = x * 1.0\n    y[{INDICES[index]}] {operation} x[1, 1] + 1.0\n    return np.sum(y ** 2)")


@pytest.mark.parametrize("index", INDICES)
def test_repeated_indices_of_an_array_written(index: str) -> None:
    source = f"""
    def f(x):
        y = np.ones((3, 4))
        part = x[{INDICES[index]}]
        y[{INDICES[index]}] = part * 2.0
        y[{INDICES[index]}] += part ** 2
        return np.sum(y ** 2)
    """
    check(source)


@pytest.mark.parametrize(
    "target",
    ["y[1]", "y[1, 2]", "y[1:]", "y[:, 0]", "y[...]", "y", "d['k']", "d['k'][0]", "o.a", "o.a[1]", "items[0]", "items[0][1]"],
)
@pytest.mark.parametrize("operation", ["+=", "-=", "*=", "/=", "**="])
def test_augmented_targets(target: str, operation: str) -> None:
    source = f"""
    class Object:
        pass

    def f(x):
        y = x * 1.5
        o = Object()
        o.a = y
        d = {{"k": y}}
        items = [y, x]
        {target} {operation} x[0, 0] + 1.0
        return np.sum(y ** 2) + np.sum(o.a * d["k"]) + np.sum(items[0] ** 2)
    """
    check(source)


@pytest.mark.parametrize("target", ["y[1]", "y['k']", "y.a", "y"])
@pytest.mark.parametrize("operation", ["+=", "-=", "*=", "/=", "**="])
def test_augmented_targets_that_hold_numbers(target: str, operation: str) -> None:
    make = {"y[1]": "[x, x]", "y['k']": "{'k': x}", "y.a": "Object()", "y": "x"}[target]
    source = f"""
    class Object:
        pass

    def f(x):
        y = {make}
        {"y.a = x" if target == "y.a" else "pass"}
        {target} {operation} x + 1.0
        return {target} * x
    """
    function = function_from(source)
    assert_close(ad.grad(function)(1.3), numeric_gradient(function, (1.3,), (0,))[0])


@pytest.mark.parametrize(
    "context",
    ["np.errstate(all='ignore')", "suppress(ValueError)", "nullcontext(x)", "open('/dev/null')"],
)
def test_bodies_of_with(context: str) -> None:
    source = f"""
    from contextlib import nullcontext, suppress

    def f(x):
        y = x * 1.5
        with {context} as c:
            y[1] = y[0] * 2.0
            y = y * x
            with suppress(ZeroDivisionError):
                y[0] += 1.0
                1 / 0
                y[0] += 100.0
        return np.sum(y ** 2)
    """
    check(source)


def test_body_of_with_returns() -> None:
    check(
        """
        def f(x):
            with np.errstate(all="ignore"):
                if x[0, 0] > 0:
                    return np.sum(x ** 2)
            return np.sum(x)
        """
    )


@pytest.mark.parametrize("value", [3, np.int64(3), np.array([1, 2]), True, np.array([True]), [1, 2], {"a": 1}])
def test_integer_inputs_are_refused(value: object) -> None:
    with pytest.raises(ad.AutodiffError, match="float"):
        ad.grad(lambda x: x * 2)(value)


def test_integer_leaf_beside_float_leaves_is_refused() -> None:
    with pytest.raises(ad.DerivativeUndefined, match="'n'"):
        ad.grad(lambda p: np.sum(p["w"] * p["n"]))({"w": np.array([1.0, 2.0]), "n": 3})


COLLIDING = [
    "d", "g", "ans", "x_bar", "y_bar", "x_dot", "tape", "tape_1", "np", "math", "_1", "_2", "x_1", "y_1", "operator",
    "functools", "runtime", "operations", "ad", "grad", "result", "value", "pullback", "primal", "adjoint", "self",
    "shape", "index", "test", "i", "n", "f_bar", "length", "items", "copy", "zeros", "numpy", "transforms", "z_bar",
]  # fmt: skip


@pytest.mark.parametrize("name", COLLIDING)
def test_arguments_named_like_generated_names(name: str) -> None:
    source = f"""
    import numpy as library

    def helper({name}):
        return library.tanh({name}) * {name}

    def f({name}, y):
        z = helper({name}) * y
        for k in range(3):
            if z > 0.5:
                z = z * {name} * 0.9
            else:
                z = z + y
        return library.sin(z)
    """
    function = function_from(source)
    for arguments in ((1.3, 0.6), (0.4, 0.3)):
        assert_close(ad.grad(function, (0, 1))(*arguments), numeric_gradient(function, arguments, (0, 1)))


@pytest.mark.parametrize("name", COLLIDING)
def test_locals_and_globals_named_like_generated_names(name: str) -> None:
    source = f"""
    import numpy as library
    {name} = 2.5

    def outer(x):
        return library.sum(x * {name}) ** 2

    def f(x):
        y = outer(x)

        def inner({name}):
            return {name} * x

        return y * library.sum(inner(y))
    """
    function = function_from(source)
    x = numbers(3, low=0.2)
    assert_close(ad.grad(function)(x), numeric_gradient(function, (x,), (0,))[0])


def test_same_named_globals_in_different_modules() -> None:
    first = function_from("rate = 2.0\ndef helper(x):\n    return x * rate", "helper")
    second = function_from("rate = 7.0\ndef helper(x):\n    return x * x * rate", "helper")
    function = function_from(
        "rate = 11.0\ndef f(x):\n    return first(x) + second(x) + x * rate", first=first, second=second
    )
    assert ad.grad(function)(1.5) == pytest.approx(2.0 + 21.0 + 11.0)


def test_global_that_changes_between_calls() -> None:
    function = function_from("rate = 2.0\ndef f(x):\n    return x * rate")
    gradient = ad.grad(function)
    assert gradient(1.5) == 2.0
    function.__globals__["rate"] = 3.0
    assert gradient(1.5) == 3.0
    function.__globals__["rate"] = np.array([1.0, 2.0])
    assert gradient(1.5) == 3.0


def test_global_function_that_changes_between_calls() -> None:
    function = function_from("def helper(x):\n    return x\ndef f(x):\n    return helper(x) * 2.0")
    gradient = ad.grad(function)
    assert gradient(1.5) == 2.0
    function.__globals__["helper"] = function_from("def helper(x):\n    return x * x", "helper")
    assert gradient(1.5) == 6.0


def test_closure_that_changes_between_calls() -> None:
    def make():
        scale = 2.0

        def f(x):
            return x * scale

        def change(value):
            nonlocal scale
            scale = value

        return f, change

    f, change = make()
    gradient = ad.grad(f)
    assert gradient(1.5) == 2.0
    change(5.0)
    assert gradient(1.5) == 5.0
    change(lambda v: v)
    with pytest.raises(TypeError):
        gradient(1.5)


def test_attribute_that_changes_between_calls() -> None:
    class Model:
        def __init__(self):
            self.weight = 2.0

        def __call__(self, x):
            return self.weight * x * x

    model = Model()
    gradient = ad.grad(model)
    assert gradient(1.5) == 6.0
    model.weight = 3.0
    assert gradient(1.5) == 9.0
    model.weight = np.array([1.0, 2.0])
    assert gradient(1.5) == 9.0


def test_closures_of_one_code_do_not_share_values() -> None:
    gradients = [ad.grad(lambda x, k=k: x**k) for k in range(1, 4)]
    closures = [ad.grad((lambda k: lambda x: x**k)(k)) for k in range(1, 4)]
    for made in (gradients, closures):
        assert [gradient(2.0) for gradient in made] == [1.0, 4.0, 12.0]


def test_default_that_is_mutable_keeps_its_identity() -> None:
    function = function_from("def f(x, seen=[]):\n    seen.append(1)\n    return x * len(seen)")
    gradient = ad.grad(function)
    assert [gradient(1.5), gradient(1.5), function(1.0)] == [1.0, 2.0, 3.0]


def test_gradients_do_not_share_memory_with_each_other_or_the_arguments() -> None:
    x, y = numbers(3), numbers(3, seed=1)
    gx, gy = ad.grad(lambda x, y: np.sum(x + y), (0, 1))(x, y)
    gx += 1.0
    assert_close(gy, np.ones(3))
    gx, gy = ad.grad(lambda x, y: np.sum(x * y), (0, 1))(x, y)
    gx += 1.0
    assert_close(y, numbers(3, seed=1))
    same = ad.grad(lambda p: np.sum(p[0] + p[1]))([x, x])
    same[0] += 1.0
    assert_close(same[1], np.ones(3))


def test_the_same_array_given_twice() -> None:
    x = numbers(3)
    gx, gy = ad.grad(lambda a, b: np.sum(a * b * b), (0, 1))(x, x)
    assert_close((gx, gy), (x * x, 2 * x * x))


def test_the_same_array_given_twice_and_changed() -> None:
    source = "def f(a, b):\n    a[0] = a[1] * 2.0\n    return np.sum(a * b)"
    function = function_from(source)
    x = numbers(3, low=0.2)
    shared = x.copy()
    try:
        gradient = ad.grad(function, (0, 1))(shared, shared)
    except (ad.AutodiffError, TypeError):  # the run time refuses by a TypeError
        return  # refusing is right as well: the two arguments are one array

    def both(a):
        return function(a, a)

    known = numeric_gradient(both, (x,), (0,))[0]
    assert_close(gradient[0] + gradient[1], known)


def test_overlapping_arguments_changed() -> None:
    function = function_from("def f(a, b):\n    a[1] = 3.0 * a[0]\n    return np.sum(a ** 2) + np.sum(b ** 2)")
    base = numbers(4, low=0.2)

    def whole(x):
        return function(x[:3], x[1:])

    known = numeric_gradient(whole, (base,), (0,))[0]
    assert_close(ad.grad(whole)(base.copy()), known)


# ------------------------------------------------------------------------- arguments, aliases and effects of functions

REFUSED_ARGUMENTS = {
    "order of a norm": ("return np.linalg.norm(np.array([1.0, 2.0]), p)", 3.0),
    "replacement of nan": ("return np.sum(np.nan_to_num(np.array([np.nan, 1.0]), nan=p))", 0.8),
    "degrees of freedom": ("return np.var(np.array([0.3, 1.0, 4.0]), ddof=p)", 0.8),
    "start of a sum": ("return np.sum(np.array([0.3, 1.0]), initial=p)", 0.8),
    "padding": ("return np.sum(np.pad(np.ones(3), 2, constant_values=p))", 0.3),
    "default of getattr": ("return getattr(np, 'no_such_name', p)", 0.3),
    "items of an iterator": ("return np.sum(np.fromiter((v * p for v in (1.0, 2.0)), float))", 0.3),
}


@pytest.mark.parametrize("name", REFUSED_ARGUMENTS)
def test_argument_without_rule_is_refused(name: str) -> None:
    body, value = REFUSED_ARGUMENTS[name]
    with pytest.raises(ad.AutodiffError):
        ad.grad(function_from(f"def f(p):\n    {body}"))(value)


POSITIONAL = (
    "np.sum(x * np.sum(x, 0, None, None, True))",
    "np.sum(x * np.mean(x, 0, None, None, True))",
    "np.sum(x * np.max(x, 0, None, True))",
    "np.sum(x * np.var(x, 0, None, None, 1, True))",
    "np.sum(x * x.std(0, None, None, 1, True))",
)


@pytest.mark.parametrize("expression", POSITIONAL)
def test_positional_arguments_in_the_order_of_numpy(expression: str) -> None:
    function = function_from(f"def f(x):\n    return {expression}")
    x = numbers(3, 2, low=0.2)
    assert_close(ad.grad(function)(x.copy()), numeric_gradient(function, (x,), (0,))[0])


def test_out_given_by_position() -> None:
    function = function_from(
        "def f(x):\n    out = np.zeros(2)\n    np.sum(x, 0, None, out)\n    return np.sum(out * np.array([1.0, 3.0]))"
    )
    assert_close(ad.grad(function)(np.ones((3, 2))), np.array([[1.0, 3.0]] * 3))


ALIASED = {
    "append": "add = xs.append\n    add(x * x)\n    return xs[0] * xs[1]",
    "pop": "xs.append(x * x)\n    take = xs.pop\n    b = take()\n    return b * xs[0]",
    "list.pop": "F = list.pop\n    xs.append(x * x)\n    return F(xs) * xs[0]",
}


@pytest.mark.parametrize("name", ALIASED)
def test_method_objects_by_another_name(name: str) -> None:
    function = function_from(f"def f(x):\n    xs = [x]\n    {ALIASED[name]}")
    assert_close(ad.grad(function)(1.3), 3 * 1.3**2)


SPECIAL_METHODS = (
    "a = [0.0]\n    list.__setitem__(a, 0, x)\n    return a[0]",
    "a = np.zeros(2)\n    np.ndarray.__setitem__(a, 0, x)\n    return a[0]",
)


@pytest.mark.parametrize("body", SPECIAL_METHODS)
def test_changes_by_special_methods_of_classes(body: str) -> None:
    assert ad.grad(function_from(f"def f(x):\n    {body}"))(1.3) == 1.0


MORE_PROGRAMS = {
    "item of a mixed tuple": "t = ((x * 2.0, 0.5), (x, 0.25))[1 if x[0] > 0 else 0]\n    return np.sum(t[0] * x)",
    "view": "y = x * 1.0\n    v = y.view()\n    v[0] = x[1] * x[1]\n    return np.sum(y)",
    "real part": "y = x * 1.0\n    y.real = x * x\n    return np.sum(y)",
    "matmul in place": "z = np.outer(x, x)\n    y = z * 2.0\n    z @= y\n    return np.sum(z)",
    "loop alone binds": (
        "u = x * 1.0\n    n = 2\n    while n > 0:\n        n = n - 1\n        w = u\n        u = u * 1.5\n"
        "        w[0] = u[1]\n    return np.sum(u * w)"
    ),
    "copied list": (
        "tmp = []\n    for k in range(len(x)):\n        tmp.append(x[k] * k)\n    items = list(tmp)\n    s = 0.0\n"
        "    for v in items:\n        s = s + v * v\n    return s"
    ),
}


@pytest.mark.parametrize("name", MORE_PROGRAMS)
def test_first_and_second_derivative(name: str) -> None:
    function = function_from(f"def f(x):\n    {MORE_PROGRAMS[name]}")
    x = numbers(3, low=0.2)
    gradient = ad.grad(function)
    assert_close(gradient(x.copy()), numeric_gradient(function, (x,), (0,))[0])

    def weighted(v):
        return np.sum(gradient(v) * np.arange(1.0, 4.0))

    assert_close(ad.grad(weighted)(x.copy()), numeric_gradient(weighted, (x,), (0,))[0], 1e-5)


def test_property_that_is_assigned() -> None:
    function = function_from(
        """
        class Box:
            def __init__(self, a):
                self._a = a
            @property
            def a(self):
                return self._a * 2.0
            @a.setter
            def a(self, v):
                self._a = v * v

        def f(x):
            box = Box(x)
            box.a = box.a * x
            return box.a
        """
    )
    assert_close(ad.grad(function)(1.2), 32 * 1.2**3)


@pytest.mark.parametrize("second", ["x", "x[::-1]", "x[1:]"])
def test_changed_argument_that_overlaps_another(second: str) -> None:
    x = numbers(3, low=0.2)
    function = function_from("def f(a, b):\n    a[0] = a[1] * 2.0\n    return np.sum(a) * np.sum(b)")
    with pytest.raises((ad.AutodiffError, TypeError), match="shares memory"):
        ad.grad(function)(x, eval(second))


# ------------------------------------------------------------------------- recursive callees made for their effect


def _double_down(y, n):
    if n == 0:
        return
    y[n] *= 2.0
    _double_down(y, n - 1)


def _fill_down(y, x, n):
    if n < 0:
        return
    y[n] = x[n] * x[n]
    _fill_down(y, x, n - 1)


def _triple_inside(ys, n):
    if n < 0:
        return
    ys[0][n] = ys[0][n] * 3.0
    _triple_inside(ys, n - 1)


def test_a_recursive_callee_that_returns_nothing_changes_an_array() -> None:
    def doubled(x):
        y = x * 1.0
        _double_down(y, 2)
        return np.sum(y * y)

    def filled(x):
        y = np.zeros(3)
        _fill_down(y, x, 2)
        return np.sum(y * y)

    def tripled(x):
        ys = [x * 1.0]
        _triple_inside(ys, 2)
        return np.sum(ys[0] ** 2)

    x = np.array([1.0, 2.0, 3.0])
    assert ad.grad(doubled)(x).tolist() == [2.0, 16.0, 24.0]
    assert ad.grad(filled)(x).tolist() == [4.0, 32.0, 108.0]
    assert ad.grad(tripled)(x).tolist() == [18.0, 36.0, 54.0]


@pytest.mark.parametrize(
    "copy", [lambda y: np.float64(y), lambda y: np.diff(y, n=0), lambda y: np.asarray(y, float), lambda y: np.ravel(y)]
)
def test_functions_that_give_back_their_argument(copy) -> None:
    def f(x):
        y = x * 1.0
        z = copy(y)
        z[0] = 3 * x[1]
        return np.sum(y**2)

    x = np.array([0.5, -1.2, 2.0])
    np.testing.assert_allclose(ad.grad(f)(x), [0.0, 20 * x[1], 2 * x[2]])


def test_what_was_negated_and_then_changed() -> None:
    def f(x):
        y = -x
        y[0] = y[-1] * 2
        return np.sum(np.cos(y + 0.2)) + np.sum(0.3 - y)

    x = np.array([0.3, 0.8])
    at_last = -np.sin(-x[1] + 0.2) - 1
    at_first = -np.sin(-2 * x[1] + 0.2) - 1
    np.testing.assert_allclose(ad.grad(f)(x), [0.0, -at_last - 2 * at_first])


@pytest.mark.parametrize("order", [1, 2])
def test_an_attribute_of_something_outside_is_asked_for_again(order: int) -> None:
    source = """
        def f(x):
            if not hasattr(thing, "total"):
                thing.total = 0.0
            thing.total = thing.total + x
            first = thing.total * thing.total
            if not hasattr(thing, "total"):
                thing.total = 0.0
            thing.total = thing.total + x * x
            return first * thing.total"""

    class Thing:
        pass

    gradient = function_from(source, thing=Thing())  # x^3 + x^4
    for _ in range(order):
        gradient = ad.grad(gradient)
    assert gradient(3.0) == pytest.approx(27.0 + 108.0 if order == 1 else 18.0 + 108.0)
