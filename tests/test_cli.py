"""The command line as a Unix user meets it: output, exit status, messages, and that what it writes works."""

from __future__ import annotations

import os
import re
import runpy
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from autodiff.cli import attach_positions, main
from autodiff.cli.colours import highlight
from autodiff.cli.targets import UsageError, arguments_of_types, evaluate_arguments, load_target

ROOT = Path(__file__).resolve().parent.parent

MODEL = """
import collections
import functools
import numpy as np
import autodiff as ad

offset = 1.5

def simple(x, y):
    return x * y + np.sin(x)

def norm(v, scale=2.0):
    return scale * np.sum(v * v)

def shifted(x):
    return x * offset

weights = np.array([[1.0, 2.0], [0.5, -1.0]], dtype=np.float32)
settings = {"rate": 0.5, "shift": (1.0, 2.0)}

def data(x):
    return np.sum(weights @ x) * settings["rate"] + settings["shift"][1] * x[0]

table = {"w": np.array([0.5, 2.0]), "limits": [(np.array([1.0]),), [np.array([3.0, 4.0])]], 1: "text"}

def tables(x):
    return np.sum(table["w"] * x) * table["limits"][0][0][0] + table["limits"][1][0] @ x

row = np.array([1.0, 2.0])
sharing = {"a": row, "b": row[:1]}

def shared(x):
    return sharing["a"][1] * sharing["b"][0] * x

def library(x):
    from scipy.special import gammaln
    return gammaln(x)

def affine(x, a=2.0):
    return a * x * x

steep = functools.partial(affine, a=5.0)

def queue(x):
    work, total = collections.deque([x]), 0.0
    while work:
        item = work.popleft()
        total = total + item * item
        if len(work) < 1 and total < 1.0:
            work.append(item * 2.0)
    return total

def hooks(x):
    steps = [lambda v, a=a: v * a for a in (x, 2.0, x)]
    return steps[0](1.0) * steps[2](x)

def unknown(x):
    return sorted(steps, key=lambda step: step(1.0))[0](x)

steps = [np.sin, np.cos]

def calls(x):
    return simple(x, x) + x

def loop(x, n):
    y = x
    for _ in range(n):
        y = y * x
    return y

def waits(x):
    async def inner():
        return x
    return inner

def rounded(x):
    return float(int(x)) + x

class Model:
    @staticmethod
    def energy(x):
        return x * x

    def scaled(self, x):
        return offset * x

    def __call__(self, x):
        raise KeyError("no such key")

model = Model()
part = functools.partial(model.scaled)
gradient = ad.grad(affine)

def nothing(x):
    return "text"

number = 3
"""


@pytest.fixture
def model(tmp_path: Path) -> str:
    path = tmp_path / "clitestmodel.py"
    path.write_text(textwrap.dedent(MODEL))
    return str(path)


