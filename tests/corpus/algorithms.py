"""Numeric algorithms as people write them: roots, integration, linear algebra by loops, dynamic programming, learning."""

from __future__ import annotations

import math

import numpy as np

from tests.corpus import register
from tests.corpus.reference import numbers

positive = numbers(4, low=0.4, high=1.6)
spd = (lambda a: a @ a.T + 3.0 * np.eye(3))(numbers(3, 3))


def newton_square_root(a):
    x = a
    for _ in range(20):
        x = x - (x * x - a) / (2.0 * x)
    return x


register(newton_square_root, (2.0,), (9.0,), gradient=lambda a: 0.5 / math.sqrt(a))


def newton_until_converged(a):
    x = 1.0 + a
    step = 1.0
    while abs(step) > 1e-12:
        step = (x**3 - a) / (3.0 * x * x)
        x = x - step
    return x


register(newton_until_converged, (2.0,), gradient=lambda a: a ** (-2 / 3) / 3, order=1)


def bisection_then_newton(a):
    low, high = 0.0, 4.0
    for _ in range(6):
        middle = 0.5 * (low + high)
        if math.exp(middle) * middle > a:
            high = middle
        else:
            low = middle
    x = 0.5 * (low + high)
    for _ in range(6):
        x = x - (x * math.exp(x) - a) / (math.exp(x) * (1 + x))
    return x


def lambert_derivative(a):
    w = 1.0
    for _ in range(50):
        w = w - (w * math.exp(w) - a) / (math.exp(w) * (1 + w))
    return 1 / (math.exp(w) * (1 + w))


register(bisection_then_newton, (3.0,), gradient=lambert_derivative)


def runge_kutta(y0, rate, steps):
    def slope(t, y):
        return -rate * y + math.sin(t)

    h = 1.0 / steps
    y, t = y0, 0.0
    for _ in range(steps):
        k1 = slope(t, y)
        k2 = slope(t + h / 2, y + h / 2 * k1)
        k3 = slope(t + h / 2, y + h / 2 * k2)
        k4 = slope(t + h, y + h * k3)
        y = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        t += h
    return y


register(runge_kutta, (1.3, 0.7, 5), wrt=(0, 1))


def runge_kutta_system(state, parameters):
    def slope(s):
        x, y = s
        a, b = parameters
        return np.array([a * x - x * y, x * y - b * y])

    h = 0.1
    for _ in range(4):
        k1 = slope(state)
        k2 = slope(state + 0.5 * h * k1)
        k3 = slope(state + 0.5 * h * k2)
        k4 = slope(state + h * k3)
        state = state + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
    return np.sum(state**2)


register(runge_kutta_system, (np.array([1.0, 0.5]), np.array([0.8, 0.6])), wrt=(0, 1))


def cholesky_log_determinant(a):
    n = a.shape[0]
    lower = np.zeros((n, n))
    for i in range(n):
        for j in range(i + 1):
            s = a[i, j]
            for k in range(j):
                s -= lower[i, k] * lower[j, k]
            if i == j:
                lower[i, j] = math.sqrt(s)
            else:
                lower[i, j] = s / lower[j, j]
    return 2.0 * sum(math.log(lower[i, i]) for i in range(n))


def cholesky_gradient(a):
    inverse = np.linalg.inv(a)
    return np.tril(inverse + inverse.T) - np.diag(np.diag(inverse))


register(cholesky_log_determinant, (spd,), gradient=cholesky_gradient)


def lu_solve(a, b):
    a = a.copy()
    b = b.copy()
    n = len(b)
    for k in range(n):
        pivot = k + int(np.argmax(np.abs(a[k:, k])))
        if pivot != k:
            a[[k, pivot]] = a[[pivot, k]]
            b[k], b[pivot] = b[pivot], b[k]
        for i in range(k + 1, n):
            factor = a[i, k] / a[k, k]
            a[i, k:] -= factor * a[k, k:]
            b[i] -= factor * b[k]
    x = np.zeros(n)
    for i in range(n - 1, -1, -1):
        x[i] = (b[i] - a[i, i + 1 :] @ x[i + 1 :]) / a[i, i]
    return np.sum(x * np.arange(1.0, n + 1))


