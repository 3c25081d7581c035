"""Helpers of products of arrays."""

from __future__ import annotations

import inspect
import operator
from typing import Any

import numpy as np

from transforms import operations, runtime
from transforms.core import Atom, Const
from transforms.registry import adjoint, facts, simplify
from transforms.rules.helpers.common import MIRROR, cast, in_tuple, items_of, known, like, results_like
from transforms.rules.sampling import call, listed, numbers
from transforms.rules.typed import dtype_of, is_python_number, literal, shape_of
from transforms.values import Sequence, Value


def products(*shapes: tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]) -> Any:
    """Samples of a contribution of a product: shapes of the cotangent and of both factors."""
    return listed(*(call(numbers(g), numbers(a, seed=1), numbers(b, seed=2)) for g, a, b in shapes))


def _with(factor: str) -> dict[str, Any]:
    """The facets of the contribution of one factor: a product of the cotangent with the other factor."""
    return {"wrt": f"cotangent {factor}", "multilinear": f"cotangent {factor}"}


_MATMULS = (
    ((), (3,), (3,)),
    ((2,), (2, 3), (3,)),
    ((2,), (3,), (3, 2)),
    ((2, 4), (2, 3), (3, 4)),
    ((5, 2, 4), (5, 2, 3), (3, 4)),
    ((5, 2, 4), (2, 3), (5, 3, 4)),
)
_DOTS = (*_MATMULS[:5], ((2, 3), (2, 3), ()), ((3,), (), (3,)), ((2, 4, 2), (2, 3), (4, 3, 2)))


@adjoint(runtime.matmul_left, **_with("b"), shape_only="a", samples=products(*_MATMULS))
def matmul_left(cotangent, a, b, *, ans, g):
    return runtime.match_dtype(np.matmul(g, b), cotangent), runtime.matmul_right(cotangent, g, b)


@adjoint(runtime.matmul_right, **_with("a"), shape_only="b", samples=products(*_MATMULS))
def matmul_right(cotangent, a, b, *, ans, g):
    return runtime.match_dtype(np.matmul(a, g), cotangent), runtime.matmul_left(cotangent, a, g)


@adjoint(runtime.dot_left, **_with("b"), shape_only="a", samples=products(*_DOTS))
def dot_left(cotangent, a, b, *, ans, g):
    return runtime.match_dtype(np.dot(g, b), cotangent), runtime.dot_right(cotangent, g, b)


@adjoint(runtime.dot_right, **_with("a"), shape_only="b", samples=products(*_DOTS))
def dot_right(cotangent, a, b, *, ans, g):
    return runtime.match_dtype(np.dot(a, g), cotangent), runtime.dot_left(cotangent, a, g)


_INNERS = (((), (3,), (3,)), ((2, 4), (2, 3), (4, 3)), ((2,), (2, 3), (3,)), ((2, 3), (2, 3), ()))


@adjoint(runtime.inner_left, **_with("b"), shape_only="a", samples=products(*_INNERS))
def inner_left(cotangent, a, b, *, ans, g):
    return runtime.match_dtype(np.inner(g, b), cotangent), runtime.inner_right(cotangent, g, b)


@adjoint(runtime.inner_right, **_with("a"), shape_only="b", samples=products(*_INNERS))
def inner_right(cotangent, a, b, *, ans, g):
    return runtime.match_dtype(np.inner(a, g), cotangent), runtime.inner_left(cotangent, a, g)


_OUTERS = (((3, 2), (3,), (2,)), ((4, 2), (2, 2), (2,)))


@adjoint(runtime.outer_left, **_with("b"), shape_only="a", samples=products(*_OUTERS))
def outer_left(cotangent, a, b, *, ans, g):
    return runtime.match_dtype(np.outer(g, b), cotangent), runtime.outer_right(cotangent, g, b)


@adjoint(runtime.outer_right, **_with("a"), shape_only="b", samples=products(*_OUTERS))
def outer_right(cotangent, a, b, *, ans, g):
    return runtime.match_dtype(np.outer(a, g), cotangent), runtime.outer_left(cotangent, a, g)


_TENSORDOTS = listed(
    call(numbers((2, 4)), numbers((2, 3), seed=1), numbers((3, 4), seed=2), 1),
    call(numbers((2, 2)), numbers((2, 3, 4), seed=1), numbers((4, 3, 2), seed=2), ([1, 2], [1, 0])),
)


@adjoint(runtime.tensordot_left, **_with("b"), shape_only="a", samples=_TENSORDOTS)
def tensordot_left(cotangent, a, b, axes=2, *, ans, g):
    return runtime.match_dtype(np.tensordot(g, b, axes), cotangent), runtime.tensordot_right(cotangent, g, b, axes)


