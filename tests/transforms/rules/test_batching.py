"""The batching half of every entry of the registry: each primitive with an adjoint has a rule for batches, and on its
samples this agrees with a loop over the samples of a batch, whichever arguments are batched."""

from __future__ import annotations

import copy
import importlib
import inspect
import itertools
import math
import operator
import pkgutil
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import transforms.rules
from tests.transforms.rules.batch import of_batch
from tests.transforms.rules.batch_code import compiled_result
from tests.transforms.rules.forward import Arguments, call_with
from transforms import runtime
from transforms.canonical import lower_template
from transforms.registry import STRUCTURAL, Place, Primitive, lookup, primitives, template_signature
from transforms.runtime import BatchingRefused

for module in pkgutil.iter_modules(transforms.rules.__path__):
    importlib.import_module(f"transforms.rules.{module.name}")

WITH_ADJOINT = [entry for entry in primitives() if entry.adjoint is not None]
SAMPLED = [entry for entry in primitives() if entry.samples is not None]
DATA = {"condition", "where", "mask", "indices", "index", "ind", "condlist", "positions"}
FLAGS = STRUCTURAL - DATA | {"ord"}
VALUES_MAKE_SHAPES = {  # and dtypes, so that those of an empty batch are not known
    "scipy.special._basic.factorial",
    "np.arange",
    "np.compress",
    "np.ndarray.compress",
    "np.extract",
    "np.unique",
}
SIZES = (3, 1)


def _name(entry: Primitive) -> str:
    return entry.name


@pytest.mark.parametrize("entry", WITH_ADJOINT, ids=_name)
def test_a_rule_for_batches_is_known(entry: Primitive) -> None:
    names = (*entry.wrt, *entry.mutates) or ("",)
    assert entry.signature is not None
    assert not entry.signature.parameters or entry.batching_rule(names) is not None


@pytest.mark.parametrize("entry", [entry for entry in primitives() if entry.batching], ids=_name)
def test_templates_fit_their_primitive(entry: Primitive) -> None:
    assert entry.batching is not None and entry.signature is not None
    found = template_signature(entry.batching)
    assert [(p.name, p.default) for p in found.parameters.values()] == [
        (p.name, p.default) for p in entry.signature.parameters.values()
    ]
    assert "batched" in inspect.signature(entry.batching).parameters
    lower_template(entry.batching)


@pytest.mark.parametrize("entry", SAMPLED, ids=_name)
def test_batch_agrees_with_loop(entry: Primitive) -> None:
    assert entry.samples is not None
    count = 0
    for arguments, keywords in entry.samples():
        for function in entry.functions:
            if function is entry.functions[0] or takes(function, arguments, keywords):
                count += check_batches(entry, function, arguments, keywords)
    assert count or entry.name in NOTHING_TO_BATCH


NOTHING_TO_BATCH = {"np.ix_"}


def takes(function: Any, arguments: tuple, keywords: dict) -> bool:
    """Whether one of several functions with the same rule takes these arguments: `math.modf` takes no arrays."""
    try:
        function(*copy.deepcopy(arguments), **copy.deepcopy(keywords))
    except (TypeError, ValueError):
        return False
    return True


def check_batches(entry: Primitive, function: Any, arguments: tuple, keywords: dict) -> int:
    """Compare a batch with a loop for each set of arguments that are batched; how many sets there were."""
    assert entry.signature is not None
    bound = dict(entry.signature.bind(*arguments, **keywords).arguments)
    bound = {name: as_data(entry, name, x) for name, x in bound.items()}
    count = 0
    for places in sets_of_places(entry, bound):
        batched = with_names(places)
        for size in SIZES:
            samples = [changed(bound, places, k) for k in range(size)]
            try:
                expected = joined([outcome(entry, function, each, keywords) for each in samples])
            except Ragged:
                continue
            whole = {name: merged([each[name] for each in samples], (name,), places) for name in bound}
            check(entry, function, bound, whole, batched, keywords, expected, size)
            if size == 1 and entry.name not in VALUES_MAKE_SHAPES:
                empty = {name: emptied(x, (name,), places) for name, x in whole.items()}
                check(entry, function, bound, empty, batched, keywords, emptied(expected, (), {()}), 0)
            count += 1
    return count


