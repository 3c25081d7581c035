"""Views, copies, and what is the one or the other depending on its arguments: what is changed through the result is
changed in the array exactly where NumPy shares the memory.

The derivative is compared with central differences, in specialised and in generic code and to the second order.
"""

from __future__ import annotations

import numpy as np
import pytest

import autodiff as ad
from tests.corpus.reference import assert_close, function_from, numbers, numeric_gradient
from tests.orders import run_generic
from transforms import runtime

X = numbers(3, 4, seed=1, low=0.2, high=1.3)
WEIGHTS = numbers(3, 4, seed=2)


def check(source: str, second: bool = False, tolerance: float = 1e-7) -> None:
    function = function_from(source)
    known = numeric_gradient(function, (X.copy(),), (0,))[0]
    gradient = ad.grad(function)
    assert_close(gradient(X.copy()), known, tolerance)
    try:
        assert_close(run_generic(gradient, (X.copy(),)), known, tolerance)
    except (ad.AutodiffError, ad.DerivativeRefused) as error:
        assert "ive example arguments" in str(error)
    if second:
        along = function_from(
            "def along(x):\n    return np.sum(gradient(x) * weights)", "along", gradient=gradient, weights=WEIGHTS
        )
        assert_close(ad.grad(along)(X.copy()), numeric_gradient(along, (X.copy(),), (0,))[0], 1e-5)


# ------------------------------------------------------------------------------------------- a view, or a copy

MADE = {
    "conj": "y.conj()",
    "conjugate": "y.conjugate()",
    "conj of a complex array": "(y + 1j * y).conj().real",
    "np.conj": "np.conj(y)",
    "array, copy=None": "np.array(y, copy=None)",
    "array, copy=False": "np.array(y, copy=False)",
    "array, copy=True": "np.array(y, copy=True)",
    "array, order": "np.array(y, copy=None, order='C')",
    "array, ndmin": "np.array(y, copy=None, ndmin=3)[0]",
    "array, subok": "np.array(y, copy=None, subok=True)",
    "asarray, copy": "np.asarray(y, copy=True)",
    "astype": "y.astype(float)",
    "astype, no copy": "y.astype(float, copy=False)",
    "astype of another type": "y.astype(complex).real",
    "asarray of another type": "np.asarray(y, dtype=complex).real",
    "array of another type": "np.array(y, dtype=complex, copy=None).real",
    "positive": "+y",
    "where": "np.where(y > 0, y, 0.0)",
    "chained rows": "list(itertools.chain(y, x))[1][None]",
    "extended rows": "extended([], y)[1][None]",
}
CHANGED = {
    "item": "v[0] = 2.0 * v[-1] * x[1, 1]",
    "all": "v *= x[0, 1]",
    "copyto": "np.copyto(v, 2.0 * v)",
}


@pytest.mark.parametrize("change", CHANGED)
@pytest.mark.parametrize("made", MADE)
def test_view_or_copy(made: str, change: str) -> None:
    check(f"""
        import itertools

        def extended(items, more):
            items.extend(list(more))
            return items

        def f(x):
            y = x * 1.5
            v = {MADE[made]}
            before = np.sum(y ** 2)
            {CHANGED[change]}
            return before + np.sum(y ** 3) + np.sum(v ** 2)
    """)


def test_whether_an_array_is_copied_is_only_known_at_run_time() -> None:
    check("""
        def f(x):
            y = x * 1.5
            v = np.array(y, copy=None if x[0, 0] > 0 else True)
            v[0] = 2.0 * x[1]
            return np.sum(y ** 3) + np.sum(v ** 2)
    """)


# ------------------------------------------------------------------------------------------------------- y.flat

ARRAYS = {"array": "x * 1.5", "transposed": "(x * 1.5).T", "strided": "(x * 1.5)[:, ::2]"}
FLAT = {
    "store": "v[1] = x[0, 0] ** 2",
    "from the end": "v[-1] = v[-2] * v[3]",
    "slice": "v[0:2] = v[1:3] * 2.0",
    "strided": "v[::2] += x[1, 1]",
    "places": "v[[0, 2]] = v[[2, 1]]",
    "repeated places": "v[[0, 0]] = [x[1, 1], x[1, 2]]",
    "values again and again": "v[0:4] = [x[1, 1], x[1, 2]]",
    "augmented": "v[1] *= x[0, 0]",
    "augmented slice": "v[1:3] += v[2:4]",
    "mask": "v[(y > 0.7771).ravel()] = x[1, 1]",
    "slice is a copy": "w = v[1:3]\n            w[0] = 7.0\n            y[0, 1] = x[1, 1]\n            v[0] = np.sum(w ** 2)",
    "copy": "w = v.copy()\n            w *= 2.0\n            v[0] = np.sum(w)",
    "all of another": "v[:] = x.flat[::-1]",
    "sum": "v[0] = np.sum(v)",
    "direct": "y.flat[3] = y.flat[1] * y.flat[0]",
    "assigned": "y.flat = x[0] * x[1]",
}
CONTIGUOUS = {
    "list": "w = list(v)\n            w[0] = 2.0\n            v[0] = sum(w)",
    "loop": "t = 0.0\n            for e in v:\n                t += e ** 2\n            v[0] = t",
    "enumerated": "for i, e in enumerate(y.flat):\n                v[i] = e * x[0, 0]",
    "unpacked": "a, b, *c = v\n            v[2] = a * b * c[1]",
    "zip": "for i, (a, b) in enumerate(zip(v, x.flat)):\n                y[0, i % 4] += a * b",
    "array": "w = np.array(v)\n            w *= 2.0\n            v[0] = np.sum(w)",
}
FLAT_CASES = [(made, done) for made in ARRAYS for done in FLAT] + [("array", done) for done in CONTIGUOUS]


@pytest.mark.parametrize("made, done", FLAT_CASES)
def test_flat(made: str, done: str) -> None:
    source = f"""
        def f(x):
            y = {ARRAYS[made]}
            v = y.flat
            {(FLAT | CONTIGUOUS)[done]}
            return np.sum(y ** 3 * np.cos(np.arange(float(y.size)).reshape(y.shape)))
    """
    check(source, second=made == "array")


def test_parts_of_the_items_of_a_dict_are_all_told_from_copies():
    table = {k: [np.zeros(2)] for k in range(20)}
    assert not runtime.is_copy([part for _, (part,) in table.items()], table.items())
    assert not runtime.is_copy(table.items(), table.items())
    assert runtime.is_copy([part + 1.0 for _, (part,) in table.items()], table.items())
