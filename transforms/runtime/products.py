"""Cotangents of products: matrix, inner, outer, tensor and Kronecker products, `einsum`, convolutions."""

from __future__ import annotations

from typing import Any

import numpy as np

from transforms.runtime.broadcasting import unarray, unbroadcast
from transforms.runtime.refusal import DerivativeRefused
from transforms.runtime.shapes import inverse_permutation


def matmul_left(g: Any, a: Any, b: Any) -> Any:
    """The cotangent of `a` in `a @ b`."""
    if isinstance(a, (list, tuple)):
        return unarray(matmul_left(g, np.array(a), b), a)
    b = np.asarray(b)
    if b.ndim == 1:
        result = g * b if np.ndim(a) == 1 else np.expand_dims(g, -1) * b
    elif np.ndim(a) == 1:
        result = (b @ np.expand_dims(g, -1))[..., 0]
    else:
        result = g @ np.swapaxes(b, -1, -2)
    return unbroadcast(result, a)


def matmul_right(g: Any, a: Any, b: Any) -> Any:
    """The cotangent of `b` in `a @ b`."""
    if isinstance(b, (list, tuple)):
        return unarray(matmul_right(g, a, np.array(b)), b)
    a = np.asarray(a)
    if a.ndim == 1:
        result = g * a if np.ndim(b) == 1 else np.expand_dims(a, -1) * np.expand_dims(g, -2)
    elif np.ndim(b) == 1:
        result = np.reshape(g, -1) @ np.reshape(a, (-1, a.shape[-1])) if a.size else np.zeros_like(b)
    elif np.ndim(b) == 2 and a.ndim > 2 and a.size:
        result = np.reshape(a, (-1, a.shape[-1])).T @ np.reshape(g, (-1, np.shape(b)[1]))
    else:
        result = np.swapaxes(a, -1, -2) @ g
    return unbroadcast(result, b)


def dot_left(g: Any, a: Any, b: Any) -> Any:
    """The cotangent of `a` in `np.dot(a, b)`."""
    if isinstance(a, (list, tuple)):
        return unarray(dot_left(g, np.array(a), b), a)
    rank_a, rank_b = np.ndim(a), np.ndim(b)
    if rank_a == 0 or rank_b == 0:
        return unbroadcast(np.sum(g * b) if rank_a == 0 else g * b, a)
    if rank_b <= 2 and rank_a <= 2:
        return matmul_left(g, a, b)
    others = [*range(rank_b - 2), rank_b - 1] if rank_b > 1 else []
    return unbroadcast(np.tensordot(g, b, (list(range(rank_a - 1, np.ndim(g))), others)), a)


def dot_right(g: Any, a: Any, b: Any) -> Any:
    """The cotangent of `b` in `np.dot(a, b)`."""
    if isinstance(b, (list, tuple)):
        return unarray(dot_right(g, a, np.array(b)), b)
    rank_a, rank_b = np.ndim(a), np.ndim(b)
    if rank_a == 0 or rank_b == 0:
        return unbroadcast(np.sum(g * a) if rank_b == 0 else g * a, b)
    if rank_b <= 2 and rank_a <= 2:
        return matmul_right(g, a, b)
    leading = list(range(rank_a - 1))
    result = np.tensordot(a, g, (leading, leading))
    return unbroadcast(np.moveaxis(result, 0, -2) if rank_b > 1 else result, b)


def inner_left(g: Any, a: Any, b: Any) -> Any:
    """The cotangent of `a` in `np.inner(a, b)`."""
    if isinstance(a, (list, tuple)):
        return unarray(inner_left(g, np.array(a), b), a)
    rank_a, rank_b = np.ndim(a), np.ndim(b)
    if rank_a == 0 or rank_b == 0:
        return unbroadcast(np.sum(g * b) if rank_a == 0 else g * b, a)
    return unbroadcast(np.tensordot(g, b, (list(range(rank_a - 1, np.ndim(g))), list(range(rank_b - 1)))), a)


