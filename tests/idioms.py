"""Programs put together at random from idioms: closures, generators, objects with operators, containers of all kinds,
exceptions, views and changes in place, nested in control flow.  The same text for the same seed.

    python -m tests.idioms 0 500                first derivatives of the programs of seeds 0 to 499
    python -m tests.idioms 0 500 generic        in code without types
    python -m tests.idioms 0 500 second         second derivatives
    python -m tests.idioms 0 500 forward        in forward mode
    python -m tests.idioms 0 500 forward_generic

prints those that are wrong or fail, and why the others are refused.  `tests/test_properties.py` runs a sample.
"""

from __future__ import annotations

import collections
import itertools
import random
import sys
import types
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

import autodiff as ad
from tests.corpus.reference import put_on_record
from tests.orders import run_generic
from tests.tangents import ForwardGradient

POINT = np.array([0.43, -0.31, 0.77, 0.52])
WEIGHTS = np.array([0.3, -0.7, 1.1, 0.5])
REFUSED = (ad.AutodiffError, ad.DerivativeRefused)

PRELUDE = """
import numpy as np
import functools, itertools, collections, contextlib, copy, operator, math, dataclasses
class Base:
    scale = 0.9
    def __init__(self, a, b):
        self.a = a
        self.b = b
        self.log = []
    def total(self):
        return np.sum(self.a * self.b)
    def grow(self, k, by):
        self.a[k] += by
        return self
    @property
    def mid(self):
        return self.a[1:3]
    def __call__(self, v):
        return v * self.b + self.scale
    def __getitem__(self, k):
        return self.a[k]
    def __setitem__(self, k, v):
        self.a[k] = v
    def __iter__(self):
        return iter([self.a[0], self.b])
    def __len__(self):
        return 4
    def __enter__(self):
        self.log.append(self.b)
        return self
    def __exit__(self, *a):
        self.b = self.log.pop() * 0.9
        return False
class P(Base):
    def total(self):
        self.b = self.b * 0.95
        return super().total() + self.b
    def __add__(self, other):
        return P(self.a + other.a, self.b)
    def __iadd__(self, other):
        self.a += other.a * 0.1
        return self
@dataclasses.dataclass
class Q:
    u: object
    v: float = 0.5
    w: list = dataclasses.field(default_factory=list)
T = collections.namedtuple("T", "p q")
def gen(a, n):
    for i in range(n):
        a = a * 0.8
        yield a
def pairs(a):
    for i, j in zip(a[:-1], a[1:]):
        yield i, j
def rec(a, k):
    if k <= 0:
        return a
    a[k] = a[k - 1] * 0.5 + a[k]
    return rec(a, k - 1) * 1.0
def inplace(a, *more, gain=0.5, **named):
    for m in more:
        a += gain * m
    for key in named:
        a[0] += named[key]
    return a
def view(a):
    return a[1:3]
"""

