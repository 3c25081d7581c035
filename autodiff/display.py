"""Shows generated source with colours in notebooks, with Python's own tokenizer."""

from __future__ import annotations

import html
import io
import keyword
import tokenize
from collections.abc import Iterator

_COLOURS = {"keyword": "#8250df", "string": "#0a6640", "comment": "#6e7781", "number": "#0550ae", "name": ""}


def pieces(source: str) -> Iterator[tuple[str, str]]:
    """The source in pieces: (kind, text), with kind "keyword", "string", "comment", "number", "name" or ""."""
    lines = source.splitlines(keepends=True)
    row, column = 1, 0
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            kind = _kind(token)
            if not kind:
                continue
            yield "", _between(lines, (row, column), token.start)
            yield kind, token.string
            row, column = token.end
    except (tokenize.TokenError, SyntaxError):
        pass  # what is left is shown without colours
    yield "", _between(lines, (row, column), (len(lines) + 1, 0))


def _kind(token: tokenize.TokenInfo) -> str:
    match token.type:
        case tokenize.NAME:
            return "keyword" if keyword.iskeyword(token.string) else "name"
        case tokenize.STRING:
            return "string"
        case tokenize.COMMENT:
            return "comment"
        case tokenize.NUMBER:
            return "number"
    return ""


def _between(lines: list[str], start: tuple[int, int], end: tuple[int, int]) -> str:
    (row, column), (end_row, end_column) = start, end
    if row > len(lines):
        return ""
    if row == end_row:
        return lines[row - 1][column:end_column]
    last = lines[end_row - 1][:end_column] if end_row <= len(lines) else ""
    return lines[row - 1][column:] + "".join(lines[row : end_row - 1]) + last


def highlight_html(source: str, title: str = "") -> str:
    """The source as an HTML block."""
    parts = []
    for kind, text in pieces(source):
        colour = _COLOURS.get(kind, "")
        escaped = html.escape(text)
        parts.append(f'<span style="color:{colour}">{escaped}</span>' if colour else escaped)
    head = f'<div style="color:#6e7781;font-size:90%">{html.escape(title)}</div>' if title else ""
    return f'{head}<pre style="line-height:1.3">{"".join(parts)}</pre>'
