"""Rules of `scipy.special`.  SciPy is optional: this module is imported once a program that uses it is read (see
`transforms.rules.optional`).

In comes the cotangent `g` of the result, out come the contributions, as in `elementwise` and `reductions`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import scipy.special as special

from transforms import inference, runtime
from transforms.registry import adjoint, batching, elementwise, facts, result, tangent
from transforms.rules.sampling import binary, call, listed, numbers, unary
from transforms.rules.typed import dtype_of, normalized_axes, shape_of
from transforms.values import UNKNOWN, Literal, Value

NO, FALSE = Literal(None), Literal(False)

# ------------------------------------------------------------------------------------------------------ error functions


@elementwise(special.erf, samples=unary())
def erf(x, *, ans, g):
    return g * (1.1283791670955126 * np.exp(-x * x))


@elementwise(special.erfc, samples=unary())
def erfc(x, *, ans, g):
    return g * (-1.1283791670955126 * np.exp(-x * x))


@elementwise(special.erfcx, samples=unary())
def erfcx(x, *, ans, g):
    return g * (2 * x * ans - 1.1283791670955126)


@elementwise(special.erfinv, samples=unary(-0.9, 0.9))
def erfinv(x, *, ans, g):
    return g * (0.8862269254527580 * np.exp(ans * ans))


@elementwise(special.erfcinv, samples=unary(0.1, 1.9))
def erfcinv(x, *, ans, g):
    return g * (-0.8862269254527580 * np.exp(ans * ans))


@elementwise(special.ndtr, samples=unary())
def ndtr(x, *, ans, g):
    return g * (0.3989422804014327 * np.exp(-0.5 * x * x))


@elementwise(special.log_ndtr, samples=unary())
def log_ndtr(x, *, ans, g):
    return g * (0.3989422804014327 * np.exp(-0.5 * x * x - ans))


@elementwise(special.ndtri, samples=unary(0.1, 0.9))
def ndtri(x, *, ans, g):
    return g * (2.5066282746310002 * np.exp(0.5 * ans * ans))


# ------------------------------------------------------------------------------------------------------- gamma and beta


@elementwise(special.gammaln, samples=unary(0.3, 4))
def gammaln(x, *, ans, g):
    return g * special.digamma(x)


@elementwise(special.loggamma, samples=unary(0.3, 4))
def loggamma(x, *, ans, g):
    return g * special.digamma(x)


@elementwise(special.gamma, samples=unary(0.3, 4))
def gamma(x, *, ans, g):
    return g * ans * special.digamma(x)


@elementwise(special.rgamma, samples=unary(0.3, 4))
def rgamma(x, *, ans, g):
    return -g * ans * special.digamma(x)


@elementwise(special.digamma, special.psi, samples=unary(0.5, 4))
def digamma(x, *, ans, g):
    return g * special.polygamma(1, x)


@elementwise(special.polygamma, wrt="x", samples=listed(call(1, 1.5), call(2, numbers((2, 3), 1, 3))))
def polygamma(n, x, *, ans, g):
    return g * special.polygamma(n + 1, x)


@elementwise(special.beta, samples=binary(0.5, 3))
def beta(a, b, *, ans, g):
    return (
        g * ans * (special.digamma(a) - special.digamma(a + b)),
        g * ans * (special.digamma(b) - special.digamma(a + b)),
    )


@elementwise(special.betaln, samples=binary(0.5, 3))
def betaln(a, b, *, ans, g):
    return g * (special.digamma(a) - special.digamma(a + b)), g * (special.digamma(b) - special.digamma(a + b))


@elementwise(special.multigammaln, wrt="a", samples=listed(call(3.5, 3), call(numbers((3,), 3, 5), 2)))
def multigammaln(a, d, *, ans, g):
    return g * np.sum(special.digamma(np.expand_dims(a, -1) - 0.5 * np.arange(d)), axis=-1)


# --------------------------------------------------------------------------------------------- logistic and information


@elementwise(special.expit, samples=unary())
def expit(x, *, ans, g):
    return g * ans * (1 - ans)


@elementwise(special.log_expit, samples=unary())
def log_expit(x, *, ans, g):
    return g * special.expit(-x)


@elementwise(special.logit, samples=unary(0.1, 0.9))
def logit(x, *, ans, g):
    return g / (x * (1 - x))


@elementwise(special.xlogy, samples=binary(0.3, 2))
def xlogy(x, y, *, ans, g):
    return g * np.log(y), g * x / y


@elementwise(special.xlog1py, samples=binary(0.3, 2))
def xlog1py(x, y, *, ans, g):
    return g * np.log1p(y), g * x / (1 + y)


@elementwise(special.entr, samples=unary(0.3, 2))
def entr(x, *, ans, g):
    return -g * (np.log(x) + 1)


@elementwise(special.rel_entr, samples=binary(0.3, 2))
def rel_entr(x, y, *, ans, g):
    return g * (np.log(x / y) + 1), -g * x / y


@elementwise(special.kl_div, samples=binary(0.3, 2))
def kl_div(x, y, *, ans, g):
    return g * np.log(x / y), g * (1 - x / y)


@elementwise(special.exprel, samples=unary(0.3, 2))
def exprel(x, *, ans, g):
    return g * (np.exp(x) - ans) / x


@elementwise(special.cosm1, samples=unary())
def cosm1(x, *, ans, g):
    return -g * np.sin(x)


# --------------------------------------------------------------------------------------------------------------- Bessel


@elementwise(special.i0, samples=unary())
def i0(x, *, ans, g):
    return g * special.i1(x)


@elementwise(special.i1, samples=unary())
def i1(x, *, ans, g):
    return g * (0.5 * (special.i0(x) + special.iv(2, x)))


@elementwise(special.j0, samples=unary())
def j0(x, *, ans, g):
    return -g * special.j1(x)


@elementwise(special.j1, samples=unary())
def j1(x, *, ans, g):
    return g * (0.5 * (special.j0(x) - special.jv(2, x)))


@elementwise(special.jv, wrt="z", samples=listed(call(2, numbers((2, 3), 0.3, 3)), call(0.5, 1.5)))
def jv(v, z, *, ans, g):
    return g * (0.5 * (special.jv(v - 1, z) - special.jv(v + 1, z)))


@elementwise(special.iv, wrt="z", samples=listed(call(2, numbers((2, 3), 0.3, 3)), call(0.5, 1.5)))
def iv(v, z, *, ans, g):
    return g * (0.5 * (special.iv(v - 1, z) + special.iv(v + 1, z)))


# ----------------------------------------------------------------------------------------------------------- reductions


def _rows() -> Iterator[Any]:
    yield (numbers((4,)),), {}
    yield (numbers((2, 3)),), {}
    yield (numbers((2, 3)),), {"axis": 1}
    yield (numbers((2, 3, 2)),), {"axis": (0, 2)}


def _sums() -> Iterator[Any]:
    yield from _rows()
    yield (numbers((2, 3)),), {"axis": 1, "keepdims": True}
    yield (numbers((2, 3)),), {"axis": 0, "b": numbers((2, 3), 0.5, 1, seed=1)}
    yield (numbers((2, 3)),), {"axis": 1, "b": numbers((3,), 0.5, 1, seed=1)}


@adjoint(special.logsumexp, wrt="a b", samples=_sums)
def logsumexp(a, axis=None, b=None, keepdims=False, *, ans, g):
    whole = np.exp(a - runtime.expand_reduced(ans, a, axis, keepdims))
    shares = runtime.expand_reduced(g, a, axis, keepdims) * whole
    if b is None:
        return shares, None
    return shares * b, runtime.unbroadcast(shares, b)


@tangent(special.logsumexp)
def logsumexp_tangent(a, axis=None, b=None, keepdims=False, *, ans, a_dot, b_dot):
    whole = np.exp(a - runtime.expand_reduced(ans, a, axis, keepdims))
    if b is None:
        return runtime.sum_reduced(whole * a_dot, ans, axis, keepdims), None
    return (
        runtime.sum_reduced(whole * b * a_dot, ans, axis, keepdims),
        runtime.sum_reduced(whole * b_dot, ans, axis, keepdims),
    )


@adjoint(special.softmax, samples=_rows)
def softmax(x, axis=None, *, ans, g):
    return ans * (g - np.sum(g * ans, axis=axis, keepdims=True))


@tangent(special.softmax)
def softmax_tangent(x, axis=None, *, ans, x_dot):
    return ans * (x_dot - np.sum(x_dot * ans, axis=axis, keepdims=True))


@adjoint(special.log_softmax, samples=_rows)
def log_softmax(x, axis=None, *, ans, g):
    return g - np.exp(ans) * np.sum(g, axis=axis, keepdims=True)


@tangent(special.log_softmax)
def log_softmax_tangent(x, axis=None, *, ans, x_dot):
    return x_dot - np.sum(np.exp(ans) * x_dot, axis=axis, keepdims=True)


@elementwise(special.factorial, samples=unary(0.3, 4))
def factorial(n, *, ans, g):
    return g * ans * special.digamma(n + 1.0)


_CHOICES = listed(call(5.5, 2.0), call(numbers((2, 3), 3, 6), 1.5), call(4.5, numbers((3,), 0.5, 3)))


@elementwise(special.comb, samples=_CHOICES)
def comb(N, k, *, ans, g):  # noqa: N803
    others = special.digamma(N - k + 1.0)
    return g * ans * (special.digamma(N + 1.0) - others), g * ans * (others - special.digamma(k + 1.0))


@elementwise(special.perm, samples=_CHOICES)
def perm(N, k, *, ans, g):  # noqa: N803
    others = special.digamma(N - k + 1.0)
    return g * ans * (special.digamma(N + 1.0) - others), g * ans * others


@result(special.logsumexp)
def logsumexp_result(a: Value, axis: Value = NO, b: Value = NO, keepdims: Value = FALSE) -> Value:
    shape, dtype = shape_of(a), dtype_of(inference.elementwise(special.expit, a))
    if shape is None or dtype is None or not isinstance(axis, Literal) or not isinstance(keepdims, Literal):
        return UNKNOWN
    axes = normalized_axes(axis.value, len(shape))
    if axes is None or not (b == NO or dtype_of(b) == dtype):
        return UNKNOWN
    kept = tuple(1 if place in axes else size for place, size in enumerate(shape))
    if not keepdims.value:
        kept = tuple(size for place, size in enumerate(shape) if place not in axes)
    return inference.array_or_number(dtype, kept)


@result(special.softmax, special.log_softmax)
def softmax_result(x: Value, axis: Value = NO) -> Value:
    return inference.elementwise(special.expit, x)


@result(special.multigammaln)
def multigammaln_result(a: Value, d: Value) -> Value:
    return inference.elementwise(special.gammaln, a)


facts(special.factorial, by_sample=True)
facts(special.softmax, special.log_softmax, along="x", axes="axis")


@batching(special.logsumexp)
def logsumexp_of_batch(a, axis=None, b=None, keepdims=False, *, batched):
    if b is not None:
        return runtime.each_of(special.logsumexp, (a, axis, b, keepdims), batched, ("a", "axis", "b", "keepdims"))
    if isinstance(axis, int) and np.ndim(a) > 1:
        return special.logsumexp(a, runtime.inner_axes(a, axis), keepdims=keepdims)
    axes = runtime.inner_axes(a, axis)
    total = special.logsumexp(runtime.merge_axes(a, axes) if np.ndim(a) > 1 else a[:, None], -1)
    return np.expand_dims(total, axes) if keepdims else total
