"""Where NumPy reads what it is changing, and where it makes an array of an object: right, or refused."""

from __future__ import annotations

import numpy as np
import pytest

import autodiff as ad
from tests.corpus.reference import assert_close, function_from, numeric_gradient
from tests.orders import run_generic

X = np.array([0.73, -1.41, 2.32, 0.36])
REFUSED = (ad.AutodiffError, ad.DerivativeRefused)

FLAT = {
    "y = (x * 1.1)[::-1]\ny.flat = y[::-1]": False,
    "y = x * 1.1\ny[1:].flat = y[:-1]": False,
    "y = x * 1.1\nz = y[::-1]\nz.flat = y": False,
    "y = x * 1.1\ny.flat[:] = y[::-1]": False,
    "y = x * 1.1\ny.flat = y[::-1]": True,  # not contiguous: NumPy copies it before
    "y = x * 1.1\ny.flat = y": True,
    "y = x * 1.1\ny.flat = x[::-1]": True,
    "y = x * 1.1\ny.flat[1:] = x[:-1]": True,
    "y = x * 1.1\ny.flat = y[::-1].copy()": True,
    "y = x[::-1] * 1.1\ny.flat = [x[0], x[1], 2.0, 3.0]": True,
}


@pytest.mark.parametrize("lines", FLAT)
def test_assignments_to_flat_that_overlap(lines: str) -> None:
    text = "\n".join("    " + line for line in lines.splitlines())
    function = function_from(f"def f(x):\n{text}\n    return (y * y) @ np.arange(4.0)", "f")
    known = numeric_gradient(function, (X.copy(),), (0,))[0]
    gradient = ad.grad(function)
    if FLAT[lines]:
        assert_close(gradient(X.copy()), known, 1e-7)
    else:
        with pytest.raises(ad.DerivativeRefused, match="shares memory with it"):
            gradient(X.copy())
    try:
        assert_close(run_generic(gradient, (X.copy(),)), known, 1e-7)
    except REFUSED:
        pass


CLASSES = """
class Pair:
    {extra}
    def __init__(self, a):
        self.a = a
    def __len__(self):
        return 2
    def __getitem__(self, k):
        if k >= 2:
            raise IndexError(k)
        return self.a[k]
    def __radd__(self, other):
        return other * 3 + self.a[0]
    def __rmul__(self, other):
        return other * self.a[1]
    def __gt__(self, other):
        return self.a[0] > other
def f(x):
    return np.sum({value})
"""
OPERATIONS = (
    "x[0] + Pair(x)",
    "sum([Pair(x)], x[0])",
    "np.float64(2.0) * Pair(x)",
    "x[1] * Pair(x)",
    "x[:2] + Pair(x)",
)


@pytest.mark.parametrize("value", OPERATIONS)
def test_objects_of_which_numpy_makes_an_array(value: str) -> None:
    function = function_from(CLASSES.format(extra="", value=value), "f")
    with pytest.raises(ad.AutodiffError, match="NumPy makes an array of a Pair"):
        ad.grad(function)(X.copy())


@pytest.mark.parametrize("value", (*OPERATIONS, "1.5 + Pair(x)", "x[0].item() + Pair(x)"))
def test_objects_that_numpy_leaves_alone(value: str) -> None:
    function = function_from(CLASSES.format(extra="__array_ufunc__ = None", value=value), "f")
    assert_close(ad.grad(function)(X.copy()), numeric_gradient(function, (X.copy(),), (0,))[0], 1e-7)


MASKED = {
    "y = x * 1.1\ny[y < 10] = y[::-1]": False,
    "y = x * 1.1\nv = y[1:]\nv[v > -5] = y[:-1]": False,
    "y = x * 1.1\ny[y < 10] = y[::-1][y < 10]": True,
    "y = x * 1.1\ny[y < 10] = x[::-1]": True,
    "y = x * 1.1\ny[y < 1] *= y[0]": True,
    "y = x * 1.1\ny[[0, 1]] = y[1:3]": True,
}


@pytest.mark.parametrize("lines", MASKED)
def test_assignments_by_a_mask_that_overlap(lines: str) -> None:
    text = "\n".join("    " + line for line in lines.splitlines())
    function = function_from(f"def f(x):\n{text}\n    return (y * y) @ np.arange(4.0)", "f")
    known = numeric_gradient(function, (X.copy(),), (0,))[0]
    for gradient in (ad.grad(function), lambda x: run_generic(ad.grad(function), (x,))):
        if MASKED[lines]:
            assert_close(gradient(X.copy()), known, 1e-7)
        else:
            with pytest.raises(ad.DerivativeRefused, match="where a mask is true shares memory"):
                gradient(X.copy())


@pytest.mark.parametrize("view", ["values", "items", "keys"])
def test_views_of_a_dict_that_changes_are_refused(view: str) -> None:
    read = "table[item]" if view == "keys" else "item[1]" if view == "items" else "item"
    source = f"""
        def f(x):
            table = {{"a": x[0], "b": x[2]}}
            view = table.{view}()
            CHANGE
            total = 0.0
            for item in view:
                total = total * 2.0 + {read}
            return total"""
    plain = function_from(source.replace("CHANGE", "other = {'a': x[1]}"))
    assert_close(ad.grad(plain)(X.copy()), np.array([2.0, 0.0, 1.0, 0.0]))
    with pytest.raises(ad.UnsupportedSyntax, match="the iterator 'view' is yet to read is changed"):
        ad.grad(function_from(source.replace("CHANGE", "table['a'] = x[1]")))(X.copy())
