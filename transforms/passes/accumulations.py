"""The first contribution to an array of zeros is the array; contributions through added axes are made without them.

    z = np.zeros_like(x)            z = x * y
    t = x * y
    z += t

    z = np.zeros_like(x)            z = np.zeros_like(x)
    v = z[1:]                       z[1:] = t
    v += t

    v = z[:, None]                  s = np.sum(x, axis=1)
    t = np.sum(x, 1, keepdims=True) z += s
    v += t

What is added to zeros is kept as it is: a negative zero stays one.  Nothing else may read the zeros in between.  If
`t` is not new memory without another use, z becomes a copy of it.  Needs the abstract values of the names.

    >>> import numpy as np, operator
    >>> from transforms.core import Assign, Call, Function, Ref, Return, Var
    >>> from transforms.printer import print_function
    >>> from transforms.values import Array, Size
    >>> body = (
    ...     Assign("z", Call(Ref(np.zeros_like, "np.zeros_like"), (Var("x"),))),
    ...     Assign("t", Call(Ref(operator.mul), (Var("x"), Var("y")))),
    ...     Assign(None, Call(Ref(operator.iadd), (Var("z"), Var("t")))),
    ...     Return(Var("z")),
    ... )
    >>> values = dict.fromkeys("xyzt", Array(np.dtype(np.float64), (Size("n"),)))
    >>> print(print_function(accumulations(Function("f", ("x", "y"), body, values=values))), end="")
    def f(x, y):
        t = x * y
        z = t
        return z
"""

from __future__ import annotations

import dataclasses
import operator

import numpy as np

from transforms import operations
from transforms.core import (
    Assign,
    Atom,
    Block,
    Call,
    Const,
    Expression,
    Function,
    Names,
    Ref,
    Return,
    Statement,
    Var,
    binding_counts,
    blocks_of,
    is_call_of,
    names_in,
    read_counts,
    reads,
    walk,
    with_blocks,
)
from transforms.rules.typed import may_be_one
from transforms.subscripts import getitem_is_view
from transforms.values import UNKNOWN, Array, Literal, Number, Value

ZEROS = (np.zeros, np.zeros_like)
FRESH = (
    *(operator.add, operator.sub, operator.mul, operator.truediv, operator.neg, operator.matmul, operator.pow),
    *(np.sum, np.outer, np.exp, np.sin, np.cos, np.where),
)
# what gives the same result for arrays of any layout in memory, and does not hand the array on
PLAIN = (
    *(operator.add, operator.sub, operator.mul, operator.truediv, operator.neg, operator.matmul, operator.pow),
    *(operator.iadd, operator.isub, operator.imul, operator.setitem, np.sum, np.exp, np.array, np.add.at),
)
VIEWS = (operator.getitem, np.transpose, np.diagonal)


def accumulations(function: Function) -> Function:
    """The program with first contributions in the place of zeros."""
    if not function.values or not any(isinstance(s, Assign) and _adds(s) for s in walk(function.body)):
        return function
    rewriter = _Rewriter(function)
    body = rewriter.block(function.body)
    return function.replace(body=body, values=rewriter.values) if rewriter.changed else function


def _adds(statement: Statement) -> bool:
    return (
        isinstance(statement, Assign)
        and statement.target is None
        and is_call_of(statement.value, operator.iadd, operator.isub)
    )


