"""What Python's library does, written in Python: the compiler reads these functions as it reads the user's.

They stand for functions of `itertools`, `functools`, `copy` and `dataclasses` and for methods of lists and dicts where
a derivative may pass through; so none of them needs a rule.  What Python makes lazily is a list here.
"""

from __future__ import annotations

import collections
import itertools
import types
from typing import Any, NamedTuple

import numpy as np

from transforms import operations, runtime


def is_from_here(function: Any) -> bool:
    """Whether a core program is that of a function of this module."""
    first = next((statement.origin for statement in function.body if statement.origin is not None), None)
    return first is not None and first.filename == __file__


class Closure(NamedTuple):
    """A function and what it has captured, where it is kept in a container; `names` are those of keywords."""

    function: Any
    captured: tuple
    names: tuple = ()

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        count = len(self.captured) - len(self.names)
        named = dict(zip(self.names, self.captured[count:]))
        return self.function(*self.captured[:count], *arguments, **{**named, **keywords})


def call_either(is_first: Any, first: Any, second: Any, *arguments: Any, **keywords: Any) -> Any:
    """A call of what a condition has chosen among two functions."""
    if is_first:
        return first(*arguments, **keywords)
    return second(*arguments, **keywords)


def iter_until(function: Any, sentinel: Any) -> Any:
    """`iter(function, sentinel)`"""
    item = function()
    while item != sentinel:
        yield item
        item = function()


def attribute_or(thing: Any, name: str, default: Any) -> Any:
    """`getattr(thing, name, default)`"""
    if hasattr(thing, name):
        return getattr(thing, name)
    return default


def choose(is_first: Any, first: Any, second: Any) -> Any:
    """What a condition chooses."""
    return first if is_first else second


def call_cached(function: Any, *arguments: Any, **keywords: Any) -> Any:
    """A call of a function that has a cache."""
    return function(*arguments, **keywords)


def attributes(thing: Any) -> dict:
    """`vars(thing)`"""
    return vars(thing)


def update_attributes(thing: Any, given: dict) -> None:
    """`vars(thing).update(given)`"""
    for name, value in given.items():
        setattr(thing, name, value)


def call_none(*arguments: Any, **keywords: Any) -> Any:
    """A call of None."""
    raise TypeError("'NoneType' object is not callable")


def call_missing(key: Any, *arguments: Any, **keywords: Any) -> Any:
    """A call of the function that a dict or list does not have."""
    raise KeyError(key)


def place_from_start(index: Any, count: int) -> Any:
    """A place in a sequence, counted from its start."""
    return index + count if index < 0 else index


class Namespace:
    """`types.SimpleNamespace`"""

    def __init__(self, **named: Any) -> None:
        for name, value in named.items():
            setattr(self, name, value)

    def __eq__(self, other: object) -> bool:
        return bool(as_python(self) == as_python(other))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(as_python(self))


class Iterator:
    """`iter(items)`: what is left of the items."""

    def __init__(self, items: Any) -> None:
        self.items = items
        self.place = 0

    def __iter__(self) -> Iterator:
        return self

    def __bool__(self) -> bool:
        return True

    def __len__(self) -> int:
        return len(self.items) - self.place

    def __getitem__(self, index: int) -> Any:
        """The next item: loops over an iterator ask for one item after the other."""
        item = self.items[self.place]
        self.place += 1
        return item

    def has_more(self) -> bool:
        """Whether there is another item."""
        return self.place < len(self.items)

    def __next__(self) -> Any:
        if self.place >= len(self.items):
            raise StopIteration
        item = self.items[self.place]
        self.place += 1
        return item

    def rest(self) -> list:
        """The items that are left; then none are."""
        items = self.items[self.place :]
        self.place = len(self.items)
        return items