def run(*words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """The command as a process of its own, not on a terminal."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **settings}
    return subprocess.run([sys.executable, "-m", "autodiff", *words], capture_output=True, text=True, env=environment)


# ------------------------------------------------------------------------------------------------------ what is named


def test_functions_are_found_in_files_and_modules(model: str) -> None:
    assert load_target(f"{model}:simple")(2.0, 3.0) == 6.0 + np.sin(2.0)
    assert load_target(f"{model}:Model.energy")(3.0) == 9.0
    assert load_target("os.path:join") is os.path.join


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("nothing", "not of the form"),
        ("missing.py:f", "no such file"),
        ("no_such_module_anywhere:f", "cannot import no_such_module_anywhere: ModuleNotFoundError"),
        ("MODEL:simpel", "did you mean simple"),
        ("MODEL:number", "not a function but int"),
    ],
)
def test_what_is_not_there_is_said(model: str, target: str, message: str) -> None:
    with pytest.raises(UsageError, match=re.escape(message)):
        load_target(target.replace("MODEL", model))


def test_a_file_that_fails_when_imported(tmp_path: Path) -> None:
    path = tmp_path / "clitestbroken.py"
    path.write_text("1 / 0\n")
    with pytest.raises(UsageError, match="ZeroDivisionError"):
        load_target(f"{path}:f")


def test_a_file_that_fails_when_imported_says_where(tmp_path: Path) -> None:
    path = tmp_path / "clitestfails.py"
    path.write_text("x = 1\ny = x / (x - 1)\n")
    done = run("dump", f"{path}:f")
    assert done.returncode == 2 and f'File "{path}", line 2\n    y = x / (x - 1)' in done.stderr


def test_arguments_are_written_as_in_a_call(model: str) -> None:
    function = load_target(f"{model}:norm")
    (array,), keywords = evaluate_arguments("np.ones(3), scale=offset + 1", function)
    assert np.array_equal(array, np.ones(3)) and keywords == {"scale": 2.5}
    assert evaluate_arguments("", function) == ((), {})
    with pytest.raises(UsageError, match="NameError"):
        evaluate_arguments("missing", function)
    with pytest.raises(UsageError, match="SyntaxError"):
        evaluate_arguments("1,,", function)


@pytest.mark.parametrize("name", ["simple", "steep", "part", "gradient", "model", "model.scaled"])
def test_arguments_may_use_names_of_the_module(model: str, name: str) -> None:
    assert evaluate_arguments("number", load_target(f"{model}:{name}")) == ((3,), {})


def test_types_have_stand_ins() -> None:
    (matrix, vector, number, scalar, nested), keywords = arguments_of_types("f4[n,1], f8[n], int, f8, (f8[m], [bool])")
    assert (matrix.dtype, matrix.shape, vector.shape) == (np.float32, (2, 1), (2,))
    assert type(number) is int and type(scalar) is np.float64
    assert nested[0].shape == (3,) and nested[1] == [True] and keywords == {}
    for wrong in ("f8[", "nonsense", "f8[-1]", "f8['a']", "1 + 2"):
        with pytest.raises(UsageError, match="--types"):
            arguments_of_types(wrong)


def test_positions_belong_to_their_transform() -> None:
    assert attach_positions(["--grad", "1", "--value-and-grad", "a:b"]) == ["--grad=1", "--value-and-grad=0", "a:b"]
    assert attach_positions(["--grad=1", "a:b"]) == ["--grad=1", "a:b"]


# --------------------------------------------------------------------------------------------------------------- rules


def test_rules_are_listed() -> None:
    done = run("rules", "np.multiply")
    assert done.returncode == 0
    assert re.search(r"^np\.multiply +yes", done.stdout, re.MULTILINE)
    assert "np.sin" not in done.stdout


def test_rules_show_their_source() -> None:
    done = run("rules", "np.sin", "--source")
    assert "def sin(x, *, ans, g):" in done.stdout


def test_rules_of_an_unknown_function() -> None:
    done = run("rules", "np.nothing")
    assert done.returncode == 2 and "np.nothing" in done.stderr and not done.stdout


def test_the_page_of_supported_functions_is_current() -> None:
    from autodiff.cli import rules

    page = (ROOT / "docs" / "rules.md").read_text()
    current = rules.as_markdown(rules.selected(None))
    if sys.version_info < (3, 12):
        assert page == current, "run `make docs`"
    else:  # the page lists what is there in every version of Python
        rows = {line for line in page.splitlines() if line.startswith("| `")}
        assert rows <= set(current.splitlines()), "run `make docs`"


# ---------------------------------------------------------------------------------------------------------------- dump


def test_dump_a_gradient_for_any_arguments(model: str) -> None:
    done = run("dump", f"{model}:simple", "--grad", "0,1")
    assert done.returncode == 0, done.stderr
    assert "np.cos(x)" in done.stdout and "\x1b" not in done.stdout


def test_dump_a_gradient_for_given_types(model: str) -> None:
    generic = run("dump", f"{model}:norm", "--grad").stdout
    special = run("dump", f"{model}:norm", "--grad", "--types", "f8[n]").stdout
    assert "def " in special and len(special) <= len(generic)
    assert run("dump", f"{model}:norm", "--grad", "--args", "np.ones(3)").stdout == special


def test_rules_of_a_library_that_the_function_imports(model: str) -> None:
    pytest.importorskip("scipy")
    done = run("dump", f"{model}:library", "--grad", "--args", "2.5")
    assert done.returncode == 0 and re.search(r"(digamma|psi)\(x\)", done.stdout), done.stderr
    assert "scipy.special.gammaln" in run("rules", "gammaln").stdout


def test_transforms_are_chained(model: str) -> None:
    done = run("dump", f"{model}:simple", "--grad", "--grad", "--types", "float, float")
    assert done.returncode == 0, done.stderr
    assert "np.sin(x)" in done.stdout


def test_stages_differ(model: str) -> None:
    printed = {}
    for stage in ("core", "transformed", "optimised"):
        done = run("dump", f"{model}:simple", "--grad", "--types", "float, float", "--stage", stage)
        assert done.returncode == 0, done.stderr
        compile(done.stdout, stage, "exec")
        printed[stage] = done.stdout
    assert "cos" not in printed["core"]
    assert "cos" in printed["transformed"] and "cos" in printed["optimised"]
    assert len(printed["optimised"]) < len(printed["transformed"])


def test_dump_without_a_transform_shows_the_function(model: str) -> None:
    done = run("dump", f"{model}:loop")
    assert done.returncode == 0, done.stderr
    assert "def loop(" in done.stdout and "range" in done.stdout


STANDALONE = {  # name -> arguments, derivative
    "simple": ("0.5, 2.0", 2.0 + np.cos(0.5)),
    "calls": ("0.5", 2 * 0.5 + np.cos(0.5) + 1.0),
    "loop": ("0.5, 3", 4 * 0.5**3),
    "shifted": ("0.5", 1.5),
    "data": ("np.array([0.5, 0.25])", np.array([0.75 + 2.0, 0.5])),
    "tables": ("np.array([0.5, 0.25])", np.array([3.5, 6.0])),
    "steep": ("0.5", 5.0),
    "queue": ("0.5", 10 * 0.5),
    "hooks": ("0.5", 3 * 0.25),
}


@pytest.mark.parametrize("name", STANDALONE)
def test_standalone_modules_need_only_numpy(model: str, tmp_path: Path, name: str) -> None:
    written = tmp_path / "written.py"
    arguments, expected = STANDALONE[name]
    done = run("dump", f"{model}:{name}", "--grad", "--standalone", "--args", arguments, "-o", str(written))
    assert done.returncode == 0 and not done.stdout, done.stderr
    source = written.read_text()
    assert "autodiff" not in source and "transforms" not in source
    functions = runpy.run_path(str(written))
    derivative = [value for key, value in functions.items() if key.endswith("_grad") and callable(value)][-1]
    assert np.allclose(derivative(*eval(f"({arguments},)")), expected)


def test_standalone_modules_do_not_take_apart_what_shares_memory(model: str) -> None:
    done = run("dump", f"{model}:shared", "--grad", "--standalone", "--args", "0.5")
    assert done.returncode == 2 and "live object" in done.stderr


def test_a_standalone_module_that_would_need_the_compiler(model: str) -> None:
    done = run("dump", f"{model}:unknown", "--grad", "--standalone", "--args", "0.5")
    assert done.returncode == 2 and "a function that only the run time knows" in done.stderr and not done.stdout
    done = run("dump", f"{model}:Model.energy", "--grad", "--standalone", "--args", "0.5")
    assert done.returncode == 0, done.stderr


def test_a_file_without_a_function_says_what_it_has(model: str) -> None:
    done = run("dump", model)
    assert done.returncode == 2 and "clitestmodel.py has simple, norm, shifted" in done.stderr


def test_output_that_cannot_be_written(model: str, tmp_path: Path) -> None:
    done = run("dump", f"{model}:simple", "--grad", "-o", str(tmp_path / "no" / "folder.py"))
    assert done.returncode == 2 and "cannot write" in done.stderr


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no full device")
def test_a_full_disk_is_said(model: str) -> None:
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "autodiff", "dump", f"{model}:simple"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, env=environment)
    assert done.returncode == 2 and "cannot write to standard output: No space left" in done.stderr


def test_a_dash_is_standard_output(model: str) -> None:
    assert run("dump", f"{model}:simple", "-o", "-").stdout == run("dump", f"{model}:simple").stdout != ""


def test_letters_that_the_terminal_has_not_got(tmp_path: Path) -> None:
    path = tmp_path / "clitestletters.py"
    path.write_text('def f(x):\n    """Größe."""\n    return x * x\n', encoding="utf-8")
    done = run("dump", f"{path}:f", "--grad", PYTHONIOENCODING="ascii")
    assert done.returncode == 0 and r"Gr\xf6\xdfe" in done.stdout, done.stderr


def test_colours_can_be_asked_for(model: str) -> None:
    coloured = run("dump", f"{model}:simple", "--grad", "--colour", "always").stdout
    plain = run("dump", f"{model}:simple", "--grad").stdout
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[\d*m", "", coloured) == plain


def test_highlighting_keeps_the_text() -> None:
    source = 'def f(x):  # why\n    s = "def"\n    return x + 1.5\n'
    assert re.sub(r"\x1b\[\d*m", "", highlight(source)) == source
    assert highlight("(") == "("


# --------------------------------------------------------------------------------------------------------------- check


def test_check_a_right_gradient(model: str) -> None:
    done = run("check", f"{model}:simple", "--args", "0.5, 2.0")
    assert (done.returncode, done.stdout.endswith(": ok\n"), done.stderr) == (0, True, "")


def test_check_leaves_out_what_has_no_derivative(model: str) -> None:
    assert run("check", f"{model}:loop", "--args", "0.5, 3", "--order", "2").returncode == 0
    assert run("check", f"{model}:norm", "--args", "np.ones(3), scale=2").returncode == 0
    done = run("check", f"{model}:loop", "--args", "1, 3")
    assert done.returncode == 2 and "none of the arguments" in done.stderr


def test_check_a_gradient_that_disagrees(model: str) -> None:
    # The derivative is that of the branch taken; across the jump at 3 differences of values see something else.
    done = run("check", f"{model}:rounded", "--args", "3.0")
    assert done.returncode == 1 and "wrong" in done.stderr and not done.stdout


def test_check_needs_arguments(model: str) -> None:
    done = run("check", f"{model}:simple")
    assert done.returncode == 2 and "--args" in done.stderr


# -------------------------------------------------------------------------------------------------- statuses, messages


def test_version() -> None:
    done = run("--version")
    assert done.returncode == 0 and done.stdout.startswith("autodiff ")


def test_wrong_usage_has_status_2() -> None:
    for words in ([], ["dump"], ["nonsense"], ["dump", "a:b", "--nonsense"], ["dump", "a:b", "--grad=x"]):
        done = run(*words)
        assert done.returncode == 2 and "usage:" in done.stderr and not done.stdout


def test_refused_programs_are_shown_without_traceback(model: str) -> None:
    done = run("dump", f"{model}:waits", "--grad")
    assert done.returncode == 2
    assert done.stderr.startswith("autodiff: error:") and "^" in done.stderr and "Traceback" not in done.stderr
    assert "Traceback" in run("dump", f"{model}:waits", "--grad", "--traceback").stderr


def test_a_failing_program_is_an_error_and_not_a_crash(model: str) -> None:
    done = run("check", f"{model}:simple", "--args", "0.5")
    assert done.returncode == 2 and "Traceback" not in done.stderr and "y" in done.stderr


def test_errors_of_the_program_say_where(model: str) -> None:
    done = run("check", f"{model}:model", "--args", "1.0")
    assert done.returncode == 2 and "KeyError: 'no such key'" in done.stderr
    assert f'File "{model}", line' in done.stderr and 'raise KeyError("no such key")' in done.stderr
    done = run("check", f"{model}:model", "--args", "1.0", "--traceback")
    assert done.returncode == 2 and done.stderr.startswith("Traceback")


def test_a_function_that_returns_no_number_is_not_ok(model: str) -> None:
    done = run("check", f"{model}:nothing", "--args", "1.0")
    assert done.returncode == 2 and "not numeric" in done.stderr and not done.stdout


def test_a_reader_that_goes_away_is_no_error(model: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = f"'{sys.executable}' -m autodiff rules | head -n 1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, env=environment)
    assert (done.returncode, done.stderr) == (0, "")


def test_it_can_be_called_from_python(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dump", f"{model}:simple", "--grad"]) == 0
    assert "np.cos" in capsys.readouterr().out
    assert main(["dump", "missing.py:f"]) == 2
