"""Inputs on which rules are checked: generators of `(args, kwargs)` for the `samples` facet, over shapes that go wrong.

All numbers are deterministic, distinct (no accidental ties) and lie strictly inside the interval that is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

Sample = tuple[tuple[Any, ...], dict[str, Any]]
Samples = Callable[[], Iterator[Sample]]

SHAPES = ((), (0,), (1,), (3,), (2, 1, 3))
PAIRS = (
    ((), ()),
    ((), (3,)),
    ((1, 3), ()),
    ((3,), (3,)),
    ((1,), (3,)),
    ((1, 3), (3, 1)),
    ((3, 1), (3,)),
    ((2, 3), (1, 3)),
    ((2, 1, 3), (4, 1)),
    ((0, 3), (1, 3)),
    ((1, 1), (1,)),
)


def numbers(shape: tuple[int, ...], low: float = -2.0, high: float = 2.0, seed: int = 0) -> np.ndarray:
    """An array of numbers between `low` and `high`."""
    random = np.random.default_rng(seed + 17 * len(shape))
    return np.asarray(low + (high - low) * (0.02 + 0.96 * random.random(shape)))


def crossed(array: np.ndarray) -> np.ndarray:
    """The same numbers at another place in memory: not contiguous, of negative stride."""
    wide = np.repeat(array[..., None], 2, axis=-1)
    return np.flip(np.flip(wide, 0).copy(), 0)[..., 0] if array.ndim else array


def unary(low: float = -2.0, high: float = 2.0) -> Samples:
    """Samples of a function of one array."""

    def samples() -> Iterator[Sample]:
        yield (float(numbers((), low, high)),), {}
        yield (np.float32(numbers((), low, high)),), {}
        for shape in SHAPES:
            yield (numbers(shape, low, high),), {}
        yield (numbers((3,), low, high).astype(np.float32),), {}
        yield (crossed(numbers((3, 2), low, high)),), {}

    return samples


def binary(
    low: float = -2.0, high: float = 2.0, low_second: float | None = None, high_second: float | None = None
) -> Samples:
    """Samples of a function of two arrays that broadcast."""
    other = (low if low_second is None else low_second, high if high_second is None else high_second)

    def samples() -> Iterator[Sample]:
        yield (float(numbers((), low, high)), float(numbers((), *other, seed=1))), {}
        for left, right in PAIRS:
            yield (numbers(left, low, high), numbers(right, *other, seed=1)), {}
            yield (numbers(right, low, high), numbers(left, *other, seed=1)), {}
        single = numbers((3,), low, high).astype(np.float32)
        yield (single, numbers((2, 1), *other, seed=1).astype(np.float32)), {}
        yield (crossed(numbers((3, 2), low, high)), crossed(numbers((3, 1), *other, seed=1))), {}

    return samples


def scalars(*intervals: tuple[float, float]) -> Samples:
    """Samples of a function of Python floats, one interval for each argument."""

    def samples() -> Iterator[Sample]:
        for seed in range(3):
            yield tuple(float(numbers((), low, high, seed + 5 * k)) for k, (low, high) in enumerate(intervals)), {}

    return samples


def listed(*calls: Sample) -> Samples:
    """The samples given."""

    def samples() -> Iterator[Sample]:
        yield from calls

    return samples


def call(*arguments: Any, **keywords: Any) -> Sample:
    return arguments, keywords
