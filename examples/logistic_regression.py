"""Softmax regression on the handwritten digits that come with scikit-learn.

The loss is plain NumPy; `ad.value_and_grad` differentiates it in the weights and the biases.  Gradient descent with
momentum fits them; the picture shows the ten weight vectors as images.
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

import autodiff as ad
from support import options, progress, save


def cross_entropy(logits, labels):
    """Mean negative log-probability of the labels."""
    shifted = logits - np.max(logits, axis=1, keepdims=True)
    log_total = np.log(np.sum(np.exp(shifted), axis=1))
    return np.mean(log_total - shifted[np.arange(len(labels)), labels])


def loss(weights, biases, images, labels, penalty=1e-4):
    return cross_entropy(images @ weights + biases, labels) + penalty * np.sum(weights**2)


def accuracy(weights, biases, images, labels):
    return np.mean(np.argmax(images @ weights + biases, axis=1) == labels)


def data(held_out=400):
    """Images with pixels in [0, 1] and labels, to train on and held out."""
    digits = load_digits()
    order = np.random.default_rng(0).permutation(len(digits.target))
    images, labels = digits.data[order] / 16.0, digits.target[order]
    return images[held_out:], labels[held_out:], images[:held_out], labels[:held_out]


def fit(images, labels, steps, rate=2.0, momentum=0.9):
    """The weights and biases, and the loss at each step."""
    weights, biases = np.zeros((images.shape[1], 10)), np.zeros(10)
    weights_step, biases_step = np.zeros_like(weights), np.zeros_like(biases)
    loss_and_gradient = ad.value_and_grad(loss, argnums=(0, 1))
    history = []
    for _ in progress(steps, "logistic regression"):
        value, (weights_bar, biases_bar) = loss_and_gradient(weights, biases, images, labels)
        weights_step = momentum * weights_step - rate * weights_bar
        biases_step = momentum * biases_step - rate * biases_bar
        weights, biases = weights + weights_step, biases + biases_step
        history.append(float(value))
    return weights, biases, history


def picture(weights, history):
    figure, axes = plt.subplots(2, 6, figsize=(12, 4), layout="constrained")
    for digit, axis in enumerate(axes[:, :5].flat):
        axis.imshow(weights[:, digit].reshape(8, 8), cmap="RdBu_r")
        axis.set_title(f"weights of {digit}", fontsize=8)
        axis.axis("off")
    axes[0, 5].plot(history)
    axes[0, 5].set_title("loss", fontsize=8)
    axes[1, 5].axis("off")
    return figure


def main():
    chosen = options(__doc__)
    train_images, train_labels, test_images, test_labels = data()
    weights, biases, history = fit(train_images, train_labels, steps=60 if chosen.short else 400)
    print(f"first loss: {history[0]:.4f}")
    print(f"final loss: {history[-1]:.4f}")
    print(f"accuracy on {len(test_labels)} held-out digits: {accuracy(weights, biases, test_images, test_labels):.4f}")
    save(picture(weights, history), chosen.picture, "logistic_regression.png")


if __name__ == "__main__":
    main()
