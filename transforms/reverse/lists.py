"""Adjoints of what changes lists, or takes items out of dicts.

The shadow of a list changes as the list does, and backwards in the adjoint sweep.

At any time the shadow has an item for each item of the list: a zero for a number, to which the adjoint sweep adds, and
the item's own shadow for memory.  So a permutation is undone by its inverse, what was taken out is put in again with
the shadow that it had, and what was put in is taken out: that is its cotangent.

    items.insert(0, x)             items.insert(0, x)
                                   items_bar.insert(0, 0.0)
                                   x_bar = runtime.pop_inserted(items_bar, 0)      adjoint
"""

from __future__ import annotations

import operator
from typing import Any

from transforms import operations, runtime
from transforms.builder import Builder
from transforms.core import Assign, Atom, Call, Const, For, Ref, Var
from transforms.errors import TransformError
from transforms.reverse.control import Control
from transforms.reverse.cotangents import zero_item
from transforms.reverse.plan import Kind
from transforms.templates import value_of
from transforms.values import UNKNOWN, Array, Instance, Literal, Many, Sequence, Value, is_immutable


class Lists(Control):
    """Adjoints of what changes lists."""

    def changes_list(self, function: Any, call: Call) -> bool:
        """Whether this is one of the operations on lists that stand here."""
        if function is operator.delitem:
            return _is_list(self.plan.value(call.arguments[0]))
        return function in _HANDLERS

    def list_surgery(self, statement: Assign, function: Any, call: Call, primal: Builder, adjoint: Builder) -> None:
        """An operation that changes a list, mirrored on its shadow."""
        owner = call.arguments[0]
        if not isinstance(owner, Var) or self.kind(owner) is not Kind.SHADOW:
            self.refuse(statement, function, None)
        assert isinstance(owner, Var)
        handler = getattr(self, _HANDLERS[function])
        handler(statement, function, call, Var(self.bar(owner.name)), primal, adjoint)

    def _holds_numbers(self, owner: Atom) -> bool:
        """Whether the items of a list are known to be no memory, so that their shadows are zeros until the end."""
        value = self.plan.value(owner)
        if isinstance(value, Many):
            return is_immutable(value.item)
        return isinstance(value, Sequence) and all(map(is_immutable, value.items))

    def give_items(self, items: Atom, g: Atom, adjoint: Builder) -> None:
        """Add the cotangents in a list to those of the items of a container."""
        if self.kind(items) is Kind.VALUE:
            self.accumulate(items, g, adjoint)
        elif isinstance(items, Var) and self.kind(items) is Kind.SHADOW:
            adjoint.do(runtime.return_item, Var(self.bar(items.name)), Const(slice(None)), g)

    def item_shadows(self, items: Atom, primal: Builder) -> Atom:
        """The shadows of the items of a container: a zero for a number."""
        if isinstance(items, Var) and self.kind(items) is Kind.SHADOW:
            return Var(self.bar(items.name))
        return primal.call(runtime.zeros, items)

    # --------------------------------------------------------------------------------------------------- one item

    def return_held(self, item: Atom, g: Atom, out: Builder, owner: Value = UNKNOWN) -> None:
        """Add what the shadow of a container collected for an item."""
        raise NotImplementedError

    def _put_at(
        self, statement: Assign, function: Any, call: Call, shadow: Var, primal: Builder, adjoint: Builder
    ) -> None:
        """`runtime.put_at(items, place, item)`, which undoes `runtime.pop_at`."""
        primal.statements.append(statement)
        place, item = call.arguments[1:]
        primal.do(function, shadow, place, self.shadow(item))
        self.return_held(item, adjoint.call(runtime.pop_at, shadow, place), adjoint)

    def _pop_at(
        self, statement: Assign, function: Any, call: Call, shadow: Var, primal: Builder, adjoint: Builder
    ) -> None:
        """`item = runtime.pop_at(items, place)`"""
        primal.statements.append(statement)
        target, place = statement.target, call.arguments[1]
        if target is not None and self.kind(target) is Kind.VALUE:
            primal.do(function, shadow, place)
            back: Atom = self.take(target, adjoint) or zero_item(self.plan.value(call.arguments[0]))
        else:  # the item goes, but other names for it may still collect cotangents
            name = self.bar(target) if target is not None and self.kind(target) is Kind.SHADOW else None
            back = primal.call(function, shadow, place, target=name)
        adjoint.do(runtime.put_at, shadow, place, back)

    def _remove(
        self, statement: Assign, function: Any, call: Call, shadow: Var, primal: Builder, adjoint: Builder
    ) -> None:
        place = primal.call(list.index, *call.arguments)
        primal.statements.append(statement)
        self._drop(call.arguments[0], shadow, place, primal, adjoint)

    def _drop(self, owner: Atom, shadow: Var, place: Atom, primal: Builder, adjoint: Builder) -> None:
        """The shadow of an item goes with the item, and comes back."""
        old: Atom = zero_item(self.plan.value(owner))
        if self._holds_numbers(owner):
            primal.do(list.pop, shadow, place)
        else:
            old = primal.call(list.pop, shadow, place)
        adjoint.do(runtime.insert_back, shadow, place, old)

    # ------------------------------------------------------------------------------------------------ several items

    def _delete(
        self, statement: Assign, function: Any, call: Call, shadow: Var, primal: Builder, adjoint: Builder
    ) -> None:
        """`del items[k]`, `del items[i:j]`, `items.clear()`."""
        primal.statements.append(statement)
        key = Const(slice(None)) if function is list.clear else call.arguments[1]
        if not is_slice(value_of(key, self.values)):
            self._drop(call.arguments[0], shadow, key, primal, adjoint)
            return
        old = primal.call(runtime.take_items, shadow, key)
        adjoint.do(runtime.put_items, shadow, key, old)

    def _take(
        self, statement: Assign, function: Any, call: Call, shadow: Var, primal: Builder, adjoint: Builder
    ) -> None:
        """`taken = runtime.take_items(items, key)`."""
        target, key = statement.target, call.arguments[1]
        primal.statements.append(statement)
        if target is not None and self.kind(target) is Kind.VALUE:
            primal.do(runtime.take_items, shadow, key)
            back = self.take(target, adjoint) or adjoint.call(runtime.zeros, Var(target))
        else:
            name = self.bar(target) if target is not None and self.kind(target) is Kind.SHADOW else None
            back = primal.call(runtime.take_items, shadow, key, target=name)
        adjoint.do(runtime.put_items, shadow, key, back)

    def _put(
        self, statement: Assign, function: Any, call: Call, shadow: Var, primal: Builder, adjoint: Builder
    ) -> None:
        """`runtime.put_items(items, key, taken)`."""
        key, taken = call.arguments[1:]
        primal.statements.append(statement)
        primal.do(runtime.put_items, shadow, key, self.item_shadows(taken, primal))
        self.give_items(taken, adjoint.call(runtime.take_items, shadow, key), adjoint)

    def _extend(
        self, statement: Assign, function: Any, call: Call, shadow: Var, primal: Builder, adjoint: Builder
    ) -> None:
        primal.statements.append(statement)
        items = call.arguments[1]
        rows = self.plan.value(items)
        copies = isinstance(rows, Array) and rows.rank == 1  # numbers, out of memory that may change
        is_shared = not copies and isinstance(items, Var) and self.kind(items) is Kind.SHADOW
        start = primal.call(len, shadow)
        put = self.item_shadows(items, primal) if is_shared else primal.call(runtime.zeros, items)
        primal.do(list.extend, shadow, put)
        key = adjoint.call(operations.make_slice, start, Const(None), Const(None))
        taken = adjoint.call(runtime.take_items, shadow, key)
        if is_shared:
            self.give_items(items, taken, adjoint)
        else:
            self.accumulate(items, adjoint.call(runtime.repack, taken, items), adjoint)

    def set_slice(self, statement: Assign, call: Call, primal: Builder, adjoint: Builder) -> None:
        """`items[i:j] = other` of lists: there may be more or fewer items than before."""
        container, key, stored = call.arguments
        assert isinstance(container, Var)
        if isinstance(self.plan.value(stored), Array):
            raise TransformError(
                "an array is assigned to a slice of a list; a derivative through this is not supported",
                "Assign list(array).",
                statement.origin,
            )
        shadow = Var(self.bar(container.name))
        place = primal.call(runtime.place_of_slice, container, key, stored)
        old = primal.call(runtime.take_items, shadow, key)
        primal.do(runtime.put_items, shadow, place, self.item_shadows(stored, primal))
        primal.statements.append(statement)
        g = adjoint.call(runtime.take_items, shadow, place)
        adjoint.do(runtime.put_items, shadow, key, old)
        self.give_items(stored, g, adjoint)

    # --------------------------------------------------------------------------------------------------- the order

    def _sort(
        self, statement: Assign, function: Any, call: Call, shadow: Var, primal: Builder, adjoint: Builder
    ) -> None:
        order = self._sorting(call, primal)
        primal.do(runtime.permute_items, call.arguments[0], order)
        self._permuted(call.arguments[0], runtime.permute_items, order, shadow, primal, adjoint)

    def _sorting(self, call: Call, primal: Builder) -> Var:
        """Where each item of a list that is sorted comes from."""
        name = self.names.temporary()
        primal.bind(name, Call(Ref(runtime.sorting, "runtime.sorting"), call.arguments, call.keywords))
        return Var(name)

    def _permute(
        self, statement: Assign, function: Any, call: Call, shadow: Var, primal: Builder, adjoint: Builder
    ) -> None:
        primal.statements.append(statement)
        self._permuted(call.arguments[0], function, call.arguments[1], shadow, primal, adjoint)

    def _permuted(
        self, owner: Atom, function: Any, order: Atom, shadow: Var, primal: Builder, adjoint: Builder
    ) -> None:
        if not self._holds_numbers(owner):
            primal.do(function, shadow, order)
        is_forward = function is runtime.permute_items
        adjoint.do(runtime.unpermute_items if is_forward else runtime.permute_items, shadow, order)

    # ------------------------------------------------------------------------------------------------------- copies

    def copy_sorted(self, statement: Assign, call: Call, source: str, primal: Builder, adjoint: Builder) -> None:
        """`sorted(items)` of items that may be memory: the shadow holds the shadows of the items in that order."""
        assert statement.target is not None
        primal.statements.append(statement)
        order = self._sorting(call, primal)
        bar = primal.call(runtime.reordered, Var(self.bar(source)), order, target=self.bar(statement.target))
        self.give_items(call.arguments[0], adjoint.call(runtime.reordered_back, bar, order), adjoint)

    def copy_slice(self, target: str, source: Var, key: Atom, primal: Builder, adjoint: Builder) -> None:
        """`items[i:j]` of items that may be memory: the shadow holds the shadows of these items."""
        is_shadow = self.kind(source) is Kind.SHADOW
        shadow = Var(self.bar(source.name)) if is_shadow else primal.call(runtime.zeros, source)
        bar = primal.call(operator.getitem, shadow, key, target=self.bar(target))
        adjoint.do(runtime.return_item, shadow, key, bar)
        if not is_shadow:
            self.accumulate(source, shadow, adjoint)

    def copy_values(
        self, statement: Assign, function: Any, call: Call, source: str, primal: Builder, adjoint: Builder
    ) -> None:
        """`table.values()` and `table.items()`: the shadow is a list, in the order of the keys."""
        assert statement.target is not None
        shadow, bar = Var(self.bar(source)), Var(self.bar(statement.target))
        is_plain = function in (dict.values, dict.items)
        keys = primal.call(runtime.keys_of, Var(source)) if is_plain else call.arguments[1]
        values = function in (dict.values, runtime.values_by_keys)
        make = runtime.values_by_keys if values else runtime.items_by_keys
        primal.call(make, shadow, keys, target=bar.name)
        each, place = Builder(self.names, adjoint.origin), self.names.temporary()
        held = each.call(operator.getitem, bar, Var(place))
        part = held if values else each.call(operator.getitem, held, Const(1))
        each.do(runtime.return_item, shadow, each.call(operator.getitem, keys, Var(place)), part)
        places = adjoint.call(range, adjoint.call(len, keys))
        adjoint.add([For(place, places, tuple(each.statements), adjoint.origin)])


def is_slice(value: Value) -> bool:
    return value == Instance(slice) or isinstance(value, Literal) and isinstance(value.value, slice)


def _is_list(value: Value) -> bool:
    return isinstance(value, (Sequence, Many, Instance)) and value.kind is list


_HANDLERS: dict[Any, str] = {
    runtime.pop_at: "_pop_at",
    runtime.put_at: "_put_at",
    list.remove: "_remove",
    list.clear: "_delete",
    operator.delitem: "_delete",
    runtime.take_items: "_take",
    runtime.put_items: "_put",
    list.extend: "_extend",
    list.sort: "_sort",
    runtime.permute_items: "_permute",
    runtime.unpermute_items: "_permute",
}

__all__ = ["Lists", "is_slice"]
