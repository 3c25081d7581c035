"""Batches of element-wise functions: those with an adjoint need nothing; those without are named here."""

from __future__ import annotations

import operator

import numpy as np

from transforms import runtime
from transforms.registry import batching, facts

facts(
    np.sign,
    np.floor,
    np.ceil,
    np.trunc,
    np.rint,
    np.fix,
    np.floor_divide,
    operator.floordiv,
    operator.ifloordiv,
    np.spacing,
    np.signbit,
    np.isnan,
    np.isinf,
    np.isfinite,
    np.isposinf,
    np.isneginf,
    np.isreal,
    np.iscomplex,
    np.isclose,
    np.greater,
    np.greater_equal,
    np.less,
    np.less_equal,
    np.equal,
    np.not_equal,
    np.logical_and,
    np.logical_or,
    np.logical_xor,
    np.logical_not,
    np.bitwise_and,
    np.bitwise_or,
    np.bitwise_xor,
    np.invert,
    np.left_shift,
    np.right_shift,
    np.gcd,
    np.lcm,
    operator.gt,
    operator.ge,
    operator.lt,
    operator.le,
    operator.eq,
    operator.ne,
    operator.and_,
    operator.or_,
    operator.xor,
    operator.inv,
    operator.invert,
    operator.lshift,
    operator.rshift,
    operator.iand,
    operator.ior,
    operator.ixor,
    operator.ilshift,
    operator.irshift,
    np.divmod,
    divmod,
    np.modf,
    np.frexp,
    by_element=True,
)
facts(np.round, np.around, native="a")
facts(np.divmod, array_form=np.divmod)
facts(np.modf, array_form=np.modf)
facts(np.frexp, array_form=np.frexp)
facts(operator.is_, operator.is_not, np.iscomplexobj, np.isrealobj, np.isscalar, is_shared=True)


@batching(operator.not_)
def negation(a, *, batched):
    return np.logical_not(runtime.numbers(a))


@batching(operator.truth)
def truth(a, *, batched):
    return runtime.numbers(a) != 0


@batching(operator.index)
def index(a, *, batched):
    return runtime.numbers(a)
