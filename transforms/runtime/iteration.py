"""Loops over any iterable by index, and what the blocks of control flow note about their end."""

from __future__ import annotations

from typing import Any

import numpy as np

from transforms.runtime.refusal import DerivativeRefused


class LazySequence:
    """The items of an iterator, fetched when they are first asked for and kept."""

    __slots__ = ("_items", "_iterator")

    def __init__(self, iterable: Any) -> None:
        self._items: list[Any] = []
        self._iterator = iter(iterable)

    def has(self, index: int) -> bool:
        """Whether there is an item at this index; fetches no more than that."""
        while len(self._items) <= index:
            try:
                self._items.append(next(self._iterator))
            except StopIteration:
                return False
        return True

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return self._items[index] if len(self) else []
        if not self.has(index):
            raise IndexError(index)
        return self._items[index]

    def __len__(self) -> int:
        self._items.extend(self._iterator)
        return len(self._items)


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
    return LazySequence(iterable)


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
