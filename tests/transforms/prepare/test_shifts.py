"""Extremes whose derivative cancels: where they are found, where not, and the gradients of both."""

from __future__ import annotations

import numpy as np
import pytest

import autodiff as ad

MATRIX = np.array([[0.3, -1.2, 2.0, 2.0], [1.5, 1.5, 1.5, 1.5], [-800.0, 4.0, 900.0, 899.0]])
VECTOR = np.array([0.4, 1.1, 1.1, -3.0])
WEIGHTS = np.array([[1.0, -0.5, 0.25, 2.0], [0.1, 0.2, -0.3, 0.4], [3.0, -1.0, 0.5, 0.7]])


def softmax(x, axis):
    e = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def log_sum_exp(x):
    top = np.max(x, axis=1, keepdims=True)
    return np.sum(np.squeeze(top, axis=1) + np.log(np.sum(np.exp(x - top), axis=1)))


def log_sum_exp_of_columns(x):
    top = x.max(0)
    return np.sum(np.log(np.exp(x - top[None, :]).sum(0)) + top)


def log_sum_exp_of_all(x):
    top = np.max(x)
    return np.log(np.sum(np.exp(x - top))) + top


def log_mean_exp_by_the_smallest(x):
    low = -np.min(-x)
    return np.log(np.mean(np.exp(-(low - x)))) + low


def weighted_softmax(x):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    p = e / np.sum(e, axis=1)[:, None]
    return np.sum(p * WEIGHTS)


def weighted_log_softmax(x):
    shifted = x - np.max(x, axis=-1, keepdims=True)
    return np.sum(WEIGHTS * (shifted - np.log(np.sum(np.exp(shifted), axis=-1, keepdims=True))))


def scaled_exponents(x):
    top = np.max(x, axis=1, keepdims=True)
    e = np.exp(0.5 * (x - top))
    return np.sum(2.0 * np.log(np.sum(e, axis=1)) + top[:, 0])




PROGRAMS = {  # program, its gradient at x
    "log-sum-exp of rows": (log_sum_exp, MATRIX, lambda x: softmax(x, 1)),
    "of columns": (log_sum_exp_of_columns, MATRIX, lambda x: softmax(x, 0)),
    "of a vector": (log_sum_exp_of_all, VECTOR, lambda x: softmax(x, 0)),
    "of all of a matrix": (log_sum_exp_of_all, MATRIX, lambda x: softmax(x.ravel(), 0).reshape(x.shape)),
    "mean, negated": (log_mean_exp_by_the_smallest, VECTOR, lambda x: softmax(x, 0)),
    "softmax": (
        weighted_softmax,
        MATRIX,
        lambda x: softmax(x, 1) * (WEIGHTS - np.sum(softmax(x, 1) * WEIGHTS, axis=1, keepdims=True)),
    ),
    "log-softmax": (
        weighted_log_softmax,
        MATRIX,
        lambda x: WEIGHTS - softmax(x, 1) * WEIGHTS.sum(axis=1, keepdims=True),
    ),
    "scaled": (scaled_exponents, MATRIX, lambda x: softmax(0.5 * x, 1)),
}


@pytest.mark.parametrize("program, x, expected", PROGRAMS.values(), ids=PROGRAMS)
def test_extremes_that_only_shift_have_no_derivative(program, x, expected):
    gradient = ad.grad(program)
    np.testing.assert_allclose(gradient(x), expected(x), rtol=1e-12, atol=1e-14)
    source = gradient.source_for(x)
    assert "==" not in source and "extremes" not in source and "cancelling" not in source


def test_second_derivatives_of_log_sum_exp():
    def along(x):
        return np.sum(ad.grad(log_sum_exp_of_all)(x) * np.array([1.0, -2.0, 0.5, 3.0]))

    p = softmax(VECTOR, 0)
    hessian = np.diag(p) - np.outer(p, p)
    np.testing.assert_allclose(ad.grad(along)(VECTOR), hessian @ [1.0, -2.0, 0.5, 3.0], rtol=1e-12)


def not_in_the_end(x):
    top = np.max(x)
    return np.sum(np.exp(x - top)) + top


def twice(x):
    top = np.max(x)
    return np.log(np.sum(np.exp(x - top))) + 2.0 * top


def other_sum(x):
    top = np.max(x, axis=1, keepdims=True)
    return np.log(np.sum(np.exp(x - top))) + np.sum(top)


def crossed(x):
    top = np.max(x, axis=1)
    return np.sum(np.log(np.sum(np.exp(x - top[None, :3].T), axis=1)) + top)


def square_with_wrong_axis(x):
    top = np.max(x, axis=1)
    return np.sum(np.log(np.sum(np.exp(x - top), axis=1)) + top)


def in_a_branch(x):
    top = np.max(x)
    y = np.log(np.sum(np.exp(x - top)))
    if y > 0.0:
        y = y + top
    return y


def of_elements(x):
    top = np.max(x, axis=1, keepdims=True)
    low = np.exp(x - top)[:, 0]
    return np.sum(np.log(low) + 0.5 * top[:, 0])


OTHERS = [not_in_the_end, twice, in_a_branch]
MATRICES = [other_sum, crossed, of_elements]


@pytest.mark.parametrize("program", [*OTHERS, *MATRICES, square_with_wrong_axis], ids=lambda program: program.__name__)
def test_other_extremes_keep_their_derivative(program):
    distinct = np.array([[0.3, -1.2, 2.1, 0.7], [1.5, 0.9, -1.1, 0.2], [0.8, 0.4, 0.1, 1.9]])
    x = distinct[0] if program in OTHERS else distinct
    x = distinct[:, :3].copy() if program is square_with_wrong_axis else x
    ad.check_grads(program, (x,))
    assert "==" in ad.grad(program).source_for(x)
