"""What changes memory without being written as a change: functions and methods that only the run time knows, methods kept
as values, `out=`.

Each program crosses a thing that changes something with a way to get hold of it.  The gradient is right or refused.
"""

from __future__ import annotations

import collections
import copy
import functools
import itertools
import operator
from typing import Any

import numpy as np
import pytest

import autodiff as ad
from tests.corpus.reference import function_from, numeric_gradient
from tests.orders import run_generic
from transforms.errors import AutodiffError

POINT = np.array([0.43, -0.31, 0.77, 0.52])
REFUSED = (AutodiffError, ad.DerivativeRefused)


class Thing:
    def __init__(self, a: Any, b: Any) -> None:
        self.a = a
        self.b = b
        self.log: list = []

    def grow(self, k: int, by: Any) -> Thing:
        self.a[k] += by
        return self

    @property
    def middle(self) -> Any:
        return self.a[1:3]

    def __setitem__(self, k: int, v: Any) -> None:
        self.a[k] = v

    def __iter__(self) -> Any:
        return iter([self.a[0], self.b])

    def __add__(self, other: Thing) -> Thing:
        return Thing(self.a + other.a, self.b)

    def __iadd__(self, other: Thing) -> Thing:
        self.a += other.a * 0.1
        return self


class Holder:
    def __init__(self, held: Any = 0.0) -> None:
        self.held = held


def grown(a: Any, v: Any) -> Any:
    a += v
    return a


def check(body: str, generic: bool = False) -> None:
    """The gradient of the function of x with this body is the limit of differences, or it is refused."""
    source = "def program(x):\n" + "".join(f"    {line}\n" for line in body.splitlines())
    modules = {"collections": collections, "copy": copy, "functools": functools, "operator": operator}
    program = function_from(source, "program", Thing=Thing, Holder=Holder, grown=grown, **modules)
    gradient = ad.grad(program)
    try:
        found = run_generic(gradient, (POINT.copy(),)) if generic else gradient(POINT.copy())
    except REFUSED:
        return
    found = found[0] if isinstance(found, tuple) else found
    np.testing.assert_allclose(found, numeric_gradient(program, (POINT,), (0,))[0], rtol=1e-6, atol=1e-7)


# ------------------------------------------------------------------------------------------------- unknown functions

START = """
y = x * 1.2
l = [x[0], x[1] * 2.0]
d = {'n': x[0], 'm': x[1]}
o = Thing(x * 0.7, x[2])
s = r = 0.0
v = x[1] * 0.4
"""
END = "return np.sum(y * y) + sum(l) + l[0] * l[-1] + d['n'] * d['m'] + np.sum(o.a) * o.b + s * s"

# name: (how the function is made, its call)
FUNCTIONS = {
    "stores": ("def f(a, v):\n    a[0] = v", "(y, v)"),
    "appends": ("def f(a, v):\n    a.append(v)", "(l, v)"),
    "stores_in_dict": ("def f(a, v):\n    a['n'] = v", "(d, v)"),
    "stores_in_captured": ("def f(v):\n    y[0] = v", "(v)"),
    "rebinds_captured": ("def f(v):\n    nonlocal s\n    s = s + v", "(v)"),
    "lambda": ("f = lambda v: l.append(v)", "(v)"),
    "sets_attribute": ("def f(a, v):\n    a.b = v", "(o, v)"),
    "of_module": ("f = grown", "(y, v)"),
    "copyto": ("f = np.copyto", "(y, v)"),
    "add_at": ("f = np.add.at", "(y, [0, 0], v)"),
    "setitem": ("f = operator.setitem", "(y, 0, v)"),
    "setitem_of_list": ("f = operator.setitem", "(l, 0, v)"),
    "iadd": ("f = operator.iadd", "(y, v)"),
    "setattr": ("f = setattr", "(o, 'b', v)"),
    "method_of_list": ("f = list.append", "(l, v)"),
    "bound_append": ("f = l.append", "(v)"),
    "methodcaller": ("f = operator.methodcaller('append', v)", "(l)"),
    "partial": ("f = functools.partial(operator.setitem, y, 0)", "(v)"),
    "partial_of_method": ("f = functools.partial(l.insert, 0)", "(v)"),
    "bound_method": ("f = o.grow", "(0, v)"),
    "method_of_class": ("f = Thing.grow", "(o, 0, v)"),
    "fill": ("f = np.ndarray.fill", "(y, v)"),
    "special_method": ("f = np.ndarray.__setitem__", "(y, 0, v)"),
    "callable_object": ("class C:\n    def __call__(self, a, v):\n        a[0] = v\nf = C()", "(y, v)"),
    "output": ("f = np.multiply", "(y, v, y)"),
    "named_output": ("f = np.multiply", "(y, v, out=y)"),
    "put": ("f = np.put", "(y, [0], v)"),
    "sort": ("y[0] = 2.0 * x[1]\nf = np.ndarray.sort", "(y)"),
    "bound_update": ("f = d.update", "(n=v)"),
}
CHOICES = {
    "item": "t = [f, None, 1.0][int(x[0] > 5)]",
    "attribute": "w = Holder()\nw.held = f if x[0] < 5 else 1.0\nt = w.held",
    "key": "t = {'a': f, 'b': 1.0}['ab'[int(x[0] > 5)]]",
    "condition": "t = f if x[0] < 5 else None",
    "appended": "fs = []\nif x[0] < 5:\n    fs.append(f)\nt = fs[0]",
    "itself": "t = f",
}
USES = {
    "effect": "{call}",
    "unused": "r = {call}",
    "used": "r = {call}\nif not isinstance(r, float):\n    r = 0.0\ns = s + 0.3 * r",
    "given": "def run(g):\n    g{arguments}\nrun(t)",
}


