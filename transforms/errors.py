"""The exceptions of the project.  Whatever cannot be transformed is refused by one of these, with the place in the
user's source, a caret under it, what is not supported, and what to write instead."""

from __future__ import annotations

from transforms.core import Origin


class AutodiffError(Exception):
    """Base of every error that the project raises by itself.

    `message` says what is wrong, `advice` what to write instead, `origin` where in the user's source.
    """

    def __init__(self, message: str, advice: str = "", origin: Origin | None = None) -> None:
        self.message, self.advice, self.origin = message, advice, origin
        super().__init__(message, advice, origin)

    def __str__(self) -> str:
        lines = [self.message]
        if self.origin is not None:
            place = self.origin
            lines.append(f'  File "{place.filename}", line {place.line}')
            lines += caret_lines(place)
        if self.advice:
            lines.append(self.advice)
        return "\n".join(lines)


def caret_lines(place: Origin) -> list[str]:
    """The source line and a line of carets under the part that is meant."""
    import linecache

    raw = linecache.getline(place.filename, place.line).rstrip("\n") or place.text
    text = raw.strip()
    if not text:
        return []
    indent = len(raw) - len(raw.lstrip())
    start = min(max(place.column - indent, 0), len(text))
    end = place.end_column - indent if place.end_line == place.line else len(text)
    return ["    " + text, "    " + " " * start + "^" * max(1, min(end, len(text)) - start)]


class UnsupportedSyntax(AutodiffError, SyntaxError):
    """A construct of Python that cannot be transformed."""

    __str__ = AutodiffError.__str__


class SourceNotFound(AutodiffError, OSError):
    """The source of a function is not available, or is not that of the function."""

    __str__ = AutodiffError.__str__


class RuleNotFound(AutodiffError, NotImplementedError):
    """A derivative was asked of a function, or of an argument, for which there is no rule."""

    __str__ = AutodiffError.__str__


class TransformError(AutodiffError, TypeError):
    """The program cannot be transformed for another reason (mutation that cannot be followed, wrong types, ...)."""

    __str__ = AutodiffError.__str__


class DerivativeUndefined(AutodiffError, ValueError):
    """The derivative asked for does not exist: output not numeric, input not floating point, ..."""

    __str__ = AutodiffError.__str__
