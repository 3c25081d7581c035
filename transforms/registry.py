"""The registry of primitives: every fact that the compiler knows about a function stands here, together.

A rule is an ordinary Python function, a *template*: its source is parsed once and inlined by the rewriters, so that
generated code reads as if written by hand.  Its parameters carry the names, order and defaults of the primitive's own
(only those that the rule supports: an argument that no rule names is refused with a message that says so).  After `*`
come `ans`, the primitive's result, and `g`, the cotangent of the result.  Rules may call NumPy, `transforms.runtime`
and other primitives, and may branch on what is static (`axis is None`, `x.ndim`); such branches are folded away.

    @elementwise(np.multiply, operator.mul)
    def multiply(x, y, *, ans, g):
        return g * y, g * x

    @adjoint(np.transpose, linear="a", views="a")
    def transpose(a, axes=None, *, ans, g):
        return runtime.untranspose(g, axes)

Where a primitive changes an argument in place, the argument's cotangent is a *shadow* that is changed in place too: the
rule takes it as `<argument>_bar`, holding the cotangent after the call, and turns it into the cotangent before it.

    @adjoint(np.ndarray.fill, mutates="a", wrt="value")
    def fill(a, value, *, ans, g, a_bar):
        value_bar = np.sum(a_bar)
        a_bar.fill(0.0)
        return value_bar

Forward mode reads the same entry.  `Primitive.forward_rule` says which of these holds for a call:

- `linear="a b"`: jointly linear in these arguments.  The tangent is the primitive applied to their tangents (zeros
  where an argument does not move) and to the other arguments as they are.  For a primitive that changes an argument in
  place this is the call that changes the tangent of that argument.  `linear_unless="dtype"` names arguments that spoil
  this when they are given: such a call takes the `tangent` template.
- `multilinear="a b"`: linear in each of these arguments apart.  The tangent is the sum, over the arguments that move,
  of the primitive with that argument replaced by its tangent.  A star parameter stands for each of its items.
- `@tangent`: a template with the own parameters of the adjoint; after `*` come `ans` and a tangent `<name>_dot` for
  each name in `wrt`, of the structure of the argument.  It returns one contribution to the tangent of the result for
  each name in `wrt` (a tuple if there are several), linear in the tangent of that argument alone and None where there
  is none: those that are not wanted are dropped as dead code.  A sequence or star parameter has one contribution, and
  where `wrt` is empty there is the tangent of the result alone.  A result that is a tuple has a tuple for its tangent,
  and contributions to it are summed item by item (`runtime.add`); its items are memory of their own.

      @tangent(np.linalg.inv)
      def inv_tangent(a, *, ans, a_dot):
          return -(ans @ a_dot @ ans)

- an element-wise rule: the sum of the contributions of the adjoint, with the tangent of the argument in the place of
  `g`.  This needs no more than that derivatives are taken element by element; functions of complex numbers that are not
  holomorphic (`abs`, `real`) have a `tangent`.

What a rule returns is given the shape and dtype of the result by the rewriter; it is zero where the result holds no
numbers of a floating-point type.

The template of a primitive that changes an argument in place takes the tangent of that argument, too, and turns what
this holds before the call into what it is after the call.  It runs before the primitive does, and so has no `ans`:

    @tangent(np.ndarray.sort)
    def sort_in_place_tangent(a, axis=-1, kind=None, *, stable=None, a_dot):
        np.copyto(a_dot, np.take_along_axis(a_dot, np.argsort(a, axis), axis))
        return ()

vmap reads the entry too.  A batched value has the batch on axis 0: an array of which each sample has the shape `s` is
an array of shape `(B, *s)`, a number is an array of shape `(B,)`.  A container is never batched, but what it holds may
be; a list that a function takes for an array is made an array first (by the rule of `np.array`).  `batched` says which
arguments of a call are: it has the name of each parameter that is, or holds, a batched value, and, where that is a star
parameter or a container, also the path to each item that is: `("arrays", 0)`, `("object", 1, 2)`, `("index", "start")`
for a part of a slice.  A container of which there is no path holds batched values only.
`Primitive.batching_rule` says which of these holds for a call:

- "shared": the result is the same for all samples, and not batched: of a function of shapes, ranks and dtypes
  (`is_shared`), or where only the shape is read of all that is batched.  It is the primitive, of one sample instead of
  each batched argument (`runtime.one_sample`), or what the template says, if there is one and `is_shared`.
- "template", declared by `@batching`: a template with the own parameters of the primitive and, after `*`, `batched`,
  which is static; `function`, too, if it wants to know which of the functions of the entry is called.  It returns the
  batched result, or changes the argument that the primitive changes, which is batched.

      @batching(np.trace)
      def trace(a, offset=0, axis1=0, axis2=1, *, batched):
          return np.trace(a, offset, runtime.inner_axes(a, axis1), runtime.inner_axes(a, axis2))

- "native": the function leaves the batch axis of the arguments in `native` alone (`np.linalg.inv`, `list.append`): the
  call is the same.
- "axes": those that are batched are in `along`, and are the same call with other axes: each parameter named in `axes`
  means axes of a sample, and `runtime.inner_axes(a, axis)` are those of the batch.  This is asked of axes that are
  given, and of those that default to None or to a number that is not negative.
- "elementwise": functions that are computed element by element (`is_elementwise` or `by_element`).  The operands that
  are batched get axes of 1 after the batch axis, so that all samples have one rank: `runtime.aligned(x, rank)`, where
  `rank = runtime.sample_rank((True, False), x, y)`.  Then the primitive is called, or its `array_form`, if it is one of
  those functions of Python that know no arrays: `np.sin` for `math.sin`.
- "each": nothing better is known (`by_sample`): a loop over the samples, `runtime.each(function, (0,), x, y)`.

A template takes precedence over "native" and "axes" only where these do not hold.
"""