def lu_solve_gradient(a, b):
    adjoint = np.linalg.solve(a.T, np.arange(1.0, len(b) + 1))
    return -np.outer(adjoint, np.linalg.solve(a, b)), adjoint


register(
    lu_solve,
    (np.array([[0.1, 2.0, 1.0], [3.0, 1.0, 0.5], [1.0, 1.0, 2.5]]), positive[:3]),
    wrt=(0, 1),
    gradient=lu_solve_gradient,
)


def gauss_seidel(b):
    x = np.zeros(4)
    for _ in range(60):
        for i in range(4):
            s = b[i]
            if i > 0:
                s += x[i - 1]
            if i < 3:
                s += x[i + 1]
            x[i] = s / 4.0
    return np.sum(x * x)


def gauss_seidel_gradient(b):
    a = 4 * np.eye(4) - np.eye(4, k=1) - np.eye(4, k=-1)
    return 2 * np.linalg.solve(a, np.linalg.solve(a, b))


register(gauss_seidel, (positive,), gradient=gauss_seidel_gradient)


def fourier_by_recursion(signal):
    def transform(real, imaginary):
        n = len(real)
        if n == 1:
            return real, imaginary
        even_r, even_i = transform(real[::2], imaginary[::2])
        odd_r, odd_i = transform(real[1::2], imaginary[1::2])
        k = np.arange(n // 2)
        c, s = np.cos(2 * np.pi * k / n), -np.sin(2 * np.pi * k / n)
        turned_r, turned_i = c * odd_r - s * odd_i, c * odd_i + s * odd_r
        return (
            np.concatenate([even_r + turned_r, even_r - turned_r]),
            np.concatenate([even_i + turned_i, even_i - turned_i]),
        )

    real, imaginary = transform(signal, np.zeros(len(signal)))
    return np.sum((real**2 + imaginary**2) * np.arange(len(signal)))


def fourier_gradient(signal):
    n = len(signal)
    matrix = np.exp(-2j * np.pi * np.outer(np.arange(n), np.arange(n)) / n)
    return 2 * np.real(np.conj(matrix).T @ (np.arange(n) * (matrix @ signal)))


register(fourier_by_recursion, (numbers(8),), gradient=fourier_gradient)


def matrix_power(a, n):
    result = np.eye(3)
    while n > 0:
        if n % 2:
            result = result @ a
        a = a @ a
        n //= 2
    return np.trace(result)


register(
    matrix_power,
    (numbers(3, 3), 6),
    (numbers(3, 3), 1),
    gradient=lambda a, n: n * np.linalg.matrix_power(a.T, n - 1),
)


def logistic_map(x, r, n):
    for _ in range(n):
        x = r * x * (1.0 - x)
    return x


register(logistic_map, (0.3, 2.9, 8), wrt=(0, 1))


def horner(coefficients, x):
    result = coefficients[0]
    for c in coefficients[1:]:
        result = result * x + c
    return result


register(
    horner,
    (positive, 0.7),
    wrt=(0, 1),
    gradient=lambda c, x: (x ** np.arange(3.0, -1, -1), np.polyval(np.polyder(c), x)),
)


def horner_list(coefficients, x):
    result = 0.0
    for c in reversed(coefficients):
        result = result * x + c
    return result


register(horner_list, ([1.0, 2.0, 3.0], 0.7), wrt=(0, 1), gradient=lambda c, x: ([1.0, x, x * x], 2 + 6 * x))


def continued_fraction(x, depth):
    value = 0.0
    for k in range(depth, 0, -1):
        value = x * x / (2 * k + 1 - value)
    return x / (1 - value)


register(continued_fraction, (0.7, 20), gradient=lambda x, depth: 1 / math.cos(x) ** 2)


def simpson(a, b, n):
    h = (b - a) / n
    total = math.exp(-a * a) + math.exp(-b * b)
    for i in range(1, n):
        x = a + i * h
        total += (4 if i % 2 else 2) * math.exp(-x * x)
    return total * h / 3


register(
    simpson, (0.2, 1.3, 400), wrt=(0, 1), gradient=lambda a, b, n: (-math.exp(-a * a), math.exp(-b * b))
)


def series_until_small(x):
    term, total, n = x, x, 1
    while abs(term) > 1e-17:
        term = -term * x * x / ((2 * n) * (2 * n + 1))
        total += term
        n += 1
    return total


register(series_until_small, (0.7,), gradient=math.cos)


def soft_time_warping(x, y):
    n, m = len(x), len(y)
    gamma = 0.5
    r = np.full((n + 1, m + 1), 1e3)
    r[0, 0] = 0.0
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            cost = (x[i - 1] - y[j - 1]) ** 2
            a, b, c = -r[i - 1, j] / gamma, -r[i, j - 1] / gamma, -r[i - 1, j - 1] / gamma
            top = max(a, b, c)
            soft = top + math.log(math.exp(a - top) + math.exp(b - top) + math.exp(c - top))
            r[i, j] = cost - gamma * soft
    return r[n, m]


register(soft_time_warping, (positive, numbers(3, seed=2)), wrt=(0, 1))


def edit_distance(weights, first, second):
    previous = [j * weights[0] for j in range(len(second) + 1)]
    for i, a in enumerate(first, 1):
        current = [i * weights[1]]
        for j, b in enumerate(second, 1):
            options = (
                current[j - 1] + weights[0],
                previous[j] + weights[1],
                previous[j - 1] + (0.0 if a == b else weights[2]),
            )
            current.append(min(options))
        previous = current
    return previous[-1]


register(
    edit_distance,
    (np.array([1.0, 1.1, 1.5]), "kitten", "sitting"),
    gradient=lambda w, a, b: np.array([1.0, 0.0, 2.0]),
)


def shortest_path(costs):
    n = costs.shape[0]
    best = [0.0] + [math.inf] * (n - 1)
    for node in range(n):
        for following in range(node + 1, n):
            candidate = best[node] + costs[node, following] ** 2
            if candidate < best[following]:
                best[following] = candidate
    return best[-1]


register(shortest_path, (numbers(4, 4, low=0.2),))


def viterbi_soft(emissions, transitions):
    score = emissions[0]
    for t in range(1, len(emissions)):
        table = score[:, None] + transitions
        top = table.max(axis=0)
        score = top + np.log(np.sum(np.exp(table - top), axis=0)) + emissions[t]
    return np.log(np.sum(np.exp(score)))


register(viterbi_soft, (numbers(3, 2), numbers(2, 2, seed=1)), wrt=(0, 1))


def k_means_step(points, centres):
    distance = ((points[:, None, :] - centres[None, :, :]) ** 2).sum(axis=2)
    nearest = np.argmin(distance, axis=1)
    loss = 0.0
    for k in range(len(centres)):
        members = points[nearest == k]
        if len(members) > 0:
            loss += np.sum((members - members.mean(axis=0)) ** 2)
    return loss + distance.min(axis=1).sum()


register(k_means_step, (numbers(5, 2), numbers(2, 2, seed=2)), wrt=(0, 1))


def cross_entropy(logits, labels):
    shifted = logits - logits.max(axis=1, keepdims=True)
    logarithms = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -np.mean(logarithms[np.arange(len(labels)), labels])


def cross_entropy_gradient(logits, labels):
    p = np.exp(logits)
    p = p / p.sum(axis=1, keepdims=True)
    p[np.arange(len(labels)), labels] -= 1.0
    return p / len(labels)


register(cross_entropy, (numbers(4, 3), np.array([0, 2, 1, 1])), gradient=cross_entropy_gradient)


def lstm(parameters, inputs):
    w, u, b = parameters
    size = u.shape[1]
    h = np.zeros(size)
    c = np.zeros(size)
    sigmoid = lambda a: 1.0 / (1.0 + np.exp(-a))  # noqa: E731
    for x in inputs:
        gates = w @ x + u @ h + b
        i, f, o, g = np.split(gates, 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
    return np.sum(h * h)


register(
    lstm,
    ((numbers(8, 3), numbers(8, 2, seed=1), numbers(8, seed=2)), numbers(3, 3, seed=3)),
    wrt=(0, 1),
)


def convolution_by_loops(image, kernel):
    rows, columns = image.shape
    kr, kc = kernel.shape
    out = np.zeros((rows - kr + 1, columns - kc + 1))
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            for a in range(kr):
                for b in range(kc):
                    out[i, j] += image[i + a, j + b] * kernel[a, b]
    return np.sum(np.tanh(out))


register(convolution_by_loops, (numbers(4, 4), numbers(2, 2, seed=1)), wrt=(0, 1))


def convolution_by_slices(image, kernel):
    rows, columns = image.shape[0] - 1, image.shape[1] - 1
    out = sum(
        kernel[a, b] * image[a : a + rows, b : b + columns]
        for a in range(kernel.shape[0])
        for b in range(kernel.shape[1])
    )
    return np.sum(np.maximum(out, 0.0) ** 2)


register(convolution_by_slices, (numbers(4, 4), numbers(2, 2, seed=1)), wrt=(0, 1))


def max_pool(image):
    total = 0.0
    for i in range(0, image.shape[0], 2):
        for j in range(0, image.shape[1], 2):
            total += np.max(image[i : i + 2, j : j + 2]) ** 2
    return total


register(max_pool, (numbers(4, 4),))


def mixture_likelihood(alphas, means, logs, data):
    total = 0.0
    for x in data:
        scores = []
        for k in range(len(alphas)):
            z = (x - means[k]) * np.exp(logs[k])
            scores.append(alphas[k] + np.sum(logs[k]) - 0.5 * z @ z)
        top = max(scores)
        total += math.log(sum(math.exp(s - top) for s in scores)) + top
    return total - len(data) * math.log(np.sum(np.exp(alphas)))


register(
    mixture_likelihood,
    (numbers(2), numbers(2, 2, seed=1), numbers(2, 2, seed=2), numbers(3, 2, seed=3)),
    wrt=(0, 1, 2),
)


def bundle_adjustment(camera, point, weight):
    rotation, centre, focal, distortion = camera[:3], camera[3:6], camera[6], camera[7]
    theta = math.sqrt(np.dot(rotation, rotation))
    axis = rotation / theta
    moved = point - centre
    crossed = np.array(
        [
            axis[1] * moved[2] - axis[2] * moved[1],
            axis[2] * moved[0] - axis[0] * moved[2],
            axis[0] * moved[1] - axis[1] * moved[0],
        ]
    )
    turned = moved * math.cos(theta) + crossed * math.sin(theta) + axis * (axis @ moved) * (1 - math.cos(theta))
    projected = turned[:2] / turned[2]
    radius = projected @ projected
    error = weight * (projected * focal * (1 + distortion * radius) - np.array([0.3, -0.2]))
    return error @ error + (1 - weight**2) ** 2


register(
    bundle_adjustment,
    (numbers(8, low=0.1, high=0.9), np.array([0.5, -0.6, 4.0]), 0.8),
    wrt=(0, 1, 2),
)


def many_bodies(positions, masses):
    energy = 0.0
    for i in range(len(masses)):
        for j in range(i):
            difference = positions[i] - positions[j]
            energy -= masses[i] * masses[j] / np.sqrt(difference @ difference + 0.01)
    return energy


register(many_bodies, (numbers(4, 3), positive), wrt=(0, 1))


def leapfrog(positions, velocities, steps):
    x, v = positions.copy(), velocities.copy()
    for _ in range(steps):
        v -= 0.05 * x / (np.sum(x * x) + 0.1)
        x += 0.1 * v
        v -= 0.05 * x / (np.sum(x * x) + 0.1)
    return np.sum(x * v)


register(leapfrog, (numbers(2), numbers(2, seed=1), 4), wrt=(0, 1))


def heat_equation(u, k, steps):
    u = u.copy()
    for _ in range(steps):
        laplacian = u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:] - 4 * u[1:-1, 1:-1]
        u[1:-1, 1:-1] += k * laplacian
    return np.sum(u**2)


register(heat_equation, (numbers(4, 5), numbers(2, 3, low=0.05, high=0.2), 3), wrt=(0, 1))


def black_scholes(spot, strike, volatility, rate, years):
    def normal_cdf(z):
        return 0.5 * (1.0 + math.erf(z / math.sqrt(2.0)))

    spread = volatility * math.sqrt(years)
    d1 = (math.log(spot / strike) + (rate + 0.5 * volatility**2) * years) / spread
    d2 = d1 - spread
    return spot * normal_cdf(d1) - strike * math.exp(-rate * years) * normal_cdf(d2)


def greeks(spot, strike, volatility, rate, years):
    spread = volatility * math.sqrt(years)
    d1 = (math.log(spot / strike) + (rate + 0.5 * volatility**2) * years) / spread
    delta = 0.5 * (1 + math.erf(d1 / math.sqrt(2)))
    return delta, spot * math.exp(-d1 * d1 / 2) / math.sqrt(2 * math.pi) * math.sqrt(years)


register(black_scholes, (100.0, 95.0, 0.2, 0.05, 1.5), wrt=(0, 2), gradient=greeks)


def binomial_option(spot, volatility, n):
    up = math.exp(volatility * math.sqrt(1.0 / n))
    p = (1.0 - 1 / up) / (up - 1 / up)
    values = [max(100.0 - spot * up ** (n - 2 * k), 0.0) for k in range(n + 1)]
    for step in range(n - 1, -1, -1):
        for k in range(step + 1):
            kept = p * values[k] + (1 - p) * values[k + 1]
            values[k] = max(kept, 100.0 - spot * up ** (step - 2 * k))
    return values[0]


register(binomial_option, (93.0, 0.3, 6), wrt=(0, 1))


def gradient_descent_inside(a, b):
    x = 0.0
    for _ in range(5):
        slope = 2 * a * (x - b) + x**3
        x = x - 0.1 * slope
    return (x - 1.0) ** 2


register(gradient_descent_inside, (0.8, 1.4), wrt=(0, 1))


def power_iteration(a):
    v = np.ones(3) / math.sqrt(3)
    for _ in range(60):
        w = a @ v
        v = w / np.linalg.norm(w)
    return v @ a @ v


def eigenvector_gradient(a):
    v = np.linalg.eigh(a)[1][:, -1]
    return np.outer(v, v)


register(power_iteration, (spd,), tags=("rare",), order=1, gradient=eigenvector_gradient)


def gram_schmidt(m):
    basis = []
    for row in m:
        w = row.copy()
        for b in basis:
            w -= (w @ b) * b
        basis.append(w / math.sqrt(w @ w))
    return sum(np.sum(b * (k + 1.0)) for k, b in enumerate(basis))


register(gram_schmidt, (numbers(2, 3, seed=4),))


def thomas_algorithm(diagonal, right):
    n = len(right)
    c = np.zeros(n)
    d = np.zeros(n)
    c[0] = -1.0 / diagonal[0]
    d[0] = right[0] / diagonal[0]
    for i in range(1, n):
        m = diagonal[i] + c[i - 1]
        c[i] = -1.0 / m
        d[i] = (right[i] + d[i - 1]) / m
    x = d.copy()
    for i in range(n - 2, -1, -1):
        x[i] = d[i] - c[i] * x[i + 1]
    return np.sum(x)


def thomas_gradient(diagonal, right):
    a = np.diag(diagonal) - np.eye(len(right), k=1) - np.eye(len(right), k=-1)
    adjoint = np.linalg.solve(a.T, np.ones(len(right)))
    return -adjoint * np.linalg.solve(a, right), adjoint


register(thomas_algorithm, (positive + 3.0, positive), wrt=(0, 1), gradient=thomas_gradient)


def kalman_filter(noise, measurements):
    x, p, likelihood = 0.0, 1.0, 0.0
    for z in measurements:
        p = p + noise[0] ** 2
        s = p + noise[1] ** 2
        k = p / s
        likelihood += -0.5 * ((z - x) ** 2 / s + math.log(s))
        x = x + k * (z - x)
        p = (1 - k) * p
    return likelihood


register(kalman_filter, (np.array([0.5, 0.8]), positive), wrt=(0, 1))


def bouncing_ball(height, restitution):
    y, v, t = height, 0.0, 0.0
    for _ in range(40):
        v = v - 9.81 * 0.02
        y = y + v * 0.02
        t += 0.02
        if y < 0:
            y = -y * restitution
            v = -v * restitution
    return y + v * t


register(bouncing_ball, (1.0, 0.8), wrt=(0, 1), order=1)


def ray_march(origin, direction):
    t = 0.0
    for _ in range(30):
        p = origin + t * direction
        distance = np.sqrt(np.sum(p * p)) - 1.0
        if distance < 1e-9:
            break
        t = t + distance
    return t


register(ray_march, (np.array([0.1, 0.2, -3.0]), np.array([0.0, 0.0, 1.0])), wrt=(0, 1), order=1, tolerance=1e-6)


def softmax_attention(q, k, v):
    scores = q @ k.T / math.sqrt(q.shape[-1])
    scores = np.where(np.tril(np.ones(scores.shape)) > 0, scores, -1e9)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights /= weights.sum(axis=-1, keepdims=True)
    return np.sum((weights @ v) ** 2)


register(
    softmax_attention, (numbers(3, 2), numbers(3, 2, seed=1), numbers(3, 2, seed=2)), wrt=(0, 1, 2)
)


def batch_normalised_network(parameters, x, y):
    for w, b in parameters[:-1]:
        x = x @ w + b
        mean, variance = x.mean(axis=0), x.var(axis=0)
        x = np.maximum((x - mean) / np.sqrt(variance + 1e-3), 0.0)
    w, b = parameters[-1]
    return np.mean((x @ w + b - y) ** 2)


register(
    batch_normalised_network,
    (
        [(numbers(3, 4), numbers(4)), (numbers(4, 1, seed=1), numbers(1))],
        numbers(5, 3, seed=2),
        numbers(5, 1, seed=3),
    ),
    wrt=(0, 1),
    order=1,
)


def adam_steps(theta, gradients):
    m = np.zeros_like(theta)
    v = np.zeros_like(theta)
    for t, g in enumerate(gradients, start=1):
        m = 0.9 * m + 0.1 * g
        v = 0.99 * v + 0.01 * g**2
        theta = theta - 0.1 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.99**t)) + 1e-3)
    return np.sum(theta**2)


