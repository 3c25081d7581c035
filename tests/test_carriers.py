"""What depends on the input through constructs of every kind: right or refused, in specialised and in generic code, and
never a zero that is not there.

Text, slices, keys of dicts, items of sets, attributes and special methods of classes, globals, exceptions, functions of
the standard library and of NumPy: whatever an analysis might take for constant.
"""

from __future__ import annotations

import copy
from collections import namedtuple
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import autodiff as ad
from tests.corpus.reference import assert_close, function_from, numeric_gradient
from tests.orders import run_generic

IMPORTS = """
import collections, copy, decimal, fractions, functools, itertools, math, operator, statistics
from collections import ChainMap, Counter, OrderedDict, defaultdict, deque
from dataclasses import asdict, astuple, replace
from types import SimpleNamespace
"""
P = namedtuple("P", "a b")


class O:
    def __init__(self, a):
        self.a = a


class Sized:
    def __init__(self, a):
        self.size = a
        self.shape = a
        self.ndim = a
        self.dtype = a


@dataclass
class D:
    size: float
    shape: float


class S:
    def __getitem__(self, k):
        return k.stop * 2.0


class G:
    def __getitem__(self, k):
        return k * 2.0


class Own:
    """Special methods that return what other classes return constants from."""

    def __init__(self, a):
        self.a = a

    def __float__(self):
        return self.a * 3.0

    def __bool__(self):
        return True

    def __contains__(self, k):
        return self.a * k

    def __call__(self, k):
        return self.a * k

    def __format__(self, spec):
        return "q"

    def __enter__(self):
        return self.a * 2.0

    def __exit__(self, *error):
        return False

    def __iter__(self):
        return iter([self.a, self.a])

    def __hash__(self):
        return 3

    def __getattr__(self, name):
        return self.a * 5.0

    def __abs__(self):
        return self.a * 3.0

    __invert__ = __neg__ = __floor__ = __ceil__ = __trunc__ = __abs__

    def __round__(self, digits=None):
        return self.a * 3.0

    def __eq__(self, k):
        return self.a * k

    __lt__ = __ne__ = __and__ = __or__ = __xor__ = __lshift__ = __floordiv__ = __mod__ = __matmul__ = __eq__

    def __divmod__(self, k):
        return self.a * k, self.a


state = O(0.0)
STATE: dict[str, Any] = {}
LST = [0.0]
GRID = np.mgrid


def put(v):
    STATE["k"] = v


NAMES = "P O Sized D S G Own state STATE LST GRID put".split()
V, X = np.array([0.3, 0.8, 1.3]), 1.3

