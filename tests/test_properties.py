"""Properties on programs, shapes and indices drawn at random: the gradient is the limit of differences."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import autodiff as ad
from autodiff.api.transformed import present
from autodiff.backend.compile import Program as Executable
from autodiff.frontend.read import Reader
from tests.corpus.reference import assert_close, function_from, numbers, numeric_gradient, total
from tests.idioms import judged
from tests.programs import Writer
from transforms.values import UNKNOWN

relaxed = settings(
    phases=(Phase.explicit, Phase.generate),  # programs are short: shrinking them costs more than it gives
    max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None
)


# ------------------------------------------------------------------------------------------------- random programs

NAMES = ("x", "y", "a", "b", "c")
UNARY = ("np.sin({})", "np.tanh({})", "({} * {} + 1.0)", "np.log1p({} ** 2)", "-{}", "np.exp(-{} * {})", "({} ** 2)")
BINARY = ("({} + {})", "({} - {})", "({} * {})", "({} / (1.5 + {} * {}))", "({} if {} > 0.05 else {})")


@st.composite
def expressions(draw, defined):
    """An expression over the names that are defined."""
    form = draw(st.sampled_from(UNARY + BINARY))
    return form.format(*(draw(st.sampled_from(defined)) for _ in range(form.count("{}"))))


@st.composite
def blocks(draw, defined, depth, loop=False):
    """Statements as lines without indentation; `defined` grows by the names assigned on every path."""
    lines = []
    for _ in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(["assign", "assign", "augment", "if", "for", "while", "tuple", "call", "jump"]))
        if depth == 0 and kind in ("if", "for", "while") or kind == "jump" and not loop:
            kind = "assign"
        if kind == "assign":
            target = draw(st.sampled_from(NAMES))
            lines.append(f"{target} = {draw(expressions(tuple(defined)))}")
            defined.add(target) if isinstance(defined, set) else None
        elif kind == "augment":
            target = draw(st.sampled_from(sorted(defined)))
            operation = draw(st.sampled_from(["+=", "-=", "*="]))
            lines.append(f"{target} {operation} {draw(expressions(tuple(sorted(defined))))}")
        elif kind == "tuple":
            first, second = draw(st.sampled_from(sorted(defined))), draw(st.sampled_from(sorted(defined)))
            lines.append(f"{first}, {second} = {draw(expressions(tuple(sorted(defined))))}, {first}")
        elif kind == "call":
            target = draw(st.sampled_from(NAMES))
            chosen = draw(st.sampled_from(sorted(defined)))
            lines.append(f"{target} = helper({chosen}, {draw(st.sampled_from(sorted(defined)))})")
            defined.add(target)
        elif kind == "jump":
            test = f"{draw(st.sampled_from(sorted(defined)))} > {draw(st.sampled_from([0.11, 0.93, -0.57]))}"
            lines += [f"if {test}:", f"    {draw(st.sampled_from(['break', 'continue']))}"]
        elif kind == "if":
            test = f"{draw(st.sampled_from(sorted(defined)))} > {draw(st.sampled_from([0.13, 0.71, -0.37]))}"
            before = set(defined)
            after = []
            for header in (f"if {test}:", "else:"):
                inside = set(before)
                lines.append(header)
                lines += ["    " + line for line in draw(blocks(inside, depth - 1, loop))]
                after.append(inside)
            defined.update(after[0] & after[1])
        else:
            inside = set(defined)
            counter = f"k{depth}"
            if kind == "for":
                lines.append(f"for {counter} in range({draw(st.integers(0, 3))}):")
            else:
                lines += [f"{counter} = 0", f"while {counter} < {draw(st.integers(0, 3))}:", f"    {counter} += 1"]
            lines += ["    " + line for line in draw(blocks(inside, depth - 1, True))]
            if draw(st.booleans()):
                lines += ["else:", f"    x = x * {draw(st.sampled_from(sorted(defined)))}"]
    return lines


@st.composite
def random_programs(draw):
    defined = {"x", "y"}

    class Ordered(set):
        pass

    names = Ordered(defined)
    body = draw(blocks(names, 2))
    result = draw(expressions(tuple(sorted(names))))
    lines = ["def helper(a, b):", "    if a > b:", "        return a * b", "    return np.cos(a) + b", "", "def f(x, y):"]
    return "\n".join(lines + ["    " + line for line in body] + [f"    return {result}"])


def settle(arguments: tuple, function) -> None:
    try:
        known = numeric_gradient(function, arguments, (0, 1))
        coarse = [
            (total(function(*moved(arguments, k, 1e-6))) - total(function(*moved(arguments, k, -1e-6)))) / 2e-6
            for k in (0, 1)
        ]
    except (OverflowError, ZeroDivisionError):
        return
    if not np.allclose(coarse, known, rtol=1e-5, atol=1e-6):
        return  # a branch changes within the steps
    gradient = ad.grad(function, (0, 1))
    assert_close(gradient(*arguments), known, 1e-7)


def moved(arguments: tuple, position: int, step: float) -> tuple:
    return tuple(value + step if k == position else value for k, value in enumerate(arguments))


@settings(relaxed, max_examples=120)
@given(random_programs(), st.sampled_from([(0.4, 0.9), (-0.8, 0.31)]))
def test_random_programs(source: str, arguments: tuple) -> None:
    settle(arguments, function_from(source))


@settings(relaxed, max_examples=25)
@given(random_programs(), st.sampled_from([(0.4, 0.9)]))
def test_random_programs_second_order(source: str, arguments: tuple) -> None:
    function = function_from(source)
    first = ad.grad(function, 0)
    known = numeric_gradient(first, arguments, (0, 1))
    coarse = [(first(*moved(arguments, k, 1e-5)) - first(*moved(arguments, k, -1e-5))) / 2e-5 for k in (0, 1)]
    if np.allclose(coarse, known, rtol=1e-4, atol=1e-5):
        assert_close(ad.grad(first, (0, 1))(*arguments), known, 1e-6)


# --------------------------------------------------------------------------------------- random array mutations

STATEMENTS = (
    "y[{i}] = x[{j}] * 1.5",
    "y[{i}] += y[{j}] * 0.5",
    "y[{s}] *= 1.2",
    "y[{s}] = y[{s}] * y[{i}]",
    "y += x[{i}]",
    "y = y * x",
    "v = y[{s}]",
    "v = y.reshape(2, 3)[{k}]",
    "v = v[::-1]",
    "v *= y[{i}]",
    "v[0] = y[{i}] + x[{j}]",
    "w = v",
    "w[-1] -= x[{i}] ** 2",
    "y[[{i}, {j}]] = y[[{j}, {i}]]",
    "y[[{i}, {i}]] += x[{j}]",
    "np.multiply(v, v, out=v)",
    "y, z = z, y",
    "z = y.copy()",
    "z[{s}] = y[{s}] * 0.5",
    "for k in range(2): y[k + 1] = y[k] * z[{i}]",
    "items.append(y[{i}] * 1.0)",
    "items.append(v)",
    "items[0] = items[-1] * 2.0",
    "touch(y, {i})",
    "touch(v, 0)",
    "y = v if x[{i}] > 0.4 else y; v = y[:3]; y = z if len(y) < 6 else y",
)
SLICES = ("1:4", ":3", "3:", "::2", "::-2", "-3:", ":")


@st.composite
def mutating_programs(draw):
    lines = []
    for statement in draw(st.lists(st.sampled_from(STATEMENTS), min_size=2, max_size=8)):
        lines.append(
            statement.format(
                i=draw(st.integers(-6, 5)),
                j=draw(st.integers(0, 5)),
                k=draw(st.integers(0, 1)),
                s=draw(st.sampled_from(SLICES)),
            )
        )
    body = "\n    ".join(lines)
    return f"""
