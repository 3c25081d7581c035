"""The two conventions in which a gradient is asked for, and the structure in which it comes back.

`grad_position=` (MindSpore) gives bare gradients for one position, sums over all outputs and collects auxiliary
outputs in a tuple; `argnums=` (JAX) keeps the structure of the positions, wants a scalar output and a pair with
`has_aux`.  `request` turns the keyword arguments into a `Request`, with the errors that each convention asks
for.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass
from enum import Enum
from typing import Any


class Unset:
    """The default of a keyword that decides about the convention when it is given."""

    def __repr__(self) -> str:
        return "unset"


UNSET: Any = Unset()


class Convention(Enum):
    """Whose structures are asked for."""

    POSITION = "grad_position"
    ARGNUMS = "argnums"


@dataclass(frozen=True)
class Request:
    """Which gradients are asked for, and how they are returned."""

    positions: tuple[int, ...]
    bare: bool  # one gradient, not in a tuple
    convention: Convention
    has_aux: bool = False
    want_value: bool = False
    return_ids: bool = False

    @property
    def key(self) -> tuple:
        """What compiled code depends on."""
        return (self.positions, self.bare, self.convention.value, self.has_aux, self.want_value, self.return_ids)

    def indices(self, leading: int, count: int, name: str) -> tuple[int, ...]:
        """The positions among all positional arguments, `leading` of which are bound already."""
        result = []
        for position in self.positions:
            index = position
            if position < 0 and self.convention is Convention.ARGNUMS:
                index = position + count - leading
            if not 0 <= index < count - leading:
                raise IndexError(
                    f"{self.convention.value} {position} is out of range: {name} takes "
                    f"{count - leading} positional argument{'' if count - leading == 1 else 's'}"
                    f"{_numbered(count - leading)}{'; what is bound, such as self, is not counted' if leading else ''}"
                )
            result.append(index + leading)
        if len(set(result)) != len(result):
            raise ValueError(f"{self.convention.value} {self.positions} names the same argument twice")
        return tuple(result)


def _numbered(count: int) -> str:
    return {0: "", 1: " (position 0)"}.get(count, f" (positions 0 to {count - 1})")


def request(
    grad_position: Any, weights: Any, has_aux: Any, argnums: Any, return_ids: bool, want_value: bool
) -> Request:
    """The request that the keyword arguments of `grad` and `value_and_grad` make; raises as they document."""
    if argnums is not UNSET and (grad_position is not UNSET or weights is not None):
        raise TypeError("argnums cannot be combined with grad_position or weights: they are two conventions")
    if not isinstance(has_aux, bool):
        raise TypeError(f"has_aux is True or False, not {has_aux!r}")
    if argnums is not UNSET:
        if return_ids:
            raise TypeError("return_ids belongs to grad_position; with argnums the gradients come in its order")
        positions, bare = _positions("argnums", argnums, Convention.ARGNUMS)
        return Request(positions, bare, Convention.ARGNUMS, has_aux, want_value)
    if grad_position is None and weights is None:
        raise ValueError("`grad_position` and `weight` can not be None at the same time.")
    if weights is not None:
        raise NotImplementedError(
            "weights: gradients with respect to the parameters of a network come later; "
            "pass the parameters as an argument (a dict, say) and give its position"
        )
    chosen = 0 if grad_position is UNSET else grad_position
    positions, bare = _positions("grad_position", chosen, Convention.POSITION)
    return Request(positions, bare, Convention.POSITION, has_aux, want_value, return_ids)


def _positions(keyword: str, given: Any, convention: Convention) -> tuple[tuple[int, ...], bool]:
    """The positions as a tuple, and whether the gradient is returned without a tuple."""
    if isinstance(given, tuple | list) and (convention is Convention.ARGNUMS or isinstance(given, tuple)):
        positions = tuple(_position(keyword, item, convention) for item in given)
        if not positions:
            raise ValueError(f"{keyword} is empty: it names no argument")
        if len(set(positions)) != len(positions):
            raise ValueError(f"{keyword} {tuple(given)} names the same argument twice")
        return positions, convention is Convention.POSITION and len(positions) == 1
    return (_position(keyword, given, convention),), True


def _position(keyword: str, given: Any, convention: Convention) -> int:
    several = "a tuple of ints" if convention is Convention.POSITION else "a tuple or list of ints"
    if isinstance(given, bool):
        raise TypeError(f"{keyword} is an int or {several}, not {given!r}")
    try:
        position = operator.index(given)
    except TypeError:
        raise TypeError(f"{keyword} is an int or {several}, not {given!r}") from None
    if position < 0 and convention is Convention.POSITION:
        raise ValueError(f"{keyword} is not negative: {position}")
    return position