class Cycle:
    """`itertools.cycle(items)`"""

    def __init__(self, items: Any) -> None:
        self.items = list(items)
        self.place = 0

    def __iter__(self) -> Cycle:
        return self

    def __bool__(self) -> bool:
        return True

    def __getitem__(self, index: int) -> Any:
        """The next item: loops over an iterator ask for one item after the other."""
        item = self.items[self.place]
        self.place = (self.place + 1) % len(self.items)
        return item

    def has_more(self) -> bool:
        """Whether there is another item."""
        return len(self.items) > 0

    def __next__(self) -> Any:
        item = self.items[self.place]
        self.place = (self.place + 1) % len(self.items)
        return item


class Repeat:
    """`itertools.repeat(object)` without end"""

    def __init__(self, object: Any) -> None:
        self.object = object

    def __iter__(self) -> Repeat:
        return self

    def __bool__(self) -> bool:
        return True

    def __getitem__(self, index: int) -> Any:
        return self.object

    def has_more(self) -> bool:
        """Whether there is another item."""
        return True

    def __next__(self) -> Any:
        return self.object


ENDLESS: tuple[type, ...] = (Cycle, Repeat)
LAZY: tuple[type, ...] = (Iterator, Cycle, Repeat)  # of which only the items that are asked for are taken


def next_or(iterator: Any, default: Any) -> Any:
    """`next(iterator, default)` of any iterator."""
    try:
        return next(iterator)
    except StopIteration:
        return default


def next_item_or(iterator: Iterator, default: Any) -> Any:
    """`next(iterator, default)`"""
    if iterator.place < len(iterator.items):
        item = iterator.items[iterator.place]
        iterator.place += 1
        return item
    return default


def items_of_iterator(iterator: Any) -> list:
    """All that `next(iterator)` gives until it stops."""
    items = []
    running = True
    while running:
        try:
            item = next(iterator)
        except StopIteration:
            running = False
        if running:
            items.append(item)
    return items


def items_by_index(thing: Any) -> list:
    """The items of something with `__getitem__` and `__len__`."""
    items = []
    for index in range(len(thing)):
        items.append(thing[index])
    return items


# ---------------------------------------------------------------------------------------------------------- collections


class Table:
    """What a `defaultdict` and a `Counter` share: a dict that they hold."""

    table: dict

    def __setitem__(self, key: Any, value: Any) -> None:
        self.table[key] = value

    def __contains__(self, key: Any) -> bool:
        return key in self.table

    def __len__(self) -> int:
        return len(self.table)

    def __iter__(self) -> Any:
        return runtime.keys_of(self.table)

    def keys(self) -> Any:
        """`dict.keys`"""
        return runtime.keys_of(self.table)

    def values(self) -> Any:
        """`dict.values`"""
        return self.table.values()

    def items(self) -> Any:
        """`dict.items`"""
        return self.table.items()

    def get(self, key: Any, default: Any = None) -> Any:
        """`dict.get`"""
        return self.table.get(key, default)

    def pop(self, key: Any, *default: Any) -> Any:
        """`dict.pop`"""
        return self.table.pop(key, *default)

    def __eq__(self, other: Any) -> bool:
        return self.table == (other.table if hasattr(other, "table") else other)

    def __repr__(self) -> str:
        return repr(as_python(self))


class DefaultDict(Table):
    """`collections.defaultdict`"""

    def __init__(self, default_factory: Any, table: dict) -> None:
        self.default_factory = default_factory
        self.table = table

    def __getitem__(self, key: Any) -> Any:
        if key not in self.table:
            self.table[key] = self.default_factory()
        return self.table[key]

    def __delitem__(self, key: Any) -> None:
        del self.table[key]

    def setdefault(self, key: Any, default: Any = None) -> Any:
        """`defaultdict.setdefault`"""
        return self.table.setdefault(key, default)

    def update(self, *others: Any, **named: Any) -> None:
        """`defaultdict.update`"""
        self.table.update(*others, **named)


