"""What is known of a read or write of parts of an array from the abstract value of its index."""

from __future__ import annotations

import numpy as np

from transforms import runtime
from transforms.values import Array, Instance, Known, Literal, Many, Number, Sequence, Value


def getitem_is_view(index: Value) -> bool | None:
    """Whether `x[index]` of an array is a view (or a number); False: a copy; None: not known."""
    match index:
        case Literal():
            items = index.value if isinstance(index.value, tuple) else (index.value,)
            return runtime.is_basic(items)
        case Number():
            return index.dtype.kind in "iu" or (None if index.dtype.kind != "b" else False)
        case Instance() if issubclass(index.kind, slice):
            return True
        case Array():
            return None if index.shape is None else False
        case Sequence() if issubclass(index.kind, tuple):
            answers = [_item_is_basic(item) for item in index.items]
            return False if False in answers else None if None in answers else True
        case Sequence() | Many() | Instance() if issubclass(index.kind, (list, np.ndarray)):
            return False
        case Known():
            return None
    return None


def _item_is_basic(item: Value) -> bool | None:
    """Whether one item of an index tuple is an integer, a slice, None or Ellipsis."""
    if isinstance(item, (Sequence, Many)) or (isinstance(item, Literal) and isinstance(item.value, tuple)):
        return False
    return getitem_is_view(item)


def index_may_repeat(index: Value) -> bool | None:
    """Whether an index may select an element more than once; None: not known."""
    match index:
        case Array():
            return index.dtype.kind != "b"
        case Sequence() if issubclass(index.kind, tuple):
            answers = [False if _item_is_basic(item) else index_may_repeat(item) for item in index.items]
            return True if True in answers else None if None in answers else False
        case Sequence() | Many() if issubclass(index.kind, list):
            return None if not isinstance(index, Many) else _list_may_repeat(index.item)
        case Literal() if isinstance(index.value, tuple):
            return any(isinstance(item, tuple) for item in index.value)
        case Number() if index.dtype.kind == "b":
            return False
    return False if getitem_is_view(index) else None


def _list_may_repeat(item: Value) -> bool | None:
    return item.dtype.kind != "b" if isinstance(item, Number) else None
