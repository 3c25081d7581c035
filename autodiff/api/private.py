"""A copy of what a call saved for its derivative, so that a pullback can be called again.

The adjoint program takes from its tapes and adds into its shadows.  `private` copies containers and arrays and keeps
who shares memory with whom: names of one object stay so, and views become views of the copy.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from transforms.operations import Cell


def private(value: Any) -> Any:
    """A copy with the same sharing inside; functions, numbers and objects of other classes are themselves."""
    return _Copier().copy(value)


class _Copier:
    def __init__(self) -> None:
        self.made: dict[int, Any] = {}
        self.kept: list[Any] = []  # what the numbers in `made` belong to stays alive

    def copy(self, value: Any) -> Any:
        if id(value) in self.made:
            return self.made[id(value)]
        kind = type(value)
        made: Any
        if kind is np.ndarray:
            made = self._array(value)
        elif kind is list:
            made = self._remember(value, [])
            made.extend(map(self.copy, value))
        elif kind is dict:
            made = self._remember(value, {})
            made.update((key, self.copy(item)) for key, item in value.items())
        elif kind is set:
            made = set(value)
        elif kind is Cell:
            made = self._remember(value, Cell(None))
            made.value = self.copy(value.value)
        elif isinstance(value, tuple):
            items = [self.copy(item) for item in value]
            made = tuple(items) if kind is tuple else kind(*items)
        else:
            return value
        return self._remember(value, made)

    def _remember(self, value: Any, made: Any) -> Any:
        self.made[id(value)] = made
        self.kept.append(value)
        return made

    def _array(self, value: np.ndarray) -> np.ndarray:
        root = value
        while type(root.base) is np.ndarray:
            root = root.base
        if value.dtype.hasobject or not (root.flags.c_contiguous or root.flags.f_contiguous):
            return value.copy()
        if id(root) not in self.made:
            self._remember(root, root.copy(order="K"))
        if value is root:
            return self.made[id(root)]
        memory = self.made[id(root)].ravel(order="K")
        offset = value.__array_interface__["data"][0] - root.__array_interface__["data"][0]
        view: np.ndarray = np.ndarray(value.shape, value.dtype, memory.data, offset, value.strides)
        view.flags.writeable = value.flags.writeable
        return view