register(adam_steps, (numbers(3), numbers(3, 3, seed=1)), wrt=(0, 1))


def quicksort(items):
    if len(items) <= 1:
        return items
    pivot = items[0]
    below = [i for i in items[1:] if i < pivot]
    above = [i for i in items[1:] if i >= pivot]
    return quicksort(below) + [pivot] + quicksort(above)


def ranked_sum(items):
    return sum(k * v**2 for k, v in enumerate(quicksort(items)))


register(ranked_sum, ([3.0, 1.0, 2.0, 0.5],), gradient=lambda items: [18.0, 2.0, 8.0, 0.0])


def tree_evaluation(x, y):
    tree = ("+", ("*", "x", ("sin", "y")), ("*", "y", ("+", "x", 2.0)))

    def evaluate(node):
        if node == "x":
            return x
        if node == "y":
            return y
        if isinstance(node, float):
            return node
        match node:
            case ("+", a, b):
                return evaluate(a) + evaluate(b)
            case ("*", a, b):
                return evaluate(a) * evaluate(b)
            case ("sin", a):
                return math.sin(evaluate(a))

    return evaluate(tree)


register(
    tree_evaluation, (0.7, 1.3), wrt=(0, 1), gradient=lambda x, y: (math.sin(y) + y, x * math.cos(y) + x + 2)
)


