"""Second derivatives along a direction by chains of two transforms, against differences of the gradient.

    python -m tests.chains                      all programs of the corpus that are twice differentiable, all chains
    python -m tests.chains "grad of jvp" loops
"""

from __future__ import annotations

import copy
import itertools
import sys
import warnings
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np

import autodiff as ad
from autodiff.api.forward import Tangent
from tests.corpus import Program, programs
from tests.corpus.reference import function_from, total
from tests.orders import direction, moved
from tests.tangents import paired, tangent

STEP = 1e-5


def jvp_of_grad(program: Program, along: list[Any]) -> Any:
    """Forward over reverse: the sum of the tangents of the gradients."""
    arguments = copy.deepcopy(program.arguments[0])
    moving = Tangent(ad.grad(program.function, program.wrt), program.wrt)
    return total(moving.start(arguments, _tangents(program, arguments, along))[1])


def grad_of_jvp(program: Program, along: list[Any]) -> Any:
    """Reverse over forward: the gradient of the tangent, along the same direction."""
    function, moving = _directional(program, along)
    gradient = ad.grad(function, tuple(range(len(moving))))(*moving)
    return paired(list(gradient) if len(moving) > 1 else [gradient], along)


def jvp_of_jvp(program: Program, along: list[Any]) -> Any:
    """Forward over forward: the tangent of the tangent."""
    function, moving = _directional(program, along)
    return total(ad.jvp(function, moving, [tangent(x, line) for x, line in zip(moving, along)])[1])


CHAINS: dict[str, Callable[[Program, list[Any]], Any]] = {
    "jvp of grad": jvp_of_grad,
    "grad of jvp": grad_of_jvp,
    "jvp of jvp": jvp_of_jvp,
}


def expected(program: Program, along: list[Any], chain: str) -> float:
    """The same by differences of the gradient, which `tests/test_corpus.py` compares with closed forms."""

    def first(step: float) -> float:
        arguments = list(copy.deepcopy(program.arguments[0]))
        for position, line in zip(program.wrt, along):
            arguments[position] = moved(arguments[position], line, step)
        known = ad.grad(program.function, program.wrt)(*arguments)
        known = known if len(program.wrt) > 1 else (known,)
        return float(np.real(total(known) if chain == "jvp of grad" else sum(map(paired, known, along))))

    return (first(STEP) - first(-STEP)) / (2 * STEP)


def check(program: Program, chain: str) -> tuple[float, float]:
    """What a chain gives, and what it has to be."""
    seeds = itertools.count(1)
    along = [direction(program.arguments[0][position], seeds) for position in program.wrt]
    return float(np.real(CHAINS[chain](program, along))), expected(program, along, chain)


def is_right(found: float, known: float) -> bool:
    return bool(np.isclose(found, known, rtol=1e-4, atol=1e-5 * max(1.0, abs(known))))


def _tangents(program: Program, arguments: tuple, along: list[Any]) -> tuple[Any, ...]:
    return tuple(tangent(arguments[position], line) for position, line in zip(program.wrt, along))


def _directional(program: Program, along: list[Any]) -> tuple[Callable[..., Any], list[Any]]:
    """The tangent of a program as a function of what moves, all else fixed; and where it is taken."""
    arguments = copy.deepcopy(program.arguments[0])
    names = [f"a{k}" for k in range(len(arguments))]
    moving = ", ".join(names[position] for position in program.wrt)
    lines = [f"t{position}" for position in program.wrt]
    source = f"""
        def directional({moving}):
            inner = lambda {moving}: function({", ".join(names)})
            return jvp(inner, ({moving},), ({", ".join(lines)},))[1]"""
    fixed = {name: value for k, (name, value) in enumerate(zip(names, arguments)) if k not in program.wrt}
    tangents = dict(zip(lines, _tangents(program, arguments, along)))
    made = function_from(source, "directional", jvp=ad.jvp, function=program.function, **fixed, **tangents)
    return made, [arguments[position] for position in program.wrt]


def main(arguments: list[str]) -> int:
    warnings.simplefilter("ignore")
    chains = [name for name in CHAINS if name in arguments] or list(CHAINS)
    words = [word for word in arguments if word not in CHAINS]
    counts: Counter[str] = Counter()
    for program in programs():
        if program.order < 2 or words and not any(word in program.name for word in words):
            continue
        for chain in chains:
            try:
                found, known = check(program, chain)
                outcome = "right" if is_right(found, known) else f"WRONG: {found} and not {known}"
            except (ad.AutodiffError, ad.DerivativeRefused) as error:
                outcome = f"refused: {str(error).splitlines()[0]}"
            except Exception as error:
                outcome = f"FAILED: {error!r}"
            counts[outcome.partition(":")[0]] += 1
            if outcome != "right":
                print(f"{program.name}, {chain}: {outcome}", flush=True)
    print(dict(counts))
    return int(bool(counts["WRONG"] + counts["FAILED"]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