def check(
    entry: Primitive,
    function: Any,
    bound: Arguments,
    whole: Arguments,
    batched: tuple[Place, ...],
    named: Any,
    expected: Any,
    size: int,
) -> None:
    given = copy.deepcopy(whole)
    result = of_batch(entry, function, given, batched, named)
    check_result(entry, bound, batched, given, result, expected, size)
    if size > 1 and entry.batching_rule(batched) == "template" and function is entry.functions[0]:
        check_compiled(entry, bound, whole, batched, expected, size)


def check_compiled(
    entry: Primitive, bound: Arguments, whole: Arguments, batched: tuple[Place, ...], expected: Any, size: int
) -> None:
    """The same of the template as the compiler puts it in, with types and without."""
    if any(not isinstance(whole[name], np.ndarray) for name in entry.mutates):
        return  # a list that is made anew in the program
    for is_typed in (True, False):
        given = copy.deepcopy(whole)
        result = compiled_result(entry, entry.functions[0], given, batched, is_typed)
        check_result(entry, bound, batched, given, result, expected, size)


def check_result(
    entry: Primitive,
    bound: Arguments,
    batched: tuple[Place, ...],
    given: Arguments,
    result: Any,
    expected: Any,
    size: int,
) -> None:
    """Compare the result, and what has become of the arguments that are changed."""
    weak = any(isinstance(leaf, float) for leaf in leaves_at(bound, batched))  # a batch of them has a dtype
    what = f"{'weak ' * weak}{entry.name} of {size} by {batched}"
    if entry.batching_rule(batched) == "shared":
        if size:
            compare(what, result, taken(expected[0], 0))
        return
    holds = any(isinstance(x, (list, tuple, dict)) for x in bound.values())
    compare(what, result, expected[0], holds)
    for name, after in zip(entry.mutates, expected[1]):
        compare(f"{what}: {name}", given[name], after)


# ---------------------------------------------------------------------------------------------------------------- places


def is_structure(entry: Primitive, name: str, x: Any) -> bool:
    """Whether a list is a container for the function, and not what becomes an array."""
    assert entry.signature is not None
    if entry.signature.parameters[name].kind is inspect.Parameter.VAR_POSITIONAL or name in entry.sequences:
        return True
    if entry.subject == "containers" or entry.name == "operator.getitem":
        return True
    if name in (*entry.linear, *entry.wrt) and entry.subject in ("containers", "builtins", "joining"):
        return True
    if name in ("index", "indices") and isinstance(x, list):
        return False
    return name in (
        "indices",
        "object",
        "condlist",
        "arrays",
        "x",
        "index",
        "arguments",
        "result",
    ) or entry.name.startswith(("transforms.", "np.asarray", "np.copy", "np.ascontiguous"))


def as_data(entry: Primitive, name: str, x: Any) -> Any:
    """The argument, as an array where the function makes one of a list."""
    if not isinstance(x, (list, tuple)) or is_structure(entry, name, x) or is_flag(entry, name):
        return x
    return np.array(x)


def is_flag(entry: Primitive, name: str) -> bool:
    if entry.subject == "containers" and name == "index":
        return True
    return name in FLAGS and name not in (*entry.wrt, *entry.selects)


