"""Results of `np.linalg`: inverses, decompositions, solutions and norms."""

from __future__ import annotations

import numpy as np

from transforms.inference import array_or_number, dtype_of, fresh
from transforms.registry import result
from transforms.rules.results.arguments import FALSE, NONE, TRUE, constant_of, full_shape, tried
from transforms.rules.results.reductions import reduced
from transforms.values import Array, Number, Sequence, Value


@result(np.linalg.inv, np.linalg.cholesky, np.linalg.pinv)
def inverse(a: Value, *rest: Value, **named: Value) -> Value | None:
    shape, dtype = full_shape(a), dtype_of(a)
    found = tried(np.linalg.inv, dtype, rank=2) if dtype is not None else None
    if found is None or shape is None or len(shape) < 2:
        return None
    return Array(found, (*shape[:-2], shape[-1], shape[-2]))


@result(np.linalg.det)
def determinant(a: Value) -> Value | None:
    shape, dtype = full_shape(a), dtype_of(a)
    found = tried(np.linalg.det, dtype, rank=2) if dtype is not None else None
    return None if found is None or shape is None else array_or_number(found, shape[:-2])


@result(np.linalg.slogdet)
def slogdet(a: Value) -> Value | None:
    found = determinant(a)
    if not isinstance(found, (Number, Array)) or found.dtype.kind != "f":
        return None
    return Sequence(_SLOGDET, (found, found))


@result(np.linalg.eigvalsh)
def eigenvalues(a: Value, UPLO: Value = NONE) -> Value | None:
    shape, dtype = full_shape(a), dtype_of(a)
    found = tried(np.linalg.eigvalsh, dtype, rank=2) if dtype is not None else None
    return None if found is None or shape is None or len(shape) < 2 else Array(found, shape[:-1])


@result(np.linalg.eigh)
def eigenvectors(a: Value, UPLO: Value = NONE) -> Value | None:
    values, vectors = eigenvalues(a), inverse(a)
    return None if values is None or vectors is None else Sequence(_EIGH, (values, vectors))


@result(np.linalg.svd)
def singular_values(
    a: Value, full_matrices: Value = TRUE, compute_uv: Value = TRUE, hermitian: Value = FALSE
) -> Value | None:
    shape, dtype = full_shape(a), dtype_of(a)
    real = tried(np.linalg.eigvalsh, dtype, rank=2) if dtype is not None else None
    found = tried(np.linalg.inv, dtype, rank=2) if dtype is not None else None
    whole, both = constant_of(full_matrices), constant_of(compute_uv)
    if shape is None or len(shape) < 2 or real is None or found is None or NotImplemented in (whole, both):
        return None
    rows, columns = shape[-2:]
    least = rows if rows == columns or rows == 1 else columns if columns == 1 else fresh(80)
    values = Array(real, (*shape[:-2], least))
    if not both:
        return values
    left = Array(found, (*shape[:-1], rows if whole else least))
    right = Array(found, (*shape[:-2], columns if whole else least, columns))
    return Sequence(_SVD, (left, values, right))


_ONE = np.eye(1)
_SLOGDET, _EIGH, _SVD = (type(function(_ONE)) for function in (np.linalg.slogdet, np.linalg.eigh, np.linalg.svd))


@result(np.linalg.matrix_power)
def matrix_power(a: Value, n: Value) -> Value | None:
    dtype = dtype_of(a)
    return a if isinstance(a, Array) and dtype is not None and dtype.kind in "fc" else None


@result(np.linalg.solve)
def solve(a: Value, b: Value) -> Value | None:
    first, second = full_shape(a), full_shape(b)
    if first is None or second is None or len(first) != 2 or len(second) not in (1, 2):
        return None
    dtypes = dtype_of(a), dtype_of(b)
    if dtypes[0] is None or dtypes[1] is None:
        return None
    found = tried(np.linalg.solve, *dtypes, rank=2)  # type: ignore[arg-type]
    return None if found is None else Array(found, (first[1], *second[1:]))


@result(np.linalg.norm)
def norm(x: Value, ord: Value = NONE, axis: Value = NONE, keepdims: Value = FALSE) -> Value | None:  # noqa: A002
    shape, dtype = full_shape(x), dtype_of(x)
    found = tried(np.linalg.norm, dtype) if dtype is not None else None
    if found is None or not isinstance(constant_of(keepdims), bool):
        return None
    return reduced(found, shape, axis, constant_of(keepdims))