def memoised_recursion(x, n):
    memory = {}

    def value(k):
        if k in memory:
            return memory[k]
        result = x if k < 2 else value(k - 1) * x + value(k - 2)
        memory[k] = result
        return result

    return value(n)


register(memoised_recursion, (0.7, 6))


def random_walk_with_given_noise(mu, sigma, noise):
    price = 1.0
    peak = price
    for e in noise:
        price = price * math.exp(mu + sigma * e)
        peak = max(peak, price)
    return peak - price


register(random_walk_with_given_noise, (0.1, 0.4, numbers(6, seed=5)), wrt=(0, 1, 2))


def ising_energy(spins, coupling):
    energy = 0.0
    rows, columns = spins.shape
    for i in range(rows):
        for j in range(columns):
            energy -= coupling * spins[i, j] * (spins[(i + 1) % rows, j] + spins[i, (j + 1) % columns])
    return energy


register(ising_energy, (numbers(3, 3), 0.7), wrt=(0, 1))


def romberg(x, levels):
    table = [[0.0] * levels for _ in range(levels)]
    for i in range(levels):
        n = 2**i
        h = x / n
        table[i][0] = h * (0.5 * (1.0 + math.cos(x)) + sum(math.cos(k * h) for k in range(1, n)))
        for j in range(1, i + 1):
            table[i][j] = table[i][j - 1] + (table[i][j - 1] - table[i - 1][j - 1]) / (4**j - 1)
    return table[-1][-1]


