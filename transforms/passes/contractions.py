"""Sums of products along axes are written as matrix products and contractions, which make no array of the products.

    t = v[:, None] * a              s = v @ a
    s = np.sum(t, axis=0)

    t = v[:, :, None] * a           p = v[:, None, :] @ a
    s = np.sum(t, axis=1)           s = p[:, 0]

    t = x ** 2                      s = np.einsum("ij,ij->i", x, x)
    s = np.sum(t, axis=1)

Only arrays of float64 whose sum leaves an axis; a sum over all numbers stays, and with it its pairwise rounding.  The
sums are rounded differently from before, as those of any matrix product.  Needs the abstract values of the names; part
of presentation, so that another transform sees the sum and the product.

    >>> import numpy as np, operator
    >>> from transforms.core import Assign, Call, Const, Function, Ref, Return, Var
    >>> from transforms.passes.deadcode import deadcode
    >>> from transforms.printer import print_function
    >>> from transforms.values import Array, Size
    >>> rows, columns = Size("n"), Size("k")
    >>> body = (
    ...     Assign("t", Call(Ref(operator.mul), (Var("x"), Var("y")))),
    ...     Assign("s", Call(Ref(np.sum), (Var("t"),), (("axis", Const(1)),))),
    ...     Return(Var("s")),
    ... )
    >>> matrix = Array(np.dtype(np.float64), (rows, columns))
    >>> values = {"x": matrix, "y": matrix, "t": matrix, "s": Array(np.dtype(np.float64), (rows,))}
    >>> print(print_function(deadcode(contractions(Function("f", ("x", "y"), body, values=values)))), end="")
    def f(x, y):
        s = np.einsum('ij,ij->i', x, y)
        return s
"""

from __future__ import annotations

import operator
from collections import Counter
from dataclasses import dataclass

import numpy as np

from transforms.core import (
    Assign,
    Atom,
    Block,
    Call,
    Const,
    Function,
    Names,
    Ref,
    Statement,
    Var,
    binding_counts,
    blocks_of,
    is_call_of,
    names_in,
    read_counts,
    walk,
    with_blocks,
)
from transforms.passes.effects import memory_of
from transforms.rules.typed import may_be_one
from transforms.values import Array, Value

MULTIPLY = (operator.mul, np.multiply)
POWER = (operator.pow, np.power)
FLOAT = np.dtype(np.float64)
LETTERS = "ijklmnop"


def contractions(function: Function) -> Function:
    """The program with sums of products along axes as products of matrices and contractions."""
    if not function.values or not any(isinstance(s, Assign) and _is_sum(s.value) for s in walk(function.body)):
        return function
    rewriter = _Rewriter(function)
    body = rewriter.block(function.body)
    return function.replace(body=body, values=rewriter.values) if rewriter.changed else function


def _is_sum(value: object) -> bool:
    return isinstance(value, Call) and is_call_of(value, np.sum) and len(value.atoms) > 1


@dataclass(frozen=True, slots=True)
class _Factor:
    """One of the arrays that are multiplied: its name, and the axes of the product that it has."""

    name: str
    axes: tuple[int, ...]

    @property
    def letters(self) -> str:
        return "".join(LETTERS[axis] for axis in self.axes)