def sets_of_places(entry: Primitive, bound: Arguments) -> Iterator[set[tuple]]:
    """Each of the arguments, or items of containers, alone, each two, and all of them; what is changed is batched."""
    found = [place for name, x in bound.items() for place in places_in(entry, name, x, (name,))]
    always = [place for place in found if place[0] in entry.mutates]
    rest = [place for place in found if place[0] not in entry.mutates]
    chosen: list[set[tuple]] = [{place} for place in rest] + ([set()] if always else [])
    chosen += [set(pair) for pair in itertools.islice(itertools.combinations(rest, 2), 12)]
    chosen += [set(rest)] if len(rest) > 2 else []
    for places in chosen:
        yield places | set(always)


def places_in(entry: Primitive, name: str, x: Any, path: tuple) -> Iterator[tuple]:
    if is_flag(entry, name) or isinstance(x, (bool, str)) or x is None:
        return
    if isinstance(x, dict):
        for key, item in x.items():
            yield from places_in(entry, name, item, (*path, key))
    elif isinstance(x, (list, tuple)):
        for k, item in enumerate(x):
            yield from places_in(entry, name, item, (*path, k))
    elif isinstance(x, (np.ndarray, np.generic)):
        if x.dtype.kind in "fciub" and not (name == "index" and x.dtype.kind == "b"):
            yield path
    elif isinstance(x, (float, complex)) or (isinstance(x, int) and name in DATA):
        yield path


def with_names(places: set[tuple]) -> tuple[Place, ...]:
    """The paths as the registry has them: the name of each parameter, and paths to items."""
    ordered = sorted(places, key=lambda path: tuple(map(str, path)))
    names = dict.fromkeys(path[0] for path in ordered)
    return (*names, *(path for path in ordered if len(path) > 1))


# --------------------------------------------------------------------------------------------------------------- batches


def changed(bound: Arguments, places: set[tuple], k: int) -> Arguments:
    """The arguments of sample `k`: what is batched has other numbers in each."""
    return {name: mapped(x, (name,), places, lambda leaf: moved(leaf, k)) for name, x in bound.items()}


def mapped(x: Any, path: tuple, places: Any, change: Any) -> Any:
    """The same structure with the leaves at these places changed; a place covers what is below it."""
    if isinstance(x, dict):
        return {key: mapped(item, (*path, key), places, change) for key, item in x.items()}
    if isinstance(x, (list, tuple)):
        return type(x)(mapped(item, (*path, key), places, change) for key, item in enumerate(x))
    covered = any(path[: len(place)] == place for place in places)
    return change(x) if covered else copy.deepcopy(x)


def moved(x: Any, k: int) -> Any:
    """Other numbers for sample `k`, of the same type and inside the domain of the function."""
    if isinstance(x, (bool, np.bool_)) or x is None or isinstance(x, str):
        return x
    kind = np.asarray(x).dtype.kind
    if kind in "fc":
        factor = (1.0, 0.97, 1.02)[k]
        if isinstance(x, np.ndarray):
            return np.asarray(x * factor, x.dtype)
        return x.dtype.type(x * factor) if isinstance(x, np.generic) else x * factor
    return np.roll(x, k, -1) if np.ndim(x) else x


def leaves_at(bound: Arguments, batched: tuple[Place, ...]) -> list[Any]:
    """The numbers and arrays that are batched."""
    found: list[Any] = []
    for name in bound:
        for path in runtime.parts(batched, name):
            mapped(bound[name], (), {path}, found.append)
    return found


class Ragged(Exception):
    """The results of different samples are no array together."""


def outcome(entry: Primitive, function: Any, bound: Arguments, named: Any) -> tuple[Any, tuple]:
    """The result and the arguments that are changed."""
    values = {name: copy.deepcopy(x) for name, x in bound.items()}
    with np.errstate(all="ignore"):
        ans = call_with(entry, function, values, named)
    return ans, tuple(values[name] for name in entry.mutates)