def inner_right(g: Any, a: Any, b: Any) -> Any:
    """The cotangent of `b` in `np.inner(a, b)`."""
    if isinstance(b, (list, tuple)):
        return unarray(inner_right(g, a, np.array(b)), b)
    rank_a, rank_b = np.ndim(a), np.ndim(b)
    if rank_a == 0 or rank_b == 0:
        return unbroadcast(np.sum(g * a) if rank_b == 0 else g * a, b)
    leading = list(range(rank_a - 1))
    return unbroadcast(np.tensordot(g, a, (leading, leading)), b)


def outer_left(g: Any, a: Any, b: Any) -> Any:
    """The cotangent of `a` in `np.outer(a, b)`."""
    return unbroadcast(np.reshape(g @ np.ravel(b), np.shape(a)), a)


def outer_right(g: Any, a: Any, b: Any) -> Any:
    """The cotangent of `b` in `np.outer(a, b)`."""
    return unbroadcast(np.reshape(np.ravel(a) @ g, np.shape(b)), b)


def cross_left(g: Any, a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1) -> Any:
    """The cotangent of `a` in `np.cross(a, b, axisa, axisb, axisc)`, for vectors of three numbers."""
    if isinstance(a, (list, tuple)):
        return unarray(cross_left(g, np.array(a), b, axisa, axisb, axisc), a)
    moved_a, moved_b = np.moveaxis(a, axisa, -1), np.moveaxis(b, axisb, -1)
    if moved_a.shape[-1] != 3 or moved_b.shape[-1] != 3:
        raise DerivativeRefused("the derivative of np.cross is known for vectors of three numbers only")
    result = unbroadcast(np.cross(moved_b, np.moveaxis(g, axisc, -1)), moved_a)
    return np.moveaxis(result, -1, axisa)


def tensordot_axes(axes: Any, rank_a: int, rank_b: int) -> tuple[list[int], list[int]]:
    """The axes of `np.tensordot` as two lists of non-negative numbers."""
    if isinstance(axes, (int, np.integer)):
        return list(range(rank_a - int(axes), rank_a)), list(range(int(axes)))
    first, second = axes
    left: list[Any] = [first] if isinstance(first, (int, np.integer)) else list(first)
    right: list[Any] = [second] if isinstance(second, (int, np.integer)) else list(second)
    return [axis % rank_a for axis in left], [axis % rank_b for axis in right]


def tensordot_left(g: Any, a: Any, b: Any, axes: Any = 2) -> Any:
    """The cotangent of `a` in `np.tensordot(a, b, axes)`."""
    rank_a, rank_b = np.ndim(a), np.ndim(b)
    axes_a, axes_b = tensordot_axes(axes, rank_a, rank_b)
    free_a = [axis for axis in range(rank_a) if axis not in axes_a]
    free_b = [axis for axis in range(rank_b) if axis not in axes_b]
    result = np.tensordot(g, b, (list(range(len(free_a), np.ndim(g))), free_b))
    order = free_a + [axes_a[position] for position in np.argsort(axes_b)]
    return unbroadcast(np.transpose(result, inverse_permutation(order)), a)


def tensordot_right(g: Any, a: Any, b: Any, axes: Any = 2) -> Any:
    """The cotangent of `b` in `np.tensordot(a, b, axes)`."""
    rank_a, rank_b = np.ndim(a), np.ndim(b)
    axes_a, axes_b = tensordot_axes(axes, rank_a, rank_b)
    free_a = [axis for axis in range(rank_a) if axis not in axes_a]
    free_b = [axis for axis in range(rank_b) if axis not in axes_b]
    result = np.tensordot(a, g, (free_a, list(range(len(free_a)))))
    order = [axes_b[position] for position in np.argsort(axes_a)] + free_b
    return unbroadcast(np.transpose(result, inverse_permutation(order)), b)


def kron_pairs(g: Any, a: Any, b: Any) -> tuple[Any, tuple[int, ...], tuple[int, ...]]:
    """`g`, of the shape of `np.kron(a, b)`, with each axis split into one of `a` and one of `b`; and the two shapes."""
    rank = max(np.ndim(a), np.ndim(b))
    left = (1,) * (rank - np.ndim(a)) + np.shape(a)
    right = (1,) * (rank - np.ndim(b)) + np.shape(b)
    return np.reshape(g, tuple(size for pair in zip(left, right) for size in pair)), left, right


