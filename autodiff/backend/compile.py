"""From a printed program to a function.  A `Printed` comes in; a `Program` that can be linked and called comes
out.

The source is registered with `linecache` under a name of its own, so that tracebacks and debuggers show the
generated lines; the entry goes when the program does.  `explain` adds to an exception that passed through
generated code the line of the user's source that the failing line came from.
"""

from __future__ import annotations

import builtins
import hashlib
import linecache
import threading
import weakref
from collections.abc import Callable
from types import CodeType
from typing import Any

from transforms.core import Origin
from transforms.printer import Printed
from transforms.runtime import DerivativeRefused

_lock = threading.Lock()
_origins: dict[str, dict[int, Origin]] = {}  # file name of generated code -> its lines' origins


class Program:
    """Compiled code that is not bound to its names yet: `link` binds it and gives the function."""

    def __init__(self, printed: Printed) -> None:
        self.source, self.name = printed.source, printed.name
        self.namespace: dict[str, Any] = dict(printed.namespace)
        self.filename = _register(printed)
        weakref.finalize(self, _forget, self.filename).atexit = False
        self.code: CodeType = compile(printed.source, self.filename, "exec", dont_inherit=True)

    def link(self, namespace: dict[str, Any]) -> Callable[..., Any]:
        """The program's function, with these objects for its free names."""
        names = {"__builtins__": builtins, "__name__": "autodiff.generated", "__autodiff_program__": self, **namespace}
        exec(self.code, names)
        return names[self.name]


def load(printed: Printed) -> Callable[..., Any]:
    """The function of a printed program."""
    program = Program(printed)
    return program.link(program.namespace)


def explain(error: BaseException) -> None:
    """Add a note that names the user's line, if the error passed through generated code; once for each error.

    Where a `finally` of the program failed after a refusal, because of it, the refusal is raised.
    """
    earlier = error.__context__
    while earlier is not None and not isinstance(error, DerivativeRefused):
        if isinstance(earlier, DerivativeRefused):
            raise earlier from None
        earlier = earlier.__context__
    traceback = error.__traceback__
    place: Origin | None = None
    while traceback is not None:
        origins = _origins.get(traceback.tb_frame.f_code.co_filename)
        if origins is not None:
            place = _origin_of(origins, traceback.tb_lineno) or place
        traceback = traceback.tb_next
    if place is None:
        return
    note = f'In generated code; it came from\n  File "{place.filename}", line {place.line}\n    {place.text}'
    if note not in getattr(error, "__notes__", ()):
        error.add_note(note)


def _origin_of(origins: dict[int, Origin], line: int) -> Origin | None:
    """The origin of a generated line; a line of a longer statement has that of the statement's first line."""
    known = [number for number in origins if number <= line]
    return origins[max(known)] if known else None


def _register(printed: Printed) -> str:
    digest = hashlib.sha256(printed.source.encode()).hexdigest()[:8]
    with _lock:
        filename, number = f"<autodiff {printed.name} {digest}>", 1
        while filename in _origins:
            number += 1
            filename = f"<autodiff {printed.name} {digest} {number}>"
        _origins[filename] = dict(printed.lines)
    linecache.cache[filename] = (len(printed.source), None, printed.source.splitlines(keepends=True), filename)
    return filename


def _forget(filename: str) -> None:
    with _lock:
        _origins.pop(filename, None)
    linecache.cache.pop(filename, None)