# the bodies of functions of x, and x
PROGRAMS: tuple[tuple[str, Any], ...] = (
    ("return np.mgrid[0:x[2]:3j].sum()", V),
    ("return np.mgrid[x[0]:x[2]:3j, 0:x[1]:2j].sum()", V),
    ("return np.ogrid[0:x[2]:3j].sum()", V),
    ("return np.r_[0:x[2]:3j].sum()", V),
    ("return np.r_[x[0]:x[2]:3j, 2.0].sum()", V),
    ("return np.c_[0:x[2]:3j].sum()", V),
    ("g = np.mgrid\nreturn g[0:x:3j].sum()", X),
    ("g = GRID\nreturn g[0:x:3j].sum()", X),
    ("return np.mgrid[0:1:x].sum()", 0.25),
    ("s = slice(0, x, 3j)\nreturn np.mgrid[s].sum()", X),
    ("return np.s_[0:x].stop * 2", X),
    ("return np.index_exp[0:x][0].stop * 2", X),
    ("return slice(0, x).stop * 2", X),
    ("s = slice(x)\nreturn s.stop * s.stop", X),
    ("return S()[0:x]", X),
    ("return G()[x]", X),
    ("return G().__getitem__(x)", X),
    ("return operator.getitem(G(), x)", X),
    ("return operator.itemgetter(0)([x])", X),
    ('return operator.attrgetter("a")(O(x))', X),
    ('return operator.methodcaller("conjugate")(x)', X),
    ("return Sized(x).size * 2", X),
    ("return Sized(x).shape * 2", X),
    ("return Sized(x).ndim * 2", X),
    ("return Sized(x).dtype * 2", X),
    ("return D(x, x).size * 2", X),
    ("o = SimpleNamespace(size=x)\nreturn o.size * 2", X),
    ("o = O(x)\no.size = x * 2\nreturn o.size * 2", X),
    ("d = {x: 1.0}\nt = 0.0\nfor k in d:\n    t += k * 2\nreturn t", X),
    ("return sum({x: 1.0})", X),
    ("return sum({x: 1.0}.keys()) * 2", X),
    ("return list({x: 1.0})[0] * 2", X),
    ("return max({x: 1.0, 0.1: 2.0}) * 2", X),
    ("return {x: 1.0}.popitem()[0] * 2", X),
    ("return next(iter({x: 2})) * 2", X),
    ("for k, v in {x: 1.0}.items():\n    return k * 2", X),
    ("return sorted({x: 1.0})[0] * 2", X),
    ("return [k * 2 for k in {x: 1}][0]", X),
    ("return sum({x, 2.0})", X),
    ("return max({x, 0.1}) * 2", X),
    ("return list({x})[0] * 2", X),
    ("return sorted({x, 3.0})[0] * 2", X),
    ("s = {x}\nreturn s.pop() * 2", X),
    ("s = set()\ns.add(x)\nreturn sum(s)", X),
    ("return sum(frozenset([x, 2.0]))", X),
    ("return sum(set([x]) | {2.0})", X),
    ("a, = {x}\nreturn a * 2", X),
    ("for k in {x}:\n    return k * 2", X),
    ('return OrderedDict(a=x)["a"] * 2', X),
    ('return OrderedDict([("a", x)])["a"] * 2', X),
    ('return dict(a=x)["a"] * 2', X),
    ('return dict([("a", x)])["a"] * 2', X),
    ('return dict(zip("ab", [x, x]))["a"] * 2', X),
    ('return dict.fromkeys("ab", x)["a"] * 2', X),
    ('return Counter({"a": x})["a"] * 2', X),
    ('return ChainMap({"a": x})["a"] * 2', X),
    ('return asdict(D(x, x))["size"] * 2', X),
    ("return astuple(D(x, x))[0] * 2", X),
    ("return replace(D(x, x), size=x*x).size * 2", X),
    ('return vars(O(x))["a"] * 2', X),
    ('return O(x).__dict__["a"] * 2', X),
    ('return P(x, x)._asdict()["a"] * 2', X),
    ("return P(x, x)._replace(b=x * x).b * 2", X),
    ('return getattr(O(x), "a") * 2', X),
    ('o = O(1.0)\nsetattr(o, "a", x)\nreturn o.a * 2', X),
    ('o = O(1.0)\no.__dict__["a"] = x\nreturn o.a * 2', X),
    ("o = O(1.0)\nvars(o).update(a=x)\nreturn o.a * 2", X),
    ('object.__setattr__(state, "a", x)\nreturn state.a * 2', X),
    ("state.a = x\nreturn state.a * 2", X),
    ('put(x)\nreturn STATE["k"] * 2', X),
    ('y = x\nreturn locals()["y"] * 2', X),
    ('return eval("x * 2")', X),
    ("n, d = x.as_integer_ratio()\nreturn n / d", X),
    ("return float.fromhex(x.hex())", X),
    ("return float(str(x))", X),
    ("return float(repr(x))", X),
    ('return float(f"{x!r}")', X),
    ('return float("%r" % x)', X),
    ('return float("{}".format(x))', X),
    ("return float(decimal.Decimal(x))", X),
    ("return float(fractions.Fraction(x))", X),
    ("return float(fractions.Fraction(x) * 2)", X),
    ("return statistics.mean([x, x * x])", X),
    ("return statistics.fmean([x, x * x])", X),
    ("return statistics.pstdev([x, x * x])", X),
    ("return statistics.median([x, x * x])", X),
    ("return np.frombuffer(x.tobytes()).sum()", V),
    ("return np.frombuffer(x).sum()", V),
    ("return x.view(np.int64).view(float).sum()", V),
    ("return x.view(float).sum()", V),
    ("return x.view(np.ndarray).sum()", V),
    ("return x.view().sum()", V),
    ("return np.array(x.tolist()).sum()", V),
    ("return np.fromiter(x, float).sum()", V),
    ("return np.fromiter([x, x], float).sum()", X),
    ('return np.fromstring("1 2", sep=" ").sum() * x', X),
    ("return np.array([x, x], dtype=object).sum()", X),
    ("return np.rec.fromarrays([x]).f0.sum()", V),
    ('y = np.zeros(1, dtype=[("a", float)])\ny["a"] = x\nreturn y["a"][0] * 2', X),
    ("return np.ix_(x)[0].sum()", V),
    ("a, b = np.ix_(x, x * x)\nreturn (a * b).sum()", V),
    ("return np.vectorize(lambda v: v * v)(x).sum()", V),
    ("return np.frompyfunc(lambda v: v * v, 1, 1)(x).sum()", V),
    ("return np.apply_along_axis(lambda v: v * v, 0, x).sum()", V),
    ("return np.apply_over_axes(np.sum, x.reshape(3, 1), [0]).sum()", V),
    ("return np.fromfunction(lambda i: i * x, (3,)).sum()", X),
    ("return np.piecewise(x, [x < 1], [lambda v: v * v, 2.0]).sum()", V),
    ("return sum(v.item() for v in np.nditer(x))", V),
    ("return sum(v * v for _, v in np.ndenumerate(x))", V),
    ("return sum(x.flat)", V),
    ("y = x.copy()\ny.flat[1] = x[0]\nreturn y.sum()", V),
    ("y = x.copy()\ny.flat = x[0]\nreturn y.sum()", V),
    ("return sum(np.broadcast(x, x).iters[0])", V),
    ("return np.poly1d(x)(2.0)", V),
    ("return np.polyval(x, 2.0)", V),
    ("return np.polynomial.Polynomial(x)(2.0)", V),
    ("return np.interp(0.5, [0, 1], [x, x * x])", X),
    ("return np.interp(x, [0, 1], [3., 5.])", 0.5),
    ("return np.trapezoid(x)", V),
    ("return np.gradient(x).sum()", V),
    ("return np.histogram(x, weights=x)[0].sum()", V),
    ("return np.bincount([0, 1, 1], weights=x)[1] * 2", V),
    ("return np.average(x, weights=x)", V),
    ("return np.cov(x)", V),
    ("return np.corrcoef(x, x ** 2)[0, 1]", V),
    ("return np.percentile(x, 30)", V),
    ("return np.quantile(x, 0.3)", V),
    ("return np.nanmean(x)", V),
    ("return np.ptp(x)", V),
    ("return np.digitize(x, [0.5])[0] * x[0]", V),
    ("return float(Own(x))", X),
    ("return abs(Own(x))", X),
    ("return Own(x) == 2.0", X),
    ("return Own(x) < 2.0", X),
    ("return Own(x) != 2.0", X),
    ("return ~Own(x)", X),
    ("return round(Own(x))", X),
    ("return round(Own(x), 2)", X),
    ("return math.floor(Own(x))", X),
    ("return math.ceil(Own(x))", X),
    ("return math.trunc(Own(x))", X),
    ("return Own(x) & 2.0", X),
    ("return Own(x) | 2.0", X),
    ("return Own(x) ^ 2.0", X),
    ("return Own(x) << 2.0", X),
    ("return Own(x) // 2.0", X),
    ("return Own(x) % 2.0", X),
    ("return divmod(Own(x), 2.0)[0]", X),
    ("return Own(x)(2.0)", X),
    ("return Own(x) @ 2.0", X),
    ("return Own(x).anything", X),
    ("return sum(Own(x))", X),
    ("return max(Own(x))", X),
    ("return list(Own(x))[0]", X),
    ("return operator.eq(Own(x), 2.0)", X),
    ("return operator.lt(Own(x), 2.0)", X),
    ("return operator.and_(Own(x), 2.0)", X),
    ("return operator.invert(Own(x))", X),
    ("return operator.index(3) * x", X),
    ("return np.floor(x) * x", X),
    ("return Own(x).__eq__(2.0)", X),
    ("return Own(x).__floor__()", X),
    ("return 2.0 > Own(x)", X),
    ("return 2.0 == Own(x)", X),
    ("return Own(x).size", X),
    ("return Own(x).shape", X),
    ("with Own(x) as v:\n    return v", X),
    ("try:\n    raise ValueError(x)\nexcept ValueError as e:\n    return e.args[0] * 2", X),
    ("try:\n    raise KeyError(x)\nexcept KeyError as e:\n    return e.args[0] * 2", X),
    ("try:\n    {}[x]\nexcept KeyError as e:\n    return e.args[0] * 2", X),
    ("try:\n    next(iter([]))\nexcept StopIteration as e:\n    return x", X),
    ("match x:\n    case y:\n        return y * 2", X),
    ("match [x, x]:\n    case [a, *b]:\n        return a * b[0]", X),
    ('match {"a": x}:\n    case {"a": v, **rest}:\n        return v * 2', X),
    ('match {"a": 1, "b": x}:\n    case {"a": v, **rest}:\n        return rest["b"] * 2', X),
    ("match O(x):\n    case O(a=v):\n        return v * 2", X),
    ('return (lambda *a, **k: k["v"] * a[0])(x, v=x)', X),
    ("def g(v=x):\n    return v * 2\nreturn g()", X),
    ("def g(*, v=x):\n    return v * 2\nreturn g()", X),
    ("def g():\n    return x * 2\nreturn g()", X),
    ("def g(v):\n    return v * 2\nreturn g.__call__(x)", X),
    ("return functools.partial(lambda a, b: a * b, x)(x)", X),
    ("return functools.partial(pow, x)(2)", X),
    ("pt = functools.partial(pow, x)\nreturn pt.args[0] * 2", X),
    ("return functools.reduce(lambda a, b: a * b, [x, x, 2.0])", X),
    ("return list(map(lambda v: v * v, [x]))[0]", X),
    ("return list(filter(lambda v: v > 0, [x]))[0] * 2", X),
    ("return list(itertools.accumulate([x, x]))[1]", X),
    ("return next(itertools.count(x)) * 2", X),
    ("return next(itertools.repeat(x)) * 2", X),
    ("return next(itertools.cycle([x])) * 2", X),
    ("c = itertools.count(x, x)\nnext(c)\nreturn next(c)", X),
    ("return list(itertools.starmap(pow, [(x, 2)]))[0]", X),
    ("return list(itertools.islice([x, x * x], 1, 2))[0]", X),
    ("return list(itertools.compress([x, x * x], [0, 1]))[0]", X),
    ("return list(itertools.takewhile(lambda v: v > 0, [x]))[0] * 2", X),
    ("return [list(g)[0] for k, g in itertools.groupby([x, 1.0])][0] * 2", X),
    ("return [k for k, g in itertools.groupby([x, 1.0])][0] * 2", X),
    ("return list(itertools.chain.from_iterable([[x]]))[0] * 2", X),
    ("return list(itertools.pairwise([x, x * x]))[0][1]", X),
    ("return list(itertools.combinations([x, x * x], 2))[0][1]", X),
    ("return list(itertools.zip_longest([x], [1, 2], fillvalue=x))[1][0] * 2", X),
    ("return [*zip([x])][0][0] * 2", X),
    ("return list(enumerate([x]))[0][1] * 2", X),
    ("return list(reversed([x]))[0] * 2", X),
    ("it = iter([x, x * x])\nnext(it)\nreturn next(it)", X),
    ("return next(iter([]), x) * 2", X),
    ("return max([x, 0.1], key=lambda v: v) * 2", X),
    ("return max([], default=x) * 2", X),
    ("return sum([], x) * 2", X),
    ("return sum([1.0], start=x) * 2", X),
    ("return math.fsum([x, x]) * 2", X),
    ("return x.real * 2 + x.imag", X),
    ("return x.conjugate() * 2", X),
    ("return (x + 1j).real * 2", X),
    ("return abs(complex(x, 1.0))", X),
    ('return complex(f"{x}").real', X),
    ("return x.__mul__(2.0)", X),
    ("return float.__mul__(x, 2.0)", X),
    ("return x.__float__() * 2", X),
    ("return np.float64(x).item() * 2", X),
    ("return np.float64(x).__float__() * 2", X),
    ("return x.__getitem__(1) * 2", V),
    ("return x.__add__(1.0).sum()", V),
    ("return np.ndarray.__mul__(x, 2.0).sum()", V),
    ("return x.sum().tolist() * 2", V),
    ("return x.__array__().sum()", V),
    ("return memoryview(x)[0] * 2", V),
    ("return x.base.sum() if x.base is not None else x.sum()", V),
    ("return x[None].base[0] * 2", V),
    ("return np.asarray(memoryview(x)).sum()", V),
    ("return np.lib.stride_tricks.sliding_window_view(x, 2).sum()", V),
    ("return np.lib.stride_tricks.as_strided(x, (2, 2), (8, 8)).sum()", V),
    ("return x.setfield(1.0, float) or x.sum()", V),
    ("return x.getfield(float).sum()", V),
    ('return x.astype("f8").sum()', V),
    ("return x.astype(int).astype(float).sum() + x.sum()", V),
    ("return np.float64(np.str_(x[0]))", V),
    ("return np.array2string(x) and x.sum()", V),
    ("return x.dot(x)", V),
    ("return x.searchsorted(0.5) * x.sum()", V),
    ("return np.searchsorted([0., 1.], x) * x", X),
    ("return np.sign(x + 1j).real", X),
    ("return np.sign(np.array([x + 1j])).real.sum()", X),
    ("return np.floor(x) * x + np.ceil(x) + round(x) + np.fix(x)", X),
    ("return np.modf(x)[0] * 2", X),
    ("return math.modf(x)[0] * 2", X),
    ("return np.frexp(x)[0] * 2", X),
    ("return math.frexp(x)[0] * 2", X),
    ("return np.ldexp(x, 2)", X),
    ("return x % 1.0", X),
    ("return math.remainder(x, 0.7)", X),
    ("return math.ulp(x) * 1e10", X),
    ("return np.spacing(x) * 1e10", X),
    ("return np.nextafter(x, 2.0)", X),
    ("return np.copysign(2.0, x) * x", X),
    ("return np.where(x > 1, x, 0.0)", X),
    ("return np.select([x > 1], [x * x])", X),
    ("return np.choose(1, [x, x * x])", X),
    ("return np.empty_like(x).fill(0) or x.sum()", V),
    ("return np.full(3, x).sum()", X),
    ("return np.full((2,), fill_value=[x, x * x]).sum()", X),
    ("return np.full_like(np.ones(3), x).sum()", X),
    ("return np.ones_like(x).sum() * x.sum()", V),
    ("return np.tri(3, k=0)[0, 0] * x", X),
    ("return np.eye(2)[0, 0] * x", X),
    ("return np.diag([x, x * x])[1, 1]", X),
    ("return np.diagflat([x, x * x])[1, 1]", X),
    ("return np.vander([x, 2.0], 3).sum()", X),
    ("return np.nan_to_num(x, nan=1.0) * 2", X),
    ("return np.unwrap(x).sum()", V),
    ("return np.round(x, 1).sum() + x.sum()", V),
    ("return np.i0(x)", X),
    ("return np.lexsort([x]).sum() * x.sum()", V),
    ("return copy.deepcopy(O(x)).a * 2", X),
    ("return copy.copy(O(x)).a * 2", X),
    ('return type("Q", (), {"v": x})().v * 2', X),
    ("return type(x)(x) * 2", X),
    ("return x.__class__(x) * 2", X),
    ("return type(x).__mul__(x, 2.0)", X),
    ("return deque([x, x * x], maxlen=1)[0]", X),
    ("d = deque([x])\nd.rotate(1)\nreturn d[0] * 2", X),
    ('d = defaultdict(lambda: x)\nreturn d["k"] * 2', X),
    ('d = {}\nreturn d.setdefault("k", x) * 2', X),
    ('d = {"k": x}\nreturn d.get("q", x * x)', X),
    ('d = {"k": x} | {"j": x * x}\nreturn d["j"]', X),
    ('d = {"k": x}\nd |= {"j": x * x}\nreturn d["j"]', X),
    ("l = [1.0, 2.0]\nl[:] = [x, x]\nreturn l[0] * 2", X),
    ("l = [1.0]\nl += [x]\nreturn l[1] * 2", X),
    ("l = [1.0] * 2\nl[1] = x\nreturn l[1] * 2", X),
    ("l = [2.0, x]\nl.sort()\nreturn l[0] * 2", X),
    ("l = [x]\nl.insert(0, x * x)\nreturn l[0]", X),
    ("return (x, 1.0).index(x) * x + (x, x).count(x) * x", X),
    ("return ([x] + [x * x])[1]", X),
    ("return x if x else 0.0", X),
    ("return x and x * x", X),
    ("return (x or 1.0) * 2", X),
    ("return (y := x) * y", X),
    ("return not x or x * 2", X),
    ("a = b = x\nreturn a * b", X),
    ("return np.add.reduce([x, x])", X),
    ("return np.add.accumulate(x)[2]", V),
    ("return np.multiply.outer(x, x).sum()", V),
    ("return np.hypot.reduce(x)", V),
    ("return np.add.reduceat(x, [0, 1])[1]", V),
    ("y = x.copy()\nnp.multiply.at(y, [0], 3.0)\nreturn y.sum()", V),
    ("y = x.copy()\nnp.negative.at(y, [0])\nreturn y.sum()", V),
    ("y = np.zeros(3)\nnp.add(x, 1.0, y)\nreturn y.sum()", V),
    ("y = np.zeros(3)\nnp.add(x, 1.0, out=(y,))\nreturn y.sum()", V),
    ("y = np.zeros(3)\nx.cumsum(out=y)\nreturn y.sum()", V),
    ("y = np.zeros(())\nnp.sum(x, out=y)\nreturn y * 2", V),
    ("y = np.zeros(3)\nnp.dot(np.eye(3), x, y)\nreturn y.sum()", V),
    ("y = np.zeros(3)\nnp.clip(x, 0, 1, out=y)\nreturn y.sum()", V),
    ("y = np.zeros(3)\nnp.take(x, [0, 1, 1], out=y)\nreturn y.sum()", V),
    ("y = np.zeros((2, 3))\nnp.stack([x, x], out=y)\nreturn y.sum()", V),
    ("y = np.zeros(3)\ny.put([0], x[1])\nreturn y.sum()", V),
    ("y = np.zeros(3)\ny.setflags(write=True)\ny[0] = x[1]\nreturn y.sum()", V),
    ("y = x.copy()\ny.resize(2)\nreturn y.sum()", V),
    ("y = x.copy()\ny.partition(1)\nreturn y[0] * 2", V),
    ("y = x.copy()\ny.sort()\nreturn y[0] * 2", V),
    ("y = x.copy()\ny.byteswap(True)\ny.byteswap(True)\nreturn y.sum()", V),
    ("y = x.copy()\ny.shape = (3, 1)\nreturn y[1, 0] * 2", V),
    ("y = x + 0j\ny.real = x * 2\nreturn y.real.sum()", V),
    ("y = x + 0j\ny.imag = x * 2\nreturn y.imag.sum()", V),
    ("y = np.zeros(3)\ny.T[0] = x[0]\nreturn y.sum()", V),
    ("y = np.zeros(4)\ny[:3], y[3] = x, x[0]\nreturn y.sum()", V),
    ("return np.bitwise_count(3) * x", X),
    ("return x[x.argsort()][0] * 2", V),
    ("return np.einsum(x, [0], x, [0])", V),
    ("return np.linalg.multi_dot([x[None], x[:, None]])[0, 0]", V),
    ("return np.linalg.lstsq(np.eye(3), x, rcond=None)[0].sum()", V),
    ("return np.linalg.eig(np.diag(x))[0].sum().real", V),
    ("return np.linalg.eigvals(np.diag(x)).sum().real", V),
    ("return np.linalg.qr(np.outer(x, x) + np.eye(3))[1][0, 0]", V),
    ("return np.linalg.cond(np.diag(x))", V),
    ("return np.linalg.matrix_norm(np.diag(x))", V),
    ("return np.linalg.vector_norm(x)", V),
    ("return np.linalg.trace(np.diag(x))", V),
    ("return np.linalg.tensorinv(np.diag(x), 1).sum()", V),
    ("return float(np.format_float_positional(x))", X),
    ("import cmath\nreturn cmath.polar(x + 1j)[0]", X),
    ("import cmath\nreturn cmath.rect(x, 1.0).real", X),
    ("import cmath\nreturn cmath.log(x, 2.0).real", X),
    ("return math.log(x, 3.0)", X),
    ("return math.log(3.0, x)", X),
    ("return math.perm(5, 2) * x", X),
    ("return pow(x, 2) + pow(2.0, x)", X),
    ("return divmod(x, 0.4)[1]", X),
    ("return round(x, 0) + x", X),
    ("return int(x) + x", X),
    ("return np.int64(x) + x", X),
    ("return hash(x) * 0.0 + x", X),
    ('return np.datetime64("2000") is None or x', X),
)


