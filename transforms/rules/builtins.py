"""Rules of Python's own functions: the builtins, `math`, `cmath`, `copy` and the methods of numbers.

In comes the cotangent `g` of the result, out come contributions in the structure of the arguments: lists for lists,
tuples for tuples.  Rules of `math` call `math`, so that code on floats stays on floats.
"""

from __future__ import annotations

import builtins
import cmath
import copy
import inspect
import math
import operator
from typing import Any

import numpy as np

from transforms import operations, runtime
from transforms.core import Atom, Const
from transforms.inference import joined_sequences, repeated_sequence
from transforms.registry import adjoint, constant, elementwise, facts, refused, result, simplify, tangent
from transforms.rules.sampling import call, listed, numbers, scalars
from transforms.rules.typed import dtype_of, is_python_number, is_scalar, literal
from transforms.values import Array, Many, Number, Sequence

REAL = (-2.0, 2.0)

# ----------------------------------------------------------------------------------------------------------------- math


@elementwise(math.sqrt, array_form=np.sqrt, samples=scalars((0.3, 2)))
def sqrt(x, *, ans, g):
    return 0.5 * g / ans


@elementwise(math.exp, cmath.exp, samples=scalars(REAL))
def exp(x, *, ans, g):
    return g * ans


@elementwise(math.expm1, array_form=np.expm1, samples=scalars(REAL))
def expm1(x, *, ans, g):
    return g * (ans + 1)


@elementwise(math.log, cmath.log, wrt="x base", samples=listed(call(1.7), call(1.7, 3.0), call(0.3, 0.5)))
def log(x, base=None, *, ans, g):
    if base is None:
        return g / x, None
    return g / (x * np.log(base)), -g * ans / (base * np.log(base))


@elementwise(math.log2, array_form=np.log2, samples=scalars((0.3, 3)))
def log2(x, *, ans, g):
    return g / (x * math.log(2))


@elementwise(math.log10, cmath.log10, samples=scalars((0.3, 3)))
def log10(x, *, ans, g):
    return g / (x * math.log(10))


@elementwise(math.log1p, array_form=np.log1p, samples=scalars((-0.5, 3)))
def log1p(x, *, ans, g):
    return g / (1 + x)


@elementwise(builtins.pow, wrt="base exp", samples=scalars((0.3, 2), REAL))
def power(base, exp, mod=None, *, ans, g):
    return g * runtime.power_derivative(base, exp), g * ans * runtime.log_or_zero(base)


@elementwise(math.pow, array_form=np.power, samples=scalars((0.3, 2), REAL))
def pow(x, y, *, ans, g):
    return g * runtime.power_derivative(x, y), g * ans * runtime.log_or_zero(x)


@elementwise(math.sin, array_form=np.sin, samples=scalars(REAL))
def sin(x, *, ans, g):
    return g * math.cos(x)


@elementwise(math.cos, array_form=np.cos, samples=scalars(REAL))
def cos(x, *, ans, g):
    return -g * math.sin(x)


@elementwise(math.tan, cmath.tan, samples=scalars((-1, 1)))
def tan(x, *, ans, g):
    return g * (1 + ans * ans)


@elementwise(math.asin, array_form=np.arcsin, samples=scalars((-0.9, 0.9)))
def asin(x, *, ans, g):
    return g / math.sqrt(1 - x * x)


@elementwise(math.acos, array_form=np.arccos, samples=scalars((-0.9, 0.9)))
def acos(x, *, ans, g):
    return -g / math.sqrt(1 - x * x)


@elementwise(math.atan, array_form=np.arctan, samples=scalars(REAL))
def atan(x, *, ans, g):
    return g / (1 + x * x)


@elementwise(math.atan2, array_form=np.arctan2, samples=scalars((0.3, 2), REAL))
def atan2(y, x, *, ans, g):
    return g * x / (x * x + y * y), -g * y / (x * x + y * y)


@elementwise(math.sinh, array_form=np.sinh, samples=scalars(REAL))
def sinh(x, *, ans, g):
    return g * math.cosh(x)


@elementwise(math.cosh, array_form=np.cosh, samples=scalars(REAL))
def cosh(x, *, ans, g):
    return g * math.sinh(x)