def joined(results: list[Any]) -> Any:
    """The results of all samples, stacked leaf by leaf."""
    first = results[0]
    if type(first).__name__ in ("dict_values", "dict_items", "dict_keys"):
        return joined([list(result) for result in results])
    if isinstance(first, (list, tuple)):
        if any(len(result) != len(first) for result in results):
            raise Ragged
        return [joined([result[k] for result in results]) for k in range(len(first))]
    if isinstance(first, dict):
        return {key: joined([result[key] for result in results]) for key in first}
    if first is None or isinstance(first, (str, slice, range)):
        return first
    if any(np.shape(result) != np.shape(first) for result in results):
        raise Ragged
    return np.stack([np.asarray(result) for result in results])


def merged(values: list[Any], path: tuple, places: set[tuple]) -> Any:
    """One argument of the batch, made of those of all samples."""
    first = values[0]
    if isinstance(first, dict):
        return {key: merged([x[key] for x in values], (*path, key), places) for key in first}
    if isinstance(first, (list, tuple)):
        items = [merged([x[key] for x in values], (*path, key), places) for key in range(len(first))]
        return type(first)(items)
    return np.stack([np.asarray(x) for x in values]) if path in places else first


def emptied(x: Any, path: tuple, places: Any) -> Any:
    """The same of an empty batch."""
    return mapped(x, path, places, lambda leaf: leaf[:0] if isinstance(leaf, np.ndarray) else leaf)


def taken(x: Any, k: int) -> Any:
    return mapped(x, (), {()}, lambda leaf: leaf[k] if isinstance(leaf, np.ndarray) else leaf)


def compare(what: str, found: Any, expected: Any, is_item: bool = False) -> None:
    if type(found).__name__ in ("dict_values", "dict_items", "dict_keys"):
        found = list(found)
    if isinstance(expected, dict):
        assert set(found) == set(expected), what
        for key, item in expected.items():
            compare(what, found[key], item, True)
        return
    if isinstance(expected, (list, tuple)) and not isinstance(found, np.ndarray):
        assert isinstance(found, (list, tuple)) and len(found) == len(expected), f"{what}: {found} for {expected}"
        for one, other in zip(found, expected):
            compare(what, one, other, True)
        return
    if expected is None or isinstance(expected, (str, slice, range)):
        return
    if isinstance(found, tuple) and isinstance(expected, np.ndarray):
        found = np.stack(found, 1)  # what a loop over each sample meets
    if is_item and np.shape(found) == np.shape(expected)[1:]:
        found = np.broadcast_to(found, np.shape(expected))  # an item that is the same for all samples
    assert np.shape(found) == np.shape(expected), f"{what}: shape {np.shape(found)}, not {np.shape(expected)}"
    if expected.dtype in (np.float32, np.complex64) and not what.startswith("weak "):
        assert np.asarray(found).dtype == expected.dtype, f"{what}: dtype {np.asarray(found).dtype}"
    assert np.asarray(found).dtype.kind == np.asarray(expected).dtype.kind, f"{what}: {np.asarray(found).dtype}"
    tolerance = 1e-5 if np.asarray(expected).dtype in (np.float32, np.complex64) else 1e-9
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance, err_msg=what)


# ------------------------------------------------------------------------------------------- functions without derivative