# {f} a number, {v} an array of four, {i} {j} places in it, {k} a place in a list, {n} a number of its own
IDIOMS = (
    "y[{i}] = {f}", "y[{i}] += {f}", "y = {v} * 0.7", "z = y", "z = {v}", "z[::2] *= {f}", "s = s * 0.5 + {f}",
    "y[{i}:] = {v}[{i}:] * 0.9", "def h{n}(q):\n    return q * s + y[{i}]\ns = s * 0.3 + h{n}({f})",
    "def h{n}():\n    nonlocal_y = y\n    nonlocal_y[{i}] = {f}\nh{n}()",
    "def h{n}(k):\n    nonlocal s\n    s = s * 0.6 + y[k]\nh{n}({i})\nh{n}({j})",
    "c{n} = lambda q, w=y: q * w[{i}]\ny = y * 0.8\ns = s * 0.2 + c{n}({f})",
    "g{n} = gen({v}, 3)\nnext(g{n})\nfor q{n} in g{n}:\n    y[{i}] += q{n}[{j}] * 0.1",
    "s = s * 0.4 + sum(p * q for p, q in pairs({v})) * 0.1", "items.append({v})", "items[{k}] = {v} * 0.9",
    "items[{k}][{i}] = {f}", "items = [q * 0.9 for q in items]", "items = items[::-1]", "y = items[{k}]",
    "a{n}, *b{n} = items\nb{n}.append(a{n})\nitems = b{n}", "for q{n} in items:\n    q{n} *= 0.9",
    "for k{n}, q{n} in enumerate(items):\n    q{n}[k{n} % 4] += {f} * 0.2",
    "for p{n}, q{n} in zip(items, ps):\n    p{n}[1] += q{n}", "ps.append({f})", "ps[{k}] = {f}", "ps = sorted(ps)",
    "s = s * 0.5 + ps.pop()\nps.append(s * 0.1)", "ps = [p * 0.9 + s * 0.1 for p in ps]", "ps[1:] = [{f}, s]",
    "s = max(ps) * 0.5 + min(ps)", "s = functools.reduce(lambda a, b: a * 0.5 + b, ps, s) * 0.3",
    "ps = list(itertools.accumulate(ps, lambda a, b: a * 0.4 + b))", "ps = list(map(lambda p: p * s * 0.5, ps))",
    "d['k'] = {v}", "d['n'] = d['n'] * 0.5 + {f}", "d['k'][{i}] += {f}", "d = {{**d, 'n': {f}}}", "y = d['k'] * 0.5",
    "d['m'] = d.get('m', {f}) * 0.9", "for k{n}, q{n} in d.items():\n    s = s * 0.6 + 0.1 * np.sum(q{n})",
    "e{n} = d\ne{n}['n'] = {f}", "d = {{k: v * 0.9 for k, v in d.items()}}",
    "d.setdefault('r', []).append({f})\ns = s * 0.5 + sum(d.pop('r')) * 0.2", "o.grow({i}, {f})",
    "s = s * 0.3 + o.total() * 0.2", "o.mid[:] = {f}", "o.b = {f}", "o.a = {v}", "o[{i}] = o[{j}] * 0.8 + {f}",
    "s = s * 0.5 + o({f})", "p{n}, q{n} = o\ns = s * 0.5 + p{n} * q{n}",
    "with o as w{n}:\n    w{n}.b = {f}\n    y[{i}] += w{n}.b", "o = o + P({v}, s)", "o += P({v}, s)",
    "u{n} = o\nu{n}.a[{i}] = {f}", "o = copy.copy(o)\no.a[{i}] *= 0.7", "o = copy.deepcopy(o)",
    "m{n} = o.grow\nm{n}({i}, {f})", "setattr(o, 'b', {f})", "s = s * 0.5 + getattr(o, 'b') * 0.3",
    "r{n} = Q({v}, s)\nr{n}.u[{i}] += r{n}.v\nr{n}.w.append({f})\ns = s * 0.5 + r{n}.w[0] * 0.5",
    "r{n} = dataclasses.replace(Q({v}, s), v={f})\ns = s * 0.2 + r{n}.v + r{n}.u[{i}]",
    "t{n} = T({v}, s)\nt{n}.p[{i}] = t{n}.q\ns = t{n}._replace(q={f}).q * 0.5 + s * 0.5", "y = rec({v}.copy(), 2)",
    "inplace(y, {v}, gain=0.2)", "y = inplace(y, *items[:2], gain=0.1, k={f})", "view(y)[0] = {f}",
    "view(y)[:] *= {f}",
    "try:\n    y[{i}] = {f}\n    if y[{j}] > 0.2971:\n        raise ValueError('a')\n    s = s * 0.5 + y[{i}]\n"
    "except ValueError:\n    s = s * 0.7 - y[{j}]",
    "try:\n    s = s * 0.5 + d['zz']\nexcept KeyError:\n    d['n'] = d['n'] * 0.5 + {f}\nfinally:\n"
    "    y[{i}] *= 0.9",
    "k{n} = 0\nwhile abs(s) > 0.1371 and k{n} < 4:\n    s = s * 0.5\n    y[k{n}] += s\n    k{n} += 1\nelse:\n"
    "    y[0] *= 0.8",
    "for k{n} in range(4):\n    if y[k{n}] > 0.3113:\n        continue\n    if k{n} == 3:\n        break\n"
    "    y[k{n}] = y[k{n}] * 0.6 + s\nelse:\n    s = s * 0.5", "y[1:], y[:-1] = y[:-1] * 0.5, y[1:] * 0.5",
    "y[{i}], y[{j}] = y[{j}], y[{i}]", "y[[0, 2]] = {v}[[3, 3]]", "y[[{i}, {i}]] += {f}",
    "np.add.at(y, [1, 1, 2], {f})", "y[y > 0.3217] *= 0.8", "np.multiply(y, {f}, out=y)",
    "y = np.where({v} > 0.2617, y, z * 0.5)",
    "M{n} = np.outer(y, {v})\nM{n}[1] = M{n}[:, 2] * 1.0\nM{n}.T[0] += y\ny = M{n}.sum(axis=0) * 0.3",
    "M{n} = y.reshape(2, 2)\nM{n}[0, 1] = {f}\nfor r{n} in M{n}:\n    r{n} *= 0.9",
    "M{n} = np.stack([y, {v}])\nM{n}[:, {i}] = s\ny = M{n}[0] + 0.2 * M{n}[1]",
    "y = np.concatenate([y[2:], {v}[:2]])", "s = s * 0.5 + (y[{i}] if s > 0.2131 else {f})",
    "if (w{n} := {f}) > 0.1931:\n    y[{i}] = w{n}\nelse:\n    z = y",
    "match ps:\n    case [a{n}, b{n}, *rest]:\n        s = s * 0.5 + a{n} * b{n}\n    case [a{n}]:\n"
    "        s = a{n}\n    case _:\n        pass",
    "fs{n} = [lambda q, k=k: q * y[k] for k in range(3)]\ns = s * 0.4 + sum(f(0.3) for f in fs{n})",
    "f{n} = functools.partial(inplace, y, gain={f})\nf{n}({v} * 0.1)",
    "st{n} = collections.deque(ps, maxlen=3)\nst{n}.append({f})\nst{n}.rotate(1)\nps = list(st{n})",
    "dd{n} = collections.defaultdict(list)\nfor k{n}, q{n} in enumerate(ps):\n"
    "    dd{n}[k{n} % 2].append(q{n} * 0.5)\nps = dd{n}[0] + dd{n}[1] + [s]",
    "it{n} = iter(items)\ny = next(it{n}) * 0.9\nfor q{n} in it{n}:\n    y[0] += q{n}[1] * 0.2",
    "s = s * 0.5 + math.sin({f}) if math.isfinite(s) else s", "del items[0]\nitems.insert(1, {v})",
    "x2{n} = x\ny = x2{n} * y * 0.5 + 0.1", "*a{n}, b{n} = y\ns = s * 0.5 + sum(a{n}) * b{n} * 0.3",
    "for v{n} in y.tolist():\n    s = s * 0.8 + v{n} * 0.2", "y.sort()", "z = y[::-1]\nz[{i}] = {f}",
    "z = y.T.ravel()\nz *= 0.9", "y, z = z, y", "y = np.asarray(items).sum(axis=0) * 0.4",
    "y = np.array(ps[:2] + [s, {f}])", "assert s < 1e6, f'{{s:.3f}} {{y}}'", "s, ps[0] = ps[0] * 0.9, s * 0.8",
    "o.a, o.b = o.a * o.b, {f}", "o.log.append({f})\ns = s * 0.5 + o.log.pop() * 0.5",
    "memo{n} = {{}}\ndef fib{n}(k):\n    if k < 2:\n        return y[k]\n    if k not in memo{n}:\n"
    "        memo{n}[k] = fib{n}(k - 1) * 0.5 + fib{n}(k - 2) * 0.4\n    return memo{n}[k]\ns = s * 0.5 + fib{n}(4)",
    "def dec{n}(fn):\n    @functools.wraps(fn)\n    def wrapped(*a, **k):\n        return fn(*a, **k) * s\n"
    "    return wrapped\n@dec{n}\ndef hh{n}(q):\n    return q * y[{i}]\ns = s * 0.3 + hh{n}({f})",
)  # fmt: skip