@elementwise(math.tanh, cmath.tanh, samples=scalars(REAL))
def tanh(x, *, ans, g):
    return g * (1 - ans * ans)


@elementwise(math.asinh, array_form=np.arcsinh, samples=scalars(REAL))
def asinh(x, *, ans, g):
    return g / math.sqrt(x * x + 1)


@elementwise(math.acosh, array_form=np.arccosh, samples=scalars((1.2, 3)))
def acosh(x, *, ans, g):
    return g / math.sqrt(x * x - 1)


@elementwise(math.atanh, array_form=np.arctanh, samples=scalars((-0.9, 0.9)))
def atanh(x, *, ans, g):
    return g / (1 - x * x)


@elementwise(math.degrees, array_form=np.degrees, linear="x", samples=scalars(REAL))
def degrees(x, *, ans, g):
    return math.degrees(g)


@elementwise(math.radians, array_form=np.radians, linear="x", samples=scalars(REAL))
def radians(x, *, ans, g):
    return math.radians(g)


@elementwise(math.fabs, array_form=np.fabs, samples=scalars(REAL))
def fabs(x, *, ans, g):
    return g * runtime.direction(x)


@elementwise(math.copysign, array_form=np.copysign, wrt="x", selects="y", samples=scalars(REAL, REAL))
def copysign(x, y, *, ans, g):
    return g * runtime.direction(x) * math.copysign(1.0, y)


@elementwise(math.fmod, array_form=np.fmod, samples=scalars(REAL, (0.3, 0.5)))
def fmod(x, y, *, ans, g):
    return g, -g * math.trunc(x / y)


@elementwise(math.remainder, samples=scalars(REAL, (0.3, 0.5)))
def remainder(x, y, *, ans, g):
    return g, -g * round((x - ans) / y)


@elementwise(math.ldexp, array_form=np.ldexp, wrt="x", selects="i", samples=listed(call(1.5, 3), call(0.5, -2)))
def ldexp(x, i, *, ans, g):
    return g * 2.0**i


@elementwise(math.erf, samples=scalars(REAL))
def erf(x, *, ans, g):
    return g * (1.1283791670955126 * math.exp(-x * x))


@elementwise(math.erfc, samples=scalars(REAL))
def erfc(x, *, ans, g):
    return g * (-1.1283791670955126 * math.exp(-x * x))


@elementwise(math.gamma, samples=listed(call(0.7), call(3.2), call(-1.4)))
def gamma(x, *, ans, g):
    return g * ans * runtime.polygamma(0, x)


@elementwise(math.lgamma, samples=listed(call(0.7), call(3.2), call(-1.4)))
def lgamma(x, *, ans, g):
    return g * runtime.polygamma(0, x)


if hasattr(math, "exp2"):

    @elementwise(math.exp2, array_form=np.exp2, samples=scalars(REAL))
    def exp2(x, *, ans, g):
        return g * ans * math.log(2)

    @elementwise(math.cbrt, array_form=np.cbrt, samples=scalars((0.3, 2)))
    def cbrt(x, *, ans, g):
        return g / (3 * ans * ans)


@elementwise(math.nextafter, array_form=np.nextafter, wrt="x", selects="y", samples=scalars(REAL, REAL))
def nextafter(x, y, *, ans, g):
    return g


@adjoint(math.hypot, wrt="coordinates", samples=listed(call(0.5, 1.5), call(0.5, -1.5, 2.5), call(0.7)))
def hypot(*coordinates, ans, g):
    return runtime.unhypot(g, coordinates, ans)


@tangent(math.hypot)
def hypot_tangent(*coordinates, ans, coordinates_dot):
    return runtime.hypot_tangent(coordinates_dot, coordinates, ans)


@adjoint(math.dist, wrt="p q", samples=listed(call((0.5, 1.5), (2.0, -1.0)), call([0.5, 1.5], [2.0, -1.0])))
def dist(p, q, *, ans, g):
    return runtime.undist(g, p, q, ans), runtime.undist(g, q, p, ans)


