"""The source that is found is that of exactly the function that was asked for, or none."""

from __future__ import annotations

import ast
import functools
import os
import subprocess
import sys

import pytest

from autodiff.frontend.source import find
from tests.autodiff.frontend.support import load
from tests.corpus.reference import put_on_record
from transforms.errors import SourceNotFound


def text_of(function) -> str:
    """The text of the tree that was found, from the file's lines."""
    found = find(function.__code__, function.__globals__)
    tree = found.tree
    return ast.get_source_segment("".join(found.lines), tree) or ""


def passing(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)

    return wrapper


def outer(a):
    b = 1

    @passing
    def inner(x, *, y=a):
        nonlocal b
        b += 1
        return [x * item for item in (a, b, y)]

    return inner, lambda x: x * b


class Model:
    def __init__(self):
        self.__weight = 2.0

    def __call__(self, x):
        return self.__weight * x

    def __private(self, x):
        return x + 1

    @staticmethod
    def static(x: float) -> float:
        return x - 1

    @classmethod
    def made(cls, x):
        return cls()(x)

    size = property(lambda self: self.__weight)

    class Inner:
        def method(self):
            return __class__


@passing
def decorated(x, y=3):
    """Doc."""
    return x - y


pair = [lambda x: x + 1, lambda x: x + 2]
nested = lambda x: lambda y: x * y
alike = (lambda x: x.real, lambda y: y.real)
in_default = lambda x, f=lambda z: -z: f(x)
after_text = "äöü", lambda x: x / 3
same = [lambda x: x, lambda x: x]
over_lines = (
    lambda x: x
    + 10
)  # fmt: skip


@pytest.mark.parametrize(
    ("function", "start"),
    [
        (passing, "def passing"),
        (decorated, "def wrapper"),
        (decorated.__wrapped__, "def decorated"),
        (outer, "def outer"),
        (outer(1)[0].__wrapped__, "def inner"),
        (Model.__init__, "def __init__"),
        (Model.__call__, "def __call__"),
        (Model._Model__private, "def __private"),
        (Model.static, "def static"),
        (Model.made.__func__, "def made"),
        (Model.Inner.method, "def method"),
    ],
)
def test_definitions(function, start):
    assert text_of(function).startswith(start)


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (pair[0], "lambda x: x + 1"),
        (pair[1], "lambda x: x + 2"),
        (nested, "lambda x: lambda y: x * y"),
        (nested(1), "lambda y: x * y"),
        (alike[0], "lambda x: x.real"),
        (alike[1], "lambda y: y.real"),
        (in_default, "lambda x, f=lambda z: -z: f(x)"),
        (in_default.__defaults__[0], "lambda z: -z"),
        (after_text[1], "lambda x: x / 3"),
        (same[1], "lambda x: x"),
        (outer(1)[1], "lambda x: x * b"),
        (Model.size.fget, "lambda self: self.__weight"),
        (over_lines, "lambda x: x\n    + 10"),
    ],
)
def test_lambdas(function, text):
    assert text_of(function) == text


def test_columns_are_characters():
    found = find(after_text[1].__code__)
    assert found.lines[found.tree.lineno - 1][found.origin(found.tree).column :].startswith("lambda x: x / 3")


def test_class_of_private_names():
    assert find(Model.__call__.__code__).class_name == "Model"
    assert find(decorated.__code__).class_name is None


def test_registered_source():
    names = load("def f(x):\n    return x * 2\ng = lambda x: x\n", "<cell 1>")
    assert text_of(names["f"]).startswith("def f")
    assert text_of(names["g"]) == "lambda x: x"


def test_exec_without_source():
    names: dict = {}
    exec("def f(x):\n    return x", names)
    with pytest.raises(SourceNotFound, match="made by exec, eval or python -c as <string>") as caught:
        find(names["f"].__code__)
    assert "linecache.cache" in str(caught.value)


def test_prompt():
    names: dict = {}
    exec(compile("def f(x): return x", "<stdin>", "exec"), names)
    with pytest.raises(SourceNotFound, match="since version 3.13"):
        find(names["f"].__code__)


