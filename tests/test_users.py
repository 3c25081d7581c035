"""Programs as people write them: objects with methods, trees of parameters, solvers, counters on objects."""

from __future__ import annotations

import numpy as np

import autodiff as ad


def numbers(shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


class Network:
    def __init__(self) -> None:
        self.first, self.bias, self.second = numbers((3, 5)), numbers((5,), seed=1), numbers((5, 1), seed=2)
        self.calls = 0

    def forward(self, x):
        hidden = np.maximum(x @ self.first + self.bias, 0)
        return hidden @ self.second

    def __call__(self, x):
        self.calls += 1
        return self.forward(x)


def differences(function, x, step=1e-6):
    result = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[index] += step
        down[index] -= step
        result[index] = (function(up) - function(down)) / (2 * step)
    return result


X, Y = numbers((7, 3), seed=3), numbers((7, 1), seed=4)


def test_an_object_with_methods_as_an_argument():
    network = Network()

    def loss(x, model):
        return np.mean((model.forward(x) - Y) ** 2)

    np.testing.assert_allclose(ad.grad(loss)(X, network), differences(lambda x: loss(x, network), X), atol=1e-7)


def test_a_callable_object_that_counts():
    network = Network()

    def loss(x, model):
        return np.mean((model(x) - Y) ** 2)

    found = ad.grad(loss)(X, network)
    assert network.calls == 1
    np.testing.assert_allclose(found, differences(lambda x: loss(x, network), X), atol=1e-7)


def test_an_object_in_a_closure():
    network = Network()

    def loss(x):
        return np.mean((network.forward(x) - Y) ** 2)

    np.testing.assert_allclose(ad.grad(loss)(X), differences(loss, X), atol=1e-7)
    network.second = network.second * 2.0
    np.testing.assert_allclose(ad.grad(loss)(X), differences(loss, X), atol=1e-7)


def test_a_tree_of_parameters_trained_for_some_steps():
    parameters = {"weight": numbers((3, 4)), "layers": [{"weight": numbers((4, 4), seed=k)} for k in range(2)]}

    def loss(tree):
        hidden = np.tanh(X @ tree["weight"])
        for layer in tree["layers"]:
            hidden = np.tanh(hidden @ layer["weight"])
        return np.mean((hidden - 0.5) ** 2)

    step = ad.value_and_grad(loss)
    values = []
    for _ in range(30):
        value, gradient = step(parameters)
        values.append(value)
        parameters = {
            "weight": parameters["weight"] - 0.5 * gradient["weight"],
            "layers": [
                {"weight": layer["weight"] - 0.5 * g["weight"]}
                for layer, g in zip(parameters["layers"], gradient["layers"])
            ],
        }
    assert values[-1] < 0.5 * values[0]


def test_a_loop_that_decides_on_values():
    def walk(x):
        count = 0
        while abs(x) > 1e-2:
            x = x / 2 if count % 2 == 0 else np.sin(x)
            count += 1
            if count > 10:
                return x * count
        return x

    expected = (walk(3 + 1e-6) - walk(3 - 1e-6)) / 2e-6
    np.testing.assert_allclose(ad.grad(walk)(3.0), expected, rtol=1e-6)


def test_newton_inside_and_its_implicit_derivative():
    def root(a):
        x = 1.0
        for _ in range(50):
            change = (x * x - a) / (2 * x)
            x = x - change
            if abs(change) < 1e-14:
                break
        return x

    np.testing.assert_allclose(ad.grad(root)(2.0), 0.5 / np.sqrt(2.0), rtol=1e-12)