@tangent(math.dist)
def dist_tangent(p, q, *, ans, p_dot, q_dot):
    apart = tuple(np.subtract(p, q))
    return runtime.hypot_tangent(p_dot, apart, ans), -runtime.hypot_tangent(q_dot, apart, ans)


_SUMMED = listed(call([0.5, 1.5, 2.5]), call((0.5, 1.5)), call(numbers((3,))), call([]))


@adjoint(math.fsum, samples=_SUMMED)
def fsum(seq, *, ans, g):
    return runtime.unsum(g, seq)


@tangent(math.fsum)
def fsum_tangent(seq, *, ans, seq_dot):
    return math.fsum(runtime.items_moved(seq_dot, seq))


@adjoint(
    math.prod,
    wrt="iterable start",
    samples=listed(call([0.5, 1.5, 2.5]), call((0.5, 0.0)), call(numbers((3,)), start=2.0)),
)
def prod(iterable, *, start=1, ans, g):
    items = np.array(iterable)
    others = runtime.exclusive_product(items, False) * runtime.exclusive_product(items, True)
    return runtime.unarray(g * start * others, iterable), g * np.prod(items)


@tangent(math.prod)
def prod_tangent(iterable, *, start=1, ans, iterable_dot, start_dot):
    items = np.array(iterable)
    others = runtime.exclusive_product(items, False) * runtime.exclusive_product(items, True)
    return start * np.dot(others, np.array(iterable_dot)), start_dot * np.prod(items)


if hasattr(math, "sumprod"):

    @adjoint(math.sumprod, wrt="p q", samples=listed(call([0.5, 1.5], [2.0, -1.0])))
    def sumprod(p, q, *, ans, g):
        return runtime.unarray(g * np.array(q), p), runtime.unarray(g * np.array(p), q)

    facts(math.sumprod, multilinear="p q")


if hasattr(math, "fma"):

    @elementwise(math.fma, samples=scalars(REAL, REAL, REAL))
    def fma(x, y, z, *, ans, g):
        return g * y, g * x, g


constant(
    math.ceil,
    math.floor,
    math.trunc,
    math.isnan,
    math.isinf,
    math.isfinite,
    math.isclose,
    math.comb,
    math.perm,
    math.factorial,
    math.gcd,
    math.lcm,
    math.isqrt,
    math.ulp,
    cmath.isnan,
    cmath.isinf,
    cmath.isfinite,
    cmath.isclose,
)


@simplify(runtime.unhypot)
def simplify_unhypot(site: Any) -> Atom | None:
    coordinates = site.value("coordinates")
    if not isinstance(coordinates, Sequence):
        return None
    scale = site.call(operator.truediv, site.atom("cotangent"), site.atom("length"))
    items = [site.call(operator.getitem, site.atom("coordinates"), Const(k)) for k in range(len(coordinates.items))]
    return site.call(operations.make_tuple, *(site.call(operator.mul, scale, item) for item in items))


@adjoint(runtime.unhypot, wrt="cotangent coordinates length", samples=listed(call(0.7, (0.5, 1.5), 2.0)))
def unhypot(cotangent, coordinates, length, *, ans, g):
    inner = np.dot(np.array(g), np.array(coordinates))
    return inner / length, runtime.unhypot(cotangent, g, length), -cotangent * inner / (length * length)


@tangent(runtime.unhypot)
def unhypot_tangent(cotangent, coordinates, length, *, ans, cotangent_dot, coordinates_dot, length_dot):
    return (
        runtime.unhypot(cotangent_dot, coordinates, length),
        runtime.unhypot(cotangent, coordinates_dot, length),
        runtime.unhypot(-cotangent * length_dot * runtime.reciprocal_or_zero(length), coordinates, length),
    )


@adjoint(
    runtime.hypot_tangent,
    wrt="moved coordinates length",
    samples=listed(call((0.3, 0.7), (0.5, 1.5), 2.0), call([0.3, 0.7, 0.2], (0.5, 1.5, 1.0), 2.0)),
)
def unhypot_of_tangent(moved, coordinates, length, *, ans, g):
    return (
        runtime.relist(runtime.unhypot(g, coordinates, length), moved),
        runtime.relist(runtime.unhypot(g, moved, length), coordinates),
        -g * ans * runtime.reciprocal_or_zero(length),
    )


