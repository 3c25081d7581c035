"""Rules of what stops a derivative, and of the checks that gradients make of the outputs of functions."""

from __future__ import annotations

from typing import Any

from transforms import runtime
from transforms.registry import constant, result, simplify
from transforms.values import Literal, Value

constant(runtime.stop_gradient, views="x")
constant(runtime.cancelling, views="x")
constant(runtime.require_scalar, runtime.require_aux, is_pure=False)


@result(runtime.stop_gradient, runtime.cancelling)
def stopped(x: Value) -> Value:
    return x


@result(runtime.require_scalar, runtime.require_aux)
def nothing(*arguments: Any) -> Value:
    return Literal(None)


@simplify(runtime.cancelling)
def itself(site: Any) -> Any:
    return site.atom("x")