@pytest.mark.parametrize("generic", [False, True], ids=["specialised", "generic"])
@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("choice", CHOICES)
def test_functions_that_change_something(function: str, choice: str, generic: bool) -> None:
    made, arguments = FUNCTIONS[function]
    number = list(FUNCTIONS).index(function) + list(CHOICES).index(choice) + generic
    use = list(USES.values())[number % len(USES)].format(call=f"t{arguments}", arguments=arguments)
    check(START + made + "\n" + CHOICES[choice] + "\n" + use + "\n" + END, generic)


# ------------------------------------------------------------------------------------ methods of what has lost its type

METHODS = {
    "direct": "o.grow(0, v)",
    "bound": "m = o.grow\nm(0, v)",
    "in_list": "for m in [o.grow, o.grow]:\n    m(0, v)",
    "partial": "m = functools.partial(o.grow, 0)\nm(v)",
    "getattr": "getattr(o, 'grow')(0, v)",
    "map": "list(map(o.grow, [0, 1], [v, v]))",
    "lambda": "m = lambda u: o.grow(0, u)\nm(v)",
    "default": "def m(u, g=o.grow):\n    g(0, u)\nm(v)",
    "methodcaller": "operator.methodcaller('grow', 0, v)(o)",
    "of_class": "Thing.grow(o, 0, v)",
    "of_type": "type(o).grow(o, 0, v)",
    "setitem": "o[0] = v",
    "property": "o.middle[0] = v",
    "in_place_operator": "o += Thing(x * 0.3, v)",
    "comprehension": "[o.grow(k, v) for k in range(2)]",
    "chained": "o.grow(0, v).grow(1, v)",
    "setattr": "setattr(o, 'b', v)",
    "attribute": "o.b = v",
    "in_place": "o.a += v",
    "unpacked": "p, q = o\no.a = o.a * q",
    "vars": "vars(o)['b'] = v",
    "callback": "def run(g):\n    for i in range(2):\n        g(i, v)\nrun(o.grow)",
}
LOST = {
    "item": "o = [o, p, None][int(x[0] > 5)]",
    "condition": "o = o if x[0] < 5 else None",
    "deepcopy_in_loop": "for k in range(2):\n    o = copy.deepcopy(o)",
    "copy_in_branch": "o.log.append(0.0)\nif x[0] < 5:\n    o = copy.copy(o)",
    "attribute": "w = Holder(o)\nw.held = o if x[0] < 5 else 1.0\no = w.held",
    "copy": "o = copy.copy(o)",
}