def kron_left(g: Any, a: Any, b: Any) -> Any:
    """The cotangent of `a` in `np.kron(a, b)`."""
    paired, _, right = kron_pairs(g, a, b)
    rank = len(right)
    result = np.tensordot(paired, np.reshape(b, right), (list(range(1, 2 * rank, 2)), list(range(rank))))
    return unbroadcast(np.reshape(result, np.shape(a)), a)


def kron_right(g: Any, a: Any, b: Any) -> Any:
    """The cotangent of `b` in `np.kron(a, b)`."""
    paired, left, _ = kron_pairs(g, a, b)
    rank = len(left)
    result = np.tensordot(paired, np.reshape(a, left), (list(range(0, 2 * rank, 2)), list(range(rank))))
    return unbroadcast(np.reshape(result, np.shape(b)), b)


def einsum_terms(operands: Any) -> tuple[list[str], str, list[int]]:
    """The subscripts of each operand of `np.einsum(*operands)`, of its result, and where the operands stand."""
    if isinstance(operands[0], str):
        text = operands[0].replace(" ", "")
        inputs, arrow, output = text.partition("->")
        terms, places = inputs.split(","), list(range(1, len(operands)))
    else:
        letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
        places = list(range(0, len(operands) - 1, 2))

        def spelled(labels: Any) -> str:
            return "".join("..." if label is Ellipsis else letters[label] for label in labels)

        terms = [spelled(operands[place + 1]) for place in places]
        arrow, output = ("->", spelled(operands[-1])) if len(operands) % 2 else ("", "")
    if not arrow:
        labels = "".join(terms).replace(".", "")
        output = "..." if any("." in term for term in terms) else ""
        output += "".join(sorted(label for label in set(labels) if labels.count(label) == 1))
    return terms, output, places


def einsum_plan(terms: list[str], output: str, position: int) -> tuple[str, list[tuple[str, int]]]:
    """The subscripts of an einsum for the cotangent of one operand, whose own operands are the cotangent of the result,
    the other operands in order, and those of the list: ("ones", axis) or ("eye", axis), of the size of that axis.

    An ellipsis comes first in the result, wherever it is in the operand; what was broadcast there is to be summed.
    Ones stand for an index that was summed over in this operand alone, a unit matrix for an index that it has twice.
    """
    own = terms[position]
    letters = iter("zyxwvutsrqponmlkjihgfedcbaZYXWVUTSRQPONMLKJIHGFEDCBA")
    used = set("".join(terms) + output)
    others = [term for number, term in enumerate(terms) if number != position]
    known = set("".join([output, *others]))
    inputs, extra, target = [output, *others], [], ""
    ellipsis = own.find("...")
    axis_of_rest = len(own.replace("...", ""))
    seen: set[str] = set()
    for place, label in enumerate(own.replace("...", "\0")):
        if label == "\0":
            target += "..."
            continue
        axis = place if ellipsis < 0 or place < ellipsis else place - 1 - axis_of_rest
        if label in seen:
            new = next(letter for letter in letters if letter not in used)
            used.add(new)
            inputs.append(label + new)
            extra.append(("eye", axis))
            target += new
            continue
        seen.add(label)
        if label not in known:
            inputs.append(label)
            extra.append(("ones", axis))
        target += label
    target = target.replace("...", "")
    return ",".join(inputs) + "->" + ("..." if any("." in term for term in inputs) else "") + target, extra


def einsum_adjoint(g: Any, position: int, operands: Any) -> Any:
    """The cotangent of the operand at this position (not counting subscripts) of `np.einsum(*operands)`."""
    terms, output, places = einsum_terms(operands)
    arrays = [operands[place] for place in places]
    x = np.asarray(arrays[position])
    subscripts, extra = einsum_plan(terms, output, position)
    ones = [(np.ones if kind == "ones" else np.eye)(x.shape[axis], dtype=x.dtype) for kind, axis in extra]
    others = [item for number, item in enumerate(arrays) if number != position]
    result = np.einsum(subscripts, g, *others, *ones, optimize=len(others) + len(ones) > 1)
    before = terms[position].find("...")
    if before > 0:
        rank = x.ndim - len(terms[position]) + 3  # of the ellipsis
        moved = np.moveaxis(x, range(before, before + rank), range(rank))
        result = np.moveaxis(unbroadcast(result, moved), range(rank), range(before, before + rank))
    return unbroadcast(result, arrays[position])


