"""Colours for Python source on a terminal: takes source text, gives it back with ANSI sequences.  Whether a stream
should be coloured follows the conventions of NO_COLOR and TERM."""

from __future__ import annotations

import io
import keyword
import os
import tokenize
from typing import IO

_RESET = "\x1b[0m"
_COMMENT, _STRING, _NUMBER, _KEYWORD, _NAME = "\x1b[2m", "\x1b[32m", "\x1b[36m", "\x1b[35m", "\x1b[1m"


def wants_colour(stream: IO[str] | None, when: str = "auto") -> bool:
    """Whether to colour what goes to `stream`: `always`, `never`, or `auto` (a terminal, and NO_COLOR is not set)."""
    if when != "auto":
        return when == "always"
    if stream is None or not stream.isatty():
        return False
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def highlight(source: str) -> str:
    """The source with its tokens coloured; what cannot be read as Python comes back unchanged."""
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    except (tokenize.TokenError, SyntaxError):
        return source
    lines = source.splitlines(keepends=True)
    edits: list[tuple[int, int, str]] = []
    previous = ""
    for token in tokens:
        colour = _colour_of(token, previous)
        if colour and token.start[0] == token.end[0]:
            edits.append((token.start[0] - 1, token.start[1], colour))
            edits.append((token.end[0] - 1, token.end[1], _RESET))
        previous = token.string
    for line, column, sequence in reversed(edits):  # from the end, so that columns stay true
        lines[line] = lines[line][:column] + sequence + lines[line][column:]
    return "".join(lines)


def _colour_of(token: tokenize.TokenInfo, previous: str) -> str:
    if token.type == tokenize.COMMENT:
        return _COMMENT
    if token.type == tokenize.STRING:
        return _STRING
    if token.type == tokenize.NUMBER:
        return _NUMBER
    if token.type == tokenize.NAME and keyword.iskeyword(token.string):
        return _KEYWORD
    return _NAME if previous == "def" else ""