_X = np.array([[0.5, -1.5, 2.25], [3.5, 0.25, -0.75]])
_Y = np.array([0.5, 2.0, -0.75])
CONSTANTS: tuple[tuple[Any, tuple, dict[str, Any]], ...] = (
    *((function, (_X,), {}) for function in (np.floor, np.ceil, np.trunc, np.rint, np.sign, np.isnan, np.signbit)),
    *((function, (_X,), {}) for function in (np.isfinite, np.isinf, np.logical_not, np.round, np.isreal, np.spacing)),
    *(
        (function, (_X, _Y), {})
        for function in (np.greater, np.less_equal, np.logical_and, np.floor_divide, np.isclose)
    ),
    *((function, (_X, 0.5), {}) for function in (operator.gt, operator.ge, operator.lt, operator.eq, operator.ne)),
    *((function, (0.7, _Y), {}) for function in (operator.le, operator.floordiv)),
    *((function, (_X > 0, _Y > 0), {}) for function in (operator.and_, operator.or_, operator.xor, np.bitwise_or)),
    *((function, (_X,), {}) for function in (np.argmax, np.argmin, np.any, np.all, np.count_nonzero, np.argsort)),
    *((function, (_X,), {"axis": 0}) for function in (np.argmax, np.argmin, np.any, np.all, np.argsort)),
    *((function, (_X,), {"axis": -1}) for function in (np.argmax, np.nanargmin, np.any, np.count_nonzero)),
    (np.argmax, (_X,), {"axis": 1, "keepdims": True}),
    (np.argmax, (_X,), {"keepdims": True}),
    (np.any, (_X,), {"keepdims": True}),
    (np.argsort, (_X,), {"axis": None}),
    (np.searchsorted, (np.array([0.25, 1.0, 2.0]), _X), {}),
    (np.zeros_like, (_X,), {}),
    (np.ones_like, (_X,), {}),
    (np.zeros_like, (_X,), {"dtype": int}),
    (np.shape, (_X,), {}),
    (np.size, (_X,), {}),
    (np.size, (_X, 1), {}),
    (np.ndim, (_X,), {}),
    (np.iscomplexobj, (_X,), {}),
    (len, (_X,), {}),
    (np.linalg.matrix_rank, (_X,), {}),
    (np.isin, (_X, _Y), {}),
    (math.floor, (-1.5,), {}),
    (math.ceil, (1.25,), {}),
    (math.trunc, (-1.5,), {}),
    (math.isnan, (1.5,), {}),
    (math.isclose, (1.5, 1.5), {}),
    (int, (-1.75,), {}),
    (bool, (0.5,), {}),
    (round, (2.5,), {}),
    (round, (2.567, 1), {}),
    (operator.not_, (0.5,), {}),
    (operator.truth, (0.5,), {}),
)


@pytest.mark.parametrize(("function", "arguments", "keywords"), CONSTANTS)
def test_batches_without_derivative(function: Any, arguments: tuple, keywords: dict[str, Any]) -> None:
    entry = lookup(function)
    assert entry is not None
    assert check_batches(entry, function, arguments, keywords)


# ------------------------------------------------------------------------------------- reads and writes in every position

SHAPE = (3, 4, 5)
KINDS: dict[str, Any] = {
    "int": lambda random, size: int(random.integers(-size, size)),
    "vector": lambda random, size: random.integers(-size, size, 2),
    "matrix": lambda random, size: random.integers(-size, size, (3, 2)),
    "column": lambda random, size: random.integers(-size, size, (3, 1)),
    "repeated": lambda random, size: np.array([0, 0]),
    "slice": lambda random, size: slice(None, None, -1),
    "cut": lambda random, size: slice(1, 3),
    "new": lambda random, size: None,
    "rest": lambda random, size: Ellipsis,
}
FORMS = (
    "int", "vector", "matrix", "slice int", "slice vector", "int slice vector", "vector slice int", "vector slice vector",
    "new vector", "vector new int", "rest int", "rest vector", "int rest vector", "cut vector slice", "int int int",
    "column vector", "slice matrix vector", "vector int vector", "cut rest", "repeated", "slice repeated int",
    "repeated slice repeated",
)  # fmt: skip


def index_of(form: str, seed: int) -> Any:
    random = np.random.default_rng(seed)
    kinds, items, axis = form.split(), [], 0
    for place, kind in enumerate(kinds):
        items.append(KINDS[kind](random, SHAPE[axis] if axis < 3 else 1))
        axis += kind != "new"
        if kind == "rest":
            axis = 3 - sum(other != "new" for other in kinds[place + 1 :])
    return items[0] if len(items) == 1 else tuple(items)