def program(body: str) -> Any:
    lines = "\n".join("    " + line for line in body.split("\n"))
    return function_from(f"{IMPORTS}\ndef f(x):\n{lines}\n", **{name: globals()[name] for name in NAMES})


@pytest.mark.parametrize("body, argument", PROGRAMS, ids=[body for body, _ in PROGRAMS])
@pytest.mark.filterwarnings("ignore")
def test_right_or_refused(body: str, argument: Any) -> None:
    function = program(body)
    known = numeric_gradient(function, (argument,), (0,))[0]
    for run in (ad.grad(function), lambda x: run_generic(ad.grad(function), (x,))):
        try:
            found = run(copy.deepcopy(argument))
        except (ad.AutodiffError, ad.DerivativeRefused):
            continue
        assert_close(found, known)


REFUSED = {
    "return np.mgrid[0:x[2]:3j].sum()": "a slice",
    "return slice(0, x[0]).stop * 2": "a slice",
    "return GRID[0 : x[0] : 3j].sum()": "a slice",
    "d = {x[0]: 1.0}\nreturn sum(k * 2 for k in d)": "a key",
    "return max({x[0], 0.1}) * 2": "a set",
    "return float(str(x[0]))": "text",
    "return float(fractions.Fraction(x[0]))": "text",
    "return Own(x[0]).anything": "__getattr__",
}