HEADERS = (
    "if {t}:", "if {t}:|else:", "for k{n} in range(2):", "for k{n} in range(3):", "try:|finally:",
    "while cnt{n} < 2:", "with np.errstate(all='ignore'):", "def fn{n}():", "for e{n} in {v}:",
    "with contextlib.suppress(ValueError):",
)  # fmt: skip
NUMBERS = (
    "s*0.4", "0.37", "y[{i}]*0.5", "z[{i}]*0.6", "ps[0]*0.5", "d['n']*0.7", "o.b*0.5", "np.sum({v})*0.2",
    "np.tanh({v}[{i}])", "({v}@y)*0.2", "items[0][{i}]*0.5", "o.a[{i}]*0.4", "x[{i}]*0.8", "np.sin(s)*0.4",
    "float(y[{i}])*0.3", "np.mean(y*z)", "d['k'][{i}]*0.5",
)  # fmt: skip
ARRAYS = (
    "y", "z", "y[::-1]", "z.copy()", "items[-1]", "items[0]", "d['k']", "o.a", "(x * 0.9)", "np.tanh(y)",
    "y.reshape(2,2).T.ravel()", "y[:]", "(np.cumsum(z) * 0.4)", "(y * z)", "np.sin(x)",
)  # fmt: skip
TESTS = ("y[{i}] > 0.2117", "s < 0.3331", "len(ps) > 2", "d['n'] > 0.1157", "o.b < 0.4873")
START = (
    "y = x * 1.1", "z = np.sin(x)", "s = x[0] * x[1]", "items = [y, x * 0.8, z]", "ps = [x[1], x[2] * s, x[3]]",
    "d = {'k': z, 'n': x[3] * 0.5}", "o = P(x * 0.7, x[2])",
)  # fmt: skip
END = (
    "np.sum(y ** 2) + np.sum(z * np.arange(4.0)) + s * s + sum([p * (k + 1) for k, p in enumerate(ps)]) + d['n'] * 0.7"
    " + np.sum(d['k'] ** 2) * 0.3 + np.sum(o.a * 1.3) * o.b"
    " + sum([np.sum(q * q) * (k + 1) for k, q in enumerate(items)])"
)