from __future__ import annotations

import functools
import inspect
import operator
import sys
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from transforms.core import Call, Function

Template = Callable[..., Any]
Place = str | tuple[str | int, ...]  # a parameter, or the path to an item of what it holds
_BUILTIN_METHOD = type(np.add.at)
OWN_SPACES = ("transforms.runtime", "transforms.operations")

# names that, wherever a function has a parameter so called, mean a position, a size, a condition or a flag
STRUCTURAL = frozenset(
    (
        "axis axes axis1 axis2 axisa axisb axisc source destination start dtype order casting copy kind key mode name "
        "names shape size num n k kth index indices ind obj indices_or_sections offset place position positions "
        "before after count repeats reps shift pad_width indexing sparse where condition condlist mask "
        "keepdims endpoint decimals deg norm upper uplo UPLO full_matrices compute_uv hermitian strict optimize subok "
        "ndmin stable reverse wrap at_end return_index return_inverse return_counts reflect_type rowvar"
    ).split()
)


@dataclass(eq=False)
class Primitive:
    """Everything known of one primitive.  `functions` are all the objects that name it (np.multiply, operator.mul)."""

    name: str
    functions: tuple[Any, ...]
    signature: inspect.Signature | None = None  # of the primitive's own arguments, as the rules name them
    wrt: tuple[str, ...] = ()  # the arguments that have a derivative; the adjoint returns one contribution for each
    is_elementwise: bool = False  # contributions have the broadcast shape of the result and are reduced by the compiler
    adjoint: Template | None = None  # (arguments, *, ans, g) -> contribution, or a tuple of them
    tangent: Template | None = None  # (arguments, *, ans, <name>_dot ...) -> tangent of the result
    batching: Template | None = None  # (arguments, *, batched) -> the results of all samples
    array_form: Any = None  # the function of arrays that does what this one does with numbers
    by_element: bool = False  # computed element by element, with broadcasting (`is_elementwise` says so too)
    native: tuple[str, ...] = ()  # arguments that may have more axes in front: the function leaves these alone
    along: tuple[str, ...] = ()  # arguments that have the axes that the parameters in `axes` name
    axes: tuple[str, ...] = ()  # parameters that name axes
    is_shared: bool = False  # the result is the same for all samples of a batch: a shape, a rank, a type
    by_sample: bool = False  # a batch is done by a loop over its samples
    linear: tuple[str, ...] = ()  # jointly linear in these arguments: the tangent is the primitive of the tangents
    linear_unless: tuple[str, ...] = ()  # arguments that spoil this when they are given: then `tangent` is the rule
    multilinear: tuple[str, ...] = ()  # linear in each of these arguments (or items of a star parameter) apart
    views: tuple[str, ...] = ()  # arguments that the result may share memory with (or contain)
    copies_when: Callable[..., bool] | None = None  # (values=of the arguments that are given) -> the result is a copy
    mutates: tuple[str, ...] = ()  # arguments that are changed in place
    is_deep: bool = False  # what `mutates` names is changed with all that it holds, at any depth
    stores: tuple[str, ...] = ()  # arguments that become reachable from the mutated one (`list.append` its item)
    spreads: bool = False  # the items of what `stores` names become reachable, not itself (`list.extend`)
    shape_only: tuple[str, ...] = ()  # arguments of which only shape, dtype or structure is read, never the numbers
    sequences: tuple[str, ...] = ()  # arguments that are lists or tuples of arrays, not what becomes an array
    selects: tuple[str, ...] = ()  # arguments whose numbers only select (by sign, order or truth): no derivative
    is_constant: bool = False  # the derivative is zero wherever it exists (integer, boolean or shape results)
    is_pure: bool = True  # no side effect but `mutates`: may be dropped, moved, shared
    result: Callable[..., Any] | None = None  # (abstract values of the arguments) -> abstract value of the result
    simplify: Callable[..., Any] | None = None  # (site) -> atom or None: a better form where types are known
    refusal: str | None = None  # why this function is refused where a derivative is asked of it
    notes: str = ""  # for the table of supported functions
    samples: Callable[..., Any] | None = None  # generator of (args, kwargs) on which the rule is checked
    subject: str = field(default="", repr=False)  # the rule file that it stands in
    _layouts: Any = field(default_factory=lambda: (None, {}), repr=False)  # by form of call, for one signature

    def is_locally_constant(self, name: str) -> bool:
        """Whether the result does not change with small changes of an argument."""
        return name in self.shape_only or name in self.selects or name in STRUCTURAL

    def forward_rule(self, given: Container[str]) -> str | None:
        """Which facet has the tangent of a call that gives these arguments: "linear", "multilinear", "tangent" or
        "elementwise"; None where no tangent is known."""
        if self.is_elementwise and self.adjoint is not None:
            return "elementwise" if self.tangent is None else "tangent"
        if self.linear and not any(name in given for name in self.linear_unless):
            return "linear"
        if self.multilinear:
            return "multilinear"
        return None if self.tangent is None else "tangent"

    def batching_rule(self, batched: Sequence[Place]) -> str | None:
        """Which facet has the result of a call in which this is batched: "shared", "native", "axes", "template",
        "elementwise" or "each"; None where nothing is known."""
        names = {place if isinstance(place, str) else place[0] for place in batched}
        if self.native and names <= set(self.native):
            return "native"
        if self.is_shared or (names <= self._only_shapes() and not self.is_elementwise):
            return "shared"
        if self.axes and names <= set(self.along):
            return "axes"
        if self.batching is not None:
            return "template"
        if self.by_sample:
            return "each"
        if self.is_elementwise or self.by_element:
            return "elementwise"
        return None

    @property
    def has_batches(self) -> bool:
        """Whether something is said of batches."""
        return bool(self.batching or self.by_element or self.by_sample or self.native or self.axes or self.is_shared)

    def _only_shapes(self) -> set[str]:
        """The arguments whose numbers the result does not hold either."""
        carried = {*self.wrt, *self.linear, *self.multilinear, *self.mutates, *self.stores, *self.views}
        return set(self.shape_only) - carried

    def bind(self, call: Call) -> dict[str, Any]:
        """The atoms of a call by the names of the parameters; a star parameter has a tuple or a dict of them.

        A TypeError where they do not fit, or where the parameters are not known.
        """
        layout = self._layout(len(call.arguments), tuple([name for name, _ in call.keywords]))[0]
        atoms = call.atoms
        return {name: place(atoms) for name, place in layout}

    def bind_all(self, arguments: Sequence[Any], keywords: dict[str, Any]) -> dict[str, Any]:
        """The same for any arguments, with the defaults of those that are not given."""
        given, defaults = self._layout(len(arguments), tuple(keywords))
        things = (*arguments, *keywords.values())
        return {**{name: place(things) for name, place in given}, **defaults}

    def _layout(self, count: int, keywords: tuple[str, ...]) -> Layout:
        """How a call binds that has this many arguments by position and these by keyword."""
        if self._layouts[0] is not self.signature:
            self._layouts = (self.signature, {})
        layouts = self._layouts[1]
        known = layouts.get((count, keywords))
        if known is None:
            known = layouts[count, keywords] = _layout_of(self.signature, count, keywords)
        if isinstance(known, str):
            raise TypeError(known)
        return known