@pytest.mark.parametrize("lost", LOST)
@pytest.mark.parametrize("method", METHODS)
def test_methods_that_change_an_object(method: str, lost: str) -> None:
    start = "o = Thing(x * 0.7, x[2])\np = Thing(x * 0.2, x[1])\nv = x[1] * 0.4\n"
    generic = (list(METHODS).index(method) + list(LOST).index(lost)) % 3 == 0
    check(f"{start}{LOST[lost]}\n{METHODS[method]}\nreturn np.sum(o.a * 1.3 * o.a) * o.b", generic)


def test_in_place_operator_of_an_object_that_a_closure_holds() -> None:
    def program(x):
        o = Thing(x * 0.7, x[2])

        def unused():
            return o.a[2]

        o += Thing(x * 0.9, x[1])
        return np.sum(o.a * 1.3) * o.b

    known = numeric_gradient(program, (POINT,), (0,))[0]
    np.testing.assert_allclose(ad.grad(program)(POINT), known, rtol=1e-7)


CONTAINERS = {
    "list": ("[x[0], x[1] * 2.0]", "sum(o) + o[0] * o[-1]"),
    "dict": ("{'a': x[0], 'b': x[1] * 2.0}", "sum(o.values()) + o['a'] * o['b']"),
    "array": ("x * 1.2", "np.sum(o * o)"),
}
BOUND = {
    "list": ("append:v", "extend:[v, x[2]]", "insert:0, v", "__setitem__:0, v", "pop:", "reverse:", "clear:"),
    "dict": ("update:a=v", "__setitem__:'a', v", "setdefault:'c', v", "pop:'a'", "popitem:"),
    "array": ("__setitem__:0, v", "fill:v", "put:[0, 1], v", "__iadd__:v", "sort:", "partition:2", "cumsum:None, None, o"),
}
CALLS = {
    "bound": "m = o.{name}\nm({arguments})",
    "callback": "def run(g):\n    g({arguments})\nrun(o.{name})",
    "getattr": "getattr(o, '{name}')({arguments})",
    "in_list": "for m in [o.{name}]:\n    m({arguments})",
}


@pytest.mark.parametrize("lost", ["item", "condition", "attribute", "not"])
@pytest.mark.parametrize("kind, method", [(kind, method) for kind in BOUND for method in BOUND[kind]])
def test_bound_methods_of_containers(kind: str, method: str, lost: str) -> None:
    made, read = CONTAINERS[kind]
    name, _, arguments = method.partition(":")
    number = BOUND[kind].index(method) + list(LOST).index(lost) if lost in LOST else 3
    call = list(CALLS.values())[number % len(CALLS)].format(name=name, arguments=arguments)
    after = {"clear": "o.append(v)", "pop": "", "popitem": "o['b'] = v"}.get(name, "")
    if kind == "dict" and name == "pop":
        after = "o['a'] = v"
    start = f"o = {made}\np = {made}\nv = x[1] * 0.4\n"
    check(f"{start}{LOST.get(lost, '')}\n{call}\n{after}\nreturn {read}", generic=number % 2 == 0)


# --------------------------------------------------------------------------------------------------------------- `out=`