register(romberg, (1.1, 6), gradient=lambda x, levels: math.cos(x))


def interpolation(x, xs, ys):
    if x <= xs[0]:
        return ys[0]
    for i in range(1, len(xs)):
        if x < xs[i]:
            t = (x - xs[i - 1]) / (xs[i] - xs[i - 1])
            return (1 - t) * ys[i - 1] + t * ys[i]
    return ys[-1]


register(
    interpolation,
    (0.7, [0.0, 0.5, 1.5], [1.0, 3.0, 2.0]),
    (-1.0, [0.0, 0.5, 1.5], [1.0, 3.0, 2.0]),
    wrt=(0, 2),
)


def spiral_matrix(m):
    top, left, bottom, right = 0, 0, m.shape[0] - 1, m.shape[1] - 1
    factor, total = 1.0, 0.0
    while top <= bottom and left <= right:
        for j in range(left, right + 1):
            total += factor * m[top, j]
            factor *= 0.9
        top += 1
        for i in range(top, bottom + 1):
            total += factor * m[i, right] ** 2
            factor *= m[0, 0]
        right -= 1
        if top <= bottom:
            for j in range(right, left - 1, -1):
                total += factor * m[bottom, j]
            bottom -= 1
        left += 1
    return total


register(spiral_matrix, (numbers(3, 3, seed=2),))


def mandelbrot_distance(c_real, c_imaginary):
    x, y = 0.0, 0.0
    for n in range(30):
        x, y = x * x - y * y + c_real, 2 * x * y + c_imaginary
        if x * x + y * y > 100.0:
            return math.log(x * x + y * y) / 2**n
    return 0.0


register(mandelbrot_distance, (0.5, 0.6), wrt=(0, 1), order=1)


def jacobi_eigenvalue(a):
    a = a.copy()
    for _ in range(3):
        for p in range(2):
            for q in range(p + 1, 3):
                if abs(a[p, q]) < 1e-14:
                    continue
                angle = 0.5 * math.atan2(2 * a[p, q], a[q, q] - a[p, p])
                c, s = math.cos(angle), math.sin(angle)
                for k in range(3):
                    u, w = a[p, k], a[q, k]
                    a[p, k], a[q, k] = c * u - s * w, s * u + c * w
                for k in range(3):
                    u, w = a[k, p], a[k, q]
                    a[k, p], a[k, q] = c * u - s * w, s * u + c * w
    return a[0, 0] * 1.0 + a[1, 1] * 2.0 + a[2, 2] * 3.0


register(jacobi_eigenvalue, (spd,))
