"""A multilayer perceptron on the handwritten digits that come with scikit-learn.

The parameters are a list of dicts, one for each layer, and the gradient is a list of dicts of the same form.  Adam,
written out, trains on shuffled batches; the picture shows the loss and the digits that are still taken for others.
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np

import autodiff as ad
from logistic_regression import cross_entropy, data
from support import options, progress, save


def network(layers, images):
    """The logits of a batch of images."""
    values = images
    for layer in layers[:-1]:
        values = np.tanh(values @ layer["weights"] + layer["biases"])
    return values @ layers[-1]["weights"] + layers[-1]["biases"]


def loss(layers, images, labels):
    return cross_entropy(network(layers, images), labels)


def initial(sizes, random):
    """Layers with weights of unit gain."""
    return [
        {"weights": random.standard_normal((inputs, outputs)) / np.sqrt(inputs), "biases": np.zeros(outputs)}
        for inputs, outputs in zip(sizes[:-1], sizes[1:])
    ]


def zeros_like(layers):
    return [{name: np.zeros_like(array) for name, array in layer.items()} for layer in layers]


def adam(layers, gradient, first, second, step, rate):
    """One step of Adam, in place, on every array of the layers."""
    for index, layer in enumerate(layers):
        for name in layer:
            slope = gradient[index][name]
            first[index][name] = 0.9 * first[index][name] + 0.1 * slope
            second[index][name] = 0.999 * second[index][name] + 0.001 * slope**2
            mean = first[index][name] / (1.0 - 0.9 ** (step + 1))
            square = second[index][name] / (1.0 - 0.999 ** (step + 1))
            layer[name] = layer[name] - rate * mean / (np.sqrt(square) + 1e-8)


def fit(layers, images, labels, epochs, random, batch=64, rate=3e-3):
    """Train in place; returns the loss of every batch."""
    loss_and_gradient = ad.value_and_grad(loss, argnums=0)
    first, second = zeros_like(layers), zeros_like(layers)
    history = []
    for _ in progress(epochs, "multilayer perceptron"):
        order = random.permutation(len(labels))
        for start in range(0, len(order) - batch + 1, batch):
            chosen = order[start : start + batch]
            value, gradient = loss_and_gradient(layers, images[chosen], labels[chosen])
            adam(layers, gradient, first, second, len(history), rate)
            history.append(float(value))
    return history


def picture(history, images, labels, taken_for):
    figure, axes = plt.subplots(1, 9, figsize=(14, 2.2), gridspec_kw={"width_ratios": [3] + [1] * 8})
    axes[0].semilogy(history)
    axes[0].set_title("loss", fontsize=8)
    for axis in axes[1:]:
        axis.axis("off")
    for axis, index in zip(axes[1:], np.flatnonzero(taken_for != labels)):
        axis.imshow(images[index].reshape(8, 8), cmap="gray_r")
        axis.set_title(f"{labels[index]} taken for {taken_for[index]}", fontsize=7)
    return figure


def main():
    chosen = options(__doc__)
    random = np.random.default_rng(1)
    train_images, train_labels, test_images, test_labels = data()
    layers = initial((64, 64, 32, 10), random)
    print(f"first loss: {loss(layers, train_images, train_labels):.4f}")
    history = fit(layers, train_images, train_labels, 6 if chosen.short else 60, random)
    taken_for = np.argmax(network(layers, test_images), axis=1)
    print(f"final loss: {loss(layers, train_images, train_labels):.4f}")
    print(f"accuracy on {len(test_labels)} held-out digits: {np.mean(taken_for == test_labels):.4f}")
    save(picture(history, test_images, test_labels, taken_for), chosen.picture, "mlp_digits.png")


if __name__ == "__main__":
    main()
