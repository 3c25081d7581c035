"""Data outside of a program: what modules, cells and objects hold that it reads."""

from __future__ import annotations

from transforms.core import Assign, Call, Const, Function, Ref, walk
from transforms.presentation import reachable
from transforms.values import UNKNOWN, is_immutable


def read_outside(function: Function) -> dict[int, tuple[Ref, dict[str, None]]]:
    """The modules, cells and objects of which a function, or what it calls, reads data that may be memory; with the
    names of the attributes."""
    found: dict[int, tuple[Ref, dict[str, None]]] = {}
    for each in reachable(function):
        for statement in walk(each.body):
            match statement:
                case Assign(
                    target=str() as target,
                    value=Call(function=Ref(value=called), arguments=(Ref() as owner, Const(value=str() as name))),
                ) if called is getattr and not is_immutable((each.values or {}).get(target, UNKNOWN)):
                    found.setdefault(id(owner.value), (owner, {}))[1][name] = None
    return found