class _Rewriter:
    def __init__(self, function: Function) -> None:
        self.function = function
        self.values: dict[str, Value] = dict(function.values or {})
        self.names = Names(names_in(function))
        self.statements = list(walk(function.body))
        self.bound = binding_counts(function)
        self.uses = read_counts(function.body)
        self.changed = False

    def block(self, block: Block) -> Block:
        result: list[Statement | None] = []
        zeros: dict[str, int] = {}  # arrays of zeros that nothing has read yet -> where they are made
        views: dict[str, int] = {}  # views that are read once -> where they are made
        of_zeros: dict[str, str] = {}  # those that are the only ones of arrays that are still zero
        made: dict[str, int] = {}  # single-use results -> where they are made
        for statement in block:
            if blocks_of(statement):
                statement = with_blocks(statement, [self.block(inner) for inner in blocks_of(statement)])
            new: Statement | None = statement
            if isinstance(statement, Assign) and _adds(statement):
                new = self.contribution(statement, result, zeros, views, of_zeros, made)
            inner_reads = {name for each in walk((statement,)) for name in reads(each)}
            owner = ""
            if isinstance(statement, Assign) and is_call_of(statement.value, operator.getitem):
                owner = self.note_view(statement, len(result), zeros, views, of_zeros)
            for name in inner_reads:
                if name != owner:
                    zeros.pop(name, None)
                for view in [v for v, array in of_zeros.items() if array == name and name != owner]:
                    del of_zeros[view]
            if isinstance(statement, Assign) and isinstance(statement.value, Call) and statement.target is not None:
                if self.bound[statement.target] == 1:
                    if is_call_of(statement.value, *ZEROS) and self.array(Var(statement.target)) is not None:
                        zeros[statement.target] = len(result)
                    elif self.uses[statement.target] == 1:
                        made[statement.target] = len(result)
            result.append(new)
        return tuple(statement for statement in result if statement is not None)

    def note_view(
        self, statement: Assign, place: int, zeros: dict[str, int], views: dict[str, int], of_zeros: dict[str, str]
    ) -> str:
        """Remember a view that is made to be added to; the name of the array of zeros that it is the first view of."""
        call, target = statement.value, statement.target
        assert isinstance(call, Call)
        array, index = call.arguments
        if target is None or not isinstance(array, Var) or self.bound[target] != 1 or self.uses[target] != 1:
            return ""
        if self.array(array) is None or getitem_is_view(self.value(index)) is not True:
            return ""
        views[target] = place
        if array.name not in zeros:
            return ""
        of_zeros[target] = array.name
        del zeros[array.name]
        return array.name

    def contribution(
        self,
        statement: Assign,
        result: list[Statement | None],
        zeros: dict[str, int],
        views: dict[str, int],
        of_zeros: dict[str, str],
        made: dict[str, int],
    ) -> Statement:
        """What to do instead of adding in place."""
        call = statement.value
        assert isinstance(call, Call)
        target, added = call.arguments
        if not isinstance(target, Var) or not self.fits(target, added):
            return statement
        is_sum = is_call_of(call, operator.iadd)
        if target.name in zeros and isinstance(added, Var) and self.has_form(added, target):
            result[zeros[target.name]] = None
            self.changed = True
            first: Expression = Call(Ref(operator.neg), (added,))
            if is_sum:
                first = added if self.is_new(added, result, made) else Call(Ref(np.array, "np.array"), (added,))
            return Assign(target.name, first, statement.origin, statement.comment)
        if target.name not in views:
            return statement
        view = result[views[target.name]]
        assert isinstance(view, Assign) and isinstance(view.value, Call)
        array, index = view.value.arguments
        narrow = self.without_axes(added, index, result, made)
        if narrow is not None:
            result[views[target.name]] = None
            self.changed = True
            return Assign(None, Call(call.function, (array, narrow)), statement.origin, statement.comment)
        if target.name in of_zeros:
            result[views[target.name]] = None
            self.changed = True
            if not is_sum:
                negative = self.names.temporary()
                self.values[negative] = self.value(added)
                result.append(Assign(negative, Call(Ref(operator.neg), (added,)), statement.origin))
                added = Var(negative)
            return Assign(None, Call(Ref(operator.setitem), (array, index, added)), statement.origin, statement.comment)
        return statement

    # ------------------------------------------------------------------------------------------------------- questions

    def has_form(self, added: Var, target: Var) -> bool:
        """Whether an array has the shape and dtype of one of zeros, of which nothing depends on the layout."""
        one, other = self.array(added), self.array(target)
        if one is None or other is None or not one.shape or not other.shape or one.dtype != other.dtype:
            return False
        equal = len(one.shape) == len(other.shape) and all(
            a == b or not (may_be_one(a) or may_be_one(b)) for a, b in zip(one.shape, other.shape)
        )
        return equal and self.is_plain(target.name, 3)

    def is_new(self, added: Var, result: list[Statement | None], made: dict[str, int]) -> bool:
        """Whether an array is new memory, and has no other use."""
        place = made.get(added.name)
        maker = None if place is None else result[place]
        return isinstance(maker, Assign) and is_call_of(maker.value, *FRESH)

    def is_plain(self, name: str, depth: int) -> bool:
        """Whether all that is done with an array is the same for any layout in memory."""
        for statement in self.statements:
            if name not in reads(statement) or isinstance(statement, Return):
                continue
            if not isinstance(statement, Assign) or not isinstance(statement.value, Call):
                return False
            if is_call_of(statement.value, getattr) or is_call_of(statement.value, *PLAIN, *ZEROS):
                continue
            is_result = Var(statement.target or "") == self.function.result
            if is_result and is_call_of(statement.value, operations.make_tuple):
                continue
            if not is_call_of(statement.value, *VIEWS) or statement.target is None or not depth:
                return False
            if isinstance(self.values.get(statement.target), Number):
                continue
            if self.bound[statement.target] != 1 or not self.is_plain(statement.target, depth - 1):
                return False
        return True

    def without_axes(
        self, added: Atom, index: Atom, result: list[Statement | None], made: dict[str, int]
    ) -> Atom | None:
        """The sum that keeps the axes which an index adds, or its negative, without them; made where it was."""
        items = index.value if isinstance(index, Const) and isinstance(index.value, tuple) else ()
        place = made.get(added.name) if isinstance(added, Var) else None
        maker = None if place is None else result[place]
        new = [axis for axis, item in enumerate(items) if item is None]
        if len(new) != 1 or any(item is not None and item != slice(None) for item in items) or place is None:
            return None
        if not isinstance(maker, Assign) or not isinstance(maker.value, Call):
            return None
        value, source = self.array(added), maker.value.arguments[0]
        if value is None or value.rank != len(items):
            return None
        if is_call_of(maker.value, operator.neg):
            inner = self.without_axes(source, index, result, made)
            call = None if inner is None else Call(maker.value.function, (inner,))
        else:
            call = self.sum_without_axis(maker.value, new[0], len(items))
        if call is None:
            return None
        name = self.names.temporary()
        assert value.shape is not None
        self.values[name] = Array(value.dtype, tuple(n for axis, n in enumerate(value.shape) if axis != new[0]))
        result[place] = dataclasses.replace(maker, target=name, value=call)
        made[name] = place
        return Var(name)

    def sum_without_axis(self, call: Call, axis: int, rank: int) -> Call | None:
        source = self.array(call.arguments[0])
        if not is_call_of(call, np.sum) or len(call.arguments) != 1 or source is None or source.rank != rank:
            return None
        keywords = dict(call.keywords)
        given = keywords.pop("axis", None)
        if given not in (Const(axis), Const(axis - rank)) or keywords != {"keepdims": Const(True)}:
            return None
        assert given is not None
        return Call(call.function, call.arguments, (("axis", given),))

    def fits(self, target: Var, added: Atom) -> bool:
        """Whether adding one to the other keeps the type: real floats of one precision."""
        whole, part = self.array(target), self.value(added)
        if whole is None:
            return False
        if isinstance(part, Literal):
            return type(part.value) in (int, float)
        return isinstance(part, (Number, Array)) and (
            part.dtype == whole.dtype or (isinstance(part, Number) and part.python and part.dtype.kind in "fi")
        )

    def array(self, atom: Atom) -> Array | None:
        value = self.value(atom)
        return value if isinstance(value, Array) and value.dtype.kind == "f" else None

    def value(self, atom: Atom) -> Value:
        if isinstance(atom, Const):
            return Literal(atom.value)
        return self.values.get(atom.name, UNKNOWN) if isinstance(atom, Var) else UNKNOWN
