"""What the facets of several helpers share: conversions of cotangents, and results like one of the arguments."""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from transforms import operations
from transforms.core import Atom, Const
from transforms.registry import constant, result, simplify
from transforms.rules.typed import dtype_atom, dtype_of, is_python_number, is_scalar, may_be_one, shape_of, surely_equal
from transforms.values import UNKNOWN, Array, Dimension, Literal, Many, Number, Sequence, Value


def cast(site: Any, atom: Atom, given: np.dtype | None, wanted: Value) -> Atom | None:
    """`atom`, of dtype `given`, in the dtype of `wanted`; None where one of them is not known."""
    dtype = dtype_of(wanted)
    if given is None or dtype is None:
        return None
    if given == dtype or dtype.kind not in "fc":
        return atom
    if given.kind == "c" and dtype.kind == "f":
        atom = site.call(np.real, atom)
        given = np.empty(0, given).real.dtype
    if given == dtype or is_python_number(wanted):
        return atom
    if is_scalar(site.value_of(atom)):
        return site.call(dtype_atom(dtype), atom)
    return site.call(operations.method, atom, Const("astype"), dtype_atom(dtype))


def resized(
    site: Any, atom: Atom, given: tuple[Dimension, ...], wanted: tuple[Dimension, ...], like: Atom
) -> Atom | None:
    """`atom`, of shape `given`, summed and repeated to the shape `wanted` of `like`; None where that is not known."""
    extra = len(given) - len(wanted)
    if extra < 0:
        return None if not all(map(is_one, given)) else spread_like(site, atom, like)
    sums, spread = [], False
    for axis, (old, new) in enumerate(zip(given[extra:], wanted)):
        if surely_equal(old, new):
            continue
        if new == 1:
            sums.append(axis)
        elif old == 1:
            spread = True
        elif may_be_one(new) or may_be_one(old):
            return None
    if extra:
        axes = tuple(range(extra))
        if not wanted:
            atom = site.call(np.sum, atom)
        else:
            atom = site.call(np.sum, atom, axis=Const(axes[0] if extra == 1 else axes))
    if sums:
        atom = site.call(np.sum, atom, axis=Const(sums[0] if len(sums) == 1 else tuple(sums)), keepdims=Const(True))
    return spread_like(site, atom, like) if spread else atom


def is_one(dimension: Dimension) -> bool:
    return dimension == 1


def spread_like(site: Any, atom: Atom, like: Atom) -> Atom:
    """`atom` repeated to the shape of `like`; a Python number takes the dtype of `like`."""
    given, dtype = site.value_of(atom), dtype_of(site.value_of(like))
    if is_python_number(given) and dtype is not None and dtype.kind in "fc" and dtype != np.result_type(float):
        atom = site.call(dtype_atom(dtype), atom)
    return site.call(np.broadcast_to, atom, site.call(getattr, like, Const("shape")))


def expanded(site: Any, atom: Atom, axes: tuple[int, ...], rank: int) -> Atom:
    """A reduced array with dimensions of 1 where axes were reduced, unless broadcasting supplies them by itself."""
    index = tuple(None if axis in axes else slice(None) for axis in range(rank))
    if not any(item is None for item in index[_first_kept(index) :]):
        return atom
    while index[-1] == slice(None):
        index = index[:-1]
    return site.call(operator.getitem, atom, Const(index))


def _first_kept(index: tuple) -> int:
    return next((place for place, item in enumerate(index) if item is not None), len(index))


def of_shape(array: Value, like: Value) -> Value:
    """An array or number of the dtype of one value and the shape of another."""
    dtype, shape = dtype_of(array), shape_of(like)
    if dtype is None or shape is None:
        return UNKNOWN
    return Number(dtype) if is_scalar(like) else Array(dtype, shape)


MIRROR: dict[str, Any] = {"linear": "cotangent"}
NONE = Literal(None)


def constant_helper(*helpers: Callable[..., Any], **facts: Any) -> None:
    """Declare helpers whose results are positions, shapes or orders."""
    for helper in helpers:
        constant(helper, signature=inspect.signature(helper), **facts)


def known(value: Value) -> Any:
    """The constant that a value is known to hold, also a sequence of constants; otherwise `inspect.Parameter.empty`."""
    if isinstance(value, Literal):
        return value.value
    if isinstance(value, Sequence) and value.kind in (list, tuple):
        items = [known(item) for item in value.items]
        return inspect.Parameter.empty if inspect.Parameter.empty in items else value.kind(items)
    return inspect.Parameter.empty


def folding(helper: Callable[..., Any]) -> None:
    """Declare that a helper is computed when all its arguments are known."""

    def fold(site: Any) -> Atom | None:
        arguments = [known(site.value(name)) for name in inspect.signature(helper).parameters]
        if any(argument is inspect.Parameter.empty for argument in arguments):
            return None
        return Const(helper(*arguments))

    simplify(helper)(fold)


def items_of(site: Any, name: str) -> tuple[tuple[Atom, Value], ...] | None:
    """The items of a container of known structure, as atoms and values."""
    value = site.value(name)
    if not isinstance(value, Sequence):
        return None
    container = site.atom(name)
    return tuple(
        (site.call(operator.getitem, container, Const(position)), item) for position, item in enumerate(value.items)
    )


def same_dtype(dtype: np.dtype | None, value: Value) -> bool:
    """Whether a cotangent of this dtype needs no conversion for an argument of this value."""
    wanted = dtype_of(value)
    if dtype is None or wanted is None:
        return False
    return wanted == dtype or wanted.kind not in "fc" or (is_python_number(value) and dtype.kind == wanted.kind)


def is_integer(value: Value) -> bool:
    if isinstance(value, Literal):
        return type(value.value) is int
    return isinstance(value, Number) and value.dtype.kind in "iu"


def like(value: Value) -> Value | None:
    """What is known of the contribution of an argument of this value: its structure, shapes and dtypes."""
    if isinstance(value, Sequence):
        items = tuple(map(like, value.items))
        return None if None in items else Sequence(value.kind, items)  # type: ignore[arg-type]
    if isinstance(value, Many) and value.kind in (list, tuple):
        item = like(value.item)
        return None if item is None else Many(value.kind, item)
    dtype = dtype_of(value)
    if dtype is None or dtype.kind not in "fc":
        return None
    return value if isinstance(value, Array) else Number(dtype)


def in_tuple(value: Value) -> Value | None:
    """The same for the items of a sequence, in a tuple; an array stays an array."""
    found = like(value)
    if isinstance(found, Many):
        return Many(tuple, found.item)
    return Sequence(tuple, found.items) if isinstance(found, Sequence) else found


def results_like(form: Callable[[Value], Value | None], *helpers_and_names: Any) -> None:
    """Declare that the result of a helper has the form of one of its arguments."""
    for helper, name in zip(helpers_and_names[::2], helpers_and_names[1::2]):
        signature = inspect.signature(helper)

        def infer(*values: Value, signature: Any = signature, name: str = name, **named: Value) -> Value | None:
            return form(signature.bind(*values, **named).arguments[name])

        result(helper)(infer)