@adjoint(runtime.tensordot_right, **_with("a"), shape_only="b", samples=_TENSORDOTS)
def tensordot_right(cotangent, a, b, axes=2, *, ans, g):
    return runtime.match_dtype(np.tensordot(a, g, axes), cotangent), runtime.tensordot_left(cotangent, a, g, axes)


_KRONS = (((6,), (3,), (2,)), ((4, 9), (2, 3), (2, 3)), ((2, 6), (3,), (2, 2)))


@adjoint(runtime.kron_left, **_with("b"), shape_only="a", samples=products(*_KRONS))
def kron_left(cotangent, a, b, *, ans, g):
    return runtime.match_dtype(np.kron(g, b), cotangent), runtime.kron_right(cotangent, g, b)


@adjoint(runtime.kron_right, **_with("a"), shape_only="b", samples=products(*_KRONS))
def kron_right(cotangent, a, b, *, ans, g):
    return runtime.match_dtype(np.kron(a, g), cotangent), runtime.kron_left(cotangent, a, g)


@adjoint(
    runtime.cross_left,
    **_with("b"),
    shape_only="a",
    samples=products(((3,), (3,), (3,)), ((2, 3), (3,), (2, 3)), ((2, 3), (2, 3), (3,))),
)
def cross_left(cotangent, a, b, axisa=-1, axisb=-1, axisc=-1, *, ans, g):
    return np.cross(g, b, axisa, axisb, axisc), runtime.cross_left(-cotangent, b, g, axisb, axisa, axisc)


_WINDOWS = listed(
    *(
        call(numbers((length,)), np.zeros(5), np.zeros(2), mode)
        for length, mode in ((6, "full"), (5, "same"), (4, "valid"))
    )
)


@adjoint(runtime.convolution_window, **MIRROR, views="cotangent", shape_only="a v", samples=_WINDOWS)
def convolution_window(cotangent, a, v, mode, *, ans, g):
    return runtime.convolution_part(g, a, v, mode)


@adjoint(
    runtime.convolution_part,
    views="full",
    linear="full",
    shape_only="full a v",
    samples=listed(*(call(numbers((6,)), np.zeros(5), np.zeros(2), mode) for mode in ("full", "same", "valid"))),
)
def convolution_part(full, a, v, mode, *, ans, g):
    return runtime.convolution_window(g, a, v, mode)


@adjoint(runtime.correlation_window, **MIRROR, views="cotangent", shape_only="a v", samples=_WINDOWS)
def correlation_window(cotangent, a, v, mode, *, ans, g):
    return runtime.correlation_part(g, a, v, mode)


@adjoint(
    runtime.correlation_part,
    views="full",
    linear="full",
    shape_only="full a v",
    samples=listed(*(call(numbers((6,)), np.zeros(2), np.zeros(5), mode) for mode in ("full", "same", "valid"))),
)
def correlation_part(full, a, v, mode, *, ans, g):
    return runtime.correlation_window(g, a, v, mode)


def product_of(site: Any, first: str, second: str) -> tuple[Any, np.dtype] | None:
    """The ranks of the factors, and the dtype of a product of the cotangent with the second; None if not known."""
    ranks = []
    for name in ("cotangent", first, second):
        value, shape = site.value(name), shape_of(site.value(name))
        if shape is None or dtype_of(value) is None:
            return None
        ranks.append(len(shape))
    return tuple(ranks), promoted(site.value("cotangent"), site.value(second))


def promoted(left: Value, right: Value) -> np.dtype:
    """The dtype of a product; Python numbers follow the dtype of what they meet."""
    first, second = dtype_of(left), dtype_of(right)
    assert first is not None and second is not None
    if is_python_number(left) != is_python_number(right):
        weak, strong = (first, second) if is_python_number(left) else (second, first)
        if weak.kind != "c" and strong.kind in "fc":
            return strong
    return np.result_type(first, second)


def transposed(site: Any, atom: Atom) -> Atom:
    return site.call(getattr, atom, Const("T"))


def _left_factor(site: Any, batched: bool) -> Atom | None:
    """The contribution of `a` in `a @ b` (`batched`) or `np.dot(a, b)`, for known ranks."""
    found = product_of(site, "a", "b")
    if found is None:
        return None
    (rank, rank_a, rank_b), dtype = found
    g, a, b = site.atom("cotangent"), site.atom("a"), site.atom("b")
    if rank_a == 0 or rank_b == 0:
        result = site.call(operator.mul, g, b)
        if rank_a == 0 and rank_b > 0:
            result = site.call(np.sum, result)
    elif (rank_a, rank_b) == (1, 1):
        result = site.call(operator.mul, g, b)
    elif (rank_a, rank_b) == (2, 1):
        result = site.call(np.outer, g, b)
    elif (rank_a, rank_b) == (1, 2):
        result = site.call(operator.matmul, b, g)
    elif rank_a >= 2 and rank_b == 2:
        result = site.call(operator.matmul, g, transposed(site, b))
    elif rank_a == rank_b == rank and batched:
        swapped = site.call(np.swapaxes, b, Const(-1), Const(-2))
        return site.call(runtime.unbroadcast, site.call(operator.matmul, g, swapped), a)
    else:
        return None
    return cast(site, result, dtype, site.value("a"))