class Counter(Table):
    """`collections.Counter` of numbers"""

    def __init__(self, iterable: Any = None, **named: Any) -> None:
        self.table: dict = {}
        self.update(iterable, **named)

    def __getitem__(self, key: Any) -> Any:
        if key in self.table:
            return self.table[key]
        return 0

    def __delitem__(self, key: Any) -> None:
        if key in self.table:
            del self.table[key]

    def total(self) -> Any:
        """`Counter.total`"""
        return sum(self.table.values())

    def most_common(self, n: Any = None) -> list:
        """`Counter.most_common`"""
        pairs = sorted(self.table.items(), key=lambda pair: pair[1], reverse=True)
        return pairs if n is None else pairs[:n]

    def update(self, iterable: Any = None, **named: Any) -> None:
        """`Counter.update`"""
        if iterable is not None:
            if isinstance(iterable, (dict, Counter)):
                for key, value in iterable.items():
                    self.table[key] = self[key] + value
            else:
                for key in iterable:
                    self.table[key] = self[key] + 1
        for key, value in named.items():
            self.table[key] = self[key] + value

    def subtract(self, iterable: Any = None, **named: Any) -> None:
        """`Counter.subtract`"""
        if iterable is not None:
            if isinstance(iterable, (dict, Counter)):
                for key, value in iterable.items():
                    self.table[key] = self[key] - value
            else:
                for key in iterable:
                    self.table[key] = self[key] - 1
        for key, value in named.items():
            self.table[key] = self[key] - value


class Deque:
    """`collections.deque`"""

    def __init__(self, iterable: Any = (), maxlen: Any = None) -> None:
        self.items = list(iterable)
        self.maxlen = maxlen
        if maxlen is not None and len(self.items) > maxlen:
            self.items = self.items[len(self.items) - maxlen :]

    def append(self, item: Any) -> None:
        """`deque.append`"""
        self.items.append(item)
        if self.maxlen is not None and len(self.items) > self.maxlen:
            self.items.pop(0)

    def appendleft(self, item: Any) -> None:
        """`deque.appendleft`"""
        self.items.insert(0, item)
        if self.maxlen is not None and len(self.items) > self.maxlen:
            self.items.pop()

    def pop(self) -> Any:
        """`deque.pop`"""
        return self.items.pop()

    def popleft(self) -> Any:
        """`deque.popleft`"""
        return self.items.pop(0)

    def extend(self, iterable: Any) -> None:
        """`deque.extend`"""
        for item in list(iterable):
            self.append(item)

    def extendleft(self, iterable: Any) -> None:
        """`deque.extendleft`"""
        for item in list(iterable):
            self.appendleft(item)

    def rotate(self, n: int = 1) -> None:
        """`deque.rotate`"""
        if len(self.items) > 0:
            for _ in range(n % len(self.items)):
                self.items.insert(0, self.items.pop())

    def clear(self) -> None:
        """`deque.clear`"""
        self.items.clear()

    def reverse(self) -> None:
        """`deque.reverse`"""
        self.items.reverse()

    def remove(self, value: Any) -> None:
        """`deque.remove`"""
        self.items.remove(value)

    def count(self, value: Any) -> int:
        """`deque.count`"""
        return self.items.count(value)

    def index(self, value: Any) -> int:
        """`deque.index`"""
        return self.items.index(value)

    def insert(self, place: int, item: Any) -> None:
        """`deque.insert`"""
        if self.maxlen is not None and len(self.items) >= self.maxlen:
            raise IndexError("deque already at its maximum size")
        self.items.insert(place, item)

    def copy(self) -> Deque:
        """`deque.copy`"""
        return Deque(self.items, self.maxlen)

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Any:
        return self.items

    def __getitem__(self, place: int) -> Any:
        return self.items[place]

    def __setitem__(self, place: int, item: Any) -> None:
        self.items[place] = item

    def __delitem__(self, place: int) -> None:
        del self.items[place]

    def __contains__(self, value: Any) -> bool:
        return value in self.items

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, (Deque, collections.deque)) and self.items == list(other)

    def __repr__(self) -> str:
        return repr(as_python(self))


