"""What the command line says of an exception that the user's own program raised: its class and text, and the line of
the program where it arose, in the form of the project's own messages."""

from __future__ import annotations

import linecache
import os
import sysconfig
import traceback
from pathlib import Path

_PACKAGES = [str(Path(__file__).resolve().parents[2] / name) for name in ("autodiff", "transforms")]
_INSTALLED = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
_NOT_THE_PROGRAMS = ("<", *(folder + os.sep for folder in (*_PACKAGES, *_INSTALLED)))


def describe(error: BaseException) -> str:
    """The exception in words; below that the user's line, or what was noted of it."""
    first = f"{type(error).__name__}: {error}".removesuffix(": ")
    notes = getattr(error, "__notes__", [])
    return "\n".join([first, *(notes or _lines_at(error))])


def _lines_at(error: BaseException) -> list[str]:
    """The innermost line of the program's own that the exception passed through."""
    for frame, line in reversed(list(traceback.walk_tb(error.__traceback__))):
        name = frame.f_code.co_filename
        if not name.startswith(_NOT_THE_PROGRAMS):
            text = linecache.getline(name, line).strip()
            return [f'  File "{name}", line {line}', *([f"    {text}"] if text else [])]
    return []
