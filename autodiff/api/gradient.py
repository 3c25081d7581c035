"""`grad` and `value_and_grad`: gradients of a function, in either convention of `conventions`."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

import numpy as np

from autodiff import trees
from autodiff.api.binding import Bound, Place
from autodiff.api.conventions import UNSET, Convention, Request, request
from autodiff.api.results import Results
from autodiff.api.shapes import Shaped
from autodiff.api.transformed import Transformed, _kind, _name
from autodiff.frontend.read import Reader
from transforms import core, pipeline, runtime
from transforms.errors import DerivativeUndefined, TransformError
from transforms.inference import as_number
from transforms.values import UNKNOWN, Array, Instance, Literal, Number, Sequence, Value


class Gradient(Transformed):
    """The gradient of a function, or its value and gradient; made by `grad` and `value_and_grad`."""

    def __init__(self, function: Callable[..., Any], asked: Request) -> None:
        self.request = asked
        self.verb = "value_and_grad" if asked.want_value else "grad"
        super().__init__(function)

    @property
    def options(self) -> Hashable:
        return self.request.key

    def arguments(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return (self.request,), {}

    def places(self, bound: Bound) -> tuple[Place, ...]:
        """Where the arguments are that the gradient is taken of."""
        skipped = self.binder.leading + self.skip
        indices = self.request.indices(skipped, len(bound.places), _name(self.__wrapped__))
        return tuple(bound.places[index] for index in indices)

    def shaped(self, bound: Bound) -> tuple[Shaped, ...]:
        asked = self.request
        if asked.want_value:
            return ()  # the value was computed, and with it every shape
        whole = (0,) if asked.has_aux else ()
        last = (1,) if asked.return_ids else ()
        return tuple(
            Shaped(place.parameter, place.item, (*whole, *(() if asked.bare else (k,)), *last))
            for k, place in enumerate(self.places(bound))
        )

    def check(self, bound: Bound) -> None:
        for position, place in zip(self.request.positions, self.places(bound)):
            argument = bound.values[place.parameter]
            if place.item is not None:
                argument = argument[place.item]
            check_differentiable(argument, f"argument {position} ({bound.names[place.parameter]})", self.__wrapped__)

    def floating(self, bound: Bound, values: tuple[Value, ...]) -> tuple[Value, ...]:
        result = list(values)
        for position, place in zip(self.request.positions, self.places(bound)):
            value = as_number(result[place.parameter])
            if isinstance(value, Number) and value.dtype.kind not in "fc":
                raise DerivativeUndefined(
                    f"argument {position} ({bound.names[place.parameter]}) of {_name(self.__wrapped__)} is an integer: "
                    "a derivative needs a floating-point number",
                    "Use float(...).",
                )
            result[place.parameter] = value
        return tuple(result)

    def derive(self, bound: Bound, values: tuple[Value, ...], reader: Reader) -> core.Function:
        asked = self.request
        program = self.binder.program(bound, values, reader)
        places = self.places(bound)
        parameters = tuple(dict.fromkeys(place.parameter for place in places))
        scalar = asked.convention is Convention.ARGNUMS
        derivative = pipeline.derivative(
            program,
            values,
            parameters,
            reader=reader,
            want_value=asked.want_value or asked.has_aux or scalar,
            has_aux=asked.has_aux,
        )
        return _arranged(derivative, asked, places, parameters, _name(self.__wrapped__))


def _arranged(
    derivative: core.Function, asked: Request, places: tuple[Place, ...], parameters: tuple[int, ...], name: str
) -> core.Function:
    """The derivative program with the result that was asked for."""
    results = Results(derivative)
    value: core.Atom | None = None
    gradients = derivative.result
    if asked.want_value or asked.has_aux or asked.convention is Convention.ARGNUMS:
        value, gradients = results.split(gradients, 2)
    by_parameter = dict(zip(parameters, results.split(gradients, len(parameters))))
    chosen = [
        by_parameter[place.parameter] if place.item is None else results.item(by_parameter[place.parameter], place.item)
        for place in places
    ]
    if value is not None:
        _check_output(results, value, asked, name)
    if asked.return_ids:
        chosen = [results.build((core.Const(index), item)) for index, item in zip(asked.positions, chosen)]
    answer = chosen[0] if asked.bare else results.build(chosen)
    if asked.want_value:
        assert value is not None
        answer = results.build((value, answer))
    elif asked.has_aux:
        assert value is not None
        aux = results.item(value, slice(1, None) if asked.convention is Convention.POSITION else 1)
        answer = results.build((answer, aux))
    return results.finish(answer)


def _check_output(results: Results, value: core.Atom, asked: Request, name: str) -> None:
    """Refuse outputs that the convention does not take: now where the type is known, at run time elsewhere."""
    known = results.value_of(value)
    if asked.has_aux:
        count = 2 if asked.convention is Convention.ARGNUMS else None
        if isinstance(known, Sequence) and issubclass(known.kind, tuple):
            _at_once(runtime.require_aux, (None,) * len(known.items), name, count)
            known = known.items[0]
        elif isinstance(known, Literal):
            _at_once(runtime.require_aux, known.value, name, count)
            known = Literal(known.value[0])
        elif known is not None and known != UNKNOWN and not issubclass(getattr(known, "kind", object), tuple):
            _at_once(runtime.require_aux, _example(known), name, count)
        else:
            results.run(runtime.require_aux, value, core.Const(name), core.Const(count))
            known = None
    if asked.convention is Convention.ARGNUMS and not _is_scalar(known, name):
        results.run(runtime.require_scalar, results.item(value, 0) if asked.has_aux else value, core.Const(name))


def _is_scalar(value: Value | None, name: str) -> bool:
    """Whether the value is known to be a scalar; raises where it is known not to be one."""
    match value:
        case Number():
            _at_once(runtime.require_scalar, value.dtype.type(0), name)
            return True
        case Array(shape=tuple() as shape):
            _at_once(runtime.require_scalar, np.empty((2,) * len(shape)), name)
            return True
        case Literal():
            _at_once(runtime.require_scalar, value.value, name)
            return True
        case Sequence() | Instance():
            _at_once(runtime.require_scalar, value.kind, name)
    return False


def _example(value: Value) -> Any:
    """Something of the type of a value, for a message."""
    match value:
        case Number():
            return 0.0 if value.python else value.dtype.type(0)
        case Array():
            return np.zeros(0, value.dtype)
    kind = getattr(value, "kind", object)
    return kind.__new__(kind) if kind.__module__ == "builtins" else object.__new__(kind)


def _at_once(check: Callable[..., None], *arguments: Any) -> None:
    """Make a check of generated code when the program is transformed."""
    try:
        check(*arguments)
    except TypeError as error:
        raise TransformError(str(error)) from None


def check_differentiable(argument: Any, what: str, function: Any) -> None:
    """Refuse an argument that has no derivative, with what to write instead."""
    for path, leaf in trees.leaves(argument):
        if trees.is_inexact(leaf) and not np.iscomplexobj(leaf) or (path and not trees.is_number(leaf)):
            continue
        place = f"{what} of {_name(function)}" + (f" at {path}" if path else "")
        if trees.is_inexact(leaf):
            raise DerivativeUndefined(
                f"{place} is complex: the gradient by a complex number is not defined",
                "Pass its real and imaginary parts, and make the complex number inside the function.",
            )
        if isinstance(leaf, bool | np.bool_):
            raise DerivativeUndefined(
                f"{place} is a bool, which has no derivative", "Use float(...), or choose another position."
            )
        if isinstance(leaf, int | np.integer):
            raise DerivativeUndefined(
                f"{place} is an integer ({leaf!r}): a derivative needs a floating-point number",
                f"Use float(...), or write {leaf}.0.",
            )
        if isinstance(leaf, np.ndarray) and leaf.dtype.kind in "iub":
            raise DerivativeUndefined(
                f"{place} is an array of {leaf.dtype}: a derivative needs floating-point numbers",
                "Use float(...) for each number, or array.astype(float).",
            )
        if isinstance(leaf, np.ndarray):
            raise DerivativeUndefined(
                f"{place} is an array of {leaf.dtype}, which has no derivative",
                "Use an array of floating-point numbers.",
            )
        if leaf is None or isinstance(leaf, str | bytes) or callable(leaf):
            raise DerivativeUndefined(
                f"{place} is {_kind(leaf)}, which has no derivative",
                "Choose the position of an argument that holds floating-point numbers.",
            )
        raise DerivativeUndefined(
            f"{place} is {_kind(leaf)}, which is neither a number nor a container of numbers",
            "Pass a number, an array, or a tuple, list, dict or dataclass of them.",
        )


def grad(
    fn: Callable[..., Any] | None = None,
    grad_position: Any = UNSET,
    weights: Any = None,
    has_aux: bool = False,
    *,
    argnums: Any = UNSET,
    return_ids: bool = False,
) -> Any:
    """The gradient of a function, as a function with the same parameters.

    Args:
        fn: the function: of any Python kind, or a NumPy function.  Left out: returns a decorator.
        grad_position: the argument to differentiate by: an int (default 0), or a tuple of ints for several.
        weights: gradients by the parameters of a network; not there yet.
        has_aux: only the first output is differentiated; the others are returned as they are.
        argnums: like `grad_position`, in the structures of JAX: a tuple of one gives a tuple of one, the output is
            a scalar, and with `has_aux` a pair.
        return_ids: each gradient comes as `(position, gradient)`.

    Returns:
        A function.  With `grad_position`, one position gives a bare gradient and several a tuple; outputs that are
        not scalar are summed; `has_aux` gives `(gradients, (aux, ...))`.  With `argnums`: as `jax.grad`.

        A gradient has the structure of its argument (a number, an array, or tuples, lists, dicts, named tuples and
        dataclasses of them), the shapes of its arrays and their floating-point types: `float32` in, `float32` out.
        The arguments are left as they are, but for what the function itself changes.

    Raises:
        TypeError, ValueError: at once, where the keywords do not fit together, or a position is negative (with
            `grad_position`) or named twice.
        NotImplementedError: at once, for `weights`.
        IndexError: when called, where a position is out of range.
        DerivativeUndefined: when called, where an argument in question is an integer, complex, or no number at all,
            or the output is complex or no number.
        TransformError, UnsupportedSyntax, RuleNotFound, SourceNotFound: when called, where the program cannot be
            differentiated; the message shows the place in it and says what to write instead.
        DerivativeRefused: when called, where only the run finds that out.

        What the function itself raises is raised by its gradient.

    >>> import autodiff as ad
    >>> ad.grad(lambda x, y: x * x * y, (0, 1))(3.0, 2.0)
    (12.0, 9.0)
    >>> ad.grad(lambda p: p["w"] * p["b"][0])({"w": 2.0, "b": [3.0]})
    {'w': 3.0, 'b': [2.0]}
    >>> ad.grad(ad.grad(lambda x: x**3))(2.0)
    12.0
    """
    asked = request(grad_position, weights, has_aux, argnums, return_ids, want_value=False)
    return (lambda function: Gradient(function, asked)) if fn is None else Gradient(fn, asked)


def value_and_grad(
    fn: Callable[..., Any] | None = None,
    grad_position: Any = UNSET,
    weights: Any = None,
    has_aux: bool = False,
    *,
    argnums: Any = UNSET,
    return_ids: bool = False,
) -> Any:
    """The output of a function together with its gradient, from one run of it.

    Parameters, errors, and the shapes and types of gradients are those of `grad`.

    Returns:
        A function that returns `(output, gradient)`.  With `has_aux` the output comes whole, the other outputs in it:
        `((output, aux), gradient)`.

    >>> import autodiff as ad
    >>> ad.value_and_grad(lambda x: x * x)(3.0)
    (9.0, 6.0)
    >>> ad.value_and_grad(lambda x, y: (x * y, x), (0, 1), has_aux=True)(2.0, 3.0)
    ((6.0, 2.0), (3.0, 2.0))
    """
    asked = request(grad_position, weights, has_aux, argnums, return_ids, want_value=True)
    return (lambda function: Gradient(function, asked)) if fn is None else Gradient(fn, asked)


def _made_inside(want_value: bool) -> Callable[..., Gradient]:
    """What the compiler calls for `grad(f, ...)` in a program: the first `leading` arguments are not counted."""

    def make(
        fn: Callable[..., Any],
        leading: int,
        grad_position: Any = UNSET,
        weights: Any = None,
        has_aux: bool = False,
        *,
        argnums: Any = UNSET,
        return_ids: bool = False,
    ) -> Gradient:
        asked = request(grad_position, weights, has_aux, argnums, return_ids, want_value)
        memo = Reader.active().memo
        key = ("made", id(fn), leading, asked.key)
        if key not in memo:
            made = Gradient(fn, asked)
            made.skip = leading
            memo[key] = (fn, made)
        return memo[key][1]

    return make


grad.transform_of = _made_inside(want_value=False)  # type: ignore[attr-defined]
value_and_grad.transform_of = _made_inside(want_value=True)  # type: ignore[attr-defined]


def get_grad(gradients: Any, identifier: int) -> Any:
    """The gradient of one position, out of the result of a `grad` with `return_ids=True`.

    Args:
        gradients: `(position, gradient)`, or a tuple of such pairs.
        identifier: the position.

    Returns:
        The gradient itself.

    Raises:
        RuntimeError: there is none of this position.

    >>> import autodiff as ad
    >>> gradients = ad.grad(lambda x, y: x * y, (0, 1), return_ids=True)(2.0, 3.0)
    >>> gradients, ad.get_grad(gradients, 1)
    (((0, 3.0), (1, 2.0)), 2.0)
    """
    pairs = (
        (gradients,)
        if isinstance(gradients, tuple) and len(gradients) == 2 and isinstance(gradients[0], int)
        else gradients
    )
    for pair in pairs:
        if isinstance(pair, tuple) and len(pair) == 2 and pair[0] == identifier:
            return pair[1]
    raise RuntimeError(f"there is no gradient of {identifier!r}; was grad called with return_ids=True?")
