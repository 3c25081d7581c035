"""Every rule in the registry, checked on its samples against finite differences, and for being complete."""

from __future__ import annotations

import importlib
import pkgutil

import numpy as np
import pytest

import transforms.rules
from tests.transforms.rules.fake_site import FakeSite
from tests.transforms.rules.harness import check_rule
from transforms.registry import Primitive, primitives

for module in pkgutil.iter_modules(transforms.rules.__path__):
    importlib.import_module(f"transforms.rules.{module.name}")

SAMPLED = [entry for entry in primitives() if entry.samples is not None and entry.adjoint is not None]


def _name(entry: Primitive) -> str:
    return entry.name


@pytest.mark.parametrize("entry", SAMPLED, ids=_name)
def test_adjoint_agrees_with_differences(entry: Primitive) -> None:
    assert entry.samples is not None
    count = 0
    for arguments, keywords in entry.samples():
        check_rule(entry, arguments, keywords)
        count += 1
    assert count


@pytest.mark.parametrize("entry", primitives(), ids=_name)
def test_facets_name_parameters(entry: Primitive) -> None:
    named = {*entry.wrt, *entry.linear, *entry.views, *entry.mutates, *entry.stores, *entry.shape_only}
    if named:
        assert entry.signature is not None, f"{entry.name} has facets and no signature"
        assert named <= set(entry.signature.parameters)


@pytest.mark.parametrize("entry", primitives(), ids=_name)
def test_every_primitive_says_what_it_is(entry: Primitive) -> None:
    says = entry.tangent or entry.is_constant or entry.adjoint or entry.refusal or entry.simplify or entry.result
    assert says or entry.stores or not entry.is_pure or entry.mutates or entry.views or entry.shape_only, entry.name


SIMPLIFIED = [entry for entry in SAMPLED if entry.simplify is not None and not entry.mutates]


@pytest.mark.parametrize("literals", [False, True], ids=["variables", "literals"])
@pytest.mark.parametrize("entry", SIMPLIFIED, ids=_name)
def test_simplified_form_computes_the_same(entry: Primitive, literals: bool) -> None:
    assert entry.samples is not None and entry.simplify is not None
    for arguments, keywords in entry.samples():
        site = FakeSite(entry, arguments, keywords, literals)
        atom = entry.simplify(site)
        if atom is not None:
            expected = entry.functions[0](*arguments, **keywords)
            compare_values(entry.name, site.read(atom), expected)


def compare_values(what: str, found: object, expected: object) -> None:
    """Assert that two results have the same structure, shapes, dtypes and numbers."""
    if isinstance(expected, (list, tuple)):
        assert isinstance(found, (list, tuple)) and len(found) == len(expected), what
        for one, other in zip(found, expected):
            compare_values(what, one, other)
        return
    assert np.shape(found) == np.shape(expected), what
    if isinstance(expected, (np.ndarray, np.generic)) and isinstance(found, (np.ndarray, np.generic)):
        assert found.dtype == expected.dtype, what
    np.testing.assert_allclose(found, expected, rtol=1e-12, err_msg=what)