# which of all arguments each parameter gets that is given one, and the defaults of the others
Layout = tuple[tuple[tuple[str, Callable[..., Any]], ...], dict[str, Any]]


def _layout_of(signature: inspect.Signature | None, count: int, keywords: tuple[str, ...]) -> Layout | str:
    """The layout of calls of this form, or the message where they do not fit."""
    if signature is None:
        return "its parameters are not known"
    try:
        bound = signature.bind(*range(count), **{name: count + k for k, name in enumerate(keywords)})
    except TypeError as error:
        return str(error)
    given = tuple((name, _picker(place)) for name, place in bound.arguments.items())
    bound.apply_defaults()
    taken = {name for name, _ in given}
    return given, {name: default for name, default in bound.arguments.items() if name not in taken}


def _picker(place: int | tuple[int, ...] | dict[str, int]) -> Callable[..., Any]:
    """A function from all atoms of a call to those of one parameter."""
    if isinstance(place, int):
        return operator.itemgetter(place)
    if isinstance(place, tuple):
        return lambda atoms: tuple([atoms[k] for k in place])
    return lambda atoms: {name: atoms[k] for name, k in place.items()}


_primitives: dict[int, Primitive] = {}
_methods: dict[str, Any] = {}  # ndarray method or attribute name -> the function it stands for
_all: list[Primitive] = []


