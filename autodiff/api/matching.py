"""Tangents and cotangents that a caller gives: in the form of the value that they belong to."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff import trees
from autodiff.api.transformed import _kind


def matching(given: Any, value: Any, name: str, of: str) -> Any:
    """The (co)tangent `given` in the structure and precision of the value; refused where it does not fit.

    `name` and `of` say what the two are, in messages: "the cotangent of f" and "the output".
    """

    def fit(expected: Any, given: Any, path: str) -> Any:
        where = f" at {path}" if path else ""
        if not trees.is_leaf(expected):
            if (
                trees.is_leaf(given)
                or type(given) is not type(expected)
                or len(trees.children(given)) != len(trees.children(expected))
            ):
                raise TypeError(
                    f"{name}{where} has to be {_kind(expected)} of {len(trees.children(expected))} "
                    f"like {of}, not {given!r}"
                )
            parts = [
                fit(item, other, path + part)
                for (part, item), (_, other) in zip(trees.children(expected), trees.children(given))
            ]
            return trees.rebuild(expected, parts)
        if not trees.is_inexact(expected):
            return given
        if not trees.is_number(given):
            raise TypeError(f"{name}{where} has to be a number or an array, not {_kind(given)}")
        if np.shape(given) != np.shape(expected):
            raise ValueError(
                f"{name}{where} has shape {np.shape(given)}, but {of} has {np.shape(expected)}"
            )
        if np.iscomplexobj(given) and not np.iscomplexobj(expected):
            raise TypeError(f"{name}{where} is complex, but {of} is real")
        if isinstance(expected, np.ndarray | np.generic):
            return np.asarray(given, expected.dtype) if isinstance(expected, np.ndarray) else expected.dtype.type(given)
        return given if isinstance(given, complex) else float(given)

    return fit(value, given, "")
