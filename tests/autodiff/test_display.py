"""Highlighting changes the colours and never the text."""

from __future__ import annotations

import html
import re

import pytest

from autodiff.display import highlight_html

SOURCE = 'def f(x):\n    # a <comment>\n    if x < 3.5:\n        return "a\\n" & x\n    return """b\nc"""\n'


@pytest.mark.parametrize("source", [SOURCE, "", "x = (", "def f(:\n  1\n", "no newline"])
def test_text_is_unchanged(source):
    plain = re.sub(r"<span[^>]*>|</span>", "", highlight_html(source))
    inner = re.fullmatch(r"<pre[^>]*>(.*)</pre>", plain, re.DOTALL).group(1)
    assert html.unescape(inner) == source


def test_colours():
    shown = highlight_html(SOURCE, "a & b")
    assert '<span style="color:#8250df">def</span>' in shown
    assert "a &amp; b" in shown
    assert "# a &lt;comment&gt;" in shown
