"""Randomly generated control flow, lowered, does what it does as written."""

from __future__ import annotations

import textwrap

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transforms.canonical.support import check
from transforms.canonical import lower_source

TRACE: list = []


def note(value):
    TRACE.append(value)
    if len(TRACE) > 500:
        raise RecursionError("too long")
    return value


class Manager:
    def __enter__(self):
        note("enter")

    def __exit__(self, *error):
        note("exit")
        return False


TESTS = [
    "x > 2",
    "x % 2",
    "note(x) < 5",
    "y and x",
    "not x",
    "0 < x <= y",
    "x == 1 or y == 2",
    "(x := x - 1) > 0",
    "i in (1, 2)",
]
SIMPLE = [
    "x += 1",
    "x -= 2",
    "y = note(x)",
    "note(y)",
    "x, y = y, x",
    "y = x if y else i",
    "pass",
    "x = i",
    "note(x * y)",
]
HEADERS = [
    "for i in range(3):",
    "for i in [x, y, 4]:",
    "for i, x in enumerate((5, 0, 2)):",
    "for i, y in zip(range(4), [y, x, 1]):",
    "for x in reversed(range(x % 5)):",
]


@st.composite
def blocks(draw, depth: int, in_loop: bool, in_finally: bool = False):
    lines: list[str] = []
    for _ in range(draw(st.integers(1, 3))):
        lines += draw(statements(depth, in_loop, in_finally))
    return lines


@st.composite
def statements(draw, depth: int, in_loop: bool, in_finally: bool):
    kinds = ["simple", "simple", "return"] if not in_finally else ["simple"]
    if in_loop:
        kinds += ["break", "continue"]
    if depth > 0:
        kinds += ["if", "if", "if else", "for", "while", "try", "with", "match", "loop else"]
    kind = draw(st.sampled_from(kinds))
    test = draw(st.sampled_from(TESTS))

    def inner(loop: bool = in_loop, final: bool = in_finally) -> str:
        return textwrap.indent("\n".join(draw(blocks(depth - 1, loop, final))), "    ")

    match kind:
        case "simple":
            return [draw(st.sampled_from(SIMPLE))]
        case "return":
            return [draw(st.sampled_from(["return x", "return note(y)", "return", "raise KeyError(x)"]))]
        case "break" | "continue":
            return [f"if {test}:", f"    {kind}"] if draw(st.booleans()) else [kind]
        case "if":
            return [f"if {test}:", inner()]
        case "if else":
            middle = [f"elif {draw(st.sampled_from(TESTS))}:", inner()] if draw(st.booleans()) else []
            return [f"if {test}:", inner(), *middle, "else:", inner()]
        case "for":
            return [draw(st.sampled_from(HEADERS)), inner(True)]
        case "while":
            return ["y = 4", "while y > 0:", "    y -= 1", "    note('while')", inner(True)]
        case "loop else":
            header = draw(st.sampled_from([*HEADERS, f"while {test} and note(1):"]))
            return [header, inner(True), "else:", inner()]
        case "try":
            lines = ["try:", inner()]
            lines += (
                ["except KeyError as error:", inner()]
                if draw(st.booleans())
                else ["except ZeroDivisionError:", "    pass"]
            )
            lines += ["else:", inner()] if draw(st.booleans()) else []
            return lines + (["finally:", inner(False, True)] if draw(st.booleans()) else [])
        case "with":
            return ["with Manager():", inner()]
    return [
        "match x:",
        "    case 1 | 3:",
        textwrap.indent(inner(), "    "),
        "    case y if y > 2:",
        textwrap.indent(inner(), "    "),
    ]


@settings(max_examples=150, deadline=None)
@given(blocks(3, False), st.integers(-2, 6), st.integers(-2, 6))
def test_control_flow(lines, x, y):
    source = "def program(x, y, i=0):\n" + textwrap.indent("\n".join(lines), "    ") + "\n"
    namespace = {"note": note, "Manager": Manager}
    exec(source, namespace)
    lowered = lower_source(source, namespace)
    check(namespace["program"], lowered, (x, y), TRACE)
