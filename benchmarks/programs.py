"""The programs that are measured: plain Python and NumPy.  Peers that need another NumPy get this file with the import
exchanged."""

import numpy as np


def square(x):
    """Nothing but a call."""
    return x * x


def weighted(x, y):
    """Little more than a call."""
    return np.sum(x * x * y)


def float_loop(x):
    """1000 iterations on floats."""
    y = x
    for _ in range(1000):
        y = y + 0.01 * (x - y * y)
    return y


def sin_loop(x):
    """1000 scalar calls of NumPy."""
    y = x
    for _ in range(1000):
        y = np.sin(y) + 0.1 * x
    return y


def stencil_elements(start):
    """One sweep over 200 elements, each updated in place from its neighbours."""
    u = 1.0 * start
    for i in range(1, 199):
        u[i] = 0.5 * u[i] + 0.25 * (u[i - 1] + u[i + 1])
    return np.sum(u * u)


def stencil_slices(start):
    """100 steps of the heat equation on 200 points, in place on slices."""
    u = 1.0 * start
    for _ in range(100):
        u[1:-1] += 0.2 * (u[2:] - 2.0 * u[1:-1] + u[:-2])
    return np.sum(u * u)


def mlp(first, first_bias, second, second_bias, inputs, targets):
    """Mean squared error of a network with one hidden layer."""
    hidden = np.tanh(inputs @ first + first_bias)
    error = hidden @ second + second_bias - targets
    return np.mean(error * error)


def fifty_lines(x, y, table):
    """Fifty lines of arithmetic, branches, loops and array updates."""
    total = 0.0
    a = x * y + np.sin(x)
    b = a * a - y / (1.0 + x * x)
    c = np.exp(-b * b) + np.log(1.0 + a * a)
    if c > 1.0:
        d = np.sqrt(c) + a
        e = d * b
    else:
        d = c * c * a
        e = d - b
    total = total + d * e
    work = np.zeros(10)
    for i in range(10):
        work[i] = a * i + b
        if i % 2 == 0:
            work[i] = work[i] * c
        else:
            work[i] = work[i] - e
    for i in range(1, 10):
        work[i] += 0.5 * work[i - 1]
    total = total + np.sum(work * work)
    scale = np.tanh(table)
    shifted = scale - np.mean(scale)
    spread = np.sqrt(np.mean(shifted * shifted) + 1e-3)
    normal = shifted / spread
    f = np.sum(normal * np.cos(normal))
    g = np.max(normal) - np.min(normal)
    total = total + f * g
    count = 0
    z = x
    while z < 10.0:
        z = z * 1.5 + 0.1
        count += 1
        if count > 20:
            break
    total = total + z * count
    h = np.where(table > 0.0, table * x, table * y)
    j = np.cumsum(h)
    k = j[-1] - j[0]
    total = total + k * k
    m = h[2:5] * h[:3]
    n = m @ m
    total = total + np.arctan(n)
    p = max(x, y) * min(a, b)
    q = abs(p) + x**3
    r = q / (2.0 + np.cos(q))
    s = (r + p) * (r - p)
    total = total + s * 0.1
    return total