class Flat:
    """`array.flat`: the numbers of an array in order, to be read and changed by their places."""

    def __init__(self, array: Any) -> None:
        self.array = array

    def __len__(self) -> int:
        return self.array.size

    def __iter__(self) -> Any:
        return np.ravel(self.array)

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, int):
            return np.take(self.array, place)
        return np.take(self.array, np.arange(self.array.size)[place])

    def __setitem__(self, place: Any, value: Any) -> None:
        if isinstance(place, int):
            np.put(self.array, place, value)
        else:
            runtime.check_flat(self.array, value, False)
            np.put(self.array, np.arange(self.array.size)[place], value)

    def assign(self, value: Any) -> None:
        """`array.flat = value`"""
        runtime.check_flat(self.array, value, True)
        np.put(self.array, np.arange(self.array.size), value)

    def copy(self) -> Any:
        """`flatiter.copy`"""
        return self.array.flatten()


# ------------------------------------------------------------------------------------------------------------ itertools


def accumulate(iterable: Any, func: Any = None, *, initial: Any = None) -> list:
    """`itertools.accumulate`"""
    items = list(iterable)
    sums = [] if initial is None else [initial]
    if initial is None and len(items) > 0:
        sums.append(items[0])
        items = items[1:]
    if len(sums) > 0:
        total = sums[0]
        for item in items:
            total = total + item if func is None else func(total, item)
            sums.append(total)
    return sums


def chain(*iterables: Any) -> list:
    """`itertools.chain`"""
    items = []
    for iterable in iterables:
        items.extend(list(iterable))
    return items


def chain_from_iterable(iterables: Any) -> list:
    """`itertools.chain.from_iterable`"""
    items = []
    for iterable in iterables:
        items.extend(list(iterable))
    return items


def product(*iterables: Any, repeat: int = 1) -> list:
    """`itertools.product`"""
    sources = [list(iterable) for iterable in iterables] * repeat
    rows: list = [()]
    for source in sources:
        longer = []
        for row in rows:
            for item in source:
                longer.append((*row, item))
        rows = longer
    return rows


def combinations(iterable: Any, r: int) -> list:
    """`itertools.combinations`"""
    items = list(iterable)
    return [tuple([items[place] for place in places]) for places in runtime.combined_places(len(items), r)]


def combinations_with_replacement(iterable: Any, r: int) -> list:
    """`itertools.combinations_with_replacement`"""
    items = list(iterable)
    return [tuple([items[place] for place in places]) for places in runtime.repeated_places(len(items), r)]


def permutations(iterable: Any, r: Any = None) -> list:
    """`itertools.permutations`"""
    items = list(iterable)
    return [tuple([items[place] for place in places]) for places in runtime.permuted_places(len(items), r)]


def pairwise(iterable: Any) -> list:
    """`itertools.pairwise`"""
    items = list(iterable)
    return [(items[place], items[place + 1]) for place in range(len(items) - 1)]


def islice_iterator(iterator: Any, *bounds: Any) -> list:
    """`itertools.islice` of an iterator, which keeps its other items"""
    start = 0 if len(bounds) == 1 or bounds[0] is None else bounds[0]
    stop = bounds[0] if len(bounds) == 1 else bounds[1]
    step = 1 if len(bounds) < 3 or bounds[2] is None else bounds[2]
    items = []
    place = 0
    while (stop is None or place < stop) and iterator.has_more():
        item = next(iterator)
        if place >= start and (place - start) % step == 0:
            items.append(item)
        place += 1
    return items


def islice(iterable: Any, *bounds: Any) -> list:
    """`itertools.islice`"""
    items = unread_items(iterable)
    return [items[place] for place in runtime.places_of_slice(items, bounds)]


def unread_items(iterable: Any) -> Any:
    """The items of something by place; those of an iterator are taken as they are asked for."""
    return runtime.sequence(iterable) if hasattr(iterable, "__next__") else list(iterable)