def lookup(function: Any) -> Primitive | None:
    """The primitive that this object names, or None."""
    primitive = _primitives.get(id(function))
    if primitive is None and function.__class__ is _BUILTIN_METHOD:
        function = canonical_object(function)
        primitive = _primitives.get(id(function))
    if primitive is not None:
        for known in primitive.functions:
            if function is known:
                return primitive
    return None


_bound: dict[tuple[int, str], Any] = {}  # (ufunc, "at") -> the one object that stands for `np.add.at` here


def canonical_object(function: Any) -> Any:
    """The one object for a ufunc's method: Python makes a new one at each `np.add.at`.  Others are returned as is."""
    owner = getattr(function, "__self__", None)
    if isinstance(owner, np.ufunc) and type(function) is _BUILTIN_METHOD:
        return _bound.setdefault((id(owner), function.__name__), function)
    return function


def primitives() -> tuple[Primitive, ...]:
    """All primitives, in order of definition."""
    return tuple(_all)


def method_function(name: str) -> Any | None:
    """The function that an ndarray method or attribute stands for: "sum" -> np.sum; None where there is none."""
    return _methods.get(name)


def primitive(*functions: Any, name: str | None = None) -> Primitive:
    """The entry for these functions, made now if none of them has one yet."""
    for function in functions:
        found = lookup(function)
        if found is not None:
            extra = tuple(f for f in functions if not any(f is known for known in found.functions))
            found.functions += extra
            _primitives.update((id(f), found) for f in extra)
            return found
    functions = tuple(canonical_object(function) for function in functions)
    entry = Primitive(name or function_name(functions[0]), functions)
    _all.append(entry)
    _primitives.update((id(function), entry) for function in functions)
    return entry


def function_name(function: Any) -> str:
    """`np.sin`, `np.linalg.norm`, `math.exp`, `operator.add`, `abs`."""
    if isinstance(function, Function):
        return function.name
    name = getattr(function, "__name__", repr(function))
    if isinstance(function, np.vectorize):
        return f"np.vectorize({name})"
    owner = getattr(function, "__objclass__", None)  # a method of a built-in class
    if isinstance(owner, type):
        return f"{function_name(owner)}.{name}"
    if isinstance(getattr(function, "__self__", None), np.ufunc):
        return f"{function_name(function.__self__)}.{name}"
    module = getattr(function, "__module__", None) or ""
    if type(function).__name__ == "ufunc" and not module:
        special = sys.modules.get("scipy.special")
        module = "scipy.special" if getattr(special, name, None) is function is not getattr(np, name, None) else "numpy"
    if module in ("builtins", "", "transforms.library"):
        return name
    if module == "_operator":
        module = "operator"
    return ("np" + module[5:] if module.split(".")[0] == "numpy" else module) + "." + name


