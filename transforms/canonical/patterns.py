"""Match statements: every case becomes a test followed by `if`."""

from __future__ import annotations

from transforms.canonical import jumps
from transforms.canonical.statements import Statements
from transforms.core import Atom


class Patterns(Statements):
    """Lowers match statements."""

    def case_test(self, node: jumps.Cases) -> Atom:
        self.refuse(node.cases[0].pattern, "match is not supported yet")