def einsum_adjoints(g: Any, operands: Any) -> tuple:
    """The cotangents of all operands of `np.einsum(*operands)`; None for the subscripts."""
    places = einsum_terms(operands)[2]
    parts = [einsum_adjoint(g, position, operands) for position in range(len(places))]
    return tuple(parts[places.index(number)] if number in places else None for number in range(len(operands)))


def convolution_offset(a: Any, v: Any, mode: str) -> int:
    """Where the result of `np.convolve(a, v, mode)` starts in the full convolution."""
    shorter = min(np.size(a), np.size(v))
    return 0 if mode == "full" else shorter - 1 if mode == "valid" else (shorter - 1) // 2


def convolution_window(g: Any, a: Any, v: Any, mode: str) -> Any:
    """`g`, of the form of `np.convolve(a, v, mode)`, in its place in the full convolution, and zeros around it."""
    if mode == "full":
        return g
    start = convolution_offset(a, v, mode)
    result = np.zeros(np.size(a) + np.size(v) - 1, g.dtype)
    result[start : start + g.size] = g
    return result


def convolution_part(full: Any, a: Any, v: Any, mode: str) -> Any:
    """The part of a full convolution that `np.convolve(a, v, mode)` returns: mirrors `convolution_window`."""
    start, first, second = convolution_offset(a, v, mode), np.size(a), np.size(v)
    count = {"full": first + second - 1, "same": max(first, second), "valid": abs(first - second) + 1}[mode]
    return full[start : start + count]


def correlation_window(g: Any, a: Any, v: Any, mode: str) -> Any:
    """`g`, of the form of `np.correlate(a, v, mode)`, in its place in the full correlation, and zeros around it."""
    if mode == "full":
        return g
    first, second = np.size(a), np.size(v)
    start = convolution_offset(a, v, mode)
    if first < second and mode == "same":  # NumPy exchanges the two and reverses the result
        start = first + second - 1 - start - g.size
    result = np.zeros(first + second - 1, g.dtype)
    result[start : start + g.size] = g
    return result


def correlation_part(full: Any, a: Any, v: Any, mode: str) -> Any:
    """The part of a full correlation that `np.correlate(a, v, mode)` returns: mirrors `correlation_window`."""
    start, first, second = convolution_offset(a, v, mode), np.size(a), np.size(v)
    count = {"full": first + second - 1, "same": max(first, second), "valid": abs(first - second) + 1}[mode]
    if first < second and mode == "same":
        start = first + second - 1 - start - count
    return full[start : start + count]


def multi_dot_tangent(moved: Any, arrays: Any) -> Any:
    """The tangent of `np.linalg.multi_dot(arrays)`, whose arrays have the tangents `moved`."""
    product, total = arrays[0], moved[0]
    for x, x_dot in zip(arrays[1:], moved[1:], strict=True):
        total = np.dot(total, x) + np.dot(product, x_dot)
        product = np.dot(product, x)
    return total


def multi_dot_adjoints(g: Any, arrays: Any) -> tuple:
    """The cotangents of the arrays of `np.linalg.multi_dot(arrays)`."""
    matrices = [np.asarray(x) for x in arrays]
    if matrices[0].ndim == 1:
        matrices[0] = matrices[0][None, :]
    if matrices[-1].ndim == 1:
        matrices[-1] = matrices[-1][:, None]
    g = np.reshape(g, (matrices[0].shape[0], matrices[-1].shape[1]))
    after = [np.eye(matrices[-1].shape[1])]
    for matrix in reversed(matrices[1:]):
        after.append(matrix @ after[-1])
    results = []
    for x, rest in zip(arrays, reversed(after)):
        results.append(unbroadcast(np.reshape(g @ rest.T, np.shape(x)), x))
        g = (np.reshape(x, (1, -1)) if np.ndim(x) == 1 and len(results) == 1 else np.asarray(x)).T @ g
    return tuple(results)
