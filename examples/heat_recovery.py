"""The initial temperature of a plate, recovered from the temperature that is measured later.

The heat equation is stepped in place on slices of one array.  The gradient runs backwards through all steps and all
in-place updates; gradient descent with momentum finds the initial state.
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np

import autodiff as ad
from support import options, progress, save


def diffuse(initial, steps, rate=0.2):
    """The temperature after `steps` steps; the edge keeps its temperature."""
    plate = initial.copy()
    for _ in range(steps):
        inner = plate[1:-1, 1:-1]
        around = plate[2:, 1:-1] + plate[:-2, 1:-1] + plate[1:-1, 2:] + plate[1:-1, :-2]
        inner += rate * (around - 4.0 * inner)
    return plate


def loss(initial, measured, steps, penalty=1e-4):
    """Squared error of the final state, and a small price on rough initial states."""
    error = diffuse(initial, steps) - measured
    rough = np.sum((initial[1:] - initial[:-1]) ** 2) + np.sum((initial[:, 1:] - initial[:, :-1]) ** 2)
    return 0.5 * np.sum(error**2) + 0.5 * penalty * rough


def hot_plate(size):
    """A plate with two hot spots."""
    row, column = np.mgrid[0:size, 0:size] / (size - 1)
    ring = np.abs(np.hypot(row - 0.4, column - 0.4) - 0.2) < 0.06
    square = (np.abs(row - 0.75) < 0.1) & (np.abs(column - 0.75) < 0.1)
    return np.where(ring | square, 1.0, 0.0)


def recover(measured, steps, iterations, rate=0.5, momentum=0.9):
    """The initial state, and the loss at each iteration."""
    initial = measured.copy()
    change = np.zeros_like(initial)
    loss_and_gradient = ad.value_and_grad(loss)
    history = []
    for _ in progress(iterations, "heat recovery"):
        value, slope = loss_and_gradient(initial, measured, steps)
        change = momentum * change - rate * slope
        initial = initial + change
        history.append(float(value))
    return initial, history


def picture(true, measured, found, history):
    figure, axes = plt.subplots(1, 4, figsize=(14, 3.2))
    for axis, plate, title in zip(axes, (true, measured, found), ("true start", "measured later", "recovered start")):
        axis.imshow(plate, vmin=0.0, vmax=1.0, cmap="inferno")
        axis.set_title(title, fontsize=9)
        axis.axis("off")
    axes[3].semilogy(history)
    axes[3].set_title("loss", fontsize=9)
    return figure


def main():
    chosen = options(__doc__)
    size, steps, iterations = (24, 10, 60) if chosen.short else (48, 20, 400)
    true = hot_plate(size)
    noise = 0.002 * np.random.default_rng(3).standard_normal(true.shape)
    measured = diffuse(true, steps) + noise
    found, history = recover(measured, steps, iterations)
    print(f"first loss: {history[0]:.6f}")
    print(f"final loss: {history[-1]:.6f}")
    print(f"error of the measured state: {np.sqrt(np.mean((measured - true) ** 2)):.4f}")
    print(f"error of the recovered start: {np.sqrt(np.mean((found - true) ** 2)):.4f}")
    save(picture(true, measured, found, history), chosen.picture, "heat_recovery.png")


if __name__ == "__main__":
    main()
