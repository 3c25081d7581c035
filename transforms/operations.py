"""Operations of the core language that Python writes with syntax and not with a function.

Each is an ordinary function that does what its notation does, so that generic code and tests can call it; the printer
prints the notation given in the first line of its docstring.  A leaf module: it imports nothing of the project.
Operators are those of the standard module `operator` (`add`, `iadd`, `getitem`, `setitem`, `delitem`, `not_`, `is_`,
`contains`, ...); attributes are the builtins `getattr`, `setattr`, `delattr` with a constant name.
"""

from __future__ import annotations

from typing import Any


def make_tuple(*items: Any) -> tuple:
    """`(a, b)`"""
    return items


def make_list(*items: Any) -> list:
    """`[a, b]`"""
    return list(items)


def make_tape() -> list:
    """`[]`, of a derivative's own: each item that is appended is popped again, the last one first, and each once."""
    return []


def make_set(*items: Any) -> set:
    """`{a, b}`"""
    return set(items)


def make_dict(*keys_and_values: Any) -> dict:
    """`{k: v}`: keys and values alternate."""
    return dict(zip(keys_and_values[::2], keys_and_values[1::2], strict=True))


def make_slice(start: Any, stop: Any, step: Any) -> slice:
    """`start:stop:step`, inside a subscript; `slice(start, stop, step)` elsewhere."""
    return slice(start, stop, step)


def method(receiver: Any, name: str, /, *arguments: Any, **keywords: Any) -> Any:
    """`receiver.name(arguments)`: a method call whose function is not known before the receiver's type is."""
    return getattr(receiver, name)(*arguments, **keywords)


def apply(function: Any, arguments: tuple, keywords: dict) -> Any:
    """`function(*arguments, **keywords)`: a call whose arguments are known only as containers."""
    return function(*arguments, **keywords)


def unpack(iterable: Any, count: int) -> tuple:
    """The tuple of exactly `count` items that `a, b = iterable` binds; raises as Python does when the count differs."""
    items = tuple(iterable)
    if len(items) < count:
        raise ValueError(f"not enough values to unpack (expected {count}, got {len(items)})")
    if len(items) > count:
        raise ValueError(f"too many values to unpack (expected {count})")
    return items


def unpack_star(iterable: Any, before: int, after: int) -> tuple:
    """The tuple (before items..., list of the middle, after items...) that `a, *b, c = iterable` binds."""
    items = tuple(iterable)
    if len(items) < before + after:
        raise ValueError(f"not enough values to unpack (expected at least {before + after}, got {len(items)})")
    end = len(items) - after
    return (*items[:before], list(items[before:end]), *items[end:])


def format_value(value: Any, conversion: str, spec: str) -> str:
    """One replacement field of an f-string: `{value!conversion:spec}`; conversion is "", "r", "s" or "a"."""
    if conversion:
        convert: Any = {"r": repr, "s": str, "a": ascii}
        value = convert[conversion](value)
    return format(value, spec)


def join_strings(*parts: str) -> str:
    """An f-string: its parts joined."""
    return "".join(parts)


def generator(stopping: Any) -> None:
    """The first statement of a generator function; `stopping` is the form of it for loops that may be left early."""
    raise TypeError("a generator that is not part of a loop")


def yielded(value: Any) -> None:
    """`yield value`"""
    raise TypeError("a generator that is not part of a loop")


def stopped() -> bool:
    """Whether the loop that reads a generator has ended."""
    raise TypeError("a generator that is not part of a loop")


def go_on(is_running: bool) -> None:
    """The end of the body of a loop over a generator, which goes on while the operand is true."""
    raise TypeError("a loop over a generator that is not part of it")


class Cell:
    """A variable that an inner function shares with its outer one after both were created; `.value` is its content."""

    __slots__ = ("value",)

    def __init__(self, value: Any = None) -> None:
        self.value = value


class _Unbound:
    """The content of a variable that was not bound yet, where a copy has to read it; nothing can be done with it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "UNBOUND"


UNBOUND = _Unbound()


class Missing:
    """The type of `MISSING`."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING = Missing()  # the default of a parameter whose real default is computed where the function is defined