@pytest.mark.parametrize("body", REFUSED)
def test_refused_with_what_it_is(body: str) -> None:
    with pytest.raises(ad.DerivativeUndefined, match=REFUSED[body]):
        ad.grad(program(body))(V)


HARMLESS = {
    "d = {x: 1.0}\nreturn d[x] * x": 1.0,
    "seen = {x}\nreturn x * len(seen) if x in seen else 0.0": 1.0,
    "d = {}\nd[x] = x * x\nreturn d[x] + d.get(2.0, x)": 2 * X + 1.0,
    "print(f'{x} {slice(0, x)} { {x: 1} }')\nreturn x * x": 2 * X,
    "d = {'a': x}\nfor k in list(d):\n    d[k + k] = d[k] * x\nreturn d['aa']": 2 * X,
}


@pytest.mark.parametrize("body", HARMLESS)
def test_what_is_not_read_back_is_no_obstacle(body: str) -> None:
    assert_close(ad.grad(program(body))(X), HARMLESS[body])


def test_memory_of_two_modules() -> None:
    """A dict that another module knows too: what is stored there is read here."""
    function = function_from("def f(x):\n    put(x)\n    return STATE['k'] * 2.0", put=put, STATE=STATE)
    with pytest.raises(ad.DerivativeRefused, match="shares memory"):
        ad.grad(function)(1.5)


