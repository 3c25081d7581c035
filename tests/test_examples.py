"""Every example runs in its short form as a stranger would run it, and arrives where it should."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# The example, and for each number that it prints the bounds it must lie in.
EXPECTED = {
    "logistic_regression": {"first loss": (2.3025, 2.3027), "final loss": (0.0, 0.16), "digits": (0.95, 1.0)},
    "mlp_digits": {"first loss": (2.0, 3.0), "final loss": (0.0, 0.17), "digits": (0.94, 1.0)},
    "gmm": {"first loss": (5.3833, 5.3835), "final loss": (2.88, 2.92)},
    "ode_parameters": {"final loss": (0.0, 1e-4), "drag": (0.076, 0.086), "restitution": (0.845, 0.856)},
    "heat_recovery": {"first loss": (0.87, 0.89), "final loss": (0.0, 0.005), "recovered start": (0.0, 0.19)},
}


def run(name: str, picture: Path) -> str:
    environment = {**os.environ, "MPLBACKEND": "Agg", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(ROOT / "examples" / f"{name}.py"), "--short", "--picture", str(picture)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=picture.parent)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_example_is_run() -> None:
    scripts = {path.stem for path in (ROOT / "examples").glob("*.py")} - {"support"}
    assert scripts == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_example(name: str, tmp_path: Path) -> None:
    picture = tmp_path / "picture.png"
    printed = run(name, picture)
    for label, (low, high) in EXPECTED[name].items():
        found = re.search(rf"{label}: (-?[\d.e+-]+)", printed)
        assert found, f"{label} is not printed:\n{printed}"
        assert low <= float(found[1]) <= high, printed
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_benchmarks_run(tmp_path: Path) -> None:
    page = tmp_path / "benchmarks.md"
    command = [sys.executable, str(ROOT / "benchmarks" / "run.py"), "--rounds", "1", "--seconds", "0", "--peers", ""]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([*command, "--output", str(page)], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    assert page.read_text().count("| gradient by hand |") == 4
    assert re.search(r": \d+ ms in a new process", page.read_text())