def touch(a, i):
    a[i] = a[i] * 1.1 + a[0]

def f(x):
    y = x * 1.0
    z = x * 0.5
    v = y[1:4]
    w = z
    items = [x[0], z]
    {body}
    return np.sum(y ** 2) + np.sum(z * np.arange(6.0)) + np.sum(v) + np.sum(w ** 2) + sum(np.sum(i) for i in items)
"""


@settings(relaxed, max_examples=150)
@given(mutating_programs())
def test_random_mutations(source: str) -> None:
    function = function_from(source)
    x = numbers(6, low=0.2, high=1.1)
    known = numeric_gradient(function, (x,), (0,))[0]
    assert_close(ad.grad(function)(x.copy()), known, 1e-7)


# ------------------------------------------------------------------------------------------ shapes and indices

INDEX = function_from("def f(x, index):\n    return np.sum(np.sin(x[index]) ** 2)")
STORE = function_from(
    "def f(x, v, index):\n    y = x * 2.0\n    y[index] = y[index] * v\n    y[index] += v\n    return np.sum(y ** 2)"
)


@relaxed
@given(st.data())
def test_random_basic_indices(data) -> None:
    shape = data.draw(hnp.array_shapes(min_dims=1, max_dims=3, max_side=4))
    index = data.draw(hnp.basic_indices(shape, allow_newaxis=True, allow_ellipsis=True))
    x = numbers(*shape)
    assert_close(ad.grad(INDEX)(x, index), numeric_gradient(INDEX, (x, index), (0,))[0])


@relaxed
@given(st.data())
def test_random_stores(data) -> None:
    shape = data.draw(hnp.array_shapes(min_dims=1, max_dims=3, max_side=4))
    index = data.draw(
        st.one_of(
            hnp.basic_indices(shape, allow_newaxis=True, allow_ellipsis=True),
            hnp.integer_array_indices(shape),
            hnp.arrays(bool, shape),
        )
    )
    x = numbers(*shape)
    arguments = (x, 1.3, index)
    assert_close(ad.grad(STORE, (0, 1))(*arguments), numeric_gradient(STORE, arguments, (0, 1)))


@relaxed
@given(st.data())
def test_random_fancy_indices(data) -> None:
    shape = data.draw(hnp.array_shapes(min_dims=1, max_dims=3, max_side=4))
    index = data.draw(hnp.integer_array_indices(shape))
    x = numbers(*shape)
    assert_close(ad.grad(INDEX)(x, index), numeric_gradient(INDEX, (x, index), (0,))[0])


BROADCAST = function_from(
    "def f(x, y, z):\n    a = x * y + np.maximum(y, z) / (z * z + 1.0)\n    a = a - x ** 2\n    return np.sum(np.tanh(a))"
)


@relaxed
@given(hnp.mutually_broadcastable_shapes(num_shapes=3, max_dims=3, max_side=3))
def test_random_broadcasting(shapes) -> None:
    arguments = tuple(numbers(*shape, seed=k, low=0.2) for k, shape in enumerate(shapes.input_shapes))
    assert_close(ad.grad(BROADCAST, (0, 1, 2))(*arguments), numeric_gradient(BROADCAST, arguments, (0, 1, 2)))


REDUCE = function_from(
    """
    def f(x, axis, keepdims, name):
        if name == "sum":
            r = np.sum(x, axis=axis, keepdims=keepdims)
        elif name == "mean":
            r = np.mean(x, axis=axis, keepdims=keepdims)
        elif name == "max":
            r = np.max(x, axis=axis, keepdims=keepdims)
        elif name == "min":
            r = np.min(x, axis=axis, keepdims=keepdims)
        elif name == "prod":
            r = np.prod(x, axis=axis, keepdims=keepdims)
        elif name == "var":
            r = np.var(x, axis=axis, keepdims=keepdims)
        else:
            r = np.std(x, axis=axis, keepdims=keepdims)
        return np.sum(r * r * np.cos(np.arange(r.size)).reshape(r.shape))
    """
)


@settings(relaxed, max_examples=60)
@given(st.data(), st.sampled_from(["sum", "mean", "max", "min", "prod", "var", "std"]), st.booleans())
def test_random_reductions(data, name: str, keepdims: bool) -> None:
    shape = data.draw(hnp.array_shapes(min_dims=1, max_dims=3, min_side=2, max_side=3))
    axis = data.draw(st.one_of(st.none(), st.integers(-len(shape), len(shape) - 1), hnp.valid_tuple_axes(len(shape), min_size=1)))
    x = numbers(*shape, low=0.2, high=2.0)
    arguments = (x, axis, keepdims, name)
    assert_close(ad.grad(REDUCE)(*arguments), numeric_gradient(REDUCE, arguments, (0,))[0])


EINSUM = function_from("def f(a, b, text):\n    return np.sum(np.sin(np.einsum(text, a, b)))")


@relaxed
@given(st.data())
def test_random_einsum(data) -> None:
    sizes = dict(zip("ijkl", (2, 3, 2, 4)))
    first = data.draw(st.lists(st.sampled_from("ijkl"), min_size=1, max_size=3, unique=True))
    second = data.draw(st.lists(st.sampled_from("ijkl"), min_size=1, max_size=3, unique=True))
    out = data.draw(st.lists(st.sampled_from(sorted({*first, *second})), max_size=3, unique=True))
    text = f"{''.join(first)},{''.join(second)}->{''.join(out)}"
    a, b = numbers(*(sizes[c] for c in first)), numbers(*(sizes[c] for c in second), seed=1)
    assert_close(ad.grad(EINSUM, (0, 1))(a, b, text), numeric_gradient(EINSUM, (a, b, text), (0, 1)))


@relaxed
@given(st.recursive(st.floats(-2, 2), lambda inner: st.one_of(
    st.lists(inner, min_size=1, max_size=3),
    st.tuples(inner, inner),
    st.dictionaries(st.sampled_from("abc"), inner, min_size=1, max_size=3),
), max_leaves=6))
def test_random_nesting_of_containers(tree) -> None:
    def f(t):
        if isinstance(t, float):
            return t * t
        if isinstance(t, dict):
            return sum(f(v) for v in t.values())
        return sum([f(v) for v in t])

    def doubled(t):
        if isinstance(t, dict):
            return {k: doubled(v) for k, v in t.items()}
        return type(t)(doubled(v) for v in t) if isinstance(t, (list, tuple)) else 2 * t

    assert_close(ad.grad(f)(tree), doubled(tree))


@relaxed
@given(hnp.array_shapes(min_dims=0, max_dims=3, max_side=3), st.sampled_from([np.float32, np.float64]))
def test_gradients_have_the_type_of_the_argument(shape, dtype) -> None:
    x = np.asarray(numbers(*shape)).astype(dtype)
    gradient = ad.grad(lambda v: np.sum(np.exp(v) * 2.0 + v / 3))(x)
    assert (gradient.shape, gradient.dtype) == (x.shape, x.dtype)
    assert_close(gradient, np.exp(x) * 2 + dtype(1) / dtype(3), 1e-6)


@relaxed
@given(st.floats(-2, 2), st.floats(-2, 2))
def test_gradient_is_linear(a: float, b: float) -> None:
    x = numbers(3)
    both = ad.grad(lambda v: a * np.sum(np.sin(v)) + b * np.sum(v**3))(x)
    assert_close(both, a * np.cos(x) + b * 3 * x**2)


# --------------------------------------------------------------------- random programs that share and change memory


def run_generic(gradient, x):
    """What the program computes that is compiled with nothing known of its argument."""
    bound = gradient.binder.bind((), (x,), {})
    generic = gradient.derive(bound, (UNKNOWN,) * len(bound.values), Reader())
    compiled = Executable(present(generic.replace(signature=None)))
    return compiled.link(compiled.namespace)(*bound.values)


@pytest.mark.parametrize("seed", range(24))
def test_random_memory(seed: int) -> None:
    """Right or refused, in both forms; the argument is left as the plain function leaves it."""
    function = function_from(Writer(seed).program())
    x = np.array([0.4113, -0.3719, 0.8831, 0.1257])
    with np.errstate(all="ignore"):
        known = numeric_gradient(function, (x,), (0,))[0]
        coarse = np.array([(function(x + h) - function(x - h)) / 2e-5 for h in 1e-5 * np.eye(4)])
    if not np.allclose(known, coarse, rtol=1e-4, atol=1e-4):
        return  # a branch, a sort or a mask changes within the steps
    plain = x.copy()
    function(plain)
    gradient = ad.grad(function)
    for run in (gradient, lambda given: run_generic(gradient, given)):
        given = x.copy()
        try:
            result = run(given)
        except (ad.AutodiffError, ad.DerivativeRefused):
            continue
        assert_close(result, known, 1e-6)
        assert_close(given, plain, 1e-12, "the argument after the call")


# ------------------------------------------------------------------------------------------------- random idioms


@pytest.mark.parametrize("mode, first, last", [
    ("specialised", 0, 15), ("specialised", 15, 30), ("generic", 100, 115), ("second", 200, 205),
    ("forward", 300, 308), ("forward_generic", 310, 316),
])  # fmt: skip
def test_random_idioms(mode: str, first: int, last: int) -> None:
    """Compositions of idioms are differentiated right, or refused; and not all are refused."""
    found = {seed: judged(seed, mode) for seed in range(first, last)}
    assert not {seed: more for seed, (kind, more) in found.items() if kind in ("wrong", "failed")}
    assert sum(kind == "right" for kind, _ in found.values()) >= len(found) // 3
