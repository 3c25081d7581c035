"""Functions that iterate: their items where these are known, or the function of `transforms.library` that they are."""

from __future__ import annotations

import functools
import itertools
import operator
from typing import TYPE_CHECKING, Any

from transforms import algorithms, library, operations, runtime
from transforms.core import Ref
from transforms.specialise.binding import Binding, constant
from transforms.specialise.calls.containers import on_make_list, parts_of, tuple_of
from transforms.specialise.calls.facts import Keywords, handles, python_type
from transforms.specialise.calls.overloading import check_read_at_once, items_of, iterates
from transforms.specialise.calls.views import call_on_view, is_view
from transforms.values import UNKNOWN, Array, Instance, Known, Literal, Mapping, Record, Value, may_be_differentiable

if TYPE_CHECKING:
    from transforms.specialise.calls.dispatch import Calls

_STANDS_FOR: dict[Any, Any] = {
    itertools.accumulate: library.accumulate,
    itertools.chain: library.chain,
    itertools.product: library.product,
    itertools.combinations: library.combinations,
    itertools.combinations_with_replacement: library.combinations_with_replacement,
    itertools.permutations: library.permutations,
    itertools.pairwise: library.pairwise,
    itertools.islice: library.islice,
    itertools.starmap: library.starmap,
    itertools.zip_longest: library.zip_longest,
    itertools.takewhile: library.takewhile,
    itertools.dropwhile: library.dropwhile,
    itertools.filterfalse: library.filterfalse,
    itertools.compress: library.compress,
    itertools.cycle: library.Cycle,
    itertools.repeat: library.repeat,
    zip: library.zip_items,
    enumerate: library.enumerate_items,
    reversed: library.reversed_items,
    map: library.map_items,
    filter: library.filter_items,
    functools.reduce: library.reduce,
    **algorithms.STANDS_FOR,
}

ENDLESS = (itertools.count, itertools.repeat, itertools.cycle)
CHOICES = (itertools.combinations, itertools.combinations_with_replacement, itertools.permutations)


def library_function(thing: Any) -> Any:
    """The function of the library that something stands for; None for any other."""
    owner, name = getattr(thing, "__self__", None), getattr(thing, "__name__", "")
    if owner is itertools.chain and name == "from_iterable":
        return library.chain_from_iterable
    if owner is dict and name == "fromkeys":
        return library.dict_of_keys
    try:
        return _STANDS_FOR.get(thing)
    except TypeError:  # not hashable
        return None


