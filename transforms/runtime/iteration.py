"""Loops over any iterable by index, and what the blocks of control flow note about their end."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from transforms.runtime.attributes import Shadow
from transforms.runtime.refusal import DerivativeRefused


class LazySequence:
    """The items of an iterator, fetched when they are first asked for and kept."""

    __slots__ = ("fetched", "_iterator")

    def __init__(self, iterable: Any) -> None:
        self.fetched: list[Any] = []
        self._iterator = iter(iterable)

    def has(self, index: int) -> bool:
        """Whether there is an item at this index; fetches no more than that."""
        while len(self.fetched) <= index:
            try:
                self.fetched.append(next(self._iterator))
            except StopIteration:
                return False
        return True

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return self.fetched[index] if len(self) else []
        if not self.has(index):
            raise IndexError(index)
        return self.fetched[index]

    def __len__(self) -> int:
        self.fetched.extend(self._iterator)
        return len(self.fetched)


def sequence(iterable: Any) -> Any:
    """Something to index with 0, 1, ... for the items of the iterable: itself where that works."""
    if isinstance(iterable, (list, tuple, range, str, bytes)):
        return iterable
    if isinstance(iterable, np.ndarray):
        if iterable.ndim == 0:
            raise TypeError("iteration over a 0-d array")
        return iterable
    if isinstance(iterable, (dict, set, frozenset, type({}.keys()), type({}.values()), type({}.items()))):
        return list(iterable)
    if isinstance(iterable, Shadow):
        raise DerivativeRefused(
            "the derivative cannot follow an iterator that is kept in a list together with numbers: make a list of it"
        )
    return LazySequence(iterable)


def plain_iterator(items: Any) -> Any:
    """`iter(items)` of items that no derivative passes through."""
    return iter(items)


def has_item(index: int, *sequences: Any) -> bool:
    """Whether all of the sequences have an item at the index; a lazy one is asked only if those before it have."""
    return all(s.has(index) if isinstance(s, LazySequence) else index < len(s) for s in sequences)


def common_length(*sequences: Any) -> int:
    """The number of items that `zip` gives; a lazy sequence is read no further than needed."""
    finite = [len(s) for s in sequences if not isinstance(s, LazySequence)]
    if len(finite) == len(sequences):
        return min(finite)
    count = 0
    while has_item(count, *sequences):
        count += 1
    return count


def places(*sequences: Any) -> range:
    """The indices of the items that `zip` gives; where a loop over them resizes one of the sequences, it becomes one
    that asks `has_item` each time."""
    return range(common_length(*sequences))


def length_of_zip(sequences: list, strict: bool) -> int:
    """The same for a list of sequences, which `zip(..., strict=True)` wants to be of one length."""
    count = common_length(*sequences) if sequences else 0
    if strict and any(has_item(count, each) for each in sequences):
        raise ValueError("zip() arguments have different lengths")
    return count


def places_of_slice(items: Any, bounds: tuple) -> list[int]:
    """The places of the items that `itertools.islice` gives; a lazy sequence is read no further than needed."""
    wanted = itertools.islice(itertools.count(), *bounds)
    return list(itertools.takewhile(lambda place: has_item(place, items), wanted))


def rounds(left: int, count: int) -> int:
    """How often `zip` of the same iterator, `count` times, gives a row of the items that are left."""
    if left % count:
        raise DerivativeRefused(
            f"zip of the same iterator, {count} times, loses the last of {left} items: a derivative through this is "
            "not supported"
        )
    return left // count


def reversible(iterable: Any) -> Any:
    """A sequence whose items in reverse order are those of `reversed(iterable)`."""
    if isinstance(iterable, (list, tuple, range, str, bytes, np.ndarray)):
        return iterable
    return list(reversed(iterable))[::-1]


def truncate(tape: list, length: int) -> None:
    """Drop what was pushed on a tape since it had this length."""
    del tape[length:]


class ExitGuard:
    """A context that does nothing but to call the `__exit__` of another one where an exception leaves the body."""

    def __init__(self, context: Any) -> None:
        self.context = context

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: Any, trace: Any) -> Any:
        return None if kind is None else self.context.__exit__(kind, error, trace)


def note_end(ends: list) -> None:
    """Note that the end of a block was reached."""
    ends.append(True)


def check_unchanged(changes: list) -> None:
    """Refuse to go on in a handler where the body of the `try` statement had changed something before it failed."""
    if changes:
        raise DerivativeRefused(
            "the body of a try statement changed something in place before it failed; a derivative through this is not "
            "supported: change it after the try statement"
        )


def check_finished(ends: list) -> None:
    """Refuse to go on after a `with` statement whose context swallowed an exception: its body did not reach its end."""
    if not ends:
        raise DerivativeRefused(
            "a context manager swallowed an exception that left its body; a derivative through this is not supported: "
            "use try and except"
        )
