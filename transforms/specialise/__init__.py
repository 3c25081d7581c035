"""Specialisation: in goes a core program and the abstract values of its parameters, out comes the program for them.

Types are found, branches on known tests folded, methods turned into the functions they stand for, calls of user
functions replaced by references to specialised instances, containers of known structure taken apart, and helpers of
`transforms.runtime` replaced by what they do.  What is not known stays as it is.  The result is in single-assignment
form and carries the value of each of its names.

    def f(x, axis=None):                     f(x: float64 array of rank 2, axis: None)
        if axis is None:
            axis = x.ndim - 1
        return x.sum(axis) * 2.0             _1 = np.sum(x, 1); _2 = _1 * 2.0; return _2

    >>> import operator
    >>> from transforms.core import Assign, Call, Const, If, Ref, Return, Var
    >>> from transforms.values import FLOAT, Literal
    >>> test = Assign("_1", Call(Ref(operator.is_), (Var("y"), Const(None))))
    >>> choice = If(Var("_1"), (Assign("y", Const(2)),))
    >>> double = Assign("z", Call(Ref(operator.mul), (Var("x"), Var("y"))))
    >>> program = core.Function("f", ("x", "y"), (test, choice, double, Return(Var("z"))))
    >>> made = specialise(program, (FLOAT, Literal(None)))
    >>> len(made.body), made.body[0].value.arguments, made.values["z"] == FLOAT
    (2, (Var(name='x'), Const(value=2)), True)
"""

from __future__ import annotations

from transforms import core
from transforms.specialise.calls import Site
from transforms.specialise.generators import refuse_generator
from transforms.specialise.session import Reader, Session
from transforms.specialise.sweep import Sweep
from transforms.values import Value

__all__ = ["Reader", "Site", "specialise"]


def specialise(function: core.Function, values: tuple[Value, ...], reader: Reader | None = None) -> core.Function:
    """The function for parameters with these values; `reader` finds the programs of the functions that it calls."""
    refuse_generator(function)
    session = Session(reader, Sweep)
    if function.source is not None:
        session.programs[id(function.source)] = function
    made = session.instance(function, values, is_inner=False).function
    if made.signature is not function.signature:
        made = made.replace(signature=function.signature)  # users call it as they call the function
    return made
