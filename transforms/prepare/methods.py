"""Methods of things of unknown type: those that only arrays have become functions of NumPy."""

from __future__ import annotations

import numpy as np

from transforms import operations, registry, runtime
from transforms.core import Assign, Block, Call, Const, Names, Ref, Statement, Var, blocks_of, is_call_of, with_blocks
from transforms.values import UNKNOWN, Value

LIST_METHODS = (("pop", 0), ("pop", 1), ("insert", 2), ("extend", 1), ("remove", 1), ("reverse", 0))
DICT_METHODS = ("items", "values", "keys", "get")
ATTRIBUTES = {"T": np.transpose, "real": np.real, "imag": np.imag}


def array_methods(body: Block, names: Names, values: dict[str, Value]) -> Block:
    """Methods and attributes of things of unknown type are taken to be those of arrays; the run time checks it."""
    result: list[Statement] = []
    for statement in body:
        statement = with_blocks(statement, [array_methods(inner, names, values) for inner in blocks_of(statement)])
        if isinstance(statement, Assign) and is_call_of(statement.value, operations.method, getattr):
            assert isinstance(statement.value, Call)
            receiver, name = statement.value.arguments[:2]
            if isinstance(receiver, Var) and values.get(receiver.name, UNKNOWN) == UNKNOWN and isinstance(name, Const):
                result += _array_method(statement, statement.value, receiver, name, names)
                continue
        result.append(statement)
    return tuple(result)


def _array_method(statement: Assign, call: Call, receiver: Var, name: Const, names: Names) -> list[Statement]:
    rest, origin = call.arguments[2:], statement.origin
    if is_call_of(call, getattr):
        function = ATTRIBUTES.get(name.value)
    elif name.value == "append" and len(rest) == 1:
        return [Assign(statement.target, Call(Ref(list.append), (receiver, *rest)), origin)]
    elif (name.value, len(rest)) in LIST_METHODS and not call.keywords:
        function = runtime.pop_at if (name.value, len(rest)) == ("pop", 1) else getattr(list, name.value)
        return [
            Assign(None, Call(Ref(runtime.check_list), (receiver, name)), origin),
            Assign(statement.target, Call(Ref(function, registry.function_name(function)), (receiver, *rest)), origin),
        ]
    elif name.value in DICT_METHODS:
        method = getattr(dict, name.value)
        return [
            Assign(None, Call(Ref(runtime.check_dict), (receiver, name)), origin),
            Assign(statement.target, Call(Ref(method), (receiver, *rest), call.keywords), origin),
        ]
    else:
        function = registry.method_function(name.value)
    if function is None:
        return [statement]
    lines: list[Statement] = [Assign(None, Call(Ref(runtime.check_method), (receiver, name)), origin)]
    if function in (np.reshape, np.transpose) and len(rest) > 1:
        packed = names.temporary()
        lines.append(Assign(packed, Call(Ref(operations.make_tuple), rest), origin))
        rest = (Var(packed),)
    if function is np.clip and len(rest) == 1:  # the function takes two bounds by position
        rest = (*rest, dict(call.keywords).get("max", Const(None)))
        call = Call(call.function, call.arguments, tuple((key, atom) for key, atom in call.keywords if key != "max"))
    keywords, out = call.keywords, dict(call.keywords).get("out", Const(None))
    place = registry.place_of_out(function)
    if place is not None and len(rest) == place:
        rest, out = rest[:-1], rest[-1]
    keywords = tuple((key, atom) for key, atom in keywords if key != "out")
    new = Call(Ref(function, registry.function_name(function)), (receiver, *rest), keywords)
    if out == Const(None):
        return [*lines, Assign(statement.target, new, origin)]
    made = names.temporary()
    copy = Call(Ref(np.copyto, "np.copyto"), (out, Var(made)), (("casting", Const("same_kind")),))
    lines.append(Assign(made, new, origin))
    if registry.is_strict_about_out(function):
        text = Const(registry.function_name(function))
        lines.append(Assign(None, Call(Ref(runtime.check_out), (text, out, Var(made))), origin))
    lines.append(Assign(None, copy, origin))
    return lines if statement.target is None else [*lines, Assign(statement.target, out, origin)]