def place_of_out(function: Any) -> int | None:
    """The position of `out` among the arguments of a NumPy function that is no ufunc."""
    if isinstance(getattr(function, "__self__", None), np.ufunc):
        return {"reduce": 3, "accumulate": 3, "reduceat": 4}.get(function.__name__)
    if isinstance(function, (np.ufunc, type)) or not (getattr(function, "__module__", None) or "").startswith("numpy"):
        return None
    return _named_out(function)


def is_strict_about_out(function: Any) -> bool:
    """Whether the result has to have the shape of the array given as `out`; others broadcast it."""
    if isinstance(function, np.ufunc):
        return function.signature is not None
    name = getattr(function, "__name__", "")
    return name not in ("clip", "fix", "isneginf", "isposinf", "outer", "copyto")


@functools.cache
def _named_out(function: Any) -> int | None:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return None
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    names = [parameter.name for parameter in parameters if parameter.kind in kinds]
    return names.index("out") if "out" in names else None


REPORTING = frozenset({"logging", "warnings", "time", "traceback", "pprint"})


def only_reports(function: Any) -> bool:
    """Whether a function of a library only tells, or checks, what is going on: it changes nothing that it is given,
    and what it returns has no derivative."""
    module = getattr(function, "__module__", None) or ""
    return module.partition(".")[0] in REPORTING or module.startswith("numpy.testing")


READ = frozenset(
    {
        "abc", "bisect", "collections", "contextlib", "copy", "dataclasses", "enum", "fractions", "functools", "heapq",
        "itertools", "numbers", "operator", "random", "statistics", "types", "typing",
    }
)  # fmt: skip


def is_opaque_library(function: Any) -> bool:
    """Whether a function belongs to those parts of the standard library that do not compute with numbers: their
    sources are not read."""
    module = (getattr(function, "__module__", None) or "").partition(".")[0]
    return module in sys.stdlib_module_names and module not in READ


def is_helper(function: Any) -> bool:
    """Whether a function is one of the project's own that generated code calls: of `runtime` or of `operations`."""
    return own_space(getattr(function, "__module__", None)) is not None


def own_space(module: Any) -> str | None:
    """The module or package of helpers that generated code names, where the module of this name is part of it."""
    if not isinstance(module, str):
        return None
    return next((space for space in OWN_SPACES if module == space or module.startswith(f"{space}.")), None)


def template_signature(template: Template) -> inspect.Signature:
    """The template's own arguments: its signature without the keyword-only `ans`, `g`, tangents and shadows."""
    signature = inspect.signature(template)
    return signature.replace(parameters=[p for p in signature.parameters.values() if not is_reserved(p)])


def is_reserved(parameter: inspect.Parameter) -> bool:
    """Whether the rewriter fills a template's parameter: `ans`, `g`, `batched`, `function`, `<name>_dot`, `<name>_bar`
    after the `*`."""
    reserved = parameter.name in ("ans", "g", "batched", "function") or parameter.name.endswith(("_dot", "_bar"))
    return parameter.kind is inspect.Parameter.KEYWORD_ONLY and reserved


NAMES = tuple(
    "wrt linear linear_unless multilinear views mutates stores shape_only sequences selects native along axes".split()
)


def _names(value: str | Iterable[str]) -> tuple[str, ...]:
    return tuple(value.split()) if isinstance(value, str) else tuple(value)


def _update(entry: Primitive, template: Template | None, facts: dict[str, Any]) -> None:
    for key, value in facts.items():
        if key in NAMES:
            value = _names(value)
        if not hasattr(entry, key):
            raise TypeError(f"a primitive has no facet {key!r}")
        setattr(entry, key, value)
    if template is not None:
        entry.subject = template.__module__.rpartition(".")[2]
        if entry.signature is None or id(entry) in _borrowed:
            entry.signature = template_signature(template)
            _borrowed.discard(id(entry))


