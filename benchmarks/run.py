"""Measure gradients against the program itself or a gradient written by hand, in ratios.

Everything that is compared runs interleaved in one process and one thread; a ratio is formed within each round and the
median over the rounds is reported.  Every gradient, also a peer's, is first compared with differences of values.
`--output FILE` writes the table as a page of the documentation.
"""

from __future__ import annotations

import os

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")  # before NumPy is imported

import argparse
import importlib.util
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import byhand
import numpy as np
import peers
import programs

import autodiff as ad


@dataclass(frozen=True)
class Case:
    """One line of the table: a program, its arguments, and what its gradient is compared with."""

    title: str
    program: str
    arguments: tuple[Any, ...]
    positions: tuple[int, ...] = (0,)
    by_hand: Callable[..., Any] | None = None
    goal: float = 0.0  # 0: there is none

    @property
    def reference(self) -> str:
        return "program" if self.by_hand is None else "gradient by hand"


def network(batch: int, inputs: int, hidden: int, outputs: int) -> tuple[Any, ...]:
    random = np.random.default_rng(0)
    shapes = [(inputs, hidden), (hidden,), (hidden, outputs), (outputs,), (batch, inputs), (batch, outputs)]
    return tuple(random.standard_normal(shape) * 0.3 for shape in shapes)


def cases() -> list[Case]:
    points = np.random.default_rng(1).standard_normal(200)
    four = (0, 1, 2, 3)
    ten = (points[:10], points[10:20])
    return [
        Case("one call: `x * x` of a float", "square", (0.7,), by_hand=byhand.square_gradient),
        Case("one call: `sum(x * x * y)` of 10 elements each", "weighted", ten, (0, 1), byhand.weighted_gradient),
        Case("loop of 1000 iterations on floats", "float_loop", (0.7,), goal=8.0),
        Case("loop of 1000 `np.sin` of scalars", "sin_loop", (0.7,), goal=4.0),
        Case("stencil in place, 200 elements one by one", "stencil_elements", (points,), goal=6.0),
        Case("stencil in place on slices, 200 points, 100 steps", "stencil_slices", (points,), goal=6.0),
        Case("MLP 32 x [10-20-1]", "mlp", network(32, 10, 20, 1), four, byhand.mlp_gradient, 1.5),
        Case("MLP 128 x [100-100-10]", "mlp", network(128, 100, 100, 10), four, byhand.mlp_gradient, 1.1),
    ]


def directional_error(program: Callable[..., Any], case: Case, gradient: Any) -> float:
    """The relative difference between the gradient along a random direction and central differences."""
    random = np.random.default_rng(2)
    parts = gradient if isinstance(gradient, (tuple, list)) else (gradient,)
    directions = {p: random.standard_normal(np.shape(case.arguments[p])) for p in case.positions}
    along = sum(float(np.sum(np.asarray(part) * directions[p])) for p, part in zip(case.positions, parts))
    step = 1e-6

    def moved(sign: float) -> float:
        return float(program(*(a + sign * step * directions.get(i, 0.0) for i, a in enumerate(case.arguments))))

    expected = (moved(1.0) - moved(-1.0)) / (2.0 * step)
    return abs(along - expected) / max(abs(expected), 1e-12)


def repetitions(run: Callable[[], Any], seconds: float) -> int:
    """How often to call so that one measurement takes about `seconds`."""
    run()
    started = time.perf_counter()
    run()
    return max(1, int(seconds / max(time.perf_counter() - started, 1e-7)))


def timed(run: Callable[[], Any], count: int) -> float:
    started = time.perf_counter()
    for _ in range(count):
        run()
    return (time.perf_counter() - started) / count


def measure(runs: dict[str, Callable[[], Any]], rounds: int, seconds: float) -> dict[str, float]:
    """The median over the rounds of each time divided by that of the first in the same round."""
    counts = {name: repetitions(run, seconds) for name, run in runs.items()}
    first, *others = runs
    ratios: dict[str, list[float]] = {name: [] for name in others}
    for _ in range(rounds):
        times = {name: timed(run, counts[name]) for name, run in runs.items()}
        for name in others:
            ratios[name].append(times[name] / times[first])
    return {name: statistics.median(values) for name, values in ratios.items()}


def gradients(case: Case, wanted: list[str]) -> dict[str, Callable[[], Any]]:
    """The gradient of each system that can run the case and passes the check; a wrong one of ours stops the run."""
    program = getattr(programs, case.program)
    positions = case.positions if len(case.positions) > 1 else case.positions[0]
    ours = ad.grad(program, argnums=positions)
    runs: dict[str, Callable[[], Any]] = {"autodiff": lambda: ours(*case.arguments)}
    for name in wanted:
        try:
            run = peers.PEERS[name](case.program, case.positions, case.arguments)
            if run is not None and directional_error(program, case, run()) < 1e-5:
                runs[name] = run
        except Exception as error:  # whatever a peer does, the others are still measured
            print(f"  {name}: {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}")
    error = directional_error(program, case, runs["autodiff"]())
    if error > 1e-5:
        raise SystemExit(f"{case.title}: the gradient is wrong by a factor of {error:.1e}")
    return runs