@tangent(runtime.hypot_tangent)
def tangent_of_hypot_tangent(moved, coordinates, length, *, ans, moved_dot, coordinates_dot, length_dot):
    return (
        runtime.hypot_tangent(moved_dot, coordinates, length),
        runtime.hypot_tangent(moved, coordinates_dot, length),
        -ans * length_dot * runtime.reciprocal_or_zero(length),
    )


@adjoint(
    runtime.undist,
    wrt="cotangent p q length",
    samples=listed(call(0.7, (0.5, 1.5), (2.0, -1.0), 2.0), call(0.7, [0.5, 1.5], (2.0, -1.0), 2.0)),
)
def undist(cotangent, p, q, length, *, ans, g):
    inner = runtime.hypot_tangent(g, tuple(np.subtract(p, q)), length)
    shares = runtime.unhypot(cotangent, g, length)
    return (
        inner,
        runtime.relist(shares, p),
        runtime.relist(runtime.scaled(shares, -1.0), q),
        -cotangent * inner * runtime.reciprocal_or_zero(length),
    )


@tangent(runtime.undist)
def undist_tangent(cotangent, p, q, length, *, ans, cotangent_dot, p_dot, q_dot, length_dot):
    scale = -cotangent * length_dot * runtime.reciprocal_or_zero(length)
    return (
        runtime.undist(cotangent_dot, p, q, length),
        runtime.relist(runtime.unhypot(cotangent, p_dot, length), p),
        runtime.relist(runtime.unhypot(-cotangent, q_dot, length), p),
        runtime.undist(scale, p, q, length),
    )


@simplify(runtime.hypot_tangent)
def simplify_hypot_tangent(site: Any) -> Atom | None:
    x = site.value("coordinates")
    if not isinstance(site.value("moved"), Sequence) or not isinstance(x, Sequence) or not x.items:
        return None
    total = None
    for k in range(len(x.items)):
        moved, item = (site.call(operator.getitem, site.atom(name), Const(k)) for name in ("moved", "coordinates"))
        product = site.call(operator.mul, moved, item)
        total = product if total is None else site.call(operator.add, total, product)
    return site.call(operator.truediv, total, site.atom("length"))


# ---------------------------------------------------------------------------------------------------- complex functions


@elementwise(cmath.sqrt)
def complex_sqrt(x, *, ans, g):
    return 0.5 * g / ans


@elementwise(cmath.sin)
def complex_sin(x, *, ans, g):
    return g * cmath.cos(x)


@elementwise(cmath.cos)
def complex_cos(x, *, ans, g):
    return -g * cmath.sin(x)


@elementwise(cmath.sinh)
def complex_sinh(x, *, ans, g):
    return g * cmath.cosh(x)


@elementwise(cmath.cosh)
def complex_cosh(x, *, ans, g):
    return g * cmath.sinh(x)


@elementwise(cmath.phase, array_form=np.angle, samples=listed(call(0.3 + 0.4j)))
def phase(x, *, ans, g):
    return g * np.conjugate(1j * x) / (np.real(x) ** 2 + np.imag(x) ** 2)


@tangent(cmath.phase)
def phase_tangent(x, *, ans, x_dot):
    return np.real(x_dot * np.conjugate(1j * x)) / (np.real(x) ** 2 + np.imag(x) ** 2)


# ------------------------------------------------------------------------------------------------------------- builtins


@adjoint(
    builtins.sum,
    wrt="iterable start",
    samples=listed(
        call([0.5, 1.5, 2.5]),
        call((0.5, 1.5), 0.5),
        call(numbers((3,))),
        call(numbers((2, 3))),
        call([numbers((3,)), 0.5], 1.5),
        call([numbers((2, 1)), numbers((3,))], start=numbers((1,))),
    ),
)
def sum(iterable, start=0, *, ans, g):
    return runtime.unsum(g, iterable), runtime.unbroadcast(g, start)


