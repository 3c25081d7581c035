"""Other systems that differentiate the same programs, where they are installed.

Each peer is a function `(name of the program, positions, arguments) -> a function without arguments that computes the
gradient`, or None where the peer cannot run the program as it stands.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

PROGRAMS = Path(__file__).with_name("programs.py")
IN_PLACE = ("stencil_elements", "stencil_slices", "fifty_lines")

Run = Callable[[], Any]


def with_numpy_of(module: str) -> dict[str, Any]:
    """The programs, with another module in NumPy's place."""
    namespace: dict[str, Any] = {}
    source = PROGRAMS.read_text(encoding="utf-8").replace("import numpy as np", f"import {module} as np")
    exec(compile(source, str(PROGRAMS), "exec"), namespace)
    return namespace


def autograd_peer(name: str, positions: tuple[int, ...], arguments: tuple[Any, ...]) -> Run | None:
    import autograd

    if name in IN_PLACE:
        return None  # its arrays cannot be assigned to
    gradient = autograd.grad(with_numpy_of("autograd.numpy")[name], positions)
    return lambda: gradient(*arguments)


def tangent_peer(name: str, positions: tuple[int, ...], arguments: tuple[Any, ...]) -> Run | None:
    import programs
    import tangent

    gradient = tangent.grad(getattr(programs, name), wrt=positions)
    return lambda: gradient(*arguments)


def jax_peer(name: str, positions: tuple[int, ...], arguments: tuple[Any, ...]) -> Run | None:
    """Compiled, which the others are not."""
    import jax

    if name in IN_PLACE:
        return None
    jax.config.update("jax_enable_x64", True)
    gradient = jax.jit(jax.grad(with_numpy_of("jax.numpy")[name], positions))
    there = tuple(map(jax.numpy.asarray, arguments))
    return lambda: jax.block_until_ready(gradient(*there))


def torch_peer(name: str, positions: tuple[int, ...], arguments: tuple[Any, ...]) -> Run | None:
    import torch

    if name not in ("float_loop", "sin_loop", "mlp"):
        return None
    function = with_numpy_of("torch")[name]
    torch.set_num_threads(1)
    there = [torch.tensor(each, dtype=torch.float64, requires_grad=i in positions) for i, each in enumerate(arguments)]
    return lambda: torch.autograd.grad(function(*there), [there[i] for i in positions])


PEERS = {"autograd": autograd_peer, "tangent": tangent_peer, "jax": jax_peer, "torch": torch_peer}


def installed() -> list[str]:
    return [name for name in PEERS if importlib.util.find_spec(name) is not None]
