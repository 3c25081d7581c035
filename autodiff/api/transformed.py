"""A function that a transform made: how it is called, compiled, shown, pickled, and read by further transforms.

A transform is a subclass of `Transformed` that says in `derive` how the core program of the wrapped function
becomes its own. Everything else stands here.  A call finds the types of its arguments (`signature_key`), looks
up the program that was compiled for them, and runs it; the first call with new types compiles.  Another
transform, or a program that calls the function, reads it through `core_for`.
"""

from __future__ import annotations

import functools
import inspect
import sys
import types
from collections import Counter
from collections.abc import Callable, Hashable
from types import CellType, FunctionType
from typing import Any

from autodiff.api.binding import Binder, Bound
from autodiff.api.outputs import given_back, has_own_classes
from autodiff.api.shapes import Shaped, all_fit, changed_containers
from autodiff.api.shortcut import CALLS_BEFORE, MISSED, missed, shortcut
from autodiff.backend import cache
from autodiff.backend.cache import Compiled, Entries, compiling
from autodiff.backend.compile import Program, explain
from autodiff.frontend.live import DataGuard, Restart
from autodiff.frontend.read import Reader, is_transformed, take_apart
from autodiff.values import abstract_arguments, signature_key
from transforms import core, passes
from transforms.errors import AutodiffError, TransformError
from transforms.printer import Printed, print_module
from transforms.specialise.session import canonical_sizes
from transforms.values import UNKNOWN, Value

MOST_CHANGES = 4