FIRST_CALL = """
import sys, time
import numpy as np
import autodiff as ad
import programs
table = np.linspace(-1.0, 1.0, 8)
started = time.perf_counter()
ad.grad(programs.fifty_lines)(0.7, 1.3, table)
print(time.perf_counter() - started)
"""


def fresh_transform_time(rounds: int) -> float:
    """Seconds of the first call of the gradient of a function of 50 lines, the median over new processes."""
    places = os.pathsep.join([str(Path(programs.__file__).parent), str(Path(ad.__file__).parent.parent)])
    environment = {**os.environ, "PYTHONPATH": places}
    command = [sys.executable, "-c", FIRST_CALL]
    runs = [subprocess.run(command, env=environment, check=True, capture_output=True) for _ in range(rounds)]
    return statistics.median(float(run.stdout) for run in runs)


def transform_time(rounds: int) -> float:
    """The same for copies of the function in one process that has called the gradient of another one before."""
    table = np.linspace(-1.0, 1.0, 8)
    times = []
    source = Path(programs.__file__).read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        for index in range(rounds + 1):
            path = Path(folder) / f"copy{index}.py"
            path.write_text(source.replace("1.5 + 0.1", f"1.5 + 0.1{index}"), encoding="utf-8")
            spec = importlib.util.spec_from_file_location(path.stem, path)
            assert spec is not None and spec.loader is not None
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            started = time.perf_counter()
            ad.grad(module.fifty_lines)(0.7, 1.3, table)
            times.append(time.perf_counter() - started)
    return statistics.median(times[1:])  # the first also loads the compiler


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def page(rows: list[tuple[Case, dict[str, float]]], fresh: float, seconds: float, wanted: list[str]) -> str:
    """The table as Markdown."""
    columns = ["autodiff", *wanted]
    lines = [
        "# Benchmarks",
        "",
        "Made by `make bench` (`benchmarks/run.py`): the time of a gradient divided by that of the program itself or",
        "of a gradient written by hand in NumPy; the median over interleaved rounds, in one thread.  Each gradient was",
        "compared with differences of values first.  `-`: not installed, or it cannot run the program as it stands.",
        "JAX compiles; the others run on CPython and NumPy.",
        "",
        f"Measured on {processor()}, Python {platform.python_version()}, NumPy {np.__version__}.",
        "",
        "| case | divided by | goal | " + " | ".join(columns) + " |",
        "|---|---|---" + "|---" * len(columns) + "|",
    ]
    for case, ratios in rows:
        cells = [f"{ratios[name]:.2f}" if name in ratios else "-" for name in columns]
        goal = f"{case.goal:g}" if case.goal else "-"
        lines.append(f"| {case.title} | {case.reference} | {goal} | " + " | ".join(cells) + " |")
    lines += [
        "",
        f"First call of the gradient of a function of 50 lines (goal: 150 ms): {1e3 * fresh:.0f} ms in a new process,",
        f"{1e3 * seconds:.0f} ms in one that has called the gradient of another function before.",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0] if __doc__ else None)
    parser.add_argument("--output", type=Path, help="write the table to this file")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=0.05, help="time of one measurement")
    parser.add_argument("--case", default="", help="only cases whose title contains this")
    parser.add_argument("--peers", default=",".join(peers.installed()), help="measure these too (default: installed)")
    options = parser.parse_args()
    wanted = [name for name in options.peers.split(",") if name]
    rows = []
    for case in cases():
        if options.case not in case.title:
            continue
        program = getattr(programs, case.program)
        base = case.by_hand or program
        runs = {"reference": lambda base=base, case=case: base(*case.arguments), **gradients(case, wanted)}
        if case.by_hand is not None and directional_error(program, case, case.by_hand(*case.arguments)) > 1e-5:
            raise SystemExit(f"{case.title}: the gradient written by hand is wrong")
        ratios = measure(runs, options.rounds, options.seconds)
        rows.append((case, ratios))
        print(case.title + ": " + ", ".join(f"{name} {ratio:.2f}" for name, ratio in ratios.items()), flush=True)
    fresh, seconds = fresh_transform_time(options.rounds), transform_time(options.rounds)
    print(f"first call of the gradient of 50 lines: {1e3 * fresh:.0f} ms in a new process, {1e3 * seconds:.0f} later")
    if options.output:
        options.output.write_text(page(rows, fresh, seconds, wanted), encoding="utf-8")


if __name__ == "__main__":
    main()
