"""What all the examples share and none of them is about: the options, a progress bar, where pictures go."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

OUTPUT = Path(__file__).resolve().parent / "output"


def options(description: str | None) -> argparse.Namespace:
    """The command line of an example: `--short`, `--picture`."""
    parser = argparse.ArgumentParser(description=(description or "").split("\n\n")[0])
    parser.add_argument("--short", action="store_true", help="a few seconds' worth of it")
    parser.add_argument("--picture", type=Path, default=None, help="where to save the picture")
    return parser.parse_args()


def progress(count: int, label: str, width: int = 30) -> Iterator[int]:
    """Count from 0 to `count` with a bar on standard error; on anything but a terminal only the last state."""
    started = time.perf_counter()
    for step in range(count + 1):
        if step == count or (sys.stderr.isatty() and step % max(1, count // 200) == 0):
            filled = "#" * (width * step // count)
            elapsed = time.perf_counter() - started
            end = "\n" if step == count else ""
            sys.stderr.write(f"\r{label} [{filled:<{width}}] {step}/{count} {elapsed:5.1f} s{end}")
            sys.stderr.flush()
        if step < count:
            yield step


def save(figure: Any, path: Path | None, name: str) -> None:
    """Write a matplotlib figure to `path`, by default under examples/output/, and say where it is."""
    path = path or OUTPUT / name
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120, bbox_inches="tight")
    print(f"picture: {path}")
