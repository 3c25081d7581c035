"""A Gaussian mixture fitted to the points of an ADBench file by maximising the posterior density.

The inverse covariance factor of each component is a lower triangular matrix that the density builds entry by entry, in
place.  Adam follows the gradient; the picture shows the points and the components.
"""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import autodiff as ad
from support import options, progress, save

DATA = Path(__file__).resolve().parent / "data" / "gmm_d2_K5.txt"


def log_sum_exp(values, axis):
    largest = np.max(values, axis=axis, keepdims=True)
    return np.squeeze(largest, axis) + np.log(np.sum(np.exp(values - largest), axis=axis))


def triangle(log_diagonal, below):
    """The lower triangular factor with this log-diagonal and these entries below it, column by column."""
    size = len(log_diagonal)
    factor = np.zeros((size, size))
    position = 0
    for column in range(size):
        factor[column, column] = np.exp(log_diagonal[column])
        for row in range(column + 1, size):
            factor[row, column] = below[position]
            position += 1
    return factor


def log_posterior(log_weights, means, factors, points, gamma):
    """Log density of the points under the mixture plus the log of a Wishart prior, up to a constant.

    log_weights (k,), means (k, d), factors (k, d (d + 1) / 2): d log-diagonal entries, then those below the diagonal.
    """
    count, size = points.shape
    components = len(log_weights)
    scores = np.empty((count, components))
    penalty = 0.0
    for k in range(components):
        factor = triangle(factors[k, :size], factors[k, size:])
        scaled = (points - means[k]) @ factor.T
        scores[:, k] = log_weights[k] + np.sum(factors[k, :size]) - 0.5 * np.sum(scaled**2, axis=1)
        penalty += 0.5 * gamma**2 * np.sum(factor**2)
    normaliser = count * (log_sum_exp(log_weights, 0) + 0.5 * size * np.log(2.0 * np.pi))
    return np.sum(log_sum_exp(scores, 1)) - normaliser - penalty


def loss(log_weights, means, factors, points, gamma):
    """What is minimised: the negative log posterior for each point."""
    return -log_posterior(log_weights, means, factors, points, gamma) / len(points)


def read(path):
    """The initial parameters, the points and gamma of a file of ADBench."""
    numbers = iter(path.read_text().split())

    def take(*shape):
        return np.array([float(next(numbers)) for _ in range(int(np.prod(shape)))]).reshape(shape)

    size, components, count = (int(next(numbers)) for _ in range(3))
    log_weights, means = take(components), take(components, size)
    factors, points = take(components, size * (size + 1) // 2), take(count, size)
    gamma, _ = take(2)
    return log_weights, means, factors, points, gamma


def fit(parameters, points, gamma, steps, rate=0.05):
    """The parameters after `steps` steps of Adam, and the loss at each."""
    loss_and_gradient = ad.value_and_grad(loss, argnums=(0, 1, 2))
    first = [np.zeros_like(array) for array in parameters]
    second = [np.zeros_like(array) for array in parameters]
    history = []
    for step in progress(steps, "gaussian mixture"):
        value, gradient = loss_and_gradient(*parameters, points, gamma)
        history.append(float(value))
        for index, slope in enumerate(gradient):
            first[index] = 0.9 * first[index] + 0.1 * slope
            second[index] = 0.999 * second[index] + 0.001 * slope**2
            mean = first[index] / (1.0 - 0.9 ** (step + 1))
            square = second[index] / (1.0 - 0.999 ** (step + 1))
            parameters[index] = parameters[index] - rate * mean / (np.sqrt(square) + 1e-8)
    return parameters, history


def picture(parameters, points, history):
    log_weights, means, factors = parameters
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4))
    left.scatter(*points.T, s=4, color="silver")
    angle = np.linspace(0.0, 2.0 * np.pi, 100)
    circle = np.stack([np.cos(angle), np.sin(angle)])
    for weight, mean, factor in zip(np.exp(log_weights - log_sum_exp(log_weights, 0)), means, factors):
        ellipse = mean[:, None] + np.linalg.solve(triangle(factor[:2], factor[2:]), 2.0 * circle)
        left.plot(*ellipse, label=f"weight {weight:.2f}")
    left.set_title("points, and two standard deviations of each component", fontsize=8)
    left.legend(fontsize=7)
    right.plot(history)
    right.set(xlabel="step", ylabel="negative log posterior per point")
    return figure


def main():
    chosen = options(__doc__)
    log_weights, means, factors, points, gamma = read(DATA)
    parameters, history = fit([log_weights, means, factors], points, gamma, steps=40 if chosen.short else 600)
    print(f"first loss: {history[0]:.4f}")
    print(f"final loss: {loss(*parameters, points, gamma):.4f}")
    save(picture(parameters, points, history), chosen.picture, "gmm.png")


if __name__ == "__main__":
    main()