def call_iterating(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    """A call of a function that iterates, where a derivative may pass through it."""
    function = library_function(ref.value)
    if function is None:
        return None
    if not any(may_hold_numbers(item.value) for item in (*arguments, *keywords.values())):
        return _choices_of_integers(calls, ref, arguments, keywords)
    if ref.value is itertools.repeat and len(arguments) == 1 and not keywords:
        function = library.Repeat
    if any(python_type(item.value) in library.LAZY for item in arguments):
        check_read_at_once(calls, ref)
        lazy = _of_iterators(calls, ref, arguments, keywords)
        if lazy is not None:
            return lazy
    if ref.value in (zip, enumerate, reversed, itertools.chain) and not keywords:
        known = _known_items(calls, ref.value, arguments)
        if known is not None:
            return on_make_list(calls, Ref(operations.make_list), known, {})
    if ref.value is reversed and isinstance(arguments[0].value, Array):
        return None
    if ref.value is zip and any(python_type(item.value) in ENDLESS for item in arguments):
        arguments = _as_long_as_the_shortest(calls, arguments)
    return calls.call_object(Ref(function), arguments, keywords)


def _as_long_as_the_shortest(calls: Calls, arguments: list[Binding]) -> list[Binding]:
    """The arguments of `zip`, where what may be without end gives no more items than the others have."""
    given = [python_type(item.value) in ENDLESS for item in arguments]
    finite = [None if endless else calls.result_of(list, item) for item, endless in zip(arguments, given)]
    lengths = [calls.result_of(len, item) for item in finite if item is not None]
    if not lengths:
        return arguments
    length = functools.reduce(functools.partial(calls.result_of, min), lengths)
    return [
        calls.result_of(runtime.first_of, item, length) if items is None else items
        for item, items in zip(arguments, finite)
    ]


def _choices_of_integers(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    """`itertools.combinations(range(n), 2)` and its like, of which it is known that they give integers."""
    count = arguments[-1].value if arguments else UNKNOWN
    if ref.value is itertools.product and arguments:
        count = Literal(len(arguments))
        ranges = arguments
    else:
        ranges = arguments[:1] if ref.value in CHOICES and len(arguments) == 2 else []
    is_known = isinstance(count, Literal) and isinstance(count.value, int) and 0 < count.value < 7
    if keywords or not ranges or not is_known or any(python_type(item.value) is not range for item in ranges):
        return None
    return calls.owned(calls.result_of(runtime.choices, constant(ref.value), *arguments))


def _of_iterators(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    """A call of a function that does not take all items of the iterators that it is given."""
    if ref.value is itertools.islice:
        return calls.call_object(Ref(library.islice_iterator), arguments, keywords)
    if ref.value is zip and not keywords:
        iterators = [item if python_type(item.value) in library.LAZY else _iterator(calls, item) for item in arguments]
        return calls.call_object(Ref(library.zip_iterators), iterators, {})
    if ref.value is map and len(arguments) == 2:
        return calls.call_object(Ref(library.map_items), [arguments[0], items_of(calls, arguments[1])], {})
    if ref.value is map and not keywords:
        with calls.aside(is_bound=False):
            rows = _of_iterators(calls, Ref(zip), arguments[1:], {})
        assert rows is not None
        return calls.call_object(Ref(library.starmap), [arguments[0], rows], {})
    return None


def _iterator(calls: Calls, source: Binding) -> Binding:
    return calls.result_of(library.Iterator, calls.result_of(runtime.sequence, source))


def may_hold_numbers(value: Value) -> bool:
    """Whether what a function iterates over, or calls, may carry a derivative."""
    if isinstance(value, Instance) and value.kind.__module__ == "builtins" and value.kind not in (list, tuple, dict):
        return issubclass(value.kind, (type({}.values()), type({}.items())))
    if isinstance(value, Instance) and value.kind is itertools.count:
        return False  # of an active start there is no rule; and it has no end
    return may_be_differentiable(value)


def _known_items(calls: Calls, function: Any, arguments: list[Binding]) -> list[Binding] | None:
    """The items that a call gives, where those of its arguments are known one by one."""
    sources = [parts_of(calls, item) for item in arguments[: 1 if function is enumerate else None]]
    if any(source is None for source in sources) or not sources:
        return None
    lists = [list(source) for source in sources if source is not None]
    if function is zip:
        return [tuple_of(list(row)) for row in zip(*lists)]
    if function is reversed:
        return lists[0][::-1]
    if function is itertools.chain:
        return [item for items in lists for item in items]
    start = arguments[1].value if len(arguments) > 1 else Literal(0)
    if not isinstance(start, Literal) or not isinstance(start.value, int):
        return None
    return [tuple_of([constant(start.value + place), item]) for place, item in enumerate(lists[0])]


@handles(sorted)
def on_sorted(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    """`sorted(table)` of a dict with known keys: a list of them."""
    value = arguments[0].value if len(arguments) == 1 and not keywords else UNKNOWN
    if not isinstance(value, Mapping) or calls.sweep.is_mutated(arguments[0].region):
        return None
    if not any(all(type(key) is kind for key in value.keys) for kind in (str, int)):
        return None
    keys = [constant(key) for key in sorted(value.keys)]  # type: ignore[type-var]
    return on_make_list(calls, Ref(operations.make_list), keys, {})


@handles(iter)
def on_iter(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    """`iter(items)`, `iter(function, sentinel)`"""
    if len(arguments) == 2 and not keywords:
        return calls.call_object(Ref(library.iter_until), arguments, {})
    if len(arguments) != 1 or keywords:
        return None
    source = arguments[0]
    if not may_hold_numbers(source.value):
        return calls.emit(Ref(runtime.plain_iterator), arguments, {}, UNKNOWN)
    return calls.call_object(Ref(library.Iterator), [calls.result_of(runtime.sequence, source)], {})


@handles(itertools.tee)
def on_tee(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    """`itertools.tee(items)`"""
    count = arguments[1].value if len(arguments) > 1 else Literal(2)
    if keywords or not isinstance(count, Literal) or not may_hold_numbers(arguments[0].value):
        return None
    items = calls.result_of(list, arguments[0])
    return tuple_of([calls.result_of(library.Iterator, items) for _ in range(count.value)])


def loop_items(calls: Calls, iterable: Binding) -> Binding:
    """What a `for` statement runs over: for an object of the user's, the list of its items."""
    if is_view(iterable.value):
        return call_on_view(calls, Ref(iter), [iterable], {})
    kind = python_type(iterable.value)
    if isinstance(iterable.value, (Record, Instance, Known)) and kind is not None and iterates(kind):
        return items_of(calls, iterable)
    return iterable


# ------------------------------------------------------------------------------------------------- functions that read


@handles(operator.itemgetter, operator.attrgetter, operator.methodcaller)
def on_getter(calls: Calls, ref: Ref, arguments: list[Binding], keywords: Keywords) -> Binding | None:
    """`operator.itemgetter(1)` as `functools.partial(library.item_of, 1)`."""
    if keywords and ref.value is not operator.methodcaller:
        return None
    functions: dict[Any, Any] = {operator.itemgetter: library.item_of, operator.attrgetter: library.attribute_of}
    function: Any = functions.get(ref.value, library.method_of)
    if ref.value is not operator.methodcaller and len(arguments) > 1:
        function = library.items_at if ref.value is operator.itemgetter else library.attributes_of
        return calls.call_object(Ref(functools.partial), [constant(function), tuple_of(arguments)], {})
    if ref.value is operator.attrgetter and "." in str(getattr(arguments[0].value, "value", ".")):
        return None
    if ref.value is operator.methodcaller and (keywords or len(arguments) > 1):
        return None
    return calls.call_object(Ref(functools.partial), [constant(function), *arguments], {})


def call_getter(calls: Calls, getter: Any, arguments: list[Binding]) -> Binding | None:
    """A call of what `operator.itemgetter(...)` and its like made."""
    kind, made_of = getter.__reduce__()[:2]
    function = on_getter(calls, Ref(kind), [constant(item) for item in made_of], {}) if isinstance(kind, type) else None
    return None if function is None else calls.apply(function, arguments, {}, calls.hint, calls.is_bound)