class _Rewriter:
    def __init__(self, function: Function) -> None:
        self.values: dict[str, Value] = dict(function.values or {})
        self.memory = memory_of(function)
        self.names = Names(names_in(function))
        self.bound = binding_counts(function)
        self.uses = read_counts(function.body)
        self.summed = Counter(
            s.value.arguments[0].name  # type: ignore[union-attr]
            for s in walk(function.body)
            if isinstance(s, Assign) and _is_sum(s.value) and isinstance(s.value.arguments[0], Var)  # type: ignore[union-attr]
        )
        self.made: dict[str, Call] = {}  # what names that are bound once are bound to
        self.places: dict[str, list[Statement]] = {}  # statements of the block under way, by what they bind
        self.changed = False

    def block(self, block: Block) -> Block:
        before, outer = dict(self.made), self.places
        self.places = {}
        result: list[list[Statement]] = []
        for statement in block:
            if blocks_of(statement):
                statement = with_blocks(statement, [self.block(inner) for inner in blocks_of(statement)])
            lines = [statement]
            if isinstance(statement, Assign) and isinstance(statement.value, Call) and statement.target is not None:
                new = self.assign(statement, statement.value)
                if new is not None:
                    product = statement.value.arguments[0].name  # type: ignore[union-attr]
                    place = self.places.get(product, lines)
                    lines.clear()
                    place += new  # where the product is made: nothing has changed its factors
                if self.bound[statement.target] == 1:
                    self.made[statement.target] = statement.value
                    self.places[statement.target] = lines
            result.append(lines)
        self.made, self.places = before, outer
        return tuple(statement for lines in result for statement in lines)

    def assign(self, statement: Assign, call: Call) -> list[Statement] | None:
        """The statements that replace a sum of products, or None."""
        if not _is_sum(call) or not isinstance(call.arguments[0], Var) or self.bound[statement.target or ""] != 1:
            return None
        product = call.arguments[0].name
        axes, keeps = self.summed_axes(call)
        factors = self.factors(product)
        if axes is None or factors is None or not self.is_worthwhile(product, axes, factors):
            return None
        lines, new = self.contraction(product, axes, factors)
        self.changed = True
        if not keeps:
            return [*lines, Assign(statement.target, new, statement.origin, statement.comment)]
        name = self.names.temporary()
        shape = self.shape(product)
        assert shape is not None and len(axes) == 1
        self.values[name] = Array(FLOAT, tuple(n for axis, n in enumerate(shape) if axis not in axes))
        spread = Call(Ref(np.expand_dims, "np.expand_dims"), (Var(name), Const(axes[0])))
        return [
            *lines,
            Assign(name, new, statement.origin),
            Assign(statement.target, spread, statement.origin, statement.comment),
        ]

    # ------------------------------------------------------------------------------------------------- what is there

    def summed_axes(self, call: Call) -> tuple[tuple[int, ...] | None, bool]:
        """The axes that a sum is over, and whether it keeps them; None if it is not this pass's business."""
        given = dict(call.keywords)
        if len(call.arguments) == 2:
            given["axis"] = call.arguments[1]
        shape = self.shape(call.arguments[0].name)  # type: ignore[union-attr]
        axis, keeps = given.get("axis"), given.get("keepdims", Const(False))
        if shape is None or not given.keys() <= {"axis", "keepdims"} or len(call.arguments) > 2:
            return None, False
        if not isinstance(axis, Const) or not isinstance(keeps, Const) or not isinstance(keeps.value, bool):
            return None, False
        items = axis.value if isinstance(axis.value, tuple) else (axis.value,)
        rank = len(shape)
        if not all(type(item) is int and -rank <= item < rank for item in items):
            return None, False
        axes = tuple(sorted(item % rank for item in items))
        if not 0 < len(set(axes)) == len(axes) < rank <= len(LETTERS) or (keeps.value and len(axes) > 1):
            return None, False
        return axes, keeps.value

    def factors(self, name: str) -> tuple[_Factor, _Factor] | None:
        """The two arrays that a name is the product of."""
        call, shape = self.made.get(name), self.shape(name)
        if call is None or shape is None or call.keywords:
            return None
        if is_call_of(call, *MULTIPLY) and len(call.arguments) == 2:
            first, second = (self.factor(atom, name) for atom in call.arguments)
        elif (is_call_of(call, *POWER) and call.arguments[1:] == (Const(2),)) or is_call_of(call, np.square):
            first = second = self.factor(call.arguments[0], name)
        else:
            return None
        if first is None or second is None or {*first.axes, *second.axes} != set(range(len(shape))):
            return None
        return first, second

    def factor(self, atom: Atom, product: str) -> _Factor | None:
        shape, whole = self.shape(atom), self.shape(product)
        if not isinstance(atom, Var) or not shape or not whole or not self.is_unchanged(atom, product):
            return None
        axes = tuple(range(len(whole) - len(shape), len(whole)))
        view = self.made.get(atom.name)
        if view is not None:
            source, kept = view.arguments[0] if view.arguments else None, self.kept_axes(view, len(shape))
            if isinstance(source, Var) and kept and self.is_unchanged(source, product):
                return _Factor(source.name, tuple(axes[axis] for axis in kept))
        return _Factor(atom.name, axes)

    def is_unchanged(self, factor: Var, product: str) -> bool:
        """Whether a factor has the numbers that it had when the product was made, where the contraction is put."""
        if self.bound[factor.name] != 1 or not self.memory.is_stable(Var(product)):
            return False
        return product in self.places or self.memory.is_stable(factor)

    def kept_axes(self, view: Call, rank: int) -> tuple[int, ...] | None:
        """The axes of `x[:, None]` and the like that x has; None for other calls."""
        index = view.arguments[1] if len(view.arguments) == 2 else None
        if not isinstance(index, Const) or view.keywords or self.shape(view.arguments[0]) is None:
            return None
        if is_call_of(view, np.expand_dims) and type(index.value) is int:
            return tuple(axis for axis in range(rank) if axis != index.value % rank)
        if is_call_of(view, operator.getitem) and isinstance(index.value, tuple) and len(index.value) == rank:
            if all(item is None or item == slice(None) for item in index.value):
                return tuple(axis for axis, item in enumerate(index.value) if item is not None)
        return None

    def shape(self, name: Atom | str) -> tuple | None:
        value = self.values.get(name.name if isinstance(name, Var) else name) if isinstance(name, (Var, str)) else None
        return value.shape if isinstance(value, Array) and value.dtype == FLOAT else None

    # ----------------------------------------------------------------------------------------------------- what to do

    def is_worthwhile(self, product: str, axes: tuple[int, ...], factors: tuple[_Factor, _Factor]) -> bool:
        """Whether it is faster: a product of matrices always; a sum over leading axes is fast itself."""
        if self.as_product(product, axes, factors) is not None or self.as_stack(product, axes, factors) is not None:
            return True
        rank = len(self.shape(product) or ())
        if rank > 2 and axes == tuple(range(len(axes))):
            return False
        return self.uses[product] == self.summed[product] and (rank > 2 or self.uses[product] == 1)

    def as_product(self, product: str, axes: tuple[int, ...], factors: tuple[_Factor, _Factor]) -> Call | None:
        """`v @ a` or `a @ v`, where a sum over one axis is that."""
        if len(self.shape(product) or ()) != 2:
            return None
        for vector, matrix in (factors, factors[::-1]):
            if matrix.axes == (0, 1) and vector.axes == axes and self.match(vector, 0, matrix, axes[0]):
                pair = (vector, matrix) if axes == (0,) else (matrix, vector)
                return Call(Ref(operator.matmul), tuple(Var(factor.name) for factor in pair))
        return None

    def as_stack(
        self, product: str, axes: tuple[int, ...], factors: tuple[_Factor, _Factor]
    ) -> tuple[_Factor, _Factor] | None:
        """The vectors and the matrices of which a sum over one axis is the products."""
        if len(self.shape(product) or ()) != 3 or axes not in ((1,), (2,)):
            return None
        for vectors, matrices in (factors, factors[::-1]):
            if matrices.axes == (0, 1, 2) and vectors.axes == (0, *axes) and self.match(vectors, 1, matrices, axes[0]):
                return vectors, matrices
        return None

    def match(self, first: _Factor, axis: int, second: _Factor, other: int) -> bool:
        """Whether two axes are of one length, with nothing repeated along them."""
        one, two = (self.shape(factor.name) for factor in (first, second))
        assert one is not None and two is not None
        return one[axis] == two[other] != 1 or not (may_be_one(one[axis]) or may_be_one(two[other]))

    def contraction(
        self, product: str, axes: tuple[int, ...], factors: tuple[_Factor, _Factor]
    ) -> tuple[list[Statement], Call]:
        """The statements and the last call that a sum becomes."""
        matrix_product = self.as_product(product, axes, factors)
        if matrix_product is not None:
            return [], matrix_product
        stack = self.as_stack(product, axes, factors)
        if stack is not None:
            return self.products_of_stack(*stack, axes[0])
        rank = len(self.shape(product) or ())
        left = "".join(LETTERS[axis] for axis in range(rank) if axis not in axes)
        subscripts = f"{factors[0].letters},{factors[1].letters}->{left}"
        return [], Call(Ref(np.einsum, "np.einsum"), (Const(subscripts), *(Var(factor.name) for factor in factors)))

    def products_of_stack(self, vectors: _Factor, matrices: _Factor, axis: int) -> tuple[list[Statement], Call]:
        """`(v[:, None, :] @ a)[:, 0]` or `(a @ v[:, :, None])[:, :, 0]`."""
        matrix, products = self.names.temporary(), self.names.temporary()
        few, many = self.shape(vectors.name), self.shape(matrices.name)
        assert few is not None and many is not None
        self.values[matrix] = Array(FLOAT, (few[0], 1, few[1]) if axis == 1 else (*few, 1))
        self.values[products] = Array(FLOAT, (many[0], 1, many[2]) if axis == 1 else (*many[:2], 1))
        pair = (Var(matrix), Var(matrices.name)) if axis == 1 else (Var(matrices.name), Var(matrix))
        lines: list[Statement] = [
            Assign(matrix, Call(Ref(np.expand_dims, "np.expand_dims"), (Var(vectors.name), Const(axis)))),
            Assign(products, Call(Ref(operator.matmul), pair)),
        ]
        return lines, Call(Ref(operator.getitem), (Var(products), Const((*(slice(None),) * axis, 0))))