class Transformed:
    """A callable made from another one.  It has the signature, name and documentation of what it wraps."""

    verb = "transform"  # for repr: "grad of f"

    def __init__(self, function: Callable[..., Any]) -> None:
        if not callable(function) and not isinstance(function, staticmethod | classmethod | core.Function):
            right = "vjp(f, x)" if self.verb == "vjp" else f"{self.verb}(f)(x)"
            raise TransformError(
                f"{self.verb} takes a function, not {_kind(function)}", f"Write {right}, not {self.verb}(f(x))."
            )
        self.__wrapped__ = function
        for name in ("__module__", "__name__", "__qualname__", "__doc__"):
            value = getattr(function, name, None)
            if isinstance(value, str):
                setattr(self, name, value)
        self.skip = 0  # leading arguments that positions do not count: the `self` of a decorated method
        self.binder = Binder(take_apart(function))
        self._simple, self._leading = self.binder.simple, self.binder.callee.leading
        self._entries = Entries()
        self._shortcut: Callable[..., Any] = missed
        self._recent: Compiled | None = None  # what the last calls the long way ran, and how many they were
        self._streak = 0
        self._volatile: set[tuple[int, str]] = set()  # data whose type keeps changing
        self._changes: Counter[tuple[int, str]] = Counter()
        self._owners: dict[tuple[int, str], Any] = {}

    # -------------------------------------------------------------------------------------------- for subclasses

    @property
    def options(self) -> Hashable:
        """What the compiled program depends on besides the function and its arguments."""
        return ()

    def derive(self, bound: Bound, values: tuple[Value, ...], reader: Reader) -> core.Function:
        """The transformed program, with the parameters of the wrapped function's program."""
        raise NotImplementedError

    def floating(self, bound: Bound, values: tuple[Value, ...]) -> tuple[Value, ...]:
        """The values of a call inside a program, with constants that are differentiated as numbers."""
        return values

    def shaped(self, bound: Bound) -> tuple[Shaped, ...]:
        """The arguments that parts of the result have the shapes of, and these parts."""
        return ()

    def check(self, bound: Bound) -> None:
        """Refuse arguments that the transform does not accept; runs once for each signature."""

    def arguments(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments that make this object again from the wrapped function; for pickling."""
        return (), {}

    # ---------------------------------------------------------------------------------------------------- calling

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        try:
            result = self._shortcut(*args, **kwargs)
        except TypeError as error:
            if error.__traceback__ is not None and error.__traceback__.tb_next is not None:
                explain(error)
                raise
            result = MISSED  # the arguments did not fit
        except Exception as error:
            explain(error)
            raise
        return self._called(args, kwargs) if result is MISSED else result

    def _called(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The result of a call that no shortcut was made for."""
        given = args
        if kwargs or len(args) != self._simple:
            bound = self.binder.bind((), args, kwargs)
            args = bound.values
            key: Hashable = signature_key(args) if bound.shape is None else (bound.shape, signature_key(args))
        else:
            bound = None
            if self._leading:
                args = (*self._leading, *args)
            key = signature_key(args)
        compiled = self._entries.get(key)
        if compiled is None or ((compiled.names or compiled.others) and not compiled.holds()):
            bound = bound or self.binder.bind((), args[len(self._leading) :], kwargs)
            compiled = self._compiled(key, bound)
        if compiled is not self._recent:
            self._recent, self._streak = compiled, 0
        self._streak += 1
        if self._streak == CALLS_BEFORE and not compiled.is_converted:
            bound = bound or self.binder.bind((), args[len(self._leading) :], kwargs)
            self._shortcut = shortcut(self.binder, bound, compiled)
        try:
            result = compiled.function(*args)
        except Exception as error:
            explain(error)
            raise
        if not all_fit(compiled.shaped, args, result):
            self._explain_shapes(given, kwargs)
        return given_back(result) if compiled.is_converted else result

    def _explain_shapes(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Raise the error of the program itself, which its gradient has not met."""
        self.__wrapped__(*args, **kwargs)
        raise AutodiffError(
            f"{self.verb} of {_name(self.__wrapped__)} does not have the shape of its argument: an error of autodiff",
            "Please report it.",
        )

    def _compiled(self, key: Hashable, bound: Bound) -> Compiled:
        root, chain = self.root, self.chain
        with compiling:
            compiled = self._entries.get(key)
            if compiled is not None and compiled.holds():
                return compiled
            if compiled is not None:
                self._note_changes(compiled)
            self.check(bound)
            full = (chain, key)
            if isinstance(root, FunctionType):
                compiled = cache.find_shared(root, full)
                if compiled is not None:
                    self._entries.keep(key, compiled)
                    return compiled
            values = abstract_arguments(bound.names, bound.values)
            derived, reader = self._derived(bound, values)
            program = Program(present(derived.replace(signature=None)))  # it is called with a value for each parameter
            changed = changed_containers(derived)
            shaped = tuple(each for each in self.shaped(bound) if each.parameter not in changed)
            function, is_converted = program.link(program.namespace), has_own_classes(derived)
            compiled = Compiled(function, program, reader.guards, shaped, is_converted)
            if isinstance(root, FunctionType):
                cache.share(root, full, compiled)
            self._entries.keep(key, compiled)
            return compiled

    def _note_changes(self, compiled: Compiled) -> None:
        """Data whose type has changed several times is not assumed to have one any more."""
        for guard in compiled.guards:
            if isinstance(guard, DataGuard) and not guard.holds():
                place = (id(guard.owner), guard.name)
                self._owners[place] = guard.owner  # kept, so that the id is that of no other one
                self._changes[place] += 1
                if self._changes[place] >= MOST_CHANGES:
                    self._volatile.add(place)

    def _derived(self, bound: Bound, values: tuple[Value, ...]) -> tuple[core.Function, Reader]:
        """The transformed program, and the reader that knows what it relies on."""
        volatile = set(self._volatile)
        cells: dict[int, CellType] = {}
        while True:
            try:
                with Reader(volatile, cells) as reader:
                    return self.derive(bound, values, reader), reader
            except Restart:
                volatile |= reader.volatile

    @property
    def root(self) -> Any:
        """The function at the bottom of a stack of transforms."""
        inner = self.binder.function
        return inner.root if is_transformed(inner) else inner

    @property
    def chain(self) -> tuple[Hashable, ...]:
        """The transforms of the stack with their options, outermost first."""
        inner = self.binder.function
        own = (type(self).__qualname__, self.options, self.skip, len(self.binder.callee.leading))
        return (own, *inner.chain) if is_transformed(inner) else (own,)

    # ---------------------------------------------------------------------------------------- for other transforms

    def core_for(self, values: tuple[Value, ...] | None, reader: Any = None) -> core.Function:
        """The transformed program for positional arguments of these values; None: nothing is known."""
        reader = reader if reader is not None else Reader.active()
        if values is None:
            bound = self.binder.generic()
            return self.program_for(bound, (UNKNOWN,) * len(bound.values), reader)
        known = canonical_sizes(self.binder.filled(values))[0]
        return self.program_for(self.binder.of_values(known), known, reader)

    def program_for(self, bound: Bound, values: tuple[Value, ...], reader: Reader) -> core.Function:
        """The transformed program for parameters of these values; made once in a compilation."""
        key = (id(self), len(bound.places), values)
        if key not in reader.memo:
            result = self.derive(bound, self.floating(bound, values), reader)
            result.signature = self.binder.parameters_signature
            reader.memo[key] = (self, result)
        return reader.memo[key][1]

    # ---------------------------------------------------------------------------------------------------- showing

    @property
    def source(self) -> str:
        """The generated program for arguments of which nothing is known."""
        return self._printed(None).source

    def source_for(self, *args: Any, **kwargs: Any) -> str:
        """The generated program for arguments of these types: the one that a call with them runs."""
        bound = self.binder.bind((), args, kwargs)
        return self._printed(bound).source

    def _printed(self, bound: Bound | None) -> Printed:
        with compiling:
            if bound is None:
                bound = self.binder.generic()
                values: tuple[Value, ...] = (UNKNOWN,) * len(bound.values)
            else:
                self.check(bound)
                values = abstract_arguments(bound.names, bound.values)
            return present(self._derived(bound, values)[0], quote=True)

    def __repr__(self) -> str:
        return f"<{self.verb} of {_name(self.__wrapped__)}>"

    def _repr_html_(self) -> str:
        from autodiff.display import highlight_html

        try:
            source = self.source
        except Exception as error:
            return highlight_html(f"# {type(error).__name__}: {error}".replace("\n", "\n# "), repr(self))
        return highlight_html(source, repr(self))

    # ----------------------------------------------------------------------------------------- methods and pickles

    def __set_name__(self, owner: type, name: str) -> None:
        wrapped = self.__wrapped__
        if isinstance(wrapped, staticmethod) or not hasattr(type(wrapped), "__get__"):
            return
        self.skip = 1
        if isinstance(wrapped, Transformed):  # decorators one above the other: all of them are of the method
            inner = type(wrapped)._remade(wrapped.__wrapped__, *wrapped.arguments()[0], **wrapped.arguments()[1])
            inner.__set_name__(owner, name)
            self.__wrapped__ = inner
            self.binder = Binder(take_apart(inner))
            self._simple, self._leading = self.binder.simple, self.binder.callee.leading
            self._shortcut, self._recent = missed, None

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        wrapped = self.__wrapped__
        if isinstance(wrapped, classmethod):
            return types.MethodType(self, owner if owner is not None else type(instance))
        if instance is None or isinstance(wrapped, staticmethod) or (not self.skip and instance is not owner):
            return self
        return types.MethodType(self, instance)

    def __reduce__(self) -> Any:
        name = getattr(self, "__qualname__", None)
        module = sys.modules.get(getattr(self, "__module__", None) or "")
        found: Any = module
        for part in (name or "").split("."):
            found = getattr(found, part, None)
        if found is self:
            return name  # the decorated function: pickled by reference, as a function is
        args, kwargs = self.arguments()
        return functools.partial(type(self)._remade, **kwargs), (self.__wrapped__, *args)

    @classmethod
    def _remade(cls, function: Any, *args: Any, **kwargs: Any) -> Any:
        return cls(function, *args, **kwargs)

    @property
    def __signature__(self) -> inspect.Signature:
        wrapped: Any = self.__wrapped__
        return inspect.signature(wrapped.__func__ if isinstance(wrapped, staticmethod | classmethod) else wrapped)


def present(program: core.Function, quote: bool = False) -> Printed:
    """The program as it is printed and compiled."""
    return print_module(passes.present(program), quote=quote)


def _kind(value: Any) -> str:
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def _name(function: Any) -> str:
    name = getattr(function, "__qualname__", None) or getattr(function, "__name__", None)
    if isinstance(name, str):
        return "the lambda" if name.endswith("<lambda>") else name
    return repr(function)
