"""Names that collide with those of generated code, and globals of the same name in different modules."""

from __future__ import annotations

import math
import types

import numpy as np

from tests.corpus import register
from tests.corpus.reference import numbers

scale = 2.0


def helper(x):
    return x * scale


elsewhere = types.ModuleType("elsewhere")
elsewhere.scale = 5.0
elsewhere_source = '''
def helper(x):
    return x * x * scale

def calls_helper(x):
    return helper(x) + scale * x
'''
elsewhere.__file__ = "<elsewhere>"
import linecache  # noqa: E402

linecache.cache["<elsewhere>"] = (
    len(elsewhere_source), None, elsewhere_source.splitlines(keepends=True), "<elsewhere>"
)
exec(compile(elsewhere_source, "<elsewhere>", "exec"), elsewhere.__dict__)


def both_helpers(x):
    return helper(x) + elsewhere.helper(x) + elsewhere.calls_helper(x) + scale * elsewhere.scale * x


register(both_helpers, (1.3,), gradient=lambda x: 2 + 20 * x + 5 + 10)
register(elsewhere.calls_helper, (1.3,), gradient=lambda x: 10 * x + 5, name="registered_source")


def named_d(d, g):
    ans = d * g
    return ans * d


register(named_d, (1.3, 0.4), wrt=(0, 1), gradient=lambda d, g: (2 * d * g, d * d))


def named_like_sizes(less):
    first = less[0]  # sizes that follow from others are not taken for those of parameters of such names
    return np.sum((first[0, 2:, 0, 0] + 1.0) * first[0, 0, 0, :] ** 2)


def named_like_sizes_gradient(less):
    result = np.zeros_like(less[0])
    result[0, 0, 0, :] += 2.0 * less[0][0, 0, 0, :] * (less[0][0, 2, 0, 0] + 1.0)
    result[0, 2, 0, 0] += np.sum(less[0][0, 0, 0, :] ** 2)
    return (result,)


register(named_like_sizes, ((numbers(2, 3, 2, 4),),), gradient=named_like_sizes_gradient)


def named_x_bar(x, x_bar, x_dot):
    y_bar = x * x_bar
    _1 = y_bar * x_dot
    _2 = np.sin(_1)
    return _2 * x


register(named_x_bar, (1.3, 0.4, 0.6), wrt=(0, 1, 2))


def named_tape(tape, tape_1, n):
    for i in range(n):
        tape = tape * tape_1 + np.sin(tape)
        tape_1 = tape_1 * 0.9
    return tape


register(named_tape, (1.3, 0.4, 3), wrt=(0, 1))


def named_np(np_, math_=math):
    np = np_ * 2.0
    return np * math_.sin(np_)


register(named_np, (1.3,), gradient=lambda x: 2 * math.sin(x) + 2 * x * math.cos(x))


def local_shadows_module(x, np):
    return x * np + math.sin(x) * np


register(local_shadows_module, (1.3, 0.4), wrt=(0, 1), gradient=lambda x, np: (
    np + math.cos(x) * np, x + math.sin(x)))


def local_shadows_math(x):
    math = np.sin(x)
    runtime = math * x
    operations = runtime + math
    functools = operations * x
    return functools


register(local_shadows_math, (1.3,))


def numbered_names(x, x_1, x_2):
    x = x * x_1
    x = x * x_2
    if x > 0:
        x = x * x_1
        x_1 = x * 2
    for _ in range(2):
        x = x * x_2 + x_1
    return x * x_1


register(numbered_names, (1.3, 0.4, 0.6), (-1.3, 0.4, 0.6), wrt=(0, 1, 2))


def adjoint(x, adjoint=2.0, self=3.0):
    return x * adjoint * self


register(adjoint, (1.3,), (1.3, 0.5, 0.25), gradient=lambda x, a=2.0, s=3.0: a * s)


def named_like_keywords_of_rules(g, ans, x, y):
    axis = g * ans
    out = np.sum(np.array([axis, x]) * y, axis=0)
    return out * g


register(named_like_keywords_of_rules, (1.3, 0.4, 0.6, 2.0), wrt=(0, 1, 2, 3))


def underscore(x):
    _ = x * 2.0
    __ = _ * x
    for _ in range(3):
        __ = __ + x
    return __ * _


register(underscore, (1.3,), gradient=lambda x: 8 * x + 6)


def unicode_names(α, été):
    θ = α * été
    return np.sin(θ) * α


register(unicode_names, (1.3, 0.4), wrt=(0, 1), gradient=lambda a, e: (
    np.sin(a * e) + a * e * np.cos(a * e), a * a * np.cos(a * e)))


def value(value):
    value_bar = value * value
    cell = value_bar + value
    pullback = cell * cell
    primal = pullback * value_bar
    return primal


register(value, (1.3,))


def grad(x):
    cotangent = np.exp(x)
    return cotangent * x


register(grad, (1.3,), (numbers(2),), gradient=lambda x: np.exp(x) * (1 + x))


class __Private:
    def method(self, __x):
        __y = __x * 2.0
        return __y * __x


register(__Private().method, (1.3,), gradient=lambda x: 4 * x, name="mangled_names")