def _right_factor(site: Any, batched: bool) -> Atom | None:
    """The contribution of `b` in `a @ b` (`batched`) or `np.dot(a, b)`, for known ranks."""
    found = product_of(site, "b", "a")
    if found is None:
        return None
    (rank, rank_b, rank_a), dtype = found
    g, a, b = site.atom("cotangent"), site.atom("a"), site.atom("b")
    if rank_a == 0 or rank_b == 0:
        result = site.call(operator.mul, g, a)
        if rank_b == 0 and rank_a > 0:
            result = site.call(np.sum, result)
    elif (rank_a, rank_b) == (1, 1):
        result = site.call(operator.mul, g, a)
    elif (rank_a, rank_b) == (2, 1):
        result = site.call(operator.matmul, g, a)
    elif (rank_a, rank_b) == (1, 2):
        result = site.call(np.outer, a, g)
    elif (rank_a, rank_b) == (2, 2):
        result = site.call(operator.matmul, transposed(site, a), g)
    elif rank_a == rank_b == rank and batched:
        swapped = site.call(np.swapaxes, a, Const(-1), Const(-2))
        return site.call(runtime.unbroadcast, site.call(operator.matmul, swapped, g), b)
    else:
        return None
    return cast(site, result, dtype, site.value("b"))


@simplify(runtime.matmul_left)
def simplify_matmul_left(site: Any) -> Atom | None:
    return _left_factor(site, batched=True)


@simplify(runtime.matmul_right)
def simplify_matmul_right(site: Any) -> Atom | None:
    return _right_factor(site, batched=True)


@simplify(runtime.dot_left)
def simplify_dot_left(site: Any) -> Atom | None:
    return _left_factor(site, batched=False)


@simplify(runtime.dot_right)
def simplify_dot_right(site: Any) -> Atom | None:
    return _right_factor(site, batched=False)


@simplify(runtime.inner_left)
def simplify_inner_left(site: Any) -> Atom | None:
    found = product_of(site, "a", "b")
    if found is None:
        return None
    (_, rank_a, rank_b), dtype = found
    g, b = site.atom("cotangent"), site.atom("b")
    match rank_a, rank_b:
        case 1, 1:
            result = site.call(operator.mul, g, b)
        case 2, 2:
            result = site.call(operator.matmul, g, b)
        case 2, 1:
            result = site.call(np.outer, g, b)
        case 1, 2:
            result = site.call(operator.matmul, g, b)
        case _:
            return None
    return cast(site, result, dtype, site.value("a"))


@simplify(runtime.inner_right)
def simplify_inner_right(site: Any) -> Atom | None:
    found = product_of(site, "b", "a")
    if found is None:
        return None
    (_, rank_b, rank_a), dtype = found
    g, a = site.atom("cotangent"), site.atom("a")
    match rank_a, rank_b:
        case 1, 1:
            result = site.call(operator.mul, g, a)
        case 2, 2:
            result = site.call(operator.matmul, transposed(site, g), a)
        case 2, 1:
            result = site.call(operator.matmul, g, a)
        case 1, 2:
            result = site.call(np.outer, g, a)
        case _:
            return None
    return cast(site, result, dtype, site.value("b"))


@simplify(runtime.outer_left)
def simplify_outer_left(site: Any) -> Atom | None:
    found = product_of(site, "a", "b")
    if found is None or found[0] != (2, 1, 1):
        return None
    return cast(site, site.call(operator.matmul, site.atom("cotangent"), site.atom("b")), found[1], site.value("a"))


@simplify(runtime.outer_right)
def simplify_outer_right(site: Any) -> Atom | None:
    found = product_of(site, "b", "a")
    if found is None or found[0] != (2, 1, 1):
        return None
    return cast(site, site.call(operator.matmul, site.atom("a"), site.atom("cotangent")), found[1], site.value("b"))


facts(
    runtime.einsum_adjoints,
    signature=inspect.signature(runtime.einsum_adjoints),
    refusal="The subscripts of the einsum must be known for a second derivative.",
)


