"""Programs that use every statement and expression; lowered, they must do exactly what they do as written."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import itertools
import math
from collections import namedtuple

import numpy as np

PROGRAMS: list = []
TRACE: list = []
counter = 0
scale = 2.5
table = {"a": 1, "b": 2}
np_alias = np


def case(*inputs):
    """Register a program with the tuples of arguments that it is run on."""

    def register(function):
        PROGRAMS.append((function, inputs))
        return function

    return register


def note(value):
    """A visible side effect; returns its argument."""
    TRACE.append(repr(value))
    return value


def note_sum(a, b):
    return note(a) + note(b)


def boom(message="boom"):
    note(message)
    raise ValueError(message)


@dataclasses.dataclass
class Point:
    x: float
    y: float

    def norm(self, scale=1.0):
        return math.hypot(self.x, self.y) * scale


Pair = namedtuple("Pair", "first second")


class Box:
    limit = 3

    def __init__(self, value):
        self.value = value
        self.__secret = 5

    def __eq__(self, other):
        return isinstance(other, Box) and self.value == other.value

    def __repr__(self):
        return f"Box({self.value!r})"


class Manager:
    def __init__(self, swallow=False):
        self.swallow = swallow

    def __enter__(self):
        note("enter")
        return (1, 2)

    def __exit__(self, kind, error, traceback):
        note(("exit", kind and kind.__name__))
        return self.swallow


def counting(limit):
    for i in range(limit):
        note(("produced", i))
        yield i


# ------------------------------------------------------------------------------------------------------- expressions


@case((2.0, 3.0))
def arithmetic(x, y):
    """Some documentation."""
    return (x + y) * (x - y) / (x**y) // 2 % 7 - -x + +y


@case((6, 3))
def bits(a, b):
    return (a << 2 | b) ^ (a & b) >> 1, ~a


@case((np.eye(2), np.arange(4.0).reshape(2, 2)))
def matrices(a, b):
    return a @ b @ a


@case((1, 2, 3), (3, 2, 1), (2, 2, 2))
def chained(a, b, c):
    return note(a) < note(b) <= note(c) != 7


@case((1, [1, 2]), (5, [1, 2]))
def membership(a, b):
    return a in b, a not in b, a is b, a is not b


@case((0, 1), (1, 0), (1, 1), (0, 0))
def circuits(a, b):
    return note(a) and note(b) or note("c") and not note(b)


@case((1,), (-1,))
def ternary(x):
    return note("positive") if x > 0 else note("negative") if x < -5 else note("small")


@case((5,), (0,))
def walrus(x):
    if (y := x * 2) > 4 and (z := y + 1):
        return y, z
    return y


@case((3,))
def walrus_order(x):
    return [x, (x := x + 1), x, (x := x * 2) + x]


@case((3,))
def walrus_call(x):
    return note((x, (x := 4), x)) + (x,)


@case(([1, 2, 3, 4],))
def walrus_in_comprehension(xs):
    last = None
    found = [last := x for x in xs if x % 2]
    return found, last


@case((1, 2))
def literals(a, b):
    return (a, b), [a, b, []], {a, b}, {a: b, "k": (a,)}, (), {}, 1j, ..., None, b"x", -1.5, 1_000


@case(([1, 2], (3,)))
def displays_with_stars(a, b):
    return [*a, 0, *b], (*a, *b), {*a, *b}, [0, *a], (*b,)


@case(({"a": 1}, {"b": 2, "a": 3}))
def dict_displays(a, b):
    return {**a, "c": 3, **b}, {"z": 0, **a, **b}, {**a}


@case((np.arange(24.0).reshape(2, 3, 4),))
def subscripts(x):
    i = 1
    return x[0], x[0, 1], x[..., 1], x[:, i:, ::2], x[None, i], x[-1][1:2], x[i, [0, 1], :i]


@case(([1, 2, 3, 4, 5],))
def slices(x):
    n = len(x)
    return x[1:], x[:-1], x[::2], x[1 : n - 1], x[n:0:-1], x[slice(1, 2)]


@case((np.arange(6.0).reshape(2, 3), (0, 1)))
def starred_subscript(x, index):
    return x[*index], x[0, *index[1:]]


@case((3.14159, "w"))
def strings(x, y):
    width = 8
    return f"{x:.2f} {y!r:>{width}} {{}} {x=} plain", "const", "%s-%d" % (y, 3), "{}|{}".format(x, y), "ab"


@case((2.0,))
def modules(x):
    return np.sin(x) + math.pi * np_alias.linalg.norm([x, 1.0]) + np.pi, np.float32(x).dtype, np.newaxis


@case((2.0,))
def module_data(x):
    return scale * x, table["a"], sorted(table)


@case((np.ones((2, 3)),))
def methods(x):
    return x.sum(), x.sum(axis=0), x.T.shape, x.reshape(3, 2).mean(axis=1, keepdims=True).ravel()


@case((Point(3.0, 4.0),))
def attributes(p):
    return p.x + p.y, p.norm(), p.norm(scale=2), Point(1, y=2), p.__class__.__name__


@case((1, 2, 3))
def keyword_calls(a, b, c):
    def inner(x, y=10, *, z=20):
        return x, y, z

    return inner(a), inner(a, z=b), inner(y=b, x=a), inner(a, b, z=c)


@case(((1, 2), {"z": 3}), ((1,), {}))
def star_calls(a, k):
    def inner(*args, **kw):
        return args, kw

    return inner(*a), inner(0, *a, 9, *a), inner(**k), inner(1, *a, b=4, **k), max(*a, 0)


@case(([3, 1, 2],))
def method_star_call(xs):
    ys = []
    ys.extend(*[xs])
    return "{} {} {}".format(*xs), ys


@case((3,))
def method_keyword_names(x):
    return "{name} {receiver}".format(name=x, receiver=2)


@case(("a",))
def printing(x):
    print(x, 1, sep="-", end="")
    return print(f"{x}")


@case((3,))
def order_of_evaluation(x):
    return note(1) + note(2) * note(3), {note("k"): note("v")}, [note(4), note(5)][note(0)], note(x)


@case((2,))
def calls_of_values(x):
    table = {"sin": math.sin, "double": lambda v: v * 2}
    return table["sin"](x), table["double"](x), (lambda a, b=3: a + b)(x)


@case((5,))
def undefined_name(x):
    return x + not_defined_anywhere  # noqa: F821


@case((5,), (-5,))
def unbound_local(x):
    if x > 0:
        y = x
    return y


# ------------------------------------------------------------------------------------------------------- assignments


@case((1, 2))
def swap(a, b):
    a, b = b, a
    return a, b


@case((1, 2, 3))
def rotate(a, b, c):
    a, b, c = b, c, a
    (a, b), c = (c, a), b
    return a, b, c


@case(([1, 2, 3, 4],), ([1],), ([1, 2],))
def star_unpacking(xs):
    a, *b, c = xs
    return a, b, c


@case(([1, 2],), ([1],), ([1, 2, 3],))
def unpacking(xs):
    a, b = xs
    return a, b


@case(((1, (2, [3, 4])),))
def nested_unpacking(t):
    a, (b, [c, d]) = t
    [e, *f] = t
    return a, b, c, d, e, f


@case((1,))
def chained_assignment(x):
    a = b = [x]
    a.append(2)
    c = d = e = x + 1
    return a, b, a is b, c, d, e


@case((1,))
def annotated(x: int) -> int:
    y: float = x + 1
    z: int
    z = 3
    return y + z


@case(([1, 2, 3],), (np.arange(3.0),))
def augmented_subscript(x):
    i = 0
    x[i] += 5
    x[note(i + 1)] *= note(3)
    x[-1] -= x[0]
    return x


@case((np.arange(6.0).reshape(2, 3),))
def augmented_array(x):
    y = x
    y += 1
    y[0] *= 2
    y[:, 1] -= y[:, 2]
    z = y[1]
    z /= 2
    return x, y is x


@case((Box(3),))
def augmented_attribute(box):
    box.value += 2
    box.value **= 2
    box.value //= 2
    return box


@case((7, 2))
def augmented_names(x, y):
    x += y
    x -= 1
    x *= y
    x /= 3
    x //= 1
    x %= 5
    x **= 2
    n = 6
    n <<= 1
    n >>= 2
    n |= 8
    n &= 10
    n ^= 3
    return x, n


@case((np.eye(2),))
def augmented_matmul(x):
    y = x.copy()
    y @= np.ones((2, 2))
    return y


@case(([1],))
def augmented_list(xs):
    ys = xs
    ys += [2]
    ys *= 2
    return xs, ys is xs


@case((1,))
def augmented_walrus(x):
    x += (x := 10)
    return x


@case(({},))
def subscript_targets(d):
    d["a"] = d["b"] = 1
    d["c"], d["d"] = 2, 3
    d[note("k")] = note("v")
    return d


@case((Box(1),))
def attribute_targets(box):
    box.value = box.other = 3
    box.value, x = 4, box.value
    return box.value, box.other, x


@case(([1, 2, 3],), ({0: "a", 1: "b"},))
def deletions(x):
    y = 3
    del x[0], y
    box = Box(1)
    del box.value
    return x, hasattr(box, "value")


@case((3,))
def global_write(x):
    global counter, created
    counter = counter + x
    created = x
    return counter, created


@case((3,))
def local_shadows(x):
    sum = x + 1
    np = sum * 2
    d = tape = _1 = np
    result = d + _1
    return sum, np, tape, result


# -------------------------------------------------------------------------------------------------------- branches


@case((5,), (-5,), (0,))
def branches(x):
    if x > 0:
        y = 1
    elif x < 0:
        y = -1
    else:
        y = 0
    return y


@case((5,), (-5,), (0,))
def early_returns(x):
    if x > 0:
        return "positive"
    note("not positive")
    if x < 0:
        note("negative")
        return "negative"
    return "zero"


@case((5,), (3,), (-5,), (0,))
def nested_returns(x):
    if x >= 0:
        if x > 4:
            return "big"
        note("middle")
    else:
        note("negative")
    note("end")
    if x == 3:
        return 3


@case((1,), (0,))
def implicit_none(x):
    if x:
        return 1


@case((1,))
def nothing(x):
    pass


@case((1,))
def bare_return(x):
    note(x)
    return


@case((1,), (0,))
def return_both(x):
    if x:
        return 1
    else:
        return 2


@case((1,))
def dead_code(x):
    return x
    note("never")
    return 3


@case((1,))
def returns_after_raise(x):
    raise KeyError(x)
    if x:
        return 1


@case((1,), (2,), (3,), (4,))
def two_levels_of_flags(x):
    if x < 4:
        if x < 3:
            if x == 1:
                return "one"
            note("two")
        note("two or three")
    note("rest")
    return "rest"


@case((3,), (-1,), ("s",))
def assertions(x):
    assert x != "s"
    assert x > 0, f"not positive: {note(x)}"
    return x


@case((0,), (1,), (2,), (3,))
def raising(x):
    if x == 0:
        raise ValueError
    if x == 1:
        raise ValueError("one") from KeyError("k")
    if x == 2:
        raise boom("two")
    return x


# ------------------------------------------------------------------------------------------------------------ loops


@case((5,), (0,))
def range_loop(n):
    s = 0
    for i in range(n):
        s += i
    return s


@case((5,), (0,))
def loop_variable_after(n):
    i = -1
    for i in range(n):
        i *= 10
    return i


@case((2, 9, 3), (9, 2, -2), (0, 0, 1), (0, 1, 0))
def general_range(a, b, c):
    out = []
    for i in range(a, b, c):
        out.append(i)
    for i in reversed(range(a, b, c)):
        out.append(i)
    return out


@case(([1.0, 2.0, 3.0],), ((),), (np.arange(6.0).reshape(3, 2),), ("abc",), ({1: 2, 3: 4},))
def plain_loop(xs):
    out = []
    for x in xs:
        out.append(x)
    return out


@case(([1, 2, 3],), ({"a": 1},), (np.arange(3.0),), ("xy",))
def enumerate_loop(xs):
    out = []
    for i, x in enumerate(xs):
        out.append((i, x))
        i += 100
    start = 5
    for k, x in enumerate(xs, start):
        start = 7
        out += [k, x]
    for pair in enumerate(xs, start=1):
        out.append(pair)
    return out


@case(([1, 2, 3], [4, 5]), ((), "abc"), (np.arange(3.0), {"k": 1, "l": 2}))
def zip_loop(xs, ys):
    out = []
    for x, y in zip(xs, ys):
        out.append((x, y))
    for t in zip(xs, ys, range(10)):
        out.append(t)
    for i, (x, y) in enumerate(zip(xs, ys)):
        out.append((i, x, y))
    for (i, x), y in zip(enumerate(xs, 1), ys):
        out.append((i, x, y))
    for x, *rest in zip(xs, ys, ys):
        out.append(rest)
    return out


@case(([1, 2, 3],), ("abc",), (np.arange(3),), ({1: 2, 2: 3},), (5,))
def reversed_loop(xs):
    out = []
    for x in reversed(xs):
        out.append(x)
    for i, x in enumerate(reversed(xs)):
        out.append((i, x))
    return out


@case(({"a": 1, "b": 2},))
def dict_loops(d):
    out = []
    for k in d:
        out.append(k)
    for k, v in d.items():
        out.append((k, v))
    for v in d.values():
        out.append(v)
    for k in d.keys():
        out.append(k)
    for i, (k, v) in enumerate(d.items()):
        out.append((i, k, v))
    for (a, b), c in zip(d.items(), range(5)):
        out.append((a, b, c))
    return out


@case((4,))
def generator_loop(n):
    out = []
    for x in counting(n):
        out.append(note(x))
    return out


@case((4,))
def generator_with_break(n):
    g = counting(n)
    for x in g:
        note(x)
        if x == 1:
            break
    return list(g)


@case(([1, 2, 3],))
def infinite_zip(xs):
    return [(a, b) for a, b in zip(xs, itertools.count(5))]


@case((7,))
def infinite_break(n):
    for i in itertools.count():
        if i * i > n:
            break
    return i


@case(([3, 0, 2],), ([1, 2],), ([],))
def loop_break(xs):
    for x in xs:
        if x == 0:
            note("zero")
            break
        note(x)
    return note("end")


@case(([3, 0, 2],), ([1, 2],), ([],))
def loop_break_else(xs):
    for x in xs:
        if not x:
            break
        note(x)
    else:
        note("else")
        return "no break"
    return "break"


@case(([3, 0, 2, 0],), ([],))
def loop_continue(xs):
    total = 0
    for x in xs:
        if x == 0:
            continue
        total += note(x)
    return total


@case(([3, 0, 2, -1, 5, 9],), ([3, 7],), ([],))
def break_and_continue(xs):
    total = 0
    for i, x in enumerate(xs):
        if x > 2:
            if x > 4:
                break
            note("skip")
            if x == 3:
                continue
        elif x < 0:
            continue
        total += x
        note((i, total))
    else:
        total += 100
    return total


@case(([3, 0, 2],), ([1, 2],))
def return_in_loop(xs):
    for i, x in enumerate(xs):
        if x == 0:
            return i
    return -1


@case(([3, 0, 2],), ([1, 2],))
def return_in_last_loop(xs):
    for x in xs:
        note(x)
        if x == 0:
            return "found"


@case(([[1, 2], [3, 0, 5], [6]],), ([[1]],), ([],))
def return_in_nested_loops(rows):
    for i, row in enumerate(rows):
        for j, x in enumerate(row):
            if x == 0:
                return i, j
            note(x)
        note("row")
    note("none")
    return None


@case(([[1, 2], [3, 0, 5], [6]],))
def break_in_nested_loops(rows):
    for row in rows:
        for x in row:
            if x == 0:
                break
            if x == 2:
                continue
            note(x)
        else:
            note("complete")
            continue
        note("broken")
        break
    return "end"


@case((10,), (0,), (1,))
def while_loop(n):
    steps = 0
    while n > 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    return steps


@case((5,), (0,))
def while_with_everything(n):
    out = []
    while note(n) > 0:
        n -= 1
        if n == 3:
            continue
        if n == 1:
            break
        out.append(n)
    else:
        out.append("else")
    return out


@case((5,), (20,))
def while_true(n):
    i = 0
    while True:
        i += 1
        if i > n:
            return i
        if i == 10:
            break
    return -i


@case((3,))
def while_else(n):
    while n:
        n -= 1
    else:
        n = 100
    return n


@case((3,), (0,))
def while_short_circuit(n):
    while n and note(n) != 2:
        n -= 1
    return n


@case((4,))
def while_walrus(n):
    out = []
    while (n := n - 1) > 0:
        out.append(n)
    return out, n


@case(([1, 2, 3, 4, 5, 6],))
def continue_in_while_with_flags(xs):
    i = 0
    out = []
    while i < len(xs):
        x = xs[i]
        i += 1
        if x % 2:
            if x == 3:
                continue
            out.append("odd")
        out.append(x)
        if x == 5:
            break
    return out


@case(([1, 2, 3],))
def loop_targets(xs):
    d = {}
    box = Box(0)
    for d["k"] in xs:
        pass
    for box.value in xs:
        note(box.value)
    for i, d[i] in enumerate(xs):
        pass
    return d, box


@case((3,), (6,))
def for_else_return(n):
    for d in range(2, n):
        if n % d == 0:
            return "composite"
    else:
        return "prime"


@case((0,), (1,))
def raise_in_loop(x):
    for i in range(3):
        if i == x:
            raise KeyError(i)
        note(i)
    return "unreachable"


@case((5,))
def shadowed_builtins(n):
    range = [1, 2, 3]
    out = []
    for i in range:
        out.append(i)
    zip = lambda a, b: [(9, 9)]
    for a, b in zip(1, 2):
        out.append(a)
    return out


@case(([1, 2, "--", 3, 4],), ([],))
def shared_iterator(xs):
    out = []
    it = iter(xs)
    for i, x in enumerate(it):
        if x == "--":
            for x in it:
                out.append(("rest", x))
        else:
            out.append((i, x))
    it = iter([1, 2, 3, 4, 5])
    for x in it:
        out.append(x + next(it, 100))
    pairs = iter(range(5))
    for a, b in zip(pairs, pairs):
        out.append((a, b))
    return out


@case(([3, 1, 2],))
def grows_while_iterating(xs):
    for x in xs:
        if x > 1:
            xs.append(x - 1)
        if len(xs) > 10:
            break
    return xs


# ------------------------------------------------------------------------------------------------------------- match


@case((1,), (2,), ("x",), (None,), (True,), (7,))
def match_values(x):
    match x:
        case 1:
            return "one"
        case 2 | "x":
            y = "two or x"
        case None:
            y = "none"
        case _:
            y = "other"
    return y


@case(([1],), ([1, 2],), ((1, 2, 3),), ("ab",), ([],), (np.arange(2),), (range(5),), ([[1, 2], 3],))
def match_sequences(x):
    match x:
        case []:
            return "empty"
        case [a]:
            return "one", a
        case [[a, b], c]:
            return "nested", a, b, c
        case [a, b]:
            return "two", a, b
        case (a, *rest, z) if a != 0:
            return "many", a, rest, z
        case [0, *_]:
            return "zero"
    return "no match"


@case(({"k": 1, "l": 2},), ({"k": [1, 2]},), ({},), (5,))
def match_mappings(x):
    match x:
        case {"k": int(v), **rest}:
            return v, rest
        case {"k": [a, b]}:
            return a, b
        case {}:
            return "mapping"
    return "none"


@case((Point(0, 1),), (Point(2, 2),), (Point(3, 4),), (Pair(1, 2),), (Box(4),), (3.5,), ("s",), (np.ones(2),))
def match_classes(p):
    match p:
        case Point(x=0, y=y):
            return "axis", y
        case Point(x, y) if x == y:
            return "diagonal", x
        case Point() as q:
            return q
        case Pair(first, second):
            return first, second
        case Box(value=4):
            return "box"
        case float(f) | int(f):
            return "number", f
        case str():
            return "string"
        case object(shape=(n,)):
            return n
    return "none"


@case((1,), (-1,), (0,))
def match_guards(x):
    match x:
        case y if y > 0:
            note("positive")
        case y if y < 0:
            note("negative")
        case z:
            note("zero")
    return x


@case(((1, 2),), ((2, 1),), ((3, 3),))
def match_rebinds_subject(x):
    match x:
        case (1, x):
            return x
        case (x, 1):
            return x
    return x


@case(([1, 2, 3, 4],))
def match_in_loop(xs):
    out = []
    for x in xs:
        match x:
            case 1:
                continue
            case 2:
                out.append("two")
            case 4:
                break
        out.append(x)
    return out


# ------------------------------------------------------------------------------------------------- with, try, finally


@case((False,), (True,))
def with_statement(fail):
    with Manager() as (a, b), Manager(True):
        note(a + b)
        if fail:
            boom()
    return "after"


@case((1,), (2,))
def with_return(x):
    with Manager() as m:
        if x == 1:
            return m
        note("inside")
    return "after"


@case((1,))
def with_swallowed(x):
    with Manager(True):
        return boom()
    return "swallowed"


@case((0.0,))
def with_errstate(x):
    with np.errstate(divide="ignore"):
        return np.float64(1.0) / x


@case(([1, 2, 3],))
def with_in_loop(xs):
    for x in xs:
        with contextlib.suppress(ValueError):
            if x == 2:
                break
            if x == 1:
                boom()
            note(x)
        note("after")
    return "end"


@case((0,), (1,), (2,), (3,))
def try_statement(x):
    try:
        note("body")
        if x == 1:
            boom()
        elif x == 2:
            {}["k"]
        elif x == 3:
            1 / 0
    except ValueError as error:
        note(str(error))
    except (KeyError, IndexError):
        note("key")
    else:
        note("else")
    finally:
        note("finally")
    return x


@case((0,), (1,))
def try_return(x):
    try:
        if x:
            return boom()
        return note("fine")
    except ValueError:
        return "caught"
    finally:
        note("finally")


@case((0,), (1,), (2,))
def try_return_else(x):
    try:
        if x == 0:
            return "early"
        if x == 1:
            boom()
    except ValueError:
        note("caught")
    else:
        note("else")
        return "else"
    note("after")
    return "after"


@case(([0, 1, 2, 3, 4],))
def try_in_loop(xs):
    for x in xs:
        try:
            if x == 1:
                continue
            if x == 2:
                boom()
            if x == 3:
                break
            note(x)
        except ValueError:
            note("caught")
            continue
        else:
            note("else")
        finally:
            note("finally")
        note("after")
    return x


@case((0,), (1,))
def reraise(x):
    try:
        try:
            boom()
        except ValueError:
            if x:
                raise
            raise KeyError("other")
    except KeyError as error:
        return repr(error), repr(error.__context__)


@case((0,), (1,), (2,))
def bare_except(x):
    try:
        return 1 / x
    except:  # noqa: E722
        note("caught")
    return None


@case((0,), (1,))
def exception_name_ends(x):
    e = "before"
    try:
        1 / x
    except ZeroDivisionError as e:
        note(repr(e))
        return "caught"
    return e


@case((0,), (1,))
def raise_in_finally(x):
    try:
        note("body")
        if x:
            return "returned"
    finally:
        if x:
            raise ValueError("finally")
    return "after"


# ------------------------------------------------------------------------------------------------------ comprehensions


@case(([1, 2, 3], [4, 5]))
def comprehensions(xs, ys):
    x = "outer"
    a = [x * 2 for x in xs if x > 1 if x < 3]
    b = {x: y for x in xs for y in ys if x != y}
    c = {x % 2 for x in xs}
    d = [[x + y for x in xs] for y in ys]
    e = [x for x in [x for x in xs]]
    f = [(i, a_) for i, a_ in enumerate(zip(xs, ys))]
    return a, b, c, d, e, f, x


@case(([1, 2, 3],))
def comprehension_order(xs):
    return [note(x) for x in note(xs) if note(x > 1)], {note(k): note(-k) for k in xs}


@case(([1, 2, 3], 2))
def comprehension_scope(xs, y):
    f = [lambda y=x: y for x in xs]
    g = [lambda: x for x in xs]
    h = [(lambda x: x + y)(x) for x in xs]
    return [a() for a in f], [a() for a in g], h


@case(([1, 2, 3],), ([],))
def generator_arguments(xs):
    def collect(items):
        return next(items, None), list(items)

    return (
        sum(x * x for x in xs),
        max((x for x in xs), default=0),
        tuple(x for x in xs),
        list(x for x in xs),
        set(x for x in xs),
        dict((x, -x) for x in xs),
        sorted((-x for x in xs), key=abs),
        ",".join(str(x) for x in xs),
        math.fsum(x for x in xs),
        np.fromiter((x for x in xs), float),
        collect(x for x in xs),
        [*(x for x in xs)],
    )


@case(([1, 2, 3],), ([3, 1],), ([],))
def any_all_next(xs):
    a = any(note(x) == 2 for x in xs)
    b = all(note(x) < 2 for x in xs)
    c = next((note(x) for x in xs if x > 1), "none")
    d = any(x == y for x in xs if x > 1 for y in (note(1), 2))
    return a, b, c, d, next(x for x in xs)


@case(([1, 2, 3], [4, 5]), ([], [1]), (np.arange(3.0), [1, 2, 3]))
def mapped(xs, ys):
    x = 10
    out = []
    for v in map(lambda t: note(t) * x, xs):
        out.append(note(v))
        if v > 15:
            break
    for i, v in enumerate(map(lambda a, b: a + b, xs, ys)):
        out.append((i, v))
    for v in filter(lambda t: t > 1, xs):
        out.append(v)
    total = sum(map(lambda v: v * x, xs)) + len(list(map(str, ys)))
    return out, total, [v for v in map(note, xs)], tuple(filter(None, xs)), list(map(max, xs, ys))


@case(([1, 2, 3],), ([5],))
def reduced(xs):
    f = functools.reduce
    return functools.reduce(lambda a, b: a * 2 + b, xs), functools.reduce(note_sum, xs, 100), f(max, xs)


@case(([],))
def reduced_nothing(xs):
    note(functools.reduce(lambda a, b: a + b, xs, "initial"))
    return functools.reduce(lambda a, b: a + b, xs)


@case(([1, 2, 3],))
def loop_over_generator(xs):
    out = []
    for x in (x * 2 for x in xs):
        out.append(x)
    return out


# -------------------------------------------------------------------------------------------------- inner functions


@case((2, 3))
def closures(x, y):
    z = x * y

    def inner(a, b=z):
        return a * x + b

    return inner(1), inner(1, 2), inner(b=3, a=2)


@case((2,))
def capture_changes(x):
    f = lambda: x
    before = f()
    x = x + 1
    return before, f()


@case((3,))
def nonlocal_counter(n):
    count = 0

    def step(by=1):
        nonlocal count
        count += by
        return count

    for i in range(n):
        step()
        step(by=i)
    return count, step()


@case((3,))
def parameter_in_cell(x):
    def change():
        nonlocal x
        x = x * 10

    change()
    change()
    return x


@case((5,))
def inner_recursion(n):
    def factorial(k):
        return 1 if k < 2 else k * factorial(k - 1)

    return factorial(n)


@case((5, 2))
def inner_recursion_with_capture(n, scale):
    def power(k):
        if k == 0:
            return 1
        return scale * power(k - 1)

    return power(n), [power(k) for k in range(3)]


@case((7,))
def mutual_inner_recursion(n):
    def even(k):
        return True if k == 0 else odd(k - 1)

    def odd(k):
        return False if k == 0 else even(k - 1)

    return even(n), odd(n)


@case((7, 2.0))
def mutual_inner_recursion_with_captures(n, scale):
    step = 1
    offset = 3.0

    def even(k, v):
        scale_1 = v
        return scale_1 if k == 0 else odd(k - step, v + offset)

    def odd(k, v):
        offset = 1.0
        return -v if k == 0 else third(k - step, v * scale + offset)

    def third(k, v, extra=None):
        return v if k <= 0 else (lambda j: even(j, v))(k - 1)

    return even(n, 1.0), odd(n, 2.0), [third(k, 0.5) for k in range(3)]


@case((4,))
def mutual_recursion_before_a_binding(n):
    def even(k):
        return base if k == 0 else odd(k - 1)

    base = 10

    def odd(k):
        return -base if k == 0 else even(k - 1)

    first = even(n)
    base = 20
    return first, even(n)


@case((6,))
def decorated_recursion(n):
    @functools.lru_cache(maxsize=None)
    def fibonacci(k):
        return note(k) if k < 2 else fibonacci(k - 1) + fibonacci(k - 2)

    return fibonacci(n)


@case((3, 2))
def only_called(x, n):
    f = lambda t, k=2: t * x + k
    total = f(1)
    x = x + 1
    total += f(x, k=5)
    for i in range(n):

        def scaled(v, by=3):
            return v * i * by + x

        total += scaled(x) + scaled(by=i, v=2)
        x = total
        total += scaled(1)
    g = lambda: (x, total)
    x, total = 0, (x := g())
    return g(), total, [f(k) for k in range(2)]


@case((3,))
def called_returns_a_closure(x):
    make = lambda t: lambda: t + x
    first = make(1)
    x = x * 10
    return first(), make(2)()


@case((3,), (0,))
def called_before_it_is_bound(x):
    if x:
        f = lambda: x
    x = x + 1
    return f()


@case((3,))
def called_in_a_loop_before_it_is_bound(x):
    for i in range(3):
        if i:
            note(f(i))
        f = lambda t: t + x + i
        x = x * 2
    return f(1)


@case((3,))
def lambdas_in_loop(n):
    late, early = [], []
    for i in range(n):
        late.append(lambda: i)
        early.append(lambda i=i: i)
    return [f() for f in late], [f() for f in early]


@case((3,))
def deep_nesting(x):
    def outer(y):
        def middle(z):
            def inner(w):
                return x + y + z + w

            return inner(4)

        return middle(3)

    return outer(2)


@case((3,))
def deep_nonlocal(x):
    total = 0

    def outer():
        def inner(k):
            nonlocal total
            total += k

        inner(x)
        inner(1)

    outer()
    return total


@case((3,))
def grandchild_recursion(n):
    base = 10

    def walk(k):
        helper = lambda j: walk(j) + base
        return 0 if k == 0 else helper(k - 1)

    return walk(n)


@case((2,))
def defaults_at_definition(x):
    default = [x]

    def inner(value, into=default, *, extra=len(default)):
        into.append(value)
        return into, extra

    default = "changed"
    inner(1)
    return inner(2), default


@case((1,))
def star_parameters(x):
    def inner(a, /, b, *rest, c=3, **others):
        return a, b, rest, c, others

    return inner(1, 2), inner(1, 2, 3, 4, c=5, d=6), inner(1, b=2, a=7)


@case((2,))
def decorated_inner(x):
    def twice(f):
        return lambda *a: f(f(*a))

    @twice
    def add(v):
        return v + x

    @functools.lru_cache(maxsize=None)
    def cached(v):
        return note(v)

    return add(1), cached(1), cached(1)


@case((2,))
def functions_as_values(x):
    def compose(f, g):
        return lambda v: f(g(v))

    return compose(math.exp, lambda v: v + x)(1), list(map(lambda v: v * x, [1, 2])), sorted([3, 1], key=lambda v: -v)


@case((2,))
def immediately_returned_lambda(x):
    return (lambda: (yield_ := x) + yield_)()


@case((2,))
def inner_global(x):
    def bump():
        global counter
        counter += x
        return counter

    return bump(), bump()


@case((3,))
def conditional_definition(x):
    if x > 2:

        def f(v):
            return v + 1
    else:

        def f(v):
            return v - 1

    return f(x)


@case((2.0,))
def local_imports(x):
    import math as m
    import os.path
    from math import pi, sqrt

    import numpy.linalg

    return m.sin(x), sqrt(x) * pi, numpy.linalg.norm([x]), os.path.basename("a/b")


@case((0,), (1,))
def failing_import(x):
    if x:
        return "fine"
    try:
        import module_that_does_not_exist
    except ImportError as error:
        return str(error)
    return module_that_does_not_exist


@case((4,))
def outer_recursion(n):
    return 1 if n < 2 else n * outer_recursion(n - 1)


@case((1, 2), (1, 2, 3, 4), (1,))
def all_parameters(a, b=5, /, *c):
    return a, b, c


# ---------------------------------------------------------------------------------------------------- numeric programs


@case((np.array([1.0, 2.0, 3.0]),))
def stencil(x):
    y = x.copy()
    for t in range(3):
        new = y.copy()
        for i in range(1, len(y) - 1):
            new[i] = y[i] + 0.1 * (y[i - 1] - 2 * y[i] + y[i + 1])
        y = new
    return y


@case((2.0,), (100.0,))
def newton(a):
    x = a
    for _ in range(50):
        step = (x * x - a) / (2 * x)
        if abs(step) < 1e-12:
            break
        x -= step
    return x


@case((np.array([3.0, 1.0, 2.0]),))
def bubble_sort(x):
    x = x.copy()
    n = len(x)
    while True:
        swapped = False
        for i in range(n - 1):
            if x[i] > x[i + 1]:
                x[i], x[i + 1] = x[i + 1], x[i]
                swapped = True
        if not swapped:
            break
    return x


@case((0.5,), (4.0,))
def bouncing(t_end):
    t, h, v, bounces = 0.0, 1.0, 0.0, []
    while t < t_end:
        v -= 9.81 * 0.01
        h += v * 0.01
        if h < 0:
            h, v = -h, -0.8 * v
            bounces.append(t)
            if len(bounces) > 3:
                break
        t += 0.01
    return h, v, bounces