@pytest.mark.parametrize("method", ["cumsum(out=y)", "cumprod(out=y)", "clip(0.0, 1.0, out=y)", "round(out=y)"])
def test_out_of_methods_in_generic_code(method: str) -> None:
    function = function_from(f"def f(x):\n    y = np.zeros(3)\n    x.{method}\n    return np.sum(y * y)")
    known = numeric_gradient(function, (V,), (0,))[0]
    for run in (ad.grad(function), lambda x: run_generic(ad.grad(function), (x,))):
        assert_close(run(V.copy()), known)


CHANGES = (
    *("np.clip(x, 0.5, 1.0, y)", "x.clip(0.5, 1.0, y)", "np.add.reduce(x[None], 0, None, y)", "np.cumsum(x, 0, None, y)"),
    *("np.sum(x[None], 0, None, y)", "np.dot(np.eye(3), x, y)", "x.dot(np.eye(3), y)", "np.ndarray.dot(x, np.eye(3), y)"),
    *("np.take(x, [2, 1, 0], None, y)", "np.concatenate([x[:1], x[1:]], 0, y)", "np.max(x[None], 0, y)"),
    *("np.mean(x[None], 0, None, y)", "np.negative(x, y)", "np.add.accumulate(x, 0, None, y)", "np.ndarray.sort(y)"),
    *("np.ndarray.fill(y, x[0])", "np.ndarray.put(y, [0], x[1])", "np.ndarray.__setitem__(y, 0, x[1])", "y.__iadd__(x)"),
    *("items.__setitem__(0, x[1])", "list.__setitem__(items, 0, x[1])", "table.__setitem__('a', x[1])"),
    *("dict.update(table, a=x[1])", "list.append(items, x[1])", "list.__iadd__(items, [x[1]])", "operator.iadd(y, x)"),
    *("object.__setattr__(o, 'a', x[1])", "setattr(o, 'a', x[1])", "np.ufunc.at(np.add, y, [0], x[1])"),
)


@pytest.mark.parametrize("change", CHANGES)
def test_changes_by_calls_of_every_form(change: str) -> None:
    """`out` by position, methods of builtin classes called as functions: followed or refused."""
    function = program(
        f"y = x * 1.5\nitems = [x[0], x[2]]\ntable = {{'a': x[0]}}\no = O(x[0])\n{change}\n"
        "return np.sum(y**3) + items[0] ** 2 + items[-1] ** 3 + table['a'] ** 2 + o.a**2"
    )
    known = numeric_gradient(function, (V,), (0,))[0]
    for run in (ad.grad(function), lambda x: run_generic(ad.grad(function), (x,))):
        try:
            found = run(V.copy())
        except (ad.AutodiffError, ad.DerivativeRefused):
            continue
        assert_close(found, known)