def starmap(function: Any, iterable: Any) -> list:
    """`itertools.starmap`"""
    return [function(*arguments) for arguments in iterable]


def repeat(object: Any, times: int) -> list:
    """`itertools.repeat` with a number of times"""
    return [object for _ in range(times)]


def zip_longest(*iterables: Any, fillvalue: Any = None) -> list:
    """`itertools.zip_longest`"""
    sources = [list(iterable) for iterable in iterables]
    length = max([len(source) for source in sources], default=0)
    rows = []
    for place in range(length):
        rows.append(tuple([source[place] if place < len(source) else fillvalue for source in sources]))
    return rows


def takewhile(predicate: Any, iterable: Any) -> list:
    """`itertools.takewhile`"""
    items = []
    for item in iterable:
        if not predicate(item):
            break
        items.append(item)
    return items


def dropwhile(predicate: Any, iterable: Any) -> list:
    """`itertools.dropwhile`"""
    items = []
    is_dropping = True
    for item in iterable:
        is_dropping = is_dropping and bool(predicate(item))
        if not is_dropping:
            items.append(item)
    return items


def filterfalse(predicate: Any, iterable: Any) -> list:
    """`itertools.filterfalse`"""
    if predicate is None:
        return [item for item in iterable if not item]
    return [item for item in iterable if not predicate(item)]


def compress(data: Any, selectors: Any) -> list:
    """`itertools.compress`"""
    return [item for item, selected in zip(data, selectors) if selected]


# ------------------------------------------------------------------------------------------- builtins that iterate


def zip_items(*iterables: Any, strict: bool = False) -> list:
    """`zip`; Python's own iterators are read no further than `zip` reads them."""
    sources = [unread_items(iterable) for iterable in iterables]
    length = runtime.length_of_zip(sources, strict)
    return [tuple([source[place] for source in sources]) for place in range(length)]


def zip_iterators(*iterators: Any) -> list:
    """`zip` of iterators: one that comes before the first that ends has lost an item."""
    rows = []
    running = True
    while running:
        row = []
        for iterator in iterators:
            if running and iterator.has_more():
                row.append(next(iterator))
            else:
                running = False
        if running:
            rows.append(tuple(row))
    return rows


def enumerate_items(iterable: Any, start: int = 0) -> list:
    """`enumerate`"""
    items = list(iterable)
    return [(start + place, items[place]) for place in range(len(items))]


def reversed_items(sequence: Any) -> list:
    """`reversed`"""
    items = list(sequence)
    items.reverse()
    return items


def map_items(function: Any, *iterables: Any) -> list:
    """`map`"""
    if len(iterables) == 1:
        return [function(item) for item in iterables[0]]
    return [function(*arguments) for arguments in list(zip(*iterables))]


def filter_items(function: Any, iterable: Any) -> list:
    """`filter`"""
    if function is None:
        return [item for item in iterable if item]
    return [item for item in iterable if function(item)]


def reduce(function: Any, iterable: Any, *initial: Any) -> Any:
    """`functools.reduce`"""
    items = list(iterable)
    if len(initial) > 0:
        total, start = initial[0], 0
    else:
        if len(items) == 0:
            raise TypeError("reduce() of empty iterable with no initial value")
        total, start = items[0], 1
    for place in range(start, len(items)):
        total = function(total, items[place])
    return total


def total(iterable: Any, start: Any = 0) -> Any:
    """`sum` of what `+` joins or adds."""
    for item in iterable:
        start = start + item
    return start


def extreme(items: Any, key: Any, is_largest: bool) -> Any:
    """`max(items, key=key)`, `min(items, key=key)`"""
    return items[runtime.place_of_extreme(items, key, is_largest)]


def extreme_or(items: Any, key: Any, is_largest: bool, default: Any) -> Any:
    """`max(items, key=key, default=default)`"""
    if len(items) == 0:
        return default
    return items[runtime.place_of_extreme(items, key, is_largest)]


