"""Drag and restitution of a bouncing ball, found from noisy measurements of its height.

The simulation is a Python loop over time with a branch for the bounce, which happens within a step.  The gradient runs
through all of it; BFGS with a line search, written out, minimises the squared error.
"""

from __future__ import annotations

import math

import matplotlib.pyplot as plt
import numpy as np

import autodiff as ad
from support import options, progress, save

GRAVITY = 9.81
TRUE = np.array([0.08, 0.85])


def acceleration(velocity, drag):
    """Of a ball in air: gravity, and a drag against the motion that grows with its square."""
    return -GRAVITY - drag * velocity * abs(velocity)


def simulate(drag, restitution, times):
    """The heights at the given equally spaced times, starting at rest at height 2."""
    heights = np.empty(len(times))
    height, velocity = 2.0, 0.0
    heights[0] = height
    for index in range(1, len(times)):
        step = times[index] - times[index - 1]
        force = acceleration(velocity, drag)
        middle = velocity + 0.5 * step * force
        lower = height + step * middle
        if lower < 0.0:
            # The ball reaches the ground after `fall`, turns round, and flies on for the rest of the step.
            speed = math.sqrt(velocity**2 - 2.0 * force * height)
            fall = 2.0 * height / (speed - velocity)
            rebound = restitution * speed
            rest = step - fall
            force = acceleration(rebound, drag)
            height = rest * rebound + 0.5 * rest**2 * force
            velocity = rebound + rest * force
        else:
            force = acceleration(middle, drag)
            height = lower
            velocity = velocity + step * force
        heights[index] = height
    return heights


def loss(parameters, times, measured):
    """Mean squared error of the heights."""
    heights = simulate(parameters[0], parameters[1], times)
    return np.mean((heights - measured) ** 2)


def minimise(value_and_gradient, start, steps):
    """BFGS with a backtracking line search; returns the point and the value at each step."""
    point, inverse = start, np.eye(len(start))
    value, slope = value_and_gradient(point)
    history = [float(value)]
    for _ in progress(steps, "ball parameters"):
        direction = -inverse @ slope
        length = min(1.0, 0.05 / np.linalg.norm(direction)) if np.any(direction) else 0.0
        for _ in range(30):
            new_value, new_slope = value_and_gradient(point + length * direction)
            if new_value <= value + 1e-4 * length * slope @ direction:
                break
            length /= 2.0
        else:
            continue  # no lower value in this direction: the point stays
        moved, turned = length * direction, new_slope - slope
        point, value, slope = point + moved, new_value, new_slope
        history.append(float(value))
        if moved @ turned > 1e-14:
            along = np.eye(len(start)) - np.outer(moved, turned) / (moved @ turned)
            inverse = along @ inverse @ along.T + np.outer(moved, moved) / (moved @ turned)
    return point, history


def picture(times, measured, start, found, history):
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4))
    left.plot(times, measured, ".", color="silver", label="measured")
    left.plot(times, simulate(start[0], start[1], times), "--", label="start")
    left.plot(times, simulate(found[0], found[1], times), label="found")
    left.set(xlabel="time in s", ylabel="height in m")
    left.legend(fontsize=8)
    right.semilogy(history)
    right.set(xlabel="iteration", ylabel="mean squared error")
    return figure


def main():
    chosen = options(__doc__)
    times = np.linspace(0.0, 2.0 if chosen.short else 3.0, 201 if chosen.short else 601)
    noise = 0.01 * np.random.default_rng(2).standard_normal(len(times))
    measured = simulate(TRUE[0], TRUE[1], times) + noise
    start = np.array([0.02, 0.75])
    value_and_gradient = ad.value_and_grad(loss)
    found, history = minimise(lambda p: value_and_gradient(p, times, measured), start, 15 if chosen.short else 40)
    print(f"first loss: {history[0]:.6f}")
    print(f"final loss: {history[-1]:.6f}")
    print(f"drag: {found[0]:.4f} (true {TRUE[0]})")
    print(f"restitution: {found[1]:.4f} (true {TRUE[1]})")
    save(picture(times, measured, start, found, history), chosen.picture, "ode_parameters.png")


if __name__ == "__main__":
    main()
