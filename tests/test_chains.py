"""Chains of two transforms on the programs of the corpus, each program in one of the chains (`python -m tests.chains`
runs all of them)."""

from __future__ import annotations

import pytest

import autodiff as ad
from tests.chains import CHAINS, check, is_right
from tests.corpus import Program, programs

TWICE = [program for program in programs() if program.order >= 2]
CASES = [
    pytest.param(program, list(CHAINS)[k % len(CHAINS)], id=f"{program.name}-{list(CHAINS)[k % len(CHAINS)]}")
    for k, program in enumerate(TWICE)
]
# refused, or failing loudly, for now
OPEN = frozenset(
    {
        ("attributes.methods_of_the_class", "grad of jvp"),
        ("branches.match_on_classes", "grad of jvp"),
        ("classes.records_as_tuples", "grad of jvp"),
        ("containers.attributes_named_like_those_of_arrays", "grad of jvp"),
        ("dicts.dict_cleared", "grad of jvp"),
        ("dicts.items_deleted_in_loop", "grad of jvp"),
        ("functions.bound_method", "jvp of jvp"),
        ("iterators.joined_with_star", "grad of jvp"),
        ("objects.looked_up_in_an_empty_record", "grad of jvp"),
        ("pythons_library.moved", "grad of jvp"),
    }
)


@pytest.mark.parametrize("program, chain", CASES)
def test_second_derivative_along_a_direction(program: Program, chain: str) -> None:
    try:
        found, known = check(program, chain)
    except (ad.AutodiffError, ad.DerivativeRefused, TypeError, ValueError) as error:
        if (program.name, chain) in OPEN:
            pytest.xfail(str(error).splitlines()[0])
        raise
    assert is_right(found, known), (found, known)