@tangent(builtins.sum)
def sum_tangent(iterable, start=0, *, ans, iterable_dot, start_dot):
    return builtins.sum(runtime.items_moved(iterable_dot, iterable), runtime.zeros_of(start)), start_dot


@adjoint(
    max,
    min,
    wrt="arguments",
    samples=listed(
        call(0.5, 1.5),
        call(1.5, 0.5),
        call(0.5, 2.5, -1.5),
        call([0.5, 1.5, -0.5]),
        call((0.5, 1.5)),
        call(numbers((4,))),
        call([0.5, -1.5, 1.0], key=abs),
    ),
)
def extreme(*arguments, key=None, default=None, ans, g):
    return runtime.unchoose_extreme(g, arguments, ans)


@tangent(max, min)
def extreme_tangent(*arguments, key=None, default=None, ans, arguments_dot):
    return runtime.choose_extreme(arguments_dot, arguments, ans)


@simplify(runtime.unchoose_extreme)
def simplify_unchoose_extreme(site: Any) -> Atom | None:
    arguments, ans = site.value("arguments"), site.atom("result")
    if not isinstance(arguments, Sequence) or len(arguments.items) != 2 or not all(map(is_scalar, arguments.items)):
        return None
    g, first = site.atom("cotangent"), site.call(operator.getitem, site.atom("arguments"), Const(0))
    return site.call(
        operations.make_tuple,
        site.call(operator.mul, g, site.call(operator.eq, ans, first)),
        site.call(operator.mul, g, site.call(operator.ne, ans, first)),
    )


@adjoint(
    runtime.unchoose_extreme,
    selects="arguments result",
    linear="cotangent",
    samples=listed(call(0.7, (0.5, 1.5), 1.5), call(0.7, ([0.5, 1.5],), 1.5)),
)
def unchoose_extreme(cotangent, arguments, result, *, ans, g):
    return runtime.choose_extreme(g, arguments, result)


@simplify(runtime.choose_extreme)
def simplify_choose_extreme(site: Any) -> Atom | None:
    arguments = site.value("arguments")
    if not isinstance(arguments, Sequence) or len(arguments.items) != 2 or not all(map(is_scalar, arguments.items)):
        return None
    ans, first = site.atom("result"), site.call(operator.getitem, site.atom("arguments"), Const(0))
    parts = [site.call(operator.getitem, site.atom("items"), Const(k)) for k in range(2)]
    return site.call(
        operator.add,
        site.call(operator.mul, parts[0], site.call(operator.eq, ans, first)),
        site.call(operator.mul, parts[1], site.call(operator.ne, ans, first)),
    )


@adjoint(
    runtime.choose_extreme,
    linear="items",
    selects="arguments result",
    samples=listed(call((0.7, 0.8), (0.5, 1.5), 1.5)),
)
def choose_extreme(items, arguments, result, *, ans, g):
    return runtime.unchoose_extreme(g, arguments, result)


@adjoint(
    sorted,
    views="iterable",
    samples=listed(
        call([0.5, -1.5, 2.5]), call((0.5, -1.5)), call([0.5, -1.5, 1.0], key=abs, reverse=True), call(numbers((4,)))
    ),
)
def sort(iterable, *, key=None, reverse=False, ans, g):
    return runtime.unsort(g, iterable, key, reverse)


@tangent(sorted)
def sort_tangent(iterable, *, key=None, reverse=False, ans, iterable_dot):
    return runtime.resort(iterable_dot, iterable, key, reverse)


@adjoint(
    runtime.unsort,
    linear="cotangent",
    views="cotangent",
    selects="items",
    samples=listed(call([0.1, 0.2, 0.3], [0.5, -1.5, 2.5])),
)
def unsort(cotangent, items, key=None, reverse=False, *, ans, g):
    return runtime.resort(g, items, key, reverse)


@adjoint(
    runtime.resort,
    linear="cotangent",
    views="cotangent",
    selects="items",
    samples=listed(call([0.1, 0.2, 0.3], [0.5, -1.5, 2.5])),
)
def resort(cotangent, items, key=None, reverse=False, *, ans, g):
    return runtime.relist(runtime.unsort(g, items, key, reverse), cotangent)