OUTPUTS = [
    *(f"np.{name}(m, axis=0, out=OUT)" for name in "sum mean prod max min var std ptp nansum median amax".split()),
    *(f"m.{name}(axis=0, out=OUT)" for name in "sum mean prod max min var std".split()),
    *("np.sum(m, 0, None, OUT)", "m.sum(0, None, OUT)", "m.max(0, OUT)", "np.cumsum(y[:2], out=OUT)"),
    *("y[:2].cumsum(out=OUT)", "np.cumprod(y[:2], out=OUT)", "y[:2].cumprod(0, None, OUT)", "np.add.reduce(m, out=OUT)"),
    *("np.add.reduce(m, 0, None, OUT)", "np.multiply.reduce(m, axis=0, out=OUT)", "np.maximum.reduce(m, 0, out=OUT)"),
    *("np.add.accumulate(y[:2], out=OUT)", "np.multiply.accumulate(y[:2], 0, None, OUT)"),
    *("np.add.reduceat(y, [0, 2], out=OUT)", "np.subtract.outer(y[:2], 1.0, out=OUT)", "np.dot(m, y[:2], out=OUT)"),
    *("m.dot(y[:2], OUT)", "np.matmul(m, y[:2], OUT)", "np.einsum('ij,j->i', m, y[:2], out=OUT)"),
    *("np.take(y, [1, 2], out=OUT)", "y.take([1, 2], None, OUT)", "np.clip(y[:2], 0.1, 0.5, OUT)"),
    *("y[:2].clip(0.1, 0.5, out=OUT)", "np.choose([0, 1], [y[:2], y[2:]], out=OUT)"),
    *("np.compress([True, False, True, False], y, out=OUT)", "y.compress([True, False, True, False], out=OUT)"),
    *("np.concatenate([y[:1], y[2:3]], out=OUT)", "np.stack([y[0], y[2]], out=OUT)"),
    *("np.multiply(y[:2], y[2:], OUT)", "np.multiply(y[:2], y[2:], out=(OUT,))", "np.sin(y[:2], OUT)"),
    *("np.add(y[:2], 1.0, out=OUT, where=[True, False])", "np.modf(y[:2], OUT, np.zeros(2))"),
    *("np.modf(y[:2], out=(OUT, np.zeros(2)))", "np.divmod(y[:2], 0.3, None, OUT)", "np.frexp(y[:2], OUT)"),
    *("np.nancumsum(y[:2], out=OUT)", "np.quantile(m, 0.3, axis=0, out=OUT)", "np.outer(y[:2], y[:1], OUT.reshape(2, 1))"),
]
PLACES = ("z", "y[1:3]", "M[1]", "d['k']", "u")
OUT_START = """
y = x * 1.2
m = np.sin(x).reshape(2, 2)
z = y[:2] * 0.3
M = np.outer(x[:2], x[2:])
d = {'k': y[:2] * 0.2}
u = z if x[0] < 5 else None
"""
OUT_END = "return np.sum(y * y) + np.sum(m * 1.3) + np.sum(z ** 2) + np.sum(M * M) + np.sum(d['k'] ** 2)"


@pytest.mark.parametrize("expression", OUTPUTS)
@pytest.mark.parametrize("place", PLACES)
def test_outputs(expression: str, place: str) -> None:
    statement = ("r = " if PLACES.index(place) % 2 else "") + expression.replace("OUT", place)
    generic = (OUTPUTS.index(expression) + PLACES.index(place)) % 2 == 0
    check(f"{OUT_START}{statement}\n{OUT_END}", generic)


@pytest.mark.parametrize("line", ["np.add.accumulate(x, out=y)", "np.multiply.outer(x, x, out=y.reshape(4, 1) * x)"])
def test_outputs_of_methods_of_ufuncs_are_followed(line: str) -> None:
    program = function_from(f"def program(x):\n    y = x * 2.0\n    {line}\n    return np.sum(y * y * x)", "program")
    known = numeric_gradient(program, (POINT,), (0,))[0]
    np.testing.assert_allclose(ad.grad(program)(POINT), known, rtol=1e-7)


def test_two_outputs() -> None:
    body = """
        z, w = x[:2] * 0.3, x[:2] * 0.2
        r, q = np.modf(x[:2] * 2.3, z, w)
        np.modf(x[:2] * 1.3, out=(w, None))
        return np.sum(z ** 2) + np.sum(w ** 2) + np.sum(r * x[2:]) + np.sum(q * x[2:])"""
    program = function_from("def program(x):" + body, "program")
    known = numeric_gradient(program, (POINT,), (0,))[0]
    np.testing.assert_allclose(ad.grad(program)(POINT), known, rtol=1e-7)
    np.testing.assert_allclose(run_generic(ad.grad(program), (POINT,)), known, rtol=1e-7)


@pytest.mark.parametrize("first, second", list(itertools.product(("x", "x.copy()"), ("0.0", "1.0"))))
def test_functions_that_change_nothing_are_called(first: str, second: str) -> None:
    source = f"""
        def program(x, near, scale):
            total, y = 0.0, {first}
            for k in range(3):
                if near(y, {second}):
                    y = y * scale(y)
                total += np.sum(y)
            return total"""
    program = function_from(source, "program")
    arguments = (POINT, lambda a, b: bool(a[0] > b), lambda a: a[1] ** 2)
    known = numeric_gradient(program, arguments, (0,))[0]
    np.testing.assert_allclose(run_generic(ad.grad(program), arguments), known, rtol=1e-7)
    np.testing.assert_allclose(ad.grad(program)(*arguments), known, rtol=1e-7)