@simplify(runtime.einsum_adjoints)
def simplify_einsum_adjoints(site: Any) -> Atom | None:
    """One einsum for each operand, in which the cotangent of the result takes its place."""
    operands = site.value("operands")
    spelled = spelled_operands(operands)
    if spelled is None:
        return None
    terms, output, places = runtime.einsum_terms(spelled)
    if any(term.find("...") > 0 for term in terms):
        return None
    atoms = items_of(site, "operands")
    assert atoms is not None
    parts: list[Atom] = []
    for number in range(len(atoms)):
        if number not in places:
            parts.append(Const(None))
            continue
        position = places.index(number)
        x, value = atoms[number]
        subscripts, extra = runtime.einsum_plan(terms, output, position)
        others = [atoms[place][0] for place in places if place != number]
        fillers = [_filler(site, kind, axis, x, value) for kind, axis in extra]
        keywords = {"optimize": Const(True)} if len(others) + len(fillers) > 1 else {}
        result = site.call(np.einsum, Const(subscripts), site.atom("g"), *others, *fillers, **keywords)
        parts.append(site.call(runtime.unbroadcast, result, x))
    return site.call(operations.make_tuple, *parts)


def _filler(site: Any, kind: str, axis: int, x: Atom, value: Value) -> Atom:
    """Ones, or a unit matrix, of the size and dtype of an axis of an operand."""
    size = site.call(operator.getitem, site.call(np.shape, x), Const(axis))
    function = np.ones if kind == "ones" else np.eye
    dtype = dtype_of(value)
    if dtype is not None and dtype.kind not in "fc":
        return site.call(function, size)
    if dtype == np.float64:
        return site.call(function, size)
    return site.call(function, size, dtype=site.call(np.result_type, x))


def spelled_operands(operands: Value) -> tuple | None:
    """The arguments of an einsum with its subscripts as they are and None for the arrays; None if not known."""
    if not isinstance(operands, Sequence) or not operands.items:
        return None
    first = literal(operands.items[0])
    if isinstance(first, str):
        return (first, *(None for _ in operands.items[1:]))
    spelled: list[Any] = []
    for number, item in enumerate(operands.items):
        is_labels = number % 2 == 1 or (number == len(operands.items) - 1)
        spelled.append(known(item) if is_labels else None)
        if is_labels and not isinstance(spelled[-1], (list, tuple)):
            return None
    return tuple(spelled)


facts(
    runtime.multi_dot_adjoints,
    signature=inspect.signature(runtime.multi_dot_adjoints),
    refusal="The number of matrices must be known for a second derivative.",
)


@simplify(runtime.multi_dot_adjoints)
def simplify_multi_dot_adjoints(site: Any) -> Atom | None:
    """Products from the left, taken apart from the right."""
    arrays = items_of(site, "arrays")
    if arrays is None or len(arrays) < 2:
        return None
    heads = [arrays[0][0]]
    for x, _ in arrays[1:-1]:
        heads.append(site.call(np.dot, heads[-1], x))
    parts: list[Atom] = []
    g = site.atom("g")
    for head, (x, _) in zip(reversed(heads), reversed(arrays[1:])):
        parts.append(site.call(runtime.dot_right, g, head, x))
        g = site.call(runtime.dot_left, g, head, x)
    return site.call(operations.make_tuple, g, *reversed(parts))


facts(
    runtime.multi_dot_tangent,
    signature=inspect.signature(runtime.multi_dot_tangent),
    refusal="The number of matrices must be known for a second derivative.",
)


@simplify(runtime.multi_dot_tangent)
def simplify_multi_dot_tangent(site: Any) -> Atom | None:
    """Products from the left, and beside each its tangent."""
    arrays, moved = items_of(site, "arrays"), items_of(site, "moved")
    if arrays is None or moved is None or len(arrays) != len(moved):
        return None
    product, total = arrays[0][0], moved[0][0]
    for (x, _), (x_dot, _) in zip(arrays[1:], moved[1:]):
        total = site.call(operator.add, site.call(np.dot, total, x), site.call(np.dot, product, x_dot))
        product = site.call(np.dot, product, x)
    return total


results_like(
    like,
    *(runtime.matmul_left, "a", runtime.matmul_right, "b", runtime.dot_left, "a", runtime.dot_right, "b"),
    *(runtime.inner_left, "a", runtime.inner_right, "b", runtime.outer_left, "a", runtime.outer_right, "b"),
    *(runtime.tensordot_left, "a", runtime.tensordot_right, "b", runtime.kron_left, "a", runtime.kron_right, "b"),
    *(runtime.cross_left, "a"),
)
results_like(in_tuple, runtime.multi_dot_adjoints, "arrays")
