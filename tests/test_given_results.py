"""Functions that are given the array for their result, by `out=` or by `copy=False`.

Where NumPy refuses the array (its shape, its dtype, its layout), the gradient has to go the way that the plain program goes.
"""

from __future__ import annotations

import numpy as np
import pytest

import autodiff as ad
from tests.corpus.reference import function_from, numeric_gradient

X = np.linspace(0.3, 1.3, 4).reshape(2, 2)

CALLS = {  # what is called, and the shape of its result for x of shape (2, 2)
    "dot": ("np.dot(x, x, out=v)", (2, 2)),
    "method dot": ("x.dot(x, out=v)", (2, 2)),
    "matmul": ("np.matmul(x, x, out=v)", (2, 2)),
    "cumsum": ("np.cumsum(x, axis=0, out=v)", (2, 2)),
    "cumprod": ("x.cumprod(axis=1, out=v)", (2, 2)),
    "sum": ("np.sum(x, axis=0, out=v)", (2,)),
    "sum of all": ("np.sum(x, out=v)", ()),
    "method sum": ("x.sum(axis=1, out=v)", (2,)),
    "mean": ("np.mean(x, axis=0, out=v)", (2,)),
    "max": ("np.max(x, axis=0, out=v)", (2,)),
    "std": ("np.std(x, axis=0, out=v)", (2,)),
    "trace": ("np.trace(x, out=v)", ()),
    "einsum": ("np.einsum('ij,ik->jk', x, x, out=v)", (2, 2)),
    "take": ("np.take(x, [1, 0], axis=0, out=v)", (2, 2)),
    "method take": ("x.take([1, 1, 0], axis=1, out=v)", (2, 3)),
    "compress": ("np.compress([True, True], x, axis=0, out=v)", (2, 2)),
    "choose": ("np.choose(np.eye(2, dtype=int), [x, x * x], out=v)", (2, 2)),
    "round": ("np.round(x, out=v)", (2, 2)),
    "clip": ("np.clip(x, 0.5, 1.0, out=v)", (2, 2)),
    "concatenate": ("np.concatenate([x, x], out=v)", (4, 2)),
    "stack": ("np.stack([x, x], out=v)", (2, 2, 2)),
    "reduce": ("np.add.reduce(x, 0, out=v)", (2,)),
    "accumulate": ("np.multiply.accumulate(x, 0, out=v)", (2, 2)),
    "add": ("np.add(x, x, out=v)", (2, 2)),
    "exp": ("np.exp(x, v)", (2, 2)),
    "outer": ("np.multiply.outer(x, x[0], out=v)", (2, 2, 2)),
}
PLACES = {
    "fits": "np.zeros({shape})",
    "transposed": "np.zeros({shape}, order='F')",
    "every second": "np.zeros({double})[{steps}]",
    "another axis": "np.zeros((3, *{shape}))",
    "an axis of 1": "np.zeros((1, *{shape}))",
    "single precision": "np.zeros({shape}, np.float32)",
    "complex": "np.zeros({shape}, complex)",
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", CALLS)
def test_array_for_the_result(name: str, place: str) -> None:
    if name == "matmul" and place in ("another axis", "an axis of 1"):
        pytest.skip("refused by a test of its own")
    if (name, place) == ("round", "an axis of 1"):
        pytest.skip("np.round takes it, although its result has another shape")
    call, shape = CALLS[name]
    steps = ", ".join("::2" for _ in shape) or "()"
    double = tuple(2 * size for size in shape)
    source = f"""
        def f(x):
            v = {PLACES[place].format(shape=shape, double=double, steps=steps)}
            try:
                {call}
            except (ValueError, TypeError):
                return np.sum(x) * 3.0
            return np.sum(v.real * v.real)"""
    function = function_from(source)
    is_single = place == "single precision"
    known = numeric_gradient(function_from(source.replace("np.float32", "float")) if is_single else function, (X,), (0,))
    if is_single and np.isclose(function(X), 3 * np.sum(X)):  # refused by NumPy for its dtype
        known = (np.full((2, 2), 3.0),)
    for gradient in (ad.grad(function), ad.grad(lambda x: function(x))):
        np.testing.assert_allclose(gradient(X.copy()), known[0], rtol=1e-5 if is_single else 1e-7, atol=1e-9)


def test_broadcast_result_of_a_product_is_refused() -> None:
    function = function_from("def f(x):\n    v = np.zeros((3, 2, 2))\n    np.matmul(x, x, out=v)\n    return np.sum(v)")
    with pytest.raises(ad.DerivativeRefused, match="is given an array of shape"):
        ad.grad(function)(X)


IN_PLACE = {
    "changed": "np.nan_to_num(y, copy=False)\nreturn np.sum(y)",
    "returned": "z = np.nan_to_num(y, copy=False)\nz *= 2.0\nreturn np.sum(y)",
    "view": "np.nan_to_num(y[0], copy=False, nan=1.0)\nreturn np.sum(y)",
    "copy": "z = np.nan_to_num(y, nan=2.0)\nz *= y[1, 0]\nreturn np.sum(z) + y[1, 1]",
    "chosen": "z = np.nan_to_num(y, copy=y[1, 1] > 100.0)\nz *= 3.0\nreturn np.sum(y)",
    "number": "try:\n    np.nan_to_num(y[1, 0].item(), copy=False)\nexcept ValueError:\n    pass\nreturn np.nansum(y)",
}


@pytest.mark.parametrize("name", IN_PLACE)
def test_nan_to_num_in_place(name: str) -> None:
    body = IN_PLACE[name].replace("\n", "\n            ")
    function = function_from(f"""
        def f(x):
            y = x * 1.5
            {body}""")
    x = X.copy()
    x[0, 1] = np.nan
    known = np.zeros((2, 2))
    for place in ((0, 0), (1, 0), (1, 1)):  # the derivative by what is not a number is zero, by the rule of nan_to_num
        step = np.zeros((2, 2))
        step[place] = 1e-6
        known[place] = (function(x + step) - function(x - step)) / 2e-6
    value, gradient = ad.value_and_grad(function)(x.copy())
    np.testing.assert_allclose(value, function(x.copy()))
    np.testing.assert_allclose(np.delete(gradient.ravel(), 1), np.delete(known.ravel(), 1), rtol=1e-6)
    assert gradient[0, 1] == 0 or name == "number"