@adjoint(list, views="iterable", samples=listed(call([0.5, 1.5]), call((0.5, 1.5)), call(numbers((3,)))))
def make_list(iterable=(), *, ans, g):
    return runtime.relist(g, iterable)


@tangent(list)
def make_list_tangent(iterable=(), *, ans, iterable_dot):
    return list(runtime.items_moved(iterable_dot, iterable))


@adjoint(tuple, views="iterable", samples=listed(call([0.5, 1.5]), call((0.5, 1.5)), call(numbers((3,)))))
def make_tuple(iterable=(), *, ans, g):
    return runtime.relist(g, iterable)


@tangent(tuple)
def make_tuple_tangent(iterable=(), *, ans, iterable_dot):
    return tuple(runtime.items_moved(iterable_dot, iterable))


@adjoint(
    runtime.relist, linear="cotangent", views="cotangent", shape_only="x", samples=listed(call([0.5, 1.5], (1.0, 2.0)))
)
def relist(cotangent, x, *, ans, g):
    return runtime.relist(g, cotangent)


@simplify(runtime.relist)
def simplify_relist(site: Any) -> Atom | None:
    """A list of numbers serves as it is: nothing changes a cotangent that was handed on."""
    cotangent, items = site.value("cotangent"), site.value("x")
    holds_numbers = isinstance(items, Many) and items.kind is list and isinstance(items.item, Number)
    return site.atom("cotangent") if holds_numbers and getattr(cotangent, "kind", None) is list else None


@adjoint(
    runtime.unsum,
    linear="cotangent",
    shape_only="items",
    samples=listed(call(0.5, [1.0, 2.0]), call(numbers((3,)), [1.0, np.zeros(3)])),
)
def unsum(cotangent, items, *, ans, g):
    return runtime.sum_items(g, cotangent)


@adjoint(runtime.sum_items, linear="cotangent", shape_only="x", samples=listed(call([0.5, 1.5], 1.0)))
def sum_items(cotangent, x, *, ans, g):
    return runtime.unsum(g, cotangent)


@simplify(runtime.unsum)
def simplify_unsum(site: Any) -> Atom | None:
    items, g = site.value("items"), site.atom("cotangent")
    if isinstance(items, Array):
        return site.call(runtime.unbroadcast, g, site.atom("items"))
    if not isinstance(items, Sequence) or items.kind not in (list, tuple):
        return None
    shares = [
        site.call(runtime.unbroadcast, g, site.call(operator.getitem, site.atom("items"), Const(k)))
        for k in range(len(items.items))
    ]
    return site.call(operations.make_tuple if items.kind is tuple else operations.make_list, *shares)


_JOINED = listed(call([0.5], [1.5, 2.5]), call((0.5,), (1.5,)), call([0.5, 0.7], numbers((2,))))


@adjoint(runtime.join_sequences, wrt="a b", linear="a b", views="a b", samples=_JOINED)
def join_sequences(a, b, *, ans, g):
    return runtime.first_items(g, a), runtime.last_items(g, b)


result(runtime.join_sequences)(joined_sequences)
result(runtime.repeat_sequence)(repeated_sequence)

_PARTS = listed(call([0.5, 1.5, 2.5], [1.0, 2.0]))


@adjoint(runtime.first_items, linear="cotangent", shape_only="cotangent a", samples=_PARTS)
def first_items(cotangent, a, *, ans, g):
    return runtime.pad_items(g, cotangent, False)


@adjoint(runtime.last_items, linear="cotangent", shape_only="cotangent b", samples=_PARTS)
def last_items(cotangent, b, *, ans, g):
    return runtime.pad_items(g, cotangent, True)


@adjoint(
    runtime.pad_items,
    linear="cotangent",
    shape_only="cotangent whole",
    samples=listed(call([0.5], [0.0] * 3, False), call([0.5], [0.0] * 3, True)),
)
def pad_items(cotangent, whole, at_end=False, *, ans, g):
    if at_end:
        return runtime.last_items(g, cotangent)
    return runtime.first_items(g, cotangent)


