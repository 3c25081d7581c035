"""Batches of what Python's own functions compute: `math` has the functions of arrays in its place, conversions are
those of arrays, and what moves things in and out of containers works on containers of batches as it is."""

from __future__ import annotations

import builtins
import cmath
import copy
import math

import numpy as np

from transforms import operations, runtime
from transforms.registry import batching, facts

facts(math.isnan, cmath.isnan, by_element=True, array_form=np.isnan)
facts(math.isinf, cmath.isinf, by_element=True, array_form=np.isinf)
facts(math.isfinite, cmath.isfinite, by_element=True, array_form=np.isfinite)
facts(math.ulp, by_element=True, array_form=np.spacing)
facts(
    math.erf,
    math.erfc,
    math.gamma,
    math.lgamma,
    math.remainder,
    math.isclose,
    cmath.isclose,
    math.comb,
    math.perm,
    math.factorial,
    math.gcd,
    math.lcm,
    math.isqrt,
    float.is_integer,
    sorted,
    any,
    all,
    by_sample=True,
)
if hasattr(math, "fma"):
    facts(math.fma, by_sample=True)
if hasattr(math, "sumprod"):
    facts(math.sumprod, by_sample=True)
facts(isinstance, hasattr, callable, type, is_shared=True)


@batching(len)
def length(x, *, batched):
    return runtime.sample_length(x)


facts(len, is_shared=True)


@batching(math.log, cmath.log)
def log(x, base=None, *, batched, function):
    if function is cmath.log:
        x = np.asarray(x, complex)
    if base is None:
        return np.log(x)
    return np.log(x) / np.log(base)


@batching(math.exp, cmath.exp)
def exp(x, *, batched, function):
    return np.exp(np.asarray(x, complex) if function is cmath.exp else x)


@batching(math.log10, cmath.log10)
def log10(x, *, batched, function):
    return np.log10(np.asarray(x, complex) if function is cmath.log10 else x)


@batching(math.tan, cmath.tan)
def tan(x, *, batched, function):
    return np.tan(np.asarray(x, complex) if function is cmath.tan else x)


@batching(math.tanh, cmath.tanh)
def tanh(x, *, batched, function):
    return np.tanh(np.asarray(x, complex) if function is cmath.tanh else x)


@batching(cmath.sqrt)
def complex_sqrt(x, *, batched):
    return np.sqrt(np.asarray(x, complex))


@batching(cmath.sin)
def complex_sin(x, *, batched):
    return np.sin(np.asarray(x, complex))


@batching(cmath.cos)
def complex_cos(x, *, batched):
    return np.cos(np.asarray(x, complex))


@batching(cmath.sinh)
def complex_sinh(x, *, batched):
    return np.sinh(np.asarray(x, complex))


@batching(cmath.cosh)
def complex_cosh(x, *, batched):
    return np.cosh(np.asarray(x, complex))


@batching(builtins.pow)
def power(base, exp, mod=None, *, batched):
    if mod is not None:
        return np.mod(np.power(base, exp), mod)
    return np.power(base, exp)


@batching(math.floor)
def floor(x, *, batched):
    return np.floor(runtime.numbers(x)).astype(int)


@batching(math.ceil)
def ceil(x, *, batched):
    return np.ceil(runtime.numbers(x)).astype(int)


@batching(math.trunc, int)
def trunc(x, *, batched):
    return np.trunc(runtime.numbers(x)).astype(int)


@batching(round)
def rounded(number, ndigits=None, *, batched):
    if ndigits is None:
        return np.rint(number).astype(int)
    return np.round(number, ndigits)


@batching(bool)
def to_bool(x=False, *, batched):
    return runtime.numbers(x) != 0


@batching(float)
def to_float(x=0.0, *, batched):
    return np.asarray(runtime.numbers(x), float)


@batching(complex)
def to_complex(real=0.0, imag=0.0, *, batched):
    return real + 1j * imag


@batching(math.hypot)
def hypot(*coordinates, batched):
    return runtime.length_of(coordinates)


@batching(math.dist)
def distance(p, q, *, batched):
    return runtime.length_of(runtime.differences(p, q))


@batching(math.fsum)
def fsum(seq, *, batched):
    return runtime.summed(seq, runtime.parts(batched, "seq"))


@batching(builtins.sum)
def sum(iterable, start=0, *, batched):
    return runtime.summed(iterable, runtime.parts(batched, "iterable"), start, "start" in batched)


@batching(math.prod)
def prod(iterable, *, start=1, batched):
    return runtime.multiplied(iterable, runtime.parts(batched, "iterable"), start)


@batching(max)
def extreme(*arguments, key=None, default=None, batched, function):
    return runtime.extreme_of_samples(function, arguments, runtime.parts(batched, "arguments"), key, default)


# ----------------------------------------------------------------------------------------------------------- containers

facts(operations.make_tuple, operations.make_list, native="items")
facts(operations.make_dict, native="keys_and_values")
facts(list.append, native="self item")
facts(list.insert, native="self item")
facts(list.pop, list.reverse, list.copy, dict.values, dict.items, dict.copy, dict.pop, native="self")
facts(dict.get, native="self default")
facts(copy.copy, copy.deepcopy, native="x")
facts(dict.keys, native="self")


@batching(list, tuple)
def container(iterable=(), *, batched, function):
    return function(runtime.items_of_samples(iterable))


@batching(list.extend)
def extend(self, items, *, batched):
    self.extend(runtime.items_of_samples(items) if "items" in batched else items)


@batching(operations.unpack)
def unpack(iterable, count, *, batched):
    return operations.unpack(runtime.items_of_samples(iterable), count)


@batching(operations.unpack_star)
def unpack_star(iterable, before, after, *, batched):
    return operations.unpack_star(runtime.items_of_samples(iterable), before, after)