def index_cases(form: str) -> Iterator[tuple[list[Any], tuple[Place, ...], Any]]:
    """Indices for three samples, with what is batched in them, and the index of the batch: nothing, each, all."""
    kinds = form.split()
    movable = [k for k, kind in enumerate(kinds) if kind not in ("slice", "cut", "new", "rest")]
    first = index_of(form, 0)
    for chosen in [(), *[(k,) for k in movable], *([tuple(movable)] if len(movable) > 1 else [])]:
        others = [index_of(form, seed) for seed in range(3)]
        if not isinstance(first, tuple):
            samples = others if chosen else [first] * 3
            yield samples, ("index",) if chosen else (), np.stack(samples) if chosen else first
            continue
        samples = [tuple(other[k] if k in chosen else first[k] for k in range(len(first))) for other in others]
        whole = tuple(np.stack([x[k] for x in samples]) if k in chosen else first[k] for k in range(len(first)))
        yield samples, ("index", *(("index", k) for k in chosen)) if chosen else (), whole


@pytest.mark.parametrize("form", FORMS)
def test_reads_at_indices_that_differ(form: str) -> None:
    entry = next(entry for entry in primitives() if entry.name == "operator.getitem")
    x = np.arange(180.0).reshape(3, *SHAPE)
    for samples, places, whole in index_cases(form):
        for a, of_sample, flags in ((x, lambda k: x[k], ("a",)), (x[0], lambda k: x[0], ())):
            batched = (*flags, *places)
            if batched:
                expected = np.stack([of_sample(k)[samples[k]] for k in range(3)])
                for found in results_of(entry, {"a": a, "index": whole}, batched):
                    np.testing.assert_array_equal(found, expected, err_msg=f"{form} {batched}")


def results_of(entry: Primitive, given: Arguments, batched: tuple[Place, ...]) -> Iterator[Any]:
    """By the template as Python, in typed code, and in generic code."""
    yield of_batch(entry, entry.functions[0], given, batched, ())
    for is_typed in (True, False):
        yield compiled_result(entry, entry.functions[0], given, batched, is_typed)


@pytest.mark.parametrize("name", ["operator.setitem", "np.add.at"])
@pytest.mark.parametrize("form", FORMS)
def test_writes_at_indices_that_differ(form: str, name: str) -> None:
    entry = next(entry for entry in primitives() if entry.name == name)
    assert entry.signature is not None
    _, index_name, value_name = entry.signature.parameters
    x = np.arange(180.0).reshape(3, *SHAPE)
    for samples, places, whole in index_cases(form):
        places = tuple(index_name if p == "index" else (index_name, *p[1:]) for p in places)
        part = np.shape(x[0][samples[0]])
        shapes = [part, ()] + ([(1, *part)] if part and name == "operator.setitem" else [])
        for shape, is_batched in itertools.product(shapes, (True, False)):
            values = [np.random.default_rng(7 + k * is_batched).uniform(size=shape) for k in range(3)]
            value: Any = np.stack(values) if is_batched else values[0]
            expected = x.copy()
            for k in range(3):
                entry.functions[0](expected[k], samples[k], values[k])
            batched = ("a", *places, *((value_name,) if is_batched else ()))
            for way in range(3):
                changed = x.copy()
                given = {"a": changed, index_name: whole, value_name: value}
                if way == 0:
                    of_batch(entry, entry.functions[0], given, batched, ())
                else:
                    compiled_result(entry, entry.functions[0], given, batched, way == 1)
                np.testing.assert_array_equal(changed, expected, err_msg=f"{form} {batched} {shape}")


def test_masks_that_differ_are_refused_where_they_read() -> None:
    entry = next(entry for entry in primitives() if entry.name == "operator.getitem")
    x = np.arange(6.0).reshape(2, 3)
    mask = np.array([[True, False, False], [True, True, False]])
    with pytest.raises(BatchingRefused):
        of_batch(entry, entry.functions[0], {"a": x, "index": mask}, ("a", "index"), ())