@adjoint(
    runtime.repeat_sequence,
    linear="items",
    views="items",
    samples=listed(call([0.5, 1.5], 3), call((0.5,), 2), call([0.5], 0)),
)
def repeat_sequence(items, count, *, ans, g):
    return runtime.sum_repeated(g, items)


@adjoint(
    runtime.sum_repeated, linear="cotangent", shape_only="items", samples=listed(call([0.5, 1.5, 1.0, 2.0], [0.0, 0.0]))
)
def sum_repeated(cotangent, items, *, ans, g):
    return runtime.repeat_to_length(g, cotangent)


@adjoint(runtime.repeat_to_length, linear="cotangent", shape_only="items", samples=listed(call([0.5, 1.5], [0.0] * 4)))
def repeat_to_length(cotangent, items, *, ans, g):
    return runtime.sum_repeated(g, cotangent)


_CONVERTED = listed(call(0.7), call(np.float64(0.7)), call(np.float32(0.7)), call(numbers(())))


@adjoint(float, linear="x", samples=_CONVERTED)
def to_float(x=0.0, *, ans, g):
    return runtime.uncast(g, x, ans)


@adjoint(complex, wrt="real imag", linear="real imag", samples=listed(call(0.7), call(0.7, 0.3), call(0.7 + 0.1j)))
def to_complex(real=0.0, imag=0.0, *, ans, g):
    return runtime.unbroadcast(g, real), runtime.unbroadcast(1j * g, imag)


@simplify(float)
def simplify_float(site: Any) -> Atom | None:
    value = site.value("x")
    if is_python_number(value) and dtype_of(value) == np.dtype(float) and literal(value) is None:
        return site.atom("x")
    return None


@adjoint(
    runtime.uncast,
    linear="cotangent",
    views="cotangent",
    shape_only="x result",
    samples=listed(call(numbers((2,)), [0.5, 1.5], np.zeros(2)), call(numbers((2,)), np.zeros(2), np.zeros(2, int))),
)
def uncast(cotangent, x, result, *, ans, g):
    return runtime.recast(g, cotangent, result)


@adjoint(
    runtime.recast,
    linear="cotangent",
    shape_only="x result",
    samples=listed(call([0.5, 1.5], np.zeros(2), np.zeros(2))),
)
def recast(cotangent, x, result, *, ans, g):
    return runtime.uncast(g, cotangent, result)


@simplify(runtime.uncast)
def simplify_uncast(site: Any) -> Atom | None:
    dtype = dtype_of(site.value("result"))
    if dtype is None or dtype.kind not in "fcO":
        return None
    return site.call(runtime.unarray, site.atom("cotangent"), site.atom("x"))


@adjoint(
    runtime.unitem,
    linear="cotangent",
    shape_only="x",
    samples=listed(call(0.5, np.zeros((2, 3)), (4,)), call(0.5, np.zeros((1, 1)))),
)
def unitem(cotangent, x, place=(), *, ans, g):
    return runtime.unbroadcast(np.ndarray.item(g, *place), cotangent)


@adjoint(copy.copy, linear="x", views="x", samples=listed(call(0.7), call([0.5, 1.5]), call(numbers((2, 3)))))
def copied(x, *, ans, g):
    return g


@adjoint(copy.deepcopy, linear="x", samples=listed(call(0.7), call([0.5, 1.5]), call(numbers((2, 3)))))
def copied_deeply(x, *, ans, g):
    return g


constant(
    int,
    bool,
    str,
    bytes,
    repr,
    ascii,
    format,
    hash,
    id,
    ord,
    chr,
    round,
    any,
    all,
    range,
    callable,
    issubclass,
    slice,
    float.is_integer,
    float.as_integer_ratio,
    float.hex,
    float.fromhex,
    int.bit_length,
    type,
)
constant(len, shape_only="x", signature=inspect.signature(lambda x: None))
constant(isinstance, shape_only="x", signature=inspect.signature(lambda x, kinds: None))
constant(hasattr, shape_only="x", signature=inspect.signature(lambda x, name: None))
constant(print, input, open, breakpoint, is_pure=False)

refused("Bytes that are changed from outside cannot be followed; use a view of the array.", memoryview)
facts(memoryview, signature=inspect.signature(lambda thing: None), views="thing")
