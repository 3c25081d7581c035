"""Random programs that change, share, keep and drop memory: whole functions as text, the same for the same seed.

A `Writer` draws statements over variables whose kinds it knows (numbers, arrays of four elements and their views, lists,
dicts, objects), so that most of its programs run.  `tests/test_properties.py` differentiates them.
"""

from __future__ import annotations

import random

PRELUDE = '''
class P:
    def __init__(self, a, b):
        self.a = a
        self.b = b

def touch(a):
    a[0] += 1.0

def scale(a, s):
    a *= s
    return a

def same(a):
    return a

def below(a, n):
    if n == 0:
        return a
    a[n] *= 1.1
    return below(a, n - 1)

def put(d, k, v):
    d[k] = v

def swap(items):
    items[0], items[-1] = items[-1], items[0]
'''

FORMS = (
    "{a} = {v}", "{a} = {a2}", "{a} = {a2} * {f}", "{a} = {v}.copy() + {a2}", "{a} = np.sin({a2}) if {t} else {a}",
    "{p}[{i}] = {f}", "{p}[{i}] {o} {f}", "{p}[:2] {o} {a}[2:]", "{p} {o} {a2} * 0.7", "{p}[::-1] = {p} * {f}",
    "{p}[np.abs({p}) > 0.5371] *= 0.9", "{p}[[0, 1, 1]] += {a}[:3]", "{p}[[{i}, 0]] = {p}[[0, {i}]]",
    "np.add.at({p}, [1, 1, {i}], {f})", "np.multiply({a}, {f}, out={p})", "np.copyto({p}, {a2}, where={p} > 0.4137)",
    "{p}.sort()", "np.cumsum({a}, out={p})", "{a}, {a2} = {a2}, {a}", "{s} = {f}", "{s} {o} {f}", "touch({p})",
    "{a} = scale({p}, {f})", "{a} = same({p})", "{a} = below({p}, 3)", "put(d, 'k', {v})", "d['k'] {o} {f}",
    "d['n'] {o} {f}", "o.a = {v}", "o.a {o} {f}", "o.b = o.b * {f}", "items.append({v})", "items.insert(0, {a} * {f})",
    "items.extend([{a}])", "items[0] = {v}", "items[-1][{i}] {o} {f}", "{a} = items.pop() if len(items) > 1 else {a}",
    "swap(items)", "items = list(items)", "items = items + [{a2}]", "items = items[::-1]", "{a} = items[0]",
    "{a} = d['k']", "{a} = o.a", "parts.append({f})", "parts[0] = {f}", "parts = [q * {f} for q in parts]",
    "{s} += sum(parts)", "parts.reverse()", "for q in items: q[{i}] *= 1.1",
)  # fmt: skip
BLOCKS = ("if {t}:", "for k in range({n}):", "while len(items) > 1 and {t}:\n    items.pop()", "try:", "for e in {a}.tolist():")
LEAVES = ("y", "z", "v", "w")


class Writer:
    """Draws one program."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def number(self) -> str:
        kinds = ("s", "0.7", "-1.3", "{a}[{i}]", "parts[0]", "d['n']", "o.b", "np.sum({a})", "np.tanh({a}[{i}])", "({a} @ {a2})")
        return self.fill(f"(0.3 * {self.random.choice(kinds)})")

    def array(self) -> str:
        kinds = ("{a}", "{a}[::-1]", "{a}.reshape(2, 2).T.ravel()", "np.ravel({a})", "{a}[:]", "items[-1]", "d['k']", "o.a")
        return self.fill(self.random.choice(kinds))

    def test(self) -> str:
        return self.fill(f"{{a}}[{{i}}] {self.random.choice('<>')} {self.random.choice(('0.3117', '-0.2213', '0.7719'))}")

    def fill(self, form: str) -> str:
        """The form with its holes filled, each by a draw of its own."""
        for hole, draw in (
            ("{f}", self.number), ("{v}", self.array), ("{t}", self.test),
            ("{p}", lambda: self.random.choice((*LEAVES, "d['k']", "o.a", "items[0]"))),
            ("{a2}", lambda: self.random.choice(LEAVES)), ("{a}", lambda: self.random.choice(LEAVES)),
            ("{i}", lambda: str(self.random.randrange(4))), ("{n}", lambda: str(self.random.randrange(4))),
            ("{o}", lambda: self.random.choice(("+=", "*=", "-="))), ("{s}", lambda: "s"),
        ):  # fmt: skip
            while hole in form:
                form = form.replace(hole, draw(), 1)
        return form

    def block(self, count: int, depth: int) -> list[str]:
        lines: list[str] = []
        for _ in range(count):
            if depth and self.random.random() < 0.3:
                header = self.fill(self.random.choice(BLOCKS)).split("\n")
                inner = header[1:] or ["    " + line for line in self.block(self.random.randrange(1, 4), depth - 1)]
                lines += [header[0], *inner]
                if header[0] == "try:":
                    lines += ["finally:", *("    " + line for line in self.block(1, 0))]
                elif header[0].startswith("if") and self.random.random() < 0.5:
                    lines += ["else:", *("    " + line for line in self.block(1, depth - 1))]
            else:
                lines.append(self.fill(self.random.choice(FORMS)))
        return lines

    def program(self) -> str:
        start = [
            "y = x * 1.0", "z = x * 0.5 + 0.1", "v = y[::-1]", "w = z", "s = x[0]", "items = [y, x * 0.8]",
            "parts = [x[1], x[2]]", "d = {'k': z, 'n': x[3]}", "o = P(x * 1.1, x[2])",
        ]  # fmt: skip
        result = (
            "np.sum(y ** 2) + np.sum(z * np.arange(4.0)) + np.sum(np.sin(v)) + np.sum(w ** 2) + s + sum(parts) + d['n'] * o.b"
            " + sum([np.sum(q * q) * (k + 1) for k, q in enumerate(items)]) + np.sum(d['k'] * o.a)"
        )
        body = [*start, *self.block(self.random.randrange(3, 8), 2), f"return {result}"]
        return PRELUDE + "\ndef f(x):\n" + "\n".join("    " + line for line in body) + "\n"