# ------------------------------------------------------------------------------------------------- functions that read


def item_of(place: Any, thing: Any) -> Any:
    """`operator.itemgetter(place)`"""
    return thing[place]


def items_at(places: tuple, thing: Any) -> tuple:
    """`operator.itemgetter(*places)`"""
    return tuple([thing[place] for place in places])


def attribute_of(name: str, thing: Any) -> Any:
    """`operator.attrgetter(name)`"""
    return getattr(thing, name)


def attributes_of(names: tuple, thing: Any) -> tuple:
    """`operator.attrgetter(*names)`"""
    return tuple([getattr(thing, name) for name in names])


def method_of(name: str, thing: Any) -> Any:
    """`operator.methodcaller(name)`"""
    return operations.method(thing, name)


def copied_arrays(arrays: Any) -> list:
    """`copy.deepcopy` of a list of arrays"""
    return [np.array(array) for array in arrays]


# ---------------------------------------------------------------------------------------------------------------- dicts


def pop_or(table: dict, key: Any, default: Any) -> Any:
    """`table.pop(key, default)`"""
    if key in table:
        return table.pop(key)
    return default


def pop_last(table: dict) -> tuple:
    """`table.popitem()`"""
    key = runtime.last_key(table)
    return key, table.pop(key)


def pop_first(table: dict) -> tuple:
    """`table.popitem(last=False)` of an `OrderedDict`"""
    key = runtime.keys_of(table)[0]
    return key, table.pop(key)


def move_to_end(table: dict, key: Any) -> None:
    """`table.move_to_end(key)`"""
    table[key] = table.pop(key)


def move_to_front(table: dict, key: Any) -> None:
    """`table.move_to_end(key, last=False)`"""
    table[key] = table.pop(key)
    for other in runtime.keys_of(table):
        if other != key:
            table[other] = table.pop(other)


def set_default(table: dict, key: Any, default: Any = None) -> Any:
    """`table.setdefault(key, default)`"""
    if key not in table:
        table[key] = default
    return table[key]


def update(table: dict, other: Any) -> None:
    """`table.update(other)`"""
    for key, value in other.items():
        table[key] = value


def update_pairs(table: dict, pairs: Any) -> None:
    """`table.update(pairs)`"""
    for key, value in pairs:
        table[key] = value


def clear(table: dict) -> None:
    """`table.clear()`"""
    keys = runtime.keys_of(table)
    for key in keys:
        table.pop(key)


def merged(first: dict, second: dict) -> dict:
    """`first | second`"""
    both = {}
    for key, value in first.items():
        both[key] = value
    for key, value in second.items():
        both[key] = value
    return both


def dict_of_pairs(pairs: Any) -> dict:
    """`dict(pairs)`"""
    table = {}
    for key, value in pairs:
        table[key] = value
    return table


def dict_of_keys(keys: Any, value: Any = None) -> dict:
    """`dict.fromkeys(keys, value)`"""
    table = {}
    for key in keys:
        table[key] = value
    return table


STANDS_FOR: dict[type, type] = {
    Closure: types.FunctionType,
    Counter: collections.Counter,
    DefaultDict: collections.defaultdict,
    Deque: collections.deque,
    Flat: np.flatiter,
    Namespace: types.SimpleNamespace,
}


def as_python(thing: Any) -> Any:
    """The object of Python's that one of these classes stands for; anything else as it is."""
    match thing:
        case Deque():
            return collections.deque(thing.items, thing.maxlen)
        case Namespace():
            return types.SimpleNamespace(**vars(thing))
        case DefaultDict():
            return collections.defaultdict(thing.default_factory, thing.table)
        case Counter():
            return collections.Counter(thing.table)
        case Flat():
            return thing.array.flat
        case Iterator():
            return iter(thing.items[thing.place :])
        case Cycle():
            return itertools.cycle(thing.items[thing.place :] + thing.items[: thing.place])
        case Repeat():
            return itertools.repeat(thing.object)
    return thing