def elementwise(*functions: Any, **facts: Any) -> Callable[[Template], Template]:
    """Declare the rule of an element-wise function: one contribution for each argument without default.

    `g` times the partial derivative, written so that it is linear in `g` and element-wise; the compiler sums it over
    broadcast dimensions (reverse mode) or puts the argument's tangent for `g` (forward mode).  Arguments without a
    derivative return None.
    """

    def register(template: Template) -> Template:
        entry = primitive(*functions)
        _update(entry, template, {"is_elementwise": True, "adjoint": template, **facts})
        if "wrt" not in facts:
            assert entry.signature is not None
            entry.wrt = tuple(
                name for name, p in entry.signature.parameters.items() if p.default is inspect.Parameter.empty
            )
        return template

    return register


def adjoint(*functions: Any, **facts: Any) -> Callable[[Template], Template]:
    """Declare the reverse-mode rule: contributions in the order of `wrt` (default: the first parameter), each of the
    shape and structure of its argument.  A star parameter in `wrt` takes a tuple of contributions."""

    def register(template: Template) -> Template:
        entry = primitive(*functions)
        _update(entry, template, {"adjoint": template, **facts})
        if "wrt" not in facts:
            assert entry.signature is not None
            entry.wrt = tuple(entry.signature.parameters)[:1]
        return template

    return register


def tangent(*functions: Any, **facts: Any) -> Callable[[Template], Template]:
    """Declare the forward-mode rule: `(arguments, *, ans, x_dot, ...)` returns the contributions to the tangent of the
    result, in the order of `wrt`.  Not needed for element-wise functions and for what is `linear` or `multilinear`."""

    def register(template: Template) -> Template:
        _update(primitive(*functions), template, {"tangent": template, **facts})
        return template

    return register


def batching(*functions: Any, **facts: Any) -> Callable[[Template], Template]:
    """Declare the rule for batches: `(arguments, *, batched)` returns the results of all samples, stacked."""

    def register(template: Template) -> Template:
        for function in functions:
            entry = primitive(function)
            _update(entry, None, {"batching": template, **facts})
            if entry.signature is None:
                entry.signature = template_signature(template)
        return template

    return register


def constant(*functions: Any, **facts: Any) -> None:
    """Declare functions without a derivative: integer, boolean or shape results, or locally constant ones."""
    for function in functions:
        entry = primitive(function)
        _update(entry, None, {"is_constant": True, **facts})
        _name_parameters(entry, facts)


def facts(*functions: Any, **facets: Any) -> None:
    """Set facets of each of these functions (`views="a"`, `shape_only="x"`, `is_pure=False`, ...)."""
    for function in functions:
        entry = primitive(function)
        _update(entry, None, facets)
        _name_parameters(entry, facets)


def _name_parameters(entry: Primitive, facts: dict[str, Any]) -> None:
    """Take the function's own signature where facets name parameters; that of a rule takes its place later."""
    if entry.signature is None and any(facts.get(key) for key in ("wrt", "views", "mutates", "stores", "shape_only")):
        entry.signature = inspect.signature(entry.functions[0])
        _borrowed.add(id(entry))


_borrowed: set[int] = set()  # entries whose signature is not that of a rule


def refused(reason: str, *functions: Any) -> None:
    """Declare functions for which a derivative is refused, and why."""
    for function in functions:
        _update(primitive(function), None, {"refusal": reason})


def methods(**named: Any) -> None:
    """Declare what ndarray methods and attributes stand for: `methods(sum=np.sum, T=np.transpose)`."""
    _methods.update(named)


def result(*functions: Any) -> Callable[[Template], Template]:
    """Declare the result facet: a function from the abstract values of the arguments to that of the result."""

    def register(infer: Template) -> Template:
        for function in functions:
            primitive(function).result = infer
        return infer

    return register


def simplify(*functions: Any) -> Callable[[Template], Template]:
    """Declare the simplify facet: `rewrite(site)` returns the atom to use instead of the call, or None to keep it."""

    def register(rewrite: Template) -> Template:
        for function in functions:
            primitive(function).simplify = rewrite
        return rewrite

    return register


def samples(*functions: Any) -> Callable[[Template], Template]:
    """Declare inputs on which the rules are checked: a generator function of `(args, kwargs)`."""

    def register(generate: Template) -> Template:
        for function in functions:
            primitive(function).samples = generate
        return generate

    return register
