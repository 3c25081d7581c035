"""Arguments that say what a function assumes anyway are left out of calls: rules for batches pass on every argument
that they know, and what was not given in the first place shall not be given in the code that users read.

    np.sum(x, axis=1, dtype=None, keepdims=False)        np.sum(x, axis=1)
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
from typing import Any

from transforms.core import Assign, Block, Call, Const, Ref, blocks_of, with_blocks
from transforms.registry import lookup

MISSING = inspect.Parameter.empty
POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def without_defaults(block: Block) -> Block:
    """The statements with such arguments left out."""
    result = []
    for statement in block:
        statement = with_blocks(statement, [without_defaults(inner) for inner in blocks_of(statement)])
        if isinstance(statement, Assign) and isinstance(statement.value, Call):
            statement = dataclasses.replace(statement, value=shortened(statement.value))
        result.append(statement)
    return tuple(result)


def shortened(call: Call) -> Call:
    """The call without keywords, and without last arguments, that are the defaults."""
    if not isinstance(call.function, Ref) or lookup(call.function.value) is None:
        return call
    names, defaults = _defaults(call.function.value)
    keywords = tuple([(name, atom) for name, atom in call.keywords if not _is(atom, defaults.get(name, MISSING))])
    arguments = call.arguments
    while 0 < len(arguments) <= len(names) and _is(arguments[-1], defaults.get(names[len(arguments) - 1], MISSING)):
        arguments = arguments[:-1]
    return dataclasses.replace(call, arguments=arguments, keywords=keywords)


def _is(atom: Any, default: Any) -> bool:
    """Whether an operand is a constant, and this one."""
    return isinstance(atom, Const) and default is not MISSING and atom == Const(default)


@functools.cache
def _defaults(function: Any) -> tuple[tuple[str, ...], dict[str, Any]]:
    """The names of the positional parameters, and the default of each parameter that has one.  Where that is a value
    that only NumPy knows, the rule has one that means the same."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return (), {}
    entry = lookup(function)
    own = {} if entry is None or entry.signature is None else entry.signature.parameters
    defaults = {}
    for name, parameter in signature.parameters.items():
        default = parameter.default
        if type(default).__name__ == "_NoValueType":
            default = own[name].default if name in own else MISSING
        if default is not MISSING and _is_plain(default):
            defaults[name] = default
    return tuple([name for name, p in signature.parameters.items() if p.kind in POSITIONAL]), defaults


def _is_plain(default: Any) -> bool:
    return default is None or isinstance(default, (bool, int, float, str))