TYPED = """\
import autodiff as ad
def f(x):
    return x * x

try: print(ad.grad(f)(3.0))
except ad.SourceNotFound as error: print(error)

"""


@pytest.mark.parametrize("interactive", [False, True])
def test_what_python_reads_from_its_input(interactive):
    command = [sys.executable, *(["-i"] if interactive else []), "-"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, input=TYPED, capture_output=True, text=True, env=environment)
    is_kept = interactive and sys.version_info >= (3, 13)
    assert ("6.0" if is_kept else "Python keeps what is typed at its prompt since version 3.13, and never") in done.stdout
    assert ("prompt of Python 3.13 or newer" in done.stdout) is not is_kept


def test_missing_file():
    names: dict = {}
    exec(compile("def f(x): return x", "/nowhere/f.py", "exec"), names)
    with pytest.raises(SourceNotFound, match="there is no file '/nowhere/f.py'"):
        find(names["f"].__code__)


def write_and_load(path, text: str) -> dict:
    path.write_text(text)
    names: dict = {"__name__": "edited"}
    exec(compile(text, str(path), "exec"), names)
    return names


@pytest.mark.parametrize(
    "newer",
    [
        "def f(x):\n    return x * 30\n",
        "\n\ndef f(x):\n    return x * 3\n",
        "def f(y):\n    return y * 3\n",
        "def f(x):\n    return x.T * 3\n",
        "x = 1\n",
    ],
)
def test_edited_file(tmp_path, newer):
    path = tmp_path / "edited.py"
    names = write_and_load(path, "def f(x):\n    return x * 3\n")
    assert text_of(names["f"]).startswith("def f")
    path.write_text(newer + "# so that the size differs\n")
    with pytest.raises(SourceNotFound, match="is not the source of function 'f'") as caught:
        find(names["f"].__code__)
    assert "edited after it was loaded" in str(caught.value)


def test_file_that_no_longer_parses(tmp_path):
    path = tmp_path / "edited.py"
    names = write_and_load(path, "def f(x):\n    return x * 3\n")
    path.write_text("def f(x:\n")
    with pytest.raises(SourceNotFound, match="has no valid syntax any more"):
        find(names["f"].__code__)


def test_change_elsewhere_in_the_line_structure_is_harmless(tmp_path):
    path = tmp_path / "edited.py"
    names = write_and_load(path, "def f(x):\n    return x * 3\n")
    path.write_text("def f(x):\n    return x * 3\n\n\ndef g():\n    pass\n")
    assert text_of(names["f"]).startswith("def f")


def test_future_annotations_and_imports_in_other_statements():
    names = load("from __future__ import annotations\nimport math\ndef f(x: A): return math.sin(x)\n", "<cell 2>")
    assert text_of(names["f"]).startswith("def f")
    # A notebook compiles statement by statement: the import is not seen while `g` is compiled.
    text = "import math\ndef g(x): return math.sin(x)\n"
    put_on_record(text, "<cell 3>")
    tree = ast.parse(text)
    scope: dict = {}
    for statement in tree.body:
        exec(compile(ast.Module([statement], []), "<cell 3>", "exec"), scope)
    assert text_of(scope["g"]).startswith("def g")


def asserting(x):
    assert x > 0, "positive"
    return x


def test_assertions_rewritten_by_the_test_runner():
    assert text_of(asserting).startswith("def asserting")


def test_python_c_runs_a_text_that_is_known() -> None:
    text = (
        "import autodiff as ad\n"
        "def f(x): return x * x\n"
        "print(ad.grad(f)(3.0), ad.grad(lambda x: x**3)(2.0))\n"
        "scope = {}\n"
        "exec('def g(x): return x', scope)\n"
        "try: ad.grad(scope['g'])(1.0)\n"
        "except ad.SourceNotFound: print('refused')\n"
    )
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True)
    assert done.stdout.split() == ["6.0", "12.0", "refused"], done.stderr