class Composer:
    """Draws one program."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.count = 0

    def fill(self, form: str) -> str:
        """The form with its holes filled, each by a draw of its own."""
        self.count += 1
        own, choice = str(self.count), self.random.choice
        for hole, draw in (
            ("{f}", lambda: choice(NUMBERS)), ("{t}", lambda: choice(TESTS)), ("{v}", lambda: choice(ARRAYS)),
            ("{i}", lambda: choice("0123")), ("{j}", lambda: choice("0123")),
            ("{k}", lambda: choice(("0", "-1", "1"))), ("{n}", lambda: own),
        ):  # fmt: skip
            while hole in form:
                form = form.replace(hole, draw(), 1)
        return form.replace("{{", "{").replace("}}", "}")

    def block(self, count: int, depth: int) -> list[str]:
        lines: list[str] = []
        for _ in range(count):
            is_nested = depth > 0 and self.random.random() < 0.35
            lines += self.nested(depth - 1) if is_nested else self.fill(self.random.choice(IDIOMS)).split("\n")
        return lines

    def nested(self, depth: int) -> list[str]:
        first, *others = self.fill(self.random.choice(HEADERS)).split("|")
        own = self.count
        body = self.block(self.random.randrange(1, 4), depth)
        if first.startswith("def"):
            return [first, *_indented(["nonlocal y, z, s, items, ps, d, o", *body]), f"fn{own}()"]
        before = []
        if first.startswith("while"):
            before, body = [f"cnt{own} = 0"], [f"cnt{own} += 1", *body]
        lines = [*before, first, *_indented(body)]
        for other in others:
            lines += [other, *_indented(self.block(1, depth))]
        return lines

    def program(self) -> str:
        body = [*START, *self.block(self.random.randrange(2, 6), 2), f"return {END}"]
        return "\n".join([PRELUDE, "def f(x):", *_indented(body), ""])


def _indented(lines: list[str]) -> list[str]:
    return ["    " + line for line in lines]


_numbers = itertools.count()


def function_of(source: str) -> Callable[..., Any]:
    """The function `f` of a program, in a module of its own."""
    module = types.ModuleType(f"idioms_{next(_numbers)}")
    sys.modules[module.__name__] = module  # data classes look there
    filename = f"<{module.__name__}>"
    put_on_record(source, filename)
    exec(compile(source, filename, "exec"), vars(module))
    return vars(module)["f"]


def differences(function: Callable[..., Any], step: float) -> np.ndarray:
    units = np.eye(4) * step
    return np.array([(function(POINT + unit) - function(POINT - unit)) / (2 * step) for unit in units])


def judged(seed: int, mode: str = "specialised") -> tuple[str, str]:
    """What becomes of a program: "right", "refused", "wrong" or "failed", or "none" if it raises or bends at the point;
    and more about it."""
    function = function_of(Composer(seed).program())
    is_forward = mode.startswith("forward")
    gradient = ForwardGradient(function, is_generic="generic" in mode) if is_forward else ad.grad(function)

    def weighted(x: np.ndarray) -> float:
        return float(np.sum(WEIGHTS * gradient(x)))

    try:
        value = function(POINT.copy())
        if not isinstance(value, float) or not abs(value) < 1e4:
            return "none", "value"
        known = weighted if mode == "second" else function
        fine, coarse = differences(known, 1e-5), differences(known, 1e-4)
    except REFUSED as error:
        return "refused", str(error).split("\n")[0]
    except Exception as error:  # the program's own
        return "none", repr(error)
    tolerance = 1e-3 if mode == "second" else 1e-5
    if not np.allclose(fine, coarse, rtol=10 * tolerance, atol=10 * tolerance):
        return "none", "bends"
    given, left = POINT.copy(), POINT.copy()
    try:
        found = found_in(mode, gradient, weighted, given)
    except REFUSED as error:
        return "refused", str(error).split("\n")[0]
    except Exception as error:
        return "failed", repr(error)
    function(left)
    if not np.array_equal(given, left):
        return "wrong", "the argument"
    is_right = np.shape(found) == (4,) and np.allclose(found, fine, rtol=tolerance, atol=tolerance)
    return ("right", "") if is_right else ("wrong", f"{found} {fine}")


def found_in(mode: str, gradient: Any, weighted: Callable[..., Any], given: np.ndarray) -> Any:
    if mode == "second":
        return ad.grad(weighted_sum(gradient))(given)
    found = run_generic(gradient, (given,)) if mode == "generic" else gradient(given)
    if isinstance(gradient, ForwardGradient):
        ad.jvp(gradient.transformed.__wrapped__, (given,), (WEIGHTS,))  # changes its argument as the program does
    return found[0] if isinstance(found, tuple) else found


def weighted_sum(gradient: Any) -> Callable[..., Any]:
    return lambda x: np.sum(WEIGHTS * gradient(x))


def main(first: int, last: int, mode: str = "specialised") -> None:
    warnings.simplefilter("ignore")
    counts: collections.Counter = collections.Counter()
    reasons: collections.Counter = collections.Counter()
    for seed in range(first, last):
        kind, more = judged(seed, mode)
        counts[kind] += 1
        if kind in ("wrong", "failed"):
            print(seed, kind, more, flush=True)
        elif kind == "refused":
            reasons[more[:100]] += 1
    print(dict(counts))
    for reason, count in reasons.most_common(20):
        print(count, reason)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:])
